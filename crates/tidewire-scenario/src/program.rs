//! The validated program: what a run needs, with names resolved to dense ids. It cannot be invalid.
//!
//! Everything here is immutable during a run and shared by it; what changes is in the engine's `State`.

use crate::delivery::{BrokerKind, Failing, QueueSettings};
use std::sync::Arc;

use tidewire_store::{AcrossQuery, Parameters, Plan, Scalar, Store, Type, Value};
use tidewire_syntax::ast::{ServiceRole, sql};
use tidewire_syntax::{Name, Span};

use crate::failing::{Backoff, Branch, Catch};
use crate::lesson::Lesson;
use crate::memory::{Cache, CacheAccess, Flight};

mod fault;

pub use fault::*;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);
        impl $name {
            /// As an index into the program's list.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}
ids! {
    /// Anything on the canvas: index into [`Program::nodes`].
    NodeId
    /// Index into [`Program::databases`].
    DatabaseId
    /// Index into [`Program::brokers`].
    BrokerId
    /// Index into [`Program::topics`].
    TopicId
    /// Index into [`Program::events`].
    EventId
    /// Index into [`Program::services`].
    ServiceId
    /// Index into [`Program::handlers`].
    HandlerId
    /// Index into [`Program::statements`].
    StatementId
    /// Index into [`Program::clients`].
    ClientId
    /// Index into [`Program::invariants`].
    InvariantId
    /// Index into [`Program::faults`].
    FaultId
    /// A place in a handler's frame of values.
    SlotId
    /// A place in a handler's code.
    Label
}

/// A scenario in one of its designs.
#[derive(Debug)]
pub struct Program {
    /// `scenario '…'`
    pub title: String,
    /// `about '…'`
    pub about: String,
    /// Names of all designs in order; empty when there is only the common part.
    pub designs: Vec<String>,
    /// Which of them this is.
    pub design: Option<usize>,
    /// All nodes, in order of the text.
    pub nodes: Vec<Node>,
    /// Stores.
    pub databases: Vec<Database>,
    /// Brokers.
    pub brokers: Vec<Broker>,
    /// Topics of all brokers.
    pub topics: Vec<Topic>,
    /// Event types.
    pub events: Vec<EventType>,
    /// Services and relays.
    pub services: Vec<Service>,
    /// Handlers of all services, and the request bodies of clients.
    pub handlers: Vec<Handler>,
    /// SQL statements of all handlers.
    pub statements: Vec<Statement>,
    /// How handlers fold streams of event stores.
    pub folds: Vec<Fold>,
    /// Workloads.
    pub clients: Vec<Client>,
    /// Rules.
    pub invariants: Vec<Invariant>,
    /// A question about the run; changes nothing in it.
    pub lesson: Option<Lesson>,
    /// Budgets of faults and choices that a search may spend, by name.
    pub explore: Vec<(Arc<str>, u32)>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Lines of the diagram, derived from who calls, uses, publishes and consumes.
    pub wires: Vec<Wire>,
}

/// Something on the canvas.
#[derive(Clone, Debug)]
pub struct Node {
    /// As written.
    pub name: Arc<str>,
    /// Which thing it is.
    pub kind: NodeKind,
    /// Of its (first) block.
    pub span: Span,
    /// From `layout`, in pixels.
    pub position: Option<(i32, i32)>,
}

/// Which thing a [`Node`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A store.
    Database(DatabaseId),
    /// A broker.
    Broker(BrokerId),
    /// A service.
    Service(ServiceId),
    /// An outbox relay: a service that the language writes.
    Relay(ServiceId),
    /// A workload.
    Client(ClientId),
}

/// A delay as the engine draws it: integer microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// Always the same.
    Fixed(u64),
    /// Equally likely between the two, both included.
    Uniform(u64, u64),
    /// Exponential with this mean, by an integer table.
    Exponential(u64),
}

/// A store.
#[derive(Debug)]
pub struct Database {
    /// Its node.
    pub node: NodeId,
    /// Its name.
    pub name: Arc<str>,
    /// The kind as written.
    pub kind: DatabaseKind,
    /// Schema and seed rows, ready to be forked.
    pub initial: Store,
    /// Connections in the pool that each service instance keeps; at least 1.
    pub connections: u32,
    /// Service time of a statement.
    pub latency: Delay,
}

/// Kinds of stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    /// PostgreSQL 15
    Relational,
    /// Streams of events: appended to at an expected version, never changed.
    Events,
}

