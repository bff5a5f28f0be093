//! The check marks of a run: when each goal of a lesson was reached, and what the run answered to each question.
//!
//! A goal counts as soon as its condition holds at some instant, and stays reached; only going back in time
//! takes it away again. A question's right answer is the option that comes to hold first.

use super::Lesson;
use crate::scenario::Player;
use crate::scenario::condition::{Condition, Evidence, Tracker};
use crate::time::Time;

/// The check marks of a run.
#[derive(Clone, Debug)]
pub struct Marks {
    goals: Vec<Mark>,
    asks: Vec<Vec<Mark>>,
    seen: Time,
}

#[derive(Clone, Debug)]
struct Mark {
    tracker: Option<Tracker>,
    reached: Option<Time>,
}

impl Marks {
    /// The marks of a lesson that begins at an instant; what its setup did before does not count.
    pub fn new(lesson: &Lesson, since: Time) -> Marks {
        let mut before: Option<&str> = None;
        let mut goals = Vec::new();
        for goal in lesson.goals() {
            let text = goal.when.text();
            let whole = match before.filter(|_| goal.then) {
                Some(first) => format!("ever ({text}) after ever ({first})"),
                None => format!("ever ({text})"),
            };
            goals.push(Mark::new(&whole, since));
            before = Some(text);
        }
        let option = |c: &Condition| Mark::new(&format!("ever ({})", c.text()), since);
        let asks = lesson.asks().map(|a| a.options.iter().map(option).collect()).collect();
        Marks { goals, asks, seen: since }
    }

    /// Catches up with the run. Tells whether a goal or an answer has come or gone.
    pub fn update(&mut self, player: &Player) -> bool {
        let output = player.output();
        let evidence = Evidence { cluster: player.cluster(), output: &output };
        let now = player.now();
        let back = now < self.seen;
        self.seen = now;
        let mut changed = false;
        for mark in self.goals.iter_mut().chain(self.asks.iter_mut().flatten()) {
            if back && mark.reached.is_some_and(|at| at > now) {
                mark.reached = None;
                changed = true;
            }
            if mark.reached.is_none() && mark.tracker.as_mut().is_some_and(|t| t.advance(evidence)) {
                mark.reached = Some(now);
                changed = true;
            }
        }
        changed
    }

    /// When each goal was seen to be reached.
    pub fn goals(&self) -> Vec<Option<Time>> {
        self.goals.iter().map(|m| m.reached).collect()
    }

    /// What the run answered to each question: the option, and when.
    pub fn answers(&self) -> Vec<Option<(usize, Time)>> {
        let first = |options: &Vec<Mark>| {
            let reached = options.iter().enumerate().filter_map(|(i, m)| m.reached.map(|at| (at, i)));
            reached.min().map(|(at, i)| (i, at))
        };
        self.asks.iter().map(first).collect()
    }
}

impl Mark {
    fn new(text: &str, since: Time) -> Mark {
        let tracker = Condition::parse(text).ok().map(|c| Tracker::new(c, since));
        Mark { tracker, reached: None }
    }
}
