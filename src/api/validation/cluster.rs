//! Storage, quotas, budgets, roles, secrets, nodes and the other kinds.

use super::{Errors, internal, meta, placement, resources, volume};
use crate::api::quantity::Quantity;
use crate::api::schema::Type;
use crate::api::{Kind, Object, Value, json, names};
use crate::collections::Order;

/// `MaxSecretSize`
const DATA_MAX: usize = 1 << 20;

/// Checks an object of one of these kinds.
pub(super) fn check(object: &Object, errors: &mut Errors) {
    let spec = &object["spec"];
    match object.kind {
        Kind::CONFIG_MAP => config_map(object, errors),
        Kind::SECRET => secret(object, errors),
        Kind::PERSISTENT_VOLUME_CLAIM => claim(spec, errors),
        Kind::PERSISTENT_VOLUME => persistent_volume(spec, errors),
        Kind::STORAGE_CLASS => storage_class(object, errors),
        Kind::RESOURCE_QUOTA => {
            for (name, value) in spec["hard"].entries() {
                let path = format!("spec.hard[{name}]");
                resources::quota_name(name, &path, errors);
                resources::quantity(name, value, &path, errors);
            }
        }
        Kind::LIMIT_RANGE => limit_range(spec, errors),
        Kind::PDB => budget(spec, errors),
        Kind::PRIORITY_CLASS => priority_class(object, errors),
        Kind::ROLE | Kind::CLUSTER_ROLE => rules(&object["rules"], object.kind, errors),
        Kind::ROLE_BINDING | Kind::CLUSTER_ROLE_BINDING => role_binding(object, errors),
        Kind::NODE => node(spec, errors),
        _ => {}
    }
}

fn config_map(object: &Object, errors: &mut Errors) {
    let mut size = 0;
    for (key, value) in object["data"].entries() {
        let path = format!("data[{key}]");
        errors.complaints(&path, key, names::config_key(key));
        if object["binaryData"].get(key).is_some() {
            errors.invalid(path, key, "duplicate of key present in binaryData");
        }
        size += value.str().len();
    }
    for (key, value) in object["binaryData"].entries() {
        errors.complaints(&format!("binaryData[{key}]"), key, names::config_key(key));
        size += value.str().len() / 4 * 3;
    }
    if size > DATA_MAX {
        errors.too_long("", DATA_MAX);
    }
}

fn secret(object: &Object, errors: &mut Errors) {
    let data = &object["data"];
    let mut size = 0;
    for (key, value) in data.entries() {
        errors.complaints(&format!("data[{key}]"), key, names::config_key(key));
        size += value.str().len() / 4 * 3;
    }
    if size > DATA_MAX {
        errors.too_long("data", DATA_MAX);
    }
    let mut need = |key: &str| {
        if data.get(key).is_null() {
            errors.required(format!("data[{key}]"), "");
        }
    };
    match object["type"].str() {
        "kubernetes.io/dockercfg" => need(".dockercfg"),
        "kubernetes.io/dockerconfigjson" => need(".dockerconfigjson"),
        "kubernetes.io/basic-auth" if data.get("username").is_null() && data.get("password").is_null() => {
            need("username");
            need("password");
        }
        "kubernetes.io/ssh-auth" => need("ssh-privatekey"),
        "kubernetes.io/tls" => {
            need("tls.crt");
            need("tls.key");
        }
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            if object.annotation(key).unwrap_or("").is_empty() {
                errors.required(format!("metadata.annotations[{key}]"), "");
            }
        }
        _ => {}
    }
}

fn access_modes(spec: &Value, errors: &mut Errors) {
    let modes = spec["accessModes"].items();
    if modes.is_empty() {
        errors.required("spec.accessModes", "at least 1 access mode is required");
    }
    for mode in modes {
        if !matches!(mode.str(), "ReadOnlyMany" | "ReadWriteMany" | "ReadWriteOnce" | "ReadWriteOncePod") {
            let known = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
            errors.not_supported("spec.accessModes", mode, &known);
        }
    }
    if modes.len() > 1 && modes.iter().any(|m| m.str() == "ReadWriteOncePod") {
        errors.forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes");
    }
}

fn volume_mode(spec: &Value, errors: &mut Errors) {
    let mode = spec["volumeMode"].str();
    if !matches!(mode, "" | "Block" | "Filesystem") {
        errors.not_supported("spec.volumeMode", mode, &["Block", "Filesystem"]);
    }
}

/// `ValidatePersistentVolumeClaimSpec`
fn claim(spec: &Value, errors: &mut Errors) {
    access_modes(spec, errors);
    meta::selector(&spec["selector"], "spec.selector", errors);
    let storage = &spec["resources"]["requests"]["storage"];
    if storage.is_null() {
        errors.required("spec.resources[storage]", "");
    } else if Quantity::of(storage).nano <= 0 {
        errors.invalid(
            "spec.resources[storage]",
            Quantity::of(storage).to_string(),
            "must be greater than zero",
        );
    }
    let class = spec["storageClassName"].str();
    if !class.is_empty() {
        errors.complaints("spec.storageClassName", class, names::dns_subdomain(class));
    }
    volume_mode(spec, errors);
}

