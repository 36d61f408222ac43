//! What is true at one point of the recording, folded from its records. Keyframes are kept moments.

use crate::condition::WHOLE;
use crate::legend::Legend;
use crate::sorted::SortedSet;
use crate::view::{NodeCondition, Record, RecordKind};
use tidewire_engine::Settlement;
use tidewire_scenario::BrokerKind;

/// Cells of a partition that are kept for drawing.
const CELLS: usize = 8;

/// States of an invariant as records carry them.
pub(crate) mod judged {
    pub(crate) const HOLDS: u8 = 0;
    pub(crate) const VIOLATED: u8 = 2;
}

/// The fold of all records before some index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Moment {
    /// Index of the next record to be folded.
    pub(super) next: usize,
    /// One per node.
    pub(super) nodes: Vec<NodeMoment>,
    /// One per topic.
    pub(super) topics: Vec<Vec<PartitionMoment>>,
    /// One per invariant.
    pub(super) invariants: Vec<InvariantMoment>,
    /// `Sent` records that have neither arrived nor been lost, ascending.
    pub(super) in_flight: SortedSet<u32>,
    /// Ways that are closed.
    pub(super) closed: SortedSet<(u16, u16)>,
}

/// A node's part of a [`Moment`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NodeMoment {
    pub(super) busy: u32,
    pub(super) queued: u32,
    pub(super) crashed_since_us: Option<u64>,
    pub(super) waiting: Vec<u32>,
    /// Conditions that faults have brought, each with the instance and the other end that it is about.
    pub(super) conditions: Vec<(NodeCondition, u16, u16)>,
    pub(super) changed_event: Option<u32>,
}

/// A partition's part of a [`Moment`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PartitionMoment {
    pub(super) next: u32,
    pub(super) committed: Vec<u32>,
    /// Per group the offsets from the committed one on that it will handle, ascending.
    pub(super) unread: Vec<Vec<u32>>,
    /// Indices of the last `Appended` records, oldest first.
    pub(super) cells: Vec<u32>,
}

/// An invariant's part of a [`Moment`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct InvariantMoment {
    pub(super) state: u8,
    pub(super) violated_at_us: Option<u64>,
    /// Label with the evidence, [`Record::NONE`] before the first judgement.
    pub(super) evidence: u32,
}

impl NodeMoment {
    fn fold_condition(&mut self, record: &Record) {
        let Some(condition) = NodeCondition::of(record) else {
            return;
        };
        let instance = match condition {
            NodeCondition::ClockOff => WHOLE,
            _ => record.small,
        };
        let which = (condition, instance, record.peer);
        self.conditions.retain(|other| *other != which);
        if record.number > 0 {
            self.conditions.push(which);
        }
        self.changed_event = Some(record.event);
    }
}

impl Moment {
    /// Before the first record.
    pub(super) fn start(legend: &Legend) -> Self {
        let partition = |groups: usize| PartitionMoment {
            committed: vec![0; groups],
            unread: vec![Vec::new(); groups],
            ..PartitionMoment::default()
        };
        Self {
            nodes: vec![NodeMoment::default(); legend.nodes.len()],
            topics: legend
                .topics
                .iter()
                .map(|topic| vec![partition(topic.groups.len()); topic.partitions as usize])
                .collect(),
            invariants: vec![
                InvariantMoment {
                    state: judged::HOLDS,
                    violated_at_us: None,
                    evidence: Record::NONE,
                };
                legend.invariants.len()
            ],
            ..Self::default()
        }
    }

    /// Folds the next record. `sent` is the index of the `Sent` record of the delivery it speaks of, if any.
    pub(super) fn fold(&mut self, legend: &Legend, record: &Record, sent: Option<u32>) {
        let index = self.next as u32;
        self.next += 1;
        match record.kind {
            RecordKind::Sent => {
                self.in_flight.insert(index, ());
            }
            RecordKind::Delivered | RecordKind::Lost => {
                if let Some(sent) = sent {
                    self.in_flight.remove(&sent);
                }
            }
            RecordKind::Appended | RecordKind::OffsetCommitted | RecordKind::Settled => {
                self.fold_log(legend, record, index)
            }
            RecordKind::PartitionChanged => {
                let way = (record.node, record.peer);
                if record.detail == 1 {
                    self.closed.insert(way, ());
                } else {
                    self.closed.remove(&way);
                }
            }
            RecordKind::InvariantChanged => self.fold_invariant(record),
            _ => self.fold_node(record),
        }
    }

