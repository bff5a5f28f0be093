//! Why not: what is so that something else did not happen. Read from the objects as they are, the scheduler's
//! last decision and the trace.

use super::Sources;
use super::chain::{Link, chain};
use crate::api::selector::subset;
use crate::api::{Kind, Object, Text, Value};
use crate::kubectl::print::pod;
use crate::scheduler::framework::SCORERS;
use crate::time::{Span, Time, parse_rfc3339};
use crate::trace::{Cause, What};

/// How many facts of one sort an answer lists.
const LISTED: usize = 20;
/// How far back in the trace a failed probe is looked for.
const LOOKED_BACK: u32 = 50_000;
/// kube-apiserver `--event-ttl`.
const EVENT_TTL: Span = Span::secs(3_600);

fn text(n: impl ToString) -> Text {
    Text::from(n.to_string())
}

/// Why a pod has no node: what each node's filters said.
pub fn pending(sources: Sources<'_>, pod: &Object) -> Vec<Link> {
    let path = pod.key().path();
    let gates = pod.at("spec.schedulingGates").items();
    if !gates.is_empty() {
        return gates
            .iter()
            .map(|g| Link::fact("fact.gated", &path, vec![("gate", g["name"].text())]))
            .collect();
    }
    let scheduler = pod.at("spec.schedulerName").str();
    if !matches!(scheduler, "" | "default-scheduler") {
        return vec![Link::fact("fact.other-scheduler", &path, vec![("name", Text::from(scheduler))])];
    }
    let Some(decision) = sources.scheduler.last_decision(&pod.key()) else {
        return vec![Link::fact("fact.never-tried", &path, vec![])];
    };
    let mut facts = Vec::new();
    for verdict in &decision.verdicts {
        let Some(rejection) = &verdict.rejection else { continue };
        let reasons: Vec<&str> = rejection.reasons.iter().map(Text::as_str).collect();
        let values = vec![
            ("node", verdict.node.clone()),
            ("reasons", Text::from(reasons.join(", "))),
            ("plugin", Text::lit(rejection.plugin.name())),
        ];
        let mut fact = Link::fact("fact.filtered", &path, values);
        fact.at = Some(decision.at);
        facts.push(fact);
    }
    facts.truncate(LISTED);
    facts
}

/// Why a pod is on its node: the scores of the nodes that passed.
pub fn placed(sources: Sources<'_>, pod: &Object, from_the_start: bool) -> Vec<Link> {
    let path = pod.key().path();
    if from_the_start {
        return vec![Link::fact("fact.node-name", &path, vec![])];
    }
    let Some(decision) = sources.scheduler.last_decision(&pod.key()) else { return Vec::new() };
    let mut facts = Vec::new();
    for verdict in decision.verdicts.iter().take(LISTED) {
        let (Some(total), Some(scores)) = (verdict.total(), &verdict.scores) else { continue };
        let parts = SCORERS.iter().zip(scores).filter(|(_, score)| **score != 0);
        let parts: Vec<String> =
            parts.map(|((p, weight), score)| format!("{} {}", p.name(), weight * score)).collect();
        let values = vec![
            ("node", verdict.node.clone()),
            ("total", text(total)),
            ("scores", Text::from(parts.join(", "))),
        ];
        facts.push(Link::fact("fact.scored", &path, values));
    }
    if facts.is_empty() {
        facts.push(Link::fact("fact.only-node", &path, vec![]));
    }
    facts
}

/// What the containers of a pod wait for, or how they ended.
pub fn word(pod: &Object) -> Vec<Link> {
    let path = pod.key().path();
    let mut facts = Vec::new();
    for list in ["initContainerStatuses", "containerStatuses"] {
        for status in pod["status"][list].items() {
            let (waiting, ended) = (status.at("state.waiting"), status.at("state.terminated"));
            let container = ("container", status["name"].text());
            if waiting.is_some() {
                let values = vec![
                    container,
                    ("reason", waiting["reason"].text()),
                    ("message", waiting["message"].text()),
                ];
                facts.push(Link::fact("fact.waiting", &path, values));
            } else if ended.is_some() {
                let code = text(ended["exitCode"].int_or(0));
                let values = vec![container, ("reason", ended["reason"].text()), ("code", code)];
                facts.push(Link::fact("fact.terminated", &path, values));
            }
        }
    }
    facts.truncate(LISTED);
    facts
}

