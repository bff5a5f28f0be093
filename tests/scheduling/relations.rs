//! What pods want of each other: required affinity and anti-affinity, and hard topology spread constraints, by the
//! documented rules, counted by brute force over everything that is placed.

use super::oracle::{Expression, Machine, Wish, one_in, pick};
use podlab::api::Value;
use podlab::map;
use podlab::rng::Rng;
use std::collections::BTreeMap;

/// Namespaces and the team that each belongs to.
pub const NAMESPACES: &[(&str, &str)] = &[("default", "red"), ("other", "blue")];
const APPS: &[&str] = &["a", "b", "c"];
/// Topology keys: one that every node has, and some that only some have.
const KEYS: &[&str] = &["kubernetes.io/hostname", "zone", "zone", "disk"];

/// A pod on a node, or one that is treated as if it were there.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    pub pod: &'a Wish,
    pub node: &'a Machine,
    pub deleting: bool,
}

/// A required term of affinity or anti-affinity to other pods.
#[derive(Clone, Debug)]
pub struct Term {
    key: &'static str,
    /// `None` is a selector that is left out, which matches nothing.
    selector: Option<Vec<Expression>>,
    namespaces: Vec<&'static str>,
    /// `Some(None)` is an empty namespace selector, which matches all.
    teams: Option<Option<&'static str>>,
}

impl Term {
    fn about(&self, owner: &Wish, other: &Wish) -> bool {
        let team = || NAMESPACES.iter().find(|(name, _)| *name == other.namespace).expect("one of them").1;
        let own = self.namespaces.is_empty() && self.teams.is_none() && other.namespace == owner.namespace;
        let here = own
            || self.namespaces.contains(&other.namespace)
            || self.teams.is_some_and(|wanted| wanted.is_none_or(|t| t == team()));
        here && self.selector.as_ref().is_some_and(|s| selects(s, &other.labels))
    }

    fn object(&self) -> Value {
        let mut term = map! { "topologyKey" => self.key };
        if let Some(selector) = &self.selector {
            term.set("labelSelector", selector_object(selector));
        }
        if !self.namespaces.is_empty() {
            term.set("namespaces", self.namespaces.iter().copied().collect::<Value>());
        }
        match self.teams {
            None => {}
            Some(None) => term.set("namespaceSelector", Value::map()),
            Some(Some(team)) => {
                term.set("namespaceSelector", map! { "matchLabels" => map! { "team" => team } });
            }
        }
        term
    }
}

/// A topology spread constraint with `DoNotSchedule`.
#[derive(Clone, Debug)]
pub struct Spread {
    key: &'static str,
    max_skew: i64,
    min_domains: Option<i64>,
    selector: Vec<Expression>,
    match_label_keys: Vec<&'static str>,
    affinity_policy: Option<&'static str>,
    taints_policy: Option<&'static str>,
}

impl Spread {
    fn selects(&self, owner: &Wish, other: &Wish) -> bool {
        let same = |key: &&&str| owner.labels.get(**key).is_some_and(|v| other.labels.get(**key) != Some(v));
        other.namespace == owner.namespace
            && selects(&self.selector, &other.labels)
            && !self.match_label_keys.iter().any(|k| same(&k))
    }

    /// Whether a node's pods count, and its domain.
    fn counts(&self, pod: &Wish, node: &Machine) -> bool {
        (self.affinity_policy == Some("Ignore") || pod.likes(node))
            && (self.taints_policy != Some("Honor") || pod.tolerates_all(node))
            && pod.spread.iter().all(|c| node.label(c.key).is_some())
    }

    fn allows(&self, pod: &Wish, node: &Machine, machines: &[&Machine], placed: &[Placed<'_>]) -> bool {
        let Some(domain) = node.label(self.key) else { return false };
        let mut domains: BTreeMap<&str, i64> = BTreeMap::new();
        for m in machines.iter().filter(|m| self.counts(pod, m)) {
            domains.insert(m.label(self.key).expect("it counts"), 0);
        }
        // A constraint whose selector says nothing counts no pods.
        let counted = |p: &&Placed<'_>| {
            !p.deleting
                && (!self.selector.is_empty() || self.keyed(pod))
                && self.counts(pod, p.node)
                && self.selects(pod, p.pod)
        };
        for p in placed.iter().filter(counted) {
            *domains.get_mut(p.node.label(self.key).expect("it counts")).expect("it is there") += 1;
        }
        let least = if (domains.len() as i64) < self.min_domains.unwrap_or(1) {
            0
        } else {
            domains.values().copied().min().unwrap_or(0)
        };
        let own = i64::from(self.selects(pod, pod));
        domains.get(domain).copied().unwrap_or(0) + own - least <= self.max_skew
    }

    /// Whether `matchLabelKeys` add to the selector.
    fn keyed(&self, owner: &Wish) -> bool {
        self.match_label_keys.iter().any(|k| owner.labels.contains_key(k))
    }

    fn object(&self) -> Value {
        let mut c = map! {
            "topologyKey" => self.key, "maxSkew" => self.max_skew, "whenUnsatisfiable" => "DoNotSchedule",
            "labelSelector" => selector_object(&self.selector),
        };
        if let Some(n) = self.min_domains {
            c.set("minDomains", n);
        }
        if !self.match_label_keys.is_empty() {
            c.set("matchLabelKeys", self.match_label_keys.iter().copied().collect::<Value>());
        }
        for (field, policy) in
            [("nodeAffinityPolicy", self.affinity_policy), ("nodeTaintsPolicy", self.taints_policy)]
        {
            if let Some(policy) = policy {
                c.set(field, policy);
            }
        }
        c
    }
}

