//! A pod's line in `kubectl get pods`: readiness, the word for its state, restarts.

use crate::api::{Object, Value};
use crate::kubectl::print::age::human;
use crate::time::parse_rfc3339;

/// What `kubectl get pods` tells of a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct PodLine {
    /// Ready containers.
    pub ready: usize,
    /// Containers, sidecars included.
    pub total: usize,
    /// The STATUS column.
    pub status: String,
    /// Restarts.
    pub restarts: i64,
    /// The end of the last terminated instance, in microseconds since 1970.
    pub last_restart: Option<i64>,
}

impl PodLine {
    /// `3 (5s ago)`.
    pub fn restarts_text(&self, now: i64) -> String {
        match self.last_restart {
            Some(t) if self.restarts != 0 => format!("{} ({} ago)", self.restarts, human(now - t)),
            _ => self.restarts.to_string(),
        }
    }
}

fn is_sidecar(pod: &Object, name: &str) -> bool {
    pod.at("spec.initContainers").find("name", name)["restartPolicy"].str() == "Always"
}

fn finished(status: &Value) -> Option<i64> {
    parse_rfc3339(status.at("lastState.terminated.finishedAt").str())
}

fn ended(terminated: &Value, prefix: &str) -> String {
    match (terminated["reason"].str(), terminated["signal"].int_or(0)) {
        ("", 0) => format!("{prefix}ExitCode:{}", terminated["exitCode"].int_or(0)),
        ("", signal) => format!("{prefix}Signal:{signal}"),
        (reason, _) => format!("{prefix}{reason}"),
    }
}

/// Works out a pod's line as the API server's printer does.
pub fn line(pod: &Object) -> PodLine {
    let mut out = begin(pod);
    let initializing = init_part(pod, &mut out);
    if !initializing || pod.condition_true("Initialized") {
        main_part(pod, &mut out);
    }
    finish(pod, &mut out);
    out
}

/// A pod's line as printers up to v1.28 had it: a sidecar that has failed hides the containers, and the
/// first container's end stands for all.
pub fn old_line(pod: &Object) -> PodLine {
    let mut out = begin(pod);
    if !init_part(pod, &mut out) {
        main_part(pod, &mut out);
        let first = pod.at("status.containerStatuses.0.state.terminated.reason").str();
        if first == "Completed" && pod.at("status.phase").str() == "Failed" {
            out.status = first.into();
        }
    }
    finish(pod, &mut out);
    out
}

fn begin(pod: &Object) -> PodLine {
    let phase = pod.at("status.phase").str();
    let reason = pod.at("status.reason").str();
    let mut out = PodLine {
        ready: 0,
        total: pod.at("spec.containers").items().len(),
        status: if reason.is_empty() { phase } else { reason }.to_string(),
        restarts: 0,
        last_restart: None,
    };
    if pod.condition("PodScheduled")["reason"].str() == "SchedulingGated" {
        out.status = "SchedulingGated".into();
    }
    let inits = pod.at("spec.initContainers").items();
    out.total += inits.iter().filter(|c| c["restartPolicy"].str() == "Always").count();
    out
}

fn finish(pod: &Object, out: &mut PodLine) {
    let phase = pod.at("status.phase").str();
    if pod.is_deleting() {
        if pod.at("status.reason").str() == "NodeLost" {
            out.status = "Unknown".into();
        } else if !matches!(phase, "Succeeded" | "Failed") {
            out.status = "Terminating".into();
        }
    }
}

/// The init containers' part; true if initialisation is not over.
fn init_part(pod: &Object, out: &mut PodLine) -> bool {
    let total = pod.at("spec.initContainers").items().len();
    for (i, status) in pod.at("status.initContainerStatuses").items().iter().enumerate() {
        out.restarts += status["restartCount"].int_or(0);
        out.last_restart = out.last_restart.max(finished(status));
        let (terminated, waiting) = (status.at("state.terminated"), status.at("state.waiting"));
        if terminated.is_some() && terminated["exitCode"].int_or(0) == 0 {
            continue;
        }
        if is_sidecar(pod, status["name"].str()) && status["started"].is_true() {
            out.ready += usize::from(status["ready"].is_true());
            continue;
        }
        out.status = if terminated.is_some() {
            ended(terminated, "Init:")
        } else if !matches!(waiting["reason"].str(), "" | "PodInitializing") {
            format!("Init:{}", waiting["reason"].str())
        } else {
            format!("Init:{i}/{total}")
        };
        return true;
    }
    false
}

fn main_part(pod: &Object, out: &mut PodLine) {
    let sidecars = || {
        let all = pod.at("status.initContainerStatuses").items().iter();
        all.filter(|s| is_sidecar(pod, s["name"].str()))
    };
    out.restarts = sidecars().map(|s| s["restartCount"].int_or(0)).sum();
    out.last_restart = sidecars().filter_map(finished).max();
    let mut running = false;
    for status in pod.at("status.containerStatuses").items().iter().rev() {
        out.restarts += status["restartCount"].int_or(0);
        out.last_restart = out.last_restart.max(finished(status));
        let (terminated, waiting) = (status.at("state.terminated"), status.at("state.waiting"));
        if !waiting["reason"].str().is_empty() {
            out.status = waiting["reason"].str().to_string();
        } else if terminated.is_some() {
            out.status = ended(terminated, "");
        } else if status["ready"].is_true() && status.at("state.running").is_some() {
            running = true;
            out.ready += 1;
        }
    }
    if out.status == "Completed" && running {
        out.status = if pod.condition_true("Ready") { "Running" } else { "NotReady" }.into();
    } else if out.status == "Completed" && pod.at("status.phase").str() == "Failed" {
        out.status = failure(pod);
    }
}

/// The word for a pod that has failed though its first container has not: how the others ended.
fn failure(pod: &Object) -> String {
    let states = pod.at("status.containerStatuses").items().iter().map(|s| s.at("state.terminated"));
    let mut failed = states.filter(|t| t["exitCode"].int_or(0) != 0);
    failed.next().map_or_else(|| "Completed".into(), |t| ended(t, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;
    use crate::{list, map};

    #[test]
    fn a_failed_pod_shows_the_failure_though_its_first_container_completed() {
        let ended = |name: &str, code: i64, reason: &'static str| {
            map! { "name" => name, "state" => map! { "terminated" => map! { "exitCode" => code, "reason" => reason } } }
        };
        let pod = |phase: &'static str, second: Value| {
            let statuses = list![ended("a", 0, "Completed"), second];
            let spec = map! { "containers" => list![map! { "name" => "a" }, map! { "name" => "b" }] };
            let status = map! { "phase" => phase, "containerStatuses" => statuses };
            Object::new(Kind::POD, map! { "spec" => spec, "status" => status })
        };
        let failed = pod("Failed", ended("b", 2, "Error"));
        assert_eq!(line(&failed).status, "Error");
        assert_eq!(old_line(&failed).status, "Completed");
        assert_eq!(line(&pod("Failed", ended("b", 137, "OOMKilled"))).status, "OOMKilled");
        assert_eq!(line(&pod("Succeeded", ended("b", 0, "Completed"))).status, "Completed");
    }
}
