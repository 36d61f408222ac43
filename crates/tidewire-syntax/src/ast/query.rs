//! Queries, as written: SELECT and what it may stand in.

use super::expression::{Expression, FunctionCall};
use super::sql::{Statement, TableName};
use crate::{Name, Span};

/// A query: a body, and what is said about its rows as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// `WITH …`
    pub with: Option<With>,
    /// Where the rows come from.
    pub body: QueryBody,
    /// `ORDER BY`
    pub order_by: Vec<OrderBy>,
    /// `LIMIT` or `FETCH FIRST`
    pub limit: Option<Expression>,
    /// `OFFSET`
    pub offset: Option<Expression>,
    /// `FOR UPDATE` and its kin
    pub locking: Option<Locking>,
    /// The whole query.
    pub span: Span,
}

/// Where the rows of a query come from.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryBody {
    /// `SELECT …`; `TABLE t` is `SELECT * FROM t`
    Select(Box<Select>),
    /// `VALUES (…), (…)`; rows are of one length.
    Values(Vec<Vec<Expression>>),
    /// `… UNION …`
    Set(Box<SetOperation>),
    /// `( query )`
    Nested(Box<Query>),
}

/// Queries put together, from left to right. INTERSECT binds tighter, so it stands in a chain of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct SetOperation {
    /// The first query.
    pub first: QueryBody,
    /// The others, each with how it is put to what stands before it; never empty.
    pub rest: Vec<SetOperand>,
}

/// One more query of a [`SetOperation`].
#[derive(Clone, Debug, PartialEq)]
pub struct SetOperand {
    /// How.
    pub operator: SetOperator,
    /// `ALL`: equal rows are not made one.
    pub all: bool,
    /// The query.
    pub body: QueryBody,
    /// Where the query stands.
    pub span: Span,
}

/// How two queries are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOperator {
    /// `UNION`
    Union,
    /// `INTERSECT`
    Intersect,
    /// `EXCEPT`
    Except,
}

/// `WITH [RECURSIVE] …`
#[derive(Clone, Debug, PartialEq)]
pub struct With {
    /// `RECURSIVE`: its queries may name themselves.
    pub recursive: bool,
    /// In order; each may name those before it.
    pub tables: Vec<CommonTable>,
    /// The whole clause.
    pub span: Span,
}

/// `name [(column, …)] AS [[NOT] MATERIALIZED] ( statement )`
#[derive(Clone, Debug, PartialEq)]
pub struct CommonTable {
    /// Its name.
    pub name: Name,
    /// Names of its first columns.
    pub columns: Vec<Name>,
    /// A query, INSERT, UPDATE or DELETE.
    pub statement: Box<Statement>,
}

/// `SELECT`, up to its `HAVING`
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// `DISTINCT`
    pub distinct: Distinct,
    /// The select list.
    pub items: Vec<SelectItem>,
    /// `FROM`: comma-separated, each a table with its joins. Empty for `SELECT 1`.
    pub from: Vec<TableExpression>,
    /// `WHERE`
    pub filter: Option<Expression>,
    /// `GROUP BY`
    pub group_by: Vec<Expression>,
    /// `HAVING`
    pub having: Option<Expression>,
    /// `WINDOW name AS (…)`
    pub windows: Vec<(Name, WindowDefinition)>,
    /// From `SELECT` on.
    pub span: Span,
}

/// Which of equal rows stay.
#[derive(Clone, Debug, PartialEq)]
pub enum Distinct {
    /// All.
    No,
    /// `DISTINCT`: one of each.
    Rows,
    /// `DISTINCT ON (…)`: the first of each group.
    On(Vec<Expression>),
}

/// One item of a select list or of `RETURNING`.
#[derive(Clone, Debug, PartialEq)]
pub enum SelectItem {
    /// `*`
    All(Span),
    /// `t.*`
    AllOf(Name),
    /// `expression [AS name]`
    Expression(Expression, Option<Name>),
}

/// A table in `FROM`, with what is joined to it.
#[derive(Clone, Debug, PartialEq)]
pub struct TableExpression {
    /// The first table.
    pub source: TableSource,
    /// Joins, left to right.
    pub joins: Vec<Join>,
}

/// Something that gives rows in `FROM`.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSource {
    /// What it is.
    pub kind: SourceKind,
    /// `AS alias`
    pub alias: Option<Name>,
    /// Names of its first columns, behind the alias.
    pub columns: Vec<Name>,
    /// The whole.
    pub span: Span,
}

/// What a [`TableSource`] is.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceKind {
    /// A table, or a common table of `WITH`.
    Table(TableName),
    /// `[LATERAL] ( query )`
    Query {
        /// The query.
        query: Box<Query>,
        /// `LATERAL`: it may read tables before it.
        lateral: bool,
    },
    /// `generate_series(…)`; it may read tables before it.
    Function {
        /// The call.
        call: FunctionCall,
        /// `WITH ORDINALITY`: a last column counts the rows.
        ordinality: bool,
    },
    /// `( a JOIN b … )`
    Joined(Box<TableExpression>),
}

