//! Services: who was in the endpoints from when to when, read from the change log of the EndpointSlices, and what
//! became of the requests that traffic sends to them.

use super::{changes, path_of};
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::ApiServer;
use crate::cluster::Cluster;
use crate::collections::BTreeMap;
use crate::traffic::PodTally;
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
    /// The requests that are or were sent to it.
    pub traffic: Option<Requests>,
}

/// What became of requests.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Requests {
    /// Whether more are sent.
    pub running: bool,
    /// How many in a second.
    pub rate: f64,
    /// Where from.
    pub from: String,
    /// Since when.
    pub since: f64,
    /// How many were served.
    pub served: f64,
    /// How many were not.
    pub failed: f64,
    /// `3 refused, 1 timeout`.
    pub failures: String,
    /// How many were served and not in the last ten seconds.
    pub lately: (f64, f64),
    /// How long half of the answers took at most; absent without answers.
    pub p50: Option<f64>,
    /// How long 99 % of the answers took at most.
    pub p99: Option<f64>,
    /// How wide the bins are.
    pub width: f64,
    /// By pod.
    pub pods: Vec<PodRequests>,
}

/// The requests that were sent to a pod.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PodRequests {
    /// `pods/default/web`; empty for those that reached none.
    pub target: String,
    /// How many were served.
    pub served: f64,
    /// How many were not.
    pub failed: f64,
    /// `3 refused, 1 timeout`.
    pub failures: String,
    /// From when, how many were served, how many were not.
    pub bins: Vec<(f64, u32, u32)>,
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
pub fn services(cluster: &Cluster) -> Services {
    let api = &cluster.api;
    let mut by_service: BTreeMap<String, Endpoints> = BTreeMap::new();
    for change in changes(api).filter(|c| c.new.kind == Kind::ENDPOINT_SLICE) {
        let slice = &change.new;
        let Some(service) = slice.label(SERVICE_NAME) else { continue };
        let known = by_service.entry(format!("services/{}/{service}", slice.namespace())).or_default();
        let gone = change.kind == WatchKind::Deleted;
        follow(known, slice, if gone { &[] } else { slice["endpoints"].items() }, change.at.0 as f64);
    }
    let card = |s: &Object| {
        let endpoints = by_service.get(&path_of(s)).cloned().unwrap_or_default();
        ServiceCard { traffic: requests(cluster, s), ..card(api, s, endpoints) }
    };
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
        traffic: None,
    }
}

fn requests(cluster: &Cluster, service: &Object) -> Option<Requests> {
    let generator = cluster.traffic().generator(&format!("{}/{}", service.namespace(), service.name()))?;
    let tally = &generator.tally;
    let (lately, _) = tally.lately(cluster.now());
    let quantile = |part| tally.spread.quantile(part).map(|s| s.0 as f64);
    let since = generator.started.0 as f64;
    let pod = |(target, pod): (&Text, &PodTally)| PodRequests {
        target: target.to_string(),
        served: pod.counts.served() as f64,
        failed: pod.counts.failed() as f64,
        failures: pod.counts.failures(),
        bins: pod
            .bins
            .iter()
            .map(|b| (since + (b.number * tally.width.0) as f64, b.served, b.failed))
            .collect(),
    };
    Some(Requests {
        running: generator.stopped.is_none(),
        rate: generator.options.rate,
        from: cluster.client_name(&generator.options).to_string(),
        since,
        served: tally.counts.served() as f64,
        failed: tally.counts.failed() as f64,
        failures: tally.counts.failures(),
        lately: (lately.served() as f64, lately.failed() as f64),
        p50: quantile(0.5),
        p99: quantile(0.99),
        width: tally.width.0 as f64,
        pods: tally.pods.iter().map(pod).collect(),
    })
}

fn port(port: &Value) -> String {
    let target = &port["targetPort"];
    let to = target.as_int().map_or_else(|| target.str().to_string(), |n| n.to_string());
    format!("{}/{} → {to}", port["port"].int_or(0), port["protocol"].str())
}
