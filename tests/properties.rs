//! Properties that hold for every pod, over random specifications, commands and faults.
//!
//! A failure prints the seed; `PODLAB_SEED=N cargo test properties` runs just that one.

use podlab::api::object::Key;
use podlab::api::request::WatchKind;
use podlab::api::{Kind, Object, Text, Value};
use podlab::cluster::Cluster;
use podlab::rng::Rng;
use podlab::scenario::format::ClusterSpec;
use podlab::time::{Span, Time};
use podlab::trace::{Cause, What};
use podlab::{list, map};
use std::collections::{BTreeMap, BTreeSet};

/// How many random clusters are run.
const RUNS: u64 = 12;
/// How long each is watched.
const WATCHED: Span = Span::secs(240);

fn seeds() -> Vec<u64> {
    match std::env::var("PODLAB_SEED").ok().and_then(|s| s.parse().ok()) {
        Some(seed) => vec![seed],
        None => (1..=RUNS).collect(),
    }
}

const SCRIPTS: &[&str] = &[
    "sleep 600",
    "exit 0",
    "exit 3",
    "sleep 2",
    "sleep 7; exit 1",
    "touch /tmp/ok; sleep 9; rm /tmp/ok; sleep 300",
    "trap 'exit 0' TERM; while :; do sleep 1; done",
    "echo start; sleep 20; echo end; exit 2",
    "nosuchcommand",
];

fn probe(rng: &mut Rng) -> Value {
    let mut probe = match rng.below(3) {
        0 => map! { "exec" => map! { "command" => list!["cat", "/tmp/ok"] } },
        1 => map! { "tcpSocket" => map! { "port" => 80 } },
        _ => map! { "httpGet" => map! { "path" => "/", "port" => 80 } },
    };
    probe.set("periodSeconds", 1 + rng.below(4));
    probe.set("failureThreshold", 1 + rng.below(3));
    probe.set("initialDelaySeconds", rng.below(4));
    probe
}

fn container(rng: &mut Rng, name: &str) -> Value {
    let mut c = map! { "name" => name, "imagePullPolicy" => "IfNotPresent" };
    if rng.below(3) == 0 {
        c.set("image", "nginx:1.14.2");
    } else {
        c.set("image", "busybox:1.28");
        let script = SCRIPTS[rng.below(SCRIPTS.len() as u64) as usize];
        c.set("command", list!["sh", "-c", script]);
    }
    for (field, odds) in [("livenessProbe", 4), ("readinessProbe", 3), ("startupProbe", 8)] {
        if rng.below(odds) == 0 {
            c.set(field, probe(rng));
        }
    }
    c
}

fn pod(rng: &mut Rng, i: u64) -> Value {
    let containers: Value = (0..=rng.below(2)).map(|n| container(rng, &format!("c{n}"))).collect();
    let policy = ["Always", "OnFailure", "Never"][rng.below(3) as usize];
    let mut spec = map! {
        "containers" => containers, "restartPolicy" => policy, "terminationGracePeriodSeconds" => rng.below(6),
    };
    if rng.below(3) == 0 {
        let mut init = container(rng, "init");
        for field in ["livenessProbe", "readinessProbe", "startupProbe"] {
            init.remove(field);
        }
        spec.set("initContainers", list![init]);
    }
    map! { "apiVersion" => "v1", "kind" => "Pod", "metadata" => map! { "name" => format!("p{i}") }, "spec" => spec }
}

