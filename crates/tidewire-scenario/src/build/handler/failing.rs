//! Groups, `on error`, `retry` of a unit, `parallel`.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidewire_store::Type;
use tidewire_syntax::ast::{OnError, Retry, Step, StepKind};
use tidewire_syntax::{Diagnostic, Name, Severity, Span};

use super::super::quantities;
use super::super::services::Body;
use super::frame::Frame;
use crate::outline::each_step;
use crate::report::unknown;
use crate::{Backoff, Branch, Catch, CatchThen, DatabaseId, Instruction, defaults, limits};

/// Failures that the machinery names.
const TECHNICAL: [&str; 6] = [
    "Timeout",
    "Unavailable",
    "ConnectionLost",
    "PoolTimeout",
    "CircuitOpen",
    "UnknownTopicOrEvent",
];

impl Frame<'_, '_> {
    /// A step and the clauses that catch its failure.
    pub(super) fn guarded(
        &mut self,
        body: &[Step],
        handlers: &[OnError],
        rest: &[Step],
        span: Span,
    ) {
        let before = self.flow.clone();
        let outer_ended = std::mem::take(&mut self.ended);
        let (from, first) = (self.here(), self.next_slot());
        for step in body {
            self.step(step, rest);
        }
        let (to, last) = (self.here(), self.next_slot());
        let keeps: BTreeSet<DatabaseId> = before.open.difference(&self.ended).copied().collect();
        self.ended.extend(outer_ended);
        let behind = self.label();
        self.emit(Instruction::Jump(behind), span);
        let after_body = self.flow.clone();
        let mut joined = after_body;
        for handler in handlers {
            self.check_codes(&handler.codes);
            let (target, outside) = (self.label(), self.scope.len());
            self.mark(target);
            let failure = self.bind("error".into(), None, Some(Type::Text), handler.span);
            self.catches.push(Catch {
                from,
                to,
                codes: codes(&handler.codes),
                keeps: keeps.iter().copied().collect(),
                clears: Some((first, last)),
                then: CatchThen::Handle {
                    target,
                    failure,
                    answered: None,
                },
            });
            self.flow.open.clone_from(&keeps);
            self.flow.has_ended = false;
            self.steps(&handler.body);
            self.scope.truncate(outside);
            self.emit(Instruction::Jump(behind), handler.span);
            self.join(joined, handler.span);
            joined = self.flow.clone();
        }
        self.flow = joined;
        self.mark(behind);
    }

    /// `retry N … { … }`
    pub(super) fn retry_unit(
        &mut self,
        retry: &Retry,
        codes_named: &[Name],
        body: &[Step],
        span: Span,
    ) {
        if !self.flow.open.is_empty() && !self.flow.has_ended {
            let message = format!(
                "the unit would run again inside the transaction on {}, which its failure has spoilt",
                self.open_names()
            );
            self.builder.report.error(
                "transaction-open",
                span,
                message,
                "begin and commit inside the unit: what is run again is the whole transaction",
            );
        }
        self.check_codes(codes_named);
        let (times, backoff) = self.backoff(retry, span);
        let outside = self.scope.len();
        let attempt = self.bind_quietly("attempt", Type::Integer);
        self.emit(Instruction::BeginUnit(attempt), span);
        let before = self.flow.clone();
        let (from, first) = (self.here(), self.next_slot());
        self.steps(body);
        let (to, last) = (self.here(), self.next_slot());
        if !self.flow.has_ended && self.flow.open != before.open {
            self.builder.report.error(
                "transaction-branch",
                span,
                "a unit that may run again leaves a transaction open",
                "begin and commit inside the unit",
            );
        }
        // What the unit binds is seen behind it; its count is not.
        self.scope.remove(outside);
        self.catches.push(Catch {
            from,
            to,
            codes: codes(codes_named),
            keeps: Vec::new(),
            clears: Some((first, last)),
            then: CatchThen::Again {
                attempt,
                times,
                backoff,
            },
        });
    }

    /// How often and after which pauses.
    pub(super) fn backoff(&mut self, retry: &Retry, span: Span) -> (u32, Backoff) {
        let report = &mut self.builder.report;
        let what = "the number of retries";
        let times = limits::within(report, what, span, retry.times, limits::RETRIES);
        let (first_us, most_us) = match &retry.backoff {
            Some(backoff) => {
                let first = quantities::duration(report, backoff.first);
                let most = backoff
                    .most
                    .map(|most| (most, quantities::duration(report, most)));
                if let Some((most, most_us)) = most
                    && most_us < first
                {
                    report.error(
                        "limit",
                        most.span,
                        "the longest pause is shorter than the first",
                        "write the longer one behind `to`",
                    );
                }
                (first, most.map_or(defaults::MOST_BACKOFF_US, |(_, us)| us))
            }
            None => (defaults::RETRY_BACKOFF_US, defaults::MOST_BACKOFF_US),
        };
        let backoff = Backoff {
            first_us,
            most_us,
            jitter: retry.jitter,
        };
        (times, backoff)
    }

