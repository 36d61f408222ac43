//! The store against its own promises: whatever sessions do to it at whatever level, no anomaly comes of it that
//! the levels of the transactions on it forbid. Reads, conditions and writes are those that the store itself
//! records, so this also holds the recording against the rules of visibility.

use std::sync::Arc;

use proptest::prelude::*;
use tidewire_check::anomalies::{Anomaly, Limits, Orders, Phenomenon, find};
use tidewire_session::anomalies::{Filled, HistoryBuilder};
use tidewire_store::{ConnectionId, Progress, SqlError, Store, plan};
use tidewire_syntax::ast::sql::IsolationLevel;

const SESSIONS: usize = 4;

const SETUP: [&str; 4] = [
    "create table t (id int primary key, v int not null, tag text not null default 'a')",
    "create table u (id int primary key, t int not null references t (id) on delete cascade)",
    "insert into t (id, v) values (1, 10), (2, 20), (3, 30)",
    "insert into u values (1, 1), (2, 2)",
];

/// What sessions send; numbers are put in for `#` and `@`.
const STATEMENTS: [&str; 28] = [
    "select * from t where id = #",
    "select * from t where v > @",
    "select sum(v) from t",
    "select count(*) from t where tag = 'b'",
    "select t.v, u.id from t join u on u.t = t.id where t.id <= #",
    "select id from t where exists (select 1 from u where u.t = t.id)",
    "select * from t where id in (select t from u where id = #)",
    "select * from t where id = # for update",
    "select * from t where v < @ order by id for share",
    "select id from t where id = # for key share",
    "update t set v = v + @ where id = #",
    "update t set v = @ where id = #",
    "update t set tag = 'b' where v < @",
    "update t set v = v - (select count(*) from u) where id = #",
    "update t set v = v + 1 where v > @ and (select sum(v) from t) > 40",
    "insert into t (id, v) values (# + 3, @) on conflict (id) do update set v = t.v + 1",
    "insert into t (id, v) values (# + 3, @) on conflict do nothing",
    "insert into u values (# + 2, #) on conflict do nothing",
    "delete from t where id = # + 2",
    "delete from u where id = #",
    "update t set v = t.v + 1 from u where u.t = t.id and u.id = #",
    "with gone as (delete from u where id = # returning t) update t set v = v + 1 where id in (select t from gone)",
    "select count(*) from t full join u on u.t = t.id",
    "select * from (select id, v from t where v > @) as s where s.id = #",
    "insert into t (id, v) select id + 3, v from t where v < @ on conflict do nothing",
    "select id from t where tag = 'a' union select t from u",
    "savepoint s",
    "rollback to s",
];

#[derive(Clone, Debug)]
enum Turn {
    /// A session sends a statement: which, and its numbers.
    Send(usize, usize, i64, i64),
    Commit(usize),
    Rollback(usize),
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = (0..SESSIONS, 0usize..37, 1i64..4, 0i64..40).prop_map(
        |(session, statement, small, large)| match statement {
            0..28 => Turn::Send(session, statement, small, large),
            28..36 => Turn::Commit(session),
            _ => Turn::Rollback(session),
        },
    );
    proptest::collection::vec(turn, 1..70)
}

struct Play {
    store: Store,
    connections: Vec<ConnectionId>,
    levels: Vec<IsolationLevel>,
    builder: HistoryBuilder,
    serial: u32,
}

impl Play {
    fn new(levels: Vec<IsolationLevel>) -> Self {
        let mut store = Store::new(IsolationLevel::ReadCommitted);
        let setup = store.connect();
        for sql in SETUP {
            let (statement, _) = tidewire_syntax::parse_statement(sql);
            let statement = statement.expect("the setup is a statement");
            let plan = plan(&statement, store.catalog(), &()).expect("it can be planned");
            let done = store.execute(setup, &Arc::new(plan), &[], 0);
            assert!(matches!(done, Progress::Done(_)), "{sql}: {done:?}");
        }
        store.record(true);
        Self {
            connections: (0..levels.len()).map(|_| store.connect()).collect(),
            store,
            levels,
            builder: HistoryBuilder::new(),
            serial: 0,
        }
    }

    fn waits(&self, session: usize) -> bool {
        let connection = self.connections[session];
        let waits = self.store.waits();
        waits.iter().any(|wait| wait.waiter == connection)
    }

