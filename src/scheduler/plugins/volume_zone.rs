//! VolumeZone: a volume whose labels name zones or regions is reached from nodes there, and from nodes that name none.

use crate::api::Value;
use crate::scheduler::cache::NodeInfo;
use crate::scheduler::framework::{Plugin, Rejection};

const CONFLICT: &str = "node(s) had no available volume zone";
const LABELS: [&str; 4] = [
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
];
/// What separates the zones of a volume that is in several.
const SEPARATOR: &str = "__";

/// Whether a node is where the volumes are.
pub fn filter(volumes: &[Value], node: &NodeInfo) -> Option<Rejection> {
    let place = |labels: &Value, key: &str| labels.get(key).as_str().map(str::to_string);
    if volumes.is_empty() || LABELS.iter().all(|key| place(&node.labels, key).is_none()) {
        return None;
    }
    let elsewhere = |volume: &Value| {
        LABELS.iter().any(|key| {
            let zones = place(&volume["metadata"]["labels"], key);
            let here = place(&node.labels, key);
            zones.is_some_and(|z| !here.is_some_and(|h| z.split(SEPARATOR).any(|one| one == h)))
        })
    };
    volumes.iter().any(elsewhere).then(|| Rejection::unresolvable(Plugin::VolumeZone, CONFLICT))
}
