//! Which programs there are, and what the runtime is built from: the one place that knows both the operating
//! system and everything that runs on it.

use crate::api::Text;
use crate::cri::{Runtime, Settings};
use crate::images;
use crate::kubectl;
use crate::os::{Program, Spawn};
use crate::scenario::format::{ClusterSpec, ImageSpec, NodeSpec};
use crate::shell;

/// The running form of a program by its name in the file tree.
pub fn load(name: &str, spawn: &Spawn) -> Option<Box<dyn Program>> {
    match name {
        "kubectl" => kubectl::program(spawn),
        "systemctl" | "fault" | "traffic" | "crictl" | "journalctl" => {
            super::keeper::Asking::new(name, spawn).map(|p| Box::new(p) as Box<dyn Program>)
        }
        "why" => Some(Box::new(super::why::Why::new(spawn))),
        _ => shell::program(name, spawn).or_else(|| images::program(name, spawn)),
    }
}

/// The registry's preset; the format has checked its name.
pub fn preset(spec: &ClusterSpec) -> images::Preset {
    images::Preset::parse(&spec.registry.preset).unwrap_or(images::Preset::Internet)
}

/// The images that a node has from the beginning.
pub fn node_images(spec: &ClusterSpec, node: &NodeSpec) -> Vec<Text> {
    match &node.images {
        Some(images) => images.iter().map(Text::from).collect(),
        None => images::preloaded(preset(spec)).iter().map(|i| Text::lit(i)).collect(),
    }
}

/// The container runtimes of a cluster.
pub fn runtime(spec: &ClusterSpec) -> Runtime {
    Runtime::new(Settings {
        seed: spec.seed,
        preset: preset(spec),
        own_images: spec.images.iter().map(own_image).collect(),
        shared_machine: spec.settings.shared_machine,
        ..Settings::default()
    })
}

fn own_image(i: &ImageSpec) -> images::OwnImage {
    let pairs = |m: &crate::collections::BTreeMap<String, String>| {
        m.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    images::OwnImage {
        name: i.name.clone(),
        from: i.from.clone(),
        size: i.size,
        script: i.script.clone(),
        files: pairs(&i.files),
        env: pairs(&i.env),
        ports: i.ports.clone(),
        start_delay: i.start_delay,
    }
}
