//! HorizontalPodAutoscalers, PodDisruptionBudgets, PriorityClasses.

use super::{Writer, date, head, or, scalar, selector};
use crate::api::{Object, Value};

/// A HorizontalPodAutoscaler.
pub fn autoscaler(w: &mut Writer, h: &Object) {
    head(w, h);
    w.field(0, "CreationTimestamp", &date(h.at("metadata.creationTimestamp")));
    let target = h.at("spec.scaleTargetRef");
    w.field(0, "Reference", &super::pod::controlled_by(target));
    w.field(0, "Metrics", "( current / target )");
    for (i, m) in h.at("spec.metrics").items().iter().enumerate() {
        metric(w, m, &h.at("status.currentMetrics")[i]);
    }
    w.field(0, "Min replicas", or(&scalar(h.at("spec.minReplicas")), "<unset>"));
    w.field(0, "Max replicas", &scalar(h.at("spec.maxReplicas")));
    let (current, desired) =
        (h.at("status.currentReplicas").int_or(0), h.at("status.desiredReplicas").int_or(0));
    w.field(0, &format!("{} pods", target["kind"].str()), &format!("{current} current / {desired} desired"));
    if !h.at("status.conditions").is_empty() {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus\tReason\tMessage");
        w.line(1, "----\t------\t------\t-------");
        for c in h.at("status.conditions").items() {
            let text = format!(
                "{}\t{}\t{}\t{}",
                c["type"].str(),
                c["status"].str(),
                c["reason"].str(),
                c["message"].str()
            );
            w.line(1, &text);
        }
    }
    w.events(h);
}

fn metric(w: &mut Writer, m: &Value, now: &Value) {
    let resource = &m["resource"];
    if m["type"].str() != "Resource" {
        w.field(1, &format!("{:?} metric", m["type"].str()), "<unknown>");
        return;
    }
    let (name, target, now) = (resource["name"].str(), &resource["target"], &now["resource"]["current"]);
    if target["averageUtilization"].is_some() {
        let current = match now["averageUtilization"].as_int() {
            Some(n) => format!("{n}% ({})", scalar(&now["averageValue"])),
            None => "<unknown>".into(),
        };
        let goal = scalar(&target["averageUtilization"]);
        w.field(
            1,
            &format!("resource {name} on pods  (as a percentage of request)"),
            &format!("{current} / {goal}%"),
        );
    } else {
        let current = or(&scalar(&now["averageValue"]), "<unknown>").to_string();
        w.field(
            1,
            &format!("resource {name} on pods"),
            &format!("{current} / {}", scalar(&target["averageValue"])),
        );
    }
}

/// A PodDisruptionBudget.
pub fn disruption_budget(w: &mut Writer, p: &Object) {
    w.field(0, "Name", p.name());
    w.field(0, "Namespace", p.namespace());
    if p.at("spec.minAvailable").is_some() {
        w.field(0, "Min available", &scalar(p.at("spec.minAvailable")));
    } else if p.at("spec.maxUnavailable").is_some() {
        w.field(0, "Max unavailable", &scalar(p.at("spec.maxUnavailable")));
    }
    w.field(0, "Selector", &selector(p.at("spec.selector")));
    w.line(0, "Status:");
    for (title, field) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        w.field(2, title, &p["status"][field].int_or(0).to_string());
    }
    w.events(p);
}

/// A PriorityClass.
pub fn priority_class(w: &mut Writer, p: &Object) {
    w.field(0, "Name", p.name());
    w.field(0, "Value", &scalar(&p["value"]));
    w.field(0, "GlobalDefault", &p["globalDefault"].is_true().to_string());
    w.field(0, "PreemptionPolicy", p["preemptionPolicy"].str());
    w.field(0, "Description", p["description"].str());
    let pairs: Vec<String> =
        p.at("metadata.annotations").entries().map(|(k, v)| format!("{k}={}", v.str())).collect();
    w.field(0, "Annotations", or(&pairs.join(","), "<none>"));
    w.events(p);
}
