//! What the server itself sets when an object is created or updated (registry strategies): initial status,
//! fields that clients may not set.

use super::ApiServer;
use crate::api::{Kind, Object, Text, Value};
use crate::{list, map};

impl ApiServer {
    /// Completes an object that is about to be created.
    pub(super) fn prepare_create(&mut self, object: &mut Object) {
        super::disabled::drop(object);
        match object.kind {
            Kind::POD => {
                let mut status = map! { "phase" => Text::lit("Pending"), "qosClass" => crate::api::resources::qos_class(&object["spec"]) };
                if !object.at("spec.schedulingGates").is_empty() {
                    status.set("conditions", list![self.gated()]);
                }
                object.set("status", status);
            }
            Kind::SERVICE => self.allocate_service(object, None),
            Kind::DEPLOYMENT
            | Kind::DAEMON_SET
            | Kind::STATEFUL_SET
            | Kind::REPLICA_SET
            | Kind::JOB
            | Kind::CRON_JOB
            | Kind::REPLICATION_CONTROLLER
            | Kind::HPA
            | Kind::PDB => {
                let status = initial_status(object.kind);
                object.set("status", status);
            }
            Kind::PERSISTENT_VOLUME_CLAIM => object.set("status", map! { "phase" => Text::lit("Pending") }),
            Kind::PERSISTENT_VOLUME => {
                let status =
                    map! { "lastPhaseTransitionTime" => self.timestamp(), "phase" => Text::lit("Pending") };
                object.set("status", status);
            }
            Kind::CRD => {
                super::custom::complete(object);
                let versions = object.at("spec.versions").items().iter();
                let stored: Vec<Value> =
                    versions.filter(|v| v["storage"].is_true()).map(|v| v["name"].clone()).collect();
                let status = map! {
                    "acceptedNames" => map! { "kind" => "", "plural" => "" },
                    "conditions" => Value::Null, "storedVersions" => Value::from(stored),
                };
                object.set("status", status);
            }
            kind if kind.is_custom() && self.has_status(kind) => {
                object.remove("status");
            }
            _ => {}
        }
    }

    /// Completes an object that is about to be updated by a client: status stays, allocations stay.
    pub(super) fn prepare_update(&mut self, old: &Object, object: &mut Object) {
        super::disabled::drop(object);
        if object.kind == Kind::SERVICE {
            drop_of_other_type(old, object);
            self.allocate_service(object, Some(old));
        }
        if object.kind == Kind::DAEMON_SET {
            count_template(object, Some(old));
        }
        if object.kind == Kind::CRD {
            super::custom::complete(object);
        }
        if object.kind.is_custom() && !self.has_status(object.kind) {
            return;
        }
        if old["status"].is_some() {
            object.set("status", &old["status"]);
        } else {
            object.remove("status");
        }
    }

    /// The condition of a pod with gates (registry/core/pod/strategy.go `applySchedulingGatedCondition`).
    fn gated(&self) -> Value {
        map! {
            "type" => "PodScheduled", "status" => "False", "reason" => "SchedulingGated",
            "message" => "Scheduling is blocked due to non-empty scheduling gates",
            "lastProbeTime" => Value::Null, "lastTransitionTime" => self.timestamp(),
        }
    }
}

/// What only a Service's old type has goes with it, unless the client touched it (registry/core/service
/// `dropTypeDependentFields`).
fn drop_of_other_type(old: &Object, service: &mut Object) {
    let kind = |o: &Object| o.at("spec.type").text();
    let (was, is) = (kind(old), kind(service));
    if was == is {
        return;
    }
    let balanced = |kind: &Text| &**kind == "LoadBalancer";
    let outside = |kind: &Text| matches!(&**kind, "NodePort" | "LoadBalancer");
    let ports =
        |o: &Object| o.at("spec.ports").items().iter().map(|p| p["nodePort"].clone()).collect::<Vec<_>>();
    if outside(&was) && !outside(&is) && ports(old) == ports(service) {
        for i in 0..service.at("spec.ports").items().len() {
            service.remove(&format!("spec.ports.{i}.nodePort"));
        }
    }
    let mut drop = |field: &str, gone: bool| {
        let path = format!("spec.{field}");
        if gone && old.at(&path) == service.at(&path) {
            service.remove(&path);
        }
    };
    drop("externalTrafficPolicy", outside(&was) && !outside(&is));
    drop("healthCheckNodePort", outside(&was) && !outside(&is));
    drop("allocateLoadBalancerNodePorts", balanced(&was) && !balanced(&is));
    drop("loadBalancerClass", balanced(&was) && !balanced(&is));
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        drop(field, &*is == "ExternalName");
    }
}

