//! How the page is put together: the bar, the library, the diagram, the inspector, the dock; on narrow screens the
//! diagram with transport and tabs below it.

use tidewire_session::view::Frame;
use yew::prelude::*;

use super::notice::NoticeKind;
use super::tabs::{DockTab, InspectorTab, LibraryTab, Tabs};
use super::{App, Drawer, Msg};
use crate::diagram::Diagram;
use crate::format::{counted, milliseconds};
use crate::help::Help;
use crate::icons::{Icon, icon, sized_icon, state_mark, violation_mark};
use crate::panels::lesson::LessonCard;
use crate::scrubber::Scrubber;
use crate::timeline::Timeline;
use crate::top_bar::{DesignSwitch, SpeedChoice, TopBar, TransportButtons};

/// Below this width the page only plays.
pub(super) const NARROW: f64 = 720.0;

impl App {
    pub(super) fn draw(&self, _context: &Context<Self>) -> Html {
        html! {
            <>
                <a class="skip" href="#diagram">{ "Skip to the diagram" }</a>
                if self.width < NARROW { { self.narrow() } } else { { self.wide() } }
                if self.help { <Help dispatch={self.dispatch.clone()} /> }
                <div class="vh" role="status" aria-live="polite">{ self.polite.clone() }</div>
                <div class="vh" role="alert">{ self.urgent.clone() }</div>
            </>
        }
    }

    /// Whether the page only plays.
    pub(super) fn is_narrow(&self) -> bool {
        self.width < NARROW
    }

    fn wide(&self) -> Html {
        let document = self.document.borrow();
        let close = self.dispatch.reform(|_: MouseEvent| Msg::Drawer(None));
        html! {
            <div class={classes!("app", (self.library == LibraryTab::Source).then_some("with-source"), self.drawer.map(|drawer| match drawer {
                Drawer::Library => "with-library",
                Drawer::Inspector => "with-inspector",
            }))}>
                <TopBar
                    title={document.title().to_owned()}
                    designs={document.designs().to_vec()}
                    design={document.selected_design().map(str::to_owned)}
                    can_undo={document.can_undo()}
                    can_redo={document.can_redo()}
                    playing={self.transport.playing}
                    speed={self.transport.speed}
                    seed={self.seed}
                    ticker={self.ticker.clone()}
                    theme={self.theme}
                    dispatch={self.dispatch.clone()}
                />
                <nav class="left" aria-label="Library">{ self.library() }</nav>
                <main class="canvas" aria-label="Canvas">
                    { self.diagram(false) }
                    { self.banner() }
                </main>
                <aside class="right" aria-label="Inspector">{ self.inspector() }</aside>
                <section class="dock" aria-label="Run">{ self.dock() }</section>
                if self.drawer.is_some() { <div class="drawer-scrim" onclick={close}></div> }
            </div>
        }
    }

    fn diagram(&self, read_only: bool) -> Html {
        let document = self.document.clone();
        let can_connect = Callback::from(move |(from, to): (String, String)| {
            document.borrow().can_connect(&from, &to)
        });
        html! {
            <Diagram
                drawing={self.drawing.clone()}
                runs={self.document.borrow().canvas_runs()}
                frame={self.frame.clone()}
                tape={self.tape.clone()}
                ticker={self.ticker.clone()}
                selected={self.selected.clone()}
                record={self.trace.record}
                traced_wires={self.traced_wires.clone()}
                traced_nodes={self.traced_nodes.clone()}
                lit_nodes={self.lit_nodes()}
                card={self.lesson_card().filter(|_| !read_only)}
                fit={self.fit}
                theme={self.theme_changes}
                {read_only}
                dispatch={self.dispatch.clone()}
                {can_connect}
            />
        }
    }

    /// What a person should know: the last valid design keeps running, a refusal, news.
    fn banner(&self) -> Html {
        let document = self.document.borrow();
        let errors = document
            .diagnostics()
            .iter()
            .filter(|finding| finding.severity == tidewire_session::Severity::Error)
            .count();
        let source = self
            .dispatch
            .reform(|_: MouseEvent| Msg::Library(LibraryTab::Source));
        let close = self.dispatch.reform(|_: MouseEvent| Msg::CloseNotice);
        let reset = self.dispatch.reform(|_: MouseEvent| Msg::Reset);
        html! {
            <div class="banners">
                if errors > 0 {
                    <div class="banner problem">
                        { violation_mark() }
                        <span>{ format!("{} in the source. ", counted(errors, "error")) }{ if document.runnable().is_some() { "The last valid design keeps running." } else { "Nothing runs yet." } }</span>
                        <button class="btn small line" onclick={source}>{ "Show" }</button>
                    </div>
                }
                if let Some(notice) = &self.notice {
                    <div class={classes!("banner", (notice.kind == NoticeKind::Problem).then_some("problem"))}>
                        if notice.kind == NoticeKind::Problem { { icon(Icon::Warning) } }
                        <span>{ &notice.text }</span>
                        if notice.kind == NoticeKind::Restored { <button class="btn small line" onclick={reset}>{ "Back to the lesson" }</button> }
                        <button class="btn ico small" aria-label="Close" onclick={close}>{ sized_icon(Icon::Close, "14") }</button>
                    </div>
                }
            </div>
        }
    }

