//! Queries: `WITH`, set operations, `VALUES`, `TABLE`, and the clauses behind a whole query. `SELECT`: `select`.

use rowan::{Checkpoint, Language};

use super::{MAX_NESTING, Parsed, Parser};
use crate::ast::sql::{
    CommonTable, Expression, LockStrength, LockWait, Locking, OrderBy, Query, QueryBody, Select,
    SelectItem, SetOperand, SetOperation, SetOperator, TableExpression, With,
};
use crate::kind::Tide;
use crate::{Diagnostic, SyntaxKind};

/// Words that begin a query.
const QUERY_WORDS: &[&str] = &["select", "with", "values", "table"];

/// Words that put two queries together.
const SET_WORDS: &[&str] = &["union", "intersect", "except"];

/// Whether a query, or one in parentheses that is all of it, has a clause.
fn has(query: &Query, clause: &dyn Fn(&Query) -> bool) -> bool {
    let within = match &query.body {
        QueryBody::Nested(inner) => has(inner, clause),
        _ => false,
    };
    clause(query) || within
}

impl Parser<'_> {
    /// Whether a query begins at a distance: `select`, or parentheses around what is put together with another.
    pub(super) fn at_query(&self, ahead: usize) -> bool {
        let mut inner = ahead;
        while self.nth(inner) == SyntaxKind::OpenParen {
            inner += 1;
            if inner - ahead > MAX_NESTING as usize {
                return false;
            }
        }
        let begins = |word: &&str| self.nth_word(inner, word);
        let word = QUERY_WORDS.iter().any(begins);
        match inner - ahead {
            0 => word,
            _ if !word => false,
            _ => match self.matching_paren(ahead) {
                Some(close) => self.continues_query(close + 1),
                None => false,
            },
        }
    }

    /// Whether what stands at a distance goes on with a query in parentheses.
    fn continues_query(&self, ahead: usize) -> bool {
        let more = [
            "union",
            "intersect",
            "except",
            "order",
            "limit",
            "offset",
            "fetch",
        ];
        more.iter().any(|word| self.nth_word(ahead, word)) || self.at_end_of_statement(ahead)
    }

    fn at_end_of_statement(&self, ahead: usize) -> bool {
        matches!(self.nth(ahead), SyntaxKind::Semicolon | SyntaxKind::End)
    }

    /// Where the parenthesis that opens at a distance is closed.
    fn matching_paren(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        let mut at = open;
        loop {
            match self.nth(at) {
                SyntaxKind::OpenParen => depth += 1,
                SyntaxKind::CloseParen if depth == 1 => return Some(at),
                SyntaxKind::CloseParen => depth -= 1,
                SyntaxKind::End | SyntaxKind::Semicolon => return None,
                _ => {}
            }
            at += 1;
        }
    }

    /// Entry of a query, nested or not.
    pub(crate) fn query(&mut self) -> Parsed<Query> {
        if !self.at_query(0) && !self.at(SyntaxKind::OpenParen) {
            return self.unknown_word("a query", QUERY_WORDS);
        }
        self.nested(|parser| {
            parser.node(SyntaxKind::Select, |parser| {
                let start = parser.start();
                let with = parser.with()?;
                parser.query_behind_with(with, start)
            })
        })
    }

    /// The rest of a query, in a node that is open already.
    pub(super) fn query_behind_with(&mut self, with: Option<With>, start: u32) -> Parsed<Query> {
        let body = self.set_operations()?;
        let mut query = Query {
            with,
            body,
            order_by: Vec::new(),
            limit: None,
            offset: None,
            locking: None,
            span: self.since(start),
        };
        self.tail(&mut query)?;
        self.refuse_twice(&query)?;
        query.span = self.since(start);
        Ok(query)
    }

    /// A clause within the parentheses and again behind them (`insertSelectOptions` in PostgreSQL's `gram.y`).
    fn refuse_twice(&mut self, query: &Query) -> Parsed<()> {
        let QueryBody::Nested(inner) = &query.body else {
            return Ok(());
        };
        let twice = [
            (
                !query.order_by.is_empty() && has(inner, &|one| !one.order_by.is_empty()),
                "ORDER BY",
            ),
            (
                query.limit.is_some() && has(inner, &|one| one.limit.is_some()),
                "LIMIT",
            ),
            (
                query.offset.is_some() && has(inner, &|one| one.offset.is_some()),
                "OFFSET",
            ),
            (
                query.with.is_some() && has(inner, &|one| one.with.is_some()),
                "WITH",
            ),
        ];
        match twice.iter().find(|(is, _)| *is) {
            Some((_, clause)) => {
                let message = format!("multiple {clause} clauses not allowed");
                self.fail_rule(&message, "")
            }
            None => Ok(()),
        }
    }

    /// `[WITH …]`
    pub(super) fn with(&mut self) -> Parsed<Option<With>> {
        if !self.at_word("with") {
            return Ok(None);
        }
        let start = self.start();
        self.node(SyntaxKind::Clause, |parser| {
            parser.bump_as(SyntaxKind::Keyword);
            let recursive = parser.eat_word("recursive");
            let mut tables = Vec::new();
            loop {
                tables.push(parser.common_table()?);
                if !parser.eat(SyntaxKind::Comma) {
                    break;
                }
            }
            let span = parser.since(start);
            Ok(Some(With {
                recursive,
                tables,
                span,
            }))
        })
    }

    fn common_table(&mut self) -> Parsed<CommonTable> {
        let name = self.identifier("the name of a query")?;
        let columns = match self.at(SyntaxKind::OpenParen) {
            true => self.column_list()?,
            false => Vec::new(),
        };
        self.expect_word("as")?;
        // Whether its rows are kept or made anew changes no row.
        if !self.eat_words(&["not", "materialized"]) {
            self.eat_word("materialized");
        }
        let statement = self.node(SyntaxKind::Paren, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(`")?;
            let writes = parser.one_of(&["insert", "update", "delete"]).is_some();
            if !writes && !parser.at_query(0) && !parser.at(SyntaxKind::OpenParen) {
                let words = ["select", "insert", "update", "delete", "values"];
                return parser.unknown_word("a query", &words);
            }
            let statement = Box::new(parser.nested(|parser| parser.data_statement())?);
            parser.expect(SyntaxKind::CloseParen, "`)`")?;
            Ok(statement)
        })?;
        for word in ["search", "cycle"] {
            if self.at_word(word) {
                return self.unsupported(&format!("`{}`", word.to_ascii_uppercase()), "");
            }
        }
        Ok(CommonTable {
            name,
            columns,
            statement,
        })
    }

    /// Queries joined by UNION and EXCEPT.
    fn set_operations(&mut self) -> Parsed<QueryBody> {
        self.flush_trivia();
        let checkpoint = self.builder.checkpoint();
        let first = self.intersections()?;
        self.set_chain(checkpoint, first, &["union", "except"])
    }

    /// Queries joined by INTERSECT, which binds tighter.
    fn intersections(&mut self) -> Parsed<QueryBody> {
        self.flush_trivia();
        let checkpoint = self.builder.checkpoint();
        let first = self.query_operand()?;
        self.set_chain(checkpoint, first, &["intersect"])
    }

    fn set_chain(
        &mut self,
        checkpoint: Checkpoint,
        first: QueryBody,
        words: &[&str],
    ) -> Parsed<QueryBody> {
        if self.one_of(words).is_none() {
            return Ok(first);
        }
        let select = Tide::kind_to_raw(SyntaxKind::Select);
        self.builder.start_node_at(checkpoint, select);
        self.finish_node();
        let mut rest = Vec::new();
        while let Some(word) = self.one_of(words) {
            let all = self.node(SyntaxKind::Clause, |parser| {
                parser.bump_as(SyntaxKind::Keyword);
                let all = parser.eat_word("all");
                if !all {
                    parser.eat_word("distinct");
                }
                all
            });
            let start = self.start();
            let body = self.node(SyntaxKind::Select, |parser| match word {
                "intersect" => parser.query_operand(),
                _ => parser.intersections(),
            })?;
            rest.push(SetOperand {
                operator: match word {
                    "union" => SetOperator::Union,
                    "intersect" => SetOperator::Intersect,
                    _ => SetOperator::Except,
                },
                all,
                body,
                span: self.since(start),
            });
        }
        Ok(QueryBody::Set(Box::new(SetOperation { first, rest })))
    }

    /// `SELECT …`, `VALUES …`, `TABLE t` or `( query )`
    fn query_operand(&mut self) -> Parsed<QueryBody> {
        if self.at(SyntaxKind::OpenParen) {
            return self.node(SyntaxKind::Paren, |parser| {
                parser.bump();
                let query = Box::new(parser.query()?);
                parser.expect(SyntaxKind::CloseParen, "`)`")?;
                Ok(QueryBody::Nested(query))
            });
        }
        match self.one_of(&["select", "values", "table"]) {
            Some("select") => Ok(QueryBody::Select(Box::new(self.select_body()?))),
            Some("values") => self.node(SyntaxKind::Clause, |parser| parser.values()),
            Some(_) => {
                let start = self.start();
                self.bump_as(SyntaxKind::Keyword);
                let table = self.table_name()?;
                let span = self.since(start);
                let mut select = Select::of(vec![SelectItem::All(span)], span);
                select.from = vec![TableExpression::of(table)];
                Ok(QueryBody::Select(Box::new(select)))
            }
            None => self.unknown_word("a query", &["select", "values", "table"]),
        }
    }

    /// `VALUES (…), (…)`
    fn values(&mut self) -> Parsed<QueryBody> {
        self.bump_as(SyntaxKind::Keyword);
        let mut rows: Vec<Vec<Expression>> = Vec::new();
        loop {
            let place = self.span();
            let row = self.node(SyntaxKind::List, |parser| {
                parser.expect(SyntaxKind::OpenParen, "`(`")?;
                if parser.at_word("default") {
                    let hint = "DEFAULT stands in INSERT and UPDATE";
                    return parser.fail_rule("DEFAULT is not allowed in this context", hint);
                }
                let row = parser.expression_list()?;
                parser.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
                Ok(row)
            })?;
            if rows.first().is_some_and(|first| first.len() != row.len()) {
                let message = "VALUES lists must all be the same length";
                self.report(Diagnostic::error("sql-42601", place, message));
            }
            rows.push(row);
            if !self.eat(SyntaxKind::Comma) {
                return Ok(QueryBody::Values(rows));
            }
        }
    }

    /// `ORDER BY`, `LIMIT`, `OFFSET`, `FETCH`, `FOR …`
    fn tail(&mut self, query: &mut Query) -> Parsed<()> {
        if self.at_words(&["order", "by"]) {
            query.order_by = self.node(SyntaxKind::Clause, |parser| parser.order_by())?;
        }
        let mut limited = false;
        loop {
            if self.at_word("limit") && !limited {
                limited = true;
                query.limit = self.node(SyntaxKind::Clause, |parser| {
                    parser.bump_as(SyntaxKind::Keyword);
                    match parser.eat_word("all") {
                        true => Ok(None),
                        false => parser.expression().map(Some),
                    }
                })?;
            } else if self.at_word("fetch") && !limited {
                limited = true;
                query.limit = Some(self.node(SyntaxKind::Clause, |parser| parser.fetch())?);
            } else if self.at_word("offset") && query.offset.is_none() {
                query.offset = Some(self.node(SyntaxKind::Clause, |parser| {
                    parser.bump_as(SyntaxKind::Keyword);
                    let offset = parser.expression()?;
                    if !parser.eat_word("rows") {
                        parser.eat_word("row");
                    }
                    Ok(offset)
                })?);
            } else if self.at_word("for") && query.locking.is_none() {
                let locking = self.node(SyntaxKind::Clause, |parser| parser.locking())?;
                query.locking = Some(locking);
            } else if self.at_word("for") {
                return self.unsupported(
                    "several locking clauses in a query",
                    "name all tables in one",
                );
            } else if let Some(word) = self.one_of(SET_WORDS) {
                let message = format!("{} cannot stand behind ORDER BY", word.to_ascii_uppercase());
                return self.fail_hint(message, "put the query before it in parentheses");
            } else {
                return Ok(());
            }
        }
    }

    /// `FETCH FIRST [n] ROWS ONLY`
    fn fetch(&mut self) -> Parsed<Expression> {
        self.bump_as(SyntaxKind::Keyword);
        if !self.eat_word("first") && !self.eat_word("next") {
            return self.unknown_word("`first`", &["first", "next"]);
        }
        let one = self.span();
        let count = match self.at_word("row") || self.at_word("rows") {
            true => Expression::one(one),
            false => self.operand_expression()?,
        };
        if !self.eat_word("rows") && !self.eat_word("row") {
            return self.unknown_word("`rows`", &["rows", "row"]);
        }
        if self.at_words(&["with", "ties"]) {
            return self.unsupported("`WITH TIES`", "use rank() in a subquery");
        }
        self.expect_word("only")?;
        Ok(count)
    }

    pub(super) fn order_by(&mut self) -> Parsed<Vec<OrderBy>> {
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
}
