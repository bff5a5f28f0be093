//! Node-pressure eviction: the kubelet fails pods when the node runs short of memory or disk, or when a pod
//! outgrows its own limits of local storage (pkg/kubelet/eviction).
//!
//! Looked at every ten seconds while there are pods, as upstream's synchronize loop. Left out: soft
//! thresholds, inodes, process numbers, image collection before eviction.

use super::pod::{Pod, Section, specs};
use super::worker::{self, Phase};
use super::{Cx, KubeletTimer, Node, config, rules, status};
use crate::api::object::Key;
use crate::api::quantity::{Format, Quantity};
use crate::api::resources::{pod_request, qos_class};
use crate::api::{Kind, Object, Text, Value};
use crate::collections::{BTreeMap, Order};

use crate::time::{Span, Time};

/// pkg/kubelet `evictionMonitoringPeriod`.
const PERIOD: Span = Span::secs(10);
/// kubelet configuration `evictionHard`: `memory.available<100Mi`.
const MEMORY: u64 = 100 << 20;
/// … `nodefs.available<10%`.
const DISK_PERCENT: u64 = 10;
/// kubelet configuration `evictionPressureTransitionPeriod`.
const TRANSITION: Span = Span::secs(300);
/// eviction_manager.go `immediateEvictionGracePeriodSeconds`.
const GRACE: i64 = 1;

/// pkg/apis/scheduling `SystemCriticalPriority`.
const SYSTEM_CRITICAL: i64 = 2_000_000_000;

/// What the node is short of, and since when it was last seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pressure {
    memory: Option<Time>,
    disk: Option<Time>,
    armed: bool,
}

/// Sees to it that the node is looked at from the first pod on. In a cluster of thousands of nodes only those
/// are looked at whose pods limit their local storage.
pub fn arm(node: &mut Node, pod: &Pod, cx: &mut Cx<'_>) {
    if !node.heart.is_lazy() || pod.limits_storage {
        arm_again(node, cx);
    }
}

/// Whether a pod limits its local storage. It cannot begin to later: what says so is immutable.
pub fn limits_storage(pod: &Object) -> bool {
    let by_container = |c: &crate::api::Value| c["resources"]["limits"]["ephemeral-storage"].is_some();
    let by_volume = |v: &crate::api::Value| v["emptyDir"]["sizeLimit"].is_some();
    specs(pod, Section::Main).iter().any(by_container) || pod.at("spec.volumes").items().iter().any(by_volume)
}

fn arm_again(node: &mut Node, cx: &mut Cx<'_>) {
    if !node.pressure.armed {
        node.pressure.armed = true;
        cx.timers.set(cx.api.now + PERIOD, cx.api.cause, KubeletTimer::Eviction);
    }
}

/// Looks at the node and its pods, and evicts at most one for the node's sake.
pub fn look(node: &mut Node, pods: &mut BTreeMap<Text, Pod>, cx: &mut Cx<'_>) {
    node.pressure.armed = false;
    if pods.is_empty() {
        return;
    }
    arm_again(node, cx);
    let limited = pods.iter().filter(|(_, p)| p.limits_storage && is_active(p));
    let uids: Vec<Text> = limited.map(|(uid, _)| uid.clone()).collect();
    for uid in uids {
        let Some(pod) = pods.get_mut(&uid) else { continue };
        if let Some(message) = over_local_limit(pod, cx) {
            evict(node, pod, cx, &message);
        }
    }
    if node.heart.is_lazy() {
        return;
    }
    let usage = cx.cri.node_usage(cx.world, node.cri);
    let Some(object) = cx.api.get(Kind::NODE, "", &node.name).cloned() else { return };
    let capacity =
        |name: &str| u64::try_from(Quantity::of(&object.at("status.capacity")[name]).value()).unwrap_or(0);
    let memory = capacity("memory").saturating_sub(usage.memory);
    let disk_size = capacity("ephemeral-storage");
    let disk = disk_size.saturating_sub(usage.disk);
    let short_of_memory = memory < MEMORY;
    let short_of_disk = disk < disk_size / 100 * DISK_PERCENT;
    if short_of_memory {
        reclaim(node, pods, cx, Short { name: "memory", threshold: MEMORY, available: memory });
    } else if short_of_disk {
        let threshold = disk_size / 100 * DISK_PERCENT;
        let short = Short { name: "ephemeral-storage", threshold, available: disk };
        reclaim(node, pods, cx, short);
    }
    let now = cx.api.now;
    for (what, short) in [("MemoryPressure", short_of_memory), ("DiskPressure", short_of_disk)] {
        let seen = if what == "MemoryPressure" { &mut node.pressure.memory } else { &mut node.pressure.disk };
        if short {
            *seen = Some(now);
        } else if seen.is_some_and(|t| now.since(t) >= TRANSITION) {
            *seen = None;
        }
        let pressed = seen.is_some();
        set_condition(node, cx, &object, what, pressed);
    }
}

