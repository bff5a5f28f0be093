//! Event objects, as the recorders of Kubernetes' components write them.
//!
//! A component records through [`ApiServer::record`]; the correlator counts repeats of the same event up
//! (`count`, `lastTimestamp`), folds many similar ones together and drops floods, with the limits of
//! client-go's `tools/record/events_cache.go`.

use super::ApiServer;
use crate::api::object::Key;
use crate::api::{Kind, Object, Text, Value};
use crate::collections::BTreeMap;
use crate::map;
use crate::time::{Span, Time};

/// client-go `maxLruCacheEntries` bounds what a recorder remembers.
const REMEMBERED: usize = 4096;
/// client-go `defaultSpamBurst`: events of one type about one object from one source at once …
const SPAM_BURST: f64 = 25.0;
/// … and `defaultSpamQPS`: one more in five minutes.
const SPAM_REFILL: Span = Span::secs(300);
/// client-go `defaultAggregateMaxEvents`: from the tenth similar event (within [`AGGREGATE_WINDOW`]) on,
/// they are folded into one "(combined from similar events)".
const AGGREGATE_MAX: usize = 10;
/// client-go `defaultAggregateIntervalInSeconds`.
const AGGREGATE_WINDOW: Span = Span::secs(600);

/// An event to be recorded.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    /// What it is about.
    pub regarding: &'a Object,
    /// The part of it: `spec.containers{web}`, or empty.
    pub field_path: &'a str,
    /// `Normal` or `Warning`.
    pub kind: &'static str,
    /// e.g. `Started`.
    pub reason: &'static str,
    /// The sentence.
    pub message: &'a str,
    /// The component: `kubelet`, `default-scheduler`, `deployment-controller`.
    pub component: &'static str,
    /// The node that it runs on, for kubelets; else empty.
    pub host: &'a str,
}

/// What the recorders remember.
#[derive(Clone, Debug)]
pub struct Correlator {
    seen: BTreeMap<Text, Key>,
    similar: BTreeMap<Text, Similar>,
    spam: BTreeMap<Text, (f64, Time)>,
}

#[derive(Clone, Debug)]
struct Similar {
    messages: Vec<Text>,
    last: Time,
}

impl Correlator {
    /// Nothing remembered.
    pub fn new() -> Correlator {
        Correlator { seen: BTreeMap::new(), similar: BTreeMap::new(), spam: BTreeMap::new() }
    }

    /// Whether the token bucket of (source, object, type) has run dry.
    fn is_spam(&mut self, key: Text, now: Time) -> bool {
        let (tokens, last) = self.spam.get(&key).copied().unwrap_or((SPAM_BURST, now));
        let refilled = tokens + now.since(last).as_secs_f64() / SPAM_REFILL.as_secs_f64();
        let tokens = refilled.min(SPAM_BURST);
        let spam = tokens < 1.0;
        trim(&mut self.spam);
        self.spam.insert(key, (if spam { tokens } else { tokens - 1.0 }, now));
        spam
    }

    /// The message under which a similar event is counted: its own, or the combined one.
    fn combined(&mut self, key: Text, message: &str, now: Time) -> Option<String> {
        trim(&mut self.similar);
        let similar = self.similar.entry(key).or_insert_with(|| Similar { messages: Vec::new(), last: now });
        if now.since(similar.last) > AGGREGATE_WINDOW {
            similar.messages.clear();
        }
        similar.last = now;
        if !similar.messages.iter().any(|m| *m == message) {
            if similar.messages.len() >= AGGREGATE_MAX {
                similar.messages.remove(0);
            }
            similar.messages.push(Text::from(message));
        }
        (similar.messages.len() >= AGGREGATE_MAX)
            .then(|| format!("(combined from similar events): {message}"))
    }
}

impl Default for Correlator {
    fn default() -> Self {
        Correlator::new()
    }
}

fn trim<V: Clone>(map: &mut BTreeMap<Text, V>) {
    if map.len() >= REMEMBERED {
        map.pop_first();
    }
}

impl ApiServer {
    /// Records an event: counts a repeat up or creates a new Event object.
    pub fn record(&mut self, e: &NewEvent<'_>) {
        let object = e.regarding.key();
        let source = format!("{}/{}", e.component, e.host);
        let about = format!("{}/{}", object.path(), e.regarding.uid());
        if self.events.is_spam(Text::from(format!("{source}|{about}|{}", e.kind)), self.now) {
            return;
        }
        let group = format!("{source}|{about}|{}|{}", e.kind, e.reason);
        let combined = self.events.combined(Text::from(group.as_str()), e.message, self.now);
        let identity = match &combined {
            Some(_) => Text::from(group),
            None => Text::from(format!("{group}|{}|{}", e.field_path, e.message)),
        };
        let message = combined.as_deref().unwrap_or(e.message);
        let known = self.events.seen.get(&identity).cloned();
        if let Some(key) = known
            && let Some(old) = self.store.get(&key)
        {
            let mut event = old.clone();
            event.set("count", old["count"].int_or(1) + 1);
            event.set("lastTimestamp", self.timestamp());
            event.set("message", message);
            self.write_event(event, &identity);
            return;
        }
        let event = self.new_event(e, message);
        self.write_event(event, &identity);
    }

    fn new_event(&mut self, e: &NewEvent<'_>, message: &str) -> Object {
        let o = e.regarding;
        let info = o.kind.info();
        let namespace = if o.namespace().is_empty() { "default" } else { o.namespace() };
        let mut involved = map! { "kind" => info.kind, "apiVersion" => info.api_version, "name" => o.name() };
        if !o.uid().is_empty() {
            involved.set("uid", o.uid());
        }
        if !o.namespace().is_empty() {
            involved.set("namespace", o.namespace());
        }
        if o.kind != Kind::NODE && o.at("metadata.resourceVersion").is_some() {
            involved.set("resourceVersion", o.at("metadata.resourceVersion"));
        }
        if !e.field_path.is_empty() {
            involved.set("fieldPath", e.field_path);
        }
        let mut source = map! { "component" => e.component };
        if !e.host.is_empty() {
            source.set("host", e.host);
        }
        // The instant in nanoseconds, of which the last digits are drawn; no two events are the same.
        let mut instant = 0x18_0000_0000_0000_u64 + (self.now.0 << 10) + self.uids.below(1024);
        let named = |instant: u64| format!("{}.{instant:016x}", o.name());
        while self.store.get(&Key::new(Kind::EVENT, namespace, named(instant))).is_some() {
            instant += 1;
        }
        let name = named(instant);
        let stamp = self.timestamp();
        Object::new(
            Kind::EVENT,
            map! {
                "metadata" => map! { "name" => name, "namespace" => namespace },
                "involvedObject" => involved,
                "reason" => e.reason,
                "message" => message,
                "source" => source,
                "firstTimestamp" => &stamp,
                "lastTimestamp" => &stamp,
                "count" => 1,
                "type" => e.kind,
                "eventTime" => Value::Null,
                "reportingComponent" => e.component,
                "reportingInstance" => e.host,
            },
        )
    }

    fn write_event(&mut self, event: Object, identity: &Text) {
        let key = event.key();
        let written = if self.store.get(&key).is_some() { self.update(event) } else { self.create(event) };
        if written.is_ok() {
            trim(&mut self.events.seen);
            self.events.seen.insert(identity.clone(), key);
        }
    }
}
