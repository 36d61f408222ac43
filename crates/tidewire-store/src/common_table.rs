//! WITH: queries that have a name within a statement. What changes rows becomes a part of the statement
//! (`parts`); a query runs where it is first read and its rows are kept for the statement.
//!
//! The rules are those of `parse_cte.c`; WITH RECURSIVE is carried out as manual 7.8.2 describes it.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use tidewire_syntax::ast::sql::{
    CommonTable as Written, Query as WrittenQuery, QueryBody, SetOperand, SetOperation,
    SetOperator, Statement, With,
};
use tidewire_syntax::{Name, Span};

use crate::expression::Frame;
use crate::index::IndexKey;
use crate::parts::Part;
use crate::plan::Operation;
use crate::query::Run;
use crate::query_plan::{Derived, Query};
use crate::scope::{Binder, error, fail};
use crate::{PlanError, ResultColumn, Row, SqlError};

/// Where rows come from, and their columns.
type Rows = (Derived, Arc<[ResultColumn]>);

/// A name of WITH while a statement is bound.
#[derive(Clone)]
pub(crate) struct CommonTable {
    pub(crate) name: Arc<str>,
    columns: Arc<[ResultColumn]>,
    source: Source,
    /// How many queries stood around it.
    level: usize,
}

#[derive(Clone)]
enum Source {
    Query(Arc<Query>),
    Part(usize),
    Recursive(Arc<RecursivePlan>),
    Working(u32),
    /// It changes rows and answers none.
    Silent,
    /// Its own name, where that is not allowed.
    Forbidden,
}

/// A query of WITH RECURSIVE: what it begins with, and what it finds by the rows that it found last.
#[derive(Clone, Debug)]
pub(crate) struct RecursivePlan {
    id: u32,
    base: Query,
    step: Query,
    /// UNION without ALL: rows that were found before are left out.
    distinct: bool,
    correlated: bool,
}

impl RecursivePlan {
    /// All rows, kept for the statement unless they depend on a query around this one.
    pub(crate) fn kept(
        &self,
        outer: Option<&Frame<'_>>,
        run: &Run<'_>,
    ) -> Result<Rc<Vec<Row>>, SqlError> {
        let kept = self.base.id;
        if !self.correlated
            && let Some(rows) = run.kept_rows(kept)
        {
            return Ok(rows);
        }
        let mut seen = FxHashSet::default();
        let mut fresh = |mut rows: Vec<Row>| {
            if self.distinct {
                rows.retain(|row| seen.insert(IndexKey::with_nulls(row)));
            }
            rows
        };
        let mut working = fresh(self.base.rows(outer, run)?);
        let mut all = working.clone();
        while !working.is_empty() {
            let last = Rc::new(working);
            run.keep_rows(self.id, last);
            working = fresh(self.step.rows(outer, run)?);
            for _ in &working {
                run.spend()?;
            }
            all.extend(working.iter().cloned());
        }
        let all = Rc::new(all);
        if !self.correlated {
            run.keep_rows(kept, all.clone());
        }
        Ok(all)
    }

    /// The queries.
    pub(crate) fn queries(&self) -> [&Query; 2] {
        [&self.base, &self.step]
    }
}

