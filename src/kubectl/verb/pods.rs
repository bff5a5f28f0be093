//! Pods and containers that `logs`, `exec`, `attach` and `port-forward` mean.

use crate::api::labels::Selector;
use crate::api::{Kind, Object, Value};
use crate::collections::Order;
use crate::kubectl::cx::{Cx, Done, Outcome, Poll, Select, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::Args;
use crate::kubectl::resource;
use crate::time::{Span, Time};

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

/// The pods of a workload, the most useful first; `what` is to be done with them.
pub fn pods_of(cx: &mut Cx, object: &Object, what: &str) -> Res<Vec<Object>> {
    let Some(labels) = selector_of(object) else {
        // The Go type of the object, as `%T` prints it.
        let typed = format!("*v1.{}", object.kind.info().kind);
        let why = if object.kind == Kind::SERVICE {
            format!("invalid service '{}': Service is defined without a selector", object.name())
        } else {
            format!("selector for {typed} not implemented")
        };
        return Err(Fail::Plain(format!("cannot {what} {typed}: {why}")));
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

/// The pod that `POD` or `TYPE/NAME` means, for `exec`, `attach`, `port-forward`; nothing while a workload
/// has none.
pub fn pod(cx: &mut Cx, arg: &str) -> Res<Option<Object>> {
    let namespace = cx.base.namespace.clone();
    let Some((kind, name)) = arg.split_once('/') else {
        return cx.get(Kind::POD, &namespace, arg).map(Some);
    };
    let kind = resource::kind_of(kind)?;
    let object = cx.get(kind, &namespace, name)?;
    if kind == Kind::POD {
        return Ok(Some(object));
    }
    let pods = pods_of(cx, &object, "attach to")?;
    let running = pods.iter().find(|p| p.at("status.phase").str() == "Running").or(pods.first());
    Ok(running.cloned())
}

/// How long `--pod-running-timeout` lets a verb wait for a pod.
pub fn patience(args: &Args) -> Result<Span, String> {
    match u64::try_from(args.micros("pod-running-timeout")) {
        Ok(micros) if micros > 0 => Ok(Span(micros)),
        _ => Err("--pod-running-timeout must be higher than zero".into()),
    }
}

/// A step of a verb that comes to nothing while the pods it needs do not exist.
type Step = fn(&mut Cx, &Args) -> Res<Option<Done>>;

/// Takes a step as soon as there is a pod, until `--pod-running-timeout` is over.
pub fn first(cx: &mut Cx, args: &Args, step: Step) -> Outcome {
    if let Some(done) = step(cx, args)? {
        return Ok(done);
    }
    let until = cx.sys.now() + patience(args).map_err(Fail::Usage)?;
    Ok(Done::Task(Box::new(Awaited { args: args.clone(), step, until })))
}

/// A verb that waits for its first pod.
#[derive(Clone, Debug)]
struct Awaited {
    args: Args,
    step: Step,
    until: Time,
}

impl Task for Awaited {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        match (self.step)(cx, &self.args) {
            Err(fail) => Poll::Done(Err(fail)),
            Ok(Some(Done::Exit(code))) => Poll::Done(Ok(code)),
            Ok(Some(Done::Task(task))) => Poll::Next(task),
            Ok(None) if cx.sys.now() >= self.until => {
                Poll::Done(Err("timed out waiting for the condition".into()))
            }
            Ok(None) => Poll::api(Some(self.until)),
        }
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}

/// A container of a pod's spec.
pub fn spec<'p>(pod: &'p Object, name: &str) -> &'p Value {
    const NULL: &Value = &Value::Null;
    let fields = ["containers", "initContainers", "ephemeralContainers"];
    let all = fields.iter().map(|f| pod.at("spec").get(f).find("name", name));
    all.into_iter().find(|v| v.is_some()).unwrap_or(NULL)
}
