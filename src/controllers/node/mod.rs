//! The node lifecycle controller: notices nodes whose heartbeats cease, marks and taints them, and has the
//! taint manager ([`eviction`]) move their pods, as fast as their [zone](zones) allows.

pub mod eviction;
pub mod pod_gc;
mod zones;

use super::work::Cx;
use super::{Timer, Which, pods, rules};
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::Change;
use crate::collections::{BTreeMap, BTreeSet};
use crate::map;
use crate::time::{Span, Time};

const WHICH: Which = Which::Node;
/// kube-controller-manager `--node-monitor-period`.
const PERIOD: Span = Span::secs(5);
/// kube-controller-manager `--node-monitor-grace-period`.
const GRACE: Span = Span::secs(50);
/// From a change of a node to its new taints: the controller reads the node and patches it.
const TAINTING: Span = Span::millis(15);
/// The namespace of the nodes' heartbeats.
const LEASES: &str = "kube-node-lease";
/// Up to how many nodes all kubelets renew their leases; in a larger cluster those that are well write none.
const RENEWED: usize = 200;
/// Nodes that are there this soon were there before the scenario began, and are not announced.
const BEGINNING: Span = Span::secs(1);
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const NOT_READY: &str = "node.kubernetes.io/not-ready";

/// What is remembered of the nodes.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// When each node was last heard of.
    seen: BTreeMap<Text, Time>,
    monitoring: bool,
    /// For each zone: when the next node may be emptied.
    next: BTreeMap<Text, Time>,
    /// Nodes that have failed and may not be emptied while their zone is as it is.
    held: BTreeSet<Key>,
}

/// All nodes count as heard of now: nobody could be heard of while the API server was away.
pub fn heard_of(health: &mut Health, now: Time) {
    health.seen.values_mut().for_each(|at| *at = now);
}

/// A node or a heartbeat has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    match object.kind {
        Kind::LEASE if object.namespace() == LEASES => {
            let name = object.at("metadata.name").text();
            cx.work.health.seen.insert(name, cx.api.now);
        }
        Kind::NODE if change.kind == WatchKind::Deleted => {
            cx.work.health.seen.remove(object.name());
            let message = format!("Node {0} event: Removing Node {0} from Controller", object.name());
            cx.event(WHICH, object, "Normal", "RemovingNode", &message);
        }
        Kind::NODE => node_changed(change, cx),
        _ => {}
    }
}

fn node_changed(change: &Change, cx: &mut Cx<'_>) {
    let node = &change.new;
    if change.old.is_none() {
        cx.work.health.seen.insert(node.at("metadata.name").text(), cx.api.now);
        if cx.api.now > Time::ZERO + BEGINNING {
            let message = format!("Node {0} event: Registered Node {0} in Controller", node.name());
            cx.event(WHICH, node, "Normal", "RegisteredNode", &message);
        }
        if !cx.work.health.monitoring {
            cx.work.health.monitoring = true;
            cx.timers.set(cx.api.now + PERIOD, cx.api.cause, Timer::MonitorNodes);
        }
    }
    let ready = |n: &Object| n.condition("Ready")["status"].text();
    if change.old.as_ref().is_some_and(|o| ready(o) != ready(node)) && ready(node).as_str() != "Unknown" {
        cx.work.health.seen.insert(node.at("metadata.name").text(), cx.api.now);
        if ready(node).as_str() == "False" {
            mark_pods(node, cx);
        }
    }
    cx.enqueue_after(WHICH, &node.key(), TAINTING);
}

/// Looks at all nodes' heartbeats.
pub fn monitor(cx: &mut Cx<'_>) {
    cx.timers.set(cx.api.now + PERIOD, cx.api.cause, Timer::MonitorNodes);
    zones::look_again(cx);
    let late = |at: &Time| *at + GRACE < cx.api.now;
    let silent: Vec<Text> =
        cx.work.health.seen.iter().filter(|(_, at)| late(at)).map(|(name, _)| name.clone()).collect();
    for name in silent {
        let Some(node) = cx.api.get(Kind::NODE, "", &name).cloned() else { continue };
        // One of so many has written no lease because it is well; one appears when it stops.
        let well = node.condition("Ready").is_some() && cx.api.get(Kind::LEASE, LEASES, &name).is_none();
        if well && cx.api.list(Kind::NODE, None).nth(RENEWED).is_some() {
            cx.work.health.seen.remove(name.as_str());
            continue;
        }
        if node.condition("Ready")["status"].str() != "Unknown" {
            mark_silent(&node, cx);
        }
    }
}

