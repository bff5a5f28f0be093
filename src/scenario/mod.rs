//! Scenarios: the versioned format, the player with its checkpoints, and recordings of real clusters.

pub mod change;
pub mod compare;
pub mod condition;
pub mod format;
pub mod import;
pub mod lesson;
pub mod player;
#[cfg(not(target_arch = "wasm32"))]
pub mod recording;
pub mod transcript;

pub use condition::{Condition, Tracker};
pub use format::{Input, LogEntry, Scenario};
pub use lesson::Lesson;
pub use player::Player;
