//! What a process changes about files by their paths.

use crate::api::Text;
use crate::fs::{
    Cap, Content, Cred, Errno, FOREST_BYTES, FileData, Forest, Found, Ino, Inode, MountTable, Place, Sysr,
    Tree, TreeId, View, Virtual,
};
use std::rc::Rc;

/// The set-group-ID bit.
const SET_GID: u16 = 0o2000;

/// Files as one process sees them, to be changed.
pub struct Vfs<'a> {
    /// All trees.
    pub forest: &'a mut Forest,
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

impl Vfs<'_> {
    /// The same files, to be read.
    pub fn view(&self) -> View<'_> {
        View {
            forest: self.forest,
            mounts: self.mounts,
            virt: self.virt,
            cred: self.cred,
            cwd: self.cwd,
            now: self.now,
        }
    }

    fn find(&self, path: &str, follow: bool) -> Sysr<Found> {
        self.view().find(path, follow)
    }

    fn inode(&self, place: &Place) -> Sysr<&Inode> {
        match place {
            Place::Inode { tree, ino, .. } => {
                self.forest.get(*tree).and_then(|t| t.inode(*ino)).ok_or(Errno::ENOENT)
            }
            Place::Virtual { .. } => Err(Errno::EACCES),
        }
    }

    /// The file to be opened for writing, made if absent: (tree, inode). `EISDIR`, `EACCES`, `EROFS` …
    pub fn make_file(&mut self, path: &str) -> Sysr<(TreeId, Ino)> {
        let found = self.find(path, true)?;
        if found.slash {
            return Err(Errno::EISDIR);
        }
        match &found.place {
            Some(place @ Place::Inode { tree, ino, .. }) => {
                let inode = self.inode(place)?;
                if matches!(inode.content, Content::Dir(_)) {
                    return Err(Errno::EISDIR);
                }
                let device = matches!(inode.content, Content::Device(_) | Content::Fifo);
                if !self.cred.may(inode, 2) {
                    return Err(Errno::EACCES);
                }
                if !device && self.mounts.0[place.mount()].read_only {
                    return Err(Errno::EROFS);
                }
                Ok((*tree, *ino))
            }
            Some(Place::Virtual { .. }) => Err(Errno::EACCES),
            None => self.create(&found, Content::File(FileData::default()), 0o666),
        }
    }

    fn create(&mut self, found: &Found, content: Content, mode: u32) -> Sysr<(TreeId, Ino)> {
        if found.place.is_some() || found.name.is_empty() {
            return Err(Errno::EEXIST);
        }
        let (tree, dir) = self.writable_dir(&found.parent)?;
        let now = self.now;
        let links = 1;
        let mask = if matches!(content, Content::Symlink(_)) { 0 } else { self.cred.umask };
        let mode = mode & !mask;
        let mut mode = mode as u16;
        // What is made in a directory with the set-group-ID bit belongs to the directory's group.
        let shared = self.forest.get(tree).and_then(|t| t.inode(dir)).filter(|d| d.mode & SET_GID != 0);
        let gid = shared.map_or(self.cred.gid, |d| d.gid);
        if shared.is_some() && matches!(content, Content::Dir(_)) {
            mode |= SET_GID;
        }
        let inode = Inode { content, mode, links, uid: self.cred.uid, gid, mtime: now };
        let ino = self.tree_mut(tree)?.create(dir, &found.name, inode)?;
        Ok((tree, ino))
    }

    fn tree_mut(&mut self, tree: TreeId) -> Sysr<&mut Tree> {
        self.forest.get_mut(tree).ok_or(Errno::ENOENT)
    }

    fn writable_dir(&self, dir: &Place) -> Sysr<(TreeId, Ino)> {
        match dir {
            Place::Inode { mount, tree, ino } => {
                if self.mounts.0[*mount].read_only {
                    return Err(Errno::EROFS);
                }
                if !self.cred.may(self.inode(dir)?, 2 | 1) {
                    return Err(Errno::EACCES);
                }
                Ok((*tree, *ino))
            }
            Place::Virtual { mount, .. } if self.mounts.0[*mount].read_only => Err(Errno::EROFS),
            // Nothing can be made in /proc: the kernel answers that there is no such file.
            Place::Virtual { .. } => Err(Errno::ENOENT),
        }
    }

    /// Makes a directory.
    pub fn mkdir(&mut self, path: &str, mode: u32) -> Sysr<()> {
        let found = self.find(path, false)?;
        self.create(&found, Content::Dir(Rc::default()), mode & 0o7777).map(|_| ())
    }

    /// Makes a symbolic link.
    pub fn symlink(&mut self, target: &str, path: &str) -> Sysr<()> {
        let found = self.find(path, false)?;
        self.create(&found, Content::Symlink(Text::from(target)), 0o777).map(|_| ())
    }

    /// Makes a named pipe.
    pub fn mkfifo(&mut self, path: &str) -> Sysr<()> {
        let found = self.find(path, false)?;
        self.create(&found, Content::Fifo, 0o666).map(|_| ())
    }

    /// Makes a hard link.
    pub fn link(&mut self, from: &str, to: &str) -> Sysr<()> {
        let from = self.view().place(from, false)?;
        let found = self.find(to, false)?;
        if found.place.is_some() {
            return Err(Errno::EEXIST);
        }
        let (to_tree, dir) = self.writable_dir(&found.parent)?;
        let Place::Inode { mount, tree, ino } = from else { return Err(Errno::EXDEV) };
        if tree != to_tree || mount != found.parent.mount() {
            return Err(Errno::EXDEV);
        }
        if matches!(self.inode(&from)?.content, Content::Dir(_)) {
            return Err(Errno::EPERM);
        }
        let now = self.now;
        let tree = self.tree_mut(tree)?;
        tree.link(dir, &found.name, ino, now)?;
        if let Some(inode) = tree.inode_mut(ino) {
            inode.links += 1;
        }
        Ok(())
    }

    fn removable(&self, found: &Found) -> Sysr<(TreeId, Ino, Place)> {
        let place = found.place.clone().ok_or(Errno::ENOENT)?;
        if matches!(place, Place::Virtual { .. }) && !self.mounts.0[place.mount()].read_only {
            return Err(Errno::EPERM);
        }
        let (tree, dir) = self.writable_dir(&found.parent)?;
        if found.name.is_empty() || self.mounts.at(&found.path).is_some() {
            return Err(Errno::EBUSY);
        }
        let sticky = self.inode(&found.parent)?;
        if sticky.mode & 0o1000 != 0
            && self.cred.uid != 0
            && self.cred.uid != sticky.uid
            && self.inode(&place)?.uid != self.cred.uid
        {
            return Err(Errno::EPERM);
        }
        Ok((tree, dir, place))
    }

    /// Removes an empty directory.
    pub fn rmdir(&mut self, path: &str) -> Sysr<()> {
        if path == "." || path.ends_with("/.") {
            return Err(Errno::EINVAL);
        }
        let found = self.find(path.trim_end_matches('/'), false)?;
        let (tree, dir, place) = self.removable(&found)?;
        match &self.inode(&place)?.content {
            Content::Dir(entries) if entries.is_empty() => {}
            Content::Dir(_) => return Err(Errno::ENOTEMPTY),
            _ => return Err(Errno::ENOTDIR),
        }
        let now = self.now;
        self.tree_mut(tree)?.unlink(dir, &found.name, now).map(|_| ())
    }

    /// Removes a name of a file.
    pub fn unlink(&mut self, path: &str) -> Sysr<()> {
        let found = self.find(path, false)?;
        let (tree, dir, place) = self.removable(&found)?;
        if matches!(self.inode(&place)?.content, Content::Dir(_)) {
            return Err(Errno::EISDIR);
        }
        let now = self.now;
        let freed = self.tree_mut(tree)?.unlink(dir, &found.name, now)?;
        self.forest.kept = self.forest.kept.saturating_sub(freed);
        Ok(())
    }

    /// Renames within a file system; `EXDEV` across.
    pub fn rename(&mut self, from: &str, to: &str) -> Sysr<()> {
        let from = self.find(from.trim_end_matches('/'), false)?;
        let to = self.find(to, false)?;
        let (tree, dir, place) = self.removable(&from)?;
        let (to_tree, to_dir) = self.writable_dir(&to.parent)?;
        if tree != to_tree || from.parent.mount() != to.parent.mount() {
            return Err(Errno::EXDEV);
        }
        if to.path == from.path {
            return Ok(());
        }
        if to.path.strip_prefix(from.path.as_str()).is_some_and(|rest| rest.starts_with('/')) {
            return Err(Errno::EINVAL);
        }
        let dir_moves = matches!(self.inode(&place)?.content, Content::Dir(_));
        if let Some(old) = &to.place {
            self.removable(&to)?;
            match (&self.inode(old)?.content, dir_moves) {
                (Content::Dir(e), true) if e.is_empty() => {}
                (Content::Dir(_), true) => return Err(Errno::ENOTEMPTY),
                (Content::Dir(_), false) => return Err(Errno::EISDIR),
                (_, true) => return Err(Errno::ENOTDIR),
                (_, false) => {}
            }
        }
        let now = self.now;
        let tree = self.tree_mut(tree)?;
        let mut freed = 0;
        if to.place.is_some() {
            freed = tree.unlink(to_dir, &to.name, now)?;
        }
        let ino = tree.detach(dir, &from.name, now)?;
        let moved = tree.link(to_dir, &to.name, ino, now);
        self.forest.kept = self.forest.kept.saturating_sub(freed);
        moved
    }

    fn change(&mut self, path: &str, owner_only: bool) -> Sysr<&mut Inode> {
        let place = self.view().place(path, true)?;
        if self.mounts.0[place.mount()].read_only {
            return Err(Errno::EROFS);
        }
        let Place::Inode { tree, ino, .. } = place else { return Err(Errno::EPERM) };
        let inode = self.inode(&place)?;
        let owner = self.cred.can(Cap::FOWNER) || self.cred.uid == inode.uid;
        if !owner && (owner_only || !self.cred.may(inode, 2)) {
            return Err(if owner_only { Errno::EPERM } else { Errno::EACCES });
        }
        self.tree_mut(tree)?.inode_mut(ino).ok_or(Errno::ENOENT)
    }

    /// Changes the permission bits.
    pub fn chmod(&mut self, path: &str, mode: u32) -> Sysr<()> {
        self.change(path, true)?.mode = (mode & 0o7777) as u16;
        Ok(())
    }

    /// Changes the owner: who has the capability may; an owner may pass a file to a group of its own.
    pub fn chown(&mut self, path: &str, uid: Option<u32>, gid: Option<u32>) -> Sysr<()> {
        let cred = self.cred.clone();
        let inode = if cred.can(Cap::CHOWN) { self.change(path, false)? } else { self.change(path, true)? };
        let ours = |g: u32| g == inode.gid || g == cred.gid || cred.groups.contains(&g);
        let gives = uid.is_some_and(|u| u != inode.uid) || gid.is_some_and(|g| !ours(g));
        if gives && !cred.can(Cap::CHOWN) {
            return Err(Errno::EPERM);
        }
        inode.uid = uid.unwrap_or(inode.uid);
        inode.gid = gid.unwrap_or(inode.gid);
        Ok(())
    }

    /// Sets the time of change, making the file if absent.
    pub fn touch(&mut self, path: &str, mtime: i64) -> Sysr<()> {
        let found = self.find(path, true)?;
        if found.place.is_none() {
            let (tree, ino) = self.create(&found, Content::File(FileData::default()), 0o666)?;
            if let Some(inode) = self.tree_mut(tree)?.inode_mut(ino) {
                inode.mtime = mtime;
            }
            return Ok(());
        }
        self.change(path, false)?.mtime = mtime;
        Ok(())
    }

    /// Cuts a file or makes it longer.
    pub fn truncate(&mut self, path: &str, size: u64) -> Sysr<()> {
        let (tree, ino) = self.make_file(path)?;
        truncate(self.forest, tree, ino, size, self.now)
    }
}

