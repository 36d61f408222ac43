//! Operands of expressions: literals, columns, parameters, functions, CASE, subqueries.

use super::name::unquote;
use super::type_name::type_of_word;
use super::{Parsed, Parser};
use crate::ast::sql::{Expression, ExpressionKind, FunctionCall, Literal, TypeKind};
use crate::words::{is_reserved, names_no_function};
use crate::{Name, Span, SyntaxKind};

/// Reserved words that are functions without parentheses.
const TIME_WORDS: &[&str] = &["current_timestamp", "current_date", "localtimestamp"];

/// Forms with a syntax of their own that are left out.
const SPECIAL_FORMS: &[(&str, &str)] = &[
    ("normalize", ""),
    ("treat", "use CAST"),
    ("overlay", "use left(), right() and ||"),
    ("array", "use jsonb, a list in IN, or VALUES"),
    (
        "interval",
        "times are integers of a unit, or use columns with fixed values",
    ),
    ("grouping", ""),
    ("xmlelement", ""),
];

/// What EXTRACT takes out of a time (manual, section 9.9.1). Other words are refused: many are keywords.
#[rustfmt::skip]
const TIME_FIELDS: &[&str] = &[
    "century", "day", "decade", "dow", "doy", "epoch", "hour", "isodow", "isoyear", "julian",
    "microseconds", "millennium", "milliseconds", "minute", "month", "quarter", "second",
    "timezone", "timezone_hour", "timezone_minute", "week", "year",
];

