//! The cluster: a façade that owns the clock, the agenda, the API server, the components and the machines.
//!
//! It moves from one due instant to the next. At each it lets due timers act, runs the processes that are
//! ready, shows every component the changes that it watches, and repeats until nothing happens any more at
//! that instant. It decides nothing itself. The whole of it is plain data: a clone is a checkpoint.

mod bootstrap;
mod faults;
mod jobs;
mod keeper;
mod machines;
mod metrics;
mod network;
mod node_tools;
mod policies;
mod port;
mod programs;
mod requests;
mod roles;
mod serve;
mod streams;
mod traffic;
pub mod why;

pub use faults::USAGE as FAULT_USAGE;
pub use jobs::JobId;

use crate::agenda::{Agenda, Timers};
use crate::api::{Kind, Text};
use crate::apiserver::{ApiServer, Change};
use crate::collections::BTreeMap;
use crate::controllers::{self, Controllers};
use crate::cri::Runtime;
use crate::kubelet::{Kubelet, KubeletTimer};
use crate::os::World;
use crate::scenario::format::{ClusterSpec, FormatError};
use crate::scheduler::{self, Scheduler};
use crate::time::{Epoch, Span, Time};
use crate::trace::Cause;
use crate::traffic::Traffic;
use std::rc::Rc;

/// How many rounds may pass within one instant before the rest is put off by a millisecond; a loop of
/// components that answer each other at once would otherwise stop the clock.
const ROUNDS: u32 = 10_000;

/// A paused component's timers are put off by this much at a time.
const PAUSED_RETRY: Span = Span::secs(1);

/// What the agenda holds.
#[derive(Clone, Debug)]
enum Due {
    Scheduler(scheduler::Timer),
    Controllers(controllers::Timer),
    Kubelet(usize, KubeletTimer),
    /// The metrics server asks the nodes.
    Metrics,
}

/// A simulated cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    now: Time,
    /// The API server with all objects and the trace.
    pub api: ApiServer,
    /// The machines and their processes.
    pub world: World,
    /// The container runtimes.
    pub runtime: Runtime,
    /// The scheduler.
    pub scheduler: Scheduler,
    /// The controllers.
    pub controllers: Controllers,
    /// Shared with checkpoints until they act.
    kubelets: Vec<Rc<Kubelet>>,
    node_index: BTreeMap<crate::api::Text, usize>,
    agenda: Agenda<Due>,
    /// The changes that the scheduler, the controllers and the kubelets have yet to see begin here.
    cursors: [u64; 3],
    /// What the metrics server has seen, where one runs.
    metrics: Option<metrics::Metrics>,
    network: network::Network,
    streams: streams::Streams,
    jobs: jobs::Jobs,
    broken: faults::Broken,
    traffic: Traffic,
    reasons: requests::Reasons,
    /// The command line that was typed last: what programs on the workstation do is traced to it.
    command: Cause,
    spec: Rc<ClusterSpec>,
}

impl Cluster {
    /// Builds a cluster.
    ///
    /// # Errors
    /// Names the field of the specification that is wrong.
    pub fn new(spec: &ClusterSpec) -> Result<Cluster, FormatError> {
        bootstrap::build(spec)
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Wall time of the start.
    pub fn epoch(&self) -> Epoch {
        self.api.epoch
    }

    /// What the cluster was built from, with the machines that have come since.
    pub fn spec(&self) -> &ClusterSpec {
        &self.spec
    }

    /// All changes that the log still holds, oldest first.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        (self.api.store.oldest()..self.api.store.cursor()).filter_map(|c| self.api.store.change(c))
    }

    /// When something is due next; `None` if nothing ever will be.
    pub fn next_due(&self) -> Option<Time> {
        let due = [
            self.agenda.next_time(),
            self.world.next_due(),
            self.runtime.next_due(),
            self.traffic.next_due(),
            self.next_visible(),
        ];
        due.into_iter().flatten().min()
    }

    /// Lets time pass until `t`.
    pub fn run_until(&mut self, t: Time) {
        while self.step(t) {}
    }

    /// Moves to the next due instant, if it is not later than `limit`, and lets everything due happen;
    /// otherwise moves to `limit` and returns `false`.
    pub fn step(&mut self, limit: Time) -> bool {
        match self.next_due() {
            Some(t) if t <= limit => {
                self.now = self.now.max(t);
                self.settle();
                true
            }
            _ => {
                self.now = self.now.max(limit);
                self.api.now = self.now;
                false
            }
        }
    }

    /// Lets everything happen that is due now.
    pub fn settle(&mut self) {
        self.api.now = self.now;
        for _ in 0..ROUNDS {
            let mut busy = self.fire_timers();
            busy |= self.run_processes();
            busy |= self.drive_traffic();
            self.note_calls();
            busy |= self.show_changes();
            busy |= self.serve_streams();
            busy |= self.pump_jobs();
            let due = self.next_due().is_some_and(|t| t <= self.now);
            if !busy && !due {
                return;
            }
        }
    }

    fn fire_timers(&mut self) -> bool {
        let mut busy = false;
        while let Some(entry) = self.agenda.pop_due(self.now) {
            busy = true;
            let paused = match entry.what {
                Due::Scheduler(_) => self.broken.scheduler || self.api.down,
                Due::Controllers(_) => self.broken.controllers || self.api.down,
                Due::Kubelet(..) | Due::Metrics => false,
            };
            if paused {
                self.agenda.set(self.now + PAUSED_RETRY, entry.cause, entry.what);
                continue;
            }
            match entry.what {
                Due::Scheduler(t) => {
                    self.with_scheduler(entry.cause, |s, api, timers| s.on_timer(t, api, timers))
                }
                Due::Controllers(t) => {
                    self.with_controllers(entry.cause, |c, api, timers| c.on_timer(t, api, timers))
                }
                Due::Metrics => self.scrape(),
                Due::Kubelet(node, t) => {
                    self.with_kubelet(node, entry.cause, |k, env| {
                        k.on_timer(t, env.api, env.world, env.runtime, env.timers)
                    });
                }
            }
            self.show_changes();
        }
        busy
    }

