//! What is mounted where.

use crate::api::Text;
use crate::fs::{Ino, TreeId};
use std::rc::Rc;

/// The generated file systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VirtualKind {
    /// `/proc`
    Proc,
    /// `/sys`
    Sys,
}

/// A node of a generated file system.
#[derive(Clone, Debug, PartialEq)]
pub enum VNode {
    /// A directory with these names.
    Dir(Vec<Text>),
    /// A file; its content is made when it is opened. The flag says whether its mode allows writing.
    File(bool),
    /// A symbolic link.
    Link(Text),
    /// A link to what is open as this descriptor of this process (as numbered in the world).
    Descriptor(u32, u32),
}

/// Who knows the generated file systems (the operating system, for the process that asks).
pub trait Virtual {
    /// The node at a path relative to the mount (empty: its root).
    fn node(&self, kind: VirtualKind, path: &str) -> Option<VNode>;
}

/// Where a mount's files come from.
#[derive(Clone, Debug, PartialEq)]
pub enum MountSource {
    /// A tree, from this inode on.
    Tree(TreeId, Ino),
    /// A generated file system.
    Virtual(VirtualKind),
}

/// A mounted file system, directory or file.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    /// The absolute path, without links, dots or a slash at the end (the root is empty).
    pub path: Text,
    /// Its files.
    pub source: MountSource,
    /// Whether it cannot be written.
    pub read_only: bool,
    /// What `mount` shows as its device, e.g. `overlay`, `/dev/vda`.
    pub device: Text,
    /// Its type, e.g. `ext4`.
    pub fs_type: Text,
    /// Its options behind `rw` or `ro`, e.g. `relatime`.
    pub options: Text,
    /// Bytes that `df` shows as its size.
    pub size: u64,
}

/// The mounts of a container or machine, in order; later ones cover earlier ones.
#[derive(Clone, Debug, Default)]
pub struct MountTable(pub Rc<Vec<Mount>>);

impl MountTable {
    /// The mount at exactly this path.
    pub fn at(&self, path: &str) -> Option<usize> {
        self.0.iter().rposition(|m| m.path == path)
    }

    /// Names that mounts add to a directory.
    pub fn names_in<'a>(&'a self, dir: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(move |m| {
            let rest = m.path.strip_prefix(dir)?.strip_prefix('/')?;
            (!rest.is_empty() && !rest.contains('/')).then_some(rest)
        })
    }
}
