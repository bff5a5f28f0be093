//! `activeDeadlineSeconds`: a pod that has been on the node for longer fails
//! (pkg/kubelet/active_deadline.go).

use super::pod::Pod;
use super::{Cx, KubeletTimer, Node, rules};
use crate::api::Text;
use crate::time::{Span, Time};

const REASON: &str = "DeadlineExceeded";
const MESSAGE: &str = "Pod was active on the node longer than the specified deadline";

/// When the pod's deadline is, counted from when the kubelet first saw it.
fn due(pod: &Pod, cx: &Cx<'_>) -> Option<Time> {
    let seconds = pod.object.at("spec.activeDeadlineSeconds").as_int()?;
    let started = crate::time::parse_rfc3339(pod.status["startTime"].str())
        .map_or(cx.api.now, |micros| cx.api.epoch.time_of(micros));
    Some(started + Span::secs(seconds.unsigned_abs()))
}

/// Sets a timer for the deadline; the sync ticker finds it.
pub fn arm(node: &Node, pod: &Pod, cx: &mut Cx<'_>) {
    if let Some(due) = due(pod, cx) {
        let timer = KubeletTimer::Deadline { pod: pod.uid.clone() };
        cx.timers.set(node.tick_after(due), cx.api.cause, timer);
    }
}

/// The verdict on a pod whose deadline is over: `(reason, message)`.
pub fn verdict(node: &Node, pod: &mut Pod, cx: &mut Cx<'_>) -> Option<(Text, Text)> {
    let over = matches!(pod.status["phase"].str(), "Succeeded" | "Failed");
    if cx.api.now < due(pod, cx)? || (over && pod.worker.verdict.is_none()) {
        return None;
    }
    cx.api.rule(rules::DEADLINE, &pod.path(""), vec![]);
    node.event(pod, cx, "", "Normal", REASON, MESSAGE);
    let verdict = (Text::lit(REASON), Text::lit(MESSAGE));
    pod.worker.verdict = Some(verdict.clone());
    Some(verdict)
}
