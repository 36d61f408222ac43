//! Changes of the schema as parts of transactions: who sees them when, and how they are undone.
//!
//! Definitions by id are always the newest: whoever changed a table has it for itself until it ends, so nobody else
//! looks at them. Names are looked up in what is published, which leaves out what open transactions changed.

use std::sync::Arc;

use tidewire_syntax::ast::sql::{IsolationLevel, Statement};

use crate::heap::Heap;
use crate::query::NO_ROW;
use crate::schema::{Change, change};
use crate::shared::Shared;
use crate::transaction::{Transaction, Undo, UndoKind};
use crate::versions::View;
use crate::{Catalog, CommandTag, ConnectionId, SqlError, Store, Table, TableId, TransactionId};

/// The catalog as those see it who changed nothing in it, while some open transaction did.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) catalog: Arc<Catalog>,
    /// Who changed which table.
    changed: Vec<(TransactionId, TableId)>,
}

/// A table as it was before a change of the schema.
#[derive(Clone, Debug)]
pub(crate) struct Redefined {
    table: Arc<Table>,
    heap: Shared<Heap>,
    /// Sequences that began again, with their last numbers.
    sequences: Arc<[(usize, i64)]>,
}

/// The tag of a statement that changes the schema.
pub(crate) fn tag(statement: &Statement) -> CommandTag {
    match statement {
        Statement::CreateTable(_) => CommandTag::CreateTable,
        Statement::DropTable(_) => CommandTag::Other("DROP TABLE"),
        Statement::Truncate(_) => CommandTag::Other("TRUNCATE TABLE"),
        Statement::CreateIndex(_) => CommandTag::Other("CREATE INDEX"),
        Statement::DropIndex(_) => CommandTag::Other("DROP INDEX"),
        _ => CommandTag::AlterTable,
    }
}

impl Store {
    /// What exists for statements of this connection: what is committed, and what its own transaction changed.
    pub fn catalog_of(&self, connection: ConnectionId) -> &Catalog {
        let transaction = self
            .connection(connection)
            .and_then(|place| place.transaction.as_ref());
        self.catalog_in(transaction.map(|transaction| transaction.id))
    }

    /// What exists for a transaction; `None` is somebody who has none.
    pub(crate) fn catalog_in(&self, transaction: Option<TransactionId>) -> &Catalog {
        match &self.published {
            Some(published)
                if !published
                    .changed
                    .iter()
                    .any(|(who, _)| Some(*who) == transaction) =>
            {
                &published.catalog
            }
            _ => &self.catalog,
        }
    }

    /// Changes the schema from outside any session: waits for nobody. On an error nothing has changed.
    pub fn migrate(&mut self, statement: &Statement, now_us: i64) -> Result<(), SqlError> {
        self.changes.clear();
        self.committed.clear();
        let redefined = self.carry_out(statement, &View::COMMITTED, now_us)?;
        self.publish(&redefined);
        Ok(())
    }

    /// Changes the schema as a part of a transaction.
    pub(crate) fn redefine(
        &mut self,
        transaction: &mut Transaction,
        statement: &Statement,
        now_us: i64,
    ) -> Result<(), SqlError> {
        if transaction.snapshot.is_none() && transaction.isolation == IsolationLevel::Serializable {
            self.enter(transaction);
            transaction.snapshot = Some(self.sequence);
        }
        self.number_first_write(transaction);
        let view = View {
            snapshot: self.sequence,
            transaction: Some(transaction.id),
            command: u32::MAX,
        };
        let before = self.catalog.clone();
        let redefined = self.carry_out(statement, &view, now_us)?;
        if redefined.is_empty() {
            return Ok(());
        }
        let published = self.published.get_or_insert_with(|| {
            Box::new(Published {
                catalog: before,
                changed: Vec::new(),
            })
        });
        let first = transaction.redefined.len();
        for before in redefined {
            let table = before.table.id;
            let entry = (transaction.id, table);
            if !published.changed.contains(&entry) {
                published.changed.push(entry);
            }
            transaction.undo.push(Undo {
                table,
                row: NO_ROW,
                kind: UndoKind::Definition,
            });
            transaction.redefined.push(before);
        }
        // Whoever has read the rows has not seen that they go all at once.
        if matches!(statement, Statement::DropTable(_) | Statement::Truncate(_)) {
            for at in first..transaction.redefined.len() {
                let table = transaction.redefined[at].table.id;
                self.check_table_write(transaction, table)?;
            }
        }
        Ok(())
    }

