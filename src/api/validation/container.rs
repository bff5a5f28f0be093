//! Containers of all three lists: names, images, ports, restart rules, and what their parts' own modules check.

use super::handler::{self, Pod};
use super::{Errors, env, mounts, resources, security};
use crate::api::{Value, names};

/// Which list a container stands in.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Role {
    Main,
    Init,
    Ephemeral,
}

/// What containers' checks need to know of the pod.
pub(super) struct Context<'a> {
    /// The volumes that are valid themselves.
    pub volumes: Vec<&'a Value>,
    /// The names of the pod's resource claims.
    pub claims: Vec<&'a str>,
    /// What probes and hooks need.
    pub pod: Pod<'a>,
    /// The pod's `restartPolicy`.
    pub restart_policy: &'a str,
    /// `hostUsers`
    pub host_users: bool,
}

const NO_PROBES: &str = "may not be set for init containers without restartPolicy=Always";
const NOT_EPHEMERAL: &str = "cannot be set for an Ephemeral Container";
/// Most rules of one container, and most exit codes of one rule (pkg/apis/core/validation).
const MAX_RULES: usize = 20;
const MAX_EXIT_CODES: usize = 255;

/// All containers of a list. `taken` collects names across lists.
pub(super) fn list(
    containers: &Value,
    role: Role,
    path: &str,
    context: &Context,
    taken: &mut Vec<String>,
    errors: &mut Errors,
) {
    if role == Role::Main && containers.is_empty() {
        errors.required(path, "");
        return;
    }
    let others = taken.clone();
    for (i, container) in containers.items().iter().enumerate() {
        let at = format!("{path}[{i}]");
        common(container, &at, context, errors);
        if role == Role::Init {
            init_restart(container, &at, errors);
        } else if role == Role::Ephemeral {
            trimmed_image(container, &at, errors);
        }
        let name = container["name"].str();
        if taken.iter().any(|n| n == name) {
            errors.duplicate(format!("{at}.name"), name);
        } else if role == Role::Main || !name.is_empty() {
            taken.push(String::from(name));
        }
        match role {
            Role::Main => {
                handler::check(container, &at, context.pod, errors);
                restart(container, &at, errors);
            }
            Role::Init => init(container, path, i, context, errors),
            Role::Ephemeral => ephemeral(container, &at, &others, errors),
        }
    }
    if role == Role::Main {
        host_port_conflicts(containers.items(), path, errors);
    }
}

/// What init containers alone must or may not have.
fn init(c: &Value, list: &str, i: usize, context: &Context, errors: &mut Errors) {
    let path = format!("{list}[{i}]");
    // They run one after the other, so each is looked at alone; upstream names the first.
    host_port_conflicts(std::slice::from_ref(c), list, errors);
    if c["restartPolicy"].str() == "Always" {
        handler::check(c, &path, context.pod, errors);
        return;
    }
    for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
        if c[field].is_some() {
            errors.forbidden(format!("{path}.{field}"), NO_PROBES);
        }
    }
    for (j, policy) in c["resizePolicy"].items().iter().enumerate() {
        if policy["restartPolicy"].str() == "RestartContainer" {
            errors.invalid(
                format!("{path}.resizePolicy[{j}].restartPolicy"),
                "RestartContainer",
                "must not be set to 'RestartContainer' for non-sidecar initContainers",
            );
        }
    }
}

/// What ephemeral containers alone must or may not have; `others` are the names of the pod's containers.
fn ephemeral(c: &Value, path: &str, others: &[String], errors: &mut Errors) {
    const NOT_ALLOWED: &[&str] = &[
        "ports",
        "resources",
        "resizePolicy",
        "restartPolicy",
        "restartPolicyRules",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "lifecycle",
    ];
    let target = c["targetContainerName"].str();
    if !target.is_empty() && !others.iter().any(|n| n == target) {
        errors.not_found(format!("{path}.targetContainerName"), target);
    }
    for field in NOT_ALLOWED.iter().filter(|f| !c[**f].is_empty()) {
        errors.forbidden(format!("{path}.{field}"), NOT_EPHEMERAL);
    }
    for (i, mount) in c["volumeMounts"].items().iter().enumerate() {
        for field in ["subPath", "subPathExpr"] {
            if !mount[field].str().is_empty() {
                errors.forbidden(format!("{path}.volumeMounts[{i}].{field}"), NOT_EPHEMERAL);
            }
        }
    }
}

fn init_restart(c: &Value, path: &str, errors: &mut Errors) {
    if c["restartPolicy"].is_some() {
        restart(c, path, errors);
    } else if !c["restartPolicyRules"].is_empty() {
        let words = "must specify restartPolicy when restart rules are used";
        errors.required(format!("{path}.restartPolicy"), words);
    }
}

