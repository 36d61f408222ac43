//! How PostgreSQL 15 would read each table of a query, for predicate locks and for whoever looks at plans.
//!
//! Rows are found the same way whatever is chosen here; a scan by an index visits them in another order. The rules
//! are those that the cost model of `costsize.c` comes to for small tables that were never analysed (ten pages
//! assumed), measured with EXPLAIN: one row expected takes an index scan, few rows or a third of them a bitmap scan,
//! else the table is read from end to end. A join reads both tables from end to end unless one side is a single row.

use std::sync::Arc;

use tidewire_syntax::ast::sql::JoinKind;

use crate::aggregate::{AggregateFunction, Grouping};
use crate::bind_write::RowSource;
use crate::expression::{Comparison, Expr, Frame};
use crate::index::{IndexKey, KeyRange};
use crate::plan::Operation;
use crate::query_plan::{DistinctPlan, Query, Relation};
use crate::{Catalog, Index, Plan, SqlError, Table, TableId, Value};

/// Keys of an IN list that are still worth a bitmap.
const MOST_KEYS: usize = 5;

/// How a table is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanKind {
    /// From end to end.
    Sequential,
    /// By an index, row by row.
    Index,
    /// By an index, page by page.
    Bitmap,
}

/// How PostgreSQL would read a table.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) kind: ScanKind,
    /// What it asks of which index; several are united.
    pub(crate) parts: Vec<IndexReading>,
    /// It ends as soon as it has found enough rows.
    pub(crate) end: Option<IndexEnd>,
}

/// A scan from one end of an index.
#[derive(Clone, Debug)]
pub(crate) struct IndexEnd {
    /// From the last entry backward.
    last: bool,
    /// Rows that are enough: an expression, or one.
    rows: Option<Expr>,
}

/// What a scan asks of an index.
#[derive(Clone, Debug)]
pub(crate) struct IndexReading {
    pub(crate) index: usize,
    equal: Vec<Expr>,
    low: Option<(Expr, bool)>,
    high: Option<(Expr, bool)>,
}

/// Which kinds of scan a session allows: `enable_seqscan` and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scans {
    pub(crate) sequential: bool,
    pub(crate) index: bool,
    pub(crate) bitmap: bool,
}

impl Default for Scans {
    fn default() -> Self {
        Self {
            sequential: true,
            index: true,
            bitmap: true,
        }
    }
}

impl Reading {
    /// The kind of scan that is taken where some kinds are switched off.
    pub(crate) fn kind(&self, scans: Scans) -> ScanKind {
        let one = self.parts.len() == 1;
        match self.kind {
            ScanKind::Index if scans.index => ScanKind::Index,
            ScanKind::Index | ScanKind::Bitmap if scans.bitmap => ScanKind::Bitmap,
            ScanKind::Bitmap if scans.index && one && !scans.sequential => ScanKind::Index,
            _ => ScanKind::Sequential,
        }
    }
}

impl IndexReading {
    /// The entries that it asks for; `None` when a value is null, which finds nothing.
    pub(crate) fn range(&self, frame: &Frame<'_>) -> Result<Option<KeyRange>, SqlError> {
        let mut equal: Vec<Value> = Vec::with_capacity(self.equal.len());
        for part in &self.equal {
            equal.push(part.evaluate(frame)?);
        }
        let Some(equal) = IndexKey::of(equal.iter().map(Some)) else {
            return Ok(None);
        };
        let bound = |bound: &Option<(Expr, bool)>| -> Result<_, SqlError> {
            match bound {
                None => Ok(None),
                Some((value, itself)) => {
                    let value = value.evaluate(frame)?;
                    Ok(Some((value.key_form(), *itself)))
                }
            }
        };
        let (low, high) = (bound(&self.low)?, bound(&self.high)?);
        let null = |bound: &Option<(Value, bool)>| {
            bound.as_ref().is_some_and(|(value, _)| value.is_null())
        };
        if null(&low) || null(&high) {
            return Ok(None);
        }
        Ok(Some(KeyRange { equal, low, high }))
    }
}

/// What conditions say about one key of an index.
#[derive(Default)]
struct Bounds<'e> {
    equal: Option<&'e Expr>,
    any_of: Option<&'e [Expr]>,
    low: Option<(&'e Expr, bool)>,
    high: Option<(&'e Expr, bool)>,
}

impl Bounds<'_> {
    fn is_empty(&self) -> bool {
        self.equal.is_none() && self.any_of.is_none() && self.low.is_none() && self.high.is_none()
    }
}

/// A way to read a table by one index, and how good it is.
struct Way {
    reading: Reading,
    /// Of a million rows, so many are expected.
    share: u32,
}

