//! Functions that give rows: `generate_series`, members of JSON, and any other function as one row.
//!
//! They stand in FROM, where they may read the tables before them, or in the select list.

use std::sync::Arc;

use tidewire_syntax::Span;
use tidewire_syntax::ast::sql::FunctionCall;

use crate::expression::{Expr, Frame};
use crate::json;
use crate::lookup::Candidate;
use crate::numeric::Numeric;
use crate::query::{Flow, stop_if};
use crate::query_plan::{Derived, Relation};
use crate::scope::{Binder, Typed, error, fail};
use crate::{PlanError, ResultColumn, RowId, SqlError, Type, Value};

/// A function that gives rows.
#[derive(Clone, Debug)]
pub(crate) struct FunctionScan {
    function: RowFunction,
    arguments: Vec<Expr>,
    /// WITH ORDINALITY
    numbered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowFunction {
    /// Numbers of this type.
    Series(Type),
    /// As text?
    ArrayElements(bool),
    /// As text?
    Each(bool),
    ObjectKeys,
    /// The value of its one argument.
    Once,
}

/// Whether a function of this name gives rows.
pub(crate) fn gives_rows(name: &str) -> bool {
    matches!(
        name,
        "generate_series"
            | "jsonb_array_elements"
            | "json_array_elements"
            | "jsonb_array_elements_text"
            | "json_array_elements_text"
            | "jsonb_each"
            | "json_each"
            | "jsonb_each_text"
            | "json_each_text"
            | "jsonb_object_keys"
            | "json_object_keys"
    )
}

impl FunctionScan {
    /// The expressions that it reads.
    pub(crate) fn arguments(&self) -> &[Expr] {
        &self.arguments
    }

    /// Visits its rows.
    pub(crate) fn visit(
        &self,
        frame: &Frame<'_>,
        visitor: &mut Candidate<'_>,
    ) -> Result<Flow, SqlError> {
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            arguments.push(argument.evaluate(frame)?);
        }
        let mut at = 0_u32;
        let mut give = |values: &[Value]| {
            frame.run.spend()?;
            at = at.saturating_add(1);
            if !self.numbered {
                return visitor(RowId(at - 1), values, false);
            }
            let mut numbered = values.to_vec();
            numbered.push(Value::Integer(i64::from(at)));
            visitor(RowId(at - 1), &numbered, false)
        };
        if self.function == RowFunction::Once {
            return give(&arguments);
        }
        if arguments.iter().any(Value::is_null) {
            return Ok(Flow::Continue(()));
        }
        match (self.function, arguments.as_slice()) {
            (RowFunction::Series(_), [Value::Integer(start), Value::Integer(stop), rest @ ..]) => {
                let step = match rest {
                    [Value::Integer(step)] => *step,
                    _ => 1,
                };
                integers(*start, *stop, step, &mut give)
            }
            (RowFunction::Series(_), [start, stop, rest @ ..]) => {
                let step = rest.first().map_or(Ok(Numeric::from(1)), number)?;
                numerics(number(start)?, number(stop)?, step, &mut give)
            }
            (function, [Value::Json(text)]) => members(function, text, &mut give),
            _ => Ok(Flow::Continue(())),
        }
    }
}

type Give<'g> = dyn FnMut(&[Value]) -> Result<Flow, SqlError> + 'g;

fn zero_step() -> SqlError {
    SqlError::new(b"22023", "step size cannot equal zero")
}

fn integers(start: i64, stop: i64, step: i64, give: &mut Give<'_>) -> Result<Flow, SqlError> {
    if step == 0 {
        return Err(zero_step());
    }
    let mut next = Some(start);
    while let Some(now) = next.filter(|now| if step > 0 { *now <= stop } else { *now >= stop }) {
        if give(&[Value::Integer(now)])?.is_break() {
            return Ok(Flow::Break(()));
        }
        next = now.checked_add(step);
    }
    Ok(Flow::Continue(()))
}

