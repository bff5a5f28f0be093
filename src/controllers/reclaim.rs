//! What becomes of a volume whose claim is gone: it is kept, deleted, or would be recycled.
//!
//! Directories that a provisioner of this cluster made are deleted by it. Of volumes that people made, Kubernetes
//! itself can delete directories below `/tmp` alone; all others fail, and say so. Recycling, which is deprecated,
//! is not simulated.

use super::provisioner::is_running;
use super::volumes::{PROVISIONED_BY, set_phase};
use super::work::Cx;
use super::{Which, rules};
use crate::api::{Object, Text};
use crate::apiserver::DeleteOptions;

const WHICH: Which = Which::Volume;

/// A volume's claim is gone.
pub fn release(volume: &Object, cx: &mut Cx<'_>) {
    let phase = volume.at("status.phase").str();
    if phase != "Released" && phase != "Failed" {
        set_phase(volume, "Released", "", cx);
    }
    let Some(volume) = cx.api.store.get(&volume.key()).cloned() else { return };
    match volume.at("spec.persistentVolumeReclaimPolicy").str() {
        "Delete" => delete(&volume, cx),
        "Recycle" => fail(&volume, "VolumeFailedRecycle", "not simulated: recycling of volumes", cx),
        _ => {}
    }
}

fn delete(volume: &Object, cx: &mut Cx<'_>) {
    if volume.is_deleting() {
        return;
    }
    let refusal = match volume.annotation(PROVISIONED_BY) {
        Some(name) if is_running(name) => None,
        // A program that is not there would have to do it: the volume stays released.
        Some(name) if !name.starts_with("kubernetes.io/") => return,
        _ => refusal(volume),
    };
    if let Some(why) = refusal {
        return fail(volume, "VolumeFailedDelete", &why, cx);
    }
    cx.api.rule(rules::VOLUME, &volume.key().path(), vec![("reclaim", Text::lit("Delete"))]);
    // It may have been deleted by hand already.
    let _ = cx.api.delete(&volume.key(), &DeleteOptions::default());
}

/// Why Kubernetes itself cannot delete what is behind a volume.
fn refusal(volume: &Object) -> Option<String> {
    let path = volume.at("spec.hostPath.path");
    if path.is_null() {
        let name = volume.name();
        return Some(format!(
            "error getting deleter volume plugin for volume {name:?}: no deletable volume plugin matched"
        ));
    }
    let path = path.str();
    let temporary = path.split_once("/tmp/").is_some_and(|(_, rest)| !rest.is_empty());
    (!temporary).then(|| format!("host_path deleter only supports /tmp/.+ but received provided {path}"))
}

fn fail(volume: &Object, reason: &'static str, why: &str, cx: &mut Cx<'_>) {
    if volume.at("status.phase").str() != "Failed" {
        set_phase(volume, "Failed", why, cx);
        cx.event(WHICH, volume, "Warning", reason, why);
    }
}
