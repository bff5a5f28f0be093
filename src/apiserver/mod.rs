//! The API server and its store.
//!
//! Two ways in: [`ApiServer::request`] is the REST-shaped seam for clients (kubectl), with decoding,
//! validation and errors in the server's words; the typed methods below it are for the components of the
//! control plane and the kubelets, which share the same store, admission, defaults and change log.
//!
//! The façade sets [`ApiServer::enter`] before it lets a component act, so that each write knows its
//! instant, its cause and its author. Watching is done by cursor: every write appends a [`Change`].

mod admission;
pub use admission::default_class;
mod allocation;
mod authorize;
mod custom;
mod disabled;
pub mod events;
mod eviction;
mod managed;
pub mod quota;
mod request;
pub mod store;
pub mod strategy;
pub mod token;
mod write;

pub use events::NewEvent;
pub use store::{Change, Store};
pub use write::DeleteOptions;

use crate::api::object::Key;
use crate::api::{Kind, Object, Status, Text, Value};
use crate::collections::BTreeMap;
use crate::rng::Rng;
use crate::time::{Epoch, Span, Time};
use crate::trace::{self, Cause, Trace, What};

/// The API server: plain data, cloned into checkpoints.
#[derive(Clone, Debug)]
pub struct ApiServer {
    /// The objects and their change log.
    pub store: Store,
    /// Why things happened.
    pub trace: Trace,
    /// Wall time of the scenario's start.
    pub epoch: Epoch,
    /// The present instant.
    pub now: Time,
    /// What the present actor acts upon; every write is caused by it.
    pub cause: Cause,
    /// Who acts: `kubelet worker01`, `default-scheduler`, `deployment-controller`, `kubectl`.
    pub actor: Text,
    /// The scenario's seed.
    pub seed: u64,
    /// Whether it is down: nothing is written but events, whose authors try again until it is back.
    pub down: bool,
    /// How much longer than usual etcd takes for a write; watchers see it so much later.
    pub etcd_delay: Span,
    events: events::Correlator,
    uids: Rng,
    managed: BTreeMap<Key, Vec<managed::Entry>>,
}

impl ApiServer {
    /// An empty API server.
    pub fn new(seed: u64, epoch: Epoch) -> ApiServer {
        ApiServer {
            store: Store::new(),
            trace: Trace::new(),
            epoch,
            now: Time::ZERO,
            cause: Cause::START,
            actor: Text::lit("scenario"),
            seed,
            down: false,
            etcd_delay: Span::ZERO,
            events: events::Correlator::new(),
            uids: Rng::stream(seed, "uids"),
            managed: BTreeMap::new(),
        }
    }

    /// Draws what is random (uids, suffixes) from another stream, which takes the place of this one.
    pub fn swap_uids(&mut self, other: &mut Rng) {
        std::mem::swap(&mut self.uids, other);
    }

    /// The cursor behind the last change that watchers see by now.
    pub fn seen_by_watchers(&self) -> u64 {
        let mut cursor = self.store.cursor();
        while self.etcd_delay > Span::ZERO
            && cursor > self.store.oldest()
            && self.store.change(cursor - 1).is_some_and(|c| c.at + self.etcd_delay > self.now)
        {
            cursor -= 1;
        }
        cursor
    }

    /// Refuses a write while the server is down.
    fn answers(&self, kind: Kind) -> Result<(), Status> {
        if self.down && kind != Kind::EVENT {
            return Err(Status::new(
                503,
                "ServiceUnavailable",
                "the server is currently unable to handle the request",
            ));
        }
        Ok(())
    }

    /// Says who acts now, and why.
    pub fn enter(&mut self, now: Time, cause: Cause, actor: impl Into<Text>) {
        self.now = now;
        self.cause = cause;
        self.actor = actor.into();
    }

    /// Records that a rule came to act and makes it the cause of what the present actor does next.
    /// `rule` is a stable dotted name (`probe.failure-threshold`); `object` a path like
    /// `pods/default/web` or `pods/default/web/container`; `values` feed the explanation.
    pub fn rule(&mut self, rule: &'static str, object: &str, values: Vec<(&'static str, Text)>) -> Cause {
        let what = What::Rule { rule, object: Text::from(object), values };
        self.cause = self.note(what);
        self.cause
    }

    /// Adds something that happened to the trace, as a consequence of the present cause.
    pub fn note(&mut self, what: What) -> Cause {
        self.trace.add(trace::Entry { at: self.now, parent: self.cause, actor: self.actor.clone(), what })
    }

    /// An object, if it exists.
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Object> {
        self.store.get(&Key::new(kind, namespace, name))
    }

    /// The objects of a kind, in order of namespace and name, of one namespace or of all.
    pub fn list(&self, kind: Kind, namespace: Option<&str>) -> impl Iterator<Item = &Object> {
        self.store.list(kind, namespace)
    }

    /// The pods bound to a node, in order of namespace and name.
    pub fn pods_on(&self, node: &str) -> impl Iterator<Item = &Object> {
        self.store.pods_on(node)
    }

    /// The objects that name `uid` in their owner references.
    pub fn owned_by(&self, uid: &str) -> impl Iterator<Item = &Object> {
        self.store.owned_by(uid)
    }

    /// The present instant as the API writes it.
    pub fn timestamp(&self) -> Text {
        Text::from(self.epoch.rfc3339(self.now))
    }

    /// The present instant with microseconds.
    pub fn micro_timestamp(&self) -> Text {
        Text::from(self.epoch.rfc3339_micro(self.now))
    }

    /// Sets a condition in a list of conditions as `status.conditions` holds them: `lastTransitionTime`
    /// moves only when the status changes. Returns whether anything changed.
    pub fn set_condition(&self, conditions: &mut Value, mut condition: Value) -> bool {
        let list = conditions.list_mut();
        match list.iter_mut().find(|c| c["type"] == condition["type"]) {
            Some(old) => {
                if old["status"] == condition["status"] {
                    condition.set("lastTransitionTime", &old["lastTransitionTime"]);
                } else if condition["lastTransitionTime"].is_null() {
                    condition.set("lastTransitionTime", self.timestamp());
                }
                let changed = *old != condition;
                *old = condition;
                changed
            }
            None => {
                if condition["lastTransitionTime"].is_null() {
                    condition.set("lastTransitionTime", self.timestamp());
                }
                list.push(condition);
                true
            }
        }
    }
}
