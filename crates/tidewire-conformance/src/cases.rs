//! The file of isolation cases: its shape, as its own `meta.schema` explains it, and nothing of running it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

/// One interleaving with its measured outcomes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// Names of the sessions.
    pub sessions: Vec<String>,
    /// Statements before every run, on an empty schema.
    #[serde(deserialize_with = "one_or_many")]
    pub setup: Vec<String>,
    /// Statements once per connection.
    #[serde(
        deserialize_with = "one_or_many",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub session_init: Vec<String>,
    /// Steps in the order in which they are issued.
    pub steps: Vec<Step>,
    /// Queries of an observer at the end.
    #[serde(rename = "final", deserialize_with = "one_or_many")]
    pub final_queries: Vec<String>,
    /// Whether PostgreSQL always gave the same.
    #[serde(default = "yes")]
    pub deterministic: bool,
    /// What it gave, by level.
    pub postgres: BTreeMap<String, Measured>,
}

fn yes() -> bool {
    true
}

/// A list, one statement alone, or nothing.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Statements {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Option::<Statements>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(Statements::One(one)) => vec![one],
        Some(Statements::Many(many)) => many,
    })
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The session.
    #[serde(rename = "s")]
    pub session: String,
    /// The statement; `$LEVEL` stands for the level, `!disconnect` for a client that vanishes.
    pub sql: String,
}

/// What PostgreSQL gave: one outcome, or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// What became of each step.
    pub steps: Vec<StepOutcome>,
    /// What the observer's queries gave.
    #[serde(rename = "final", default)]
    pub final_rows: BTreeMap<String, Final>,
}

/// What a query of the observer gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Final {
    /// Rows.
    Rows(Vec<Vec<Json>>),
    /// Something else, which is hardly meant.
    Other(Outcome),
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepOutcome {
    /// Its index.
    pub i: usize,
    /// How it ended, or that it waited.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The step after which it ran, when its session was still waiting at its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred_to_after: Option<usize>,
}

/// How a statement ended, or that it waited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// It was carried out.
    Ok {
        /// The command tag.
        tag: String,
        /// Names of the columns, for a query.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        columns: Option<Vec<String>>,
        /// Rows, sorted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
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
        #[serde(default)]
        blocked_by: Vec<String>,
        /// The step after whose issue the wait ended; never, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resolves_after: Option<usize>,
        /// How it ended then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        then: Option<Box<Outcome>>,
    },
}

impl Outcome {
    /// Carried out, without rows.
    pub fn done(tag: String) -> Self {
        Outcome::Ok {
            tag,
            columns: None,
            rows: None,
        }
    }
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

    /// The level of this name; `-` and `_` stand for a space.
    pub fn of(name: &str) -> Option<Level> {
        let name = name.to_ascii_lowercase().replace(['-', '_'], " ");
        Level::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// Why a file of cases, or one of its cases, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not JSON.
    #[error("this is not JSON: {0}")]
    Json(serde_json::Error),
    /// JSON of another shape.
    #[error("there is no list of cases in it: neither `cases` nor the whole is one")]
    NoCases,
    /// A case of another shape.
    #[error("case {id}: {error}")]
    Case {
        /// Its name, or its number from 1.
        id: String,
        /// What is wrong.
        error: serde_json::Error,
    },
}

/// Reads a file of cases: an object with the list `cases`, or the list itself. A case that cannot be read does
/// not hinder the others.
///
/// # Errors
/// When there is no such list.
pub fn read(text: &str) -> Result<Vec<Result<Case, ReadError>>, ReadError> {
    let file: Json = serde_json::from_str(text).map_err(ReadError::Json)?;
    let list = match file {
        Json::Array(list) => list,
        Json::Object(mut fields) => match fields.remove("cases") {
            Some(Json::Array(list)) => list,
            _ => return Err(ReadError::NoCases),
        },
        _ => return Err(ReadError::NoCases),
    };
    let cases = list.into_iter().enumerate().map(|(at, case)| {
        let id = match &case["id"] {
            Json::String(id) => id.clone(),
            _ => (at + 1).to_string(),
        };
        match serde_json::from_value::<Case>(case) {
            Ok(case) => Ok(Case { id, ..case }),
            Err(error) => Err(ReadError::Case { id, error }),
        }
    });
    Ok(cases.collect())
}
