//! Who depends on whom: the direct serialization graph of a history (Adya, "Weak Consistency", section 3.1.4).
//!
//! Only committed transactions are in it. A read dependency goes from the writer to the reader, a write
//! dependency from one version's writer to the next one's, an anti-dependency from the reader to whoever wrote
//! the next version. A predicate depends on what last changed whether it holds for an object, and everything
//! that changes this later anti-depends on it.

use super::history::{OperationKind, PredicateRead};
use super::{History, Limits, ObjectId, OperationId, TransactionNumber, VersionId};

/// How one transaction depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// ww: the second wrote the version after the first one's.
    WriteWrite,
    /// wr: the second read what the first wrote.
    WriteRead,
    /// wr: the first made a condition hold, or not hold, by which the second read.
    PredicateWriteRead,
    /// rw: the second wrote the version after the one that the first read.
    ReadWrite,
    /// rw: the second changed whether a condition holds by which the first had read.
    PredicateReadWrite,
    /// The second followed the first in its session.
    Session,
    /// The second began when the first had ended.
    RealTime,
}

impl EdgeKind {
    /// `ww`, `wr`, `rw`; predicates are not told apart.
    pub fn short(self) -> &'static str {
        match self {
            EdgeKind::WriteWrite => "ww",
            EdgeKind::WriteRead | EdgeKind::PredicateWriteRead => "wr",
            EdgeKind::ReadWrite | EdgeKind::PredicateReadWrite => "rw",
            EdgeKind::Session => "session",
            EdgeKind::RealTime => "real time",
        }
    }

    /// An anti-dependency.
    pub fn is_anti(self) -> bool {
        matches!(self, EdgeKind::ReadWrite | EdgeKind::PredicateReadWrite)
    }

    /// A read dependency.
    pub fn is_read(self) -> bool {
        matches!(self, EdgeKind::WriteRead | EdgeKind::PredicateWriteRead)
    }

    /// Of a condition rather than of one version.
    pub fn is_predicate(self) -> bool {
        matches!(
            self,
            EdgeKind::PredicateWriteRead | EdgeKind::PredicateReadWrite
        )
    }

    /// Mere order, no dependency.
    pub fn is_order(self) -> bool {
        matches!(self, EdgeKind::Session | EdgeKind::RealTime)
    }
}

/// A dependency: `from` must come before `to` in a serial order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Who comes first.
    pub from: TransactionNumber,
    /// Who comes after.
    pub to: TransactionNumber,
    /// Why.
    pub kind: EdgeKind,
    /// By which object; none for mere order.
    pub object: Option<ObjectId>,
    /// By which operation of `from`; none for mere order.
    pub from_operation: Option<OperationId>,
    /// By which operation of `to`; none for mere order.
    pub to_operation: Option<OperationId>,
}

/// All dependencies of a history.
#[derive(Clone, Debug, Default)]
pub struct Dependencies {
    /// In order of `from`, `to`, kind, object.
    pub edges: Vec<Edge>,
    /// There were more than the limit; the rest is not here.
    pub cut: bool,
}

impl Dependencies {
    /// The dependencies of a history, without mere order.
    pub fn of(history: &History, limits: Limits) -> Self {
        let mut builder = Builder {
            history,
            limit: limits.edges,
            order: Order::of(history),
            edges: Vec::new(),
            cut: false,
        };
        builder.writes();
        builder.reads();
        // Two for the same reason are one, with the operations of the first.
        let key = |edge: &Edge| (edge.from, edge.to, edge.kind, edge.object);
        builder.edges.sort_by_key(key);
        builder.edges.dedup_by_key(|edge| key(edge));
        Dependencies {
            edges: builder.edges,
            cut: builder.cut,
        }
    }
}

/// The order of installed versions: what was there before, then of each committed transaction the last that it
/// did not undo.
#[derive(Clone, Debug, Default)]
struct Order {
    /// By object.
    installed: Vec<Vec<VersionId>>,
    /// By version: its place among those of its object, or that of its writer's installed one; `u32::MAX` for
    /// what never was.
    places: Vec<u32>,
    /// By transaction: its installed version of the object that is looked at.
    last: Vec<Option<VersionId>>,
}

impl Order {
    fn of(history: &History) -> Self {
        let mut order = Order {
            installed: Vec::with_capacity(history.objects.len()),
            places: vec![u32::MAX; history.versions.len()],
            last: vec![None; history.transactions()],
        };
        for versions in &history.objects {
            order.install(history, versions);
        }
        order
    }

