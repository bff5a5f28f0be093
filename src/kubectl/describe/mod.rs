//! `kubectl describe`: an object and what belongs to it, as sections of text.
//!
//! One file for each family of kinds. Describers write lines with tabs; [`tabwriter`] aligns them. What they
//! need besides the object (events, pods of a node, endpoints of a service) comes from a [`Source`].

mod access;
mod config;
mod containers;
mod network;
mod node;
mod pod;
mod policy;
mod storage;
mod volumes;
mod workloads;

use crate::api::{Kind, Object, Text, Value};
use crate::collections::Order;
use crate::kubectl::print::age;
use crate::kubectl::tabwriter;

/// Where related objects come from.
pub trait Source {
    /// The objects of a kind, in a namespace or in all.
    fn list(&mut self, kind: Kind, namespace: Option<&str>) -> Vec<Object>;
    /// One object.
    fn get(&mut self, kind: Kind, namespace: &str, name: &str) -> Option<Object>;
}

/// Longest line of an annotation that is shown whole (describe.go `maxAnnotationLen`).
const MAX_ANNOTATION: usize = 140;
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A describer's surroundings: the text so far, the clock, where related objects come from.
pub struct Writer<'a> {
    text: String,
    now: i64,
    source: &'a mut dyn Source,
    events: bool,
}

/// Describes an object. `now` is in microseconds since 1970; `events` says whether events are listed.
pub fn describe(object: &Object, source: &mut dyn Source, now: i64, events: bool) -> String {
    let mut w = Writer { text: String::new(), now, source, events };
    match object.kind {
        Kind::POD => pod::describe(&mut w, object),
        Kind::NODE => node::describe(&mut w, object),
        Kind::DEPLOYMENT => workloads::deployment(&mut w, object),
        Kind::REPLICA_SET | Kind::REPLICATION_CONTROLLER => workloads::replica_set(&mut w, object),
        Kind::STATEFUL_SET => workloads::stateful_set(&mut w, object),
        Kind::DAEMON_SET => workloads::daemon_set(&mut w, object),
        Kind::JOB => workloads::job(&mut w, object),
        Kind::CRON_JOB => workloads::cron_job(&mut w, object),
        Kind::SERVICE => network::service(&mut w, object),
        Kind::ENDPOINTS => network::endpoints(&mut w, object),
        Kind::ENDPOINT_SLICE => network::endpoint_slice(&mut w, object),
        Kind::INGRESS => network::ingress(&mut w, object),
        Kind::NETWORK_POLICY => network::network_policy(&mut w, object),
        Kind::CONFIG_MAP => config::config_map(&mut w, object),
        Kind::SECRET => config::secret(&mut w, object),
        Kind::SERVICE_ACCOUNT => config::service_account(&mut w, object),
        Kind::NAMESPACE => config::namespace(&mut w, object),
        Kind::RESOURCE_QUOTA => config::resource_quota(&mut w, object),
        Kind::LIMIT_RANGE => config::limit_range(&mut w, object),
        Kind::PERSISTENT_VOLUME => storage::volume(&mut w, object),
        Kind::PERSISTENT_VOLUME_CLAIM => storage::claim(&mut w, object),
        Kind::STORAGE_CLASS => storage::class(&mut w, object),
        Kind::HPA => policy::autoscaler(&mut w, object),
        Kind::PDB => policy::disruption_budget(&mut w, object),
        Kind::PRIORITY_CLASS => policy::priority_class(&mut w, object),
        Kind::ROLE | Kind::CLUSTER_ROLE => access::role(&mut w, object),
        Kind::ROLE_BINDING | Kind::CLUSTER_ROLE_BINDING => access::binding(&mut w, object),
        _ => generic(&mut w, object),
    }
    tabwriter::layout(&w.text)
}

/// A pod template as `rollout history --revision` shows it: with bare tabs.
pub fn template(template: &Value) -> String {
    struct Nothing;
    impl Source for Nothing {
        fn list(&mut self, _: Kind, _: Option<&str>) -> Vec<Object> {
            vec![]
        }
        fn get(&mut self, _: Kind, _: &str, _: &str) -> Option<Object> {
            None
        }
    }
    let mut w = Writer { text: String::new(), now: 0, source: &mut Nothing, events: false };
    containers::template(&mut w, template);
    w.text
}

