//! What happened: facts that the engine emits. Everything shown or measured is derived from these alone.

use std::sync::Arc;

use tidewire_scenario::{
    ClientId, DatabaseId, FaultId, HandlerId, InvariantId, NodeId, Place, StatementId, TopicId,
};
use tidewire_store::{CommandTag, Recorded, RowChange, SqlState, TransactionId};

/// How a broker is done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It was handled and is gone.
    Acknowledged,
    /// It stands in the queue again, at its old place.
    Returned,
    /// It was tried too often and went to the dead letters.
    DeadLettered,
    /// It was tried too often and there are no dead letters: it is gone.
    Dropped,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Virtual time in microseconds.
    pub at_us: u64,
    /// The accepted action (counted from 0) that made it: what people step by.
    pub event: u32,
    /// The observation (index in the trace) without which this would not have happened.
    pub cause: Option<u32>,
    /// The request in whose work it happened, if any.
    pub request: Option<RequestKey>,
    /// What happened.
    pub fact: Fact,
}

/// What a store recorded of a statement or of the end of a transaction, and where in the trace it belongs.
#[derive(Clone, Debug)]
pub struct StoreRecord {
    /// Which store.
    pub database: DatabaseId,
    /// Virtual time in microseconds.
    pub at_us: u64,
    /// The statement that succeeded; nothing of the end of a transaction.
    pub statement: Option<RecordedStatement>,
    /// What it was.
    pub recorded: Recorded,
}

/// A statement that a store recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedStatement {
    /// Which.
    pub statement: StatementId,
    /// The service that sent it.
    pub node: NodeId,
    /// Index of its [`Fact::StatementDone`] in the trace.
    pub observation: u32,
}

