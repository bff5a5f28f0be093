//! Budgets, priorities, nodes, namespaces and the kinds that have a rule or two; which module checks what.

use super::{Errors, config, endpoints, internal, meta, net, placement, quota, rbac, resources, storage};
use crate::api::{Kind, Object, Value, json, names};

/// Checks an object of one of these kinds.
pub(super) fn check(object: &Object, errors: &mut Errors) {
    let spec = &object["spec"];
    match object.kind {
        Kind::CONFIG_MAP => config::config_map(object, errors),
        Kind::SECRET => config::secret(object, errors),
        Kind::PERSISTENT_VOLUME_CLAIM => storage::claim(spec, "spec", errors),
        Kind::PERSISTENT_VOLUME => storage::volume(spec, errors),
        Kind::STORAGE_CLASS => storage::storage_class(object, errors),
        Kind::RESOURCE_QUOTA => quota::quota(spec, errors),
        Kind::LIMIT_RANGE => quota::limit_range(spec, errors),
        Kind::PDB => budget(spec, errors),
        Kind::PRIORITY_CLASS => priority_class(object, errors),
        Kind::ROLE | Kind::CLUSTER_ROLE => rbac::rules(&object["rules"], object.kind, errors),
        Kind::ROLE_BINDING | Kind::CLUSTER_ROLE_BINDING => rbac::role_binding(object, errors),
        Kind::NODE => node(spec, errors),
        Kind::NAMESPACE => {
            meta::standard_finalizers(&spec["finalizers"], "spec.finalizers", false, errors);
        }
        Kind::RUNTIME_CLASS => runtime_class(object, errors),
        Kind::LEASE => lease(spec, errors),
        Kind::ENDPOINTS => endpoints::endpoints(object, errors),
        Kind::ENDPOINT_SLICE => endpoints::slice(object, errors),
        _ => {}
    }
}

/// `ValidatePodDisruptionBudgetSpec`
fn budget(spec: &Value, errors: &mut Errors) {
    let (min, max) = (&spec["minAvailable"], &spec["maxUnavailable"]);
    if min.is_some() && max.is_some() {
        let shown = format!(
            "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{}}}",
            json::print(min),
            json::print(&spec["selector"]),
            json::print(max),
            json::print(&spec["unhealthyPodEvictionPolicy"])
        );
        errors.invalid_shown("spec", shown, "minAvailable and maxUnavailable cannot be both set");
    }
    for (field, value) in [("minAvailable", min), ("maxUnavailable", max)] {
        let path = format!("spec.{field}");
        match value.as_str() {
            Some(text) => {
                errors.complaints(&path, text, names::percent(text));
                if text.strip_suffix('%').and_then(|n| n.parse::<i64>().ok()).is_some_and(|n| n > 100) {
                    errors.invalid(path, text, "must not be greater than 100%");
                }
            }
            None => errors.nonnegative(path, value),
        }
    }
    meta::selector(&spec["selector"], "spec.selector", errors);
    let policy = &spec["unhealthyPodEvictionPolicy"];
    if policy.is_some() && !matches!(policy.str(), "AlwaysAllow" | "IfHealthyBudget") {
        let known = ["AlwaysAllow", "IfHealthyBudget"];
        errors.not_supported("spec.unhealthyPodEvictionPolicy", policy, &known);
    }
}

fn priority_class(object: &Object, errors: &mut Errors) {
    let name = object.name();
    if name.starts_with("system-") && !matches!(name, "system-node-critical" | "system-cluster-critical") {
        errors.forbidden("metadata.name", format!("priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system priority class"));
    } else if object["value"].int_or(0) > 1_000_000_000 && !name.starts_with("system-") {
        errors.forbidden("value", "maximum allowed value of a user defined priority is 1000000000");
    }
    let policy = object["preemptionPolicy"].str();
    if !matches!(policy, "" | "Never" | "PreemptLowerPriority") {
        errors.not_supported("preemptionPolicy", policy, &["PreemptLowerPriority", "Never"]);
    }
}

