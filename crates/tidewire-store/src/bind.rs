//! Expressions of the tree become compiled ones: names looked up, types checked, literals read.

use tidewire_syntax::Span;
use tidewire_syntax::ast::sql::{
    Expression, ExpressionKind, Literal, TypeKind, TypeName, UnaryOperator,
};

use crate::cast;
use crate::expression::{Comparison, Expr};
use crate::function::Function;
use crate::scope::{Binder, Typed, error, fail};
use crate::typing::{self, type_name};
use crate::{Numeric, PlanError, Type, Value};

/// Nesting that an expression may have, so that no statement overruns the stack.
const MAX_NESTING: u32 = 120;

type Bound = Result<Typed, PlanError>;

impl Binder<'_> {
    /// Binds an expression.
    pub(crate) fn expression(&mut self, expression: &Expression) -> Bound {
        if self.depth >= MAX_NESTING {
            return Err(error(
                b"54001",
                expression.span,
                format!(
                    "expression is nested deeper than {MAX_NESTING} levels, the limit of this store"
                ),
            ));
        }
        self.depth += 1;
        let bound = self.expression_kind(expression);
        self.depth -= 1;
        bound
    }

    fn expression_kind(&mut self, expression: &Expression) -> Bound {
        use ExpressionKind as K;
        let span = expression.span;
        match &expression.kind {
            K::Literal(value) => literal(value, span),
            K::Column { table, column } => self.column(table.as_ref(), column, span),
            K::Parameter { name, field } => self.parameter(name, field.as_ref(), span),
            K::Unary(operator, operand) => {
                let operand = self.expression(operand)?;
                unary(*operator, operand, span)
            }
            K::Binary(operator, left, right) => {
                if let Some(bound) = self.compare_rows(*operator, left, right, span)? {
                    return Ok(bound);
                }
                let left = self.expression(left)?;
                let right = self.expression(right)?;
                typing::binary(*operator, left, right)
            }
            K::IsNull { operand, negated } => {
                let operand = self.expression(operand)?;
                Ok(truth(Expr::IsNull(Box::new(operand.expr), *negated), span))
            }
            K::IsDistinctFrom {
                left,
                right,
                negated,
            } => {
                let (left, right) = (self.expression(left)?, self.expression(right)?);
                let (left, right) = typing::comparable("=", left, right)?;
                let sides = Box::new([left.expr, right.expr]);
                Ok(truth(Expr::IsDistinct(sides, *negated), span))
            }
            K::InList {
                operand,
                list,
                negated,
            } => match self.row_in_list(operand, list, *negated, span)? {
                Some(bound) => Ok(bound),
                None => self.in_list(operand, list, *negated, span),
            },
            K::InQuery {
                operand,
                query,
                negated,
            } => {
                if let Some(bound) = self.row_in_query(operand, query, *negated, span)? {
                    return Ok(bound);
                }
                let operand = self.expression(operand)?;
                let (query, of) = self.subquery(query, false)?;
                if query.output.len() != 1 {
                    return fail(b"42601", span, "subquery has too many columns");
                }
                let right = Typed {
                    expr: Expr::Literal(Value::Null),
                    data_type: of,
                    span,
                };
                let (operand, _) = typing::comparable("=", operand, right)?;
                let operand = Box::new(operand.expr);
                Ok(truth(Expr::InQuery(operand, query, *negated), span))
            }
            K::Between {
                operand,
                low,
                high,
                symmetric,
                negated,
            } => {
                let operand = self.expression(operand)?;
                let (low, high) = (self.expression(low)?, self.expression(high)?);
                let within = |low: Typed, high: Typed| {
                    let low =
                        typing::compare(Comparison::GreaterOrEqual, ">=", operand.clone(), low)?;
                    let high =
                        typing::compare(Comparison::LessOrEqual, "<=", operand.clone(), high)?;
                    Ok(Expr::And(vec![low.expr, high.expr]))
                };
                let both = match symmetric {
                    true => Expr::Or(vec![within(low.clone(), high.clone())?, within(high, low)?]),
                    false => within(low, high)?,
                };
                Ok(truth(negate(both, *negated), span))
            }
            K::Like {
                operand,
                pattern,
                escape,
                ignores_case,
                negated,
            } => {
                let sides = [&**operand, &**pattern];
                self.like(sides, escape.as_deref(), *ignores_case, *negated, span)
            }
            K::Case {
                operand,
                branches,
                otherwise,
            } => self.case(operand.as_deref(), branches, otherwise.as_deref(), span),
            K::Cast(operand, to) => self.cast(operand, to, span),
            K::Function(call) => self.call(call, span),
            K::Exists(query) => {
                let (query, _) = self.subquery(query, false)?;
                Ok(truth(Expr::Exists(query), span))
            }
            K::Row(_) => Err(error(
                b"0A000",
                span,
                "rows as values are not supported by this store",
            )
            .hint("Compare a row with another row, or write its parts as columns.")),
            K::Quantified {
                operand,
                operator,
                all,
                against,
            } => self.quantified(operand, *operator, *all, against, span),
            K::Subquery(query) => {
                let (query, data_type) = self.subquery(query, true)?;
                Ok(Typed {
                    expr: Expr::Subquery(query),
                    data_type,
                    span,
                })
            }
        }
    }

    fn in_list(
        &mut self,
        operand: &Expression,
        list: &[Expression],
        negated: bool,
        span: Span,
    ) -> Bound {
        let mut operand = self.expression(operand)?;
        let mut items = Vec::with_capacity(list.len());
        for item in list {
            items.push(self.expression(item)?);
        }
        if operand.data_type.is_none()
            && let Some(to) = items.iter().find_map(|item| item.data_type)
        {
            operand = operand.known_as(to.base())?;
        }
        let mut compared = Vec::with_capacity(items.len());
        for item in items {
            let (left, item) = typing::comparable("=", operand, item)?;
            operand = left;
            compared.push(item.expr);
        }
        Ok(truth(
            Expr::InList(Box::new(operand.expr), compared, negated),
            span,
        ))
    }

    /// LIKE; ILIKE compares in lower case, ESCAPE is written anew with the backslash.
    fn like(
        &mut self,
        sides: [&Expression; 2],
        escape: Option<&Expression>,
        ignores_case: bool,
        negated: bool,
        span: Span,
    ) -> Bound {
        let operand = self.expression(sides[0])?;
        let pattern = self.expression(sides[1])?;
        for side in [&operand, &pattern] {
            if !side.data_type.is_none_or(Type::is_text) {
                let not = if negated { "!" } else { "" };
                let operator = if ignores_case { "~~*" } else { "~~" };
                let (left, right) = (type_name(operand.data_type), type_name(pattern.data_type));
                return Err(error(
                    b"42883",
                    span,
                    format!("operator does not exist: {left} {not}{operator} {right}"),
                )
                .hint(typing::NO_OPERATOR));
            }
        }
        let (operand, mut pattern) = (operand.known()?, pattern.known()?.expr);
        if let Some(escape) = escape {
            let escape = self.expression(escape)?.known()?.expr;
            pattern = Expr::Call(Function::LikeEscape, vec![pattern, escape]);
        }
        let sides = match ignores_case {
            true => [operand.expr, pattern].map(|side| Expr::Call(Function::Lower, vec![side])),
            false => [operand.expr, pattern],
        };
        Ok(truth(Expr::Like(Box::new(sides), negated), span))
    }

    fn case(
        &mut self,
        operand: Option<&Expression>,
        branches: &[(Expression, Expression)],
        otherwise: Option<&Expression>,
        span: Span,
    ) -> Bound {
        let operand = operand
            .map(|operand| self.expression(operand))
            .transpose()?;
        let mut conditions = Vec::with_capacity(branches.len());
        let mut results = Vec::with_capacity(branches.len() + 1);
        for (condition, result) in branches {
            let condition = self.expression(condition)?;
            conditions.push(match &operand {
                Some(operand) => {
                    typing::compare(Comparison::Equal, "=", operand.clone(), condition)?.expr
                }
                None => condition.condition("CASE/WHEN")?,
            });
            results.push(self.expression(result)?);
        }
        results.push(match otherwise {
            Some(otherwise) => self.expression(otherwise)?,
            None => Typed {
                expr: Expr::Literal(Value::Null),
                data_type: None,
                span,
            },
        });
        let (mut results, data_type) = typing::common("CASE", results)?;
        let otherwise = results.pop().unwrap_or(Expr::Literal(Value::Null));
        let branches = conditions.into_iter().zip(results).collect();
        Ok(Typed {
            expr: Expr::Case(branches, Box::new(otherwise)),
            data_type,
            span,
        })
    }

    fn cast(&mut self, operand: &Expression, to: &TypeName, span: Span) -> Bound {
        let to_type = Type::of(to.kind);
        cast::check_type(to_type).map_err(|error| PlanError::at(error, to.span))?;
        let operand = self.expression(operand)?;
        let data_type = Some(to_type);
        let Some(from) = operand.data_type else {
            let known = operand.known_as(to_type.base())?;
            let expr = if to_type == to_type.base() {
                known.expr
            } else {
                Expr::Cast(Box::new(known.expr), to_type, true)
            };
            return Ok(Typed {
                expr,
                data_type,
                span,
            });
        };
        if cast::castable(from, to_type).is_none() {
            return fail(
                b"42846",
                span,
                format!("cannot cast type {from} to {to_type}"),
            );
        }
        Ok(Typed {
            expr: Expr::Cast(Box::new(operand.expr), to_type, true),
            data_type,
            span,
        })
    }
}

