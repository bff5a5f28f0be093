//! Lessons: a cluster, a text in steps, goals that the run itself checks, and a solution. Pure data.
//!
//! A lesson is one YAML file (`www/lessons/LESSONS.md` describes it). This module reads it, with every mistake
//! named at its line; `script` plays what a lesson does by itself (its setup and its solution); `marks` watches a
//! run and notes when each goal was reached; `trial` tries a lesson before students do; `receipt` turns a student's run into a receipt and checks one.
//! Texts stay in [`Lesson::document`] for whoever shows them; the core needs only what it has to check.

pub mod marks;
mod read;
pub mod receipt;
pub mod script;
pub mod trial;

pub use marks::Marks;
pub use read::{Problem, read};
pub use receipt::{Receipt, Verdict};
pub use script::Act;

use super::condition::Condition;
use super::format::Scenario;
use crate::api::Value;
use crate::time::Span;

/// The version of the format that this build reads and writes.
pub const FORMAT: i64 = 1;
/// The languages that a lesson may be written in.
pub const LANGUAGES: [&str; 2] = ["en", "zh"];

/// A lesson.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// Its name in links and receipts.
    pub id: String,
    /// The version of its content: a receipt names the one it was made with.
    pub version: i64,
    /// Its text's checksum.
    pub checksum: String,
    /// How much time an exam gives; virtual time.
    pub limit: Option<Span>,
    /// Whether every student gets a seed of their own.
    pub personal: bool,
    /// The cluster and files that it begins with; its setup is part of it.
    pub scenario: Scenario,
    /// What is to be done.
    pub steps: Vec<Step>,
    /// The whole file, with all texts.
    pub document: Value,
}

/// A step of a lesson.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// What is to be reached.
    pub goals: Vec<Goal>,
    /// What is to be predicted before the run shows it.
    pub ask: Option<Ask>,
    /// One way to the goals.
    pub solution: Vec<Act>,
}

/// Something to be reached, by whatever route.
#[derive(Clone, Debug)]
pub struct Goal {
    /// In the lesson's first language.
    pub label: String,
    /// What must hold at some instant.
    pub when: Condition,
    /// Whether it counts only after the goal before it was reached.
    pub then: bool,
    /// What it is worth.
    pub points: i64,
}

/// A question whose answer the run gives.
#[derive(Clone, Debug)]
pub struct Ask {
    /// One for each answer: the first that comes to hold is the right one.
    pub options: Vec<Condition>,
    /// What the right answer is worth.
    pub points: i64,
}

impl Lesson {
    /// All goals in order.
    pub fn goals(&self) -> impl Iterator<Item = &Goal> {
        self.steps.iter().flat_map(|s| &s.goals)
    }

    /// All questions in order.
    pub fn asks(&self) -> impl Iterator<Item = &Ask> {
        self.steps.iter().filter_map(|s| s.ask.as_ref())
    }

    /// The most points that can be had.
    pub fn points(&self) -> i64 {
        self.goals().map(|g| g.points).sum::<i64>() + self.asks().map(|a| a.points).sum::<i64>()
    }

    /// The scenario for a student: the lesson's own, with a seed of theirs if the lesson says so.
    pub fn scenario_for(&self, student: &str) -> Scenario {
        let mut scenario = self.scenario.clone();
        if self.personal && !student.is_empty() {
            scenario.cluster.seed = seed_of(scenario.cluster.seed, student);
        }
        scenario
    }
}

/// A student's own seed: JavaScript must be able to hold it exactly.
fn seed_of(seed: u64, student: &str) -> u64 {
    let name: String = student.trim().to_lowercase();
    (seed ^ super::player::checksum(name.as_bytes())) & ((1 << 53) - 1)
}
