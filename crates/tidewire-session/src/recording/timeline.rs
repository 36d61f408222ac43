//! The timeline, built while records come: spans on lanes, arrows between them, flags on the ruler.

use std::sync::Arc;

use super::judged;
use super::tokens::token_kind;
use crate::legend::Legend;
use crate::sorted::SortedMap;
use crate::view::{
    Arrow, Flag, Lane, LaneSpan, NodeCondition, Record, RecordKind, SpanKind, Timeline,
};

/// What opened a span: node, kind and number of the work, transaction or request.
type SpanKey = (u16, u8, u32);

const WORK: u8 = 0;
const TRANSACTION: u8 = 1;
const WAITING: u8 = 2;
const DOWN: u8 = 3;

/// A timeline with what is needed to extend it.
#[derive(Clone, Debug)]
pub(super) struct TimelineBuilder {
    timeline: Timeline,
    /// Index, in its lane, of each span that has no end yet.
    open: SortedMap<SpanKey, usize>,
    /// Per lane and row: when it is free again; `None` while a span is open there.
    rows: Vec<Vec<Option<u64>>>,
    flagged: Vec<bool>,
}

impl TimelineBuilder {
    pub(super) fn new(legend: &Legend) -> Self {
        let lanes = (0..legend.nodes.len() as u32).map(|node| Lane {
            node,
            spans: Vec::new(),
            rows: 1,
        });
        Self {
            timeline: Timeline {
                lanes: lanes.collect(),
                ..Timeline::default()
            },
            open: SortedMap::new(),
            rows: vec![Vec::new(); legend.nodes.len()],
            flagged: vec![false; legend.invariants.len()],
        }
    }

    pub(super) fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Virtual time has come so far.
    pub(super) fn reach(&mut self, at_us: u64) {
        self.timeline.end_us = self.timeline.end_us.max(at_us);
    }

    pub(super) fn add(
        &mut self,
        record: &Record,
        index: u32,
        label: Option<&Arc<str>>,
        legend: &Legend,
    ) {
        self.reach(record.at_us);
        let text = || label.map_or_else(String::new, |label| label.to_string());
        match record.kind {
            RecordKind::Sent => self.timeline.arrows.push(Arrow {
                start_us: record.at_us,
                end_us: record.until_us,
                from: u32::from(record.node),
                to: u32::from(record.peer),
                kind: token_kind(record.detail),
                record: index,
            }),
            RecordKind::HandlerStarted => self.begin(record, index, WORK, text()),
            RecordKind::HandlerEnded => {
                let kind = (record.detail == 1).then_some(SpanKind::Failed);
                self.end(record, WORK, kind);
            }
            RecordKind::TransactionBegan => {
                self.begin(record, index, TRANSACTION, format!("T-{}", record.number));
            }
            RecordKind::StatementBlocked if !self.open.contains(&key(record, WAITING)) => {
                self.begin(record, index, WAITING, format!("T-{} waits", record.number));
            }
            RecordKind::StatementDone | RecordKind::StatementFailed => {
                self.end(record, WAITING, None);
            }
            RecordKind::Committed | RecordKind::RolledBack => {
                self.end(record, WAITING, None);
                self.end(record, TRANSACTION, None);
            }
            RecordKind::Crashed => {
                self.end_all(record);
                self.begin(
                    &Record {
                        number: 0,
                        ..*record
                    },
                    index,
                    DOWN,
                    "crashed".into(),
                );
            }
            RecordKind::Restarted => self.end(
                &Record {
                    number: 0,
                    ..*record
                },
                DOWN,
                None,
            ),
            RecordKind::ConditionChanged => self.condition(record, index),
            RecordKind::FaultInjected => self.flag(record.at_us, false, text()),
            RecordKind::InvariantChanged => self.flag_violation(record, legend),
            _ => {}
        }
    }

    /// What makes a node, or an instance of it, do nothing has a span of its own.
    fn condition(&mut self, record: &Record, index: u32) {
        let condition = NodeCondition::of(record);
        let stops = matches!(
            condition,
            Some(NodeCondition::Paused | NodeCondition::InstanceDown)
        );
        let Some(condition) = condition.filter(|_| stops) else {
            return;
        };
        let number = 1 + (u32::from(record.small) << 8) + u32::from(record.detail);
        let span = Record { number, ..*record };
        match record.number {
            0 => self.end(&span, DOWN, None),
            _ => self.begin(&span, index, DOWN, condition.words().into()),
        }
    }

    fn flag(&mut self, at_us: u64, violation: bool, label: String) {
        self.timeline.flags.push(Flag {
            at_us,
            violation,
            label,
        });
    }

    /// Only the first violation of an invariant has a flag.
    fn flag_violation(&mut self, record: &Record, legend: &Legend) {
        let number = record.number as usize;
        let Some(invariant) = legend.invariants.get(number) else {
            return;
        };
        if record.detail == judged::VIOLATED && !std::mem::replace(&mut self.flagged[number], true)
        {
            self.flag(record.at_us, true, invariant.sentence.to_string());
        }
    }

    fn begin(&mut self, record: &Record, index: u32, class: u8, label: String) {
        let node = usize::from(record.node);
        let Some(lane) = self.timeline.lanes.get_mut(node) else {
            return;
        };
        let rows = &mut self.rows[node];
        let free = rows
            .iter()
            .position(|until| until.is_some_and(|until| until <= record.at_us));
        let row = free.unwrap_or_else(|| {
            rows.push(None);
            rows.len() - 1
        });
        rows[row] = None;
        lane.rows = lane.rows.max(rows.len() as u32);
        self.open.insert(key(record, class), lane.spans.len());
        lane.spans.push(LaneSpan {
            start_us: record.at_us,
            end_us: None,
            label,
            kind: span_kind(class),
            row: row as u32,
            record: index,
        });
    }

    fn end(&mut self, record: &Record, class: u8, kind: Option<SpanKind>) {
        if let Some(span) = self.open.remove(&key(record, class)) {
            self.close(usize::from(record.node), span, record.at_us, kind);
        }
    }

    /// A crash ends everything at its node.
    fn end_all(&mut self, record: &Record) {
        let mut open = self.open.entries().to_vec();
        open.retain(|((node, ..), _)| *node == record.node);
        for (key, span) in open {
            self.open.remove(&key);
            let kind = (key.1 == WORK).then_some(SpanKind::Failed);
            self.close(usize::from(record.node), span, record.at_us, kind);
        }
    }

    fn close(&mut self, node: usize, span: usize, at_us: u64, kind: Option<SpanKind>) {
        let span = &mut self.timeline.lanes[node].spans[span];
        span.end_us = Some(at_us);
        span.kind = kind.unwrap_or(span.kind);
        self.rows[node][span.row as usize] = Some(at_us);
    }
}

fn key(record: &Record, class: u8) -> SpanKey {
    (record.node, class, record.number)
}

fn span_kind(class: u8) -> SpanKind {
    match class {
        WORK => SpanKind::Work,
        TRANSACTION => SpanKind::Transaction,
        WAITING => SpanKind::Waiting,
        _ => SpanKind::Down,
    }
}
