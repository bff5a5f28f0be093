//! hostPath volumes: the node's own files, checked by type (pkg/volume/hostpath).

use super::super::{Cx, Node};
use crate::api::{Text, Value};
use crate::fs::{Content, Device, FileData};

/// The place of a `hostPath` on its node; made where its type says so.
///
/// # Errors
/// As the kubelet words them behind `MountVolume.SetUp failed for volume "x" : `.
pub fn host_path(node: &Node, cx: &mut Cx<'_>, source: &Value) -> Result<Text, String> {
    let path = source["path"].str().trim_end_matches('/');
    let kind = source["type"].str();
    let mtime = cx.api.epoch.unix_micros(cx.api.now);
    let root = cx.cri.node_root(node.cri);
    let Some(tree) = cx.world.forest.get_mut(root) else { return Err("node has no disk".to_string()) };
    let found = tree.lookup(path).and_then(|ino| tree.inode(ino)).map(|i| i.content.clone());
    let check = |ok: bool, what: &str| {
        if ok { Ok(()) } else { Err(format!("hostPath type check failed: {path} is not {what}")) }
    };
    let is_dir = matches!(found, Some(Content::Dir(_)));
    let is_file = matches!(found, Some(Content::File(_) | Content::Program(..)));
    match kind {
        "Directory" => check(is_dir, "a directory")?,
        "File" => check(is_file, "a file")?,
        "Socket" => check(false, "a socket file")?,
        "CharDevice" => {
            check(matches!(found, Some(Content::Device(device)) if is_char(device)), "a character device")?
        }
        "BlockDevice" => check(false, "a block device")?,
        "DirectoryOrCreate" if found.is_some() => check(is_dir, "a directory")?,
        "FileOrCreate" if found.is_some() => check(is_file, "a file")?,
        "FileOrCreate" => {
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            if tree.lookup(parent).is_none() {
                return Err(format!("open {path}: no such file or directory"));
            }
            tree.put(path, Content::File(FileData::lit("")), 0o644, mtime);
        }
        _ => {
            if found.is_none() {
                tree.make_dirs(path, mtime);
            }
        }
    }
    Ok(Text::from(path))
}

fn is_char(_device: Device) -> bool {
    true
}
