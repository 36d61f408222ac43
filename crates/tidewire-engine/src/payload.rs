//! The fields of an event out of the jsonb payload of an outbox row: `cast(:payload ->> 'field' as type)`.

use tidewire_scenario::EventType;
use tidewire_store::{Parameters, Scalar, SqlError, Type, Value};
use tidewire_syntax::ast::sql::{
    BinaryOperator, Expression, ExpressionKind, Literal, TypeKind, TypeName,
};
use tidewire_syntax::{Name, Span};

use crate::interpret::clock;

/// How the fields of one event type are read.
#[derive(Debug)]
pub(crate) struct Payload {
    fields: Result<Vec<Scalar>, SqlError>,
}

struct OnlyPayload;

impl Parameters for OnlyPayload {
    fn resolve(&self, _: &Name, _: Option<&Name>) -> Option<(u32, Option<Type>)> {
        Some((0, Some(Type::Jsonb)))
    }
}

impl Payload {
    /// Plans the reading of an event type's fields.
    pub(crate) fn of(event: &EventType) -> Self {
        let fields = event.fields.iter();
        let planned = fields.map(|(name, data_type)| {
            let expression = cast(member(name), data_type.written());
            Scalar::plan(&expression, &OnlyPayload).map_err(|error| error.error)
        });
        Payload {
            fields: planned.collect(),
        }
    }

    /// The fields in order; a missing one is null, one that does not fit its type an error.
    pub(crate) fn fields(&self, payload: Value, now_us: u64) -> Result<Vec<Value>, SqlError> {
        let slots = [payload];
        let fields = self.fields.as_ref().map_err(Clone::clone)?.iter();
        fields
            .map(|scalar| scalar.evaluate(&slots, clock(now_us)))
            .collect()
    }
}

fn expression(kind: ExpressionKind) -> Expression {
    Expression {
        kind,
        span: Span::default(),
    }
}

fn member(name: &str) -> Expression {
    let payload = expression(ExpressionKind::Parameter {
        name: Name::new("payload", Span::default()),
        field: None,
    });
    let field = expression(ExpressionKind::Literal(Literal::String(name.to_string())));
    expression(ExpressionKind::Binary(
        BinaryOperator::JsonFieldText,
        Box::new(payload),
        Box::new(field),
    ))
}

fn cast(operand: Expression, kind: TypeKind) -> Expression {
    let span = Span::default();
    expression(ExpressionKind::Cast(
        Box::new(operand),
        TypeName { kind, span },
    ))
}