fn numerics(
    start: Numeric,
    stop: Numeric,
    step: Numeric,
    give: &mut Give<'_>,
) -> Result<Flow, SqlError> {
    if step.digits == 0 {
        return Err(zero_step());
    }
    let mut now = start;
    loop {
        let beyond = now.compare(stop);
        if (step.digits > 0 && beyond.is_gt()) || (step.digits < 0 && beyond.is_lt()) {
            return Ok(Flow::Continue(()));
        }
        if give(&[Value::Numeric(now)])?.is_break() {
            return Ok(Flow::Break(()));
        }
        now = now.plus(step)?;
    }
}

fn number(value: &Value) -> Result<Numeric, SqlError> {
    match value {
        Value::Numeric(number) => Ok(*number),
        Value::Integer(number) => Ok(Numeric::from(*number)),
        _ => Err(SqlError::new(b"42883", "a number was expected")),
    }
}

fn members(function: RowFunction, text: &Arc<str>, give: &mut Give<'_>) -> Result<Flow, SqlError> {
    let shown = |text: &str, as_text: bool| match as_text {
        true => json::unquoted(text).map_or(Value::Null, |text| Value::text(&*text)),
        false => Value::Json(text.into()),
    };
    match function {
        RowFunction::ArrayElements(as_text) => {
            if !text.trim_start().starts_with('[') {
                let kind = match text.trim_start().starts_with('{') {
                    true => "cannot extract elements from an object",
                    false => "cannot extract elements from a scalar",
                };
                return Err(SqlError::new(b"22023", kind));
            }
            for element in json::elements(text) {
                if give(&[shown(element, as_text)])?.is_break() {
                    return Ok(Flow::Break(()));
                }
            }
            Ok(Flow::Continue(()))
        }
        RowFunction::Each(_) | RowFunction::ObjectKeys => {
            if !text.trim_start().starts_with('{') {
                let message = match (function, text.trim_start().starts_with('[')) {
                    (RowFunction::ObjectKeys, true) => "cannot call jsonb_object_keys on an array",
                    (RowFunction::ObjectKeys, false) => "cannot call jsonb_object_keys on a scalar",
                    _ => "cannot call jsonb_each on a non-object",
                };
                return Err(SqlError::new(b"22023", message));
            }
            for (key, value) in json::entries(text) {
                let key = Value::text(key);
                let flow = match function {
                    RowFunction::Each(as_text) => give(&[key, shown(value, as_text)])?,
                    _ => give(&[key])?,
                };
                if flow.is_break() {
                    return Ok(flow);
                }
            }
            Ok(Flow::Continue(()))
        }
        _ => Ok(stop_if(false)),
    }
}

impl Binder<'_> {
    /// Binds a function in FROM: the scan and its columns, named after the function.
    pub(crate) fn function_scan(
        &mut self,
        call: &FunctionCall,
        span: Span,
        numbered: bool,
    ) -> Result<(FunctionScan, Vec<ResultColumn>), PlanError> {
        let name = call.name.as_str();
        let column = |name: &str, data_type| ResultColumn {
            name: name.into(),
            data_type,
        };
        let (function, arguments, mut columns) = if gives_rows(name) {
            if call.over.is_some() || call.filter.is_some() || call.distinct {
                return fail(
                    b"42809",
                    span,
                    format!("{name} is not an aggregate function"),
                );
            }
            let mut arguments = Vec::with_capacity(call.arguments.len());
            for argument in &call.arguments {
                arguments.push(self.expression(argument)?);
            }
            let (function, arguments) = row_function(call, arguments, span)?;
            let columns = match function {
                RowFunction::Series(of) => vec![column(name, of)],
                RowFunction::ArrayElements(true) => vec![column("value", Type::Text)],
                RowFunction::ArrayElements(false) => vec![column("value", json_type(name))],
                RowFunction::Each(as_text) => {
                    let of = if as_text { Type::Text } else { json_type(name) };
                    vec![column("key", Type::Text), column("value", of)]
                }
                RowFunction::ObjectKeys | RowFunction::Once => vec![column(name, Type::Text)],
            };
            (function, arguments, columns)
        } else {
            let value = self.call(call, span)?.known()?;
            let of = value.data_type.unwrap_or(Type::Text);
            (RowFunction::Once, vec![value.expr], vec![column(name, of)])
        };
        if numbered {
            columns.push(column("ordinality", Type::BigInt));
        }
        let scan = FunctionScan {
            function,
            arguments,
            numbered,
        };
        Ok((scan, columns))
    }
}

