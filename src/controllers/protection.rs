//! Protection of storage in use: a claim that is being deleted stays while a pod on a node uses it, a volume
//! while it is bound (pkg/controller/volume/pvcprotection, pvprotection).

use super::Which;
use super::garbage::drop_finalizer;
use super::work::Cx;
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object};
use crate::apiserver::Change;

const CLAIM: &str = "kubernetes.io/pvc-protection";
const VOLUME: &str = "kubernetes.io/pv-protection";

/// A pod that has ended or gone may have been the last to use a claim.
pub fn changed(change: &Change, which: Which, cx: &mut Cx<'_>) {
    let pod = &change.new;
    if pod.kind != Kind::POD || change.kind != WatchKind::Deleted && !ended(pod) {
        return;
    }
    for name in claims_of(pod) {
        cx.enqueue(which, &Key::new(Kind::PERSISTENT_VOLUME_CLAIM, pod.namespace(), name));
    }
}

/// Lets a claim or volume go that is being deleted and no longer used.
pub fn sync(object: &Object, cx: &mut Cx<'_>) {
    if !object.is_deleting() {
        return;
    }
    let (finalizer, used) = if object.kind == Kind::PERSISTENT_VOLUME {
        (VOLUME, object.at("status.phase").str() == "Bound")
    } else {
        let uses = |p: &&Object| {
            p.namespace() == object.namespace()
                && !p.at("spec.nodeName").is_empty()
                && !ended(p)
                && claims_of(p).any(|c| c == object.name())
        };
        (CLAIM, cx.api.list(Kind::POD, Some(object.namespace())).any(|p| uses(&p)))
    };
    if !used && object.at("metadata.finalizers").items().iter().any(|f| f.str() == finalizer) {
        drop_finalizer(object, finalizer, cx);
    }
}

fn ended(pod: &Object) -> bool {
    matches!(pod.at("status.phase").str(), "Succeeded" | "Failed")
}

/// The claims that a pod names, also those made for it alone.
pub fn claims_of(pod: &Object) -> impl Iterator<Item = String> + '_ {
    pod.at("spec.volumes").items().iter().filter_map(|v| {
        match v.at("persistentVolumeClaim.claimName").str() {
            "" if v["ephemeral"].is_some() => Some(format!("{}-{}", pod.name(), v["name"].str())),
            "" => None,
            name => Some(name.to_owned()),
        }
    })
}
