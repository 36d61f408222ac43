//! Laws that hold for every sequence of statements: rollback, forks, commutation, hashes, no panic.

mod support;

use proptest::prelude::*;
use support::Script;
use tidewire_store::{ConnectionId, ReadAs, TableId};

const SETUP: &str = "create table p (id int primary key, v int);
    create table c (id int primary key, pid int references p on delete cascade, v int unique);
    insert into p values (1, 10), (2, 20), (3, 30), (4, 40);
    insert into c values (1, 1, 100), (2, 2, 200)";

/// A statement over few rows, so that sessions meet.
fn statement() -> impl Strategy<Value = String> {
    let id = 1..6_i32;
    let value = 0..5_i32;
    prop_oneof![
        (id.clone(), value.clone())
            .prop_map(|(id, v)| format!("update p set v = v + {v} where id = {id}")),
        value
            .clone()
            .prop_map(|v| format!("update p set v = {v} where v > 15")),
        (id.clone(), value.clone()).prop_map(|(id, v)| format!("insert into p values ({id}, {v})")),
        id.clone()
            .prop_map(|id| format!("delete from p where id = {id}")),
        (id.clone(), id.clone(), value.clone())
            .prop_map(|(id, pid, v)| format!("insert into c values ({id}, {pid}, {v})")),
        (id.clone(), value.clone())
            .prop_map(|(id, v)| format!("update c set v = {v} where pid = {id}")),
        (id.clone(), id.clone())
            .prop_map(|(id, to)| format!("update p set id = {to} where id = {id}")),
        (id.clone(), value.clone()).prop_map(|(id, v)| format!(
            "insert into p values ({id}, {v}) on conflict (id) do update set v = p.v + excluded.v"
        )),
        id.clone()
            .prop_map(|id| format!("select * from p where id = {id} for update")),
        id.clone()
            .prop_map(|id| format!("select * from p where id >= {id} for share skip locked")),
        id.prop_map(|id| format!("select * from p where id = {id} for key share nowait")),
        Just("select p.id, c.v from p left join c on c.pid = p.id".to_string()),
    ]
}

/// A statement or transaction control.
fn step() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => statement(),
        1 => Just("begin".to_string()),
        1 => Just("begin isolation level repeatable read".to_string()),
        1 => Just("commit".to_string()),
        1 => Just("rollback".to_string()),
        1 => Just("savepoint s".to_string()),
        1 => Just("rollback to s".to_string()),
    ]
}

