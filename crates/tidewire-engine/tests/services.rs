//! Calls, workers, queues, statements, transactions, pools.

mod common;

use common::{canonical, ends, facts, finished, observed, program, rows};
use tidewire_engine::{Choices, Fact, Run, Trace, Verdict};

const COUNTER: &str = "
database db relational {
  create table counters (name text primary key, value int not null);
  insert into counters values ('visits', 0);
}
service counter owns db {
  command Add(amount int) {
    update counters set value = value + :amount where name = 'visits' returning value;
    reply (value => :value);
  }
}
client visitors users 3 requests 12 {
  think 1ms to 5ms;
  call counter.Add(amount => 2);
}
";

#[test]
fn every_request_is_answered_and_every_commit_counts() {
    let (run, trace) = finished(COUNTER, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    assert_eq!(ends(&trace), vec!["ok"; 12]);
    assert_eq!(rows(&run, 0, "counters"), ["visits 24"]);
    let commits = facts(&trace, |fact| match fact {
        Fact::Committed { changes, .. } => Some(changes.len()),
        _ => None,
    });
    assert_eq!(commits, vec![1; 12]);
}

#[test]
fn every_observation_but_the_first_of_a_chain_has_an_earlier_cause() {
    let (_, trace) = canonical(COUNTER);
    for (index, observation) in trace.observations().iter().enumerate() {
        match observation.cause {
            Some(cause) => assert!((cause as usize) < index),
            None => assert!(matches!(
                observation.fact,
                Fact::RequestStarted { .. } | Fact::Healed | Fact::Ended(_)
            )),
        }
    }
}

#[test]
fn work_is_attributed_to_its_request() {
    let (_, trace) = canonical(COUNTER);
    let done = observed(&trace, |fact| matches!(fact, Fact::Committed { .. }));
    let mut requests: Vec<_> = done
        .iter()
        .filter_map(|observation| observation.request)
        .map(|key| key.ordinal)
        .collect();
    requests.sort_unstable();
    assert_eq!(requests, (0..12).collect::<Vec<_>>());
}

#[test]
fn requests_wait_for_a_worker_in_order_of_arrival() {
    let text = "
service slow { workers 1; command Work() { wait 10ms; reply (); } }
client crowd users 5 requests 5 { call slow.Work(); }
";
    let (outcome, trace) = canonical(text);
    let depths = facts(&trace, |fact| match fact {
        Fact::Queued { depth, .. } => Some(*depth),
        _ => None,
    });
    assert_eq!(depths, [1, 2, 3, 4]);
    let arrivals = observed(&trace, |fact| matches!(fact, Fact::Delivered(_)));
    let starts = observed(
        &trace,
        |fact| matches!(fact, Fact::HandlerStarted { handler, .. } if handler.0 == 0),
    );
    let first_arrivals: Vec<_> = arrivals.iter().map(|it| it.request).take(5).collect();
    let in_order: Vec<_> = starts.iter().map(|it| it.request).collect();
    assert_eq!(in_order, first_arrivals);
    // Five times 10 ms, one after the other, and a few hops.
    assert!((50_000..56_000).contains(&outcome.virtual_time_us));
}

#[test]
fn a_failure_rolls_back_and_reaches_the_caller_by_name() {
    let text = "
database db relational { create table notes (id int primary key); }
service writer owns db {
  command Write() {
    begin;
    insert into notes values (1);
    fail TooLate;
  }
}
client one users 1 requests 1 { call writer.Write() retry 3; }
";
    let (run, trace) = finished(text, 1, Choices::Canonical);
    // What the scenario itself says is an answer: it is not retried.
    assert_eq!(ends(&trace), ["TooLate"]);
    assert_eq!(rows(&run, 0, "notes"), Vec::<String>::new());
    let undone = facts(&trace, |fact| {
        matches!(fact, Fact::RolledBack { .. }).then_some(())
    });
    assert_eq!(undone.len(), 1);
}

#[test]
fn an_error_of_a_statement_fails_the_handler_with_its_code() {
    let text = "
database db relational {
  create table notes (id int primary key);
  insert into notes values (1), (2);
}
service writer owns db {
  command Twice() { insert into notes values (1); reply (); }
  command Several() { select id from notes; reply (id => :id); }
}
client one users 1 requests 1 { call writer.Twice(); }
client two users 1 requests 1 { call writer.Several(); }
";
    let (_, trace) = canonical(text);
    let mut failures = ends(&trace);
    failures.sort();
    assert_eq!(failures, ["23505", "P0003"]);
}

#[test]
fn a_timeout_tells_nothing_about_what_happens_at_the_callee() {
    let text = "
database db relational { create table notes (id serial primary key); }
service writer owns db {
  command Write() { wait 50ms; insert into notes values (default); reply (); }
}
client hasty users 1 requests 1 { call writer.Write() timeout 10ms; }
";
    let (run, trace) = finished(text, 1, Choices::Canonical);
    assert_eq!(ends(&trace), ["Timeout"]);
    assert_eq!(rows(&run, 0, "notes"), ["1"]);
}

#[test]
fn a_retry_runs_the_whole_unit_again() {
    let text = "
database db relational { create table notes (id serial primary key, attempt int not null); }
service writer owns db {
  command Write() {
    insert into notes (attempt) values (:attempt);
    wait 20ms;
    reply ();
  }
}
client hasty users 1 requests 1 { call writer.Write() timeout 10ms retry 2 backoff 5ms; }
";
    let (run, trace) = finished(text, 1, Choices::Canonical);
    assert_eq!(ends(&trace), ["Timeout"]);
    assert_eq!(rows(&run, 0, "notes"), ["1 1", "2 2", "3 3"]);
}

#[test]
fn whoever_waits_for_a_connection_can_time_out() {
    let text = "
database db relational { connections 1; create table notes (id serial primary key); }
service writer owns db {
  timeout 30ms;
  command Hold() { begin; insert into notes values (default); wait 100ms; commit; reply (); }
}
client two users 2 requests 2 { call writer.Hold(); }
";
    let (run, trace) = finished(text, 1, Choices::Canonical);
    let mut all = ends(&trace);
    all.sort();
    assert_eq!(all, ["PoolTimeout", "ok"]);
    assert_eq!(rows(&run, 0, "notes").len(), 1);
    assert_eq!(
        run.state()
            .connections(run.setup(), tidewire_scenario::DatabaseId(0)),
        (0, 0)
    );
}

#[test]
fn a_statement_that_times_out_costs_its_connection_and_its_transaction() {
    let text = "
database db relational {
  create table stock (id int primary key, n int not null);
  insert into stock values (1, 0);
}
service a owns db {
  timeout 20ms;
  command Take() { begin; update stock set n = n + 1 where id = 1; wait 60ms; commit; reply (); }
}
client two users 2 requests 2 { think 0us to 3ms; call a.Take(); }
";
    let (run, trace) = finished(text, 3, Choices::Canonical);
    let mut all = ends(&trace);
    all.sort();
    assert_eq!(all, ["Timeout", "ok"]);
    assert_eq!(rows(&run, 0, "stock"), ["1 1"]);
}

#[test]
fn the_same_request_draws_the_same_in_another_design() {
    let with = |body: &str| {
        format!(
            "
database db relational {{ create table seen (request text not null, n int not null); }}
service a owns db {{
  workers 2;
  command See(n int) {{ {body} insert into seen values (:request_id, :n); reply (); }}
}}
client c users 4 requests 20 {{ think 1ms to 9ms; call a.See(n => random(1, 1000)); }}
"
        )
    };
    let (fast, _) = finished(&with(""), 5, Choices::Canonical);
    let (slow, _) = finished(&with("wait 3ms;"), 5, Choices::Canonical);
    assert_eq!(rows(&fast, 0, "seen"), rows(&slow, 0, "seen"));
    let (other, _) = finished(&with(""), 6, Choices::Canonical);
    assert_ne!(rows(&fast, 0, "seen"), rows(&other, 0, "seen"));
}

#[test]
fn rows_of_a_loop_are_taken_one_by_one() {
    let text = "
database db relational {
  create table todo (id int primary key);
  create table finished (id int primary key);
  insert into todo values (1), (2), (3);
}
service a owns db {
  command Each() {
    for each r in (select id from todo order by id) { insert into finished values (:r.id); }
    reply ();
  }
}
client c users 1 requests 1 { call a.Each(); }
";
    let (run, _) = finished(text, 1, Choices::Canonical);
    assert_eq!(rows(&run, 0, "finished"), ["1", "2", "3"]);
}

#[test]
fn the_scheduler_alone_makes_the_same_run() {
    let (traced, _) = finished(COUNTER, 1, Choices::Canonical);
    let mut bare = Run::new(program(COUNTER), 1, Choices::Canonical);
    bare.finish(&mut tidewire_engine::NoTrace);
    assert_eq!(bare.state().events(), traced.state().events());
    assert_eq!(bare.state().observations(), traced.state().observations());
    assert_eq!(
        bare.state().hash(bare.setup()),
        traced.state().hash(traced.setup())
    );
    let _: Trace = Trace::default();
}
