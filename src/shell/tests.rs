//! Tests of the shell in a world.
