//! What a layer changes in every object: namespace, names, labels, annotations, replicas, images.

use super::{Resource, refs, rename};
use crate::api::Value;
use crate::kubectl::files::find_kind;

/// Applies a kustomization's changes in kustomize's order.
pub fn run(file: &Value, all: &mut [Resource]) {
    namespace(file["namespace"].str(), all);
    names(file["namePrefix"].str(), file["nameSuffix"].str(), all);
    for resource in all.iter_mut() {
        for set in file["labels"].items() {
            let selectors = set["includeSelectors"].is_true();
            let templates = selectors || set["includeTemplates"].is_true();
            labels(resource, &set["pairs"], selectors, templates);
        }
        labels(resource, &file["commonLabels"], true, true);
        annotations(resource, &file["commonAnnotations"]);
        for set in file["replicas"].items() {
            replicas(resource, set);
        }
        for set in file["images"].items() {
            images(resource, set);
        }
    }
}

/// Where a kind has its pod's spec.
pub fn pod_spec(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "Pod" => "spec",
        "CronJob" => "spec.jobTemplate.spec.template.spec",
        "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet" | "DaemonSet" | "Job" => {
            "spec.template.spec"
        }
        _ => return None,
    })
}

fn namespaced(value: &Value) -> bool {
    find_kind(&[], value["apiVersion"].str(), value["kind"].str()).is_none_or(|k| k.info().namespaced)
}

fn namespace(namespace: &str, all: &mut [Resource]) {
    if namespace.is_empty() {
        return;
    }
    let mut renamed = Vec::new();
    for resource in all.iter_mut() {
        if resource.kind() == "Namespace" {
            renamed.push(rename(resource, namespace.to_string()));
        } else if namespaced(&resource.value) {
            resource.value.set("metadata.namespace", namespace);
        }
    }
    let accounts: Vec<String> =
        all.iter().filter(|r| r.kind() == "ServiceAccount").map(|r| r.name().to_string()).collect();
    for resource in all.iter_mut().filter(|r| matches!(r.kind(), "RoleBinding" | "ClusterRoleBinding")) {
        refs::edit(&mut resource.value, &["subjects", "*"], &|subject| {
            let name = subject["name"].str();
            let ours = name == "default" || accounts.iter().any(|a| a == name);
            if subject["kind"].str() == "ServiceAccount" && ours {
                subject.set("namespace", namespace);
            }
        });
    }
    refs::follow(all, &renamed);
}

fn names(prefix: &str, suffix: &str, all: &mut [Resource]) {
    if prefix.is_empty() && suffix.is_empty() {
        return;
    }
    // kustomize leaves these as they are: their names are looked up by others or by the system.
    let fixed = ["Namespace", "CustomResourceDefinition", "APIService"];
    let renamed: Vec<refs::Renamed> = all
        .iter_mut()
        .filter(|r| !fixed.contains(&r.kind()))
        .map(|r| {
            let name = format!("{prefix}{}{suffix}", r.name());
            rename(r, name)
        })
        .collect();
    refs::follow(all, &renamed);
}

fn merge(value: &mut Value, path: &str, pairs: &Value) {
    let slot = value.slot(path);
    for (key, v) in pairs.entries() {
        slot.map_mut().insert(key, v);
    }
}

fn labels(resource: &mut Resource, pairs: &Value, selectors: bool, templates: bool) {
    if pairs.is_empty() {
        return;
    }
    let kind = resource.kind().to_string();
    let value = &mut resource.value;
    merge(value, "metadata.labels", pairs);
    let template = pod_spec(&kind).and_then(|p| p.strip_suffix(".spec"));
    if templates && let Some(template) = template {
        merge(value, &format!("{template}.metadata.labels"), pairs);
        if kind == "CronJob" {
            merge(value, "spec.jobTemplate.metadata.labels", pairs);
        }
        if kind == "StatefulSet" {
            refs::edit(value, &["spec", "volumeClaimTemplates", "*"], &|claim| {
                merge(claim, "metadata.labels", pairs);
            });
        }
    }
    if !selectors {
        return;
    }
    match kind.as_str() {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" => {
            merge(value, "spec.selector.matchLabels", pairs);
        }
        "Service" if value.at("spec.selector").is_empty() && value.at("spec.externalName").is_some() => {}
        "Service" | "ReplicationController" => merge(value, "spec.selector", pairs),
        "PodDisruptionBudget" | "Job" if value.at("spec.selector.matchLabels").is_some() => {
            merge(value, "spec.selector.matchLabels", pairs);
        }
        "NetworkPolicy" if value.at("spec.podSelector.matchLabels").is_some() => {
            merge(value, "spec.podSelector.matchLabels", pairs);
        }
        _ => {}
    }
}

fn annotations(resource: &mut Resource, pairs: &Value) {
    if pairs.is_empty() {
        return;
    }
    merge(&mut resource.value, "metadata.annotations", pairs);
    if let Some(template) = pod_spec(resource.kind()).and_then(|p| p.strip_suffix(".spec")) {
        merge(&mut resource.value, &format!("{template}.metadata.annotations"), pairs);
    }
}

fn replicas(resource: &mut Resource, set: &Value) {
    let scales =
        matches!(resource.kind(), "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController");
    if scales && resource.origin == set["name"].str() {
        resource.value.set("spec.replicas", set["count"].clone());
    }
}

fn images(resource: &mut Resource, set: &Value) {
    let Some(spec) = pod_spec(resource.kind()) else { return };
    for field in ["containers", "initContainers", "ephemeralContainers"] {
        let path: Vec<&str> = spec.split('.').chain([field, "*", "image"]).collect();
        refs::edit(&mut resource.value, &path, &|image| {
            if let Some(new) = replaced(image.str(), set) {
                *image = Value::from(new);
            }
        });
    }
}

/// The image that an entry of `images` makes of another; nothing if that is not meant.
fn replaced(image: &str, set: &Value) -> Option<String> {
    let (rest, digest) = image.split_once('@').map_or((image, ""), |(r, d)| (r, d));
    let slash = rest.rfind('/').map_or(0, |i| i + 1);
    let (name, tag) = match rest[slash..].split_once(':') {
        Some((n, t)) => (&rest[..slash + n.len()], t),
        None => (rest, ""),
    };
    if name != set["name"].str() {
        return None;
    }
    let new = match set["newName"].str() {
        "" => name,
        given => given,
    };
    let text = |v: &Value| v.as_str().map_or_else(|| crate::api::json::print(v), String::from);
    Some(match (&set["newTag"], set["digest"].str()) {
        (_, d) if !d.is_empty() => format!("{new}@{d}"),
        (t, _) if t.is_some() => format!("{new}:{}", text(t)),
        _ if !digest.is_empty() => format!("{new}@{digest}"),
        _ if !tag.is_empty() => format!("{new}:{tag}"),
        _ => new.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_replaced_by_name() {
        let set = crate::map! { "name" => "nginx", "newTag" => "1.16" };
        assert_eq!(replaced("nginx:1.14", &set).as_deref(), Some("nginx:1.16"));
        assert_eq!(replaced("nginx", &set).as_deref(), Some("nginx:1.16"));
        assert_eq!(replaced("my.org:80/nginx", &set), None);
        let set = crate::map! { "name" => "a:80/b", "newName" => "c" };
        assert_eq!(replaced("a:80/b", &set).as_deref(), Some("c"));
        let set = crate::map! { "name" => "a/b", "newName" => "c" };
        assert_eq!(replaced("a/b:7", &set).as_deref(), Some("c:7"));
    }
}
