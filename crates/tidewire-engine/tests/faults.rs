//! Crashes, restarts, closed ways, migrations, and how a run ends.

mod common;

use common::{canonical, ends, facts, finished, observed, program, rows};
use tidewire_engine::{
    Choices, Fact, InvariantState, Limits, NoTrace, Run, Trace, Verdict, explain, run,
};

const SHOP: &str = "
database db relational { create table orders (id serial primary key, request text not null); }
service shop owns db {
  command Place() { insert into orders (request) values (:request_id); wait 5ms; reply (); }
}
client c users 3 requests 30 { think 1ms to 20ms; call shop.Place() timeout 100ms; }
";

#[test]
fn a_crashed_service_loses_its_work_and_comes_back() {
    let text = format!("{SHOP} fault crash shop at 60ms for 50ms;");
    let (run, trace) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    let all = ends(&trace);
    assert!(all.iter().any(|end| end == "Unavailable"), "{all:?}");
    let last = observed(&trace, |fact| {
        matches!(fact, Fact::RequestEnded { failure: None })
    });
    assert!(last.last().is_some_and(|it| it.at_us > 110_000));
    let crashed = facts(&trace, |fact| match fact {
        Fact::HandlerEnded { failure, .. } => failure.clone(),
        _ => None,
    });
    assert!(crashed.iter().any(|name| &**name == "Crashed"));
}

#[test]
fn a_crash_after_the_commit_leaves_the_caller_in_doubt() {
    let text = format!("{SHOP} fault crash shop after commit of request 7 for 50ms;");
    let (run, trace) = finished(&text, 1, Choices::Canonical);
    let seventh: Vec<_> = trace
        .observations()
        .iter()
        .filter(|it| it.request.is_some_and(|key| key.ordinal == 6))
        .collect();
    assert!(
        seventh.iter().any(|it| it.fact
            == Fact::RequestEnded {
                failure: Some("ConnectionLost".into())
            }),
        "{seventh:#?}"
    );
    assert!(
        rows(&run, 0, "orders")
            .iter()
            .any(|row| row.ends_with("c-7"))
    );
    let crash = observed(&trace, |fact| matches!(fact, Fact::Crashed(_)));
    let commit = seventh
        .iter()
        .find(|it| matches!(it.fact, Fact::Committed { .. }));
    assert_eq!(Some(crash[0].at_us), commit.map(|it| it.at_us));
}

#[test]
fn a_crashed_store_keeps_what_was_committed_and_refuses_meanwhile() {
    let text = format!("{SHOP} fault crash db at 60ms for 50ms;");
    let (run, trace) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    let all = ends(&trace);
    assert!(all.iter().any(|end| end.starts_with("08")), "{all:?}");
    let kept = rows(&run, 0, "orders").len();
    let committed = facts(&trace, |fact| {
        matches!(fact, Fact::Committed { .. }).then_some(())
    });
    assert_eq!(kept, committed.len());
    assert!(all.iter().filter(|end| *end == "ok").count() <= kept);
}

#[test]
fn what_a_crashing_service_had_open_is_rolled_back() {
    let text = "
database db relational { create table notes (id int primary key); }
service a owns db {
  command Write() { begin; insert into notes values (1); wait 50ms; commit; reply (); }
}
client c users 1 requests 1 { call a.Write(); }
fault crash a at 20ms for 10ms;
";
    let (run, trace) = finished(text, 1, Choices::Canonical);
    assert_eq!(rows(&run, 0, "notes"), Vec::<String>::new());
    let undone = observed(&trace, |fact| matches!(fact, Fact::RolledBack { .. }));
    assert_eq!(undone.len(), 1);
    assert!(undone[0].at_us > 20_000);
}

#[test]
fn a_commit_in_flight_at_the_crash_may_arrive_or_not() {
    let text = "
database db relational { create table notes (id int primary key); }
service a owns db {
  command Write() { begin; insert into notes values (1); commit; reply (); }
}
client c users 1 requests 1 { call a.Write(); }
";
    // Shortly after each message left: one of them is the COMMIT.
    let (_, trace) = canonical(text);
    let sent = observed(&trace, |fact| matches!(fact, Fact::Sent { .. }));
    let mut outcomes: Vec<usize> = Vec::new();
    for observation in sent {
        let text = format!(
            "{text} fault crash a at {}us for 10ms;",
            observation.at_us + 1
        );
        for stream in 0..8 {
            let mut run = Run::new(program(&text), 1, Choices::Shuffle(stream));
            run.finish(&mut NoTrace);
            outcomes.push(rows(&run, 0, "notes").len());
        }
    }
    assert!(outcomes.contains(&0) && outcomes.contains(&1));
}

#[test]
fn a_closed_way_loses_what_passes_and_is_opened_in_the_end() {
    let text = format!("{SHOP} fault partition c -> shop at 60ms;");
    let (outcome, trace) = canonical(&text);
    assert_eq!(outcome.verdict, Some(Verdict::Quiet));
    let all = ends(&trace);
    assert_eq!(all.len(), 30);
    assert!(all.iter().any(|end| end == "Timeout"));
    let ways = facts(&trace, |fact| match fact {
        Fact::PartitionChanged { closed, .. } => Some(*closed),
        _ => None,
    });
    assert_eq!(ways, [true, false]);
    let lost = facts(&trace, |fact| matches!(fact, Fact::Lost(_)).then_some(()));
    assert!(!lost.is_empty());
}

