//! The Pod Security Standards: what the levels `baseline` and `restricted` forbid of a pod
//! (k8s.io/pod-security-admission/policy), in upstream's order and words.
//!
//! The checks are those of the latest version; an older version in a namespace's label is shown, but the
//! latest rules are applied. Left out: the annotations by which seccomp and AppArmor were once set.

use crate::api::Value;
use crate::collections::BTreeSet;

/// The levels, from loose to strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything goes.
    Privileged,
    /// No known privilege escalations.
    Baseline,
    /// Current hardening practice.
    Restricted,
}

impl Level {
    /// The level of a name.
    pub fn of(name: &str) -> Option<Level> {
        match name {
            "privileged" => Some(Level::Privileged),
            "baseline" => Some(Level::Baseline),
            "restricted" => Some(Level::Restricted),
            _ => None,
        }
    }

    /// As labels write it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        }
    }
}

/// One thing that a level forbids: the reason, and who is to blame.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// `hostPath volumes`
    pub reason: String,
    /// `volume "v"`
    pub detail: String,
}

/// `REASON (DETAIL), …`
pub fn details(violations: &[Violation]) -> String {
    let each = |v: &Violation| format!("{} ({})", v.reason, v.detail);
    violations.iter().map(each).collect::<Vec<_>>().join(", ")
}

/// `REASON, …`
pub fn reasons(violations: &[Violation]) -> String {
    violations.iter().map(|v| v.reason.as_str()).collect::<Vec<_>>().join(", ")
}

type Check = fn(&Value) -> Option<Violation>;

const BASELINE: &[Check] = &[
    app_armor,
    added_capabilities,
    host_namespaces,
    host_path_volumes,
    host_ports,
    host_handlers,
    privileged,
    proc_mount,
    selinux,
    seccomp_baseline,
    sysctls,
    windows_host_process,
];

/// The baseline's checks that no check of the restricted level replaces, then its own.
const RESTRICTED: &[Check] = &[
    app_armor,
    host_namespaces,
    host_ports,
    host_handlers,
    privileged,
    selinux,
    sysctls,
    windows_host_process,
    privilege_escalation,
    restricted_capabilities,
    proc_mount,
    restricted_volumes,
    run_as_non_root,
    run_as_user,
    seccomp_restricted,
];

/// What a level forbids of a pod's spec.
pub fn violations(level: Level, spec: &Value) -> Vec<Violation> {
    let checks: &[Check] = match level {
        Level::Privileged => &[],
        Level::Baseline => BASELINE,
        Level::Restricted => RESTRICTED,
    };
    checks.iter().filter_map(|check| check(spec)).collect()
}

fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|list| spec[list].items())
}

/// The names of the containers that fail a test.
fn failing(spec: &Value, bad: impl Fn(&Value) -> bool) -> Vec<&str> {
    containers(spec).filter(|c| bad(c)).map(|c| c["name"].str()).collect()
}

fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|w| format!("{w:?}")).collect::<Vec<_>>().join(", ")
}

fn plural(n: usize, one: &'static str, many: &'static str) -> &'static str {
    if n == 1 { one } else { many }
}

/// `container "a"`, `containers "a", "b"`
fn named(names: &[&str]) -> String {
    format!("{} {}", plural(names.len(), "container", "containers"), quoted(names.iter().copied()))
}

fn violation(reason: &str, detail: String) -> Option<Violation> {
    Some(Violation { reason: reason.into(), detail })
}

/// The pod and the containers that set a field of their security contexts to something bad, as upstream names
/// them; empty if there are none.
fn setters(spec: &Value, path: &str, bad: &dyn Fn(&Value) -> bool) -> String {
    let mut all = Vec::new();
    if bad(spec["securityContext"].at(path)) {
        all.push("pod".to_string());
    }
    let names = failing(spec, |c| bad(c["securityContext"].at(path)));
    if !names.is_empty() {
        all.push(named(&names));
    }
    all.join(" and ")
}

/// The values that those fields hold, sorted.
fn bad_values<'s>(spec: &'s Value, path: &str, bad: &dyn Fn(&Value) -> bool) -> BTreeSet<&'s str> {
    let pod = std::iter::once(&spec["securityContext"]);
    let all = pod.chain(containers(spec).map(|c| &c["securityContext"])).map(|s| s.at(path));
    all.filter(|v| bad(v)).map(Value::str).collect()
}

fn is_windows(spec: &Value) -> bool {
    spec.at("os.name").str() == "windows"
}

