//! Queues, dead letters and subjects: nothing is lost that was queued, and what nobody hears is gone.

mod common;

use common::{facts, finished, rows};
use proptest::prelude::*;
use tidewire_engine::{Choices, Fact, Run, Settlement, Trace, Verdict};

/// Two services compete for jobs; every fourth job fails whenever it is tried.
const JOBS: &str = "
event Job(id int);
broker q queue {
  queue jobs prefetch 3 attempts 3 backoff 5ms dead letter failed;
  queue failed;
}
service shop { command Place(id int) { publish Job(id => :id) to jobs; reply (); } }
database db relational {
  create table seen (n serial primary key, id int not null, redelivered boolean not null, attempt int not null,
    place int not null);
}
service worker owns db {
  instances 2;
  on Job from jobs {
    wait 5ms;
    require :id % 4 <> 0 else fail Poison;
    insert into seen (id, redelivered, attempt, place) values (:id, :redelivered, :attempt, :offset);
  }
}
client c users 4 requests 16 { think 1ms to 3ms; call shop.Place(id => random(1, 100)); }
";

fn settled(trace: &Trace, wanted: Settlement) -> Vec<u32> {
    facts(trace, |fact| match fact {
        Fact::Settled {
            topic,
            offset,
            settlement,
            ..
        } if topic.0 == 0 && *settlement == wanted => Some(*offset),
        _ => None,
    })
}

fn published(trace: &Trace, of: u32) -> usize {
    let appended = facts(trace, |fact| match fact {
        Fact::Appended { topic, .. } if topic.0 == of => Some(()),
        _ => None,
    });
    appended.len()
}

/// Places in the queue in the order in which the messages were handled.
fn places(run: &Run) -> Vec<u32> {
    let mut seen: Vec<(u32, u32)> = (rows(run, 0, "seen").iter())
        .filter_map(|row| {
            let (first, last) = (row.split(' ').next()?, row.rsplit(' ').next()?);
            Some((first.parse().ok()?, last.parse().ok()?))
        })
        .collect();
    seen.sort_unstable();
    seen.into_iter().map(|(_, place)| place).collect()
}

