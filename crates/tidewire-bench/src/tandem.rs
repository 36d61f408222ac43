//! A tandem queue with a known answer: three servers in a row, each exponential with rate 1, fed by a Poisson stream
//! of rate 0.8. Each is an M/M/1 queue (Burke's theorem), so a request is in the system for 3 / (1 − 0.8) = 15 mean
//! service times on average. A service time is 100 ms here, against which a message's 0.5 ms are next to nothing.

use tidewire_engine::{Choices, Fact, Limits, Observation, Run, Sink};

use crate::Failure;
use crate::figure::Goal;
use crate::meter::Meter;
use crate::sample::shared_program;

/// Runs, each with the next seed.
const RUNS: u64 = 40;
/// Requests at the beginning of a run that do not count: the system is still emptier than it will be.
const WARM_UP: u32 = 1_000;
/// The mean service time.
const SERVICE_US: f64 = 100_000.0;
/// What queueing theory says, in service times, and how far the figure may be from it.
const ANALYTIC: f64 = 15.0;
const TOLERANCE: f64 = 0.02;

const TANDEM: &str = "
scenario 'Tandem queue'
service first { workers 1; command Work() { wait exponential 100ms; reply (); } }
service second { workers 1; command Work() { wait exponential 100ms; reply (); } }
service third { workers 1; command Work() { wait exponential 100ms; reply (); } }
client source rate 8/s for 3600s {
  call first.Work() timeout 3600s;
  call second.Work() timeout 3600s;
  call third.Work() timeout 3600s;
}
";

/// Sums up how long requests were in the system.
#[derive(Default)]
struct Sojourn {
    /// By ordinal: when it began.
    started_us: Vec<u64>,
    total_us: u64,
    count: u64,
}

impl Sink for Sojourn {
    fn observe(&mut self, observation: Observation) {
        let Some(request) = observation.request else {
            return;
        };
        match observation.fact {
            Fact::RequestStarted { .. } => self.started_us.push(observation.at_us),
            Fact::RequestEnded { failure: None } if request.ordinal >= WARM_UP => {
                self.total_us += observation.at_us - self.started_us[request.ordinal as usize];
                self.count += 1;
            }
            _ => {}
        }
    }
}

pub(crate) fn measure(meter: &mut Meter<'_>) -> Result<(), Failure> {
    let program = shared_program(TANDEM, None)?;
    let limits = Limits { events: u32::MAX };
    let mut all = Sojourn::default();
    let (mut events, mut seconds) = (0, 0.0);
    for seed in 1..=RUNS {
        let mut run = Run::with_limits(program.clone(), seed, Choices::Canonical, limits);
        let mut sojourn = Sojourn::default();
        seconds += meter.time(|| run.finish(&mut sojourn)).0;
        all.total_us += sojourn.total_us;
        all.count += sojourn.count;
        events += u64::from(run.state().events());
    }
    if all.count == 0 {
        let nothing = "no request of the tandem queue has ended";
        return Err(Failure::Outcome(nothing.to_owned()));
    }
    let mean = all.total_us as f64 / all.count as f64 / SERVICE_US;
    let goal = Goal::Within(ANALYTIC * (1.0 - TOLERANCE), ANALYTIC * (1.0 + TOLERANCE));
    meter.report(
        "tandem queue: mean time in system",
        mean,
        "service times",
        Some(goal),
    );
    meter.report("tandem queue: requests", all.count as f64, "", None);
    let rate = events as f64 / seconds;
    meter.report("tandem queue: observed, not kept", rate, "events/s", None);
    Ok(())
}