/// Pods in a user namespace of their own may be root and see all of /proc.
fn has_user_namespace(spec: &Value) -> bool {
    spec["hostUsers"].as_bool() == Some(false)
}

fn app_armor(spec: &Value) -> Option<Violation> {
    let bad = |v: &Value| v.is_some() && !matches!(v.str(), "RuntimeDefault" | "Localhost");
    let who = setters(spec, "appArmorProfile.type", &bad);
    let values = bad_values(spec, "appArmorProfile.type", &bad);
    if who.is_empty() {
        return None;
    }
    let reason = plural(values.len(), "forbidden AppArmor profile", "forbidden AppArmor profiles");
    let values = quoted(values.iter().copied());
    violation(reason, format!("{who} must not set AppArmor profile type to {values}"))
}

/// policy/check_capabilities_baseline.go
const DEFAULT_CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn capabilities<'c>(container: &'c Value, list: &str) -> &'c [Value] {
    container["securityContext"]["capabilities"][list].items()
}

fn added(spec: &Value, allowed: &[&str]) -> Option<String> {
    let bad = |v: &&Value| !allowed.contains(&v.str());
    let names = failing(spec, |c| capabilities(c, "add").iter().any(|v| bad(&v)));
    let values: BTreeSet<&str> =
        containers(spec).flat_map(|c| capabilities(c, "add")).filter(bad).map(Value::str).collect();
    let values = quoted(values.iter().copied());
    let text = || format!("{} must not include {values} in securityContext.capabilities.add", named(&names));
    (!names.is_empty()).then(text)
}

fn added_capabilities(spec: &Value) -> Option<Violation> {
    violation("non-default capabilities", added(spec, DEFAULT_CAPABILITIES)?)
}

fn host_namespaces(spec: &Value) -> Option<Violation> {
    let fields = ["hostNetwork", "hostPID", "hostIPC"].into_iter().filter(|f| spec[*f].is_true());
    let set: Vec<String> = fields.map(|f| format!("{f}=true")).collect();
    if set.is_empty() { None } else { violation("host namespaces", set.join(", ")) }
}

fn host_path_volumes(spec: &Value) -> Option<Violation> {
    let bad = spec["volumes"].items().iter().filter(|v| v["hostPath"].is_some());
    let names: Vec<&str> = bad.map(|v| v["name"].str()).collect();
    if names.is_empty() {
        return None;
    }
    let detail = format!("{} {}", plural(names.len(), "volume", "volumes"), quoted(names.iter().copied()));
    violation("hostPath volumes", detail)
}

fn host_ports(spec: &Value) -> Option<Violation> {
    let port = |p: &Value| p["hostPort"].int_or(0);
    let names = failing(spec, |c| c["ports"].items().iter().any(|p| port(p) != 0));
    if names.is_empty() {
        return None;
    }
    let all = containers(spec).flat_map(|c| c["ports"].items()).map(port).filter(|p| *p != 0);
    let ports: BTreeSet<String> = all.map(|p| p.to_string()).collect();
    let detail = format!(
        "{} {} {} {}",
        named(&names),
        plural(names.len(), "uses", "use"),
        plural(ports.len(), "hostPort", "hostPorts"),
        ports.iter().cloned().collect::<Vec<_>>().join(", ")
    );
    violation("hostPort", detail)
}

fn host_handlers(spec: &Value) -> Option<Violation> {
    const HANDLERS: &[&str] =
        &["livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop"];
    let hosts = |c: &Value| -> Vec<String> {
        let of = |h: &&str| ["httpGet", "tcpSocket"].map(|m| c.at(h)[m]["host"].str().to_string());
        HANDLERS.iter().flat_map(of).filter(|h| !h.is_empty()).collect()
    };
    let names: BTreeSet<&str> = failing(spec, |c| !hosts(c).is_empty()).into_iter().collect();
    if names.is_empty() {
        return None;
    }
    let names: Vec<&str> = names.iter().copied().collect();
    let forbidden: BTreeSet<String> = containers(spec).flat_map(hosts).collect();
    let detail = format!(
        "{} {} {} {}",
        named(&names),
        plural(names.len(), "uses", "use"),
        plural(forbidden.len(), "probe or lifecycle host", "probe or lifecycle hosts"),
        quoted(forbidden.iter().map(String::as_str))
    );
    violation("probe or lifecycle host", detail)
}

