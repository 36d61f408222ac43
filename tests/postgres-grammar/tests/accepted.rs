//! What our parser accepts, PostgreSQL's accepts, and groups its operators alike.

use std::cell::Cell;

use proptest::prop_assert;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tidewire_postgres_grammar::edits::edited;
use tidewire_postgres_grammar::harvest::statements;
use tidewire_postgres_grammar::is_accepted;
use tidewire_postgres_grammar::rewrite::{grouped, positional};

/// Edited statements that the test tries, the same ones every time.
const CASES: u32 = 20_000;

fn refusal(statement: &str) -> Option<String> {
    let sql = positional(statement);
    let error = pg_query::parse(&sql).err()?;
    Some(format!("{error}: {sql}"))
}

/// PostgreSQL's own reading of a statement, printed.
fn reading(sql: &str) -> Option<String> {
    pg_query::parse(&positional(sql)).ok()?.deparse().ok()
}

/// Where PostgreSQL reads a statement otherwise than we do.
fn disagreement(statement: &str) -> Option<String> {
    let plain = reading(statement)?;
    let ours = reading(&grouped(statement)?).unwrap_or_default();
    (plain != ours).then(|| format!("{statement}\n  PostgreSQL: {plain}\n  we:         {ours}"))
}

#[test]
fn every_statement_of_the_repository_parses() {
    let statements = statements().expect("the repository can be read");
    assert!(
        statements.len() > 500,
        "only {} statements",
        statements.len()
    );
    let refused: Vec<String> = statements.iter().filter_map(|one| refusal(one)).collect();
    assert!(refused.is_empty(), "\n{}", refused.join("\n"));
}

#[test]
fn every_statement_of_the_repository_is_grouped_alike() {
    let statements = statements().expect("the repository can be read");
    let differ: Vec<String> = statements
        .iter()
        .filter_map(|one| disagreement(one))
        .collect();
    assert!(differ.is_empty(), "\n{}", differ.join("\n"));
}

#[test]
fn what_grows_from_them_by_random_edits_parses_and_is_grouped_alike() {
    let statements: Vec<String> = statements()
        .expect("the repository can be read")
        .into_iter()
        .filter(|one| one.len() < 400)
        .collect();
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let accepted = Cell::new(0_u32);
    let outcome = runner.run(&edited(statements), |edited| {
        if is_accepted(&edited) {
            accepted.set(accepted.get() + 1);
            let found = refusal(&edited).or_else(|| disagreement(&edited));
            prop_assert!(found.is_none(), "{}", found.unwrap_or_default());
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(
        accepted.get() > CASES / 20,
        "only {} were accepted",
        accepted.get()
    );
}
