//! Claims, persistent volumes and storage classes (pkg/apis/core/validation, pkg/apis/storage/validation).

use super::{Errors, internal, meta, placement, resources, sources};
use crate::api::quantity::Quantity;
use crate::api::schema::Type;
use crate::api::{Object, Value, json, names};

const MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
/// Most parameters of a class, and their size in bytes (pkg/apis/storage/validation).
const MAX_PARAMETERS: usize = 512;
const MAX_PARAMETERS_SIZE: usize = 256 << 10;

fn access_modes(spec: &Value, path: &str, errors: &mut Errors) {
    let modes = spec["accessModes"].items();
    let at = format!("{path}.accessModes");
    for mode in modes.iter().filter(|m| !MODES.contains(&m.str())) {
        errors.not_supported(at.as_str(), mode, MODES);
    }
    let alone = |m: &&Value| m.str() == "ReadWriteOncePod";
    let other = |m: &&Value| MODES.contains(&m.str()) && !alone(m);
    if modes.iter().any(|m| alone(&m)) && modes.iter().any(|m| other(&m)) {
        errors.forbidden(at, "may not use ReadWriteOncePod with other access modes");
    }
}

/// The name of a class, which may be left out.
fn class(name: &str, path: &str, errors: &mut Errors) {
    if !name.is_empty() {
        errors.complaints(path, name, names::dns_subdomain(name));
    }
}

fn volume_mode(spec: &Value, path: &str, errors: &mut Errors) {
    let mode = &spec["volumeMode"];
    if mode.is_some() && !matches!(mode.str(), "Block" | "Filesystem") {
        errors.not_supported(format!("{path}.volumeMode"), mode, &["Block", "Filesystem"]);
    }
}

/// `ValidatePersistentVolumeClaimSpec`
pub(super) fn claim(spec: &Value, path: &str, errors: &mut Errors) {
    if spec["accessModes"].is_empty() {
        errors.required(format!("{path}.accessModes"), "at least 1 access mode is required");
    }
    meta::selector(&spec["selector"], &format!("{path}.selector"), errors);
    access_modes(spec, path, errors);
    let storage = &spec["resources"]["requests"]["storage"];
    let at = format!("{path}.resources[storage]");
    if storage.is_null() {
        errors.required(at, "");
    } else if Quantity::of(storage).nano <= 0 {
        errors.invalid(at, Quantity::of(storage).to_string(), "must be greater than zero");
    } else {
        resources::quantity("storage", storage, &at, errors);
    }
    class(spec["storageClassName"].str(), &format!("{path}.storageClassName"), errors);
    volume_mode(spec, path, errors);
    for field in ["dataSource", "dataSourceRef"] {
        data_source(&spec[field], &format!("{path}.{field}"), errors);
    }
    let (source, reference) = (&spec["dataSource"], &spec["dataSourceRef"]);
    // Upstream shows the path of the field as its value.
    let shown = json::quote(&format!("{path}.dataSource"));
    if source.is_some() && reference.is_some() {
        let same = ["apiGroup", "kind", "name"].iter().all(|f| source[*f] == reference[*f]);
        if !reference["namespace"].str().is_empty() {
            let words = "may not be specified when dataSourceRef.namespace is specified";
            errors.invalid_shown(path, shown, words);
        } else if !same {
            errors.invalid_shown(path, shown, "must match dataSourceRef");
        }
    }
    class(spec["volumeAttributesClassName"].str(), &format!("{path}.volumeAttributesClassName"), errors);
}

fn data_source(source: &Value, path: &str, errors: &mut Errors) {
    if source.is_null() {
        return;
    }
    sources::required(source, &["name", "kind"], path, errors);
    let (group, kind) = (source["apiGroup"].str(), source["kind"].str());
    if group.is_empty() && kind != "PersistentVolumeClaim" {
        errors.invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
    }
    if !group.is_empty() {
        errors.complaints(&format!("{path}.apiGroup"), group, names::dns_subdomain(group));
    }
    let namespace = source["namespace"].str();
    if !namespace.is_empty() {
        errors.complaints(&format!("{path}.namespace"), namespace, names::dns_label(namespace));
    }
}