/// Why a node under pressure takes no such pod (`managerImpl.Admit`): short of memory it refuses those that ask
/// for nothing and do not tolerate it, short of disk all but critical ones.
pub fn refusal(node: &Object, pod: &Pod) -> Option<(&'static str, String)> {
    let conditions = ["MemoryPressure", "DiskPressure"];
    let pressed: Vec<&str> = conditions.into_iter().filter(|c| node.condition_true(c)).collect();
    let critical = pod.object.at("spec.priority").int_or(0) >= SYSTEM_CRITICAL
        || pod.object.annotation("kubernetes.io/config.mirror").is_some();
    if pressed.is_empty() || critical {
        return None;
    }
    if pressed == ["MemoryPressure"] {
        let tolerates = |t: &Value| {
            matches!(t["key"].str(), "" | "node.kubernetes.io/memory-pressure")
                && matches!(t["effect"].str(), "" | "NoSchedule")
        };
        let class = qos_class(&pod.object["spec"]);
        if class != "BestEffort" || pod.object.at("spec.tolerations").items().iter().any(tolerates) {
            return None;
        }
    }
    Some(("Evicted", format!("The node had condition: [{}]. ", pressed.join(" "))))
}

struct Short {
    name: &'static str,
    threshold: u64,
    available: u64,
}

fn is_active(pod: &Pod) -> bool {
    pod.worker.phase == Phase::Sync && !pod.worker.ending && pod.worker.verdict.is_none()
}

/// Evicts the pod that deserves it most.
fn reclaim(node: &mut Node, pods: &mut BTreeMap<Text, Pod>, cx: &mut Cx<'_>, short: Short) {
    let message = format!("Attempting to reclaim {}", short.name);
    node.event_of(cx, "Warning", "EvictionThresholdMet", &message);
    let mut ranked: Vec<(bool, i64, i128, Text)> = Vec::new();
    for (uid, pod) in pods.iter().filter(|(_, p)| is_active(p)) {
        let used = i128::from(used(pod, cx, short.name));
        let requested = i128::from(pod_request(&pod.object, short.name).value());
        let priority = pod.object.at("spec.priority").int_or(0);
        ranked.push((used > requested, priority, used - requested, uid.clone()));
    }
    ranked.order_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)).then(b.2.cmp(&a.2)));
    let Some(pod) = ranked.first().and_then(|r| pods.get_mut(&r.3)) else { return };
    let binary =
        |n: u64| Quantity { nano: i128::from(n) * 1_000_000_000, format: Format::BinarySi }.to_string();
    let mut message = format!(
        "The node was low on resource: {}. Threshold quantity: {}, available: {}. ",
        short.name,
        binary(short.threshold),
        binary(short.available / 1024 * 1024)
    );
    for c in pod.specs(Section::Main) {
        let Some(seen) = pod.seen.find(c["name"].str()) else { continue };
        let usage = cx.cri.usage(cx.world, seen.id);
        let used = if short.name == "memory" { usage.memory } else { usage.disk };
        let request = Quantity::of(&c["resources"]["requests"][short.name]);
        if i128::from(used) > i128::from(request.value()) {
            message += &format!(
                "Container {} was using {}, request is {request}, has larger consumption of {}. ",
                c["name"].str(),
                binary(used / 1024 * 1024),
                short.name
            );
        }
    }
    evict(node, pod, cx, &message);
}

