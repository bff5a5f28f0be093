//! What Jobs make of failed and succeeded pods: pod failure policy and success policy.

use super::indexes;
use crate::api::{Object, Value};
use crate::collections::BTreeSet;

/// What a failed pod means.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It counts towards the limit.
    Count,
    /// It does not count.
    Ignore,
    /// Its index has failed for good.
    FailIndex,
    /// The Job has failed; the message says by which rule.
    FailJob(String),
}

/// Applies `podFailurePolicy` to a failed pod.
pub fn failed_pod(job: &Object, pod: &Object) -> Verdict {
    for (i, rule) in job.at("spec.podFailurePolicy.rules").items().iter().enumerate() {
        let Some(what) = on_exit_codes(rule, pod).or_else(|| on_conditions(rule, pod)) else { continue };
        return match rule["action"].str() {
            "Ignore" => Verdict::Ignore,
            "FailIndex" => Verdict::FailIndex,
            "FailJob" => Verdict::FailJob(format!("{what} matching FailJob rule at index {i}")),
            _ => Verdict::Count,
        };
    }
    Verdict::Count
}

fn on_exit_codes(rule: &Value, pod: &Object) -> Option<String> {
    let wanted = &rule["onExitCodes"];
    let of = |field: &str| pod["status"][field].items().to_vec();
    let statuses = of("initContainerStatuses").into_iter().chain(of("containerStatuses"));
    for status in statuses {
        let code = status["state"]["terminated"]["exitCode"].int_or(0);
        let name = &wanted["containerName"];
        if code == 0 || (name.is_some() && *name != status["name"]) {
            continue;
        }
        let listed = wanted["values"].items().iter().any(|v| v.as_int() == Some(code));
        let matches = match wanted["operator"].str() {
            "In" => listed,
            "NotIn" => !listed,
            _ => false,
        };
        if matches {
            return Some(format!(
                "Container {} for pod {}/{} failed with exit code {code}",
                status["name"].str(),
                pod.namespace(),
                pod.name()
            ));
        }
    }
    None
}

fn on_conditions(rule: &Value, pod: &Object) -> Option<String> {
    for wanted in rule["onPodConditions"].items() {
        let status = if wanted["status"].is_empty() { "True" } else { wanted["status"].str() };
        let kind = wanted["type"].str();
        if pod.condition(kind)["status"].str() == status {
            let (namespace, name) = (pod.namespace(), pod.name());
            return Some(format!("Pod {namespace}/{name} has condition {kind}"));
        }
    }
    None
}

/// The message of the first rule of `successPolicy` that the succeeded indexes meet.
pub fn success(job: &Object, succeeded: &BTreeSet<i64>) -> Option<String> {
    for (i, rule) in job.at("spec.successPolicy.rules").items().iter().enumerate() {
        let among = &rule["succeededIndexes"];
        let counted = if among.is_null() {
            succeeded.len()
        } else {
            indexes::parse(among.str()).intersection(succeeded).count()
        };
        let wanted = match rule["succeededCount"].as_int() {
            Some(n) => usize::try_from(n).unwrap_or(0),
            None => indexes::parse(among.str()).len(),
        };
        if counted >= wanted {
            return Some(format!("Matched rules at index {i}"));
        }
    }
    None
}
