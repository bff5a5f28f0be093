//! What containers mount: volumes, block devices, and the paths that are allowed for them.

use super::Errors;
use crate::api::Value;

/// `ValidateVolumeMounts`, `ValidateVolumeDevices`; `volumes` are those that are valid themselves.
pub(super) fn check(c: &Value, path: &str, volumes: &[&Value], errors: &mut Errors) {
    let devices = c["volumeDevices"].items();
    let mut taken: Vec<&str> = vec![];
    for (i, mount) in c["volumeMounts"].items().iter().enumerate() {
        let at = |field: &str| format!("{path}.volumeMounts[{i}].{field}");
        let (name, target) = (mount["name"].str(), mount["mountPath"].str());
        if name.is_empty() {
            errors.required(at("name"), "");
        }
        if !volumes.iter().any(|v| v["name"].str() == name) {
            errors.not_found(at("name"), name);
        }
        if target.is_empty() {
            errors.required(at("mountPath"), "");
        }
        if taken.contains(&target) {
            errors.invalid(at("mountPath"), target, "must be unique");
        }
        taken.push(target);
        if devices.iter().any(|d| d["name"].str() == name) {
            errors.invalid(at("name"), name, "must not already exist in volumeDevices");
        }
        if devices.iter().any(|d| d["devicePath"].str() == target) {
            errors.invalid(at("mountPath"), target, "must not already exist as a path in volumeDevices");
        }
        let expression = mount["subPathExpr"].str();
        // Upstream forgets the index in these.
        let unindexed = |field: &str| format!("{path}.volumeMounts.{field}");
        descending(mount["subPath"].str(), &unindexed("subPath"), errors);
        if !expression.is_empty() && !mount["subPath"].str().is_empty() {
            let words = "subPathExpr and subPath are mutually exclusive";
            errors.invalid(at("subPathExpr"), expression, words);
        }
        descending(expression, &unindexed("subPathExpr"), errors);
        propagation(mount, c, &unindexed("mountPropagation"), errors);
        read_only(mount, &unindexed("recursiveReadOnly"), errors);
    }
    for (i, _) in devices.iter().enumerate() {
        device(c, i, path, volumes, errors);
    }
}

fn propagation(mount: &Value, c: &Value, path: &str, errors: &mut Errors) {
    let mode = &mount["mountPropagation"];
    if mode.is_null() {
        return;
    }
    if !matches!(mode.str(), "None" | "HostToContainer" | "Bidirectional") {
        errors.not_supported(path, mode, &["Bidirectional", "HostToContainer", "None"]);
    }
    if mode.str() == "Bidirectional" && !c["securityContext"]["privileged"].is_true() {
        errors.forbidden(path, "Bidirectional mount propagation is available only to privileged containers");
    }
}

fn read_only(mount: &Value, path: &str, errors: &mut Errors) {
    match mount["recursiveReadOnly"].as_str() {
        None | Some("Disabled") => {}
        Some("Enabled" | "IfPossible") => {
            if !mount["readOnly"].is_true() {
                errors.forbidden(path, "may only be specified when readOnly is true");
            }
            if !matches!(mount["mountPropagation"].str(), "" | "None") {
                let words = "may only be specified when mountPropagation is None or not specified";
                errors.forbidden(path, words);
            }
        }
        Some(other) => errors.not_supported(path, other, &["Disabled", "Enabled", "IfPossible"]),
    }
}

fn device(c: &Value, i: usize, path: &str, volumes: &[&Value], errors: &mut Errors) {
    let devices = c["volumeDevices"].items();
    let device = &devices[i];
    let at = |field: &str| format!("{path}.volumeDevices[{i}].{field}");
    let (name, target) = (device["name"].str(), device["devicePath"].str());
    let volume = volumes.iter().find(|v| v["name"].str() == name);
    if name.is_empty() {
        errors.required(at("name"), "");
    } else if devices[..i].iter().any(|d| d["name"].str() == name) {
        errors.invalid(at("name"), name, "must be unique");
    }
    match volume {
        None => errors.not_found(at("name"), name),
        Some(v) if v["persistentVolumeClaim"].is_null() && v["ephemeral"].is_null() => {
            let words =
                "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
            errors.invalid(at("name"), name, words);
        }
        Some(_) => {}
    }
    if target.is_empty() {
        errors.required(at("devicePath"), "");
    }
    if devices[..i].iter().any(|d| d["devicePath"].str() == target) {
        errors.invalid(at("devicePath"), target, "must be unique");
    }
    if goes_back(target) {
        errors.invalid(at("devicePath"), target, "can not contain backsteps ('..')");
    }
    let mounts = c["volumeMounts"].items();
    if mounts.iter().any(|m| m["name"].str() == name) {
        errors.invalid(at("name"), name, "must not already exist in volumeMounts");
    }
    if mounts.iter().any(|m| m["mountPath"].str() == target) {
        errors.invalid(at("devicePath"), target, "must not already exist as a path in volumeMounts");
    }
}

fn goes_back(target: &str) -> bool {
    target.split('/').any(|part| part == "..")
}

/// `validatePathNoBacksteps`
pub(super) fn no_backsteps(target: &str, path: &str, errors: &mut Errors) {
    if goes_back(target) {
        errors.invalid(path, target, "must not contain '..'");
    }
}

/// `validateLocalDescendingPath`
pub(super) fn descending(target: &str, path: &str, errors: &mut Errors) {
    if target.starts_with('/') {
        errors.invalid(path, target, "must be a relative path");
    }
    no_backsteps(target, path, errors);
}

/// `ValidateLocalNonReservedPath`
pub(super) fn local_path(target: &str, path: &str, errors: &mut Errors) {
    descending(target, path, errors);
    if target.starts_with("..") && !target.starts_with("../") {
        errors.invalid(path, target, "must not start with '..'");
    }
}
