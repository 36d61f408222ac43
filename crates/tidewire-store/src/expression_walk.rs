//! What an expression is made of: its parts, to look at and to change.

use std::sync::Arc;

use crate::expression::Expr;
use crate::query::Query;

/// Visits the expressions directly in one, borrowed as `$iter` borrows: both walks know the same parts.
macro_rules! each_child {
    ($whole:expr, $iter:ident, $visitor:expr) => {
        match $whole {
            Expr::Literal(_)
            | Expr::Slot(..)
            | Expr::Column { .. }
            | Expr::Extra(..)
            | Expr::Exists(_)
            | Expr::Subquery(_)
            | Expr::SubqueryColumn(..)
            | Expr::Now => {}
            Expr::Not(one)
            | Expr::IsNull(one, _)
            | Expr::Negate(_, one)
            | Expr::InQuery(one, _, _)
            | Expr::Quantified(_, _, one, _)
            | Expr::Cast(one, _, _) => $visitor(one),
            Expr::Compare(_, two)
            | Expr::IsDistinct(two, _)
            | Expr::Arithmetic(_, _, two)
            | Expr::Like(two, _)
            | Expr::Concatenate(two)
            | Expr::MergeJson(two)
            | Expr::JsonMember(two, _)
            | Expr::NullIf(two) => two.$iter().for_each($visitor),
            Expr::And(many)
            | Expr::Or(many)
            | Expr::Coalesce(many)
            | Expr::Extreme(many, _)
            | Expr::RowInQuery(many, _, _)
            | Expr::Call(_, many) => many.$iter().for_each($visitor),
            Expr::CompareRows(_, pairs) => pairs.$iter().flatten().for_each($visitor),
            Expr::InList(one, many, _) => {
                $visitor(one);
                many.$iter().for_each($visitor);
            }
            Expr::Case(branches, otherwise) => {
                for (condition, result) in branches {
                    $visitor(condition);
                    $visitor(result);
                }
                $visitor(otherwise);
            }
        }
    };
}

impl Expr {
    /// The same column seen from so many queries further in; for what USING makes of columns.
    pub(crate) fn shifted(self, by: u16) -> Expr {
        match self {
            Expr::Column {
                depth,
                relation,
                slot,
            } => Expr::Column {
                depth: depth + by,
                relation,
                slot,
            },
            Expr::Coalesce(parts) => {
                Expr::Coalesce(parts.into_iter().map(|part| part.shifted(by)).collect())
            }
            Expr::Cast(inner, to, explicit) => {
                Expr::Cast(Box::new(inner.shifted(by)), to, explicit)
            }
            other => other,
        }
    }

    /// Visits this expression and all in it, subqueries left out.
    pub(crate) fn visit(&self, visitor: &mut impl FnMut(&Expr)) {
        visitor(self);
        self.children(&mut |child| child.visit(visitor));
    }

    /// Visits the expressions directly in this one.
    pub(crate) fn children(&self, visitor: &mut dyn FnMut(&Expr)) {
        each_child!(self, iter, visitor);
    }

    /// The expressions directly in this one, to change.
    pub(crate) fn children_mut(&mut self, visitor: &mut dyn FnMut(&mut Expr)) {
        each_child!(self, iter_mut, visitor);
    }

    /// The subquery that this very expression holds.
    pub(crate) fn query(&self) -> Option<&Arc<Query>> {
        match self {
            Expr::InQuery(_, query, _)
            | Expr::Exists(query)
            | Expr::Subquery(query)
            | Expr::SubqueryColumn(query, _)
            | Expr::RowInQuery(_, query, _)
            | Expr::Quantified(_, _, _, query) => Some(query),
            _ => None,
        }
    }

    /// The conjuncts of a condition.
    pub(crate) fn conjuncts(self) -> Vec<Expr> {
        match self {
            Expr::And(parts) => parts.into_iter().flat_map(Expr::conjuncts).collect(),
            other => vec![other],
        }
    }
}
