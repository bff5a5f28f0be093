//! The inside of a pod's containers: processes and files as they are now.

use super::key_of;
use crate::api::Object;
use crate::cluster::Cluster;
use crate::collections::Order;
use crate::cri::{ContainerId, ContainerStatus};
use crate::fs::FileType;
use serde::Serialize;

/// How many entries of a directory are listed.
const ENTRIES: usize = 1_000;
/// How much of a file is shown, in bytes.
const SHOWN: usize = 64 << 10;

/// A process.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProcessLine {
    /// The container's name.
    pub container: String,
    /// Its number in the container.
    pub pid: u32,
    /// Its parent's.
    pub ppid: u32,
    /// User id.
    pub user: u32,
    /// `R`, `S`, `Z` or `T`.
    pub state: char,
    /// Resident memory in bytes.
    pub memory: f64,
    /// When it started.
    pub started: f64,
    /// The command line.
    pub command: String,
}

/// A place in a container's file tree.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Place {
    /// Why it cannot be shown; empty if it can.
    pub error: String,
    /// The entries of a directory.
    pub entries: Vec<FileLine>,
    /// The text of a file (its beginning).
    pub text: Option<String>,
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileLine {
    /// Its name.
    pub name: String,
    /// `d`, `l` or `-`.
    pub kind: char,
    /// Permission bits.
    pub mode: u32,
    /// Size in bytes.
    pub size: f64,
    /// Where a link points to.
    pub target: String,
}

fn newest(cluster: &Cluster, pod: &Object) -> Vec<ContainerStatus> {
    let mut list = cluster.runtime.of_pod(pod.uid());
    list.order_by_key(|c| c.attempt);
    let mut found: Vec<ContainerStatus> = Vec::new();
    for status in list {
        found.retain(|c| c.name != status.name);
        found.push(status);
    }
    found
}

fn pod<'a>(cluster: &'a Cluster, path: &str) -> Option<&'a Object> {
    cluster.api.store.get(&key_of(path)?)
}

/// The processes of the pod of a path.
pub fn processes(cluster: &Cluster, path: &str) -> Vec<ProcessLine> {
    let Some(pod) = pod(cluster, path) else { return Vec::new() };
    let mut list = Vec::new();
    for status in newest(cluster, pod) {
        let Some(cell) = cluster.runtime.cell(status.id) else { continue };
        list.extend(cluster.world.processes_in(cell).into_iter().map(|p| ProcessLine {
            container: status.name.to_string(),
            pid: p.pid,
            ppid: p.ppid,
            user: p.uid,
            state: p.state,
            memory: p.memory as f64,
            started: p.started.0 as f64,
            command: p.command.to_string(),
        }));
    }
    list
}

/// A place `pods/NAMESPACE/NAME CONTAINER /PATH`.
pub fn place(cluster: &Cluster, argument: &str) -> Place {
    let mut parts = argument.splitn(3, ' ');
    let (path, container, at) =
        (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or("/"));
    let none = |error: &str| Place { error: error.to_string(), ..Place::default() };
    let Some(pod) = pod(cluster, path) else { return none("no such pod") };
    let own = newest(cluster, pod).into_iter().find(|c| c.name.as_str() == container);
    match own {
        Some(status) => look(cluster, status.id, at),
        None => none("the container does not exist (yet)"),
    }
}

fn look(cluster: &Cluster, id: ContainerId, at: &str) -> Place {
    let Some(cell) = cluster.runtime.cell(id) else { return Place::default() };
    let listed = cluster.world.view(cell, |view| {
        if view.stat(at, true)?.kind != FileType::Dir {
            return Ok(None);
        }
        let mut entries = Vec::new();
        for name in view.read_dir(at)?.into_iter().filter(|n| n != "." && n != "..").take(ENTRIES) {
            let stat = view.stat(&format!("{}/{name}", at.trim_end_matches('/')), false)?;
            entries.push(FileLine {
                name: name.to_string(),
                kind: match stat.kind {
                    FileType::Dir => 'd',
                    FileType::Symlink => 'l',
                    _ => '-',
                },
                mode: stat.mode,
                size: stat.size as f64,
                target: stat.target.map(|t| t.to_string()).unwrap_or_default(),
            });
        }
        Ok(Some(entries))
    });
    match listed {
        Ok(Some(entries)) => Place { entries, ..Place::default() },
        Ok(None) => match cluster.world.read_file(cell, at) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]).into_owned();
                Place { text: Some(text), ..Place::default() }
            }
            Err(errno) => Place { error: errno.text().to_string(), ..Place::default() },
        },
        Err(errno) => Place { error: errno.text().to_string(), ..Place::default() },
    }
}
