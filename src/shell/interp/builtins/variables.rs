//! Builtins about variables and parameters: `export`, `readonly`, `unset`, `shift`, `let`.

use super::declare::{declared_text, parts};
use super::{Outcome, number};
use crate::os::program::Sys;
use crate::shell::Flavour;
use crate::shell::expand::Stop;
use crate::shell::interp::Shell;
use crate::shell::is_name;
use crate::shell::text::single_quoted;
use crate::shell::vars::Content;
use std::rc::Rc;

pub fn shift(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let n = match argv.get(1) {
        Some(text) => match number(shell, text) {
            Ok(n) => n,
            Err(fail) => return fail,
        },
        None => 1,
    };
    if n < 0 || n as usize > shell.params.len() {
        return match shell.flavour {
            Flavour::Dash => Outcome::Fail("can't shift that many".into(), 2),
            _ => Outcome::Status(1),
        };
    }
    shell.params = shell.params[n as usize..].into();
    Outcome::Status(0)
}

/// `export` and `readonly`.
pub fn export(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let exports = &*argv[0] == "export";
    let mut args = &argv[1..];
    let (mut unexport, mut functions) = (false, false);
    while let Some(flag) = args.first().filter(|a| a.starts_with('-')) {
        unexport |= flag.contains('n');
        functions |= flag.contains('f');
        args = &args[1..];
    }
    let late = std::mem::take(&mut shell.late);
    if functions && shell.flavour.is_bash() {
        return export_functions(shell, args, unexport);
    }
    if args.is_empty() {
        list_marked(shell, exports);
        return Outcome::Status(0);
    }
    let mut status = 0;
    for arg in args {
        let (name, append, value) = parts(arg, shell.flavour.is_bash());
        if !is_name(name) {
            match shell.flavour {
                Flavour::Bash => {
                    shell.complain(&format!("`{arg}': not a valid identifier"));
                    status = 1;
                    continue;
                }
                _ => return Outcome::Fail(format!("{name}: bad variable name"), 2),
            }
        }
        if let Some(value) = value {
            let value = if append {
                format!("{}{value}", shell.vars.get(name).unwrap_or(""))
            } else {
                value.to_owned()
            };
            if !shell.vars.set(name, &value) {
                return Outcome::Fail(shell.readonly_text(name), if shell.flavour.is_bash() { 1 } else { 2 });
            }
        }
        if let Some(array) = late.iter().find(|a| &**a.name() == name) {
            shell.assign(array);
        }
        let exported = if exports { Some(!unexport) } else { None };
        shell.vars.mark(name, exported, !exports);
    }
    Outcome::Status(status)
}

/// `export -f`: bash hands functions on to other bashes.
fn export_functions(shell: &mut Shell, names: &[Rc<str>], unexport: bool) -> Outcome {
    let mut status = 0;
    for name in names {
        match Rc::make_mut(&mut shell.functions).get_mut(&**name) {
            Some(function) => function.exported = !unexport,
            None => {
                shell.complain(&format!("{name}: not a function"));
                status = 1;
            }
        }
    }
    Outcome::Status(status)
}

fn list_marked(shell: &mut Shell, exports: bool) {
    let word = if exports { "export" } else { "readonly" };
    let mut text = String::new();
    for (name, var) in shell.vars.all() {
        if exports && !var.exported || !exports && !var.readonly {
            continue;
        }
        match &var.value {
            _ if shell.flavour.is_bash() => text.push_str(&declared_text(name, var)),
            Some(Content::Scalar(v)) => text.push_str(&format!("{word} {name}={}\n", single_quoted(v))),
            _ => text.push_str(&format!("{word} {name}\n")),
        }
    }
    shell.print(1, text.as_bytes());
}

pub fn unset(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut functions = false;
    let mut status = 0;
    for arg in &argv[1..] {
        match &**arg {
            "-f" => functions = true,
            "-v" => functions = false,
            name if functions => {
                Rc::make_mut(&mut shell.functions).remove(name);
            }
            name => {
                let (base, index) = match name.strip_suffix(']').and_then(|n| n.split_once('[')) {
                    Some((b, i)) => (b, Some(i)),
                    None => (name, None),
                };
                if !shell.vars.unset(base, index) {
                    if !shell.flavour.is_bash() {
                        return Outcome::Fail(shell.readonly_text(base), 2);
                    }
                    shell.complain(&format!("{base}: cannot unset: readonly variable"));
                    status = 1;
                } else if shell.vars.var(base).is_none()
                    && shell.functions.contains_key(base)
                    && index.is_none()
                    && shell.flavour.is_bash()
                {
                    Rc::make_mut(&mut shell.functions).remove(base);
                }
            }
        }
    }
    Outcome::Status(status)
}

pub fn let_(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut value = 0;
    if argv.len() < 2 {
        return Outcome::Fail("expression expected".into(), if shell.flavour.is_bash() { 1 } else { 2 });
    }
    for arg in &argv[1..] {
        match shell.arithmetic(arg) {
            Ok(n) => value = n,
            Err(Stop::Error(text, _)) => {
                return Outcome::Fail(text, if shell.flavour.is_bash() { 1 } else { 2 });
            }
            Err(_) => return Outcome::Status(1),
        }
    }
    Outcome::Status(i32::from(value == 0))
}
