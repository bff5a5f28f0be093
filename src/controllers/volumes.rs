//! The binder of claims and volumes.
//!
//! A claim takes the smallest volume that suits it; where none does, the
//! provisioner of its class is asked for one.
//! Claims of a class with `WaitForFirstConsumer` wait until the scheduler has picked a node. A released
//! volume is deleted or kept as its reclaim policy says. Left out: resizing, snapshots.

use super::work::Cx;
use super::{Timer, Which, protection, rules};
use crate::api::object::Key;
use crate::api::quantity::Quantity;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, selector};
use crate::apiserver::{Change, DeleteOptions};
use crate::map;
use crate::time::{Span, Time};

const WHICH: Which = Which::Volume;
/// kube-controller-manager `--pvclaimbinder-sync-period`.
const RESYNC: Span = Span::secs(15);
pub(super) const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

/// A claim, a volume or a class has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    match object.kind {
        Kind::PERSISTENT_VOLUME_CLAIM if change.kind == WatchKind::Deleted => {
            let volume = object.at("spec.volumeName").text();
            if !volume.is_empty() {
                cx.enqueue(WHICH, &Key::new(Kind::PERSISTENT_VOLUME, "", volume));
            }
        }
        Kind::PERSISTENT_VOLUME_CLAIM => {
            cx.enqueue(WHICH, &object.key());
            resync_later(cx);
        }
        Kind::POD => protection::changed(change, WHICH, cx),
        Kind::PERSISTENT_VOLUME if change.kind != WatchKind::Deleted => cx.enqueue(WHICH, &object.key()),
        _ => {}
    }
}

/// Claims look for a volume when they change and at each resync: a new volume or class wakes none of them.
fn resync_later(cx: &mut Cx<'_>) {
    if !cx.work.resync_claims {
        cx.work.resync_claims = true;
        let period = RESYNC.0;
        let next = Time((cx.api.now.0 / period + 1) * period);
        cx.timers.set(next, cx.api.cause, Timer::ResyncClaims);
    }
}

/// Looks at all claims that wait for a volume.
pub fn resync(cx: &mut Cx<'_>) {
    cx.work.resync_claims = false;
    let waiting = |c: &&Object| c.at("status.phase").str() != "Bound" && !c.is_deleting();
    let claims = cx.api.list(Kind::PERSISTENT_VOLUME_CLAIM, None);
    let keys: Vec<Key> = claims.filter(waiting).map(Object::key).collect();
    if keys.is_empty() {
        return;
    }
    for key in keys {
        cx.enqueue(WHICH, &key);
    }
    resync_later(cx);
}

/// Looks after a claim or a volume.
pub fn sync(object: &Object, cx: &mut Cx<'_>) {
    if object.kind == Kind::PERSISTENT_VOLUME {
        sync_volume(object, cx)
    } else {
        sync_claim(object, cx)
    }
    let now = cx.api.get(object.kind, object.namespace(), object.name()).cloned();
    if let Some(now) = now {
        protection::sync(&now, cx);
    }
}

fn sync_volume(volume: &Object, cx: &mut Cx<'_>) {
    let reference = volume.at("spec.claimRef");
    let claim =
        cx.api.get(Kind::PERSISTENT_VOLUME_CLAIM, reference["namespace"].str(), reference["name"].str());
    let uid = reference["uid"].str();
    let claim = claim.filter(|c| uid.is_empty() || c.uid() == uid).cloned();
    let phase = match (reference.is_some(), &claim) {
        (false, _) => "Available",
        (true, Some(c)) if c.at("spec.volumeName").str() == volume.name() => "Bound",
        (true, None) if !uid.is_empty() => "Released",
        (true, Some(_)) => {
            let key = claim.map(|c| c.key());
            if let Some(key) = key {
                cx.enqueue(WHICH, &key);
            }
            return;
        }
        (true, None) => "Available",
    };
    if phase == "Released" && volume.at("spec.persistentVolumeReclaimPolicy").str() == "Delete" {
        cx.api.rule(rules::VOLUME, &volume.key().path(), vec![("reclaim", Text::lit("Delete"))]);
        // It may have been deleted by hand already.
        let _ = cx.api.delete(&volume.key(), &DeleteOptions::default());
        return;
    }
    set_phase(volume, phase, cx);
}

fn set_phase(volume: &Object, phase: &'static str, cx: &mut Cx<'_>) {
    if volume.at("status.phase").str() == phase {
        return;
    }
    let mut status = volume["status"].clone();
    status.set("phase", phase);
    status.set("lastPhaseTransitionTime", cx.api.timestamp());
    cx.write_status(WHICH, volume, status);
}

