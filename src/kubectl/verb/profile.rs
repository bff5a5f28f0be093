//! The profiles of `kubectl debug`: what rights the debugging container gets, and what a copied pod leaves out
//! (pkg/cmd/debug/profiles.go).

use crate::api::Value;
use crate::kubectl::flags::{Args, Flag, switch};

/// The profiles by name.
pub const PROFILES: &[&str] = &["legacy", "general", "baseline", "netadmin", "restricted", "sysadmin"];

/// What a copied pod keeps although the profile would leave it out.
pub const KEEP: &[Flag] = &[
    switch("keep-labels", ' '),
    switch("keep-annotations", ' '),
    switch("keep-liveness", ' '),
    switch("keep-readiness", ' '),
    switch("keep-startup", ' '),
    switch("keep-init-containers", ' '),
];

/// What is being made.
#[derive(Clone, Copy, PartialEq)]
pub enum Style {
    /// A container in a running pod.
    Ephemeral,
    /// A copy of a pod.
    Copy,
    /// A pod on a node.
    Node,
}

/// Applies a profile to a container of a pod, and to the pod.
pub fn apply(args: &Args, pod: &mut Value, container: &str, style: Style) {
    let profile = args.value("profile");
    rights(profile, pod, container, style);
    match style {
        Style::Ephemeral => {}
        Style::Node => {
            if matches!(profile, "legacy" | "general" | "sysadmin") {
                mount_root(pod, container);
            }
            if !matches!(profile, "baseline" | "restricted") {
                for field in ["hostNetwork", "hostPID", "hostIPC"] {
                    pod.slot("spec").set(field, true);
                }
            }
        }
        Style::Copy if profile == "legacy" => drop(pod.slot("metadata").remove("labels")),
        Style::Copy => leave_out(args, pod),
    }
}

/// The security context of the debugging container.
fn rights(profile: &str, pod: &mut Value, container: &str, style: Style) {
    let Some(c) = named(pod, container) else { return };
    if matches!(profile, "baseline" | "restricted") || profile == "general" && style == Style::Node {
        c.remove("securityContext");
    }
    let add: &[&str] = match profile {
        "general" if style != Style::Node => &["SYS_PTRACE"],
        "netadmin" => &["NET_ADMIN", "NET_RAW"],
        _ => &[],
    };
    if !add.is_empty() {
        let had = c.at("securityContext.capabilities.add").items().to_vec();
        let all: Value = had.into_iter().chain(add.iter().map(|n| Value::from(*n))).collect();
        c.set("securityContext.capabilities.add", all);
    }
    match profile {
        "sysadmin" => c.set("securityContext.privileged", true),
        "restricted" => {
            c.set("securityContext.runAsNonRoot", true);
            c.set("securityContext.capabilities.drop", crate::list!["ALL"]);
            c.set("securityContext.allowPrivilegeEscalation", false);
            c.set("securityContext.seccompProfile", crate::map! { "type" => "RuntimeDefault" });
        }
        _ => {}
    }
}

/// The first container of that name; the profiles look at ordinary ones before ephemeral ones.
fn named<'a>(pod: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let list = ["initContainers", "containers", "ephemeralContainers"]
        .into_iter()
        .find(|l| pod["spec"][*l].items().iter().any(|c| c["name"].str() == name))?;
    pod.slot("spec").slot(list).list_mut().iter_mut().find(|c| c["name"].str() == name)
}

fn mount_root(pod: &mut Value, container: &str) {
    let root = crate::map! { "name" => "host-root", "hostPath" => crate::map! { "path" => "/" } };
    pod.set("spec.volumes", crate::list![root]);
    if let Some(c) = named(pod, container) {
        c.set("volumeMounts", crate::list![crate::map! { "mountPath" => "/host", "name" => "host-root" }]);
    }
}

/// Labels and annotations, by which others would take the copy for the original, and what might end it.
fn leave_out(args: &Args, pod: &mut Value) {
    for (flag, field) in [("keep-labels", "labels"), ("keep-annotations", "annotations")] {
        if !args.is(flag) {
            pod.slot("metadata").remove(field);
        }
    }
    let probes = [
        ("keep-liveness", "livenessProbe"),
        ("keep-readiness", "readinessProbe"),
        ("keep-startup", "startupProbe"),
    ];
    for c in pod.slot("spec").slot("containers").list_mut() {
        for (flag, field) in probes {
            if !args.is(flag) {
                c.remove(field);
            }
        }
    }
    if !args.is("keep-init-containers") {
        pod.slot("spec").remove("initContainers");
    }
    if pod.at("spec.shareProcessNamespace").is_null() {
        pod.set("spec.shareProcessNamespace", true);
    }
}
