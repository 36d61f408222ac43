//! `PREPARE`, `EXECUTE` and `DEALLOCATE` of statements. `PREPARE TRANSACTION`: `transaction`.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::sql::{ExecuteStatement, PreparedStatement, SessionStatement, Statement};

impl Parser<'_> {
    /// `PREPARE name [(type, …)] AS statement`
    pub(super) fn prepare(&mut self) -> Parsed<Statement> {
        self.bump_as(SyntaxKind::Keyword);
        let name = self.statement_name()?;
        let mut types = Vec::new();
        if self.at(SyntaxKind::OpenParen) {
            types = self.node(SyntaxKind::List, |parser| {
                parser.bump();
                let mut types = Vec::new();
                loop {
                    types.push(parser.type_name()?);
                    if !parser.eat(SyntaxKind::Comma) {
                        break;
                    }
                }
                parser.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
                Ok(types)
            })?;
        }
        self.expect_word("as")?;
        let writes = self.one_of(&["insert", "update", "delete"]).is_some();
        if !writes && !self.at_query(0) {
            let words = ["select", "insert", "update", "delete", "values", "with"];
            return self.unknown_word("a query, INSERT, UPDATE or DELETE", &words);
        }
        let statement = self.data_statement()?;
        let prepared = Box::new(PreparedStatement {
            name,
            types,
            statement,
        });
        Ok(Statement::Session(SessionStatement::Prepare(prepared)))
    }

    /// `EXECUTE name [(value, …)]`
    pub(super) fn execute(&mut self) -> Parsed<Statement> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        let name = self.statement_name()?;
        let mut arguments = Vec::new();
        if self.at(SyntaxKind::OpenParen) {
            arguments = self.node(SyntaxKind::List, |parser| {
                parser.bump();
                let arguments = parser.expression_list()?;
                parser.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
                Ok(arguments)
            })?;
        }
        let span = self.since(start);
        Ok(Statement::Session(SessionStatement::Execute(
            ExecuteStatement {
                name,
                arguments,
                span,
            },
        )))
    }

    /// `DEALLOCATE [PREPARE] { name | ALL }`
    pub(super) fn deallocate(&mut self) -> Parsed<Statement> {
        self.bump_as(SyntaxKind::Keyword);
        self.eat_word("prepare");
        let name = match self.eat_word("all") {
            true => None,
            false => Some(self.statement_name()?),
        };
        Ok(Statement::Session(SessionStatement::Deallocate(name)))
    }

    fn statement_name(&mut self) -> Parsed<crate::Name> {
        self.identifier("the name of a prepared statement")
    }
}
