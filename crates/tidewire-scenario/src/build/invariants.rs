//! Invariants: each table is looked for in the database that is named, else in the only one that has it.
//!
//! An invariant stands in the common part and must be judged in every design, and designs differ in which
//! database holds a table. So `stock_db.reservations` means the table of `stock_db`; where a design has no such
//! database, or it has no such table, the one database of the design with a table of that name.

use std::collections::BTreeSet;

use tidewire_store::{AcrossQuery, Catalog};
use tidewire_syntax::ast::sql::{Expression, Query, TableName};
use tidewire_syntax::ast::{self, ItemKind};
use tidewire_syntax::{Name, Span};

use super::{Builder, quantities, unknown_anywhere};
use crate::report::{Report, list, unknown};
use crate::walk::{self, Visitor};
use crate::{Database, DatabaseId, Invariant, InvariantMode, limits};

impl Builder<'_> {
    /// Builds all invariants.
    pub(super) fn invariants(&mut self) {
        let mut number = 0;
        for block in self.blocks {
            if let ItemKind::Invariant(invariant) = &block.item.kind {
                number += 1;
                limits::count(
                    &mut self.report,
                    "invariants",
                    invariant.sentence.span,
                    number,
                    limits::INVARIANTS,
                );
                self.invariant(invariant, block.item.span);
            }
        }
    }

    fn invariant(&mut self, written: &ast::Invariant, span: Span) {
        let mode = match written.mode {
            ast::InvariantMode::Always => InvariantMode::Always,
            ast::InvariantMode::Finally => InvariantMode::Finally,
            ast::InvariantMode::Within(limit) => InvariantMode::Within(quantities::period(
                &mut self.report,
                "the time limit",
                limit,
            )),
        };
        if let Some((query, databases)) = self.across(&written.query) {
            self.program.invariants.push(Invariant {
                sentence: written.sentence.value.as_str().into(),
                mode,
                query,
                databases,
                span,
            });
        }
    }

    /// A query over all databases, and these in the order in which it numbers them.
    pub(super) fn across(&mut self, written: &Query) -> Option<(AcrossQuery, Vec<DatabaseId>)> {
        let mut query = written.clone();
        let mut finder = Finder {
            databases: &self.program.databases,
            all_nodes: self.all_nodes,
            report: &mut self.report,
            is_damaged: !self.damaged.is_empty(),
            used: Vec::new(),
            failed: false,
        };
        walk::query(&mut query, &mut finder);
        let (used, failed) = (finder.used, finder.failed);
        if failed {
            return None;
        }
        let stores: Vec<(&str, &Catalog)> = used
            .iter()
            .map(|id| &self.program.databases[id.index()])
            .map(|database| (&*database.name, database.initial.catalog()))
            .collect();
        match AcrossQuery::plan(&query, &stores) {
            Ok(query) => Some((query, used)),
            Err(error) => {
                self.report.plan_error(&error);
                None
            }
        }
    }
}

/// Finds the tables of an invariant and writes down where they are.
struct Finder<'b> {
    databases: &'b [Database],
    all_nodes: &'b BTreeSet<String>,
    report: &'b mut Report,
    is_damaged: bool,
    used: Vec<DatabaseId>,
    failed: bool,
}

impl Finder<'_> {
    fn has(&self, database: &Database, table: &Name) -> bool {
        database.initial.catalog().table(table.as_str()).is_some()
    }

    /// The database named in front of the table, if it has the table.
    fn named(&self, table: &TableName) -> Option<usize> {
        let name = table.database.as_ref()?;
        self.databases.iter().position(|database| {
            database.name.eq_ignore_ascii_case(name.as_str()) && self.has(database, &table.table)
        })
    }

    fn complain(&mut self, table: &TableName, holders: &[usize]) {
        self.failed = true;
        if self.is_damaged && holders.is_empty() {
            return; // its table may be the one that did not compile
        }
        if holders.is_empty() {
            let tables: Vec<&str> = self
                .databases
                .iter()
                .flat_map(|database| database.initial.catalog().tables())
                .map(|table| &*table.name)
                .collect();
            let finding = unknown("unknown-table", "table", &table.table, "", tables);
            self.report.push(finding);
            return;
        }
        let names: Vec<&str> = holders
            .iter()
            .map(|at| &*self.databases[*at].name)
            .collect();
        let message = format!("{} is a table of {}", table.table, list(&names, ""));
        let hint = format!("say which one: {}.{}", names[0], table.table);
        self.report
            .error("ambiguous-table", table.span, message, hint);
    }
}

impl Visitor for Finder<'_> {
    fn table(&mut self, table: &mut TableName) {
        if let Some(name) = &table.database
            && !self.all_nodes.contains(&name.key())
        {
            let finding = unknown_anywhere("database in any design", name, self.all_nodes);
            self.report.push(finding);
        }
        let found = self.named(table).or_else(|| {
            let mut holders =
                (0..self.databases.len()).filter(|at| self.has(&self.databases[*at], &table.table));
            let first = holders.next();
            first.filter(|_| holders.next().is_none())
        });
        let Some(at) = found else {
            let holders: Vec<usize> = (0..self.databases.len())
                .filter(|at| self.has(&self.databases[*at], &table.table))
                .collect();
            return self.complain(table, &holders);
        };
        let place = table
            .database
            .as_ref()
            .map_or(table.table.span, |name| name.span);
        table.database = Some(Name::new(self.databases[at].name.clone(), place));
        let id = DatabaseId(at as u32);
        if !self.used.contains(&id) {
            self.used.push(id);
        }
    }

    fn expression(&mut self, expression: &mut Expression) {
        if let tidewire_syntax::ast::sql::ExpressionKind::Parameter { name, .. } = &expression.kind
        {
            self.failed = true;
            self.report.error(
                "unknown-value",
                expression.span,
                format!("a query over all databases knows no :{name}"),
                "it reads tables only, at one instant; compare columns with each other",
            );
        }
    }
}