/// `ValidatePersistentVolumeSpec`
fn persistent_volume(spec: &Value, errors: &mut Errors) {
    access_modes(spec, errors);
    let capacity = &spec["capacity"];
    if capacity.is_empty() {
        errors.required("spec.capacity", "");
    }
    if capacity["storage"].is_null() || capacity.entries().count() > 1 {
        errors.not_supported("spec.capacity", capacity, &["storage"]);
    }
    for (name, value) in capacity.entries() {
        let amount = Quantity::of(value);
        if amount.nano <= 0 {
            errors.invalid(format!("spec.capacity[{name}]"), amount.to_string(), "must be greater than zero");
        }
    }
    const OTHERS: &[&str] = &[
        "capacity",
        "accessModes",
        "claimRef",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "mountOptions",
        "volumeMode",
        "nodeAffinity",
        "volumeAttributesClassName",
    ];
    let mut first = true;
    for (kind, source) in spec.entries().filter(|(k, _)| !OTHERS.contains(&k.as_str())) {
        if std::mem::take(&mut first) {
            volume::source(kind, source, &format!("spec.{kind}"), errors);
        } else {
            errors.forbidden(format!("spec.{kind}"), "may not specify more than 1 volume type");
        }
    }
    if first {
        errors.required("spec", "must specify a volume type");
    }
    if spec["local"].is_some() && spec["nodeAffinity"].is_null() {
        errors.required("spec.nodeAffinity", "Local volume requires node affinity");
    }
    if spec["nodeAffinity"]["required"].is_some() {
        placement::node_selector(&spec["nodeAffinity"]["required"], "spec.nodeAffinity.required", errors);
    }
    let policy = spec["persistentVolumeReclaimPolicy"].str();
    if !matches!(policy, "Retain" | "Delete" | "Recycle" | "") {
        errors.not_supported("spec.persistentVolumeReclaimPolicy", policy, &["Delete", "Recycle", "Retain"]);
    }
    if spec["hostPath"]["path"].str() == "/" && policy == "Recycle" {
        errors.forbidden(
            "spec.persistentVolumeReclaimPolicy",
            "may not be 'recycle' for a hostPath mount of '/'",
        );
    }
    let class = spec["storageClassName"].str();
    if !class.is_empty() {
        errors.complaints("spec.storageClassName", class, names::dns_subdomain(class));
    }
    volume_mode(spec, errors);
}

fn storage_class(object: &Object, errors: &mut Errors) {
    if object["provisioner"].str().is_empty() {
        errors.required("provisioner", "");
    }
    let policy = object["reclaimPolicy"].str();
    if !matches!(policy, "Delete" | "Retain" | "") {
        errors.not_supported("reclaimPolicy", policy, &["Delete", "Retain"]);
    }
    let mode = object["volumeBindingMode"].str();
    if !matches!(mode, "Immediate" | "WaitForFirstConsumer" | "") {
        errors.not_supported("volumeBindingMode", mode, &["Immediate", "WaitForFirstConsumer"]);
    }
}

/// `ValidateLimitRange`
fn limit_range(spec: &Value, errors: &mut Errors) {
    let mut taken: Vec<&str> = vec![];
    for (i, limit) in spec["limits"].items().iter().enumerate() {
        let path = format!("spec.limits[{i}]");
        let kind = limit["type"].str();
        if taken.contains(&kind) {
            errors.duplicate(format!("{path}.type"), kind);
        }
        taken.push(kind);
        let mut keys: Vec<&str> = vec![];
        for list in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
            for (name, value) in limit[list].entries() {
                let at = format!("{path}.{list}[{name}]");
                resources::limit_name(name, &at, errors);
                resources::quantity(name, value, &at, errors);
                if kind == "Pod" && matches!(list, "default" | "defaultRequest") {
                    errors.forbidden(format!("{path}.{list}"), "may not be specified when `type` is 'Pod'");
                }
                keys.push(name);
            }
        }
        if kind == "PersistentVolumeClaim"
            && limit["min"]["storage"].is_null()
            && limit["max"]["storage"].is_null()
        {
            errors.required(
                path.as_str(),
                "either minimum or maximum storage value is required, but neither was provided",
            );
        }
        keys.order();
        keys.dedup();
        for key in keys {
            limits_in_order(limit, key, &path, errors);
        }
    }
}

