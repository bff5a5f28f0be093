//! Random nodes and pods as plain structures, their objects, and which pod fits where by the documented rules, as
//! far as only the node and what is on it matter. What pods want of each other is in `relations`, claims are in
//! `disks`.

use super::relations::{self, Spread};
use podlab::api::Value;
use podlab::map;
use podlab::rng::Rng;
use std::collections::BTreeMap;

/// Priority classes: name, value, preemption policy.
pub const CLASSES: &[(&str, i64, &str)] = &[
    ("low", 0, "PreemptLowerPriority"),
    ("middle", 100, "PreemptLowerPriority"),
    ("high", 200, "PreemptLowerPriority"),
    ("patient", 200, "Never"),
];

/// Thousandths of a CPU, MiB of memory, and pieces of an extended resource.
type Amounts = [i64; 3];
const RESOURCES: [&str; 3] = ["cpu", "memory", "example.com/gpu"];

const EFFECTS: [&str; 3] = ["NoSchedule", "NoExecute", "PreferNoSchedule"];
const LABELS: &[(&str, &[&str])] =
    &[("zone", &["a", "b"]), ("disk", &["ssd", "hdd"]), ("size", &["1", "5", "9"])];
const CORDON: &str = "node.kubernetes.io/unschedulable";
const ANY_ADDRESS: &str = "0.0.0.0";

#[derive(Clone, Debug)]
pub struct Taint {
    key: &'static str,
    value: &'static str,
    effect: &'static str,
}

/// A node.
#[derive(Clone, Debug)]
pub struct Machine {
    pub name: String,
    pub labels: BTreeMap<&'static str, &'static str>,
    pub taints: Vec<Taint>,
    pub cordoned: bool,
    pub offers: (Amounts, usize),
}

/// A toleration; empty strings are left out of the object.
#[derive(Clone, Debug)]
struct Toleration {
    key: &'static str,
    operator: &'static str,
    value: &'static str,
    effect: &'static str,
}

#[derive(Clone, Debug)]
pub struct Expression {
    pub key: &'static str,
    pub operator: &'static str,
    pub values: Vec<String>,
}

/// A node selector term: expressions about labels and fields.
#[derive(Clone, Debug, Default)]
struct Term {
    labels: Vec<Expression>,
    fields: Vec<Expression>,
}

#[derive(Clone, Debug, PartialEq)]
struct Port {
    address: &'static str,
    protocol: &'static str,
    number: i64,
}

/// A pod.
#[derive(Clone, Debug)]
pub struct Wish {
    pub namespace: &'static str,
    pub labels: BTreeMap<&'static str, &'static str>,
    /// Required affinity and anti-affinity to other pods.
    pub attracts: Vec<relations::Term>,
    pub repels: Vec<relations::Term>,
    pub spread: Vec<Spread>,
    /// The claims that its volumes name.
    pub claims: Vec<String>,
    /// The node that it names itself.
    pub node: Option<String>,
    class: &'static str,
    pub priority: i64,
    pub never_preempts: bool,
    containers: Vec<Amounts>,
    init: Vec<Amounts>,
    ports: Vec<Port>,
    tolerations: Vec<Toleration>,
    selector: BTreeMap<&'static str, &'static str>,
    /// Required node affinity: any of these terms.
    terms: Vec<Term>,
}

pub fn pick<T: Copy>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.below(from.len() as u64) as usize]
}

pub fn one_in(rng: &mut Rng, n: u64) -> bool {
    rng.below(n) == 0
}

/// Whether a pod may go to a node on which `others` are.
pub fn fits(pod: &Wish, node: &Machine, others: &[&Wish]) -> bool {
    let cordon = Taint { key: CORDON, value: "", effect: "NoSchedule" };
    let room = (0..RESOURCES.len()).all(|r| {
        let used: i64 = others.iter().map(|p| p.needs()[r]).sum();
        pod.needs()[r] == 0 || used + pod.needs()[r] <= node.offers.0[r]
    });
    let ports = others.iter().flat_map(|p| &p.ports).all(|p| pod.ports.iter().all(|q| !q.clashes(p)));
    (!node.cordoned || pod.tolerates(&cordon))
        && pod.tolerates_all(node)
        && pod.likes(node)
        && room
        && ports
        && others.len() < node.offers.1
}

