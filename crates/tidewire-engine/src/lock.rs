//! Waiting for locks: who goes on is a choice; deadlocks are found after a while, as PostgreSQL does it, and
//! `lock_timeout` and `statement_timeout` end a wait.

use tidewire_scenario::DatabaseId;
use tidewire_store::{ConnectionId, DeadlockCheck, Progress, SqlError, TransactionId};

use crate::action::Pending;
use crate::choice::ChoiceKind;
use crate::observation::Fact;
use crate::state::Running;
use crate::step::Step;

impl Step<'_> {
    /// A statement waits, for the first time or again.
    pub(crate) fn mark_blocked(
        &mut self,
        database: DatabaseId,
        connection: ConnectionId,
        running: Running,
    ) {
        let transaction = self.transaction(database, connection);
        let holders = if self.tracing {
            self.holders(database, connection)
        } else {
            Vec::new()
        };
        self.chain(|| Fact::StatementBlocked {
            database,
            transaction,
            statement: running.sql.statement,
            work: running.sender.id,
            holders,
        });
        let state = self.database_mut(database);
        let Some(session) = state.session_mut(connection) else {
            return;
        };
        let again = std::mem::replace(&mut session.blocked, true);
        session.transaction = Some(transaction);
        // A new wait has its timers anew; that of the statement goes on.
        let old = [session.timers.deadlock.take(), session.timers.lock.take()];
        if !again {
            state.blocked += 1;
        }
        let timeouts = state.store.timeouts(connection);
        for timer in old.into_iter().flatten() {
            self.unschedule(timer);
        }
        let check = Pending::DeadlockCheck(database, connection);
        let deadlock = Some(self.schedule(timeouts.deadlock_us, check));
        let limit = Pending::LockTimeout(database, connection);
        let lock = timeouts.lock_us.map(|after| self.schedule(after, limit));
        let limit = Pending::StatementTimeout(database, connection);
        let after = timeouts.statement_us.filter(|_| !again);
        let statement = after.map(|after| self.schedule(after, limit));
        if let Some(session) = self.database_mut(database).session_mut(connection) {
            session.timers.deadlock = deadlock;
            session.timers.lock = lock;
            if !again {
                session.timers.statement = statement;
            }
        }
    }

    fn holders(&self, database: DatabaseId, connection: ConnectionId) -> Vec<TransactionId> {
        let waits = self.state.databases[database.index()].store.waits();
        let wait = waits.iter().find(|wait| wait.waiter == connection);
        let holders = wait.map_or(&[][..], |wait| wait.holders.as_slice());
        holders
            .iter()
            .map(|holder| self.transaction(database, *holder))
            .collect()
    }

    /// A statement no longer waits.
    pub(crate) fn unmark_blocked(&mut self, database: DatabaseId, connection: ConnectionId) {
        if self.state.databases[database.index()].blocked == 0 {
            return;
        }
        let state = self.database_mut(database);
        let Some(session) = state.session_mut(connection) else {
            return;
        };
        if !std::mem::replace(&mut session.blocked, false) {
            return;
        }
        let timers = std::mem::take(&mut session.timers);
        state.blocked -= 1;
        let timers = [timers.deadlock, timers.lock, timers.statement];
        for timer in timers.into_iter().flatten() {
            self.unschedule(timer);
        }
    }

    /// Remembers what released locks, as the cause of whoever goes on.
    pub(crate) fn released(&mut self, database: DatabaseId, by: u32) {
        self.state.databases[database.index()].released_by = Some(by);
    }

    /// If a waiter may go on, one will, at once.
    pub(crate) fn poll_waiters(&mut self, database: DatabaseId) {
        let state = &self.state.databases[database.index()];
        if state.blocked == 0 || state.unblock.is_some() || state.store.ready().is_empty() {
            return;
        }
        let ticket = self.schedule(0, Pending::Unblock(database));
        self.state.databases[database.index()].unblock = Some(ticket);
    }

    /// One of the waiters that may go on does.
    pub(crate) fn unblock(&mut self, database: DatabaseId) {
        let state = self.database_mut(database);
        state.unblock = None;
        let ready = state.store.ready();
        let released_by = state.released_by;
        let options = ready.len() as u32;
        let choice = self.chooser.choose(ChoiceKind::Waiter, options);
        let Some(connection) = ready.get(choice as usize).copied() else {
            return;
        };
        let now = self.database_clock(database);
        let state = self.database_mut(database);
        let session = state.session(connection);
        let request = session.and_then(|session| session.last.request);
        let progress = state.store.resume(connection, now);
        (self.request, self.cause) = (request, released_by);
        self.settle(database, connection, progress);
    }

    /// A waiter has waited for `deadlock_timeout`: if it is part of a cycle, somebody must go.
    pub(crate) fn check_deadlock(&mut self, database: DatabaseId, connection: ConnectionId) {
        let state = self.database_mut(database);
        if let Some(session) = state.session_mut(connection) {
            session.timers.deadlock = None;
        }
        let cycle = match state.store.look_for_deadlock(connection) {
            DeadlockCheck::None => return,
            DeadlockCheck::Rearranged => return self.poll_waiters(database),
            DeadlockCheck::Circle(cycle) => cycle,
        };
        let options = cycle.len() as u32;
        let choice = self.chooser.choose(ChoiceKind::DeadlockVictim, options);
        let victim = cycle[choice as usize];
        self.cancel(database, victim, SqlError::deadlock());
    }

    /// A waiter has waited for `lock_timeout`.
    pub(crate) fn end_wait(&mut self, database: DatabaseId, connection: ConnectionId) {
        if let Some(session) = self.database_mut(database).session_mut(connection) {
            session.timers.lock = None;
        }
        self.cancel(database, connection, SqlError::lock_timeout());
    }

    /// A waiting statement has taken `statement_timeout`.
    pub(crate) fn end_statement(&mut self, database: DatabaseId, connection: ConnectionId) {
        if let Some(session) = self.database_mut(database).session_mut(connection) {
            session.timers.statement = None;
        }
        self.cancel(database, connection, SqlError::statement_timeout());
    }

    /// Ends a waiting statement with an error.
    fn cancel(&mut self, database: DatabaseId, connection: ConnectionId, error: SqlError) {
        let state = self.database_mut(database);
        let session = state.session(connection);
        let request = session.and_then(|session| session.last.request);
        let progress = state.store.cancel(connection, error.clone());
        let progress = match progress {
            Progress::Failed(_) => progress,
            _ => Progress::Failed(error),
        };
        self.request = request;
        self.settle(database, connection, progress);
    }
}
