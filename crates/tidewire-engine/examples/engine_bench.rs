//! Measures the engine and prints JSON lines: name, value, unit.
//!
//! `cargo run --release -p tidewire-engine --example engine_bench`. A scenario other than the five-service shop
//! can be given as a path. The method is in docs/performance.md.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a measurement reads the clock, takes a file and prints; the library does neither"
)]

use std::sync::Arc;
use std::time::Instant;

use tidewire_engine::{Choices, Fact, Limits, NoTrace, Run, Sink, Trace};
use tidewire_scenario::{Program, compile};

/// Events that each figure is taken over, at least.
const EVENTS: u64 = 400_000;

const SHOP: &str = include_str!("../../../gallery/shared-database/scenario.tide");

/// Three servers in a row, each busy 80 % of the time; a time unit is 100 ms.
const TANDEM: &str = "
service s1 { workers 1; command Work() { wait exponential 100ms; reply (); } }
service s2 { workers 1; command Work() { wait exponential 100ms; reply (); } }
service s3 { workers 1; command Work() { wait exponential 100ms; reply (); } }
client source rate 8/s for 3600s {
  call s1.Work() timeout 3600s;
  call s2.Work() timeout 3600s;
  call s3.Work() timeout 3600s;
}
";

fn main() -> Result<(), String> {
    let text = match std::env::args().nth(1) {
        Some(path) => std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?,
        None => SHOP.to_string(),
    };
    let program = compiled(&text)?;
    let mut bare = compiled(&text)?;
    bare.invariants.clear();
    let (program, bare) = (Arc::new(program), Arc::new(bare));
    let plain = rate(&bare, false, false);
    let hashed = rate(&bare, true, false);
    let traced = rate(&program, false, true);
    print("engine_events_scheduler_only", plain, "events/s");
    print("engine_events_state_hash", hashed, "events/s");
    print("engine_events_trace_and_invariants", traced, "events/s");
    fork(&program);
    if std::env::args()
        .nth(2)
        .is_some_and(|word| word == "no-tandem")
    {
        return Ok(());
    }
    tandem()
}

fn compiled(text: &str) -> Result<Program, String> {
    let compiled = compile(&tidewire_syntax::parse(text), None);
    let wrong = compiled.diagnostics;
    compiled.program.ok_or_else(|| format!("{wrong:#?}"))
}

fn print(name: &str, value: f64, unit: &str) {
    println!("{{\"name\":\"{name}\",\"value\":{value:.3},\"unit\":\"{unit}\"}}");
}

/// Events per second over whole runs with the seeds 1, 2, 3, … in one of the modes.
fn rate(program: &Arc<Program>, hash: bool, trace: bool) -> f64 {
    let mut events = 0;
    let mut spent = std::time::Duration::ZERO;
    let mut hashes = 0;
    for seed in 1.. {
        let mut run = Run::new(Arc::clone(program), seed, Choices::Canonical);
        if hash {
            run.keep_hash();
        }
        let mut kept = Trace::default();
        let start = Instant::now();
        if trace {
            run.finish(&mut kept);
        } else if hash {
            while run.step(&mut NoTrace).is_some() {
                hashes ^= run.state().hash(run.setup());
            }
        } else {
            run.finish(&mut NoTrace);
        }
        spent += start.elapsed();
        events += u64::from(run.state().events());
        if events >= EVENTS {
            break;
        }
    }
    std::hint::black_box(hashes);
    events as f64 / spent.as_secs_f64()
}

/// Time to fork a run in the middle.
fn fork(program: &Arc<Program>) {
    let mut run = Run::new(Arc::clone(program), 1, Choices::Canonical);
    for _ in 0..2_000 {
        run.step(&mut NoTrace);
    }
    let start = Instant::now();
    let forks = 10_000;
    for _ in 0..forks {
        std::hint::black_box(run.clone());
    }
    let each = start.elapsed().as_secs_f64() * 1e9 / f64::from(forks);
    print("engine_fork", each, "ns");
}

/// Sums up how long requests are in the system, the first ones (an empty system) left out.
#[derive(Default)]
struct Sojourn {
    started: Vec<u64>,
    total_us: u64,
    count: u64,
}

const WARM_UP: u32 = 4_000;

impl Sink for Sojourn {
    fn observe(&mut self, observation: tidewire_engine::Observation) {
        let Some(request) = observation.request else {
            return;
        };
        match observation.fact {
            Fact::RequestStarted { .. } => self.started.push(observation.at_us),
            Fact::RequestEnded { failure: None } if request.ordinal >= WARM_UP => {
                self.total_us += observation.at_us - self.started[request.ordinal as usize];
                self.count += 1;
            }
            _ => {}
        }
    }
}

fn tandem() -> Result<(), String> {
    let program = Arc::new(compiled(TANDEM)?);
    let limits = Limits { events: u32::MAX };
    let (mut total_us, mut count, mut events) = (0, 0, 0);
    let start = Instant::now();
    for seed in 1..=40 {
        let program = Arc::clone(&program);
        let mut run = Run::with_limits(program, seed, Choices::Canonical, limits);
        let mut sojourn = Sojourn::default();
        run.finish(&mut sojourn);
        total_us += sojourn.total_us;
        count += sojourn.count;
        events += u64::from(run.state().events());
    }
    let spent = start.elapsed().as_secs_f64();
    let mean = total_us as f64 / count as f64 / 100_000.0;
    print("tandem_mean_time_in_system", mean, "service times");
    print("tandem_requests", count as f64, "requests");
    print("tandem_events", events as f64 / spent, "events/s");
    Ok(())
}
