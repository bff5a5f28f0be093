//! PodTopologySpread: pods that a selector matches are to be spread over topology domains.
//!
//! Constraints with `DoNotSchedule` filter, those with `ScheduleAnyway` score. Pods without constraints
//! of their own that a Service or a workload selects get upstream's defaults (hostname with skew 3, zone
//! with skew 5, scoring only).

use crate::api::{Kind, Text, Value, selector};
use crate::apiserver::ApiServer;
use crate::collections::{BTreeMap, BTreeSet};
use crate::scheduler::cache::{Cache, NodeInfo};
use crate::scheduler::framework::{MAX_SCORE, Plugin, Rejection};
use crate::scheduler::plugins::{node_affinity, taint_toleration};
use crate::scheduler::pod_info::PodInfo;
use crate::{list, map};

const VIOLATED: &str = "node(s) didn't match pod topology spread constraints";
const NO_LABEL: &str = "node(s) didn't match pod topology spread constraints (missing required label)";
const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

#[derive(Clone, Debug)]
struct Constraint {
    key: Text,
    max_skew: i64,
    min_domains: i64,
    selector: Value,
    honor_affinity: bool,
    honor_taints: bool,
}

impl Constraint {
    /// Whether a pod with these labels counts. A selector that says nothing counts none (upstream
    /// `countPodsMatchSelector`).
    fn counts(&self, labels: &Value) -> bool {
        !self.says_nothing() && selector::matches(&self.selector, labels)
    }

    fn says_nothing(&self) -> bool {
        self.selector["matchLabels"].is_empty() && self.selector["matchExpressions"].is_empty()
    }

    /// How many pods count on each node.
    fn by_place(&self, pod: &PodInfo, cache: &mut Cache) -> Vec<i64> {
        if self.says_nothing() {
            vec![0; cache.nodes.len()]
        } else {
            cache.counts_by_place(&pod.key.namespace, &self.selector)
        }
    }
}

/// What is known before looking at single nodes: how many matching pods each domain has.
#[derive(Clone, Debug, Default)]
pub struct State {
    constraints: Vec<(Constraint, BTreeMap<Text, i64>)>,
}

impl State {
    /// Counts the domains of the pod's hard constraints.
    pub fn new(pod: &PodInfo, cache: &mut Cache) -> State {
        let hard = constraints(pod, "DoNotSchedule");
        let keys: Vec<Text> = hard.iter().map(|c| c.key.clone()).collect();
        let mut counted = Vec::new();
        for c in hard {
            let counts = c.by_place(pod, cache);
            let mut domains = BTreeMap::new();
            for (node, here) in cache.nodes.iter().zip(counts) {
                if keys.iter().all(|k| node.labels.get(k).is_some()) && eligible(&c, pod, node) {
                    *domains.entry(node.labels.get(&c.key).text()).or_insert(0) += here;
                }
            }
            counted.push((c, domains));
        }
        State { constraints: counted }
    }

    /// Whether the pod on this node would keep every domain within the allowed skew.
    pub fn filter(&self, pod: &PodInfo, node: &NodeInfo) -> Option<Rejection> {
        for (c, domains) in &self.constraints {
            let Some(domain) = node.labels.get(&c.key).as_str() else {
                return Some(Rejection::unresolvable(Plugin::PodTopologySpread, NO_LABEL));
            };
            let min = domains.values().copied().min().unwrap_or(0);
            let min = if (domains.len() as i64) < c.min_domains { 0 } else { min };
            let own = i64::from(selector::matches(&c.selector, &pod.labels));
            let skew = domains.get(domain).copied().unwrap_or(0) + own - min;
            if skew > c.max_skew {
                return Some(Rejection::resolvable(Plugin::PodTopologySpread, VIOLATED));
            }
        }
        None
    }

    /// Takes into account that `other` is put on or taken from a node.
    pub fn update(&mut self, pod: &PodInfo, other: &PodInfo, node: &NodeInfo, delta: i64) {
        if other.deleting || other.key.namespace != pod.key.namespace {
            return;
        }
        let keyed = self.constraints.iter().all(|(c, _)| node.labels.get(&c.key).is_some());
        for (c, domains) in self.constraints.iter_mut().filter(|_| keyed) {
            let domain = node.labels.get(&c.key).as_str().and_then(|d| domains.get_mut(d));
            let counts = c.counts(&other.labels) && eligible(c, pod, node);
            if let Some(n) = domain.filter(|_| counts) {
                *n += delta;
            }
        }
    }
}

fn eligible(c: &Constraint, pod: &PodInfo, node: &NodeInfo) -> bool {
    (!c.honor_affinity || node_affinity::matches(pod, node))
        && (!c.honor_taints || taint_toleration::filter(pod, node).is_none())
}

fn constraints(pod: &PodInfo, when: &str) -> Vec<Constraint> {
    let list = pod.spec["topologySpreadConstraints"].items().iter();
    list.filter(|c| c["whenUnsatisfiable"].str() == when).map(|c| constraint(pod, c)).collect()
}

