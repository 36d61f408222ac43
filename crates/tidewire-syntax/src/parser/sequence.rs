//! `CREATE SEQUENCE`, `ALTER SEQUENCE`, `DROP SEQUENCE`.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::sql::{SequenceOption, SequenceStatement};

impl Parser<'_> {
    /// Behind `CREATE`, `ALTER` or `DROP`, whose word this is.
    pub(super) fn sequence(&mut self, word: &str) -> Parsed<SequenceStatement> {
        self.bump_as(SyntaxKind::Keyword);
        self.expect_word("sequence")?;
        let what = "the name of the sequence";
        match word {
            "create" => {
                let if_not_exists = self.eat_words(&["if", "not", "exists"]);
                Ok(SequenceStatement::Create {
                    name: self.identifier(what)?,
                    if_not_exists,
                    options: self.sequence_options()?,
                })
            }
            "alter" => {
                let name = self.identifier(what)?;
                let start = self.start();
                let options = self.sequence_options()?;
                if self.start() == start {
                    return self.fail("what changes: `restart`, `increment`, `maxvalue` …");
                }
                Ok(SequenceStatement::Alter { name, options })
            }
            _ => {
                let if_exists = self.eat_words(&["if", "exists"]);
                let mut names = Vec::new();
                loop {
                    names.push(self.identifier(what)?);
                    if !self.eat(SyntaxKind::Comma) {
                        break;
                    }
                }
                if self.at_word("cascade") {
                    return self.unsupported("`CASCADE`", "leave it out");
                }
                self.eat_word("restrict");
                Ok(SequenceStatement::Drop { names, if_exists })
            }
        }
    }

    fn sequence_options(&mut self) -> Parsed<Vec<SequenceOption>> {
        let mut options = Vec::new();
        loop {
            let option = if self.eat_word("increment") {
                self.eat_word("by");
                SequenceOption::Increment(self.whole_number()?)
            } else if self.eat_word("minvalue") {
                SequenceOption::Minimum(Some(self.whole_number()?))
            } else if self.eat_words(&["no", "minvalue"]) {
                SequenceOption::Minimum(None)
            } else if self.eat_word("maxvalue") {
                SequenceOption::Maximum(Some(self.whole_number()?))
            } else if self.eat_words(&["no", "maxvalue"]) {
                SequenceOption::Maximum(None)
            } else if self.eat_word("start") {
                self.eat_word("with");
                SequenceOption::Start(self.whole_number()?)
            } else if self.eat_word("restart") {
                let with = self.eat_word("with");
                let number = with || self.at(SyntaxKind::Integer) || self.at(SyntaxKind::Minus);
                SequenceOption::Restart(if number {
                    Some(self.whole_number()?)
                } else {
                    None
                })
            } else if self.eat_word("cycle") {
                SequenceOption::Cycle(true)
            } else if self.eat_words(&["no", "cycle"]) {
                SequenceOption::Cycle(false)
            } else if self.eat_word("cache") {
                // Numbers that a session keeps for itself: none here.
                self.whole_number()?;
                continue;
            } else if self.at_word("owned") || self.at_word("as") {
                let what = format!("{} of a sequence", self.found());
                return self.unsupported(&what, "leave it out");
            } else {
                return Ok(options);
            };
            options.push(option);
        }
    }

    /// `[-] digits`
    fn whole_number(&mut self) -> Parsed<i64> {
        let negative = self.eat(SyntaxKind::Minus);
        if !self.at(SyntaxKind::Integer) {
            return self.fail("a whole number");
        }
        let text = self.nth_text(0);
        let number = match negative {
            true => format!("-{text}").parse(),
            false => text.parse(),
        };
        let Ok(number) = number else {
            return self.number_too_large();
        };
        self.bump();
        Ok(number)
    }
}
