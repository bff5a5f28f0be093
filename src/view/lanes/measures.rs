//! What was measured of containers: pulls and events from the Event objects, probes and back-offs from the
//! trace, memory from the machines, log lines from the runtime.

use super::super::changes;
use super::{Lane, Segment, Tick};
use crate::api::request::WatchKind;
use crate::api::{Kind, Text};
use crate::apiserver::ApiServer;
use crate::cluster::Cluster;
use crate::collections::BTreeMap;
use crate::trace::{Cause, What};

/// How many ticks are shown: the newest.
const TICKS: usize = 2_000;
/// How many results of probes and samples of memory a lane keeps: the newest.
const SAMPLES: usize = 300;
/// A second in microseconds.
const SECOND: f64 = 1e6;
/// How many log lines a lane keeps: the newest.
const LINES: usize = 200;
/// How many characters of a log line are shown.
const LINE: usize = 200;
/// How many trace entries are looked through for back-offs: the newest.
const LOOKED_THROUGH: u32 = 50_000;

/// Every occurrence of every event about pods (or one pod), oldest first.
pub(super) fn ticks(api: &ApiServer, only: Option<&str>) -> Vec<Tick> {
    let mut list = Vec::new();
    for change in changes(api).filter(|c| c.new.kind == Kind::EVENT && c.kind != WatchKind::Deleted) {
        let event = &change.new;
        let about = &event["involvedObject"];
        if about["kind"].str() != "Pod" {
            continue;
        }
        let pod = format!("{}/{}", about["namespace"].str(), about["name"].str());
        if only.is_some_and(|o| o != pod) {
            continue;
        }
        let path = about["fieldPath"].str();
        let container = path.split_once('{').and_then(|(_, rest)| rest.strip_suffix('}')).unwrap_or("");
        list.push(Tick {
            at: change.at.0 as f64,
            pod,
            container: container.to_string(),
            kind: event["type"].str().to_string(),
            reason: event["reason"].str().to_string(),
            message: event["message"].str().to_string(),
        });
    }
    list.drain(..list.len().saturating_sub(TICKS));
    list
}

/// Adds to each lane what was measured of its container.
pub(super) fn add(cluster: &Cluster, lanes: &mut [Lane], ticks: &[Tick], with_logs: bool) {
    for lane in lanes.iter_mut() {
        cut_pulls(lane, ticks);
    }
    let place = |l: &Lane| format!("pods/{}/{}", l.pod, l.container);
    let by_path: BTreeMap<String, usize> = lanes.iter().enumerate().map(|(i, l)| (place(l), i)).collect();
    for probed in cluster.api.trace.probes() {
        if let Some(lane) = by_path.get(probed.container.as_str()).map(|i| &mut lanes[*i])
            && lane.segments.first().is_some_and(|s| s.from <= probed.at.0 as f64)
        {
            lane.probes.push((probed.at.0 as f64, probed.probe, probed.ok));
        }
    }
    add_drops(&cluster.api, lanes);
    add_back_offs(&cluster.api, lanes, &by_path);
    add_memory(cluster, lanes);
    for lane in lanes.iter_mut() {
        lane.probes.drain(..lane.probes.len().saturating_sub(SAMPLES));
        lane.memory.drain(..lane.memory.len().saturating_sub(SAMPLES));
        if with_logs {
            add_logs(cluster, lane);
        }
    }
}

