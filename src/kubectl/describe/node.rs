//! Nodes.

use super::{Writer, date, scalar};
use crate::api::quantity::Quantity;
use crate::api::{Kind, Object, Text, Value};
use crate::collections::{BTreeMap, Order};

/// Describes a node.
pub fn describe(w: &mut Writer, node: &Object) {
    w.field(0, "Name", node.name());
    let role = |(k, _): (&Text, &Value)| k.strip_prefix("node-role.kubernetes.io/").map(str::to_string);
    let roles: Vec<String> = node.at("metadata.labels").entries().filter_map(role).collect();
    w.field(0, "Roles", super::or(&roles.join(","), "<none>"));
    w.labels("Labels", node.at("metadata.labels"));
    w.annotations("Annotations", node.at("metadata.annotations"));
    w.field(0, "CreationTimestamp", &date(node.at("metadata.creationTimestamp")));
    let mut taints: Vec<String> = node.at("spec.taints").items().iter().map(taint).collect();
    taints.order();
    w.column("Taints", &taints);
    w.field(0, "Unschedulable", &node.at("spec.unschedulable").is_true().to_string());
    lease(w, node);
    conditions(w, node);
    w.line(0, "Addresses:");
    for a in node.at("status.addresses").items() {
        w.field(1, a["type"].str(), a["address"].str());
    }
    for (title, field) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        w.line(0, &format!("{title}:"));
        for (name, amount) in node["status"][field].entries() {
            w.field(1, name, &scalar(amount));
        }
    }
    w.line(0, "System Info:");
    for (title, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        w.field(1, title, node.at("status.nodeInfo")[field].str());
    }
    w.optional(0, "PodCIDR", node.at("spec.podCIDR").str());
    let cidrs: Vec<&str> = node.at("spec.podCIDRs").items().iter().map(Value::str).collect();
    w.optional(0, "PodCIDRs", &cidrs.join(","));
    w.optional(0, "ProviderID", node.at("spec.providerID").str());
    pods(w, node);
    w.events(node);
}

fn taint(t: &Value) -> String {
    let value = if t["value"].is_empty() { String::new() } else { format!("={}", t["value"].str()) };
    format!("{}{value}:{}", t["key"].str(), t["effect"].str())
}

fn lease(w: &mut Writer, node: &Object) {
    let lease = w.source.get(Kind::LEASE, "kube-node-lease", node.name());
    w.line(0, "Lease:");
    let of = |field: &str| lease.as_ref().map(|l| l["spec"][field].clone()).unwrap_or_default();
    w.field(1, "HolderIdentity", super::or(of("holderIdentity").str(), "<unset>"));
    let time = |v: Value| if v.is_null() { "<unset>".to_string() } else { date(&v) };
    w.field(1, "AcquireTime", &time(of("acquireTime")));
    w.field(1, "RenewTime", &time(of("renewTime")));
}

fn conditions(w: &mut Writer, node: &Object) {
    if node.at("status.conditions").is_empty() {
        return;
    }
    w.line(0, "Conditions:");
    w.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
    w.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for c in node.at("status.conditions").items() {
        w.line(
            1,
            &format!(
                "{} \t{} \t{} \t{} \t{} \t{}",
                c["type"].str(),
                c["status"].str(),
                date(&c["lastHeartbeatTime"]),
                date(&c["lastTransitionTime"]),
                c["reason"].str(),
                c["message"].str()
            ),
        );
    }
}

/// What a pod asks for of a resource, and its limit.
fn asked(pod: &Object, name: &str) -> [Quantity; 2] {
    ["requests", "limits"].map(|field| {
        let of = |c: &Value| Quantity::of(c["resources"][field].get(name));
        let sum = pod.at("spec.containers").items().iter().map(of).fold(Quantity::default(), add);
        let sidecar = |c: &&Value| c["restartPolicy"].str() == "Always";
        let sum = pod.at("spec.initContainers").items().iter().filter(sidecar).map(of).fold(sum, add);
        let init = pod.at("spec.initContainers").items().iter().filter(|c| !sidecar(c)).map(of);
        let sum = init.fold(sum, Ord::max);
        // What runs the pod counts as asked for, but towards a limit only where there is one.
        let overhead = Quantity::of(pod.at("spec.overhead").get(name));
        if field == "limits" && sum.is_zero() { sum } else { add(sum, overhead) }
    })
}

/// The sum, written in the form of what is there.
fn add(a: Quantity, b: Quantity) -> Quantity {
    if a.is_zero() { b } else { a.plus(b) }
}

fn share(amount: Quantity, of: Quantity) -> String {
    let whole = of.milli_value().max(0) as i128;
    let part = if whole == 0 { 0 } else { i128::from(amount.milli_value()) * 100 / whole };
    format!("{amount} ({part}%)")
}

fn pods(w: &mut Writer, node: &Object) {
    let mut pods = w.source.list(Kind::POD, None);
    pods.retain(|p| {
        p.at("spec.nodeName").str() == node.name()
            && !matches!(p.at("status.phase").str(), "Succeeded" | "Failed")
    });
    let allocatable = |name: &str| Quantity::of(node.at("status.allocatable").get(name));
    w.line(0, &format!("Non-terminated Pods:\t({} in total)", pods.len()));
    w.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    w.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    for p in &pods {
        let ([cr, cl], [mr, ml]) = (asked(p, "cpu"), asked(p, "memory"));
        let (cpu, memory) = (allocatable("cpu"), allocatable("memory"));
        let age = w.since(p.at("metadata.creationTimestamp"));
        w.line(
            1,
            &format!(
                "{}\t{}\t\t{}\t{}\t{}\t{}\t{age}",
                p.namespace(),
                p.name(),
                share(cr, cpu),
                share(cl, cpu),
                share(mr, memory),
                share(ml, memory)
            ),
        );
    }
    w.line(0, "Allocated resources:");
    w.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
    w.line(1, "Resource\tRequests\tLimits");
    w.line(1, "--------\t--------\t------");
    let mut names = vec!["cpu", "memory", "ephemeral-storage"];
    names.extend(
        node.at("status.allocatable")
            .entries()
            .map(|(k, _)| k.as_str())
            .filter(|k| k.starts_with("hugepages-")),
    );
    let standard: Vec<&str> = names.clone();
    names.extend(
        node.at("status.allocatable")
            .entries()
            .map(|(k, _)| k.as_str())
            .filter(|k| *k != "pods" && !standard.contains(k)),
    );
    let mut totals: BTreeMap<&str, [Quantity; 2]> = BTreeMap::new();
    for p in &pods {
        for name in &names {
            let total = totals.entry(name).or_default();
            let more = asked(p, name);
            *total = [add(total[0], more[0]), add(total[1], more[1])];
        }
    }
    for name in names {
        let [requests, limits] = totals.get(name).copied().unwrap_or_default();
        if standard.contains(&name) {
            let of = allocatable(name);
            w.line(1, &format!("{name}\t{}\t{}", share(requests, of), share(limits, of)));
        } else {
            w.line(1, &format!("{name}\t{requests}\t{limits}"));
        }
    }
}
