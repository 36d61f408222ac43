//! Faults and the budgets of a search. A target that a design does not have is an error in that design.

use std::collections::BTreeMap;

use tidewire_store::Store;
use tidewire_syntax::Diagnostic;
use tidewire_syntax::ast::{self, ItemKind};

use super::{Builder, quantities};
use crate::limits;
use crate::{DatabaseId, Fault, FaultKind};

mod kind;
mod migration;
mod trigger;

/// What a search may spend, as written behind `explore`.
const BUDGETS: [&str; 8] = [
    "crashes",
    "restarts",
    "partitions",
    "pauses",
    "duplicates",
    "losses",
    "delays",
    "switches",
];

/// The most that one budget may hold; the search grows exponentially with it.
const BUDGET: u32 = 16;

/// Stores as migrations leave them.
type Copies = BTreeMap<DatabaseId, Store>;

impl Builder<'_> {
    /// Builds all faults.
    pub(super) fn faults(&mut self) {
        let mut copies = Copies::new();
        for block in self.blocks {
            let ItemKind::Fault(fault) = &block.item.kind else {
                continue;
            };
            let span = block.item.span;
            let (kind, trigger) = (
                self.fault_kind(&mut copies, &fault.kind),
                self.trigger(fault, span),
            );
            let duration_us = fault
                .duration
                .map(|duration| quantities::period(&mut self.report, "a fault", duration));
            if let (Some(kind), Some(trigger)) = (kind, trigger) {
                self.check_extent(&kind, fault);
                self.program.faults.push(Fault {
                    kind,
                    trigger,
                    per_million: fault.probability.map(|(per_million, _)| per_million),
                    duration_us,
                    text: super::handler::words(span.text(self.source)),
                    span,
                });
            }
            let number = self.program.faults.len();
            limits::count(&mut self.report, "faults", span, number, limits::FAULTS);
        }
    }

    /// Only what lasts has a duration, and only what happens to messages a probability.
    fn check_extent(&mut self, kind: &FaultKind, fault: &ast::Fault) {
        if let (FaultKind::Restart(_) | FaultKind::Migrate(..), Some(duration)) =
            (kind, fault.duration)
        {
            self.report.error(
                "misplaced",
                duration.span,
                "this fault is over at once, so it lasts for no time",
                "leave out `for`; a crash lasts, a restart does not",
            );
        }
        let drawn = kind.strikes_messages() || matches!(kind, FaultKind::Slow { .. });
        if let (false, Some((_, span))) = (drawn, fault.probability) {
            self.report.error(
                "misplaced",
                span,
                "a probability is drawn for each message, and this fault does not happen to messages",
                "write at 400ms; slow, drop, duplicate and lose reply have probabilities",
            );
        }
    }

    /// Checks the budgets of a search.
    pub(super) fn explore(&mut self) {
        for block in self.blocks {
            let ItemKind::Explore(budgets) = &block.item.kind else {
                continue;
            };
            for (name, number) in budgets {
                if !BUDGETS.contains(&name.key().as_str()) {
                    self.report.unknown("budget", name, BUDGETS);
                } else if *number > BUDGET {
                    self.report.push(
                        Diagnostic::error(
                            "limit",
                            name.span,
                            format!("{number} {name} are over the limit of {BUDGET}"),
                        )
                        .hint("a search grows exponentially with its budget: begin with 1 or 2"),
                    );
                } else {
                    self.program.explore.push((name.text.clone(), *number));
                }
            }
        }
    }
}
