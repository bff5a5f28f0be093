//! Security contexts of pods and containers, and what systems and the host's namespaces allow.

use super::Errors;
use super::mounts::descending;
use super::pod::LISTS;
use crate::api::{Value, names};

const MAX_ID: i64 = i32::MAX as i64;
/// `PATH_MAX` - 1, the longest name of a local AppArmor profile.
const MAX_PROFILE: usize = 4095;
/// `SysctlMaxLength`
const MAX_SYSCTL: usize = 253;

fn id(context: &Value, field: &str, path: &str, errors: &mut Errors) {
    if let Some(n) = context[field].as_int() {
        errors.complaints(&format!("{path}.{field}"), n, names::in_range(n, 0, MAX_ID));
    }
}

/// `validateSeccompProfileField`
fn seccomp(profile: &Value, path: &str, errors: &mut Errors) {
    if profile.is_null() {
        return;
    }
    const KNOWN: &[&str] = &["Localhost", "RuntimeDefault", "Unconfined"];
    match profile["type"].str() {
        "" => errors.required(format!("{path}.type"), "type is required when seccompProfile is set"),
        kind if !KNOWN.contains(&kind) => errors.not_supported(format!("{path}.type"), kind, KNOWN),
        _ => {}
    }
    let at = format!("{path}.localhostProfile");
    match (profile["type"].str(), profile["localhostProfile"].as_str()) {
        ("Localhost", None) => errors.required(at, "must be set when seccomp type is Localhost"),
        ("Localhost", Some(file)) => descending(file, &at, errors),
        (_, Some(_)) => {
            let shown = super::internal::compact(profile, "SeccompProfile");
            errors.invalid_shown(at, shown, "can only be set when seccomp type is Localhost");
        }
        _ => {}
    }
}

/// `ValidateAppArmorProfileField`
fn app_armor(profile: &Value, path: &str, errors: &mut Errors) {
    if profile.is_null() {
        return;
    }
    const LOCAL: &str = "must be set when AppArmor type is Localhost";
    let at = format!("{path}.localhostProfile");
    match (profile["type"].str(), profile["localhostProfile"].as_str()) {
        ("Localhost", None | Some("")) => errors.required(at, LOCAL),
        ("Localhost", Some(name)) => {
            if name.trim() != name {
                errors.invalid(at.as_str(), name, "must not be padded with whitespace");
            }
            if name.len() > MAX_PROFILE {
                errors.too_long(at, MAX_PROFILE);
            }
        }
        ("RuntimeDefault" | "Unconfined", Some(name)) => {
            errors.invalid(at, name, "can only be set when AppArmor type is Localhost");
        }
        ("RuntimeDefault" | "Unconfined", None) => {}
        ("", _) => errors.required(format!("{path}.type"), "type is required when appArmorProfile is set"),
        (other, _) => {
            let known = ["Localhost", "RuntimeDefault", "Unconfined"];
            errors.not_supported(format!("{path}.type"), other, &known);
        }
    }
}

/// `validateWindowsSecurityContextOptions`: the parts that need no knowledge of Windows' names.
fn windows(options: &Value, path: &str, errors: &mut Errors) {
    if let Some(name) = options["gmsaCredentialSpecName"].as_str() {
        errors.complaints(&format!("{path}.gmsaCredentialSpecName"), name, names::dns_subdomain(name));
    }
    if options["gmsaCredentialSpec"].as_str() == Some("") {
        let words = "gmsaCredentialSpec cannot be an empty string";
        errors.invalid(format!("{path}.gmsaCredentialSpec"), "", words);
    }
    let at = format!("{path}.runAsUserName");
    match options["runAsUserName"].as_str() {
        Some("") => errors.invalid(at, "", "runAsUserName cannot be an empty string"),
        Some(user) if user.contains(|c: char| c.is_ascii_control()) => {
            errors.invalid(at, user, "runAsUserName cannot contain control characters");
        }
        Some(user) if user.matches('\\').count() > 1 => {
            errors.invalid(at, user, "runAsUserName cannot contain more than one backslash");
        }
        _ => {}
    }
}

/// `ValidateSecurityContext`
pub(super) fn container(context: &Value, path: &str, host_users: bool, errors: &mut Errors) {
    if context.is_null() {
        return;
    }
    id(context, "runAsUser", path, errors);
    id(context, "runAsGroup", path, errors);
    if let Some(kind) = context["procMount"].as_str() {
        let at = format!("{path}.procMount");
        if !matches!(kind, "Default" | "Unmasked") {
            errors.not_supported(at.as_str(), kind, &["Default", "Unmasked"]);
        }
        if host_users && kind == "Unmasked" {
            errors.invalid(at, kind, "`hostUsers` must be false to use `Unmasked`");
        }
    }
    seccomp(&context["seccompProfile"], &format!("{path}.seccompProfile"), errors);
    if context["allowPrivilegeEscalation"].as_bool() == Some(false) {
        let shown = || super::internal::compact(context, "SecurityContext");
        if context["privileged"].is_true() {
            let words = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            errors.invalid_shown(path, shown(), words);
        }
        let added = context["capabilities"]["add"].items();
        for _ in added.iter().filter(|c| c.str() == "CAP_SYS_ADMIN") {
            let words = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            errors.invalid_shown(path, shown(), words);
        }
    }
    windows(&context["windowsOptions"], &format!("{path}.windowsOptions"), errors);
    app_armor(&context["appArmorProfile"], &format!("{path}.appArmorProfile"), errors);
}