/// A broker.
#[derive(Debug)]
pub struct Broker {
    /// Its node.
    pub node: NodeId,
    /// Its name.
    pub name: Arc<str>,
    /// What it does with what is published.
    pub kind: BrokerKind,
    /// Its topics.
    pub topics: Vec<TopicId>,
    /// Time to append or to fetch.
    pub latency: Delay,
}

/// A topic of a log, a queue, or a subject.
#[derive(Debug)]
pub struct Topic {
    /// Its broker.
    pub broker: BrokerId,
    /// Its name, unique in the scenario.
    pub name: Arc<str>,
    /// At least 1; 1 for a queue or a subject.
    pub partitions: u32,
    /// For a queue.
    pub queue: QueueSettings,
    /// Who reads it, in order of the text.
    pub groups: Vec<Group>,
}

/// A consumer group of one topic: handlers of one service, one per event type.
#[derive(Debug)]
pub struct Group {
    /// Its name.
    pub name: Arc<str>,
    /// The service that reads.
    pub service: ServiceId,
    /// Which handler takes which event; other events are passed over.
    pub handlers: Vec<(EventId, HandlerId)>,
    /// The offset is committed before the handler runs.
    pub commit_before: bool,
    /// What becomes of a record whose handler fails.
    pub failing: Failing,
}

/// An event type.
#[derive(Debug)]
pub struct EventType {
    /// Its name.
    pub name: Arc<str>,
    /// Names and types of its fields.
    pub fields: Vec<(Arc<str>, Type)>,
}

/// A service.
#[derive(Debug)]
pub struct Service {
    /// Its node.
    pub node: NodeId,
    /// Its name.
    pub name: Arc<str>,
    /// What it is to the others. [`ServiceRole::External`] stands outside every transaction.
    pub role: ServiceRole,
    /// Processes; at least 1.
    pub instances: u32,
    /// Handlers that run at once in an instance; more wait in order of arrival.
    pub workers: u32,
    /// How long a statement or a wait for a connection may take.
    pub timeout_us: u64,
    /// Its own stores.
    pub owns: Vec<DatabaseId>,
    /// Others' stores that it reaches into.
    pub uses: Vec<DatabaseId>,
    /// Its handlers.
    pub handlers: Vec<HandlerId>,
    /// What each instance keeps in memory.
    pub caches: Vec<Cache>,
}

/// A unit of work: linear code over a frame of values.
#[derive(Debug)]
pub struct Handler {
    /// `PlaceOrder`, `on OrderPlaced`, `every 100ms`, or the client's name.
    pub name: Arc<str>,
    /// Whose it is.
    pub owner: NodeId,
    /// What starts it.
    pub trigger: HandlerTrigger,
    /// Parameters or event fields, in order: slot, name and type.
    pub parameters: Vec<(SlotId, Arc<str>, Type)>,
    /// Size of the frame. Slots 0 to 7 are [`implicit`].
    pub slots: u32,
    /// Name of each slot, for people.
    pub slot_names: Vec<Arc<str>>,
    /// Number of row cursors that `for each` needs.
    pub cursors: u32,
    /// The code; ends with [`Instruction::End`].
    pub code: Vec<Instruction>,
    /// What catches failures of parts of the code, inner ones first.
    pub catches: Vec<Catch>,
    /// Place in the text of each instruction.
    pub spans: Vec<Span>,
}

/// Slots that every frame begins with.
pub mod implicit {
    use super::SlotId;
    /// Rows of the last statement.
    pub const ROW_COUNT: SlotId = SlotId(0);
    /// Text: `client-ordinal`, the same over retries and in every design.
    pub const REQUEST_ID: SlotId = SlotId(1);
    /// Virtual time, a timestamp, at the start of the current step.
    pub const NOW: SlotId = SlotId(2);
    /// Which attempt this is, from 1.
    pub const ATTEMPT: SlotId = SlotId(3);
    /// Producer's id of the message; text.
    pub const MESSAGE_ID: SlotId = SlotId(4);
    /// Partition of the message.
    pub const PARTITION: SlotId = SlotId(5);
    /// Offset of the message.
    pub const OFFSET: SlotId = SlotId(6);
    /// Whether the message may have been delivered before; boolean.
    pub const REDELIVERED: SlotId = SlotId(7);
    /// How many there are; the first free slot.
    pub const COUNT: u32 = 8;
}

