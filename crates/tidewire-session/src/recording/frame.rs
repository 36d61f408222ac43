//! A frame: everything that changes with the playhead, except tokens and tables.

use tidewire_syntax::sort;

use super::Recording;
use super::judged;
use super::moment::{InvariantMoment, Moment, NodeMoment, PartitionMoment};
use crate::condition;
use crate::legend::{LegendInvariant, LegendNode};
use crate::view::{
    Backlog, Frame, InvariantNow, LogCell, NodeCondition, NodeNow, NodeShape, PartitionNow, Record,
    RecordKind, TopicNow,
};

impl Recording {
    /// Everything that changes with the playhead, except tokens and tables.
    pub fn frame(&self, at_us: u64) -> Frame {
        let count = self.records_until(at_us) as usize;
        let moment = self.moment(count);
        Frame {
            at_us,
            event: self.records[..count].last().map(|record| record.event),
            nodes: self.nodes(&moment, at_us),
            topics: self.topics(&moment),
            invariants: self.invariants(&moment),
            blocked_wires: self.blocked_wires(&moment),
            backlogs: self.backlogs(&moment),
            sentence: self.last_sentence(count),
        }
    }

    fn nodes(&self, moment: &Moment, at_us: u64) -> Vec<NodeNow> {
        let mut violated = vec![false; self.legend.nodes.len()];
        for (invariant, now) in self.legend.invariants.iter().zip(&moment.invariants) {
            for store in &invariant.stores {
                if let Some(mark) = violated.get_mut(*store as usize) {
                    *mark |= now.state == judged::VIOLATED;
                }
            }
        }
        let nodes = self.legend.nodes.iter().zip(&moment.nodes).zip(violated);
        nodes
            .map(|((node, now), violated)| NodeNow {
                caption: caption(node, now),
                busy: now.busy,
                queued: now.queued,
                crashed_since_us: now.crashed_since_us,
                conditions: conditions(now),
                waiting: now.waiting.clone(),
                violated,
                changed_event: now.changed_event,
                description: description(node, now, violated, at_us),
            })
            .collect()
    }

    fn topics(&self, moment: &Moment) -> Vec<TopicNow> {
        let partition = |partition: &PartitionMoment| PartitionNow {
            cells: partition
                .cells
                .iter()
                .filter_map(|index| {
                    let record = self.record(*index)?;
                    Some(LogCell {
                        offset: record.number,
                        label: self.label(record).to_owned(),
                        record: *index,
                        again: record.until_us < record.at_us,
                    })
                })
                .collect(),
            next: partition.next,
            committed: partition.committed.clone(),
        };
        let topic = |partitions: &Vec<PartitionMoment>| TopicNow {
            partitions: partitions.iter().map(partition).collect(),
        };
        moment.topics.iter().map(topic).collect()
    }

    fn invariants(&self, moment: &Moment) -> Vec<InvariantNow> {
        let now = |(invariant, now, breaks): (&LegendInvariant, &InvariantMoment, Option<u64>)| {
            let evidence = self.strings.get(now.evidence as usize);
            InvariantNow {
                sentence: invariant.sentence.clone(),
                mode: invariant.mode.clone(),
                state: now.state,
                violated_at_us: now.violated_at_us,
                breaks_at_us: breaks,
                evidence: evidence
                    .map(|rows| rows.lines().map(str::to_owned).collect())
                    .unwrap_or_default(),
            }
        };
        let invariants = self.legend.invariants.iter().zip(&moment.invariants);
        invariants
            .zip(&self.first_violations)
            .map(|((invariant, at), breaks)| now((invariant, at, *breaks)))
            .collect()
    }

    fn blocked_wires(&self, moment: &Moment) -> Vec<u32> {
        if moment.closed.is_empty() {
            return Vec::new();
        }
        let closed = |(from, to): &(u32, u32)| {
            let (from, to) = (*from as u16, *to as u16);
            moment.closed.contains(&(from, to)) || moment.closed.contains(&(to, from))
        };
        let wires = self.legend.wires.iter().enumerate();
        wires
            .filter(|(_, wire)| closed(wire))
            .map(|(index, _)| index as u32)
            .collect()
    }

