//! What each part of a state adds to its hash. What is left out only orders or names things: slots, ids by
//! order of creation, causes, counters for people.

use tidewire_scenario::{SlotId, implicit};
use tidewire_store::hash::{StableHash, StableHasher};
use tidewire_syntax::sort;

use crate::action::Pending;
use crate::fingerprint::Part;
use crate::message::{Content, Message, Record};
use crate::setup::Setup;
use crate::state::{DatabaseState, Phase, State};
use crate::work::{Failure, Status, Work};

/// The weight of something in the schedule.
pub(crate) fn pending(state: &State, pending: Pending) -> u128 {
    let mut h = StableHasher::default();
    let identity = |slot| state.works.get(slot).map_or(0, |work| work.identity);
    let (kind, a, b) = match pending {
        Pending::Deliver(slot) => match state.messages.get(slot) {
            Some(message) => return hash_message(message),
            None => (0, 0, 0),
        },
        Pending::Wake(work) => (1, identity(work), 0),
        Pending::Timeout(work) => (2, identity(work), 0),
        Pending::RequestDue(client, ordinal) => (3, u64::from(client.0), u64::from(ordinal)),
        Pending::Tick(index) => (4, u64::from(index), 0),
        Pending::Unblock(database) => (5, u64::from(database.0), 0),
        // Of which connection would be an id by order of creation, and what it ran last changes meanwhile.
        Pending::DeadlockCheck(database, _) => (6, u64::from(database.0), 0),
        Pending::Close(database, _) => (7, u64::from(database.0), 0),
        Pending::Discard(pool) => (8, u64::from(pool), 0),
        Pending::Poll(cursor) => (9, u64::from(cursor), 0),
        Pending::Redeliver(cursor) => (10, u64::from(cursor), 0),
        Pending::FaultBegins(fault) => (11, u64::from(fault.0), 0),
        Pending::FaultEnds(fault) => (12, u64::from(fault.0), 0),
        Pending::InvariantDue(invariant) => (13, u64::from(invariant.0), 0),
        Pending::LockTimeout(database, _) => (14, u64::from(database.0), 0),
        Pending::StatementTimeout(database, _) => (15, u64::from(database.0), 0),
        Pending::Return(topic, offset) => (16, u64::from(topic.0), u64::from(offset)),
    };
    for word in [kind, a, b] {
        h.word(word);
    }
    h.finish()
}

fn failure(h: &mut StableHasher, failure: &Failure) {
    h.bytes(failure.name.as_bytes());
    h.word(u64::from(failure.deliberate));
}

fn option(h: &mut StableHasher, value: Option<u32>) {
    h.word(value.map_or(u64::MAX, u64::from));
}

/// The lineage says who sent it and when in its life; the rest, what it says.
fn hash_message(message: &Message) -> u128 {
    let mut h = StableHasher::default();
    h.word(message.lineage);
    h.word((u64::from(message.to.0) << 1) | u64::from(message.doomed));
    match &message.content {
        Content::Call(call) => {
            h.word(1);
            h.word(u64::from(call.attempt));
            call.arguments.stable_hash(&mut h);
        }
        Content::Reply { result, .. } => {
            h.word(2);
            match result {
                Ok(reply) => {
                    option(&mut h, reply.position);
                    reply.values.stable_hash(&mut h);
                }
                Err(reason) => failure(&mut h, reason),
            }
        }
        Content::Statement(statement) => {
            h.word(3);
            h.word(u64::from(statement.sql.statement.0));
            h.word(u64::from(statement.link.is_some()));
        }
        Content::Answer {
            result,
            in_transaction,
            ..
        } => {
            h.word(4 + (u64::from(*in_transaction) << 8));
            match result {
                Ok(completion) => {
                    h.word(completion.rows.len() as u64);
                    for row in &completion.rows {
                        row.stable_hash(&mut h);
                    }
                }
                Err(error) => h.bytes(&error.state.0),
            }
        }
        Content::Cleanup { .. } => h.word(5),
        Content::Cleaned { link, .. } => h.word(6 + (u64::from(link.is_some()) << 8)),
        Content::Publish { topic, record, .. } => {
            h.word(7);
            h.word(u64::from(topic.0));
            take_record(&mut h, record);
        }
        Content::Published { result, .. } => h.word(8 + (u64::from(result.is_ok()) << 8)),
        Content::Record { cursor, offset, .. } => {
            h.word(9);
            h.word((u64::from(*cursor) << 32) | u64::from(*offset));
        }
        Content::Offset {
            commit,
            fetch,
            dead,
            ..
        } => {
            h.word(10 + (u64::from(*dead) << 8));
            option(&mut h, *commit);
            option(&mut h, *fetch);
        }
        Content::Settle {
            cursor,
            offset,
            attempt,
            done,
            ..
        } => {
            h.word(11 + (u64::from(*done) << 8));
            h.word((u64::from(*cursor) << 32) | u64::from(*offset));
            h.word(u64::from(*attempt));
        }
    }
    h.finish()
}

