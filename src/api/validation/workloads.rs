//! Deployments, ReplicaSets, DaemonSets, StatefulSets, ReplicationControllers; which module checks the others.

use super::{Errors, autoscaler, job, meta, pod};
use crate::api::labels::Selector;
use crate::api::{Kind, Object, Text, Value, json, names};
use crate::map;

/// Checks the spec of a workload.
pub(super) fn spec(object: &Object, errors: &mut Errors) {
    let spec = &object["spec"];
    match object.kind {
        Kind::DEPLOYMENT => deployment(spec, errors),
        Kind::REPLICA_SET => {
            errors.nonnegative("spec.replicas", &spec["replicas"]);
            errors.nonnegative("spec.minReadySeconds", &spec["minReadySeconds"]);
            selector(spec, "replicaset", errors);
            replica_template(spec, errors);
        }
        Kind::DAEMON_SET => daemon_set(spec, errors),
        Kind::STATEFUL_SET => stateful_set(spec, errors),
        Kind::REPLICATION_CONTROLLER => replication_controller(spec, errors),
        Kind::JOB => job::job(object, errors),
        Kind::CRON_JOB => job::cron_job(object, errors),
        Kind::HPA => autoscaler::check(spec, errors),
        _ => {}
    }
}

fn selector(spec: &Value, of: &str, errors: &mut Errors) {
    let selector = &spec["selector"];
    if selector.is_null() {
        errors.required("spec.selector", "");
        return;
    }
    meta::selector(selector, "spec.selector", errors);
    if selector["matchLabels"].is_empty() && selector["matchExpressions"].is_empty() {
        errors.invalid("spec.selector", selector, format!("empty selector is invalid for {of}"));
    }
}

/// That the selector chooses the pods that the template makes.
fn selector_matches(spec: &Value, errors: &mut Errors) {
    let selector = Selector::of_object(&spec["selector"]);
    let labels = &spec["template"]["metadata"]["labels"];
    if !selector.is_everything() && !selector.matches(labels) {
        errors.invalid(
            "spec.template.metadata.labels",
            labels,
            "`selector` does not match template `labels`",
        );
    }
}

fn only_always(spec: &Value, of: &str, errors: &mut Errors) {
    let pod = &spec["template"]["spec"];
    let policy = pod["restartPolicy"].str();
    if policy != "Always" && matches!(policy, "OnFailure" | "Never") {
        errors.not_supported("spec.template.spec.restartPolicy", policy, &["Always"]);
    }
    if pod["activeDeadlineSeconds"].is_some() {
        let detail = format!("activeDeadlineSeconds in {of} is not Supported");
        errors.forbidden("spec.template.spec.activeDeadlineSeconds", detail);
    }
}

fn replica_template(spec: &Value, errors: &mut Errors) {
    selector_matches(spec, errors);
    pod::template(&spec["template"], "spec.template", errors);
    only_always(spec, "ReplicaSet", errors);
}

/// `ValidatePositiveIntOrPercent`
fn int_or_percent(value: &Value, path: &str, errors: &mut Errors) {
    match value.as_str() {
        Some(text) => errors.complaints(path, text, names::percent(text)),
        None => errors.nonnegative(path, value),
    }
}

fn is_zero(value: &Value) -> bool {
    match value.as_str() {
        Some(text) => text.trim_end_matches('%').parse() == Ok(0),
        None => value.int_or(0) == 0,
    }
}

fn above_100_percent(value: &Value) -> bool {
    let percent = value.as_str().and_then(|t| t.strip_suffix('%')).and_then(|t| t.parse::<i64>().ok());
    percent.is_some_and(|p| p > 100)
}

