//! Steps become linear code.

mod common;

use common::{SHOP, listing, program};
use expect_test::{Expect, expect};
use tidewire_scenario::{HandlerTrigger, Load, Trigger, WireKind, compile};
use tidewire_syntax::{Diagnostic, parse};

fn check_code(text: &str, handler: &str, expected: Expect) {
    let whole = format!("{SHOP}{text}");
    expected.assert_eq(&listing(&whole, &program(&whole), handler));
}

#[test]
fn branches_and_requirements() {
    check_code(
        "service s uses orders_db {\n\
         command C(n int) {\n\
         require :n > 0 else fail Empty('none: ' || cast(:n as text));\n\
         if :n = 1 { delete from orders; } else { wait 1ms to 2ms; }\n\
         if :n = 2 { fail Two; }\n\
         reply (n => :n);\n\
         }\n\
         }\n",
        "C",
        expect![[r#"
            0 unless :n > 0 go to 2
            1 go to 3
            2 fail Empty with text
            3 unless :n = 1 go to 6
            4 orders_db: delete from orders
            5 go to 7
            6 wait Uniform(1000, 2000)
            7 unless :n = 2 go to 9
            8 fail Two
            9 reply n
            10 end
        "#]],
    );
}

#[test]
fn loops_bind_rows() {
    check_code(
        "service s uses orders_db {\n\
         command C() {\n\
         for each o in (select id, sku from orders order by id) {\n\
         update orders set note = :o.sku where id = :o.id;\n\
         }\n\
         let n = 1 + 1;\n\
         }\n\
         }\n",
        "C",
        expect![[r#"
            0 orders_db: cursor 0: select id, sku from orders order by id
            1 next of cursor 0 -> o.id, o.sku or go to 4
            2 orders_db: update orders set note = :o.sku where id = :o.id
            3 go to 1
            4 n := let n = 1 + 1
            5 end
        "#]],
    );
}

#[test]
fn calls_bind_replies() {
    check_code(
        "service s {\n\
         command C() {\n\
         call ordering.Find(id => 1) timeout 20ms retry 2 backoff 5ms into found;\n\
         call ordering.Place(sku => :found.sku, qty => :found.qty);\n\
         publish Placed(order_id => :id, sku => :sku) to orders_topic key :id;\n\
         }\n\
         }\n",
        "C",
        expect![[r#"
            0 call ordering.Find (1 arguments, 20000 us, 2 retries) sku -> found.sku, qty -> found.qty
            1 call ordering.Place (2 arguments, 1000000 us, 0 retries) id -> id, sku -> sku
            2 publish Placed to orders_topic by key
            3 end
        "#]],
    );
}

#[test]
fn draws_are_lifted_once() {
    check_code(
        "client c users 2 requests 6 {\n\
         let n = random(1, 3);\n\
         call ordering.Place(sku => pick('mug', 'lamp'), qty => :n + random(0, 1));\n\
         }\n",
        "c",
        expect![[r#"
            0 draw 0 := draw 0 of random(1, 3)
            1 n := let n = random(1, 3)
            2 draw 1 := draw 1 of pick('mug', 'lamp')
            3 draw 2 := draw 2 of random(0, 1)
            4 call ordering.Place (2 arguments, 1000000 us, 0 retries) id -> id, sku -> sku
            5 end
        "#]],
    );
}

#[test]
fn a_condition_may_ask_the_database() {
    check_code(
        "service s uses orders_db {\n\
         command C(id int) {\n\
         if exists (select 1 from orders where orders.id = :id) { fail Known; }\n\
         }\n\
         }\n",
        "C",
        expect![[r#"
            0 orders_db: exists (select 1 from orders where orders.id = :id) -> answer 2
            1 unless exists (select 1 from orders where orders.id = :id) go to 3
            2 fail Known
            3 end
        "#]],
    );
}

#[test]
fn transactions_are_statements() {
    check_code(
        "service s uses orders_db, stock_db {\n\
         command C() {\n\
         begin isolation level repeatable read;\n\
         update stock set on_hand = on_hand - 1;\n\
         commit;\n\
         }\n\
         }\n",
        "C",
        expect![[r#"
            0 stock_db: begin isolation level repeatable read
            1 stock_db: update stock set on_hand = on_hand - 1
            2 stock_db: commit
            3 end
        "#]],
    );
}

#[test]
fn a_relay_publishes_and_then_deletes_or_marks() {
    let text = "\
broker bus log { topic t; }
database d relational {
  create table out (id serial primary key, topic text, key text, event text, payload jsonb, sent boolean);
}
relay a from d.out polling every 10ms;
relay b from d.out polling every 20ms mark sent;
";
    let program = program(text);
    let code = |name| listing(text, &program, name);
    expect![[r#"
        0 d: cursor 0: select from out order by id
        1 next of cursor 0 -> id, topic, key, event, payload or go to 5
        2 publish row id, topic, key, event, payload
        3 d: delete from out where id = :id
        4 go to 1
        5 end
        0 d: cursor 0: select from out order by id
        1 next of cursor 0 -> id, topic, key, event, payload or go to 5
        2 publish row id, topic, key, event, payload
        3 d: update out set sent = true where id = :id
        4 go to 1
        5 end
    "#]]
    .assert_eq(&format!("{}{}", code("every 10ms"), code("every 20ms")));
    let kinds: Vec<WireKind> = program.wires.iter().map(|wire| wire.kind).collect();
    assert_eq!(
        kinds,
        [
            WireKind::Publish,
            WireKind::Uses,
            WireKind::Publish,
            WireKind::Uses
        ]
    );
}

#[test]
fn the_gallery_lesson_compiles_in_every_design() {
    let text = include_str!("../../../gallery/dual-write/scenario.tide");
    for design in ["Row first", "Event first", "Outbox"] {
        let compiled = compile(&parse(text), Some(design));
        assert_eq!(compiled.diagnostics, Vec::<Diagnostic>::new(), "{design}");
        let program = compiled.program.expect("it compiles");
        assert_eq!(
            program.clients[0].load,
            Load::Closed {
                users: 4,
                requests: 12
            }
        );
        assert_eq!(
            program.faults[0].trigger,
            Trigger::AfterCommit(tidewire_scenario::ClientId(0), 6)
        );
        assert_eq!(program.invariants.len(), 3);
        let events = program
            .handlers
            .iter()
            .filter(|handler| matches!(handler.trigger, HandlerTrigger::Event(..)));
        assert_eq!(events.count(), 1);
    }
    let outbox = compile(&parse(text), Some("Outbox"));
    let nodes = outbox.outline.nodes.len();
    assert_eq!(nodes, 7);
    assert!(
        outbox
            .outline
            .nodes
            .iter()
            .all(|node| node.position.is_some())
    );
}
