//! A connection's transaction: what it did, so that it can be undone, and the statement that waits in it.

use std::sync::Arc;

use smallvec::SmallVec;
use tidewire_syntax::ast::sql::{IsolationLevel, LockStrength, TableLockMode};

use crate::execution::Execution;
use crate::hash::{StableHash, StableHasher};
use crate::heavyweight::{AdvisoryKey, TableModes};
use crate::locks::Wanted;
use crate::prepared_statement::PreparedStatement;
use crate::redefinition::Redefined;
use crate::settings::Settings;
use crate::versions::View;
use crate::{ConnectionId, RowId, TableId, TransactionId};

/// One client's place in the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection {
    /// Ended by [`crate::Store::disconnect`]; its id is not used again.
    pub(crate) closed: bool,
    pub(crate) transaction: Option<Box<Transaction>>,
    /// Modes of its transactions.
    pub(crate) defaults: Defaults,
    /// What few sessions have.
    pub(crate) session: Option<Box<Session>>,
    /// A statement that waits.
    pub(crate) suspended: Option<Suspended>,
}

/// What few sessions have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    /// Advisory locks that outlive transactions, in order.
    pub(crate) advisory: Vec<SessionLock>,
    /// Parameters that it has set.
    pub(crate) settings: Arc<Settings>,
    /// Sequences and what it drew from them by `nextval`, the last behind.
    pub(crate) drawn: Vec<(u32, i64)>,
    /// Statements that it keeps, in order.
    pub(crate) statements: Vec<PreparedStatement>,
}

/// An advisory lock of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionLock {
    pub(crate) key: AdvisoryKey,
    pub(crate) mode: TableLockMode,
    /// Times it was taken; it is free when it was given back as often.
    pub(crate) count: u32,
}

/// What few transactions have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rare {
    /// Advisory locks until its end, in the order in which they were taken.
    pub(crate) advisory: Vec<(AdvisoryKey, TableLockMode)>,
    /// The session's parameters before it set the first.
    pub(crate) settings: Option<Arc<Settings>>,
}

/// A transaction that was prepared: it belongs to no connection any more.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    /// The name by which it is ended.
    pub(crate) gid: Arc<str>,
    pub(crate) transaction: Box<Transaction>,
}

/// A statement that waits, and for what.
#[derive(Clone, Debug)]
pub(crate) struct Suspended {
    pub(crate) execution: Box<Execution>,
    pub(crate) wanted: Wanted,
    /// Place among all waits of the store.
    pub(crate) arrival: u64,
}

/// What a connection's transactions are unless BEGIN says otherwise; `None` is what the store says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Defaults {
    pub(crate) isolation: Option<IsolationLevel>,
    pub(crate) read_only: bool,
    pub(crate) deferrable: bool,
}

/// A transaction in flight.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) id: TransactionId,
    /// Whose it is.
    pub(crate) connection: ConnectionId,
    /// Begun by `BEGIN`, not by a single statement.
    pub(crate) explicit: bool,
    pub(crate) isolation: IsolationLevel,
    /// Refuses to change anything: 25006.
    pub(crate) read_only: bool,
    /// Waits for a safe snapshot when serializable and read only; without effect otherwise.
    pub(crate) deferrable: bool,
    /// When it began: what `now()` answers.
    pub(crate) started_us: i64,
    /// Taken by the first statement, at repeatable read and above.
    pub(crate) snapshot: Option<u64>,
    /// Its statements so far.
    pub(crate) command: u32,
    /// After an error: 25P02 until it ends.
    pub(crate) failed: bool,
    pub(crate) savepoints: Vec<Savepoint>,
    /// Tables that it has locked.
    pub(crate) tables: TableModes,
    /// It holds or wanted a strong lock on a table.
    pub(crate) strong: bool,
    /// The place in the queue of an object from which a statement goes on that waited for it.
    pub(crate) arrival: Option<u64>,
    /// What few transactions have.
    pub(crate) rare: Option<Box<Rare>>,
    pub(crate) undo: SmallVec<[Undo; 2]>,
    /// Tables as they were before it changed the schema, the last behind.
    pub(crate) redefined: Vec<Redefined>,
    /// The number of its first write among all first writes of the store.
    pub(crate) first_write: Option<u64>,
}

/// A savepoint.
#[derive(Clone, Debug)]
pub(crate) struct Savepoint {
    pub(crate) name: Arc<str>,
    /// Length of the undo log when it was set.
    pub(crate) mark: usize,
    /// Whether the transaction was read only when it was set.
    pub(crate) read_only: bool,
    /// Tables that were locked when it was set.
    pub(crate) tables: TableModes,
    /// Advisory locks that were taken when it was set.
    pub(crate) advisory: usize,
    /// The session's parameters when it was set, if any.
    pub(crate) settings: Option<Arc<Settings>>,
}

/// One thing to be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Undo {
    pub(crate) table: TableId,
    pub(crate) row: RowId,
    pub(crate) kind: UndoKind,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UndoKind {
    /// A version was made, by INSERT or UPDATE.
    Version,
    /// The row was deleted.
    Delete,
    /// The definition of the table was changed; what it was stands in [`Transaction::redefined`].
    Definition,
    /// A lock was taken or strengthened from this.
    Lock(Option<LockStrength>),
}

impl Transaction {
    /// Does it keep one snapshot?
    pub(crate) fn keeps_snapshot(&self) -> bool {
        self.isolation >= IsolationLevel::RepeatableRead
    }

    /// Counts a statement and gives what it sees, `latest` being the newest commit.
    pub(crate) fn next_view(&mut self, latest: u64) -> View {
        self.command += 1;
        let snapshot = if self.keeps_snapshot() {
            *self.snapshot.get_or_insert(latest)
        } else {
            latest
        };
        View {
            snapshot,
            transaction: Some(self.id),
            command: self.command,
        }
    }

    /// What a command sees that takes no snapshot.
    pub(crate) fn view_without_snapshot(&self, latest: u64) -> View {
        View {
            snapshot: self.snapshot.unwrap_or(latest),
            transaction: Some(self.id),
            command: self.command,
        }
    }

    /// What few transactions have, made when there is none yet.
    pub(crate) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Gives back the locks on tables and the advisory locks taken since the last savepoint, or all.
    pub(crate) fn release_objects(&mut self) {
        let (tables, advisory) = match self.savepoints.last() {
            Some(savepoint) => (savepoint.tables.clone(), savepoint.advisory),
            None => (TableModes::default(), 0),
        };
        self.tables = tables;
        if let Some(rare) = &mut self.rare {
            rare.advisory.truncate(advisory);
        }
    }

    /// Where an error takes it back to: the last savepoint, or its begin.
    pub(crate) fn last_mark(&self) -> usize {
        self.savepoints.last().map_or(0, |savepoint| savepoint.mark)
    }
}

impl StableHash for Rare {
    fn stable_hash(&self, hasher: &mut StableHasher) {
        if let Some(settings) = &self.settings {
            settings.stable_hash(hasher);
        }
        for (key, mode) in &self.advisory {
            key.stable_hash(hasher);
            hasher.word(*mode as u64);
        }
    }
}

impl StableHash for Session {
    fn stable_hash(&self, hasher: &mut StableHasher) {
        self.settings.stable_hash(hasher);
        for held in &self.advisory {
            held.key.stable_hash(hasher);
            hasher.word(held.mode as u64);
            hasher.word(u64::from(held.count));
        }
        for (sequence, number) in &self.drawn {
            hasher.word(u64::from(*sequence));
            hasher.word(*number as u64);
        }
        for statement in &self.statements {
            statement.stable_hash(hasher);
        }
    }
}
