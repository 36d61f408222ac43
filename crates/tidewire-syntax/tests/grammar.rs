//! The whole grammar through the public door: what parses, into what, and that the tree is lossless.

use tidewire_syntax::ast::{ItemKind, ServiceMember, StepKind};
use tidewire_syntax::{LineColumn, parse};

const DUAL_WRITE: &str = include_str!("fixtures/dual-write.tide");

/// Diagnostics as `line:column code: message`.
fn complaints(text: &str) -> Vec<String> {
    parse(text)
        .diagnostics()
        .iter()
        .map(|one| {
            let place = LineColumn::of(text, one.span.start);
            format!(
                "{}:{} {}: {}",
                place.line, place.column, one.code, one.message
            )
        })
        .collect()
}

#[test]
fn the_example_parses_completely() {
    assert_eq!(complaints(DUAL_WRITE), Vec::<String>::new());
    let parse = parse(DUAL_WRITE);
    assert_eq!(parse.syntax().text().to_string(), DUAL_WRITE);
    assert_eq!(parse.file().items.len(), 15);
}

#[test]
fn the_example_keeps_the_case_of_block_names_and_folds_columns() {
    let parse = parse(DUAL_WRITE);
    let service = parse.file().items.iter().find_map(|item| match &item.kind {
        ItemKind::Service(service) => Some(service),
        _ => None,
    });
    let Some(ServiceMember::Subscription(on)) = service.map(|it| &it.members[0].kind) else {
        panic!("no subscription")
    };
    assert_eq!(on.event.as_str(), "OrderPlaced");
    assert_eq!(on.body.len(), 4);
    assert!(matches!(on.body[2].kind, StepKind::If { .. }));
}
