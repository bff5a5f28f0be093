//! The messages about an object, read from the trace.

use crate::apiserver::ApiServer;
use crate::collections::BTreeMap;
use crate::trace::{Cause, Entry, What};
use crate::why::{Language, chain};
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
    /// What was done, as a sentence.
    pub said: String,
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
pub fn flow(api: &ApiServer, path: &str, language: &str) -> Flow {
    let language = Language::of(language);
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
            found.extend(roots.map(|(c, e)| (c, step(e, language))));
        }
        found.insert(Cause(number), step(entry, language));
        if found.len() >= STEPS {
            break;
        }
    }
    Flow { steps: found.into_values().collect() }
}

fn step(entry: &Entry, language: Language) -> Step {
    let mut step = Step {
        at: entry.at.0 as f64,
        actor: entry.actor.to_string(),
        kind: "start",
        said: chain::link(entry).sentence(language),
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
