//! One sync of a pod: from its wanted to its running state, in the order of upstream's SyncPod steps.
//!
//! [`begin`] writes the status and waits for volumes; [`step`] is called whenever what the worker waited for
//! has come and goes on from there: kill, sandbox, ephemeral, init and other containers.

use super::actions::{self, PodActions};
use super::image_volumes::{self, ImageVolumes};
use super::pod::{ContainerRef, Pod, Section, is_sidecar};
use super::volumes::{self, Wait};
use super::worker::{self, Phase, Requeue, Task};
use super::{Cx, Node, hosts, images, prober, rules, start, status, terminate, termination};
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::cri::SandboxId;
use crate::time::Time;
use std::collections::VecDeque;

/// The state of a sync under way.
#[derive(Clone, Debug, Default)]
pub struct SyncRun {
    /// The plan.
    pub plan: PodActions,
    /// When the containers' last dead instances ended, as seen when the sync began.
    pub exits: BTreeMap<Text, Time>,
    /// Containers still to be started.
    pub queue: VecDeque<ContainerRef>,
    /// The images of the pod's volumes, once containers are to be started.
    pub images: Option<ImageVolumes>,
    /// The sandbox being made, known when the call returns.
    pub sandbox: Option<Result<SandboxId, crate::api::Text>>,
    /// Whether anything was done to the runtime.
    pub acted: bool,
    /// Whether something failed.
    pub failed: bool,
    /// When the earliest back-off that held something up is over.
    pub back_off: Option<Time>,
    /// Whether something is left to be looked at by the next periodic sync.
    pub unsettled: bool,
}

/// Begins a sync.
pub fn begin(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    pod.worker.run = SyncRun::default();
    super::resize::settle(node, pod, cx);
    let new = status::generate(node, pod, cx, false);
    let terminal = matches!(new["phase"].str(), "Succeeded" | "Failed");
    status::set(node, pod, cx, new, true);
    status::trigger_probes(node, pod, cx);
    if terminal {
        pod.worker.ending = true;
        pod.worker.phase = Phase::Terminating;
        worker::complete(node, pod, cx, Requeue::Transition, false);
        return;
    }
    if !node.runtime_up {
        worker::complete(node, pod, cx, Requeue::Error(None), false);
        return;
    }
    pod.worker.task = Task::Mounting;
    mount(node, pod, cx);
}

/// Waits for the volumes, trying again those that failed, as long as it takes.
fn mount(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    if pod.worker.ending {
        worker::complete(node, pod, cx, Requeue::Error(None), false);
        return;
    }
    match volumes::mount(node, pod, cx) {
        Wait::Done => run(node, pod, cx),
        Wait::Until(at) => worker::wait_until(pod, cx, at),
        Wait::Failed => volumes::give_up(node, pod, cx),
    }
}

/// Makes the plan and begins to carry it out.
fn run(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    images::secrets_missing(node, pod, cx);
    prober::add(node, pod, cx);
    let basis = actions::Basis {
        seen: &pod.seen,
        results: &pod.results,
        sandboxes: pod.sandboxes.len(),
        resized: pod.resizes.restarts(),
    };
    let plan = actions::compute_pod_actions(&pod.object, basis);
    let run = &mut pod.worker.run;
    run.plan = plan.clone();
    run.queue = queue(&plan);
    for at in run.queue.clone() {
        let name = pod.spec(at)["name"].text();
        if let Some(end) = pod.seen.exited(&name).and_then(|s| s.finished_at) {
            pod.worker.run.exits.insert(name, end);
        }
    }
    if plan.is_empty() && !pod.resizes.pending() {
        finish(node, pod, cx);
        return;
    }
    if plan.restart_all {
        super::restart_all::begin(node, pod, cx);
        return;
    }
    pod.worker.task = Task::Killing;
    let kills = if plan.kill_pod && pod.sandbox_ready { all_running(pod) } else { plan.kill };
    pod.worker.run.acted |= !kills.is_empty() || (plan.kill_pod && pod.sandbox_ready);
    termination::begin(node, pod, cx, kills, None);
    step(node, pod, cx);
}

