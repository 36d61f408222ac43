//! What counts where a scenario says nothing. `docs/fidelity.md` has the same table for readers.

use crate::Delay;

/// Service time of a statement.
pub const STATEMENT_LATENCY: Delay = Delay::Uniform(300, 900);
/// Time of a broker to append or to fetch.
pub const BROKER_LATENCY: Delay = Delay::Uniform(200, 600);
/// Connections in the pool of a service instance.
pub const CONNECTIONS: u32 = 8;
/// Handlers that run at once in a service instance.
pub const WORKERS: u32 = 8;
/// Entries of a cache in a service instance.
pub const CACHE_ENTRIES: u32 = 1_000;
/// How long a statement, or waiting for a connection, may take, in microseconds. Longer than a store's
/// deadlock timeout of 1 s, or no deadlock would ever be found.
pub const STATEMENT_TIMEOUT_US: u64 = 5_000_000;
/// How long a call may take, in microseconds.
pub const CALL_TIMEOUT_US: u64 = 1_000_000;
/// Pause before the first retry of a call, in microseconds; doubled every time.
pub const RETRY_BACKOFF_US: u64 = 50_000;
/// The longest pause before a retry, in microseconds.
pub const MOST_BACKOFF_US: u64 = 60_000_000;
/// Pause of a user before each request.
pub const THINK: Delay = Delay::Fixed(0);
/// Rows that a relay takes from its outbox in one look.
pub const RELAY_BATCH: u32 = 100;
/// Pauses before a saga repeats a step or an undoing, in microseconds; after the last one it is stuck.
pub const SAGA_PAUSES_US: [u64; 5] = [50_000, 100_000, 200_000, 400_000, 800_000];
/// Pause before a message whose handler failed is tried again, in microseconds; doubled every time.
pub const REDELIVERY_BACKOFF_US: u64 = 100_000;
/// Unacknowledged messages that an instance may hold.
pub const PREFETCH: u32 = 1;
/// How often a queue delivers a message.
pub const QUEUE_ATTEMPTS: u32 = 20;
