//! Services, their endpoints, Ingresses and NetworkPolicies.

use super::{Writer, head, or, scalar, selector};
use crate::api::{Kind, Object, Text, Value};
use crate::time::{civil, parse_rfc3339};

/// How many endpoints of a port are listed before `+ n more...` (describe.go `formatEndpointSlices`).
const MAX_ENDPOINTS: usize = 3;

/// A Service.
pub fn service(w: &mut Writer, s: &Object) {
    head(w, s);
    let pairs: Vec<String> =
        s.at("spec.selector").entries().map(|(k, v)| format!("{k}={}", v.str())).collect();
    w.field(0, "Selector", or(&pairs.join(","), "<none>"));
    w.field(0, "Type", s.at("spec.type").str());
    w.optional(0, "IP Family Policy", s.at("spec.ipFamilyPolicy").str());
    let list = |path: &str| s.at(path).items().iter().map(Value::str).collect::<Vec<_>>().join(",");
    w.optional(0, "IP Families", &list("spec.ipFamilies"));
    w.field(0, "IP", s.at("spec.clusterIP").str());
    if s.at("spec.clusterIPs").is_some() {
        w.field(0, "IPs", or(&list("spec.clusterIPs"), "<none>"));
    }
    w.optional(0, "External IPs", &list("spec.externalIPs"));
    w.optional(0, "Desired LoadBalancer IP", s.at("spec.loadBalancerIP").str());
    w.optional(0, "External Name", s.at("spec.externalName").str());
    let ingress: Vec<String> = s
        .at("status.loadBalancer.ingress")
        .items()
        .iter()
        .map(|i| or(i["ip"].str(), i["hostname"].str()).to_string())
        .collect();
    w.optional(0, "LoadBalancer Ingress", &ingress.join(", "));
    let mut slices = w.source.list(Kind::ENDPOINT_SLICE, Some(s.namespace()));
    slices.retain(|e| e.label("kubernetes.io/service-name") == Some(s.name()));
    for p in s.at("spec.ports").items() {
        let (name, protocol) = (or(p["name"].str(), "<unset>"), p["protocol"].str());
        w.line(0, &format!("Port:\t{name}\t{}/{protocol}", scalar(&p["port"])));
        w.field(0, "TargetPort", &format!("{}/{protocol}", scalar(&p["targetPort"])));
        if p["nodePort"].int_or(0) != 0 {
            w.line(0, &format!("NodePort:\t{name}\t{}/{protocol}", scalar(&p["nodePort"])));
        }
        w.field(0, "Endpoints", &backends(&slices, p["name"].str()));
    }
    w.field(0, "Session Affinity", s.at("spec.sessionAffinity").str());
    w.optional(0, "External Traffic Policy", s.at("spec.externalTrafficPolicy").str());
    w.optional(0, "Internal Traffic Policy", s.at("spec.internalTrafficPolicy").str());
    if s.at("spec.healthCheckNodePort").int_or(0) != 0 {
        w.field(0, "HealthCheck NodePort", &scalar(s.at("spec.healthCheckNodePort")));
    }
    w.events(s);
}

/// The ready endpoints of a port.
fn backends(slices: &[Object], port: &str) -> String {
    if slices.is_empty() {
        return "<none>".into();
    }
    let mut all = Vec::new();
    for slice in slices {
        for p in slice["ports"].items().iter().filter(|p| p["name"].str() == port) {
            for e in
                slice["endpoints"].items().iter().filter(|e| e["conditions"]["ready"] != Value::Bool(false))
            {
                all.extend(
                    e["addresses"].items().iter().map(|a| format!("{}:{}", a.str(), scalar(&p["port"]))),
                );
            }
        }
    }
    let more = all.len().saturating_sub(MAX_ENDPOINTS);
    all.truncate(MAX_ENDPOINTS);
    let list = all.join(",");
    if more > 0 { format!("{list} + {more} more...") } else { list }
}