    fn library(&self) -> Html {
        let tabs = vec![
            (LibraryTab::Gallery, "Gallery", Html::default()),
            (LibraryTab::Parts, "Parts", Html::default()),
            (LibraryTab::Source, "Source", self.error_count()),
        ];
        html! {
            <>
                <Tabs<LibraryTab> label="Library" prefix="library" {tabs} selected={self.library} choose={self.dispatch.reform(Msg::Library)} />
                <div class="panel" role="tabpanel" id="library-panel" tabindex="-1" aria-label="Library">{ self.library_panel() }</div>
            </>
        }
    }

    fn error_count(&self) -> Html {
        let document = self.document.borrow();
        let errors = document
            .diagnostics()
            .iter()
            .filter(|finding| finding.severity == tidewire_session::Severity::Error)
            .count();
        if errors == 0 {
            return Html::default();
        }
        html! { <span class="cnt viol">{ violation_mark() }{ errors }<span class="vh">{ " errors" }</span></span> }
    }

    fn inspector(&self) -> Html {
        let tabs = vec![
            (InspectorTab::Node, "Node", Html::default()),
            (InspectorTab::Data, "Data", Html::default()),
            (
                InspectorTab::Invariants,
                "Invariants",
                broken_count(&self.frame),
            ),
        ];
        html! {
            <>
                <Tabs<InspectorTab> label="Inspector" prefix="inspector" {tabs} selected={self.inspector} choose={self.dispatch.reform(Msg::Inspector)} />
                <div class="panel scroll" role="tabpanel" id="inspector-panel" tabindex="0" aria-label="Inspector">{ self.inspector_panel(self.inspector) }</div>
            </>
        }
    }

    fn dock(&self) -> Html {
        let lines = self.tape.read(|recording| recording.len());
        let tabs = vec![
            (DockTab::Timeline, "Timeline", Html::default()),
            (
                DockTab::Log,
                "Log",
                html! { <span class="cnt">{ crate::format::grouped(lines as u64) }</span> },
            ),
            (DockTab::Metrics, "Metrics", Html::default()),
        ];
        html! {
            <>
                <Tabs<DockTab> label="Run" prefix="dock" {tabs} selected={self.dock} choose={self.dispatch.reform(Msg::Dock)}>
                    { self.trace_line() }
                </Tabs<DockTab>>
                <div class="panel" role="tabpanel" id="dock-panel" tabindex="-1" aria-label="Run">
                    if self.dock == DockTab::Timeline {
                        <Timeline drawing={self.drawing.clone()} tape={self.tape.clone()} ticker={self.ticker.clone()} trace={self.trace.clone()}
                            sentence={self.frame.sentence.clone()} at_us={self.frame.at_us} question={self.question_at()} dispatch={self.dispatch.clone()} />
                    } else if self.dock == DockTab::Metrics {
                        { self.metrics_panel() }
                    } else {
                        { self.log_panel() }
                    }
                </div>
            </>
        }
    }

    /// The selected message, with its causes and effects; without one, how the run ended.
    fn trace_line(&self) -> Html {
        let along = |forward: bool| {
            self.dispatch
                .reform(move |_: MouseEvent| Msg::Along(forward))
        };
        let clear = self
            .dispatch
            .reform(|_: MouseEvent| Msg::SelectRecord(None));
        html! {
            <div class="trace">
                if self.trace.record.is_some() {
                    { icon(Icon::Trace) }
                    <span class="trace-text">{ &self.trace.headline }</span>
                    <button class="btn small line" onclick={along(false)} title="Shift ←">{ "Previous cause" }</button>
                    <button class="btn small line" onclick={along(true)} title="Shift →">{ "Next effect" }</button>
                    <button class="btn ico small" aria-label="Clear the selection" onclick={clear}>{ sized_icon(Icon::Close, "14") }</button>
                } else if let Some(outcome) = &self.outcome {
                    <span class="trace-text">{ format!("{} in {}, {}", counted(outcome.events as usize, "event"), milliseconds(outcome.virtual_time_us), outcome.verdict) }</span>
                    <code class="hash" title="Trace hash">{ outcome.trace_hash.clone() }</code>
                } else {
                    <span class="trace-text">{ self.frame.sentence.clone() }</span>
                }
            </div>
        }
    }

