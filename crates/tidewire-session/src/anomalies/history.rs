//! Fills a [`History`] from what one store recorded.
//!
//! Rows become objects, their versions versions. A read says which version it saw; a condition saw the versions
//! that its snapshot shows, those of its own transaction, and those that it looked at again. For which versions
//! a condition holds is judged when all of them are known.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidewire_check::anomalies::{
    History, Level, ObjectId, OperationId, Predicate as Matching, PredicateRead, TransactionNumber,
    VersionId,
};
use tidewire_store::{
    Footprint, Predicate, Recorded, Row, RowId, TableId, TransactionId, VersionKey, VersionNumber,
    VersionWrite,
};
use tidewire_syntax::ast::sql::IsolationLevel;

/// Transactions that a history takes; later ones are left out.
pub const MAX_TRANSACTIONS: usize = 5_000;
/// Operations that a history takes; later statements are left out.
const MAX_OPERATIONS: u32 = 200_000;
/// Different conditions.
const MAX_PREDICATES: usize = 4_000;
/// Judgements of conditions, and versions looked up for them.
const MAX_JUDGEMENTS: u64 = 4_000_000;

/// What PostgreSQL's levels promise, in Adya's terms.
pub fn level_of(isolation: IsolationLevel) -> Level {
    match isolation {
        IsolationLevel::ReadUncommitted | IsolationLevel::ReadCommitted => Level::Pl2,
        IsolationLevel::RepeatableRead => Level::PlSi,
        IsolationLevel::Serializable => Level::Pl3,
    }
}

/// A history under way.
#[derive(Debug, Default)]
pub struct HistoryBuilder {
    history: History,
    /// Those that have not ended.
    open: Vec<Open>,
    objects: BTreeMap<(TableId, RowId), Object>,
    predicates: Vec<Arc<Predicate>>,
    searches: Vec<Search>,
    /// Rows in the way of an insert, by the version that was met.
    met: Vec<(OperationId, (TableId, RowId), VersionId)>,
    filled: Filled,
    operations: u32,
}

/// A history with the names of what is in it.
#[derive(Debug, Default)]
pub struct Filled {
    /// The history.
    pub history: History,
    /// By transaction: its number in the store, and its level there.
    pub transactions: Vec<(TransactionId, IsolationLevel)>,
    /// By transaction: the statement that ended it, if it was one.
    pub ends: Vec<Option<u32>>,
    /// By operation: the statement, as [`HistoryBuilder::add`] was told.
    pub statements: Vec<u32>,
    /// By object: the row.
    pub rows: Vec<RowName>,
    /// Limits left something out.
    pub cut: bool,
}

/// A row by its place and its last known values.
#[derive(Clone, Debug)]
pub struct RowName {
    /// The table.
    pub table: TableId,
    /// The row.
    pub row: RowId,
    /// Values of some version, for a name.
    pub values: Option<Row>,
}

/// A transaction that has not ended.
#[derive(Debug)]
struct Open {
    id: TransactionId,
    number: TransactionNumber,
    /// Rows that it wrote.
    wrote: Vec<(TableId, RowId)>,
}

/// A row with its versions, in the order in which they were written.
#[derive(Debug)]
struct Object {
    id: ObjectId,
    versions: Vec<Known>,
}

/// One version.
#[derive(Debug)]
struct Known {
    id: VersionId,
    /// `None` for a deletion.
    number: Option<VersionNumber>,
    values: Option<Row>,
    /// `None` for what was there before.
    writer: Option<TransactionId>,
    /// Its place in commit order, when committed; 0 for what was there before.
    sequence: Option<u64>,
    withdrawn: bool,
}

/// A read by a condition, to be completed at the end.
#[derive(Debug)]
struct Search {
    operation: OperationId,
    /// Index among the conditions.
    predicate: usize,
    snapshot: u64,
    /// What it saw in place of what its snapshot shows.
    instead: Arc<Instead>,
}

/// In order of rows.
type Instead = Vec<(RowId, VersionId)>;

