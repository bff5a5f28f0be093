//! A container's file system: image, /proc, /dev, /sys, the sandbox's files, volumes.

use super::types::Mount as VolumeMount;
use crate::api::Text;
use crate::collections::Order;
use crate::fs::{
    Base, Content, Device, FileData, Forest, FsKind, Ino, Mount, MountSource, ROOT, Tree, TreeId, VirtualKind,
};
use crate::images::{Entry, Image, entries};
use std::rc::Rc;

/// Directories that every container needs besides its image's own, so that mounts find their place.
const PLACES: &[&str] = &["/proc", "/sys", "/dev", "/etc", "/tmp", "/run", "/var/run/secrets/kubernetes.io"];

/// The size that /dev and /dev/shm show (containerd's default).
const DEV_BYTES: u64 = 64 << 20;

/// What a node's disk shows in the mount table of a container.
const DISK_OPTIONS: &str = "relatime,discard";

/// Lays an image's files out as a base for containers.
pub(super) fn base_of(image: &Image) -> Rc<Base> {
    let mut tree = Tree::new(FsKind::Overlay);
    lay_out(&mut tree, image);
    for place in PLACES {
        tree.make_dirs(place, IMAGE_TIME);
    }
    tree.used = 0;
    tree.freeze()
}

/// When the files of images were made (2026-06-16), in microseconds since 1970.
pub(super) const IMAGE_TIME: i64 = 1_781_568_000_000_000;

/// Puts an image's files into a tree.
pub(super) fn lay_out(tree: &mut Tree, image: &Image) {
    for node in entries(image) {
        let content = match node.entry {
            Entry::Dir => {
                let ino = tree.make_dirs(&node.path, IMAGE_TIME);
                own(tree, ino, node.mode, node.owner);
                continue;
            }
            Entry::File(Text::Static(text)) => Content::File(FileData::lit(text)),
            Entry::File(text) => Content::File(FileData::new(text.as_bytes().to_vec())),
            Entry::Filler(size) => Content::File(FileData::zeros(size)),
            Entry::Program(name, size) => Content::Program(name, size),
            Entry::Link(target) => Content::Symlink(target),
        };
        let ino = tree.put(&node.path, content, node.mode, IMAGE_TIME);
        own(tree, ino, node.mode, node.owner);
    }
}

fn own(tree: &mut Tree, ino: Ino, mode: u16, owner: (u32, u32)) {
    if let Some(inode) = tree.inode_mut(ino) {
        inode.mode = mode;
        (inode.uid, inode.gid) = owner;
    }
}

/// The devices of a container or machine.
pub(super) fn dev_base() -> Rc<Base> {
    let mut tree = Tree::new(FsKind::Tmpfs);
    fill_dev(&mut tree, "");
    tree.freeze()
}

/// Puts the devices into a directory of a tree.
pub(super) fn fill_dev(tree: &mut Tree, dir: &str) {
    let at = |name: &str| format!("{dir}/{name}");
    for (name, device) in [
        ("null", Device::Null),
        ("zero", Device::Zero),
        ("full", Device::Full),
        ("random", Device::Random),
        ("urandom", Device::Random),
        ("tty", Device::Tty),
    ] {
        tree.put(&at(name), Content::Device(device), 0o666, IMAGE_TIME);
    }
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("ptmx", "pts/ptmx"),
    ] {
        tree.put(&at(name), Content::Symlink(Text::lit(target)), 0o777, IMAGE_TIME);
    }
    for name in ["pts", "mqueue", "shm"] {
        tree.make_dirs(&at(name), IMAGE_TIME);
    }
    tree.put(&at("termination-log"), Content::File(FileData::default()), 0o666, IMAGE_TIME);
}

/// The files that a sandbox's containers share.
pub(super) fn sandbox_tree(hostname: &str, ip: &str, resolv: &str, now: i64) -> Tree {
    let mut tree = Tree::new(FsKind::Ext4);
    let file = |text: String| Content::File(FileData::new(text.into_bytes()));
    tree.put("/hostname", file(format!("{hostname}\n")), 0o644, now);
    let hosts =
        format!("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{ip}\t{hostname}\n");
    tree.put("/hosts", file(hosts), 0o644, now);
    tree.put("/resolv.conf", file(resolv.to_owned()), 0o644, now);
    tree.make_dirs("/shm", now);
    tree
}

