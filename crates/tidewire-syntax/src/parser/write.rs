//! `INSERT`, `UPDATE` and `DELETE`, from their first word on.

use super::{Parsed, Parser};
use crate::ast::sql::{
    Assignment, ConflictAction, ConflictTarget, Delete, Expression, ExpressionKind, Insert,
    InsertSource, OnConflict, SelectItem, Statement, Update, With,
};
use crate::{Diagnostic, SyntaxKind};

impl Parser<'_> {
    pub(super) fn insert(&mut self, with: Option<With>, start: u32) -> Parsed<Statement> {
        self.bump_as(SyntaxKind::Keyword);
        self.expect_word("into")?;
        let table = self.table_name()?;
        let alias = self.table_alias(false)?;
        let mut columns = Vec::new();
        if self.at(SyntaxKind::OpenParen) && !self.at_query(1) {
            columns = self.column_list()?;
        }
        if self.at_word("overriding") {
            return self.unsupported("`OVERRIDING`", "leave the identity column out");
        }
        let query = self.at_query(0) && !self.at_word("values");
        let source = if query || self.at(SyntaxKind::OpenParen) {
            InsertSource::Query(Box::new(self.query()?))
        } else {
            let named = !columns.is_empty();
            self.node(SyntaxKind::Clause, |parser| parser.insert_values(named))?
        };
        let mut on_conflict = None;
        if self.at_word("on") {
            let clause = self.node(SyntaxKind::Clause, |parser| parser.on_conflict())?;
            on_conflict = Some(Box::new(clause));
        }
        Ok(Statement::Insert(Insert {
            with,
            table,
            alias,
            columns,
            source,
            on_conflict,
            returning: self.returning()?,
            span: self.since(start),
        }))
    }

    /// `named`: columns are named, which DEFAULT VALUES does not allow.
    fn insert_values(&mut self, named: bool) -> Parsed<InsertSource> {
        if !named && self.eat_words(&["default", "values"]) {
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
                self.report(Diagnostic::error("sql-42601", place, message));
            }
            rows.push(row);
            if !self.eat(SyntaxKind::Comma) {
                return Ok(InsertSource::Values(rows));
            }
        }
    }

    fn row_of_values(&mut self) -> Parsed<Vec<Option<Expression>>> {
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

    fn value_or_default(&mut self) -> Parsed<Option<Expression>> {
        if self.eat_word("default") {
            return Ok(None);
        }
        self.expression().map(Some)
    }

    /// `ON CONFLICT [target] DO NOTHING | DO UPDATE SET …`
    fn on_conflict(&mut self) -> Parsed<OnConflict> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        self.expect_word("conflict")?;
        let target = self.conflict_target()?;
        self.expect_word("do")?;
        let action = if self.eat_word("nothing") {
            ConflictAction::Nothing
        } else if self.eat_word("update") {
            if target == ConflictTarget::Any {
                let message =
                    "ON CONFLICT DO UPDATE requires inference specification or constraint name";
                let hint = "write `on conflict (column) do update …`";
                self.report(Diagnostic::error("sql-42601", self.since(start), message).hint(hint));
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

    /// `SET a = 1, b = DEFAULT, (c, d) = (SELECT …)`
    fn assignments(&mut self) -> Parsed<Vec<Assignment>> {
        self.node(SyntaxKind::Clause, |parser| {
            parser.expect_word("set")?;
            let mut assignments = Vec::new();
            loop {
                if parser.at(SyntaxKind::OpenParen) {
                    parser.columns_assignment(&mut assignments)?;
                } else {
                    let column = parser.identifier("the name of a column")?;
                    if parser.at(SyntaxKind::Dot) {
                        let hint = "leave out the table: SET column = …";
                        return parser.unsupported("fields of columns in SET", hint);
                    }
                    parser.expect(SyntaxKind::Equal, "`=`")?;
                    let value = parser.value_or_default()?;
                    assignments.push(Assignment::Column(column, value));
                }
                if !parser.eat(SyntaxKind::Comma) {
                    return Ok(assignments);
                }
            }
        })
    }

    /// `(a, b) = (1, DEFAULT)`, `(a, b) = ROW (…)`, `(a, b) = (SELECT …)`
    fn columns_assignment(&mut self, assignments: &mut Vec<Assignment>) -> Parsed<()> {
        let columns = self.column_list()?;
        self.expect(SyntaxKind::Equal, "`=`")?;
        let place = self.span();
        if self.at(SyntaxKind::OpenParen) && self.at_query(1) {
            let value = self.expression()?;
            if let ExpressionKind::Subquery(query) = value.kind {
                assignments.push(Assignment::Columns(columns, query));
                return Ok(());
            }
            return self.fail("a row of values");
        }
        self.eat_word("row");
        let values = self.node(SyntaxKind::List, |parser| parser.row_of_values())?;
        if values.len() != columns.len() {
            let message = "number of columns does not match number of values";
            self.report(Diagnostic::error("syntax", place, message));
        }
        let pairs = columns.into_iter().zip(values);
        assignments.extend(pairs.map(|(column, value)| Assignment::Column(column, value)));
        Ok(())
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

    pub(super) fn update(&mut self, with: Option<With>, start: u32) -> Parsed<Statement> {
        self.bump_as(SyntaxKind::Keyword);
        self.refuse_only()?;
        let table = self.table_name()?;
        let alias = self.table_alias(true)?;
        let assignments = self.assignments()?;
        let from = self.table_list("from")?;
        Ok(Statement::Update(Update {
            with,
            table,
            alias,
            assignments,
            from,
            filter: self.filter()?,
            returning: self.returning()?,
            span: self.since(start),
        }))
    }

    pub(super) fn delete(&mut self, with: Option<With>, start: u32) -> Parsed<Statement> {
        self.bump_as(SyntaxKind::Keyword);
        self.expect_word("from")?;
        self.refuse_only()?;
        let table = self.table_name()?;
        let alias = self.table_alias(true)?;
        let using = self.table_list("using")?;
        Ok(Statement::Delete(Delete {
            with,
            table,
            alias,
            using,
            filter: self.filter()?,
            returning: self.returning()?,
            span: self.since(start),
        }))
    }
}
