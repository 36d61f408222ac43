//! Observations as words for the trace's hash: our own encoding, equal on every machine. A change here changes
//! every recorded trace hash, and so the version of the semantics.

use std::sync::Arc;

use tidewire_store::hash::{StableHash, StableHasher};
use tidewire_store::{CommandTag, Row, RowChange, TransactionId};

use crate::observation::{Fact, Observation, RequestKey};

impl StableHash for Observation {
    fn stable_hash(&self, hasher: &mut StableHasher) {
        hasher.word(self.at_us);
        let cause = self.cause.map_or(u32::MAX, |cause| cause);
        hasher.word((u64::from(self.event) << 32) | u64::from(cause));
        request(hasher, self.request);
        self.fact.stable_hash(hasher);
    }
}

fn request(hasher: &mut StableHasher, request: Option<RequestKey>) {
    hasher.word(request.map_or(u64::MAX, |key| {
        (u64::from(key.client.0) << 32) | u64::from(key.ordinal)
    }));
}

/// Two small numbers in one word.
fn pair(hasher: &mut StableHasher, high: u32, low: u32) {
    hasher.word((u64::from(high) << 32) | u64::from(low));
}

fn name(hasher: &mut StableHasher, name: Option<&Arc<str>>) {
    match name {
        Some(name) => hasher.bytes(name.as_bytes()),
        None => hasher.word(u64::MAX),
    }
}

fn row(hasher: &mut StableHasher, row: Option<&Row>) {
    match row {
        Some(row) => row.stable_hash(hasher),
        None => hasher.word(u64::MAX),
    }
}

fn changes(hasher: &mut StableHasher, changes: &[RowChange]) {
    hasher.word(changes.len() as u64);
    for change in changes {
        pair(hasher, change.table.0, change.row.0);
        row(hasher, change.before.as_ref());
        row(hasher, change.after.as_ref());
    }
}

fn tag(tag: CommandTag) -> (u32, u64) {
    match tag {
        CommandTag::Begin => (0, 0),
        CommandTag::Commit => (1, 0),
        CommandTag::Rollback => (2, 0),
        CommandTag::Savepoint => (3, 0),
        CommandTag::Release => (4, 0),
        CommandTag::CreateTable => (5, 0),
        CommandTag::AlterTable => (6, 0),
        CommandTag::Insert(rows) => (7, rows),
        CommandTag::Update(rows) => (8, rows),
        CommandTag::Delete(rows) => (9, rows),
        CommandTag::Select(rows) => (10, rows),
        CommandTag::Other(tag) => (11, word(tag)),
    }
}

/// A tag as a number.
fn word(tag: &str) -> u64 {
    let mut hasher = StableHasher::default();
    hasher.bytes(tag.as_bytes());
    hasher.finish() as u64
}

fn transactions(hasher: &mut StableHasher, ids: &[TransactionId]) {
    hasher.word(ids.len() as u64);
    for id in ids {
        hasher.word(u64::from(id.0));
    }
}

