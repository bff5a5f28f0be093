//! Amounts of resources that pods request and nodes offer, as whole numbers.
//!
//! CPU counts in thousandths, all else in whole units, rounded up as upstream's `framework.Resource` does.

use crate::api::quantity::Quantity;
use crate::api::{Text, Value};

/// Upstream `DefaultMilliCPURequest`: what scoring assumes of a container without a CPU request.
pub const DEFAULT_MILLI_CPU: i64 = 100;
/// Upstream `DefaultMemoryRequest` (200 MB): likewise for memory.
pub const DEFAULT_MEMORY: i64 = 200 * 1024 * 1024;

/// A set of amounts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    /// Thousandths of a CPU.
    pub cpu: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes of ephemeral storage.
    pub storage: i64,
    /// Number of pods that a node takes; 0 in requests.
    pub pods: i64,
    /// Extended resources and huge pages, sorted by name.
    pub scalar: Vec<(Text, i64)>,
}

impl Resources {
    /// Reads a map of quantities (`requests`, `allocatable`).
    pub fn read(map: &Value) -> Resources {
        let mut r = Resources::default();
        for (name, quantity) in map.entries() {
            let q = Quantity::of(quantity);
            match name.as_str() {
                "cpu" => r.cpu = q.milli_value(),
                "memory" => r.memory = q.value(),
                "ephemeral-storage" => r.storage = q.value(),
                "pods" => r.pods = q.value(),
                _ => r.scalar.push((name.clone(), q.value())),
            }
        }
        r
    }

    /// The amount of an extended resource.
    pub fn scalar(&self, name: &str) -> i64 {
        self.scalar.binary_search_by(|(n, _)| n.as_str().cmp(name)).map_or(0, |i| self.scalar[i].1)
    }

    /// Whether nothing but a place is requested.
    pub fn is_zero(&self) -> bool {
        self.cpu == 0 && self.memory == 0 && self.storage == 0 && self.scalar.is_empty()
    }

    /// Adds `factor` times `other`.
    pub fn add(&mut self, other: &Resources, factor: i64) {
        self.cpu += factor * other.cpu;
        self.memory += factor * other.memory;
        self.storage += factor * other.storage;
        for (name, n) in &other.scalar {
            *self.slot(name) += factor * n;
        }
    }

    /// Raises every amount to at least that of `other`.
    pub fn raise(&mut self, other: &Resources) {
        self.cpu = self.cpu.max(other.cpu);
        self.memory = self.memory.max(other.memory);
        self.storage = self.storage.max(other.storage);
        for (name, n) in &other.scalar {
            let slot = self.slot(name);
            *slot = (*slot).max(*n);
        }
    }

    fn slot(&mut self, name: &Text) -> &mut i64 {
        let i = match self.scalar.binary_search_by(|(n, _)| n.cmp(name)) {
            Ok(i) => i,
            Err(i) => {
                self.scalar.insert(i, (name.clone(), 0));
                i
            }
        };
        &mut self.scalar[i].1
    }
}

/// What a pod requests: the sum of its containers and started sidecars, or what an init container needs
/// if that is more, and the overhead (upstream `resource.PodRequests`).
pub fn pod_requests(spec: &Value) -> Resources {
    sum(spec, &|c| Resources::read(&c["resources"]["requests"]))
}

/// CPU and memory that scoring assumes, where requests are absent.
pub fn pod_requests_for_scoring(spec: &Value) -> (i64, i64) {
    let r = sum(spec, &|c| {
        let requests = &c["resources"]["requests"];
        let mut r = Resources { cpu: DEFAULT_MILLI_CPU, memory: DEFAULT_MEMORY, ..Resources::default() };
        if requests["cpu"].is_some() {
            r.cpu = Quantity::of(&requests["cpu"]).milli_value();
        }
        if requests["memory"].is_some() {
            r.memory = Quantity::of(&requests["memory"]).value();
        }
        r
    });
    (r.cpu, r.memory)
}

fn sum(spec: &Value, of: &dyn Fn(&Value) -> Resources) -> Resources {
    let mut total = Resources::default();
    for c in spec["containers"].items() {
        total.add(&of(c), 1);
    }
    let mut sidecars = Resources::default();
    let mut highest = Resources::default();
    for c in spec["initContainers"].items() {
        let mut need = of(c);
        if c["restartPolicy"].str() == "Always" {
            total.add(&need, 1);
            sidecars.add(&need, 1);
            need = sidecars.clone();
        } else {
            need.add(&sidecars, 1);
        }
        highest.raise(&need);
    }
    total.raise(&highest);
    // Requests of the pod as a whole, where given, stand in for the sum of its containers.
    let whole = &spec["resources"]["requests"];
    if whole.is_some() {
        let pod = Resources::read(whole);
        if whole["cpu"].is_some() {
            total.cpu = pod.cpu;
        }
        if whole["memory"].is_some() {
            total.memory = pod.memory;
        }
    }
    if spec["overhead"].is_some() {
        total.add(&Resources::read(&spec["overhead"]), 1);
    }
    total
}
