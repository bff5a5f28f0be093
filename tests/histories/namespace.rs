//! Namespaces and quotas: what a quota counts is never more than it allows, and says what is there; a namespace that
//! is deleted in the middle of things goes with all that is in it, while nothing new comes into it.

use super::driver::{REACTION, Run, Watch, cases};
use podlab::api::Kind;
use podlab::api::request::WatchKind;
use podlab::apiserver::Change;
use podlab::time::{Span, Time};
use std::collections::BTreeSet;

const MANIFEST: &str = "\
{apiVersion: v1, kind: Namespace, metadata: {name: team}}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: few, namespace: team}, spec: {hard: {pods: 'LIMIT', configmaps: 4}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: team}, spec: {replicas: 3,
 selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec:
 {terminationGracePeriodSeconds: 3, containers: [{name: web, image: 'nginx:1.14.2'}]}}}}
---
{apiVersion: batch/v1, kind: Job, metadata: {name: task, namespace: team}, spec: {parallelism: 2, completions: 20,
 template: {spec: {restartPolicy: Never, containers: [{name: c, image: 'busybox:1.28', command: [sleep, '3']}]}}}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: team}, spec: {replicas: 2, serviceName: db,
 selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec:
 {terminationGracePeriodSeconds: 1, containers: [{name: db, image: 'nginx:1.14.2'}]}}}}
";

struct Watcher {
    case: u64,
    limit: usize,
    /// The pods that count: not ended ones.
    pods: BTreeSet<String>,
    config_maps: BTreeSet<String>,
    /// Since when the namespace is going.
    going: Option<Time>,
    full: u64,
}

impl Watch for Watcher {
    fn see(&mut self, change: &Change) {
        let (object, case) = (&change.new, self.case);
        if object.kind == Kind::NAMESPACE && object.name() == "team" {
            self.going = object.is_deleting().then(|| self.going.unwrap_or(change.at));
            return;
        }
        if object.namespace() != "team" {
            return;
        }
        if let Some(since) = self.going
            && change.kind == WatchKind::Added
            && object.kind != Kind::EVENT
        {
            panic!(
                "case {case}: {} {} came {:?} after {since:?}",
                object.kind.info().kind,
                object.name(),
                change.at
            );
        }
        let there = change.kind != WatchKind::Deleted;
        let ended = matches!(object.at("status.phase").str(), "Succeeded" | "Failed");
        let set = match object.kind {
            Kind::POD => &mut self.pods,
            Kind::CONFIG_MAP => &mut self.config_maps,
            _ => return,
        };
        if there && !ended {
            set.insert(object.name().to_string());
        } else {
            set.remove(object.name());
        }
        assert!(self.pods.len() <= self.limit, "case {case}: {} pods at {:?}", self.pods.len(), change.at);
        assert!(self.config_maps.len() <= 4, "case {case}: {:?} at {:?}", self.config_maps, change.at);
        self.full += u64::from(self.pods.len() == self.limit);
    }
}

fn run(case: u64) -> Watcher {
    let mut run = Run::new(case, "namespace");
    let limit = 3 + run.rng.below(4) as usize;
    let mut watcher =
        Watcher { case, limit, pods: BTreeSet::new(), config_maps: BTreeSet::new(), going: None, full: 0 };
    run.apply(&MANIFEST.replace("LIMIT", &limit.to_string()));
    for i in 0..6 + run.rng.below(6) {
        match run.rng.below(6) {
            0 => {
                let n = run.rng.below(8);
                run.kubectl(&format!("scale -n team deployment web --replicas={n}"));
            }
            1 => {
                // It may be one too many.
                run.attempt(&format!("create configmap -n team c{i} --from-literal=a=b"));
            }
            2 => run.kubectl("delete pods -n team -l app=web --wait=false"),
            3 => {
                run.attempt("rollout restart -n team deployment web");
            }
            4 => run.node_fault(),
            _ => run.mend(),
        }
        run.pause(&mut watcher);
    }
    run.mend();
    run.wait(Span::secs(120), &mut watcher);
    run.wait(REACTION, &mut watcher);
    let quota = run.cluster.api.get(Kind::RESOURCE_QUOTA, "team", "few").expect("it is there");
    let used = |what: &str| quota.at("status.used")[what].str().parse::<usize>().expect("a number");
    assert_eq!(used("pods"), watcher.pods.len(), "case {case}");
    assert_eq!(used("configmaps"), watcher.config_maps.len(), "case {case}");
    // In the middle of a rollout.
    run.attempt("rollout restart -n team deployment web");
    let wait = run.rng.below(3_000);
    run.wait(Span::millis(wait), &mut watcher);
    run.kubectl("delete namespace team --wait=false");
    run.wait(Span::secs(60), &mut watcher);
    assert!(run.cluster.api.get(Kind::NAMESPACE, "", "team").is_none(), "case {case}: it is still there");
    for kind in run.cluster.api.kinds().into_iter().filter(|k| k.info().namespaced) {
        let left = run.cluster.api.list(kind, Some("team")).count();
        assert_eq!(left, 0, "case {case}: {}", kind.info().plural);
    }
    watcher
}

#[test]
fn quotas_are_kept_and_namespaces_go_with_all_that_is_in_them() {
    let cases = cases();
    let full: u64 = cases.iter().map(|case| run(*case).full).sum();
    println!("{} cases: {full} writes at the limit", cases.len());
    assert!(cases.len() < 6 || full > 20, "too tame: {full}");
}
