//! Pods and containers that `logs`, `exec`, `attach` and `port-forward` mean.

use crate::api::labels::Selector;
use crate::api::{Kind, Object, Value};
use crate::collections::Order;
use crate::kubectl::cx::{Cx, Select};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::resource;

/// The annotation that names the container meant when none is given.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// The names of a pod's containers in the order in which kubectl lists them: containers, init containers,
/// ephemeral ones; with the word for their sort.
pub fn containers(pod: &Object) -> Vec<(String, &'static str)> {
    let lists = [("containers", ""), ("initContainers", "init"), ("ephemeralContainers", "ephem")];
    let of = |(field, word): (&str, &'static str)| {
        let items = pod.at("spec").get(field).items().to_vec();
        items.into_iter().map(move |c| (c["name"].str().to_string(), word))
    };
    lists.into_iter().flat_map(of).collect()
}

/// `a, b, pre (init)`.
pub fn listed(pod: &Object) -> String {
    let word = |(name, sort): &(String, &str)| match *sort {
        "" => name.clone(),
        sort => format!("{name} ({sort})"),
    };
    containers(pod).iter().map(word).collect::<Vec<_>>().join(", ")
}

/// The container that is meant; says so if it had to be guessed among several.
pub fn container(cx: &mut Cx, pod: &Object, wanted: &str, quiet: bool) -> Res<String> {
    let (name, notice) = meant(pod, wanted)?;
    if !quiet {
        cx.eprint(&notice);
    }
    Ok(name)
}

/// The container that is meant, and what is to be said of the guess.
pub fn meant(pod: &Object, wanted: &str) -> Res<(String, String)> {
    let all = containers(pod);
    if !wanted.is_empty() {
        if all.iter().any(|(n, _)| n == wanted) {
            return Ok((wanted.to_string(), String::new()));
        }
        return Err(Fail::Plain(format!(
            "container {wanted} is not valid for pod {} out of: {}",
            pod.name(),
            listed(pod)
        )));
    }
    let mut notice = String::new();
    if let Some(name) = pod.annotation(DEFAULT_CONTAINER).filter(|n| !n.is_empty()) {
        if all.iter().any(|(n, _)| n == name) {
            return Ok((name.to_string(), notice));
        }
        notice = format!("Default container name {name:?} not found in pod {}\n", pod.name());
    }
    let first = all.first().map(|(n, _)| n.clone()).unwrap_or_default();
    if all.len() > 1 {
        notice += &format!("Defaulted container {first:?} out of: {}\n", listed(pod));
    }
    Ok((first, notice))
}

/// The selector by which a workload finds its pods, as text; nothing for kinds without one.
pub fn selector_of(object: &Object) -> Option<String> {
    let spec = object.at("spec.selector");
    let selector = match object.kind {
        Kind::REPLICATION_CONTROLLER | Kind::SERVICE => Selector::of_map(spec),
        Kind::DEPLOYMENT | Kind::REPLICA_SET | Kind::STATEFUL_SET | Kind::DAEMON_SET | Kind::JOB => {
            Selector::of_object(spec)
        }
        _ => return None,
    };
    (!selector.is_everything()).then(|| selector.to_string())
}

/// The pods of a workload, the most useful first.
pub fn pods_of(cx: &mut Cx, object: &Object) -> Res<Vec<Object>> {
    let Some(labels) = selector_of(object) else {
        let about = format!("{}/{}", object.kind.info().plural, object.name());
        return Err(Fail::Plain(format!(
            "cannot get the logs from {about}: selector for {} not implemented",
            about
        )));
    };
    let select = Select { labels, fields: String::new() };
    let (mut pods, _) = cx.list(Kind::POD, Some(object.namespace()), &select)?;
    pods.order_by_key(rank);
    Ok(pods)
}

/// Pods that are further on come first: scheduled, running, ready, oldest.
fn rank(pod: &Object) -> (bool, u8, bool, String) {
    let phase = match pod.at("status.phase").str() {
        "Pending" => 2,
        "" | "Unknown" => 1,
        _ => 0,
    };
    let stamp = pod.at("metadata.creationTimestamp").str().to_string();
    (pod.at("spec.nodeName").is_empty(), phase, !pod.condition_true("Ready"), stamp)
}

/// The pod that `POD` or `TYPE/NAME` means, for `exec`, `attach`, `port-forward`.
pub fn pod(cx: &mut Cx, arg: &str) -> Res<Object> {
    let namespace = cx.base.namespace.clone();
    let Some((kind, name)) = arg.split_once('/') else {
        return cx.get(Kind::POD, &namespace, arg);
    };
    let kind = resource::kind_of(kind)?;
    let object = cx.get(kind, &namespace, name)?;
    if kind == Kind::POD {
        return Ok(object);
    }
    let pods = pods_of(cx, &object).map_err(|_| {
        Fail::Plain(format!(
            "cannot attach to *unstructured.Unstructured: selector for {} not implemented",
            kind.info().kind
        ))
    })?;
    let running = pods.iter().find(|p| p.at("status.phase").str() == "Running").or(pods.first());
    running.cloned().ok_or_else(|| Fail::Plain("error: timed out waiting for the condition".to_string()))
}

/// A container of a pod's spec.
pub fn spec<'p>(pod: &'p Object, name: &str) -> &'p Value {
    const NULL: &Value = &Value::Null;
    let fields = ["containers", "initContainers", "ephemeralContainers"];
    let all = fields.iter().map(|f| pod.at("spec").get(f).find("name", name));
    all.into_iter().find(|v| v.is_some()).unwrap_or(NULL)
}
