//! A cluster that is disturbed at random, and its change log, read write by write.

use podlab::api::request::WatchKind;
use podlab::api::{Kind, Object};
use podlab::apiserver::Change;
use podlab::cluster::Cluster;
use podlab::rng::Rng;
use podlab::scenario::format::ClusterSpec;
use podlab::time::{Span, Time};
use std::collections::BTreeMap;

/// How many random histories each test runs where nobody says.
const CASES: u64 = 6;
/// How long controllers may take to act upon an edit or a fault: until then what was asked for before counts, too.
pub const REACTION: Span = Span::millis(500);
/// The workers, which may fail; the control plane's machine does not.
pub const WORKERS: [&str; 3] = ["worker01", "worker02", "worker03"];

pub fn cases() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|s| s.parse().ok());
    match number("PODLAB_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("PODLAB_CASES").unwrap_or(CASES)).collect(),
    }
}

/// What checks a history.
pub trait Watch {
    /// A write was made.
    fn see(&mut self, change: &Change);
}

/// A history.
pub struct Run {
    pub case: u64,
    pub rng: Rng,
    pub cluster: Cluster,
    read: usize,
}

impl Run {
    pub fn new(case: u64, subject: &str) -> Run {
        let spec = ClusterSpec { seed: case, ..ClusterSpec::default() };
        let cluster = Cluster::new(&spec).expect("the default cluster");
        Run { case, rng: Rng::stream(case, subject), cluster, read: 0 }
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.rng.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.below(from.len() as u64) as usize]
    }

    /// Applies a manifest.
    pub fn apply(&mut self, manifest: &str) {
        self.cluster.write_file("/root/it.yaml", manifest.as_bytes());
        self.kubectl("apply -f it.yaml");
    }

    /// Runs a command, which must succeed.
    pub fn kubectl(&mut self, line: &str) {
        let (status, out) = self.attempt(line);
        assert_eq!(status, Some(0), "case {}: kubectl {line}: {out}", self.case);
    }

    /// Runs a command for up to ten seconds; tells its status, if it has ended, and its output.
    pub fn attempt(&mut self, line: &str) -> (Option<i32>, String) {
        let job = self.cluster.start_job(&format!("timeout 9 kubectl {line}"), "/root", false);
        let limit = self.cluster.now() + Span::secs(10);
        self.cluster.run_until_job(job, limit);
        let out = format!("{:?}", self.cluster.job_output(job));
        let status = self.cluster.job_status(job);
        self.cluster.forget_job(job);
        (status, out)
    }

    /// Lets time pass and shows what was written.
    pub fn wait(&mut self, span: Span, watch: &mut dyn Watch) {
        let t = self.cluster.now() + span;
        self.cluster.run_until(t);
        self.catch_up(watch);
    }

    pub fn catch_up(&mut self, watch: &mut dyn Watch) {
        let new: Vec<Change> = self.cluster.changes().skip(self.read).cloned().collect();
        self.read += new.len();
        new.iter().for_each(|c| watch.see(c));
    }

    /// A short or a long pause, so that edits meet in the middle of what they ask for or find it done.
    pub fn pause(&mut self, watch: &mut dyn Watch) {
        let wait = if self.one_in(3) { self.rng.below(60_000) } else { self.rng.below(4_000) };
        self.wait(Span::millis(wait), watch);
    }

    /// Something happens to a worker.
    pub fn node_fault(&mut self) {
        let node = self.pick(&WORKERS);
        let fault = match self.rng.below(6) {
            0 => format!("node {node} down"),
            1 => format!("kubelet {node} stop"),
            2 => format!("network cut {node} {}", WORKERS[(self.rng.below(2)) as usize]),
            3 => return self.kubectl(&format!("cordon {node}")),
            _ => return self.mend(),
        };
        // A node is not cut off from itself, which is refused.
        let _ = self.cluster.fault(&fault);
    }

    /// All nodes work again.
    pub fn mend(&mut self) {
        for node in WORKERS {
            self.cluster.fault(&format!("node {node} up")).expect("a worker");
            self.kubectl(&format!("uncordon {node}"));
        }
        self.cluster.fault("network mend").expect("a fault");
    }

    /// A running pod is deleted, or its process killed.
    pub fn hit_pod(&mut self) {
        let runs = |p: &&Object| p.condition("Ready")["status"].str() == "True" && !p.is_deleting();
        let pods = self.cluster.api.list(Kind::POD, Some("default")).filter(runs);
        let names: Vec<String> = pods.map(|p| p.name().to_string()).collect();
        if names.is_empty() {
            return;
        }
        let pod = names[self.rng.below(names.len() as u64) as usize].clone();
        if self.one_in(2) {
            self.kubectl(&format!("delete pod {pod} --wait=false"));
        } else {
            // Its node may have failed; then nobody can kill it.
            let _ = self.cluster.fault(&format!("kill {pod}"));
        }
    }
}

/// A pod as a write left it.
#[derive(Clone, Debug)]
pub struct Pod {
    pub object: Object,
    pub ready: bool,
    pub ended: bool,
    pub deleting: bool,
    /// Since when it has not been ready any more.
    pub unready: Time,
}

impl Pod {
    /// Neither ended nor going.
    pub fn active(&self) -> bool {
        !self.ended && !self.deleting
    }
}

/// The pods with the label `app: web`, as they are after each write.
#[derive(Default)]
pub struct Pods(pub BTreeMap<String, Pod>);

impl Pods {
    /// Takes a write in; tells what the pod was before, if it is one of them.
    pub fn take(&mut self, change: &Change) -> Option<Option<Pod>> {
        let object = &change.new;
        if object.kind != Kind::POD || object.label("app") != Some("web") {
            return None;
        }
        let old = self.0.remove(object.name());
        if change.kind != WatchKind::Deleted {
            let ready = object.condition("Ready")["status"].str() == "True";
            let was = old.as_ref().filter(|p| !p.ready);
            let pod = Pod {
                ready,
                ended: matches!(object.at("status.phase").str(), "Succeeded" | "Failed"),
                deleting: object.is_deleting(),
                unready: was.map_or(change.at, |p| p.unready),
                object: object.clone(),
            };
            self.0.insert(object.name().to_string(), pod);
        }
        Some(old)
    }

    pub fn active(&self) -> impl Iterator<Item = &Pod> {
        self.0.values().filter(|p| p.active())
    }
}

/// Values that were asked for at different times: those that count at an instant are the present one and those that
/// were replaced just before.
pub struct Asked<T>(Vec<(Time, T)>);

impl<T: Copy> Asked<T> {
    pub fn new() -> Asked<T> {
        Asked(Vec::new())
    }

    pub fn set(&mut self, at: Time, value: T) {
        self.0.push((at, value));
    }

    pub fn now(&self, now: Time) -> impl Iterator<Item = T> {
        let first = self.0.iter().rposition(|(at, _)| *at + REACTION <= now).unwrap_or(0);
        self.0[first..].iter().map(|(_, value)| *value)
    }
}
