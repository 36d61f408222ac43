//! The formatter: its look, and its laws.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tidewire_syntax::{SyntaxKind, format, parse};

const EXAMPLE: &str = include_str!("fixtures/dual-write.tide");
const EVERY_FORM: &str = include_str!("fixtures/every-form.tide");

fn check(text: &str, expect: Expect) {
    let formatted = format(text).expect("the text has no errors");
    expect.assert_eq(&formatted);
    assert_eq!(
        format(&formatted).as_deref(),
        Some(formatted.as_str()),
        "not idempotent"
    );
}

#[test]
fn faults() {
    check(
        "fault  pause inventory # 2 at 1s for 300ms;fault skew s by - 200ms at 1s;\n\
         fault drop a->b E with probability 0.5% for 2s; fault lose reply of s . C after commit of request 7;",
        expect![[r#"
            fault pause inventory#2 at 1s for 300ms;
            fault skew s by -200ms at 1s;
            fault drop a -> b E with probability 0.5 % for 2s;
            fault lose reply of s.C after commit of request 7;
        "#]],
    );
}

/// The tokens of a text, comments included, in order.
fn tokens(text: &str, comments: bool) -> Vec<(SyntaxKind, String)> {
    parse(text)
        .syntax()
        .descendants_with_tokens()
        .filter_map(|element| element.into_token())
        .filter(|token| !token.kind().is_trivia() || (comments && token.kind().is_comment()))
        .map(|token| (token.kind(), token.text().trim_end().to_string()))
        .collect()
}

/// A text with the same tokens and other blanks and comments between them.
fn respaced(source: &str, gaps: &[usize]) -> String {
    const GAPS: &[&str] = &[
        " ",
        " ",
        " ",
        " ",
        "\n",
        "\n",
        "\n\n\n",
        "\t",
        " -- why\n",
        "\n-- alone\n",
        "\n\n  -- apart\n\n",
        " /* in */ ",
        "\n/* own\n   lines */\n",
        "/**/",
    ];
    let mut text = String::new();
    for (at, (_, token)) in tokens(source, false).iter().enumerate() {
        text.push_str(token);
        text.push_str(GAPS[gaps[at % gaps.len()] % GAPS.len()]);
        if text.ends_with("/**/") {
            text.push(' ');
        }
    }
    text
}

fn laws(text: &str) -> Result<(), TestCaseError> {
    let Some(formatted) = format(text) else {
        let complaints = parse(text).diagnostics().to_vec();
        return Err(TestCaseError::fail(format!("{complaints:?}")));
    };
    prop_assert_eq!(
        tokens(&formatted, true),
        tokens(text, true),
        "tokens changed:\n{}",
        formatted
    );
    let again = format(&formatted);
    prop_assert_eq!(again.as_deref(), Some(formatted.as_str()), "not idempotent");
    prop_assert!(!formatted.contains("\n\n\n"));
    prop_assert!(formatted.lines().all(|line| !line.ends_with(' ')));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn keeps_tokens_and_comments_and_is_idempotent(
        gaps in prop::collection::vec(0..14_usize, 1..400),
        every in any::<bool>(),
    ) {
        let source = if every { EVERY_FORM } else { EXAMPLE };
        laws(&respaced(source, &gaps))?;
    }

    #[test]
    fn blanks_within_a_line_do_not_count(tabs in prop::collection::vec(any::<bool>(), 1..40)) {
        let gaps: Vec<usize> = tabs.iter().map(|tab| if *tab { 7 } else { 0 }).collect();
        prop_assert_eq!(format(&respaced(EXAMPLE, &gaps)), format(&respaced(EXAMPLE, &[0])));
    }
}

#[test]
fn every_form() {
    let expected = expect_test::expect_file!["fixtures/every-form.formatted.tide"];
    let formatted = format(EVERY_FORM).expect("no errors");
    expected.assert_eq(&formatted);
    laws(EVERY_FORM).unwrap();
}

#[test]
fn queries() {
    let source = include_str!("fixtures/queries.tide");
    let formatted = format(source).expect("no errors");
    expect_test::expect_file!["fixtures/queries.formatted.tide"].assert_eq(&formatted);
    laws(source).unwrap();
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test may read the gallery")]
fn the_laws_hold_on_the_gallery() {
    let gallery = concat!(env!("CARGO_MANIFEST_DIR"), "/../../gallery");
    for folder in std::fs::read_dir(gallery).into_iter().flatten().flatten() {
        let path = folder.path().join("scenario.tide");
        if let Ok(text) = std::fs::read_to_string(&path) {
            laws(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        }
    }
}

#[test]
fn a_text_with_errors_is_left_alone() {
    assert_eq!(format("service {"), None);
    assert_eq!(format("").as_deref(), Some(""));
    assert_eq!(
        format("  \n -- only a comment\n\n").as_deref(),
        Some("-- only a comment\n")
    );
}

#[test]
fn comments_stay_where_they_belong() {
    check(
        "-- head\nservice s{-- of the block\n\n\n-- own line\n  command c(a int /* in */,b text){ -- c\n select 1; -- one\n\n\n -- last\n}\n/* alone */\n}",
        expect![[r#"
            -- head
            service s { -- of the block

              -- own line
              command c(a int /* in */, b text) { -- c
                select 1; -- one

                -- last
              }
              /* alone */
            }
        "#]],
    );
}

#[test]
fn transactions_indent_their_steps() {
    check(
        "service s { command c() { begin; select 1; if true { rollback; fail E; } savepoint a; rollback to a; commit; reply; } }",
        expect![[r#"
            service s {
              command c() {
                begin;
                  select 1;
                  if true {
                    rollback;
                    fail E;
                  }
                  savepoint a;
                  rollback to a;
                commit;
                reply;
              }
            }
        "#]],
    );
}

#[test]
fn long_statements_are_wrapped_at_clauses_then_at_conditions() {
    check(
        "invariant 'x' always no rows select a.id, b.name from shop.orders a join shop.customers b on b.id = a.customer where a.total < 0 and b.active and not exists (select 1 from shop.payments p where p.order_id = a.id and p.amount > 0 and p.state = 'settled') order by a.id;",
        expect![[r#"
            invariant 'x' always no rows
              select a.id, b.name from shop.orders a join shop.customers b on b.id = a.customer
              where a.total < 0 and b.active
                and not exists (
                  select 1 from shop.payments p where p.order_id = a.id and p.amount > 0 and p.state = 'settled'
                )
              order by a.id;
        "#]],
    );
}
