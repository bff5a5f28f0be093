//! The PodResizeValidator plugin: a bound pod cannot grow beyond what its node has for pods at all. Whether
//! there is room beside other pods is for the kubelet to say.

use crate::api::quantity::Quantity;
use crate::api::resources::{CLASS, pod_request};
use crate::api::status::Result;
use crate::api::{Kind, Object, Status};
use crate::apiserver::ApiServer;

/// Refuses requests that are larger than the node's allocatable resources.
pub fn admit(api: &ApiServer, old: &Object, pod: &Object) -> Result<()> {
    let node = pod.at("spec.nodeName").str();
    if node.is_empty() || old["spec"] == pod["spec"] {
        return Ok(());
    }
    let refuse = |why: &str| Err(Status::forbidden(Kind::POD, pod.name(), why));
    let Some(found) = api.get(Kind::NODE, "", node) else {
        return refuse(&format!("node \"{node}\" not found"));
    };
    let mut missing = Vec::new();
    for name in CLASS {
        let shown = |q: Quantity| if name == "cpu" { q.milli_value() } else { q.value() };
        let asked = shown(pod_request(pod, name));
        let has = shown(Quantity::of(&found.at("status.allocatable")[name]));
        if asked > has {
            missing.push(format!("{name}, requested: {asked}, allocatable: {has}"));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    refuse(&format!("node didn't have enough allocatable resources: {}", missing.join("; ")))
}
