//! Pods and pod templates (pkg/apis/core/validation `ValidatePodSpec`).

use super::container::{self, Context, Role};
use super::handler::Pod;
use super::{Errors, env, meta, net, placement, resources, security, volume};
use crate::api::{Object, Value, names};

/// The lists of containers in the order in which upstream visits them.
pub(super) const LISTS: &[&str] = &["initContainers", "containers", "ephemeralContainers"];
/// Limits of Linux' resolver: `MaxDNSNameservers`, `MaxDNSSearchPaths`, `MaxDNSSearchListChars`.
const MAX_NAMESERVERS: usize = 3;
const MAX_SEARCHES: usize = 32;
const MAX_SEARCH_CHARS: usize = 2048;
/// Longest `hostnameOverride`.
const MAX_HOSTNAME: usize = 64;

/// A new pod.
pub(super) fn create(pod: &Object, errors: &mut Errors) {
    let spec = &pod["spec"];
    metadata_and_spec(pod, errors);
    if !spec["ephemeralContainers"].is_empty() {
        errors.forbidden("spec.ephemeralContainers", "cannot be set on create");
    }
    if !spec["schedulingGates"].is_empty() && !spec["nodeName"].str().is_empty() {
        errors.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared");
    }
}

/// What is checked of a pod whether it is new or not.
pub(super) fn metadata_and_spec(pod: &Object, errors: &mut Errors) {
    let spec = &pod["spec"];
    annotations(&pod["metadata"]["annotations"], "metadata.annotations", errors);
    self::spec(spec, pod.name(), true, "spec", errors);
    if spec["serviceAccountName"].str().is_empty() {
        for (i, volume) in spec["volumes"].items().iter().enumerate() {
            for (j, source) in volume["projected"]["sources"].items().iter().enumerate() {
                if source["serviceAccountToken"].is_some() {
                    let at = format!("spec.volumes[{i}].projected.sources[{j}].serviceAccountToken");
                    errors.forbidden(at, "must not be specified when serviceAccountName is not set");
                }
            }
        }
    }
    for list in ["containers", "initContainers"] {
        for (i, c) in spec[list].items().iter().enumerate() {
            container::trimmed_image(c, &format!("spec.{list}[{i}]"), errors);
        }
    }
}

/// `ValidatePodSpecificAnnotations`
fn annotations(annotations: &Value, path: &str, errors: &mut Errors) {
    const COST: &str = "controller.kubernetes.io/pod-deletion-cost";
    let Some(cost) = annotations.get(COST).as_str() else { return };
    // Also the forms that Go's Atoi accepts but a careful author would not write.
    let plain = !cost.starts_with('+') && (cost == "0" || !cost.starts_with('0'));
    if !plain || cost.parse::<i32>().is_err() {
        errors.invalid(format!("{path}[{COST}]"), cost, "must be a 32bit integer");
    }
}

/// The `template` of a workload at a path.
pub(super) fn template(template: &Value, path: &str, errors: &mut Errors) {
    let meta = &template["metadata"];
    meta::labels(&meta["labels"], &format!("{path}.labels"), errors);
    meta::annotations(&meta["annotations"], &format!("{path}.annotations"), errors);
    annotations(&meta["annotations"], &format!("{path}.annotations"), errors);
    spec(&template["spec"], "", false, &format!("{path}.spec"), errors);
    if !template["spec"]["ephemeralContainers"].is_empty() {
        let words = "ephemeral containers not allowed in pod template";
        errors.forbidden(format!("{path}.spec.ephemeralContainers"), words);
    }
}

