//! Anomalies of whole runs: what they are called and how they are told.

use std::sync::Arc;

use expect_test::{Expect, expect};
use tidewire_engine::Choices;
use tidewire_session::anomalies::AnomalyReport;
use tidewire_session::anomalies::text::text;
use tidewire_session::legend::Legend;
use tidewire_session::protocol::{FromRun, ToRun};
use tidewire_session::recording::Recording;
use tidewire_session::run::{Outgoing, RunHost};
use tidewire_session::simulation::Simulation;
use tidewire_session::source;
use tidewire_session::view::RecordKind;

const SHOP: &str = include_str!("../../../gallery/shared-database/scenario.tide");

fn finished(scenario: &str, design: Option<&str>, seed: u64, watched: bool) -> Simulation {
    let loaded = source::load(scenario, design).expect("the scenario has no errors");
    let mut simulation = Simulation::new(Arc::clone(&loaded.program), seed, Choices::Canonical);
    if watched {
        simulation.watch();
    }
    while simulation.advance(1_000) {}
    simulation
}

fn report(scenario: &str, design: Option<&str>, seed: u64) -> AnomalyReport {
    let found = finished(scenario, design, seed, true).anomalies();
    found.expect("the run was watched")
}

fn check(scenario: &str, expected: Expect) {
    expected.assert_eq(&text(&report(scenario, None, 1)));
}

/// Two users of one service; `body` is its command.
fn bank(isolation: &str, body: &str) -> String {
    format!(
        "scenario 'Bank'
database db relational {{
  isolation {isolation};
  create table accounts (id int primary key, owner text not null, balance int not null);
  insert into accounts values (1, 'ann', 60), (2, 'ann', 60), (3, 'bob', 60);
}}
service bank owns db {{
  workers 2;
  command Withdraw(id int, amount int) {{
{body}
    reply ();
  }}
}}
client c users 2 requests 2 {{
  think 1us to 2us;
  call bank.Withdraw(id => pick(1, 2), amount => 50) timeout 1s;
}}
"
    )
}

