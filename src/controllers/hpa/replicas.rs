//! How many pods would bring a metric to its target.
//!
//! Pods that are going count for nothing. Those without a sample are taken to use all that they ask for when fewer
//! pods would do, and nothing when more are needed; those that are not ready, or were so only since the sample,
//! count for nothing when more are needed. If such guesses turn the direction, the size stays.

use crate::api::quantity::Quantity;
use crate::api::{Object, Text, Value};
use crate::apiserver::ApiServer;
use crate::collections::BTreeMap;
use crate::controllers::pods;
use crate::time::{Span, Time};

/// `--horizontal-pod-autoscaler-cpu-initialization-period`.
const CPU_INITIALIZATION: Span = Span::secs(300);
/// `--horizontal-pod-autoscaler-initial-readiness-delay`.
const INITIAL_READINESS: Span = Span::secs(30);
const NO_PODS: &str = "no pods returned by selector while calculating replica count";
const NO_SAMPLES: &str = "did not receive metrics for targeted pods (pods might be unready)";

/// The pods of a target and what they use.
pub struct Pods<'a> {
    /// The pods.
    pub pods: &'a [&'a Object],
    /// Their use in thousandths, by name.
    pub samples: BTreeMap<Text, i64>,
    /// When that was seen.
    pub seen: Time,
    /// Whether it is processor time, which pods use more of while they start.
    pub cpu: bool,
    /// Where they are.
    pub api: &'a ApiServer,
}

/// What a metric needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// So many pods.
    pub replicas: i64,
    /// Use as a percentage of the requests.
    pub percent: Option<i64>,
    /// Use of one pod in thousandths.
    pub average: i64,
}

/// The pods in groups, with the samples of those that count.
struct Groups {
    ready: i64,
    unready: Vec<Text>,
    missing: Vec<Text>,
    samples: BTreeMap<Text, i64>,
}

fn group(all: Pods<'_>) -> Result<Groups, String> {
    if all.pods.is_empty() {
        return Err(NO_PODS.to_string());
    }
    let mut groups = Groups { ready: 0, unready: vec![], missing: vec![], samples: all.samples };
    for pod in all.pods {
        let name = Text::from(pod.name());
        let phase = pod.at("status.phase").str();
        if pod.is_deleting() || phase == "Failed" {
            groups.samples.remove(&name);
        } else if phase == "Pending" {
            groups.samples.remove(&name);
            groups.unready.push(name);
        } else if groups.samples.get(&name).is_none() {
            groups.missing.push(name);
        } else if all.cpu && starts(pod, all.seen, all.api) {
            groups.samples.remove(&name);
            groups.unready.push(name);
        } else {
            groups.ready += 1;
        }
    }
    if groups.samples.is_empty() {
        return Err(NO_SAMPLES.to_string());
    }
    Ok(groups)
}

/// Whether a pod is not ready, or its sample tells of its start.
fn starts(pod: &Object, seen: Time, api: &ApiServer) -> bool {
    let condition = pod.condition("Ready");
    let begun = pod.at("status.startTime");
    if condition.is_null() || begun.is_null() {
        return true;
    }
    let begun = pods::time(begun, api);
    let turned = pods::time(&condition["lastTransitionTime"], api);
    let unready = condition["status"].str() == "False";
    if begun + CPU_INITIALIZATION > api.now {
        unready || seen < turned + super::metrics::WINDOW
    } else {
        unready && begun + INITIAL_READINESS > turned
    }
}

/// For a target that is a percentage of the requests of the pods, or of one container of each.
pub fn utilization(
    all: Pods<'_>,
    size: i64,
    target: i64,
    resource: &str,
    container: &str,
    tolerances: (f64, f64),
) -> Result<Need, String> {
    let pods = all.pods;
    let mut groups = group(all)?;
    let mut requests = BTreeMap::new();
    for pod in pods {
        requests.insert(Text::from(pod.name()), request(pod, resource, container)?);
    }
    let (ratio, percent, average) = usage(&groups.samples, &requests, target)?;
    let need = |replicas| Ok(Need { replicas, percent: Some(percent), average });
    let fallback = |name: &Text| requests.get(name).copied().unwrap_or(0) * target.max(100) / 100;
    match guess(&mut groups, ratio, tolerances, fallback) {
        Some(settled) => need(settled.unwrap_or(size)),
        None => {
            let (again, ..) = usage(&groups.samples, &requests, target)?;
            need(second(&groups, size, ratio, again, tolerances))
        }
    }
}

