//! The sources that volumes of pods and persistent volumes share: disks, file systems of the network, drivers.

use super::Errors;
use super::mounts::{descending, no_backsteps};
use crate::api::{Value, names};

/// `Required value` for each of the fields that is empty.
pub(super) fn required(source: &Value, fields: &[&str], path: &str, errors: &mut Errors) {
    for field in fields {
        if source[*field].is_empty() {
            errors.required(format!("{path}.{field}"), "");
        }
    }
}

/// The fields that each simple source must have.
const NEEDED: &[(&str, &[&str])] = &[
    ("persistentVolumeClaim", &["claimName"]),
    ("image", &["reference"]),
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("rbd", &["monitors", "image"]),
    ("cinder", &["volumeID"]),
    ("cephfs", &["monitors"]),
    ("glusterfs", &["endpoints", "path"]),
    ("flexVolume", &["driver"]),
    ("azureFile", &["secretName", "shareName"]),
    ("azureDisk", &["diskName", "diskURI"]),
    ("vsphereVolume", &["volumePath"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("scaleIO", &["gateway", "system", "volumeName"]),
    ("gitRepo", &["repository"]),
    ("nfs", &["server", "path"]),
    ("iscsi", &["targetPortal"]),
    ("storageos", &["volumeName"]),
];

/// One source of a kind.
pub(super) fn check(kind: &str, source: &Value, path: &str, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.{field}");
    // Upstream's path of this source is not its field.
    let disk = path.replace("gcePersistentDisk", "persistentDisk");
    let needed = NEEDED.iter().find(|(k, _)| *k == kind).map_or(&[][..], |(_, fields)| fields);
    required(source, needed, if kind == "gcePersistentDisk" { &disk } else { path }, errors);
    match kind {
        "hostPath" => host_path(source, path, errors),
        "local" => match source["path"].str() {
            "" => errors.required(at("path"), ""),
            p => no_backsteps(p, &at("path"), errors),
        },
        "gitRepo" => descending(source["directory"].str(), &at("directory"), errors),
        "nfs" if !source["path"].str().starts_with('/') => {
            errors.invalid(at("path"), source["path"].str(), "must be an absolute path");
        }
        "gcePersistentDisk" | "awsElasticBlockStore" => {
            let partition = source["partition"].int_or(0);
            if !(0..=255).contains(&partition) {
                let field = format!("{}.partition", if kind == "gcePersistentDisk" { &disk } else { path });
                errors.invalid(field, partition, "must be between 1 and 255, inclusive");
            }
        }
        "csi" => driver_name(source["driver"].str(), &at("driver"), errors),
        "image" => {
            let policy = source["pullPolicy"].str();
            if !matches!(policy, "" | "Always" | "IfNotPresent" | "Never") {
                errors.not_supported(at("pullPolicy"), policy, &["Always", "IfNotPresent", "Never"]);
            }
        }
        "cinder" | "storageos"
            if source["secretRef"].is_some() && source["secretRef"]["name"].str().is_empty() =>
        {
            errors.required(at("secretRef.name"), "");
        }
        "flexVolume" => flex_options(source, path, errors),
        "azureDisk" => azure_disk(source, path, errors),
        "iscsi" => iscsi(source, path, errors),
        "fc" => fibre_channel(source, path, errors),
        "flocker" => flocker(source, path, errors),
        "quobyte" => quobyte(source, path, errors),
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
        p => no_backsteps(p, &format!("{path}.path"), errors),
    }
    if source["type"].as_str().is_some_and(|t| !TYPES.contains(&t)) {
        errors.not_supported(format!("{path}.type"), &source["type"], TYPES);
    }
}

/// `ValidateCSIDriverName`
pub(super) fn driver_name(name: &str, path: &str, errors: &mut Errors) {
    if name.is_empty() {
        errors.required(path, "");
        return;
    }
    if name.len() > names::LABEL_MAX {
        errors.too_long(path, names::LABEL_MAX);
    }
    errors.complaints(path, name, names::dns_subdomain(&name.to_lowercase()));
}

fn flex_options(source: &Value, path: &str, errors: &mut Errors) {
    for (key, _) in source["options"].entries() {
        let prefix = key.split_once('/').map_or(key.as_str(), |(prefix, _)| prefix);
        let prefix = format!(".{}", prefix.to_lowercase());
        if prefix.ends_with(".kubernetes.io") || prefix.ends_with(".k8s.io") {
            let words = "kubernetes.io and k8s.io namespaces are reserved";
            errors.invalid(format!("{path}.options[{key}]"), key, words);
        }
    }
}

fn azure_disk(source: &Value, path: &str, errors: &mut Errors) {
    const MANAGED: &str =
        "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
    const BLOB: &str = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
    for (field, known) in
        [("cachingMode", ["None", "ReadOnly", "ReadWrite"]), ("kind", ["Dedicated", "Managed", "Shared"])]
    {
        if source[field].as_str().is_some_and(|v| !known.contains(&v)) {
            errors.not_supported(format!("{path}.{field}"), &source[field], &known);
        }
    }
    let uri = source["diskURI"].str();
    match source["kind"].as_str() {
        Some("Managed") if !uri.starts_with("/subscriptions/") => {
            errors.not_supported(format!("{path}.diskURI"), uri, &[MANAGED]);
        }
        Some(kind) if kind != "Managed" && !uri.starts_with("https://") => {
            errors.not_supported(format!("{path}.diskURI"), uri, &[BLOB]);
        }
        _ => {}
    }
}

fn iscsi(source: &Value, path: &str, errors: &mut Errors) {
    match source["iqn"].str() {
        "" => errors.required(format!("{path}.iqn"), ""),
        iqn if !["iqn", "eui", "naa"].iter().any(|p| iqn.starts_with(p)) => {
            errors.invalid(format!("{path}.iqn"), iqn, "must be valid format starting with iqn, eui, or naa");
        }
        iqn if !is_iscsi_name(iqn) => errors.invalid(format!("{path}.iqn"), iqn, "must be valid format"),
        _ => {}
    }
    let lun = source["lun"].int_or(0);
    errors.complaints(&format!("{path}.lun"), lun, names::in_range(lun, 0, 255));
    let authenticated = source["chapAuthDiscovery"].is_true() || source["chapAuthSession"].is_true();
    if authenticated && source["secretRef"].is_null() {
        errors.required(format!("{path}.secretRef"), "");
    }
}

/// `iqn.YYYY-MM.DOMAIN:NAME`, `eui.` and 16 or `naa.` and 32 characters.
fn is_iscsi_name(name: &str) -> bool {
    let alnum = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_alphanumeric());
    if let Some(rest) = name.strip_prefix("eui.") {
        return alnum(rest, 16);
    }
    if let Some(rest) = name.strip_prefix("naa.") {
        return alnum(rest, 32);
    }
    let Some(rest) = name.strip_prefix("iqn.") else { return false };
    let b = rest.as_bytes();
    let date = b.len() > 8
        && b[..7].iter().enumerate().all(|(i, c)| if i == 4 { *c == b'-' } else { c.is_ascii_digit() })
        && b[7] == b'.';
    let Some((domain, own)) = rest.get(8..).filter(|_| date).and_then(|r| r.split_once(':')) else {
        return false;
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let own_is_right = !own.is_empty() && !own.contains([',', ';', '*', '&', '$', '|', ' ', '\t']);
    !domain.is_empty() && domain.chars().all(plain) && own_is_right
}

fn fibre_channel(source: &Value, path: &str, errors: &mut Errors) {
    let (targets, wwids) = (&source["targetWWNs"], &source["wwids"]);
    let field = format!("{path}.targetWWNs");
    match (targets.is_empty(), wwids.is_empty()) {
        (true, true) => errors.required(field, "must specify either targetWWNs or wwids, but not both"),
        (false, false) => {
            errors.invalid(field, targets, "targetWWNs and wwids can not be specified simultaneously");
        }
        _ => {}
    }
    if !targets.is_empty() {
        match source["lun"].as_int() {
            None => errors.required(format!("{path}.lun"), "lun is required if targetWWNs is specified"),
            Some(n) => errors.complaints(&format!("{path}.lun"), n, names::in_range(n, 0, 255)),
        }
    }
}

fn flocker(source: &Value, path: &str, errors: &mut Errors) {
    let (name, uuid) = (source["datasetName"].str(), source["datasetUUID"].str());
    match (name.is_empty(), uuid.is_empty()) {
        (true, true) => errors.required(path, "one of datasetName and datasetUUID is required"),
        (false, false) => {
            let words = "datasetName and datasetUUID can not be specified simultaneously";
            errors.invalid(path, "resource", words);
        }
        _ => {}
    }
    if name.contains('/') {
        errors.invalid(format!("{path}.datasetName"), name, "must not contain '/'");
    }
}

fn quobyte(source: &Value, path: &str, errors: &mut Errors) {
    const PAIRS: &str = "must be a host:port pair or multiple pairs separated by commas";
    let registry = source["registry"].str();
    let field = format!("{path}.registry");
    if registry.is_empty() {
        errors.required(field, PAIRS);
    } else if source["tenant"].str().len() > 64 {
        let words = "must be a UUID and may not exceed a length of 64 characters";
        errors.required(format!("{path}.tenant"), words);
    } else {
        for _ in registry.split(',').filter(|pair| pair.matches(':').count() != 1) {
            errors.invalid(field.as_str(), registry, PAIRS);
        }
    }
    required(source, &["volume"], path, errors);
}
