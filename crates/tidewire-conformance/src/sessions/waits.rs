//! Who waits for whom, who may go on, and what time does to those who wait.

use tidewire_store::{ConnectionId, DeadlockCheck, Progress, SqlError};

use super::timers::{Timeouts, Timer};
use super::{Blocker, SessionId, Sessions};

impl Sessions {
    /// Whom a session waits for, each once, in order; empty also when it waits for nobody in particular.
    pub fn blocked_by(&self, session: SessionId) -> Vec<Blocker> {
        let connection = self.sessions[session.0].connection;
        let waits = self.store.waits();
        let mut blockers: Vec<Blocker> = waits
            .iter()
            .filter(|wait| wait.waiter == connection)
            .flat_map(|wait| &wait.holders)
            .map(|holder| {
                self.session_of(*holder)
                    .map_or(Blocker::Prepared, Blocker::Session)
            })
            .collect();
        blockers.sort();
        blockers.dedup();
        blockers
    }

    fn session_of(&self, connection: ConnectionId) -> Option<SessionId> {
        let found = self
            .sessions
            .iter()
            .position(|other| other.connection == connection);
        found.map(SessionId)
    }

    /// Sessions whose wait is over, in order of arrival. [`Sessions::resume`] one, then ask again.
    pub fn ready(&self) -> Vec<SessionId> {
        let ready = self.store.ready();
        ready
            .into_iter()
            .filter_map(|connection| self.session_of(connection))
            .collect()
    }

    /// Lets one of the ready sessions go on.
    pub fn resume(&mut self, session: SessionId) {
        let connection = self.sessions[session.0].connection;
        let progress = self.store.resume(connection, self.now_us);
        self.after_wait(session, progress);
    }

    /// Lets everything happen that can without time passing, whoever came first going first.
    pub fn settle(&mut self) {
        while let Some(first) = self.ready().first() {
            self.resume(*first);
        }
    }

    /// Lets time pass up to the next timer that is due by then, and everything happen that follows; answers
    /// whether there was one. Otherwise the time is `until_us` then, unless that is for ever.
    pub fn wait_until(&mut self, until_us: i64) -> bool {
        if self.due().is_none() && until_us == i64::MAX {
            return false;
        }
        let fired = self.pass_time(until_us);
        self.settle();
        fired
    }

    /// When the first timer is due. Time does not pass by itself.
    pub fn next_timer(&self) -> Option<i64> {
        self.due().map(|(at, ..)| at)
    }

    fn due(&self) -> Option<(i64, Timer, SessionId)> {
        let sessions = (0..self.sessions.len()).map(SessionId);
        let timers = sessions.filter_map(|session| {
            let (at, timer) = self.waiting(session)?.next(&self.timeouts(session))?;
            Some((at, timer, session))
        });
        timers.min()
    }

    fn timeouts(&self, session: SessionId) -> Timeouts {
        let connection = self.sessions[session.0].connection;
        let set = self.store.timeouts(connection);
        let signed = |us: u64| i64::try_from(us).unwrap_or(i64::MAX);
        let default = tidewire_store::Timeouts::default().deadlock_us;
        Timeouts {
            deadlock_us: match set.deadlock_us == default {
                true => self.timeouts.deadlock_us,
                false => signed(set.deadlock_us),
            },
            lock_us: set.lock_us.map(signed).or(self.timeouts.lock_us),
            statement_us: set.statement_us.map(signed).or(self.timeouts.statement_us),
        }
    }

    /// What time it is, in virtual microseconds.
    pub fn now_us(&self) -> i64 {
        self.now_us
    }

    /// Lets time pass up to the first timer that is due by then, and fires it, or else up to then. Answers
    /// whether a timer fired; its effects on others are still to be settled.
    pub fn pass_time(&mut self, until_us: i64) -> bool {
        match self.due().filter(|(at, ..)| *at <= until_us) {
            Some((at, timer, session)) => {
                self.now_us = self.now_us.max(at);
                self.fire(session, timer);
                true
            }
            None => {
                self.now_us = self.now_us.max(until_us);
                false
            }
        }
    }

    fn fire(&mut self, session: SessionId, timer: Timer) {
        let error = match timer {
            Timer::Lock => SqlError::lock_timeout(),
            Timer::Statement => SqlError::statement_timeout(),
            Timer::Deadlock => {
                if let Some(query) = &mut self.sessions[session.0].query
                    && let Some(waiting) = &mut query.waiting
                {
                    waiting.looked = true;
                }
                let connection = self.sessions[session.0].connection;
                match self.store.look_for_deadlock(connection) {
                    DeadlockCheck::Circle(_) => SqlError::deadlock(),
                    DeadlockCheck::Rearranged | DeadlockCheck::None => return,
                }
            }
        };
        self.cancel(session, error);
    }

    /// Ends the wait of a session with an error.
    pub fn cancel(&mut self, session: SessionId, error: SqlError) {
        let connection = self.sessions[session.0].connection;
        let progress = self.store.cancel(connection, error);
        self.after_wait(session, progress);
    }

    fn after_wait(&mut self, session: SessionId, progress: Progress) {
        let Some(query) = &mut self.sessions[session.0].query else {
            return;
        };
        let (Some(plan), Some(waiting)) = (query.plan.take(), query.waiting.take()) else {
            return;
        };
        if self.note(session, &plan, progress, waiting.statement_us) {
            self.carry_on(session);
        }
    }
}
