//! Steps on the streams of an event store.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::{Append, AppendedEvent, Expecting, FoldCase, LoadStream, Step, StepKind};

impl Parser<'_> {
    /// Behind `append`.
    pub(super) fn append(&mut self) -> Parsed<Append> {
        let mut events = Vec::new();
        loop {
            let event = self.block_name("the name of an event")?;
            let arguments = self.arguments()?;
            events.push(AppendedEvent { event, arguments });
            if !self.eat(SyntaxKind::Comma) {
                break;
            }
        }
        self.expect_word("to")?;
        self.expect_word("stream")?;
        let stream = self.expression()?;
        if !self.at_word("expecting") {
            let message = format!("expected `expecting`, found {}", self.found());
            let hint = "say what the writer knows of the stream: expecting :version, expecting no stream, or \
                        expecting any";
            return self.fail_hint(message, hint);
        }
        self.bump_as(SyntaxKind::Keyword);
        let expecting = if self.eat_word("any") {
            Expecting::Any
        } else if self.eat_words(&["no", "stream"]) {
            Expecting::NoStream
        } else {
            Expecting::Version(self.expression()?)
        };
        let id = match self.eat_word("id") {
            true => Some(self.expression()?),
            false => None,
        };
        Ok(Append {
            events,
            stream,
            expecting,
            id,
        })
    }

    pub(super) fn load(&mut self) -> Parsed<Step> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        self.expect_word("stream")?;
        let stream = self.expression()?;
        let snapshot = match self.eat_words(&["snapshot", "every"]) {
            true => Some(self.count("a number of events")?),
            false => None,
        };
        let into = match self.eat_word("into") {
            true => Some(self.identifier("a name for the state")?),
            false => None,
        };
        if !self.eat_word("fold") {
            let words = ["snapshot", "into", "fold"];
            return self.unknown_word("`snapshot every`, `into` or `fold`", &words);
        }
        let (mut state, mut cases) = (Vec::new(), Vec::new());
        self.braced(false, &mut |parser| {
            match parser.one_of(&["let", "on"]) {
                Some("let") => state.push(parser.node(SyntaxKind::SimpleStep, |parser| {
                    parser.bump_as(SyntaxKind::Keyword);
                    let bound = parser.binding()?;
                    parser.semicolon()?;
                    Ok(bound)
                })?),
                Some(_) => {
                    cases.push(parser.node(SyntaxKind::FoldCase, |parser| parser.fold_case())?);
                }
                None => return parser.unknown_word("`let` or `on`", &["let", "on"]),
            }
            Ok(())
        })?;
        let load = LoadStream {
            stream,
            snapshot,
            into,
            state,
            cases,
        };
        Ok(Step {
            kind: StepKind::LoadStream(load),
            span: self.since(start),
        })
    }

    fn fold_case(&mut self) -> Parsed<FoldCase> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        let event = self.block_name("the name of an event")?;
        let span = self.since(start);
        let body = self.steps()?;
        Ok(FoldCase { event, body, span })
    }
}
