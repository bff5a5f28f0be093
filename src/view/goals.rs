//! Goals by pointing: what holds in the run at this moment, each with the condition that says it.
//!
//! Names that controllers generate differ from run to run, so their pods are named by a label. Whatever is
//! offered has been tried: its condition holds now.

use crate::api::{Kind, Object};
use crate::collections::BTreeMap;
use crate::kubectl::print::pod;
use crate::scenario::condition::{Condition, Evidence, Tracker};
use crate::scenario::{Input, Player};
use crate::time::Time;
use serde::Serialize;

/// How many goals are offered.
const MOST: usize = 200;
/// How many of the newest events are looked at.
const EVENTS: usize = 100;
/// How many of the last command lines are offered.
const COMMANDS: usize = 3;
/// Objects of the system, which no lesson is about.
const SYSTEM: &str = "kube-system";
/// Labels that differ from run to run.
const UNSTABLE: [&str; 4] =
    ["pod-template-hash", "controller-revision-hash", "controller-uid", "batch.kubernetes.io/controller-uid"];
/// Kinds whose `status.conditions` say how they are.
const WITH_CONDITIONS: [Kind; 3] = [Kind::DEPLOYMENT, Kind::JOB, Kind::NODE];
/// Kinds that can be ready.
const READY: [Kind; 5] =
    [Kind::DEPLOYMENT, Kind::STATEFUL_SET, Kind::DAEMON_SET, Kind::JOB, Kind::PERSISTENT_VOLUME_CLAIM];

/// A goal that could be set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pointed {
    /// What it says: `ready`, `steady`, `status`, … with a sentence in the page's texts.
    pub says: &'static str,
    /// What it is about, as people call it: `web`, `app=web`, `deployment/web`.
    pub name: String,
    /// The value in the sentence.
    pub value: String,
    /// The condition.
    pub when: String,
}

/// What holds now, the most telling first.
pub fn goals(player: &Player) -> Vec<Pointed> {
    let mut found = Vec::new();
    pods(player, &mut found);
    others(player, &mut found);
    commands(player, &mut found);
    events(player, &mut found);
    let output = player.output();
    let evidence = Evidence { cluster: player.cluster(), output: &output };
    let since = player.begin();
    found.retain(|one| holds(&one.when, since, evidence));
    found.truncate(MOST);
    found
}

fn holds(when: &str, since: Time, evidence: Evidence<'_>) -> bool {
    Condition::parse(when).is_ok_and(|c| Tracker::new(c, since).advance(evidence))
}

/// A value as the language of conditions writes it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:-".contains(c);
    match text {
        _ if !text.is_empty() && text.chars().all(plain) => text.to_string(),
        _ if text.contains('"') => format!("'{}'", text.split('\'').next().unwrap_or_default()),
        _ => format!("\"{text}\""),
    }
}

/// `@NAMESPACE`, where it is not the default one.
fn place(o: &Object) -> String {
    match o.namespace() {
        "" | "default" => String::new(),
        namespace => format!("@{namespace}"),
    }
}

/// A label by which a generated pod is known in every run.
fn label(o: &Object) -> Option<String> {
    let labels = o.at("metadata.labels");
    let stable = labels.entries().find(|(name, _)| !UNSTABLE.contains(&name.as_str()))?;
    Some(format!("{}={}", stable.0, stable.1.text()))
}

fn is_generated(o: &Object) -> bool {
    !o.at("metadata.generateName").str().is_empty()
}

/// How a condition names a pod, and how people do.
fn named(o: &Object) -> (String, String) {
    match label(o).filter(|_| is_generated(o)) {
        Some(label) => (format!("pod[{label}]{}", place(o)), label),
        None => (format!("pod/{}{}", o.name(), place(o)), o.name().to_string()),
    }
}

fn pods(player: &Player, found: &mut Vec<Pointed>) {
    let store = &player.cluster().api.store;
    let mut groups: BTreeMap<(String, String), Vec<&Object>> = BTreeMap::new();
    for o in store.list(Kind::POD, None).filter(|o| o.namespace() != SYSTEM) {
        groups.entry(named(o)).or_default().push(o);
    }
    for ((target, name), pods) in &groups {
        let mut add = |says, value: &str, when: String| {
            found.push(Pointed { says, name: name.clone(), value: value.to_string(), when });
        };
        let first = pods[0];
        let any = if is_generated(first) { "any " } else { "" };
        if is_generated(first) {
            let ready = pods.iter().filter(|o| o.condition_true("Ready")).count().to_string();
            add("ready-count", &ready, format!("count {target} ready = {ready}"));
            add("count", &pods.len().to_string(), format!("count {target} = {}", pods.len()));
        } else {
            add("ready", "", format!("{target} ready"));
            add("steady", "", format!("({target} ready) for 15s"));
            let node = first.at("spec.nodeName").str();
            add("node", node, format!("{target} node = {}", quoted(node)));
        }
        for word in
            pods.iter().map(|o| pod::line(o).status).collect::<crate::collections::BTreeSet<_>>().iter()
        {
            add("status", word, format!("{any}{target} is {}", quoted(word)));
        }
        let restarts = pods.iter().map(|o| pod::line(o).restarts).max().unwrap_or_default();
        if restarts > 0 {
            add("restarts", &restarts.to_string(), format!("{any}{target} restarts >= {restarts}"));
        }
    }
}