/// The sources of persistent volumes in upstream's order of checking.
const SOURCES: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

/// `ValidatePersistentVolumeSpec`
pub(super) fn volume(spec: &Value, errors: &mut Errors) {
    if spec["accessModes"].is_empty() {
        errors.required("spec.accessModes", "");
    }
    access_modes(spec, "spec", errors);
    capacity(&spec["capacity"], errors);
    let policy = spec["persistentVolumeReclaimPolicy"].str();
    if !matches!(policy, "Retain" | "Delete" | "Recycle" | "") {
        errors.not_supported("spec.persistentVolumeReclaimPolicy", policy, &["Delete", "Recycle", "Retain"]);
    }
    if spec["nodeAffinity"].is_some() {
        let required = &spec["nodeAffinity"]["required"];
        if required.is_null() {
            errors.required("spec.nodeAffinity.required", "must specify required node constraints");
        } else {
            placement::node_selector(required, "spec.nodeAffinity.required", errors);
        }
    }
    let mut first = true;
    for kind in SOURCES.iter().filter(|k| spec[**k].is_some()) {
        let at = format!("spec.{kind}");
        if !std::mem::take(&mut first) && *kind != "flexVolume" {
            errors.forbidden(at, "may not specify more than 1 volume type");
            continue;
        }
        sources::check(kind, &spec[*kind], &at, errors);
        of_volumes_alone(kind, &spec[*kind], &at, errors);
        if *kind == "local" && spec["nodeAffinity"].is_null() {
            errors.required("spec.nodeAffinity", "Local volume requires node affinity");
        }
    }
    if first {
        errors.required("spec", "must specify a volume type");
    }
    if spec["hostPath"]["path"].str().trim_end_matches('/').is_empty()
        && spec["hostPath"].is_some()
        && policy == "Recycle"
    {
        let words = "may not be 'recycle' for a hostPath mount of '/'";
        errors.forbidden("spec.persistentVolumeReclaimPolicy", words);
    }
    class(spec["storageClassName"].str(), "spec.storageClassName", errors);
    volume_mode(spec, "spec", errors);
    if let Some(name) = spec["volumeAttributesClassName"].as_str() {
        if name.is_empty() {
            errors.required("spec.volumeAttributesClassName", "an empty string is disallowed");
        }
        class(name, "spec.volumeAttributesClassName", errors);
        if spec["csi"].is_null() {
            errors.required("spec.csi", "has to be specified when using volumeAttributesClassName");
        }
    }
}

fn capacity(capacity: &Value, errors: &mut Errors) {
    if capacity.is_empty() {
        errors.required("spec.capacity", "");
    }
    if capacity["storage"].is_null() || capacity.entries().count() > 1 {
        errors.not_supported("spec.capacity", capacity, &["storage"]);
    }
    for (name, value) in capacity.entries() {
        let amount = Quantity::of(value);
        let at = format!("spec.capacity[{name}]");
        if amount.value() < 0 {
            errors.invalid(at.as_str(), amount.value(), "must be a valid resource quantity");
        }
        if amount.nano <= 0 {
            errors.invalid(at, amount.to_string(), "must be greater than zero");
        }
    }
}

/// What sources of persistent volumes must have beyond those of pods.
fn of_volumes_alone(kind: &str, source: &Value, path: &str, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.{field}");
    match kind {
        "csi" => {
            sources::required(source, &["volumeHandle"], path, errors);
            for field in [
                "controllerPublishSecretRef",
                "controllerExpandSecretRef",
                "nodePublishSecretRef",
                "nodeExpandSecretRef",
            ] {
                secret(&source[field], &at(field), errors);
            }
        }
        "cinder" | "storageos"
            if source["secretRef"].is_some() && source["secretRef"]["namespace"].str().is_empty() =>
        {
            errors.required(at("secretRef.namespace"), "");
        }
        "iscsi" if source["secretRef"].is_some() && source["secretRef"]["name"].str().is_empty() => {
            errors.required(at("secretRef.name"), "");
        }
        "azureFile" if source["secretNamespace"].as_str() == Some("") => {
            errors.required(at("secretNamespace"), "");
        }
        "glusterfs" => match source["endpointsNamespace"].as_str() {
            Some("") => {
                let words = "if the endpointnamespace is set, it must be a valid namespace name";
                errors.invalid(at("endpointsNamespace"), "", words);
            }
            Some(name) => errors.complaints(&at("endpointsNamespace"), name, names::dns_label(name)),
            None => {}
        },
        _ => {}
    }
}

