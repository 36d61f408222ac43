//! Gateways and external parties: services with a role of their own.

mod common;

use common::{check, program};
use expect_test::expect;
use tidewire_syntax::ast::ServiceRole;

const PARTY: &str = "\
database card_db relational { create table charges (key text primary key, amount int not null); }
external card_provider owns card_db {
  command Charge(key text, amount int) {
    insert into charges values (:key, :amount) on conflict do nothing;
    reply ();
  }
}
";

#[test]
fn both_have_the_members_of_a_service() {
    let text = format!(
        "{PARTY}gateway shop {{ workers 2; query Look() {{ reply (x => 1); }}\n\
         command Buy() {{ call card_provider.Charge(key => 'a', amount => 1) timeout 1s; reply (); }} }}\n\
         client c requests 1 {{ call shop.Buy(); }}"
    );
    let roles: Vec<(String, ServiceRole)> = program(&text)
        .services
        .iter()
        .map(|service| (service.name.to_string(), service.role))
        .collect();
    assert_eq!(
        roles,
        [
            ("card_provider".to_owned(), ServiceRole::External),
            ("shop".to_owned(), ServiceRole::Gateway),
        ]
    );
}

#[test]
fn nobody_rolls_an_external_party_back() {
    check(
        &format!(
            "{PARTY}database orders_db relational {{ create table orders (id int primary key); }}\n\
             service shop owns orders_db {{ command Buy() {{ begin; insert into orders values (1);\n\
             call card_provider.Charge(key => 'a', amount => 1); commit; }} }}\n"
        ),
        expect![[r#"
            10:1 warning external-in-transaction: what card_provider.Charge does is outside the transaction on orders_db, and nobody can roll it back / write down what is wanted and commit, then call card_provider, with a key by which it knows a repeated call
        "#]],
    );
}

#[test]
fn the_database_of_an_external_party_is_its_own() {
    check(
        &format!("{PARTY}service shop uses card_db {{ }}\n"),
        expect![[r#"
            1:10 note shared-database: card_db is shared by card_provider, shop / each may change rows and columns that the others rely on, and one outage stops all
            8:19 error external-database: shop cannot reach card_db: card_provider is an external party, whose database is its own / call card_provider
        "#]],
    );
}

#[test]
fn a_design_does_not_change_the_role() {
    check(
        "gateway shop { command A() { } }\ndesign 'One' { service shop { command B() { } } }\n",
        expect![[r#"
            2:24 error wrong-kind: shop is written as gateway in the common part, and as service here / write gateway shop here too
        "#]],
    );
}

#[test]
fn a_mistyped_word_is_corrected() {
    check(
        "extrnal shop { }\n",
        expect![[r#"
            1:1 error syntax: expected a block, found `extrnal` / did you mean `external`? [Change to `external`]
        "#]],
    );
}
