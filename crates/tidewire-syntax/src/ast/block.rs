//! The blocks of a scenario: stores, brokers, services, clients, invariants, designs, faults, layout.

use super::lesson::Lesson;
use super::saga::Saga;
use super::sql::{IsolationLevel, Query, Statement, TableName, TypeName};
use super::step::{Delay, Duration, Step};
use crate::{Name, Span};

/// A whole text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// Blocks in order.
    pub items: Vec<Item>,
}

/// One block.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// The whole block.
    pub span: Span,
}

/// What an [`Item`] is.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    /// `scenario 'title'`
    Scenario(Text),
    /// `about 'text'`
    About(Text),
    /// `event E(field type, …);`
    Event(Event),
    /// `database NAME KIND { … }`
    Database(Database),
    /// `broker NAME KIND { … }`
    Broker(Broker),
    /// `service NAME [owns …] [uses …] { … }`
    Service(Service),
    /// `relay NAME from DB.TABLE [to BROKER] polling every D [delete | mark];`
    Relay(Relay),
    /// `client NAME … { … }`
    Client(Client),
    /// `invariant 'sentence' MODE no rows SELECT …;`
    Invariant(Invariant),
    /// `fault …;`
    Fault(Fault),
    /// `explore crashes 1, duplicates 1;`
    Explore(Vec<(Name, u32)>),
    /// `design 'name' { … }`
    Design(Design),
    /// `without NAME;` in a design: takes a common block out.
    Without(Name),
    /// `lesson { … }`
    Lesson(Lesson),
    /// `layout { node x y; … }`
    Layout(Vec<Position>),
}

/// A quoted text with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Unescaped.
    pub value: String,
    /// With the quotes.
    pub span: Span,
}

/// An event type.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name.
    pub name: Name,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A named, typed field or parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub data_type: TypeName,
}

/// A database. In a design it merges into the common one of the same name, and may leave out the kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Database {
    /// Its name.
    pub name: Name,
    /// `relational` and others.
    pub kind: Option<Name>,
    /// Members in order.
    pub members: Vec<Member<DatabaseMember>>,
}

/// A member of a block, with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Member<T> {
    /// What it is.
    pub kind: T,
    /// The whole member.
    pub span: Span,
}

/// A member of a database.
#[derive(Clone, Debug, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all members are statements"
)]
pub enum DatabaseMember {
    /// `isolation read committed;`
    Isolation(IsolationLevel),
    /// `connections 8;` the size of each service's pool
    Connections(u32),
    /// `latency 1ms to 3ms;` service time of a statement
    Latency(Delay),
    /// `create table …;`, `insert …;`
    Statement(Statement),
    /// `without table;`
    Without(Name),
}

/// A broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Broker {
    /// Its name.
    pub name: Name,
    /// `log` and others.
    pub kind: Option<Name>,
    /// Members in order.
    pub members: Vec<Member<BrokerMember>>,
}

/// A member of a broker.
#[derive(Clone, Debug, PartialEq)]
pub enum BrokerMember {
    /// `topic NAME [partitions N];`
    Topic {
        /// Its name.
        name: Name,
        /// How many partitions; 1 when left out.
        partitions: Option<u32>,
    },
    /// `queue NAME [prefetch N] [visibility D] [attempts N] [backoff D] [dead letter OTHER];`
    Queue(Queue),
    /// `subject NAME;`
    Subject(Name),
    /// `latency …;`
    Latency(Delay),
    /// `without topic;`
    Without(Name),
}

impl BrokerMember {
    /// The name of the topic, queue or subject, if it is one.
    pub fn channel(&self) -> Option<&Name> {
        match self {
            BrokerMember::Topic { name, .. } | BrokerMember::Subject(name) => Some(name),
            BrokerMember::Queue(queue) => Some(&queue.name),
            BrokerMember::Latency(_) | BrokerMember::Without(_) => None,
        }
    }
}

/// A queue of a broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Its name.
    pub name: Name,
    /// Unacknowledged messages that a consumer may hold.
    pub prefetch: Option<u32>,
    /// How long a consumer may hold one before it is delivered again.
    pub visibility: Option<Duration>,
    /// What becomes of a message whose handler fails.
    pub failing: Failing,
}

/// What becomes of a message whose handler fails.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failing {
    /// `attempts N`: how often it is tried.
    pub attempts: Option<u32>,
    /// `backoff D`: the pause before the second attempt; it doubles.
    pub backoff: Option<Duration>,
    /// `dead letter OTHER`: where it goes after the last.
    pub dead_letter: Option<Name>,
}

