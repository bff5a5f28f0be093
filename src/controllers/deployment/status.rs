//! The status of a Deployment and its conditions, in upstream's words.

use super::plan::Bounds;
use crate::api::{Object, Text, Value};
use crate::apiserver::ApiServer;
use crate::controllers::pods;
use crate::map;
use crate::time::{Span, Time};

/// The reason of a finished rollout.
pub const COMPLETE: &str = "NewReplicaSetAvailable";
const TIMED_OUT: &str = "ProgressDeadlineExceeded";

/// A condition to be set.
pub fn condition(kind: &'static str, status: &'static str, reason: &'static str, message: String) -> Value {
    map! { "type" => kind, "status" => status, "reason" => reason, "message" => message }
}

/// Puts a condition behind the others, unless status and reason are as they were.
pub fn set(status: &mut Value, mut condition: Value, api: &ApiServer) {
    let old = status["conditions"].find("type", condition["type"].str()).clone();
    if old["status"] == condition["status"] && old["reason"] == condition["reason"] {
        return;
    }
    let stamp = api.timestamp();
    condition.set("lastUpdateTime", &stamp);
    let moved = if old["status"] == condition["status"] {
        old["lastTransitionTime"].clone()
    } else {
        Value::from(stamp)
    };
    condition.set("lastTransitionTime", moved);
    let kind = condition["type"].text();
    let list = status.slot("conditions").list_mut();
    list.retain(|c| c["type"].str() != kind.as_str());
    list.push(condition);
}

fn remove(status: &mut Value, kind: &str) {
    if status["conditions"].find("type", kind).is_some() {
        status.slot("conditions").list_mut().retain(|c| c["type"].str() != kind);
    }
}

fn sum(sets: &[Object], path: &str) -> i64 {
    sets.iter().map(|s| s.at(path).int_or(0)).sum()
}

/// The counts and the `Available` condition.
pub fn calculate(
    deployment: &Object,
    all: &[Object],
    new: Option<&Object>,
    bounds: Bounds,
    api: &ApiServer,
) -> Value {
    let available = sum(all, "status.availableReplicas");
    let terminating = sum(all, "status.terminatingReplicas");
    let mut status = map! {
        "observedGeneration" => deployment.at("metadata.generation"), "terminatingReplicas" => terminating,
    };
    let updated = new.map_or(0, |s| s.at("status.replicas").int_or(0));
    for (field, n) in [
        ("replicas", sum(all, "status.replicas")),
        ("updatedReplicas", updated),
        ("readyReplicas", sum(all, "status.readyReplicas")),
        ("availableReplicas", available),
        ("unavailableReplicas", (sum(all, "spec.replicas") - available).max(0)),
    ] {
        if n > 0 {
            status.set(field, n);
        }
    }
    for field in ["conditions", "collisionCount"] {
        let value = deployment["status"].get(field);
        if value.is_some() {
            status.set(field, value);
        }
    }
    let enough = available >= bounds.replicas - bounds.max_unavailable;
    let available = if enough {
        condition(
            "Available",
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.".into(),
        )
    } else {
        let message = "Deployment does not have minimum availability.".into();
        condition("Available", "False", "MinimumReplicasUnavailable", message)
    };
    set(&mut status, available, api);
    status
}

/// Whether all pods are of the new revision and available.
pub fn is_complete(deployment: &Object, status: &Value) -> bool {
    let wanted = deployment.at("spec.replicas").int_or(1);
    ["updatedReplicas", "replicas", "availableReplicas"].iter().all(|f| status[*f].int_or(0) == wanted)
        && status["observedGeneration"].int_or(0) >= deployment.at("metadata.generation").int_or(0)
}

fn is_progressing(deployment: &Object, status: &Value) -> bool {
    let old = &deployment["status"];
    let n = |v: &Value, f: &str| v[f].int_or(0);
    let outdated = |v: &Value| n(v, "replicas") - n(v, "updatedReplicas");
    ["updatedReplicas", "readyReplicas", "availableReplicas"].iter().any(|f| n(status, f) > n(old, f))
        || outdated(status) < outdated(old)
}

