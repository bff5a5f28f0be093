//! StatefulSets, DaemonSets, Jobs, CronJobs, ReplicaSets, autoscalers, disruption budgets, quotas and namespaces
//! under random edits and faults, on whole clusters: what their documentation promises holds after every single write, and in the end they are what
//! was asked for.
//!
//! Each module has one workload: how a person and the world disturb it, a watcher that reads the change log and
//! knows only the documented rules, and what has to be there in the end. Deployments are in `controllers.rs`.
//!
//! A failure prints its case; `PODLAB_SEED=N cargo test histories` runs just that one, and
//! `PODLAB_CASES=200 cargo test histories` runs that many.

#[path = "histories/autoscaler.rs"]
mod autoscaler;
#[path = "histories/budget.rs"]
mod budget;
#[path = "histories/cronjob.rs"]
mod cronjob;
#[path = "histories/daemonset.rs"]
mod daemonset;
#[path = "histories/driver.rs"]
mod driver;
#[path = "histories/job.rs"]
mod job;
#[path = "histories/namespace.rs"]
mod namespace;
#[path = "histories/replicas.rs"]
mod replicas;
#[path = "histories/statefulset.rs"]
mod statefulset;
