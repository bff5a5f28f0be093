//! What a sync has to do: a pure function from a pod, what was seen of it and its probes' results to a plan.
//!
//! This is upstream's `computePodActions` (pkg/kubelet/kuberuntime/kuberuntime_manager.go) in behaviour:
//! which sandbox to make, which containers to kill and which to start. [`super::sync`] carries the plan out.

use super::pod::{Section, Seen, is_sidecar, restart_policy, specs};
use super::prober::{Outcome, ProbeKind, Results};
use crate::api::{Text, Value};
use crate::cri::{ContainerId, ContainerState, ContainerStatus};

/// Why a container is killed; decides which grace period it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillReason {
    /// The pod goes, or its definition changed.
    Other,
    /// Its liveness probe failed.
    Liveness,
    /// Its startup probe failed.
    Startup,
    /// Its postStart hook failed.
    PostStart,
}

/// A container to be killed.
#[derive(Clone, Debug, PartialEq)]
pub struct Kill {
    /// Which instance.
    pub id: ContainerId,
    /// The container's name.
    pub name: Text,
    /// The event's message; empty: `Stopping container NAME`.
    pub message: String,
    /// Why.
    pub reason: KillReason,
}

/// The plan of a sync.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodActions {
    /// Kill everything, sandbox included.
    pub kill_pod: bool,
    /// Make a sandbox (after killing, if both).
    pub create_sandbox: bool,
    /// How many sandboxes there were before.
    pub attempt: u32,
    /// Containers to be killed.
    pub kill: Vec<Kill>,
    /// Ephemeral containers to be started.
    pub ephemeral: Vec<usize>,
    /// Init containers to be started, in order.
    pub init: Vec<usize>,
    /// Containers to be started, in order.
    pub main: Vec<usize>,
    /// Everything starts anew because a container's rule says so (`RestartAllContainers`).
    pub restart_all: bool,
}

impl PodActions {
    /// Whether there is anything to do.
    pub fn is_empty(&self) -> bool {
        *self == PodActions { attempt: self.attempt, ..PodActions::default() }
    }
}

/// What a container's exit leads to under its own rules and the pod's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterExit {
    /// It stays dead.
    Stay,
    /// It is started again.
    Restart,
    /// The whole pod's containers are started again.
    RestartAll,
}

/// What a container's exit code leads to.
pub fn after_exit(pod: &Value, container: &Value, exit_code: i32) -> AfterExit {
    for rule in container["restartPolicyRules"].items() {
        let codes = &rule["exitCodes"];
        let listed = codes["values"].items().iter().any(|v| v.as_int() == Some(i64::from(exit_code)));
        let applies = match codes["operator"].str() {
            "In" => listed,
            "NotIn" => !listed,
            _ => false,
        };
        if applies {
            match rule["action"].str() {
                "RestartAllContainers" => return AfterExit::RestartAll,
                "Restart" => return AfterExit::Restart,
                _ => {}
            }
        }
    }
    let own = container["restartPolicy"].str();
    match if own.is_empty() { restart_policy(pod) } else { own } {
        "Never" => AfterExit::Stay,
        "OnFailure" if exit_code == 0 => AfterExit::Stay,
        _ => AfterExit::Restart,
    }
}

/// Whether a container is to run and does not (upstream `ShouldContainerBeRestarted`).
pub fn should_start(pod: &Value, container: &Value, newest: Option<&ContainerStatus>) -> bool {
    if pod.at("metadata.deletionTimestamp").is_some() {
        return false;
    }
    match newest {
        None => true,
        Some(s) => match s.state {
            ContainerState::Running => false,
            ContainerState::Created => true,
            ContainerState::Exited => after_exit(pod, container, s.exit_code) != AfterExit::Stay,
        },
    }
}

/// The plan for a pod.
///
/// `definitions` tells with which image each container's instance was made.
pub fn compute_pod_actions(pod: &Value, seen: &Seen, results: &Results, sandboxes: usize) -> PodActions {
    let mut plan = PodActions { attempt: sandboxes as u32, ..PodActions::default() };
    if !seen.sandbox.is_some_and(|(_, ready)| ready) {
        plan_new_sandbox(pod, seen, &mut plan);
        return plan;
    }
    if restart_all_due(pod, seen) {
        plan.restart_all = true;
        return plan;
    }
    for (i, c) in specs(pod, Section::Ephemeral).iter().enumerate() {
        if seen.find(c["name"].str()).is_none() && pod.at("metadata.deletionTimestamp").is_null() {
            plan.ephemeral.push(i);
        }
    }
    let initialized = plan_init(pod, seen, results, &mut plan);
    if plan.kill_pod || !initialized {
        return plan;
    }
    let mut keep = 0;
    for (i, c) in specs(pod, Section::Main).iter().enumerate() {
        let newest = seen.find(c["name"].str());
        match newest {
            Some(s) if s.state == ContainerState::Running => match kill_running(c, s, results, "Container") {
                None => keep += 1,
                Some((mut kill, forced)) => {
                    if forced || restart_policy(pod) != "Never" {
                        kill.message += ", will be restarted";
                        plan.main.push(i);
                    }
                    plan.kill.push(kill);
                }
            },
            _ if should_start(pod, c, newest) => plan.main.push(i),
            _ => {}
        }
    }
    if keep == 0 && plan.main.is_empty() {
        plan.kill_pod = true;
        plan.init.clear();
    }
    plan
}

