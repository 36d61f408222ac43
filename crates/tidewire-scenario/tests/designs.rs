//! Designs merge by member, and all of them are checked.

mod common;

use common::{SHOP, check, listing, program, render};
use expect_test::expect;
use tidewire_scenario::{PartKind, compile};
use tidewire_syntax::parse;

const TWO: &str = "\
database d relational { connections 3; create table t (a int); insert into t values (1); create table u (a int); }
service s owns d { workers 2; command C() { delete from t; } command D() { delete from u; } }
design 'A' { }
design 'B' {
  database d { create table t (a int, b int); insert into t values (1, 2), (3, 4); connections 4; }
  service s { without D; command C() { update t set b = 0; } }
  database e relational { }
}
";

#[test]
fn members_of_the_same_name_replace_and_others_stay() {
    let b = compile(&parse(TWO), Some("B"));
    assert_eq!(render(TWO, &b.diagnostics), "");
    let b = b.program.expect("it compiles");
    let tables: Vec<String> = b.databases[0]
        .initial
        .catalog()
        .tables()
        .map(|table| format!("{} {}", table.name, table.columns.len()))
        .collect();
    assert_eq!(tables, ["t 2", "u 1"]);
    assert_eq!(b.databases[0].connections, 4);
    assert_eq!(b.services[0].workers, 2);
    let names: Vec<&str> = b.handlers.iter().map(|handler| &*handler.name).collect();
    assert_eq!(names, ["C"]);
    assert_eq!(b.nodes.len(), 3);
    assert_eq!((b.design, b.designs.len()), (Some(1), 2));
}

#[test]
fn the_first_design_is_the_default_and_names_are_forgiving() {
    assert_eq!(program(TWO).design, Some(0));
    assert_eq!(compile(&parse(TWO), Some("b")).design, Some(1));
    let unknown = compile(&parse(TWO), Some("C"));
    assert!(unknown.program.is_none());
    expect![[r#"
        1:1 error unknown-design: no design named 'C' / did you mean 'A'?
    "#]]
    .assert_eq(&render(TWO, &unknown.diagnostics));
}

#[test]
fn an_error_of_one_design_does_not_hinder_the_other() {
    let text = "\
service s { }
client c requests 1 { call s.C(); }
design 'Right' { service s { command C() { } } }
design 'Wrong' { service s { command D() { } } }
";
    let right = compile(&parse(text), None);
    assert!(right.program.is_some());
    expect![[r#"
        2:30 error unknown-name: no command of s named `C` (in design 'Wrong') / did you mean `D`? [Change to `D`]
    "#]].assert_eq(&render(text, &right.diagnostics));
    let wrong = compile(&parse(text), Some("Wrong"));
    assert!(wrong.program.is_none());
    assert_eq!(wrong.outline.nodes.len(), 2, "the canvas still shows it");
}

#[test]
fn what_may_not_stand_in_a_design() {
    check(
        "service s { }\n\
         without s;\n\
         design 'A' {\n\
         client c requests 1 { }\n\
         invariant 'x' always no rows select 1;\n\
         without nobody;\n\
         service s { without nothing; }\n\
         }\n\
         design 'A' { service s { } service s { } }\n",
        expect![[r#"
            2:1 error syntax: expected a block, found `without` / one of: scenario, about, event, database, broker, service, projection, gateway, external, relay, client, invariant, fault, explore, design, lesson, layout
            4:1 error misplaced: clients and invariants stand outside the designs / move it out of the design: the same workload and the same rules are what makes a comparison fair
            5:1 error misplaced: clients and invariants stand outside the designs / move it out of the design: the same workload and the same rules are what makes a comparison fair
            6:9 error unknown-name: no common block named `nobody` / known here: s
            7:21 error unknown-name: no member of this block named `nothing` / there is no member of this block here at all
            9:8 error duplicate-name: a design named 'A' exists already / give it another name: a run picks its design by name
            9:36 error duplicate-name: s is written twice / keep one of them, or give the other a name of its own [Remove the second one]
        "#]],
    );
}

#[test]
fn headers_replace_and_without_takes_a_database_out() {
    let text = "\
database a relational { create table x (i int); }
database b relational { create table x (i int); }
service s uses a { command C() { delete from x; } }
design 'Old' { }
design 'New' { service s owns b { without a; } }
";
    let new = compile(&parse(text), Some("New"));
    assert_eq!(render(text, &new.diagnostics), "");
    let new = new.program.expect("it compiles");
    assert_eq!(new.services[0].uses, []);
    assert_eq!(
        new.databases[new.statements[0].database.index()].name,
        "b".into()
    );
}

#[test]
fn an_invariant_finds_its_table_in_every_design() {
    let text = "\
invariant 'None' always no rows select t.a from d.t join e.u on u.a = t.a;
design 'Shared' { database one relational { create table t (a int); create table u (a int); } }
design 'Apart' {
  database d relational { create table t (a int); }
  database e relational { create table u (a int); create table t (a int); }
}
";
    for (design, stores) in [("Shared", 1), ("Apart", 2)] {
        let compiled = compile(&parse(text), Some(design));
        assert_eq!(render(text, &compiled.diagnostics), "");
        let program = compiled.program.expect("it compiles");
        assert_eq!(program.invariants[0].databases.len(), stores, "{design}");
    }
}

#[test]
fn origins_tell_where_a_block_was_written() {
    let compiled = compile(&parse(TWO), Some("B"));
    let places: Vec<(PartKind, bool, bool)> = compiled
        .outline
        .nodes
        .iter()
        .map(|node| {
            (
                node.kind,
                node.origin.common.is_some(),
                node.origin.design.is_some(),
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            (PartKind::Database, true, true),
            (PartKind::Service, true, true),
            (PartKind::Database, false, true),
        ]
    );
}

#[test]
fn an_empty_design_changes_nothing() {
    let plain = program(SHOP);
    let text = format!("{SHOP}design 'Empty' {{ }}\n");
    let designed = program(&text);
    assert_eq!(designed.wires, plain.wires);
    assert_eq!(designed.nodes.len(), plain.nodes.len());
    for handler in &plain.handlers {
        let name = &handler.name;
        assert_eq!(listing(&text, &designed, name), listing(SHOP, &plain, name));
    }
}

#[test]
fn a_block_means_the_same_wherever_it_stands() {
    let (common, service) = SHOP.split_at(SHOP.find("service").expect("a service"));
    let moved = format!("{common}design 'Only' {{ {service} }}\n");
    let (plain, designed) = (program(SHOP), program(&moved));
    for handler in &plain.handlers {
        let name = &handler.name;
        assert_eq!(
            listing(&moved, &designed, name),
            listing(SHOP, &plain, name)
        );
    }
}
