//! SQL statements that change rows. Transactions and sessions: `transaction`; `CREATE` and `ALTER`:
//! `definition`; queries: `select`.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::sql::{
    Assignment, ConflictAction, Delete, Insert, InsertSource, OnConflict, SelectItem, Statement,
    TableName, Update,
};
use crate::{Diagnostic, Name};

/// Words that begin a statement of the subset.
const STATEMENTS: &[&str] = &[
    "select",
    "insert",
    "update",
    "delete",
    "create",
    "alter",
    "begin",
    "start",
    "commit",
    "end",
    "rollback",
    "abort",
    "savepoint",
    "release",
    "set",
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
    (
        "with",
        "make the inner query a step of its own, or use EXISTS",
    ),
    ("values", "use SELECT"),
    ("table", "use SELECT * FROM"),
    ("truncate", "use DELETE FROM"),
    (
        "drop",
        "a run begins with the tables of its text; a design takes one out by `without t`",
    ),
    ("merge", "use INSERT … ON CONFLICT"),
    ("prepare", ""),
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
        match self.one_of(STATEMENTS) {
            Some("select") => Ok(Statement::Select(Box::new(self.select()?))),
            Some("insert") => {
                let insert = self.node(SyntaxKind::Insert, |parser| parser.insert())?;
                Ok(Statement::Insert(insert))
            }
            Some("update") => {
                let update = self.node(SyntaxKind::Update, |parser| parser.update())?;
                Ok(Statement::Update(update))
            }
            Some("delete") => {
                let delete = self.node(SyntaxKind::Delete, |parser| parser.delete())?;
                Ok(Statement::Delete(delete))
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

    fn insert(&mut self) -> Parsed<Insert> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        self.expect_word("into")?;
        let table = self.table_name()?;
        let alias = self.table_alias(false)?;
        let mut columns = Vec::new();
        if self.at(SyntaxKind::OpenParen) && !self.nth_word(1, "select") {
            columns = self.column_list()?;
        }
        if self.at_word("overriding") {
            return self.unsupported("`OVERRIDING`", "leave the identity column out");
        }
        let source = if self.at_word("select") {
            InsertSource::Query(Box::new(self.select()?))
        } else {
            self.node(SyntaxKind::Clause, |parser| parser.insert_values())?
        };
        let mut on_conflict = None;
        if self.at_word("on") {
            on_conflict = Some(self.node(SyntaxKind::Clause, |parser| parser.on_conflict())?);
        }
        Ok(Insert {
            table,
            alias,
            columns,
            source,
            on_conflict,
            returning: self.returning()?,
            span: self.since(start),
        })
    }

    fn insert_values(&mut self) -> Parsed<InsertSource> {
        if self.eat_words(&["default", "values"]) {
            return Ok(InsertSource::DefaultValues);
        }
        if !self.eat_word("values") {
            let words = ["values", "select", "default"];
            return self.unknown_word("`values` or `select`", &words);
        }
        let mut rows: Vec<Vec<_>> = Vec::new();
        loop {
            let place = self.span();
            let row = self.node(SyntaxKind::List, |parser| parser.row_of_values())?;
            if rows.first().is_some_and(|first| first.len() != row.len()) {
                let message = "VALUES lists must all be the same length";
                self.report(Diagnostic::error("syntax", place, message));
            }
            rows.push(row);
            if !self.eat(SyntaxKind::Comma) {
                return Ok(InsertSource::Values(rows));
            }
        }
    }

    fn row_of_values(&mut self) -> Parsed<Vec<Option<crate::ast::sql::Expression>>> {
        self.expect(SyntaxKind::OpenParen, "`(`")?;
        let mut row = Vec::new();
        loop {
            row.push(self.value_or_default()?);
            if !self.eat(SyntaxKind::Comma) {
                break;
            }
        }
        self.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
        Ok(row)
    }

    fn value_or_default(&mut self) -> Parsed<Option<crate::ast::sql::Expression>> {
        if self.eat_word("default") {
            return Ok(None);
        }
        self.expression().map(Some)
    }

    /// `ON CONFLICT [(columns)] DO NOTHING | DO UPDATE SET …`
    fn on_conflict(&mut self) -> Parsed<OnConflict> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        self.expect_word("conflict")?;
        let mut target = Vec::new();
        if self.at(SyntaxKind::OpenParen) {
            target = self.column_list()?;
        }
        if self.at_word("where") {
            return self.unsupported("partial conflict targets", "leave out its WHERE");
        }
        if self.at_words(&["on", "constraint"]) {
            let hint = "name the columns: ON CONFLICT (a, b)";
            return self.unsupported("`ON CONSTRAINT`", hint);
        }
        self.expect_word("do")?;
        let action = if self.eat_word("nothing") {
            ConflictAction::Nothing
        } else if self.eat_word("update") {
            if target.is_empty() {
                let message = "ON CONFLICT DO UPDATE requires the columns of a unique constraint";
                let hint = "write `on conflict (column) do update …`";
                self.report(Diagnostic::error("syntax", self.since(start), message).hint(hint));
            }
            ConflictAction::Update {
                assignments: self.assignments()?,
                filter: self.filter()?,
            }
        } else {
            return self.unknown_word("`nothing` or `update`", &["nothing", "update"]);
        };
        Ok(OnConflict {
            target,
            action,
            span: self.since(start),
        })
    }

    /// `SET a = 1, b = DEFAULT`
    fn assignments(&mut self) -> Parsed<Vec<Assignment>> {
        self.node(SyntaxKind::Clause, |parser| {
            parser.expect_word("set")?;
            let mut assignments = Vec::new();
            loop {
                if parser.at(SyntaxKind::OpenParen) {
                    let hint = "assign one column at a time";
                    return parser.unsupported("assignments to several columns at once", hint);
                }
                let column = parser.identifier("the name of a column")?;
                if parser.at(SyntaxKind::Dot) {
                    let hint = "leave out the table: SET column = …";
                    return parser.fail_hint("SET takes a column without its table".into(), hint);
                }
                parser.expect(SyntaxKind::Equal, "`=`")?;
                let value = parser.value_or_default()?;
                assignments.push(Assignment { column, value });
                if !parser.eat(SyntaxKind::Comma) {
                    return Ok(assignments);
                }
            }
        })
    }

    /// `[RETURNING …]`
    fn returning(&mut self) -> Parsed<Vec<SelectItem>> {
        if !self.at_word("returning") {
            return Ok(Vec::new());
        }
        self.node(SyntaxKind::Clause, |parser| {
            parser.bump_as(SyntaxKind::Keyword);
            parser.select_items()
        })
    }

    fn update(&mut self) -> Parsed<Update> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        let table = self.table_name()?;
        let alias = self.table_alias(true)?;
        let assignments = self.assignments()?;
        if self.at_word("from") {
            let hint = "use a subquery: SET a = (SELECT …) WHERE EXISTS (SELECT …)";
            return self.unsupported("`UPDATE … FROM`", hint);
        }
        Ok(Update {
            table,
            alias,
            assignments,
            filter: self.filter()?,
            returning: self.returning()?,
            span: self.since(start),
        })
    }

    fn delete(&mut self) -> Parsed<Delete> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        self.expect_word("from")?;
        let table = self.table_name()?;
        let alias = self.table_alias(true)?;
        if self.at_word("using") {
            return self.unsupported("`DELETE … USING`", "use WHERE EXISTS (SELECT …)");
        }
        Ok(Delete {
            table,
            alias,
            filter: self.filter()?,
            returning: self.returning()?,
            span: self.since(start),
        })
    }
}
