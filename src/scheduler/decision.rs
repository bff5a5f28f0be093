//! The record of recent decisions, for whoever asks "why there?" or "why not?".

use super::framework::{Rejection, Scores, total};
use crate::api::Text;
use crate::api::object::Key;
use crate::collections::BTreeMap;
use crate::time::Time;
use std::collections::VecDeque;

/// Of how many pods the last decision is kept.
const DECISIONS: usize = 1_000;
/// How many nodes of a decision are kept; larger clusters keep those looked at first.
pub const NODES: usize = 64;

/// What the scheduler made of a pod, the last time that it tried.
#[derive(Clone, Debug)]
pub struct Decision {
    /// When.
    pub at: Time,
    /// The node picked; `None` if none would do.
    pub node: Option<Text>,
    /// The message of `FailedScheduling`; empty if a node was picked.
    pub message: Text,
    /// What was found about each node.
    pub verdicts: Vec<Verdict>,
}

/// What was found about a node.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The node.
    pub node: Text,
    /// Why it will not do; `None` if it passed all filters.
    pub rejection: Option<Rejection>,
    /// Its scores in the order of [`super::framework::SCORERS`], if it passed and there was a choice.
    pub scores: Option<Scores>,
}

impl Verdict {
    /// The weighted sum of its scores.
    pub fn total(&self) -> Option<i64> {
        self.scores.as_ref().map(total)
    }
}

/// The bounded record.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    last: BTreeMap<Key, Decision>,
    order: VecDeque<Key>,
}

impl Decisions {
    /// The last decision about a pod, if it is still remembered.
    pub fn get(&self, pod: &Key) -> Option<&Decision> {
        self.last.get(pod)
    }

    /// All that are remembered.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Decision)> {
        self.last.iter()
    }

    /// Remembers a decision.
    pub fn put(&mut self, pod: Key, decision: Decision) {
        if self.last.insert(pod.clone(), decision).is_some() {
            return;
        }
        if self.order.len() == DECISIONS
            && let Some(oldest) = self.order.pop_front()
        {
            self.last.remove(&oldest);
        }
        self.order.push_back(pod);
    }
}
