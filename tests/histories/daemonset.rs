//! DaemonSets: one pod on every node that is meant, none elsewhere, and updates within `maxUnavailable` and
//! `maxSurge`.

use super::driver::{Asked, Pods, REACTION, Run, WORKERS, Watch, cases};
use podlab::api::request::WatchKind;
use podlab::api::{Kind, Object};
use podlab::apiserver::Change;
use podlab::time::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};

const ENOUGH: Span = Span::secs(900);
/// How long a killed process may take to be seen in the pod's status.
const NOTICE: Span = Span::secs(5);
const IMAGES: &[&str] = &["nginx:1.14.2", "nginx:1.16.1", "nginx:1.25.3"];
const MANIFEST: &str = "\
{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: web}, spec: {selector: {matchLabels: {app: web}},
 template: {metadata: {labels: {app: web}}, spec: {terminationGracePeriodSeconds: 2, nodeSelector: {agent: 'yes'},
 containers: [{name: web, image: 'nginx:1.14.2', readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}}]}}}}
";

/// How many pods may be missing, and how many beyond one may be there, during an update.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    unavailable: usize,
    surge: usize,
}

struct Watcher {
    case: u64,
    /// Whether nodes fail; then nothing is said about availability.
    faults: bool,
    pods: Pods,
    bounds: Asked<Bounds>,
    /// Nodes that are meant, and since when not any more.
    meant: BTreeSet<String>,
    left: BTreeMap<String, Time>,
    secured: bool,
    blind_until: Time,
    held: u64,
    surged: u64,
}

impl Watcher {
    fn node(&mut self, change: &Change) {
        let name = change.new.name().to_string();
        if change.kind != WatchKind::Deleted && change.new.label("agent") == Some("yes") {
            if self.meant.insert(name) {
                self.secured = false;
            }
        } else if self.meant.remove(&name) {
            self.left.insert(name, change.at);
        }
    }

    /// The node that a pod is for, by its affinity.
    fn place(pod: &Object) -> String {
        let terms =
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
        pod.at(terms)[0].at("matchFields")[0].at("values")[0].str().to_string()
    }

    fn check(&mut self, change: &Change) {
        let bounds: Vec<Bounds> = self.bounds.now(change.at).collect();
        let surge = bounds.iter().map(|b| b.surge).max().expect("a set");
        let unavailable = bounds.iter().map(|b| b.unavailable).max().expect("a set");
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for pod in self.pods.active() {
            let of = counts.entry(Watcher::place(&pod.object)).or_default();
            of.0 += 1;
            of.1 += usize::from(pod.ready);
        }
        let context = format!("case {} at {:?}: {counts:?}, {bounds:?}", self.case, change.at);
        assert!(counts.values().all(|(n, _)| *n <= 2), "{context}: more than two on a node");
        // Beside a pod that is not ready a new one may be started at any time.
        let doubled = counts.values().filter(|(n, ready)| *n > 1 && *ready > 0).count();
        assert!(doubled <= surge, "{context}: {doubled} nodes with two, at most {surge}");
        self.surged += u64::from(doubled > 0);
        let available = self.meant.iter().filter(|n| counts.get(*n).is_some_and(|(_, ready)| *ready > 0));
        let missing = self.meant.len() - available.count();
        if self.secured && !self.faults {
            assert!(missing <= unavailable, "{context}: {missing} missing, at most {unavailable}");
            self.held += 1;
        }
        if missing == 0 && change.at >= self.blind_until {
            self.secured = true;
        }
    }
}

impl Watch for Watcher {
    fn see(&mut self, change: &Change) {
        let object = &change.new;
        match object.kind {
            Kind::NODE => self.node(change),
            Kind::DAEMON_SET if change.kind != WatchKind::Deleted => {
                let rolling = object.at("spec.updateStrategy.rollingUpdate");
                let number = |field: &str| rolling[field].int_or(0) as usize;
                let bounds = Bounds { unavailable: number("maxUnavailable"), surge: number("maxSurge") };
                self.bounds.set(change.at, bounds);
            }
            _ => {}
        }
        let Some(old) = self.pods.take(change) else { return };
        if old.is_none() {
            let node = Watcher::place(object);
            let just_left = self.left.get(&node).is_some_and(|at| change.at < *at + REACTION);
            assert!(self.meant.contains(&node) || just_left, "case {}: a pod for {node}", self.case);
        }
        self.check(change);
    }
}

