//! Pod workers: one at a time they sync a pod, terminate it, and clean up after it.
//!
//! Mirrors pkg/kubelet/pod_workers.go in behaviour: a pod has at most one sync under way and at most one
//! update waiting; every sync first waits for a look at the runtime that is newer than the end of the last
//! sync; what comes after a sync depends on its result ([`Requeue`]). Requeued pods are picked up by the
//! kubelet's sync ticker, once a second.

use super::pod::Pod;
use super::start::Starting;
use super::termination::KillRun;
use super::{Cx, KubeletTimer, Node, pleg, sync, terminate};
use crate::time::{Span, Time};

/// pkg/kubelet `backOffPeriod`: the wait after an error that brings no time of its own.
const BACK_OFF_PERIOD: Span = Span::secs(10);
/// kubelet configuration `syncFrequency`.
const RESYNC: Span = Span::secs(60);
/// pod_workers.go `workerResyncIntervalJitterFactor` and `workerBackOffPeriodJitterFactor`.
const JITTER: f64 = 0.5;
/// The sync ticker of kubelet.go `syncLoop`.
pub const TICK: Span = Span::secs(1);

/// What a worker is for at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Phase {
    /// To make the pod run.
    #[default]
    Sync,
    /// To end it.
    Terminating,
    /// To clean up.
    Terminated,
    /// Nothing any more.
    Finished,
}

/// What a worker is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Task {
    /// Nothing.
    #[default]
    Idle,
    /// Waiting for a newer look at the runtime.
    Waiting,
    /// Waiting for volumes.
    Mounting,
    /// Killing containers; then goes on with the sync (or the termination).
    Killing,
    /// Stopping the sandbox.
    SandboxDown,
    /// Waiting for the sandbox.
    SandboxUp,
    /// Waiting for the images of volumes.
    Images,
    /// Starting a container.
    Starting,
    /// Tearing volumes down at the end.
    Unmounting,
}

/// A pod's worker.
#[derive(Clone, Debug, Default)]
pub struct Worker {
    /// What for.
    pub phase: Phase,
    /// What now.
    pub task: Task,
    /// Whether another sync is wanted after this one.
    pub pending: bool,
    /// Whether the pod is to be ended.
    pub ending: bool,
    /// Whether the node refused the pod though it ran before; what its containers still do is not told.
    pub rejected: bool,
    /// Whether the object is gone from the API server.
    pub deleted: bool,
    /// The grace period of an eviction, instead of the pod's own.
    pub grace: Option<i64>,
    /// `(reason, message)` of a pod that the kubelet fails by itself (eviction).
    pub verdict: Option<(crate::api::Text, crate::api::Text)>,
    /// When the last sync ended.
    pub last_sync: Option<Time>,
    /// When the first sync began.
    pub started: Option<Time>,
    /// The number of the wait under way; timers of other waits are stale.
    pub step: u32,
    /// The number of the newest place in the work queue.
    pub queued: u32,
    /// The sync under way.
    pub run: sync::SyncRun,
    /// The containers being killed.
    pub kills: KillRun,
    /// The container being started.
    pub starting: Option<Starting>,
}

/// What comes after a sync.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Requeue {
    /// The worker's phase has changed: again at the next tick.
    Transition,
    /// All is well: a periodic sync.
    Resync,
    /// Something failed: again after the default wait, or when a back-off is over.
    Error(Option<Time>),
}

/// How long after a sync the next one is due, before the tick is added (upstream `completeWork`).
pub fn requeue_delay(requeue: Requeue, now: Time, unit: f64) -> Span {
    let base = match requeue {
        Requeue::Transition => Span::ZERO,
        Requeue::Resync => RESYNC,
        Requeue::Error(None) => BACK_OFF_PERIOD,
        Requeue::Error(Some(at)) => at.since(now).min(RESYNC),
    };
    base.mul_f64(1.0 + JITTER * unit)
}

/// Asks for a sync of a pod.
pub fn update(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    if pod.worker.phase == Phase::Finished || !node.up {
        return;
    }
    pod.worker.pending = true;
    if pod.worker.task == Task::Idle {
        begin(node, pod, cx);
    }
}

