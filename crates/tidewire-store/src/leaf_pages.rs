//! The leaf pages of a B-tree, as far as predicate locks can tell: which page a key belongs to, and when a
//! page splits.
//!
//! Sources: `nbtsplitloc.c` (the last page keeps nine tenths when it splits, any other half), `nbtinsert.c`.
//! An index entry takes eight bytes, its key and a line pointer. An index without any entry yet has no leaf.

use std::cmp::Ordering;

use smallvec::SmallVec;

use crate::Value;
use crate::index::{IndexKey, KeyRange};
use crate::shared::Shared;
use tidewire_syntax::sort;

/// Bytes of a leaf page for entries: all but page header and special space.
const LEAF_BYTES: u32 = 8192 - 24 - 16;
/// Header and line pointer of an entry.
const ENTRY_BYTES: u32 = 8 + 4;

/// The first leaf page; block 0 of a B-tree is its meta page.
const FIRST_BLOCK: u32 = 1;

/// A leaf page.
#[derive(Clone, Debug)]
struct Leaf {
    /// The least key that belongs here; nothing is less than the empty key of the first.
    low: IndexKey,
    block: u32,
    used: u32,
}

/// All leaf pages of an index.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeafPages {
    /// Bytes used while there is one page.
    used: u32,
    /// It has a root, since it once had an entry.
    rooted: bool,
    /// In order of keys, once there are several.
    leaves: Option<Shared<Vec<Leaf>>>,
}

/// A page split: entries of the old page went to the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    /// The page that was full.
    pub(crate) old: u32,
    /// The page to its right.
    pub(crate) new: u32,
}

/// Order of two keys, column by column; a key that begins another comes before it.
pub(crate) fn compare(left: &[Value], right: &[Value]) -> Ordering {
    let parts = left
        .iter()
        .zip(right)
        .map(|(left, right)| left.total_order(right));
    parts
        .into_iter()
        .find(|order| order.is_ne())
        .unwrap_or_else(|| left.len().cmp(&right.len()))
}

impl LeafPages {
    /// The index has a root page.
    pub(crate) fn rooted(&self) -> bool {
        self.rooted
    }

    /// The page that a key belongs to.
    pub(crate) fn block_of(&self, key: &[Value]) -> u32 {
        match &self.leaves {
            None => FIRST_BLOCK,
            Some(leaves) => leaves[leaf_of(leaves, key)].block,
        }
    }

    /// The pages that hold entries of a range, in order; at least one.
    pub(crate) fn blocks_in(&self, range: &KeyRange) -> SmallVec<[u32; 4]> {
        let Some(leaves) = &self.leaves else {
            return SmallVec::from_slice(&[FIRST_BLOCK]);
        };
        let mut from = range.equal.values().to_vec();
        from.extend(range.low.as_ref().map(|(value, _)| value.clone()));
        let first = leaf_of(leaves, &from);
        let beyond = |leaf: &Leaf| {
            let low = leaf.low.values();
            let (equal, rest) = low.split_at(range.equal.values().len().min(low.len()));
            match compare(equal, range.equal.values()) {
                Ordering::Equal => match (&range.high, rest.first()) {
                    (Some((high, true)), Some(low)) => low.total_order(high).is_gt(),
                    (Some((high, false)), Some(low)) => low.total_order(high).is_ge(),
                    _ => false,
                },
                order => order.is_gt(),
            }
        };
        let rest = leaves[first + 1..].iter().take_while(|leaf| !beyond(leaf));
        let pages = leaves[first..=first].iter().chain(rest);
        pages.map(|leaf| leaf.block).collect()
    }

    /// The page that ends the index.
    pub(crate) fn last_block(&self) -> u32 {
        let last = self.leaves.as_ref().and_then(|leaves| leaves.last());
        last.map_or(FIRST_BLOCK, |leaf| leaf.block)
    }

    /// An entry of so many bytes of key came in. When its page is full, `keys` gives the keys of all
    /// entries, to be split.
    pub(crate) fn add(
        &mut self,
        key: &[Value],
        bytes: u32,
        keys: &dyn Fn() -> Vec<(IndexKey, u32)>,
    ) -> Option<Split> {
        self.rooted = true;
        let size = entry_size(bytes);
        let Some(leaves) = &mut self.leaves else {
            self.used += size;
            if self.used <= LEAF_BYTES {
                return None;
            }
            self.leaves = Some(Shared::new(vec![Leaf {
                low: IndexKey::default(),
                block: FIRST_BLOCK,
                used: self.used,
            }]));
            return self.split(0, keys());
        };
        let leaves = Shared::make_mut(leaves);
        let at = leaf_of(leaves, key);
        leaves[at].used += size;
        let full = leaves[at].used > LEAF_BYTES;
        if full { self.split(at, keys()) } else { None }
    }

