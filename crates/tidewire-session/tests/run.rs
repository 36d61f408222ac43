//! The worker's side through its messages, and the page's recording of what it sends.

use std::sync::Arc;

use proptest::prelude::*;
use tidewire_check::Model as _;
use tidewire_engine::{Choices, NoTrace, Run, Trace};
use tidewire_session::document::Document;
use tidewire_session::model::ProgramModel;
use tidewire_session::protocol::{FromRun, Outcome, ReadAs, ToRun};
use tidewire_session::recording::Recording;
use tidewire_session::run::{Outgoing, RunHost};
use tidewire_session::simulation::Simulation;
use tidewire_session::source;
use tidewire_session::store_view::{Author, RowMark, TableContent};
use tidewire_session::view::{Record, RecordKind};
use tidewire_session::wire;

const SHOP: &str = include_str!("../../../gallery/shared-database/scenario.tide");
const OUTBOX: &str = include_str!("fixtures/outbox.tide");

fn start(text: &str, design: Option<&str>, shuffle: Option<u64>) -> ToRun {
    ToRun::Start {
        generation: 1,
        text: text.into(),
        design: design.map(str::to_owned),
        seed: 7,
        shuffle,
    }
}

/// Runs to the end in slices and records everything, as a page would.
fn play(
    host: &mut RunHost,
    message: ToRun,
    document: &Document,
    budget: u32,
) -> (Recording, Outcome) {
    assert_eq!(
        host.handle(message),
        [Outgoing::from(FromRun::Started { generation: 1 })]
    );
    let legend = document
        .runnable()
        .expect("the lesson is valid")
        .legend
        .clone();
    let mut recording = Recording::new(legend);
    loop {
        for outgoing in host.slice(budget) {
            match outgoing.message {
                FromRun::Chunk {
                    strings,
                    reached_us,
                    ..
                } => {
                    recording
                        .push(strings, &outgoing.records, reached_us)
                        .expect("whole records");
                }
                FromRun::Finished { outcome, .. } => return (recording, outcome),
                other => panic!("unexpected {other:?}"),
            }
        }
    }
}

fn shop() -> (RunHost, Recording, Outcome) {
    let document = Document::open(SHOP);
    let mut host = RunHost::new();
    let (recording, outcome) = play(&mut host, start(SHOP, None, None), &document, 500);
    (host, recording, outcome)
}

fn inspect(host: &mut RunHost, event: Option<u32>, read: ReadAs) -> Vec<TableContent> {
    let question = ToRun::Inspect {
        generation: 1,
        ticket: 9,
        database: 0,
        event,
        read,
    };
    match host.handle(question).pop().map(|outgoing| outgoing.message) {
        Some(FromRun::Tables {
            ticket: 9, store, ..
        }) => store.tables,
        other => panic!("unexpected {other:?}"),
    }
}

#[test]
fn page_and_command_see_the_same_outcome() {
    let (_, recording, sliced) = shop();
    let program = source::load(SHOP, None)
        .expect("the lesson is valid")
        .program;
    let mut simulation = Simulation::new(Arc::clone(&program), 7, Choices::Canonical);
    while simulation.advance(u32::MAX) {}
    assert_eq!(sliced, simulation.outcome());
    let (engine, trace) = tidewire_engine::run(program, 7, Choices::Canonical);
    assert_eq!(sliced.trace_hash, format!("{:032x}", engine.trace_hash));
    assert_eq!(recording.len(), trace.observations().len());
}

/// Checkpoints are forks, and forks change nothing: in every lesson the page's host ends as a run without any.
#[test]
fn checkpoints_change_nothing() {
    let gallery = concat!(env!("CARGO_MANIFEST_DIR"), "/../../gallery");
    for lesson in tidewire_session::gallery::in_order() {
        let path = format!("{gallery}/{}/scenario.tide", lesson.slug);
        let text = std::fs::read_to_string(&path).expect("the lesson can be read");
        for design in lesson.designs {
            let document = Document::open(&text);
            let mut host = RunHost::new();
            let start = start(&text, Some(design.name), None);
            let (_, sliced) = play(&mut host, start, &document, 4_096);
            let loaded = source::load(&text, Some(design.name)).expect("the lesson is valid");
            let mut simulation = Simulation::new(loaded.program, 7, Choices::Canonical);
            while simulation.advance(u32::MAX) {}
            let whole = simulation.outcome().trace_hash;
            assert_eq!(sliced.trace_hash, whole, "{}, {}", lesson.slug, design.name);
        }
    }
}

