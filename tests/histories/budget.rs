//! Disruption budgets: whatever is drained, no eviction takes a ready pod that the budget needs.

use super::driver::{Pods, REACTION, Run, WORKERS, Watch, cases};
use podlab::api::request::WatchKind;
use podlab::api::{Kind, Object};
use podlab::apiserver::Change;
use podlab::time::{Span, Time};

const MANIFEST: &str = "\
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 5, selector: {matchLabels: {app: web}},
 template: {metadata: {labels: {app: web}}, spec: {terminationGracePeriodSeconds: 2, containers:
 [{name: web, image: 'nginx:1.14.2', readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}}]}}}}
";

struct Watcher {
    case: u64,
    pods: Pods,
    least: i64,
    /// How many were ready, at each change of that.
    ready: Vec<(Time, i64)>,
    evicted: u64,
    /// Evictions after which just as many were left as the budget needs.
    tight: u64,
}

impl Watch for Watcher {
    fn see(&mut self, change: &Change) {
        let Some(old) = self.pods.take(change) else { return };
        let healthy = self.pods.active().filter(|p| p.ready).count() as i64;
        let object = &change.new;
        let was = old.filter(|p| p.ready && !p.deleting);
        let evicted = was.is_some()
            && change.kind != WatchKind::Deleted
            && object.is_deleting()
            && object.condition("DisruptionTarget")["reason"].str() == "EvictionByEvictionAPI";
        if evicted {
            // A pod that has ceased to be ready just before may not have been counted out yet.
            let first = self.ready.iter().rposition(|(at, _)| *at + REACTION <= change.at).unwrap_or(0);
            let before = self.ready[first..].iter().map(|(_, n)| *n).max().expect("pods");
            let (case, name) = (self.case, object.name());
            assert!(before > self.least, "case {case}: {name} at {:?}: of {before} ready", change.at);
            self.evicted += 1;
            self.tight += u64::from(healthy == self.least);
        }
        if self.ready.last().is_none_or(|(_, n)| *n != healthy) {
            self.ready.push((change.at, healthy));
        }
    }
}

fn run(case: u64) -> Watcher {
    let mut run = Run::new(case, "budget");
    let least = 1 + run.rng.below(4) as i64;
    let mut watcher = Watcher { case, pods: Pods::default(), least, ready: Vec::new(), evicted: 0, tight: 0 };
    run.apply(MANIFEST);
    let bound = if run.one_in(2) {
        format!("minAvailable: {least}")
    } else {
        format!("maxUnavailable: {}", 5 - least)
    };
    run.apply(&format!(
        "{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: web}}, spec: {{{bound}, selector: \
         {{matchLabels: {{app: web}}}}}}}}\n"
    ));
    for _ in 0..8 + run.rng.below(8) {
        match run.rng.below(6) {
            0..=2 => {
                let node = run.pick(&WORKERS);
                // It may have to wait for longer than it is given.
                run.attempt(&format!("drain {node} --ignore-daemonsets --force"));
            }
            3 => run.hit_pod(),
            4 => run.node_fault(),
            _ => run.mend(),
        }
        run.pause(&mut watcher);
    }
    run.mend();
    run.wait(Span::secs(900), &mut watcher);
    let ready = |p: &&Object| p.condition("Ready")["status"].str() == "True" && !p.is_deleting();
    let count = run.cluster.api.list(Kind::POD, Some("default")).filter(ready).count();
    assert_eq!(count, 5, "case {case}");
    let budget = run.cluster.api.get(Kind::PDB, "default", "web").expect("it is there");
    assert_eq!(budget.at("status.disruptionsAllowed").int_or(-1), 5 - least, "case {case}");
    watcher
}

#[test]
fn evictions_never_break_a_disruption_budget() {
    let cases = cases();
    let (mut evicted, mut tight) = (0, 0);
    for case in &cases {
        let w = run(*case);
        evicted += w.evicted;
        tight += w.tight;
    }
    println!("{} cases: {evicted} evictions, {tight} of them the last that was allowed", cases.len());
    assert!(cases.len() < 6 || (evicted > 10 && tight > 2), "too tame: {evicted}, {tight}");
}
