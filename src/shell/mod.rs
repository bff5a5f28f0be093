//! A POSIX shell and the usual utilities as resumable step machines.
//!
//! The language: `lexer` and `parser` make a tree (`ast`) of a text, `expand` makes fields of words, `interp`
//! runs commands on an explicit stack. Three shells are told apart ([`Flavour`]): busybox `ash`, `dash` and
//! `bash`, each with its own words for errors. The utilities are in `util`, in busybox's and in GNU's words.
//!
//! Left out: job control with stopped jobs, `lastpipe`, completion by functions (`complete -F`),
//! localisation. Everything that a person can type is limited: nesting, recursion, lengths of values.

mod arith;
pub mod ast;
mod complete;
mod compound;
mod expand;
mod flavour;
mod interp;
mod lexer;
mod parser;
mod pattern;
mod print;
mod syntax;
pub mod text;
mod util;
mod vars;

#[cfg(test)]
mod tests;

pub use complete::{Completion, complete};
pub use compound::is_name;
pub use flavour::Flavour;

use crate::os::program::{Program, Spawn};

/// The program for a binary: `sh`, `ash`, `dash`, `bash`, `busybox` (the applet is the name it is called
/// by), or `KIT/APPLET` such as `coreutils/ls` and `busybox/ls`; a bare applet's name has GNU's words.
pub fn program(name: &str, spawn: &Spawn) -> Option<Box<dyn Program>> {
    if let Some(flavour) = Flavour::of(name.strip_prefix("busybox/").unwrap_or(name)) {
        return Some(Box::new(interp::program(flavour, spawn)));
    }
    let (kit, applet) = match name.split_once('/') {
        Some((kit, applet)) => (kit, applet),
        None if name == "busybox" => ("busybox", ""),
        None => ("coreutils", name),
    };
    util::applet(kit, applet, spawn)
}

/// The names of bash's builtins and the reserved words, for completion.
fn interp_names() -> impl Iterator<Item = &'static str> {
    interp::builtin_names()
}

/// The names of all applets, for images that link them.
pub fn applet_names() -> impl Iterator<Item = &'static str> {
    util::names()
}
