//! One file tree: inodes over a shared read-only base.

use crate::api::Text;
use crate::collections::BTreeMap;
use crate::fs::{Errno, FileData, Sysr};
use std::rc::Rc;

/// An inode's number in its tree.
pub type Ino = u32;

/// The root directory of every tree.
pub const ROOT: Ino = 0;

/// Symbolic links followed in one path before `ELOOP` (Linux: `MAXSYMLINKS`).
pub(super) const MAX_LINKS: u32 = 40;

/// What an inode holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// A regular file.
    File(FileData),
    /// An executable that the simulation knows by name, with the size that `ls` shows.
    Program(Text, u64),
    /// A directory.
    Dir(Rc<BTreeMap<Text, Ino>>),
    /// A symbolic link.
    Symlink(Text),
    /// A character device.
    Device(Device),
    /// A named pipe.
    Fifo,
}

/// The character devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// `/dev/null`
    Null,
    /// `/dev/zero`
    Zero,
    /// `/dev/full`
    Full,
    /// `/dev/random`, `/dev/urandom`
    Random,
    /// `/dev/tty`, `/dev/console`: the process's own terminal.
    Tty,
}

/// A file, directory, link, device or pipe.
#[derive(Clone, Debug)]
pub struct Inode {
    /// What it holds.
    pub content: Content,
    /// Permission bits.
    pub mode: u16,
    /// Hard links to it (directories: not counted here).
    pub links: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Modified, in microseconds since 1970.
    pub mtime: i64,
}

/// What kind of file system a tree is (for `df`, `mount` and its directory sizes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsKind {
    /// A container's root.
    Overlay,
    /// In memory.
    Tmpfs,
    /// A node's disk.
    Ext4,
}

/// A read-only tree that others are laid over.
#[derive(Debug)]
pub struct Base(Vec<Inode>);

/// A file tree.
#[derive(Clone, Debug)]
pub struct Tree {
    base: Option<Rc<Base>>,
    over: BTreeMap<Ino, Inode>,
    next: Ino,
    /// Of which kind it is.
    pub kind: FsKind,
    /// Bytes written into it beyond its base.
    pub used: u64,
    /// At how many `used` bytes writes fail with `ENOSPC`.
    pub limit: Option<u64>,
    open: BTreeMap<Ino, u32>,
}

impl Tree {
    /// An empty tree with a root directory of mode 0755.
    pub fn new(kind: FsKind) -> Tree {
        let root =
            Inode { content: Content::Dir(Rc::default()), mode: 0o755, links: 1, uid: 0, gid: 0, mtime: 0 };
        Tree {
            base: None,
            over: BTreeMap::from([(ROOT, root)]),
            next: 1,
            kind,
            used: 0,
            limit: None,
            open: BTreeMap::new(),
        }
    }

    /// A tree over a base.
    pub fn over(base: &Rc<Base>, kind: FsKind) -> Tree {
        Tree {
            base: Some(base.clone()),
            over: BTreeMap::new(),
            next: base.0.len() as Ino,
            kind,
            used: 0,
            limit: None,
            open: BTreeMap::new(),
        }
    }

    /// Makes it a base for other trees.
    pub fn freeze(self) -> Rc<Base> {
        let gone = || Inode { content: Content::Fifo, mode: 0, links: 0, uid: 0, gid: 0, mtime: 0 };
        Rc::new(Base((0..self.next).map(|i| self.inode(i).cloned().unwrap_or_else(gone)).collect()))
    }

    /// An inode.
    pub fn inode(&self, ino: Ino) -> Option<&Inode> {
        self.over.get(&ino).or_else(|| self.base.as_ref()?.0.get(ino as usize))
    }

    /// An inode to be changed: copied up if it is the base's.
    pub fn inode_mut(&mut self, ino: Ino) -> Option<&mut Inode> {
        if !self.over.contains_key(&ino) {
            let copy = self.base.as_ref()?.0.get(ino as usize)?.clone();
            self.over.insert(ino, copy);
        }
        self.over.get_mut(&ino)
    }

    /// Changes every inode of a tree without a base.
    pub fn change_all(&mut self, mut change: impl FnMut(&mut Inode)) {
        debug_assert!(self.base.is_none(), "a base is shared");
        for inode in self.over.values_mut() {
            change(inode);
        }
    }

