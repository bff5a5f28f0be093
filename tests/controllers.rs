//! Deployments under random edits and faults, on whole clusters: never too many pods, never too few, and in the
//! end what was asked for.
//!
//! Replicas, image and strategy are changed, pods are deleted and their processes killed, at random instants. The
//! change log is then read write by write by a [`Watcher`] which knows only the documented rules: no write lets the
//! sizes of the ReplicaSets grow beyond `replicas + maxSurge`, and pods that are neither ended nor going are no more
//! than that; available ones are at least `replicas - maxUnavailable` once they were; `Recreate` starts nothing
//! while old pods are there. Three latitudes are upstream's own. Who tightens `maxSurge` in mid-rollout has nothing
//! removed. A ReplicaSet finishes a synchronisation at the size that it read, even if the Deployment has taken that
//! back meanwhile, so for a moment after an edit there may be as many pods as the sets were to have just before.
//! And who resizes a Deployment in mid-rollout has the difference shared among the sets in proportion, whichever of
//! them are available.
//!
//! A failure prints its case; `PODLAB_SEED=N cargo test controllers` runs just that one, and
//! `PODLAB_CASES=500 cargo test controllers` runs that many.

use podlab::api::request::WatchKind;
use podlab::api::{Kind, Object, Value};
use podlab::apiserver::Change;
use podlab::cluster::Cluster;
use podlab::rng::Rng;
use podlab::scenario::format::ClusterSpec;
use podlab::time::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};

/// How many random histories are run where nobody says.
const CASES: u64 = 20;
/// How long controllers may take to act upon an edit: until then the bounds of before count as well.
const REACTION: Span = Span::millis(500);
/// How long a killed process may take to be seen in the pod's status: so long nothing is said about availability.
const NOTICE: Span = Span::secs(5);
/// Longer than a rollout of so few pods takes, with the longest back-offs of pulls and restarts (five minutes).
const ENOUGH: Span = Span::secs(900);
/// So long nothing may happen to pods once a Deployment is what it was to be.
const QUIET: Span = Span::secs(120);

const MANIFEST: &str = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{
"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{
"terminationGracePeriodSeconds":3,"containers":[{"name":"web","image":"nginx:1.14.2","readinessProbe":{
"httpGet":{"path":"/","port":80},"periodSeconds":1}}]}}}}"#;
const IMAGES: &[&str] = &["nginx:1.14.2", "nginx:1.16.1", "nginx:1.25.3", "nginx:0.0-missing"];
const BOUNDS: &[&str] = &["0", "1", "2", "\"25%\"", "\"50%\"", "\"100%\""];

fn cases() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|s| s.parse().ok());
    match number("PODLAB_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("PODLAB_CASES").unwrap_or(CASES)).collect(),
    }
}

/// What a Deployment allows from an instant on.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    from: Time,
    replicas: i64,
    most: i64,
    least: i64,
    recreate: bool,
}

/// A number or percentage of the replicas.
fn part(value: &Value, replicas: i64, up: bool) -> i64 {
    match value.as_int() {
        Some(n) => n,
        None => {
            let percent: i64 = value.str().trim_end_matches('%').parse().expect("a percentage");
            let hundredths = percent * replicas;
            if up { (hundredths + 99) / 100 } else { hundredths / 100 }
        }
    }
}

impl Bounds {
    fn of(deployment: &Object, from: Time) -> Bounds {
        let spec = &deployment["spec"];
        let replicas = spec["replicas"].as_int().expect("defaulted");
        let strategy = &spec["strategy"];
        if strategy["type"].str() == "Recreate" {
            return Bounds { from, replicas, most: replicas, least: 0, recreate: true };
        }
        let surge = part(&strategy["rollingUpdate"]["maxSurge"], replicas, true);
        let mut unavailable = part(&strategy["rollingUpdate"]["maxUnavailable"], replicas, false);
        if surge == 0 && unavailable == 0 {
            // Both can come to nothing by rounding; then one pod may be missing.
            unavailable = 1;
        }
        let least = (replicas - unavailable).max(0);
        // A Deployment that is to have nothing has no surge either.
        let most = if replicas == 0 { 0 } else { replicas + surge };
        Bounds { from, replicas, most, least, recreate: false }
    }
}