/// Writes into an open file at an offset (`None`: at its end); returns the offset behind it.
pub(crate) fn write_at(
    forest: &mut Forest,
    tree: TreeId,
    ino: Ino,
    offset: Option<u64>,
    bytes: &[u8],
    now: i64,
) -> Sysr<u64> {
    let len = size_of(forest, tree, ino)?;
    let at = offset.unwrap_or(len);
    let end = at.saturating_add(bytes.len() as u64);
    change_data(forest, tree, ino, len.max(end), now, |data| data.write(at, bytes))?;
    Ok(end)
}

/// Cuts an open file or makes it longer.
pub(crate) fn truncate(forest: &mut Forest, tree: TreeId, ino: Ino, size: u64, now: i64) -> Sysr<()> {
    change_data(forest, tree, ino, size, now, |data| {
        data.truncate(size);
        Ok(())
    })
}

fn size_of(forest: &Forest, tree: TreeId, ino: Ino) -> Sysr<u64> {
    match forest.get(tree).and_then(|t| t.inode(ino)).map(|i| &i.content) {
        Some(Content::File(data)) => Ok(data.len()),
        Some(Content::Program(..)) => Ok(0),
        Some(_) => Err(Errno::EINVAL),
        None => Err(Errno::ENOENT),
    }
}

/// Changes a file whose length will be `len`; refuses before anything is changed if there is no room.
fn change_data(
    forest: &mut Forest,
    tree: TreeId,
    ino: Ino,
    len: u64,
    now: i64,
    change: impl FnOnce(&mut FileData) -> Sysr<()>,
) -> Sysr<()> {
    let old = size_of(forest, tree, ino)?;
    let full = forest.kept >= FOREST_BYTES;
    let tree = forest.get_mut(tree).ok_or(Errno::ENOENT)?;
    let free = tree.limit.map_or(u64::MAX, |l| l.saturating_sub(tree.used));
    if len > old && (len - old > free || full) {
        return Err(Errno::ENOSPC);
    }
    let inode = tree.inode_mut(ino).ok_or(Errno::ENOENT)?;
    if let Content::Program(..) = inode.content {
        inode.content = Content::File(FileData::default());
    }
    let Content::File(data) = &mut inode.content else { return Err(Errno::EINVAL) };
    let kept = data.kept() as u64;
    change(data)?;
    let kept_now = data.kept() as u64;
    inode.mtime = now;
    tree.used = (tree.used + len).saturating_sub(old);
    forest.kept = (forest.kept + kept_now).saturating_sub(kept);
    Ok(())
}
