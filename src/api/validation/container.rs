//! Containers: names, images, ports, environment, mounts, probes, hooks (pkg/apis/core/validation).

use super::{Errors, resources, security};
use crate::api::{Value, names};

/// Which list a container stands in.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Role {
    Main,
    Init,
    Ephemeral,
}

/// The volumes of a pod that containers may mount, and what else their checks need.
pub(super) struct Context<'a> {
    /// The volumes that are valid themselves.
    pub volumes: Vec<&'a Value>,
    /// `terminationGracePeriodSeconds`
    pub grace: i64,
}

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
    for (i, container) in containers.items().iter().enumerate() {
        let path = format!("{path}[{i}]");
        common(container, &path, context, errors);
        let name = container["name"].str();
        if taken.iter().any(|n| n == name) && (role == Role::Main || !name.is_empty()) {
            errors.duplicate(format!("{path}.name"), name);
        } else {
            taken.push(String::from(name));
        }
        restart_policy(container, role, &path, errors);
        let restartable = container["restartPolicy"].str() == "Always";
        if role == Role::Main || (role == Role::Init && restartable) {
            hooks_and_probes(container, &path, context, errors);
        } else {
            let detail = match role {
                Role::Init => "may not be set for init containers without restartPolicy=Always",
                _ => "not allowed for ephemeral containers",
            };
            for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                if container[field].is_some() {
                    errors.forbidden(format!("{path}.{field}"), detail);
                }
            }
        }
        if role == Role::Init {
            host_port_conflicts(
                std::slice::from_ref(container),
                &path[..path.len() - format!("[{i}]").len()],
                errors,
            );
        }
    }
    if role == Role::Main {
        host_port_conflicts(containers.items(), path, errors);
    }
}

fn restart_policy(container: &Value, role: Role, path: &str, errors: &mut Errors) {
    let policy = &container["restartPolicy"];
    if policy.is_null() {
        return;
    }
    if role == Role::Ephemeral {
        errors.forbidden(format!("{path}.restartPolicy"), "not allowed for ephemeral containers");
    } else if !matches!(policy.str(), "Always" | "OnFailure" | "Never") {
        errors.not_supported(format!("{path}.restartPolicy"), policy, &["Always", "Never", "OnFailure"]);
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
        _ => errors.not_supported(
            at("terminationMessagePolicy"),
            &c["terminationMessagePolicy"],
            &["FallbackToLogsOnError", "File"],
        ),
    }
    ports(&c["ports"], &at("ports"), errors);
    env(&c["env"], &at("env"), errors);
    env_from(&c["envFrom"], &at("envFrom"), errors);
    mounts(c, path, context, errors);
    match c["imagePullPolicy"].str() {
        "Always" | "IfNotPresent" | "Never" => {}
        "" => errors.required(at("imagePullPolicy"), ""),
        _ => errors.not_supported(
            at("imagePullPolicy"),
            &c["imagePullPolicy"],
            &["Always", "IfNotPresent", "Never"],
        ),
    }
    resources::requirements(&c["resources"], &at("resources"), resources::Scope::Container, errors);
    for (i, policy) in c["resizePolicy"].items().iter().enumerate() {
        let path = format!("{path}.resizePolicy[{i}]");
        if !matches!(policy["resourceName"].str(), "cpu" | "memory") {
            errors.not_supported(path.clone(), &policy["resourceName"], &["cpu", "memory"]);
        }
        if !matches!(policy["restartPolicy"].str(), "NotRequired" | "RestartContainer") {
            errors.not_supported(path, &policy["restartPolicy"], &["NotRequired", "RestartContainer"]);
        }
    }
    security::container(&c["securityContext"], &at("securityContext"), errors);
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
        _ => errors.not_supported(path, protocol, &["SCTP", "TCP", "UDP"]),
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

/// `ValidateEnv`
fn env(env: &Value, path: &str, errors: &mut Errors) {
    for (i, var) in env.items().iter().enumerate() {
        let at = format!("{path}[{i}].name");
        match var["name"].str() {
            "" => errors.required(at, ""),
            name => errors.complaints(&at, name, names::env_name(name)),
        }
        let from = &var["valueFrom"];
        if from.is_null() {
            continue;
        }
        let path = format!("{path}[{i}].valueFrom");
        field_ref(&from["fieldRef"], &format!("{path}.fieldRef"), false, errors);
        resource_field_ref(&from["resourceFieldRef"], &format!("{path}.resourceFieldRef"), false, errors);
        key_ref(&from["configMapKeyRef"], &format!("{path}.configMapKeyRef"), errors);
        key_ref(&from["secretKeyRef"], &format!("{path}.secretKeyRef"), errors);
        match from.entries().count() {
            0 => errors.invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"),
            _ if !var["value"].str().is_empty() => {
                errors.invalid(path, "", "may not be specified when `value` is not empty");
            }
            1 => {}
            _ => errors.invalid(path, "", "may not have more than one field specified at a time"),
        }
    }
}

fn key_ref(reference: &Value, path: &str, errors: &mut Errors) {
    if reference.is_null() {
        return;
    }
    if reference["name"].str().is_empty() {
        errors.required(format!("{path}.name"), "");
    }
    match reference["key"].str() {
        "" => errors.required(format!("{path}.key"), ""),
        key => errors.complaints(&format!("{path}.key"), key, names::config_key(key)),
    }
}

fn env_from(sources: &Value, path: &str, errors: &mut Errors) {
    for (i, source) in sources.items().iter().enumerate() {
        let path = format!("{path}[{i}]");
        let prefix = source["prefix"].str();
        if !prefix.is_empty() {
            errors.complaints(&format!("{path}.prefix"), prefix, names::env_name(prefix));
        }
        let mut count = 0;
        for kind in ["configMapRef", "secretRef"] {
            if source[kind].is_some() {
                count += 1;
                if source[kind]["name"].str().is_empty() {
                    errors.required(format!("{path}.{kind}.name"), "");
                }
            }
        }
        match count {
            0 => errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"),
            1 => {}
            _ => errors.invalid(path, "", "may not have more than one field specified at a time"),
        }
    }
}

/// Fields that the downward API converts (`ConvertDownwardAPIFieldLabel`).
const CONVERTED: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "spec.schedulerName",
    "status.phase",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
    "spec.host",
];
const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
const VOLUME_FIELDS: &[&str] =
    &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/// `validateObjectFieldSelector`