    /// An entry of so many bytes of key is gone.
    pub(crate) fn remove(&mut self, key: &[Value], bytes: u32) {
        let size = entry_size(bytes);
        match &mut self.leaves {
            None => self.used = self.used.saturating_sub(size),
            Some(leaves) => {
                let leaves = Shared::make_mut(leaves);
                let at = leaf_of(leaves, key);
                leaves[at].used = leaves[at].used.saturating_sub(size);
            }
        }
    }

    fn split(&mut self, at: usize, keys: Vec<(IndexKey, u32)>) -> Option<Split> {
        let leaves = Shared::make_mut(self.leaves.as_mut()?);
        let last = at + 1 == leaves.len();
        let end = leaves.get(at + 1).map(|leaf| leaf.low.clone());
        let low = leaves[at].low.clone();
        let mut inside: Vec<(IndexKey, u32)> = keys
            .into_iter()
            .filter(|(key, _)| {
                compare(key.values(), low.values()).is_ge()
                    && end
                        .as_ref()
                        .is_none_or(|end| compare(key.values(), end.values()).is_lt())
            })
            .collect();
        sort::sort_by(&mut inside, |(left, _), (right, _)| {
            compare(left.values(), right.values())
        });
        let total: u32 = inside.iter().map(|(_, bytes)| entry_size(*bytes)).sum();
        let keep = if last { LEAF_BYTES / 10 * 9 } else { total / 2 };
        let mut kept = 0;
        let mut cut = None;
        for (number, (key, bytes)) in inside.iter().enumerate() {
            // Entries of one key stay together.
            if kept + entry_size(*bytes) > keep && number > 0 && inside[number - 1].0 != *key {
                cut = Some(key.clone());
                break;
            }
            kept += entry_size(*bytes);
        }
        let cut = cut?;
        let old = leaves[at].block;
        // The second page of a tree is followed by its root.
        let new = match leaves.len() {
            1 => FIRST_BLOCK + 1,
            several => FIRST_BLOCK + 1 + several as u32,
        };
        leaves[at].used = kept;
        let right = Leaf {
            low: cut,
            block: new,
            used: total.saturating_sub(kept),
        };
        leaves.insert(at + 1, right);
        Some(Split { old, new })
    }
}

fn entry_size(bytes: u32) -> u32 {
    ENTRY_BYTES + bytes.saturating_add(7) / 8 * 8
}

fn leaf_of(leaves: &[Leaf], key: &[Value]) -> usize {
    let after = leaves.partition_point(|leaf| compare(leaf.low.values(), key).is_le());
    after.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(value: i64) -> IndexKey {
        let mut key = IndexKey::default();
        key.push(&Value::Integer(value));
        key
    }

    /// Adds integers in this order and gives the splits.
    fn filled(values: impl Iterator<Item = i64>) -> (LeafPages, Vec<Split>) {
        let (mut pages, mut all, mut splits) = (LeafPages::default(), Vec::new(), Vec::new());
        for value in values {
            all.push((key(value), 4));
            splits.extend(pages.add(key(value).values(), 4, &|| all.clone()));
        }
        (pages, splits)
    }

    /// 407 entries of 20 bytes fit into a page; the last page keeps nine tenths of them, which are 366.
    #[test]
    fn ascending_keys_fill_nine_tenths_of_a_page() {
        let (pages, splits) = filled(1..=407);
        assert!(splits.is_empty());
        assert_eq!(pages.block_of(key(407).values()), 1);
        let (pages, splits) = filled(1..=408);
        assert_eq!(splits, [Split { old: 1, new: 2 }]);
        assert_eq!(pages.block_of(key(366).values()), 1);
        assert_eq!(pages.block_of(key(367).values()), 2);
        assert_eq!(pages.last_block(), 2);
    }

    #[test]
    fn a_range_covers_the_pages_between_its_bounds() {
        let (pages, splits) = filled(1..=2000);
        assert_eq!(splits.len(), 5);
        let range = |low: i64, high: i64| KeyRange {
            equal: IndexKey::default(),
            low: Some((Value::Integer(low), true)),
            high: Some((Value::Integer(high), false)),
        };
        assert_eq!(pages.blocks_in(&range(1, 10)).len(), 1);
        assert_eq!(pages.blocks_in(&range(360, 367)).as_slice(), [1]);
        assert_eq!(pages.blocks_in(&range(360, 368)).as_slice(), [1, 2]);
        assert_eq!(pages.blocks_in(&KeyRange::default()).len(), 6);
    }
}
