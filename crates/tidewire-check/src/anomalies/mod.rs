//! Anomalies of a history: what in it no serial execution could have given, by the names of the field.
//!
//! [`History`] is what happened; [`Dependencies`] who depends on whom; [`find`] looks for versions that should
//! not have been read and for cycles of dependencies, and names them. Whether an anomaly is permitted depends
//! on the levels of the transactions on it: a permitted one explains, and is never an error.

mod cycles;
mod dependencies;
mod dirty;
mod graph;
mod history;
mod level;
mod order;
mod phenomenon;

pub use dependencies::{Dependencies, Edge, EdgeKind};
pub use history::{
    Fate, History, ObjectId, OperationId, Predicate, PredicateRead, TransactionNumber, VersionId,
};
pub use level::Level;
pub use phenomenon::Phenomenon;

/// How much is looked at. What lies beyond is left out, and said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Dependencies.
    pub edges: usize,
    /// Anomalies that are told.
    pub anomalies: usize,
    /// Edges that the search follows, all searches together.
    pub work: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            edges: 200_000,
            anomalies: 200,
            work: 20_000_000,
        }
    }
}

/// Which mere orders count beside dependencies. A cycle that needs one of them breaks a promise that no level
/// of [`Level`] makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// Transactions of one session follow each other.
    pub session: bool,
    /// What began after another had ended follows it.
    pub real_time: bool,
}

/// Something that no serial execution could have given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// Its most specific name.
    pub phenomenon: Phenomenon,
    /// The dependencies, each beginning where the one before ends; the last leads back to the first. Of G1a
    /// and G1b the one read that should not have been.
    pub edges: Vec<Edge>,
    /// The mere order without which it is none.
    pub order: Option<EdgeKind>,
    /// Whether the levels of its transactions permit it.
    pub permitted: bool,
}

impl Anomaly {
    /// Its name in full: `G-single-real-time` needs the order of real time.
    pub fn name(&self) -> String {
        let order = match self.order {
            Some(EdgeKind::Session) => "-session",
            Some(_) => "-realtime",
            None => "",
        };
        format!("{}{order}", self.phenomenon.name())
    }

    /// Its transactions in the order of the cycle.
    pub fn transactions(&self) -> Vec<TransactionNumber> {
        let mut transactions: Vec<TransactionNumber> =
            self.edges.iter().map(|edge| edge.from).collect();
        if let [edge] = self.edges.as_slice() {
            transactions.push(edge.to);
        }
        transactions
    }
}

/// What was found in a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The shortest first, then the most specific.
    pub anomalies: Vec<Anomaly>,
    /// Limits ended the search: there may be more.
    pub cut: bool,
}

/// Looks for anomalies. Every anti-dependency that lies on a cycle lies on one that is told, within the limits.
pub fn find(history: &History, orders: Orders, limits: Limits) -> Report {
    let dependencies = Dependencies::of(history, limits);
    let mut anomalies = dirty::reads(history);
    let mut cut = dependencies.cut || anomalies.len() > limits.anomalies;
    anomalies.truncate(limits.anomalies);
    let order = order::edges(history, orders, limits.edges);
    let mut cycles = cycles::find(history, dependencies.edges, order, limits);
    cut |= cycles.cut;
    cycles::sort(&mut cycles.found);
    anomalies.extend(cycles.found.into_iter().map(|edges| {
        let kinds = edges.iter().map(|edge| edge.kind);
        let order = kinds.filter(|kind| kind.is_order()).max();
        Anomaly {
            phenomenon: Phenomenon::of_cycle(&edges),
            order,
            permitted: order.is_some() || is_permitted(history, &edges),
            edges,
        }
    }));
    Report { anomalies, cut }
}

/// Whether the levels of its transactions permit a cycle.
///
/// A dependency counts if it is one of the writer, or the reader's level is to mind it: reads from
/// [`Level::Pl2`], anti-dependencies from [`Level::Pl2Plus`] (Adya's mixed serialization graph, section 5.5).
/// Two anti-dependencies in a row are forbidden only among transactions that are all serializable, which is
/// what PostgreSQL promises (its manual, section 13.2.3).
fn is_permitted(history: &History, edges: &[Edge]) -> bool {
    let unminded = |edge: &Edge| match edge.kind {
        kind if kind.is_read() => history.level(edge.to) < Level::Pl2,
        kind if kind.is_anti() => history.level(edge.from) < Level::Pl2Plus,
        _ => false,
    };
    if edges.iter().any(unminded) {
        return true;
    }
    let every = |level: Level| {
        edges
            .iter()
            .filter(|edge| edge.kind.is_anti())
            .all(|edge| history.level(edge.from) >= level)
    };
    match Phenomenon::of_cycle(edges) {
        Phenomenon::GNonadjacent => !every(Level::PlSi),
        Phenomenon::G2Item | Phenomenon::G2 => edges
            .iter()
            .any(|edge| history.level(edge.from) < Level::Pl3),
        _ => false,
    }
}
