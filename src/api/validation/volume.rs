//! Volumes of pods and the sources that persistent volumes share with them.

use super::Errors;
use super::container::{descending, field_ref, resource_field_ref};
use crate::api::{Value, names};

/// The sources in upstream's order of checking.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flexVolume",
    "configMap",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flocker",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "projected",
    "scaleIO",
    "storageos",
    "csi",
    "ephemeral",
    "persistentVolumeClaim",
    "image",
];

/// `ValidateVolumes`; gives the volumes that are valid themselves, which are those that may be mounted.
pub(super) fn volumes<'a>(volumes: &'a Value, path: &str, errors: &mut Errors) -> Vec<&'a Value> {
    let mut valid: Vec<&Value> = vec![];
    for (i, volume) in volumes.items().iter().enumerate() {
        let path = format!("{path}[{i}]");
        let before = errors.list.len();
        sources(volume, &path, errors);
        let name = volume["name"].str();
        if name.is_empty() {
            errors.required(format!("{path}.name"), "");
        } else {
            errors.complaints(&format!("{path}.name"), name, names::dns_label(name));
        }
        if valid.iter().any(|v| v["name"].str() == name) {
            errors.duplicate(format!("{path}.name"), name);
        }
        if errors.list.len() == before {
            valid.push(volume);
        }
    }
    valid
}

fn sources(volume: &Value, path: &str, errors: &mut Errors) {
    let mut first = true;
    for kind in SOURCES {
        let source = &volume[*kind];
        if source.is_null() {
            continue;
        }
        let path = format!("{path}.{kind}");
        if std::mem::take(&mut first) {
            self::source(kind, source, &path, errors);
        } else {
            errors.forbidden(path, "may not specify more than 1 volume type");
        }
    }
    if first {
        errors.required(path, "must specify a volume type");
    }
}

/// One source of a kind.
pub(super) fn source(kind: &str, source: &Value, path: &str, errors: &mut Errors) {
    let required = |fields: &[&str], errors: &mut Errors| {
        for field in fields {
            if source[*field].is_empty() {
                errors.required(format!("{path}.{field}"), "");
            }
        }
    };
    match kind {
        "hostPath" => host_path(source, path, errors),
        "secret" => {
            required(&["secretName"], errors);
            items(source, path, errors);
        }
        "configMap" => {
            required(&["name"], errors);
            items(source, path, errors);
        }
        "nfs" => {
            required(&["server"], errors);
            match source["path"].str() {
                "" => errors.required(format!("{path}.path"), ""),
                p if !p.starts_with('/') => {
                    errors.invalid(format!("{path}.path"), p, "must be an absolute path")
                }
                _ => {}
            }
        }
        "persistentVolumeClaim" => required(&["claimName"], errors),
        "csi" => required(&["driver"], errors),
        "image" => required(&["reference"], errors),
        "ephemeral" => required(&["volumeClaimTemplate"], errors),
        "gitRepo" => required(&["repository"], errors),
        "gcePersistentDisk" => required(&["pdName"], errors),
        "awsElasticBlockStore" | "cinder" => required(&["volumeID"], errors),
        "azureDisk" => required(&["diskName", "diskURI"], errors),
        "iscsi" => required(&["targetPortal", "iqn"], errors),
        "rbd" => required(&["monitors", "image"], errors),
        "downwardAPI" => downward(source, path, errors),
        "projected" => projected(source, path, errors),
        "local" => required(&["path"], errors),
        _ => {}
    }
}

fn host_path(source: &Value, path: &str, errors: &mut Errors) {
    const TYPES: &[&str] = &[
        "",
        "BlockDevice",
        "CharDevice",
        "Directory",
        "DirectoryOrCreate",
        "File",
        "FileOrCreate",
        "Socket",
    ];
    match source["path"].str() {
        "" => {
            errors.required(format!("{path}.path"), "");
            return;
        }
        p if p.split('/').any(|part| part == "..") => {
            errors.invalid(format!("{path}.path"), p, "must not contain '..'");
        }
        _ => {}
    }
    if source["type"].as_str().is_some_and(|t| !TYPES.contains(&t)) {
        errors.not_supported(format!("{path}.type"), &source["type"], TYPES);
    }
}

