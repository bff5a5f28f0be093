//! The status of a Pod: generated from what was seen of it, merged with what others wrote, and written.
//!
//! Mirrors `generateAPIPodStatus` (pkg/kubelet/kubelet_pods.go) and pkg/kubelet/status: a phase never goes
//! back, and does not become terminal while containers may still run.

mod conditions;
mod containers;
mod phase;
pub mod resources;

pub use containers::{Names, terminate_containers};

use super::pod::{Pod, Section, specs};
use super::prober::{self, Outcome, ProbeKind};
use super::{Cx, Node, deadline};
use crate::api::{Kind, Text, Value};
use crate::map;

/// Generates the status of a pod as of now. `ended`: its containers are gone for good.
pub fn generate(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, ended: bool) -> Value {
    let mut status = map! {};
    let lists = containers::generate(&node.image_names, pod, cx);
    let initialized = containers::initialized(&pod.object, &lists);
    let mut now = phase::compute(&pod.object, &lists, ended);
    let verdict = deadline::verdict(node, pod, cx).or_else(|| pod.worker.verdict.clone());
    if let Some((reason, message)) = verdict {
        now = "Failed";
        status.set("reason", reason);
        status.set("message", message);
    } else {
        for field in ["reason", "message"] {
            if pod.status[field].is_some() {
                status.set(field, &pod.status[field]);
            }
        }
    }
    if matches!(pod.status["phase"].str(), "Succeeded" | "Failed") {
        now = if pod.status["phase"].str() == "Failed" { "Failed" } else { "Succeeded" };
    }
    status.set("phase", now);
    let conditions = conditions::generate(pod, &lists, now, initialized);
    status.set("conditions", conditions);
    for (section, list) in Section::ALL.into_iter().zip(lists) {
        if !specs(&pod.object, section).is_empty() {
            status.set(field(section), list);
        }
    }
    addresses(node, pod, &mut status);
    let started = pod.status["startTime"].clone();
    status.set("startTime", if started.is_null() { Value::from(cx.api.timestamp()) } else { started });
    status.set("qosClass", crate::api::resources::qos_class(&pod.object["spec"]));
    resources::pod_level(pod, &mut status, cx.world.settings().cgroup_v1);
    status.set("observedGeneration", pod.object.at("metadata.generation").int_or(1));
    status
}

/// The status field of a section.
pub fn field(section: Section) -> &'static str {
    match section {
        Section::Init => "initContainerStatuses",
        Section::Main => "containerStatuses",
        Section::Ephemeral => "ephemeralContainerStatuses",
    }
}

fn addresses(node: &Node, pod: &Pod, status: &mut Value) {
    let host = node.ip();
    if !host.is_empty() {
        status.set("hostIP", &host);
        status.set("hostIPs", crate::list![map! { "ip" => &host }]);
    }
    let host_network = pod.object.at("spec.hostNetwork").is_true();
    let ip = if host_network { host } else { pod.seen.ip.clone() };
    if !ip.is_empty() {
        status.set("podIP", &ip);
        status.set("podIPs", crate::list![map! { "ip" => ip }]);
    }
}

/// Takes a new status as the kubelet's own and writes it. `may_run`: containers may still run, so the pod
/// does not become terminal yet.
pub fn set(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, mut new: Value, may_run: bool) {
    let terminal = |phase: &Value| matches!(phase.str(), "Succeeded" | "Failed");
    if may_run && terminal(&new["phase"]) && !terminal(&pod.status["phase"]) {
        for field in ["phase", "reason", "message"] {
            match &pod.status[field] {
                Value::Null => {
                    new.remove(field);
                }
                old => new.set(field, old.clone()),
            }
        }
    }
    conditions::keep_times(&mut new, &pod.status, &cx.api.timestamp());
    containers::publish(pod, cx, &new);
    pod.status = new;
    write(node, pod, cx);
}

/// Writes the kubelet's status over the object's, keeping what others put there.
fn write(node: &Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    if !node.up || pod.worker.rejected {
        return;
    }
    if cx.api.down {
        pod.causes.unsaid = Some(cx.api.cause);
        return;
    }
    let Some(object) = cx.api.get(Kind::POD, &pod.key.namespace, &pod.key.name) else { return };
    if object.uid() != pod.uid.as_str() {
        return;
    }
    let mut status = object["status"].clone();
    // What others wrote comes first (upstream `mergePodStatus`).
    let mut list = conditions::foreign(&status["conditions"]);
    for (key, value) in pod.status.entries() {
        status.map_mut().insert(key.clone(), value.clone());
    }
    for gone in ["reason", "message"] {
        if pod.status[gone].is_null() {
            status.remove(gone);
        }
    }
    list.extend_from_slice(pod.status["conditions"].items());
    status.set("conditions", Value::from(list));
    // The pod may have gone in between; then there is nothing to write.
    let _ = cx.api.update_status(&pod.key, status);
}

