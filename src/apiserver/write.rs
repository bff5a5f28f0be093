//! The typed writes: create, update, status, bind, delete.
//!
//! These carry out what every write has in common: metadata, revisions, finalizers and graceful deletion,
//! the trace. Decoding and validation of what people send happen before (`ApiServer::request`).

use super::ApiServer;
use crate::api::object::Key;
use crate::api::status::Result;
use crate::api::{Kind, Object, Status, Text, Value, defaults};
use crate::map;
use crate::time::{Span, parse_rfc3339};
use crate::trace::{Cause, What};

/// How many random characters a generated name ends with (upstream's `randomLength` of names.go).
const SUFFIX: usize = 5;

/// How much of `generateName` a generated name keeps: a label's 63 characters without the random ones
/// (upstream's `MaxGeneratedNameLength`).
const GENERATED_BASE: usize = 63 - SUFFIX;

/// What a conflict of versions says.
pub(super) const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// Options of a deletion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteOptions {
    /// `gracePeriodSeconds`; the object's own default if `None`.
    pub grace_period_seconds: Option<i64>,
    /// `propagationPolicy`: `Background` (default), `Foreground`, `Orphan`.
    pub propagation_policy: Option<Text>,
    /// `preconditions.uid`.
    pub uid: Option<Text>,
}

impl ApiServer {
    /// Creates an object: runs defaults and admission, completes its metadata and stores it.
    ///
    /// # Errors
    /// `AlreadyExists` if there is one of that name; what admission refuses.
    pub fn create(&mut self, object: Object) -> Result<Object> {
        self.answers(object.kind)?;
        let object = self.completed(object)?;
        self.check_absent(&object)?;
        self.admit_valid(&object)?;
        Ok(self.put("create", object))
    }

    /// Refuses an object whose name is taken.
    pub(super) fn check_absent(&self, object: &Object) -> Result<()> {
        match self.store.get(&object.key()) {
            Some(_) => Err(Status::already_exists(object.kind, object.name())),
            None => Ok(()),
        }
    }

    /// Stores a completed object.
    pub(super) fn put_created(&mut self, object: Object) -> Object {
        self.put("create", object)
    }

    /// The object that a creation would store.
    pub(super) fn completed(&mut self, mut object: Object) -> Result<Object> {
        if object.name().is_empty() && !object.at("metadata.generateName").str().is_empty() {
            let base: String =
                object.at("metadata.generateName").str().chars().take(GENERATED_BASE).collect();
            object.set("metadata.name", format!("{base}{}", self.uids.name_suffix(SUFFIX)));
        }
        let key = object.key();
        if key.kind == Kind::POD {
            // A template has the defaults of its fields, but not those of a whole pod.
            defaults::apply(&mut object);
        }
        self.prepare_create(&mut object);
        self.admit_create(&mut object)?;
        let uid = self.uids.uuid();
        let stamp = self.timestamp();
        let meta = object.slot("metadata");
        meta.set("uid", uid);
        meta.set("creationTimestamp", stamp);
        if has_generation(key.kind) {
            meta.set("generation", 1);
        }
        if key.kind == Kind::JOB {
            super::strategy::select_job_pods(&mut object);
        }
        if key.kind == Kind::DAEMON_SET {
            super::strategy::count_template(&mut object, None);
        }
        Ok(object)
    }

    /// Replaces an object. A `resourceVersion` in it must be the present one.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if the object has changed since it was read.
    pub fn update(&mut self, mut object: Object) -> Result<Object> {
        self.answers(object.kind)?;
        let key = object.key();
        let Some(old) = self.store.get(&key).cloned() else {
            return Err(Status::not_found(key.kind, &key.name));
        };
        let version = object.at("metadata.resourceVersion").str();
        if !version.is_empty() && version != old.at("metadata.resourceVersion").str() {
            return Err(Status::conflict(key.kind, &key.name, MODIFIED));
        }
        keep_own_fields(&old["metadata"], &mut object);
        if object.value == old.value {
            return Ok(old);
        }
        Self::count_generation(&old, &mut object);
        if object.is_deleting() && object.at("metadata.finalizers").is_empty() && self.may_go(&object) {
            return Ok(self.take(&key, object));
        }
        Ok(self.put("update", object))
    }

    /// Counts a change of the desired state in `metadata.generation`.
    pub(super) fn count_generation(old: &Object, object: &mut Object) {
        if has_generation(object.kind) && desires_differ(old, object) {
            object.set("metadata.generation", old.at("metadata.generation").int_or(0) + 1);
        }
    }

