//! kube-controller-manager: the controllers that make the cluster be as its objects say.
//!
//! [`Controllers`] routes changes to the work queues of the controllers concerned and runs what is due; each
//! controller is a module of functions over objects, and [`work`] holds what they remember. Every
//! synchronisation computes what should be from what is, so that a lost or repeated change does no harm.
//!
//! Invariants: a controller acts on objects only through the API server; what it does is caused by the
//! change or timer that called it; requests of a controller keep to its client's rate limit.

mod cronjob;
mod daemonset;
mod deployment;
mod disruption;
mod endpoints;
mod endpointslice;
mod expiry;
mod garbage;
mod hash;
mod history;
mod hpa;
mod job;
mod namespace;
mod node;
mod pods;
mod protection;
mod provisioner;
mod quota;
mod reclaim;
mod replicaset;
mod rules;
mod service;
mod serviceaccount;
pub use hpa::{ContainerUse, Report};
pub use serviceaccount::CERTIFICATE;
mod statefulset;
mod volumes;
mod work;

use crate::agenda::Timers;
use crate::api::object::Key;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object};
use crate::apiserver::{ApiServer, Change};
use work::{Cx, Work};

/// The controllers that have a work queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// ReplicaSets.
    ReplicaSet,
    /// ReplicationControllers.
    ReplicationController,
    /// Deployments.
    Deployment,
    /// Terminating namespaces.
    Namespace,
    /// Default accounts of namespaces.
    ServiceAccount,
    /// Objects whose owners are gone.
    Garbage,
    /// EndpointSlices of Services.
    EndpointSlice,
    /// Endpoints of Services.
    Endpoints,
    /// Slices that mirror Endpoints.
    Mirror,
    /// PodDisruptionBudgets.
    Disruption,
    /// Jobs.
    Job,
    /// DaemonSets.
    DaemonSet,
    /// StatefulSets.
    StatefulSet,
    /// CronJobs.
    CronJob,
    /// Claims and volumes.
    Volume,
    /// ResourceQuotas.
    Quota,
    /// HorizontalPodAutoscalers.
    Autoscaler,
    /// Taints of nodes.
    Node,
    /// Pods on tainted nodes.
    TaintEviction,
    /// Load balancers of Services.
    Service,
    /// Events whose time is over.
    Expiry,
}

impl Which {
    /// The name under which it acts and records events.
    pub fn component(self) -> &'static str {
        match self {
            Which::ReplicaSet => "replicaset-controller",
            Which::ReplicationController => "replication-controller",
            Which::Deployment => "deployment-controller",
            Which::Namespace => "namespace-controller",
            Which::ServiceAccount => "serviceaccount-controller",
            Which::Garbage => "garbage-collector-controller",
            Which::EndpointSlice => "endpoint-slice-controller",
            Which::Endpoints => "endpoint-controller",
            Which::Mirror => "endpoint-slice-mirroring-controller",
            Which::Disruption => "controllermanager",
            Which::Job => "job-controller",
            Which::DaemonSet => "daemonset-controller",
            Which::StatefulSet => "statefulset-controller",
            Which::CronJob => "cronjob-controller",
            Which::Volume => "persistentvolume-controller",
            Which::Quota => "resourcequota-controller",
            Which::Autoscaler => "horizontal-pod-autoscaler",
            Which::Node => "node-controller",
            Which::TaintEviction => "taint-eviction-controller",
            Which::Service => "service-controller",
            Which::Expiry => "etcd",
        }
    }
}

/// When controllers act on their own.
#[derive(Clone, Debug, PartialEq)]
pub enum Timer {
    /// Synchronise an object.
    Sync(Which, Key),
    /// Send the next requests of a burst for an owner.
    Act(Which, Key),
    /// Look at the nodes' heartbeats (every 5 s).
    MonitorNodes,
    /// Look at the claims without a volume (every 15 s while there are any).
    ResyncClaims,
    /// Look for pods whose node is missing (every 20 s while there are any).
    CollectPods,
}

/// All controllers.
#[derive(Clone, Debug, Default)]
pub struct Controllers {
    work: Work,
}

impl Controllers {
    /// Controllers that remember nothing.
    pub fn new(seed: u64) -> Controllers {
        let _ = seed;
        Controllers::default()
    }

    /// With a cloud that sets up load balancers, or without one.
    #[must_use]
    pub fn with_cloud(mut self, cloud: bool) -> Controllers {
        self.work.cloud = cloud;
        self
    }

    /// With a metrics server that reports what pods use, or without one.
    #[must_use]
    pub fn with_metrics(mut self, metrics: bool) -> Controllers {
        self.work.metrics = metrics;
        self
    }

