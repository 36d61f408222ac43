//! What sessions do to each other where the isolation cases do not look: waits with foreign keys, queues,
//! skipped rows, savepoints, statements that keep the locks they have.

mod support;

use expect_test::expect;
use support::Script;

const TEST: &str = "create table test (id int primary key, value int); insert into test values (1, 10), (2, 20), (3, 30)";

#[test]
fn a_statement_keeps_the_locks_it_has_while_it_waits() {
    expect![[r#"
        a: begin
          Begin
        a: update test set value = 0 where id = 2
          Update(1)
        b: update test set value = value + 1
          waits for a
        c: update test set value = 100 where id = 1
          waits for b
        d: update test set value = 100 where id = 3
          Update(1)
        a: commit
          Commit
          b goes on: Update(3)
          c goes on: Update(1)
        a: select * from test order by id
          Select(3)
            1 | 100
            2 | 1
            3 | 101
    "#]]
    .assert_eq(&Script::with(TEST).play(
        "a: begin
         a: update test set value = 0 where id = 2
         b: update test set value = value + 1
         c: update test set value = 100 where id = 1
         d: update test set value = 100 where id = 3
         a: commit
         a: select * from test order by id",
    ));
}

#[test]
fn workers_skip_what_others_have_locked() {
    expect![[r#"
        a: begin
          Begin
        a: select id from test order by id limit 1 for update skip locked
          Select(1)
            1
        b: begin
          Begin
        b: select id from test order by id limit 1 for update skip locked
          Select(1)
            2
        b: select id from test order by id for update nowait
          ERROR 55P03 could not obtain lock on row in relation "test"
        b: rollback
          Rollback
        c: select id from test order by id for update skip locked
          Select(2)
            2
            3
        a: commit
          Commit
    "#]]
    .assert_eq(&Script::with(TEST).play(
        "a: begin
         a: select id from test order by id limit 1 for update skip locked
         b: begin
         b: select id from test order by id limit 1 for update skip locked
         b: select id from test order by id for update nowait
         b: rollback
         c: select id from test order by id for update skip locked
         a: commit",
    ));
}

#[test]
fn savepoints_undo_in_part_and_a_failed_transaction_rolls_back() {
    expect![[r#"
        a: begin
          Begin
        a: update test set value = 11 where id = 1
          Update(1)
        a: savepoint s
          Savepoint
        a: delete from test where id = 2
          Delete(1)
        a: insert into test values (1, 0)
          ERROR 23505 duplicate key value violates unique constraint "test_pkey"
            DETAIL Key (id)=(1) already exists.
        a: select 1
          ERROR 25P02 current transaction is aborted, commands ignored until end of transaction block
        a: rollback to s
          Rollback
        a: select * from test order by id
          Select(3)
            1 | 11
            2 | 20
            3 | 30
        a: release nothing
          ERROR 3B001 savepoint "nothing" does not exist
        a: commit
          Rollback
        a: select value from test where id = 1
          Select(1)
            10
        a: savepoint s
          ERROR 25P01 SAVEPOINT can only be used in transaction blocks
    "#]]
    .assert_eq(&Script::with(TEST).play(
        "a: begin
         a: update test set value = 11 where id = 1
         a: savepoint s
         a: delete from test where id = 2
         a: insert into test values (1, 0)
         a: select 1
         a: rollback to s
         a: select * from test order by id
         a: release nothing
         a: commit
         a: select value from test where id = 1
         a: savepoint s",
    ));
}

#[test]
fn write_skew_fails_at_serializable() {
    expect![[r#"
        a: begin isolation level serializable
          Begin
        b: begin isolation level serializable
          Begin
        a: select sum(value) from test
          Select(1)
            60
        b: select sum(value) from test
          Select(1)
            60
        a: update test set value = 0 where id = 1
          Update(1)
        b: update test set value = 0 where id = 2
          Update(1)
        a: commit
          Commit
        b: commit
          ERROR 40001 could not serialize access due to read/write dependencies among transactions
            DETAIL Reason code: Canceled on identification as a pivot, during commit attempt.
    "#]]
    .assert_eq(&Script::with(TEST).play(
        "a: begin isolation level serializable
         b: begin isolation level serializable
         a: select sum(value) from test
         b: select sum(value) from test
         a: update test set value = 0 where id = 1
         b: update test set value = 0 where id = 2
         a: commit
         b: commit",
    ));
}

#[test]
fn a_join_pairs_the_new_row_with_the_old_partner() {
    let mut script = Script::with(
        "create table a (id int primary key, b int, v int); create table b (id int primary key, v int);
         insert into a values (1, 1, 10); insert into b values (1, 100), (2, 200)",
    );
    expect![[r#"
        x: begin
          Begin
        x: update a set v = 11 where id = 1
          Update(1)
        x: update b set v = 101 where id = 1
          Update(1)
        y: select a.v, b.v from a join b on b.id = a.b for update of a
          waits for x
        x: commit
          Commit
          y goes on: Select(1)
            11 | 100
    "#]]
    .assert_eq(&script.play(
        "x: begin
         x: update a set v = 11 where id = 1
         x: update b set v = 101 where id = 1
         y: select a.v, b.v from a join b on b.id = a.b for update of a
         x: commit",
    ));
}

#[test]
fn old_versions_go_when_nobody_needs_them() {
    let mut script = Script::with(TEST);
    script.issue("a", "begin isolation level repeatable read");
    script.issue("a", "select * from test");
    for _ in 0..3 {
        script.issue("b", "update test set value = value + 1 where id = 1");
    }
    assert_eq!(
        script.issue("a", "select value from test where id = 1"),
        "Select(1)\n    10"
    );
    let kept = script.store.hash();
    script.issue("a", "commit");
    assert_ne!(script.store.hash(), kept);
    let mut fresh = Script::with(TEST);
    fresh.issue("b", "update test set value = 13 where id = 1");
    assert_eq!(script.store.hash(), fresh.store.hash());
}

/// PostgreSQL 15 gave the same.
#[test]
fn a_reference_looks_at_the_row_that_was_there_when_it_began() {
    let mut script = Script::with(
        "create table p (id int primary key, v int); create table n (pid int references p);
         insert into p values (1, 10), (2, 20)",
    );
    expect![[r#"
        a: begin
          Begin
        a: delete from p where id = 1
          Delete(1)
        b: insert into n values (1)
          waits for a
        a: insert into p values (1, 3)
          Insert(1)
        a: commit
          Commit
          b goes on: ERROR 23503 insert or update on table "n" violates foreign key constraint "n_pid_fkey"
            DETAIL Key (pid)=(1) is not present in table "p".
        c: begin isolation level repeatable read
          Begin
        c: select v from p where id = 2
          Select(1)
            20
        a: update p set v = v + 1 where id = 2
          Update(1)
        c: insert into n values (2)
          Insert(1)
        c: select v from p where id = 2 for key share nowait
          Select(1)
            20
        c: select v from p where id = 2 for share
          ERROR 40001 could not serialize access due to concurrent update
    "#]]
    .assert_eq(&script.play(
        "a: begin
         a: delete from p where id = 1
         b: insert into n values (1)
         a: insert into p values (1, 3)
         a: commit
         c: begin isolation level repeatable read
         c: select v from p where id = 2
         a: update p set v = v + 1 where id = 2
         c: insert into n values (2)
         c: select v from p where id = 2 for key share nowait
         c: select v from p where id = 2 for share",
    ));
}

/// Who holds and who waits, and which versions are kept.
#[test]
fn locks_and_versions_are_shown() {
    use tidewire_store::{Author, LockMode, LockTarget, RowId, TableId};
    use tidewire_syntax::ast::sql::LockStrength;

    let mut script = Script::with(TEST);
    script.play(
        "a: begin
         a: update test set value = 11 where id = 1
         b: update test set value = 12 where id = 1",
    );
    let target = LockTarget::Row(TableId(0), RowId(0));
    let strength = LockMode::Row(LockStrength::NoKeyUpdate);
    let locks = script.store.locks();
    let rows: Vec<_> = locks.iter().filter(|lock| lock.target == target).collect();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|lock| lock.mode == strength));
    assert_eq!([rows[0].granted, rows[1].granted], [true, false]);
    assert_ne!(rows[0].transaction, rows[1].transaction);
    let versions = script.store.versions(TableId(0));
    assert_eq!(versions.len(), 4);
    let writer = Author::InFlight(rows[0].transaction.unwrap());
    assert_eq!((versions[0].created, versions[0].ended), (writer, None));
    assert_eq!(versions[1].ended, Some(writer));
    assert!(!versions[1].deleted);
}

#[test]
fn serializable_sessions_are_remembered_as_long_as_somebody_overlaps_them() {
    let mut script = Script::with(TEST);
    for session in ["a", "b"] {
        script.issue(session, "select 1");
    }
    let before = script.store.hash();
    for step in [
        "a: begin isolation level serializable",
        "b: begin isolation level serializable",
        "a: select value from test where id = 1",
        "b: select sum(value) from test",
        "a: commit",
    ] {
        let (session, sql) = step.split_once(": ").unwrap();
        script.issue(session, sql);
    }
    let mut other = script.clone();
    other.issue("a", "begin isolation level serializable");
    other.issue("a", "select value from test where id = 1");
    other.issue("a", "commit");
    assert_ne!(other.store.hash(), script.store.hash());
    for script in [&mut script, &mut other] {
        script.issue("b", "commit");
        assert_eq!(script.store.hash(), before);
    }
}
