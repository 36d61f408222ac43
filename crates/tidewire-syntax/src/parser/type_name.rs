//! Type names of the SQL subset.

use super::{Parsed, Parser};
use crate::ast::sql::{TypeKind, TypeName};
use crate::words::suggest;
use crate::{Diagnostic, SyntaxKind, TextEdit};

/// Names of one word, synonyms included.
const TYPES: &[(&str, TypeKind)] = &[
    ("int", TypeKind::Integer),
    ("integer", TypeKind::Integer),
    ("int4", TypeKind::Integer),
    ("smallint", TypeKind::SmallInt),
    ("int2", TypeKind::SmallInt),
    ("bigint", TypeKind::BigInt),
    ("int8", TypeKind::BigInt),
    ("serial", TypeKind::Serial),
    ("serial4", TypeKind::Serial),
    ("bigserial", TypeKind::BigSerial),
    ("serial8", TypeKind::BigSerial),
    ("numeric", TypeKind::Numeric(None)),
    ("decimal", TypeKind::Numeric(None)),
    ("text", TypeKind::Text),
    ("varchar", TypeKind::VarChar(None)),
    ("char", TypeKind::Char(Some(1))),
    ("character", TypeKind::Char(Some(1))),
    ("bpchar", TypeKind::Char(None)),
    ("boolean", TypeKind::Boolean),
    ("bool", TypeKind::Boolean),
    ("date", TypeKind::Date),
    ("timestamp", TypeKind::Timestamp),
    ("timestamptz", TypeKind::TimestampTz),
    ("uuid", TypeKind::Uuid),
    ("json", TypeKind::Json),
    ("jsonb", TypeKind::Jsonb),
];

/// PostgreSQL's types that are left out, with what one takes instead.
const LEFT_OUT: &[(&str, &str)] = &[
    ("real", "there are no floats: use numeric"),
    ("float", "there are no floats: use numeric"),
    ("float4", "there are no floats: use numeric"),
    ("float8", "there are no floats: use numeric"),
    ("double", "there are no floats: use numeric"),
    ("money", "use numeric(12, 2)"),
    ("bytea", "use text"),
    ("interval", "use an int that counts a unit, such as seconds"),
    ("time", "use timestamp or text"),
    ("timetz", "use timestamptz or text"),
    ("xml", "use text or jsonb"),
    ("smallserial", "use serial"),
    ("serial2", "use serial"),
    ("dec", "use decimal"),
    ("nchar", "use text"),
    ("name", "use text"),
    ("bit", "use text or an int"),
    ("varbit", "use text"),
    ("inet", "use text"),
    ("cidr", "use text"),
    ("macaddr", "use text"),
    ("oid", "use bigint"),
    ("regclass", "use text"),
    ("point", "use two numerics"),
    ("box", "use four numerics"),
    ("polygon", "use jsonb"),
    ("tsvector", "use text and LIKE"),
    ("tsquery", "use text and LIKE"),
    ("jsonpath", "use `->` and `->>`"),
    ("int4range", "use two columns"),
    ("int8range", "use two columns"),
    ("numrange", "use two columns"),
    ("daterange", "use two columns"),
    ("tsrange", "use two columns"),
    ("tstzrange", "use two columns"),
];

/// The type that a word names, if it names one.
pub(super) fn type_of_word(word: &str) -> Option<TypeKind> {
    TYPES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word))
        .map(|(_, kind)| *kind)
}

/// The names by which types are written, synonyms included.
pub fn type_names() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|(name, _)| *name)
}

