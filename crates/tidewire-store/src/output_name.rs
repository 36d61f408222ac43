//! The names of output columns without alias (`FigureColnameInternal`).

use std::sync::Arc;

use tidewire_syntax::ast::sql::{
    Expression, ExpressionKind, Literal, QueryBody, SelectItem, TypeKind,
};

/// The name that PostgreSQL gives a column without alias.
pub(crate) fn column_name(expression: &Expression) -> Arc<str> {
    match name_of(expression) {
        Some((name, _)) => name,
        None => "?column?".into(),
    }
}

/// A name, and whether it is a good one: the name of a type gives way to others.
fn name_of(expression: &Expression) -> Option<(Arc<str>, bool)> {
    let good = |name: &str| Some((name.into(), true));
    match &expression.kind {
        ExpressionKind::Column { column, .. } => Some((column.text.clone(), true)),
        ExpressionKind::Function(call) => Some((call.name.text.clone(), true)),
        ExpressionKind::Parameter { name, .. } if name.as_str().starts_with('$') => None,
        ExpressionKind::Parameter { name, field } => {
            Some((field.as_ref().unwrap_or(name).text.clone(), true))
        }
        ExpressionKind::Exists(_) => good("exists"),
        ExpressionKind::Row(_) => good("row"),
        ExpressionKind::Case { otherwise, .. } => {
            let rest = otherwise.as_ref().and_then(|rest| name_of(rest));
            rest.filter(|(_, is_good)| *is_good)
                .or_else(|| Some(("case".into(), false)))
        }
        ExpressionKind::Cast(operand, to) => name_of(operand)
            .filter(|(_, is_good)| *is_good)
            .or_else(|| Some((type_name(to.kind).into(), false))),
        ExpressionKind::Literal(Literal::Typed(kind, _)) => Some((type_name(*kind).into(), false)),
        ExpressionKind::Subquery(query) => match &query.body {
            QueryBody::Select(select) => match select.items.first() {
                Some(SelectItem::Expression(_, Some(alias))) => Some((alias.text.clone(), true)),
                Some(SelectItem::Expression(inner, None)) => Some((column_name(inner), true)),
                _ => None,
            },
            QueryBody::Values(_) => good("column1"),
            _ => None,
        },
        _ => None,
    }
}

/// The name of a type in PostgreSQL's catalog.
fn type_name(kind: TypeKind) -> &'static str {
    match kind {
        TypeKind::SmallInt => "int2",
        TypeKind::Integer | TypeKind::Serial => "int4",
        TypeKind::BigInt | TypeKind::BigSerial => "int8",
        TypeKind::Numeric(_) => "numeric",
        TypeKind::Text => "text",
        TypeKind::VarChar(_) => "varchar",
        TypeKind::Char(_) => "bpchar",
        TypeKind::Boolean => "bool",
        TypeKind::Date => "date",
        TypeKind::Timestamp => "timestamp",
        TypeKind::TimestampTz => "timestamptz",
        TypeKind::Uuid => "uuid",
        TypeKind::Json => "json",
        TypeKind::Jsonb => "jsonb",
    }
}
