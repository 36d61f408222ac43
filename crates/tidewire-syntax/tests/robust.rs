//! Laws that hold for every text: parsing never panics, the tree holds every byte, spans fit the text.

use proptest::prelude::*;
use tidewire_syntax::edit::{self, Access, Handler, Part, Split};
use tidewire_syntax::{
    MAX_SOURCE_BYTES, apply, from_bytes, parse, parse_expression, parse_statement, parse_statements,
};

const EXAMPLE: &str = include_str!("fixtures/dual-write.tide");

/// Pieces of the language, so that soups reach deep into the grammar.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "scenario", "about", "event", "database", "relational", "broker", "log", "service", "owns", "uses",
    "command", "query", "on", "from", "client", "users", "requests", "rate", "for", "invariant",
    "always", "finally", "within", "no", "rows", "fault", "crash", "migrate", "partition", "at",
    "after", "restart", "pause", "slow", "duplicate", "lose", "fill", "disk", "skew", "with",
    "probability", "commit", "of", "request", "the", "explore", "design", "without", "layout", "topic",
    "partitions", "isolation", "read", "committed", "connections", "latency", "workers", "every",
    "call", "publish", "to", "key", "let", "if", "else", "each", "row", "in", "require", "fail",
    "reply", "wait", "begin", "rollback", "savepoint", "select", "insert", "into", "values", "update",
    "set", "delete", "where", "join", "left", "group", "by", "order", "limit", "returning", "conflict",
    "do", "nothing", "create", "table", "primary", "unique", "check", "default", "references", "alter",
    "rename", "add", "drop", "case", "when", "then", "end", "cast", "as", "exists", "not", "null", "is",
    "between", "like", "and", "or", "distinct", "update", "int", "text", "numeric", "name", "E",
    "\"q\"", "'s'", "'", "\"", "1", "2.5", "50ms", "3rd", "12x", ":p", "(", ")", "{", "}", "[", "]",
    ",", ";", ".", "::", "=>", "->", "->>", "<->", "=", "<>", "<", "+", "-", "*", "/", "%", "||", "#",
    "$", "é", "\n", "-- c\n", "/*", "*/",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.join(" "))
}

/// The example with a stretch replaced by something else, as while typing.
fn mutilated() -> impl Strategy<Value = String> {
    let length = EXAMPLE.len();
    (0..length, 0..40_usize, soup()).prop_map(|(start, cut, new)| {
        let end = (start + cut).min(EXAMPLE.len());
        format!("{}{}{}", &EXAMPLE[..start], new, &EXAMPLE[end..])
    })
}

/// Every edit of the canvas on whatever stands there: refused or made, and never out of place.
fn edits_fit(text: &str) -> Result<(), TestCaseError> {
    let parsed = parse(text);
    let split = |base| Split {
        base,
        design: "it's new",
        service: "orders",
        source: "orders_db",
        target: "own_db",
        tables: &["orders", "outbox"],
        position: Some((1, 2)),
    };
    for design in [None, Some(0), Some(1), Some(9)] {
        let all = [
            edit::add_block(&parsed, Part::Service, "new", design),
            edit::add_topic(&parsed, "bus", "new", design),
            edit::rename(&parsed, "orders", "a b"),
            edit::delete(&parsed, &["orders", "bus", "shoppers", "stock_db"]),
            edit::duplicate(&parsed, "orders", "new"),
            edit::set_positions(&parsed, &[("orders", -1, 2), ("bus", 3, 4)], design),
            edit::add_store(&parsed, "orders", "new", Access::Uses, design),
            edit::remove_store(&parsed, "orders", "orders_db", design),
            edit::add_subscription(&parsed, "orders", "OrderPlaced", "t", design),
            edit::add_call(
                &parsed,
                "shoppers",
                Handler::Client,
                "orders",
                "PlaceOrder",
                design,
            ),
            edit::add_publish(
                &parsed,
                "orders",
                Handler::Command("PlaceOrder"),
                "OrderPlaced",
                "t",
                design,
            ),
            edit::split_database(&parsed, &split(design)),
        ];
        for edits in all.into_iter().flatten() {
            let mut end = 0;
            for edit in edits {
                prop_assert!(end <= edit.span.start && edit.span.start <= edit.span.end);
                end = edit.span.end;
                prop_assert!(text.get(edit.span.start as usize..end as usize).is_some());
            }
        }
    }
    Ok(())
}

