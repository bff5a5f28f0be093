//! Probes: one worker for each startup, liveness and readiness probe of a container.
//!
//! Mirrors pkg/kubelet/prober in behaviour. A worker begins when the pod's volumes are mounted, ticks every
//! period from there, and looks at the container as the kubelet last published it. A readiness worker is also
//! triggered by every status update of a container that is not ready, which restarts its ticker. What a worker
//! finds goes into [`Results`]; a change there makes the worker of the pod act.

pub mod http;
mod run;
mod worker;

pub use run::session_ended;
pub use worker::{ProbeWorker, tick, trigger};

use super::pod::{Pod, Section, is_sidecar};
use super::{Cx, KubeletTimer, Node};
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::cri::ContainerId;
use crate::time::Span;

/// The kinds of probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeKind {
    /// `startupProbe`
    Startup,
    /// `readinessProbe`
    Readiness,
    /// `livenessProbe`
    Liveness,
}

impl ProbeKind {
    /// In the order in which workers are made.
    pub const ALL: [ProbeKind; 3] = [ProbeKind::Startup, ProbeKind::Readiness, ProbeKind::Liveness];

    /// The field of the container's spec.
    pub fn field(self) -> &'static str {
        match self {
            ProbeKind::Startup => "startupProbe",
            ProbeKind::Readiness => "readinessProbe",
            ProbeKind::Liveness => "livenessProbe",
        }
    }

    /// As events name it.
    pub fn noun(self) -> &'static str {
        match self {
            ProbeKind::Startup => "Startup",
            ProbeKind::Readiness => "Readiness",
            ProbeKind::Liveness => "Liveness",
        }
    }

    /// What holds for a new container before any probe.
    fn initial(self) -> Outcome {
        match self {
            ProbeKind::Startup => Outcome::Unknown,
            ProbeKind::Readiness => Outcome::Failure,
            ProbeKind::Liveness => Outcome::Success,
        }
    }
}

/// What is held of a container by a kind of probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Success,
    /// It failed.
    Failure,
    /// Not known yet.
    Unknown,
}

/// The stable results by container instance and kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    outcomes: BTreeMap<(ContainerId, ProbeKind), Outcome>,
}

impl Results {
    /// What is held of an instance.
    pub fn get(&self, id: ContainerId, kind: ProbeKind) -> Option<Outcome> {
        self.outcomes.get(&(id, kind)).copied()
    }

    /// Sets what is held of an instance; returns whether it is new.
    pub fn set(&mut self, id: ContainerId, kind: ProbeKind, outcome: Outcome) -> bool {
        self.outcomes.insert((id, kind), outcome) != Some(outcome)
    }

    /// Forgets one result.
    pub fn remove(&mut self, id: ContainerId, kind: ProbeKind) {
        self.outcomes.remove(&(id, kind));
    }

    /// Forgets an instance.
    pub fn forget(&mut self, id: ContainerId) {
        for kind in ProbeKind::ALL {
            self.remove(id, kind);
        }
    }
}

/// Makes the workers of a pod that do not exist yet.
pub fn add(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    if !pod.probes.is_empty() {
        return;
    }
    let sidecars = pod.specs(Section::Init).iter().filter(|c| is_sidecar(c));
    let mut found = Vec::new();
    for c in pod.specs(Section::Main).iter().chain(sidecars) {
        for kind in ProbeKind::ALL {
            if c[kind.field()].is_some() {
                found.push(ProbeWorker::new(kind, c["name"].text(), c[kind.field()].clone()));
            }
        }
    }
    pod.probes = found;
    for i in 0..pod.probes.len() {
        let mut first = cx.api.now;
        let period = pod.probes[i].period();
        // worker.go `run`: only soon after the kubelet's own start, a random part of the period comes first.
        if cx.api.now.since(node.started) < period && node.started != crate::time::Time::ZERO {
            first += period.mul_f64(pod.rng.unit());
        }
        worker::start(node, pod, cx, i, first);
    }
}

/// The kubelet has started again: its workers begin anew, spread over their periods.
pub fn restart(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    remove(node, pod, cx);
    for i in 0..pod.probes.len() {
        let wait = pod.probes[i].period().mul_f64(pod.rng.unit());
        let old = pod.probes[i].clone();
        let mut new = ProbeWorker::new(old.kind, old.container, old.spec);
        new.id = old.id;
        new.ticker = old.ticker + 1;
        let number = new.ticker;
        pod.probes[i] = new;
        set_timer(pod, cx, i, number, wait);
    }
}

/// Stops liveness and startup probes (of a pod that terminates).
pub fn stop_restarting(pod: &mut Pod) {
    for probe in &mut pod.probes {
        if probe.kind != ProbeKind::Readiness {
            probe.stopped = true;
        }
    }
}

/// Stops all workers.
pub fn remove(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    for probe in &mut pod.probes {
        probe.stopped = true;
        if let Some(session) = probe.session.take() {
            node.sessions.remove(&session);
            cx.cri.close_session(cx.world, session);
        }
    }
}

fn set_timer(pod: &Pod, cx: &mut Cx<'_>, index: usize, number: u32, after: Span) {
    let timer = KubeletTimer::Probe { pod: pod.uid.clone(), index, number };
    cx.timers.set(cx.api.now + after, cx.api.cause, timer);
}

/// What probes need to know of a container: as the kubelet last published it.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// The instance.
    pub id: ContainerId,
    /// When it started, if it is published as running.
    pub running: Option<crate::time::Time>,
    /// Whether it is published as terminated.
    pub terminated: bool,
    /// Whether it is published as started.
    pub started: bool,
}

/// What is published of a pod's containers, by name.
pub type PublishedByName = BTreeMap<Text, Published>;
