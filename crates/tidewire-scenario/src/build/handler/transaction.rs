//! Transactions of a handler: where `begin` goes, what is open, and what should not happen meanwhile.

use std::sync::Arc;

use tidewire_store::plan;
use tidewire_syntax::ast::sql::{SessionStatement, Statement as Tree, TableName};
use tidewire_syntax::ast::{Step, StepKind};
use tidewire_syntax::{Diagnostic, Name, Span};

use super::frame::{Flow, Frame};
use super::words;
use crate::outline::each_step;
use crate::report::list;
use crate::walk::{self, Visitor};
use crate::{DatabaseId, Instruction, Scope, Statement, StatementId};

impl Frame<'_, '_> {
    /// `begin` to `release`, and statements about the session. `rest` are the steps behind it.
    pub(super) fn control(&mut self, tree: &Tree, named: Option<&Name>, span: Span, rest: &[Step]) {
        if let Tree::Session(
            SessionStatement::Prepare(_)
            | SessionStatement::Execute(_)
            | SessionStatement::Deallocate(_),
        ) = tree
        {
            self.builder.report.error(
                "not-supported",
                span,
                "a service does not prepare its statements",
                "write the statement where it is carried out; its values are :names",
            );
            return;
        }
        let outside = matches!(tree, Tree::Session(_)) && self.flow.open.is_empty();
        let database = match tree {
            Tree::Begin(_) => self.begin_at(named, span, rest),
            _ if outside => self.begin_at(named, span, rest),
            _ => self.open_at(named, span),
        };
        let Some(database) = database else {
            self.is_poisoned = true;
            return;
        };
        if self.builder.is_event_store(database)
            && matches!(tree, Tree::Begin(_) | Tree::Session(_))
        {
            self.builder.refuse_change(database, tree, span);
        }
        match tree {
            Tree::Begin(_) => self.open(database, span),
            Tree::Commit { chain: false }
            | Tree::Rollback { chain: false }
            | Tree::Session(SessionStatement::PrepareTransaction(_)) => {
                self.flow.open.remove(&database);
                self.ended.insert(database);
            }
            _ => {}
        }
        self.emit_control(tree, database, span);
    }

    fn open(&mut self, database: DatabaseId, span: Span) {
        if self.flow.open.insert(database) {
            return;
        }
        let name = self.builder.database_name(database);
        let message = format!("a transaction on {name} is open already");
        self.builder.report.error(
            "transaction-open",
            span,
            message,
            "commit or rollback first; for a part that may fail alone write savepoint s",
        );
    }

    fn emit_control(&mut self, tree: &Tree, database: DatabaseId, span: Span) {
        let text = words(span.text(self.builder.source)).to_string();
        self.control_statement(tree, database, text, span);
    }

    /// Emits a statement about transactions or the session.
    pub(super) fn control_statement(
        &mut self,
        tree: &Tree,
        database: DatabaseId,
        text: String,
        span: Span,
    ) {
        let catalog = self.builder.program.databases[database.index()]
            .initial
            .catalog();
        let plan = match plan(tree, catalog, &()) {
            Ok(plan) => Arc::new(plan),
            Err(error) => return self.builder.report.plan_error(&error),
        };
        let id = StatementId(self.builder.program.statements.len() as u32);
        self.builder.program.statements.push(Statement {
            database,
            tree: tree.clone(),
            scope: Scope::default(),
            plan,
            outputs: Vec::new(),
            text: text.into(),
            span,
        });
        self.emit(Instruction::Statement(id), span);
    }

    /// The database of `begin`: the one named, the only one, or the one that the statements behind it use.
    fn begin_at(&mut self, named: Option<&Name>, span: Span, rest: &[Step]) -> Option<DatabaseId> {
        let service = self.service;
        let reach: Vec<DatabaseId> = service.map_or(Vec::new(), |service| {
            let service = &self.builder.program.services[service.index()];
            service.owns.iter().chain(&service.uses).copied().collect()
        });
        let used = if named.is_none() && reach.len() > 1 {
            self.used_behind(&reach, rest)
        } else {
            None
        };
        // Clients, services without database, wrong names and undecided cases: the same words as for a statement.
        used.or_else(|| self.route(&[], named, span))
    }

