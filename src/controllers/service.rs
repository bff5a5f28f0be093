//! The service controller of a cloud: load balancers for Services of type LoadBalancer, where the scenario has
//! a cloud. Without one their addresses stay pending.
//!
//! The addresses are from the range kept for documentation. Left out: load balancer classes (theirs stay
//! pending), health checks, several addresses.

use super::work::Cx;
use super::{Which, rules};
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::Change;
use crate::time::Span;
use crate::{list, map};

const WHICH: Which = Which::Service;
/// How long the cloud takes to set a load balancer up, or to take it down: some seconds to minutes; this is a
/// quick one.
const CLOUD: Span = Span::secs(3);
/// What keeps a Service until its load balancer is gone.
const CLEANUP: &str = "service.kubernetes.io/load-balancer-cleanup";
/// The addresses that are given out (RFC 5737, TEST-NET-3).
const RANGE: &str = "203.0.113.";

/// A Service has changed.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    let service = &change.new;
    if service.kind != Kind::SERVICE || !cx.work.cloud {
        return;
    }
    if change.kind == WatchKind::Deleted {
        cx.work.balancers.remove(&service.key());
    } else if wants(service) != has(service) || service.is_deleting() && has(service) {
        cx.enqueue(WHICH, &service.key());
    }
}

/// Whether a Service is to have a load balancer.
fn wants(service: &Object) -> bool {
    service.at("spec.type").str() == "LoadBalancer"
        && service.at("spec.loadBalancerClass").is_empty()
        && !service.is_deleting()
}

/// Whether it has one, or may have.
fn has(service: &Object) -> bool {
    !service.at("status.loadBalancer.ingress").is_empty()
}

fn kept(service: &Object) -> bool {
    service.at("metadata.finalizers").items().iter().any(|f| f.str() == CLEANUP)
}

/// Sets a load balancer up, or takes it down.
pub fn sync(service: &Object, cx: &mut Cx<'_>) {
    let key = service.key();
    let up = wants(service);
    if up == has(service) && up == kept(service) {
        return;
    }
    // The cloud works on it from the first look on.
    let due = match cx.work.balancers.get(&key) {
        Some((wanted, due)) if *wanted == up => *due,
        _ => {
            let due = cx.api.now + CLOUD;
            cx.work.balancers.insert(key.clone(), (up, due));
            cx.api.rule(rules::BALANCER, &key.path(), vec![]);
            let (reason, message) = match up {
                true => ("EnsuringLoadBalancer", "Ensuring load balancer"),
                false => ("DeletingLoadBalancer", "Deleting load balancer"),
            };
            cx.event(WHICH, service, "Normal", reason, message);
            if up && !kept(service) {
                finalizers(service, cx, true);
            }
            due
        }
    };
    if cx.api.now < due {
        let wait = due.since(cx.api.now);
        return cx.enqueue_after(WHICH, &key, wait);
    }
    cx.work.balancers.remove(&key);
    cx.api.rule(rules::BALANCER, &key.path(), vec![]);
    let mut status = service["status"].clone();
    if up {
        let ip = address(service, cx);
        status.set("loadBalancer", map! { "ingress" => list![map! { "ip" => ip, "ipMode" => "VIP" }] });
        cx.event(WHICH, service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer");
    } else {
        status.set("loadBalancer", Value::map());
        cx.event(WHICH, service, "Normal", "DeletedLoadBalancer", "Deleted load balancer");
    }
    cx.write_status(WHICH, service, status);
    if !up {
        finalizers(service, cx, false);
    }
}

/// Adds the controller's finalizer, or takes it away.
fn finalizers(service: &Object, cx: &mut Cx<'_>, keep: bool) {
    let others = service.at("metadata.finalizers").items().iter().filter(|f| f.str() != CLEANUP);
    let mut all: Vec<Value> = others.cloned().collect();
    if keep {
        all.push(Value::from(CLEANUP));
    }
    // The Service may have gone; its deletion is seen by itself.
    let _ = cx.api.modify(&service.key(), |s| match all.is_empty() {
        true => drop(s.remove("metadata.finalizers")),
        false => s.set("metadata.finalizers", Value::from(all)),
    });
}

/// The address that a Service asks for, or the first that is free.
fn address(service: &Object, cx: &Cx<'_>) -> Text {
    let asked = service.at("spec.loadBalancerIP").text();
    if !asked.is_empty() {
        return asked;
    }
    let taken: Vec<Text> = cx
        .api
        .list(Kind::SERVICE, None)
        .flat_map(|s| s.at("status.loadBalancer.ingress").items().iter().map(|i| i["ip"].text()))
        .collect();
    let free = (1..=254).map(|n| Text::from(format!("{RANGE}{n}"))).find(|ip| !taken.contains(ip));
    free.unwrap_or_else(|| Text::from(format!("{RANGE}254")))
}
