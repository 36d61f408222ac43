//! Paths in a graph of transactions: strongly connected components and breadth-first search, bounded.

use std::cell::Cell;

use super::{Edge, EdgeKind, ObjectId, TransactionNumber};

/// So many places of a list are made in the time in which one edge is followed.
const FILLED_AT_ONCE: u64 = 16;

/// Which kinds of edges a search may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const WRITE: Kinds = Kinds(1 << EdgeKind::WriteWrite as u8);
    pub(super) const READ: Kinds =
        Kinds(1 << EdgeKind::WriteRead as u8 | 1 << EdgeKind::PredicateWriteRead as u8);
    pub(super) const ANTI_ITEM: Kinds = Kinds(1 << EdgeKind::ReadWrite as u8);
    pub(super) const ANTI: Kinds =
        Kinds(1 << EdgeKind::ReadWrite as u8 | 1 << EdgeKind::PredicateReadWrite as u8);
    pub(super) const ORDER: Kinds =
        Kinds(1 << EdgeKind::Session as u8 | 1 << EdgeKind::RealTime as u8);

    pub(super) const fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub(super) fn has(self, kind: EdgeKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }
}

/// Edges by the transaction that they leave, and how much may still be looked at.
pub(super) struct Graph {
    edges: Vec<Edge>,
    /// Where the edges of a transaction begin.
    starts: Vec<u32>,
    /// Edges that may still be looked at.
    work: Cell<u64>,
}