fn limits_in_order(limit: &Value, key: &str, path: &str, errors: &mut Errors) {
    let of = |list: &str| limit[list].get(key).is_some().then(|| Quantity::of(limit[list].get(key)));
    let (min, max, default, request) = (of("min"), of("max"), of("default"), of("defaultRequest"));
    let mut above = |low: Option<Quantity>,
                     high: Option<Quantity>,
                     field: &str,
                     shown: Option<Quantity>,
                     words: (&str, &str)| {
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            let detail = format!("{} value {low} is greater than {} value {high}", words.0, words.1);
            errors.invalid(format!("{path}.{field}[{key}]"), shown.unwrap_or(low).to_string(), detail);
        }
    };
    above(min, max, "min", min, ("min", "max"));
    above(min, request, "defaultRequest", request, ("min", "default request"));
    above(request, max, "defaultRequest", request, ("default request", "max"));
    above(request, default, "defaultRequest", request, ("default request", "default limit"));
    // Upstream shows the minimum here.
    above(min, default, "default", min, ("min", "default"));
    above(default, max, "default", default, ("default", "max"));
}

/// `ValidatePodDisruptionBudgetSpec`
fn budget(spec: &Value, errors: &mut Errors) {
    let (min, max) = (&spec["minAvailable"], &spec["maxUnavailable"]);
    if min.is_some() && max.is_some() {
        let shown = format!(
            "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{}}}",
            json::print(min),
            json::print(&spec["selector"]),
            json::print(max),
            json::print(&spec["unhealthyPodEvictionPolicy"])
        );
        errors.invalid_shown("spec", shown, "minAvailable and maxUnavailable cannot be both set");
    }
    for (field, value) in [("minAvailable", min), ("maxUnavailable", max)] {
        let path = format!("spec.{field}");
        match value.as_str() {
            Some(text) => errors.complaints(&path, text, names::percent(text)),
            None => errors.nonnegative(path, value),
        }
    }
    meta::selector(&spec["selector"], "spec.selector", errors);
}

fn priority_class(object: &Object, errors: &mut Errors) {
    let name = object.name();
    if name.starts_with("system-") && !matches!(name, "system-node-critical" | "system-cluster-critical") {
        errors.forbidden("metadata.name", format!("priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system priority class"));
    } else if object["value"].int_or(0) > 1_000_000_000 && !name.starts_with("system-") {
        errors.forbidden("value", "maximum allowed value of a user defined priority is 1000000000");
    }
    let policy = object["preemptionPolicy"].str();
    if !matches!(policy, "" | "Never" | "PreemptLowerPriority") {
        errors.not_supported("preemptionPolicy", policy, &["Never", "PreemptLowerPriority"]);
    }
}

fn rules(rules: &Value, kind: Kind, errors: &mut Errors) {
    for (i, rule) in rules.items().iter().enumerate() {
        let at = |field: &str| format!("rules[{i}].{field}");
        if rule["verbs"].is_empty() {
            errors.required(at("verbs"), "verbs must contain at least one value");
        }
        if !rule["nonResourceURLs"].is_empty() {
            if kind == Kind::ROLE {
                errors.invalid(
                    at("nonResourceURLs"),
                    &rule["nonResourceURLs"],
                    "namespaced rules cannot apply to non-resource URLs",
                );
            } else if !rule["apiGroups"].is_empty()
                || !rule["resources"].is_empty()
                || !rule["resourceNames"].is_empty()
            {
                errors.invalid(
                    at("nonResourceURLs"),
                    &rule["nonResourceURLs"],
                    "rules cannot apply to both regular resources and non-resource URLs",
                );
            }
            continue;
        }
        if rule["apiGroups"].is_empty() {
            errors.required(at("apiGroups"), "resource rules must supply at least one api group");
        }
        if rule["resources"].is_empty() {
            errors.required(at("resources"), "resource rules must supply at least one resource");
        }
    }
}

fn role_binding(object: &Object, errors: &mut Errors) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let role = &object["roleRef"];
    if role["apiGroup"].str() != GROUP {
        errors.not_supported("roleRef.apiGroup", role["apiGroup"].str(), &[GROUP]);
    }
    let kinds: &[&str] =
        if object.kind == Kind::ROLE_BINDING { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&role["kind"].str()) {
        errors.not_supported("roleRef.kind", role["kind"].str(), kinds);
    }
    if role["name"].str().is_empty() {
        errors.required("roleRef.name", "");
    }
    for (i, subject) in object["subjects"].items().iter().enumerate() {
        let at = |field: &str| format!("subjects[{i}].{field}");
        let (kind, group, name) = (subject["kind"].str(), subject["apiGroup"].str(), subject["name"].str());
        if name.is_empty() {
            errors.required(at("name"), "");
        }
        match kind {
            "ServiceAccount" => {
                if !name.is_empty() {
                    errors.complaints(&at("name"), name, names::dns_subdomain(name));
                }
                if !group.is_empty() {
                    errors.not_supported(at("apiGroup"), group, &[""]);
                }
                if subject["namespace"].str().is_empty() && object.kind == Kind::CLUSTER_ROLE_BINDING {
                    errors.required(at("namespace"), "");
                }
            }
            "User" | "Group" if group != GROUP => errors.not_supported(at("apiGroup"), group, &[GROUP]),
            "User" | "Group" => {}
            _ => errors.not_supported(at("kind"), kind, &["ServiceAccount", "User", "Group"]),
        }
    }
}