#[test]
fn a_poison_message_is_tried_as_often_as_the_queue_says_and_becomes_a_dead_letter() {
    let (run, trace) = finished(JOBS, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    let dead = settled(&trace, Settlement::DeadLettered);
    let returned = settled(&trace, Settlement::Returned);
    assert!(!dead.is_empty());
    for offset in &dead {
        assert_eq!(returned.iter().filter(|other| *other == offset).count(), 2);
    }
    assert_eq!(published(&trace, 1), dead.len());
    assert_eq!(rows(&run, 0, "seen").len() + dead.len(), 16);
}

#[test]
fn without_dead_letters_a_message_is_dropped() {
    let text = JOBS.replace(" dead letter failed", "");
    let (_, trace) = finished(&text, 1, Choices::Canonical);
    assert!(!settled(&trace, Settlement::Dropped).is_empty());
    assert_eq!(published(&trace, 1), 0);
}

#[test]
fn competing_consumers_share_the_messages_and_do_not_keep_their_order() {
    let text = JOBS.replace("wait 5ms;", "if :id % 2 = 0 { wait 9ms; }");
    let (run, _) = finished(&text, 1, Choices::Canonical);
    let places = places(&run);
    assert!(!places.is_sorted(), "{places:?}");
}

#[test]
fn one_consumer_with_a_prefetch_of_one_keeps_the_order() {
    let text = JOBS
        .replace("instances 2;", "")
        .replace("prefetch 3 ", "")
        .replace("require :id % 4 <> 0 else fail Poison;", "");
    let (run, _) = finished(&text, 1, Choices::Canonical);
    let places = places(&run);
    assert_eq!(places, (0..16).collect::<Vec<_>>());
}

#[test]
fn a_crash_returns_what_a_consumer_held_marked_as_redelivered() {
    let text = format!("{JOBS} fault crash worker after the 6th Job for 40ms;");
    let (run, trace) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    assert!(!settled(&trace, Settlement::Returned).is_empty());
    let seen = rows(&run, 0, "seen");
    assert!(seen.iter().any(|row| row.contains(" true 2 ")), "{seen:?}");
}

#[test]
fn a_message_held_longer_than_its_visibility_is_delivered_again() {
    let text = JOBS
        .replace("prefetch 3", "prefetch 3 visibility 2ms")
        .replace("attempts 3", "attempts 9")
        .replace("require :id % 4 <> 0 else fail Poison;", "");
    let (run, _) = finished(&text, 1, Choices::Canonical);
    assert!(rows(&run, 0, "seen").len() > 16);
}

const SAID: &str = "
event Said(id int);
broker p pubsub { subject talk; }
service shop { command Say(id int) { publish Said(id => :id) to talk; reply (); } }
database db relational { create table heard (id int not null); }
service ear owns db { on Said from talk { insert into heard values (:id); } }
client c users 1 requests 10 { think 5ms; call shop.Say(id => random(1, 100)); }
";

#[test]
fn whoever_listens_hears_a_subject_and_whoever_does_not_misses_it() {
    let (run, _) = finished(SAID, 1, Choices::Canonical);
    assert_eq!(rows(&run, 0, "heard").len(), 10);
    let text = format!("{SAID} fault crash ear after the 4th Said for 15ms;");
    let (run, trace) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    assert_eq!(published(&trace, 0), 10);
    let heard = rows(&run, 0, "heard").len();
    assert!((5..10).contains(&heard), "{heard}");
}

#[test]
fn a_subject_forgets_what_a_failed_handler_heard() {
    let text = SAID.replace("insert into heard", "fail No; insert into heard");
    let (run, _) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    assert!(rows(&run, 0, "heard").is_empty());
}

const LOG: &str = "
event Placed(id int);
broker bus log { topic orders partitions 2; topic failed; }
service shop { command Place(id int) { publish Placed(id => :id) to orders key :id; reply (); } }
database db relational { create table seen (id int not null); create table dead (message text primary key); }
service stock owns db {
  on Placed from orders attempts 3 backoff 10ms dead letter failed {
    require :id % 4 <> 0 else fail Poison;
    insert into seen values (:id);
  }
}
service support uses db { on Placed from failed { insert into dead values (:message_id); } }
client c users 4 requests 16 { think 1ms to 3ms; call shop.Place(id => random(1, 100)); }
";

#[test]
fn a_poison_record_frees_its_partition_after_its_last_attempt() {
    let (run, trace) = finished(LOG, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    let dead = settled(&trace, Settlement::DeadLettered);
    assert!(!dead.is_empty());
    assert_eq!(rows(&run, 0, "dead").len(), dead.len());
    assert_eq!(rows(&run, 0, "seen").len() + dead.len(), 16);
}

#[test]
fn a_record_without_dead_letters_is_dropped_after_its_last_attempt() {
    let text = LOG.replace(" dead letter failed", "");
    let (run, trace) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    let dropped = settled(&trace, Settlement::Dropped).len();
    assert!(dropped > 0);
    assert_eq!(rows(&run, 0, "seen").len() + dropped, 16);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Every message of a queue ends once: acknowledged or as a dead letter, whatever crashes or is lost.
    #[test]
    fn a_queue_conserves_its_messages(seed in 1_u64..10_000, nth in 1_u32..12, down in 1_u32..60) {
        let text = format!(
            "{JOBS} fault crash worker#1 after the {nth}th Job for {down}ms;
             fault partition q -> worker after the {nth}th Job for {down}ms;"
        );
        let (run, trace) = finished(&text, seed, Choices::Canonical);
        prop_assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
        let mut ended = settled(&trace, Settlement::Acknowledged);
        let dead = settled(&trace, Settlement::DeadLettered);
        prop_assert_eq!(published(&trace, 1), dead.len());
        ended.extend(dead);
        ended.sort_unstable();
        let all: Vec<u32> = (0..published(&trace, 0) as u32).collect();
        prop_assert_eq!(ended, all);
    }
}