fn deployment(spec: &Value, errors: &mut Errors) {
    errors.nonnegative("spec.replicas", &spec["replicas"]);
    selector(spec, "deployment", errors);
    replica_template(spec, errors);
    let strategy = &spec["strategy"];
    let rolling = &strategy["rollingUpdate"];
    match strategy["type"].str() {
        "Recreate" if rolling.is_some() => errors.forbidden(
            "spec.strategy.rollingUpdate",
            "may not be specified when strategy `type` is 'Recreate'",
        ),
        "Recreate" => {}
        "RollingUpdate" => {
            let at = |field: &str| format!("spec.strategy.rollingUpdate.{field}");
            int_or_percent(&rolling["maxUnavailable"], &at("maxUnavailable"), errors);
            int_or_percent(&rolling["maxSurge"], &at("maxSurge"), errors);
            if is_zero(&rolling["maxUnavailable"]) && is_zero(&rolling["maxSurge"]) {
                errors.invalid(
                    at("maxUnavailable"),
                    &rolling["maxUnavailable"],
                    "may not be 0 when `maxSurge` is 0",
                );
            }
            if above_100_percent(&rolling["maxUnavailable"]) {
                errors.invalid(
                    at("maxUnavailable"),
                    &rolling["maxUnavailable"],
                    "must not be greater than 100%",
                );
            }
        }
        _ => errors.not_supported_shown(
            "spec.strategy",
            internal_strategy(strategy),
            &["Recreate", "RollingUpdate"],
        ),
    }
    errors.nonnegative("spec.minReadySeconds", &spec["minReadySeconds"]);
    errors.nonnegative("spec.revisionHistoryLimit", &spec["revisionHistoryLimit"]);
    let deadline = &spec["progressDeadlineSeconds"];
    errors.nonnegative("spec.progressDeadlineSeconds", deadline);
    if deadline.as_int().is_some_and(|d| d <= spec["minReadySeconds"].int_or(0)) {
        errors.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds");
    }
}

/// A strategy as upstream prints its internal type.
fn internal_strategy(strategy: &Value) -> String {
    format!("{{\"Type\":{},\"RollingUpdate\":null}}", json::quote(strategy["type"].str()))
}

fn daemon_set(spec: &Value, errors: &mut Errors) {
    meta::selector(&spec["selector"], "spec.selector", errors);
    selector_matches(spec, errors);
    let selector = &spec["selector"];
    if selector.is_some() && selector["matchLabels"].is_empty() && selector["matchExpressions"].is_empty() {
        errors.invalid("spec.selector", selector, "empty selector is invalid for daemonset");
    }
    pod::template(&spec["template"], "spec.template", errors);
    only_always(spec, "DaemonSet", errors);
    errors.nonnegative("spec.minReadySeconds", &spec["minReadySeconds"]);
    let strategy = &spec["updateStrategy"];
    match strategy["type"].str() {
        "OnDelete" => {}
        "RollingUpdate" => {
            let rolling = &strategy["rollingUpdate"];
            let at = |field: &str| format!("spec.updateStrategy.rollingUpdate.{field}");
            int_or_percent(&rolling["maxUnavailable"], &at("maxUnavailable"), errors);
            int_or_percent(&rolling["maxSurge"], &at("maxSurge"), errors);
            match (is_zero(&rolling["maxUnavailable"]), is_zero(&rolling["maxSurge"])) {
                (true, true) => errors.required(at("maxUnavailable"), "cannot be 0 when maxSurge is 0"),
                (false, false) => errors.invalid(
                    at("maxSurge"),
                    &rolling["maxSurge"],
                    "may not be set when maxUnavailable is non-zero",
                ),
                _ => {}
            }
        }
        _ => errors.not_supported_shown(
            "spec.updateStrategy",
            internal_strategy(strategy),
            &["RollingUpdate", "OnDelete"],
        ),
    }
    errors.nonnegative("spec.revisionHistoryLimit", &spec["revisionHistoryLimit"]);
}