    fn send(&mut self, session: usize, sql: &str) {
        let connection = self.connections[session];
        let (statement, diagnostics) = tidewire_syntax::parse_statement(sql);
        let statement = statement.unwrap_or_else(|| panic!("{sql}: {diagnostics:?}"));
        let plan = plan(&statement, self.store.catalog(), &());
        let plan = Arc::new(plan.unwrap_or_else(|error| panic!("{sql}: {error:?}")));
        self.store.execute(connection, &plan, &[], 0);
        self.keep();
    }

    fn keep(&mut self) {
        for recorded in self.store.take_recorded() {
            self.builder.add(recorded, Some(self.serial));
            self.serial += 1;
        }
    }

    fn turn(&mut self, turn: &Turn) {
        let (Turn::Send(session, ..) | Turn::Commit(session) | Turn::Rollback(session)) = turn;
        let session = *session;
        if self.waits(session) {
            self.store.cancel(
                self.connections[session],
                SqlError::new(b"57014", "canceling statement due to user request"),
            );
            self.keep();
            return;
        }
        match turn {
            Turn::Commit(_) => self.send(session, "commit"),
            Turn::Rollback(_) => self.send(session, "rollback"),
            Turn::Send(_, statement, small, large) => {
                if !self.store.in_transaction(self.connections[session]) {
                    let level = match self.levels[session] {
                        IsolationLevel::ReadUncommitted => "read uncommitted",
                        IsolationLevel::ReadCommitted => "read committed",
                        IsolationLevel::RepeatableRead => "repeatable read",
                        IsolationLevel::Serializable => "serializable",
                    };
                    self.send(session, &format!("begin isolation level {level}"));
                }
                let sql = STATEMENTS[*statement].replace('#', &small.to_string());
                self.send(session, &sql.replace('@', &large.to_string()));
            }
        }
        // Whoever may go on does, the last that came first.
        while let Some(ready) = self.store.ready().last().copied() {
            self.store.resume(ready, 0);
            self.keep();
        }
    }

    fn finish(mut self) -> Filled {
        for session in 0..self.connections.len() {
            if !self.waits(session) {
                self.turn(&Turn::Commit(session));
            }
        }
        self.builder.finish()
    }
}

fn played(levels: Vec<IsolationLevel>, turns: &[Turn]) -> Vec<Anomaly> {
    let mut play = Play::new(levels);
    for turn in turns {
        play.turn(turn);
    }
    let filled = play.finish();
    assert!(!filled.cut);
    find(&filled.history, Orders::default(), Limits::default()).anomalies
}

fn level() -> impl Strategy<Value = IsolationLevel> {
    prop_oneof![
        Just(IsolationLevel::ReadCommitted),
        Just(IsolationLevel::RepeatableRead),
        Just(IsolationLevel::Serializable),
    ]
}

fn none_is_forbidden(anomalies: &[Anomaly]) -> Result<(), TestCaseError> {
    for anomaly in anomalies {
        prop_assert!(anomaly.permitted, "{:#?}", anomaly);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_level_shows_what_it_forbids(level in level(), turns in turns()) {
        let anomalies = played(vec![level; SESSIONS], &turns);
        none_is_forbidden(&anomalies)?;
        if level == IsolationLevel::Serializable {
            prop_assert_eq!(anomalies, vec![]);
        }
    }

    #[test]
    fn nor_do_levels_side_by_side(
        levels in proptest::collection::vec(level(), SESSIONS),
        turns in turns(),
    ) {
        none_is_forbidden(&played(levels, &turns))?;
    }
}

/// The law above would hold of a store that shows nothing, too.
#[test]
fn what_levels_permit_does_happen() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..120 {
        let turns = proptest::strategy::Strategy::new_tree(&turns(), &mut runner);
        let turns = proptest::strategy::ValueTree::current(&turns.expect("a tree"));
        for level in [
            IsolationLevel::ReadCommitted,
            IsolationLevel::RepeatableRead,
        ] {
            let found = played(vec![level; SESSIONS], &turns);
            seen.extend(found.into_iter().map(|it| (level, it.phenomenon)));
        }
    }
    for wanted in [
        (IsolationLevel::ReadCommitted, Phenomenon::LostUpdate),
        (IsolationLevel::ReadCommitted, Phenomenon::GSingle),
        (IsolationLevel::ReadCommitted, Phenomenon::G2),
        (IsolationLevel::RepeatableRead, Phenomenon::G2Item),
        (IsolationLevel::RepeatableRead, Phenomenon::G2),
    ] {
        assert!(
            seen.contains(&wanted),
            "{wanted:?} never happened: {seen:?}"
        );
    }
}
