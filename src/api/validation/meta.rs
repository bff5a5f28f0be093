//! `metadata`: names, labels, annotations, owners, finalizers (apimachinery, pkg/api/validation/objectmeta.go).

use super::Errors;
use crate::api::{Kind, Object, Value, names};

/// `TotalAnnotationSizeLimitB`
const ANNOTATIONS_MAX: usize = 256 << 10;

/// Checks the metadata of a new object, its name included.
pub(super) fn create(object: &Object, errors: &mut Errors) {
    let meta = &object["metadata"];
    let generate = meta["generateName"].str();
    if !generate.is_empty() {
        let complaints = name_rule(object.kind)(&names::mask_trailing_dash(generate));
        errors.complaints("metadata.generateName", generate, complaints);
    }
    let name = meta["name"].str();
    if name.is_empty() {
        if generate.is_empty() {
            errors.required("metadata.name", "name or generateName is required");
        }
    } else {
        errors.complaints("metadata.name", name, name_rule(object.kind)(name));
    }
    if object.kind.info().namespaced {
        match meta["namespace"].str() {
            "" => errors.required("metadata.namespace", ""),
            namespace => errors.complaints("metadata.namespace", namespace, names::dns_label(namespace)),
        }
    } else if !meta["namespace"].str().is_empty() {
        errors.forbidden("metadata.namespace", "not allowed on this type");
    }
    common(meta, "metadata", errors);
    finalizers(&meta["finalizers"], "metadata.finalizers", errors);
    if object.kind != Kind::CRD {
        standard_finalizers(&meta["finalizers"], "metadata.finalizers", true, errors);
    }
}

/// The rule for a kind's names (`ValidateXName`).
pub(super) fn name_rule(kind: Kind) -> fn(&str) -> names::Complaints {
    match kind {
        Kind::SERVICE | Kind::NAMESPACE => names::dns_label,
        Kind::ROLE | Kind::ROLE_BINDING | Kind::CLUSTER_ROLE | Kind::CLUSTER_ROLE_BINDING => path_segment,
        _ => names::dns_subdomain,
    }
}

/// `path.IsValidPathSegmentName`
pub(super) fn path_segment(name: &str) -> names::Complaints {
    if name == "." || name == ".." {
        return vec![format!("may not be '{name}'")];
    }
    ["/", "%"].iter().filter(|c| name.contains(**c)).map(|c| format!("may not contain '{c}'")).collect()
}

/// What is checked of any metadata, new or changed.
fn common(meta: &Value, path: &str, errors: &mut Errors) {
    labels(&meta["labels"], &format!("{path}.labels"), errors);
    annotations(&meta["annotations"], &format!("{path}.annotations"), errors);
    owners(&meta["ownerReferences"], &format!("{path}.ownerReferences"), errors);
}

/// `ValidateFinalizers`
fn finalizers(finalizers: &Value, path: &str, errors: &mut Errors) {
    let has = |name: &str| finalizers.items().iter().any(|f| f.str() == name);
    for finalizer in finalizers.items() {
        errors.complaints(path, finalizer, names::qualified(finalizer.str()));
    }
    if has("orphan") && has("foregroundDeletion") {
        errors.invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set");
    }
}

/// That finalizers without a domain are Kubernetes' own (`validateKubeFinalizerName`).
pub(super) fn standard_finalizers(finalizers: &Value, path: &str, indexed: bool, errors: &mut Errors) {
    for (i, finalizer) in finalizers.items().iter().enumerate() {
        let name = finalizer.str();
        if !name.contains('/') && !matches!(name, "kubernetes" | "orphan" | "foregroundDeletion") {
            let at = if indexed { format!("{path}[{i}]") } else { String::from(path) };
            let words = "name is neither a standard finalizer name nor is it fully qualified";
            errors.invalid(at, name, words);
        }
    }
}

/// `ValidateLabels`
pub(super) fn labels(labels: &Value, path: &str, errors: &mut Errors) {
    for (key, value) in labels.entries() {
        errors.complaints(path, key, names::qualified(key));
        errors.complaints(path, value, names::label_value(value.str()));
    }
}

/// `ValidateAnnotations`
pub(super) fn annotations(annotations: &Value, path: &str, errors: &mut Errors) {
    let mut size = 0;
    for (key, value) in annotations.entries() {
        errors.complaints(path, key, names::qualified(&key.to_lowercase()));
        size += key.len() + value.str().len();
    }
    if size > ANNOTATIONS_MAX {
        errors.too_long(path, ANNOTATIONS_MAX);
    }
}

