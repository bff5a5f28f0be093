//! Endpoints: the older form of EndpointSlices, one object for each Service; and slices that mirror
//! Endpoints which somebody wrote by hand.

use super::endpointslice::{HEADLESS, TRIGGER, has_address, ports, selected, target};
use super::work::Cx;
use super::{Which, pods};
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::{ApiServer, Change, DeleteOptions};
use crate::collections::{BTreeMap, Order};

use crate::map;

const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const MANAGER: &str = "endpoint-controller";
const SLICE_MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const SKIP_MIRROR: &str = "endpointslice.kubernetes.io/skip-mirror";
const MIRROR: &str = "endpointslicemirroring-controller.k8s.io";

/// Endpoints or a Service have changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    let key = Key { kind: Kind::SERVICE, ..object.key() };
    match object.kind {
        Kind::ENDPOINTS => cx.enqueue(Which::Mirror, &key),
        Kind::SERVICE if change.kind == WatchKind::Deleted => {
            let mine = Key { kind: Kind::ENDPOINTS, ..key };
            if cx.api.store.get(&mine).is_some() {
                // It bears the Service's name and goes with it.
                let _ = cx.api.delete(&mine, &DeleteOptions::default());
            }
        }
        Kind::SERVICE => cx.enqueue(Which::Mirror, &key),
        _ => {}
    }
}

/// Brings the Endpoints of a Service up to date.
pub fn sync(service: &Object, cx: &mut Cx<'_>) {
    if service.at("spec.selector").is_empty() || service.at("spec.type").str() == "ExternalName" {
        return;
    }
    let key = service.key();
    if cx.put_off(Which::Endpoints, &key) {
        return;
    }
    let subsets = subsets(service, cx.api);
    let mut labels = service.at("metadata.labels").clone();
    labels.map_mut().insert(MANAGED_BY, Text::lit(MANAGER));
    if service.at("spec.clusterIP").str() == "None" {
        labels.map_mut().insert(HEADLESS, Text::lit(""));
    }
    let old = cx.api.store.get(&Key { kind: Kind::ENDPOINTS, ..key }).cloned();
    let mut object = match &old {
        Some(old) if old["subsets"] == subsets && old.at("metadata.labels") == &labels => return,
        Some(old) => old.clone(),
        None => {
            let meta = map! {
                "name" => service.at("metadata.name"), "namespace" => service.at("metadata.namespace"),
            };
            Object::new(Kind::ENDPOINTS, map! { "metadata" => meta })
        }
    };
    object.set("metadata.labels", labels);
    object.slot("metadata.annotations").map_mut().insert(TRIGGER, cx.api.timestamp());
    if subsets.is_null() {
        object.remove("subsets");
    } else {
        object.set("subsets", subsets);
    }
    cx.work.reserve(Which::Endpoints, cx.api.now);
    // A conflict brings the Service back through the other writer's change.
    let _ = if old.is_some() { cx.api.update(object) } else { cx.api.create(object) };
}

/// Addresses grouped by ports, sorted by address.
fn subsets(service: &Object, api: &ApiServer) -> Value {
    let published = service.at("spec.publishNotReadyAddresses").is_true();
    let mut groups: BTreeMap<Text, (Vec<Value>, Vec<Value>, Vec<Value>)> = BTreeMap::new();
    for pod in selected(service, api) {
        if !has_address(&pod) || (pod.is_deleting() && !published) {
            continue;
        }
        let mut list = ports(service, &pod);
        for port in &mut list {
            if port["name"].is_empty() {
                port.remove("name");
            }
        }
        let address = map! {
            "ip" => pod.at("status.podIP"), "nodeName" => pod.at("spec.nodeName"), "targetRef" => target(&pod),
        };
        let group = groups.entry(Text::from(format!("{list:?}"))).or_insert_with(|| (list, vec![], vec![]));
        if published || pods::is_ready(&pod) { group.1.push(address) } else { group.2.push(address) }
    }
    let mut subsets = Vec::new();
    for (ports, mut ready, mut not_ready) in groups.into_values() {
        let by_ip = |a: &Value| a["ip"].text();
        ready.order_by_key(by_ip);
        not_ready.order_by_key(by_ip);
        let mut subset = map! {};
        for (field, list) in [("addresses", ready), ("notReadyAddresses", not_ready), ("ports", ports)] {
            if !list.is_empty() {
                subset.set(field, list);
            }
        }
        subsets.push(subset);
    }
    if subsets.is_empty() { Value::Null } else { Value::from(subsets) }
}

/// Mirrors Endpoints that were written by hand for a Service without selector into a slice.
pub fn mirror(service: &Object, cx: &mut Cx<'_>) {
    let key = service.key();
    let endpoints = cx.api.store.get(&Key { kind: Kind::ENDPOINTS, ..key }).cloned();
    // The API server keeps the slice of its own service itself and marks the Endpoints so.
    let skipped = endpoints.as_ref().is_some_and(|e| e.label(SKIP_MIRROR) == Some("true"));
    let by_hand = service.at("spec.selector").is_empty() && !skipped;
    let subset = endpoints.as_ref().map(|e| e["subsets"][0].clone()).unwrap_or_default();
    let mine = |o: &&Object| o.kind == Kind::ENDPOINT_SLICE && o.label(SLICE_MANAGED_BY) == Some(MIRROR);
    let uid = endpoints.as_ref().map(|e| e.at("metadata.uid").text()).unwrap_or_default();
    let old = cx.api.owned_by(&uid).find(mine).cloned();
    let Some(endpoints) = endpoints.filter(|_| by_hand && subset.is_some()) else {
        if let Some(old) = old {
            // What it mirrored is gone.
            let _ = cx.api.delete(&old.key(), &DeleteOptions::default());
        }
        return;
    };
    let entry = |ready: bool| {
        move |a: &Value| {
            let conditions = map! { "ready" => ready };
            let mut e = map! { "addresses" => vec![a["ip"].clone()], "conditions" => conditions };
            for field in ["nodeName", "targetRef", "hostname"] {
                if a[field].is_some() {
                    e.set(field, &a[field]);
                }
            }
            e
        }
    };
    let ready = subset["addresses"].items().iter().map(entry(true));
    let list: Vec<Value> =
        ready.chain(subset["notReadyAddresses"].items().iter().map(entry(false))).collect();
    let mut ports = subset["ports"].clone();
    for port in ports.list_mut() {
        if port["name"].is_null() {
            port.set("name", "");
        }
        if port["protocol"].is_null() {
            port.set("protocol", "TCP");
        }
    }
    let mut slice = old.clone().unwrap_or_else(|| {
        let labels = map! { "kubernetes.io/service-name" => service.at("metadata.name"), "endpointslice.kubernetes.io/managed-by" => MIRROR };
        let meta = map! {
            "generateName" => format!("{}-", service.name()), "namespace" => service.at("metadata.namespace"),
            "labels" => labels, "ownerReferences" => vec![ApiServer::owner_reference(&endpoints)],
        };
        Object::new(Kind::ENDPOINT_SLICE, map! { "metadata" => meta, "addressType" => "IPv4" })
    });
    slice.set("endpoints", list);
    slice.set("ports", ports);
    // A conflict brings the Service back through the other writer's change.
    let _ = if old.is_some() { cx.api.update(slice) } else { cx.api.create(slice) };
}