impl Graph {
    /// `edges` in order of `from`, `to` and kind.
    pub(super) fn new(edges: Vec<Edge>, transactions: usize, work: u64) -> Self {
        let mut starts = vec![0; transactions + 1];
        for edge in &edges {
            starts[edge.from.index() + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Self {
            edges,
            starts,
            work: Cell::new(work),
        }
    }

    pub(super) fn edges(&self) -> &[Edge] {
        &self.edges
    }

    fn leaving(&self, transaction: TransactionNumber) -> &[Edge] {
        let at = transaction.index();
        &self.edges[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Whoever wrote the next version of an object after a transaction.
    pub(super) fn next_write(
        &self,
        transaction: TransactionNumber,
        object: Option<ObjectId>,
    ) -> Option<Edge> {
        let mut leaving = self.leaving(transaction).iter();
        let next = leaving.find(|edge| edge.kind == EdgeKind::WriteWrite && edge.object == object);
        next.copied()
    }

    /// Everything was looked at that had to be.
    pub(super) fn is_exhausted(&self) -> bool {
        self.work.get() == 0
    }

    fn spend(&self, work: u64) {
        self.work.set(self.work.get().saturating_sub(work));
    }

    /// The component of each transaction among edges of these kinds (Tarjan's algorithm, without recursion).
    pub(super) fn components(&self, kinds: Kinds) -> Vec<u32> {
        let count = self.starts.len() - 1;
        let mut search = Tarjan {
            found: vec![u32::MAX; count],
            lowest: vec![0; count],
            component: vec![u32::MAX; count],
            stack: Vec::new(),
            calls: Vec::new(),
            next: 0,
            components: 0,
        };
        for root in 0..count as u32 {
            if search.found[root as usize] == u32::MAX {
                search.enter(root);
                self.finish(&mut search, kinds);
            }
        }
        search.component
    }

    fn finish(&self, search: &mut Tarjan, kinds: Kinds) {
        while let Some((node, at)) = search.calls.pop() {
            let leaving = self.leaving(TransactionNumber(node));
            let rest = leaving.iter().enumerate().skip(at);
            let next = rest
                .filter(|(_, edge)| kinds.has(edge.kind))
                .find(|(_, edge)| {
                    let to = edge.to.index();
                    if search.found[to] != u32::MAX && search.component[to] == u32::MAX {
                        let low = &mut search.lowest[node as usize];
                        *low = (*low).min(search.found[to]);
                    }
                    search.found[to] == u32::MAX
                });
            match next {
                Some((at, edge)) => {
                    search.calls.push((node, at + 1));
                    search.enter(edge.to.0);
                }
                None => search.leave(node),
            }
        }
    }

    /// A shortest way along edges of these kinds, within one component; the strongest edge of each hop. Empty
    /// when there is none.
    pub(super) fn path(
        &self,
        from: TransactionNumber,
        to: TransactionNumber,
        kinds: Kinds,
        component: &[u32],
    ) -> Vec<Edge> {
        let mut reached: Vec<u32> = vec![u32::MAX; component.len()];
        self.spend(component.len() as u64 / FILLED_AT_ONCE);
        let mut queue = vec![from];
        let mut next = 0;
        while let Some(node) = queue.get(next).copied() {
            next += 1;
            let first = self.starts[node.index()];
            for (at, edge) in (first..).zip(self.leaving(node)) {
                self.spend(1);
                let inside = component[edge.to.index()] == component[from.index()];
                if !kinds.has(edge.kind) || !inside || reached[edge.to.index()] != u32::MAX {
                    continue;
                }
                reached[edge.to.index()] = at;
                if edge.to == to {
                    return self.way_back(from, to, &reached);
                }
                queue.push(edge.to);
            }
            if self.is_exhausted() {
                break;
            }
        }
        Vec::new()
    }

    fn way_back(
        &self,
        from: TransactionNumber,
        to: TransactionNumber,
        reached: &[u32],
    ) -> Vec<Edge> {
        let mut path = Vec::new();
        let mut node = to;
        loop {
            let edge = self.edges[reached[node.index()] as usize];
            path.push(edge);
            node = edge.from;
            if node == from {
                break;
            }
        }
        path.reverse();
        path
    }

    /// As [`Graph::path`], with anti-dependencies too, but never two in a row: neither at the beginning, before
    /// which there is one, nor at the end. Visits each transaction at most once.
    pub(super) fn path_without_adjacent(
        &self,
        from: TransactionNumber,
        to: TransactionNumber,
        kinds: Kinds,
        component: &[u32],
    ) -> Vec<Edge> {
        // Two states for each transaction: reached by an anti-dependency, or otherwise.
        let state = |node: TransactionNumber, anti: bool| node.index() * 2 + usize::from(anti);
        let mut reached: Vec<(u32, bool)> = vec![(u32::MAX, false); component.len() * 2];
        self.spend(component.len() as u64 / FILLED_AT_ONCE);
        let mut queue = vec![(from, true)];
        let mut next = 0;
        while let Some((node, came_by_anti)) = queue.get(next).copied() {
            next += 1;
            let first = self.starts[node.index()];
            for (at, edge) in (first..).zip(self.leaving(node)) {
                self.spend(1);
                let anti = edge.kind.is_anti();
                let inside = component[edge.to.index()] == component[from.index()];
                let goal = state(edge.to, anti);
                if !kinds.has(edge.kind)
                    || !inside
                    || anti && (came_by_anti || edge.to == to)
                    || reached[goal].0 != u32::MAX
                {
                    continue;
                }
                reached[goal] = (at, came_by_anti);
                if edge.to == to {
                    return self.simple_way_back(from, to, &reached);
                }
                queue.push((edge.to, anti));
            }
            if self.is_exhausted() {
                break;
            }
        }
        Vec::new()
    }

    fn simple_way_back(
        &self,
        from: TransactionNumber,
        to: TransactionNumber,
        reached: &[(u32, bool)],
    ) -> Vec<Edge> {
        let mut path: Vec<Edge> = Vec::new();
        let (mut node, mut anti) = (to, false);
        loop {
            let (at, came_by_anti) = reached[node.index() * 2 + usize::from(anti)];
            let edge = self.edges[at as usize];
            if path.iter().any(|later| later.from == edge.from) {
                return Vec::new();
            }
            path.push(edge);
            (node, anti) = (edge.from, came_by_anti);
            if node == from && anti {
                break;
            }
        }
        path.reverse();
        path
    }
}

/// Tarjan's search under way.
struct Tarjan {
    found: Vec<u32>,
    lowest: Vec<u32>,
    component: Vec<u32>,
    stack: Vec<u32>,
    /// Transactions under way, and which of their edges comes next.
    calls: Vec<(u32, usize)>,
    next: u32,
    components: u32,
}

impl Tarjan {
    fn enter(&mut self, node: u32) {
        self.found[node as usize] = self.next;
        self.lowest[node as usize] = self.next;
        self.next += 1;
        self.stack.push(node);
        self.calls.push((node, 0));
    }

    fn leave(&mut self, node: u32) {
        let lowest = self.lowest[node as usize];
        if let Some((caller, _)) = self.calls.last() {
            let low = &mut self.lowest[*caller as usize];
            *low = (*low).min(lowest);
        }
        if lowest != self.found[node as usize] {
            return;
        }
        while let Some(member) = self.stack.pop() {
            self.component[member as usize] = self.components;
            if member == node {
                break;
            }
        }
        self.components += 1;
    }
}