/// `ValidateRuntimeClass`
fn runtime_class(object: &Object, errors: &mut Errors) {
    let handler = object["handler"].str();
    errors.complaints("handler", handler, names::dns_label(handler));
    if object["overhead"].is_some() {
        resources::overhead(&object["overhead"]["podFixed"], "overhead.podFixed", errors);
    }
    let scheduling = &object["scheduling"];
    meta::labels(&scheduling["nodeSelector"], "scheduling.nodeSelector", errors);
    placement::tolerations(&scheduling["tolerations"], "scheduling.tolerations", errors);
}

/// `ValidateLeaseSpec`
fn lease(spec: &Value, errors: &mut Errors) {
    let (duration, transitions) = (&spec["leaseDurationSeconds"], &spec["leaseTransitions"]);
    if duration.as_int().is_some_and(|n| n <= 0) {
        errors.invalid("spec.leaseDurationSeconds", duration, "must be greater than 0");
    }
    errors.nonnegative("spec.leaseTransitions", transitions);
}

fn node(spec: &Value, errors: &mut Errors) {
    taints(spec, errors);
    for (i, range) in spec["podCIDRs"].items().iter().enumerate() {
        net::range(range.str(), &format!("spec.podCIDRs[{i}]"), errors);
    }
}

fn taints(spec: &Value, errors: &mut Errors) {
    let taints = spec["taints"].items();
    for (i, taint) in taints.iter().enumerate() {
        let at = |field: &str| format!("metadata.taints[{i}].{field}");
        errors.complaints(&at("key"), &taint["key"], names::qualified(taint["key"].str()));
        let complaints = names::label_value(taint["value"].str());
        if !complaints.is_empty() {
            errors.invalid(at("value"), &taint["value"], complaints.join(";"));
        }
        placement::taint_effect(taint["effect"].str(), &at("effect"), errors);
        let same = |t: &Value| t["key"] == taint["key"] && t["effect"] == taint["effect"];
        if taints[..i].iter().any(same) {
            let shown = internal::compact(taint, "Taint");
            let words = "taints must be unique by key and effect pair";
            errors.duplicate_shown(format!("metadata.taints[{i}]"), shown, words);
        }
    }
}

/// `ValidateNodeUpdate`
fn node_update(old: &Object, new: &Object, errors: &mut Errors) {
    let (before, after) = (&old["spec"], &new["spec"]);
    let words = |field: &str| format!("node updates may not change {field} except from \"\" to valid");
    if !before["podCIDRs"].is_empty() && before["podCIDRs"] != after["podCIDRs"] {
        errors.forbidden("spec.podCIDRs", words("podCIDR"));
    }
    if !before["providerID"].str().is_empty() && before["providerID"] != after["providerID"] {
        errors.forbidden("spec.providerID", words("providerID"));
    }
}

/// What may not change in an object of one of these kinds.
pub(super) fn update(old: &Object, new: &Object, errors: &mut Errors) {
    match new.kind {
        Kind::SECRET | Kind::CONFIG_MAP => config::update(old, new, errors),
        Kind::STORAGE_CLASS => storage::storage_class_update(old, new, errors),
        Kind::PERSISTENT_VOLUME_CLAIM => storage::claim_update(old, new, errors),
        Kind::PERSISTENT_VOLUME => storage::volume_update(old, new, errors),
        Kind::RESOURCE_QUOTA => quota::quota_update(old, new, errors),
        Kind::NODE => node_update(old, new, errors),
        Kind::PRIORITY_CLASS => {
            if old["value"] != new["value"] {
                errors.forbidden("value", "may not be changed in an update.");
            }
            if old["preemptionPolicy"] != new["preemptionPolicy"] {
                errors.invalid("preemptionPolicy", &new["preemptionPolicy"], "field is immutable");
            }
        }
        Kind::ROLE_BINDING | Kind::CLUSTER_ROLE_BINDING if old["roleRef"] != new["roleRef"] => {
            let shown = internal::compact(&new["roleRef"], "RoleRef");
            errors.invalid_shown("roleRef", shown, "cannot change roleRef");
        }
        Kind::RUNTIME_CLASS if old["handler"] != new["handler"] => {
            errors.invalid("handler", &new["handler"], "field is immutable");
        }
        _ => {}
    }
}