impl Parser<'_> {
    /// A type. One that is unknown or left out is reported and taken as text, so that the rest still reads.
    pub(super) fn type_name(&mut self) -> Parsed<TypeName> {
        let start = self.start();
        if !self.at_name() {
            return self.fail("a type");
        }
        let kind = self.node(SyntaxKind::Type, |parser| parser.type_kind())?;
        if self.at(SyntaxKind::OpenBracket) {
            self.report_unsupported(
                self.span(),
                "array types",
                "use jsonb or a table of its own",
            );
            self.bump();
            self.eat(SyntaxKind::Integer);
            self.expect(SyntaxKind::CloseBracket, "`]`")?;
        }
        Ok(TypeName {
            kind,
            span: self.since(start),
        })
    }

    fn type_kind(&mut self) -> Parsed<TypeKind> {
        if self.eat_words(&["character", "varying"]) {
            return self.varchar();
        }
        let word = self.nth_text(0);
        let Some(kind) = type_of_word(word).filter(|_| self.at(SyntaxKind::Word)) else {
            self.unknown_type(word);
            self.bump();
            if self.at_word("precision") {
                self.bump();
            }
            self.modifiers(2)?;
            return Ok(TypeKind::Text);
        };
        self.bump_as(SyntaxKind::Keyword);
        match kind {
            TypeKind::VarChar(_) => self.varchar(),
            TypeKind::Char(length) => self.char(length),
            TypeKind::Numeric(_) => self.numeric(),
            TypeKind::Timestamp | TypeKind::TimestampTz => {
                if self.at(SyntaxKind::OpenParen) {
                    let hint = "times count whole microseconds";
                    self.report_unsupported(self.span(), "precisions of timestamps", hint);
                    self.modifiers(1)?;
                }
                if kind == TypeKind::Timestamp && self.eat_words(&["with", "time", "zone"]) {
                    return Ok(TypeKind::TimestampTz);
                }
                self.eat_words(&["without", "time", "zone"]);
                Ok(kind)
            }
            kind => Ok(kind),
        }
    }

    fn varchar(&mut self) -> Parsed<TypeKind> {
        let span = self.span();
        let length = self.modifiers(1)?.first().copied();
        if length == Some(0) {
            let message = "length for type varchar must be at least 1";
            self.report(Diagnostic::error("sql-22023", span, message));
        }
        Ok(TypeKind::VarChar(length))
    }

    fn char(&mut self, length: Option<u32>) -> Parsed<TypeKind> {
        let span = self.span();
        let length = self.modifiers(1)?.first().copied().or(length);
        if length == Some(0) {
            let message = "a char has room for at least 1 character";
            self.report(Diagnostic::error("syntax", span, message));
        }
        Ok(TypeKind::Char(length))
    }

    fn numeric(&mut self) -> Parsed<TypeKind> {
        let start = self.start();
        let modifiers = self.modifiers(2)?;
        let Some(&precision) = modifiers.first() else {
            return Ok(TypeKind::Numeric(None));
        };
        let scale = modifiers.get(1).copied().unwrap_or(0);
        if precision == 0 || precision > 38 || scale > precision {
            let message = "a numeric has 1 to 38 digits, and its scale is not above them";
            self.report(
                Diagnostic::error("not-supported", self.since(start), message)
                    .hint("PostgreSQL goes to 1000 digits; 38 are Tidewire's limit"),
            );
            return Ok(TypeKind::Numeric(None));
        }
        Ok(TypeKind::Numeric(Some((precision as u8, scale as u8))))
    }

    /// `(n [, n])`, or nothing.
    fn modifiers(&mut self, most: usize) -> Parsed<Vec<u32>> {
        let mut numbers = Vec::new();
        if self.eat(SyntaxKind::OpenParen) {
            numbers.push(self.count("a number")?);
            while numbers.len() < most && self.eat(SyntaxKind::Comma) {
                numbers.push(self.count("a number")?);
            }
            self.expect(SyntaxKind::CloseParen, "`)`")?;
        }
        Ok(numbers)
    }

    fn unknown_type(&mut self, word: &str) {
        let left_out = LEFT_OUT
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word));
        if let Some((name, hint)) = left_out {
            return self.report_unsupported(self.span(), &format!("the type `{name}`"), hint);
        }
        let message = format!("`{word}` is not a type");
        let mut diagnostic = Diagnostic::error("unknown-type", self.span(), message);
        diagnostic = match suggest(word, TYPES.iter().map(|(name, _)| *name)) {
            Some(near) => {
                let edit = TextEdit {
                    span: self.span(),
                    text: near.to_string(),
                };
                diagnostic
                    .hint(format!("did you mean `{near}`?"))
                    .fix(format!("Change to `{near}`"), vec![edit])
            }
            None => diagnostic.hint(
                "types are smallint, int, bigint, serial, numeric, text, varchar(n), char(n), boolean, date, \
                 timestamp, timestamptz, uuid, json and jsonb",
            ),
        };
        self.report(diagnostic);
    }
}
