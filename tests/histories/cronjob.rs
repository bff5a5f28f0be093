//! CronJobs: `Forbid` and `Replace` never have two Jobs at work, nothing starts while suspended, and no more finished
//! Jobs are kept than the limits say.

use super::driver::{Asked, REACTION, Run, Watch, cases};
use podlab::api::request::WatchKind;
use podlab::api::{Kind, Object};
use podlab::apiserver::Change;
use podlab::time::{Span, Time};
use std::collections::BTreeMap;

const POLICIES: &[&str] = &["Allow", "Forbid", "Replace"];

#[derive(Clone, Copy, Debug)]
struct Spec {
    policy: &'static str,
    suspended: bool,
    /// How many that succeeded are kept, and how many that failed.
    kept: (i64, i64),
}

struct Watcher {
    case: u64,
    jobs: BTreeMap<String, Object>,
    asked: Asked<Spec>,
    /// When a Job was last seen to finish.
    finished: Time,
    started: u64,
    alone: u64,
}

impl Watcher {
    fn check_kept(&self, now: Time) {
        if now < self.finished + REACTION {
            return;
        }
        let most = self.asked.now(now).map(|s| s.kept);
        let most = most.fold((0, 0), |a, b| (a.0.max(b.0), a.1.max(b.1)));
        let count = |what: &str| {
            self.jobs.values().filter(|j| j.condition_true(what) && !j.is_deleting()).count() as i64
        };
        let kept = (count("Complete"), count("Failed"));
        assert!(kept.0 <= most.0 && kept.1 <= most.1, "case {} at {now:?}: {kept:?} of {most:?}", self.case);
    }
}

impl Watch for Watcher {
    fn see(&mut self, change: &Change) {
        let object = &change.new;
        if object.kind == Kind::CRON_JOB && change.kind != WatchKind::Deleted {
            let policy = object.at("spec.concurrencyPolicy").str();
            let limit = |field: &str, default: i64| object["spec"][field].int_or(default);
            let spec = Spec {
                policy: POLICIES.iter().find(|p| **p == policy).expect("a policy"),
                suspended: object.at("spec.suspend").is_true(),
                kept: (limit("successfulJobsHistoryLimit", 3), limit("failedJobsHistoryLimit", 1)),
            };
            self.asked.set(change.at, spec);
        }
        self.check_kept(change.at);
        if object.kind != Kind::JOB {
            return;
        }
        let over = |j: &Object| j.condition_true("Complete") || j.condition_true("Failed");
        let old = self.jobs.remove(object.name());
        if old.as_ref().is_some_and(|o| !over(o)) && over(object) {
            self.finished = change.at;
        }
        if change.kind != WatchKind::Deleted {
            self.jobs.insert(object.name().to_string(), object.clone());
        }
        if old.is_none() {
            let specs: Vec<Spec> = self.asked.now(change.at).collect();
            assert!(
                specs.iter().any(|s| !s.suspended),
                "case {}: {} while suspended",
                self.case,
                object.name()
            );
            let at_work = self.jobs.values().filter(|j| !over(j) && !j.is_deleting()).count();
            let alone = specs.iter().all(|s| s.policy != "Allow");
            assert!(!alone || at_work <= 1, "case {}: {at_work} at work, {specs:?}", self.case);
            self.started += 1;
            self.alone += u64::from(alone);
        }
    }
}

fn manifest(run: &mut Run) -> String {
    let policy = run.pick(POLICIES);
    let (kept, failed) = (run.rng.below(4), run.rng.below(3));
    let script = "m=$(($(date +%s) / 60)); sleep $((m % 4 * 40 + 5)); test $((m % 3)) -ne 0";
    format!(
        "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: web}}, spec: {{schedule: '* * * * *', \
         concurrencyPolicy: {policy}, successfulJobsHistoryLimit: {kept}, failedJobsHistoryLimit: {failed}, \
         jobTemplate: {{spec: {{backoffLimit: 0, template: {{spec: {{restartPolicy: Never, \
         terminationGracePeriodSeconds: 1, containers: [{{name: web, image: busybox, command: [sh, -c, \
         '{script}']}}]}}}}}}}}}}}}\n"
    )
}

fn run(case: u64) -> Watcher {
    let mut run = Run::new(case, "cronjob");
    let mut watcher = Watcher {
        case,
        jobs: BTreeMap::new(),
        asked: Asked::new(),
        finished: Time::ZERO,
        started: 0,
        alone: 0,
    };
    let text = manifest(&mut run);
    run.apply(&text);
    for _ in 0..6 + run.rng.below(6) {
        match run.rng.below(6) {
            0 => {
                let policy = run.pick(POLICIES);
                run.kubectl(&format!(
                    "patch cronjob web -p '{{\"spec\":{{\"concurrencyPolicy\":\"{policy}\"}}}}'"
                ));
            }
            1 => {
                let on = run.one_in(2);
                run.kubectl(&format!("patch cronjob web -p '{{\"spec\":{{\"suspend\":{on}}}}}'"));
            }
            2 => {
                let n = run.rng.below(4);
                let limit = format!("{{\"successfulJobsHistoryLimit\":{n}}}");
                run.kubectl(&format!("patch cronjob web -p '{{\"spec\":{limit}}}'"));
            }
            3 => run.node_fault(),
            4 => run.mend(),
            _ => {}
        }
        let pause = Span::millis(run.rng.below(150_000));
        run.wait(pause, &mut watcher);
    }
    run.mend();
    run.kubectl("patch cronjob web -p '{\"spec\":{\"suspend\":true}}'");
    run.wait(Span::secs(1_200), &mut watcher);
    let cron = run.cluster.api.get(Kind::CRON_JOB, "default", "web").expect("it is there");
    assert_eq!(cron.at("status.active").items().len(), 0, "case {case}: Jobs at work long after");
    watcher
}

#[test]
fn cronjobs_keep_to_their_policies_and_limits() {
    let cases = cases();
    let (mut started, mut alone) = (0, 0);
    for case in &cases {
        let w = run(*case);
        started += w.started;
        alone += w.alone;
    }
    println!("{} cases: {started} Jobs, {alone} that had to be alone", cases.len());
    assert!(cases.len() < 6 || (started > 15 && alone > 5), "too tame: {started}, {alone}");
}
