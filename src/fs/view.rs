//! What a process sees of files by their paths, without changing them.

use crate::api::Text;
use crate::collections::Order;
use crate::fs::walk::Walk;
use crate::fs::{
    Content, Cred, Errno, FileType, Forest, Found, FsKind, Ino, Inode, MountSource, MountTable, Place, ROOT,
    Stat, Sysr, Tree, TreeId, VNode, Virtual,
};

/// Files as one process sees them, to be read.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// All trees.
    pub forest: &'a Forest,
    /// Its mounts.
    pub mounts: &'a MountTable,
    /// The generated file systems.
    pub virt: &'a dyn Virtual,
    /// Its user.
    pub cred: &'a Cred,
    /// Its working directory.
    pub cwd: &'a str,
    /// The wall time in microseconds since 1970.
    pub now: i64,
}

impl View<'_> {
    fn walk(&self) -> Walk<'_> {
        Walk { forest: self.forest, mounts: self.mounts, virt: self.virt, cred: self.cred }
    }

    /// Resolves a path; see [`Found`].
    pub fn find(&self, path: &str, follow: bool) -> Sysr<Found> {
        self.walk().resolve(self.cwd, path, follow)
    }

    /// Resolves a path that must exist.
    pub fn place(&self, path: &str, follow: bool) -> Sysr<Place> {
        self.find(path, follow)?.place.ok_or(Errno::ENOENT)
    }

    /// The inode at a place.
    pub fn inode(&self, place: &Place) -> Sysr<&Inode> {
        match place {
            Place::Inode { tree, ino, .. } => {
                self.forest.get(*tree).and_then(|t| t.inode(*ino)).ok_or(Errno::ENOENT)
            }
            Place::Virtual { .. } => Err(Errno::EACCES),
        }
    }

    /// What `stat` (`follow`) or `lstat` tells.
    pub fn stat(&self, path: &str, follow: bool) -> Sysr<Stat> {
        self.stat_place(&self.place(path, follow)?)
    }

    /// What is known about a place.
    pub fn stat_place(&self, place: &Place) -> Sysr<Stat> {
        match place {
            Place::Inode { tree, ino, .. } => {
                let tree_ref = self.forest.get(*tree).ok_or(Errno::ENOENT)?;
                stat_inode(tree_ref, *tree, *ino)
            }
            Place::Virtual { node, .. } => {
                let (kind, mode, target) = match node {
                    VNode::Dir(_) => (FileType::Dir, 0o555, None),
                    VNode::File(writable) => (FileType::File, if *writable { 0o644 } else { 0o444 }, None),
                    VNode::Link(t) => (FileType::Symlink, 0o777, Some(t.clone())),
                    VNode::Descriptor(..) => (FileType::Symlink, 0o700, None),
                };
                let links = if kind == FileType::Dir { 2 } else { 1 };
                Ok(Stat {
                    kind,
                    mode,
                    uid: 0,
                    gid: 0,
                    size: 0,
                    links,
                    mtime_micros: self.now,
                    inode: 1,
                    target,
                })
            }
        }
    }

    /// Names in a directory, in order.
    pub fn read_dir(&self, path: &str) -> Sysr<Vec<Text>> {
        let found = self.find(path, true)?;
        let place = found.place.ok_or(Errno::ENOENT)?;
        let mut names: Vec<Text> = match &place {
            Place::Inode { tree, ino, .. } => {
                let tree = self.forest.get(*tree).ok_or(Errno::ENOENT)?;
                let entries = tree.entries(*ino)?;
                if !self.cred.may(self.inode(&place)?, 4) {
                    return Err(Errno::EACCES);
                }
                entries.keys().cloned().collect()
            }
            Place::Virtual { node: VNode::Dir(names), .. } => names.clone(),
            Place::Virtual { .. } => return Err(Errno::ENOTDIR),
        };
        let dir = if found.path == "/" { "" } else { &found.path };
        names.extend(self.mounts.names_in(dir).map(Text::from));
        names.order();
        names.dedup();
        Ok(names)
    }

    /// Whether the user may do that with a file: bits 4, 2, 1.
    pub fn access(&self, path: &str, bits: u32) -> bool {
        let Ok(place) = self.place(path, true) else { return false };
        if bits & 2 != 0 && self.mounts.0[place.mount()].read_only {
            return false;
        }
        match &place {
            Place::Inode { .. } => self.inode(&place).is_ok_and(|i| self.cred.may(i, bits as u16)),
            Place::Virtual { node, .. } => match node {
                VNode::File(writable) => bits & 1 == 0 && (bits & 2 == 0 || *writable),
                _ => true,
            },
        }
    }

    /// Used bytes of a mount's tree.
    pub fn used(&self, source: &MountSource) -> u64 {
        match source {
            MountSource::Tree(tree, _) => self.forest.get(*tree).map_or(0, |t| t.used),
            MountSource::Virtual(_) => 0,
        }
    }
}

fn stat_inode(tree: &Tree, id: TreeId, ino: Ino) -> Sysr<Stat> {
    let inode = tree.inode(ino).ok_or(Errno::ENOENT)?;
    let mut links = u32::from(inode.links);
    let mut target = None;
    let (kind, size) = match &inode.content {
        Content::File(data) => (FileType::File, data.len()),
        Content::Program(_, size) => (FileType::File, *size),
        Content::Dir(entries) => {
            let dirs = entries.values().filter_map(|i| tree.inode(*i));
            let dirs = dirs.filter(|i| matches!(i.content, Content::Dir(_))).count() as u32;
            // overlayfs does not count the links of directories that are in both layers.
            links = if tree.is_merged(ino) { 1 } else { 2 + dirs };
            // tmpfs counts 20 bytes an entry; disks give a directory one block.
            let size = if tree.kind == FsKind::Tmpfs { 40 + 20 * entries.len() as u64 } else { 4096 };
            (FileType::Dir, size)
        }
        Content::Symlink(t) => {
            target = Some(t.clone());
            (FileType::Symlink, t.len() as u64)
        }
        Content::Device(_) => (FileType::CharDevice, 0),
        Content::Fifo => (FileType::Fifo, 0),
    };
    Ok(Stat {
        kind,
        mode: u32::from(inode.mode),
        uid: inode.uid,
        gid: inode.gid,
        size,
        links,
        mtime_micros: inode.mtime,
        inode: u64::from(id.0) * 100_000 + u64::from(ino - ROOT) + 2,
        target,
    })
}
