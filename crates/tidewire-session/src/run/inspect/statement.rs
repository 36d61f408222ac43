//! The last statement that read or wrote rows: what it did, how it found its rows, which ones.

use tidewire_engine::{Fact, Observation, Sink, StoreRecord};
use tidewire_scenario::NodeId;
use tidewire_store::{Footprint, Plan, PlanKind, Recorded, RowId, TableId, TransactionId};

use super::super::journal::{Acted, Ending};
use super::Instant;
use super::names::row_by_id;
use crate::store_view::{LastStatement, StatementOutcome};

/// The last statement, of one transaction or of all. Transaction control is left out: it has no rows.
pub(super) fn last(instant: &Instant<'_>, of: Option<TransactionId>) -> Option<LastStatement> {
    let program = &instant.now.setup().program;
    let mut newest_first = instant
        .journal
        .statements(instant.database, instant.accepted);
    let acted = newest_first.find(|acted| {
        let kind = program.statements[acted.statement.index()].plan.kind();
        of.is_none_or(|of| of == acted.transaction) && !matches!(kind, PlanKind::Control(_))
    })?;
    let waited_since = newest_first
        .filter(|other| other.transaction == acted.transaction)
        .take_while(|other| matches!(other.ending, Ending::Blocked))
        .last();
    let since_us = waited_since.map_or(acted.place.at_us, |first| first.place.at_us);
    let until_us = match acted.ending {
        Ending::Blocked => instant.now.state().now_us(),
        _ => acted.place.at_us,
    };
    let mut told = LastStatement {
        transaction: acted.transaction.0,
        service: instant.service(acted.transaction),
        text: program.statements[acted.statement.index()].text.to_string(),
        plan: plan(instant, acted),
        outcome: match &acted.ending {
            Ending::Done(tag) => StatementOutcome::Done(tag.to_string()),
            Ending::Blocked => StatementOutcome::Waits,
            Ending::Failed(state, message) => {
                StatementOutcome::Failed(format!("{} {message}", state.as_str()))
            }
        },
        read: Vec::new(),
        written: Vec::new(),
        read_count: 0,
        written_count: 0,
        at_us: acted.place.at_us,
        waited_us: until_us.saturating_sub(since_us),
        record: acted.record,
    };
    if matches!(acted.ending, Ending::Done(_)) {
        tell_rows(instant, acted, &mut told);
    }
    Some(told)
}

/// How it finds its rows, for the schema as it is now; nothing when it does not fit any more.
fn plan(instant: &Instant<'_>, acted: &Acted) -> Vec<String> {
    let catalog = instant.store.catalog();
    let texts = |plan: &Plan| {
        let scans = plan.scans(catalog);
        scans.iter().map(|scan| scan.text(catalog)).collect()
    };
    let statement = &instant.now.setup().program.statements[acted.statement.index()];
    if statement.plan.catalog_version() == catalog.version() {
        return texts(&statement.plan);
    }
    let planned = tidewire_store::plan(&statement.tree, catalog, &statement.scope);
    planned.map_or_else(|_| Vec::new(), |plan| texts(&plan))
}

/// Takes that action again and listens to what the store records of it.
fn tell_rows(instant: &Instant<'_>, acted: &Acted, told: &mut LastStatement) {
    let mut run = instant.checkpoints.state_after(acted.place.event);
    let mut listener = Listener {
        transaction: acted.transaction,
        written: Vec::new(),
        found: None,
    };
    if run.step(&mut listener).is_none() {
        return;
    }
    let written = listener.written;
    let mut read: Vec<(TableId, RowId)> = Vec::new();
    if let Some((node, footprint)) = listener.found {
        told.service = instant.node(node);
        let rows = footprint.reads.iter().map(|read| (read.table, read.row));
        read.extend(rows.filter(|row| !written.contains(row)));
    }
    let store = run.state().store(instant.database);
    let names = |rows: &[(TableId, RowId)]| {
        let first = rows.iter().take(LastStatement::MOST_ROWS);
        first
            .map(|(table, row)| row_by_id(store, *table, *row))
            .collect()
    };
    told.read = names(&read);
    told.written = names(&written);
    told.read_count = read.len() as u32;
    told.written_count = written.len() as u32;
}

/// Keeps what becomes known of one statement. One that has waited began before the listener did, so the store
/// records nothing of it; what it wrote is in the trace.
struct Listener {
    transaction: TransactionId,
    written: Vec<(TableId, RowId)>,
    found: Option<(NodeId, Box<Footprint>)>,
}

impl Sink for Listener {
    fn wants_facts(&self) -> bool {
        true
    }

    fn observe(&mut self, observation: Observation) {
        if let Fact::StatementDone {
            transaction,
            changes,
            ..
        } = observation.fact
            && transaction == self.transaction
        {
            for change in changes {
                let row = (change.table, change.row);
                if !self.written.contains(&row) {
                    self.written.push(row);
                }
            }
        }
    }

    fn wants_records(&self) -> bool {
        true
    }

    fn record(&mut self, record: StoreRecord) {
        if let (Some(statement), Recorded::Statement(footprint)) =
            (record.statement, record.recorded)
            && footprint.transaction == self.transaction
        {
            self.found = Some((statement.node, footprint));
        }
    }
}
