//! Figures, not tests: how long simulated time and many pods take on this machine.
//!
//! `PODLAB_SCALE=1 cargo bench` adds the sizes that take minutes.

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

fn main() {
    hour();
    recordings();
    let sizes: &[(u32, u32)] = match std::env::var("PODLAB_SCALE") {
        Ok(_) => &[(50, 1_000), (500, 5_000), (5_000, 20_000), (5_000, 150_000)],
        Err(_) => &[(50, 1_000), (500, 5_000)],
    };
    for (nodes, pods) in sizes {
        scale(*nodes, *pods);
    }
}

fn report(what: &str, began: Instant, more: &str) {
    println!("{what:44} {:>9.1} ms  {more}", began.elapsed().as_secs_f64() * 1_000.0);
}

/// An hour of a lesson, and going back in it.
fn hour() {
    let mut player = Player::new(Scenario::default()).expect("the default scenario");
    player.apply(Input::Open(0)).expect("a terminal");
    for line in LESSON.lines() {
        player.apply(Input::Line(0, line.into())).expect("a line");
    }
    let began = Instant::now();
    player.seek(Time::ZERO + Span::secs(3_600));
    report("a simulated hour, lesson size", began, "");
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

/// Deployments of 100 pods each on many nodes, until all run.
fn scale(nodes: u32, pods: u32) {
    let mut spec = ClusterSpec::default();
    for i in 4..nodes {
        spec.nodes.push(NodeSpec {
            name: format!("node{i:05}"),
            ip: format!("172.16.{}.{}", i / 250, i % 250 + 1),
            pod_cidr: format!("10.{}.{}.0/24", 128 + i / 256, i % 256),
            ..NodeSpec::default()
        });
    }
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
