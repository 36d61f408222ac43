//! Anomalies as plain data for people: names, one sentence each, the statements on the cycle in order.

use serde::Serialize;
use tidewire_check::anomalies::{
    self, Anomaly, Edge, EdgeKind, Limits, ObjectId, OperationId, Orders, Phenomenon,
    TransactionNumber,
};
use tidewire_store::{Catalog, TransactionId};
use tidewire_syntax::ast::sql::IsolationLevel;
use tidewire_syntax::sort;

use super::history::{Filled, RowName};
use crate::protocol::Outcome;
use crate::words::value_text;

/// What was found in a run, or in a stretch of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AnomalyReport {
    /// Transactions that were looked at.
    pub transactions: u32,
    /// The shortest first, then the most specific; of one store after the other.
    pub anomalies: Vec<AnomalyEntry>,
    /// There may be more: the run is larger than what is looked at.
    pub cut: bool,
}

/// How a run ended and, if they were asked for, its anomalies: what the command prints as one JSON object.
#[derive(Debug, Serialize)]
pub struct OutcomeWithAnomalies<'a> {
    /// How it ended.
    #[serde(flatten)]
    pub outcome: &'a Outcome,
    /// Its anomalies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anomalies: Option<&'a AnomalyReport>,
}

/// One anomaly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnomalyEntry {
    /// The store.
    pub database: String,
    /// As papers call it: `G-single`.
    pub name: String,
    /// As people call it: `read skew`; equal to the name if there is no other.
    pub common_name: String,
    /// What it means, in plain words.
    pub meaning: String,
    /// Levels of its transactions, the weakest first: `read committed`.
    pub levels: Vec<String>,
    /// Whether these levels permit it. If they do not, the store is at fault.
    pub permitted: bool,
    /// In the order of the cycle.
    pub transactions: Vec<AnomalyTransaction>,
    /// Why each comes before the next, the last before the first.
    pub dependencies: Vec<AnomalyDependency>,
    /// The statements on it, in order of time.
    pub statements: Vec<AnomalyStatement>,
}

/// A transaction on a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnomalyTransaction {
    /// Its number in the store: 72 is T-72.
    pub number: u32,
    /// Who ran it.
    pub who: String,
    /// Its level.
    pub level: String,
}

/// A dependency between two transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnomalyDependency {
    /// The one that comes first.
    pub from: u32,
    /// The other.
    pub to: u32,
    /// `ww`, `wr` or `rw`.
    pub kind: String,
    /// Of a condition rather than of a row.
    pub predicate: bool,
    /// The row: `stock (sku mug)`.
    pub row: String,
    /// In words: `T-72 read stock (sku mug) before T-74 changed it`.
    pub sentence: String,
}

/// A statement on a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnomalyStatement {
    /// When it acted, in virtual microseconds, where there is a clock.
    pub at_us: Option<u64>,
    /// Its transaction's number.
    pub transaction: u32,
    /// Who sent it.
    pub who: String,
    /// Its text.
    pub text: String,
    /// Its record in the recording, to jump to.
    pub record: Option<u32>,
}

/// What a caller calls a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementName {
    /// When it acted.
    pub at_us: Option<u64>,
    /// Who sent it.
    pub who: String,
    /// Its text.
    pub text: String,
    /// Its record.
    pub record: Option<u32>,
}

/// How to name what a history only numbers.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The store.
    pub database: &'a str,
    /// Its tables.
    pub catalog: &'a Catalog,
    /// Statements, as [`super::HistoryBuilder::add`] was told.
    pub statements: &'a [StatementName],
    /// What stands before a transaction's number: `T-`; nothing when [`StatementName::who`] names it already.
    pub prefix: &'a str,
}

