//! Trying a lesson before students do: what its own solution reaches, and what is reached by doing nothing.

use super::{Lesson, Marks};
use crate::scenario::format::FormatError;
use crate::scenario::{Input, Player};
use crate::time::Span;

/// How long nothing is done, to see what comes by itself.
const IDLE: Span = Span::secs(600);
/// How often that run is looked at.
const IDLE_LOOK: Span = Span::secs(20);

/// A run of a lesson's solution.
pub struct Solved {
    /// The run at its end.
    pub player: Player,
    /// What it has reached.
    pub marks: Marks,
    /// Acts that could not be done: the step's number from 0, and what did not happen.
    pub stuck: Vec<(usize, String)>,
}

/// Plays a lesson's solution as a student would.
///
/// # Errors
/// Says why the lesson's scenario cannot begin.
pub fn solve(lesson: &Lesson, student: &str) -> Result<Solved, FormatError> {
    let mut player = Player::new(lesson.scenario_for(student))?;
    let mut marks = Marks::new(lesson, player.now());
    let mut stuck = Vec::new();
    for (i, step) in lesson.steps.iter().enumerate() {
        for act in &step.solution {
            if let Err(why) = act.perform(&mut player) {
                stuck.push((i, why));
            }
            marks.update(&player);
        }
    }
    Ok(Solved { player, marks, stuck })
}

/// Lets ten minutes pass after the setup and returns what that has reached: in a sound lesson, nothing.
///
/// # Errors
/// Says why the lesson's scenario cannot begin.
pub fn idle(lesson: &Lesson) -> Result<Marks, FormatError> {
    let mut player = Player::new(lesson.scenario.clone())?;
    let mut marks = Marks::new(lesson, player.now());
    let end = player.now() + IDLE;
    player.apply(Input::Open(0)).map_err(FormatError)?;
    while player.now() < end {
        player.seek(player.now() + IDLE_LOOK);
        marks.update(&player);
    }
    Ok(marks)
}
