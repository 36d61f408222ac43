//! Predicate locks of one transaction (SIREAD locks): what it has read, as tuples, pages and whole relations.
//! They block nobody; a write looks for them.
//!
//! Source: `predicate.c`, `PredicateLockAcquire` and `CheckAndPromotePredicateLockRequest`. Many fine locks
//! become a coarse one: more than [`PER_PAGE`] tuples of a page the page, more than [`PER_RELATION`] locks
//! below a relation the relation. Heap and every index are relations of their own.

use smallvec::SmallVec;

use crate::heap_space::Position;
use crate::{RowId, TableId};

/// `max_pred_locks_per_page`
const PER_PAGE: usize = 2;
/// What `max_pred_locks_per_relation = -2` makes of `max_pred_locks_per_transaction = 64`.
const PER_RELATION: usize = 31;

/// The heap of a table, or one of its indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Relation {
    pub(crate) table: TableId,
    /// The index; `None` for the heap.
    pub(crate) index: Option<u32>,
}

impl Relation {
    /// The heap of a table.
    pub(crate) fn heap(table: TableId) -> Self {
        Self { table, index: None }
    }

    /// An index of a table.
    pub(crate) fn index(table: TableId, index: usize) -> Self {
        Self {
            table,
            index: Some(index as u32),
        }
    }
}

/// What a predicate lock is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Relation(Relation),
    Page(Relation, u32),
    /// A version in a heap, and the row that it belongs to.
    Tuple(Relation, Position, RowId),
}

impl Target {
    /// The relation that it is part of.
    pub(crate) fn relation(self) -> Relation {
        match self {
            Target::Relation(relation)
            | Target::Page(relation, _)
            | Target::Tuple(relation, ..) => relation,
        }
    }

    /// The next coarser target.
    fn parent(self) -> Option<Target> {
        match self {
            Target::Tuple(relation, position, _) => Some(Target::Page(relation, position.page())),
            Target::Page(relation, _) => Some(Target::Relation(relation)),
            Target::Relation(_) => None,
        }
    }

    /// Is it a part of a coarser target?
    fn is_below(self, coarse: Target) -> bool {
        let parents = std::iter::successors(self.parent(), |target| target.parent());
        parents.into_iter().any(|parent| parent == coarse)
    }

    /// How many finer locks there may be below it.
    fn limit(self) -> usize {
        match self {
            Target::Relation(_) => PER_RELATION,
            Target::Page(..) | Target::Tuple(..) => PER_PAGE,
        }
    }
}

/// The predicate locks of one transaction, sorted.
#[derive(Debug, Default)]
pub(crate) struct PredicateLocks {
    held: SmallVec<[Target; 4]>,
}

impl Clone for PredicateLocks {
    /// Copies the targets at one go.
    fn clone(&self) -> Self {
        Self {
            held: SmallVec::from_slice(&self.held),
        }
    }
}

impl PredicateLocks {
    /// Is there a lock on exactly this?
    pub(crate) fn holds(&self, target: Target) -> bool {
        self.held.binary_search(&target).is_ok()
    }

    /// All locks, sorted.
    pub(crate) fn targets(&self) -> &[Target] {
        &self.held
    }

    /// Locks a target, unless a coarser lock covers it; promotes where there are too many.
    pub(crate) fn acquire(&mut self, target: Target) {
        let parents = || std::iter::successors(target.parent(), |target| target.parent());
        if self.holds(target) || parents().any(|parent| self.holds(parent)) {
            return;
        }
        self.insert(target);
        let crowded = parents().filter(|parent| self.below(*parent) > parent.limit());
        match crowded.last() {
            Some(coarsest) => self.acquire(coarsest),
            None => self.held.retain(|held| !held.is_below(target)),
        }
    }

    /// The page was split: a lock on it is one on the new page too.
    pub(crate) fn split_page(&mut self, relation: Relation, old: u32, new: u32) {
        if self.holds(Target::Page(relation, old)) {
            self.insert(Target::Page(relation, new));
        }
    }

    /// Drops the lock on a tuple, which its owner has written.
    pub(crate) fn release(&mut self, target: Target) {
        if let Ok(at) = self.held.binary_search(&target) {
            self.held.remove(at);
        }
    }

    /// Drops all locks.
    pub(crate) fn clear(&mut self) {
        self.held = SmallVec::new();
    }

    fn insert(&mut self, target: Target) {
        if let Err(at) = self.held.binary_search(&target) {
            self.held.insert(at, target);
        }
    }

    fn below(&self, coarse: Target) -> usize {
        self.held
            .iter()
            .filter(|held| held.is_below(coarse))
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heap() -> Relation {
        Relation::heap(TableId(1))
    }

    #[test]
    fn the_third_row_of_a_page_makes_it_the_page() {
        let mut locks = PredicateLocks::default();
        let tuple = |slot| Target::Tuple(heap(), Position::at(0, slot), RowId(slot as u32));
        locks.acquire(tuple(1));
        locks.acquire(tuple(2));
        locks.acquire(tuple(2));
        assert_eq!(locks.targets(), [tuple(1), tuple(2)]);
        locks.acquire(tuple(3));
        assert_eq!(locks.targets(), [Target::Page(heap(), 0)]);
        locks.acquire(tuple(4));
        assert_eq!(locks.targets(), [Target::Page(heap(), 0)]);
    }

    #[test]
    fn many_pages_make_it_the_relation_and_others_stay() {
        let mut locks = PredicateLocks::default();
        let index = Target::Page(Relation::index(TableId(1), 0), 1);
        locks.acquire(index);
        for page in 0..PER_RELATION as u32 {
            locks.acquire(Target::Page(heap(), page));
        }
        assert_eq!(locks.targets().len(), PER_RELATION + 1);
        locks.acquire(Target::Page(heap(), 99));
        assert_eq!(locks.targets(), [Target::Relation(heap()), index]);
    }

    #[test]
    fn a_split_page_is_locked_in_both_halves() {
        let mut locks = PredicateLocks::default();
        let index = Relation::index(TableId(1), 0);
        locks.acquire(Target::Page(index, 1));
        locks.split_page(index, 1, 2);
        locks.split_page(index, 3, 4);
        assert!(locks.holds(Target::Page(index, 2)));
        assert!(!locks.holds(Target::Page(index, 4)));
    }
}
