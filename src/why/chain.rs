//! Chains of causes: from an entry of the trace to what began it, without what would only repeat itself.

use super::{Language, words};
use crate::api::{Kind, Text, Value, yaml};
use crate::apiserver::ApiServer;
use crate::collections::BTreeMap;
use crate::time::{Span, Time};
use crate::trace::{Cause, Entry, What};

/// How many trace entries a chain is followed through.
const FOLLOWED: usize = 20_000;
/// How many links a chain shows: the newest, and the beginning.
const SHOWN: usize = 60;
/// How far back an injected fault is looked for.
const FAULTS: u32 = 100_000;

/// How late a kubelet notices that a process has ended: a relist each second, and its work.
const NOTICED: Span = Span::secs(3);

/// A step of an explanation.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// When; `None` for what simply is so.
    pub at: Option<Time>,
    /// Who did it.
    pub actor: Text,
    /// The row of [`words`] that tells it.
    pub key: Text,
    /// What it is about: `pods/default/web`, perhaps with a container behind it.
    pub object: Text,
    /// Values for the sentence.
    pub values: Vec<(&'static str, Text)>,
    /// The revision of a write.
    pub revision: u64,
    /// How often the same had happened before in this chain.
    pub again: u32,
    /// The field of a manifest that decides it.
    pub place: Option<Place>,
}

/// A field of a manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The file, by its absolute path.
    pub path: Text,
    /// The line at which the object's document begins, counted from 1.
    pub document: u32,
    /// The field, e.g. `spec.containers[0].livenessProbe`; empty for the document itself.
    pub field: String,
}

impl Place {
    /// The line in the file's text, counted from 1, and what stands there. `None` if the text is no longer so.
    pub fn find(&self, text: &str) -> Option<(u32, String)> {
        let documents = yaml::read_documents(text, yaml::Limits::default());
        let mine = documents.iter().flatten().find(|d| d.first_line + 1 == self.document)?;
        let line = mine.find(&self.exact(&mine.value)?).0;
        let shown = text.lines().nth(line as usize)?;
        Some((line + 1, shown.trim().to_string()))
    }
}

impl Link {
    /// Something that simply is so.
    pub fn fact(key: &'static str, object: impl Into<Text>, values: Vec<(&'static str, Text)>) -> Link {
        Link {
            at: None,
            actor: Text::default(),
            key: Text::lit(key),
            object: object.into(),
            values,
            revision: 0,
            again: 0,
            place: None,
        }
    }

    /// The sentence.
    pub fn sentence(&self, language: Language) -> String {
        words::sentence(self, language)
    }

    /// The page of the Kubernetes documentation.
    pub fn doc(&self) -> Option<String> {
        words::doc(&self.key)
    }

    /// Whether a chain may end with it: a command, a manifest, a rule, a fault, or the beginning of the scenario.
    pub fn is_root(&self) -> bool {
        !self.key.starts_with("write.")
    }
}

/// The chain from a cause to what began it, newest first.
pub fn chain(api: &ApiServer, cause: Cause) -> Vec<Link> {
    let (mut links, mut head): (Vec<Link>, Option<Link>) = (Vec::new(), None);
    let mut seen: BTreeMap<(Text, Text), usize> = BTreeMap::new();
    let mut next = Some(cause);
    let mut followed = 0;
    while let Some(cause) = next {
        let Some(entry) = api.trace.get(cause) else {
            links.push(Link::fact("trace.cut", Text::default(), Vec::new()));
            break;
        };
        followed += 1;
        next = (cause != Cause::START && followed < FOLLOWED).then_some(entry.parent);
        if let Some(fault) = broken_node(api, cause, entry).or_else(|| killed(api, cause, entry)) {
            next = Some(fault);
        }
        let link = link(entry);
        if tells_nothing(&link, &links) {
            head.get_or_insert(link);
            continue;
        }
        let id = (link.key.clone(), link.object.clone());
        match seen.get(&id) {
            Some(at) => links[*at].again += 1,
            None => {
                seen.insert(id, links.len());
                links.push(link);
            }
        }
    }
    if links.is_empty() {
        links.extend(head);
    }
    if links.len() > 1 && links.last().is_some_and(|l| l.key == "start") && links[links.len() - 2].is_root() {
        links.pop();
    }
    if links.len() > SHOWN {
        let tail = links.split_off(links.len() - SHOWN / 4);
        links.truncate(SHOWN - SHOWN / 4);
        links.extend(tail);
    }
    place_all(&mut links);
    links
}

