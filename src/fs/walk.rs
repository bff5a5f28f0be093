//! Path resolution: from a path to what it names, across mounts and symbolic links.

use crate::api::Text;
use crate::fs::tree::MAX_LINKS;
use crate::fs::{
    Content, Cred, Errno, Forest, Ino, Inode, MountSource, MountTable, Sysr, TreeId, VNode, Virtual,
    VirtualKind,
};

/// Longest path in bytes (Linux: `PATH_MAX`).
const PATH_BYTES: usize = 4096;

/// Longest name in bytes (Linux: `NAME_MAX`).
const NAME_BYTES: usize = 255;

/// Most components that one resolution walks through, links expanded.
const MAX_STEPS: usize = 4096;

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
        let mut todo: Vec<Text> = components(path);
        if !path.starts_with('/') {
            todo.extend(components(cwd));
        }
        let slash = path.ends_with('/');
        let mut names: Vec<Text> = Vec::new();
        let mut stack: Vec<Place> = vec![self.mounted("").ok_or(Errno::ENOENT)?];
        let mut dotted = true;
        let (mut links, mut steps) = (0, 0);
        while let Some(name) = todo.pop() {
            steps += 1;
            if steps > MAX_STEPS {
                return Err(Errno::ELOOP);
            }
            self.may_search(stack.last().ok_or(Errno::ENOENT)?)?;
            if name.len() > NAME_BYTES {
                return Err(Errno::ENAMETOOLONG);
            }
            dotted = name == "." || name == "..";
            if name == ".." && stack.len() > 1 {
                stack.pop();
                names.pop();
            }
            if dotted {
                continue;
            }
            let here = stack.last().ok_or(Errno::ENOENT)?;
            let full = join(&names, &name);
            let Some(child) = self.child(here, &name, &full)? else {
                if !todo.is_empty() {
                    return Err(Errno::ENOENT);
                }
                return Ok(Found { place: None, parent: here.clone(), name, path: full, slash });
            };
            let last = todo.is_empty();
            match self.link_target(&child) {
                Some(target) if !last || follow || slash => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(Errno::ELOOP);
                    }
                    if target.starts_with('/') {
                        stack.truncate(1);
                        names.clear();
                    }
                    todo.extend(components(&target));
                    dotted = true;
                }
                _ => {
                    stack.push(child);
                    names.push(name);
                }
            }
        }
        let place = stack.pop().ok_or(Errno::ENOENT)?;
        let path = names.iter().fold(String::new(), |p, n| p + "/" + n);
        let name = if dotted && stack.is_empty() { Text::default() } else { names.pop().unwrap_or_default() };
        let parent = stack.pop().unwrap_or_else(|| place.clone());
        if slash && !self.is_dir(&place) {
            return Err(Errno::ENOTDIR);
        }
        let path = if path.is_empty() { "/".to_owned() } else { path };
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

fn components(path: &str) -> Vec<Text> {
    path.split('/').filter(|p| !p.is_empty()).rev().map(Text::from).collect()
}

fn join(names: &[Text], name: &str) -> String {
    let mut out = String::with_capacity(names.iter().map(|n| n.len() + 1).sum::<usize>() + name.len() + 1);
    for n in names.iter().map(Text::as_str).chain([name]) {
        out.push('/');
        out.push_str(n);
    }
    out
}
