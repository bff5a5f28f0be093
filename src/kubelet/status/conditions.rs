//! The conditions of a Pod that the kubelet owns, with the reasons and messages of pkg/kubelet/status/generate.go.

use crate::api::{Text, Value};
use crate::kubelet::pod::{Pod, Section, is_sidecar, specs};
use crate::kubelet::resize;
use crate::map;

/// The conditions that the kubelet writes, in its order.
const OWN: [&str; 5] =
    ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

struct Judgement {
    ok: bool,
    reason: &'static str,
    message: String,
}

impl Judgement {
    fn yes() -> Judgement {
        Judgement { ok: true, reason: "", message: String::new() }
    }

    fn no(reason: &'static str, message: String) -> Judgement {
        Judgement { ok: false, reason, message }
    }

    fn condition(self, kind: &'static str, generation: i64) -> Value {
        let mut c = map! {
            "type" => kind, "status" => if self.ok { "True" } else { "False" },
            "lastProbeTime" => Value::Null, "observedGeneration" => generation,
        };
        if !self.reason.is_empty() {
            c.set("reason", self.reason);
        }
        if !self.message.is_empty() {
            c.set("message", self.message);
        }
        c
    }
}

/// All conditions of a status, without their times.
pub fn generate(pod: &Pod, lists: &[Value; 3], phase: &str, initialized: bool) -> Value {
    let generation = pod.object.at("metadata.generation").int_or(1);
    let ready = containers_ready(pod, lists, phase);
    let pod_ready = pod_ready(pod, lists, phase);
    let own = [
        sandbox(pod).condition(OWN[0], generation),
        init(pod, lists, phase, initialized).condition(OWN[1], generation),
        pod_ready.condition(OWN[2], generation),
        ready.condition(OWN[3], generation),
        Judgement::yes().condition(OWN[4], generation),
    ];
    resize::conditions(pod).into_iter().chain(restarting(pod)).chain(own).collect()
}

/// The condition of a pod whose containers are all being restarted.
fn restarting(pod: &Pod) -> Option<Value> {
    let generation = pod.object.at("metadata.generation").int_or(1);
    let judgement = Judgement { ok: true, reason: "", message: String::new() };
    pod.restarting_all.then(|| judgement.condition("AllContainersRestarting", generation))
}

fn sandbox(pod: &Pod) -> Judgement {
    let up = pod.seen.sandbox.is_some_and(|s| s.1) && (!pod.seen.ip.is_empty());
    Judgement { ok: up, reason: "", message: String::new() }
}

fn init(pod: &Pod, lists: &[Value; 3], phase: &str, initialized: bool) -> Judgement {
    if phase == "Succeeded" {
        return Judgement { ok: true, reason: "PodCompleted", message: String::new() };
    }
    let mut waiting = Vec::new();
    for c in specs(&pod.object, Section::Init) {
        let s = lists[1].find("name", c["name"].str());
        let done = if is_sidecar(c) { s["started"].is_true() } else { s["ready"].is_true() };
        if !done {
            waiting.push(c["name"].str());
        }
    }
    // Once the pod's own containers have been made, its init containers are done whatever they do now.
    if waiting.is_empty() || initialized {
        return Judgement::yes();
    }
    Judgement::no(
        "ContainersNotInitialized",
        format!("containers with incomplete status: [{}]", waiting.join(" ")),
    )
}

fn containers_ready(pod: &Pod, lists: &[Value; 3], phase: &str) -> Judgement {
    match phase {
        "Succeeded" => return Judgement::no("PodCompleted", String::new()),
        "Failed" => return Judgement::no("PodFailed", String::new()),
        _ => {}
    }
    let mut unready = Vec::new();
    for c in specs(&pod.object, Section::Init).iter().filter(|c| is_sidecar(c)) {
        if !lists[1].find("name", c["name"].str())["ready"].is_true() {
            unready.push(c["name"].str());
        }
    }
    for c in specs(&pod.object, Section::Main) {
        if !lists[2].find("name", c["name"].str())["ready"].is_true() {
            unready.push(c["name"].str());
        }
    }
    if unready.is_empty() {
        return Judgement::yes();
    }
    Judgement::no("ContainersNotReady", format!("containers with unready status: [{}]", unready.join(" ")))
}

fn pod_ready(pod: &Pod, lists: &[Value; 3], phase: &str) -> Judgement {
    let ready = containers_ready(pod, lists, phase);
    if !ready.ok {
        return ready;
    }
    let mut unmet = Vec::new();
    for gate in pod.object.at("spec.readinessGates").items() {
        let kind = gate["conditionType"].str();
        let condition = pod.object.condition(kind);
        if condition.is_null() {
            unmet.push(format!("corresponding condition of pod readiness gate \"{kind}\" does not exist."));
        } else if condition["status"].str() != "True" {
            let status = condition["status"].str();
            unmet.push(format!("the status of pod readiness gate \"{kind}\" is not \"True\", but {status}"));
        }
    }
    match unmet.len() {
        0 => Judgement::yes(),
        1 => Judgement::no("ReadinessGatesNotReady", unmet.remove(0)),
        _ => Judgement::no("ReadinessGatesNotReady", format!("[{}]", unmet.join(", "))),
    }
}

/// Judges readiness anew in a status whose containers have changed.
pub fn set_ready(pod: &Pod, status: &mut Value, lists: &[Value; 3], phase: &str) {
    let generation = pod.object.at("metadata.generation").int_or(1);
    let ready = pod_ready(pod, lists, phase).condition("Ready", generation);
    let containers = containers_ready(pod, lists, phase).condition("ContainersReady", generation);
    for new in [ready, containers] {
        let list = status.slot("conditions").list_mut();
        if let Some(old) = list.iter_mut().find(|c| c["type"] == new["type"]) {
            *old = new;
        }
    }
}

/// Gives each condition its time: the old one where its status is the same, else now.
pub fn keep_times(new: &mut Value, old: &Value, now: &Text) {
    let before = old["conditions"].clone();
    for condition in new.slot("conditions").list_mut() {
        let was = before.find("type", condition["type"].str());
        let same = was["status"] == condition["status"] && was["lastTransitionTime"].is_some();
        let time = if same { was["lastTransitionTime"].clone() } else { Value::from(now) };
        condition.set("lastTransitionTime", time);
    }
}

/// The conditions that others wrote.
pub fn foreign(conditions: &Value) -> Vec<Value> {
    let own = |c: &&Value| {
        !OWN.contains(&c["type"].str())
            && !matches!(c["type"].str(), "PodResizePending" | "PodResizeInProgress")
    };
    conditions.items().iter().filter(own).cloned().collect()
}
