//! What becomes of the claims of a StatefulSet's pods (`persistentVolumeClaimRetentionPolicy`): they are owned by the
//! set, by their pod, or by nobody, and the garbage collector does the rest.

use super::claims;
use crate::api::{Object, Value};
use crate::apiserver::ApiServer;
use crate::controllers::work::Cx;

fn deletes(set: &Object, when: &str) -> bool {
    set.at("spec.persistentVolumeClaimRetentionPolicy")[when].str() == "Delete"
}

/// Brings the owners of the pods' claims to what the policy says; `staying` tells whether the set wants the pods.
pub fn keep(set: &Object, pods: &[&Object], staying: bool, cx: &mut Cx<'_>) {
    if set.at("spec.volumeClaimTemplates").is_empty() {
        return;
    }
    let scaled = deletes(set, "whenScaled");
    let by_pod = scaled && !staying;
    let by_set = deletes(set, "whenDeleted") && !by_pod;
    for pod in pods {
        for claim in claims(set, pod.name()) {
            let Some(there) = cx.api.store.get(&claim.key()) else { continue };
            let owners = there.at("metadata.ownerReferences").items();
            let owned = |o: &Object| owners.iter().any(|r| r["uid"].str() == o.uid());
            if owned(set) == by_set && owned(pod) == by_pod {
                continue;
            }
            // It may have gone in the meantime.
            let _ = cx.api.modify(&claim.key(), |c| {
                let list = c.slot("metadata.ownerReferences").list_mut();
                put(list, set, by_set);
                put(list, pod, by_pod);
                if c.at("metadata.ownerReferences").is_empty() {
                    c.remove("metadata.ownerReferences");
                }
            });
        }
    }
}

fn put(owners: &mut Vec<Value>, owner: &Object, wanted: bool) {
    owners.retain(|r| r["uid"].str() != owner.uid());
    if wanted {
        owners.push(ApiServer::owner_reference(owner));
    }
}

/// Whether a pod's claim still goes with a pod of the same name that is gone: then it is waited for.
pub fn is_stale(set: &Object, pod: &str, cx: &Cx<'_>) -> bool {
    let is_former = |r: &Value| r["kind"].str() == "Pod" && r["name"].str() == pod;
    deletes(set, "whenScaled")
        && claims(set, pod).iter().any(|claim| {
            let there = cx.api.store.get(&claim.key());
            there.is_some_and(|c| c.at("metadata.ownerReferences").items().iter().any(is_former))
        })
}
