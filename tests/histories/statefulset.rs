//! StatefulSets: at most one pod of each ordinal, started in order and stopped in reverse, updated from the last to
//! the partition, and in the end all there.

use super::driver::{Asked, Pods, REACTION, Run, Watch, cases};
use podlab::api::request::WatchKind;
use podlab::api::{Kind, Object};
use podlab::apiserver::Change;
use podlab::time::{Span, Time};

/// Longer than five pods one after another take, with the longest back-offs of pulls (five minutes).
const ENOUGH: Span = Span::secs(1200);
const IMAGES: &[&str] = &["nginx:1.14.2", "nginx:1.16.1", "nginx:1.25.3"];

fn manifest(parallel: bool) -> String {
    let policy = if parallel { "Parallel" } else { "OrderedReady" };
    format!(
        "{{apiVersion: apps/v1, kind: StatefulSet, metadata: {{name: web}}, spec: {{serviceName: web, replicas: 3, \
         podManagementPolicy: {policy}, selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: \
         {{app: web}}}}, spec: {{terminationGracePeriodSeconds: 2, containers: [{{name: web, image: 'nginx:1.14.2', \
         readinessProbe: {{httpGet: {{path: /, port: 80}}, periodSeconds: 1}}}}]}}}}}}}}\n"
    )
}

/// What is asked of the set.
#[derive(Clone, Copy, Debug)]
struct Spec {
    replicas: i64,
    partition: i64,
}

struct Watcher {
    case: u64,
    parallel: bool,
    pods: Pods,
    asked: Asked<Spec>,
    /// Pods that were started behind others, and pods that were stopped before others.
    started: u64,
    stopped: u64,
    updated: u64,
}

fn ordinal(name: &str) -> i64 {
    name.rsplit('-').next().and_then(|n| n.parse().ok()).expect("a name with an ordinal")
}

impl Watcher {
    /// A pod was created: it is one that is asked for, and those before it are ready.
    fn created(&mut self, object: &Object, at: Time) {
        let n = ordinal(object.name());
        let most = self.asked.now(at).map(|s| s.replicas).max().expect("a set");
        assert!(n < most, "case {}: {} of {most} at {at:?}", self.case, object.name());
        if self.parallel {
            return;
        }
        for before in 0..n {
            let pod = self.pods.0.get(&format!("web-{before}"));
            let ready = pod.is_some_and(|p| p.ready || at < p.unready + REACTION);
            assert!(ready, "case {}: {} at {at:?} before web-{before}: {pod:?}", self.case, object.name());
        }
        self.started += u64::from(n > 0);
    }

    /// The controller stops a pod: of those that are too many the last, of those to be updated the last that is not
    /// below the partition.
    fn stopped(&mut self, object: &Object, at: Time) {
        let n = ordinal(object.name());
        let specs: Vec<Spec> = self.asked.now(at).collect();
        let surplus = specs.iter().any(|s| n >= s.replicas);
        let behind: Vec<&String> = self.pods.0.keys().filter(|name| ordinal(name) > n).collect();
        if surplus && !self.parallel {
            assert!(behind.is_empty(), "case {}: {} stopped before {behind:?}", self.case, object.name());
            self.stopped += 1;
        }
        let ended = matches!(object.at("status.phase").str(), "Succeeded" | "Failed");
        if !surplus && !ended {
            let updated = specs.iter().any(|s| n >= s.partition);
            assert!(updated, "case {}: {} is below the partition: {specs:?}", self.case, object.name());
            let waiting: Vec<&&String> = behind
                .iter()
                .filter(|name| {
                    let pod = &self.pods.0[**name];
                    let wanted = specs.iter().all(|s| ordinal(name) < s.replicas);
                    wanted && !pod.ready && at >= pod.unready + REACTION
                })
                .collect();
            assert!(waiting.is_empty(), "case {}: {} updated before {waiting:?}", self.case, object.name());
            self.updated += 1;
        }
    }
}

