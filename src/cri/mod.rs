//! The container runtime of all nodes: sandboxes, containers, logs, exec, image pulls, memory and OOM,
//! on top of [`crate::os::World`].
//!
//! Pure: every call takes `now`; calls that take time say when they return ([`Timed::at`]), and the
//! kubelet sets a timer for that instant. Whatever ends by itself (a process, an exec, a probe) is
//! reported by [`Runtime::take_events`]. The runtime never sees the API server.
//!
//! How a kubelet uses it, per pod: [`Runtime::run_pod_sandbox`] → at `at`: for each container
//! [`Runtime::pull_image`] if need be, [`Runtime::create_container`], [`Runtime::start_container`] →
//! [`Runtime::status`] … [`Runtime::stop_container`] → [`Runtime::stop_pod_sandbox`] →
//! [`Runtime::remove_pod_sandbox`].
//!
//! Left out: runtime classes, checkpoints, what profiles of one's own deny.

mod containers;
mod drive;
mod fetch;
mod forward;
mod latency;
mod listing;
mod logs;
mod probes;
mod profiles;
mod pulls;
mod root;
mod sandboxes;
mod sessions;
mod start;
#[cfg(test)]
mod tests;
mod types;

pub use listing::SandboxRow;
pub use types::*;

pub use crate::images::grpc::Health;

use crate::api::Text;
use crate::collections::{BTreeMap, BTreeSet};
use crate::fs::{Base, TreeId};
use crate::images::Image;
use crate::os::{CellId, Exit, Handle, MachineId, NetId, ProcessId};
use crate::time::Time;
use latency::Load;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

/// The container runtimes of all nodes.
#[derive(Clone, Debug, Default)]
pub struct Runtime {
    /// Settings; may be changed while it runs (the registries' state).
    pub settings: Settings,
    /// Shared with checkpoints until they change.
    nodes: Vec<Rc<Node>>,
    sandboxes: BTreeMap<SandboxId, Sandbox>,
    containers: BTreeMap<ContainerId, Container>,
    sessions: BTreeMap<SessionId, Session>,
    count: u32,
    pulls: u32,
    clock: Time,
    load: Load,
    /// Images by full name, as found in the registries.
    images: BTreeMap<Text, Rc<Image>>,
    /// Their files, by image id.
    bases: BTreeMap<Text, Rc<Base>>,
    dev: Option<Rc<Base>>,
    by_process: BTreeMap<ProcessId, Owner>,
    by_handle: BTreeMap<Handle, Owner>,
    due: BinaryHeap<Reverse<(Time, u32, Due)>>,
    events: Vec<RuntimeEvent>,
    other_exits: Vec<Exit>,
    other_ready: Vec<Handle>,
}

/// Whose process or handle something is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Owner {
    Container(ContainerId),
    Session(SessionId),
}

/// What comes due in the runtime itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// The grace period of a stop is over.
    Kill(ContainerId),
    /// A session's time is up.
    TimeOut(SessionId),
}

/// An image's presence on a node.
#[derive(Clone, Copy, Debug)]
struct Present {
    from: Time,
    preloaded: bool,
}

#[derive(Clone, Debug)]
struct Node {
    name: Text,
    machine: MachineId,
    root: TreeId,
    /// The first three numbers of pod addresses with a dot, e.g. `10.224.1.`, and the sizes of the range.
    range: Range,
    images: BTreeMap<Text, Present>,
    /// The containers that exist on it.
    containers: BTreeSet<ContainerId>,
}

/// The addresses of a node's pods, given out in turn.
#[derive(Clone, Debug)]
struct Range {
    base: u32,
    size: u32,
    last: u32,
    taken: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Sandbox {
    node: NodeId,
    config: Rc<SandboxConfig>,
    hex: Text,
    ip: Text,
    net: NetId,
    /// The address's place in the node's range; `None` with the node's network.
    slot: Option<u32>,
    files: TreeId,
    /// The cell of the pause process, if the containers share its processes.
    pause: Option<CellId>,
    containers: Vec<ContainerId>,
    created: Time,
    stopped: bool,
}

/// Where a container's streams end up.
#[derive(Clone, Copy, Debug, Default)]
struct Streams {
    out: Option<Handle>,
    err: Option<Handle>,
    input: Option<Handle>,
}

#[derive(Clone, Debug)]
struct Container {
    status: ContainerStatus,
    node: NodeId,
    image: Rc<Image>,
    cell: CellId,
    root: TreeId,
    dev: TreeId,
    env: Rc<[(Text, Text)]>,
    /// What is only needed until it starts.
    config: Rc<ContainerConfig>,
    cwd: Text,
    cred: crate::fs::Cred,
    /// Why runc will not be able to set it up, if so.
    misfit: Option<Text>,
    process: Option<ProcessId>,
    streams: Streams,
    log: logs::Log,
    attached: Vec<SessionId>,
}

/// What a session is about.
#[derive(Clone, Debug)]
enum Kind {
    Exec { process: Option<ProcessId>, tty: bool, discard: bool },
    Attach { stdin: bool, tty: bool },
    Http(Box<fetch::Fetch>),
    Tcp { address: Text },
    Grpc { service: Text, address: Text, sent: u8, answer: Vec<u8> },
    Forward(Box<forward::Forward>),
}

#[derive(Clone, Debug)]
struct Session {
    node: NodeId,
    container: Option<ContainerId>,
    kind: Kind,
    streams: Streams,
    out: Vec<u8>,
    err: Vec<u8>,
    code: Option<i32>,
    end: Option<SessionEnd>,
}

impl Runtime {
    /// Runtimes without nodes.
    pub fn new(settings: Settings) -> Runtime {
        Runtime { settings, ..Runtime::default() }
    }

    fn node_mut(&mut self, node: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(node.0 as usize).map(Rc::make_mut)
    }

    /// The image that a reference names, if a registry has it.
    ///
    /// # Errors
    /// What a pull would say.
    pub fn registry_image(&self, reference: &str) -> Result<Image, crate::images::PullError> {
        crate::images::find(self.settings.preset, reference, &self.settings.own_images)
    }

    /// Sets the state of the registries from now on.
    pub fn set_registry(&mut self, state: RegistryState) {
        self.settings.registry = state;
    }

    /// When `settle` has something to do by itself.
    pub fn next_due(&self) -> Option<Time> {
        self.due.peek().map(|Reverse((at, ..))| *at)
    }

    /// Takes what has happened since the last call.
    pub fn take_events(&mut self) -> Vec<RuntimeEvent> {
        std::mem::take(&mut self.events)
    }

    /// Takes the exits of processes that were started by others than the runtime (jobs of the workstation).
    pub fn take_other_exits(&mut self) -> Vec<Exit> {
        std::mem::take(&mut self.other_exits)
    }

    /// Takes the handles that others than the runtime have watched and at which something has changed.
    pub fn take_other_ready(&mut self) -> Vec<Handle> {
        std::mem::take(&mut self.other_ready)
    }

    fn number(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    fn set_due(&mut self, at: Time, what: Due) {
        let n = self.number();
        self.due.push(Reverse((at, n, what)));
    }
}
