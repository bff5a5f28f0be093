//! A lesson and its check marks, for the page.

use crate::api::{Value, json};
use crate::scenario::format::FormatError;
use crate::scenario::lesson::{self, Lesson, Marks, trial};
use crate::{list, map};
use serde::Serialize;

/// What a run has reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownMarks {
    /// When each goal was reached.
    pub goals: Vec<Option<f64>>,
    /// What the run answered to each question: the option, and when.
    pub answers: Vec<Option<(f64, f64)>>,
}

/// The check marks of a run.
pub fn marks(marks: &Marks) -> ShownMarks {
    ShownMarks {
        goals: marks.goals().into_iter().map(|at| at.map(|t| t.0 as f64)).collect(),
        answers: marks.answers().into_iter().map(|a| a.map(|(i, t)| (i as f64, t.0 as f64))).collect(),
    }
}

/// A lesson as JSON: `{ document, scenario, points }`, or `{ problems: [{ line, path, text }] }`.
pub fn lesson(text: &str, student: &str) -> String {
    let value = match lesson::read(text) {
        Ok(lesson) => {
            let scenario = lesson.scenario_for(student).to_yaml();
            let limits = crate::api::yaml::Limits::default();
            let scenario = crate::api::yaml::read_value(&scenario, limits).unwrap_or(Value::Null);
            map! { "document" => lesson.document.clone(), "scenario" => scenario, "points" => lesson.points() }
        }
        Err(problems) => told(problems),
    };
    json::print(&value)
}

fn told(problems: Vec<lesson::Problem>) -> Value {
    let mut told = list![];
    for p in problems {
        told.list_mut().push(map! { "line" => i64::from(p.line), "path" => p.path, "text" => p.text });
    }
    map! { "problems" => told }
}

/// What comes of trying a lesson, as JSON: `{ goals, answers, stuck: [{ step, text }], idle: [goal] }`, where
/// goals are instants or null, answers options or null, and `idle` the goals that are reached by doing nothing;
/// or `{ problems }`.
pub fn trial(text: &str) -> String {
    let value = match lesson::read(text) {
        Ok(lesson) => tried(&lesson)
            .unwrap_or_else(|why| told(vec![lesson::Problem { line: 1, path: "setup".into(), text: why.0 }])),
        Err(problems) => told(problems),
    };
    json::print(&value)
}

fn tried(lesson: &Lesson) -> Result<Value, FormatError> {
    let solved = trial::solve(lesson, "")?;
    let idle = trial::idle(lesson)?;
    let (mut goals, mut answers, mut stuck, mut early) = (list![], list![], list![], list![]);
    for (i, (at, by_itself)) in solved.marks.goals().into_iter().zip(idle.goals()).enumerate() {
        goals.list_mut().push(at.map_or(Value::Null, |t| Value::from(t.0 as i64)));
        if by_itself.is_some() {
            early.list_mut().push(Value::from(i as i64));
        }
    }
    for answer in solved.marks.answers() {
        answers.list_mut().push(answer.map_or(Value::Null, |(option, _)| Value::from(option as i64)));
    }
    for (step, text) in solved.stuck {
        stuck.list_mut().push(map! { "step" => step as i64, "text" => text });
    }
    Ok(map! { "goals" => goals, "answers" => answers, "stuck" => stuck, "idle" => early })
}