/// When the rollout will have made no progress for too long; `None` if that is not watched.
pub fn deadline(deployment: &Object, status: &Value, api: &ApiServer) -> Option<Time> {
    let seconds = deployment.at("spec.progressDeadlineSeconds").as_int()?;
    let progressing = status["conditions"].find("type", "Progressing");
    // The largest number stands for "never" (upstream `HasProgressDeadline`).
    if seconds >= i64::from(i32::MAX) || progressing.is_null() || progressing["reason"].str() == COMPLETE {
        return None;
    }
    Some(pods::time(&progressing["lastUpdateTime"], api) + Span::secs(seconds.unsigned_abs()))
}

/// The status after a step of a rollout, with the `Progressing` condition.
pub fn rollout(
    deployment: &Object,
    all: &[Object],
    new: Option<&Object>,
    bounds: Bounds,
    api: &ApiServer,
) -> Value {
    let mut status = calculate(deployment, all, new, bounds, api);
    let watched =
        deployment.at("spec.progressDeadlineSeconds").int_or(i64::from(i32::MAX)) < i64::from(i32::MAX);
    if !watched {
        remove(&mut status, "Progressing");
        return status;
    }
    let current = deployment.condition("Progressing").clone();
    let settled = status["replicas"] == status["updatedReplicas"] && current["reason"].str() == COMPLETE;
    if !settled {
        let subject = match new {
            Some(set) => format!("ReplicaSet \"{}\"", set.name()),
            None => format!("Deployment \"{}\"", deployment.name()),
        };
        if is_complete(deployment, &status) {
            let message = format!("{subject} has successfully progressed.");
            set(&mut status, condition("Progressing", "True", COMPLETE, message), api);
        } else if is_progressing(deployment, &status) {
            let message = format!("{subject} is progressing.");
            let mut next = condition("Progressing", "True", "ReplicaSetUpdated", message);
            // Progress renews the update time, but not the transition.
            let since = if current["status"].str() == "True" {
                current["lastTransitionTime"].clone()
            } else {
                Value::from(api.timestamp())
            };
            next.set("lastUpdateTime", api.timestamp());
            next.set("lastTransitionTime", since);
            remove(&mut status, "Progressing");
            status.slot("conditions").list_mut().push(next);
        } else if current["reason"].str() == TIMED_OUT
            || deadline(deployment, &status, api).is_some_and(|at| at <= api.now && !paused(&current))
        {
            let message = format!("{subject} has timed out progressing.");
            set(&mut status, condition("Progressing", "False", TIMED_OUT, message), api);
        }
    }
    replica_failure(&mut status, all, new, api);
    status
}

fn paused(progressing: &Value) -> bool {
    progressing["reason"].str() == "DeploymentPaused"
}

/// Takes over the first `ReplicaFailure` of the sets, the new one's first.
fn replica_failure(status: &mut Value, all: &[Object], new: Option<&Object>, api: &ApiServer) {
    let failing = new.into_iter().chain(all).map(|s| s.condition("ReplicaFailure"));
    match failing.filter(|c| c.is_some()).find(|c| c["status"].str() == "True") {
        Some(c) => {
            let mut taken = map! { "type" => "ReplicaFailure", "status" => "True" };
            taken.set("reason", &c["reason"]);
            taken.set("message", &c["message"]);
            set(status, taken, api);
        }
        None => remove(status, "ReplicaFailure"),
    }
}

/// The condition of a Deployment that is paused or resumed, if it is to change.
pub fn pausing(deployment: &Object) -> Option<Value> {
    let progressing = deployment.condition("Progressing");
    if deployment.at("spec.progressDeadlineSeconds").is_null() || progressing["reason"].str() == TIMED_OUT {
        return None;
    }
    let is_paused = deployment.at("spec.paused").is_true();
    let marked = paused(progressing);
    let say = |reason, message: &str| Some(condition("Progressing", "Unknown", reason, message.into()));
    match (is_paused, marked) {
        (true, false) => say("DeploymentPaused", "Deployment is paused"),
        (false, true) => say("DeploymentResumed", "Deployment is resumed"),
        _ => None,
    }
}

/// A number for a trace.
pub fn text(n: i64) -> Text {
    Text::from(n.to_string())
}