/// Endpoints.
pub fn endpoints(w: &mut Writer, e: &Object) {
    head(w, e);
    w.line(0, "Subsets:");
    for subset in e["subsets"].items() {
        for (title, field) in [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")] {
            let ips: Vec<&str> = subset[field].items().iter().map(|a| a["ip"].str()).collect();
            w.field(1, title, or(&ips.join(","), "<none>"));
        }
        if !subset["ports"].is_empty() {
            w.line(1, "Ports:");
            w.line(2, "Name\tPort\tProtocol");
            w.line(2, "----\t----\t--------");
            for p in subset["ports"].items() {
                w.line(
                    2,
                    &format!(
                        "{}\t{}\t{}",
                        or(p["name"].str(), "<unset>"),
                        scalar(&p["port"]),
                        p["protocol"].str()
                    ),
                );
            }
        }
        w.line(0, "");
    }
    w.events(e);
}

/// An EndpointSlice.
pub fn endpoint_slice(w: &mut Writer, e: &Object) {
    head(w, e);
    w.field(0, "AddressType", e["addressType"].str());
    if e["ports"].is_empty() {
        w.line(0, "Ports: <unset>");
    } else {
        w.line(0, "Ports:");
        w.line(1, "Name\tPort\tProtocol");
        w.line(1, "----\t----\t--------");
        for p in e["ports"].items() {
            let port = scalar(&p["port"]);
            w.line(
                1,
                &format!(
                    "{}\t{}\t{}",
                    or(p["name"].str(), "<unset>"),
                    or(&port, "<unset>"),
                    p["protocol"].str()
                ),
            );
        }
    }
    if e["endpoints"].is_empty() {
        w.line(0, "Endpoints: <none>");
    } else {
        w.line(0, "Endpoints:");
        for ep in e["endpoints"].items() {
            let addresses: Vec<&str> = ep["addresses"].items().iter().map(Value::str).collect();
            w.line(1, &format!("- Addresses:\t{}", or(&addresses.join(", "), "<none>")));
            w.line(2, "Conditions:");
            let ready = scalar(&ep["conditions"]["ready"]);
            w.field(3, "Ready", or(&ready, "<unset>"));
            w.field(2, "Hostname", or(ep["hostname"].str(), "<unset>"));
            if ep["targetRef"].is_some() {
                w.field(2, "TargetRef", &super::pod::controlled_by(&ep["targetRef"]));
            }
            w.field(2, "NodeName", or(ep["nodeName"].str(), "<unset>"));
            w.field(2, "Zone", or(ep["zone"].str(), "<unset>"));
        }
    }
    w.events(e);
}

/// An Ingress.
pub fn ingress(w: &mut Writer, i: &Object) {
    w.field(0, "Name", i.name());
    w.labels("Labels", i.at("metadata.labels"));
    w.field(0, "Namespace", i.namespace());
    let addresses: Vec<&str> = i
        .at("status.loadBalancer.ingress")
        .items()
        .iter()
        .map(|a| or(a["ip"].str(), a["hostname"].str()))
        .collect();
    w.field(0, "Address", &addresses.join(","));
    w.field(0, "Ingress Class", or(i.at("spec.ingressClassName").str(), "<none>"));
    let default = i.at("spec.defaultBackend");
    if default.is_null() {
        w.field(0, "Default backend", "<default>");
    } else {
        let text = backend(w, i.namespace(), default);
        w.field(0, "Default backend", &text);
    }
    if !i.at("spec.tls").is_empty() {
        w.line(0, "TLS:");
        for t in i.at("spec.tls").items() {
            let hosts: Vec<&str> = t["hosts"].items().iter().map(Value::str).collect();
            match t["secretName"].str() {
                "" => w.line(1, &format!("SNI routes {}", hosts.join(","))),
                secret => w.line(1, &format!("{secret} terminates {}", hosts.join(","))),
            }
        }
    }
    w.line(0, "Rules:");
    w.line(1, "Host\tPath\tBackends");
    w.line(1, "----\t----\t--------");
    let rules = i.at("spec.rules").items();
    for rule in rules {
        w.line(1, &format!("{}\t", or(rule["host"].str(), "*")));
        for path in rule["http"]["paths"].items() {
            let text = backend(w, i.namespace(), &path["backend"]);
            w.line(1, &format!("  \t{} \t{text}", or(path["path"].str(), "/")));
        }
    }
    if rules.is_empty() {
        let text =
            if default.is_null() { "<default>".to_string() } else { backend(w, i.namespace(), default) };
        w.line(1, &format!("*\t*\t{text}"));
    }
    w.annotations("Annotations", i.at("metadata.annotations"));
    w.events(i);
}

