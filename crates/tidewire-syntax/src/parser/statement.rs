//! SQL statements by their first word. Transactions and sessions: `transaction`; `CREATE` and `ALTER`:
//! `definition`; queries: `query`; `INSERT`, `UPDATE` and `DELETE`: `write`.

use rowan::Language;

use super::{Parsed, Parser};
use crate::Name;
use crate::SyntaxKind;
use crate::ast::sql::{Statement, TableName};
use crate::kind::Tide;

/// Words that begin a statement of the subset.
const STATEMENTS: &[&str] = &[
    "select",
    "with",
    "values",
    "table",
    "insert",
    "update",
    "delete",
    "create",
    "alter",
    "truncate",
    "drop",
    "reindex",
    "begin",
    "start",
    "commit",
    "end",
    "rollback",
    "abort",
    "savepoint",
    "release",
    "set",
    "prepare",
    "execute",
    "deallocate",
    "reset",
    "show",
    "lock",
    "vacuum",
    "analyze",
    "checkpoint",
    "discard",
];

/// Words that begin a statement of PostgreSQL's that is left out, with what one does instead.
const LEFT_OUT: &[(&str, &str)] = &[
    ("merge", "use INSERT … ON CONFLICT"),
    ("copy", "use INSERT with VALUES"),
    ("do", ""),
    ("grant", ""),
    ("revoke", ""),
    ("explain", ""),
    ("listen", "use a broker and `publish`"),
    ("notify", "use a broker and `publish`"),
    ("declare", "use `for each row in (select …) { … }`"),
    ("fetch", "use `for each row in (select …) { … }`"),
];

/// Whether a word begins a statement, supported or not.
pub(super) fn begins_statement(word: &str) -> bool {
    let is = |one: &&str| one.eq_ignore_ascii_case(word);
    STATEMENTS.iter().any(is) || LEFT_OUT.iter().any(|(one, _)| is(one))
}

impl Parser<'_> {
    /// Whether the next word begins a statement that is left out.
    pub(super) fn at_left_out(&self) -> bool {
        LEFT_OUT.iter().any(|(word, _)| self.at_word(word))
    }

    /// A statement without its `;`.
    pub(crate) fn statement(&mut self) -> Parsed<Statement> {
        if self.at_words(&["prepare", "transaction"]) {
            return self.node(SyntaxKind::Transaction, |parser| {
                parser.session_statement("prepare")
            });
        }
        let prepared: Option<fn(&mut Self) -> Parsed<Statement>> =
            match self.one_of(&["prepare", "execute", "deallocate"]) {
                Some("prepare") => Some(Self::prepare),
                Some("execute") => Some(Self::execute),
                Some(_) => Some(Self::deallocate),
                None => None,
            };
        if let Some(parse) = prepared {
            return self.node(SyntaxKind::Transaction, parse);
        }
        if self.at_query(0) {
            return self.data_statement();
        }
        match self.one_of(STATEMENTS) {
            Some("insert" | "update" | "delete") => self.data_statement(),
            Some(word @ ("create" | "alter" | "drop")) if self.nth_word(1, "sequence") => {
                let statement =
                    self.node(SyntaxKind::AlterTable, |parser| parser.sequence(word))?;
                Ok(Statement::Sequence(statement))
            }
            Some("create") if self.nth_word(1, "index") || self.nth_word(1, "unique") => {
                let create = self.node(SyntaxKind::CreateIndex, |parser| parser.create_index())?;
                Ok(Statement::CreateIndex(Box::new(create)))
            }
            Some("drop") if self.nth_word(1, "index") => {
                let drop = self.node(SyntaxKind::CreateIndex, |parser| parser.drop_index())?;
                Ok(Statement::DropIndex(drop))
            }
            Some("drop") => {
                let drop = self.node(SyntaxKind::AlterTable, |parser| parser.drop_table())?;
                Ok(Statement::DropTable(drop))
            }
            Some("truncate") => {
                let truncate = self.node(SyntaxKind::AlterTable, |parser| parser.truncate())?;
                Ok(Statement::Truncate(truncate))
            }
            Some("create") => {
                let create = self.node(SyntaxKind::CreateTable, |parser| parser.create_table())?;
                Ok(Statement::CreateTable(create))
            }
            Some("alter") => {
                let alter = self.node(SyntaxKind::AlterTable, |parser| parser.alter_table())?;
                Ok(Statement::AlterTable(alter))
            }
            Some(word) => self.node(SyntaxKind::Transaction, |parser| parser.transaction(word)),
            None => {
                self.refuse_rare_statement()?;
                let left_out = LEFT_OUT.iter().find(|(word, _)| self.at_word(word));
                match left_out {
                    Some((word, hint)) => {
                        self.unsupported(&format!("`{}`", word.to_ascii_uppercase()), hint)
                    }
                    None => self.unknown_word("an SQL statement", STATEMENTS),
                }
            }
        }
    }

    /// `[database.]table`
    pub(super) fn table_name(&mut self) -> Parsed<TableName> {
        let start = self.start();
        let first = self.identifier("the name of a table")?;
        if !self.eat(SyntaxKind::Dot) {
            return Ok(TableName {
                database: None,
                table: first,
                span: self.since(start),
            });
        }
        let table = self.identifier("the name of a table")?;
        if self.at(SyntaxKind::Dot) {
            return self.unsupported("schemas", "write `database.table`");
        }
        Ok(TableName {
            database: Some(first),
            table,
            span: self.since(start),
        })
    }

    /// A query, INSERT, UPDATE or DELETE, with its WITH.
    pub(super) fn data_statement(&mut self) -> Parsed<Statement> {
        self.flush_trivia();
        let checkpoint = self.builder.checkpoint();
        let start = self.start();
        let with = self.with()?;
        let (kind, parse): (_, fn(&mut Self, _, _) -> Parsed<Statement>) =
            match self.one_of(&["insert", "update", "delete"]) {
                Some("insert") => (SyntaxKind::Insert, Self::insert),
                Some("update") => (SyntaxKind::Update, Self::update),
                Some(_) => (SyntaxKind::Delete, Self::delete),
                None => (SyntaxKind::Select, |parser, with, start| {
                    let query = parser.nested(|parser| parser.query_behind_with(with, start))?;
                    Ok(Statement::Query(Box::new(query)))
                }),
            };
        let kind = Tide::kind_to_raw(kind);
        self.builder.start_node_at(checkpoint, kind);
        let statement = parse(self, with, start);
        self.finish_node();
        statement
    }

    /// `[AS] alias`; without AS only where `bare` allows it.
    pub(super) fn table_alias(&mut self, bare: bool) -> Parsed<Option<Name>> {
        if self.eat_word("as") {
            return Ok(Some(self.identifier("an alias")?));
        }
        if !bare || !self.at_name() || self.at_word("set") {
            return Ok(None);
        }
        // The next line's step after a forgotten `;` is not an alias.
        if self.first_on_line() && (self.at_statement() || self.nth(1) == SyntaxKind::OpenParen) {
            return Ok(None);
        }
        Ok(Some(self.identifier("an alias")?))
    }

    /// `(a, b)`
    pub(super) fn column_list(&mut self) -> Parsed<Vec<Name>> {
        self.node(SyntaxKind::List, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(`")?;
            let names = parser.name_list("the name of a column", true)?;
            parser.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
            Ok(names)
        })
    }
}