/// A work: who it is, where it stands, what it knows and holds.
pub(crate) fn work(work: &Work) -> u128 {
    let mut h = StableHasher::default();
    h.word(work.identity);
    let flags = (u64::from(work.replied) << 1) | u64::from(work.occupies_worker);
    h.word((u64::from(work.position) << 32) | (u64::from(work.effects) << 2) | flags);
    let (status, number) = match work.status {
        Status::Queued => (0, 0),
        Status::Running => (1, 0),
        Status::Connecting(_) => (2, 0),
        Status::Statement { .. } => (3, 0),
        Status::Calling { attempt, .. } => (4, attempt),
        Status::BackingOff { attempt } => (5, attempt),
        Status::Publishing { .. } => (6, 0),
        Status::Sleeping => (7, 0),
        Status::Passenger => (16, 0),
        Status::Retrying => (17, 0),
        Status::Forked { left } => (18, left),
    };
    h.word((status << 32) | u64::from(number));
    if let Some(failed) = &work.failed_branch {
        h.word(u64::from(failed.0));
        failure(&mut h, &failed.1);
    }
    // What the lineage implies is left out, and so is the time of the last step, which the next one replaces
    // unless a statement carries it.
    let in_statement = matches!(work.status, Status::Statement { .. });
    for (slot, value) in (0..).map(SlotId).zip(&work.frame) {
        match slot {
            implicit::REQUEST_ID | implicit::MESSAGE_ID => {}
            implicit::NOW if !in_statement => {}
            _ => value.stable_hash(&mut h),
        }
    }
    for cursor in &work.cursors {
        let left = cursor.rows.iter().skip(cursor.next);
        h.word(cursor.rows.len().saturating_sub(cursor.next) as u64);
        left.for_each(|row| row.stable_hash(&mut h));
    }
    for held in &work.held {
        let flags = (u64::from(held.in_transaction) << 1) | u64::from(held.broken);
        h.word((u64::from(held.database.0) << 3) | (u64::from(held.link.is_some()) << 2) | flags);
    }
    h.finish()
}

/// The entries of an instance's caches that will expire: a weight and the time.
pub(crate) fn expiries(state: &State, index: u32) -> impl Iterator<Item = (u128, u64)> {
    let caches = (0_u64..).zip(&state.instances[index as usize].caches);
    caches.flat_map(move |(cache, content)| {
        content.expiries().map(move |(entry, at_us)| {
            let mut h = StableHasher::default();
            for word in [16, u64::from(index), cache, entry] {
                h.word(word);
            }
            (h.finish(), at_us)
        })
    })
}

fn take_record(h: &mut StableHasher, record: &Record) {
    h.word(u64::from(record.event.0));
    h.bytes(record.message.as_bytes());
    h.bytes(record.key.as_deref().unwrap_or_default().as_bytes());
    record.fields.stable_hash(h);
}

/// The chain of a partition's records with one more at its end.
pub(crate) fn record(partition: u32, chain: u128, record: &Record) -> u128 {
    let mut h = StableHasher::default();
    h.word(u64::from(partition));
    h.word(chain as u64);
    h.word((chain >> 64) as u64);
    take_record(&mut h, record);
    h.finish()
}