/// What a service is to the others; its word in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServiceRole {
    /// `service`: one of ours.
    #[default]
    Service,
    /// `gateway`: one of ours that requests come in by.
    Gateway,
    /// `external`: somebody else's. It stands outside every transaction: what it did stays done.
    External,
    /// `projection`: it makes tables of events, one event a transaction, with a checkpoint.
    Projection {
        /// While it is rebuilt it publishes and calls nothing.
        reactors_off: bool,
    },
}

impl ServiceRole {
    /// The word that begins its block.
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Gateway => "gateway",
            Self::External => "external",
            Self::Projection { .. } => "projection",
        }
    }
}

/// A service, a gateway or an external party.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// What it is to the others.
    pub role: ServiceRole,
    /// Its name.
    pub name: Name,
    /// `owns DB, …`: may read, write and migrate them.
    pub owns: Vec<Name>,
    /// `uses DB, …`: reads and writes another's.
    pub uses: Vec<Name>,
    /// Members in order.
    pub members: Vec<Member<ServiceMember>>,
}

/// A member of a service.
#[derive(Clone, Debug, PartialEq)]
pub enum ServiceMember {
    /// `workers 4;` handlers that run at once in an instance
    Workers(u32),
    /// `instances 2;`
    Instances(u32),
    /// `timeout 1s;` of a statement and of waiting for a connection
    Timeout(Duration),
    /// `cache C (field type, …) [capacity N] [ttl D];`
    Cache(Cache),
    /// `command C(x int, …) { … }`, `query Q(…) { … }`
    Command(Command),
    /// `on E from topic … { … }`
    Subscription(Subscription),
    /// `every 1s [name] { … }`
    Every(Duration, Vec<Step>),
    /// `on start { … }`: runs when a process begins, also after a crash
    Start(Vec<Step>),
    /// `saga S(x int, …) state DB { step A { do { … } undo { … } } … }`
    Saga(Saga),
    /// `without C;`
    Without(Name),
}

/// A map from keys to rows in the memory of each instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Cache {
    /// Its name.
    pub name: Name,
    /// What it keeps for a key.
    pub fields: Vec<Field>,
    /// `capacity 100`: entries of an instance; beyond, the least recently used goes.
    pub capacity: Option<u32>,
    /// `ttl 5s`: an entry that was put longer ago is not found.
    pub ttl: Option<Duration>,
}

/// A command or query.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Its name.
    pub name: Name,
    /// `query`: promises to write nothing.
    pub read_only: bool,
    /// Its parameters.
    pub parameters: Vec<Field>,
    /// Its steps.
    pub body: Vec<Step>,
}

impl ServiceMember {
    /// What its handlers do, in order of the text.
    pub fn bodies(&self) -> Vec<&[Step]> {
        match self {
            Self::Command(command) => vec![&command.body],
            Self::Subscription(on) => vec![&on.body],
            Self::Every(_, body) | Self::Start(body) => vec![body],
            Self::Saga(saga) => saga.bodies(),
            Self::Workers(_)
            | Self::Instances(_)
            | Self::Timeout(_)
            | Self::Cache(_)
            | Self::Without(_) => Vec::new(),
        }
    }
}

/// A handler of events.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscription {
    /// The event; its fields are bound as `:field`.
    pub event: Name,
    /// The topic.
    pub topic: Name,
    /// The consumer group; the service's name when left out.
    pub group: Option<Name>,
    /// `commit before`: the offset is committed before the handler runs.
    pub commit_before: bool,
    /// What becomes of a record when it fails.
    pub failing: Failing,
    /// Its steps.
    pub body: Vec<Step>,
}

/// A process that moves rows of an outbox table to topics, oldest id first.
#[derive(Clone, Debug, PartialEq)]
pub struct Relay {
    /// Its name.
    pub name: Name,
    /// The outbox: columns id, topic, key, event, payload.
    pub table: TableName,
    /// `to BROKER`: where the topics are; may be left out when there is one broker.
    pub broker: Option<Name>,
    /// Time between looks.
    pub every: Duration,
    /// How it knows what it has published.
    pub memory: RelayMemory,
}

/// How a [`Relay`] knows what it has published.
#[derive(Clone, Debug, PartialEq)]
pub enum RelayMemory {
    /// `delete`, the default: it removes the row.
    Delete,
    /// `mark COLUMN`: it sets it true.
    Mark(Name),
    /// `position`: it keeps the highest id, and looks behind it only.
    Position,
}

