//! Rows that are not stored: queries in FROM, VALUES, functions, what other parts of the statement answered.

use std::rc::Rc;

use crate::expression::Frame;
use crate::lookup::Candidate;
use crate::query::{Flow, Query, Run, project};
use crate::query_plan::Derived;
use crate::{Row, RowId, SqlError};

impl Derived {
    /// Visits the rows, numbered in order.
    pub(crate) fn visit(
        &self,
        frame: &Frame<'_>,
        visitor: &mut Candidate<'_>,
    ) -> Result<Flow, SqlError> {
        let run = frame.run;
        match self {
            Derived::Query(query, up) => each(&query.kept(frame.up(*up), run)?, run, visitor),
            Derived::Values(rows) => {
                for (at, row) in rows.iter().enumerate() {
                    run.spend()?;
                    let row = project(row, frame)?;
                    if visitor(RowId(at as u32), &row, false)?.is_break() {
                        return Ok(Flow::Break(()));
                    }
                }
                Ok(Flow::Continue(()))
            }
            Derived::Set(set) => each(&set.rows(frame)?, run, visitor),
            Derived::Function(scan) => scan.visit(frame, visitor),
            Derived::Part(at) => match run.results.get(*at) {
                Some(rows) => each(rows, run, visitor),
                None => Ok(Flow::Continue(())),
            },
            Derived::Recursive(plan, up) => each(&plan.kept(frame.up(*up), run)?, run, visitor),
            Derived::Working(id) => {
                let rows = run.kept_rows(*id);
                each(&rows.unwrap_or_default(), run, visitor)
            }
        }
    }
}

fn each(rows: &[Row], run: &Run<'_>, visitor: &mut Candidate<'_>) -> Result<Flow, SqlError> {
    for (at, row) in rows.iter().enumerate() {
        run.spend()?;
        if visitor(RowId(at as u32), row, false)?.is_break() {
            return Ok(Flow::Break(()));
        }
    }
    Ok(Flow::Continue(()))
}

impl Query {
    /// All rows, kept for the statement unless they depend on a query around this one.
    pub(crate) fn kept(
        &self,
        outer: Option<&Frame<'_>>,
        run: &Run<'_>,
    ) -> Result<Rc<Vec<Row>>, SqlError> {
        if !self.correlated
            && let Some(rows) = run.kept_rows(self.id)
        {
            return Ok(rows);
        }
        let rows = Rc::new(self.rows(outer, run)?);
        if !self.correlated {
            run.keep_rows(self.id, rows.clone());
        }
        Ok(rows)
    }
}
