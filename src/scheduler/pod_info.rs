//! What the scheduler keeps of a pod: its tree and what plugins would otherwise read again and again.

use super::resources::{Resources, pod_requests, pod_requests_for_scoring};
use crate::api::object::Key;
use crate::api::{Object, Text, Value};

/// A pod as plugins see it.
#[derive(Clone, Debug)]
pub struct PodInfo {
    /// Its key.
    pub key: Key,
    /// Its uid.
    pub uid: Text,
    /// `metadata.labels`.
    pub labels: Value,
    /// `spec`.
    pub spec: Value,
    /// `spec.nodeName`.
    pub node_name: Text,
    /// `spec.nodeSelector`.
    pub node_selector: Value,
    /// `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution`.
    pub node_affinity: Value,
    /// `spec.tolerations`.
    pub tolerations: Value,
    /// `spec.priority`.
    pub priority: i64,
    /// What it requests.
    pub requests: Resources,
    /// CPU and memory that scoring assumes.
    pub scoring: (i64, i64),
    /// Host ports: (address, protocol, port).
    pub host_ports: Vec<(Text, Text, i64)>,
    /// Whether `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// `status.startTime`, by which preemption prefers victims.
    pub started: Text,
    /// The owner reference with `controller: true`.
    pub controller: Value,
}

impl PodInfo {
    /// Reads a pod.
    pub fn new(pod: &Object) -> PodInfo {
        let spec = &pod["spec"];
        PodInfo {
            key: pod.key(),
            uid: pod.at("metadata.uid").text(),
            labels: pod.at("metadata.labels").clone(),
            spec: spec.clone(),
            node_name: spec["nodeName"].text(),
            node_selector: spec["nodeSelector"].clone(),
            node_affinity: spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
                .clone(),
            tolerations: spec["tolerations"].clone(),
            priority: spec["priority"].int_or(0),
            requests: pod_requests(spec),
            scoring: pod_requests_for_scoring(spec),
            host_ports: host_ports(spec),
            deleting: pod.is_deleting(),
            started: pod.at("status.startTime").text(),
            controller: pod.controller().clone(),
        }
    }

    /// Terms of `spec.affinity.KIND.requiredDuringSchedulingIgnoredDuringExecution`.
    pub fn required(&self, kind: &str) -> &[Value] {
        self.spec["affinity"][kind]["requiredDuringSchedulingIgnoredDuringExecution"].items()
    }

    /// Terms of `spec.affinity.KIND.preferredDuringSchedulingIgnoredDuringExecution`.
    pub fn preferred(&self, kind: &str) -> &[Value] {
        self.spec["affinity"][kind]["preferredDuringSchedulingIgnoredDuringExecution"].items()
    }

    /// Whether it has affinity or anti-affinity to other pods.
    pub fn has_pod_affinity(&self) -> bool {
        let a = &self.spec["affinity"];
        a.is_some() && (!a["podAffinity"].is_empty() || !a["podAntiAffinity"].is_empty())
    }
}

fn host_ports(spec: &Value) -> Vec<(Text, Text, i64)> {
    let mut ports = Vec::new();
    let sidecars = spec["initContainers"].items().iter().filter(|c| c["restartPolicy"].str() == "Always");
    for container in spec["containers"].items().iter().chain(sidecars) {
        for p in container["ports"].items() {
            let port = p["hostPort"].int_or(0);
            if port > 0 {
                let or = |v: &Value, default: &'static str| {
                    if v.is_empty() { Text::lit(default) } else { v.text() }
                };
                ports.push((or(&p["hostIP"], "0.0.0.0"), or(&p["protocol"], "TCP"), port));
            }
        }
    }
    ports
}
