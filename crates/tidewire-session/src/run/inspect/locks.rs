//! Who holds and who waits for which lock, by what is locked, and since when.

use tidewire_engine::NoTrace;
use tidewire_store::{AdvisoryKey, HeldLock, LockMode, LockTarget, TransactionId};
use tidewire_syntax::ast::sql::{LockStrength, TableLockMode};
use tidewire_syntax::sort;

use super::Instant;
use super::names::row_by_id;
use crate::store_view::{LockGroup, LockLine};
use crate::words::value_text;

/// Actions that are replayed at most to learn since when a lock is held.
const MOST_REPLAYED: u32 = 6_000;
/// Groups that are sent.
const MOST_GROUPS: usize = 200;

/// What is locked, whether only as every statement does it, and by whom.
type Group<'a> = (&'a LockTarget, bool, Vec<LockLine>);

/// Locks by what is locked, in order of arrival; what somebody waits for comes first.
pub(super) fn groups(instant: &Instant<'_>) -> Vec<LockGroup> {
    let locks = instant.store.locks();
    if locks.is_empty() {
        return Vec::new();
    }
    let since = since(instant, &locks);
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (lock, since_us) in locks.iter().zip(since) {
        let line = line(instant, lock, since_us);
        let known = groups
            .iter_mut()
            .find(|(target, ..)| **target == lock.target);
        let is_ordinary = is_ordinary(lock.mode);
        if let Some((_, ordinary, lines)) = known {
            *ordinary &= is_ordinary;
            lines.push(line);
        } else if groups.len() < MOST_GROUPS {
            groups.push((&lock.target, is_ordinary, vec![line]));
        }
    }
    let group = |(target, ordinary, mut lines): Group<'_>| {
        sort::sort_by_key(&mut lines, |line| {
            (!line.granted, line.since_us, line.transaction)
        });
        let contested = lines.iter().any(|line| !line.granted);
        LockGroup {
            what: what(instant, target),
            contested,
            ordinary: !contested && ordinary,
            lines,
        }
    };
    let mut groups: Vec<LockGroup> = groups.into_iter().map(group).collect();
    sort::sort_by_key(&mut groups, |group| (!group.contested, group.ordinary));
    groups
}

fn line(instant: &Instant<'_>, lock: &HeldLock, since_us: u64) -> LockLine {
    let waits = instant.store.waits();
    let wait = waits
        .iter()
        .find(|wait| !lock.granted && Some(wait.waiter) == lock.connection);
    let holders = wait.map_or(&[][..], |wait| wait.holders.as_slice());
    let number = |connection| instant.store.transaction(connection);
    LockLine {
        transaction: lock.transaction.map(|transaction| transaction.0),
        service: lock
            .transaction
            .map(|transaction| instant.service(transaction))
            .unwrap_or_default(),
        mode: mode(lock.mode),
        granted: lock.granted,
        waits_for: holders
            .iter()
            .filter_map(|holder| number(*holder))
            .map(|holder| holder.0)
            .collect(),
        since_us,
    }
}

/// Since when each lock is there: the way to this instant is replayed from before the first of its transactions.
/// If that is too long, since its transaction began.
fn since(instant: &Instant<'_>, locks: &[HeldLock]) -> Vec<u64> {
    let began = |transaction: TransactionId| instant.journal.began(instant.database, transaction);
    let places = locks.iter().map(|lock| lock.transaction.and_then(began));
    let mut since: Vec<u64> = places
        .clone()
        .map(|place| place.map_or(0, |place| place.at_us))
        .collect();
    let first = places
        .map(|place| place.map_or(0, |place| place.event))
        .min();
    let first = first.unwrap_or(0);
    if instant.accepted.saturating_sub(first) > MOST_REPLAYED {
        return since;
    }
    let mut run = instant.checkpoints.state_after(first);
    let mut held = vec![false; locks.len()];
    while run.state().events() < instant.accepted {
        if run.step(&mut NoTrace).is_none() {
            break;
        }
        let at_us = run.state().now_us();
        let there = run.state().store(instant.database).locks();
        for (index, lock) in locks.iter().enumerate() {
            let is_there = there.iter().any(|other| is_same(other, lock));
            if is_there && !held[index] {
                since[index] = at_us;
            }
            held[index] = is_there;
        }
    }
    since
}

/// The same lock, whatever its mode: a lock may grow stronger.
fn is_same(one: &HeldLock, other: &HeldLock) -> bool {
    one.transaction == other.transaction
        && one.connection == other.connection
        && one.granted == other.granted
        && one.target == other.target
}

/// `stock, sku mug`, `table stock`, `key (7) of orders_pkey`
fn what(instant: &Instant<'_>, target: &LockTarget) -> String {
    let table = |id| instant.store.catalog().table_by_id(id);
    match target {
        LockTarget::Row(table, row) => row_by_id(instant.store, *table, *row),
        LockTarget::Advisory(AdvisoryKey { two: false, key }) => format!("advisory lock {key}"),
        LockTarget::Advisory(AdvisoryKey { two: true, key }) => {
            format!("advisory lock {}, {}", key >> 32, *key as i32)
        }
        LockTarget::Table(id) => match table(*id) {
            Some(table) => format!("table {}", table.name),
            None => "a table that is gone".into(),
        },
        LockTarget::Key {
            table: id,
            index,
            values,
        } => {
            let texts = values.iter().map(value_text);
            let texts: Vec<String> = texts
                .map(|text| text.unwrap_or_else(|| "null".into()))
                .collect();
            let texts = texts.join(", ");
            match table(*id).and_then(|table| table.indexes.get(*index)) {
                Some(index) => format!("key ({texts}) of {}", index.name),
                None => format!("key ({texts})"),
            }
        }
    }
}

/// Reading and writing rows takes such locks on their tables; they exclude only changes of the whole table.
fn is_ordinary(mode: LockMode) -> bool {
    use TableLockMode::{AccessShare, RowExclusive, RowShare};
    matches!(mode, LockMode::Table(AccessShare | RowShare | RowExclusive))
}

/// A mode as SQL writes it.
fn mode(mode: LockMode) -> String {
    match mode {
        LockMode::Row(LockStrength::KeyShare) => "FOR KEY SHARE".into(),
        LockMode::Row(LockStrength::Share) => "FOR SHARE".into(),
        LockMode::Row(LockStrength::NoKeyUpdate) => "FOR NO KEY UPDATE".into(),
        LockMode::Row(LockStrength::Update) => "FOR UPDATE".into(),
        LockMode::Table(mode) => mode.words().to_uppercase(),
        LockMode::Key => "its outcome".into(),
    }
}
