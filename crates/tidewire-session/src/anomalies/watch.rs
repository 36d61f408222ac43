//! Watches a run: takes what its stores record and reports on it when asked.

use std::sync::Arc;

use tidewire_engine::{Observation, Sink, State, StoreRecord};
use tidewire_scenario::{DatabaseId, Program, StatementId};

use super::history::HistoryBuilder;
use super::report::{AnomalyReport, Names, StatementName, report};

/// What the stores of a run have recorded so far.
#[derive(Debug)]
pub struct Watch {
    program: Arc<Program>,
    /// One per store.
    builders: Vec<HistoryBuilder>,
    statements: Vec<Watched>,
}

/// A statement that was carried out.
#[derive(Clone, Copy, Debug)]
struct Watched {
    at_us: u64,
    node: u32,
    statement: StatementId,
    record: u32,
}

impl Watch {
    /// Nothing recorded yet.
    pub fn new(program: Arc<Program>) -> Self {
        let builders = program
            .databases
            .iter()
            .map(|_| HistoryBuilder::new())
            .collect();
        Self {
            program,
            builders,
            statements: Vec::new(),
        }
    }

    /// Takes what a store recorded.
    pub fn add(&mut self, record: StoreRecord) {
        if let Some(statement) = record.statement {
            let same = |last: &Watched| last.record == statement.observation;
            if !self.statements.last().is_some_and(same) {
                self.statements.push(Watched {
                    at_us: record.at_us,
                    node: statement.node.0,
                    statement: statement.statement,
                    record: statement.observation,
                });
            }
        }
        let last = self.statements.len().saturating_sub(1) as u32;
        let statement = record.statement.map(|_| last);
        if let Some(builder) = self.builders.get_mut(record.database.index()) {
            builder.add(record.recorded, statement);
        }
    }

    /// The anomalies of what was recorded; `state` is where the run stands.
    pub fn finish(self, state: &State) -> AnomalyReport {
        let program = &self.program;
        let name = |watched: &Watched| StatementName {
            at_us: Some(watched.at_us),
            who: program.nodes[watched.node as usize].name.to_string(),
            text: one_line(&program.statements[watched.statement.index()].text),
            record: Some(watched.record),
        };
        let statements: Vec<StatementName> = self.statements.iter().map(name).collect();
        let mut whole = AnomalyReport::default();
        for (database, builder) in (0..).map(DatabaseId).zip(self.builders) {
            let node = program.databases[database.index()].node;
            let names = Names {
                database: &program.nodes[node.index()].name,
                catalog: state.store(database).catalog(),
                statements: &statements,
                prefix: "T-",
            };
            let found = report(&builder.finish(), names);
            whole.transactions += found.transactions;
            whole.cut |= found.cut;
            whole.anomalies.extend(found.anomalies);
        }
        whole
    }
}

/// A run that is played again for its anomalies alone.
impl Sink for Watch {
    fn wants_facts(&self) -> bool {
        false
    }

    fn observe(&mut self, _: Observation) {}

    fn wants_records(&self) -> bool {
        true
    }

    fn record(&mut self, record: StoreRecord) {
        self.add(record);
    }
}

/// A statement's text with every stretch of white space as one space.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
