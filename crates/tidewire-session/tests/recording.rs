//! The laws of the page's recording, over records that no engine would send and over plain ones.

use std::sync::Arc;

use proptest::prelude::*;
use tidewire_session::legend::{Legend, LegendInvariant, LegendNode, LegendTopic};
use tidewire_session::recording::{ChunkError, Recording};
use tidewire_session::view::{
    Canvas, CanvasWire, InvariantNow, NodeShape, Record, RecordKind, SpanKind, TokenKind, WireStyle,
};

fn legend() -> Arc<Legend> {
    let node = |name: &str, shape| LegendNode {
        name: name.into(),
        shape,
        caption: "idle".into(),
    };
    Arc::new(Legend {
        nodes: vec![
            node("shoppers", NodeShape::Client),
            node("orders", NodeShape::Service),
            node("orders_db", NodeShape::Store),
            node("bus", NodeShape::Broker),
        ],
        topics: vec![LegendTopic {
            name: "order_events".into(),
            kind: tidewire_scenario::BrokerKind::Log,
            broker: 3,
            partitions: 2,
            groups: vec![("orders".into(), 1)],
            reads: vec![vec![0]],
        }],
        invariants: vec![LegendInvariant {
            sentence: "Stock is never negative".into(),
            mode: "always".into(),
            stores: vec![2],
        }],
        wires: vec![(0, 1), (1, 2), (1, 3)],
    })
}

fn record(kind: RecordKind, at_us: u64, node: u16, number: u32) -> Record {
    Record {
        node,
        number,
        ..Record::blank(kind, at_us)
    }
}

fn message(at_us: u64, until_us: u64, from: u16, to: u16, delivery: u32, detail: u8) -> Record {
    Record {
        until_us,
        peer: to,
        detail,
        label: 0,
        ..record(RecordKind::Sent, at_us, from, delivery)
    }
}

fn recording(records: &[Record]) -> Recording {
    let mut recording = Recording::new(legend());
    let mut bytes = Vec::new();
    for record in records {
        record.write(&mut bytes);
    }
    recording
        .push(vec!["PlaceOrder".into()], &bytes, 0)
        .expect("whole records");
    recording
}

fn canvas() -> Canvas {
    let wire = |from, to| CanvasWire {
        from,
        to,
        kind: WireStyle::Call,
        points: vec![(0.0, 0.0), (1.0, 0.0)],
    };
    Canvas {
        wires: vec![wire(0, 1), wire(1, 2), wire(1, 3)],
        ..Canvas::default()
    }
}

#[test]
fn a_message_moves_along_its_wire_and_back_against_it() {
    let recording = recording(&[
        message(1_000, 2_000, 0, 1, 0, 0),
        record(RecordKind::Delivered, 2_000, u16::MAX, 0),
        message(2_000, 4_000, 1, 0, 1, 1),
    ]);
    let at = |at_us| recording.tokens(at_us, 0, &canvas());
    assert_eq!(at(999), []);
    let going = at(1_250)[0];
    assert_eq!(
        (going.kind, going.wire, going.progress),
        (TokenKind::Command, Some((0, false)), 0.25)
    );
    let coming = at(3_000)[0];
    assert_eq!(
        (coming.kind, coming.wire, coming.progress),
        (TokenKind::Reply, Some((0, true)), 0.5)
    );
    assert_eq!(at(3_000).len(), 1);
}

#[test]
fn a_short_crossing_rests_on_the_receiver() {
    let recording = recording(&[
        message(1_000, 2_000, 0, 1, 0, 0),
        record(RecordKind::Delivered, 2_000, u16::MAX, 0),
    ]);
    let at = |at_us| recording.tokens(at_us, 5_000, &canvas());
    assert_eq!(at(1_500), []);
    assert_eq!(at(2_000)[0].progress, 1.0);
    assert_eq!(at(6_999).len(), 1);
    assert_eq!(at(7_000), []);
}

#[test]
fn a_lost_message_ends_where_it_was_lost() {
    let recording = recording(&[
        message(1_000, 9_000, 0, 1, 0, 0),
        record(RecordKind::Lost, 3_000, u16::MAX, 0),
    ]);
    assert_eq!(recording.tokens(2_999, 0, &canvas()).len(), 1);
    assert_eq!(recording.tokens(3_000, 0, &canvas()), []);
    assert_eq!(
        recording.describe(1),
        "PlaceOrder from shoppers is lost on its way to orders"
    );
}

#[test]
fn causes_are_a_chain_and_effects_a_tree() {
    let caused = |cause: u32| Record {
        cause,
        ..record(RecordKind::HandlerStarted, 1, 1, 0)
    };
    let recording = recording(&[
        caused(Record::NONE),
        caused(0),
        caused(0),
        caused(1),
        caused(Record::NONE),
        caused(3),
    ]);
    assert_eq!(recording.causes(5), [0, 1, 3]);
    assert_eq!(recording.effects(0), [1, 2, 3, 5]);
    assert_eq!(recording.effects(2), []);
    assert_eq!(recording.effects(99), []);
}

#[test]
fn a_crash_ends_what_ran_and_is_told() {
    let recording = recording(&[
        record(RecordKind::HandlerStarted, 1_000, 1, 7),
        record(RecordKind::Crashed, 2_000, 1, 0),
        record(RecordKind::Restarted, 400_000, 1, 0),
    ]);
    let down = recording.frame(246_000);
    assert_eq!(down.nodes[1].caption, "not running");
    assert_eq!(
        down.nodes[1].description,
        "orders, service, crashed 244 ms ago"
    );
    assert_eq!(down.sentence, "orders crashes");
    assert_eq!(recording.frame(400_000).nodes[1].caption, "idle");
    let spans = &recording.timeline().lanes[1].spans;
    assert_eq!(
        (spans[0].kind, spans[0].end_us),
        (SpanKind::Failed, Some(2_000))
    );
    assert_eq!(
        (spans[1].kind, spans[1].end_us),
        (SpanKind::Down, Some(400_000))
    );
}

