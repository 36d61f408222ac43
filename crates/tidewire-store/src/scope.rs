//! Names and what they stand for: tables, columns, parameters. Errors carry PostgreSQL's wording and a remedy.

use std::sync::Arc;

use tidewire_syntax::ast::sql::{TableName, WindowDefinition};
use tidewire_syntax::{Name, Span};

use crate::aggregate::Aggregate;
use crate::common_table::CommonTable;
use crate::expression::Expr;
use crate::parts::Part;
use crate::plan::Parameters;
use crate::query_plan::Relation;
use crate::window::WindowPlan;
use crate::{Catalog, ColumnId, PlanError, SqlError, Table, TableId, Type};

/// An expression with its type; `None` is PostgreSQL's `unknown`: a bare string, NULL, an untyped parameter.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) expr: Expr,
    pub(crate) data_type: Option<Type>,
    pub(crate) span: Span,
}

/// Relations in sight of one query, and what is allowed in the clause that is being bound.
pub(crate) struct Scope<'a> {
    pub(crate) relations: Vec<ScopeRelation<'a>>,
    /// Relations before this one are out of sight (ON of a later FROM item).
    pub(crate) visible_from: usize,
    /// The clause, if aggregates are refused in it.
    pub(crate) no_aggregates: Option<&'static str>,
    pub(crate) aggregates: Vec<Aggregate>,
    pub(crate) windows: Vec<WindowPlan>,
    /// Windows of the clause WINDOW.
    pub(crate) named_windows: Vec<(Name, WindowDefinition)>,
    /// Window functions may stand here.
    pub(crate) allows_windows: bool,
    /// A call of a window function is being bound: why there can be none within it.
    pub(crate) within_window: Option<&'static str>,
    /// Values of aggregates and window functions so far.
    pub(crate) extras: u32,
    /// A column of a query around this one was used.
    pub(crate) correlated: bool,
    /// Columns that were used, for messages about grouping.
    pub(crate) used: Vec<(u16, u32, Span)>,
    /// Columns that USING and NATURAL made of two.
    pub(crate) merged: Vec<Merged>,
    /// Functions that give rows may stand here.
    pub(crate) allows_rows: bool,
    /// Relations that they became.
    pub(crate) made: Vec<Relation>,
    /// Nothing of it can be named: a query in its FROM is being bound.
    pub(crate) hidden: bool,
    /// The relation that `*` begins with: the target of UPDATE and DELETE stands last, but is told first.
    pub(crate) star_first: usize,
}

/// A table in sight, or rows that a query or a function makes.
#[derive(Clone)]
pub(crate) struct ScopeRelation<'a> {
    pub(crate) alias: Arc<str>,
    pub(crate) store: u32,
    /// `None` for what is not stored.
    pub(crate) table: Option<&'a Table>,
    pub(crate) columns: Arc<[ScopeColumn]>,
    /// In sight by its name only.
    pub(crate) named_only: bool,
}

/// A column of a [`ScopeRelation`].
#[derive(Clone)]
pub(crate) struct ScopeColumn {
    pub(crate) name: Arc<str>,
    pub(crate) data_type: Type,
    pub(crate) slot: u32,
    /// Of a stored column.
    pub(crate) id: Option<ColumnId>,
}

/// A column that USING made of one on each side.
#[derive(Clone)]
pub(crate) struct Merged {
    pub(crate) name: Arc<str>,
    /// The first relation of the join.
    pub(crate) first: usize,
    pub(crate) value: Typed,
    /// The columns that it stands for: relation and slot.
    pub(crate) hides: Vec<(u16, u32)>,
}

impl<'a> ScopeRelation<'a> {
    /// A stored table.
    pub(crate) fn stored(alias: Arc<str>, store: u32, table: &'a Table) -> Self {
        let columns = table.columns.iter().map(|column| ScopeColumn {
            name: column.name.clone(),
            data_type: column.data_type,
            slot: column.slot as u32,
            id: Some(column.id),
        });
        Self {
            alias,
            store,
            table: Some(table),
            columns: columns.collect(),
            named_only: false,
        }
    }

    pub(crate) fn column(&self, name: &str) -> Option<&ScopeColumn> {
        self.columns.iter().find(|column| &*column.name == name)
    }
}

