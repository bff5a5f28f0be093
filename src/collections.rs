//! Ordered collections that are cheap to copy and small once compiled.
//!
//! [`BTreeMap`] and [`BTreeSet`] have the part of the standard types' interface that the core uses. Entries
//! lie sorted in leaves of at most [`LEAF`] entries behind one root: a B-tree of height two, fast up to
//! millions of entries. Leaves are shared between clones until one of them changes, so that a checkpoint
//! costs a counter per leaf; and a type costs about a quarter of the code that the standard map costs, which
//! is what counts where a hundred types of maps are compiled into a page.

mod iter;
mod order;
mod set;

pub use iter::{IntoIter, Iter, IterMut};
pub use order::Order;
pub use set::BTreeSet;

use std::borrow::Borrow;
use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::rc::Rc;

/// The most entries of a leaf; a full leaf is split in the middle.
const LEAF: usize = 64;

type Leaf<K, V> = Rc<Vec<(K, V)>>;

/// A place between entries: a leaf and an index in it. The end of a leaf is never used, but for the end of
/// the last one, which is `(leaves, 0)`.
type Place = (usize, usize);

/// A map in the order of its keys.
pub struct BTreeMap<K, V> {
    leaves: Vec<Leaf<K, V>>,
    len: usize,
}

impl<K, V> BTreeMap<K, V> {
    /// An empty map.
    pub const fn new() -> Self {
        Self { leaves: Vec::new(), len: 0 }
    }

    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// The entries in the order of their keys.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter::new(&self.leaves, (0, 0), (self.leaves.len(), 0))
    }

    /// The keys in their order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.iter().map(|(k, _)| k)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.iter().map(|(_, v)| v)
    }

    /// The entry with the least key.
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    /// The entry with the greatest key.
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next_back()
    }
}

impl<K: Ord, V> BTreeMap<K, V> {
    /// The place of the first entry that is not `before`.
    fn place(&self, mut before: impl FnMut(&K) -> bool) -> Place {
        let leaf = self.leaves.partition_point(|l| l.last().is_some_and(|(k, _)| before(k)));
        let index = self.leaves.get(leaf).map_or(0, |l| l.partition_point(|(k, _)| before(k)));
        (leaf, index)
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<Place, Place>
    where
        K: Borrow<Q>,
    {
        let (leaf, index) = self.place(|k| k.borrow() < key);
        match self.leaves.get(leaf).is_some_and(|l| l[index].0.borrow() == key) {
            true => Ok((leaf, index)),
            false => Err((leaf, index)),
        }
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|(leaf, index)| &self.leaves[leaf][index].1)
    }

    /// Whether there is an entry with this key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// The entries whose keys lie in a range.
    pub fn range<Q: Ord + ?Sized>(&self, range: impl RangeBounds<Q>) -> Iter<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let from = match range.start_bound() {
            Bound::Included(a) => self.place(|k| k.borrow() < a),
            Bound::Excluded(a) => self.place(|k| k.borrow() <= a),
            Bound::Unbounded => (0, 0),
        };
        let to = match range.end_bound() {
            Bound::Included(z) => self.place(|k| k.borrow() <= z),
            Bound::Excluded(z) => self.place(|k| k.borrow() < z),
            Bound::Unbounded => (self.leaves.len(), 0),
        };
        Iter::new(&self.leaves, from, to.max(from))
    }
}

impl<K: Ord + Clone, V: Clone> BTreeMap<K, V> {
    /// A leaf that belongs to this map alone.
    #[inline(never)]
    fn leaf(&mut self, leaf: usize) -> &mut Vec<(K, V)> {
        Rc::make_mut(&mut self.leaves[leaf])
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let (leaf, index) = self.find(key).ok()?;
        Some(&mut self.leaf(leaf)[index].1)
    }

    /// Puts an entry where none with its key is, and gives its place.
    #[inline(never)]
    fn put(&mut self, (leaf, index): Place, key: K, value: V) -> Place {
        self.len += 1;
        let (mut leaf, mut index) = match leaf < self.leaves.len() {
            true => (leaf, index),
            // Behind the last entry: the last leaf takes it.
            false if leaf > 0 => (leaf - 1, self.leaves[leaf - 1].len()),
            false => {
                self.leaves.push(Rc::default());
                (0, 0)
            }
        };
        if self.leaves[leaf].len() == LEAF {
            // Keys that grow fill their leaves; others find room in both halves.
            let at = if index == LEAF { LEAF } else { LEAF / 2 };
            let right = self.leaf(leaf).split_off(at);
            self.leaves.insert(leaf + 1, Rc::new(right));
            if index >= at {
                (leaf, index) = (leaf + 1, index - at);
            }
        }
        self.leaf(leaf).insert(index, (key, value));
        (leaf, index)
    }

    /// Takes the entry at a place out.
    #[inline(never)]
    fn take(&mut self, (leaf, index): Place) -> (K, V) {
        self.len -= 1;
        let entry = self.leaf(leaf).remove(index);
        if self.leaves[leaf].is_empty() {
            self.leaves.remove(leaf);
        }
        entry
    }

