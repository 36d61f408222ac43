//! Event stores: a database whose one table of events is only ever appended to.
//!
//! What is KurrentDB's (EventStoreDB's) `$all` stream is the table `events` here, so that invariants read it as any
//! other. Appending and reading a stream are statements on it that the language writes (`handler::stream`,
//! `handler::fold`), each committed by itself; so positions are in the order of the commits.

use tidewire_syntax::ast::sql::Statement;
use tidewire_syntax::ast::{self, DatabaseMember};
use tidewire_syntax::{Diagnostic, Span};

use super::Builder;
use crate::{DatabaseId, DatabaseKind};

/// The tables of every event store. Positions count from 0 over the whole store, versions from 1 in each stream.
pub(super) const SCHEMA: &str = "
    create table events (
      position bigint primary key,
      stream text not null,
      version int not null,
      event text not null,
      data jsonb not null,
      event_id text unique,
      at timestamp not null,
      unique (stream, version)
    );
    create table snapshots (
      stream text not null,
      fold text not null,
      version int not null,
      state jsonb not null,
      primary key (stream, fold)
    );";

impl Builder<'_> {
    /// Whether a database keeps streams of events.
    pub(super) fn is_event_store(&self, database: DatabaseId) -> bool {
        self.program.databases[database.index()].kind == DatabaseKind::Events
    }

    /// Refuses what an event store does not have.
    pub(super) fn check_event_store(&mut self, database: &ast::Database) {
        for member in &database.members {
            let (what, hint) = match &member.kind {
                DatabaseMember::Statement(_) => (
                    "has no tables of its own making: its streams begin with the first append",
                    "take the statement out; services append to it, and a projection keeps tables elsewhere",
                ),
                DatabaseMember::Isolation(_) => (
                    "has no isolation levels: each append commits by itself",
                    "take the setting out; append … expecting :version guards a decision",
                ),
                _ => continue,
            };
            let message = format!("the event store {} {what}", database.name);
            self.report.error("event-store", member.span, message, hint);
        }
    }

    /// Refuses a statement that is no append and no query.
    pub(super) fn refuse_change(&mut self, database: DatabaseId, tree: &Statement, span: Span) {
        let name = self.database_name(database);
        let (message, hint) = match tree {
            Statement::Update(_) | Statement::Delete(_) => (
                format!(
                    "the event store {name} changes nothing that was written: events are what happened"
                ),
                "append an event that corrects the earlier one, as a bookkeeper does",
            ),
            Statement::Insert(_) => (
                format!("rows of the event store {name} come from append only"),
                "write append Event(…) to stream … expecting …",
            ),
            _ => (
                format!(
                    "the event store {name} has no transactions: an append to one stream is its unit"
                ),
                "write the events of one decision in one append: append A(…), B(…) to stream …",
            ),
        };
        self.report
            .push(Diagnostic::error("event-store", span, message).hint(hint));
    }
}
