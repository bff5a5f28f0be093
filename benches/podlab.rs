//! Figures, not tests: how long simulated time and many pods take on this machine.
//!
//! `cargo bench` measures everything, `cargo bench -- hour 500x5000` only what is named: so a profiler sees one
//! kind of work. `PODLAB_SCALE=1 cargo bench` adds the sizes that take minutes.

use podlab::cluster::Cluster;
use podlab::scenario::format::{ClusterSpec, NodeSpec};
use podlab::scenario::{Input, Player, Scenario, recording};
use podlab::time::{Span, Time};
use std::time::Instant;

const LESSON: &str = "\
kubectl create deployment web --image=nginx --replicas=3
kubectl run crash --image=busybox -- sh -c 'sleep 5; exit 1'
kubectl create cronjob tick --image=busybox --schedule='*/5 * * * *' -- date
";

/// Traffic to a Deployment, from its beginning on.
const TRAFFIC: &str = "
podlab: 1
setup: [kubectl create deployment web --image=nginx --replicas=3, kubectl expose deployment web --port=80, wait 20s]
traffic: [{service: web, rate: 10, from: worker01}]
";

/// What is measured, by name.
const WORK: &[(&str, fn())] = &[
    ("idle", idle),
    ("hour", hour),
    ("instants", instants),
    ("recordings", recordings),
    ("traffic", traffic),
    ("views", views),
    ("50x1000", || scale(50, 1_000)),
    ("500x5000", || scale(500, 5_000)),
];

/// What takes minutes.
const LONG: &[(&str, fn())] = &[
    ("1000x15000", || scale(1_000, 15_000)),
    ("5000x20000", || scale(5_000, 20_000)),
    ("5000x150000", || scale(5_000, 150_000)),
];

fn main() {
    // Cargo passes options of its own.
    let named: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let long = std::env::var("PODLAB_SCALE").is_ok() || !named.is_empty();
    let all = WORK.iter().chain(LONG.iter().filter(|_| long));
    for (_, work) in all.filter(|(name, _)| named.is_empty() || named.iter().any(|n| n == name)) {
        work();
    }
}

fn report(what: &str, began: Instant, more: &str) {
    println!("{what:44} {:>9.1} ms  {more}", began.elapsed().as_secs_f64() * 1_000.0);
}

/// A run of the default cluster after some commands.
fn run(scenario: Scenario, lines: &str) -> Player {
    let mut player = Player::new(scenario).expect("a scenario");
    player.apply(Input::Open(0)).expect("a terminal");
    for line in lines.lines() {
        player.apply(Input::Line(0, line.into())).expect("a line");
    }
    player
}

/// An hour in which one pod runs, as the page begins.
fn idle() {
    let mut player = run(Scenario::default(), "kubectl run web --image=nginx");
    let began = Instant::now();
    player.seek(Time::ZERO + Span::secs(3_600));
    report("a simulated hour, one pod", began, "");
}

/// An hour of a lesson.
fn hour() {
    let mut player = run(Scenario::default(), LESSON);
    let began = Instant::now();
    player.seek(Time::ZERO + Span::secs(3_600));
    report("a simulated hour, lesson size", began, "");
}

