//! The whole grammar through the public door: what parses, into what, and that the tree is lossless.

use expect_test::expect;
use tidewire_syntax::ast::sql::{
    Expression, ExpressionKind, IsolationLevel, Statement, TransactionModes,
};
use tidewire_syntax::ast::{ItemKind, ServiceMember, StepKind};
use tidewire_syntax::{LineColumn, parse, parse_expression, parse_statement, parse_statements};

const DUAL_WRITE: &str = include_str!("fixtures/dual-write.tide");

const EVERY_FORM: &str = include_str!("fixtures/every-form.tide");

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

/// An expression with every operand in parentheses.
fn grouped(expression: &Expression) -> String {
    use ExpressionKind as K;
    match &expression.kind {
        K::Literal(literal) => format!("{literal:?}").replace('"', ""),
        K::Column { table, column } => match table {
            Some(table) => format!("{table}.{column}"),
            None => column.to_string(),
        },
        K::Parameter { name, field } => match field {
            Some(field) => format!(":{name}.{field}"),
            None => format!(":{name}"),
        },
        K::Unary(operator, operand) => format!("({operator:?} {})", grouped(operand)),
        K::Binary(operator, left, right) => {
            format!("({} {operator:?} {})", grouped(left), grouped(right))
        }
        K::IsNull { operand, negated } => format!("({} null {negated})", grouped(operand)),
        K::IsDistinctFrom {
            left,
            right,
            negated,
        } => {
            format!("({} distinct {negated} {})", grouped(left), grouped(right))
        }
        K::Between {
            operand, low, high, ..
        } => {
            format!(
                "({} between {} {})",
                grouped(operand),
                grouped(low),
                grouped(high)
            )
        }
        K::InList {
            operand,
            list,
            negated,
        } => {
            let list: Vec<String> = list.iter().map(grouped).collect();
            format!("({} in {negated} {})", grouped(operand), list.join(" "))
        }
        K::Cast(operand, to) => format!("({} as {:?})", grouped(operand), to.kind),
        other => format!("{other:?}"),
    }
}

#[test]
fn operators_bind_as_in_postgresql() {
    for (text, expected) in [
        ("a or b and not c = d", "(a Or (b And (Not (c Equal d))))"),
        ("a = b is null", "((a Equal b) null false)"),
        ("not a is not null", "(Not (a null true))"),
        ("a + b * c - d", "((a Add (b Multiply c)) Subtract d)"),
        ("- a * b", "((Minus a) Multiply b)"),
        ("-a::int", "(Minus (a as Integer))"),
        (
            "a || b = c || d",
            "((a Concatenate b) Equal (c Concatenate d))",
        ),
        ("a - b - c", "((a Subtract b) Subtract c)"),
        ("a < b + c", "(a Less (b Add c))"),
        (
            "x -> 'a' ->> 'b' = 'c'",
            "(((x JsonField String(a)) JsonFieldText String(b)) Equal String(c))",
        ),
        (
            "a between 1 and 2 and b",
            "((a between Integer(1) Integer(2)) And b)",
        ),
        (
            "a not in (1, 2) or b",
            "((a in true Integer(1) Integer(2)) Or b)",
        ),
        (
            "a = 1 in (true)",
            "(a Equal (Integer(1) in false Boolean(true)))",
        ),
        ("a is true", "(a distinct true Boolean(true))"),
        (
            "a is not distinct from b + 1",
            "(a distinct true (b Add Integer(1)))",
        ),
        (":r.Id + :X", "(:r.id Add :x)"),
        ("\"Order\".\"A\" = T.b", "(Order.A Equal t.b)"),
        ("date '2024-01-31'", "Typed(Date, 2024-01-31)"),
        ("1.5 + 1e3", "(Decimal(1.5) Add Decimal(1e3))"),
    ] {
        let (expression, diagnostics) = parse_expression(text);
        assert_eq!(diagnostics, [], "{text}");
        assert_eq!(grouped(&expression.expect("no errors")), expected, "{text}");
    }
}

#[test]
fn statements_of_tools_parse_alone() {
    let (statement, diagnostics) = parse_statement("begin isolation level repeatable read");
    assert_eq!(diagnostics, []);
    assert_eq!(
        statement,
        Some(Statement::Begin(TransactionModes {
            isolation: Some(IsolationLevel::RepeatableRead),
            ..TransactionModes::default()
        }))
    );
    assert_eq!(parse_statement("select 1 select 2").0, None);
    let (statements, diagnostics) = parse_statements("commit; selct 1; rollback;");
    assert_eq!(
        statements,
        [
            Statement::Commit { chain: false },
            Statement::Rollback { chain: false }
        ]
    );
    assert_eq!(diagnostics.len(), 1);
}

#[test]
fn every_form_parses() {
    assert_eq!(complaints(EVERY_FORM), Vec::<String>::new());
    assert_eq!(parse(EVERY_FORM).syntax().text().to_string(), EVERY_FORM);
}

/// Comments, blanks and the case of keywords change nothing in the typed tree but the places.
#[test]
fn the_typed_tree_is_the_same_in_other_clothes() {
    let formatted = tidewire_syntax::format(EVERY_FORM).expect("no errors");
    let shown = |text: &str| {
        let tree = format!("{:?}", parse(text).file());
        // Spans print as `12..34`.
        let no_span = |piece: &str| !piece.contains("..");
        tree.split([' ', ',', ')'])
            .filter(|it| no_span(it))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(shown(&formatted), shown(EVERY_FORM));
}

#[test]
fn the_tree_of_a_small_text() {
    let text = "broker b log { topic t; -- one\n}";
    let tree = format!("{:#?}", parse(text).syntax());
    expect![[r#"
        File@0..32
          Broker@0..32
            Keyword@0..6 "broker"
            Whitespace@6..7 " "
            Word@7..8 "b"
            Whitespace@8..9 " "
            Keyword@9..12 "log"
            Whitespace@12..13 " "
            Body@13..32
              OpenBrace@13..14 "{"
              Whitespace@14..15 " "
              Topic@15..23
                Keyword@15..20 "topic"
                Whitespace@20..21 " "
                Word@21..22 "t"
                Semicolon@22..23 ";"
              Whitespace@23..24 " "
              LineComment@24..30 "-- one"
              Whitespace@30..31 "\n"
              CloseBrace@31..32 "}"
    "#]]
    .assert_eq(&tree);
}