    /// Changes an object in place: reads it, lets `change` edit the tree, writes it back.
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub fn modify(&mut self, key: &Key, change: impl FnOnce(&mut Value)) -> Result<Object> {
        self.answers(key.kind)?;
        let Some(old) = self.store.get(key) else {
            return Err(Status::not_found(key.kind, &key.name));
        };
        let mut object = old.clone();
        change(&mut object.value);
        self.update(object)
    }

    /// Replaces the `status` of an object; nothing is written if it is the same.
    ///
    /// # Errors
    /// `NotFound` if it does not exist.
    pub fn update_status(&mut self, key: &Key, status: Value) -> Result<Object> {
        self.answers(key.kind)?;
        let Some(old) = self.store.get(key) else {
            return Err(Status::not_found(key.kind, &key.name));
        };
        if old["status"] == status {
            return Ok(old.clone());
        }
        let mut object = old.clone();
        object.set("status", status);
        Ok(self.put("status", object))
    }

    /// Binds a pod to a node (the `binding` subresource).
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if the pod is bound already or is being deleted.
    pub fn bind(&mut self, pod: &Key, node: &str) -> Result<Object> {
        self.answers(pod.kind)?;
        let Some(old) = self.store.get(pod) else {
            return Err(Status::not_found(pod.kind, &pod.name));
        };
        if old.is_deleting() {
            let why = format!("pod {} is being deleted, cannot be assigned to a host", pod.name);
            return Err(Status::conflict(pod.kind, &pod.name, &why));
        }
        let bound = old.at("spec.nodeName").str();
        if !bound.is_empty() {
            let why = format!("pod {} is already assigned to node \"{bound}\"", pod.name);
            return Err(Status::conflict(pod.kind, &pod.name, &why));
        }
        let mut object = old.clone();
        object.set("spec.nodeName", node);
        self.copy_topology(&mut object, node);
        let scheduled = map! {
            "type" => "PodScheduled", "status" => "True", "lastProbeTime" => Value::Null,
            "observedGeneration" => old.at("metadata.generation"),
        };
        let mut conditions = old.at("status.conditions").clone();
        self.set_condition(&mut conditions, scheduled);
        object.set("status.conditions", conditions);
        object.remove("status.nominatedNodeName");
        object.set("metadata.generation", old.at("metadata.generation"));
        Ok(self.put("binding", object))
    }

