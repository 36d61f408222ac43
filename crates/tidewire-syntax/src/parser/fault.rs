//! Faults: what goes wrong, and when.

use super::name::scaled;
use super::{Parsed, Parser};
use crate::ast::{Address, Fault, FaultKind, ItemKind, Trigger, Way};
use crate::{Diagnostic, Name, Span, SyntaxKind};

const KINDS: &[&str] = &[
    "crash",
    "drop",
    "duplicate",
    "fill",
    "lose",
    "migrate",
    "partition",
    "pause",
    "restart",
    "skew",
    "slow",
];
/// What ends a fault's own words.
const WHEN: &[&str] = &["after", "at", "for", "with"];
/// Messages in a million for each percent.
const PER_PERCENT: u64 = 10_000;

impl Parser<'_> {
    pub(super) fn fault(&mut self) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let start = self.start();
        let mut trigger = None;
        let kind = self.fault_kind(&mut trigger)?;
        let (mut probability, mut duration) = (None, None);
        loop {
            if trigger.is_none() && (self.at_word("at") || self.at_word("after")) {
                trigger = Some(self.trigger()?);
            } else if probability.is_none() && self.at_word("with") {
                probability = Some(self.probability()?);
            } else if duration.is_none() && self.eat_word("for") {
                duration = Some(self.duration()?);
            } else {
                break;
            }
        }
        if trigger.is_none() && probability.is_none() {
            let message = format!("expected when it happens, found {}", self.found());
            return self.fail_hint(
                message,
                "such as `at 400ms`, `after commit of request 7` or `after the 3rd OrderPlaced`",
            );
        }
        if !self.at_fault_end_brace(start) || self.at(SyntaxKind::Semicolon) {
            self.semicolon()?;
        }
        Ok(ItemKind::Fault(Fault {
            kind,
            trigger,
            probability,
            duration,
        }))
    }

    /// Whether the fault ended in the `}` of its statements, behind which a `;` may be left out.
    fn at_fault_end_brace(&self, start: u32) -> bool {
        self.since(start).text(self.text).ends_with('}')
    }

    fn fault_kind(&mut self, trigger: &mut Option<Trigger>) -> Parsed<FaultKind> {
        let Some(word) = self.one_of(KINDS) else {
            return self.unknown_word("what goes wrong", KINDS);
        };
        self.bump_as(SyntaxKind::Keyword);
        match word {
            "crash" => Ok(FaultKind::Crash(self.address()?)),
            "restart" => Ok(FaultKind::Restart(self.address()?)),
            "pause" => Ok(FaultKind::Pause(self.address()?)),
            "migrate" => self.migration(trigger),
            "slow" => self.slow(),
            "drop" => {
                let from = self.node_name()?;
                Ok(FaultKind::Drop(self.way(from)?, self.event_of_fault()?))
            }
            "duplicate" => self.duplicate(),
            "lose" => {
                self.expect_word("reply")?;
                self.expect_word("of")?;
                let service = self.block_name("the name of a service")?;
                self.expect(SyntaxKind::Dot, "`.` and the name of a command")?;
                let command = self.block_name("the name of a command")?;
                Ok(FaultKind::LoseReply { service, command })
            }
            "fill" => {
                self.expect_word("disk")?;
                Ok(FaultKind::FillDisk(self.node_name()?))
            }
            "skew" => {
                let node = self.node_name()?;
                self.expect_word("by")?;
                let behind = self.eat(SyntaxKind::Minus);
                let by = self.duration()?;
                Ok(FaultKind::Skew { node, by, behind })
            }
            _ => {
                let from = self.node_name()?;
                let both_ways = self.eat(SyntaxKind::BothWays);
                if !both_ways {
                    self.expect(SyntaxKind::Arrow, "`->` or `<->`")?;
                }
                let to = self.node_name()?;
                let way = Way { from, to };
                Ok(FaultKind::Partition { way, both_ways })
            }
        }
    }

    /// `db { ddl; … }`, with the trigger before the braces or behind them.
    fn migration(&mut self, trigger: &mut Option<Trigger>) -> Parsed<FaultKind> {
        let node = self.node_name()?;
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

    /// `node by 50ms`, `a -> b by 50ms`
    fn slow(&mut self) -> Parsed<FaultKind> {
        let node = self.node_name()?;
        if !self.at(SyntaxKind::Arrow) {
            self.expect_word("by")?;
            return Ok(FaultKind::Slow(node, self.duration()?));
        }
        let way = self.way(node)?;
        self.expect_word("by")?;
        Ok(FaultKind::SlowWay(way, self.duration()?))
    }

    /// `event`, `a -> b`, `a -> b event`
    fn duplicate(&mut self) -> Parsed<FaultKind> {
        let name = self.block_name("the name of an event or of a node")?;
        if !self.at(SyntaxKind::Arrow) {
            return Ok(FaultKind::Duplicate(None, Some(name)));
        }
        let way = self.way(name)?;
        Ok(FaultKind::Duplicate(Some(way), self.event_of_fault()?))
    }

    fn event_of_fault(&mut self) -> Parsed<Option<Name>> {
        if !self.at_name() || self.one_of(WHEN).is_some() {
            return Ok(None);
        }
        self.block_name("the name of an event").map(Some)
    }

    fn node_name(&mut self) -> Parsed<Name> {
        self.block_name("the name of a node")
    }

    /// `-> b`
    fn way(&mut self, from: Name) -> Parsed<Way> {
        self.expect(SyntaxKind::Arrow, "`->`")?;
        let to = self.node_name()?;
        Ok(Way { from, to })
    }

    /// `node`, `node#2`
    fn address(&mut self) -> Parsed<Address> {
        let node = self.node_name()?;
        let span = self.span();
        let instance = match self.eat(SyntaxKind::Hash) {
            true => {
                let number = self.count("the number of an instance, such as `#2`")?;
                Some((number, Span::new(span.start, self.last_end())))
            }
            false => None,
        };
        Ok(Address { node, instance })
    }

    /// `with probability 5 %`
    fn probability(&mut self) -> Parsed<(u32, Span)> {
        let start = self.start();
        self.expect_word("with")?;
        self.expect_word("probability")?;
        if !self.at(SyntaxKind::Integer) && !self.at(SyntaxKind::Decimal) {
            return self.fail("a percentage such as `5 %`");
        }
        let Some(per_million) = scaled(self.nth_text(0), PER_PERCENT) else {
            return self.number_too_large();
        };
        self.bump();
        self.expect(SyntaxKind::Percent, "`%`")?;
        let span = self.since(start);
        if per_million == 0 || per_million > 100 * PER_PERCENT {
            let message = "a probability lies above 0 % and at most at 100 %";
            self.report(
                Diagnostic::error("syntax", span, message)
                    .hint("it is counted in millionths: the smallest is 0.0001 %"),
            );
        }
        Ok((u32::try_from(per_million).unwrap_or(u32::MAX), span))
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
