//! Services (pkg/apis/core/validation `ValidateService`): ports, addresses, policies, and what may not change.

use super::{Errors, container, endpoints, handler, internal, meta, net};
use crate::api::{Object, Value, json, names};
use core::net::{IpAddr, Ipv4Addr};

/// The service range of the default cluster, 10.96.0.0/12.
const SERVICE_RANGE: (Ipv4Addr, u32) = (Ipv4Addr::new(10, 96, 0, 0), 12);
/// kube-apiserver `--service-node-port-range`.
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;
/// `MaxClientIPServiceAffinitySeconds`
const MAX_AFFINITY: i64 = 86_400;

const FAMILIES: &[&str] = &["IPv4", "IPv6"];
const FAMILY_POLICIES: &[&str] = &["PreferDualStack", "RequireDualStack", "SingleStack"];
const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const DISTRIBUTIONS: &[&str] = &["PreferClose", "PreferSameZone", "PreferSameNode"];

/// The addresses that a service has or asks for; upstream fills the list from the single one beforehand.
fn addresses(spec: &Value) -> Vec<&str> {
    let list: Vec<&str> = spec["clusterIPs"].items().iter().map(Value::str).collect();
    match spec["clusterIP"].str() {
        "" => list,
        own if list.is_empty() => vec![own],
        _ => list,
    }
}

/// `ValidateService`
pub(super) fn check(service: &Object, errors: &mut Errors) {
    let spec = &service["spec"];
    let kind = spec["type"].str();
    let ports = spec["ports"].items();
    let headless = addresses(spec) == ["None"];
    if ports.is_empty() && !headless && kind != "ExternalName" {
        errors.required("spec.ports", "");
    }
    match kind {
        "LoadBalancer" | "NodePort" if headless => {
            errors.invalid(
                "spec.clusterIPs[0]",
                "None",
                format!("may not be set to 'None' for {kind} services"),
            );
        }
        "ExternalName" => external_name(spec, errors),
        _ => {}
    }
    let mut taken: Vec<&str> = vec![];
    for (i, p) in ports.iter().enumerate() {
        port(p, ports.len() > 1, &format!("spec.ports[{i}]"), &mut taken, errors);
    }
    meta::labels(&spec["selector"], "spec.selector", errors);
    affinity(spec, errors);
    if kind != "ExternalName" {
        cluster_ips(spec, errors);
    }
    for (i, address) in spec["externalIPs"].items().iter().map(Value::str).enumerate() {
        let at = format!("spec.externalIPs[{i}]");
        let before = errors.list.len();
        net::ip(address, &at, errors);
        if errors.list.len() == before {
            endpoints::reachable(address, &at, errors);
        }
    }
    match kind {
        "" => errors.required("spec.type", ""),
        known if TYPES.contains(&known) => {}
        other => errors.not_supported("spec.type", other, TYPES),
    }
    node_ports(kind, ports, errors);
    same_ports(ports, errors);
    load_balancer(service, kind, errors);
    policies(spec, kind, errors);
}

fn external_name(spec: &Value, errors: &mut Errors) {
    for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        let set = if field == "clusterIPs" { !addresses(spec).is_empty() } else { !spec[field].is_empty() };
        if set {
            errors.forbidden(format!("spec.{field}"), "may not be set for ExternalName services");
        }
    }
    let name = spec["externalName"].str();
    match name.strip_suffix('.').unwrap_or(name) {
        "" => errors.required("spec.externalName", ""),
        name => errors.complaints("spec.externalName", name, names::dns_subdomain(name)),
    }
}

fn port<'a>(port: &'a Value, needs_name: bool, path: &str, taken: &mut Vec<&'a str>, errors: &mut Errors) {
    let name = port["name"].str();
    let at = |field: &str| format!("{path}.{field}");
    if !name.is_empty() {
        errors.complaints(&at("name"), name, names::dns_label(name));
        if taken.contains(&name) {
            errors.duplicate(at("name"), name);
        }
        taken.push(name);
    } else if needs_name {
        errors.required(at("name"), "");
    }
    let number = port["port"].int_or(0);
    errors.complaints(&at("port"), number, names::port_number(number));
    container::protocol(&port["protocol"], &at("protocol"), errors);
    handler::port(&port["targetPort"], &at("targetPort"), errors);
    if let Some(name) = port["appProtocol"].as_str() {
        errors.complaints(&at("appProtocol"), name, names::qualified(name));
    }
}

