//! Jobs: never more pods at work than `parallelism`, never more successes than `completions`, each index once, nothing
//! while suspended, no more failures than `backoffLimit`, and nothing after the end.

use super::driver::{Asked, Pods, Run, Watch, cases};
use podlab::api::request::WatchKind;
use podlab::api::{Kind, Object};
use podlab::apiserver::Change;
use podlab::time::{Span, Time};
use std::collections::BTreeSet;

/// Longer than the back-offs of a few failures (10 s, 20 s … up to 10 min) and an eviction take.
const ENOUGH: Span = Span::secs(4_000);

/// What is asked of the Job.
#[derive(Clone, Copy, Debug)]
struct Spec {
    parallelism: i64,
    suspended: bool,
}

struct Watcher {
    case: u64,
    indexed: bool,
    completions: i64,
    limit: i64,
    pods: Pods,
    asked: Asked<Spec>,
    finished: Option<Time>,
    succeeded: BTreeSet<String>,
    indexes: BTreeSet<String>,
    busy: u64,
    failed: u64,
}

fn index(pod: &Object) -> String {
    pod.at("metadata.annotations").get("batch.kubernetes.io/job-completion-index").str().to_string()
}

impl Watcher {
    fn created(&mut self, object: &Object, at: Time) {
        let (case, name) = (self.case, object.name());
        assert_eq!(self.finished, None, "case {case}: {name} at {at:?} after the end");
        let specs: Vec<Spec> = self.asked.now(at).collect();
        assert!(specs.iter().any(|s| !s.suspended), "case {case}: {name} at {at:?} while suspended");
        let most = specs.iter().map(|s| s.parallelism).max().expect("a Job");
        let active = self.pods.active().count() as i64;
        assert!(active <= most, "case {case}: {active} pods at {at:?}, at most {most}");
        let done = self.succeeded.len() as i64;
        let wanted = self.completions;
        assert!(active + done <= wanted, "case {case}: {active} pods and {done} done at {at:?} of {wanted}");
        self.busy += u64::from(active == most);
        if self.indexed {
            let own = index(object);
            let others = self.pods.active().filter(|p| p.object.name() != name && index(&p.object) == own);
            assert_eq!(others.count(), 0, "case {case}: two pods of index {own}");
            assert!(!self.indexes.contains(&own), "case {case}: index {own} is done");
        }
    }

    fn job(&mut self, change: &Change) {
        let object = &change.new;
        let spec = Spec {
            parallelism: object.at("spec.parallelism").int_or(1),
            suspended: object.at("spec.suspend").is_true(),
        };
        self.asked.set(change.at, spec);
        let done = object.at("status.succeeded").int_or(0);
        assert!(done <= self.completions, "case {}: {done} of {}", self.case, self.completions);
        let over = object.condition_true("Complete") || object.condition_true("Failed");
        assert!(over || self.finished.is_none(), "case {}: not finished any more", self.case);
        if over && self.finished.is_none() {
            self.finished = Some(change.at);
        }
    }
}

impl Watch for Watcher {
    fn see(&mut self, change: &Change) {
        let object = &change.new;
        if object.kind == Kind::JOB && change.kind != WatchKind::Deleted {
            self.job(change);
        }
        let Some(old) = self.pods.take(change) else { return };
        if old.is_none() {
            self.created(object, change.at);
        }
        let phase = object.at("status.phase").str();
        // One that was stopped and counted as failed may succeed yet, which changes nothing any more.
        let counted = object.at("metadata.finalizers").is_empty();
        if phase == "Succeeded"
            && !counted
            && self.succeeded.insert(object.name().to_string())
            && self.indexed
        {
            let first = self.indexes.insert(index(object));
            assert!(first, "case {}: index {} succeeded twice", self.case, index(object));
        }
        self.failed += u64::from(phase == "Failed" && old.is_some_and(|p| !p.ended));
    }
}

fn manifest(w: &Watcher, parallelism: u64) -> String {
    let mode = if w.indexed { "Indexed" } else { "NonIndexed" };
    // Whether it succeeds depends on when it starts.
    let script = "n=$(date +%s); sleep $((n % 7 + 1)); test $((n % 4)) -ne 0";
    format!(
        "{{apiVersion: batch/v1, kind: Job, metadata: {{name: web}}, spec: {{completions: {}, parallelism: \
         {parallelism}, completionMode: {mode}, backoffLimit: {}, template: {{metadata: {{labels: {{app: web}}}}, \
         spec: {{restartPolicy: Never, terminationGracePeriodSeconds: 1, containers: [{{name: web, image: busybox, \
         command: [sh, -c, '{script}']}}]}}}}}}}}\n",
        w.completions, w.limit
    )
}

fn disturb(run: &mut Run) {
    match run.rng.below(8) {
        0 | 1 => {
            let n = run.rng.below(5);
            run.kubectl(&format!("patch job web -p '{{\"spec\":{{\"parallelism\":{n}}}}}'"));
        }
        2 => run.kubectl("patch job web -p '{\"spec\":{\"suspend\":true}}'"),
        3 => run.kubectl("patch job web -p '{\"spec\":{\"suspend\":false}}'"),
        4 | 5 => run.hit_pod(),
        6 => run.node_fault(),
        _ => {}
    }
}

fn ended(run: &Run, w: &Watcher) {
    let case = run.case;
    let job = run.cluster.api.get(Kind::JOB, "default", "web").expect("it is there");
    let (done, failed) = (job.at("status.succeeded").int_or(0), job.at("status.failed").int_or(0));
    if job.condition_true("Complete") {
        assert_eq!(done, w.completions, "case {case}");
    } else {
        let reason = job.condition("Failed")["reason"].str();
        assert_eq!(reason, "BackoffLimitExceeded", "case {case}: {:?}", job.at("status"));
        assert!(failed > w.limit, "case {case}: failed {failed} times, limit {}", w.limit);
    }
    assert_eq!(job.at("status.active").int_or(0), 0, "case {case}");
    assert_eq!(w.pods.active().count(), 0, "case {case}: pods at work after the end");
}

fn run(case: u64) -> Watcher {
    let mut run = Run::new(case, "job");
    let mut watcher = Watcher {
        case,
        indexed: case.is_multiple_of(2),
        completions: 1 + run.rng.below(8) as i64,
        limit: run.pick(&[0, 2, 6, 20]),
        pods: Pods::default(),
        asked: Asked::new(),
        finished: None,
        succeeded: BTreeSet::new(),
        indexes: BTreeSet::new(),
        busy: 0,
        failed: 0,
    };
    let parallelism = 1 + run.rng.below(4);
    run.apply(&manifest(&watcher, parallelism));
    for _ in 0..6 + run.rng.below(8) {
        disturb(&mut run);
        let pause = Span::millis(run.rng.below(6_000));
        run.wait(pause, &mut watcher);
    }
    run.mend();
    run.kubectl("patch job web -p '{\"spec\":{\"suspend\":false,\"parallelism\":3}}'");
    run.wait(ENOUGH, &mut watcher);
    ended(&run, &watcher);
    watcher
}

#[test]
fn jobs_never_do_too_much_and_come_to_an_end() {
    let cases = cases();
    let (mut busy, mut failed, mut done) = (0, 0, 0);
    for case in &cases {
        let w = run(*case);
        busy += w.busy;
        failed += w.failed;
        done += w.succeeded.len();
    }
    println!("{} cases: {busy} starts at the limit, {failed} pods failed, {done} succeeded", cases.len());
    assert!(cases.len() < 6 || (busy > 10 && failed > 2 && done > 8), "too tame: {busy}, {failed}, {done}");
}
