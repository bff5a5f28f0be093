//! The names of the kubelet's rules, as `api.rule` records them: what "why?" reads.

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
/// `activeDeadlineSeconds` are over (concepts/workloads/controllers/job, "Job termination and cleanup").
pub const DEADLINE: &str = "pod.active-deadline";
/// The node has no room for a pod that was bound to it (concepts/scheduling-eviction, node admission).
pub const ADMISSION: &str = "node.admission";
/// The node is short of a resource and evicts a pod (concepts/scheduling-eviction/node-pressure-eviction).
pub const EVICTION: &str = "node.eviction";
/// A container's rule restarts all containers of its pod (pod-lifecycle, "Restart All Containers").
pub const RESTART_ALL: &str = "restart.all-containers";
