//! Terminating namespaces: delete everything in them, then let them go.
//!
//! As upstream, a change of a terminating namespace is looked at five seconds later, so that a nearly empty
//! one takes five to ten seconds.

use super::Which;
use super::work::Cx;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{Change, DeleteOptions};
use crate::collections::Order;
use crate::controllers::rules;
use crate::map;
use crate::time::Span;

/// Upstream `namespaceDeletionGracePeriod`.
const GRACE: Span = Span::secs(5);

/// A namespace has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    if change.new.kind == Kind::NAMESPACE && change.new.is_deleting() {
        cx.enqueue_after(Which::Namespace, &change.new.key(), GRACE);
    }
}

/// Deletes what is left in a terminating namespace; finalises it when nothing is.
pub fn sync(namespace: &Object, cx: &mut Cx<'_>) {
    if !namespace.is_deleting() {
        return;
    }
    let key = namespace.key();
    cx.api.rule(rules::NAMESPACE, &key.path(), vec![]);
    let kinds: Vec<Kind> = cx.api.kinds().into_iter().filter(|k| k.info().namespaced).collect();
    for kind in kinds.iter().copied() {
        let objects: Vec<Object> = cx.api.list(kind, Some(namespace.name())).cloned().collect();
        for object in objects.iter().filter(|o| !o.is_deleting()) {
            // Its owner's deletion may have taken it already.
            let _ = cx.api.delete(&object.key(), &DeleteOptions::default());
        }
    }
    let count = |kind: Kind| cx.api.list(kind, Some(namespace.name())).count();
    let left: Vec<(Kind, usize)> = kinds.iter().map(|k| (*k, count(*k))).filter(|(_, n)| *n > 0).collect();
    if left.is_empty() {
        // Whoever else holds a finalizer keeps the namespace.
        let _ = cx.api.modify(&key, |n| {
            n.slot("spec.finalizers").list_mut().retain(|f| f.str() != "kubernetes");
        });
        if cx.api.store.get(&key).is_some_and(|n| n.at("spec.finalizers").is_empty()) {
            let _ = cx.api.delete(&key, &DeleteOptions::default());
        }
        return;
    }
    let mut status = namespace["status"].clone();
    for condition in conditions(namespace, &left, cx) {
        cx.api.set_condition(status.slot("conditions"), condition);
    }
    cx.write_status(Which::Namespace, namespace, status);
    cx.enqueue_after(Which::Namespace, &key, GRACE);
}

fn conditions(namespace: &Object, left: &[(Kind, usize)], cx: &Cx<'_>) -> Vec<Value> {
    let counts = left.iter().map(|(k, n)| format!("{} has {n} resource instances", resource(*k)));
    let counts: Vec<String> = counts.collect();
    let mut finalizers: Vec<(Text, usize)> = Vec::new();
    for (kind, _) in left {
        for object in cx.api.list(*kind, Some(namespace.name())) {
            for f in object.at("metadata.finalizers").items() {
                match finalizers.iter_mut().find(|(name, _)| name.as_str() == f.str()) {
                    Some((_, n)) => *n += 1,
                    None => finalizers.push((f.text(), 1)),
                }
            }
        }
    }
    finalizers.order();
    let held: Vec<String> =
        finalizers.iter().map(|(f, n)| format!("{f} in {n} resource instances")).collect();
    let condition = |kind: &str, status: &str, reason: &str, message: String| {
        map! { "type" => kind, "status" => status, "reason" => reason, "message" => message }
    };
    let remaining = format!("Some resources are remaining: {}", counts.join(", "));
    let finalizing = if held.is_empty() {
        let message = "All content-preserving finalizers finished".to_string();
        condition("NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers", message)
    } else {
        let message = format!("Some content in the namespace has finalizers remaining: {}", held.join(", "));
        condition("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", message)
    };
    vec![
        condition(
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered".to_string(),
        ),
        condition(
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed".to_string(),
        ),
        condition(
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization".to_string(),
        ),
        condition("NamespaceContentRemaining", "True", "SomeResourcesRemain", remaining),
        finalizing,
    ]
}

/// `pods.`, `deployments.apps`: a resource with its group, as upstream prints it.
fn resource(kind: Kind) -> String {
    format!("{}.{}", kind.info().plural, kind.info().group())
}
