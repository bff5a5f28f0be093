//! The table of applets.

use super::ctx::Ctx;
use super::stream::Stream;
use super::{echo, files, test};
use crate::os::program::Program;

/// An applet.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// How it runs.
    pub kind: Kind,
}

/// How an applet runs.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Plain(fn(&mut Ctx) -> i32),
    Stream(fn(&mut Ctx) -> Result<Stream, i32>),
    Machine(fn(&mut Ctx) -> Result<Box<dyn Program>, i32>),
}

use Kind::{Machine, Plain, Stream as Filter};

const fn row(name: &'static str, kind: Kind) -> Row {
    Row { name, kind }
}

/// All applets.
pub const TABLE: &[Row] = &[
    row("[", Plain(test::bracket)),
    row("echo", Plain(echo::echo)),
    row("false", Plain(|_| 1)),
    row("printf", Plain(echo::printf)),
    row("test", Plain(test::test)),
    row("true", Plain(|_| 0)),
];

/// The row of an applet.
pub fn find(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|r| r.name == name)
}

/// The function of a plain applet.
pub fn plain_named(name: &str) -> Option<fn(&mut Ctx) -> i32> {
    match find(name)?.kind {
        Plain(function) => Some(function),
        _ => None,
    }
}

/// The names of all applets.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|r| r.name)
}
