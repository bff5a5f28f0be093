//! Security contexts of pods and containers.

use super::Errors;
use crate::api::{Value, json, names};

const MAX_ID: i64 = i32::MAX as i64;

fn id(context: &Value, field: &str, path: &str, errors: &mut Errors) {
    if let Some(n) = context[field].as_int() {
        errors.complaints(&format!("{path}.{field}"), n, names::in_range(n, 0, MAX_ID));
    }
}

fn seccomp(profile: &Value, path: &str, errors: &mut Errors) {
    if profile.is_null() {
        return;
    }
    let local = profile["localhostProfile"].is_some();
    match profile["type"].str() {
        "Localhost" if !local => {
            errors.required(format!("{path}.localhostProfile"), "must be set when seccomp type is Localhost");
        }
        "RuntimeDefault" | "Unconfined" if local => errors.invalid(
            format!("{path}.localhostProfile"),
            &profile["localhostProfile"],
            "can only be set when seccomp type is Localhost",
        ),
        "Localhost" | "RuntimeDefault" | "Unconfined" => {}
        "" => errors.required(format!("{path}.type"), "type is required when seccompProfile is set"),
        _ => errors.not_supported(
            format!("{path}.type"),
            &profile["type"],
            &["Localhost", "RuntimeDefault", "Unconfined"],
        ),
    }
}

/// `ValidateSecurityContext`
pub(super) fn container(context: &Value, path: &str, errors: &mut Errors) {
    if context.is_null() {
        return;
    }
    id(context, "runAsUser", path, errors);
    id(context, "runAsGroup", path, errors);
    seccomp(&context["seccompProfile"], &format!("{path}.seccompProfile"), errors);
    if context["allowPrivilegeEscalation"].as_bool() == Some(false) {
        if context["privileged"].is_true() {
            errors.invalid_shown(
                path,
                internal(context),
                "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
            );
        }
        let added = context["capabilities"]["add"].items();
        if added.iter().any(|c| c.str() == "CAP_SYS_ADMIN") {
            errors.invalid_shown(
                path,
                internal(context),
                "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
            );
        }
    }
}

/// The context as upstream prints its internal type.
fn internal(context: &Value) -> String {
    let fields = [
        "capabilities",
        "privileged",
        "seLinuxOptions",
        "windowsOptions",
        "runAsUser",
        "runAsGroup",
        "runAsNonRoot",
        "readOnlyRootFilesystem",
        "allowPrivilegeEscalation",
        "procMount",
        "seccompProfile",
        "appArmorProfile",
    ];
    let name = |field: &str| match field {
        "seLinuxOptions" => String::from("SELinuxOptions"),
        _ => field[..1].to_uppercase() + &field[1..],
    };
    let parts: Vec<String> =
        fields.iter().map(|f| format!("\"{}\":{}", name(f), json::print(&context[*f]))).collect();
    format!("{{{}}}", parts.join(","))
}

/// `ValidatePodSecurityContext`
pub(super) fn pod(spec: &Value, path: &str, errors: &mut Errors) {
    let context = &spec["securityContext"];
    if spec["hostNetwork"].is_true() {
        for list in ["containers", "initContainers"] {
            for (i, c) in spec[list].items().iter().enumerate() {
                for (j, port) in c["ports"].items().iter().enumerate() {
                    let (number, host) = (port["containerPort"].int_or(0), port["hostPort"].int_or(0));
                    if number != host {
                        let at = format!("spec.{list}[{i}].ports[{j}].containerPort");
                        errors.invalid(at, number, "must match `hostPort` when `hostNetwork` is true");
                    }
                }
            }
        }
    }
    if spec["hostPID"].is_true() && spec["shareProcessNamespace"].is_true() {
        errors.invalid(
            format!("{path}.shareProcessNamespace"),
            true,
            "ShareProcessNamespace and HostPID cannot both be enabled",
        );
    }
    id(context, "fsGroup", path, errors);
    id(context, "runAsUser", path, errors);
    id(context, "runAsGroup", path, errors);
    for (i, group) in context["supplementalGroups"].items().iter().enumerate() {
        let n = group.int_or(0);
        errors.complaints(&format!("{path}.supplementalGroups[{i}]"), n, names::in_range(n, 0, MAX_ID));
    }
    let mut taken: Vec<&str> = vec![];
    for (i, sysctl) in context["sysctls"].items().iter().enumerate() {
        let at = format!("{path}.sysctls[{i}].name");
        match sysctl["name"].str() {
            "" => errors.required(at, ""),
            name if taken.contains(&name) => errors.duplicate(at, name),
            name => taken.push(name),
        }
    }
    let policy = &context["fsGroupChangePolicy"];
    if policy.is_some() && !matches!(policy.str(), "Always" | "OnRootMismatch") {
        errors.not_supported(format!("{path}.fsGroupChangePolicy"), policy, &["Always", "OnRootMismatch"]);
    }
    seccomp(&context["seccompProfile"], &format!("{path}.seccompProfile"), errors);
}
