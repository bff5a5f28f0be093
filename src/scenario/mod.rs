//! Scenarios: the versioned format, the player and the link codec.
