//! Types of fields, parameters and values: what was written, what the store knows, and what fits what.

use tidewire_store::Type;
use tidewire_syntax::ast::sql::{Expression, ExpressionKind, Literal, TypeName};

/// The type as one writes it in a scenario.
pub(crate) fn spelling(data_type: Type) -> String {
    match data_type {
        Type::SmallInt => "smallint".into(),
        Type::Integer => "int".into(),
        Type::BigInt => "bigint".into(),
        Type::Numeric(None) => "numeric".into(),
        Type::Numeric(Some((precision, scale))) => format!("numeric({precision}, {scale})"),
        Type::Text => "text".into(),
        Type::Char(None) => "bpchar".into(),
        Type::Char(Some(length)) => format!("char({length})"),
        Type::VarChar(None) => "varchar".into(),
        Type::VarChar(Some(length)) => format!("varchar({length})"),
        Type::Boolean => "boolean".into(),
        Type::Date => "date".into(),
        Type::Timestamp => "timestamp".into(),
        Type::TimestampTz => "timestamptz".into(),
        Type::Uuid => "uuid".into(),
        Type::Json => "json".into(),
        Type::Jsonb => "jsonb".into(),
    }
}

/// Groups of types whose values pass into each other without being asked for.
#[derive(PartialEq, Eq)]
enum Family {
    Number,
    Text,
    Boolean,
    Time,
    Uuid,
    Json,
}

fn family(data_type: Type) -> Family {
    match data_type {
        Type::SmallInt | Type::Integer | Type::BigInt | Type::Numeric(_) => Family::Number,
        Type::Text | Type::VarChar(_) | Type::Char(_) => Family::Text,
        Type::Boolean => Family::Boolean,
        Type::Date | Type::Timestamp | Type::TimestampTz => Family::Time,
        Type::Uuid => Family::Uuid,
        Type::Json | Type::Jsonb => Family::Json,
    }
}

/// Whether a value of one type may be given where the other is declared: within a family, as an INSERT does.
pub(crate) fn assignable(from: Type, to: Type) -> bool {
    family(from) == family(to)
}

/// Whether the expression is a bare `'…'` or NULL, whose type is unknown until it is used.
pub(crate) fn is_untyped(expression: &Expression) -> bool {
    matches!(
        expression.kind,
        ExpressionKind::Literal(Literal::String(_) | Literal::Null)
    )
}

/// The expression cast to the type.
pub(crate) fn cast(expression: Expression, to: Type) -> Expression {
    let span = expression.span;
    let data_type = TypeName {
        kind: to.written(),
        span,
    };
    Expression {
        kind: ExpressionKind::Cast(Box::new(expression), data_type),
        span,
    }
}
