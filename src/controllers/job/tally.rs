//! What a Job's pods add up to: a picture made from the pods and the counters in the status.
//!
//! A pod that has ended keeps a finalizer until the status counts it, so that none is lost or counted
//! twice.

use super::indexes;
use super::policy::{self, Verdict};
use crate::api::{Object, Text, Value};
use crate::collections::{BTreeMap, BTreeSet};
use crate::controllers::pods;

/// The finalizer of pods that are not counted yet.
pub const FINALIZER: &str = "batch.kubernetes.io/job-tracking";
/// The label and annotation with a pod's index.
pub const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// The annotation with the number of failures of the index before this pod.
pub const INDEX_FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";

/// The picture.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Pods that run or are to run.
    pub active: Vec<Object>,
    /// How many of these are ready.
    pub ready: i64,
    /// Pods that are being deleted but have not ended.
    pub terminating: i64,
    /// Ended pods that the status has not counted yet, and whether they succeeded.
    pub uncounted: Vec<(Object, bool)>,
    /// All that succeeded.
    pub succeeded: i64,
    /// All that failed and count.
    pub failed: i64,
    /// Indexes that succeeded.
    pub done: BTreeSet<i64>,
    /// Indexes that have failed for good.
    pub lost: BTreeSet<i64>,
    /// For each index: how often it failed, and when last.
    pub index_failures: BTreeMap<i64, (i64, Text)>,
    /// The first message of a rule that fails the Job.
    pub fail_job: Option<String>,
}

/// Whether a Job has numbered pods.
pub fn is_indexed(job: &Object) -> bool {
    job.at("spec.completionMode").str() == "Indexed"
}

/// Whether a pod still has the finalizer.
pub fn is_tracked(pod: &Object) -> bool {
    pod.at("metadata.finalizers").items().iter().any(|f| f.str() == FINALIZER)
}

/// Whether a pod was deleted because it was not wanted then: it tells nothing of success or failure.
fn is_withdrawn(pod: &Object) -> bool {
    pod.is_deleting() && !is_tracked(pod)
}

/// The index of a pod.
pub fn index_of(pod: &Object) -> Option<i64> {
    pod.annotation(INDEX)?.parse().ok()
}

/// Looks at all pods of a Job.
pub fn tally(job: &Object, all: &[Object]) -> Tally {
    let status = &job["status"];
    let mut t = Tally {
        succeeded: status["succeeded"].int_or(0),
        failed: status["failed"].int_or(0),
        done: indexes::parse(status["completedIndexes"].str()),
        lost: indexes::parse(status["failedIndexes"].str()),
        ..Tally::default()
    };
    let indexed = is_indexed(job);
    // Pods that are stopped because the Job has succeeded are no failures.
    let succeeded_already = job.condition("SuccessCriteriaMet")["status"].str() == "True";
    let replace_failed_only = job.at("spec.podReplacementPolicy").str() == "Failed";
    for pod in all {
        if pods::is_active(pod) {
            t.ready += i64::from(pods::is_ready(pod));
            t.active.push(pod.clone());
        } else if pod.is_deleting() && !pods::is_terminal(pod) {
            t.terminating += 1;
        }
        let succeeded = pod.at("status.phase").str() == "Succeeded";
        let failed = pod.at("status.phase").str() == "Failed"
            || (pod.is_deleting() && !succeeded && !replace_failed_only);
        let index = index_of(pod).filter(|_| indexed);
        if let Some(i) = index.filter(|_| failed && !is_withdrawn(pod)) {
            t.note_index_failure(job, pod, i);
        }
        if !is_tracked(pod) || !(succeeded || failed) {
            continue;
        }
        if succeeded {
            // Each index counts once.
            if index.is_none_or(|i| t.done.insert(i)) {
                t.succeeded += 1;
            }
        } else if !succeeded_already {
            match policy::failed_pod(job, pod) {
                Verdict::Ignore => {}
                Verdict::FailJob(message) => {
                    t.failed += 1;
                    t.fail_job.get_or_insert(message);
                }
                Verdict::FailIndex => {
                    t.failed += 1;
                    t.lost.extend(index);
                }
                Verdict::Count => t.failed += 1,
            }
        }
        t.uncounted.push((pod.clone(), succeeded));
    }
    t
}

impl Tally {
    fn note_index_failure(&mut self, job: &Object, pod: &Object, index: i64) {
        let before: i64 = pod.annotation(INDEX_FAILURES).and_then(|n| n.parse().ok()).unwrap_or(0);
        let ignored = policy::failed_pod(job, pod) == Verdict::Ignore;
        let failures = before + i64::from(!ignored);
        let entry = self.index_failures.entry(index).or_default();
        if failures >= entry.0 {
            *entry = (failures, finished_at(pod));
        }
        if job.at("spec.backoffLimitPerIndex").as_int().is_some_and(|limit| failures > limit) {
            self.lost.insert(index);
        }
    }
}

/// When a pod ended: the last end of its containers, or its deletion.
pub fn finished_at(pod: &Object) -> Text {
    let ends = pod.at("status.containerStatuses").items().iter();
    let last = ends.map(|c| c["state"]["terminated"]["finishedAt"].text()).max().unwrap_or_default();
    if !last.is_empty() {
        last
    } else if pod.is_deleting() {
        pod.at("metadata.deletionTimestamp").text()
    } else {
        pod.condition("Ready")["lastTransitionTime"].text()
    }
}

/// How often pods failed since one last succeeded, and when the last failed.
pub fn failures_in_a_row(all: &[Object]) -> (u32, Text) {
    let ended = |phase: &str| {
        let with = all.iter().filter(|p| p.at("status.phase").str() == phase && !is_withdrawn(p));
        with.map(finished_at).collect::<Vec<Text>>()
    };
    let last_success = ended("Succeeded").into_iter().max().unwrap_or_default();
    let failures: Vec<Text> = ended("Failed").into_iter().filter(|at| *at > last_success).collect();
    (failures.len() as u32, failures.into_iter().max().unwrap_or_default())
}

/// Restarts of containers within the pods of a Job.
pub fn restarts(active: &[Object]) -> i64 {
    let of = |pod: &Object, field: &str| -> i64 {
        pod["status"][field].items().iter().map(|c: &Value| c["restartCount"].int_or(0)).sum()
    };
    active.iter().map(|p| of(p, "initContainerStatuses") + of(p, "containerStatuses")).sum()
}
