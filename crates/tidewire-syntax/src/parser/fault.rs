//! Faults: what goes wrong, and when.

use super::{Parsed, Parser};
use crate::ast::{Fault, FaultKind, ItemKind, Trigger};
use crate::{Diagnostic, Name, SyntaxKind};

const KINDS: &[&str] = &["crash", "migrate", "partition"];
/// Faults that the language reserves and does not have yet.
const LATER: &[&str] = &[
    "restart",
    "pause",
    "slow",
    "drop",
    "duplicate",
    "lose",
    "fill",
];

impl Parser<'_> {
    pub(super) fn fault(&mut self) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let start = self.start();
        let mut trigger = None;
        let kind = self.fault_kind(&mut trigger)?;
        let mut duration = None;
        loop {
            if trigger.is_none() && (self.at_word("at") || self.at_word("after")) {
                trigger = Some(self.trigger()?);
            } else if duration.is_none() && self.eat_word("for") {
                duration = Some(self.duration()?);
            } else {
                break;
            }
        }
        let Some(trigger) = trigger else {
            let message = format!("expected when it happens, found {}", self.found());
            return self.fail_hint(
                message,
                "such as `at 400ms`, `after commit of request 7` or `after the 3rd OrderPlaced`",
            );
        };
        if !self.at_fault_end_brace(start) || self.at(SyntaxKind::Semicolon) {
            self.semicolon()?;
        }
        Ok(ItemKind::Fault(Fault {
            kind,
            trigger,
            duration,
        }))
    }

    /// Whether the fault ended in the `}` of its statements, behind which a `;` may be left out.
    fn at_fault_end_brace(&self, start: u32) -> bool {
        self.since(start).text(self.text).ends_with('}')
    }

    fn fault_kind(&mut self, trigger: &mut Option<Trigger>) -> Parsed<FaultKind> {
        if let Some(word) = self.one_of(LATER) {
            return self.not_yet(&format!("the fault `{word}`"));
        }
        let Some(word) = self.one_of(KINDS) else {
            return self.unknown_word("what goes wrong", KINDS);
        };
        self.bump_as(SyntaxKind::Keyword);
        let node = self.address()?;
        match word {
            "crash" => Ok(FaultKind::Crash(node)),
            "migrate" => {
                if self.at_word("at") || self.at_word("after") {
                    *trigger = Some(self.trigger()?);
                }
                let mut statements = Vec::new();
                self.braced(false, &mut |parser| {
                    let statement = parser.node(SyntaxKind::SqlStep, |parser| {
                        let statement = parser.statement()?;
                        parser.semicolon()?;
                        Ok(statement)
                    })?;
                    statements.push(statement);
                    Ok(())
                })?;
                Ok(FaultKind::Migrate(node, statements))
            }
            _ => {
                let both_ways = self.eat(SyntaxKind::BothWays);
                if !both_ways {
                    self.expect(SyntaxKind::Arrow, "`->` or `<->`")?;
                }
                Ok(FaultKind::Partition {
                    from: node,
                    to: self.address()?,
                    both_ways,
                })
            }
        }
    }

    fn address(&mut self) -> Parsed<Name> {
        let node = self.block_name("the name of a node")?;
        if self.at(SyntaxKind::Hash) {
            return self.not_yet("a fault on one instance");
        }
        Ok(node)
    }

    /// `at 400ms`, `after commit of request 7 [of CLIENT]`, `after the 3rd EVENT`
    fn trigger(&mut self) -> Parsed<Trigger> {
        if self.eat_word("at") {
            return Ok(Trigger::At(self.duration()?));
        }
        self.expect_word("after")?;
        if self.eat_word("commit") {
            self.expect_word("of")?;
            self.expect_word("request")?;
            let request = self.count("the number of a request")?;
            let client = match self.eat_word("of") {
                true => Some(self.block_name("the name of a client")?),
                false => None,
            };
            return Ok(Trigger::AfterCommit { request, client });
        }
        if !self.eat_word("the") {
            return self.unknown_word("`commit of request` or `the`", &["commit", "the"]);
        }
        let ordinal = self.ordinal()?;
        Ok(Trigger::AfterEvent {
            ordinal,
            event: self.block_name("the name of an event")?,
        })
    }

    /// `3rd`
    fn ordinal(&mut self) -> Parsed<u32> {
        if !self.at(SyntaxKind::Ordinal) {
            return self.fail("an ordinal such as `3rd`");
        }
        let text = self.nth_text(0);
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let Ok(ordinal) = digits.parse::<u32>() else {
            return self.number_too_large();
        };
        if ordinal == 0 {
            let message = "counting begins at `1st`";
            self.report(Diagnostic::error("syntax", self.span(), message));
        }
        self.bump();
        Ok(ordinal)
    }
}
