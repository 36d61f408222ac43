//! A run with everything that is derived from it: trace hash, metrics, judgements and, if wanted, trace records.
//!
//! The command and the worker both use this, so that they print and show the same numbers.

use std::sync::Arc;

use tidewire_engine::{Choices, Observation, Run, Sink, State, StoreRecord, TraceHash, Verdict};
use tidewire_scenario::Program;

use crate::anomalies::{AnomalyReport, Watch};
use crate::encode::Encoder;
use crate::legend::mode_words;
use crate::lesson::Judge;
use crate::metrics::MetricsFold;
use crate::outcome::verdict_words;
use crate::protocol::{AnswerOutcome, InvariantOutcome, Outcome};
use crate::run::Journal;

/// Records of one stretch of a run, as they cross to the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Strings that these records name for the first time.
    pub strings: Vec<String>,
    /// The records, [`Record::SIZE`](crate::view::Record::SIZE) bytes each.
    pub bytes: Vec<u8>,
    /// How far virtual time has come.
    pub reached_us: u64,
}

/// A run under way.
#[derive(Debug)]
pub struct Simulation {
    run: Run,
    /// The run before its first action; only for a program with a lesson, whose answers may ask for an earlier
    /// instant than the last.
    beginning: Option<Run>,
    shuffled: bool,
    observer: Observer,
}

impl Simulation {
    /// A run at its beginning that keeps no records.
    pub fn new(program: Arc<Program>, seed: u64, choices: Choices) -> Self {
        Self::build(program, seed, choices, None)
    }

    /// Keeps from here on what is needed to tell anomalies.
    pub fn watch(&mut self) {
        self.observer.watch = Some(Watch::new(Arc::clone(self.program())));
    }

    /// A run at its beginning whose records are taken by [`Simulation::take_chunk`].
    pub fn recorded(program: Arc<Program>, seed: u64, choices: Choices) -> Self {
        let encoder = Encoder::new(Arc::clone(&program));
        Self::build(program, seed, choices, Some(encoder))
    }

    fn build(program: Arc<Program>, seed: u64, choices: Choices, encoder: Option<Encoder>) -> Self {
        let run = Run::new(Arc::clone(&program), seed, choices.clone());
        Self {
            beginning: program.lesson.is_some().then(|| run.clone()),
            shuffled: choices != Choices::Canonical,
            observer: Observer {
                hash: TraceHash::default(),
                metrics: MetricsFold::new(Arc::clone(&program)),
                journal: Journal::default(),
                encoder,
                watch: None,
            },
            run,
        }
    }

    /// Accepts at most so many actions. False when the run is over.
    pub fn advance(&mut self, actions: u32) -> bool {
        for _ in 0..actions {
            if self.run.step(&mut self.observer).is_none() {
                return false;
            }
            self.observer.journal.place_commits(self.run.state());
        }
        true
    }

    /// What is run.
    pub fn program(&self) -> &Arc<Program> {
        &self.run.setup().program
    }

    /// The run itself.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The state after the last accepted action.
    pub fn state(&self) -> &State {
        self.run.state()
    }

    /// Accepted actions so far.
    pub fn events(&self) -> u32 {
        self.state().events()
    }

    /// How it ended, if it did.
    pub fn verdict(&self) -> Option<Verdict> {
        self.state().verdict()
    }

    /// What the inspection of tables needs of the whole run; kept by recorded runs only.
    pub(crate) fn journal(&self) -> &Journal {
        &self.observer.journal
    }

    /// The records since the last call; empty unless [`Simulation::recorded`] made the run.
    pub fn take_chunk(&mut self) -> Chunk {
        let (strings, bytes) = self
            .observer
            .encoder
            .as_mut()
            .map_or_else(Default::default, Encoder::take);
        Chunk {
            strings,
            bytes,
            reached_us: self.state().now_us(),
        }
    }

    /// The anomalies since [`Simulation::watch`]; nothing when it was not called. Ends the watch.
    pub fn anomalies(&mut self) -> Option<AnomalyReport> {
        let watch = self.observer.watch.take()?;
        Some(watch.finish(self.run.state()))
    }

    /// Everything that is said of the run so far; final when [`Simulation::advance`] has answered false.
    pub fn outcome(&self) -> Outcome {
        let outcome = self.run.outcome(self.observer.hash.hash());
        let program = self.program();
        Outcome {
            trace_hash: format!("{:032x}", outcome.trace_hash),
            events: u64::from(outcome.events),
            virtual_time_us: outcome.virtual_time_us,
            verdict: outcome.verdict.map_or("running", verdict_words).to_owned(),
            invariants: outcome
                .invariants
                .into_iter()
                .map(|judged| {
                    let invariant = &program.invariants[judged.id.index()];
                    InvariantOutcome {
                        name: invariant.sentence.to_string(),
                        mode: mode_words(invariant.mode),
                        held: judged.held,
                        violated_at_us: judged.violated_at_us,
                        rows: judged.rows.into_iter().map(named_cells).collect(),
                    }
                })
                .collect(),
            metrics: Box::new(self.observer.metrics.metrics()),
            answers: self.answers(),
            choices: self.shuffled.then(|| outcome.choices.to_string()),
        }
    }
}

impl Simulation {
    /// What the run says to the lesson's question.
    fn answers(&self) -> Option<Vec<AnswerOutcome>> {
        let judge = Judge {
            run: &self.run,
            beginning: self.beginning.as_ref()?,
            quiet: self.verdict() == Some(Verdict::Quiet),
        };
        judge.answers()
    }
}

fn named_cells(row: Vec<(Arc<str>, String)>) -> Vec<(String, String)> {
    row.into_iter()
        .map(|(column, value)| (column.to_string(), value))
        .collect()
}

/// Folds observations as they come; none is kept.
#[derive(Debug)]
struct Observer {
    hash: TraceHash,
    metrics: MetricsFold,
    journal: Journal,
    encoder: Option<Encoder>,
    watch: Option<Watch>,
}

impl Sink for Observer {
    fn wants_records(&self) -> bool {
        self.watch.is_some()
    }

    fn record(&mut self, record: StoreRecord) {
        if let Some(watch) = &mut self.watch {
            watch.add(record);
        }
    }

    fn observe(&mut self, observation: Observation) {
        self.metrics.add(&observation);
        if let Some(encoder) = &mut self.encoder {
            encoder.add(&observation);
            self.journal.add(&observation);
        }
        self.hash.observe(observation);
    }
}
