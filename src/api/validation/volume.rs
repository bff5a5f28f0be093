//! The volumes of pods (`ValidateVolumes`). Their sources are in [`super::sources`], projections in
//! [`super::projected`].

use super::env::{field_ref, resource_field_ref};
use super::mounts::local_path;
use super::{Errors, meta, sources, storage};
use crate::api::quantity::Quantity;
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
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// Checks the volumes of a pod (or of a template, whose pods have no name yet) and gives those that are valid
/// themselves, which are those that may be mounted.
pub(super) fn volumes<'a>(volumes: &'a Value, pod: &str, path: &str, errors: &mut Errors) -> Vec<&'a Value> {
    let mut valid: Vec<&Value> = vec![];
    let made = |claim: &str| {
        let is_made = |v: &Value| v["ephemeral"].is_some() && format!("{pod}-{}", v["name"].str()) == claim;
        !pod.is_empty() && volumes.items().iter().any(is_made)
    };
    for (i, volume) in volumes.items().iter().enumerate() {
        let path = format!("{path}[{i}]");
        let before = errors.list.len();
        one(volume, pod, &path, errors);
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
        let claim = volume["persistentVolumeClaim"]["claimName"].str();
        if !claim.is_empty() && made(claim) {
            errors.invalid(
                format!("{path}.persistentVolumeClaim.claimName"),
                claim,
                "must not reference a PVC that gets created for an ephemeral volume",
            );
        }
    }
    valid
}

fn one(volume: &Value, pod: &str, path: &str, errors: &mut Errors) {
    let mut first = true;
    for kind in SOURCES {
        let source = &volume[*kind];
        if source.is_null() {
            continue;
        }
        let at = format!("{path}.{kind}");
        if !std::mem::take(&mut first) {
            errors.forbidden(at, "may not specify more than 1 volume type");
            continue;
        }
        match *kind {
            "secret" => {
                sources::required(source, &["secretName"], &at, errors);
                items(source, &at, errors);
            }
            "configMap" => {
                sources::required(source, &["name"], &at, errors);
                items(source, &at, errors);
            }
            "emptyDir" => {
                if Quantity::of(&source["sizeLimit"]).nano < 0 {
                    let words = "SizeLimit field must be a valid resource quantity";
                    errors.forbidden(format!("{at}.sizeLimit"), words);
                }
            }
            "downwardAPI" => {
                mode(&source["defaultMode"], &format!("{at}.defaultMode"), errors);
                // Upstream names the whole volume in each item's errors.
                source["items"].items().iter().for_each(|item| downward(item, &at, errors));
            }
            "projected" => super::projected::check(source, &at, errors),
            "ephemeral" => ephemeral(volume, pod, path, errors),
            "csi" => {
                sources::check(kind, source, &at, errors);
                match source["nodePublishSecretRef"]["name"].str() {
                    "" if source["nodePublishSecretRef"].is_some() => {
                        errors.required(format!("{at}.nodePublishSecretRef.name"), "");
                    }
                    "" => {}
                    // Upstream forgets a part of the path here.
                    name => errors.complaints(&format!("{at}.name"), name, names::dns_subdomain(name)),
                }
            }
            _ => sources::check(kind, source, &at, errors),
        }
    }
    if first {
        errors.required(path, "must specify a volume type");
    }
}

fn ephemeral(volume: &Value, pod: &str, path: &str, errors: &mut Errors) {
    let template = &volume["ephemeral"]["volumeClaimTemplate"];
    let at = format!("{path}.ephemeral.volumeClaimTemplate");
    if template.is_null() {
        errors.required(at, "");
    } else {
        let meta = &template["metadata"];
        meta::annotations(&meta["annotations"], &format!("{at}.metadata.annotations"), errors);
        meta::labels(&meta["labels"], &format!("{at}.metadata.labels"), errors);
        for (field, value) in meta.entries() {
            if !matches!(field.as_str(), "annotations" | "labels") && !value.is_empty() {
                errors.forbidden(format!("{at}.metadata.{field}"), "cannot be set");
            }
        }
        storage::claim(&template["spec"], &format!("{at}.spec"), errors);
    }
    let name = volume["name"].str();
    if !pod.is_empty() && !name.is_empty() {
        let claim = format!("{pod}-{name}");
        for complaint in names::dns_subdomain(&claim) {
            errors.invalid(format!("{path}.name"), name, format!("PVC name {claim:?}: {complaint}"));
        }
    }
}

/// The mode of a file or of all files of a volume.
pub(super) fn mode(value: &Value, path: &str, errors: &mut Errors) {
    if value.as_int().is_some_and(|n| !(0..=0o777).contains(&n)) {
        errors.invalid(path, value, "must be a number between 0 and 0777 (octal), both inclusive");
    }
}

/// `validateKeyToPath` of all items, and the default mode.
pub(super) fn items(source: &Value, path: &str, errors: &mut Errors) {
    mode(&source["defaultMode"], &format!("{path}.defaultMode"), errors);
    for (i, item) in source["items"].items().iter().enumerate() {
        let path = format!("{path}.items[{i}]");
        if item["key"].str().is_empty() {
            errors.required(format!("{path}.key"), "");
        }
        file_path(item["path"].str(), &format!("{path}.path"), errors);
        mode(&item["mode"], &format!("{path}.mode"), errors);
    }
}

fn file_path(target: &str, path: &str, errors: &mut Errors) {
    if target.is_empty() {
        errors.required(path, "");
    }
    local_path(target, path, errors);
}

/// `validateDownwardAPIVolumeFile`
pub(super) fn downward(item: &Value, path: &str, errors: &mut Errors) {
    file_path(item["path"].str(), &format!("{path}.path"), errors);
    let (field, resource) = (&item["fieldRef"], &item["resourceFieldRef"]);
    if field.is_some() {
        field_ref(field, &format!("{path}.fieldRef"), true, errors);
        if resource.is_some() {
            let words = "fieldRef and resourceFieldRef can not be specified simultaneously";
            errors.invalid(path, "resource", words);
        }
    } else if resource.is_some() {
        resource_field_ref(resource, &format!("{path}.resourceFieldRef"), true, errors);
    } else {
        errors.required(path, "one of fieldRef and resourceFieldRef is required");
    }
    mode(&item["mode"], &format!("{path}.mode"), errors);
}
