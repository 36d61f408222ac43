//! Simulated events per second on the five-service shop. An event is one accepted action.

use std::sync::Arc;

use tidewire_engine::{Choices, NoTrace, Run, Trace};
use tidewire_scenario::Program;

use crate::Failure;
use crate::figure::Goal;
use crate::meter::Meter;
use crate::sample::{DESIGNS, SHOP, program};

/// Events that each repetition is taken over, at least.
const EVENTS: u64 = 100_000;

/// What is done beside applying actions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing: no observation is made, no invariant is judged.
    SchedulerOnly,
    /// The canonical hash of the state after every event; no invariant is judged.
    StateHash,
    /// Every observation is kept and hashed, invariants are judged at every commit.
    TraceAndInvariants,
    /// Both of the above.
    Everything,
}

pub(crate) fn measure(meter: &mut Meter<'_>) -> Result<(), Failure> {
    for design in DESIGNS {
        let judged = Arc::new(program(SHOP, Some(design))?);
        let mut bare = program(SHOP, Some(design))?;
        bare.invariants.clear();
        let bare = Arc::new(bare);
        let figures = [
            (Mode::SchedulerOnly, "scheduler only", None),
            (Mode::StateHash, "state hash", Some(1_000_000.0)),
            (
                Mode::TraceAndInvariants,
                "full trace and invariants",
                Some(300_000.0),
            ),
            (Mode::Everything, "trace, invariants, state hash", None),
        ];
        for (mode, words, goal) in figures {
            let without = matches!(mode, Mode::SchedulerOnly | Mode::StateHash);
            let program = if without { &bare } else { &judged };
            let rate = meter.median(|meter| events_per_second(meter, program, mode, EVENTS));
            let name = format!("shop, {}: {words}", design.to_lowercase());
            meter.report(name, rate, "events/s", goal.map(Goal::AtLeast));
        }
        fork(meter, design, &judged);
    }
    Ok(())
}

/// Over whole runs with the seeds 1, 2, 3, … until there were so many events; making and dropping runs and traces is
/// not counted.
pub(crate) fn events_per_second(
    meter: &Meter<'_>,
    program: &Arc<Program>,
    mode: Mode,
    at_least: u64,
) -> f64 {
    let (mut events, mut seconds) = (0, 0.0);
    for seed in 1.. {
        let mut run = Run::new(Arc::clone(program), seed, Choices::Canonical);
        let mut trace = Trace::default();
        if matches!(mode, Mode::StateHash | Mode::Everything) {
            run.keep_hash();
        }
        seconds += meter.time(|| advance(&mut run, &mut trace, mode)).0;
        events += u64::from(run.state().events());
        if events >= at_least {
            break;
        }
    }
    events as f64 / seconds
}

/// To the end of the run; the result depends on every hash, so none is left out by the compiler.
fn advance(run: &mut Run, trace: &mut Trace, mode: Mode) -> u128 {
    let mut hashes = 0;
    match mode {
        Mode::SchedulerOnly => {
            run.finish(&mut NoTrace);
        }
        Mode::StateHash => {
            while run.step(&mut NoTrace).is_some() {
                hashes ^= run.state().hash(run.setup());
            }
        }
        Mode::TraceAndInvariants => {
            run.finish(trace);
        }
        Mode::Everything => {
            while run.step(trace).is_some() {
                hashes ^= run.state().hash(run.setup());
            }
        }
    }
    hashes ^ trace.hash()
}

/// A fork of the whole state in the middle of a run: what a checkpoint and a branch of a search cost.
fn fork(meter: &mut Meter<'_>, design: &str, program: &Arc<Program>) {
    let mut run = Run::new(Arc::clone(program), 1, Choices::Canonical);
    for _ in 0..2_000 {
        run.step(&mut NoTrace);
    }
    let each = meter.nanoseconds(|| {
        std::hint::black_box(run.clone());
    });
    let name = format!("shop, {}: fork of a run", design.to_lowercase());
    meter.report(name, each, "ns", None);
}