    /// What waits for the reader of each wire from a broker.
    fn backlogs(&self, moment: &Moment) -> Vec<Backlog> {
        let mut backlogs: Vec<Backlog> = Vec::new();
        for (topic, partitions) in self.legend.topics.iter().zip(&moment.topics) {
            for (group, (_, reader)) in topic.groups.iter().enumerate() {
                let behind =
                    |partition: &PartitionMoment| partition.unread.get(group).map_or(0, Vec::len);
                let waiting = partitions.iter().map(behind).sum::<usize>() as u32;
                let wires = &self.legend.wires;
                let wire = wires
                    .iter()
                    .position(|wire| *wire == (topic.broker, *reader));
                let Some(wire) = wire.filter(|_| waiting > 0) else {
                    continue;
                };
                let node = moment.nodes.get(*reader as usize);
                let stopped = node.is_some_and(stands_still);
                let wire = wire as u32;
                match backlogs.iter_mut().find(|backlog| backlog.wire == wire) {
                    Some(backlog) => backlog.waiting += waiting,
                    None => backlogs.push(Backlog {
                        wire,
                        waiting,
                        stopped,
                    }),
                }
            }
        }
        backlogs
    }

    /// What the last event did, told by its weightiest record.
    fn last_sentence(&self, count: usize) -> String {
        let Some(last) = self.records[..count].last() else {
            return String::new();
        };
        let start = self.records[..count].partition_point(|record| {
            record.at_us < last.at_us || (record.at_us == last.at_us && record.event < last.event)
        });
        let weightiest = (start..count).max_by_key(|index| {
            // Of equal ones the first.
            (weight(&self.records[*index]), usize::MAX - index)
        });
        weightiest.map_or_else(String::new, |index| self.describe(index as u32))
    }
}

fn weight(record: &Record) -> u8 {
    match record.kind {
        RecordKind::InvariantChanged => 9,
        RecordKind::Crashed | RecordKind::Restarted | RecordKind::Migrated => 8,
        RecordKind::FaultInjected
        | RecordKind::PartitionChanged
        | RecordKind::ConditionChanged
        | RecordKind::Ended => 7,
        RecordKind::RequestEnded | RecordKind::StatementFailed | RecordKind::StatementBlocked => 6,
        RecordKind::Committed | RecordKind::RolledBack | RecordKind::Appended => 5,
        RecordKind::StatementDone | RecordKind::RequestStarted | RecordKind::Lost => 4,
        RecordKind::HandlerStarted
        | RecordKind::HandlerEnded
        | RecordKind::OffsetCommitted
        | RecordKind::Settled => 3,
        RecordKind::Delivered | RecordKind::Sent => 2,
        _ => 1,
    }
}

/// Whether a node does nothing at all.
fn stands_still(now: &NodeMoment) -> bool {
    let paused = |(condition, instance, _): &(NodeCondition, u16, u16)| {
        *condition == NodeCondition::Paused && *instance == condition::WHOLE
    };
    now.crashed_since_us.is_some() || now.conditions.iter().any(paused)
}

/// Each condition once, in order.
fn conditions(now: &NodeMoment) -> Vec<NodeCondition> {
    let mut conditions: Vec<NodeCondition> = now.conditions.iter().map(|(it, ..)| *it).collect();
    sort::sort(&mut conditions);
    conditions.dedup();
    conditions
}

fn caption(node: &LegendNode, now: &NodeMoment) -> String {
    if now.crashed_since_us.is_some() {
        return "not running".into();
    }
    if let Some(condition) = conditions(now).first() {
        return condition.words().into();
    }
    match (node.shape, now.busy) {
        (NodeShape::Relay, 0) => "idle".into(),
        (NodeShape::Service, 0) => node.caption.clone(),
        (NodeShape::Service | NodeShape::Relay, busy) => format!("{busy} in flight"),
        (NodeShape::Store, 1) => "1 running".into(),
        (NodeShape::Store, busy) if busy > 1 => format!("{busy} running"),
        (NodeShape::Client, busy) if busy > 0 => format!("{busy} open"),
        _ => node.caption.clone(),
    }
}

fn description(node: &LegendNode, now: &NodeMoment, violated: bool, at_us: u64) -> String {
    let mut words = vec![node.name.to_string(), shape_word(node.shape).to_owned()];
    match now.crashed_since_us {
        Some(since) => {
            let elapsed = super::sentence::duration(at_us.saturating_sub(since));
            words.push(format!("crashed {elapsed} ago"));
        }
        None => words.push(caption(node, now)),
    }
    let conditions = conditions(now);
    words.extend(conditions.iter().skip(1).map(|it| it.words().to_owned()));
    match now.queued {
        0 => {}
        1 => words.push("1 message waiting".into()),
        queued => words.push(format!("{queued} messages waiting")),
    }
    for waiter in &now.waiting {
        words.push(format!("T-{waiter} waits for a lock"));
    }
    if violated {
        words.push("an invariant is broken".into());
    }
    words.join(", ")
}

fn shape_word(shape: NodeShape) -> &'static str {
    match shape {
        NodeShape::Client => "client",
        NodeShape::Service => "service",
        NodeShape::Relay => "relay",
        NodeShape::Store => "store",
        NodeShape::Broker => "broker",
    }
}