    /// The database of the first statement behind `begin` that only one of them can run.
    fn used_behind(&self, reach: &[DatabaseId], rest: &[Step]) -> Option<DatabaseId> {
        let mut used = None;
        each_step(rest, &mut |step| {
            let mut tables = Tables::default();
            match &step.kind {
                StepKind::Sql { statement, .. } => {
                    walk::statement(&mut statement.clone(), &mut tables)
                }
                StepKind::ForEach { query, .. } => walk::query(&mut query.clone(), &mut tables),
                _ => return,
            }
            let mut candidates = reach.iter().copied().filter(|id| {
                let catalog = self.builder.program.databases[id.index()].initial.catalog();
                let has = |table: &TableName| catalog.table(table.table.as_str()).is_some();
                !tables.0.is_empty() && tables.0.iter().all(has)
            });
            let first = candidates.next();
            if used.is_none() && candidates.next().is_none() {
                used = first;
            }
        });
        used
    }

    /// The database of `commit` and its kin: the one named, or the only one with an open transaction.
    fn open_at(&mut self, named: Option<&Name>, span: Span) -> Option<DatabaseId> {
        if let Some(name) = named {
            let database = self.builder.database(name)?;
            if self.flow.open.contains(&database) {
                return Some(database);
            }
            let message = format!("no transaction on {name} is open here");
            self.no_transaction(message, span);
            return None;
        }
        let mut open = self.flow.open.iter().copied();
        match (open.next(), open.next()) {
            (Some(only), None) => Some(only),
            (None, _) => {
                if !self.is_poisoned && !self.flow.has_ended {
                    self.no_transaction("no transaction is open here".to_owned(), span);
                }
                None
            }
            (Some(first), Some(_)) => {
                let first = self.builder.database_name(first);
                let hint = format!("say which one: … in {first}");
                let message = format!("transactions on {} are open", self.open_names());
                self.builder
                    .report
                    .error("ambiguous-table", span, message, hint);
                None
            }
        }
    }

    fn no_transaction(&mut self, message: String, span: Span) {
        self.builder.report.error(
            "no-transaction",
            span,
            message,
            "write begin first; outside a transaction every statement commits by itself",
        );
    }

    /// Names of the databases with an open transaction.
    pub(super) fn open_names(&self) -> String {
        let names: Vec<&str> = self
            .flow
            .open
            .iter()
            .map(|id| self.builder.database_name(*id))
            .collect();
        list(&names, "")
    }

    /// Puts two ways together that lead to the same place: they must agree on what is open.
    pub(super) fn join(&mut self, other: Flow, span: Span) {
        if other.has_ended {
            return;
        }
        if self.flow.has_ended {
            self.flow = other;
            return;
        }
        if self.flow.open == other.open {
            return;
        }
        let different: Vec<&str> = self
            .flow
            .open
            .symmetric_difference(&other.open)
            .map(|id| self.builder.database_name(*id))
            .collect();
        let message = format!(
            "behind this, the transaction on {} is open or not, depending on the way taken",
            list(&different, "")
        );
        self.builder.report.error(
            "transaction-branch",
            span,
            message,
            "begin and end a transaction in the same block",
        );
        self.flow.open.extend(other.open);
    }

    /// Warns about a transaction that nobody ends.
    pub(super) fn check_left_open(&mut self) {
        if self.flow.has_ended || self.flow.open.is_empty() {
            return;
        }
        let span = self.builder.signatures[self.id.index()].span;
        let message = format!(
            "the transaction on {} is still open at the end, and is rolled back there",
            self.open_names()
        );
        self.builder
            .report
            .warning("transaction-left-open", span, message, "write commit");
    }

    /// Warns about an effect that a rollback would not undo, or a pause that keeps locks.
    pub(super) fn warn_in_transaction(&mut self, warning: impl FnOnce(&str) -> Diagnostic) {
        if !self.flow.open.is_empty() && !self.flow.has_ended {
            let warning = warning(&self.open_names());
            self.builder.report.push(warning);
        }
    }
}

/// Collects tables.
#[derive(Default)]
struct Tables(Vec<TableName>);

impl Visitor for Tables {
    fn table(&mut self, table: &mut TableName) {
        self.0.push(table.clone());
    }
}
