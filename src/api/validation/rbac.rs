//! Roles and their bindings (pkg/apis/rbac/validation).

use super::Errors;
use crate::api::{Kind, Object, Value, names};

/// `ValidatePolicyRule` of all rules.
pub(super) fn rules(rules: &Value, kind: Kind, errors: &mut Errors) {
    for (i, rule) in rules.items().iter().enumerate() {
        let at = |field: &str| format!("rules[{i}].{field}");
        if rule["verbs"].is_empty() {
            errors.required(at("verbs"), "verbs must contain at least one value");
        }
        if !rule["nonResourceURLs"].is_empty() {
            if kind == Kind::ROLE {
                errors.invalid(
                    at("nonResourceURLs"),
                    &rule["nonResourceURLs"],
                    "namespaced rules cannot apply to non-resource URLs",
                );
            }
            if !rule["apiGroups"].is_empty()
                || !rule["resources"].is_empty()
                || !rule["resourceNames"].is_empty()
            {
                errors.invalid(
                    at("nonResourceURLs"),
                    &rule["nonResourceURLs"],
                    "rules cannot apply to both regular resources and non-resource URLs",
                );
            }
            continue;
        }
        if rule["apiGroups"].is_empty() {
            errors.required(at("apiGroups"), "resource rules must supply at least one api group");
        }
        if rule["resources"].is_empty() {
            errors.required(at("resources"), "resource rules must supply at least one resource");
        }
    }
}

/// `ValidateRoleBinding`, `ValidateClusterRoleBinding`
pub(super) fn role_binding(object: &Object, errors: &mut Errors) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let role = &object["roleRef"];
    if role["apiGroup"].str() != GROUP {
        errors.not_supported("roleRef.apiGroup", role["apiGroup"].str(), &[GROUP]);
    }
    let kinds: &[&str] =
        if object.kind == Kind::ROLE_BINDING { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&role["kind"].str()) {
        errors.not_supported("roleRef.kind", role["kind"].str(), kinds);
    }
    if role["name"].str().is_empty() {
        errors.required("roleRef.name", "");
    }
    for (i, subject) in object["subjects"].items().iter().enumerate() {
        let at = |field: &str| format!("subjects[{i}].{field}");
        let (kind, group, name) = (subject["kind"].str(), subject["apiGroup"].str(), subject["name"].str());
        if name.is_empty() {
            errors.required(at("name"), "");
        }
        match kind {
            "ServiceAccount" => {
                if !name.is_empty() {
                    errors.complaints(&at("name"), name, names::dns_subdomain(name));
                }
                if !group.is_empty() {
                    errors.not_supported(at("apiGroup"), group, &[""]);
                }
                if subject["namespace"].str().is_empty() && object.kind == Kind::CLUSTER_ROLE_BINDING {
                    errors.required(at("namespace"), "");
                }
            }
            "User" | "Group" if group != GROUP => errors.not_supported(at("apiGroup"), group, &[GROUP]),
            "User" | "Group" => {}
            _ => errors.not_supported(at("kind"), kind, &["ServiceAccount", "User", "Group"]),
        }
    }
}