impl<'a> Scope<'a> {
    pub(crate) fn new(relations: Vec<ScopeRelation<'a>>) -> Self {
        Self {
            relations,
            visible_from: 0,
            no_aggregates: None,
            aggregates: Vec::new(),
            windows: Vec::new(),
            named_windows: Vec::new(),
            allows_windows: false,
            within_window: None,
            extras: 0,
            correlated: false,
            used: Vec::new(),
            merged: Vec::new(),
            allows_rows: false,
            made: Vec::new(),
            hidden: false,
            star_first: 0,
        }
    }
}

/// Binds one statement.
pub(crate) struct Binder<'a> {
    /// Stores by name; a statement of one store has one without name.
    pub(crate) stores: &'a [(&'a str, &'a Catalog)],
    pub(crate) parameters: &'a dyn Parameters,
    /// Innermost last.
    pub(crate) scopes: Vec<Scope<'a>>,
    /// Nesting of the expression that is being bound.
    pub(crate) depth: u32,
    pub(crate) next_id: u32,
    /// Tables read, and columns used, by store.
    pub(crate) reads: Vec<(u32, TableId)>,
    pub(crate) columns: Vec<(u32, TableId, ColumnId)>,
    /// Parameters used, so that the statement can be bound again.
    pub(crate) resolved: Vec<Resolved>,
    /// Names of WITH in sight, innermost last.
    pub(crate) common: Vec<CommonTable>,
    /// What the statement carries out beside its main part.
    pub(crate) parts: Vec<Part>,
    /// Such a part is being bound.
    pub(crate) within_part: bool,
}

/// A parameter as it was resolved.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) name: Arc<str>,
    pub(crate) field: Option<Arc<str>>,
    pub(crate) slot: u32,
    pub(crate) data_type: Option<Type>,
}

/// A failure at a place.
pub(crate) fn fail<T>(
    state: &[u8; 5],
    span: Span,
    message: impl Into<String>,
) -> Result<T, PlanError> {
    Err(error(state, span, message))
}

/// As [`fail`], as a value.
pub(crate) fn error(state: &[u8; 5], span: Span, message: impl Into<String>) -> PlanError {
    PlanError {
        error: SqlError::new(state, message),
        span,
        hint: None,
    }
}

impl PlanError {
    /// With a remedy.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// An evaluation error at a place.
    pub(crate) fn at(error: SqlError, span: Span) -> Self {
        PlanError {
            error,
            span,
            hint: None,
        }
    }
}

impl<'a> Binder<'a> {
    pub(crate) fn new(
        stores: &'a [(&'a str, &'a Catalog)],
        parameters: &'a dyn Parameters,
    ) -> Self {
        Self {
            stores,
            parameters,
            scopes: Vec::new(),
            depth: 0,
            next_id: 0,
            reads: Vec::new(),
            columns: Vec::new(),
            resolved: Vec::new(),
            common: Vec::new(),
            parts: Vec::new(),
            within_part: false,
        }
    }

