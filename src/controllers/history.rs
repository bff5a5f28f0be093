//! ControllerRevisions: the templates that a DaemonSet or StatefulSet has had.

use super::hash::{self, safe_encode};
use super::work::Cx;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{ApiServer, DeleteOptions};
use crate::collections::Order;
use crate::map;

/// The label with the hash of a revision.
pub const REVISION_HASH: &str = "controller-revision-hash";

/// The revisions of a set after its present template was recorded.
pub struct Revisions {
    /// The one of the present template.
    pub current: Object,
    /// All, oldest first.
    pub all: Vec<Object>,
}

/// Records the present template of a set as its newest revision, unless it is that already. A template that
/// comes back gets the newest number.
pub fn record(set: &Object, cx: &mut Cx<'_>) -> Option<Revisions> {
    let mut all = cx.owned(set, Kind::CONTROLLER_REVISION);
    all.order_by_key(number);
    let template = set.at("spec.template").clone().with("$patch", "replace");
    let data = map! { "spec" => map! { "template" => template } };
    let next = all.last().map_or(1, |r| number(r) + 1);
    let found = all.iter().position(|r| r["data"] == data);
    if let Some(i) = found {
        if i + 1 < all.len() {
            let renewed = cx.api.modify(&all[i].key(), |r| r.set("revision", next)).ok()?;
            all.remove(i);
            all.push(renewed);
        }
    } else {
        all.push(create(set, data, next, cx)?);
    }
    Some(Revisions { current: all.last()?.clone(), all })
}

fn create(set: &Object, data: Value, revision: i64, cx: &mut Cx<'_>) -> Option<Object> {
    let collisions = set.at("status.collisionCount").int_or(0);
    let hash = match set.kind {
        Kind::DAEMON_SET => hash::template(set.at("spec.template"), collisions),
        _ => hash::revision(&data, collisions),
    };
    let mut labels = set.at("spec.template.metadata.labels").clone();
    labels.map_mut().insert(REVISION_HASH, &hash);
    let mut meta = map! {
        "name" => format!("{}-{hash}", set.name()), "namespace" => set.at("metadata.namespace"),
        "labels" => labels, "ownerReferences" => vec![ApiServer::owner_reference(set)],
    };
    let annotations = set.at("metadata.annotations");
    if annotations.is_some() {
        meta.set("annotations", annotations);
    }
    let tree = map! { "metadata" => meta, "data" => data, "revision" => revision };
    cx.api.create(Object::new(Kind::CONTROLLER_REVISION, tree)).ok()
}

fn number(revision: &Object) -> i64 {
    revision["revision"].int_or(0)
}

/// The hash of a revision, as pods bear it.
pub fn hash_of(revision: &Object) -> Text {
    let label = revision.label(REVISION_HASH).unwrap_or("");
    if label.is_empty() { Text::from(safe_encode(revision.name())) } else { Text::from(label) }
}

/// Deletes the oldest revisions beyond the limit that no pod uses.
pub fn truncate(set: &Object, revisions: &Revisions, used: &dyn Fn(&str) -> bool, cx: &mut Cx<'_>) {
    let limit = usize::try_from(set.at("spec.revisionHistoryLimit").int_or(10)).unwrap_or(0);
    let idle = |r: &&Object| r.name() != revisions.current.name() && !used(&hash_of(r));
    let old: Vec<&Object> = revisions.all.iter().filter(idle).collect();
    for revision in old.iter().take(old.len().saturating_sub(limit)) {
        // It may have gone with its set.
        let _ = cx.api.delete(&revision.key(), &DeleteOptions::default());
    }
}
