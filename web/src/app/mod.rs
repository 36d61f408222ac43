//! The application: owns the document, the playhead, the recording and what is selected. Messages come in, one
//! function each changes one of them, and the view is drawn from plain values.

mod document;
mod files;
mod keyboard;
mod lesson;
mod listen;
mod msg;
mod notice;
mod panels;
mod play;
mod run;
mod select;
pub(crate) mod tabs;
mod view;

use std::cell::RefCell;
use std::rc::Rc;

use gloo_render::AnimationFrame;
use gloo_timers::callback::Timeout;
use tidewire_session::anomalies::AnomalyReport;
use tidewire_session::document::Document;
use tidewire_session::protocol::{Metrics, Outcome, ReadAs};
use tidewire_session::transport::Transport;
use tidewire_session::view::Frame;
use yew::prelude::*;

use crate::lessons::Texts;
use crate::link::RunLink;
use crate::panels::inspector::StoreContent;
use crate::panels::lesson::Question;
use crate::panels::source::Place;
use crate::progress::Progress;
use crate::saved::Work;
use crate::shared::{Drawing, Shared, Tape};
use crate::theme::Theme;
use crate::ticker::Ticker;
use crate::timeline::Trace;
pub(crate) use msg::{Drawer, Msg};
use notice::Notice;
use panels::{Reports, SourceView};
use tabs::{DockTab, InspectorTab, LibraryTab};

/// Tables of the selected store at the playhead.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tables {
    /// The question that they answer: node and event.
    pub(crate) asked: Option<(u32, Option<u32>, u32)>,
    /// Ticket of the last question.
    pub(crate) ticket: u32,
    /// The node whose tables these are, with what they hold.
    pub(crate) content: Option<(u32, Shared<StoreContent>)>,
}

/// What is known of the anomalies of the run.
#[derive(Clone, Default, PartialEq)]
pub(crate) enum Anomalies {
    /// Nobody has asked yet: the run goes on, or nobody looks.
    #[default]
    Unknown,
    /// They are looked for.
    Asked,
    /// What was found.
    Found(Shared<AnomalyReport>),
}

/// The application.
pub(crate) struct App {
    document: Rc<RefCell<Document>>,
    lesson: Option<String>,
    texts: Texts,
    /// The lesson whose text is on its way.
    opening: Option<lesson::Opening>,
    /// Whether the other lessons were asked for.
    fetched_all: bool,
    question: Question,
    progress: Shared<Progress>,
    /// Whether the text differs from the lesson's.
    edited: bool,
    /// What runs now: revision and seed of the last start.
    running: Option<(u32, u64)>,
    generation: u32,
    seed: u64,
    transport: Transport,
    tape: Tape,
    drawing: Drawing,
    /// The drawing that runs; differs while the selected design has errors.
    frame: Shared<Frame>,
    finished: bool,
    outcome: Option<Outcome>,
    /// Its figures, for the Metrics tab.
    metrics: Option<Shared<Metrics>>,
    ticker: Ticker,
    last_tick: Option<f64>,
    last_records: u32,
    selected: Shared<Vec<String>>,
    trace: Shared<Trace>,
    traced_wires: Shared<Vec<u32>>,
    traced_nodes: Shared<Vec<u32>>,
    tables: Shared<Tables>,
    anomalies: Anomalies,
    read_as: ReadAs,
    link: RunLink,
    library: LibraryTab,
    inspector: InspectorTab,
    dock: DockTab,
    drawer: Option<Drawer>,
    /// The text and what is known about it, as the source panel shows it.
    source: SourceView,
    /// The place of the text that was asked for last.
    place: Option<Place>,
    reports: Reports,
    width: f64,
    theme: Theme,
    theme_changes: u32,
    fit: u32,
    help: bool,
    notice: Option<Notice>,
    polite: String,
    urgent: String,
    told_violations: u32,
    dispatch: Callback<Msg>,
    _frame_request: Option<AnimationFrame>,
    keeping: Option<Timeout>,
    fading: Option<Timeout>,
    typing: Option<Timeout>,
    inspecting: Option<Timeout>,
    _listeners: listen::Listeners,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(context: &Context<Self>) -> Self {
        let dispatch = context.link().callback(|message| message);
        let theme = Theme::saved();
        theme.show();
        let mut app = Self {
            document: Rc::new(RefCell::new(Document::open(String::new()))),
            lesson: None,
            texts: Texts::default(),
            opening: None,
            fetched_all: false,
            question: Question::default(),
            progress: Shared::new(Progress::restore()),
            edited: false,
            running: None,
            generation: 0,
            seed: 7,
            transport: Transport::default(),
            tape: Tape::default(),
            drawing: Drawing::default(),
            frame: Shared::default(),
            finished: false,
            outcome: None,
            metrics: None,
            ticker: Ticker::default(),
            last_tick: None,
            last_records: 0,
            selected: Shared::default(),
            trace: crate::timeline::no_trace(),
            traced_wires: Shared::default(),
            traced_nodes: Shared::default(),
            tables: Shared::default(),
            anomalies: Anomalies::default(),
            read_as: ReadAs::Committed,
            link: RunLink::open(dispatch.reform(Msg::Run)),
            library: LibraryTab::default(),
            inspector: InspectorTab::default(),
            dock: DockTab::default(),
            drawer: None,
            source: SourceView::default(),
            place: None,
            reports: Reports::new(&dispatch),
            width: listen::width(),
            theme,
            theme_changes: 0,
            fit: 0,
            help: false,
            notice: None,
            polite: String::new(),
            urgent: String::new(),
            told_violations: 0,
            _listeners: listen::Listeners::new(&dispatch),
            dispatch,
            _frame_request: None,
            keeping: None,
            fading: None,
            typing: None,
            inspecting: None,
        };
        if app.is_narrow() {
            // A narrow screen begins with what this is about.
            app.inspector = InspectorTab::Node;
        }
        app.transport.reduced_motion = listen::reduced_motion();
        app.restore(Work::restore());
        app.transport.playing = !app.transport.reduced_motion;
        app.request_frame();
        app
    }

