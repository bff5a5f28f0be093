//! kube-scheduler: picks a node for every pod that has none.
//!
//! Changes keep a picture of the cluster ([`cache`]) and a queue of waiting pods ([`queue`]) up to date; a
//! timer runs one scheduling cycle after another ([`cycle`]): filters, scores, binding, or, when no node
//! will do, preemption and waiting for a helpful change ([`hints`]). Plugins, weights and texts are those
//! of the default profile. Left out: extenders, other profiles, dynamic resource allocation, volume limits
//! and zones.
//!
//! Invariants: a pod is bound only to a node that passed every filter; pods are tried in order of priority
//! and arrival; nothing here reads all pods because of one change.

pub mod cache;
mod cycle;
pub mod decision;
mod events;
pub mod framework;
mod hints;
pub mod plugins;
pub mod pod_info;
mod queue;
mod resources;
mod rules;

pub use decision::Decision;

use crate::agenda::Timers;
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text};
use crate::apiserver::{ApiServer, Change};
use crate::collections::BTreeMap;
use crate::rng::Rng;
use crate::time::{Span, Time};
use crate::trace::Cause;
use cache::Cache;
use decision::Decisions;
use events::Recorder;
use hints::Event;
use pod_info::PodInfo;
use queue::Queue;
use std::rc::Rc;

/// From a pod's creation to its binding on an idle cluster (measured on v1.36.2: 0.01 s).
const REACTION: Span = Span::millis(8);
/// From one scheduling cycle to the next while pods wait (measured: well under 2 ms for plain pods).
const CYCLE: Span = Span::millis(1);
/// How often pods that have waited for too long are looked for (upstream: every 30 s).
const FLUSH_PERIOD: Span = Span::secs(30);
/// The name under which pods ask for this scheduler.
pub const NAME: &str = "default-scheduler";

/// When the scheduler acts on its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Timer {
    /// Try the next pod.
    Cycle,
    /// Try pods again that have waited for five minutes.
    Flush,
}

/// The scheduler.
#[derive(Clone, Debug)]
pub struct Scheduler {
    cache: Cache,
    queue: Queue,
    /// Pods that wait for victims to go: where to, and what they are.
    nominated: BTreeMap<Key, (Text, Rc<PodInfo>)>,
    /// Pods with a node whose volumes are being bound.
    binding: BTreeMap<Key, cycle::Binding>,
    decisions: Decisions,
    recorder: Recorder,
    random: Rng,
    next_start: usize,
    cycle_due: Option<Time>,
    flush_due: bool,
}

impl Scheduler {
    /// A scheduler for an empty cluster, that runs on `host`.
    pub fn new(seed: u64, host: Text) -> Scheduler {
        Scheduler {
            cache: Cache::default(),
            queue: Queue::default(),
            nominated: BTreeMap::new(),
            binding: BTreeMap::new(),
            decisions: Decisions::default(),
            recorder: Recorder::new(seed, host),
            random: Rng::stream(seed, "default-scheduler"),
            next_start: 0,
            cycle_due: None,
            flush_due: false,
        }
    }

    /// The kinds whose changes concern the scheduler.
    pub const KINDS: &'static [Kind] =
        &[Kind::POD, Kind::NODE, Kind::PERSISTENT_VOLUME_CLAIM, Kind::PERSISTENT_VOLUME, Kind::STORAGE_CLASS];

    /// What the scheduler made of a pod the last time that it tried it.
    pub fn last_decision(&self, pod: &Key) -> Option<&Decision> {
        self.decisions.get(pod)
    }

    /// The decisions that are remembered, in order of namespace and name.
    pub fn decisions(&self) -> impl Iterator<Item = (&Key, &Decision)> {
        self.decisions.iter()
    }

    /// The nodes and pods as the scheduler sees them.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Takes a change into account.
    pub fn on_change(&mut self, change: &Change, api: &mut ApiServer, timers: &mut Timers<Timer>) {
        match change.new.kind {
            Kind::POD => self.pod_changed(change, api),
            Kind::NODE => self.node_changed(change, api),
            kind if !Scheduler::KINDS.contains(&kind) => return,
            kind => {
                let (namespace, name) = (change.new.namespace(), change.new.name());
                self.wake(&Event::Volume { kind, namespace, name }, api);
                if kind == Kind::PERSISTENT_VOLUME_CLAIM {
                    self.finish_bindings(api);
                }
            }
        }
        self.arm(REACTION, api, timers);
    }

    /// Does what a timer says.
    pub fn on_timer(&mut self, timer: Timer, api: &mut ApiServer, timers: &mut Timers<Timer>) {
        match timer {
            Timer::Cycle => {
                if self.cycle_due.is_none_or(|due| due > api.now) {
                    return;
                }
                self.cycle_due = None;
                self.schedule_one(api);
            }
            Timer::Flush => {
                self.flush_due = false;
                for key in self.queue.overdue(api.now) {
                    let cause = api.rule(rules::FLUSH, &key.path(), vec![]);
                    self.queue.wake(&key, api.now, cause);
                }
            }
        }
        self.arm(CYCLE, api, timers);
    }

