//! Connection pools: one per instance and store. Waiting for a connection is first come, first served, takes
//! time and can time out; a transaction keeps its connection to its end.

use tidewire_scenario::DatabaseId;
use tidewire_syntax::ast::sql::Statement;

use crate::action::Pending;
use crate::draw::{Draws, HOP, Purpose};
use crate::message::Content;
use crate::network::{Envelope, Travel};
use crate::observation::MessageKind;
use crate::step::Step;
use crate::work::{Failure, Held, Link, Sql, Status, WorkRef};

impl Step<'_> {
    /// A work is about to send a statement: on the connection that it holds, or else on one from the pool.
    pub(crate) fn want_connection(&mut self, slot: u32, sql: Sql) {
        let setup = self.setup;
        let database = setup.program.statements[sql.statement.index()].database;
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        if let Some(held) = work.held.iter().find(|held| held.database == database) {
            return match held.broken {
                true => self.use_broken(slot, sql, database),
                false => self.send_statement(slot, sql, database),
            };
        }
        let pool = work
            .place
            .and_then(|(service, instance)| setup.pool(service, instance, database));
        let Some(pool) = pool else {
            // Only a service that owns or uses a store has connections to it.
            return self.fail(slot, Failure::technical("08001"));
        };
        if let Some(link) = self.borrow(pool, database) {
            self.lend(slot, pool, database, link);
            return self.send_statement(slot, sql, database);
        }
        let (timeout_us, reference) = match self.state.works.get(slot).map(|w| (w.place, w.id)) {
            Some((Some((service, _)), id)) => (
                setup.program.services[service.index()].timeout_us,
                WorkRef { slot, id },
            ),
            _ => return,
        };
        self.pool_mut(pool).waiting.push_back(reference);
        if let Some(work) = self.work_mut(slot) {
            work.status = Status::Connecting(sql);
        }
        let timer = self.schedule(timeout_us, Pending::Timeout(slot));
        self.set_timer(slot, Some(timer));
    }

    /// The driver knows that the connection is closed. Nothing is left to roll back; all else fails.
    fn use_broken(&mut self, slot: u32, sql: Sql, database: DatabaseId) {
        let statement = &self.setup.program.statements[sql.statement.index()];
        if !matches!(statement.tree, Statement::Rollback { .. }) {
            return self.fail(slot, Failure::technical("08006"));
        }
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let others: Vec<DatabaseId> = (work.held.iter().map(|held| held.database))
            .filter(|other| *other != database)
            .collect();
        let cause = work.cause.unwrap_or_default();
        self.release_connections(slot, &others);
        self.proceed(slot, cause);
    }

    /// A free connection, `Some(None)` for leave to open one, `None` when all are lent.
    fn borrow(&mut self, pool: u32, database: DatabaseId) -> Option<Option<Link>> {
        let epoch = self.state.databases[database.index()].epoch;
        let capacity = self.setup.program.databases[database.index()]
            .connections
            .max(1);
        let pool = self.pool_mut(pool);
        // The pool saw them break when the store went down.
        pool.idle.retain(|link| link.epoch == epoch);
        if pool.lent >= capacity || !pool.waiting.is_empty() {
            return None;
        }
        pool.lent += 1;
        Some(pool.idle.pop())
    }

    fn lend(&mut self, slot: u32, pool: u32, database: DatabaseId, link: Option<Link>) {
        if let Some(work) = self.work_mut(slot) {
            work.held.push(Held {
                database,
                pool,
                link,
                in_transaction: false,
                broken: false,
            });
        }
    }

    /// A connection comes back, or is lost (`None`); the first that waits gets it.
    pub(crate) fn give_back(&mut self, pool: u32, link: Option<Link>) {
        let database = self.setup.pools[pool as usize].database;
        let epoch = self.state.databases[database.index()].epoch;
        let state = self.pool_mut(pool);
        state.lent = state.lent.saturating_sub(1);
        let link = link.filter(|link| link.epoch == epoch);
        state.idle.extend(link);
        while let Some(reference) = self.pool_mut(pool).waiting.pop_front() {
            let Some(Status::Connecting(sql)) = self.work(reference).map(|work| work.status) else {
                continue;
            };
            let state = self.pool_mut(pool);
            state.lent += 1;
            let link = state.idle.pop();
            self.lend(reference.slot, pool, database, link);
            self.set_timer(reference.slot, None);
            let (request, cause) = (self.request, self.cause);
            self.request = self.work(reference).and_then(|work| work.request);
            self.send_statement(reference.slot, sql, database);
            (self.request, self.cause) = (request, cause);
            return;
        }
    }

    /// A work stops waiting for a connection.
    pub(crate) fn stop_waiting(&mut self, slot: u32) {
        let setup = self.setup;
        let Some(work) = self.state.works.get(slot) else {
            return;
        };
        let (Status::Connecting(sql), Some((service, instance))) = (work.status, work.place) else {
            return;
        };
        let reference = work.reference(slot);
        let database = setup.program.statements[sql.statement.index()].database;
        if let Some(pool) = setup.pool(service, instance, database) {
            self.pool_mut(pool)
                .waiting
                .retain(|other| *other != reference);
        }
    }

    /// An autocommitted statement is done: its connection goes back.
    pub(crate) fn release_connection(&mut self, slot: u32, database: DatabaseId) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let Some(index) = work.held.iter().position(|held| held.database == database) else {
            return;
        };
        let held = work.held.remove(index);
        self.give_back(held.pool, held.link.filter(|_| !held.broken));
    }

    /// A work ends, or a part of it has failed, and keeps its connections to some stores only: what is in a
    /// transaction is rolled back first, what is broken is closed.
    pub(crate) fn release_connections(&mut self, slot: u32, keeps: &[DatabaseId]) {
        let Some(work) = self.work_mut(slot) else {
            return;
        };
        let all = std::mem::take(&mut work.held);
        let (kept, held): (smallvec::SmallVec<[Held; 1]>, smallvec::SmallVec<[Held; 1]>) = all
            .into_iter()
            .partition(|held| keeps.contains(&held.database));
        work.held = kept;
        let (node, mut effects, identity) = (work.node, work.effects, work.identity);
        for held in held {
            match held.link {
                Some(link) if held.broken => {
                    self.close_later(held.database, link, identity, 0);
                    self.give_back(held.pool, None);
                }
                Some(link) if held.in_transaction => {
                    self.send_cleanup(node, identity, effects, held, link);
                    effects += 1;
                }
                link => self.give_back(held.pool, link.filter(|_| !held.broken)),
            }
        }
        if let Some(work) = self.work_mut(slot) {
            work.effects = effects;
        }
    }

    fn send_cleanup(
        &mut self,
        node: tidewire_scenario::NodeId,
        identity: u64,
        effect: u32,
        held: Held,
        link: Link,
    ) {
        let label = std::sync::Arc::from("rollback");
        let envelope = Envelope {
            from: node,
            to: self.setup.program.databases[held.database.index()].node,
            kind: MessageKind::Statement,
            label: &label,
        };
        let travel = Travel {
            key: identity,
            purpose: Purpose::Travel,
            ordinal: effect,
            before_us: 0,
        };
        let content = Content::Cleanup {
            database: held.database,
            pool: held.pool,
            link,
            identity,
        };
        self.send(envelope, travel, content);
    }

    /// The store will notice that the client of a connection is gone: one hop later, `at_least_us` from now.
    pub(crate) fn close_later(
        &mut self,
        database: DatabaseId,
        link: Link,
        identity: u64,
        at_least_us: u64,
    ) {
        let hop = Draws::new(identity, Purpose::Close, u64::from(link.connection.0)).delay(HOP);
        if self.state.databases[database.index()].epoch == link.epoch {
            self.schedule(
                hop.max(at_least_us),
                Pending::Close(database, link.connection),
            );
        }
    }
}
