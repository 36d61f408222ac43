//! Migrations: schema changes during a run, tried before it.

use tidewire_syntax::Span;
use tidewire_syntax::ast::sql::Statement;

use super::super::Builder;
use super::Copies;
use crate::DatabaseId;
use crate::report::from_sql_error;

impl Builder<'_> {
    /// Tries DDL on a copy of the store, so that a misspelt column is found before the run. Migrations of one
    /// database build on each other in order of the text.
    pub(super) fn try_migration(
        &mut self,
        copies: &mut Copies,
        database: DatabaseId,
        statements: &[Statement],
        place: Span,
    ) {
        let initial = &self.program.databases[database.index()].initial;
        let copy = copies.entry(database).or_insert_with(|| initial.clone());
        for statement in statements {
            let span = match statement {
                Statement::CreateTable(tree) => tree.span,
                Statement::AlterTable(tree) => tree.span,
                Statement::DropTable(tree) => tree.span,
                Statement::CreateIndex(tree) => tree.span,
                Statement::DropIndex(tree) => tree.span,
                Statement::Insert(tree) => return self.refuse_data(tree.span),
                Statement::Update(tree) => return self.refuse_data(tree.span),
                Statement::Delete(tree) => return self.refuse_data(tree.span),
                Statement::Query(tree) => return self.refuse_data(tree.span),
                _ => return self.refuse_data(place),
            };
            if let Err(error) = tidewire_store::plan(statement, copy.catalog(), &()) {
                return self.report.plan_error(&error);
            }
            if let Err(error) = copy.migrate(statement, 0) {
                return self.report.push(from_sql_error(&error, span));
            }
        }
    }

    fn refuse_data(&mut self, span: Span) {
        self.report.error(
            "misplaced",
            span,
            "a migration changes the schema only",
            "write CREATE TABLE or ALTER TABLE; changes of rows are steps of a service",
        );
    }
}
