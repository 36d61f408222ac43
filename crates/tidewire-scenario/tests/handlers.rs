//! Transactions, messages, replies and faults.

mod common;

use common::{check, check_in_shop};
use expect_test::expect;

#[test]
fn transactions_begin_and_end_in_one_block() {
    check_in_shop(
        "service s uses orders_db {\n\
         command A() { commit; }\n\
         command B() { begin; begin; commit; }\n\
         command C(n int) { if :n = 1 { begin; } commit; }\n\
         command D() { begin; delete from orders; }\n\
         command E(n int) { begin; if :n = 1 { rollback; fail Never; } commit; }\n\
         command F() { begin; for each o in (select id from orders) { commit; } }\n\
         command G() { savepoint s; }\n\
         command H() { begin; savepoint s; rollback to s; release s; commit; }\n\
         }\n",
        expect![[r#"
            2:15 error no-transaction: no transaction is open here / write begin first; outside a transaction every statement commits by itself
            3:22 error transaction-open: a transaction on orders_db is open already / commit or rollback first; for a part that may fail alone write savepoint s
            4:20 error transaction-branch: behind this, the transaction on orders_db is open or not, depending on the way taken / begin and end a transaction in the same block
            5:9 warning transaction-left-open: the transaction on orders_db is still open at the end, and is rolled back there / write commit
            7:9 warning transaction-left-open: the transaction on orders_db is still open at the end, and is rolled back there / write commit
            7:22 error transaction-branch: behind this, the transaction on orders_db is open or not, depending on the way taken / begin and end a transaction in the same block
            8:15 error no-transaction: no transaction is open here / write begin first; outside a transaction every statement commits by itself
        "#]],
    );
}

#[test]
fn work_that_a_rollback_does_not_undo() {
    check_in_shop(
        "service s uses orders_db, stock_db {\n\
         command C() {\n\
         begin in orders_db;\n\
         insert into orders (sku) values ('mug') returning id, sku;\n\
         publish Placed(order_id => :id, sku => :sku) to orders_topic;\n\
         call ordering.Find(id => 1) into found;\n\
         wait 5ms;\n\
         update stock set on_hand = 0;\n\
         commit in orders_db;\n\
         }\n\
         }\n",
        expect![[r#"
            5:1 warning work-in-transaction: the event leaves for bus although the transaction on orders_db may still roll back / no transaction covers a database and a broker: write the event to an outbox table in the transaction, and let a relay publish it
            6:1 warning work-in-transaction: the transaction on orders_db keeps its locks until ordering.Find answers / what ordering.Find did stays done when this rolls back: commit before the call
            7:1 warning work-in-transaction: the transaction on orders_db keeps its locks while this waits / commit first, then wait
            8:1 warning outside-transaction: this goes to stock_db and is not part of the transaction on orders_db / a transaction covers one database: if one of the two fails, the other stays done
        "#]],
    );
}

#[test]
fn begin_goes_where_its_statements_go() {
    check_in_shop(
        "service s uses orders_db, stock_db {\n\
         command C() { begin; update stock set on_hand = 1; commit; }\n\
         command D() { begin; commit; }\n\
         command E() { begin in orders_db; begin in stock_db; commit; }\n\
         }\n",
        expect![[r#"
            3:15 error ambiguous-table: this could go to orders_db, stock_db / say where: … in orders_db [Send it to orders_db]
            4:9 warning transaction-left-open: the transaction on orders_db, stock_db is still open at the end, and is rolled back there / write commit
            4:54 error ambiguous-table: transactions on orders_db, stock_db are open / say which one: … in orders_db
        "#]],
    );
}

#[test]
fn publications_give_every_field() {
    check_in_shop(
        "service s {\n\
         every 1s { publish Placed(order_id => 1) to orders_topic; }\n\
         every 2s { publish Placed(order_id => 'x', sku => 1, qty => 2) to orders_topic; }\n\
         }\n\
         client c requests 1 { publish Placed(order_id => 1, sku => 'mug') to orders_topic; }\n",
        expect![[r#"
            2:12 error missing-argument: Placed also needs sku / write sku => …; null says that it is unknown
            3:39 error type-mismatch: invalid input syntax for type integer: "x" (22P02)
            3:51 error type-mismatch: sku is text, but this is int / convert it: cast(… as text)
            3:54 error unknown-name: no field of Placed named `qty` / known here: order_id, sku
            5:23 error client-publishes: a client does not publish / call a service, which publishes what it has decided
        "#]],
    );
}

#[test]
fn consumers_form_groups() {
    check_in_shop(
        "event Other();\n\
         service s {\n\
         every 1s { publish Placed(order_id => 1, sku => 'mug') to orders_topic; }\n\
         on Placed from orders_topic { }\n\
         on Other from orders_topic commit before { }\n\
         }\n\
         service t { on Placed from orders_topic group s { } }\n",
        expect![[r#"
            5:1 error group-commit: handlers of group s commit the offset at different times / a group has one offset for each partition: write commit before or commit after in all of them
            5:4 warning never-published: nobody publishes Other to orders_topic, so this handler never runs / publish Other(…) to orders_topic; in the service where it happens
            7:47 error shared-group: another service reads orders_topic as group s / in a group each record goes to one member only: give every service a group of its own
        "#]],
    );
}

#[test]
fn replies_belong_to_commands() {
    check_in_shop(
        "service s {\n\
         every 1s { reply (a => 1); }\n\
         command C() { reply (a => 1, a => 2); }\n\
         }\n\
         client c requests 1 { reply (); }\n",
        expect![[r#"
            2:12 error misplaced: nobody waits for a reply here / only commands and queries reply; publish an event to tell others
            3:30 error duplicate-name: a is written twice / give each its own name
            5:23 error misplaced: nobody waits for a reply here / only commands and queries reply; publish an event to tell others
        "#]],
    );
}

#[test]
fn faults_name_what_is_there() {
    check_in_shop(
        "client c users 2 requests 5 { call ordering.Place(sku => 'mug', qty => 1); }\n\
         fault crash orderign at 1s for 1s;\n\
         fault crash c at 1s;\n\
         fault crash ordering after commit of request 6 for 1s;\n\
         fault crash ordering after commit of request 0;\n\
         fault crash ordering after commit of request 1 of d;\n\
         fault crash bus after commit of request 1;\n\
         fault crash ordering after the 2nd Plased;\n\
         fault partition bus -> ordering at 1s;\n\
         fault partition bus -> bus at 1s;\n\
         fault migrate orders_db at 1s { alter table orders rename column skuu to article; };\n\
         fault migrate orders_db at 1s { alter table orders drop column note; alter table orders add column note int; };\n\
         fault migrate stock_db at 1s { delete from stock; };\n\
         explore crashs 1, duplicates 99;\n",
        expect![[r#"
            2:13 error unknown-name: no node named `orderign` / did you mean `ordering`? [Change to `ordering`]
            3:13 error wrong-kind: c is a client, and a client does not crash / name a service, relay, database or broker: clients are the workload that designs are compared on
            4:1 error limit: c sends 5 requests, so there is no request 6 / write a number from 1 to 5
            5:1 error limit: requests and events are counted from 1 / write 1 for the first
            6:51 error unknown-name: no client named `d` / did you mean `c`? [Change to `c`]
            7:13 error wrong-kind: bus commits no transactions, so the fault would never come / write at 400ms, or after the 3rd of an event
            8:36 error unknown-name: no event named `Plased` / did you mean `Placed`? [Change to `Placed`]
            9:17 warning idle-fault: bus and ordering never talk, so parting them changes nothing / name two nodes with a line between them
            10:17 error wrong-kind: bus is not parted from itself / name two nodes
            11:66 error unknown-column: column "skuu" does not exist (42703)
            13:32 error misplaced: a migration changes the schema only / write CREATE TABLE or ALTER TABLE; changes of rows are steps of a service
            14:9 error unknown-name: no budget named `crashs` / did you mean `crashes`? [Change to `crashes`]
            14:19 error limit: 99 duplicates are over the limit of 16 / a search grows exponentially with its budget: begin with 1 or 2
        "#]],
    );
}

#[test]
fn faults_strike_what_they_can() {
    check_in_shop(
        "client c users 2 requests 5 { call ordering.Place(sku => 'mug', qty => 1); }\n\
         fault pause c at 1s;\n\
         fault crash ordering#2 at 1s;\n\
         fault crash bus#0 at 1s;\n\
         fault restart ordering at 1s for 2s;\n\
         fault slow c by 5ms at 1s;\n\
         fault slow c -> ordering by 0ms at 1s;\n\
         fault drop c -> ordering Placed at 1s;\n\
         fault duplicate ordering -> orders_db at 1s;\n\
         fault duplicate Plased at 1s;\n\
         fault lose reply of ordering.Plase at 1s;\n\
         fault lose reply of bus.Place at 1s;\n\
         fault fill disk ordering at 1s;\n\
         fault skew bus by 5ms at 1s;\n\
         fault crash ordering with probability 1 %;\n\
         fault skew ordering by -5ms at 1s;\n\
         fault duplicate Placed with probability 100 % for 2s;\n\
         fault drop ordering -> stock_db at 1s;\n",
        expect![[r#"
            2:13 error wrong-kind: c is a client, and a client does not pause / name a service, relay, database or broker: clients are the workload that designs are compared on
            3:21 error limit: ordering has no instance 2 / it is a single process: leave out the number
            4:16 error limit: bus has no instance 0 / it is a single process: leave out the number
            5:34 error misplaced: this fault is over at once, so it lasts for no time / leave out `for`; a crash lasts, a restart does not
            6:12 error wrong-kind: c is a client, and a client does not slow down / name a service, relay, database or broker: clients are the workload that designs are compared on
            7:29 error limit: a delay must be longer than nothing / write at least 1us
            8:26 error wrong-kind: events travel to brokers and from them, and neither end of this way is one / name the broker, or leave out the event
            9:17 error wrong-kind: a connection to a store carries each statement once, so nothing arrives twice on this way / duplicate what a service calls or publishes: name the event, or the way from its sender
            10:17 error unknown-name: no event named `Plased` / did you mean `Placed`? [Change to `Placed`]
            11:30 error unknown-name: no command of ordering named `Plase` / did you mean `Place`? [Change to `Place`]
            12:21 error wrong-kind: bus is a broker, not a service / name a service here
            13:17 error wrong-kind: ordering is a service, not a database / name a database here
            14:12 error wrong-kind: bus is a broker, and nothing here depends on a broker's clock / name a service, whose :now it is, or a database, whose now() it is
            15:22 error misplaced: a probability is drawn for each message, and this fault does not happen to messages / write at 400ms; slow, drop, duplicate and lose reply have probabilities
            18:12 warning idle-fault: ordering and stock_db never talk, so losing its messages changes nothing / name two nodes with a line between them
        "#]],
    );
}

#[test]
fn limits_have_their_own_messages() {
    check(
        "event E();\n\
         broker b log { topic t partitions 257; topic u partitions 0; }\n\
         database d relational { connections 0; latency 9ms to 3ms; }\n\
         service s { workers 0; instances 33; timeout 0ms; every 2h { } command C() { } }\n\
         client a users 1001 requests 100001 { call s.C() retry 101; }\n\
         client e rate 1000000/s for 10s { call s.C(); }\n\
         client f requests 1 { }\n",
        expect![[r#"
            2:16 error limit: the number of partitions: 257 is over the limit of 256 / write a number from 1 to 256
            2:40 error limit: the number of partitions must be at least 1 / write a number from 1 to 256
            3:25 error limit: the number of connections must be at least 1 / write a number from 1 to 1,000
            3:48 error syntax: this range ends before it begins [Swap the two]
            4:13 error limit: the number of workers must be at least 1 / write a number from 1 to 1,000
            4:24 error limit: the number of instances: 33 is over the limit of 32 / write a number from 1 to 32
            4:46 error limit: a timeout must be longer than nothing / write at least 1us
            4:57 error limit: a duration is over the limit of one hour / write at most 3600s: time here is virtual, and runs are short
            5:8 error limit: the number of users: 1,001 is over the limit of 1,000 / write a number from 1 to 1,000
            5:8 error limit: the number of requests: 100,001 is over the limit of 100,000 / write a number from 1 to 100,000
            5:39 error limit: the number of retries: 101 is over the limit of 100 / write a number from 1 to 100
            6:8 error limit: about 10,000,000 requests are over the limit of 100,000 / lower the rate, or let it last less long
            7:8 warning empty-request: the requests of f do nothing / write call service.Command(…);
        "#]],
    );
}
