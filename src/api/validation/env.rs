//! The environment of containers: variables and where they come from.

use super::Errors;
use super::mounts::no_backsteps;
use crate::api::quantity::Quantity;
use crate::api::{Value, names};

const ONE_OF: &str =
    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
const SEVERAL: &str = "may not have more than one field specified at a time";

/// `ValidateEnv`
pub(super) fn variables(env: &Value, path: &str, errors: &mut Errors) {
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
        file_key_ref(&from["fileKeyRef"], &format!("{path}.fileKeyRef"), errors);
        match from.entries().filter(|(_, v)| v.is_some()).count() {
            0 => errors.invalid(path, "", ONE_OF),
            _ if !var["value"].str().is_empty() => {
                errors.invalid(path, "", "may not be specified when `value` is not empty");
            }
            1 => {}
            _ => errors.invalid(path, "", SEVERAL),
        }
    }
}

fn key_ref(reference: &Value, path: &str, errors: &mut Errors) {
    if reference.is_null() {
        return;
    }
    let name = reference["name"].str();
    errors.complaints(&format!("{path}.name"), name, names::dns_subdomain(name));
    match reference["key"].str() {
        "" => errors.required(format!("{path}.key"), ""),
        key => errors.complaints(&format!("{path}.key"), key, names::config_key(key)),
    }
}

fn file_key_ref(reference: &Value, path: &str, errors: &mut Errors) {
    if reference.is_null() {
        return;
    }
    let at = |field: &str| format!("{path}.{field}");
    match reference["key"].str() {
        "" => errors.required(at("key"), ""),
        key => errors.complaints(&at("key"), key, names::env_name(key)),
    }
    match reference["volumeName"].str() {
        "" => errors.required(at("volumeName"), ""),
        name => errors.complaints(&at("volumeName"), name, names::dns_label(name)),
    }
    match reference["path"].str() {
        "" => errors.required(at("path"), ""),
        file => no_backsteps(file, &at("path"), errors),
    }
}

/// That variables from files name volumes that can hold them (`validateFileKeyRefVolumes`).
pub(super) fn file_volumes(spec: &Value, path: &str, errors: &mut Errors) {
    for list in super::pod::LISTS {
        for (i, c) in spec[*list].items().iter().enumerate() {
            for (j, var) in c["env"].items().iter().enumerate() {
                let reference = &var["valueFrom"]["fileKeyRef"];
                if reference.is_null() {
                    continue;
                }
                let at = format!("{path}.{list}[{i}].env[{j}].valueFrom.fileKeyRef.volumeName");
                let name = reference["volumeName"].str();
                match spec["volumes"].find("name", name) {
                    Value::Null => errors.not_found(at, name),
                    volume if volume["emptyDir"].is_null() => {
                        errors.invalid(at, name, "referenced volume must be of type emptyDir");
                    }
                    _ => {}
                }
            }
        }
    }
}

/// `ValidateEnvFrom`
pub(super) fn from(sources: &Value, path: &str, errors: &mut Errors) {
    for (i, source) in sources.items().iter().enumerate() {
        let at = format!("{path}[{i}]");
        let prefix = source["prefix"].str();
        if !prefix.is_empty() {
            errors.complaints(&format!("{at}.prefix"), prefix, names::env_name(prefix));
        }
        let mut count = 0;
        for kind in ["configMapRef", "secretRef"] {
            if source[kind].is_some() {
                count += 1;
                let field = format!("{at}.{kind}.name");
                match source[kind]["name"].str() {
                    "" => errors.required(field, ""),
                    name => {
                        let masked = names::mask_trailing_dash(name);
                        errors.complaints(&field, name, names::dns_subdomain(&masked));
                    }
                }
            }
        }
        // Upstream names the list, not the entry.
        match count {
            0 => errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"),
            1 => {}
            _ => errors.invalid(path, "", SEVERAL),
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
        return;
    }
    if field.is_empty() {
        errors.required(at, "");
        return;
    }
    let unsupported = |field: &str| format!("error converting fieldPath: field label not supported: {field}");
    if let Some((base, key)) = field.strip_suffix("']").and_then(|f| f.split_once("['")) {
        match base {
            "metadata.annotations" => errors.complaints(path, key, names::qualified(&key.to_lowercase())),
            "metadata.labels" => errors.complaints(path, key, names::qualified(key)),
            // The conversion knows subscripts of these two alone.
            _ => {
                let detail = format!(
                    "error converting fieldPath: field label does not support subscript: {base}['{key}']"
                );
                errors.invalid(at, field, detail);
            }
        }
    } else if !CONVERTED.contains(&field) {
        errors.invalid(at, field, unsupported(field));
    } else {
        let known = if in_volume { VOLUME_FIELDS } else { ENV_FIELDS };
        if !known.contains(&field) && field != "spec.host" {
            errors.not_supported(at, field, known);
        }
    }
}

const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];
const SIZES: &[&str] = &["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

/// `validateContainerResourceFieldSelector`
pub(super) fn resource_field_ref(reference: &Value, path: &str, in_volume: bool, errors: &mut Errors) {
    if reference.is_null() {
        return;
    }
    let resource = reference["resource"].str();
    let huge = resource.starts_with("limits.hugepages-") || resource.starts_with("requests.hugepages-");
    if in_volume && reference["containerName"].str().is_empty() {
        errors.required(format!("{path}.containerName"), "");
    } else if resource.is_empty() {
        errors.required(format!("{path}.resource"), "");
    } else if !RESOURCES.contains(&resource) && !huge {
        errors.not_supported(format!("{path}.resource"), resource, RESOURCES);
    }
    let divisor = Quantity::of(&reference["divisor"]);
    if divisor.is_zero() {
        return;
    }
    let what = match resource.split_once('.').map(|(_, what)| what) {
        Some("cpu") => {
            if !matches!(divisor.to_string().as_str(), "1m" | "1") {
                let words = "only divisor's values 1m and 1 are supported with the cpu resource";
                errors.invalid(format!("{path}.divisor"), resource, words);
            }
            return;
        }
        Some("memory") => "memory",
        Some("ephemeral-storage") => "local ephemeral storage",
        Some(_) if huge => "hugepages",
        _ => return,
    };
    if !SIZES.contains(&divisor.to_string().as_str()) {
        let words =
            format!("only divisor's values {} are supported with the {what} resource", SIZES.join(", "));
        errors.invalid(format!("{path}.divisor"), resource, words);
    }
}
