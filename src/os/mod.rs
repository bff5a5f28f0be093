//! What containers and machines run on: processes, descriptors, pipes, signals, terminals, sockets.
//!
//! A process is a resumable step machine ([`Program`]): it runs until it must wait, and says for what.
//! It reaches everything outside itself through [`Sys`], so that a shell script half-way through
//! `sleep 30` is plain data that can be cloned into a checkpoint.

pub mod program;
pub mod world;

pub use program::*;
pub use world::World;