fn initial_status(kind: Kind) -> Value {
    match kind {
        Kind::REPLICA_SET | Kind::REPLICATION_CONTROLLER => map! { "replicas" => 0 },
        Kind::STATEFUL_SET => map! { "replicas" => 0, "availableReplicas" => 0 },
        Kind::DAEMON_SET => map! {
            "currentNumberScheduled" => 0, "numberMisscheduled" => 0, "desiredNumberScheduled" => 0, "numberReady" => 0,
        },
        Kind::HPA => map! { "desiredReplicas" => 0, "currentMetrics" => Value::Null },
        Kind::PDB => map! {
            "disruptionsAllowed" => 0, "currentHealthy" => 0, "desiredHealthy" => 0, "expectedPods" => 0,
        },
        _ => Value::map(),
    }
}

/// Counts the templates that a DaemonSet has had, in an annotation that stands for an old field
/// (registry/apps/daemonset/strategy.go `templateGeneration`).
pub(super) fn count_template(set: &mut Object, old: Option<&Object>) {
    const GENERATION: &str = "deprecated.daemonset.template.generation";
    let before = old.and_then(|o| o.annotation(GENERATION)).and_then(|g| g.parse::<i64>().ok()).unwrap_or(0);
    let changed = old.is_none_or(|o| o.at("spec.template") != set.at("spec.template"));
    let number = before + i64::from(changed);
    set.slot("metadata.annotations").map_mut().insert(GENERATION, number.to_string());
}

/// A new Job selects its pods by its own uid, unless it brings a selector (registry/batch/job/strategy.go).
pub(super) fn select_job_pods(job: &mut Object) {
    if job.at("spec.manualSelector").is_true() {
        return;
    }
    let (uid, name) = (job.at("metadata.uid").text(), job.at("metadata.name").text());
    let labels = job.slot("spec.template.metadata.labels").map_mut();
    labels.insert("batch.kubernetes.io/controller-uid", &uid);
    labels.insert("batch.kubernetes.io/job-name", &name);
    labels.insert("controller-uid", &uid);
    labels.insert("job-name", &name);
    // What a manifest selects besides stays, for validation to refuse.
    let selected = job.slot("spec.selector.matchLabels").map_mut();
    if !selected.contains("batch.kubernetes.io/controller-uid") {
        selected.insert("batch.kubernetes.io/controller-uid", uid);
    }
    if job.at("metadata.labels").is_empty() {
        // Defaulting makes the Job share its template's labels, which then gain these.
        let labels = job.at("spec.template.metadata.labels").clone();
        job.set("metadata.labels", labels);
    }
}

/// A pod with the resources of a resize and nothing else of it (registry/core/pod `dropNonResizeUpdates`);
/// containers that are new or renamed stay for validation to refuse.
pub(super) fn only_resources(old: &Object, resized: &Object) -> Object {
    let mut pod = old.clone();
    if resized.at("spec.resources").is_some() {
        pod.set("spec.resources", resized.at("spec.resources"));
    } else {
        pod.remove("spec.resources");
    }
    for list in ["spec.initContainers", "spec.containers"] {
        let merged = |c: &Value| match old.at(list).find("name", c["name"].str()) {
            Value::Null => c.clone(),
            before => {
                let mut kept = before.clone();
                kept.set("resources", &c["resources"]);
                kept
            }
        };
        if resized.at(list).is_some() {
            let containers: Value = resized.at(list).items().iter().map(merged).collect();
            pod.set(list, containers);
        }
    }
    pod
}