impl Wish {
    fn tolerates(&self, taint: &Taint) -> bool {
        self.tolerations.iter().any(|t| t.covers(taint))
    }

    /// Whether no taint of a node keeps it away.
    pub fn tolerates_all(&self, node: &Machine) -> bool {
        node.taints.iter().all(|t| t.effect == "PreferNoSchedule" || self.tolerates(t))
    }

    /// Whether its node selector and its required node affinity name a node.
    pub fn likes(&self, node: &Machine) -> bool {
        self.selector.iter().all(|(k, v)| node.labels.get(k) == Some(v))
            && (self.terms.is_empty() || self.terms.iter().any(|t| t.matches(node)))
    }

    /// The sum of the containers, or the largest init container where that is more.
    fn needs(&self) -> Amounts {
        std::array::from_fn(|r| {
            let sum: i64 = self.containers.iter().map(|c| c[r]).sum();
            self.init.iter().map(|c| c[r]).max().unwrap_or(0).max(sum)
        })
    }

    pub fn object(&self, name: &str) -> Value {
        let mut containers: Vec<Value> =
            self.containers.iter().enumerate().map(|(i, c)| container(&format!("c{i}"), c)).collect();
        let port = |p: &Port| {
            let mut port = map! {
                "containerPort" => p.number, "hostPort" => p.number, "protocol" => p.protocol,
            };
            if p.address != ANY_ADDRESS {
                port.set("hostIP", p.address);
            }
            port
        };
        if !self.ports.is_empty() {
            containers[0].set("ports", self.ports.iter().map(port).collect::<Value>());
        }
        let mut spec = map! { "containers" => containers, "priorityClassName" => self.class };
        let init = self.init.iter().enumerate().map(|(i, c)| container(&format!("i{i}"), c));
        spec.set("initContainers", init.collect::<Value>());
        spec.set("tolerations", self.tolerations.iter().map(Toleration::object).collect::<Value>());
        for (key, value) in &self.selector {
            spec.slot("nodeSelector").map_mut().insert(*key, *value);
        }
        if !self.terms.is_empty() {
            let terms: Value = self.terms.iter().map(Term::object).collect();
            spec.set(
                "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms",
                terms,
            );
        }
        if let Some(node) = &self.node {
            spec.set("nodeName", node.as_str());
        }
        relations::write(self, &mut spec);
        if !self.claims.is_empty() {
            let volume = |name: &String| {
                let source = map! { "claimName" => name.as_str() };
                map! { "name" => name.as_str(), "persistentVolumeClaim" => source }
            };
            spec.set("volumes", self.claims.iter().map(volume).collect::<Value>());
        }
        let mut labels = Value::map();
        for (key, value) in &self.labels {
            labels.map_mut().insert(*key, *value);
        }
        map! {
            "apiVersion" => "v1", "kind" => "Pod", "spec" => spec, "status" => map! { "phase" => "Pending" },
            "metadata" => map! { "name" => name, "namespace" => self.namespace, "labels" => labels },
        }
    }
}

impl Machine {
    /// A label; every node has its name as one.
    pub fn label(&self, key: &str) -> Option<&str> {
        if key == "kubernetes.io/hostname" { Some(&self.name) } else { self.labels.get(key).copied() }
    }

