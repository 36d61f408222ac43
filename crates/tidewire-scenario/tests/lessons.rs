//! Lessons merge by member, and what makes no sense in one is said.

mod common;

use common::{SHOP, check_in_shop};
use expect_test::expect;
use tidewire_scenario::{Condition, Lesson, compile};
use tidewire_syntax::parse;

const LESSON: &str = "\
invariant 'Stock is never negative' always no rows select sku from stock where on_hand < 0;
invariant 'Every order ships' finally no rows select id from orders_db.orders;
lesson {
  seed 4;
  at 40ms;
  predict 'What
    happens?' {
    answer 'Nothing';
    answer 'It breaks' when breaks 'Stock is never negative';
    answer 'Rows' when rows select 1 from stock_db.stock;
    answer 'No rows' when no rows select 1 from orders_db.orders;
  }
  highlight ordering, stock_db at 41ms 'here';
  highlight stock_db at 42ms 'there';
  explain 'Because.';
}
design 'A' { }
design 'B' { lesson { at 50ms until 60ms; highlight ordering at 50ms 'only here'; explain 'Otherwise.'; } }
design 'C' { lesson { without highlight; } without bus; }
";

fn lesson(design: &str) -> Lesson {
    let text = format!("{SHOP}{LESSON}");
    let compiled = compile(&parse(&text), Some(design));
    let program = compiled
        .program
        .unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    program.lesson.expect("there is a lesson")
}

#[test]
fn a_design_replaces_members_and_keeps_the_others() {
    let [a, b] = ["A", "B"].map(lesson);
    assert_eq!((a.seed, a.at_us, a.until_us), (Some(4), 40_000, None));
    assert_eq!(
        (b.seed, b.at_us, b.until_us),
        (Some(4), 50_000, Some(60_000))
    );
    assert_eq!(
        (&*a.question, &*b.question),
        ("What happens?", "What happens?")
    );
    assert_eq!(
        (&*a.explanation, &*b.explanation),
        ("Because.", "Otherwise.")
    );
    let notes = |lesson: &Lesson| {
        let notes = lesson
            .highlights
            .iter()
            .map(|one| (one.note.to_string(), one.nodes.len()));
        notes.collect::<Vec<_>>()
    };
    assert_eq!(notes(&a), [("here".to_owned(), 2), ("there".to_owned(), 1)]);
    assert_eq!(notes(&b), [("only here".to_owned(), 1)]);
    let conditions = |lesson: &Lesson| {
        lesson
            .answers
            .iter()
            .map(|one| match one.condition {
                Condition::Otherwise => "otherwise",
                Condition::Breaks(_) => "breaks",
                Condition::Holds(_) => "holds",
                Condition::Rows(..) => "rows",
                Condition::NoRows(..) => "no rows",
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(conditions(&a), ["otherwise", "breaks", "rows", "no rows"]);
}

#[test]
fn what_makes_no_sense_is_said() {
    check_in_shop(
        "lesson { explain 'x'; }\n",
        expect![[r#"
        1:1 error lesson: a lesson asks a question / add `predict '…' { … }`
    "#]],
    );
    check_in_shop(
        "lesson { predict 'q' { answer 'a'; answer 'b'; } }\n",
        expect![[r#"
            1:1 error lesson: a lesson explains its answer / add `explain '…';`
        "#]],
    );
    check_in_shop(
        "\
invariant 'Every order ships' finally no rows select id from orders_db.orders;
lesson {
  at 5ms until 5ms;
  predict '' {
    answer 'a' when breaks 'Every order shops';
    answer 'b' when holds 'Nobody ever';
    answer 'c' when breaks 'Every order ships';
    answer 'c' when rows select nothing from stock;
    answer 'd';
  }
  highlight odering at 3ms 'x';
  explain 'x';
  explain 'y';
}
",
        expect![[r#"
            3:16 error lesson: the answer is decided before the question is asked / write a time behind that of `at`, or leave `until` out: then the end of the run decides
            4:11 error lesson: a question has no words / write it in the quotes
            4:11 error lesson: a question has 2 to 4 answers, not 5 / leave out what nobody would answer, or add what somebody might
            5:28 error unknown-name: no invariant says 'Every order shops' / did you mean 'Every order ships'? [Change to 'Every order ships']
            6:27 error unknown-name: no invariant says 'Nobody ever' / invariants here: 'Every order ships'
            7:28 error lesson: this invariant is judged when all is quiet, and the answer before / leave out `until`, or ask for rows: `when rows select …`
            8:33 error unknown-column: column "nothing" does not exist (42703)
            11:13 warning unknown-name: no node named `odering` / did you mean `ordering`? [Change to `ordering`]
            13:3 error duplicate-name: explain is written twice in this block / keep one of them
        "#]],
    );
    check_in_shop(
        "lesson { predict 'q' { answer 'a'; answer 'b'; answer 'b' when rows select :x from stock; answer 'b' when no rows select 1 from stock; } explain 'x'; }\nlesson { }\n",
        expect![[r#"
            1:43 error lesson: two answers say nothing of when they are right / add `when breaks '…'`, `when holds '…'`, `when rows select …` or `when no rows select …` to all but one: the run decides
            1:76 error unknown-value: a query over all databases knows no :x / it reads tables only, at one instant; compare columns with each other
            1:98 error lesson: this answer is given twice / keep one of them
            2:1 error duplicate-name: the lesson is written twice / keep one of them, or give the other a name of its own [Remove the second one]
        "#]],
    );
    let long = "x".repeat(101);
    check_in_shop(
        &format!(
            "lesson {{ predict 'q' {{ answer '{long}'; answer 'b' when rows select 1 from stock; }} explain 'x'; }}\n"
        ),
        expect![[r#"
            1:31 error limit: an answer of 101 characters is over the limit of 100 / say it in fewer words: it stands beside the canvas
        "#]],
    );
}
