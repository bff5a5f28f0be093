//! Rotation of container logs (pkg/kubelet/logs, `containerLogManager`): every ten seconds the kubelet begins a
//! new file for each running container whose log has reached `containerLogMaxSize`. `kubectl logs` reads the
//! newest file alone.
//!
//! The ticks are computed; a timer is set only for the next one after a log has become long.

use super::{Cx, KubeletTimer, Node};
use crate::time::{Span, Time};

/// kubelet configuration `containerLogMonitorInterval`.
const PERIOD: Span = Span::secs(10);

/// Sees to it that the logs are looked at on the next tick, if any is long.
pub fn arm(node: &mut Node, cx: &mut Cx<'_>) {
    if node.up && !cx.cri.long_logs(node.cri).is_empty() {
        cx.timers.set(next(node, cx.api.now), cx.api.cause, KubeletTimer::Logs);
    }
}

/// Rotates the logs that have become long.
pub fn look(node: &mut Node, cx: &mut Cx<'_>) {
    for id in cx.cri.long_logs(node.cri) {
        cx.cri.rotate_log(id);
    }
}

/// The first tick after `now`; they begin when the kubelet has started.
fn next(node: &Node, now: Time) -> Time {
    let first = node.started + node.tick;
    if now < first { first } else { first + Span(now.since(first).0 / PERIOD.0 * PERIOD.0) + PERIOD }
}
