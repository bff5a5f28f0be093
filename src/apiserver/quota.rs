//! ResourceQuota: what objects count for, how much of it a namespace uses, and the refusal of more.

use crate::api::quantity::Quantity;
use crate::api::status::Result;
use crate::api::{Kind, Object, Status, Text, Value};
use crate::apiserver::ApiServer;
use crate::collections::BTreeMap;

/// Amounts by resource name, as in `spec.hard`.
pub type Amounts = BTreeMap<Text, Quantity>;

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
            for (name, amount) in pod_resources(object) {
                if let Some(short) = name
                    .strip_prefix("requests.")
                    .filter(|s| matches!(*s, "cpu" | "memory" | "ephemeral-storage"))
                {
                    used.insert(Text::from(short), amount);
                }
                used.insert(name, amount);
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
                    used.insert(Text::lit("services.nodeports"), Quantity::units(ports(object)));
                }
                _ => {}
            }
        }
        Kind::PERSISTENT_VOLUME_CLAIM => {
            used.insert(Text::lit("persistentvolumeclaims"), one);
            let storage = object.at("spec.resources.requests").get("storage");
            used.insert(Text::lit("requests.storage"), Quantity::of(storage));
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

/// `requests.NAME` and `limits.NAME` of a pod: the sum over containers, or the largest init container if
/// that is more.
fn pod_resources(pod: &Object) -> Amounts {
    let mut total = Amounts::new();
    for field in ["requests", "limits"] {
        for container in pod.at("spec.containers").items() {
            for (name, amount) in container["resources"][field].entries() {
                let sum = total.entry(Text::from(format!("{field}.{name}"))).or_default();
                *sum = if sum.is_zero() { Quantity::of(amount) } else { sum.plus(Quantity::of(amount)) };
            }
        }
        for container in pod.at("spec.initContainers").items() {
            for (name, amount) in container["resources"][field].entries() {
                let most = total.entry(Text::from(format!("{field}.{name}"))).or_default();
                *most = (*most).max(Quantity::of(amount));
            }
        }
    }
    total
}

/// How much of what a quota limits is used in its namespace.
pub fn used(api: &ApiServer, quota: &Object) -> Amounts {
    let hard = quota.at("spec.hard");
    let mut used: Amounts = hard.entries().map(|(name, _)| (name.clone(), Quantity::default())).collect();
    for kind in Kind::all().filter(|k| k.info().namespaced && *k != Kind::EVENT && *k != Kind::LEASE) {
        for object in api.list(kind, Some(quota.namespace())).filter(|o| covers(quota, o)) {
            for (name, amount) in usage_of(object) {
                if let Some(sum) = used.get_mut(&name) {
                    *sum = if sum.is_zero() { amount } else { sum.plus(amount) };
                }
            }
        }
    }
    used
}

/// Whether the scopes of a quota cover an object.
fn covers(quota: &Object, object: &Object) -> bool {
    let best_effort = || object.at("status.qosClass").str() == "BestEffort";
    let terminating = || object.at("spec.activeDeadlineSeconds").is_some();
    quota.at("spec.scopes").items().iter().all(|scope| {
        object.kind == Kind::POD
            && match scope.str() {
                "BestEffort" => best_effort(),
                "NotBestEffort" => !best_effort(),
                "Terminating" => terminating(),
                "NotTerminating" => !terminating(),
                _ => true,
            }
    })
}

/// Refuses an object that would exceed a quota of its namespace, or that leaves out what a quota limits.
pub fn admit(api: &ApiServer, object: &Object) -> Result<()> {
    let quotas = api.list(Kind::RESOURCE_QUOTA, Some(object.namespace())).filter(|q| covers(q, object));
    for quota in quotas {
        let wanted = usage_of(object);
        let hard = quota.at("spec.hard");
        if object.kind == Kind::POD {
            let missing: Vec<&str> = hard
                .entries()
                .map(|(name, _)| name.as_str())
                .filter(|n| {
                    (n.starts_with("requests.") || n.starts_with("limits.") || matches!(*n, "cpu" | "memory"))
                        && !wanted.contains_key(*n)
                })
                .collect();
            if !missing.is_empty() {
                let list: Vec<String> =
                    missing.iter().map(|n| format!("{n} for: {}", names_without(object, n))).collect();
                let why = format!("failed quota: {}: must specify {}", quota.name(), list.join("; "));
                return Err(Status::forbidden(object.kind, object.name(), &why));
            }
        }
        let now = used(api, quota);
        let over: Vec<&Text> = hard
            .entries()
            .filter(|(name, limit)| {
                wanted.get(*name).is_some_and(|w| {
                    now.get(*name).copied().unwrap_or_default().plus(*w) > Quantity::of(limit)
                })
            })
            .map(|(name, _)| name)
            .collect();
        if !over.is_empty() {
            let list = |of: &dyn Fn(&Text) -> Quantity| {
                over.iter().map(|n| format!("{n}={}", of(n))).collect::<Vec<_>>().join(",")
            };
            let why = format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                quota.name(),
                list(&|n| wanted.get(n).copied().unwrap_or_default()),
                list(&|n| now.get(n).copied().unwrap_or_default()),
                list(&|n| Quantity::of(hard.get(n))),
            );
            return Err(Status::forbidden(object.kind, object.name(), &why));
        }
    }
    Ok(())
}

/// The containers of a pod that do not say how much of a resource they want.
fn names_without(pod: &Object, resource: &str) -> String {
    let (field, name) = resource.split_once('.').unwrap_or(("requests", resource));
    let lacks = |c: &&Value| c["resources"][field].get(name).is_null();
    let names: Vec<&str> =
        pod.at("spec.containers").items().iter().filter(lacks).map(|c| c["name"].str()).collect();
    names.join(",")
}
