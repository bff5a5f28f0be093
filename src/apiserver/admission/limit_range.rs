//! LimitRanger: default requests and limits, and the bounds of a namespace's LimitRanges.

use crate::api::quantity::Quantity;
use crate::api::status::Result;
use crate::api::{Kind, Object, Status, Text, Value};
use crate::apiserver::ApiServer;

/// The annotation that says which defaults were set.
const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// Sets the defaults that a pod's containers lack and checks the bounds.
pub fn admit(api: &ApiServer, object: &mut Object) -> Result<()> {
    let ranges: Vec<Object> = api.list(Kind::LIMIT_RANGE, Some(object.namespace())).cloned().collect();
    for range in &ranges {
        for item in range.at("spec.limits").items() {
            match (item["type"].str(), object.kind) {
                ("Container", Kind::POD) => {
                    set_defaults(object, item);
                    check_containers(object, item)?;
                }
                ("PersistentVolumeClaim", Kind::PERSISTENT_VOLUME_CLAIM) => {
                    let requests = object.at("spec.resources.requests").clone();
                    bounds(object, item, &requests, &Value::Null, "PersistentVolumeClaim")?;
                }
                _ => {}
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

fn check_containers(pod: &Object, item: &Value) -> Result<()> {
    for container in pod.at("spec.containers").items().iter().chain(pod.at("spec.initContainers").items()) {
        let resources = &container["resources"];
        bounds(pod, item, &resources["requests"], &resources["limits"], "Container")?;
    }
    Ok(())
}

/// The bounds of one item; the words are those of plugin/pkg/admission/limitranger.
fn bounds(object: &Object, item: &Value, requests: &Value, limits: &Value, noun: &str) -> Result<()> {
    let mut wrong = Vec::new();
    for (resource, min) in item["min"].entries() {
        let request = requests.get(resource);
        if request.is_null() {
            wrong.push(format!(
                "minimum {resource} usage per {noun} is {}.  No request is specified",
                min.str()
            ));
        } else if Quantity::of(request) < Quantity::of(min) {
            wrong.push(format!(
                "minimum {resource} usage per {noun} is {}, but request is {}",
                Quantity::of(min),
                Quantity::of(request)
            ));
        }
    }
    for (resource, max) in item["max"].entries() {
        let asked = if noun == "Container" { limits.get(resource) } else { requests.get(resource) };
        let word = if noun == "Container" { "limit" } else { "request" };
        if asked.is_null() {
            wrong.push(format!(
                "maximum {resource} usage per {noun} is {}.  No {word} is specified",
                Quantity::of(max)
            ));
        } else if Quantity::of(asked) > Quantity::of(max) {
            wrong.push(format!(
                "maximum {resource} usage per {noun} is {}, but {word} is {}",
                Quantity::of(max),
                Quantity::of(asked)
            ));
        }
    }
    match wrong.as_slice() {
        [] => Ok(()),
        [one] => Err(Status::forbidden(object.kind, object.name(), one)),
        all => Err(Status::forbidden(object.kind, object.name(), &format!("[{}]", all.join(", ")))),
    }
}
