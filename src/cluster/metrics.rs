//! The metrics server, where a scenario runs one (`settings: {metricsServer: true}`): every fifteen seconds it
//! asks the nodes what they and their containers use. `kubectl top` shows it, and autoscalers act upon it.
//!
//! Use is that of the instant at which it is asked for; a real server averages processor time since it asked last.

use super::{Cluster, Due};
use crate::api::object::Key;
use crate::api::{Kind, Object, Request, Response, Status, Text, Value};
use crate::apiserver::ApiServer;
use crate::collections::BTreeMap;
use crate::cri::{ContainerState, ContainerStatus, Usage};
use crate::map;
use crate::time::{Span, Time};
use crate::trace::Cause;

/// metrics-server `--metric-resolution`, as its manifests set it.
pub(super) const RESOLUTION: Span = Span::secs(15);

/// What was seen last.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    at: Time,
    nodes: BTreeMap<Text, Usage>,
    pods: BTreeMap<Key, Vec<(Text, Usage)>>,
}

impl Cluster {
    /// Asks all nodes that can be reached, and is due again.
    pub(super) fn scrape(&mut self) {
        self.agenda.set(self.now + RESOLUTION, Cause::START, Due::Metrics);
        let ready = |o: &&Object| o.condition_true("Ready");
        let names: Vec<Text> =
            self.api.store.list(Kind::NODE, None).filter(ready).map(|o| Text::from(o.name())).collect();
        let mut seen = Metrics { at: self.now, ..Metrics::default() };
        for name in names {
            if let Some(node) = self.runtime.node(&name) {
                seen.nodes.insert(name, self.runtime.node_usage(&self.world, node));
            }
        }
        for pod in self.api.store.list(Kind::POD, None) {
            if !seen.nodes.contains_key(pod.at("spec.nodeName").str()) {
                continue;
            }
            let used = self.use_of(pod.uid());
            if !used.is_empty() {
                seen.pods.insert(pod.key(), used);
            }
        }
        let before = self.metrics.replace(seen).unwrap_or_default();
        let now = self.metrics.iter().flat_map(|m| m.pods.iter());
        let reports: Vec<(Key, i64)> =
            now.map(|(key, used)| (key.clone(), used.iter().map(|(_, u)| u.cpu as i64).sum())).collect();
        for key in before.pods.keys() {
            self.controllers.report_cpu(key.clone(), None);
        }
        for (key, milli) in reports {
            self.controllers.report_cpu(key, Some(milli));
        }
    }

    /// What the containers of a pod use that have run since the time before.
    fn use_of(&self, uid: &str) -> Vec<(Text, Usage)> {
        let settled = |c: &ContainerStatus| {
            c.state == ContainerState::Running && c.started_at.is_some_and(|at| at + RESOLUTION <= self.now)
        };
        let own = self.runtime.of_pod(uid).into_iter().filter(settled);
        own.map(|c| (c.name.clone(), self.runtime.usage(&self.world, c.id))).collect()
    }
}

impl Metrics {
    /// The answer to a list of `metrics.k8s.io`: the objects that the request selects, with what they use.
    pub(super) fn answer(&self, api: &mut ApiServer, mut request: Request) -> Response {
        request.subresource = "";
        let (objects, revision) = match api.request(&request) {
            Response::List(objects, revision) => (objects, revision),
            other => return other,
        };
        let stamp = api.epoch.rfc3339(self.at);
        let told = objects.into_iter().filter_map(|o| {
            let metadata = map! { "name" => o.name(), "namespace" => o.namespace() };
            let value = match o.kind {
                Kind::NODE => map! { "usage" => usage(self.nodes.get(o.name())?) },
                _ => {
                    let used = self.pods.get(&o.key())?.iter();
                    let containers = used.map(|(name, u)| map! { "name" => name, "usage" => usage(u) });
                    map! { "containers" => containers.collect::<Value>() }
                }
            };
            let mut value = value;
            value.set("metadata", metadata);
            value.set("timestamp", &stamp);
            Some(Object::new(o.kind, value))
        });
        Response::List(told.collect(), revision)
    }

    /// The answer where no metrics server runs.
    pub(super) fn absent() -> Response {
        Response::Error(Status::new(404, "NotFound", "the server could not find the requested resource"))
    }
}

fn usage(u: &Usage) -> Value {
    map! { "cpu" => format!("{}m", u.cpu), "memory" => format!("{}Ki", u.memory / 1_024) }
}
