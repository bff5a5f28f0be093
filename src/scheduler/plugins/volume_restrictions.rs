//! VolumeRestrictions: a claim that is `ReadWriteOncePod` serves one pod at a time.
//!
//! Left out: the limits of volumes of single clouds, which no node here has.

use super::volume_binding::claims;
use crate::api::{Kind, Text, Value};
use crate::apiserver::ApiServer;
use crate::scheduler::cache::{Cache, NodeInfo};
use crate::scheduler::framework::{Plugin, Rejection};
use crate::scheduler::pod_info::PodInfo;

const IN_USE: &str =
    "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode";

/// What is known of a pod's exclusive claims before looking at single nodes.
#[derive(Clone, Debug, Default)]
pub struct State {
    exclusive: Vec<Text>,
    /// How many pods on nodes use one of them.
    users: i64,
}

impl State {
    /// Looks for other users of the pod's exclusive claims.
    pub fn new(pod: &PodInfo, cache: &Cache, api: &ApiServer) -> State {
        let exclusive = |name: &Text| {
            let claim = api.get(Kind::PERSISTENT_VOLUME_CLAIM, &pod.key.namespace, name);
            let alone = Value::from("ReadWriteOncePod");
            claim.is_some_and(|c| c.at("spec.accessModes").items().contains(&alone))
        };
        let exclusive: Vec<Text> = claims(pod).into_iter().filter(exclusive).collect();
        let mut state = State { exclusive, users: 0 };
        if !state.exclusive.is_empty() {
            let all = cache.nodes.iter().flat_map(|n: &std::rc::Rc<NodeInfo>| n.pods.values());
            state.users = all.filter(|other| shares(&state.exclusive, pod, other)).count() as i64;
        }
        state
    }

    /// Takes into account that `other` is put on (`1`) or taken from (`-1`) a node.
    pub fn update(&mut self, pod: &PodInfo, other: &PodInfo, delta: i64) {
        if shares(&self.exclusive, pod, other) {
            self.users += delta;
        }
    }

    /// Whether somebody uses an exclusive claim.
    pub fn filter(&self) -> Option<Rejection> {
        (self.users > 0).then(|| Rejection::resolvable(Plugin::VolumeRestrictions, IN_USE))
    }
}

/// Whether another pod of the namespace uses one of some claims.
pub fn shares(claimed: &[Text], pod: &PodInfo, other: &PodInfo) -> bool {
    !claimed.is_empty()
        && pod.key.namespace == other.key.namespace
        && pod.key.name != other.key.name
        && claims(other).iter().any(|c| claimed.contains(c))
}
