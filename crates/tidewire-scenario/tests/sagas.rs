//! Sagas: what their steps need, where their state is, who may have them.

mod common;

use common::check;
use expect_test::expect;

const AROUND: &str = "database db relational { }\n\
    database other relational { }\n\
    service far { command Go() { reply (number => 7); } }\n";

#[test]
fn steps_come_in_an_order_that_can_be_undone() {
    check(
        &format!(
            "{AROUND}service s owns db {{\n\
             saga Empty() state db {{ }}\n\
             saga NoUndo() state db {{ step A {{ do {{ call far.Go(); }} }} step B pivot {{ do {{ }} }} }}\n\
             saga Back() state db {{ step A pivot {{ do {{ }} }} step B {{ do {{ }} undo {{ }} }} step C pivot {{ do {{ }} }} }}\n\
             saga Early() state db {{ step A retriable {{ do {{ }} }} }}\n\
             saga Late() state db {{ step A pivot {{ do {{ }} }} step B retriable {{ do {{ }} undo {{ }} }} }}\n\
             saga Twice() state db {{ step A {{ do {{ }} undo {{ }} }} step a {{ do {{ }} undo {{ }} }} }}\n\
             saga Open() state db {{ step A pivot {{ do {{ begin in db; }} }} }}\n\
             }}\n"
        ),
        expect![[r#"
            5:6 error saga-steps: the saga Empty has no steps / write step NAME { do { … } undo { … } }
            6:31 error saga-steps: nothing undoes A when a later step fails / add undo { … }; write undo { } if there is nothing to undo, or pivot if there is no way back from it
            7:53 error saga-steps: behind the pivot A there is no way back, so B cannot be undone / write retriable, or put it before the pivot
            7:80 error saga-steps: behind the pivot A there is no way back, so C cannot be undone / write retriable, or put it before the pivot
            8:30 error saga-steps: A is retriable, but no pivot stands before it / say which step is the pivot: from there on the saga only goes forward
            9:53 error saga-steps: B is retriable, so it is never undone / remove its undo
            10:57 error saga-steps: Twice has a step a already / its state says by name which step it is at
            11:29 error saga-steps: the step A leaves a transaction open / each step of a saga is a transaction of its own: write commit
        "#]],
    );
}

#[test]
fn the_state_is_in_a_database_of_the_service() {
    check(
        &format!(
            "{AROUND}database mine relational {{ create table sagas (id int); }} database facts events {{ }}\n\
             service s owns db, mine, facts {{\n\
             saga A() state other {{ step A pivot {{ do {{ }} }} }}\n\
             saga B() state nowhere {{ step A pivot {{ do {{ }} }} }}\n\
             saga E() state facts {{ step A pivot {{ do {{ }} }} }}\n\
             saga C() state mine {{ step A pivot {{ do {{ }} }} }}\n\
             }}\n\
             service t owns db {{ instances 2; saga D() state db {{ step A pivot {{ do {{ }} }} }} }}\n"
        ),
        expect![[r#"
            1:10 note shared-database: db is shared by s, t / each may change rows and columns that the others rely on, and one outage stops all
            1:20 error unknown-column: column "saga" of relation "sagas" does not exist (42703)
            2:1 error unknown-column: column "saga" does not exist (42703)
            6:16 error foreign-table: s cannot keep the state of A in other / write service s owns other
            7:16 error unknown-name: no database named `nowhere` / known here: db, other, mine, facts
            8:16 error saga-state: facts is not relational: it cannot keep a saga / name a relational database of the service
            9:16 error duplicate-name: mine has a table sagas already / call yours something else: sagas is where C keeps its state
            11:39 error saga-instances: t runs in 2 instances, and one that starts would take up the sagas of another / give the saga a service of its own with one instance
        "#]],
    );
}

#[test]
fn later_steps_see_what_earlier_ones_bound_and_the_number_of_the_saga() {
    check(
        &format!(
            "{AROUND}service s owns db {{\n\
             saga A(n int) state db {{\n\
             step One {{ do {{ call far.Go(); }} undo {{ let x = :number + :n; }} }}\n\
             step Two pivot {{ do {{ let y = :saga.id + :number + :n; reply (y => :y); }} }}\n\
             step Three retriable {{ do {{ let z = :x; }} }}\n\
             }} }}\n"
        ),
        expect![[r#"
            8:38 error unknown-value: no value named `:x` / did you mean `:y`? [Change to `:y`]
        "#]],
    );
}