    /// Gives a pod the zone and region of its node (plugin/pkg/admission/podtopologylabels).
    fn copy_topology(&self, pod: &mut Object, node: &str) {
        let Some(node) = self.get(Kind::NODE, "", node) else { return };
        let labels = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];
        let found = labels.map(|l| (l, node.label(l).map(Text::from)));
        for (label, value) in found.into_iter().filter_map(|(l, v)| Some((l, v?))) {
            pod.slot("metadata.labels").map_mut().insert(label, value);
        }
    }

    /// Deletes an object: at once, or by setting its deletion timestamp where it has a grace period or
    /// finalizers. Deleting a pod that is being deleted may only shorten its grace period.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if the uid is another one.
    pub fn delete(&mut self, key: &Key, options: &DeleteOptions) -> Result<Object> {
        self.answers(key.kind)?;
        let Some(old) = self.store.get(key).cloned() else {
            return Err(Status::not_found(key.kind, &key.name));
        };
        if let Some(uid) = &options.uid
            && *uid != old.uid()
        {
            let why =
                format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", old.uid());
            return Err(Status::conflict(key.kind, &key.name, &why));
        }
        let grace = self.grace(&old, options);
        let mut object = old.clone();
        let policy = options.propagation_policy.as_deref();
        for (name, finalizer) in [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")] {
            let finalizers = object.at("metadata.finalizers").clone();
            let has = finalizers.items().iter().any(|f| f.str() == finalizer);
            if policy == Some(name) && !has && !old.is_deleting() {
                let mut finalizers = finalizers;
                finalizers.list_mut().push(Value::from(finalizer));
                object.set("metadata.finalizers", finalizers);
            }
        }
        if key.kind == Kind::POD {
            return Ok(self.delete_pod(key, &old, object, grace));
        }
        if object.at("metadata.finalizers").is_empty() && key.kind != Kind::NAMESPACE {
            return Ok(self.take(key, object));
        }
        if key.kind == Kind::NAMESPACE && old.at("spec.finalizers").is_empty() {
            return Ok(self.take(key, object));
        }
        if old.is_deleting() {
            return Ok(old);
        }
        object.set("metadata.deletionTimestamp", self.epoch.rfc3339(self.now));
        if key.kind != Kind::NAMESPACE {
            object.set("metadata.deletionGracePeriodSeconds", 0);
        }
        if has_generation(object.kind) {
            object.set("metadata.generation", old.at("metadata.generation").int_or(0) + 1);
        }
        if object.kind == Kind::NAMESPACE {
            object.set("status.phase", "Terminating");
        }
        Ok(self.put("delete", object))
    }

    /// Deletes a pod in upstream's two steps: its deletion timestamp and grace period are written first, and
    /// only with a grace period of 0 it is taken out, at once. A pod that is being deleted already can only
    /// have its grace period shortened.
    fn delete_pod(&mut self, key: &Key, old: &Object, mut object: Object, grace: i64) -> Object {
        let before = old.at("metadata.deletionGracePeriodSeconds").int_or(0);
        if old.is_deleting() && before > 0 && grace >= before {
            return old.clone();
        }
        if !old.is_deleting() || before > 0 {
            // Kubernetes moves the deletion timestamp into the future by the grace period.
            let due = match parse_rfc3339(old.at("metadata.deletionTimestamp").str()) {
                Some(stamp) => {
                    let asked = self.epoch.time_of(stamp) - Span::secs(before.unsigned_abs());
                    asked + Span::secs(grace.unsigned_abs())
                }
                None => self.now + Span::secs(grace.unsigned_abs()),
            };
            object.set("metadata.deletionTimestamp", self.epoch.rfc3339(due));
            object.set("metadata.deletionGracePeriodSeconds", grace);
            if !old.is_deleting() {
                object.set("metadata.generation", old.at("metadata.generation").int_or(0) + 1);
            }
            object = self.put("delete", object);
        }
        if grace == 0 && object.at("metadata.finalizers").is_empty() {
            self.take(key, object)
        } else {
            object
        }
    }

    /// The grace period that a deletion gets.
    fn grace(&self, object: &Object, options: &DeleteOptions) -> i64 {
        if object.kind != Kind::POD {
            return 0;
        }
        // A pod that no kubelet has, or that has ended, needs no grace (registry/core/pod/strategy.go).
        let ended = matches!(object.at("status.phase").str(), "Succeeded" | "Failed");
        if object.at("spec.nodeName").is_empty() || ended {
            return 0;
        }
        let wanted = options.grace_period_seconds;
        let wanted = wanted.unwrap_or_else(|| object.at("spec.terminationGracePeriodSeconds").int_or(30));
        // Negative ones count as a second.
        if wanted < 0 { 1 } else { wanted }
    }

    /// Whether a deleting object without finalizers can be taken out: a pod whose kubelet still works on it
    /// stays until that deletes it with grace 0.
    fn may_go(&self, object: &Object) -> bool {
        match object.kind {
            Kind::POD => object.at("metadata.deletionGracePeriodSeconds").int_or(0) == 0,
            Kind::NAMESPACE => object.at("spec.finalizers").is_empty(),
            _ => true,
        }
    }

    fn put(&mut self, verb: &'static str, mut object: Object) -> Object {
        let revision = self.store.next_revision();
        object.set("metadata.resourceVersion", revision.to_string());
        let cause = self.wrote(verb, &object.key(), revision);
        self.store.put(object.clone(), self.now, cause, self.actor.clone());
        object
    }

    fn take(&mut self, key: &Key, mut last: Object) -> Object {
        let revision = self.store.next_revision();
        last.set("metadata.resourceVersion", revision.to_string());
        let cause = self.wrote("delete", key, revision);
        self.store.take(key, last.clone(), self.now, cause, self.actor.clone());
        self.managed.remove(key);
        if key.kind.is_custom() {
            self.object_gone(key.kind);
        }
        last
    }

    fn wrote(&mut self, verb: &'static str, key: &Key, revision: u64) -> Cause {
        self.note(What::Write { verb, object: Text::from(key.path()), revision })
    }

    /// An owner reference to an object as controllers write it.
    pub fn owner_reference(owner: &Object) -> Value {
        let info = owner.kind.info();
        map! {
            "apiVersion" => info.api_version, "kind" => info.kind, "name" => owner.name(), "uid" => owner.uid(),
            "controller" => true, "blockOwnerDeletion" => true,
        }
    }
}

/// Gives an object that was sent the fields of its metadata that the server alone writes.
fn keep_own_fields(old: &Value, object: &mut Object) {
    const OWN: &[&str] = &[
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "resourceVersion",
    ];
    let sent = &object["metadata"];
    if sent.same(old) || OWN.iter().all(|field| sent[*field] == old[*field]) {
        return;
    }
    let sent = object.slot("metadata").map_mut();
    for field in OWN {
        match &old[*field] {
            Value::Null => drop(sent.remove(field)),
            value => sent.insert(*field, value),
        }
    }
}