fn begin(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    pod.worker.pending = false;
    pod.worker.task = Task::Waiting;
    pod.worker.started.get_or_insert(cx.api.now);
    if pod.worker.ending && pod.worker.phase == Phase::Sync {
        pod.worker.phase = Phase::Terminating;
    }
    if !go_on_waiting(node, pod, cx) {
        node.pleg.waiting.insert(pod.uid.clone(), cx.api.cause);
        node.arm_relist(cx);
    }
}

/// Lets a worker that waits for a newer look go on if there is one; returns whether it did.
pub fn go_on_waiting(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) -> bool {
    if pod.worker.task != Task::Waiting {
        return true;
    }
    let looked = pod.seen.at.max(node.pleg.last(cx.api.now));
    if pod.worker.last_sync.is_some_and(|last| looked <= last) {
        return false;
    }
    if pod.worker.ending && pod.worker.phase == Phase::Sync {
        pod.worker.phase = Phase::Terminating;
    }
    match pod.worker.phase {
        Phase::Sync => sync::begin(node, pod, cx),
        Phase::Terminating => terminate::begin(node, pod, cx),
        Phase::Terminated => terminate::clean_up(node, pod, cx),
        Phase::Finished => pod.worker.task = Task::Idle,
    }
    true
}

/// Ends a sync: says when the next one is due and begins one that is wanted already.
pub fn complete(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, requeue: Requeue, acted: bool) {
    pod.worker.task = Task::Idle;
    pod.worker.last_sync = Some(cx.api.now);
    if acted && requeue == Requeue::Resync {
        let timer = KubeletTimer::Look { pod: pod.uid.clone() };
        let after = if pod.worker.ending { pleg::ON_DEMAND_ENDING } else { pleg::ON_DEMAND };
        cx.timers.set(cx.api.now + after, cx.api.cause, timer);
    }
    if requeue != Requeue::Resync || pod.volumes.refreshed() || pod.worker.run.unsettled {
        let due = cx.api.now + requeue_delay(requeue, cx.api.now, pod.rng.unit());
        enqueue(node, pod, cx, due);
    }
    if pod.worker.pending {
        begin(node, pod, cx);
    }
}

/// Puts a pod into the work queue, instead of its present place there.
pub fn enqueue(node: &Node, pod: &mut Pod, cx: &mut Cx<'_>, due: Time) {
    pod.worker.queued += 1;
    let timer = KubeletTimer::Queue { pod: pod.uid.clone(), number: pod.worker.queued };
    cx.timers.set(node.tick_after(due), cx.api.cause, timer);
}

/// Sets a timer for the worker's next step.
pub fn wait_until(pod: &mut Pod, cx: &mut Cx<'_>, at: Time) {
    pod.worker.step += 1;
    let timer = KubeletTimer::Step { pod: pod.uid.clone(), number: pod.worker.step };
    cx.timers.set(at.max(cx.api.now), cx.api.cause, timer);
}

/// The time of the worker's wait has come.
pub fn step(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    match (pod.worker.phase, &pod.worker.task) {
        (Phase::Terminating, _) => terminate::step(node, pod, cx),
        (Phase::Terminated, _) => terminate::finish(node, pod, cx),
        (Phase::Sync, _) => sync::step(node, pod, cx),
        (Phase::Finished, _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_jittered_and_capped_at_a_minute() {
        let now = Time::ZERO + Span::secs(100);
        let at = |s| Requeue::Error(Some(now + Span::secs(s)));
        let cases = [
            (Requeue::Transition, 0.9, 0.0),
            (Requeue::Resync, 0.0, 60.0),
            (Requeue::Resync, 1.0, 90.0),
            (Requeue::Error(None), 0.5, 12.5),
            (at(8), 0.5, 10.0),
            (at(160), 1.0, 90.0),
            (Requeue::Error(Some(Time::ZERO)), 1.0, 0.0),
        ];
        for (requeue, unit, secs) in cases {
            assert_eq!(requeue_delay(requeue, now, unit), Span::secs_f64(secs), "{requeue:?}");
        }
    }
}
