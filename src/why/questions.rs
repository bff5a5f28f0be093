//! What can be asked of an object, and the answers.

use super::chain::{Link, chain, place_facts};
use super::{Sources, missing, requests};
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text};
use crate::apiserver::Change;
use crate::kubectl::print::pod;

/// How far back in the change log answers look.
const HISTORY: u64 = 200_000;

/// A question and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The question.
    pub ask: Link,
    /// What is so.
    pub facts: Vec<Link>,
    /// What brought it about, newest first.
    pub chain: Vec<Link>,
}

impl Answer {
    /// A sentence that needs no answer.
    pub fn of(ask: Link) -> Answer {
        Answer { ask, facts: Vec::new(), chain: Vec::new() }
    }

    pub(super) fn new(ask: Link, mut facts: Vec<Link>, chain: Vec<Link>) -> Answer {
        place_facts(&mut facts, &chain);
        Answer { ask, facts, chain }
    }
}

/// A question about an object with values.
fn ask(key: &'static str, path: &str, values: Vec<(&'static str, Text)>) -> Link {
    Link::fact(key, path, values)
}

/// What can be asked of the object of a path such as `pods/default/web`, most telling first.
pub fn questions(sources: Sources<'_>, key: &Key) -> Vec<Answer> {
    let path = key.path();
    let Some(object) = sources.api.store.get(key) else { return gone(sources, key, &path) };
    let mut answers = match key.kind {
        Kind::POD => of_pod(sources, object, &path),
        Kind::EVENT => return event(sources, object).into_iter().collect(),
        Kind::SERVICE => of_service(sources, object, &path),
        Kind::DEPLOYMENT | Kind::REPLICA_SET | Kind::STATEFUL_SET | Kind::DAEMON_SET => {
            of_workload(sources, object, &path)
        }
        _ => Vec::new(),
    };
    answers.extend(of_conditions(sources, object, &path));
    if object.is_deleting() {
        let facts = missing::terminating(sources, object);
        answers.push(Answer::new(ask("ask.terminating", &path, vec![]), facts, deletion(sources, key)));
    }
    if key.kind != Kind::POD {
        let last = newest(sources, key, |c| c.old.as_ref().is_some_and(|old| differs(old, &c.new)));
        if let Some(change) = last {
            answers.push(Answer::new(
                ask("ask.changed", &path, vec![]),
                vec![],
                chain(sources.api, change.cause),
            ));
        }
    }
    if let Some(made) = newest(sources, key, |c| c.old.is_none()) {
        answers.push(Answer::new(ask("ask.exists", &path, vec![]), vec![], chain(sources.api, made.cause)));
    }
    if matches!(key.kind, Kind::POD | Kind::DEPLOYMENT | Kind::NODE) {
        let facts = missing::no_events(sources, object);
        if !facts.is_empty() {
            answers.push(Answer::new(ask("ask.no-events", &path, vec![]), facts, vec![]));
        }
    }
    answers
}

/// Why an event came (the last time).
pub fn event(sources: Sources<'_>, event: &Object) -> Option<Answer> {
    let last = newest(sources, &event.key(), |_| true)?;
    let about = &event["involvedObject"];
    let kind = Kind::of(about["apiVersion"].str(), about["kind"].str());
    let path = kind.map(|k| Key::new(k, about["namespace"].text(), about["name"].text()).path());
    let mut links = chain(sources.api, last.cause);
    links.retain(|l| !l.object.starts_with("events/"));
    let ask = ask("ask.event", &path.unwrap_or_default(), vec![("reason", event["reason"].text())]);
    Some(Answer::new(ask, vec![], links))
}

