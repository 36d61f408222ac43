//! What faults do to nodes short of a crash: pauses, full disks, clocks; and crashes of one instance.

mod common;

use common::{ends, facts, finished, observed, rows};
use tidewire_engine::{Choices, Fact, Run, Trace, Verdict};

const SHOP: &str = "
database db relational { create table orders (id serial primary key, request text not null, at timestamp); }
service shop owns db {
  command Place() { insert into orders (request, at) values (:request_id, :now); wait 5ms; reply (); }
}
client c users 3 requests 30 { think 1ms to 20ms; call shop.Place() timeout 100ms; }
";

fn shop(text: &str) -> (Run, Trace) {
    for stream in 1..=5 {
        let (run, _) = finished(text, 1, Choices::Shuffle(stream));
        assert_eq!(run.state().verdict(), Some(Verdict::Quiet), "{text}");
    }
    let (run, trace) = finished(text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet), "{text}");
    (run, trace)
}

fn count(trace: &Trace, end: &str) -> usize {
    ends(trace).iter().filter(|other| *other == end).count()
}

#[test]
fn a_paused_service_finishes_what_its_callers_gave_up() {
    let (run, trace) = shop(&format!("{SHOP} fault pause shop at 60ms for 250ms;"));
    assert!(count(&trace, "Timeout") >= 3);
    assert_eq!(
        rows(&run, 0, "orders").len(),
        30,
        "nothing is lost, and nothing is retried"
    );
    let started = observed(&trace, |fact| matches!(fact, Fact::HandlerStarted { .. }));
    let stood_still = started.iter().filter(|it| {
        (60_000..310_000).contains(&it.at_us)
            && !matches!(it.fact, Fact::HandlerStarted { handler, .. } if handler.0 == 1)
    });
    assert_eq!(stood_still.count(), 0);
    let changes = facts(&trace, |fact| match fact {
        Fact::PauseChanged { paused, .. } => Some(*paused),
        _ => None,
    });
    assert_eq!(changes, [true, false]);
}

#[test]
fn a_pause_without_an_end_ends_with_the_workload() {
    let (run, trace) = shop(&format!("{SHOP} fault pause shop at 60ms;"));
    assert!(count(&trace, "Timeout") > 20);
    assert_eq!(rows(&run, 0, "orders").len(), 30);
}

#[test]
fn a_paused_service_keeps_its_locks() {
    let text = "
database db relational { create table a (id int primary key, n int not null); insert into a values (1, 0); }
service holder owns db {
  command Hold() { begin; update a set n = n + 1 where id = 1; wait 10ms; commit; reply (); }
}
service other uses db { command Add() { update a set n = n + 10 where id = 1; reply (); } }
client first users 1 requests 1 { call holder.Hold() timeout 5s; }
client second users 1 requests 1 { think 5ms; call other.Add() timeout 5s; }
fault pause holder at 4ms for 500ms;";
    let (run, trace) = shop(text);
    assert_eq!(rows(&run, 0, "a"), ["1 11"]);
    let blocked = observed(&trace, |fact| matches!(fact, Fact::StatementBlocked { .. }));
    let committed = observed(&trace, |fact| matches!(fact, Fact::Committed { .. }));
    assert!(blocked[0].at_us < 20_000 && committed[0].at_us > 504_000);
}

#[test]
fn a_paused_store_answers_nobody_and_forgets_nothing() {
    let (run, trace) = shop(&format!("{SHOP} fault pause db at 60ms for 250ms;"));
    assert!(count(&trace, "Timeout") >= 3);
    assert_eq!(rows(&run, 0, "orders").len(), 30);
}

#[test]
fn a_crash_ends_a_pause() {
    let text =
        format!("{SHOP} fault pause shop at 60ms for 900ms; fault crash shop at 100ms for 50ms;");
    let (_, trace) = shop(&text);
    let last_failure = observed(&trace, |fact| {
        matches!(fact, Fact::RequestEnded { failure: Some(_) })
    });
    assert!(last_failure.last().is_some_and(|it| it.at_us < 300_000));
}

#[test]
fn a_restart_loses_the_memory_at_once_and_nothing_else() {
    let (run, trace) = shop(&format!("{SHOP} fault restart shop at 60ms;"));
    assert!(count(&trace, "ConnectionLost") > 0);
    assert_eq!(count(&trace, "Unavailable"), 0);
    assert!(run.state().is_up(tidewire_scenario::NodeId(1)));
}