/// Cuts the time of pulling an image out of the waiting around it.
fn cut_pulls(lane: &mut Lane, ticks: &[Tick]) {
    let own = |t: &&Tick| t.pod == lane.pod && t.container == lane.container;
    let mut began = None;
    let mut pulls = Vec::new();
    for tick in ticks.iter().filter(own) {
        match tick.reason.as_str() {
            "Pulling" => began = Some(tick.at),
            "Pulled" | "Failed" => pulls.extend(began.take().map(|from| (from, Some(tick.at)))),
            _ => {}
        }
    }
    pulls.extend(began.map(|from| (from, None)));
    for (from, to) in pulls {
        let covers =
            |s: &Segment| s.from <= from && s.to.is_none_or(|end| from < end) && s.state == "waiting";
        let Some(at) = lane.segments.iter().position(covers) else { continue };
        let whole = lane.segments[at].clone();
        let end = match (to, whole.to) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let mut parts = vec![Segment { to: Some(from), ..whole.clone() }];
        parts.push(Segment { from, to: end, state: "pulling", reason: "Pulling".into(), ..whole.clone() });
        if let Some(end) = end.filter(|end| whole.to.is_none_or(|last| *end < last)) {
            parts.push(Segment { from: end, ..whole });
        }
        parts.retain(|s| s.to != Some(s.from));
        lane.segments.splice(at..=at, parts);
    }
}

/// Requests that failed are told on a pod's first lane of containers; those of a second together.
fn add_drops(api: &ApiServer, lanes: &mut [Lane]) {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for (i, lane) in lanes.iter().enumerate().filter(|(_, l)| !l.init) {
        first.entry(format!("pods/{}", lane.pod)).or_insert(i);
    }
    for request in api.trace.requests().iter() {
        let Some(lane) = first.get(request.pod.as_str()).map(|i| &mut lanes[*i]) else { continue };
        let at = request.at.0 as f64;
        match lane.drops.last_mut().filter(|(from, what, _)| *what == request.outcome && at - from < SECOND) {
            Some((_, _, count)) => *count += 1,
            None => lane.drops.push((at, request.outcome, 1)),
        }
        let over = lane.drops.len().saturating_sub(SAMPLES);
        lane.drops.drain(..over);
    }
}

/// Tells each back-off until when the kubelet decided that it lasts.
fn add_back_offs(api: &ApiServer, lanes: &mut [Lane], by_path: &BTreeMap<String, usize>) {
    let end = api.trace.next().0;
    for number in end.saturating_sub(LOOKED_THROUGH)..end {
        let Some(entry) = api.trace.get(Cause(number)) else { continue };
        let What::Rule { rule: "restart.back-off" | "image.back-off", object, values } = &entry.what else {
            continue;
        };
        let until = values.iter().find(|(name, _)| *name == "until").and_then(|(_, v)| v.parse::<u64>().ok());
        let (Some(until), Some(lane)) = (until, by_path.get(object.as_str())) else { continue };
        let at = entry.at.0 as f64;
        let covers = |s: &&mut Segment| s.state == "backoff" && s.to.is_none_or(|end| at <= end);
        if let Some(segment) = lanes[*lane].segments.iter_mut().find(covers) {
            let until = until as f64;
            segment.until = Some(segment.until.map_or(until, |u| u.max(until)));
        }
    }
}

/// The owners of containers' cells are `UID/NAME/ATTEMPT`.
fn add_memory(cluster: &Cluster, lanes: &mut [Lane]) {
    let place = |l: &Lane| format!("{}/{}", l.uid, l.container);
    let by_owner: BTreeMap<String, usize> = lanes.iter().enumerate().map(|(i, l)| (place(l), i)).collect();
    for sample in cluster.world.memory_samples() {
        let Some((owner, _)) = sample.owner.rsplit_once('/') else { continue };
        if let Some(lane) = by_owner.get(owner) {
            lanes[*lane].memory.push((sample.at.0 as f64, sample.bytes as f64));
        }
    }
}

fn add_logs(cluster: &Cluster, lane: &mut Lane) {
    let own = cluster.runtime.of_pod(&lane.uid).into_iter().filter(|c| c.name == lane.container.as_str());
    for container in own {
        let entries = cluster.runtime.log_tail(container.id, LINES);
        let clip = |text: &Text| text.chars().take(LINE).collect();
        lane.logs.extend(entries.iter().map(|e| (e.at.0 as f64, clip(&e.bytes))));
    }
    lane.logs.drain(..lane.logs.len().saturating_sub(LINES));
}
