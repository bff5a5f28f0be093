//! What all pods of a kubelet share: events, relists, the sync ticker, bookkeeping.

use super::pod::{self, Pod};
use super::{Cx, KubeletTimer, Node, worker};
use crate::api::Text;
use crate::apiserver::NewEvent;
use crate::time::{Span, Time};

impl Node {
    /// Records an event about a container of a pod (about the pod itself if `container` is empty).
    pub fn event(
        &self,
        pod: &Pod,
        cx: &mut Cx<'_>,
        container: &str,
        kind: &'static str,
        reason: &'static str,
        message: &str,
    ) {
        let path = if container.is_empty() { String::new() } else { pod::field_path(&pod.object, container) };
        cx.api.record(&NewEvent {
            regarding: &pod.object,
            field_path: &path,
            kind,
            reason,
            message,
            component: "kubelet",
            host: &self.name,
        });
    }

    /// Says that the runtime's state of a pod has changed: the next relist looks at it.
    pub fn changed(&mut self, pod: &Pod, cx: &mut Cx<'_>) {
        self.pleg.dirty.insert(pod.uid.clone(), cx.api.cause);
        self.arm_relist(cx);
    }

    /// Sets the timer of the next relist if anything needs it.
    pub fn arm_relist(&mut self, cx: &mut Cx<'_>) {
        if self.pleg.dirty.is_empty() && self.pleg.waiting.is_empty() {
            return;
        }
        let due = self.pleg.next(cx.api.now);
        if self.pleg.armed.is_none_or(|at| at > due || at <= cx.api.now) {
            self.pleg.armed = Some(due);
            cx.timers.set(due, cx.api.cause, KubeletTimer::Relist);
        }
    }

    /// The first tick of the sync ticker at or after `due`.
    pub fn tick_after(&self, due: Time) -> Time {
        let origin = self.started + self.tick;
        let past = due.since(origin).0;
        origin + Span(past.div_ceil(worker::TICK.0) * worker::TICK.0)
    }

    /// The node's address.
    pub fn ip(&self) -> Text {
        self.ip.clone()
    }

    /// Forgets what belongs to a pod that is finished.
    pub fn release(&mut self, pod: &Pod) {
        for id in &pod.instances {
            self.containers.remove(id);
        }
        let uid = &pod.uid;
        self.pull_errors.retain(|(pod, _), _| pod != uid);
        self.pleg.dirty.remove(uid);
        self.pleg.waiting.remove(uid);
    }
}
