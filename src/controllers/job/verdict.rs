//! Whether a Job is over, and the conditions that say so.

use super::policy;
use super::tally::{Tally, is_indexed, restarts};
use crate::api::{Object, Value};
use crate::apiserver::ApiServer;
use crate::controllers::pods;
use crate::map;
use crate::time::Span;

/// The state of a Job.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It goes on; the deadline, if any, is this far away.
    Running(Option<Span>),
    /// Enough pods have succeeded.
    Complete {
        /// The reason of the conditions.
        reason: &'static str,
        /// Their message.
        message: String,
    },
    /// It has failed.
    Failed {
        /// The reason of the conditions and of the event.
        reason: &'static str,
        /// Their message.
        message: String,
    },
}

/// The condition that says how a Job has ended; null while it has not.
pub fn finished_condition(job: &Object) -> &Value {
    let mut conditions = job.at("status.conditions").items().iter();
    let ended = |c: &&Value| matches!(c["type"].str(), "Complete" | "Failed") && c["status"].str() == "True";
    const NULL: &Value = &Value::Null;
    conditions.find(ended).unwrap_or(NULL)
}

/// Whether a Job has ended.
pub fn is_finished(job: &Object) -> bool {
    finished_condition(job).is_some()
}

/// When a Job ended.
pub fn finished_at(job: &Object) -> Value {
    finished_condition(job)["lastTransitionTime"].clone()
}

/// Decides; a verdict that was announced before stands.
pub fn verdict(job: &Object, status: &Value, tally: &Tally, api: &ApiServer) -> Verdict {
    let spec = &job["spec"];
    let announced = |kind: &str| {
        let c = job.condition(kind);
        (c["status"].str() == "True").then(|| c.clone())
    };
    if let Some(c) = announced("FailureTarget") {
        return failed(reason_of(&c), c["message"].str());
    }
    if let Some(c) = announced("SuccessCriteriaMet") {
        return Verdict::Complete { reason: reason_of(&c), message: c["message"].str().to_string() };
    }
    if let Some(message) = &tally.fail_job {
        return failed("PodFailurePolicy", message);
    }
    let limit = spec["backoffLimit"].int_or(6);
    let on_failure = spec.at("template.spec.restartPolicy").str() == "OnFailure" && {
        let restarts = restarts(&tally.active);
        if limit == 0 { restarts > 0 } else { restarts >= limit }
    };
    if tally.failed > limit || on_failure {
        return failed("BackoffLimitExceeded", "Job has reached the specified backoff limit");
    }
    let mut left = None;
    if let Some(seconds) = spec["activeDeadlineSeconds"].as_int()
        && status["startTime"].is_some()
        && !spec["suspend"].is_true()
    {
        let due = pods::time(&status["startTime"], api) + Span::secs(seconds.unsigned_abs());
        if due <= api.now {
            return failed("DeadlineExceeded", "Job was active longer than specified deadline");
        }
        left = Some(due.since(api.now));
    }
    let completions = spec["completions"].as_int();
    if is_indexed(job) {
        if spec["maxFailedIndexes"].as_int().is_some_and(|max| tally.lost.len() as i64 > max) {
            let message = "Job has exceeded the specified maximal number of failed indexes";
            return failed("MaxFailedIndexesExceeded", message);
        }
        let settled = tally.done.len() + tally.lost.len();
        if !tally.lost.is_empty() && settled as i64 >= completions.unwrap_or(0) {
            return failed("FailedIndexes", "Job has failed indexes");
        }
        if let Some(message) = policy::success(job, &tally.done) {
            return Verdict::Complete { reason: "SuccessPolicy", message };
        }
    }
    let none_left = tally.active.is_empty();
    let complete = match completions {
        None => tally.succeeded > 0 && none_left,
        Some(n) => tally.succeeded >= n && none_left,
    };
    if complete && !spec["suspend"].is_true() {
        let message = "Reached expected number of succeeded pods".to_string();
        return Verdict::Complete { reason: "CompletionsReached", message };
    }
    Verdict::Running(left)
}

fn failed(reason: &'static str, message: &str) -> Verdict {
    Verdict::Failed { reason, message: message.to_string() }
}

/// The constant of a reason that was written before.
fn reason_of(condition: &Value) -> &'static str {
    const KNOWN: [&str; 7] = [
        "PodFailurePolicy",
        "BackoffLimitExceeded",
        "DeadlineExceeded",
        "MaxFailedIndexesExceeded",
        "FailedIndexes",
        "SuccessPolicy",
        "CompletionsReached",
    ];
    KNOWN.into_iter().find(|r| *r == condition["reason"].str()).unwrap_or("BackoffLimitExceeded")
}

/// Sets a condition as the Job controller writes them.
pub fn set_condition(
    status: &mut Value,
    kind: &'static str,
    value: &'static str,
    reason: &'static str,
    message: &str,
    api: &ApiServer,
) {
    let stamp = api.timestamp();
    let condition = map! {
        "type" => kind, "status" => value, "reason" => reason, "message" => message,
        "lastProbeTime" => &stamp, "lastTransitionTime" => &stamp,
    };
    let list = status.slot("conditions").list_mut();
    match list.iter_mut().find(|c| c["type"].str() == kind) {
        Some(old) => *old = condition,
        None => list.push(condition),
    }
}

/// Announces the end by an interim condition; `true` if that is new.
pub fn announce(status: &mut Value, end: &Verdict, api: &ApiServer) -> bool {
    let (kind, reason, message) = match end {
        Verdict::Running(_) => return false,
        Verdict::Complete { reason, message } => ("SuccessCriteriaMet", reason, message),
        Verdict::Failed { reason, message } => ("FailureTarget", reason, message),
    };
    if status["conditions"].find("type", kind).is_some() {
        return false;
    }
    set_condition(status, kind, "True", reason, message, api);
    true
}

/// Ends the Job by its last condition; `true` unless it goes on.
pub fn conclude(status: &mut Value, end: &Verdict, api: &ApiServer) -> bool {
    match end {
        Verdict::Running(_) => return false,
        Verdict::Complete { reason, message } => {
            set_condition(status, "Complete", "True", reason, message, api);
            status.set("completionTime", api.timestamp());
        }
        Verdict::Failed { reason, message } => {
            set_condition(status, "Failed", "True", reason, message, api);
        }
    }
    true
}