fn all_running(pod: &Pod) -> Vec<actions::Kill> {
    let run = pod.seen.containers.iter().filter(|c| c.state == crate::cri::ContainerState::Running);
    run.map(|c| actions::Kill {
        id: c.id,
        name: c.name.clone(),
        message: String::new(),
        reason: actions::KillReason::Other,
    })
    .collect()
}

fn queue(plan: &PodActions) -> VecDeque<ContainerRef> {
    let of = |section, list: &[usize]| -> Vec<ContainerRef> {
        list.iter().map(|index| ContainerRef { section, index: *index }).collect()
    };
    let mut queue = VecDeque::from(of(Section::Ephemeral, &plan.ephemeral));
    queue.extend(of(Section::Init, &plan.init));
    queue.extend(of(Section::Main, &plan.main));
    queue
}

/// Goes on with a sync as far as it can.
pub fn step(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    match pod.worker.task {
        Task::Mounting => mount(node, pod, cx),
        Task::Killing if pod.worker.kills.done() => after_kill(node, pod, cx),
        Task::SandboxUp => sandbox_made(node, pod, cx),
        Task::Images => image_volumes::step(node, pod, cx),
        Task::Starting => start::step(node, pod, cx),
        _ => {}
    }
}

fn after_kill(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    if pod.worker.run.plan.restart_all {
        super::restart_all::killed(node, pod, cx);
        return;
    }
    let plan = &pod.worker.run.plan;
    if plan.kill_pod {
        let create = plan.create_sandbox;
        terminate::stop_sandbox(pod, cx);
        if !create {
            pod.worker.run.acted = true;
            finish(node, pod, cx);
            return;
        }
    }
    if pod.worker.run.plan.create_sandbox {
        make_sandbox(node, pod, cx);
    } else {
        super::resize::apply(node, pod, cx);
        next(node, pod, cx);
    }
}

fn make_sandbox(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    pod.worker.run.acted = true;
    let config = hosts::sandbox_config(node, pod, cx);
    let made = cx.cri.run_pod_sandbox(cx.world, cx.api.now, node.cri, config);
    pod.worker.run.sandbox = Some(made.result);
    pod.worker.task = Task::SandboxUp;
    worker::wait_until(pod, cx, made.at);
}

/// The sandbox is made, or could not be.
fn sandbox_made(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    match pod.worker.run.sandbox.take() {
        Some(Ok(id)) => {
            pod.sandboxes.push(id);
            pod.sandbox_ready = true;
            if let Some(ip) = cx.cri.sandbox_ip(id) {
                pod.seen.ip = ip;
            }
            next(node, pod, cx);
        }
        Some(Err(text)) => {
            let message = format!("Failed to create pod sandbox: {text}");
            cx.api.rule(rules::SANDBOX, &pod.path(""), vec![("message", text.clone())]);
            node.event(pod, cx, "", "Warning", "FailedCreatePodSandBox", &message);
            pod.worker.run.failed = true;
            finish(node, pod, cx);
        }
        None => finish(node, pod, cx),
    }
}

/// Starts the next container, once the images of the pod's volumes have been seen to, or ends the sync.
pub fn next(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    if pod.worker.run.images.is_none() && !pod.worker.run.queue.is_empty() {
        image_volumes::begin(node, pod, cx);
        return;
    }
    match pod.worker.run.queue.pop_front() {
        Some(at) => {
            pod.worker.run.acted = true;
            pod.worker.task = Task::Starting;
            start::begin(node, pod, cx, at);
        }
        None => finish(node, pod, cx),
    }
}

/// A container of the queue could not be started.
pub fn start_failed(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, at: ContainerRef, until: Option<Time>) {
    let run = &mut pod.worker.run;
    run.failed = true;
    run.back_off = match (run.back_off, until) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    if at.section == Section::Init && !is_sidecar(pod.spec(at)) {
        pod.worker.run.queue.clear();
    }
    next(node, pod, cx);
}

/// Ends a sync.
pub fn finish(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    let run = &pod.worker.run;
    let (acted, failed) = (run.acted, run.failed);
    let requeue = if failed { Requeue::Error(run.back_off) } else { Requeue::Resync };
    if acted {
        node.changed(pod, cx);
    }
    worker::complete(node, pod, cx, requeue, acted);
}