/// How each table of a query is read, its conditions being placed and no path chosen yet.
pub(crate) fn readings(tables: &[Option<&Table>], relations: &mut [Relation]) {
    let mut single: Vec<u16> = Vec::new();
    for (at, relation) in relations.iter_mut().enumerate() {
        let Some(table) = tables.get(at).copied().flatten() else {
            continue;
        };
        let conditions: Vec<&Expr> = match relation.join {
            JoinKind::Left => relation.on.iter().collect(),
            _ => relation.on.iter().chain(&relation.filter).collect(),
        };
        let reading = reading(table, &conditions, at as u16, &single);
        if reading
            .as_ref()
            .is_some_and(|it| it.kind == ScanKind::Index)
        {
            single.push(at as u16);
        }
        relation.reading = reading.map(Box::new);
    }
}

/// What ORDER BY, LIMIT, min and max change in how the table of a query is read: rows come by an index whose first
/// key is the first sort key, where the conditions found no better way or only few rows are wanted.
pub(crate) fn read_in_order(table: Option<&Table>, query: &mut Query) {
    let (Some(table), [relation]) = (table, query.relations.as_slice()) else {
        return;
    };
    let narrow = relation.reading.as_ref().map(|reading| reading.kind);
    let free = narrow.is_none() && relation.on.is_empty() && relation.filter.is_empty();
    let few = query.limit.is_some();
    let extreme = query.grouping.as_ref().map(extreme);
    let (first, end) = match (extreme, query.order.first()) {
        (Some(Some((of, last))), _) if free => (of, Some(IndexEnd { last, rows: None })),
        (None, Some(first)) if narrow.is_none() || (few && narrow == Some(ScanKind::Bitmap)) => {
            let plain = free
                && query.offset.is_none()
                && query.locking.is_none()
                && matches!(query.distinct, DistinctPlan::No);
            let end = query.limit.as_ref().filter(|_| plain).map(|rows| IndexEnd {
                last: first.descending,
                rows: Some(rows.clone()),
            });
            (&first.expression, end)
        }
        (None, None) if few && narrow == Some(ScanKind::Bitmap) => {
            // The first rows that come along are cheaper found from end to end than by a bitmap.
            query.relations[0].reading = None;
            return;
        }
        _ => return,
    };
    let usable = |index: &Index| {
        !index.dropped && !is_partial(index) && key_at(index, 0).as_ref() == Some(first)
    };
    let Some(number) = table.indexes.iter().rposition(usable) else {
        return;
    };
    let conditions: Vec<&Expr> = relation.on.iter().chain(&relation.filter).collect();
    let narrowed = way(number, &table.indexes[number], &conditions, 0, &[]);
    let part = narrowed.and_then(|way| way.reading.parts.into_iter().next());
    let part = part.unwrap_or(IndexReading {
        index: number,
        equal: Vec::new(),
        low: None,
        high: None,
    });
    // Where nulls stand at an end, more than the keys would have to be known.
    let column = column_of(first).and_then(|slot| table.column_at(slot));
    let whole = column.is_some_and(|column| column.not_null) || extreme_only(query);
    query.relations[0].reading = Some(Box::new(Reading {
        kind: ScanKind::Index,
        parts: vec![part],
        end: end.filter(|_| whole),
    }));
}

fn extreme_only(query: &Query) -> bool {
    query.grouping.is_some()
}

fn column_of(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Column { slot, .. } => Some(*slot as usize),
        _ => None,
    }
}

/// What `min` or `max` is asked of, and whether it is the last one, where nothing else is asked.
fn extreme(grouping: &Grouping) -> Option<(&Expr, bool)> {
    let ([only], true, true) = (
        grouping.aggregates.as_slice(),
        grouping.keys.is_empty(),
        grouping.having.is_empty(),
    ) else {
        return None;
    };
    let last = match only.function {
        AggregateFunction::Minimum => false,
        AggregateFunction::Maximum => true,
        _ => return None,
    };
    let plain = only.filter.is_none() && only.order.is_empty();
    only.arguments
        .first()
        .filter(|_| plain)
        .map(|of| (of, last))
}

fn reading(table: &Table, conditions: &[&Expr], at: u16, single: &[u16]) -> Option<Reading> {
    let mut best: Option<Way> = None;
    for (number, index) in table.indexes.iter().enumerate().rev() {
        if index.dropped || !is_implied(index, conditions) {
            continue;
        }
        if let Some(way) = way(number, index, conditions, at, single)
            && best.as_ref().is_none_or(|best| way.share < best.share)
        {
            best = Some(way);
        }
    }
    best.map(|way| way.reading)
        .or_else(|| united(table, conditions, at, single))
}

