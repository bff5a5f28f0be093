//! Why an object is as it is, for the page: questions, facts and chains as sentences with their places.

use crate::cluster::Cluster;
use crate::why::{self, Answer, Language, Link, Sources};
use serde::Serialize;

/// What can be asked, with the answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    /// Most telling first.
    pub answers: Vec<Answered>,
}

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answered {
    /// The question.
    pub ask: String,
    /// What is so.
    pub facts: Vec<Told>,
    /// What brought it about, newest first.
    pub chain: Vec<Told>,
}

/// A sentence of an answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    /// The sentence.
    pub text: String,
    /// When; nothing for what simply is so.
    pub at: Option<f64>,
    /// Who.
    pub actor: String,
    /// Its key: what it is, whatever the language.
    pub key: String,
    /// `pods/default/web`.
    pub object: String,
    /// The revision that a write made; 0 otherwise.
    pub revision: f64,
    /// The page of the Kubernetes documentation.
    pub doc: Option<String>,
    /// The file, line and text that decide it.
    pub place: Option<(String, u32, String)>,
}

/// The answers about the object of a path such as `pods/default/web`, or about `revision/N`.
pub fn why(cluster: &Cluster, path: &str, language: &str) -> Why {
    let sources = Sources { api: &cluster.api, scheduler: &cluster.scheduler };
    let language = Language::of(language);
    let answers = match path.strip_prefix("revision/").map(str::parse) {
        Some(revision) => revision.ok().and_then(|r| why::revision(sources, r)).into_iter().collect(),
        None => super::key_of(path).map(|key| why::questions(sources, &key)).unwrap_or_default(),
    };
    Why { answers: answers.iter().map(|a| answered(cluster, a, language)).collect() }
}

fn answered(cluster: &Cluster, answer: &Answer, language: Language) -> Answered {
    let all = |links: &[Link]| links.iter().map(|l| told(cluster, l, language)).collect();
    Answered { ask: answer.ask.sentence(language), facts: all(&answer.facts), chain: all(&answer.chain) }
}

/// A link for the page.
pub fn told(cluster: &Cluster, link: &Link, language: Language) -> Told {
    let place = link.place.as_ref().and_then(|place| {
        let text = super::read_file(cluster, &place.path)?;
        let (line, shown) = place.find(&text)?;
        let name = place.path.strip_prefix("/root/").unwrap_or(&place.path);
        Some((name.to_string(), line, shown))
    });
    Told {
        text: link.sentence(language),
        at: link.at.map(|t| t.0 as f64),
        actor: link.actor.to_string(),
        key: link.key.to_string(),
        object: link.object.to_string(),
        revision: link.revision as f64,
        doc: link.doc(),
        place,
    }
}