/// Why a revision was written.
pub fn revision(sources: Sources<'_>, revision: u64) -> Option<Answer> {
    let store = &sources.api.store;
    let change =
        (store.oldest()..store.cursor()).filter_map(|c| store.change(c)).find(|c| c.revision == revision)?;
    let path = change.new.key().path();
    let key = if change.new.kind == Kind::POD { word_of(change) } else { None };
    let question = match key {
        Some(word) => ask("ask.status", &path, vec![("status", Text::from(word))]),
        None => ask("ask.changed", &path, vec![]),
    };
    Some(Answer::new(question, vec![], chain(sources.api, change.cause)))
}

fn word_of(change: &Change) -> Option<String> {
    let new = pod::line(&change.new);
    let old = change.old.as_ref().map(pod::line);
    (change.kind != WatchKind::Deleted && old.is_none_or(|o| o.status != new.status)).then_some(new.status)
}

/// The newest change of an object that passes.
fn newest<'a>(sources: Sources<'a>, key: &Key, pass: impl Fn(&Change) -> bool) -> Option<&'a Change> {
    let store = &sources.api.store;
    let end = store.cursor();
    let start = store.oldest().max(end.saturating_sub(HISTORY));
    let mine = |c: &&Change| c.new.kind == key.kind && key.name == c.new.name() && c.new.key() == *key;
    (start..end).rev().filter_map(|c| store.change(c)).filter(mine).find(|c| pass(c))
}

fn differs(old: &Object, new: &Object) -> bool {
    old["spec"] != new["spec"]
        || old["data"] != new["data"]
        || old["endpoints"] != new["endpoints"]
        || old.at("status.conditions") != new.at("status.conditions")
        || old.at("metadata.labels") != new.at("metadata.labels")
}

fn deletion(sources: Sources<'_>, key: &Key) -> Vec<Link> {
    let began =
        newest(sources, key, |c| c.new.is_deleting() && c.old.as_ref().is_none_or(|o| !o.is_deleting()));
    let began = began.or_else(|| newest(sources, key, |c| c.kind == WatchKind::Deleted));
    began.map(|c| chain(sources.api, c.cause)).unwrap_or_default()
}

fn gone(sources: Sources<'_>, key: &Key, path: &str) -> Vec<Answer> {
    let chain = deletion(sources, key);
    if chain.is_empty() {
        return Vec::new();
    }
    let mut answers = vec![Answer::new(ask("ask.gone", path, vec![]), vec![], chain)];
    if key.kind == Kind::SERVICE {
        answers.extend(requests::dropped(sources, path));
    }
    answers
}

fn of_pod(sources: Sources<'_>, pod: &Object, path: &str) -> Vec<Answer> {
    let key = pod.key();
    let now = pod::line(pod);
    let telling = |c: &Change| {
        c.old.as_ref().is_none_or(|old| {
            let (old, new) = (pod::line(old), pod::line(&c.new));
            old.status != new.status || old.restarts != new.restarts
        })
    };
    let last = newest(sources, &key, telling).map(|c| chain(sources.api, c.cause)).unwrap_or_default();
    let mut answers = Vec::new();
    if pod.at("spec.nodeName").is_empty() {
        let facts = missing::pending(sources, pod);
        answers.push(Answer::new(ask("ask.pending", path, vec![]), facts, last.clone()));
    }
    let status = vec![("status", Text::from(now.status.as_str()))];
    answers.push(Answer::new(ask("ask.status", path, status), missing::word(pod), last));
    let ended = matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
    if !pod.condition_true("Ready") && !ended && !pod.at("spec.nodeName").is_empty() {
        let turned = newest(sources, &key, |c| {
            c.old.as_ref().is_none_or(|o| o.condition_true("Ready")) && !c.new.condition_true("Ready")
        });
        let links = missing::newest_probe_failure(sources, pod)
            .or_else(|| turned.map(|c| chain(sources.api, c.cause)))
            .unwrap_or_default();
        let answer = Answer::new(ask("ask.not-ready", path, vec![]), missing::not_ready(sources, pod), links);
        // That a pod runs is no news where it is not ready.
        answers.insert(if now.status == "Running" { 0 } else { answers.len() }, answer);
    }
    if now.restarts > 0 {
        let rose = newest(sources, &key, |c| {
            c.old.as_ref().is_some_and(|old| pod::line(old).restarts < pod::line(&c.new).restarts)
        });
        let links = rose.map(|c| chain(sources.api, c.cause)).unwrap_or_default();
        let values = vec![("restarts", Text::from(now.restarts.to_string()))];
        answers.push(Answer::new(ask("ask.restarts", path, values), vec![], links));
    }
    for (container, facts) in missing::not_restarted(pod) {
        answers.push(Answer::new(
            ask("ask.not-restarted", path, vec![("container", container)]),
            facts,
            vec![],
        ));
    }
    let node = pod.at("spec.nodeName").text();
    if !node.is_empty() {
        let bound = newest(sources, &key, |c| {
            !c.new.at("spec.nodeName").is_empty()
                && c.old.as_ref().is_none_or(|o| o.at("spec.nodeName").is_empty())
        });
        let links = bound.map(|c| chain(sources.api, c.cause)).unwrap_or_default();
        let facts = missing::placed(sources, pod, bound.is_some_and(|c| c.old.is_none()));
        answers.push(Answer::new(ask("ask.node", path, vec![("node", node)]), facts, links));
    }
    answers
}

