//! CronJobs: make a Job at each time of a schedule.
//!
//! The common time zones are simulated; a CronJob that names another one is scheduled in UTC and says so in an event.

mod schedule;
mod zone;

use super::work::Cx;
use super::{Which, controller_key, job, pods, rules};
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{ApiServer, Change, DeleteOptions};
use crate::collections::Order;
use crate::map;
use crate::time::{Span, Time};
use schedule::Schedule;
use zone::Zone;

const WHICH: Which = Which::CronJob;
/// Upstream `nextScheduleDelta`: how long after its time a schedule is acted upon.
const DELTA: Span = Span::millis(100);
/// The annotation with the time that a Job stands for.
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/// Most missed times that are gone through one by one (upstream warns beyond 100).
const MAX_MISSED: usize = 100;

/// A CronJob or one of its Jobs has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    match object.kind {
        Kind::CRON_JOB if change.kind != WatchKind::Deleted => cx.enqueue(WHICH, &object.key()),
        Kind::JOB => {
            if let Some(key) = controller_key(object).filter(|k| k.kind == Kind::CRON_JOB) {
                cx.enqueue(WHICH, &key);
            }
        }
        _ => {}
    }
}

/// Looks after the Jobs there are, and makes the next one if its time has come.
pub fn sync(cron: &Object, cx: &mut Cx<'_>) {
    let mut status = cron["status"].clone();
    let jobs = cx.owned(cron, Kind::JOB);
    note_finished(cron, &jobs, &mut status, cx);
    clean_up(cron, &jobs, cx);
    if !cron.is_deleting() && !cron.at("spec.suspend").is_true() {
        run(cron, &jobs, &mut status, cx);
    }
    if status["active"].is_empty() {
        status.remove("active");
    }
    let current = cx.api.store.get(&cron.key()).cloned();
    if let Some(current) = current {
        cx.write_status(WHICH, &current, status);
    }
}

/// Takes finished and missing Jobs off the list of active ones.
fn note_finished(cron: &Object, jobs: &[Object], status: &mut Value, cx: &mut Cx<'_>) {
    let listed: Vec<Value> = status["active"].items().to_vec();
    let mut kept = Vec::new();
    for reference in listed {
        let name = reference["name"].str();
        let Some(found) = jobs.iter().find(|j| j.uid() == reference["uid"].str()) else {
            let message = format!("Active job went missing: {name}");
            cx.event(WHICH, cron, "Normal", "MissingJob", &message);
            continue;
        };
        let end = job::finished_condition(found);
        if end.is_null() {
            kept.push(reference);
            continue;
        }
        let message = format!("Saw completed job: {name}, condition: {}", end["type"].str());
        cx.event(WHICH, cron, "Normal", "SawCompletedJob", &message);
        let at = &found["status"]["completionTime"];
        if end["type"].str() == "Complete" && at.str() > status["lastSuccessfulTime"].str() {
            status.set("lastSuccessfulTime", at);
        }
    }
    status.set("active", kept);
}

