//! Defaults of the workload kinds (pkg/apis/apps/v1, batch/v1, autoscaling/v2 and core/v1 defaults.go).

use super::pod::template;
use super::{default, each, within};
use crate::api::{Text, Value};
use crate::{list, map};

pub(super) fn replication_controller(value: &mut Value) {
    if value.at("spec.template").is_some() {
        let labels = value.at("spec.template.metadata.labels").clone();
        if !labels.is_empty() {
            if value.at("spec.selector").is_empty() {
                value.set("spec.selector", &labels);
            }
            if value.at("metadata.labels").is_empty() {
                value.set("metadata.labels", labels);
            }
        }
        template(value.slot("spec").slot("template"));
    }
    default(value.slot("spec"), "replicas", 1);
}

pub(super) fn replica_set(value: &mut Value) {
    let spec = value.slot("spec");
    default(spec, "replicas", 1);
    template(spec.slot("template"));
}

pub(super) fn deployment(value: &mut Value) {
    let spec = value.slot("spec");
    default(spec, "replicas", 1);
    default(spec, "revisionHistoryLimit", 10);
    default(spec, "progressDeadlineSeconds", 600);
    let strategy = spec.slot("strategy");
    default(strategy, "type", Text::lit("RollingUpdate"));
    if strategy["type"].str() == "RollingUpdate" {
        let rolling = strategy.slot("rollingUpdate");
        default(rolling, "maxUnavailable", Text::lit("25%"));
        default(rolling, "maxSurge", Text::lit("25%"));
    }
    template(spec.slot("template"));
}

pub(super) fn daemon_set(value: &mut Value) {
    let spec = value.slot("spec");
    default(spec, "revisionHistoryLimit", 10);
    let strategy = spec.slot("updateStrategy");
    default(strategy, "type", Text::lit("RollingUpdate"));
    if strategy["type"].str() == "RollingUpdate" {
        let rolling = strategy.slot("rollingUpdate");
        default(rolling, "maxUnavailable", 1);
        default(rolling, "maxSurge", 0);
    }
    template(spec.slot("template"));
}

pub(super) fn stateful_set(value: &mut Value) {
    let spec = value.slot("spec");
    default(spec, "replicas", 1);
    default(spec, "revisionHistoryLimit", 10);
    default(spec, "podManagementPolicy", Text::lit("OrderedReady"));
    let strategy = spec.slot("updateStrategy");
    // Only a strategy that is absent altogether gets its parameters.
    let absent = strategy["type"].str().is_empty();
    if absent {
        strategy.set("type", Text::lit("RollingUpdate"));
    }
    if strategy["type"].str() == "RollingUpdate" && (absent || strategy["rollingUpdate"].is_some()) {
        default(strategy.slot("rollingUpdate"), "partition", 0);
    }
    let retention = spec.slot("persistentVolumeClaimRetentionPolicy");
    default(retention, "whenDeleted", Text::lit("Retain"));
    default(retention, "whenScaled", Text::lit("Retain"));
    each(spec, "volumeClaimTemplates", |claim| {
        default(claim, "apiVersion", Text::lit("v1"));
        default(claim, "kind", Text::lit("PersistentVolumeClaim"));
        super::cluster::claim(claim);
    });
    template(spec.slot("template"));
}

pub(super) fn job(value: &mut Value) {
    let labels = value.at("spec.template.metadata.labels").clone();
    if !labels.is_empty() && value.at("metadata.labels").is_empty() {
        value.set("metadata.labels", labels);
    }
    let spec = value.slot("spec");
    if spec["completions"].is_null() && spec["parallelism"].is_null() {
        spec.set("completions", 1);
    }
    default(spec, "parallelism", 1);
    let backoff = if spec["backoffLimitPerIndex"].is_some() { i64::from(i32::MAX) } else { 6 };
    default(spec, "backoffLimit", backoff);
    default(spec, "completionMode", Text::lit("NonIndexed"));
    default(spec, "suspend", false);
    default(spec, "manualSelector", false);
    let replacement = if spec["podFailurePolicy"].is_some() { "Failed" } else { "TerminatingOrFailed" };
    default(spec, "podReplacementPolicy", Text::lit(replacement));
    within(spec, "podFailurePolicy", |policy| {
        each(policy, "rules", |rule| {
            each(rule, "onPodConditions", |pattern| default(pattern, "status", Text::lit("True")));
        });
    });
    template(spec.slot("template"));
}

pub(super) fn cron_job(value: &mut Value) {
    let spec = value.slot("spec");
    default(spec, "concurrencyPolicy", Text::lit("Allow"));
    default(spec, "suspend", false);
    default(spec, "successfulJobsHistoryLimit", 3);
    default(spec, "failedJobsHistoryLimit", 1);
    template(spec.slot("jobTemplate").slot("spec").slot("template"));
}

pub(super) fn autoscaler(value: &mut Value) {
    let spec = value.slot("spec");
    default(spec, "minReplicas", 1);
    if spec["metrics"].is_empty() {
        let target = map! { "type" => Text::lit("Utilization"), "averageUtilization" => 80 };
        let resource = map! { "name" => Text::lit("cpu"), "target" => target };
        spec.set("metrics", list![map! { "type" => Text::lit("Resource"), "resource" => resource }]);
    }
    let policy =
        |kind: &'static str, n: i64| map! { "type" => Text::lit(kind), "value" => n, "periodSeconds" => 15 };
    within(spec, "behavior", |behavior| {
        let up = behavior.slot("scaleUp");
        default(up, "stabilizationWindowSeconds", 0);
        default(up, "selectPolicy", Text::lit("Max"));
        default(up, "policies", list![policy("Pods", 4), policy("Percent", 100)]);
        let down = behavior.slot("scaleDown");
        default(down, "selectPolicy", Text::lit("Max"));
        default(down, "policies", list![policy("Percent", 100)]);
    });
}