fn of_service(sources: Sources<'_>, service: &Object, path: &str) -> Vec<Answer> {
    let (empty, facts) = missing::endpoints(sources, service);
    let dropped = requests::dropped(sources, path);
    if facts.is_empty() {
        return dropped;
    }
    let made = newest(sources, &service.key(), |c| c.old.as_ref().is_none_or(|o| o["spec"] != c.new["spec"]));
    let links = made.map(|c| chain(sources.api, c.cause)).unwrap_or_default();
    let key = if empty { "ask.endpoints" } else { "ask.some-endpoints" };
    std::iter::once(Answer::new(ask(key, path, vec![]), facts, links)).chain(dropped).collect()
}

fn of_workload(sources: Sources<'_>, workload: &Object, path: &str) -> Vec<Answer> {
    let facts = missing::rollout(sources, workload);
    if facts.is_empty() {
        return Vec::new();
    }
    let set = newest(sources, &workload.key(), |c| c.old.as_ref().is_none_or(|o| o["spec"] != c.new["spec"]));
    let links = set.map(|c| chain(sources.api, c.cause)).unwrap_or_default();
    vec![Answer::new(ask("ask.rollout", path, vec![]), facts, links)]
}

/// Conditions that are not as they should be, in their own words, and what turned them.
fn of_conditions(sources: Sources<'_>, object: &Object, path: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    if object.kind == Kind::POD {
        return answers;
    }
    for condition in object.at("status.conditions").items() {
        let (kind, status) = (condition["type"].text(), condition["status"].text());
        let bad = match kind.as_str() {
            "Ready" | "Available" | "Progressing" | "Established" | "AbleToScale" | "ScalingActive" => {
                status != "True"
            }
            k if k.ends_with("Pressure") || k.starts_with("Failed") || k == "ReplicaFailure" => {
                status != "False"
            }
            _ => false,
        };
        if !bad {
            continue;
        }
        let turned = newest(sources, &object.key(), |c| {
            let before = c.old.as_ref().map(|o| o.condition(&kind)["status"].text());
            before.is_none_or(|b| b != status) && c.new.condition(&kind)["status"].str() == status.as_str()
        });
        let links = turned.map(|c| chain(sources.api, c.cause)).unwrap_or_default();
        let fact = Link::fact(
            "fact.condition",
            path,
            vec![("message", condition["message"].text()), ("reason", condition["reason"].text())],
        );
        let first = matches!(kind.as_str(), "Ready" | "Available");
        let values = vec![("type", kind), ("status", status)];
        let place = if first { 0 } else { answers.len() };
        answers.insert(place, Answer::new(ask("ask.condition", path, values), vec![fact], links));
    }
    answers
}
