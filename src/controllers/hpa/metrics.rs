//! What the pods of an autoscaler's target use, metric by metric, and what each metric therefore asks for.

use super::super::work::Cx;
use super::replicas::{self, Need, Pods};
use crate::api::object::Key;
use crate::api::quantity::Quantity;
use crate::api::{Kind, Object, Text, Value, labels, selector};
use crate::collections::BTreeMap;
use crate::map;
use crate::time::{Span, Time};

/// metrics-server `--metric-resolution`, which is the window of its samples too.
pub const WINDOW: Span = Span::secs(15);
/// The default of `--horizontal-pod-autoscaler-tolerance`.
const TOLERANCE: f64 = 0.1;
/// What clients of APIs say that nobody serves.
const NO_CUSTOM: &str = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";

/// What one container uses.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerUse {
    /// Its name.
    pub name: Text,
    /// Thousandths of a processor.
    pub cpu: u64,
    /// Bytes.
    pub memory: u64,
}

/// What the metrics server has seen last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// When it asked.
    pub at: Time,
    /// Of each pod: its containers.
    pub pods: BTreeMap<Key, Vec<ContainerUse>>,
}

/// What a metric came to.
pub struct Found {
    /// How many pods would meet its target.
    pub replicas: i64,
    /// What it is called where reasons are told.
    pub name: String,
    /// Its entry of `status.currentMetrics`.
    pub status: Value,
}

/// Why a metric came to nothing.
pub struct Failure {
    /// The reason of the event and the condition.
    pub reason: &'static str,
    /// The message of the event.
    pub message: String,
    /// The message as the list of metrics tells it.
    pub wrapped: String,
}

/// Works out one metric of a scaler.
pub fn evaluate(
    scaler: &Object,
    spec: &Value,
    size: i64,
    pods: &labels::Selector,
    cx: &Cx<'_>,
) -> Result<Found, Failure> {
    let namespace = scaler.namespace();
    match spec["type"].str() {
        "Resource" => {
            let source = &spec["resource"];
            resource(scaler, source, "", size, pods, cx).map_err(|message| {
                let wrapped =
                    format!("failed to get {} resource metric value: {message}", source["name"].str());
                Failure { reason: "FailedGetResourceMetric", message, wrapped }
            })
        }
        "ContainerResource" => {
            let source = &spec["containerResource"];
            let container = source["container"].str();
            resource(scaler, source, container, size, pods, cx).map_err(|message| {
                let wrapped = format!("failed to get {container} container metric value: {message}");
                Failure { reason: "FailedGetContainerResourceMetric", message, wrapped }
            })
        }
        "Pods" => {
            let message = format!("unable to get metric {}: {NO_CUSTOM}", spec.at("pods.metric.name").str());
            let wrapped = format!("failed to get pods metric value: {message}");
            Err(Failure { reason: "FailedGetPodsMetric", message, wrapped })
        }
        "Object" => {
            let source = &spec["object"];
            let (name, object) = (source.at("metric.name").str(), &source["describedObject"]);
            let (kind, of) = (object["kind"].str(), object["name"].str());
            let message = format!("unable to get metric {name}: {kind} on {namespace} {of}/{NO_CUSTOM}");
            let per_pod = source.at("target.averageValue").is_some();
            let inner = if per_pod {
                format!("failed to get {name} object metric: {message}")
            } else {
                message.clone()
            };
            let wrapped = format!("failed to get object metric value: {inner}");
            Err(Failure { reason: "FailedGetObjectMetric", message, wrapped })
        }
        _ => {
            let source = &spec["external"];
            let name = source.at("metric.name").str();
            let labels = selector::go_string(source.at("metric.selector"));
            let message = format!(
                "unable to get external metric {namespace}/{name}/{labels}: unable to fetch metrics from external \
                 metrics API: the server could not find the requested resource (get {name}.external.metrics.k8s.io)"
            );
            let inner = if source.at("target.averageValue").is_some() {
                format!("failed to get {name} external metric: {message}")
            } else {
                format!("failed to get external metric {name}: {message}")
            };
            let wrapped = format!("failed to get {name} external metric value: {inner}");
            Err(Failure { reason: "FailedGetExternalMetric", message, wrapped })
        }
    }
}