fn node(spec: &Value, errors: &mut Errors) {
    let taints = spec["taints"].items();
    for (i, taint) in taints.iter().enumerate() {
        let at = |field: &str| format!("metadata.taints[{i}].{field}");
        errors.complaints(&at("key"), &taint["key"], names::qualified(taint["key"].str()));
        let complaints = names::label_value(taint["value"].str());
        if !complaints.is_empty() {
            errors.invalid(at("value"), &taint["value"], complaints.join(";"));
        }
        placement::taint_effect(taint["effect"].str(), &at("effect"), errors);
        let same = |t: &Value| t["key"] == taint["key"] && t["effect"] == taint["effect"];
        if taints[..i].iter().any(same) {
            errors.duplicate(format!("metadata.taints[{i}]"), taint);
        }
    }
}

/// What may not change in an object of one of these kinds.
pub(super) fn update(old: &Object, new: &Object, errors: &mut Errors) {
    match new.kind {
        Kind::SECRET | Kind::CONFIG_MAP => {
            if new.kind == Kind::SECRET && old["type"] != new["type"] {
                errors.invalid("type", &new["type"], "field is immutable");
            }
            if old["immutable"].is_true() {
                if !new["immutable"].is_true() {
                    errors.forbidden("immutable", "field is immutable when `immutable` is set");
                }
                for field in ["data", "binaryData"] {
                    if old[field] != new[field] {
                        errors.forbidden(field, "field is immutable when `immutable` is set");
                    }
                }
            }
        }
        Kind::STORAGE_CLASS => {
            for (field, words) in [
                ("parameters", "updates to parameters are forbidden."),
                ("provisioner", "updates to provisioner are forbidden."),
                ("reclaimPolicy", "updates to reclaimPolicy are forbidden."),
            ] {
                if old[field] != new[field] {
                    errors.forbidden(field, words);
                }
            }
            if old["volumeBindingMode"] != new["volumeBindingMode"] {
                errors.invalid("volumeBindingMode", &new["volumeBindingMode"], "field is immutable");
            }
        }
        Kind::PRIORITY_CLASS => {
            if old["value"] != new["value"] {
                errors.forbidden("value", "may not be changed in an update.");
            }
            if old["preemptionPolicy"] != new["preemptionPolicy"] {
                errors.invalid("preemptionPolicy", &new["preemptionPolicy"], "field is immutable");
            }
        }
        Kind::ROLE_BINDING | Kind::CLUSTER_ROLE_BINDING if old["roleRef"] != new["roleRef"] => {
            errors.invalid("roleRef", &new["roleRef"], "cannot change roleRef");
        }
        Kind::PERSISTENT_VOLUME_CLAIM => claim_update(old, new, errors),
        Kind::PERSISTENT_VOLUME => {
            let source = |o: &Object| {
                let t = Type::named("PersistentVolumeSpec").expect("in the table");
                let of = |f: &crate::api::schema::Field| f.embedded().is_some();
                t.fields().filter(of).map(|f| o["spec"][f.name()].clone()).collect::<Vec<_>>()
            };
            if source(old) != source(new) {
                errors.forbidden(
                    "spec.persistentvolumesource",
                    "spec.persistentvolumesource is immutable after creation",
                );
            }
        }
        _ => {}
    }
}

fn claim_update(old: &Object, new: &Object, errors: &mut Errors) {
    let rest = |o: &Object| {
        let mut spec = o["spec"].clone();
        spec.remove("resources.requests.storage");
        spec.remove("volumeAttributesClassName");
        // A class may be given to a claim that has none.
        if old["spec"]["storageClassName"].is_null() {
            spec.remove("storageClassName");
        }
        // Binding may be filled in once.
        if o["spec"]["volumeName"].str().is_empty() || old["spec"]["volumeName"].str().is_empty() {
            spec.remove("volumeName");
        }
        spec
    };
    if rest(old) != rest(new) {
        let words = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        let diff = internal::diff(&rest(old), &rest(new), "PersistentVolumeClaimSpec");
        errors.forbidden("spec", format!("{words}\n{diff}"));
        return;
    }
    let storage = |o: &Object| Quantity::of(o.at("spec.resources.requests.storage"));
    if storage(new) < storage(old) && storage(new) < Quantity::of(old.at("status.capacity.storage")) {
        errors.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
    }
}
