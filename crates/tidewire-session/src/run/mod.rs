//! The run in the worker: program, state, checkpoints. It answers the page's messages and works in slices.
//!
//! Text comes in and is compiled again here; trace records, outcomes and tables go out. Never a state.

mod anomalies;
mod checkpoints;
mod inspect;
mod journal;

use checkpoints::Checkpoints;
use inspect::store_view;
pub(crate) use journal::Journal;
use tidewire_engine::Choices;
use tidewire_scenario::DatabaseId;

use crate::protocol::{FromRun, ReadAs, ToRun};
use crate::simulation::{Chunk, Simulation};
use crate::source;

/// A message to the page. The bytes of a [`FromRun::Chunk`] travel beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// What is said.
    pub message: FromRun,
    /// The records of a chunk; empty with every other message.
    pub records: Vec<u8>,
}

impl From<FromRun> for Outgoing {
    fn from(message: FromRun) -> Self {
        Self {
            message,
            records: Vec::new(),
        }
    }
}

/// The worker's side of a session: at most one run at a time.
#[derive(Debug, Default)]
pub struct RunHost {
    current: Option<Current>,
    search: Option<anomalies::Search>,
}

/// The run that is shown.
#[derive(Debug)]
struct Current {
    generation: u32,
    simulation: Simulation,
    checkpoints: Checkpoints,
    finished: bool,
}

impl RunHost {
    /// A host without a run.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether [`RunHost::slice`] has something to do.
    pub fn is_running(&self) -> bool {
        let current = self.current.as_ref();
        self.search.is_some() || current.is_some_and(|current| !current.finished)
    }

    /// Answers a message of the page.
    pub fn handle(&mut self, message: ToRun) -> Vec<Outgoing> {
        match message {
            ToRun::Start {
                generation,
                text,
                design,
                seed,
                shuffle,
            } => {
                let choices = shuffle.map_or(Choices::Canonical, Choices::Shuffle);
                vec![
                    self.start(generation, &text, design.as_deref(), seed, choices)
                        .into(),
                ]
            }
            ToRun::Inspect {
                generation,
                ticket,
                database,
                event,
                read,
            } => {
                let answer = self.inspect(generation, ticket, database, event, read);
                answer.map(Outgoing::from).into_iter().collect()
            }
            ToRun::Anomalies {
                generation,
                ticket,
                event,
            } => {
                self.search_anomalies(generation, ticket, event);
                Vec::new()
            }
            ToRun::Stop => {
                self.current = None;
                self.search = None;
                Vec::new()
            }
            ToRun::Ping(number) => vec![FromRun::Alive(number).into()],
        }
    }

    fn start(
        &mut self,
        generation: u32,
        text: &str,
        design: Option<&str>,
        seed: u64,
        choices: Choices,
    ) -> FromRun {
        self.current = None;
        self.search = None;
        let Ok(loaded) = source::load(text, design) else {
            return FromRun::Refused { generation };
        };
        let simulation = Simulation::recorded(loaded.program, seed, choices);
        self.current = Some(Current {
            generation,
            checkpoints: Checkpoints::new(simulation.run()),
            simulation,
            finished: false,
        });
        FromRun::Started { generation }
    }

    /// Accepts at most `budget` actions and sends what came of them. Nothing when there is nothing to do.
    pub fn slice(&mut self, budget: u32) -> Vec<Outgoing> {
        let mut out = self.slice_of_run(budget);
        let answer = self.search.as_mut().and_then(|search| search.work(budget));
        if let Some(answer) = answer {
            self.search = None;
            out.push(answer.into());
        }
        out
    }

    /// Begins to look for anomalies; nothing when the question is about another run.
    fn search_anomalies(&mut self, generation: u32, ticket: u32, event: Option<u32>) {
        let current = self.current.as_ref();
        let Some(current) = current.filter(|current| current.generation == generation) else {
            return;
        };
        let come = current.simulation.events();
        let events = event.map_or(come, |event| event.saturating_add(1).min(come));
        let run = current.checkpoints.state_after(0);
        self.search = Some(anomalies::Search::new(generation, ticket, run, events));
    }

    fn slice_of_run(&mut self, budget: u32) -> Vec<Outgoing> {
        let Some(current) = self.current.as_mut().filter(|current| !current.finished) else {
            return Vec::new();
        };
        current.work(budget);
        let generation = current.generation;
        let Chunk {
            strings,
            bytes,
            reached_us,
        } = current.simulation.take_chunk();
        current
            .checkpoints
            .note_sent(bytes.len() + strings.iter().map(String::len).sum::<usize>());
        let chunk = FromRun::Chunk {
            generation,
            strings,
            reached_us,
        };
        let mut out = vec![Outgoing {
            message: chunk,
            records: bytes,
        }];
        if current.finished {
            let outcome = current.simulation.outcome();
            out.push(
                FromRun::Finished {
                    generation,
                    outcome,
                }
                .into(),
            );
        }
        out
    }

    /// The tables after an event; nothing when the question is about another run, or about no store of this one.
    fn inspect(
        &self,
        generation: u32,
        ticket: u32,
        database: u32,
        event: Option<u32>,
        read: ReadAs,
    ) -> Option<FromRun> {
        let current = self
            .current
            .as_ref()
            .filter(|current| current.generation == generation)?;
        let program = current.simulation.program();
        program.databases.get(database as usize)?;
        // Events beyond the last are answered by what is there.
        let accepted = event
            .map_or(0, |event| event.saturating_add(1))
            .min(current.simulation.events());
        let database = DatabaseId(database);
        let journal = current.simulation.journal();
        let store = store_view(&current.checkpoints, journal, database, accepted, read);
        Some(FromRun::Tables {
            generation,
            ticket,
            store,
        })
    }
}

impl Current {
    fn work(&mut self, mut budget: u32) {
        while budget > 0 && !self.finished {
            let until = self
                .checkpoints
                .due()
                .saturating_sub(self.simulation.events());
            let stretch = until.clamp(1, budget);
            self.finished = !self.simulation.advance(stretch);
            budget -= stretch;
            if self.simulation.events() >= self.checkpoints.due() {
                self.checkpoints.keep(self.simulation.run());
            }
        }
    }
}