/// A pod of the Deployment that is in the store.
#[derive(Clone, Debug)]
struct Pod {
    template: String,
    /// Neither ended nor going.
    active: bool,
    available: bool,
    ended: bool,
}

impl Pod {
    fn new(object: &Object) -> Pod {
        let ended = matches!(object.at("status.phase").str(), "Succeeded" | "Failed");
        let active = !ended && !object.is_deleting();
        let ready = object.condition("Ready")["status"].str() == "True";
        let template = object.label("pod-template-hash").expect("a pod of a Deployment").to_string();
        Pod { template, active, available: active && ready, ended }
    }
}

/// Reads the change log and checks the rules after every single write.
struct Watcher {
    case: u64,
    read: usize,
    bounds: Vec<Bounds>,
    pods: BTreeMap<String, Pod>,
    /// The sizes that each ReplicaSet was given, and when.
    sizes: BTreeMap<String, Vec<(Time, i64)>>,
    /// Whether enough pods were available since the last disturbance.
    secured: bool,
    /// Until when a kill may not have been seen, or a resizing not been shared out.
    blind_until: Time,
    /// Writes after which enough pods were held available, and rollouts at their limit of pods.
    held: u64,
    full: u64,
    /// Sets that were given pods.
    started: u64,
    /// Writes after which there were more pods than that, after an edit.
    late: u64,
}

impl Watcher {
    fn new(case: u64) -> Watcher {
        Watcher {
            case,
            read: 0,
            bounds: Vec::new(),
            pods: BTreeMap::new(),
            sizes: BTreeMap::new(),
            secured: false,
            blind_until: Time::ZERO,
            held: 0,
            full: 0,
            started: 0,
            late: 0,
        }
    }

    /// Tells that pods are about to be killed.
    fn disturbed(&mut self, now: Time) {
        self.secured = false;
        self.blind_until = now + NOTICE;
    }

    fn catch_up(&mut self, cluster: &Cluster) {
        let new: Vec<Change> = cluster.changes().skip(self.read).cloned().collect();
        self.read += new.len();
        for change in &new {
            match change.new.kind {
                Kind::DEPLOYMENT if change.kind != WatchKind::Deleted => self.deployment(change),
                Kind::REPLICA_SET => self.set(change),
                Kind::POD if change.new.label("app") == Some("web") => self.pod(change),
                _ => {}
            }
        }
    }

    fn deployment(&mut self, change: &Change) {
        let same = |old: &Object| old["spec"] == change.new["spec"];
        if change.old.as_ref().is_some_and(same) {
            return;
        }
        let new = Bounds::of(&change.new, change.at);
        if self.bounds.last().is_none_or(|old| new.least > old.least) {
            self.secured = false;
        }
        let sizes = self.sizes.values().filter_map(|all| all.last());
        let rolling = sizes.filter(|(_, size)| *size > 0).count() > 1;
        if rolling && self.bounds.last().is_some_and(|old| old.replicas != new.replicas) {
            self.secured = false;
            self.blind_until = self.blind_until.max(change.at + REACTION);
        }
        self.bounds.push(new);
    }

    /// The bounds that may be observed now: the present ones and those that were replaced just before.
    fn current(&self, now: Time) -> &[Bounds] {
        let replaced = |b: &Bounds| b.from + REACTION <= now;
        let first = self.bounds.iter().rposition(replaced).unwrap_or(0);
        &self.bounds[first..]
    }

    /// The largest number of pods that the bounds of the moment allow.
    fn most(&self, now: Time) -> i64 {
        self.current(now).iter().map(|b| b.most).max().expect("a Deployment")
    }

    fn set(&mut self, change: &Change) {
        let gone = change.kind == WatchKind::Deleted;
        let size = if gone { 0 } else { change.new.at("spec.replicas").as_int().expect("defaulted") };
        let before = self.size();
        let sizes = self.sizes.entry(change.new.name().to_string()).or_default();
        let started = size > 0 && sizes.last().is_none_or(|(_, size)| *size == 0);
        sizes.push((change.at, size));
        if started {
            self.check_recreate(change);
            self.started += 1;
        }
        let (sum, most) = (self.size(), self.most(change.at));
        let grown = sum > before && sum > most;
        assert!(!grown, "case {} at {:?}: sets of {sum}, at most {most}", self.case, change.at);
    }

    /// The sum of the sets' sizes.
    fn size(&self) -> i64 {
        self.sizes.values().filter_map(|all| all.last()).map(|(_, size)| size).sum()
    }

