//! The kubelet over the real runtime: lives of pods, second by second.

use super::lab::{IMAGE, Lab, player, pod};
use crate::api::Value;
use crate::{list, map};

fn exec(script: &str, period: i64) -> Value {
    map! { "exec" => map! { "command" => list!["/bin/sh", "-c", script] }, "periodSeconds" => period }
}

fn hook(kind: &'static str, script: &str) -> Value {
    let exec = map! { "exec" => map! { "command" => list!["/bin/sh", "-c", script] } };
    Value::map().with(kind, exec)
}

fn sidecar(name: &str, script: &str) -> Value {
    player(name, script).with("restartPolicy", "Always")
}

/// Runs a pod until `end`, deleting it at `delete` unless that is zero; checks what `kubectl get pods -w` shows
/// and that each change comes within a second of the instant in front of it.
fn check(spec: Value, delete: f64, end: f64, expected: &[(f64, &str)]) {
    let mut lab = Lab::new();
    lab.create("p", spec);
    if delete > 0.0 {
        lab.run(delete);
        lab.delete("p");
    }
    lab.run(end);
    let timeline = lab.timeline("p");
    let words: Vec<&str> = timeline.iter().map(|l| l.split_once(' ').map_or("", |(_, w)| w)).collect();
    let wanted: Vec<&str> = expected.iter().map(|(_, w)| *w).collect();
    assert_eq!(words, wanted, "{timeline:#?}");
    for (line, (at, _)) in timeline.iter().zip(expected) {
        let real: f64 = line.split_once(' ').and_then(|(t, _)| t.parse().ok()).unwrap_or(-1.0);
        assert!((real - at).abs() <= 1.05, "{line}, not {at}: {timeline:#?}");
    }
}

const START: [(f64, &str); 2] = [(0.0, "0/1 Pending 0"), (0.0, "0/1 ContainerCreating 0")];

