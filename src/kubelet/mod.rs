//! The node agent: from a bound Pod to running containers and back to its status.
//!
//! A [`Kubelet`] is plain data. The façade shows it changes of its pods and of what they refer to
//! ([`Kubelet::on_change`]), its timers ([`Kubelet::on_timer`]) and what ends by itself in the container
//! runtime ([`Kubelet::on_runtime_event`]). For each pod there is a worker ([`worker`]) that syncs it
//! ([`sync`]: plan in [`actions`], one container in [`start`]), terminates it ([`terminate`],
//! [`termination`]) and writes its status ([`status`]). Probes live in [`prober`], volumes in [`volumes`],
//! what a container gets in [`config`] and [`env`], the node itself in [`node`].
//!
//! Left out: static pods, cgroup and device managers, image garbage collection by age, checkpoints on disk.
//!
//! Invariants: at most one sync of a pod is under way; a pod's phase never goes back; every write of a status
//! happens at the beginning of a sync, at a probe's change of mind, or at an end.

pub mod actions;
pub mod backoff;
mod causes;
mod changes;
mod config;
mod deadline;
mod env;
mod eviction;
mod hosts;
mod image_volumes;
mod images;
#[cfg(test)]
mod lab;
mod lifecycle;
pub mod logs;
mod node;
mod pleg;
pub mod pod;
pub mod prober;
mod registration;
mod resize;
mod restart_all;
mod rotation;
pub mod rules;
mod shared;
mod start;
mod status;
mod sync;
mod sysctl;
mod terminate;
mod termination;
#[cfg(test)]
mod tests;
mod volumes;
pub mod worker;

use crate::agenda::Timers;
use crate::api::{Kind, Text};
use crate::apiserver::{ApiServer, Change};
use crate::collections::BTreeMap;
use crate::cri::{ContainerId, ContainerState, NodeId, Runtime, RuntimeEvent, SessionId};
use crate::os::World;
use crate::rng::Rng;
use crate::time::{Span, Time};
use crate::trace::Cause;
use pleg::Pleg;
use pod::Pod;

/// From the start of the kubelet's process to its first look at its pods (measured: node Ready 0.5 s after).
const RESTART: Span = Span::millis(450);

/// A kubelet's timers.
#[derive(Clone, Debug, PartialEq)]
pub enum KubeletTimer {
    /// A pod's worker goes on; stale unless the number is that of its present wait.
    Step {
        /// The pod's uid.
        pod: Text,
        /// The number of the wait.
        number: u32,
    },
    /// The sync ticker reaches a pod in the work queue.
    Queue {
        /// The pod's uid.
        pod: Text,
        /// The number of its place in the queue.
        number: u32,
    },
    /// The global relist.
    Relist,
    /// A relist of one pod on demand.
    Look {
        /// The pod's uid.
        pod: Text,
    },
    /// A preStop hook's or a sidecar's time is over.
    Kill {
        /// The pod's uid.
        pod: Text,
        /// The container.
        container: ContainerId,
    },
    /// A probe's tick.
    Probe {
        /// The pod's uid.
        pod: Text,
        /// Which probe of the pod.
        index: usize,
        /// The number of its ticker.
        number: u32,
    },
    /// A pod's `activeDeadlineSeconds` are over.
    Deadline {
        /// The pod's uid.
        pod: Text,
    },
    /// The kubelet has started again and lists its pods.
    Restarted,
    /// The eviction manager looks at the node.
    Eviction,
    /// The node's lease is due, and every so often its status.
    Heartbeat,
    /// The API server, which was away, is tried again.
    Reconnect,
    /// The logs of containers are looked at.
    Logs,
}

/// The façade's name for them.
pub use KubeletTimer as Timer;
pub use registration::NodeSettings;

/// What a kubelet acts with.
#[derive(Debug)]
pub struct Cx<'a> {
    /// The API server.
    pub api: &'a mut ApiServer,
    /// The machines.
    pub world: &'a mut World,
    /// The container runtime.
    pub cri: &'a mut Runtime,
    /// Where timers are asked for.
    pub timers: &'a mut Timers<KubeletTimer>,
}

/// Whom a session of the runtime belongs to.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionOwner {
    /// A probe.
    Probe {
        /// The pod's uid.
        pod: Text,
        /// Which probe of the pod.
        index: usize,
    },
    /// A preStop hook.
    PreStop {
        /// The pod's uid.
        pod: Text,
        /// The container that is being killed.
        container: ContainerId,
    },
    /// The postStart hook of the container that is being started.
    PostStart {
        /// The pod's uid.
        pod: Text,
    },
}

