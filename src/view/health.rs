//! How the pods were, all in all, over time: what the time bar shows behind its slider.

use super::changes;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text};
use crate::apiserver::ApiServer;
use crate::collections::BTreeMap;
use crate::kubectl::print::pod;
use serde::Serialize;

/// Into how many pieces the time since the start is divided at most.
const PIECES: f64 = 600.0;

/// From an instant on: how many pods there are, are ready, wait, and are in trouble.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Health {
    /// From when.
    pub at: f64,
    /// Pods.
    pub pods: i64,
    /// Those that are ready or have ended well.
    pub ready: i64,
    /// Those that fail: back-off, errors, out of memory, failed.
    pub bad: i64,
    /// Restarts so far.
    pub restarts: i64,
}

/// How a pod is, in one word.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Tone {
    /// Ready, or ended well.
    Ready,
    /// On its way.
    Waiting,
    /// In trouble.
    Bad,
}

/// How the pods were over time, oldest first.
pub fn health(api: &ApiServer) -> Vec<Health> {
    let piece = (api.now.0 as f64 / PIECES).max(1.0);
    let mut pods: BTreeMap<Text, (Tone, i64)> = BTreeMap::new();
    let mut sum = Health { at: 0.0, pods: 0, ready: 0, bad: 0, restarts: 0 };
    let mut list: Vec<Health> = Vec::new();
    for change in changes(api).filter(|c| c.new.kind == Kind::POD) {
        let uid = change.new.at("metadata.uid").text();
        if let Some((tone, _)) = pods.get(&uid) {
            count(&mut sum, *tone, -1);
        }
        if change.kind == WatchKind::Deleted {
            pods.remove(&uid);
        } else {
            let (tone, restarts) = tone(&change.new);
            count(&mut sum, tone, 1);
            let before = pods.insert(uid, (tone, restarts)).map_or(0, |(_, n)| n);
            sum.restarts += (restarts - before).max(0);
        }
        sum.at = change.at.0 as f64;
        match list.last_mut().filter(|last| ((last.at / piece) as i64) == (sum.at / piece) as i64) {
            Some(last) if last.bad <= sum.bad => *last = sum.clone(),
            Some(last) => last.restarts = sum.restarts,
            None => list.push(sum.clone()),
        }
    }
    list
}

fn count(sum: &mut Health, tone: Tone, by: i64) {
    sum.pods += by;
    match tone {
        Tone::Ready => sum.ready += by,
        Tone::Bad => sum.bad += by,
        Tone::Waiting => {}
    }
}

/// How a pod is, and how often its containers were restarted.
pub(super) fn tone(object: &Object) -> (Tone, i64) {
    if let Some(restarts) = plainly_ready(object) {
        return (Tone::Ready, restarts);
    }
    let line = pod::line(object);
    let tone = match line.status.as_str() {
        "Completed" => Tone::Ready,
        "Running" if line.ready == line.total => Tone::Ready,
        "Running" | "Pending" | "ContainerCreating" | "PodInitializing" | "Terminating"
        | "SchedulingGated" => Tone::Waiting,
        word if word.starts_with("Init:") && !word.ends_with("BackOff") && !word.contains("Err") => {
            Tone::Waiting
        }
        _ => Tone::Bad,
    };
    (tone, line.restarts)
}

/// The restarts of a pod that plainly runs with everything ready: most pods of a large cluster, told without
/// making the columns of a table.
pub(super) fn plainly_ready(object: &Object) -> Option<i64> {
    let status = object.at("status");
    let (spec, statuses) = (object.at("spec.containers").items(), status["containerStatuses"].items());
    let plain = status["phase"].str() == "Running"
        && !object.is_deleting()
        && status["initContainerStatuses"].is_empty()
        && status["reason"].is_empty()
        && statuses.len() == spec.len()
        && statuses.iter().all(|s| s["ready"].is_true() && s["state"]["running"].is_some());
    plain.then(|| statuses.iter().map(|s| s["restartCount"].int_or(0)).sum())
}
