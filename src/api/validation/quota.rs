//! Quotas and limit ranges.

use super::{Errors, resources};
use crate::api::quantity::Quantity;
use crate::api::{Object, Value, names};
use crate::collections::Order;

/// Scopes that are asked only whether they are there.
const EXISTING: &[&str] =
    &["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "CrossNamespacePodAffinity"];
const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

/// `ValidateResourceQuotaSpec`
pub(super) fn quota(spec: &Value, errors: &mut Errors) {
    for (name, value) in spec["hard"].entries() {
        let path = format!("spec.hard[{name}]");
        resources::quota_name(name, &path, errors);
        resources::quantity(name, value, &path, errors);
    }
    let scopes = &spec["scopes"];
    let named: Vec<&str> = scopes.items().iter().map(Value::str).collect();
    for scope in &named {
        if !SCOPES.contains(scope) {
            errors.invalid("spec.scopes", scopes, "unsupported scope");
        }
        for _ in unsuitable(spec, scope) {
            errors.invalid("spec.scopes", scopes, "unsupported scope applied to resource");
        }
    }
    conflicts(&named, scopes, "spec.scopes", errors);
    if spec["scopeSelector"].is_some() {
        scope_selector(spec, errors);
    }
}

/// The standard resources of a quota that a scope cannot choose (`IsResourceQuotaScopeValidForResource`).
fn unsuitable<'a>(spec: &'a Value, scope: &str) -> impl Iterator<Item = &'a str> {
    const COMPUTE: &[&str] = &[
        "pods",
        "cpu",
        "memory",
        "ephemeral-storage",
        "requests.cpu",
        "requests.memory",
        "requests.ephemeral-storage",
        "limits.cpu",
        "limits.memory",
        "limits.ephemeral-storage",
    ];
    let suits = match scope {
        "BestEffort" => |name: &str| name == "pods",
        "VolumeAttributesClass" => |name: &str| matches!(name, "persistentvolumeclaims" | "requests.storage"),
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => |name: &str| {
            COMPUTE.contains(&name)
                || name.starts_with("hugepages-")
                || name.starts_with("requests.hugepages-")
        },
        _ => |_: &str| true,
    };
    let names = spec["hard"].entries().map(|(name, _)| name.as_str());
    names.filter(move |name| resources::is_standard_quota(name) && !suits(name))
}

fn conflicts(scopes: &[&str], shown: &Value, path: &str, errors: &mut Errors) {
    for pair in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] {
        if pair.iter().all(|s| scopes.contains(s)) {
            errors.invalid(path, shown, "conflicting scopes");
        }
    }
}