    /// How many pods the sets were to have within the time that controllers need, each at its largest.
    fn peak(&self, now: Time) -> i64 {
        let largest = |all: &Vec<(Time, i64)>| {
            let first = all.iter().rposition(|(at, _)| *at + REACTION <= now).unwrap_or(0);
            all[first..].iter().map(|(_, size)| *size).max()
        };
        self.sizes.values().filter_map(largest).sum()
    }

    fn pod(&mut self, change: &Change) {
        let name = change.new.name().to_string();
        let pod = Pod::new(&change.new);
        if change.kind == WatchKind::Deleted {
            self.pods.remove(&name);
        } else {
            self.pods.insert(name, pod);
        }
        self.check(change);
    }

    /// `Recreate` starts a set only when no pod of another template is left.
    fn check_recreate(&self, change: &Change) {
        let template = change.new.label("pod-template-hash").expect("a set of a Deployment");
        let old = |p: &&Pod| p.template != template && !p.ended;
        if self.current(change.at).iter().all(|b| b.recreate) {
            let left: Vec<&Pod> = self.pods.values().filter(old).collect();
            assert!(left.is_empty(), "case {} at {:?}: recreated beside {left:?}", self.case, change.at);
        }
    }

    fn check(&mut self, change: &Change) {
        let current = self.current(change.at);
        let most = self.most(change.at);
        let edited = current.last().is_some_and(|b| change.at < b.from + REACTION);
        let limit = most.max(if edited { self.peak(change.at) } else { self.size() });
        let least = current.iter().map(|b| b.least).min().expect("a Deployment");
        let wanted = current.last().expect("a Deployment").least;
        let active = self.pods.values().filter(|p| p.active).count() as i64;
        let available = self.pods.values().filter(|p| p.available).count() as i64;
        let context = || {
            let what = change.new.name();
            format!("case {} at {:?}, {} wrote {what}: {:?}", self.case, change.at, change.actor, self.pods)
        };
        assert!(active <= limit, "{active} pods, at most {limit}; {}", context());
        if self.secured {
            assert!(available >= least, "{available} available, at least {least}; {}", context());
            self.held += 1;
        }
        self.full += u64::from(active == most);
        self.late += u64::from(active > most);
        if available >= wanted && change.at >= self.blind_until {
            self.secured = true;
        }
    }
}

fn kubectl(cluster: &mut Cluster, line: &str) {
    let job = cluster.start_job(&format!("kubectl {line}"), "/root", false);
    let limit = cluster.now() + Span::secs(10);
    cluster.run_until_job(job, limit);
    assert_eq!(cluster.job_status(job), Some(0), "{line}: {:?}", cluster.job_output(job));
    cluster.forget_job(job);
}

fn strategy(rng: &mut Rng) -> String {
    if rng.below(4) == 0 {
        return "{\"type\":\"Recreate\",\"rollingUpdate\":null}".to_string();
    }
    let mut pick = || BOUNDS[rng.below(BOUNDS.len() as u64) as usize];
    let (surge, mut unavailable) = (pick(), pick());
    if surge == "0" && unavailable == "0" {
        unavailable = "1";
    }
    format!(
        "{{\"type\":\"RollingUpdate\",\"rollingUpdate\":{{\"maxSurge\":{surge},\"maxUnavailable\":{unavailable}}}}}"
    )
}

/// One random thing that a person does, or that goes wrong.
fn disturb(cluster: &mut Cluster, watcher: &mut Watcher, rng: &mut Rng) {
    let running: Vec<String> = {
        let runs =
            |p: &&Object| p.label("app") == Some("web") && p.condition("Ready")["status"].str() == "True";
        cluster.api.list(Kind::POD, Some("default")).filter(runs).map(|p| p.name().to_string()).collect()
    };
    match rng.below(8) {
        0 | 1 => kubectl(cluster, &format!("scale deploy web --replicas={}", rng.below(8))),
        2..=4 => {
            let image = IMAGES[rng.below(IMAGES.len() as u64) as usize];
            kubectl(cluster, &format!("set image deploy/web web={image}"));
        }
        5 => {
            let patch = format!("{{\"spec\":{{\"strategy\":{}}}}}", strategy(rng));
            kubectl(cluster, &format!("patch deploy web -p '{patch}'"));
        }
        kill if !running.is_empty() => {
            let pod = &running[rng.below(running.len() as u64) as usize];
            watcher.catch_up(cluster);
            watcher.disturbed(cluster.now());
            if kill == 6 {
                kubectl(cluster, &format!("delete pod {pod} --wait=false"));
            } else {
                // The pod may be on its way out already; then there is nothing to kill.
                let _ = cluster.fault(&format!("kill {pod}"));
            }
        }
        _ => {}
    }
}

