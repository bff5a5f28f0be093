//! The scheduler: queue, filter and score plugins, binding, preemption.
