//! `FROM` and `USING` of statements: tables, queries, functions, joins.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::sql::{
    ExpressionKind, Join, JoinCondition, JoinKind, SourceKind, TableExpression, TableSource,
};

/// Forms with parentheses of their own that give one value and no rows.
#[rustfmt::skip]
const NO_ROWS: &[&str] = &[
    "coalesce", "exists", "extract", "greatest", "grouping", "interval", "least", "normalize",
    "nullif", "overlay", "position", "row", "substring", "treat", "trim", "xmlelement",
];

impl Parser<'_> {
    /// `FROM a, b JOIN c …`, introduced by this word; empty without it.
    pub(super) fn table_list(&mut self, word: &str) -> Parsed<Vec<TableExpression>> {
        if !self.at_word(word) {
            return Ok(Vec::new());
        }
        self.node(SyntaxKind::Clause, |parser| {
            parser.bump_as(SyntaxKind::Keyword);
            let mut tables = Vec::new();
            loop {
                tables.push(parser.table_expression()?);
                if !parser.eat(SyntaxKind::Comma) {
                    return Ok(tables);
                }
            }
        })
    }

    /// A table with what is joined to it.
    fn table_expression(&mut self) -> Parsed<TableExpression> {
        let source = self.table_source()?;
        let mut joins = Vec::new();
        while let Some(join) = self.join()? {
            joins.push(join);
        }
        Ok(TableExpression { source, joins })
    }

    fn table_source(&mut self) -> Parsed<TableSource> {
        let start = self.start();
        let kind = self.source_kind()?;
        let alias = self.table_alias(true)?;
        if alias.is_none() && matches!(kind, SourceKind::Query { .. }) {
            let message = "subquery in FROM must have an alias";
            return self.fail_rule(message, "for example, FROM (SELECT ...) [AS] foo");
        }
        let mut columns = Vec::new();
        if self.at(SyntaxKind::OpenParen) && (alias.is_some() || !self.first_on_line()) {
            if alias.is_none() {
                return self.fail("an alias before the names of columns");
            }
            if self.nth(2) == SyntaxKind::Word {
                let hint = "leave the types out and convert in the query";
                return self.unsupported("types of columns behind a function", hint);
            }
            columns = self.column_list()?;
        }
        if self.at_word("tablesample") {
            return self.unsupported("`TABLESAMPLE`", "");
        }
        Ok(TableSource {
            kind,
            alias,
            columns,
            span: self.since(start),
        })
    }

    fn source_kind(&mut self) -> Parsed<SourceKind> {
        self.refuse_only()?;
        if self.at_words(&["rows", "from"]) && self.nth(2) == SyntaxKind::OpenParen {
            return self.unsupported("`ROWS FROM`", "");
        }
        let lateral = self.eat_word("lateral");
        if lateral {
            let query = self.at(SyntaxKind::OpenParen) && self.at_query(1);
            let function = self.at_name() && self.nth(1) == SyntaxKind::OpenParen;
            if !query && !function {
                return self.fail("a query in parentheses or a function behind `lateral`");
            }
        }
        if self.at(SyntaxKind::OpenParen) {
            return self.node(SyntaxKind::Paren, |parser| {
                let query = parser.at_query(1);
                parser.bump();
                let kind = match query {
                    true => SourceKind::Query {
                        query: Box::new(parser.query()?),
                        lateral,
                    },
                    false => {
                        let joined = parser.nested(|parser| parser.table_expression())?;
                        if !joined.is_join() {
                            let message = "parentheses in FROM hold a query or a join".to_string();
                            return parser.fail_hint(message, "leave them out around one table");
                        }
                        SourceKind::Joined(Box::new(joined))
                    }
                };
                parser.expect(SyntaxKind::CloseParen, "`)`")?;
                Ok(kind)
            });
        }
        if self.at_name() && self.nth(1) == SyntaxKind::OpenParen {
            if self.one_of(NO_ROWS).is_some() {
                return self.fail("a table or a function");
            }
            let call = self.node(SyntaxKind::Function, |parser| parser.function())?;
            let ExpressionKind::Function(call) = call else {
                return self.fail("a function");
            };
            if call.over.is_some() || call.filter.is_some() {
                let message = "a function in FROM has no window".to_string();
                return self.fail_hint(message, "leave out OVER and FILTER");
            }
            let ordinality = self.eat_words(&["with", "ordinality"]);
            return Ok(SourceKind::Function { call, ordinality });
        }
        Ok(SourceKind::Table(self.table_name()?))
    }

    fn join(&mut self) -> Parsed<Option<Join>> {
        let words = ["join", "inner", "left", "right", "full", "cross", "natural"];
        if self.one_of(&words).is_none() {
            return Ok(None);
        }
        self.node(SyntaxKind::Clause, |parser| {
            let natural = parser.eat_word("natural");
            let kind = match parser.one_of(&words) {
                Some("left") => JoinKind::Left,
                Some("right") => JoinKind::Right,
                Some("full") => JoinKind::Full,
                Some("cross") if !natural => JoinKind::Cross,
                _ => JoinKind::Inner,
            };
            if !parser.at_word("join") {
                if parser.one_of(&words).is_none() || (natural && parser.at_word("cross")) {
                    return parser.unknown_word("`join`", &["join", "inner", "left", "right"]);
                }
                parser.bump_as(SyntaxKind::Keyword);
                if !matches!(kind, JoinKind::Inner | JoinKind::Cross) {
                    parser.eat_word("outer");
                }
            }
            parser.expect_word("join")?;
            let source = parser.table_source()?;
            let condition = match kind {
                JoinKind::Cross => JoinCondition::None,
                _ if natural => JoinCondition::Natural,
                _ => parser.join_condition()?,
            };
            Ok(Some(Join {
                kind,
                source,
                condition,
            }))
        })
    }

    fn join_condition(&mut self) -> Parsed<JoinCondition> {
        if self.eat_word("using") {
            return self.column_list().map(JoinCondition::Using);
        }
        if !self.eat_word("on") {
            return self.unknown_word("`on`", &["on", "using"]);
        }
        self.expression().map(JoinCondition::On)
    }
}
