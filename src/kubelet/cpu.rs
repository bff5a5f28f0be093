//! The processors that starting pods compete for.
//!
//! Making sandboxes and containers is work for the machine's processors; when many pods start at once they
//! wait for each other. A fluid first-come queue reproduces what was measured on a machine of 2 processors
//! that carried all nodes: start of a pod alone 0.53 s, 2–5 at once 0.77 s, 12 at once 1.5–3 s.

use crate::time::{Span, Time};

/// Processor time of making a sandbox (ten at once on 2 processors: the last is up 1.0 s later).
pub const SANDBOX: Span = Span::millis(200);
/// Processor time of starting a container (ten at once: all started 0.65 s later).
pub const START: Span = Span::millis(130);

/// The processors of a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Processors {
    count: u32,
    free_at: Time,
}

impl Processors {
    /// A machine with so many of them.
    pub fn new(count: u32) -> Processors {
        Processors { count: count.max(1), free_at: Time::ZERO }
    }

    /// When work that comes now has its turn.
    pub fn turn(&mut self, now: Time, work: Span) -> Time {
        let turn = self.free_at.max(now);
        self.free_at = turn + Span(work.0 / u64::from(self.count));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_at_once_waits_in_line() {
        let mut p = Processors::new(2);
        let turns: Vec<u64> = (0..3).map(|_| p.turn(Time::ZERO, SANDBOX).0 / 1000).collect();
        assert_eq!(turns, [0, 100, 200]);
        let later = Time::ZERO + Span::secs(9);
        assert_eq!(p.turn(later, START), later);
    }
}
