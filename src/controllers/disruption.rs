//! PodDisruptionBudgets: how many pods may be evicted now. The API server checks evictions against it.

use super::work::Cx;
use super::{Which, controller_key, pods};
use crate::api::object::Key;
use crate::api::{Kind, Object, Text, Value, selector};
use crate::apiserver::{ApiServer, Change};
use crate::collections::BTreeMap;
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
            let matching = |pod: &Object, cx: &Cx<'_>| -> Vec<Key> {
                let budgets = cx.api.list(Kind::PDB, Some(pod.namespace()));
                budgets.filter(|b| covers(b, pod)).map(Object::key).collect()
            };
            let mut keys = matching(&change.new, cx);
            if keys.len() > 1 {
                let pod = &change.new;
                let message = format!(
                    "Pod {:?}/{:?} matches multiple PodDisruptionBudgets.  Chose {:?} arbitrarily.",
                    pod.namespace(),
                    pod.name(),
                    keys[0].name.as_str()
                );
                cx.api.actor = Text::lit(WHICH.component());
                cx.event(WHICH, pod, "Warning", "MultiplePodDisruptionBudgets", &message);
            }
            if let Some(old) = &change.old {
                keys.extend(matching(old, cx));
            }
            for key in keys {
                cx.enqueue(WHICH, &key);
            }
            if let Some(wait) = stale(&change.new, cx.api) {
                cx.enqueue_after(WHICH, &change.new.key(), wait);
            }
        }
        _ => {}
    }
}

fn covers(budget: &Object, pod: &Object) -> bool {
    selector::matches(budget.at("spec.selector"), pod.at("metadata.labels"))
}

/// How long until a pod that was to be disrupted and was not says so no longer.
fn stale(pod: &Object, api: &ApiServer) -> Option<Span> {
    let target = pod.condition("DisruptionTarget");
    let meant = target["status"].str() == "True" && target["reason"].str() != "TerminationByKubelet";
    if !meant || pod.is_deleting() || pods::is_terminal(pod) {
        return None;
    }
    Some((pods::time(&target["lastTransitionTime"], api) + DISRUPTED_FOR).since(api.now))
}

/// Writes the status of a budget, or takes back what a pod says of a disruption that did not come.
pub fn sync(object: &Object, cx: &mut Cx<'_>) {
    if object.kind == Kind::PDB {
        return sync_budget(object, cx);
    }
    match stale(object, cx.api) {
        Some(left) if left > Span::ZERO => cx.enqueue_after(WHICH, &object.key(), left),
        Some(_) => {
            let mut status = object["status"].clone();
            let undone =
                map! { "type" => "DisruptionTarget", "status" => "False", "lastProbeTime" => Value::Null };
            cx.api.set_condition(status.slot("conditions"), undone);
            cx.write_status(WHICH, object, status);
        }
        None => {}
    }
}

fn sync_budget(budget: &Object, cx: &mut Cx<'_>) {
    let all = cx.api.list(Kind::POD, Some(budget.namespace()));
    let pods: Vec<Object> = all.filter(|p| covers(budget, p)).cloned().collect();
    if pods.is_empty() {
        cx.event(WHICH, budget, "Normal", "NoPods", "No matching pods found");
    }
    let Count { expected, desired, unmanaged } = match expected(budget, &pods, cx.api) {
        Ok(count) => count,
        Err(why) => {
            let message = format!("Failed to calculate the number of expected pods: {why}");
            cx.event(WHICH, budget, "Warning", "CalculateExpectedPodCountFailed", &message);
            return give_up(budget, &why, cx);
        }
    };
    if unmanaged {
        let message = format!(
            "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the \
             status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for \
             these pods please set \".spec.minAvailable\" field of the PDB to an integer value.",
            selector::go_string(budget.at("spec.selector"))
        );
        cx.event(WHICH, budget, "Warning", "UnmanagedPods", &message);
    }
    let disrupted = still_disrupted(budget, &pods, cx);
    let healthy = |p: &&Object| pods::is_ready(p) && !p.is_deleting() && disrupted.get(p.name()).is_null();
    let healthy = pods.iter().filter(healthy).count() as i64;
    let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
    let mut status = map! {
        "currentHealthy" => healthy, "desiredHealthy" => desired, "expectedPods" => expected,
        "disruptionsAllowed" => allowed, "observedGeneration" => budget.at("metadata.generation"),
        "conditions" => budget.at("status.conditions"),
    };
    if !disrupted.is_empty() {
        status.set("disruptedPods", disrupted);
    }
    let (value, reason) =
        if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let generation = budget.at("metadata.generation");
    conclude(budget, status, (value, reason, ""), generation, cx);
}

