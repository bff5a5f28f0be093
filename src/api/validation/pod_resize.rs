//! The `resize` subresource of pods: only cpu and memory of containers and of the pod itself may change, nothing
//! may be taken away, and the quality-of-service class stays (`ValidatePodResize`).

use super::{Errors, internal, pod};
use crate::api::resources::{CLASS, is_sidecar, qos_class};
use crate::api::{Object, Value};

/// What is wrong with a resize.
pub(super) fn check(old: &Object, new: &Object, errors: &mut Errors) {
    let (before, after) = (&old["spec"], &new["spec"]);
    pod::metadata_and_spec(new, errors);
    if old.annotation("kubernetes.io/config.mirror").is_some() {
        return errors.forbidden("", "static pods cannot be resized");
    }
    if before["os"]["name"].str() == "windows" {
        return errors.forbidden("", "windows pods cannot be resized");
    }
    let class = old.at("status.qosClass").str();
    if !class.is_empty() && class != qos_class(after) {
        errors.invalid("spec", class, "Pod QOS Class may not change as a result of resizing");
    }
    let found = errors.list.len();
    pod_level(&before["resources"], &after["resources"], errors);
    if !same_order(before, after, errors) {
        return;
    }
    removals(before, after, errors);
    if errors.list.len() == found {
        others(before, after, errors);
    }
}

fn pod_level(before: &Value, after: &Value, errors: &mut Errors) {
    if before.is_some() && after.is_null() {
        return errors.forbidden("spec.resources", "pod-level resources cannot be removed");
    }
    for what in ["requests", "limits"] {
        if removed(&before[what], &after[what]) {
            let detail = format!("pod-level resource {what} cannot be removed");
            errors.forbidden(format!("spec.resources.{what}"), detail);
        }
    }
    if without_class(before) != without_class(after) {
        errors.forbidden("spec", "only cpu and memory resources are mutable at pod-level");
    }
}

/// False if containers were added, removed, renamed or moved, so that they cannot be compared.
fn same_order(before: &Value, after: &Value, errors: &mut Errors) -> bool {
    let found = errors.list.len();
    for list in ["containers", "initContainers"] {
        let (old, new) = (before[list].items(), after[list].items());
        if old.len() != new.len() {
            let detail = format!("{list} may not be added or removed on resize");
            errors.forbidden(format!("spec.{list}"), detail);
            continue;
        }
        for (i, (a, b)) in old.iter().zip(new).enumerate() {
            if a["name"] != b["name"] {
                let detail = format!("{list} may not be renamed or reordered on resize");
                errors.forbidden(format!("spec.{list}[{i}].name"), detail);
            }
        }
    }
    errors.list.len() == found
}

fn removals(before: &Value, after: &Value, errors: &mut Errors) {
    for list in ["initContainers", "containers"] {
        for (i, (a, b)) in before[list].items().iter().zip(after[list].items()).enumerate() {
            for what in ["requests", "limits"] {
                if removed(&a["resources"][what], &b["resources"][what]) {
                    let field = format!("spec.{list}[{i}].resources.{what}");
                    errors.forbidden(field, format!("resource {what} cannot be removed"));
                }
            }
        }
    }
}

/// Whether a resource was named before and is no more.
fn removed(before: &Value, after: &Value) -> bool {
    before.entries().any(|(name, _)| after[name.as_str()].is_null())
}

/// Refuses changes of anything but cpu and memory.
fn others(before: &Value, after: &Value, errors: &mut Errors) {
    let found = errors.list.len();
    let pairs = |list: &str| {
        let (old, new) = (before[list].items().to_vec(), after[list].items().to_vec());
        old.into_iter().zip(new).enumerate()
    };
    for (i, (a, b)) in pairs("initContainers") {
        let field = format!("spec.initContainers[{i}]");
        if kept(&a) != kept(&b) {
            let detail = "only cpu and memory resources for init or sidecar containers are mutable";
            errors.forbidden(field.clone(), detail);
        }
        let restarts = |p: &Value| p["restartPolicy"].str() == "RestartContainer";
        if a != b && !is_sidecar(&b) && b["resizePolicy"].items().iter().any(restarts) {
            let detail =
                "non-sidecar init containers with a resize policy of RestartContainer cannot be resized";
            errors.forbidden(field, detail);
        }
    }
    for (_, (a, b)) in pairs("containers") {
        if kept(&a) != kept(&b) {
            errors.forbidden("spec", "only cpu and memory resources are mutable");
        }
    }
    if errors.list.len() > found {
        return;
    }
    let mut munged = after.clone();
    for list in ["containers", "initContainers"] {
        for (i, c) in before[list].items().iter().enumerate() {
            munged.set(&format!("{list}.{i}.resources"), &c["resources"]);
        }
    }
    if before["resources"].is_some() {
        munged.set("resources", &before["resources"]);
    } else {
        munged.remove("resources");
    }
    if munged != *before {
        let diff = internal::diff(before, &munged, "PodSpec");
        errors.forbidden("spec", format!("only cpu and memory resources are mutable\n{diff}"));
    }
}

/// A container without what may change.
fn kept(container: &Value) -> Value {
    let mut container = container.clone();
    let resources = without_class(&container["resources"]);
    container.set("resources", resources);
    container
}

fn without_class(resources: &Value) -> Value {
    let mut kept = Value::map();
    for (what, amounts) in resources.entries() {
        let mut amounts = amounts.clone();
        if matches!(what.as_str(), "requests" | "limits") {
            CLASS.iter().for_each(|name| drop(amounts.remove(name)));
        }
        if !amounts.is_empty() {
            kept.set(what, amounts);
        }
    }
    kept
}