    /// The entries of a directory.
    pub fn entries(&self, dir: Ino) -> Sysr<&BTreeMap<Text, Ino>> {
        match self.inode(dir).map(|i| &i.content) {
            Some(Content::Dir(entries)) => Ok(entries),
            Some(_) => Err(Errno::ENOTDIR),
            None => Err(Errno::ENOENT),
        }
    }

    /// An entry of a directory.
    pub fn child(&self, dir: Ino, name: &str) -> Option<Ino> {
        self.entries(dir).ok()?.get(name).copied()
    }

    /// Makes a new inode under a name that must be free.
    pub fn create(&mut self, dir: Ino, name: &str, inode: Inode) -> Sysr<Ino> {
        let mtime = inode.mtime;
        let ino = self.next;
        self.link(dir, name, ino, mtime)?;
        self.next += 1;
        self.over.insert(ino, inode);
        Ok(ino)
    }

    /// Enters `ino` into a directory under a name that must be free. (Its count of links is the caller's job.)
    pub fn link(&mut self, dir: Ino, name: &str, ino: Ino, mtime: i64) -> Sysr<()> {
        if self.entries(dir)?.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        let inode = self.inode_mut(dir).ok_or(Errno::ENOENT)?;
        inode.mtime = mtime;
        if let Content::Dir(entries) = &mut inode.content {
            Rc::make_mut(entries).insert(Text::from(name), ino);
        }
        Ok(())
    }

    /// Takes a name out of a directory; the inode goes with its last name unless it is open.
    /// Returns how many really kept bytes were freed.
    pub fn unlink(&mut self, dir: Ino, name: &str, mtime: i64) -> Sysr<u64> {
        let ino = self.detach(dir, name, mtime)?;
        let Some(inode) = self.inode_mut(ino) else { return Ok(0) };
        inode.links = inode.links.saturating_sub(1);
        Ok(self.reclaim(ino))
    }

    /// Takes a name out of a directory without counting links (for `rename`).
    pub fn detach(&mut self, dir: Ino, name: &str, mtime: i64) -> Sysr<Ino> {
        let ino = self.child(dir, name).ok_or(Errno::ENOENT)?;
        let inode = self.inode_mut(dir).ok_or(Errno::ENOENT)?;
        inode.mtime = mtime;
        if let Content::Dir(entries) = &mut inode.content {
            Rc::make_mut(entries).remove(name);
        }
        Ok(ino)
    }

    /// Counts a descriptor on an inode.
    pub fn opened(&mut self, ino: Ino) {
        *self.open.entry(ino).or_insert(0) += 1;
    }

    /// Counts a descriptor off. Returns how many really kept bytes were freed.
    pub fn closed(&mut self, ino: Ino) -> u64 {
        if let Some(n) = self.open.get_mut(&ino) {
            *n -= 1;
            if *n == 0 {
                self.open.remove(&ino);
            }
        }
        self.reclaim(ino)
    }

    fn reclaim(&mut self, ino: Ino) -> u64 {
        if self.open.contains_key(&ino) || self.inode(ino).is_none_or(|i| i.links > 0) {
            return 0;
        }
        let Some(Inode { content: Content::File(data), .. }) = self.over.remove(&ino) else { return 0 };
        if self.base.as_ref().is_some_and(|b| (ino as usize) < b.0.len()) {
            // The base's inode shows through again, but no name leads to it.
            return 0;
        }
        self.used = self.used.saturating_sub(data.len());
        data.kept() as u64
    }

    /// How many bytes it really keeps beyond its base.
    pub fn kept(&self) -> u64 {
        let of = |i: &Inode| if let Content::File(d) = &i.content { d.kept() as u64 } else { 0 };
        self.over.values().map(of).sum()
    }

    /// Whether a directory is the base's, changed here (the root always is).
    pub(super) fn is_merged(&self, ino: Ino) -> bool {
        let in_base = self.base.as_ref().is_some_and(|b| (ino as usize) < b.0.len());
        self.kind == FsKind::Overlay && (ino == ROOT || in_base && self.over.contains_key(&ino))
    }

    /// The inode at a path within the tree, following its own symbolic links.
    pub fn lookup(&self, path: &str) -> Option<Ino> {
        self.follow(path)?.1
    }

    /// A path within the tree without links and dots; what does not exist yet is taken as it is.
    pub fn real_path(&self, path: &str) -> Option<String> {
        Some(self.follow(path)?.0.iter().fold(String::new(), |p, n| p + "/" + n))
    }