/// A request, the same in every design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestKey {
    /// Whose.
    pub client: ClientId,
    /// Which, from 0.
    pub ordinal: u32,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);
    )*};
}
ids! {
    /// One message on its way, numbered in order of sending.
    DeliveryId
    /// One activation of a handler, numbered in order of start.
    WorkId
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageKind {
    /// A call of a command.
    Command,
    /// The answer to a call, a good one.
    Reply,
    /// The answer to a call, a failure.
    Failure,
    /// An event to a broker, or from it to a consumer.
    Event,
    /// A statement to a store.
    Statement,
    /// A store's answer.
    Answer,
    /// A broker's acknowledgement, or an offset commit.
    Acknowledgement,
}

/// What came of an access to a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheOutcome {
    /// The entry was found.
    Hit,
    /// There was none.
    Miss,
    /// It was made or replaced.
    Put,
    /// It was taken out.
    Deleted,
    /// There was none to take out.
    NothingDeleted,
    /// It went because its time was over.
    Expired,
    /// It went because the cache was full and it was the least recently used.
    Evicted,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A client began a request.
    RequestStarted {
        /// Which user, from 0.
        user: u32,
    },
    /// A request ended; `None` is success, otherwise the failure's name.
    RequestEnded {
        /// `OutOfStock`, `Timeout`, `40001`, …
        failure: Option<Arc<str>>,
    },
    /// A message left `from` and will arrive at `to`, unless something happens.
    Sent {
        /// The message.
        delivery: DeliveryId,
        /// What it is.
        kind: MessageKind,
        /// Sender.
        from: NodeId,
        /// Receiver.
        to: NodeId,
        /// When it will arrive.
        arrives_us: u64,
        /// `PlaceOrder`, `OrderPlaced`, `update stock …`
        label: Arc<str>,
    },
    /// It arrived.
    Delivered(DeliveryId),
    /// It was lost: the receiver was down or the way was closed.
    Lost(DeliveryId),
    /// A handler began to run on an instance of a node.
    HandlerStarted {
        /// The activation.
        work: WorkId,
        /// Which handler.
        handler: HandlerId,
        /// On which instance, from 0.
        instance: u32,
    },
    /// A handler ended.
    HandlerEnded {
        /// The activation.
        work: WorkId,
        /// Name of the failure, if it failed.
        failure: Option<Arc<str>>,
    },
    /// A request or record had to wait for a free worker; the number that wait now.
    Queued {
        /// Where.
        node: NodeId,
        /// How many wait.
        depth: u32,
    },
    /// A transaction began at a store.
    TransactionBegan {
        /// Where.
        database: DatabaseId,
        /// Which.
        transaction: TransactionId,
        /// For which activation.
        work: WorkId,
    },
    /// A statement acted at the store.
    StatementDone {
        /// Where.
        database: DatabaseId,
        /// In which transaction.
        transaction: TransactionId,
        /// Which statement.
        statement: StatementId,
        /// For which activation.
        work: WorkId,
        /// Its tag.
        tag: CommandTag,
        /// Row versions that it wrote (not committed yet).
        changes: Vec<RowChange>,
    },
    /// A statement waits for others' locks.
    StatementBlocked {
        /// Where.
        database: DatabaseId,
        /// The transaction that waits.
        transaction: TransactionId,
        /// Which statement.
        statement: StatementId,
        /// For which activation.
        work: WorkId,
        /// Whom it waits for.
        holders: Vec<TransactionId>,
    },
    /// A statement failed.
    StatementFailed {
        /// Where.
        database: DatabaseId,
        /// In which transaction.
        transaction: TransactionId,
        /// Which statement.
        statement: StatementId,
        /// For which activation.
        work: WorkId,
        /// The code.
        state: SqlState,
        /// The message.
        message: Arc<str>,
    },
    /// A transaction's changes became visible to all.
    Committed {
        /// Where.
        database: DatabaseId,
        /// Which.
        transaction: TransactionId,
        /// What changed, net.
        changes: Vec<RowChange>,
    },
    /// A transaction's changes were undone.
    RolledBack {
        /// Where.
        database: DatabaseId,
        /// Which.
        transaction: TransactionId,
    },
    /// A record was appended to a log.
    Appended {
        /// Where.
        topic: TopicId,
        /// Partition.
        partition: u32,
        /// Offset.
        offset: u32,
        /// Producer's message id.
        message: Arc<str>,
        /// `OrderPlaced order_id 7`
        label: Arc<str>,
    },
    /// A group committed: `offset` is the next that it will read.
    OffsetCommitted {
        /// Where.
        topic: TopicId,
        /// Partition.
        partition: u32,
        /// Index of the group in its topic.
        group: u32,
        /// The next to read.
        offset: u32,
    },
    /// A queue, or a log's dead letters, are done with a message in some way.
    Settled {
        /// Where.
        topic: TopicId,
        /// Partition; 0 in a queue.
        partition: u32,
        /// Its place in the order of publishing.
        offset: u32,
        /// How.
        settlement: Settlement,
    },
    /// A work asked a cache of its instance, or changed it; or an entry went by itself.
    CacheAccessed {
        /// The service.
        node: NodeId,
        /// Its instance, from 0.
        instance: u32,
        /// Index of the cache in its service.
        cache: u32,
        /// What came of it.
        outcome: CacheOutcome,
        /// The key.
        key: Arc<str>,
    },
    /// A work waits for another of its instance that runs the same `single flight`.
    FlightJoined {
        /// The service.
        node: NodeId,
        /// Who waits.
        work: WorkId,
        /// For whom.
        pilot: WorkId,
    },
    /// A work that waited has got what the other's `single flight` bound.
    FlightLanded {
        /// The service.
        node: NodeId,
        /// Who waited.
        work: WorkId,
    },
    /// A node went down.
    Crashed(NodeId),
    /// A node came back.
    Restarted(NodeId),
    /// One instance of a service went down.
    InstanceCrashed {
        /// Of which node.
        node: NodeId,
        /// Which, from 0.
        instance: u32,
    },
    /// One instance of a service came back.
    InstanceRestarted {
        /// Of which node.
        node: NodeId,
        /// Which, from 0.
        instance: u32,
    },
    /// A node, or one instance of it, stands still (true) or goes on (false).
    PauseChanged {
        /// Who.
        place: Place,
        /// Whether it stands still.
        paused: bool,
    },
    /// Messages from a node take longer; 0 when they no longer do.
    SlowChanged {
        /// Who sends them.
        from: NodeId,
        /// Only those to here, if one is named.
        to: Option<NodeId>,
        /// By so many microseconds.
        by_us: u64,
    },
    /// A store's disk is full (true) or has room again (false).
    DiskChanged {
        /// Where.
        database: DatabaseId,
        /// Whether it is full.
        full: bool,
    },
    /// A clock is off by so many microseconds, behind when below 0; 0 when it is right again.
    ClockChanged {
        /// Whose.
        node: NodeId,
        /// By how much.
        by_us: i64,
    },
    /// A fault made a message late, lost it or doubled it.
    Struck {
        /// Which fault.
        fault: FaultId,
        /// Which message.
        delivery: DeliveryId,
    },
    /// Messages from one node to another stopped passing (true) or pass again (false).
    PartitionChanged {
        /// Sender.
        from: NodeId,
        /// Receiver.
        to: NodeId,
        /// Whether the way is closed.
        closed: bool,
    },
    /// A schema changed; the failure if the DDL did not fit.
    Migrated {
        /// Where.
        database: DatabaseId,
        /// Why it failed, if it did.
        failure: Option<Arc<str>>,
    },
    /// A fault began.
    FaultInjected(FaultId),
    /// An invariant changed its state.
    InvariantChanged {
        /// Which.
        invariant: InvariantId,
        /// Its state.
        state: InvariantState,
        /// Rows of evidence, at most 20, each as text.
        evidence: Vec<Arc<str>>,
    },
    /// All faults were healed: the workload is done and the run drains.
    Healed,
    /// Nothing can happen any more, or the limit was reached.
    Ended(Verdict),
}

/// What an invariant's query says now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvariantState {
    /// No rows.
    Holds,
    /// Rows, but not yet longer than `within` allows, or not yet the end for `finally`.
    Pending,
    /// Broken.
    Violated,
    /// A column or table that it reads is gone.
    CannotBeJudged,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Quiet: nothing more to do.
    Quiet,
    /// Still busy when draining ended (30 virtual seconds after the workload).
    NeverQuiet,
    /// The limit of events was reached.
    EventLimit,
}