/// Deletes the oldest finished Jobs beyond the history limits.
fn clean_up(cron: &Object, jobs: &[Object], cx: &mut Cx<'_>) {
    for (kind, field, default) in
        [("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1)]
    {
        let limit = usize::try_from(cron["spec"][field].int_or(default)).unwrap_or(0);
        let mut ended: Vec<&Object> = jobs
            .iter()
            .filter(|j| job::finished_condition(j)["type"].str() == kind && !j.is_deleting())
            .collect();
        ended.order_by_key(|j| (j.at("status.startTime").text(), j.at("metadata.name").text()));
        for old in ended.iter().take(ended.len().saturating_sub(limit)) {
            delete(cron, old, cx);
        }
    }
}

fn delete(cron: &Object, old: &Object, cx: &mut Cx<'_>) {
    let options =
        DeleteOptions { propagation_policy: Some(Text::lit("Background")), ..DeleteOptions::default() };
    if cx.api.delete(&old.key(), &options).is_ok() {
        let message = format!("Deleted job {}", old.name());
        cx.event(WHICH, cron, "Normal", "SuccessfulDelete", &message);
    }
}

/// The last time that has passed and the next one, in seconds since 1970.
fn times(cron: &Object, schedule: Schedule, zone: Zone, api: &ApiServer) -> (Option<i64>, Option<i64>) {
    let seconds = |stamp: &Value| api.epoch.unix_micros(pods::time(stamp, api)).div_euclid(1_000_000);
    let last = cron.at("status.lastScheduleTime");
    let mut from =
        if last.is_some() { seconds(last) } else { seconds(cron.at("metadata.creationTimestamp")) };
    let now = api.epoch.unix_micros(api.now).div_euclid(1_000_000);
    if let Some(deadline) = cron.at("spec.startingDeadlineSeconds").as_int() {
        from = from.max(now - deadline);
    }
    let after = |t: i64| {
        let shift = zone.offset(t);
        schedule.next(t + shift).map(|local| local - zone.offset(local - shift))
    };
    let mut due = None;
    for _ in 0..MAX_MISSED {
        match after(from) {
            Some(t) if t <= now => {
                due = Some(t);
                from = t;
            }
            next => return (due, next),
        }
    }
    (due, after(now))
}

fn run(cron: &Object, jobs: &[Object], status: &mut Value, cx: &mut Cx<'_>) {
    let text = cron.at("spec.schedule").str();
    let Some(schedule) = Schedule::parse(text) else {
        let message = format!("unparseable schedule: {text:?}");
        return cx.event(WHICH, cron, "Warning", "UnparseableSchedule", &message);
    };
    let name = cron.at("spec.timeZone").str();
    let zone = Zone::named(name);
    if zone.is_none() {
        let message = format!("not simulated: time zone {name}; scheduling in UTC");
        cx.event(WHICH, cron, "Warning", "NotSimulated", &message);
    }
    let (due, next) = times(cron, schedule, zone.unwrap_or_else(Zone::utc), cx.api);
    if due.is_none() && next.is_none() {
        // A day that never comes, such as February 31st: upstream compares two times that do not exist.
        let why = "time difference between two schedules is less than 1 second";
        return cx.event(
            WHICH,
            cron,
            "Warning",
            "InvalidSchedule",
            &format!("invalid schedule: {text} : {why}"),
        );
    }
    if let Some(next) = next {
        let at: Time = cx.api.epoch.time_of(next * 1_000_000) + DELTA;
        let wait = at.since(cx.api.now);
        cx.enqueue_after(WHICH, &cron.key(), wait);
    }
    let Some(due) = due else { return };
    let name = format!("{}-{}", cron.name(), due.div_euclid(60));
    let active = !status["active"].is_empty();
    match cron.at("spec.concurrencyPolicy").str() {
        "Forbid" if active => {
            let message =
                "Not starting job because prior execution is running and concurrency policy is Forbid";
            return cx.event(WHICH, cron, "Normal", "JobAlreadyActive", message);
        }
        "Replace" => {
            for old in jobs.iter().filter(|j| job::finished_condition(j).is_null() && !j.is_deleting()) {
                delete(cron, old, cx);
            }
            status.set("active", Value::list());
        }
        _ => {}
    }
    cx.api.rule(rules::CRON, &cron.key().path(), vec![("schedule", Text::from(text))]);
    let stamp = Text::from(cx.api.epoch.rfc3339(cx.api.epoch.time_of(due * 1_000_000)));
    match cx.api.create(new_job(cron, &name, &stamp)) {
        Ok(created) => {
            cx.event(WHICH, cron, "Normal", "SuccessfulCreate", &format!("Created job {name}"));
            status.slot("active").list_mut().push(reference(&created));
            status.set("lastScheduleTime", stamp);
        }
        Err(error) if error.reason == "AlreadyExists" => status.set("lastScheduleTime", stamp),
        Err(error) => {
            let message = format!("Error creating job: {}", error.message);
            cx.event(WHICH, cron, "Warning", "FailedCreate", &message);
        }
    }
}

fn new_job(cron: &Object, name: &str, stamp: &Text) -> Object {
    let template = cron.at("spec.jobTemplate");
    let mut annotations = template["metadata"]["annotations"].clone();
    annotations.map_mut().insert(SCHEDULED, stamp);
    let mut meta = map! {
        "name" => name, "namespace" => cron.at("metadata.namespace"), "annotations" => annotations,
        "ownerReferences" => vec![ApiServer::owner_reference(cron)],
    };
    let labels = &template["metadata"]["labels"];
    if !labels.is_empty() {
        meta.set("labels", labels);
    }
    Object::new(Kind::JOB, map! { "metadata" => meta, "spec" => &template["spec"] })
}

fn reference(job: &Object) -> Value {
    map! {
        "apiVersion" => "batch/v1", "kind" => "Job", "name" => job.at("metadata.name"),
        "namespace" => job.at("metadata.namespace"), "uid" => job.at("metadata.uid"),
        "resourceVersion" => job.at("metadata.resourceVersion"),
    }
}
