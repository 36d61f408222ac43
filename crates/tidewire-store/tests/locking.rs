//! Laws of waiting, whatever three sessions do: settling ends, nobody waits for nobody, a circle never lasts, and
//! the end of the sessions frees every lock.

mod support;

use proptest::prelude::*;
use support::Script;
use tidewire_store::{DeadlockCheck, Progress, SqlError, Store};

const SETUP: &str = "create table t (id int primary key, v int); create table u (id int primary key, t_id int references t);
    insert into t values (1, 10), (2, 20); insert into u values (1, 1)";

const STATEMENTS: &[&str] = &[
    "begin",
    "begin isolation level repeatable read",
    "commit",
    "rollback",
    "savepoint s",
    "rollback to s",
    "select count(*) from t",
    "select id from t for update",
    "select id from t order by id desc for share",
    "select id from u for key share nowait",
    "update t set v = v + 1 where id = 1",
    "update t set v = v + 1 where id = 2",
    "insert into u values (2, 2)",
    "delete from u where id = 2",
    "lock table t in share mode",
    "lock table t in row exclusive mode",
    "lock table u, t in access exclusive mode",
    "lock table t in exclusive mode nowait",
    "vacuum t",
    "select pg_advisory_lock(1)",
    "select pg_advisory_unlock_all()",
    "select pg_advisory_xact_lock(id) from t order by id",
    "select pg_advisory_xact_lock_shared(id) from t order by id desc",
    "set local lock_timeout = '1s'",
    "set lock_timeout = '2s'",
    "prepare transaction 'p'",
    "commit prepared 'p'",
    "rollback prepared 'p'",
    "select 1 / 0",
];

/// More would mean that a statement goes on for ever without coming anywhere.
const MAX_RESUMES: usize = 200;

/// Lets everybody go on who may, and breaks circles; the choice says who goes first.
fn settle(store: &mut Store, choice: usize) {
    for _ in 0..MAX_RESUMES {
        let ready = store.ready();
        if let Some(first) = ready.get(choice % ready.len().max(1)) {
            store.resume(*first, 0);
            continue;
        }
        let waits = store.waits();
        assert!(
            waits.iter().all(|wait| !wait.holders.is_empty()),
            "{waits:?}"
        );
        let looked = waits.iter().rev().map(|wait| wait.waiter);
        let mut moved = false;
        for waiter in looked {
            match store.look_for_deadlock(waiter) {
                DeadlockCheck::None => continue,
                DeadlockCheck::Rearranged => assert!(!store.ready().is_empty()),
                DeadlockCheck::Circle(circle) => {
                    assert_eq!(circle.first(), Some(&waiter));
                    let victim = circle[choice % circle.len()];
                    let progress = store.cancel(victim, SqlError::deadlock());
                    assert!(matches!(progress, Progress::Failed(_)));
                }
            }
            moved = true;
            break;
        }
        if !moved {
            return;
        }
    }
    panic!("it never settles");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn waiting_ends_and_leaves_nothing(
        steps in prop::collection::vec((0..3_usize, 0..STATEMENTS.len(), 0..3_usize), 1..40),
    ) {
        let mut script = Script::with(SETUP);
        let names = ["a", "b", "c"];
        let connections = names.map(|name| script.connection(name));
        for (session, statement, choice) in steps {
            let waits = script.store.waits();
            let waiting = waits.iter().any(|wait| wait.waiter == connections[session]);
            match (waiting, choice) {
                (true, 0) => {
                    script.store.cancel(connections[session], SqlError::lock_timeout());
                }
                (true, _) => continue,
                (false, _) => {
                    script.issue(names[session], STATEMENTS[statement]);
                }
            }
            settle(&mut script.store, choice);
            prop_assert_eq!(script.store.clone().hash(), script.store.hash());
        }
        for name in names {
            script.disconnect(name);
            settle(&mut script.store, 0);
        }
        script.issue("d", "rollback prepared 'p'");
        prop_assert_eq!(script.store.locks(), []);
        prop_assert_eq!(script.store.waits(), []);
        prop_assert_eq!(script.issue("d", "begin"), "Begin");
        prop_assert_eq!(
            script.issue("d", "lock table t, u in access exclusive mode nowait"),
            "Other(\"LOCK TABLE\")"
        );
    }
}
