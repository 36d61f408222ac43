//! Sagas: steps in order, undone in reverse, taken up after a crash; whatever happens, done or compensated or stuck.

mod common;

use common::{ends, facts, finished, rows};
use proptest::prelude::*;
use tidewire_engine::{Choices, Fact, Run, Trace, Verdict};

const SHOP: &str = "
database ordering_db relational { create table orders (id int primary key, state text not null); }
database stock_db relational {
  create table stock (sku text primary key, on_hand int not null check (on_hand >= 0));
  create table reservations (order_id int primary key, sku text not null);
  insert into stock values ('mug', 8);
}
database bank_db relational {
  create table charges (order_id int primary key, amount int not null);
  create table accounts (card text primary key, balance int not null check (balance >= 0));
  insert into accounts values ('rich', 2000), ('poor', 150);
}
service inventory owns stock_db {
  command Reserve(order_id int, sku text) {
    begin;
    insert into reservations values (:order_id, :sku) on conflict do nothing;
    if :row_count = 1 { update stock set on_hand = on_hand - 1 where sku = :sku; }
    commit;
    reply (reservation => :order_id);
  }
  command Release(order_id int) {
    begin;
    delete from reservations where order_id = :order_id returning sku;
    if :row_count = 1 { update stock set on_hand = on_hand + 1 where sku = :sku; }
    commit;
    reply ();
  }
}
service payments owns bank_db {
  command Charge(order_id int, card text, amount int) {
    begin;
    insert into charges values (:order_id, :amount) on conflict do nothing;
    if :row_count = 1 {
      update accounts set balance = balance - :amount where card = :card and balance >= :amount;
      require :row_count = 1 else fail CardDeclined;
    }
    commit;
    reply (payment_id => :order_id + 1000);
  }
}
service ordering owns ordering_db {
  saga Checkout(order_id int, sku text, card text) state ordering_db {
    step Note {
      do { insert into orders values (:order_id, 'pending') on conflict do nothing; }
      undo { update orders set state = 'cancelled' where id = :order_id; }
    }
    step Reserve {
      do { call inventory.Reserve(order_id => :order_id, sku => :sku) timeout 50ms; }
      undo { call inventory.Release(order_id => :order_id) timeout 50ms; }
    }
    step Charge pivot {
      do { call payments.Charge(order_id => :order_id, card => :card, amount => 100) timeout 50ms; }
    }
    step Confirm retriable {
      do { update orders set state = 'confirmed, payment ' || cast(:payment_id as text) where id = :order_id; }
    }
  }
}
client c users 1 requests 1 { think 10ms; call ordering.Checkout(order_id => 1, sku => 'mug', card => 'CARD') timeout 5s; }
";

const CROWD: &str = "client crowd users 3 requests 12 {
  think 1ms to 30ms;
  let id = random(2, 100000);
  call ordering.Checkout(order_id => :id, sku => 'mug', card => pick('rich', 'poor')) timeout 5s;
}
";

fn shop(card: &str, rest: &str) -> (Run, Trace) {
    let text = format!("{SHOP} {rest}").replace("CARD", card);
    let (run, trace) = finished(&text, 1, Choices::Canonical);
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet), "{rest}");
    (run, trace)
}

/// Status, step and failure of each saga; not its data and times.
fn sagas(run: &Run) -> Vec<String> {
    let cut = |row: String| {
        let fields: Vec<&str> = row.split(' ').collect();
        fields[2..5].join(" ")
    };
    rows(run, 0, "sagas").into_iter().map(cut).collect()
}

#[test]
fn a_saga_does_its_steps_in_order_and_answers_when_it_is_done() {
    let (run, trace) = shop("rich", "");
    assert_eq!(ends(&trace), ["ok"]);
    assert_eq!(sagas(&run), ["done NULL NULL"]);
    assert_eq!(rows(&run, 0, "orders"), ["1 confirmed, payment 1001"]);
    assert_eq!(rows(&run, 1, "stock"), ["mug 7"]);
    assert_eq!(rows(&run, 2, "accounts"), ["poor 150", "rich 1900"]);
}

#[test]
fn a_refused_pivot_undoes_what_was_done_last_step_first() {
    let broke = "client before users 1 requests 2 { call payments.Charge(order_id => :n, card => 'poor', amount => 100); }";
    let broke = broke.replace(":n", "random(500, 90000)");
    let (run, trace) = shop("poor", &broke);
    assert!(
        ends(&trace).contains(&"Compensated".to_owned()),
        "{:?}",
        ends(&trace)
    );
    assert_eq!(sagas(&run), ["compensated NULL CardDeclined"]);
    assert_eq!(rows(&run, 0, "orders"), ["1 cancelled"]);
    assert_eq!(rows(&run, 1, "stock"), ["mug 8"]);
    let sent = facts(&trace, |fact| match fact {
        Fact::Sent { label, .. } => Some(label.to_string()),
        _ => None,
    });
    let place = |what: &str| sent.iter().position(|label| label.starts_with(what));
    assert!(place("Release") < place("update orders set state = 'cancelled'"));
    assert!(place("Charge") < place("Release"));
}