fn mode(value: &Value, path: &str, errors: &mut Errors) {
    if value.as_int().is_some_and(|n| !(0..=0o777).contains(&n)) {
        errors.invalid(path, value, "must be a number between 0 and 0777 (octal), both inclusive");
    }
}

fn items(source: &Value, path: &str, errors: &mut Errors) {
    mode(&source["defaultMode"], &format!("{path}.defaultMode"), errors);
    for (i, item) in source["items"].items().iter().enumerate() {
        let path = format!("{path}.items[{i}]");
        if item["key"].str().is_empty() {
            errors.required(format!("{path}.key"), "");
        }
        local_path(item["path"].str(), &format!("{path}.path"), errors);
        mode(&item["mode"], &format!("{path}.mode"), errors);
    }
}

/// `validateLocalNonReservedPath`
fn local_path(target: &str, path: &str, errors: &mut Errors) {
    if target.is_empty() {
        errors.required(path, "");
        return;
    }
    descending(target, path, errors);
    if target.starts_with("..") && !target.starts_with("../") && target != ".." {
        errors.invalid(path, target, "must not start with '..'");
    }
}

fn downward(source: &Value, path: &str, errors: &mut Errors) {
    mode(&source["defaultMode"], &format!("{path}.defaultMode"), errors);
    for (i, item) in source["items"].items().iter().enumerate() {
        let path = format!("{path}.items[{i}]");
        local_path(item["path"].str(), &format!("{path}.path"), errors);
        let (field, resource) = (&item["fieldRef"], &item["resourceFieldRef"]);
        if field.is_some() {
            field_ref(field, &format!("{path}.fieldRef"), true, errors);
            if resource.is_some() {
                errors.invalid(
                    path.as_str(),
                    "resource",
                    "fieldRef and resourceFieldRef can not be specified simultaneously",
                );
            }
        } else if resource.is_some() {
            resource_field_ref(resource, &format!("{path}.resourceFieldRef"), true, errors);
        } else {
            errors.required(path.as_str(), "one of fieldRef and resourceFieldRef is required");
        }
        mode(&item["mode"], &format!("{path}.mode"), errors);
    }
}

fn projected(source: &Value, path: &str, errors: &mut Errors) {
    mode(&source["defaultMode"], &format!("{path}.defaultMode"), errors);
    for (i, part) in source["sources"].items().iter().enumerate() {
        let path = format!("{path}.sources[{i}]");
        let mut first = true;
        for kind in [
            "secret",
            "configMap",
            "downwardAPI",
            "serviceAccountToken",
            "clusterTrustBundle",
            "podCertificate",
        ] {
            let inner = &part[kind];
            if inner.is_null() {
                continue;
            }
            let path = format!("{path}.{kind}");
            if !std::mem::take(&mut first) {
                errors.forbidden(path, "may not specify more than 1 volume type");
                continue;
            }
            match kind {
                "secret" | "configMap" => {
                    if inner["name"].str().is_empty() {
                        errors.required(format!("{path}.name"), "");
                    }
                    items(inner, &path, errors);
                }
                "downwardAPI" => downward(inner, &path, errors),
                "serviceAccountToken" => {
                    let seconds = inner["expirationSeconds"].int_or(3600);
                    if seconds < 600 {
                        errors.invalid(
                            format!("{path}.expirationSeconds"),
                            seconds,
                            "may not specify a duration less than 10 minutes",
                        );
                    }
                    if inner["path"].str().is_empty() {
                        errors.required(format!("{path}.path"), "");
                    }
                }
                _ => {}
            }
        }
        if first {
            errors.required(path, "must specify a volume type");
        }
    }
}
