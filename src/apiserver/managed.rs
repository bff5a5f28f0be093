//! Who manages which fields: `metadata.managedFields` and what server-side apply makes of it.
//!
//! Sets are kept beside the store and only for what clients write; they join an object when a client asks for
//! them (`showManagedFields`). What controllers and kubelets manage is read off the object at that moment: its
//! status, its controllers' annotations, or all of it if no client has written it. So runs with thousands of
//! pods pay nothing. Left out: `before-first-apply`, and versions other than the one that is served.

use super::ApiServer;
use crate::api::status::{CauseOf, Result};
use crate::api::{Kind, Object, Request, Status, Text, Value, json, managed};
use crate::map;

/// The manager that `kubectl apply --server-side` names by default.
const KUBECTL: &str = "kubectl";
/// The manager of `kubectl apply` without `--server-side`.
const CLIENT_SIDE: &str = "kubectl-client-side-apply";
/// The annotation in which client-side apply keeps its configuration.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The kinds whose status controllers or kubelets write.
const REPORTED: &[Kind] = &[
    Kind::POD,
    Kind::NODE,
    Kind::DEPLOYMENT,
    Kind::REPLICA_SET,
    Kind::REPLICATION_CONTROLLER,
    Kind::DAEMON_SET,
    Kind::STATEFUL_SET,
    Kind::JOB,
    Kind::CRON_JOB,
    Kind::PDB,
];

/// An entry of `metadata.managedFields`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    manager: Text,
    operation: &'static str,
    subresource: &'static str,
    time: Text,
    fields: Value,
}

const APPLY: &str = "Apply";
const UPDATE: &str = "Update";

impl Entry {
    fn is(&self, manager: &str, operation: &str, subresource: &str) -> bool {
        self.manager == *manager && self.operation == operation && self.subresource == subresource
    }

    /// The manager as conflicts name it.
    fn named(&self, kind: Kind) -> String {
        let mut name = format!("{:?}", self.manager.as_str());
        if !self.subresource.is_empty() {
            name += &format!(" with subresource {:?}", self.subresource);
        }
        if self.operation == UPDATE {
            name += &format!(" using {}", kind.info().api_version);
        }
        name
    }

    fn to_value(&self, kind: Kind) -> Value {
        let mut value = map! {
            "apiVersion" => kind.info().api_version, "fieldsType" => "FieldsV1", "fieldsV1" => &self.fields,
            "manager" => self.manager.clone(), "operation" => self.operation, "time" => self.time.clone(),
        };
        if !self.subresource.is_empty() {
            value.set("subresource", self.subresource);
        }
        value
    }
}

impl ApiServer {
    /// Notes that a client has written an object: what it changed is its own from now on.
    pub(super) fn manage_update(&mut self, request: &Request, old: &Value, new: &Object) {
        let manager = &request.options.field_manager;
        if manager.is_empty() {
            return;
        }
        let mut changed = managed::changed(new.kind, old, &new.value);
        let mut gone = managed::changed(new.kind, &new.value, old);
        if request.subresource != "status" {
            // A status that comes with the object is not taken.
            for set in [&mut changed, &mut gone].into_iter().filter(|s| s.is_some()) {
                set.map_mut().remove("f:status");
            }
        }
        if changed.is_empty() && gone.is_empty() {
            return;
        }
        let mut entries = self.managed.get(&new.key()).cloned().unwrap_or_default();
        let lost = managed::union(&changed, &gone);
        for entry in &mut entries {
            entry.fields = managed::minus(&entry.fields, &lost);
        }
        self.enter_managed(&mut entries, manager, (UPDATE, request.subresource), changed);
        self.managed.insert(new.key(), entries);
    }

    /// Joins fields to those of a manager, whose entry is of this moment then.
    fn enter_managed(
        &self,
        entries: &mut Vec<Entry>,
        manager: &Text,
        (operation, subresource): (&'static str, &'static str),
        fields: Value,
    ) {
        let time = self.timestamp();
        match entries.iter_mut().find(|e| e.is(manager, operation, subresource)) {
            Some(entry) => {
                entry.fields = managed::union(&entry.fields, &fields);
                entry.time = time;
            }
            None => entries.push(Entry { manager: manager.clone(), operation, subresource, time, fields }),
        }
        entries.retain(|e| !e.fields.is_empty());
    }

