//! kube-proxy and CoreDNS: what Services and EndpointSlices mean to the simulated network.
//!
//! Whenever one of them changes, the virtual addresses and names of its Service are made anew. Every node has a
//! kube-proxy that watches the API server and writes its rules at most once in a second, all changes of that
//! second together; so a node goes on sending connections to a pod that has left the endpoints, for up to a
//! second and some. As commands take no time here, the first rules of a new Service are in force at once.
//! Names change at once, too. External names are followed within the cluster only.

use super::Cluster;
use super::requests::Failed;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{ApiServer, Change};
use crate::collections::{BTreeMap, Order};
use crate::os::{self, CallFate, MachineId};
use crate::rng::Rng;
use crate::time::{Span, Time};
use crate::trace::Requested;
use crate::traffic::Outcome;

/// The domain of the cluster's names.
const DOMAIN: &str = "svc.cluster.local";
/// Which service a slice belongs to.
const OWNER: &str = "kubernetes.io/service-name";

/// How long a change takes from the API server to a proxy that watches (as other watches in the recordings).
const WATCHED: Span = Span::millis(5);
/// kube-proxy `iptables.minSyncPeriod`, by default 1s: from the end of one run to the start of the next.
const MIN_SYNC_PERIOD: Span = Span::secs(1);
/// How long `iptables-restore` takes with few rules (`kubeproxy_sync_proxy_rules_duration_seconds`).
const APPLIED: Span = Span::millis(30);
/// By how much nodes may differ in both.
const SPREAD: Span = Span::millis(20);
/// Kubernetes' default `sessionAffinityConfig.clientIP.timeoutSeconds`.
const STAYS: i64 = 10_800;

/// What the network has been told.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// The next change to look at.
    cursor: u64,
    /// By service: its virtual addresses and its names.
    told: BTreeMap<Text, (Vec<(Text, u16)>, Vec<Text>)>,
    /// The pods behind the addresses of endpoints, by address.
    pub(super) pods: BTreeMap<Text, Text>,
    /// How many connections to services were made, and how many were not.
    calls: (u64, u64),
    /// When the proxies write their rules, last or next.
    sync: Option<Time>,
}

impl Network {
    /// When rules for what changes now come into force on the first node.
    fn in_force(&mut self, now: Time) -> Time {
        let seen = now + WATCHED;
        let sync = match self.sync {
            Some(sync) if seen <= sync => sync,
            Some(sync) => seen.max(sync + APPLIED + MIN_SYNC_PERIOD),
            None => seen,
        };
        self.sync = Some(sync);
        sync + APPLIED
    }

    /// When rules for what changed at an instant, not long ago, come into force on the first node.
    pub(super) fn next_rules(&self, changed: Time) -> Option<Time> {
        self.sync.filter(|sync| *sync >= changed + WATCHED).map(|sync| sync + APPLIED)
    }
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
            let net = self.world.net_at(&call.from);
            let failed = Failed {
                service: Text::from(path),
                outcome: match call.fate {
                    CallFate::Unreachable => Outcome::Unreachable,
                    _ => Outcome::Refused,
                },
                status: 0,
                from: call.from.clone(),
                source: call.from.clone(),
                by: net.and_then(|n| self.world.machine_of(n)),
                connected: false,
                otherwise: self.command,
                to: call.to,
            };
            let pod = failed.to.as_ref().and_then(|(ip, _)| self.network.pods.get(ip)).cloned();
            let cause = self.reason(&failed);
            self.api.trace.requested(Requested {
                at: self.now,
                service: failed.service,
                pod: pod.unwrap_or_default(),
                outcome: failed.outcome.name(),
                cause,
            });
        }
    }

    /// Tells the network what has changed since the last call.
    pub(super) fn show_network(&mut self) {
        let end = self.api.seen_by_watchers();
        let mut touched: Vec<(Text, Text)> = Vec::new();
        let mut filtered = false;
        for cursor in self.network.cursor.max(self.api.store.oldest())..end {
            let Some(change) = self.api.store.change(cursor) else { continue };
            touched.extend(service_of(change));
            filtered = filtered || self.concerns_policies(change);
        }
        if filtered {
            self.show_policies();
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
        let (old_addresses, old_names) = self.network.told.remove(&key).unwrap_or_default();
        let net = &mut self.world.net;
        old_names.iter().for_each(|n| drop(net.dns.names.remove(n)));
        let service = self.api.get(Kind::SERVICE, namespace, name);
        let slices: Vec<&Object> = slices(&self.api, namespace, name).collect();
        let addresses = service.map(|s| virtual_addresses(s, &slices, &self.node_index)).unwrap_or_default();
        for gone in old_addresses.iter().filter(|old| addresses.iter().all(|(at, _)| at != *old)) {
            net.remove_service(gone);
        }
        let Some(service) = service else { return };
        let names = names(service, &slices, &net.dns);
        let told = (
            addresses.iter().map(|(at, _)| at.clone()).collect(),
            names.iter().map(|(name, _)| name.clone()).collect(),
        );
        for endpoint in slices.iter().flat_map(|s| s["endpoints"].items()) {
            let target = &endpoint["targetRef"];
            if target["kind"].str() == "Pod" {
                let path = format!("pods/{}/{}", target["namespace"].str(), target["name"].str());
                let ips = endpoint["addresses"].items().iter().map(Value::text);
                ips.for_each(|ip| drop(self.network.pods.insert(ip, Text::from(&path))));
            }
        }
        let from = self.network.in_force(self.now);
        addresses.into_iter().for_each(|(at, service)| net.set_service(at, service, self.now, from));
        names.into_iter().for_each(|(name, ips)| drop(net.dns.names.insert(name, ips)));
        self.network.told.insert(key, told);
    }

    /// Draws how much later than the first each node's proxy has its rules in force.
    pub(super) fn spread_proxies(&mut self) {
        let nodes = self.spec.nodes.iter();
        self.world.net.lags = nodes.map(|n| lag(self.spec.seed, &n.name)).collect();
    }
}

