//! A persistent map from dense ids to entries, for heaps: copy-on-write pages of 8 under a radix tree.
//!
//! Cloning shares everything. The first few entries that a fork changes are kept aside, so that it need not copy
//! the pages on their paths; further changes copy those, and none when they are not shared.
//! Ids are never used again, so empty pages are dropped and old ids cost nothing.

use std::ops::ControlFlow;

use smallvec::SmallVec;

use crate::shared::Shared;

const BITS: u32 = 3;
const WIDTH: usize = 1 << BITS;

/// Entries that are kept aside at most.
const ASIDE: usize = 4;

/// The map.
#[derive(Clone, Debug)]
pub(crate) struct Pages<T> {
    root: Option<Shared<Page<T>>>,
    /// Levels of branches above the leaves.
    height: u32,
    /// Entries that were changed while their pages were shared; what the pages have of these ids does not count.
    aside: SmallVec<[(u32, T); 1]>,
}

#[derive(Clone, Debug)]
enum Page<T> {
    Leaf([Option<T>; WIDTH]),
    Branch([Option<Shared<Page<T>>>; WIDTH]),
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self {
            root: None,
            height: 0,
            aside: SmallVec::new(),
        }
    }
}

fn place(id: u32, level: u32) -> usize {
    (id >> (level * BITS)) as usize & (WIDTH - 1)
}

impl<T: Clone> Pages<T> {
    fn covers(&self, id: u32) -> bool {
        let bits = (self.height + 1) * BITS;
        bits >= u32::BITS || id >> bits == 0
    }

    /// The entry of this id.
    #[inline]
    pub(crate) fn get(&self, id: u32) -> Option<&T> {
        if !self.aside.is_empty()
            && let Some((_, entry)) = self.aside.iter().find(|(other, _)| *other == id)
        {
            return Some(entry);
        }
        self.paged(id)
    }

    /// What the pages have of this id.
    #[inline]
    fn paged(&self, id: u32) -> Option<&T> {
        if !self.covers(id) {
            return None;
        }
        let mut page = self.root.as_deref()?;
        let mut level = self.height;
        loop {
            match page {
                Page::Leaf(entries) => return entries[place(id, 0)].as_ref(),
                Page::Branch(children) => page = children[place(id, level)].as_deref()?,
            }
            level -= 1;
        }
    }

    /// The entry of this id, to be changed.
    #[inline]
    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        if !self.aside.is_empty()
            && let Some(at) = self.aside.iter().position(|(other, _)| *other == id)
        {
            return Some(&mut self.aside[at].1);
        }
        if self.root.as_ref()?.is_unique() {
            return self.paged_mut(id);
        }
        if self.aside.len() < ASIDE {
            let entry = self.paged(id)?.clone();
            self.aside.push((id, entry));
            return self.aside.last_mut().map(|(_, entry)| entry);
        }
        self.put_back();
        self.paged_mut(id)
    }

    /// Puts what is kept aside into the pages.
    fn put_back(&mut self) {
        for (id, entry) in std::mem::take(&mut self.aside) {
            if let Some(place) = self.paged_mut(id) {
                *place = entry;
            }
        }
    }

    /// What the pages have of this id, to be changed.
    #[inline]
    fn paged_mut(&mut self, id: u32) -> Option<&mut T> {
        if !self.covers(id) {
            return None;
        }
        let mut page = Shared::make_mut(self.root.as_mut()?);
        let mut level = self.height;
        loop {
            match page {
                Page::Leaf(entries) => return entries[place(id, 0)].as_mut(),
                Page::Branch(children) => {
                    page = Shared::make_mut(children[place(id, level)].as_mut()?);
                }
            }
            level -= 1;
        }
    }

    /// Puts an entry in; the one before, if any, goes.
    pub(crate) fn insert(&mut self, id: u32, entry: T) {
        self.aside.retain(|(other, _)| *other != id);
        while !self.covers(id) {
            if let Some(root) = self.root.take() {
                let mut children = [const { None }; WIDTH];
                children[0] = Some(root);
                self.root = Some(Shared::new(Page::Branch(children)));
            }
            self.height += 1;
        }
        let height = self.height;
        let mut page = Shared::make_mut(self.root.get_or_insert_with(|| empty(height)));
        let mut level = height;
        loop {
            match page {
                Page::Leaf(entries) => {
                    entries[place(id, 0)] = Some(entry);
                    return;
                }
                Page::Branch(children) => {
                    let child = children[place(id, level)].get_or_insert_with(|| empty(level - 1));
                    page = Shared::make_mut(child);
                }
            }
            level -= 1;
        }
    }

    /// Takes an entry out, and pages that it leaves empty.
    pub(crate) fn remove(&mut self, id: u32) {
        self.aside.retain(|(other, _)| *other != id);
        if self.covers(id) && remove_below(&mut self.root, id, self.height) {
            self.root = None;
        }
    }

    /// Visits entries in order of ids until told to stop.
    pub(crate) fn visit<'a>(
        &'a self,
        visitor: &mut impl FnMut(u32, &'a T) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some(root) = &self.root else {
            return ControlFlow::Continue(());
        };
        if self.aside.is_empty() {
            return visit_below(root, 0, self.height, visitor);
        }
        let aside = self.aside.as_slice();
        visit_below(root, 0, self.height, &mut |id, entry| {
            let kept = aside.iter().find(|(other, _)| *other == id);
            visitor(id, kept.map_or(entry, |(_, entry)| entry))
        })
    }

    /// Changes every entry.
    pub(crate) fn change_all(&mut self, change: &mut impl FnMut(&mut T)) {
        self.put_back();
        if let Some(root) = &mut self.root {
            change_below(root, change);
        }
    }
}

