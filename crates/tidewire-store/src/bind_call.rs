//! Binding calls: functions that are forms of the language, aggregates, functions of `function`.

use tidewire_syntax::Span;
use tidewire_syntax::ast::sql::{Expression, FunctionCall};

use crate::aggregate::{self, Aggregate, AggregateFunction};
use crate::expression::Expr;
use crate::function::{self, Function, Wants};
use crate::query_plan::SortKey;
use crate::refused::lacks_function;
use crate::scope::{Binder, Typed, error, fail, nearest};
use crate::series;
use crate::typing::{self, type_name};
use crate::window;
use crate::{PlanError, Type, Value};

type Bound = Result<Typed, PlanError>;

impl Binder<'_> {
    /// Binds a call of any kind.
    pub(crate) fn call(&mut self, call: &FunctionCall, span: Span) -> Bound {
        let name = call.name.as_str();
        if call.over.is_some() {
            return self.window_call(call, span);
        }
        if window::is_window_function(name) {
            return fail(
                b"42809",
                span,
                format!("window function {name} requires an OVER clause"),
            );
        }
        if series::gives_rows(name) {
            return self.row_function_item(call, span);
        }
        if let Some(bound) = self.form(call, span)? {
            return Ok(bound);
        }
        if let Some(bound) = self.aggregate(call, span)? {
            return Ok(bound);
        }
        let what = match (call.distinct, call.order_by.is_empty(), &call.filter) {
            (true, ..) => Some("DISTINCT"),
            (_, false, _) => Some("ORDER BY"),
            (_, _, Some(_)) => Some("FILTER"),
            _ => None,
        };
        if let Some(what) = what.filter(|_| function::is_known(name)) {
            return fail(
                b"42809",
                span,
                format!("{what} specified, but {name} is not an aggregate function"),
            );
        }
        let arguments = self.expressions(&call.arguments)?;
        self.function(call, arguments, span)
    }

    /// Functions that the grammar of PostgreSQL knows, or whose types are their own.
    fn form(&mut self, call: &FunctionCall, span: Span) -> Result<Option<Typed>, PlanError> {
        let name = call.name.as_str();
        let typed = |expr, data_type| {
            Ok(Some(Typed {
                expr,
                data_type,
                span,
            }))
        };
        let cast = |to| Expr::Cast(Box::new(Expr::Now), to, false);
        match (name, call.arguments.len()) {
            (
                "now"
                | "current_timestamp"
                | "transaction_timestamp"
                | "statement_timestamp"
                | "clock_timestamp",
                0,
            ) => typed(Expr::Now, Some(Type::TimestampTz)),
            ("localtimestamp", 0) => typed(Expr::Now, Some(Type::Timestamp)),
            ("current_date", 0) => typed(cast(Type::Date), Some(Type::Date)),
            ("coalesce" | "greatest" | "least", 1..) => {
                let items = self.expressions(&call.arguments)?;
                let (items, data_type) = typing::common(&name.to_ascii_uppercase(), items)?;
                let expr = match name {
                    "coalesce" => Expr::Coalesce(items),
                    greatest => Expr::Extreme(items, greatest == "greatest"),
                };
                typed(expr, data_type)
            }
            ("nullif", 2) => {
                let left = self.expression(&call.arguments[0])?;
                let right = self.expression(&call.arguments[1])?;
                let (left, right) = typing::comparable("=", left, right)?;
                let data_type = left.data_type;
                typed(Expr::NullIf(Box::new([left.expr, right.expr])), data_type)
            }
            ("pg_typeof", 1) => {
                let argument = self.expression(&call.arguments[0])?;
                let text = Value::text(type_name(argument.data_type));
                typed(Expr::Literal(text), Some(Type::Text))
            }
            _ => Ok(None),
        }
    }

    pub(crate) fn expressions(
        &mut self,
        expressions: &[Expression],
    ) -> Result<Vec<Typed>, PlanError> {
        expressions
            .iter()
            .map(|expression| self.expression(expression))
            .collect()
    }

    fn function(&mut self, call: &FunctionCall, arguments: Vec<Typed>, span: Span) -> Bound {
        let types: Vec<Option<Type>> = arguments.iter().map(|a| a.data_type).collect();
        let found = function::lookup(call.name.as_str(), arguments.len());
        let Some((function, wants, gives)) = found.filter(|_| !call.star) else {
            return Err(no_function(call, &types, span));
        };
        let mut exprs = Vec::with_capacity(arguments.len());
        let mut result = gives;
        for (at, argument) in arguments.into_iter().enumerate() {
            let wanted = wants
                .get(at)
                .or(wants.last())
                .copied()
                .unwrap_or(Wants::Any);
            let Some(argument) = wanted_as(argument, wanted)? else {
                return Err(no_function(call, &types, span));
            };
            if wanted == Wants::Timestamp {
                result = argument.data_type;
            }
            if wanted == Wants::Number {
                result = Some(match (result, argument.data_type) {
                    (Some(Type::Numeric(_)), _) | (_, Some(Type::Numeric(_))) => {
                        Type::Numeric(None)
                    }
                    (Some(Type::BigInt), _) | (_, Some(Type::BigInt)) => Type::BigInt,
                    (_, other) => other.unwrap_or(Type::Integer),
                });
            }
            exprs.push(argument.expr);
        }
        Ok(Typed {
            expr: with_result(function, exprs, result),
            data_type: result,
            span,
        })
    }

    /// Binds a call of an aggregate; `None` when it is none.
    fn aggregate(&mut self, call: &FunctionCall, span: Span) -> Result<Option<Typed>, PlanError> {
        if aggregate::lookup(call.name.as_str(), call.star, &[]).is_none() {
            return Ok(None);
        }
        let Some(scope) = self.scopes.last_mut() else {
            return fail(b"42803", span, "aggregate functions are not allowed here");
        };
        if let Some(clause) = scope.no_aggregates {
            return fail(
                b"42803",
                span,
                match clause {
                    "" => "aggregate function calls cannot be nested".to_string(),
                    clause => format!("aggregate functions are not allowed in {clause}"),
                },
            );
        }
        scope.no_aggregates = Some("");
        let bound = self.aggregate_parts(call, span);
        self.scope_mut().no_aggregates = None;
        let (mut aggregate, gives) = bound?;
        let scope = self.scope_mut();
        let known = scope.aggregates.iter().find(|other| {
            aggregate.extra = other.extra;
            **other == aggregate
        });
        let extra = match known {
            Some(known) => known.extra,
            None => {
                aggregate.extra = scope.extras;
                scope.extras += 1;
                scope.aggregates.push(aggregate);
                scope.extras - 1
            }
        };
        Ok(Some(Typed {
            expr: Expr::Extra(0, extra),
            data_type: Some(gives),
            span,
        }))
    }

    /// An aggregate function with its arguments, and the type of what it gives.
    pub(crate) fn aggregate_parts(
        &mut self,
        call: &FunctionCall,
        span: Span,
    ) -> Result<(Aggregate, Type), PlanError> {
        if call.name.as_str() == "count" && call.arguments.is_empty() && !call.star {
            let message = "count(*) must be used to call a parameterless aggregate function";
            return fail(b"42809", span, message);
        }
        let arguments = self.expressions(&call.arguments)?;
        let types: Vec<Option<Type>> = arguments.iter().map(|a| a.data_type).collect();
        let found = aggregate::lookup(call.name.as_str(), call.star, &types);
        let Some(Some((function, gives))) = found else {
            return Err(no_function(call, &types, span));
        };
        let mut exprs = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let of = match function {
                AggregateFunction::Every | AggregateFunction::Any => Type::Boolean,
                _ => Type::Text,
            };
            exprs.push(argument.known_as(of)?.expr);
        }
        let mut order = Vec::with_capacity(call.order_by.len());
        for key in &call.order_by {
            let value = self.expression(&key.expression)?.known()?;
            if call.distinct && !exprs.contains(&value.expr) {
                return fail(
                    b"42P10",
                    key.expression.span,
                    "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list",
                );
            }
            order.push(SortKey::of(key, value.expr));
        }
        let filter = match &call.filter {
            Some(filter) => Some(self.expression(filter)?.condition("FILTER")?),
            None => None,
        };
        let aggregate = Aggregate {
            function,
            arguments: exprs,
            distinct: call.distinct,
            order,
            filter,
            extra: 0,
        };
        Ok((aggregate, gives))
    }
}

