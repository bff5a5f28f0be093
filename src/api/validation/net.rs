//! Addresses, services, network policies, ingresses.

use super::{Errors, container, handler, meta};
use crate::api::{Object, Value, names};
use core::net::IpAddr;

/// `IsValidIP`
pub(super) fn ip(text: &str, path: &str, errors: &mut Errors) {
    if text.parse::<IpAddr>().is_err() {
        errors.invalid(path, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    }
}

/// `IsValidCIDR`
pub(super) fn range(text: &str, path: &str, errors: &mut Errors) {
    if cidr(text).is_none() {
        errors.invalid(path, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
    }
}

/// The address and the length of the mask of `10.0.0.0/8`.
fn cidr(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let bits: u32 = bits.parse().ok()?;
    (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, bits))
}

/// Whether an address lies in a range.
pub(super) fn contains(range: (IpAddr, u32), address: IpAddr) -> bool {
    match (range.0, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let shift = 32 - range.1;
            shift == 32 || u32::from(a) >> shift == u32::from(b) >> shift
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let shift = 128 - range.1;
            shift == 128 || u128::from(a) >> shift == u128::from(b) >> shift
        }
        _ => false,
    }
}

/// `ValidateNetworkPolicy`
pub(super) fn network_policy(policy: &Object, errors: &mut Errors) {
    let spec = &policy["spec"];
    meta::selector(&spec["podSelector"], "spec.podSelector", errors);
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
        for (i, rule) in spec[rules].items().iter().enumerate() {
            let path = format!("spec.{rules}[{i}]");
            for (j, port) in rule["ports"].items().iter().enumerate() {
                policy_port(port, &format!("{path}.ports[{j}]"), errors);
            }
            for (j, peer) in rule[peers].items().iter().enumerate() {
                policy_peer(peer, &format!("{path}.{peers}[{j}]"), errors);
            }
        }
    }
    let types = spec["policyTypes"].items();
    if types.len() > 2 {
        errors.invalid("spec.policyTypes", &spec["policyTypes"], "may not specify more than two policyTypes");
        return;
    }
    for (i, kind) in types.iter().enumerate() {
        if !matches!(kind.str(), "Ingress" | "Egress") {
            errors.not_supported(format!("spec.policyTypes[{i}]"), kind, &["Ingress", "Egress"]);
        }
    }
}

fn policy_port(port: &Value, path: &str, errors: &mut Errors) {
    if port["protocol"].is_some() {
        container::protocol(&port["protocol"], &format!("{path}.protocol"), errors);
    }
    if port["port"].is_some() {
        handler::port(&port["port"], &format!("{path}.port"), errors);
        let (from, to) = (port["port"].int_or(0), port["endPort"].int_or(i64::MAX));
        if port["endPort"].is_some() && port["port"].as_str().is_some() {
            let words = "may not be specified when `port` is non-numeric";
            errors.invalid(format!("{path}.endPort"), to, words);
        } else if port["endPort"].is_some() && to < from {
            errors.invalid(format!("{path}.endPort"), to, "must be greater than or equal to `port`");
        }
    } else if port["endPort"].is_some() {
        errors.invalid(
            format!("{path}.endPort"),
            &port["endPort"],
            "may not be specified when `port` is not specified",
        );
    }
}

fn policy_peer(peer: &Value, path: &str, errors: &mut Errors) {
    let count = peer.entries().count();
    meta::selector(&peer["podSelector"], &format!("{path}.podSelector"), errors);
    meta::selector(&peer["namespaceSelector"], &format!("{path}.namespaceSelector"), errors);
    let block = &peer["ipBlock"];
    if block.is_some() {
        ip_block(block, &format!("{path}.ipBlock"), errors);
    }
    if count == 0 {
        errors.required(path, "must specify a peer");
    } else if count > 1 && block.is_some() {
        errors.forbidden(path, "may not specify both ipBlock and another peer");
    }
}

fn ip_block(block: &Value, path: &str, errors: &mut Errors) {
    const WORDS: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
    let text = block["cidr"].str();
    if text.is_empty() {
        errors.required(format!("{path}.cidr"), "");
        return;
    }
    let Some(range) = cidr(text) else {
        errors.invalid(format!("{path}.cidr"), text, WORDS);
        return;
    };
    for (i, except) in block["except"].items().iter().enumerate() {
        let at = format!("{path}.except[{i}]");
        match cidr(except.str()) {
            None => errors.invalid(at, except, WORDS),
            Some(inner) if !contains(range, inner.0) || inner.1 <= range.1 => {
                errors.invalid(at, except, "must be a strict subset of `cidr`");
            }
            Some(_) => {}
        }
    }
}

