//! What may happen next, and what it is called while it waits in the schedule.

use tidewire_scenario::{ClientId, DatabaseId, FaultId, InvariantId, TopicId};
use tidewire_store::ConnectionId;

use crate::observation::Verdict;
use crate::schedule::Ticket;

/// One accepted action is one event of a run: what people step by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Something from the schedule happens.
    Happen(Due),
    /// The workload is done: every fault is healed and the run drains.
    Heal,
    /// The run ends; `finally` is judged.
    End(Verdict),
}

/// Something in the schedule of one state; meaningless in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due(pub(crate) Ticket);

/// What is going to happen. Numbers are slots or indices in the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    /// A message arrives.
    Deliver(u32),
    /// A pause of a work ends.
    Wake(u32),
    /// A work has waited long enough.
    Timeout(u32),
    /// A client begins a request.
    RequestDue(ClientId, u32),
    /// A periodic handler begins.
    Tick(u32),
    /// One of the statements that wait at a store may go on.
    Unblock(DatabaseId),
    /// A waiting statement looks for a deadlock.
    DeadlockCheck(DatabaseId, ConnectionId),
    /// A statement has waited for a lock for `lock_timeout`.
    LockTimeout(DatabaseId, ConnectionId),
    /// A waiting statement has taken `statement_timeout`.
    StatementTimeout(DatabaseId, ConnectionId),
    /// A store notices that the client of a connection is gone.
    Close(DatabaseId, ConnectionId),
    /// A pool gives up a connection that never answered.
    Discard(u32),
    /// A consumer asks again after silence.
    Poll(u32),
    /// A consumer tries a record again.
    Redeliver(u32),
    /// A queue takes a message back: its consumer was silent for too long, or its pause is over.
    Return(TopicId, u32),
    /// A fault begins.
    FaultBegins(FaultId),
    /// A fault is over.
    FaultEnds(FaultId),
    /// A `within` invariant has been broken for as long as it may.
    InvariantDue(InvariantId),
}

impl Pending {
    /// Order among things of one instant: faults first, and what limits a wait after what ends it.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Pending::FaultBegins(_) | Pending::FaultEnds(_) => 0,
            Pending::Timeout(_)
            | Pending::DeadlockCheck(..)
            | Pending::LockTimeout(..)
            | Pending::StatementTimeout(..)
            | Pending::InvariantDue(_) => 2,
            _ => 1,
        }
    }

    /// It happens exactly at its time: neither early nor late.
    pub(crate) fn is_exact(self) -> bool {
        matches!(self, Pending::FaultBegins(_) | Pending::FaultEnds(_))
    }

    /// It goes on for ever, or changes nothing by itself: a run with nothing else may be quiet.
    pub(crate) fn is_background(self) -> bool {
        matches!(self, Pending::Tick(_) | Pending::InvariantDue(_))
    }
}
