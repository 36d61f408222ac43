//! Types of fields, parameters and values: what was written, what the store knows, and what fits what.

use tidewire_store::Type;
use tidewire_syntax::ast::sql::{Expression, ExpressionKind, Literal, TypeKind, TypeName};

/// The type of a value of a column declared so. A serial column holds integers.
pub(crate) fn value_type(kind: TypeKind) -> Type {
    match kind {
        TypeKind::SmallInt => Type::SmallInt,
        TypeKind::Integer | TypeKind::Serial => Type::Integer,
        TypeKind::BigInt | TypeKind::BigSerial => Type::BigInt,
        TypeKind::Numeric(size) => Type::Numeric(size),
        TypeKind::Text => Type::Text,
        TypeKind::VarChar(length) => Type::VarChar(length),
        TypeKind::Boolean => Type::Boolean,
        TypeKind::Date => Type::Date,
        TypeKind::Timestamp => Type::Timestamp,
        TypeKind::TimestampTz => Type::TimestampTz,
        TypeKind::Uuid => Type::Uuid,
        TypeKind::Json => Type::Json,
        TypeKind::Jsonb => Type::Jsonb,
    }
}

/// The way back, for a cast that we write.
pub(crate) fn written_type(data_type: Type) -> TypeKind {
    match data_type {
        Type::SmallInt => TypeKind::SmallInt,
        Type::Integer => TypeKind::Integer,
        Type::BigInt => TypeKind::BigInt,
        Type::Numeric(size) => TypeKind::Numeric(size),
        Type::Text => TypeKind::Text,
        Type::VarChar(length) => TypeKind::VarChar(length),
        Type::Boolean => TypeKind::Boolean,
        Type::Date => TypeKind::Date,
        Type::Timestamp => TypeKind::Timestamp,
        Type::TimestampTz => TypeKind::TimestampTz,
        Type::Uuid => TypeKind::Uuid,
        Type::Json => TypeKind::Json,
        Type::Jsonb => TypeKind::Jsonb,
    }
}

/// The type as one writes it in a scenario.
pub(crate) fn spelling(data_type: Type) -> String {
    match data_type {
        Type::SmallInt => "smallint".into(),
        Type::Integer => "int".into(),
        Type::BigInt => "bigint".into(),
        Type::Numeric(None) => "numeric".into(),
        Type::Numeric(Some((precision, scale))) => format!("numeric({precision}, {scale})"),
        Type::Text => "text".into(),
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
        Type::Text | Type::VarChar(_) => Family::Text,
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
        kind: written_type(to),
        span,
    };
    Expression {
        kind: ExpressionKind::Cast(Box::new(expression), data_type),
        span,
    }
}
