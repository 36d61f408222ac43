//! What faults do to a node short of a crash: it stands still, is slow, has a full disk, a wrong clock, an instance less.
//! From the engine's fact to the record, and from the record to words.

use tidewire_engine::{Fact, Observation};
use tidewire_scenario::{NodeKind, Program};

use crate::recording::duration;
use crate::view::{NodeCondition, Record, RecordKind};

/// In [`Record::small`]: the whole node, not one instance.
pub(crate) const WHOLE: u16 = u16::MAX;

impl NodeCondition {
    const ALL: [NodeCondition; 5] = [
        NodeCondition::Paused,
        NodeCondition::Slow,
        NodeCondition::DiskFull,
        NodeCondition::ClockOff,
        NodeCondition::InstanceDown,
    ];

    /// The condition that a record of [`RecordKind::ConditionChanged`] tells of.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        Self::ALL.get(usize::from(record.detail)).copied()
    }

    /// Two words for a node's caption and its description.
    pub fn words(self) -> &'static str {
        match self {
            NodeCondition::Paused => "stands still",
            NodeCondition::Slow => "slow",
            NodeCondition::DiskFull => "disk full",
            NodeCondition::ClockOff => "clock off",
            NodeCondition::InstanceDown => "instance down",
        }
    }
}

/// The record of a fact about a condition; `None` for any other fact.
pub(crate) fn record(program: &Program, observation: &Observation) -> Option<Record> {
    let (condition, node, small, peer, number) = match &observation.fact {
        Fact::PauseChanged { place, paused } => (
            NodeCondition::Paused,
            place.node.0,
            place.instance.map_or(WHOLE, |instance| instance as u16),
            u16::MAX,
            u32::from(*paused),
        ),
        Fact::SlowChanged { from, to, by_us } => (
            NodeCondition::Slow,
            from.0,
            WHOLE,
            to.map_or(u16::MAX, |to| to.0 as u16),
            u32::try_from(*by_us).unwrap_or(u32::MAX),
        ),
        Fact::DiskChanged { database, full } => {
            let mut nodes = program.nodes.iter();
            let node = nodes.position(|node| node.kind == NodeKind::Database(*database));
            (
                NodeCondition::DiskFull,
                node.unwrap_or_default() as u32,
                WHOLE,
                u16::MAX,
                u32::from(*full),
            )
        }
        Fact::ClockChanged { node, by_us } => (
            NodeCondition::ClockOff,
            node.0,
            // Ahead or behind stands where others have an instance.
            u16::from(*by_us < 0),
            u16::MAX,
            u32::try_from(by_us.unsigned_abs()).unwrap_or(u32::MAX),
        ),
        Fact::InstanceCrashed { node, instance } => {
            let instance = *instance as u16;
            (NodeCondition::InstanceDown, node.0, instance, u16::MAX, 1)
        }
        Fact::InstanceRestarted { node, instance } => {
            let instance = *instance as u16;
            (NodeCondition::InstanceDown, node.0, instance, u16::MAX, 0)
        }
        _ => return None,
    };
    Some(Record {
        node: node as u16,
        detail: condition as u8,
        small,
        peer,
        number,
        ..Record::blank(RecordKind::ConditionChanged, observation.at_us)
    })
}

/// What a change of condition says: `inventory #2 stands still`.
pub(crate) fn sentence(record: &Record, node: &str, peer: Option<&str>) -> String {
    let who = match (record.detail, record.small) {
        (kind, instance) if kind != NodeCondition::ClockOff as u8 && instance != WHOLE => {
            format!("{node} #{}", u32::from(instance) + 1)
        }
        _ => node.to_owned(),
    };
    let on = record.number > 0;
    let by = duration(u64::from(record.number));
    let way = peer.map_or_else(|| who.clone(), |peer| format!("{who} to {peer}"));
    match (NodeCondition::of(record), on) {
        (Some(NodeCondition::Paused), true) => format!("{who} stands still"),
        (Some(NodeCondition::Paused), false) => format!("{who} goes on, with old beliefs"),
        (Some(NodeCondition::Slow), true) => format!("messages from {way} take {by} longer"),
        (Some(NodeCondition::Slow), false) => format!("messages from {way} are as fast as before"),
        (Some(NodeCondition::DiskFull), true) => format!("the disk of {who} is full"),
        (Some(NodeCondition::DiskFull), false) => format!("the disk of {who} has room again"),
        (Some(NodeCondition::ClockOff), true) => {
            let side = if record.small == 1 { "behind" } else { "ahead" };
            format!("the clock of {who} is {by} {side}")
        }
        (Some(NodeCondition::ClockOff), false) => format!("the clock of {who} is right again"),
        (Some(NodeCondition::InstanceDown), true) => format!("{who} crashes"),
        (Some(NodeCondition::InstanceDown), false) => format!("{who} restarts"),
        (None, _) => format!("something changes at {who}"),
    }
}