/// `validatePodSpecSecurityContext`
pub(super) fn pod(spec: &Value, path: &str, errors: &mut Errors) {
    let context = &spec["securityContext"];
    id(context, "fsGroup", path, errors);
    id(context, "runAsUser", path, errors);
    id(context, "runAsGroup", path, errors);
    for (i, group) in context["supplementalGroups"].items().iter().enumerate() {
        let n = group.int_or(0);
        errors.complaints(&format!("{path}.supplementalGroups[{i}]"), n, names::in_range(n, 0, MAX_ID));
    }
    if spec["hostPID"].is_true() && spec["shareProcessNamespace"].is_true() {
        let words = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.invalid(format!("{path}.shareProcessNamespace"), true, words);
    }
    sysctls(spec, &format!("{path}.sysctls"), errors);
    let policy = "fsGroupChangePolicy";
    one_of(&context[policy], &format!("{path}.{policy}"), &["Always", "OnRootMismatch"], errors);
    seccomp(&context["seccompProfile"], &format!("{path}.seccompProfile"), errors);
    windows(&context["windowsOptions"], &format!("{path}.windowsOptions"), errors);
    app_armor(&context["appArmorProfile"], &format!("{path}.appArmorProfile"), errors);
    for (field, known) in [
        ("supplementalGroupsPolicy", ["Merge", "Strict"]),
        ("seLinuxChangePolicy", ["MountOption", "Recursive"]),
    ] {
        one_of(&context[field], &format!("{path}.{field}"), &known, errors);
    }
}

fn one_of(value: &Value, path: &str, known: &[&str], errors: &mut Errors) {
    if value.is_some() && !known.contains(&value.str()) {
        errors.not_supported(path, value, known);
    }
}

fn sysctls(spec: &Value, path: &str, errors: &mut Errors) {
    const FORM: &str = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
    let mut taken: Vec<&str> = vec![];
    for (i, sysctl) in spec["securityContext"]["sysctls"].items().iter().enumerate() {
        let at = format!("{path}[{i}].name");
        let name = sysctl["name"].str();
        let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let segment = |s: &str| edge(s.bytes().next()) && edge(s.bytes().next_back()) && s.bytes().all(inner);
        if name.is_empty() {
            errors.required(at.as_str(), "");
        } else if name.len() > MAX_SYSCTL || !name.split(['.', '/']).all(segment) {
            let words = format!("must have at most {MAX_SYSCTL} characters and match regex {FORM}");
            errors.invalid(at.as_str(), name, words);
        } else if taken.contains(&name) {
            errors.duplicate(at.as_str(), name);
        }
        let dotted = name.replace('/', ".");
        let ipc = ["kernel.shm", "kernel.msg", "fs.mqueue."].iter().any(|p| dotted.starts_with(p))
            || dotted == "kernel.sem";
        if spec["hostNetwork"].is_true() && dotted.starts_with("net.") {
            errors.invalid(at, name, "may not be specified when 'hostNetwork' is true");
        } else if spec["hostIPC"].is_true() && ipc {
            errors.invalid(at, name, "may not be specified when 'hostIPC' is true");
        }
        taken.push(name);
    }
}

/// What a pod without the host's users may not have (`validateHostUsers`).
pub(super) fn host_users(spec: &Value, path: &str, errors: &mut Errors) {
    if spec["hostUsers"].as_bool() != Some(false) {
        return;
    }
    // Upstream spells these by the names of its internal type.
    for (field, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
        if spec[field].is_true() {
            errors.forbidden(format!("{path}.{shown}"), "when `hostUsers` is false");
        }
    }
    for list in LISTS {
        for (i, c) in spec[*list].items().iter().enumerate() {
            if !c["volumeDevices"].is_empty() {
                let at = format!("{path}.{list}[{i}].volumeDevices");
                errors.forbidden(at, "when `hostUsers` is false");
            }
        }
    }
}

/// `validateOS`, `validateLinux`, `validateWindows`
pub(super) fn system(spec: &Value, path: &str, errors: &mut Errors) {
    if spec["os"].is_null() {
        return;
    }
    match spec["os"]["name"].str() {
        "" => errors.required(format!("{path}.os.name"), ""),
        "linux" => each_context(spec, path, &["windowsOptions"], &["windowsOptions"], &mut |at| {
            errors.forbidden(at, "windows options cannot be set for a linux pod");
        }),
        "windows" => {
            // `hostPID` and `hostIPC` may be given as false.
            let set = |field: &str| match field {
                "hostPID" | "hostIPC" => spec[field].is_true(),
                _ => spec[field].is_some(),
            };
            for field in ["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"] {
                if set(field) {
                    errors.forbidden(format!("{path}.{field}"), "cannot be set for a windows pod");
                }
            }
            each_context(spec, path, LINUX_POD, LINUX_CONTAINER, &mut |at| {
                errors.forbidden(at, "cannot be set for a windows pod");
            });
        }
        other => errors.not_supported(format!("{path}.os"), other, &["linux", "windows"]),
    }
}

const LINUX_POD: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
];
const LINUX_CONTAINER: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

/// Calls for each of the fields that is set in the security contexts of the pod and its containers.
fn each_context(
    spec: &Value,
    path: &str,
    of_pod: &[&str],
    of_container: &[&str],
    found: &mut dyn FnMut(String),
) {
    for field in of_pod.iter().filter(|f| spec["securityContext"][**f].is_some()) {
        found(format!("{path}.securityContext.{field}"));
    }
    for list in LISTS {
        for (i, c) in spec[*list].items().iter().enumerate() {
            for field in of_container.iter().filter(|f| c["securityContext"][**f].is_some()) {
                found(format!("{path}.{list}[{i}].securityContext.{field}"));
            }
        }
    }
}
