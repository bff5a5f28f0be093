//! What all controllers share: the work queue, the client's rate limit, bursts of requests, the recorder.
//!
//! A controller is a set of functions over objects; what it must remember between calls is here, under its
//! [`Which`]. Reads see every write at once, so that upstream's expectations are not needed: a burst of
//! requests of one owner simply blocks its next synchronisation.

use super::{Timer, Which};
use crate::agenda::Timers;
use crate::api::object::Key;
use crate::api::status::NAMESPACE_TERMINATING;
use crate::api::{Kind, Object, Status, Text};
use crate::apiserver::{ApiServer, DeleteOptions, NewEvent};
use crate::collections::{BTreeMap, BTreeSet};
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// From a change to the synchronisation that it causes (measured: ReplicaSet created → first pod 0–10 ms).
const REACTION: Span = Span::millis(3);
/// How long a write takes (measured: 10 pods of a ReplicaSet in 40–70 ms over four batches).
const REQUEST: Span = Span::millis(3);
/// client-go `DefaultTypedControllerRateLimiter`: first and longest wait after failures.
const FIRST_BACKOFF: Span = Span::millis(5);
const MAX_BACKOFF: Span = Span::secs(1000);
/// kube-controller-manager `--kube-api-qps` and `--kube-api-burst`, for each controller's client.
const QPS: f64 = 20.0;
const BURST: f64 = 30.0;
/// Upstream `SlowStartInitialBatchSize`.
const FIRST_BATCH: usize = 1;

/// A token bucket.
#[derive(Clone, Debug)]
struct Limiter {
    tokens: f64,
    last: Time,
}

/// What is still to be requested for one owner.
#[derive(Clone, Debug)]
pub enum Action {
    /// Create this object, in this batch.
    Create(Object, usize),
    /// Delete this object, if it still has the uid.
    Delete(Key, Text),
}

impl Action {
    /// Deletions go in one batch.
    fn batch(&self) -> usize {
        match self {
            Action::Create(_, batch) => *batch,
            Action::Delete(..) => 0,
        }
    }
}

/// What controllers remember.
#[derive(Clone, Debug, Default)]
pub struct Work {
    due: BTreeMap<(Which, Key), Time>,
    failures: BTreeMap<(Which, Key), u32>,
    limiters: BTreeMap<Which, Limiter>,
    bursts: BTreeMap<(Which, Key), VecDeque<(Time, Action)>>,
    /// Objects without a controller that one may adopt.
    pub orphans: BTreeSet<Key>,
    /// What pods use, as the metrics server has seen it last.
    pub seen: super::hpa::Report,
    /// What is remembered of each autoscaler.
    pub scalers: BTreeMap<Key, super::hpa::Memory>,
    /// Whether claims are to be looked at again.
    pub resync_claims: bool,
    /// Heartbeats of nodes.
    pub health: super::node::Health,
    /// Since when the taint manager has known of each pod on a tainted node.
    pub tainted: BTreeMap<Key, Time>,
    /// Pods whose node is missing.
    pub strays: super::node::pod_gc::Strays,
    /// Whether a cloud sets up load balancers.
    pub cloud: bool,
    /// Whether a metrics server reports what pods use.
    pub metrics: bool,
    /// The load balancers that the cloud works on: whether it sets them up, and until when.
    pub balancers: BTreeMap<Key, (bool, Time)>,
    /// For each Service: when the readiness of its pods (by uid) last turned.
    pub triggers: BTreeMap<Key, BTreeMap<Text, Text>>,
}

/// What a controller acts with.
pub struct Cx<'a> {
    /// The API server.
    pub api: &'a mut ApiServer,
    /// New timers.
    pub timers: &'a mut Timers<Timer>,
    /// What controllers remember.
    pub work: &'a mut Work,
}

impl Work {
    /// Takes a due synchronisation; `false` if the timer is out of date.
    pub fn take(&mut self, which: Which, key: &Key, now: Time) -> bool {
        let id = (which, key.clone());
        if self.due.get(&id).is_none_or(|due| *due > now) {
            return false;
        }
        self.due.remove(&id);
        // The burst's end synchronises again.
        !self.bursts.contains_key(&id)
    }

    /// Reserves a request of a controller's client and returns when it may be sent.
    pub fn reserve(&mut self, which: Which, at: Time) -> Time {
        let limiter = self.limiters.entry(which).or_insert(Limiter { tokens: BURST, last: Time::ZERO });
        if at > limiter.last {
            let refill = at.since(limiter.last).as_secs_f64() * QPS;
            limiter.tokens = (limiter.tokens + refill).min(BURST);
            limiter.last = at;
        }
        limiter.tokens -= 1.0;
        let wait = if limiter.tokens >= 0.0 { 0.0 } else { -limiter.tokens / QPS };
        limiter.last.max(at) + Span::secs_f64(wait)
    }

