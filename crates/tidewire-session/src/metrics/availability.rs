//! Requests that were answered while something was wrong, and otherwise.
//!
//! What a handler says with `fail` is an answer: the service was there. What the machinery says is not.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidewire_engine::{Fact, Observation};
use tidewire_scenario::{Instruction, Program};

use crate::protocol::AnsweredCounts;
use crate::sorted::SortedSet;

/// Which fact, at which node, with which other end or instance.
type Trouble = (u8, u32, u32);

#[derive(Debug)]
pub(crate) struct Availability {
    /// Names that handlers fail with on purpose.
    answers: BTreeSet<Arc<str>>,
    troubles: SortedSet<Trouble>,
    /// When the last trouble was over.
    over_us: Option<u64>,
    pub(crate) during_faults: AnsweredCounts,
    pub(crate) otherwise: AnsweredCounts,
}

impl Availability {
    pub(crate) fn new(program: &Program) -> Self {
        let code = program.handlers.iter().flat_map(|handler| &handler.code);
        let answers = code.filter_map(|instruction| match instruction {
            Instruction::Fail(name, _) => Some(Arc::clone(name)),
            _ => None,
        });
        Self {
            answers: answers.collect(),
            troubles: SortedSet::new(),
            over_us: None,
            during_faults: AnsweredCounts::default(),
            otherwise: AnsweredCounts::default(),
        }
    }

    pub(crate) fn add(&mut self, observation: &Observation) {
        let (trouble, on) = match &observation.fact {
            Fact::Crashed(node) => ((0, node.0, 0), true),
            Fact::Restarted(node) => ((0, node.0, 0), false),
            Fact::InstanceCrashed { node, instance } => ((1, node.0, *instance), true),
            Fact::InstanceRestarted { node, instance } => ((1, node.0, *instance), false),
            Fact::PauseChanged { place, paused } => {
                let instance = place.instance.unwrap_or(u32::MAX);
                ((2, place.node.0, instance), *paused)
            }
            Fact::PartitionChanged { from, to, closed } => ((3, from.0, to.0), *closed),
            Fact::SlowChanged { from, to, by_us } => {
                ((4, from.0, to.map_or(u32::MAX, |to| to.0)), *by_us > 0)
            }
            Fact::DiskChanged { database, full } => ((5, database.0, 0), *full),
            Fact::ClockChanged { node, by_us } => ((6, node.0, 0), *by_us != 0),
            // A message that is struck, or a schema that changes, is trouble at that instant.
            Fact::Struck { .. } | Fact::Migrated { .. } => {
                self.over_us = Some(observation.at_us);
                return;
            }
            _ => return,
        };
        if on {
            self.troubles.insert(trouble, ());
        } else if self.troubles.remove(&trouble).is_some() {
            self.over_us = Some(observation.at_us);
        }
    }

    /// A request that began then ended.
    pub(crate) fn ended(&mut self, begun_us: u64, failure: Option<&Arc<str>>) {
        let overlaps =
            !self.troubles.is_empty() || self.over_us.is_some_and(|over| over >= begun_us);
        let counts = match overlaps {
            true => &mut self.during_faults,
            false => &mut self.otherwise,
        };
        counts.ended += 1;
        let answered = failure.is_none_or(|name| self.answers.contains(name));
        counts.answered += u32::from(answered);
    }
}
