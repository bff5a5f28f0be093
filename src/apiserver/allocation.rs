//! What only one Service of the whole cluster can have: its addresses and its node ports
//! (registry/core/service/storage `alloc.go`).

use super::ApiServer;
use crate::api::validation::Errors;
use crate::api::{Kind, Object, Value, json};

impl ApiServer {
    /// Tells if a Service asks for an address or a node port that another one has; the first such thing only,
    /// as the allocators are asked one after the other.
    pub(super) fn taken(&self, service: &Object, errors: &mut Errors) {
        let others = || self.store.list(Kind::SERVICE, None).filter(|s| s.uid() != service.uid());
        let ip = service.at("spec.clusterIP").str();
        let addressed = !ip.is_empty() && ip != "None";
        if addressed && others().any(|s| s.at("spec.clusterIP").str() == ip) {
            let shown = format!("[{}]", json::quote(ip));
            let detail = format!("failed to allocate IP {ip}: provided IP is already allocated");
            return errors.invalid_shown("spec.clusterIPs", shown, detail);
        }
        let used: Vec<i64> = others().flat_map(|s| ports(s).flatten().collect::<Vec<_>>()).collect();
        for (i, port) in ports(service).enumerate() {
            if let Some(number) = port.filter(|n| used.contains(n)) {
                let at = format!("spec.ports[{i}].nodePort");
                return errors.invalid(at, number, "provided port is already allocated");
            }
        }
    }
}

/// The node port of each port, where it has one.
fn ports(service: &Object) -> impl Iterator<Item = Option<i64>> + '_ {
    let port = |p: &Value| p["nodePort"].as_int().filter(|n| *n != 0);
    service.at("spec.ports").items().iter().map(port)
}
