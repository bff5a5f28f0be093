//! Builtins that are utilities as well: `echo`, `printf`, `test`, `true`, `false`.

use super::Outcome;
use crate::api::Text;
use crate::os::program::Sys;
use crate::shell::Flavour;
use crate::shell::interp::Shell;
use crate::shell::util::{Ctx, Style, plain_named};
use std::rc::Rc;

/// Runs a plain utility inside the shell.
pub fn run(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let (status, out) = call(shell, sys, argv);
    for (fd, bytes) in out {
        shell.print(fd, &bytes);
    }
    Outcome::Status(status)
}

/// What a utility returns and prints.
fn call(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> (i32, Vec<(u32, Vec<u8>)>) {
    let Some(function) = plain_named(&argv[0]) else { return (127, Vec::new()) };
    let args: Vec<Text> = argv.iter().map(Shell::text).collect();
    let style = match shell.flavour {
        Flavour::Ash => Style::Busybox,
        Flavour::Dash => Style::Dash,
        Flavour::Bash => Style::Bash,
    };
    let mut ctx = Ctx::new(sys, args, style);
    ctx.prefix =
        if shell.flavour == Flavour::Ash { format!("{}: ", shell.arg0) } else { shell.error_prefix() };
    let status = function(&mut ctx);
    (status, ctx.out)
}

/// `printf`, with bash's `-v NAME`.
pub fn printf(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    if !shell.flavour.is_bash() || argv.get(1).is_none_or(|a| &**a != "-v") || argv.len() < 4 {
        return run(shell, sys, argv);
    }
    let mut words = vec![argv[0].clone()];
    words.extend_from_slice(&argv[3..]);
    let (status, out) = call(shell, sys, &words);
    let mut text = Vec::new();
    for (fd, bytes) in out {
        if fd == 1 { text.extend(bytes) } else { shell.print(fd, &bytes) }
    }
    let _ = shell.vars.set(&argv[2], &String::from_utf8_lossy(&text));
    Outcome::Status(status)
}
