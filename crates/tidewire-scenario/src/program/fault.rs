//! Faults: what goes wrong, where and when.

use std::sync::Arc;

use tidewire_syntax::Span;
use tidewire_syntax::ast::sql;

use super::{ClientId, DatabaseId, EventId, HandlerId, NodeId};

/// Something that goes wrong.
#[derive(Debug)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// When.
    pub trigger: Trigger,
    /// Strikes so many of a million messages, drawn for each; all when `None`.
    pub per_million: Option<u32>,
    /// How long. When `None`: until the run heals, or a single message if it strikes those and has no probability.
    pub duration_us: Option<u64>,
    /// As written, for people.
    pub text: Arc<str>,
    /// Place in the text.
    pub span: Span,
}

/// What goes wrong.
#[derive(Debug)]
pub enum FaultKind {
    /// The process stops: memory and connections are lost, what was committed stays.
    Crash(Place),
    /// It stops and is back at once.
    Restart(Place),
    /// It stands still and keeps its memory; what is for it waits.
    Pause(Place),
    /// DDL from another team.
    Migrate(DatabaseId, Vec<sql::Statement>),
    /// Messages do not pass.
    Partition {
        /// From here …
        from: NodeId,
        /// … to there,
        to: NodeId,
        /// and back.
        both_ways: bool,
    },
    /// Messages take longer.
    Slow {
        /// Those that leave here …
        from: NodeId,
        /// … for there, or for anywhere,
        to: Option<NodeId>,
        /// by so many microseconds.
        by_us: u64,
    },
    /// Messages are lost.
    Drop {
        /// Those from here …
        from: NodeId,
        /// … to there,
        to: NodeId,
        /// only those that carry this event if one is named.
        event: Option<EventId>,
    },
    /// Calls and publications arrive twice.
    Duplicate {
        /// Those on this way, or on every way,
        way: Option<(NodeId, NodeId)>,
        /// only those that carry this event if one is named.
        event: Option<EventId>,
    },
    /// The answer of a command is lost; what it did has happened.
    LoseReply {
        /// The service that answers.
        node: NodeId,
        /// What it answers.
        handler: HandlerId,
    },
    /// Writes that need room fail with 53100.
    FillDisk(DatabaseId),
    /// A clock is off.
    Skew {
        /// Whose.
        node: NodeId,
        /// By so many microseconds; below zero it is behind.
        by_us: i64,
    },
}

impl FaultKind {
    /// Whether it strikes messages one by one: such a fault may have a probability, and strikes once without a duration.
    pub fn strikes_messages(&self) -> bool {
        matches!(
            self,
            FaultKind::Drop { .. } | FaultKind::Duplicate { .. } | FaultKind::LoseReply { .. }
        )
    }
}

/// A node, or one of its instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The node.
    pub node: NodeId,
    /// Which instance of a service, from 0; all of them when `None`.
    pub instance: Option<u32>,
}

/// When it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// At this virtual time.
    At(u64),
    /// After the first commit that work for this request (ordinal from 0) made at the crash target (a service:
    /// its own commits; a store: any commit there).
    AfterCommit(ClientId, u32),
    /// After the n-th (from 1) append of the event.
    AfterEvent(u32, EventId),
}
