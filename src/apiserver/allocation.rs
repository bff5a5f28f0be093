//! What only one Service of the whole cluster can have: its addresses and its node ports. Those that it does not
//! ask for are drawn, those that another one has are refused (registry/core/service/storage `alloc.go`).

use super::ApiServer;
use crate::api::validation::Errors;
use crate::api::{Kind, Object, Text, Value, json};
use crate::collections::BTreeSet;
use crate::{list, map};

/// The service range 10.96.0.0/12 of the default cluster: its second octet runs over 16 values.
const SERVICE_OCTETS: std::ops::Range<u64> = 96..112;
/// kube-apiserver `--service-node-port-range`.
const NODE_PORTS: std::ops::Range<u64> = 30_000..32_768;

impl ApiServer {
    /// Gives a Service what it needs and has not asked for; of an older version it keeps what it had.
    pub(super) fn allocate_service(&mut self, service: &mut Object, old: Option<&Object>) {
        let kind = service.at("spec.type").text();
        if &*kind == "ExternalName" {
            return;
        }
        if service.at("spec.clusterIP").str().is_empty() {
            let ip = match old.map(|o| o.at("spec.clusterIP").text()).filter(|ip| !ip.is_empty()) {
                Some(ip) => ip,
                None => self.free_cluster_ip(),
            };
            service.set("spec.clusterIP", ip);
        }
        let ip = service.at("spec.clusterIP").text();
        service.set("spec.clusterIPs", list![ip]);
        if service.at("spec.ipFamilies").is_null() {
            service.set("spec.ipFamilies", list![Text::lit("IPv4")]);
            service.set("spec.ipFamilyPolicy", Text::lit("SingleStack"));
        }
        if matches!(&*kind, "NodePort" | "LoadBalancer") {
            self.allocate_node_ports(service, old);
        }
        if service["status"].is_null() {
            service.set("status", map! { "loadBalancer" => Value::map() });
        }
    }

    fn free_cluster_ip(&mut self) -> Text {
        let used: BTreeSet<Text> =
            self.store.list(Kind::SERVICE, None).map(|s| s.at("spec.clusterIP").text()).collect();
        // Upstream draws at random; the range is far larger than what is ever used.
        for _ in 0..1_000 {
            let octet = SERVICE_OCTETS.start + self.uids.below(SERVICE_OCTETS.end - SERVICE_OCTETS.start);
            let ip = format!("10.{octet}.{}.{}", self.uids.below(256), 1 + self.uids.below(254));
            if !used.contains(ip.as_str()) {
                return Text::from(ip);
            }
        }
        Text::lit("None")
    }

    fn allocate_node_ports(&mut self, service: &mut Object, old: Option<&Object>) {
        let mut used = self.used_ports(service);
        used.extend(ports(service).flatten());
        for i in 0..service.at("spec.ports").items().len() {
            let path = format!("spec.ports.{i}.nodePort");
            if service.at(&path).int_or(0) != 0 {
                continue;
            }
            let port = service.at("spec.ports")[i]["port"].clone();
            let before = old.map(|o| {
                let same = o.at("spec.ports").items().iter().find(|p| p["port"] == port);
                same.map_or(0, |p| p["nodePort"].int_or(0))
            });
            let node_port = match before.filter(|n| *n != 0) {
                Some(n) => n,
                None => loop {
                    let n = (NODE_PORTS.start + self.uids.below(NODE_PORTS.end - NODE_PORTS.start)) as i64;
                    if !used.contains(&n) || used.len() as u64 >= NODE_PORTS.end - NODE_PORTS.start {
                        break n;
                    }
                },
            };
            used.insert(node_port);
            service.set(&path, node_port);
        }
    }

    /// Tells if a Service asks for an address or a node port that another one has; the first such thing only,
    /// as the allocators are asked one after the other.
    pub(super) fn taken(&self, service: &Object, errors: &mut Errors) {
        let ip = service.at("spec.clusterIP").str();
        let addressed = !ip.is_empty() && ip != "None";
        if addressed && self.other_services(service).any(|s| s.at("spec.clusterIP").str() == ip) {
            let shown = format!("[{}]", json::quote(ip));
            let detail = format!("failed to allocate IP {ip}: provided IP is already allocated");
            return errors.invalid_shown("spec.clusterIPs", shown, detail);
        }
        let used = self.used_ports(service);
        for (i, port) in ports(service).enumerate() {
            if let Some(number) = port.filter(|n| used.contains(n)) {
                let at = format!("spec.ports[{i}].nodePort");
                return errors.invalid(at, number, "provided port is already allocated");
            }
        }
    }

    fn other_services(&self, service: &Object) -> impl Iterator<Item = &Object> {
        let own = service.at("metadata.uid").text();
        self.store.list(Kind::SERVICE, None).filter(move |s| own != *s.uid())
    }

    /// The node ports of all other Services.
    fn used_ports(&self, service: &Object) -> BTreeSet<i64> {
        self.other_services(service).flat_map(|s| ports(s).flatten()).collect()
    }
}

/// The node port of each port, where it has one.
fn ports(service: &Object) -> impl Iterator<Item = Option<i64>> + '_ {
    let port = |p: &Value| p["nodePort"].as_int().filter(|n| *n != 0);
    service.at("spec.ports").items().iter().map(port)
}
