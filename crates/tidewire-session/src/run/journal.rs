//! Small facts of the whole run that the inspection of a store needs and that a fork does not hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidewire_engine::{Fact, Observation, State};
use tidewire_scenario::{DatabaseId, StatementId};
use tidewire_store::{CommandTag, SqlState, TransactionId};

/// A place in the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Accepted actions before it.
    pub(super) event: u32,
    /// Virtual time.
    pub(super) at_us: u64,
}

/// What became of a statement.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    Done(CommandTag),
    Blocked,
    Failed(SqlState, Arc<str>),
}

/// A statement that acted at a store.
#[derive(Clone, Debug)]
pub(super) struct Acted {
    pub(super) place: Place,
    pub(super) transaction: TransactionId,
    pub(super) statement: StatementId,
    pub(super) ending: Ending,
    /// Index of its observation.
    pub(super) record: u32,
}

/// When stores changed, who committed what, since when transactions are open, and which statements ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    /// Per store: events that committed changes, ascending.
    changes: BTreeMap<DatabaseId, Vec<u32>>,
    transactions: BTreeMap<(DatabaseId, TransactionId), Place>,
    /// Per store: commits by their place in its order, ascending.
    commits: BTreeMap<DatabaseId, Vec<(u64, TransactionId)>>,
    /// Commits of the current action, whose places in the store's order are not known yet.
    unplaced: Vec<(DatabaseId, TransactionId)>,
    statements: BTreeMap<DatabaseId, Vec<Acted>>,
    observations: u32,
}

impl Journal {
    pub(crate) fn add(&mut self, observation: &Observation) {
        let place = Place {
            event: observation.event,
            at_us: observation.at_us,
        };
        match &observation.fact {
            Fact::TransactionBegan {
                database,
                transaction,
                ..
            } => {
                self.transactions.insert((*database, *transaction), place);
            }
            Fact::StatementDone {
                database,
                transaction,
                statement,
                tag,
                ..
            } => self.acted(
                place,
                *database,
                *transaction,
                *statement,
                Ending::Done(*tag),
            ),
            Fact::StatementBlocked {
                database,
                transaction,
                statement,
                ..
            } => self.acted(place, *database, *transaction, *statement, Ending::Blocked),
            Fact::StatementFailed {
                database,
                transaction,
                statement,
                state,
                message,
                ..
            } => {
                let ending = Ending::Failed(*state, Arc::clone(message));
                self.acted(place, *database, *transaction, *statement, ending);
            }
            Fact::Committed {
                database,
                transaction,
                changes,
            } if !changes.is_empty() => {
                self.changed(*database, observation.event);
                self.unplaced.push((*database, *transaction));
            }
            Fact::Migrated { database, .. } => self.changed(*database, observation.event),
            _ => {}
        }
        self.observations += 1;
    }

    fn changed(&mut self, database: DatabaseId, event: u32) {
        let events = self.changes.entry(database).or_default();
        if events.last() != Some(&event) {
            events.push(event);
        }
    }

    fn acted(
        &mut self,
        place: Place,
        database: DatabaseId,
        transaction: TransactionId,
        statement: StatementId,
        ending: Ending,
    ) {
        let record = self.observations;
        self.statements.entry(database).or_default().push(Acted {
            place,
            transaction,
            statement,
            ending,
            record,
        });
    }

    /// Notes which places in the order of commits the last action's transactions have; `state` is after it.
    pub(crate) fn place_commits(&mut self, state: &State) {
        // An action commits at a store once; were it more often, the last would stand for all.
        for (database, transaction) in self.unplaced.drain(..) {
            let place = state.store(database).commits();
            self.commits
                .entry(database)
                .or_default()
                .push((place, transaction));
        }
    }

    /// Who committed as number `place` at a store; `None` for what was there before and for migrations.
    pub(super) fn committer(&self, database: DatabaseId, place: u64) -> Option<TransactionId> {
        let commits = self.commits.get(&database)?;
        let found = commits.binary_search_by_key(&place, |(place, _)| *place);
        found.ok().map(|at| commits[at].1)
    }

    /// The number of actions accepted before the last one that changed the store, among the first `accepted`.
    pub(super) fn last_change(&self, database: DatabaseId, accepted: u32) -> Option<u32> {
        let events = self.changes.get(&database)?;
        let until = events.partition_point(|event| *event < accepted);
        events.get(until.checked_sub(1)?).copied()
    }

    /// Where a transaction began.
    pub(super) fn began(&self, database: DatabaseId, transaction: TransactionId) -> Option<Place> {
        self.transactions.get(&(database, transaction)).copied()
    }

    /// Statements at a store among the first `accepted` actions, the newest first.
    pub(super) fn statements(
        &self,
        database: DatabaseId,
        accepted: u32,
    ) -> impl Iterator<Item = &Acted> {
        let statements = self
            .statements
            .get(&database)
            .map_or(&[][..], Vec::as_slice);
        let until = statements.partition_point(|acted| acted.place.event < accepted);
        statements[..until].iter().rev()
    }
}
