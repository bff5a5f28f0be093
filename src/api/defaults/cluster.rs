//! Defaults of services, storage, policies and the other kinds.

use super::pod::volume_source;
use super::{default, default_number, each, within};
use crate::api::{Kind, Text, Value};
use crate::list;

pub(super) fn service(value: &mut Value) {
    let spec = value.slot("spec");
    default(spec, "sessionAffinity", Text::lit("None"));
    match spec["sessionAffinity"].str() {
        "None" => drop(spec.remove("sessionAffinityConfig")),
        "ClientIP" if spec.at("sessionAffinityConfig.clientIP.timeoutSeconds").is_null() => {
            spec.set("sessionAffinityConfig.clientIP.timeoutSeconds", 10_800);
        }
        _ => {}
    }
    default(spec, "type", Text::lit("ClusterIP"));
    each(spec, "ports", |port| {
        default(port, "protocol", Text::lit("TCP"));
        if port["targetPort"].is_null()
            || port["targetPort"] == Value::Int(0)
            || port["targetPort"].as_str() == Some("")
        {
            let number = port["port"].clone();
            port.set("targetPort", number);
        }
    });
    let kind = spec["type"].text();
    let external = matches!(&*kind, "NodePort" | "LoadBalancer");
    if external || (&*kind == "ClusterIP" && !spec["externalIPs"].is_empty()) {
        default(spec, "externalTrafficPolicy", Text::lit("Cluster"));
    }
    if external || &*kind == "ClusterIP" {
        default(spec, "internalTrafficPolicy", Text::lit("Cluster"));
    }
    if &*kind == "LoadBalancer" {
        default(spec, "allocateLoadBalancerNodePorts", true);
    }
}

/// Sets the type and moves `stringData` into `data` (conversion of Secret).
pub(super) fn secret(value: &mut Value) {
    default(value, "type", Text::lit("Opaque"));
    if let Some(strings) = value.remove("stringData") {
        for (key, text) in strings.entries() {
            let encoded = crate::api::text::base64(text.str().as_bytes());
            value.slot("data").map_mut().insert(key.clone(), encoded);
        }
    }
}

pub(super) fn namespace(value: &mut Value) {
    let name = value.at("metadata.name").text();
    if !name.is_empty() {
        value.slot("metadata.labels").map_mut().insert(Text::lit("kubernetes.io/metadata.name"), name);
    }
}

/// Limits default to maxima, requests to limits, else to minima.
pub(super) fn limit_range(value: &mut Value) {
    each(value.slot("spec"), "limits", |item| {
        if item["type"].str() != "Container" {
            return;
        }
        for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
            let source = item[from].clone();
            for (name, quantity) in source.entries() {
                if item[to].get(name).is_null() {
                    item.slot(to).map_mut().insert(name.clone(), quantity);
                }
            }
        }
    });
}

pub(super) fn volume(value: &mut Value) {
    default(value.slot("status"), "phase", Text::lit("Pending"));
    let spec = value.slot("spec");
    default(spec, "persistentVolumeReclaimPolicy", Text::lit("Retain"));
    default(spec, "volumeMode", Text::lit("Filesystem"));
    volume_source(spec);
}

pub(super) fn claim(value: &mut Value) {
    default(value.slot("status"), "phase", Text::lit("Pending"));
    default(value.slot("spec"), "volumeMode", Text::lit("Filesystem"));
}

pub(super) fn endpoints(value: &mut Value) {
    each(value, "subsets", |subset| {
        each(subset, "ports", |port| default(port, "protocol", Text::lit("TCP")));
    });
}

pub(super) fn endpoint_slice(value: &mut Value) {
    each(value, "ports", |port| {
        if port["name"].is_null() {
            port.set("name", "");
        }
        default(port, "protocol", Text::lit("TCP"));
    });
}

pub(super) fn network_policy(value: &mut Value) {
    let spec = value.slot("spec");
    for rules in ["ingress", "egress"] {
        each(spec, rules, |rule| {
            each(rule, "ports", |port| default(port, "protocol", Text::lit("TCP")));
        });
    }
    if spec["policyTypes"].is_empty() {
        let types = if spec["egress"].is_empty() { list!["Ingress"] } else { list!["Ingress", "Egress"] };
        spec.set("policyTypes", types);
    }
}

pub(super) fn csi_driver(value: &mut Value) {
    let spec = value.slot("spec");
    default(spec, "attachRequired", true);
    default(spec, "podInfoOnMount", false);
    default(spec, "storageCapacity", false);
    default(spec, "fsGroupPolicy", Text::lit("ReadWriteOnceWithFSType"));
    default(spec, "requiresRepublish", false);
    default(spec, "seLinuxMount", false);
    if spec["volumeLifecycleModes"].is_empty() {
        spec.set("volumeLifecycleModes", list!["Persistent"]);
    }
}

pub(super) fn role_binding(value: &mut Value) {
    const GROUP: Text = Text::lit("rbac.authorization.k8s.io");
    default(value.slot("roleRef"), "apiGroup", GROUP);
    each(value, "subjects", |subject| {
        if matches!(subject["kind"].str(), "User" | "Group") {
            default(subject, "apiGroup", GROUP);
        }
    });
}

pub(super) fn webhooks(value: &mut Value, kind: Kind) {
    each(value, "webhooks", |hook| {
        default(hook, "failurePolicy", Text::lit("Fail"));
        default(hook, "matchPolicy", Text::lit("Equivalent"));
        default(hook, "namespaceSelector", Value::map());
        default(hook, "objectSelector", Value::map());
        default(hook, "timeoutSeconds", 10);
        if kind == Kind::MUTATING_WEBHOOK {
            default(hook, "reinvocationPolicy", Text::lit("Never"));
        }
        each(hook, "rules", |rule| default(rule, "scope", Text::lit("*")));
        within(hook.slot("clientConfig"), "service", |s| default_number(s, "port", 443));
    });
}

pub(super) fn custom_resource(value: &mut Value) {
    let spec = value.slot("spec");
    default(spec, "scope", Text::lit("Namespaced"));
    default(spec.slot("conversion"), "strategy", Text::lit("None"));
    let names = spec.slot("names");
    let kind = names["kind"].text();
    if !kind.is_empty() {
        default(names, "singular", kind.to_lowercase());
        default(names, "listKind", format!("{kind}List"));
    }
}
