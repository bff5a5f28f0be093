//! Services: who was in the endpoints from when to when, read from the change log of the EndpointSlices.

use super::{changes, path_of};
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Value};
use crate::apiserver::ApiServer;
use crate::collections::BTreeMap;
use serde::Serialize;

/// How many endpoints of a Service are shown: those that came last.
const ENDPOINTS: usize = 100;
/// The label by which a slice names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// All Services.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Services {
    /// In order of namespace and name.
    pub services: Vec<ServiceCard>,
}

/// A Service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceCard {
    /// `services/default/web`.
    pub key: String,
    /// `ClusterIP`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its address.
    pub ip: String,
    /// `80/TCP → 8080`.
    pub ports: Vec<String>,
    /// `app=web`; empty if it selects nothing.
    pub selector: String,
    /// How many pods the selector matches now.
    pub matched: usize,
    /// Its endpoints over time.
    pub endpoints: Vec<Endpoint>,
}

/// An endpoint over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Endpoint {
    /// `pods/default/web`; empty for an address without an object.
    pub target: String,
    /// `10.244.1.2`.
    pub address: String,
    /// What it was, from when to when.
    pub spans: Vec<EndpointSpan>,
}

/// A span in one state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EndpointSpan {
    /// From when.
    pub from: f64,
    /// Until when; absent while it lasts.
    pub to: Option<f64>,
    /// `ready`, `notready` or `terminating`.
    pub state: &'static str,
}

type Endpoints = Vec<(String, Endpoint)>;

/// All Services with their endpoints over time.
pub fn services(api: &ApiServer) -> Services {
    let mut by_service: BTreeMap<String, Endpoints> = BTreeMap::new();
    for change in changes(api).filter(|c| c.new.kind == Kind::ENDPOINT_SLICE) {
        let slice = &change.new;
        let Some(service) = slice.label(SERVICE_NAME) else { continue };
        let known = by_service.entry(format!("services/{}/{service}", slice.namespace())).or_default();
        let gone = change.kind == WatchKind::Deleted;
        follow(known, slice, if gone { &[] } else { slice["endpoints"].items() }, change.at.0 as f64);
    }
    let card = |s: &Object| card(api, s, by_service.get(&path_of(s)).cloned().unwrap_or_default());
    Services { services: api.list(Kind::SERVICE, None).map(card).collect() }
}

/// Takes the present endpoints of a slice into account.
fn follow(known: &mut Endpoints, slice: &Object, now: &[Value], at: f64) {
    let id =
        |e: &Value| format!("{}/{}", slice.name(), e["addresses"].items().first().map_or("", Value::str));
    let prefix = format!("{}/", slice.name());
    for endpoint in now {
        let id = id(endpoint);
        if !known.iter().any(|(k, _)| *k == id) {
            known.push((id, new_endpoint(endpoint)));
        }
    }
    for (key, endpoint) in known.iter_mut().filter(|(k, _)| k.starts_with(&prefix)) {
        let state = now.iter().find(|e| id(e) == *key).map(state);
        let last = endpoint.spans.last_mut().filter(|s| s.to.is_none());
        if last.as_ref().map(|s| s.state) == state {
            continue;
        }
        if let Some(last) = last {
            last.to = Some(at);
        }
        endpoint.spans.extend(state.map(|state| EndpointSpan { from: at, to: None, state }));
    }
}

fn new_endpoint(endpoint: &Value) -> Endpoint {
    let target = &endpoint["targetRef"];
    let pod = target["kind"].str() == "Pod";
    Endpoint {
        target: if pod {
            format!("pods/{}/{}", target["namespace"].str(), target["name"].str())
        } else {
            String::new()
        },
        address: endpoint["addresses"].items().first().map_or("", Value::str).to_string(),
        spans: Vec::new(),
    }
}

fn state(endpoint: &Value) -> &'static str {
    let conditions = &endpoint["conditions"];
    match () {
        () if conditions["terminating"].is_true() => "terminating",
        () if conditions["ready"].is_true() => "ready",
        () => "notready",
    }
}

fn card(api: &ApiServer, service: &Object, mut endpoints: Endpoints) -> ServiceCard {
    endpoints.drain(..endpoints.len().saturating_sub(ENDPOINTS));
    let selector = service.at("spec.selector");
    let pairs: Vec<String> = selector.entries().map(|(k, v)| format!("{k}={}", v.str())).collect();
    let matches = |p: &&Object| selector.entries().all(|(k, v)| p.label(k) == Some(v.str()));
    let matched = if pairs.is_empty() {
        0
    } else {
        api.list(Kind::POD, Some(service.namespace())).filter(matches).count()
    };
    ServiceCard {
        key: path_of(service),
        kind: service.at("spec.type").str().to_string(),
        ip: service.at("spec.clusterIP").str().to_string(),
        ports: service.at("spec.ports").items().iter().map(port).collect(),
        selector: pairs.join(","),
        matched,
        endpoints: endpoints.into_iter().map(|(_, e)| e).collect(),
    }
}

fn port(port: &Value) -> String {
    let target = &port["targetPort"];
    let to = target.as_int().map_or_else(|| target.str().to_string(), |n| n.to_string());
    format!("{}/{} → {to}", port["port"].int_or(0), port["protocol"].str())
}