impl Watch for Watcher {
    fn see(&mut self, change: &Change) {
        let object = &change.new;
        if object.kind == Kind::STATEFUL_SET && change.kind != WatchKind::Deleted {
            let replicas = object.at("spec.replicas").int_or(1);
            let partition = object.at("spec.updateStrategy.rollingUpdate.partition").int_or(0);
            self.asked.set(change.at, Spec { replicas, partition });
        }
        let Some(old) = self.pods.take(change) else { return };
        match old {
            None => self.created(object, change.at),
            Some(old) => {
                let by_controller = change.actor.as_str() == "statefulset-controller";
                if by_controller && !old.deleting && object.is_deleting() {
                    self.stopped(object, change.at);
                }
            }
        }
    }
}

fn disturb(run: &mut Run) {
    match run.rng.below(8) {
        0 | 1 => {
            let n = run.rng.below(6);
            run.kubectl(&format!("scale sts web --replicas={n}"));
        }
        2 | 3 => {
            let image = run.pick(IMAGES);
            run.kubectl(&format!("set image sts/web web={image}"));
        }
        4 => {
            let n = run.rng.below(4);
            let strategy = format!("{{\"rollingUpdate\":{{\"partition\":{n}}}}}");
            run.kubectl(&format!("patch sts web -p '{{\"spec\":{{\"updateStrategy\":{strategy}}}}}'"));
        }
        5 | 6 => run.hit_pod(),
        _ => run.node_fault(),
    }
}

/// All pods are there and ready; those from the partition on have the newest template.
fn converged(run: &Run, replicas: i64, partition: i64) {
    let case = run.case;
    let pods: Vec<&Object> = run.cluster.api.list(Kind::POD, Some("default")).collect();
    let names: Vec<&str> = pods.iter().map(|p| p.name()).collect();
    let wanted: Vec<String> = (0..replicas).map(|n| format!("web-{n}")).collect();
    assert_eq!(names, wanted, "case {case}");
    let set = run.cluster.api.get(Kind::STATEFUL_SET, "default", "web").expect("it is there");
    let newest = set.at("status.updateRevision").str();
    for pod in pods {
        assert_eq!(pod.condition("Ready")["status"].str(), "True", "case {case}: {}", pod.name());
        if ordinal(pod.name()) >= partition {
            let label = pod.label("controller-revision-hash");
            assert_eq!(label, Some(newest), "case {case}: {}", pod.name());
        }
    }
    for field in ["replicas", "readyReplicas", "availableReplicas"] {
        assert_eq!(set["status"][field].int_or(0), replicas, "case {case}: {field}");
    }
}

fn run(case: u64) -> Watcher {
    let mut run = Run::new(case, "statefulset");
    let parallel = case.is_multiple_of(3);
    let mut watcher = Watcher {
        case,
        parallel,
        pods: Pods::default(),
        asked: Asked::new(),
        started: 0,
        stopped: 0,
        updated: 0,
    };
    run.apply(&manifest(parallel));
    for _ in 0..8 + run.rng.below(12) {
        disturb(&mut run);
        run.pause(&mut watcher);
    }
    run.mend();
    let (replicas, partition) = (1 + run.rng.below(5) as i64, run.rng.below(3) as i64);
    run.kubectl(&format!("scale sts web --replicas={replicas}"));
    let strategy = format!("{{\"rollingUpdate\":{{\"partition\":{partition}}}}}");
    run.kubectl(&format!("patch sts web -p '{{\"spec\":{{\"updateStrategy\":{strategy}}}}}'"));
    run.wait(ENOUGH, &mut watcher);
    converged(&run, replicas, partition);
    watcher
}

#[test]
fn statefulsets_keep_their_order_and_converge() {
    let cases = cases();
    let (mut started, mut stopped, mut updated) = (0, 0, 0);
    for case in &cases {
        let w = run(*case);
        started += w.started;
        stopped += w.stopped;
        updated += w.updated;
    }
    println!("{} cases: {started} started behind others, {stopped} stopped, {updated} updated", cases.len());
    if cases.len() > 5 {
        assert!(started > 10 && stopped > 2 && updated > 5, "too tame: {started}, {stopped}, {updated}");
    }
}