/// Whether the Deployment is what it is to be, in its pods, its sets and its status.
fn converged(case: u64, cluster: &Cluster, replicas: i64, image: &str) {
    let pods: Vec<&Object> = cluster.api.list(Kind::POD, Some("default")).collect();
    let names: BTreeSet<&str> = pods.iter().map(|p| p.name()).collect();
    assert_eq!(pods.len() as i64, replicas, "case {case}: {names:?}");
    for pod in pods {
        let ready = pod.condition("Ready")["status"].str();
        let state = (pod.at("spec.containers.0.image").str(), ready, pod.is_deleting());
        assert_eq!(state, (image, "True", false), "case {case}: {}", pod.name());
    }
    let sets = cluster.api.list(Kind::REPLICA_SET, Some("default"));
    let sizes: Vec<i64> = sets.map(|s| s.at("spec.replicas").int_or(-1)).filter(|n| *n > 0).collect();
    assert!(sizes.len() <= 1, "case {case}: more than one set has pods: {sizes:?}");
    let deployment = cluster.api.get(Kind::DEPLOYMENT, "default", "web").expect("it is there");
    for field in ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"] {
        assert_eq!(deployment["status"][field].int_or(0), replicas, "case {case}: {field}");
    }
    assert_eq!(
        deployment.at("status.observedGeneration"),
        deployment.at("metadata.generation"),
        "case {case}"
    );
    assert_eq!(deployment.condition("Available")["status"].str(), "True", "case {case}");
}

fn run(case: u64) -> Watcher {
    let mut rng = Rng::stream(case, "controllers");
    let spec = ClusterSpec { seed: case, ..ClusterSpec::default() };
    let mut cluster = Cluster::new(&spec).expect("the default cluster");
    let mut watcher = Watcher::new(case);
    cluster.write_file("/root/web.json", MANIFEST.as_bytes());
    kubectl(&mut cluster, "apply -f web.json");
    for _ in 0..8 + rng.below(12) {
        disturb(&mut cluster, &mut watcher, &mut rng);
        // Long enough for a rollout to end, or so short that edits meet in its middle.
        let wait = if rng.below(3) == 0 { rng.below(60_000) } else { rng.below(4_000) };
        let t = cluster.now() + Span::millis(wait);
        cluster.run_until(t);
        watcher.catch_up(&cluster);
    }
    let (replicas, image) = (1 + rng.below(7) as i64, IMAGES[rng.below(3) as usize]);
    kubectl(&mut cluster, &format!("scale deploy web --replicas={replicas}"));
    kubectl(&mut cluster, &format!("set image deploy/web web={image}"));
    let t = cluster.now() + ENOUGH;
    cluster.run_until(t);
    watcher.catch_up(&cluster);
    converged(case, &cluster, replicas, image);
    let settled: Vec<String> = watcher.pods.keys().cloned().collect();
    let t = cluster.now() + QUIET;
    cluster.run_until(t);
    watcher.catch_up(&cluster);
    let later: Vec<String> = watcher.pods.keys().cloned().collect();
    assert_eq!(settled, later, "case {case}: pods came and went though nobody asked");
    watcher
}

#[test]
fn deployments_keep_their_bounds_at_every_instant_and_converge() {
    let cases = cases();
    let (mut held, mut full, mut late, mut started, mut edits) = (0, 0, 0, 0, 0);
    for case in &cases {
        let w = run(*case);
        held += w.held;
        full += w.full;
        late += w.late;
        started += w.started;
        edits += w.bounds.len();
    }
    let cases = cases.len() as u64;
    println!(
        "{cases} cases, {edits} edits, {started} sets started; writes: {held} with enough pods, {full} at the limit, {late} beyond"
    );
    if cases >= CASES {
        assert!(held >= 20 * CASES && full >= 20 * CASES, "the cases are too tame: {held}, {full}");
    }
}
