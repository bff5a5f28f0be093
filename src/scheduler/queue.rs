//! The scheduling queue: active, backing off, unschedulable and gated pods.
//!
//! As in upstream's `backend/queue`: pods are tried in order of priority, then of the time at which they
//! came; a pod that failed waits until an event that may help one of the plugins that rejected it, then
//! backs off; but when nothing is active, pods that back off are tried early (`SchedulerPopFromBackoffQ`).

use super::framework::Plugin;
use super::pod_info::PodInfo;
use crate::api::object::Key;
use crate::collections::{BTreeMap, BTreeSet};
use crate::time::{Span, Time};
use crate::trace::Cause;
use std::cmp::Reverse;
use std::rc::Rc;

/// Upstream `DefaultPodInitialBackoffDuration`.
const INITIAL_BACKOFF: Span = Span::secs(1);
/// Upstream `DefaultPodMaxBackoffDuration`.
const MAX_BACKOFF: Span = Span::secs(10);
/// Upstream `DefaultPodMaxInUnschedulablePodsDuration`.
pub const MAX_UNSCHEDULABLE: Span = Span::secs(300);

/// A pod that waits.
#[derive(Clone, Debug)]
pub struct Queued {
    /// The pod.
    pub info: Rc<PodInfo>,
    /// Why it is to be tried.
    pub cause: Cause,
    /// The plugins that rejected it last.
    pub rejected_by: Vec<Plugin>,
    attempts: u32,
    since: Time,
    sequence: u64,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Active,
    Backoff(Time),
    Unschedulable,
    Gated,
}

/// All pods that wait for a node.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    pods: BTreeMap<Key, Queued>,
    active: BTreeSet<(Reverse<i64>, Time, u64, Key)>,
    backoff: BTreeSet<(Time, u64, Key)>,
    unschedulable: BTreeSet<Key>,
    sequence: u64,
}

impl Queue {
    /// Adds a new pod, or replaces what is known of a waiting one and tries it again.
    pub fn add(&mut self, info: PodInfo, now: Time, cause: Cause) {
        self.sequence += 1;
        let key = info.key.clone();
        let gated = !info.spec["schedulingGates"].is_empty();
        let old = self.remove(&key);
        let queued = Queued {
            info: Rc::new(info),
            cause,
            rejected_by: Vec::new(),
            attempts: old.as_ref().map_or(0, |q| q.attempts),
            since: now,
            sequence: self.sequence,
            place: if gated { Place::Gated } else { Place::Active },
        };
        self.file(queued);
    }

    /// Forgets a pod.
    pub fn remove(&mut self, key: &Key) -> Option<Queued> {
        let queued = self.pods.remove(key)?;
        self.active.remove(&(Reverse(queued.info.priority), queued.since, queued.sequence, key.clone()));
        if let Place::Backoff(until) = queued.place {
            self.backoff.remove(&(until, queued.sequence, key.clone()));
        }
        self.unschedulable.remove(key);
        Some(queued)
    }

    /// Takes the next pod to be tried.
    pub fn pop(&mut self) -> Option<Queued> {
        let key = match self.active.first() {
            Some((_, _, _, key)) => key.clone(),
            None => self.backoff.first()?.2.clone(),
        };
        let mut queued = self.remove(&key)?;
        queued.attempts += 1;
        Some(queued)
    }

    /// Puts a pod back that no node took.
    pub fn put_back(&mut self, mut queued: Queued, rejected_by: Vec<Plugin>, now: Time) {
        queued.rejected_by = rejected_by;
        queued.since = now;
        queued.place = Place::Unschedulable;
        self.file(queued);
    }

    /// Makes a pod that waits for an event ready to be tried, after its back-off.
    pub fn wake(&mut self, key: &Key, now: Time, cause: Cause) {
        if !self.unschedulable.contains(key) {
            return;
        }
        let Some(mut queued) = self.remove(key) else { return };
        let factor = 1_u64 << queued.attempts.saturating_sub(1).min(10);
        let wait = Span(INITIAL_BACKOFF.0 * factor).min(MAX_BACKOFF);
        let until = queued.since + wait;
        queued.place = if until <= now { Place::Active } else { Place::Backoff(until) };
        queued.cause = cause;
        self.file(queued);
    }

    /// The pods that wait for an event.
    pub fn waiting(&self) -> impl Iterator<Item = &Queued> {
        self.unschedulable.iter().filter_map(|k| self.pods.get(k))
    }

    /// The pods that have waited for an event for too long.
    pub fn overdue(&self, now: Time) -> Vec<Key> {
        let old = |q: &&Queued| now.since(q.since) >= MAX_UNSCHEDULABLE;
        self.waiting().filter(old).map(|q| q.info.key.clone()).collect()
    }

    /// Whether a pod can be popped.
    pub fn is_ready(&self) -> bool {
        !self.active.is_empty() || !self.backoff.is_empty()
    }

    /// Whether any pod waits for an event.
    pub fn any_waiting(&self) -> bool {
        !self.unschedulable.is_empty()
    }

    fn file(&mut self, queued: Queued) {
        let key = queued.info.key.clone();
        match queued.place {
            Place::Active => {
                let order = (Reverse(queued.info.priority), queued.since, queued.sequence, key.clone());
                self.active.insert(order);
            }
            Place::Backoff(until) => {
                self.backoff.insert((until, queued.sequence, key.clone()));
            }
            Place::Unschedulable => {
                self.unschedulable.insert(key.clone());
            }
            Place::Gated => {}
        }
        self.pods.insert(key, queued);
    }
}
