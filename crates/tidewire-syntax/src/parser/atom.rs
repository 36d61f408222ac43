//! Operands of expressions: literals, columns, parameters, functions, CASE, subqueries.

use super::name::unquote;
use super::type_name::type_of_word;
use super::{Parsed, Parser};
use crate::ast::sql::{Expression, ExpressionKind, FunctionCall, Literal};
use crate::words::is_reserved;
use crate::{Name, Span, SyntaxKind};

/// Reserved words that are functions without parentheses.
const TIME_WORDS: &[&str] = &["current_timestamp", "current_date", "localtimestamp"];

/// Forms with a syntax of their own that are left out.
const SPECIAL_FORMS: &[(&str, &str)] = &[
    ("extract", ""),
    ("position", ""),
    ("overlay", ""),
    ("row", "compare column by column, joined by AND"),
    ("array", "use jsonb"),
    (
        "interval",
        "times are integers of a unit, or use columns with fixed values",
    ),
    ("grouping", ""),
    ("xmlelement", ""),
];

impl Parser<'_> {
    pub(super) fn atom(&mut self) -> Parsed<Expression> {
        let start = self.start();
        let kind = match self.kind() {
            SyntaxKind::Integer => self.literal(Literal::Integer(self.nth_text(0).to_string())),
            SyntaxKind::Decimal => self.literal(Literal::Decimal(self.nth_text(0).to_string())),
            SyntaxKind::String => {
                let value = unquote(self.nth_text(0), '\'');
                self.literal(Literal::String(value))
            }
            SyntaxKind::Parameter => self.parameter()?,
            SyntaxKind::OpenParen => return self.parentheses(),
            SyntaxKind::Word => self.word_atom()?,
            SyntaxKind::QuotedWord => self.column()?,
            SyntaxKind::Duration => {
                let hint = "durations stand behind words such as `wait` and `timeout`";
                return self.fail_hint(format!("{} is no SQL value", self.found()), hint);
            }
            SyntaxKind::Unknown if self.nth_text(0) == "$" => {
                return self.fail_hint("values have no numbers here".into(), "write `:name`");
            }
            _ => return self.fail("an expression"),
        };
        if self.at(SyntaxKind::OpenBracket) {
            return self.unsupported("subscripts", "use `->` on jsonb");
        }
        Ok(Expression {
            kind,
            span: self.since(start),
        })
    }

    fn literal(&mut self, literal: Literal) -> ExpressionKind {
        self.bump();
        ExpressionKind::Literal(literal)
    }

    /// `:name` or `:row.field`
    fn parameter(&mut self) -> Parsed<ExpressionKind> {
        let span = self.span();
        let text = self.nth_text(0)[1..].to_ascii_lowercase();
        let name = Name::new(text, Span::new(span.start + 1, span.end));
        self.bump();
        let mut field = None;
        if self.at(SyntaxKind::Dot) {
            self.bump();
            field = Some(match self.kind() {
                SyntaxKind::Word => {
                    let name = self.name_here(true);
                    self.bump();
                    name
                }
                _ => self.identifier("the name of a field")?,
            });
        }
        Ok(ExpressionKind::Parameter { name, field })
    }

    /// `( expression )` or `( select … )`
    fn parentheses(&mut self) -> Parsed<Expression> {
        let start = self.start();
        self.node(SyntaxKind::Paren, |parser| {
            parser.bump();
            if parser.at_word("select") {
                let query = Box::new(parser.select()?);
                parser.expect(SyntaxKind::CloseParen, "`)`")?;
                return Ok(Expression {
                    kind: ExpressionKind::Subquery(query),
                    span: parser.since(start),
                });
            }
            let inner = parser.expression()?;
            if parser.at(SyntaxKind::Comma) {
                let hint = "compare column by column, joined by AND";
                return parser.unsupported("rows as values", hint);
            }
            parser.expect(SyntaxKind::CloseParen, "`)`")?;
            Ok(Expression {
                kind: inner.kind,
                span: parser.since(start),
            })
        })
    }

    fn word_atom(&mut self) -> Parsed<ExpressionKind> {
        let word = self.nth_text(0).to_ascii_lowercase();
        let next = self.nth(1);
        match word.as_str() {
            "null" => return Ok(self.word_literal(Literal::Null)),
            "true" => return Ok(self.word_literal(Literal::Boolean(true))),
            "false" => return Ok(self.word_literal(Literal::Boolean(false))),
            "case" => return self.node(SyntaxKind::Case, |parser| parser.case()),
            "cast" => return self.node(SyntaxKind::Function, |parser| parser.cast()),
            "exists" if next == SyntaxKind::OpenParen => return self.exists(),
            word if TIME_WORDS.contains(&word) => {
                let name = self.name_here(true);
                self.bump_as(SyntaxKind::Keyword);
                return Ok(call(name));
            }
            _ => {}
        }
        if next == SyntaxKind::String {
            return self.typed_literal(&word);
        }
        let special = SPECIAL_FORMS.iter().find(|(name, _)| *name == word);
        if let Some((name, hint)) =
            special.filter(|_| next == SyntaxKind::OpenParen || is_reserved(&word))
        {
            return self.unsupported(&format!("`{}`", name.to_ascii_uppercase()), hint);
        }
        // `left` and `right` are reserved except as functions.
        let function = !is_reserved(&word) || matches!(word.as_str(), "left" | "right");
        if next == SyntaxKind::OpenParen && function {
            return self.node(SyntaxKind::Function, |parser| parser.function());
        }
        self.column()
    }

    fn word_literal(&mut self, literal: Literal) -> ExpressionKind {
        self.bump_as(SyntaxKind::Keyword);
        ExpressionKind::Literal(literal)
    }

    /// `date '2024-01-31'`; strings with a prefix, such as `E'…'`, are left out.
    fn typed_literal(&mut self, word: &str) -> Parsed<ExpressionKind> {
        if matches!(word, "e" | "b" | "x" | "n" | "u") {
            return self.unsupported("strings with a prefix", "write '…', with '' for a quote");
        }
        if word == "interval" {
            let hint = "times are integers of a unit, or columns with fixed values";
            return self.unsupported("`INTERVAL`", hint);
        }
        let Some(kind) = type_of_word(word) else {
            return match is_reserved(word) {
                true => self.fail("an expression"),
                false => self.column(),
            };
        };
        self.node(SyntaxKind::Type, |parser| {
            parser.bump_as(SyntaxKind::Keyword)
        });
        let value = unquote(self.nth_text(0), '\'');
        Ok(self.literal(Literal::Typed(kind, value)))
    }

    /// `column` or `table.column`
    fn column(&mut self) -> Parsed<ExpressionKind> {
        let first = self.identifier("an expression")?;
        if !self.at(SyntaxKind::Dot) {
            return Ok(ExpressionKind::Column {
                table: None,
                column: first,
            });
        }
        self.bump();
        if self.at(SyntaxKind::Star) {
            return self.unsupported("whole rows as values", "name its columns");
        }
        // Behind a dot any word will do.
        let column = match self.kind() {
            SyntaxKind::Word => {
                let name = self.name_here(true);
                self.bump();
                name
            }
            _ => self.identifier("the name of a column")?,
        };
        if self.at(SyntaxKind::Dot) {
            let hint = "give the table an alias in FROM: `from db.t a`, then `a.column`";
            return self.fail_hint(
                "a column is named by its table and itself only".into(),
                hint,
            );
        }
        if self.at(SyntaxKind::OpenParen) {
            return self.unsupported("functions in schemas", "");
        }
        Ok(ExpressionKind::Column {
            table: Some(first),
            column,
        })
    }

    /// `f(…)`, `count(*)`, `sum(distinct x)`
    fn function(&mut self) -> Parsed<ExpressionKind> {
        let name = self.name_here(true);
        self.bump();
        self.bump();
        let mut function = FunctionCall {
            name,
            arguments: Vec::new(),
            star: false,
            distinct: false,
        };
        if self.eat(SyntaxKind::Star) {
            function.star = true;
        } else if !self.at(SyntaxKind::CloseParen) {
            function.distinct = self.eat_word("distinct");
            if !function.distinct {
                self.eat_word("all");
            }
            if self.at_word("variadic") {
                return self.unsupported("`VARIADIC`", "");
            }
            function.arguments = self.expression_list()?;
        }
        if self.at_word("order") {
            return self.unsupported("ORDER BY within an aggregate", "");
        }
        if self.at(SyntaxKind::FatArrow) {
            let hint = "functions of SQL take their arguments by position";
            return self.fail_hint("SQL functions have no named arguments here".into(), hint);
        }
        self.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
        for (word, what) in [
            ("over", "window functions"),
            ("filter", "`FILTER` behind an aggregate"),
            ("within", "`WITHIN GROUP`"),
        ] {
            if self.at_word(word) && matches!(self.nth(1), SyntaxKind::OpenParen | SyntaxKind::Word)
            {
                return self.unsupported(what, "use GROUP BY, or CASE within the aggregate");
            }
        }
        Ok(ExpressionKind::Function(function))
    }

    /// `CAST(x AS type)`
    fn cast(&mut self) -> Parsed<ExpressionKind> {
        self.bump_as(SyntaxKind::Keyword);
        self.expect(SyntaxKind::OpenParen, "`(`")?;
        let operand = Box::new(self.expression()?);
        self.expect_word("as")?;
        let data_type = self.type_name()?;
        self.expect(SyntaxKind::CloseParen, "`)`")?;
        Ok(ExpressionKind::Cast(operand, data_type))
    }

    fn exists(&mut self) -> Parsed<ExpressionKind> {
        self.bump_as(SyntaxKind::Keyword);
        self.node(SyntaxKind::Paren, |parser| {
            parser.bump();
            let query = Box::new(parser.select()?);
            parser.expect(SyntaxKind::CloseParen, "`)`")?;
            Ok(ExpressionKind::Exists(query))
        })
    }

    /// `CASE [x] WHEN … THEN … [ELSE …] END`
    fn case(&mut self) -> Parsed<ExpressionKind> {
        self.bump_as(SyntaxKind::Keyword);
        let operand = match self.at_word("when") {
            true => None,
            false => Some(Box::new(self.expression()?)),
        };
        let mut branches = Vec::new();
        while self.eat_word("when") {
            let when = self.expression()?;
            self.expect_word("then")?;
            branches.push((when, self.expression()?));
        }
        if branches.is_empty() {
            return self.unknown_word("`when`", &["when"]);
        }
        let otherwise = match self.eat_word("else") {
            true => Some(Box::new(self.expression()?)),
            false => None,
        };
        if !self.eat_word("end") {
            return self.unknown_word("`when`, `else` or `end`", &["when", "else", "end"]);
        }
        Ok(ExpressionKind::Case {
            operand,
            branches,
            otherwise,
        })
    }
}

/// A function without arguments.
fn call(name: Name) -> ExpressionKind {
    ExpressionKind::Function(FunctionCall {
        name,
        arguments: Vec::new(),
        star: false,
        distinct: false,
    })
}
