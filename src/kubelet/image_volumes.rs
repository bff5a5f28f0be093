//! Volumes of type `image`: pulled before a sync starts containers, mounted read-only into those that name them
//! (pkg/kubelet/kuberuntime `getImageVolumes`, `toKubeContainerImageVolumes`).
//!
//! The volume manager has nothing to do for them. An image that cannot be had holds up the containers that mount
//! it, with the same reasons as an image that a container is to run.

use super::images::{self, Image, Wanted};
use super::pod::{ContainerRef, Pod};
use super::worker::{self, Task};
use super::{Cx, Node, sync, volumes};
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::cri::Pull;
use crate::time::Time;
use std::collections::VecDeque;

/// The images of a pod's volumes as a sync has found them.
#[derive(Clone, Debug, Default)]
pub struct ImageVolumes {
    left: VecDeque<(Text, Wanted)>,
    pulling: Option<Pulling>,
    failed: BTreeMap<Text, (&'static str, String)>,
}

#[derive(Clone, Debug)]
struct Pulling {
    volume: Text,
    wanted: Wanted,
    asked: Time,
    began: Time,
    pull: Pull,
}

/// Begins to see to the images, one after another; the sync goes on behind them.
pub fn begin(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    let of_image = |v: &crate::api::Value| {
        let source = &v["image"];
        source.is_some().then(|| (v["name"].text(), Wanted::by_volume(source)))
    };
    let left = pod.object.at("spec.volumes").items().iter().filter_map(of_image).collect();
    pod.worker.run.images = Some(ImageVolumes { left, ..ImageVolumes::default() });
    next(node, pod, cx);
}

fn next(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    while let Some((volume, wanted)) = pod.worker.run.images.as_mut().and_then(|i| i.left.pop_front()) {
        match images::ensure(node, pod, cx, &wanted) {
            Image::Present => volumes::mount_image(node, pod, cx, &volume, wanted.image()),
            Image::Pulling { began, at, pull } => {
                let pulling = Pulling { volume, wanted, asked: cx.api.now, began, pull };
                if let Some(images) = &mut pod.worker.run.images {
                    images.pulling = Some(pulling);
                }
                pod.worker.task = Task::Images;
                return worker::wait_until(pod, cx, at);
            }
            Image::Failed { reason, message } => failed(pod, volume, reason, message),
        }
    }
    sync::next(node, pod, cx);
}

/// A pull is done.
pub fn step(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    let Some(p) = pod.worker.run.images.as_mut().and_then(|i| i.pulling.take()) else { return };
    match images::pulled(node, pod, cx, &p.wanted, p.asked, p.began, p.pull) {
        Ok(()) => volumes::mount_image(node, pod, cx, &p.volume, p.wanted.image()),
        Err(message) => failed(pod, p.volume, "ErrImagePull", message),
    }
    next(node, pod, cx);
}

fn failed(pod: &mut Pod, volume: Text, reason: &'static str, message: String) {
    if let Some(images) = &mut pod.worker.run.images {
        images.failed.insert(volume, (reason, message));
    }
}

/// Why a container cannot be started for want of an image that it mounts: the last of them.
pub fn failure(pod: &Pod, at: ContainerRef) -> Option<(&'static str, String)> {
    let failed = &pod.worker.run.images.as_ref()?.failed;
    let mounts = pod.spec(at)["volumeMounts"].items().iter();
    mounts.filter_map(|m| failed.get(m["name"].str())).next_back().cloned()
}
