//! What may change in a pod: images, the deadline, more tolerations, fewer scheduling gates.

use super::{Errors, container, internal, placement, pod};
use crate::api::{Object, Value};

/// `updatablePodSpecFields` as the message lists them.
const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// `ValidatePodUpdate`, after the metadata.
pub(super) fn update(old: &Object, new: &Object, errors: &mut Errors) {
    let (before, after) = (&old["spec"], &new["spec"]);
    pod::metadata_and_spec(new, errors);
    for list in ["containers", "initContainers"] {
        if before[list].items().len() != after[list].items().len() {
            errors.forbidden(format!("spec.{list}"), "pod updates may not add or remove containers");
            return;
        }
        for (i, c) in after[list].items().iter().enumerate() {
            if c["image"].str().is_empty() {
                errors.required(format!("spec.{list}[{i}].image"), "");
            }
            container::trimmed_image(c, &format!("spec.{list}[{i}]"), errors);
        }
    }
    if !deadline(before, after, errors) {
        return;
    }
    added_tolerations(before, after, errors);
    removed_gates(before, after, errors);
    if !before["schedulingGates"].is_empty() {
        narrowed(before, after, errors);
    }
    let munged = munged(before, after);
    if munged != *before {
        let detail = format!(
            "pod updates may not change fields other than {UPDATABLE}\n{}",
            internal::diff(before, &munged, "PodSpec")
        );
        errors.forbidden("spec", detail);
    }
}

/// False if the deadline is so wrong that nothing else is looked at.
fn deadline(before: &Value, after: &Value, errors: &mut Errors) -> bool {
    const FIELD: &str = "spec.activeDeadlineSeconds";
    match (before["activeDeadlineSeconds"].as_int(), after["activeDeadlineSeconds"].as_int()) {
        (_, Some(n)) if !(0..=i64::from(i32::MAX)).contains(&n) => {
            errors.invalid(FIELD, n, "must be between 0 and 2147483647, inclusive");
            false
        }
        (Some(old), Some(n)) if old < n => {
            errors.invalid(FIELD, n, "must be less than or equal to previous value");
            false
        }
        (Some(_), None) => {
            errors.invalid(FIELD, Value::Null, "must not update from a positive integer to nil value");
            true
        }
        _ => true,
    }
}

fn added_tolerations(before: &Value, after: &Value, errors: &mut Errors) {
    let same = |a: &Value, b: &Value| {
        ["key", "operator", "value", "effect"].iter().all(|f| a[*f].str() == b[*f].str())
    };
    let kept = |t: &Value| after["tolerations"].items().iter().any(|n| same(n, t) || n == t);
    if !before["tolerations"].items().iter().all(kept) {
        errors.forbidden(
            "spec.tolerations",
            "existing toleration can not be modified except its tolerationSeconds",
        );
        return;
    }
    placement::tolerations(&after["tolerations"], "spec.tolerations", errors);
}

fn removed_gates(before: &Value, after: &Value, errors: &mut Errors) {
    for (i, gate) in after["schedulingGates"].items().iter().enumerate() {
        let name = gate["name"].str();
        if before["schedulingGates"].find("name", name).is_null() {
            let detail = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            errors.forbidden(format!("spec.schedulingGates[{i}].name"), detail);
        }
    }
}

/// That a gated pod asks no less of its node than before.
fn narrowed(before: &Value, after: &Value, errors: &mut Errors) {
    let kept = |(key, value): (&crate::api::Text, &Value)| after["nodeSelector"].get(key) == value;
    if !before["nodeSelector"].entries().all(kept) {
        let words = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        errors.invalid("spec.nodeSelector", &after["nodeSelector"], words);
    }
    const REQUIRED: &str =
        "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
    let (old, new) = (before.at(REQUIRED).items(), after.at(REQUIRED).items());
    let path = format!("spec.{REQUIRED}");
    if !old.is_empty() && old.len() != new.len() {
        let words = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        errors.invalid(path, after.at(REQUIRED), words);
        return;
    }
    for (i, (old, new)) in old.iter().zip(new).enumerate() {
        let only_added = ["matchExpressions", "matchFields"].iter().all(|list| {
            let (old, new) = (old[*list].items(), new[*list].items());
            new.len() >= old.len() && old.iter().zip(new).all(|(a, b)| a == b)
        });
        // A term without any requirement matches nothing, and would match something with one.
        let empty = old["matchExpressions"].is_empty() && old["matchFields"].is_empty() && old != new;
        if !only_added || empty {
            let words = "only additions are allowed (no mutations or deletions)";
            errors.invalid_shown(format!("{path}[{i}]"), internal::compact(new, "NodeSelectorTerm"), words);
        }
    }
}

/// The new spec with all that may change set back.
fn munged(before: &Value, after: &Value) -> Value {
    let mut spec = after.clone();
    for list in ["containers", "initContainers"] {
        for i in 0..after[list].items().len() {
            spec.set(&format!("{list}.{i}.image"), &before[list][i]["image"]);
        }
    }
    let mut fields = vec!["activeDeadlineSeconds", "tolerations", "schedulingGates"];
    if !before["schedulingGates"].is_empty() {
        // Gated pods may narrow where they go.
        fields.push("nodeSelector");
        match &before["affinity"]["nodeAffinity"] {
            Value::Null => drop(spec.remove("affinity.nodeAffinity")),
            old => spec.set("affinity.nodeAffinity", old),
        }
        if before["affinity"].is_null() && spec["affinity"].is_empty() {
            spec.remove("affinity");
        }
    }
    let grace =
        (before["terminationGracePeriodSeconds"].int_or(0), after["terminationGracePeriodSeconds"].int_or(0));
    if grace.0 < 0 && grace.1 == 1 {
        fields.push("terminationGracePeriodSeconds");
    }
    for field in fields {
        match &before[field] {
            Value::Null => drop(spec.remove(field)),
            v => spec.set(field, v),
        }
    }
    spec
}

/// The `ephemeralcontainers` subresource: only additions.
pub(super) fn ephemeral(old: &Object, new: &Object, errors: &mut Errors) {
    pod::metadata_and_spec(new, errors);
    for container in old.at("spec.ephemeralContainers").items() {
        let name = container["name"].str();
        match new.at("spec.ephemeralContainers").find("name", name) {
            Value::Null => {
                errors.forbidden(
                    "spec.ephemeralContainers",
                    format!("existing ephemeral containers {name:?} may not be removed\n"),
                );
            }
            c if c != container => {
                errors.forbidden(
                    "spec.ephemeralContainers",
                    format!(
                        "existing ephemeral containers {name:?} may not be changed\n{}",
                        internal::diff(container, c, "EphemeralContainer")
                    ),
                );
            }
            _ => {}
        }
    }
}
