//! Defaults of pods and pod templates (pkg/apis/core/v1/defaults.go).

use super::{default, default_number, each, within};
use crate::api::{Text, Value};

/// A pod: what templates get, and what only real pods get.
pub(super) fn pod(value: &mut Value) {
    let spec = value.slot("spec");
    for list in ["containers", "initContainers"] {
        each(spec, list, requests_from_limits);
    }
    pod_requests_from_limits(spec);
    default(spec, "enableServiceLinks", true);
    pod_spec(spec);
}

/// The `template` of a workload.
pub(super) fn template(value: &mut Value) {
    pod_spec(value.slot("spec"));
}

/// A limit without a request asks for what it limits.
fn requests_from_limits(container: &mut Value) {
    let limits = container.at("resources.limits").clone();
    for (name, limit) in limits.entries() {
        let requests = container.slot("resources").slot("requests");
        if requests.get(name).is_null() {
            requests.map_mut().insert(name.clone(), limit);
        }
    }
}

/// The same for resources of the pod as a whole, where no container asks for the resource.
fn pod_requests_from_limits(spec: &mut Value) {
    let limits = spec.at("resources.limits").clone();
    for (name, limit) in limits.entries() {
        let requests = spec.slot("resources").slot("requests");
        if requests.get(name).is_null() {
            requests.map_mut().insert(name.clone(), limit);
        }
    }
}

/// `SetDefaults_PodSpec` and what belongs to the parts of a pod.
pub(super) fn pod_spec(spec: &mut Value) {
    default(spec, "dnsPolicy", Text::lit("ClusterFirst"));
    default(spec, "restartPolicy", Text::lit("Always"));
    default(spec, "securityContext", Value::map());
    default(spec, "terminationGracePeriodSeconds", 30);
    default(spec, "schedulerName", Text::lit("default-scheduler"));
    // The old name of the field is kept equal (conversion of PodSpec).
    let account = [spec["serviceAccountName"].text(), spec["serviceAccount"].text()];
    if let Some(account) = account.into_iter().find(|a| !a.is_empty()) {
        spec.set("serviceAccountName", account.clone());
        spec.set("serviceAccount", account);
    }
    let host_network = spec["hostNetwork"].is_true();
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        each(spec, list, |c| container(c, host_network && list != "ephemeralContainers"));
    }
    each(spec, "volumes", volume);
}

fn container(c: &mut Value, host_network: bool) {
    let image = c["image"].text();
    default(c, "imagePullPolicy", Text::lit(pull_policy(&image)));
    default(c, "terminationMessagePath", Text::lit("/dev/termination-log"));
    default(c, "terminationMessagePolicy", Text::lit("File"));
    each(c, "ports", |port| {
        default(port, "protocol", Text::lit("TCP"));
        if host_network {
            let number = port["containerPort"].int_or(0);
            default_number(port, "hostPort", number);
        }
    });
    each(c, "env", |env| {
        within(env, "valueFrom", |from| {
            field_ref(from);
            within(from, "fileKeyRef", |f| default(f, "optional", false));
        });
    });
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        within(c, name, probe);
    }
    within(c, "lifecycle", |lifecycle| {
        for hook in ["postStart", "preStop"] {
            within(lifecycle, hook, handler);
        }
    });
}

/// `Always` for images without a tag or with `:latest`, else `IfNotPresent`.
fn pull_policy(image: &str) -> &'static str {
    let name = image.rsplit('/').next().unwrap_or("");
    let tag = name.split_once(':').map(|(_, tag)| tag);
    if image.contains('@') || tag.is_some_and(|t| t != "latest") { "IfNotPresent" } else { "Always" }
}

fn probe(p: &mut Value) {
    default_number(p, "timeoutSeconds", 1);
    default_number(p, "periodSeconds", 10);
    default_number(p, "successThreshold", 1);
    default_number(p, "failureThreshold", 3);
    handler(p);
    within(p, "grpc", |grpc| {
        if grpc["service"].is_null() {
            grpc.set("service", "");
        }
    });
}

fn handler(h: &mut Value) {
    within(h, "httpGet", |get| {
        default(get, "path", Text::lit("/"));
        default(get, "scheme", Text::lit("HTTP"));
    });
}

fn field_ref(from: &mut Value) {
    within(from, "fieldRef", |f| default(f, "apiVersion", Text::lit("v1")));
}

/// `SetDefaults_Volume` and those of its sources.
pub(super) fn volume(v: &mut Value) {
    if v.entries().all(|(key, _)| key == "name") {
        v.set("emptyDir", Value::map());
    }
    for (source, mode) in [("secret", true), ("configMap", true), ("downwardAPI", true), ("projected", true)]
    {
        within(v, source, |s| {
            if mode && s["defaultMode"].is_null() {
                s.set("defaultMode", 0o644);
            }
            each(s, "items", field_ref);
            each(s, "sources", |source| {
                within(source, "serviceAccountToken", |t| {
                    if t["expirationSeconds"].is_null() {
                        t.set("expirationSeconds", 3600);
                    }
                });
                within(source, "downwardAPI", |d| each(d, "items", field_ref));
            });
        });
    }
    within(v, "ephemeral", |e| {
        within(e, "volumeClaimTemplate", |t| {
            within(t, "spec", |spec| default(spec, "volumeMode", Text::lit("Filesystem")));
        });
    });
    within(v, "image", |i| {
        let reference = i["reference"].text();
        default(i, "pullPolicy", Text::lit(pull_policy(&reference)));
    });
    volume_source(v);
}

/// The sources that pods and persistent volumes share.
pub(super) fn volume_source(v: &mut Value) {
    within(v, "hostPath", |h| {
        if h["type"].is_null() {
            h.set("type", "");
        }
    });
    within(v, "iscsi", |i| default(i, "iscsiInterface", Text::lit("default")));
    within(v, "rbd", |r| {
        default(r, "pool", Text::lit("rbd"));
        default(r, "user", Text::lit("admin"));
        default(r, "keyring", Text::lit("/etc/ceph/keyring"));
    });
    within(v, "azureDisk", |a| {
        default(a, "cachingMode", Text::lit("ReadWrite"));
        default(a, "kind", Text::lit("Shared"));
        default(a, "fsType", Text::lit("ext4"));
        default(a, "readOnly", false);
    });
    within(v, "scaleIO", |s| {
        default(s, "storageMode", Text::lit("ThinProvisioned"));
        default(s, "fsType", Text::lit("xfs"));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_decides_when_to_pull() {
        for (image, policy) in [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("nginx:1.9", "IfNotPresent"),
            ("host:5000/nginx", "Always"),
            ("host:5000/nginx:1", "IfNotPresent"),
            ("nginx@sha256:00", "IfNotPresent"),
            ("", "Always"),
        ] {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }
}
