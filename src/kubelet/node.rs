//! The node itself: its status, its lease, admission of pods that were bound to it.
//!
//! In a cluster of up to [`OBSERVED`] nodes every kubelet renews its Lease every ten seconds, as upstream.
//! In a larger one nobody looks at healthy leases, so none is written: a Lease appears, with the time of the
//! last renewal that a real kubelet would have made, when the kubelet stops; from its return on it is renewed.

use super::pod::Pod;
use super::registration::{self, NodeSettings};
use super::{Cx, KubeletTimer, Node, rules};
use crate::api::object::Key;
use crate::api::quantity::Quantity;
use crate::api::resources::pod_request;
use crate::api::{Kind, Object, Text, Value};
use crate::collections::BTreeMap;
use crate::map;
use crate::rng::Rng;
use crate::time::{Span, Time};
use crate::trace::Cause;

/// Up to how many nodes leases are written all the time.
pub const OBSERVED: usize = 200;
/// kubelet configuration `nodeLeaseDurationSeconds`.
const LEASE_SECONDS: i64 = 40;
/// The lease is renewed after a quarter of its duration.
const RENEW: Span = Span::secs(10);
/// From the start of the kubelet's process to its first status (measured: 0.5 s).
const RETURN: Span = Span::millis(450);
/// From its registration to the first ready status of a node whose network plugin is there: the kubelet looks
/// every 100 ms until it has reported that (`fastStatusUpdateOnce`), and its CSINode is made meanwhile.
const JOINING: Span = Span::millis(300);
/// How soon a kubelet that started while the API server was away tries again.
const RETRY: Span = Span::secs(1);
/// kubelet configuration `nodeStatusReportFrequency`.
const REPORT: Span = Span::secs(300);

/// A node's heartbeats.
#[derive(Clone, Debug, PartialEq)]
pub struct Heart {
    phase: Span,
    reported: Time,
    lazy: bool,
    /// Whether the node has still to say that it is back.
    returning: bool,
    /// Whether it is new and has still to say that it is ready.
    joining: bool,
    /// Whether it was cordoned since the last heartbeat, or the contrary, and why.
    pub(super) cordoned: Option<(bool, Cause)>,
    /// Stale heartbeats of an earlier run of the kubelet are told by this.
    next: Time,
}

impl Heart {
    /// Heartbeats with a phase of their own.
    pub fn new(rng: &mut Rng) -> Heart {
        let phase = Span::micros(rng.below(RENEW.0));
        Heart {
            phase,
            reported: Time::ZERO,
            lazy: false,
            returning: false,
            joining: false,
            cordoned: None,
            next: Time::ZERO,
        }
    }
}

impl Heart {
    /// Whether this node is one of so many that nobody looks at each of them closely.
    pub fn is_lazy(&self) -> bool {
        self.lazy
    }
}

/// The kubelet starts: it renews its lease and says that it is ready.
pub fn start(node: &mut Node, cx: &mut Cx<'_>) {
    cx.api.rule(rules::HEARTBEAT, &format!("nodes/{}", node.name), vec![("period", Text::lit("10s"))]);
    let many = || cx.api.list(Kind::NODE, None).take(OBSERVED + 1).count() > OBSERVED;
    node.heart.lazy = cx.api.now == Time::ZERO && many();
    if cx.api.now == Time::ZERO {
        // It has been running for long: its heartbeats have a phase of their own.
        node.heart.next = cx.api.now + node.heart.phase;
        report(node, cx);
        if !node.heart.lazy {
            renew(node, cx, cx.api.now);
        }
    } else {
        if cx.api.get(Kind::NODE, "", &node.name).is_some() {
            renew(node, cx, cx.api.now);
        }
        node.heart.returning = true;
        node.heart.next = cx.api.now + RETURN;
    }
    if !node.heart.lazy || node.heart.returning {
        cx.timers.set(node.heart.next, cx.api.cause, KubeletTimer::Heartbeat);
    }
}

/// When the kubelet tries to reach the API server next, after it was away.
pub fn retry(node: &Node, now: Time) -> Time {
    now + node.heart.phase
}

/// The API server answers again.
pub fn reached(node: &Node, cx: &mut Cx<'_>) {
    if !node.heart.lazy {
        renew(node, cx, cx.api.now);
    }
}

/// The kubelet stops: what it last wrote stays.
pub fn stop(node: &mut Node, cx: &mut Cx<'_>) {
    if node.heart.lazy {
        let since = cx.api.now.since(Time::ZERO + node.heart.phase);
        let last = Time::ZERO + node.heart.phase + Span(since.0 / RENEW.0 * RENEW.0);
        renew(node, cx, last.min(cx.api.now));
    }
}

