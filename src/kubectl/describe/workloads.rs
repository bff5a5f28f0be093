//! Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs, CronJobs.

use super::containers::template;
use super::pod::controlled_by;
use super::{Writer, date, scalar, selector};
use crate::api::{Kind, Object, Value};
use crate::collections::Order;
use crate::kubectl::print::age;
use crate::time::parse_rfc3339;

fn head(w: &mut Writer, o: &Object) {
    w.labels("Labels", o.at("metadata.labels"));
    w.annotations("Annotations", o.at("metadata.annotations"));
}

/// A Deployment.
pub fn deployment(w: &mut Writer, d: &Object) {
    w.field(0, "Name", d.name());
    w.field(0, "Namespace", d.namespace());
    w.field(0, "CreationTimestamp", &date(d.at("metadata.creationTimestamp")));
    head(w, d);
    w.field(0, "Selector", &selector(d.at("spec.selector")));
    let n = |path: &str| d.at(path).int_or(0);
    w.field(
        0,
        "Replicas",
        &format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            d.at("spec.replicas").int_or(1),
            n("status.updatedReplicas"),
            n("status.replicas"),
            n("status.availableReplicas"),
            n("status.unavailableReplicas")
        ),
    );
    w.field(0, "StrategyType", d.at("spec.strategy.type").str());
    w.field(0, "MinReadySeconds", &n("spec.minReadySeconds").to_string());
    let rolling = d.at("spec.strategy.rollingUpdate");
    if rolling.is_some() {
        let (unavailable, surge) = (scalar(&rolling["maxUnavailable"]), scalar(&rolling["maxSurge"]));
        w.field(0, "RollingUpdateStrategy", &format!("{unavailable} max unavailable, {surge} max surge"));
    }
    template(w, d.at("spec.template"));
    if !d.at("status.conditions").is_empty() {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus\tReason");
        w.line(1, "----\t------\t------");
        for c in d.at("status.conditions").items() {
            w.line(1, &format!("{} \t{}\t{}", c["type"].str(), c["status"].str(), c["reason"].str()));
        }
    }
    replica_sets(w, d);
    w.events(d);
}

fn replica_sets(w: &mut Writer, d: &Object) {
    let mut owned = w.source.list(Kind::REPLICA_SET, Some(d.namespace()));
    owned.retain(|rs| rs.controller()["uid"].str() == d.uid());
    owned.order_by_key(|rs| rs.at("metadata.creationTimestamp").text());
    // The newest template is the one whose revision equals the Deployment's.
    let revision = "deployment.kubernetes.io/revision";
    let new = owned.iter().position(|rs| {
        rs.annotation(revision).is_some() && rs.annotation(revision) == d.annotation(revision)
    });
    let new = new.map(|i| owned.remove(i));
    let words = |rs: &Object| {
        format!(
            "{} ({}/{} replicas created)",
            rs.name(),
            rs.at("status.replicas").int_or(0),
            rs.at("spec.replicas").int_or(0)
        )
    };
    let old: Vec<String> = owned.iter().map(words).collect();
    w.field(0, "OldReplicaSets", super::or(&old.join(", "), "<none>"));
    w.field(0, "NewReplicaSet", super::or(&new.as_ref().map(words).unwrap_or_default(), "<none>"));
}

/// How many pods of a workload run, wait, succeeded and failed.
fn pod_counts(w: &mut Writer, owner: &Object) -> [usize; 4] {
    let mut counts = [0; 4];
    for pod in w.source.list(Kind::POD, Some(owner.namespace())) {
        if pod.controller()["uid"].str() == owner.uid() {
            match pod.at("status.phase").str() {
                "Running" => counts[0] += 1,
                "Pending" => counts[1] += 1,
                "Succeeded" => counts[2] += 1,
                "Failed" => counts[3] += 1,
                _ => {}
            }
        }
    }
    counts
}

fn pods_status(w: &mut Writer, owner: &Object, title: &str) {
    let [running, waiting, succeeded, failed] = pod_counts(w, owner);
    w.field(
        0,
        title,
        &format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed"),
    );
}

