//! Services and Ingresses.

use super::{make, name};
use crate::api::{Kind, Value, names};
use crate::kubectl::cx::{Cx, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, array, int, slice, text};
use crate::kubectl::verb::pairs_map;

/// Flags of `create service clusterip`.
pub const CLUSTER_IP: &[Flag] = &[slice("tcp", ' '), text("clusterip", ' ', "")];
/// Flags of `create service nodeport`.
pub const NODE_PORT: &[Flag] = &[slice("tcp", ' '), int("node-port", ' ', "0")];
/// Flags of `create service loadbalancer`.
pub const BALANCER: &[Flag] = &[slice("tcp", ' ')];
/// Flags of `create service externalname`.
pub const EXTERNAL: &[Flag] = &[slice("tcp", ' '), text("external-name", ' ', "")];
/// Flags of `create ingress`.
pub const INGRESS: &[Flag] =
    &[text("class", ' ', ""), array("rule", ' '), text("default-backend", ' ', ""), array("annotation", ' ')];

fn ports(args: &Args, type_name: &str) -> Res<Value> {
    let mut out = Vec::new();
    for spec in args.values("tcp") {
        let (port, target) = spec.split_once(':').map_or((spec.as_str(), None), |(p, t)| (p, Some(t)));
        let number = super::port(port)?;
        let target_port = match target.map(|t| (t, t.parse::<i64>())) {
            None => Value::from(number),
            Some((text, Err(_))) => {
                let wrong = names::port_name(text);
                if !wrong.is_empty() {
                    return Err(Fail::Plain(wrong.join(",")));
                }
                Value::from(text)
            }
            Some((_, Ok(n))) if !(1..=65_535).contains(&n) => {
                return Err("must be between 1 and 65535, inclusive".into());
            }
            Some((_, Ok(n))) => Value::from(n),
        };
        let mut entry = crate::map! {
            "name" => spec.replace(':', "-"), "port" => number, "protocol" => "TCP",
            "targetPort" => target_port,
        };
        let node = args.int("node-port");
        if type_name == "NodePort" && node > 0 {
            entry.set("nodePort", node);
        }
        out.push(entry);
    }
    Ok(Value::from(out))
}

fn service(cx: &mut Cx, args: &Args, type_name: &'static str) -> Outcome {
    let name = name(args)?;
    let ports = ports(args, type_name)?;
    let headless = args.value("clusterip") == "None";
    if ports.is_empty() && !headless && type_name != "ExternalName" {
        return Err("at least one tcp port specifier must be provided".into());
    }
    let external = args.value("external-name");
    if !external.is_empty() && !names::dns_subdomain(external).is_empty() {
        return Err(Fail::Plain(format!("invalid service external name {external}")));
    }
    let labels = crate::map! { "app" => &name };
    let mut spec = crate::map! { "type" => type_name, "selector" => &labels };
    if !ports.is_empty() {
        spec.set("ports", ports);
    }
    if !args.value("clusterip").is_empty() {
        spec.set("clusterIP", args.value("clusterip"));
    }
    if type_name == "ExternalName" {
        spec.set("externalName", external);
    }
    let fields = crate::map! { "spec" => spec, "status" => crate::map! { "loadBalancer" => Value::map() } };
    make(cx, args, Kind::SERVICE, &name, labels, fields, &format!("failed to create {type_name} service:"))
}

/// `create service clusterip`.
pub fn cluster_ip(cx: &mut Cx, args: &Args) -> Outcome {
    service(cx, args, "ClusterIP")
}

/// `create service nodeport`.
pub fn node_port(cx: &mut Cx, args: &Args) -> Outcome {
    service(cx, args, "NodePort")
}

/// `create service loadbalancer`.
pub fn load_balancer(cx: &mut Cx, args: &Args) -> Outcome {
    service(cx, args, "LoadBalancer")
}

/// `create service externalname`.
pub fn external_name(cx: &mut Cx, args: &Args) -> Outcome {
    super::required(args, &["external-name"])?;
    service(cx, args, "ExternalName")
}

fn backend(name: &str, port: &str) -> Value {
    let port = match port.parse::<i64>() {
        Ok(n) => crate::map! { "number" => n },
        Err(_) => crate::map! { "name" => port },
    };
    crate::map! { "service" => crate::map! { "name" => name, "port" => port } }
}

