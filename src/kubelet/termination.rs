//! Killing containers: preStop hooks, the order of sidecars, TERM, the grace period, KILL.
//!
//! One [`KillRun`] kills a set of containers side by side, as upstream's `killContainersWithSyncResult` does;
//! the worker goes on when all of them are gone.

use super::actions::{Kill, KillReason};
use super::lifecycle::{self, Hook};
use super::pod::{Pod, Section, is_sidecar};
use super::{Cx, KubeletTimer, Node, SessionOwner, causes, rules};
use crate::api::{Text, Value};
use crate::cri::{ContainerId, SessionEnd};
use crate::time::{Span, Time};
use crate::trace::Cause;

/// pkg/kubelet/kuberuntime `minimumGracePeriodInSeconds`: nobody gets less between TERM and KILL.
const MINIMUM_GRACE: i64 = 2;

/// Containers being killed.
#[derive(Clone, Debug, Default)]
pub struct KillRun {
    items: Vec<Item>,
    ordered: bool,
}

#[derive(Clone, Debug)]
struct Item {
    id: ContainerId,
    name: Text,
    sidecar: Option<usize>,
    /// Seconds of grace that are left.
    grace: i64,
    since: Time,
    state: State,
    cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    HookDue,
    PreStop,
    Turn,
    Stopping,
    Gone,
}

impl KillRun {
    /// Whether all containers are gone.
    pub fn done(&self) -> bool {
        self.items.iter().all(|i| i.state == State::Gone)
    }

    /// Why a container is being killed, if it is.
    pub fn cause(&self, id: ContainerId) -> Option<Cause> {
        self.items.iter().find(|i| i.id == id).map(|i| i.cause)
    }

    fn item(&mut self, id: ContainerId) -> Option<&mut Item> {
        self.items.iter_mut().find(|i| i.id == id)
    }
}

/// Begins to kill containers.
pub fn begin(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, kills: Vec<Kill>, grace: Option<i64>) {
    let ordered = pod.specs(Section::Init).iter().any(is_sidecar);
    let mut run = KillRun { items: Vec::new(), ordered };
    for kill in kills {
        let at = pod.lookup(&kill.name);
        causes::kill(pod, cx, &kill.name, kill.reason);
        let message = if kill.message.is_empty() {
            format!("Stopping container {}", kill.name)
        } else {
            kill.message.clone()
        };
        node.event(pod, cx, &kill.name, "Normal", "Killing", &message);
        let spec = at.map_or(Value::Null, |at| pod.spec(at).clone());
        let grace = grace.unwrap_or_else(|| grace_period(pod, &spec, kill.reason));
        let sidecar = at.filter(|a| a.section == Section::Init && is_sidecar(&spec)).map(|a| a.index);
        let mut item = Item {
            id: kill.id,
            name: kill.name,
            sidecar,
            grace,
            since: cx.api.now,
            state: State::Turn,
            cause: cx.api.cause,
        };
        let hook = spec.at("lifecycle.preStop");
        if hook.is_some() && item.grace > 0 {
            item.state = State::HookDue;
            let timer = KubeletTimer::Kill { pod: pod.uid.clone(), container: item.id };
            cx.timers.set(cx.api.now + lifecycle::lead(hook), cx.api.cause, timer);
        }
        run.items.push(item);
    }
    pod.worker.kills = run;
    advance(pod, cx);
}

/// A hook's session has ended.
pub fn session_ended(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, id: ContainerId, end: &SessionEnd) {
    let Some(item) = pod.worker.kills.item(id) else { return };
    let (name, awaited) = (item.name.clone(), item.state == State::PreStop);
    if awaited {
        item.spend(cx.api.now);
    }
    // A hook that nobody waits for any more ends with its container, which counts as a failure, too.
    if !lifecycle::succeeded(end) {
        cx.api.rule(rules::PRE_STOP, &pod.path(&name), vec![("container", name.clone())]);
        node.event(pod, cx, &name, "Warning", "FailedPreStopHook", "PreStopHook failed");
    }
    if awaited {
        advance(pod, cx);
    }
}

/// The time of a hook or of waiting for its turn is over.
pub fn timed_out(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, id: ContainerId) {
    let Some(item) = pod.worker.kills.item(id) else { return };
    if item.state == State::HookDue {
        pre_stop(node, pod, cx, id);
    } else if item.state == State::PreStop {
        item.spend(cx.api.now);
        advance(pod, cx);
    } else if item.state == State::Turn && cx.api.now >= item.since + Span::secs(item.grace.unsigned_abs()) {
        item.spend(cx.api.now);
        item.stop(cx);
    }
}

