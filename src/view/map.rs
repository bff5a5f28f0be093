//! The cluster at a glance: nodes with what is requested of them and the pods on them.

use super::{health, path_of};
use crate::api::quantity::Quantity;
use crate::api::{Kind, Object, Value};
use crate::apiserver::ApiServer;
use crate::kubectl::print::pod;
use serde::Serialize;

/// How many pods a node's card lists; it says how many there are.
const TILES: usize = 120;
/// Up to how many nodes all have cards; above, all are cells and only the one that is looked at has a card.
const CARDS: usize = 40;

/// The map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Map {
    /// The cards of the nodes in order of their names.
    pub nodes: Vec<NodeCard>,
    /// All nodes, where they are too many for cards.
    pub cells: Option<Cells>,
    /// Pods on no node: the first of them.
    pub pending: Vec<PodTile>,
    /// How many there are.
    pub waiting: usize,
}

/// Nodes as cells, in order of their names: one list for each property, which cross to the page much faster
/// than a list of objects.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cells {
    /// Their names.
    pub names: Vec<String>,
    /// How each is, see [`Cell`].
    pub states: Vec<u8>,
    /// How full each is: the fullest of its processors, memory and places for pods, in percent.
    pub loads: Vec<u8>,
    /// How many pods are on each.
    pub pods: Vec<f64>,
    /// How many of those are in trouble.
    pub bad: Vec<f64>,
}

/// How a node is, the worst last.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cell {
    /// Nothing but what is well.
    Well,
    /// Pods are on their way.
    Busy,
    /// Nothing new may come.
    Cordoned,
    /// Pods are in trouble.
    Bad,
    /// The node is not ready.
    Down,
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
    /// The pods, the first of them.
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

/// The map of the cluster; `focus` is the node that has a card in any case.
pub fn map(api: &ApiServer, focus: &str) -> Map {
    let few = api.list(Kind::NODE, None).count() <= CARDS;
    let pending: Vec<&Object> =
        api.list(Kind::POD, None).filter(|p| p.at("spec.nodeName").is_empty()).collect();
    let nodes = api.list(Kind::NODE, None).filter(|n| few || n.name() == focus);
    Map {
        nodes: nodes.map(|n| card(api, n)).collect(),
        cells: (!few).then(|| cells(api)),
        pending: pending.iter().take(TILES).map(|p| tile(p)).collect(),
        waiting: pending.len(),
    }
}

/// Processors in millicores, memory in bytes, pods.
type Amounts = [f64; 3];

/// What is requested of a node.
struct Demand {
    amounts: Amounts,
    tones: [usize; 3],
}

fn demand(api: &ApiServer, node: &Object) -> Demand {
    let (mut cpu, mut memory, mut count) = (0.0, 0.0, 0.0);
    let mut tones = [0; 3];
    for pod in api.pods_on(node.name()) {
        count += 1.0;
        for container in pod.at("spec.containers").items() {
            let requests = container.at("resources.requests");
            cpu += millis(&requests["cpu"]);
            memory += amount(&requests["memory"]);
        }
        tones[health::tone(pod).0 as usize] += 1;
    }
    Demand { amounts: [cpu, memory, count], tones }
}

/// What a node has.
fn capacity(node: &Object) -> Amounts {
    let allocatable = node.at("status.allocatable");
    [millis(&allocatable["cpu"]), amount(&allocatable["memory"]), amount(&allocatable["pods"])]
}

/// How full a node is, from 0 to 1. Most nodes of a large cluster may well be empty, which is told at once.
fn load(node: &Object, amounts: &Amounts) -> f64 {
    if amounts.iter().all(|n| *n == 0.0) {
        return 0.0;
    }
    let share = |(used, of): (&f64, f64)| if of > 0.0 { used / of } else { 0.0 };
    amounts.iter().zip(capacity(node)).map(share).fold(0.0, f64::max).min(1.0)
}

fn cells(api: &ApiServer) -> Cells {
    let mut cells = Cells::default();
    for node in api.list(Kind::NODE, None) {
        let Demand { amounts, tones: [_, busy, bad] } = demand(api, node);
        let state = match () {
            () if !node.condition_true("Ready") => Cell::Down,
            () if bad > 0 => Cell::Bad,
            () if node.at("spec.unschedulable").is_true() => Cell::Cordoned,
            () if busy > 0 => Cell::Busy,
            () => Cell::Well,
        };
        cells.names.push(node.name().to_string());
        cells.states.push(state as u8);
        cells.loads.push((load(node, &amounts) * 100.0).ceil() as u8);
        cells.pods.push(amounts[2]);
        cells.bad.push(bad as f64);
    }
    cells
}

fn card(api: &ApiServer, node: &Object) -> NodeCard {
    let Demand { amounts, tones } = demand(api, node);
    let (used, of) = (amounts, capacity(node));
    NodeCard {
        name: node.name().to_string(),
        ready: node.condition_true("Ready"),
        unschedulable: node.at("spec.unschedulable").is_true(),
        cpu: [used[0], of[0]],
        memory: [used[1], of[1]],
        pods: [used[2], of[2]],
        tones,
        items: api.pods_on(node.name()).take(TILES).map(tile).collect(),
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
    if value.is_empty() { 0.0 } else { Quantity::of(value).value() as f64 }
}

fn millis(value: &Value) -> f64 {
    if value.is_empty() { 0.0 } else { Quantity::of(value).milli_value() as f64 }
}
