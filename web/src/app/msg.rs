//! Everything that can happen to the application, as one flat list.

use tidewire_session::document::{Command, Part, Refusal};
use web_sys::KeyboardEvent;

use super::tabs::{DockTab, InspectorTab, LibraryTab};
use crate::lessons::Fetched;
use crate::link::RunEvent;
use crate::panels::lesson::Asking;

/// What happened.
pub(crate) enum Msg {
    /// An animation frame, at this time of the page in milliseconds.
    Tick(f64),
    /// Play or pause.
    PlayPause,
    /// To the next event, or the one before.
    Step(bool),
    /// To the start or the end.
    ToStart,
    /// To the end of what has run.
    ToEnd,
    /// To a time.
    Seek(u64),
    /// A speed by its index.
    Speed(usize),
    /// One speed faster or slower.
    Faster(bool),
    /// Another seed.
    Seed(u64),
    /// The next seed.
    NextSeed,

    /// An edit of the document.
    Edit(Command),
    /// The whole text after typing in the source panel.
    Typed(String),
    /// Shows the place of the diagnostic with this index.
    ShowFinding(usize),
    /// Runs what typing has changed, once the typing rests.
    RunTyped,
    /// A part from the panel, without a place.
    AddPart(Part),
    /// Takes a step back, or makes it again.
    Undo,
    /// Makes a step again.
    Redo,
    /// Another design.
    Design(String),
    /// A lesson by its folder.
    Lesson(String),
    /// The text of a lesson has come, or has not.
    Fetched(Fetched),
    /// What one does with the lesson's question.
    Ask(Asking),
    /// To the field that finds lessons.
    FindLesson,
    /// A file was read: name and bytes.
    File(String, Vec<u8>),
    /// Hands the text over as a file.
    Download,
    /// Back to the lesson as it was.
    Reset,
    /// An edit was refused.
    Refused(Refusal),

    /// These nodes are selected.
    SelectNodes(Vec<String>),
    /// This message is selected, or none.
    SelectRecord(Option<u32>),
    /// A line of the log: the playhead goes there and its record is selected.
    ChooseLine {
        /// The record.
        record: u32,
        /// Its time.
        at_us: u64,
    },
    /// To the previous cause or next effect of the selected message.
    Along(bool),
    /// Nothing is selected.
    Deselect,
    /// The keyboard leaves the canvas.
    LeaveCanvas,

    /// Shows a tab of the library.
    Library(LibraryTab),
    /// Shows a tab of the inspector.
    Inspector(InspectorTab),
    /// Shows a tab of the dock.
    Dock(DockTab),
    /// Shows a tab of the narrow screen.
    Sheet(super::view::Sheet),
    /// Shows the inspector for what is selected.
    OpenInspector,
    /// Shows the invariants.
    OpenInvariants,
    /// Shows a node's block in the text.
    ShowSource(String),
    /// The next theme.
    Theme,
    /// Opens or closes the help.
    Help(bool),
    /// Opens or closes the library or the inspector where they are drawers.
    Drawer(Option<Drawer>),
    /// The window has another width.
    Width(f64),
    /// The system asks for less motion, or no longer.
    ReducedMotion(bool),
    /// A sentence for the live region.
    Say(String),
    /// Takes the notice away.
    CloseNotice,

    /// A key that no part has used.
    Key(KeyboardEvent),
    /// The run says something.
    Run(RunEvent),
    /// Reads the tables at the playhead again.
    Inspect,
    /// As whom tables are read.
    ReadAs(tidewire_session::protocol::ReadAs),
    /// Keeps the work for the next visit.
    Keep,
}

/// Panels that slide over the canvas on narrow screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drawer {
    /// Gallery, parts, source.
    Library,
    /// Node, data, invariants.
    Inspector,
}
