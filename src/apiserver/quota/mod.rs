//! ResourceQuota: how much of what it limits a namespace uses, and the refusal of more, in the words of
//! k8s.io/apiserver's plugin and pkg/quota/v1/evaluator.

mod scopes;
mod usage;

use crate::api::quantity::Quantity;
use crate::api::status::Result;
use crate::api::{Kind, Object, Status, Text, Value};
use crate::apiserver::ApiServer;
use crate::collections::{BTreeMap, Order};
use scopes::covers;
pub use usage::usage_of;

/// Amounts by resource name, as in `spec.hard`.
pub type Amounts = BTreeMap<Text, Quantity>;

/// What every container must say if a quota limits it.
const MUST_BE_SAID: &[&str] =
    &["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];

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

/// Refuses an object that would exceed a quota of its namespace, or that leaves out what a quota limits. Of an
/// update, only what the object counts for more than before is looked at.
pub fn admit(api: &ApiServer, old: Option<&Object>, object: &Object) -> Result<()> {
    let quotas: Vec<&Object> =
        api.list(Kind::RESOURCE_QUOTA, Some(object.namespace())).filter(|q| covers(q, object)).collect();
    if quotas.is_empty() {
        return Ok(());
    }
    if object.kind == Kind::POD {
        for quota in &quotas {
            let missing = unsaid(quota, &object["spec"]);
            if !missing.is_empty() {
                let why = format!("failed quota: {}: must specify {}", quota.name(), missing.join("; "));
                return Err(Status::forbidden(object.kind, object.name(), &why));
            }
        }
    }
    let before = old.map(usage_of).unwrap_or_default();
    let mut wanted = Amounts::new();
    for (name, amount) in usage_of(object).iter() {
        let more = amount.minus(before.get(name).copied().unwrap_or_default());
        if more.nano > 0 {
            wanted.insert(name.clone(), more);
        }
    }
    quotas.iter().try_for_each(|quota| fits(api, quota, object, &wanted))
}

fn fits(api: &ApiServer, quota: &Object, object: &Object, wanted: &Amounts) -> Result<()> {
    let hard = quota.at("spec.hard");
    if !hard.entries().any(|(name, _)| wanted.contains_key(name)) {
        return Ok(());
    }
    let now = used(api, quota);
    let over: Vec<&Text> = hard
        .entries()
        .filter(|(name, limit)| {
            let sum = |w: &Quantity| now.get(*name).copied().unwrap_or_default().plus(*w);
            wanted.get(*name).is_some_and(|w| sum(w) > Quantity::of(limit))
        })
        .map(|(name, _)| name)
        .collect();
    if over.is_empty() {
        return Ok(());
    }
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
    Err(Status::forbidden(object.kind, object.name(), &why))
}

/// What a quota limits but some containers of a pod do not say: `limits.cpu for: a,b`.
fn unsaid(quota: &Object, spec: &Value) -> Vec<String> {
    let hard = quota.at("spec.hard");
    let mut out = vec![];
    for resource in MUST_BE_SAID.iter().filter(|r| hard.get(r).is_some()) {
        let (list, name) = resource.split_once('.').unwrap_or(("requests", resource));
        if spec["resources"][list].get(name).is_some() {
            continue;
        }
        let lists = [&spec["containers"], &spec["initContainers"]];
        let containers = lists.iter().flat_map(|l| l.items());
        let lacking = containers.filter(|c| c["resources"][list].get(name).is_null());
        let mut names: Vec<&str> = lacking.map(|c| c["name"].str()).collect();
        names.order();
        names.dedup();
        if !names.is_empty() {
            out.push(format!("{resource} for: {}", names.join(",")));
        }
    }
    out
}
