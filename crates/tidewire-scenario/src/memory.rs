//! What the instances of a service keep in memory: caches, and blocks that works share while they run.

use std::sync::Arc;

use tidewire_store::{Scalar, Type};

use crate::{Label, SlotId};

/// A map from keys to rows in the memory of each instance.
#[derive(Debug)]
pub struct Cache {
    /// Its name, unique in its service.
    pub name: Arc<str>,
    /// What it keeps for a key: names and types.
    pub fields: Vec<(Arc<str>, Type)>,
    /// Entries of an instance; beyond it, the least recently used goes. At least 1.
    pub capacity: u32,
    /// An entry that was put longer ago is not found.
    pub ttl_us: Option<u64>,
}

/// An access to a cache in the code.
#[derive(Debug)]
pub struct CacheAccess {
    /// Index into the service's [`crate::Service::caches`].
    pub cache: u32,
    /// Text; null fails with 22004.
    pub key: Scalar,
    /// What for.
    pub operation: CacheOperation,
}

/// What is done with an entry. Each sets `:row_count` to the number of entries found or put.
#[derive(Debug)]
pub enum CacheOperation {
    /// Its fields go here; without an entry they become null.
    Get(Vec<SlotId>),
    /// Makes or replaces it.
    Put {
        /// In order of the cache's fields.
        values: Vec<Scalar>,
        /// Instead of the cache's own.
        ttl_us: Option<u64>,
    },
    /// Takes it out.
    Delete,
}

/// `single flight` in the code.
#[derive(Debug)]
pub struct Flight {
    /// Works whose keys are equal share one run.
    pub key: Scalar,
    /// Its [`crate::Instruction::LandFlight`].
    pub end: Label,
    /// The first slot that the block binds …
    pub first: SlotId,
    /// … and the one behind its last: those who waited get the values of all of them.
    pub last: SlotId,
}