/// How the conditions narrow one index.
fn way(number: usize, index: &Index, conditions: &[&Expr], at: u16, single: &[u16]) -> Option<Way> {
    let width = index.key_width();
    let mut part = IndexReading {
        index: number,
        equal: Vec::new(),
        low: None,
        high: None,
    };
    let mut share: u32 = 1_000_000;
    let mut any_of: Option<&[Expr]> = None;
    let (mut narrowed, mut open) = (false, true);
    let mut equalities = 0;
    for position in 0..width {
        let Some(key) = key_at(index, position) else {
            break;
        };
        let bounds = bounds(&key, conditions, at, single);
        if bounds.is_empty() {
            open = false;
            continue;
        }
        narrowed = true;
        if let Some(equal) = bounds.equal {
            share /= 200;
            equalities += 1;
            if open {
                part.equal.push(equal.clone());
            }
        } else if let Some(values) = bounds.any_of {
            share = (share / 200).saturating_mul(values.len() as u32);
            if open && position == 0 {
                any_of = Some(values);
            }
            open = false;
        } else {
            let both = bounds.low.is_some() && bounds.high.is_some();
            share = if both { share / 200 } else { share / 3 };
            if open {
                part.low = bounds.low.map(|(value, itself)| (value.clone(), itself));
                part.high = bounds.high.map(|(value, itself)| (value.clone(), itself));
            }
            open = false;
        }
    }
    if is_partial(index) {
        share /= 200;
        narrowed = true;
    }
    if !narrowed {
        return None;
    }
    let one = share < 1_000 || (index.unique && equalities == width);
    let parts = match any_of {
        None => vec![part],
        Some(values) if values.len() > MOST_KEYS => return None,
        Some(values) => values
            .iter()
            .map(|value| IndexReading {
                equal: vec![value.clone()],
                ..part.clone()
            })
            .collect(),
    };
    Some(Way {
        reading: Reading {
            kind: if one {
                ScanKind::Index
            } else {
                ScanKind::Bitmap
            },
            parts,
            end: None,
        },
        share: if one { 1 } else { share.max(2) },
    })
}

/// A condition of which every alternative is an equality on a key of some index (BitmapOr).
fn united(table: &Table, conditions: &[&Expr], at: u16, single: &[u16]) -> Option<Reading> {
    let alternatives = conditions.iter().find_map(|condition| match condition {
        Expr::Or(parts) if parts.len() <= MOST_KEYS => Some(parts),
        _ => None,
    })?;
    let mut parts = Vec::new();
    for alternative in alternatives {
        let alone = [alternative];
        let found = table
            .indexes
            .iter()
            .enumerate()
            .rev()
            .find_map(|(number, index)| {
                let usable = !index.dropped && !is_partial(index);
                let way = way(number, index, &alone, at, single).filter(|_| usable)?;
                (way.share <= 5_000 && way.reading.parts.len() == 1).then_some(way)
            })?;
        parts.extend(found.reading.parts);
    }
    Some(Reading {
        kind: ScanKind::Bitmap,
        parts,
        end: None,
    })
}

fn is_partial(index: &Index) -> bool {
    let computed = index.computed.as_ref();
    computed.is_some_and(|computed| !computed.predicate.is_empty())
}

/// Do the conditions say that only rows of a partial index are wanted?
fn is_implied(index: &Index, conditions: &[&Expr]) -> bool {
    let Some(computed) = &index.computed else {
        return true;
    };
    let mut predicate = computed.predicate.iter();
    predicate.all(|wanted| conditions.contains(&wanted))
}

/// The expression of a key, over the table as relation 0 of its query.
fn key_at(index: &Index, position: usize) -> Option<Expr> {
    match &index.computed {
        Some(computed) => computed.keys.get(position).cloned(),
        None => index.slots.get(position).map(|slot| Expr::Column {
            depth: 0,
            relation: 0,
            slot: *slot as u32,
        }),
    }
}

