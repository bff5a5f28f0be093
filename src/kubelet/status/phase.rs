//! The phase of a Pod from its containers' statuses (`getPhase` of pkg/kubelet/kubelet_pods.go).

use crate::api::Value;
use crate::kubelet::actions::{AfterExit, after_exit};
use crate::kubelet::pod::{Section, is_sidecar, restart_policy, specs};

#[derive(Default)]
struct Tally {
    pending_init: usize,
    failed_init: usize,
    running: usize,
    waiting: usize,
    stopped: usize,
    succeeded: usize,
    restarting: usize,
}

/// The phase. `lists` are the container statuses by section; `ended`: no container will run again.
pub fn compute(pod: &Value, lists: &[Value; 3], ended: bool) -> &'static str {
    let tally = tally(pod, lists);
    if tally.failed_init > 0 {
        return "Failed";
    }
    if tally.pending_init > 0 || tally.waiting > 0 {
        return "Pending";
    }
    if tally.running > 0 {
        return "Running";
    }
    if tally.stopped > 0 {
        if tally.stopped == tally.succeeded {
            return if ended || tally.restarting == 0 { "Succeeded" } else { "Running" };
        }
        return if ended || tally.restarting == 0 { "Failed" } else { "Running" };
    }
    "Pending"
}

fn tally(pod: &Value, lists: &[Value; 3]) -> Tally {
    let mut t = Tally::default();
    for c in specs(pod, Section::Init) {
        let s = lists[1].find("name", c["name"].str());
        if is_sidecar(c) {
            let began = s.at("state.terminated").is_some() || s.at("lastState.terminated").is_some();
            t.pending_init += usize::from(!s["started"].is_true() && !began);
            continue;
        }
        let (state, last) = (&s["state"], s.at("lastState.terminated"));
        let over = [&state["terminated"], last].into_iter().find(|v| v.is_some());
        match over {
            _ if state["running"].is_some() => t.pending_init += 1,
            None => t.pending_init += 1,
            Some(o) if o["exitCode"].int_or(0) == 0 => {}
            Some(o) => {
                let code = o["exitCode"].int_or(0) as i32;
                if after_exit(pod, c, code) == AfterExit::Stay {
                    t.failed_init += 1;
                } else {
                    t.pending_init += 1;
                }
            }
        }
    }
    for c in specs(pod, Section::Main) {
        let s = lists[2].find("name", c["name"].str());
        let (state, last) = (&s["state"], s.at("lastState.terminated"));
        if state["running"].is_some() {
            t.running += 1;
            continue;
        }
        let over = if state["terminated"].is_some() { &state["terminated"] } else { last };
        if over.is_null() {
            t.waiting += 1;
            continue;
        }
        let code = over["exitCode"].int_or(0) as i32;
        t.stopped += 1;
        t.succeeded += usize::from(state["terminated"].is_some() && code == 0);
        t.restarting += usize::from(after_exit(pod, c, code) != AfterExit::Stay);
    }
    if restart_policy(pod) == "Always" && t.stopped > 0 && t.restarting == 0 && has_no_rules(pod) {
        t.restarting = t.stopped;
    }
    t
}

/// Whether no container overrides the pod's policy.
fn has_no_rules(pod: &Value) -> bool {
    specs(pod, Section::Main).iter().all(|c| c["restartPolicy"].is_null())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{list, map};

    fn phase(policy: &str, states: &[Value], ended: bool) -> &'static str {
        let names = ["a", "b", "c"];
        let specs: Value = names[..states.len()].iter().map(|n| map! { "name" => *n }).collect();
        let statuses: Value =
            names.iter().zip(states).map(|(n, s)| map! { "name" => *n, "state" => s }).collect();
        let pod = map! { "spec" => map! { "restartPolicy" => policy, "containers" => specs } };
        compute(&pod, &[list![], list![], statuses], ended)
    }

    #[test]
    fn phases_follow_the_states_and_the_policy() {
        let waiting = || map! { "waiting" => map! {} };
        let running = || map! { "running" => map! {} };
        let exit = |code: i64| map! { "terminated" => map! { "exitCode" => code } };
        for (policy, states, ended, expected) in [
            ("Always", vec![waiting()], false, "Pending"),
            ("Always", vec![running(), waiting()], false, "Pending"),
            ("Always", vec![running(), exit(1)], false, "Running"),
            ("Always", vec![exit(0)], false, "Running"),
            ("Always", vec![exit(0)], true, "Succeeded"),
            ("Always", vec![exit(137)], true, "Failed"),
            ("Always", vec![waiting()], true, "Pending"),
            ("OnFailure", vec![exit(0)], false, "Succeeded"),
            ("OnFailure", vec![exit(0), exit(1)], false, "Running"),
            ("Never", vec![exit(0), exit(1)], false, "Failed"),
            ("Never", vec![exit(0), exit(0)], false, "Succeeded"),
        ] {
            assert_eq!(phase(policy, &states, ended), expected, "{policy} {states:?} {ended}");
        }
    }
}
