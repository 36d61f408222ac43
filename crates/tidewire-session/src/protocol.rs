//! What crosses between page and worker: text and requests go up; trace records and tables come down.
//! Never a state, never serialisation per frame. [`wire`](crate::wire) tells the bytes.

use serde::{Deserialize, Serialize};

use crate::anomalies::AnomalyReport;
use crate::store_view::StoreView;

/// From the page to the run. `generation` grows with every [`ToRun::Start`]; answers to older ones are dropped.
#[derive(Clone, Debug, PartialEq)]
pub enum ToRun {
    /// Compile the text and run it from the beginning.
    Start {
        /// Counts starts.
        generation: u32,
        /// The whole text.
        text: String,
        /// The design, the first when `None`.
        design: Option<String>,
        /// The seed.
        seed: u64,
        /// Draw every choice from this stream.
        shuffle: Option<u64>,
    },
    /// Send the tables of a store as they are after the event.
    Inspect {
        /// Of which start.
        generation: u32,
        /// Comes back with the answer.
        ticket: u32,
        /// Index of the database in the program.
        database: u32,
        /// After this event (index of an accepted action); `None` before the first.
        event: Option<u32>,
        /// As whom.
        read: ReadAs,
    },
    /// Send the anomalies of everything up to and with the event. A run that has not come so far is told as far
    /// as it has come. Answered between slices; a new question takes the place of one that is open.
    Anomalies {
        /// Of which start.
        generation: u32,
        /// Comes back with the answer.
        ticket: u32,
        /// Up to this event (index of an accepted action); `None` for all.
        event: Option<u32>,
    },
    /// Stop working; the generation is over.
    Stop,
    /// Are you there? Answered by [`FromRun::Alive`] between slices.
    Ping(u32),
}

/// As whom tables are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAs {
    /// What everybody sees.
    Committed,
    /// What this transaction sees, by its number.
    Transaction(u32),
}

/// From the run to the page.
#[derive(Clone, Debug, PartialEq)]
pub enum FromRun {
    /// The text compiled; records follow.
    Started {
        /// Of which start.
        generation: u32,
    },
    /// It did not compile (the page knows why from its own compilation).
    Refused {
        /// Of which start.
        generation: u32,
    },
    /// The next part of the trace. The records themselves travel beside it as bytes:
    /// [`Record::SIZE`](crate::view::Record::SIZE) each, little endian, transferred once.
    Chunk {
        /// Of which start.
        generation: u32,
        /// Strings that records of this chunk name for the first time, appended to the page's list.
        strings: Vec<String>,
        /// How far virtual time has come.
        reached_us: u64,
    },
    /// The run is over.
    Finished {
        /// Of which start.
        generation: u32,
        /// How it ended.
        outcome: Outcome,
    },
    /// Tables, as asked for.
    Tables {
        /// Of which start.
        generation: u32,
        /// The question's ticket.
        ticket: u32,
        /// The store as it was asked for.
        store: StoreView,
    },
    /// Anomalies, as asked for.
    Anomalies {
        /// Of which start.
        generation: u32,
        /// The question's ticket.
        ticket: u32,
        /// What was found.
        report: AnomalyReport,
    },
    /// Answer to [`ToRun::Ping`].
    Alive(u32),
    /// The run cannot go on: memory, a limit. A sentence for people.
    Failed {
        /// Of which start.
        generation: u32,
        /// What happened and what one does.
        message: String,
    },
}

impl FromRun {
    /// The start that it speaks of.
    pub fn generation(&self) -> Option<u32> {
        match self {
            FromRun::Started { generation }
            | FromRun::Refused { generation }
            | FromRun::Chunk { generation, .. }
            | FromRun::Finished { generation, .. }
            | FromRun::Tables { generation, .. }
            | FromRun::Anomalies { generation, .. }
            | FromRun::Failed { generation, .. } => Some(*generation),
            FromRun::Alive(_) => None,
        }
    }
}

/// How a run ended: what the command prints as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// 32 hexadecimal digits.
    pub trace_hash: String,
    /// Accepted actions.
    pub events: u64,
    /// When it ended.
    pub virtual_time_us: u64,
    /// `quiet`, `never quiet` or `event limit`.
    pub verdict: String,
    /// In order of the text.
    pub invariants: Vec<InvariantOutcome>,
    /// Figures.
    pub metrics: Box<Metrics>,
    /// The answers of the lesson's question; only when the scenario has a lesson.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<Vec<AnswerOutcome>>,
    /// Only with shuffled choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<String>,
}

/// What became of an invariant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvariantOutcome {
    /// Its sentence.
    pub name: String,
    /// `always`, `finally`, `within 2s`
    pub mode: String,
    /// `None`: cannot be judged, or the run never got quiet.
    pub held: Option<bool>,
    /// When it was first broken.
    pub violated_at_us: Option<u64>,
    /// Rows of evidence: column name and value as text.
    pub rows: Vec<Vec<(String, String)>>,
}

