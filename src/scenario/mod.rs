//! Scenarios: the versioned format, the player with its checkpoints, and recordings of real clusters.

pub mod format;