    /// All nodes count as heard of now, as nobody could be heard of while the API server was away.
    pub fn heard_of_nodes(&mut self, now: crate::time::Time) {
        node::heard_of(&mut self.work.health, now);
    }

    /// Takes what the metrics server has seen, which autoscalers act upon.
    pub fn report_use(&mut self, report: Report) {
        self.work.seen = report;
    }

    /// Queues what a change concerns.
    pub fn on_change(&mut self, change: &Change, api: &mut ApiServer, timers: &mut Timers<Timer>) {
        let cx = &mut Cx { api, timers, work: &mut self.work };
        note_orphan(change, cx);
        match change.new.kind {
            Kind::POD => replicaset::pod_changed(change, cx),
            Kind::REPLICA_SET | Kind::REPLICATION_CONTROLLER => replicaset::changed(change, cx),
            _ => {}
        }
        deployment::changed(change, cx);
        namespace::changed(change, cx);
        serviceaccount::changed(change, cx);
        garbage::changed(change, cx);
        endpointslice::changed(change, cx);
        endpoints::changed(change, cx);
        disruption::changed(change, cx);
        job::changed(change, cx);
        daemonset::changed(change, cx);
        statefulset::changed(change, cx);
        cronjob::changed(change, cx);
        volumes::changed(change, cx);
        quota::changed(change, cx);
        hpa::changed(change, cx);
        node::changed(change, cx);
        node::eviction::changed(change, cx);
        node::pod_gc::changed(change, cx);
        service::changed(change, cx);
        expiry::changed(change, cx);
    }

    /// Does what a timer says.
    pub fn on_timer(&mut self, timer: Timer, api: &mut ApiServer, timers: &mut Timers<Timer>) {
        let cx = &mut Cx { api, timers, work: &mut self.work };
        match timer {
            Timer::Sync(which, key) => {
                if cx.work.take(which, &key, cx.api.now) {
                    cx.api.actor = crate::api::Text::lit(which.component());
                    sync(which, &key, cx);
                }
            }
            Timer::Act(which, key) => {
                cx.api.actor = crate::api::Text::lit(which.component());
                cx.act(which, &key);
            }
            Timer::MonitorNodes => {
                cx.api.actor = crate::api::Text::lit(Which::Node.component());
                node::monitor(cx);
            }
            Timer::ResyncClaims => {
                cx.api.actor = crate::api::Text::lit(Which::Volume.component());
                volumes::resync(cx);
            }
            Timer::CollectPods => {
                cx.api.actor = crate::api::Text::lit("pod-garbage-collector-controller");
                node::pod_gc::collect(cx);
            }
        }
    }
}

fn sync(which: Which, key: &Key, cx: &mut Cx<'_>) {
    let Some(object) = cx.api.store.get(key).cloned() else { return };
    match which {
        Which::ReplicaSet | Which::ReplicationController => replicaset::sync(which, &object, cx),
        Which::Deployment => deployment::sync(&object, cx),
        Which::Namespace => namespace::sync(&object, cx),
        Which::ServiceAccount => serviceaccount::sync(&object, cx),
        Which::Garbage => garbage::sync(&object, cx),
        Which::EndpointSlice => endpointslice::sync(&object, cx),
        Which::Endpoints => endpoints::sync(&object, cx),
        Which::Mirror => endpoints::mirror(&object, cx),
        Which::Disruption => disruption::sync(&object, cx),
        Which::Job => job::sync(&object, cx),
        Which::DaemonSet => daemonset::sync(&object, cx),
        Which::StatefulSet => statefulset::sync(&object, cx),
        Which::CronJob => cronjob::sync(&object, cx),
        Which::Volume => volumes::sync(&object, cx),
        Which::Quota => quota::sync(&object, cx),
        Which::Autoscaler => hpa::sync(&object, cx),
        Which::Node => node::sync(&object, cx),
        Which::TaintEviction => node::eviction::sync(&object, cx),
        Which::Service => service::sync(&object, cx),
        Which::Expiry => expiry::sync(&object, cx),
    }
}

/// Keeps the set of objects that a controller may adopt.
fn note_orphan(change: &Change, cx: &mut Cx<'_>) {
    let object = &change.new;
    if !matches!(object.kind, Kind::POD | Kind::REPLICA_SET) {
        return;
    }
    let orphan = change.kind != WatchKind::Deleted && object.controller().is_null();
    if orphan {
        cx.work.orphans.insert(object.key());
    } else {
        cx.work.orphans.remove(&object.key());
    }
}

/// The key of the controller of an object.
fn controller_key(object: &Object) -> Option<Key> {
    let owner = object.controller();
    let kind = Kind::of(owner["apiVersion"].str(), owner["kind"].str())?;
    Some(Key::new(kind, object.at("metadata.namespace").text(), owner["name"].text()))
}

#[cfg(test)]
mod tests;
