//! The binder of claims and volumes.
//!
//! A claim takes the smallest volume that suits it; where none does, the
//! provisioner of its class is asked for one. Claims of a class with `WaitForFirstConsumer` wait until the
//! scheduler has picked a node. A released volume is [reclaimed](reclaim) as its policy says. Nothing in the
//! simulated clusters can grow a volume, which claims that want more say. Left out: snapshots.

use super::work::Cx;
use super::{Timer, Which, protection, reclaim, rules};
use crate::api::object::Key;
use crate::api::quantity::Quantity;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, selector};
use crate::apiserver::{Change, NewEvent, default_class};
use crate::map;
use crate::time::{Span, Time};

const WHICH: Which = Which::Volume;
/// kube-controller-manager `--pvclaimbinder-sync-period`.
const RESYNC: Span = Span::secs(15);
pub(super) const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
pub(super) const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
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
        Kind::PERSISTENT_VOLUME if change.kind == WatchKind::Deleted => {
            let claim = object.at("spec.claimRef");
            if claim.is_some() {
                let (namespace, name) = (claim["namespace"].text(), claim["name"].text());
                cx.enqueue(WHICH, &Key::new(Kind::PERSISTENT_VOLUME_CLAIM, namespace, name));
            }
        }
        Kind::PERSISTENT_VOLUME => cx.enqueue(WHICH, &object.key()),
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
    let uid = reference["uid"].str();
    if uid.is_empty() {
        // Unused, or reserved for a claim that looks for it itself.
        return set_phase(volume, "Available", "", cx);
    }
    let claim =
        cx.api.get(Kind::PERSISTENT_VOLUME_CLAIM, reference["namespace"].str(), reference["name"].str());
    let Some(claim) = claim.filter(|c| c.uid() == uid).cloned() else {
        return reclaim::release(volume, cx);
    };
    let bound_to = claim.at("spec.volumeName").str();
    if bound_to == volume.name() {
        set_phase(volume, "Bound", "", cx);
    } else if bound_to.is_empty() {
        if mode(volume) != mode(&claim) {
            return mode_mismatch(volume, &claim, cx);
        }
        cx.enqueue(WHICH, &claim.key());
    } else if volume.annotation(PROVISIONED_BY).is_some()
        && volume.at("spec.persistentVolumeReclaimPolicy").str() == "Delete"
    {
        reclaim::release(volume, cx);
    } else {
        unbind(volume, cx);
    }
}

fn mode_mismatch(volume: &Object, claim: &Object, cx: &mut Cx<'_>) {
    let told = format!(
        "Cannot bind PersistentVolume to requested PersistentVolumeClaim {:?} due to incompatible volumeMode.",
        claim.name()
    );
    cx.event(WHICH, volume, "Warning", "VolumeMismatch", &told);
    let told = format!(
        "Cannot bind PersistentVolume {:?} to requested PersistentVolumeClaim due to incompatible volumeMode.",
        volume.name()
    );
    cx.event(WHICH, claim, "Warning", "VolumeMismatch", &told);
}

/// A claim has another volume: this one is free again, or still reserved if somebody wrote that.
fn unbind(volume: &Object, cx: &mut Cx<'_>) {
    let freed = cx.api.modify(&volume.key(), |v| {
        let by_us = v.at("metadata.annotations").get(BOUND_BY_CONTROLLER).is_some();
        if by_us {
            v.remove("spec.claimRef");
            v.slot("metadata.annotations").map_mut().remove(BOUND_BY_CONTROLLER);
        } else {
            v.remove("spec.claimRef.uid");
        }
    });
    if let Ok(volume) = freed {
        set_phase(&volume, "Available", "", cx);
    }
}

/// Gives a volume a phase, with what it says of it.
pub(super) fn set_phase(volume: &Object, phase: &'static str, message: &str, cx: &mut Cx<'_>) {
    if volume.at("status.phase").str() == phase {
        return;
    }
    let mut status = volume["status"].clone();
    status.set("phase", phase);
    status.remove("message");
    if !message.is_empty() {
        status.set("message", message);
    }
    status.set("lastPhaseTransitionTime", cx.api.timestamp());
    cx.write_status(WHICH, volume, status);
}

