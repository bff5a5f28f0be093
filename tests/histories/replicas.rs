//! ReplicaSets and ReplicationControllers: never more pods than were asked for, and in the end as many.

use super::driver::{Asked, Pods, Run, Watch, cases};
use podlab::api::request::WatchKind;
use podlab::api::{Kind, Object};
use podlab::apiserver::Change;
use podlab::time::Span;

/// Longer than the eviction from a dead node and the start of new pods take.
const ENOUGH: Span = Span::secs(900);
const TEMPLATE: &str = "{metadata: {labels: {app: web}}, spec: {terminationGracePeriodSeconds: 2, containers: \
     [{name: web, image: 'nginx:1.14.2'}]}}";

struct Watcher {
    case: u64,
    kind: Kind,
    pods: Pods,
    asked: Asked<i64>,
    full: u64,
}

impl Watch for Watcher {
    fn see(&mut self, change: &Change) {
        if change.new.kind == self.kind && change.kind != WatchKind::Deleted {
            self.asked.set(change.at, change.new.at("spec.replicas").int_or(1));
        }
        if matches!(self.pods.take(change), Some(None)) {
            let most = self.asked.now(change.at).max().expect("a set");
            let active = self.pods.active().count() as i64;
            assert!(active <= most, "case {} at {:?}: {active} of {most}", self.case, change.at);
            self.full += u64::from(active == most);
        }
    }
}

fn run(case: u64) -> Watcher {
    let mut run = Run::new(case, "replicas");
    let (kind, short, manifest) = if case.is_multiple_of(2) {
        let text = format!(
            "{{apiVersion: apps/v1, kind: ReplicaSet, metadata: {{name: web}}, spec: {{replicas: 3, selector: \
             {{matchLabels: {{app: web}}}}, template: {TEMPLATE}}}}}\n"
        );
        (Kind::REPLICA_SET, "rs", text)
    } else {
        let text = format!(
            "{{apiVersion: v1, kind: ReplicationController, metadata: {{name: web}}, spec: {{replicas: 3, selector: \
             {{app: web}}, template: {TEMPLATE}}}}}\n"
        );
        (Kind::REPLICATION_CONTROLLER, "rc", text)
    };
    let mut watcher = Watcher { case, kind, pods: Pods::default(), asked: Asked::new(), full: 0 };
    run.apply(&manifest);
    for _ in 0..8 + run.rng.below(12) {
        match run.rng.below(6) {
            0 | 1 => {
                let n = run.rng.below(8);
                run.kubectl(&format!("scale {short} web --replicas={n}"));
            }
            2 | 3 => run.hit_pod(),
            _ => run.node_fault(),
        }
        run.pause(&mut watcher);
    }
    run.mend();
    let n = run.rng.below(8) as i64;
    run.kubectl(&format!("scale {short} web --replicas={n}"));
    run.wait(ENOUGH, &mut watcher);
    let pods: Vec<&Object> = run.cluster.api.list(Kind::POD, Some("default")).collect();
    let good = |p: &&&Object| p.condition("Ready")["status"].str() == "True" && !p.is_deleting();
    assert_eq!(pods.iter().filter(good).count() as i64, n, "case {case}");
    let set = run.cluster.api.get(kind, "default", "web").expect("it is there");
    for field in ["replicas", "readyReplicas", "availableReplicas"] {
        assert_eq!(set["status"][field].int_or(0), n, "case {case}: {field}");
    }
    watcher
}

#[test]
fn replica_sets_never_have_too_many_pods_and_converge() {
    let cases = cases();
    let full: u64 = cases.iter().map(|case| run(*case).full).sum();
    println!("{} cases: {full} pods that were the last one missing", cases.len());
    assert!(cases.len() < 6 || full > 20, "too tame: {full}");
}