#[test]
fn transactions_are_open_from_their_begin_to_their_end() {
    let recording = recording(&[
        record(RecordKind::TransactionBegan, 1_000, 2, 9),
        record(RecordKind::TransactionBegan, 2_000, 2, 4),
        record(RecordKind::Committed, 3_000, 2, 9),
    ]);
    let open = |at_us| recording.open_transactions(2, at_us);
    assert_eq!(open(999), [0; 0]);
    assert_eq!(open(2_000), [4, 9]);
    assert_eq!(open(3_000), [4]);
    assert_eq!(recording.open_transactions(99, 2_000), [0; 0]);
}

#[test]
fn logs_and_invariants_are_as_of_the_playhead() {
    let appended = |at_us, offset| Record {
        peer: 0,
        small: 1,
        label: 0,
        ..record(RecordKind::Appended, at_us, 3, offset)
    };
    let violated = Record {
        detail: 2,
        label: 1,
        ..record(RecordKind::InvariantChanged, 2_500, u16::MAX, 0)
    };
    let mut recording = recording(&[appended(1_000, 0), appended(2_000, 1), violated]);
    recording
        .push(vec!["sku mug\nsku lamp".into()], &[], 3_000)
        .expect("no bytes");
    let early = recording.frame(1_500);
    assert_eq!(early.topics[0].partitions[1].next, 1);
    assert_eq!(early.topics[0].partitions[1].cells.len(), 1);
    let InvariantNow {
        state,
        violated_at_us,
        breaks_at_us,
        ..
    } = &early.invariants[0];
    assert_eq!(
        (*state, *violated_at_us, *breaks_at_us),
        (0, None, Some(2_500))
    );
    let late = recording.frame(3_000);
    assert_eq!(late.invariants[0].evidence, ["sku mug", "sku lamp"]);
    assert!(late.nodes[2].violated && !early.nodes[2].violated);
    assert_eq!(recording.timeline().flags.len(), 1);
}

#[test]
fn bytes_that_are_no_records_are_refused() {
    let mut recording = Recording::new(legend());
    assert_eq!(
        recording.push(Vec::new(), &[0; 47], 0),
        Err(ChunkError::Length(47))
    );
    let unknown = recording.push(Vec::new(), &[0; 48], 0);
    assert_eq!(unknown, Err(ChunkError::Kind { record: 0, kind: 0 }));
}

/// Any records at all, ascending in time: nothing may panic, and every law holds.
fn records() -> impl Strategy<Value = Vec<Record>> {
    let one = (
        (0..400u64, 0..3_000u64, 1..=24u8, 0..4u8),
        (0..6u16, 0..6u16, 0..3u16, 0..40u32, 0..40u32),
    );
    prop::collection::vec(one, 0..1_600).prop_map(|parts| {
        let mut at_us = 0;
        let mut records = Vec::new();
        for (index, ((step, crossing, kind, detail), (node, peer, small, number, cause))) in
            parts.into_iter().enumerate()
        {
            at_us += step / 4;
            records.push(Record {
                at_us,
                until_us: at_us + crossing,
                event: index as u32,
                cause,
                request: 0,
                kind: RecordKind::from_number(kind).expect("1 to 24"),
                detail,
                node,
                peer,
                small,
                number,
                label: 0,
            });
        }
        records
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What a frame shows does not depend on what came later, nor on the way to it.
    #[test]
    fn a_frame_is_a_function_of_the_records_before_it(
        records in records(), cut in 0..1_600usize,
    ) {
        let whole = recording(&records);
        let cut = cut.min(records.len().saturating_sub(1));
        let Some(at_us) = records.get(cut).map(|record| record.at_us) else { return Ok(()) };
        let before: Vec<Record> = records.iter().copied().filter(|record| record.at_us <= at_us).collect();
        let part = recording(&before);
        let (mut later, mut earlier) = (whole.frame(at_us), part.frame(at_us));
        for frame in [&mut later, &mut earlier] {
            for invariant in &mut frame.invariants {
                invariant.breaks_at_us = None;
            }
        }
        prop_assert_eq!(later, earlier);
        prop_assert_eq!(whole.tokens(at_us, 500, &canvas()), part.tokens(at_us, 500, &canvas()));
    }

    #[test]
    fn chunks_may_be_cut_anywhere(records in records(), cut in 0..1_600usize) {
        let whole = recording(&records);
        let mut pieces = Recording::new(legend());
        let cut = cut.min(records.len());
        for (part, strings) in [(&records[..cut], vec!["PlaceOrder".to_owned()]), (&records[cut..], vec![])] {
            let mut bytes = Vec::new();
            part.iter().for_each(|record| record.write(&mut bytes));
            pieces.push(strings, &bytes, 0).expect("whole records");
        }
        prop_assert_eq!(pieces.timeline(), whole.timeline());
        prop_assert_eq!(pieces.frame(40_000), whole.frame(40_000));
    }

    #[test]
    fn stepping_forward_and_back_returns(records in records(), at_us in 0..60_000u64) {
        let recording = recording(&records);
        if let Some(next) = recording.next_event(at_us) {
            prop_assert!(next > at_us);
            prop_assert!(recording.previous_event(next).is_none_or(|before| before <= at_us));
        }
        for index in 0..recording.len() as u32 {
            prop_assert!(recording.causes(index).iter().all(|cause| *cause < index));
        }
    }
}
