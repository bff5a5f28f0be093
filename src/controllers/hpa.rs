//! HorizontalPodAutoscalers: scale a workload by the CPU use of its pods.
//!
//! Use is what the façade reports ([`super::Controllers::report_cpu`]). Without a metrics server this says
//! what a cluster without one says. Left out: other metrics than CPU utilisation, scaling
//! policies; the stabilisation window for scaling down is kept.

use super::work::Cx;
use super::{Which, controller_key, pods, rules};
use crate::api::quantity::Quantity;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::Change;
use crate::map;
use crate::time::Span;

const WHICH: Which = Which::Autoscaler;
/// kube-controller-manager `--horizontal-pod-autoscaler-sync-period`.
const PERIOD: Span = Span::secs(15);
/// `--horizontal-pod-autoscaler-downscale-stabilization`.
const STABILIZATION: Span = Span::secs(300);
/// `--horizontal-pod-autoscaler-tolerance`, in percent.
const TOLERANCE: i64 = 10;
/// Where no metrics server runs.
const NO_SERVER: &str = "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)";
/// Where it has not seen the pods yet.
const NOT_YET: &str = "unable to get metrics for resource cpu: no metrics returned from resource metrics API";

/// An autoscaler has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    if change.new.kind == Kind::HPA && change.kind != WatchKind::Deleted {
        let new = change.old.as_ref().is_none_or(|o| o["spec"] != change.new["spec"]);
        if new {
            cx.enqueue_after(WHICH, &change.new.key(), PERIOD);
        }
    }
}

/// Looks at the use of the target's pods and sets its size.
pub fn sync(scaler: &Object, cx: &mut Cx<'_>) {
    let key = scaler.key();
    cx.enqueue_after(WHICH, &key, PERIOD);
    let reference = scaler.at("spec.scaleTargetRef");
    let kind = Kind::of(reference["apiVersion"].str(), reference["kind"].str());
    let target = kind.and_then(|k| cx.api.get(k, scaler.namespace(), reference["name"].str())).cloned();
    let mut status = scaler["status"].clone();
    let Some(target) = target else {
        let plural = reference["kind"].str().to_lowercase();
        let message = format!(
            "the HPA controller was unable to get the target's current scale: {plural}s.apps \"{}\" not found",
            reference["name"].str()
        );
        set(&mut status, "AbleToScale", "False", "FailedGetScale", &message, cx);
        cx.write_status(WHICH, scaler, status);
        return cx.event(WHICH, scaler, "Warning", "FailedGetScale", &message);
    };
    let size = target.at("spec.replicas").int_or(1);
    status.set("currentReplicas", target.at("status.replicas").int_or(0));
    let message = "the HPA controller was able to get the target's current scale";
    set(&mut status, "AbleToScale", "True", "SucceededGetScale", message, cx);
    match utilisation(&target, cx) {
        Err(why) => {
            let why = format!("failed to get cpu utilization: {why}");
            let message = format!("the HPA was unable to compute the replica count: {why}");
            set(&mut status, "ScalingActive", "False", "FailedGetResourceMetric", &message, cx);
            cx.event(WHICH, scaler, "Warning", "FailedGetResourceMetric", &why);
            let message = format!(
                "invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: {why}"
            );
            cx.event(WHICH, scaler, "Warning", "FailedComputeMetricsReplicas", &message);
        }
        Ok(percent) => scale(scaler, &target, size, percent, &mut status, cx),
    }
    cx.write_status(WHICH, scaler, status);
}

fn set(status: &mut Value, kind: &str, value: &str, reason: &str, message: &str, cx: &Cx<'_>) {
    let condition = map! { "type" => kind, "status" => value, "reason" => reason, "message" => message };
    cx.api.set_condition(status.slot("conditions"), condition);
}

/// The use of the target's pods as a percentage of their requests; an error says why it is not known.
fn utilisation(target: &Object, cx: &Cx<'_>) -> Result<i64, String> {
    let (mut used, mut requested) = (0, 0);
    for (key, milli) in &cx.work.cpu {
        let Some(pod) = cx.api.store.get(key).filter(|p| pods::is_ready(p)) else { continue };
        let Some(owner) = controller_key(pod) else { continue };
        let root = cx.api.store.get(&owner).and_then(controller_key).unwrap_or(owner);
        if root == target.key() {
            used += milli;
            let containers = pod.at("spec.containers").items().iter();
            for container in containers {
                let request = &container["resources"]["requests"]["cpu"];
                if request.is_empty() {
                    let (container, pod) = (container["name"].str(), pod.name());
                    return Err(format!("missing request for cpu in container {container} of Pod {pod}"));
                }
                requested += Quantity::of(request).milli_value();
            }
        }
    }
    match requested {
        0 => Err(if cx.work.metrics { NOT_YET } else { NO_SERVER }.into()),
        _ => Ok(used * 100 / requested),
    }
}

fn scale(scaler: &Object, target: &Object, size: i64, percent: i64, status: &mut Value, cx: &mut Cx<'_>) {
    let metric = scaler.at("spec.metrics.0.resource.target.averageUtilization").int_or(80).max(1);
    let (min, max) = (scaler.at("spec.minReplicas").int_or(1), scaler.at("spec.maxReplicas").int_or(1));
    let near = (percent * 100 / metric - 100).abs() <= TOLERANCE;
    let wanted = if near { size } else { (size * percent + metric - 1) / metric }.clamp(min, max);
    let message = "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)";
    set(status, "ScalingActive", "True", "ValidMetricFound", message, cx);
    status.set("desiredReplicas", wanted);
    let current = map! { "averageUtilization" => percent };
    let metric = map! { "type" => "Resource", "resource" => map! { "name" => "cpu", "current" => current } };
    status.set("currentMetrics", vec![metric]);
    if wanted == size {
        return;
    }
    let last = pods::time(&scaler["status"]["lastScaleTime"], cx.api);
    if wanted < size && last + STABILIZATION > cx.api.now {
        return;
    }
    let because = if wanted > size {
        "cpu resource utilization (percentage of request) above target"
    } else {
        "All metrics below target"
    };
    cx.api.rule(rules::AUTOSCALE, &scaler.key().path(), vec![("to", Text::from(wanted.to_string()))]);
    // A conflict is retried in the next period.
    if cx.api.modify(&target.key(), |t| t.set("spec.replicas", wanted)).is_ok() {
        let message = format!("New size: {wanted}; reason: {because}");
        cx.event(WHICH, scaler, "Normal", "SuccessfulRescale", &message);
        status.set("lastScaleTime", cx.api.timestamp());
    }
}