/// What starts a [`Handler`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerTrigger {
    /// A call.
    Command {
        /// It promises to write nothing.
        read_only: bool,
    },
    /// A record of a topic.
    Event(TopicId, EventId),
    /// Time; one at a time.
    Every {
        /// Between the end of one and the start of the next.
        period_us: u64,
    },
    /// A process begins: at the start of the run, and after each crash.
    Start,
    /// A request of a client.
    Request(ClientId),
}

/// One instruction. Every SQL statement and every effect outside is one; the rest costs no time.
#[derive(Debug)]
pub enum Instruction {
    /// Sends a statement to its store and binds what it answers.
    Statement(StatementId),
    /// Calls a command and waits for its reply.
    Call(CallSite),
    /// Sends an event and waits for the broker's acknowledgement.
    Publish(PublishSite),
    /// Sends what a row of an outbox says.
    PublishRow(PublishRow),
    /// Evaluates.
    Set(SlotId, Scalar),
    /// Draws, as a pure function of seed, name, request and site.
    Draw(SlotId, Draw),
    /// Goes on at the label unless the condition is true.
    Unless(Scalar, Label),
    /// Goes on at the label.
    Jump(Label),
    /// Runs a query (as `Statement` does) and keeps its rows in a cursor.
    OpenCursor(StatementId, u32),
    /// Binds the next row of the cursor, or goes on at the label when there is none.
    NextRow {
        /// Which cursor.
        cursor: u32,
        /// Where the columns go.
        outputs: Vec<SlotId>,
        /// Behind the loop.
        done: Label,
    },
    /// Ends the handler with a named failure; what is open is rolled back.
    Fail(Arc<str>, Option<Scalar>),
    /// The groups of the service go back to the beginning of their topics.
    Rewind,
    /// Ends the handler with a failure of the machinery, which a retry repeats.
    Abort(Arc<str>),
    /// Answers the caller; the handler goes on.
    Reply(Vec<(Arc<str>, Scalar)>),
    /// Lets time pass.
    Wait(Delay),
    /// A unit that may run again begins: its attempts count from 1.
    BeginUnit(SlotId),
    /// The branches run at the same time; when all have ended, the handler goes on at the label, or fails as
    /// the first of them (in order of the text) that failed.
    Fork(Vec<Branch>, Label),
    /// Ends a branch.
    EndBranch,
    /// Reads or changes a cache of its instance; costs no time.
    Cache(CacheAccess),
    /// Waits for another work of its instance that is between here and the label with the same key, or does
    /// itself what stands there.
    JoinFlight(Flight),
    /// The end of what only one did: those who waited go on behind it.
    LandFlight,
    /// Ends the handler.
    End,
}

/// A call in the code.
#[derive(Debug)]
pub struct CallSite {
    /// The service called.
    pub service: ServiceId,
    /// Its command.
    pub handler: HandlerId,
    /// Arguments in order of the handler's parameters.
    pub arguments: Vec<Scalar>,
    /// Fails with `Timeout` after it.
    pub timeout_us: u64,
    /// Attempts after the first.
    pub retries: u32,
    /// Pauses before them.
    pub backoff: Backoff,
    /// Where the reply's fields go, by name; absent ones become null.
    pub outputs: Vec<(Arc<str>, SlotId)>,
}

/// A publication in the code.
#[derive(Debug)]
pub struct PublishSite {
    /// The event.
    pub event: EventId,
    /// Its fields in order.
    pub fields: Vec<Scalar>,
    /// Where to.
    pub topic: TopicId,
    /// Decides the partition; without it partitions take turns.
    pub key: Option<Scalar>,
}

/// A relay's publication: everything comes from a row.
#[derive(Debug)]
pub struct PublishRow {
    /// Kept as the message id.
    pub id: SlotId,
    /// Name of the topic.
    pub topic: SlotId,
    /// The key.
    pub key: SlotId,
    /// Name of the event.
    pub event: SlotId,
    /// jsonb object with the event's fields.
    pub payload: SlotId,
}

/// A draw.
#[derive(Debug)]
pub struct Draw {
    /// Names the site: ordinal within the handler.
    pub site: u32,
    /// What is drawn.
    pub kind: DrawKind,
}

/// What a [`Draw`] draws.
#[derive(Debug)]
pub enum DrawKind {
    /// `pick(a, b, …)`: one of them.
    Pick(Vec<Scalar>),
    /// `random(low, high)`: an integer, both included.
    Between(Scalar, Scalar),
}

