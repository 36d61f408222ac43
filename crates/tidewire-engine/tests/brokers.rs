//! Logs: order inside a partition, offsets, redelivery, poison.

mod common;

use common::{canonical, ends, facts, finished, rows};
use tidewire_engine::{Choices, Fact, Verdict};

const SHOP: &str = "
event Placed(id int);
broker bus log { topic orders partitions 3; }
service shop { command Place(id int) { publish Placed(id => :id) to orders key :id; reply (); } }
database db relational {
  create table seen (id int not null, redelivered boolean not null, attempt int not null, message text not null);
}
service stock owns db {
  on Placed from orders {
    insert into seen values (:id, :redelivered, :attempt, :message_id);
    wait 10ms;
  }
}
client c users 4 requests 12 { think 1ms to 9ms; call shop.Place(id => random(1, 100)); }
";

#[test]
fn every_record_is_handled_once_when_nothing_goes_wrong() {
    let (run, trace) = finished(SHOP, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    assert_eq!(ends(&trace), vec!["ok"; 12]);
    let seen = rows(&run, 0, "seen");
    assert_eq!(seen.len(), 12);
    assert!(seen.iter().all(|row| row.contains(" false 1 ")));
    let appended = facts(&trace, |fact| match fact {
        Fact::Appended { partition, .. } => Some(*partition),
        _ => None,
    });
    assert!((0..3).all(|partition| appended.contains(&partition)));
    for partition in 0..3 {
        let topic = tidewire_scenario::TopicId(0);
        let records = run.state().records(run.setup(), topic, partition).count() as u32;
        let offsets = run.state().offsets(run.setup(), topic, partition, 0);
        assert_eq!(offsets, (records, records));
    }
}

#[test]
fn offsets_are_committed_in_order_and_after_the_handler() {
    let (_, trace) = canonical(SHOP);
    let mut next = [0; 3];
    for observation in trace.observations() {
        if let Fact::OffsetCommitted {
            partition, offset, ..
        } = observation.fact
        {
            assert_eq!(offset, next[partition as usize] + 1);
            next[partition as usize] = offset;
        }
    }
    assert_eq!(next.iter().sum::<u32>(), 12);
}

#[test]
fn a_crash_brings_back_what_was_not_committed() {
    let text = format!("{SHOP} fault crash stock after the 6th Placed for 40ms;");
    let (run, _) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    let seen = rows(&run, 0, "seen");
    assert!(seen.len() > 12, "{seen:?}");
    assert!(seen.iter().any(|row| row.contains(" true 1 ")), "{seen:?}");
    let mut messages: Vec<_> = seen
        .iter()
        .filter_map(|row| row.rsplit(' ').next())
        .collect();
    messages.sort_unstable();
    messages.dedup();
    assert_eq!(messages.len(), 12);
}

#[test]
fn committing_before_the_handler_loses_what_a_crash_interrupts() {
    let before = SHOP
        .replace("from orders {", "from orders commit before {")
        .replace("insert into seen", "wait 5ms; insert into seen");
    let text = format!("{before} fault crash stock after the 6th Placed for 40ms;");
    let (run, _) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    assert!(rows(&run, 0, "seen").len() < 12);
}

#[test]
fn a_poison_record_blocks_its_partition_and_the_run_never_gets_quiet() {
    let text = SHOP.replace(
        "insert into seen",
        "if :offset = 0 and :partition = 0 { fail Poison; } insert into seen",
    );
    let (run, trace) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::NeverQuiet));
    let topic = tidewire_scenario::TopicId(0);
    assert_eq!(run.state().offsets(run.setup(), topic, 0, 0), (0, 1));
    assert!(run.state().offsets(run.setup(), topic, 1, 0).0 > 0);
    let failures = facts(&trace, |fact| match fact {
        Fact::HandlerEnded { failure, .. } => failure.clone(),
        _ => None,
    });
    assert!(failures.len() > 5);
}

#[test]
fn a_broker_that_is_down_refuses_and_keeps_its_log() {
    let text = format!("{SHOP} fault crash bus after the 3rd Placed for 30ms;");
    let (run, trace) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    let all = ends(&trace);
    assert!(all.iter().any(|end| end == "Unavailable"), "{all:?}");
    let appended = facts(&trace, |fact| {
        matches!(fact, Fact::Appended { .. }).then_some(())
    });
    let went_well = all.iter().filter(|end| *end == "ok").count();
    assert_eq!(went_well, appended.len());
    let mut messages: Vec<_> = rows(&run, 0, "seen");
    messages.dedup_by_key(|row| row.rsplit(' ').next().map(str::to_string));
    assert_eq!(messages.len(), appended.len());
}

#[test]
fn behind_a_partition_the_producer_only_times_out() {
    let text = format!("{SHOP} fault partition shop <-> bus after the 3rd Placed for 5s;");
    let text = text.replace("service shop {", "service shop { timeout 50ms;");
    let (run, trace) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    assert!(ends(&trace).iter().any(|end| end == "Timeout"));
}

#[test]
fn a_consumer_behind_a_partition_asks_again() {
    let text = format!("{SHOP} fault partition bus <-> stock after the 3rd Placed for 200ms;");
    let (run, _) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    let mut messages = rows(&run, 0, "seen");
    messages.iter_mut().for_each(|row| {
        *row = row.rsplit(' ').next().unwrap_or_default().to_string();
    });
    messages.sort_unstable();
    messages.dedup();
    assert_eq!(messages.len(), 12);
}

const OUTBOX: &str = "
event Placed(id int, sku text);
broker bus log { topic orders; }
database db relational {
  create table orders (id serial primary key, sku text not null);
  create table outbox (id serial primary key, topic text not null, key text, event text not null, payload jsonb not null);
}
service shop owns db {
  command Place(sku text) {
    begin;
    insert into orders (sku) values (:sku) returning id;
    insert into outbox (topic, key, event, payload)
      values ('orders', cast(:id as text), 'Placed', jsonb_build_object('id', :id, 'sku', :sku));
    commit;
    reply ();
  }
}
relay carrier from db.outbox polling every 50ms delete;
database seen_db relational { create table seen (id int not null, sku text not null, message text not null); }
service stock owns seen_db { on Placed from orders { insert into seen values (:id, :sku, :message_id); } }
client c users 3 requests 9 { think 1ms to 90ms; call shop.Place(sku => pick('mug', 'lamp')); }
";

#[test]
fn a_relay_carries_rows_of_the_outbox_with_their_ids() {
    let (run, trace) = finished(OUTBOX, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    assert_eq!(ends(&trace), vec!["ok"; 9]);
    let expected: Vec<String> = rows(&run, 0, "orders")
        .iter()
        .map(|row| format!("{row} {}", row.split(' ').next().unwrap_or_default()))
        .collect();
    assert_eq!(rows(&run, 1, "seen"), expected);
    assert_eq!(rows(&run, 0, "outbox"), Vec::<String>::new());
}

#[test]
fn a_relay_that_crashes_between_sending_and_deleting_sends_again_with_the_same_id() {
    let text = format!("{OUTBOX} fault crash carrier after the 4th Placed for 80ms;");
    let (run, _) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    let seen = rows(&run, 1, "seen");
    assert!(seen.len() > 9, "{seen:?}");
    let mut once = seen.clone();
    once.dedup();
    assert_eq!(once.len(), 9);
}
