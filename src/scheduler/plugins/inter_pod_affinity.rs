//! InterPodAffinity: pods that want to be in the same topology domain as others, or in another one.
//!
//! Three things filter: the required affinity of the pod, its required anti-affinity, and the required
//! anti-affinity of the pods that are there already. Preferences of both sides score; required affinity of
//! pods that are there counts as a preference of weight 1 (`hardPodAffinityWeight`).

use crate::api::object::Key;
use crate::api::{Kind, Text, Value, selector};
use crate::apiserver::ApiServer;
use crate::collections::BTreeMap;
use crate::scheduler::cache::{Cache, NodeInfo};
use crate::scheduler::framework::{MAX_SCORE, Plugin, Rejection};
use crate::scheduler::pod_info::PodInfo;

const AFFINITY: &str = "node(s) didn't match pod affinity rules";
const ANTI_AFFINITY: &str = "node(s) didn't match pod anti-affinity rules";
const EXISTING: &str = "node(s) didn't satisfy existing pods anti-affinity rules";

/// (topology key, value) → how many (pod, term) matches are in that domain.
type Domains = BTreeMap<(Text, Text), i64>;

/// A term with what is needed to match it.
#[derive(Clone, Debug)]
struct Term {
    selector: Value,
    namespaces: Vec<Text>,
    key: Text,
    weight: i64,
}

/// What is known before looking at single nodes.
#[derive(Clone, Debug, Default)]
pub struct State {
    affinity_terms: Vec<Term>,
    anti_terms: Vec<Term>,
    affinity: Domains,
    anti: Domains,
    existing_anti: Domains,
    existing_terms: BTreeMap<Key, Vec<Term>>,
    matches_itself: bool,
}

impl State {
    /// Counts the domains that the pod's terms and other pods' anti-affinity concern.
    pub fn new(pod: &PodInfo, cache: &Cache, api: &ApiServer) -> State {
        let mut state = State::default();
        if pod.has_pod_affinity() {
            state.affinity_terms = terms(pod, pod.required("podAffinity"), api);
            state.anti_terms = terms(pod, pod.required("podAntiAffinity"), api);
            state.matches_itself = all_match(&state.affinity_terms, pod);
        }
        for (key, node) in &cache.with_affinity {
            let Some(node) = cache.node(node) else { continue };
            let Some(other) = node.pods.get(key) else { continue };
            let anti = terms(other, other.required("podAntiAffinity"), api);
            for term in anti.iter().filter(|t| t.matches(pod)) {
                count(&mut state.existing_anti, term, node, 1);
            }
            state.existing_terms.insert(key.clone(), anti);
        }
        if !state.affinity_terms.is_empty() || !state.anti_terms.is_empty() {
            for node in &cache.nodes {
                for other in node.pods.values() {
                    state.count_incoming(other, node, 1);
                }
            }
        }
        state
    }

    fn count_incoming(&mut self, other: &PodInfo, node: &NodeInfo, delta: i64) {
        if !self.affinity_terms.is_empty() && all_match(&self.affinity_terms, other) {
            for term in &self.affinity_terms {
                count(&mut self.affinity, term, node, delta);
            }
        }
        for term in self.anti_terms.iter().filter(|t| t.matches(other)) {
            count(&mut self.anti, term, node, delta);
        }
    }

    /// Whether this node's domains suit the pod.
    pub fn filter(&self, node: &NodeInfo) -> Option<Rejection> {
        let plugin = Plugin::InterPodAffinity;
        if !self.satisfies_affinity(node) {
            return Some(Rejection::unresolvable(plugin, AFFINITY));
        }
        if self.anti_terms.iter().any(|t| at(&self.anti, &t.key, node) > 0) {
            return Some(Rejection::resolvable(plugin, ANTI_AFFINITY));
        }
        let existing = |((key, value), n): (&(Text, Text), &i64)| {
            *n > 0 && node.labels.get(key).as_str() == Some(value.as_str())
        };
        self.existing_anti.iter().any(existing).then(|| Rejection::resolvable(plugin, EXISTING))
    }

    fn satisfies_affinity(&self, node: &NodeInfo) -> bool {
        if self.affinity_terms.is_empty() {
            return true;
        }
        if self.affinity_terms.iter().any(|t| node.labels.get(&t.key).is_null()) {
            return false;
        }
        // The first pod of a group that wants to be together may go anywhere.
        let nobody = self.affinity.values().all(|n| *n == 0);
        self.affinity_terms.iter().all(|t| at(&self.affinity, &t.key, node) > 0)
            || (nobody && self.matches_itself)
    }

