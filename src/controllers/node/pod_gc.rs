//! The pod garbage collector: pods whose node does not exist, and pods that are going on a node that failed and that
//! somebody has declared out of service.

use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Value};
use crate::apiserver::{Change, DeleteOptions};
use crate::collections::BTreeMap;
use crate::controllers::work::Cx;
use crate::controllers::{Timer, pods, rules};
use crate::map;
use crate::time::{Span, Time};

/// Upstream `gcCheckPeriod`.
const PERIOD: Span = Span::secs(20);
/// Upstream `quarantineTime`: how long a node must have been missing.
const QUARANTINE: Span = Span::secs(40);

/// The taint by which people say that a node that failed will not come back.
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// Pods whose node was missing when last looked at, and when that was first seen by a round.
#[derive(Clone, Debug, Default)]
pub struct Strays {
    pods: BTreeMap<Key, Option<Time>>,
    armed: bool,
}

/// A pod or a node has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    match (object.kind, change.kind) {
        (Kind::POD, WatchKind::Deleted) => {
            cx.work.strays.pods.remove(&object.key());
        }
        (Kind::POD, _) => {
            let node = object.at("spec.nodeName").str();
            let stray = match cx.api.get(Kind::NODE, "", node) {
                None => !node.is_empty() && change.old.is_none(),
                Some(node) => object.is_deleting() && is_abandoned(node),
            };
            if stray {
                note(object.key(), cx);
            }
        }
        (Kind::NODE, _) if change.kind != WatchKind::Deleted && is_abandoned(object) => {
            let going = cx.api.pods_on(object.name()).filter(|p| p.is_deleting());
            let keys: Vec<Key> = going.map(Object::key).collect();
            for key in keys {
                note(key, cx);
            }
        }
        (Kind::NODE, WatchKind::Deleted) => {
            let keys: Vec<Key> = cx.api.pods_on(object.name()).map(Object::key).collect();
            for key in keys {
                note(key, cx);
            }
        }
        _ => {}
    }
}

fn is_abandoned(node: &Object) -> bool {
    let taints = node.at("spec.taints").items().iter();
    !node.condition_true("Ready") && taints.filter(|t| t["key"].str() == OUT_OF_SERVICE).count() > 0
}

fn note(key: Key, cx: &mut Cx<'_>) {
    cx.work.strays.pods.entry(key).or_insert(None);
    if !cx.work.strays.armed {
        cx.work.strays.armed = true;
        let next = Time((cx.api.now.0 / PERIOD.0 + 1) * PERIOD.0);
        cx.timers.set(next, cx.api.cause, Timer::CollectPods);
    }
}

/// One round: notes the time for new strays, deletes those whose node stayed away.
pub fn collect(cx: &mut Cx<'_>) {
    let strays = std::mem::take(&mut cx.work.strays);
    for (key, since) in strays.pods {
        let Some(pod) = cx.api.store.get(&key).cloned() else { continue };
        if let Some(node) = cx.api.get(Kind::NODE, "", pod.at("spec.nodeName").str()) {
            if pod.is_deleting() && is_abandoned(node) {
                remove(&pod, false, cx);
            }
            continue;
        }
        match since {
            Some(at) if at + QUARANTINE <= cx.api.now => remove(&pod, true, cx),
            since => {
                cx.work.strays.pods.insert(key, since.or(Some(cx.api.now)));
            }
        }
    }
    if !cx.work.strays.pods.is_empty() {
        cx.work.strays.armed = true;
        cx.timers.set(cx.api.now + PERIOD, cx.api.cause, Timer::CollectPods);
    }
}

/// Deletes a pod at once; `disrupted` if the cause is that its node has gone.
fn remove(pod: &Object, disrupted: bool, cx: &mut Cx<'_>) {
    let key = pod.key();
    cx.api.rule(rules::POD_GC, &key.path(), vec![("node", pod.at("spec.nodeName").text())]);
    if !pods::is_terminal(pod) {
        let condition = map! {
            "type" => "DisruptionTarget", "status" => "True", "reason" => "DeletionByPodGC",
            "message" => "PodGC: node no longer exists", "lastProbeTime" => Value::Null,
            "observedGeneration" => pod.at("metadata.generation"),
        };
        let mut status = pod["status"].clone();
        status.set("phase", "Failed");
        if disrupted {
            cx.api.set_condition(status.slot("conditions"), condition);
        }
        // It may have been deleted by hand.
        let _ = cx.api.update_status(&key, status);
    }
    let now = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
    let _ = cx.api.delete(&key, &now);
}