fn sync_claim(claim: &Object, cx: &mut Cx<'_>) {
    if claim.at("status.phase").str() == "Bound" {
        return;
    }
    let wanted = claim.at("spec.volumeName").str();
    if !wanted.is_empty() {
        let volume = cx.api.get(Kind::PERSISTENT_VOLUME, "", wanted).cloned();
        return match volume {
            Some(v) if v.at("spec.claimRef").is_null() || is_for(&v, claim) => bind(claim, &v, cx),
            _ => set_pending(claim, cx),
        };
    }
    let class_name = claim.at("spec.storageClassName").str();
    let class = cx.api.get(Kind::STORAGE_CLASS, "", class_name).cloned();
    let delayed = class.as_ref().is_some_and(|c| c["volumeBindingMode"].str() == "WaitForFirstConsumer");
    let node_chosen = claim.annotation(SELECTED_NODE).is_some();
    if let Some(volume) = find(claim, delayed, cx) {
        return bind(claim, &volume, cx);
    }
    if claim.is_deleting() {
        return;
    }
    set_pending(claim, cx);
    if delayed && !node_chosen {
        let message = "waiting for first consumer to be created before binding";
        return cx.event(WHICH, claim, "Normal", "WaitForFirstConsumer", message);
    }
    match class {
        Some(class) => super::provisioner::provision(claim, &class, cx),
        None if class_name.is_empty() => {
            let message = "no persistent volumes available for this claim and no storage class is set";
            cx.event(WHICH, claim, "Normal", "FailedBinding", message);
        }
        None => {
            let message = format!("storageclass.storage.k8s.io \"{class_name}\" not found");
            cx.event(WHICH, claim, "Warning", "ProvisioningFailed", &message);
        }
    }
}

fn set_pending(claim: &Object, cx: &mut Cx<'_>) {
    if claim.at("status.phase").is_empty() {
        cx.write_status(WHICH, claim, claim["status"].clone().with("phase", "Pending"));
    }
}

/// Whether a volume is reserved for a claim.
fn is_for(volume: &Object, claim: &Object) -> bool {
    let reference = volume.at("spec.claimRef");
    let uid = reference["uid"].str();
    reference["name"].str() == claim.name()
        && reference["namespace"].str() == claim.namespace()
        && (uid.is_empty() || uid == claim.uid())
}

/// The volume that is reserved for a claim, or the smallest free one that suits it.
fn find(claim: &Object, delayed: bool, cx: &Cx<'_>) -> Option<Object> {
    let wanted = Quantity::of(claim.at("spec.resources.requests.storage"));
    let mode = |o: &Object| match o.at("spec.volumeMode").str() {
        "" => "Filesystem".to_string(),
        m => m.to_string(),
    };
    let suits = |v: &&Object| {
        let wants = claim.at("spec.selector");
        v.at("spec.storageClassName").str() == claim.at("spec.storageClassName").str()
            && Quantity::of(v.at("spec.capacity.storage")) >= wanted
            && mode(v) == mode(claim)
            && (wants.is_null() || selector::matches(wants, v.at("metadata.labels")))
            && claim
                .at("spec.accessModes")
                .items()
                .iter()
                .all(|m| v.at("spec.accessModes").items().contains(m))
            && !v.is_deleting()
    };
    let all = cx.api.list(Kind::PERSISTENT_VOLUME, None);
    let (reserved, free): (Vec<&Object>, Vec<&Object>) =
        all.filter(|v| v.at("spec.claimRef").is_null() || is_for(v, claim)).partition(|v| is_for(v, claim));
    if let Some(volume) = reserved.first() {
        return Some((*volume).clone());
    }
    if delayed {
        return None;
    }
    let fitting = free.into_iter().filter(suits);
    fitting.min_by_key(|v| Quantity::of(v.at("spec.capacity.storage"))).cloned()
}

/// Binds a claim and a volume to each other.
pub(super) fn bind(claim: &Object, volume: &Object, cx: &mut Cx<'_>) {
    cx.api.rule(rules::VOLUME, &claim.key().path(), vec![("volume", volume.at("metadata.name").text())]);
    let reference = map! {
        "apiVersion" => "v1", "kind" => "PersistentVolumeClaim", "name" => claim.name(),
        "namespace" => claim.namespace(), "uid" => claim.uid(),
        "resourceVersion" => claim.at("metadata.resourceVersion"),
    };
    let by_us = volume.at("spec.claimRef").is_null();
    let bound = cx.api.modify(&volume.key(), |v| {
        if v.at("spec.claimRef.uid").is_empty() {
            v.set("spec.claimRef", reference);
        }
        if by_us {
            v.slot("metadata.annotations").map_mut().insert(BOUND_BY_CONTROLLER, Text::lit("yes"));
        }
    });
    let Ok(volume) = bound else { return };
    set_phase(&volume, "Bound", cx);
    let by_us = claim.at("spec.volumeName").is_empty();
    let name = volume.at("metadata.name").text();
    let updated = cx.api.modify(&claim.key(), |c| {
        c.set("spec.volumeName", name);
        let annotations = c.slot("metadata.annotations").map_mut();
        annotations.insert(BIND_COMPLETED, Text::lit("yes"));
        if by_us {
            annotations.insert(BOUND_BY_CONTROLLER, Text::lit("yes"));
        }
    });
    let Ok(claim) = updated else { return };
    let mut status = claim["status"].clone();
    status.set("phase", "Bound");
    status.set("accessModes", volume.at("spec.accessModes"));
    status.set("capacity", volume.at("spec.capacity"));
    cx.write_status(WHICH, &claim, status);
}