fn privileged(spec: &Value) -> Option<Violation> {
    let names = failing(spec, |c| c.at("securityContext.privileged").is_true());
    if names.is_empty() {
        return None;
    }
    violation("privileged", format!("{} must not set securityContext.privileged=true", named(&names)))
}

fn proc_mount(spec: &Value) -> Option<Violation> {
    let mount = |c: &Value| c.at("securityContext.procMount").text();
    let bad = |c: &Value| !matches!(&*mount(c), "" | "Default");
    let names = failing(spec, bad);
    if names.is_empty() || has_user_namespace(spec) {
        return None;
    }
    let values: BTreeSet<_> = containers(spec).filter(|c| bad(c)).map(mount).collect();
    let values = quoted(values.iter().map(|v| v.as_str()));
    violation("procMount", format!("{} must not set securityContext.procMount to {values}", named(&names)))
}

fn selinux(spec: &Value) -> Option<Violation> {
    const TYPES: &[&str] = &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
    let bad_type = |v: &Value| !TYPES.contains(&v.str());
    let set = |v: &Value| !v.str().is_empty();
    let bad = |v: &Value| bad_type(&v["type"]) || set(&v["user"]) || set(&v["role"]);
    let who = setters(spec, "seLinuxOptions", &bad);
    if who.is_empty() {
        return None;
    }
    let mut what = Vec::new();
    let types = bad_values(spec, "seLinuxOptions.type", &bad_type);
    if !types.is_empty() {
        what.push(format!("{} {}", plural(types.len(), "type", "types"), quoted(types.iter().copied())));
    }
    for field in ["user", "role"] {
        if !setters(spec, &format!("seLinuxOptions.{field}"), &set).is_empty() {
            what.push(format!("{field} may not be set"));
        }
    }
    violation(
        "seLinuxOptions",
        format!("{who} set forbidden securityContext.seLinuxOptions: {}", what.join("; ")),
    )
}

fn bad_seccomp(v: &Value) -> bool {
    v.is_some() && !matches!(v.str(), "RuntimeDefault" | "Localhost")
}

fn seccomp_baseline(spec: &Value) -> Option<Violation> {
    let who = setters(spec, "seccompProfile.type", &bad_seccomp);
    if who.is_empty() {
        return None;
    }
    let values = bad_values(spec, "seccompProfile.type", &bad_seccomp);
    let values = quoted(values.iter().copied());
    violation("seccompProfile", format!("{who} must not set securityContext.seccompProfile.type to {values}"))
}

/// policy/check_sysctls.go, as of v1.32
const SAFE_SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

fn sysctls(spec: &Value) -> Option<Violation> {
    let all = spec["securityContext"]["sysctls"].items().iter().map(|s| s["name"].str());
    let bad: Vec<&str> = all.filter(|s| !SAFE_SYSCTLS.contains(s)).collect();
    if bad.is_empty() { None } else { violation("forbidden sysctls", bad.join(", ")) }
}

fn windows_host_process(spec: &Value) -> Option<Violation> {
    let who = setters(spec, "windowsOptions.hostProcess", &|v| v.is_true());
    if who.is_empty() {
        return None;
    }
    violation("hostProcess", format!("{who} must not set securityContext.windowsOptions.hostProcess=true"))
}

fn privilege_escalation(spec: &Value) -> Option<Violation> {
    let names = failing(spec, |c| c.at("securityContext.allowPrivilegeEscalation").as_bool() != Some(false));
    if names.is_empty() || is_windows(spec) {
        return None;
    }
    let detail = format!("{} must set securityContext.allowPrivilegeEscalation=false", named(&names));
    violation("allowPrivilegeEscalation != false", detail)
}

fn restricted_capabilities(spec: &Value) -> Option<Violation> {
    if is_windows(spec) {
        return None;
    }
    let keeps = failing(spec, |c| !capabilities(c, "drop").iter().any(|v| v.str() == "ALL"));
    let mut details = Vec::new();
    if !keeps.is_empty() {
        details.push(format!("{} must set securityContext.capabilities.drop=[\"ALL\"]", named(&keeps)));
    }
    details.extend(added(spec, &["NET_BIND_SERVICE"]));
    if details.is_empty() { None } else { violation("unrestricted capabilities", details.join("; ")) }
}