#[test]
fn after_a_migration_old_statements_fail_in_the_run() {
    let text = format!(
        "{SHOP} fault migrate db at 60ms {{ alter table orders rename column request to asked_by; }};"
    );
    let (outcome, trace) = canonical(&text);
    assert_eq!(outcome.verdict, Some(Verdict::Quiet));
    let all = ends(&trace);
    assert!(all.iter().any(|end| end == "42703"), "{all:?}");
    assert!(all.iter().any(|end| end == "ok"));
    assert_eq!(all.last().map(String::as_str), Some("42703"));
}

#[test]
fn invariants_are_judged_when_their_tables_change() {
    let text = "
database db relational {
  create table stock (id int primary key, n int not null);
  insert into stock values (1, 2);
}
service a owns db {
  command Take() { update stock set n = n - 1 where id = 1; reply (); }
  command Put() { update stock set n = 9 where id = 1; reply (); }
}
client c users 1 requests 4 { think 1ms; call a.Take(); }
client d users 1 requests 1 { think 500ms; call a.Put(); }
invariant 'Never negative' always no rows select id, n from db.stock where n < 0;
invariant 'Never negative for long' within 100ms no rows select id from db.stock where n < 0;
invariant 'Nine in the end' finally no rows select id, n from db.stock where n <> 9;
invariant 'Ten in the end' finally no rows select id, n from db.stock where n <> 10;
";
    let (outcome, trace) = canonical(text);
    let held: Vec<_> = outcome.invariants.iter().map(|it| it.held).collect();
    assert_eq!(held, [Some(false), Some(false), Some(true), Some(false)]);
    let rows = &outcome.invariants[0].rows;
    assert_eq!(
        rows,
        &[vec![
            ("id".into(), "1".to_string()),
            ("n".into(), "-1".to_string())
        ]]
    );
    let states = facts(&trace, |fact| match fact {
        Fact::InvariantChanged {
            invariant, state, ..
        } => Some((invariant.0, *state)),
        _ => None,
    });
    use InvariantState::{Holds, Pending, Violated};
    assert_eq!(
        states,
        [
            (0, Violated),
            (1, Pending),
            (1, Violated),
            (0, Holds),
            (1, Holds),
            (3, Violated),
        ]
    );
    let first = outcome.invariants[0].violated_at_us;
    let second = outcome.invariants[1].violated_at_us;
    assert_eq!(second, first.map(|at| at + 100_000));
}

#[test]
fn an_invariant_that_lost_its_column_cannot_be_judged() {
    let text = format!(
        "{SHOP} invariant 'Named' always no rows select id from db.orders where request = '';
fault migrate db at 60ms {{ alter table orders drop column request; }};"
    );
    let (outcome, _) = canonical(&text);
    assert_eq!(outcome.invariants[0].held, None);
}

#[test]
fn the_limit_of_events_ends_a_run_with_its_own_verdict() {
    let limits = Limits { events: 100 };
    let mut run = Run::with_limits(program(SHOP), 1, Choices::Canonical, limits);
    let verdict = run.finish(&mut NoTrace);
    assert_eq!(verdict, Verdict::EventLimit);
    assert_eq!(run.state().events(), 101);
    assert!(explain(verdict, limits).contains("after 100 events"));
}

#[test]
fn a_periodic_handler_that_always_finds_work_is_never_quiet() {
    let text = "
database db relational {
  create table counters (id int primary key, n int not null);
  insert into counters values (1, 0);
}
service a owns db { every 1s { update counters set n = n + 1 where id = 1; } }
invariant 'Some' finally no rows select id from db.counters where n > 0;
";
    let (outcome, _) = canonical(text);
    assert_eq!(outcome.verdict, Some(Verdict::NeverQuiet));
    assert!(outcome.virtual_time_us >= 29_000_000);
    assert_eq!(outcome.invariants[0].held, None);
}

#[test]
fn an_idle_periodic_handler_lets_the_run_end() {
    let text = "
database db relational { create table todo (id int primary key); insert into todo values (1), (2); }
service a owns db { every 1s { delete from todo where id > 0; } }
";
    let (run, trace) = finished(text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    assert_eq!(rows(&run, 0, "todo"), Vec::<String>::new());
    assert!(matches!(
        trace.observations().last().map(|it| &it.fact),
        Some(Fact::Ended(Verdict::Quiet))
    ));
}

#[test]
fn faults_happen_exactly_at_their_time_in_every_schedule() {
    let text = format!("{SHOP} fault crash shop at 60ms for 50ms;");
    for stream in 0..10 {
        let (_, trace) = run(program(&text), 1, Choices::Shuffle(stream));
        let crash = observed(&trace, |fact| matches!(fact, Fact::Crashed(_)));
        let restart = observed(&trace, |fact| matches!(fact, Fact::Restarted(_)));
        assert_eq!((crash[0].at_us, restart[0].at_us), (60_000, 110_000));
    }
    let _: Trace = Trace::default();
}