#[test]
fn a_lost_update() {
    let body = "    begin;
      select balance from accounts where id = 1;
      update accounts set balance = :balance - :amount where id = 1;
    commit;";
    check(
        &bank("read committed", body),
        expect![[r#"
            anomalies in 2 transactions: 1 lost update; permitted at their level

            lost update in db, permitted at read committed
              A transaction read a row, another changed it, and the first wrote over that change on the strength of what it had read.
              rw  T-3 read accounts (id 1) as it was before T-4 wrote it
              ww  T-4 wrote accounts (id 1), and T-3 wrote over it
                       2.765 ms  T-3 bank  select balance from accounts where id = 1
                       4.295 ms  T-4 bank  update accounts set balance = :balance - :amount where id = 1
                       6.145 ms  T-4 bank  commit
                       6.145 ms  T-3 bank  update accounts set balance = :balance - :amount where id = 1
                       7.623 ms  T-3 bank  commit
        "#]],
    );
}

#[test]
fn write_skew_under_snapshot_isolation() {
    let body = "    begin;
      select sum(balance) as total from accounts where owner = 'ann';
      update accounts set balance = balance - :amount where id = :id;
    commit;";
    check(
        &bank("repeatable read", body),
        expect![[r#"
            anomalies in 2 transactions: 1 G2-item; permitted at their level

            G2-item (write skew) in db, permitted at repeatable read
              Each transaction read rows that another then changed: each is right alone, together they are not.
              rw  T-4 read accounts (id 1) as it was before T-3 wrote it
              rw  T-3 read accounts (id 2) as it was before T-4 wrote it
                       2.600 ms  T-4 bank  select sum(balance) as total from accounts where owner = 'ann'
                       2.765 ms  T-3 bank  select sum(balance) as total from accounts where owner = 'ann'
                       4.295 ms  T-4 bank  update accounts set balance = balance - :amount where id = :id
                       4.359 ms  T-3 bank  update accounts set balance = balance - :amount where id = :id
                       5.837 ms  T-3 bank  commit
                       6.145 ms  T-4 bank  commit
        "#]],
    );
}

#[test]
fn a_phantom() {
    let body = "    begin;
      select count(*) as n from accounts where owner = 'ann';
      insert into accounts values (:id + 10, 'ann', 0) on conflict do nothing;
    commit;";
    check(
        &bank("repeatable read", body),
        expect![[r#"
            anomalies in 2 transactions: 1 G2; permitted at their level

            G2 (phantom) in db, permitted at repeatable read
              Each transaction looked for rows by a condition, and another changed which rows fit.
              rw  T-4 looked for rows of accounts as they were before T-3 wrote accounts (id 11)
              rw  T-3 looked for rows of accounts as they were before T-4 wrote accounts (id 12)
                       2.600 ms  T-4 bank  select count(*) as n from accounts where owner = 'ann'
                       2.765 ms  T-3 bank  select count(*) as n from accounts where owner = 'ann'
                       4.295 ms  T-4 bank  insert into accounts values (:id + 10, 'ann', 0) on conflict do nothing
                       4.359 ms  T-3 bank  insert into accounts values (:id + 10, 'ann', 0) on conflict do nothing
                       5.837 ms  T-3 bank  commit
                       6.145 ms  T-4 bank  commit
        "#]],
    );
}

#[test]
fn nothing_is_wrong_with_an_update_that_looks_again() {
    let body = "    begin;
      update accounts set balance = balance - :amount where id = 1;
    commit;";
    check(
        &bank("read committed", body),
        expect![[r#"
        no anomaly in 2 transactions
    "#]],
    );
}

#[test]
fn the_shared_database_loses_updates_and_its_own_databases_do_not() {
    let shared = report(SHOP, Some("Shared database"), 7);
    let lost = |report: &AnomalyReport| {
        let names = report.anomalies.iter().map(|it| it.name.as_str());
        names.filter(|name| *name == "lost update").count()
    };
    assert!(lost(&shared) > 0);
    assert!(shared.anomalies.iter().all(|it| it.permitted) && !shared.cut);
    let own = report(SHOP, Some("Database per service"), 7);
    assert_eq!(lost(&own), 0);
}

#[test]
fn lessons_show_what_they_are_about_and_their_cures_do_not() {
    let lessons = [
        (
            include_str!("../../../gallery/lost-update/scenario.tide"),
            "lost update",
            "Read committed",
            ["Repeatable read", "One UPDATE"],
        ),
        (
            include_str!("../../../gallery/write-skew/scenario.tide"),
            "G2-item",
            "Repeatable read",
            ["Serializable", "Ward locked"],
        ),
    ];
    for (scenario, name, broken, cured) in lessons {
        let found = report(scenario, Some(broken), 1).anomalies;
        assert!(!found.is_empty() && found.iter().all(|it| it.name == name && it.permitted));
        for design in cured {
            assert_eq!(report(scenario, Some(design), 1).anomalies, [], "{design}");
        }
    }
}

#[test]
fn watching_changes_nothing() {
    for design in ["Shared database", "Database per service"] {
        let outcome = |watched| finished(SHOP, Some(design), 3, watched).outcome();
        assert_eq!(outcome(true), outcome(false));
    }
}

/// Plays a run in a host to its end; its records.
fn hosted(host: &mut RunHost, scenario: &str, design: &str) -> Recording {
    let loaded = source::load(scenario, Some(design)).expect("the scenario has no errors");
    let mut recording = Recording::new(Arc::new(Legend::of(&loaded.program)));
    host.handle(ToRun::Start {
        generation: 1,
        text: scenario.to_owned(),
        design: Some(design.to_owned()),
        seed: 7,
        shuffle: None,
    });
    while host.is_running() {
        for Outgoing { message, records } in host.slice(1_000) {
            if let FromRun::Chunk {
                strings,
                reached_us,
                ..
            } = message
            {
                let pushed = recording.push(strings, &records, reached_us);
                pushed.expect("records can be read");
            }
        }
    }
    recording
}

fn asked(host: &mut RunHost, generation: u32, event: Option<u32>) -> Option<AnomalyReport> {
    let ticket = 5;
    let at_once = host.handle(ToRun::Anomalies {
        generation,
        ticket,
        event,
    });
    assert_eq!(at_once, []);
    let mut slices = 0;
    while host.is_running() {
        slices += 1;
        for outgoing in host.slice(500) {
            if let FromRun::Anomalies { report, .. } = outgoing.message {
                assert!(
                    slices > 1 || event.is_some(),
                    "a whole run takes more than a slice"
                );
                return Some(report);
            }
        }
    }
    None
}

#[test]
fn the_worker_tells_anomalies_when_asked_and_where_they_are_in_the_recording() {
    let mut host = RunHost::new();
    let recording = hosted(&mut host, SHOP, "Shared database");
    let whole = asked(&mut host, 1, None).expect("an answer");
    assert_eq!(whole, report(SHOP, Some("Shared database"), 7));
    for statement in whole.anomalies.iter().flat_map(|it| &it.statements) {
        let record = statement.record.and_then(|record| recording.record(record));
        let record = record.expect("a statement is in the recording");
        assert_eq!(record.kind, RecordKind::StatementDone);
        // A statement outside a transaction block is told without the number of its own.
        assert!([0, statement.transaction].contains(&record.number));
        assert_eq!(Some(record.at_us), statement.at_us);
    }
    let events = recording
        .record(recording.len() as u32 - 1)
        .map_or(0, |last| last.event);
    let half = asked(&mut host, 1, Some(events / 2)).expect("an answer");
    assert!(half.transactions < whole.transactions && half.transactions > 0);
    assert!(half.anomalies.len() < whole.anomalies.len());
    assert_eq!(asked(&mut host, 2, None), None);
}
