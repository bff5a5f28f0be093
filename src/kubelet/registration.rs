//! The node's object as its kubelet makes it: what it registers, the status that it begins with, and what it
//! says of itself when it starts.
//!
//! Events of a kubelet about its node bear no uid, so that `describe node` does not show them (recording 40).
//! The range of the node's pods comes with the registration; a real one gets it from the node IPAM controller
//! within milliseconds.

use super::{Cx, Kubelet, Node};
use crate::api::object::Key;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{Change, NewEvent};
use crate::cri::{NodeId, Runtime};
use crate::rng::Rng;
use crate::{list, map};

/// kubelet configuration `evictionHard`: `memory.available<100Mi`, which allocatable leaves out.
const MEMORY_RESERVED: u64 = 100 * 1024 * 1024;
/// … and `nodefs.available<10%`, in the float32 that the kubelet computes with.
const DISK_RESERVED: f32 = 0.1;
/// The nodes are containers of one machine and report its id.
const MACHINE_ID: &str = "3d1219c7c4c5404aaa1f6d2a48adfda4";
/// The version of the kubelet.
const VERSION: &str = "v1.36.2";
/// What a kubelet says of cgroup v1 when it starts.
const CGROUP_V1: &str = "cgroup v1 detected. cgroup v1 support is deprecated and will be removed in a future release. \
     Please migrate to cgroup v2. More information at https://git.k8s.io/enhancements/keps/sig-node/5573-remove-cgroup-v1";
/// Status, reason and message of the condition Ready.
type Readiness = (&'static str, &'static str, &'static str);
/// Of a node that has just been registered.
const JOINING: Readiness = (
    "False",
    "KubeletNotReady",
    "[container runtime status check may not have completed yet, CSINode is not yet initialized]",
);

/// What a node is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeSettings {
    /// Its name.
    pub name: Text,
    /// Its number in the runtime.
    pub id: NodeId,
    /// Its address.
    pub ip: Text,
    /// The range of its pods' addresses.
    pub pod_cidr: Text,
    /// Processors.
    pub cpus: u32,
    /// Memory in bytes.
    pub memory: u64,
    /// Disk in bytes.
    pub disk: u64,
    /// How many pods it takes.
    pub max_pods: u32,
    /// kubelet `--node-labels`.
    pub labels: Vec<(Text, Text)>,
    /// kubelet `--register-with-taints`.
    pub taints: Value,
}

/// The condition Ready of a node whose runtime runs, or does not.
pub fn readiness(runtime: bool) -> Readiness {
    if runtime {
        ("True", "KubeletReady", "kubelet is posting ready status")
    } else {
        (
            "False",
            "KubeletNotReady",
            "[container runtime is down, PLEG is not healthy: pleg was last seen active 3m0s ago; threshold is 3m0s]",
        )
    }
}

/// The node's conditions in order.
pub fn conditions_of(now: &Text, since: &Text, ready: Readiness) -> Vec<Value> {
    [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", ready.0, ready.1, ready.2),
    ]
    .into_iter()
    .map(|(kind, status, reason, message)| {
        map! {
            "type" => kind, "status" => status, "reason" => reason, "message" => message,
            "lastHeartbeatTime" => now, "lastTransitionTime" => since,
        }
    })
    .collect()
}

/// The images of a node as its status lists them.
pub fn images(cri: &Runtime, node: NodeId) -> Value {
    let image = |(names, size): (Vec<Text>, u64)| {
        map! { "names" => names.into_iter().collect::<Value>(), "sizeBytes" => size }
    };
    cri.images(node).into_iter().map(image).collect()
}

