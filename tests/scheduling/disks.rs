//! Claims and volumes: which nodes can reach what a pod has claimed, by the documented rules.

use super::oracle::{Machine, one_in, pick};
use podlab::api::Value;
use podlab::rng::Rng;
use podlab::{list, map};
use std::collections::BTreeMap;

/// Storage classes: name, provisioner, binding mode.
pub const CLASSES: &[(&str, &str, &str)] = &[
    ("now", "example.com/disk", "Immediate"),
    ("later", "example.com/disk", "WaitForFirstConsumer"),
    ("local", "kubernetes.io/no-provisioner", "WaitForFirstConsumer"),
];

/// A volume: whom it belongs to, and which nodes reach it (all, if none are named).
#[derive(Clone, Debug)]
pub struct Disk {
    pub class: &'static str,
    pub gib: u64,
    pub zone: Option<&'static str>,
    pub host: Option<String>,
    pub owner: Option<String>,
}

impl Disk {
    fn reaches(&self, node: &Machine) -> bool {
        self.zone.is_none_or(|z| node.label("zone") == Some(z))
            && self.host.as_deref().is_none_or(|h| node.label("kubernetes.io/hostname") == Some(h))
    }

    pub fn object(&self, name: &str) -> Value {
        let mut terms = Vec::new();
        let mut need = |key: &str, value: &str| {
            terms.push(map! { "key" => key, "operator" => "In", "values" => list![value] });
        };
        self.zone.iter().for_each(|z| need("zone", z));
        self.host.iter().for_each(|h| need("kubernetes.io/hostname", h));
        let mut spec = map! {
            "capacity" => map! { "storage" => format!("{}Gi", self.gib) }, "accessModes" => list!["ReadWriteOnce"],
            "storageClassName" => self.class, "hostPath" => map! { "path" => "/srv" },
        };
        if !terms.is_empty() {
            let terms: Value = terms.into_iter().collect();
            spec.set("nodeAffinity.required.nodeSelectorTerms", list![map! { "matchExpressions" => terms }]);
        }
        if let Some(owner) = &self.owner {
            spec.set("claimRef", map! { "namespace" => "default", "name" => owner.as_str() });
        }
        let phase = if self.owner.is_some() { "Bound" } else { "Available" };
        map! { "metadata" => map! { "name" => name }, "spec" => spec, "status" => map! { "phase" => phase } }
    }
}

/// A claim that exists; its disk, once it is bound.
#[derive(Clone, Debug)]
pub struct Claim {
    pub class: &'static str,
    pub gib: u64,
    pub disk: Option<String>,
}

impl Claim {
    pub fn object(&self, name: &str, namespace: &str) -> Value {
        let mut spec = map! {
            "storageClassName" => self.class, "accessModes" => list!["ReadWriteOnce"],
            "resources" => map! { "requests" => map! { "storage" => format!("{}Gi", self.gib) } },
        };
        if let Some(disk) = &self.disk {
            spec.set("volumeName", disk.as_str());
        }
        let phase = if self.disk.is_some() { "Bound" } else { "Pending" };
        map! {
            "metadata" => map! { "name" => name, "namespace" => namespace }, "spec" => spec,
            "status" => map! { "phase" => phase },
        }
    }
}

/// All volumes and claims, claims by `namespace/name`.
#[derive(Clone, Debug, Default)]
pub struct Store {
    pub disks: BTreeMap<String, Disk>,
    pub claims: BTreeMap<String, Claim>,
}

impl Store {
    /// Whether the claims of a pod exist and can all be had on a node.
    pub fn reachable(&self, namespace: &str, claims: &[String], node: &Machine) -> bool {
        let found: Option<Vec<&Claim>> =
            claims.iter().map(|name| self.claims.get(&format!("{namespace}/{name}"))).collect();
        let Some(found) = found else { return false };
        let mut wanted = Vec::new();
        for claim in found {
            match (&claim.disk, claim.class) {
                (Some(disk), _) if !self.disks.get(disk).is_some_and(|d| d.reaches(node)) => return false,
                (Some(_), _) | (None, "later") => {}
                (None, "local") => wanted.push(claim.gib),
                (None, _) => return false,
            }
        }
        let free = |d: &&Disk| d.class == "local" && d.owner.is_none() && d.reaches(node);
        let free: Vec<u64> = self.disks.values().filter(free).map(|d| d.gib).collect();
        assignable(&wanted, &free)
    }
}

/// Whether every claim can have a disk of its own that is large enough.
fn assignable(wanted: &[u64], free: &[u64]) -> bool {
    let Some((first, rest)) = wanted.split_first() else { return true };
    (0..free.len()).filter(|i| free[*i] >= *first).any(|i| {
        let mut left = free.to_vec();
        left.remove(i);
        assignable(rest, &left)
    })
}

/// A random volume on or near one of so many nodes.
pub fn disk(rng: &mut Rng, nodes: u64) -> Disk {
    Disk {
        class: pick(rng, &["local", "local", "now"]),
        gib: 1 + rng.below(4),
        zone: if one_in(rng, 3) { Some(pick(rng, &["a", "b"])) } else { None },
        host: one_in(rng, 2).then(|| format!("n{}", rng.below(nodes))),
        owner: None,
    }
}