    pub fn object(&self) -> Value {
        let mut labels = Value::map();
        for (key, value) in &self.labels {
            labels.map_mut().insert(*key, *value);
        }
        labels.map_mut().insert("kubernetes.io/hostname", self.name.as_str());
        let taint = |t: &Taint| map! { "key" => t.key, "value" => t.value, "effect" => t.effect };
        let mut spec = map! { "taints" => self.taints.iter().map(taint).collect::<Value>() };
        if self.cordoned {
            spec.set("unschedulable", true);
        }
        let mut allocatable = amounts(&self.offers.0);
        allocatable.map_mut().insert("pods", self.offers.1.to_string());
        map! {
            "apiVersion" => "v1", "kind" => "Node", "spec" => spec,
            "metadata" => map! { "name" => self.name.as_str(), "labels" => labels },
            "status" => map! { "allocatable" => allocatable },
        }
    }
}

impl Toleration {
    fn covers(&self, taint: &Taint) -> bool {
        (self.effect.is_empty() || self.effect == taint.effect)
            && (self.key.is_empty() || self.key == taint.key)
            && (self.operator == "Exists" || self.value == taint.value)
    }

    fn object(&self) -> Value {
        let mut all = Value::map();
        let fields =
            [("key", self.key), ("operator", self.operator), ("value", self.value), ("effect", self.effect)];
        for (field, value) in fields.into_iter().filter(|(_, v)| !v.is_empty()) {
            all.map_mut().insert(field, value);
        }
        all
    }
}

impl Expression {
    pub fn holds(&self, label: Option<&str>) -> bool {
        let among = label.is_some_and(|l| self.values.iter().any(|v| v == l));
        let compared = || Some(label?.parse::<i64>().ok()?.cmp(&self.values.first()?.parse::<i64>().ok()?));
        match self.operator {
            "In" => among,
            "NotIn" => !among,
            "Exists" => label.is_some(),
            "DoesNotExist" => label.is_none(),
            "Gt" => compared().is_some_and(std::cmp::Ordering::is_gt),
            "Lt" => compared().is_some_and(std::cmp::Ordering::is_lt),
            other => panic!("there is no operator {other}"),
        }
    }

    pub fn object(&self) -> Value {
        let mut all = map! { "key" => self.key, "operator" => self.operator };
        if !self.values.is_empty() {
            all.set("values", self.values.iter().map(String::as_str).collect::<Value>());
        }
        all
    }
}

impl Term {
    /// All that it says; a term that says nothing matches no node.
    fn matches(&self, node: &Machine) -> bool {
        (!self.labels.is_empty() || !self.fields.is_empty())
            && self.labels.iter().all(|e| e.holds(node.labels.get(e.key).copied()))
            && self.fields.iter().all(|e| e.holds(Some(&node.name)))
    }

    fn object(&self) -> Value {
        let mut all = Value::map();
        for (field, list) in [("matchExpressions", &self.labels), ("matchFields", &self.fields)] {
            if !list.is_empty() {
                all.set(field, list.iter().map(Expression::object).collect::<Value>());
            }
        }
        all
    }
}

impl Port {
    fn clashes(&self, other: &Port) -> bool {
        let overlap =
            self.address == other.address || self.address == ANY_ADDRESS || other.address == ANY_ADDRESS;
        self.number == other.number && self.protocol == other.protocol && overlap
    }
}

fn amounts(of: &Amounts) -> Value {
    let texts = [format!("{}m", of[0]), format!("{}Mi", of[1]), of[2].to_string()];
    let mut all = Value::map();
    for ((name, text), _) in RESOURCES.into_iter().zip(texts).zip(of).filter(|(_, n)| **n > 0) {
        all.map_mut().insert(name, text);
    }
    all
}

fn container(name: &str, requests: &Amounts) -> Value {
    let resources = map! { "requests" => amounts(requests) };
    map! { "name" => name, "image" => "nginx", "resources" => resources }
}

pub fn labels(rng: &mut Rng) -> BTreeMap<&'static str, &'static str> {
    let mut all = BTreeMap::new();
    for (key, values) in LABELS {
        if !one_in(rng, 4) {
            all.insert(*key, pick(rng, values));
        }
    }
    all
}

pub fn taints(rng: &mut Rng) -> Vec<Taint> {
    let taint =
        |key, rng: &mut Rng| Taint { key, value: pick(rng, &["x", "y", ""]), effect: pick(rng, &EFFECTS) };
    let mut all = Vec::new();
    for key in ["dedicated", "special"] {
        if one_in(rng, 6) {
            all.push(taint(key, rng));
        }
    }
    all
}

