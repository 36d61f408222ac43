//! What the Data tab shows of a store at one instant: plain values, made in the worker and drawn by the page.

/// A store at one instant, as somebody sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoreView {
    /// All its tables.
    pub tables: Vec<TableContent>,
    /// Locks that are held or waited for; what somebody waits for comes first.
    pub locks: Vec<LockGroup>,
    /// The last statement that read or wrote rows, of the reader if a transaction reads.
    pub statement: Option<LastStatement>,
    /// The streams of an event store, in order of their first events; empty for every other kind.
    pub streams: Vec<StreamView>,
}

/// A stream of an event store at one instant: what a scrubber over its events needs.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamView {
    /// Its name.
    pub name: String,
    /// How many events it has in all.
    pub total: u32,
    /// Its events, oldest first; of many only the first.
    pub events: Vec<StreamEvent>,
    /// What each `load stream … fold` for such a stream makes of them.
    pub folds: Vec<FoldedStates>,
}

/// An event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamEvent {
    /// Over the whole store, from 0.
    pub position: u64,
    /// In its stream, from 1.
    pub version: u32,
    /// Its type: `OrderPlaced`.
    pub event: String,
    /// Its fields, as jsonb is written.
    pub data: String,
    /// When it was appended.
    pub at_us: u64,
}

/// The states that a fold goes through on a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldedStates {
    /// The handler that has the fold: `accounts.Withdraw`.
    pub name: String,
    /// Names of the parts of the state.
    pub parts: Vec<String>,
    /// The values of the parts before the first event, then behind each of [`StreamView::events`]; `None` is null.
    pub states: Vec<Vec<Option<String>>>,
    /// Why there are no states: an event does not have what the fold reads.
    pub failure: Option<String>,
}

/// One table at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct TableContent {
    /// Its name at that instant.
    pub name: String,
    /// Its columns.
    pub columns: Vec<ColumnHead>,
    /// Its rows, those that the last commit changed marked; deleted ones included once. Of many unchanged rows
    /// only the first are here.
    pub rows: Vec<TableRow>,
    /// How many rows the reader sees in all.
    pub total: u32,
    /// Versions of the rows that have more than one, or whose only one is not committed.
    pub versions: Vec<VersionLine>,
}

/// A column's head.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnHead {
    /// Its name.
    pub name: String,
    /// Its type, as SQL writes it.
    pub data_type: String,
    /// Numbers are set to the right.
    pub numeric: bool,
}

/// A row, with what happened to it since the last commit.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRow {
    /// Its values, in order of the columns.
    pub cells: Vec<Cell>,
    /// Added, changed, removed or as it was.
    pub change: RowMark,
    /// Who made the version that is shown.
    pub writer: Author,
    /// Transactions that hold a lock on it.
    pub locked_by: Vec<u32>,
}

/// A value as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// `None` is null.
    pub value: Option<String>,
    /// What stood there before.
    pub was: Was,
}

/// What stood in a cell before the change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Was {
    /// The same.
    #[default]
    Same,
    /// Null.
    Null,
    /// This.
    Value(String),
}

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowMark {
    /// Nothing.
    Same,
    /// It is new.
    Added,
    /// A value changed.
    Changed,
    /// It is gone.
    Removed,
}

/// Who made a version of a row, or ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// Nobody: it was there at the start, or came with a migration.
    Start,
    /// A committed transaction: 72 is T-72.
    Committed(u32),
    /// A transaction in flight.
    InFlight(u32),
}

/// A version of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionLine {
    /// Its values; `None` is null.
    pub values: Vec<Option<String>>,
    /// Who made it.
    pub created: Author,
    /// Who put another version in its place, or deleted the row.
    pub ended: Option<Author>,
    /// The row was deleted.
    pub deleted: bool,
    /// The reader sees this version.
    pub seen: bool,
    /// It belongs to the same row as the line before.
    pub same_row: bool,
}

/// Something that is locked.
#[derive(Clone, Debug, PartialEq)]
pub struct LockGroup {
    /// What: `stock, sku mug`.
    pub what: String,
    /// Somebody waits for it.
    pub contested: bool,
    /// Nobody waits, and every statement takes such a lock: ACCESS SHARE to ROW EXCLUSIVE on a table.
    pub ordinary: bool,
    /// Who holds it, then who waits.
    pub lines: Vec<LockLine>,
}

/// A lock of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct LockLine {
    /// The transaction; `None` for an advisory lock of a session outside one.
    pub transaction: Option<u32>,
    /// Of which service; empty when nobody is connected to it any more.
    pub service: String,
    /// As SQL says it: `FOR UPDATE`, `ROW EXCLUSIVE`.
    pub mode: String,
    /// Held; false when it is waited for.
    pub granted: bool,
    /// Whom it waits for.
    pub waits_for: Vec<u32>,
    /// Since when.
    pub since_us: u64,
}

/// A statement at a store.
#[derive(Clone, Debug, PartialEq)]
pub struct LastStatement {
    /// In which transaction.
    pub transaction: u32,
    /// Who sent it; empty when it is not known.
    pub service: String,
    /// As written.
    pub text: String,
    /// How it finds its rows: `Index Scan using stock_pkey on stock`, a line a table.
    pub plan: Vec<String>,
    /// What became of it.
    pub outcome: StatementOutcome,
    /// Rows that fulfilled its conditions, by name; at most [`LastStatement::MOST_ROWS`].
    pub read: Vec<String>,
    /// Rows that it wrote, by name; at most as many.
    pub written: Vec<String>,
    /// Rows that fulfilled its conditions, in all.
    pub read_count: u32,
    /// Rows that it wrote, in all.
    pub written_count: u32,
    /// When it acted.
    pub at_us: u64,
    /// How long it has waited for locks.
    pub waited_us: u64,
    /// Its record in the recording.
    pub record: u32,
}

impl LastStatement {
    /// More rows than this are counted, not named.
    pub const MOST_ROWS: usize = 4;
}

/// What became of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementOutcome {
    /// It is done, with this tag: `UPDATE 1`.
    Done(String),
    /// It waits for a lock.
    Waits,
    /// It failed: `40001 could not serialize access …`.
    Failed(String),
}
