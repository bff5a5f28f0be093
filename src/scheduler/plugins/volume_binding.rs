//! VolumeBinding: claims must exist and be bound, or be bindable on the node.
//!
//! A claim of a class with `WaitForFirstConsumer` is bound after a node has been picked: to a free volume
//! that the node can reach, or to one that the class's provisioner makes there.

use crate::api::object::Key;
use crate::api::quantity::Quantity;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::ApiServer;
use crate::collections::Order;
use crate::scheduler::cache::NodeInfo;
use crate::scheduler::framework::{Plugin, Rejection};
use crate::scheduler::plugins::node_affinity::matches_term;
use crate::scheduler::pod_info::PodInfo;

const UNBOUND: &str = "pod has unbound immediate PersistentVolumeClaims";
const NODE_CONFLICT: &str = "node(s) didn't match PersistentVolume's node affinity";
const NOTHING_TO_BIND: &str = "node(s) didn't find available persistent volumes to bind";
const VOLUME_MISSING: &str = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";
/// The provisioner that makes nothing: its classes' volumes are made by hand.
const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";
/// The annotation by which the scheduler tells the binder the node.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// What is known of a pod's claims before looking at single nodes.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Volumes of bound claims; null for a volume that is gone.
    pub bound: Vec<Value>,
    /// Claims to be bound once a node is picked.
    pub delayed: Vec<Delayed>,
}

/// A claim that waits for its first consumer.
#[derive(Clone, Debug)]
pub struct Delayed {
    /// The claim.
    pub claim: Key,
    /// Free volumes that suit it, smallest first.
    volumes: Vec<Object>,
    wanted: Quantity,
    provisionable: bool,
    /// The node that an earlier cycle has picked for it.
    selected: Text,
}

impl Delayed {
    /// The smallest free volume that a node reaches and no other claim of the pod has taken.
    fn volume_on(&self, node: &NodeInfo, taken: &[&Object]) -> Option<&Object> {
        let free = |v: &&Object| reachable(v, node) && !taken.iter().any(|t| t.name() == v.name());
        self.volumes.iter().find(free)
    }
}

impl State {
    /// Looks up the pod's claims.
    ///
    /// # Errors
    /// A claim is missing or unbound, which no choice of node can help.
    pub fn new(pod: &PodInfo, api: &ApiServer) -> Result<State, Rejection> {
        let mut state = State::default();
        let mut unbound = false;
        for name in claims(pod) {
            let say = |what: String| Rejection {
                plugin: Plugin::VolumeBinding,
                reasons: vec![Text::from(what)],
                unresolvable: true,
            };
            let Some(claim) = api.get(Kind::PERSISTENT_VOLUME_CLAIM, &pod.key.namespace, &name) else {
                return Err(say(format!("persistentvolumeclaim \"{name}\" not found")));
            };
            if claim.is_deleting() {
                return Err(say(format!("persistentvolumeclaim \"{name}\" is being deleted")));
            }
            if claim.at("status.phase").str() == "Lost" {
                return Err(say(format!(
                    "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{}\"",
                    claim.at("spec.volumeName").str()
                )));
            }
            let volume = claim.at("spec.volumeName").str();
            if !volume.is_empty() && claim.at("status.phase").str() == "Bound" {
                let found = api.get(Kind::PERSISTENT_VOLUME, "", volume);
                state.bound.push(found.map_or(Value::Null, |v| v.value.clone()));
            } else if let Some(delayed) = delayed(claim, api) {
                state.delayed.push(delayed);
            } else {
                unbound = true;
            }
        }
        // The smallest claims choose first (upstream `findMatchingVolumes`).
        state.delayed.order_by(|a, b| a.wanted.cmp(&b.wanted));
        if unbound { Err(Rejection::unresolvable(Plugin::VolumeBinding, UNBOUND)) } else { Ok(state) }
    }

    /// For each claim that waits: the free volume that it gets on a node, or `None` for a new one; nothing if some
    /// claim gets neither.
    pub fn choose(&self, node: &NodeInfo) -> Option<Vec<(&Delayed, Option<&Object>)>> {
        let mut taken: Vec<&Object> = Vec::new();
        let mut chosen = Vec::new();
        for delayed in &self.delayed {
            let volume = if delayed.selected.is_empty() { delayed.volume_on(node, &taken) } else { None };
            let elsewhere = !delayed.selected.is_empty() && delayed.selected != node.name;
            if elsewhere || (volume.is_none() && !delayed.provisionable) {
                return None;
            }
            taken.extend(volume);
            chosen.push((delayed, volume));
        }
        Some(chosen)
    }

    /// Whether the node can reach the pod's volumes or get new ones.
    pub fn filter(&self, node: &NodeInfo) -> Option<Rejection> {
        for volume in &self.bound {
            if volume.is_null() {
                return Some(Rejection::unresolvable(Plugin::VolumeBinding, VOLUME_MISSING));
            }
            if !reachable(volume, node) {
                return Some(Rejection::unresolvable(Plugin::VolumeBinding, NODE_CONFLICT));
            }
        }
        let stuck = self.choose(node).is_none();
        stuck.then(|| Rejection::unresolvable(Plugin::VolumeBinding, NOTHING_TO_BIND))
    }
}

/// The names of the claims that a pod's volumes name or make.
pub fn claims(pod: &PodInfo) -> Vec<Text> {
    let name = |v: &Value| {
        if v["persistentVolumeClaim"].is_some() {
            Some(v["persistentVolumeClaim"]["claimName"].text())
        } else if v["ephemeral"].is_some() {
            Some(Text::from(format!("{}-{}", pod.key.name, v["name"].str())))
        } else {
            None
        }
    };
    pod.spec["volumes"].items().iter().filter_map(name).collect()
}

fn reachable(volume: &Value, node: &NodeInfo) -> bool {
    let terms = volume.at("spec.nodeAffinity.required.nodeSelectorTerms");
    terms.is_null() || terms.items().iter().any(|t| matches_term(t, node))
}

fn delayed(claim: &Object, api: &ApiServer) -> Option<Delayed> {
    if !claim.at("spec.volumeName").is_empty() {
        return None;
    }
    let class = api.get(Kind::STORAGE_CLASS, "", claim.at("spec.storageClassName").str())?;
    if class["volumeBindingMode"].str() != "WaitForFirstConsumer" {
        return None;
    }
    let wanted = Quantity::of(claim.at("spec.resources.requests.storage"));
    let suits = |v: &&Object| {
        v.at("spec.storageClassName") == claim.at("spec.storageClassName")
            && v.at("status.phase").str() == "Available"
            && v.at("spec.claimRef").is_null()
            && Quantity::of(v.at("spec.capacity.storage")) >= wanted
            && claim
                .at("spec.accessModes")
                .items()
                .iter()
                .all(|m| v.at("spec.accessModes").items().contains(m))
    };
    let mut volumes: Vec<Object> = api.list(Kind::PERSISTENT_VOLUME, None).filter(suits).cloned().collect();
    volumes.order_by_key(|v| Quantity::of(v.at("spec.capacity.storage")));
    let provisioner = class["provisioner"].str();
    let provisionable = !provisioner.is_empty() && provisioner != NO_PROVISIONER;
    let selected = claim.at("metadata.annotations").get(SELECTED_NODE).text();
    Some(Delayed { claim: claim.key(), volumes, wanted, provisionable, selected })
}