/// What keeps a pod with a node from being ready.
pub fn not_ready(sources: Sources<'_>, pod: &Object) -> Vec<Link> {
    let path = pod.key().path();
    let mut facts = Vec::new();
    let node = pod.at("spec.nodeName").text();
    let down = sources.api.get(Kind::NODE, "", &node).is_some_and(|n| !n.condition_true("Ready"));
    if down {
        facts.push(Link::fact("fact.node-down", &path, vec![("node", node)]));
    }
    if pod.is_deleting() {
        facts.push(Link::fact("fact.deleting", &path, vec![]));
    }
    for init in pod.at("status.initContainerStatuses").items() {
        let done = init.at("state.terminated.exitCode").as_int() == Some(0) || init["ready"].is_true();
        if !done {
            facts.push(Link::fact("fact.init", &path, vec![("container", init["name"].text())]));
            return facts;
        }
    }
    facts.extend(word(pod));
    for status in pod.at("status.containerStatuses").items() {
        if status["ready"].is_true() || status.at("state.running").is_null() {
            continue;
        }
        let name = status["name"].str();
        let spec = pod.at("spec.containers").find("name", name);
        let probe = if spec["startupProbe"].is_some() && !status["started"].is_true() {
            "Startup"
        } else {
            "Readiness"
        };
        let values = vec![
            ("container", Text::from(name)),
            ("probe", Text::lit(probe)),
            ("message", last_probe_message(sources, pod, name, probe)),
        ];
        facts.push(Link::fact("fact.probe", &path, values));
    }
    for gate in pod.at("spec.readinessGates").items() {
        let kind = gate["conditionType"].text();
        if !pod.condition_true(&kind) {
            facts.push(Link::fact("fact.gate", &path, vec![("gate", kind)]));
        }
    }
    facts
}

/// The trace's entries about a pod, newest first.
fn traced<'a>(sources: Sources<'a>, pod: &Object) -> impl Iterator<Item = (Cause, &'a What)> {
    let path = format!("{}/", pod.key().path());
    let end = sources.api.trace.next().0;
    let numbers = (end.saturating_sub(LOOKED_BACK)..end).rev();
    numbers.filter_map(move |n| {
        let what = &sources.api.trace.get(Cause(n))?.what;
        let mine = matches!(what, What::Rule { object, .. } if object.starts_with(path.as_str()));
        mine.then_some((Cause(n), what))
    })
}