    fn install(&mut self, history: &History, versions: &[VersionId]) {
        let writer = |version: VersionId| history.writer(version).map(|(writer, _)| writer);
        let stands = |version: &VersionId| {
            !history.versions[version.index()].withdrawn
                && writer(*version).is_none_or(|writer| history.is_committed(writer))
        };
        let standing = || versions.iter().filter(|version| stands(version));
        for version in standing() {
            if let Some(writer) = writer(*version) {
                self.last[writer.index()] = Some(*version);
            }
        }
        let mut installed = Vec::new();
        for version in standing() {
            let last = writer(*version).and_then(|writer| self.last[writer.index()]);
            if last.is_none_or(|last| last == *version) {
                self.places[version.index()] = installed.len() as u32;
                installed.push(*version);
            }
        }
        for version in versions {
            if let Some(writer) = writer(*version)
                && let Some(last) = self.last[writer.index()]
            {
                self.places[version.index()] = self.places[last.index()];
            }
        }
        for version in versions {
            if let Some(writer) = writer(*version) {
                self.last[writer.index()] = None;
            }
        }
        self.installed.push(installed);
    }

    fn place(&self, version: VersionId) -> Option<usize> {
        let place = *self.places.get(version.index())?;
        (place != u32::MAX).then_some(place as usize)
    }

    fn of_object(&self, object: ObjectId) -> &[VersionId] {
        self.installed
            .get(object.index())
            .map_or(&[], Vec::as_slice)
    }
}

/// One end of an edge.
type End = (TransactionNumber, OperationId);

struct Builder<'h> {
    history: &'h History,
    limit: usize,
    order: Order,
    edges: Vec<Edge>,
    cut: bool,
}

impl Builder<'_> {
    fn add(&mut self, kind: EdgeKind, object: ObjectId, from: End, to: End) {
        let committed = |end: End| self.history.is_committed(end.0);
        if from.0 == to.0 || !committed(from) || !committed(to) {
            return;
        }
        if self.edges.len() >= self.limit {
            self.cut = true;
            return;
        }
        self.edges.push(Edge {
            from: from.0,
            to: to.0,
            kind,
            object: Some(object),
            from_operation: Some(from.1),
            to_operation: Some(to.1),
        });
    }

    fn writes(&mut self) {
        let history = self.history;
        for object in (0..history.objects.len() as u32).map(ObjectId) {
            let writers: Vec<Option<End>> = self
                .order
                .of_object(object)
                .iter()
                .map(|version| history.writer(*version))
                .collect();
            for pair in writers.windows(2) {
                if let [Some(from), Some(to)] = pair {
                    self.add(EdgeKind::WriteWrite, object, *from, *to);
                }
            }
        }
    }

    fn reads(&mut self) {
        let history = self.history;
        for (number, operation) in (0..).map(OperationId).zip(&history.operations) {
            let reader = (operation.transaction, number);
            if !history.is_committed(reader.0) {
                continue;
            }
            match &operation.kind {
                OperationKind::Read(version) => self.read(reader, *version),
                OperationKind::Write => {}
                OperationKind::Predicate(read) => self.predicate_read(reader, read),
            }
        }
    }

    fn read(&mut self, reader: End, version: VersionId) {
        let history = self.history;
        let Some(object) = history.versions.get(version.index()).map(|v| v.object) else {
            return;
        };
        if let Some(writer) = history.writer(version) {
            self.add(EdgeKind::WriteRead, object, writer, reader);
        }
        let next = self.order.place(version).and_then(|at| {
            let next = self.order.of_object(object).get(at + 1)?;
            history.writer(*next)
        });
        if let Some(next) = next {
            self.add(EdgeKind::ReadWrite, object, reader, next);
        }
    }

    fn predicate_read(&mut self, reader: End, read: &PredicateRead) {
        let history = self.history;
        for (object, seen) in &read.seen {
            // Behind the seen version; without one, everything is.
            let next = seen.map_or(Some(0), |seen| self.order.place(seen).map(|at| at + 1));
            let Some(next) = next else {
                continue;
            };
            let versions = self.order.of_object(*object);
            let holds = |at: usize| read.predicate.holds(versions[at]);
            let changes = |at: &usize| holds(*at) != at.checked_sub(1).is_some_and(holds);
            let writer = |at: usize| history.writer(versions[at]);
            let before = (0..next).rev().find(changes).and_then(writer);
            let after = (next..versions.len()).filter(changes).filter_map(writer);
            let after: Vec<End> = after.collect();
            if let Some(before) = before {
                self.add(EdgeKind::PredicateWriteRead, *object, before, reader);
            }
            for after in after {
                self.add(EdgeKind::PredicateReadWrite, *object, reader, after);
            }
        }
    }
}
