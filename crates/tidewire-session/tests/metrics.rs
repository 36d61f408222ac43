//! Figures of runs whose answer is known beforehand.

use std::sync::Arc;

use tidewire_engine::Choices;
use tidewire_session::protocol::{CommandMetrics, Metrics, SeriesKind};
use tidewire_session::simulation::Simulation;
use tidewire_session::source;

fn measured(text: &str) -> Metrics {
    let loaded = source::load(text, None).expect("it is valid");
    let mut simulation = Simulation::new(Arc::clone(&loaded.program), 1, Choices::Canonical);
    while simulation.advance(u32::MAX) {}
    let outcome = simulation.outcome();
    assert_eq!(outcome.verdict, "quiet");
    *outcome.metrics
}

fn command<'a>(metrics: &'a Metrics, name: &str) -> &'a CommandMetrics {
    let mut commands = metrics.commands.iter();
    commands
        .find(|command| command.name == name)
        .expect("it was answered")
}

#[test]
fn a_command_is_measured_as_its_caller_sees_it() {
    let metrics = measured(
        "service catalog { query Product() { wait 40ms; reply (); } query Gone() { fail Gone; } }
         service page { query View() { call catalog.Product(); wait 10ms; reply (); } }
         client a users 1 requests 10 { call page.View(); }
         client b users 1 requests 4 { call catalog.Gone(); }",
    );
    let (page, product) = (
        command(&metrics, "page.View"),
        command(&metrics, "catalog.Product"),
    );
    assert_eq!((page.succeeded, product.succeeded), (10, 10));
    assert!(
        (50_400..54_000).contains(&page.latency_p50_us),
        "{}",
        page.latency_p50_us
    );
    assert!((40_400..41_700).contains(&product.latency_max_us));
    assert!(
        page.latency_p50_us <= page.latency_p99_us && page.latency_p99_us <= page.latency_max_us
    );
    let parts = page.parts.expect("it calls others");
    assert_eq!(parts.least_over_sum_us, 10_000, "what is left is the wait");
    assert_eq!(parts.most_over_longest_us, 10_000);
    assert_eq!(product.parts, None);
    let counted: u32 = product.distribution.iter().map(|(_, count)| count).sum();
    assert_eq!(counted, 10);
    assert!(
        product
            .distribution
            .last()
            .is_some_and(|(end, _)| *end >= product.latency_max_us)
    );
    let gone = command(&metrics, "catalog.Gone");
    assert_eq!((gone.succeeded, gone.failed), (0, 4));
    assert_eq!(
        (metrics.round_trips, metrics.round_trips_p50),
        (24, Some(2))
    );
}

#[test]
fn refusals_are_answers_and_silence_is_none() {
    let metrics = measured(
        "service shop { command Take() { require :attempt > 1 else fail SoldOut; reply (); } command Give() { reply (); } }
         client a users 1 requests 10 { think 20ms; call shop.Take() timeout 30ms; }
         client b users 1 requests 10 { think 20ms; call shop.Give() timeout 30ms; }
         fault crash shop at 100ms for 40ms;",
    );
    let (during, otherwise) = (metrics.during_faults, metrics.otherwise);
    assert_eq!(during.ended + otherwise.ended, 20);
    assert_eq!(otherwise.answered, otherwise.ended);
    assert!(
        during.ended >= 3 && during.answered < during.ended,
        "{during:?}"
    );
}

#[test]
fn what_waits_is_counted_until_it_is_done() {
    let metrics = measured(
        "event Placed(n int);
         broker bus log { topic placed partitions 1; }
         database db relational { create table a (id int primary key, n int not null); insert into a values (1, 0); }
         database copies relational { create table seen (n int not null); }
         service shop owns db {
           workers 1;
           command Add() {
             begin; update a set n = n + 1 where id = 1; wait 5ms; commit;
             publish Placed(n => 12345) to placed;
             reply ();
           }
         }
         service other uses db { command Add() { update a set n = n + 1 where id = 1; reply (); } }
         service slow owns copies { on Placed from placed { wait 30ms; insert into seen values (:n); } }
         client c users 4 requests 12 { call shop.Add() timeout 5s; }
         client d users 1 requests 12 { call other.Add() timeout 5s; }",
    );
    let depth = |name: &str| metrics.queues.iter().find(|queue| queue.name == name);
    assert_eq!(
        depth("workers of shop").map(|queue| queue.depth_max),
        Some(3)
    );
    let unread = depth("placed, group slow").map_or(0, |queue| queue.depth_max);
    assert!((6..=12).contains(&unread), "{unread}");
    let series = |kind: SeriesKind| {
        metrics
            .series
            .iter()
            .filter(move |series| series.kind == kind)
    };
    for series in series(SeriesKind::Depth) {
        let (most, last) = (series.values.iter().max(), series.values.last());
        assert_eq!(
            most.copied(),
            depth(&series.name).map(|queue| queue.depth_max)
        );
        assert!(
            last <= Some(&1),
            "{}: in the end nothing is left",
            series.name
        );
    }
    let copies = &metrics.copies[0];
    assert_eq!((copies.name.as_str(), copies.count), ("slow on Placed", 12));
    assert!(
        copies.staleness_max_us > 200_000,
        "{}",
        copies.staleness_max_us
    );
    let drawn: Vec<u64> = series(SeriesKind::Staleness)
        .flat_map(|series| series.values.clone())
        .collect();
    assert_eq!(drawn.iter().max(), Some(&copies.staleness_max_us));
    assert_eq!(metrics.copied_bytes, 60, "twelve numbers of five digits");
    let waits: Vec<&str> = series(SeriesKind::LockWaits)
        .map(|series| series.name.as_str())
        .collect();
    assert_eq!(waits, ["db"]);
    assert!(metrics.lock_wait_us > 0);
}
