//! The Data tab's content through the worker's messages: versions, locks, the last statement, marks of changes.

use tidewire_session::protocol::{FromRun, ReadAs, ToRun};
use tidewire_session::run::RunHost;
use tidewire_session::store_view::{Author, RowMark, StatementOutcome, StoreView, Was};

const DEADLOCK: &str = include_str!("../../../gallery/deadlock/scenario.tide");
const SKEW: &str = include_str!("../../../gallery/write-skew/scenario.tide");
const NOTES: &str = "
    database notes_db relational {
      create table notes (id int primary key, text text, done boolean);
      insert into notes values (1, null, false), (2, 'kept', false);
    }
    service notes owns notes_db {
      command Write() {
        update notes set text = 'new', done = true where id = 1;
        update notes set text = null where id = 2;
        delete from notes where id = 1;
        reply ();
      }
    }
    client people users 1 requests 1 { call notes.Write(); }
";

/// A run at its end.
fn host(text: &str, seed: u64) -> RunHost {
    let mut host = RunHost::new();
    host.handle(ToRun::Start {
        generation: 1,
        text: text.into(),
        design: None,
        seed,
        shuffle: None,
    });
    while host.is_running() {
        host.slice(1_000);
    }
    host
}

fn view(host: &mut RunHost, event: u32, read: ReadAs) -> StoreView {
    let question = ToRun::Inspect {
        generation: 1,
        ticket: 1,
        database: 0,
        event: Some(event),
        read,
    };
    match host.handle(question).pop().map(|outgoing| outgoing.message) {
        Some(FromRun::Tables { store, .. }) => store,
        other => panic!("unexpected {other:?}"),
    }
}

/// The first instant of which something is true.
fn first(host: &mut RunHost, holds: impl Fn(&StoreView) -> bool) -> (u32, StoreView) {
    (0..2_000)
        .map(|event| (event, view(host, event, ReadAs::Committed)))
        .find(|(_, view)| holds(view))
        .expect("it happens")
}

#[test]
fn a_deadlock_is_two_locks_that_are_held_and_wanted() {
    let mut host = host(DEADLOCK, 6);
    let waits = |view: &StoreView| view.locks.iter().filter(|group| group.contested).count();
    let (event, view_now) = first(&mut host, |view| waits(view) == 2);
    for group in view_now.locks.iter().filter(|group| group.contested) {
        assert!(group.what.starts_with("accounts, name "), "{}", group.what);
        let [holder, waiter] = &group.lines[..] else {
            panic!("{group:?}");
        };
        assert!(holder.granted && !waiter.granted);
        assert_eq!(waiter.waits_for, [holder.transaction.expect("it is open")]);
        assert_eq!(holder.mode, "FOR NO KEY UPDATE");
        assert!(holder.since_us < waiter.since_us, "it was there first");
    }
    let statement = view_now.statement.expect("there was one");
    assert_eq!(statement.outcome, StatementOutcome::Waits);
    assert_eq!(statement.service, "bank");
    assert_eq!(
        statement.plan,
        ["Index Scan using accounts_pkey on accounts"]
    );
    let other = view(&mut host, event, ReadAs::Transaction(statement.transaction));
    let accounts = &other.tables[0];
    let own = Author::InFlight(statement.transaction);
    let changed = accounts.rows.iter().filter(|row| row.writer == own);
    assert_eq!(
        changed.count(),
        1,
        "it sees its own row, and the other's as it was"
    );
    let seen = accounts.versions.iter().filter(|line| line.seen);
    assert_eq!(seen.count(), 2, "one version of each row");
    assert_eq!(accounts.versions.len(), 4);
}

#[test]
fn a_snapshot_keeps_the_version_that_others_have_replaced() {
    let mut host = host(SKEW, 11);
    let replaced = |view: &StoreView| {
        let versions = view.tables.iter().flat_map(|table| &table.versions);
        let mut old = versions.filter(|line| !line.seen);
        old.any(|line| matches!(line.ended, Some(Author::Committed(_))))
    };
    let (event, committed) = first(&mut host, replaced);
    let open = committed.tables.iter().flat_map(|table| &table.versions);
    let reader = open
        .filter_map(|line| match line.created {
            Author::InFlight(number) => Some(number),
            _ => None,
        })
        .next();
    let reader = reader.expect("whoever keeps the version has written");
    let view = view(&mut host, event, ReadAs::Transaction(reader));
    let versions = view.tables.iter().flat_map(|table| &table.versions);
    let seen = versions.filter(|line| line.seen && line.ended.is_some());
    assert_eq!(seen.count(), 1, "it still sees the old one");
    let statement = view.statement.expect("it has written");
    assert_eq!(statement.outcome, StatementOutcome::Done("UPDATE 1".into()));
    assert_eq!(statement.written_count, 1);
    assert!(statement.written[0].starts_with("rota, medic "));
}