/// Marks a node that is silent: its conditions are unknown, its pods not ready.
fn mark_silent(node: &Object, cx: &mut Cx<'_>) {
    let path = node.key().path();
    cx.api.rule(rules::NODE_HEALTH, &path, vec![("grace", Text::from(format!("{}s", GRACE.as_secs())))]);
    let mut status = node["status"].clone();
    for kind in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
        let old = node.condition(kind);
        let (reason, message, heartbeat) = if old.is_null() {
            let created = node.at("metadata.creationTimestamp");
            ("NodeStatusNeverUpdated", "Kubelet never posted node status.", created)
        } else {
            ("NodeStatusUnknown", "Kubelet stopped posting node status.", &old["lastHeartbeatTime"])
        };
        let condition = map! {
            "type" => kind, "status" => "Unknown", "reason" => reason, "message" => message,
            "lastHeartbeatTime" => heartbeat,
        };
        cx.api.set_condition(status.slot("conditions"), condition);
    }
    cx.write_status(WHICH, node, status);
    let message = format!("Node {} status is now: NodeNotReady", node.name());
    cx.event(WHICH, node, "Normal", "NodeNotReady", &message);
    mark_pods(node, cx);
}

/// The pods of a node that is not ready are not ready either.
fn mark_pods(node: &Object, cx: &mut Cx<'_>) {
    let all: Vec<Object> = cx.api.pods_on(node.name()).cloned().collect();
    for pod in all.iter().filter(|p| pods::is_ready(p)) {
        let mut condition = pod.condition("Ready").clone();
        condition.set("status", "False");
        condition.remove("lastTransitionTime");
        let mut status = pod["status"].clone();
        cx.api.set_condition(status.slot("conditions"), condition);
        cx.write_status(WHICH, pod, status);
        cx.event(WHICH, pod, "Warning", "NodeNotReady", "Node is not ready");
    }
}

/// Gives a node the taints that its conditions and its cordon call for, and takes those away that they do
/// not.
pub fn sync(node: &Object, cx: &mut Cx<'_>) {
    let ready = node.condition("Ready")["status"].str();
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    let (unknown, not_ready) = (ready == "Unknown", ready == "False");
    if unknown || not_ready {
        let key = if unknown { UNREACHABLE } else { NOT_READY };
        wanted.push((key, "NoSchedule"));
        if zones::may_empty(node, cx) {
            wanted.push((key, "NoExecute"));
        }
    }
    for (kind, key) in PRESSURES {
        if node.condition_true(kind) {
            wanted.push((key, "NoSchedule"));
        }
    }
    if node.at("spec.unschedulable").is_true() {
        wanted.push((UNSCHEDULABLE, "NoSchedule"));
    }
    let own = |key: &str| {
        [UNREACHABLE, NOT_READY, UNSCHEDULABLE].contains(&key) || PRESSURES.iter().any(|(_, k)| *k == key)
    };
    let old = node.at("spec.taints").items();
    let is = |t: &Value, (key, effect): &(&str, &str)| t["key"].str() == *key && t["effect"].str() == *effect;
    let mut taints: Vec<Value> =
        old.iter().filter(|t| !own(t["key"].str()) || wanted.iter().any(|w| is(t, w))).cloned().collect();
    for w in &wanted {
        if !taints.iter().any(|t| is(t, w)) {
            taints.push(map! { "key" => w.0, "effect" => w.1, "timeAdded" => cx.api.timestamp() });
        }
    }
    if taints != old {
        // Another writer's change brings the node back here.
        let _ = cx.api.modify(&node.key(), |n| {
            if taints.is_empty() { drop(n.remove("spec.taints")) } else { n.set("spec.taints", taints) }
        });
    }
}

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
const PRESSURES: [(&str, &str); 4] = [
    ("MemoryPressure", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "node.kubernetes.io/disk-pressure"),
    ("PIDPressure", "node.kubernetes.io/pid-pressure"),
    ("NetworkUnavailable", "node.kubernetes.io/network-unavailable"),
];
