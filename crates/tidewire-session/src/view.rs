//! View models: plain values that a screen draws. Components compare them and draw; they decide nothing.
//!
//! The page keeps a `Recording` (all records so far) and asks it for a [`Frame`] at the playhead. A frame is a
//! pure function of recording and time, so scrubbing back is exact.

use std::sync::Arc;

/// One fixed-width entry of the trace as it crosses to the page: 48 bytes, little endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Virtual time.
    pub at_us: u64,
    /// For a message: when it arrives. For a record of a log: when the same message was appended first. Otherwise equal
    /// to `at_us`.
    pub until_us: u64,
    /// Accepted action.
    pub event: u32,
    /// Index of the causing record; `u32::MAX` for none.
    pub cause: u32,
    /// Request: client in the upper 8 bits, ordinal in the lower 24; `u32::MAX` for none.
    pub request: u32,
    /// Which fact.
    pub kind: RecordKind,
    /// A detail: message kind, mark, flag; see [`RecordKind`].
    pub detail: u8,
    /// Node that it concerns; `u16::MAX` for none.
    pub node: u16,
    /// The other node; `u16::MAX` for none.
    pub peer: u16,
    /// Partition, statement, instance; see [`RecordKind`].
    pub small: u16,
    /// Delivery, work, transaction, offset; see [`RecordKind`].
    pub number: u32,
    /// Index in the list of strings; `u32::MAX` for none.
    pub label: u32,
}

impl Record {
    /// Bytes of one record.
    pub const SIZE: usize = 48;
    /// Stands for "none" in 32-bit fields.
    pub const NONE: u32 = u32::MAX;
}

/// What a [`Record`] tells; names follow the engine's facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum RecordKind {
    /// node = client, number = user
    RequestStarted = 1,
    /// node = client, detail = 1 if failed, label = failure
    RequestEnded,
    /// node = from, peer = to, detail = message kind, number = delivery, label
    Sent,
    /// number = delivery
    Delivered,
    /// number = delivery
    Lost,
    /// node, small = instance, number = work, label = handler
    HandlerStarted,
    /// node, number = work, detail = 1 if failed, label = failure
    HandlerEnded,
    /// node, number = depth
    Queued,
    /// node = store, peer = service, number = transaction
    TransactionBegan,
    /// node = store, peer = service, small = rows changed, number = transaction, label = statement
    StatementDone,
    /// node = store, peer = service, number = transaction, label = `T-72` and others it waits for
    StatementBlocked,
    /// node = store, peer = service, number = transaction, label = `40001 could not …`
    StatementFailed,
    /// node = store, small = rows changed, number = transaction
    Committed,
    /// node = store, number = transaction
    RolledBack,
    /// node = broker, peer = topic index, detail = event, small = partition, number = offset, label
    Appended,
    /// node = broker, peer = topic index, detail = group, small = partition, number = next offset
    OffsetCommitted,
    /// node = broker, peer = topic index, detail = how, small = partition, number = offset
    Settled,
    /// node
    Crashed,
    /// node
    Restarted,
    /// node = from, peer = to, detail = 1 if closed
    PartitionChanged,
    /// node = store, detail = 1 if it failed, label
    Migrated,
    /// number = fault, label = its text, node = target if any
    FaultInjected,
    /// number = invariant, detail = state (0 holds, 1 pending, 2 violated, 3 cannot be judged), label = evidence
    InvariantChanged,
    /// Workload done, faults healed.
    Healed,
    /// detail = verdict
    Ended,
    /// node, peer = other end of a slow way if one is named, detail = [`NodeCondition`], small = instance or `u16::MAX`
    /// (of a clock: 1 when it is behind), number = 0 when it is over, otherwise 1 or microseconds
    ConditionChanged,
    /// number = delivery, label = the fault's text
    Struck,
    /// node, small = instance, number = index of the cache, detail = outcome, label = cache and key
    CacheAccessed,
    /// node, number = work that waits
    FlightJoined,
    /// node, number = work that waited
    FlightLanded,
}

/// What the canvas shows of a design, before anything moves. Lengths are pixels of an unzoomed canvas.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Canvas {
    /// In order of the text; the index is the program's node id.
    pub nodes: Vec<CanvasNode>,
    /// Routed lines.
    pub wires: Vec<CanvasWire>,
    /// Dashed regions of ownership.
    pub regions: Vec<CanvasRegion>,
    /// Left, top, width, height of everything.
    pub bounds: Rectangle,
}

/// A rectangle in canvas pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rectangle {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// A node with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct CanvasNode {
    /// Its name.
    pub name: Arc<str>,
    /// How it is drawn.
    pub shape: NodeShape,
    /// Of a store or a broker: its kind.
    pub glyph: Glyph,
    /// Second line when nothing runs: `relational`, `4 users`, `topic log`.
    pub caption: String,
    /// Where.
    pub frame: Rectangle,
    /// For a broker: its topics with their partitions, one lane each.
    pub topics: Vec<CanvasTopic>,
    /// Names of tables (store) or commands (service), for the Node tab and the accessible name.
    pub contents: Vec<String>,
    /// For a store: the service that owns it, if exactly one does.
    pub owner: Option<u32>,
    /// Errors in its block: statements that cannot run as they stand.
    pub problems: u32,
}

