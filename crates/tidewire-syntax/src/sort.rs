//! Sorting with one algorithm for all types of elements.
//!
//! The sorts of the standard library are compiled anew for every type and every comparison, five kilobytes each, and
//! the page had forty of them. Here only the calls of the comparison are; the algorithm sorts positions. All sorts
//! are stable.

use std::cmp::Ordering;

/// Sorts by a comparison.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let order = positions(items.len(), &|left, right| {
        compare(&items[left], &items[right])
    });
    for (at, from) in order.iter().enumerate() {
        // An element that stood before `at` has been swapped away, to where its place's own element stood.
        let mut from = *from;
        while from < at {
            from = order[from];
        }
        items.swap(at, from);
    }
}

/// Sorts by a key, which is computed for every comparison.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |left, right| key(left).cmp(&key(right)));
}

/// Sorts by the elements' own order.
pub fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// For each place, where its element stands; nothing when all are in order already, as most short lists are.
fn positions(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    if (1..count).all(|at| compare(at - 1, at).is_le()) {
        return Vec::new();
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|left, right| compare(*left, *right));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts_as_the_standard_library_does(items: Vec<(u8, u32)>) {
            let mut expected = items.clone();
            expected.sort_by_key(|(key, _)| *key);
            let mut sorted = items.clone();
            sort_by_key(&mut sorted, |(key, _)| *key);
            prop_assert_eq!(&sorted, &expected);

            expected.sort_by(|left, right| right.cmp(left));
            sort_by(&mut sorted, |left, right| right.cmp(left));
            prop_assert_eq!(&sorted, &expected);

            expected.sort();
            sort(&mut sorted);
            prop_assert_eq!(&sorted, &expected);
        }
    }
}
