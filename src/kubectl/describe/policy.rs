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
    if h.at("spec.behavior").is_some() {
        w.line(0, "Behavior:");
        direction(w, "Scale Up", h.at("spec.behavior.scaleUp"));
        direction(w, "Scale Down", h.at("spec.behavior.scaleDown"));
    }
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
    let (field, what) = match m["type"].str() {
        "Resource" => ("resource", format!("resource {} on pods", m.at("resource.name").str())),
        "ContainerResource" => {
            let source = &m["containerResource"];
            let (name, container) = (source["name"].str(), source["container"].str());
            ("containerResource", format!("resource {name} of container \"{container}\" on pods"))
        }
        "Pods" => ("pods", format!("{:?} on pods", m.at("pods.metric.name").str())),
        "Object" => {
            let of = &m["object"]["describedObject"];
            let (kind, name) = (of["kind"].str(), of["name"].str());
            ("object", format!("\"{}\" on {kind}/{name} ", m.at("object.metric.name").str()))
        }
        "External" => ("external", format!("{:?} ", m.at("external.metric.name").str())),
        other => return w.line(1, &format!("<unknown metric type {other:?}>")),
    };
    let (target, now) = (&m[field]["target"], &now[field]["current"]);
    let current = |field: &str| or(&scalar(&now[field]), "<unknown>").to_string();
    let by_value = target["averageValue"].is_some();
    let (title, current, goal) = match field {
        "object" | "external" if by_value => {
            ("(target average value)", current("averageValue"), scalar(&target["averageValue"]))
        }
        "object" | "external" => ("(target value)", current("value"), scalar(&target["value"])),
        "pods" => ("", current("averageValue"), scalar(&target["averageValue"])),
        _ if by_value => ("", current("averageValue"), scalar(&target["averageValue"])),
        _ => {
            let current = match now["averageUtilization"].as_int() {
                Some(n) => format!("{n}% ({})", scalar(&now["averageValue"])),
                None => "<unknown>".into(),
            };
            let goal = target["averageUtilization"].as_int().map_or("<auto>".into(), |n| format!("{n}%"));
            ("  (as a percentage of request)", current, goal)
        }
    };
    w.field(1, &format!("{what}{title}"), &format!("{current} / {goal}"));
}

/// How fast an autoscaler may act in one direction.
fn direction(w: &mut Writer, title: &str, rules: &Value) {
    if rules.is_null() {
        return;
    }
    w.line(1, &format!("{title}:"));
    if let Some(seconds) = rules["stabilizationWindowSeconds"].as_int() {
        w.line(2, &format!("Stabilization Window: {seconds} seconds"));
    }
    if rules["policies"].is_empty() {
        return;
    }
    w.line(2, &format!("Select Policy: {}", or(rules["selectPolicy"].str(), "Max")));
    w.line(2, "Policies:");
    for p in rules["policies"].items() {
        let (value, period) = (scalar(&p["value"]), scalar(&p["periodSeconds"]));
        w.line(3, &format!("- Type: {}\tValue: {value}\tPeriod: {period} seconds", p["type"].str()));
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