/// What a new store with these committed rows would be.
fn rebuilt(script: &Script) -> Script {
    let mut fresh = Script::with(SETUP);
    for sql in ["delete from c", "delete from p"] {
        fresh.issue("setup", sql);
    }
    for (table, id) in [("p", TableId(0)), ("c", TableId(1))] {
        for row in script.store.rows(id, ReadAs::Committed) {
            let values: Vec<String> = row.values.iter().map(ToString::to_string).collect();
            let sql = format!("insert into {table} values ({})", values.join(", "));
            let answer = fresh.issue("setup", &sql);
            assert_eq!(answer, "Insert(1)", "{sql}");
        }
    }
    fresh
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn rollback_restores_the_hash(statements in prop::collection::vec(statement(), 1..12), savepoint in 0_usize..12) {
        let mut script = Script::with(SETUP);
        let before = script.store.hash();
        script.issue("a", "begin");
        let begun = script.store.hash();
        for (at, sql) in statements.iter().enumerate() {
            script.issue("a", sql);
            if at == savepoint {
                script.issue("a", "rollback");
                script.issue("a", "begin");
                prop_assert_eq!(script.store.hash(), begun);
            }
        }
        script.issue("a", "rollback");
        prop_assert_eq!(script.store.hash(), before);
    }

    #[test]
    fn a_fork_leaves_its_origin_alone(steps in prop::collection::vec(step(), 1..20), cut in 0_usize..20) {
        let mut script = Script::with(SETUP);
        let mut forked = None;
        for (at, sql) in steps.iter().enumerate() {
            if at == cut {
                forked = Some((script.clone(), script.store.hash()));
            }
            script.issue("a", sql);
        }
        if let Some((mut fork, hash)) = forked {
            prop_assert_eq!(fork.store.hash(), hash);
            // The same statements take the fork to the same place.
            for sql in &steps[cut..] {
                fork.issue("a", sql);
            }
            prop_assert_eq!(fork.store.hash(), script.store.hash());
        }
    }

    /// A hash that is kept up to date is the one that is taken by visiting every row.
    #[test]
    fn the_kept_hash_is_the_hash(steps in prop::collection::vec((0_usize..3, step()), 1..30), from in 0_usize..30) {
        let mut script = Script::with(SETUP);
        let mut kept = script.clone();
        let (names, mut out) = (["a", "b", "c"], String::new());
        for (at, (session, sql)) in steps.iter().enumerate() {
            if at == from.min(steps.len() - 1) {
                kept.store.keep_hash();
            }
            for it in [&mut script, &mut kept] {
                it.issue(names[*session], sql);
                it.settle(&mut out);
            }
            prop_assert_eq!(kept.store.hash(), script.store.hash());
        }
    }

    #[test]
    fn independent_statements_commute(a in 0_i32..9, b in 0_i32..9, open in any::<bool>(), delete in any::<bool>()) {
        let first = format!("update p set v = {a} where id = 1");
        let second = if delete { "delete from p where id = 4".to_string() } else { format!("insert into p values (9, {b})") };
        let run = |order: [(&str, &str); 2]| {
            let mut script = Script::with(SETUP);
            script.connection("a");
            script.connection("b");
            for (session, sql) in order {
                if open {
                    script.issue(session, "begin");
                }
                script.issue(session, sql);
            }
            script.store.hash()
        };
        prop_assert_eq!(run([("a", &first), ("b", &second)]), run([("b", &second), ("a", &first)]));
    }

    /// Whatever sessions did to each other, in the end only committed rows count.
    #[test]
    fn sessions_leave_nothing_behind(steps in prop::collection::vec((0_usize..3, step()), 1..40)) {
        let mut script = Script::with(SETUP);
        let names = ["a", "b", "c"];
        let mut out = String::new();
        for (session, sql) in &steps {
            script.issue(names[*session], sql);
            script.settle(&mut out);
        }
        for name in names {
            let connection = script.connection(name);
            script.store.disconnect(connection);
            script.settle(&mut out);
        }
        prop_assert!(script.store.waits().is_empty());
        // Closed connections are part of a state; open them again.
        for _ in names {
            let _: ConnectionId = script.store.connect();
        }
        prop_assert_eq!(script.store.hash(), rebuilt(&script).store.hash());
    }

    /// Every child has its parent and every unique key stands once, after any interleaving.
    #[test]
    fn constraints_hold_after_any_interleaving(steps in prop::collection::vec((0_usize..3, step()), 1..40)) {
        let mut script = Script::with(SETUP);
        let names = ["a", "b", "c"];
        let mut out = String::new();
        for (session, sql) in &steps {
            script.issue(names[*session], sql);
            script.settle(&mut out);
            for (query, why) in [
                ("select 1 from c where pid is not null and not exists (select 1 from p where p.id = c.pid)", "orphan"),
                ("select id from p group by id having count(*) > 1", "two rows of one key"),
                ("select v from c where v is not null group by v having count(*) > 1", "two rows of one unique value"),
            ] {
                let answer = script.issue("observer", query);
                prop_assert_eq!(&answer, "Select(0)", "{}: {:?}\n{}", why, steps, out);
            }
        }
    }

    #[test]
    fn expressions_never_panic(expression in expression()) {
        let mut script = Script::with(SETUP);
        script.issue("a", &format!("select {expression} from p, c"));
        script.issue("a", &format!("select id from p where {expression}"));
    }
}

/// An expression over the columns of `p` and `c`, well typed or not.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("id".to_string()),
        Just("p.v".to_string()),
        Just("c.pid".to_string()),
        Just("null".to_string()),
        Just("true".to_string()),
        Just("'a%'".to_string()),
        Just("'{\"a\": [1, null]}'::jsonb".to_string()),
        Just("date '2024-01-31'".to_string()),
        Just("-9223372036854775807".to_string()),
        Just("99999999999999999999999999999999999999".to_string()),
        Just("0.00000000000000000001".to_string()),
        (-3..4_i32).prop_map(|n| n.to_string()),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let operator = prop::sample::select(vec![
            "+",
            "-",
            "*",
            "/",
            "%",
            "=",
            "<>",
            "<",
            ">=",
            "and",
            "or",
            "||",
            "->",
            "->>",
            "is distinct from",
        ]);
        let function = prop::sample::select(vec![
            "abs",
            "upper",
            "length",
            "coalesce",
            "greatest",
            "concat",
            "round",
            "mod",
            "substr",
            "left",
            "replace",
            "jsonb_build_array",
            "jsonb_build_object",
            "sum",
            "count",
            "min",
            "string_agg",
            "nullif",
        ]);
        let cast = prop::sample::select(vec![
            "smallint",
            "int",
            "bigint",
            "numeric",
            "numeric(5,2)",
            "text",
            "varchar(2)",
            "boolean",
            "date",
            "timestamptz",
            "uuid",
            "json",
            "jsonb",
        ]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, o, b)| format!("({a} {o} {b})")),
            (function, prop::collection::vec(inner.clone(), 1..4))
                .prop_map(|(f, a)| format!("{f}({})", a.join(", "))),
            (inner.clone(), cast).prop_map(|(a, t)| format!("cast({a} as {t})")),
            inner.clone().prop_map(|a| format!("(not {a})")),
            inner.clone().prop_map(|a| format!("(- {a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} like {b})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("case when {a} then {b} else {c} end")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} in ({b}, 1))")),
            inner
                .clone()
                .prop_map(|a| format!("({a} in (select v from c where {a} is null))")),
            inner.prop_map(|a| format!("(select {a} from p limit 1)")),
        ]
    })
}
