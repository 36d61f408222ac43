//! The SQL reference keeps its word: every example of docs/sql.md is carried out, and its answers stand behind it.
//!
//! `cargo xtask bless` writes the answers anew. Read the difference before you commit it.

mod coverage;
mod examples;
mod page;
mod print;

use expect_test::expect_file;

const PAGE: &str = include_str!("../../../../docs/sql.md");

#[test]
fn every_example_answers_what_the_page_says() {
    expect_file!["../../../../docs/sql.md"].assert_eq(&page::answered(PAGE));
}
