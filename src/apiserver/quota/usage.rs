//! What objects count for in quotas.

use super::Amounts;
use crate::api::quantity::Quantity;
use crate::api::resources::totals;
use crate::api::{Kind, Object, Text};

/// What an object counts for in quotas (pkg/quota/v1/evaluator): pods by their requests and limits unless
/// they have ended, services by type, claims by storage, anything by `count/RESOURCE.GROUP`.
pub fn usage_of(object: &Object) -> Amounts {
    let mut used = Amounts::new();
    let info = object.kind.info();
    let one = Quantity::units(1);
    used.insert(Text::from(format!("count/{}", info.qualified())), one);
    match object.kind {
        Kind::POD => {
            if matches!(object.at("status.phase").str(), "Succeeded" | "Failed") {
                return used;
            }
            used.insert(Text::lit("pods"), one);
            for list in ["requests", "limits"] {
                for (name, amount) in totals(&object["spec"], list).iter() {
                    let counted = matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage")
                        || name.starts_with("hugepages-");
                    if list == "requests" && counted {
                        used.insert(Text::from(name.as_str()), *amount);
                    }
                    used.insert(Text::from(format!("{list}.{name}")), *amount);
                }
            }
        }
        Kind::SERVICE => {
            used.insert(Text::lit("services"), one);
            match object.at("spec.type").str() {
                "NodePort" => {
                    used.insert(Text::lit("services.nodeports"), Quantity::units(ports(object)));
                }
                "LoadBalancer" => {
                    used.insert(Text::lit("services.loadbalancers"), one);
                    if object.at("spec.allocateLoadBalancerNodePorts").as_bool() != Some(false) {
                        used.insert(Text::lit("services.nodeports"), Quantity::units(ports(object)));
                    }
                }
                _ => {}
            }
        }
        Kind::PERSISTENT_VOLUME_CLAIM => {
            used.insert(Text::lit("persistentvolumeclaims"), one);
            let storage = Quantity::of(object.at("spec.resources.requests").get("storage"));
            used.insert(Text::lit("requests.storage"), storage);
            let class = object.at("spec.storageClassName").str();
            if !class.is_empty() {
                let of_class = |what: &str| Text::from(format!("{class}.storageclass.storage.k8s.io/{what}"));
                used.insert(of_class("persistentvolumeclaims"), one);
                used.insert(of_class("requests.storage"), storage);
            }
        }
        Kind::CONFIG_MAP | Kind::SECRET | Kind::REPLICATION_CONTROLLER | Kind::RESOURCE_QUOTA => {
            used.insert(Text::lit(info.plural), one);
        }
        _ => {}
    }
    used
}

fn ports(service: &Object) -> i64 {
    service.at("spec.ports").items().len() as i64
}
