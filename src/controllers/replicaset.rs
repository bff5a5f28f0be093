//! ReplicaSets and ReplicationControllers: as many pods as are wanted.

use super::work::Cx;
use super::{Which, controller_key, pods, rules};
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::Change;
use crate::collections::BTreeMap;
use crate::map;
use crate::time::Span;

/// Upstream `BurstReplicas`: most pods that one synchronisation creates or deletes.
const BURST_REPLICAS: usize = 500;

/// The condition of a set that cannot have its pods.
const FAILURE: &str = "ReplicaFailure";

fn which(kind: Kind) -> Option<Which> {
    match kind {
        Kind::REPLICA_SET => Some(Which::ReplicaSet),
        Kind::REPLICATION_CONTROLLER => Some(Which::ReplicationController),
        _ => None,
    }
}

/// A set has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    if let Some(which) = which(change.new.kind)
        && change.kind != WatchKind::Deleted
    {
        cx.enqueue(which, &change.new.key());
    }
}

/// A pod has changed: its set looks again; an orphan is offered to all sets of its namespace.
pub fn pod_changed(change: &Change, cx: &mut Cx<'_>) {
    let pod = &change.new;
    let before = change.old.as_ref().and_then(controller_key);
    let now = controller_key(pod);
    for key in [&before, &now].into_iter().flatten() {
        if let Some(which) = which(key.kind) {
            cx.enqueue(which, key);
        }
    }
    let labels_changed =
        change.old.as_ref().is_none_or(|o| o.at("metadata.labels") != pod.at("metadata.labels"));
    if now.is_none() && (labels_changed || before.is_some()) && change.kind != WatchKind::Deleted {
        for kind in [Kind::REPLICA_SET, Kind::REPLICATION_CONTROLLER] {
            let sets = cx.api.list(kind, Some(pod.namespace()));
            let matching =
                sets.filter(|s| crate::api::selector::matches(&selector(s), pod.at("metadata.labels")));
            let keys: Vec<Key> = matching.map(Object::key).collect();
            for key in keys {
                cx.enqueue(which(kind).expect("one of the two"), &key);
            }
        }
    }
}

/// The selector of a set as a `LabelSelector`.
fn selector(set: &Object) -> Value {
    if set.kind == Kind::REPLICATION_CONTROLLER {
        map! { "matchLabels" => set.at("spec.selector") }
    } else {
        set.at("spec.selector").clone()
    }
}

/// Creates or deletes pods until there are as many as wanted, then writes the status.
pub fn sync(which: Which, set: &Object, cx: &mut Cx<'_>) {
    let key = set.key();
    if cx.put_off(which, &key) {
        return;
    }
    let all = cx.claim(set, Kind::POD, &selector(set));
    let active: Vec<Object> = all.iter().filter(|p| pods::is_active(p)).cloned().collect();
    let wanted = usize::try_from(set.at("spec.replicas").int_or(1)).unwrap_or(0);
    write_status(which, set, &all, &active, wanted, cx);
    if set.is_deleting() || active.len() == wanted {
        return;
    }
    let values = vec![("want", number(wanted)), ("have", number(active.len()))];
    cx.api.rule(rules::REPLICAS, &key.path(), values);
    if active.len() < wanted {
        let n = (wanted - active.len()).min(BURST_REPLICAS);
        let pod = pods::from_template(set.at("spec.template"), set);
        cx.create_slowly(which, &key, vec![pod; n]);
    } else {
        let n = (active.len() - wanted).min(BURST_REPLICAS);
        let crowd = crowd(set, &active, cx);
        let mut ranked = active;
        pods::rank_for_deletion(&mut ranked, &crowd, cx.api);
        ranked.truncate(n);
        cx.delete_all(which, &key, &ranked);
    }
}

/// A pod could not be created: the set says so until it has as many as it wants.
pub fn refused(which: Which, key: &Key, message: &Text, cx: &mut Cx<'_>) {
    let Some(set) = cx.api.store.get(key).filter(|_| self::which(key.kind) == Some(which)).cloned() else {
        return;
    };
    if set.condition(FAILURE).is_some() {
        return;
    }
    let failure = map! {
        "type" => FAILURE, "status" => "True", "reason" => "FailedCreate", "message" => message,
        "lastTransitionTime" => cx.api.timestamp(),
    };
    let mut status = set["status"].clone();
    status.slot("conditions").list_mut().push(failure);
    cx.write_status(which, &set, status);
}

fn number(n: usize) -> Text {
    Text::from(n.to_string())
}

/// How many active pods of all sets with the same owner are on each node.
fn crowd(set: &Object, own: &[Object], cx: &Cx<'_>) -> BTreeMap<Text, i64> {
    let mut crowd = BTreeMap::new();
    let mut count = |pod: &Object| {
        if pods::is_active(pod) {
            *crowd.entry(pod.at("spec.nodeName").text()).or_insert(0) += 1;
        }
    };
    let owner = set.controller()["uid"].str();
    if owner.is_empty() {
        own.iter().for_each(count);
    } else {
        for sibling in cx.api.owned_by(owner).filter(|s| s.kind == set.kind) {
            cx.api.owned_by(sibling.uid()).filter(|p| p.kind == Kind::POD).for_each(&mut count);
        }
    }
    crowd
}

fn write_status(
    which: Which,
    set: &Object,
    all: &[Object],
    active: &[Object],
    wanted: usize,
    cx: &mut Cx<'_>,
) {
    let min_ready = set.at("spec.minReadySeconds").int_or(0);
    let template = set.at("spec.template.metadata.labels");
    let labeled = active.iter().filter(|p| crate::api::selector::subset(template, p.at("metadata.labels")));
    let mut available = 0;
    let mut wait: Option<Span> = None;
    for pod in active {
        match pods::availability(pod, min_ready, cx.api) {
            Ok(()) => available += 1,
            Err(Some(left)) => wait = Some(wait.map_or(left, |w| w.min(left))),
            Err(None) => {}
        }
    }
    let mut status = map! {
        "replicas" => active.len(), "observedGeneration" => set.at("metadata.generation"),
    };
    for (field, n) in [
        ("fullyLabeledReplicas", labeled.count()),
        ("readyReplicas", active.iter().filter(|p| pods::is_ready(p)).count()),
        ("availableReplicas", available),
    ] {
        if n > 0 {
            status.set(field, n);
        }
    }
    if which == Which::ReplicaSet {
        let terminating = all.iter().filter(|p| p.is_deleting() && !pods::is_terminal(p)).count();
        status.set("terminatingReplicas", terminating);
    }
    let mut conditions = set.at("status.conditions").clone();
    if active.len() == wanted && !conditions.is_empty() {
        conditions.list_mut().retain(|c| c["type"].str() != FAILURE);
    }
    if !conditions.is_empty() {
        status.set("conditions", conditions);
    }
    cx.write_status(which, set, status);
    if let Some(wait) = wait {
        cx.enqueue_after(which, &set.key(), wait);
    }
}