/// How a node is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeShape {
    /// Pill
    Client,
    /// Hexagon
    Service,
    /// Hexagon with a dashed edge: written by the language for an outbox
    Relay,
    /// Cylinder
    Store,
    /// Pipe
    Broker,
}

/// The kind of a store, a broker or a service: its sign, its tint and its words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyph {
    /// Nothing to be told apart by.
    #[default]
    None,
    /// A service at which requests enter
    Gateway,
    /// A party outside any transaction
    External,
    /// Table grid
    Relational,
    /// Braces
    Document,
    /// Key
    KeyValue,
    /// Ragged rows
    WideColumn,
    /// Linked discs
    Graph,
    /// Append strokes
    Events,
    /// Lens
    Search,
    /// Eye
    ReadModel,
    /// Pipe with lanes
    Log,
    /// Pipe with a line of messages
    Queue,
    /// Waves
    PubSub,
}

impl Glyph {
    /// Of a kind of database or broker as the language writes it; an unknown word has none.
    pub fn of(kind: &str) -> Self {
        match kind {
            "relational" => Self::Relational,
            "document" => Self::Document,
            "keyvalue" => Self::KeyValue,
            "widecolumn" => Self::WideColumn,
            "graph" => Self::Graph,
            "events" => Self::Events,
            "search" => Self::Search,
            "log" => Self::Log,
            "queue" => Self::Queue,
            "pubsub" => Self::PubSub,
            _ => Self::None,
        }
    }

    /// The second line of a node of this kind when nothing runs.
    pub fn caption(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gateway => "gateway",
            Self::External => "external party",
            Self::Relational => "relational",
            Self::Document => "document",
            Self::KeyValue => "key-value",
            Self::WideColumn => "wide-column",
            Self::Graph => "graph",
            Self::Events => "event store",
            Self::Search => "search",
            Self::ReadModel => "read model",
            Self::Log => "topic log",
            Self::Queue => "queue",
            Self::PubSub => "pub/sub",
        }
    }
}

/// A topic of a broker on the canvas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanvasTopic {
    /// Its name.
    pub name: Arc<str>,
    /// Index in the program.
    pub topic: u32,
    /// How many lanes.
    pub partitions: u32,
}

/// A line from one node to another.
#[derive(Clone, Debug, PartialEq)]
pub struct CanvasWire {
    /// Index of the node it begins at.
    pub from: u32,
    /// Index of the node with the arrow.
    pub to: u32,
    /// How it is drawn.
    pub kind: WireStyle,
    /// Corners of an orthogonal path, at least two.
    pub points: Vec<(f32, f32)>,
}

/// How a wire is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WireStyle {
    /// Solid: calls, statements.
    Call,
    /// Dashed: events.
    Event,
    /// Dotted: a relay reading an outbox.
    Feed,
}

/// A region around a service and what it owns.
#[derive(Clone, Debug, PartialEq)]
pub struct CanvasRegion {
    /// `owned by orders`, `shared by 4 services`
    pub label: String,
    /// Where.
    pub frame: Rectangle,
    /// A place for the label on the edge where no wire crosses: x of its left end.
    pub label_x: f32,
}

/// Everything that changes with the playhead, except tokens and tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// The playhead.
    pub at_us: u64,
    /// The last event at or before it; `None` before the first.
    pub event: Option<u32>,
    /// One per node.
    pub nodes: Vec<NodeNow>,
    /// One per topic.
    pub topics: Vec<TopicNow>,
    /// One per invariant.
    pub invariants: Vec<InvariantNow>,
    /// Wires that are closed by a fault: indices in [`Canvas::wires`].
    pub blocked_wires: Vec<u32>,
    /// Records that wait at the readers' ends of wires.
    pub backlogs: Vec<Backlog>,
    /// What just happened, for the live region: `payments restarts and reads p2@0 first`.
    pub sentence: String,
}

/// A node at the playhead.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeNow {
    /// Second line: `idle`, `2 in flight`, `not running`, `31 rows`.
    pub caption: String,
    /// Handlers or transactions running.
    pub busy: u32,
    /// Messages or requests that wait.
    pub queued: u32,
    /// Down since.
    pub crashed_since_us: Option<u64>,
    /// What faults do to it otherwise, each once, in order.
    pub conditions: Vec<NodeCondition>,
    /// Transactions that wait for a lock here: `T-74`.
    pub waiting: Vec<u32>,
    /// An invariant that concerns it is violated.
    pub violated: bool,
    /// It changed within the last 480 ms of virtual-to-screen time: pulse once. The event of the change.
    pub changed_event: Option<u32>,
    /// The whole state in words, for a screen reader.
    pub description: String,
}

