//! EndpointSlices (and the older Endpoints, in [`super::endpoints`]): which pods serve a Service.
//!
//! A pod is an endpoint from the moment that it has an address until it has ended. It is *ready* if its
//! `Ready` condition is true and it is not being deleted, or if the Service publishes addresses that are
//! not ready.

use super::work::Cx;
use super::{Which, pods, rules};
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value, selector};
use crate::apiserver::{ApiServer, Change, DeleteOptions};
use crate::collections::BTreeMap;
use crate::map;

/// Upstream `MaxEndpointsPerSlice`.
const MAX_PER_SLICE: usize = 100;
/// The annotation that tells when the pods changed.
pub const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";
/// The label of what belongs to a headless Service.
pub const HEADLESS: &str = "service.kubernetes.io/headless";
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const MANAGER: &str = "endpointslice-controller.k8s.io";

/// A Service, a pod or a slice has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    match object.kind {
        Kind::SERVICE => {
            if change.kind == WatchKind::Deleted {
                cx.work.triggers.remove(&object.key());
            }
            enqueue(&object.key(), cx);
        }
        Kind::POD if change.old.as_ref().is_none_or(|old| concerns_endpoints(old, object, change.kind)) => {
            pod_changed(change, cx);
        }
        Kind::ENDPOINT_SLICE if change.kind == WatchKind::Deleted => {
            if let Some(service) = object.label(SERVICE_NAME) {
                let key = Key::new(Kind::SERVICE, object.at("metadata.namespace").text(), service);
                cx.enqueue(Which::EndpointSlice, &key);
            }
        }
        _ => {}
    }
}

fn enqueue(service: &Key, cx: &mut Cx<'_>) {
    cx.enqueue(Which::EndpointSlice, service);
    cx.enqueue(Which::Endpoints, service);
}

/// Whether the difference between two states of a pod can change endpoints.
fn concerns_endpoints(old: &Object, new: &Object, kind: WatchKind) -> bool {
    kind == WatchKind::Deleted
        || old.is_deleting() != new.is_deleting()
        || ["status.podIP", "status.phase", "metadata.labels", "spec.nodeName"]
            .iter()
            .any(|p| old.at(p) != new.at(p))
        || pods::is_ready(old) != pods::is_ready(new)
}

fn pod_changed(change: &Change, cx: &mut Cx<'_>) {
    let labels = |o: &Object| o.at("metadata.labels").clone();
    let (old, new) = (change.old.as_ref().map(labels), labels(&change.new));
    let matching = |s: &&Object| {
        let wanted = s.at("spec.selector");
        !wanted.is_empty()
            && (selector::subset(wanted, &new) || old.as_ref().is_some_and(|l| selector::subset(wanted, l)))
    };
    let services = cx.api.list(Kind::SERVICE, Some(change.new.namespace()));
    let keys: Vec<Key> = services.filter(matching).map(Object::key).collect();
    for key in keys {
        enqueue(&key, cx);
    }
}

/// The pods that a Service selects.
pub fn selected(service: &Object, api: &ApiServer) -> Vec<Object> {
    let wanted = service.at("spec.selector");
    let pods = api.list(Kind::POD, Some(service.namespace()));
    pods.filter(|p| selector::subset(wanted, p.at("metadata.labels"))).cloned().collect()
}

/// Whether a pod can be an endpoint.
pub fn has_address(pod: &Object) -> bool {
    !pods::is_terminal(pod) && !pod.at("status.podIP").is_empty()
}

/// The ports under which a pod serves a Service; named target ports are looked up in its containers.
pub fn ports(service: &Object, pod: &Object) -> Vec<Value> {
    let mut ports = Vec::new();
    for p in service.at("spec.ports").items() {
        let protocol = if p["protocol"].is_empty() { Value::from("TCP") } else { p["protocol"].clone() };
        let number = match &p["targetPort"] {
            Value::Str(name) => container_port(pod, name, protocol.str()),
            Value::Int(n) if *n > 0 => Some(*n),
            _ => p["port"].as_int(),
        };
        if let Some(number) = number {
            let mut port = map! { "name" => p["name"].text(), "port" => number, "protocol" => protocol };
            if p["appProtocol"].is_some() {
                port.set("appProtocol", &p["appProtocol"]);
            }
            ports.push(port);
        }
    }
    ports
}