/// What an anomaly means for someone who has never heard its name.
pub fn meaning(phenomenon: Phenomenon) -> &'static str {
    match phenomenon {
        Phenomenon::G0 => {
            "Transactions wrote over each other's uncommitted changes, so what is left mixes them."
        }
        Phenomenon::G1a => "A transaction used a value that was rolled back: it never existed.",
        Phenomenon::G1b => {
            "A transaction used a value that its writer replaced before it committed."
        }
        Phenomenon::G1c => {
            "Each transaction saw a change of another on the circle, so none can have come first."
        }
        Phenomenon::LostUpdate => {
            "A transaction read a row, another changed it, and the first wrote over that change on the strength \
             of what it had read."
        }
        Phenomenon::GSingle => {
            "A transaction saw some data from before another's changes and some from after them."
        }
        Phenomenon::GNonadjacent => "Readers saw independent changes in different orders.",
        Phenomenon::G2Item => {
            "Each transaction read rows that another then changed: each is right alone, together they are not."
        }
        Phenomenon::G2 => {
            "Each transaction looked for rows by a condition, and another changed which rows fit."
        }
    }
}

/// Looks for anomalies in a history and puts them into words.
pub fn report(filled: &Filled, names: Names<'_>) -> AnomalyReport {
    let found = anomalies::find(&filled.history, Orders::default(), Limits::default());
    let teller = Teller { filled, names };
    AnomalyReport {
        transactions: filled.history.transactions() as u32,
        anomalies: found.anomalies.iter().map(|it| teller.entry(it)).collect(),
        cut: found.cut || filled.cut,
    }
}

/// A level as SQL writes it.
pub fn level_words(level: IsolationLevel) -> &'static str {
    match level {
        IsolationLevel::ReadUncommitted => "read uncommitted",
        IsolationLevel::ReadCommitted => "read committed",
        IsolationLevel::RepeatableRead => "repeatable read",
        IsolationLevel::Serializable => "serializable",
    }
}

/// `stock (sku mug)`; `a row of audit` when it has no key.
pub fn row_words(catalog: &Catalog, row: &RowName) -> String {
    let Some(table) = catalog.table_by_id(row.table) else {
        return "a row".into();
    };
    let key = table.primary_key().zip(row.values.as_ref());
    let Some((index, values)) = key else {
        return format!("a row of {}", table.name);
    };
    let parts: Vec<String> = index
        .slots
        .iter()
        .filter_map(|slot| {
            let column = table.column_at(*slot)?;
            let value = values.get(*slot).and_then(value_text);
            Some(format!(
                "{} {}",
                column.name,
                value.unwrap_or_else(|| "null".into())
            ))
        })
        .collect();
    format!("{} ({})", table.name, parts.join(", "))
}

struct Teller<'a> {
    filled: &'a Filled,
    names: Names<'a>,
}

