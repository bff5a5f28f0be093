//! The rules by which controllers act, as traces name them.
//!
//! Pages are those of <https://kubernetes.io/docs/concepts/>.

/// There are too few or too many pods (`workloads/controllers/replicaset/`).
pub const REPLICAS: &str = "controller.replicas";
/// A Deployment scales one of its ReplicaSets (`workloads/controllers/deployment/`).
pub const ROLLOUT: &str = "deployment.rollout";
/// A rollout made no progress in time (`workloads/controllers/deployment/#failed-deployment`).
pub const PROGRESS_DEADLINE: &str = "deployment.progress-deadline";
/// The Endpoints of a Service change (`services-networking/endpoint-slices/`).
pub const ENDPOINTS: &str = "service.endpoints";
/// An object goes because its owner is gone (`architecture/garbage-collection/`).
pub const GARBAGE: &str = "garbage-collector.collect";
/// Everything in a terminating namespace goes (`overview/working-with-objects/namespaces/`).
pub const NAMESPACE: &str = "namespace.delete";
/// A node's pods must be on it, or must not (`workloads/controllers/daemonset/`).
pub const DAEMON: &str = "daemonset.node";
/// A Job starts, retries, finishes or stops pods (`workloads/controllers/job/`).
pub const JOB: &str = "job.sync";
/// A CronJob's time has come (`workloads/controllers/cron-jobs/`).
pub const CRON: &str = "cronjob.schedule";
/// A StatefulSet's next pod is due (`workloads/controllers/statefulset/`).
pub const STATEFUL: &str = "statefulset.sync";
/// A node's heartbeats have ceased or come back (`architecture/nodes/#node-controller`).
pub const NODE_HEALTH: &str = "node.health";
/// A pod does not tolerate its node's taint (any longer) (`scheduling-eviction/taint-and-toleration/`).
pub const TAINT_EVICTION: &str = "node.taint-eviction";
/// A pod's node no longer exists, or the pod has long ended (`workloads/pods/pod-lifecycle/#pod-garbage-collection`).
pub const POD_GC: &str = "pod.garbage-collection";
/// A cloud sets up a load balancer or takes it down (`services-networking/service/#loadbalancer`).
pub const BALANCER: &str = "service.load-balancer";
/// An Event was written an hour ago (`reference/command-line-tools-reference/kube-apiserver/`, `--event-ttl`).
pub const EVENT_TTL: &str = "event.ttl";
/// A claim and a volume find each other (`storage/persistent-volumes/#binding`).
pub const VOLUME: &str = "volume.bind";
/// An autoscaler changes a scale (`workloads/autoscaling/horizontal-pod-autoscale/`).
pub const AUTOSCALE: &str = "hpa.scale";
