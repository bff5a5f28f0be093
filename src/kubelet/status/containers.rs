//! Container statuses: states, restarts, readiness, resources, mounts
//! (`convertToAPIContainerStatuses` of pkg/kubelet/kubelet_pods.go).

use super::{ready, resources, started};
use crate::api::{Text, Value};
use crate::collections::BTreeMap;
use crate::collections::Order;
use crate::cri::{ContainerId, ContainerState, ContainerStatus};
use crate::kubelet::pod::{Pod, Section, Seen, is_sidecar, specs};
use crate::kubelet::prober::Published;
use crate::kubelet::{Cx, actions};
use crate::map;
use crate::time::{Epoch, Time};

/// pkg/kubelet/container `MaxContainerTerminationMessageLength`.
const MESSAGE_BYTES: usize = 4096;
/// … `MaxContainerTerminationMessageLogLength` and `…LogLines`.
const LOG_BYTES: usize = 2048;
const LOG_LINES: usize = 80;

/// Under which name the runtime lists an image, by the reference in the pod.
pub type Names = BTreeMap<Text, Text>;

/// The statuses of all containers, by section in the order of [`Section::ALL`].
pub fn generate(names: &Names, pod: &mut Pod, cx: &mut Cx<'_>) -> [Value; 3] {
    read_messages(pod, cx);
    let mains_wait_for_init = !specs(&pod.object, Section::Init).is_empty();
    Section::ALL.map(|section| {
        let list = pod.specs(section).iter().map(|c| {
            let initial = if section == Section::Main && mains_wait_for_init || section == Section::Init {
                "PodInitializing"
            } else {
                "ContainerCreating"
            };
            one(names, pod, cx.api.epoch, section, c, initial)
        });
        // Clients expect them sorted by name, but init containers in the order in which they run.
        let mut list: Vec<Value> = list.collect();
        if section != Section::Init {
            list.order_by_key(|c| c["name"].text());
        }
        Value::from(list)
    })
}

fn one(
    names: &Names,
    pod: &Pod,
    epoch: Epoch,
    section: Section,
    spec: &Value,
    initial: &'static str,
) -> Value {
    let name = spec["name"].str();
    let newest = pod.seen.find(name);
    let mut s = map! { "name" => name, "lastState" => map! {}, "ready" => false, "restartCount" => 0 };
    if section != Section::Ephemeral {
        s.set("started", false);
    }
    match newest {
        Some(c) => {
            s.set("containerID", format!("containerd://{}", c.hex));
            s.set("image", names.get(&c.image).unwrap_or(&c.image));
            s.set("imageID", &c.image_id);
            s.set("restartCount", c.attempt);
            s.set("state", state(pod, epoch, c, initial));
            let mut older = pod.seen.containers.iter().filter(|o| o.name == name && o.attempt < c.attempt);
            let older = older.find(|o| o.state == ContainerState::Exited);
            s.set("lastState", last_state(pod, section, c, older.map(|o| state(pod, epoch, o, initial))));
            resources::container(pod, spec, &mut s);
        }
        None => {
            s.set("image", &spec["image"]);
            s.set("imageID", "");
            s.set("state", map! { "waiting" => map! { "reason" => initial } });
        }
    }
    held_up(pod, spec, newest, &mut s);
    if let Some(c) = newest.filter(|_| s.at("state.running").is_some()) {
        let started = started(pod, spec, c.id);
        if section != Section::Ephemeral {
            s.set("started", started);
            let init = section == Section::Init && !is_sidecar(spec);
            s.set("ready", started && !init && ready(pod, spec, c.id));
        }
    }
    if section == Section::Init && !is_sidecar(spec) {
        let over = s.at("state.terminated").clone();
        s.set("ready", over.is_some() && over["exitCode"].int_or(1) == 0);
    }
    let mounts = volume_mounts(spec);
    if !mounts.is_empty() {
        s.set("volumeMounts", mounts);
    }
    s
}

/// The last state of a container: that of its last instance, or what the status said before it was removed.
fn last_state(pod: &Pod, section: Section, newest: &ContainerStatus, older: Option<Value>) -> Value {
    if let Some(state) = older {
        return state;
    }
    let old = pod.status[super::field(section)].find("name", &newest.name);
    let same = old["containerID"].str().strip_prefix("containerd://") == Some(newest.hex.as_str());
    if !same && old.at("state.terminated").is_some() {
        return old["state"].clone();
    }
    let last = &old["lastState"];
    if last.is_null() {
        map! {}
    } else {
        last.clone()
    }
}

/// A container that will be started again and could not is shown as waiting, with the reason.
fn held_up(pod: &Pod, spec: &Value, newest: Option<&ContainerStatus>, s: &mut Value) {
    if !actions::should_start(&pod.object, spec, newest) {
        return;
    }
    let Some((reason, message)) = pod.reasons.get(spec["name"].str()) else { return };
    if s.at("state.terminated").is_some() {
        let over = s["state"].clone();
        s.set("lastState", over);
    }
    s.set("state", map! { "waiting" => map! { "reason" => reason, "message" => message } });
}

/// The state of one instance.
fn state(pod: &Pod, epoch: Epoch, c: &ContainerStatus, initial: &'static str) -> Value {
    let stamp = |t: Option<Time>| match t {
        Some(t) => epoch.rfc3339(t),
        None => Epoch(0).rfc3339(Time::ZERO),
    };
    match c.state {
        ContainerState::Created => map! { "waiting" => map! { "reason" => initial } },
        ContainerState::Running => {
            map! { "running" => map! { "startedAt" => stamp(c.started_at) } }
        }
        ContainerState::Exited => {
            let mut over = map! {
                "containerID" => format!("containerd://{}", c.hex), "exitCode" => c.exit_code,
                "reason" => c.reason, "startedAt" => stamp(c.started_at), "finishedAt" => stamp(c.finished_at),
            };
            let message = pod.messages.get(&c.id).cloned().unwrap_or_default();
            let message = if message.is_empty() { c.message.clone() } else { message };
            if !message.is_empty() {
                over.set("message", message);
            }
            map! { "terminated" => over }
        }
    }
}

