//! kube-proxy and CoreDNS: what Services and EndpointSlices mean to the simulated network.
//!
//! Whenever one of them changes, the virtual addresses and names of its Service are made anew. Both watch
//! the API server, so an endpoint that has become ready takes part from the same instant on; real proxies
//! need some tens of milliseconds. External names are followed within the cluster only.

use super::Cluster;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{ApiServer, Change};
use crate::collections::{BTreeMap, Order};
use crate::os::{self, CallFate};
use crate::trace::Cause;

/// The domain of the cluster's names.
const DOMAIN: &str = "svc.cluster.local";
/// How far back in the change log the cause of a failed call is looked for.
const LOOKED_BACK: u64 = 20_000;
/// Which service a slice belongs to.
const OWNER: &str = "kubernetes.io/service-name";

/// What the network has been told.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// The next change to look at.
    cursor: u64,
    /// By service: its virtual addresses and its names.
    told: BTreeMap<Text, (Vec<(Text, u16)>, Vec<Text>)>,
    /// How many connections to services were made, and how many were not.
    calls: (u64, u64),
}

impl Cluster {
    /// How many connections to services were made, and how many failed.
    pub fn calls(&self) -> (u64, u64) {
        self.network.calls
    }

    /// Tells the trace of calls of services that failed: because of what its endpoints, or the one that was
    /// chosen, last came to.
    pub(super) fn note_calls(&mut self) {
        for call in self.world.take_calls() {
            if call.fate == CallFate::Made {
                self.network.calls.0 += 1;
                continue;
            }
            self.network.calls.1 += 1;
            let at = (call.ip.clone(), call.port);
            let service = self.network.told.iter().find(|(_, (addresses, _))| addresses.contains(&at));
            let Some(path) = service.map(|(key, _)| format!("services/{key}")) else { continue };
            let mut values = vec![("from", call.from.clone()), ("port", Text::from(call.port.to_string()))];
            let rule = match (&call.to, call.fate) {
                (None, _) => "service.no-endpoint",
                (Some(_), CallFate::Unreachable) => "service.unreachable",
                (Some(_), _) => "service.refused",
            };
            if let Some((ip, port)) = &call.to {
                values.push(("to", Text::from(format!("{ip}:{port}"))));
            }
            let cause = self.behind(&path, call.to.as_ref().map(|(ip, _)| ip)).unwrap_or(self.command);
            self.api.enter(self.now, cause, Text::lit("kube-proxy"));
            self.api.rule(rule, &path, values);
        }
    }

    /// What last changed the endpoints of a service, or the pod of an address.
    fn behind(&self, service: &str, ip: Option<&Text>) -> Option<Cause> {
        let store = &self.api.store;
        let end = store.cursor();
        let concerns = |o: &Object| match ip {
            Some(ip) => o.kind == Kind::POD && *ip == o.at("status.podIP").str(),
            None => {
                let owner = o.label(OWNER).unwrap_or("");
                o.kind == Kind::ENDPOINT_SLICE && service == format!("services/{}/{owner}", o.namespace())
            }
        };
        let changes = (store.oldest().max(end.saturating_sub(LOOKED_BACK))..end).rev();
        changes.filter_map(|c| store.change(c)).find(|c| concerns(&c.new)).map(|c| c.cause)
    }

    /// Tells the network what has changed since the last call.
    pub(super) fn show_network(&mut self) {
        let end = self.api.store.cursor();
        let mut touched: Vec<(Text, Text)> = Vec::new();
        for cursor in self.network.cursor.max(self.api.store.oldest())..end {
            touched.extend(self.api.store.change(cursor).and_then(service_of));
        }
        self.network.cursor = end;
        touched.order();
        touched.dedup();
        for (namespace, name) in touched {
            self.wire(&namespace, &name);
        }
    }

    fn wire(&mut self, namespace: &str, name: &str) {
        let key = Text::from(format!("{namespace}/{name}"));
        let net = &mut self.world.net;
        if let Some((addresses, names)) = self.network.told.remove(&key) {
            addresses.iter().for_each(|a| drop(net.services.remove(a)));
            names.iter().for_each(|n| drop(net.dns.names.remove(n)));
        }
        let Some(service) = self.api.get(Kind::SERVICE, namespace, name) else { return };
        let slices: Vec<&Object> = slices(&self.api, namespace, name).collect();
        let addresses = virtual_addresses(service, &slices);
        let names = names(service, &slices, &net.dns);
        let told = (
            addresses.iter().map(|(at, _)| at.clone()).collect(),
            names.iter().map(|(name, _)| name.clone()).collect(),
        );
        addresses.into_iter().for_each(|(at, service)| drop(net.services.insert(at, service)));
        names.into_iter().for_each(|(name, ips)| drop(net.dns.names.insert(name, ips)));
        self.network.told.insert(key, told);
    }
}

