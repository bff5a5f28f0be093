//! The names of the kubelet's rules, as `api.rule` records them: what "why?" reads.

/// A container's process was started (concepts/workloads/pods/pod-lifecycle, "Container states").
pub const STARTED: &str = "container.started";
/// A container's process ended with success (same page).
pub const COMPLETED: &str = "container.completed";
/// A container's process ended by itself, with an error (same page).
pub const EXITED: &str = "container.exited";
/// A container's process ended because it was told to (same page, "Termination of Pods").
pub const KILLED: &str = "container.killed";
/// A container used more memory than its limit (concepts/configuration/manage-resources-containers).
pub const OOM: &str = "container.oom";
/// The machine ran out of memory and this container went (concepts/scheduling-eviction/node-pressure-eviction,
/// "Node out of memory behavior").
pub const NODE_OOM: &str = "node.oom";
/// A probe failed (tasks/configure-pod-container/configure-liveness-readiness-startup-probes).
pub const PROBE_FAILED: &str = "probe.failed";
/// A probe succeeded as often as its threshold says (same page).
pub const PROBE_SUCCEEDED: &str = "probe.succeeded";
/// A readiness probe failed as often as its threshold says: the pod gets no traffic (same page).
pub const NOT_READY: &str = "probe.not-ready";
/// A pull failed (concepts/containers/images).
pub const PULL_FAILED: &str = "image.pull-failed";
/// An image may not or cannot be pulled at all (same page, "Image pull policy").
pub const IMAGE: &str = "image.unusable";
/// What a container refers to is missing (concepts/configuration/configmap).
pub const CONFIG: &str = "container.config";
/// The runtime could not start a container (tasks/debug/debug-application/debug-pods).
pub const START_FAILED: &str = "container.start-failed";
/// A volume cannot be mounted (concepts/storage/volumes).
pub const MOUNT: &str = "volume.not-mounted";
/// The kubelet tells every 10 s that the node lives (concepts/architecture/nodes, "Node heartbeats").
pub const HEARTBEAT: &str = "node.heartbeat";
/// A sidecar that ended is started again (concepts/workloads/pods/sidecar-containers).
pub const RESTART_SIDECAR: &str = "restart.sidecar";
/// A container that ended is started again (concepts/workloads/pods/pod-lifecycle, "Container restarts").
pub const RESTART: &str = "restart.policy";
/// A container waits before it is started again (same page, "CrashLoopBackOff").
pub const BACK_OFF: &str = "restart.back-off";
/// An image pull waits before it is tried again (concepts/containers/images, "ImagePullBackOff").
pub const IMAGE_BACK_OFF: &str = "image.back-off";
/// A probe has failed as often as its threshold says (tasks/configure-pod-container/
/// configure-liveness-readiness-startup-probes).
pub const PROBE_THRESHOLD: &str = "probe.failure-threshold";
/// A postStart hook has failed, so the container is killed (concepts/containers/container-lifecycle-hooks).
pub const POST_START: &str = "lifecycle.post-start-failed";
/// A preStop hook has failed; the container is stopped all the same (same page).
pub const PRE_STOP: &str = "lifecycle.pre-stop-failed";
/// A sandbox could not be made (tasks/debug/debug-application/debug-pods).
pub const SANDBOX: &str = "sandbox.failed";
/// `activeDeadlineSeconds` are over (concepts/workloads/controllers/job, "Job termination and cleanup").
pub const DEADLINE: &str = "pod.active-deadline";
/// The node has no room for a pod that was bound to it (concepts/scheduling-eviction, node admission).
pub const ADMISSION: &str = "node.admission";
/// The node is short of a resource and evicts a pod (concepts/scheduling-eviction/node-pressure-eviction).
pub const EVICTION: &str = "node.eviction";
/// A container's rule restarts all containers of its pod (pod-lifecycle, "Restart All Containers").
pub const RESTART_ALL: &str = "restart.all-containers";