fn backend(w: &mut Writer, namespace: &str, b: &Value) -> String {
    let service = &b["service"];
    if service.is_null() {
        let r = &b["resource"];
        return format!(
            "APIGroup: {}, Kind: {}, Name: {}",
            or(r["apiGroup"].str(), "<none>"),
            r["kind"].str(),
            r["name"].str()
        );
    }
    let name = service["name"].str();
    let port = if service["port"]["number"].is_some() {
        scalar(&service["port"]["number"])
    } else {
        service["port"]["name"].str().to_string()
    };
    let endpoints = match w.source.get(Kind::SERVICE, namespace, name) {
        None => format!("<error: services \"{name}\" not found>"),
        Some(s) => {
            let same = |p: &&Value| scalar(&p["port"]) == port || p["name"].str() == port;
            let port_name =
                s.at("spec.ports").items().iter().find(same).map(|p| p["name"].text()).unwrap_or_default();
            let mut slices = w.source.list(Kind::ENDPOINT_SLICE, Some(namespace));
            slices.retain(|e| e.label("kubernetes.io/service-name") == Some(name));
            backends(&slices, &port_name)
        }
    };
    format!("{name}:{port} ({endpoints})")
}

/// A NetworkPolicy.
pub fn network_policy(w: &mut Writer, n: &Object) {
    w.field(0, "Name", n.name());
    w.field(0, "Namespace", n.namespace());
    let created = parse_rfc3339(n.at("metadata.creationTimestamp").str()).map(civil);
    if let Some(c) = created {
        let text = format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02} +0000 UTC",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        );
        w.field(0, "Created on", &text);
    }
    w.labels("Labels", n.at("metadata.labels"));
    w.annotations("Annotations", n.at("metadata.annotations"));
    w.line(0, "Spec:");
    let pods = selector(n.at("spec.podSelector"));
    let all = "<none> (Allowing the specific traffic to all pods in this namespace)";
    w.line(1, &format!("PodSelector:     {}", if pods == "<none>" { all } else { &pods }));
    let types: Vec<&str> = n.at("spec.policyTypes").items().iter().map(Value::str).collect();
    for (direction, verb, title) in [("Ingress", "ingress", "From"), ("Egress", "egress", "To")] {
        if types.contains(&direction) {
            w.line(1, &format!("Allowing {verb} traffic:"));
            rules(w, n.at(&format!("spec.{verb}")), title);
        } else {
            w.line(1, &format!("Not affecting {verb} traffic"));
        }
    }
    w.line(1, &format!("Policy Types: {}", types.join(", ")));
}

fn rules(w: &mut Writer, rules: &Value, title: &str) {
    let noun = if title == "From" { "ingress" } else { "egress" };
    if rules.is_empty() {
        w.line(2, &format!("<none> (Selected pods are isolated for {noun} connectivity)"));
        return;
    }
    for (i, rule) in rules.items().iter().enumerate() {
        if rule["ports"].is_empty() {
            w.line(2, "To Port: <any> (traffic allowed to all ports)");
        }
        for p in rule["ports"].items() {
            w.line(
                2,
                &format!("To Port: {}/{}", or(&scalar(&p["port"]), "<any>"), or(p["protocol"].str(), "TCP")),
            );
        }
        let peers = &rule[if title == "From" { "from" } else { "to" }];
        if peers.is_empty() {
            w.line(
                2,
                &format!(
                    "{title}: <any> (traffic not restricted by {})",
                    if title == "From" { "source" } else { "destination" }
                ),
            );
        } else {
            w.line(2, &format!("{title}:"));
        }
        for peer in peers.items() {
            for (title, field) in [("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")]
            {
                if peer[field].is_some() {
                    w.line(3, &format!("{title}: {}", selector(&peer[field])));
                }
            }
            if peer["ipBlock"].is_some() {
                w.line(3, "IPBlock:");
                w.line(4, &format!("CIDR: {}", peer["ipBlock"]["cidr"].str()));
                let except: Vec<Text> = peer["ipBlock"]["except"].items().iter().map(Value::text).collect();
                w.line(4, &format!("Except: {}", except.join(", ")));
            }
        }
        if i + 1 < rules.items().len() {
            w.line(2, "----------");
        }
    }
}
