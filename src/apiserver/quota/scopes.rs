//! Which objects the scopes of a quota cover.

use crate::api::{Kind, Object, Value};

/// Whether the scopes and the scope selector of a quota cover an object.
pub fn covers(quota: &Object, object: &Object) -> bool {
    let listed = quota.at("spec.scopes").items().iter().all(|scope| exists(scope.str(), object));
    listed && quota.at("spec.scopeSelector.matchExpressions").items().iter().all(|e| chooses(e, object))
}

fn chooses(expression: &Value, object: &Object) -> bool {
    let scope = expression["scopeName"].str();
    let value = match scope {
        "PriorityClass" if object.kind == Kind::POD => object.at("spec.priorityClassName").str(),
        "VolumeAttributesClass" if object.kind == Kind::PERSISTENT_VOLUME_CLAIM => {
            object.at("spec.volumeAttributesClassName").str()
        }
        _ => return exists(scope, object) == (expression["operator"].str() != "DoesNotExist"),
    };
    let among = expression["values"].items().iter().any(|v| v.str() == value);
    match expression["operator"].str() {
        "In" => !value.is_empty() && among,
        "NotIn" => !value.is_empty() && !among,
        "Exists" => !value.is_empty(),
        "DoesNotExist" => value.is_empty(),
        _ => false,
    }
}

/// Whether an object has what a scope asks for.
fn exists(scope: &str, object: &Object) -> bool {
    if scope == "VolumeAttributesClass" {
        let class = object.at("spec.volumeAttributesClassName").str();
        return object.kind == Kind::PERSISTENT_VOLUME_CLAIM && !class.is_empty();
    }
    if object.kind != Kind::POD {
        return false;
    }
    let best_effort = object.at("status.qosClass").str() == "BestEffort";
    let terminating = object.at("spec.activeDeadlineSeconds").is_some();
    match scope {
        "BestEffort" => best_effort,
        "NotBestEffort" => !best_effort,
        "Terminating" => terminating,
        "NotTerminating" => !terminating,
        "PriorityClass" => !object.at("spec.priorityClassName").str().is_empty(),
        "CrossNamespacePodAffinity" => crosses(object),
        _ => false,
    }
}

/// Whether a pod asks for or shuns pods of other namespaces.
fn crosses(pod: &Object) -> bool {
    let other = |term: &Value| !term["namespaces"].is_empty() || term["namespaceSelector"].is_some();
    ["podAffinity", "podAntiAffinity"].iter().any(|kind| {
        let affinity = &pod.at("spec.affinity")[*kind];
        affinity["requiredDuringSchedulingIgnoredDuringExecution"].items().iter().any(other)
            || affinity["preferredDuringSchedulingIgnoredDuringExecution"]
                .items()
                .iter()
                .any(|t| other(&t["podAffinityTerm"]))
    })
}