fn laws(text: &str) -> Result<(), TestCaseError> {
    let parsed = parse(text);
    prop_assert_eq!(parsed.syntax().text().to_string(), text);
    for one in parsed.diagnostics() {
        prop_assert!(one.span.start <= one.span.end && one.span.end as usize <= text.len());
        prop_assert!(!one.message.is_empty());
        if let Some(fix) = &one.fix {
            prop_assert_ne!(apply(text, &fix.edits), text);
        }
    }
    parse_statement(text);
    parse_statements(text);
    parse_expression(text);
    let mut end = 0;
    for (span, _) in parsed.highlight() {
        prop_assert!(end <= span.start && span.start < span.end);
        end = span.end;
    }
    prop_assert_eq!(parsed.format().is_some(), parsed.diagnostics().is_empty());
    edits_fit(text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        laws(&text)?;
    }

    #[test]
    fn any_soup(text in soup()) {
        laws(&text)?;
    }

    #[test]
    fn any_mutilated_example(text in mutilated()) {
        laws(&text)?;
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        match from_bytes(&bytes) {
            Ok(text) => laws(text)?,
            Err(diagnostic) => prop_assert_eq!(diagnostic.code, "not-utf8"),
        }
    }
}

fn codes(text: &str) -> Vec<&'static str> {
    parse(text)
        .diagnostics()
        .iter()
        .map(|one| one.code)
        .collect()
}

#[test]
fn nesting_has_a_limit_of_its_own() {
    let parens = |n: usize| format!("{}1{}", "(".repeat(n), ")".repeat(n));
    assert!(parse_expression(&parens(60)).0.is_some());
    for deep in [
        parens(100_000),
        "not ".repeat(50_000) + "true",
        "- ".repeat(50_000) + "1",
        vec!["1"; 50_000].join(" + "),
        vec!["a"; 50_000].join(" or "),
        "f(".repeat(50_000),
        "case when ".repeat(20_000),
        "(select ".repeat(20_000),
        "1 = (select 1 where ".repeat(10_000),
        "x".to_string() + &"::int".repeat(40_000),
    ] {
        let (value, diagnostics) = parse_expression(&deep);
        assert!(value.is_none());
        assert_eq!(diagnostics[0].code, "too-deep", "{}", &deep[..20]);
    }
    let blocks = format!(
        "service s {{ command c() {{ {}",
        "if true { ".repeat(20_000)
    );
    assert_eq!(
        codes(&blocks)[0],
        "syntax",
        "the unclosed braces come first by place"
    );
    assert!(codes(&blocks).contains(&"too-deep"));
    let chain = format!(
        "service s {{ command c() {{ if a {{}} {} }} }}",
        "else if a {}".repeat(9_000)
    );
    assert!(codes(&chain).contains(&"too-deep"));
}

#[test]
fn long_lists_are_not_deep() {
    let list = vec!["1"; 30_000].join(", ");
    assert!(parse_expression(&format!("x in ({list})")).0.is_some());
}

#[test]
fn length_has_a_limit() {
    let long = " ".repeat(MAX_SOURCE_BYTES + 1);
    assert_eq!(codes(&long), ["too-long"]);
    assert_eq!(parse(&long).syntax().text().to_string(), long);
    assert_eq!(codes(&long[1..]), Vec::<&str>::new());
    assert_eq!(from_bytes(long.as_bytes()).unwrap_err().code, "too-long");
}

#[test]
fn bytes_that_are_not_utf8_are_refused_with_their_place() {
    let refused = from_bytes(b"scenario 'a'\nabout '\xff'").unwrap_err();
    assert_eq!(refused.span.start, 20);
    assert!(refused.message.contains("line 2"), "{}", refused.message);
}