#[test]
fn records_tell_what_observations_do() {
    let (_, recording, _) = shop();
    let program = source::load(SHOP, None)
        .expect("the lesson is valid")
        .program;
    let mut trace = Trace::default();
    Run::new(program, 7, Choices::Canonical).finish(&mut trace);
    for (index, observation) in trace.observations().iter().enumerate() {
        let record = recording.record(index as u32).expect("as many records");
        assert_eq!(record.at_us, observation.at_us);
        assert_eq!(record.event, observation.event);
        assert_eq!(record.cause, observation.cause.unwrap_or(Record::NONE));
    }
}

#[test]
fn every_record_has_a_sentence_that_names_its_parts() {
    let (_, recording, _) = shop();
    for line in recording.log_lines(0..u32::MAX) {
        assert!(!line.sentence.is_empty());
        let vague = line.sentence.contains("someone") || line.sentence.contains("a message ends");
        assert!(!vague, "{}: {}", line.record, line.sentence);
    }
}

#[test]
fn metrics_agree_with_the_records() {
    let (_, recording, outcome) = shop();
    let records = (0..recording.len() as u32).filter_map(|index| recording.record(index));
    let count = |kind: RecordKind| records.clone().filter(|record| record.kind == kind).count();
    assert_eq!(outcome.metrics.commits, count(RecordKind::Committed) as u64);
    assert_eq!(outcome.metrics.messages, count(RecordKind::Sent) as u64);
    let requests = outcome.metrics.requests;
    assert_eq!(requests.started as usize, count(RecordKind::RequestStarted));
    assert_eq!(requests.started, requests.succeeded + requests.failed);
    let failures: u32 = outcome
        .metrics
        .failures
        .iter()
        .map(|(_, count)| count)
        .sum();
    assert_eq!(requests.failed, failures);
    assert!(
        outcome.metrics.staleness_max_us > Some(40_000),
        "a relay looks every 40 ms"
    );
}

#[test]
fn a_broken_invariant_shows_at_its_moment_and_not_before() {
    let (_, recording, outcome) = shop();
    let broken = &outcome.invariants[0];
    let at = broken
        .violated_at_us
        .expect("the shared database breaks it");
    let before = &recording.frame(at - 1).invariants[0];
    let after = &recording.frame(at).invariants[0];
    assert_eq!((before.state, before.breaks_at_us), (0, Some(at)));
    assert_eq!((after.state, after.violated_at_us), (2, Some(at)));
    assert_eq!(after.evidence.len(), broken.rows.len());
    assert!(
        recording
            .timeline()
            .flags
            .iter()
            .any(|flag| flag.violation && flag.at_us == at)
    );
}

#[test]
fn what_moves_at_the_end_of_a_quiet_run_is_nothing() {
    let (_, recording, outcome) = shop();
    let document = Document::open(SHOP);
    assert_eq!(outcome.verdict, "quiet");
    let end = recording.frame(outcome.virtual_time_us);
    for node in &end.nodes {
        assert_eq!(
            (node.busy, node.queued, node.crashed_since_us),
            (0, 0, None),
            "{}",
            node.description
        );
    }
    assert_eq!(
        recording.tokens(outcome.virtual_time_us, 0, document.canvas()),
        []
    );
    let lanes = recording.timeline().lanes.iter();
    let open: Vec<_> = lanes
        .flat_map(|lane| &lane.spans)
        .filter(|span| span.end_us.is_none())
        .collect();
    assert_eq!(open, Vec::<&tidewire_session::view::LaneSpan>::new());
}

#[test]
fn every_token_finds_its_wire() {
    let (_, recording, outcome) = shop();
    let document = Document::open(SHOP);
    for step in 0..200 {
        let at_us = outcome.virtual_time_us * step / 200;
        for token in recording.tokens(at_us, 0, document.canvas()) {
            assert!(token.wire.is_some(), "{}", recording.describe(token.record));
        }
    }
}

