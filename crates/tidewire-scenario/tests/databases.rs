//! Schema and seed rows run through the store; settings; outboxes.

mod common;

use common::{check, check_in_shop, program};
use expect_test::expect;
use tidewire_scenario::Delay;

#[test]
fn schema_errors_stand_at_their_place() {
    check(
        "database d relational {\n\
         create table t (a int primary key, b txt);\n\
         create table u (a int references nowhere);\n\
         create table v (a int, a int);\n\
         create table w (a int);\n\
         insert into w values (1, 2);\n\
         insert into w (b) values (1);\n\
         insert into w values ('one');\n\
         }\n",
        expect![[r#"
            2:38 error unknown-type: `txt` is not a type / did you mean `text`? [Change to `text`]
            3:34 error unknown-table: relation "nowhere" does not exist (42P01)
            4:24 error duplicate-name: column "a" specified more than once (42701)
            6:26 error sql: INSERT has more expressions than target columns (42601)
            7:16 error unknown-column: column "b" of relation "w" does not exist (42703) / Did you mean "a"?
            8:23 error type-mismatch: invalid input syntax for type integer: "one" (22P02)
        "#]],
    );
}

#[test]
fn seed_rows_obey_constraints() {
    check(
        "database d relational {\n\
         create table t (a int primary key, b int not null check (b > 0));\n\
         insert into t values (1, 1), (1, 2);\n\
         insert into t values (2, null);\n\
         insert into t values (3, 0);\n\
         }\n",
        expect![[r#"
            3:1 error constraint: duplicate key value violates unique constraint "t_pkey" (23505) / Key (a)=(1) already exists.
            4:1 error constraint: null value in column "b" of relation "t" violates not-null constraint (23502) / Failing row contains (2, null).
            5:1 error constraint: new row for relation "t" violates check constraint "t_b_check" (23514) / Failing row contains (3, 0).
        "#]],
    );
}

#[test]
fn a_broken_schema_does_not_blame_the_statements() {
    check(
        "database d relational { create table t (a int, a int); }\n\
         service s owns d { command C() { select a from t; } }\n\
         invariant 'None' always no rows select a from d.t;\n",
        expect![[r#"
            1:48 error duplicate-name: column "a" specified more than once (42701)
        "#]],
    );
}

#[test]
fn other_statements_do_not_stand_in_a_database() {
    check(
        "database d relational {\n\
         create table t (a int);\n\
         alter table t add column b int;\n\
         update t set a = 1;\n\
         insert into d.t values (1);\n\
         }\n",
        expect![[r#"
            3:1 error misplaced: a database block describes how the run begins / change the CREATE itself; a change during the run is a fault: fault migrate db at 1s { … }
            4:1 error misplaced: a database block holds CREATE TABLE, CREATE INDEX and INSERT only / move the statement into a handler of a service
            5:13 error qualified-table: a statement runs inside one database, so d does not go before t / write t alone; only invariants look into several databases [Remove d.]
        "#]],
    );
}

#[test]
fn foreign_keys_stay_inside() {
    check_in_shop(
        "database more_db relational {\n\
         create table lines (id int primary key, order_id int references orders (id));\n\
         }\n",
        expect![[r#"
            2:65 error foreign-table: a foreign key cannot point out of its database: orders lives in orders_db, lines in more_db / keep the id without REFERENCES; whether the orders row exists is then known to the owner of orders_db only: call it, or follow its events
        "#]],
    );
}

#[test]
fn settings_and_their_defaults() {
    let program = program(
        "database a relational { }\n\
         database b relational { isolation repeatable read; connections 2; latency 1ms; }\n",
    );
    let [a, b] = program.databases.as_slice() else {
        panic!("two databases");
    };
    assert_eq!((a.connections, a.latency), (8, Delay::Uniform(300, 900)));
    assert_eq!((b.connections, b.latency), (2, Delay::Fixed(1_000)));
    assert_ne!(a.initial.default_isolation(), b.initial.default_isolation());
}

#[test]
fn a_relay_needs_an_outbox() {
    check(
        "database d relational {\n\
         create table plain (id int);\n\
         create table box (id serial primary key, topic text, key text, event text, payload text);\n\
         create table out (id serial primary key, topic text, key text, event text, payload jsonb, sent int);\n\
         }\n\
         relay a from d.plain polling every 1s;\n\
         relay b from d.box polling every 1s;\n\
         relay c from d.out polling every 1s mark sent;\n\
         relay e from d.out polling every 1s mark gone;\n\
         relay f from d.outt polling every 1s;\n\
         relay g from out polling every 1s;\n\
         relay h from d.out to buss polling every 1s;\n\
         broker bus log { topic t; }\n",
        expect![[r#"
            6:14 error outbox-columns: plain is no outbox: it lacks topic, key, event, payload / an outbox is create table outbox (id serial primary key, topic text not null, key text, event text not null, payload jsonb not null)
            7:14 error outbox-columns: the payload of box is not jsonb / an outbox is create table outbox (id serial primary key, topic text not null, key text, event text not null, payload jsonb not null)
            8:42 error outbox-columns: out has no boolean column sent to mark its rows with / add sent boolean not null default false, or write delete
            9:42 error outbox-columns: out has no boolean column gone to mark its rows with / add gone boolean not null default false, or write delete
            10:16 error unknown-table: no table in d named `outt` / did you mean `out`? [Change to `out`]
            11:14 error syntax: the table of a relay needs its database / write `database.out`
            12:23 error unknown-name: no broker named `buss` / did you mean `bus`? [Change to `bus`]
        "#]],
    );
}

#[test]
fn a_relay_needs_a_broker() {
    check(
        "database d relational {\n\
         create table box (id serial primary key, topic text, key text, event text, payload jsonb);\n\
         }\n\
         relay a from d.box polling every 1s;\n",
        expect![[r#"
            4:7 error no-broker: there is no broker for a to publish to / add broker bus log { topic t; }
        "#]],
    );
}

#[test]
fn a_shared_database_is_noted() {
    check(
        "database d relational { }\nservice a owns d { }\nservice b uses d { }\n",
        expect![[r#"
            1:10 note shared-database: d is shared by a, b / each may change rows and columns that the others rely on, and one outage stops all
        "#]],
    );
}
