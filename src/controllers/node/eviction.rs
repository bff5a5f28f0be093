//! The taint manager: pods that do not tolerate a `NoExecute` taint of their node go, at once or after their
//! `tolerationSeconds`.

use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{Change, DeleteOptions};
use crate::controllers::work::Cx;
use crate::controllers::{Which, rules};
use crate::map;
use crate::time::{Span, Time};

const WHICH: Which = Which::TaintEviction;

/// A node's taints or a pod's place have changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    if change.kind == WatchKind::Deleted {
        cx.work.tainted.remove(&object.key());
        return;
    }
    match object.kind {
        Kind::NODE => {
            let before = change.old.as_ref().map(|o| o.at("spec.taints").clone()).unwrap_or_default();
            if before != *object.at("spec.taints")
                && (has_no_execute(&before) || has_no_execute(object.at("spec.taints")))
            {
                let pods: Vec<Key> = cx.api.pods_on(object.name()).map(Object::key).collect();
                for key in pods {
                    cx.enqueue(WHICH, &key);
                }
            }
        }
        Kind::POD => {
            let placed = |o: &Object| (o.at("spec.nodeName").clone(), o.at("spec.tolerations").clone());
            if change.old.as_ref().is_none_or(|o| placed(o) != placed(object)) {
                let node = cx.api.get(Kind::NODE, "", object.at("spec.nodeName").str());
                if node.is_some_and(|n| has_no_execute(n.at("spec.taints"))) {
                    cx.enqueue(WHICH, &object.key());
                }
            }
        }
        _ => {}
    }
}

fn has_no_execute(taints: &Value) -> bool {
    taints.items().iter().any(|t| t["effect"].str() == "NoExecute")
}

/// Evicts a pod if its time on its node is up.
pub fn sync(pod: &Object, cx: &mut Cx<'_>) {
    let Some(node) = cx.api.get(Kind::NODE, "", pod.at("spec.nodeName").str()) else { return };
    if pod.is_deleting() {
        return;
    }
    let key = pod.key();
    let since = cx.work.tainted.get(&key).copied().unwrap_or(cx.api.now);
    let due = match due(pod, node, since, cx) {
        Due::Never => {
            cx.work.tainted.remove(&key);
            return;
        }
        Due::At(at) => at,
    };
    cx.work.tainted.insert(key.clone(), since);
    if due > cx.api.now {
        let wait = due.since(cx.api.now);
        return cx.enqueue_after(WHICH, &key, wait);
    }
    let name = Text::from(node.name());
    cx.api.rule(rules::TAINT_EVICTION, &key.path(), vec![("node", name)]);
    let message = format!("Marking for deletion Pod {}/{}", pod.namespace(), pod.name());
    // The taint manager's reference to the pod has no uid, so that describe does not show the event.
    let mut about = pod.clone();
    about.remove("metadata.uid");
    about.remove("metadata.resourceVersion");
    cx.event(WHICH, &about, "Normal", "TaintManagerEviction", &message);
    let condition = map! {
        "type" => "DisruptionTarget", "status" => "True", "reason" => "DeletionByTaintManager",
        "message" => "Taint manager: deleting due to NoExecute taint",
        "observedGeneration" => pod.at("metadata.generation"), "lastProbeTime" => Value::Null,
    };
    let mut status = pod["status"].clone();
    cx.api.set_condition(status.slot("conditions"), condition);
    cx.write_status(WHICH, pod, status);
    // It may have gone in the meantime.
    let _ = cx.api.delete(&key, &DeleteOptions::default());
}

enum Due {
    Never,
    At(Time),
}

/// When the pod must go: at once if a taint is not tolerated, else when the shortest toleration, counted from
/// when the taint was first noticed for this pod, ends.
fn due(pod: &Object, node: &Object, since: Time, cx: &Cx<'_>) -> Due {
    let mut earliest: Option<Time> = None;
    let taints = node.at("spec.taints").items().iter();
    for taint in taints.filter(|t| t["effect"].str() == "NoExecute") {
        let mut tolerating =
            pod.at("spec.tolerations").items().iter().filter(|t| tolerates(t, taint)).peekable();
        if tolerating.peek().is_none() {
            return Due::At(cx.api.now);
        }
        // The shortest of the tolerations that are bounded counts.
        let shortest = tolerating.filter_map(|t| t["tolerationSeconds"].as_int()).min();
        if let Some(seconds) = shortest {
            let at = since + Span::secs(u64::try_from(seconds).unwrap_or(0));
            earliest = Some(earliest.map_or(at, |e| e.min(at)));
        }
    }
    earliest.map_or(Due::Never, Due::At)
}

/// Whether a toleration tolerates a `NoExecute` taint.
pub fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let empty_or = |field: &str, wanted: &str| {
        let value = toleration[field].str();
        value.is_empty() || value == wanted
    };
    empty_or("effect", taint["effect"].str())
        && empty_or("key", taint["key"].str())
        && (toleration["operator"].str() == "Exists" || toleration["value"].str() == taint["value"].str())
}
