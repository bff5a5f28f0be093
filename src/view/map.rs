//! The cluster at a glance: nodes with what is requested of them and the pods on them.

use super::path_of;
use crate::api::quantity::Quantity;
use crate::api::{Kind, Object, Value};
use crate::apiserver::ApiServer;
use crate::kubectl::print::pod;
use serde::Serialize;

/// How many pods a node's card lists; it says how many there are.
const TILES: usize = 120;

/// The map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Map {
    /// The nodes in order of their names.
    pub nodes: Vec<NodeCard>,
    /// Pods on no node.
    pub pending: Vec<PodTile>,
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
    /// The pods.
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
}

/// The map of the cluster.
pub fn map(api: &ApiServer) -> Map {
    let pending = api.list(Kind::POD, None).filter(|p| p.at("spec.nodeName").is_empty());
    Map {
        nodes: api.list(Kind::NODE, None).map(|n| card(api, n)).collect(),
        pending: pending.take(TILES).map(tile).collect(),
    }
}

fn card(api: &ApiServer, node: &Object) -> NodeCard {
    let allocatable = node.at("status.allocatable");
    let (mut cpu, mut memory, mut count) = (0.0, 0.0, 0.0);
    for pod in api.pods_on(node.name()) {
        count += 1.0;
        for container in pod.at("spec.containers").items() {
            cpu += millis(container.at("resources.requests.cpu"));
            memory += amount(container.at("resources.requests.memory"));
        }
    }
    NodeCard {
        name: node.name().to_string(),
        ready: node.condition_true("Ready"),
        unschedulable: node.at("spec.unschedulable").is_true(),
        cpu: [cpu, millis(&allocatable["cpu"])],
        memory: [memory, amount(&allocatable["memory"])],
        pods: [count, amount(&allocatable["pods"])],
        items: api.pods_on(node.name()).take(TILES).map(tile).collect(),
    }
}

fn tile(pod: &Object) -> PodTile {
    let line = pod::line(pod);
    PodTile { key: path_of(pod), status: line.status, ready: format!("{}/{}", line.ready, line.total) }
}

fn amount(value: &Value) -> f64 {
    Quantity::of(value).value() as f64
}

fn millis(value: &Value) -> f64 {
    Quantity::of(value).milli_value() as f64
}
