//! Volumes of pods.

use super::pod::Pod;
use super::{Cx, Node};
use crate::api::{Text, Value};
use crate::cri::Mount;
use crate::time::{Span, Time};

/// The volume manager looks for mounted volumes every 0.3 s (`podAttachAndMountRetryInterval`).
const MOUNT: Span = Span::millis(305);

/// The volumes of a pod.
#[derive(Clone, Debug, Default)]
pub struct Volumes {
    due: Option<Time>,
    refreshed: bool,
}

impl Volumes {
    /// Whether periodic syncs bring new contents.
    pub fn refreshed(&self) -> bool {
        self.refreshed
    }

    /// Unmounts everything.
    pub fn tear_down(&mut self, _cx: &mut Cx<'_>) {}
}

/// Mounts what is not mounted yet; `None` when all is there, else when to look again.
pub fn mount(_node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) -> Option<Time> {
    if pod.object.at("spec.volumes").is_empty() {
        return None;
    }
    let due = *pod.volumes.due.get_or_insert(cx.api.now + MOUNT);
    (cx.api.now < due).then_some(due)
}

/// The mounts of a container.
pub fn mounts(
    _node: &Node,
    _pod: &mut Pod,
    _cx: &mut Cx<'_>,
    _spec: &Value,
    _env: &[(Text, Text)],
) -> Result<Vec<Mount>, String> {
    Ok(Vec::new())
}
