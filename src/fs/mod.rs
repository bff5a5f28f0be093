//! In-memory file trees with mounts, shared by containers, nodes and the workstation.
//!
//! A [`Tree`] is a table of inodes over an optional read-only [`Base`] that all containers of an image
//! share; what a container changes is copied up, inode by inode. Trees live in a [`Forest`] and are named
//! by [`TreeId`], so that an emptyDir is one tree in several containers and the whole is plain `Clone` data.
//! A [`MountTable`] puts trees (and the generated `/proc` and `/sys`, see [`Virtual`]) at paths, and
//! [`Vfs`] walks them as a process with its user would.
//!
//! Left out: access times, extended attributes, ACLs, quotas by user, mount propagation.
//!
//! Invariants: an inode's number is never reused in its tree; the root is [`ROOT`]; an inode whose last
//! link goes stays as long as it is open.

mod cred;
mod data;
mod errno;
mod forest;
mod mounts;
mod ops;
mod stat;
mod tree;
mod view;
mod walk;

pub use cred::{Cap, Caps, Cred};
pub use data::{FILE_BYTES, FileData};
pub use errno::{Errno, Sysr};
pub use forest::{FOREST_BYTES, Forest, TreeId};
pub use mounts::{Mount, MountSource, MountTable, VNode, Virtual, VirtualKind};
pub use ops::Vfs;
pub(crate) use ops::{truncate, write_at};
pub use stat::{FileType, MountInfo, Stat};
pub use tree::{Base, Content, Device, FsKind, Ino, Inode, ROOT, Tree};
pub use view::View;
pub use walk::{Found, Place, logical};
