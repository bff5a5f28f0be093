//! The scheduler's picture of the nodes and the pods on them, kept up to date by changes.
//!
//! Invariant: the sums in a [`NodeInfo`] are those of the pods in it. Pods that have ended are not in it;
//! pods bound to a node that does not exist wait beside it until the node appears.

use super::pod_info::PodInfo;
use super::resources::Resources;
use crate::api::object::Key;
use crate::api::selector;
use crate::api::{Object, Text, Value};
use crate::collections::{BTreeMap, Order};

use std::collections::VecDeque;
use std::rc::Rc;

/// How many label selectors have their counts per node kept up to date (for topology spreading).
const COUNTED_SELECTORS: usize = 32;

/// A node with the pods bound to it.
#[derive(Clone, Debug, Default)]
pub struct NodeInfo {
    /// Its name.
    pub name: Text,
    /// `metadata.labels`.
    pub labels: Value,
    /// `spec.taints`.
    pub taints: Value,
    /// `spec.unschedulable`.
    pub unschedulable: bool,
    /// `status.allocatable`.
    pub allocatable: Resources,
    /// Sum of the requests of its pods.
    pub requested: Resources,
    /// Sums of CPU and memory as scoring assumes them.
    pub scoring: (i64, i64),
    /// Its pods.
    pub pods: BTreeMap<Key, Rc<PodInfo>>,
    /// Images on it: (number of the name, bytes), sorted.
    pub images: Vec<(u32, i64)>,
    /// How many of its pods have host ports.
    pub with_ports: usize,
}

/// The number of pods of one namespace that a selector matches, by node.
#[derive(Clone, Debug)]
struct Counted {
    namespace: Text,
    selector: Value,
    nodes: BTreeMap<Text, i64>,
}

/// All nodes and all bound pods.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    /// The nodes, in the order in which they were added.
    pub nodes: Vec<Rc<NodeInfo>>,
    index: BTreeMap<Text, usize>,
    pods: BTreeMap<Key, (Text, Rc<PodInfo>)>,
    orphans: BTreeMap<Text, Vec<Rc<PodInfo>>>,
    /// The pods with pod (anti-)affinity, which concern others.
    pub with_affinity: BTreeMap<Key, Text>,
    images: BTreeMap<Text, (u32, usize)>,
    counted: VecDeque<Counted>,
}

impl Cache {
    /// The node of a name.
    pub fn node(&self, name: &str) -> Option<&NodeInfo> {
        self.index.get(name).map(|i| &*self.nodes[*i])
    }

