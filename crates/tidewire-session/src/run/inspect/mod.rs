//! A store at one instant: its tables with what changed, who holds and awaits which lock, the last statement.
//!
//! Everything is read from a fork of the run, replayed to that instant; what a fork does not hold comes from
//! the journal.

mod locks;
mod names;
mod statement;
mod streams;
mod tables;

use tidewire_engine::{OpenTransaction, Run};
use tidewire_scenario::DatabaseId;
use tidewire_store::{Store, TransactionId};

use super::checkpoints::Checkpoints;
use super::journal::Journal;
use crate::protocol::ReadAs;
use crate::store_view::{Author, StoreView};

/// A store at one instant, and what is known of the way to it.
struct Instant<'a> {
    database: DatabaseId,
    /// Actions accepted before.
    accepted: u32,
    now: &'a Run,
    store: &'a Store,
    open: &'a [OpenTransaction],
    journal: &'a Journal,
    checkpoints: &'a Checkpoints,
}

impl Instant<'_> {
    /// Who a stamp of the store stands for.
    fn author(&self, author: tidewire_store::Author) -> Author {
        match author {
            tidewire_store::Author::InFlight(transaction) => Author::InFlight(transaction.0),
            tidewire_store::Author::Committed(place) => {
                match self.journal.committer(self.database, place) {
                    Some(transaction) => Author::Committed(transaction.0),
                    None => Author::Start,
                }
            }
        }
    }

    /// The service that a transaction works for; empty when none is connected to it.
    fn service(&self, transaction: TransactionId) -> String {
        let open = self
            .open
            .iter()
            .find(|open| open.transaction == transaction);
        open.map_or_else(String::new, |open| self.node(open.node))
    }

    fn node(&self, node: tidewire_scenario::NodeId) -> String {
        self.now.setup().program.nodes[node.index()]
            .name
            .to_string()
    }
}

/// The store after the first `accepted` actions, as somebody reads it.
pub(super) fn store_view(
    checkpoints: &Checkpoints,
    journal: &Journal,
    database: DatabaseId,
    accepted: u32,
    read: ReadAs,
) -> StoreView {
    let now = checkpoints.state_after(accepted);
    let before = journal
        .last_change(database, accepted)
        .map(|changed| checkpoints.state_after(changed));
    let open: Vec<OpenTransaction> = now
        .state()
        .open_transactions(now.setup(), database)
        .collect();
    let instant = Instant {
        database,
        accepted,
        now: &now,
        store: now.state().store(database),
        open: &open,
        journal,
        checkpoints,
    };
    let reader = match read {
        ReadAs::Committed => None,
        ReadAs::Transaction(number) => open
            .iter()
            .find(|open| open.transaction == TransactionId(number)),
    };
    StoreView {
        tables: tables::contents(&instant, before.as_ref(), reader),
        locks: locks::groups(&instant),
        streams: streams::streams(&instant),
        statement: statement::last(&instant, reader.map(|reader| reader.transaction)),
    }
}
