//! Resource names and quantities, of containers, pods, quotas and limit ranges.

use super::Errors;
use crate::api::quantity::Quantity;
use crate::api::resources::sums;
use crate::api::{Value, names};
use crate::collections::Order;

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
    let standard = name.contains('/')
        || STANDARD.contains(&name)
        || name.starts_with("hugepages-")
        || name.starts_with("requests.hugepages-");
    if !standard {
        errors.invalid(path, name, "must be a standard resource type or fully qualified");
    }
    standard
}

/// `validateContainerResourceName`
fn container_name(resource: &str, path: &str, errors: &mut Errors) {
    name(resource, path, errors);
    let standard =
        matches!(resource, "cpu" | "memory" | "ephemeral-storage") || resource.starts_with("hugepages-");
    if resource.matches('/').count() == 0 {
        if !standard {
            errors.invalid(path, resource, "must be a standard resource for containers");
        }
    } else if !resource.contains("kubernetes.io/") && !is_extended(resource) {
        errors.invalid(path, resource, "doesn't follow extended resource name standard");
    }
}

/// `validateResourceQuotaResourceName`
pub(super) fn quota_name(resource: &str, path: &str, errors: &mut Errors) {
    name(resource, path, errors);
    if resource.matches('/').count() == 0 && !is_standard_quota(resource) {
        errors.invalid(path, resource, "must be a standard resource for quota");
    }
}

/// Whether a quota's resource is one of the standard ones, which scopes may not suit.
pub(super) fn is_standard_quota(resource: &str) -> bool {
    QUOTA.contains(&resource)
        || resource.starts_with("hugepages-")
        || resource.starts_with("requests.hugepages-")
}

/// The resource names of limit ranges.
pub(super) fn limit_name(kind: &str, resource: &str, path: &str, errors: &mut Errors) {
    if matches!(kind, "Pod" | "Container") {
        container_name(resource, path, errors);
    } else {
        name(resource, path, errors);
    }
}

