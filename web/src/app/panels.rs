//! What the panels show, from what the application knows, and what becomes of their reports.

use std::rc::Rc;

use tidewire_session::document::{Command, DiagnosticView, Document, Highlight};
use tidewire_session::protocol::ReadAs;
use yew::prelude::*;

use super::files::read_file;
use super::tabs::{InspectorTab, LibraryTab};
use super::view::NARROW;
use super::{App, Msg};
use crate::panels::gallery::GalleryPanel;
use crate::panels::inspector::{DataPanel, InvariantsPanel, NodePanel};
use crate::panels::lesson::Asking;
use crate::panels::log::LogPanel;
use crate::panels::metrics::MetricsPanel;
use crate::panels::source::SourcePanel;
use crate::parts::Parts;

/// The text and what is known about it, shared with the panels until the next edit.
#[derive(Clone)]
pub(super) struct SourceView {
    text: AttrValue,
    highlights: Rc<[Highlight]>,
    pub(super) diagnostics: Rc<[DiagnosticView]>,
    valid: bool,
}

impl SourceView {
    /// The view of a document as it is now.
    pub(super) fn of(document: &Document) -> Self {
        Self {
            text: AttrValue::from(document.text().to_owned()),
            highlights: Rc::from(document.highlights()),
            diagnostics: Rc::from(document.diagnostics()),
            valid: document.is_valid(),
        }
    }
}

impl Default for SourceView {
    fn default() -> Self {
        Self {
            text: AttrValue::default(),
            highlights: Rc::from([]),
            diagnostics: Rc::from([]),
            valid: true,
        }
    }
}

/// The panels' callbacks. They are made once: a new one at each frame would draw every panel again.
pub(super) struct Reports {
    input: Callback<String>,
    undo: Callback<()>,
    redo: Callback<()>,
    fix: Callback<usize>,
    format: Callback<()>,
    open: Callback<web_sys::File>,
    download: Callback<()>,
    lesson: Callback<&'static str>,
    pub(super) ask: Callback<Asking>,
    edit: Callback<Command>,
    select: Callback<String>,
    source: Callback<String>,
    finding: Callback<usize>,
    seek: Callback<u64>,
    read: Callback<ReadAs>,
    line: Callback<(u32, u64)>,
}

impl Reports {
    /// Reports that go to the application as messages.
    pub(super) fn new(dispatch: &Callback<Msg>) -> Self {
        let opened = dispatch.clone();
        Self {
            input: dispatch.reform(Msg::Typed),
            undo: dispatch.reform(|()| Msg::Undo),
            redo: dispatch.reform(|()| Msg::Redo),
            fix: dispatch.reform(|diagnostic| Msg::Edit(Command::ApplyFix { diagnostic })),
            format: dispatch.reform(|()| Msg::Edit(Command::Format)),
            open: Callback::from(move |file| read_file(file, &opened)),
            download: dispatch.reform(|()| Msg::Download),
            lesson: dispatch.reform(|slug: &str| Msg::Lesson(slug.to_owned())),
            ask: dispatch.reform(Msg::Ask),
            edit: dispatch.reform(Msg::Edit),
            select: dispatch.reform(|name| Msg::SelectNodes(vec![name])),
            source: dispatch.reform(Msg::ShowSource),
            finding: dispatch.reform(Msg::ShowFinding),
            seek: dispatch.reform(Msg::Seek),
            read: dispatch.reform(Msg::ReadAs),
            line: dispatch.reform(|(record, at_us)| Msg::ChooseLine { record, at_us }),
        }
    }
}

impl App {
    pub(super) fn library_panel(&self) -> Html {
        let reports = &self.reports;
        match self.library {
            LibraryTab::Gallery => html! {
                <GalleryPanel
                    current={self.lesson.clone().map(AttrValue::from)}
                    edited={self.edited}
                    progress={self.progress.clone()}
                    on_open={reports.lesson.clone()}
                />
            },
            LibraryTab::Parts => html! { <Parts dispatch={self.dispatch.clone()} /> },
            LibraryTab::Source => html! {
                <SourcePanel
                    text={self.source.text.clone()}
                    highlights={self.source.highlights.clone()}
                    diagnostics={self.source.diagnostics.clone()}
                    valid={self.source.valid}
                    place={self.place}
                    on_input={reports.input.clone()}
                    on_undo={reports.undo.clone()}
                    on_redo={reports.redo.clone()}
                    on_fix={reports.fix.clone()}
                    on_format={reports.format.clone()}
                    on_open={reports.open.clone()}
                    on_download={reports.download.clone()}
                />
            },
        }
    }

    pub(super) fn inspector_panel(&self, tab: InspectorTab) -> Html {
        match tab {
            InspectorTab::Node => self.node_panel(),
            InspectorTab::Data => self.data_panel(),
            InspectorTab::Invariants => html! {
                <InvariantsPanel frame={self.frame.clone()} on_seek={self.reports.seek.clone()} />
            },
        }
    }

    /// The log, with the choice to show the selected node's lines alone.
    pub(super) fn log_panel(&self) -> Html {
        let name = self.selected.first();
        let node = name.and_then(|name| {
            let runs = self.document.borrow().canvas_runs();
            let index = self.drawing.index_of(name).filter(|_| runs)?;
            Some((index as u32, AttrValue::from(name.clone())))
        });
        html! {
            <LogPanel
                tape={self.tape.clone()}
                at_us={self.frame.at_us}
                record={self.trace.record}
                {node}
                on_choose={self.reports.line.clone()}
            />
        }
    }

    pub(super) fn metrics_panel(&self) -> Html {
        html! { <MetricsPanel metrics={self.metrics.clone()} at_us={self.frame.at_us} /> }
    }

    fn node_panel(&self) -> Html {
        let reports = &self.reports;
        let runs = self.document.borrow().canvas_runs();
        html! {
            <NodePanel
                drawing={self.drawing.clone()}
                selected={self.selected.clone()}
                frame={runs.then(|| self.frame.clone())}
                diagnostics={self.source.diagnostics.clone()}
                editable={self.width >= NARROW}
                on_edit={reports.edit.clone()}
                on_select={reports.select.clone()}
                on_source={reports.source.clone()}
                on_finding={reports.finding.clone()}
                on_fix={reports.fix.clone()}
                on_seek={reports.seek.clone()}
            />
        }
    }

    fn data_panel(&self) -> Html {
        let reports = &self.reports;
        let store = self.shown_store();
        let content = self
            .tables
            .content
            .as_ref()
            .filter(|(of, _)| Some(*of) == store);
        html! {
            <DataPanel
                drawing={self.drawing.clone()}
                {store}
                runs={self.document.borrow().canvas_runs()}
                at_us={self.frame.at_us}
                content={content.map(|(_, content)| content.clone())}
                anomalies={self.anomalies.clone()}
                transactions={store.map(|store| self.open_transactions(store)).unwrap_or_default()}
                read={self.read_as}
                editable={self.width >= NARROW}
                on_read={reports.read.clone()}
                on_line={reports.line.clone()}
                on_edit={reports.edit.clone()}
                on_source={reports.source.clone()}
            />
        }
    }
}
