//! Volumes behind claims: the pod's claims must be there and bound before the volumes are tried
//! (pkg/kubelet/volumemanager/populator).

use super::{Mounted, host_path, on_node, unsupported};
use crate::api::{Kind, Object, Text, Value};
use crate::kubelet::pod::Pod;
use crate::kubelet::{Cx, Node};

/// The claim that a volume names, or that is made for it.
pub fn name(pod: &Pod, volume: &Value) -> Option<Text> {
    if volume["persistentVolumeClaim"].is_some() {
        return Some(volume["persistentVolumeClaim"]["claimName"].text());
    }
    let own = || Text::from(format!("{}-{}", pod.key.name, volume["name"].str()));
    volume["ephemeral"].is_some().then(own)
}

/// Why a volume's claim cannot be used, if it is one.
pub fn problem(pod: &Pod, cx: &Cx<'_>, volume: &Value) -> Option<String> {
    let name = name(pod, volume)?;
    let namespace = &pod.key.namespace;
    let why = match cx.api.get(Kind::PERSISTENT_VOLUME_CLAIM, namespace, &name) {
        None => {
            format!("failed to fetch PVC from API server: persistentvolumeclaims \"{name}\" not found")
        }
        Some(claim) if claim.is_deleting() => "PVC is being deleted".to_string(),
        Some(claim) if claim.at("status.phase").str() != "Bound" => "PVC is not bound".to_string(),
        Some(claim) if claim.at("spec.volumeName").is_empty() => "PVC is not bound".to_string(),
        Some(_) => return None,
    };
    Some(format!("error processing PVC {namespace}/{name}: {why}"))
}

/// The volumes that are not mounted and whose claims cannot be used, with the reasons.
pub fn problems(pod: &Pod, cx: &Cx<'_>, wanted: &Value) -> Vec<(Text, String)> {
    let one = |v: &Value| {
        let name = v["name"].text();
        if pod.volumes.mounted.contains_key(&name) {
            return None;
        }
        problem(pod, cx, v).map(|why| (name, why))
    };
    wanted.items().iter().filter_map(one).collect()
}

/// The PersistentVolume behind a volume.
pub fn volume(pod: &Pod, cx: &Cx<'_>, volume: &Value) -> Option<Object> {
    let claim = cx.api.get(Kind::PERSISTENT_VOLUME_CLAIM, &pod.key.namespace, &name(pod, volume)?)?;
    cx.api.get(Kind::PERSISTENT_VOLUME, "", claim.at("spec.volumeName").str()).cloned()
}

/// Takes a volume that is for one pod at a time, unless another pod on the node has it mounted.
fn take(node: &mut Node, pod: &Pod, cx: &Cx<'_>, volume: &Object) -> bool {
    if volume.at("spec.accessModes").items() != [Value::from("ReadWriteOncePod")] {
        return true;
    }
    let name = Text::from(volume.name());
    if let Some(uid) = node.exclusive.get(&name).filter(|uid| **uid != pod.uid) {
        let over = |p: &Object| matches!(p.at("status.phase").str(), "Succeeded" | "Failed");
        if cx.api.pods_on(&node.name).any(|p| p.uid() == uid.as_str() && !over(p)) {
            return false;
        }
    }
    node.exclusive.insert(name, pod.uid.clone());
    true
}

/// Mounts the volume behind a claim.
pub(super) fn set_up(node: &mut Node, pod: &Pod, cx: &mut Cx<'_>, source: &Value) -> Result<Mounted, String> {
    let found = volume(pod, cx, source);
    let pv = found.ok_or_else(|| "the claim's PersistentVolume is gone".to_string())?;
    let spec = &pv["spec"];
    if !take(node, pod, cx, &pv) {
        return Err(
            "volume uses the ReadWriteOncePod access mode and is already in use by another pod".to_string()
        );
    }
    let place = if spec["hostPath"].is_some() {
        spec["hostPath"].clone()
    } else if spec["local"].is_some() {
        crate::map! { "path" => &spec["local"]["path"], "type" => "Directory" }
    } else {
        let others = ["capacity", "claimRef", "nodeAffinity"];
        let source = |(k, v): &(&Text, &Value)| v.as_map().is_some() && !others.contains(&k.as_str());
        let kind = spec.entries().find(source).map_or("", |(k, _)| k.as_str());
        return Err(unsupported(kind, &Value::Null));
    };
    let path = host_path(node, cx, &place)?;
    let tree = cx.cri.node_root(node.cri);
    Ok(on_node(tree, path, source.at("persistentVolumeClaim.readOnly").is_true()))
}