struct Rule {
    host: String,
    path: String,
    backend: Value,
    /// `tls`, with the secret's name if one is given.
    tls: Option<String>,
}

fn rule(text: &str) -> Option<Rule> {
    let (place, rest) = text.split_once('=')?;
    let slash = place.find('/')?;
    let (target, tls) = match rest.split_once(',') {
        Some((target, tls)) => (target, Some(tls)),
        None => (rest, None),
    };
    let (service, port) = target.split_once(':')?;
    let word = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if !word(service) || !word(port) {
        return None;
    }
    let tls = match tls {
        None => None,
        Some("tls") => Some(String::new()),
        Some(t) => Some(t.strip_prefix("tls=")?.to_string()),
    };
    Some(Rule {
        host: place[..slash].to_string(),
        path: place[slash..].to_string(),
        backend: backend(service, port),
        tls,
    })
}

/// `create ingress`.
pub fn ingress(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let default = args.value("default-backend");
    if default.is_empty() && args.values("rule").is_empty() {
        return Err("not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)".into());
    }
    let mut hosts: Vec<(String, Vec<Value>)> = Vec::new();
    let mut secrets: Vec<(String, Vec<String>)> = Vec::new();
    for text in args.values("rule") {
        let Some(rule) = rule(&text) else {
            return Err(Fail::Plain(format!(
                "rule {text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            )));
        };
        let prefix = rule.path.strip_suffix('*');
        let path = crate::map! {
            "path" => prefix.unwrap_or(&rule.path), "pathType" => if prefix.is_some() { "Prefix" } else { "Exact" },
            "backend" => rule.backend,
        };
        match hosts.iter_mut().find(|(h, _)| *h == rule.host) {
            Some((_, paths)) => paths.push(path),
            None => hosts.push((rule.host.clone(), vec![path])),
        }
        if let Some(secret) = rule.tls {
            match secrets.iter_mut().find(|(s, _)| *s == secret) {
                Some((_, all)) if all.contains(&rule.host) => {}
                Some((_, all)) => all.push(rule.host),
                None => secrets.push((secret, vec![rule.host])),
            }
        }
    }
    let mut spec = Value::map();
    if !args.value("class").is_empty() {
        spec.set("ingressClassName", args.value("class"));
    }
    if !default.is_empty() {
        let Some((service, port)) = default.split_once(':') else {
            return Err("default-backend should be in format servicename:serviceport".into());
        };
        spec.set("defaultBackend", backend(service, port));
    }
    if !hosts.is_empty() {
        spec.set("rules", hosts.into_iter().map(|(host, paths)| rule_value(host, paths)).collect::<Value>());
    }
    if !secrets.is_empty() {
        spec.set(
            "tls",
            secrets.into_iter().map(|(secret, hosts)| tls_value(secret, hosts)).collect::<Value>(),
        );
    }
    let fields = crate::map! { "spec" => spec, "status" => crate::map! { "loadBalancer" => Value::map() } };
    let object = crate::api::Object::new(Kind::INGRESS, fields);
    let mut object = object;
    object.set("metadata.name", name.as_str());
    for note in args.values("annotation") {
        let pairs = pairs_map(&note).map_err(Fail::Plain)?;
        for (k, v) in pairs.entries() {
            object.slot("metadata.annotations").map_mut().insert(k, v);
        }
    }
    if cx.base.explicit {
        object.set("metadata.namespace", cx.base.namespace.as_str());
    }
    super::finish(cx, args, object, "failed to create ingress:")
}

fn rule_value(host: String, paths: Vec<Value>) -> Value {
    let mut v = crate::map! { "http" => crate::map! { "paths" => Value::from(paths) } };
    if !host.is_empty() {
        v.set("host", host);
    }
    v
}

fn tls_value(secret: String, hosts: Vec<String>) -> Value {
    let mut v = Value::map();
    let hosts: Value = hosts.iter().filter(|h| !h.is_empty()).map(String::as_str).collect();
    if !hosts.is_empty() {
        v.set("hosts", hosts);
    }
    if !secret.is_empty() {
        v.set("secretName", secret);
    }
    v
}
