//! `SELECT` and its clauses.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::sql::{
    Expression, Join, JoinKind, LockStrength, LockWait, Locking, OrderBy, Select, SelectItem,
    TableExpression, TableReference,
};
use crate::words::{is_reserved, needs_as};

impl Parser<'_> {
    /// Entry of a query at `select`, nested or not.
    pub(crate) fn select(&mut self) -> Parsed<Select> {
        if self.at_word("with") || self.at_word("values") {
            let what = format!("`{}` as a query", self.nth_text(0).to_ascii_uppercase());
            return self.unsupported(&what, "use SELECT");
        }
        if !self.at_word("select") {
            return self.unknown_word("a query", &["select"]);
        }
        self.nested(|parser| parser.node(SyntaxKind::Select, |parser| parser.select_body()))
    }

    fn select_body(&mut self) -> Parsed<Select> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        let distinct = self.eat_word("distinct");
        if distinct && self.at_word("on") {
            return self.unsupported("`DISTINCT ON`", "use GROUP BY");
        }
        if !distinct {
            self.eat_word("all");
        }
        let mut select = Select {
            distinct,
            items: self.select_items()?,
            from: Vec::new(),
            filter: None,
            group_by: Vec::new(),
            having: None,
            order_by: Vec::new(),
            limit: None,
            offset: None,
            locking: None,
            span: self.since(start),
        };
        if self.at_word("from") {
            select.from = self.node(SyntaxKind::Clause, |parser| parser.from())?;
        }
        select.filter = self.filter()?;
        self.grouping(&mut select)?;
        self.tail(&mut select)?;
        select.span = self.since(start);
        Ok(select)
    }

    /// `a, t.*, b AS c`
    pub(super) fn select_items(&mut self) -> Parsed<Vec<SelectItem>> {
        let mut items = Vec::new();
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
            if self.at_word("over") || self.at_word("filter") {
                return self.unsupported("window functions and FILTER", "");
            }
            return Ok(None);
        }
        Ok(Some(self.identifier("a name for the column")?))
    }

    fn from(&mut self) -> Parsed<Vec<TableExpression>> {
        self.bump_as(SyntaxKind::Keyword);
        let mut tables = Vec::new();
        loop {
            let table = self.table_reference()?;
            let mut joins = Vec::new();
            while let Some(join) = self.join()? {
                joins.push(join);
            }
            tables.push(TableExpression { table, joins });
            if !self.eat(SyntaxKind::Comma) {
                return Ok(tables);
            }
        }
    }

    fn table_reference(&mut self) -> Parsed<TableReference> {
        if self.at(SyntaxKind::OpenParen) {
            let hint = "name a table; filter by EXISTS or IN (SELECT …)";
            return self.unsupported("queries and groups of joins in FROM", hint);
        }
        for word in ["lateral", "only"] {
            if self.at_word(word) {
                return self.unsupported(&format!("`{}`", word.to_ascii_uppercase()), "");
            }
        }
        let name = self.table_name()?;
        if self.at(SyntaxKind::OpenParen) {
            return self.unsupported("functions in FROM", "");
        }
        let alias = self.table_alias(true)?;
        if self.at_word("tablesample") || (alias.is_some() && self.at(SyntaxKind::OpenParen)) {
            let what = format!("{} behind a table", self.found());
            return self.unsupported(&what, "");
        }
        Ok(TableReference { name, alias })
    }

    fn join(&mut self) -> Parsed<Option<Join>> {
        for word in ["right", "full", "natural"] {
            if self.at_word(word) {
                let hint = "use LEFT JOIN with the tables the other way round, or JOIN … ON";
                return self.unsupported(&format!("`{} JOIN`", word.to_ascii_uppercase()), hint);
            }
        }
        let kind = match self.one_of(&["join", "inner", "left", "cross"]) {
            Some("left") => JoinKind::Left,
            Some("cross") => JoinKind::Cross,
            Some(_) => JoinKind::Inner,
            None => return Ok(None),
        };
        self.node(SyntaxKind::Clause, |parser| {
            if !parser.eat_word("join") {
                parser.bump_as(SyntaxKind::Keyword);
                if kind == JoinKind::Left {
                    parser.eat_word("outer");
                }
                parser.expect_word("join")?;
            }
            let table = parser.table_reference()?;
            let mut on = None;
            if kind != JoinKind::Cross {
                if parser.at_word("using") {
                    return parser.unsupported("`USING`", "write ON a.x = b.x");
                }
                parser.expect_word("on")?;
                on = Some(parser.expression()?);
            }
            Ok(Some(Join { kind, table, on }))
        })
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
        if self.at_words(&["group", "by"]) {
            select.group_by = self.node(SyntaxKind::Clause, |parser| {
                parser.eat_words(&["group", "by"]);
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
        for word in ["union", "intersect", "except", "window"] {
            if self.at_word(word) {
                let hint = match word {
                    "window" => "",
                    _ => "write two queries; in a condition use OR, AND or NOT EXISTS",
                };
                return self.unsupported(&format!("`{}`", word.to_ascii_uppercase()), hint);
            }
        }
        Ok(())
    }

    /// `ORDER BY`, `LIMIT`, `OFFSET`, `FOR …`
    fn tail(&mut self, select: &mut Select) -> Parsed<()> {
        if self.at_words(&["order", "by"]) {
            select.order_by = self.node(SyntaxKind::Clause, |parser| parser.order_by())?;
        }
        loop {
            if self.at_word("limit") && select.limit.is_none() {
                select.limit = self.node(SyntaxKind::Clause, |parser| {
                    parser.bump_as(SyntaxKind::Keyword);
                    match parser.eat_word("all") {
                        true => Ok(None),
                        false => parser.expression().map(Some),
                    }
                })?;
            } else if self.at_word("offset") && select.offset.is_none() {
                select.offset = Some(self.node(SyntaxKind::Clause, |parser| {
                    parser.bump_as(SyntaxKind::Keyword);
                    let offset = parser.expression()?;
                    if !parser.eat_word("rows") {
                        parser.eat_word("row");
                    }
                    Ok(offset)
                })?);
            } else if self.at_word("fetch") {
                return self.unsupported("`FETCH FIRST`", "use LIMIT");
            } else if self.at_word("for") && select.locking.is_none() {
                let locking = self.node(SyntaxKind::Clause, |parser| parser.locking())?;
                select.locking = Some(locking);
            } else if self.at_word("for") {
                return self.unsupported(
                    "several locking clauses in a query",
                    "name all tables in one",
                );
            } else {
                return Ok(());
            }
        }
    }

    fn order_by(&mut self) -> Parsed<Vec<OrderBy>> {
        self.eat_words(&["order", "by"]);
        let mut keys = Vec::new();
        loop {
            let expression = self.expression()?;
            if self.at_word("using") {
                return self.unsupported("`ORDER BY … USING`", "use ASC or DESC");
            }
            let descending = self.eat_word("desc");
            if !descending {
                self.eat_word("asc");
            }
            let nulls_first = if self.eat_words(&["nulls", "first"]) {
                Some(true)
            } else if self.eat_words(&["nulls", "last"]) {
                Some(false)
            } else {
                None
            };
            keys.push(OrderBy {
                expression,
                descending,
                nulls_first,
            });
            if !self.eat(SyntaxKind::Comma) {
                return Ok(keys);
            }
        }
    }

    /// `FOR UPDATE | NO KEY UPDATE | SHARE | KEY SHARE [OF t, …] [NOWAIT | SKIP LOCKED]`
    fn locking(&mut self) -> Parsed<Locking> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        let strength = if self.eat_word("update") {
            LockStrength::Update
        } else if self.eat_words(&["no", "key", "update"]) {
            LockStrength::NoKeyUpdate
        } else if self.eat_word("share") {
            LockStrength::Share
        } else if self.eat_words(&["key", "share"]) {
            LockStrength::KeyShare
        } else {
            let words = ["update", "share", "no key update", "key share"];
            return self.unknown_word("how strongly rows are locked", &words);
        };
        let of = match self.eat_word("of") {
            true => self.name_list("the name of a table", true)?,
            false => Vec::new(),
        };
        let wait = if self.eat_word("nowait") {
            LockWait::NoWait
        } else if self.eat_words(&["skip", "locked"]) {
            LockWait::SkipLocked
        } else {
            LockWait::Wait
        };
        Ok(Locking {
            strength,
            of,
            wait,
            span: self.since(start),
        })
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