/// `abs` of a smallint must stay one: results of number functions are checked against their type.
fn with_result(function: Function, arguments: Vec<Expr>, result: Option<Type>) -> Expr {
    let call = Expr::Call(function, arguments);
    match (function, result) {
        (Function::Abs | Function::Modulo, Some(to)) if to.is_integer() => {
            Expr::Cast(Box::new(call), to, false)
        }
        _ => call,
    }
}

fn wanted_as(argument: Typed, wanted: Wants) -> Result<Option<Typed>, PlanError> {
    let text = |argument: &Typed| argument.data_type.is_some_and(Type::is_text);
    Ok(match wanted {
        Wants::Any => Some(argument.known()?),
        Wants::Text => Some(argument.known()?).filter(text),
        Wants::Integer => argument
            .known_as(Type::Integer)?
            .implicitly(Type::Integer)?,
        Wants::BigInt => argument.known_as(Type::BigInt)?.implicitly(Type::BigInt)?,
        Wants::Numeric => argument
            .known_as(Type::Numeric(None))?
            .implicitly(Type::Numeric(None))?,
        Wants::Number => Some(argument.known_as(Type::Numeric(None))?)
            .filter(|a| a.data_type.is_some_and(Type::is_number)),
        Wants::Jsonb => argument.implicitly(Type::Jsonb)?,
        Wants::Json => argument.implicitly(Type::Json)?,
        Wants::Boolean => argument.implicitly(Type::Boolean)?,
        Wants::Time => Some(argument.known_as(Type::TimestampTz)?)
            .filter(|a| a.data_type.is_some_and(Type::is_time)),
        Wants::Timestamp => {
            let argument = argument.known_as(Type::TimestampTz)?;
            match argument.data_type {
                Some(Type::Date) => argument.implicitly(Type::TimestampTz)?,
                _ => Some(argument).filter(|a| a.data_type.is_some_and(Type::is_time)),
            }
        }
    })
}

pub(crate) fn no_function(call: &FunctionCall, types: &[Option<Type>], span: Span) -> PlanError {
    let types: Vec<String> = types.iter().map(|t| type_name(*t)).collect();
    let arguments = if call.star {
        "*".to_string()
    } else {
        types.join(", ")
    };
    let name = call.name.as_str();
    let error = error(
        b"42883",
        span,
        format!("function {name}({arguments}) does not exist"),
    );
    if lacks_function(name) {
        let message = format!("PostgreSQL has the function {name}, Tidewire does not");
        return self::error(b"0A000", span, message);
    }
    let near = nearest(name, function::NAMES.iter().copied());
    match near.filter(|_| !function::is_known(name)) {
        Some(near) => error.hint(format!("Did you mean {near}?")),
        None => error.hint(
            "No function matches the given name and argument types. You might need to add explicit type \
             casts.",
        ),
    }
}
