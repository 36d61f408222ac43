//! The document on the page: text, diagnostics, designs, canvas, edits and undo. Everything is synchronous.
//!
//! The text is the truth. Every edit is a change of the text, and undo is on the text. Runs live elsewhere.

mod analysis;
mod apply;
mod command;
mod connect;
mod finding;
mod history;
mod own_database;

mod sketch;

use std::sync::Arc;

use analysis::Analysis;
pub use command::{Applied, Command, Part, Refusal};
pub use finding::DiagnosticView;
use history::{Grouping, History};
use tidewire_scenario::Program;
pub use tidewire_syntax::TokenClass;
use tidewire_syntax::{MAX_SOURCE_BYTES, Span};

use crate::layout::{Sketch, arrange};
use crate::legend::Legend;
use crate::lesson::LessonView;
use crate::view::Canvas;

/// What can be run: the newest text and design without errors.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    pub class: TokenClass,
}

/// A scenario being edited.
#[derive(Debug)]
pub struct Document {
    text: String,
    analysis: Analysis,
    /// The design that was chosen, by name; it may not exist in the text at the moment.
    chosen: Option<String>,
    canvas: Arc<Canvas>,
    canvas_runs: bool,
    /// What `canvas` was arranged from.
    drawn: Sketch,
    drawn_design: Option<String>,
    valid: Option<Valid>,
    history: History,
    revisions: u32,
}

/// The newest text without errors, with what follows from it.
#[derive(Debug)]
struct Valid {
    runnable: Runnable,
    program: Arc<Program>,
    lesson: Option<LessonView>,
    meaning: u128,
}

impl Document {
    /// Opens a text. This never fails: what is wrong with the text is in [`Document::diagnostics`].
    pub fn open(text: impl Into<String>) -> Self {
        let text = text.into();
        let mut document = Self {
            analysis: Analysis::of(&text, None),
            text,
            chosen: None,
            canvas: Arc::default(),
            canvas_runs: false,
            drawn: Sketch::default(),
            drawn_design: None,
            valid: None,
            history: History::default(),
            revisions: 0,
        };
        document.settle();
        document
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Findings about the text in the selected design, in order of their place.
    pub fn diagnostics(&self) -> &[DiagnosticView] {
        &self.analysis.views
    }

    /// Whether the text in the selected design can run.
    pub fn is_valid(&self) -> bool {
        self.analysis.program.is_some()
    }

    /// `scenario '…'`
    pub fn title(&self) -> &str {
        &self.analysis.title
    }

    /// `about '…'`
    pub fn about(&self) -> &str {
        &self.analysis.about
    }

    /// Names of all designs, in order of the text.
    pub fn designs(&self) -> &[String] {
        &self.analysis.designs
    }

    /// The selected design; `None` when there is none.
    pub fn selected_design(&self) -> Option<&str> {
        self.analysis.design_name()
    }

    /// Selects a design. One with errors may be selected: the canvas shows it, and the last valid one keeps
    /// running.
    pub fn select_design(&mut self, name: &str) -> Result<(), Refusal> {
        if !self.designs().iter().any(|design| design == name) {
            let names = self.designs().join(", ");
            return Err(Refusal::new(format!("There is no design '{name}'"))
                .hint(format!("The designs are: {names}.")));
        }
        self.chosen = Some(name.to_owned());
        self.history.seal();
        self.analyse();
        Ok(())
    }

    /// What the canvas shows: the selected design, also when its statements have errors; while the text cannot be
    /// read, the last valid canvas.
    pub fn canvas(&self) -> &Arc<Canvas> {
        &self.canvas
    }

    /// Whether [`Document::canvas`] shows what [`Document::runnable`] runs, so that tokens and frames fit it.
    pub fn canvas_runs(&self) -> bool {
        self.canvas_runs
    }

    /// The program of the current text in the selected design, if it has no errors.
    pub fn program(&self) -> Option<&Arc<Program>> {
        self.analysis.program.as_ref()
    }

    /// What runs: the newest valid text and design.
    pub fn runnable(&self) -> Option<&Runnable> {
        self.valid.as_ref().map(|valid| &valid.runnable)
    }

    /// The program of [`Document::runnable`].
    pub fn running_program(&self) -> Option<&Arc<Program>> {
        self.valid.as_ref().map(|valid| &valid.program)
    }

    /// The lesson of what runs, if there is one.
    pub fn lesson(&self) -> Option<&LessonView> {
        self.valid.as_ref()?.lesson.as_ref()
    }

    /// Colours of the text: all tokens but blanks, ascending.
    pub fn highlights(&self) -> Vec<Highlight> {
        let tokens = self.analysis.parse.highlight();
        tokens
            .into_iter()
            .map(|(span, class)| Highlight { span, class })
            .collect()
    }

    /// Where a node's block stands in the text: in the selected design if it is written there.
    pub fn node_span(&self, name: &str) -> Option<Span> {
        let outline = &self.analysis.outline;
        let origin = outline.nodes[outline.node(name)?.index()].origin;
        origin.design.or(origin.common)
    }

    /// The node whose block holds a place in the text: what a cursor stands in.
    pub fn node_at(&self, offset: u32) -> Option<&str> {
        let place = Span::new(offset, offset);
        let mut nodes = self.analysis.outline.nodes.iter();
        let node = nodes.find(|node| sketch::holds(node, place))?;
        Some(&node.name)
    }

    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        self.history.can_undo()
    }