pub(super) fn field_ref(reference: &Value, path: &str, in_volume: bool, errors: &mut Errors) {
    if reference.is_null() {
        return;
    }
    let field = reference["fieldPath"].str();
    let at = format!("{path}.fieldPath");
    if reference["apiVersion"].str().is_empty() {
        errors.required(format!("{path}.apiVersion"), "");
    } else if field.is_empty() {
        errors.required(at, "");
    } else if let Some((base, key)) = field.strip_suffix("']").and_then(|f| f.split_once("['")) {
        match base {
            "metadata.annotations" => errors.complaints(&at, key, names::qualified(&key.to_lowercase())),
            "metadata.labels" => errors.complaints(&at, key, names::qualified(key)),
            _ => errors.invalid(at, base, "does not support subscript"),
        }
    } else if !CONVERTED.contains(&field) {
        let detail = format!("error converting fieldPath: field label not supported: {field}");
        errors.invalid(at, field, detail);
    } else {
        let known = if in_volume { VOLUME_FIELDS } else { ENV_FIELDS };
        if !known.contains(&field) && field != "spec.host" {
            errors.not_supported(at, field, known);
        }
    }
}

/// `validateContainerResourceFieldSelector`
pub(super) fn resource_field_ref(reference: &Value, path: &str, in_volume: bool, errors: &mut Errors) {
    const KNOWN: &[&str] = &[
        "limits.cpu",
        "limits.ephemeral-storage",
        "limits.memory",
        "requests.cpu",
        "requests.ephemeral-storage",
        "requests.memory",
    ];
    if reference.is_null() {
        return;
    }
    if in_volume && reference["containerName"].str().is_empty() {
        errors.required(format!("{path}.containerName"), "");
        return;
    }
    match reference["resource"].str() {
        "" => errors.required(format!("{path}.resource"), ""),
        r if KNOWN.contains(&r) || r.contains("s.hugepages-") => {}
        r => errors.not_supported(format!("{path}.resource"), r, KNOWN),
    }
}

