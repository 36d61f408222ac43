//! When a wait ends by itself: the timers that PostgreSQL starts for a statement that waits (`proc.c`,
//! `ProcSleep`; `postgres.c`, `enable_statement_timeout`), in virtual microseconds.

/// What a wait is ended or looked at by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// `lock_timeout`, counted from the begin of the wait. When both are due, it is the one reported.
    Lock,
    /// `statement_timeout`, counted from the begin of the statement.
    Statement,
    /// `deadlock_timeout`, counted from the begin of the wait. A waiter looks once.
    Deadlock,
}

/// The settings of a session, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timeouts {
    /// `deadlock_timeout`
    pub(super) deadlock_us: i64,
    /// `lock_timeout`, if on
    pub(super) lock_us: Option<i64>,
    /// `statement_timeout`, if on
    pub(super) statement_us: Option<i64>,
}

impl Default for Timeouts {
    /// As a new PostgreSQL has them.
    fn default() -> Self {
        Timeouts {
            deadlock_us: 1_000_000,
            lock_us: None,
            statement_us: None,
        }
    }
}

/// A wait under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// When the statement began.
    pub(super) statement_us: i64,
    /// When the wait began.
    pub(super) since_us: i64,
    /// It has looked for a deadlock.
    pub(super) looked: bool,
}

impl Waiting {
    /// The timer that is due first, and when.
    pub(super) fn next(&self, timeouts: &Timeouts) -> Option<(i64, Timer)> {
        let lock = timeouts
            .lock_us
            .map(|after| (self.since_us.saturating_add(after), Timer::Lock));
        let statement = timeouts
            .statement_us
            .map(|after| (self.statement_us.saturating_add(after), Timer::Statement));
        let deadlock = (!self.looked).then(|| {
            (
                self.since_us.saturating_add(timeouts.deadlock_us),
                Timer::Deadlock,
            )
        });
        lock.into_iter().chain(statement).chain(deadlock).min()
    }
}
