//! The streams of an event store, with the state behind each event by the scenario's own folds.

use std::collections::BTreeMap;

use tidewire_scenario::{DatabaseKind, Fold, Program};
use tidewire_store::{ReadAs, Value};

use super::Instant;
use crate::store_view::{FoldedStates, StreamEvent, StreamView};
use crate::words::value_text;

/// Streams that are sent, in order of their first events.
const STREAMS: usize = 64;
/// Events of a stream that are sent.
const EVENTS: usize = 500;

/// A row of the table `events`.
struct Appended {
    position: i64,
    stream: String,
    event: Value,
    data: Value,
    view: StreamEvent,
}

/// All streams at this instant; nothing of a store of another kind.
pub(super) fn streams(instant: &Instant<'_>) -> Vec<StreamView> {
    let program = &instant.now.setup().program;
    if program.databases[instant.database.index()].kind != DatabaseKind::Events {
        return Vec::new();
    }
    let mut streams: Vec<(String, Vec<Appended>)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for event in appended(instant) {
        let next = streams.len();
        let place = *places.entry(event.stream.clone()).or_insert(next);
        if place == next {
            streams.push((event.stream.clone(), Vec::new()));
        }
        streams[place].1.push(event);
    }
    streams.truncate(STREAMS);
    streams
        .into_iter()
        .map(|(name, events)| stream(instant, program, name, &events))
        .collect()
}

/// All events in order of their positions.
fn appended(instant: &Instant<'_>) -> Vec<Appended> {
    let Some(table) = instant.store.catalog().table("events") else {
        return Vec::new();
    };
    let slot = |name: &str| table.column(name).map(|column| column.slot);
    let slots = ["position", "stream", "version", "event", "data", "at"].map(slot);
    let rows = instant.store.rows(table.id, ReadAs::Committed);
    let mut events: Vec<Appended> = rows
        .iter()
        .filter_map(|row| {
            let value = |at: usize| row.values.get(slots[at]?).cloned();
            let number = |at: usize| match value(at)? {
                Value::Integer(number) => Some(number),
                _ => None,
            };
            let at_us = match value(5)? {
                Value::Timestamp(micros) => u64::try_from(micros).unwrap_or(0),
                _ => 0,
            };
            let (event, data) = (value(3)?, value(4)?);
            Some(Appended {
                position: number(0)?,
                stream: value_text(&value(1)?)?,
                view: StreamEvent {
                    position: u64::try_from(number(0)?).ok()?,
                    version: u32::try_from(number(2)?).ok()?,
                    event: value_text(&event)?,
                    data: value_text(&data)?,
                    at_us,
                },
                event,
                data,
            })
        })
        .collect();
    events.sort_by_key(|event| event.position);
    events
}

fn stream(
    instant: &Instant<'_>,
    program: &Program,
    name: String,
    events: &[Appended],
) -> StreamView {
    let folds = program.folds.iter();
    let folds =
        folds.filter(|fold| fold.database == instant.database && name.starts_with(&*fold.prefix));
    let folds = folds
        .map(|fold| folded(program, fold, &events[..events.len().min(EVENTS)]))
        .collect();
    StreamView {
        name,
        total: events.len() as u32,
        events: events
            .iter()
            .take(EVENTS)
            .map(|event| event.view.clone())
            .collect(),
        folds,
    }
}

fn folded(program: &Program, fold: &Fold, events: &[Appended]) -> FoldedStates {
    let handler = &program.handlers[fold.handler.index()];
    let owner = &program.nodes[handler.owner.index()].name;
    let states = fold.states(
        program,
        events.iter().map(|event| (&event.event, &event.data)),
    );
    let (states, failure) = match states {
        Ok(states) => (states, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    FoldedStates {
        name: format!("{owner}.{}", handler.name),
        parts: fold
            .state
            .iter()
            .map(|(name, ..)| name.to_string())
            .collect(),
        states: states
            .iter()
            .map(|state| state.iter().map(value_text).collect())
            .collect(),
        failure,
    }
}
