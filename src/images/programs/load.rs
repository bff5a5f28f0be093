//! Requests that take processor time: what `registry.k8s.io/hpa-example` computes before it answers.
//!
//! Requests are worked off one after the other; each is done when the process has been given its share of the
//! processors, which takes longer under a limit.

use crate::os::Sys;
use crate::time::{Span, Time};

/// A million square roots in PHP.
const WORK: Span = Span::millis(50);
/// Shortest wait before the work is looked at again.
const GLANCE: Span = Span::millis(1);
/// Processors that the server's children can keep busy at most.
const CHILDREN: u64 = 8;

/// The requests under way.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// The connection of each, and the processor time of the process by which it is done.
    queue: Vec<(u64, Span)>,
}

impl Load {
    /// Takes a connection's request in; whether it is still worked on.
    pub fn holds(&mut self, sys: &mut dyn Sys, connection: u64) -> bool {
        let (used, _) = sys.cpu_times();
        match self.queue.iter().find(|(number, _)| *number == connection) {
            Some((_, due)) => *due > used,
            None => {
                let from = self.queue.last().map_or(used, |(_, due)| (*due).max(used));
                self.queue.push((connection, from + WORK));
                true
            }
        }
    }

    /// Forgets what is done and wants processors for the rest; says when to look again.
    pub fn settle(&mut self, sys: &mut dyn Sys) -> Option<Time> {
        let (used, _) = sys.cpu_times();
        let before = self.queue.len();
        self.queue.retain(|(_, due)| *due > used);
        if before == 0 {
            return None;
        }
        let busy = (self.queue.len() as u64).min(CHILDREN);
        sys.set_cpu(busy * 1000);
        let (_, due) = self.queue.first()?;
        let left = Span(due.0.saturating_sub(used.0)).mul_f64(1.0 / busy as f64);
        Some(sys.now() + left.max(GLANCE))
    }
}