    /// Sets the timers that are needed.
    fn arm(&mut self, wait: Span, api: &ApiServer, timers: &mut Timers<Timer>) {
        if self.cycle_due.is_none() && self.queue.is_ready() {
            self.cycle_due = Some(api.now + wait);
            timers.set(api.now + wait, api.cause, Timer::Cycle);
        }
        if !self.flush_due && self.queue.any_waiting() {
            self.flush_due = true;
            timers.set(api.now + FLUSH_PERIOD, api.cause, Timer::Flush);
        }
    }

    fn pod_changed(&mut self, change: &Change, api: &mut ApiServer) {
        let pod = &change.new;
        let node = pod.at("spec.nodeName").text();
        let ended = matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
        if change.kind == WatchKind::Deleted || ended {
            let key = pod.key();
            self.queue.remove(&key);
            self.nominated.remove(&key);
            self.binding.remove(&key);
            if let Some(gone) = self.cache.remove_pod(&key) {
                self.wake(&Event::PodGone(&gone), api);
            }
        } else if node.is_empty() {
            self.unbound_pod_changed(change, api);
        } else {
            self.bound_pod_changed(change, &node, api);
        }
    }

    fn unbound_pod_changed(&mut self, change: &Change, api: &mut ApiServer) {
        let pod = &change.new;
        let wants = pod.at("spec.schedulerName").str();
        if (!wants.is_empty() && wants != NAME) || self.binding.contains_key(&pod.key()) {
            return;
        }
        let same = |old: &Object| {
            old.at("metadata.labels") == pod.at("metadata.labels")
                && (old["spec"].same(&pod["spec"]) || old["spec"] == pod["spec"])
        };
        if pod.is_deleting() || change.old.as_ref().is_some_and(same) {
            return;
        }
        self.queue.add(PodInfo::new(pod), api.now, api.cause);
    }

    fn bound_pod_changed(&mut self, change: &Change, node: &Text, api: &mut ApiServer) {
        let pod = &change.new;
        let key = pod.key();
        let before = change.old.as_ref().filter(|_| self.cache.holds(&key));
        let same = |old: &Object| {
            old["spec"].same(&pod["spec"])
                && old.at("metadata.labels") == pod.at("metadata.labels")
                && old.is_deleting() == pod.is_deleting()
                && old.at("status.startTime") == pod.at("status.startTime")
        };
        if before.is_some_and(same) {
            return;
        }
        self.queue.remove(&key);
        self.nominated.remove(&key);
        self.binding.remove(&key);
        let info = Rc::new(PodInfo::new(pod));
        self.cache.put_pod(info.clone(), node);
        let placed = before.is_none_or(|old| {
            old.at("metadata.labels") != pod.at("metadata.labels") || old.at("spec.nodeName").is_empty()
        });
        if placed {
            self.wake(&Event::PodPlaced(&info), api);
        }
    }

    fn node_changed(&mut self, change: &Change, api: &mut ApiServer) {
        let name = change.new.name();
        if change.kind == WatchKind::Deleted {
            self.cache.remove_node(name);
            return;
        }
        let differs = |old: &Object| {
            ["metadata.labels", "spec.taints", "spec.unschedulable", "status.allocatable", "status.images"]
                .iter()
                .any(|path| !old.at(path).same(change.new.at(path)))
        };
        if change.old.as_ref().is_some_and(|old| !differs(old)) {
            return;
        }
        let old = self.cache.node(name).map(cache::NodeInfo::bare);
        self.cache.put_node(&change.new);
        if !self.queue.any_waiting() {
            return;
        }
        if let Some(new) = self.cache.node(name).map(cache::NodeInfo::bare) {
            self.wake(&Event::Node { old: old.as_ref(), new: &new }, api);
        }
    }

    /// Wakes the waiting pods that a change may help.
    fn wake(&mut self, event: &Event<'_>, api: &mut ApiServer) {
        let helped = self.queue.waiting().filter(|q| hints::helps(q, event));
        let keys: Vec<Key> = helped.map(|q| q.info.key.clone()).collect();
        let because = api.cause;
        for key in keys {
            api.cause = because;
            let cause = api.rule(rules::REQUEUE, &key.path(), vec![]);
            self.queue.wake(&key, api.now, cause);
        }
        api.cause = because;
    }

    fn act_for(api: &mut ApiServer, cause: Cause) {
        let now = api.now;
        api.enter(now, cause, NAME);
    }
}

#[cfg(test)]
mod tests;
