//! Horizontal autoscalers (pkg/apis/autoscaling/validation): bounds, target, metrics, behaviour.

use super::Errors;
use crate::api::Value;
use crate::api::quantity::Quantity;

/// Longest window and longest period of a policy, in seconds.
const MAX_WINDOW: i64 = 3600;
const MAX_PERIOD: i64 = 1800;
/// The sources of metrics: types and fields.
const SOURCES: &[(&str, &str)] = &[
    ("Object", "object"),
    ("External", "external"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
];

/// `validateHorizontalPodAutoscalerSpec`
pub(super) fn check(spec: &Value, errors: &mut Errors) {
    let (min, max) = (spec["minReplicas"].int_or(1), spec["maxReplicas"].int_or(0));
    if min < 1 {
        errors.invalid("spec.minReplicas", min, "must be greater than or equal to 1");
    }
    if max < 1 {
        errors.invalid("spec.maxReplicas", max, "must be greater than 0");
    }
    if max < min {
        errors.invalid("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`");
    }
    reference(&spec["scaleTargetRef"], "spec.scaleTargetRef", errors);
    for (i, metric) in spec["metrics"].items().iter().enumerate() {
        self::metric(metric, &format!("spec.metrics[{i}]"), errors);
    }
    for direction in ["scaleUp", "scaleDown"] {
        rules(&spec["behavior"][direction], &format!("spec.behavior.{direction}"), errors);
    }
}

fn reference(reference: &Value, path: &str, errors: &mut Errors) {
    for field in ["kind", "name"] {
        let at = format!("{path}.{field}");
        match reference[field].str() {
            "" => errors.required(at, ""),
            name => errors.complaints(&at, name, super::meta::path_segment(name)),
        }
    }
}

fn metric(metric: &Value, path: &str, errors: &mut Errors) {
    let kind = metric["type"].str();
    let expected = SOURCES.iter().find(|(name, _)| *name == kind).map(|(_, field)| *field);
    if kind.is_empty() {
        errors.required(format!("{path}.type"), "must specify a metric source type");
    }
    if expected.is_none() {
        let known = ["ContainerResource", "External", "Object", "Pods", "Resource"];
        errors.not_supported(format!("{path}.type"), kind, &known);
    }
    let present: Vec<&str> =
        SOURCES.iter().map(|(_, field)| *field).filter(|f| metric[*f].is_some()).collect();
    if let Some(first) = present.first() {
        source(first, &metric[*first], &format!("{path}.{first}"), errors);
    }
    if let Some(field) = expected.filter(|f| metric[*f].is_null()) {
        let words = "must populate information for the given metric source";
        errors.required(format!("{path}.{field}"), words);
    }
    if present.len() != 1 {
        for field in present.iter().filter(|f| Some(**f) != expected) {
            errors.forbidden(format!("{path}.{field}"), "must populate the given metric source only");
        }
    }
}

fn source(kind: &str, source: &Value, path: &str, errors: &mut Errors) {
    let target = &source["target"];
    let at = format!("{path}.target");
    let given = |field: &str| target[field].is_some();
    match kind {
        "object" => {
            reference(&source["describedObject"], &format!("{path}.describedObject"), errors);
            metric_name(source, path, errors);
            self::target(target, &at, errors);
            if !given("value") && !given("averageValue") {
                let words = "must set either a target value or averageValue for the metric";
                errors.required(format!("{at}.averageValue"), words);
            }
        }
        "external" => {
            metric_name(source, path, errors);
            self::target(target, &at, errors);
            match (given("value"), given("averageValue")) {
                (false, false) => {
                    let words = "must set either a target value for metric or a per-pod target";
                    errors.required(format!("{at}.averageValue"), words);
                }
                (true, true) => {
                    let words = "may not set both a target value for metric and a per-pod target";
                    errors.forbidden(format!("{at}.value"), words);
                }
                _ => {}
            }
        }
        "pods" => {
            metric_name(source, path, errors);
            self::target(target, &at, errors);
            if Quantity::of(&target["averageValue"]).nano <= 0 {
                let words = "must specify a positive target averageValue";
                errors.required(format!("{at}.averageValue"), words);
            }
        }
        _ => {
            if source["name"].str().is_empty() {
                errors.required(format!("{path}.name"), "must specify a resource name");
            }
            if kind == "containerResource" && source["container"].str().is_empty() {
                errors.required(format!("{path}.container"), "must specify a container");
            }
            self::target(target, &at, errors);
            match (given("averageUtilization"), given("averageValue")) {
                (false, false) => {
                    let words = "must set either a target raw value or a target utilization";
                    errors.required(format!("{at}.averageUtilization"), words);
                }
                (true, true) => {
                    let words = "may not set both a target raw value and a target utilization";
                    errors.forbidden(format!("{at}.averageValue"), words);
                }
                _ => {}
            }
        }
    }
}

fn metric_name(source: &Value, path: &str, errors: &mut Errors) {
    let at = format!("{path}.metric.name");
    match source["metric"]["name"].str() {
        "" => errors.required(at, "must specify a metric name"),
        name => errors.complaints(&at, name, super::meta::path_segment(name)),
    }
}

fn target(target: &Value, path: &str, errors: &mut Errors) {
    let kind = target["type"].str();
    if kind.is_empty() {
        errors.required(format!("{path}.type"), "must specify a metric target type");
    }
    if !matches!(kind, "Utilization" | "Value" | "AverageValue") {
        let words = "must be either Utilization, Value, or AverageValue";
        errors.invalid(format!("{path}.type"), kind, words);
    }
    for field in ["value", "averageValue"] {
        if target[field].is_some() && Quantity::of(&target[field]).nano <= 0 {
            let shown = Quantity::of(&target[field]).to_string();
            errors.invalid(format!("{path}.{field}"), shown, "must be positive");
        }
    }
    if target["averageUtilization"].as_int().is_some_and(|n| n < 1) {
        let at = format!("{path}.averageUtilization");
        errors.invalid(at, &target["averageUtilization"], "must be greater than 0");
    }
}

fn rules(rules: &Value, path: &str, errors: &mut Errors) {
    if rules.is_null() {
        return;
    }
    let window = &rules["stabilizationWindowSeconds"];
    let at = format!("{path}.stabilizationWindowSeconds");
    match window.as_int() {
        Some(n) if n < 0 => errors.invalid(at, n, "must be greater than or equal to zero"),
        Some(n) if n > MAX_WINDOW => {
            errors.invalid(at, n, format!("must be less than or equal to {MAX_WINDOW}"));
        }
        _ => {}
    }
    if let Some(policy) = rules["selectPolicy"].as_str().filter(|p| !matches!(*p, "Max" | "Min" | "Disabled"))
    {
        errors.not_supported(format!("{path}.selectPolicy"), policy, &["Disabled", "Max", "Min"]);
    }
    let policies = rules["policies"].items();
    if policies.is_empty() {
        errors.required(format!("{path}.policies"), "must specify at least one Policy");
    }
    for (i, policy) in policies.iter().enumerate() {
        let at = |field: &str| format!("{path}.policies[{i}].{field}");
        if !matches!(policy["type"].str(), "Pods" | "Percent") {
            errors.not_supported(at("type"), policy["type"].str(), &["Percent", "Pods"]);
        }
        if policy["value"].int_or(0) <= 0 {
            errors.invalid(at("value"), policy["value"].int_or(0), "must be greater than zero");
        }
        let period = policy["periodSeconds"].int_or(0);
        if period <= 0 {
            errors.invalid(at("periodSeconds"), period, "must be greater than zero");
        } else if period > MAX_PERIOD {
            errors.invalid(
                at("periodSeconds"),
                period,
                format!("must be less than or equal to {MAX_PERIOD}"),
            );
        }
    }
}
