//! Exponential back-off of restarts and image pulls, as client-go's `util/flowcontrol/backoff.go` keeps it.
//!
//! An entry doubles each time it is used and is forgotten when it was not used for twice the longest wait.

use crate::api::Text;
use crate::collections::BTreeMap;
use crate::time::{Span, Time};

/// pkg/kubelet `initialNodeDefaultBackOff` (containers) and `imageBackOffPeriod` (images).
pub const BASE: Span = Span::secs(10);
/// pkg/kubelet `MaxContainerBackOff` and `MaxImageBackOff`.
pub const MAX: Span = Span::secs(300);

/// Back-offs by what they are for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BackOffs {
    entries: BTreeMap<Text, Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    wait: Span,
    updated: Time,
}

impl BackOffs {
    /// The present wait of `key`; zero if there is none.
    pub fn wait(&self, key: &str) -> Span {
        self.entries.get(key).map_or(Span::ZERO, |e| e.wait)
    }

    /// Until when `key` has to wait, if it is still waiting: the wait counts from `event`.
    pub fn waiting(&self, key: &str, event: Time, now: Time) -> Option<Time> {
        let entry = self.entries.get(key)?;
        let due = event + entry.wait;
        (!entry.expired(event) && now < due).then_some(due)
    }

    /// Until when `key` has to wait, counted from the last use.
    pub fn waiting_since_update(&self, key: &str, now: Time) -> Option<Time> {
        let entry = self.entries.get(key)?;
        let due = entry.updated + entry.wait;
        (!entry.expired(now) && now < due).then_some(due)
    }

    /// Uses `key`: its wait doubles (or begins anew, if it has expired).
    pub fn next(&mut self, key: &str, event: Time, now: Time) {
        let wait = match self.entries.get(key) {
            Some(e) if !e.expired(event) => Span(e.wait.0.saturating_mul(2)).min(MAX),
            _ => BASE,
        };
        self.entries.insert(Text::from(key), Entry { wait, updated: now });
    }

    /// Forgets `key`.
    pub fn forget(&mut self, key: &str) {
        self.entries.remove(key);
    }
}

impl Entry {
    fn expired(&self, event: Time) -> bool {
        event.since(self.updated) > Span(MAX.0 * 2)
    }
}

/// A wait as Go prints a duration: `10s`, `1m20s`, `5m0s`.
pub fn go_duration(wait: Span) -> String {
    let secs = wait.as_secs();
    match (secs / 3600, secs / 60 % 60, secs % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s}s"),
        (h, m, s) => format!("{h}h{m}m{s}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::secs(secs)
    }

    #[test]
    fn waits_double_from_ten_seconds_to_five_minutes() {
        let mut b = BackOffs::default();
        let mut waits = Vec::new();
        let mut now = at(0);
        for _ in 0..7 {
            b.next("c", now, now);
            waits.push(b.wait("c").as_secs());
            now += b.wait("c");
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300]);
    }

    #[test]
    fn a_wait_counts_from_the_exit_and_is_forgotten_after_ten_quiet_minutes() {
        let mut b = BackOffs::default();
        b.next("c", at(0), at(0));
        assert_eq!(b.waiting("c", at(5), at(10)), Some(at(15)));
        assert_eq!(b.waiting("c", at(5), at(15)), None);
        assert_eq!(b.waiting("c", at(601), at(602)), None);
        b.next("c", at(601), at(602));
        assert_eq!(b.wait("c"), BASE);
    }

    #[test]
    fn durations_read_as_in_go() {
        let texts = [10, 80, 300, 3600].map(|s| go_duration(Span::secs(s)));
        assert_eq!(texts, ["10s", "1m20s", "5m0s", "1h0m0s"]);
    }
}
