//! Messages on their way. How they travel is in `network`; what they do on arrival, with the receiver.

use std::sync::Arc;

use rpds::VectorSync;
use tidewire_scenario::{DatabaseId, EventId, HandlerId, NodeId, TopicId};
use tidewire_store::{Completion, SqlError, Value};

use crate::observation::{DeliveryId, RequestKey};
use crate::schedule::Ticket;
use crate::work::{Failure, Link, Sql, WorkRef};

/// A message between its sending and its arrival.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) delivery: DeliveryId,
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) request: Option<RequestKey>,
    /// Who sent it, and which of its effects this is: the same under every schedule.
    pub(crate) lineage: u64,
    /// Index of the observation of its sending.
    pub(crate) sent: u32,
    pub(crate) arrival: Ticket,
    /// The way was closed already when it left.
    pub(crate) doomed: bool,
    pub(crate) content: Content,
}

/// What a message says.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Run this command.
    Call(Box<Call>),
    /// The answer to a call.
    Reply {
        caller: WorkRef,
        effect: u32,
        result: Result<Reply, Failure>,
    },
    /// Run this statement.
    Statement(StatementMessage),
    /// A store's answer.
    Answer {
        work: WorkRef,
        effect: u32,
        result: Result<Completion, SqlError>,
        /// The connection is still good, and this is it.
        link: Option<Link>,
        in_transaction: bool,
    },
    /// Roll back what a failed handler left; the connection goes back to its pool.
    Cleanup {
        database: DatabaseId,
        pool: u32,
        link: Link,
        identity: u64,
    },
    /// It is rolled back.
    Cleaned { pool: u32, link: Option<Link> },
    /// Append this record.
    Publish {
        producer: WorkRef,
        effect: u32,
        identity: u64,
        topic: TopicId,
        record: Arc<Record>,
    },
    /// A broker's acknowledgement.
    Published {
        producer: WorkRef,
        effect: u32,
        result: Result<(), Failure>,
    },
    /// A record for a consumer.
    Record {
        cursor: u32,
        epoch: u32,
        offset: u32,
    },
    /// A consumer commits an offset, asks for the next record, or both.
    Offset {
        cursor: u32,
        epoch: u32,
        commit: Option<u32>,
        fetch: Option<u32>,
        /// The last record that it commits goes to the dead letters.
        dead: bool,
    },
    /// A consumer of a queue acknowledges a message, or gives it back.
    Settle {
        cursor: u32,
        epoch: u32,
        offset: u32,
        attempt: u32,
        done: bool,
    },
}

/// A call on its way.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) caller: WorkRef,
    pub(crate) effect: u32,
    pub(crate) handler: HandlerId,
    pub(crate) arguments: Vec<Value>,
    /// Lineage of the work that it starts.
    pub(crate) identity: u64,
    pub(crate) request_id: Value,
    pub(crate) attempt: u32,
}

/// A good answer: values in order of the `reply` at this place; none when the handler just ended.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) handler: HandlerId,
    pub(crate) position: Option<u32>,
    pub(crate) values: Vec<Value>,
}

/// A statement on its way.
#[derive(Clone, Debug)]
pub(crate) struct StatementMessage {
    pub(crate) sender: WorkRef,
    pub(crate) effect: u32,
    pub(crate) identity: u64,
    pub(crate) sql: Sql,
    pub(crate) database: DatabaseId,
    pub(crate) pool: u32,
    /// `None` opens a connection first.
    pub(crate) link: Option<Link>,
    /// The parameters, once the sender is gone; before, they stand in its frame.
    pub(crate) parameters: Option<Vec<Value>>,
}

/// A record of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its type.
    pub event: EventId,
    /// Its fields, in order of the type's.
    pub fields: Vec<Value>,
    /// Decides the partition; as text.
    pub key: Option<Arc<str>>,
    /// Producer's message id; kept by duplicates and redeliveries.
    pub message: Arc<str>,
    /// The request in whose work it was published.
    pub request: Option<RequestKey>,
    /// Index of the observation of its append.
    pub(crate) appended: u32,
}

/// A partition of a log; forks share it.
pub(crate) type Records = VectorSync<Arc<Record>>;
