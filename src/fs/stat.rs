//! What is told about files and mounts.

use crate::api::Text;

/// What kind of file something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FileType {
    File,
    Dir,
    Symlink,
    CharDevice,
    Fifo,
    Socket,
}

/// What `stat` tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Stat {
    /// Kind of file.
    pub kind: FileType,
    /// Permission bits, e.g. 0o644.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size in bytes.
    pub size: u64,
    /// Hard links.
    pub links: u32,
    /// Modified, in microseconds since 1970.
    pub mtime_micros: i64,
    /// The inode's number.
    pub inode: u64,
    /// The target of a symbolic link.
    pub target: Option<Text>,
}

/// A mounted file system as `mount` and `df` list it.
#[derive(Clone, Debug, PartialEq)]
pub struct MountInfo {
    /// e.g. `overlay`, `tmpfs`.
    pub source: Text,
    /// The path in the container.
    pub path: Text,
    /// e.g. `overlay`, `tmpfs`, `ext4`.
    pub fs_type: Text,
    /// Whether it is read-only.
    pub read_only: bool,
    /// Size in bytes.
    pub size: u64,
    /// Used bytes.
    pub used: u64,
}