fn container_port(pod: &Object, name: &str, protocol: &str) -> Option<i64> {
    let sidecar = |c: &&Value| c["restartPolicy"].str() == "Always";
    let sidecars = pod.at("spec.initContainers").items().iter().filter(sidecar);
    let containers = pod.at("spec.containers").items().iter().chain(sidecars);
    let mut ports = containers.flat_map(|c| c["ports"].items());
    ports.find(|p| {
        p["name"].str() == name && matches!(p["protocol"].str(), "" | "TCP" if protocol == "TCP")
            || p["name"].str() == name && p["protocol"].str() == protocol
    })?["containerPort"]
        .as_int()
}

/// Brings the slices of a Service up to date.
pub fn sync(service: &Object, cx: &mut Cx<'_>) {
    let key = service.key();
    if service.at("spec.selector").is_empty() || service.at("spec.type").str() == "ExternalName" {
        return;
    }
    if cx.put_off(Which::EndpointSlice, &key) {
        return;
    }
    let pods = selected(service, cx.api);
    let trigger = trigger_time(&key, service, &pods, cx);
    let mut groups: BTreeMap<Text, (Vec<Value>, Vec<Value>)> = BTreeMap::new();
    for pod in pods.iter().filter(|p| has_address(p)) {
        let ports = ports(service, pod);
        let name = Text::from(format!("{ports:?}"));
        groups.entry(name).or_insert_with(|| (ports, Vec::new())).1.push(endpoint(service, pod, cx.api));
    }
    let mine = |o: &&Object| o.kind == Kind::ENDPOINT_SLICE && o.label(MANAGED_BY) == Some(MANAGER);
    let mut old: Vec<Object> = cx.api.owned_by(service.uid()).filter(mine).cloned().collect();
    if groups.is_empty() {
        groups.insert(Text::default(), (Vec::new(), Vec::new()));
    }
    for (ports, endpoints) in groups.into_values() {
        reconcile(service, &ports, endpoints, &mut old, trigger.as_ref(), cx);
    }
    for slice in old {
        // Nothing is left in it.
        let _ = cx.api.delete(&slice.key(), &DeleteOptions::default());
    }
}

/// Puts the endpoints of one set of ports into slices, first into those that are there. Taken slices leave
/// the list.
fn reconcile(
    service: &Object,
    ports: &[Value],
    endpoints: Vec<Value>,
    old: &mut Vec<Object>,
    trigger: Option<&Text>,
    cx: &mut Cx<'_>,
) {
    let same_ports = |s: &Object| s["ports"].items() == ports || s["ports"].is_empty() || ports.is_empty();
    let (mine, others): (Vec<Object>, Vec<Object>) = old.drain(..).partition(same_ports);
    *old = others;
    // Endpoints stay in the slice and at the place where they are.
    let id = |e: &Value| e["targetRef"]["uid"].text();
    let mut wanted: Vec<Value> = endpoints;
    let mut contents: Vec<(Option<Object>, Vec<Value>)> = Vec::new();
    for slice in mine {
        let mut kept = Vec::new();
        for e in slice["endpoints"].items() {
            if let Some(i) = wanted.iter().position(|w| id(w) == id(e)) {
                kept.push(wanted.remove(i));
            }
        }
        contents.push((Some(slice), kept));
    }
    for e in wanted {
        match contents.iter_mut().find(|(_, list)| list.len() < MAX_PER_SLICE) {
            Some((_, list)) => list.push(e),
            None => contents.push((None, vec![e])),
        }
    }
    if contents.is_empty() {
        contents.push((None, Vec::new()));
    }
    let placeholder = contents.iter().all(|(_, list)| list.is_empty());
    for (n, (slice, list)) in contents.into_iter().enumerate() {
        match slice {
            Some(slice) if list.is_empty() && !(placeholder && n == 0) => old.push(slice),
            slice => write(service, slice, ports, list, trigger, cx),
        }
    }
}