fn restricted_volumes(spec: &Value) -> Option<Violation> {
    const ALLOWED: &[&str] = &[
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    let kind =
        |v: &Value| v.entries().find(|(k, s)| k.as_str() != "name" && s.is_some()).map(|(k, _)| k.clone());
    let bad = |v: &&Value| kind(v).is_none_or(|k| !ALLOWED.contains(&k.as_str()));
    let volumes: Vec<&Value> = spec["volumes"].items().iter().filter(bad).collect();
    if volumes.is_empty() {
        return None;
    }
    let kinds: BTreeSet<String> =
        volumes.iter().map(|v| kind(v).map_or("unknown".into(), |k| k.to_string())).collect();
    let detail = format!(
        "{} {} {} {} {}",
        plural(volumes.len(), "volume", "volumes"),
        quoted(volumes.iter().map(|v| v["name"].str())),
        plural(volumes.len(), "uses", "use"),
        plural(kinds.len(), "restricted volume type", "restricted volume types"),
        quoted(kinds.iter().map(String::as_str))
    );
    violation("restricted volume types", detail)
}

fn run_as_non_root(spec: &Value) -> Option<Violation> {
    const REASON: &str = "runAsNonRoot != true";
    if has_user_namespace(spec) {
        return None;
    }
    let who = setters(spec, "runAsNonRoot", &|v| v.as_bool() == Some(false));
    if !who.is_empty() {
        return violation(REASON, format!("{who} must not set securityContext.runAsNonRoot=false"));
    }
    if spec.at("securityContext.runAsNonRoot").is_true() {
        return None;
    }
    let names = failing(spec, |c| c.at("securityContext.runAsNonRoot").is_null());
    if names.is_empty() {
        return None;
    }
    violation(REASON, format!("pod or {} must set securityContext.runAsNonRoot=true", named(&names)))
}

fn run_as_user(spec: &Value) -> Option<Violation> {
    let who = setters(spec, "runAsUser", &|v| v.as_int() == Some(0));
    if who.is_empty() || has_user_namespace(spec) {
        return None;
    }
    violation("runAsUser=0", format!("{who} must not set runAsUser=0"))
}

fn seccomp_restricted(spec: &Value) -> Option<Violation> {
    if is_windows(spec) {
        return None;
    }
    if let Some(found) = seccomp_baseline(spec) {
        return Some(found);
    }
    if spec.at("securityContext.seccompProfile").is_some() {
        return None;
    }
    let names = failing(spec, |c| c.at("securityContext.seccompProfile").is_null());
    if names.is_empty() {
        return None;
    }
    let detail = format!(
        "pod or {} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
        named(&names)
    );
    violation("seccompProfile", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::yaml::{Limits, read_value};

    #[test]
    fn pods_are_judged_in_upstreams_words() {
        for (level, spec, wanted) in [
            (Level::Privileged, "{hostNetwork: true, containers: [{name: c}]}", ""),
            (Level::Baseline, "{containers: [{name: c}]}", ""),
            (
                Level::Baseline,
                "{hostNetwork: true, hostPID: true, volumes: [{name: v, hostPath: {path: /}}], containers: [{name: a, securityContext: {privileged: true}}, {name: b, ports: [{hostPort: 80}, {hostPort: 8080}], securityContext: {capabilities: {add: [SYS_TIME, NET_ADMIN, CHOWN]}}}]}",
                "non-default capabilities (container \"b\" must not include \"NET_ADMIN\", \"SYS_TIME\" in securityContext.capabilities.add), host namespaces (hostNetwork=true, hostPID=true), hostPath volumes (volume \"v\"), hostPort (container \"b\" uses hostPorts 80, 8080), privileged (container \"a\" must not set securityContext.privileged=true)",
            ),
            (
                Level::Restricted,
                "{containers: [{name: c}]}",
                "allowPrivilegeEscalation != false (container \"c\" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container \"c\" must set securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != true (pod or container \"c\" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container \"c\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")",
            ),
            (
                Level::Restricted,
                "{securityContext: {runAsNonRoot: true, runAsUser: 0, seccompProfile: {type: RuntimeDefault}}, volumes: [{name: v, hostPath: {path: /}}, {name: e, emptyDir: {}}], containers: [{name: c, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}",
                "restricted volume types (volume \"v\" uses restricted volume type \"hostPath\"), runAsUser=0 (pod must not set runAsUser=0)",
            ),
            (
                Level::Restricted,
                "{securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}",
                "",
            ),
        ] {
            let spec = read_value(&format!("#\n{spec}"), Limits::default()).expect("YAML");
            assert_eq!(details(&violations(level, &spec)), wanted);
        }
    }
}