    /// Whether the client of a controller has run out of requests; then when it has one again.
    pub fn exhausted(&self, which: Which, now: Time) -> Option<Time> {
        let limiter = self.limiters.get(&which)?;
        let tokens = limiter.tokens + now.since(limiter.last).as_secs_f64() * QPS;
        (tokens < 1.0).then(|| now + Span::secs_f64((1.0 - tokens) / QPS))
    }
}

impl Cx<'_> {
    /// Has an object synchronised soon.
    pub fn enqueue(&mut self, which: Which, key: &Key) {
        self.enqueue_after(which, key, REACTION);
    }

    /// Has an object synchronised after a while, unless that is to happen earlier anyway.
    pub fn enqueue_after(&mut self, which: Which, key: &Key, wait: Span) {
        let at = self.api.now + wait;
        let due = self.work.due.entry((which, key.clone())).or_insert(Time::NEVER);
        if at < *due {
            *due = at;
            self.timers.set(at, self.api.cause, Timer::Sync(which, key.clone()));
        }
    }

    /// Has an object synchronised again after a failure, later each time.
    pub fn retry(&mut self, which: Which, key: &Key) {
        let n = self.work.failures.entry((which, key.clone())).or_insert(0);
        let wait = Span(FIRST_BACKOFF.0 << (*n).min(20)).min(MAX_BACKOFF);
        *n += 1;
        self.enqueue_after(which, key, wait);
    }

    /// Forgets the failures of an object.
    pub fn succeeded(&mut self, which: Which, key: &Key) {
        self.work.failures.remove(&(which, key.clone()));
    }

    /// If the controller's client must wait, puts the synchronisation off and says so.
    pub fn put_off(&mut self, which: Which, key: &Key) -> bool {
        let Some(at) = self.work.exhausted(which, self.api.now) else { return false };
        let wait = at.since(self.api.now) + Span::micros(1);
        self.enqueue_after(which, key, wait);
        true
    }

    /// Writes a status, counting it against the client's limit.
    pub fn write_status(&mut self, which: Which, object: &Object, status: crate::api::Value) {
        if object["status"] != status {
            self.work.reserve(which, self.api.now);
            // The object may have gone; its deletion is seen by itself.
            let _ = self.api.update_status(&object.key(), status);
        }
    }

    /// Creates pods in batches of 1, 2, 4, … as `slowStartBatch` does, within the client's limit.
    pub fn create_slowly(&mut self, which: Which, owner: &Key, objects: Vec<Object>) {
        let mut actions = VecDeque::new();
        let mut start = self.api.now;
        let mut batch = FIRST_BATCH;
        let mut in_batch = 0;
        let mut last = start;
        for object in objects {
            if in_batch == batch {
                batch *= 2;
                in_batch = 0;
                start = last + REQUEST;
            }
            in_batch += 1;
            last = self.work.reserve(which, start + REQUEST).max(last);
            actions.push_back((last, Action::Create(object, batch)));
        }
        self.begin(which, owner, actions);
    }

    /// Deletes objects, all at once but for the client's limit.
    pub fn delete_all(&mut self, which: Which, owner: &Key, objects: &[Object]) {
        let start = self.api.now + REQUEST;
        let action = |o: &Object| {
            (self.work.reserve(which, start), Action::Delete(o.key(), o.at("metadata.uid").text()))
        };
        let actions = objects.iter().map(action).collect();
        self.begin(which, owner, actions);
    }

    fn begin(&mut self, which: Which, owner: &Key, actions: VecDeque<(Time, Action)>) {
        if let Some((at, _)) = actions.front() {
            self.timers.set(*at, self.api.cause, Timer::Act(which, owner.clone()));
            self.work.bursts.insert((which, owner.clone()), actions);
        }
    }

    /// Sends the next requests of a burst. When one is refused, the rest of its batch is still sent, but no other.
    pub fn act(&mut self, which: Which, owner_key: &Key) {
        let id = (which, owner_key.clone());
        let Some(mut actions) = self.work.bursts.remove(&id) else { return };
        let owner = self.api.store.get(owner_key).cloned();
        let mut last_batch = usize::MAX;
        let mut refused = None;
        while actions.front().is_some_and(|(at, a)| *at <= self.api.now && a.batch() <= last_batch) {
            let Some((_, action)) = actions.pop_front() else { break };
            match (action, &owner) {
                (Action::Create(object, batch), Some(owner)) => {
                    if let Err(status) = self.create_for(which, owner, object) {
                        last_batch = batch;
                        refused.get_or_insert(status);
                    }
                }
                (Action::Create(..), None) => return,
                (Action::Delete(key, uid), _) => self.delete_for(which, owner.as_ref(), &key, uid),
            }
        }
        if let Some(status) = refused {
            // In a namespace that goes nothing can be created: that is no failure to be tried again.
            if !status.has_cause(NAMESPACE_TERMINATING) {
                self.retry(which, owner_key);
                super::replicaset::refused(which, owner_key, &status.message, self);
            }
            return;
        }
        match actions.front() {
            Some((at, _)) => {
                self.timers.set(*at, self.api.cause, Timer::Act(which, owner_key.clone()));
                self.work.bursts.insert(id, actions);
            }
            None => {
                self.succeeded(which, owner_key);
                self.enqueue(which, owner_key);
            }
        }
    }

    /// Creates a pod for its owner, with the event.
    ///
    /// # Errors
    /// Says why it was refused.
    pub fn create_for(&mut self, which: Which, owner: &Object, object: Object) -> Result<(), Status> {
        match self.api.create(object) {
            Ok(pod) => {
                let message = format!("Created pod: {}", pod.name());
                self.event(which, owner, "Normal", "SuccessfulCreate", &message);
                Ok(())
            }
            Err(status) => {
                if !status.has_cause(NAMESPACE_TERMINATING) {
                    let message = format!("Error creating: {}", status.message);
                    self.event(which, owner, "Warning", "FailedCreate", &message);
                }
                Err(status)
            }
        }
    }

    /// Deletes a pod for its owner, with the event.
    pub fn delete_for(&mut self, which: Which, owner: Option<&Object>, key: &Key, uid: Text) {
        let options = DeleteOptions { uid: Some(uid), ..DeleteOptions::default() };
        if self.api.delete(key, &options).is_ok()
            && let Some(owner) = owner
        {
            let message = format!("Deleted pod: {}", key.name);
            self.event(which, owner, "Normal", "SuccessfulDelete", &message);
        }
    }

    /// Records an event of a controller.
    pub fn event(
        &mut self,
        which: Which,
        about: &Object,
        kind: &'static str,
        reason: &'static str,
        message: &str,
    ) {
        self.api.record(&NewEvent {
            regarding: about,
            field_path: "",
            kind,
            reason,
            message,
            component: which.component(),
            host: "",
        });
    }

    /// The objects of a kind that an owner controls.
    pub fn owned(&self, owner: &Object, kind: Kind) -> Vec<Object> {
        let uid = owner.uid();
        let mine = |o: &&Object| o.kind == kind && o.controller()["uid"].str() == uid;
        self.api.owned_by(uid).filter(mine).cloned().collect()
    }

    /// Gives matching orphans of a kind to an owner and lets those go that no longer match. Returns what
    /// it controls.
    pub fn claim(&mut self, owner: &Object, kind: Kind, selector: &crate::api::Value) -> Vec<Object> {
        let matches = |o: &Object| crate::api::selector::matches(selector, o.at("metadata.labels"));
        let (mut mine, lost): (Vec<Object>, Vec<Object>) =
            self.owned(owner, kind).into_iter().partition(matches);
        if owner.is_deleting() {
            return mine;
        }
        for object in lost.iter().filter(|o| !o.is_deleting()) {
            let uid = owner.at("metadata.uid").text();
            // Somebody else may have deleted it in the meantime.
            let _ = self.api.modify(&object.key(), |o| {
                o.slot("metadata.ownerReferences").list_mut().retain(|r| r["uid"].str() != uid.as_str());
                if o.at("metadata.ownerReferences").is_empty() {
                    o.remove("metadata.ownerReferences");
                }
            });
        }
        let first = Key::new(kind, owner.at("metadata.namespace").text(), "");
        let here = |k: &&Key| k.kind == kind && k.namespace == first.namespace;
        let orphans: Vec<Key> = self.work.orphans.range(first.clone()..).take_while(here).cloned().collect();
        for key in orphans {
            let Some(object) = self.api.store.get(&key) else { continue };
            if object.is_deleting() || object.controller().is_some() || !matches(object) {
                continue;
            }
            let reference = ApiServer::owner_reference(owner);
            let adopted = self.api.modify(&key, |o| {
                o.slot("metadata.ownerReferences").list_mut().push(reference);
            });
            mine.extend(adopted);
        }
        mine
    }
}