/// `validatePVSecretReference`
fn secret(reference: &Value, path: &str, errors: &mut Errors) {
    if reference.is_null() {
        return;
    }
    for (field, rule) in
        [("name", names::dns_subdomain as fn(&str) -> names::Complaints), ("namespace", names::dns_label)]
    {
        match reference[field].str() {
            "" => errors.required(format!("{path}.{field}"), ""),
            name => errors.complaints(&format!("{path}.{field}"), name, rule(name)),
        }
    }
}

/// `ValidateStorageClass`
pub(super) fn storage_class(object: &Object, errors: &mut Errors) {
    match object["provisioner"].str() {
        "" => errors.required("provisioner", ""),
        name => errors.complaints("provisioner", name, names::qualified(&name.to_lowercase())),
    }
    let parameters = &object["parameters"];
    if parameters.entries().count() > MAX_PARAMETERS {
        errors.too_long("parameters", MAX_PARAMETERS);
        return;
    }
    let mut size = 0;
    for (key, value) in parameters.entries() {
        if key.is_empty() {
            errors.invalid("parameters", "", "field can not be empty.");
        }
        size += key.len() + value.str().len();
    }
    if size > MAX_PARAMETERS_SIZE {
        errors.too_long("parameters", MAX_PARAMETERS_SIZE);
    }
    let policy = object["reclaimPolicy"].str();
    if !matches!(policy, "Delete" | "Retain" | "") {
        errors.not_supported("reclaimPolicy", policy, &["Delete", "Retain"]);
    }
    match object["volumeBindingMode"].as_str() {
        None => errors.required("volumeBindingMode", ""),
        Some("Immediate" | "WaitForFirstConsumer") => {}
        Some(mode) => {
            errors.not_supported("volumeBindingMode", mode, &["Immediate", "WaitForFirstConsumer"]);
        }
    }
    topologies(&object["allowedTopologies"], errors);
}

fn topologies(terms: &Value, errors: &mut Errors) {
    for (i, term) in terms.items().iter().enumerate() {
        let expressions = term["matchLabelExpressions"].items();
        for (j, e) in expressions.iter().enumerate() {
            let at = |field: &str| format!("allowedTopologies[{i}].matchLabelExpressions[{j}].{field}");
            let values = e["values"].items();
            if values.is_empty() {
                errors.required(at("values"), "");
            }
            for (k, value) in values.iter().enumerate().filter(|(k, v)| values[..*k].contains(v)) {
                errors.duplicate(format!("{}[{k}]", at("values")), value);
            }
            let key = e["key"].str();
            errors.complaints(&at("key"), key, names::qualified(key));
            if expressions[..j].iter().any(|o| o["key"].str() == key) {
                errors.duplicate(at("key"), key);
            }
        }
        if terms.items()[..i].contains(term) {
            errors.duplicate(format!("allowedTopologies[{i}].matchLabelExpressions"), "");
        }
    }
}

/// What may not change in a storage class.
pub(super) fn storage_class_update(old: &Object, new: &Object, errors: &mut Errors) {
    for field in ["parameters", "provisioner", "reclaimPolicy"] {
        if old[field] != new[field] {
            errors.forbidden(field, format!("updates to {field} are forbidden."));
        }
    }
    if old["volumeBindingMode"] != new["volumeBindingMode"] {
        errors.invalid("volumeBindingMode", &new["volumeBindingMode"], "field is immutable");
    }
}

