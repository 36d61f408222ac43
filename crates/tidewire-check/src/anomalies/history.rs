//! A history: what transactions read and wrote, which versions, in which order they began and ended.
//!
//! It knows objects and versions, not what they are. Whoever fills it keeps, beside each [`OperationId`], what
//! the operation was for people. Adya's model ("Weak Consistency", section 3.1): a transaction's last version
//! of an object is installed when it commits, and the installed versions of an object have an order.

use std::sync::Arc;

use super::Level;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            pub(super) fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}
ids! {
    /// A transaction of one history, numbered in order of begin.
    TransactionNumber
    /// Something with versions: a row.
    ObjectId
    /// One version of one object.
    VersionId
    /// A read, a write or a predicate read, numbered in order of time.
    OperationId
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It had not ended when the history did; it counts as aborted.
    Open,
    /// Its last versions were installed.
    Committed,
    /// Its versions never existed.
    Aborted,
}

/// One transaction.
#[derive(Clone, Debug)]
pub(super) struct Transaction {
    pub(super) level: Level,
    /// Transactions of one session follow each other.
    pub(super) session: u32,
    pub(super) began: u32,
    pub(super) ended: u32,
    pub(super) fate: Fate,
}

/// What a transaction did, once.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) transaction: TransactionNumber,
    pub(super) kind: OperationKind,
}

#[derive(Clone, Debug)]
pub(super) enum OperationKind {
    Read(VersionId),
    Write,
    Predicate(PredicateRead),
}

/// A version and the operation that wrote it; none for what was there before the history.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) object: ObjectId,
    pub(super) writer: Option<OperationId>,
    /// Undone while its transaction went on.
    pub(super) withdrawn: bool,
}

/// Which versions a condition holds for, of all objects that it ranges over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Predicate {
    matching: Vec<VersionId>,
}

impl Predicate {
    /// A condition that holds for these versions and no others.
    pub fn new(mut matching: Vec<VersionId>) -> Self {
        matching.sort_unstable();
        matching.dedup();
        Self { matching }
    }

    pub(super) fn holds(&self, version: VersionId) -> bool {
        self.matching.binary_search(&version).is_ok()
    }
}

/// A read of everything for which a condition holds.
#[derive(Clone, Debug, Default)]
pub struct PredicateRead {
    /// The condition.
    pub predicate: Arc<Predicate>,
    /// Of each object that the condition ranges over and that the history changes: the version that was seen,
    /// whether the condition holds for it or not; `None` when the object did not exist yet.
    pub seen: Vec<(ObjectId, Option<VersionId>)>,
}

/// What transactions read and wrote, in order of time.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub(super) transactions: Vec<Transaction>,
    pub(super) operations: Vec<Operation>,
    pub(super) versions: Vec<Version>,
    /// Versions of each object in the order in which they were written.
    pub(super) objects: Vec<Vec<VersionId>>,
    moments: u32,
}

impl History {
    /// A history in which nothing has happened.
    pub fn new() -> Self {
        Self::default()
    }

    /// A transaction begins. Those of one `session` follow each other.
    pub fn begin(&mut self, level: Level, session: u32) -> TransactionNumber {
        let number = TransactionNumber(self.transactions.len() as u32);
        let began = self.moment();
        self.transactions.push(Transaction {
            level,
            session,
            began,
            ended: u32::MAX,
            fate: Fate::Open,
        });
        number
    }

    /// An object that does not exist yet.
    pub fn object(&mut self) -> ObjectId {
        self.objects.push(Vec::new());
        ObjectId(self.objects.len() as u32 - 1)
    }

    /// An object that was there before the history, and its version.
    pub fn existing_object(&mut self) -> (ObjectId, VersionId) {
        let object = self.object();
        (object, self.version(object, None))
    }

    /// A transaction reads a version.
    pub fn read(&mut self, transaction: TransactionNumber, version: VersionId) -> OperationId {
        self.operation(transaction, OperationKind::Read(version))
    }

    /// A transaction reads by a condition.
    pub fn read_predicate(
        &mut self,
        transaction: TransactionNumber,
        read: PredicateRead,
    ) -> OperationId {
        self.operation(transaction, OperationKind::Predicate(read))
    }

    /// Says which versions a condition holds for, once they are all known.
    pub fn complete_predicate(&mut self, operation: OperationId, read: PredicateRead) {
        if let Some(operation) = self.operations.get_mut(operation.index())
            && let OperationKind::Predicate(place) = &mut operation.kind
        {
            *place = read;
        }
    }

    /// A transaction writes a new version, after all versions that the object has; a deletion is a write too.
    pub fn write(
        &mut self,
        transaction: TransactionNumber,
        object: ObjectId,
    ) -> (OperationId, VersionId) {
        let operation = self.operation(transaction, OperationKind::Write);
        (operation, self.version(object, Some(operation)))
    }

    /// Undoes a version while its transaction goes on: a rollback to a savepoint.
    pub fn withdraw(&mut self, version: VersionId) {
        if let Some(version) = self.versions.get_mut(version.index()) {
            version.withdrawn = true;
        }
    }

    /// A transaction commits.
    pub fn commit(&mut self, transaction: TransactionNumber) {
        self.end(transaction, Fate::Committed);
    }

    /// A transaction is rolled back.
    pub fn abort(&mut self, transaction: TransactionNumber) {
        self.end(transaction, Fate::Aborted);
    }

    /// Transactions so far.
    pub fn transactions(&self) -> usize {
        self.transactions.len()
    }

    /// What became of a transaction.
    pub fn fate(&self, transaction: TransactionNumber) -> Fate {
        self.transactions
            .get(transaction.index())
            .map_or(Fate::Open, |transaction| transaction.fate)
    }

    /// The level of a transaction.
    pub fn level(&self, transaction: TransactionNumber) -> Level {
        self.transactions
            .get(transaction.index())
            .map_or(Level::Pl1, |transaction| transaction.level)
    }

    fn end(&mut self, transaction: TransactionNumber, fate: Fate) {
        let moment = self.moment();
        if let Some(transaction) = self.transactions.get_mut(transaction.index()) {
            transaction.ended = moment;
            transaction.fate = fate;
        }
    }

    fn moment(&mut self) -> u32 {
        self.moments += 1;
        self.moments
    }

    fn operation(&mut self, transaction: TransactionNumber, kind: OperationKind) -> OperationId {
        self.operations.push(Operation { transaction, kind });
        OperationId(self.operations.len() as u32 - 1)
    }

    fn version(&mut self, object: ObjectId, writer: Option<OperationId>) -> VersionId {
        let version = VersionId(self.versions.len() as u32);
        self.versions.push(Version {
            object,
            writer,
            withdrawn: false,
        });
        if let Some(versions) = self.objects.get_mut(object.index()) {
            versions.push(version);
        }
        version
    }

    /// Who wrote a version.
    pub(super) fn writer(&self, version: VersionId) -> Option<(TransactionNumber, OperationId)> {
        let operation = self.versions.get(version.index())?.writer?;
        let writer = self.operations.get(operation.index())?;
        Some((writer.transaction, operation))
    }

    pub(super) fn is_committed(&self, transaction: TransactionNumber) -> bool {
        self.fate(transaction) == Fate::Committed
    }
}