/// A metric of the processors or the memory that pods, or one container of each, use.
fn resource(
    scaler: &Object,
    source: &Value,
    container: &str,
    size: i64,
    selector: &labels::Selector,
    cx: &Cx<'_>,
) -> Result<Found, String> {
    let (resource, target) = (source["name"].str(), &source["target"]);
    let by_value = target["averageValue"].is_some();
    let what = if by_value { "usage" } else { "utilization" };
    let told = |why: String| format!("failed to get {resource} {what}: {why}");
    let samples = samples(scaler.namespace(), resource, container, selector, cx)
        .map_err(|why| told(format!("unable to get metrics for resource {resource}: {why}")))?;
    let pods: Vec<&Object> = cx
        .api
        .list(Kind::POD, Some(scaler.namespace()))
        .filter(|p| selector.matches(p.at("metadata.labels")))
        .collect();
    let pods = Pods { pods: &pods, samples, seen: cx.work.seen.at, cpu: resource == "cpu", api: cx.api };
    let tolerances = tolerances(scaler);
    let (found, name) = if by_value {
        let wanted = Quantity::of(&target["averageValue"]).milli_value();
        (replicas::plain(pods, size, wanted, tolerances).map_err(told)?, format!("{resource} resource"))
    } else {
        let wanted = target["averageUtilization"].int_or(0);
        let of = if container.is_empty() { "" } else { " container" };
        let name = format!("{resource}{of} resource utilization (percentage of request)");
        (replicas::utilization(pods, size, wanted, resource, container, tolerances).map_err(told)?, name)
    };
    let Need { replicas, percent, average } = found;
    // Memory comes in whole bytes.
    let average =
        if resource == "memory" { Quantity::units(average / 1000) } else { Quantity::millis(average) };
    let mut current = map! { "averageValue" => average.to_string() };
    if let Some(percent) = percent {
        current.set("averageUtilization", percent);
    }
    let mut entry = map! { "name" => resource, "current" => current };
    let (kind, field) = if container.is_empty() {
        ("Resource", "resource")
    } else {
        entry.set("container", container);
        ("ContainerResource", "containerResource")
    };
    let mut status = map! { "type" => kind };
    status.set(field, entry);
    Ok(Found { replicas, name, status })
}

/// The use of pods in thousandths, as the metrics server tells it.
fn samples(
    namespace: &str,
    resource: &str,
    container: &str,
    selector: &labels::Selector,
    cx: &Cx<'_>,
) -> Result<BTreeMap<Text, i64>, String> {
    if !cx.work.metrics {
        return Err(
            "unable to fetch metrics from resource metrics API: the server could not find the requested \
                    resource (get pods.metrics.k8s.io)"
                .to_string(),
        );
    }
    let first = Key::new(Kind::POD, namespace, "");
    let here = cx.work.seen.pods.range(first..).take_while(|(key, _)| key.namespace.as_str() == namespace);
    let selected = here
        .filter(|(key, _)| cx.api.store.get(key).is_some_and(|p| selector.matches(p.at("metadata.labels"))));
    let amount = |c: &ContainerUse| match resource {
        "cpu" => i64::try_from(c.cpu).ok(),
        "memory" => i64::try_from(c.memory).ok().map(|bytes| bytes.saturating_mul(1000)),
        _ => None,
    };
    let mut samples = BTreeMap::new();
    let mut some = false;
    for (key, containers) in selected {
        some = true;
        let value = if container.is_empty() {
            containers.iter().map(amount).sum::<Option<i64>>()
        } else {
            let Some(one) = containers.iter().find(|c| c.name.as_str() == container) else {
                let (namespace, name) = (&key.namespace, &key.name);
                return Err(format!(
                    "failed to get container metrics: container {container} not present in metrics for pod \
                     {namespace}/{name}"
                ));
            };
            amount(one)
        };
        if let Some(value) = value {
            samples.insert(key.name.clone(), value);
        }
    }
    if some { Ok(samples) } else { Err("no metrics returned from resource metrics API".to_string()) }
}

/// How far below and above its target a metric may be without anything being done.
fn tolerances(scaler: &Object) -> (f64, f64) {
    let of = |direction: &str| {
        let given = scaler.at(&format!("spec.behavior.{direction}.tolerance"));
        if given.is_null() { TOLERANCE } else { Quantity::of(given).milli_value() as f64 / 1000.0 }
    };
    (of("scaleDown"), of("scaleUp"))
}