    /// Follows a path as far as it exists: (its names without links and dots, its inode if all of it exists).
    fn follow(&self, path: &str) -> Option<(Vec<Text>, Option<Ino>)> {
        let mut todo: Vec<Text> = path.split('/').rev().map(Text::from).collect();
        let mut names: Vec<Text> = Vec::new();
        let mut stack = vec![ROOT];
        let mut links = 0;
        while let Some(name) = todo.pop() {
            match name.as_str() {
                "" | "." => continue,
                ".." => {
                    if names.pop().is_some() {
                        stack.truncate(names.len() + 1);
                    }
                    continue;
                }
                _ => {}
            }
            // Below something that is absent there is nothing to be looked up.
            let here = (stack.len() == names.len() + 1).then(|| stack.last().copied()).flatten();
            let child = here.and_then(|dir| self.child(dir, &name));
            if let Some(Content::Symlink(target)) = child.and_then(|i| self.inode(i)).map(|i| &i.content) {
                links += 1;
                if links > MAX_LINKS {
                    return None;
                }
                if target.starts_with('/') {
                    stack.truncate(1);
                    names.clear();
                }
                todo.extend(target.split('/').rev().map(Text::from));
                continue;
            }
            names.push(name);
            stack.extend(child);
        }
        let whole = stack.len() == names.len() + 1;
        Some((names, if whole { stack.last().copied() } else { None }))
    }

    /// Puts something at a path, making its directories (mode 0755, root's) and replacing what is there.
    /// For those who build trees: images, volumes, nodes. Does not follow a link at the path itself.
    pub fn put(&mut self, path: &str, content: Content, mode: u16, mtime: i64) -> Ino {
        let (dir, name) = path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path));
        let dir = self.make_dirs(dir, mtime);
        if let Content::File(data) = &content {
            self.used += data.len();
        }
        let inode = Inode { content, mode, links: 1, uid: 0, gid: 0, mtime };
        if self.child(dir, name).is_some() {
            let _ = self.unlink(dir, name, mtime);
        }
        self.create(dir, name, inode).unwrap_or(ROOT)
    }

    /// Makes the directories of a path where they are absent; returns the last one.
    pub fn make_dirs(&mut self, path: &str, mtime: i64) -> Ino {
        if let Some(ino) = self.lookup(path) {
            return ino;
        }
        let real = self.real_path(path).unwrap_or_default();
        self.make_dirs_from(ROOT, &real, mtime)
    }

    /// Makes directories below one, without following links; returns the last one.
    pub fn make_dirs_from(&mut self, from: Ino, path: &str, mtime: i64) -> Ino {
        let mut at = from;
        for name in path.split('/').filter(|p| !p.is_empty()) {
            at = match self.child(at, name) {
                Some(ino) => ino,
                None => {
                    let content = Content::Dir(Rc::default());
                    let inode = Inode { content, mode: 0o755, links: 1, uid: 0, gid: 0, mtime };
                    match self.create(at, name, inode) {
                        Ok(ino) => ino,
                        Err(_) => return at,
                    }
                }
            };
        }
        at
    }

    /// A whole file by its path within the tree.
    pub fn file(&self, path: &str) -> Option<&FileData> {
        match &self.inode(self.lookup(path)?)?.content {
            Content::File(data) => Some(data),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_container_writes_the_other_does_not_see() {
        let mut image = Tree::new(FsKind::Overlay);
        image.put("/etc/motd", Content::File(FileData::lit("hello")), 0o644, 0);
        image.put("/var/run", Content::Symlink(Text::lit("/run")), 0o777, 0);
        let base = image.freeze();
        let (mut a, b) = (Tree::over(&base, FsKind::Overlay), Tree::over(&base, FsKind::Overlay));
        a.put("/etc/motd", Content::File(FileData::lit("changed")), 0o644, 0);
        a.put("/var/run/x", Content::File(FileData::lit("x")), 0o644, 0);
        let text = |t: &Tree, p: &str| t.file(p).map(|d| d.read(0, 99));
        assert_eq!(text(&a, "/etc/motd"), Some(b"changed".to_vec()));
        assert_eq!(text(&b, "/etc/motd"), Some(b"hello".to_vec()));
        assert_eq!(text(&a, "/run/x"), Some(b"x".to_vec()));
        assert_eq!(a.real_path("/var/run/secrets/k8s"), Some("/run/secrets/k8s".to_owned()));
        assert_eq!(a.real_path("/no/../such/./x"), Some("/such/x".to_owned()));
        assert_eq!(a.lookup("/no/../etc"), a.lookup("/etc"));
    }
}