/// A ReplicaSet or ReplicationController.
pub fn replica_set(w: &mut Writer, rs: &Object) {
    w.field(0, "Name", rs.name());
    w.field(0, "Namespace", rs.namespace());
    if rs.kind == Kind::REPLICA_SET {
        w.field(0, "Selector", &selector(rs.at("spec.selector")));
    } else {
        let pairs: Vec<String> =
            rs.at("spec.selector").entries().map(|(k, v)| format!("{k}={}", v.str())).collect();
        w.field(0, "Selector", super::or(&pairs.join(","), "<none>"));
    }
    head(w, rs);
    if rs.controller().is_some() {
        w.field(0, "Controlled By", &controlled_by(rs.controller()));
    }
    let (current, desired) = (rs.at("status.replicas").int_or(0), rs.at("spec.replicas").int_or(1));
    w.field(0, "Replicas", &format!("{current} current / {desired} desired"));
    pods_status(w, rs, "Pods Status");
    template(w, rs.at("spec.template"));
    conditions(w, rs.at("status.conditions"));
    w.events(rs);
}

fn conditions(w: &mut Writer, conditions: &Value) {
    if conditions.is_empty() {
        return;
    }
    w.line(0, "Conditions:");
    w.line(1, "Type\tStatus\tReason");
    w.line(1, "----\t------\t------");
    for c in conditions.items() {
        w.line(1, &format!("{} \t{}\t{}", c["type"].str(), c["status"].str(), c["reason"].str()));
    }
}

/// A StatefulSet.
pub fn stateful_set(w: &mut Writer, s: &Object) {
    w.field(0, "Name", s.name());
    w.field(0, "Namespace", s.namespace());
    w.field(0, "CreationTimestamp", &date(s.at("metadata.creationTimestamp")));
    w.field(0, "Selector", &selector(s.at("spec.selector")));
    head(w, s);
    let (desired, total) = (s.at("spec.replicas").int_or(1), s.at("status.replicas").int_or(0));
    w.field(0, "Replicas", &format!("{desired} desired | {total} total"));
    w.field(0, "Update Strategy", s.at("spec.updateStrategy.type").str());
    if let Some(partition) = s.at("spec.updateStrategy.rollingUpdate.partition").as_int() {
        w.field(1, "Partition", &partition.to_string());
    }
    pods_status(w, s, "Pods Status");
    template(w, s.at("spec.template"));
    if s.at("spec.volumeClaimTemplates").is_empty() {
        w.line(0, "Volume Claims:\t<none>");
    } else {
        w.line(0, "Volume Claims:");
        for claim in s.at("spec.volumeClaimTemplates").items() {
            w.field(1, "Name", claim.at("metadata.name").str());
            w.field(1, "StorageClass", claim.at("spec.storageClassName").str());
            w.labels("  Labels", claim.at("metadata.labels"));
            w.annotations("  Annotations", claim.at("metadata.annotations"));
            w.field(
                1,
                "Capacity",
                super::or(&scalar(claim.at("spec.resources.requests.storage")), "<default>"),
            );
            let modes: Vec<&str> = claim.at("spec.accessModes").items().iter().map(Value::str).collect();
            w.field(1, "Access Modes", &format!("[{}]", modes.join(" ")));
        }
    }
    w.events(s);
}

/// A DaemonSet.
pub fn daemon_set(w: &mut Writer, ds: &Object) {
    w.field(0, "Name", ds.name());
    w.field(0, "Namespace", ds.namespace());
    w.field(0, "Selector", &selector(ds.at("spec.selector")));
    w.labels("Node-Selector", ds.at("spec.template.spec.nodeSelector"));
    head(w, ds);
    for (title, field) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        let n = ds["status"][field].int_or(0);
        w.line(0, &format!("{title}: {n}"));
    }
    pods_status(w, ds, "Pods Status");
    template(w, ds.at("spec.template"));
    w.events(ds);
}