/// Reads the termination messages of instances that have ended.
fn read_messages(pod: &mut Pod, cx: &mut Cx<'_>) {
    let new = |c: &&ContainerStatus| c.state == ContainerState::Exited && !pod.messages.contains_key(&c.id);
    let ended: Vec<ContainerStatus> = pod.seen.containers.iter().filter(new).cloned().collect();
    for c in ended {
        let Some(at) = pod.lookup(&c.name) else { continue };
        let spec = pod.spec(at);
        let path = match spec["terminationMessagePath"].str() {
            "" => "/dev/termination-log",
            path => path,
        };
        let file = cx.cri.read_file(cx.world, c.id, path, MESSAGE_BYTES).unwrap_or_default();
        let mut text = String::from_utf8_lossy(&file).into_owned();
        let fallback = spec["terminationMessagePolicy"].str() == "FallbackToLogsOnError";
        if text.is_empty() && fallback && c.exit_code != 0 {
            text = log_tail(cx, c.id);
        }
        pod.messages.insert(c.id, Text::from(text));
    }
}

fn log_tail(cx: &Cx<'_>, id: ContainerId) -> String {
    let mut text = String::new();
    for line in cx.cri.log_tail(id, LOG_LINES) {
        text.push_str(&line.bytes);
        if !line.partial {
            text.push('\n');
        }
    }
    let mut from = text.len().saturating_sub(LOG_BYTES);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text.split_off(from)
}

/// `volumeMounts` as statuses show them.
fn volume_mounts(spec: &Value) -> Value {
    let mount = |m: &Value| {
        let mut v = map! { "name" => &m["name"], "mountPath" => &m["mountPath"] };
        if m["readOnly"].is_true() {
            v.set("readOnly", true);
            v.set("recursiveReadOnly", "Disabled");
        }
        v
    };
    spec["volumeMounts"].items().iter().map(mount).collect()
}

/// Whether the pod's init containers are done: all have completed, or one of its own has been made.
pub fn initialized(pod: &Value, lists: &[Value; 3]) -> bool {
    let made = |s: &Value| s["containerID"].is_some();
    if lists[2].items().iter().any(made) {
        return true;
    }
    specs(pod, Section::Init).iter().all(|c| {
        let s = lists[1].find("name", c["name"].str());
        if is_sidecar(c) { s["started"].is_true() } else { s["ready"].is_true() }
    })
}

/// Takes down what probes may know of the containers from a status that is being published.
pub fn publish(pod: &mut Pod, cx: &Cx<'_>, status: &Value) {
    let _ = cx;
    for section in [Section::Main, Section::Init] {
        for s in status[super::field(section)].items() {
            let Some(c) = instance(&pod.seen, s) else { continue };
            let running = c.started_at.filter(|_| s.at("state.running").is_some());
            let published = Published {
                id: c.id,
                running,
                terminated: s.at("state.terminated").is_some(),
                started: s["started"].is_true(),
            };
            pod.published.insert(s["name"].text(), published);
        }
    }
}

fn instance<'a>(seen: &'a Seen, s: &Value) -> Option<&'a ContainerStatus> {
    let hex = s["containerID"].str().strip_prefix("containerd://")?;
    seen.containers.iter().find(|c| c.hex == hex)
}

/// The last status of a pod: containers that nobody saw end are declared dead (`TerminatePod` of
/// pkg/kubelet/status/status_manager.go).
pub fn terminate_containers(pod: &Value, status: &Value) -> Value {
    let mut last = status.clone();
    let unknown = || {
        map! { "terminated" => map! {
            "exitCode" => 137, "reason" => "ContainerStatusUnknown",
            "message" => "The container could not be located when the pod was terminated",
            "startedAt" => Value::Null, "finishedAt" => Value::Null,
        } }
    };
    let mains = status["containerStatuses"].items();
    let inits = status["initContainerStatuses"].items();
    if is_initialized(pod, inits, mains) {
        for (i, s) in mains.iter().enumerate() {
            if s.at("state.terminated").is_null() {
                last.set(&format!("containerStatuses.{i}.state"), unknown());
            }
        }
    }
    // Init containers without a trace of a start at the end of the list are left alone, but for the first.
    let began = |s: &Value| s.at("state.waiting").is_null() || s.at("lastState.terminated").is_some();
    let count = inits.iter().rposition(began).map_or(1, |i| i + 1);
    for (i, s) in inits.iter().enumerate().take(count) {
        if s.at("state.terminated").is_null() {
            last.set(&format!("initContainerStatuses.{i}.state"), unknown());
        }
    }
    if !matches!(last["phase"].str(), "Succeeded" | "Failed") {
        last.set("phase", "Failed");
    }
    last
}

fn is_initialized(pod: &Value, inits: &[Value], mains: &[Value]) -> bool {
    let ran = |s: &Value| {
        s.at("state.running").is_some()
            || s.at("state.terminated").is_some()
            || s.at("lastState.terminated").is_some()
    };
    let sidecar = specs(pod, Section::Init).last().is_some_and(is_sidecar);
    match inits.last() {
        None => true,
        _ if mains.iter().any(ran) => true,
        Some(last) if sidecar => last["started"].is_true(),
        Some(last) => last["ready"].is_true(),
    }
}
