//! What plugins are asked and what they answer.
//!
//! A scheduling cycle builds one [`State`] for the pod (upstream's PreFilter), asks every filter about
//! nodes until enough are feasible, then every score plugin about those. The lists of plugins and their
//! weights are upstream's defaults (`apis/config/v1/default_plugins.go`).

use super::cache::{Cache, NodeInfo};
use super::plugins::{
    balanced_allocation, image_locality, inter_pod_affinity, node_affinity, node_ports, node_resources_fit,
    pod_topology_spread, taint_toleration, volume_binding, volume_restrictions, volume_zone,
};
use super::pod_info::PodInfo;
use crate::api::Text;
use crate::apiserver::ApiServer;

/// Highest score of a plugin for a node (upstream `MaxNodeScore`).
pub const MAX_SCORE: i64 = 100;

/// The plugins, in the order in which their filters run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plugin {
    /// Keeps pods with `schedulingGates` out of the queue.
    SchedulingGates,
    /// `spec.unschedulable` of nodes.
    NodeUnschedulable,
    /// `spec.nodeName` of pods.
    NodeName,
    /// Taints and tolerations.
    TaintToleration,
    /// Node selectors and node affinity.
    NodeAffinity,
    /// Host ports.
    NodePorts,
    /// Requested resources.
    NodeResourcesFit,
    /// Claims that one pod alone may use.
    VolumeRestrictions,
    /// Persistent volume claims.
    VolumeBinding,
    /// Zones of volumes.
    VolumeZone,
    /// Topology spread constraints.
    PodTopologySpread,
    /// Affinity to other pods.
    InterPodAffinity,
    /// Even use of CPU and memory (scores only).
    NodeResourcesBalancedAllocation,
    /// Images that are on the node already (scores only).
    ImageLocality,
}

impl Plugin {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Plugin::SchedulingGates => "SchedulingGates",
            Plugin::NodeUnschedulable => "NodeUnschedulable",
            Plugin::NodeName => "NodeName",
            Plugin::TaintToleration => "TaintToleration",
            Plugin::NodeAffinity => "NodeAffinity",
            Plugin::NodePorts => "NodePorts",
            Plugin::NodeResourcesFit => "NodeResourcesFit",
            Plugin::VolumeRestrictions => "VolumeRestrictions",
            Plugin::VolumeBinding => "VolumeBinding",
            Plugin::VolumeZone => "VolumeZone",
            Plugin::PodTopologySpread => "PodTopologySpread",
            Plugin::InterPodAffinity => "InterPodAffinity",
            Plugin::NodeResourcesBalancedAllocation => "NodeResourcesBalancedAllocation",
            Plugin::ImageLocality => "ImageLocality",
        }
    }
}

/// The plugins that score, with their default weights.
pub const SCORERS: [(Plugin, i64); 7] = [
    (Plugin::TaintToleration, 3),
    (Plugin::NodeAffinity, 2),
    (Plugin::NodeResourcesFit, 1),
    (Plugin::PodTopologySpread, 2),
    (Plugin::InterPodAffinity, 2),
    (Plugin::NodeResourcesBalancedAllocation, 1),
    (Plugin::ImageLocality, 1),
];

/// Scores of a node, in the order of [`SCORERS`], before weighting.
pub type Scores = [i64; SCORERS.len()];

/// Why a plugin turned a node down.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejection {
    /// Which plugin.
    pub plugin: Plugin,
    /// Its reasons, in upstream's words.
    pub reasons: Vec<Text>,
    /// Whether evicting pods could not help (`UnschedulableAndUnresolvable`).
    pub unresolvable: bool,
}

impl Rejection {
    /// A rejection that evicting pods may resolve.
    pub fn resolvable(plugin: Plugin, reason: &'static str) -> Rejection {
        Rejection { plugin, reasons: vec![Text::lit(reason)], unresolvable: false }
    }

    /// A rejection that evicting pods cannot resolve.
    pub fn unresolvable(plugin: Plugin, reason: &'static str) -> Rejection {
        Rejection { plugin, reasons: vec![Text::lit(reason)], unresolvable: true }
    }
}

