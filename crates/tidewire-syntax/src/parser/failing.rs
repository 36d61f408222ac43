//! Steps about failures and about several things at once: groups, `on error`, `retry`, `parallel`.

use super::{Parsed, Parser};
use crate::ast::{Backoff, OnError, Retry, Step, StepKind};
use crate::{Name, SyntaxKind};

impl Parser<'_> {
    /// A step, with the `on error` clauses behind it.
    pub(super) fn step(&mut self) -> Parsed<Step> {
        let start = self.start();
        if self.at_words(&["on", "error"]) {
            let message = "`on error` stands behind nothing here".to_owned();
            let hint = "write it behind the step or the { … } whose failure it catches";
            return self.fail_hint(message, hint);
        }
        self.flush_trivia();
        let checkpoint = self.builder.checkpoint();
        let step = self.bare_step()?;
        if !self.at_words(&["on", "error"]) {
            return Ok(step);
        }
        self.start_node_at(checkpoint, SyntaxKind::GuardedStep);
        let mut handlers = Vec::new();
        let mut result = Ok(());
        while result.is_ok() && self.at_words(&["on", "error"]) {
            result = self
                .node(SyntaxKind::OnError, |parser| parser.on_error())
                .map(|handler| handlers.push(handler));
        }
        self.finish_node();
        result?;
        Ok(Step {
            kind: StepKind::Guarded {
                body: vec![step],
                handlers,
            },
            span: self.since(start),
        })
    }

    /// `on error [CODE, …] { … }`
    fn on_error(&mut self) -> Parsed<OnError> {
        let start = self.start();
        self.eat_words(&["on", "error"]);
        let mut codes = Vec::new();
        if !self.at(SyntaxKind::OpenBrace) {
            codes = self.failure_codes()?;
        }
        let span = self.since(start);
        Ok(OnError {
            codes,
            body: self.steps()?,
            span,
        })
    }

    /// `Timeout, OutOfStock, 40001, '40P01'`
    fn failure_codes(&mut self) -> Parsed<Vec<Name>> {
        let mut codes = Vec::new();
        loop {
            codes.push(self.failure_code()?);
            if !self.eat(SyntaxKind::Comma) {
                return Ok(codes);
            }
        }
    }

    fn failure_code(&mut self) -> Parsed<Name> {
        let span = self.span();
        match self.kind() {
            SyntaxKind::Integer => {
                let text = self.nth_text(0);
                self.bump();
                Ok(Name::new(text, span))
            }
            SyntaxKind::String => {
                let text = self.text_literal("the name of a failure")?;
                Ok(Name::new(text.value, span))
            }
            _ => self.block_name("the name of a failure, such as Timeout or 40001"),
        }
    }

    /// `{ … }` as a step.
    pub(super) fn group(&mut self) -> Parsed<Step> {
        let start = self.start();
        let body = self.steps()?;
        Ok(Step {
            kind: StepKind::Group(body),
            span: self.since(start),
        })
    }

    /// `retry N [on CODE, …] [backoff D [to D]] [jitter] { … }`
    pub(super) fn retry_step(&mut self) -> Parsed<Step> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        let times = self.count("how many times more")?;
        let codes = match self.eat_word("on") {
            true => self.failure_codes()?,
            false => Vec::new(),
        };
        let retry = self.retry(times)?;
        let span = self.since(start);
        Ok(Step {
            kind: StepKind::Retry {
                retry,
                codes,
                body: self.steps()?,
            },
            span,
        })
    }

    /// `[backoff D [to D]] [jitter]` behind the number of retries.
    pub(super) fn retry(&mut self, times: u32) -> Parsed<Retry> {
        let mut backoff = None;
        if self.eat_word("backoff") {
            let first = self.duration()?;
            let most = match self.eat_word("to") {
                true => Some(self.duration()?),
                false => None,
            };
            backoff = Some(Backoff { first, most });
        }
        Ok(Retry {
            times,
            backoff,
            jitter: self.eat_word("jitter"),
        })
    }

    /// `parallel { … }`
    pub(super) fn parallel(&mut self) -> Parsed<Step> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        let span = self.since(start);
        Ok(Step {
            kind: StepKind::Parallel(self.steps()?),
            span,
        })
    }
}