    /// What server-side apply makes of a merged object: refused if it changes what others manage, without what
    /// the manager has ceased to claim.
    ///
    /// # Errors
    /// `Conflict` with each field in dispute.
    pub(super) fn apply_managed(&self, request: &Request, old: &Object, merged: Value) -> Result<Value> {
        let (kind, manager) = (old.kind, request.options.field_manager.as_str());
        let Some(entries) = self.managed.get(&old.key()) else { return Ok(merged) };
        let claimed = managed::applied(kind, &request.body);
        let disputed = managed::common(&managed::changed(kind, &old.value, &merged), &claimed);
        let others = || entries.iter().filter(|e| !e.is(manager, APPLY, request.subresource));
        if !request.options.force {
            let last = json::parse(old.annotation(LAST_APPLIED).unwrap_or_default()).unwrap_or_default();
            // What kubectl itself has applied from the client's side is taken over without a question.
            let own = managed::applied(kind, &last);
            let conflicts = others().filter_map(|e| {
                let mut fields = managed::common(&disputed, &e.fields);
                if manager == KUBECTL && e.manager == *CLIENT_SIDE {
                    fields = managed::minus(&fields, &own);
                }
                Some((e.named(kind), managed::paths(&fields))).filter(|(_, paths)| !paths.is_empty())
            });
            let conflicts: Vec<(String, Vec<String>)> = conflicts.collect();
            if !conflicts.is_empty() {
                return Err(conflict(&conflicts));
            }
        }
        let mut before = Value::Null;
        let mut kept = claimed;
        for entry in entries {
            // A dry run hands nothing over from client-side apply.
            let taken_over = manager == KUBECTL && entry.manager == *CLIENT_SIDE && !request.options.dry_run;
            let mine = taken_over || entry.is(manager, APPLY, request.subresource);
            let set = if mine { &mut before } else { &mut kept };
            *set = managed::union(set, &entry.fields);
        }
        let mut note = map! {};
        note.slot("f:metadata.f:annotations").map_mut().insert(format!("f:{LAST_APPLIED}"), Value::map());
        let ceased = managed::released(&before, &managed::union(&kept, &note));
        let mut merged = managed::without(kind, &merged, &ceased);
        if manager == KUBECTL && old.annotation(LAST_APPLIED).is_some() {
            // What client-side apply would compare with next time is what was applied now.
            let mut applied = request.body.clone();
            applied.remove(&format!("metadata.annotations.{LAST_APPLIED}"));
            let text = format!("{}\n", json::print(&applied));
            merged.slot("metadata.annotations").map_mut().insert(LAST_APPLIED, text);
        }
        Ok(merged)
    }

    /// Notes that a configuration was applied: the manager claims all that is in it.
    pub(super) fn manage_apply(&mut self, request: &Request, old: &Value, new: &Object) {
        let manager = &request.options.field_manager;
        let claimed = managed::applied(new.kind, &request.body);
        let lost = managed::changed(new.kind, old, &new.value);
        let mut entries = self.managed.get(&new.key()).cloned().unwrap_or_default();
        let place = entries.iter().position(|e| e.is(manager, APPLY, request.subresource));
        if lost.is_null() && place.is_some_and(|i| entries[i].fields == claimed) {
            return;
        }
        if let Some(i) = place {
            entries.remove(i);
        }
        entries.retain(|e| !(*manager == *KUBECTL && e.manager == *CLIENT_SIDE));
        for entry in &mut entries {
            entry.fields = managed::minus(&entry.fields, &managed::common(&lost, &claimed));
        }
        self.enter_managed(&mut entries, manager, (APPLY, request.subresource), claimed);
        self.managed.insert(new.key(), entries);
    }

    /// An object with its `metadata.managedFields`, those of the cluster's own components included.
    pub(super) fn with_managed(&self, mut object: Object) -> Object {
        let kind = object.kind;
        let mut entries = self.managed.get(&object.key()).cloned().unwrap_or_default();
        entries.extend(self.components(&object, &entries));
        entries = sorted(entries);
        let list: Vec<Value> = entries.iter().map(|e| e.to_value(kind)).collect();
        if !list.is_empty() {
            object.set("metadata.managedFields", Value::from(list));
        }
        object
    }