/// Forms that look like functions, and how many expressions they take (`func_expr_common_subexpr` in `gram.y`).
const LISTED: &[(&str, Option<usize>)] = &[
    ("coalesce", None),
    ("greatest", None),
    ("least", None),
    ("nullif", Some(2)),
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
            _ => {
                self.refuse_operand()?;
                return self.fail("an expression");
            }
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
        let name = match self.nth_text(0) {
            numbered if numbered.starts_with('$') => Name::new(numbered, span),
            named => {
                let text = named[1..].to_ascii_lowercase();
                Name::new(text, Span::new(span.start + 1, span.end))
            }
        };
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
            if parser.at_query(0) {
                let query = Box::new(parser.query()?);
                parser.expect(SyntaxKind::CloseParen, "`)`")?;
                return Ok(Expression {
                    kind: ExpressionKind::Subquery(query),
                    span: parser.since(start),
                });
            }
            let inner = parser.expression()?;
            let kind = match parser.eat(SyntaxKind::Comma) {
                true => {
                    let mut parts = vec![inner];
                    parts.extend(parser.expression_list()?);
                    ExpressionKind::Row(parts)
                }
                false => inner.kind,
            };
            parser.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
            if parser.at(SyntaxKind::Dot) {
                return parser.unsupported("fields of rows", "write `table.column`");
            }
            Ok(Expression {
                kind,
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
            "row" if next == SyntaxKind::OpenParen => return self.row(),
            "extract" | "position" | "substring" | "trim" if next == SyntaxKind::OpenParen => {
                return self.node(SyntaxKind::Function, |parser| parser.special_form(&word));
            }
            word if TIME_WORDS.contains(&word) => {
                let name = self.name_here(true);
                self.bump_as(SyntaxKind::Keyword);
                return Ok(call(name));
            }
            _ => {}
        }
        let zoned = word == "timestamp"
            && self.nth_word(2, "time")
            && self.nth_word(3, "zone")
            && self.nth(4) == SyntaxKind::String;
        if next == SyntaxKind::String || zoned {
            return self.typed_literal(&word);
        }
        self.refuse_operand()?;
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
        let mut kind = kind;
        self.node(SyntaxKind::Type, |parser| {
            parser.bump_as(SyntaxKind::Keyword);
            if parser.eat_words(&["with", "time", "zone"]) {
                kind = TypeKind::TimestampTz;
            } else {
                parser.eat_words(&["without", "time", "zone"]);
            }
        });
        let value = unquote(self.nth_text(0), '\'');
        Ok(self.literal(Literal::Typed(kind, value)))
    }

    /// `column` or `table.column`
    fn column(&mut self) -> Parsed<ExpressionKind> {
        if self.at_words(&["nulls", "first"]) || self.at_words(&["nulls", "last"]) {
            return self.fail("an expression");
        }
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

    /// `f(…)`, `count(*)`, `sum(distinct x)`, with FILTER and OVER
    pub(super) fn function(&mut self) -> Parsed<ExpressionKind> {
        let word = self.nth_text(0);
        if self.at(SyntaxKind::Word) && names_no_function(word) {
            let message = format!("`{word}` names no function: SQL keeps the word for itself");
            self.bump();
            return self.fail_hint(message, "a value is converted by CAST(x AS type)");
        }
        let listed = LISTED.iter().find(|(name, _)| self.at_word(name));
        let name = self.name_here(true);
        self.bump();
        self.bump();
        if let Some((_, count)) = listed {
            return self.listed(name, *count);
        }
        let mut function = FunctionCall::of(name, Vec::new());
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
        let sorted = !function.arguments.is_empty();
        if sorted && self.at_words(&["order", "by"]) {
            function.order_by = self.node(SyntaxKind::Clause, |parser| parser.order_by())?;
        }
        if self.at(SyntaxKind::FatArrow) {
            let hint = "functions of SQL take their arguments by position";
            return self.fail_hint("SQL functions have no named arguments here".into(), hint);
        }
        self.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
        if self.at_words(&["within", "group"]) {
            return self.unsupported("`WITHIN GROUP`", "");
        }
        if self.at_word("filter") && self.nth(1) == SyntaxKind::OpenParen {
            self.eat_word("filter");
            function.filter = Some(Box::new(self.node(SyntaxKind::Paren, |parser| {
                parser.expect(SyntaxKind::OpenParen, "`(`")?;
                parser.expect_word("where")?;
                let filter = parser.expression()?;
                parser.expect(SyntaxKind::CloseParen, "`)`")?;
                Ok(filter)
            })?));
        }
        let window = matches!(self.nth(1), SyntaxKind::OpenParen | SyntaxKind::Word);
        if self.at_word("over") && window {
            self.eat_word("over");
            function.over = Some(Box::new(self.over()?));
        }
        Ok(ExpressionKind::Function(function))
    }

    /// The arguments of a form that only looks like a function: it takes no `*`, DISTINCT or window.
    fn listed(&mut self, name: Name, count: Option<usize>) -> Parsed<ExpressionKind> {
        let arguments = self.expression_list()?;
        if count.is_some_and(|count| arguments.len() != count) {
            return self.fail(if arguments.len() == 1 { "`,`" } else { "`)`" });
        }
        self.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
        Ok(ExpressionKind::Function(FunctionCall::of(name, arguments)))
    }

    /// Functions whose arguments are told apart by words; they become calls as PostgreSQL's grammar makes them.
    fn special_form(&mut self, word: &str) -> Parsed<ExpressionKind> {
        let mut name = self.name_here(true);
        self.bump();
        self.expect(SyntaxKind::OpenParen, "`(`")?;
        let arguments = match word {
            "extract" => self.extract_arguments()?,
            "position" => {
                let part = self.operand_expression()?;
                if !self.eat_word("in") {
                    return self.unknown_word("`in`", &["in"]);
                }
                vec![self.operand_expression()?, part]
            }
            "trim" => {
                name.text = self.trim_name().into();
                self.trim_arguments()?
            }
            _ => self.substring_arguments()?,
        };
        self.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
        Ok(ExpressionKind::Function(FunctionCall::of(name, arguments)))
    }

    /// `field FROM x`
    fn extract_arguments(&mut self) -> Parsed<Vec<Expression>> {
        let span = self.span();
        let field = match self.kind() {
            SyntaxKind::Word if self.one_of(TIME_FIELDS).is_some() => {
                self.nth_text(0).to_ascii_lowercase()
            }
            SyntaxKind::Word => return self.unknown_word("a field of times", TIME_FIELDS),
            SyntaxKind::String => unquote(self.nth_text(0), '\''),
            _ => return self.fail("a field such as `year`"),
        };
        self.bump_as(match self.kind() {
            SyntaxKind::Word => SyntaxKind::Keyword,
            kind => kind,
        });
        self.expect_word("from")?;
        let kind = ExpressionKind::Literal(Literal::String(field));
        Ok(vec![Expression { kind, span }, self.expression()?])
    }

    /// `x FROM start FOR length`, or arguments with commas
    fn substring_arguments(&mut self) -> Parsed<Vec<Expression>> {
        let mut arguments = vec![self.expression()?];
        if self.eat_word("from") {
            arguments.push(self.expression()?);
            if self.eat_word("for") {
                arguments.push(self.expression()?);
            }
        } else if self.at_word("for") {
            let start = Expression::one(self.span());
            self.eat_word("for");
            arguments.extend([start, self.expression()?]);
        } else if self.eat(SyntaxKind::Comma) {
            arguments.extend(self.expression_list()?);
        }
        Ok(arguments)
    }

    fn trim_name(&mut self) -> &'static str {
        if self.eat_word("leading") {
            "ltrim"
        } else if self.eat_word("trailing") {
            "rtrim"
        } else {
            self.eat_word("both");
            "btrim"
        }
    }

    /// `[characters] FROM x`, or arguments with commas
    fn trim_arguments(&mut self) -> Parsed<Vec<Expression>> {
        if self.eat_word("from") {
            return self.expression_list();
        }
        let first = self.expression()?;
        if self.eat_word("from") {
            return Ok(vec![self.expression()?, first]);
        }
        let mut arguments = vec![first];
        if self.eat(SyntaxKind::Comma) {
            arguments.extend(self.expression_list()?);
        }
        Ok(arguments)
    }

    /// `ROW (a, b)`
    fn row(&mut self) -> Parsed<ExpressionKind> {
        self.bump_as(SyntaxKind::Keyword);
        self.node(SyntaxKind::Paren, |parser| {
            parser.bump();
            let parts = parser.expression_list()?;
            parser.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
            Ok(ExpressionKind::Row(parts))
        })
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
            let query = Box::new(parser.query()?);
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
    ExpressionKind::Function(FunctionCall::of(name, Vec::new()))
}
