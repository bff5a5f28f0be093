//! What a pod's spec says of resources as a whole: its quality-of-service class and its requests
//! (pkg/apis/core/v1/helper/qos, component-helpers/resource).

use super::Value;
use super::quantity::Quantity;
use crate::collections::BTreeMap;

/// The resources that a class is made of, and that may be changed of a running pod.
pub const CLASS: [&str; 2] = ["cpu", "memory"];

/// `Guaranteed` if every container limits cpu and memory and requests just that, `BestEffort` if none asks for
/// either, else `Burstable`; of resources of the pod's own, those alone count.
pub fn qos_class(spec: &Value) -> &'static str {
    let own = &spec["resources"];
    let parts: Vec<&Value> = if own.is_empty() {
        let inits = spec["initContainers"].items().iter();
        inits.chain(spec["containers"].items()).map(|c| &c["resources"]).collect()
    } else {
        vec![own]
    };
    let counted = |r: &Value, what: &str, name: &str| {
        let q = &r[what][name];
        q.is_some() && !Quantity::of(q).is_zero()
    };
    let asks = |r: &&Value| ["requests", "limits"].iter().any(|w| CLASS.iter().any(|n| counted(r, w, n)));
    if !parts.iter().any(asks) {
        return "BestEffort";
    }
    let same = |r: &Value, name: &str| {
        let (limit, request) = (&r["limits"][name], &r["requests"][name]);
        counted(r, "limits", name) && (request.is_null() || Quantity::of(request) == Quantity::of(limit))
    };
    if parts.iter().all(|r| CLASS.iter().all(|n| same(r, n))) { "Guaranteed" } else { "Burstable" }
}

/// Whether an init container is a sidecar.
pub fn is_sidecar(container: &Value) -> bool {
    container["restartPolicy"].str() == "Always"
}

/// What a pod requests of a resource: its own request, or its containers' sum, or more if an init container
/// needs it.
pub fn pod_request(pod: &Value, name: &str) -> Quantity {
    let own = &pod.at("spec.resources.requests")[name];
    if own.is_some() {
        return Quantity::of(own);
    }
    let of = |c: &Value| Quantity::of(&c["resources"]["requests"][name]);
    let zero = Quantity::units(0);
    let mut sum = pod.at("spec.containers").items().iter().fold(zero, |s, c| s.plus(of(c)));
    let mut sidecars = zero;
    let mut peak = zero;
    for c in pod.at("spec.initContainers").items() {
        if is_sidecar(c) {
            sidecars = sidecars.plus(of(c));
            sum = sum.plus(of(c));
            peak = peak.max(sidecars);
        } else {
            peak = peak.max(sidecars.plus(of(c)));
        }
    }
    sum.max(peak).plus(Quantity::of(&pod.at("spec.overhead")[name]))
}

/// What a pod's containers ask for or are limited to together: containers and sidecars, or one init container
/// beside the sidecars before it, whichever is more.
pub fn sums(spec: &Value, list: &str) -> BTreeMap<String, Quantity> {
    let mut total: BTreeMap<String, Quantity> = BTreeMap::new();
    let add = |to: &mut BTreeMap<String, Quantity>, c: &Value| {
        for (resource, value) in c["resources"][list].entries() {
            let sum = to.get(resource.as_str()).copied().unwrap_or_default().plus(Quantity::of(value));
            to.insert(resource.to_string(), sum);
        }
    };
    spec["containers"].items().iter().for_each(|c| add(&mut total, c));
    let mut sidecars: BTreeMap<String, Quantity> = BTreeMap::new();
    let mut most: BTreeMap<String, Quantity> = BTreeMap::new();
    for c in spec["initContainers"].items() {
        let mut now = sidecars.clone();
        if is_sidecar(c) {
            add(&mut total, c);
            add(&mut sidecars, c);
            now = sidecars.clone();
        } else {
            add(&mut now, c);
        }
        for (resource, amount) in now.iter() {
            if most.get(resource).is_none_or(|m| m < amount) {
                most.insert(resource.clone(), *amount);
            }
        }
    }
    for (resource, amount) in most.iter() {
        if total.get(resource).is_none_or(|t| t < amount) {
            total.insert(resource.clone(), *amount);
        }
    }
    total
}

/// What a pod as a whole requests or is limited to: what it says of itself, or its containers' sums, and its
/// overhead (`PodRequests`, `PodLimits`).
pub fn totals(spec: &Value, list: &str) -> BTreeMap<String, Quantity> {
    let mut total = sums(spec, list);
    for (name, amount) in spec["resources"][list].entries() {
        total.insert(name.to_string(), Quantity::of(amount));
    }
    for (name, amount) in spec["overhead"].entries() {
        let before = total.get(name.as_str()).copied();
        // Overhead does not limit what has no limit.
        if list == "requests" || before.is_some_and(|q| !q.is_zero()) {
            total.insert(name.to_string(), before.unwrap_or_default().plus(Quantity::of(amount)));
        }
    }
    total
}