impl Writer<'_> {
    /// A line, indented by two spaces for each level.
    fn line(&mut self, level: usize, text: &str) {
        self.put(level, text);
        self.text.push('\n');
    }

    /// Text without an end of line.
    fn put(&mut self, level: usize, text: &str) {
        for _ in 0..level {
            self.text.push_str("  ");
        }
        self.text.push_str(text);
    }

    /// `Title:\tvalue`.
    fn field(&mut self, level: usize, title: &str, value: &str) {
        self.put(level, title);
        self.text.push_str(":\t");
        self.text.push_str(value);
        self.text.push('\n');
    }

    /// A field that is left out if it is empty.
    fn optional(&mut self, level: usize, title: &str, value: &str) {
        if !value.is_empty() {
            self.field(level, title, value);
        }
    }

    /// `title:\tk=v` with further pairs below.
    fn labels(&mut self, title: &str, labels: &Value) {
        let pairs: Vec<String> = labels.entries().map(|(k, v)| format!("{k}={}", scalar(v))).collect();
        self.column(title, &pairs);
    }

    /// `title:\tfirst` with the rest below it, or `<none>`.
    fn column(&mut self, title: &str, lines: &[String]) {
        self.put(0, title);
        self.text.push_str(":\t");
        if lines.is_empty() {
            self.text.push_str("<none>\n");
        }
        for (i, line) in lines.iter().enumerate() {
            if i > 0 {
                self.text.push('\t');
            }
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    /// Annotations, without the one that `kubectl apply` keeps for itself.
    fn annotations(&mut self, title: &str, annotations: &Value) {
        let mut lines = Vec::new();
        for (key, value) in annotations.entries().filter(|(k, _)| k.as_str() != LAST_APPLIED) {
            let value = value.str().strip_suffix('\n').unwrap_or(value.str());
            if value.len() + key.len() + 2 > MAX_ANNOTATION || value.contains('\n') {
                lines.push(format!("{key}:"));
                lines.extend(value.split('\n').map(|l| format!("  {}", shorten(l, MAX_ANNOTATION - 2))));
            } else {
                lines.push(format!("{key}: {value}"));
            }
        }
        self.column(title, &lines);
    }

    /// Tolerations in order of their keys.
    fn tolerations(&mut self, title: &str, tolerations: &Value) {
        let mut sorted: Vec<&Value> = tolerations.items().iter().collect();
        sorted.order_by_key(|t| t["key"].str().to_string());
        let lines: Vec<String> = sorted.into_iter().map(toleration).collect();
        self.column(title, &lines);
    }

    /// The section of events about an object.
    fn events(&mut self, object: &Object) {
        if !self.events {
            return;
        }
        let namespace = if object.namespace().is_empty() { "default" } else { object.namespace() };
        let mut events = self.source.list(Kind::EVENT, Some(namespace));
        // Some components give a node's name as its uid. Events of kubelets about nodes have none and are not
        // shown (recording 40).
        let uid = object.uid().to_string();
        events.retain(|e| {
            e.at("involvedObject.name").str() == object.name()
                && e.at("involvedObject.kind").str() == object.kind.info().kind
                && (e.at("involvedObject.uid").str() == uid
                    || object.kind == Kind::NODE && e.at("involvedObject.uid").str() == object.name())
        });
        if events.is_empty() {
            self.line(0, "Events:\t<none>");
            return;
        }
        // The same order as upstream's stable sort by the time last seen.
        events.order_by_key(last_seen);
        self.line(0, "Events:");
        self.line(1, "Type\tReason\tAge\tFrom\tMessage");
        self.line(1, "----\t------\t----\t----\t-------");
        for e in &events {
            let from = [e.at("source.component").str(), e["reportingComponent"].str()];
            let from = from.into_iter().find(|f| !f.is_empty()).unwrap_or("").to_string();
            let path = e.at("involvedObject.fieldPath").str();
            let prefix = if path.is_empty() { String::new() } else { format!("{path}: ") };
            let (kind, reason) = (e["type"].str().to_string(), e["reason"].str().to_string());
            let message = e["message"].str().trim().replace('\t', " ");
            let age = self.event_age(e);
            self.line(1, &format!("{kind}\t{reason}\t{age}\t{from}\t{prefix}{message}"));
        }
    }

    fn event_age(&self, e: &Object) -> String {
        let first = if e["eventTime"].is_some() { &e["eventTime"] } else { &e["firstTimestamp"] };
        let first = age::since(first, self.now);
        let series = &e["series"];
        if series.is_some() {
            let last = age::since(&series["lastObservedTime"], self.now);
            return format!("{last} (x{} over {first})", series["count"].int_or(0));
        }
        match e["count"].int_or(0) {
            n if n > 1 => format!("{} (x{n} over {first})", age::since(&e["lastTimestamp"], self.now)),
            _ => first,
        }
    }

    /// The age of a time stamp.
    fn since(&self, stamp: &Value) -> String {
        age::since(stamp, self.now)
    }
}

fn last_seen(e: &Object) -> Text {
    let times = [e.at("series.lastObservedTime"), &e["lastTimestamp"], &e["eventTime"]];
    times.into_iter().find(|t| t.is_some()).map(Value::text).unwrap_or_default()
}

fn toleration(t: &Value) -> String {
    let mut s = t["key"].str().to_string();
    if !t["value"].is_empty() {
        s += &format!("={}", t["value"].str());
    }
    if !t["effect"].is_empty() {
        s += &format!(":{}", t["effect"].str());
    }
    if t["operator"].str() == "Exists" && t["value"].is_empty() {
        s += if s.is_empty() { "op=Exists" } else { " op=Exists" };
    }
    if let Some(n) = t["tolerationSeconds"].as_int() {
        s += &format!(" for {n}s");
    }
    s
}

/// A scalar as Go's `%v` prints it.
fn scalar(v: &Value) -> String {
    match v {
        Value::Str(s) => s.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Float(f) => crate::api::json::print_float(*f),
        Value::Null => String::new(),
        other => crate::api::json::print(other),
    }
}

fn shorten(s: &str, max: usize) -> String {
    if s.len() <= max {
        return s.to_string();
    }
    let end = (0..=max).rev().find(|i| s.is_char_boundary(*i)).unwrap_or(0);
    format!("{}...", &s[..end])
}

/// A time stamp as `Mon, 02 Jan 2006 15:04:05 -0700`.
fn date(stamp: &Value) -> String {
    age::rfc1123(stamp.str())
}

/// `value`, or another text if it is empty.
fn or<'t>(value: &'t str, other: &'t str) -> &'t str {
    if value.is_empty() { other } else { value }
}

/// A label selector as text: `a=b,c in (d,e)`, or `<none>`.
fn selector(v: &Value) -> String {
    let text = crate::api::labels::Selector::of_object(v).to_string();
    or(&text, "<none>").to_string()
}

/// Name, namespace, labels, annotations: how most kinds begin.
fn head(w: &mut Writer, o: &Object) {
    w.field(0, "Name", o.name());
    w.optional(0, "Namespace", o.namespace());
    w.labels("Labels", o.at("metadata.labels"));
    w.annotations("Annotations", o.at("metadata.annotations"));
}

/// Kinds without a describer of their own: every field by name (describe.go `genericDescriber`).
fn generic(w: &mut Writer, o: &Object) {
    w.field(0, "Name", o.name());
    w.field(0, "Namespace", o.namespace());
    w.labels("Labels", o.at("metadata.labels"));
    w.annotations("Annotations", o.at("metadata.annotations"));
    let mut rest = o.value.clone();
    for path in [
        "metadata.managedFields",
        "metadata.name",
        "metadata.namespace",
        "metadata.labels",
        "metadata.annotations",
    ] {
        rest.remove(path);
    }
    tree(w, 0, &rest);
    w.events(o);
}

/// How deep a generic tree is printed; documents are read under a lower limit.
const MAX_DEPTH: usize = 64;

fn tree(w: &mut Writer, level: usize, v: &Value) {
    if level > MAX_DEPTH {
        return;
    }
    for (key, value) in v.entries() {
        let title = title(key);
        match value {
            Value::Map(_) => {
                w.line(level, &format!("{title}:"));
                tree(w, level + 1, value);
            }
            Value::List(items) => {
                w.line(level, &format!("{title}:"));
                for item in items.iter() {
                    match item {
                        Value::Map(_) => tree(w, level + 1, item),
                        other => w.line(level + 1, &scalar(other)),
                    }
                }
            }
            Value::Null => w.line(level, &format!("{title}:\t<nil>")),
            other => w.field(level, &title, &scalar(other)),
        }
    }
}

/// `observedGeneration` → `Observed Generation`, `apiVersion` → `API Version`.
fn title(key: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for c in key.chars() {
        match words.last_mut() {
            Some(last) if !c.is_uppercase() || last.chars().all(char::is_uppercase) && last.len() > 1 => {
                last.push(c)
            }
            _ => words.push(c.to_uppercase().collect()),
        }
    }
    let text = words.join(" ");
    if text.starts_with("Api ") { text.replacen("Api", "API", 1) } else { text.replace("Uid", "UID") }
}