/// Whether what is asked for differs between two versions of an object.
fn desires_differ(old: &Object, new: &Object) -> bool {
    match new.kind {
        Kind::ENDPOINT_SLICE => ["endpoints", "ports"].iter().any(|field| old[*field] != new[*field]),
        _ => old["spec"] != new["spec"],
    }
}

/// Whether the server counts `metadata.generation` for a kind.
fn has_generation(kind: Kind) -> bool {
    const WITH: &[Kind] = &[
        Kind::POD,
        Kind::POD_TEMPLATE,
        Kind::DEPLOYMENT,
        Kind::REPLICA_SET,
        Kind::DAEMON_SET,
        Kind::STATEFUL_SET,
        Kind::JOB,
        Kind::CRON_JOB,
        Kind::REPLICATION_CONTROLLER,
        Kind::PDB,
        Kind::INGRESS,
        Kind::NETWORK_POLICY,
        Kind::INGRESS_CLASS,
        Kind::CRD,
        Kind::PRIORITY_CLASS,
        Kind::ENDPOINT_SLICE,
        Kind::MUTATING_WEBHOOK,
        Kind::VALIDATING_WEBHOOK,
    ];
    kind.is_custom() || WITH.contains(&kind)
}

/// A pod with one container, for tests.
#[cfg(test)]
pub fn single_container_pod(name: &str, image: &str) -> Object {
    Object::new(
        Kind::POD,
        map! {
            "metadata" => map! { "name" => name, "namespace" => "default" },
            "spec" => map! { "containers" => crate::list![map! { "name" => name, "image" => image }] },
            "status" => map! { "phase" => "Pending" },
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Epoch, Span, Time};

    fn api() -> ApiServer {
        let mut api = ApiServer::new(1, Epoch(1_795_420_239_000_000));
        let namespace = map! { "metadata" => map! { "name" => "default" } };
        api.create(Object::new(Kind::NAMESPACE, namespace)).expect("new");
        let account = map! { "metadata" => map! { "name" => "default", "namespace" => "default" } };
        api.create(Object::new(Kind::SERVICE_ACCOUNT, account)).expect("new");
        api
    }

    #[test]
    fn a_stale_write_is_a_conflict() {
        let mut api = api();
        let pod = api.create(single_container_pod("a", "nginx")).expect("new");
        api.modify(&pod.key(), |p| p.set("metadata.labels", map! { "x" => "1" })).expect("exists");
        let error = api.update(pod).expect_err("stale");
        assert_eq!(
            error.message.as_str(),
            "Operation cannot be fulfilled on pods \"a\": the object has been modified; please apply your changes to the latest version and try again"
        );
    }

    #[test]
    fn a_bound_pod_is_deleted_gracefully_and_an_unbound_one_at_once() {
        let mut api = api();
        let pod = api.create(single_container_pod("a", "nginx")).expect("new").key();
        api.bind(&pod, "worker01").expect("unbound");
        api.now = Time::ZERO + Span::secs(10);
        let dying = api.delete(&pod, &DeleteOptions::default()).expect("exists");
        assert_eq!(dying.at("metadata.deletionGracePeriodSeconds").int_or(0), 30);
        assert!(api.store.get(&pod).is_some());
        let now = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        api.delete(&pod, &now).expect("exists");
        assert!(api.store.get(&pod).is_none());
        assert_eq!(api.pods_on("worker01").count(), 0);
        let b = api.create(single_container_pod("b", "nginx")).expect("new").key();
        api.delete(&b, &DeleteOptions::default()).expect("exists");
        assert!(api.store.get(&b).is_none());
    }

    #[test]
    fn a_pod_with_a_finalizer_stays_when_its_grace_is_over_and_counts_one_generation() {
        let mut api = api();
        let mut pod = single_container_pod("a", "nginx");
        pod.set("metadata.finalizers", crate::list!["example.com/hold"]);
        let key = api.create(pod).expect("new").key();
        api.bind(&key, "worker01").expect("unbound");
        let before = api.store.get(&key).expect("there").at("metadata.generation").int_or(0);
        let stamp = |api: &ApiServer| {
            let p = api.store.get(&key).expect("held");
            let at = |path: &str| p.at(path).int_or(-1);
            (at("metadata.deletionGracePeriodSeconds"), at("metadata.generation") - before)
        };
        api.delete(&key, &DeleteOptions::default()).expect("exists");
        assert_eq!(stamp(&api), (30, 1));
        for (asked, expected) in [(60, 30), (5, 5), (0, 0)] {
            let options = DeleteOptions { grace_period_seconds: Some(asked), ..DeleteOptions::default() };
            api.delete(&key, &options).expect("exists");
            assert_eq!(stamp(&api), (expected, 1), "after asking for {asked}");
        }
    }
}