/// What all pods of a kubelet share.
#[derive(Clone, Debug)]
pub struct Node {
    /// The node's name.
    pub name: Text,
    /// Its number in the runtime.
    pub cri: NodeId,
    /// Whether the kubelet runs.
    pub up: bool,
    /// Whether the container runtime runs.
    pub runtime_up: bool,
    /// When the kubelet was started (zero: before the scenario).
    pub started: Time,
    /// When the kubelet was last started or stopped, and when the container runtime was.
    pub changed: Time,
    /// Likewise of the runtime.
    pub runtime_changed: Time,
    /// The relists.
    pub pleg: Pleg,
    /// The phase of the sync ticker.
    pub tick: Span,
    /// When the pull under way is done.
    pub pulls_free_at: Time,
    /// Why pulls failed, by pod and image.
    pub pull_errors: BTreeMap<(Text, Text), Text>,
    /// Under which names the runtime lists images, by the references in pods.
    pub image_names: status::Names,
    /// Which pod a container belongs to.
    pub containers: BTreeMap<ContainerId, Text>,
    /// Whom sessions belong to.
    pub sessions: BTreeMap<SessionId, SessionOwner>,
    /// Heartbeats.
    pub heart: node::Heart,
    /// How often the machine has started since the scenario began.
    pub boots: u32,
    /// What the node is short of.
    pub pressure: eviction::Pressure,
    ip: Text,
    seed: u64,
}

/// One kubelet.
#[derive(Clone, Debug)]
pub struct Kubelet {
    settings: NodeSettings,
    actor: Text,
    node: Node,
    pods: BTreeMap<Text, Pod>,
}

impl Kubelet {
    /// The kubelet of a node, with the phases of its tickers from its own stream.
    pub fn new(settings: &NodeSettings, seed: u64) -> Kubelet {
        let mut rng = Rng::stream(seed, &format!("kubelet {}", settings.name));
        let phase = Span::micros(rng.below(1_000_000));
        let node = Node {
            name: settings.name.clone(),
            cri: settings.id,
            up: true,
            runtime_up: true,
            changed: Time::ZERO,
            runtime_changed: Time::ZERO,
            started: Time::ZERO,
            pleg: Pleg::new(Time::ZERO, phase),
            tick: Span::micros(rng.below(1_000_000)),
            pulls_free_at: Time::ZERO,
            pull_errors: BTreeMap::new(),
            image_names: BTreeMap::new(),
            containers: BTreeMap::new(),
            sessions: BTreeMap::new(),
            heart: node::Heart::new(&mut rng),
            boots: 0,
            pressure: eviction::Pressure::default(),
            ip: settings.ip.clone(),
            seed,
        };
        let actor = Text::from(format!("kubelet {}", settings.name));
        Kubelet { settings: settings.clone(), actor, node, pods: BTreeMap::new() }
    }

    /// The kubelet of a machine that has yet to be switched on.
    #[must_use]
    pub fn switched_off(mut self) -> Kubelet {
        self.node.up = false;
        self
    }

    /// Its machine has started anew.
    pub fn booted(&mut self) {
        self.node.boots += 1;
    }

    /// Its machine was given other resources, which it sees when it starts next.
    pub fn equip(&mut self, change: impl FnOnce(&mut NodeSettings)) {
        change(&mut self.settings);
    }

    /// What its node is made of.
    pub fn settings(&self) -> &NodeSettings {
        &self.settings
    }

    /// The name under which it acts.
    pub fn actor(&self) -> Text {
        self.actor.clone()
    }

    /// What it remembers of a pod.
    pub fn pod(&self, uid: &str) -> Option<&Pod> {
        self.pods.get(uid)
    }

    /// The node's address.
    pub fn address(&self) -> &str {
        &self.node.ip
    }

    /// Whether the kubelet runs.
    pub fn is_running(&self) -> bool {
        self.node.up
    }

    /// Whether the kubelet (or, if asked for, the container runtime under it) runs, and since when.
    pub fn unit(&self, runtime: bool) -> (bool, Time) {
        let n = &self.node;
        if runtime { (n.runtime_up, n.runtime_changed) } else { (n.up, n.changed) }
    }

    /// Begins its heartbeats.
    pub fn start(
        &mut self,
        api: &mut ApiServer,
        world: &mut World,
        cri: &mut Runtime,
        timers: &mut Timers<KubeletTimer>,
    ) {
        let cx = &mut Cx { api, world, cri, timers };
        node::start(&mut self.node, cx);
    }

