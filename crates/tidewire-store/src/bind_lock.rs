//! Binding FOR UPDATE and its kin (`transformLockingClause`).

use tidewire_syntax::ast::sql::{Distinct, JoinKind, LockStrength, Locking, Select};

use crate::PlanError;
use crate::query_plan::{LockPlan, NO_TABLE, Query};
use crate::scope::{Binder, fail};

impl Binder<'_> {
    /// The rows that a locking clause locks, of a query whose relations are bound. Rows that are made are left
    /// out; `None` when no stored table is left.
    pub(crate) fn locking(
        &mut self,
        locking: &Locking,
        select: &Select,
        query: &Query,
    ) -> Result<Option<LockPlan>, PlanError> {
        let clause = strength_name(locking.strength);
        let refused = if select.distinct != Distinct::No {
            Some("DISTINCT clause")
        } else if !select.group_by.is_empty() {
            Some("GROUP BY clause")
        } else if select.having.is_some() {
            Some("HAVING clause")
        } else if query.grouping.is_some() {
            Some("aggregate functions")
        } else if !query.windows.is_empty() {
            Some("window functions")
        } else {
            None
        };
        if let Some(refused) = refused {
            return fail(
                b"0A000",
                locking.span,
                format!("{clause} is not allowed with {refused}"),
            );
        }
        let stored = |at: &usize| query.relations[*at].table != NO_TABLE;
        let mut chosen: Vec<usize> = Vec::new();
        if locking.of.is_empty() {
            chosen.extend((0..query.relations.len()).filter(stored));
        }
        for name in &locking.of {
            let scope = self.scope_mut();
            match scope.relations.iter().position(|r| r.alias == name.text) {
                Some(at) => chosen.extend(Some(at).filter(stored)),
                None => {
                    return fail(
                        b"42P01",
                        name.span,
                        format!("relation \"{name}\" in {clause} clause not found in FROM clause"),
                    );
                }
            }
        }
        if chosen.iter().any(|at| nullable(query, *at)) {
            return fail(
                b"0A000",
                locking.span,
                format!("{clause} cannot be applied to the nullable side of an outer join"),
            );
        }
        Ok((!chosen.is_empty()).then_some(LockPlan {
            strength: locking.strength,
            wait: locking.wait,
            relations: chosen,
        }))
    }
}

/// May an outer join leave this relation without a row?
fn nullable(query: &Query, at: usize) -> bool {
    let outer = query.tree.iter().flatten();
    query.relations[at].join == JoinKind::Left || outer.into_iter().any(|node| node.extends(at))
}

fn strength_name(strength: LockStrength) -> &'static str {
    match strength {
        LockStrength::KeyShare => "FOR KEY SHARE",
        LockStrength::Share => "FOR SHARE",
        LockStrength::NoKeyUpdate => "FOR NO KEY UPDATE",
        LockStrength::Update => "FOR UPDATE",
    }
}