/// A heartbeat is due.
pub fn beat(node: &mut Node, settings: &NodeSettings, cx: &mut Cx<'_>) {
    if cx.api.now != node.heart.next {
        return;
    }
    if node.heart.returning {
        if cx.api.down {
            node.heart.next = cx.api.now + RETRY;
            cx.timers.set(node.heart.next, cx.api.cause, KubeletTimer::Heartbeat);
            return;
        }
        node.heart.returning = false;
        if registration::begin(node, settings, cx) {
            // A node that has just been registered is ready once its network is.
            node.heart.joining = true;
            node.heart.next = cx.api.now + JOINING;
            cx.timers.set(node.heart.next, cx.api.cause, KubeletTimer::Heartbeat);
            return;
        }
        let up = node.runtime_up;
        set_ready(node, cx, up);
    }
    if std::mem::take(&mut node.heart.joining) {
        let up = node.runtime_up;
        set_ready(node, cx, up);
    }
    renew(node, cx, cx.api.now);
    registration::note_cordon(node, cx);
    if cx.api.now.since(node.heart.reported) >= REPORT {
        report(node, cx);
    }
    if node.heart.lazy {
        return;
    }
    node.heart.next = cx.api.now + RENEW;
    cx.timers.set(node.heart.next, cx.api.cause, KubeletTimer::Heartbeat);
}

fn renew(node: &Node, cx: &mut Cx<'_>, at: Time) {
    let key = Key::new(Kind::LEASE, "kube-node-lease", node.name.clone());
    let stamp = cx.api.epoch.rfc3339_micro(at);
    if cx.api.store.get(&key).is_some() {
        // Nobody else writes it.
        let _ = cx.api.modify(&key, |lease| lease.set("spec.renewTime", stamp));
        return;
    }
    let owner = cx.api.get(Kind::NODE, "", &node.name).map(|n| {
        map! { "apiVersion" => "v1", "kind" => "Node", "name" => n.name(), "uid" => n.uid() }
    });
    let lease = map! {
        "metadata" => map! {
            "name" => &node.name, "namespace" => "kube-node-lease",
            "ownerReferences" => owner.into_iter().collect::<Value>(),
        },
        "spec" => map! {
            "holderIdentity" => &node.name, "leaseDurationSeconds" => LEASE_SECONDS, "renewTime" => stamp,
        },
    };
    let _ = cx.api.create(Object::new(Kind::LEASE, lease));
}

/// Writes the node's status though nothing has changed: heartbeat times and images.
fn report(node: &mut Node, cx: &mut Cx<'_>) {
    node.heart.reported = cx.api.now;
    let now = cx.api.timestamp();
    let images = registration::images(cx.cri, node.cri);
    let key = Key::new(Kind::NODE, "", node.name.clone());
    let _ = cx.api.modify(&key, |object| {
        for condition in object.slot("status.conditions").list_mut() {
            if is_own(condition["type"].str()) {
                condition.set("lastHeartbeatTime", &now);
            }
        }
        object.set("status.images", images);
    });
}

fn is_own(condition: &str) -> bool {
    matches!(condition, "MemoryPressure" | "DiskPressure" | "PIDPressure" | "Ready")
}

/// The runtime was stopped or started.
pub fn runtime_changed(node: &mut Node, cx: &mut Cx<'_>) {
    if node.up {
        let up = node.runtime_up;
        set_ready(node, cx, up);
    }
}

fn set_ready(node: &mut Node, cx: &mut Cx<'_>, ready: bool) {
    node.heart.reported = cx.api.now;
    let now = cx.api.timestamp();
    let key = Key::new(Kind::NODE, "", node.name.clone());
    let Some(mut conditions) = cx.api.store.get(&key).map(|n| n.at("status.conditions").clone()) else {
        return;
    };
    let old = conditions.find("type", "Ready")["status"].text();
    for condition in registration::conditions_of(&now, &now, registration::readiness(ready)) {
        let mut condition = condition;
        condition.remove("lastTransitionTime");
        cx.api.set_condition(&mut conditions, condition);
    }
    let _ = cx.api.modify(&key, |object| object.set("status.conditions", conditions));
    if old.as_str() != if ready { "True" } else { "False" } {
        node.status_event(cx, if ready { "NodeReady" } else { "NodeNotReady" });
    }
}

