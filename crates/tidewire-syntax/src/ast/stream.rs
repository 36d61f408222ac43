//! Steps on the streams of an event store: appending, and loading with a fold.

use super::sql::Expression;
use super::step::{Argument, Step};
use crate::{Name, Span};

/// `append E(x => …) [, F(…)] to stream S expecting … [id I]`
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    /// What is appended, in order; at least one.
    pub events: Vec<AppendedEvent>,
    /// The stream's name, a text.
    pub stream: Expression,
    /// What the writer knows of the stream.
    pub expecting: Expecting,
    /// The same id appends once, however often it is sent.
    pub id: Option<Expression>,
}

/// An event with its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct AppendedEvent {
    /// The declared event.
    pub event: Name,
    /// Its fields.
    pub arguments: Vec<Argument>,
}

/// What the writer of an [`Append`] knows of the stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Expecting {
    /// `expecting any`: nothing is checked.
    Any,
    /// `expecting no stream`: this begins it.
    NoStream,
    /// `expecting :version`: its last event has this number.
    Version(Expression),
}

/// `load stream S [snapshot every N] [into r] fold { let x = …; on E { … } }`
#[derive(Clone, Debug, PartialEq)]
pub struct LoadStream {
    /// The stream's name, a text.
    pub stream: Expression,
    /// `snapshot every 20`: the state is kept when so many events were read behind the last snapshot.
    pub snapshot: Option<u32>,
    /// `into r`: the state as `:r.x`; otherwise as `:x`.
    pub into: Option<Name>,
    /// The state and its first values.
    pub state: Vec<(Name, Expression)>,
    /// What each event does to it.
    pub cases: Vec<FoldCase>,
}

/// `on E { … }` of a fold.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldCase {
    /// The declared event.
    pub event: Name,
    /// `let` and `if`; a `let` of a name of the state changes it.
    pub body: Vec<Step>,
    /// Where it stands.
    pub span: Span,
}