/// `ValidateIngressCreate`
pub(super) fn ingress(ingress: &Object, errors: &mut Errors) {
    let spec = &ingress["spec"];
    if spec["rules"].is_empty() && spec["defaultBackend"].is_null() {
        errors.invalid("spec", &spec["rules"], "either `defaultBackend` or `rules` must be specified");
    }
    if spec["defaultBackend"].is_some() {
        backend(&spec["defaultBackend"], "spec.defaultBackend", errors);
    }
    for (i, rule) in spec["rules"].items().iter().enumerate() {
        let path = format!("spec.rules[{i}]");
        let host = rule["host"].str();
        let at = format!("{path}.host");
        if host.parse::<IpAddr>().is_ok() {
            errors.invalid(at, host, "must be a DNS name, not an IP address");
        } else if host.contains('*') {
            errors.complaints(&at, host, names::wildcard_subdomain(host));
        } else if !host.is_empty() {
            errors.complaints(&at, host, names::dns_subdomain(host));
        }
        let http = &rule["http"];
        if http.is_some() && http["paths"].is_empty() {
            errors.required(format!("{path}.http.paths"), "");
        }
        for (j, p) in http["paths"].items().iter().enumerate() {
            ingress_path(p, &format!("{path}.http.paths[{j}]"), errors);
        }
    }
    tls(&spec["tls"], errors);
    let class = spec["ingressClassName"].str();
    if !class.is_empty() {
        errors.complaints("spec.ingressClassName", class, names::dns_subdomain(class));
    }
    let key = "kubernetes.io/ingress.class";
    if let Some(other) = ingress.annotation(key).filter(|other| !class.is_empty() && *other != class) {
        let words = "must match `ingressClassName` when both are specified";
        errors.invalid(format!("annotations.{key}"), other, words);
    }
}

fn tls(tls: &Value, errors: &mut Errors) {
    for (i, entry) in tls.items().iter().enumerate() {
        for (j, host) in entry["hosts"].items().iter().map(Value::str).enumerate() {
            let rule = if host.contains('*') { names::wildcard_subdomain } else { names::dns_subdomain };
            errors.complaints(&format!("spec.tls[{i}].hosts[{j}]"), host, rule(host));
        }
        let secret = entry["secretName"].str();
        if !secret.is_empty() {
            errors.complaints(&format!("spec.tls[{i}].secretName"), secret, names::dns_subdomain(secret));
        }
    }
}

fn ingress_path(p: &Value, path: &str, errors: &mut Errors) {
    let (kind, text) = (p["pathType"].str(), p["path"].str());
    match kind {
        "Exact" | "Prefix" if !text.starts_with('/') => {
            errors.invalid(format!("{path}.path"), text, "must be an absolute path");
        }
        "ImplementationSpecific" if !text.is_empty() && !text.starts_with('/') => {
            errors.invalid(format!("{path}.path"), text, "must be an absolute path");
        }
        "Exact" | "Prefix" => {
            for bad in ["//", "/./", "/../", "%2f", "%2F"] {
                if text.contains(bad) {
                    errors.invalid(format!("{path}.path"), text, format!("must not contain '{bad}'"));
                }
            }
        }
        "ImplementationSpecific" => {}
        "" => errors.required(format!("{path}.pathType"), "pathType must be specified"),
        other => errors.not_supported(
            format!("{path}.pathType"),
            other,
            &["Exact", "ImplementationSpecific", "Prefix"],
        ),
    }
    backend(&p["backend"], &format!("{path}.backend"), errors);
}

fn backend(backend: &Value, path: &str, errors: &mut Errors) {
    let (service, resource) = (&backend["service"], &backend["resource"]);
    match (service.is_some(), resource.is_some()) {
        (true, true) => errors.invalid(path, "", "cannot set both resource and service backends"),
        (false, false) => errors.required(path, "port name or number is required"),
        (false, true) => {}
        (true, false) => {
            match service["name"].str() {
                "" => errors.required(format!("{path}.service.name"), ""),
                name => errors.complaints(&format!("{path}.service.name"), name, names::dns1035_label(name)),
            }
            let (name, number) = (service["port"]["name"].str(), service["port"]["number"].int_or(0));
            let at = format!("{path}.service.port");
            match (name.is_empty(), number) {
                (true, 0) => errors.required(at, "port name or number is required"),
                (true, n) => errors.complaints(&format!("{at}.number"), n, names::port_number(n)),
                (false, 0) => errors.complaints(&format!("{at}.name"), name, names::port_name(name)),
                (false, _) => errors.invalid(at, "", "cannot set both port name & port number"),
            }
        }
    }
}

/// `ValidateIngressClass`
pub(super) fn ingress_class(class: &Object, errors: &mut Errors) {
    domain_prefixed(class.at("spec.controller").str(), "spec.controller", errors);
    let group = class.at("spec.parameters.apiGroup").str();
    if !group.is_empty() {
        errors.complaints("spec.parameters.apiGroup", group, names::dns_subdomain(group));
    }
}

/// `IsDomainPrefixedPath`
pub(super) fn domain_prefixed(text: &str, path: &str, errors: &mut Errors) {
    if text.is_empty() {
        errors.required(path, "");
        return;
    }
    match text.split_once('/') {
        Some((host, rest)) if !host.is_empty() && !rest.is_empty() => {
            errors.complaints(path, host, names::dns_subdomain(host));
        }
        _ => errors.invalid(path, text, "must be a domain-prefixed path (such as \"acme.io/foo\")"),
    }
}
