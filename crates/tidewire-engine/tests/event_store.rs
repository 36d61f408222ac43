//! Streams of an event store: versions, positions, conflicts, ids, snapshots.

mod common;

use std::collections::BTreeMap;

use common::{canonical, ends, finished, rows};
use proptest::prelude::*;
use tidewire_engine::{Choices, Run};
use tidewire_scenario::DatabaseId;
use tidewire_store::{ReadAs, Value};

/// Writers of two streams, each event of a pair beside its twin, with lost answers and repeated calls.
const PAIRS: &str = "
event Began(request text, balance int);
event Ended(request text);
database log_db events { latency 1ms to 4ms; }
service writer owns log_db {
  timeout 30ms;
  command Write(s text) {
    load stream :s snapshot every 3 into log fold {
      let n = 0;
      on Began { let n = :n + 1; }
    }
    append Began(request => :request_id, balance => :log.n), Ended(request => :request_id)
      to stream :s expecting :log.version id :request_id;
    reply ();
  }
}
client c users 5 requests 30 {
  think 0us to 10ms;
  call writer.Write(s => pick('a', 'b')) timeout 40ms retry 6 backoff 3ms;
}
fault partition writer <-> log_db at 40ms for 25ms;
fault crash writer at 90ms for 10ms;
";

/// Stream, version, event and data of all events in order of their positions, which must be dense.
fn events(run: &Run) -> Vec<(String, i64, String, String)> {
    let store = run.state().store(DatabaseId(0));
    let table = store.catalog().table("events").expect("it has one");
    let mut all = Vec::new();
    for row in store.rows(table.id, ReadAs::Committed) {
        let value = |name: &str| {
            let column = table.column(name).expect("a column");
            row.values.get(column.slot).cloned().unwrap_or_default()
        };
        let number = |name: &str| match value(name) {
            Value::Integer(number) => number,
            other => panic!("{name} is {other:?}"),
        };
        let text = |name: &str| value(name).to_string();
        let line = (
            text("stream"),
            number("version"),
            text("event"),
            text("data"),
        );
        all.push((number("position"), line));
    }
    all.sort();
    for (expected, (position, _)) in (0..).zip(&all) {
        assert_eq!(*position, expected, "positions are dense");
    }
    all.into_iter().map(|(_, line)| line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn versions_are_dense_and_an_append_is_whole(seed in 0_u64..10_000, shuffled in any::<bool>()) {
        let choices = if shuffled { Choices::Shuffle(seed) } else { Choices::Canonical };
        let (run, _) = finished(PAIRS, seed, choices);
        let mut versions: BTreeMap<String, i64> = BTreeMap::new();
        let mut requests: BTreeMap<String, u32> = BTreeMap::new();
        let events = events(&run);
        prop_assert!(!events.is_empty());
        for pair in events.chunks(2) {
            let [(stream, version, began, data), (twin, next, ended, _)] = pair else {
                return Err(TestCaseError::fail("an append was split"));
            };
            prop_assert_eq!((began.as_str(), ended.as_str()), ("Began", "Ended"));
            prop_assert_eq!(stream, twin);
            let last = versions.entry(stream.clone()).or_default();
            prop_assert_eq!((*version, *next), (*last + 1, *last + 2));
            // The decision was made on the whole stream before it, snapshot or not.
            let so_far = format!("\"balance\": {}", *last / 2);
            prop_assert!(data.contains(&so_far), "{} lacks {}", data, so_far);
            *last += 2;
            *requests.entry(data.clone()).or_default() += 1;
        }
        // However often a request was repeated, its id appended once.
        prop_assert!(requests.values().all(|times| *times == 1));
        prop_assert!(!rows(&run, 0, "snapshots").is_empty());
    }
}

#[test]
fn a_stream_that_has_gone_on_refuses() {
    let text = "
    event E(n int);
    database log_db events { }
    service s owns log_db {
      command Begin() { append E(n => 1) to stream 'x' expecting no stream; reply (); }
      command At(v int) { append E(n => 2) to stream 'x' expecting :v; reply (); }
      command Twice() {
        append E(n => 3) to stream 'x' expecting 1 id 'the id';
        let first = :position;
        append E(n => 4) to stream 'x' expecting 1 id 'the id';
        require :position = :first and :version = 2 else fail NotTheSame;
        reply ();
      }
    }
    client c users 1 requests 1 {
      call s.At(v => 0);
      call s.Twice();
      call s.At(v => 2);
      call s.Begin();
    }
    ";
    let (_, trace) = canonical(text);
    assert_eq!(ends(&trace), ["WrongExpectedVersion"]);
    let (run, _) = finished(text, 1, Choices::Canonical);
    let numbers: Vec<String> = events(&run).into_iter().map(|(.., data)| data).collect();
    assert_eq!(numbers, [r#"{"n": 2}"#, r#"{"n": 3}"#, r#"{"n": 2}"#]);
}