/// What became of an answer of the lesson.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnswerOutcome {
    /// The answer.
    pub text: String,
    /// `None`: the run does not tell.
    pub right: Option<bool>,
    /// The first rows that make it right, if rows do: column name and value as text.
    pub rows: Vec<Vec<(String, String)>>,
}

/// Figures of a run, all from the trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Requests begun, ended well, ended with a failure.
    pub requests: RequestCounts,
    /// Failures by name, in order of the name.
    pub failures: Vec<(String, u32)>,
    /// Median of the latency of requests that ended well.
    pub latency_p50_us: Option<u64>,
    /// 99th percentile.
    pub latency_p99_us: Option<u64>,
    /// Mean.
    pub latency_mean_us: Option<u64>,
    /// Messages sent, of all kinds.
    pub messages: u64,
    /// Transactions committed.
    pub commits: u64,
    /// Transactions rolled back.
    pub rollbacks: u64,
    /// Rows that queries answered with, over all stores.
    pub rows_read: u64,
    /// Time that statements spent waiting for locks.
    pub lock_wait_us: u64,
    /// Per event type that keeps a copy elsewhere: longest time between the commit at the origin and the end of
    /// the consumer's handler.
    pub staleness_max_us: Option<u64>,
    /// Each client and each command that was answered, in order of the program.
    pub commands: Vec<CommandMetrics>,
    /// Requests of whose time a part lay in a fault.
    pub during_faults: AnsweredCounts,
    /// All others.
    pub otherwise: AnsweredCounts,
    /// Messages whose sender waited for what came back: calls, statements, publications.
    pub round_trips: u64,
    /// Median of the round trips of a request, until it ended.
    pub round_trips_p50: Option<u64>,
    /// The most.
    pub round_trips_max: Option<u64>,
    /// Bytes stored twice: of rows, as text, that handlers of events keep.
    pub copied_bytes: u64,
    /// Handlers of events that wrote: how old their copies were then.
    pub copies: Vec<CopyMetrics>,
    /// What waited for workers and readers.
    pub queues: Vec<QueueMetrics>,
    /// Length of the slots of [`Metrics::series`] in microseconds; the first begins at 0.
    pub slot_us: u64,
    /// Quantities over time that are not always 0.
    pub series: Vec<Series>,
}

/// Requests that ended, and how many of them had an answer: a good one, or what a handler says with `fail`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredCounts {
    /// Ended.
    pub ended: u32,
    /// Answered.
    pub answered: u32,
}

/// How old the copies of a handler were when it had written them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyMetrics {
    /// `inventory on OrderPlaced`
    pub name: String,
    /// How often it wrote.
    pub count: u32,
    /// From the commit at the origin to the end of the handler: median.
    pub staleness_p50_us: u64,
    /// 99th percentile.
    pub staleness_p99_us: u64,
    /// The longest.
    pub staleness_max_us: u64,
}

/// What waited for workers or for a group of readers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueMetrics {
    /// `workers of ordering`, `order_events, group inventory`
    pub name: String,
    /// How much waited at most.
    pub depth_max: u64,
}

/// A quantity over time: its largest value in each slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Which quantity.
    pub kind: SeriesKind,
    /// Of what.
    pub name: String,
    /// One for each slot.
    pub values: Vec<u64>,
}

/// A quantity over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeriesKind {
    /// Microseconds of age of copies.
    Staleness,
    /// Works or records that wait.
    Depth,
    /// Transactions that wait for locks.
    LockWaits,
}

/// How long a client's requests or the calls of a command took. Only good answers are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandMetrics {
    /// `shoppers`, `ordering.PlaceOrder`
    pub name: String,
    /// How many were answered well.
    pub succeeded: u32,
    /// How many were answered with a failure.
    pub failed: u32,
    /// As the caller sees it: from sending to the answer's arrival. Nearest rank.
    pub latency_p50_us: u64,
    /// 99th percentile.
    pub latency_p99_us: u64,
    /// The longest.
    pub latency_max_us: u64,
    /// Upper end of a bucket in microseconds, and how many lie in it; twenty buckets for each power of ten.
    pub distribution: Vec<(u64, u32)>,
    /// The parts of those that called others themselves.
    pub parts: Option<PartsMetrics>,
}

/// How the time that handlers take compares with that of the calls that they make: least and most over all that ended
/// well. All in microseconds; below 0 when the parts took longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartsMetrics {
    /// Time of the handler less the sum of its calls: never below 0 when they are made one after the other.
    pub least_over_sum_us: i64,
    /// The most.
    pub most_over_sum_us: i64,
    /// Time of the handler less the longest of its calls.
    pub least_over_longest_us: i64,
    /// The most.
    pub most_over_longest_us: i64,
}

/// Requests by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCounts {
    /// Begun.
    pub started: u32,
    /// Ended well.
    pub succeeded: u32,
    /// Ended with a failure.
    pub failed: u32,
}