fn empty<T>(level: u32) -> Shared<Page<T>> {
    Shared::new(if level == 0 {
        Page::Leaf([const { None }; WIDTH])
    } else {
        Page::Branch([const { None }; WIDTH])
    })
}

/// Recursion is as deep as the tree is high: eleven levels at most.
fn remove_below<T: Clone>(page: &mut Option<Shared<Page<T>>>, id: u32, level: u32) -> bool {
    let Some(page) = page else {
        return true;
    };
    match Shared::make_mut(page) {
        Page::Leaf(entries) => {
            entries[place(id, 0)] = None;
            entries.iter().all(Option::is_none)
        }
        Page::Branch(children) => {
            let at = place(id, level);
            if remove_below(&mut children[at], id, level.saturating_sub(1)) {
                children[at] = None;
            }
            children.iter().all(Option::is_none)
        }
    }
}

fn visit_below<'a, T>(
    page: &'a Page<T>,
    first: u32,
    level: u32,
    visitor: &mut impl FnMut(u32, &'a T) -> ControlFlow<()>,
) -> ControlFlow<()> {
    match page {
        Page::Leaf(entries) => {
            for (at, entry) in entries.iter().enumerate() {
                if let Some(entry) = entry {
                    visitor(first + at as u32, entry)?;
                }
            }
        }
        Page::Branch(children) => {
            for (at, child) in children.iter().enumerate() {
                if let Some(child) = child {
                    let first = first + ((at as u32) << (level * BITS));
                    visit_below(child, first, level - 1, visitor)?;
                }
            }
        }
    }
    ControlFlow::Continue(())
}

fn change_below<T: Clone>(page: &mut Shared<Page<T>>, change: &mut impl FnMut(&mut T)) {
    match Shared::make_mut(page) {
        Page::Leaf(entries) => entries.iter_mut().flatten().for_each(change),
        Page::Branch(children) => children
            .iter_mut()
            .flatten()
            .for_each(|child| change_below(child, change)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn all(pages: &Pages<u32>) -> Vec<(u32, u32)> {
        let mut out = Vec::new();
        let _ = pages.visit(&mut |id, entry| {
            out.push((id, *entry));
            ControlFlow::Continue(())
        });
        out
    }

    proptest::proptest! {
        /// Behaves as an ordered map, and a fork taken half way does not change.
        #[test]
        fn is_an_ordered_map(steps in proptest::collection::vec((proptest::bool::weighted(0.7), 0_u32..5000, 0_u32..9), 1..200)) {
            let (mut pages, mut model) = (Pages::default(), BTreeMap::new());
            let mut fork = None;
            for (index, (insert, id, entry)) in steps.iter().enumerate() {
                if index == steps.len() / 2 {
                    fork = Some((pages.clone(), model.clone()));
                }
                if *insert {
                    pages.insert(*id, *entry);
                    model.insert(*id, *entry);
                } else {
                    pages.remove(*id);
                    model.remove(id);
                }
                if let Some(entry) = pages.get_mut(*id) {
                    *entry += 1;
                }
                if let Some(entry) = model.get_mut(id) {
                    *entry += 1;
                }
                proptest::prop_assert_eq!(pages.get(*id), model.get(id));
            }
            proptest::prop_assert_eq!(all(&pages), model.into_iter().collect::<Vec<_>>());
            let (pages, model) = fork.unwrap();
            proptest::prop_assert_eq!(all(&pages), model.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn reaches_the_last_id() {
        let mut pages = Pages::default();
        pages.insert(u32::MAX, 1);
        pages.insert(0, 2);
        assert_eq!(all(&pages), [(0, 2), (u32::MAX, 1)]);
        pages.remove(u32::MAX);
        pages.remove(0);
        assert!(pages.root.is_none());
    }
}
