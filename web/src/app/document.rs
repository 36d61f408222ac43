//! Edits and designs: everything that changes the document. Lessons are in `lesson`.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use tidewire_session::Span;
use tidewire_session::document::{Applied, Command, Document, Part, Refusal};

use super::panels::SourceView;
use super::tabs::LibraryTab;
use super::{App, Msg};
use crate::panels::source::difference;
use crate::saved::Work;
use crate::shared::{Drawing, Shared};

/// How long after the last keystroke what was typed is run.
const RUN_AFTER_MS: u32 = 300;
/// How long after the last edit the work is kept.
const KEEP_AFTER_MS: u32 = 400;

impl App {
    /// Takes a document as the one that is edited and run.
    pub(super) fn show_document(&mut self, mut document: Document, design: Option<&str>) {
        if let Some(design) = design {
            // A design that is gone leaves the first one selected.
            let _ = document.select_design(design);
        }
        self.document = Rc::new(RefCell::new(document));
        self.selected = Shared::default();
        self.drop_trace();
        self.fit += 1;
        self.running = None;
        self.document_changed();
    }

    /// Shows another text in a design, or in its first. Edits that were made stay a step of undo away.
    pub(super) fn replace_text(&mut self, text: String, design: Option<&str>) {
        if !self.edited {
            self.show_document(Document::open(text), design);
            return;
        }
        let applied = self.document.borrow_mut().apply(Command::SetText(text));
        if let Err(refusal) = applied {
            self.refused(&refusal);
            return;
        }
        let first = self.document.borrow().designs().first().cloned();
        if let Some(first) = first {
            // The first design of a text that has designs can be selected.
            let _ = self.document.borrow_mut().select_design(&first);
        }
        self.selected = Shared::default();
        self.drop_trace();
        self.fit += 1;
        self.running = None;
        self.document_changed();
        self.news("Undo brings your own text back.".to_owned());
    }

    /// Draws the new text and runs it if it means something else.
    fn document_changed(&mut self) {
        let (canvas, runnable) = {
            let document = self.document.borrow();
            self.source = SourceView::of(&document);
            let runnable = document.runnable().map(|runnable| runnable.revision);
            (Drawing(document.canvas().clone()), runnable)
        };
        if canvas != self.drawing {
            let kept: Vec<String> = self
                .selected
                .iter()
                .filter(|name| canvas.index_of(name).is_some())
                .cloned()
                .collect();
            if kept.len() != self.selected.len() {
                self.selected = Shared::new(kept);
            }
            self.drawing = canvas;
            self.retrace();
        }
        let new = runnable.is_some_and(|revision| self.running != Some((revision, self.seed)));
        if new && self.typing.is_none() {
            self.start_run();
        }
        self.inspect();
    }

    pub(super) fn edit(&mut self, command: Command) {
        let splits = matches!(command, Command::GiveOwnDatabase { .. });
        let quiet = matches!(
            command,
            Command::ReplaceText { .. } | Command::MoveNodes { .. }
        );
        let applied = self.document.borrow_mut().apply(command);
        match applied {
            Ok(applied) => {
                if splits {
                    self.fit += 1;
                    self.show_library(LibraryTab::Source);
                    if let Some(first) = applied.findings.first() {
                        self.show_place(first.span);
                    }
                }
                self.after_edit(applied, quiet);
            }
            Err(refusal) => self.refused(&refusal),
        }
    }

    /// Takes over what was typed, as the change that it is.
    pub(super) fn typed(&mut self, text: &str) {
        let change = {
            let document = self.document.borrow();
            difference(document.text(), text).map(|change| Command::ReplaceText {
                span: Span::new(change.start as u32, change.end as u32),
                text: change.inserted.to_owned(),
            })
        };
        if let Some(change) = change {
            let dispatch = self.dispatch.clone();
            self.typing = Some(Timeout::new(RUN_AFTER_MS, move || {
                dispatch.emit(Msg::RunTyped);
            }));
            self.edit(change);
        }
    }

    /// Typing rests: what it has changed is run.
    pub(super) fn run_typed(&mut self) {
        self.typing = None;
        self.document_changed();
    }

    fn after_edit(&mut self, applied: Applied, quiet: bool) {
        if !applied.select.is_empty() {
            self.selected = Shared::new(applied.select);
        }
        if !quiet && !applied.announcement.is_empty() {
            let findings = applied.findings.len();
            let text = if findings == 0 {
                applied.announcement
            } else {
                format!("{}. The source marks what is wrong.", applied.announcement)
            };
            self.news(text);
        }
        self.edited = true;
        self.document_changed();
        self.keep();
    }

    /// Puts a part below everything else, where there is room.
    pub(super) fn add_part(&mut self, part: Part) {
        let bounds = self.drawing.bounds;
        let x = ((bounds.x / 4.0).round() * 4.0) as i32 + 20;
        let y = (((bounds.y + bounds.height) / 4.0).round() * 4.0) as i32 + 40;
        self.edit(Command::AddNode { part, x, y });
        self.fit += 1;
    }

    pub(super) fn undo(&mut self, back: bool) {
        let applied = {
            let mut document = self.document.borrow_mut();
            if back {
                document.undo()
            } else {
                document.redo()
            }
        };
        match applied {
            Some(applied) => self.after_edit(applied, false),
            None => {
                let word = if back { "undo" } else { "redo" };
                self.polite = format!("There is nothing to {word}.");
            }
        }
    }

    pub(super) fn select_design(&mut self, name: &str) {
        let selected = self.document.borrow_mut().select_design(name);
        match selected {
            Ok(()) => {
                self.polite = format!("Design {name}");
                self.close_notice();
                self.drop_trace();
                self.fit += 1;
                self.ask_again();
                self.document_changed();
                self.saw_design();
                self.keep();
            }
            Err(refusal) => self.refused(&refusal),
        }
    }

    pub(super) fn refused(&mut self, refusal: &Refusal) {
        self.problem(refusal.to_string());
    }

    /// Keeps the work soon.
    pub(super) fn keep(&mut self) {
        let dispatch = self.dispatch.clone();
        self.keeping = Some(Timeout::new(KEEP_AFTER_MS, move || {
            dispatch.emit(Msg::Keep)
        }));
    }

    pub(super) fn keep_now(&mut self) {
        let document = self.document.borrow();
        let work = Work {
            lesson: self.lesson.clone(),
            text: self.edited.then(|| document.text().to_owned()),
            design: document.selected_design().map(str::to_owned),
            seed: Some(self.seed),
        };
        drop(document);
        if !work.keep() {
            self.problem(
                "This browser keeps nothing between visits. Download the scenario to keep it."
                    .to_owned(),
            );
        }
    }
}
