//! A probe's worker: its ticker and what it does at each tick (pkg/kubelet/prober/worker.go).

use super::{Outcome, ProbeKind, Published, run, set_timer};
use crate::api::{Text, Value};
use crate::cri::{ContainerId, SessionId};
use crate::kubelet::pod::{Pod, lookup, restart_policy};
use crate::kubelet::{Cx, Node, causes, status, worker as pods};
use crate::time::{Span, Time};
use crate::trace::Probed;

/// The worker of one probe.
#[derive(Clone, Debug)]
pub struct ProbeWorker {
    /// Which kind.
    pub kind: ProbeKind,
    /// The container's name.
    pub container: Text,
    /// The probe's spec.
    pub spec: Value,
    /// The instance that it probes.
    pub id: Option<ContainerId>,
    /// Whether it waits for the next instance.
    pub on_hold: bool,
    /// Whether it has ended.
    pub stopped: bool,
    /// The probe under way.
    pub session: Option<SessionId>,
    /// How often this probe has errored at once (prober.go `maxProbeRetries`).
    pub errors: u32,
    /// The number of the ticker; ticks of other numbers are stale.
    pub ticker: u32,
    busy: bool,
    missed: bool,
    triggered: bool,
    last: Outcome,
    streak: i64,
}

impl ProbeWorker {
    /// A worker that has not begun.
    pub fn new(kind: ProbeKind, container: Text, spec: Value) -> ProbeWorker {
        ProbeWorker {
            kind,
            container,
            spec,
            id: None,
            on_hold: false,
            stopped: false,
            session: None,
            errors: 0,
            ticker: 0,
            busy: false,
            missed: false,
            triggered: false,
            last: Outcome::Unknown,
            streak: 0,
        }
    }

    /// How often it will have failed in a row if it fails now.
    pub fn failures_with_next(&self) -> i64 {
        if self.last == Outcome::Failure { self.streak + 1 } else { 1 }
    }

    /// `periodSeconds`.
    pub fn period(&self) -> Span {
        Span::secs(self.spec["periodSeconds"].int_or(10).max(1).unsigned_abs())
    }

    /// `timeoutSeconds`.
    pub fn timeout(&self) -> Span {
        Span::secs(self.spec["timeoutSeconds"].int_or(1).max(1).unsigned_abs())
    }
}

/// Begins a worker: it looks at once and ticks from `first` on.
pub fn start(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, index: usize, first: Time) {
    pod.probes[index].ticker = 1;
    let wait = first.since(cx.api.now);
    if wait == Span::ZERO {
        set_timer(pod, cx, index, 1, pod.probes[index].period());
        look(node, pod, cx, index);
    } else {
        set_timer(pod, cx, index, 1, wait);
    }
}

/// The ticker of a worker ticks.
pub fn tick(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, index: usize, number: u32) {
    let Some(probe) = pod.probes.get_mut(index) else { return };
    if probe.stopped || probe.ticker != number {
        return;
    }
    let period = probe.period();
    if probe.busy {
        probe.missed = true;
    }
    let busy = probe.busy;
    set_timer(pod, cx, index, number, period);
    if !busy {
        look(node, pod, cx, index);
    }
}

/// The readiness workers of containers that are published as started but not ready are to probe now.
pub fn trigger(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, container: &str) {
    let of = |p: &ProbeWorker| p.kind == ProbeKind::Readiness && p.container == container && !p.stopped;
    let Some(index) = pod.probes.iter().position(of) else { return };
    if pod.probes[index].busy {
        pod.probes[index].triggered = true;
    } else {
        run_triggered(node, pod, cx, index);
    }
}

fn run_triggered(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, index: usize) {
    let probe = &mut pod.probes[index];
    probe.triggered = false;
    probe.missed = false;
    probe.ticker += 1;
    let (number, period) = (probe.ticker, probe.period());
    set_timer(pod, cx, index, number, period);
    look(node, pod, cx, index);
}

