//! Autoscalers: whatever people and load do, a target is never scaled beyond its bounds or faster than allowed, and
//! in the end it has as many pods as its load needs.

use super::driver::{Run, Watch, cases};
use podlab::api::{Kind, Object};
use podlab::apiserver::Change;
use podlab::cluster::Cluster;
use podlab::scenario::Scenario;
use podlab::time::{Span, Time};

const MANIFEST: &str = "\
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 2, selector: {matchLabels: {app: web}},
 template: {metadata: {labels: {app: web}}, spec: {terminationGracePeriodSeconds: 1, containers:
 [{name: web, image: polinux/stress, command: [sleep, '100000'],
 resources: {requests: {cpu: 100m}, limits: {cpu: 200m}}}]}}}}
";

struct Watcher {
    case: u64,
    /// `minReplicas` and `maxReplicas`, by the scaler's last write and the one before.
    bounds: Vec<(Time, i64, i64)>,
    /// The size that was asked for last, and since when.
    size: i64,
    /// When more were last recommended than there were.
    busy: Time,
    ups: u64,
    downs: u64,
}

impl Watcher {
    fn scaled(&mut self, now: Time, to: i64) {
        let (case, from) = (self.case, self.size);
        let current = self.bounds.iter().rev().take(2);
        let within = current.clone().any(|(_, min, max)| (*min..=*max).contains(&to));
        assert!(within, "case {case}: scaled to {to} at {now:?}, bounds {:?}", self.bounds.last());
        let outside = current.clone().any(|(_, min, max)| !(*min..=*max).contains(&from));
        if to > from {
            assert!(outside || to <= (2 * from).max(4), "case {case}: from {from} to {to} at {now:?}");
            self.busy = now;
            self.ups += 1;
        } else {
            // Fewer than before only when no more were recommended for five minutes.
            let settled = self.busy + Span::secs(299) <= now;
            assert!(outside || settled, "case {case}: from {from} to {to} at {now:?}, busy {:?}", self.busy);
            self.downs += 1;
        }
        self.size = to;
    }
}

impl Watch for Watcher {
    fn see(&mut self, change: &Change) {
        let object = &change.new;
        match object.kind {
            Kind::HPA => {
                let of = |field| object.at(field).int_or(1);
                let bounds = (change.at, of("spec.minReplicas"), of("spec.maxReplicas"));
                if self.bounds.last().is_none_or(|(_, min, max)| (*min, *max) != (bounds.1, bounds.2)) {
                    self.bounds.push(bounds);
                }
                let pods = object.at("status.currentMetrics").items();
                assert!(pods.len() <= 1, "case {}: {pods:?}", self.case);
            }
            Kind::DEPLOYMENT => {
                let size = object.at("spec.replicas").int_or(1);
                let by_scaler = change.old.is_some() && !self.bounds.is_empty();
                if by_scaler && size != self.size {
                    self.scaled(change.at, size);
                } else {
                    self.size = size;
                }
            }
            _ => {}
        }
    }
}

fn run(case: u64) -> Watcher {
    let scenario =
        Scenario::from_yaml("podlab: 1\ncluster: {settings: {metricsServer: true}}").expect("valid");
    let mut spec = scenario.cluster;
    spec.seed = case;
    let mut run = Run::new(case, "autoscaler");
    run.cluster = Cluster::new(&spec).expect("a cluster");
    let mut watcher = Watcher { case, bounds: Vec::new(), size: 2, busy: Time::ZERO, ups: 0, downs: 0 };
    run.apply(MANIFEST);
    run.wait(Span::secs(5), &mut watcher);
    let (min, max) = (1 + run.rng.below(2), 3 + run.rng.below(6));
    run.kubectl(&format!("autoscale deployment web --min={min} --max={max} --cpu=50%"));
    for _ in 0..4 + run.rng.below(4) {
        match run.rng.below(5) {
            0 => {
                let max = 3 + run.rng.below(6);
                run.kubectl(&format!("patch hpa web -p '{{\"spec\":{{\"maxReplicas\":{max}}}}}'"));
            }
            // Every pod that there is now starts to compute, or stops.
            1..=3 => burn(&mut run, true),
            _ => burn(&mut run, false),
        }
        let wait = 20 + run.rng.below(120);
        run.wait(Span::secs(wait), &mut watcher);
    }
    burn(&mut run, false);
    run.wait(Span::secs(900), &mut watcher);
    let (_, min, _) = *watcher.bounds.last().expect("a scaler");
    let web = run.cluster.api.get(Kind::DEPLOYMENT, "default", "web").expect("it is there");
    assert_eq!(web.at("spec.replicas").int_or(0), min, "case {case}");
    assert_eq!(web.at("status.availableReplicas").int_or(0), min, "case {case}");
    watcher
}

fn burn(run: &mut Run, on: bool) {
    let ready = |p: &&Object| p.condition("Ready")["status"].str() == "True" && !p.is_deleting();
    let pods = run.cluster.api.list(Kind::POD, Some("default")).filter(ready);
    let names: Vec<String> = pods.map(|p| p.name().to_string()).collect();
    for name in names {
        let line = if on {
            format!("exec {name} -- sh -c 'stress --cpu 1 > /dev/null 2>&1 &'")
        } else {
            format!("exec {name} -- killall stress")
        };
        // The pod may just be going.
        run.attempt(&line);
    }
}

#[test]
fn autoscalers_keep_their_bounds_and_pace_and_follow_the_load() {
    let cases = cases();
    let (mut ups, mut downs) = (0, 0);
    for case in &cases {
        let w = run(*case);
        ups += w.ups;
        downs += w.downs;
    }
    println!("{} cases: {ups} times up, {downs} times down", cases.len());
    assert!(cases.len() < 6 || (ups > 5 && downs > 5), "too tame: {ups}, {downs}");
}
