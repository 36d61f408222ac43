//! Where conditions are judged and how each table's rows are found.
//!
//! As PostgreSQL plans never-analysed small tables: equality on all columns of a unique index uses it,
//! otherwise the table is read from end to end in heap order. Look-ups by equality inside a join or a
//! correlated subquery go through a hash table, which changes no outcome.

use smallvec::SmallVec;
use tidewire_syntax::ast::sql::JoinKind;
use tidewire_syntax::sort;

use crate::Table;
use crate::aggregate::Aggregate;
use crate::expression::{Comparison, Expr};
use crate::plan_choice;
use crate::query_plan::{Access, Derived, DistinctPlan, Node, Query, Relation};
use crate::scope::Binder;
use crate::window::{WindowFunction, WindowPlan};

/// Puts each conjunct of WHERE behind the last relation that it reads; gives those that read none.
pub(crate) fn place(
    conditions: Vec<Expr>,
    nodes: &mut [Node],
    relations: &mut [Relation],
) -> Vec<Expr> {
    let mut free = Vec::new();
    for condition in conditions {
        match last_relation(&condition, 0) {
            Some(at) if usize::from(at) < relations.len() => {
                judge(condition, nodes, relations, usize::from(at), false);
            }
            _ => free.push(condition),
        }
    }
    free
}

/// Puts the condition of an inner join behind the last relation of the join.
pub(crate) fn attach(on: Vec<Expr>, nodes: &mut [Node], relations: &mut [Relation], last: usize) {
    for condition in on {
        judge(condition, nodes, relations, last, true);
    }
}

/// Has a condition judged once this relation has its row; where it may be null-extended, behind that.
fn judge(condition: Expr, nodes: &mut [Node], relations: &mut [Relation], at: usize, joins: bool) {
    match nodes.iter_mut().find(|node| node.covers(at)) {
        Some(Node::Outer(outer)) => outer.filter.push(condition),
        _ if joins && relations[at].join != JoinKind::Left => relations[at].on.push(condition),
        _ => relations[at].filter.push(condition),
    }
}

/// Chooses access paths; conditions that a path fulfils move to `implied`.
pub(crate) fn choose(binder: &mut Binder<'_>, relations: &mut [Relation]) {
    let tables: Vec<Option<&Table>> = match binder.scopes.last() {
        Some(scope) => scope.relations.iter().map(|of| of.table).collect(),
        None => Vec::new(),
    };
    plan_choice::readings(&tables, relations);
    for (at, relation) in relations.iter_mut().enumerate() {
        let equalities = equalities(relation, at as u16);
        let scope = binder.scopes.last();
        let Some(table) = scope
            .and_then(|scope| scope.relations.get(at))
            .and_then(|relation| relation.table)
        else {
            continue;
        };
        let indexed = table
            .indexes
            .iter()
            .enumerate()
            .find_map(|(index, unique)| {
                let key: Option<Vec<&Equality>> = unique
                    .slots
                    .iter()
                    .map(|slot| equalities.iter().find(|equality| equality.slot == *slot))
                    .collect();
                key.filter(|key| !key.is_empty() && unique.is_key())
                    .map(|key| (index, unique.slots.clone(), key))
            });
        if let Some((index, slots, used)) = indexed {
            let key = used.iter().map(|equality| equality.other.clone()).collect();
            imply(relation, &used);
            relation.access = Access::Index { index, slots, key };
            continue;
        }
        let varying: Vec<&Equality> = equalities.iter().filter(|e| varies(&e.other)).collect();
        if !varying.is_empty() {
            let slots = varying.iter().map(|equality| equality.slot).collect();
            let key = varying
                .iter()
                .map(|equality| equality.other.clone())
                .collect();
            imply(relation, &varying);
            let id = binder.fresh_id();
            relation.access = Access::Hash { id, slots, key };
        }
    }
}

/// `column = other` among a relation's conditions.
struct Equality {
    slot: usize,
    other: Expr,
    /// Stands in ON, else in the filter; which one.
    in_on: bool,
    at: usize,
}

fn equalities(relation: &Relation, at: u16) -> SmallVec<[Equality; 4]> {
    let on = relation.on.iter().enumerate().map(|(i, e)| (true, i, e));
    let filter = relation
        .filter
        .iter()
        .enumerate()
        .map(|(i, e)| (false, i, e));
    // WHERE is judged after an outer join made its rows, so it cannot choose among them.
    let filter = filter.filter(|_| relation.join != JoinKind::Left);
    let mut found = SmallVec::new();
    for (in_on, index, condition) in on.chain(filter) {
        let Expr::Compare(Comparison::Equal, sides) = condition else {
            continue;
        };
        for (column, other) in [(&sides[0], &sides[1]), (&sides[1], &sides[0])] {
            if let Expr::Column {
                depth: 0,
                relation: of,
                slot,
            } = column
                && *of == at
                && last_relation(other, 0).is_none_or(|last| last < at)
                && !has_query(other)
            {
                found.push(Equality {
                    slot: *slot as usize,
                    other: other.clone(),
                    in_on,
                    at: index,
                });
                break;
            }
        }
    }
    found
}