/// A container has ended.
pub fn exited(pod: &mut Pod, cx: &mut Cx<'_>, id: ContainerId) {
    if let Some(item) = pod.worker.kills.item(id) {
        item.state = State::Gone;
        advance(pod, cx);
    }
}

/// A second deletion has shortened the grace period: those that are being stopped get the shorter one.
pub fn shorten(pod: &mut Pod, cx: &mut Cx<'_>, grace: i64) {
    let grace = grace.max(MINIMUM_GRACE);
    for item in &mut pod.worker.kills.items {
        if item.state != State::Gone && item.grace > grace {
            item.grace = grace;
            item.since = cx.api.now;
            item.stop(cx);
        }
    }
}

fn pre_stop(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, id: ContainerId) {
    let Some(item) = pod.worker.kills.item(id) else { return };
    let (name, since, grace) = (item.name.clone(), item.since, item.grace);
    let Some(at) = pod.lookup(&name) else { return };
    let hook = pod.spec(at).at("lifecycle.preStop").clone();
    let end = since + Span::secs(grace.unsigned_abs());
    let (state, until) = match lifecycle::run(node, pod, cx, at, id, &hook) {
        Hook::Session(session) => {
            node.sessions.insert(session, SessionOwner::PreStop { pod: pod.uid.clone(), container: id });
            (State::PreStop, end)
        }
        Hook::Sleep(span) => (State::PreStop, (cx.api.now + span).min(end)),
        Hook::Failed(_) => {
            cx.api.rule(rules::PRE_STOP, &pod.path(&name), vec![("container", name.clone())]);
            node.event(pod, cx, &name, "Warning", "FailedPreStopHook", "PreStopHook failed");
            (State::Turn, end)
        }
    };
    let waits = state != State::Turn;
    if let Some(item) = pod.worker.kills.item(id) {
        item.state = state;
    }
    if waits {
        let timer = KubeletTimer::Kill { pod: pod.uid.clone(), container: id };
        cx.timers.set(until, cx.api.cause, timer);
    } else {
        advance(pod, cx);
    }
}

/// Sends TERM to those whose turn it is.
fn advance(pod: &mut Pod, cx: &mut Cx<'_>) {
    let ordered = pod.worker.kills.ordered;
    for i in 0..pod.worker.kills.items.len() {
        if pod.worker.kills.items[i].state != State::Turn {
            continue;
        }
        let run = &pod.worker.kills;
        let blocked = ordered && run.items[i].grace > 0 && {
            let mine = run.items[i].sidecar;
            run.items.iter().any(|other| {
                other.state != State::Gone
                    && mine.is_some_and(|m| other.sidecar.is_none_or(|theirs| theirs > m))
            })
        };
        let item = &mut pod.worker.kills.items[i];
        if blocked {
            let due = item.since + Span::secs(item.grace.unsigned_abs());
            let timer = KubeletTimer::Kill { pod: pod.uid.clone(), container: item.id };
            cx.timers.set(due, cx.api.cause, timer);
        } else {
            item.spend(cx.api.now);
            item.stop(cx);
        }
    }
}

impl Item {
    /// Takes what has passed since `since` from the grace period, in whole seconds as upstream counts.
    fn spend(&mut self, now: Time) {
        self.grace -= i64::try_from(now.since(self.since).as_secs()).unwrap_or(0);
        self.since = now;
        if matches!(self.state, State::PreStop | State::HookDue) {
            self.state = State::Turn;
        }
    }

    fn stop(&mut self, cx: &mut Cx<'_>) {
        if self.state == State::Gone {
            return;
        }
        self.state = State::Stopping;
        let grace = Span::secs(self.grace.max(MINIMUM_GRACE).unsigned_abs());
        cx.cri.stop_container(cx.world, cx.api.now, self.id, grace);
        let gone = cx.cri.status(self.id).is_none_or(|s| s.state == crate::cri::ContainerState::Exited);
        if gone {
            self.state = State::Gone;
        }
    }
}

/// The seconds of grace that a container gets (upstream `setTerminationGracePeriod`).
fn grace_period(pod: &Pod, container: &Value, reason: KillReason) -> i64 {
    if let Some(grace) = pod.object.at("metadata.deletionGracePeriodSeconds").as_int() {
        return grace;
    }
    let probe = match reason {
        KillReason::Liveness => "livenessProbe",
        KillReason::Startup => "startupProbe",
        KillReason::Other | KillReason::PostStart => "",
    };
    let own = container[probe]["terminationGracePeriodSeconds"].as_int();
    own.or(pod.object.at("spec.terminationGracePeriodSeconds").as_int()).unwrap_or(MINIMUM_GRACE)
}