fn last_probe_message(sources: Sources<'_>, pod: &Object, container: &str, probe: &str) -> Text {
    let value = |values: &[(&'static str, Text)], name: &str| {
        values.iter().find(|(k, _)| *k == name).map(|(_, v)| v.clone()).unwrap_or_default()
    };
    let found = traced(sources, pod).find_map(|(_, what)| match what {
        What::Rule { rule: "probe.failed", values, .. }
            if value(values, "probe") == probe && value(values, "container") == container =>
        {
            Some(value(values, "message"))
        }
        _ => None,
    });
    found.unwrap_or_default()
}

/// The chain of the newest failure of a readiness or startup probe since the pod's containers last started.
pub fn newest_probe_failure(sources: Sources<'_>, pod: &Object) -> Option<Vec<Link>> {
    let mut entries = traced(sources, pod);
    let (cause, _) = entries.find(|(_, what)| {
        matches!(
            what,
            What::Rule {
                rule: "probe.failed" | "probe.not-ready" | "container.started" | "probe.succeeded",
                ..
            }
        )
    })?;
    let links = chain(sources.api, cause);
    links
        .first()
        .is_some_and(|l| matches!(l.key.as_str(), "probe.failed" | "probe.not-ready"))
        .then_some(links)
}

/// The containers of a pod that have ended and are not started again, each with the reason.
pub fn not_restarted(pod: &Object) -> Vec<(Text, Vec<Link>)> {
    let path = pod.key().path();
    let mut found = Vec::new();
    for status in pod.at("status.containerStatuses").items() {
        let name = status["name"].text();
        let ended = status.at("state.terminated");
        let key = match pod.at("spec.restartPolicy").str() {
            _ if status.at("state.waiting.reason").str() == "CrashLoopBackOff" => "fact.backing-off",
            _ if ended.is_null() => continue,
            "Never" => "fact.never",
            "OnFailure" if ended["exitCode"].int_or(0) == 0 => "fact.on-failure",
            _ => "fact.soon",
        };
        let values =
            vec![("container", name.clone()), ("message", status.at("state.waiting.message").text())];
        found.push((name, vec![Link::fact(key, &path, values)]));
    }
    found
}

/// What an object that is being deleted waits for.
pub fn terminating(sources: Sources<'_>, object: &Object) -> Vec<Link> {
    let path = object.key().path();
    let mut facts = Vec::new();
    for finalizer in
        object.at("metadata.finalizers").items().iter().chain(object.at("spec.finalizers").items())
    {
        facts.push(Link::fact("fact.finalizer", &path, vec![("finalizer", finalizer.text())]));
    }
    if object.kind != Kind::POD {
        return facts;
    }
    let node = object.at("spec.nodeName").text();
    if sources.api.get(Kind::NODE, "", &node).is_some_and(|n| !n.condition_true("Ready")) {
        facts.push(Link::fact("fact.kubelet-silent", &path, vec![("node", node)]));
    }
    let grace = object.at("metadata.deletionGracePeriodSeconds").int_or(0);
    if grace > 0 {
        let due = object.at("metadata.deletionTimestamp").text();
        facts.push(Link::fact("fact.grace", &path, vec![("grace", text(grace)), ("due", due)]));
    }
    facts
}

/// Which pods are not behind a Service, and why. Also tells whether none is.
pub fn endpoints(sources: Sources<'_>, service: &Object) -> (bool, Vec<Link>) {
    let path = service.key().path();
    let selector = service.at("spec.selector");
    if service.at("spec.type").str() == "ExternalName" {
        return (false, Vec::new());
    }
    let slices = sources.api.list(Kind::ENDPOINT_SLICE, Some(service.namespace()));
    let mine = slices.filter(|s| s.label("kubernetes.io/service-name") == Some(service.name()));
    let ready = |e: &&Value| e.at("conditions.ready").as_bool() != Some(false);
    let empty = mine.flat_map(|s| s["endpoints"].items()).filter(ready).count() == 0;
    if selector.is_empty() {
        let fact = Link::fact("fact.no-selector", &path, vec![]);
        return (empty, if empty { vec![fact] } else { Vec::new() });
    }
    let pods: Vec<&Object> = sources.api.list(Kind::POD, Some(service.namespace())).collect();
    let matching: Vec<&&Object> = pods.iter().filter(|p| subset(selector, p.at("metadata.labels"))).collect();
    let mut facts: Vec<Link> = matching.iter().filter_map(|p| left_out(p, service)).take(LISTED).collect();
    if matching.is_empty() {
        facts = matches_nothing(sources, service, &pods);
    }
    (empty, facts)
}

/// Why a pod that a Service selects is not among its ready endpoints.
fn left_out(pod: &Object, service: &Object) -> Option<Link> {
    let path = pod.key().path();
    let shown = Text::from(super::words::object(&path));
    let fact = |key, more: Vec<(&'static str, Text)>| {
        let values = [vec![("pod", shown.clone())], more].concat();
        Some(Link::fact(key, service.key().path(), values))
    };
    if matches!(pod.at("status.phase").str(), "Succeeded" | "Failed") {
        return fact("fact.ended", vec![]);
    }
    if pod.at("status.podIP").is_empty() {
        return fact("fact.no-ip", vec![]);
    }
    for port in service.at("spec.ports").items() {
        let named = port["targetPort"].str();
        let ports = pod.at("spec.containers").items().iter().flat_map(|c| c["ports"].items());
        if !named.is_empty() && !ports.clone().any(|p| p["name"].str() == named) {
            return fact("fact.named-port", vec![("port", Text::from(named))]);
        }
    }
    if pod.is_deleting() {
        return Some(Link::fact("fact.deleting", path, vec![]));
    }
    if pod.condition_true("Ready") { None } else { fact("fact.not-ready", vec![]) }
}

/// A selector that matches no pod: the pods whose labels come nearest.
fn matches_nothing(sources: Sources<'_>, service: &Object, pods: &[&Object]) -> Vec<Link> {
    let path = service.key().path();
    let namespace = ("namespace", Text::from(service.namespace()));
    let selector = service.at("spec.selector");
    let values = vec![namespace.clone(), ("selector", labels(selector))];
    let mut facts = vec![Link::fact("fact.matches-nothing", &path, values)];
    if pods.is_empty() {
        facts.push(Link::fact("fact.no-pods", &path, vec![namespace]));
    }
    let near = |p: &&&Object| closeness(selector, p.at("metadata.labels"));
    if let Some(nearest) = pods.iter().max_by_key(near).filter(|p| near(p) > 0) {
        let pod = Text::from(super::words::object(&nearest.key().path()));
        let values = vec![("pod", pod), ("labels", labels(nearest.at("metadata.labels")))];
        facts.push(Link::fact("fact.nearest", &path, values));
    }
    let elsewhere = sources.api.list(Kind::POD, None).find(|p| subset(selector, p.at("metadata.labels")));
    if let Some(other) = elsewhere {
        let values = vec![("pod", Text::from(other.name())), ("namespace", Text::from(other.namespace()))];
        facts.push(Link::fact("fact.elsewhere", &path, values));
    }
    facts
}

/// How near labels come to a selector: equal pairs count most, then equal keys and values that begin alike.
fn closeness(selector: &Value, labels: &Value) -> usize {
    let common = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    selector
        .entries()
        .map(|(key, wanted)| {
            let have = labels.get(key).str();
            let same_value = labels.entries().any(|(_, v)| v.str() == wanted.str());
            match () {
                () if have == wanted.str() => 100,
                () if !have.is_empty() => 10 + common(have, wanted.str()).min(10),
                () if same_value => 8,
                () => 0,
            }
        })
        .sum()
}

fn labels(map: &Value) -> Text {
    let pairs: Vec<String> = map.entries().map(|(k, v)| format!("{k}={}", v.str())).collect();
    Text::from(if pairs.is_empty() { "<none>".to_string() } else { pairs.join(",") })
}

/// What a workload still lacks; empty if it is done.
pub fn rollout(sources: Sources<'_>, o: &Object) -> Vec<Link> {
    let path = o.key().path();
    let status = &o["status"];
    let want = match o.kind {
        Kind::DAEMON_SET => status["desiredNumberScheduled"].int_or(0),
        _ => o.at("spec.replicas").int_or(1),
    };
    let (ready, available) = match o.kind {
        Kind::DAEMON_SET => (status["numberReady"].int_or(0), status["numberAvailable"].int_or(0)),
        _ => (status["readyReplicas"].int_or(0), status["availableReplicas"].int_or(0)),
    };
    let updated = match o.kind {
        Kind::DAEMON_SET => status["updatedNumberScheduled"].int_or(0),
        Kind::REPLICA_SET => ready,
        _ => status["updatedReplicas"].int_or(0),
    };
    let total = status["replicas"].int_or(want);
    if ready == want && available == want && updated == want && (total == want || o.kind == Kind::DAEMON_SET)
    {
        return Vec::new();
    }
    let values = vec![
        ("ready", text(ready)),
        ("want", text(want)),
        ("updated", text(updated)),
        ("available", text(available)),
    ];
    let mut facts = vec![Link::fact("fact.counts", &path, values)];
    if o.at("spec.paused").is_true() {
        facts.push(Link::fact("fact.paused", &path, vec![]));
    }
    let rolling = o.at("spec.strategy.rollingUpdate");
    if rolling.is_some() {
        let amount = |v: &Value| v.as_int().map_or_else(|| v.text(), text);
        let values = vec![
            ("surge", amount(&rolling["maxSurge"])),
            ("unavailable", amount(&rolling["maxUnavailable"])),
        ];
        facts.push(Link::fact("fact.bounds", &path, values));
    }
    let seconds = o.at("spec.minReadySeconds").int_or(0);
    if seconds > 0 && available < ready {
        facts.push(Link::fact("fact.min-ready", &path, vec![("seconds", text(seconds))]));
    }
    facts.extend(failures(sources, o));
    for pod in pods_of(sources, o.uid(), 2).into_iter().filter(|p| !p.condition_true("Ready")).take(LISTED) {
        let shown = Text::from(super::words::object(&pod.key().path()));
        let values = vec![("pod", shown), ("status", Text::from(pod::line(pod).status))];
        facts.push(Link::fact("fact.pod-word", pod.key().path(), values));
    }
    facts
}

/// Conditions `ReplicaFailure` of a workload and of what it owns.
fn failures(sources: Sources<'_>, o: &Object) -> Vec<Link> {
    let owned = sources.api.owned_by(o.uid()).filter(|c| c.kind == Kind::REPLICA_SET);
    let failing = std::iter::once(o).chain(owned).filter(|x| x.condition_true("ReplicaFailure"));
    let fact = |x: &Object| {
        let message = x.condition("ReplicaFailure")["message"].text();
        Link::fact("fact.replica-failure", x.key().path(), vec![("message", message)])
    };
    failing.map(fact).take(1).collect()
}

fn pods_of<'a>(sources: Sources<'a>, uid: &str, depth: usize) -> Vec<&'a Object> {
    let mut pods = Vec::new();
    for owned in sources.api.owned_by(uid) {
        if owned.kind == Kind::POD {
            pods.push(owned);
        } else if depth > 0 {
            pods.extend(pods_of(sources, owned.uid(), depth - 1));
        }
    }
    pods
}

/// Why an object has no events; empty if it has some.
pub fn no_events(sources: Sources<'_>, object: &Object) -> Vec<Link> {
    let about = |e: &Object| {
        e.at("involvedObject.uid").str() == object.uid() || e.at("involvedObject.name").str() == object.name()
    };
    if sources.api.list(Kind::EVENT, None).any(about) {
        return Vec::new();
    }
    let made =
        parse_rfc3339(object.at("metadata.creationTimestamp").str()).map(|t| sources.api.epoch.time_of(t));
    let old = sources.api.now.since(made.unwrap_or(Time::ZERO)) >= EVENT_TTL;
    let key = if old { "fact.expired" } else { "fact.no-component" };
    vec![Link::fact(key, object.key().path(), vec![])]
}