    fn narrow(&self) -> Html {
        let document = self.document.borrow();
        let frame = &self.frame;
        let broken = frame.invariants.iter().filter(|one| one.state == 2).count();
        let verdict = if broken == 0 {
            format!(
                "{} so far",
                if frame.invariants.len() == 1 {
                    "1 invariant holds".to_owned()
                } else {
                    format!("{} invariants hold", frame.invariants.len())
                }
            )
        } else {
            format!("{broken} of {} broken", frame.invariants.len())
        };
        let theme = self.dispatch.reform(|_: MouseEvent| Msg::Theme);
        let tabs = vec![
            (Sheet::Lesson, "Lesson", Html::default()),
            (Sheet::Steps, "Steps", Html::default()),
            (Sheet::Data, "Data", Html::default()),
            (Sheet::Invariants, "Invariants", Html::default()),
            (Sheet::Metrics, "Metrics", Html::default()),
        ];
        html! {
            <div class="narrow">
                <header class="m-h" id="top" tabindex="-1">
                    <div class="m-title">
                        <h1>{ document.title().to_owned() }</h1>
                        <p class={classes!((broken > 0).then_some("bad"))}>{ state_mark(if broken > 0 { 2 } else { 0 }) }{ verdict }</p>
                    </div>
                    <button class="btn ico" aria-label={self.theme.label()} onclick={theme}>{ sized_icon(Icon::Theme, "20") }</button>
                </header>
                <main class="canvas" aria-label="Canvas">{ self.diagram(true) }</main>
                <section class="m-t" role="toolbar" aria-label="Transport">
                    <Scrubber tape={self.tape.clone()} question={self.question_at()} ticker={self.ticker.clone()} at_us={frame.at_us} sentence={frame.sentence.clone()} dispatch={self.dispatch.clone()} />
                    <div class="m-row">
                        <span class="m-clock">{ milliseconds(frame.at_us) }<small>{ "virtual" }</small></span>
                        <TransportButtons playing={self.transport.playing} large=true dispatch={self.dispatch.clone()} />
                        <SpeedChoice speed={self.transport.speed} dispatch={self.dispatch.clone()} />
                    </div>
                </section>
                <Tabs<Sheet> label="Sheet" prefix="sheet" {tabs} selected={self.sheet()} choose={self.dispatch.reform(Sheet::message)} />
                <div class="sheet scroll" role="tabpanel" id="sheet-panel" tabindex="0" aria-label="Sheet">
                    if self.sheet() == Sheet::Lesson {
                        <DesignSwitch designs={document.designs().to_vec()} selected={document.selected_design().map(str::to_owned)} dispatch={self.dispatch.clone()} />
                        if let Some(card) = self.lesson_card() { <LessonCard ..card /> }
                        <p class="about">{ document.about().to_owned() }</p>
                        { self.library_panel() }
                    }
                    if self.sheet() == Sheet::Steps { { self.log_panel() } }
                    if self.sheet() == Sheet::Data { { self.inspector_panel(InspectorTab::Data) } }
                    if self.sheet() == Sheet::Metrics { { self.metrics_panel() } }
                    if self.sheet() == Sheet::Invariants { { self.inspector_panel(InspectorTab::Invariants) } }
                </div>
            </div>
        }
    }

    /// The tab below the diagram on a narrow screen, from the tabs of the wide one.
    fn sheet(&self) -> Sheet {
        match (self.dock, self.inspector) {
            (DockTab::Log, _) => Sheet::Steps,
            (DockTab::Metrics, _) => Sheet::Metrics,
            (_, InspectorTab::Data) => Sheet::Data,
            (_, InspectorTab::Invariants) => Sheet::Invariants,
            (_, InspectorTab::Node) => Sheet::Lesson,
        }
    }
}

/// Tabs of a narrow screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sheet {
    /// What this is about, designs, other lessons.
    Lesson,
    /// The log.
    Steps,
    /// Tables.
    Data,
    /// Invariants.
    Invariants,
    /// Figures.
    Metrics,
}

impl Sheet {
    fn message(self) -> Msg {
        Msg::Sheet(self)
    }
}

fn broken_count(frame: &Frame) -> Html {
    let broken = frame.invariants.iter().filter(|one| one.state == 2).count();
    if broken == 0 {
        return Html::default();
    }
    html! { <span class="cnt viol">{ violation_mark() }{ format!("{broken} of {}", frame.invariants.len()) }<span class="vh">{ " broken" }</span></span> }
}
