//! Queueing hints: which changes may make a rejected pod schedulable.
//!
//! A waiting pod is tried again only if a change helps at least one of the plugins that rejected it
//! (upstream's `QueueingHintFn`s).

use super::cache::NodeInfo;
use super::framework::Plugin;
use super::plugins::{node_affinity, node_ports, taint_toleration, volume_binding, volume_restrictions};
use super::pod_info::PodInfo;
use super::queue::Queued;
use crate::api::{Kind, Text, Value, selector};

/// A change that may help.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A node is new, or its labels, taints, cordon or capacity have changed.
    Node {
        /// Before; `None` if it is new.
        old: Option<&'a NodeInfo>,
        /// After.
        new: &'a NodeInfo,
    },
    /// A pod was bound, or the labels of a bound one have changed.
    PodPlaced(&'a PodInfo),
    /// A bound pod has ended or gone.
    PodGone(&'a PodInfo),
    /// A claim, volume or storage class has changed.
    Volume {
        /// Which of the three.
        kind: Kind,
        /// Its namespace.
        namespace: &'a str,
        /// Its name.
        name: &'a str,
    },
}

/// Whether a change may help a waiting pod.
pub fn helps(queued: &Queued, event: &Event<'_>) -> bool {
    queued.rejected_by.iter().any(|plugin| helps_plugin(*plugin, &queued.info, event))
}

fn helps_plugin(plugin: Plugin, pod: &PodInfo, event: &Event<'_>) -> bool {
    match event {
        Event::Node { old, new } => node_helps(plugin, pod, *old, new),
        Event::PodPlaced(other) => match plugin {
            Plugin::InterPodAffinity => concerns(pod, other, "podAffinity"),
            Plugin::PodTopologySpread => spread_concerns(pod, other),
            _ => false,
        },
        Event::PodGone(other) => match plugin {
            Plugin::NodeResourcesFit => true,
            Plugin::NodePorts => node_ports::collide(pod, other),
            Plugin::VolumeRestrictions => volume_restrictions::share_a_claim(pod, other),
            Plugin::InterPodAffinity => {
                concerns(pod, other, "podAntiAffinity") || concerns(other, pod, "podAntiAffinity")
            }
            Plugin::PodTopologySpread => spread_concerns(pod, other),
            _ => false,
        },
        Event::Volume { kind, namespace, name } => {
            matches!(plugin, Plugin::VolumeBinding | Plugin::VolumeZone | Plugin::VolumeRestrictions)
                && (*kind != Kind::PERSISTENT_VOLUME_CLAIM
                    || (pod.key.namespace == **namespace
                        && volume_binding::claims(pod).iter().any(|c| c == *name)))
        }
    }
}

fn node_helps(plugin: Plugin, pod: &PodInfo, old: Option<&NodeInfo>, new: &NodeInfo) -> bool {
    let newly = |passes: &dyn Fn(&NodeInfo) -> bool| passes(new) && !old.is_some_and(passes);
    match plugin {
        Plugin::NodeUnschedulable => newly(&|n| taint_toleration::unschedulable(pod, n).is_none()),
        Plugin::TaintToleration => newly(&|n| taint_toleration::filter(pod, n).is_none()),
        Plugin::NodeName => newly(&|n| node_affinity::node_name(pod, n).is_none()),
        Plugin::NodeAffinity => newly(&|n| node_affinity::matches(pod, n)),
        Plugin::NodeResourcesFit => old.is_none_or(|o| o.allocatable != new.allocatable),
        Plugin::NodePorts => old.is_none(),
        Plugin::VolumeBinding | Plugin::VolumeZone => old.is_none_or(|o| o.labels != new.labels),
        Plugin::PodTopologySpread | Plugin::InterPodAffinity => {
            let differs = |key: &str| old.is_none_or(|o| o.labels.get(key) != new.labels.get(key));
            topology_keys(pod).any(|k| new.labels.get(k).is_some() && differs(k)) || old.is_none()
        }
        _ => false,
    }
}

fn topology_keys(pod: &PodInfo) -> impl Iterator<Item = &str> {
    let terms = pod.required("podAffinity").iter().chain(pod.required("podAntiAffinity"));
    terms.chain(pod.spec["topologySpreadConstraints"].items()).map(|t| t["topologyKey"].str())
}

/// Whether a required term of `pod` is about `other`.
fn concerns(pod: &PodInfo, other: &PodInfo, kind: &str) -> bool {
    let here = |term: &Value| {
        let namespaces = term["namespaces"].items();
        term["namespaceSelector"].is_some()
            || namespaces.iter().any(|n| *n == Value::from(&other.key.namespace))
            || (namespaces.is_empty() && pod.key.namespace == other.key.namespace)
    };
    let about = |t: &Value| here(t) && selector::matches(&t["labelSelector"], &other.labels);
    pod.required(kind).iter().any(about)
}

fn spread_concerns(pod: &PodInfo, other: &PodInfo) -> bool {
    let same: &Text = &other.key.namespace;
    let mut constraints = pod.spec["topologySpreadConstraints"].items().iter();
    pod.key.namespace == *same && constraints.any(|c| selector::matches(&c["labelSelector"], &other.labels))
}
