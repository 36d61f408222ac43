//! The search for cycles: for every anti-dependency that lies on one, a cycle of the most specific name it can
//! have, and a shortest of those.
//!
//! As Elle does it (Kingsbury and Alvaro, VLDB 2020, section 6): each name has its own restricted graph, and a
//! cycle is a way back from the end of an edge to its beginning.

use super::graph::{Graph, Kinds};
use super::{Edge, EdgeKind, History, Limits, Phenomenon, TransactionNumber};

/// Cycles, and whether there may be more.
pub(super) struct Cycles {
    pub(super) found: Vec<Vec<Edge>>,
    /// Limits ended the search.
    pub(super) cut: bool,
}

/// All cycles that are worth telling: each once.
pub(super) fn find(
    history: &History,
    dependencies: Vec<Edge>,
    order: Vec<Edge>,
    limits: Limits,
) -> Cycles {
    let mut edges = dependencies;
    let ordered = !order.is_empty();
    edges.extend(order);
    edges.sort_unstable();
    let mut search = Search {
        graph: Graph::new(edges, history.transactions(), limits.work),
        limit: limits.anomalies,
        found: Vec::new(),
        known: Vec::new(),
        covered: Vec::new(),
        cut: false,
    };
    search.pass(Kinds::WRITE, Kinds::WRITE, Way::Any);
    let forward = Kinds::WRITE.and(Kinds::READ);
    search.pass(Kinds::READ, forward, Way::Any);
    search.lost_updates();
    search.pass(Kinds::ANTI, forward, Way::Any);
    let all = forward.and(Kinds::ANTI);
    search.pass(Kinds::ANTI, all, Way::NotAdjacent);
    search.pass(Kinds::ANTI_ITEM, forward.and(Kinds::ANTI_ITEM), Way::Any);
    search.pass(Kinds::ANTI, all, Way::Any);
    if ordered {
        let forward = forward.and(Kinds::ORDER);
        search.pass(Kinds::ORDER, forward, Way::Any);
        search.pass(Kinds::ANTI, forward, Way::Any);
        search.pass(Kinds::ANTI, forward.and(Kinds::ANTI), Way::Any);
    }
    Cycles {
        cut: search.cut || search.graph.is_exhausted(),
        found: search.found,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Any,
    /// No two anti-dependencies in a row.
    NotAdjacent,
}

struct Search {
    graph: Graph,
    limit: usize,
    found: Vec<Vec<Edge>>,
    /// Transactions of the cycles found, the lowest first.
    known: Vec<Vec<TransactionNumber>>,
    /// Edges that lie on a cycle that was found, in order.
    covered: Vec<(TransactionNumber, TransactionNumber, EdgeKind)>,
    cut: bool,
}

impl Search {
    /// For every edge of the kinds `first` that is on no cycle yet: a shortest way back along `rest`.
    fn pass(&mut self, first: Kinds, rest: Kinds, way: Way) {
        let component = self.graph.components(first.and(rest));
        let inside = |edge: &Edge| component[edge.from.index()] == component[edge.to.index()];
        let mut starts: Vec<Edge> = self
            .graph
            .edges()
            .iter()
            .filter(|edge| first.has(edge.kind) && inside(edge))
            .copied()
            .collect();
        starts.dedup_by_key(|edge| (edge.from, edge.to, edge.kind));
        for start in starts {
            let key = (start.from, start.to, start.kind);
            if self.covered.binary_search(&key).is_ok() {
                continue;
            }
            if self.cut || self.graph.is_exhausted() {
                return;
            }
            let back = match way {
                Way::Any => self.graph.path(start.to, start.from, rest, &component),
                Way::NotAdjacent => self
                    .graph
                    .path_without_adjacent(start.to, start.from, rest, &component),
            };
            if !back.is_empty() {
                let cycle = std::iter::once(start).chain(back).collect();
                self.take(cycle);
            }
        }
    }

    /// Reads of an object that the reader wrote over later, another's version between.
    fn lost_updates(&mut self) {
        let edges = self.graph.edges().iter();
        let reads = edges.filter(|edge| edge.kind == EdgeKind::ReadWrite);
        let mut cycles: Vec<Vec<Edge>> = Vec::new();
        for read in reads {
            let mut cycle = vec![*read];
            let mut node = read.to;
            let mut steps = 0;
            while let Some(edge) = self.graph.next_write(node, read.object) {
                cycle.push(edge);
                node = edge.to;
                steps += 1;
                if node == read.from || steps > self.limit {
                    break;
                }
            }
            if node == read.from {
                cycles.push(cycle);
            }
        }
        cycles.sort_by_key(Vec::len);
        for cycle in cycles {
            self.take(cycle);
        }
    }

    fn take(&mut self, cycle: Vec<Edge>) {
        let cycle = rotated(cycle);
        let mut transactions: Vec<TransactionNumber> = cycle.iter().map(|edge| edge.from).collect();
        let lowest = (0..transactions.len()).min_by_key(|at| transactions[*at]);
        transactions.rotate_left(lowest.unwrap_or(0));
        for edge in &cycle {
            let key = (edge.from, edge.to, edge.kind);
            if let Err(place) = self.covered.binary_search(&key) {
                self.covered.insert(place, key);
            }
        }
        if self.known.contains(&transactions) {
            return;
        }
        if self.found.len() >= self.limit {
            self.cut = true;
            return;
        }
        self.known.push(transactions);
        self.found.push(cycle);
    }
}

/// Begins with an anti-dependency if there is one, and of those with that of the first transaction.
fn rotated(mut cycle: Vec<Edge>) -> Vec<Edge> {
    let first = (0..cycle.len()).min_by_key(|at| (!cycle[*at].kind.is_anti(), cycle[*at].from));
    cycle.rotate_left(first.unwrap_or(0));
    cycle
}

/// Of cycles, shortest first, then the most specific name, then the first transactions.
pub(super) fn sort(cycles: &mut [Vec<Edge>]) {
    cycles.sort_by_cached_key(|cycle| {
        let transactions: Vec<TransactionNumber> = cycle.iter().map(|edge| edge.from).collect();
        (cycle.len(), Phenomenon::of_cycle(cycle), transactions)
    });
}
