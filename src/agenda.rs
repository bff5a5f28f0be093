//! The agenda: what is due when.
//!
//! Entries come out ordered by (time, sequence of insertion), so that simultaneous ones run in the
//! order in which they were set. Setting returns nothing to cancel: an owner that no longer wants its
//! timer ignores it when it fires (timers carry what is needed to tell).

use crate::time::Time;
use crate::trace::Cause;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A queue of due entries of one closed kind `T`.
#[derive(Clone, Debug)]
pub struct Agenda<T> {
    heap: BinaryHeap<Entry<T>>,
    sequence: u64,
}

/// An entry that has come due.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    /// When it is due.
    pub at: Time,
    sequence: u64,
    /// What set it.
    pub cause: Cause,
    /// What is to be done.
    pub what: T,
}

impl<T> Agenda<T> {
    /// An empty agenda.
    pub fn new() -> Self {
        Agenda { heap: BinaryHeap::new(), sequence: 0 }
    }

    /// Puts `what` on the agenda for `at`.
    pub fn set(&mut self, at: Time, cause: Cause, what: T) {
        self.sequence += 1;
        self.heap.push(Entry { at, sequence: self.sequence, cause, what });
    }

    /// When the next entry is due.
    pub fn next_time(&self) -> Option<Time> {
        self.heap.peek().map(|e| e.at)
    }

    /// Takes the next entry if it is due by `now`.
    pub fn pop_due(&mut self, now: Time) -> Option<Entry<T>> {
        if self.next_time()? <= now { self.heap.pop() } else { None }
    }

    /// How many entries are set.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Agenda::new()
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.sequence) == (other.at, other.sequence)
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    /// Reversed, as `BinaryHeap` yields its greatest entry first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

/// The timers that a component asks for while it handles something; its owner moves them to the agenda.
#[derive(Clone, Debug)]
pub struct Timers<T> {
    /// What was asked for, in order.
    pub asked: Vec<(Time, Cause, T)>,
}

impl<T> Timers<T> {
    /// No timers.
    pub fn new() -> Self {
        Timers { asked: Vec::new() }
    }

    /// Asks for `what` at `at`.
    pub fn set(&mut self, at: Time, cause: Cause, what: T) {
        self.asked.push((at, cause, what));
    }
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Timers::new()
    }
}