#[test]
fn tables_show_the_last_commit_and_who_wrote_what() {
    let (mut host, recording, _) = shop();
    let records = (0..recording.len() as u32).filter_map(|index| recording.record(index));
    let commit = records
        .clone()
        .find(|record| record.kind == RecordKind::Committed && record.small > 0);
    let commit = commit.expect("orders are written");
    let tables = inspect(&mut host, Some(commit.event), ReadAs::Committed);
    let changed = tables
        .iter()
        .flat_map(|table| &table.rows)
        .filter(|row| row.change != RowMark::Same);
    assert_eq!(changed.count(), commit.small as usize);
    let written = records.clone().find(|record| {
        record.kind == RecordKind::StatementDone
            && record.small > 0
            && record.number == commit.number
    });
    let written = written.expect("before the commit there is a write");
    let open = inspect(
        &mut host,
        Some(written.event),
        ReadAs::Transaction(written.number),
    );
    let rows = open.iter().flat_map(|table| &table.rows);
    let own = rows
        .filter(|row| row.writer == Author::InFlight(written.number))
        .count();
    assert_eq!(own, written.small as usize);
    let committed = inspect(&mut host, Some(written.event), ReadAs::Committed);
    assert!(
        committed
            .iter()
            .flat_map(|table| &table.rows)
            .all(|row| !matches!(row.writer, Author::InFlight(_)))
    );
}

#[test]
fn a_renamed_column_shows_under_its_new_name() {
    let (mut host, recording, _) = shop();
    let migrated = (0..recording.len() as u32)
        .filter_map(|index| recording.record(index))
        .find(|record| record.kind == RecordKind::Migrated)
        .expect("there is a migration");
    let columns = |tables: Vec<TableContent>| -> Vec<String> {
        tables[0]
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect()
    };
    let before = columns(inspect(
        &mut host,
        Some(migrated.event - 1),
        ReadAs::Committed,
    ));
    let after = columns(inspect(&mut host, Some(migrated.event), ReadAs::Committed));
    assert_eq!(before, ["sku", "title", "price", "weight_g"]);
    assert_eq!(after, ["sku", "title", "price", "weight_grams"]);
}

#[test]
fn messages_out_of_place_are_answered_calmly() {
    let mut host = RunHost::new();
    assert_eq!(host.slice(100), []);
    assert_eq!(
        host.handle(ToRun::Ping(3)),
        [Outgoing::from(FromRun::Alive(3))]
    );
    let refused = host.handle(start("service {", None, None));
    assert_eq!(
        refused,
        [Outgoing::from(FromRun::Refused { generation: 1 })]
    );
    let refused = host.handle(start(OUTBOX, Some("nowhere"), None));
    assert_eq!(
        refused,
        [Outgoing::from(FromRun::Refused { generation: 1 })]
    );
    host.handle(start(OUTBOX, None, None));
    for (generation, database) in [(2, 0), (1, 99)] {
        let question = ToRun::Inspect {
            generation,
            ticket: 1,
            database,
            event: Some(u32::MAX),
            read: ReadAs::Transaction(u32::MAX),
        };
        assert_eq!(host.handle(question), []);
    }
    assert!(!inspect(&mut host, Some(u32::MAX), ReadAs::Transaction(u32::MAX)).is_empty());
    host.handle(ToRun::Stop);
    assert!(!host.is_running());
}

#[test]
fn shuffled_runs_replay_from_their_choice_log() {
    let document = Document::open(OUTBOX);
    let program = source::load(OUTBOX, None).expect("it is valid").program;
    for stream in 0..5 {
        let mut host = RunHost::new();
        let (_, shuffled) = play(&mut host, start(OUTBOX, None, Some(stream)), &document, 64);
        let log = shuffled
            .choices
            .clone()
            .expect("a shuffled run has choices");
        let choices = Choices::Replay(log.parse().expect("it was printed by us"));
        let mut again = Simulation::new(Arc::clone(&program), 7, choices);
        while again.advance(u32::MAX) {}
        assert_eq!(again.outcome(), shuffled);
    }
}

#[test]
fn protocol_messages_survive_json() {
    let (mut host, _, outcome) = shop();
    let tables = host.handle(ToRun::Inspect {
        generation: 1,
        ticket: 4,
        database: 0,
        event: Some(900),
        read: ReadAs::Committed,
    });
    let mut messages: Vec<FromRun> = tables
        .into_iter()
        .map(|outgoing| outgoing.message)
        .collect();
    messages.push(FromRun::Finished {
        generation: 1,
        outcome,
    });
    messages.push(FromRun::Failed {
        generation: 1,
        message: "No memory is left.".into(),
    });
    for message in messages {
        let bytes = wire::to_bytes(&message);
        assert_eq!(wire::from_bytes::<FromRun>(&bytes), Some(message));
    }
    let up = start(SHOP, Some("Shared database"), Some(3));
    let bytes = wire::to_bytes(&up);
    assert_eq!(wire::from_bytes::<ToRun>(&bytes), Some(up));
}

