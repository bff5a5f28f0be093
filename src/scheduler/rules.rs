//! The rules by which the scheduler acts, as traces name them.
//!
//! All are described at <https://kubernetes.io/docs/concepts/scheduling-eviction/>.

/// A node was picked and the pod bound to it (`kube-scheduler/`).
pub const BIND: &str = "scheduler.bind";
/// No node passes all filters (`kube-scheduler/`).
pub const UNSCHEDULABLE: &str = "scheduler.unschedulable";
/// Something changed that may make a waiting pod schedulable (`scheduling-framework/#enqueueextension`).
pub const REQUEUE: &str = "scheduler.requeue";
/// A pod waited five minutes without any helpful event and is tried again (`scheduling-framework/`).
pub const FLUSH: &str = "scheduler.flush-unschedulable";
/// Pods of lower priority are evicted for one of higher priority (`pod-priority-preemption/`).
pub const PREEMPT: &str = "scheduler.preempt";
/// A volume is to be bound or provisioned on the chosen node first
/// (<https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode>).
pub const WAIT_FOR_VOLUMES: &str = "scheduler.wait-for-volumes";
