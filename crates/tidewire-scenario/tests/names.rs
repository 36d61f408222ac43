//! Names that mean nothing, mean something else, or are used twice.

mod common;

use common::{check, check_in_shop};
use expect_test::expect;

#[test]
fn unknown_service_with_its_nearest_name() {
    check_in_shop(
        "client c requests 1 { call ordring.Place(sku => 'mug', qty => 1); }\n\
         client d requests 1 { call orderign.Place(sku => 'mug', qty => 1); }\n",
        expect![[r#"
            1:28 error unknown-name: no service named `ordring` / did you mean `ordering`? [Change to `ordering`]
            2:28 error unknown-name: no service named `orderign` / did you mean `ordering`? [Change to `ordering`]
        "#]],
    );
}

#[test]
fn unknown_command_and_parameter() {
    check_in_shop(
        "client c requests 1 { call ordering.Plaze(sku => 'mug', qty => 1); }\n\
         client d requests 1 { call ordering.Place(sky => 'mug', qty => 1, qty => 2); }\n",
        expect![[r#"
            1:37 error unknown-name: no command of ordering named `Plaze` / did you mean `Place`? [Change to `Place`]
            2:43 error unknown-name: no parameter of ordering.Place named `sky` / did you mean `sku`? [Change to `sku`]
            2:67 error duplicate-name: qty is given twice / give it once
        "#]],
    );
}

#[test]
fn unknown_database_topic_and_event() {
    check_in_shop(
        "service s owns order_db { on Plased from orders_topic { } on Placed from order_topic { } }\n",
        expect![[r#"
            1:16 error unknown-name: no database named `order_db` / did you mean `orders_db`? [Change to `orders_db`]
            1:30 error unknown-name: no event named `Plased` / did you mean `Placed`? [Change to `Placed`]
            1:74 error unknown-name: no topic named `order_topic` / did you mean `orders_topic`? [Change to `orders_topic`]
        "#]],
    );
}

#[test]
fn a_node_of_another_kind() {
    check_in_shop(
        "service s owns bus { command C() { call orders_db.Place(); } }\n",
        expect![[r#"
            1:16 error wrong-kind: bus is a broker, not a database / name a database here
            1:41 error wrong-kind: orders_db is a database, not a service / name a service here
        "#]],
    );
}

#[test]
fn nodes_share_one_set_of_names() {
    check_in_shop(
        "service bus { }\nservice ordering { }\n",
        expect![[r#"
        1:9 error duplicate-name: bus is the name of a broker already / nodes share one set of names: give this one another
        2:9 error duplicate-name: ordering is written twice / keep one of them, or give the other a name of its own [Remove the second one]
    "#]],
    );
}

#[test]
fn members_events_and_titles_once() {
    check(
        "scenario 'a'\nscenario 'b'\nevent E(a int, a int);\nevent E(b int);\n\
         broker b log { topic t; topic t; }\nbroker c log { topic t; }\n\
         service s { command C() { } command C() { } workers 2; workers 3; }\n",
        expect![[r#"
            2:1 error duplicate-name: the title is written twice / keep one of them, or give the other a name of its own [Remove the second one]
            3:16 error duplicate-name: a is written twice / give each its own name
            4:7 error duplicate-name: E is written twice / keep one of them, or give the other a name of its own [Remove the second one]
            5:25 error duplicate-name: topic t is written twice in this block / keep one of them
            6:22 error duplicate-name: t is the name of another broker's topic already / topics of all brokers share one set of names: give this one another
            7:29 error duplicate-name: command C is written twice in this block / keep one of them
            7:56 error duplicate-name: workers is written twice in this block / keep one of them
        "#]],
    );
}

#[test]
fn kinds_that_do_not_exist_yet() {
    check(
        "database a document { }\ndatabase b relationl { }\ndatabase c { }\nbroker q queue { }\nbroker r lgo { }\n",
        expect![[r#"
            1:12 error not-yet: a database of kind document is not simulated yet: this is a limit of Tidewire / the kinds now are relational, events
            2:12 error syntax: expected the kind of database, found `relationl` / did you mean `relational`? [Change to `relational`]
            3:1 error missing-kind: database c has no kind / write database c relational { … }
            5:10 error syntax: expected the kind of broker, found `lgo` / did you mean `log`? [Change to `log`]
        "#]],
    );
}

#[test]
fn unknown_values() {
    check_in_shop(
        "service s uses orders_db {\n\
         command C(sku text) {\n\
         select qty from orders where sku = :skuu;\n\
         }\n\
         command D() {\n\
         select qty from orders where id = 1 into o;\n\
         let a = :o;\n\
         }\n\
         command E() {\n\
         select qty from orders where id = 1 into o;\n\
         let b = :o.qti;\n\
         }\n\
         command F() { let c = :message_id; }\n\
         }\n",
        expect![[r#"
            3:37 error unknown-value: no value named `:skuu` / did you mean `:sku`? [Change to `:sku`]
            7:10 error unknown-value: :o is a row, not a value / name a field of it: :o.qty
            11:12 error unknown-value: no field of :o named `qti` / did you mean `qty`? [Change to `qty`]
            13:24 error unknown-value: :message_id exists only in a handler of an event / write it inside on … from … { }
        "#]],
    );
}

#[test]
fn a_value_that_hides_another_warns_when_it_is_used() {
    check_in_shop(
        "service s uses orders_db {\n\
         command C(id int, sku text) {\n\
         insert into orders (sku) values (:sku) returning id;\n\
         reply (id => :id);\n\
         }\n\
         command D(id int, sku text) { insert into orders (sku) values (:sku) returning id; }\n\
         }\n",
        expect![[r#"
            3:1 warning shadowed-value: this binds :id again, and hides the earlier :id / name the row: … into r, then :r.id
        "#]],
    );
}

#[test]
fn positions_of_nodes_that_no_design_has() {
    check(
        "design 'A' { service s { } }\ndesign 'B' { service t { } }\nlayout { s 1 2; t 3 4; u 5 6; }\n",
        expect![[r#"
            3:24 warning unknown-name: no node named `u` / did you mean `s`? [Change to `s`]
        "#]],
    );
}

#[test]
fn each_kind_of_broker_has_members_of_its_own() {
    check(
        "event E();\n\
         broker l log { queue q; topic t; topic d; }\n\
         broker q queue { topic u; queue j dead letter t; queue k attempts 5000 dead letter k; }\n\
         broker p pubsub { queue r; subject s; }\n\
         service a { every 1s { publish E() to t; publish E() to j; }\n\
         on E from j commit before { }\n\
         on E from t commit before attempts 2 { }\n\
         }\n\
         service b { on E from t dead letter d { } }\n",
        expect![[r#"
            2:16 error wrong-broker: l, a broker of kind log, has no queue / write topic NAME; here, or declare another broker
            3:18 error wrong-broker: q, a broker of kind queue, has no topic / write queue NAME; here, or declare another broker
            3:47 error dead-letter: dead letters of j cannot go to t / name another topic or queue of the same broker
            3:84 error limit: the number of attempts: 5,000 is over the limit of 1,000 / write a number from 1 to 1,000
            3:84 error dead-letter: dead letters of k cannot go to k / name another topic or queue of the same broker
            4:19 error wrong-broker: p, a broker of kind pubsub, has no queue / write subject NAME; here, or declare another broker
            6:1 error not-a-log: j is no topic of a log: nobody commits offsets there / leave commit, attempts, backoff and dead letter out; a queue has them where it is declared
            7:1 error group-attempts: a record whose offset is committed before the handler runs is tried once / leave out commit before, or attempts, backoff and dead letter
            9:13 error group-attempts: dead letters need a number of attempts: without one a record is tried for ever / write attempts 3 dead letter T
        "#]],
    );
}