#[test]
fn the_others_go_on_when_one_instance_is_down() {
    let two = SHOP.replace("command Place", "instances 2; command Place");
    let (_, trace) = shop(&format!("{two} fault crash shop#2 at 60ms for 60ms;"));
    assert!(count(&trace, "ok") >= 28);
    assert_eq!(count(&trace, "Unavailable"), 0);
    let started = observed(&trace, |fact| {
        matches!(fact, Fact::HandlerStarted { instance: 1, .. })
    });
    let down = started
        .iter()
        .filter(|it| (60_000..120_000).contains(&it.at_us));
    assert_eq!(down.count(), 0);
    assert!(started.iter().any(|it| it.at_us > 120_000));
    let (_, trace) = shop(&format!("{two} fault pause shop#2 at 60ms for 300ms;"));
    let timeouts = count(&trace, "Timeout");
    assert!(
        (1..15).contains(&timeouts),
        "calls to the paused one wait: {timeouts}"
    );
}

#[test]
fn a_consumer_instance_that_crashed_reads_on_from_its_offset() {
    let text = "
event Placed(n int);
broker bus log { topic placed partitions 4; }
database db relational { create table seen (n int primary key); }
service shop { command Place() { publish Placed(n => cast(substring(:request_id from 3) as int)) to placed; reply (); } }
service mailer owns db {
  instances 2;
  on Placed from placed { insert into seen values (:n) on conflict do nothing; }
}
client c users 3 requests 60 { think 1ms to 5ms; call shop.Place(); }
fault crash mailer#1 at 30ms for 100ms;";
    let (run, _) = shop(text);
    assert_eq!(rows(&run, 0, "seen").len(), 60);
}

#[test]
fn a_full_disk_refuses_what_needs_room() {
    let text = "
database db relational {
  create table orders (id int primary key, n int not null);
  insert into orders values (1, 0), (2, 0);
}
service shop owns db {
  command Add() { insert into orders select max(id) + 1, 0 from orders; reply (); }
  command Set() { update orders set n = n + 1 where id = 1; reply (); }
  command Remove() { delete from orders where id = 2; reply (); }
  query Look() { select n from orders where id = 1; reply (); }
  command Pair() {
    begin;
      delete from orders where id = 1;
      insert into orders values (99, 0);
    commit;
    reply ();
  }
}
client a users 1 requests 1 { call shop.Add(); }
client b users 1 requests 1 { call shop.Set(); }
client c users 1 requests 1 { call shop.Remove(); }
client d users 1 requests 1 { call shop.Look(); }
client e users 1 requests 1 { call shop.Pair(); }
client later users 1 requests 1 { think 200ms; call shop.Set(); }
fault fill disk db at 0ms for 100ms;";
    let (run, trace) = shop(text);
    assert_eq!((count(&trace, "53100"), count(&trace, "ok")), (3, 3));
    assert_eq!(
        rows(&run, 0, "orders"),
        ["1 1"],
        "what was half done is rolled back"
    );
}

#[test]
fn clocks_go_wrong_each_for_itself() {
    let text = "
database db relational {
  create table seen (id serial primary key, mine timestamp, its timestamp);
}
service shop owns db {
  command Note() { insert into seen (mine, its) values (:now, localtimestamp); reply (); }
}
client c users 1 requests 1 { think 500ms; call shop.Note(); }";
    let seen = |fault: &str| {
        let (run, _) = shop(&format!("{text} {fault}"));
        let rows = rows(&run, 0, "seen");
        let row: Vec<&str> = rows[0].split(' ').collect();
        (
            row[2][6..8].parse::<u32>().unwrap_or(99),
            row[4][6..8].parse::<u32>().unwrap_or(99),
        )
    };
    assert_eq!(seen(""), (0, 0));
    assert_eq!(seen("fault skew shop by 7s at 1ms;"), (7, 0));
    assert_eq!(seen("fault skew db by 7s at 1ms;"), (0, 7));
    assert_eq!(seen("fault skew shop by 7s at 1ms for 100ms;"), (0, 0));
    assert_eq!(
        seen("fault skew shop by -7s at 1ms;"),
        (0, 0),
        "no time before the first"
    );
}
