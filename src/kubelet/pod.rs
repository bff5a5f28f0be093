//! What a kubelet remembers of one Pod: the object as last seen, the runtime's state as last listed,
//! the worker, probes, back-offs and volumes. Plain data; the other modules act upon it.

use super::backoff::BackOffs;
use super::causes::Causes;
use super::prober::{ProbeWorker, PublishedByName, Results};
use super::resize::Resizes;
use super::volumes::Volumes;
use super::worker::Worker;
use crate::api::object::Key;
pub use crate::api::resources::is_sidecar;
use crate::api::{Object, Text, Value};
use crate::collections::BTreeMap;
use crate::cri::{ContainerId, ContainerState, ContainerStatus, SandboxId};
use crate::rng::Rng;
use crate::time::Time;

/// One Pod on this node.
#[derive(Clone, Debug)]
pub struct Pod {
    /// `metadata.uid`.
    pub uid: Text,
    /// Namespace and name.
    pub key: Key,
    /// The object as last seen by watch.
    pub object: Object,
    /// Whether it limits its local storage.
    pub limits_storage: bool,
    /// The status as the kubelet last generated and wrote it (its status manager's copy).
    pub status: Value,
    /// What the worker does.
    pub worker: Worker,
    /// The runtime's state as of the last relist that concerned this pod.
    pub seen: Seen,
    /// The sandboxes made for it, oldest first.
    pub sandboxes: Vec<SandboxId>,
    /// Whether the newest sandbox is up.
    pub sandbox_ready: bool,
    /// All container instances made for it, oldest first (only the newest two of a name are kept).
    pub instances: Vec<ContainerId>,
    /// Why a container could not be started, by container (upstream's reason cache).
    pub reasons: BTreeMap<Text, (Text, Text)>,
    /// Back-offs of restarts and pulls.
    pub backoffs: BackOffs,
    /// One worker for each probe.
    pub probes: Vec<ProbeWorker>,
    /// What the probes have come to.
    pub results: Results,
    /// What was published of each container, for the probes.
    pub published: PublishedByName,
    /// Mounted volumes.
    pub volumes: Volumes,
    /// The resources as admitted (in-place resize), by container; the spec's until a resize is accepted.
    pub allocated: BTreeMap<Text, Value>,
    /// The pod's own resources as last accepted by a resize.
    pub allocated_pod: Option<Value>,
    /// The resources that running containers have really been given, by container, if they differ.
    pub actuated: BTreeMap<Text, Value>,
    /// Resizes under way or refused.
    pub resizes: Resizes,
    /// Restart counts of containers that were removed to restart them all.
    pub attempts: BTreeMap<Text, u32>,
    /// Whether all containers are being restarted.
    pub restarting_all: bool,
    /// Termination messages read at exits.
    pub messages: BTreeMap<ContainerId, Text>,
    /// What brought about what it does.
    pub causes: Causes,
    /// This pod's own jitter.
    pub rng: Rng,
}

/// A pod's runtime state as a relist saw it.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// When (zero: never).
    pub at: Time,
    /// The newest sandbox and whether it is ready.
    pub sandbox: Option<(SandboxId, bool)>,
    /// The pod's address; kept after the sandbox is gone.
    pub ip: Text,
    /// The instances, newest first.
    pub containers: Vec<ContainerStatus>,
}

impl Seen {
    /// The newest instance of a container.
    pub fn find(&self, name: &str) -> Option<&ContainerStatus> {
        self.containers.iter().find(|c| c.name == name)
    }

    /// The newest instance that has ended.
    pub fn exited(&self, name: &str) -> Option<&ContainerStatus> {
        self.containers.iter().find(|c| c.name == name && c.state == ContainerState::Exited)
    }
}

/// The sections of a pod's spec that hold containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// `spec.initContainers`
    Init,
    /// `spec.containers`
    Main,
    /// `spec.ephemeralContainers`
    Ephemeral,
}

impl Section {
    /// All of them, in the order in which a sync starts containers.
    pub const ALL: [Section; 3] = [Section::Ephemeral, Section::Init, Section::Main];

    /// The name of the field.
    pub fn field(self) -> &'static str {
        match self {
            Section::Init => "initContainers",
            Section::Main => "containers",
            Section::Ephemeral => "ephemeralContainers",
        }
    }
}

/// A container of a pod's spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContainerRef {
    /// Where it stands.
    pub section: Section,
    /// Its place there.
    pub index: usize,
}

impl Pod {
    /// The container specs of a section.
    pub fn specs(&self, section: Section) -> &[Value] {
        specs(&self.object, section)
    }

    /// A container's spec.
    pub fn spec(&self, at: ContainerRef) -> &Value {
        &self.object["spec"][at.section.field()][at.index]
    }

    /// The container of a name.
    pub fn lookup(&self, name: &str) -> Option<ContainerRef> {
        lookup(&self.object, name)
    }

    /// `name_namespace(uid)`, as the kubelet's messages name a pod.
    pub fn label(&self) -> String {
        format!("{}_{}({})", self.key.name, self.key.namespace, self.uid)
    }

    /// `pods/namespace/name`, and the container behind it if one is meant.
    pub fn path(&self, container: &str) -> String {
        if container.is_empty() { self.key.path() } else { format!("{}/{container}", self.key.path()) }
    }

    /// The newest instance of a container that the kubelet has made, whatever relists have seen.
    pub fn newest_sandbox(&self) -> Option<SandboxId> {
        self.sandboxes.last().copied()
    }
}

/// The container specs of a section of a pod.
pub fn specs(pod: &Value, section: Section) -> &[Value] {
    pod["spec"][section.field()].items()
}

/// The container of a name in a pod.
pub fn lookup(pod: &Value, name: &str) -> Option<ContainerRef> {
    Section::ALL.into_iter().find_map(|section| {
        let index = specs(pod, section).iter().position(|c| c["name"].str() == name)?;
        Some(ContainerRef { section, index })
    })
}

/// The field path by which events name a container: `spec.containers{web}`.
pub fn field_path(pod: &Value, name: &str) -> String {
    let field = lookup(pod, name).map_or("containers", |c| c.section.field());
    format!("spec.{field}{{{name}}}")
}

/// The pod's restart policy.
pub fn restart_policy(pod: &Value) -> &str {
    match pod.at("spec.restartPolicy").str() {
        "" => "Always",
        policy => policy,
    }
}