/// Everything from the beginning, unless the pod has done its work.
fn plan_new_sandbox(pod: &Value, seen: &Seen, plan: &mut PodActions) {
    plan.kill_pod = true;
    plan.create_sandbox = true;
    let has_run = plan.attempt != 0 && !seen.containers.is_empty();
    if restart_policy(pod) == "Never" && has_run {
        plan.create_sandbox = false;
        return;
    }
    let mains = specs(pod, Section::Main);
    let done = |c: &Value| {
        restart_policy(pod) == "OnFailure" && seen.exited(c["name"].str()).is_some_and(|s| s.exit_code == 0)
    };
    let start: Vec<usize> = (0..mains.len()).filter(|i| !done(&mains[*i])).collect();
    if start.is_empty() {
        plan.create_sandbox = false;
    } else if specs(pod, Section::Init).is_empty() {
        plan.main = start;
    } else {
        plan.init = vec![0];
    }
}

/// Whether a container has ended with a code whose rule restarts all.
fn restart_all_due(pod: &Value, seen: &Seen) -> bool {
    let all = [Section::Init, Section::Main].into_iter().flat_map(|s| specs(pod, s));
    all.filter_map(|c| Some((c, seen.find(c["name"].str())?))).any(|(c, s)| {
        s.state == ContainerState::Exited && after_exit(pod, c, s.exit_code) == AfterExit::RestartAll
    })
}

/// Why a running container must be killed; and whether it starts again whatever the policy.
fn kill_running(c: &Value, s: &ContainerStatus, results: &Results, noun: &str) -> Option<(Kill, bool)> {
    let name = c["name"].text();
    let failed = |kind| results.get(s.id, kind) == Some(Outcome::Failure);
    let (what, reason, forced) = if s.image != c["image"].str() {
        ("definition changed", KillReason::Other, true)
    } else if failed(ProbeKind::Liveness) {
        ("failed liveness probe", KillReason::Liveness, false)
    } else if failed(ProbeKind::Startup) {
        ("failed startup probe", KillReason::Startup, false)
    } else {
        return None;
    };
    Some((Kill { id: s.id, message: format!("{noun} {name} {what}"), name, reason }, forced))
}

/// Plans the init containers; returns whether the pod is initialized.
fn plan_init(pod: &Value, seen: &Seen, results: &Results, plan: &mut PodActions) -> bool {
    let inits = specs(pod, Section::Init);
    if inits.is_empty() {
        return true;
    }
    let mut initialized = has_main_container(pod, seen);
    let mut any = false;
    for i in (0..inits.len()).rev() {
        let c = &inits[i];
        let Some(s) = seen.find(c["name"].str()) else { continue };
        any = true;
        if is_sidecar(c) {
            let next = inits.get(i + 1).map(|n| seen.find(n["name"].str()).is_none());
            initialized = plan_sidecar(i, c, s, results, initialized, next, plan);
            continue;
        }
        if initialized {
            continue;
        }
        match s.state {
            ContainerState::Created => plan.init.push(i),
            ContainerState::Running => {}
            ContainerState::Exited if s.exit_code != 0 || s.reason == "OOMKilled" => {
                if after_exit(pod, c, s.exit_code) == AfterExit::Stay {
                    plan.kill_pod = true;
                    plan.init.clear();
                    return false;
                }
                plan.init.push(i);
            }
            ContainerState::Exited if i + 1 == inits.len() => initialized = true,
            ContainerState::Exited => plan.init.push(i + 1),
        }
        if !initialized {
            // Earlier ones have ended; only sidecars among them still need care.
            for (j, earlier) in inits.iter().enumerate().take(i).rev() {
                if let Some(s) = seen.find(earlier["name"].str()).filter(|_| is_sidecar(earlier)) {
                    plan_sidecar(j, earlier, s, results, true, None, plan);
                }
            }
            break;
        }
    }
    if !any && !initialized {
        plan.init.push(0);
    }
    plan.init.sort_unstable();
    plan.init.dedup();
    initialized
}

/// Plans a sidecar; returns whether the pod is initialized as far as it and those behind it tell.
/// `next`: whether the init container behind it is still to be made; `None` if there is none.
fn plan_sidecar(
    i: usize,
    c: &Value,
    s: &ContainerStatus,
    results: &Results,
    initialized: bool,
    next: Option<bool>,
    plan: &mut PodActions,
) -> bool {
    match s.state {
        ContainerState::Exited | ContainerState::Created => {
            plan.init.push(i);
            initialized
        }
        ContainerState::Running => {
            if let Some((kill, _)) = kill_running(c, s, results, "Init container") {
                plan.kill.push(kill);
                plan.init.push(i);
                return initialized;
            }
            let started = c["startupProbe"].is_null()
                || results.get(s.id, ProbeKind::Startup) == Some(Outcome::Success);
            if initialized || !started {
                return initialized;
            }
            if next == Some(true) {
                plan.init.push(i + 1);
            }
            next.is_none()
        }
    }
}

/// Whether any of the pod's containers was ever made: then its init containers are done.
fn has_main_container(pod: &Value, seen: &Seen) -> bool {
    specs(pod, Section::Main).iter().any(|c| seen.find(c["name"].str()).is_some())
}