/// `ValidatePodSpec` of a pod with a name, or of a template, which has none.
fn spec(spec: &Value, name: &str, is_pod: bool, path: &str, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.{field}");
    let volumes = volume::volumes(&spec["volumes"], name, &at("volumes"), errors);
    let claims = resource_claims(&spec["resourceClaims"], &at("resourceClaims"), errors);
    let context = Context {
        volumes,
        claims,
        pod: Pod {
            grace: spec["terminationGracePeriodSeconds"].int_or(30),
            os: spec["os"].is_some().then(|| spec["os"]["name"].str()),
        },
        restart_policy: spec["restartPolicy"].str(),
        host_users: spec["hostUsers"].as_bool() != Some(false),
    };
    let mut taken = vec![];
    for (list, role) in
        [("containers", Role::Main), ("initContainers", Role::Init), ("ephemeralContainers", Role::Ephemeral)]
    {
        container::list(&spec[list], role, &at(list), &context, &mut taken, errors);
    }
    resources::of_pod(spec, path, &context.claims, errors);
    host_ports(spec, is_pod, path, errors);
    policies(spec, path, errors);
    meta::labels(&spec["nodeSelector"], &at("nodeSelector"), errors);
    security::pod(spec, &at("securityContext"), errors);
    placement::affinity(&spec["affinity"], &at("affinity"), errors);
    dns_config(spec, path, errors);
    gates(spec, path, errors);
    placement::spread(&spec["topologySpreadConstraints"], &at("topologySpreadConstraints"), errors);
    security::host_users(spec, path, errors);
    host_name(spec, path, errors);
    names_and_numbers(spec, path, errors);
    placement::tolerations(&spec["tolerations"], &at("tolerations"), errors);
    host_aliases(&spec["hostAliases"], &at("hostAliases"), errors);
    for field in ["priorityClassName", "runtimeClassName"] {
        if let Some(name) = spec[field].as_str().filter(|n| field == "runtimeClassName" || !n.is_empty()) {
            errors.complaints(&at(field), name, names::dns_subdomain(name));
        }
    }
    match spec["preemptionPolicy"].as_str() {
        None | Some("PreemptLowerPriority" | "Never") => {}
        Some("") => errors.required(at("preemptionPolicy"), ""),
        Some(other) => {
            errors.not_supported(at("preemptionPolicy"), other, &["PreemptLowerPriority", "Never"]);
        }
    }
    if spec["overhead"].is_some() {
        resources::overhead(&spec["overhead"], &at("overhead"), errors);
    }
    security::system(spec, path, errors);
    env::file_volumes(spec, path, errors);
}

/// `validatePodResourceClaims`; gives the names that are not empty.
fn resource_claims<'a>(claims: &'a Value, path: &str, errors: &mut Errors) -> Vec<&'a str> {
    let mut taken: Vec<&str> = vec![];
    for (i, claim) in claims.items().iter().enumerate() {
        let at = |field: &str| format!("{path}[{i}].{field}");
        match claim["name"].str() {
            "" => errors.required(at("name"), ""),
            name if taken.contains(&name) => errors.duplicate(at("name"), name),
            name => {
                errors.complaints(&at("name"), name, names::dns_label(name));
                taken.push(name);
            }
        }
        let shown = || super::internal::compact(claim, "PodResourceClaim");
        let fields = ["resourceClaimName", "resourceClaimTemplateName"];
        match fields.iter().filter(|f| claim[**f].is_some()).count() {
            0 => {
                let words = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
                errors.invalid_shown(format!("{path}[{i}]"), shown(), words);
            }
            1 => {}
            _ => {
                let words =
                    "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
                errors.invalid_shown(format!("{path}[{i}]"), shown(), words);
            }
        }
        for field in fields {
            if let Some(name) = claim[field].as_str() {
                errors.complaints(&at(field), name, names::dns_subdomain(name));
            }
        }
    }
    taken
}

/// `validatePodHostNetworkDeps`: templates may leave the host's port to the defaults of their pods.
fn host_ports(spec: &Value, is_pod: bool, path: &str, errors: &mut Errors) {
    if !spec["hostNetwork"].is_true() {
        return;
    }
    for (i, c) in spec["containers"].items().iter().enumerate() {
        for (j, port) in c["ports"].items().iter().enumerate() {
            let (host, own) = (port["hostPort"].int_or(0), port["containerPort"].int_or(0));
            if (is_pod || host != 0) && host != own {
                let at = format!("{path}.containers[{i}].ports[{j}].hostPort");
                errors.invalid(at, host, "must match `containerPort` when `hostNetwork` is true");
            }
        }
    }
}

