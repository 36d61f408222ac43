//! The life of a statement: sent, executed at its store, answered. Locks and deadlocks are in `lock`, what a
//! commit sets off in `commit`.

use std::sync::Arc;

use tidewire_scenario::{DatabaseId, StatementId};
use tidewire_store::{CommandTag, Completion, ConnectionId, Plan, Progress, SqlError};

use crate::action::Pending;
use crate::disk::{needs_room, no_room};
use crate::draw::{Draws, Purpose};
use crate::interpret::{bind, set};
use crate::message::{Content, StatementMessage};
use crate::network::{Envelope, Travel};
use crate::observation::{Fact, MessageKind};
use crate::state::{Replanned, Running, Session, WaitTimers};
use crate::step::Step;
use crate::work::{Failure, Link, Sql, Status, WorkRef};

impl Step<'_> {
    /// Sends a statement on the connection that the work holds, and waits for the answer.
    pub(crate) fn send_statement(&mut self, slot: u32, sql: Sql, database: DatabaseId) {
        let setup = self.setup;
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let Some(held) = work.held.iter().find(|held| held.database == database) else {
            return;
        };
        let (pool, link) = (held.pool, held.link);
        let effect = work.effects;
        work.effects += 1;
        let (identity, node, place) = (work.identity, work.node, work.place);
        let sender = work.reference(slot);
        let statement = &setup.program.statements[sql.statement.index()];
        let envelope = Envelope {
            from: node,
            to: setup.program.databases[database.index()].node,
            kind: MessageKind::Statement,
            label: &statement.text,
        };
        let travel = Travel {
            key: identity,
            purpose: Purpose::Travel,
            ordinal: effect,
            before_us: 0,
        };
        let content = Content::Statement(StatementMessage {
            sender,
            effect,
            identity,
            sql,
            database,
            pool,
            link,
            parameters: None,
        });
        let message = self.send(envelope, travel, content);
        let timeout_us = place.map_or(u64::MAX, |(service, _)| {
            setup.program.services[service.index()].timeout_us
        });
        let timer = self.schedule(timeout_us, Pending::Timeout(slot));
        if let Some(work) = self.work_mut(slot) {
            work.status = Status::Statement {
                sql,
                message: Some(message),
            };
            work.timer = Some(timer);
        }
    }

    /// A statement reaches its store and acts there.
    pub(crate) fn take_statement(&mut self, message: StatementMessage) {
        let database = message.database;
        let running = Running {
            sender: message.sender,
            sql: message.sql,
            identity: message.identity,
            effect: message.effect,
            request: self.request,
        };
        self.statement_arrived(message.sender, message.effect);
        let Some(connection) = self.connection(&message, running) else {
            let error = SqlError::new(b"08006", "server closed the connection unexpectedly");
            return self.send_answer(database, running, Err(error), None);
        };
        let plan = match self.current_plan(database, message.sql.statement) {
            Ok(plan) => plan,
            Err(error) => return self.refuse_statement(database, connection, error),
        };
        let tree = &self.setup.program.statements[message.sql.statement.index()].tree;
        if self.state.databases[database.index()].full > 0 && needs_room(tree, &plan) {
            return self.refuse_statement(database, connection, no_room());
        }
        let now = self.database_clock(database);
        self.touch(crate::fingerprint::Part::Database(database.0));
        let state = &mut *self.state;
        let alive = state.works.get(message.sender.slot);
        let frame = alive
            .filter(|work| work.id == message.sender.id)
            .map(|work| &work.frame);
        let parameters = message.parameters.as_ref().or(frame);
        let parameters = parameters.map_or(&[][..], Vec::as_slice);
        let store = &mut state.databases[database.index()].store;
        let progress = store.execute(connection, &plan, parameters, now);
        self.settle(database, connection, progress);
        if self.work(message.sender).is_none() || message.parameters.is_some() {
            let epoch = self.state.databases[database.index()].epoch;
            self.close_later(database, Link { connection, epoch }, message.identity, 0);
        }
    }

    /// A statement fails before it is carried out, and its transaction with it.
    fn refuse_statement(
        &mut self,
        database: DatabaseId,
        connection: ConnectionId,
        error: SqlError,
    ) {
        let error = self.database_mut(database).store.refuse(connection, error);
        self.settle(database, connection, Progress::Failed(error));
    }

    /// The sender's statement is no longer under way.
    pub(crate) fn statement_arrived(&mut self, sender: WorkRef, effect: u32) {
        // A work that gave it up may have sent another meanwhile.
        if self
            .work(sender)
            .is_none_or(|work| work.effects != effect + 1)
        {
            return;
        }
        if let Some(work) = self.work_mut(sender.slot)
            && let Status::Statement { message, .. } = &mut work.status
        {
            *message = None;
        }
    }

    /// The connection of an arriving statement, opened if it has none; `None` if it is gone.
    fn connection(&mut self, message: &StatementMessage, last: Running) -> Option<ConnectionId> {
        let state = self.database_mut(message.database);
        match message.link {
            Some(link) => {
                if link.epoch != state.epoch {
                    return None;
                }
                state.session_mut(link.connection)?.last = last;
                Some(link.connection)
            }
            None => {
                let connection = state.store.connect();
                let session = Session {
                    pool: message.pool,
                    transaction: None,
                    last,
                    blocked: false,
                    timers: WaitTimers::default(),
                };
                let index = state
                    .sessions
                    .partition_point(|(other, _)| *other < connection);
                state.sessions.insert(index, (connection, session));
                Some(connection)
            }
        }
    }

    /// The plan of a statement for the schema as it is now; planned again when a migration changed it.
    fn current_plan(
        &mut self,
        database: DatabaseId,
        id: StatementId,
    ) -> Result<Arc<Plan>, SqlError> {
        let statement = &self.setup.program.statements[id.index()];
        let state = &mut self.state.databases[database.index()];
        let version = state.store.catalog().version();
        if statement.plan.catalog_version() == version {
            return Ok(Arc::clone(&statement.plan));
        }
        if let Some(Some(replanned)) = state.replanned.get(id.index())
            && replanned.version == version
        {
            return replanned.plan.clone();
        }
        let plan = tidewire_store::plan(&statement.tree, state.store.catalog(), &statement.scope)
            .map(Arc::new)
            .map_err(|error| error.error);
        let replanned = Replanned {
            version,
            plan: plan.clone(),
        };
        let kept = Arc::make_mut(&mut state.replanned);
        kept.resize_with(self.setup.program.statements.len(), || None);
        kept[id.index()] = Some(replanned);
        plan
    }

    /// What a statement did becomes known: to the trace, to whoever waits for its locks, to its sender.
    pub(crate) fn settle(
        &mut self,
        database: DatabaseId,
        connection: ConnectionId,
        progress: Progress,
    ) {
        let Some(running) = self.state.databases[database.index()]
            .session(connection)
            .map(|session| session.last)
        else {
            return;
        };
        let statement = running.sql.statement;
        match progress {
            Progress::Done(completion) => {
                self.unmark_blocked(database, connection);
                self.record_done(database, connection, running, completion.tag);
                self.send_answer(database, running, Ok(completion), Some(connection));
            }
            Progress::Blocked => {
                self.mark_blocked(database, connection, running);
                return self.poll_waiters(database);
            }
            Progress::Failed(error) => {
                self.unmark_blocked(database, connection);
                let transaction = self.transaction_of_last(database, connection);
                let (state, message) = (error.state, Arc::from(error.message.as_str()));
                let failed = self.chain(|| Fact::StatementFailed {
                    database,
                    transaction,
                    statement,
                    work: running.sender.id,
                    state,
                    message,
                });
                self.released(database, failed);
                self.send_answer(database, running, Err(error), Some(connection));
            }
        }
        self.poll_waiters(database);
    }

    /// Sends a store's answer. `connection` is `None` when the connection is gone.
    pub(crate) fn send_answer(
        &mut self,
        database: DatabaseId,
        running: Running,
        result: Result<Completion, SqlError>,
        connection: Option<ConnectionId>,
    ) {
        let setup = self.setup;
        let spec = &setup.program.databases[database.index()];
        let state = &self.state.databases[database.index()];
        let link = connection.map(|connection| Link {
            connection,
            epoch: state.epoch,
        });
        let in_transaction = connection.is_some_and(|it| state.store.in_transaction(it));
        let statement = &setup.program.statements[running.sql.statement.index()];
        let Some(to) = self.work(running.sender).map(|work| work.node) else {
            return;
        };
        let kind = if result.is_ok() {
            MessageKind::Answer
        } else {
            MessageKind::Failure
        };
        let envelope = Envelope {
            from: spec.node,
            to,
            kind,
            label: &statement.text,
        };
        let (key, ordinal) = (running.identity, running.effect);
        let before_us = Draws::new(key, Purpose::Service, u64::from(ordinal)).delay(spec.latency);
        let travel = Travel {
            key,
            purpose: Purpose::Return,
            ordinal,
            before_us,
        };
        let content = Content::Answer {
            work: running.sender,
            effect: running.effect,
            result,
            link,
            in_transaction,
        };
        self.send(envelope, travel, content);
    }

    /// A store's answer arrives; one that nobody waits for any more is ignored.
    pub(crate) fn take_answer(
        &mut self,
        reference: WorkRef,
        effect: u32,
        result: Result<Completion, SqlError>,
        link: Option<Link>,
        in_transaction: bool,
    ) {
        let slot = reference.slot;
        let cause = self.cause;
        let Some(work) = self.work(reference) else {
            return;
        };
        let (Status::Statement { sql, .. }, true) = (work.status, work.effects == effect + 1)
        else {
            return;
        };
        self.set_timer(slot, None);
        let database = self.setup.program.statements[sql.statement.index()].database;
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        work.cause = cause;
        let mut lost = false;
        if let Some(held) = work.held.iter_mut().find(|held| held.database == database) {
            lost = held.in_transaction && link.is_none();
            held.in_transaction = in_transaction;
            held.broken = link.is_none();
            held.link = link.or(held.link);
        }
        // Of a transaction that went with its connection the driver keeps the ruins.
        if !in_transaction && !lost {
            self.release_connection(slot, database);
        }
        self.request = self.state.works.get(slot).and_then(|work| work.request);
        match result.and_then(|completion| self.bind_completion(slot, sql, completion)) {
            Ok(()) => self.proceed(slot, cause.unwrap_or_default()),
            Err(error) => self.fail(slot, Failure::sql(&error)),
        }
    }

    /// Puts an answer's rows where the statement says.
    fn bind_completion(
        &mut self,
        slot: u32,
        sql: Sql,
        completion: Completion,
    ) -> Result<(), SqlError> {
        let outputs = &self.setup.program.statements[sql.statement.index()].outputs;
        let Some(work) = self.work_mut(slot) else {
            return Ok(());
        };
        let affected = match completion.tag {
            CommandTag::Insert(rows)
            | CommandTag::Update(rows)
            | CommandTag::Delete(rows)
            | CommandTag::Select(rows) => Some(rows),
            _ => None,
        };
        if let Some(rows) = affected {
            let count = tidewire_store::Value::Integer(i64::try_from(rows).unwrap_or(i64::MAX));
            set(work, tidewire_scenario::implicit::ROW_COUNT, count);
        }
        if let Some(cursor) = sql.cursor {
            if let Some(place) = work.cursors.get_mut(cursor as usize) {
                place.rows = completion.rows;
                place.next = 0;
            }
            return Ok(());
        }
        if outputs.is_empty() {
            return Ok(());
        }
        if completion.rows.len() > 1 {
            return Err(SqlError::new(b"P0003", "query returned more than one row"));
        }
        bind(work, outputs, completion.rows.first());
        Ok(())
    }
}