    /// Stops (`systemctl stop kubelet`) or starts it; when it starts it lists its pods anew.
    pub fn set_running(
        &mut self,
        running: bool,
        api: &mut ApiServer,
        world: &mut World,
        cri: &mut Runtime,
        timers: &mut Timers<KubeletTimer>,
    ) {
        if self.node.up == running {
            return;
        }
        self.node.up = running;
        self.node.changed = api.now;
        let cx = &mut Cx { api, world, cri, timers };
        if !running {
            node::stop(&mut self.node, cx);
        } else {
            self.node.started = cx.api.now;
            node::start(&mut self.node, cx);
            rotation::arm(&mut self.node, cx);
            cx.timers.set(cx.api.now + RESTART, cx.api.cause, KubeletTimer::Restarted);
        }
    }

    /// Stops or starts the container runtime under it.
    pub fn set_runtime_running(
        &mut self,
        running: bool,
        api: &mut ApiServer,
        world: &mut World,
        cri: &mut Runtime,
        timers: &mut Timers<KubeletTimer>,
    ) {
        self.node.runtime_up = running;
        self.node.runtime_changed = api.now;
        let cx = &mut Cx { api, world, cri, timers };
        node::runtime_changed(&mut self.node, cx);
    }

    /// The API server was away and answers again: the kubelet notices when it tries next.
    pub fn api_server_is_back(&self, now: Time, cause: Cause, timers: &mut Timers<KubeletTimer>) {
        if self.node.up {
            timers.set(node::retry(&self.node, now), cause, KubeletTimer::Reconnect);
        }
    }

    /// Tells the API server what it could not while that was away.
    fn reconnect(&mut self, cx: &mut Cx<'_>) {
        node::reached(&self.node, cx);
        for pod in self.pods.values_mut() {
            status::tell(&self.node, pod, cx);
            terminate::tell(pod, cx);
        }
    }

    /// Something that it watches has changed.
    pub fn on_change(
        &mut self,
        change: &Change,
        api: &mut ApiServer,
        world: &mut World,
        cri: &mut Runtime,
        timers: &mut Timers<KubeletTimer>,
    ) {
        if !self.node.up {
            return;
        }
        let cx = &mut Cx { api, world, cri, timers };
        if change.new.kind == Kind::POD && change.new.at("spec.nodeName").str() == self.node.name.as_str() {
            self.pod_changed(change, cx);
        } else if change.new.kind == Kind::NODE {
            registration::changed(&mut self.node, change);
        }
    }

    /// A timer has come due.
    pub fn on_timer(
        &mut self,
        timer: KubeletTimer,
        api: &mut ApiServer,
        world: &mut World,
        cri: &mut Runtime,
        timers: &mut Timers<KubeletTimer>,
    ) {
        let cx = &mut Cx { api, world, cri, timers };
        if !self.node.up {
            return;
        }
        let node = &mut self.node;
        match &timer {
            KubeletTimer::Relist => return self.relist(cx),
            KubeletTimer::Restarted if cx.api.now == node.started + RESTART => return self.relist_all(cx),
            KubeletTimer::Eviction => {
                eviction::look(node, &mut self.pods, cx);
                return;
            }
            KubeletTimer::Heartbeat => return node::beat(node, &self.settings, cx),
            KubeletTimer::Reconnect => return self.reconnect(cx),
            KubeletTimer::Logs => return rotation::look(node, cx),
            _ => {}
        }
        let (KubeletTimer::Step { pod: uid, .. }
        | KubeletTimer::Queue { pod: uid, .. }
        | KubeletTimer::Look { pod: uid }
        | KubeletTimer::Kill { pod: uid, .. }
        | KubeletTimer::Probe { pod: uid, .. }
        | KubeletTimer::Deadline { pod: uid }) = &timer
        else {
            return;
        };
        let Some(pod) = self.pods.get_mut(uid) else { return };
        match timer {
            KubeletTimer::Step { number, .. } if number == pod.worker.step => worker::step(node, pod, cx),
            KubeletTimer::Queue { number, .. } if number == pod.worker.queued => {
                worker::update(node, pod, cx)
            }
            KubeletTimer::Look { .. } => look(node, pod, cx),
            KubeletTimer::Kill { container, .. } => {
                termination::timed_out(node, pod, cx, container);
                after_kill(node, pod, cx);
            }
            KubeletTimer::Probe { index, number, .. } => prober::tick(node, pod, cx, index, number),
            KubeletTimer::Deadline { .. } => worker::update(node, pod, cx),
            _ => {}
        }
        let uid = pod.uid.clone();
        self.sweep(&uid, cx);
    }