    /// Changes catalog and rows, or nothing; gives what was before.
    fn carry_out(
        &mut self,
        statement: &Statement,
        view: &View,
        now_us: i64,
    ) -> Result<Vec<Redefined>, SqlError> {
        let Change {
            mut catalog,
            tables,
            notices,
        } = change(&self.catalog, statement).map_err(SqlError::from)?;
        for message in notices {
            self.notice(message);
        }
        if tables.is_empty() {
            return Ok(Vec::new());
        }
        catalog.version = catalog.version.max(self.fresh_version());
        let before = self.catalog.clone();
        let heaps = self.heaps.clone();
        let sequences: Arc<[i64]> = self.sequences.as_slice().into();
        let new = catalog.sequences.get(sequences.len()..).unwrap_or(&[]);
        self.sequences
            .extend(new.iter().map(|new| new.before_start()));
        self.catalog = Arc::new(catalog);
        for (table, rows) in &tables {
            if let Err(error) = self.rows_follow(*table, rows, view, now_us) {
                self.catalog = before;
                self.heaps = heaps;
                self.sequences.truncate(sequences.len());
                self.sequences.copy_from_slice(&sequences);
                return Err(error);
            }
        }
        let now = sequences.iter().zip(&self.sequences).enumerate();
        let restarted: Arc<[(usize, i64)]> = now
            .filter(|(_, (before, now))| before != now)
            .map(|(at, (before, _))| (at, *before))
            .collect();
        let was = |(table, _): &(TableId, _)| Redefined {
            table: before
                .tables
                .get(table.0 as usize)
                .cloned()
                .unwrap_or_else(|| self.absent(*table)),
            heap: heaps
                .get(table.0 as usize)
                .unwrap_or(&self.heaps[table.0 as usize])
                .clone(),
            sequences: restarted.clone(),
        };
        Ok(tables.iter().map(was).collect())
    }

    /// A table that did not exist.
    fn absent(&self, table: TableId) -> Arc<Table> {
        let mut table = Table::clone(&self.catalog.tables[table.0 as usize]);
        table.dropped = true;
        Arc::new(table)
    }

    fn fresh_version(&self) -> u32 {
        let published = self.published.as_ref();
        let published = published.map_or(0, |published| published.catalog.version);
        self.catalog.version.max(published) + 1
    }

    /// Undoes the last change of the schema that a transaction made.
    pub(crate) fn undo_definition(&mut self, transaction: &mut Transaction) {
        let Some(before) = transaction.redefined.pop() else {
            return;
        };
        let at = before.table.id.0 as usize;
        let version = self.fresh_version();
        let catalog = Arc::make_mut(&mut self.catalog);
        catalog.tables[at] = before.table;
        let gone = catalog.tables[at].dropped;
        catalog.drop_sequences(TableId(at as u32), gone);
        catalog.renew();
        catalog.version = version;
        self.heaps[at] = before.heap;
        for (at, last) in before.sequences.iter() {
            self.sequences[*at] = *last;
        }
        self.forget_changes(transaction);
    }

    /// Shows everybody what a transaction changed in the schema.
    pub(crate) fn publish_definitions(&mut self, transaction: &mut Transaction) {
        let redefined = std::mem::take(&mut transaction.redefined);
        if !redefined.is_empty() {
            self.publish(&redefined);
            self.forget_changes(transaction);
        }
    }

    /// Brings these tables up to date in what is published.
    fn publish(&mut self, redefined: &[Redefined]) {
        let version = self.fresh_version();
        let Some(published) = &mut self.published else {
            return;
        };
        let catalog = Arc::make_mut(&mut published.catalog);
        for before in redefined {
            let at = before.table.id.0 as usize;
            for missing in catalog.tables.len()..=at {
                let mut table = Table::clone(&self.catalog.tables[missing]);
                table.dropped = true;
                catalog.tables.push(Arc::new(table));
            }
            catalog.tables[at] = self.catalog.tables[at].clone();
        }
        catalog.renew();
        catalog.version = version;
    }

    /// Drops what is published when no open transaction has changed anything any more.
    fn forget_changes(&mut self, transaction: &Transaction) {
        let Some(published) = &mut self.published else {
            return;
        };
        published.changed.retain(|(who, table)| {
            let still = |before: &Redefined| before.table.id == *table;
            *who != transaction.id || transaction.redefined.iter().any(still)
        });
        if published.changed.is_empty() {
            let version = self.fresh_version();
            Arc::make_mut(&mut self.catalog).version = version;
            self.published = None;
        }
    }

    /// Hash of what is published beside the newest definitions; 0 when that is the same.
    pub(crate) fn published_fingerprint(&self) -> u128 {
        let published = self.published.as_ref();
        published.map_or(0, |published| published.catalog.fingerprint)
    }
}