/// What plugins have worked out for a pod before looking at single nodes.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Of InterPodAffinity.
    pub affinity: inter_pod_affinity::State,
    /// Of PodTopologySpread.
    pub spread: pod_topology_spread::State,
    /// Of VolumeBinding.
    pub volumes: volume_binding::State,
    /// Of VolumeRestrictions.
    pub restrictions: volume_restrictions::State,
    /// Of NodeAffinity: the nodes that the pod names, if all its terms name some.
    pub names: Option<Vec<Text>>,
}

impl State {
    /// Prepares the filters for a pod.
    ///
    /// # Errors
    /// The rejection of all nodes at once.
    pub fn new(pod: &PodInfo, cache: &mut Cache, api: &ApiServer) -> Result<State, Rejection> {
        Ok(State {
            names: node_affinity::names(pod)?,
            volumes: volume_binding::State::new(pod, api)?,
            restrictions: volume_restrictions::State::new(pod, cache, api),
            spread: pod_topology_spread::State::new(pod, cache),
            affinity: inter_pod_affinity::State::new(pod, cache, api),
        })
    }

    /// Takes into account that `other` is put on (`1`) or taken from (`-1`) a node.
    pub fn update(&mut self, pod: &PodInfo, other: &PodInfo, node: &NodeInfo, delta: i64, api: &ApiServer) {
        self.restrictions.update(pod, other, delta);
        self.spread.update(pod, other, node, delta);
        self.affinity.update(pod, other, node, delta, api);
    }
}

/// Asks every filter about a node; the first that turns it down answers.
pub fn filter(pod: &PodInfo, node: &NodeInfo, state: &State) -> Option<Rejection> {
    node_affinity::not_named(&state.names, node)
        .or_else(|| taint_toleration::unschedulable(pod, node))
        .or_else(|| node_affinity::node_name(pod, node))
        .or_else(|| taint_toleration::filter(pod, node))
        .or_else(|| node_affinity::filter(pod, node))
        .or_else(|| node_ports::filter(pod, node))
        .or_else(|| node_resources_fit::filter(pod, node))
        .or_else(|| state.restrictions.filter())
        .or_else(|| state.volumes.filter(node))
        .or_else(|| volume_zone::filter(&state.volumes.bound, node))
        .or_else(|| state.spread.filter(pod, node))
        .or_else(|| state.affinity.filter(node))
}

/// The scores of feasible nodes (given by their places in the cache), normalised, before weighting.
pub fn score(pod: &PodInfo, cache: &mut Cache, feasible: &[usize], api: &ApiServer) -> Vec<Scores> {
    let mut scores = vec![[0; SCORERS.len()]; feasible.len()];
    let mut fill = |i: usize, of: Option<Vec<i64>>| {
        for (row, score) in scores.iter_mut().zip(of.into_iter().flatten()) {
            row[i] = score;
        }
    };
    let spread = pod_topology_spread::score(pod, cache, feasible, api);
    let each = |of: &dyn Fn(&NodeInfo) -> i64| feasible.iter().map(|i| of(&cache.nodes[*i])).collect();
    fill(0, Some(taint_toleration::score(pod, cache, feasible)));
    fill(1, node_affinity::score(pod, cache, feasible));
    fill(2, Some(each(&|n| node_resources_fit::score(pod, n))));
    fill(3, spread);
    fill(4, inter_pod_affinity::score(pod, cache, feasible, api));
    if !pod.requests.is_zero() {
        // Skipped for best-effort pods, which would otherwise all go to the most even node.
        fill(5, Some(each(&|n| balanced_allocation::score(pod, n))));
    }
    fill(6, image_locality::score(pod, cache, feasible));
    scores
}

/// The weighted sum of a node's scores.
pub fn total(scores: &Scores) -> i64 {
    SCORERS.iter().zip(scores).map(|((_, weight), score)| weight * score).sum()
}

/// Scales scores to 0–100, turning them round where low is good (upstream `DefaultNormalizeScore`).
pub fn normalize(scores: &mut [i64], reverse: bool) {
    let max = scores.iter().copied().max().unwrap_or(0);
    for score in scores {
        let scaled = if max == 0 { 0 } else { *score * MAX_SCORE / max };
        *score = if reverse { MAX_SCORE - scaled } else { scaled };
    }
}