/// One turn of the worker (upstream `doProbe` up to the probe itself).
fn look(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, index: usize) {
    let name = pod.probes[index].container.clone();
    if matches!(pod.status["phase"].str(), "Succeeded" | "Failed") {
        pod.probes[index].stopped = true;
        return;
    }
    let Some(seen) = pod.published.get(&name).cloned() else { return };
    let kind = pod.probes[index].kind;
    if pod.probes[index].id != Some(seen.id) {
        if let Some(old) = pod.probes[index].id.replace(seen.id) {
            pod.results.remove(old, kind);
        }
        pod.probes[index].on_hold = false;
        publish(node, pod, cx, index, kind.initial());
    }
    if pod.probes[index].on_hold {
        return;
    }
    let Some(running) = seen.running else {
        causes::after_end(pod, cx, &name);
        publish(node, pod, cx, index, Outcome::Failure);
        let gone = seen.terminated && !may_restart(pod, &name);
        pod.probes[index].stopped |= gone;
        return;
    };
    if pod.object.is_deleting() && kind != ProbeKind::Readiness {
        pod.probes[index].stopped = true;
        return;
    }
    let delay = pod.probes[index].spec["initialDelaySeconds"].int_or(0).unsigned_abs();
    if cx.api.now.since(running).as_secs() < delay || gated(kind, &seen) {
        return;
    }
    pod.probes[index].busy = true;
    pod.probes[index].errors = 0;
    run::begin(node, pod, cx, index);
}

/// A startup probe runs until the container counts as started, the others from then on.
fn gated(kind: ProbeKind, seen: &Published) -> bool {
    (kind == ProbeKind::Startup) == seen.started
}

fn may_restart(pod: &Pod, name: &str) -> bool {
    let own = lookup(&pod.object, name).map_or("", |at| pod.spec(at)["restartPolicy"].str());
    own == "Always" || restart_policy(&pod.object) != "Never"
}

/// A probe has come to a result; `None`: it errored, which counts for nothing.
pub fn conclude(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, index: usize, outcome: Option<Outcome>) {
    pod.probes[index].busy = false;
    if let Some(outcome) = outcome {
        count(node, pod, cx, index, outcome);
    }
    let Some(probe) = pod.probes.get_mut(index).filter(|p| !p.stopped && !p.busy) else { return };
    if probe.triggered {
        run_triggered(node, pod, cx, index);
    } else if probe.missed {
        probe.missed = false;
        look(node, pod, cx, index);
    }
}

fn count(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, index: usize, outcome: Outcome) {
    let container = Text::from(pod.path(&pod.probes[index].container));
    let probe = &mut pod.probes[index];
    let (noun, ok) = (probe.kind.noun(), outcome == Outcome::Success);
    cx.api.trace.probed(Probed { at: cx.api.now, container, probe: noun, ok });
    if probe.last == outcome {
        probe.streak += 1;
    } else {
        probe.last = outcome;
        probe.streak = 1;
    }
    let (field, default) = match outcome {
        Outcome::Failure => ("failureThreshold", 3),
        _ => ("successThreshold", 1),
    };
    let threshold = probe.spec[field].int_or(default);
    if probe.streak < threshold {
        return;
    }
    let (kind, streak) = (probe.kind, probe.streak);
    if (kind == ProbeKind::Liveness && outcome == Outcome::Failure) || kind == ProbeKind::Startup {
        probe.on_hold = true;
        probe.streak = 0;
    }
    let news = pod.probes[index].id.is_some_and(|id| pod.results.get(id, kind) != Some(outcome));
    if (streak == threshold && outcome == Outcome::Failure) || (news && outcome == Outcome::Success) {
        causes::probe_verdict(pod, cx, index, outcome == Outcome::Failure, threshold);
    }
    publish(node, pod, cx, index, outcome);
}

/// Sets a stable result; a change goes to the status and the pod's worker at once.
fn publish(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, index: usize, outcome: Outcome) {
    let (kind, name) = (pod.probes[index].kind, pod.probes[index].container.clone());
    let Some(id) = pod.probes[index].id else { return };
    if !pod.results.set(id, kind, outcome) {
        return;
    }
    match kind {
        ProbeKind::Liveness if outcome != Outcome::Failure => return,
        ProbeKind::Liveness => {}
        ProbeKind::Readiness => status::set_ready(node, pod, cx, &name, outcome == Outcome::Success),
        ProbeKind::Startup => status::set_started(node, pod, cx, &name, outcome == Outcome::Success),
    }
    pods::update(node, pod, cx);
}