impl Binder<'_> {
    /// Brings the names of WITH into sight; the caller cuts [`Binder::common`] back.
    pub(crate) fn with(&mut self, with: Option<&With>) -> Result<(), PlanError> {
        let Some(with) = with else {
            return Ok(());
        };
        let first = self.common.len();
        for table in &with.tables {
            if self.common[first..]
                .iter()
                .any(|other| other.name == table.name.text)
            {
                return fail(
                    b"42712",
                    table.name.span,
                    format!(
                        "WITH query name \"{}\" specified more than once",
                        table.name
                    ),
                );
            }
            let bound = self.common_table(table, with.recursive)?;
            self.common.push(bound);
        }
        Ok(())
    }

    fn common_table(&mut self, table: &Written, recursive: bool) -> Result<CommonTable, PlanError> {
        let level = self.scopes.len();
        let name = &table.name;
        let (source, columns) = match &*table.statement {
            Statement::Query(query) => match recursive.then(|| last_union(query)).flatten() {
                Some(set) => self.recursive(table, query, set)?,
                None => self.common_query(query)?,
            },
            statement => self.writing_part(name, statement)?,
        };
        let columns = renamed(&columns, &table.columns, name, "WITH query")?;
        Ok(CommonTable {
            name: name.text.clone(),
            columns,
            source,
            level,
        })
    }

    fn common_query(
        &mut self,
        query: &WrittenQuery,
    ) -> Result<(Source, Vec<ResultColumn>), PlanError> {
        let bound = self.query(query)?;
        let columns = bound.columns.clone();
        let source = match bound.locking {
            Some(_) => Source::Part(self.locking_part(bound, query.span, false)?),
            None => Source::Query(Arc::new(bound)),
        };
        Ok((source, columns))
    }

    /// INSERT, UPDATE or DELETE in WITH.
    fn writing_part(
        &mut self,
        name: &Name,
        statement: &Statement,
    ) -> Result<(Source, Vec<ResultColumn>), PlanError> {
        if !self.scopes.is_empty() || self.within_part {
            return fail(
                b"0A000",
                name.span,
                "WITH clause containing a data-modifying statement must be at the top level",
            );
        }
        self.within_part = true;
        let bound = match statement {
            Statement::Insert(insert) => {
                let bound = self.insert(insert);
                bound.map(|(plan, columns)| (Operation::Insert(plan), columns))
            }
            Statement::Update(update) => {
                let bound = self.update(update);
                bound.map(|(plan, columns)| (Operation::Update(plan), columns))
            }
            Statement::Delete(delete) => {
                let bound = self.delete(delete);
                bound.map(|(plan, columns)| (Operation::Delete(plan), columns))
            }
            _ => fail(
                b"0A000",
                name.span,
                "WITH takes a query, INSERT, UPDATE or DELETE",
            ),
        };
        self.within_part = false;
        let (operation, columns) = bound?;
        self.parts.push(Part {
            operation,
            is_read: false,
        });
        let source = match columns.is_empty() {
            true => Source::Silent,
            false => Source::Part(self.parts.len() - 1),
        };
        Ok((source, columns))
    }

    /// Makes a locking query within another statement a part of it, and gives which.
    pub(crate) fn locking_part(
        &mut self,
        query: Query,
        span: Span,
        is_read: bool,
    ) -> Result<usize, PlanError> {
        if query.correlated {
            return Err(error(
                b"0A000",
                span,
                "a query that locks rows cannot read columns of the query around it, a limit of this store",
            )
            .hint("Lock the rows in a query of its own, or join the tables and write FOR UPDATE OF."));
        }
        self.parts.push(Part {
            operation: Operation::Select(query),
            is_read,
        });
        Ok(self.parts.len() - 1)
    }

    /// What an unqualified name in FROM stands for, if it is one of WITH.
    pub(crate) fn common_source(&mut self, name: &Name) -> Result<Option<Rows>, PlanError> {
        let found = self
            .common
            .iter()
            .rev()
            .find(|table| table.name == name.text);
        let Some(table) = found.cloned() else {
            return Ok(None);
        };
        // From the query that reads it outward to where it was bound.
        let up = (self.scopes.len() - table.level) as u16;
        let derived = match table.source {
            Source::Query(query) => {
                self.note_correlation(table.level, query.correlated);
                Derived::Query(query, up)
            }
            Source::Recursive(plan) => {
                self.note_correlation(table.level, plan.correlated);
                Derived::Recursive(plan, up)
            }
            Source::Part(at) => {
                self.parts[at].is_read = true;
                Derived::Part(at)
            }
            Source::Working(id) => {
                // Its rows change from turn to turn, so nothing that reads it can be kept.
                self.note_correlation(table.level, true);
                Derived::Working(id)
            }
            Source::Silent => {
                return fail(
                    b"0A000",
                    name.span,
                    format!("WITH query \"{name}\" does not have a RETURNING clause"),
                );
            }
            Source::Forbidden => {
                return fail(
                    b"42P19",
                    name.span,
                    format!(
                        "recursive reference to query \"{name}\" must not appear within its \
                         non-recursive term"
                    ),
                );
            }
        };
        Ok(Some((derived, table.columns)))
    }

    /// A query that reads columns from outside makes those correlated that stand between.
    fn note_correlation(&mut self, level: usize, correlated: bool) {
        for scope in self.scopes.iter_mut().skip(level).filter(|_| correlated) {
            scope.correlated = true;
        }
    }

    fn recursive(
        &mut self,
        table: &Written,
        query: &WrittenQuery,
        set: (&SetOperation, &SetOperand),
    ) -> Result<(Source, Vec<ResultColumn>), PlanError> {
        let level = self.scopes.len();
        let (set, last) = set;
        let name = table.name.text.clone();
        let entry = |source, columns: Arc<[ResultColumn]>| CommonTable {
            name: name.clone(),
            columns,
            source,
            level,
        };
        let base = match &set.rest[..set.rest.len() - 1] {
            [] => set.first.clone(),
            before => QueryBody::Set(Box::new(SetOperation {
                first: set.first.clone(),
                rest: before.to_vec(),
            })),
        };
        self.common.push(entry(Source::Forbidden, Arc::new([])));
        let base = self.body_query(&base, query.span);
        self.common.pop();
        let mut base = base?;
        base.untyped.clear();
        let columns = renamed(&base.columns, &table.columns, &table.name, "WITH query")?;
        let id = self.fresh_id();
        self.common
            .push(entry(Source::Working(id), columns.clone()));
        let step = self.body_query(&last.body, last.span);
        self.common.pop();
        let mut step = step?;
        if step.output.len() != base.output.len() {
            let message = "each UNION query must have the same number of columns";
            return fail(b"42601", last.span, message);
        }
        for (at, column) in base.columns.iter().enumerate() {
            let found = step.columns[at].data_type;
            let untyped = step.untyped.contains(&at);
            if !untyped && found.base() != column.data_type.base() {
                return fail(
                    b"42804",
                    last.span,
                    format!(
                        "recursive query \"{name}\" column {} has type {} in non-recursive term but type \
                         {found} overall",
                        at + 1,
                        column.data_type
                    ),
                );
            }
        }
        step.untyped.clear();
        let (base_correlated, step_correlated) = (base.correlated, step.correlated);
        let found = base.columns.clone();
        let plan = RecursivePlan {
            id,
            base,
            step,
            distinct: !last.all,
            // Within other queries the rows are found anew: the step reads its own last rows in any case.
            correlated: base_correlated || (step_correlated && level > 0),
        };
        Ok((Source::Recursive(Arc::new(plan)), found))
    }
}

/// The chain of a query whose last link is UNION, without any clause behind it.
fn last_union(query: &WrittenQuery) -> Option<(&SetOperation, &SetOperand)> {
    let bare = query.with.is_none() && query.is_bare();
    let QueryBody::Set(set) = &query.body else {
        return None;
    };
    let last = set.rest.last()?;
    (bare && last.operator == SetOperator::Union).then_some((set, last))
}

/// Columns with the names that stand behind an alias.
pub(crate) fn renamed(
    columns: &[ResultColumn],
    names: &[Name],
    table: &Name,
    what: &str,
) -> Result<Arc<[ResultColumn]>, PlanError> {
    if names.len() > columns.len() {
        return fail(
            b"42P10",
            table.span,
            format!(
                "{what} \"{table}\" has {} columns available but {} columns specified",
                columns.len(),
                names.len()
            ),
        );
    }
    let name = |at: usize, column: &ResultColumn| match names.get(at) {
        Some(name) => name.text.clone(),
        None => column.name.clone(),
    };
    let columns = columns.iter().enumerate().map(|(at, column)| ResultColumn {
        name: name(at, column),
        data_type: column.data_type,
    });
    Ok(columns.collect())
}