/// Any part that is neither a work nor a partition. Its index keeps equal contents of different parts apart.
pub(crate) fn other(state: &State, setup: &Setup, part: Part, index: usize) -> u128 {
    let mut h = StableHasher::default();
    h.word(index as u64);
    let identity = |slot: u32| state.works.get(slot).map_or(0, |work| work.identity);
    match part {
        Part::Work(_) | Part::Partition(_) => {}
        Part::Database(index) => database(&mut h, &state.databases[index as usize]),
        Part::Instance(index) => {
            let instance = &state.instances[index as usize];
            h.word((u64::from(instance.down) << 32) | u64::from(instance.running));
            instance
                .queue
                .iter()
                .for_each(|slot| h.word(identity(*slot)));
            instance.caches.iter().for_each(|cache| cache.hash(&mut h));
            let flights = instance.flights.iter();
            flights.for_each(|flight| flight.hash(&mut h, identity));
        }
        Part::Pool(index) => {
            let pool = &state.pools[index as usize];
            h.word((u64::from(pool.lent) << 32) | pool.idle.len() as u64);
            let waiting = pool.waiting.iter();
            waiting.for_each(|work| h.word(identity(work.slot)));
        }
        Part::Cursor(index) => {
            let cursor = &state.cursors[index as usize];
            h.word((u64::from(cursor.committed) << 32) | u64::from(cursor.position));
            h.word(u64::from(cursor.sent));
            option(&mut h, cursor.fetch);
            option(&mut h, cursor.unconfirmed);
            h.word(u64::from(cursor.dead));
            option(&mut h, cursor.processing.map(|(_, attempt)| attempt));
        }
        Part::Turn(index) => {
            h.word(u64::from(state.turns[index as usize]));
            state.queues[index as usize].hash(&mut h);
        }
        Part::Client(index) => {
            let client = state.clients[index as usize];
            h.word((u64::from(client.due) << 32) | u64::from(client.open));
        }
        Part::Fault(index) => {
            let fault = &state.faults[index as usize];
            let flags = [fault.triggered, fault.expected, fault.active];
            flags.iter().for_each(|flag| h.word(u64::from(*flag)));
            for (lineage, count) in &fault.struck {
                h.word(*lineage);
                h.word(u64::from(*count));
            }
        }
        Part::Invariant(index) => {
            let status = &state.invariants[index as usize];
            h.word(status.state as u64);
            h.word(u64::from(status.violated_at_us.is_some()));
        }
        Part::Network => {
            let down = state.down.iter().zip(&setup.program.nodes);
            down.for_each(|(count, _)| h.word(u64::from(*count)));
            let mut closed = state.closed.clone();
            sort::sort(&mut closed);
            let words = closed.iter();
            words.for_each(|(from, to)| h.word((u64::from(from.0) << 32) | u64::from(to.0)));
            let mut skews = state.skews.clone();
            sort::sort(&mut skews);
            for (node, by_us) in skews {
                h.word(u64::from(node.0));
                h.word(by_us.cast_unsigned());
            }
        }
        Part::Phase => h.word(match state.phase {
            Phase::Working => 0,
            Phase::Draining { .. } => 1,
            Phase::Ended(verdict) => 2 + verdict as u64,
        }),
    }
    h.finish()
}

/// The store's own hash, and whose the connections in use are.
fn database(h: &mut StableHasher, database: &DatabaseState) {
    let store = database.store.hash();
    h.word(store as u64);
    h.word((store >> 64) as u64);
    let mut sessions = 0_u64;
    // An idle connection is like any other, whoever used it last.
    let busy = database
        .sessions
        .iter()
        .filter(|(_, session)| session.blocked || session.transaction.is_some());
    for (_, session) in busy {
        let mut one = StableHasher::default();
        one.word(session.last.identity);
        one.word((u64::from(session.last.effect) << 1) | u64::from(session.blocked));
        sessions = sessions.wrapping_add(one.finish() as u64);
    }
    h.word(sessions);
    h.word(u64::from(database.full));
}
