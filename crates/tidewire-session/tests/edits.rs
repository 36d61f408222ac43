//! Edits of the canvas: what they write, what they refuse, and that undo takes every one of them back.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tidewire_session::document::{Command, Document, Part};
use tidewire_session::view::NodeShape;

const SHOP: &str = include_str!("../../../gallery/shared-database/scenario.tide");
const OUTBOX: &str = include_str!("fixtures/outbox.tide");

fn connect(document: &mut Document, from: &str, to: &str) -> Result<String, String> {
    let command = Command::Connect {
        from: from.into(),
        to: to.into(),
    };
    let applied = document.apply(command);
    applied
        .map(|applied| applied.announcement)
        .map_err(|refusal| refusal.to_string())
}

fn add(document: &mut Document, part: Part, x: i32, y: i32) -> String {
    let applied = document
        .apply(Command::AddNode { part, x, y })
        .expect("it is possible");
    applied.select.first().expect("the new node").clone()
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(text);
}

#[test]
fn a_scenario_can_be_drawn_from_nothing() {
    let mut document = Document::open("");
    let client = add(&mut document, Part::Client, 43, 61);
    let service = add(&mut document, Part::Service, 200, 60);
    let store = add(&mut document, Part::RelationalStore, 380, 60);
    let broker = add(&mut document, Part::LogBroker, 40, 300);
    let other = add(&mut document, Part::Service, 600, 60);
    assert_eq!(
        connect(&mut document, &client, &service).as_deref(),
        Ok("client calls service.Handle")
    );
    assert_eq!(
        connect(&mut document, &service, &store).as_deref(),
        Ok("service owns store")
    );
    assert_eq!(
        connect(&mut document, &service, &broker).as_deref(),
        Ok("service publishes SomethingHappened to broker_events")
    );
    assert_eq!(
        connect(&mut document, &broker, &other).as_deref(),
        Ok("service_2 reads SomethingHappened from broker_events")
    );
    assert_eq!(
        connect(&mut document, &other, &store).as_deref(),
        Ok("service_2 uses store")
    );
    let again = connect(&mut document, &other, &store);
    assert_eq!(again, Err("service_2 reaches store already".to_owned()));
    check(
        document.text(),
        expect![[r#"
        event SomethingHappened(id int);

        client client users 1 requests 10 {
          think 50ms to 200ms;
          call service.Handle(id => 1);
        }

        service service owns store {
          command Handle(id int) {
            publish SomethingHappened(id => :id) to broker_events;
            reply ();
          }
        }

        database store relational {
          create table items (id int primary key, value int not null);
        }

        broker broker log {
          topic broker_events;
        }

        service service_2 uses store {
          command Handle(id int) {
            reply ();
          }
          on SomethingHappened from broker_events {
          }
        }

        layout {
          client 44 60;
          service 200 60;
          store 380 60;
          broker 40 300;
          service_2 600 60;
        }
    "#]],
    );
    let canvas = document.canvas();
    assert_eq!(canvas.nodes.len(), 5);
    assert_eq!(canvas.wires.len(), 5);
    assert_eq!(
        (canvas.nodes[0].frame.x, canvas.nodes[0].frame.y),
        (44.0, 60.0)
    );
}

#[test]
fn rename_delete_and_duplicate_reach_everything() {
    let mut document = Document::open(OUTBOX);
    let rename = Command::Rename {
        node: "orders_db".into(),
        name: "ledger".into(),
    };
    document.apply(rename).expect("the name is free");
    assert!(!document.text().contains("orders_db"));
    let taken = Command::Rename {
        node: "ledger".into(),
        name: "stock_db".into(),
    };
    let refusal = document.apply(taken).expect_err("it is taken").to_string();
    assert!(refusal.contains("taken"), "{refusal}");
    let copied = document.apply(Command::Duplicate {
        node: "inventory".into(),
    });
    assert_eq!(copied.expect("it is possible").select, ["inventory_2"]);
    let frame = |name: &str| {
        let nodes = document.canvas().nodes.iter();
        nodes
            .into_iter()
            .find(|node| &*node.name == name)
            .map(|node| node.frame)
    };
    assert_ne!(
        frame("inventory_2").map(|it| it.x),
        frame("inventory").map(|it| it.x)
    );
    let delete = Command::Delete {
        nodes: vec!["inventory".into(), "inventory_2".into()],
    };
    document.apply(delete).expect("both are there");
    assert!(!document.text().contains("service inventory"));
    assert!(
        document
            .text()
            .contains("-- Two designs on the same workload.")
    );
    while document.undo().is_some() {}
    assert_eq!(document.text(), OUTBOX);
}

#[test]
fn a_drag_is_one_step() {
    let mut document = Document::open(OUTBOX);
    for (gesture, x) in [(1, 130), (1, 140), (1, 151), (2, 300)] {
        let moves = vec![("orders".to_owned(), x, 240)];
        document
            .apply(Command::MoveNodes { moves, gesture })
            .expect("it is there");
    }
    assert!(document.text().contains("orders 300 240"));
    document.undo();
    assert!(document.text().contains("orders 152 240"));
    document.undo();
    assert_eq!(document.text(), OUTBOX);
    assert!(!document.can_undo());
}

#[test]
fn a_service_gets_its_own_database_and_the_statements_that_reach_across_are_marked() {
    let mut document = Document::open(SHOP);
    let before = document.runnable().cloned();
    let command = Command::GiveOwnDatabase {
        service: "inventory".into(),
    };
    let applied = document.apply(command).expect("the tables are known");
    let design = "Own database for inventory";
    assert_eq!(document.selected_design(), Some(design));
    assert_eq!(applied.select, ["inventory", "inventory_db_2"]);
    let frames: Vec<_> = document
        .canvas()
        .nodes
        .iter()
        .map(|node| node.frame)
        .collect();
    for (index, one) in frames.iter().enumerate() {
        for other in &frames[index + 1..] {
            let apart = one.x + one.width <= other.x
                || other.x + other.width <= one.x
                || one.y + one.height <= other.y
                || other.y + other.height <= one.y;
            assert!(apart, "{one:?} covers {other:?}");
        }
    }
    let stores = document
        .canvas()
        .nodes
        .iter()
        .filter(|node| node.shape == NodeShape::Store);
    let contents: Vec<_> = stores
        .map(|store| (&*store.name, store.contents.join(" ")))
        .collect();
    assert_eq!(
        contents,
        [
            (
                "shop_db",
                "products reservations orders charges shipments outbox".to_owned()
            ),
            ("inventory_db_2", "stock".to_owned()),
        ]
    );
    let across: Vec<_> = applied
        .findings
        .iter()
        .map(|it| (it.code, it.node.as_deref()))
        .collect();
    assert_eq!(
        across,
        [
            ("foreign-table", Some("ordering")),
            ("foreign-table", Some("ordering"))
        ]
    );
    let ordering = document
        .canvas()
        .nodes
        .iter()
        .find(|node| &*node.name == "ordering");
    assert_eq!(ordering.map(|node| node.problems), Some(2));
    assert!(!document.is_valid());
    assert_eq!(document.runnable().cloned(), before);
    assert!(!document.canvas_runs());

    document
        .select_design("Shared database")
        .expect("before is one switch away");
    assert_eq!(document.canvas_runs(), before.is_some());
    document.select_design(design).expect("and after too");
    document.undo().expect("one step");
    assert_eq!(document.text(), SHOP);
    assert_eq!(document.selected_design(), Some("Shared database"));
}

#[test]
fn a_service_without_tables_of_its_own_is_refused_with_a_reason() {
    let mut document = Document::open(SHOP);
    let mut refused = |service: &str| {
        let command = Command::GiveOwnDatabase {
            service: service.into(),
        };
        document
            .apply(command)
            .expect_err("it makes no sense")
            .to_string()
    };
    assert!(refused("shoppers").starts_with("shoppers is not a service"));
    assert!(refused("nobody").starts_with("There is no nobody"));
    document
        .select_design("Database per service")
        .expect("it is there");
    let command = Command::GiveOwnDatabase {
        service: "inventory".into(),
    };
    let refusal = document.apply(command).expect_err("it has one").to_string();
    assert_eq!(refusal, "inventory shares inventory_db with nobody");
}

#[test]
fn edits_of_a_text_that_cannot_be_read_are_refused_or_fit_it() {
    let mut document = Document::open(format!("{OUTBOX}\nservice x {{"));
    let text = document.text().to_owned();
    let rename = Command::Rename {
        node: "orders".into(),
        name: "sales".into(),
    };
    let refusal = document
        .apply(rename)
        .expect_err("it cannot see the whole text");
    assert!(refusal.to_string().contains("errors"), "{refusal}");
    assert_eq!(document.text(), text);
}

/// A command on nodes that exist or do not.
fn command() -> impl Strategy<Value = Command> {
    let names = [
        "orders",
        "inventory",
        "stock_db",
        "orders_db",
        "bus",
        "shoppers",
        "service",
        "nobody",
    ];
    let node = move || (0..names.len()).prop_map(move |index| names[index].to_owned());
    let place = -40..900i32;
    prop_oneof![
        (0..Part::ALL.len(), place.clone(), place.clone()).prop_map(|(part, x, y)| {
            Command::AddNode {
                part: Part::ALL[part],
                x,
                y,
            }
        }),
        (node(), place.clone(), place, 0..3u32).prop_map(|(node, x, y, gesture)| {
            Command::MoveNodes {
                moves: vec![(node, x, y)],
                gesture,
            }
        }),
        (node(), "[a-z ']{0,5}").prop_map(|(node, name)| Command::Rename { node, name }),
        node().prop_map(|node| Command::Delete { nodes: vec![node] }),
        (node(), node()).prop_map(|(from, to)| Command::Connect { from, to }),
        (node(), node()).prop_map(|(from, to)| Command::Disconnect { from, to }),
        node().prop_map(|node| Command::Duplicate { node }),
        node().prop_map(|service| Command::GiveOwnDatabase { service }),
        (0..4usize).prop_map(|diagnostic| Command::ApplyFix { diagnostic }),
        Just(Command::Format),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn undo_takes_any_edits_back_byte_for_byte(commands in prop::collection::vec(command(), 1..10)) {
        let mut document = Document::open(OUTBOX);
        let mut texts = vec![OUTBOX.to_owned()];
        for command in commands {
            let before = document.text().to_owned();
            if document.apply(command).is_err() {
                prop_assert_eq!(document.text(), before);
            }
            texts.push(document.text().to_owned());
        }
        let last = document.text().to_owned();
        while document.undo().is_some() {
            prop_assert!(texts.iter().any(|text| text == document.text()));
        }
        prop_assert_eq!(document.text(), OUTBOX);
        while document.redo().is_some() {}
        prop_assert_eq!(document.text(), last);
    }
}

#[test]
fn every_part_of_the_panel_can_be_added_and_runs() {
    let mut document = Document::open("");
    let mut names = Vec::new();
    for part in Part::ALL {
        names.push(add(&mut document, part, 40, 40));
        assert!(
            document.is_valid(),
            "{part:?}: {:?}",
            document.diagnostics()
        );
    }
    assert_eq!(
        names,
        [
            "client", "gateway", "service", "provider", "store", "history", "broker"
        ]
    );
    let captions = document
        .canvas()
        .nodes
        .iter()
        .map(|node| node.caption.as_str());
    let shown: Vec<&str> = captions.collect();
    assert_eq!(
        shown,
        [
            "1 user",
            "gateway",
            "idle",
            "external party",
            "relational",
            "event store",
            "topic log"
        ]
    );
    let lines = [
        ("client", "gateway", "client calls gateway.Handle"),
        ("gateway", "service", "gateway calls service.Handle"),
        ("service", "provider", "service calls provider.Handle"),
        ("service", "history", "service owns history"),
    ];
    for (from, to, said) in lines {
        assert_eq!(connect(&mut document, from, to).as_deref(), Ok(said));
        assert!(document.is_valid(), "{said}: {:?}", document.diagnostics());
    }
    let refused =
        connect(&mut document, "history", "broker").expect_err("a store publishes nothing");
    assert!(refused.contains("relay"), "{refused}");
}
