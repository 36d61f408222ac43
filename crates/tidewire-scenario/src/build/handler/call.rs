//! Calls of other services' commands, and named arguments.

use std::sync::Arc;

use tidewire_store::{Scalar, Type};
use tidewire_syntax::ast::{Argument, Call, Retry, ServiceRole};
use tidewire_syntax::{Diagnostic, Span};

use super::super::quantities;
use super::frame::Frame;
use crate::report::list;
use crate::{Backoff, CallSite, Instruction, SlotId, defaults};

impl Frame<'_, '_> {
    /// Lowers a call.
    pub(super) fn call(&mut self, call: &Call, span: Span) {
        let Some((service, handler)) = self.builder.command_named(&call.service, &call.command)
        else {
            self.is_poisoned = true; // its reply would have bound names
            return;
        };
        let signature = &self.builder.signatures[handler.index()];
        let parameters: Vec<(Arc<str>, Type)> = signature
            .parameters
            .iter()
            .map(|(name, data_type)| (name.text.clone(), *data_type))
            .collect();
        let replies = signature.replies.clone();
        let callee = format!("{}.{}", call.service, call.command);
        let arguments = self.arguments(
            &callee,
            "parameter",
            &call.arguments,
            &parameters,
            call.span,
        );
        let role = self.builder.program.services[service.index()].role;
        self.warn_in_transaction(|open| match role {
            ServiceRole::External => Diagnostic::warning(
                "external-in-transaction",
                span,
                format!(
                    "what {callee} does is outside the transaction on {open}, and nobody can roll it back"
                ),
            )
            .hint(format!(
                "write down what is wanted and commit, then call {}, with a key by which it knows a repeated call",
                call.service
            )),
            _ => Diagnostic::warning(
                "work-in-transaction",
                span,
                format!("the transaction on {open} keeps its locks until {callee} answers"),
            )
            .hint(format!(
                "what {callee} did stays done when this rolls back: commit before the call"
            )),
        });
        let report = &mut self.builder.report;
        let timeout_us = match call.timeout {
            Some(timeout) => quantities::period(report, "a timeout", timeout),
            None => defaults::CALL_TIMEOUT_US,
        };
        let (retries, backoff) = self.retry(call);
        let outputs = self.bind_reply(call, replies, span);
        let Some(arguments) = arguments else {
            return;
        };
        let site = CallSite {
            service,
            handler,
            arguments,
            timeout_us,
            retries,
            backoff,
            outputs,
        };
        self.emit(Instruction::Call(site), span);
    }

    fn retry(&mut self, call: &Call) -> (u32, Backoff) {
        let none = Retry {
            times: 1,
            backoff: None,
            jitter: false,
        };
        let (times, backoff) = self.backoff(call.retry.as_ref().unwrap_or(&none), call.span);
        (call.retry.as_ref().map_or(0, |_| times), backoff)
    }

    fn bind_reply(
        &mut self,
        call: &Call,
        replies: Vec<(Arc<str>, Option<Type>)>,
        span: Span,
    ) -> Vec<(Arc<str>, SlotId)> {
        replies
            .into_iter()
            .map(|(field, data_type)| {
                let slot = match &call.into {
                    Some(row) => {
                        self.bind(row.text.clone(), Some(field.clone()), data_type, row.span)
                    }
                    None => self.bind(field.clone(), None, data_type, span),
                };
                (field, slot)
            })
            .collect()
    }

    /// Puts named arguments into the declared order. `None` after an error was reported.
    pub(super) fn arguments(
        &mut self,
        whose: &str,
        what: &str,
        given: &[Argument],
        declared: &[(Arc<str>, Type)],
        span: Span,
    ) -> Option<Vec<Scalar>> {
        let mut values: Vec<Option<Scalar>> = declared.iter().map(|_| None).collect();
        let mut taken = vec![false; declared.len()];
        let mut is_fine = true;
        for argument in given {
            let name = &argument.name;
            let position = declared
                .iter()
                .position(|(declared, _)| declared.eq_ignore_ascii_case(name.as_str()));
            let Some(at) = position else {
                let known = declared.iter().map(|(name, _)| &**name);
                self.builder
                    .report
                    .unknown(&format!("{what} of {whose}"), name, known);
                is_fine = false;
                continue;
            };
            if std::mem::replace(&mut taken[at], true) {
                self.builder.report.error(
                    "duplicate-name",
                    name.span,
                    format!("{name} is given twice"),
                    "give it once",
                );
                is_fine = false;
                continue;
            }
            values[at] = self.value_as(&argument.value, declared[at].1, &declared[at].0);
        }
        let missing: Vec<&str> = declared
            .iter()
            .zip(&taken)
            .filter(|(_, taken)| !**taken)
            .map(|((name, _), _)| &**name)
            .collect();
        if is_fine && !missing.is_empty() {
            let message = format!("{whose} also needs {}", list(&missing, ""));
            let hint = format!("write {} => …; null says that it is unknown", missing[0]);
            self.builder
                .report
                .error("missing-argument", span, message, hint);
            is_fine = false;
        }
        values
            .into_iter()
            .collect::<Option<Vec<Scalar>>>()
            .filter(|_| is_fine)
    }
}
