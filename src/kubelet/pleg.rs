//! The pod lifecycle event generator: when the kubelet looks at the runtime.
//!
//! Upstream lists all pods every second, and one pod at once after a sync that changed something
//! (feature PLEGOnDemandRelist, on by default in 1.36). Here nothing is listed in vain: the instants of the
//! global relist are computed, and a timer is set only when a pod has changed or a worker waits.

use super::pod::{Pod, Seen};
use crate::collections::BTreeMap;
use crate::cri::{ContainerState, Runtime};
use crate::time::{Span, Time};
use crate::trace::Cause;

/// pkg/kubelet `genericPlegRelistPeriod`, and what a relist itself takes (measured: 1.5–3.5 ms), as the
/// next one is timed from its end.
const PERIOD: Span = Span::micros(1_000_000 + 2_500);
/// A relist of one pod on demand (measured from the start of a container to its event: 2–28 ms).
pub const ON_DEMAND: Span = Span::millis(6);
/// The same where the pod is to be ended after it: within the measured span, and behind the first instruction of
/// a process that was started just before (a first process without a handler yet would not hear TERM).
pub const ON_DEMAND_ENDING: Span = Span::millis(15);

/// The relists of a node.
#[derive(Clone, Debug)]
pub struct Pleg {
    phase: Span,
    started: Time,
    /// For when the relist timer is set.
    pub armed: Option<Time>,
    /// Pods whose containers have changed since they were looked at, and why.
    pub dirty: BTreeMap<crate::api::Text, Cause>,
    /// Pods whose worker waits for a newer look, and why.
    pub waiting: BTreeMap<crate::api::Text, Cause>,
}

impl Pleg {
    /// Relists from `started` on, with a phase of the node's own.
    pub fn new(started: Time, phase: Span) -> Pleg {
        Pleg { phase, started, armed: None, dirty: BTreeMap::new(), waiting: BTreeMap::new() }
    }

    /// The newest global relist at or before `now`; zero before the first.
    pub fn last(&self, now: Time) -> Time {
        let since = now.since(self.started + self.phase);
        if now < self.started + self.phase {
            return Time::ZERO;
        }
        self.started + self.phase + Span(since.0 / PERIOD.0 * PERIOD.0)
    }

    /// The next global relist after `now`.
    pub fn next(&self, now: Time) -> Time {
        if now < self.started + self.phase { self.started + self.phase } else { self.last(now) + PERIOD }
    }
}

/// What a look at a pod found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Containers (and sandboxes) that run now and did not before.
    pub started: usize,
    /// Containers and sandboxes that ran and do no longer.
    pub died: usize,
    /// The names of the containers among them.
    pub dead: Vec<crate::api::Text>,
}

impl Found {
    /// Whether the worker must be told.
    pub fn any(&self) -> bool {
        self.started + self.died > 0
    }
}

/// Looks at a pod: replaces what was seen of it by what the runtime says now.
pub fn look(pod: &mut Pod, cri: &Runtime, now: Time) -> Found {
    let mut found = Found::default();
    let mut containers: Vec<_> = pod.instances.iter().rev().filter_map(|id| cri.status(*id)).collect();
    for status in &mut containers {
        // A container whose start has been accepted but whose first instruction is still to come runs.
        if status.state == ContainerState::Running && status.started_at.is_none() {
            status.started_at = Some(now);
        }
        let before = pod.seen.containers.iter().find(|c| c.id == status.id).map(|c| c.state);
        match (before, status.state) {
            (Some(ContainerState::Running), ContainerState::Running) => {}
            (_, ContainerState::Running) => found.started += 1,
            (Some(ContainerState::Exited), _) => {}
            (_, ContainerState::Exited) => {
                found.died += 1;
                found.dead.push(status.name.clone());
            }
            _ => {}
        }
    }
    let sandbox = pod.newest_sandbox().map(|id| (id, pod.sandbox_ready));
    let had = pod.seen.sandbox.is_some_and(|s| s.1);
    match sandbox {
        Some((id, true)) if pod.seen.sandbox != Some((id, true)) => found.started += 1,
        Some((_, false)) if had => found.died += 1,
        _ => {}
    }
    let ip = pod.newest_sandbox().and_then(|id| cri.sandbox_ip(id)).unwrap_or_else(|| pod.seen.ip.clone());
    pod.seen = Seen { at: now, sandbox, ip, containers };
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relists_come_a_second_and_a_bit_apart() {
        let pleg = Pleg::new(Time::ZERO, Span::millis(400));
        let ms = |n| Time::ZERO + Span::millis(n);
        assert_eq!(pleg.next(ms(0)), ms(400));
        assert_eq!(pleg.last(ms(100)), Time::ZERO);
        assert_eq!(pleg.last(ms(1_000)), ms(400));
        assert_eq!(pleg.next(ms(400)), Time::ZERO + Span::micros(1_402_500));
    }
}
