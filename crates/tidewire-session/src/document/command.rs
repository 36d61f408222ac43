//! Edits as values: what a person may do to a document, what came of it, or why it was refused.

use std::fmt;

use tidewire_syntax::Span;

use super::DiagnosticView;

/// One edit. Nodes are named, not numbered: a name survives edits that renumber everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Typing: replaces the text under the span. Neighbouring keystrokes are undone together.
    ReplaceText {
        /// Bytes of the current text; empty for an insertion.
        span: Span,
        /// What stands there afterwards.
        text: String,
    },
    /// Replaces everything, as one step that can be undone.
    SetText(String),
    /// A part from the Parts panel, dropped on the canvas.
    AddNode {
        /// Which part.
        part: Part,
        /// Left edge in canvas pixels.
        x: i32,
        /// Top edge.
        y: i32,
    },
    /// Drags nodes to these places. Commands of one gesture are undone together.
    MoveNodes {
        /// Node, left edge, top edge.
        moves: Vec<(String, i32, i32)>,
        /// Any number that is the same during one drag and another in the next.
        gesture: u32,
    },
    /// Gives a node another name, everywhere.
    Rename {
        /// The old name.
        node: String,
        /// The new one.
        name: String,
    },
    /// Takes nodes out.
    Delete {
        /// Their names.
        nodes: Vec<String>,
    },
    /// Draws a wire.
    Connect {
        /// Where it begins.
        from: String,
        /// Where the arrow is.
        to: String,
    },
    /// Takes away a service's way to a store. Other wires are steps, which are taken out in the text.
    Disconnect {
        /// Where the wire begins.
        from: String,
        /// Where the arrow is.
        to: String,
    },
    /// Copies a node under a new name, a little to the right and below.
    Duplicate {
        /// Its name.
        node: String,
    },
    /// Writes a new design in which the service's tables live in a store of their own, and selects it.
    GiveOwnDatabase {
        /// The service.
        service: String,
    },
    /// Applies the fix of a diagnostic.
    ApplyFix {
        /// Index in [`Document::diagnostics`](super::Document::diagnostics).
        diagnostic: usize,
    },
    /// Formats the whole text.
    Format,
}

/// What the Parts panel offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A workload.
    Client,
    /// A service with one command.
    Service,
    /// A gateway with one command.
    Gateway,
    /// An external party with one command.
    External,
    /// A relational store with one table.
    RelationalStore,
    /// An event store.
    EventStore,
    /// A broker with one topic.
    LogBroker,
}

impl Part {
    /// All of them, in the panel's order.
    pub const ALL: [Part; 7] = [
        Part::Client,
        Part::Gateway,
        Part::Service,
        Part::External,
        Part::RelationalStore,
        Part::EventStore,
        Part::LogBroker,
    ];

    /// As the panel says it.
    pub fn title(self) -> &'static str {
        match self {
            Part::Client => "Client",
            Part::Gateway => "Gateway",
            Part::Service => "Service",
            Part::External => "External party",
            Part::RelationalStore => "Relational store",
            Part::EventStore => "Event store",
            Part::LogBroker => "Log broker",
        }
    }

    /// What it is for, in a few words.
    pub fn purpose(self) -> &'static str {
        match self {
            Part::Client => "Sends requests",
            Part::Gateway => "Where requests come in",
            Part::Service => "Answers calls and events",
            Part::External => "Takes part in no transaction",
            Part::RelationalStore => "Keeps rows, with transactions",
            Part::EventStore => "Keeps what happened, stream by stream",
            Part::LogBroker => "Passes events on, in order",
        }
    }
}

/// What an edit did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// One sentence for the live region: `Added service payments`.
    pub announcement: String,
    /// Nodes that should be selected now.
    pub select: Vec<String>,
    /// Findings that the edit brought about: after [`Command::GiveOwnDatabase`], the statements that now reach
    /// across.
    pub findings: Vec<DiagnosticView>,
}

/// Why an edit was not made. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule, in one sentence.
    pub message: String,
    /// What one does instead.
    pub hint: Option<String>,
}

impl Refusal {
    /// A refusal without a hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    /// The same with a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, ". {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}