/// Looks whether the sub-paths of images that are mounted are directories; `Err`: containerd's words.
pub(super) fn image_paths(forest: &Forest, volumes: &[VolumeMount]) -> Result<(), Text> {
    for volume in volumes {
        let Some(tree) = forest.get(volume.tree).filter(|t| t.kind == FsKind::Overlay) else { continue };
        let (sub, place) = (volume.sub_path.trim_start_matches('/'), &volume.host_path);
        let found = tree.lookup(&volume.sub_path).and_then(|ino| tree.inode(ino));
        let why = match found {
            None => format!("openat {sub}: no such file or directory"),
            Some(i) if matches!(i.content, Content::Dir(_)) => continue,
            Some(_) => {
                format!("only directory subpath is supported, subpath: {sub:?}, mountpoint: {place:?} ")
            }
        };
        return Err(Text::from(format!(
            "failed to mount image volume: ImageVolumeMountFailed: failed to ensure image subpath {sub:?} in \
             {place:?}: {why}"
        )));
    }
    Ok(())
}

/// What a container's mounts are made from.
pub(super) struct Parts<'a> {
    pub root: TreeId,
    pub dev: TreeId,
    pub sandbox: TreeId,
    pub read_only_root: bool,
    pub volumes: &'a [VolumeMount],
    pub disk: u64,
    pub memory: u64,
    pub now: i64,
}

/// The mounts of a container in the order in which runc makes them, and what runc will complain about when
/// it does. `Err`: a volume's path is absent.
pub(super) fn mounts(forest: &mut Forest, parts: &Parts<'_>) -> Result<(Vec<Mount>, Option<Text>), Text> {
    let lit = Text::lit;
    let system = |path, source, device, fs_type, options, size| Mount {
        path: lit(path),
        source,
        read_only: false,
        device: lit(device),
        fs_type: lit(fs_type),
        options: lit(options),
        size,
    };
    let (proc, sys) = (MountSource::Virtual(VirtualKind::Proc), MountSource::Virtual(VirtualKind::Sys));
    let safe = "nosuid,nodev,noexec,relatime";
    let mut list = vec![
        system("", MountSource::Tree(parts.root, ROOT), "overlay", "overlay", "relatime", parts.disk),
        system("/proc", proc, "proc", "proc", safe, 0),
        system(
            "/dev",
            MountSource::Tree(parts.dev, ROOT),
            "tmpfs",
            "tmpfs",
            "nosuid,size=65536k,mode=755",
            DEV_BYTES,
        ),
        system("/sys", sys, "sysfs", "sysfs", safe, 0),
    ];
    list[0].read_only = parts.read_only_root;
    list[3].read_only = true;
    for (path, name) in [
        ("/etc/hosts", "/hosts"),
        ("/etc/hostname", "/hostname"),
        ("/etc/resolv.conf", "/resolv.conf"),
        ("/dev/shm", "/shm"),
    ] {
        if parts.volumes.iter().any(|v| v.path == path) {
            continue;
        }
        let ino = forest.get(parts.sandbox).and_then(|t| t.lookup(name)).unwrap_or(ROOT);
        let source = MountSource::Tree(parts.sandbox, ino);
        list.push(if path == "/dev/shm" {
            system(path, source, "shm", "tmpfs", "nosuid,nodev,noexec,relatime,size=65536k", DEV_BYTES)
        } else {
            system(path, source, "/dev/vda", "ext4", DISK_OPTIONS, parts.disk)
        });
    }
    let mut misfit = None;
    let mut volumes: Vec<&VolumeMount> = parts.volumes.iter().collect();
    volumes.order_by_key(|v| v.path.matches('/').count());
    for volume in volumes {
        let mount = volume_mount(forest, parts, volume)?;
        make_place(forest, &list, &mount.path, parts.now);
        if misfit.is_none() && !fits(forest, &list, &mount) {
            misfit = Some(misfit_words(volume));
        }
        list.push(mount);
    }
    Ok((list, misfit))
}