fn affinity(spec: &Value, errors: &mut Errors) {
    let config = &spec["sessionAffinityConfig"];
    match spec["sessionAffinity"].str() {
        "" => errors.required("spec.sessionAffinity", ""),
        "None" if config.is_some() => {
            let words = "must not be set when session affinity is None";
            errors.forbidden("spec.sessionAffinityConfig", words);
        }
        "None" => {}
        "ClientIP" => match config["clientIP"]["timeoutSeconds"].as_int() {
            Some(n) if n <= 0 || n > MAX_AFFINITY => errors.invalid(
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
                n,
                format!("must be greater than 0 and less than {MAX_AFFINITY}"),
            ),
            _ => {}
        },
        other => errors.not_supported("spec.sessionAffinity", other, &["ClientIP", "None"]),
    }
}

/// `ValidateServiceClusterIPsRelatedFields`
fn cluster_ips(spec: &Value, errors: &mut Errors) {
    let given = addresses(spec);
    let shown = || json::print(&given.iter().map(|a| Value::from(*a)).collect::<Value>());
    let own = spec["clusterIP"].str();
    if !own.is_empty() && given[0] != own {
        errors.invalid_shown("spec.clusterIPs", shown(), "first value must match `clusterIP`");
    } else if own.is_empty() && !given.is_empty() {
        let words = "must be empty when `clusterIP` is not specified";
        errors.invalid_shown("spec.clusterIPs", shown(), words);
    }
    let families = spec["ipFamilies"].items();
    for (i, family) in families.iter().enumerate() {
        let at = format!("spec.ipFamilies[{i}]");
        if !FAMILIES.contains(&family.str()) {
            errors.not_supported(at.as_str(), family, FAMILIES);
        }
        if families[..i].contains(family) {
            errors.duplicate(at, family);
        }
    }
    let policy = &spec["ipFamilyPolicy"];
    if policy.is_some() && !FAMILY_POLICIES.contains(&policy.str()) {
        errors.not_supported("spec.ipFamilyPolicy", policy, FAMILY_POLICIES);
    }
    let before = errors.list.len();
    for (i, address) in given.iter().enumerate() {
        if i == 0 && *address == "None" {
            if given.len() > 1 {
                let words = "'None' must be the first and only value";
                errors.invalid_shown("spec.clusterIPs", shown(), words);
            }
            continue;
        }
        net::ip(address, &format!("spec.clusterIPs[{i}]"), errors);
    }
    let valid = errors.list.len() == before;
    if given.len() > 2 {
        errors.invalid_shown("spec.clusterIPs", shown(), "may only hold up to 2 values");
    }
    if !valid || given == ["None"] {
        return;
    }
    let is_v6 = |a: &&str| a.contains(':');
    if given.len() > 1 && (given.iter().all(is_v6) || !given.iter().any(is_v6)) {
        let words = "may specify no more than one IP for each IP family";
        errors.invalid_shown("spec.clusterIPs", shown(), words);
    }
    for (i, (address, family)) in given.iter().zip(families).enumerate() {
        let expected = family.str();
        if FAMILIES.contains(&expected) && (expected == "IPv6") != is_v6(address) {
            let words = format!("expected an {expected} value as indicated by `ipFamilies[{i}]`");
            errors.invalid(format!("spec.clusterIPs[{i}]"), *address, words);
        }
    }
}

/// Ports of nodes; whether they can be had is the allocator's to say, and comes after everything else.
fn node_ports(kind: &str, ports: &[Value], errors: &mut Errors) {
    let at = |i: usize| format!("spec.ports[{i}].nodePort");
    let taken = |p: &Value| p["nodePort"].int_or(0) != 0;
    if kind == "ClusterIP" {
        for (i, _) in ports.iter().enumerate().filter(|(_, p)| taken(p)) {
            errors.forbidden(at(i), "may not be used when `type` is 'ClusterIP'");
        }
    }
    for (i, port) in ports.iter().enumerate().filter(|(_, p)| taken(p)) {
        let same = |p: &Value| p["nodePort"] == port["nodePort"] && p["protocol"] == port["protocol"];
        if ports[..i].iter().any(same) {
            errors.duplicate(at(i), &port["nodePort"]);
        }
    }
}

fn same_ports(ports: &[Value], errors: &mut Errors) {
    for (i, port) in ports.iter().enumerate() {
        let same = |p: &Value| p["port"] == port["port"] && p["protocol"] == port["protocol"];
        if ports[..i].iter().any(same) {
            let shown = format!(
                "{{\"Name\":\"\",\"Protocol\":{},\"AppProtocol\":null,\"Port\":{},\"TargetPort\":0,\"NodePort\":0}}",
                json::print(&port["protocol"]),
                json::print(&port["port"])
            );
            errors.duplicate_shown(format!("spec.ports[{i}]"), shown, "");
        }
    }
}

