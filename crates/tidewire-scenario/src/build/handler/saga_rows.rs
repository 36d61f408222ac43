//! The statements that keep a saga's row, as text: they are what a reader sees in the run.

use tidewire_store::Type;
use tidewire_syntax::Name;
use tidewire_syntax::ast::Saga;

use super::super::sagas::TABLE;
use super::frame::Frame;
use super::saga::Value;
use crate::DatabaseId;

/// Writes the statements of one saga.
pub(super) struct Rows {
    pub(super) database: Name,
    /// Stands for the row: `:saga.id`.
    pub(super) row: Name,
    saga: String,
}

impl Rows {
    pub(super) fn of(frame: &Frame<'_, '_>, saga: &Saga, database: DatabaseId) -> Self {
        let name = frame.builder.database_name(database);
        Self {
            database: Name::new(name, saga.state.span),
            row: Name::new("saga", saga.name.span),
            saga: literal(saga.name.as_str()),
        }
    }

    /// A new row, before anything is done.
    pub(super) fn insert(&self, status: &str, step: &str, values: &[Value]) -> String {
        format!(
            "insert into {TABLE} (saga, status, step, data, started_at) values ({}, '{status}', {}, {}, :now) returning id",
            self.saga,
            literal(step),
            object(values),
        )
    }

    /// How far the saga is, with what its steps have bound.
    pub(super) fn update(
        &self,
        status: &str,
        step: Option<&Name>,
        values: &[Value],
        failure: Option<&Name>,
    ) -> String {
        let step = step.map_or("null".to_owned(), |step| literal(step.as_str()));
        let mut changes = format!("status = '{status}', step = {step}");
        if !values.is_empty() {
            changes += &format!(", data = data || {}", object(values));
        }
        self.change(changes, failure)
    }

    /// How the saga stands, at the same step.
    pub(super) fn status(&self, status: &str, failure: Option<&Name>) -> String {
        self.change(format!("status = '{status}'"), failure)
    }

    fn change(&self, mut changes: String, failure: Option<&Name>) -> String {
        if let Some(failure) = failure {
            changes += &format!(", failure = :{failure}");
        }
        format!("update {TABLE} set {changes} where id = :saga.id")
    }

    /// Rows that nobody works on: a process that has just begun asks.
    pub(super) fn unfinished(&self, statuses: &[&str], begun: &Name) -> String {
        format!(
            "select id from {TABLE} where saga = {} and status in ('{}') and started_at < :{begun} order by id",
            self.saga,
            statuses.join("', '"),
        )
    }

    /// Status, step and all values of one row.
    pub(super) fn select(&self, values: &[Value]) -> String {
        let values = values.iter().map(|value| {
            let key = literal(&value.name);
            match value.data_type {
                Some(data_type @ (Type::Json | Type::Jsonb)) => {
                    format!(", cast(data -> {key} as {data_type})")
                }
                data_type => {
                    let data_type = data_type.unwrap_or(Type::Text);
                    format!(", cast(data ->> {key} as {data_type})")
                }
            }
        });
        let values: String = values.collect();
        format!("select status, step{values} from {TABLE} where id = :saga.id")
    }
}

/// `jsonb_build_object('a', :a, …)`
fn object(values: &[Value]) -> String {
    let pairs = values.iter().map(|value| {
        let (key, name) = (literal(&value.name), &value.name);
        match value.data_type {
            Some(_) => format!("{key}, :{name}"),
            None => format!("{key}, cast(:{name} as text)"),
        }
    });
    let pairs: Vec<String> = pairs.collect();
    format!("jsonb_build_object({})", pairs.join(", "))
}

/// A text as SQL writes it.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
