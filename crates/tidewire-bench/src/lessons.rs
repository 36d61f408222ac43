//! Simulated events per second in every design of every lesson, with the full trace and all invariants. Natively only:
//! what a browser adds is the same for all, and the shop shows it.

use std::sync::Arc;

use tidewire_session::gallery;

use crate::Failure;
use crate::figure::Goal;
use crate::meter::Meter;
use crate::sample::program;
use crate::shop::{Mode, events_per_second};

/// Events that each repetition is taken over, at least: lessons are many and short.
const EVENTS: u64 = 30_000;
/// What the project wants of every lesson, in events per second.
const GOAL: f64 = 300_000.0;

pub(crate) fn measure(meter: &mut Meter<'_>) -> Result<(), Failure> {
    if !meter.is_native() {
        return Ok(());
    }
    for lesson in gallery::in_order() {
        let mut files = gallery::CASES.iter();
        let Some(files) = files.find(|files| files.slug == lesson.slug) else {
            continue;
        };
        for design in lesson.designs {
            let program = Arc::new(program(files.scenario, Some(design.name))?);
            let rate = meter.median(|meter| {
                events_per_second(meter, &program, Mode::TraceAndInvariants, EVENTS)
            });
            let name = format!("lesson {}: {}", lesson.slug, design.name);
            meter.report(name, rate, "events/s", Some(Goal::AtLeast(GOAL)));
        }
    }
    Ok(())
}
