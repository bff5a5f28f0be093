//! `RestartAllContainers`: a container's rule that starts the whole pod's containers anew.

use super::actions::{Kill, KillReason};
use super::pod::{Pod, Section};
use super::worker::Task;
use super::{Cx, Node, rules, sync, termination, worker};
use crate::cri::ContainerState;

/// Begins: kills what still runs.
pub fn begin(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    cx.api.rule(rules::RESTART_ALL, &pod.path(""), vec![]);
    let run = pod.seen.containers.iter().filter(|c| c.state == ContainerState::Running);
    let kills = run.map(|c| Kill {
        id: c.id,
        name: c.name.clone(),
        message: String::new(),
        reason: KillReason::Other,
    });
    let kills: Vec<Kill> = kills.collect();
    pod.worker.task = Task::Killing;
    pod.worker.run.acted = true;
    pod.restarting_all = true;
    termination::begin(node, pod, cx, kills, None);
    sync::step(node, pod, cx);
}

/// All are dead: removes them, so that the next sync, which follows at once, starts from the first init
/// container. Their restarts go on counting.
pub fn killed(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    for id in std::mem::take(&mut pod.instances) {
        let Some(status) = cx.cri.status(id) else { continue };
        let ephemeral = pod.lookup(&status.name).is_none_or(|at| at.section == Section::Ephemeral);
        if ephemeral {
            pod.instances.push(id);
            continue;
        }
        let restarts = pod.attempts.entry(status.name.clone()).or_insert(0);
        *restarts = (*restarts).max(status.attempt + 1);
        pod.results.forget(id);
        node.containers.remove(&id);
        cx.cri.remove_container(cx.world, id);
    }
    pod.reasons.clear();
    pod.published.clear();
    super::pleg::look(pod, cx.cri, cx.api.now);
    pod.restarting_all = false;
    sync::finish(node, pod, cx);
    worker::update(node, pod, cx);
}
