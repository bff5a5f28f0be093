//! What a sync has to do: a pure function from a pod, what was seen of it and its probes' results to a plan.
//!
//! This is upstream's `computePodActions` (pkg/kubelet/kuberuntime/kuberuntime_manager.go) in behaviour:
//! which sandbox to make, which containers to kill and which to start. [`super::sync`] carries the plan out.

use super::pod::{Section, Seen, is_sidecar, restart_policy, specs};
use super::prober::{Outcome, ProbeKind, Results};
use crate::api::{Text, Value};
use crate::collections::Order;
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

/// What a plan is made from, beside the pod's object.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// What was seen of the pod.
    pub seen: &'a Seen,
    /// What its probes have come to.
    pub results: &'a Results,
    /// How many sandboxes it has had.
    pub sandboxes: usize,
    /// Containers that a resize restarts.
    pub resized: &'a [Text],
}

/// The plan for a pod.
pub fn compute_pod_actions(pod: &Value, basis: Basis<'_>) -> PodActions {
    let Basis { seen, results, sandboxes, resized } = basis;
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
                None if resized.contains(&s.name) => {
                    let message = format!("Container {} resize requires restart", s.name);
                    let (id, name) = (s.id, s.name.clone());
                    plan.kill.push(Kill { id, name, message, reason: KillReason::Other });
                    plan.main.push(i);
                }
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
///
/// The last one that was ever made says how far the pod has come; those before it have had their turn, and
/// only the sidecars among them still need care.
fn plan_init(pod: &Value, seen: &Seen, results: &Results, plan: &mut PodActions) -> bool {
    let inits = specs(pod, Section::Init);
    let mut initialized = inits.is_empty() || has_main_container(pod, seen);
    let mut passed = initialized;
    for (i, c) in inits.iter().enumerate().rev() {
        let Some(s) = seen.find(c["name"].str()) else { continue };
        let complete = if is_sidecar(c) {
            plan_sidecar(i, c, s, results, plan)
        } else if passed {
            continue;
        } else {
            match s.state {
                ContainerState::Running => false,
                ContainerState::Exited if s.exit_code == 0 && s.reason != "OOMKilled" => true,
                ContainerState::Exited if after_exit(pod, c, s.exit_code) == AfterExit::Stay => {
                    plan.kill_pod = true;
                    plan.init.clear();
                    return false;
                }
                ContainerState::Created | ContainerState::Exited => {
                    plan.init.push(i);
                    false
                }
            }
        };
        if complete && !passed {
            if i + 1 == inits.len() {
                initialized = true;
            } else {
                plan.init.push(i + 1);
            }
        }
        passed = true;
    }
    if !passed {
        plan.init.push(0);
    }
    plan.init.order();
    initialized
}

/// Plans a sidecar that was made before; returns whether the one behind it may run.
fn plan_sidecar(i: usize, c: &Value, s: &ContainerStatus, results: &Results, plan: &mut PodActions) -> bool {
    if s.state != ContainerState::Running {
        plan.init.push(i);
        return false;
    }
    if let Some((kill, _)) = kill_running(c, s, results, "Init container") {
        plan.kill.push(kill);
        plan.init.push(i);
        return false;
    }
    c["startupProbe"].is_null() || results.get(s.id, ProbeKind::Startup) == Some(Outcome::Success)
}

/// Whether any of the pod's containers was ever made: then its init containers are done.
fn has_main_container(pod: &Value, seen: &Seen) -> bool {
    specs(pod, Section::Main).iter().any(|c| seen.find(c["name"].str()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cri::SandboxId;
    use crate::time::Time;
    use crate::{list, map};

    fn instance(id: u32, name: &str, state: ContainerState, exit_code: i32) -> ContainerStatus {
        ContainerStatus {
            id: ContainerId(id),
            sandbox: SandboxId(0),
            hex: Text::from(format!("{id:064x}")),
            name: Text::from(name),
            attempt: 0,
            image: Text::lit("x"),
            image_id: Text::lit(""),
            state,
            created_at: Time::ZERO,
            started_at: Some(Time::ZERO),
            finished_at: None,
            exit_code,
            reason: if exit_code == 0 { "Completed" } else { "Error" },
            message: Text::lit(""),
            signal: 0,
        }
    }

    fn pod(policy: &str, inits: Vec<Value>, mains: Vec<Value>) -> Value {
        map! { "spec" => map! {
            "restartPolicy" => policy, "initContainers" => Value::from(inits), "containers" => Value::from(mains),
        } }
    }

    fn container(name: &str) -> Value {
        map! { "name" => name, "image" => "x" }
    }

    fn sidecar(name: &str) -> Value {
        container(name).with("restartPolicy", "Always")
    }

    /// What a plan says, in short: `kill a; init 1; main 0`.
    fn plan(pod: &Value, states: &[(&str, ContainerState, i32)], results: &Results) -> String {
        let containers =
            states.iter().enumerate().map(|(i, (n, s, code))| instance(i as u32, n, *s, *code)).collect();
        let seen = Seen { sandbox: Some((SandboxId(0), true)), containers, ..Seen::default() };
        let plan = compute_pod_actions(pod, Basis { seen: &seen, results, sandboxes: 1, resized: &[] });
        let mut words = Vec::new();
        if plan.kill_pod {
            words.push("kill pod".to_string());
        }
        words.extend(plan.kill.iter().map(|k| format!("kill {} ({})", k.name, k.message)));
        words.extend(plan.init.iter().map(|i| format!("init {i}")));
        words.extend(plan.main.iter().map(|i| format!("main {i}")));
        if plan.restart_all {
            words.push("restart all".to_string());
        }
        words.join("; ")
    }

    const RUN: ContainerState = ContainerState::Running;
    const END: ContainerState = ContainerState::Exited;

    #[test]
    fn containers_are_started_by_the_policy() {
        let none = Results::default();
        for (policy, states, expected) in [
            ("Always", vec![], "main 0; main 1"),
            ("Always", vec![("a", RUN, 0), ("b", RUN, 0)], ""),
            ("Always", vec![("a", END, 0), ("b", RUN, 0)], "main 0"),
            ("OnFailure", vec![("a", END, 0), ("b", RUN, 0)], ""),
            ("OnFailure", vec![("a", END, 3), ("b", RUN, 0)], "main 0"),
            ("OnFailure", vec![("a", END, 0), ("b", END, 0)], "kill pod"),
            ("Never", vec![("a", END, 1), ("b", RUN, 0)], ""),
            ("Never", vec![("a", END, 1), ("b", END, 1)], "kill pod"),
        ] {
            let pod = pod(policy, vec![], vec![container("a"), container("b")]);
            assert_eq!(plan(&pod, &states, &none), expected, "{policy} {states:?}");
        }
    }

    #[test]
    fn init_containers_run_one_after_another() {
        let none = Results::default();
        for (policy, states, expected) in [
            ("Always", vec![], "init 0"),
            ("Always", vec![("i", RUN, 0)], ""),
            ("Always", vec![("i", END, 0)], "init 1"),
            ("Always", vec![("i", END, 1)], "init 0"),
            ("Never", vec![("i", END, 1)], "kill pod"),
            ("Always", vec![("i", END, 0), ("j", RUN, 0)], ""),
            ("Always", vec![("i", END, 0), ("j", END, 0)], "main 0"),
            ("Always", vec![("i", END, 0), ("j", END, 0), ("a", RUN, 0)], ""),
        ] {
            let pod = pod(policy, vec![container("i"), container("j")], vec![container("a")]);
            assert_eq!(plan(&pod, &states, &none), expected, "{policy} {states:?}");
        }
    }

    #[test]
    fn sidecars_start_in_order_and_are_restarted() {
        let none = Results::default();
        for (states, expected) in [
            (vec![], "init 0"),
            (vec![("s", RUN, 0)], "init 1"),
            (vec![("s", RUN, 0), ("i", RUN, 0)], ""),
            (vec![("s", END, 1), ("i", RUN, 0)], "init 0"),
            (vec![("s", RUN, 0), ("i", END, 0)], "init 2"),
            (vec![("s", RUN, 0), ("i", END, 0), ("t", RUN, 0)], "main 0"),
            (vec![("s", END, 1), ("i", END, 0), ("t", RUN, 0), ("a", RUN, 0)], "init 0"),
            (vec![("s", END, 1), ("i", END, 0), ("t", END, 1)], "init 0; init 2"),
        ] {
            let inits = vec![sidecar("s"), container("i"), sidecar("t")];
            let pod = pod("Always", inits, vec![container("a")]);
            assert_eq!(plan(&pod, &states, &none), expected, "{states:?}");
        }
    }

    #[test]
    fn a_sidecar_holds_up_what_comes_behind_it_until_it_has_started() {
        let probed = sidecar("s").with("startupProbe", map! {});
        let inits = vec![container("i"), probed, container("j")];
        let pod = pod("Never", inits, vec![container("a")]);
        let states = [("i", END, 0), ("s", RUN, 0)];
        for (outcome, expected) in [
            (None, ""),
            (Some(Outcome::Success), "init 2"),
            (Some(Outcome::Failure), "kill s (Init container s failed startup probe); init 1"),
        ] {
            let mut results = Results::default();
            if let Some(outcome) = outcome {
                results.set(ContainerId(1), ProbeKind::Startup, outcome);
            }
            assert_eq!(plan(&pod, &states, &results), expected, "{outcome:?}");
        }
    }

    #[test]
    fn failed_probes_kill_and_restart_as_the_policy_allows() {
        let mut results = Results::default();
        results.set(ContainerId(0), ProbeKind::Liveness, Outcome::Failure);
        let states = [("a", RUN, 0)];
        for (policy, expected) in [
            ("Always", "kill a (Container a failed liveness probe, will be restarted); main 0"),
            ("Never", "kill pod; kill a (Container a failed liveness probe)"),
        ] {
            let pod = pod(policy, vec![], vec![container("a")]);
            assert_eq!(plan(&pod, &states, &results), expected, "{policy}");
        }
    }

    #[test]
    fn rules_of_a_container_come_before_the_policy() {
        let rule = |action: &str, code: i64| {
            map! { "action" => action, "exitCodes" => map! { "operator" => "In", "values" => list![code] } }
        };
        let with = |rule: Value| container("a").with("restartPolicyRules", list![rule]);
        let none = Results::default();
        let never = |c: Value| pod("Never", vec![], vec![c]);
        assert_eq!(plan(&never(with(rule("Restart", 42))), &[("a", END, 42)], &none), "main 0");
        assert_eq!(plan(&never(with(rule("Restart", 42))), &[("a", END, 1)], &none), "kill pod");
        let all = with(rule("RestartAllContainers", 88));
        assert_eq!(plan(&never(all), &[("a", END, 88)], &none), "restart all");
    }
}