/// A statement of a handler.
#[derive(Debug)]
pub struct Statement {
    /// The store that it goes to.
    pub database: DatabaseId,
    /// As written; planned again when a migration changed the catalog.
    pub tree: sql::Statement,
    /// What `:names` stand for.
    pub scope: Scope,
    /// Against the initial catalog.
    pub plan: Arc<Plan>,
    /// Where the columns of its single row go; empty inside `OpenCursor`.
    pub outputs: Vec<SlotId>,
    /// The words, for people.
    pub text: Arc<str>,
    /// Place in the text.
    pub span: Span,
}

/// A `load stream … fold`: a pure function from a state and an event to the next state. See [`crate::fold`].
#[derive(Debug)]
pub struct Fold {
    /// The event store.
    pub database: DatabaseId,
    /// The handler whose code it is part of.
    pub handler: HandlerId,
    /// What its streams' names begin with: the text before the first value in the expression of the stream.
    pub prefix: Arc<str>,
    /// The state: names, slots and types.
    pub state: Vec<(Arc<str>, SlotId, Type)>,
    /// The code of the first values.
    pub initial: (Label, Label),
    /// The code that one event runs through.
    pub next: (Label, Label),
    /// Where that code expects the event's name and its jsonb.
    pub event: (SlotId, SlotId),
    /// Events that change the state.
    pub cases: Vec<EventId>,
    /// Place in the text.
    pub span: Span,
}

/// What `:name` and `:name.field` stand for at one place. Implements the store's `Parameters`.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Name, field, slot and type, where known; later entries win.
    pub entries: Vec<ScopeEntry>,
}

/// Name, field, slot and type, where known, of one value in a [`Scope`].
pub type ScopeEntry = (Arc<str>, Option<Arc<str>>, SlotId, Option<Type>);

/// A workload.
#[derive(Debug)]
pub struct Client {
    /// Its node.
    pub node: NodeId,
    /// Its name.
    pub name: Arc<str>,
    /// How much it does.
    pub load: Load,
    /// Between two requests of a user; drawn before each request, the first included.
    pub think: Delay,
    /// What a request does.
    pub handler: HandlerId,
}

/// How much a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Each user has one request open at a time; request *i* belongs to user *i mod users*.
    Closed {
        /// Users.
        users: u32,
        /// Requests in all.
        requests: u32,
    },
    /// Requests begin with exponential gaps, however many are open.
    Open {
        /// Mean gap.
        gap_us: u64,
        /// Requests begin before this time.
        until_us: u64,
    },
}

/// A rule.
#[derive(Debug)]
pub struct Invariant {
    /// The sentence.
    pub sentence: Arc<str>,
    /// When it is judged.
    pub mode: InvariantMode,
    /// Its rows are the evidence; none may come.
    pub query: AcrossQuery,
    /// The stores in the order in which the query numbers them.
    pub databases: Vec<DatabaseId>,
    /// Place in the text.
    pub span: Span,
}

/// When an [`Invariant`] is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvariantMode {
    /// At every commit.
    Always,
    /// When all is quiet.
    Finally,
    /// Broken no longer than so many microseconds.
    Within(u64),
}

/// A line of the diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wire {
    /// Sender or user.
    pub from: NodeId,
    /// Receiver.
    pub to: NodeId,
    /// What passes.
    pub kind: WireKind,
}

/// What passes along a [`Wire`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WireKind {
    /// Calls and replies.
    Call,
    /// Statements to a store that the service owns.
    Owns,
    /// Statements to a store of somebody else.
    Uses,
    /// Events to a broker.
    Publish,
    /// Events from a broker.
    Consume,
}

/// A value that a literal in the program stands for; used by views.
pub type Literal = Value;

impl Parameters for Scope {
    fn resolve(&self, name: &Name, field: Option<&Name>) -> Option<(u32, Option<Type>)> {
        let matches = |entry: &&ScopeEntry| {
            entry.0.eq_ignore_ascii_case(name.as_str())
                && match (&entry.1, field) {
                    (None, None) => true,
                    (Some(known), Some(asked)) => known.eq_ignore_ascii_case(asked.as_str()),
                    _ => false,
                }
        };
        let entry = self.entries.iter().rev().find(matches)?;
        Some((entry.2.0, entry.3))
    }
}
