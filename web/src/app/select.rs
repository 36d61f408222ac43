//! What is selected and shown: nodes, a message with its causes and effects, tabs.

use tidewire_session::Span;
use tidewire_session::sort;
use tidewire_session::view::RecordKind;

use super::tabs::{DockTab, InspectorTab, LibraryTab};
use super::view::Sheet;
use super::{App, Drawer};
use crate::format::{counted, shortened};
use crate::panels::source::Place;
use crate::shared::Shared;
use crate::timeline::Trace;

impl App {
    pub(super) fn select_nodes(&mut self, names: Vec<String>) {
        self.selected = Shared::new(names);
        if self.inspector == InspectorTab::Invariants && !self.selected.is_empty() {
            self.inspector = if self.shown_store().is_some() {
                InspectorTab::Data
            } else {
                InspectorTab::Node
            };
        }
        self.inspect();
    }

    pub(super) fn deselect(&mut self) {
        self.selected = Shared::default();
        self.drop_trace();
    }

    pub(super) fn drop_trace(&mut self) {
        self.trace = crate::timeline::no_trace();
        self.traced_wires = Shared::default();
        self.traced_nodes = Shared::default();
    }

    pub(super) fn select_record(&mut self, record: Option<u32>) {
        let Some(record) = record else {
            self.drop_trace();
            return;
        };
        let trace = self.tape.read(|recording| {
            let (causes, effects) = (recording.causes(record), recording.effects(record));
            let headline = format!(
                "{}: {}, {}",
                shortened(&recording.describe(record), 72),
                counted(causes.len(), "cause"),
                counted(effects.len(), "effect"),
            );
            let mut related = causes;
            related.push(record);
            related.extend(effects);
            Trace {
                record: Some(record),
                related,
                headline,
            }
        });
        self.polite = trace.headline.clone();
        self.trace = Shared::new(trace);
        self.retrace();
    }

    /// Finds the wires and nodes on the way of the selected message.
    pub(super) fn retrace(&mut self) {
        let mut wires = Vec::new();
        let mut nodes = Vec::new();
        let drawing = &self.drawing;
        self.tape.read(|recording| {
            for index in &self.trace.related {
                let Some(record) = recording
                    .record(*index)
                    .filter(|record| record.kind == RecordKind::Sent)
                else {
                    continue;
                };
                let (from, to) = (u32::from(record.node), u32::from(record.peer));
                nodes.extend([from, to]);
                let found = drawing.wires.iter().position(|wire| {
                    (wire.from, wire.to) == (from, to) || (wire.to, wire.from) == (from, to)
                });
                wires.extend(found.map(|wire| wire as u32));
            }
        });
        for list in [&mut wires, &mut nodes] {
            sort::sort(list);
            list.dedup();
        }
        self.traced_wires = Shared::new(wires);
        self.traced_nodes = Shared::new(nodes);
    }

    pub(super) fn show_library(&mut self, tab: LibraryTab) {
        // The text takes more room than lists do, so the diagram gets a new size.
        if (self.library == LibraryTab::Source) != (tab == LibraryTab::Source) {
            self.fit += 1;
        }
        self.library = tab;
        if self.width < 1280.0 {
            self.drawer = Some(Drawer::Library);
        }
    }

    /// To the field that finds lessons, wherever it is.
    pub(super) fn find_lesson(&mut self) {
        if self.is_narrow() {
            self.show_sheet(Sheet::Lesson);
        } else {
            self.show_library(LibraryTab::Gallery);
        }
        super::tabs::focus_soon("lesson-search");
    }

    pub(super) fn show_inspector(&mut self, tab: InspectorTab) {
        self.inspector = tab;
        if self.width < 1024.0 {
            self.drawer = Some(Drawer::Inspector);
        }
        self.inspect();
    }

    pub(super) fn show_sheet(&mut self, sheet: Sheet) {
        self.dock = match sheet {
            Sheet::Steps => DockTab::Log,
            Sheet::Metrics => DockTab::Metrics,
            _ => DockTab::Timeline,
        };
        self.inspector = match sheet {
            Sheet::Lesson | Sheet::Steps | Sheet::Metrics => InspectorTab::Node,
            Sheet::Data => InspectorTab::Data,
            Sheet::Invariants => InspectorTab::Invariants,
        };
        self.library = LibraryTab::Gallery;
        self.inspect();
    }

    pub(super) fn open_inspector(&mut self) {
        let tab = match self.inspector {
            InspectorTab::Invariants => InspectorTab::Node,
            other => other,
        };
        self.show_inspector(tab);
        super::tabs::focus("inspector-panel");
    }

    pub(super) fn show_source(&mut self, node: &str) {
        let span = self.document.borrow().node_span(node);
        self.show_library(LibraryTab::Source);
        if let Some(span) = span {
            self.show_place(span);
        }
    }

    pub(super) fn show_finding(&mut self, index: usize) {
        self.show_library(LibraryTab::Source);
        let span = self
            .source
            .diagnostics
            .get(index)
            .map(|finding| finding.span);
        if let Some(span) = span {
            self.show_place(span);
        }
    }

    /// Selects a place of the text and scrolls to it.
    pub(super) fn show_place(&mut self, span: Span) {
        let turn = self.place.map_or(0, |place| place.turn) + 1;
        self.place = Some(Place { span, turn });
    }

    pub(super) fn next_theme(&mut self) {
        self.theme = self.theme.next();
        self.theme.show();
        self.theme.save();
        self.theme_changes += 1;
        self.polite = self.theme.label().to_owned();
    }
}
