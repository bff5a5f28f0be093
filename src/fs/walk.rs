//! Path resolution: from a path to what it names, across mounts and symbolic links.

use crate::api::Text;
use crate::fs::tree::MAX_LINKS;
use crate::fs::{
    Content, Cred, Errno, Forest, Ino, Inode, MountSource, MountTable, Sysr, TreeId, VNode, Virtual,
    VirtualKind,
};
use std::borrow::Cow;

/// Longest path in bytes (Linux: `PATH_MAX`).
const PATH_BYTES: usize = 4096;

/// Longest name in bytes (Linux: `NAME_MAX`).
const NAME_BYTES: usize = 255;

/// Most components that one resolution walks through, links expanded.
const MAX_STEPS: usize = 4096;

/// A path behind a directory, with `.` and `..` resolved as text: links are not looked at.
pub fn logical(base: &str, path: &str) -> String {
    let base = if path.starts_with('/') { "" } else { base };
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Something that a path names.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// An inode of a tree.
    Inode {
        /// The mount through which it is reached.
        mount: usize,
        /// Its tree.
        tree: TreeId,
        /// Its number.
        ino: Ino,
    },
    /// A node of a generated file system.
    Virtual {
        /// The mount through which it is reached.
        mount: usize,
        /// Which file system.
        kind: VirtualKind,
        /// The path relative to the mount.
        path: String,
        /// What it is.
        node: VNode,
    },
}

impl Place {
    /// The mount through which it is reached.
    pub fn mount(&self) -> usize {
        match self {
            Place::Inode { mount, .. } | Place::Virtual { mount, .. } => *mount,
        }
    }
}

/// The outcome of a walk.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What the path names; `None` if only its last name is absent.
    pub place: Option<Place>,
    /// The directory that it is in.
    pub parent: Place,
    /// Its name there (empty for the root and for paths that end in `.` or `..`).
    pub name: Text,
    /// The absolute path without links and dots.
    pub path: String,
    /// Whether the path ended in a slash, which only directories allow.
    pub slash: bool,
}

/// A walk under way.
pub(super) struct Walk<'a> {
    pub forest: &'a Forest,
    pub mounts: &'a MountTable,
    pub virt: &'a dyn Virtual,
    pub cred: &'a Cred,
}

impl Walk<'_> {
    /// Resolves a path. With `follow`, a symbolic link at its end is followed, too.
    pub fn resolve(&self, cwd: &str, path: &str, follow: bool) -> Sysr<Found> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        if path.len() > PATH_BYTES {
            return Err(Errno::ENAMETOOLONG);
        }
        let from = if path.starts_with('/') { "" } else { cwd };
        let mut rest = components(from).chain(components(path)).peekable();
        let slash = path.ends_with('/');
        // What links put before the rest, the next last.
        let mut todo: Vec<String> = Vec::new();
        // The directories down to here, each with how long the path above it is.
        let mut stack: Vec<(Place, usize)> = vec![(self.mounted("").ok_or(Errno::ENOENT)?, 0)];
        let mut full = String::with_capacity(from.len() + path.len() + 1);
        let (mut links, mut steps) = (0, 0);
        while let Some(name) = todo.pop().map(Cow::Owned).or_else(|| rest.next().map(Cow::Borrowed)) {
            steps += 1;
            if steps > MAX_STEPS {
                return Err(Errno::ELOOP);
            }
            self.may_search(&stack.last().ok_or(Errno::ENOENT)?.0)?;
            if name.len() > NAME_BYTES {
                return Err(Errno::ENAMETOOLONG);
            }
            if name == ".." && stack.len() > 1 {
                let (_, above) = stack.pop().ok_or(Errno::ENOENT)?;
                full.truncate(above);
            }
            if name == "." || name == ".." {
                continue;
            }
            let (here, above) = (&stack.last().ok_or(Errno::ENOENT)?.0, full.len());
            full.push('/');
            full.push_str(&name);
            let last = todo.is_empty() && rest.peek().is_none();
            let Some(child) = self.child(here, &name, &full)? else {
                if !last {
                    return Err(Errno::ENOENT);
                }
                let (name, parent) = (Text::from(&*name), here.clone());
                return Ok(Found { place: None, parent, name, path: full, slash });
            };
            match self.link_target(&child) {
                Some(target) if !last || follow || slash => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(Errno::ELOOP);
                    }
                    full.truncate(above);
                    if target.starts_with('/') {
                        stack.truncate(1);
                        full.clear();
                    }
                    todo.extend(components(&target).rev().map(str::to_owned));
                }
                _ => stack.push((child, above)),
            }
        }
        let (place, above) = stack.pop().ok_or(Errno::ENOENT)?;
        if slash && !self.is_dir(&place) {
            return Err(Errno::ENOTDIR);
        }
        let parent = stack.pop().map_or_else(|| place.clone(), |(parent, _)| parent);
        let name = Text::from(full.get(above + 1..).unwrap_or_default());
        let path = if full.is_empty() { "/".to_owned() } else { full };
        Ok(Found { place: Some(place), parent, name, path, slash })
    }

    /// An inode of the forest.
    pub fn inode(&self, tree: TreeId, ino: Ino) -> Sysr<&Inode> {
        self.forest.get(tree).and_then(|t| t.inode(ino)).ok_or(Errno::ENOENT)
    }

    fn is_dir(&self, place: &Place) -> bool {
        match place {
            Place::Inode { tree, ino, .. } => {
                self.inode(*tree, *ino).is_ok_and(|i| matches!(i.content, Content::Dir(_)))
            }
            Place::Virtual { node, .. } => matches!(node, VNode::Dir(_)),
        }
    }

    fn may_search(&self, place: &Place) -> Sysr<()> {
        if !self.is_dir(place) {
            return Err(Errno::ENOTDIR);
        }
        match place {
            Place::Inode { tree, ino, .. } if !self.cred.may(self.inode(*tree, *ino)?, 1) => {
                Err(Errno::EACCES)
            }
            _ => Ok(()),
        }
    }

    fn mounted(&self, path: &str) -> Option<Place> {
        let mount = self.mounts.at(path)?;
        Some(match &self.mounts.0[mount].source {
            MountSource::Tree(tree, ino) => Place::Inode { mount, tree: *tree, ino: *ino },
            MountSource::Virtual(kind) => {
                Place::Virtual { mount, kind: *kind, path: String::new(), node: self.virt.node(*kind, "")? }
            }
        })
    }

    fn child(&self, dir: &Place, name: &str, full: &str) -> Sysr<Option<Place>> {
        if let Some(place) = self.mounted(full) {
            return Ok(Some(place));
        }
        Ok(match dir {
            Place::Inode { mount, tree, ino } => {
                let tree_ref = self.forest.get(*tree).ok_or(Errno::ENOENT)?;
                tree_ref.child(*ino, name).map(|ino| Place::Inode { mount: *mount, tree: *tree, ino })
            }
            Place::Virtual { mount, kind, path, .. } => {
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
                let node = self.virt.node(*kind, &path);
                node.map(|node| Place::Virtual { mount: *mount, kind: *kind, path, node })
            }
        })
    }

    fn link_target(&self, place: &Place) -> Option<Text> {
        match place {
            Place::Inode { tree, ino, .. } => match &self.inode(*tree, *ino).ok()?.content {
                Content::Symlink(target) => Some(target.clone()),
                _ => None,
            },
            Place::Virtual { node: VNode::Link(target), .. } => Some(target.clone()),
            Place::Virtual { .. } => None,
        }
    }
}

fn components(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|p| !p.is_empty())
}
