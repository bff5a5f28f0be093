//! Jobs and CronJobs (pkg/apis/batch/validation).

use super::{Errors, cron, meta, net, pod};
use crate::api::labels::Selector;
use crate::api::{Object, Value, names};

/// Most pods at once, and most indexes that may fail, of an indexed Job.
const MAX_INDEXED: i64 = 100_000;
/// Limits of failure policies: rules, exit codes and conditions of one rule.
const MAX_RULES: usize = 20;
const MAX_EXIT_CODES: usize = 255;
const MAX_CONDITIONS: usize = 20;
/// Jobs of a CronJob get a suffix of 11 characters.
const MAX_NAME: usize = 52;

/// `ValidateJob`
pub(super) fn job(job: &Object, errors: &mut Errors) {
    let spec = &job["spec"];
    let selector = &spec["selector"];
    let uid = job.uid();
    if selector.is_some() && !spec["manualSelector"].is_true() && !uid.is_empty() {
        let labels = &selector["matchLabels"];
        let generated = labels.entries().count() == 1
            && selector["matchExpressions"].is_empty()
            && labels.entries().all(|(k, v)| k.ends_with("controller-uid") && v.str() == uid);
        if !generated {
            errors.invalid("spec.selector", selector, "`selector` not auto-generated");
        }
    }
    self::spec(spec, "spec", errors);
    // The strategy generates the selector; until then there is nothing to compare.
    if selector.is_some() {
        meta::selector(selector, "spec.selector", errors);
        let selector = Selector::of_object(selector);
        let labels = &spec["template"]["metadata"]["labels"];
        if !selector.is_everything() && !selector.matches(labels) {
            let words = "`selector` does not match template `labels`";
            errors.invalid("spec.template.metadata.labels", labels, words);
        }
    }
}

/// `validateJobSpec`
fn spec(spec: &Value, path: &str, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.{field}");
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        errors.nonnegative(at(field), &spec[field]);
    }
    if spec["maxFailedIndexes"].is_some() && spec["backoffLimitPerIndex"].is_null() {
        errors.required(at("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
    }
    if let Some(by) = spec["managedBy"].as_str() {
        net::domain_prefixed(by, &at("managedBy"), errors);
        if by.len() > names::LABEL_MAX {
            errors.too_long(at("managedBy"), names::LABEL_MAX);
        }
    }
    let indexed = spec["completionMode"].str() == "Indexed";
    match spec["completionMode"].str() {
        "Indexed" => self::indexed(spec, path, errors),
        "NonIndexed" | "" => {}
        other => errors.not_supported(at("completionMode"), other, &["NonIndexed", "Indexed"]),
    }
    for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
        if spec[field].is_some() && !indexed {
            errors.invalid(at(field), &spec[field], "requires indexed completion mode");
        }
    }
    failure_policy(spec, path, errors);
    success_policy(spec, indexed, path, errors);
    replacement_policy(spec, &at("podReplacementPolicy"), errors);
    pod::template(&spec["template"], &at("template"), errors);
    let policy = spec["template"]["spec"]["restartPolicy"].str();
    let field = at("template.spec.restartPolicy");
    match policy {
        "" | "Always" => errors.required(field, "valid values: \"OnFailure\", \"Never\""),
        "OnFailure" if spec["podFailurePolicy"].is_some() => {
            errors.invalid(field, policy, "only \"Never\" is supported when podFailurePolicy is specified");
        }
        "OnFailure" | "Never" => {}
        other => errors.not_supported(field, other, &["OnFailure", "Never"]),
    }
}

fn indexed(spec: &Value, path: &str, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.{field}");
    let Some(completions) = spec["completions"].as_int() else {
        return errors.required(at("completions"), "when completion mode is Indexed");
    };
    if spec["parallelism"].int_or(0) > MAX_INDEXED {
        let words = format!("must be less than or equal to {MAX_INDEXED} when completion mode is Indexed");
        errors.invalid(at("parallelism"), &spec["parallelism"], words);
    }
    if spec["maxFailedIndexes"].as_int().is_some_and(|n| n > completions) {
        let words = "must be less than or equal to completions";
        errors.invalid(at("maxFailedIndexes"), &spec["maxFailedIndexes"], words);
    }
}

