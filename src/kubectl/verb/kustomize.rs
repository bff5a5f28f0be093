//! Kustomizations of the simple sort: resources, name prefix and suffix, namespace, labels, images, replicas.

use crate::kubectl::cx::{Cx, Outcome, not_simulated};
use crate::kubectl::fail::Res;
use crate::kubectl::flags::{Args, Flag, switch, text};

/// Flags of `kubectl kustomize`.
pub const FLAGS: &[Flag] = &[text("output", 'o', ""), switch("enable-helm", ' ')];

/// The manifests that a directory with a kustomization gives.
pub fn build(_cx: &mut Cx, _dir: &str) -> Res<String> {
    Err(not_simulated("kustomizations"))
}

/// Runs `kubectl kustomize`.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    let dir = args.rest.first().map_or(".", String::as_str).to_string();
    let text = build(cx, &dir)?;
    cx.print(&text);
    crate::kubectl::cx::OK
}