fn policies(spec: &Value, path: &str, errors: &mut Errors) {
    for (field, known) in [
        ("restartPolicy", &["Always", "OnFailure", "Never"][..]),
        ("dnsPolicy", &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"][..]),
    ] {
        match spec[field].str() {
            "" => errors.required(format!("{path}.{field}"), ""),
            value if known.contains(&value) => {}
            other => errors.not_supported(format!("{path}.{field}"), other, known),
        }
    }
}

fn dns_config(spec: &Value, path: &str, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.dnsConfig.{field}");
    let config = &spec["dnsConfig"];
    let servers = config["nameservers"].items();
    if spec["dnsPolicy"].str() == "None" {
        if config.is_null() {
            errors.required(format!("{path}.dnsConfig"), "must provide `dnsConfig` when `dnsPolicy` is None");
            return;
        }
        if servers.is_empty() {
            let words = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            errors.required(at("nameservers"), words);
            return;
        }
    }
    if servers.len() > MAX_NAMESERVERS {
        let words = format!("must not have more than {MAX_NAMESERVERS} nameservers");
        errors.invalid(at("nameservers"), &config["nameservers"], words);
    }
    for (i, server) in servers.iter().enumerate() {
        net::ip(server.str(), &format!("{path}.dnsConfig.nameservers[{i}]"), errors);
    }
    let searches = config["searches"].items();
    if searches.len() > MAX_SEARCHES {
        let words = format!("must not have more than {MAX_SEARCHES} search paths");
        errors.invalid(at("searches"), &config["searches"], words);
    }
    let length: usize = searches.iter().map(|s| s.str().len() + 1).sum();
    if length > MAX_SEARCH_CHARS + 1 {
        let words = format!(
            "must not have more than {MAX_SEARCH_CHARS} characters (including spaces) in the search list"
        );
        errors.invalid(at("searches"), &config["searches"], words);
    }
    for (i, search) in searches.iter().map(Value::str).enumerate().filter(|(_, s)| *s != ".") {
        let name = search.strip_suffix('.').unwrap_or(search);
        errors.complaints(
            &format!("{path}.dnsConfig.searches[{i}]"),
            name,
            names::subdomain_with_underscore(name),
        );
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
        let at = format!("{path}.readinessGates[{i}].conditionType");
        errors.complaints(&at, condition, names::qualified(condition));
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

/// `validatePodHostName`
fn host_name(spec: &Value, path: &str, errors: &mut Errors) {
    let Some(name) = spec["hostnameOverride"].as_str() else { return };
    let at = format!("{path}.hostnameOverride");
    for field in ["setHostnameAsFQDN", "hostNetwork"] {
        if spec[field].is_true() {
            errors.forbidden(at.as_str(), format!("may not be specified when {field} is true"));
        }
    }
    if name.len() > MAX_HOSTNAME {
        errors.too_long(at.as_str(), MAX_HOSTNAME);
    }
    errors.complaints(&at, name, names::dns_subdomain(name));
}

fn names_and_numbers(spec: &Value, path: &str, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.{field}");
    for field in ["serviceAccountName", "nodeName"] {
        let name = spec[field].str();
        if !name.is_empty() {
            errors.complaints(&at(field), name, names::dns_subdomain(name));
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

fn host_aliases(aliases: &Value, path: &str, errors: &mut Errors) {
    for (i, alias) in aliases.items().iter().enumerate() {
        net::ip(alias["ip"].str(), &format!("{path}[{i}].ip"), errors);
        for (j, name) in alias["hostnames"].items().iter().enumerate() {
            errors.complaints(&format!("{path}[{i}].hostnames[{j}]"), name, names::dns_subdomain(name.str()));
        }
    }
}
