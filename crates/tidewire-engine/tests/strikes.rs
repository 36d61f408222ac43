//! What faults do to messages: late, lost, twice; once, for a while, or with a probability.

mod common;

use common::{canonical, ends, facts, finished, observed, program, rows};
use tidewire_engine::{Choices, Fact, MessageKind, Trace, Verdict, run};

const SHOP: &str = "
event Placed(request text);
broker bus log { topic placed partitions 1; }
database db relational { create table orders (id serial primary key, request text not null); }
database copies relational {
  create table seen (id serial primary key, request text, message text, again boolean);
}
service shop owns db {
  command Place() {
    insert into orders (request) values (:request_id);
    publish Placed(request => :request_id) to placed;
    reply ();
  }
}
service mailer owns copies {
  on Placed from placed {
    insert into seen (request, message, again) values (:request, :message_id, :redelivered);
  }
}
client c users 3 requests 30 { think 1ms to 20ms; call shop.Place() timeout 100ms; }
";

fn shop(fault: &str) -> (tidewire_engine::Run, Trace) {
    played(&format!("{SHOP} {fault}"), fault)
}

fn played(text: &str, fault: &str) -> (tidewire_engine::Run, Trace) {
    let (run, trace) = finished(text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet), "{fault}");
    (run, trace)
}

fn struck(trace: &Trace) -> usize {
    observed(trace, |fact| matches!(fact, Fact::Struck { .. })).len()
}

fn count(ends: &[String], end: &str) -> usize {
    ends.iter().filter(|other| *other == end).count()
}

#[test]
fn a_lost_reply_leaves_the_effect_and_the_caller_in_doubt() {
    let (run, trace) = shop("fault lose reply of shop.Place after commit of request 7;");
    let ends = ends(&trace);
    assert_eq!(count(&ends, "Timeout"), 1, "{ends:?}");
    assert_eq!((count(&ends, "ok"), struck(&trace)), (29, 1));
    let orders = rows(&run, 0, "orders");
    assert_eq!(orders.len(), 30);
    let timed_out = observed(&trace, |fact| {
        matches!(fact, Fact::RequestEnded { failure: Some(_) })
    });
    assert_eq!(timed_out[0].request.map(|request| request.ordinal), Some(6));
}

#[test]
fn one_message_is_dropped_and_the_next_passes() {
    let (run, trace) = shop("fault drop c -> shop at 20ms;");
    assert_eq!((count(&ends(&trace), "Timeout"), struck(&trace)), (1, 1));
    assert_eq!(rows(&run, 0, "orders").len(), 29);
    let (run, trace) = shop("fault drop c -> shop at 20ms for 60ms;");
    assert_eq!(struck(&trace), 3, "each user waits for its timeout");
    assert_eq!(count(&ends(&trace), "Timeout"), 3);
    assert_eq!(rows(&run, 0, "orders").len(), 30 - struck(&trace));
}

#[test]
fn a_dropped_record_comes_again() {
    // The consumer asks again after half a second, so the workload has to last.
    let calm = SHOP.replace("1ms to 20ms", "200ms to 400ms");
    let (run, trace) = {
        let fault = "fault drop bus -> mailer Placed with probability 60 %;";
        played(&format!("{calm} {fault}"), fault)
    };
    assert!(struck(&trace) >= 3, "{}", struck(&trace));
    assert_eq!(rows(&run, 1, "seen").len(), 30);
    let lost = observed(&trace, |fact| matches!(fact, Fact::Lost(_))).len();
    assert_eq!(lost, struck(&trace));
}

#[test]
fn a_publication_twice_keeps_its_producer_id() {
    let (run, trace) = shop("fault duplicate Placed after the 3rd Placed;");
    assert_eq!(struck(&trace), 1);
    let mut seen: Vec<String> = rows(&run, 1, "seen")
        .iter()
        .map(|row| row.split(' ').nth(2).unwrap_or_default().to_owned())
        .collect();
    assert_eq!((seen.len(), rows(&run, 0, "orders").len()), (31, 30));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 30, "both have one id");
}

#[test]
fn a_call_twice_is_carried_out_twice() {
    let (run, trace) = shop("fault duplicate c -> shop at 20ms;");
    assert_eq!(struck(&trace), 1);
    assert_eq!(count(&ends(&trace), "ok"), 30);
    assert_eq!(rows(&run, 0, "orders").len(), 31);
    let mut messages: Vec<String> = facts(&trace, |fact| match fact {
        Fact::Appended { message, .. } => Some(message.to_string()),
        _ => None,
    });
    messages.sort();
    messages.dedup();
    assert_eq!(messages.len(), 31, "publishing again makes a new id");
}

#[test]
fn slow_nodes_and_ways_delay_what_leaves() {
    let slowest = |text: &str, kind: MessageKind| {
        let (_, trace) = canonical(text);
        let all = trace.observations().iter();
        let delays = all.filter_map(|it| match &it.fact {
            Fact::Sent {
                kind: other,
                arrives_us,
                ..
            } if *other == kind => Some(arrives_us - it.at_us),
            _ => None,
        });
        delays.max().unwrap_or_default()
    };
    let base = slowest(SHOP, MessageKind::Answer);
    let slow = format!("{SHOP} fault slow db by 40ms at 0ms;");
    let answers = slowest(&slow, MessageKind::Answer);
    assert!((40_000..40_000 + base + 1).contains(&answers), "{answers}");
    assert!(slowest(&slow, MessageKind::Statement) < 40_000);
    let way = format!("{SHOP} fault slow shop -> db by 40ms at 0ms;");
    assert!(slowest(&way, MessageKind::Statement) >= 40_000);
    assert!(slowest(&way, MessageKind::Reply) < 40_000);
}

#[test]
fn probabilities_are_drawn_by_seed_and_kept() {
    let text = format!("{SHOP} fault drop c -> shop with probability 20 %;");
    let hits = |seed| struck(&run(program(&text), seed, Choices::Canonical).1);
    let all: Vec<usize> = (1..=20).map(hits).collect();
    let sum: usize = all.iter().sum();
    assert!((70..170).contains(&sum), "600 calls at 20 %: {sum}");
    assert_eq!(hits(3), hits(3));
    assert!(all.iter().any(|other| *other != all[0]));
}

#[test]
fn a_shuffled_run_with_strikes_replays() {
    let text = format!(
        "{SHOP} fault drop c -> shop with probability 20 %; fault duplicate Placed with probability 20 %;"
    );
    let (outcome, trace) = run(program(&text), 3, Choices::Shuffle(9));
    let choices = Choices::Replay(outcome.choices.clone());
    let (again, same) = run(program(&text), 3, choices);
    assert_eq!(outcome.trace_hash, again.trace_hash);
    assert_eq!(trace.observations().len(), same.observations().len());
    let (canonical, _) = run(program(&text), 3, Choices::Canonical);
    assert_ne!(canonical.trace_hash, outcome.trace_hash);
}