    /// Sets the value of a key and gives the one it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok((leaf, index)) => Some(std::mem::replace(&mut self.leaf(leaf)[index].1, value)),
            Err(place) => {
                self.put(place, key, value);
                None
            }
        }
    }

    /// Removes a key and gives the value it had.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|place| self.take(place).1)
    }

    /// The place of a key, to look at, fill or change.
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        let place = self.find(&key);
        Entry { map: self, place, key }
    }

    /// Keeps only the entries that satisfy a condition.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        for leaf in &mut self.leaves {
            Rc::make_mut(leaf).retain_mut(|(k, v)| keep(k, v));
        }
        self.leaves.retain(|l| !l.is_empty());
        self.len = self.leaves.iter().map(|l| l.len()).sum();
    }

    /// The entries in order, with values to be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
        IterMut::new(&mut self.leaves)
    }

    /// The values in the order of their keys, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.iter_mut().map(|(_, v)| v)
    }

    /// Gives the keys up.
    pub fn into_keys(self) -> impl Iterator<Item = K> {
        self.into_iter().map(|(k, _)| k)
    }

    /// Gives the values up.
    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.into_iter().map(|(_, v)| v)
    }

    /// Removes the entry with the least key.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (!self.is_empty()).then(|| self.take((0, 0)))
    }

    /// Removes the entry with the greatest key.
    pub fn pop_last(&mut self) -> Option<(K, V)> {
        let leaf = self.leaves.len().checked_sub(1)?;
        Some(self.take((leaf, self.leaves[leaf].len() - 1)))
    }

    /// Takes the entries from a key on out into a map of their own.
    pub fn split_off<Q: Ord + ?Sized>(&mut self, key: &Q) -> Self
    where
        K: Borrow<Q>,
    {
        let (leaf, index) = self.place(|k| k.borrow() < key);
        let mut right = Self::new();
        if leaf < self.leaves.len() {
            right.leaves = self.leaves.split_off(leaf);
            let left: Vec<_> = right.leaf(0).drain(..index).collect();
            if !left.is_empty() {
                self.leaves.push(Rc::new(left));
            }
        }
        right.len = right.leaves.iter().map(|l| l.len()).sum();
        self.len -= right.len;
        right
    }

    /// Takes all entries of another map in.
    pub fn append(&mut self, other: &mut Self) {
        self.extend(std::mem::take(other));
    }
}

/// The place of a key in a map.
pub struct Entry<'a, K, V> {
    map: &'a mut BTreeMap<K, V>,
    place: Result<Place, Place>,
    key: K,
}

impl<'a, K: Ord + Clone, V: Clone> Entry<'a, K, V> {
    /// The key.
    pub const fn key(&self) -> &K {
        &self.key
    }

    /// The value; a new one if there is none yet.
    pub fn or_insert_with(self, value: impl FnOnce() -> V) -> &'a mut V {
        let (leaf, index) = match self.place {
            Ok(place) => place,
            Err(place) => self.map.put(place, self.key, value()),
        };
        &mut self.map.leaf(leaf)[index].1
    }

    /// The value; this one if there is none yet.
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    /// The value; the default one if there is none yet.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Changes the value if there is one.
    pub fn and_modify(self, change: impl FnOnce(&mut V)) -> Self {
        if let Ok((leaf, index)) = self.place {
            change(&mut self.map.leaf(leaf)[index].1);
        }
        self
    }
}

impl<K, V> Clone for BTreeMap<K, V> {
    fn clone(&self) -> Self {
        Self { leaves: self.leaves.clone(), len: self.len }
    }
}

impl<K, V> Default for BTreeMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for BTreeMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for BTreeMap<K, V> {}

impl<K: PartialOrd, V: PartialOrd> PartialOrd for BTreeMap<K, V> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.iter().partial_cmp(other.iter())
    }
}

impl<K: Ord, V: Ord> Ord for BTreeMap<K, V> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.iter().cmp(other.iter())
    }
}

impl<K: std::hash::Hash, V: std::hash::Hash> std::hash::Hash for BTreeMap<K, V> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.iter().for_each(|entry| entry.hash(state));
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for BTreeMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord + Borrow<Q>, V, Q: Ord + ?Sized> std::ops::Index<&Q> for BTreeMap<K, V> {
    type Output = V;

    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("an entry with this key")
    }
}

impl<K: Ord + Clone, V: Clone> Extend<(K, V)> for BTreeMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (k, v) in entries {
            self.insert(k, v);
        }
    }
}

impl<K: Ord + Clone, V: Clone> FromIterator<(K, V)> for BTreeMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<K: Ord + Clone, V: Clone, const N: usize> From<[(K, V); N]> for BTreeMap<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: serde::Serialize, V: serde::Serialize> serde::Serialize for BTreeMap<K, V> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, K, V> serde::Deserialize<'de> for BTreeMap<K, V>
where
    K: Ord + Clone + serde::Deserialize<'de>,
    V: Clone + serde::Deserialize<'de>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(std::collections::BTreeMap::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
