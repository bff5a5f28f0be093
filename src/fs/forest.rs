//! The table of all file trees of a cluster.

use crate::fs::Tree;
use std::rc::Rc;

/// How many bytes of files all trees together really keep before writes fail with `ENOSPC`.
pub const FOREST_BYTES: u64 = 256 << 20;

/// A file tree in a [`Forest`]; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId(pub u32);

/// All file trees. Cloning it shares them; a tree is copied when it is next written.
#[derive(Clone, Debug, Default)]
pub struct Forest {
    trees: Vec<Option<Rc<Tree>>>,
    pub(super) kept: u64,
}

impl Forest {
    /// Adds a tree.
    pub fn add(&mut self, tree: Tree) -> TreeId {
        self.trees.push(Some(Rc::new(tree)));
        TreeId(self.trees.len() as u32 - 1)
    }

    /// A tree; `None` once it was removed.
    pub fn get(&self, id: TreeId) -> Option<&Tree> {
        self.trees.get(id.0 as usize)?.as_deref()
    }

    /// A tree to be changed.
    pub fn get_mut(&mut self, id: TreeId) -> Option<&mut Tree> {
        self.trees.get_mut(id.0 as usize)?.as_mut().map(Rc::make_mut)
    }

    /// Counts bytes off that are no longer kept.
    pub(crate) fn freed(&mut self, bytes: u64) {
        self.kept = self.kept.saturating_sub(bytes);
    }

    /// Removes a tree.
    pub fn remove(&mut self, id: TreeId) {
        if let Some(slot) = self.trees.get_mut(id.0 as usize)
            && let Some(tree) = slot.take()
        {
            self.kept = self.kept.saturating_sub(tree.kept());
        }
    }
}