impl NodeSettings {
    /// The object that the kubelet registers.
    pub fn object(&self) -> Value {
        let texts = |pairs: &[(&'static str, &str)]| {
            let pairs = pairs.iter().map(|(k, v)| (Text::lit(k), Value::from(*v)));
            Value::from(pairs.collect::<crate::api::value::Map>())
        };
        let mut labels = texts(&[
            ("beta.kubernetes.io/arch", "amd64"),
            ("beta.kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", "amd64"),
            ("kubernetes.io/hostname", self.name.as_str()),
            ("kubernetes.io/os", "linux"),
        ]);
        for (key, value) in &self.labels {
            labels.map_mut().insert(key.clone(), value);
        }
        let annotations = texts(&[
            ("node.alpha.kubernetes.io/ttl", "0"),
            ("volumes.kubernetes.io/controller-managed-attach-detach", "true"),
        ]);
        let mut spec = map! { "podCIDR" => &self.pod_cidr, "podCIDRs" => list![&self.pod_cidr] };
        if !self.taints.is_empty() {
            spec.set("taints", self.taints.clone());
        }
        map! {
            "metadata" => map! { "name" => &self.name, "labels" => labels, "annotations" => annotations },
            "spec" => spec,
        }
    }

    fn resources(&self, memory: u64, disk: &str) -> Value {
        map! {
            "cpu" => self.cpus.to_string(), "memory" => format!("{}Ki", memory / 1024),
            "ephemeral-storage" => disk, "hugepages-1Gi" => "0", "hugepages-2Mi" => "0",
            "pods" => self.max_pods.to_string(),
        }
    }

    fn capacity(&self) -> Value {
        self.resources(self.memory, &format!("{}Ki", self.disk / 1024))
    }

    fn allocatable(&self) -> Value {
        let reserved = (self.disk as f64 * f64::from(DISK_RESERVED)) as u64;
        let disk = self.disk.saturating_sub(reserved).to_string();
        self.resources(self.memory.saturating_sub(MEMORY_RESERVED), &disk)
    }

    /// The id of the machine's `boots`th start; the first is the common one of the machine that they share.
    fn boot_id(&self, boots: u32) -> Text {
        match boots {
            0 => Text::from(Rng::stream(0, "boot-id").uuid()),
            n => Text::from(Rng::stream(0, &format!("boot-id {} {n}", self.name)).uuid()),
        }
    }

    fn status(&self, since: &Text, ready: Readiness, boots: u32, cri: &Runtime) -> Value {
        let features = [
            "ExtendWebSocketsToKubelet",
            "InPlacePodLevelResourcesVerticalScaling",
            "InPlacePodVerticalScalingInitContainers",
            "RestartAllContainersOnContainerExits",
        ];
        map! {
            "addresses" => list![
                map! { "type" => "InternalIP", "address" => &self.ip },
                map! { "type" => "Hostname", "address" => &self.name },
            ],
            "capacity" => self.capacity(),
            "allocatable" => self.allocatable(),
            "conditions" => Value::from(conditions_of(since, since, ready)),
            "daemonEndpoints" => map! { "kubeletEndpoint" => map! { "Port" => 10250 } },
            "declaredFeatures" => features.into_iter().collect::<Value>(),
            "images" => images(cri, self.id),
            "nodeInfo" => map! {
                "architecture" => "amd64", "bootID" => self.boot_id(boots),
                "containerRuntimeVersion" => "containerd://1.6.20",
                "kernelVersion" => "6.18.44-fc-v669", "kubeProxyVersion" => "", "kubeletVersion" => VERSION,
                "machineID" => MACHINE_ID, "operatingSystem" => "linux",
                "osImage" => "Debian GNU/Linux 12 (bookworm)", "systemUUID" => MACHINE_ID,
            },
        }
    }
}

impl Kubelet {
    /// `Node.status` of a node that has been up since `up_since`.
    pub fn initial_status(&self, up_since: &str, cri: &Runtime) -> Value {
        self.settings.status(&Text::from(up_since), readiness(true), 0, cri)
    }
}

/// The kubelet has started: it registers its node, or brings up to date what is there, and says what it found.
/// Returns whether the node is new.
pub fn begin(node: &mut Node, settings: &NodeSettings, cx: &mut Cx<'_>) -> bool {
    let key = Key::new(Kind::NODE, "", node.name.clone());
    let new = cx.api.store.get(&key).is_none();
    if new {
        let status = settings.status(&cx.api.timestamp(), JOINING, node.boots, cx.cri);
        if cx.api.create(Object::new(Kind::NODE, settings.object())).is_ok() {
            let _ = cx.api.update_status(&key, status);
        }
    }
    let Some(object) = cx.api.store.get(&key).cloned() else { return new };
    node.event_of(cx, "Normal", "Starting", "Starting kubelet.");
    if cx.world.settings().cgroup_v1 {
        node.event_of(cx, "Warning", "CgroupV1", CGROUP_V1);
    }
    node.event_of(cx, "Warning", "InvalidDiskCapacity", "invalid capacity 0 on image filesystem");
    node.event_of(cx, "Normal", "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods");
    let unknown = object.condition("MemoryPressure")["status"].str() == "Unknown";
    for reason in ["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"] {
        node.status_event(cx, reason);
        if unknown {
            // Said once of the object that it would register, and once of the one that is there.
            node.status_event(cx, reason);
        }
    }
    let boot = settings.boot_id(node.boots);
    if *object.at("status.nodeInfo.bootID") != Value::from(&boot) {
        let message = format!("Node {} has been rebooted, boot id: {boot}", node.name);
        node.event_of(cx, "Warning", "Rebooted", &message);
    }
    let _ = cx.api.modify(&key, |object| {
        object.set("status.nodeInfo.bootID", boot);
        for (field, figures) in
            [("status.capacity", settings.capacity()), ("status.allocatable", settings.allocatable())]
        {
            for (name, figure) in figures.entries() {
                object.slot(field).map_mut().insert(name.clone(), figure.clone());
            }
        }
    });
    new
}

/// The node's object has changed; what it says of cordons is told at the next heartbeat.
pub fn changed(node: &mut Node, change: &Change) {
    let cordoned = |object: &Object| object.at("spec.unschedulable").is_true();
    if change.old.as_ref().is_some_and(|old| cordoned(old) != cordoned(&change.new)) {
        node.heart.cordoned = Some((cordoned(&change.new), change.cause));
    }
}

/// Says that the node was cordoned or uncordoned since the last heartbeat.
pub fn note_cordon(node: &mut Node, cx: &mut Cx<'_>) {
    if let Some((cordoned, cause)) = node.heart.cordoned.take() {
        let own = std::mem::replace(&mut cx.api.cause, cause);
        node.status_event(cx, if cordoned { "NodeNotSchedulable" } else { "NodeSchedulable" });
        cx.api.cause = own;
    }
}

impl Node {
    /// Records an event about the node: what its status is now.
    pub fn status_event(&self, cx: &mut Cx<'_>, reason: &'static str) {
        let message = format!("Node {} status is now: {reason}", self.name);
        self.event_of(cx, "Normal", reason, &message);
    }

    /// Records an event about the node.
    pub fn event_of(&self, cx: &mut Cx<'_>, kind: &'static str, reason: &'static str, message: &str) {
        let object = Object::new(Kind::NODE, map! { "metadata" => map! { "name" => &self.name } });
        cx.api.record(&NewEvent {
            regarding: &object,
            field_path: "",
            kind,
            reason,
            message,
            component: "kubelet",
            host: &self.name,
        });
    }
}
