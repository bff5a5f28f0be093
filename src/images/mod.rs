//! The simulated registry: images with their configuration, files, sizes and programs.
//!
//! [`find`] looks a reference up; [`build`] lays an image's files out; [`program`] starts the programs that
//! images bring along (nginx, stress, …), each a step machine against [`crate::os::Sys`]. Utilities and
//! shells are the shell's. What an image here does not simulate says so.
//!
//! Left out: layers, manifests of several platforms, image signatures.

mod catalogue;
mod examples;
pub mod grpc;
mod layout;
mod popular;
pub mod programs;
mod reference;
mod registry;
mod tables;

pub use catalogue::{App, Image, Kit, OWN_SCRIPT, OwnImage, Recipe, find};
pub use layout::{Entry, Node, build, entries};
pub use programs::program;
pub use reference::Reference;
pub use registry::{Preset, PullError};
pub use tables::preloaded;