impl HistoryBuilder {
    /// An empty history.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what the store recorded next. `statement` is what the caller calls the statement that it came of,
    /// if it was one; numbers grow with time.
    pub fn add(&mut self, recorded: Recorded, statement: Option<u32>) {
        match recorded {
            Recorded::Statement(footprint) => {
                self.statement(*footprint, statement.unwrap_or(u32::MAX));
            }
            Recorded::Undone(transaction, versions) => {
                for version in versions {
                    self.undo(transaction, version);
                }
            }
            Recorded::Committed {
                transaction,
                sequence,
            } => {
                if let Some(open) = self.ended(transaction) {
                    self.stamp(transaction, &open.wrote, sequence);
                    self.filled.ends[open.number.0 as usize] = statement;
                    self.history.commit(open.number);
                }
            }
            Recorded::RolledBack(transaction) => {
                if let Some(open) = self.ended(transaction) {
                    self.filled.ends[open.number.0 as usize] = statement;
                    self.history.abort(open.number);
                }
            }
        }
    }

    fn ended(&mut self, transaction: TransactionId) -> Option<Open> {
        let place = self.open.iter().position(|open| open.id == transaction)?;
        Some(self.open.swap_remove(place))
    }

    fn open(&self, transaction: TransactionId) -> Option<&Open> {
        self.open.iter().find(|open| open.id == transaction)
    }

    fn statement(&mut self, footprint: Footprint, statement: u32) {
        let Some(transaction) = self.transaction(&footprint) else {
            self.filled.cut = true;
            return;
        };
        self.filled.cut |= footprint.cut;
        self.searches(transaction, &footprint, statement);
        for read in &footprint.reads {
            if let Some(version) = self.version(*read) {
                let operation = self.history.read(transaction, version);
                self.note(operation, statement);
            }
        }
        for met in &footprint.met {
            self.meet(transaction, *met, statement);
        }
        for write in footprint.writes {
            self.write(transaction, footprint.transaction, write, statement);
        }
    }

    /// A row in the way of an insert: who made it comes before.
    fn meet(&mut self, transaction: TransactionNumber, met: VersionKey, statement: u32) {
        if let Some(version) = self.version(met) {
            let operation = self
                .history
                .read_predicate(transaction, PredicateRead::default());
            self.note(operation, statement);
            self.met.push((operation, (met.table, met.row), version));
        }
    }

    fn note(&mut self, operation: OperationId, statement: u32) {
        debug_assert_eq!(operation.0 as usize, self.filled.statements.len());
        self.filled.statements.push(statement);
        self.operations = operation.0 + 1;
    }

    /// The transaction of a statement; `None` when the history is full.
    fn transaction(&mut self, footprint: &Footprint) -> Option<TransactionNumber> {
        if self.operations >= MAX_OPERATIONS {
            return None;
        }
        if let Some(open) = self.open(footprint.transaction) {
            return Some(open.number);
        }
        if self.history.transactions() >= MAX_TRANSACTIONS {
            return None;
        }
        let level = level_of(footprint.isolation);
        let number = self.history.begin(level, footprint.connection.0);
        self.filled
            .transactions
            .push((footprint.transaction, footprint.isolation));
        self.filled.ends.push(None);
        self.open.push(Open {
            id: footprint.transaction,
            number,
            wrote: Vec::new(),
        });
        Some(number)
    }

    fn searches(&mut self, transaction: TransactionNumber, footprint: &Footprint, statement: u32) {
        let mut instead: Vec<(TableId, Arc<Instead>)> = Vec::new();
        for predicate in &footprint.predicates {
            let table = predicate.table();
            let place = self.predicates.iter().position(|other| other == predicate);
            if place.is_none() && self.predicates.len() >= MAX_PREDICATES {
                self.filled.cut = true;
                continue;
            }
            let place = place.unwrap_or_else(|| {
                self.predicates.push(Arc::clone(predicate));
                self.predicates.len() - 1
            });
            let known = instead.iter().find(|(of, _)| *of == table);
            let seen = match known.map(|(_, seen)| Arc::clone(seen)) {
                Some(seen) => seen,
                None => {
                    let seen = Arc::new(self.instead(footprint, table));
                    instead.push((table, Arc::clone(&seen)));
                    seen
                }
            };
            let operation = self
                .history
                .read_predicate(transaction, PredicateRead::default());
            self.note(operation, statement);
            self.searches.push(Search {
                operation,
                predicate: place,
                snapshot: footprint.snapshot,
                instead: seen,
            });
        }
    }

