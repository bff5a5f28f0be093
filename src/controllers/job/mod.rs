//! Jobs: run pods until enough have succeeded, or too many have failed.
//!
//! Changes of pods are looked at one second later, together; ended pods are first listed as uncounted, then
//! their finalizers go, then they are counted. [`tally`] makes the picture, [`verdict`] tells whether the
//! Job is over, and this file acts.

mod indexes;
mod policy;
mod tally;
mod verdict;

use super::work::Cx;
use super::{Which, controller_key, pods, rules};
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{Change, DeleteOptions};
use crate::collections::BTreeSet;
use crate::map;
use crate::time::{Span, Time};
use tally::{FINALIZER, INDEX, INDEX_FAILURES, Tally, is_indexed, is_tracked};
use verdict::Verdict;

const WHICH: Which = Which::Job;
/// Upstream `SyncJobBatchPeriod`, as it shows (measured: pod Succeeded → Complete 0.93–0.98 s).
const BATCH: Span = Span::millis(940);
/// Upstream `DefaultJobPodFailureBackOff` and `MaxJobPodFailureBackOff`.
const FIRST_BACKOFF: Span = Span::secs(10);
const MAX_BACKOFF: Span = Span::secs(600);
/// Who manages Jobs that do not say otherwise (`managedBy`); others are left alone.
const MANAGER: &str = "kubernetes.io/job-controller";
/// Most pods created at once (upstream `MaxPodCreateDeletePerSync`).
const MAX_PER_SYNC: usize = 500;

/// A Job or a pod has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    match object.kind {
        Kind::JOB if change.kind == WatchKind::Deleted => {
            // Its pods are nobody's now.
            let pods: Vec<Object> = cx.api.owned_by(object.uid()).cloned().collect();
            for pod in pods.iter().filter(|p| is_tracked(p)) {
                release(pod, cx);
            }
        }
        Kind::JOB => {
            let same = change
                .old
                .as_ref()
                .is_some_and(|o| o.at("metadata.generation") == object.at("metadata.generation"));
            if same {
                cx.enqueue_after(WHICH, &object.key(), BATCH)
            } else {
                cx.enqueue(WHICH, &object.key())
            }
        }
        Kind::POD => pod_changed(change, cx),
        _ => {}
    }
}

fn pod_changed(change: &Change, cx: &mut Cx<'_>) {
    let pod = &change.new;
    let Some(key) = controller_key(pod).filter(|k| k.kind == Kind::JOB) else { return };
    let alive = cx.api.store.get(&key).is_some_and(|j| j.uid() == pod.controller()["uid"].str());
    if alive {
        cx.enqueue_after(WHICH, &key, BATCH);
    } else if change.kind != WatchKind::Deleted && is_tracked(pod) {
        release(pod, cx);
    }
}

/// Takes the finalizer from a pod.
fn release(pod: &Object, cx: &mut Cx<'_>) {
    // A pod that has gone needs no release.
    let _ = cx.api.modify(&pod.key(), |p| {
        p.slot("metadata.finalizers").list_mut().retain(|f| f.str() != FINALIZER);
        if p.at("metadata.finalizers").is_empty() {
            p.remove("metadata.finalizers");
        }
    });
}

/// Takes the next step for a Job.
pub fn sync(job: &Object, cx: &mut Cx<'_>) {
    let key = job.key();
    if verdict::is_finished(job) {
        return after_end(job, cx);
    }
    let manager = job.at("spec.managedBy").str();
    if !manager.is_empty() && manager != MANAGER {
        return;
    }
    if cx.put_off(WHICH, &key) {
        return;
    }
    let all = cx.claim(job, Kind::POD, job.at("spec.selector"));
    let mut tally = tally::tally(job, &all);
    let mut status = job["status"].clone();
    let suspended = job.at("spec.suspend").is_true();
    if status["startTime"].is_null() && !suspended {
        status.set("startTime", cx.api.timestamp());
    }
    let end = verdict::verdict(job, &status, &tally, cx.api);
    match &end {
        Verdict::Running(wait) => {
            if let Some(wait) = wait {
                cx.enqueue_after(WHICH, &key, *wait);
            }
            if suspended {
                withdraw(job, &tally.active.clone(), &mut tally, cx);
            } else if !job.is_deleting() && manage(job, &all, &mut tally, cx) {
                // The status is written when the new pods are there.
                return;
            }
        }
        Verdict::Complete { .. } | Verdict::Failed { .. } => {
            let name = match &end {
                Verdict::Failed { reason, .. } => Text::lit(reason),
                _ => Text::lit("complete"),
            };
            cx.api.rule(rules::JOB, &key.path(), vec![("verdict", name)]);
            delete_pods(job, &tally.active.clone(), &mut tally, cx);
        }
    }
    suspend_condition(job, &mut status, suspended, cx);
    track(job, status, &tally, &end, cx);
}

