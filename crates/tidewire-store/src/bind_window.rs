//! Binding window functions and their windows (`transformWindowFuncCall`, `transformWindowDefinitions`).

use tidewire_syntax::Span;
use tidewire_syntax::ast::sql::{
    Expression, ExpressionKind, FrameBound, FrameUnit, FunctionCall, Literal, Over,
    WindowDefinition, WindowFrame,
};

use crate::aggregate;
use crate::bind_call::no_function;
use crate::expression::Expr;
use crate::function;
use crate::query_plan::SortKey;
use crate::scope::{Binder, Typed, error, fail};
use crate::typing;
use crate::window::{Bound, FramePlan, WindowCall, WindowFunction, WindowPlan, is_window_function};
use crate::{PlanError, Type};

impl Binder<'_> {
    /// Binds a call with OVER.
    pub(crate) fn window_call(
        &mut self,
        call: &FunctionCall,
        span: Span,
    ) -> Result<Typed, PlanError> {
        let name = call.name.as_str();
        let is_aggregate = aggregate::lookup(name, call.star, &[]).is_some();
        if !is_aggregate && !is_window_function(name) {
            if !function::is_known(name) {
                let arguments = self.expressions(&call.arguments)?;
                let types: Vec<Option<Type>> = arguments.iter().map(|a| a.data_type).collect();
                return Err(no_function(call, &types, span));
            }
            return fail(
                b"42809",
                span,
                format!(
                    "OVER specified, but {name} is not a window function nor an aggregate function"
                ),
            );
        }
        self.check_place(span)?;
        if call.distinct || !call.order_by.is_empty() {
            let what = if call.distinct {
                "DISTINCT"
            } else {
                "aggregate ORDER BY"
            };
            let message = format!("{what} is not implemented for window functions");
            return fail(b"0A000", span, message);
        }
        self.scope_mut().allows_windows = false;
        let bound = self.window_parts(call, is_aggregate, span);
        self.scope_mut().allows_windows = true;
        let (mut window, function, arguments, data_type) = bound?;
        let scope = self.scope_mut();
        let extra = scope.extras;
        scope.extras += 1;
        let call = WindowCall {
            function,
            arguments,
            extra,
        };
        let same = |known: &&mut WindowPlan| {
            (&known.partition, &known.order, &known.frame)
                == (&window.partition, &window.order, &window.frame)
        };
        match scope.windows.iter_mut().find(same) {
            Some(known) => known.calls.push(call),
            None => {
                window.calls.push(call);
                scope.windows.push(window);
            }
        }
        Ok(Typed {
            expr: Expr::Extra(0, extra),
            data_type: Some(data_type),
            span,
        })
    }

    /// Window functions stand in the select list and in ORDER BY.
    fn check_place(&mut self, span: Span) -> Result<(), PlanError> {
        let Some(scope) = self.scopes.last() else {
            return fail(b"42P20", span, "window functions are not allowed here");
        };
        match scope.no_aggregates {
            Some("") => fail(
                b"42803",
                span,
                "aggregate function calls cannot contain window function calls",
            ),
            Some(clause) => fail(
                b"42P20",
                span,
                format!("window functions are not allowed in {clause}"),
            ),
            None if scope.allows_windows => Ok(()),
            None if scope.within_window.is_some() => {
                fail(b"42P20", span, scope.within_window.unwrap_or_default())
            }
            None => fail(b"42P20", span, "window functions are not allowed in HAVING"),
        }
    }

    fn window_parts(
        &mut self,
        call: &FunctionCall,
        is_aggregate: bool,
        span: Span,
    ) -> Result<(WindowPlan, WindowFunction, Vec<Expr>, Type), PlanError> {
        self.scope_mut().within_window = Some("window function calls cannot be nested");
        let bound = self.function_of_window(call, is_aggregate, span);
        self.scope_mut().within_window =
            Some("window functions are not allowed in window definitions");
        let window = match call.over.as_deref() {
            Some(Over::Window(definition)) => self.window(definition),
            Some(Over::Named(name)) => {
                let named = self.scope_mut().named_windows.iter();
                let found = named.rev().find(|(other, _)| other == name).cloned();
                match found {
                    Some((_, definition)) => self.window(&definition),
                    None => fail(
                        b"42704",
                        name.span,
                        format!("window \"{name}\" does not exist"),
                    ),
                }
            }
            None => fail(b"42809", span, "a window function requires an OVER clause"),
        };
        self.scope_mut().within_window = None;
        let (function, arguments, data_type) = bound?;
        Ok((window?, function, arguments, data_type))
    }

    fn function_of_window(
        &mut self,
        call: &FunctionCall,
        is_aggregate: bool,
        span: Span,
    ) -> Result<(WindowFunction, Vec<Expr>, Type), PlanError> {
        let name = call.name.as_str();
        if is_aggregate {
            let (aggregate, gives) = self.aggregate_parts(call, span)?;
            let function = WindowFunction::Aggregate(Box::new(aggregate));
            return Ok((function, Vec::new(), gives));
        }
        if call.filter.is_some() {
            let message = "FILTER is not implemented for non-aggregate window functions";
            return fail(b"0A000", span, message);
        }
        let mut arguments = self.expressions(&call.arguments)?;
        let types: Vec<Option<Type>> = arguments.iter().map(|a| a.data_type).collect();
        let function = match (name, arguments.len()) {
            ("row_number", 0) => WindowFunction::RowNumber,
            ("rank", 0) => WindowFunction::Rank,
            ("dense_rank", 0) => WindowFunction::DenseRank,
            ("ntile", 1) => WindowFunction::Tile,
            ("lag" | "lead", 1..=3) => WindowFunction::Shifted {
                forward: name == "lead",
            },
            ("first_value", 1) => WindowFunction::FirstValue,
            ("last_value", 1) => WindowFunction::LastValue,
            ("nth_value", 2) => WindowFunction::NthValue,
            ("percent_rank" | "cume_dist", 0) => {
                return Err(error(
                    b"0A000",
                    span,
                    format!("{name} gives a float, which this store has not"),
                )
                .hint("Divide rank() by count(*) over the same partition."));
            }
            _ => return Err(no_function(call, &types, span)),
        };
        if name == "ntile" {
            let tiles = arguments.swap_remove(0);
            let tiles = tiles.implicitly(Type::Integer)?;
            let tiles = tiles.ok_or_else(|| no_function(call, &types, span))?;
            return Ok((function, vec![tiles.expr], Type::Integer));
        }
        if arguments.is_empty() {
            return Ok((function, Vec::new(), Type::BigInt));
        }
        let default = (arguments.len() == 3).then(|| arguments.remove(2));
        let offset = (arguments.len() == 2).then(|| arguments.remove(1));
        let mut value = arguments.swap_remove(0).known()?;
        let mut exprs = Vec::with_capacity(3);
        let mut last = None;
        if let Some(default) = default {
            let (both, data_type) = typing::common(name, vec![value.clone(), default])?;
            let mut both = both.into_iter();
            if let (Some(first), rest) = (both.next(), both.next()) {
                value.expr = first;
                value.data_type = data_type;
                last = rest;
            }
        }
        let of = value.data_type.unwrap_or(Type::Text);
        exprs.push(value.expr);
        if let Some(offset) = offset {
            let offset = offset.implicitly(Type::Integer)?;
            exprs.push(offset.ok_or_else(|| no_function(call, &types, span))?.expr);
        }
        exprs.extend(last);
        Ok((function, exprs, of))
    }

    fn window(&mut self, definition: &WindowDefinition) -> Result<WindowPlan, PlanError> {
        let mut plan = match &definition.base {
            None => WindowPlan {
                partition: Vec::new(),
                order: Vec::new(),
                frame: FramePlan::of(None)?,
                calls: Vec::new(),
            },
            Some(base) => {
                let named = self.scope_mut().named_windows.iter();
                let found = named.rev().find(|(other, _)| other == base).cloned();
                let Some((_, outer)) = found.filter(|(_, outer)| outer.span != definition.span)
                else {
                    let message = format!("window \"{base}\" does not exist");
                    return fail(b"42704", base.span, message);
                };
                if outer.base.is_some() {
                    let message = "a window of a window of a window is not supported by this store";
                    return fail(b"0A000", base.span, message);
                }
                self.window(&outer)?
            }
        };
        if !definition.partition_by.is_empty() {
            if let Some(base) = &definition.base {
                let message = format!("cannot override PARTITION BY clause of window \"{base}\"");
                return fail(b"42P20", base.span, message);
            }
            for key in &definition.partition_by {
                plan.partition.push(self.expression(key)?.known()?.expr);
            }
        }
        for key in &definition.order_by {
            let value = self.expression(&key.expression)?.known()?;
            plan.order.push(SortKey::of(key, value.expr));
        }
        if definition.frame.is_some() {
            plan.frame = FramePlan::of(definition.frame.as_ref())?;
        }
        Ok(plan)
    }
}

