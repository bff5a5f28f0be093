//! Fields that name other objects: where those are renamed, they follow.

use super::Resource;
use crate::api::Value;

/// An object that has another name now.
#[derive(Debug)]
pub struct Renamed {
    /// Kind of the object.
    pub kind: String,
    /// Its name before.
    pub from: String,
    /// Its name now.
    pub to: String,
    /// Its namespace.
    pub namespace: String,
}

/// Fields below a pod's spec, with the kind that they name; `*` stands for the elements of a list.
const IN_PODS: &[(&str, &str)] = &[
    ("volumes.*.configMap.name", "ConfigMap"),
    ("volumes.*.secret.secretName", "Secret"),
    ("volumes.*.projected.sources.*.configMap.name", "ConfigMap"),
    ("volumes.*.projected.sources.*.secret.name", "Secret"),
    ("volumes.*.persistentVolumeClaim.claimName", "PersistentVolumeClaim"),
    ("containers.*.env.*.valueFrom.configMapKeyRef.name", "ConfigMap"),
    ("containers.*.env.*.valueFrom.secretKeyRef.name", "Secret"),
    ("containers.*.envFrom.*.configMapRef.name", "ConfigMap"),
    ("containers.*.envFrom.*.secretRef.name", "Secret"),
    ("initContainers.*.env.*.valueFrom.configMapKeyRef.name", "ConfigMap"),
    ("initContainers.*.env.*.valueFrom.secretKeyRef.name", "Secret"),
    ("initContainers.*.envFrom.*.configMapRef.name", "ConfigMap"),
    ("initContainers.*.envFrom.*.secretRef.name", "Secret"),
    ("imagePullSecrets.*.name", "Secret"),
    ("serviceAccountName", "ServiceAccount"),
    ("priorityClassName", "PriorityClass"),
];

/// Fields of other kinds: the kind, the field, the kind that it names.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("StatefulSet", "spec.serviceName", "Service"),
    ("Ingress", "spec.defaultBackend.service.name", "Service"),
    ("Ingress", "spec.rules.*.http.paths.*.backend.service.name", "Service"),
    ("Ingress", "spec.tls.*.secretName", "Secret"),
    ("ServiceAccount", "secrets.*.name", "Secret"),
    ("ServiceAccount", "imagePullSecrets.*.name", "Secret"),
    ("PersistentVolumeClaim", "spec.volumeName", "PersistentVolume"),
    ("PersistentVolumeClaim", "spec.storageClassName", "StorageClass"),
];

/// Lets every reference to a renamed object follow.
pub fn follow(all: &mut [Resource], renamed: &[Renamed]) {
    if renamed.is_empty() {
        return;
    }
    for resource in all {
        let namespace = resource.value.at("metadata.namespace").str().to_string();
        let find = |kind: &str, name: &str| {
            let same = |r: &&Renamed| r.kind == kind && r.from == name;
            let here = |r: &&Renamed| r.namespace == namespace || r.namespace.is_empty();
            renamed.iter().filter(same).find(here).map(|r| r.to.clone())
        };
        let kind = resource.kind().to_string();
        if let Some(spec) = super::transform::pod_spec(&kind) {
            for (path, target) in IN_PODS {
                let parts: Vec<&str> = spec.split('.').chain(path.split('.')).collect();
                edit(&mut resource.value, &parts, &|v| rewrite(v, &find, target));
            }
        }
        for (_, path, target) in ELSEWHERE.iter().filter(|(k, ..)| *k == kind) {
            let parts: Vec<&str> = path.split('.').collect();
            edit(&mut resource.value, &parts, &|v| rewrite(v, &find, target));
        }
        if matches!(kind.as_str(), "RoleBinding" | "ClusterRoleBinding") {
            edit(&mut resource.value, &["roleRef"], &|v| by_kind(v, &find));
            edit(&mut resource.value, &["subjects", "*"], &|v| by_kind(v, &find));
        }
        if kind == "HorizontalPodAutoscaler" {
            edit(&mut resource.value, &["spec", "scaleTargetRef"], &|v| by_kind(v, &find));
        }
    }
}

fn rewrite(value: &mut Value, find: &dyn Fn(&str, &str) -> Option<String>, kind: &str) {
    if let Some(name) = find(kind, value.str()) {
        *value = Value::from(name);
    }
}

/// A reference that says which kind it names.
fn by_kind(value: &mut Value, find: &dyn Fn(&str, &str) -> Option<String>) {
    if let Some(name) = find(value["kind"].str(), value["name"].str()) {
        value.set("name", name);
    }
}

/// Edits what a path leads to, where it exists; `*` leads to every element of a list.
pub fn edit(value: &mut Value, path: &[&str], change: &dyn Fn(&mut Value)) {
    let Some((first, rest)) = path.split_first() else { return change(value) };
    if *first == "*" {
        if !value.is_empty() && value.as_list().is_some() {
            value.list_mut().iter_mut().for_each(|v| edit(v, rest, change));
        }
    } else if value.get(first).is_some()
        && let Some(inner) = value.map_mut().get_mut(first)
    {
        edit(inner, rest, change);
    }
}