fn constraint(pod: &PodInfo, c: &Value) -> Constraint {
    let mut selector = c["labelSelector"].clone();
    for key in c["matchLabelKeys"].items() {
        if let Some(value) = pod.labels.get(key.str()).as_str() {
            let more = map! { "key" => key.text(), "operator" => "In", "values" => list![value] };
            selector.slot("matchExpressions").list_mut().push(more);
        }
    }
    Constraint {
        key: c["topologyKey"].text(),
        max_skew: c["maxSkew"].int_or(1),
        min_domains: c["minDomains"].int_or(1),
        selector,
        honor_affinity: c["nodeAffinityPolicy"].str() != "Ignore",
        honor_taints: c["nodeTaintsPolicy"].str() == "Honor",
    }
}

/// The scores; `None` if nothing is to be spread.
pub fn score(pod: &PodInfo, cache: &mut Cache, feasible: &[usize], api: &ApiServer) -> Option<Vec<i64>> {
    let own = !pod.spec["topologySpreadConstraints"].is_empty();
    let soft = if own { constraints(pod, "ScheduleAnyway") } else { defaults(pod, api) };
    if soft.is_empty() {
        return None;
    }
    let lacks = |n: &NodeInfo| own && soft.iter().any(|c| n.labels.get(&c.key).is_null());
    let ignored: BTreeSet<usize> = feasible.iter().copied().filter(|i| lacks(&cache.nodes[*i])).collect();
    let mut sums = vec![0.0; feasible.len()];
    for c in &soft {
        let counts = c.by_place(pod, cache);
        let nodes = &cache.nodes;
        let mut domains: BTreeMap<&str, i64> = BTreeMap::new();
        let mut size = feasible.len() - ignored.len();
        if c.key != HOSTNAME {
            for i in feasible.iter().filter(|i| !ignored.contains(i)) {
                if let Some(domain) = nodes[*i].labels.get(&c.key).as_str() {
                    domains.insert(domain, 0);
                }
            }
            if domains.is_empty() {
                // Zones by default, where no node has one.
                continue;
            }
            size = domains.len();
            for (n, here) in nodes.iter().zip(&counts).filter(|(n, _)| eligible(c, pod, n)) {
                let domain = n.labels.get(&c.key).as_str();
                if let Some(count) = domain.and_then(|d| domains.get_mut(d)) {
                    *count += here;
                }
            }
        }
        let weight = ((size + 2) as f64).ln();
        for (sum, i) in sums.iter_mut().zip(feasible) {
            let n = &nodes[*i];
            if let Some(domain) = n.labels.get(&c.key).as_str() {
                let count =
                    if c.key == HOSTNAME { counts[*i] } else { domains.get(domain).copied().unwrap_or(0) };
                *sum += count as f64 * weight + (c.max_skew - 1) as f64;
            }
        }
    }
    Some(normalized(&sums, feasible, &ignored))
}

fn normalized(sums: &[f64], feasible: &[usize], ignored: &BTreeSet<usize>) -> Vec<i64> {
    let rounded: Vec<i64> = sums.iter().map(|s| s.round() as i64).collect();
    let counted = || rounded.iter().zip(feasible).filter(|(_, i)| !ignored.contains(i)).map(|(s, _)| *s);
    let (min, max) = (counted().min().unwrap_or(0), counted().max().unwrap_or(0));
    let scale = |(s, i): (&i64, &usize)| {
        if ignored.contains(i) {
            0
        } else if max == 0 {
            MAX_SCORE
        } else {
            MAX_SCORE * (max + min - s) / max
        }
    };
    rounded.iter().zip(feasible).map(scale).collect()
}

/// Upstream's system defaults, with the selector of the Services and the workload that own the pod.
fn defaults(pod: &PodInfo, api: &ApiServer) -> Vec<Constraint> {
    let Some(selector) = default_selector(pod, api) else { return Vec::new() };
    let constraint = |(key, max_skew): (&'static str, i64)| Constraint {
        key: Text::lit(key),
        max_skew,
        min_domains: 1,
        selector: selector.clone(),
        honor_affinity: true,
        honor_taints: false,
    };
    [(HOSTNAME, 3), (ZONE, 5)].into_iter().map(constraint).collect()
}

fn default_selector(pod: &PodInfo, api: &ApiServer) -> Option<Value> {
    let mut labels = Value::map();
    for service in api.list(Kind::SERVICE, Some(&pod.key.namespace)) {
        let selector = service.at("spec.selector");
        if !selector.is_empty() && selector::subset(selector, &pod.labels) {
            for (k, v) in selector.entries() {
                labels.map_mut().insert(k, v);
            }
        }
    }
    let owner = &pod.controller;
    let kind = Kind::of(owner["apiVersion"].str(), owner["kind"].str());
    let workload = kind.and_then(|k| api.get(k, &pod.key.namespace, owner["name"].str()));
    let mut selector = match (kind, workload) {
        (Some(Kind::REPLICA_SET | Kind::STATEFUL_SET), Some(w)) => w.at("spec.selector").clone(),
        (Some(Kind::REPLICATION_CONTROLLER), Some(w)) => {
            map! { "matchLabels" => w.at("spec.selector") }
        }
        _ => Value::map(),
    };
    if !labels.is_empty() {
        for (k, v) in labels.entries() {
            selector.slot("matchLabels").map_mut().insert(k, v);
        }
    }
    (!selector.is_empty()).then_some(selector)
}