/// `validateContainerRestartPolicy`
fn restart(c: &Value, path: &str, errors: &mut Errors) {
    let (policy, rules) = (&c["restartPolicy"], c["restartPolicyRules"].items());
    if policy.is_null() {
        if rules.is_empty() {
            return;
        }
        let words = "must specify restartPolicy when restart rules are used";
        errors.required(format!("{path}.restartPolicy"), words);
    } else if !matches!(policy.str(), "Always" | "OnFailure" | "Never") {
        errors.not_supported(format!("{path}.restartPolicy"), policy, &["Always", "Never", "OnFailure"]);
    }
    if rules.len() > MAX_RULES {
        errors.too_many(format!("{path}.restartPolicyRules"), rules.len(), MAX_RULES);
    }
    for (i, rule) in rules.iter().enumerate() {
        let at = |field: &str| format!("{path}.restartPolicyRules[{i}].{field}");
        if !matches!(rule["action"].str(), "Restart" | "RestartAllContainers") {
            let known = ["Restart", "RestartAllContainers"];
            errors.not_supported(at("action"), rule["action"].str(), &known);
        }
        let codes = &rule["exitCodes"];
        if codes.is_null() {
            errors.required(at("exitCodes"), "must be specified");
            continue;
        }
        if !matches!(codes["operator"].str(), "In" | "NotIn") {
            errors.not_supported(at("exitCodes.operator"), codes["operator"].str(), &["In", "NotIn"]);
        }
        let count = codes["values"].items().len();
        if count > MAX_EXIT_CODES {
            errors.too_many(at("exitCodes.values"), count, MAX_EXIT_CODES);
        }
    }
}

/// `validateContainerOnlyForPod`
pub(super) fn trimmed_image(c: &Value, path: &str, errors: &mut Errors) {
    let image = c["image"].str();
    if image.trim() != image {
        errors.invalid(format!("{path}.image"), image, "must not have leading or trailing whitespace");
    }
}

/// `validateContainerCommon`
fn common(c: &Value, path: &str, context: &Context, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.{field}");
    if c["name"].str().is_empty() {
        errors.required(at("name"), "");
    } else {
        errors.complaints(&at("name"), &c["name"], names::dns_label(c["name"].str()));
    }
    if c["image"].str().is_empty() {
        errors.required(at("image"), "");
    }
    match c["terminationMessagePolicy"].str() {
        "File" | "FallbackToLogsOnError" => {}
        "" => errors.required(at("terminationMessagePolicy"), ""),
        other => {
            errors.not_supported(at("terminationMessagePolicy"), other, &["File", "FallbackToLogsOnError"])
        }
    }
    ports(&c["ports"], &at("ports"), errors);
    env::variables(&c["env"], &at("env"), errors);
    env::from(&c["envFrom"], &at("envFrom"), errors);
    mounts::check(c, path, &context.volumes, errors);
    match c["imagePullPolicy"].str() {
        "Always" | "IfNotPresent" | "Never" => {}
        "" => errors.required(at("imagePullPolicy"), ""),
        other => errors.not_supported(at("imagePullPolicy"), other, &["Always", "IfNotPresent", "Never"]),
    }
    let scope = resources::Scope::Container;
    resources::requirements(&c["resources"], &at("resources"), scope, &context.claims, errors);
    resize_policy(&c["resizePolicy"], &at("resizePolicy"), context.restart_policy, errors);
    security::container(&c["securityContext"], &at("securityContext"), context.host_users, errors);
}

fn resize_policy(policies: &Value, path: &str, pod_policy: &str, errors: &mut Errors) {
    let policies = policies.items();
    for (i, policy) in policies.iter().enumerate() {
        let (name, action) = (policy["resourceName"].str(), policy["restartPolicy"].str());
        if policies[..i].iter().any(|p| p["resourceName"].str() == name) {
            errors.duplicate(format!("{path}[{i}]"), name);
        }
        match name {
            "cpu" | "memory" => {}
            "" => errors.required(path, ""),
            _ => errors.not_supported(path, name, &["cpu", "memory"]),
        }
        match action {
            "NotRequired" | "RestartContainer" => {}
            "" => errors.required(path, ""),
            _ => errors.not_supported(path, action, &["NotRequired", "RestartContainer"]),
        }
        if pod_policy == "Never" && action != "NotRequired" {
            let words = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
            errors.invalid(path, action, words);
        }
    }
}

fn ports(ports: &Value, path: &str, errors: &mut Errors) {
    let mut taken: Vec<&str> = vec![];
    for (i, port) in ports.items().iter().enumerate() {
        let at = |field: &str| format!("{path}[{i}].{field}");
        let name = port["name"].str();
        if !name.is_empty() {
            let complaints = names::port_name(name);
            if !complaints.is_empty() {
                errors.complaints(&at("name"), name, complaints);
            } else if taken.contains(&name) {
                errors.duplicate(at("name"), name);
            } else {
                taken.push(name);
            }
        }
        match port["containerPort"].int_or(0) {
            0 => errors.required(at("containerPort"), ""),
            n => errors.complaints(&at("containerPort"), n, names::port_number(n)),
        }
        let host = port["hostPort"].int_or(0);
        if host != 0 {
            errors.complaints(&at("hostPort"), host, names::port_number(host));
        }
        protocol(&port["protocol"], &at("protocol"), errors);
    }
}

/// `TCP`, `UDP` or `SCTP`.
pub(super) fn protocol(protocol: &Value, path: &str, errors: &mut Errors) {
    match protocol.str() {
        "TCP" | "UDP" | "SCTP" => {}
        "" => errors.required(path, ""),
        other => errors.not_supported(path, other, &["SCTP", "TCP", "UDP"]),
    }
}

fn host_port_conflicts(containers: &[Value], path: &str, errors: &mut Errors) {
    let mut taken: Vec<String> = vec![];
    for (ci, container) in containers.iter().enumerate() {
        for (pi, port) in container["ports"].items().iter().enumerate() {
            let host = port["hostPort"].int_or(0);
            if host == 0 {
                continue;
            }
            let key = format!("{}/{}/{host}", port["protocol"].str(), port["hostIP"].str());
            if taken.contains(&key) {
                errors.duplicate(format!("{path}[{ci}].ports[{pi}].hostPort"), key);
            } else {
                taken.push(key);
            }
        }
    }
}
