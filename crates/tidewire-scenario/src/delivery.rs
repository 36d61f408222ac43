//! How brokers deliver: their kinds, and what becomes of messages whose handler fails.

use crate::TopicId;

/// Kinds of brokers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerKind {
    /// Partitions, offsets, consumer groups.
    Log,
    /// Messages that are gone once they are acknowledged; consumers compete for them.
    Queue,
    /// Whoever does not listen loses it.
    PubSub,
}

/// What becomes of a message whose handler fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failing {
    /// How often it is tried; without limit if `None`.
    pub attempts: Option<u32>,
    /// Pause before the second attempt in microseconds; doubled every time, up to 10 s.
    pub backoff_us: u64,
    /// Where it goes after the last attempt; it is dropped if `None`.
    pub dead_letter: Option<TopicId>,
}

/// Settings of a queue; meaningless for a topic of another kind of broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// Unacknowledged messages that one instance may hold; at least 1.
    pub prefetch: u32,
    /// How long it may hold one before it is delivered again, in microseconds.
    pub visibility_us: Option<u64>,
    /// What becomes of a message whose handler fails.
    pub failing: Failing,
}