/// What a fault does to a node short of a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum NodeCondition {
    /// It, or one of its instances, stands still and keeps its memory.
    Paused,
    /// Its messages take longer.
    Slow,
    /// Its disk is full: what needs room fails.
    DiskFull,
    /// Its clock is off.
    ClockOff,
    /// One of its instances is down.
    InstanceDown,
}

/// A topic at the playhead.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicNow {
    /// One per partition.
    pub partitions: Vec<PartitionNow>,
}

/// A partition at the playhead.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionNow {
    /// The last few records, oldest first.
    pub cells: Vec<LogCell>,
    /// The next offset to be written.
    pub next: u32,
    /// Committed offset of each group, in the topic's order.
    pub committed: Vec<u32>,
}

/// A record of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogCell {
    /// Its offset.
    pub offset: u32,
    /// `OrderPlaced 7`
    pub label: String,
    /// Index of its record in the recording.
    pub record: u32,
    /// The same message stands in the topic already: the producer sent it again.
    pub again: bool,
}

/// Records of a broker that a service has not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Index in [`Canvas::wires`].
    pub wire: u32,
    /// How many, over all topics of the wire.
    pub waiting: u32,
    /// Nobody reads: the service is down or stands still.
    pub stopped: bool,
}

/// An invariant at the playhead.
#[derive(Clone, Debug, PartialEq)]
pub struct InvariantNow {
    /// Its sentence.
    pub sentence: Arc<str>,
    /// `always`, `finally`, `within 2s`
    pub mode: String,
    /// 0 holds, 1 pending, 2 violated, 3 cannot be judged.
    pub state: u8,
    /// When it was first broken, at or before the playhead.
    pub violated_at_us: Option<u64>,
    /// When it will first be broken in this run, so that the timeline can show the mark.
    pub breaks_at_us: Option<u64>,
    /// Rows of evidence as text.
    pub evidence: Vec<String>,
}

/// A message in flight, for the Canvas 2D layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token {
    /// Its `Sent` record.
    pub record: u32,
    /// Its shape.
    pub kind: TokenKind,
    /// The wire it moves along, and whether against the arrow; `None`: straight between the nodes.
    pub wire: Option<(u32, bool)>,
    /// Nodes it moves between.
    pub from: u32,
    /// Receiver.
    pub to: u32,
    /// 0 at the sender, 1 at the receiver.
    pub progress: f32,
    /// A broker hands out what its producer sent more than once, and not for the first time.
    pub again: bool,
}

/// Shapes of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Square
    Command,
    /// Disc
    Event,
    /// Ring
    Reply,
    /// Ring with a cross: a failure
    Failure,
    /// Diamond
    Transaction,
}

/// The timeline: computed once per recording and extended as records come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// A lane per node, in order of the canvas.
    pub lanes: Vec<Lane>,
    /// Messages between lanes.
    pub arrows: Vec<Arrow>,
    /// Faults and violations: flags on the ruler.
    pub flags: Vec<Flag>,
    /// Virtual time of the last record.
    pub end_us: u64,
}

/// A lane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    /// The node.
    pub node: u32,
    /// Work, transactions, outages; those that overlap have different rows.
    pub spans: Vec<LaneSpan>,
    /// Rows that the spans need, at least 1.
    pub rows: u32,
}

/// Something that lasts.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneSpan {
    /// Begin.
    pub start_us: u64,
    /// End; `None` while it goes on.
    pub end_us: Option<u64>,
    /// `PlaceOrder`, `T-72`, `crashed`
    pub label: String,
    /// How it is drawn.
    pub kind: SpanKind,
    /// Row within the lane, from 0.
    pub row: u32,
    /// The record that began it.
    pub record: u32,
}

/// How a span is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// A handler.
    Work,
    /// A transaction.
    Transaction,
    /// A transaction waiting for a lock.
    Waiting,
    /// An outage.
    Down,
    /// A handler that failed.
    Failed,
}

/// A message between two lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrow {
    /// Sent at.
    pub start_us: u64,
    /// Arrives at.
    pub end_us: u64,
    /// Sender's node.
    pub from: u32,
    /// Receiver's node.
    pub to: u32,
    /// Its shape.
    pub kind: TokenKind,
    /// Its `Sent` record.
    pub record: u32,
}

/// A flag on the ruler.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// When.
    pub at_us: u64,
    /// A fault (cause) or a violation (effect).
    pub violation: bool,
    /// In words.
    pub label: String,
}

/// One line of the log: the full text equivalent of the canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// When.
    pub at_us: u64,
    /// Accepted action.
    pub event: u32,
    /// The record.
    pub record: u32,
    /// The node that it concerns, for filters.
    pub node: Option<u32>,
    /// `orders commits T-72 at orders_db: 2 rows`
    pub sentence: String,
}
