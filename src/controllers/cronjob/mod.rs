//! CronJobs: make a Job at each time of a schedule.
//!
//! The common time zones are simulated; a CronJob that names another one is scheduled in UTC and says so in an event.

mod schedule;
mod zone;

use super::work::Cx;
use super::{Which, controller_key, job, pods, rules};
use crate::api::request::WatchKind;
use crate::api::status::NAMESPACE_TERMINATING;
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
/// So many missed times are too many (upstream's `manyMissed`).
const MANY: i64 = 100;

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

/// Takes finished and missing Jobs off the list of active ones, and tells of those that nobody made here.
fn note_finished(cron: &Object, jobs: &[Object], status: &mut Value, cx: &mut Cx<'_>) {
    let mut listed: Vec<Value> = status["active"].items().to_vec();
    for found in jobs {
        let place = listed.iter().position(|r| r["uid"].str() == found.uid());
        let (name, end) = (found.name(), job::finished_condition(found));
        if end.is_null() {
            if place.is_none() {
                let message = format!("Saw a job that the controller did not create or forgot: {name}");
                cx.event(WHICH, cron, "Warning", "UnexpectedJob", &message);
            }
            continue;
        }
        if let Some(place) = place {
            listed.remove(place);
            let message = format!("Saw completed job: {name}, condition: {}", end["type"].str());
            cx.event(WHICH, cron, "Normal", "SawCompletedJob", &message);
        }
        let at = &found["status"]["completionTime"];
        if end["type"].str() == "Complete" && at.str() > status["lastSuccessfulTime"].str() {
            status.set("lastSuccessfulTime", at);
        }
    }
    listed.retain(|r| {
        let there = jobs.iter().any(|j| j.uid() == r["uid"].str());
        if !there {
            let message = format!("Active job went missing: {}", r["name"].str());
            cx.event(WHICH, cron, "Normal", "MissingJob", &message);
        }
        there
    });
    status.set("active", listed);
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

fn delete(cron: &Object, old: &Object, cx: &mut Cx<'_>) -> bool {
    let options =
        DeleteOptions { propagation_policy: Some(Text::lit("Background")), ..DeleteOptions::default() };
    match cx.api.delete(&old.key(), &options) {
        Ok(_) => {
            let message = format!("Deleted job {}", old.name());
            cx.event(WHICH, cron, "Normal", "SuccessfulDelete", &message);
            true
        }
        Err(error) => {
            let message = format!("Deleted job: {}", error.message);
            cx.event(WHICH, cron, "Warning", "FailedDelete", &message);
            false
        }
    }
}

/// What a schedule says at an instant, in seconds since 1970.
#[derive(Debug, PartialEq)]
struct Times {
    /// The latest time that has passed and was not acted upon.
    due: Option<i64>,
    /// The next one.
    next: Option<i64>,
    /// Whether more than [`MANY`] have passed.
    many: bool,
}

/// Goes through a schedule from an instant to the present; long series of missed times are jumped over by the
/// distance between the first two, as upstream does. (Where times are uneven, the jump may go beyond the last one:
/// then nothing is due.)
fn times(from: i64, now: i64, after: impl Fn(i64) -> Option<i64>) -> Times {
    let next = after(now);
    let nothing = Times { due: None, next, many: false };
    let Some(first) = after(from).filter(|t| *t <= now) else { return nothing };
    let Some(second) = after(first).filter(|t| *t <= now) else {
        return Times { due: Some(first), ..nothing };
    };
    let period = (second - first).max(1);
    let missed = (now - first) / period + 1;
    let mut due = None;
    let mut t = first + (missed - 2).max(0) * period;
    for _ in 0..MANY {
        match after(t) {
            Some(found) if found <= now => (due, t) = (Some(found), found),
            _ => break,
        }
    }
    Times { due, next, many: missed > MANY }
}

/// The times of a CronJob now.
fn times_of(cron: &Object, schedule: Schedule, zone: Zone, api: &ApiServer) -> Times {
    let seconds = |stamp: &Value| api.epoch.unix_micros(pods::time(stamp, api)).div_euclid(1_000_000);
    let last = cron.at("status.lastScheduleTime");
    let mut from =
        if last.is_some() { seconds(last) } else { seconds(cron.at("metadata.creationTimestamp")) };
    let now = api.epoch.unix_micros(api.now).div_euclid(1_000_000);
    if let Some(deadline) = cron.at("spec.startingDeadlineSeconds").as_int() {
        from = from.max(now - deadline);
    }
    times(from, now, |t| {
        let shift = zone.offset(t);
        schedule.next(t + shift).map(|local| local - zone.offset(local - shift))
    })
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
    let Times { due, next, many } = times_of(cron, schedule, zone.unwrap_or_else(Zone::utc), cx.api);
    if due.is_none() && next.is_none() {
        // A day that never comes, such as February 31st: upstream compares two times that do not exist.
        let why = "time difference between two schedules is less than 1 second";
        let message = format!("invalid schedule: {text} : {why}");
        return cx.event(WHICH, cron, "Warning", "InvalidSchedule", &message);
    }
    if let Some(next) = next {
        let at: Time = cx.api.epoch.time_of(next * 1_000_000) + DELTA;
        let wait = at.since(cx.api.now);
        cx.enqueue_after(WHICH, &cron.key(), wait);
    }
    let Some(due) = due else { return };
    if many {
        let message =
            "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
        cx.event(WHICH, cron, "Warning", "TooManyMissedTimes", message);
    }
    let name = format!("{}-{}", cron.name(), due.div_euclid(60));
    let active = status["active"].items();
    if active.iter().any(|r| r["name"].str() == name) {
        return;
    }
    match cron.at("spec.concurrencyPolicy").str() {
        "Forbid" if !active.is_empty() => {
            let message =
                "Not starting job because prior execution is running and concurrency policy is Forbid";
            return cx.event(WHICH, cron, "Normal", "JobAlreadyActive", message);
        }
        "Replace" => {
            let running = |j: &&Object| active.iter().any(|r| r["uid"].str() == j.uid()) && !j.is_deleting();
            let running: Vec<&Object> = jobs.iter().filter(running).collect();
            if !running.into_iter().all(|old| delete(cron, old, cx)) {
                return cx.retry(WHICH, &cron.key());
            }
            status.set("active", Value::list());
        }
        _ => {}
    }
    let stamp = Text::from(cx.api.epoch.rfc3339(cx.api.epoch.time_of(due * 1_000_000)));
    cx.api.rule(rules::CRON, &cron.key().path(), vec![("schedule", Text::from(text))]);
    start(cron, &name, stamp, status, cx);
}

/// Makes the Job of a time, and notes it.
fn start(cron: &Object, name: &str, stamp: Text, status: &mut Value, cx: &mut Cx<'_>) {
    let made = match cx.api.create(new_job(cron, name, &stamp)) {
        Ok(created) => {
            cx.event(WHICH, cron, "Normal", "SuccessfulCreate", &format!("Created job {name}"));
            Some(created)
        }
        // One of our own that the status forgot is taken up again; one of somebody else's is theirs.
        Err(error) if error.reason == "AlreadyExists" => {
            let there = cx.api.get(Kind::JOB, cron.namespace(), name).cloned();
            there.filter(|j| j.controller()["uid"].str() == cron.uid())
        }
        Err(error) => {
            if !error.has_cause(NAMESPACE_TERMINATING) {
                let message = format!("Error creating job: {}", error.message);
                cx.event(WHICH, cron, "Warning", "FailedCreate", &message);
            }
            return cx.retry(WHICH, &cron.key());
        }
    };
    cx.succeeded(WHICH, &cron.key());
    if let Some(job) = made {
        status.slot("active").list_mut().push(reference(&job));
        status.set("lastScheduleTime", stamp);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_time_that_has_passed_is_due() {
        let every = |period: i64| move |t: i64| Some(t.div_euclid(period) * period + period);
        for (from, now, period, due, many) in [
            (0, 59, 60, None, false),
            (0, 60, 60, Some(60), false),
            (0, 119, 60, Some(60), false),
            (0, 121, 60, Some(120), false),
            (30, 6_020, 60, Some(6_000), false),
            (30, 6_080, 60, Some(6_060), true),
            (0, 1_000_000, 60, Some(999_960), true),
        ] {
            let expected = Times { due, next: every(period)(now), many };
            assert_eq!(times(from, now, every(period)), expected, "{from} to {now}");
        }
        // At one and at two o'clock: the jump by an hour may go too far.
        let uneven = |t: i64| {
            let day = t.div_euclid(86_400) * 86_400;
            [day + 3_600, day + 7_200, day + 90_000].into_iter().find(|x| *x > t)
        };
        for (now, due) in
            [(90_001, Some(90_000)), (93_599, Some(90_000)), (93_600, Some(93_600)), (200_000, None)]
        {
            assert_eq!(times(0, now, uneven).due, due, "{now}");
        }
    }
}