fn stateful_set(spec: &Value, errors: &mut Errors) {
    match spec["podManagementPolicy"].str() {
        "OrderedReady" | "Parallel" => {}
        "" => errors.required("spec.podManagementPolicy", ""),
        other => errors.invalid("spec.podManagementPolicy", other, "must be 'OrderedReady' or 'Parallel'"),
    }
    let strategy = &spec["updateStrategy"];
    match strategy["type"].str() {
        "" => errors.required("spec.updateStrategy", ""),
        "OnDelete" if strategy["rollingUpdate"].is_some() => errors.invalid(
            "spec.updateStrategy.rollingUpdate",
            &strategy["rollingUpdate"],
            "only allowed for updateStrategy 'RollingUpdate'",
        ),
        "OnDelete" => {}
        "RollingUpdate" => {
            let partition = &strategy["rollingUpdate"]["partition"];
            errors.nonnegative("spec.updateStrategy.rollingUpdate.partition", partition);
        }
        _ => errors.invalid_shown(
            "spec.updateStrategy",
            internal_strategy(strategy),
            "must be 'RollingUpdate' or 'OnDelete'",
        ),
    }
    for field in ["whenDeleted", "whenScaled"] {
        let policy = spec["persistentVolumeClaimRetentionPolicy"][field].str();
        if !matches!(policy, "Retain" | "Delete" | "") {
            let at = format!("spec.persistentVolumeClaimRetentionPolicy.{field}");
            errors.not_supported(at, policy, &["Retain", "Delete"]);
        }
    }
    errors.nonnegative("spec.replicas", &spec["replicas"]);
    errors.nonnegative("spec.minReadySeconds", &spec["minReadySeconds"]);
    selector(spec, "statefulset", errors);
    selector_matches(spec, errors);
    pod::template(&with_claims(spec), "spec.template", errors);
    only_always(spec, "StatefulSet", errors);
}

/// The template with a volume for each claim template, as its pods will have it.
fn with_claims(spec: &Value) -> Value {
    let mut template = spec["template"].clone();
    for claim in spec["volumeClaimTemplates"].items() {
        let name = claim["metadata"]["name"].text();
        if template["spec"]["volumes"].find("name", &name).is_null() {
            let source = map! { "claimName" => Text::lit("of-the-template") };
            let volume = map! { "name" => name, "persistentVolumeClaim" => source };
            template.slot("spec.volumes").list_mut().push(volume);
        }
    }
    template
}

fn replication_controller(spec: &Value, errors: &mut Errors) {
    errors.nonnegative("spec.minReadySeconds", &spec["minReadySeconds"]);
    if spec["selector"].is_empty() {
        errors.required("spec.selector", "");
    }
    errors.nonnegative("spec.replicas", &spec["replicas"]);
    let template = &spec["template"];
    if template.is_null() {
        errors.required("spec.template", "");
        return;
    }
    let labels = &template["metadata"]["labels"];
    if !spec["selector"].is_empty() && !Selector::of_map(&spec["selector"]).matches(labels) {
        errors.invalid(
            "spec.template.metadata.labels",
            labels,
            "`selector` does not match template `labels`",
        );
    }
    pod::template(template, "spec.template", errors);
    only_always(spec, "ReplicationController", errors);
}

/// What may not change in a workload.
pub(super) fn update(old: &Object, new: &Object, errors: &mut Errors) {
    let (before, after) = (&old["spec"], &new["spec"]);
    match new.kind {
        Kind::DEPLOYMENT | Kind::REPLICA_SET | Kind::DAEMON_SET
            if before["selector"] != after["selector"] =>
        {
            errors.invalid("spec.selector", &after["selector"], "field is immutable");
        }
        Kind::STATEFUL_SET => {
            const MUTABLE: &[&str] = &[
                "replicas",
                "ordinals",
                "template",
                "updateStrategy",
                "revisionHistoryLimit",
                "persistentVolumeClaimRetentionPolicy",
                "minReadySeconds",
            ];
            let rest = |spec: &Value| {
                let mut spec = spec.clone();
                for field in MUTABLE {
                    spec.remove(field);
                }
                spec
            };
            if rest(before) != rest(after) {
                errors.forbidden("spec", "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
            }
        }
        Kind::JOB => job::update(before, after, errors),
        _ => {}
    }
}
