//! Laws of a store that hold for every script.

use tidewire_conformance::sessions::{SessionId, Sessions};
use tidewire_store::SqlError;

use crate::script::{SESSIONS, SETUP, Script, Step};

/// Timers that may fire behind one statement: each ends a wait, so there are never many.
const MOST_TIMERS: usize = 16;

/// A store after the setup, and its sessions.
fn begin() -> (Sessions, Vec<SessionId>) {
    let mut sessions = Sessions::new();
    let names = (0..SESSIONS).map(|_| sessions.open()).collect::<Vec<_>>();
    for sql in SETUP {
        sessions.send(names[0], sql);
        sessions.take(names[0]);
    }
    (sessions, names)
}

/// Plays a step to where nothing moves without time, and prints what came of it. A circle of waits costs the one
/// that came last its statement.
fn play(sessions: &mut Sessions, names: &[SessionId], step: &Step) -> String {
    sessions.send(names[step.session], &step.sql);
    sessions.settle();
    let mut answers = String::new();
    for _ in 0..MOST_TIMERS {
        if !sessions.wait_until(i64::MAX) {
            break;
        }
    }
    for name in names {
        answers += &format!("{:?}\n", sessions.take(*name));
    }
    answers
}

fn hash(sessions: &Sessions) -> u128 {
    sessions.store().hash()
}

/// The same steps give the same answers and the same state, from the beginning and from a fork in the middle; and
/// at the end no constraint is broken.
pub fn replay_and_fork_agree(script: &Script) {
    let (mut first, names) = begin();
    let (mut second, _) = begin();
    let mut fork = None;
    for (at, step) in script.steps.iter().enumerate() {
        if at == script.cut {
            fork = Some(first.clone());
        }
        let answers = play(&mut first, &names, step);
        let again = play(&mut second, &names, step);
        assert_eq!(answers, again, "{:?}", step);
        assert_eq!(hash(&first), hash(&second), "{:?}", step);
        if let Some(fork) = &mut fork {
            assert_eq!(play(fork, &names, step), answers, "a fork, {:?}", step);
        }
    }
    if let Some(fork) = fork {
        assert_eq!(hash(&fork), hash(&first), "a fork");
    }
    for name in &names {
        first.reconnect(*name);
        first.settle();
    }
    constraints_hold(&mut first, names[0]);
}

/// Every child has its parent and every unique key stands once, as far as a script left the tables alone.
fn constraints_hold(sessions: &mut Sessions, observer: SessionId) {
    for query in [
        "select 1 from c where pid is not null and not exists (select 1 from p where p.id = c.pid)",
        "select id from p group by id having count(*) > 1",
        "select v from c where v is not null group by v having count(*) > 1",
    ] {
        sessions.send(observer, query);
        if sessions.is_busy(observer) {
            // A prepared transaction holds the table.
            sessions.cancel(observer, SqlError::lock_timeout());
            sessions.take(observer);
            continue;
        }
        for answer in sessions.take(observer) {
            if let tidewire_conformance::sessions::Answer::Rows { rows, .. } = answer {
                assert!(rows.is_empty(), "{query} gives {rows:?}");
            }
        }
    }
}

/// A transaction that changes rows and is rolled back leaves the state as it was.
pub fn rollback_restores(script: &Script) {
    let (mut sessions, names) = begin();
    let before = hash(&sessions);
    let all = ["begin"]
        .into_iter()
        .chain(script.undone.iter().map(String::as_str));
    for sql in all.chain(["rollback"]) {
        sessions.send(names[0], sql);
        sessions.settle();
        sessions.take(names[0]);
    }
    assert_eq!(hash(&sessions), before, "{:?}", script.undone);
}