fn bounds<'e>(key: &Expr, conditions: &[&'e Expr], at: u16, single: &[u16]) -> Bounds<'e> {
    let mut found = Bounds::default();
    for condition in conditions {
        match condition {
            Expr::InList(value, list, false)
                if is_key(value, key, at) && list.iter().all(|item| is_known(item, at, single)) =>
            {
                found.any_of.get_or_insert(list);
            }
            Expr::Compare(comparison, sides) => {
                for (value, other, turned) in
                    [(&sides[0], &sides[1], false), (&sides[1], &sides[0], true)]
                {
                    if !is_key(value, key, at) || !is_known(other, at, single) {
                        continue;
                    }
                    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
                    let itself = matches!(comparison, LessOrEqual | GreaterOrEqual);
                    match (comparison, turned) {
                        (Equal, _) => found.equal = found.equal.or(Some(other)),
                        (Greater | GreaterOrEqual, false) | (Less | LessOrEqual, true) => {
                            found.low = found.low.or(Some((other, itself)));
                        }
                        (Less | LessOrEqual, false) | (Greater | GreaterOrEqual, true) => {
                            found.high = found.high.or(Some((other, itself)));
                        }
                        (NotEqual, _) => {}
                    }
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// Is it this key, of the relation at `at`?
fn is_key(expr: &Expr, key: &Expr, at: u16) -> bool {
    match (expr, key) {
        (
            Expr::Column {
                depth: 0,
                relation,
                slot,
            },
            Expr::Column { slot: key, .. },
        ) => *relation == at && slot == key,
        _ if at == 0 => expr == key,
        _ => false,
    }
}

/// Is its value known before the table is read, once for all or for a single row of another table?
fn is_known(expr: &Expr, at: u16, single: &[u16]) -> bool {
    let mut known = true;
    expr.visit(&mut |part| {
        known &= match part {
            Expr::Column {
                depth: 0, relation, ..
            } => *relation < at && single.contains(relation),
            Expr::Extra(0, _) => false,
            other => other.query().is_none_or(|query| !query.correlated),
        };
    });
    known
}

/// How a plan reads one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableScan {
    /// The table.
    pub table: TableId,
    /// How.
    pub kind: ScanKind,
    /// The name of the first index, unless the table is read from end to end.
    pub index: Option<Arc<str>>,
}

impl Plan {
    /// Visits its queries and all within them.
    fn visit_queries(&self, visitor: &mut dyn FnMut(&Query)) {
        match &self.operation {
            Operation::Select(query) => query.queries(visitor),
            Operation::Update(plan) => plan.target.queries(visitor),
            Operation::Delete(plan) => plan.target.queries(visitor),
            Operation::Insert(plan) => {
                if let RowSource::Query(query, ..) = &plan.source {
                    query.queries(visitor);
                }
            }
            _ => {}
        }
    }

    /// How PostgreSQL would read each table, subqueries included, in the order of the plan.
    pub fn scans(&self, catalog: &Catalog) -> Vec<TableScan> {
        let mut scans = Vec::new();
        self.visit_queries(&mut |query| {
            for relation in &query.relations {
                let Some(table) = catalog.table_by_id(relation.table) else {
                    continue;
                };
                let reading = relation.reading.as_deref();
                let part = reading.and_then(|reading| reading.parts.first());
                let index = part.and_then(|part| table.indexes.get(part.index));
                scans.push(TableScan {
                    table: table.id,
                    kind: reading.map_or(ScanKind::Sequential, |reading| reading.kind),
                    index: index.map(|index| index.name.clone()),
                });
            }
        });
        scans
    }
}

impl TableScan {
    /// As EXPLAIN writes it: `Index Scan using test_pkey on test`.
    pub fn text(&self, catalog: &Catalog) -> String {
        let table = catalog.table_by_id(self.table);
        let table = table.map_or("?", |table| &*table.name);
        match (self.kind, &self.index) {
            (ScanKind::Index, Some(index)) => format!("Index Scan using {index} on {table}"),
            (ScanKind::Bitmap, _) => format!("Bitmap Heap Scan on {table}"),
            _ => format!("Seq Scan on {table}"),
        }
    }
}

impl Relation {
    /// Does an index lead to the rows?
    pub(crate) fn reads_by_index(&self, scans: Scans) -> bool {
        let reading = self.reading.as_deref();
        reading.is_some_and(|reading| reading.kind(scans) != ScanKind::Sequential)
    }

    /// Notes how the table is read.
    pub(crate) fn note_reading(&self, frame: &Frame<'_>) -> Result<(), SqlError> {
        let run = frame.run;
        let reading = self.reading.as_deref();
        let Some(reading) =
            reading.filter(|reading| reading.kind(run.scans) != ScanKind::Sequential)
        else {
            run.note_table(self.table);
            return Ok(());
        };
        if let (Some(end), [part]) = (&reading.end, reading.parts.as_slice()) {
            let rows = match &end.rows {
                None => Value::Integer(1),
                Some(rows) => rows.evaluate(frame)?,
            };
            if let Value::Integer(rows) = rows {
                run.note_index_end(self.table, part.index, end.last, rows.max(0) as u64);
                return Ok(());
            }
        }
        for part in &reading.parts {
            if let Some(range) = part.range(frame)? {
                run.note_index(self.table, part.index, range);
            }
        }
        Ok(())
    }
}
