//! Resource names and quantities.

use super::Errors;
use crate::api::quantity::Quantity;
use crate::api::{Value, names};

/// Where the requirements stand.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Scope {
    Container,
    Pod,
}

const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
];
const QUOTA: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

/// `validateResourceName`; true if it is fine.
fn name(name: &str, path: &str, errors: &mut Errors) -> bool {
    let complaints = names::qualified(name);
    if !complaints.is_empty() {
        errors.complaints(path, name, complaints);
        return false;
    }
    if !name.contains('/') && !STANDARD.contains(&name) && !name.starts_with("hugepages-") {
        errors.invalid(path, name, "must be a standard resource type or fully qualified");
    }
    true
}

fn container_name(resource: &str, path: &str, errors: &mut Errors) {
    if !name(resource, path, errors) {
        return;
    }
    let standard =
        matches!(resource, "cpu" | "memory" | "ephemeral-storage") || resource.starts_with("hugepages-");
    if !resource.contains('/') {
        if !standard {
            errors.invalid(path, resource, "must be a standard resource for containers");
        }
    } else if !resource.contains("kubernetes.io/") && resource.starts_with("requests.") {
        errors.invalid(path, resource, "doesn't follow extended resource name standard");
    }
}

/// `validateResourceQuotaResourceName`
pub(super) fn quota_name(resource: &str, path: &str, errors: &mut Errors) {
    if name(resource, path, errors) && !resource.contains('/') && !QUOTA.contains(&resource) {
        let counted =
            ["count/", "requests.", "limits.", "hugepages-"].iter().any(|p| resource.starts_with(p));
        if !counted {
            errors.invalid(path, resource, "must be a standard resource for quota");
        }
    }
}

/// The resource names of limit ranges.
pub(super) fn limit_name(resource: &str, path: &str, errors: &mut Errors) {
    name(resource, path, errors);
}

/// `ValidateResourceQuantityValue`
pub(super) fn quantity(resource: &str, value: &Value, path: &str, errors: &mut Errors) {
    let amount = Quantity::of(value);
    if amount.nano < 0 {
        errors.invalid(path, amount.to_string(), "must be greater than or equal to 0");
    }
    let counted = is_counted(resource);
    if counted && amount.nano % 1_000_000_000 != 0 {
        errors.invalid(path, amount.to_string(), "must be an integer");
    }
}

/// Resources that only come in whole numbers (`IsIntegerResourceName`).
fn is_counted(resource: &str) -> bool {
    matches!(
        resource,
        "pods"
            | "resourcequotas"
            | "services"
            | "replicationcontrollers"
            | "secrets"
            | "configmaps"
            | "persistentvolumeclaims"
            | "services.nodeports"
            | "services.loadbalancers"
    ) || is_extended(resource)
}

fn is_extended(resource: &str) -> bool {
    resource.contains('/') && !resource.contains("kubernetes.io/")
}

/// `ValidateResourceRequirements`
pub(super) fn requirements(r: &Value, path: &str, scope: Scope, errors: &mut Errors) {
    let check_name = |resource: &str, path: &str, errors: &mut Errors| match scope {
        Scope::Container => container_name(resource, path, errors),
        Scope::Pod if matches!(resource, "cpu" | "memory") || resource.starts_with("hugepages-") => {}
        Scope::Pod => errors.not_supported(path, resource, &["cpu", "hugepages-", "memory"]),
    };
    for (resource, value) in r["limits"].entries() {
        let path = format!("{path}.limits[{resource}]");
        check_name(resource, &path, errors);
        quantity(resource, value, &path, errors);
    }
    let requests = format!("{path}.requests");
    for (resource, value) in r["requests"].entries() {
        let path_here = format!("{requests}[{resource}]");
        check_name(resource, &path_here, errors);
        quantity(resource, value, &path_here, errors);
        let overcommit = !is_extended(resource) && !resource.starts_with("hugepages-");
        let limit = r["limits"].get(resource);
        let (asked, allowed) = (Quantity::of(value), Quantity::of(limit));
        if limit.is_null() {
            if !overcommit {
                errors.required(format!("{path}.limits"), "Limit must be set for non overcommit resources");
            }
        } else if asked != allowed && !overcommit {
            errors.invalid(
                requests.clone(),
                asked.to_string(),
                format!("must be equal to {resource} limit of {allowed}"),
            );
        } else if asked > allowed {
            let detail = format!("must be less than or equal to {resource} limit of {allowed}");
            errors.invalid(requests.clone(), asked.to_string(), detail);
        }
    }
    let names = || r["limits"].entries().chain(r["requests"].entries()).map(|(k, _)| k.as_str());
    if names().any(|n| n.starts_with("hugepages-")) && !names().any(|n| n == "cpu" || n == "memory") {
        errors.forbidden(path, "HugePages require cpu or memory");
    }
}