impl FramePlan {
    /// The frame as written; by default the rows up to the last one that is equal in ORDER BY.
    fn of(written: Option<&WindowFrame>) -> Result<Self, PlanError> {
        let Some(frame) = written else {
            return Ok(Self {
                unit: FrameUnit::Range,
                start: Bound::First,
                end: Bound::Current,
            });
        };
        Ok(Self {
            unit: frame.unit,
            start: bound(&frame.start, frame.unit)?,
            end: bound(&frame.end, frame.unit)?,
        })
    }
}

fn bound(written: &FrameBound, unit: FrameUnit) -> Result<Bound, PlanError> {
    Ok(match written {
        FrameBound::First => Bound::First,
        FrameBound::Current => Bound::Current,
        FrameBound::Last => Bound::Last,
        FrameBound::Before(offset) => Bound::Before(rows(offset, unit)?),
        FrameBound::After(offset) => Bound::After(rows(offset, unit)?),
    })
}

fn rows(offset: &Expression, unit: FrameUnit) -> Result<u64, PlanError> {
    if unit == FrameUnit::Range {
        return Err(error(
            b"0A000",
            offset.span,
            "RANGE with an offset is not supported by this store",
        )
        .hint("Use ROWS or GROUPS."));
    }
    if let ExpressionKind::Literal(Literal::Integer(text)) = &offset.kind
        && let Ok(count) = text.parse()
    {
        return Ok(count);
    }
    Err(error(
        b"0A000",
        offset.span,
        "the offset of a frame is a number as written, a limit of this store",
    )
    .hint("Write a number, such as 2 PRECEDING."))
}