/// `ValidatePersistentVolumeUpdate`
pub(super) fn volume_update(old: &Object, new: &Object, errors: &mut Errors) {
    let (before, mut after) = (&old["spec"], new["spec"].clone());
    if before["csi"].is_some() && before["csi"]["controllerExpandSecretRef"].is_null() {
        // This secret may be filled in.
        after.remove("csi.controllerExpandSecretRef");
    }
    let source = |spec: &Value| {
        let t = Type::named("PersistentVolumeSpec").expect("in the table");
        let mut source = Value::map();
        for f in t.fields().filter(|f| f.embedded().is_some() && spec[f.name()].is_some()) {
            source.set(f.name(), spec[f.name()].clone());
        }
        source
    };
    let (before_source, after_source) = (source(before), source(&after));
    if before_source != after_source {
        let diff = internal::diff_of_sources(&before_source, &after_source);
        let words = format!("spec.persistentvolumesource is immutable after creation\n{diff}");
        errors.forbidden("spec.persistentvolumesource", words);
    }
    // A volume that a provisioner made may be kept without its default.
    if before["volumeMode"].is_some() && before["volumeMode"] != after["volumeMode"] {
        errors.invalid("volumeMode", &after["volumeMode"], "field is immutable");
    }
    let (old_affinity, new_affinity) = (&before["nodeAffinity"], &after["nodeAffinity"]);
    if old_affinity.is_some() && old_affinity != new_affinity {
        let shown = internal::compact(new_affinity, "VolumeNodeAffinity");
        let shown = if new_affinity.is_null() { String::from("null") } else { shown };
        errors.invalid_shown("nodeAffinity", shown, "field is immutable");
    }
    let field = "volumeAttributesClassName";
    if before[field].is_some() && after[field].is_null() {
        errors.forbidden("spec.volumeAttributesClassName", "update from non-nil value to nil is forbidden");
    }
}

/// `ValidatePersistentVolumeClaimUpdate`
pub(super) fn claim_update(old: &Object, new: &Object, errors: &mut Errors) {
    let (mut before, mut after) = (old["spec"].clone(), new["spec"].clone());
    let take = |to: &mut Value, from: &Value, field: &str| match from.at(field) {
        Value::Null => drop(to.remove(field)),
        value => to.set(field, value.clone()),
    };
    if before["volumeName"].str().is_empty() {
        // Binding may fill it in once.
        take(&mut before, &after, "volumeName");
    }
    if before["storageClassName"].is_null() {
        take(&mut after, &before, "storageClassName");
    }
    if new.at("status.phase").str() == "Bound" {
        if after["resources"]["requests"].is_some() {
            take(&mut after, &before, "resources.requests.storage");
        }
        take(&mut after, &before, "volumeAttributesClassName");
    }
    if before != after {
        let words = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        let diff = internal::diff(&before, &after, "PersistentVolumeClaimSpec");
        errors.forbidden("spec", format!("{words}\n{diff}"));
    }
    let storage = |o: &Object| Quantity::of(o.at("spec.resources.requests.storage"));
    if storage(new) < storage(old) && storage(new) <= Quantity::of(old.at("status.capacity.storage")) {
        errors.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
    }
    if old["spec"]["volumeMode"].is_some() && old["spec"]["volumeMode"] != new["spec"]["volumeMode"] {
        errors.invalid("volumeMode", &new["spec"]["volumeMode"], "field is immutable");
    }
    if old.at("status.currentVolumeAttributesClassName").is_some() {
        let words = match new["spec"]["volumeAttributesClassName"].as_str() {
            None => "update to nil is forbidden when status.currentVolumeAttributesClassName is not nil",
            Some("") => {
                "update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil"
            }
            Some(_) => return,
        };
        if old["spec"]["volumeAttributesClassName"] != new["spec"]["volumeAttributesClassName"] {
            errors.forbidden("spec.volumeAttributesClassName", words);
        }
    }
}