fn replacement_policy(spec: &Value, path: &str, errors: &mut Errors) {
    let Some(policy) = spec["podReplacementPolicy"].as_str() else { return };
    if spec["podFailurePolicy"].is_some() {
        if policy != "Failed" {
            errors.not_supported(path, policy, &["Failed"]);
        }
    } else if !matches!(policy, "Failed" | "TerminatingOrFailed") {
        errors.not_supported(path, policy, &["Failed", "TerminatingOrFailed"]);
    }
}

/// `validatePodFailurePolicy`
fn failure_policy(spec: &Value, path: &str, errors: &mut Errors) {
    let path = format!("{path}.podFailurePolicy.rules");
    let rules = spec["podFailurePolicy"]["rules"].items();
    if rules.len() > MAX_RULES {
        errors.too_many(path.as_str(), rules.len(), MAX_RULES);
    }
    for (i, rule) in rules.iter().enumerate() {
        let at = format!("{path}[{i}]");
        let (codes, conditions) = (&rule["onExitCodes"], &rule["onPodConditions"]);
        match rule["action"].str() {
            "" => {
                let words = "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]";
                errors.required(format!("{at}.action"), words);
            }
            "FailIndex" if spec["backoffLimitPerIndex"].is_null() => {
                let words = "requires the backoffLimitPerIndex to be set";
                errors.invalid(format!("{at}.action"), "FailIndex", words);
            }
            "Count" | "FailIndex" | "FailJob" | "Ignore" => {}
            other => {
                let known = ["Count", "FailIndex", "FailJob", "Ignore"];
                errors.not_supported(format!("{at}.action"), other, &known);
            }
        }
        if codes.is_some() {
            exit_codes(codes, spec, &format!("{at}.onExitCodes"), errors);
        }
        pod_conditions(conditions.items(), &format!("{at}.onPodConditions"), errors);
        if codes.is_some() && !conditions.is_empty() {
            errors.invalid_bare(at, "specifying both OnExitCodes and OnPodConditions is not supported");
        } else if codes.is_null() && conditions.is_empty() {
            errors.invalid_bare(at, "specifying one of OnExitCodes and OnPodConditions is required");
        }
    }
}

fn exit_codes(codes: &Value, spec: &Value, path: &str, errors: &mut Errors) {
    match codes["operator"].str() {
        "In" | "NotIn" => {}
        "" => errors.required(format!("{path}.operator"), "valid values: [\"In\" \"NotIn\"]"),
        other => errors.not_supported(format!("{path}.operator"), other, &["In", "NotIn"]),
    }
    if let Some(name) = codes["containerName"].as_str() {
        let pod = &spec["template"]["spec"];
        let known = ["containers", "initContainers"].iter().any(|l| pod[*l].find("name", name).is_some());
        if !known {
            let words = "must be one of the container or initContainer names in the pod template";
            errors.invalid(format!("{path}.containerName"), name, words);
        }
    }
    let at = format!("{path}.values");
    let values: Vec<i64> = codes["values"].items().iter().map(|v| v.int_or(0)).collect();
    if values.is_empty() {
        errors.invalid(at.as_str(), &codes["values"], "at least one value is required");
    } else if values.len() > MAX_EXIT_CODES {
        errors.too_many(at.as_str(), values.len(), MAX_EXIT_CODES);
    }
    for (i, n) in values.iter().enumerate() {
        if *n == 0 && codes["operator"].str() == "In" {
            errors.invalid(format!("{at}[{i}]"), 0, "must not be 0 for the In operator");
        }
        if values[..i].contains(n) {
            errors.duplicate(format!("{at}[{i}]"), *n);
        }
    }
    if values.windows(2).any(|pair| pair[0] > pair[1]) {
        errors.invalid(at, &codes["values"], "must be ordered");
    }
}

fn pod_conditions(conditions: &[Value], path: &str, errors: &mut Errors) {
    if conditions.len() > MAX_CONDITIONS {
        errors.too_many(path, conditions.len(), MAX_CONDITIONS);
    }
    for (i, condition) in conditions.iter().enumerate() {
        let kind = condition["type"].str();
        errors.complaints(&format!("{path}[{i}].type"), kind, names::qualified(kind));
        let at = format!("{path}[{i}].status");
        match condition["status"].str() {
            "True" | "False" | "Unknown" => {}
            "" => errors.required(at, "valid values: [\"False\" \"True\" \"Unknown\"]"),
            other => errors.not_supported(at, other, &["False", "True", "Unknown"]),
        }
    }
}

