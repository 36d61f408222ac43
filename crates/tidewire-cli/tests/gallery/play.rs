//! Runs of the gallery, spread over the processors. Runs are independent, so what comes out does not depend on that.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tidewire_engine::Choices;
use tidewire_scenario::Program;
use tidewire_session::protocol::Outcome;
use tidewire_session::simulation::Simulation;
use tidewire_session::source;

use crate::case::{Design, Lesson};

/// Seeds on which a design that breaks must break mostly, and on which bounds are judged.
pub(crate) const FEW: u64 = 20;
/// Seeds, and choice logs on the case's seed, on which a cure must hold.
pub(crate) const MANY: u64 = 200;
/// A broken design breaks on so many of the few.
pub(crate) const BROKEN_AT_LEAST: usize = 15;

/// A design of a lesson, compiled.
pub(crate) struct Player<'a> {
    pub(crate) lesson: &'a Lesson,
    pub(crate) design: &'a Design,
    program: Arc<Program>,
}

impl<'a> Player<'a> {
    /// `lost-update, 'One UPDATE'`
    pub(crate) fn place(&self) -> String {
        format!("{}, '{}'", self.lesson.slug(), self.design.name)
    }

    pub(crate) fn run(&self, seed: u64, choices: Choices) -> Outcome {
        let mut simulation = Simulation::new(Arc::clone(&self.program), seed, choices);
        while simulation.advance(u32::MAX) {}
        simulation.outcome()
    }

    /// The run whose trace hash stands in the case.
    pub(crate) fn own_run(&self) -> Outcome {
        self.run(self.design.seed, Choices::Canonical)
    }

    pub(crate) fn breaks(&self) -> bool {
        self.design.verdict == "breaks"
    }
}

/// Every design of every lesson.
pub(crate) fn players(lessons: &[Lesson]) -> Vec<Player<'_>> {
    let designs = lessons.iter().flat_map(|lesson| {
        let designs = lesson.case.design.iter();
        designs.map(move |design| (lesson, design))
    });
    designs
        .map(|(lesson, design)| {
            let loaded = source::load(&lesson.scenario, Some(&design.name));
            let loaded = loaded.unwrap_or_else(|findings| {
                panic!("{}, '{}': {findings:?}", lesson.slug(), design.name)
            });
            Player {
                lesson,
                design,
                program: loaded.program,
            }
        })
        .collect()
}

/// What `work` makes of each item, in their order; every processor takes the next item that is left.
pub(crate) fn spread<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut made = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return made;
            };
            made.push((index, work(item)));
        }
    };
    let mut made: Vec<(usize, R)> = thread::scope(|scope| {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..processors).map(|_| scope.spawn(worker)).collect();
        let results = workers.into_iter();
        results
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    made.sort_by_key(|(index, _)| *index);
    made.into_iter().map(|(_, result)| result).collect()
}