impl Teller<'_> {
    fn entry(&self, anomaly: &Anomaly) -> AnomalyEntry {
        let transactions = anomaly.transactions();
        let mut levels: Vec<IsolationLevel> = transactions
            .iter()
            .filter_map(|number| self.transaction(*number).map(|(_, level)| level))
            .collect();
        sort::sort(&mut levels);
        levels.dedup();
        let statements = self.statements(&anomaly.edges);
        let who = |number: u32| {
            let mut of = statements.iter().filter(|it| it.transaction == number);
            of.next().map_or(String::new(), |it| it.who.clone())
        };
        AnomalyEntry {
            database: self.names.database.to_owned(),
            name: anomaly.name(),
            common_name: anomaly.phenomenon.common_name().to_owned(),
            meaning: meaning(anomaly.phenomenon).to_owned(),
            levels: levels
                .into_iter()
                .map(|it| level_words(it).into())
                .collect(),
            permitted: anomaly.permitted,
            transactions: transactions
                .iter()
                .filter_map(|number| {
                    let (id, level) = self.transaction(*number)?;
                    Some(AnomalyTransaction {
                        number: id.0,
                        who: who(id.0),
                        level: level_words(level).into(),
                    })
                })
                .collect(),
            dependencies: anomaly.edges.iter().map(|it| self.dependency(it)).collect(),
            statements,
        }
    }

    fn transaction(&self, number: TransactionNumber) -> Option<(TransactionId, IsolationLevel)> {
        self.filled.transactions.get(number.0 as usize).copied()
    }

    fn number(&self, number: TransactionNumber) -> u32 {
        self.transaction(number).map_or(0, |(id, _)| id.0)
    }

    fn row(&self, object: Option<ObjectId>) -> (String, String) {
        let row = object.and_then(|object| self.filled.rows.get(object.0 as usize));
        let table = row.and_then(|row| self.names.catalog.table_by_id(row.table));
        let table = table.map_or("a table".to_owned(), |table| table.name.to_string());
        let row = row.map_or("a row".to_owned(), |row| row_words(self.names.catalog, row));
        (table, row)
    }

    fn statement_of(&self, operation: OperationId) -> Option<(u32, &StatementName)> {
        let statement = *self.filled.statements.get(operation.0 as usize)?;
        Some((statement, self.names.statements.get(statement as usize)?))
    }

    /// `T-72`, or the session that the statement came from.
    fn label(&self, number: TransactionNumber, operation: Option<OperationId>) -> String {
        if !self.names.prefix.is_empty() {
            return format!("{}{}", self.names.prefix, self.number(number));
        }
        let statement = operation.and_then(|operation| self.statement_of(operation));
        statement.map_or_else(String::new, |(_, name)| name.who.clone())
    }

    fn dependency(&self, edge: &Edge) -> AnomalyDependency {
        let from = self.label(edge.from, edge.from_operation);
        let to = self.label(edge.to, edge.to_operation);
        let (table, row) = self.row(edge.object);
        let sentence = match edge.kind {
            EdgeKind::WriteWrite => format!("{from} wrote {row}, and {to} wrote over it"),
            EdgeKind::WriteRead => format!("{from} wrote {row}, and {to} read that"),
            EdgeKind::ReadWrite => format!("{from} read {row} as it was before {to} wrote it"),
            EdgeKind::PredicateWriteRead => {
                format!("{from} wrote {row}, and {to} saw that when it looked for rows of {table}")
            }
            EdgeKind::PredicateReadWrite => {
                format!("{from} looked for rows of {table} as they were before {to} wrote {row}")
            }
            EdgeKind::Session => format!("{from} came before {to} in their session"),
            EdgeKind::RealTime => format!("{from} had ended when {to} began"),
        };
        AnomalyDependency {
            from: self.number(edge.from),
            to: self.number(edge.to),
            kind: edge.kind.short().to_owned(),
            predicate: edge.kind.is_predicate(),
            row,
            sentence,
        }
    }

    /// The statements on a cycle and those that ended its transactions, in order of time.
    fn statements(&self, edges: &[Edge]) -> Vec<AnomalyStatement> {
        let mut statements: Vec<(u32, TransactionNumber)> = Vec::new();
        for edge in edges {
            let ends = [
                (edge.from_operation, edge.from),
                (edge.to_operation, edge.to),
            ];
            for (operation, transaction) in ends {
                let on_it = operation.and_then(|operation| self.statement_of(operation));
                let last = self.filled.ends.get(transaction.0 as usize).copied();
                statements.extend(on_it.map(|(statement, _)| (statement, transaction)));
                statements.extend(last.flatten().map(|statement| (statement, transaction)));
            }
        }
        sort::sort(&mut statements);
        statements.dedup_by_key(|(statement, _)| *statement);
        let named = statements.into_iter().filter_map(|(statement, number)| {
            let name = self.names.statements.get(statement as usize)?;
            Some(AnomalyStatement {
                at_us: name.at_us,
                transaction: self.number(number),
                who: name.who.clone(),
                text: name.text.clone(),
                record: name.record,
            })
        });
        named.collect()
    }
}