    /// The place of a node in [`Cache::nodes`].
    pub fn position(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// Takes a node in or brings it up to date.
    pub fn put_node(&mut self, node: &Object) {
        let name = node.at("metadata.name").text();
        let i = match self.index.get(&name) {
            Some(i) => *i,
            None => {
                self.index.insert(name.clone(), self.nodes.len());
                self.nodes.push(Rc::new(NodeInfo { name: name.clone(), ..NodeInfo::default() }));
                self.nodes.len() - 1
            }
        };
        let images = self.number_images(i, node.at("status.images"));
        let info = Rc::make_mut(&mut self.nodes[i]);
        info.labels = node.at("metadata.labels").clone();
        info.taints = node.at("spec.taints").clone();
        info.unschedulable = node.at("spec.unschedulable").is_true();
        info.allocatable = Resources::read(node.at("status.allocatable"));
        info.images = images;
        for pod in self.orphans.remove(&name).unwrap_or_default() {
            info.add(&pod);
        }
    }

    /// Forgets a node; its pods wait in case that it comes back.
    pub fn remove_node(&mut self, name: &str) {
        let Some(i) = self.index.remove(name) else { return };
        self.number_images(i, &Value::Null);
        let gone = self.nodes.remove(i);
        for position in self.index.values_mut().filter(|p| **p > i) {
            *position -= 1;
        }
        if !gone.pods.is_empty() {
            self.orphans.insert(gone.name.clone(), gone.pods.values().cloned().collect());
        }
    }

    /// Whether a pod is here.
    pub fn holds(&self, pod: &Key) -> bool {
        self.pods.contains_key(pod)
    }

    /// Takes a bound pod in, replacing what was known of it.
    pub fn put_pod(&mut self, pod: Rc<PodInfo>, node: &Text) {
        self.remove_pod(&pod.key);
        self.count(&pod, node, 1);
        if pod.has_pod_affinity() {
            self.with_affinity.insert(pod.key.clone(), node.clone());
        }
        match self.index.get(node) {
            Some(i) => Rc::make_mut(&mut self.nodes[*i]).add(&pod),
            None => self.orphans.entry(node.clone()).or_default().push(pod.clone()),
        }
        self.pods.insert(pod.key.clone(), (node.clone(), pod));
    }

    /// Forgets a pod.
    pub fn remove_pod(&mut self, key: &Key) -> Option<Rc<PodInfo>> {
        let (node, pod) = self.pods.remove(key)?;
        self.count(&pod, &node, -1);
        self.with_affinity.remove(key);
        match self.index.get(&node) {
            Some(i) => Rc::make_mut(&mut self.nodes[*i]).remove(&pod),
            None => {
                if let Some(orphans) = self.orphans.get_mut(&node) {
                    orphans.retain(|p| p.key != *key);
                }
            }
        }
        Some(pod)
    }

    /// How many living pods of a namespace match a selector, by node; nodes without any are left out.
    fn counts(&mut self, namespace: &Text, selector: &Value) -> &BTreeMap<Text, i64> {
        let known = self.counted.iter().position(|c| c.namespace == *namespace && c.selector == *selector);
        let i = known.unwrap_or_else(|| {
            let first = Key::new(crate::api::Kind::POD, namespace.clone(), "");
            let mut nodes = BTreeMap::new();
            let pods = self.pods.range(first..).take_while(|(k, _)| k.namespace == *namespace);
            for (_, (node, pod)) in pods {
                if !pod.deleting && selector::matches(selector, &pod.labels) {
                    *nodes.entry(node.clone()).or_insert(0) += 1;
                }
            }
            if self.counted.len() == COUNTED_SELECTORS {
                self.counted.pop_front();
            }
            let (namespace, selector) = (namespace.clone(), selector.clone());
            self.counted.push_back(Counted { namespace, selector, nodes });
            self.counted.len() - 1
        });
        &self.counted[i].nodes
    }

    /// How many living pods of a namespace match a selector, for each of [`Cache::nodes`]. Most nodes have none:
    /// this costs a look for each node that has some.
    pub fn counts_by_place(&mut self, namespace: &Text, selector: &Value) -> Vec<i64> {
        let mut list = vec![0; self.nodes.len()];
        let counts = self.counts(namespace, selector).clone();
        for (name, count) in counts.iter() {
            if let Some(place) = self.position(name) {
                list[place] = *count;
            }
        }
        list
    }

    /// The number of an image's name and on how many nodes it is.
    pub fn image(&self, name: &str) -> Option<(u32, usize)> {
        self.images.get(name).copied()
    }

    fn count(&mut self, pod: &PodInfo, node: &Text, delta: i64) {
        if pod.deleting {
            return;
        }
        for c in self.counted.iter_mut().filter(|c| c.namespace == pod.key.namespace) {
            if selector::matches(&c.selector, &pod.labels) {
                let n = c.nodes.entry(node.clone()).or_insert(0);
                *n += delta;
                if *n == 0 {
                    c.nodes.remove(node);
                }
            }
        }
    }

    /// Numbers the images of node `i` and counts on how many nodes each is.
    fn number_images(&mut self, i: usize, images: &Value) -> Vec<(u32, i64)> {
        let mut list = Vec::new();
        for image in images.items() {
            for name in image["names"].items() {
                let next = self.images.len() as u32;
                let entry = self.images.entry(name.text()).or_insert((next, 0));
                list.push((entry.0, image["sizeBytes"].int_or(0)));
            }
        }
        list.order();
        list.dedup_by_key(|e| e.0);
        if list != self.nodes[i].images {
            let before = self.nodes[i].images.clone();
            for entry in self.images.values_mut() {
                let has = |l: &[(u32, i64)]| usize::from(l.binary_search_by_key(&entry.0, |e| e.0).is_ok());
                entry.1 = entry.1 + has(&list) - has(&before);
            }
        }
        list
    }
}

impl NodeInfo {
    /// Adds a pod.
    pub fn add(&mut self, pod: &Rc<PodInfo>) {
        self.sum(pod, 1);
        self.with_ports += usize::from(!pod.host_ports.is_empty());
        self.pods.insert(pod.key.clone(), pod.clone());
    }

    /// Removes a pod.
    pub fn remove(&mut self, pod: &Rc<PodInfo>) {
        if self.pods.remove(&pod.key).is_some() {
            self.sum(pod, -1);
            self.with_ports -= usize::from(!pod.host_ports.is_empty());
        }
    }

    /// This node without its pods, to compare before and after.
    pub fn bare(&self) -> NodeInfo {
        NodeInfo {
            name: self.name.clone(),
            labels: self.labels.clone(),
            taints: self.taints.clone(),
            unschedulable: self.unschedulable,
            allocatable: self.allocatable.clone(),
            ..NodeInfo::default()
        }
    }

    fn sum(&mut self, pod: &PodInfo, factor: i64) {
        self.requested.add(&pod.requests, factor);
        self.scoring.0 += factor * pod.scoring.0;
        self.scoring.1 += factor * pod.scoring.1;
    }
}
