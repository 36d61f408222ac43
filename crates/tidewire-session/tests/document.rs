//! What a person does to a document, through its public face.

use tidewire_session::document::{Command, Document};
use tidewire_session::view::{Glyph, NodeShape, WireStyle};
use tidewire_syntax::Span;

const SHOP: &str = include_str!("../../../gallery/shared-database/scenario.tide");
const OUTBOX: &str = include_str!("fixtures/outbox.tide");

fn typed(document: &mut Document, at: usize, text: &str) {
    let at = at as u32;
    let span = Span::new(at, at);
    let command = Command::ReplaceText {
        span,
        text: text.into(),
    };
    document.apply(command).expect("typing is never refused");
}

#[test]
fn the_canvas_shows_the_selected_design() {
    let mut document = Document::open(SHOP);
    assert_eq!(document.title(), "Shared database");
    assert_eq!(
        document.designs(),
        ["Shared database", "Database per service"]
    );
    assert_eq!(document.selected_design(), Some("Shared database"));
    let stores = |document: &Document| {
        let nodes = document.canvas().nodes.iter();
        nodes.filter(|node| node.shape == NodeShape::Store).count()
    };
    assert_eq!(stores(&document), 1);
    document
        .select_design("Database per service")
        .expect("it is there");
    assert_eq!(stores(&document), 5);
    let regions = document.canvas().regions.iter();
    let labels: Vec<&str> = regions.map(|region| region.label.as_str()).collect();
    let expected = ["payments", "shipping", "catalog", "ordering", "inventory"];
    assert_eq!(labels, expected.map(|owner| format!("owned by {owner}")));
    assert!(
        document
            .canvas()
            .wires
            .iter()
            .any(|wire| wire.kind == WireStyle::Feed)
    );
    let refusal = document
        .select_design("Nowhere")
        .expect_err("it is not there");
    assert!(
        refusal
            .to_string()
            .ends_with("Shared database, Database per service."),
        "{refusal}"
    );
}

#[test]
fn half_typed_blocks_do_not_take_the_canvas_away() {
    let mut document = Document::open(OUTBOX);
    let before = document.canvas().clone();
    let end = document.text().len();
    for (at, key) in "service x {".char_indices() {
        typed(&mut document, end + at, &key.to_string());
        assert_eq!(document.canvas().nodes, before.nodes, "after {key:?}");
    }
    assert!(!document.is_valid());
    assert!(
        document
            .diagnostics()
            .iter()
            .any(|finding| finding.line > 1)
    );
}

#[test]
fn undo_gives_back_the_text_and_the_design() {
    let mut document = Document::open(SHOP);
    typed(&mut document, 0, "-");
    typed(&mut document, 1, "- first");
    document
        .select_design("Database per service")
        .expect("it is there");
    typed(&mut document, 0, "-- second\n");
    assert_eq!(
        document.undo().map(|undone| undone.announcement).as_deref(),
        Some("Undid: typing")
    );
    assert!(document.text().starts_with("-- firstscenario"));
    while document.undo().is_some() {}
    assert_eq!(document.text(), SHOP);
    while document.redo().is_some() {}
    assert!(document.text().starts_with("-- second\n-- first"));
    assert_eq!(document.selected_design(), Some("Database per service"));
}

#[test]
fn a_text_over_the_limit_is_refused_and_nothing_is_lost() {
    let mut document = Document::open(OUTBOX);
    let refusal = document
        .apply(Command::SetText("-".repeat(300 * 1024)))
        .expect_err("too long");
    assert!(refusal.to_string().contains("256 KiB"), "{refusal}");
    assert_eq!(document.text(), OUTBOX);
    assert!(!document.can_undo());
}

#[test]
fn wires_that_make_no_sense_are_refused_with_a_reason() {
    let document = Document::open(SHOP);
    let refused = |from: &str, to: &str| {
        let refusal = document.can_connect(from, to).expect_err("makes no sense");
        refusal.to_string()
    };
    assert!(refused("shop_db", "bus").contains("relay"));
    assert!(refused("shoppers", "shop_db").contains("service"));
    assert!(refused("ordering", "ordering").contains("itself"));
    assert!(refused("ordering", "nowhere").contains("no nowhere"));
    assert_eq!(document.can_connect("ordering", "shop_db"), Ok(()));
}

#[test]
fn anything_may_be_opened() {
    for text in [
        "",
        "}{",
        "\u{0}",
        "service",
        "design 'x' {",
        &"(".repeat(10_000),
    ] {
        let document = Document::open(text);
        assert_eq!(document.text(), text);
        assert!(document.runnable().is_none() || document.is_valid());
    }
}

#[test]
fn stores_and_brokers_show_their_kind_even_where_they_cannot_run() {
    let text = "\
database a relational { } database b document { } database c events { }
broker l log { } broker q queue { } broker p pubsub { }
service s { }";
    let document = Document::open(text);
    let nodes = document.canvas().nodes.iter();
    let shown: Vec<(Glyph, &str)> = nodes.map(|it| (it.glyph, it.caption.as_str())).collect();
    assert_eq!(
        shown,
        [
            (Glyph::Relational, "relational"),
            (Glyph::Document, "document"),
            (Glyph::Events, "event store"),
            (Glyph::Log, "topic log"),
            (Glyph::Queue, "queue"),
            (Glyph::PubSub, "pub/sub"),
            (Glyph::None, "idle"),
        ]
    );
}

#[test]
fn what_a_projection_writes_is_a_read_model() {
    const CQRS: &str = include_str!("../../../gallery/cqrs/scenario.tide");
    let document = Document::open(CQRS);
    let glyph = |name: &str| {
        let mut nodes = document.canvas().nodes.iter();
        nodes
            .find(|node| &*node.name == name)
            .map(|node| node.glyph)
    };
    assert_eq!(glyph("views_db"), Some(Glyph::ReadModel));
    assert_eq!(glyph("orders_db"), Some(Glyph::Relational));
}