/// Finds the deciding fields of facts in the manifest that a chain comes from.
pub fn place_facts(facts: &mut Vec<Link>, chain: &[Link]) {
    let own = facts.len();
    facts.extend(chain.iter().cloned());
    place_all(facts);
    facts.truncate(own);
}

/// Writes that the links around them tell already, and the scenario's start behind anything else.
fn tells_nothing(link: &Link, before: &[Link]) -> bool {
    let key = link.key.as_str();
    let about = |object: &str| object.starts_with("events/") || object.starts_with("leases/");
    match key {
        "write.status" | "write.binding" => true,
        _ if key.starts_with("write.") => about(&link.object),
        "runtime.answered" | "scheduler.requeue" => {
            before.last().is_some_and(|l| l.object == link.object && l.key == key)
        }
        _ => false,
    }
}

/// The link that an entry of the trace makes.
pub fn link(entry: &Entry) -> Link {
    let mut link = Link {
        at: Some(entry.at),
        actor: entry.actor.clone(),
        ..Link::fact("start", Text::default(), Vec::new())
    };
    match &entry.what {
        What::Start => {}
        What::Command { line } => {
            link.key = Text::lit("command");
            link.values.push(("line", line.clone()));
        }
        What::Manifest { path, line } => {
            link.key = Text::lit("manifest");
            let shown = path.strip_prefix("/root/").unwrap_or(path);
            link.values = vec![("file", Text::from(shown)), ("line", Text::from(line.to_string()))];
            link.place = Some(Place { path: path.clone(), document: *line, field: String::new() });
        }
        What::Write { verb, object, revision } => {
            link.key = Text::from(format!("write.{verb}"));
            link.object = object.clone();
            link.revision = *revision;
        }
        What::Rule { rule, object, values } => {
            link.key = Text::lit(rule);
            link.object = object.clone();
            link.values = values.clone();
        }
        What::Fault { text } => {
            let words: Vec<&str> = text.split(' ').collect();
            let machine = matches!(words.as_slice(), ["node", _, "add" | "resize" | "remove", ..]);
            link.key = Text::lit(if machine { "machine" } else { "fault" });
            link.values.push(("text", text.clone()));
        }
    }
    link
}

/// A node's silence has no cause that a controller could know; the trace knows the fault that broke the node.
fn broken_node(api: &ApiServer, cause: Cause, entry: &Entry) -> Option<Cause> {
    let What::Rule { rule: "node.health", object, .. } = &entry.what else { return None };
    let name = object.strip_prefix("nodes/")?;
    (cause.0.saturating_sub(FAULTS)..cause.0).rev().map(Cause).find(|c| {
        match api.trace.get(*c).map(|e| &e.what) {
            Some(What::Fault { text }) => {
                let words: Vec<&str> = text.split_whitespace().collect();
                matches!(words.as_slice(), ["node" | "kubelet" | "runtime", n, "down" | "stop"] if *n == name)
            }
            _ => false,
        }
    })
}

