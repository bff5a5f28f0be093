//! Events as the scheduler records them: through `events.k8s.io`, unlike the other components.
//!
//! Such events carry `eventTime` and `action` instead of first and last timestamps. A repeat about the same
//! revision of the object makes a series of two; after that the series is only refreshed every half an
//! hour (client-go `tools/events`), which is not simulated.

use crate::api::{Kind, Object, Text, Value};
use crate::apiserver::ApiServer;
use crate::collections::BTreeMap;
use crate::map;
use crate::rng::Rng;

/// How many events are remembered to recognise repeats.
const REMEMBERED: usize = 4096;
const COMPONENT: &str = "default-scheduler";

/// An event to be recorded.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// `Normal` or `Warning`.
    pub kind: &'static str,
    /// e.g. `Scheduled`.
    pub reason: &'static str,
    /// `Scheduling`, `Binding` or `Preempting`.
    pub action: &'static str,
    /// The sentence.
    pub note: &'a str,
}

/// The scheduler's recorder.
#[derive(Clone, Debug)]
pub struct Recorder {
    instance: Text,
    seen: BTreeMap<(Text, Text, &'static str), Seen>,
    names: Rng,
}

#[derive(Clone, Debug)]
struct Seen {
    name: Text,
    in_series: bool,
}

impl Recorder {
    /// A recorder that remembers nothing.
    pub fn new(seed: u64, host: Text) -> Recorder {
        let instance = Text::from(format!("{COMPONENT}-{host}"));
        Recorder { instance, seen: BTreeMap::new(), names: Rng::stream(seed, "default-scheduler events") }
    }

    /// Records an event about a pod.
    pub fn record(&mut self, api: &mut ApiServer, pod: &Object, event: &Event<'_>) {
        let key = (pod.at("metadata.uid").text(), pod.at("metadata.resourceVersion").text(), event.reason);
        if let Some(seen) = self.seen.get_mut(&key) {
            if !seen.in_series {
                seen.in_series = true;
                let stamp = api.micro_timestamp();
                let name = crate::api::object::Key::new(Kind::EVENT, pod.namespace(), seen.name.clone());
                // The event may have expired; then there is nothing to count up.
                let _ = api.modify(&name, |e| {
                    e.set("series", map! { "count" => 2, "lastObservedTime" => stamp });
                });
            }
            return;
        }
        let name = Text::from(format!(
            "{}.{:016x}",
            pod.name(),
            0x18_0000_0000_0000_u64 + (api.now.0 << 10) + self.names.below(1024)
        ));
        let object = new_event(api, pod, event, &name, &self.instance);
        if api.create(object).is_ok() {
            if self.seen.len() == REMEMBERED {
                self.seen.pop_first();
            }
            self.seen.insert(key, Seen { name, in_series: false });
        }
    }
}

fn new_event(api: &ApiServer, pod: &Object, event: &Event<'_>, name: &Text, instance: &Text) -> Object {
    let tree = map! {
        "metadata" => map! { "name" => name, "namespace" => pod.namespace() },
        "involvedObject" => reference(pod),
        "reason" => event.reason,
        "message" => event.note,
        "source" => map! {},
        "firstTimestamp" => Value::Null,
        "lastTimestamp" => Value::Null,
        "type" => event.kind,
        "eventTime" => api.micro_timestamp(),
        "action" => event.action,
        "reportingComponent" => COMPONENT,
        "reportingInstance" => instance,
    };
    Object::new(Kind::EVENT, tree)
}

fn reference(o: &Object) -> Value {
    let info = o.kind.info();
    map! {
        "kind" => info.kind, "apiVersion" => info.api_version, "name" => o.name(),
        "namespace" => o.namespace(), "uid" => o.uid(),
        "resourceVersion" => o.at("metadata.resourceVersion"),
    }
}
