//! The builtins: a table, and what running one can come to.

mod cd;
mod declare;
mod dirs;
mod flow;
mod getopts;
mod info;
mod job;
mod options;
pub mod read;
mod shopt;
mod utility;
mod variables;

use super::frame::Kind;
use super::{Shell, Unwind};
use crate::os::program::{Program, Sys};
use crate::shell::Flavour;
use std::rc::Rc;

/// What running a builtin came to.
pub enum Outcome {
    /// It is done.
    Status(i32),
    /// It failed: the text without the shell's and the builtin's name, and the status.
    Fail(String, i32),
    /// It goes on as a frame, which sets the status.
    Frame(Kind),
    /// It moves control.
    Unwind(Unwind),
    /// It ends the shell by becoming a program.
    Become(Box<dyn Program>),
    /// It runs another command; true if that must be a builtin.
    Command(Vec<Rc<str>>, bool),
}

/// A builtin.
pub struct Builtin {
    pub name: &'static str,
    pub run: fn(&mut Shell, &mut dyn Sys, &[Rc<str>]) -> Outcome,
    /// Whether POSIX calls it special: its errors end a script, assignments before it stay.
    pub special: bool,
    /// The shells that have it: a, d, b.
    shells: &'static str,
}

const fn row(
    name: &'static str,
    run: fn(&mut Shell, &mut dyn Sys, &[Rc<str>]) -> Outcome,
    special: bool,
    shells: &'static str,
) -> Builtin {
    Builtin { name, run, special, shells }
}

/// All builtins.
pub const TABLE: &[Builtin] = &[
    row(".", flow::source, true, "adb"),
    row(":", flow::colon, true, "adb"),
    row("[", utility::test, false, "adb"),
    row("alias", info::alias, false, "adb"),
    row("bg", job::bg, false, "adb"),
    row("bind", info::quiet, false, "b"),
    row("break", flow::break_, true, "adb"),
    row("builtin", flow::builtin, false, "b"),
    row("caller", shopt::caller, false, "b"),
    row("cd", cd::cd, false, "adb"),
    row("chdir", cd::cd, false, "ad"),
    row("command", flow::command, false, "adb"),
    row("compgen", shopt::compgen, false, "b"),
    row("complete", info::quiet, false, "b"),
    row("continue", flow::break_, true, "adb"),
    row("declare", declare::declare, false, "b"),
    row("dirs", dirs::dirs, false, "b"),
    row("disown", job::disown, false, "b"),
    row("echo", utility::run, false, "adb"),
    row("enable", shopt::enable, false, "b"),
    row("eval", flow::eval, true, "adb"),
    row("exec", flow::exec, true, "adb"),
    row("exit", flow::exit, true, "adb"),
    row("export", variables::export, true, "adb"),
    row("false", utility::run, false, "adb"),
    row("fg", job::fg, false, "adb"),
    row("getopts", getopts::getopts, false, "adb"),
    row("hash", info::hash, false, "adb"),
    row("help", info::help, false, "ab"),
    row("history", info::history, false, "ab"),
    row("jobs", job::jobs, false, "adb"),
    row("kill", job::kill, false, "adb"),
    row("let", variables::let_, false, "ab"),
    row("local", declare::local, true, "adb"),
    row("logout", flow::logout, true, "b"),
    row("mapfile", read::mapfile, false, "b"),
    row("popd", dirs::popd, false, "b"),
    row("printf", utility::printf, false, "adb"),
    row("pushd", dirs::pushd, false, "b"),
    row("pwd", cd::pwd, false, "adb"),
    row("read", read::read, false, "adb"),
    row("readarray", read::mapfile, false, "b"),
    row("readonly", variables::export, true, "adb"),
    row("return", flow::return_, true, "adb"),
    row("set", options::set, true, "adb"),
    row("shift", variables::shift, true, "adb"),
    row("shopt", shopt::shopt, false, "b"),
    row("source", flow::source, true, "ab"),
    row("suspend", shopt::suspend, false, "b"),
    row("test", utility::test, false, "adb"),
    row("times", info::times, true, "adb"),
    row("trap", job::trap, true, "adb"),
    row("true", utility::run, false, "adb"),
    row("type", info::type_, false, "adb"),
    row("typeset", declare::declare, false, "b"),
    row("ulimit", info::ulimit, false, "adb"),
    row("umask", info::umask, false, "adb"),
    row("unalias", info::unalias, false, "adb"),
    row("unset", variables::unset, true, "adb"),
    row("wait", job::wait, false, "adb"),
];

/// The builtin of a name in a shell.
pub fn find(name: &str, flavour: Flavour) -> Option<&'static Builtin> {
    let letter = match flavour {
        Flavour::Ash => 'a',
        Flavour::Dash => 'd',
        Flavour::Bash => 'b',
    };
    TABLE.iter().find(|b| b.name == name && b.shells.contains(letter))
}

/// A number as `exit`, `return`, `shift` and `break` take it.
fn number(shell: &Shell, text: &str) -> Result<i64, Outcome> {
    let limit = if shell.flavour.is_bash() { i64::MIN } else { 0 };
    text.trim().parse::<i64>().ok().filter(|n| *n >= limit).ok_or_else(|| {
        let (text, status) = match shell.flavour {
            Flavour::Bash => (format!("{text}: numeric argument required"), 2),
            _ => (format!("Illegal number: {text}"), 2),
        };
        Outcome::Fail(text, status)
    })
}