/// `validateSuccessPolicy`
fn success_policy(spec: &Value, indexed: bool, path: &str, errors: &mut Errors) {
    let policy = &spec["successPolicy"];
    if policy.is_null() {
        return;
    }
    let path = format!("{path}.successPolicy");
    if !indexed {
        let shown = super::internal::compact(policy, "SuccessPolicy");
        return errors.invalid_shown(path, shown, "requires indexed completion mode");
    }
    let rules = policy["rules"].items();
    if rules.is_empty() {
        errors.required(
            format!("{path}.rules"),
            "at least one rules must be specified when the successPolicy is specified",
        );
    }
    if rules.len() > MAX_RULES {
        errors.too_many(format!("{path}.rules"), rules.len(), MAX_RULES);
    }
    let completions = spec["completions"].int_or(0);
    for (i, rule) in rules.iter().enumerate() {
        let at = format!("{path}.rules[{i}]");
        let count = &rule["succeededCount"];
        if rule["succeededIndexes"].is_null() && count.is_null() {
            errors.required(
                at.as_str(),
                "at least one of succeededCount or succeededIndexes must be specified",
            );
        }
        if let Some(n) = count.as_int() {
            errors.nonnegative(format!("{at}.succeededCount"), count);
            if n > completions {
                let words = format!(
                    "must be less than or equal to {completions} (the number of specified completions)"
                );
                errors.invalid(format!("{at}.succeededCount"), n, words);
            }
        }
    }
}

/// `ValidateCronJobSpec`
pub(super) fn cron_job(object: &Object, errors: &mut Errors) {
    let spec = &object["spec"];
    match spec["schedule"].str() {
        "" => errors.required("spec.schedule", ""),
        schedule => {
            if let Err(why) = cron::check(schedule) {
                errors.invalid("spec.schedule", schedule, why);
            }
        }
    }
    errors.nonnegative("spec.startingDeadlineSeconds", &spec["startingDeadlineSeconds"]);
    if let Some(zone) = spec["timeZone"].as_str() {
        if zone.is_empty() {
            errors.invalid("spec.timeZone", zone, "timeZone must be nil or non-empty string");
        } else if zone.eq_ignore_ascii_case("local") {
            let words =
                "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
            errors.invalid("spec.timeZone", zone, words);
        } else if !cron::is_time_zone(zone) {
            errors.invalid("spec.timeZone", zone, format!("unknown time zone {zone}"));
        }
    }
    match spec["concurrencyPolicy"].str() {
        "Allow" | "Forbid" | "Replace" => {}
        "" => errors.required("spec.concurrencyPolicy", ""),
        other => errors.not_supported("spec.concurrencyPolicy", other, &["Allow", "Forbid", "Replace"]),
    }
    let template = &spec["jobTemplate"];
    meta::labels(&template["metadata"]["labels"], "spec.jobTemplate.labels", errors);
    meta::annotations(&template["metadata"]["annotations"], "spec.jobTemplate.annotations", errors);
    if template["spec"]["manualSelector"].is_true() {
        errors.not_supported("spec.jobTemplate.spec.manualSelector", true, &["nil", "false"]);
    }
    self::spec(&template["spec"], "spec.jobTemplate.spec", errors);
    errors.nonnegative("spec.successfulJobsHistoryLimit", &spec["successfulJobsHistoryLimit"]);
    errors.nonnegative("spec.failedJobsHistoryLimit", &spec["failedJobsHistoryLimit"]);
    if object.name().len() > MAX_NAME {
        errors.invalid("metadata.name", object.name(), "must be no more than 52 characters");
    }
}

/// What may not change in a Job.
pub(super) fn update(before: &Value, after: &Value, errors: &mut Errors) {
    let elastic = after["completionMode"].str() == "Indexed" && after["completions"] == after["parallelism"];
    for field in [
        "completions",
        "selector",
        "template",
        "podFailurePolicy",
        "completionMode",
        "backoffLimitPerIndex",
        "managedBy",
        "successPolicy",
    ] {
        let free = (field == "completions" && elastic)
            || (field == "template" && before["suspend"].is_true())
            || (field == "managedBy" && before["suspend"].is_true());
        if !free && before[field] != after[field] {
            errors.invalid(format!("spec.{field}"), &after[field], "field is immutable");
        }
    }
}
