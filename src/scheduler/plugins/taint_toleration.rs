//! TaintToleration and NodeUnschedulable: taints that pods do not tolerate keep them away (`NoSchedule`,
//! `NoExecute`) or make a node less liked (`PreferNoSchedule`). A cordon is a taint of its own.

use crate::api::Value;
use crate::scheduler::cache::{Cache, NodeInfo};
use crate::scheduler::framework::{Plugin, Rejection, normalize};
use crate::scheduler::pod_info::PodInfo;

const UNSCHEDULABLE: &str = "node(s) were unschedulable";
const UNTOLERATED: &str = "node(s) had untolerated taint(s)";
const UNSCHEDULABLE_KEY: &str = "node.kubernetes.io/unschedulable";

/// NodeUnschedulable: cordoned nodes take only pods that tolerate the cordon's taint.
pub fn unschedulable(pod: &PodInfo, node: &NodeInfo) -> Option<Rejection> {
    if !node.unschedulable {
        return None;
    }
    let taint = crate::map! { "key" => UNSCHEDULABLE_KEY, "effect" => "NoSchedule" };
    (!tolerated(&pod.tolerations, &taint))
        .then(|| Rejection::unresolvable(Plugin::NodeUnschedulable, UNSCHEDULABLE))
}

/// Whether a node has a taint that keeps the pod away.
pub fn filter(pod: &PodInfo, node: &NodeInfo) -> Option<Rejection> {
    let keeps_away = |t: &&Value| matches!(t["effect"].str(), "NoSchedule" | "NoExecute");
    let mut taints = node.taints.items().iter().filter(keeps_away);
    taints
        .any(|t| !tolerated(&pod.tolerations, t))
        .then(|| Rejection::unresolvable(Plugin::TaintToleration, UNTOLERATED))
}

/// Fewer untolerated `PreferNoSchedule` taints are better.
pub fn score(pod: &PodInfo, cache: &Cache, feasible: &[usize]) -> Vec<i64> {
    let count = |i: &usize| {
        let taints = cache.nodes[*i].taints.items().iter();
        taints.filter(|t| t["effect"].str() == "PreferNoSchedule" && !tolerated(&pod.tolerations, t)).count()
            as i64
    };
    let mut scores: Vec<i64> = feasible.iter().map(count).collect();
    normalize(&mut scores, true);
    scores
}

/// Whether any of a list of tolerations tolerates a taint.
pub fn tolerated(tolerations: &Value, taint: &Value) -> bool {
    tolerations.items().iter().any(|t| tolerates(t, taint))
}

fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let (effect, key) = (toleration["effect"].str(), toleration["key"].str());
    if !(effect.is_empty() || effect == taint["effect"].str()) {
        return false;
    }
    if !(key.is_empty() || key == taint["key"].str()) {
        return false;
    }
    let (wanted, value) = (toleration["value"].str(), taint["value"].str());
    let numbers = || Some((value.parse::<i64>().ok()?, wanted.parse::<i64>().ok()?));
    match toleration["operator"].str() {
        "Exists" => true,
        "" | "Equal" => wanted == value,
        "Lt" => numbers().is_some_and(|(v, w)| v < w),
        "Gt" => numbers().is_some_and(|(v, w)| v > w),
        _ => false,
    }
}