    /// What a statement saw of a table in place of what its snapshot shows.
    fn instead(&mut self, footprint: &Footprint, table: TableId) -> Instead {
        let mut seen = Instead::new();
        let own = self.open(footprint.transaction);
        let own: Vec<RowId> = own.map_or_else(Vec::new, |open| {
            let wrote = open.wrote.iter().filter(|(of, _)| *of == table);
            wrote.map(|(_, row)| *row).collect()
        });
        for row in own {
            let versions = self.objects.get(&(table, row)).map(|it| &it.versions);
            let mut own = versions.into_iter().flatten().rev().filter(|version| {
                !version.withdrawn && version.writer == Some(footprint.transaction)
            });
            if let Some(version) = own.next() {
                put(&mut seen, row, version.id);
            }
        }
        let replaced = footprint.writes.iter().filter_map(|write| {
            let (version, _) = write.before.as_ref()?;
            Some(VersionKey {
                table: write.table,
                row: write.row,
                version: Some(*version),
            })
        });
        let again = footprint.looked_again.iter().copied().chain(replaced);
        for read in again.filter(|read| read.table == table) {
            if let Some(version) = self.version(read) {
                put(&mut seen, read.row, version);
            }
        }
        seen
    }

    /// A version that was read. One that nobody wrote was there before.
    fn version(&mut self, read: VersionKey) -> Option<VersionId> {
        if let Some(object) = self.objects.get(&(read.table, read.row)) {
            let found = object
                .versions
                .iter()
                .rev()
                .find(|known| known.number == read.version && !known.withdrawn);
            return found.map(|known| known.id);
        }
        let number = read.version?;
        Some(self.existing(read.table, read.row, number, None))
    }

    fn existing(
        &mut self,
        table: TableId,
        row: RowId,
        number: VersionNumber,
        values: Option<Row>,
    ) -> VersionId {
        let (id, version) = self.history.existing_object();
        let known = Known {
            id: version,
            number: Some(number),
            values: values.clone(),
            writer: None,
            sequence: Some(0),
            withdrawn: false,
        };
        let object = Object {
            id,
            versions: vec![known],
        };
        self.objects.insert((table, row), object);
        self.filled.rows.push(RowName { table, row, values });
        version
    }

    fn write(
        &mut self,
        transaction: TransactionNumber,
        writer: TransactionId,
        write: VersionWrite,
        statement: u32,
    ) {
        let key = (write.table, write.row);
        if let Some((number, values)) = &write.before {
            let before = VersionKey {
                table: write.table,
                row: write.row,
                version: Some(*number),
            };
            if let Some(version) = self.version(before) {
                let operation = self.history.read(transaction, version);
                self.note(operation, statement);
            }
            let known = self.objects.get_mut(&key);
            let mut known = known.into_iter().flat_map(|object| &mut object.versions);
            if let Some(known) = known.find(|known| known.number == Some(*number)) {
                known.values.get_or_insert_with(|| values.clone());
            }
        }
        let id = match self.objects.get(&key) {
            Some(object) => object.id,
            None => self.new_object(key),
        };
        let (operation, version) = self.history.write(transaction, id);
        self.note(operation, statement);
        let (number, values) = write.after.map_or((None, None), |(number, values)| {
            (Some(number), Some(values))
        });
        let named = values.clone().or(write.before.map(|(_, values)| values));
        if let Some(name) = self.filled.rows.get_mut(id.0 as usize) {
            name.values = named.or(name.values.take());
        }
        if let Some(object) = self.objects.get_mut(&key) {
            object.versions.push(Known {
                id: version,
                number,
                values,
                writer: Some(writer),
                sequence: None,
                withdrawn: false,
            });
        }
        if let Some(open) = self.open.iter_mut().find(|open| open.id == writer) {
            open.wrote.push(key);
        }
    }

    fn new_object(&mut self, (table, row): (TableId, RowId)) -> ObjectId {
        let id = self.history.object();
        let object = Object {
            id,
            versions: Vec::new(),
        };
        self.objects.insert((table, row), object);
        let values = None;
        self.filled.rows.push(RowName { table, row, values });
        id
    }