/// A workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Its name.
    pub name: Name,
    /// `users 4`: each has one request open at a time. Request *i* belongs to user *i mod users*.
    pub users: Option<u32>,
    /// How much there is to do.
    pub load: Load,
    /// `think 50ms to 200ms;` between the requests of a user
    pub think: Option<Delay>,
    /// What a request does.
    pub body: Vec<Step>,
}

/// How much a client does.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// `requests 12`, in all
    Requests(u32),
    /// `rate 80/s for 10s`: open, with exponential gaps
    Rate {
        /// Requests per second, in millionths.
        micros_per_second: u64,
        /// How long.
        duration: Duration,
    },
}

/// A rule that must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Invariant {
    /// A sentence that a product owner would sign.
    pub sentence: Text,
    /// When it is judged.
    pub mode: InvariantMode,
    /// The rows that it returns are the evidence.
    pub query: Box<Query>,
}

/// When an invariant is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvariantMode {
    /// At every commit.
    Always,
    /// When all is quiet.
    Finally,
    /// It may be broken, but never longer than this.
    Within(Duration),
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// When; from the beginning when there is only a probability.
    pub trigger: Option<Trigger>,
    /// `with probability 5 %`: of how many in a million messages it is true, and where that stands.
    pub probability: Option<(u32, Span)>,
    /// `for 300ms`; without it the fault lasts until the run heals.
    pub duration: Option<Duration>,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// `crash node`, `crash node#2`
    Crash(Address),
    /// `restart node`
    Restart(Address),
    /// `pause node`
    Pause(Address),
    /// `migrate db { ddl; … }`
    Migrate(Name, Vec<Statement>),
    /// `partition a -> b` (one way) or `partition a <-> b`
    Partition {
        /// The way.
        way: Way,
        /// `<->`
        both_ways: bool,
    },
    /// `slow node by 50ms`
    Slow(Name, Duration),
    /// `slow a -> b by 50ms`
    SlowWay(Way, Duration),
    /// `drop a -> b [event]`
    Drop(Way, Option<Name>),
    /// `duplicate event` or `duplicate a -> b [event]`; one of the two is there
    Duplicate(Option<Way>, Option<Name>),
    /// `lose reply of service.command`
    LoseReply {
        /// Who answers.
        service: Name,
        /// What it answers.
        command: Name,
    },
    /// `fill disk db`
    FillDisk(Name),
    /// `skew node by 200ms`, `skew node by -200ms`
    Skew {
        /// Whose clock.
        node: Name,
        /// How far it is off.
        by: Duration,
        /// It is behind, not ahead.
        behind: bool,
    },
}

impl FaultKind {
    /// The nodes that it names.
    pub fn nodes(&self) -> Vec<&Name> {
        match self {
            FaultKind::Crash(place) | FaultKind::Restart(place) | FaultKind::Pause(place) => {
                vec![&place.node]
            }
            FaultKind::Migrate(node, _)
            | FaultKind::Slow(node, _)
            | FaultKind::FillDisk(node)
            | FaultKind::LoseReply { service: node, .. }
            | FaultKind::Skew { node, .. } => vec![node],
            FaultKind::Partition { way, .. }
            | FaultKind::SlowWay(way, _)
            | FaultKind::Drop(way, _)
            | FaultKind::Duplicate(Some(way), _) => vec![&way.from, &way.to],
            FaultKind::Duplicate(None, _) => Vec::new(),
        }
    }
}

/// A node, or one instance of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Address {
    /// The node.
    pub node: Name,
    /// `#2`: which instance, from 1, and where it stands.
    pub instance: Option<(u32, Span)>,
}

/// `a -> b`
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Who sends.
    pub from: Name,
    /// Who receives.
    pub to: Name,
}

/// When it goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// `at 400ms`
    At(Duration),
    /// `after commit of request 7 [of client]`: the first commit in work for that request at the crash target
    AfterCommit {
        /// Ordinal of the request, from 1.
        request: u32,
        /// The client; the first when left out.
        client: Option<Name>,
    },
    /// `after the 3rd OrderPlaced`: after that event was appended
    AfterEvent {
        /// Which one, from 1.
        ordinal: u32,
        /// The event.
        event: Name,
    },
}

/// A named variation on the common part.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// Its name.
    pub name: Text,
    /// Blocks that merge by member into the common ones; no clients, no invariants.
    pub items: Vec<Item>,
}

/// Where a node stands on the canvas, in pixels of an unzoomed canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The node.
    pub node: Name,
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
    /// Where it stands in the text.
    pub span: Span,
}
