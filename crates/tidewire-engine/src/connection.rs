//! Connections that end: clients that go away, handlers that give up, clean-ups after failures.

use tidewire_scenario::DatabaseId;
use tidewire_store::{ConnectionId, Progress};

use crate::action::Pending;
use crate::draw::Purpose;
use crate::message::Content;
use crate::network::{Envelope, Travel};
use crate::observation::MessageKind;
use crate::step::Step;
use crate::work::{Link, Status};

/// A store that hears nothing of its client keeps the connection this long (keepalive).
const KEEPALIVE_US: u64 = 10_000_000;

impl Step<'_> {
    /// Rolls back what a failed handler left open on a connection that is going back to its pool.
    pub(crate) fn clean_up(&mut self, database: DatabaseId, pool: u32, link: Link, identity: u64) {
        let now = self.database_clock(database);
        let rollback = self.setup.rollback[database.index()].clone();
        let transaction = self.transaction(database, link.connection);
        let state = self.database_mut(database);
        let alive = link.epoch == state.epoch && state.session(link.connection).is_some();
        let mut kept = None;
        if let (true, Some(plan)) = (alive, rollback) {
            let progress = state.store.execute(link.connection, &plan, &[], now);
            state.store.take_changes();
            state.store.take_committed();
            if let Some(session) = state.session_mut(link.connection) {
                session.transaction = None;
            }
            if matches!(progress, Progress::Done(_)) {
                kept = Some(link);
                self.roll_back(database, transaction);
                self.poll_waiters(database);
            }
        }
        let spec = self.setup.pools[pool as usize];
        let label = std::sync::Arc::from("rollback");
        let envelope = Envelope {
            from: self.setup.program.databases[database.index()].node,
            to: spec.node,
            kind: MessageKind::Answer,
            label: &label,
        };
        let travel = Travel {
            key: identity,
            purpose: Purpose::Return,
            ordinal: u32::MAX - 1,
            before_us: 0,
        };
        let content = Content::Cleaned { pool, link: kept };
        self.send(envelope, travel, content);
    }

    /// A store notices that a client is gone: what is open is rolled back. Behind a closed way it notices
    /// only after the keepalive time.
    pub(crate) fn close(&mut self, database: DatabaseId, connection: ConnectionId) {
        let node = self.setup.program.databases[database.index()].node;
        let Some(session) = self.state.databases[database.index()].session(connection) else {
            return;
        };
        let client = self.setup.pools[session.pool as usize].node;
        if self.state.is_closed(client, node) {
            self.schedule(KEEPALIVE_US, Pending::Close(database, connection));
            return;
        }
        self.request = session.last.request;
        self.disconnect(database, connection);
        self.poll_waiters(database);
    }

    /// Ends a connection at its store.
    pub(crate) fn disconnect(&mut self, database: DatabaseId, connection: ConnectionId) {
        self.unmark_blocked(database, connection);
        let transaction = self.transaction(database, connection);
        let state = self.database_mut(database);
        let open =
            state.store.in_transaction(connection) || state.store.transaction(connection).is_some();
        state.store.disconnect(connection);
        state.store.take_changes();
        state.store.take_committed();
        state.sessions.retain(|(other, _)| *other != connection);
        if open {
            self.roll_back(database, transaction);
        }
    }

    /// A work stops waiting for a statement: nobody knows what became of it, so its connection is closed.
    pub(crate) fn abandon_statement(&mut self, slot: u32) {
        self.orphan_statement(slot);
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let Status::Statement { sql, .. } = work.status else {
            return;
        };
        let (reference, identity) = (work.reference(slot), work.identity);
        let database = self.setup.program.statements[sql.statement.index()].database;
        let state = &self.state.databases[database.index()];
        let epoch = state.epoch;
        let opened = state
            .sessions
            .iter()
            .find(|(_, session)| session.last.sender == reference)
            .map(|(connection, _)| Link {
                connection: *connection,
                epoch,
            });
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let mut fresh = None;
        if let Some(held) = work.held.iter_mut().find(|held| held.database == database) {
            held.broken = true;
            if held.link.is_none() {
                fresh = opened;
            }
        }
        if let Some(link) = fresh {
            self.close_later(database, link, identity, 0);
        }
    }

    /// A work gives up a statement that travels: the message takes the parameters with it.
    pub(crate) fn orphan_statement(&mut self, slot: u32) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let Status::Statement {
            message: Some(message),
            ..
        } = work.status
        else {
            return;
        };
        let frame = work.frame.clone();
        if let Some(message) = self.state.messages.get_mut(message)
            && let Content::Statement(statement) = &mut message.content
        {
            statement.parameters = Some(frame);
        }
    }
}