/// What ran is not told of a pod that was refused (upstream `rejectPod` writes a status of its own).
pub fn forget(pod: &mut Pod, cx: &mut Cx<'_>) {
    pod.worker.rejected = true;
    let _ = cx.api.modify(&pod.key, |object| {
        let status = object.slot("status");
        let foreign = conditions::foreign(&status["conditions"]);
        status.set("conditions", Value::from(foreign));
        for list in Section::ALL.map(field).into_iter().chain(["podIP", "podIPs", "hostIP", "hostIPs"]) {
            status.remove(list);
        }
    });
}

/// Writes a pod's status that could not be written, as the status manager does until it succeeds.
pub fn tell(node: &Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    if let Some(cause) = pod.causes.unsaid.take() {
        cx.api.cause = cause;
        write(node, pod, cx);
    }
}

/// Asks the readiness probes of started containers that are not ready to run now.
pub fn trigger_probes(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    let mut names: Vec<Text> = Vec::new();
    for section in [Section::Main, Section::Init] {
        for c in pod.status[field(section)].items() {
            if c["started"].is_true() && !c["ready"].is_true() {
                names.push(c["name"].text());
            }
        }
    }
    for name in names {
        prober::trigger(node, pod, cx, &name);
    }
}

/// A readiness probe has changed its mind.
pub fn set_ready(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, name: &str, ready: bool) {
    change(node, pod, cx, name, "ready", ready);
}

/// A startup probe has changed its mind.
pub fn set_started(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, name: &str, started: bool) {
    change(node, pod, cx, name, "started", started);
    if let Some(published) = pod.published.get_mut(name) {
        published.started = started;
    }
}

fn change(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, name: &str, what: &'static str, to: bool) {
    let mut new = pod.status.clone();
    let mut changed = false;
    for section in [Section::Main, Section::Init] {
        let list = new[field(section)].clone();
        let Some(i) = list.items().iter().position(|c| c["name"].str() == name) else { continue };
        if list[i][what].is_true() != to {
            new.set(&format!("{}.{i}.{what}", field(section)), to);
            changed = true;
        }
    }
    if !changed {
        return;
    }
    let lists = Section::ALL.map(|s| new[field(s)].clone());
    let phase = pod.status["phase"].text();
    conditions::set_ready(pod, &mut new, &lists, &phase);
    conditions::keep_times(&mut new, &pod.status, &cx.api.timestamp());
    pod.status = new;
    write(node, pod, cx);
}

/// Puts the condition of a pod that the kubelet evicts into its object.
pub fn disrupted(pod: &Pod, cx: &mut Cx<'_>, message: &str) {
    let Some(object) = cx.api.store.get(&pod.key).filter(|o| o.uid() == pod.uid.as_str()) else { return };
    let mut conditions = object.at("status.conditions").clone();
    let condition = map! {
        "type" => "DisruptionTarget", "status" => "True", "reason" => "TerminationByKubelet",
        "message" => message, "lastProbeTime" => Value::Null,
        "observedGeneration" => pod.object.at("metadata.generation").int_or(1),
    };
    cx.api.set_condition(&mut conditions, condition);
    // The pod exists, as it was read above.
    let _ = cx.api.modify(&pod.key, |p| p.set("status.conditions", conditions));
}

/// Whether a container of the status counts as started, by its startup probe.
fn started(pod: &Pod, container: &Value, id: crate::cri::ContainerId) -> bool {
    match pod.results.get(id, ProbeKind::Startup) {
        Some(outcome) => outcome == Outcome::Success,
        None => container["startupProbe"].is_null(),
    }
}

/// Whether a started container is ready, by its readiness probe.
fn ready(pod: &Pod, container: &Value, id: crate::cri::ContainerId) -> bool {
    container["readinessProbe"].is_null()
        || pod.results.get(id, ProbeKind::Readiness) == Some(Outcome::Success)
}
