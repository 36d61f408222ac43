//! What stands between a keystroke or a moved playhead and the screen: compiling the text, folding records into a
//! frame, and the state at an event by checkpoint and replay.

use tidewire_scenario::compile;
use tidewire_session::document::Document;
use tidewire_session::legend::Legend;
use tidewire_session::protocol::{FromRun, ReadAs, ToRun};
use tidewire_session::recording::Recording;
use tidewire_session::run::{Outgoing, RunHost};

use crate::Failure;
use crate::meter::Meter;
use crate::sample::SHOP;

/// Actions that a slice accepts, as in the worker.
const SLICE: u32 = 2_000;
/// 240 ms on the screen at a tenth of real time, in virtual microseconds: how long an arrived token is shown.
const REST_US: u64 = 24_000;
const GENERATION: u32 = 1;

pub(crate) fn measure(meter: &mut Meter<'_>) -> Result<(), Failure> {
    text(meter);
    let document = Document::open(SHOP);
    let (mut host, recording, events) = record(&document)?;
    frames(meter, &document, &recording);
    seek(meter, &mut host, events);
    Ok(())
}

/// What a keystroke costs.
fn text(meter: &mut Meter<'_>) {
    let parse = meter.nanoseconds(|| {
        std::hint::black_box(tidewire_syntax::parse(SHOP));
    });
    meter.report("text of the shop: parse", parse / 1e3, "us", None);
    let both = meter.nanoseconds(|| {
        std::hint::black_box(compile(&tidewire_syntax::parse(SHOP), None));
    });
    let name = "text of the shop: parse and compile both designs";
    meter.report(name, both / 1e3, "us", None);
}

/// A whole run as the page has it when the worker is done, and the number of its events.
fn record(document: &Document) -> Result<(RunHost, Recording, u32), Failure> {
    let lost = |what: &str| Failure::Outcome(what.to_owned());
    let runnable = document
        .runnable()
        .ok_or_else(|| lost("the shop has errors"))?;
    let program = document
        .running_program()
        .ok_or_else(|| lost("the shop has errors"))?;
    let mut recording = Recording::new(Legend::of(program).into());
    let mut host = RunHost::new();
    host.handle(ToRun::Start {
        generation: GENERATION,
        text: runnable.text.to_string(),
        design: runnable.design.clone(),
        seed: 1,
        shuffle: None,
    });
    let mut events = 0;
    while host.is_running() {
        for Outgoing { message, records } in host.slice(SLICE) {
            match message {
                FromRun::Chunk {
                    strings,
                    reached_us,
                    ..
                } => recording
                    .push(strings, &records, reached_us)
                    .map_err(|error| Failure::Outcome(error.to_string()))?,
                FromRun::Finished { outcome, .. } => events = outcome.events as u32,
                _ => {}
            }
        }
    }
    if events == 0 {
        return Err(lost("the shop's run did nothing"));
    }
    Ok((host, recording, events))
}

/// What an animation frame costs: at the end of the run, and anywhere while scrubbing.
fn frames(meter: &mut Meter<'_>, document: &Document, recording: &Recording) {
    let canvas = document.canvas();
    let mut draw = |name: &str, at_us: &mut dyn FnMut() -> u64| {
        let each = meter.nanoseconds(|| {
            let at_us = at_us();
            std::hint::black_box(recording.frame(at_us));
            std::hint::black_box(recording.tokens(at_us, REST_US, canvas));
        });
        meter.report(name, each / 1e3, "us", None);
    };
    let end_us = recording.reached_us();
    draw("frame and tokens at the end of the run", &mut || end_us);
    let mut at_us = 0;
    draw("frame and tokens anywhere in the run", &mut || {
        at_us = (at_us + 7 * end_us / 19) % end_us.max(1);
        at_us
    });
}

/// What a look into a store costs while scrubbing: fork a checkpoint, replay up to the event, read the tables.
fn seek(meter: &mut Meter<'_>, host: &mut RunHost, events: u32) {
    let mut event = 0;
    let each = meter.nanoseconds(|| {
        event = (event + 7 * events / 19) % events;
        std::hint::black_box(host.handle(ToRun::Inspect {
            generation: GENERATION,
            ticket: 0,
            database: 0,
            event: Some(event),
            read: ReadAs::Committed,
        }));
    });
    meter.report("tables at any event of the run", each / 1e3, "us", None);
}
