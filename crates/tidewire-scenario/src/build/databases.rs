//! Databases: their settings, and their schema and seed rows run through the store.

use std::sync::Arc;

use tidewire_store::{ConnectionId, Progress, Store, plan};
use tidewire_syntax::ast::sql::{
    ColumnConstraintKind, CreateTable, Insert, InsertSource, IsolationLevel, References, Statement,
    TableConstraintKind,
};
use tidewire_syntax::ast::{self, DatabaseMember, ItemKind, Member};
use tidewire_syntax::{Diagnostic, Name, Span, TextEdit};

use super::{Builder, quantities};
use crate::report::from_sql_error;
use crate::{Database, DatabaseId, DatabaseKind, NodeId, NodeKind, defaults, limits};

/// Kinds of databases that the language knows; only the first ones exist so far.
const KINDS: [&str; 7] = [
    "relational",
    "events",
    "document",
    "keyvalue",
    "widecolumn",
    "graph",
    "search",
];
/// How many of them exist.
const READY: usize = 2;

impl Builder<'_> {
    /// Builds all databases.
    pub(super) fn databases(&mut self) {
        let mut rows = 0;
        for (node, kind, block) in self.blocks_with_nodes() {
            if let (NodeKind::Database(id), ItemKind::Database(database)) = (kind, &block.item.kind)
            {
                rows += database.members.iter().map(seed_rows).sum::<usize>();
                limits::count(
                    &mut self.report,
                    "seed rows",
                    database.name.span,
                    rows,
                    limits::SEED_ROWS,
                );
                let is_small = rows <= limits::SEED_ROWS;
                self.build_database(node, id, database, block.item.span, is_small);
            }
        }
    }

    fn build_database(
        &mut self,
        node: NodeId,
        id: DatabaseId,
        database: &ast::Database,
        span: Span,
        is_small: bool,
    ) {
        self.check_kind(
            "database",
            &database.name,
            database.kind.as_ref(),
            (&KINDS, READY),
            span,
        );
        let kind = match &database.kind {
            Some(kind) if kind.key() == "events" => DatabaseKind::Events,
            _ => DatabaseKind::Relational,
        };
        let mut connections = defaults::CONNECTIONS;
        let mut latency = defaults::STATEMENT_LATENCY;
        let mut isolation = IsolationLevel::ReadCommitted;
        for member in &database.members {
            match &member.kind {
                DatabaseMember::Isolation(level) => isolation = *level,
                DatabaseMember::Connections(number) => {
                    connections = limits::within(
                        &mut self.report,
                        "the number of connections",
                        member.span,
                        *number,
                        limits::CONNECTIONS,
                    );
                }
                DatabaseMember::Latency(written) => {
                    latency = quantities::delay(&mut self.report, written);
                }
                DatabaseMember::Statement(_) | DatabaseMember::Without(_) => {}
            }
        }
        let mut initial = Store::new(isolation);
        if kind == DatabaseKind::Events {
            self.check_event_store(database);
            self.fill_generated(&mut initial, super::event_store::SCHEMA);
        } else if is_small && !self.fill(&mut initial, database)
            || !self.saga_table(&mut initial, database)
        {
            self.damaged.insert(id);
        }
        self.program.databases.push(Database {
            node,
            name: database.name.text.clone(),
            kind,
            initial,
            connections,
            latency,
        });
    }

    /// Runs schema and seed rows in order; answers whether all went well.
    fn fill(&mut self, store: &mut Store, database: &ast::Database) -> bool {
        let found = self.report.diagnostics.len();
        let connection = store.connect();
        for member in &database.members {
            if let DatabaseMember::Statement(statement) = &member.kind {
                self.run_member(store, connection, database, statement, member.span);
            }
        }
        store.disconnect(connection);
        store.take_changes();
        store.take_committed();
        self.report.diagnostics.len() == found
    }

    /// Runs statements that the language writes.
    pub(super) fn fill_generated(&mut self, store: &mut Store, text: &str) {
        let (statements, problems) = tidewire_syntax::parse_statements(text);
        debug_assert!(problems.is_empty(), "{text}: {problems:?}");
        let connection = store.connect();
        for statement in &statements {
            self.run(store, connection, statement, Span::default());
        }
        store.disconnect(connection);
        store.take_changes();
        store.take_committed();
    }

    /// Adds a table that the language needs, unless it is there.
    pub(super) fn add_table(&mut self, database: DatabaseId, table: &str, text: &str) {
        let initial = &self.program.databases[database.index()].initial;
        if initial.catalog().table(table).is_some() {
            return;
        }
        let mut store = initial.clone();
        self.fill_generated(&mut store, text);
        self.program.databases[database.index()].initial = store;
    }

    fn run_member(
        &mut self,
        store: &mut Store,
        connection: ConnectionId,
        database: &ast::Database,
        statement: &Statement,
        span: Span,
    ) {
        match statement {
            Statement::CreateTable(table) => {
                if let Some(prefix) = &table.name.database {
                    self.refuse_prefix(prefix, &table.name.table);
                } else if !self.points_abroad(database, table) {
                    self.run(store, connection, statement, span);
                }
            }
            Statement::Sequence(_) => self.run(store, connection, statement, span),
            Statement::Insert(insert) => match &insert.table.database {
                Some(prefix) => self.refuse_prefix(prefix, &insert.table.table),
                None => self.run(store, connection, statement, span),
            },
            Statement::CreateIndex(index) => match &index.table.database {
                Some(prefix) => self.refuse_prefix(prefix, &index.table.table),
                None => self.run(store, connection, statement, span),
            },
            Statement::AlterTable(_)
            | Statement::DropTable(_)
            | Statement::Truncate(_)
            | Statement::DropIndex(_) => self.report.error(
                "misplaced",
                span,
                "a database block describes how the run begins",
                "change the CREATE itself; a change during the run is a fault: fault migrate db at 1s { … }",
            ),
            _ => self.report.error(
                "misplaced",
                span,
                "a database block holds CREATE TABLE, CREATE INDEX and INSERT only",
                "move the statement into a handler of a service",
            ),
        }
    }

    fn run(&mut self, store: &mut Store, connection: ConnectionId, tree: &Statement, span: Span) {
        let plan = match plan(tree, store.catalog(), &()) {
            Ok(plan) => Arc::new(plan),
            Err(error) => return self.report.plan_error(&error),
        };
        match store.execute(connection, &plan, &[], 0) {
            Progress::Done(_) => {}
            Progress::Failed(error) => self.report.push(from_sql_error(&error, span)),
            Progress::Blocked => {
                store.disconnect(connection);
            }
        }
    }

    /// Refuses `db.table` where a statement runs inside one database anyway.
    pub(super) fn refuse_prefix(&mut self, prefix: &Name, table: &Name) {
        let removal = TextEdit {
            span: Span::new(prefix.span.start, table.span.start),
            text: String::new(),
        };
        let message =
            format!("a statement runs inside one database, so {prefix} does not go before {table}");
        self.report.push(
            Diagnostic::error("qualified-table", prefix.span.to(table.span), message)
                .hint(format!(
                    "write {table} alone; only invariants look into several databases"
                ))
                .fix(format!("Remove {prefix}."), vec![removal]),
        );
    }

    /// Refuses foreign keys into other databases; answers whether there were any.
    fn points_abroad(&mut self, database: &ast::Database, table: &CreateTable) -> bool {
        let mut is_abroad = false;
        for references in foreign_keys(table) {
            let target = &references.table.table;
            let is_here = tables(database).any(|name| name.key() == target.key());
            let Some(other) = self.other_with(&database.name, target).filter(|_| !is_here) else {
                continue;
            };
            is_abroad = true;
            self.report.error(
                "foreign-table",
                references.table.span,
                format!(
                    "a foreign key cannot point out of its database: {target} lives in {other}, {} in {}",
                    table.name.table, database.name
                ),
                format!(
                    "keep the id without REFERENCES; whether the {target} row exists is then known to the \
                     owner of {other} only: call it, or follow its events"
                ),
            );
        }
        is_abroad
    }

    /// Another database whose block creates this table.
    fn other_with(&self, here: &Name, table: &Name) -> Option<Name> {
        self.blocks.iter().find_map(|block| match &block.item.kind {
            ItemKind::Database(other)
                if other.name.key() != here.key()
                    && tables(other).any(|name| name.key() == table.key()) =>
            {
                Some(other.name.clone())
            }
            _ => None,
        })
    }
}

/// Tables that a database's block creates.
fn tables(database: &ast::Database) -> impl Iterator<Item = &Name> {
    database
        .members
        .iter()
        .filter_map(|member| match &member.kind {
            DatabaseMember::Statement(Statement::CreateTable(table)) => Some(&table.name.table),
            _ => None,
        })
}

fn foreign_keys(table: &CreateTable) -> impl Iterator<Item = &References> {
    let of_columns = table
        .columns
        .iter()
        .flat_map(|column| &column.constraints)
        .filter_map(|constraint| match &constraint.kind {
            ColumnConstraintKind::References(references) => Some(references),
            _ => None,
        });
    let of_table = table
        .constraints
        .iter()
        .filter_map(|constraint| match &constraint.kind {
            TableConstraintKind::ForeignKey(_, references) => Some(references),
            _ => None,
        });
    of_columns.chain(of_table)
}

fn seed_rows(member: &Member<DatabaseMember>) -> usize {
    match &member.kind {
        DatabaseMember::Statement(Statement::Insert(Insert {
            source: InsertSource::Values(rows),
            ..
        })) => rows.len(),
        _ => 0,
    }
}
