//! How fast the nodes of a zone that fail are emptied (upstream `ComputeZoneState`): one every ten seconds; if most of
//! a zone fails, none in a small zone and one every hundred seconds in a large one; and none at all if every node of
//! the cluster fails, as it is then more likely that nobody hears them.

use super::{NOT_READY, UNREACHABLE};
use crate::api::{Kind, Object, Text};
use crate::collections::BTreeMap;
use crate::controllers::Which;
use crate::controllers::work::Cx;
use crate::time::Span;

/// One node in this time: kube-controller-manager `--node-eviction-rate` (0.1 a second).
const RATE: Span = Span::secs(10);
/// The same where most nodes of a large zone fail: `--secondary-node-eviction-rate` (0.01 a second).
const SECONDARY: Span = Span::secs(100);
/// A zone up to this size is small: `--large-cluster-size-threshold`.
const SMALL: usize = 50;
/// So many of a hundred nodes are most: `--unhealthy-zone-threshold`.
const MOST: usize = 55;

/// The nodes of a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Zone {
    ready: usize,
    failed: usize,
}

impl Zone {
    fn is_dead(self) -> bool {
        self.ready == 0 && self.failed > 0
    }

    /// How much time each node gets; `None` if none is to be emptied.
    fn rate(self) -> Option<Span> {
        let all = self.ready + self.failed;
        let mostly = self.failed > 2 && self.failed * 100 >= all * MOST;
        match (self.is_dead() || !mostly, all > SMALL) {
            (true, _) => Some(RATE),
            (false, true) => Some(SECONDARY),
            (false, false) => None,
        }
    }
}

/// The zone of a node, by its region and zone.
fn name(node: &Object) -> Text {
    let label = |key| node.label(key).unwrap_or("");
    Text::from(format!("{}/{}", label("topology.kubernetes.io/region"), label("topology.kubernetes.io/zone")))
}

fn has_failed(node: &Object) -> bool {
    matches!(node.condition("Ready")["status"].str(), "False" | "Unknown")
}

fn zones(cx: &Cx<'_>) -> BTreeMap<Text, Zone> {
    let mut zones: BTreeMap<Text, Zone> = BTreeMap::new();
    for node in cx.api.list(Kind::NODE, None) {
        let zone = zones.entry(name(node)).or_default();
        if has_failed(node) { zone.failed += 1 } else { zone.ready += 1 }
    }
    zones
}

fn is_emptied(node: &Object) -> bool {
    let taints = node.at("spec.taints").items().iter();
    taints
        .filter(|t| t["effect"].str() == "NoExecute")
        .any(|t| [UNREACHABLE, NOT_READY].contains(&t["key"].str()))
}

/// Whether the pods of a node that has failed may be driven away now. If not yet, the node is looked at again.
pub fn may_empty(node: &Object, cx: &mut Cx<'_>) -> bool {
    let zones = zones(cx);
    let zone = name(node);
    let alive = zones.iter().any(|(_, zone)| !zone.is_dead());
    if alive && is_emptied(node) {
        return true;
    }
    let Some(rate) = zones.get(&zone).and_then(|z| z.rate()).filter(|_| alive) else {
        cx.work.health.held.insert(node.key());
        return false;
    };
    let now = cx.api.now;
    let next = cx.work.health.next.get(&zone).copied().unwrap_or(now);
    if next > now {
        cx.enqueue_after(Which::Node, &node.key(), next.since(now));
        return false;
    }
    cx.work.health.next.insert(zone, now + rate);
    true
}

/// The state of a zone may have changed: the nodes that it held are looked at again.
pub fn look_again(cx: &mut Cx<'_>) {
    for key in std::mem::take(&mut cx.work.health.held) {
        cx.enqueue(Which::Node, &key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_of_a_zone_is_emptied_more_slowly_or_not_at_all() {
        for (ready, failed, expected) in [
            (3, 1, Some(RATE)),
            (2, 2, Some(RATE)),
            (1, 2, Some(RATE)),
            (1, 3, None),
            (3, 3, Some(RATE)),
            (2, 3, None),
            (0, 3, Some(RATE)),
            (20, 30, None),
            (20, 31, Some(SECONDARY)),
            (30, 30, Some(RATE)),
        ] {
            assert_eq!(Zone { ready, failed }.rate(), expected, "{ready} ready, {failed} failed");
        }
    }
}
