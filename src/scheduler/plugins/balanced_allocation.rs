//! NodeResourcesBalancedAllocation: nodes whose CPU and memory are used to the same degree score higher.

use crate::scheduler::cache::NodeInfo;
use crate::scheduler::framework::MAX_SCORE;
use crate::scheduler::pod_info::PodInfo;

/// 100 × (1 − standard deviation of the used fractions).
pub fn score(pod: &PodInfo, node: &NodeInfo) -> i64 {
    let fraction = |used: i64, have: i64| (have > 0).then(|| (used as f64 / have as f64).min(1.0));
    let cpu = fraction(node.requested.cpu + pod.requests.cpu, node.allocatable.cpu);
    let memory = fraction(node.requested.memory + pod.requests.memory, node.allocatable.memory);
    // For two values the standard deviation is half their distance.
    let deviation = cpu.zip(memory).map_or(0.0, |(a, b)| ((a - b) / 2.0).abs());
    ((1.0 - deviation) * MAX_SCORE as f64) as i64
}
