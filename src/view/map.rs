//! The cluster at a glance: nodes with what is requested of them and the pods on them.

use super::{health, path_of};
use crate::api::quantity::Quantity;
use crate::api::{Kind, Object, Value};
use crate::apiserver::ApiServer;
use crate::kubectl::print::pod;
use serde::Serialize;

/// How many pods a node's card lists; it says how many there are.
const TILES: usize = 120;
/// Up to how many nodes the cards list their pods; above, only the card that is looked at does.
const DETAILED: usize = 40;

/// The map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Map {
    /// The nodes in order of their names.
    pub nodes: Vec<NodeCard>,
    /// Pods on no node: the first of them.
    pub pending: Vec<PodTile>,
    /// How many there are.
    pub waiting: usize,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeCard {
    /// Its name.
    pub name: String,
    /// Condition `Ready`.
    pub ready: bool,
    /// Whether it is cordoned.
    pub unschedulable: bool,
    /// Requested and allocatable processors, in millicores.
    pub cpu: [f64; 2],
    /// Requested and allocatable memory, in bytes.
    pub memory: [f64; 2],
    /// Pods, and how many fit.
    pub pods: [f64; 2],
    /// How many of its pods are well, on their way, and in trouble.
    pub tones: [usize; 3],
    /// The pods; none where there are too many nodes to list them all.
    pub items: Vec<PodTile>,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PodTile {
    /// `pods/default/web`.
    pub key: String,
    /// The STATUS column.
    pub status: String,
    /// The READY column.
    pub ready: String,
    /// Its containers, with what each does.
    pub containers: Vec<(String, &'static str)>,
}

/// The map of the cluster; `focus` is the node whose pods are listed in any case.
pub fn map(api: &ApiServer, focus: &str) -> Map {
    let few = api.list(Kind::NODE, None).count() <= DETAILED;
    let pending: Vec<&Object> =
        api.list(Kind::POD, None).filter(|p| p.at("spec.nodeName").is_empty()).collect();
    Map {
        nodes: api.list(Kind::NODE, None).map(|n| card(api, n, few || n.name() == focus)).collect(),
        pending: pending.iter().take(TILES).map(|p| tile(p)).collect(),
        waiting: pending.len(),
    }
}

fn card(api: &ApiServer, node: &Object, detailed: bool) -> NodeCard {
    let allocatable = node.at("status.allocatable");
    let (mut cpu, mut memory, mut count) = (0.0, 0.0, 0.0);
    let mut tones = [0; 3];
    for pod in api.pods_on(node.name()) {
        count += 1.0;
        for container in pod.at("spec.containers").items() {
            cpu += millis(container.at("resources.requests.cpu"));
            memory += amount(container.at("resources.requests.memory"));
        }
        tones[health::tone(pod).0 as usize] += 1;
    }
    let items = api.pods_on(node.name()).take(if detailed { TILES } else { 0 });
    NodeCard {
        name: node.name().to_string(),
        ready: node.condition_true("Ready"),
        unschedulable: node.at("spec.unschedulable").is_true(),
        cpu: [cpu, millis(&allocatable["cpu"])],
        memory: [memory, amount(&allocatable["memory"])],
        pods: [count, amount(&allocatable["pods"])],
        tones,
        items: items.map(tile).collect(),
    }
}

fn tile(pod: &Object) -> PodTile {
    let line = pod::line(pod);
    let containers = pod.at("spec.containers").items().iter();
    PodTile {
        key: path_of(pod),
        status: line.status,
        ready: format!("{}/{}", line.ready, line.total),
        containers: containers.map(|c| (c["name"].str().to_string(), doing(pod, c["name"].str()))).collect(),
    }
}

/// `ready`, `running`, `ended`, `failed` or `waiting`.
fn doing(pod: &Object, container: &str) -> &'static str {
    let status = pod.at("status.containerStatuses").find("name", container);
    let state = &status["state"];
    match () {
        () if state["running"].is_some() && status["ready"].is_true() => "ready",
        () if state["running"].is_some() => "running",
        () if state["terminated"].is_some() && state.at("terminated.exitCode").int_or(0) == 0 => "ended",
        () if state["terminated"].is_some() => "failed",
        () => "waiting",
    }
}

fn amount(value: &Value) -> f64 {
    Quantity::of(value).value() as f64
}

fn millis(value: &Value) -> f64 {
    Quantity::of(value).milli_value() as f64
}
