//! Per-container lanes: what each container did from when to when, read from the change log, with what was
//! measured of it (`measures`): pulls, probes, memory, log lines, on the same axis.

mod measures;

use super::changes;
use crate::api::quantity::Quantity;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Value};
use crate::apiserver::ApiServer;
use crate::cluster::Cluster;
use crate::collections::BTreeMap;
use crate::time::{Time, parse_rfc3339};
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
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Lane {
    /// `default/web`.
    pub pod: String,
    /// The pod's uid.
    pub uid: String,
    /// The container's name.
    pub container: String,
    /// Whether it is an init container.
    pub init: bool,
    /// What it did, without gaps.
    pub segments: Vec<Segment>,
    /// Results of probes: when, which (`Liveness` …), whether it succeeded.
    pub probes: Vec<(f64, &'static str, bool)>,
    /// Requests that were sent to the pod and failed: when, how, and how many within a second.
    pub drops: Vec<(f64, &'static str, u32)>,
    /// Memory in bytes from an instant on.
    pub memory: Vec<(f64, f64)>,
    /// Its limit of memory in bytes; 0 if it has none.
    pub limit: f64,
    /// Log lines with their instants (of one pod only).
    pub logs: Vec<(f64, String)>,
}

/// A span in one state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Segment {
    /// From when.
    pub from: f64,
    /// Until when; absent while it lasts.
    pub to: Option<f64>,
    /// `waiting`, `pulling`, `running`, `ready`, `backoff`, `completed`, `failed` or `terminating`.
    pub state: &'static str,
    /// Kubernetes' word for it, e.g. `CrashLoopBackOff`.
    pub reason: String,
    /// Until when it is to last, if that is decided: the end of a back-off or of the grace period.
    pub until: Option<f64>,
    /// The exit code of what has ended.
    pub code: Option<i64>,
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
    /// The reason.
    pub reason: String,
    /// The message.
    pub message: String,
}

/// The lanes of all pods, or of the pod `namespace/name`.
pub fn lanes(cluster: &Cluster, only: Option<&str>) -> Lanes {
    let api = &cluster.api;
    let mut lanes = from_changes(api, only);
    lanes.drain(..lanes.len().saturating_sub(LANES));
    let ticks = measures::ticks(api, only);
    measures::add(cluster, &mut lanes, &ticks, only.is_some());
    Lanes { lanes, ticks }
}

fn from_changes(api: &ApiServer, only: Option<&str>) -> Vec<Lane> {
    let mut pods: Vec<(String, Vec<Lane>)> = Vec::new();
    let mut index: BTreeMap<String, usize> = BTreeMap::new();
    for change in changes(api).filter(|c| c.new.kind == Kind::POD) {
        let pod = &change.new;
        let name = format!("{}/{}", pod.namespace(), pod.name());
        if only.is_some_and(|o| o != name) {
            continue;
        }
        let known = index.get(pod.uid()).copied();
        let at = known.unwrap_or_else(|| {
            pods.push((name.clone(), new_lanes(&name, pod)));
            index.insert(pod.uid().to_string(), pods.len() - 1);
            pods.len() - 1
        });
        for lane in &mut pods[at].1 {
            let next = (change.kind != WatchKind::Deleted).then(|| state(api, pod, lane));
            extend(lane, change.at, next);
        }
    }
    pods.into_iter().flat_map(|(_, lanes)| lanes).collect()
}

fn new_lanes(pod: &str, object: &Object) -> Vec<Lane> {
    let of = |list: &Value, init: bool| -> Vec<Lane> {
        let lane = |c: &Value| Lane {
            pod: pod.to_string(),
            uid: object.uid().to_string(),
            container: c["name"].str().to_string(),
            init,
            limit: Quantity::of(c.at("resources.limits.memory")).value() as f64,
            ..Lane::default()
        };
        list.items().iter().map(lane).collect()
    };
    let mut all = of(object.at("spec.initContainers"), true);
    all.extend(of(object.at("spec.containers"), false));
    all
}

/// What a container does according to a pod's status.
struct State {
    state: &'static str,
    reason: String,
    until: Option<f64>,
    code: Option<i64>,
}

fn state(api: &ApiServer, pod: &Object, lane: &Lane) -> State {
    let list = if lane.init { "status.initContainerStatuses" } else { "status.containerStatuses" };
    let status = pod.at(list).find("name", &lane.container);
    let now = &status["state"];
    let plain = |state, reason: &str| State { state, reason: reason.to_string(), until: None, code: None };
    if let Some(waiting) = now["waiting"].as_map() {
        let reason = waiting.get("reason").map_or("", Value::str);
        return match reason {
            "CrashLoopBackOff" | "ImagePullBackOff" => plain("backoff", reason),
            r if r.starts_with("Err") || r.ends_with("Error") || r == "InvalidImageName" => {
                plain("failed", r)
            }
            r => plain("waiting", r),
        };
    }
    if now["terminated"].is_some() {
        let code = now.at("terminated.exitCode").int_or(0);
        let state = if code == 0 { "completed" } else { "failed" };
        return State { code: Some(code), ..plain(state, now.at("terminated.reason").str()) };
    }
    if now["running"].is_some() {
        if pod.is_deleting() {
            let end = parse_rfc3339(pod.at("metadata.deletionTimestamp").str());
            let until = end.map(|t| (t - api.epoch.unix_micros(Time::ZERO)) as f64);
            return State { until, ..plain("terminating", "Terminating") };
        }
        let ready = status["ready"].is_true() || lane.init;
        return plain(if ready { "ready" } else { "running" }, "Running");
    }
    let scheduled = pod.condition("PodScheduled");
    plain("waiting", if scheduled["status"].str() == "False" { scheduled["reason"].str() } else { "Pending" })
}

fn extend(lane: &mut Lane, at: Time, next: Option<State>) {
    let at = at.0 as f64;
    if let (Some(last), Some(next)) = (lane.segments.last(), &next)
        && last.to.is_none()
        && (last.state, &last.reason) == (next.state, &next.reason)
    {
        return;
    }
    if let Some(last) = lane.segments.last_mut().filter(|s| s.to.is_none()) {
        last.to = Some(at);
    }
    if let Some(State { state, reason, until, code }) = next {
        lane.segments.push(Segment { from: at, to: None, state, reason, until, code });
        if lane.segments.len() > SEGMENTS {
            lane.segments.remove(0);
        }
    }
}
