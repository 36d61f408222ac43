//! What a bound query is made of. How it runs is in `query`.

use std::cmp::Ordering;

use tidewire_syntax::ast::sql::{JoinKind, LockStrength, LockWait};

use crate::aggregate::Grouping;
use crate::expression::Expr;
use crate::{ResultColumn, TableId, Value};

/// A bound SELECT.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    /// Its number within the plan.
    pub(crate) id: u32,
    /// Tables, joined left to right.
    pub(crate) relations: Vec<Relation>,
    /// Conditions that need no relation of this query.
    pub(crate) filter: Vec<Expr>,
    /// GROUP BY, aggregates and HAVING.
    pub(crate) grouping: Option<Grouping>,
    /// The select list.
    pub(crate) output: Vec<Expr>,
    /// Names and types of `output`.
    pub(crate) columns: Vec<ResultColumn>,
    pub(crate) distinct: bool,
    pub(crate) order: Vec<SortKey>,
    pub(crate) limit: Option<Expr>,
    pub(crate) offset: Option<Expr>,
    pub(crate) locking: Option<LockPlan>,
    /// Reads columns of a query around it.
    pub(crate) correlated: bool,
}

/// Queries are compared by identity: two of them are never one group key.
impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// A table in FROM.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    /// Which store, for invariants; else 0.
    pub(crate) store: u32,
    pub(crate) table: TableId,
    pub(crate) join: JoinKind,
    pub(crate) access: Access,
    /// Conditions that the access path fulfils; checked again when a row was exchanged.
    pub(crate) implied: Vec<Expr>,
    /// ON
    pub(crate) on: Vec<Expr>,
    /// Conditions of WHERE that can be judged from here on.
    pub(crate) filter: Vec<Expr>,
}

impl Relation {
    /// The rows before it stand even where it has none; its filter is judged after that.
    pub(crate) fn keeps_missing(&self) -> bool {
        self.join == JoinKind::Left
    }
}

/// How rows of a relation are found.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// From end to end.
    Scan,
    /// By equality on all columns of a unique index.
    Index {
        index: usize,
        slots: Vec<usize>,
        key: Vec<Expr>,
    },
    /// By equality, through a hash table made for the statement.
    Hash {
        id: u32,
        slots: Vec<usize>,
        key: Vec<Expr>,
    },
}

/// ORDER BY, one key.
#[derive(Clone, Debug)]
pub(crate) struct SortKey {
    pub(crate) expression: Expr,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

impl SortKey {
    /// Order of two values by this key.
    pub(crate) fn compare(&self, left: &Value, right: &Value) -> Ordering {
        match (left.is_null(), right.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) if self.nulls_first => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if self.nulls_first => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) if self.descending => right.total_order(left),
            (false, false) => left.total_order(right),
        }
    }
}

/// FOR UPDATE and its kin.
#[derive(Clone, Debug)]
pub(crate) struct LockPlan {
    pub(crate) strength: LockStrength,
    pub(crate) wait: LockWait,
    /// Which relations, in order.
    pub(crate) relations: Vec<usize>,
}
