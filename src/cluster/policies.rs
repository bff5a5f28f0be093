//! NetworkPolicies, as a network plugin that heeds them turns them into filters on addresses.
//!
//! They are worked out anew whenever a policy, or a namespace or pod that one may be about, has changed in a
//! way that matters. Here that takes no time; real plugins need some tens of milliseconds. Pods on the host's
//! network are not selected, and what a node sends to its own pods (probes) is never dropped, as the API's
//! documentation promises.

use super::Cluster;
use crate::api::{Kind, Object, Text, Value, selector};
use crate::apiserver::{ApiServer, Change};
use crate::collections::{BTreeMap, BTreeSet};
use crate::map;
use crate::os::{Block, CLUSTER_DNS, Filter, Opening, Peer, Policy, Port, Which};

/// A pod as policies see it.
struct Member {
    namespace: Text,
    labels: Value,
    ip: Text,
    ports: Vec<(Text, u16)>,
}

/// Who there is: pods with addresses, and the labels of namespaces.
struct Members {
    pods: Vec<Member>,
    namespaces: BTreeMap<Text, Value>,
}

impl Cluster {
    /// Works out what policies let through.
    pub(super) fn show_policies(&mut self) {
        self.world.net.filter = filter(&self.api);
    }

    /// Whether a change matters to policies.
    pub(super) fn concerns_policies(&self, change: &Change) -> bool {
        let new = &change.new;
        match new.kind {
            Kind::NETWORK_POLICY => true,
            Kind::POD | Kind::NAMESPACE if self.api.list(Kind::NETWORK_POLICY, None).next().is_none() => {
                false
            }
            Kind::NAMESPACE => true,
            Kind::POD => change.old.as_ref().is_none_or(|old| seen(old) != seen(new)),
            _ => false,
        }
    }
}

/// What of a pod policies depend on.
fn seen(pod: &Object) -> (&Value, &str, bool) {
    (pod.at("metadata.labels"), pod.at("status.podIP").str(), ended(pod))
}

fn ended(pod: &Object) -> bool {
    matches!(pod.at("status.phase").str(), "Succeeded" | "Failed")
}

fn filter(api: &ApiServer) -> Filter {
    let policies: Vec<&Object> = api.list(Kind::NETWORK_POLICY, None).collect();
    let mut filter = Filter::default();
    if policies.is_empty() {
        return filter;
    }
    let members = members(api);
    for (i, object) in policies.iter().enumerate() {
        let spec = object.at("spec");
        let types = spec["policyTypes"].items();
        let of = |kind: &str, rules: &str, peers: &str| {
            let openings =
                || spec[rules].items().iter().map(|r| opening(r, peers, object, &members)).collect();
            types.iter().any(|t| t.str() == kind).then(openings)
        };
        filter.policies.push(Policy {
            name: Text::from(format!("{}/{}", object.namespace(), object.name())),
            ingress: of("Ingress", "ingress", "from"),
            egress: of("Egress", "egress", "to"),
        });
        let mine = members.pods.iter().filter(|p| *p.namespace == *object.namespace());
        for pod in mine.filter(|p| selector::matches(&spec["podSelector"], &p.labels)) {
            filter.selected.entry(pod.ip.clone()).or_default().push(i);
        }
    }
    for pod in &members.pods {
        for (name, number) in &pod.ports {
            filter.ports.insert((pod.ip.clone(), name.clone()), *number);
        }
    }
    filter
}

/// The pods that have addresses of their own, and the name server, which is one of them on other clusters.
fn members(api: &ApiServer) -> Members {
    let dns = Member {
        namespace: Text::lit("kube-system"),
        labels: map! { "k8s-app" => "kube-dns" },
        ip: Text::lit(CLUSTER_DNS),
        ports: vec![(Text::lit("dns"), 53)],
    };
    let own = |p: &&Object| !p.at("spec.hostNetwork").is_true() && !ended(p);
    let member = |pod: &Object| {
        let containers = pod.at("spec.containers").items().iter();
        let sidecars = pod.at("spec.initContainers").items().iter();
        let ports = containers.chain(sidecars).flat_map(|c| c["ports"].items());
        Member {
            namespace: Text::from(pod.namespace()),
            labels: pod.at("metadata.labels").clone(),
            ip: pod.at("status.podIP").text(),
            ports: ports.filter_map(|p| Some((p["name"].text(), number(&p["containerPort"])?))).collect(),
        }
    };
    let pods = api.list(Kind::POD, None).filter(own).map(member).filter(|m| !m.ip.is_empty());
    let mut namespaces = BTreeMap::new();
    for namespace in api.list(Kind::NAMESPACE, None) {
        namespaces.insert(Text::from(namespace.name()), namespace.at("metadata.labels").clone());
    }
    Members { pods: std::iter::once(dns).chain(pods).collect(), namespaces }
}

fn opening(rule: &Value, peers: &str, policy: &Object, members: &Members) -> Opening {
    let some = |list: &str| Some(rule[list].items()).filter(|all| !all.is_empty());
    Opening {
        peers: some(peers).map(|all| all.iter().filter_map(|p| peer(p, policy, members)).collect()),
        ports: some("ports").map(|all| all.iter().filter_map(port).collect()),
    }
}

fn peer(peer: &Value, policy: &Object, members: &Members) -> Option<Peer> {
    let block = &peer["ipBlock"];
    if block.is_some() {
        let except = block["except"].items().iter().filter_map(|b| Block::parse(b.str()));
        return Some(Peer::Block(Block::parse(block["cidr"].str())?, except.collect()));
    }
    let (spaces, pods) = (&peer["namespaceSelector"], &peer["podSelector"]);
    let near = |p: &Member| {
        if !spaces.is_some() {
            return *p.namespace == *policy.namespace();
        }
        members.namespaces.get(&p.namespace).is_some_and(|labels| selector::matches(spaces, labels))
    };
    let meant = |p: &&Member| near(p) && (!pods.is_some() || selector::matches(pods, &p.labels));
    let mut addresses = BTreeSet::new();
    for pod in members.pods.iter().filter(meant) {
        addresses.insert(pod.ip.clone());
    }
    Some(Peer::Pods(addresses))
}

/// A rule's port; none for a protocol that nothing speaks here.
fn port(port: &Value) -> Option<Port> {
    let udp = match port["protocol"].str() {
        "UDP" => true,
        "TCP" => false,
        _ => return None,
    };
    let which = match (number(&port["port"]), port["port"].as_str()) {
        (Some(first), _) => Which::Numbers(first, number(&port["endPort"]).unwrap_or(first)),
        (None, Some(name)) => Which::Named(Text::from(name)),
        (None, None) => Which::All,
    };
    Some(Port { udp, which })
}

fn number(value: &Value) -> Option<u16> {
    value.as_int().and_then(|n| u16::try_from(n).ok())
}