fn run(seed: u64) -> Cluster {
    let mut rng = Rng::stream(seed, "properties");
    let mut cluster =
        Cluster::new(&ClusterSpec { seed, ..ClusterSpec::default() }).expect("the default cluster");
    let count = 1 + rng.below(4);
    for i in 0..count {
        let text = podlab::api::json::print(&pod(&mut rng, i));
        cluster.write_file(&format!("/root/p{i}.json"), text.as_bytes());
        let job = cluster.start_job(&format!("kubectl apply -f p{i}.json"), "/root", false);
        let limit = cluster.now() + Span::secs(10);
        cluster.run_until_job(job, limit);
        assert_eq!(cluster.job_status(job), Some(0), "seed {seed}: {:?}", cluster.job_output(job));
    }
    let half = cluster.now() + Span::secs(60 + rng.below(120));
    cluster.run_until(half);
    cluster.start_job("kubectl delete pod p0 --wait=false", "/root", false);
    if rng.below(3) == 0 {
        cluster.fault("kubelet worker01 stop").expect("a node");
        let t = cluster.now() + Span::secs(rng.below(90));
        cluster.run_until(t);
        cluster.fault("kubelet worker01 start").expect("a node");
    }
    cluster.run_until(Time::ZERO + WATCHED);
    cluster
}

/// The states of every pod, in order.
fn histories(cluster: &Cluster) -> BTreeMap<Text, Vec<Object>> {
    let mut all: BTreeMap<Text, Vec<Object>> = BTreeMap::new();
    for c in cluster.changes().filter(|c| c.new.kind == Kind::POD && c.kind != WatchKind::Deleted) {
        all.entry(c.new.at("metadata.uid").text()).or_default().push(c.new.clone());
    }
    all
}

fn rank(phase: &str) -> u8 {
    match phase {
        "Pending" => 0,
        "Running" => 1,
        _ => 2,
    }
}

#[test]
fn phases_never_go_backwards_and_restarts_follow_the_policy() {
    for seed in seeds() {
        let cluster = run(seed);
        for states in histories(&cluster).values() {
            for pair in states.windows(2) {
                let (a, b) = (&pair[0], &pair[1]);
                let (from, to) = (a.at("status.phase").str(), b.at("status.phase").str());
                assert!(rank(from) <= rank(to), "seed {seed}: {} went from {from} to {to}", b.name());
                check_containers(seed, a, b);
            }
        }
    }
}

fn check_containers(seed: u64, a: &Object, b: &Object) {
    let policy = b.at("spec.restartPolicy").str();
    for now in b.at("status.containerStatuses").items() {
        let name = now["name"].str();
        let before = a.at("status.containerStatuses").find("name", name);
        let (n0, n1) = (before["restartCount"].int_or(0), now["restartCount"].int_or(0));
        let what = format!("seed {seed}: {}/{name}", b.name());
        assert!(n1 >= n0 && n1 <= n0 + 1, "{what}: restarts went from {n0} to {n1}");
        if policy == "Never" {
            assert_eq!(n1, 0, "{what}: restarted though its policy is Never");
        }
        // A probe's kill is followed by a restart whatever the exit code.
        let spec = b.at("spec.containers").find("name", name);
        let probed = spec["livenessProbe"].is_some() || spec["startupProbe"].is_some();
        if n1 > n0 && policy == "OnFailure" && !probed {
            let code = now.at("lastState.terminated.exitCode").int_or(0);
            assert_ne!(code, 0, "{what}: restarted after success though its policy is OnFailure");
        }
        // A container that has ended stays ended unless its restart count rises.
        if n1 == n0 && before.at("state.terminated").is_some() {
            assert!(now.at("state.running").is_null(), "{what}: ran again without a restart");
        }
        if now["ready"].is_true() {
            assert!(now.at("state.running").is_some(), "{what}: ready though it does not run");
        }
    }
}

#[test]
fn readiness_waits_for_the_first_success_of_its_probe() {
    for seed in seeds() {
        let cluster = run(seed);
        for states in histories(&cluster).values() {
            for pod in states {
                for c in pod.at("spec.containers").items().iter().filter(|c| c["readinessProbe"].is_some()) {
                    let status = pod.at("status.containerStatuses").find("name", c["name"].str());
                    let delay = c.at("readinessProbe.initialDelaySeconds").int_or(0);
                    if status["ready"].is_true() && delay > 0 {
                        let started = podlab::time::parse_rfc3339(status.at("state.running.startedAt").str());
                        assert!(started.is_some(), "seed {seed}: {} is ready before it started", pod.name());
                    }
                }
            }
        }
    }
}