fn selects(selector: &[Expression], labels: &BTreeMap<&'static str, &'static str>) -> bool {
    selector.iter().all(|e| e.holds(labels.get(e.key).copied()))
}

fn selector_object(selector: &[Expression]) -> Value {
    let mut all = Value::map();
    if !selector.is_empty() {
        all.set("matchExpressions", selector.iter().map(Expression::object).collect::<Value>());
    }
    all
}

/// Whether a pod on this node would suit itself and the others.
pub fn suits(pod: &Wish, node: &Machine, machines: &[&Machine], placed: &[Placed<'_>]) -> bool {
    let together =
        |key: &str, other: &Machine| node.label(key).is_some() && node.label(key) == other.label(key);
    let repelled = |owner: &Wish, terms: &[Term], about: &Wish, other: &Machine| {
        terms.iter().any(|t| t.about(owner, about) && together(t.key, other))
    };
    let own = placed.iter().all(|p| !repelled(pod, &pod.repels, p.pod, p.node));
    let theirs = placed.iter().all(|p| !repelled(p.pod, &p.pod.repels, pod, p.node));
    own && theirs
        && attracted(pod, node, placed)
        && pod.spread.iter().all(|c| c.allows(pod, node, machines, placed))
}

/// All terms must be met by pods that meet all of them; the first of a group that wants to be together may go to
/// any node that has the keys.
fn attracted(pod: &Wish, node: &Machine, placed: &[Placed<'_>]) -> bool {
    let terms = &pod.attracts;
    let all = |other: &Wish| terms.iter().all(|t| t.about(pod, other));
    if !terms.iter().all(|t| node.label(t.key).is_some()) {
        return false;
    }
    let friends: Vec<&Placed<'_>> = placed.iter().filter(|p| all(p.pod)).collect();
    let near = |t: &Term| friends.iter().any(|p| p.node.label(t.key) == node.label(t.key));
    let nobody = friends.iter().all(|p| terms.iter().all(|t| p.node.label(t.key).is_none()));
    terms.is_empty() || terms.iter().all(near) || (nobody && all(pod))
}

/// What the relations add to the object of a pod.
pub fn write(pod: &Wish, spec: &mut Value) {
    for (field, terms) in [("podAffinity", &pod.attracts), ("podAntiAffinity", &pod.repels)] {
        if !terms.is_empty() {
            let path = format!("affinity.{field}.requiredDuringSchedulingIgnoredDuringExecution");
            spec.set(&path, terms.iter().map(Term::object).collect::<Value>());
        }
    }
    if !pod.spread.is_empty() {
        spec.set("topologySpreadConstraints", pod.spread.iter().map(Spread::object).collect::<Value>());
    }
}

pub fn labels(rng: &mut Rng) -> BTreeMap<&'static str, &'static str> {
    let mut all = BTreeMap::new();
    if !one_in(rng, 5) {
        all.insert("app", pick(rng, APPS));
    }
    if one_in(rng, 2) {
        all.insert("version", pick(rng, &["1", "2"]));
    }
    all
}

fn selector(rng: &mut Rng) -> Vec<Expression> {
    let operator = pick(rng, &["In", "In", "In", "NotIn", "Exists", "DoesNotExist"]);
    let values = match operator {
        "In" | "NotIn" => (0..=rng.below(2)).map(|_| pick(rng, APPS).to_string()).collect(),
        _ => Vec::new(),
    };
    vec![Expression { key: "app", operator, values }]
}

fn term(rng: &mut Rng) -> Term {
    let selector = match rng.below(12) {
        0 => None,
        1 => Some(Vec::new()),
        _ => Some(selector(rng)),
    };
    let namespaces = if one_in(rng, 4) { vec![pick(rng, NAMESPACES).0] } else { Vec::new() };
    let teams = match rng.below(8) {
        0 => Some(None),
        1 => Some(Some(pick(rng, &["red", "blue", "green"]))),
        _ => None,
    };
    Term { key: pick(rng, KEYS), selector, namespaces, teams }
}

/// Terms for one pod in so many.
pub fn terms(rng: &mut Rng, n: u64) -> Vec<Term> {
    if one_in(rng, n) { (0..=rng.below(2)).map(|_| term(rng)).collect() } else { Vec::new() }
}

/// Constraints for one pod in so many; no two with one key.
pub fn spreads(rng: &mut Rng, n: u64) -> Vec<Spread> {
    let mut all: Vec<Spread> = Vec::new();
    if !one_in(rng, n) {
        return all;
    }
    for _ in 0..=rng.below(2) {
        let key = pick(rng, KEYS);
        if all.iter().any(|c| c.key == key) {
            continue;
        }
        all.push(Spread {
            key,
            max_skew: 1 + rng.below(2) as i64,
            min_domains: one_in(rng, 3).then(|| 1 + rng.below(4) as i64),
            selector: if one_in(rng, 10) { Vec::new() } else { selector(rng) },
            match_label_keys: if one_in(rng, 3) { vec!["version"] } else { Vec::new() },
            affinity_policy: pick(rng, &[None, Some("Honor"), Some("Ignore")]),
            taints_policy: pick(rng, &[None, Some("Honor"), Some("Ignore")]),
        });
    }
    all
}