/// Creates or deletes pods; `true` if pods are being created.
fn manage(job: &Object, all: &[Object], tally: &mut Tally, cx: &mut Cx<'_>) -> bool {
    let parallelism = job.at("spec.parallelism").int_or(1);
    let active = tally.active.len() as i64;
    let wanted = match job.at("spec.completions").as_int() {
        None if tally.succeeded > 0 => active.min(parallelism),
        None => parallelism,
        Some(n) => (n - tally.succeeded - tally.lost.len() as i64).clamp(0, parallelism),
    };
    if active > wanted {
        let excess = usize::try_from(active - wanted).unwrap_or(0);
        let mut ranked = tally.active.clone();
        pods::rank_for_deletion(&mut ranked, &crate::collections::BTreeMap::new(), cx.api);
        ranked.truncate(excess);
        withdraw(job, &ranked, tally, cx);
        return false;
    }
    let mut missing = wanted - active;
    if job.at("spec.podReplacementPolicy").str() == "Failed" {
        missing -= tally.terminating;
    }
    let missing = usize::try_from(missing).unwrap_or(0).min(MAX_PER_SYNC);
    if missing == 0 {
        return false;
    }
    let new = if is_indexed(job) {
        indexed_pods(job, tally, missing, cx)
    } else {
        let (failures, last) = tally::failures_in_a_row(all);
        if wait_after(failures, &last, job, cx) { Vec::new() } else { vec![new_pod(job, None, 0); missing] }
    };
    if new.is_empty() {
        return false;
    }
    let values = vec![("create", Text::from(new.len().to_string()))];
    cx.api.rule(rules::JOB, &job.key().path(), values);
    cx.create_slowly(WHICH, &job.key(), new);
    true
}

/// Whether a replacement must wait for its back-off; if so, the Job looks again then.
fn wait_after(failures: u32, last: &Text, job: &Object, cx: &mut Cx<'_>) -> bool {
    if failures == 0 {
        return false;
    }
    let backoff = Span(FIRST_BACKOFF.0 << (failures - 1).min(10)).min(MAX_BACKOFF);
    let due: Time = pods::time(&Value::from(last), cx.api) + backoff;
    if due <= cx.api.now {
        return false;
    }
    let wait = due.since(cx.api.now);
    cx.enqueue_after(WHICH, &job.key(), wait);
    true
}

/// Pods for the lowest indexes that have neither succeeded nor failed nor run. An index that waits for its
/// back-off keeps its place: the next one does not take it.
fn indexed_pods(job: &Object, tally: &Tally, missing: usize, cx: &mut Cx<'_>) -> Vec<Object> {
    let running: BTreeSet<i64> = tally.active.iter().filter_map(tally::index_of).collect();
    let settled = |i: &i64| tally.done.contains(i) || tally.lost.contains(i) || running.contains(i);
    let mut new = Vec::new();
    let pending = (0..job.at("spec.completions").int_or(0)).filter(|i| !settled(i));
    for i in pending.take(missing) {
        let (failures, last) = tally.index_failures.get(&i).cloned().unwrap_or_default();
        let per_index = job.at("spec.backoffLimitPerIndex").is_some();
        if per_index && wait_after(u32::try_from(failures).unwrap_or(0), &last, job, cx) {
            continue;
        }
        new.push(new_pod(job, Some(i), if per_index { failures } else { 0 }));
    }
    new
}

/// How much of `generateName` a generated name keeps (upstream's `MaxGeneratedNameLength`).
const GENERATED_BASE: usize = 58;

fn new_pod(job: &Object, index: Option<i64>, failures: i64) -> Object {
    let mut pod = pods::from_template(job.at("spec.template"), job);
    let finalizers = pod.slot("metadata.finalizers").list_mut();
    finalizers.push(Value::from(FINALIZER));
    let Some(index) = index else { return pod };
    let number = index.to_string();
    pod.slot("metadata.annotations").map_mut().insert(INDEX, &number);
    pod.slot("metadata.labels").map_mut().insert(INDEX, &number);
    if job.at("spec.backoffLimitPerIndex").is_some() {
        pod.slot("metadata.annotations").map_mut().insert(INDEX_FAILURES, failures.to_string());
    }
    // The index stays whole where the name is cut to the length of generated names.
    let end = format!("-{index}-");
    let begin: String = job.name().chars().take(GENERATED_BASE - end.len()).collect();
    pod.set("metadata.generateName", begin + &end);
    pod.set("spec.hostname", format!("{}-{index}", job.name()));
    for field in ["initContainers", "containers"] {
        if pod.at("spec").get(field).is_empty() {
            continue;
        }
        for container in pod.slot("spec").slot(field).list_mut() {
            if container["env"].find("name", "JOB_COMPLETION_INDEX").is_null() {
                let reference = format!("metadata.labels['{INDEX}']");
                let env = map! {
                    "name" => "JOB_COMPLETION_INDEX",
                    "valueFrom" => map! { "fieldRef" => map! { "apiVersion" => "v1", "fieldPath" => reference } },
                };
                container.slot("env").list_mut().push(env);
            }
        }
    }
    pod
}

