//! In-place resize of running pods: accepting new resources, giving them to containers, restarting those
//! whose `resizePolicy` asks for it (pkg/kubelet/allocation, `computePodResizeAction`).

use super::pod::{Pod, Section};
use super::{Cx, Node, config};
use crate::api::quantity::Quantity;
use crate::api::resources::{CLASS, pod_request};
use crate::api::{Kind, Text, Value, json};
use crate::cri::ContainerState;
use crate::map;

/// A resize under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resize {
    generation: i64,
    restart: Vec<Text>,
    update: Vec<Text>,
    applied: bool,
    /// Why it could not be applied when it was last tried.
    error: Option<String>,
}

/// A resize that cannot be accepted for now: reason and message of `PodResizePending`.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    reason: &'static str,
    message: String,
}

impl Refused {
    /// The reason of the event.
    fn event(&self) -> &'static str {
        if self.reason == "Infeasible" { "ResizeInfeasible" } else { "ResizeDeferred" }
    }
}

/// What a pod's resizes are up to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resizes {
    under_way: Option<Resize>,
    refused: Option<Refused>,
}

impl Resizes {
    /// The containers that must be restarted for a resize that is not applied yet.
    pub fn restarts(&self) -> &[Text] {
        match &self.under_way {
            Some(r) if !r.applied => &r.restart,
            _ => &[],
        }
    }

    /// Whether accepted resources are still to be given to containers.
    pub fn pending(&self) -> bool {
        self.under_way.as_ref().is_some_and(|r| !r.applied)
    }

    /// Whether a resize has been applied and only has to be reported.
    pub fn applied(&self) -> bool {
        self.under_way.as_ref().is_some_and(|r| r.applied)
    }

    /// Whether a resize waits for room.
    pub fn deferred(&self) -> bool {
        self.refused.as_ref().is_some_and(|r| r.reason == "Deferred")
    }
}

/// Looks at a changed spec: accepts new resources or says why not.
pub fn asked(node: &Node, pod: &mut Pod, cx: &mut Cx<'_>, before: &Value) {
    let pod_level = pod.object.at("spec.resources").clone();
    let changed_pod = changed_kinds(before.at("spec.resources"), &pod_level);
    let mut new = Vec::new();
    for c in pod.specs(Section::Main) {
        let name = c["name"].text();
        let old = before.at("spec.containers").find("name", &name)["resources"].clone();
        let had = pod.allocated.get(&name).cloned().unwrap_or_else(|| old.clone());
        let mut kinds = changed_kinds(&had, &c["resources"]);
        kinds.extend(changed_pod.iter().copied());
        if !kinds.is_empty() {
            new.push((name, had, c["resources"].clone(), restart_asked(c, &kinds)));
        }
    }
    if new.is_empty() {
        return;
    }
    let generation = pod.object.at("metadata.generation").int_or(1);
    let refused = refusal(node, pod, cx);
    let before = std::mem::replace(&mut pod.resizes.refused, refused);
    if let Some(refused) = pod.resizes.refused.clone() {
        if before.as_ref() != Some(&refused) {
            let spec = |c: &Value| c["resources"].clone();
            let text = describe(pod, spec, generation, Some(&refused.message));
            let text = format!("Pod resize {}: {text}", refused.reason);
            node.event(pod, cx, "", "Warning", refused.event(), &text);
        }
        return;
    }
    let mut resize = Resize { generation, ..Resize::default() };
    for (name, had, wanted, restart) in new {
        pod.actuated.entry(name.clone()).or_insert(had);
        pod.allocated.insert(name.clone(), wanted);
        let list = if restart { &mut resize.restart } else { &mut resize.update };
        list.push(name);
    }
    pod.allocated_pod = Some(pod_level);
    pod.resizes.under_way = Some(resize);
    let text = accepted(pod, None);
    node.event(pod, cx, "", "Normal", "ResizeStarted", &format!("Pod resize started: {text}"));
}

/// Tries a deferred resize again, as somebody has made room.
pub fn retry(node: &Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    let mut before = pod.object.value.clone();
    for (i, c) in pod.specs(Section::Main).iter().enumerate() {
        if let Some(old) = pod.allocated.get(c["name"].str()) {
            before.set(&format!("spec.containers.{i}.resources"), old);
        }
    }
    asked(node, pod, cx, &before);
}

fn changed_kinds(old: &Value, new: &Value) -> Vec<&'static str> {
    let of = |v: &Value, kind: &str| (Quantity::of(&v["requests"][kind]), Quantity::of(&v["limits"][kind]));
    CLASS.into_iter().filter(|k| of(old, k) != of(new, k)).collect()
}

fn restart_asked(container: &Value, kinds: &[&str]) -> bool {
    kinds.iter().any(|k| {
        container["resizePolicy"].find("resourceName", k)["restartPolicy"].str() == "RestartContainer"
    })
}

/// Why the node cannot take the pod's new requests.
fn refusal(node: &Node, pod: &Pod, cx: &Cx<'_>) -> Option<Refused> {
    let object = cx.api.get(Kind::NODE, "", &node.name)?;
    let allocatable = object.at("status.allocatable");
    let of = |name: &str, q: Quantity| if name == "cpu" { q.milli_value() } else { q.value() };
    let need =
        |name: &str| (of(name, pod_request(&pod.object, name)), of(name, Quantity::of(&allocatable[name])));
    // Of what no node of this size could give memory is named first (allocation manager `canResizePod`).
    for name in ["memory", "cpu"] {
        let (wanted, capacity) = need(name);
        if wanted > capacity {
            let message = format!(
                "Node didn't have enough capacity: {name}, requested: {wanted}, capacity: {capacity}"
            );
            return Some(Refused { reason: "Infeasible", message });
        }
    }
    for name in CLASS {
        let (wanted, capacity) = need(name);
        let others = cx.api.pods_on(&node.name).filter(|p| {
            p.uid() != pod.uid.as_str() && !matches!(p.at("status.phase").str(), "Succeeded" | "Failed")
        });
        let used: i64 = others.map(|p| of(name, pod_request(p, name))).sum();
        if wanted + used > capacity {
            let message = format!(
                "Node didn't have enough resource: {name}, requested: {wanted}, used: {used}, capacity: {capacity}"
            );
            return Some(Refused { reason: "Deferred", message });
        }
    }
    None
}

