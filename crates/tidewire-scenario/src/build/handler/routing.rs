//! Which database a statement goes to, and why a statement that reaches across databases cannot.
//!
//! A statement runs inside one database: the one, among those that its service owns or uses, that has its
//! tables. These refusals are the lesson of *database per service*, so each says who has the data and what
//! one does instead.

use tidewire_syntax::ast::sql::TableName;
use tidewire_syntax::{Diagnostic, Name, Span, TextEdit};

use super::super::Builder;
use super::frame::Frame;
use crate::report::{list, unknown};
use crate::{DatabaseId, ServiceId};

/// Where a table can be found.
struct Found<'t> {
    table: &'t TableName,
    /// Databases with it that the service reaches.
    near: Vec<DatabaseId>,
    /// Databases with it that it does not reach.
    far: Vec<DatabaseId>,
}

impl Found<'_> {
    fn is_in(&self, database: DatabaseId) -> bool {
        self.near.contains(&database)
    }

    /// The database that a reader thinks of.
    fn home(&self) -> Option<DatabaseId> {
        self.near.first().or(self.far.first()).copied()
    }
}

impl Frame<'_, '_> {
    /// The database of a statement; `None` after saying why there is none.
    pub(super) fn route(
        &mut self,
        tables: &[TableName],
        named: Option<&Name>,
        span: Span,
    ) -> Option<DatabaseId> {
        let Some(service) = self.service else {
            self.builder.report.error(
                "client-sql",
                span,
                "a client has no database",
                "call a service: it keeps the rules of its data",
            );
            return None;
        };
        if !self.check_prefixes(tables) {
            return None;
        }
        let reach = self.reach(service, span)?;
        let found: Vec<Found<'_>> = tables
            .iter()
            .map(|table| self.locate(table, &reach))
            .collect();
        let candidates: Vec<DatabaseId> = reach
            .iter()
            .copied()
            .filter(|database| found.iter().all(|found| found.is_in(*database)))
            .collect();
        if let Some(name) = named {
            return self.route_named(name, &reach, &candidates, &found);
        }
        match candidates.as_slice() {
            [only] => Some(*only),
            [] => {
                self.refuse(service, &reach, &found, span);
                None
            }
            several => {
                self.ambiguous(several, tables.first(), span);
                None
            }
        }
    }

    fn reach(&mut self, service: ServiceId, span: Span) -> Option<Vec<DatabaseId>> {
        let service = &self.builder.program.services[service.index()];
        let reach: Vec<DatabaseId> = service.owns.iter().chain(&service.uses).copied().collect();
        if reach.is_empty() {
            let message = format!("{} has no database", service.name);
            let hint = format!("write service {} owns some_db {{ … }}", service.name);
            self.builder
                .report
                .error("no-database", span, message, hint);
            return None;
        }
        Some(reach)
    }

