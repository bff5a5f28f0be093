//! The metrics server, where a scenario runs one (`settings: {metricsServer: true}`): every fifteen seconds it
//! asks the nodes what they and their containers use. `kubectl top` shows it, and autoscalers act upon it.
//!
//! Processor use is the average since it asked before (or since a container started), memory that of the instant.

use super::{Cluster, Due};
use crate::api::object::Key;
use crate::api::{Kind, Object, Request, Response, Status, Text, Value};
use crate::apiserver::ApiServer;
use crate::collections::BTreeMap;
use crate::controllers::{ContainerUse, Report};
use crate::cri::{ContainerId, ContainerState, Usage};
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
    /// The processor time that each container had used by then.
    times: BTreeMap<ContainerId, Span>,
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
        let before = self.metrics.take().unwrap_or_default();
        for pod in self.api.store.list(Kind::POD, None) {
            let Some(node) = seen.nodes.get_mut(pod.at("spec.nodeName").str()) else { continue };
            let used = self.use_of(pod.uid(), &before, node, &mut seen.times);
            if !used.is_empty() {
                seen.pods.insert(pod.key(), used);
            }
        }
        let told =
            |(name, u): &(Text, Usage)| ContainerUse { name: name.clone(), cpu: u.cpu, memory: u.memory };
        let pods = seen.pods.iter().map(|(key, used)| (key.clone(), used.iter().map(told).collect()));
        self.controllers.report_use(Report { at: self.now, pods: pods.collect() });
        self.metrics = Some(seen);
    }

    /// What the running containers of a pod use; those that have run since the time before are told of. The node's
    /// processor use is corrected from that of the instant to the average.
    fn use_of(
        &self,
        uid: &str,
        before: &Metrics,
        node: &mut Usage,
        times: &mut BTreeMap<ContainerId, Span>,
    ) -> Vec<(Text, Usage)> {
        let mut told = Vec::new();
        for c in self.runtime.of_pod(uid) {
            let Some(started) = c.started_at.filter(|_| c.state == ContainerState::Running) else { continue };
            let mut used = self.runtime.usage(&self.world, c.id);
            let time = self.runtime.cpu_time(&self.world, c.id);
            times.insert(c.id, time);
            let (since, already) = match before.times.get(&c.id) {
                Some(already) => (before.at, *already),
                None => (started, Span::ZERO),
            };
            let (took, past) = (time.0.saturating_sub(already.0), self.now.since(since).0);
            let average = (took * 1000).div_ceil(past.max(1));
            node.cpu = (node.cpu + average).saturating_sub(used.cpu);
            used.cpu = average;
            if started + RESOLUTION <= self.now {
                told.push((c.name.clone(), used));
            }
        }
        told
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