/// `ValidateVolumeMounts`, `ValidateVolumeDevices`
fn mounts(c: &Value, path: &str, context: &Context, errors: &mut Errors) {
    let volume = |name: &str| context.volumes.iter().find(|v| v["name"].str() == name);
    let mut taken: Vec<&str> = vec![];
    for (i, mount) in c["volumeMounts"].items().iter().enumerate() {
        let at = |field: &str| format!("{path}.volumeMounts[{i}].{field}");
        let (name, target) = (mount["name"].str(), mount["mountPath"].str());
        if name.is_empty() {
            errors.required(at("name"), "");
        }
        if volume(name).is_none() {
            errors.not_found(at("name"), name);
        }
        if target.is_empty() {
            errors.required(at("mountPath"), "");
        }
        if taken.contains(&target) {
            errors.invalid(at("mountPath"), target, "must be unique");
        }
        taken.push(target);
        if c["volumeDevices"].find("name", name).is_some() {
            errors.invalid(at("name"), name, "must not already exist in volumeDevices");
        }
        // Upstream forgets the index here.
        let unindexed = |field: &str| format!("{path}.volumeMounts.{field}");
        let (sub, expression) = (mount["subPath"].str(), mount["subPathExpr"].str());
        if !sub.is_empty() {
            descending(sub, &unindexed("subPath"), errors);
        }
        if !expression.is_empty() {
            if !sub.is_empty() {
                errors.invalid(
                    unindexed("subPathExpr"),
                    expression,
                    "subPathExpr and subPath are mutually exclusive",
                );
            }
            descending(expression, &unindexed("subPathExpr"), errors);
        }
        let propagation = &mount["mountPropagation"];
        if propagation.is_some() && !matches!(propagation.str(), "None" | "HostToContainer" | "Bidirectional")
        {
            errors.not_supported(
                unindexed("mountPropagation"),
                propagation,
                &["Bidirectional", "HostToContainer", "None"],
            );
        }
        if propagation.str() == "Bidirectional" && !c["securityContext"]["privileged"].is_true() {
            errors.forbidden(
                unindexed("mountPropagation"),
                "Bidirectional mount propagation is available only to privileged containers",
            );
        }
    }
    for (i, device) in c["volumeDevices"].items().iter().enumerate() {
        let at = |field: &str| format!("{path}.volumeDevices[{i}].{field}");
        match device["name"].str() {
            "" => errors.required(at("name"), ""),
            name => match volume(name) {
                None => errors.not_found(at("name"), name),
                Some(v) if v["persistentVolumeClaim"].is_null() && v["ephemeral"].is_null() => {
                    errors.invalid(at("name"), name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
                }
                Some(_) => {}
            },
        }
        if device["devicePath"].str().is_empty() {
            errors.required(at("devicePath"), "");
        }
    }
}

/// `validateLocalDescendingPath`
pub(super) fn descending(target: &str, path: &str, errors: &mut Errors) {
    if target.starts_with('/') {
        errors.invalid(path, target, "must be a relative path");
    }
    if target.split('/').any(|part| part == "..") {
        errors.invalid(path, target, "must not contain '..'");
    }
}

fn hooks_and_probes(c: &Value, path: &str, context: &Context, errors: &mut Errors) {
    for hook in ["postStart", "preStop"] {
        if c["lifecycle"][hook].is_some() {
            handler(&c["lifecycle"][hook], &format!("{path}.lifecycle.{hook}"), context.grace, errors);
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        probe(&c[name], name, &format!("{path}.{name}"), context.grace, errors);
    }
}

fn probe(p: &Value, name: &str, path: &str, grace: i64, errors: &mut Errors) {
    if p.is_null() {
        return;
    }
    handler(p, path, grace, errors);
    for field in
        ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
    {
        errors.nonnegative(format!("{path}.{field}"), &p[field]);
    }
    let own_grace = &p["terminationGracePeriodSeconds"];
    if own_grace.as_int().is_some_and(|n| n <= 0) {
        errors.invalid(format!("{path}.terminationGracePeriodSeconds"), own_grace, "must be greater than 0");
    }
    if name == "readinessProbe" {
        if own_grace.is_some() {
            errors.invalid(
                format!("{path}.terminationGracePeriodSeconds"),
                own_grace,
                "must not be set for readinessProbes",
            );
        }
    } else if p["successThreshold"].int_or(1) != 1 {
        errors.invalid(format!("{path}.successThreshold"), &p["successThreshold"], "must be 1");
    }
}

/// `validateHandler`
fn handler(h: &Value, path: &str, grace: i64, errors: &mut Errors) {
    let mut first = true;
    for kind in ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] {
        let action = &h[kind];
        if action.is_null() {
            continue;
        }
        let path = format!("{path}.{kind}");
        if !std::mem::take(&mut first) {
            errors.forbidden(path, "may not specify more than 1 handler type");
            continue;
        }
        match kind {
            "exec" if action["command"].is_empty() => errors.required(format!("{path}.command"), ""),
            "httpGet" => http_get(action, &path, errors),
            "tcpSocket" | "grpc" => port(&action["port"], &format!("{path}.port"), errors),
            "sleep" => {
                let seconds = action["seconds"].int_or(0);
                if seconds < 0 || seconds > grace {
                    let detail =
                        format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
                    errors.invalid(path, seconds, detail);
                }
            }
            _ => {}
        }
    }
    if first {
        errors.required(path, "must specify a handler type");
    }
}

fn http_get(get: &Value, path: &str, errors: &mut Errors) {
    if get["path"].str().is_empty() {
        errors.required(format!("{path}.path"), "");
    }
    port(&get["port"], &format!("{path}.port"), errors);
    if !matches!(get["scheme"].str(), "HTTP" | "HTTPS") {
        errors.not_supported(format!("{path}.scheme"), &get["scheme"], &["HTTP", "HTTPS"]);
    }
    for header in get["httpHeaders"].items() {
        errors.complaints(
            &format!("{path}.httpHeaders"),
            &header["name"],
            names::http_header(header["name"].str()),
        );
    }
}

/// `ValidatePortNumOrName`
pub(super) fn port(port: &Value, path: &str, errors: &mut Errors) {
    match port.as_str() {
        Some(name) => errors.complaints(path, name, names::port_name(name)),
        None => errors.complaints(path, port.int_or(0), names::port_number(port.int_or(0))),
    }
}