fn disturb(run: &mut Run, watcher: &mut Watcher) {
    match run.rng.below(8) {
        0..=2 => {
            let image = run.pick(IMAGES);
            run.kubectl(&format!("set image ds/web web={image}"));
        }
        3 => {
            let (unavailable, surge) = run.pick(&[(1, 0), (2, 0), (0, 1), (0, 2)]);
            let rolling = format!("{{\"maxUnavailable\":{unavailable},\"maxSurge\":{surge}}}");
            let strategy = format!("{{\"updateStrategy\":{{\"rollingUpdate\":{rolling}}}}}");
            run.kubectl(&format!("patch ds web -p '{{\"spec\":{strategy}}}'"));
        }
        4 => {
            let (node, value) = (run.pick(&WORKERS), run.pick(&["yes", "no"]));
            run.kubectl(&format!("label node {node} agent={value} --overwrite"));
        }
        5 | 6 => {
            run.catch_up(watcher);
            watcher.secured = false;
            watcher.blind_until = run.cluster.now() + NOTICE;
            run.hit_pod();
        }
        _ if watcher.faults => run.node_fault(),
        _ => {}
    }
}

fn converged(run: &Run, nodes: &BTreeSet<String>) {
    let case = run.case;
    let set = run.cluster.api.get(Kind::DAEMON_SET, "default", "web").expect("it is there");
    let image = set.at("spec.template.spec.containers.0.image").str();
    let pods: Vec<&Object> = run.cluster.api.list(Kind::POD, Some("default")).collect();
    for pod in &pods {
        let state = (pod.condition("Ready")["status"].str(), pod.at("spec.containers.0.image").str());
        assert_eq!(state, ("True", image), "case {case}: {}", pod.name());
    }
    let places: Vec<String> = pods.iter().map(|p| p.at("spec.nodeName").str().to_string()).collect();
    assert_eq!(places.len(), nodes.len(), "case {case}: {places:?}");
    assert_eq!(places.into_iter().collect::<BTreeSet<_>>(), *nodes, "case {case}");
    for field in
        ["desiredNumberScheduled", "currentNumberScheduled", "numberAvailable", "updatedNumberScheduled"]
    {
        assert_eq!(set["status"][field].int_or(0), nodes.len() as i64, "case {case}: {field}");
    }
}

fn run(case: u64) -> Watcher {
    let mut run = Run::new(case, "daemonset");
    let mut watcher = Watcher {
        case,
        faults: case.is_multiple_of(2),
        pods: Pods::default(),
        bounds: Asked::new(),
        meant: BTreeSet::new(),
        left: BTreeMap::new(),
        secured: false,
        blind_until: Time::ZERO,
        held: 0,
        surged: 0,
    };
    run.kubectl("label node worker01 worker02 worker03 agent=yes");
    run.apply(MANIFEST);
    for _ in 0..8 + run.rng.below(12) {
        disturb(&mut run, &mut watcher);
        run.pause(&mut watcher);
    }
    run.mend();
    // A machine that joins gets a pod as well.
    run.cluster.fault("node worker04 add cpu=2 label=agent=yes").expect("a new machine");
    run.wait(ENOUGH, &mut watcher);
    converged(&run, &watcher.meant);
    assert!(watcher.meant.contains("worker04"), "case {case}");
    watcher
}

#[test]
fn daemonsets_keep_their_bounds_on_every_node_and_converge() {
    let cases = cases();
    let (mut held, mut surged) = (0, 0);
    for case in &cases {
        let w = run(*case);
        held += w.held;
        surged += w.surged;
    }
    println!("{} cases: {held} writes with enough pods, {surged} with a node that has two", cases.len());
    assert!(cases.len() < 6 || (held > 20 && surged > 2), "too tame: {held}, {surged}");
}
