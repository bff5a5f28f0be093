//! HorizontalPodAutoscalers: scale a workload by what its pods use.
//!
//! A synchronisation reads the target's scale, asks [`metrics`] what its pods use, lets [`replicas`] say for each
//! metric how many pods would do, takes the most, and lets [`behavior`] hold that back. What pods use is what the
//! metrics server has seen last ([`super::Controllers::report_use`]). Custom and external metrics answer as in a
//! cluster where nobody serves their APIs.

mod behavior;
mod metrics;
mod replicas;
#[cfg(test)]
mod tests;

pub use metrics::{ContainerUse, Report};

use super::work::Cx;
use super::{Which, rules};
use crate::api::object::Key;
use crate::api::request::{Request, Response, Verb, WatchKind};
use crate::api::{Kind, Object, Text, Value, labels};
use crate::apiserver::Change;
use crate::collections::Order;
use crate::map;
use crate::time::{Span, Time};
use behavior::Normal;

const WHICH: Which = Which::Autoscaler;
/// kube-controller-manager `--horizontal-pod-autoscaler-sync-period`.
const PERIOD: Span = Span::secs(15);
/// Most metrics that one autoscaler is asked about.
const MAX_METRICS: usize = 100;

/// What is remembered of one autoscaler.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The selector of its target when it was last looked at.
    selector: Option<labels::Selector>,
    /// How many pods were recommended, and when.
    recommendations: Vec<(Time, i64)>,
    /// How many pods were added, and when.
    ups: Vec<(Time, i64)>,
    /// How many pods were removed, and when.
    downs: Vec<(Time, i64)>,
}

/// An autoscaler has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    if change.new.kind != Kind::HPA {
        return;
    }
    if change.kind == WatchKind::Deleted {
        cx.work.scalers.remove(&change.new.key());
    } else {
        cx.enqueue_after(WHICH, &change.new.key(), PERIOD);
    }
}

/// The scale of a target.
struct Scale {
    target: Key,
    /// `spec.replicas`.
    size: i64,
    selector: String,
}

