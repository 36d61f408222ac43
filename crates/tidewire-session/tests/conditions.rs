//! Faults as people see them: sentences of the log, states of nodes, spans of the timeline.

use std::sync::Arc;

use tidewire_engine::Choices;
use tidewire_session::legend::Legend;
use tidewire_session::recording::Recording;
use tidewire_session::simulation::Simulation;
use tidewire_session::source;
use tidewire_session::view::{NodeCondition, SpanKind};

const SHOP: &str = "
database db relational { create table orders (id serial primary key, request text not null); }
service shop owns db {
  instances 2;
  command Place() { insert into orders (request) values (:request_id); reply (); }
}
client c users 3 requests 60 { think 1ms to 20ms; call shop.Place() timeout 50ms; }
fault pause shop#2 at 40ms for 60ms;
fault fill disk db at 120ms for 20ms;
fault skew shop by -200ms at 150ms for 20ms;
fault slow db by 5ms at 180ms for 20ms;
fault slow shop -> db by 1500us at 210ms for 20ms;
fault crash shop#1 at 240ms for 20ms;
fault drop c -> shop at 270ms;
";

fn recorded() -> Recording {
    let loaded = source::load(SHOP, None).expect("it is valid");
    let program = Arc::clone(&loaded.program);
    let mut simulation = Simulation::recorded(program, 1, Choices::Canonical);
    while simulation.advance(u32::MAX) {}
    let mut recording = Recording::new(Arc::new(Legend::of(simulation.program())));
    let chunk = simulation.take_chunk();
    recording
        .push(chunk.strings, &chunk.bytes, chunk.reached_us)
        .expect("both sides are of one build");
    recording
}

#[test]
fn every_change_has_a_sentence() {
    let recording = recorded();
    let lines = recording.log_lines(0..u32::MAX);
    let said = |sentence: &str| lines.iter().any(|line| line.sentence == sentence);
    for sentence in [
        "shop #2 stands still",
        "shop #2 goes on, with old beliefs",
        "the disk of db is full",
        "the disk of db has room again",
        "the clock of shop is 200 ms behind",
        "the clock of shop is right again",
        "messages from db take 5 ms longer",
        "messages from db are as fast as before",
        "messages from shop to db take 1.5 ms longer",
        "shop #1 crashes",
        "shop #1 restarts",
        "fault: fault drop c -> shop at 270ms;",
        "this message is struck: drop c -> shop at 270ms",
    ] {
        let some = lines.iter().map(|line| line.sentence.as_str());
        let like: Vec<&str> = some
            .filter(|line| line.contains("shop #") || line.contains("fault"))
            .collect();
        assert!(said(sentence), "{sentence}: {like:#?}");
    }
    let struck = lines
        .iter()
        .filter(|line| line.sentence.contains("is struck"));
    assert_eq!(struck.count(), 1, "what is always slow is told once");
}

#[test]
fn nodes_show_what_is_wrong_with_them_and_for_how_long() {
    let recording = recorded();
    let conditions =
        |at_us: u64, node: usize| recording.frame(at_us).nodes[node].conditions.clone();
    let (db, shop) = (0, 1);
    assert_eq!(conditions(70_000, shop), [NodeCondition::Paused]);
    assert_eq!(conditions(130_000, db), [NodeCondition::DiskFull]);
    assert_eq!(conditions(160_000, shop), [NodeCondition::ClockOff]);
    assert_eq!(conditions(190_000, db), [NodeCondition::Slow]);
    assert_eq!(conditions(250_000, shop), [NodeCondition::InstanceDown]);
    assert_eq!(conditions(265_000, shop), []);
    let frame = recording.frame(130_000);
    assert_eq!(frame.nodes[db].caption, "disk full");
    assert!(frame.nodes[db].description.contains("disk full"));
    let spans = &recording.timeline().lanes[shop].spans;
    let down = spans.iter().filter(|span| span.kind == SpanKind::Down);
    let down: Vec<(&str, u64, Option<u64>)> = down
        .map(|span| (span.label.as_str(), span.start_us, span.end_us))
        .collect();
    assert_eq!(
        down,
        [
            ("stands still", 40_000, Some(100_000)),
            ("instance down", 240_000, Some(260_000))
        ]
    );
}