impl StableHash for Fact {
    #[allow(clippy::too_many_lines)] // One arm per fact, nothing else.
    fn stable_hash(&self, h: &mut StableHasher) {
        match self {
            Fact::RequestStarted { user } => pair(h, 1, *user),
            Fact::RequestEnded { failure } => {
                h.word(2);
                name(h, failure.as_ref());
            }
            Fact::Sent {
                delivery,
                kind,
                from,
                to,
                arrives_us,
                label,
            } => {
                pair(h, 3, delivery.0);
                pair(h, *kind as u32, 0);
                pair(h, from.0, to.0);
                h.word(*arrives_us);
                h.bytes(label.as_bytes());
            }
            Fact::Delivered(delivery) => pair(h, 4, delivery.0),
            Fact::Lost(delivery) => pair(h, 5, delivery.0),
            Fact::HandlerStarted {
                work,
                handler,
                instance,
            } => {
                pair(h, 6, work.0);
                pair(h, handler.0, *instance);
            }
            Fact::HandlerEnded { work, failure } => {
                pair(h, 7, work.0);
                name(h, failure.as_ref());
            }
            Fact::Queued { node, depth } => {
                pair(h, 8, node.0);
                h.word(u64::from(*depth));
            }
            Fact::TransactionBegan {
                database,
                transaction,
                work,
            } => {
                pair(h, 9, database.0);
                pair(h, transaction.0, work.0);
            }
            Fact::StatementDone {
                database,
                transaction,
                statement,
                work,
                tag: command,
                changes: rows,
            } => {
                let (command, count) = tag(*command);
                pair(h, 10, database.0);
                pair(h, transaction.0, statement.0);
                pair(h, work.0, command);
                h.word(count);
                changes(h, rows);
            }
            Fact::StatementBlocked {
                database,
                transaction,
                statement,
                work,
                holders,
            } => {
                pair(h, 11, database.0);
                pair(h, transaction.0, statement.0);
                h.word(u64::from(work.0));
                transactions(h, holders);
            }
            Fact::StatementFailed {
                database,
                transaction,
                statement,
                work,
                state,
                message,
            } => {
                pair(h, 12, database.0);
                pair(h, transaction.0, statement.0);
                h.word(u64::from(work.0));
                h.bytes(&state.0);
                h.bytes(message.as_bytes());
            }
            Fact::Committed {
                database,
                transaction,
                changes: rows,
            } => {
                pair(h, 13, database.0);
                h.word(u64::from(transaction.0));
                changes(h, rows);
            }
            Fact::RolledBack {
                database,
                transaction,
            } => {
                pair(h, 14, database.0);
                h.word(u64::from(transaction.0));
            }
            Fact::Appended {
                topic,
                partition,
                offset,
                message,
                label,
            } => {
                pair(h, 15, topic.0);
                pair(h, *partition, *offset);
                h.bytes(message.as_bytes());
                h.bytes(label.as_bytes());
            }
            Fact::OffsetCommitted {
                topic,
                partition,
                group,
                offset,
            } => {
                pair(h, 16, topic.0);
                pair(h, *partition, *group);
                h.word(u64::from(*offset));
            }
            Fact::Settled {
                topic,
                partition,
                offset,
                settlement,
            } => {
                pair(h, 50, topic.0);
                pair(h, *partition, *offset);
                h.word(*settlement as u64);
            }
            Fact::CacheAccessed {
                node,
                instance,
                cache,
                outcome,
                key,
            } => {
                pair(h, 70, node.0);
                pair(h, *instance, *cache);
                h.word(*outcome as u64);
                h.bytes(key.as_bytes());
            }
            Fact::FlightJoined { node, work, pilot } => {
                pair(h, 71, node.0);
                pair(h, work.0, pilot.0);
            }
            Fact::FlightLanded { node, work } => {
                pair(h, 72, node.0);
                h.word(u64::from(work.0));
            }
            Fact::Crashed(node) => pair(h, 17, node.0),
            Fact::Restarted(node) => pair(h, 18, node.0),
            Fact::PartitionChanged { from, to, closed } => {
                pair(h, 19, u32::from(*closed));
                pair(h, from.0, to.0);
            }
            Fact::Migrated { database, failure } => {
                pair(h, 20, database.0);
                name(h, failure.as_ref());
            }
            Fact::FaultInjected(fault) => pair(h, 21, fault.0),
            Fact::InvariantChanged {
                invariant,
                state,
                evidence,
            } => {
                pair(h, 22, invariant.0);
                pair(h, *state as u32, evidence.len() as u32);
                for text in evidence {
                    h.bytes(text.as_bytes());
                }
            }
            Fact::InstanceCrashed { node, instance } => {
                pair(h, 40, node.0);
                h.word(u64::from(*instance));
            }
            Fact::InstanceRestarted { node, instance } => {
                pair(h, 41, node.0);
                h.word(u64::from(*instance));
            }
            Fact::PauseChanged { place, paused } => {
                pair(h, 42, place.node.0);
                pair(h, place.instance.unwrap_or(u32::MAX), u32::from(*paused));
            }
            Fact::SlowChanged { from, to, by_us } => {
                pair(h, 43, from.0);
                h.word(to.map_or(u64::MAX, |to| u64::from(to.0)));
                h.word(*by_us);
            }
            Fact::DiskChanged { database, full } => {
                pair(h, 44, database.0);
                h.word(u64::from(*full));
            }
            Fact::ClockChanged { node, by_us } => {
                pair(h, 45, node.0);
                h.word(by_us.cast_unsigned());
            }
            Fact::Struck { fault, delivery } => {
                pair(h, 46, fault.0);
                h.word(u64::from(delivery.0));
            }
            Fact::Healed => pair(h, 23, 0),
            Fact::Ended(verdict) => pair(h, 24, *verdict as u32),
        }
    }
}
