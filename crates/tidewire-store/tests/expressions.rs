//! Expressions mean what they mean in PostgreSQL 15, which answered each of these.

mod support;

use support::{Script, value_of};

#[test]
fn values_are_those_of_postgresql() {
    for (expression, expected) in [
        ("1 + 2 * 3", "7"),
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("-7 % 3", "-1"),
        ("7 / 2.0", "3.5000000000000000"),
        ("1.10 + 2.205", "3.305"),
        ("1.5 * 1.5", "2.25"),
        ("2147483647 + 1", "ERROR 22003 integer out of range"),
        ("2147483648 + 1", "2147483649"),
        ("9223372036854775807 + 1", "ERROR 22003 bigint out of range"),
        ("1 / 0", "ERROR 22012 division by zero"),
        ("1 = 1.0", "t"),
        ("null = null", "∅"),
        ("null and false", "f"),
        ("null or true", "t"),
        ("not null", "∅"),
        ("1 in (2, null)", "∅"),
        ("1 not in (2, 3)", "t"),
        ("null is distinct from null", "f"),
        ("1 is not distinct from 1", "t"),
        ("3 between 1 and 3", "t"),
        ("3 not between 1 and 3", "f"),
        ("'abc' like 'a_c'", "t"),
        ("'a' || 1", "a1"),
        ("'a' || null", "∅"),
        ("case when 1 > 2 then 'x' else 'y' end", "y"),
        ("case 2 when 1 then 10 when 2 then 20 end", "20"),
        ("coalesce(null, 2, 3)", "2"),
        ("nullif(1, 1)", "∅"),
        ("greatest(1, null, 3)", "3"),
        ("least(2, 1.5)", "1.5"),
        ("cast('42' as int) + 1", "43"),
        ("'2024-02-29'::date + 1", "2024-03-01"),
        ("date '2024-03-01' - date '2024-02-28'", "2"),
        ("2.5::int", "3"),
        ("cast(true as text)", "true"),
        ("round(2.345, 2)", "2.35"),
        ("round(1234.5, -2)", "1200"),
        ("abs(-5)", "5"),
        ("length('äö')", "2"),
        ("substr('hello', 2, 3)", "ell"),
        ("upper('abc')", "ABC"),
        ("concat('a', null, 1, true)", "a1t"),
        ("'{\"a\": {\"b\": [1, 2]}}'::jsonb -> 'a' -> 'b' ->> 1", "2"),
        (
            "jsonb_build_object('id', 1, 'x', null)",
            "{\"x\": null, \"id\": 1}",
        ),
        ("'[1,  2]'::json ->> 0", "1"),
        ("'x' = 'x'", "t"),
        ("'abc'::varchar(2)", "ab"),
        ("exists (select 1)", "t"),
        ("(select 5)", "5"),
        ("1 in (select 1)", "t"),
    ] {
        assert_eq!(value_of(expression), expected, "{expression}");
    }
}

#[test]
fn mistakes_are_named_in_place() {
    let mut script = Script::with("create table item (id int primary key, on_hand int, name text)");
    let mut text = String::new();
    for sql in [
        "select * from itme",
        "select onhand from item",
        "select i.id from item",
        "select id from item a, item b",
        "select name + 1 from item",
        "select * from item where on_hand",
        "update item set on_hand = 'many'",
        "update item set on_hand = true",
        "select on_hand, count(*) from item",
        "select sum(name) from item",
        "select foo(1)",
        "select uper('x')",
        "select * from item where count(*) > 1",
        "insert into item values (1, 2, 'a', 4)",
        "insert into item (id, nam) values (1, 'a')",
        "select (select id, name from item)",
        "select id from item order by 4",
        "select count(*) from item for update",
        "insert into item values (1) on conflict (name) do nothing",
        "select :x",
        "create table item (id int)",
    ] {
        text.push_str(&format!("{sql}\n  {}\n", script.issue("a", sql)));
    }
    expect_test::expect_file!["./mistakes.txt"].assert_eq(&text);
}