pub(crate) fn truth(expr: Expr, span: Span) -> Typed {
    Typed {
        expr,
        data_type: Some(Type::Boolean),
        span,
    }
}

fn negate(expr: Expr, negated: bool) -> Expr {
    if negated {
        Expr::Not(Box::new(expr))
    } else {
        expr
    }
}

fn unary(operator: UnaryOperator, operand: Typed, span: Span) -> Bound {
    if operator == UnaryOperator::Not {
        return Ok(truth(Expr::Not(Box::new(operand.condition("NOT")?)), span));
    }
    let Some(data_type) = operand.data_type.filter(|t| t.is_number()) else {
        let symbol = if operator == UnaryOperator::Minus {
            "-"
        } else {
            "+"
        };
        if operand.data_type.is_none() {
            let message = format!("operator is not unique: {symbol} unknown");
            return fail(b"42725", span, message);
        }
        let of = type_name(operand.data_type);
        return fail(
            b"42883",
            span,
            format!("operator does not exist: {symbol} {of}"),
        );
    };
    if operator == UnaryOperator::Plus {
        return Ok(operand);
    }
    let expr = match operand.expr {
        Expr::Literal(Value::Integer(number)) if number != i64::MIN => {
            Expr::Literal(Value::Integer(-number))
        }
        Expr::Literal(Value::Numeric(number)) => Expr::Literal(Value::Numeric(number.negate())),
        other => Expr::Negate(data_type.base(), Box::new(other)),
    };
    Ok(Typed {
        expr,
        data_type: Some(data_type.base()),
        span,
    })
}