    /// `parallel { … }`
    pub(super) fn parallel(&mut self, branches: &[Step], span: Span) {
        if !self.flow.open.is_empty() && !self.flow.has_ended {
            let message = format!(
                "the transaction on {} is open, and a branch has connections of its own",
                self.open_names()
            );
            self.builder.report.error(
                "transaction-open",
                span,
                message,
                "commit before parallel; a branch may have a transaction of its own",
            );
        }
        limits::count(
            &mut self.builder.report,
            "branches of one parallel",
            span,
            branches.len(),
            limits::BRANCHES,
        );
        let before = self.flow.clone();
        let fork = self.next_instruction();
        self.emit(Instruction::End, span); // its place; the branches are known behind them
        let was_in_branch = std::mem::replace(&mut self.in_branch, true);
        let mut made = Vec::new();
        let mut binds = Vec::new();
        for branch in branches {
            let (start, first, outside) = (self.here(), self.next_slot(), self.scope.len());
            self.flow = before.clone();
            self.flow.open.clear(); // said above
            self.steps(std::slice::from_ref(branch));
            if !self.flow.has_ended && !self.flow.open.is_empty() {
                let message = format!(
                    "the transaction on {} is open at the end of its branch",
                    self.open_names()
                );
                let hint = "commit inside the branch";
                self.builder
                    .report
                    .error("transaction-branch", branch.span, message, hint);
            }
            self.emit(Instruction::EndBranch, branch.span);
            made.push(Branch {
                start,
                binds: (first, self.next_slot()),
            });
            // A branch does not see what the others bind while they run.
            binds.extend(self.scope.drain(outside..));
        }
        self.scope.extend(binds);
        self.in_branch = was_in_branch;
        self.flow = before;
        let end = self.here();
        self.replace(fork, Instruction::Fork(made, end));
    }

    /// Nobody can say which branch would answer first.
    pub(super) fn refuse_reply_in_branch(&mut self, span: Span) -> bool {
        if self.in_branch {
            self.builder.report.error(
                "misplaced",
                span,
                "a branch of parallel does not reply",
                "bind the values in the branches, and reply behind the block",
            );
        }
        self.in_branch
    }

    /// Warns about names that nothing fails with.
    fn check_codes(&mut self, names: &[Name]) {
        let unknown_names: Vec<&Name> = names
            .iter()
            .filter(|name| !is_sqlstate(name.as_str()) && !self.is_failure(name))
            .collect();
        for name in unknown_names {
            let known = self.builder.failures();
            let known = known.iter().map(|name| &**name).chain(TECHNICAL);
            let finding = Diagnostic {
                severity: Severity::Warning,
                ..unknown("unknown-failure", "failure", name, "", known)
            };
            self.builder.report.push(finding);
        }
    }

    fn is_failure(&self, name: &Name) -> bool {
        let same = |known: &str| known.eq_ignore_ascii_case(name.as_str());
        TECHNICAL.into_iter().any(same) || self.builder.failures().iter().any(|it| same(it))
    }
}

impl super::super::Builder<'_> {
    /// Names that handlers fail with on purpose.
    fn failures(&self) -> BTreeSet<Arc<str>> {
        let mut names = BTreeSet::new();
        for signature in &self.signatures {
            if let Body::Steps(steps) = signature.body {
                each_step(steps, &mut |step| match &step.kind {
                    StepKind::Fail(failure) | StepKind::Require(_, failure) => {
                        names.insert(failure.name.text.clone());
                    }
                    _ => {}
                });
            }
        }
        names
    }
}

fn codes(names: &[Name]) -> Option<Vec<Arc<str>>> {
    let codes: Vec<Arc<str>> = names.iter().map(|name| name.text.clone()).collect();
    (!codes.is_empty()).then_some(codes)
}

/// Five digits and capital letters, a digit among them.
fn is_sqlstate(name: &str) -> bool {
    name.len() == 5
        && name
            .bytes()
            .all(|it| it.is_ascii_digit() || it.is_ascii_uppercase())
        && name.bytes().any(|it| it.is_ascii_digit())
}