fn others(player: &Player, found: &mut Vec<Pointed>) {
    let store = &player.cluster().api.store;
    let mut add = |says, o: &Object, value: &str, rest: String| {
        let target = format!("{}/{}{}", o.kind.info().singular, o.name(), place(o));
        found.push(Pointed { says, when: format!("{target} {rest}"), name: target, value: value.into() });
    };
    for kind in READY {
        store
            .list(kind, None)
            .filter(|o| o.namespace() != SYSTEM)
            .for_each(|o| add("ready", o, "", "ready".into()));
    }
    for o in store.list(Kind::SERVICE, None).filter(|o| o.namespace() != SYSTEM && o.name() != "kubernetes") {
        add("endpoints", o, "", "endpoints >= 1".into());
        add("no-endpoints", o, "", "endpoints = 0".into());
    }
    for kind in WITH_CONDITIONS {
        for o in store.list(kind, None).filter(|o| o.namespace() != SYSTEM) {
            for condition in o.at("status.conditions").items() {
                let (name, state) = (condition["type"].str(), condition["status"].str());
                // A healthy node is no event.
                if kind != Kind::NODE || (name == "Ready") != (state == "True") {
                    add("condition", o, &format!("{name} {state}"), format!("condition {name} = {state}"));
                }
            }
        }
    }
}

fn commands(player: &Player, found: &mut Vec<Pointed>) {
    let scenario = player.fork();
    let typed = scenario.log.iter().filter_map(|entry| match &entry.input {
        Input::Line(_, line) if !line.trim().is_empty() => Some(line.trim()),
        _ => None,
    });
    let typed: Vec<&str> = typed.collect();
    for line in typed.iter().rev().take(COMMANDS) {
        let when = format!("command ~ {}", quoted(line));
        found.push(Pointed { says: "typed", name: String::new(), value: (*line).into(), when });
    }
}

fn events(player: &Player, found: &mut Vec<Pointed>) {
    let store = &player.cluster().api.store;
    let all = super::events::events(&player.cluster().api).events;
    for event in all.iter().rev().take(EVENTS) {
        let Some((kind, name)) = event.object.split_once('/') else { continue };
        let about = store.list(Kind::POD, None).find(|o| kind == "pod" && o.name() == name);
        if about.is_some_and(|o| o.namespace() == SYSTEM) {
            continue;
        }
        let (target, shown) = match about {
            Some(o) if is_generated(o) => {
                let (target, label) = named(o);
                (format!("any {target}"), label)
            }
            Some(o) => named(o),
            None => (event.object.clone(), event.object.clone()),
        };
        let when = format!("{target} event {}", quoted(&event.reason));
        if !found.iter().any(|one| one.when == when) {
            found.push(Pointed { says: "event", name: shown.clone(), value: event.reason.clone(), when });
        }
        let gone = format!("{target} gone");
        if about.is_none() && !found.iter().any(|one| one.when == gone) {
            found.push(Pointed { says: "gone", name: shown, value: String::new(), when: gone });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use crate::time::Span;

    #[test]
    fn what_holds_is_offered_by_names_that_every_run_has() {
        let mut player = Player::new(Scenario::default()).expect("valid");
        player.apply(Input::Open(0)).expect("a terminal");
        for line in [
            "kubectl run web --image=nginx:1.14.2",
            "kubectl create deployment shop --image=nginx:1.14.2 --replicas=2",
            "kubectl create job pi --image=busybox -- sh -c \"exit 3\"",
            "kubectl create service clusterip shop --tcp=80",
            "kubectl delete pod web --now",
        ] {
            player.apply(Input::Line(0, line.into())).expect("typed");
            player.seek(player.now() + Span::secs(20));
        }
        let found = goals(&player);
        let whens: Vec<&str> = found.iter().map(|one| one.when.as_str()).collect();
        for wanted in [
            "count pod[app=shop] ready = 2",
            "any pod[batch.kubernetes.io/job-name=pi] is Error",
            "deployment/shop ready",
            "deployment/shop condition Available = True",
            "service/shop endpoints >= 1",
            "any pod[app=shop] event Started",
            "pod/web gone",
            "command ~ \"kubectl delete pod web --now\"",
            "command ~ 'kubectl create job pi --image=busybox -- sh -c \"exit 3\"'",
        ] {
            assert!(whens.contains(&wanted), "{wanted} is missing in {whens:#?}");
        }
        let unstable = |when: &&&str| when.contains("pod/shop-") || when.contains("pod/pi-");
        assert_eq!(whens.iter().find(unstable), None);
        assert!(!whens.contains(&"service/shop endpoints = 0"));
        assert!(!whens.contains(&"job/pi ready"));
    }
}
