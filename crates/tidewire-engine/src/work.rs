//! A work: one activation of a handler, from its arrival to its end. How it runs is in `interpret` and `service`.

use std::sync::Arc;

use smallvec::SmallVec;
use tidewire_scenario::{DatabaseId, HandlerId, NodeId, ServiceId, StatementId};
use tidewire_store::{ConnectionId, Row, SqlError, Value};

use crate::observation::{RequestKey, WorkId};
use crate::schedule::Ticket;

/// A work that may be gone meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WorkRef {
    pub(crate) slot: u32,
    pub(crate) id: WorkId,
}

/// One activation of a handler.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) id: WorkId,
    pub(crate) handler: HandlerId,
    pub(crate) node: NodeId,
    /// Service and instance; `None` for a client's request.
    pub(crate) place: Option<(ServiceId, u32)>,
    pub(crate) origin: Origin,
    pub(crate) request: Option<RequestKey>,
    /// Who this is by lineage: the same under every schedule. Key of latencies and message ids.
    pub(crate) identity: u64,
    /// Key of `pick` and `random`: handler and request only.
    pub(crate) draw_key: u64,
    /// Effects so far: each has its own latencies.
    pub(crate) effects: u32,
    /// Draws so far, by site.
    pub(crate) drawn: SmallVec<[(u32, u32); 2]>,
    pub(crate) frame: Vec<Value>,
    pub(crate) cursors: SmallVec<[RowCursor; 1]>,
    /// The instruction that runs or waits.
    pub(crate) position: u32,
    /// Where its code begins: 0, or the start of a branch of `parallel`.
    pub(crate) begins: u32,
    /// The first branch (in order of the text) that failed so far, and how.
    pub(crate) failed_branch: Option<Box<(u32, Failure)>>,
    pub(crate) status: Status,
    pub(crate) timer: Option<Ticket>,
    pub(crate) held: SmallVec<[Held; 1]>,
    pub(crate) replied: bool,
    /// Counts against the workers of its instance.
    pub(crate) occupies_worker: bool,
    /// What made it what it is: index of an observation.
    pub(crate) cause: Option<u32>,
    /// Its part of the state's hash, if that is kept.
    pub(crate) contribution: u128,
}

impl Work {
    /// A reference that notices when this work is gone.
    pub(crate) fn reference(&self, slot: u32) -> WorkRef {
        WorkRef { slot, id: self.id }
    }
}

/// What started a work, and so who hears of its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A client's request.
    Request,
    /// A call: the caller, its node, and which of its effects this is.
    Call {
        caller: WorkRef,
        node: NodeId,
        effect: u32,
    },
    /// A record: index of the cursor, its epoch and the offset.
    Record {
        cursor: u32,
        epoch: u32,
        offset: u32,
        /// How often it was tried, this time included.
        attempt: u32,
    },
    /// `parallel`: the work that it is a branch of, and which one.
    Branch { parent: WorkRef, index: u32 },
    /// Time: index of the periodic handler, and the run's effects when it began.
    Every { periodic: u32, effects: u64 },
}

/// What a work is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It waits for a worker.
    Queued,
    /// It runs in this very action.
    Running,
    /// It waits for a connection, to send this.
    Connecting(Sql),
    /// It waits for a store's answer. The message is its statement while that travels.
    Statement { sql: Sql, message: Option<u32> },
    /// It waits for the answer to this attempt (from 1) of a call.
    Calling { effect: u32, attempt: u32 },
    /// It pauses before this attempt of a call.
    BackingOff { attempt: u32 },
    /// It waits for a broker's acknowledgement.
    Publishing { effect: u32 },
    /// It waits for time to pass.
    Sleeping,
    /// It pauses before a unit of it runs again.
    Retrying,
    /// It waits for so many branches of `parallel`.
    Forked { left: u32 },
    /// It waits for another work that runs the same block.
    Passenger,
}

/// A statement of a handler, and the row cursor it fills if it opens one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sql {
    pub(crate) statement: StatementId,
    pub(crate) cursor: Option<u32>,
}

/// Rows of a `for each`.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowCursor {
    pub(crate) rows: Vec<Row>,
    pub(crate) next: usize,
}

/// A connection, valid until the store's next crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) connection: ConnectionId,
    pub(crate) epoch: u32,
}

/// A connection that a work has taken out of a pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) database: DatabaseId,
    pub(crate) pool: u32,
    /// `None` until the store has accepted it.
    pub(crate) link: Option<Link>,
    pub(crate) in_transaction: bool,
    /// It failed: it cannot go back to the pool.
    pub(crate) broken: bool,
}

/// Why a handler failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// `OutOfStock`, `Timeout`, `40001`, …
    pub(crate) name: Arc<str>,
    /// The scenario says `fail`: an answer, which is not retried.
    pub(crate) deliberate: bool,
}

impl Failure {
    /// The caller gave up; what happened meanwhile is unknown.
    pub(crate) fn timeout() -> Self {
        Self::technical("Timeout")
    }

    /// Nobody listens there: it did not happen.
    pub(crate) fn unavailable() -> Self {
        Self::technical("Unavailable")
    }

    /// The other side went down meanwhile: whether it happened is unknown.
    pub(crate) fn connection_lost() -> Self {
        Self::technical("ConnectionLost")
    }

    /// No connection became free in time.
    pub(crate) fn pool_timeout() -> Self {
        Self::technical("PoolTimeout")
    }

    /// The process went down.
    pub(crate) fn crashed() -> Self {
        Self::technical("Crashed")
    }

    /// A failure of the machinery, by name.
    pub(crate) fn technical(name: &str) -> Self {
        Self {
            name: name.into(),
            deliberate: false,
        }
    }

    /// A store's error: its SQLSTATE.
    pub(crate) fn sql(error: &SqlError) -> Self {
        Self::technical(error.state.as_str())
    }
}
