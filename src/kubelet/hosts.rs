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
        resolv_conf: Text::from(resolv_conf(pod)),
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
fn resolv_conf(pod: &Pod) -> String {
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

/// `/etc/hosts` as the kubelet writes it.
pub fn etc_hosts(pod: &Pod, ip: &str) -> String {
    let mut text = String::from(
        "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n",
    );
    let (name, full) = (hostname(pod), full_name(pod));
    if full == name.as_str() {
        text += &format!("{ip}\t{name}\n");
    } else {
        text += &format!("{ip}\t{full}\t{name}\n");
    }
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
