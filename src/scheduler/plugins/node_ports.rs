//! NodePorts: two pods on a node cannot have the same host port on overlapping addresses.

use crate::api::Text;
use crate::scheduler::cache::NodeInfo;
use crate::scheduler::framework::{Plugin, Rejection};
use crate::scheduler::pod_info::PodInfo;

const TAKEN: &str = "node(s) didn't have free ports for the requested pod ports";
const ANY: &str = "0.0.0.0";

/// Whether a host port is taken on the node.
pub fn filter(pod: &PodInfo, node: &NodeInfo) -> Option<Rejection> {
    if pod.host_ports.is_empty() || node.with_ports == 0 {
        return None;
    }
    let taken = node.pods.values().any(|other| collide(pod, other));
    taken.then(|| Rejection::resolvable(Plugin::NodePorts, TAKEN))
}

/// Whether two pods cannot share a node because of their host ports.
pub fn collide(a: &PodInfo, b: &PodInfo) -> bool {
    let same = |(ip, protocol, port): &(Text, Text, i64), other: &(Text, Text, i64)| {
        (protocol, port) == (&other.1, &other.2) && (ip == &other.0 || *ip == ANY || other.0 == ANY)
    };
    a.host_ports.iter().any(|p| b.host_ports.iter().any(|q| same(p, q)))
}