    /// Takes into account that `other` is put on or taken from a node.
    pub fn update(&mut self, pod: &PodInfo, other: &PodInfo, node: &NodeInfo, delta: i64, api: &ApiServer) {
        self.count_incoming(other, node, delta);
        // One that is nominated only has not been looked at yet.
        let existing = match self.existing_terms.get(&other.key) {
            Some(known) => known.clone(),
            None => terms(other, other.required("podAntiAffinity"), api),
        };
        for term in existing.iter().filter(|t| t.matches(pod)) {
            count(&mut self.existing_anti, term, node, delta);
        }
    }
}

/// The scores; `None` if no pod has preferences that matter here.
pub fn score(pod: &PodInfo, cache: &Cache, feasible: &[usize], api: &ApiServer) -> Option<Vec<i64>> {
    let own = own_preferences(pod, api);
    if own.is_empty() && cache.with_affinity.is_empty() {
        return None;
    }
    let mut domains = Domains::new();
    if !own.is_empty() {
        for node in &cache.nodes {
            for other in node.pods.values() {
                for term in own.iter().filter(|t| t.matches(other)) {
                    count(&mut domains, term, node, term.weight);
                }
            }
        }
    }
    for (key, node) in &cache.with_affinity {
        let Some(node) = cache.node(node) else { continue };
        let Some(other) = node.pods.get(key) else { continue };
        let mut theirs = own_preferences(other, api);
        theirs.extend(terms(other, other.required("podAffinity"), api));
        for term in theirs.iter().filter(|t| t.matches(pod)) {
            count(&mut domains, term, node, term.weight);
        }
    }
    if domains.is_empty() {
        return None;
    }
    let sum = |i: &usize| {
        let labels = &cache.nodes[*i].labels;
        let here = domains.iter().filter(|((k, v), _)| labels.get(k).as_str() == Some(v.as_str()));
        here.map(|(_, n)| *n).sum::<i64>()
    };
    let sums: Vec<i64> = feasible.iter().map(sum).collect();
    let (min, max) = (sums.iter().min().copied()?, sums.iter().max().copied()?);
    let scale = |s: i64| if max > min { MAX_SCORE * (s - min) / (max - min) } else { 0 };
    Some(sums.into_iter().map(scale).collect())
}

/// Preferred terms, with negative weights for anti-affinity.
fn own_preferences(pod: &PodInfo, api: &ApiServer) -> Vec<Term> {
    let mut all = Vec::new();
    for (kind, sign) in [("podAffinity", 1), ("podAntiAffinity", -1)] {
        for preferred in pod.preferred(kind) {
            let mut term = term(pod, &preferred["podAffinityTerm"], api);
            term.weight = sign * preferred["weight"].int_or(0);
            all.push(term);
        }
    }
    all
}

fn terms(pod: &PodInfo, list: &[Value], api: &ApiServer) -> Vec<Term> {
    list.iter().map(|t| term(pod, t, api)).collect()
}

fn term(pod: &PodInfo, t: &Value, api: &ApiServer) -> Term {
    let mut namespaces: Vec<Text> = t["namespaces"].items().iter().map(Value::text).collect();
    let selector = &t["namespaceSelector"];
    if selector.is_some() {
        let all = api.list(Kind::NAMESPACE, None);
        let matching = all.filter(|n| selector::matches(selector, n.at("metadata.labels")));
        namespaces.extend(matching.map(|n| Text::from(n.name())));
    } else if namespaces.is_empty() {
        namespaces.push(pod.key.namespace.clone());
    }
    Term { selector: t["labelSelector"].clone(), namespaces, key: t["topologyKey"].text(), weight: 1 }
}

impl Term {
    fn matches(&self, pod: &PodInfo) -> bool {
        self.namespaces.contains(&pod.key.namespace) && selector::matches(&self.selector, &pod.labels)
    }
}

fn all_match(terms: &[Term], pod: &PodInfo) -> bool {
    terms.iter().all(|t| t.matches(pod))
}

fn count(domains: &mut Domains, term: &Term, node: &NodeInfo, delta: i64) {
    if let Some(value) = node.labels.get(&term.key).as_str() {
        *domains.entry((term.key.clone(), Text::from(value))).or_insert(0) += delta;
    }
}

fn at(domains: &Domains, key: &Text, node: &NodeInfo) -> i64 {
    match node.labels.get(key) {
        Value::Str(value) => domains.get(&(key.clone(), value.clone())).copied().unwrap_or(0),
        _ => 0,
    }
}
