//! The same program, seed and choices give the same run; a run can be forked and replayed anywhere.

mod common;

use common::program;
use proptest::prelude::*;
use tidewire_engine::{
    ChoiceLog, Choices, Fact, NoTrace, Observation, Run, Sink, Trace, TraceHash, run,
};

const BUSY: &str = "
event Placed(id int, n int);
broker bus log { topic orders partitions 2; topic plain partitions 3; }
database db relational {
  connections 2;
  create table stock (id int primary key, n int not null);
  create table outbox (id serial primary key, topic text not null, key text, event text not null, payload jsonb not null);
  insert into stock values (1, 20), (2, 20);
}
service shop owns db {
  workers 3; timeout 200ms;
  command Take(id int, other int) {
    begin;
    update stock set n = n - 1 where id = :id returning n;
    update stock set n = n + 1 where id = :other;
    insert into outbox (topic, key, event, payload)
      values ('orders', cast(:id as text), 'Placed', jsonb_build_object('id', :id, 'n', :n));
    commit;
    publish Placed(id => :id, n => :n) to plain;
    reply (n => :n);
  }
}
relay carrier from db.outbox polling every 30ms delete;
database seen_db relational { create table seen (id int not null, n int not null); }
service stock owns seen_db {
  instances 2;
  on Placed from orders { insert into seen values (:id, :n); }
  on Placed from plain group other { insert into seen values (:id, :n); }
}
client c users 5 requests 40 {
  think 0us to 20ms;
  call shop.Take(id => pick(1, 2), other => pick(1, 2)) timeout 300ms retry 1 backoff 10ms;
}
invariant 'Enough' always no rows select id from db.stock where n < 0;
invariant 'All seen' finally no rows select id from db.outbox;
fault crash shop after commit of request 9 for 40ms;
fault crash db at 90ms for 30ms;
fault crash stock at 120ms for 30ms;
fault crash bus at 200ms for 20ms;
fault partition shop <-> db at 250ms for 50ms;
fault pause stock#2 at 170ms for 60ms;
fault pause db at 140ms for 20ms;
fault restart shop at 320ms;
fault crash stock#1 at 330ms for 30ms;
fault fill disk seen_db at 350ms for 30ms;
fault skew shop by -40ms at 60ms for 200ms;
fault slow bus by 3ms at 30ms for 300ms;
fault drop c -> shop with probability 3 %;
fault duplicate Placed with probability 10 %;
fault lose reply of shop.Take after commit of request 12;
";

fn end_of(mut run: Run) -> (u128, ChoiceLog) {
    let mut trace = TraceHash::default();
    run.finish(&mut trace);
    (trace.hash(), run.choices())
}

#[test]
fn two_runs_have_one_hash_and_two_seeds_two() {
    let hash = |seed| end_of(Run::new(program(BUSY), seed, Choices::Canonical)).0;
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

#[test]
fn a_kept_trace_and_a_hashed_one_agree() {
    let (outcome, trace) = run(program(BUSY), 1, Choices::Canonical);
    assert_eq!(
        outcome.trace_hash,
        end_of(Run::new(program(BUSY), 1, Choices::Canonical)).0
    );
    assert_eq!(trace.hash(), outcome.trace_hash);
    assert!(outcome.choices.choices().is_empty());
}

#[test]
fn a_shuffled_run_is_replayed_by_its_log() {
    let canonical = end_of(Run::new(program(BUSY), 1, Choices::Canonical)).0;
    for stream in 0..6 {
        let (hash, log) = end_of(Run::new(program(BUSY), 1, Choices::Shuffle(stream)));
        assert_ne!(hash, canonical);
        let log: ChoiceLog = log.to_string().parse().unwrap_or_default();
        assert_eq!(
            end_of(Run::new(program(BUSY), 1, Choices::Replay(log))).0,
            hash
        );
    }
}

/// Keeps what comes after a fork.
#[derive(Default)]
struct Tail(Vec<Observation>);

impl Sink for Tail {
    fn observe(&mut self, observation: Observation) {
        self.0.push(observation);
    }
}

#[test]
fn a_fork_goes_on_like_the_original_from_any_step() {
    for choices in [Choices::Canonical, Choices::Shuffle(3)] {
        let (outcome, whole) = run(program(BUSY), 1, choices.clone());
        let mut original = Run::new(program(BUSY), 1, choices);
        for step in 0..outcome.events {
            if step % 97 == 0 {
                let mut tail = Tail::default();
                original.clone().finish(&mut tail);
                let from = original.state().observations() as usize;
                assert_eq!(tail.0, whole.observations()[from..], "forked at {step}");
            }
            original.step(&mut NoTrace);
        }
    }
}

#[test]
fn the_kept_hash_is_the_hash_of_everything() {
    for choices in [Choices::Canonical, Choices::Shuffle(5)] {
        let mut kept = Run::new(program(BUSY), 1, choices.clone());
        let mut plain = Run::new(program(BUSY), 1, choices);
        kept.keep_hash();
        let mut steps = 0;
        while kept.step(&mut NoTrace).is_some() {
            plain.step(&mut NoTrace);
            let whole = plain.state().hash(plain.setup());
            assert_eq!(
                kept.state().hash(kept.setup()),
                whole,
                "after {steps} steps"
            );
            steps += 1;
        }
    }
}

/// What must be true of any trace.
fn check(trace: &Trace) -> Result<(), TestCaseError> {
    let mut delivered = std::collections::BTreeMap::new();
    let mut sent = std::collections::BTreeMap::new();
    let mut offsets = std::collections::BTreeMap::new();
    let mut now = 0;
    let mut event = 0;
    for observation in trace.observations() {
        prop_assert!(observation.at_us >= now && observation.event >= event);
        now = observation.at_us;
        event = observation.event;
        match &observation.fact {
            Fact::Sent {
                delivery,
                arrives_us,
                ..
            } => {
                prop_assert!(*arrives_us >= now);
                prop_assert!(sent.insert(*delivery, *arrives_us).is_none());
            }
            Fact::Delivered(delivery) => {
                prop_assert!(delivered.insert(*delivery, ()).is_none(), "delivered twice");
                prop_assert!(sent.contains_key(delivery));
            }
            Fact::Lost(delivery) => {
                prop_assert!(
                    delivered.insert(*delivery, ()).is_none(),
                    "lost and delivered"
                );
            }
            Fact::Appended {
                topic,
                partition,
                offset,
                ..
            } => {
                let next = offsets.entry((*topic, *partition)).or_insert(0);
                prop_assert_eq!(*next, *offset);
                *next += 1;
            }
            _ => {}
        }
    }
    let started = trace.observations().iter();
    let started = started.filter(|it| matches!(it.fact, Fact::RequestStarted { .. }));
    let ended = trace.observations().iter();
    let ended = ended.filter(|it| matches!(it.fact, Fact::RequestEnded { .. }));
    prop_assert_eq!(started.count(), ended.count());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_seed_and_stream_keeps_the_machinery_sound(seed in any::<u64>(), stream in any::<u64>()) {
        let (outcome, trace) = run(program(BUSY), seed, Choices::Shuffle(stream));
        check(&trace)?;
        prop_assert!(outcome.verdict.is_some());
    }

    #[test]
    fn any_log_is_a_run(seed in 0u64..4, log in proptest::collection::vec(0u32..9, 0..400)) {
        let log = ChoiceLog::new(log);
        let (outcome, trace) = run(program(BUSY), seed, Choices::Replay(log));
        check(&trace)?;
        let (again, _) = run(program(BUSY), seed, Choices::Replay(outcome.choices.clone()));
        prop_assert_eq!(again, outcome);
    }
}