/// The service that a change concerns.
fn service_of(change: &Change) -> Option<(Text, Text)> {
    let object = &change.new;
    let name = match object.kind {
        Kind::SERVICE => object.name(),
        Kind::ENDPOINT_SLICE => object.label(OWNER)?,
        _ => return None,
    };
    Some((Text::from(object.namespace()), Text::from(name)))
}

fn slices<'a>(api: &'a ApiServer, namespace: &'a str, name: &'a str) -> impl Iterator<Item = &'a Object> {
    let all = api.list(Kind::ENDPOINT_SLICE, Some(namespace));
    all.filter(move |s| s.label(OWNER) == Some(name))
}

fn port(value: &Value) -> Option<u16> {
    value.as_int().and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0)
}

fn is_ready(endpoint: &Value) -> bool {
    endpoint.at("conditions.ready").as_bool() != Some(false)
}

/// The addresses under which a service answers, and who answers there.
fn virtual_addresses(service: &Object, slices: &[&Object]) -> Vec<((Text, u16), os::Service)> {
    let mut ips: Vec<Text> = vec![service.at("spec.clusterIP").text()];
    ips.extend(service.at("status.loadBalancer.ingress").items().iter().map(|i| i["ip"].text()));
    ips.extend(service.at("spec.externalIPs").items().iter().map(Value::text));
    ips.retain(|ip| !ip.is_empty() && ip.as_str() != "None");
    let affinity = service.at("spec.sessionAffinity").str() == "ClientIP";
    let mut all = Vec::new();
    for p in service.at("spec.ports").items() {
        let answering = os::Service { endpoints: endpoints(slices, p["name"].str()), affinity };
        if let Some(number) = port(&p["port"]) {
            all.extend(ips.iter().map(|ip| ((ip.clone(), number), answering.clone())));
        }
        if let Some(number) = port(&p["nodePort"]) {
            all.push(((Text::default(), number), answering));
        }
    }
    all
}

/// The ready endpoints of a service's port.
fn endpoints(slices: &[&Object], name: &str) -> Vec<(Text, u16)> {
    let mut found = Vec::new();
    for slice in slices {
        let Some(number) =
            slice["ports"].items().iter().find(|p| p["name"].str() == name).map(|p| &p["port"])
        else {
            continue;
        };
        let Some(number) = port(number) else { continue };
        for endpoint in slice["endpoints"].items().iter().filter(|e| is_ready(e)) {
            found.extend(endpoint["addresses"].items().iter().map(|a| (a.text(), number)));
        }
    }
    found.order();
    found.dedup();
    found
}

/// The names of a service and their addresses.
fn names(service: &Object, slices: &[&Object], dns: &os::Dns) -> Vec<(Text, Vec<Text>)> {
    let own = format!("{}.{}.{DOMAIN}", service.name(), service.namespace());
    let ip = service.at("spec.clusterIP").text();
    if service.at("spec.type").str() == "ExternalName" {
        let target = service.at("spec.externalName").str().trim_end_matches('.').to_ascii_lowercase();
        let ips = dns.names.get(target.as_str()).cloned();
        return ips.into_iter().map(|ips| (Text::from(&own), ips)).collect();
    }
    if ip.as_str() != "None" {
        return vec![(Text::from(own), vec![ip])];
    }
    let mut all: Vec<(Text, Vec<Text>)> = Vec::new();
    let mut ips = Vec::new();
    for endpoint in slices.iter().flat_map(|s| s["endpoints"].items()).filter(|e| is_ready(e)) {
        let addresses: Vec<Text> = endpoint["addresses"].items().iter().map(Value::text).collect();
        ips.extend(addresses.iter().cloned());
        if let Some(host) = endpoint["hostname"].as_str() {
            all.push((Text::from(format!("{host}.{own}")), addresses));
        }
    }
    ips.order();
    if !ips.is_empty() {
        all.push((Text::from(own), ips));
    }
    all
}