fn used(pod: &Pod, cx: &Cx<'_>, name: &str) -> u64 {
    let of = |u: crate::cri::Usage| if name == "memory" { u.memory } else { u.disk };
    pod.instances.iter().map(|id| of(cx.cri.usage(cx.world, *id))).sum()
}

/// Why a pod's local storage is too much, if it is; never where [`Pod::limits_storage`] says that nothing limits it.
fn over_local_limit(pod: &Pod, cx: &Cx<'_>) -> Option<String> {
    let spec = &pod.object["spec"];
    let mut total = 0;
    for (name, tree) in pod.volumes.scratch(spec) {
        let used = cx.world.forest.get(tree).map_or(0, |t| t.used);
        total += used;
        let limit = &spec["volumes"].find("name", &name)["emptyDir"]["sizeLimit"];
        if config::bytes(limit).is_some_and(|l| used > l) {
            let limit = Quantity::of(limit);
            return Some(format!("Usage of EmptyDir volume \"{name}\" exceeds the limit \"{limit}\". "));
        }
    }
    let mut sum = Some(Quantity::units(0));
    for c in pod.specs(Section::Main) {
        let limit = &c["resources"]["limits"]["ephemeral-storage"];
        let used = pod.seen.find(c["name"].str()).map_or(0, |s| cx.cri.usage(cx.world, s.id).disk);
        total += used;
        if config::bytes(limit).is_some_and(|l| used > l) {
            let name = c["name"].str();
            let limit = Quantity::of(limit);
            return Some(format!(
                "Container {name} exceeded its local ephemeral storage limit \"{limit}\". "
            ));
        }
        sum = sum.filter(|_| limit.is_some()).map(|s| s.plus(Quantity::of(limit)));
    }
    let limit = sum?;
    let bytes = u64::try_from(limit.value()).unwrap_or(0);
    (bytes > 0 && total > bytes)
        .then(|| format!("Pod ephemeral local storage usage exceeds the total limit of containers {limit}. "))
}

/// Fails a pod.
fn evict(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, message: &str) {
    cx.api.rule(rules::EVICTION, &pod.path(""), vec![("message", Text::from(message))]);
    node.event(pod, cx, "", "Warning", "Evicted", message);
    pod.worker.verdict = Some((Text::lit("Evicted"), Text::from(message)));
    pod.worker.grace = Some(GRACE);
    pod.worker.ending = true;
    pod.causes.ending = Some(cx.api.cause);
    status::disrupted(pod, cx, message);
    worker::update(node, pod, cx);
}

fn set_condition(node: &Node, cx: &mut Cx<'_>, object: &Object, what: &'static str, pressed: bool) {
    if object.condition_true(what) == pressed {
        return;
    }
    let (reason, message) = match (what, pressed) {
        ("MemoryPressure", true) => {
            ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available")
        }
        ("MemoryPressure", false) => {
            ("KubeletHasSufficientMemory", "kubelet has sufficient memory available")
        }
        (_, true) => ("KubeletHasDiskPressure", "kubelet has disk pressure"),
        (_, false) => ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    };
    let now = cx.api.timestamp();
    let condition = crate::map! {
        "type" => what, "status" => if pressed { "True" } else { "False" }, "reason" => reason,
        "message" => message, "lastHeartbeatTime" => now,
    };
    let mut conditions = object.at("status.conditions").clone();
    cx.api.set_condition(&mut conditions, condition);
    let key = Key::new(Kind::NODE, "", node.name.clone());
    let _ = cx.api.modify(&key, |n| n.set("status.conditions", conditions));
    let reason: &'static str = match (what, pressed) {
        ("MemoryPressure", true) => "NodeHasInsufficientMemory",
        ("MemoryPressure", false) => "NodeHasSufficientMemory",
        (_, true) => "NodeHasDiskPressure",
        (_, false) => "NodeHasNoDiskPressure",
    };
    node.status_event(cx, reason);
}
