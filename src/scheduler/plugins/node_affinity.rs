//! NodeAffinity and NodeName: `spec.nodeName`, `spec.nodeSelector`, required and preferred node affinity.

use crate::api::{Text, Value, selector};
use crate::scheduler::cache::{Cache, NodeInfo};
use crate::scheduler::framework::{Plugin, Rejection, normalize};
use crate::scheduler::pod_info::PodInfo;

const NOT_MATCHED: &str = "node(s) didn't match Pod's node affinity/selector";
const OTHER_NAME: &str = "node(s) didn't match the requested node name";

/// Said of nodes other than those that the pod names in its affinity, as DaemonSets' pods do (upstream's
/// `PreFilterResult`).
const NOT_NAMED: &str = "node(s) didn't satisfy plugin(s) [NodeAffinity]";
const CONFLICT: &str = "pod affinity terms conflict";

/// The nodes that a pod names, if each of its required terms names some.
///
/// # Errors
/// The names in each term contradict each other.
pub fn names(pod: &PodInfo) -> Result<Option<Vec<Text>>, Rejection> {
    let terms = pod.node_affinity["nodeSelectorTerms"].items();
    let mut all: Vec<Text> = Vec::new();
    for term in terms {
        let named = |f: &&Value| f["key"].str() == "metadata.name" && f["operator"].str() == "In";
        let mut fields = term["matchFields"].items().iter().filter(named);
        let Some(first) = fields.next() else { return Ok(None) };
        let mut names: Vec<Text> = first["values"].items().iter().map(Value::text).collect();
        for field in fields {
            names.retain(|n| field["values"].items().iter().any(|v| v.str() == n.as_str()));
        }
        all.extend(names);
    }
    match (terms.is_empty(), all.is_empty()) {
        (true, _) => Ok(None),
        (false, true) => Err(Rejection::unresolvable(Plugin::NodeAffinity, CONFLICT)),
        (false, false) => Ok(Some(all)),
    }
}

/// Nodes beside those that the pod names are not looked at.
pub fn not_named(names: &Option<Vec<Text>>, node: &NodeInfo) -> Option<Rejection> {
    let named = names.as_ref().is_none_or(|all| all.contains(&node.name));
    (!named).then(|| Rejection::unresolvable(Plugin::NodeAffinity, NOT_NAMED))
}

/// NodeName: a pod that names its node goes nowhere else.
pub fn node_name(pod: &PodInfo, node: &NodeInfo) -> Option<Rejection> {
    (!pod.node_name.is_empty() && pod.node_name != node.name)
        .then(|| Rejection::unresolvable(Plugin::NodeName, OTHER_NAME))
}

/// Whether the node fits the pod's selector and required affinity.
pub fn filter(pod: &PodInfo, node: &NodeInfo) -> Option<Rejection> {
    (!matches(pod, node)).then(|| Rejection::unresolvable(Plugin::NodeAffinity, NOT_MATCHED))
}

/// Whether a node fits a pod's `nodeSelector` and required node affinity.
pub fn matches(pod: &PodInfo, node: &NodeInfo) -> bool {
    let required = &pod.node_affinity;
    selector::subset(&pod.node_selector, &node.labels)
        && (required.is_null()
            || required["nodeSelectorTerms"].items().iter().any(|term| matches_term(term, node)))
}

/// The sum of the weights of preferred terms that match, scaled; `None` without preferences.
pub fn score(pod: &PodInfo, cache: &Cache, feasible: &[usize]) -> Option<Vec<i64>> {
    let preferred = pod.preferred("nodeAffinity");
    if preferred.is_empty() {
        return None;
    }
    let sum = |i: &usize| {
        let matching = preferred.iter().filter(|t| matches_term(&t["preference"], &cache.nodes[*i]));
        matching.map(|t| t["weight"].int_or(0)).sum()
    };
    let mut scores: Vec<i64> = feasible.iter().map(sum).collect();
    normalize(&mut scores, false);
    Some(scores)
}

/// One node selector term: all its expressions and fields; an empty one matches nothing.
pub fn matches_term(term: &Value, node: &NodeInfo) -> bool {
    let (expressions, fields) = (term["matchExpressions"].items(), term["matchFields"].items());
    if expressions.is_empty() && fields.is_empty() {
        return false;
    }
    expressions.iter().all(|e| selector::requirement(e, &node.labels))
        && fields.iter().all(|f| {
            let named = f["values"].items().iter().any(|v| v.as_str() == Some(node.name.as_str()));
            f["key"].str() == "metadata.name" && named == (f["operator"].str() == "In")
        })
}