fn imply(relation: &mut Relation, used: &[&Equality]) {
    let mut places: Vec<(bool, usize)> = used.iter().map(|e| (e.in_on, e.at)).collect();
    sort::sort(&mut places);
    places.dedup();
    for (in_on, at) in places.into_iter().rev() {
        let conditions = if in_on {
            &mut relation.on
        } else {
            &mut relation.filter
        };
        relation.implied.push(conditions.remove(at));
    }
}

/// Does it change from row to row of another relation?
fn varies(expr: &Expr) -> bool {
    let mut varies = false;
    expr.visit(&mut |part| varies |= matches!(part, Expr::Column { .. }));
    varies
}

fn has_query(expr: &Expr) -> bool {
    let mut found = false;
    expr.visit(&mut |part| found |= part.query().is_some());
    found
}

/// The last relation of the query `level` queries outward that an expression reads, subqueries included.
fn last_relation(expr: &Expr, level: u16) -> Option<u16> {
    let mut last = None;
    expr.visit(&mut |part| {
        let found = match part {
            Expr::Column {
                depth, relation, ..
            } if *depth == level => Some(*relation),
            other => other
                .query()
                .and_then(|query| last_relation_of(query, level + 1)),
        };
        last = last.max(found);
    });
    last
}

fn last_relation_of(query: &Query, level: u16) -> Option<u16> {
    if !query.correlated {
        return None;
    }
    let mut last = None;
    query.expressions(&mut |expr| last = last.max(last_relation(expr, level)));
    query.derived(&mut |inner, up| {
        // A query of WITH was bound further out.
        if let Some(level) = (level + 1).checked_sub(up) {
            last = last.max(last_relation_of(inner, level));
        }
    });
    last
}

impl Query {
    /// Visits every expression of the query.
    pub(crate) fn expressions(&self, visitor: &mut dyn FnMut(&Expr)) {
        for relation in &self.relations {
            let parts = relation.implied.iter().chain(&relation.on);
            parts.chain(&relation.filter).for_each(&mut *visitor);
            if let Access::Derived(derived) = &relation.access {
                match &**derived {
                    Derived::Values(rows) => rows.iter().flatten().for_each(&mut *visitor),
                    Derived::Function(scan) => scan.arguments().iter().for_each(&mut *visitor),
                    _ => {}
                }
            }
        }
        for node in self.tree.iter().flatten() {
            node.expressions(visitor);
        }
        if let DistinctPlan::On(keys) = &self.distinct {
            keys.iter().for_each(&mut *visitor);
        }
        self.filter
            .iter()
            .chain(&self.output)
            .for_each(&mut *visitor);
        if let Some(grouping) = &self.grouping {
            grouping
                .keys
                .iter()
                .chain(&grouping.having)
                .for_each(&mut *visitor);
            for aggregate in &grouping.aggregates {
                aggregate.expressions(visitor);
            }
        }
        self.windows
            .iter()
            .for_each(|window| window.expressions(visitor));
        self.order.iter().for_each(|key| visitor(&key.expression));
        self.limit
            .iter()
            .chain(&self.offset)
            .for_each(&mut *visitor);
    }

    /// Visits the queries in FROM, each with how many queries further out it was bound.
    pub(crate) fn derived(&self, visitor: &mut dyn FnMut(&Query, u16)) {
        for relation in &self.relations {
            let Access::Derived(derived) = &relation.access else {
                continue;
            };
            match &**derived {
                Derived::Query(query, up) => visitor(query, *up),
                Derived::Set(set) => set.queries().for_each(|query| visitor(query, 0)),
                Derived::Recursive(plan, up) => {
                    plan.queries().iter().for_each(|query| visitor(query, *up));
                }
                _ => {}
            }
        }
    }

    /// Visits this query and all within it.
    pub(crate) fn queries(&self, visitor: &mut dyn FnMut(&Query)) {
        visitor(self);
        self.derived(&mut |query, _| query.queries(visitor));
        self.expressions(&mut |expr| {
            expr.visit(&mut |part| {
                if let Some(query) = part.query() {
                    query.queries(visitor);
                }
            });
        });
    }
}

impl Node {
    /// Visits the conditions of its outer joins.
    fn expressions(&self, visitor: &mut dyn FnMut(&Expr)) {
        if let Node::Outer(outer) = self {
            outer.on.iter().chain(&outer.filter).for_each(&mut *visitor);
            let inner = outer.left.iter().chain(&outer.right);
            inner.for_each(|node| node.expressions(visitor));
        }
    }
}

impl Aggregate {
    /// Visits what it reads.
    fn expressions(&self, visitor: &mut dyn FnMut(&Expr)) {
        let keys = self.order.iter().map(|key| &key.expression);
        let parts = self.arguments.iter().chain(&self.filter).chain(keys);
        parts.for_each(visitor);
    }
}

impl WindowPlan {
    /// Visits what it and its functions read.
    pub(crate) fn expressions(&self, visitor: &mut dyn FnMut(&Expr)) {
        let keys = self.order.iter().map(|key| &key.expression);
        self.partition.iter().chain(keys).for_each(&mut *visitor);
        for call in &self.calls {
            call.arguments.iter().for_each(&mut *visitor);
            if let WindowFunction::Aggregate(aggregate) = &call.function {
                aggregate.expressions(visitor);
            }
        }
    }
}
