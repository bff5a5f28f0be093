//! A lesson and its check marks, for the page.

use crate::api::{Value, json};
use crate::scenario::lesson::{self, Marks};
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
        Err(problems) => {
            let mut told = list![];
            for p in problems {
                told.list_mut()
                    .push(map! { "line" => i64::from(p.line), "path" => p.path, "text" => p.text });
            }
            map! { "problems" => told }
        }
    };
    json::print(&value)
}
