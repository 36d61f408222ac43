//! Draws: `pick` and `random`, with the type of what they give.

use tidewire_store::{Scalar, Type};
use tidewire_syntax::ast::sql::FunctionCall;
use tidewire_syntax::{Diagnostic, Span};

use super::frame::Frame;
use crate::DrawKind;
use crate::types::{assignable, is_untyped, spelling};

impl Frame<'_, '_> {
    /// `pick(a, b, …)`: the alternatives take the type that holds all of them.
    pub(super) fn pick(&mut self, call: &FunctionCall, span: Span) -> Option<(DrawKind, Type)> {
        if call.arguments.is_empty() {
            self.fail(
                Diagnostic::error("type-mismatch", span, "pick has nothing to pick from")
                    .hint("write pick('mug', 'lamp')"),
            );
            return None;
        }
        let mut values = Vec::new();
        let mut common: Option<Type> = None;
        for argument in &call.arguments {
            let (tree, scope) = self.prepared(argument)?;
            let found = self.plan(&tree, &scope)?.data_type;
            common =
                self.common_type(common, found.filter(|_| !is_untyped(&tree)), argument.span)?;
            values.push((tree, scope));
        }
        let data_type = common.unwrap_or(Type::Text);
        let alternatives: Option<Vec<Scalar>> = values
            .into_iter()
            .map(|(tree, scope)| self.plan_as((tree, &scope), data_type, "what pick chooses"))
            .collect();
        Some((DrawKind::Pick(alternatives?), data_type))
    }

    /// The type that holds both, as far as they are known; `None` after an error was reported.
    fn common_type(
        &mut self,
        common: Option<Type>,
        found: Option<Type>,
        span: Span,
    ) -> Option<Option<Type>> {
        match (common, found) {
            (Some(a), Some(b)) if assignable(a, b) => Some(Some(wider(a, b))),
            (Some(a), Some(b)) => {
                let message = format!(
                    "pick chooses among values of one type, not {} and {}",
                    spelling(a),
                    spelling(b)
                );
                self.fail(
                    Diagnostic::error("type-mismatch", span, message)
                        .hint("write all of them alike, or convert: cast(… as text)"),
                );
                None
            }
            (common, found) => Some(common.or(found)),
        }
    }

    /// `random(low, high)`: an integer.
    pub(super) fn random(&mut self, call: &FunctionCall, span: Span) -> Option<(DrawKind, Type)> {
        let [low, high] = call.arguments.as_slice() else {
            self.fail(
                Diagnostic::error(
                    "type-mismatch",
                    span,
                    "random takes the lowest and the highest integer that it may give",
                )
                .hint("write random(1, 6)"),
            );
            return None;
        };
        let low = self.value_as(low, Type::BigInt, "the lower end")?;
        let high = self.value_as(high, Type::BigInt, "the upper end")?;
        Some((DrawKind::Between(low, high), Type::BigInt))
    }
}

/// Of two types of one family the one that holds both.
fn wider(a: Type, b: Type) -> Type {
    match (a, b) {
        (a, b) if a == b => a,
        (Type::Numeric(_), _) | (_, Type::Numeric(_)) => Type::Numeric(None),
        (Type::BigInt, _) | (_, Type::BigInt) => Type::BigInt,
        (Type::Integer, _) | (_, Type::Integer) => Type::Integer,
        (Type::Text | Type::VarChar(_) | Type::Char(_), _) => Type::Text,
        (Type::Json | Type::Jsonb, _) => Type::Jsonb,
        (Type::TimestampTz, _) | (_, Type::TimestampTz) => Type::TimestampTz,
        _ => Type::Timestamp,
    }
}
