//! Which operator means what for which types, and how literals of unknown type get one.
//!
//! A small image of PostgreSQL's chapter 10 (type conversion): numbers promote to the larger type, text and
//! varchar are one, unknown literals take the type of the other side.

use tidewire_syntax::Span;
use tidewire_syntax::ast::sql::BinaryOperator;

use crate::cast::{self, Context};
use crate::expression::{Comparison, Expr};
use crate::function::Function;
use crate::scope::{Typed, error, fail};
use crate::{Column, PlanError, Type, Value};

type Bound = Result<Typed, PlanError>;

/// The operator as written.
pub(crate) fn symbol(operator: BinaryOperator) -> &'static str {
    use BinaryOperator as O;
    match operator {
        O::Or => "OR",
        O::And => "AND",
        O::Equal => "=",
        O::NotEqual => "<>",
        O::Less => "<",
        O::LessOrEqual => "<=",
        O::Greater => ">",
        O::GreaterOrEqual => ">=",
        O::Add => "+",
        O::Subtract => "-",
        O::Multiply => "*",
        O::Divide => "/",
        O::Modulo => "%",
        O::Concatenate => "||",
        O::JsonField => "->",
        O::JsonFieldText => "->>",
        O::JsonPath => "#>",
        O::JsonPathText => "#>>",
        O::Contains => "@>",
        O::ContainedBy => "<@",
        O::HasKey => "?",
    }
}