/// Whether what a mount covers, if there is anything, is a directory as it is one itself or neither is.
fn fits(forest: &Forest, list: &[Mount], mount: &Mount) -> bool {
    let is_dir = |tree, ino| {
        let inode = forest.get(tree).and_then(|t| t.inode(ino));
        inode.map(|i| matches!(i.content, Content::Dir(_)))
    };
    let MountSource::Tree(tree, ino) = mount.source else { return true };
    let covered = list.iter().filter_map(|m| {
        let rest = mount.path.strip_prefix(m.path.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some((m, rest))
    });
    let Some((under, rest)) = covered.max_by_key(|(m, _)| m.path.len()) else { return true };
    let MountSource::Tree(below, from) = under.source else { return true };
    let mut names = rest.split('/').filter(|n| !n.is_empty());
    let place = forest.get(below).and_then(|t| names.try_fold(from, |at, name| t.child(at, name)));
    place.is_none_or(|place| is_dir(below, place) == is_dir(tree, ino))
}

/// runc's words for a directory on a file or the reverse.
fn misfit_words(volume: &VolumeMount) -> Text {
    let (from, to) = (&volume.host_path, &volume.path);
    // MS_BIND, MS_REC and, if so, MS_RDONLY.
    let flags = if volume.read_only { "0x5001" } else { "0x5000" };
    Text::from(format!(
        "error during container init: error mounting \"{from}\" to rootfs at \"{to}\": mount {from}:{to} (via \
         /proc/self/fd/6), flags: {flags}: not a directory"
    ))
}

fn volume_mount(forest: &Forest, parts: &Parts<'_>, volume: &VolumeMount) -> Result<Mount, Text> {
    let absent = || Text::from(format!("failed to stat \"{}\": no such file or directory", volume.sub_path));
    let tree = forest.get(volume.tree).ok_or_else(absent)?;
    let ino = tree.lookup(&volume.sub_path).ok_or_else(absent)?;
    let (device, fs_type, options, size) = match tree.kind {
        FsKind::Tmpfs => {
            let size = tree.limit.unwrap_or(parts.memory);
            (
                Text::lit("tmpfs"),
                Text::lit("tmpfs"),
                Text::from(format!("relatime,size={}k,noswap", size / 1024)),
                size,
            )
        }
        FsKind::Overlay => (Text::lit("overlay"), Text::lit("overlay"), Text::lit("relatime"), parts.disk),
        FsKind::Ext4 => (Text::lit("/dev/vda"), Text::lit("ext4"), Text::lit(DISK_OPTIONS), parts.disk),
    };
    let root = forest.get(parts.root);
    let path = root.and_then(|t| t.real_path(&volume.path)).unwrap_or_default();
    let source = MountSource::Tree(volume.tree, ino);
    Ok(Mount { path: Text::from(path), source, read_only: volume.read_only, device, fs_type, options, size })
}

/// Makes the directories that lead to a mount, in whatever is mounted there already.
fn make_place(forest: &mut Forest, list: &[Mount], path: &str, now: i64) {
    let Some((parent, _)) = path.rsplit_once('/') else { return };
    let covers =
        |m: &&Mount| parent.strip_prefix(m.path.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('/'));
    let Some(mount) = list.iter().filter(covers).max_by_key(|m| m.path.len()) else { return };
    let MountSource::Tree(tree, from) = mount.source else { return };
    let rest = parent[mount.path.len()..].to_owned();
    let complete = forest.get(tree).is_none_or(|t| {
        let mut names = rest.split('/').filter(|n| !n.is_empty());
        names.try_fold(from, |at, name| t.child(at, name)).is_some()
    });
    if complete {
        return;
    }
    if let Some(tree) = forest.get_mut(tree) {
        tree.make_dirs_from(from, &rest, now);
    }
}