#[test]
fn the_timed_run_is_a_path_of_the_model() {
    for (text, design) in [
        (OUTBOX, "Dual write"),
        (OUTBOX, "Outbox"),
        (SHOP, "Shared database"),
    ] {
        let program = source::load(text, Some(design))
            .expect("it is valid")
            .program;
        let model = ProgramModel::new(Arc::clone(&program), 7);
        let mut run = Run::new(program, 7, Choices::Canonical);
        let mut state = model.init();
        let mut actions = Vec::new();
        for _ in 0..600 {
            actions.clear();
            model.actions(&state, &mut actions);
            let stepped = run.step(&mut NoTrace);
            let Some(action) = actions.first() else {
                assert_eq!(stepped, None);
                break;
            };
            state = model
                .next(&state, action)
                .expect("the first action is possible");
            assert_eq!(Some(state.now_us()), stepped);
            assert_eq!(state.observations(), run.state().observations());
        }
        assert_eq!(state.verdict(), run.state().verdict());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// What a checkpoint and a replay give is what a run that goes straight there gives.
    #[test]
    fn any_event_is_reached_exactly(event in 0..4_000u32, shuffle in prop::option::of(0..9u64)) {
        let document = Document::open(SHOP);
        let mut host = RunHost::new();
        play(&mut host, start(SHOP, None, shuffle), &document, 777);
        let replayed = inspect(&mut host, Some(event), ReadAs::Committed);
        let mut direct = RunHost::new();
        direct.handle(start(SHOP, None, shuffle));
        direct.slice(event + 1);
        prop_assert_eq!(replayed, inspect(&mut direct, Some(event), ReadAs::Committed));
    }
}

#[test]
fn what_waits_for_a_reader_stands_at_its_wire() {
    let mut document = Document::open(SHOP);
    document
        .select_design("Database per service")
        .expect("it is there");
    let message = start(SHOP, Some("Database per service"), None);
    let (recording, outcome) = play(&mut RunHost::new(), message, &document, 10_000);
    let canvas = document.canvas();
    let name = |node: u32| &*canvas.nodes[node as usize].name;
    let (mut most, mut readers) = (0, std::collections::BTreeSet::new());
    for at_us in (0..outcome.virtual_time_us).step_by(5_000) {
        let frame = recording.frame(at_us);
        for backlog in &frame.backlogs {
            let wire = &canvas.wires[backlog.wire as usize];
            assert_eq!(name(wire.from), "bus");
            assert!(
                backlog.waiting > 0 && !backlog.stopped,
                "only catalog_db crashes"
            );
            most = most.max(backlog.waiting);
            readers.insert(name(wire.to).to_owned());
        }
    }
    assert!(most > 1, "records wait while their handlers work");
    assert_eq!(
        readers.into_iter().collect::<Vec<_>>(),
        ["inventory", "ordering", "payments", "shipping"]
    );
    assert_eq!(
        recording.frame(outcome.virtual_time_us).backlogs,
        [],
        "in the end all is read"
    );
}

#[test]
fn a_message_that_is_sent_again_says_so() {
    // The relay dies between publishing and deleting, so its row goes out twice.
    let fault = "fault crash outbox_relay after the 3rd OrderPlaced for 100ms;\nlayout {";
    let text = OUTBOX.replacen("layout {", fault, 1);
    let mut document = Document::open(text.as_str());
    document.select_design("Outbox").expect("it is there");
    let message = start(&text, Some("Outbox"), None);
    let (recording, outcome) = play(&mut RunHost::new(), message, &document, 10_000);
    let end = recording.frame(outcome.virtual_time_us);
    let cells = end.topics.iter().flat_map(|topic| &topic.partitions);
    let again: Vec<_> = cells
        .flat_map(|it| &it.cells)
        .filter(|cell| cell.again)
        .collect();
    assert_eq!(again.len(), 1, "one row was published twice");
    let sentence = recording.describe(again[0].record);
    assert!(sentence.contains(" again, as at "), "{sentence}");
    let at_us = recording
        .record(again[0].record)
        .expect("it is there")
        .at_us;
    let tokens = recording.tokens(at_us + 1, 1, document.canvas());
    let kinds: Vec<bool> = tokens.iter().map(|token| token.again).collect();
    assert!(kinds.contains(&true), "the broker hands it out: {kinds:?}");
    let first = recording.tokens(at_us - 1, 1, document.canvas());
    assert!(first.iter().all(|token| !token.again), "nobody else's is");
}
