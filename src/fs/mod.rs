//! In-memory file trees with mounts.

/// A file tree in a [`Forest`]; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId(pub u32);
