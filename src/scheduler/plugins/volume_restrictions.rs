//! VolumeRestrictions: a claim with the access mode `ReadWriteOncePod` is for one pod in the whole cluster.
//!
//! Left out: disks of clouds that are named in pods themselves.

use super::volume_binding::claims;
use crate::api::{Kind, Text, Value};
use crate::apiserver::ApiServer;
use crate::scheduler::cache::Cache;
use crate::scheduler::framework::{Plugin, Rejection};
use crate::scheduler::pod_info::PodInfo;

const IN_USE: &str =
    "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode";

/// The claims of a pod that it must have alone.
#[derive(Clone, Debug, Default)]
pub struct State {
    own: Vec<Text>,
    /// How often other pods use them.
    used: i64,
}

impl State {
    /// Looks up the pod's claims, and who else uses them.
    pub fn new(pod: &PodInfo, cache: &Cache, api: &ApiServer) -> State {
        let alone = |name: &Text| {
            let claim = api.get(Kind::PERSISTENT_VOLUME_CLAIM, &pod.key.namespace, name);
            let modes = claim.map_or(&Value::Null, |c| c.at("spec.accessModes"));
            modes.items().iter().any(|m| m.str() == "ReadWriteOncePod")
        };
        let mut own = claims(pod);
        own.retain(alone);
        let mut state = State { own, used: 0 };
        if !state.own.is_empty() {
            let others = cache.nodes.iter().flat_map(|n| n.pods.values());
            state.used = others.map(|other| state.shared(pod, other)).sum();
        }
        state
    }

    fn shared(&self, pod: &PodInfo, other: &PodInfo) -> i64 {
        if self.own.is_empty() || other.key.namespace != pod.key.namespace || other.key == pod.key {
            return 0;
        }
        claims(other).iter().filter(|c| self.own.contains(c)).count() as i64
    }

    /// Takes into account that `other` comes (`1`) or goes (`-1`).
    pub fn update(&mut self, pod: &PodInfo, other: &PodInfo, delta: i64) {
        self.used += delta * self.shared(pod, other);
    }

    /// No node will do as long as another pod uses such a claim.
    pub fn filter(&self) -> Option<Rejection> {
        (self.used > 0).then(|| Rejection::resolvable(Plugin::VolumeRestrictions, IN_USE))
    }
}

/// Whether two pods use a claim of the same name.
pub fn share_a_claim(a: &PodInfo, b: &PodInfo) -> bool {
    a.key.namespace == b.key.namespace && claims(a).iter().any(|c| claims(b).contains(c))
}
