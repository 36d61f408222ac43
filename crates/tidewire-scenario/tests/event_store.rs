//! What an event store refuses, and what a fold may not do.

mod common;

use common::{check, program};
use expect_test::expect;

const STORE: &str = "event E(n int); event F(total int);
database log_db events { }
";

#[test]
fn an_event_store_only_grows() {
    check(
        &format!(
            "{STORE}database bad events {{ isolation serializable; create table t (id int); }}
service s owns log_db {{
command A() {{ update events set data = null; }}
command B() {{ delete from events; insert into events (stream) values ('x'); }}
command C() {{ begin; append E(n => 1) to stream 'x' expecting any; commit; }}
query D() {{ append E(n => 1) to stream 'x' expecting any; }}
query G() {{ select count(*) as n from events where stream = 'x'; reply (n => :n); }}
}}
service t {{ command A() {{ append E(n => 1) to stream 'x' expecting any; }} }}
"
        ),
        expect![[r#"
            3:23 error event-store: the event store bad has no isolation levels: each append commits by itself / take the setting out; append … expecting :version guards a decision
            3:47 error event-store: the event store bad has no tables of its own making: its streams begin with the first append / take the statement out; services append to it, and a projection keeps tables elsewhere
            5:15 error event-store: the event store log_db changes nothing that was written: events are what happened / append an event that corrects the earlier one, as a bookkeeper does
            6:15 error event-store: the event store log_db changes nothing that was written: events are what happened / append an event that corrects the earlier one, as a bookkeeper does
            6:35 error event-store: rows of the event store log_db come from append only / write append Event(…) to stream … expecting …
            7:15 error event-store: the event store log_db has no transactions: an append to one stream is its unit / write the events of one decision in one append: append A(…), B(…) to stream …
            8:13 error query-writes: a query promises to write nothing / write command instead of query, or move the append into a command
            11:27 error no-event-store: no event store is reached from here / declare one, database shop_events events; and write service … owns shop_events
        "#]],
    );
}

#[test]
fn a_fold_computes_from_events_alone() {
    check(
        &format!(
            "{STORE}service s owns log_db {{
command A(x int) {{
load stream 'x' fold {{
let total = 0;
on E {{ let total = :total + :x; }}
on E {{ }}
on F {{ wait 5ms; }}
}}
}}
command C() {{ load stream 'x' fold {{ let a = null; let b = random(1, 6); let a = 1; }} }}
command B() {{
load stream 'x' fold {{ let n = 0; let total = 0; on E {{ let n = 'many'; }} on F {{ if :n = 1 {{ fail No; }} }} }}
reply (n => :n, version => :version);
}}
}}
"
        ),
        expect![[r#"
            7:30 error unknown-value: no value named `:x` / did you mean `:n`? [Change to `:n`]
            8:4 error duplicate-name: the fold has E twice / put both into one
            9:4 error duplicate-name: total is a part of the state and a field of F / give the part of the state another name
            9:8 error fold-computes: a fold only computes: it runs again whenever the stream is loaded / write let and if here, from the state and the event; what has effects stands behind the load
            12:46 error type-mismatch: the type of a is not known / say it: cast(null as int)
            12:60 error fold-computes: a fold only computes: it runs again whenever the stream is loaded / write let and if here, from the state and the event; what has effects stands behind the load
            14:53 error duplicate-name: n is a part of the state and a field of E / give the part of the state another name
            14:65 error type-mismatch: invalid input syntax for type integer: "many" (22P02)
            14:78 error duplicate-name: total is a part of the state and a field of F / give the part of the state another name
            14:94 error fold-computes: a fold only computes: it runs again whenever the stream is loaded / write let and if here, from the state and the event; what has effects stands behind the load
        "#]],
    );
}

#[test]
fn appends_give_every_field() {
    check(
        &format!(
            "{STORE}service s owns log_db {{
command A() {{
append E(m => 1), F(total => 'x') to stream 1 expecting 'y';
append G() to stream 'x' expecting any;
}}
}}
"
        ),
        expect![[r#"
            5:45 error type-mismatch: the name of a stream is text, but this is int / convert it: cast(… as text)
            6:8 error unknown-name: no event named `G` / did you mean `E`? [Change to `E`]
        "#]],
    );
}

#[test]
fn projections_keep_tables() {
    check(
        &format!(
            "{STORE}broker bus log {{ topic t; }}
database db relational {{ create table seen (n int primary key); }}
service s owns log_db {{ every 1s {{ publish E(n => 1) to t; }} }}
projection p from t into log_db {{ on E {{ }} }}
projection q from t into db {{ on E {{ begin; insert into seen values (:n); commit; }} }}
projection r from t into db {{ on E {{ insert into seen values (:n); if :replaying {{ wait 1ms; }} }} }}
service u uses db {{ on E from t {{ if :replaying {{ wait 1ms; }} }} command C() {{ call r.Rebuild(); call r.Other(); }} }}
"
        ),
        expect![[r#"
            6:26 error event-store: p projects into an event store / a projection keeps tables: name a relational database
            7:38 error transaction-open: a transaction on db is open already / commit or rollback first; for a part that may fail alone write savepoint s
            8:84 warning work-in-transaction: the transaction on db keeps its locks while this waits / commit first, then wait
            9:39 error unknown-value: no value named `:replaying` / known here: :n, :redelivered, :offset, :partition, :message_id, :attempt, :now, :request_id and 1 more
            9:104 error unknown-name: no command of r named `Other` / known here: Rebuild
        "#]],
    );
}

#[test]
fn a_fold_keeps_its_place_in_the_code() {
    let program = program(&format!(
        "{STORE}service s owns log_db {{ command A(x text) {{
           load stream 'x-' || :x fold {{ let sum = 0; on E {{ let sum = :sum + :n; }} }}
           reply (sum => :sum);
         }} }}"
    ));
    let fold = &program.folds[0];
    assert_eq!(
        (&*fold.prefix, fold.cases.len(), &*fold.state[0].0),
        ("x-", 1, "sum")
    );
    assert!(fold.initial.0 < fold.initial.1 && fold.next.0 < fold.next.1);
}
