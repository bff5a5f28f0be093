//! ReplicaSets as revisions of a Deployment: names, hashes, annotations, history.

use super::plan::Bounds;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::ApiServer;
use crate::map;

/// The label that tells the pods of revisions apart.
pub const HASH: &str = "pod-template-hash";
/// The number of a revision.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// The size that the Deployment wanted when the set was last scaled.
pub const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
/// That size plus the surge.
pub const MAX: &str = "deployment.kubernetes.io/max-replicas";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Upstream `maxRevHistoryLengthInChars`.
const HISTORY_LIMIT: usize = 2000;

/// The revision of a set or Deployment; 0 if it has none.
pub fn revision(object: &Object) -> i64 {
    object.annotation(REVISION).and_then(|r| r.parse().ok()).unwrap_or(0)
}

/// The oldest of the sets whose template is the Deployment's, but for the hash.
pub fn find_new<'a>(deployment: &Object, sets: &'a [Object]) -> Option<&'a Object> {
    let wanted = deployment.at("spec.template");
    sets.iter().find(|s| same_template(s.at("spec.template"), wanted))
}

fn same_template(a: &Value, b: &Value) -> bool {
    let plain = |t: &Value| {
        let mut labels = t.at("metadata.labels").clone();
        labels.remove(HASH);
        labels
    };
    let annotations = |t: &Value| t.at("metadata.annotations").entries().count();
    (a["spec"].same(&b["spec"]) || a["spec"] == b["spec"])
        && plain(a) == plain(b)
        && annotations(a) == annotations(b)
        && (annotations(a) == 0 || a.at("metadata.annotations") == b.at("metadata.annotations"))
}

/// A new set for the Deployment's template, with a size of zero.
pub fn new_set(deployment: &Object, hash: &str) -> Object {
    let mut template = deployment.at("spec.template").clone();
    template.slot("metadata.labels").map_mut().insert(HASH, hash);
    let mut selector = deployment.at("spec.selector").clone();
    selector.slot("matchLabels").map_mut().insert(HASH, hash);
    let mut spec = map! { "replicas" => 0, "selector" => selector, "template" => &template };
    let min_ready = deployment.at("spec.minReadySeconds");
    if min_ready.int_or(0) > 0 {
        spec.set("minReadySeconds", min_ready);
    }
    let meta = map! {
        "name" => format!("{}-{hash}", deployment.name()),
        "namespace" => deployment.at("metadata.namespace"),
        "labels" => template.at("metadata.labels"),
        "ownerReferences" => vec![ApiServer::owner_reference(deployment)],
    };
    Object::new(Kind::REPLICA_SET, map! { "metadata" => meta, "spec" => spec })
}

/// Writes the annotations of the new revision into a set: what the Deployment says, and the revision.
/// The revision a set had before goes into its history.
pub fn annotate(set: &mut Object, deployment: &Object, new_revision: i64) {
    let keep = [LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED, MAX, "deprecated.deployment.rollback.to"];
    let old = revision(set);
    let history = set.annotation(REVISION_HISTORY).unwrap_or("").to_string();
    let annotations = set.slot("metadata.annotations").map_mut();
    for (key, value) in deployment.at("metadata.annotations").entries() {
        if !keep.contains(&key.as_str()) {
            annotations.insert(key, value);
        }
    }
    if old >= new_revision {
        return;
    }
    annotations.insert(REVISION, new_revision.to_string());
    if old > 0 {
        let mut list: Vec<&str> = history.split(',').filter(|r| !r.is_empty()).collect();
        let old = old.to_string();
        if !list.contains(&old.as_str()) {
            list.push(&old);
        }
        while list.join(",").len() > HISTORY_LIMIT {
            list.remove(0);
        }
        annotations.insert(REVISION_HISTORY, list.join(","));
    }
}

/// Writes the annotations that remember for what size a set was scaled.
pub fn annotate_size(set: &mut Object, bounds: Bounds) {
    let annotations = set.slot("metadata.annotations").map_mut();
    annotations.insert(DESIRED, Text::from(bounds.replicas.to_string()));
    annotations.insert(MAX, Text::from((bounds.replicas + bounds.max_surge).to_string()));
}
