//! Which kernel parameters a pod may set: those that are known to stay within it
//! (pkg/kubelet/sysctl/safe_sysctls.go); kubelets here allow no others.

use super::pod::Pod;

/// The safe ones.
const SAFE: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

/// Why a pod is turned away for its parameters, if it is.
pub fn refusal(pod: &Pod) -> Option<(&'static str, String)> {
    let spec = &pod.object["spec"];
    let host_network = spec["hostNetwork"].is_true();
    let mut names =
        spec.at("securityContext.sysctls").items().iter().map(|s| s["name"].str().replace('/', "."));
    let why = names.find_map(|name| why_not(&name, host_network, spec["hostIPC"].is_true()))?;
    Some(("SysctlForbidden", format!("forbidden sysctl: {why}")))
}

fn why_not(name: &str, host_network: bool, host_ipc: bool) -> Option<String> {
    if !SAFE.contains(&name) {
        return Some(format!("{name:?} not allowlisted"));
    }
    let (shared, what) = if name.starts_with("net.") { (host_network, "net") } else { (host_ipc, "ipc") };
    shared.then(|| format!("{name:?} not allowed with host {what} enabled"))
}

#[cfg(test)]
mod tests {
    use super::why_not;

    #[test]
    fn only_safe_parameters_of_the_pods_own_namespaces_may_be_set() {
        for (name, host_network, host_ipc, expected) in [
            ("net.ipv4.tcp_syncookies", false, true, None),
            ("kernel.shm_rmid_forced", true, false, None),
            ("kernel.msgmax", false, false, Some("\"kernel.msgmax\" not allowlisted")),
            (
                "net.ipv4.tcp_rmem",
                true,
                false,
                Some("\"net.ipv4.tcp_rmem\" not allowed with host net enabled"),
            ),
        ] {
            assert_eq!(why_not(name, host_network, host_ipc).as_deref(), expected, "{name}");
        }
    }
}