    fn undo(&mut self, transaction: TransactionId, undone: VersionKey) {
        let object = self.objects.get_mut(&(undone.table, undone.row));
        let versions = object
            .into_iter()
            .flat_map(|object| object.versions.iter_mut());
        let found = versions.rev().find(|known| {
            known.writer == Some(transaction) && known.number == undone.version && !known.withdrawn
        });
        if let Some(known) = found {
            known.withdrawn = true;
            self.history.withdraw(known.id);
        }
    }

    fn stamp(&mut self, writer: TransactionId, wrote: &[(TableId, RowId)], sequence: u64) {
        for key in wrote {
            let object = self.objects.get_mut(key);
            for known in object.into_iter().flat_map(|object| &mut object.versions) {
                if known.writer == Some(writer) {
                    known.sequence = Some(sequence);
                }
            }
        }
    }

    /// The history, complete.
    pub fn finish(mut self) -> Filled {
        let mut judge = Judge {
            left: MAX_JUDGEMENTS,
            found: Vec::new(),
        };
        judge.found.resize_with(self.predicates.len(), || None);
        for search in std::mem::take(&mut self.searches) {
            let Some(read) = self.complete(&search, &mut judge) else {
                self.filled.cut = true;
                break;
            };
            self.history.complete_predicate(search.operation, read);
        }
        for (operation, row, version) in std::mem::take(&mut self.met) {
            if let Some(object) = self.objects.get(&row) {
                let versions = object.versions.iter().map(|known| known.id);
                let read = PredicateRead {
                    predicate: Arc::new(Matching::new(versions.collect())),
                    seen: vec![(object.id, Some(version))],
                };
                self.history.complete_predicate(operation, read);
            }
        }
        self.filled.history = self.history;
        self.filled
    }

    /// What a condition saw, and for which versions it holds; `None` when that is too much to judge.
    fn complete(&self, search: &Search, judge: &mut Judge) -> Option<PredicateRead> {
        let predicate = self.predicates.get(search.predicate)?;
        let table = predicate.table();
        let place = judge.found.get_mut(search.predicate)?;
        if place.is_none() {
            *place = Some(self.judge(table, predicate, &mut judge.left)?);
        }
        let judged = place.as_ref()?;
        judge.left = judge.left.checked_sub(judged.rows.len() as u64)?;
        let seen = judged.rows.iter().filter_map(|row| {
            let object = self.objects.get(&(table, *row))?;
            let instead = search.instead.binary_search_by_key(row, |(row, _)| *row);
            let instead = instead.ok().map(|at| search.instead[at].1);
            Some((object.id, instead.or_else(|| object.shown(search.snapshot))))
        });
        Some(PredicateRead {
            predicate: Arc::clone(&judged.matching),
            seen: seen.collect(),
        })
    }

    fn judge(&self, table: TableId, predicate: &Predicate, left: &mut u64) -> Option<Judged> {
        let mut matching = Vec::new();
        let mut rows = Vec::new();
        let of_table = (table, RowId(0))..=(table, RowId(u32::MAX));
        for ((_, row), object) in self.objects.range(of_table) {
            // What nobody wrote nobody depends on.
            if object.versions.iter().all(|known| known.writer.is_none()) {
                continue;
            }
            let before = matching.len();
            for known in &object.versions {
                *left = left.checked_sub(1)?;
                let values = known.values.as_ref();
                if values.is_some_and(|values| predicate.holds(values)) {
                    matching.push(known.id);
                }
            }
            if matching.len() > before {
                rows.push(*row);
            }
        }
        let matching = Arc::new(Matching::new(matching));
        Some(Judged { matching, rows })
    }
}

/// Conditions judged so far.
struct Judge {
    left: u64,
    /// By condition.
    found: Vec<Option<Judged>>,
}

/// For which versions a condition holds, and rows that have such a version.
struct Judged {
    matching: Arc<Matching>,
    rows: Vec<RowId>,
}

/// What was put first stays.
fn put(seen: &mut Instead, row: RowId, version: VersionId) {
    if let Err(place) = seen.binary_search_by_key(&row, |(row, _)| *row) {
        seen.insert(place, (row, version));
    }
}

impl Object {
    /// The version that a snapshot shows.
    fn shown(&self, snapshot: u64) -> Option<VersionId> {
        let mut versions = self.versions.iter().rev();
        let shown = versions.find(|known| {
            !known.withdrawn && known.sequence.is_some_and(|sequence| sequence <= snapshot)
        });
        shown.map(|known| known.id)
    }
}
