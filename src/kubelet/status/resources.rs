//! Resources in statuses.

use crate::api::quantity::Quantity;
use crate::api::resources::is_sidecar;
use crate::api::{Text, Value};
use crate::collections::Order;
use crate::kubelet::pod::{Pod, Section};
use crate::map;

/// What `memory.limit_in_bytes` of cgroup v1 says of a group without a limit.
const UNLIMITED: &str = "9007199254740988Ki";

/// Puts a container's resources into its status.
pub fn container(pod: &Pod, spec: &Value, status: &mut Value) {
    let name = spec["name"].str();
    let allocated = pod.allocated.get(name).unwrap_or(&spec["resources"]);
    let actual = pod.actuated.get(name).unwrap_or(allocated);
    let mut shown = map! {};
    for what in ["limits", "requests"] {
        if !actual[what].is_empty() {
            shown.set(what, &actual[what]);
        }
    }
    status.set("resources", shown);
    if !allocated["requests"].is_empty() {
        status.set("allocatedResources", &allocated["requests"]);
    }
}

/// Puts the pod's resources into its status.
pub fn pod_level(pod: &Pod, status: &mut Value, cgroup_v1: bool) {
    let own = pod.allocated_pod.as_ref().unwrap_or(pod.object.at("spec.resources"));
    let sum = |what: &str, all: bool| -> Value {
        if !own[what].is_empty() {
            return own[what].clone();
        }
        let sidecars = pod.specs(Section::Init).iter().filter(|c| is_sidecar(c));
        let parts: Vec<&Value> = pod
            .specs(Section::Main)
            .iter()
            .chain(sidecars)
            .map(|c| pod.allocated.get(c["name"].str()).unwrap_or(&c["resources"]))
            .collect();
        total(&parts, what, all)
    };
    let (requests, limits) = (sum("requests", false), sum("limits", true));
    let mut resources = map! {};
    let mut limits = limits;
    // Of a running pod the limit is read from its cgroup; version 1 has a figure for "none".
    // Once told it stays.
    let told = pod.status.at("resources.limits.memory").str() == UNLIMITED;
    let reads = cgroup_v1 && (told || pod.object.at("status.phase").str() == "Running");
    if reads && limits["memory"].is_null() {
        limits = if limits.is_null() {
            map! {}
        } else {
            limits
        };
        limits.set("memory", UNLIMITED);
    }
    if !limits.is_empty() {
        resources.set("limits", limits);
    }
    if !requests.is_empty() {
        let mut shown = requests.clone();
        // A request of memory cannot be read from a cgroup: what was told first stays.
        let told = pod.status.at("resources.requests.memory");
        if told.is_some() && shown["memory"].is_some() {
            shown.set("memory", told);
        }
        resources.set("requests", shown);
        status.set("allocatedResources", requests);
    }
    status.set("resources", resources);
}

/// The sums by resource; with `all`, only of resources that every part names.
fn total(parts: &[&Value], what: &str, all: bool) -> Value {
    let mut names: Vec<Text> = parts.iter().flat_map(|p| p[what].entries().map(|(k, _)| k.clone())).collect();
    names.order();
    names.dedup();
    let mut sums = map! {};
    for name in names {
        if all && parts.iter().any(|p| p[what][name.as_str()].is_null()) {
            continue;
        }
        let named: Vec<&Value> =
            parts.iter().map(|p| &p[what][name.as_str()]).filter(|v| v.is_some()).collect();
        let value = match named.as_slice() {
            [one] => (*one).clone(),
            many => {
                let sum = many.iter().fold(Quantity::units(0), |s, v| s.plus(Quantity::of(v)));
                Value::from(sum.to_string())
            }
        };
        sums.map_mut().insert(name, value);
    }
    sums
}
