//! What a sandbox gets: its name, its resolver, what it shares with the node.

use super::pod::Pod;
use super::{Cx, Node, config};
use crate::api::{Kind, Text, Value};
use crate::cri::SandboxConfig;
use crate::os::CLUSTER_DNS;

/// The longest host name (pkg/kubelet/util `TruncatePodHostnameIfNeeded`).
const MAX_HOSTNAME: usize = 63;
/// kubelet configuration `clusterDomain` of the recorded cluster; its `clusterDNS` is the name server's address.
const CLUSTER_DOMAIN: &str = "cluster.local";

/// What stands in `/etc/hosts` in front of the pod's own name.
const MANAGED_HOSTS: &str = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost \
     ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\n\
     fe00::2\tip6-allrouters\n";

/// The configuration of a pod's next sandbox.
pub fn sandbox_config(node: &Node, pod: &Pod, cx: &Cx<'_>) -> SandboxConfig {
    let spec = &pod.object["spec"];
    let host_network = spec["hostNetwork"].is_true();
    let hostname = match host_network {
        true => node.name.clone(),
        false if spec["setHostnameAsFQDN"].is_true() => Text::from(full_name(pod)),
        false => hostname(pod),
    };
    let class = cx.api.get(Kind::RUNTIME_CLASS, "", spec["runtimeClassName"].str());
    let class = class.map_or(Value::Null, |c| c.value.clone());
    let sysctls = spec.at("securityContext.sysctls").items().iter();
    SandboxConfig {
        namespace: pod.key.namespace.clone(),
        name: pod.key.name.clone(),
        uid: pod.uid.clone(),
        attempt: pod.sandboxes.len() as u32,
        hostname,
        host_network,
        host_pid: spec["hostPID"].is_true(),
        share_pid: spec["shareProcessNamespace"].is_true(),
        resolv_conf: Text::from(resolv_conf(pod, &node_file(node, cx, "/etc/resolv.conf"))),
        memory_limit: memory_limit(pod),
        sysctls: sysctls.map(|s| (s["name"].text(), s["value"].text())).collect(),
        handler: class["handler"].text(),
        own_users: spec["hostUsers"].as_bool() == Some(false),
    }
}

/// `spec.hostnameOverride` as it is; else `spec.hostname`, or the pod's name as far as it fits.
pub fn hostname(pod: &Pod) -> Text {
    let whole = pod.object.at("spec.hostnameOverride").text();
    if !whole.is_empty() {
        return whole;
    }
    let own = pod.object.at("spec.hostname").text();
    let name = if own.is_empty() { pod.key.name.clone() } else { own };
    let mut end = name.len().min(MAX_HOSTNAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    if end == name.len() { name } else { Text::from(name[..end].trim_end_matches(['-', '.'])) }
}

/// The host name with its domain, if the pod has one.
fn full_name(pod: &Pod) -> String {
    let name = hostname(pod);
    let spec = &pod.object["spec"];
    let subdomain = spec["subdomain"].str();
    if subdomain.is_empty() || !spec["hostnameOverride"].is_empty() {
        return name.to_string();
    }
    format!("{name}.{subdomain}.{}.svc.{CLUSTER_DOMAIN}", pod.key.namespace)
}

/// `/etc/resolv.conf` (pkg/kubelet/network/dns).
/// A small text file of the node's.
fn node_file(node: &Node, cx: &Cx<'_>, path: &str) -> String {
    const BYTES: usize = 64 << 10;
    let tree = cx.world.forest.get(cx.cri.node_root(node.cri));
    let data = tree.and_then(|t| t.file(path)).map(|d| d.read(0, BYTES)).unwrap_or_default();
    String::from_utf8_lossy(&data).into_owned()
}

/// `/etc/resolv.conf` as the kubelet has it written: with the cluster's server, the node's, or none.
fn resolv_conf(pod: &Pod, of_node: &str) -> String {
    let spec = &pod.object["spec"];
    let own = &spec["dnsConfig"];
    let namespace = &pod.key.namespace;
    let mut servers: Vec<String> = Vec::new();
    let mut searches: Vec<String> = Vec::new();
    let mut options: Vec<String> = Vec::new();
    let policy = spec["dnsPolicy"].str();
    let of_cluster = policy == "ClusterFirstWithHostNet"
        || (matches!(policy, "" | "ClusterFirst") && !spec["hostNetwork"].is_true());
    if of_cluster {
        servers.push(CLUSTER_DNS.to_string());
        for part in [format!("{namespace}.svc."), "svc.".to_string(), String::new()] {
            searches.push(format!("{part}{CLUSTER_DOMAIN}"));
        }
        options.push("ndots:5".to_string());
    } else if policy != "None" {
        let words = |key: &'static str| {
            let lines = of_node.lines().filter_map(move |l| l.strip_prefix(key));
            lines.flat_map(str::split_whitespace).map(str::to_owned)
        };
        servers.extend(words("nameserver"));
        searches.extend(words("search"));
        options.extend(words("options"));
    }
    servers.extend(own["nameservers"].items().iter().map(|v| v.str().to_string()));
    searches.extend(own["searches"].items().iter().map(|v| v.str().to_string()));
    for option in own["options"].items() {
        let (name, value) = (option["name"].str(), option["value"].str());
        options.retain(|o| o.split(':').next() != Some(name));
        options.push(if value.is_empty() { name.to_string() } else { format!("{name}:{value}") });
    }
    let mut text = String::new();
    if !searches.is_empty() {
        text += &format!("search {}\n", searches.join(" "));
    }
    for server in servers {
        text += &format!("nameserver {server}\n");
    }
    if !options.is_empty() {
        text += &format!("options {}\n", options.join(" "));
    }
    text
}

/// The memory limit of the pod's cgroup: the pod's own, or the sum if all containers are limited.
pub fn memory_limit(pod: &Pod) -> Option<u64> {
    let own = config::bytes(pod.object.at("spec.resources.limits.memory"));
    if own.is_some() {
        return own;
    }
    let limits = pod
        .specs(super::pod::Section::Main)
        .iter()
        .map(|c| config::bytes(&c["resources"]["limits"]["memory"]));
    limits.sum()
}

/// `/etc/hosts` as the kubelet writes it: with the pod's name, or what stands in the node's own where the pod is
/// in its network (pkg/kubelet/kubelet_pods.go `managedHostsFileContent`, `nodeHostsFileContent`).
pub fn etc_hosts(node: &Node, pod: &Pod, cx: &Cx<'_>) -> String {
    let ip = &pod.seen.ip;
    let (name, full) = (hostname(pod), full_name(pod));
    let own = if full == name.as_str() { String::new() } else { format!("{full}\t") };
    let mut text = match pod.object.at("spec.hostNetwork").is_true() {
        true => {
            let of_node = node_file(node, cx, "/etc/hosts");
            format!("# Kubernetes-managed hosts file (host network).\n{of_node}")
        }
        false => format!("{MANAGED_HOSTS}{ip}\t{own}{name}\n"),
    };
    let aliases = pod.object.at("spec.hostAliases").items();
    if !aliases.is_empty() {
        text += "\n# Entries added by HostAliases.\n";
        for alias in aliases {
            let names: Vec<&str> = alias["hostnames"].items().iter().map(Value::str).collect();
            text += &format!("{}\t{}\n", alias["ip"].str(), names.join("\t"));
        }
    }
    text
}