/// A kubelet sees that a process ended, not by whose hand; the trace knows the fault that killed it.
fn killed(api: &ApiServer, cause: Cause, entry: &Entry) -> Option<Cause> {
    let What::Rule { rule: "container.exited" | "container.completed", object, .. } = &entry.what else {
        return None;
    };
    let name = object.split('/').nth(2)?;
    let recent = (cause.0.saturating_sub(FAULTS)..cause.0).rev().map(Cause);
    let mut recent =
        recent.map_while(|c| api.trace.get(c).filter(|e| entry.at.since(e.at) <= NOTICED).map(|e| (c, e)));
    let kills = |e: &Entry| match &e.what {
        What::Fault { text } => {
            text.starts_with("kill ") && text.split(' ').any(|w| w.strip_prefix("pod/").unwrap_or(w) == name)
        }
        _ => false,
    };
    recent.find(|(_, e)| kills(e)).map(|(c, _)| c)
}

/// Finds for each link the field of the manifest, if the chain comes from one, that decides it.
fn place_all(links: &mut [Link]) {
    let Some(i) = links.iter().position(|l| l.key == "manifest") else { return };
    let Some(place) = links[i].place.clone() else { return };
    let kind = links[..i].iter().rev().find(|l| l.key.starts_with("write.")).and_then(|l| kind_of(&l.object));
    let Some(kind) = kind else { return };
    for link in &mut links[..i] {
        let field = field(link, kind);
        link.place = field.map(|field| Place { field, ..place.clone() });
    }
}

fn kind_of(path: &str) -> Option<Kind> {
    Kind::of_plural(path.split('/').next()?, None)
}

/// The field that decides a rule, in a manifest of a kind.
fn field(link: &Link, kind: Kind) -> Option<String> {
    let value = |name: &str| link.values.iter().find(|(k, _)| *k == name).map_or("", |(_, v)| v.as_str());
    let container = value("container");
    let (of, field) = words::field(&link.key)?;
    let pod_spec = match kind {
        Kind::POD => "spec".to_string(),
        Kind::CRON_JOB => "spec.jobTemplate.spec.template.spec".to_string(),
        _ => "spec.template.spec".to_string(),
    };
    let probe = value("probe");
    if link.key == "fact.filtered" {
        let field = match value("plugin") {
            "NodeAffinity" => "nodeSelector",
            "TaintToleration" => "tolerations",
            "NodeResourcesFit" => "containers",
            "NodeName" => "nodeName",
            "PodTopologySpread" => "topologySpreadConstraints",
            "InterPodAffinity" => "affinity",
            "VolumeBinding" | "VolumeRestrictions" => "volumes",
            _ => return None,
        };
        return Some(format!("{pod_spec}.{field}"));
    }
    let field = match (field, probe.chars().next()) {
        ("{probe}", Some(first)) => format!("{}{}Probe", first.to_lowercase(), &probe[first.len_utf8()..]),
        _ => field.to_string(),
    };
    match of {
        words::Of::Object => Some(format!("spec.{field}")),
        words::Of::Pod => Some(format!("{pod_spec}.{field}")),
        words::Of::Container if container.is_empty() => None,
        words::Of::Container => Some(format!("{pod_spec}.containers[name={container}].{field}")),
    }
}

impl Place {
    /// The path of the field in a document; of its container where the manifest leaves the field to its default.
    fn exact(&self, document: &Value) -> Option<String> {
        if self.field.is_empty() {
            return Some("kind".to_string());
        }
        let field = by_index(&self.field, document);
        let there = document.at(&field.replace('[', ".").replace(']', "")).is_some();
        if there { Some(field) } else { Some(format!("{}]", &field[..field.find(']')?])) }
    }
}

/// Turns `containers[name=web]` into a place in the list, as the reader of YAML wants it.
fn by_index(field: &str, document: &Value) -> String {
    let Some((before, rest)) = field.split_once("[name=") else { return field.to_string() };
    let Some((name, after)) = rest.split_once(']') else { return field.to_string() };
    let section = before.rsplit_once('.').map_or("", |(s, _)| s);
    for list in ["containers", "initContainers"] {
        let items = document.at(&format!("{section}.{list}"));
        if let Some(i) = items.items().iter().position(|c| c["name"].str() == name) {
            return format!("{section}.{list}[{i}]{after}");
        }
    }
    section.to_string()
}
