//! NodeResourcesFit: what pods request must be free on the node; emptier nodes score higher
//! (`LeastAllocated`, CPU and memory with equal weight).

use crate::api::Text;
use crate::scheduler::cache::NodeInfo;
use crate::scheduler::framework::{MAX_SCORE, Plugin, Rejection};
use crate::scheduler::pod_info::PodInfo;

/// Whether the node has room for the pod's requests. What exceeds even the empty node is unresolvable.
pub fn filter(pod: &PodInfo, node: &NodeInfo) -> Option<Rejection> {
    let (want, used, have) = (&pod.requests, &node.requested, &node.allocatable);
    let mut reasons = Vec::new();
    let mut unresolvable = false;
    if node.pods.len() as i64 + 1 > have.pods {
        reasons.push(Text::lit("Too many pods"));
    }
    let mut check = |want: i64, used: i64, have: i64, reason: &dyn Fn() -> Text| {
        if want > 0 && want > have - used {
            reasons.push(reason());
            unresolvable |= want > have;
        }
    };
    check(want.cpu, used.cpu, have.cpu, &|| Text::lit("Insufficient cpu"));
    check(want.memory, used.memory, have.memory, &|| Text::lit("Insufficient memory"));
    check(want.storage, used.storage, have.storage, &|| Text::lit("Insufficient ephemeral-storage"));
    for (name, n) in &want.scalar {
        check(*n, used.scalar(name), have.scalar(name), &|| Text::from(format!("Insufficient {name}")));
    }
    (!reasons.is_empty()).then_some(Rejection { plugin: Plugin::NodeResourcesFit, reasons, unresolvable })
}

/// The share of CPU and memory that would stay free.
pub fn score(pod: &PodInfo, node: &NodeInfo) -> i64 {
    let free = |used: i64, have: i64| if used > have { 0 } else { (have - used) * MAX_SCORE / have };
    let (cpu, memory) = (node.allocatable.cpu, node.allocatable.memory);
    let mut scores = (0, 0);
    for (used, have) in [(node.scoring.0 + pod.scoring.0, cpu), (node.scoring.1 + pod.scoring.1, memory)] {
        if have > 0 {
            scores = (scores.0 + free(used, have), scores.1 + 1);
        }
    }
    if scores.1 == 0 { 0 } else { scores.0 / scores.1 }
}
