//! What controllers ask about pods, and how they make and rank them.

use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::ApiServer;
use crate::collections::{BTreeMap, Order};

use crate::map;
use crate::time::{Span, Time, parse_rfc3339};
use std::cmp::Ordering;

/// Whether a pod counts: it has not ended and is not being deleted.
pub fn is_active(pod: &Object) -> bool {
    !is_terminal(pod) && !pod.is_deleting()
}

/// Whether a pod has ended.
pub fn is_terminal(pod: &Object) -> bool {
    matches!(pod.at("status.phase").str(), "Succeeded" | "Failed")
}

/// Whether its `Ready` condition is true.
pub fn is_ready(pod: &Object) -> bool {
    pod.condition_true("Ready")
}

/// Whether a pod has been ready for long enough; else after which wait to look again, if it is ready.
pub fn availability(pod: &Object, min_ready: i64, api: &ApiServer) -> Result<(), Option<Span>> {
    if !is_ready(pod) {
        return Err(None);
    }
    if min_ready <= 0 {
        return Ok(());
    }
    let since = time(&pod.condition("Ready")["lastTransitionTime"], api);
    let until = since + Span::secs(min_ready.unsigned_abs());
    if until <= api.now { Ok(()) } else { Err(Some(until.since(api.now))) }
}

/// A timestamp of an object as an instant; the beginning for anything else.
pub fn time(stamp: &Value, api: &ApiServer) -> Time {
    parse_rfc3339(stamp.str()).map_or(Time::ZERO, |t| api.epoch.time_of(t))
}

/// A pod of a template, controlled by its owner (upstream `GetPodFromTemplate`).
pub fn from_template(template: &Value, owner: &Object) -> Object {
    let mut meta = map! {
        "generateName" => format!("{}-", owner.name()),
        "namespace" => owner.at("metadata.namespace"),
        "ownerReferences" => vec![ApiServer::owner_reference(owner)],
    };
    for field in ["labels", "annotations", "finalizers"] {
        let value = template["metadata"].get(field);
        if !value.is_empty() {
            meta.set(field, value);
        }
    }
    Object::new(Kind::POD, map! { "metadata" => meta, "spec" => &template["spec"] })
}

/// Sorts pods so that those to be deleted first come first (upstream `ActivePodsWithRanks`); `crowd` tells
/// how many related pods are on a node.
pub fn rank_for_deletion(pods: &mut [Object], crowd: &BTreeMap<Text, i64>, api: &ApiServer) {
    pods.order_by(|a, b| deletion_order(a, b, crowd, api));
}

fn deletion_order(a: &Object, b: &Object, crowd: &BTreeMap<Text, i64>, api: &ApiServer) -> Ordering {
    let assigned = |p: &Object| !p.at("spec.nodeName").is_empty();
    let phase = |p: &Object| match p.at("status.phase").str() {
        "Pending" => 0,
        "Unknown" => 1,
        _ => 2,
    };
    let cost = |p: &Object| -> i64 {
        p.annotation("controller.kubernetes.io/pod-deletion-cost").and_then(|c| c.parse().ok()).unwrap_or(0)
    };
    let crowd_of = |p: &Object| crowd.get(p.at("spec.nodeName").str()).copied().unwrap_or(0);
    let ready_age = |p: &Object| {
        if is_ready(p) { magnitude(&p.condition("Ready")["lastTransitionTime"], api) } else { 0 }
    };
    let restarts = |p: &Object| {
        p.at("status.containerStatuses")
            .items()
            .iter()
            .map(|c| c["restartCount"].int_or(0))
            .max()
            .unwrap_or(0)
    };
    let age = |p: &Object| magnitude(p.at("metadata.creationTimestamp"), api);
    assigned(a)
        .cmp(&assigned(b))
        .then_with(|| phase(a).cmp(&phase(b)))
        .then_with(|| is_ready(a).cmp(&is_ready(b)))
        .then_with(|| cost(a).cmp(&cost(b)))
        .then_with(|| crowd_of(b).cmp(&crowd_of(a)))
        .then_with(|| ready_age(a).cmp(&ready_age(b)))
        .then_with(|| restarts(b).cmp(&restarts(a)))
        .then_with(|| age(a).cmp(&age(b)))
        .then_with(|| a.uid().cmp(b.uid()))
}

/// The order of magnitude of an age (`LogarithmicScaleDown`): small differences do not count.
fn magnitude(stamp: &Value, api: &ApiServer) -> u32 {
    let age = api.now.since(time(stamp, api)).as_secs();
    age.checked_ilog2().map_or(0, |n| n + 1)
}