fn write(
    service: &Object,
    old: Option<Object>,
    ports: &[Value],
    endpoints: Vec<Value>,
    trigger: Option<&Text>,
    cx: &mut Cx<'_>,
) {
    let null_if_empty = |list: Vec<Value>| if list.is_empty() { Value::Null } else { Value::from(list) };
    let (ports, endpoints) = (null_if_empty(ports.to_vec()), null_if_empty(endpoints));
    let labels = labels(service);
    let mut slice = match &old {
        Some(old) => {
            let same = old["endpoints"] == endpoints
                && old["ports"] == ports
                && old.at("metadata.labels") == &labels;
            if same {
                return;
            }
            old.clone()
        }
        None => {
            let meta = map! {
                "generateName" => format!("{}-", service.name()),
                "namespace" => service.at("metadata.namespace"),
                "ownerReferences" => vec![ApiServer::owner_reference(service)],
            };
            Object::new(Kind::ENDPOINT_SLICE, map! { "metadata" => meta, "addressType" => "IPv4" })
        }
    };
    slice.set("ports", ports);
    slice.set("endpoints", endpoints);
    slice.set("metadata.labels", labels);
    match trigger {
        Some(trigger) => slice.slot("metadata.annotations").map_mut().insert(TRIGGER, trigger),
        None => drop(slice.remove("metadata.annotations")),
    }
    cx.api.rule(rules::ENDPOINTS, &service.key().path(), vec![]);
    cx.work.reserve(Which::EndpointSlice, cx.api.now);
    let written = if old.is_some() { cx.api.update(slice) } else { cx.api.create(slice) };
    match written {
        Ok(_) => cx.succeeded(Which::EndpointSlice, &service.key()),
        Err(_) => cx.retry(Which::EndpointSlice, &service.key()),
    }
}

fn labels(service: &Object) -> Value {
    let mut labels = service.at("metadata.labels").clone();
    let map = labels.map_mut();
    map.insert(MANAGED_BY, Text::lit(MANAGER));
    map.insert(SERVICE_NAME, service.at("metadata.name"));
    if service.at("spec.clusterIP").str() == "None" {
        map.insert(HEADLESS, Text::lit(""));
    }
    labels
}

fn endpoint(service: &Object, pod: &Object, api: &ApiServer) -> Value {
    let (serving, terminating) = (pods::is_ready(pod), pod.is_deleting());
    let published = service.at("spec.publishNotReadyAddresses").is_true();
    let conditions = map! {
        "ready" => published || (serving && !terminating), "serving" => serving,
        "terminating" => terminating,
    };
    let mut endpoint = map! {
        "addresses" => vec![pod.at("status.podIP").clone()], "conditions" => conditions,
        "nodeName" => pod.at("spec.nodeName"),
        "targetRef" => target(pod),
    };
    if !pod.at("spec.hostname").is_empty() && pod.at("spec.subdomain") == service.at("metadata.name") {
        endpoint.set("hostname", pod.at("spec.hostname"));
    }
    let node = api.get(Kind::NODE, "", pod.at("spec.nodeName").str());
    if let Some(zone) = node.and_then(|n| n.label("topology.kubernetes.io/zone")) {
        endpoint.set("zone", zone);
    }
    endpoint
}

/// The reference to a pod in an endpoint.
pub fn target(pod: &Object) -> Value {
    map! {
        "kind" => "Pod", "name" => pod.at("metadata.name"), "namespace" => pod.at("metadata.namespace"),
        "uid" => pod.at("metadata.uid"),
    }
}

/// The earliest time at which something changed since the last look: the Service was made or a pod's
/// readiness turned.
fn trigger_time(key: &Key, service: &Object, pods: &[Object], cx: &mut Cx<'_>) -> Option<Text> {
    let now: BTreeMap<Text, Text> = pods
        .iter()
        .map(|p| (p.at("metadata.uid").text(), p.condition("Ready")["lastTransitionTime"].text()))
        .collect();
    let before = cx.work.triggers.insert(key.clone(), now.clone());
    let created = before.is_none().then(|| service.at("metadata.creationTimestamp").text());
    let before = before.unwrap_or_default();
    let turned = now.into_iter().filter(|(uid, at)| !at.is_empty() && before.get(uid) != Some(at));
    turned.map(|(_, at)| at).chain(created).min()
}
