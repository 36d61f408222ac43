//! What people read when something is wrong: place, message, hint and fix.

use expect_test::{Expect, expect};
use tidewire_syntax::{LineColumn, apply, parse};

/// Diagnostics with their hints, and what the line becomes when the fix is applied.
fn check(text: &str, expect: Expect) {
    let parsed = parse(text);
    let mut shown = String::new();
    for one in parsed.diagnostics() {
        let place = LineColumn::of(text, one.span.start);
        shown += &format!(
            "{}:{} {}: {}\n",
            place.line, place.column, one.code, one.message
        );
        if let Some(hint) = &one.hint {
            shown += &format!("  hint: {hint}\n");
        }
        if let Some(fix) = &one.fix {
            let fixed = apply(text, &fix.edits);
            let line = fixed.lines().nth(place.line as usize - 1).unwrap_or("");
            shown += &format!("  fix: {} → {}\n", fix.title, line.trim());
        }
    }
    expect.assert_eq(&shown);
}

/// The same for steps of a command.
fn check_steps(steps: &str, expect: Expect) {
    check(
        &format!("service s {{\ncommand c(x int) {{\n{steps}\n}}\n}}"),
        expect,
    );
}

#[test]
fn lessons() {
    check(
        "lesson { ask 'why'; predict 'why' { option 'a'; answer 'b' if breaks 'c'; answer 'd' when broken 'c'; } }",
        expect![[r#"
            1:10 syntax: expected a member of a lesson, found `ask`
              hint: one of: seed, at, predict, highlight, explain, without
            1:37 syntax: expected an answer, found `option`
            1:60 syntax: expected `;` or `when`, found `if`
            1:91 syntax: expected when the answer is right, found `broken`
              hint: one of: breaks, holds, rows, no
        "#]],
    );
    check(
        "lesson { at 5; highlight at 40ms 'x'; explain why; predict 'q' { answer 'a' when rows insert; } }",
        expect![[r#"
            1:13 syntax: the duration 5 needs a unit
              hint: units are us, ms, s, m and h: `50ms`
              fix: Change to `5ms` → lesson { at 5ms; highlight at 40ms 'x'; explain why; predict 'q' { answer 'a' when rows insert; } }
            1:29 syntax: expected `at`, found `40ms`
            1:47 syntax: expected the explanation in single quotes, found `why`
            1:87 syntax: expected the query that finds what breaks it, found `insert`
        "#]],
    );
}

#[test]
fn words_that_were_meant() {
    check(
        "sevice a {}",
        expect![[r#"
        1:1 syntax: expected a block, found `sevice`
          hint: did you mean `service`?
          fix: Change to `service` → service a {}
    "#]],
    );
    check(
        "broker b log { topic t partions 3; }",
        expect![[r#"
        1:24 syntax: expected `;` or `partitions`, found `partions`
          hint: did you mean `partitions`?
          fix: Change to `partitions` → broker b log { topic t partitions 3; }
    "#]],
    );
    check(
        "broker b lgo {}",
        expect![[r#"
        1:10 syntax: expected the kind of broker, found `lgo`
          hint: did you mean `log`?
          fix: Change to `log` → broker b log {}
    "#]],
    );
    check(
        "database d relational { isolaton read committed; }",
        expect![[r#"
            1:25 syntax: expected a member of a database, found `isolaton`
              hint: did you mean `isolation`?
              fix: Change to `isolation` → database d relational { isolation read committed; }
        "#]],
    );
    check(
        "service s { comand c() {} query q() {} }",
        expect![[r#"
        1:13 syntax: expected a member of a service, found `comand`
          hint: did you mean `command`?
          fix: Change to `command` → service s { command c() {} query q() {} }
    "#]],
    );
    check_steps(
        "slect 1;\nreply ();",
        expect![[r#"
        3:1 syntax: expected a step, found `slect`
          hint: did you mean `select`?
          fix: Change to `select` → select 1;
    "#]],
    );
    check(
        "event E(a itn);",
        expect![[r#"
            1:11 unknown-type: `itn` is not a type
              hint: did you mean `int`?
              fix: Change to `int` → event E(a int);
        "#]],
    );
    check(
        "event E(a float, b text[]);",
        expect![[r#"
            1:11 not-supported: PostgreSQL has the type `float`, Tidewire does not
              hint: there are no floats: use numeric
            1:24 not-supported: PostgreSQL has array types, Tidewire does not
              hint: use jsonb or a table of its own
        "#]],
    );
}

#[test]
fn missing_punctuation() {
    check_steps(
        "select 1\nselect 2;",
        expect![[r#"
        3:9 syntax: expected `;`, found `select`
          hint: every step and every line of a block ends in `;`
          fix: Insert `;` → select 1;
    "#]],
    );
    check(
        "broker b log {\n  topic a\n  topic b partitions\n  topic c;\n}",
        expect![[r#"
            2:10 syntax: expected `;`, found `topic`
              hint: every step and every line of a block ends in `;`
              fix: Insert `;` → topic a;
            4:3 syntax: expected the number of partitions, found `topic`
        "#]],
    );
    check(
        "service a {\n  command c() {\n    reply ();\n\nservice b {}\n",
        expect![[r#"
            1:11 syntax: this `{` has no closing `}`
              fix: Insert `}` → service a {
            2:15 syntax: this `{` has no closing `}`
              fix: Insert `}` → command c() {
        "#]],
    );
    check(
        "service a {}\n}\nservice b {}",
        expect![[r#"
        2:1 syntax: this `}` closes nothing
    "#]],
    );
    check(
        "about 'it is\n",
        expect![[r#"
            1:7 unterminated: this string has no closing `'`
              hint: a quote within a string is written twice: 'it''s'
        "#]],
    );
    check(
        "/* a /* b */\nservice a {}",
        expect![[r#"
            1:1 unterminated: this comment has no closing `*/`
              hint: comments nest: every `/*` needs its own `*/`
        "#]],
    );
    check_steps(
        "reply (x = 1);",
        expect![[r#"
        3:10 syntax: expected `=>`, found `=`
          hint: values are passed by name: `x => …`
    "#]],
    );
    check_steps(
        "call s.c(1);",
        expect![[r#"
            3:10 syntax: expected a name and `=>`, found `1`
              hint: values are passed by name: `name => …`
        "#]],
    );
    check_steps(
        "wait 50;",
        expect![[r#"
        3:6 syntax: the duration 50 needs a unit
          hint: units are us, ms, s, m and h: `50ms`
          fix: Change to `50ms` → wait 50ms;
    "#]],
    );
    check_steps(
        "wait 50ms to 20ms;",
        expect![[r#"
        3:6 syntax: this range ends before it begins
          fix: Swap the two → wait 20ms to 50ms;
    "#]],
    );
}

#[test]
fn reserved_words() {
    check(
        "service order {}",
        expect![[r#"
        1:9 syntax: expected the name of the service, found the reserved word `order`
          hint: SQL reserves it: as a name it is written "order"
          fix: Put it in quotes → service "order" {}
    "#]],
    );
    check_steps(
        "select user from t;",
        expect![[r#"
            3:8 not-supported: PostgreSQL has `USER`, Tidewire does not
              hint: SQL reserves it: as a name it is written "user"
              fix: Put it in quotes → select "user" from t;
        "#]],
    );
}

#[test]
fn sql_that_is_left_out_says_so() {
    check_steps(
        "select a from t for update for share;",
        expect![[r#"
            3:28 not-supported: PostgreSQL has several locking clauses in a query, Tidewire does not
              hint: name all tables in one
        "#]],
    );
    check_steps(
        "select array[1, 2];",
        expect![[r#"
            3:8 not-supported: PostgreSQL has `ARRAY`, Tidewire does not
              hint: use jsonb, a list in IN, or VALUES
        "#]],
    );
    check_steps(
        "select * from only t;",
        expect![[r#"
            3:15 not-supported: PostgreSQL has `ONLY`, Tidewire does not
              hint: tables have no heirs here: leave it out
        "#]],
    );
    check_steps(
        "select * from t tablesample system (1);",
        expect![[r#"
            3:17 not-supported: PostgreSQL has `TABLESAMPLE`, Tidewire does not
        "#]],
    );
    check_steps(
        "select a[1] from t;",
        expect![[r#"
            3:9 not-supported: PostgreSQL has subscripts, Tidewire does not
              hint: use `->` on jsonb
        "#]],
    );
    check_steps(
        "select interval '1 day';",
        expect![[r#"
            3:8 not-supported: PostgreSQL has `INTERVAL`, Tidewire does not
              hint: times are integers of a unit, or columns with fixed values
        "#]],
    );
    check_steps(
        "select a = any(b);",
        expect![[r#"
            3:16 not-supported: PostgreSQL has arrays as values, Tidewire does not
              hint: write ARRAY[a, b] or a query
        "#]],
    );
    check_steps(
        "select percentile_cont(1) within group (order by a) from t;",
        expect![[r#"
            3:27 not-supported: PostgreSQL has `WITHIN GROUP`, Tidewire does not
        "#]],
    );
    check_steps(
        "select a from t group by rollup (a);",
        expect![[r#"
            3:26 not-supported: PostgreSQL has `ROLLUP`, Tidewire does not
        "#]],
    );
    check_steps(
        "select a from t fetch first 2 rows with ties;",
        expect![[r#"
            3:36 not-supported: PostgreSQL has `WITH TIES`, Tidewire does not
              hint: use rank() in a subquery
        "#]],
    );
    check_steps(
        "select a similar to 'x' from t;",
        expect![[r#"
            3:10 not-supported: PostgreSQL has `SIMILAR TO`, Tidewire does not
              hint: use LIKE
        "#]],
    );
    check(
        "saga Order() { }",
        expect![[r#"
        1:1 syntax: a saga belongs to the service that orchestrates it
          hint: move it into a service block, among its commands
    "#]],
    );
}

#[test]
fn sagas_say_what_they_need() {
    check(
        "service s {\n\
         saga A() { }\n\
         saga B() state db { do { } }\n\
         saga C() state db { step D pivto { } }\n\
         saga E() state db { step F pivot { } }\n\
         saga G() state db { step H { redo { } } }\n\
         saga I() state db { step J { do { } do { } } }\n\
         on start do { }\n\
         }",
        expect![[r#"
            2:10 syntax: expected `state`, found `{`
            3:21 syntax: expected a step of the saga, found `do`
            4:28 syntax: expected `{`, `pivot` or `retriable`, found `pivto`
              hint: did you mean `pivot`?
              fix: Change to `pivot` → saga C() state db { step D pivot { } }
            5:34 syntax: the step F does nothing
              hint: write do { … } with its steps
            6:28 syntax: the step H does nothing
              hint: write do { … } with its steps
            6:30 syntax: expected `do { … }` or `undo { … }`, found `redo`
              hint: one of: do, undo
            7:37 syntax: a step has one `do`
              hint: write what belongs together into the first one
            8:10 syntax: expected `from`, found `do`
        "#]],
    );
}

#[test]
fn faults_say_what_they_need() {
    check(
        "fault paus s at 1s;\n\
         fault pause s#x at 1s;\n\
         fault slow s 5ms at 1s;\n\
         fault drop a b at 1s;\n\
         fault lose reply of s at 1s;\n\
         fault fill db at 1s;\n\
         fault skew s by - at 1s;\n\
         fault drop a -> b with probability 5;\n\
         fault drop a -> b with probability 0 %;\n\
         fault drop a -> b with probability 101 %;\n\
         fault drop a -> b E;\n",
        expect![[r#"
            1:7 syntax: expected what goes wrong, found `paus`
              hint: did you mean `pause`?
              fix: Change to `pause` → fault pause s at 1s;
            2:15 syntax: expected the number of an instance, such as `#2`, found `x`
            3:14 syntax: expected `by`, found `5ms`
            4:14 syntax: expected `->`, found `b`
            5:23 syntax: expected `.` and the name of a command, found `at`
            6:12 syntax: expected `disk`, found `db`
            7:19 syntax: expected a duration such as `50ms`, found `at`
            8:37 syntax: expected `%`, found `;`
            9:19 syntax: a probability lies above 0 % and at most at 100 %
              hint: it is counted in millionths: the smallest is 0.0001 %
            10:19 syntax: a probability lies above 0 % and at most at 100 %
              hint: it is counted in millionths: the smallest is 0.0001 %
            11:20 syntax: expected when it happens, found `;`
              hint: such as `at 400ms`, `after commit of request 7` or `after the 3rd OrderPlaced`
        "#]],
    );
}

#[test]
fn forms_that_give_no_rows_are_no_functions_in_from() {
    check_steps(
        "select * from exists (1, 3);",
        expect![[r#"
        3:15 syntax: expected a table or a function, found `exists`
    "#]],
    );
}

#[test]
fn statements_that_do_not_belong_in_a_database() {
    check(
        "database d relational { select 1; drop table t; }",
        expect![[r#"
            1:25 syntax: expected a member of a database, found `select`
              hint: one of: create, insert, isolation, connections, latency, without, alter, drop, truncate, update, delete
        "#]],
    );
}

#[test]
fn sql_mistakes() {
    check_steps(
        "select a = b = c;",
        expect![[r#"
        3:14 syntax: comparisons cannot be chained
          hint: put one of them in parentheses, or join them by AND
    "#]],
    );
    check_steps(
        "select a from t where;",
        expect![[r#"
        3:22 syntax: expected an expression, found `;`
    "#]],
    );
    check_steps(
        "insert into t values (1, 2), (3);",
        expect![[r#"
            3:30 sql-42601: VALUES lists must all be the same length
        "#]],
    );
    check_steps(
        "insert into t values (1) on conflict do update set a = 1;",
        expect![[r#"
            3:26 sql-42601: ON CONFLICT DO UPDATE requires inference specification or constraint name
              hint: write `on conflict (column) do update …`
        "#]],
    );
    check_steps(
        "select a in ();",
        expect![[r#"
            3:14 syntax: IN needs at least one value
        "#]],
    );
    check_steps(
        "update t a = 1;",
        expect![[r#"
        3:12 syntax: expected `set`, found `=`
    "#]],
    );
    check_steps(
        "select 12abc;",
        expect![[r#"
            3:8 junk-number: a word runs into this number
              hint: durations end in us, ms, s, m or h, ordinals in st, nd, rd or th
        "#]],
    );
    check_steps(
        "select 1 limit 1 union select 2;",
        expect![[r#"
            3:18 syntax: UNION cannot stand behind ORDER BY
              hint: put the query before it in parentheses
        "#]],
    );
    check_steps(
        "values (1, 2), (3);",
        expect![[r#"
            3:16 sql-42601: VALUES lists must all be the same length
        "#]],
    );
    check_steps(
        "with a (select 1) select 1;",
        expect![[r#"
            3:9 syntax: expected the name of a column, found the reserved word `select`
              hint: SQL reserves it: as a name it is written "select"
              fix: Put it in quotes → with a ("select" 1) select 1;
        "#]],
    );
    check_steps(
        "update t set (a, b) = (1, 2, 3);",
        expect![[r#"
            3:23 syntax: number of columns does not match number of values
        "#]],
    );
    check_steps(
        "select a ~ 'x';",
        expect![[r#"
            3:10 not-supported: PostgreSQL has the operator `~`, Tidewire does not
        "#]],
    );
    check_steps(
        "insert into t (a, order) values (1, 2);",
        expect![[r#"
        3:19 syntax: expected the name of a column, found the reserved word `order`
          hint: SQL reserves it: as a name it is written "order"
          fix: Put it in quotes → insert into t (a, "order") values (1, 2);
    "#]],
    );
}

#[test]
fn one_mistake_leaves_the_rest_standing() {
    let text =
        "service a { command c() { selct 1; reply (); } workers many; instances 2; }\nservice b {}";
    let parsed = parse(text);
    assert_eq!(parsed.diagnostics().len(), 2);
    let shown = format!("{:#?}", parsed.file());
    for kept in ["Reply", "Instances", "\"b\""] {
        assert!(shown.contains(kept), "{kept} is lost");
    }
}

#[test]
fn caches_and_single_flight() {
    check(
        "service s { cache c; cache d (x int) capacity many; cache e (x int) size 3; }",
        expect![[r#"
            1:20 syntax: expected `(`, found `;`
            1:47 syntax: expected how many entries, found `many`
            1:69 syntax: expected `;`, `capacity` or `ttl`, found `size`
              hint: one of: capacity, ttl
        "#]],
    );
    check_steps(
        "get c :k; put c key :k x => 1; put c key :k (x => 1) for 2s; delete c; single flights :k { } single flight { }",
        expect![[r#"
            3:7 syntax: expected `key`, found `:k`
            3:24 syntax: expected `(`, found `x`
            3:54 syntax: expected `;`, found `for`
            3:69 syntax: expected `from`, found `c`
            3:72 syntax: expected a step, found `single`
              hint: one of: select, insert, update, delete, begin, commit, rollback, savepoint, call, publish, append, load, let, if, for, require, fail, reply, wait, retry, parallel, get, put, single flight
            3:108 syntax: expected an expression, found `{`
        "#]],
    );
}
