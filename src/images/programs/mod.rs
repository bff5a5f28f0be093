//! The programs that images bring along, each a step machine against [`crate::os::Sys`].
//!
//! [`program`] starts one by the id that its file carries: a name, or a name and a version behind a slash.

pub mod http;
mod nginx;
mod stress;
#[cfg(test)]
mod tests;

use crate::os::{Program, Spawn};

/// Starts the program of an id; `None` if it is not one of an image's own (utilities and shells are the
/// shell's).
pub fn program(id: &str, spawn: &Spawn) -> Option<Box<dyn Program>> {
    let (name, version) = id.split_once('/').unwrap_or((id, ""));
    Some(match name {
        "nginx" => nginx::nginx(version, spawn),
        "stress" => stress::stress(spawn),
        _ => return None,
    })
}