pub fn capacity(rng: &mut Rng) -> (Amounts, usize) {
    let amounts = [500 * (1 + rng.below(8)) as i64, 512 * (1 + rng.below(8)) as i64, rng.below(3) as i64];
    (amounts, 1 + rng.below(8) as usize)
}

pub fn machine(rng: &mut Rng, name: &str) -> Machine {
    Machine {
        name: name.to_string(),
        labels: labels(rng),
        taints: taints(rng),
        cordoned: one_in(rng, 8),
        offers: capacity(rng),
    }
}

fn requests(rng: &mut Rng) -> Amounts {
    let cpu = 250 * rng.below(5) as i64;
    let memory = 256 * rng.below(4) as i64;
    [cpu, memory, i64::from(one_in(rng, 8))]
}

fn toleration(rng: &mut Rng) -> Toleration {
    let effect = pick(rng, &["", "NoSchedule", "NoExecute"]);
    let key = pick(rng, &["dedicated", "special", CORDON]);
    match rng.below(6) {
        0 => Toleration { key: "", operator: "Exists", value: "", effect },
        1 | 2 => Toleration { key, operator: "Exists", value: "", effect },
        n => {
            let operator = if n == 3 { "" } else { "Equal" };
            Toleration { key, operator, value: pick(rng, &["x", "y", ""]), effect }
        }
    }
}

fn expression(rng: &mut Rng) -> Expression {
    let (key, known) = pick(rng, LABELS);
    let operator = pick(rng, &["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]);
    let values = match operator {
        "In" | "NotIn" => (0..=rng.below(2)).map(|_| pick(rng, known).to_string()).collect(),
        "Gt" | "Lt" => vec![rng.below(10).to_string()],
        _ => Vec::new(),
    };
    Expression { key, operator, values }
}

fn term(rng: &mut Rng, nodes: u64) -> Term {
    let mut term = Term { labels: (0..rng.below(3)).map(|_| expression(rng)).collect(), fields: Vec::new() };
    if one_in(rng, 3) {
        let values = vec![format!("n{}", rng.below(nodes))];
        term.fields.push(Expression { key: "metadata.name", operator: pick(rng, &["In", "NotIn"]), values });
    }
    term
}

/// A random pod for a cluster of so many nodes.
pub fn wish(rng: &mut Rng, nodes: u64) -> Wish {
    let (class, priority, policy) = pick(rng, CLASSES);
    let port = |rng: &mut Rng| Port {
        address: pick(rng, &[ANY_ADDRESS, ANY_ADDRESS, "10.0.0.1", "10.0.0.2"]),
        protocol: pick(rng, &["TCP", "TCP", "UDP"]),
        number: 8080 + rng.below(2) as i64,
    };
    let mut selector = BTreeMap::new();
    if one_in(rng, 6) {
        let (key, values) = pick(rng, LABELS);
        selector.insert(key, pick(rng, values));
    }
    Wish {
        namespace: pick(rng, relations::NAMESPACES).0,
        labels: relations::labels(rng),
        attracts: relations::terms(rng, 6),
        repels: relations::terms(rng, 5),
        spread: relations::spreads(rng, 5),
        claims: Vec::new(),
        node: None,
        class,
        priority,
        never_preempts: policy == "Never",
        containers: (0..=rng.below(2)).map(|_| requests(rng)).collect(),
        init: (0..rng.below(6).saturating_sub(4)).map(|_| requests(rng)).collect(),
        ports: if one_in(rng, 4) { vec![port(rng)] } else { Vec::new() },
        tolerations: (0..rng.below(3)).map(|_| toleration(rng)).collect(),
        selector,
        terms: if one_in(rng, 4) {
            (0..=rng.below(2)).map(|_| term(rng, nodes)).collect()
        } else {
            Vec::new()
        },
    }
}