    fn update(&mut self, _context: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Tick(now_ms) => return self.tick(now_ms),
            Msg::PlayPause => self.play_pause(),
            Msg::Step(forward) => self.step(forward),
            Msg::ToStart => self.seek(0),
            Msg::ToEnd => self.seek(u64::MAX),
            Msg::Seek(at_us) => self.seek(at_us),
            Msg::Speed(speed) => self.set_speed(speed),
            Msg::Faster(faster) => self.faster(faster),
            Msg::Seed(seed) => self.set_seed(seed),
            Msg::NextSeed => self.set_seed(self.seed.wrapping_add(1)),
            Msg::Edit(command) => self.edit(command),
            Msg::Typed(text) => self.typed(&text),
            Msg::RunTyped => self.run_typed(),
            Msg::ShowFinding(index) => self.show_finding(index),
            Msg::AddPart(part) => self.add_part(part),
            Msg::Undo => self.undo(true),
            Msg::Redo => self.undo(false),
            Msg::Design(name) => self.select_design(&name),
            Msg::Lesson(slug) => self.open_lesson(&slug),
            Msg::Fetched(fetched) => self.fetched(fetched),
            Msg::Ask(asking) => self.asking(asking),
            Msg::FindLesson => self.find_lesson(),
            Msg::File(name, bytes) => self.open_file(&name, bytes),
            Msg::Download => self.download(),
            Msg::Reset => self.reset(),
            Msg::Refused(refusal) => self.refused(&refusal),
            Msg::SelectNodes(names) => self.select_nodes(names),
            Msg::SelectRecord(record) => self.select_record(record),
            Msg::ChooseLine { record, at_us } => {
                self.seek(at_us);
                self.select_record(Some(record));
            }
            Msg::Along(forward) => self.along(forward),
            Msg::Deselect => self.deselect(),
            Msg::LeaveCanvas => tabs::focus("inspector-panel"),
            Msg::Library(tab) => self.show_library(tab),
            Msg::Inspector(tab) => self.show_inspector(tab),
            Msg::Dock(tab) => self.dock = tab,
            Msg::Sheet(sheet) => self.show_sheet(sheet),
            Msg::OpenInspector => self.open_inspector(),
            Msg::OpenInvariants => self.show_inspector(InspectorTab::Invariants),
            Msg::ShowSource(node) => self.show_source(&node),
            Msg::Theme => self.next_theme(),
            Msg::Help(open) => self.help = open,
            Msg::Drawer(drawer) => self.drawer = drawer,
            Msg::Width(width) => self.width = width,
            Msg::ReducedMotion(reduced) => self.transport.reduced_motion = reduced,
            Msg::Say(sentence) => self.polite = sentence,
            Msg::CloseNotice => self.close_notice(),
            Msg::Key(event) => return self.key(&event),
            Msg::Run(event) => self.heard(event),
            Msg::Inspect => self.inspect_now(),
            Msg::ReadAs(read_as) => self.set_read_as(read_as),
            Msg::Keep => self.keep_now(),
        }
        true
    }

    fn view(&self, context: &Context<Self>) -> Html {
        self.draw(context)
    }
}
