//! Sagas: `saga NAME(…) state DB { step NAME [pivot | retriable] { do { … } undo { … } } … }`

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::{Saga, SagaStep, SagaStepKind, ServiceMember, Step};

impl Parser<'_> {
    pub(super) fn saga(&mut self) -> Parsed<ServiceMember> {
        self.bump_as(SyntaxKind::Keyword);
        let name = self.block_name("the name of the saga")?;
        let parameters = self.fields()?;
        self.expect_word("state")?;
        let state = self.block_name("the name of the database that keeps its state")?;
        let mut steps = Vec::new();
        self.braced(false, &mut |parser| {
            if !parser.at_word("step") {
                return parser.unknown_word("a step of the saga", &["step"]);
            }
            steps.push(parser.node(SyntaxKind::SagaStep, |parser| parser.saga_step())?);
            Ok(())
        })?;
        Ok(ServiceMember::Saga(Saga {
            name,
            parameters,
            state,
            steps,
        }))
    }

    fn saga_step(&mut self) -> Parsed<SagaStep> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        let name = self.block_name("the name of the step")?;
        let kind = if self.eat_word("pivot") {
            SagaStepKind::Pivot
        } else if self.eat_word("retriable") {
            SagaStepKind::Retriable
        } else if self.at(SyntaxKind::OpenBrace) {
            SagaStepKind::Compensatable
        } else {
            return self.unknown_word("`{`, `pivot` or `retriable`", &["pivot", "retriable"]);
        };
        let (mut action, mut undo) = (None, None);
        let place = self.span();
        self.braced(false, &mut |parser| {
            let (word, part) = if parser.at_word("do") {
                ("do", &mut action)
            } else if parser.at_word("undo") {
                ("undo", &mut undo)
            } else {
                return parser.unknown_word("`do { … }` or `undo { … }`", &["do", "undo"]);
            };
            if part.is_some() {
                let message = format!("a step has one `{word}`");
                return parser.fail_hint(message, "write what belongs together into the first one");
            }
            *part = Some(parser.node(SyntaxKind::SagaPart, |parser| parser.saga_part())?);
            Ok(())
        })?;
        let Some(action) = action else {
            let message = format!("the step {name} does nothing");
            let finding = crate::Diagnostic::error("syntax", place, message);
            self.report(finding.hint("write do { … } with its steps"));
            return Err(super::Failed);
        };
        Ok(SagaStep {
            name,
            kind,
            action,
            undo,
            span: self.since(start),
        })
    }

    fn saga_part(&mut self) -> Parsed<Vec<Step>> {
        self.bump_as(SyntaxKind::Keyword);
        self.steps()
    }
}
