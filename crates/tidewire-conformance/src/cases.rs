//! The file of isolation cases: its shape, as its own `meta.schema` explains it, and nothing of running it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
pub struct CaseFile {
    /// The cases in order.
    pub cases: Vec<Case>,
}

/// One interleaving with its measured outcomes.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// Names of the sessions.
    pub sessions: Vec<String>,
    /// Statements before every run, on an empty schema.
    pub setup: Vec<String>,
    /// Statements once per connection.
    #[serde(default)]
    pub session_init: Option<Vec<String>>,
    /// Steps in the order in which they are issued.
    pub steps: Vec<Step>,
    /// Queries of an observer at the end.
    #[serde(rename = "final")]
    pub final_queries: Vec<String>,
    /// Whether PostgreSQL always gave the same.
    pub deterministic: bool,
    /// What it gave, by level.
    pub postgres: BTreeMap<String, Measured>,
}

/// One step.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// The session.
    #[serde(rename = "s")]
    pub session: String,
    /// The statement; `$LEVEL` stands for the level, `!disconnect` for a client that vanishes.
    pub sql: String,
}

/// What PostgreSQL gave: one outcome, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Measured {
    /// Of a case that is not deterministic.
    Variants {
        /// Each outcome that was seen.
        variants: Vec<Recorded>,
    },
    /// The one outcome.
    One(Recorded),
}

impl Measured {
    /// All outcomes that were seen.
    pub fn outcomes(&self) -> &[Recorded] {
        match self {
            Measured::Variants { variants } => variants,
            Measured::One(one) => std::slice::from_ref(one),
        }
    }
}

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Recorded {
    /// What became of each step.
    pub steps: Vec<StepOutcome>,
    /// Rows that the observer saw, by query, sorted.
    #[serde(rename = "final")]
    pub final_rows: BTreeMap<String, Vec<Vec<Json>>>,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct StepOutcome {
    /// Its index.
    pub i: usize,
    /// How it ended, or that it waited.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The step after which it ran, when its session was still waiting at its turn.
    #[serde(default)]
    pub deferred_to_after: Option<usize>,
}

/// How a statement ended, or that it waited.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// It was carried out.
    Ok {
        /// The command tag.
        tag: String,
        /// Names of the columns, for a query.
        #[serde(default)]
        columns: Option<Vec<String>>,
        /// Rows, sorted.
        #[serde(default)]
        rows: Option<Vec<Vec<Json>>>,
    },
    /// It failed.
    Error {
        /// The code.
        sqlstate: String,
        /// The primary message.
        message: String,
    },
    /// It waited.
    Blocks {
        /// For which sessions.
        blocked_by: Vec<String>,
        /// The step after whose issue the wait ended; never, if absent.
        #[serde(default)]
        resolves_after: Option<usize>,
        /// How it ended then.
        #[serde(default)]
        then: Option<Box<Outcome>>,
    },
}

/// The levels of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `read committed`
    ReadCommitted,
    /// `repeatable read`
    RepeatableRead,
    /// `serializable`
    Serializable,
}

impl Level {
    /// All, weakest first.
    pub const ALL: [Level; 3] = [
        Level::ReadCommitted,
        Level::RepeatableRead,
        Level::Serializable,
    ];

    /// Its name in SQL and in the file.
    pub fn name(self) -> &'static str {
        match self {
            Level::ReadCommitted => "read committed",
            Level::RepeatableRead => "repeatable read",
            Level::Serializable => "serializable",
        }
    }
}

/// Why a file of cases cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("these are no isolation cases: {0}")]
pub struct ReadError(#[from] serde_json::Error);

/// Reads a file of cases.
pub fn read(text: &str) -> Result<CaseFile, ReadError> {
    Ok(serde_json::from_str(text)?)
}
