//! The files of an image: what its utilities bring and what its application adds.
//!
//! [`entries`] lists them in a neutral form; [`build`] puts them into a file tree. Programs are files that
//! [`crate::images::program`] knows by id; the ids of utilities are `busybox` (which of
//! its applets is told by the name under which it is called), `busybox/NAME` and `coreutils/NAME`; of shells
//! `bash` and `dash`.
//!
//! Left out: shared libraries' names and contents, package databases, locales, time zones.

mod apps;
mod kits;
mod texts;

use super::catalogue::Image;
use crate::api::Text;
use crate::fs::{Content, FileData, Tree};
use std::rc::Rc;

/// Something at a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A directory.
    Dir,
    /// A text file.
    File(Text),
    /// A file of this many bytes whose content does not matter.
    Filler(u64),
    /// An executable: the program's id and its size in bytes.
    Program(Text, u64),
    /// A symbolic link.
    Link(Text),
}

/// A file of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its absolute path.
    pub path: Text,
    /// What it is.
    pub entry: Entry,
    /// Permission bits.
    pub mode: u16,
    /// Owner and group.
    pub owner: (u32, u32),
}

/// The list under construction.
#[derive(Default)]
struct Layout {
    nodes: Vec<Node>,
}

impl Layout {
    fn put(&mut self, path: impl Into<Text>, entry: Entry, mode: u16) -> &mut Node {
        self.nodes.push(Node { path: path.into(), entry, mode, owner: (0, 0) });
        self.nodes.last_mut().expect("just pushed")
    }

    fn dirs(&mut self, paths: &'static str) {
        for path in paths.split_ascii_whitespace() {
            self.put(Text::lit(path), Entry::Dir, 0o755);
        }
    }

    fn file(&mut self, path: &'static str, text: impl Into<Text>) -> &mut Node {
        self.put(Text::lit(path), Entry::File(text.into()), 0o644)
    }

    fn script(&mut self, path: &'static str, text: &'static str) {
        self.put(Text::lit(path), Entry::File(Text::lit(text)), 0o755);
    }

    fn link(&mut self, path: impl Into<Text>, target: &'static str) {
        self.put(path, Entry::Link(Text::lit(target)), 0o777);
    }

    fn program(&mut self, path: impl Into<Text>, id: impl Into<Text>, size: u64) {
        self.put(path, Entry::Program(id.into(), size), 0o755);
    }
}

/// The files of an image, directories before what is in them; later entries replace earlier ones.
pub fn entries(image: &Image) -> Vec<Node> {
    let mut layout = Layout::default();
    kits::put(&mut layout, image.recipe.kit, &image.version);
    apps::put(&mut layout, image.recipe.app, image);
    for (path, text) in &image.files {
        let script = text.starts_with("#!");
        layout.put(path.clone(), Entry::File(Text::from(&**text)), if script { 0o755 } else { 0o644 });
    }
    layout.nodes
}

/// Puts the files of an image into an empty tree; `mtime` in microseconds since 1970.
pub fn build(image: &Image, tree: &mut Tree, mtime: i64) {
    for node in entries(image) {
        let content = match node.entry {
            Entry::Dir => Content::Dir(Rc::default()),
            Entry::File(Text::Static(text)) => Content::File(FileData::lit(text)),
            Entry::File(text) => Content::File(FileData::new(text.as_bytes().to_vec())),
            Entry::Filler(bytes) => Content::File(FileData::zeros(bytes)),
            Entry::Program(id, bytes) => Content::Program(id, bytes),
            Entry::Link(target) => Content::Symlink(target),
        };
        // A directory that is there already keeps what is in it.
        let there = tree.lookup(&node.path);
        let ino = match (there, &content) {
            (Some(ino), Content::Dir(_)) => ino,
            _ => tree.put(&node.path, content, node.mode, mtime),
        };
        if let Some(inode) = tree.inode_mut(ino) {
            inode.mode = node.mode;
            (inode.uid, inode.gid) = node.owner;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::{Preset, find};

    fn names_at_root(preset: Preset, reference: &str) -> String {
        let image = find(preset, reference, &[]).expect(reference);
        let all = entries(&image);
        let mut names: Vec<&str> =
            all.iter().filter_map(|n| n.path.split('/').nth(1)).filter(|n| !n.is_empty()).collect();
        names.sort_unstable();
        names.dedup();
        names.join(" ")
    }

    #[test]
    fn the_root_directory_lists_as_recorded() {
        assert_eq!(
            names_at_root(Preset::Lab, "polinux/stress"),
            "bin dev etc home lib lib64 linuxrc media mnt opt proc root run sbin srv sys tmp usr var"
        );
        assert_eq!(
            names_at_root(Preset::Lab, "nginx"),
            "bin dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr var"
        );
        assert_eq!(
            names_at_root(Preset::Internet, "nginx"),
            "bin boot dev docker-entrypoint.d docker-entrypoint.sh etc home lib lib64 media mnt opt proc root run \
             sbin srv sys tmp usr var"
        );
        assert_eq!(names_at_root(Preset::Internet, "registry.k8s.io/pause:3.10"), "dev etc pause proc sys");
    }

    #[test]
    fn the_laboratorys_user_file_has_thirty_bytes() {
        let image = find(Preset::Lab, "busybox", &[]).expect("known");
        let passwd = entries(&image).into_iter().find(|n| n.path == "/etc/passwd").expect("there");
        assert_eq!(passwd.entry, Entry::File(Text::lit("root:x:0:0:root:/root:/bin/sh\n")));
    }
}