fn after_start(rest: &[(f64, &'static str)]) -> Vec<(f64, &'static str)> {
    START.iter().copied().chain(rest.iter().copied()).collect()
}

#[test]
fn a_pod_runs_and_is_deleted() {
    let spec = pod("Always", vec![player("c", "term forever")]);
    let rest =
        [(0.3, "1/1 Running 0"), (10.0, "1/1 Terminating 0"), (10.2, "0/1 Completed 0"), (11.0, "deleted")];
    check(spec, 10.0, 20.0, &after_start(&rest));
}

#[test]
fn a_process_that_ignores_term_is_killed_after_its_grace() {
    let spec = pod("Always", vec![player("c", "forever")]);
    let rest =
        [(0.3, "1/1 Running 0"), (10.0, "1/1 Terminating 0"), (40.2, "0/1 Error 0"), (41.0, "deleted")];
    check(spec, 10.0, 60.0, &after_start(&rest));
}

#[test]
fn a_pre_stop_hook_comes_before_term() {
    let c = player("c", "term forever").with("lifecycle", hook("preStop", "5s exit 0"));
    let rest =
        [(0.3, "1/1 Running 0"), (10.0, "1/1 Terminating 0"), (15.2, "0/1 Completed 0"), (16.0, "deleted")];
    check(pod("Always", vec![c]), 10.0, 30.0, &after_start(&rest));
}

#[test]
fn pods_that_are_not_restarted_end() {
    check(
        pod("Never", vec![player("c", "3s exit 0")]),
        0.0,
        20.0,
        &after_start(&[(0.3, "1/1 Running 0"), (3.8, "0/1 Completed 0")]),
    );
    let mut lab = Lab::new();
    lab.create("p", pod("Never", vec![player("c", "3s exit 1")]));
    lab.run(20.0);
    let pod = lab.pod("p").expect("still there");
    assert_eq!(pod.at("status.phase").str(), "Failed");
    assert_eq!(pod.condition("Ready")["reason"].str(), "PodFailed");
    assert_eq!(pod.condition("PodReadyToStartContainers")["status"].str(), "False");
}

#[test]
fn a_crashing_container_shows_its_error_for_most_of_the_wait() {
    let mut lab = Lab::new();
    lab.create("p", pod("Always", vec![player("c", "3s exit 1")]));
    lab.run(60.0);
    let t = lab.timeline("p");
    let words: Vec<&str> = t.iter().map(|l| l.split_once(' ').map_or("", |(_, w)| w)).collect();
    let n =
        |i: u32| [format!("1/1 Running {i}"), format!("0/1 Error {i}"), format!("0/1 CrashLoopBackOff {i}")];
    let expected: Vec<String> = ["0/1 Pending 0", "0/1 ContainerCreating 0", "1/1 Running 0", "0/1 Error 0"]
        .into_iter()
        .map(str::to_string)
        .chain(n(1))
        .chain(n(2))
        .chain(n(3))
        .take(words.len())
        .collect();
    assert_eq!(words, expected, "{t:#?}");
    assert!(words.len() >= 9, "{t:#?}");
}

#[test]
fn a_liveness_failure_restarts_at_once_until_the_back_off_is_longer_than_the_life() {
    let c = player("c", "600s").with("livenessProbe", exec("exit 1", 5));
    let rest =
        [(0.3, "1/1 Running 0"), (45.2, "1/1 Running 1"), (90.2, "1/1 Running 2"), (135.2, "1/1 Running 3")];
    check(pod("Always", vec![c]), 0.0, 150.0, &after_start(&rest));
}

#[test]
fn readiness_follows_the_probe() {
    let c = player("c", "8s file /tmp/x term forever").with("readinessProbe", exec("has /tmp/x", 5));
    let rest = [(0.3, "0/1 Running 0"), (10.5, "1/1 Running 0")];
    check(pod("Always", vec![c]), 0.0, 30.0, &after_start(&rest));
}

#[test]
fn init_containers_and_sidecars_come_first_and_sidecars_go_last() {
    let inits = list![sidecar("s1", "term forever"), player("i", "2s exit 0"), sidecar("s2", "term forever")];
    let spec = pod("Always", vec![player("c", "term forever")]).with("initContainers", inits);
    let expected = [
        (0.0, "0/3 Pending 0"),
        (0.0, "0/3 Init:0/3 0"),
        (0.3, "1/3 Init:1/3 0"),
        (2.8, "1/3 Init:2/3 0"),
        (2.9, "2/3 PodInitializing 0"),
        (3.0, "3/3 Running 0"),
        (20.0, "3/3 Terminating 0"),
        (20.2, "0/3 Completed 0"),
        (21.0, "deleted"),
    ];
    check(spec, 20.0, 60.0, &expected);
}

#[test]
fn a_pod_whose_image_never_came_ends_with_an_unknown_status() {
    let c = map! { "name" => "c", "image" => "harbor.wego.red/library/nope:1", "imagePullPolicy" => "IfNotPresent" };
    let rest = [
        (0.5, "0/1 ErrImagePull 0"),
        (8.0, "0/1 Terminating 0"),
        (8.9, "0/1 ContainerStatusUnknown 0"),
        (8.9, "deleted"),
    ];
    check(pod("Always", vec![c]), 8.0, 20.0, &after_start(&rest));
}

#[test]
fn a_command_that_does_not_exist_stays_a_run_container_error() {
    let c = map! { "name" => "c", "image" => IMAGE, "imagePullPolicy" => "IfNotPresent", "command" => list!["nosuch"] };
    let rest = [(0.5, "0/1 RunContainerError 0"), (1.5, "0/1 RunContainerError 1")];
    check(pod("Always", vec![c]), 0.0, 10.0, &after_start(&rest));
}

#[test]
fn a_deadline_fails_the_pod() {
    let spec = pod("Always", vec![player("c", "term forever")]).with("activeDeadlineSeconds", 10);
    let mut lab = Lab::new();
    lab.create("p", spec);
    lab.run(30.0);
    let pod = lab.pod("p").expect("still there");
    assert_eq!((pod.at("status.phase").str(), pod.at("status.reason").str()), ("Failed", "DeadlineExceeded"));
    assert_eq!(
        lab.events("p"),
        ["Pulled x1", "Created x1", "Started x1", "DeadlineExceeded x4", "Killing x1"]
    );
}

#[test]
fn missing_config_is_said_in_the_kubelets_words() {
    let env = map! { "name" => "A", "valueFrom" => map! { "configMapKeyRef" => map! { "name" => "m", "key" => "k" } } };
    let c = player("c", "forever").with("env", list![env]);
    check(pod("Always", vec![c]), 0.0, 9.0, &after_start(&[(0.5, "0/1 CreateContainerConfigError 0")]));
    let volume = map! { "name" => "v", "configMap" => map! { "name" => "m" } };
    let mut lab = Lab::new();
    lab.create("p", pod("Always", vec![player("c", "forever")]).with("volumes", list![volume]));
    lab.run(9.0);
    assert_eq!(lab.events("p"), ["FailedMount x5"]);
}

#[test]
fn statuses_of_containers_are_sorted_by_name() {
    let mut lab = Lab::new();
    let containers = vec![player("web", "term forever"), player("app", "term forever")];
    let inits = list![player("z", "1s exit 0"), player("b", "1s exit 0")];
    lab.create("p", pod("Always", containers).with("initContainers", inits));
    lab.run(6.0);
    let names = |field: &str| -> Vec<String> {
        let pod = lab.pod("p").expect("still there");
        pod["status"][field].items().iter().map(|s| s["name"].str().to_string()).collect()
    };
    assert_eq!(names("containerStatuses"), ["app", "web"]);
    assert_eq!(names("initContainerStatuses"), ["z", "b"]);
}

#[test]
fn only_the_last_ended_instance_of_a_container_keeps_its_log() {
    let mut lab = Lab::new();
    lab.create("p", pod("Always", vec![player("c", "3s exit 1")]));
    // The second instance has ended: the first one's state is still told, its log is gone.
    lab.run(9.0);
    let last = lab.pod("p").expect("there").at("status.containerStatuses.0.lastState.terminated").clone();
    assert_eq!(last["exitCode"].int_or(0), 1);
    let id = last["containerID"].str().to_string();
    assert_eq!(lab.logs("p", true), format!("unable to retrieve container logs for {id}"));
    // The third one runs: the second one's log is there.
    let mut secs = 9.0;
    while lab.pod("p").expect("there").at("status.containerStatuses.0.state.running").is_null() {
        secs += 0.5;
        lab.run(secs);
        assert!(secs < 40.0, "it never ran a third time");
    }
    assert!(!lab.logs("p", true).starts_with("unable to retrieve"), "{}", lab.logs("p", true));
}

#[test]
fn a_hook_that_outlasts_the_grace_period_fails_when_its_container_is_killed() {
    let c = player("c", "forever").with("lifecycle", hook("preStop", "60s exit 0"));
    let spec = pod("Always", vec![c]).with("terminationGracePeriodSeconds", 5);
    let mut lab = Lab::new();
    lab.create("p", spec);
    lab.run(10.0);
    lab.delete("p");
    lab.run(14.0);
    assert_eq!(lab.events("p"), ["Pulled x1", "Created x1", "Started x1", "Killing x1"]);
    // Five seconds for the hook, two at least between TERM and KILL.
    lab.run(18.5);
    assert!(lab.pod("p").is_none(), "gone");
    assert_eq!(lab.events("p").last().map(String::as_str), Some("FailedPreStopHook x1"));
}

#[test]
fn missing_pull_secrets_are_told_at_each_sync() {
    let mut lab = Lab::new();
    let secrets = list![map! { "name" => "regcred" }];
    lab.create("p", pod("Always", vec![player("c", "term forever")]).with("imagePullSecrets", secrets));
    lab.run(3.0);
    let events = lab.events("p");
    let told = events.iter().find(|e| e.starts_with("FailedToRetrieveImagePullSecret"));
    assert!(matches!(told.map(String::as_str), Some(e) if !e.ends_with(" x1")), "{events:?}");
}
