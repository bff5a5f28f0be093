//! Images on nodes and their pulling.

use super::latency::{
    CHECK_MANIFEST, INTERNET_PULL_BASE, INTERNET_PULL_PER_MB, NOT_FOUND, PULL_BASE, PULL_PER_MB,
};
use super::types::{NodeId, Pull, RegistryState, SandboxId, Timed};
use super::{Present, Runtime};
use crate::api::Text;
use crate::collections::Order;
use crate::fs::{Base, FsKind, Tree};
use crate::images::{Image, Preset, PullError, Reference, find};
use crate::rng::Rng;
use crate::time::{Span, Time};
use std::rc::Rc;

impl Runtime {
    /// The image that `reference` names on this node, if it is present: (image id, size in bytes).
    pub fn image_status(&self, node: NodeId, reference: &str) -> Option<(Text, u64)> {
        let (image, present) = self.present(node, reference)?;
        (present.from <= self.clock).then(|| (image_id(image, present), image.size))
    }

    /// All images of a node, biggest first as `status.images` lists them: (names, size in bytes).
    pub fn images(&self, node: NodeId) -> Vec<(Vec<Text>, u64)> {
        let Some(n) = self.nodes.get(node.0 as usize) else { return Vec::new() };
        let mut list: Vec<(Text, Vec<Text>, u64)> = Vec::new();
        for full in n.images.keys() {
            let Some(image) = self.images.get(full) else { continue };
            match list.iter_mut().find(|(id, ..)| *id == image.id) {
                Some((_, names, _)) => names.push(full.clone()),
                None => list.push((image.id.clone(), vec![full.clone()], image.size)),
            }
        }
        list.order_by_key(|(_, _, size)| std::cmp::Reverse(*size));
        list.into_iter().map(|(_, names, size)| (names, size)).collect()
    }

    /// How many bytes the images of a node take, each counted once.
    pub(super) fn image_bytes(&self, node: NodeId) -> u64 {
        let Some(n) = self.nodes.get(node.0 as usize) else { return 0 };
        let mut seen: Vec<&Text> = Vec::new();
        let here = n.images.keys().filter_map(|full| self.images.get(full));
        let each = here.filter(|image| {
            let new = !seen.contains(&&image.id);
            if new {
                seen.push(&image.id);
            }
            new
        });
        each.map(|image| image.size).sum()
    }

    /// Pulls an image (or checks its manifest, if it is present). It is present from `at` on.
    pub fn pull_image(&mut self, now: Time, node: NodeId, reference: &str) -> Timed<Pull> {
        self.pulls += 1;
        let mut rng = Rng::stream(self.settings.seed, &format!("pull {} {reference} {}", node.0, self.pulls));
        let slow = match self.settings.registry {
            RegistryState::Slow(factor) => factor.clamp(0.0, 1e6),
            _ => 1.0,
        };
        let jitter = slow * rng.range(0.85, 1.2);
        let answer = |span: Span, result| Timed { at: now + span.mul_f64(jitter), result: Pull { result } };
        let image = match self.look_up(reference) {
            Ok(image) if self.settings.registry == RegistryState::Down => {
                return answer(NOT_FOUND, Err(PullError::Refused(image.reference.clone()).message()));
            }
            Ok(image) => image,
            Err(error) => return answer(NOT_FOUND, Err(error.message())),
        };
        if self.present(node, reference).is_some_and(|(_, p)| p.from <= now) {
            return answer(CHECK_MANIFEST, Ok(image.size));
        }
        let id = image.id.clone();
        let here = self.nodes.get(node.0 as usize).map(|n| n.images.keys().cloned().collect::<Vec<_>>());
        let layers_present =
            here.unwrap_or_default().iter().any(|f| self.images.get(f).is_some_and(|i| i.id == id));
        let megabytes = if layers_present { 0.0 } else { image.size as f64 / 1e6 };
        let (base, per_mb) = match self.settings.preset {
            Preset::Lab => (PULL_BASE, PULL_PER_MB),
            Preset::Internet => (INTERNET_PULL_BASE, INTERNET_PULL_PER_MB),
        };
        let base = if layers_present { CHECK_MANIFEST } else { base };
        let done = answer(base + per_mb.mul_f64(megabytes), Ok(image.size));
        self.add_image(node, &image, Present { from: done.at, preloaded: false });
        done
    }