    fn locate<'t>(&self, table: &'t TableName, reach: &[DatabaseId]) -> Found<'t> {
        let holders = self.builder.databases_with(&table.table);
        let (near, far) = holders
            .into_iter()
            .partition(|database| reach.contains(database));
        Found { table, near, far }
    }

    /// `db.table` stands in invariants only.
    fn check_prefixes(&mut self, tables: &[TableName]) -> bool {
        let mut is_fine = true;
        for table in tables {
            if let Some(prefix) = &table.database {
                self.builder.refuse_prefix(prefix, &table.table);
                is_fine = false;
            }
        }
        is_fine
    }

    fn route_named(
        &mut self,
        name: &Name,
        reach: &[DatabaseId],
        candidates: &[DatabaseId],
        found: &[Found<'_>],
    ) -> Option<DatabaseId> {
        let database = self.builder.database(name)?;
        if candidates.contains(&database) {
            return Some(database);
        }
        if !reach.contains(&database) {
            let known: Vec<&str> = reach
                .iter()
                .map(|id| self.builder.database_name(*id))
                .collect();
            let hint = format!(
                "it reaches {}; add uses {name} to share on purpose",
                list(&known, "")
            );
            let message = format!("this service neither owns nor uses {name}");
            self.builder
                .report
                .error("foreign-table", name.span, message, hint);
            return None;
        }
        let missing = found
            .iter()
            .find(|found| !found.is_in(database))?
            .table
            .clone();
        self.unknown_table(&missing, &[database]);
        None
    }

    /// Says why no database that the service reaches has all tables.
    fn refuse(
        &mut self,
        service: ServiceId,
        reach: &[DatabaseId],
        found: &[Found<'_>],
        span: Span,
    ) {
        let nowhere = found.iter().find(|found| found.home().is_none());
        if let Some(found) = nowhere {
            let may_be_damaged = reach.iter().any(|id| self.builder.damaged.contains(id));
            if !may_be_damaged {
                self.unknown_table(&found.table.clone(), reach);
            }
            return;
        }
        let Some(first) = found.first() else {
            return self.ambiguous(reach, None, span);
        };
        let elsewhere = found.iter().find(|other| other.home() != first.home());
        match elsewhere {
            Some(other) => self.refuse_join(first, other, span),
            None => self.refuse_foreign(service, first),
        }
    }

    fn unknown_table(&mut self, table: &TableName, reach: &[DatabaseId]) {
        let databases = &self.builder.program.databases;
        let known: Vec<&str> = reach
            .iter()
            .flat_map(|id| databases[id.index()].initial.catalog().tables())
            .map(|table| &*table.name)
            .collect();
        let finding = unknown("unknown-table", "table", &table.table, "", known);
        self.builder.report.push(finding);
    }

    fn ambiguous(&mut self, databases: &[DatabaseId], table: Option<&TableName>, span: Span) {
        let names: Vec<&str> = databases
            .iter()
            .map(|id| self.builder.database_name(*id))
            .collect();
        let message = match table {
            Some(table) => format!("{} is a table of {}", table.table, list(&names, "")),
            None => format!("this could go to {}", list(&names, "")),
        };
        let hint = format!("say where: … in {}", names[0]);
        let place = table.map_or(span, |table| table.span);
        let edit = TextEdit {
            span: Span::new(span.end, span.end),
            text: format!(" in {}", names[0]),
        };
        self.builder.report.push(
            Diagnostic::error("ambiguous-table", place, message)
                .hint(hint)
                .fix(format!("Send it to {}", names[0]), vec![edit]),
        );
    }

    /// A table of a database that the service neither owns nor uses.
    fn refuse_foreign(&mut self, service: ServiceId, found: &Found<'_>) {
        let Some(home) = found.home() else {
            return;
        };
        let here = self.builder.program.services[service.index()].name.clone();
        let table = &found.table.table;
        let database = self.builder.database_name(home).to_owned();
        let (message, hint) = match self.builder.owner_of(home) {
            Some(owner) => (
                format!(
                    "table {table} lives in {database}, which belongs to {owner}: {here} cannot reach it"
                ),
                format!(
                    "call {owner}, or keep a copy of what {here} needs, fed by {owner}'s events"
                ),
            ),
            None => (
                format!("table {table} lives in {database}, which {here} neither owns nor uses"),
                format!("write service {here} owns {database}, or call the service that has it"),
            ),
        };
        let place = found.table.span;
        self.builder
            .report
            .push(Diagnostic::error("foreign-table", place, message).hint(hint));
    }

    /// Tables of two databases in one statement.
    fn refuse_join(&mut self, a: &Found<'_>, b: &Found<'_>, span: Span) {
        let (Some(home_a), Some(home_b)) = (a.home(), b.home()) else {
            return;
        };
        let far = [b, a].into_iter().find(|found| found.near.is_empty());
        let message = format!(
            "{} is in {} and {} in {}: one statement cannot reach two databases",
            a.table.table,
            self.builder.database_name(home_a),
            b.table.table,
            self.builder.database_name(home_b),
        );
        let owner = far.and_then(|found| self.builder.owner_of(found.home()?));
        let hint = match (far, owner) {
            (Some(far), Some(owner)) => format!(
                "ask {owner} for what you need of {table} and put the answers together here, or keep a copy of \
                 {table} that {owner}'s events feed",
                table = far.table.table
            ),
            _ => "send two statements and put their answers together; no snapshot covers both"
                .to_owned(),
        };
        self.builder
            .report
            .push(Diagnostic::error("cross-database-join", span, message).hint(hint));
    }
}

impl Builder<'_> {
    /// Databases that have a table of this name.
    pub(super) fn databases_with(&self, table: &Name) -> Vec<DatabaseId> {
        (0..)
            .map(DatabaseId)
            .zip(&self.program.databases)
            .filter(|(_, database)| database.initial.catalog().table(table.as_str()).is_some())
            .map(|(id, _)| id)
            .collect()
    }

    /// The name of the first service that owns a database.
    fn owner_of(&self, database: DatabaseId) -> Option<String> {
        self.program
            .services
            .iter()
            .find(|service| service.owns.contains(&database))
            .map(|service| service.name.to_string())
    }
}
