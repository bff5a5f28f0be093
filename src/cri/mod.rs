//! The container runtime: sandboxes, containers, logs, the pod network, memory and OOM.