    fn fold_log(&mut self, legend: &Legend, record: &Record, index: u32) {
        let topic = self.topics.get_mut(usize::from(record.peer));
        let Some(partition) = topic.and_then(|topic| topic.get_mut(usize::from(record.small)))
        else {
            return;
        };
        let kind = legend.topics.get(usize::from(record.peer));
        let kind = kind.map(|topic| topic.kind);
        if record.kind == RecordKind::Settled {
            // A log's group commits the offset of what it gives up.
            if kind == Some(BrokerKind::Queue) && record.detail != Settlement::Returned as u8 {
                let unread = partition.unread.iter_mut();
                unread.for_each(|unread| unread.retain(|offset| *offset != record.number));
            }
        } else if record.kind == RecordKind::Appended {
            partition.next = record.number.saturating_add(1);
            if partition.cells.len() == CELLS {
                partition.cells.remove(0);
            }
            partition.cells.push(index);
            let reads = legend.topics.get(usize::from(record.peer));
            let reads = reads.map_or(&[][..], |topic| &topic.reads);
            for (events, unread) in reads.iter().zip(&mut partition.unread) {
                if kind != Some(BrokerKind::PubSub) && events.contains(&record.detail) {
                    unread.push(record.number);
                }
            }
        } else if let Some(offset) = partition.committed.get_mut(usize::from(record.detail)) {
            *offset = record.number;
            if let Some(unread) = partition.unread.get_mut(usize::from(record.detail)) {
                unread.retain(|offset| *offset >= record.number);
            }
        }
    }

    fn fold_invariant(&mut self, record: &Record) {
        let Some(invariant) = self.invariants.get_mut(record.number as usize) else {
            return;
        };
        invariant.state = record.detail;
        invariant.evidence = record.label;
        if record.detail == judged::VIOLATED && invariant.violated_at_us.is_none() {
            invariant.violated_at_us = Some(record.at_us);
        }
    }

    fn fold_node(&mut self, record: &Record) {
        let Some(node) = self.nodes.get_mut(usize::from(record.node)) else {
            return;
        };
        match record.kind {
            RecordKind::RequestStarted
            | RecordKind::HandlerStarted
            | RecordKind::TransactionBegan => {
                node.busy += 1;
            }
            RecordKind::RequestEnded | RecordKind::HandlerEnded => {
                node.busy = node.busy.saturating_sub(1);
            }
            RecordKind::Committed | RecordKind::RolledBack => {
                node.busy = node.busy.saturating_sub(1);
                node.waiting.retain(|waiter| *waiter != record.number);
                if record.kind == RecordKind::Committed && record.small > 0 {
                    node.changed_event = Some(record.event);
                }
            }
            RecordKind::Queued => node.queued = record.number,
            RecordKind::StatementBlocked if !node.waiting.contains(&record.number) => {
                node.waiting.push(record.number);
            }
            RecordKind::StatementDone | RecordKind::StatementFailed => {
                node.waiting.retain(|waiter| *waiter != record.number);
            }
            RecordKind::Crashed => {
                *node = NodeMoment {
                    crashed_since_us: Some(record.at_us),
                    changed_event: Some(record.event),
                    conditions: std::mem::take(&mut node.conditions),
                    ..NodeMoment::default()
                };
            }
            RecordKind::Restarted => {
                node.crashed_since_us = None;
                node.changed_event = Some(record.event);
            }
            RecordKind::Migrated => node.changed_event = Some(record.event),
            RecordKind::ConditionChanged => node.fold_condition(record),
            _ => {}
        }
    }
}
