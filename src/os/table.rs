//! A table of things by numbers that are never reused.

use crate::collections::BTreeMap;

/// Rows by number, in order of making.
#[derive(Clone, Debug)]
pub(super) struct Table<T> {
    rows: BTreeMap<u32, T>,
    next: u32,
}

impl<T: Clone> Table<T> {
    pub fn starting_at(first: u32) -> Self {
        Table { rows: BTreeMap::new(), next: first }
    }

    pub fn add(&mut self, row: T) -> u32 {
        let id = self.next;
        self.next += 1;
        self.rows.insert(id, row);
        id
    }

    pub fn get(&self, id: u32) -> Option<&T> {
        self.rows.get(&id)
    }

    pub fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        self.rows.get_mut(&id)
    }

    pub fn remove(&mut self, id: u32) -> Option<T> {
        self.rows.remove(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.rows.iter().map(|(id, row)| (*id, row))
    }
}