fn sync_claim(claim: &Object, cx: &mut Cx<'_>) {
    if claim.annotation(BIND_COMPLETED).is_some() {
        return sync_bound(claim, cx);
    }
    let wanted = claim.at("spec.volumeName").str();
    if !wanted.is_empty() {
        return sync_named(claim, wanted, cx);
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
    if claim.at("spec.storageClassName").is_null() && take_default_class(claim, cx) {
        return;
    }
    set_pending(claim, cx);
    if delayed && !node_chosen {
        return wait_for_pod(claim, cx);
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

/// A claim that was made before there was a default class gets it now.
fn take_default_class(claim: &Object, cx: &mut Cx<'_>) -> bool {
    let Some(name) = default_class(cx.api) else { return false };
    cx.api.modify(&claim.key(), |c| c.set("spec.storageClassName", name)).is_ok()
}

/// Says that a claim waits for a pod, or for pods that there are to get a node.
fn wait_for_pod(claim: &Object, cx: &mut Cx<'_>) {
    let waiting =
        |p: &&Object| p.at("spec.nodeName").is_empty() && protection::claims_of(p).any(|c| c == claim.name());
    let pods = cx.api.list(Kind::POD, Some(claim.namespace())).filter(waiting);
    let names: Vec<&str> = pods.map(Object::name).collect();
    let (reason, message) = match names[..] {
        [] => ("WaitForFirstConsumer", "waiting for first consumer to be created before binding".to_string()),
        [one] => ("WaitForPodScheduled", format!("waiting for pod {one} to be scheduled")),
        _ => ("WaitForPodScheduled", format!("waiting for pods {} to be scheduled", names.join(","))),
    };
    cx.event(WHICH, claim, "Normal", reason, &message);
}

/// A claim that names its volume.
fn sync_named(claim: &Object, name: &str, cx: &mut Cx<'_>) {
    let Some(volume) = cx.api.get(Kind::PERSISTENT_VOLUME, "", name).cloned() else {
        return set_pending(claim, cx);
    };
    if volume.at("spec.claimRef").is_null() {
        let Some(why) = mismatch(&volume, claim) else { return bind(claim, &volume, cx) };
        let message = format!("Cannot bind to requested volume {name:?}: {why}");
        cx.event(WHICH, claim, "Warning", "VolumeMismatch", &message);
    } else if is_for(&volume, claim) {
        return bind(claim, &volume, cx);
    } else {
        let message = format!("volume {name:?} already bound to a different claim.");
        cx.event(WHICH, claim, "Warning", "FailedBinding", &message);
    }
    set_pending(claim, cx);
}

/// Why a claim cannot have a volume that it names.
fn mismatch(volume: &Object, claim: &Object) -> Option<String> {
    let wanted = Quantity::of(claim.at("spec.resources.requests.storage"));
    let why = if volume.is_deleting() {
        return Some(format!("the volume is marked for deletion {:?}", volume.name()));
    } else if Quantity::of(volume.at("spec.capacity.storage")) < wanted {
        "requested PV is too small"
    } else if volume.at("spec.storageClassName").str() != claim.at("spec.storageClassName").str() {
        "storageClassName does not match"
    } else if mode(volume) != mode(claim) {
        "incompatible volumeMode"
    } else if !has_modes(volume, claim) {
        "incompatible accessMode"
    } else {
        return None;
    };
    Some(why.to_string())
}

fn has_modes(volume: &Object, claim: &Object) -> bool {
    let modes = volume.at("spec.accessModes").items();
    claim.at("spec.accessModes").items().iter().all(|m| modes.contains(m))
}

fn mode(o: &Object) -> &str {
    match o.at("spec.volumeMode").str() {
        "" => "Filesystem",
        mode => mode,
    }
}

/// A claim that was bound once: its volume must be there and be its own.
fn sync_bound(claim: &Object, cx: &mut Cx<'_>) {
    let name = claim.at("spec.volumeName").str();
    let volume = cx.api.get(Kind::PERSISTENT_VOLUME, "", name).cloned();
    match volume {
        _ if name.is_empty() => {
            let message = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!";
            lose(claim, "ClaimLost", message, cx);
        }
        None => {
            let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
            lose(claim, "ClaimLost", message, cx);
        }
        Some(v) if v.at("spec.claimRef").is_some() && v.at("spec.claimRef.uid").str() != claim.uid() => {
            let message = "Two claims are bound to the same volume, this one is bound incorrectly";
            lose(claim, "ClaimMisbound", message, cx);
        }
        Some(v) if v.at("spec.claimRef").is_null() || claim.at("status.phase").str() != "Bound" => {
            bind(claim, &v, cx);
        }
        Some(volume) => expand(claim, &volume, cx),
    }
}

fn lose(claim: &Object, reason: &'static str, message: &str, cx: &mut Cx<'_>) {
    if claim.at("status.phase").str() == "Lost" {
        return;
    }
    let mut status = claim["status"].clone();
    status.set("phase", "Lost");
    status.remove("accessModes");
    status.remove("capacity");
    cx.write_status(WHICH, claim, status);
    cx.event(WHICH, claim, "Warning", reason, message);
}

/// A claim wants more than its volume has: no program of this cluster can grow a volume in place.
fn expand(claim: &Object, volume: &Object, cx: &mut Cx<'_>) {
    let wanted = Quantity::of(claim.at("spec.resources.requests.storage"));
    if wanted <= Quantity::of(claim.at("status.capacity.storage"))
        || wanted <= Quantity::of(volume.at("spec.capacity.storage"))
    {
        return;
    }
    cx.api.record(&NewEvent {
        regarding: claim,
        field_path: "",
        kind: "Normal",
        reason: "ExternalExpanding",
        message: "waiting for an external controller to expand this PVC",
        component: "volume_expand",
        host: "",
    });
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
    let suits = |v: &&Object| {
        let wants = claim.at("spec.selector");
        v.at("spec.storageClassName").str() == claim.at("spec.storageClassName").str()
            && Quantity::of(v.at("spec.capacity.storage")) >= wanted
            && mode(v) == mode(claim)
            && (wants.is_null() || selector::matches(wants, v.at("metadata.labels")))
            && has_modes(v, claim)
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
    set_phase(&volume, "Bound", "", cx);
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