fn load_balancer(service: &Object, kind: &str, errors: &mut Errors) {
    const ONLY: &str = "may only be used when `type` is 'LoadBalancer'";
    let spec = &service["spec"];
    let is_one = kind == "LoadBalancer";
    let ranges = spec["loadBalancerSourceRanges"].items();
    if !ranges.is_empty() && !is_one {
        errors.forbidden("spec.LoadBalancerSourceRanges", ONLY);
    }
    for (i, range) in ranges.iter().enumerate() {
        net::range(range.str().trim(), &format!("spec.LoadBalancerSourceRanges[{i}]"), errors);
    }
    if spec["allocateLoadBalancerNodePorts"].is_some() && !is_one {
        errors.forbidden("spec.allocateLoadBalancerNodePorts", ONLY);
    }
    if let Some(class) = spec["loadBalancerClass"].as_str() {
        if !is_one {
            errors.forbidden("spec.loadBalancerClass", ONLY);
        }
        errors.complaints("spec.loadBalancerClass", class, names::qualified(class));
    }
}

fn policies(spec: &Value, kind: &str, errors: &mut Errors) {
    let outside = matches!(kind, "LoadBalancer" | "NodePort")
        || (kind == "ClusterIP" && !spec["externalIPs"].is_empty());
    let external = spec["externalTrafficPolicy"].str();
    match external {
        "" if outside => errors.required("spec.externalTrafficPolicy", ""),
        "" => {}
        _ if !outside => {
            let words = "may only be set for externally-accessible services";
            errors.invalid("spec.externalTrafficPolicy", external, words);
        }
        "Cluster" | "Local" => {}
        _ => errors.not_supported("spec.externalTrafficPolicy", external, &["Cluster", "Local"]),
    }
    let health = spec["healthCheckNodePort"].int_or(0);
    if health != 0 && !(kind == "LoadBalancer" && external == "Local") {
        let words = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errors.invalid("spec.healthCheckNodePort", health, words);
    }
    let internal = spec["internalTrafficPolicy"].str();
    if !matches!(internal, "" | "Cluster" | "Local") {
        errors.not_supported("spec.internalTrafficPolicy", internal, &["Cluster", "Local"]);
    }
    if let Some(text) = spec["trafficDistribution"].as_str().filter(|t| !DISTRIBUTIONS.contains(t)) {
        errors.not_supported("spec.trafficDistribution", text, DISTRIBUTIONS);
    }
}

/// That a new service's address and its nodes' ports are ones that the server can allocate.
pub(super) fn allocation(service: &Object, errors: &mut Errors) {
    let given = service.at("spec.clusterIP").str();
    let range = (IpAddr::V4(SERVICE_RANGE.0), SERVICE_RANGE.1);
    if given.parse::<IpAddr>().is_ok_and(|address| !net::contains(range, address)) {
        let shown = format!("[{}]", json::quote(given));
        let detail =
            format!("failed to allocate IP {given}: the provided network does not match the current range");
        errors.invalid_shown("spec.clusterIPs", shown, detail);
        return;
    }
    for (i, port) in service.at("spec.ports").items().iter().enumerate() {
        let number = port["nodePort"].int_or(0);
        if number != 0 && !NODE_PORTS.contains(&number) {
            let words = "provided port is not in the valid range. The range of valid ports is 30000-32767";
            errors.invalid(format!("spec.ports[{i}].nodePort"), number, words);
            return;
        }
    }
}

/// What may not change in a service.
pub(super) fn update(old: &Object, new: &Object, errors: &mut Errors) {
    let (before, after) = (&old["spec"], &new["spec"]);
    let external = |spec: &Value| spec["type"].str() == "ExternalName";
    let (held, asked) = (addresses(before), addresses(after));
    let headless = held == ["None"] && asked == ["None"];
    if !(external(before) || external(after) || held.is_empty() || headless) {
        let shown = json::print(&asked.iter().map(|a| Value::from(*a)).collect::<Value>());
        if asked.is_empty() {
            let words = "primary clusterIP can not be unset";
            errors.invalid_shown("spec.clusterIPs[0]", String::from("null"), words);
        } else {
            for (i, _) in held.iter().zip(&asked).enumerate().filter(|(_, (a, b))| a != b) {
                let at = format!("spec.clusterIPs[{i}]");
                errors.invalid_shown(at, shown.clone(), "may not change once set");
            }
        }
    }
    let needs_check =
        |s: &Value| s["type"].str() == "LoadBalancer" && s["externalTrafficPolicy"].str() == "Local";
    let ports = (&before["healthCheckNodePort"], &after["healthCheckNodePort"]);
    if needs_check(before) && needs_check(after) && ports.0 != ports.1 {
        errors.forbidden("spec.healthCheckNodePort", "field is immutable");
    }
    let both = before["type"].str() == "LoadBalancer" && after["type"].str() == "LoadBalancer";
    if both && before["loadBalancerClass"] != after["loadBalancerClass"] {
        let shown = internal::compact(&after["loadBalancerClass"], "");
        errors.invalid_shown("spec.loadBalancerClass", shown, "may not change once set");
    }
}