/// A Job.
pub fn job(w: &mut Writer, j: &Object) {
    w.field(0, "Name", j.name());
    w.field(0, "Namespace", j.namespace());
    w.field(0, "Selector", &selector(j.at("spec.selector")));
    head(w, j);
    if j.controller().is_some() {
        w.field(0, "Controlled By", &controlled_by(j.controller()));
    }
    w.field(0, "Parallelism", &j.at("spec.parallelism").int_or(1).to_string());
    w.field(0, "Completions", super::or(&scalar(j.at("spec.completions")), "<unset>"));
    w.optional(0, "Completion Mode", j.at("spec.completionMode").str());
    if j.at("spec.suspend").is_some() {
        w.field(0, "Suspend", &scalar(j.at("spec.suspend")));
    }
    for (title, field) in [
        ("Backoff Limit", "backoffLimit"),
        ("Active Deadline Seconds", "activeDeadlineSeconds"),
        ("TTL Seconds After Finished", "ttlSecondsAfterFinished"),
    ] {
        if let Some(n) = j["spec"][field].as_int() {
            let unit = if field == "activeDeadlineSeconds" { "s" } else { "" };
            w.field(0, title, &format!("{n}{unit}"));
        }
    }
    let (start, end) = (j.at("status.startTime"), j.at("status.completionTime"));
    if start.is_some() {
        w.field(0, "Start Time", &date(start));
    }
    if end.is_some() {
        w.field(0, "Completed At", &date(end));
    }
    if let (Some(a), Some(b)) = (parse_rfc3339(start.str()), parse_rfc3339(end.str())) {
        w.field(0, "Duration", &age::human(b - a));
    }
    let n = |field: &str| j["status"][field].int_or(0);
    w.field(
        0,
        "Pods Statuses",
        &format!(
            "{} Active ({} Ready) / {} Succeeded / {} Failed",
            n("active"),
            n("ready"),
            n("succeeded"),
            n("failed")
        ),
    );
    if j.at("spec.completionMode").str() == "Indexed" {
        w.field(0, "Completed Indexes", super::or(j.at("status.completedIndexes").str(), "<none>"));
    }
    template(w, j.at("spec.template"));
    w.events(j);
}

/// A CronJob.
pub fn cron_job(w: &mut Writer, c: &Object) {
    w.field(0, "Name", c.name());
    w.field(0, "Namespace", c.namespace());
    head(w, c);
    w.field(0, "Schedule", c.at("spec.schedule").str());
    w.field(0, "Concurrency Policy", c.at("spec.concurrencyPolicy").str());
    w.field(0, "Suspend", if c.at("spec.suspend").is_true() { "True" } else { "False" });
    let limit = |path: &str| super::or(&scalar(c.at(path)), "<unset>").to_string();
    w.field(0, "Successful Job History Limit", &limit("spec.successfulJobsHistoryLimit"));
    w.field(0, "Failed Job History Limit", &limit("spec.failedJobsHistoryLimit"));
    match c.at("spec.startingDeadlineSeconds").as_int() {
        Some(n) => w.field(0, "Starting Deadline Seconds", &format!("{n}s")),
        None => w.field(0, "Starting Deadline Seconds", "<unset>"),
    }
    let job = c.at("spec.jobTemplate.spec");
    w.field(
        0,
        "Selector",
        super::or(
            &if job["selector"].is_null() { String::new() } else { selector(&job["selector"]) },
            "<unset>",
        ),
    );
    w.field(0, "Parallelism", super::or(&scalar(&job["parallelism"]), "<unset>"));
    w.field(0, "Completions", super::or(&scalar(&job["completions"]), "<unset>"));
    if let Some(n) = job["activeDeadlineSeconds"].as_int() {
        w.field(0, "Active Deadline Seconds", &format!("{n}s"));
    }
    template(w, &job["template"]);
    match c.at("status.lastScheduleTime") {
        Value::Null => w.field(0, "Last Schedule Time", "<unset>"),
        t => w.field(0, "Last Schedule Time", &date(t)),
    }
    let active: Vec<&str> = c.at("status.active").items().iter().map(|j| j["name"].str()).collect();
    w.field(0, "Active Jobs", super::or(&active.join(", "), "<none>"));
    w.events(c);
}