    /// A number that no other query or look-up of this statement has.
    pub(crate) fn fresh_id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }

    /// The table of this name and the store it is in.
    pub(crate) fn table(&self, name: &TableName) -> Result<(u32, &'a Table), PlanError> {
        let wanted = name.table.as_str();
        let mut found = Vec::new();
        let mut known = false;
        for (at, (store, catalog)) in self.stores.iter().enumerate() {
            if let Some(database) = &name.database {
                if !database.as_str().eq_ignore_ascii_case(store) {
                    continue;
                }
                known = true;
            }
            found.extend(catalog.table(wanted).map(|table| (at as u32, table)));
        }
        match (found.as_slice(), &name.database) {
            ([one], _) => Ok(*one),
            ([], Some(database)) if !known => fail(
                b"3D000",
                database.span,
                format!("database \"{database}\" does not exist"),
            ),
            ([], _) => {
                let error = error(
                    b"42P01",
                    name.span,
                    match &name.database {
                        Some(database) => {
                            format!("relation \"{database}.{wanted}\" does not exist")
                        }
                        None => format!("relation \"{wanted}\" does not exist"),
                    },
                );
                let names = self.stores.iter().flat_map(|(_, catalog)| catalog.tables());
                Err(match nearest(wanted, names.map(|table| &*table.name)) {
                    Some(near) => error.hint(format!("Did you mean \"{near}\"?")),
                    None => error,
                })
            }
            (several, _) => {
                let stores: Vec<&str> = several
                    .iter()
                    .map(|(at, _)| self.stores[*at as usize].0)
                    .collect();
                Err(error(
                    b"42P09",
                    name.span,
                    format!("table \"{wanted}\" stands in several databases"),
                )
                .hint(format!(
                    "Write {}.{wanted}, or another of: {}.",
                    stores[0],
                    stores.join(", ")
                )))
            }
        }
    }

    /// Notes that a table is read.
    pub(crate) fn read(&mut self, store: u32, table: TableId) {
        if !self.reads.contains(&(store, table)) {
            self.reads.push((store, table));
        }
    }

    /// A column as an expression.
    pub(crate) fn column(
        &mut self,
        table: Option<&Name>,
        column: &Name,
        span: Span,
    ) -> Result<Typed, PlanError> {
        for depth in 0..self.scopes.len() {
            let at = self.scopes.len() - 1 - depth;
            let Some(found) = self.column_in(at, table, column, span)? else {
                continue;
            };
            for scope in &mut self.scopes[at + 1..] {
                scope.correlated = true;
            }
            let (relation, slot) = match found {
                Found::Column(relation, slot) => (relation, slot),
                Found::Merged(merged) => {
                    let value = self.scopes[at].merged[merged].value.clone();
                    return Ok(Typed {
                        expr: value.expr.shifted(depth as u16),
                        span,
                        ..value
                    });
                }
            };
            let column = self.use_column(at, relation, slot, span);
            return Ok(Typed {
                expr: Expr::Column {
                    depth: depth as u16,
                    relation,
                    slot,
                },
                data_type: Some(column.data_type),
                span,
            });
        }
        Err(self.no_column(table, column, span))
    }

    /// Notes that a column of a scope is used.
    pub(crate) fn use_column(
        &mut self,
        scope: usize,
        relation: u16,
        slot: u32,
        span: Span,
    ) -> ScopeColumn {
        let scope = &mut self.scopes[scope];
        scope.used.push((relation, slot, span));
        let of = &scope.relations[usize::from(relation)];
        let column = of.columns.iter().find(|column| column.slot == slot);
        let column = column.cloned().unwrap_or_else(|| ScopeColumn {
            name: Arc::from("?"),
            data_type: Type::Text,
            slot,
            id: None,
        });
        if let (Some(table), Some(id)) = (of.table, column.id) {
            self.columns.push((of.store, table.id, id));
        }
        column
    }

    /// The column of this name in one scope; an error when there are two.
    fn column_in(
        &self,
        at: usize,
        table: Option<&Name>,
        name: &Name,
        span: Span,
    ) -> Result<Option<Found>, PlanError> {
        let scope = &self.scopes[at];
        if scope.hidden {
            return Ok(None);
        }
        let mut found = None;
        let mut named = false;
        let ambiguous = || {
            Err(error(
                b"42702",
                span,
                format!("column reference \"{name}\" is ambiguous"),
            )
            .hint("Write the table or its alias before it."))
        };
        if table.is_none() {
            for (at, merged) in scope.merged.iter().enumerate() {
                if merged.name == name.text && merged.first >= scope.visible_from {
                    if found.is_some() {
                        return ambiguous();
                    }
                    found = Some(Found::Merged(at));
                }
            }
        }
        for (at, relation) in scope.relations.iter().enumerate().skip(scope.visible_from) {
            if table.map_or(relation.named_only, |table| table.text != relation.alias) {
                continue;
            }
            named = true;
            for column in relation.columns.iter().filter(|c| c.name == name.text) {
                let place = (at as u16, column.slot);
                let hides = |merged: &Merged| merged.hides.contains(&place);
                if table.is_none() && scope.merged.iter().any(hides) {
                    continue;
                }
                if found.is_some() {
                    return ambiguous();
                }
                found = Some(Found::Column(place.0, place.1));
            }
        }
        if let (None, true, Some(table)) = (&found, named, table) {
            return Err(self.no_column(Some(table), name, span));
        }
        Ok(found)
    }

    fn no_column(&self, table: Option<&Name>, column: &Name, span: Span) -> PlanError {
        let relations = || {
            let scopes = self.scopes.iter().rev().filter(|scope| !scope.hidden);
            scopes.flat_map(|scope| scope.relations.iter().skip(scope.visible_from))
        };
        if let Some(table) = table {
            let Some(relation) = relations().find(|relation| relation.alias == table.text) else {
                if let Some(error) = self.out_of_sight(table) {
                    return error;
                }
                let error = error(
                    b"42P01",
                    table.span,
                    format!("missing FROM-clause entry for table \"{table}\""),
                );
                return match nearest(table.as_str(), relations().map(|r| &*r.alias)) {
                    Some(near) => error.hint(format!("Did you mean \"{near}\"?")),
                    None => error,
                };
            };
            let error = error(
                b"42703",
                span,
                format!("column {table}.{column} does not exist"),
            );
            let names = relation.columns.iter().map(|c| &*c.name);
            return match nearest(column.as_str(), names) {
                Some(near) => error.hint(format!(
                    "Perhaps you meant to reference the column \"{table}.{near}\"."
                )),
                None => error,
            };
        }
        if relations().any(|relation| relation.alias == column.text) {
            let message = "PostgreSQL has whole rows as values, Tidewire does not";
            return error(b"0A000", span, message).hint("Name its columns.");
        }
        let error = error(
            b"42703",
            span,
            format!("column \"{column}\" does not exist"),
        );
        let candidates: Vec<(String, &str)> = relations()
            .flat_map(|relation| {
                let columns = relation.columns.iter();
                columns.map(|c| (format!("{}.{}", relation.alias, c.name), &*c.name))
            })
            .collect();
        match nearest(column.as_str(), candidates.iter().map(|(_, name)| *name)) {
            Some(near) => {
                let full = candidates.iter().find(|(_, name)| *name == near);
                let full = full.map_or(near, |(full, _)| full.as_str());
                error.hint(format!(
                    "Perhaps you meant to reference the column \"{full}\"."
                ))
            }
            None => error,
        }
    }

    /// The error for a table that stands in FROM but cannot be named from here.
    pub(crate) fn out_of_sight(&self, table: &Name) -> Option<PlanError> {
        let known = |relation: &ScopeRelation<'_>| relation.alias == table.text;
        let renamed = |relation: &&ScopeRelation<'_>| {
            relation
                .table
                .is_some_and(|stored| stored.name == table.text)
        };
        let relations = || self.scopes.iter().rev().flat_map(|scope| &scope.relations);
        let hint = if relations().any(known) {
            format!(
                "There is an entry for table \"{table}\", but it cannot be referenced from this part of \
                 the query."
            )
        } else {
            let alias = &relations().find(renamed)?.alias;
            format!("Perhaps you meant to reference the table alias \"{alias}\".")
        };
        let message = format!("invalid reference to FROM-clause entry for table \"{table}\"");
        Some(error(b"42P01", table.span, message).hint(hint))
    }

    /// A parameter as an expression.
    pub(crate) fn parameter(
        &mut self,
        name: &Name,
        field: Option<&Name>,
        span: Span,
    ) -> Result<Typed, PlanError> {
        let Some((slot, data_type)) = self.parameters.resolve(name, field) else {
            let full = match field {
                Some(field) => format!(":{name}.{field}"),
                None => format!(":{name}"),
            };
            if name.as_str().starts_with('$') {
                return fail(b"42P02", span, format!("there is no parameter {name}"));
            }
            return fail(b"42P02", span, format!("there is no value {full} here"));
        };
        self.resolved.push(Resolved {
            name: name.text.clone(),
            field: field.map(|field| field.text.clone()),
            slot,
            data_type,
        });
        Ok(Typed {
            expr: Expr::Slot(slot, None),
            data_type,
            span,
        })
    }
}

/// What a name stands for in a scope.
enum Found {
    /// Relation and slot.
    Column(u16, u32),
    /// Which one of [`Scope::merged`].
    Merged(usize),
}

/// The name that was probably meant: the nearest one, if it is near.
pub(crate) fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let limit = (wanted.len() / 3).clamp(1, 3);
    names
        .map(|name| (distance(wanted, name, limit + 1), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Edit distance (Levenshtein), or `bound` when the lengths alone exceed it.
fn distance(left: &str, right: &str, bound: usize) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) >= bound || left.len() > 64 {
        return bound;
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let cost = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
