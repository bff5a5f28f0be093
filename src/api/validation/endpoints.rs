//! Endpoints and EndpointSlices: addresses and ports.

use super::{Errors, container, net};
use crate::api::{Object, Value, names};
use core::net::IpAddr;

/// Most endpoints of a slice and most addresses of an endpoint (pkg/apis/discovery/validation).
const MAX_ENDPOINTS: usize = 1000;
const MAX_ADDRESSES: usize = 100;

/// `validateEndpointSubsets`
pub(super) fn endpoints(object: &Object, errors: &mut Errors) {
    for (i, subset) in object["subsets"].items().iter().enumerate() {
        let path = format!("subsets[{i}]");
        if subset["addresses"].is_empty() && subset["notReadyAddresses"].is_empty() {
            errors.required(path.as_str(), "must specify `addresses` or `notReadyAddresses`");
        }
        for list in ["addresses", "notReadyAddresses"] {
            for (j, a) in subset[list].items().iter().enumerate() {
                address(a, &format!("{path}.{list}[{j}]"), errors);
            }
        }
        let ports = subset["ports"].items();
        for (j, p) in ports.iter().enumerate() {
            port(p, ports.len() > 1, &format!("{path}.ports[{j}]"), errors);
        }
    }
}

fn address(address: &Value, path: &str, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.{field}");
    net::ip(address["ip"].str(), &at("ip"), errors);
    for (field, rule) in
        [("hostname", names::dns_label as fn(&str) -> names::Complaints), ("nodeName", names::dns_subdomain)]
    {
        let name = address[field].str();
        if !name.is_empty() {
            errors.complaints(&at(field), name, rule(name));
        }
    }
    reachable(address["ip"].str(), &at("ip"), errors);
}

/// `ValidateEndpointIP`
pub(super) fn reachable(text: &str, path: &str, errors: &mut Errors) {
    let Ok(ip) = text.parse::<IpAddr>() else {
        return errors.invalid(path, text, "must be a valid IP address");
    };
    let (local, local_multicast) = match ip {
        IpAddr::V4(ip) => (ip.is_link_local(), ip.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(ip) => (ip.segments()[0] & 0xffc0 == 0xfe80, ip.segments()[0] & 0xff0f == 0xff02),
    };
    if ip.is_unspecified() {
        errors.invalid(path, text, format!("may not be unspecified ({text})"));
    }
    if ip.is_loopback() {
        errors.invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
    }
    if local {
        errors.invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
    }
    if local_multicast {
        errors.invalid(path, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
    }
}

fn port(port: &Value, needs_name: bool, path: &str, errors: &mut Errors) {
    let at = |field: &str| format!("{path}.{field}");
    match port["name"].str() {
        "" if needs_name => errors.required(at("name"), ""),
        "" => {}
        name => errors.complaints(&at("name"), name, names::dns_label(name)),
    }
    let number = port["port"].int_or(0);
    errors.complaints(&at("port"), number, names::port_number(number));
    container::protocol(&port["protocol"], &at("protocol"), errors);
    if let Some(name) = port["appProtocol"].as_str() {
        errors.complaints(&at("appProtocol"), name, names::qualified(name));
    }
}

/// `ValidateEndpointSlice`: the kinds of addresses, endpoints and ports.
pub(super) fn slice(object: &Object, errors: &mut Errors) {
    let kind = object["addressType"].str();
    match kind {
        "IPv4" | "IPv6" | "FQDN" => {}
        "" => errors.required("addressType", ""),
        _ => errors.not_supported("addressType", kind, &["FQDN", "IPv4", "IPv6"]),
    }
    let endpoints = object["endpoints"].items();
    if endpoints.len() > MAX_ENDPOINTS {
        errors.too_many("endpoints", endpoints.len(), MAX_ENDPOINTS);
        return;
    }
    for (i, endpoint) in endpoints.iter().enumerate() {
        let path = format!("endpoints[{i}].addresses");
        let addresses = endpoint["addresses"].items();
        if addresses.is_empty() {
            errors.required(path.as_str(), "must contain at least 1 address");
        } else if addresses.len() > MAX_ADDRESSES {
            errors.too_many(path.as_str(), addresses.len(), MAX_ADDRESSES);
        }
        for (j, text) in addresses.iter().map(Value::str).enumerate() {
            let at = format!("{path}[{j}]");
            if kind == "FQDN" {
                errors.complaints(&at, text, names::dns_subdomain(text));
                continue;
            }
            let before = errors.list.len();
            net::ip(text, &at, errors);
            if errors.list.len() == before && kind == "IPv4" && text.contains(':') {
                errors.invalid(at.as_str(), text, "must be an IPv4 address");
            } else if errors.list.len() == before && kind == "IPv6" && !text.contains(':') {
                errors.invalid(at.as_str(), text, "must be an IPv6 address");
            }
            if errors.list.len() == before {
                reachable(text, &at, errors);
            }
        }
    }
    slice_ports(object["ports"].items(), errors);
}

fn slice_ports(ports: &[Value], errors: &mut Errors) {
    for (i, port) in ports.iter().enumerate() {
        let at = |field: &str| format!("ports[{i}].{field}");
        let name = port["name"].str();
        if !name.is_empty() {
            errors.complaints(&at("name"), name, names::dns_label(name));
        }
        if ports[..i].iter().any(|p| p["name"].str() == name) {
            errors.duplicate(at("name"), name);
        }
        if port["protocol"].is_some() {
            container::protocol(&port["protocol"], &at("protocol"), errors);
        }
    }
}