    fn run_processes(&mut self) -> bool {
        let mut port = port::Port {
            api: &mut self.api,
            streams: &mut self.streams,
            metrics: self.metrics.as_ref(),
            scheduler: &self.scheduler,
            home: Text::from(if self.spec.namespace.is_empty() { "default" } else { &self.spec.namespace }),
            now: self.now,
            cause: self.command,
        };
        let mut busy = self.world.run(self.now, &mut port);
        self.runtime.settle(&mut self.world, self.now);
        for event in self.runtime.take_events() {
            busy = true;
            let node = event.node().0 as usize;
            self.with_kubelet(node, Cause::START, |k, env| {
                k.on_runtime_event(&event, env.api, env.world, env.runtime, env.timers);
            });
        }
        busy
    }

    /// Shows the changes since the last call to everybody who watches them, one change at a time.
    fn show_changes(&mut self) -> bool {
        let mut busy = false;
        loop {
            let mut any = false;
            if let Some(change) = self.unseen(0).filter(|_| !self.broken.scheduler && !self.api.down) {
                self.cursors[0] += 1;
                any = true;
                self.with_scheduler(change.cause, |s, api, timers| s.on_change(&change, api, timers));
            }
            if let Some(change) = self.unseen(1).filter(|_| !self.broken.controllers && !self.api.down) {
                self.cursors[1] += 1;
                any = true;
                self.with_controllers(change.cause, |c, api, timers| c.on_change(&change, api, timers));
            }
            if let Some(change) = self.unseen(2) {
                self.cursors[2] += 1;
                any = true;
                for node in self.watching_kubelets(&change) {
                    self.with_kubelet(node, change.cause, |k, env| {
                        k.on_change(&change, env.api, env.world, env.runtime, env.timers);
                    });
                }
            }
            if !any {
                break;
            }
            busy = true;
        }
        if busy {
            self.show_network();
            self.world.wake_api_waiters();
        }
        busy
    }

    fn unseen(&self, watcher: usize) -> Option<Change> {
        let change = self.api.store.change(self.cursors[watcher])?;
        (change.at + self.api.etcd_delay <= self.now).then(|| change.clone())
    }

    /// When a write that etcd is slow with becomes visible next.
    fn next_visible(&self) -> Option<Time> {
        if self.api.etcd_delay == Span::ZERO {
            return None;
        }
        // Kubelets are never paused, so they have always seen what there was to see.
        self.api.store.change(self.cursors[2]).map(|c| c.at + self.api.etcd_delay)
    }

    /// The kubelets that watch an object: the node's own for pods and nodes; all for what pods refer to.
    fn watching_kubelets(&self, change: &Change) -> Vec<usize> {
        let by_name = |name: &str| self.node_index.get(name).copied().into_iter().collect();
        match change.new.kind {
            Kind::POD => by_name(change.new.at("spec.nodeName").str()),
            Kind::NODE => by_name(change.new.name()),
            Kind::CONFIG_MAP | Kind::SECRET | Kind::SERVICE | Kind::PERSISTENT_VOLUME_CLAIM => {
                (0..self.kubelets.len()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn with_scheduler(
        &mut self,
        cause: Cause,
        act: impl FnOnce(&mut Scheduler, &mut ApiServer, &mut Timers<scheduler::Timer>),
    ) {
        self.api.enter(self.now, cause, crate::api::Text::lit("default-scheduler"));
        let mut timers = Timers::new();
        act(&mut self.scheduler, &mut self.api, &mut timers);
        for (at, cause, timer) in timers.asked {
            self.agenda.set(at, cause, Due::Scheduler(timer));
        }
    }

    fn with_controllers(
        &mut self,
        cause: Cause,
        act: impl FnOnce(&mut Controllers, &mut ApiServer, &mut Timers<controllers::Timer>),
    ) {
        self.api.enter(self.now, cause, crate::api::Text::lit("kube-controller-manager"));
        let mut timers = Timers::new();
        act(&mut self.controllers, &mut self.api, &mut timers);
        for (at, cause, timer) in timers.asked {
            self.agenda.set(at, cause, Due::Controllers(timer));
        }
    }

    fn with_kubelet(&mut self, node: usize, cause: Cause, act: impl FnOnce(&mut Kubelet, NodeEnv<'_>)) {
        let Some(kubelet) = self.kubelets.get_mut(node).map(Rc::make_mut) else { return };
        self.api.enter(self.now, cause, kubelet.actor());
        let mut timers = Timers::new();
        let env = NodeEnv {
            api: &mut self.api,
            world: &mut self.world,
            runtime: &mut self.runtime,
            timers: &mut timers,
        };
        act(kubelet, env);
        for (at, cause, timer) in timers.asked {
            self.agenda.set(at, cause, Due::Kubelet(node, timer));
        }
    }
}

/// What a kubelet gets to act with.
struct NodeEnv<'a> {
    api: &'a mut ApiServer,
    world: &'a mut World,
    runtime: &'a mut Runtime,
    timers: &'a mut Timers<KubeletTimer>,
}
