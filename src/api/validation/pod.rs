//! Pods and pod templates (pkg/apis/core/validation `ValidatePodSpec`).

use super::container::{self, Context, Role};
use super::{Errors, meta, placement, resources, security, volume};
use crate::api::{Object, Value, names};

/// A new pod.
pub(super) fn create(pod: &Object, errors: &mut Errors) {
    let spec = &pod["spec"];
    self::spec(spec, "spec", errors);
    for list in ["containers", "initContainers"] {
        for (i, c) in spec[list].items().iter().enumerate() {
            let image = c["image"].str();
            if image.trim() != image {
                errors.invalid(
                    format!("spec.{list}[{i}].image"),
                    image,
                    "must not have leading or trailing whitespace",
                );
            }
        }
    }
    if !spec["ephemeralContainers"].is_empty() {
        errors.forbidden("spec.ephemeralContainers", "cannot be set on create");
    }
    if !spec["schedulingGates"].is_empty() && !spec["nodeName"].str().is_empty() {
        errors.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared");
    }
}

/// The `template` of a workload at a path.
pub(super) fn template(template: &Value, path: &str, errors: &mut Errors) {
    meta::labels(&template["metadata"]["labels"], &format!("{path}.labels"), errors);
    meta::annotations(&template["metadata"]["annotations"], &format!("{path}.annotations"), errors);
    spec(&template["spec"], &format!("{path}.spec"), errors);
    if !template["spec"]["ephemeralContainers"].is_empty() {
        errors.forbidden(
            format!("{path}.spec.ephemeralContainers"),
            "ephemeral containers not allowed in pod template",
        );
    }
}

/// `ValidatePodSpec`
pub(super) fn spec(spec: &Value, path: &str, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.{field}");
    let volumes = volume::volumes(&spec["volumes"], &at("volumes"), errors);
    let context = Context { volumes, grace: spec["terminationGracePeriodSeconds"].int_or(30) };
    let mut taken = vec![];
    for (list, role) in
        [("containers", Role::Main), ("initContainers", Role::Init), ("ephemeralContainers", Role::Ephemeral)]
    {
        container::list(&spec[list], role, &at(list), &context, &mut taken, errors);
    }
    resources::requirements(&spec["resources"], &at("resources"), resources::Scope::Pod, errors);
    policies(spec, path, errors);
    meta::labels(&spec["nodeSelector"], &at("nodeSelector"), errors);
    security::pod(spec, &at("securityContext"), errors);
    for (i, secret) in spec["imagePullSecrets"].items().iter().enumerate() {
        if secret.is_empty() {
            errors.required(format!("{path}.imagePullSecrets[{i}]"), "");
        }
    }
    placement::affinity(&spec["affinity"], &at("affinity"), errors);
    dns_config(spec, path, errors);
    gates(spec, path, errors);
    placement::spread(&spec["topologySpreadConstraints"], &at("topologySpreadConstraints"), errors);
    names_and_numbers(spec, path, errors);
    placement::tolerations(&spec["tolerations"], &at("tolerations"), errors);
    for (i, alias) in spec["hostAliases"].items().iter().enumerate() {
        super::net::ip(alias["ip"].str(), &format!("{path}.hostAliases[{i}].ip"), errors);
        for name in alias["hostnames"].items() {
            let at = format!("{path}.hostAliases[{i}].hostnames");
            errors.complaints(&at, name, names::dns_subdomain(name.str()));
        }
    }
    for field in ["priorityClassName", "runtimeClassName"] {
        let name = spec[field].str();
        if !name.is_empty() {
            errors.complaints(&at(field), name, names::dns_subdomain(name));
        }
    }
    let preemption = spec["preemptionPolicy"].str();
    if !matches!(preemption, "" | "PreemptLowerPriority" | "Never") {
        errors.not_supported(at("preemptionPolicy"), preemption, &["Never", "PreemptLowerPriority"]);
    }
    let os = spec["os"]["name"].str();
    if spec["os"].is_some() && !matches!(os, "linux" | "windows") {
        errors.not_supported(at("os"), os, &["linux", "windows"]);
    }
}

fn policies(spec: &Value, path: &str, errors: &mut Errors) {
    match spec["restartPolicy"].str() {
        "Always" | "OnFailure" | "Never" => {}
        "" => errors.required(format!("{path}.restartPolicy"), ""),
        other => {
            errors.not_supported(format!("{path}.restartPolicy"), other, &["Always", "OnFailure", "Never"])
        }
    }
    match spec["dnsPolicy"].str() {
        "ClusterFirstWithHostNet" | "ClusterFirst" | "Default" | "None" => {}
        "" => errors.required(format!("{path}.dnsPolicy"), ""),
        other => errors.not_supported(
            format!("{path}.dnsPolicy"),
            other,
            &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
        ),
    }
}

fn dns_config(spec: &Value, path: &str, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.dnsConfig.{field}");
    let config = &spec["dnsConfig"];
    let servers = config["nameservers"].items();
    if spec["dnsPolicy"].str() == "None" {
        if config.is_null() {
            errors.required(format!("{path}.dnsConfig"), "must provide `dnsConfig` when `dnsPolicy` is None");
        } else if servers.is_empty() {
            errors.required(
                at("nameservers"),
                "must provide at least one DNS nameserver when `dnsPolicy` is None",
            );
        }
    }
    if servers.len() > 3 {
        errors.invalid(at("nameservers"), &config["nameservers"], "must not have more than 3 nameservers");
    }
    for (i, server) in servers.iter().enumerate() {
        super::net::ip(server.str(), &format!("{path}.dnsConfig.nameservers[{i}]"), errors);
    }
    if config["searches"].items().len() > 32 {
        errors.invalid(at("searches"), &config["searches"], "must not have more than 32 search paths");
    }
    for (i, option) in config["options"].items().iter().enumerate() {
        if option["name"].str().is_empty() {
            errors.required(format!("{path}.dnsConfig.options[{i}]"), "must not be empty");
        }
    }
}

fn gates(spec: &Value, path: &str, errors: &mut Errors) {
    for (i, gate) in spec["readinessGates"].items().iter().enumerate() {
        let condition = gate["conditionType"].str();
        errors.complaints(
            &format!("{path}.readinessGates[{i}].conditionType"),
            condition,
            names::qualified(condition),
        );
    }
    let mut taken: Vec<&str> = vec![];
    for (i, gate) in spec["schedulingGates"].items().iter().enumerate() {
        let name = gate["name"].str();
        let at = format!("{path}.schedulingGates[{i}]");
        errors.complaints(&at, name, names::qualified(name));
        if taken.contains(&name) {
            errors.duplicate(at, name);
        }
        taken.push(name);
    }
}

fn names_and_numbers(spec: &Value, path: &str, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.{field}");
    for (field, rule) in [
        ("serviceAccountName", names::dns_subdomain as fn(&str) -> names::Complaints),
        ("nodeName", names::dns_subdomain),
    ] {
        let name = spec[field].str();
        if !name.is_empty() {
            errors.complaints(&at(field), name, rule(name));
        }
    }
    if let Some(n) = spec["activeDeadlineSeconds"].as_int() {
        errors.complaints(&at("activeDeadlineSeconds"), n, names::in_range(n, 1, i64::from(i32::MAX)));
    }
    for field in ["hostname", "subdomain"] {
        let name = spec[field].str();
        if !name.is_empty() {
            errors.complaints(&at(field), name, names::dns_label(name));
        }
    }
}