    /// Whether the reference can be parsed; `Err`: the text behind `couldn't parse image name "X": `,
    /// `Ok`: the full name, e.g. `docker.io/library/nginx:latest`.
    ///
    /// # Errors
    /// The reference is not one.
    pub fn parse_image(reference: &str) -> Result<Text, Text> {
        Reference::parse(reference).map(|r| Text::from(r.to_string()))
    }

    /// The files of an image that is on the node, to be mounted.
    pub fn image_files(&mut self, node: NodeId, reference: &str) -> Option<Tree> {
        let image = self.present(node, reference)?.0.clone();
        Some(Tree::over(&self.base(&image), FsKind::Overlay))
    }

    /// Where an image is mounted for the containers of a sandbox, as errors name the place.
    pub fn image_place(&self, sandbox: SandboxId, node: NodeId, reference: &str) -> Option<Text> {
        let (image, _) = self.present(node, reference)?;
        let digest = image.digest.strip_prefix("sha256:").unwrap_or(&image.digest);
        let hex = &self.sandboxes.get(&sandbox)?.hex;
        let dir = "/run/containerd/io.containerd.grpc.v1.cri/image-volumes";
        Some(Text::from(format!("{dir}/{hex}/{digest}")))
    }

    /// The user that the image runs as: a number or a name; empty for root. `None` if the image is absent.
    pub fn image_user(&self, node: NodeId, reference: &str) -> Option<Text> {
        self.present(node, reference).map(|(image, _)| image.user.clone())
    }

    /// Removes an image from a node (image garbage collection).
    pub fn remove_image(&mut self, node: NodeId, full: &str) {
        if let Some(n) = self.node_mut(node) {
            n.images.remove(full);
        }
    }

    pub(super) fn add_image(&mut self, node: NodeId, image: &Rc<Image>, present: Present) {
        let full = Text::from(image.reference.to_string());
        if let Some(n) = self.node_mut(node) {
            n.images.insert(full, present);
        }
    }

    /// An image that is (or will be) on a node.
    pub(super) fn present(&self, node: NodeId, reference: &str) -> Option<(&Rc<Image>, Present)> {
        let full = Reference::parse(reference).ok()?.to_string();
        let present = *self.nodes.get(node.0 as usize)?.images.get(full.as_str())?;
        self.images.get(full.as_str()).map(|i| (i, present))
    }

    /// An image of the registries.
    pub(super) fn look_up(&mut self, reference: &str) -> Result<Rc<Image>, PullError> {
        let full = Reference::parse(reference).map_err(PullError::Invalid)?.to_string();
        if let Some(image) = self.images.get(full.as_str()) {
            return Ok(image.clone());
        }
        let image = Rc::new(find(self.settings.preset, reference, &self.settings.own_images)?);
        self.images.insert(Text::from(full), image.clone());
        Ok(image)
    }

    /// The files of an image, laid out once.
    pub(super) fn base(&mut self, image: &Image) -> Rc<Base> {
        if let Some(base) = self.bases.get(&image.id) {
            return base.clone();
        }
        let base = super::root::base_of(image);
        self.bases.insert(image.id.clone(), base.clone());
        base
    }
}

/// What `imageID` shows: images that were put there without a registry have no repository digest.
pub(super) fn image_id(image: &Image, present: Present) -> Text {
    if present.preloaded {
        image.id.clone()
    } else {
        Text::from(format!("{}@{}", image.reference.name(), image.digest))
    }
}