/// Deletes pods that are not wanted now; as they are no longer tracked, they do not count as failed.
fn withdraw(job: &Object, list: &[Object], tally: &mut Tally, cx: &mut Cx<'_>) {
    list.iter().for_each(|pod| release(pod, cx));
    delete_pods(job, list, tally, cx);
}

fn delete_pods(job: &Object, list: &[Object], tally: &mut Tally, cx: &mut Cx<'_>) {
    for pod in list {
        cx.delete_for(WHICH, Some(job), &pod.key(), pod.at("metadata.uid").text());
        tally.active.retain(|p| p.uid() != pod.uid());
        tally.terminating += 1;
        tally.ready -= i64::from(pods::is_ready(pod));
    }
}

fn suspend_condition(job: &Object, status: &mut Value, suspended: bool, cx: &mut Cx<'_>) {
    let current = status["conditions"].find("type", "Suspended")["status"].str() == "True";
    let (value, reason, message, event) = match (suspended, current) {
        (true, false) => ("True", "JobSuspended", "Job suspended", "Suspended"),
        (false, true) => ("False", "JobResumed", "Job resumed", "Resumed"),
        _ => return,
    };
    verdict::set_condition(status, "Suspended", value, reason, message, cx.api);
    if suspended {
        status.remove("startTime");
    } else {
        status.set("startTime", cx.api.timestamp());
    }
    cx.event(WHICH, job, "Normal", event, message);
}

/// Writes the status: first the pods to be counted and the verdict, then (when their finalizers are gone)
/// the counts, and the end once no pod is left.
fn track(job: &Object, mut status: Value, tally: &Tally, end: &Verdict, cx: &mut Cx<'_>) {
    status.set("ready", tally.ready);
    status.set("terminating", tally.terminating);
    let active = tally.active.len();
    if active > 0 {
        status.set("active", active)
    } else {
        drop(status.remove("active"))
    }
    if status["uncountedTerminatedPods"].is_null() {
        status.set("uncountedTerminatedPods", Value::map());
    }
    if is_indexed(job) {
        for (field, set) in [("completedIndexes", &tally.done), ("failedIndexes", &tally.lost)] {
            let per_index = job.at("spec.backoffLimitPerIndex").is_some();
            if !set.is_empty() || (field == "failedIndexes" && per_index) {
                status.set(field, indexes::write(set));
            }
        }
    }
    let announced = verdict::announce(&mut status, end, cx.api);
    if !tally.uncounted.is_empty() || announced {
        let mut lists = Value::map();
        for (field, wanted) in [("succeeded", true), ("failed", false)] {
            let uids = tally.uncounted.iter().filter(|(_, s)| *s == wanted);
            let uids: Vec<Value> = uids.map(|(p, _)| p.at("metadata.uid").clone()).collect();
            if !uids.is_empty() {
                lists.set(field, uids);
            }
        }
        status.set("uncountedTerminatedPods", lists);
        cx.write_status(WHICH, job, status.clone());
        for (pod, _) in &tally.uncounted {
            release(pod, cx);
        }
        status.set("uncountedTerminatedPods", Value::map());
    }
    for (field, n) in [("succeeded", tally.succeeded), ("failed", tally.failed)] {
        if n > 0 {
            status.set(field, n);
        }
    }
    let over = active == 0 && tally.terminating == 0 && verdict::conclude(&mut status, end, cx.api);
    let Some(current) = cx.api.store.get(&job.key()).cloned() else { return };
    cx.write_status(WHICH, &current, status);
    if over {
        match end {
            Verdict::Failed { reason, message } => cx.event(WHICH, job, "Warning", reason, message),
            _ => {
                if job.at("spec.completions").as_int().is_some_and(|n| tally.succeeded > n) {
                    let message = "Too many succeeded pods running after completion count reached";
                    cx.event(WHICH, job, "Warning", "TooManySucceededPods", message);
                }
                cx.event(WHICH, job, "Normal", "Completed", "Job completed");
            }
        }
        cx.enqueue(WHICH, &job.key());
    }
}

/// A finished Job lets its pods go and is deleted after its time to live.
fn after_end(job: &Object, cx: &mut Cx<'_>) {
    for pod in cx.owned(job, Kind::POD).iter().filter(|p| is_tracked(p)) {
        release(pod, cx);
    }
    let Some(ttl) = job.at("spec.ttlSecondsAfterFinished").as_int() else { return };
    let due = pods::time(&verdict::finished_at(job), cx.api) + Span::secs(ttl.unsigned_abs());
    if due > cx.api.now {
        let wait = due.since(cx.api.now);
        return cx.enqueue_after(WHICH, &job.key(), wait);
    }
    if !job.is_deleting() {
        cx.api.actor = Text::lit("ttl-after-finished-controller");
        cx.api.rule(rules::JOB, &job.key().path(), vec![("ttl", Text::from(ttl.to_string()))]);
        let policy = Some(Text::lit("Foreground"));
        let options = DeleteOptions { propagation_policy: policy, ..DeleteOptions::default() };
        // It may have been deleted by hand already.
        let _ = cx.api.delete(&job.key(), &options);
    }
}

pub use verdict::finished_condition;