/// The status with its condition.
fn conclude(
    budget: &Object,
    mut status: Value,
    (value, reason, message): (&str, &str, &str),
    generation: &Value,
    cx: &mut Cx<'_>,
) {
    let condition = map! {
        "type" => "DisruptionAllowed", "status" => value, "reason" => reason, "message" => message,
        "observedGeneration" => generation,
    };
    cx.api.set_condition(status.slot("conditions"), condition);
    cx.write_status(WHICH, budget, status);
}

/// Nobody may be evicted as long as nobody knows how many pods there should be.
fn give_up(budget: &Object, why: &str, cx: &mut Cx<'_>) {
    let mut status = budget["status"].clone();
    status.set("disruptionsAllowed", 0);
    let seen = budget.at("status.observedGeneration");
    conclude(budget, status, ("False", "SyncFailed", why), seen, cx);
}

/// The pods whose eviction was allowed and that are not going yet; who is not gone in time counts again.
fn still_disrupted(budget: &Object, pods: &[Object], cx: &mut Cx<'_>) -> Value {
    let mut left = Value::map();
    for (name, at) in budget.at("status.disruptedPods").entries() {
        let pod = pods.iter().find(|p| p.name() == name.as_str() && !p.is_deleting());
        let Some(pod) = pod else { continue };
        let until = pods::time(at, cx.api) + DISRUPTED_FOR;
        if until < cx.api.now {
            // Upstream names the namespace twice.
            let namespace = budget.namespace();
            let message =
                format!("Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't");
            cx.event(WHICH, pod, "Warning", "NotDeleted", &message);
        } else {
            let wait = until.since(cx.api.now) + Span::millis(1);
            cx.enqueue_after(WHICH, &budget.key(), wait);
            left.map_mut().insert(name.clone(), at);
        }
    }
    left
}

/// What a budget asks for.
struct Count {
    /// How many pods there should be.
    expected: i64,
    /// How many of them must be healthy.
    desired: i64,
    /// Whether pods without a controller made that impossible to say.
    unmanaged: bool,
}

fn expected(budget: &Object, pods: &[Object], api: &ApiServer) -> Result<Count, String> {
    let (max, min) = (budget.at("spec.maxUnavailable"), budget.at("spec.minAvailable"));
    let by_percent = matches!(min, Value::Str(_));
    if max.is_null() && !by_percent {
        let expected = if min.is_some() { pods.len() as i64 } else { 0 };
        return Ok(Count { expected, desired: min.int_or(0), unmanaged: false });
    }
    let (expected, unmanaged) = expected_scale(pods, api)?;
    let desired = if max.is_some() {
        (expected - scaled(max, expected, true)).max(0)
    } else {
        scaled(min, expected, true)
    };
    Ok(Count { expected, desired, unmanaged })
}

/// The sum of the sizes of the workloads that control the pods, and whether there are pods without one.
fn expected_scale(pods: &[Object], api: &ApiServer) -> Result<(i64, bool), String> {
    let mut sizes: BTreeMap<Key, i64> = BTreeMap::new();
    let mut unmanaged = false;
    for pod in pods {
        let Some(mut key) = controller_key(pod) else {
            unmanaged = true;
            continue;
        };
        let mut owner = api.store.get(&key).filter(|o| o.uid() == pod.controller()["uid"].str());
        let deployment = owner.and_then(controller_key).filter(|k| k.kind == Kind::DEPLOYMENT);
        if let Some(above) = deployment {
            owner = api.store.get(&above);
            key = above;
        }
        let has_scale = matches!(
            key.kind,
            Kind::DEPLOYMENT | Kind::REPLICA_SET | Kind::STATEFUL_SET | Kind::REPLICATION_CONTROLLER
        ) || key.kind.is_custom();
        if !has_scale {
            return Err(format!("{} does not implement the scale subresource", key.kind.info().qualified()));
        }
        let Some(owner) = owner else {
            return Err(format!("found no controllers for pod {:?}", pod.name()));
        };
        sizes.insert(key, owner.at("spec.replicas").int_or(1));
    }
    Ok((sizes.iter().map(|(_, n)| *n).sum(), unmanaged))
}
