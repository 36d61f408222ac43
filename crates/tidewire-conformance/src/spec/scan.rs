//! The words of a specification, as `specscanner.l` cuts them.

use super::parse::SpecificationError;

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// `setup`, `teardown`, `session`, `step`, `permutation`, `notices`, not quoted.
    Keyword(&'static str),
    /// A name, plain or quoted.
    Name(String),
    /// What stands between braces, without space at its ends.
    Sql(String),
    /// A number.
    Number(u32),
    /// `(`, `)`, `,` or `*`
    Sign(char),
}

const KEYWORDS: [&str; 6] = [
    "notices",
    "permutation",
    "session",
    "setup",
    "step",
    "teardown",
];

/// The words, each with its line, from 1.
pub(super) fn scan(text: &str) -> Result<Vec<(Token, u32)>, SpecificationError> {
    let mut scanner = Scanner {
        rest: text,
        line: 1,
    };
    let mut tokens = Vec::new();
    while let Some(token) = scanner.token()? {
        tokens.push((token, scanner.line));
    }
    Ok(tokens)
}

struct Scanner<'t> {
    rest: &'t str,
    line: u32,
}

impl<'t> Scanner<'t> {
    /// The next `length` bytes, with their lines counted.
    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.line += taken.bytes().filter(|byte| *byte == b'\n').count() as u32;
        taken
    }

    fn take_while(&mut self, holds: impl Fn(char) -> bool) -> &'t str {
        let length = self.rest.find(|c| !holds(c)).unwrap_or(self.rest.len());
        self.take(length)
    }

    fn error<T>(&self, message: &str) -> Result<T, SpecificationError> {
        Err(SpecificationError::at(message, self.line))
    }

    fn token(&mut self) -> Result<Option<Token>, SpecificationError> {
        loop {
            let Some(first) = self.rest.chars().next() else {
                return Ok(None);
            };
            return Ok(Some(match first {
                ' ' | '\t' | '\r' | '\x0c' | '\n' => {
                    self.take(1);
                    continue;
                }
                '#' => {
                    self.take_while(|c| c != '\n' && c != '\r');
                    continue;
                }
                '"' => self.quoted()?,
                '{' => self.sql()?,
                ',' | '(' | ')' | '*' => {
                    self.take(1);
                    Token::Sign(first)
                }
                '0'..='9' => {
                    let digits = self.take_while(|c| c.is_ascii_digit());
                    match digits.parse() {
                        Ok(number) => Token::Number(number),
                        Err(_) => return self.error("this number is too large"),
                    }
                }
                'a'..='z' | 'A'..='Z' | '_' | '\u{80}'.. => self.name(),
                other => {
                    let message = format!("syntax error: unexpected character \"{other}\"");
                    return self.error(&message);
                }
            }));
        }
    }

    fn name(&mut self) -> Token {
        let name =
            self.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$' || c >= '\u{80}');
        match KEYWORDS.into_iter().find(|keyword| *keyword == name) {
            Some(keyword) => Token::Keyword(keyword),
            None => Token::Name(name.to_string()),
        }
    }

    fn quoted(&mut self) -> Result<Token, SpecificationError> {
        let mut name = String::new();
        self.take(1);
        loop {
            name.push_str(self.take_while(|c| c != '"' && c != '\n'));
            if self.rest.starts_with("\"\"") {
                name.push_str(&self.take(2)[1..]);
            } else if self.rest.starts_with('"') {
                self.take(1);
                return Ok(Token::Name(name));
            } else if self.rest.is_empty() {
                return self.error("unterminated quoted identifier");
            } else {
                return self.error("unexpected newline in quoted identifier");
            }
        }
    }

    /// Space is trimmed, lines are not: a block keeps the newline behind its brace.
    fn sql(&mut self) -> Result<Token, SpecificationError> {
        let Some(end) = self.rest.find('}') else {
            self.take(self.rest.len());
            return self.error("unterminated sql block");
        };
        let space = [' ', '\t', '\r', '\x0c'];
        let block = &self.take(end + 1)[1..end];
        let block = block.trim_start_matches(space).trim_end_matches(space);
        Ok(Token::Sql(block.to_string()))
    }
}
