//! What is said about `on error`, `retry` and `parallel`.

mod common;

use common::{check_in_shop, program};
use expect_test::expect;

#[test]
fn a_failure_that_nothing_names_is_a_warning() {
    check_in_shop(
        "service s owns orders_db { command A() {\n\
         wait 1ms; on error Timout { }\n\
         require 1 = 1 else fail SoldOut;\n\
         retry 2 on SoldOut, 40001, '40P01', Solidout { wait 1ms; }\n\
         } }",
        expect![[r#"
            2:20 warning unknown-failure: no failure named `Timout` / did you mean `Timeout`? [Change to `Timeout`]
            4:37 warning unknown-failure: no failure named `Solidout` / did you mean `SoldOut`? [Change to `SoldOut`]
        "#]],
    );
}

#[test]
fn a_clause_behind_nothing() {
    check_in_shop(
        "service s owns orders_db { command A() { on error { } } on error { } }",
        expect![[r#"
            1:42 error syntax: `on error` stands behind nothing here / write it behind the step or the { … } whose failure it catches
            1:57 error syntax: `on error` stands outside a handler / write it behind the step or the { … } whose failure it catches
        "#]],
    );
}

#[test]
fn transactions_do_not_span_a_unit_or_a_branch() {
    check_in_shop(
        "service s owns orders_db { command A() {\n\
         begin;\n\
         retry 2 { wait 1ms; }\n\
         parallel { wait 1ms; }\n\
         commit;\n\
         parallel { { begin; insert into orders (sku) values ('a'); } }\n\
         retry 2 { begin; }\n\
         } }",
        expect![[r#"
            1:36 warning transaction-left-open: the transaction on orders_db is still open at the end, and is rolled back there / write commit
            3:1 error transaction-open: the unit would run again inside the transaction on orders_db, which its failure has spoilt / begin and commit inside the unit: what is run again is the whole transaction
            3:11 warning work-in-transaction: the transaction on orders_db keeps its locks while this waits / commit first, then wait
            4:1 error transaction-open: the transaction on orders_db is open, and a branch has connections of its own / commit before parallel; a branch may have a transaction of its own
            6:12 error transaction-branch: the transaction on orders_db is open at the end of its branch / commit inside the branch
            7:1 error transaction-branch: a unit that may run again leaves a transaction open / begin and commit inside the unit
        "#]],
    );
}

#[test]
fn a_transaction_that_the_part_ended_is_over_when_it_failed() {
    check_in_shop(
        "service s owns orders_db { command A() {\n\
         begin;\n\
         insert into orders (sku) values ('a');\n\
         commit; on error 40001 { rollback; }\n\
         } }",
        expect![[r#"
            4:26 error no-transaction: no transaction is open here / write begin first; outside a transaction every statement commits by itself
        "#]],
    );
}

#[test]
fn branches_neither_reply_nor_see_each_other() {
    check_in_shop(
        "service s owns orders_db { command A() {\n\
         parallel { let a = 1; reply (x => :a); let b = :a; }\n\
         reply (sum => :a + :b);\n\
         } }",
        expect![[r#"
            2:23 error misplaced: a branch of parallel does not reply / bind the values in the branches, and reply behind the block
            2:49 error unknown-value: no value named `:a` / known here: :attempt, :now, :request_id, :row_count
        "#]],
    );
}

#[test]
fn limits_of_retries_and_branches() {
    let branches = "wait 1ms; ".repeat(17);
    check_in_shop(
        &format!(
            "service s owns orders_db {{ command A() {{\n\
             retry 101 backoff 5ms to 1ms {{ wait 1ms; }}\n\
             parallel {{ {branches} }}\n\
             }} }}"
        ),
        expect![[r#"
            2:1 error limit: the number of retries: 101 is over the limit of 100 / write a number from 1 to 100
            2:26 error limit: the longest pause is shorter than the first / write the longer one behind `to`
            3:1 error limit: 17 branches of one parallel are over the limit of 16 / split the scenario into smaller ones
        "#]],
    );
}

#[test]
fn wires_and_values_come_from_inside_too() {
    let program = program(
        "service b { query Q() { reply (x => 1); } }\n\
         gateway a { query Q() { parallel { { call b.Q(); on error { } } retry 1 { wait 1ms; } } reply (x => :x); } }\n\
         client c requests 1 { retry 2 { call a.Q(); } }",
    );
    assert_eq!(program.wires.len(), 2);
}
