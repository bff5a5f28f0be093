//! How long the runtime's calls take: measured on the recorded cluster (see ARCHITECTURE.md, "Time").

use super::types::NodeId;
use crate::rng::Rng;
use crate::time::{Span, Time};

/// RunPodSandbox alone (pause container and CNI; median of 46: 0.119 s).
pub const RUN_SANDBOX: Span = Span::millis(115);
/// By how much each other start under way makes RunPodSandbox longer (2–5 at once: 0.185 s, more: 0.57 s).
const SANDBOX_LOAD: f64 = 0.6;
/// CreateContainer (median of 512: 0.021 s).
pub const CREATE_CONTAINER: Span = Span::millis(18);
/// StartContainer alone (runc; median of 41: 0.072 s).
pub const START_CONTAINER: Span = Span::millis(70);
/// By how much each other start under way makes StartContainer longer (2–5: 0.113 s, more: 0.3 s).
const START_LOAD: f64 = 0.35;
/// From StartContainer's return to the process's first instruction (median of 8: 0.009 s).
pub const FIRST_INSTRUCTION: Span = Span::millis(9);
/// Asking the registry for the manifest of an image that is present (0.014–0.046 s).
pub const CHECK_MANIFEST: Span = Span::millis(24);
/// A pull's fixed part on a local registry (10.8 MB: 0.2 s, 210 MB: 1.37 s).
pub const PULL_BASE: Span = Span::millis(130);
/// A pull's time for each megabyte on a local registry.
pub const PULL_PER_MB: Span = Span::micros(5_900);
/// A pull's fixed part over the internet (token, manifests, layers' round trips).
pub const INTERNET_PULL_BASE: Span = Span::millis(900);
/// A pull's time for each megabyte over the internet (about 25 MB/s with unpacking).
pub const INTERNET_PULL_PER_MB: Span = Span::millis(40);
/// A registry's answer that there is no such image.
pub const NOT_FOUND: Span = Span::millis(30);

/// Starts under way, which share the processors.
#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    under_way: Vec<(NodeId, Time)>,
}

/// What takes time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Call {
    RunSandbox,
    StartContainer,
}

impl Load {
    /// When a call made now returns; counts it as under way until then.
    pub fn call(&mut self, now: Time, node: NodeId, shared: bool, call: Call, rng: &mut Rng) -> Time {
        self.under_way.retain(|(_, end)| *end > now);
        let others = self.under_way.iter().filter(|(n, _)| shared || *n == node).count() as f64;
        let (base, load) = match call {
            Call::RunSandbox => (RUN_SANDBOX, SANDBOX_LOAD),
            Call::StartContainer => (START_CONTAINER, START_LOAD),
        };
        let at = now + base.mul_f64((1.0 + load * others) * rng.range(0.9, 1.15));
        self.under_way.push((node, at));
        at
    }
}
