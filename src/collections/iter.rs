//! Iteration over the leaves of a map.

use super::{BTreeMap, Leaf, Place};
use std::rc::Rc;

/// Entries between two places, in order.
pub struct Iter<'a, K, V> {
    leaves: &'a [Leaf<K, V>],
    from: Place,
    to: Place,
}

impl<'a, K, V> Iter<'a, K, V> {
    pub(super) const fn new(leaves: &'a [Leaf<K, V>], from: Place, to: Place) -> Self {
        Self { leaves, from, to }
    }
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        if self.from >= self.to {
            return None;
        }
        let leaf = &self.leaves[self.from.0];
        let (k, v) = &leaf[self.from.1];
        self.from.1 += 1;
        if self.from.1 == leaf.len() {
            self.from = (self.from.0 + 1, 0);
        }
        Some((k, v))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let n = match self.to.0 - self.from.0.min(self.to.0) {
            0 => self.to.1.saturating_sub(self.from.1),
            _ => {
                let whole: usize = self.leaves[self.from.0..self.to.0].iter().map(|l| l.len()).sum();
                whole - self.from.1 + self.to.1
            }
        };
        (n, Some(n))
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.from >= self.to {
            return None;
        }
        if self.to.1 == 0 {
            self.to = (self.to.0 - 1, self.leaves[self.to.0 - 1].len());
        }
        self.to.1 -= 1;
        let (k, v) = &self.leaves[self.to.0][self.to.1];
        Some((k, v))
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

impl<'a, K, V> IntoIterator for &'a BTreeMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

/// All entries in order, with values to be changed.
pub struct IterMut<'a, K, V> {
    leaves: std::slice::IterMut<'a, Leaf<K, V>>,
    leaf: std::slice::IterMut<'a, (K, V)>,
}

impl<'a, K, V> IterMut<'a, K, V> {
    pub(super) fn new(leaves: &'a mut [Leaf<K, V>]) -> Self {
        Self { leaves: leaves.iter_mut(), leaf: [].iter_mut() }
    }
}

impl<'a, K: Clone, V: Clone> Iterator for IterMut<'a, K, V> {
    type Item = (&'a K, &'a mut V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((k, v)) = self.leaf.next() {
                return Some((k, v));
            }
            self.leaf = Rc::make_mut(self.leaves.next()?).iter_mut();
        }
    }
}

impl<'a, K: Ord + Clone, V: Clone> IntoIterator for &'a mut BTreeMap<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V>;

    fn into_iter(self) -> IterMut<'a, K, V> {
        self.iter_mut()
    }
}

/// All entries in order, given up.
pub struct IntoIter<K, V> {
    leaves: std::vec::IntoIter<Leaf<K, V>>,
    leaf: std::vec::IntoIter<(K, V)>,
}

impl<K: Clone, V: Clone> Iterator for IntoIter<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.leaf.next() {
                return Some(entry);
            }
            self.leaf = Rc::unwrap_or_clone(self.leaves.next()?).into_iter();
        }
    }
}

impl<K: Clone, V: Clone> IntoIterator for BTreeMap<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> IntoIter<K, V> {
        IntoIter { leaves: self.leaves.into_iter(), leaf: Vec::new().into_iter() }
    }
}
