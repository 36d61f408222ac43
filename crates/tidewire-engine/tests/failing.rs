//! `on error`, `retry` of a unit, `parallel`.

mod common;

use common::{ends, facts, finished, program, rows};
use tidewire_engine::{Choices, Fact, Run, Verdict};

/// A client that calls the one command of a service with these steps.
fn service(steps: &str) -> String {
    format!(
        "database db relational {{
           create table log (id serial primary key, what text unique);
           create table other (id serial primary key, what text);
         }}
         database far relational {{ create table notes (id serial primary key, what text); }}
         service remote owns far {{
           command Note(what text) {{ insert into notes (what) values (:what); reply (said => 'noted'); }}
           command Refuse() {{ fail Refused; }}
           query Slow() {{ wait 20ms; reply (slow => 'late'); }}
           query Quick() {{ wait 5ms; reply (quick => 'soon'); }}
           query Stuck() {{ wait 10s; reply (never => 1); }}
         }}
         service s owns db {{ command Work() {{ {steps} }} }}
         client c users 1 requests 1 {{ call s.Work() timeout 60s; }}"
    )
}

fn log(steps: &str) -> (Vec<String>, Vec<String>) {
    let (run, trace) = finished(&service(steps), 1, Choices::Canonical);
    (rows(&run, 0, "log"), ends(&trace))
}

#[test]
fn a_caught_failure_has_its_name_and_the_handler_goes_on() {
    let (rows, ends) = log(
        "call remote.Refuse(); on error Timeout { insert into log (what) values ('no'); }
         on error Refused { insert into log (what) values (:error); }
         insert into log (what) values ('behind'); reply ();",
    );
    assert_eq!(rows, ["1 Refused", "2 behind"]);
    assert_eq!(ends, ["ok"]);
}

#[test]
fn what_no_clause_names_fails_the_handler() {
    let (rows, ends) = log(
        "{ call remote.Refuse(); } on error Timeout, 40001 { insert into log (what) values ('no'); }",
    );
    assert_eq!((rows.len(), ends), (0, vec!["Refused".to_owned()]));
}

#[test]
fn a_transaction_of_the_failed_part_is_rolled_back() {
    let (rows, ends) = log(
        "insert into log (what) values ('a');
         { begin; insert into log (what) values ('b'); insert into log (what) values ('a'); commit; }
         on error 23505 { insert into log (what) values (:error); }
         reply ();",
    );
    assert_eq!(
        rows.iter().map(|row| &row[2..]).collect::<Vec<_>>(),
        ["a", "23505"]
    );
    assert_eq!(ends, ["ok"]);
}

#[test]
fn an_outer_transaction_has_failed_as_postgresql_says_until_it_is_rolled_back() {
    let (rows, ends) = log(
        "insert into log (what) values ('a');
         begin;
         insert into log (what) values ('a'); on error 23505 { }
         insert into log (what) values ('b');
         on error '25P02' { rollback; insert into log (what) values (:error); reply (); fail Enough; }
         commit;",
    );
    assert_eq!(
        rows.iter().map(|row| &row[2..]).collect::<Vec<_>>(),
        ["a", "25P02"]
    );
    assert_eq!(ends, ["ok"]);
}

#[test]
fn a_commit_that_fails_ends_its_transaction() {
    let text = "
database db relational {
  isolation serializable;
  create table duty (name text primary key, on_call boolean not null);
  insert into duty values ('ann', true), ('ben', true);
  create table tries (id serial primary key, error text);
}
service s owns db {
  command Leave(name text) {
    retry 5 on 40001 backoff 1ms to 8ms jitter {
      begin;
        select count(*) as others from duty where on_call and name <> :name;
        wait 5ms;
        if :others > 0 { update duty set on_call = false where name = :name; }
      commit;
    }
    insert into tries (error) values (cast(:others as text));
    reply ();
  }
}
client ann users 1 requests 1 { call s.Leave(name => 'ann'); }
client ben users 1 requests 1 { call s.Leave(name => 'ben'); }
";
    for stream in 0..40 {
        let (run, trace) = finished(text, stream, Choices::Shuffle(stream));
        assert_eq!(ends(&trace), ["ok", "ok"]);
        let on_call = rows(&run, 0, "duty")
            .iter()
            .filter(|row| row.ends_with('t') || row.ends_with("true"))
            .count();
        assert_eq!(on_call, 1, "stream {stream}");
        let mut seen: Vec<String> = rows(&run, 0, "tries")
            .iter()
            .map(|row| row[2..].to_owned())
            .collect();
        seen.sort();
        assert_eq!(seen, ["0", "1"], "stream {stream}");
    }
}

#[test]
fn values_of_the_failed_part_are_null_behind_it() {
    let (rows, _) = log("{ let x = 'bound'; call remote.Refuse(); } on error { }
         insert into log (what) values (coalesce(:x, 'null')); reply ();");
    assert_eq!(rows, ["1 null"]);
}

#[test]
fn a_unit_is_run_so_often_and_no_oftener() {
    let steps = "retry 3 backoff 1ms { insert into other (what) values (cast(:attempt as text));
                   call remote.Stuck() timeout 2ms; }
                 on error Timeout { insert into log (what) values (:error); } reply ();";
    let (run, trace) = finished(&service(steps), 1, Choices::Canonical);
    assert_eq!(rows(&run, 0, "other"), ["1 1", "2 2", "3 3", "4 4"]);
    assert_eq!(rows(&run, 0, "log"), ["1 Timeout"]);
    assert_eq!(ends(&trace), ["ok"]);
}

