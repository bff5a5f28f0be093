//! Pods.

use super::containers::{self, Known};
use super::{Writer, date, scalar, volumes};
use crate::api::{Object, Value};

/// Describes a pod.
pub fn describe(w: &mut Writer, pod: &Object) {
    head(w, pod);
    for (title, list, statuses) in [
        ("Init Containers", "spec.initContainers", "status.initContainerStatuses"),
        ("Containers", "spec.containers", "status.containerStatuses"),
        ("Ephemeral Containers", "spec.ephemeralContainers", "status.ephemeralContainerStatuses"),
    ] {
        if !pod.at(list).is_empty() {
            let known = Known { pod: Some(pod), statuses: pod.at(statuses), space: "" };
            containers::section(w, title, pod.at(list), &known);
        }
    }
    if !pod.at("spec.readinessGates").is_empty() {
        w.line(0, "Readiness Gates:");
        w.line(1, "Type\tStatus");
        for gate in pod.at("spec.readinessGates").items() {
            let kind = gate["conditionType"].str();
            let status = pod.condition(kind)["status"].str().to_string();
            w.line(1, &format!("{kind} \t{} ", super::or(&status, "<none>")));
        }
    }
    if !pod.at("status.conditions").is_empty() {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus");
        for c in pod.at("status.conditions").items() {
            w.line(1, &format!("{} \t{} ", c["type"].str(), c["status"].str()));
        }
    }
    volumes::section(w, pod.at("spec.volumes"), "");
    w.optional(0, "QoS Class", pod.at("status.qosClass").str());
    w.labels("Node-Selectors", pod.at("spec.nodeSelector"));
    w.tolerations("Tolerations", pod.at("spec.tolerations"));
    containers::spread(w, pod.at("spec.topologySpreadConstraints"), "");
    w.events(pod);
}

fn head(w: &mut Writer, pod: &Object) {
    w.field(0, "Name", pod.name());
    w.field(0, "Namespace", pod.namespace());
    if pod.at("spec.priority").is_some() {
        w.field(0, "Priority", &scalar(pod.at("spec.priority")));
    }
    w.optional(0, "Priority Class Name", pod.at("spec.priorityClassName").str());
    w.optional(0, "Runtime Class Name", pod.at("spec.runtimeClassName").str());
    w.optional(0, "Service Account", pod.at("spec.serviceAccountName").str());
    match pod.at("spec.nodeName").str() {
        "" => w.field(0, "Node", "<none>"),
        node => w.field(0, "Node", &format!("{node}/{}", pod.at("status.hostIP").str())),
    }
    if pod.at("status.startTime").is_some() {
        w.field(0, "Start Time", &date(pod.at("status.startTime")));
    }
    w.labels("Labels", pod.at("metadata.labels"));
    w.annotations("Annotations", pod.at("metadata.annotations"));
    let phase = pod.at("status.phase").str();
    if pod.is_deleting() && !matches!(phase, "Failed" | "Succeeded") {
        let lasts = w.since(pod.at("metadata.deletionTimestamp"));
        w.field(0, "Status", &format!("Terminating (lasts {lasts})"));
        let grace = pod.at("metadata.deletionGracePeriodSeconds").int_or(0);
        w.field(0, "Termination Grace Period", &format!("{grace}s"));
    } else {
        w.field(0, "Status", phase);
    }
    w.optional(0, "Reason", pod.at("status.reason").str());
    w.optional(0, "Message", pod.at("status.message").str());
    w.optional(0, "SeccompProfile", pod.at("spec.securityContext.seccompProfile.type").str());
    w.field(0, "IP", pod.at("status.podIP").str());
    let ips = pod.at("status.podIPs").items();
    w.line(0, if ips.is_empty() { "IPs:\t<none>" } else { "IPs:" });
    for ip in ips {
        w.field(1, "IP", ip["ip"].str());
    }
    let controller = pod.controller();
    if controller.is_some() {
        w.field(0, "Controlled By", &controlled_by(controller));
    }
    w.optional(0, "NominatedNodeName", pod.at("status.nominatedNodeName").str());
    if pod.at("spec.resources").is_some() {
        containers::resources(w, 0, pod.at("spec.resources"));
    }
}

/// `ReplicaSet/web-1`.
pub fn controlled_by(reference: &Value) -> String {
    format!("{}/{}", reference["kind"].str(), reference["name"].str())
}
