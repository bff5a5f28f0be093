//! Per-container lanes: what each container did from when to when, read from the change log.

use super::{changes, events};
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Value};
use crate::apiserver::ApiServer;
use crate::collections::{BTreeMap, Order};

use crate::time::Time;
use serde::Serialize;

/// How many lanes are shown: those of the newest pods.
const LANES: usize = 200;
/// How many segments a lane keeps: the newest.
const SEGMENTS: usize = 400;

/// All lanes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lanes {
    /// In order of creation, init containers before the others.
    pub lanes: Vec<Lane>,
    /// The events about pods.
    pub ticks: Vec<Tick>,
}

/// A container over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lane {
    /// `default/web`.
    pub pod: String,
    /// The container's name.
    pub container: String,
    /// Whether it is an init container.
    pub init: bool,
    /// What it did, without gaps.
    pub segments: Vec<Segment>,
}

/// A span in one state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Segment {
    /// From when.
    pub from: f64,
    /// Until when; absent while it lasts.
    pub to: Option<f64>,
    /// `waiting`, `running`, `ready`, `backoff`, `completed`, `failed` or `terminating`.
    pub state: &'static str,
    /// Kubernetes' word for it, e.g. `CrashLoopBackOff`.
    pub reason: String,
}

/// An event on a lane.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tick {
    /// When.
    pub at: f64,
    /// `default/web`.
    pub pod: String,
    /// The container meant; empty for the pod.
    pub container: String,
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Reason and message.
    pub text: String,
}

/// The lanes of all pods, or of the pod `namespace/name`.
pub fn lanes(api: &ApiServer, only: Option<&str>) -> Lanes {
    let mut pods: Vec<(String, Vec<Lane>)> = Vec::new();
    let mut index: BTreeMap<String, usize> = BTreeMap::new();
    for change in changes(api).filter(|c| c.new.kind == Kind::POD) {
        let pod = &change.new;
        let name = format!("{}/{}", pod.namespace(), pod.name());
        if only.is_some_and(|o| o != name) {
            continue;
        }
        let at = *index.entry(pod.uid().to_string()).or_insert_with(|| {
            pods.push((name.clone(), new_lanes(&name, pod)));
            pods.len() - 1
        });
        for lane in &mut pods[at].1 {
            let next = (change.kind != WatchKind::Deleted).then(|| state(pod, lane));
            extend(lane, change.at, next);
        }
    }
    let mut lanes: Vec<Lane> = pods.into_iter().flat_map(|(_, lanes)| lanes).collect();
    lanes.drain(..lanes.len().saturating_sub(LANES));
    Lanes { lanes, ticks: ticks(api, only) }
}

fn new_lanes(pod: &str, object: &Object) -> Vec<Lane> {
    let of = |list: &Value, init: bool| -> Vec<Lane> {
        let lane = |c: &Value| Lane {
            pod: pod.to_string(),
            container: c["name"].str().to_string(),
            init,
            segments: Vec::new(),
        };
        list.items().iter().map(lane).collect()
    };
    let mut all = of(object.at("spec.initContainers"), true);
    all.extend(of(object.at("spec.containers"), false));
    all
}

/// What a container does according to a pod's status: (state, word).
fn state(pod: &Object, lane: &Lane) -> (&'static str, String) {
    let list = if lane.init { "status.initContainerStatuses" } else { "status.containerStatuses" };
    let status = pod.at(list).find("name", &lane.container);
    let now = &status["state"];
    if let Some(waiting) = now["waiting"].as_map() {
        let reason = waiting.get("reason").map_or("", Value::str);
        let state = match reason {
            "CrashLoopBackOff" | "ImagePullBackOff" => "backoff",
            r if r.starts_with("Err") || r.ends_with("Error") || r == "InvalidImageName" => "failed",
            _ => "waiting",
        };
        return (state, reason.to_string());
    }
    if now["terminated"].is_some() {
        let reason = now.at("terminated.reason").str().to_string();
        let state = if now.at("terminated.exitCode").int_or(0) == 0 { "completed" } else { "failed" };
        return (state, reason);
    }
    if now["running"].is_some() {
        let state = match () {
            () if pod.is_deleting() => "terminating",
            () if status["ready"].is_true() || lane.init => "ready",
            () => "running",
        };
        let word = if state == "terminating" { "Terminating" } else { "Running" };
        return (state, word.to_string());
    }
    let scheduled = pod.condition("PodScheduled");
    let word = if scheduled["status"].str() == "False" { scheduled["reason"].str() } else { "Pending" };
    ("waiting", word.to_string())
}

fn extend(lane: &mut Lane, at: Time, next: Option<(&'static str, String)>) {
    let at = at.0 as f64;
    if let (Some(last), Some((state, reason))) = (lane.segments.last(), &next)
        && last.to.is_none()
        && last.state == *state
        && last.reason == *reason
    {
        return;
    }
    if let Some(last) = lane.segments.last_mut().filter(|s| s.to.is_none()) {
        last.to = Some(at);
    }
    if let Some((state, reason)) = next {
        lane.segments.push(Segment { from: at, to: None, state, reason });
        if lane.segments.len() > SEGMENTS {
            lane.segments.remove(0);
        }
    }
}

fn ticks(api: &ApiServer, only: Option<&str>) -> Vec<Tick> {
    let mut list = Vec::new();
    for (at, event) in events::last(api).into_values() {
        let about = &event["involvedObject"];
        let pod = format!("{}/{}", about["namespace"].str(), about["name"].str());
        if about["kind"].str() != "Pod" || only.is_some_and(|o| o != pod) {
            continue;
        }
        let path = about["fieldPath"].str();
        let container = path.split_once('{').and_then(|(_, rest)| rest.strip_suffix('}')).unwrap_or("");
        list.push(Tick {
            at: at.0 as f64,
            pod,
            container: container.to_string(),
            kind: event["type"].str().to_string(),
            text: format!("{}: {}", event["reason"].str(), event["message"].str()),
        });
    }
    list.order_by(|a, b| a.at.total_cmp(&b.at));
    list
}
