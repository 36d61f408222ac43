//! The search for anomalies in the worker: the run is played again from its beginning, in slices, and watched.
//!
//! So a run pays nothing for it until somebody asks. Played again it takes the same choices.

use tidewire_engine::Run;

use crate::anomalies::Watch;
use crate::protocol::FromRun;

/// A question that is being answered.
#[derive(Debug)]
pub(super) struct Search {
    generation: u32,
    ticket: u32,
    run: Run,
    watch: Option<Watch>,
    /// Events to be played.
    events: u32,
}

impl Search {
    /// `run` stands at its beginning.
    pub(super) fn new(generation: u32, ticket: u32, run: Run, events: u32) -> Self {
        let watch = Watch::new(run.setup().program.clone());
        Self {
            generation,
            ticket,
            run,
            watch: Some(watch),
            events,
        }
    }

    /// Plays at most so many events; the answer when it is there.
    pub(super) fn work(&mut self, budget: u32) -> Option<FromRun> {
        let watch = self.watch.as_mut()?;
        for _ in 0..budget {
            let goes_on = self.run.state().events() < self.events;
            if !goes_on || self.run.step(watch).is_none() {
                let watch = self.watch.take()?;
                return Some(FromRun::Anomalies {
                    generation: self.generation,
                    ticket: self.ticket,
                    report: watch.finish(self.run.state()),
                });
            }
        }
        None
    }
}
