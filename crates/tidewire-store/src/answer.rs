//! What a store answers: tags and rows, progress, changes of rows, waits.

use crate::{Author, ConnectionId, Row, RowId, SqlError, SqlState, TableId};

/// What a finished statement answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The command tag: `SELECT 2`, `INSERT 0 1`, `UPDATE 1`, `COMMIT`, `ROLLBACK`.
    pub tag: CommandTag,
    /// Rows of a query or of `RETURNING`.
    pub rows: Vec<Row>,
}

/// A command tag as PostgreSQL sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CommandTag {
    Begin,
    Commit,
    Rollback,
    Savepoint,
    Release,
    CreateTable,
    AlterTable,
    Insert(u64),
    Update(u64),
    Delete(u64),
    Select(u64),
    /// Any other command, by its tag: `SET`, `LOCK TABLE`.
    Other(&'static str),
}

impl std::fmt::Display for CommandTag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (word, count) = match self {
            CommandTag::Begin => ("BEGIN", None),
            CommandTag::Commit => ("COMMIT", None),
            CommandTag::Rollback => ("ROLLBACK", None),
            CommandTag::Savepoint => ("SAVEPOINT", None),
            CommandTag::Release => ("RELEASE", None),
            CommandTag::CreateTable => ("CREATE TABLE", None),
            CommandTag::AlterTable => ("ALTER TABLE", None),
            CommandTag::Insert(count) => ("INSERT 0", Some(count)),
            CommandTag::Update(count) => ("UPDATE", Some(count)),
            CommandTag::Delete(count) => ("DELETE", Some(count)),
            CommandTag::Select(count) => ("SELECT", Some(count)),
            CommandTag::Other(tag) => (*tag, None),
        };
        f.write_str(word)?;
        match count {
            Some(count) => write!(f, " {count}"),
            None => Ok(()),
        }
    }
}

/// Something that PostgreSQL tells beside an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// `WARNING` or `NOTICE`.
    pub severity: &'static str,
    /// The code.
    pub state: SqlState,
    /// Its primary message.
    pub message: String,
}

/// How far a statement came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is done.
    Done(Completion),
    /// It waits for another transaction; [`Store::ready`] says when it may go on by [`Store::resume`].
    Blocked,
    /// It failed; an explicit transaction answers 25P02 from now on.
    Failed(SqlError),
}

/// One version of a row that a statement or transaction read or wrote, for the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// The table.
    pub table: TableId,
    /// The row.
    pub row: RowId,
    /// Before; `None` for an insert.
    pub before: Option<Row>,
    /// After; `None` for a delete.
    pub after: Option<Row>,
}

/// Who waits for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The one that waits.
    pub waiter: ConnectionId,
    /// Those it waits for.
    pub holders: Vec<ConnectionId>,
    /// What for.
    pub table: Option<TableId>,
    /// The row, if it waits for a row.
    pub row: Option<RowId>,
}

/// Whose eyes [`crate::Store::rows`] looks with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAs {
    /// What a new transaction would see: committed rows only.
    Committed,
    /// What the next statement of this connection would see.
    Connection(ConnectionId),
}

/// A row as [`crate::Store::rows`] shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleRow {
    /// The row.
    pub id: RowId,
    /// Its values; a column's value stands at [`crate::Column::slot`].
    pub values: Row,
    /// Who made this version.
    pub created: Author,
}
