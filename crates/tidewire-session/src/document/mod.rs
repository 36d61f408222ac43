//! The document on the page: text, diagnostics, designs, canvas, edits and undo. Everything is synchronous.
//!
//! The text is the truth. Every edit is a change of the text, and undo is on the text. Runs live elsewhere.

mod command;
mod finding;

use std::sync::Arc;

pub use command::{Applied, Command, Part, Refusal};
pub use finding::DiagnosticView;
use tidewire_syntax::Span;

use crate::legend::Legend;
use crate::view::Canvas;

/// What can be run: the newest text and design without errors.
#[derive(Clone, Debug, PartialEq)]
pub struct Runnable {
    /// The whole text.
    pub text: Arc<str>,
    /// The design; `None` when the scenario has none.
    pub design: Option<String>,
    /// Grows when a new run is needed: when something other than layout, comments or white space changed.
    pub revision: u32,
    /// What the records of its runs stand for.
    pub legend: Arc<Legend>,
}

/// A part of the text with its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Highlight {
    /// Bytes of the text.
    pub span: Span,
    /// What it is.
    pub class: HighlightClass,
}

/// What a highlighted part of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HighlightClass {
    /// A word of the language or of SQL.
    Keyword,
    /// A type name.
    Type,
    /// `'text'`
    Text,
    /// A number or a duration.
    Number,
    /// `:value`
    Parameter,
    /// `-- words`
    Comment,
    /// The name of a block where it is declared.
    Name,
    /// Anything else.
    Plain,
}

/// A scenario being edited.
#[derive(Debug, Default)]
pub struct Document {
    text: String,
    diagnostics: Vec<DiagnosticView>,
    designs: Vec<String>,
    canvas: Arc<Canvas>,
    runnable: Option<Runnable>,
}

impl Document {
    /// Opens a text. This never fails: what is wrong with the text is in [`Document::diagnostics`].
    pub fn open(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Findings about the text in the selected design, in order of their place.
    pub fn diagnostics(&self) -> &[DiagnosticView] {
        &self.diagnostics
    }

    /// Whether the text in the selected design can run.
    pub fn is_valid(&self) -> bool {
        false
    }

    /// `scenario '…'`
    pub fn title(&self) -> &str {
        ""
    }

    /// `about '…'`
    pub fn about(&self) -> &str {
        ""
    }

    /// Names of all designs, in order of the text.
    pub fn designs(&self) -> &[String] {
        &self.designs
    }

    /// The selected design; `None` when there is none.
    pub fn selected_design(&self) -> Option<&str> {
        None
    }

    /// Selects a design. One with errors may be selected: the canvas shows it, and the last valid one keeps
    /// running.
    pub fn select_design(&mut self, name: &str) -> Result<(), Refusal> {
        Err(Refusal::new(format!("There is no design {name}")))
    }

    /// What the canvas shows: the selected design, also when its statements have errors; while it cannot be read
    /// at all, its last valid form.
    pub fn canvas(&self) -> &Arc<Canvas> {
        &self.canvas
    }

    /// Whether [`Document::canvas`] shows what [`Document::runnable`] runs, so that tokens and frames fit it.
    pub fn canvas_runs(&self) -> bool {
        false
    }

    /// What runs: the newest valid text and design.
    pub fn runnable(&self) -> Option<&Runnable> {
        self.runnable.as_ref()
    }

    /// Colours of the text, ascending, without gaps.
    pub fn highlights(&self) -> Vec<Highlight> {
        Vec::new()
    }

    /// Where a node's block stands in the text.
    pub fn node_span(&self, _name: &str) -> Option<Span> {
        None
    }

    /// Whether a wire may be drawn; the refusal says why not.
    pub fn can_connect(&self, _from: &str, _to: &str) -> Result<(), Refusal> {
        Ok(())
    }

    /// Makes an edit, or refuses and changes nothing.
    pub fn apply(&mut self, _command: Command) -> Result<Applied, Refusal> {
        Ok(Applied::default())
    }

    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        false
    }

    /// Whether there is something to redo.
    pub fn can_redo(&self) -> bool {
        false
    }

    /// Takes the last step back, byte for byte. The sentence says what was undone.
    pub fn undo(&mut self) -> Option<Applied> {
        None
    }

    /// Makes the step again that was taken back last.
    pub fn redo(&mut self) -> Option<Applied> {
        None
    }
}
