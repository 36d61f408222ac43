//! SQL expressions, as written. They are the only expressions: conditions, values and keys of steps are the same.

use super::query::{OrderBy, Query, WindowDefinition};
use super::sql::{TypeKind, TypeName};
use crate::{Name, Span};

/// An expression with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// Where it stands.
    pub span: Span,
}

/// What an [`Expression`] is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// `NULL`, `true`, `1`, `1.5`, `'text'`
    Literal(Literal),
    /// `column`, `table.column`
    Column {
        /// Table or alias before the dot.
        table: Option<Name>,
        /// The column.
        column: Name,
    },
    /// `:name`, `:row.field`; `$1` is the one named `$1`
    Parameter {
        /// The name behind the colon.
        name: Name,
        /// The field behind a dot.
        field: Option<Name>,
    },
    /// `-x`, `not x`
    Unary(UnaryOperator, Box<Expression>),
    /// `a + b`
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
    /// `x IS [NOT] NULL`
    IsNull {
        /// The operand.
        operand: Box<Expression>,
        /// `NOT`
        negated: bool,
    },
    /// `x IS [NOT] DISTINCT FROM y`
    IsDistinctFrom {
        /// Left side.
        left: Box<Expression>,
        /// Right side.
        right: Box<Expression>,
        /// `NOT`
        negated: bool,
    },
    /// `x [NOT] IN (a, b)`
    InList {
        /// The operand.
        operand: Box<Expression>,
        /// The list, never empty.
        list: Vec<Expression>,
        /// `NOT`
        negated: bool,
    },
    /// `x [NOT] IN (SELECT …)`
    InQuery {
        /// The operand.
        operand: Box<Expression>,
        /// A query of one column.
        query: Box<Query>,
        /// `NOT`
        negated: bool,
    },
    /// `x [NOT] BETWEEN [SYMMETRIC] a AND b`
    Between {
        /// The operand.
        operand: Box<Expression>,
        /// Lower bound, inclusive.
        low: Box<Expression>,
        /// Upper bound, inclusive.
        high: Box<Expression>,
        /// `SYMMETRIC`: the bounds may stand the other way round.
        symmetric: bool,
        /// `NOT`
        negated: bool,
    },
    /// `x [NOT] LIKE pattern [ESCAPE c]`, `x [NOT] ILIKE pattern`
    Like {
        /// The operand.
        operand: Box<Expression>,
        /// The pattern.
        pattern: Box<Expression>,
        /// `ESCAPE`
        escape: Option<Box<Expression>>,
        /// `ILIKE`
        ignores_case: bool,
        /// `NOT`
        negated: bool,
    },
    /// `CASE [x] WHEN … THEN … [ELSE …] END`
    Case {
        /// The operand of the simple form.
        operand: Option<Box<Expression>>,
        /// `WHEN … THEN …`
        branches: Vec<(Expression, Expression)>,
        /// `ELSE …`
        otherwise: Option<Box<Expression>>,
    },
    /// `CAST(x AS type)`, `x::type`
    Cast(Box<Expression>, TypeName),
    /// `f(a, b)`, `count(*)`, `sum(distinct x)`; whether it is an aggregate is decided by the planner.
    Function(FunctionCall),
    /// `EXISTS (SELECT …)`
    Exists(Box<Query>),
    /// `(SELECT …)` as a value
    Subquery(Box<Query>),
    /// `(a, b)`, `ROW(a, b)`: only compared with another one
    Row(Vec<Expression>),
    /// `x = ANY (…)`, `x < ALL (…)`
    Quantified {
        /// The operand.
        operand: Box<Expression>,
        /// The comparison.
        operator: BinaryOperator,
        /// `ALL`, else `ANY` or `SOME`.
        all: bool,
        /// What it is compared with.
        against: Quantity,
    },
}

/// The values that `ANY` and `ALL` stand before.
#[derive(Clone, Debug, PartialEq)]
pub enum Quantity {
    /// `ARRAY[a, b]`
    List(Vec<Expression>),
    /// A query of one column.
    Query(Box<Query>),
}

/// A call of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionCall {
    /// Its name, lower case.
    pub name: Name,
    /// Its arguments.
    pub arguments: Vec<Expression>,
    /// `count(*)`
    pub star: bool,
    /// `DISTINCT` before the arguments
    pub distinct: bool,
    /// `ORDER BY` behind the arguments
    pub order_by: Vec<OrderBy>,
    /// `FILTER (WHERE …)`
    pub filter: Option<Box<Expression>>,
    /// `OVER …`
    pub over: Option<Box<Over>>,
}

/// The window of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Over {
    /// `OVER name`
    Named(Name),
    /// `OVER (…)`
    Window(WindowDefinition),
}

impl FunctionCall {
    /// `name(arguments)`
    pub fn of(name: Name, arguments: Vec<Expression>) -> Self {
        Self {
            name,
            arguments,
            star: false,
            distinct: false,
            order_by: Vec::new(),
            filter: None,
            over: None,
        }
    }
}

/// A literal as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `NULL`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// Digits only; may be too large for 64 bits, which the planner makes numeric.
    Integer(String),
    /// With a point or exponent.
    Decimal(String),
    /// `'…'`, unescaped; of unknown type until used, as in PostgreSQL.
    String(String),
    /// `INTERVAL '…'` is not in the language; times are `date '…'` or `timestamp '…'`.
    Typed(TypeKind, String),
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `-`
    Minus,
    /// `+`
    Plus,
    /// `NOT`
    Not,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `OR`
    Or,
    /// `AND`
    And,
    /// `=`
    Equal,
    /// `<>`, `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `||`
    Concatenate,
    /// `->`
    JsonField,
    /// `->>`
    JsonFieldText,
    /// `#>`
    JsonPath,
    /// `#>>`
    JsonPathText,
    /// `@>`
    Contains,
    /// `<@`
    ContainedBy,
    /// `?`
    HasKey,
}

impl Expression {
    /// The number 1.
    pub fn one(span: Span) -> Self {
        let kind = ExpressionKind::Literal(Literal::Integer("1".to_string()));
        Self { kind, span }
    }
}
