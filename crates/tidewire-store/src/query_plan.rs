//! What a bound query is made of. How it runs is in `query`.

use std::cmp::Ordering;
use std::sync::Arc;

use tidewire_syntax::ast::sql::{JoinKind, LockStrength, LockWait, OrderBy};

use crate::aggregate::Grouping;
use crate::common_table::RecursivePlan;
use crate::expression::Expr;
use crate::plan_choice::Reading;
use crate::series::FunctionScan;
use crate::set_operation::SetPlan;
use crate::window::WindowPlan;
use crate::{ResultColumn, TableId, Value};

/// A bound SELECT.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    /// Its number within the plan.
    pub(crate) id: u32,
    /// Tables, joined left to right.
    pub(crate) relations: Vec<Relation>,
    /// How they are joined, where that is more than one after the other.
    pub(crate) tree: Option<Vec<Node>>,
    /// Conditions that need no relation of this query.
    pub(crate) filter: Vec<Expr>,
    /// GROUP BY, aggregates and HAVING.
    pub(crate) grouping: Option<Grouping>,
    /// Windows of window functions.
    pub(crate) windows: Vec<WindowPlan>,
    /// The select list.
    pub(crate) output: Vec<Expr>,
    /// Names and types of `output`.
    pub(crate) columns: Vec<ResultColumn>,
    /// Outputs whose type is not known yet, where the caller chooses it.
    pub(crate) untyped: Vec<usize>,
    pub(crate) distinct: DistinctPlan,
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

/// Which of equal rows stay.
#[derive(Clone, Debug, Default)]
pub(crate) enum DistinctPlan {
    /// All.
    #[default]
    No,
    /// One of each.
    Rows,
    /// The first of those that are equal in these.
    On(Vec<Expr>),
}

/// A part of a join that is more than a chain.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// This relation.
    Relation(usize),
    /// An outer join of chains.
    Outer(Box<OuterJoin>),
}

/// RIGHT and FULL JOIN, and LEFT JOIN of several tables. Its relations stand in order.
#[derive(Clone, Debug)]
pub(crate) struct OuterJoin {
    pub(crate) kind: JoinKind,
    /// Empty for LEFT JOIN, whose left side is what stands before.
    pub(crate) left: Vec<Node>,
    pub(crate) right: Vec<Node>,
    /// Relations of each side: the first, the first of the right, behind the last.
    pub(crate) range: [usize; 3],
    pub(crate) on: Vec<Expr>,
    /// Conditions of WHERE on its rows.
    pub(crate) filter: Vec<Expr>,
}

impl Node {
    /// Is it an outer join?
    pub(crate) fn is_outer(&self) -> bool {
        matches!(self, Node::Outer(_))
    }

    /// May it leave this relation without a row?
    pub(crate) fn extends(&self, relation: usize) -> bool {
        let Node::Outer(outer) = self else {
            return false;
        };
        let [first, middle, end] = outer.range;
        let nullable = match outer.kind {
            JoinKind::Right => first..middle,
            JoinKind::Full => first..end,
            _ => middle..end,
        };
        let inner = outer.left.iter().chain(&outer.right);
        nullable.contains(&relation) || inner.into_iter().any(|node| node.extends(relation))
    }

    /// Does it join this relation?
    pub(crate) fn covers(&self, relation: usize) -> bool {
        match self {
            Node::Relation(at) => *at == relation,
            Node::Outer(outer) => (outer.range[0]..outer.range[2]).contains(&relation),
        }
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
    /// How PostgreSQL would read the table, if not from end to end.
    pub(crate) reading: Option<Box<Reading>>,
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
    /// It is no stored table: its rows are made.
    Derived(Box<Derived>),
}

/// The table of a relation whose rows are made.
pub(crate) const NO_TABLE: TableId = TableId(u32::MAX);

/// Where rows come from that are not stored.
#[derive(Clone, Debug)]
pub(crate) enum Derived {
    /// A query. It was bound that many queries further out.
    Query(Arc<Query>, u16),
    /// VALUES
    Values(Vec<Vec<Expr>>),
    /// UNION and its kin.
    Set(SetPlan),
    /// A function.
    Function(FunctionScan),
    /// What another part of the statement answered.
    Part(usize),
    /// A query of WITH RECURSIVE.
    Recursive(Arc<RecursivePlan>, u16),
    /// The rows that it found last, in itself.
    Working(u32),
}

impl Relation {
    /// A stored table, read from end to end.
    pub(crate) fn stored(store: u32, table: TableId) -> Self {
        Self {
            store,
            table,
            join: JoinKind::Cross,
            access: Access::Scan,
            implied: Vec::new(),
            on: Vec::new(),
            filter: Vec::new(),
            reading: None,
        }
    }

    /// Rows that are made.
    pub(crate) fn derived(derived: Derived) -> Self {
        Self {
            access: Access::Derived(Box::new(derived)),
            ..Self::stored(0, NO_TABLE)
        }
    }
}

/// ORDER BY, one key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SortKey {
    pub(crate) expression: Expr,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

impl SortKey {
    /// A key as it is written.
    pub(crate) fn of(written: &OrderBy, expression: Expr) -> Self {
        Self {
            expression,
            descending: written.descending,
            nulls_first: written.nulls_first.unwrap_or(written.descending),
        }
    }

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

/// Order of two rows by their sort keys.
pub(crate) fn compare_keys(order: &[SortKey], left: &[Value], right: &[Value]) -> Ordering {
    let pairs = left.iter().zip(right);
    order
        .iter()
        .zip(pairs)
        .map(|(key, (left, right))| key.compare(left, right))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// FOR UPDATE and its kin.
#[derive(Clone, Debug)]
pub(crate) struct LockPlan {
    pub(crate) strength: LockStrength,
    pub(crate) wait: LockWait,
    /// Which relations, in order.
    pub(crate) relations: Vec<usize>,
}
