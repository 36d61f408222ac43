//! Statements that read and write rows: planned against the database they go to, their columns bound.

use std::sync::Arc;

use tidewire_store::{Type, plan};
use tidewire_syntax::ast::sql::Statement as Tree;
use tidewire_syntax::{Diagnostic, Name, Span};

use super::super::Builder;
use super::frame::Frame;
use super::words;
use crate::{DatabaseId, HandlerTrigger, Instruction, Statement, StatementId};

/// Names and types of the columns that a statement answers.
pub(super) type Columns = Vec<(Arc<str>, Type)>;

impl Frame<'_, '_> {
    /// Plans a statement and adds it to the program; `None` after an error was reported.
    pub(super) fn data_statement(
        &mut self,
        mut tree: Tree,
        named: Option<&Name>,
        span: Span,
    ) -> Option<(StatementId, Columns)> {
        self.check_read_only(&tree, span);
        let mentions = self.prepare_statement(&mut tree);
        let database = self.route(&mentions.tables, named, span);
        let (Some(database), false) = (database, mentions.has_failed) else {
            self.is_poisoned = true;
            return None;
        };
        self.warn_outside_transaction(database, span);
        let catalog = self.builder.program.databases[database.index()]
            .initial
            .catalog();
        match plan(&tree, catalog, &mentions.scope) {
            Ok(plan) => {
                let columns = plan
                    .columns()
                    .iter()
                    .map(|column| (column.name.clone(), column.data_type))
                    .collect();
                let id = self.builder.add_statement(Statement {
                    database,
                    tree,
                    scope: mentions.scope,
                    plan: Arc::new(plan),
                    outputs: Vec::new(),
                    text: words(span.text(self.builder.source)),
                    span,
                });
                Some((id, columns))
            }
            Err(error) => {
                self.fail(crate::report::from_plan_error(&error));
                None
            }
        }
    }

    /// Binds columns as `:column`, or as `:row.column` when a row is named.
    pub(super) fn bind_columns(
        &mut self,
        columns: &Columns,
        row: Option<&Name>,
        span: Span,
    ) -> Vec<crate::SlotId> {
        columns
            .iter()
            .map(|(column, data_type)| match row {
                Some(row) => {
                    let field = Some(column.clone());
                    self.bind(row.text.clone(), field, Some(*data_type), row.span)
                }
                None => self.bind(column.clone(), None, Some(*data_type), span),
            })
            .collect()
    }

    /// Emits a planned statement whose row goes to these slots.
    pub(super) fn send(&mut self, id: StatementId, outputs: Vec<crate::SlotId>, span: Span) {
        self.builder.program.statements[id.index()].outputs = outputs;
        self.emit(Instruction::Statement(id), span);
    }

    fn check_read_only(&mut self, tree: &Tree, span: Span) {
        let writes = matches!(tree, Tree::Insert(_) | Tree::Update(_) | Tree::Delete(_));
        if writes && self.trigger == (HandlerTrigger::Command { read_only: true }) {
            self.builder.report.push(
                Diagnostic::error("query-writes", span, "a query promises to write nothing")
                    .hint("write command instead of query, or move the change into a command"),
            );
        }
    }

    /// Refuses a change of what only ever grows.
    pub(super) fn check_kind_of(&mut self, id: StatementId, tree: &Tree, span: Span) {
        let database = self.builder.program.statements[id.index()].database;
        if self.builder.is_event_store(database) && !matches!(tree, Tree::Query(_)) {
            self.builder.refuse_change(database, tree, span);
        }
    }

    /// A statement elsewhere while a transaction is open is not part of it.
    pub(super) fn warn_outside_transaction(&mut self, database: DatabaseId, span: Span) {
        if self.flow.open.is_empty() || self.flow.open.contains(&database) {
            return;
        }
        let here = self.builder.database_name(database).to_owned();
        let open = self.open_names();
        self.builder.report.push(
            Diagnostic::warning(
                "outside-transaction",
                span,
                format!("this goes to {here} and is not part of the transaction on {open}"),
            )
            .hint(
                "a transaction covers one database: if one of the two fails, the other stays done",
            ),
        );
    }
}

impl Builder<'_> {
    pub(super) fn add_statement(&mut self, statement: Statement) -> StatementId {
        let id = StatementId(self.program.statements.len() as u32);
        self.program.statements.push(statement);
        id
    }
}