    /// Whether there is something to redo.
    pub fn can_redo(&self) -> bool {
        self.history.can_redo()
    }

    /// Takes the last step back, byte for byte. The sentence says what was undone.
    pub fn undo(&mut self) -> Option<Applied> {
        let step = self.history.undo(&self.text)?;
        Some(self.restore(step, "Undid"))
    }

    /// Makes the step again that was taken back last.
    pub fn redo(&mut self) -> Option<Applied> {
        let step = self.history.redo(&self.text)?;
        Some(self.restore(step, "Redid"))
    }

    fn restore(&mut self, step: history::Restored, verb: &str) -> Applied {
        self.text = step.text;
        self.chosen = step.design;
        self.analyse();
        Applied {
            announcement: format!("{verb}: {}", step.label),
            ..Applied::default()
        }
    }

    /// Replaces the text as one step, or refuses when it grows beyond the limit.
    fn change(
        &mut self,
        text: String,
        design: Option<String>,
        grouping: Grouping,
        label: &str,
    ) -> Result<(), Refusal> {
        if text.len() > MAX_SOURCE_BYTES && text.len() > self.text.len() {
            let limit = MAX_SOURCE_BYTES / 1024;
            return Err(
                Refusal::new(format!("A scenario has at most {limit} KiB of text"))
                    .hint("Make rows with INSERT … SELECT instead of writing them out."),
            );
        }
        let before = self.chosen.clone();
        let designs = (before, design.clone());
        self.history
            .note(&self.text, &text, grouping, label.to_owned(), designs);
        self.text = text;
        self.chosen = design;
        self.analyse();
        Ok(())
    }

    fn analyse(&mut self) {
        self.analysis = Analysis::of(&self.text, self.chosen.as_deref());
        self.settle();
    }

    /// Brings what runs and what is drawn in line with the analysis.
    fn settle(&mut self) {
        if let Some(program) = &self.analysis.program {
            let meaning = self.analysis.meaning;
            if self
                .valid
                .as_ref()
                .is_none_or(|valid| valid.meaning != meaning)
            {
                self.revisions += 1;
            }
            self.valid = Some(Valid {
                runnable: Runnable {
                    text: Arc::from(self.text.as_str()),
                    design: self.analysis.design_name().map(str::to_owned),
                    revision: self.revisions,
                    legend: Arc::new(Legend::of(program)),
                },
                program: Arc::clone(program),
                lesson: LessonView::of(program),
                meaning,
            });
        }
        self.draw();
    }

    fn draw(&mut self) {
        let analysis = &self.analysis;
        let same_design = self.drawn_design.as_deref() == analysis.design_name();
        let half_typed =
            !analysis.reads && same_design && !analysis.sketch.has_same_parts(&self.drawn);
        // A half-typed block would make nodes come and go with every keystroke.
        if !half_typed || self.canvas.nodes.is_empty() {
            self.drawn_design = analysis.design_name().map(str::to_owned);
            if self.drawn != analysis.sketch {
                self.drawn = analysis.sketch.clone();
                self.canvas = Arc::new(arrange(&self.drawn));
            }
        }
        let running = self.valid.as_ref();
        self.canvas_runs = running.is_some_and(|valid| fits(&self.drawn, &valid.runnable.legend));
    }
}

/// Whether a run with this legend can be shown on this sketch.
fn fits(sketch: &Sketch, legend: &Legend) -> bool {
    let nodes = sketch.nodes.iter().map(|node| (&node.name, node.shape));
    let topics = sketch.nodes.iter().flat_map(|node| &node.topics);
    let wires = sketch
        .wires
        .iter()
        .map(|wire| (wire.from as u32, wire.to as u32));
    nodes.eq(legend.nodes.iter().map(|node| (&node.name, node.shape)))
        && topics
            .map(|topic| topic.partitions)
            .eq(legend.topics.iter().map(|topic| topic.partitions))
        && wires.eq(legend.wires.iter().copied())
}
