//! Sorting that is compiled once.
//!
//! The standard sort is compiled anew for every type of item, a few kilobytes each time. Here one sort
//! arranges positions, and only the exchange of items is made for each type.

use std::cmp::Ordering;

/// Stable sorting of slices, as `sort`, `sort_by` and `sort_by_key` do it.
pub trait Order<T> {
    /// Sorts by a comparison.
    fn order_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// Sorts by a key of each item.
    fn order_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.order_by(|a, b| key(a).cmp(&key(b)));
    }

    /// Sorts by the items' own order.
    fn order(&mut self)
    where
        T: Ord,
    {
        self.order_by(T::cmp);
    }
}

impl<T> Order<T> for [T] {
    fn order_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let mut from = sorted(self.len(), &mut |a, b| compare(&self[a], &self[b]));
        for start in 0..from.len() {
            let mut to = start;
            while from[to] != PLACED {
                let source = std::mem::replace(&mut from[to], PLACED);
                if source != start {
                    self.swap(to, source);
                }
                to = source;
            }
        }
    }
}

/// Marks a position that has its item.
const PLACED: usize = usize::MAX;

/// Positions in the order of what stands there.
#[inline(never)]
fn sorted(len: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..len).collect();
    positions.sort_by(|a, b| compare(*a, *b));
    positions
}
