//! `cd` and `pwd`.

use super::Outcome;
use crate::os::program::Sys;
use crate::os::program::logical;
use crate::shell::Flavour;
use crate::shell::interp::Shell;
use std::rc::Rc;

pub fn cd(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut args = &argv[1..];
    while args.first().is_some_and(|a| matches!(&**a, "-L" | "-P" | "--" | "-e")) {
        args = &args[1..];
    }
    if shell.flavour.is_bash() && args.len() > 1 {
        return Outcome::Fail("too many arguments".into(), 1);
    }
    let mut show = false;
    let target: String = match args.first() {
        None => match shell.vars.get("HOME") {
            Some(home) => home.to_owned(),
            None if shell.flavour.is_bash() => return Outcome::Fail("HOME not set".into(), 1),
            None => return Outcome::Status(0),
        },
        Some(a) if &**a == "-" => {
            show = true;
            match shell.vars.get("OLDPWD") {
                Some(old) => old.to_owned(),
                None if shell.flavour.is_bash() => return Outcome::Fail("OLDPWD not set".into(), 1),
                // Unset it is empty, so that the directory stays.
                None => String::new(),
            }
        }
        Some(a) => a.to_string(),
    };
    let old = shell.vars.get("PWD").map_or_else(|| sys.cwd().to_string(), str::to_owned);
    let full = logical(&old, &target);
    if !target.is_empty()
        && let Err(error) = sys.chdir(&full)
    {
        return match shell.flavour {
            Flavour::Bash => Outcome::Fail(format!("{target}: {}", error.text()), 1),
            Flavour::Dash => Outcome::Fail(format!("can't cd to {target}"), 2),
            Flavour::Ash => Outcome::Fail(format!("can't cd to {target}: {}", error.text()), 2),
        };
    }
    let _ = shell.vars.set("OLDPWD", &old);
    let _ = shell.vars.set("PWD", &full);
    if show {
        let line = format!("{full}\n");
        shell.print(1, line.as_bytes());
    }
    Outcome::Status(0)
}

pub fn pwd(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let physical = argv.get(1).is_some_and(|a| &**a == "-P");
    let cwd = match shell.vars.get("PWD").filter(|_| !physical) {
        Some(pwd) => pwd.to_owned(),
        None => sys.cwd().to_string(),
    };
    let line = format!("{cwd}\n");
    shell.print(1, line.as_bytes());
    Outcome::Status(0)
}
