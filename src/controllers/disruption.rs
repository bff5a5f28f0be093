//! PodDisruptionBudgets: how many pods may be evicted now. The API server checks evictions against it.

use super::work::Cx;
use super::{Which, controller_key, pods};
use crate::api::object::Key;
use crate::api::{Kind, Object, Text, Value, selector};
use crate::apiserver::{ApiServer, Change};
use crate::collections::BTreeSet;
use crate::controllers::deployment::scaled;
use crate::map;
use crate::time::Span;

const WHICH: Which = Which::Disruption;
/// Upstream `DeletionTimeout`: how long an admitted eviction counts until the pod is seen to go.
const DISRUPTED_FOR: Span = Span::secs(120);

/// A budget or a pod has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    match change.new.kind {
        Kind::PDB => cx.enqueue(WHICH, &change.new.key()),
        Kind::POD => {
            let labels = change.new.at("metadata.labels");
            let matching = |b: &&Object| {
                selector::matches(b.at("spec.selector"), labels)
                    || change
                        .old
                        .as_ref()
                        .is_some_and(|o| selector::matches(b.at("spec.selector"), o.at("metadata.labels")))
            };
            let budgets = cx.api.list(Kind::PDB, Some(change.new.namespace()));
            let keys: Vec<Key> = budgets.filter(matching).map(Object::key).collect();
            for key in keys {
                cx.enqueue(WHICH, &key);
            }
        }
        _ => {}
    }
}

/// Writes the status of a budget.
pub fn sync(budget: &Object, cx: &mut Cx<'_>) {
    let all = cx.api.list(Kind::POD, Some(budget.namespace()));
    let mine = |p: &&Object| selector::matches(budget.at("spec.selector"), p.at("metadata.labels"));
    let pods: Vec<Object> = all.filter(mine).cloned().collect();
    if pods.is_empty() {
        cx.event(WHICH, budget, "Normal", "NoPods", "No matching pods found");
    }
    let (expected, desired) = expected(budget, &pods, cx.api);
    let mut disrupted = budget.at("status.disruptedPods").clone();
    let gone: Vec<Text> = disrupted
        .entries()
        .filter(|(name, at)| {
            let pod = pods.iter().find(|p| p.name() == name.as_str());
            pod.is_none_or(Object::is_deleting) || pods::time(at, cx.api) + DISRUPTED_FOR <= cx.api.now
        })
        .map(|(name, _)| name.clone())
        .collect();
    for name in gone {
        disrupted.map_mut().remove(&name);
    }
    let healthy = |p: &&Object| pods::is_ready(p) && !p.is_deleting() && disrupted.get(p.name()).is_null();
    let healthy = pods.iter().filter(healthy).count() as i64;
    let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
    let mut status = map! {
        "currentHealthy" => healthy, "desiredHealthy" => desired, "expectedPods" => expected,
        "disruptionsAllowed" => allowed, "observedGeneration" => budget.at("metadata.generation"),
    };
    if !disrupted.is_empty() {
        status.set("disruptedPods", disrupted);
        cx.enqueue_after(WHICH, &budget.key(), DISRUPTED_FOR);
    }
    let mut conditions = budget.at("status.conditions").clone();
    let (value, reason) =
        if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let condition = map! {
        "type" => "DisruptionAllowed", "status" => value, "reason" => reason, "message" => "",
        "observedGeneration" => budget.at("metadata.generation"),
    };
    cx.api.set_condition(&mut conditions, condition);
    status.set("conditions", conditions);
    cx.write_status(WHICH, budget, status);
}

/// How many pods there should be, and how many of them must be healthy.
fn expected(budget: &Object, pods: &[Object], api: &ApiServer) -> (i64, i64) {
    let count = pods.len() as i64;
    let (max, min) = (budget.at("spec.maxUnavailable"), budget.at("spec.minAvailable"));
    if max.is_some() {
        let expected = expected_scale(pods, api);
        (expected, (expected - scaled(max, expected, true)).max(0))
    } else if let Value::Str(_) = min {
        let expected = expected_scale(pods, api);
        (expected, scaled(min, expected, true))
    } else {
        (count, min.int_or(0))
    }
}

/// The sum of the sizes of the workloads that control the pods.
fn expected_scale(pods: &[Object], api: &ApiServer) -> i64 {
    let mut owners = BTreeSet::new();
    for pod in pods {
        let Some(mut key) = controller_key(pod) else { continue };
        if let Some(owner) = api.store.get(&key).and_then(controller_key) {
            key = owner;
        }
        owners.insert(key);
    }
    let size = |key: &Key| api.store.get(key).map_or(0, |o| o.at("spec.replicas").int_or(1));
    owners.iter().map(size).sum()
}