/// Going to any instant of an hour that has been seen.
fn instants() {
    let mut player = run(Scenario::default(), LESSON);
    player.seek(Time::ZERO + Span::secs(3_600));
    let mut spans = Vec::new();
    for i in 0..40_u64 {
        let began = Instant::now();
        player.seek(Time::ZERO + Span::millis(i * 7_919 * 443 % 3_600_000));
        spans.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    spans.sort_by(f64::total_cmp);
    println!(
        "{:44} {:>9.1} ms  at most {:.1} ms",
        "going to any instant of it, median", spans[20], spans[39]
    );
}

/// An hour in which ten requests a second go to a Service.
fn traffic() {
    let scenario = Scenario::from_yaml(TRAFFIC).expect("a scenario");
    let mut player = run(scenario, "");
    let began = Instant::now();
    player.seek(Time::ZERO + Span::secs(3_600));
    report("a simulated hour, 10 requests a second", began, "");
}

/// What the page and its terminal ask for in a cluster of 5,000 nodes.
fn views() {
    let scenario = Scenario { cluster: many(5_000), ..Scenario::default() };
    let mut player = run(scenario, "kubectl create deployment lots --image=nginx:1.14.2 --replicas=3000");
    player.seek(Time::ZERO + Span::secs(30));
    for (name, argument) in [("map", ""), ("health", ""), ("events", ""), ("services", ""), ("table", TABLE)]
    {
        let began = Instant::now();
        let bytes = podlab::view::show(player.cluster(), name, argument).len();
        report(&format!("5,000 nodes: view {name}"), began, &format!("{bytes} bytes"));
    }
    let began = Instant::now();
    std::hint::black_box(podlab::view::totals(&player.cluster().api));
    report("5,000 nodes: totals", began, "");
    let began = Instant::now();
    player.apply(Input::Line(0, "kubectl get node node00042".into())).expect("a line");
    let after = player.now() + Span::millis(200);
    player.seek(after);
    report("5,000 nodes: kubectl get node NAME", began, "");
    let began = Instant::now();
    player.apply(Input::Line(0, "kubectl get node".into())).expect("a line");
    player.seek(after + Span::secs(2));
    report("5,000 nodes: kubectl get node", began, "");
}

/// The page's table of pods.
const TABLE: &str = r#"{"kind":"pods","count":100}"#;

/// All recordings of the real cluster, one after the other.
fn recordings() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let texts: Vec<String> = std::fs::read_dir(dir)
        .expect("the recordings")
        .map(|e| e.expect("an entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .map(|p| std::fs::read_to_string(p).expect("a recording"))
        .collect();
    let began = Instant::now();
    for text in &texts {
        recording::replay(text).expect("a replay");
    }
    report(&format!("replaying {} recordings", texts.len()), began, "");
}

/// A cluster of so many nodes.
fn many(nodes: u32) -> ClusterSpec {
    let mut spec = ClusterSpec::default();
    for i in 4..nodes {
        spec.nodes.push(NodeSpec {
            name: format!("node{i:05}"),
            ip: format!("172.16.{}.{}", i / 250, i % 250 + 1),
            pod_cidr: format!("10.{}.{}.0/24", 128 + i / 256, i % 256),
            ..NodeSpec::default()
        });
    }
    spec
}

/// Deployments of 100 pods each on many nodes, until all run.
fn scale(nodes: u32, pods: u32) {
    let spec = many(nodes);
    let began = Instant::now();
    let mut cluster = Cluster::new(&spec).expect("a cluster");
    report(&format!("{nodes} nodes"), began, "");
    let began = Instant::now();
    let script: String = (0..pods / 100)
        .map(|i| format!("kubectl create deployment d{i} --image=nginx:1.14.2 --replicas=100\n"))
        .collect();
    cluster.write_file("/root/many.sh", script.as_bytes());
    let job = cluster.start_job("bash many.sh", "/root", false);
    cluster.run_until_job(job, Time::ZERO + Span::secs(86_400));
    let waits = "kubectl wait --for=jsonpath='{.status.readyReplicas}'=100 deployment --all --timeout=1h";
    let job = cluster.start_job(waits, "/root", false);
    cluster.run_until_job(job, Time::ZERO + Span::secs(86_400));
    let done = cluster.job_status(job) == Some(0);
    let rate = f64::from(pods) / began.elapsed().as_secs_f64();
    let more =
        format!("{rate:.0} pods/s, {} MB{}", peak() / 1_024, if done { "" } else { ", NOT all ready" });
    report(&format!("{nodes} nodes: {pods} pods until all are ready"), began, &more);
}

/// The most memory that this process has used, in KiB; 0 where the system does not tell.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