/// Whether a pod that was bound to this node may run on it (pkg/kubelet/lifecycle/predicate.go); one that may
/// not fails.
pub fn admit(node: &mut Node, pods: &BTreeMap<Text, Pod>, pod: &mut Pod, cx: &mut Cx<'_>) -> bool {
    let Some(object) = cx.api.get(Kind::NODE, "", &node.name).cloned() else { return true };
    let refused = super::eviction::refusal(&object, pod)
        .or_else(|| other_system(pod))
        .or_else(|| super::sysctl::refusal(pod))
        .or_else(|| refusal(&object, pods, pod));
    let Some((reason, message)) = refused else { return true };
    cx.api.rule(rules::ADMISSION, &pod.path(""), vec![("reason", Text::from(message.as_str()))]);
    node.event(pod, cx, "", "Warning", reason, &message);
    let started = cx.api.timestamp();
    let message = format!("Pod was rejected: {message}");
    let generation = pod.object.at("metadata.generation").int_or(1);
    let _ = cx.api.modify(&pod.key, |p| {
        let status = p.slot("status");
        status.set("phase", "Failed");
        status.set("reason", reason);
        status.set("message", message);
        status.set("startTime", started);
        status.set("observedGeneration", generation);
    });
    false
}

/// Why a pod for another operating system may not run (`rejectPodAdmissionBasedOnOSSelector`, `…OSField`).
fn other_system(pod: &Pod) -> Option<(&'static str, String)> {
    const SYSTEM: &str = "linux";
    let label = pod.object.at("metadata.labels")["kubernetes.io/os"].text();
    let field = pod.object.at("spec.os.name").text();
    if !label.is_empty() && label != SYSTEM {
        let why = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label";
        return Some(("PodOSSelectorNodeLabelDoesNotMatch", why.to_string()));
    }
    (!field.is_empty() && field != SYSTEM).then(|| {
        ("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS".to_string())
    })
}

fn refusal(node: &Object, pods: &BTreeMap<Text, Pod>, pod: &Pod) -> Option<(&'static str, String)> {
    let spec = &pod.object["spec"];
    let labels = node.at("metadata.labels");
    let mut selector = spec["nodeSelector"].entries();
    let matches = selector.all(|(k, v)| labels[k.as_str()] == *v) && affinity_matches(node, spec);
    if !matches {
        let why = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
        return Some(("NodeAffinity", why.to_string()));
    }
    let allocatable = node.at("status.allocatable");
    let active = pods.values().filter(|p| p.worker.phase < super::worker::Phase::Terminated);
    let others: Vec<&Pod> = active.collect();
    let limit = Quantity::of(&allocatable["pods"]).value();
    if limit > 0 && others.len() as i64 >= limit {
        let used = others.len();
        let why =
            format!("Node didn't have enough resource: pods, requested: 1, used: {used}, capacity: {limit}");
        return Some(("OutOfpods", why));
    }
    for (name, reason) in
        [("cpu", "OutOfcpu"), ("memory", "OutOfmemory"), ("ephemeral-storage", "OutOfephemeral-storage")]
    {
        let of = |q: Quantity| if name == "cpu" { q.milli_value() } else { q.value() };
        let requested = of(pod_request(&pod.object, name));
        if requested <= 0 {
            continue;
        }
        let used: i64 = others.iter().map(|p| of(pod_request(&p.object, name))).sum();
        let capacity = of(Quantity::of(&allocatable[name]));
        if requested + used > capacity {
            let why = format!(
                "Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {capacity}"
            );
            return Some((reason, why));
        }
    }
    None
}

/// Whether the required node affinity of a pod holds on this node.
fn affinity_matches(node: &Object, spec: &Value) -> bool {
    let terms =
        spec.at("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
    terms.is_null() || terms.items().iter().any(|t| term_matches(node, t))
}

fn term_matches(node: &Object, term: &Value) -> bool {
    let labels = node.at("metadata.labels");
    let one = |e: &Value, actual: &Value| {
        let listed = e["values"].items().iter().any(|v| v == actual);
        let number = |v: &Value| v.str().parse::<i64>().ok();
        let bound = e["values"].items().first().and_then(number);
        match e["operator"].str() {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => actual.is_some(),
            "DoesNotExist" => actual.is_null(),
            "Gt" => number(actual).zip(bound).is_some_and(|(a, b)| a > b),
            "Lt" => number(actual).zip(bound).is_some_and(|(a, b)| a < b),
            _ => false,
        }
    };
    let by_label = term["matchExpressions"].items().iter().all(|e| one(e, &labels[e["key"].str()]));
    let name = node.at("metadata.name");
    let by_field = term["matchFields"].items().iter().all(|e| one(e, name));
    let empty = term["matchExpressions"].is_empty() && term["matchFields"].is_empty();
    by_label && by_field && !empty
}