/// One join.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Which rows without a partner stay.
    pub kind: JoinKind,
    /// The right side.
    pub source: TableSource,
    /// Which rows are partners.
    pub condition: JoinCondition,
}

/// Kinds of joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// `[INNER] JOIN`
    Inner,
    /// `LEFT [OUTER] JOIN`
    Left,
    /// `RIGHT [OUTER] JOIN`
    Right,
    /// `FULL [OUTER] JOIN`
    Full,
    /// `CROSS JOIN`
    Cross,
}

/// Which rows of a join are partners.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinCondition {
    /// All; only of a cross join.
    None,
    /// `ON …`
    On(Expression),
    /// `USING (…)`: equal in these columns, which become one.
    Using(Vec<Name>),
    /// `NATURAL`: equal in all columns of the same name.
    Natural,
}

/// `( [name] [PARTITION BY …] [ORDER BY …] [frame] )`
#[derive(Clone, Debug, PartialEq)]
pub struct WindowDefinition {
    /// The window of `WINDOW` that it goes on from.
    pub base: Option<Name>,
    /// `PARTITION BY`
    pub partition_by: Vec<Expression>,
    /// `ORDER BY`
    pub order_by: Vec<OrderBy>,
    /// `ROWS …`, `RANGE …`, `GROUPS …`
    pub frame: Option<WindowFrame>,
    /// The whole.
    pub span: Span,
}

/// The rows around the current one that an aggregate over a window takes.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowFrame {
    /// What an offset counts.
    pub unit: FrameUnit,
    /// Where it begins.
    pub start: FrameBound,
    /// Where it ends, inclusive.
    pub end: FrameBound,
}

/// What the bounds of a [`WindowFrame`] count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameUnit {
    /// Rows.
    Rows,
    /// Rows equal in ORDER BY belong together.
    Range,
    /// Groups of rows equal in ORDER BY.
    Groups,
}

/// A bound of a [`WindowFrame`].
#[derive(Clone, Debug, PartialEq)]
pub enum FrameBound {
    /// `UNBOUNDED PRECEDING`
    First,
    /// `n PRECEDING`
    Before(Box<Expression>),
    /// `CURRENT ROW`
    Current,
    /// `n FOLLOWING`
    After(Box<Expression>),
    /// `UNBOUNDED FOLLOWING`
    Last,
}

/// One sort key.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderBy {
    /// The key.
    pub expression: Expression,
    /// `DESC`
    pub descending: bool,
    /// `NULLS FIRST` / `NULLS LAST`; the default is last when ascending.
    pub nulls_first: Option<bool>,
}

/// `FOR UPDATE [OF t] [NOWAIT | SKIP LOCKED]`
#[derive(Clone, Debug, PartialEq)]
pub struct Locking {
    /// How strong.
    pub strength: LockStrength,
    /// `OF` names; empty means all tables.
    pub of: Vec<Name>,
    /// What happens when a row is locked.
    pub wait: LockWait,
    /// Where it stands.
    pub span: Span,
}

/// Row-lock strengths, weakest first (PostgreSQL manual 13.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockStrength {
    /// `FOR KEY SHARE`
    KeyShare,
    /// `FOR SHARE`
    Share,
    /// `FOR NO KEY UPDATE`
    NoKeyUpdate,
    /// `FOR UPDATE`
    Update,
}

/// What a locking read does about a locked row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LockWait {
    /// Waits.
    #[default]
    Wait,
    /// Fails with 55P03.
    NoWait,
    /// Leaves the row out.
    SkipLocked,
}

impl Query {
    /// Whether nothing stands behind its body.
    pub fn is_bare(&self) -> bool {
        self.order_by.is_empty()
            && self.limit.is_none()
            && self.offset.is_none()
            && self.locking.is_none()
    }

    /// A query that is only this SELECT.
    pub fn of(select: Select) -> Self {
        Self {
            span: select.span,
            with: None,
            body: QueryBody::Select(Box::new(select)),
            order_by: Vec::new(),
            limit: None,
            offset: None,
            locking: None,
        }
    }
}

impl Select {
    /// `SELECT items`, without any other clause.
    pub fn of(items: Vec<SelectItem>, span: Span) -> Self {
        Self {
            distinct: Distinct::No,
            items,
            from: Vec::new(),
            filter: None,
            group_by: Vec::new(),
            having: None,
            windows: Vec::new(),
            span,
        }
    }
}

impl TableExpression {
    /// Something is joined here, perhaps in parentheses of its own.
    pub fn is_join(&self) -> bool {
        let inner = matches!(self.source.kind, SourceKind::Joined(_));
        !self.joins.is_empty() || (inner && self.source.alias.is_none())
    }

    /// One table, without alias.
    pub fn of(table: TableName) -> Self {
        Self {
            source: TableSource {
                span: table.span,
                kind: SourceKind::Table(table),
                alias: None,
                columns: Vec::new(),
            },
            joins: Vec::new(),
        }
    }
}