fn scope_selector(spec: &Value, errors: &mut Errors) {
    const AT: &str = "spec.scopeSelector.matchExpressions";
    let expressions = spec["scopeSelector"]["matchExpressions"].items();
    for e in expressions {
        let (scope, operator) = (e["scopeName"].str(), e["operator"].str());
        if !SCOPES.contains(&scope) {
            errors.invalid(format!("{AT}.scopeName"), scope, "unsupported scope");
        }
        for _ in unsuitable(spec, scope) {
            let shown = super::internal::compact(&spec["scopeSelector"], "ScopeSelector");
            errors.invalid_shown(AT, shown, "unsupported scope applied to resource");
        }
        if EXISTING.contains(&scope) && operator != "Exists" {
            errors.invalid(format!("{AT}.operator"), operator, "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity");
        }
        match operator {
            "In" | "NotIn" if e["values"].is_empty() => {
                let words =
                    "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                errors.required(format!("{AT}.values"), words);
            }
            "Exists" | "DoesNotExist" if !e["values"].is_empty() => {
                let words =
                    "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                errors.invalid(format!("{AT}.values"), &e["values"], words);
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => errors.invalid(format!("{AT}.operator"), operator, "not a valid selector operator"),
        }
    }
    let named: Vec<&str> = expressions.iter().map(|e| e["scopeName"].str()).collect();
    conflicts(&named, &spec["scopes"], AT, errors);
}

/// That the scopes stay.
pub(super) fn quota_update(old: &Object, new: &Object, errors: &mut Errors) {
    let sorted = |o: &Object| {
        let mut scopes: Vec<String> =
            o["spec"]["scopes"].items().iter().map(|s| String::from(s.str())).collect();
        scopes.order();
        scopes.dedup();
        scopes
    };
    if sorted(old) != sorted(new) {
        errors.invalid("spec.scopes", &new["spec"]["scopes"], "field is immutable");
    }
}

/// `ValidateLimitRange`
pub(super) fn limit_range(spec: &Value, errors: &mut Errors) {
    let mut taken: Vec<&str> = vec![];
    for (i, limit) in spec["limits"].items().iter().enumerate() {
        let path = format!("spec.limits[{i}]");
        let kind = limit["type"].str();
        let at = format!("{path}.type");
        let complaints = names::qualified(kind);
        let known = kind.contains('/') || matches!(kind, "Pod" | "Container" | "PersistentVolumeClaim");
        if complaints.is_empty() && !known {
            errors.invalid(at.as_str(), kind, "must be a standard limit type or fully qualified");
        }
        errors.complaints(&at, kind, complaints);
        if taken.contains(&kind) {
            errors.duplicate(at, kind);
        }
        taken.push(kind);
        limits(limit, kind, &path, errors);
    }
}

fn limits(limit: &Value, kind: &str, path: &str, errors: &mut Errors) {
    let mut keys: Vec<&str> = vec![];
    for list in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
        if kind == "Pod" && matches!(list, "default" | "defaultRequest") {
            if !limit[list].is_empty() {
                errors.forbidden(format!("{path}.{list}"), "may not be specified when `type` is 'Pod'");
            }
            continue;
        }
        for (name, _) in limit[list].entries() {
            resources::limit_name(kind, name, &format!("{path}.{list}[{name}]"), errors);
            keys.push(name);
        }
        let bounded = limit["min"]["storage"].is_some() || limit["max"]["storage"].is_some();
        if list == "defaultRequest" && kind == "PersistentVolumeClaim" && !bounded {
            let words = "either minimum or maximum storage value is required, but neither was provided";
            errors.required(format!("{path}.limits"), words);
        }
    }
    keys.order();
    keys.dedup();
    for key in keys {
        in_order(limit, kind, key, path, errors);
    }
}

fn in_order(limit: &Value, kind: &str, key: &str, path: &str, errors: &mut Errors) {
    let of = |list: &str| {
        let left_out = kind == "Pod" && matches!(list, "default" | "defaultRequest");
        (limit[list].get(key).is_some() && !left_out).then(|| Quantity::of(limit[list].get(key)))
    };
    let (min, max, default, request) = (of("min"), of("max"), of("default"), of("defaultRequest"));
    let mut above = |low: Option<Quantity>,
                     high: Option<Quantity>,
                     field: &str,
                     shown: Option<Quantity>,
                     words: (&str, &str)| {
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            let detail = format!("{} value {low} is greater than {} value {high}", words.0, words.1);
            errors.invalid(format!("{path}.{field}[{key}]"), shown.unwrap_or(low).to_string(), detail);
        }
    };
    above(min, max, "min", min, ("min", "max"));
    above(min, request, "defaultRequest", request, ("min", "default request"));
    above(request, max, "defaultRequest", request, ("default request", "max"));
    above(request, default, "defaultRequest", request, ("default request", "default limit"));
    // Upstream shows the bound in these, not the default.
    above(min, default, "default", min, ("min", "default"));
    above(default, max, "default", max, ("default", "max"));
    if let Some(ratio) = of("maxLimitRequestRatio") {
        let at = format!("{path}.maxLimitRequestRatio[{key}]");
        if ratio < Quantity::units(1) {
            errors.invalid(at.as_str(), ratio.to_string(), format!("ratio {ratio} is less than 1"));
        }
        if let (Some(min), Some(max)) = (min, max) {
            let most = max.nano as f64 / min.nano as f64;
            if ratio.milli_value() as f64 / 1000.0 > most {
                let words = format!("ratio {ratio} is greater than max/min = {most:.6}");
                errors.invalid(at, ratio.to_string(), words);
            }
        }
    }
    if let (Some(default), Some(request)) = (default, request)
        && default != request
        && !resources::is_overcommit_allowed(key)
    {
        let words = format!("default value {default} must equal to defaultRequest value {request} in {key}");
        errors.invalid(format!("{path}.defaultRequest[{key}]"), request.to_string(), words);
    }
}
