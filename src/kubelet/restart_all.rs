//! `RestartAllContainers`: a container's rule that starts the whole pod's containers anew.

use super::actions::{Kill, KillReason};
use super::pod::{Pod, Section};
use super::worker::Task;
use super::{Cx, Node, rules, sync, termination};
use crate::cri::ContainerState;

/// Begins: kills what still runs.
pub fn begin(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    cx.api.rule(rules::RESTART_ALL, &pod.path(""), vec![]);
    let run = pod.seen.containers.iter().filter(|c| c.state == ContainerState::Running);
    let kills = run.map(|c| Kill {
        id: c.id,
        name: c.name.clone(),
        message: format!("Container {} will be restarted", c.name),
        reason: KillReason::Other,
    });
    let kills: Vec<Kill> = kills.collect();
    pod.worker.task = Task::Killing;
    pod.worker.run.acted = true;
    termination::begin(node, pod, cx, kills, None);
    sync::step(node, pod, cx);
}

/// All are dead: forgets them, so that the next sync starts from the first init container.
pub fn killed(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    let names: Vec<_> = [Section::Init, Section::Main]
        .into_iter()
        .flat_map(|s| pod.specs(s).iter().map(|c| c["name"].text()).collect::<Vec<_>>())
        .collect();
    pod.seen.containers.retain(|c| !names.contains(&c.name));
    sync::finish(node, pod, cx);
}