pub(crate) fn comparison(operator: BinaryOperator) -> Option<Comparison> {
    use BinaryOperator as O;
    Some(match operator {
        O::Equal => Comparison::Equal,
        O::NotEqual => Comparison::NotEqual,
        O::Less => Comparison::Less,
        O::LessOrEqual => Comparison::LessOrEqual,
        O::Greater => Comparison::Greater,
        O::GreaterOrEqual => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

/// The name of a type in messages.
pub(crate) fn type_name(data_type: Option<Type>) -> String {
    data_type.map_or_else(|| "unknown".to_string(), |t| t.to_string())
}

/// 42883 for an operator between these; 42725 where nothing tells which one is meant.
fn no_operator(operator: &str, left: &Typed, right: &Typed) -> PlanError {
    if left.data_type.is_none() && right.data_type.is_none() {
        return error(
            b"42725",
            left.span.to(right.span),
            format!("operator is not unique: unknown {operator} unknown"),
        )
        .hint("Could not choose a best candidate operator. You might need to add explicit type casts.");
    }
    error(
        b"42883",
        left.span.to(right.span),
        format!(
            "operator does not exist: {} {operator} {}",
            type_name(left.data_type),
            type_name(right.data_type)
        ),
    )
    .hint(NO_OPERATOR)
}

/// What PostgreSQL says beside 42883.
pub(crate) const NO_OPERATOR: &str = "No operator matches the given name and argument types. You might need to add explicit \
     type casts.";

impl Typed {
    /// Gives an unknown one this type; leaves others alone.
    pub(crate) fn known_as(self, to: Type) -> Bound {
        if self.data_type.is_some() {
            return Ok(self);
        }
        let expr = match self.expr {
            Expr::Literal(Value::Text(text)) => Expr::Literal(
                cast::input(&text, to).map_err(|error| PlanError::at(error, self.span))?,
            ),
            Expr::Literal(value) => Expr::Literal(value),
            Expr::Slot(slot, None) => Expr::Slot(slot, Some(to)),
            other => Expr::Cast(Box::new(other), to, false),
        };
        Ok(Typed {
            expr,
            data_type: Some(to),
            span: self.span,
        })
    }

    /// Text if still unknown.
    pub(crate) fn known(self) -> Bound {
        self.known_as(Type::Text)
    }

    /// Exactly this type, by an implicit cast if need be; `None` when there is none.
    pub(crate) fn implicitly(self, to: Type) -> Result<Option<Typed>, PlanError> {
        let typed = self.known_as(to)?;
        let Some(from) = typed.data_type else {
            return Ok(None);
        };
        if cast::castable(from, to) != Some(Context::Implicit) {
            return Ok(None);
        }
        Ok(Some(
            if from.base() == to.base() || (from.is_text() && to.is_text()) {
                typed
            } else {
                Typed {
                    expr: Expr::Cast(Box::new(typed.expr), to.base(), false),
                    data_type: Some(to),
                    span: typed.span,
                }
            },
        ))
    }

    /// A condition: 42804 unless boolean.
    pub(crate) fn condition(self, clause: &str) -> Result<Expr, PlanError> {
        let typed = self.known_as(Type::Boolean)?;
        match typed.data_type {
            Some(Type::Boolean) => Ok(typed.expr),
            other => fail(
                b"42804",
                typed.span,
                format!(
                    "argument of {clause} must be type boolean, not type {}",
                    type_name(other)
                ),
            ),
        }
    }
}

fn typed(expr: Expr, data_type: Type, span: Span) -> Typed {
    Typed {
        expr,
        data_type: Some(data_type),
        span,
    }
}

/// Binds `left operator right`.
pub(crate) fn binary(operator: BinaryOperator, left: Typed, right: Typed) -> Bound {
    use BinaryOperator as O;
    let span = left.span.to(right.span);
    match operator {
        O::And | O::Or => {
            let clause = symbol(operator);
            let sides = [left.condition(clause)?, right.condition(clause)?];
            Ok(typed(
                connect(operator == O::And, sides),
                Type::Boolean,
                span,
            ))
        }
        O::Concatenate => concatenate(left, right, span),
        O::JsonField | O::JsonFieldText => json_member(operator, left, right, span),
        O::JsonPath | O::JsonPathText => json_path(operator, left, right, span),
        O::Contains => json_test(Function::JsonContains, operator, left, right, span),
        O::ContainedBy => json_test(Function::JsonContains, operator, right, left, span),
        O::HasKey => json_test(Function::JsonHasKey, operator, left, right, span),
        O::Subtract if left.data_type == Some(Type::Jsonb) => {
            let right = right.known()?;
            if !right
                .data_type
                .is_some_and(|t| t.is_text() || t.is_integer())
            {
                return Err(no_operator("-", &left, &right));
            }
            let call = Expr::Call(Function::JsonWithout, vec![left.expr, right.expr]);
            Ok(typed(call, Type::Jsonb, span))
        }
        O::Add | O::Subtract | O::Multiply | O::Divide | O::Modulo => {
            arithmetic(operator, left, right, span)
        }
        _ => match comparison(operator) {
            Some(found) => compare(found, symbol(operator), left, right),
            None => Err(no_operator(symbol(operator), &left, &right)),
        },
    }
}

/// Chains of the same connective become one list, so that long conditions stay flat.
fn connect(and: bool, sides: [Expr; 2]) -> Expr {
    let mut parts = Vec::new();
    for side in sides {
        match side {
            Expr::And(more) if and => parts.extend(more),
            Expr::Or(more) if !and => parts.extend(more),
            one => parts.push(one),
        }
    }
    if and {
        Expr::And(parts)
    } else {
        Expr::Or(parts)
    }
}

/// Both sides with types that can be compared.
pub(crate) fn comparable(
    operator: &str,
    left: Typed,
    right: Typed,
) -> Result<(Typed, Typed), PlanError> {
    let (left, right) = match (left.data_type, right.data_type) {
        (None, None) => (left.known()?, right.known()?),
        (None, Some(to)) => (left.known_as(to.base())?, right),
        (Some(to), None) => (left, right.known_as(to.base())?),
        _ => (left, right),
    };
    let fits = match (left.data_type, right.data_type) {
        (Some(a), Some(b)) => {
            a != Type::Json
                && b != Type::Json
                && (a.base() == b.base()
                    || (a.is_number() && b.is_number())
                    || (a.is_text() && b.is_text())
                    || (a.is_time() && b.is_time()))
        }
        _ => false,
    };
    if fits {
        Ok((left, right))
    } else {
        Err(no_operator(operator, &left, &right))
    }
}

/// Binds a comparison.
pub(crate) fn compare(comparison: Comparison, operator: &str, left: Typed, right: Typed) -> Bound {
    let span = left.span.to(right.span);
    let (left, right) = comparable(operator, left, right)?;
    let sides = Box::new([left.expr, right.expr]);
    Ok(typed(Expr::Compare(comparison, sides), Type::Boolean, span))
}

/// The larger of two number types.
pub(crate) fn larger(left: Type, right: Type) -> Type {
    let rank = |t: Type| match t {
        Type::SmallInt => 0,
        Type::Integer => 1,
        Type::BigInt => 2,
        _ => 3,
    };
    if rank(left) >= rank(right) {
        left.base()
    } else {
        right.base()
    }
}

fn arithmetic(operator: BinaryOperator, left: Typed, right: Typed, span: Span) -> Bound {
    use BinaryOperator as O;
    let (left, right) = match (left.data_type, right.data_type) {
        (None, None) => {
            let symbol = symbol(operator);
            return Err(error(
                b"42725",
                span,
                format!("operator is not unique: unknown {symbol} unknown"),
            )
            .hint("Could not choose a best candidate operator. You might need to add explicit type casts."));
        }
        (None, Some(Type::Date)) if operator != O::Subtract => {
            (left.known_as(Type::Integer)?, right)
        }
        (None, Some(to)) => (left.known_as(to.base())?, right),
        (Some(Type::Date), None) if operator == O::Add => (left, right.known_as(Type::Integer)?),
        (Some(to), None) => (left, right.known_as(to.base())?),
        _ => (left, right),
    };
    let result = match (left.data_type, right.data_type) {
        (Some(a), Some(b)) if a.is_number() && b.is_number() => larger(a, b),
        (Some(Type::Date), Some(Type::Date)) if operator == O::Subtract => Type::Integer,
        (Some(Type::Date), Some(Type::SmallInt | Type::Integer))
            if matches!(operator, O::Add | O::Subtract) =>
        {
            Type::Date
        }
        (Some(Type::SmallInt | Type::Integer), Some(Type::Date)) if operator == O::Add => {
            Type::Date
        }
        _ => return Err(no_operator(symbol(operator), &left, &right)),
    };
    let sides = Box::new([left.expr, right.expr]);
    Ok(typed(
        Expr::Arithmetic(operator, result, sides),
        result,
        span,
    ))
}

fn concatenate(left: Typed, right: Typed, span: Span) -> Bound {
    let json = |t: &Typed| t.data_type == Some(Type::Jsonb);
    let json_or_unknown = |t: &Typed| json(t) || t.data_type.is_none();
    if (json(&left) && json_or_unknown(&right)) || (json_or_unknown(&left) && json(&right)) {
        let left = left.known_as(Type::Jsonb)?;
        let right = right.known_as(Type::Jsonb)?;
        let sides = Box::new([left.expr, right.expr]);
        return Ok(typed(Expr::MergeJson(sides), Type::Jsonb, span));
    }
    let text = |t: &Typed| t.data_type.is_none_or(Type::is_text);
    if !text(&left) && !text(&right) {
        return Err(no_operator("||", &left, &right));
    }
    let sides = Box::new([left.known()?.expr, right.known()?.expr]);
    Ok(typed(Expr::Concatenate(sides), Type::Text, span))
}

fn json_member(operator: BinaryOperator, left: Typed, right: Typed, span: Span) -> Bound {
    let Some(of @ (Type::Json | Type::Jsonb)) = left.data_type else {
        return Err(no_operator(symbol(operator), &left, &right));
    };
    if !right
        .data_type
        .is_none_or(|t| t.is_text() || t.is_integer())
    {
        return Err(no_operator(symbol(operator), &left, &right));
    }
    let as_text = operator == BinaryOperator::JsonFieldText;
    let sides = Box::new([left.expr, right.known()?.expr]);
    let gives = if as_text { Type::Text } else { of };
    Ok(typed(Expr::JsonMember(sides, as_text), gives, span))
}

fn json_path(operator: BinaryOperator, left: Typed, right: Typed, span: Span) -> Bound {
    let of = match left.data_type {
        Some(of @ (Type::Json | Type::Jsonb)) if right.data_type.is_none() => of,
        _ => return Err(no_operator(symbol(operator), &left, &right)),
    };
    let as_text = operator == BinaryOperator::JsonPathText;
    let call = Expr::Call(
        Function::JsonPath(as_text),
        vec![left.expr, right.known()?.expr],
    );
    Ok(typed(call, if as_text { Type::Text } else { of }, span))
}

/// `@>`, `<@` with its sides changed over, and `?`.
fn json_test(
    function: Function,
    operator: BinaryOperator,
    left: Typed,
    right: Typed,
    span: Span,
) -> Bound {
    let wanted = match function {
        Function::JsonHasKey => Type::Text,
        _ => Type::Jsonb,
    };
    if left.data_type.is_none() && right.data_type.is_none() {
        return Err(no_operator(symbol(operator), &left, &right));
    }
    let (left, right) = (left.known_as(Type::Jsonb)?, right.known_as(wanted)?);
    let fits = right.data_type == Some(wanted) || right.data_type.is_some_and(Type::is_text);
    if left.data_type != Some(Type::Jsonb) || !fits {
        return Err(no_operator(symbol(operator), &left, &right));
    }
    let call = Expr::Call(function, vec![left.expr, right.expr]);
    Ok(typed(call, Type::Boolean, span))
}

/// One type for several values (CASE, COALESCE, VALUES): PostgreSQL 10.5.
pub(crate) fn common(
    what: &str,
    items: Vec<Typed>,
) -> Result<(Vec<Expr>, Option<Type>), PlanError> {
    let mut chosen: Option<Type> = None;
    for item in &items {
        let Some(next) = item.data_type else {
            continue;
        };
        chosen = Some(match chosen {
            None => next.base(),
            Some(so_far) => {
                let forward = cast::castable(so_far, next) == Some(Context::Implicit);
                let backward = cast::castable(next, so_far) == Some(Context::Implicit);
                match (forward, backward) {
                    (_, true) => so_far,
                    (true, false) => next.base(),
                    (false, false) => {
                        return fail(
                            b"42804",
                            item.span,
                            format!("{what} types {so_far} and {next} cannot be matched"),
                        );
                    }
                }
            }
        });
    }
    let Some(to) = chosen else {
        return Ok((items.into_iter().map(|item| item.expr).collect(), None));
    };
    let mut exprs = Vec::with_capacity(items.len());
    for item in items {
        let item = item.known_as(to)?;
        let same = item.data_type.is_some_and(|from| from.base() == to);
        exprs.push(if same {
            item.expr
        } else {
            Expr::Cast(Box::new(item.expr), to, false)
        });
    }
    Ok((exprs, Some(to)))
}

/// A value made ready for a column: 42804 when its type does not fit.
pub(crate) fn assign(value: Typed, column: &Column) -> Result<Expr, PlanError> {
    let to = column.data_type;
    let span = value.span;
    if let (None, Expr::Literal(Value::Text(text))) = (value.data_type, &value.expr) {
        return cast::input(text, to)
            .map(Expr::Literal)
            .map_err(|error| PlanError::at(error, span));
    }
    let Some(from) = value.data_type else {
        return Ok(match value.expr {
            Expr::Literal(literal) => Expr::Literal(literal),
            other => Expr::Cast(Box::new(other), to, false),
        });
    };
    if cast::castable(from, to).is_none_or(|context| context > Context::Assignment) {
        return Err(error(
            b"42804",
            span,
            format!(
                "column \"{}\" is of type {to} but expression is of type {from}",
                column.name
            ),
        )
        .hint("You will need to rewrite or cast the expression."));
    }
    let needs_cast =
        from != to && !(from.is_text() && matches!(to, Type::Text | Type::VarChar(None)));
    Ok(match value.expr {
        Expr::Literal(literal) if needs_cast => Expr::Literal(
            cast::cast(literal, to, false).map_err(|error| PlanError::at(error, span))?,
        ),
        other if needs_cast => Expr::Cast(Box::new(other), to, false),
        // A parameter may hold anything whatever its type was said to be.
        slot @ Expr::Slot(..) => Expr::Cast(Box::new(slot), to, false),
        other => other,
    })
}