/// For a target that is an amount for each pod.
pub fn plain(all: Pods<'_>, size: i64, target: i64, tolerances: (f64, f64)) -> Result<Need, String> {
    let mut groups = group(all)?;
    let (ratio, average) = amount(&groups.samples, target);
    let need = |replicas| Ok(Need { replicas, percent: None, average });
    match guess(&mut groups, ratio, tolerances, |_| target) {
        Some(settled) => need(settled.unwrap_or(size)),
        None => {
            let (again, _) = amount(&groups.samples, target);
            need(second(&groups, size, ratio, again, tolerances))
        }
    }
}

/// Settles the matter if nothing has to be guessed: so many pods, or (`Some(None)`) as many as there are. Else
/// gives the pods without a sample one.
fn guess(
    groups: &mut Groups,
    ratio: f64,
    tolerances: (f64, f64),
    fallback: impl Fn(&Text) -> i64,
) -> Option<Option<i64>> {
    let grows_with_unready = !groups.unready.is_empty() && ratio > 1.0;
    if !grows_with_unready && groups.missing.is_empty() {
        let replicas = (ratio * groups.ready as f64).ceil() as i64;
        return Some((!within(ratio, tolerances)).then_some(replicas));
    }
    for name in &groups.missing {
        if ratio < 1.0 {
            groups.samples.insert(name.clone(), fallback(name));
        } else if ratio > 1.0 {
            groups.samples.insert(name.clone(), 0);
        }
    }
    if grows_with_unready {
        for name in &groups.unready {
            groups.samples.insert(name.clone(), 0);
        }
    }
    None
}

/// The size after guesses: as it is if these bring the metric near its target or turn the direction.
fn second(groups: &Groups, size: i64, first: f64, again: f64, tolerances: (f64, f64)) -> i64 {
    if within(again, tolerances) || (first < 1.0 && again > 1.0) || (first > 1.0 && again < 1.0) {
        return size;
    }
    let replicas = (again * groups.samples.len() as f64).ceil() as i64;
    if (again < 1.0 && replicas > size) || (again > 1.0 && replicas < size) { size } else { replicas }
}

fn within(ratio: f64, (down, up): (f64, f64)) -> bool {
    1.0 - down <= ratio && ratio <= 1.0 + up
}

/// The ratio of use to target, the use in percent of the requests, the use of one pod.
fn usage(
    samples: &BTreeMap<Text, i64>,
    requests: &BTreeMap<Text, i64>,
    target: i64,
) -> Result<(f64, i64, i64), String> {
    let (mut used, mut requested, mut count) = (0_i64, 0_i64, 0_i64);
    for (name, value) in samples {
        // Samples of pods that are gone stay out.
        let Some(request) = requests.get(name) else { continue };
        used = used.saturating_add(*value);
        requested = requested.saturating_add(*request);
        count += 1;
    }
    if requested == 0 {
        return Err("no metrics returned matched known pods".to_string());
    }
    let percent = (i128::from(used) * 100 / i128::from(requested)).min(i128::from(i32::MAX)) as i64;
    Ok((percent as f64 / target.max(1) as f64, percent, used / count.max(1)))
}

fn amount(samples: &BTreeMap<Text, i64>, target: i64) -> (f64, i64) {
    let used = samples.iter().fold(0_i64, |sum, (_, value)| sum.saturating_add(*value));
    let average = used / (samples.len().max(1) as i64);
    (average as f64 / target.max(1) as f64, average)
}

/// What a pod, or one of its containers, asks for, in thousandths.
fn request(pod: &Object, resource: &str, container: &str) -> Result<i64, String> {
    let whole = pod.at("spec.resources.requests");
    if container.is_empty() && !whole.is_empty() {
        let given = &whole[resource];
        if given.is_null() {
            return Err(format!("missing pod-level request for {resource} in Pod {}", pod.name()));
        }
        return Ok(Quantity::of(given).milli_value());
    }
    let sidecar = |c: &&Value| c["restartPolicy"].str() == "Always";
    let sidecars = pod.at("spec.initContainers").items().iter().filter(sidecar);
    let mut sum = 0;
    for c in pod.at("spec.containers").items().iter().chain(sidecars) {
        let name = c["name"].str();
        if !container.is_empty() && container != name {
            continue;
        }
        let given = &c["resources"]["requests"][resource];
        if given.is_null() {
            return Err(format!("missing request for {resource} in container {name} of Pod {}", pod.name()));
        }
        sum += Quantity::of(given).milli_value();
        if container == name {
            return Ok(sum);
        }
    }
    if container.is_empty() {
        Ok(sum)
    } else {
        Err(format!("container {container} not found in Pod {}", pod.name()))
    }
}