#[test]
fn a_crash_anywhere_leaves_a_row_that_the_next_start_takes_up() {
    let mut resumed = 0;
    for at in 10..30 {
        let (run, trace) = shop("rich", &format!("fault crash ordering at {at}ms for 40ms;"));
        let (ends, sagas) = (ends(&trace), sagas(&run));
        match sagas.first() {
            // It crashed before the saga was written down, so nothing was done.
            None => assert_eq!(rows(&run, 0, "orders"), Vec::<String>::new(), "{at}"),
            Some(saga) => {
                assert_eq!(saga, "done NULL NULL", "{at}");
                // The number was bound before the crash in some of these runs, and read back from the row.
                assert_eq!(
                    rows(&run, 0, "orders"),
                    ["1 confirmed, payment 1001"],
                    "{at}"
                );
                assert_eq!(rows(&run, 1, "stock"), ["mug 7"], "{at}");
                resumed += usize::from(ends == ["ConnectionLost"]);
            }
        }
    }
    assert!(resumed >= 8, "{resumed}");
}

#[test]
fn a_lost_reply_is_asked_for_again_behind_the_pivot_and_undone_before_it() {
    let (run, trace) = shop("rich", "fault lose reply of payments.Charge at 0ms;");
    assert_eq!(ends(&trace), ["ok"]);
    assert_eq!(
        (sagas(&run)[0].as_str(), rows(&run, 2, "charges").len()),
        ("done NULL NULL", 1)
    );
    let (run, trace) = shop("rich", "fault lose reply of inventory.Reserve at 0ms;");
    assert_eq!(ends(&trace), ["Compensated"]);
    assert_eq!(sagas(&run), ["compensated NULL Timeout"]);
    assert_eq!(
        rows(&run, 1, "stock"),
        ["mug 8"],
        "the step in doubt was undone too"
    );
}

#[test]
fn what_cannot_be_undone_is_stuck_by_name() {
    let (run, trace) = shop(
        "rich",
        "fault lose reply of inventory.Reserve at 0ms; fault drop ordering -> inventory at 30ms for 10s;
         client busy users 1 requests 1 { wait 11s; }",
    );
    assert!(
        ends(&trace).contains(&"Stuck".to_owned()),
        "{:?}",
        ends(&trace)
    );
    assert_eq!(sagas(&run), ["stuck Reserve Timeout"]);
    assert_eq!(rows(&run, 1, "stock"), ["mug 7"], "nobody released it");
}

#[test]
fn on_start_runs_at_the_beginning_and_after_each_crash() {
    let text = "database db relational { create table starts (id serial primary key, at timestamp); }
      service s owns db { on start { insert into starts (at) values (:now); } command C() { reply (); } }
      client c users 1 requests 1 { wait 500ms; }
      fault crash s at 100ms for 50ms; fault restart s at 300ms;";
    let (run, _) = finished(text, 1, Choices::Canonical);
    let starts = rows(&run, 0, "starts");
    let times: Vec<&str> = starts
        .iter()
        .filter_map(|row| row.rsplit('.').next())
        .collect();
    assert_eq!(starts.len(), 3, "{starts:?}");
    assert_eq!(times[1..], ["15", "3"], "{starts:?}");
    assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Done: everything is there. Compensated: nothing is left. Stuck: it says so. Never anything between.
    #[test]
    fn a_saga_ends_done_or_compensated_or_stuck(
        seed in 0u64..1_000,
        stream in 0u64..1_000,
        at in 10u32..200,
        down in 1u32..120,
        victim in prop::sample::select(vec!["ordering", "payments", "inventory", "ordering_db", "bank_db"]),
        second in 10u32..300,
    ) {
        let text = format!(
            "{SHOP} {CROWD} fault crash {victim} at {at}ms for {down}ms; fault crash ordering at {second}ms for 20ms;"
        ).replace("CARD", "rich");
        let (run, _) = finished(&text, seed, Choices::Shuffle(stream));
        prop_assert_eq!(run.state().verdict(), Some(Verdict::Quiet));
        let (orders, reservations) = (rows(&run, 0, "orders"), rows(&run, 1, "reservations"));
        let charges = rows(&run, 2, "charges");
        let has = |rows: &[String], id: &str| rows.iter().any(|row| row.split(' ').next() == Some(id));
        for row in rows(&run, 0, "sagas") {
            let id = row.split("\"order_id\": ").nth(1).and_then(|rest| rest.split([',', '}']).next());
            let id = id.unwrap_or_default();
            let confirmed = orders.iter().any(|order| order.starts_with(&format!("{id} confirmed")));
            let found = (confirmed, has(&reservations, id), has(&charges, id));
            let status = row.split(' ').nth(2).unwrap_or_default().to_owned();
            match status.as_str() {
                "done" => prop_assert_eq!(found, (true, true, true), "{}", row),
                "compensated" => prop_assert_eq!(found, (false, false, false), "{}", row),
                other => prop_assert_eq!(other, "stuck", "{}", row),
            }
        }
    }
}
