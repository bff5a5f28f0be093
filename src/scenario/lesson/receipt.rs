//! Receipts: what a student hands in, and what a run of it gives.
//!
//! A receipt holds everything that was typed with its instants, so it can be run again: the result of that
//! run counts, not what the receipt claims. A receipt that was altered gives another event-log hash, or does
//! not fit its own checksum, and is reported. It is no proof against a determined cheat: whoever copies a
//! solution or builds a receipt by program can hand in a run that is consistent.

use super::{Lesson, Marks};
use crate::api::{Value, json};
use crate::scenario::player::checksum;
use crate::scenario::{Input, LogEntry, Player, Scenario};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// The version of the receipt that this build writes.
pub const VERSION: u32 = 1;
/// How large a receipt may be, in bytes.
pub const SIZE_LIMIT: usize = 4 << 20;
/// How long the run of a receipt may be; longer ones are not graded.
const LONGEST: Span = Span::secs(7 * 86_400);
/// How often the marks are looked at between inputs.
const LOOK_EVERY: Span = Span::secs(10);

/// A student's run of a lesson.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Receipt {
    /// The receipt's version; [`VERSION`].
    pub receipt: u32,
    /// The lesson's name.
    pub lesson: String,
    /// The version of its content.
    pub version: i64,
    /// The checksum of its text.
    pub lesson_checksum: String,
    /// Who says to have done it.
    pub student: String,
    /// The seed that it was done with.
    pub seed: u64,
    /// What was done.
    pub log: Vec<LogEntry>,
    /// Where the run stood, in microseconds.
    pub position: u64,
    /// What was answered: question, option, instant.
    pub answers: Vec<(usize, usize, u64)>,
    /// How many hints were opened.
    pub hints: u32,
    /// Points that the page showed.
    pub points: i64,
    /// The event-log hash that the page had.
    pub hash: String,
    /// The checksum of all of the above.
    pub checksum: String,
}

/// What came of running a receipt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Points for each goal.
    pub goals: Vec<i64>,
    /// Points for each question.
    pub asks: Vec<i64>,
    /// All points.
    pub points: i64,
    /// Virtual time from the lesson's beginning to the last goal, or to the end if none was reached.
    pub time: Span,
    /// How many command lines were typed.
    pub commands: usize,
    /// Why this receipt is not what its student's page wrote.
    pub doubts: Vec<String>,
}

impl Receipt {
    /// Reads a receipt.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(text: &str) -> Result<Receipt, String> {
        if text.len() > SIZE_LIMIT {
            return Err(format!("a receipt has at most {SIZE_LIMIT} bytes"));
        }
        let receipt: Receipt = serde_yaml::from_str(text).map_err(|e| e.to_string())?;
        if receipt.receipt != VERSION {
            return Err(format!(
                "this receipt has version {}, this build reads version {VERSION}",
                receipt.receipt
            ));
        }
        Ok(receipt)
    }

    /// The receipt of a run that is played; `answers` and `hints` are what the page noted.
    pub fn of(
        lesson: &Lesson,
        player: &Player,
        student: &str,
        answers: Vec<(usize, usize, u64)>,
        hints: u32,
    ) -> Receipt {
        let scenario = player.fork();
        let mut receipt = Receipt {
            receipt: VERSION,
            lesson: lesson.id.clone(),
            version: lesson.version,
            lesson_checksum: lesson.checksum.clone(),
            student: student.into(),
            seed: scenario.cluster.seed,
            log: scenario.log,
            position: player.now().0,
            answers,
            hints,
            points: 0,
            hash: player.hash(),
            checksum: String::new(),
        };
        if let Ok(verdict) = receipt.replay(lesson) {
            receipt.points = verdict.points;
        }
        receipt.checksum = receipt.sum();
        receipt
    }

    /// The receipt as a file.
    pub fn print(&self) -> String {
        let text = serde_yaml::to_string(self).expect("a receipt is plain data");
        let value =
            crate::api::yaml::read_value(&text, crate::api::yaml::Limits::default()).unwrap_or(Value::Null);
        json::print(&value)
    }

    fn sum(&self) -> String {
        let bare = Receipt { checksum: String::new(), ..self.clone() };
        format!("{:016x}", checksum(bare.print().as_bytes()))
    }

    /// The scenario that it is a run of.
    pub fn scenario(&self, lesson: &Lesson) -> Scenario {
        let mut scenario = lesson.scenario.clone();
        scenario.cluster.seed = self.seed;
        scenario.log.clone_from(&self.log);
        scenario.position = self.position;
        scenario
    }

    /// Runs it again and marks what the run gives.
    ///
    /// # Errors
    /// Says why it cannot be run.
    pub fn replay(&self, lesson: &Lesson) -> Result<Verdict, String> {
        let end = self.log.iter().map(|e| e.at).max().unwrap_or(0).max(self.position);
        if end > LONGEST.0 {
            return Err("the run is longer than a week".into());
        }
        let mut player = Player::new(self.scenario(lesson)).map_err(|e| e.0)?;
        let began = player.now();
        let mut marks = Marks::new(lesson, began);
        while player.now() < Time(end) || player.in_past() {
            let next = self.log.iter().map(|e| Time(e.at)).find(|at| *at > player.now());
            let goal = next.unwrap_or(Time(end)).min(player.now() + LOOK_EVERY);
            player.seek(goal);
            marks.update(&player);
            if goal >= Time(end) {
                break;
            }
        }
        marks.update(&player);
        Ok(self.verdict(lesson, &player, &marks, began))
    }

    fn verdict(&self, lesson: &Lesson, player: &Player, marks: &Marks, began: Time) -> Verdict {
        let reached = marks.goals();
        let points = |(goal, at): (&super::Goal, &Option<Time>)| if at.is_some() { goal.points } else { 0 };
        let goals: Vec<i64> = lesson.goals().zip(&reached).map(points).collect();
        let truth = marks.answers();
        let asks: Vec<i64> =
            lesson.asks().enumerate().map(|(i, ask)| self.answered(i, truth[i], ask.points)).collect();
        let mut verdict = Verdict {
            points: goals.iter().sum::<i64>() + asks.iter().sum::<i64>(),
            time: reached.iter().flatten().max().copied().unwrap_or(player.now()).since(began),
            commands: self.log.iter().filter(|e| matches!(e.input, Input::Line(..))).count(),
            goals,
            asks,
            doubts: Vec::new(),
        };
        if !self.checksum.is_empty() {
            verdict.doubts = self.doubts(lesson, player, verdict.points);
        }
        verdict
    }

    /// A prediction counts only if it was made before the run showed the answer.
    fn answered(&self, ask: usize, truth: Option<(usize, Time)>, points: i64) -> i64 {
        let given = self.answers.iter().find(|(i, _, _)| *i == ask);
        match (given, truth) {
            (Some((_, option, at)), Some((right, shown))) if *option == right && Time(*at) <= shown => points,
            _ => 0,
        }
    }

    fn doubts(&self, lesson: &Lesson, player: &Player, points: i64) -> Vec<String> {
        let mut doubts = Vec::new();
        if self.checksum != self.sum() {
            doubts.push("altered: its checksum does not fit".into());
        }
        if self.hash != player.hash() {
            doubts.push("altered: running it again gives another event-log hash".into());
        }
        if self.points != points {
            doubts.push(format!("it claims {} points", self.points));
        }
        if self.lesson_checksum != lesson.checksum {
            doubts.push(format!("made with another text of the lesson (version {})", self.version));
        }
        if self.seed != lesson.scenario_for(&self.student).cluster.seed {
            doubts.push("not the seed of this student".into());
        }
        doubts
    }
}