#[test]
fn every_change_comes_from_a_command_a_rule_a_fault_or_the_beginning() {
    for seed in seeds() {
        let cluster = run(seed);
        for change in cluster.changes().filter(|c| c.at > Time::ZERO) {
            let trace = &cluster.api.trace;
            let chain: Vec<_> = trace.chain(change.cause).collect();
            let began = |e: &podlab::trace::Entry| {
                matches!(
                    e.what,
                    What::Command { .. } | What::Manifest { .. } | What::Rule { .. } | What::Fault { .. }
                ) || e.actor == "scenario"
            };
            let root = chain.iter().find(|(c, e)| *c != Cause::START && began(e));
            let system = change.new.kind == Kind::LEASE || change.new.kind == Kind::NODE;
            let object = change.new.key().path();
            assert!(
                root.is_some() || system,
                "seed {seed}: {object} at {:?} has no cause: {chain:?}",
                change.at
            );
            assert!(
                chain.last().is_some_and(|(c, _)| *c == Cause::START),
                "seed {seed}: {object}: the chain breaks off"
            );
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in seeds().into_iter().take(5) {
        let (a, b) = (run(seed), run(seed));
        let lines =
            |c: &Cluster| c.changes().map(|x| format!("{:?} {:?}", x.at, x.new.value)).collect::<Vec<_>>();
        assert_eq!(lines(&a), lines(&b), "seed {seed}");
        assert!(a.api.store.get(&Key::new(Kind::NODE, "", "worker01")).is_some());
    }
}

#[test]
fn restarts_wait_for_their_back_off_and_ended_instances_never_run_again() {
    for seed in seeds() {
        let cluster = run(seed);
        for states in histories(&cluster).values() {
            let mut ended: BTreeSet<String> = BTreeSet::new();
            for pod in states {
                for status in pod.at("status.containerStatuses").items() {
                    let what = format!("seed {seed}: {}/{}", pod.name(), status["name"].str());
                    let id = status["containerID"].str().to_string();
                    if status.at("state.terminated").is_some() {
                        ended.insert(id);
                    } else if status.at("state.running").is_some() {
                        assert!(!ended.contains(&id), "{what}: {id} runs again");
                        check_wait(&what, pod, status);
                    }
                }
            }
        }
    }
}

/// Without probes every exit counts: from the second restart on a container waits its back-off, which is 10 s
/// at first and doubles; nobody waits longer than five minutes, half of a jitter and the ticks around them.
fn check_wait(what: &str, pod: &Object, status: &Value) {
    let spec = pod.at("spec.containers").find("name", status["name"].str());
    let probed = spec["livenessProbe"].is_some() || spec["startupProbe"].is_some();
    let time = |v: &Value| podlab::time::parse_rfc3339(v.str());
    let (Some(started), Some(finished)) =
        (time(status.at("state.running.startedAt")), time(status.at("lastState.terminated.finishedAt")))
    else {
        return;
    };
    let (waited, restarts) = ((started - finished) / 1_000_000, status["restartCount"].int_or(0));
    // The kubelet of worker01 may have been started anew, which forgets back-offs.
    if probed || restarts < 2 || pod.at("spec.nodeName").str() == "worker01" {
        return;
    }
    let least = (10_i64 << (restarts - 2).min(5)).min(300);
    // Status times are whole seconds.
    assert!(waited >= least - 1, "{what}: restart {restarts} after {waited} s, not {least}");
}

#[test]
fn every_event_has_a_cause() {
    for seed in seeds() {
        let cluster = run(seed);
        for change in cluster.changes().filter(|c| c.new.kind == Kind::EVENT) {
            let chain: Vec<_> = cluster.api.trace.chain(change.cause).collect();
            let about = change.new.at("involvedObject.kind").str();
            let text = format!("{} {}", change.new["reason"].str(), change.new["message"].str());
            assert!(!change.new["reason"].str().is_empty(), "seed {seed}: an event without a reason: {text}");
            assert!(chain.len() > 1 || about == "Node", "seed {seed}: {text}: nothing brought it about");
        }
    }
}
