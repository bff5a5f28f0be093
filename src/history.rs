//! A bounded, append-only list that is cheap to clone.
//!
//! Entries live in shared chunks: a clone (a checkpoint) copies one pointer for each chunk, and the first entry
//! behind it copies what the last chunk holds. When the limit is passed the oldest chunk goes as a whole.

use std::collections::VecDeque;
use std::rc::Rc;

/// Entries in a chunk: few enough that copying the last one is cheap, enough that pointers to chunks are few.
const CHUNK: usize = 64;

/// A list of entries numbered from 0, of which the oldest may have been dropped.
#[derive(Clone, Debug)]
pub struct History<T> {
    chunks: VecDeque<Rc<Vec<T>>>,
    /// The number of the oldest entry that is kept; a multiple of [`CHUNK`].
    first: u64,
    limit: usize,
}

impl<T: Clone> History<T> {
    /// An empty list that keeps about `limit` entries.
    pub fn new(limit: usize) -> History<T> {
        History { chunks: VecDeque::new(), first: 0, limit: limit.max(2 * CHUNK) }
    }

    /// Appends an entry and returns its number.
    pub fn push(&mut self, entry: T) -> u64 {
        let number = self.end();
        match self.chunks.back_mut() {
            Some(last) if last.len() < CHUNK => Rc::make_mut(last).push(entry),
            _ => {
                if self.chunks.len() * CHUNK >= self.limit {
                    self.chunks.pop_front();
                    self.first += CHUNK as u64;
                }
                let mut chunk = Vec::with_capacity(CHUNK / 4);
                chunk.push(entry);
                self.chunks.push_back(Rc::new(chunk));
            }
        }
        number
    }

    /// The entry of a number, unless it has been dropped or does not exist yet.
    pub fn get(&self, number: u64) -> Option<&T> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    /// The number of the oldest entry that is kept.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next entry will have.
    pub fn end(&self) -> u64 {
        let full = self.chunks.len().saturating_sub(1) * CHUNK;
        self.first + (full + self.chunks.back().map_or(0, |c| c.len())) as u64
    }

    /// The entries that are kept, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|c| c.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_go_and_numbers_stay() {
        let mut h = History::new(2_000);
        for i in 0..5_000_u64 {
            assert_eq!(h.push(i), i);
        }
        assert_eq!((h.first(), h.end()), (3_008, 5_000));
        assert_eq!(
            (h.get(3_007), h.get(3_008), h.get(4_999), h.get(5_000)),
            (None, Some(&3_008), Some(&4_999), None)
        );
        assert_eq!(h.iter().count(), 1_992);
        let before = h.clone();
        h.push(5_000);
        assert_eq!((before.end(), h.end()), (5_000, 5_001));
    }
}