fn json_type(name: &str) -> Type {
    match name.starts_with("jsonb") {
        true => Type::Jsonb,
        false => Type::Json,
    }
}

fn row_function(
    call: &FunctionCall,
    arguments: Vec<Typed>,
    span: Span,
) -> Result<(RowFunction, Vec<Expr>), PlanError> {
    let name = call.name.as_str();
    let types: Vec<Option<Type>> = arguments.iter().map(|a| a.data_type).collect();
    let none = || crate::bind_call::no_function(call, &types, span);
    if name == "generate_series" {
        let known = types.iter().flatten();
        let of = known
            .copied()
            .reduce(crate::typing::larger)
            .unwrap_or(Type::Integer);
        let of = if of == Type::SmallInt {
            Type::Integer
        } else {
            of
        };
        if types.iter().flatten().any(|t| t.is_time()) {
            return Err(error(
                b"0A000",
                span,
                "generate_series over times is not supported by this store",
            )
            .hint("Add a series of numbers to a date: date '2024-01-01' + n."));
        }
        if !(2..=3).contains(&arguments.len()) || !of.is_number() {
            return Err(none());
        }
        let mut exprs = Vec::with_capacity(arguments.len());
        for argument in arguments {
            exprs.push(argument.implicitly(of)?.ok_or_else(none)?.expr);
        }
        return Ok((RowFunction::Series(of), exprs));
    }
    let wanted = json_type(name);
    let [argument] = <[Typed; 1]>::try_from(arguments).map_err(|_| none())?;
    let argument = argument.known_as(wanted)?;
    if argument.data_type != Some(wanted) {
        return Err(none());
    }
    let as_text = name.ends_with("_text");
    let function = match name
        .trim_start_matches("jsonb_")
        .trim_start_matches("json_")
    {
        "array_elements" | "array_elements_text" => RowFunction::ArrayElements(as_text),
        "each" | "each_text" => RowFunction::Each(as_text),
        _ => RowFunction::ObjectKeys,
    };
    Ok((function, vec![argument.expr]))
}

impl Binder<'_> {
    /// Binds a function that gives rows in the select list: each row of FROM stands before each of its rows.
    pub(crate) fn row_function_item(
        &mut self,
        call: &FunctionCall,
        span: Span,
    ) -> Result<Typed, PlanError> {
        let scope = self.scopes.last();
        let clause = scope.and_then(|scope| scope.no_aggregates);
        if clause.is_some() || !scope.is_some_and(|scope| scope.allows_rows) {
            let clause = clause.unwrap_or("this place");
            let message = format!("set-returning functions are not allowed in {clause}");
            return fail(b"0A000", span, message);
        }
        if !self.scope_mut().made.is_empty() {
            return Err(error(
                b"0A000",
                span,
                "several set-returning functions in one select list are not supported by this store",
            )
            .hint("Put them into FROM."));
        }
        let (scan, columns) = self.function_scan(call, span, false)?;
        let [column] = columns.as_slice() else {
            return fail(
                b"0A000",
                span,
                "a set-returning function of several columns stands in FROM, a limit of this store",
            );
        };
        let data_type = Some(column.data_type);
        let scope = self.scope_mut();
        let mut relation = crate::bind_from::made(Arc::from(""), &columns);
        relation.named_only = true;
        scope.relations.push(relation);
        scope.made.push(Relation::derived(Derived::Function(scan)));
        let relation = (scope.relations.len() - 1) as u16;
        Ok(Typed {
            expr: Expr::Column {
                depth: 0,
                relation,
                slot: 0,
            },
            data_type,
            span,
        })
    }
}
