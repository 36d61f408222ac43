//! Waiting for rows, deadlocks, lost updates.

mod common;

use common::{canonical, ends, facts, finished, observed, program, rows};
use tidewire_engine::{Choices, Fact, run};

const DEADLOCK: &str = "
database db relational {
  create table accounts (id int primary key, balance int not null);
  insert into accounts values (1, 100), (2, 100);
}
service bank owns db {
  timeout 5s;
  command Move(source int, target int) {
    begin;
    update accounts set balance = balance - 1 where id = :source;
    wait 10ms;
    update accounts set balance = balance + 1 where id = :target;
    commit;
    reply ();
  }
}
client east users 1 requests 1 { call bank.Move(source => 1, target => 2) timeout 10s; }
client west users 1 requests 1 { call bank.Move(source => 2, target => 1) timeout 10s; }
";

#[test]
fn a_deadlock_costs_the_one_whose_timeout_expires_first() {
    let (run, trace) = finished(DEADLOCK, 1, Choices::Canonical);
    let mut all = ends(&trace);
    all.sort();
    assert_eq!(all, ["40P01", "ok"]);
    let blocked = observed(&trace, |fact| matches!(fact, Fact::StatementBlocked { .. }));
    let failed = observed(&trace, |fact| matches!(fact, Fact::StatementFailed { .. }));
    assert_eq!(blocked.len(), 2);
    assert_eq!(failed.len(), 1);
    // No cycle existed when the first began to wait, but it exists when its second is over.
    assert_eq!(failed[0].request, blocked[0].request);
    assert_eq!(failed[0].at_us, blocked[0].at_us + 1_000_000);
    let total: i64 = rows(&run, 0, "accounts")
        .iter()
        .filter_map(|row| row.split(' ').nth(1)?.parse::<i64>().ok())
        .sum();
    assert_eq!(total, 200);
}

#[test]
fn who_is_the_victim_is_a_choice() {
    let victims: Vec<_> = (0..40)
        .map(|stream| {
            let (_, trace) = run(program(DEADLOCK), 1, Choices::Shuffle(stream));
            let failed = observed(&trace, |fact| matches!(fact, Fact::StatementFailed { .. }));
            failed
                .first()
                .and_then(|it| it.request)
                .map(|it| it.client.0)
        })
        .collect();
    assert!(
        victims.contains(&Some(0)) && victims.contains(&Some(1)),
        "{victims:?}"
    );
}

#[test]
fn a_waiting_statement_names_whom_it_waits_for_and_goes_on_after_the_commit() {
    let text = "
database db relational {
  create table stock (id int primary key, n int not null);
  insert into stock values (1, 0);
}
service a owns db {
  command Take() { begin; update stock set n = n + 1 where id = 1; wait 20ms; commit; reply (); }
}
client two users 2 requests 2 { call a.Take(); }
";
    let (_, trace) = canonical(text);
    let blocked = facts(&trace, |fact| match fact {
        Fact::StatementBlocked {
            transaction,
            holders,
            ..
        } => Some((*transaction, holders.clone())),
        _ => None,
    });
    let commits = facts(&trace, |fact| match fact {
        Fact::Committed { transaction, .. } => Some(*transaction),
        _ => None,
    });
    assert_eq!(blocked, [(commits[1], vec![commits[0]])]);
    let observations = trace.observations();
    let commit = observations
        .iter()
        .position(|it| matches!(it.fact, Fact::Committed { .. }));
    let resumed = observed(&trace, |fact| {
        matches!(fact, Fact::StatementDone { transaction, tag: tidewire_store::CommandTag::Update(1), .. }
            if *transaction == commits[1])
    });
    assert_eq!(resumed[0].cause.map(|it| it as usize), commit);
}

#[test]
fn reading_and_then_writing_loses_updates() {
    let text = "
database db relational {
  create table counters (id int primary key, value int not null);
  insert into counters values (1, 0);
}
service a owns db {
  command Add() {
    begin;
    select value from counters where id = 1;
    update counters set value = :value + 1 where id = 1;
    commit;
    reply ();
  }
}
client many users 4 requests 40 { think 0us to 4ms; call a.Add(); }
";
    let (run, trace) = finished(text, 1, Choices::Canonical);
    assert_eq!(ends(&trace), vec!["ok"; 40]);
    let value: i64 = rows(&run, 0, "counters")[0][2..].parse().unwrap_or(40);
    assert!(value < 40, "nothing was lost");
}

/// `lock_timeout` ends one wait, `statement_timeout` the statement; both in virtual time, before a deadlock is
/// looked for.
#[test]
fn waits_end_by_the_timeouts_of_the_session() {
    for (parameter, code) in [("lock_timeout", "55P03"), ("statement_timeout", "57014")] {
        let text = format!(
            "
database db relational {{
  create table stock (id int primary key, n int not null);
  insert into stock values (1, 0);
}}
service a owns db {{
  command Keep() {{ begin; update stock set n = n + 1 where id = 1; wait 200ms; commit; reply (); }}
  command Take() {{
    begin;
    set local {parameter} = '30ms';
    update stock set n = n + 10 where id = 1;
    commit;
    reply ();
  }}
}}
client keeper users 1 requests 1 {{ call a.Keep(); }}
client taker users 1 requests 1 {{ wait 20ms; call a.Take(); }}
"
        );
        let (run, trace) = finished(&text, 1, Choices::Canonical);
        let blocked = observed(&trace, |fact| matches!(fact, Fact::StatementBlocked { .. }));
        let failed = observed(&trace, |fact| matches!(fact, Fact::StatementFailed { .. }));
        assert_eq!((blocked.len(), failed.len()), (1, 1), "{parameter}");
        assert_eq!(failed[0].at_us, blocked[0].at_us + 30_000, "{parameter}");
        let Fact::StatementFailed { state, .. } = &failed[0].fact else {
            panic!("no failure");
        };
        assert_eq!(state.as_str(), code);
        assert_eq!(rows(&run, 0, "stock"), ["1 1"]);
    }
}