fn literal(literal: &Literal, span: Span) -> Bound {
    let number = |text: &str| match Numeric::parse(text) {
        Some(Ok(number)) => Ok((Value::Numeric(number), Some(Type::Numeric(None)))),
        Some(Err(error)) => Err(PlanError::at(error, span)),
        None => fail(b"42601", span, format!("\"{text}\" is not a number")),
    };
    let (value, data_type) = match literal {
        Literal::Null => (Value::Null, None),
        Literal::Boolean(value) => (Value::Boolean(*value), Some(Type::Boolean)),
        Literal::Integer(text) => match text.parse::<i64>() {
            Ok(value) if i32::try_from(value).is_ok() => {
                (Value::Integer(value), Some(Type::Integer))
            }
            Ok(value) => (Value::Integer(value), Some(Type::BigInt)),
            Err(_) => number(text)?,
        },
        Literal::Decimal(text) => number(text)?,
        Literal::String(text) => (Value::text(text.as_str()), None),
        Literal::Typed(kind, text) => {
            let to = Type::of(match kind {
                TypeKind::Serial | TypeKind::BigSerial => {
                    return fail(
                        b"42704",
                        span,
                        "a sequence type cannot be the type of a literal",
                    );
                }
                other => *other,
            });
            let value = cast::input(text, to).map_err(|error| PlanError::at(error, span))?;
            (value, Some(to))
        }
    };
    Ok(Typed {
        expr: Expr::Literal(value),
        data_type,
        span,
    })
}