#[test]
fn what_a_callee_says_on_purpose_is_run_again_only_when_named() {
    let unit = |on: &str| {
        format!(
            "retry 2 {on} backoff 1ms {{ insert into other (what) values ('x'); call remote.Refuse(); }}"
        )
    };
    for (on, runs) in [("", 1), ("on Refused", 3)] {
        let (run, trace) = finished(&service(&unit(on)), 1, Choices::Canonical);
        assert_eq!(rows(&run, 0, "other").len(), runs);
        assert_eq!(ends(&trace), ["Refused"]);
    }
}

#[test]
fn jitter_is_drawn_and_bounded() {
    let pauses = |seed| {
        let steps = "retry 1 backoff 40ms jitter { call remote.Refuse(); call remote.Note(what => 'n'); }
                     on error { } retry 1 on Refused backoff 40ms jitter { call remote.Refuse(); } on error { } reply ();";
        let (run, _) = finished(&service(steps), seed, Choices::Canonical);
        run.state().now_us()
    };
    let ends: Vec<u64> = (1..8).map(pauses).collect();
    assert!(ends.iter().all(|end| *end < 50_000), "{ends:?}");
    assert!(ends.iter().any(|end| *end > 15_000), "{ends:?}");
    assert_ne!(ends[0], ends[1]);
}

#[test]
fn branches_run_at_the_same_time_and_bind_behind_the_block() {
    let steps = "parallel {
                   call remote.Slow();
                   { call remote.Quick(); let loud = concat(:quick, '!'); }
                   insert into log (what) values ('beside');
                 }
                 insert into log (what) values (concat(:slow, ' ', :loud)); reply ();";
    let (run, trace) = finished(&service(steps), 1, Choices::Canonical);
    assert_eq!(rows(&run, 0, "log"), ["1 beside", "2 late soon!"]);
    assert_eq!(ends(&trace), ["ok"]);
    let now = run.state().now_us();
    assert!((20_000..25_000 + 6_000).contains(&now), "{now}");
}

#[test]
fn all_branches_end_before_the_first_failure_in_the_text_is_the_blocks() {
    let steps = "parallel {
                   { wait 9ms; fail Late; }
                   { insert into log (what) values ('done'); fail Early; }
                   { wait 15ms; insert into log (what) values ('last'); }
                 } on error Late { insert into log (what) values (:error); } reply ();";
    let (rows, ends) = log(steps);
    assert_eq!(rows, ["1 done", "2 last", "3 Late"]);
    assert_eq!(ends, ["ok"]);
}

#[test]
fn a_branch_catches_its_own_failure() {
    let steps = "parallel {
                   { call remote.Stuck() timeout 3ms; on error Timeout { let state = 'unknown'; } }
                   call remote.Quick();
                 }
                 insert into log (what) values (:quick); reply ();";
    let (rows, ends) = log(steps);
    assert_eq!(rows, ["1 soon"]);
    assert_eq!(ends, ["ok"]);
}

#[test]
fn a_crash_takes_all_branches_with_it() {
    let text = service(
        "parallel { { wait 30ms; insert into log (what) values ('a'); } { wait 30ms; insert into log (what) values ('b'); } } reply ();",
    ) + " fault crash s at 10ms for 5ms;";
    let (run, trace) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
    assert_eq!(rows(&run, 0, "log").len(), 0);
    assert_eq!(ends(&trace), ["ConnectionLost"]);
    let crashed = facts(&trace, |fact| match fact {
        Fact::HandlerEnded {
            failure: Some(failure),
            ..
        } if &**failure == "Crashed" => Some(()),
        _ => None,
    });
    assert_eq!(crashed.len(), 1);
}

#[test]
fn branches_draw_as_they_would_one_after_the_other() {
    let parallel = "parallel { let a = random(1, 1000000); let b = random(1, 1000000); }";
    let serial = "let a = random(1, 1000000); let b = random(1, 1000000);";
    let drawn = |steps: &str| {
        log(&format!(
            "{steps} insert into log (what) values (concat(:a, ' ', :b)); reply ();"
        ))
        .0
    };
    assert_eq!(drawn(parallel), drawn(serial));
}

#[test]
fn runs_with_failures_and_branches_repeat_and_hash_as_from_scratch() {
    let text = service(
        "retry 3 backoff 1ms to 4ms jitter {
           begin; insert into log (what) values (concat('x', :attempt)); commit;
           parallel { call remote.Quick() timeout 6ms; call remote.Slow() timeout 22ms; }
         } on error { insert into other (what) values (:error); } reply ();",
    ) + " fault crash remote at 8ms for 3ms;";
    for stream in 0..30 {
        let program = program(&text);
        let mut kept = Run::new(program.clone(), stream, Choices::Shuffle(stream));
        kept.keep_hash();
        let mut fresh = Run::new(program, stream, Choices::Shuffle(stream));
        let mut sink = tidewire_engine::Trace::default();
        let mut other = tidewire_engine::Trace::default();
        loop {
            let (a, b) = (kept.step(&mut sink), fresh.step(&mut other));
            assert_eq!(a.is_some(), b.is_some());
            let (a_hash, b_hash) = (
                kept.state().hash(kept.setup()),
                fresh.state().hash(fresh.setup()),
            );
            assert_eq!(a_hash, b_hash, "stream {stream}");
            if a.is_none() {
                break;
            }
        }
        assert_eq!(sink.observations(), other.observations());
    }
}
