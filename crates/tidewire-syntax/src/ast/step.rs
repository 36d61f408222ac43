//! The steps of a handler: SQL statements, and a handful of words for what is not SQL.

use super::sql::{Expression, Query, Statement};
use super::stream::{Append, LoadStream};
use crate::{Name, Span};

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// Where it stands, without the semicolon.
    pub span: Span,
}

/// What a [`Step`] does.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// An SQL statement, transaction control included. `… into r` binds its row as `:r.column`,
    /// otherwise its columns are bound as `:column`.
    Sql {
        /// The statement.
        statement: Statement,
        /// `into r`
        into: Option<Name>,
        /// `in db`, when a service has several databases and the table does not decide (`begin in db`).
        database: Option<Name>,
    },
    /// `call service.command(x => …) [timeout d] [retry n [backoff d]] [into r]`
    Call(Call),
    /// `publish Event(x => …) to topic [key …]`
    Publish(Publish),
    /// `append Event(x => …) to stream …`
    Append(Append),
    /// `load stream … fold { … }`
    LoadStream(LoadStream),
    /// `let x = …`
    Let(Name, Expression),
    /// `if … { … } [else { … }]`
    If {
        /// Taken when true; false and null go to `otherwise`.
        condition: Expression,
        /// First branch.
        then: Vec<Step>,
        /// Second branch.
        otherwise: Vec<Step>,
    },
    /// `for each row in (select …) { … }`
    ForEach {
        /// Bound to each row in turn: `:row.column`.
        row: Name,
        /// Run once, before the first turn.
        query: Box<Query>,
        /// The turn.
        body: Vec<Step>,
    },
    /// `single flight :key { … }`
    SingleFlight {
        /// Works with the same key share one run of the block.
        key: Expression,
        /// What only one of them does.
        body: Vec<Step>,
    },
    /// `get c key :k [into r]`
    Get {
        /// Where and which.
        entry: Entry,
        /// `into r`: the fields as `:r.field`; otherwise they are bound as `:field`.
        into: Option<Name>,
    },
    /// `put c key :k (field => …) [ttl d]`
    Put {
        /// Where and which.
        entry: Entry,
        /// All fields.
        fields: Vec<Argument>,
        /// `ttl 2s`, instead of the cache's own.
        ttl: Option<Duration>,
    },
    /// `delete c key :k`
    DeleteEntry(Entry),
    /// `require … else fail E`
    Require(Expression, Failure),
    /// `fail E` or `fail E('message')`
    Fail(Failure),
    /// `reply (x => …)`
    Reply(Vec<Argument>),
    /// `wait 50ms`
    Wait(Delay),
    /// `{ … }`: several steps as one. What they bind stays bound behind it.
    Group(Vec<Step>),
    /// A step with `on error …` behind it.
    Guarded {
        /// The one step.
        body: Vec<Step>,
        /// The first that names the failure catches it.
        handlers: Vec<OnError>,
    },
    /// `retry N [on CODE, …] [backoff D [to D]] [jitter] { … }`: runs the whole unit again when it fails.
    Retry {
        /// How often, and after which pauses.
        retry: Retry,
        /// Which failures; without names all but those that a scenario says with `fail`.
        codes: Vec<Name>,
        /// The unit.
        body: Vec<Step>,
    },
    /// `parallel { … }`: its steps run at the same time; it ends when all have ended.
    Parallel(Vec<Step>),
}

impl StepKind {
    /// The lists of steps inside it, in order of the text.
    pub fn parts(&self) -> Vec<&[Step]> {
        match self {
            Self::If {
                then, otherwise, ..
            } => vec![then, otherwise],
            Self::ForEach { body, .. }
            | Self::SingleFlight { body, .. }
            | Self::Group(body)
            | Self::Retry { body, .. }
            | Self::Parallel(body) => vec![body],
            Self::Guarded { body, handlers } => {
                let handlers = handlers.iter().map(|handler| handler.body.as_slice());
                std::iter::once(body.as_slice()).chain(handlers).collect()
            }
            Self::LoadStream(load) => load.cases.iter().map(|case| &*case.body).collect(),
            _ => Vec::new(),
        }
    }
}

/// `on error [CODE, …] { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct OnError {
    /// Names of failures and SQLSTATEs; none catches everything.
    pub codes: Vec<Name>,
    /// What happens then; `:error` is the name of the failure.
    pub body: Vec<Step>,
    /// The clause without its body.
    pub span: Span,
}

/// An entry by its key.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The cache.
    pub cache: Name,
    /// Its key.
    pub key: Expression,
}

/// A call of a command of another service.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The service.
    pub service: Name,
    /// Its command.
    pub command: Name,
    /// Named arguments.
    pub arguments: Vec<Argument>,
    /// `timeout 500ms`
    pub timeout: Option<Duration>,
    /// `retry 3`: how many times more.
    pub retry: Option<Retry>,
    /// `into r`: the reply's fields as `:r.field`; otherwise they are bound as `:field`.
    pub into: Option<Name>,
    /// Where it stands.
    pub span: Span,
}

/// `retry 3 [backoff 50ms [to 1s]] [jitter]`
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Attempts after the first.
    pub times: u32,
    /// Pauses before them.
    pub backoff: Option<Backoff>,
    /// Each pause is drawn between nothing and its length.
    pub jitter: bool,
}

/// `backoff 50ms [to 1s]`
#[derive(Clone, Debug, PartialEq)]
pub struct Backoff {
    /// Pause before the first retry, doubled every time …
    pub first: Duration,
    /// … but no longer than this.
    pub most: Option<Duration>,
}

/// An event sent to a topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Publish {
    /// The declared event.
    pub event: Name,
    /// Its fields.
    pub arguments: Vec<Argument>,
    /// The topic.
    pub topic: Name,
    /// Decides the partition; without it partitions take turns.
    pub key: Option<Expression>,
}

/// `name => expression`
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The parameter or field.
    pub name: Name,
    /// Its value.
    pub value: Expression,
}

/// A failure that a service answers with.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// `OutOfStock`
    pub name: Name,
    /// Text behind it.
    pub message: Option<Expression>,
}

/// A span of virtual time: `50ms`, `2s`, `300us`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    /// In microseconds.
    pub micros: u64,
    /// Where it stands.
    pub span: Span,
}

/// A duration that may vary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delay {
    /// `50ms`
    Fixed(Duration),
    /// `50ms to 200ms`, every microsecond of it equally likely
    Uniform(Duration, Duration),
    /// `exponential 50ms`, with that mean
    Exponential(Duration),
}
