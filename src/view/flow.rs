//! The messages about an object, and the chain of causes of its present state, read from the trace.

use super::{changes, key_of};
use crate::api::Kind;
use crate::apiserver::{ApiServer, Change};
use crate::collections::BTreeMap;
use crate::kubectl::print::pod;
use crate::trace::{Cause, Entry, What};
use serde::Serialize;

/// How many steps are shown.
const STEPS: usize = 200;
/// How many trace entries are looked through.
const LOOKED_THROUGH: u32 = 200_000;

/// The messages about an object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flow {
    /// In order of time.
    pub steps: Vec<Step>,
}

/// Why an object is as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chain {
    /// The present state's last cause first, the beginning last.
    pub chain: Vec<Step>,
}

/// An entry of the trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// When.
    pub at: f64,
    /// Who.
    pub actor: String,
    /// `start`, `command`, `write`, `rule` or `fault`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The command line or the fault.
    pub text: String,
    /// The verb of a write.
    pub verb: String,
    /// The object meant.
    pub object: String,
    /// The revision that a write made; 0 otherwise.
    pub revision: f64,
    /// The name of a rule.
    pub rule: String,
    /// The values of a rule.
    pub values: Vec<(String, String)>,
}

/// The messages about the object of a path, with the command that began them.
pub fn flow(api: &ApiServer, path: &str) -> Flow {
    let end = api.trace.next().0;
    let part = format!("{path}/");
    let about = |e: &Entry| match &e.what {
        What::Write { object, .. } => object.as_str() == path,
        What::Rule { object, .. } => object.as_str() == path || object.as_str().starts_with(&part),
        _ => false,
    };
    let mut found = BTreeMap::new();
    for number in end.saturating_sub(LOOKED_THROUGH)..end {
        let Some(entry) = api.trace.get(Cause(number)).filter(|e| about(e)) else { continue };
        if found.is_empty() {
            let roots = api.trace.chain(entry.parent).filter(|(_, e)| !matches!(e.what, What::Start));
            found.extend(roots.map(|(c, e)| (c, step(e))));
        }
        found.insert(Cause(number), step(entry));
        if found.len() >= STEPS {
            break;
        }
    }
    Flow { steps: found.into_values().collect() }
}

/// The causes of the object's present state: for a pod, of the word that kubectl shows for it.
pub fn why(api: &ApiServer, path: &str) -> Chain {
    let Some(key) = key_of(path) else { return Chain { chain: Vec::new() } };
    let mut last = None;
    for change in changes(api).rev().filter(|c| c.new.kind == key.kind && c.new.key() == key) {
        last.get_or_insert(change.cause);
        if tells(change) {
            last = Some(change.cause);
            break;
        }
    }
    let chain = last.into_iter().flat_map(|c| api.trace.chain(c)).take(STEPS);
    Chain { chain: chain.map(|(_, e)| step(e)).collect() }
}

/// Whether a change is one that a person would ask about.
fn tells(change: &Change) -> bool {
    let Some(old) = &change.old else { return true };
    match change.new.kind {
        Kind::POD => {
            let (old, new) = (pod::line(old), pod::line(&change.new));
            (old.status, old.ready, old.restarts) != (new.status, new.ready, new.restarts)
        }
        _ => {
            old["spec"] != change.new["spec"]
                || old["status"]["conditions"] != change.new["status"]["conditions"]
        }
    }
}

fn step(entry: &Entry) -> Step {
    let mut step = Step {
        at: entry.at.0 as f64,
        actor: entry.actor.to_string(),
        kind: "start",
        text: String::new(),
        verb: String::new(),
        object: String::new(),
        revision: 0.0,
        rule: String::new(),
        values: Vec::new(),
    };
    match &entry.what {
        What::Start => {}
        What::Manifest { path, line } => (step.kind, step.text) = ("manifest", format!("{path}:{line}")),
        What::Command { line } => (step.kind, step.text) = ("command", line.to_string()),
        What::Write { verb, object, revision } => {
            step.kind = "write";
            step.verb = (*verb).to_string();
            step.object = object.to_string();
            step.revision = *revision as f64;
        }
        What::Rule { rule, object, values } => {
            step.kind = "rule";
            step.rule = (*rule).to_string();
            step.object = object.to_string();
            step.values = values.iter().map(|(k, v)| ((*k).to_string(), v.to_string())).collect();
        }
        What::Fault { text } => (step.kind, step.text) = ("fault", text.to_string()),
    }
    step
}
