//! Claims for the ephemeral volumes of pods: made from the template in the pod, owned by it, so that they go with
//! it.

use super::Which;
use super::work::Cx;
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{ApiServer, Change};
use crate::{list, map};

/// A pod with such volumes is new, or a claim of one has gone.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    let pod = match object.kind {
        Kind::POD if change.kind == WatchKind::Added && has_any(object) => object.key(),
        Kind::PERSISTENT_VOLUME_CLAIM if change.kind == WatchKind::Deleted => {
            let owner = object.controller();
            if owner["kind"].str() != "Pod" {
                return;
            }
            Key::new(Kind::POD, object.at("metadata.namespace").text(), owner["name"].text())
        }
        _ => return,
    };
    cx.enqueue(Which::Ephemeral, &pod);
}

fn has_any(pod: &Object) -> bool {
    pod.at("spec.volumes").items().iter().any(|v| v["ephemeral"].is_some())
}

/// Makes the claims that are missing.
pub fn sync(pod: &Object, cx: &mut Cx<'_>) {
    if pod.is_deleting() {
        return;
    }
    for volume in pod.at("spec.volumes").items().iter().filter(|v| v["ephemeral"].is_some()) {
        if let Err(why) = make(pod, volume, cx) {
            let message = format!("ephemeral volume {}: {why}", volume["name"].str());
            cx.event(Which::Ephemeral, pod, "Warning", "FailedBinding", &message);
            cx.retry(Which::Ephemeral, &pod.key());
        }
    }
}

fn make(pod: &Object, volume: &Value, cx: &mut Cx<'_>) -> Result<(), String> {
    let name = Text::from(format!("{}-{}", pod.name(), volume["name"].str()));
    if let Some(claim) = cx.api.get(Kind::PERSISTENT_VOLUME_CLAIM, pod.namespace(), &name) {
        return match claim.controller()["uid"].str() == pod.uid() {
            true => Ok(()),
            false => Err(format!(
                "PVC {0}/{name} was not created for pod {0}/{1} (pod is not owner)",
                pod.namespace(),
                pod.name()
            )),
        };
    }
    let template = volume.at("ephemeral.volumeClaimTemplate");
    let owner = ApiServer::owner_reference(pod);
    let mut metadata =
        map! { "name" => &name, "namespace" => pod.namespace(), "ownerReferences" => list![owner] };
    for field in ["labels", "annotations"] {
        if !template["metadata"][field].is_empty() {
            metadata.set(field, &template["metadata"][field]);
        }
    }
    let tree = map! { "metadata" => metadata, "spec" => &template["spec"] };
    let made = cx.api.create(Object::new(Kind::PERSISTENT_VOLUME_CLAIM, tree));
    made.map(|_| ()).map_err(|status| format!("create PVC {name}: {}", status.message))
}
