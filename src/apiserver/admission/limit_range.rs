//! LimitRanger: default requests and limits, and the bounds of a namespace's LimitRanges, in the words of
//! plugin/pkg/admission/limitranger.

use crate::api::quantity::Quantity;
use crate::api::resources::totals;
use crate::api::status::Result;
use crate::api::{Kind, Object, Status, Text, Value};
use crate::apiserver::ApiServer;

/// The annotation that says which defaults were set.
const ANNOTATION: &str = "kubernetes.io/limit-ranger";

fn ranges(api: &ApiServer, object: &Object) -> Vec<Object> {
    api.list(Kind::LIMIT_RANGE, Some(object.namespace())).cloned().collect()
}

/// Sets the defaults that a pod's containers lack.
pub fn complete(api: &ApiServer, pod: &mut Object) {
    for range in ranges(api, pod) {
        for item in range.at("spec.limits").items().iter().filter(|i| i["type"].str() == "Container") {
            set_defaults(pod, item);
        }
    }
}

/// Checks the bounds for a pod or a claim.
pub fn check(api: &ApiServer, object: &Object) -> Result<()> {
    for range in ranges(api, object) {
        let mut wrong = Vec::new();
        for item in range.at("spec.limits").items() {
            match (item["type"].str(), object.kind) {
                ("Container", Kind::POD) => {
                    for list in ["spec.containers", "spec.initContainers"] {
                        for c in object.at(list).items() {
                            let r = &c["resources"];
                            bounds("Container", item, &r["requests"], &r["limits"], &mut wrong);
                        }
                    }
                }
                ("Pod", Kind::POD) => {
                    let of = |list: &str| -> Value {
                        let mut all = Value::map();
                        for (name, amount) in totals(&object["spec"], list).iter() {
                            all.map_mut().insert(name.as_str(), amount.to_string());
                        }
                        all
                    };
                    bounds("Pod", item, &of("requests"), &of("limits"), &mut wrong);
                }
                ("PersistentVolumeClaim", Kind::PERSISTENT_VOLUME_CLAIM) => {
                    let requests = object.at("spec.resources.requests");
                    bounds("PersistentVolumeClaim", item, requests, &Value::Null, &mut wrong);
                }
                _ => {}
            }
        }
        wrong.dedup();
        match wrong.as_slice() {
            [] => {}
            [one] => return Err(Status::forbidden(object.kind, object.name(), one)),
            all => {
                let all = format!("[{}]", all.join(", "));
                return Err(Status::forbidden(object.kind, object.name(), &all));
            }
        }
    }
    Ok(())
}

fn set_defaults(pod: &mut Object, item: &Value) {
    let mut said = Vec::new();
    for (list, noun) in [("spec.containers", "container"), ("spec.initContainers", "init container")] {
        for i in 0..pod.at(list).items().len() {
            let name = pod.at(list)[i]["name"].text();
            for (field, defaults, what) in
                [("requests", "defaultRequest", "request"), ("limits", "default", "limit")]
            {
                let mut set = Vec::new();
                for (resource, amount) in item[defaults].entries() {
                    let path = format!("{list}.{i}.resources.{field}");
                    if pod.at(&path).get(resource).is_null() {
                        pod.slot(&path).map_mut().insert(resource, amount.clone());
                        set.push(resource.as_str().to_string());
                    }
                }
                if !set.is_empty() {
                    said.push(format!("{} {what} for {noun} {name}", set.join(", ")));
                }
            }
        }
    }
    if !said.is_empty() {
        let text = format!("LimitRanger plugin set: {}", said.join("; "));
        pod.slot("metadata.annotations").map_mut().insert(Text::lit(ANNOTATION), text);
    }
}

/// An amount of a resource, if it is there.
fn amount(list: &Value, resource: &str) -> Option<Quantity> {
    list.get(resource).is_some().then(|| Quantity::of(list.get(resource)))
}

/// What requests and limits are wrong by one item.
fn bounds(noun: &str, item: &Value, requests: &Value, limits: &Value, wrong: &mut Vec<String>) {
    for (resource, bound) in item["min"].entries() {
        let text = format!("minimum {resource} usage per {noun} is {}", bound.str());
        let bound = Quantity::of(bound);
        match (amount(requests, resource), amount(limits, resource)) {
            (None, _) => wrong.push(format!("{text}.  No request is specified")),
            (Some(r), _) if r < bound => wrong.push(format!("{text}, but request is {r}")),
            (_, Some(l)) if l < bound => wrong.push(format!("{text}, but limit is {l}")),
            _ => {}
        }
    }
    for (resource, bound) in item["max"].entries() {
        let text = format!("maximum {resource} usage per {noun} is {}", bound.str());
        let bound = Quantity::of(bound);
        let (request, limit) = (amount(requests, resource), amount(limits, resource));
        // Claims have no limits.
        if noun != "PersistentVolumeClaim" {
            match limit {
                None => {
                    wrong.push(format!("{text}.  No limit is specified"));
                    continue;
                }
                Some(l) if l > bound => {
                    wrong.push(format!("{text}, but limit is {l}"));
                    continue;
                }
                Some(_) => {}
            }
        } else if request.is_none() {
            wrong.push(format!("{text}.  No request is specified"));
        }
        if let Some(r) = request.filter(|r| *r > bound) {
            wrong.push(format!("{text}, but request is {r}"));
        }
    }
    for (resource, ratio) in item["maxLimitRequestRatio"].entries() {
        let most = Quantity::of(ratio);
        let text = format!("{resource} max limit to request ratio per {noun} is {}", ratio.str());
        let given = |list: &Value| amount(list, resource).filter(|q| !q.is_zero());
        match (given(requests), given(limits)) {
            (None, _) => wrong.push(format!("{text}, but no request is specified or request is 0")),
            (_, None) => wrong.push(format!("{text}, but no limit is specified or limit is 0")),
            (Some(request), Some(limit)) => {
                let found = limit.nano as f64 / request.nano as f64;
                if found > most.nano as f64 / 1e9 {
                    wrong.push(format!("{text}, but provided ratio is {found:.6}"));
                }
            }
        }
    }
}
