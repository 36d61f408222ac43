//! Queries within expressions: as a value, in EXISTS and IN. Results that hold for the whole statement are kept.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use crate::expression::Frame;
use crate::index::IndexKey;
use crate::query::{Flow, Query, Run};
use crate::{Row, SqlError, Value};

/// The result of a query that does not depend on those around it.
pub(crate) enum Cached {
    Exists(bool),
    Value(Value),
    Set {
        keys: FxHashSet<IndexKey>,
        rows: usize,
        null: bool,
    },
}

impl Query {
    /// EXISTS
    pub(crate) fn exists(&self, frame: &Frame<'_>) -> Result<bool, SqlError> {
        if let Some(cached) = self.cached(frame.run)
            && let Cached::Exists(found) = *cached
        {
            return Ok(found);
        }
        let mut found = false;
        if self.grouping.is_none() && self.limit.is_none() && self.offset.is_none() {
            self.join(Some(frame), frame.run, &mut |_, _| {
                found = true;
                Ok(Flow::Break(()))
            })?;
        } else {
            found = !self.rows(Some(frame), frame.run)?.is_empty();
        }
        self.cache(frame.run, || Cached::Exists(found));
        Ok(found)
    }

    /// A subquery as a value: null without rows, 21000 with several.
    pub(crate) fn single_value(&self, frame: &Frame<'_>) -> Result<Value, SqlError> {
        if let Some(cached) = self.cached(frame.run)
            && let Cached::Value(value) = &*cached
        {
            return Ok(value.clone());
        }
        let rows = self.rows(Some(frame), frame.run)?;
        if rows.len() > 1 {
            return Err(SqlError::new(
                b"21000",
                "more than one row returned by a subquery used as an expression",
            ));
        }
        let value = rows
            .first()
            .and_then(|row| row.first())
            .cloned()
            .unwrap_or_default();
        self.cache(frame.run, || Cached::Value(value.clone()));
        Ok(value)
    }

    /// The only row of a subquery: none without rows, 21000 with several.
    pub(crate) fn single_row(&self, frame: &Frame<'_>) -> Result<Option<Row>, SqlError> {
        let rows = self.kept(Some(frame), frame.run)?;
        if rows.len() > 1 {
            return Err(SqlError::new(
                b"21000",
                "more than one row returned by a subquery used as an expression",
            ));
        }
        Ok(rows.first().cloned())
    }

    /// IN: `None` when unknown.
    pub(crate) fn contains(
        &self,
        value: &Value,
        frame: &Frame<'_>,
    ) -> Result<Option<bool>, SqlError> {
        if let Some(cached) = self.cached(frame.run) {
            return Ok(in_set(&cached, value));
        }
        let rows = self.rows(Some(frame), frame.run)?;
        let keys: FxHashSet<IndexKey> = rows
            .iter()
            .filter_map(|row| IndexKey::of(std::iter::once(row.first())))
            .collect();
        let null = rows
            .iter()
            .any(|row| row.first().is_none_or(Value::is_null));
        let set = Cached::Set {
            keys,
            rows: rows.len(),
            null,
        };
        let found = in_set(&set, value);
        self.cache(frame.run, || set);
        Ok(found)
    }

    fn cached(&self, run: &Run<'_>) -> Option<Rc<Cached>> {
        if self.correlated {
            return None;
        }
        run.kept_result(self.id)
    }

    fn cache(&self, run: &Run<'_>, result: impl FnOnce() -> Cached) {
        if !self.correlated {
            run.keep_result(self.id, result());
        }
    }
}

fn in_set(set: &Cached, value: &Value) -> Option<bool> {
    let Cached::Set { keys, rows, null } = set else {
        return None;
    };
    if *rows == 0 {
        return Some(false);
    }
    let key = IndexKey::of(std::iter::once(Some(value)))?;
    match keys.contains(&key) {
        true => Some(true),
        false if *null => None,
        false => Some(false),
    }
}
