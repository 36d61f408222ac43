//! `SELECT` up to its `HAVING`. What stands around it: `query`; `FROM`: `from`; windows: `window`.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::sql::{Distinct, Expression, Select, SelectItem};
use crate::words::{is_reserved, needs_as};

impl Parser<'_> {
    pub(super) fn select_body(&mut self) -> Parsed<Select> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        let distinct = self.distinct()?;
        let mut select = Select::of(self.select_items()?, self.since(start));
        select.distinct = distinct;
        select.from = self.table_list("from")?;
        select.filter = self.filter()?;
        self.grouping(&mut select)?;
        if self.at_word("window") {
            select.windows = self.node(SyntaxKind::Clause, |parser| parser.windows())?;
        }
        select.span = self.since(start);
        Ok(select)
    }

    /// `[ALL | DISTINCT [ON (…)]]`
    fn distinct(&mut self) -> Parsed<Distinct> {
        if !self.eat_word("distinct") {
            self.eat_word("all");
            return Ok(Distinct::No);
        }
        if !self.eat_word("on") {
            return Ok(Distinct::Rows);
        }
        self.node(SyntaxKind::Paren, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(`")?;
            let keys = parser.expression_list()?;
            parser.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
            Ok(Distinct::On(keys))
        })
    }

    /// `a, t.*, b AS c`
    pub(super) fn select_items(&mut self) -> Parsed<Vec<SelectItem>> {
        let mut items = Vec::new();
        let ends = matches!(self.kind(), SyntaxKind::End | SyntaxKind::Semicolon);
        if ends || self.one_of(&["from", "where"]).is_some() {
            return self.unsupported("queries without columns", "select something: SELECT 1");
        }
        loop {
            items.push(self.select_item()?);
            if !self.eat(SyntaxKind::Comma) {
                return Ok(items);
            }
        }
    }

    fn select_item(&mut self) -> Parsed<SelectItem> {
        if self.at(SyntaxKind::Star) {
            let span = self.span();
            self.bump();
            return Ok(SelectItem::All(span));
        }
        if self.at_name() && self.nth(1) == SyntaxKind::Dot && self.nth(2) == SyntaxKind::Star {
            let table = self.identifier("the name of a table")?;
            self.bump();
            self.bump();
            if self.at_word("is") || self.at(SyntaxKind::Equal) {
                return self.unsupported("whole rows as values", "name its columns");
            }
            return Ok(SelectItem::AllOf(table));
        }
        let expression = self.expression()?;
        Ok(SelectItem::Expression(expression, self.output_name()?))
    }

    /// `[AS] name` behind an output expression; behind AS any word will do.
    fn output_name(&mut self) -> Parsed<Option<crate::Name>> {
        if self.eat_word("as") {
            if self.at(SyntaxKind::Word) {
                let name = self.name_here(true);
                self.bump();
                return Ok(Some(name));
            }
            return Ok(Some(self.identifier("a name for the column")?));
        }
        let bare = match self.kind() {
            SyntaxKind::Word => {
                let word = self.nth_text(0);
                let next_line = self.first_on_line() && self.at_statement();
                !is_reserved(word) && !needs_as(word) && !next_line
            }
            kind => kind == SyntaxKind::QuotedWord,
        };
        if !bare {
            return Ok(None);
        }
        Ok(Some(self.identifier("a name for the column")?))
    }

    /// `[WHERE …]`
    pub(super) fn filter(&mut self) -> Parsed<Option<Expression>> {
        if !self.at_word("where") {
            return Ok(None);
        }
        self.node(SyntaxKind::Clause, |parser| {
            parser.bump_as(SyntaxKind::Keyword);
            if parser.at_words(&["current", "of"]) {
                return parser.unsupported("`WHERE CURRENT OF`", "");
            }
            parser.expression().map(Some)
        })
    }

    fn grouping(&mut self, select: &mut Select) -> Parsed<()> {
        if self.at_word("group") {
            select.group_by = self.node(SyntaxKind::Clause, |parser| {
                parser.bump_as(SyntaxKind::Keyword);
                parser.expect_word("by")?;
                for word in ["grouping", "rollup", "cube", "all", "distinct"] {
                    if parser.at_word(word) {
                        return parser.unsupported(&format!("`{}`", word.to_ascii_uppercase()), "");
                    }
                }
                parser.expression_list()
            })?;
        }
        if self.at_word("having") {
            select.having = Some(self.node(SyntaxKind::Clause, |parser| {
                parser.bump_as(SyntaxKind::Keyword);
                parser.expression()
            })?);
        }
        Ok(())
    }

    /// `a, b, c`
    pub(super) fn expression_list(&mut self) -> Parsed<Vec<Expression>> {
        let mut list = Vec::new();
        loop {
            list.push(self.expression()?);
            if !self.eat(SyntaxKind::Comma) {
                return Ok(list);
            }
        }
    }
}