/// Gives running containers the resources that were accepted, unless one uses more memory than it may then.
pub fn apply(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    let Some(mut resize) = pod.resizes.under_way.take().filter(|r| !r.applied) else { return };
    if let Some(why) = too_little(pod, cx, &resize) {
        let before = resize.error.replace(why.clone());
        pod.resizes.under_way = Some(resize);
        pod.worker.run.failed = true;
        if before.as_ref() != Some(&why) {
            let text = accepted(pod, Some(&why));
            node.event(pod, cx, "", "Warning", "ResizeError", &format!("Pod resize error: {text}"));
            node.changed(pod, cx);
        }
        return;
    }
    resize.error = None;
    for name in resize.update.iter().chain(&resize.restart) {
        let Some(new) = pod.allocated.get(name).cloned() else { continue };
        let newest = pod.seen.find(name).filter(|s| s.state == ContainerState::Running);
        if let Some(s) = newest.filter(|_| resize.update.contains(name)) {
            cx.cri.update_container(
                cx.world,
                s.id,
                config::bytes(config::limit(pod, &new, "memory")),
                config::millis(config::limit(pod, &new, "cpu")),
                config::millis(&new["requests"]["cpu"]).unwrap_or(0),
            );
        }
        pod.actuated.insert(name.clone(), new);
    }
    resize.applied = true;
    pod.worker.run.acted = true;
    pod.resizes.under_way = Some(resize);
}

/// Whether containers use more memory than a resize would leave them
/// (pkg/kubelet/kuberuntime `validateMemoryResizeAction`).
fn too_little(pod: &Pod, cx: &Cx<'_>, resize: &Resize) -> Option<String> {
    let one = |name: &Text| {
        let limit = |r: &Value| config::bytes(&r["limits"]["memory"]);
        let (new, old) = (limit(pod.allocated.get(name)?)?, pod.actuated.get(name).and_then(limit));
        let running = pod.seen.find(name).filter(|s| s.state == ContainerState::Running)?;
        let used = cx.cri.usage(cx.world, running.id).memory;
        (old.is_none_or(|old| new < old) && used > new).then(|| {
            format!(
                "attempting to set container \"{name}\" memory limit ({new}) below current usage ({used})"
            )
        })
    };
    let all: Vec<String> = resize.update.iter().filter_map(one).collect();
    match all.len() {
        0 => None,
        1 => Some(format!("cannot decrease memory limits: {}", all[0])),
        _ => Some(format!("cannot decrease memory limits: [{}]", all.join(", "))),
    }
}

/// Reports a resize that has been applied.
pub fn settle(node: &Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    if pod.resizes.applied() {
        let text = accepted(pod, None);
        node.event(pod, cx, "", "Normal", "ResizeCompleted", &format!("Pod resize completed: {text}"));
        pod.resizes.under_way = None;
    }
}

/// The resources that were accepted, as the events list them.
fn accepted(pod: &Pod, error: Option<&str>) -> String {
    let generation = pod.resizes.under_way.as_ref().map_or(0, |r| r.generation);
    let allocated = |c: &Value| pod.allocated.get(c["name"].str()).unwrap_or(&c["resources"]).clone();
    describe(pod, allocated, generation, error)
}

fn describe(pod: &Pod, resources: impl Fn(&Value) -> Value, generation: i64, error: Option<&str>) -> String {
    let list = |section: Section| -> Value {
        let one = |c: &Value| {
            let own = resources(c);
            map! { "name" => &c["name"], "resources" => if own.is_null() { Value::map() } else { own } }
        };
        pod.specs(section).iter().map(one).collect()
    };
    // In upstream's order of fields, which is not the alphabet's.
    let mut fields = Vec::new();
    for (name, section) in [("initContainers", Section::Init), ("containers", Section::Main)] {
        let containers = list(section);
        if !containers.is_empty() {
            fields.push(format!("\"{name}\":{}", json::print(&containers)));
        }
    }
    fields.push(format!("\"generation\":{generation}"));
    if let Some(error) = error {
        fields.push(format!("\"error\":{}", json::print(&Value::from(error))));
    }
    format!("{{{}}}", fields.join(","))
}

/// The conditions of a resize, without their times.
pub fn conditions(pod: &Pod) -> Vec<Value> {
    let generation = pod.object.at("metadata.generation").int_or(1);
    let base = |kind: &'static str| {
        map! {
            "type" => kind, "status" => "True", "lastProbeTime" => Value::Null,
            "observedGeneration" => generation,
        }
    };
    let mut list = Vec::new();
    if let Some(refused) = &pod.resizes.refused {
        let mut pending = base("PodResizePending");
        pending.set("reason", refused.reason);
        pending.set("message", refused.message.as_str());
        list.push(pending);
    }
    if let Some(resize) = &pod.resizes.under_way {
        let mut progress = base("PodResizeInProgress");
        if let Some(error) = &resize.error {
            progress.set("reason", "Error");
            progress.set("message", error.as_str());
        }
        list.push(progress);
    }
    list
}
