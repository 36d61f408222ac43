//! One click cures what it promises to cure.

mod common;

use common::{SHOP, compiled, render};
use tidewire_syntax::{Severity, apply};

/// Applies the only fix that errors of a text offer, and answers what is wrong afterwards.
fn after_fix(text: &str) -> String {
    let whole = format!("{SHOP}{text}");
    let before = compiled(&whole);
    let errors = before
        .diagnostics
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    let fixes: Vec<_> = errors.filter_map(|finding| finding.fix.as_ref()).collect();
    let [fix] = fixes.as_slice() else {
        panic!(
            "{} fixes\n{}",
            fixes.len(),
            render(&whole, &before.diagnostics)
        );
    };
    let cured = apply(&whole, &fix.edits);
    let after = compiled(&cured);
    match after.program {
        Some(_) => String::new(),
        None => format!("{cured}\n{}", render(&cured, &after.diagnostics)),
    }
}

#[test]
fn fixes_cure() {
    let texts = [
        "client c requests 1 { call orderign.Place(sku => 'mug', qty => 1); }",
        "client c requests 1 { call ordering.Plaze(sku => 'mug', qty => 1); }",
        "client c requests 1 { call ordering.Place(sky => 'mug', qty => 1); }",
        "service s owns order_db { }",
        "service s { on Plased from orders_topic { } }",
        "service s uses orders_db { command C(sku text) { delete from orders where sku = :skuu; } }",
        "service s uses orders_db { query C() { select id from orders into o; reply (id => :o.ed); } }",
        "service s uses orders_db { command C() { delete from ordesr; } }",
        "service s uses orders_db { command C() { delete from orders_db.orders; } }",
        "service s uses orders_db, stock_db { command C() { begin; commit; } }",
        "service ordering { }",
        "invariant 'a' always no rows select 1 from stok;",
        "fault crash orderign at 1s;",
        "explore crashs 1;",
    ];
    for text in texts {
        assert_eq!(after_fix(text), "", "{text}");
    }
}
