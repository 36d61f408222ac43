//! Laws of the parser for any bytes: the tree holds every byte, places fit, formatting is stable.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidewire_syntax::{
    apply, from_bytes, parse, parse_expression, parse_statement, parse_statements,
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = from_bytes(bytes) else { return };
    let parsed = parse(text);
    assert_eq!(parsed.syntax().text(), text, "the tree lost something");
    for one in parsed.diagnostics() {
        assert!(one.span.start <= one.span.end && one.span.end as usize <= text.len());
        if let Some(fix) = &one.fix {
            assert_ne!(
                apply(text, &fix.edits),
                text,
                "{} changes nothing",
                fix.title
            );
        }
    }
    let mut end = 0;
    for (span, _) in parsed.highlight() {
        assert!(end <= span.start && span.start < span.end);
        end = span.end;
    }
    if let Some(formatted) = parsed.format() {
        let again = parse(&formatted);
        assert_eq!(again.diagnostics(), [], "formatted:\n{formatted}");
        assert_eq!(again.format().as_deref(), Some(&*formatted));
    }
    parse_statement(text);
    parse_statements(text);
    parse_expression(text);
});