#[test]
fn null_is_a_value_that_changes_like_any_other() {
    let mut host = host(NOTES, 1);
    let change = |view: &StoreView, at: usize| view.tables[0].rows.get(at).map(|row| row.change);
    let (_, filled) = first(&mut host, |view| change(view, 1) == Some(RowMark::Changed));
    let row = &filled.tables[0].rows[1];
    assert_eq!(row.cells[1].value.as_deref(), Some("new"));
    assert_eq!(row.cells[1].was, Was::Null);
    assert_eq!(row.cells[2].was, Was::Value("false".into()));
    assert_eq!(row.cells[0].was, Was::Same);
    let Author::Committed(first_writer) = row.writer else {
        panic!("{:?}", row.writer);
    };
    let statement = filled.statement.expect("the one that did it");
    assert_eq!(
        statement.transaction, first_writer,
        "a statement's own transaction"
    );
    let (_, emptied) = first(&mut host, |view| {
        let rows = &view.tables[0].rows;
        rows.iter()
            .any(|row| row.cells[1].was == Was::Value("kept".into()))
    });
    let row = emptied.tables[0]
        .rows
        .iter()
        .find(|row| row.change == RowMark::Changed);
    assert_eq!(row.expect("it is marked").cells[1].value, None);
    let (_, deleted) = first(&mut host, |view| {
        let rows = &view.tables[0].rows;
        rows.iter().any(|row| row.change == RowMark::Removed)
    });
    assert_eq!(deleted.tables[0].total, 1);
    let statement = deleted.statement.expect("the deletion");
    assert_eq!(statement.outcome, StatementOutcome::Done("DELETE 1".into()));
}

const STREAMS: &str = "
    event Opened(owner text);
    event Deposited(amount int);
    event Withdrawn(amount int);
    database accounts_db events { }
    service accounts owns accounts_db {
      command Fill(account text) {
        append Opened(owner => 'ann'), Deposited(amount => 30) to stream 'account-' || :account expecting no stream;
        append Withdrawn(amount => 12) to stream 'account-' || :account expecting :version;
        append Opened(owner => 'bob') to stream 'owner-bob' expecting any;
        load stream 'account-' || :account into account fold {
          let owner_name = '';
          let balance = 0;
          on Opened { let owner_name = :owner; }
          on Deposited { let balance = :balance + :amount; }
          on Withdrawn { let balance = :balance - :amount; }
        }
        require :account.balance = 18 and :account.owner_name = 'ann' and :account.version = 3 else fail WrongFold;
        reply ();
      }
    }
    client people users 1 requests 1 { call accounts.Fill(account => 'a'); }
";

#[test]
fn streams_come_with_the_state_behind_each_event() {
    let mut host = host(STREAMS, 1);
    let (_, view) = first(&mut host, |view| view.streams.len() == 2);
    let account = &view.streams[0];
    assert_eq!((account.name.as_str(), account.total), ("account-a", 3));
    let told: Vec<(u64, u32, &str, &str)> = account
        .events
        .iter()
        .map(|event| (event.position, event.version, &*event.event, &*event.data))
        .collect();
    assert_eq!(
        told,
        [
            (0, 1, "Opened", r#"{"owner": "ann"}"#),
            (1, 2, "Deposited", r#"{"amount": 30}"#),
            (2, 3, "Withdrawn", r#"{"amount": 12}"#),
        ]
    );
    assert!(account.events.is_sorted_by_key(|event| event.at_us));
    let fold = &account.folds[0];
    assert_eq!(
        (fold.name.as_str(), &fold.failure),
        ("accounts.Fill", &None)
    );
    assert_eq!(fold.parts, ["owner_name", "balance"]);
    let states: Vec<Vec<Option<&str>>> = fold
        .states
        .iter()
        .map(|state| state.iter().map(Option::as_deref).collect())
        .collect();
    assert_eq!(
        states,
        [
            [Some(""), Some("0")],
            [Some("ann"), Some("0")],
            [Some("ann"), Some("30")],
            [Some("ann"), Some("18")],
        ]
    );
    // The fold is for accounts: nothing is made of other streams.
    assert_eq!(
        (view.streams[1].name.as_str(), view.streams[1].folds.len()),
        ("owner-bob", 0)
    );
}