/// Where a scaler's size comes from.
enum Proposal {
    /// Nothing is to be done, or can be.
    None,
    /// The target is outside the scaler's bounds.
    Bound(i64, &'static str),
    /// The metrics ask for so many pods; the words name the metric that asks for the most.
    Metrics(i64, String),
}

/// Looks at the use of the target's pods and sets its size.
pub fn sync(scaler: &Object, cx: &mut Cx<'_>) {
    cx.enqueue_after(WHICH, &scaler.key(), PERIOD);
    let mut status = scaler["status"].clone();
    let scale = match scale_of(scaler, cx) {
        Ok(scale) => scale,
        Err(why) => {
            cx.event(WHICH, scaler, "Warning", "FailedGetScale", &why);
            let message = format!("the HPA controller was unable to get the target's current scale: {why}");
            set(&mut status, "AbleToScale", "False", "FailedGetScale", &message, cx);
            return cx.write_status(WHICH, scaler, status);
        }
    };
    let message = "the HPA controller was able to get the target's current scale";
    set(&mut status, "AbleToScale", "True", "SucceededGetScale", message, cx);
    let now = cx.api.now;
    let memory = cx.work.scalers.entry(scaler.key()).or_default();
    if memory.recommendations.is_empty() {
        memory.recommendations.push((now, scale.size));
    }
    let (mut metrics, size) = (Value::Null, scale.size);
    let (min, max) = (scaler.at("spec.minReplicas").int_or(1), scaler.at("spec.maxReplicas").int_or(1));
    let proposal = if size == 0 && min != 0 {
        let message = "scaling is disabled since the replica count of the target is zero";
        set(&mut status, "ScalingActive", "False", "ScalingDisabled", message, cx);
        Proposal::None
    } else if size > max {
        Proposal::Bound(max, "Current number of replicas above Spec.MaxReplicas")
    } else if size < min {
        Proposal::Bound(min, "Current number of replicas below Spec.MinReplicas")
    } else {
        match propose(scaler, &scale, &mut status, &mut metrics, cx) {
            Ok((wanted, name)) => Proposal::Metrics(wanted, name),
            Err(why) => {
                status.set("currentReplicas", size);
                status.set("currentMetrics", metrics);
                cx.write_status(WHICH, scaler, status);
                return cx.event(WHICH, scaler, "Warning", "FailedComputeMetricsReplicas", &why);
            }
        }
    };
    let (to, because) = match proposal {
        Proposal::None => (size, String::new()),
        Proposal::Bound(to, because) => (to, because.to_string()),
        Proposal::Metrics(wanted, name) => {
            let because = if wanted > size {
                format!("{name} above target")
            } else {
                "All metrics below target".to_string()
            };
            (normalise(scaler, size, wanted, &mut status, cx), because)
        }
    };
    status.set("currentReplicas", size);
    status.set("currentMetrics", metrics);
    let scaled = to == size || resize(scaler, &scale, to, &because, &mut status, cx);
    if scaled {
        status.set("desiredReplicas", to);
    }
    cx.write_status(WHICH, scaler, status);
}

fn set(status: &mut Value, kind: &str, value: &str, reason: &str, message: &str, cx: &Cx<'_>) {
    let condition = map! { "type" => kind, "status" => value, "reason" => reason, "message" => message };
    cx.api.set_condition(status.slot("conditions"), condition);
}

/// Asks for the scale of what a scaler names.
fn scale_of(scaler: &Object, cx: &mut Cx<'_>) -> Result<Scale, String> {
    let reference = scaler.at("spec.scaleTargetRef");
    let (version, name) = (reference["apiVersion"].str(), reference["name"].str());
    if version.matches('/').count() > 1 {
        return Err(format!("unexpected GroupVersion string: {version}"));
    }
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let wanted = |k: &Kind| k.info().kind == reference["kind"].str() && k.info().group() == group;
    let Some(kind) = cx.api.kinds().into_iter().find(wanted) else {
        return Err(format!("no matches for kind {:?} in group {group:?}", reference["kind"].str()));
    };
    let request = Request::new(Verb::Get, kind, Some(scaler.namespace()), name).subresource("scale");
    match cx.api.request(&request) {
        Response::Object(scale, _) => Ok(Scale {
            target: Key::new(kind, scaler.namespace(), name),
            size: scale.at("spec.replicas").int_or(0),
            selector: scale.at("status.selector").str().to_string(),
        }),
        Response::Error(status) => Err(status.message.to_string()),
        _ => Err("the server could not find the requested resource".to_string()),
    }
}

/// How many pods the metrics ask for, and which of them asks for the most. Their present values go into `current`.
fn propose(
    scaler: &Object,
    scale: &Scale,
    status: &mut Value,
    current: &mut Value,
    cx: &mut Cx<'_>,
) -> Result<(i64, String), String> {
    let selector = own_selector(scaler, scale, status, cx)?;
    let specs = scaler.at("spec.metrics").items();
    let mut best: Option<(i64, String)> = None;
    let mut failed: Option<metrics::Failure> = None;
    let mut failures = 0;
    *current = Value::list();
    for spec in specs.iter().take(MAX_METRICS) {
        match metrics::evaluate(scaler, spec, scale.size, &selector, cx) {
            Ok(found) => {
                current.list_mut().push(found.status);
                if best.as_ref().is_none_or(|(n, _)| found.replicas > *n) {
                    best = Some((found.replicas, found.name));
                }
            }
            Err(failure) => {
                current.list_mut().push(map! { "type" => "" });
                cx.event(WHICH, scaler, "Warning", failure.reason, &failure.message);
                failures += 1;
                failed.get_or_insert(failure);
            }
        }
    }
    let usable = best.filter(|(wanted, _)| failures == 0 || *wanted >= scale.size);
    match (usable, failed) {
        (Some((wanted, name)), _) => {
            let message = format!("the HPA was able to successfully calculate a replica count from {name}");
            set(status, "ScalingActive", "True", "ValidMetricFound", &message, cx);
            Ok((wanted, name))
        }
        (None, Some(first)) => {
            let message = format!("the HPA was unable to compute the replica count: {}", first.message);
            set(status, "ScalingActive", "False", first.reason, &message, cx);
            let (all, why) = (specs.len(), first.wrapped);
            Err(format!("invalid metrics ({failures} invalid out of {all}), first error is: {why}"))
        }
        (None, None) => Err("no metrics".to_string()),
    }
}

/// The selector of the target's pods, if no other scaler has them too.
fn own_selector(
    scaler: &Object,
    scale: &Scale,
    status: &mut Value,
    cx: &mut Cx<'_>,
) -> Result<labels::Selector, String> {
    let mut refuse = |condition: &'static str, reason: &'static str, message: &str, told: &str| {
        cx.event(WHICH, scaler, "Warning", reason, told);
        set(status, "ScalingActive", "False", condition, message, cx);
        Err(told.to_string())
    };
    if scale.selector.is_empty() {
        let message = "the HPA target's scale is missing a selector";
        return refuse("InvalidSelector", "SelectorRequired", message, "selector is required");
    }
    let selector = match labels::Selector::parse(&scale.selector) {
        Ok(selector) => selector,
        Err(why) => {
            let message =
                format!("couldn't convert selector into a corresponding internal selector object: {why}");
            return refuse("InvalidSelector", "InvalidSelector", &message, &message);
        }
    };
    cx.work.scalers.entry(scaler.key()).or_default().selector = Some(selector.clone());
    let pods: Vec<&Object> = cx
        .api
        .list(Kind::POD, Some(scaler.namespace()))
        .filter(|p| selector.matches(p.at("metadata.labels")))
        .collect();
    let has_some = |s: &labels::Selector| pods.iter().any(|p| s.matches(p.at("metadata.labels")));
    let rivals = cx.work.scalers.iter().filter(|(key, memory)| {
        key.namespace.as_str() == scaler.namespace() && memory.selector.as_ref().is_some_and(has_some)
    });
    let mut names: Vec<String> = rivals.map(|(key, _)| format!("{}/{}", key.namespace, key.name)).collect();
    if names.len() < 2 {
        return Ok(selector);
    }
    names.order();
    let (selector, names) = (&scale.selector, names.join(" "));
    let message = format!("pods by selector {selector} are controlled by multiple HPAs: [{names}]");
    cx.event(WHICH, scaler, "Warning", "AmbiguousSelector", &message);
    set(status, "ScalingActive", "False", "AmbiguousSelector", &message, cx);
    Err(message)
}

/// Holds a proposal back as the scaler's behaviour and bounds say, with the conditions that tell of it.
fn normalise(scaler: &Object, size: i64, wanted: i64, status: &mut Value, cx: &mut Cx<'_>) -> i64 {
    let now = cx.api.now;
    let memory = cx.work.scalers.entry(scaler.key()).or_default();
    let Normal { replicas, stabilised, limited } =
        behavior::normalise(&scaler["spec"], memory, size, wanted, now);
    let (reason, message) =
        stabilised.unwrap_or(("ReadyForNewScale", "recommended size matches current size"));
    set(status, "AbleToScale", "True", reason, message, cx);
    let (is_limited, reason, message) = limited;
    set(status, "ScalingLimited", if is_limited { "True" } else { "False" }, reason, message, cx);
    replicas
}

/// Writes the target's size; `false` if that was refused.
fn resize(
    scaler: &Object,
    scale: &Scale,
    to: i64,
    because: &str,
    status: &mut Value,
    cx: &mut Cx<'_>,
) -> bool {
    cx.api.rule(rules::AUTOSCALE, &scaler.key().path(), vec![("to", Text::from(to.to_string()))]);
    if let Err(error) = cx.api.modify(&scale.target, |t| t.set("spec.replicas", to)) {
        let why = &error.message;
        let told = format!("New size: {to}; reason: {because}; error: {why}");
        cx.event(WHICH, scaler, "Warning", "FailedRescale", &told);
        let message = format!("the HPA controller was unable to update the target scale: {why}");
        set(status, "AbleToScale", "False", "FailedUpdateScale", &message, cx);
        return false;
    }
    let message = format!("the HPA controller was able to update the target scale to {to}");
    set(status, "AbleToScale", "True", "SucceededRescale", &message, cx);
    let told = format!("New size: {to}; reason: {because}");
    cx.event(WHICH, scaler, "Normal", "SuccessfulRescale", &told);
    let now = cx.api.now;
    let memory = cx.work.scalers.entry(scaler.key()).or_default();
    behavior::remember(&scaler["spec"], memory, scale.size, to, now);
    status.set("lastScaleTime", cx.api.timestamp());
    true
}
