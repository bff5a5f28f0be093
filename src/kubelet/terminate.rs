//! Ending a pod: kill its containers, stop its sandbox, say how it ended, clean up, let the object go.

use super::actions::{Kill, KillReason};
use super::pod::{Pod, Seen};
use super::worker::{self, Phase, Requeue, Task};
use super::{Cx, Node, pleg, prober, status, termination};
use crate::api::Text;
use crate::apiserver::DeleteOptions;
use crate::cri::ContainerState;
use crate::time::Span;

/// Stopping a sandbox with its network (container gone → phase visible: median 0.27 s, at least 0.09 s,
/// of which the relist that sees it has no part, as the kubelet asks the runtime directly).
const STOP_SANDBOX: Span = Span::millis(110);
/// Finding that there is no sandbox.
const NOTHING_TO_STOP: Span = Span::millis(10);
/// A terminated pod's volumes are torn down by the volume manager's reconciler, every 100 ms.
const UNMOUNT: Span = Span::millis(20);

/// Begins to terminate a pod: says so, and kills what runs.
pub fn begin(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    cx.api.cause = pod.causes.ending.unwrap_or(cx.api.cause);
    pleg::look(pod, cx.cri, cx.api.now);
    let new = status::generate(node, pod, cx, false);
    status::set(node, pod, cx, new, true);
    status::trigger_probes(node, pod, cx);
    prober::stop_restarting(pod);
    let kills: Vec<Kill> = running(&pod.seen);
    pod.worker.task = Task::Killing;
    let grace = if pod.worker.deleted { Some(forced_grace(pod)) } else { pod.worker.grace };
    termination::begin(node, pod, cx, kills, grace);
    step(node, pod, cx);
}

/// The grace period of a pod whose object is gone already: what the deletion left, at least a second.
fn forced_grace(pod: &Pod) -> i64 {
    pod.object.at("metadata.deletionGracePeriodSeconds").int_or(0).max(1)
}

fn running(seen: &Seen) -> Vec<Kill> {
    let run = seen.containers.iter().filter(|c| c.state == ContainerState::Running);
    let kill = |c: &crate::cri::ContainerStatus| Kill {
        id: c.id,
        name: c.name.clone(),
        message: String::new(),
        reason: KillReason::Other,
    };
    let mut kills: Vec<Kill> = run.map(kill).collect();
    kills.reverse();
    kills
}

/// Goes on with a termination as far as it can.
pub fn step(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    match pod.worker.task {
        Task::Killing if pod.worker.kills.done() => {
            pod.worker.task = Task::SandboxDown;
            let wait = if pod.sandbox_ready { STOP_SANDBOX } else { NOTHING_TO_STOP };
            worker::wait_until(pod, cx, cx.api.now + wait);
        }
        Task::SandboxDown => {
            stop_sandbox(pod, cx);
            pleg::look(pod, cx.cri, cx.api.now);
            prober::remove(node, pod, cx);
            let new = status::generate(node, pod, cx, true);
            status::set(node, pod, cx, new, false);
            pod.worker.phase = Phase::Terminated;
            worker::complete(node, pod, cx, Requeue::Transition, false);
        }
        _ => {}
    }
}

/// Stops the pod's sandbox.
pub fn stop_sandbox(pod: &mut Pod, cx: &mut Cx<'_>) {
    if let Some(sandbox) = pod.newest_sandbox().filter(|_| pod.sandbox_ready) {
        cx.cri.stop_pod_sandbox(cx.world, cx.api.now, sandbox);
        pod.sandbox_ready = false;
    }
}

/// The last sync: nothing runs any more.
pub fn clean_up(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    let new = status::generate(node, pod, cx, true);
    status::set(node, pod, cx, new, false);
    pod.worker.task = Task::Unmounting;
    worker::wait_until(pod, cx, cx.api.now + UNMOUNT);
}

/// All is torn down: the final status, and the end of an object that is being deleted.
pub fn finish(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    let last = status::terminate_containers(&pod.object, &pod.status);
    status::set(node, pod, cx, last, false);
    pod.volumes.tear_down(cx);
    pod.worker.task = Task::Idle;
    pod.worker.phase = Phase::Finished;
    node.release(pod);
    end(pod, cx);
}

/// Ends the object of a pod that has been torn down while the API server was away.
pub fn tell(pod: &Pod, cx: &mut Cx<'_>) {
    if pod.worker.phase == Phase::Finished {
        end(pod, cx);
    }
}

/// Ends the object of a pod that is being deleted.
fn end(pod: &Pod, cx: &mut Cx<'_>) {
    let Some(object) = cx.api.store.get(&pod.key) else { return };
    if object.uid() == pod.uid.as_str() && object.is_deleting() {
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            uid: Some(Text::from(object.uid())),
            ..DeleteOptions::default()
        };
        // A pod with finalizers stays; whoever put them there deletes it.
        let _ = cx.api.delete(&pod.key, &options);
    }
}

/// Removes all that the runtime keeps of a pod that is gone: containers with their logs, sandboxes.
pub fn remove(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    stop_sandbox(pod, cx);
    node.release(pod);
    for sandbox in std::mem::take(&mut pod.sandboxes) {
        cx.cri.remove_pod_sandbox(cx.world, cx.api.now, sandbox);
    }
}