    /// What the cluster's own components manage.
    fn components(&self, object: &Object, entries: &[Entry]) -> Vec<Entry> {
        let writer = match object.kind {
            Kind::POD if object.at("spec.nodeName").is_null() => "kube-scheduler",
            Kind::POD | Kind::NODE => "kubelet",
            _ => "kube-controller-manager",
        };
        let created = object.at("metadata.creationTimestamp").text();
        let mut made = Vec::new();
        let mut add = |manager: &'static str, subresource, time: Text, fields: Value| {
            if !fields.is_empty() {
                let manager = Text::lit(manager);
                made.push(Entry { manager, operation: UPDATE, subresource, time, fields });
            }
        };
        let mut status = Value::Null;
        if object["status"].is_some() && REPORTED.contains(&object.kind) {
            let only = map! { "status" => &object["status"] };
            let without = map! { "status" => Value::map() };
            status = managed::changed(object.kind, &without, &only);
            if object.kind == Kind::POD {
                status = pod_status(object, status);
            }
        }
        for (name, _) in object.at("metadata.annotations").entries() {
            if name.starts_with("deployment.kubernetes.io/") {
                let notes = status.slot("f:metadata.f:annotations").map_mut();
                notes.insert(format!("f:{name}"), Value::map());
            }
        }
        if entries.is_empty() {
            let mut rest = object.value.clone();
            rest.map_mut().remove("status");
            let maker = if object.kind == Kind::NODE { "kubelet" } else { "kube-controller-manager" };
            add(
                maker,
                "",
                created.clone(),
                managed::minus(&managed::changed(object.kind, &Value::Null, &rest), &status),
            );
        }
        let owned = entries.iter().filter(|e| e.subresource == "status");
        let taken = owned.fold(Value::Null, |set, e| managed::union(&set, &e.fields));
        let conditions = object.at("status.conditions").items().iter();
        let last =
            conditions.flat_map(|c| ["lastTransitionTime", "lastUpdateTime"].map(|at| c.at(at).text()));
        let last = last.chain([created]).max().unwrap_or_default();
        add(writer, "status", last, managed::minus(&status, &taken));
        made
    }
}

/// What the kubelet manages of a pod's status (before it is bound: the scheduler). The API server itself has
/// set the phase `Pending` and the quality of service, the binding the condition `PodScheduled`; the kubelet's
/// merge patches add to lists of conditions, and write the times of probes although they are null.
fn pod_status(object: &Object, mut set: Value) -> Value {
    let bound = object.at("spec.nodeName").is_some();
    let status = set.slot("f:status").map_mut();
    status.remove("f:qosClass");
    if object.at("status.phase").str() == "Pending" {
        status.remove("f:phase");
    }
    let conditions = set.slot("f:status.f:conditions").map_mut();
    if bound {
        conditions.remove(".");
    }
    let names: Vec<Text> =
        conditions.iter().map(|(k, _)| k.clone()).filter(|k| k.starts_with("k:")).collect();
    for name in names {
        let Some(mut below) = conditions.remove(&name) else { continue };
        if bound && name.contains("PodScheduled") {
            below = map! { "f:observedGeneration" => Value::map() };
        } else {
            below.map_mut().insert("f:lastProbeTime", Value::map());
        }
        conditions.insert(name, below);
    }
    set
}

/// Those that apply first, then by time and name.
fn sorted(mut entries: Vec<Entry>) -> Vec<Entry> {
    use crate::collections::Order;
    entries.order_by(|a, b| (a.operation, &a.time, &a.manager).cmp(&(b.operation, &b.time, &b.manager)));
    entries
}

/// What a refused apply says, one field or many.
fn conflict(conflicts: &[(String, Vec<String>)]) -> Status {
    let count: usize = conflicts.iter().map(|(_, paths)| paths.len()).sum();
    let message = match conflicts {
        [(manager, paths)] if count == 1 => {
            format!("Apply failed with 1 conflict: conflict with {manager}: {}", paths[0])
        }
        _ => {
            let mut lines = Vec::new();
            for (manager, paths) in conflicts {
                lines.push(format!("conflicts with {manager}:"));
                lines.extend(paths.iter().map(|p| format!("- {p}")));
            }
            format!("Apply failed with {count} conflicts: {}", lines.join("\n"))
        }
    };
    let mut status = Status::new(409, "Conflict", message);
    for (manager, paths) in conflicts {
        status.causes.extend(paths.iter().map(|path| CauseOf {
            reason: Text::lit("FieldManagerConflict"),
            message: Text::from(format!("conflict with {manager}")),
            field: Text::from(path.as_str()),
        }));
    }
    status
}
