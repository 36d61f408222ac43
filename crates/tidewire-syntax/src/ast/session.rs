//! Statements about the session and its transaction, which name no rows: modes, parameters, prepared
//! transactions, table locks.

use std::sync::Arc;

use super::expression::Expression;
use super::sql::{Statement, TableName, TypeName};
use crate::{Name, Span};

/// Transaction isolation level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IsolationLevel {
    /// Behaves as read committed in PostgreSQL.
    ReadUncommitted,
    /// A snapshot per statement.
    ReadCommitted,
    /// A snapshot per transaction.
    RepeatableRead,
    /// Serializable snapshot isolation.
    Serializable,
}

/// What `BEGIN` and `SET TRANSACTION` may say; `None` is what was left out. Of a mode said twice, the last counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TransactionModes {
    /// `ISOLATION LEVEL …`
    pub isolation: Option<IsolationLevel>,
    /// `READ ONLY` (true) or `READ WRITE`
    pub read_only: Option<bool>,
    /// `DEFERRABLE` (true) or `NOT DEFERRABLE`
    pub deferrable: Option<bool>,
}

/// A statement about the session or its transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionStatement {
    /// `SET TRANSACTION …`
    SetTransaction(TransactionModes),
    /// `SET SESSION CHARACTERISTICS AS TRANSACTION …`
    SetCharacteristics(TransactionModes),
    /// `SET [SESSION | LOCAL] parameter { TO | = } value`
    Set(SetParameter),
    /// `RESET parameter`; `None` is `RESET ALL`.
    Reset(Option<Name>),
    /// `SHOW parameter`
    Show(Name),
    /// `PREPARE TRANSACTION 'gid'`
    PrepareTransaction(Arc<str>),
    /// `COMMIT PREPARED 'gid'`
    CommitPrepared(Arc<str>),
    /// `ROLLBACK PREPARED 'gid'`
    RollbackPrepared(Arc<str>),
    /// `PREPARE name …`
    Prepare(Box<PreparedStatement>),
    /// `EXECUTE name …`
    Execute(ExecuteStatement),
    /// `DEALLOCATE name`; `None` is `DEALLOCATE ALL`.
    Deallocate(Option<Name>),
    /// `LOCK TABLE …`
    LockTable(LockTable),
    /// `VACUUM`, `ANALYZE`, `CHECKPOINT`, `DISCARD ALL`
    Maintain(Maintenance),
}

/// `PREPARE name [(type, …)] AS statement`
#[derive(Clone, Debug, PartialEq)]
pub struct PreparedStatement {
    /// Its name.
    pub name: Name,
    /// Types of `$1`, `$2` and so on; those left out follow from where they stand.
    pub types: Vec<TypeName>,
    /// A query, INSERT, UPDATE or DELETE.
    pub statement: Statement,
}

/// `EXECUTE name [(value, …)]`
#[derive(Clone, Debug, PartialEq)]
pub struct ExecuteStatement {
    /// The prepared statement.
    pub name: Name,
    /// Values of `$1`, `$2` and so on.
    pub arguments: Vec<Expression>,
    /// The whole statement.
    pub span: Span,
}

/// `SET`
#[derive(Clone, Debug, PartialEq)]
pub struct SetParameter {
    /// `LOCAL`: until the transaction ends.
    pub local: bool,
    /// The parameter.
    pub name: Name,
    /// Its value as text, without quotes, several with `, ` between them; `None` for `DEFAULT`.
    pub value: Option<Arc<str>>,
}

/// `LOCK [TABLE] a, b [IN … MODE] [NOWAIT]`
#[derive(Clone, Debug, PartialEq)]
pub struct LockTable {
    /// The tables, locked in this order.
    pub tables: Vec<TableName>,
    /// The mode; ACCESS EXCLUSIVE when left out.
    pub mode: TableLockMode,
    /// `NOWAIT`
    pub no_wait: bool,
    /// The whole statement.
    pub span: Span,
}

/// Table-level lock modes, weakest first (PostgreSQL manual 13.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableLockMode {
    /// Taken by SELECT.
    AccessShare,
    /// Taken by SELECT … FOR UPDATE and its kin.
    RowShare,
    /// Taken by INSERT, UPDATE and DELETE.
    RowExclusive,
    /// Taken by VACUUM and ANALYZE.
    ShareUpdateExclusive,
    /// Taken by CREATE INDEX.
    Share,
    /// Taken by some forms of ALTER TABLE.
    ShareRowExclusive,
    /// Taken by no statement but LOCK here.
    Exclusive,
    /// Taken by DROP TABLE, TRUNCATE and most forms of ALTER TABLE.
    AccessExclusive,
}

impl TableLockMode {
    /// All modes, weakest first.
    pub const ALL: [TableLockMode; 8] = [
        TableLockMode::AccessShare,
        TableLockMode::RowShare,
        TableLockMode::RowExclusive,
        TableLockMode::ShareUpdateExclusive,
        TableLockMode::Share,
        TableLockMode::ShareRowExclusive,
        TableLockMode::Exclusive,
        TableLockMode::AccessExclusive,
    ];

    /// As LOCK TABLE writes it, in small letters.
    pub fn words(self) -> &'static str {
        match self {
            TableLockMode::AccessShare => "access share",
            TableLockMode::RowShare => "row share",
            TableLockMode::RowExclusive => "row exclusive",
            TableLockMode::ShareUpdateExclusive => "share update exclusive",
            TableLockMode::Share => "share",
            TableLockMode::ShareRowExclusive => "share row exclusive",
            TableLockMode::Exclusive => "exclusive",
            TableLockMode::AccessExclusive => "access exclusive",
        }
    }
}

/// Commands that keep a database in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Maintenance {
    /// `VACUUM [(options)] [tables]`
    Vacuum(Vec<TableName>),
    /// `ANALYZE [tables]`
    Analyze(Vec<TableName>),
    /// `REINDEX`, of a table or an index
    Reindex(Option<TableName>),
    /// `CHECKPOINT`
    Checkpoint,
    /// `DISCARD ALL`
    DiscardAll,
}