fn owners(owners: &Value, path: &str, errors: &mut Errors) {
    let mut controller = String::new();
    for owner in owners.items() {
        // Upstream names the list, not the entry.
        for (field, words) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner[field].str().is_empty() {
                errors.invalid(format!("{path}.{field}"), "", words);
            }
        }
        if owner["apiVersion"].str() == "v1" && owner["kind"].str() == "Event" {
            errors.invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner");
        }
        if owner["controller"].is_true() {
            let this = format!("{}/{}", owner["kind"].str(), owner["name"].str());
            if controller.is_empty() {
                controller = this;
            } else {
                let found = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {controller} and {this}"
                );
                errors.invalid(path, owners, found);
            }
        }
    }
}

/// `ValidateLabelSelector`
pub(super) fn selector(selector: &Value, path: &str, errors: &mut Errors) {
    labels(&selector["matchLabels"], &format!("{path}.matchLabels"), errors);
    for (i, e) in selector["matchExpressions"].items().iter().enumerate() {
        let path = format!("{path}.matchExpressions[{i}]");
        let values = &e["values"];
        match e["operator"].str() {
            "In" | "NotIn" if values.is_empty() => {
                errors.required(
                    format!("{path}.values"),
                    "must be specified when `operator` is 'In' or 'NotIn'",
                );
            }
            "In" | "NotIn" => {}
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                errors.forbidden(
                    format!("{path}.values"),
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                );
            }
            "Exists" | "DoesNotExist" => {}
            _ => errors.invalid(format!("{path}.operator"), &e["operator"], "not a valid selector operator"),
        }
        errors.complaints(&format!("{path}.key"), &e["key"], names::qualified(e["key"].str()));
        for (j, value) in values.items().iter().enumerate() {
            errors.complaints(&format!("{path}.values[{j}]"), value, names::label_value(value.str()));
        }
    }
}

/// Checks the metadata of an update (`ValidateObjectMetaUpdate`).
pub(super) fn update(old: &Object, new: &Object, errors: &mut Errors) {
    let (before, after) = (&old["metadata"], &new["metadata"]);
    if before["deletionTimestamp"].is_some() {
        let added: Vec<Value> = after["finalizers"]
            .items()
            .iter()
            .filter(|f| !before["finalizers"].items().contains(f))
            .cloned()
            .collect();
        if !added.is_empty() {
            let names: Vec<String> = added.iter().map(|f| format!("{:?}", f.str())).collect();
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                names.join(", ")
            );
            errors.forbidden("metadata.finalizers", detail);
        }
    }
    for field in ["name", "namespace", "uid"] {
        // What a client leaves out, the server takes from the old object.
        if after[field].is_some() && before[field].is_some() && after[field] != before[field] {
            errors.invalid(format!("metadata.{field}"), &after[field], "field is immutable");
        }
    }
    common(after, "metadata", errors);
    if new.kind != Kind::CRD {
        standard_finalizers(&after["finalizers"], "metadata.finalizers", true, errors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{list, map};

    #[test]
    fn metadata_is_checked_in_upstreams_words() {
        let object = |meta: Value| Object::new(Kind::POD, map! { "metadata" => meta });
        let found = |meta: Value| {
            let mut errors = Errors::default();
            create(&object(meta), &mut errors);
            errors.list.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(found(map! { "name" => "a.b", "namespace" => "x" }).is_empty());
        assert_eq!(
            found(map! { "namespace" => "x" }),
            ["metadata.name: Required value: name or generateName is required"]
        );
        assert_eq!(found(map! { "generateName" => "a-", "namespace" => "x" }), Vec::<String>::new());
        assert_eq!(
            found(map! { "name" => "a", "namespace" => "x", "finalizers" => list!["bad finalizer"] }).len(),
            2
        );
        assert_eq!(
            found(
                map! { "name" => "a", "namespace" => "x", "ownerReferences" => list![map! { "kind" => "A", "name" => "b" }] }
            ),
            [
                "metadata.ownerReferences.apiVersion: Invalid value: \"\": version must not be empty",
                "metadata.ownerReferences.uid: Invalid value: \"\": must not be empty"
            ]
        );
    }
}