/// How much later than the first a node's proxy has its rules in force.
pub(super) fn lag(seed: u64, node: &str) -> Span {
    Span(Rng::stream(seed, &format!("kube-proxy {node}")).below(SPREAD.0))
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

/// `namespace/name` of the service that a slice belongs to.
pub(super) fn serves(slice: &Object) -> String {
    format!("{}/{}", slice.namespace(), slice.label(OWNER).unwrap_or(""))
}

fn slices<'a>(api: &'a ApiServer, namespace: &'a str, name: &'a str) -> impl Iterator<Item = &'a Object> {
    let all = api.list(Kind::ENDPOINT_SLICE, Some(namespace));
    all.filter(move |s| s.label(OWNER) == Some(name))
}

fn port(value: &Value) -> Option<u16> {
    value.as_int().and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0)
}

/// Whether an endpoint is ready.
pub(super) fn is_ready(endpoint: &Value) -> bool {
    endpoint.at("conditions.ready").as_bool() != Some(false)
}

/// The addresses under which a service answers, and who answers there.
fn virtual_addresses(
    service: &Object,
    slices: &[&Object],
    nodes: &BTreeMap<Text, usize>,
) -> Vec<((Text, u16), os::Service)> {
    let local = |field: &str| service["spec"][field].str() == "Local";
    let ip = |v: &Value, local: bool| (v.text(), local);
    let outside = local("externalTrafficPolicy");
    let mut ips = vec![ip(service.at("spec.clusterIP"), local("internalTrafficPolicy"))];
    // A node's own connections to an address from outside are sent as if to the cluster's own.
    let ingress = service.at("status.loadBalancer.ingress").items().iter();
    ips.extend(ingress.map(|i| ip(&i["ip"], false)));
    ips.extend(service.at("spec.externalIPs").items().iter().map(|v| ip(v, false)));
    ips.retain(|(ip, _)| !ip.is_empty() && ip.as_str() != "None");
    let stays = || {
        let seconds = service.at("spec.sessionAffinityConfig.clientIP.timeoutSeconds").int_or(STAYS);
        Span::secs(seconds.unsigned_abs())
    };
    let affinity = (service.at("spec.sessionAffinity").str() == "ClientIP").then(stays);
    let mut all = Vec::new();
    for p in service.at("spec.ports").items() {
        let endpoints = endpoints(slices, p["name"].str(), nodes);
        let answering = |local| os::Service { endpoints: endpoints.clone(), affinity, local };
        if let Some(number) = port(&p["port"]) {
            all.extend(ips.iter().map(|(ip, local)| ((ip.clone(), number), answering(*local))));
        }
        if let Some(number) = port(&p["nodePort"]) {
            all.push(((Text::default(), number), answering(outside)));
        }
    }
    all
}

/// The endpoints of a service's port that connections are sent to: the ready ones; where there is none, those
/// that are terminating and still serve.
fn endpoints(slices: &[&Object], name: &str, nodes: &BTreeMap<Text, usize>) -> Vec<os::Endpoint> {
    let (mut ready, mut ending) = (Vec::new(), Vec::new());
    for slice in slices {
        let Some(number) =
            slice["ports"].items().iter().find(|p| p["name"].str() == name).map(|p| &p["port"])
        else {
            continue;
        };
        let Some(port) = port(number) else { continue };
        for endpoint in slice["endpoints"].items() {
            let conditions = &endpoint["conditions"];
            let serves = conditions["serving"].is_true() && conditions["terminating"].is_true();
            let list = match is_ready(endpoint) {
                true => &mut ready,
                false if serves => &mut ending,
                false => continue,
            };
            let node = nodes.get(endpoint["nodeName"].str());
            let machine = node.and_then(|n| u32::try_from(*n).ok()).map(MachineId);
            let addresses = endpoint["addresses"].items().iter();
            list.extend(addresses.map(|a| os::Endpoint { ip: a.text(), port, machine }));
        }
    }
    let mut found = if ready.is_empty() { ending } else { ready };
    found.order_by_key(|e| (e.ip.clone(), e.port));
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