/// `ValidateResourceQuantityValue`
pub(super) fn quantity(resource: &str, value: &Value, path: &str, errors: &mut Errors) {
    let amount = Quantity::of(value);
    if amount.nano < 0 {
        errors.invalid(path, amount.to_string(), "must be greater than or equal to 0");
    }
    if is_counted(resource) && amount.milli_value() % 1000 != 0 {
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

/// `IsExtendedResourceName`
fn is_extended(resource: &str) -> bool {
    resource.contains('/')
        && !resource.contains("kubernetes.io/")
        && !resource.starts_with("requests.")
        && names::qualified(&format!("requests.{resource}")).is_empty()
}

/// Whether more may be allowed than there is (`IsOvercommitAllowed`).
pub(super) fn is_overcommit_allowed(resource: &str) -> bool {
    (!resource.contains('/') || resource.contains("kubernetes.io/")) && !resource.starts_with("hugepages-")
}

/// That an amount of huge pages is a whole number of them.
fn huge_pages(resource: &str, value: &Value, path: &str, errors: &mut Errors) {
    let Some(size) = resource.strip_prefix("hugepages-").and_then(Quantity::parse) else { return };
    let amount = Quantity::of(value);
    if size.nano <= 0 || amount.nano < 0 || amount.nano % size.nano != 0 {
        let words = format!("{amount} is not positive integer multiple of {resource}");
        errors.invalid(path, amount.to_string(), words);
    }
}

/// `validateResourceRequirements`; `claims` are the names of the pod's resource claims.
pub(super) fn requirements(r: &Value, path: &str, scope: Scope, claims: &[&str], errors: &mut Errors) {
    let check_name = |resource: &str, path: &str, errors: &mut Errors| match scope {
        Scope::Container => container_name(resource, path, errors),
        Scope::Pod if !name(resource, path, errors) => {}
        Scope::Pod if matches!(resource, "cpu" | "memory") || resource.starts_with("hugepages-") => {}
        Scope::Pod => errors.not_supported(path, resource, &["cpu", "hugepages-", "memory"]),
    };
    for (resource, value) in r["limits"].entries() {
        let path = format!("{path}.limits[{resource}]");
        check_name(resource, &path, errors);
        quantity(resource, value, &path, errors);
        huge_pages(resource, value, &path, errors);
    }
    let requests = format!("{path}.requests");
    for (resource, value) in r["requests"].entries() {
        let at = format!("{requests}[{resource}]");
        check_name(resource, &at, errors);
        quantity(resource, value, &at, errors);
        let limit = r["limits"].get(resource);
        let (asked, allowed) = (Quantity::of(value), Quantity::of(limit));
        let overcommit = is_overcommit_allowed(resource);
        if limit.is_null() {
            if !overcommit {
                errors
                    .required(format!("{path}.limits"), "Limit must be set for non overcommitable resources");
            }
        } else if asked != allowed && !overcommit {
            let words = format!("must be equal to {resource} limit of {allowed}");
            errors.invalid(requests.as_str(), asked.to_string(), words);
        } else if asked > allowed {
            let words = format!("must be less than or equal to {resource} limit of {allowed}");
            errors.invalid(requests.as_str(), asked.to_string(), words);
        }
        huge_pages(resource, value, &at, errors);
    }
    let names = || r["limits"].entries().chain(r["requests"].entries()).map(|(k, _)| k.as_str());
    if names().any(|n| n.starts_with("hugepages-")) && !names().any(|n| n == "cpu" || n == "memory") {
        errors.forbidden(path, "HugePages require cpu or memory");
    }
    claim_names(&r["claims"], claims, &format!("{path}.claims"), errors);
}

/// `validateResourceClaimNames`
fn claim_names(claims: &Value, known: &[&str], path: &str, errors: &mut Errors) {
    let mut taken: Vec<String> = vec![];
    for (i, claim) in claims.items().iter().enumerate() {
        let at = format!("{path}[{i}]");
        let (name, request) = (claim["name"].str(), claim["request"].str());
        if name.is_empty() {
            errors.required(at, "");
            continue;
        }
        if taken.iter().any(|t| t == name) {
            errors.duplicate(at.as_str(), name);
        } else {
            let key = if request.is_empty() { String::from(name) } else { format!("{name}/{request}") };
            if !request.is_empty() {
                errors.complaints(&format!("{at}.request"), request, names::dns_label(request));
            }
            if taken.contains(&key) {
                errors.duplicate(at.as_str(), key.as_str());
            } else if request.is_empty() && taken.iter().any(|t| t.split('/').next() == Some(name)) {
                errors.duplicate(at.as_str(), name);
            }
            taken.push(key);
        }
        if !known.contains(&name) {
            let mut sorted = known.to_vec();
            sorted.order();
            let rest = if sorted.is_empty() {
                String::from(" which is empty")
            } else {
                format!(": {}", sorted.join(", "))
            };
            errors.not_found(at, name);
            if let Some(error) = errors.list.last_mut() {
                error.detail = format!("must be one of the names in pod.spec.resourceClaims{rest}");
            }
        }
    }
}

/// `validateOverhead`
pub(super) fn overhead(overhead: &Value, path: &str, errors: &mut Errors) {
    let limits = crate::map! { "limits" => overhead.clone() };
    requirements(&limits, path, Scope::Container, &[], errors);
}

/// The resources of a pod as a whole (`validatePodResources`).
pub(super) fn of_pod(spec: &Value, path: &str, claims: &[&str], errors: &mut Errors) {
    let resources = &spec["resources"];
    if resources.is_null() {
        return;
    }
    let path = format!("{path}.resources");
    if spec["os"]["name"].str() == "windows" {
        errors.forbidden(path, "may not be set for a windows pod");
        return;
    }
    if resources["claims"].is_some() {
        errors.forbidden(format!("{path}.claims"), "claims may not be set for Resources at pod-level");
    }
    requirements(resources, &path, Scope::Pod, claims, errors);
    for (list, of_huge_pages) in [("requests", false), ("limits", true)] {
        for (resource, sum) in sums(spec, list) {
            let of_pod = resources[list].get(&resource);
            let allowed = Quantity::of(of_pod);
            if of_pod.is_some() && (!of_huge_pages || resource.starts_with("hugepages-")) && sum > allowed {
                let words = format!("must be greater than or equal to aggregate container {list} of {sum}");
                errors.invalid(format!("{path}.{list}[{resource}]"), allowed.to_string(), words);
            }
        }
    }
    for (i, c) in spec["containers"].items().iter().enumerate() {
        for (resource, value) in c["resources"]["limits"].entries() {
            let of_pod = resources["limits"].get(resource);
            let (limit, allowed) = (Quantity::of(value), Quantity::of(of_pod));
            if of_pod.is_some() && limit > allowed {
                let words = format!("must be less than or equal to pod limits of {allowed}");
                let at = format!("{path}.containers[{i}][{resource}].limits");
                errors.invalid(at, limit.to_string(), words);
            }
        }
    }
}