    /// The global relist: looks at what has changed and lets those go on who wait for it.
    fn relist(&mut self, cx: &mut Cx<'_>) {
        self.node.pleg.armed = None;
        for (uid, cause) in std::mem::take(&mut self.node.pleg.dirty) {
            cx.api.cause = cause;
            if let Some(pod) = self.pods.get_mut(&uid) {
                look(&mut self.node, pod, cx);
            }
        }
        for (uid, cause) in std::mem::take(&mut self.node.pleg.waiting) {
            cx.api.cause = cause;
            if let Some(pod) = self.pods.get_mut(&uid)
                && !worker::go_on_waiting(&mut self.node, pod, cx)
            {
                self.node.pleg.waiting.insert(uid, cause);
            }
        }
        self.node.arm_relist(cx);
    }

    /// Something has ended by itself in the runtime.
    pub fn on_runtime_event(
        &mut self,
        event: &RuntimeEvent,
        api: &mut ApiServer,
        world: &mut World,
        cri: &mut Runtime,
        timers: &mut Timers<KubeletTimer>,
    ) {
        let cx = &mut Cx { api, world, cri, timers };
        match event {
            RuntimeEvent::ContainerExited { container, .. } => {
                let Some(uid) = self.node.containers.get(container).cloned() else { return };
                let Some(pod) = self.pods.get_mut(&uid).filter(|_| self.node.up) else { return };
                causes::ended(pod, cx, *container);
                self.node.changed(pod, cx);
                termination::exited(pod, cx, *container);
                after_kill(&mut self.node, pod, cx);
                self.sweep(&uid, cx);
            }
            RuntimeEvent::LogGrown { .. } => rotation::arm(&mut self.node, cx),
            RuntimeEvent::SessionEnded { session, .. } => self.session_ended(*session, cx),
        }
    }

    fn session_ended(&mut self, session: SessionId, cx: &mut Cx<'_>) {
        let Some(owner) = self.node.sessions.remove(&session) else { return };
        // The end is told only after all output has been taken.
        let (out, err) = cx.cri.take_output(cx.world, session);
        let Some(end) = cx.cri.session_end(session) else { return };
        cx.cri.close_session(cx.world, session);
        if !self.node.up {
            return;
        }
        let (SessionOwner::Probe { pod: uid, .. }
        | SessionOwner::PreStop { pod: uid, .. }
        | SessionOwner::PostStart { pod: uid }) = &owner;
        let Some(pod) = self.pods.get_mut(uid) else { return };
        causes::resume(pod, cx, &owner);
        let node = &mut self.node;
        match owner {
            SessionOwner::Probe { index, .. } => {
                let output = [out, err].concat();
                prober::session_ended(node, pod, cx, index, &end, &output);
            }
            SessionOwner::PreStop { container, .. } => {
                termination::session_ended(node, pod, cx, container, &end);
                after_kill(node, pod, cx);
            }
            SessionOwner::PostStart { .. } => {
                let output = [out, err].concat();
                start::hook_ended(node, pod, cx, &end, &output);
            }
        }
    }
}

/// Looks at a pod and tells its worker what has changed.
fn look(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    if let Some(cause) = node.pleg.dirty.get(&pod.uid) {
        cx.api.cause = *cause;
    }
    let found = pleg::look(pod, cx.cri, cx.api.now);
    for name in &found.dead {
        remove_old(node, pod, cx, name);
    }
    worker::go_on_waiting(node, pod, cx);
    if found.any() || pod.resizes.applied() {
        worker::update(node, pod, cx);
        // Two events at once (a sandbox and its container) make two updates, unless the worker was slow to
        // take the first, when they become one; what comes while the worker is busy becomes one anyhow.
        if found.started > 1 && pod.worker.task == worker::Task::Idle && pod.rng.below(2) == 0 {
            worker::update(node, pod, cx);
        }
    }
}

/// A container has ended: of its earlier instances nothing is kept (kubelet.go `cleanUpContainersInPod` with
/// `MaxPerPodContainerCount: 1`). Their last state stays in the pod's status, their logs do not.
fn remove_old(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, name: &str) {
    let ended = |id: &&ContainerId| {
        cx.cri.status(**id).is_some_and(|s| s.name == name && s.state == ContainerState::Exited)
    };
    let ended: Vec<ContainerId> = pod.instances.iter().filter(ended).copied().collect();
    let seen = &pod.seen.containers;
    pod.messages.retain(|id, _| seen.iter().any(|c| c.id == *id));
    for id in ended.iter().rev().skip(1) {
        pod.instances.retain(|i| i != id);
        pod.causes.forget(*id);
        pod.results.forget(*id);
        node.containers.remove(id);
        cx.cri.remove_container(cx.world, *id);
    }
}

/// Lets a worker go on whose containers are all killed.
fn after_kill(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>) {
    match pod.worker.task {
        worker::Task::Killing => worker::step(node, pod, cx),
        worker::Task::Starting => start::kill_progressed(node, pod, cx),
        _ => {}
    }
}
