//! Builtins about variables, options, parameters and the working directory.

use super::{Outcome, number};
use crate::collections::{BTreeMap, Order};

use crate::os::program::Sys;
use crate::shell::Flavour;
use crate::shell::expand::Stop;
use crate::shell::interp::Shell;
use crate::shell::is_name;
use crate::shell::text::single_quoted;
use crate::shell::vars::Content;
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
                None => "/".to_owned(),
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

/// A path put behind a directory, with `.` and `..` resolved as text.
fn logical(base: &str, path: &str) -> String {
    let joined = if path.starts_with('/') { path.to_owned() } else { format!("{base}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
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

/// The letters and names of the options of `set`.
const OPTIONS: [(char, &str); 10] = [
    ('a', "allexport"),
    ('e', "errexit"),
    ('f', "noglob"),
    ('n', "noexec"),
    ('u', "nounset"),
    ('v', "verbose"),
    ('x', "xtrace"),
    ('C', "noclobber"),
    ('m', "monitor"),
    (' ', "pipefail"),
];

impl Shell {
    fn option(&mut self, name: &str) -> Option<&mut bool> {
        let o = &mut self.opts;
        Some(match name {
            "allexport" => &mut o.allexport,
            "errexit" => &mut o.errexit,
            "noglob" => &mut o.noglob,
            "noexec" => &mut o.noexec,
            "nounset" => &mut o.nounset,
            "verbose" => &mut o.verbose,
            "xtrace" => &mut o.xtrace,
            "noclobber" => &mut o.noclobber,
            "monitor" => &mut o.monitor,
            "pipefail" => &mut o.pipefail,
            _ => return None,
        })
    }

    /// Sets an option by its letter; false if there is none.
    pub(in crate::shell::interp) fn set_option(&mut self, letter: char, on: bool) -> bool {
        if matches!(letter, 'h' | 'b' | 'B' | 'H' | 'P' | 'E' | 'T' | 'k' | 't') && self.flavour.is_bash() {
            return true;
        }
        match OPTIONS.iter().find(|(l, _)| *l == letter && letter != ' ') {
            Some((_, name)) => self.set_option_named(name, on),
            None => false,
        }
    }

    /// Sets an option by its name; false if there is none.
    pub(in crate::shell::interp) fn set_option_named(&mut self, name: &str, on: bool) -> bool {
        if name == "pipefail" && self.flavour == Flavour::Dash {
            return false;
        }
        match self.option(name) {
            Some(option) => {
                *option = on;
                true
            }
            None => matches!(
                name,
                "posix"
                    | "vi"
                    | "emacs"
                    | "history"
                    | "braceexpand"
                    | "ignoreeof"
                    | "nolog"
                    | "hashall"
                    | "histexpand"
            ),
        }
    }

    /// Whether an option is on.
    pub(in crate::shell::interp) fn option_is_on(&mut self, name: &str) -> bool {
        self.option(name).is_some_and(|o| *o)
    }
}

pub fn set(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    if argv.len() == 1 {
        list_variables(shell);
        return Outcome::Status(0);
    }
    let mut i = 1;
    while let Some(arg) = argv.get(i).cloned() {
        let on = arg.starts_with('-');
        if &*arg == "-" {
            shell.opts.xtrace = false;
            shell.opts.verbose = false;
        }
        if &*arg == "--" || &*arg == "-" {
            if &*arg == "--" || i + 1 < argv.len() {
                shell.params = argv[i + 1..].into();
            }
            return Outcome::Status(0);
        }
        if !on && !arg.starts_with('+') {
            shell.params = argv[i..].into();
            return Outcome::Status(0);
        }
        i += 1;
        for c in arg[1..].chars() {
            if c == 'o' {
                let Some(name) = argv.get(i).cloned() else {
                    list_options(shell, on);
                    return Outcome::Status(0);
                };
                i += 1;
                if !shell.set_option_named(&name, on) {
                    return match shell.flavour {
                        Flavour::Bash => Outcome::Fail(format!("{name}: invalid option name"), 2),
                        Flavour::Ash => {
                            shell.complain(&format!("illegal option -o {name}"));
                            Outcome::Status(1)
                        }
                        Flavour::Dash => Outcome::Fail(format!("Illegal option -o {name}"), 2),
                    };
                }
            } else if !shell.set_option(c, on) {
                let sign = &arg[..1];
                return match shell.flavour {
                    Flavour::Bash => {
                        shell.complain(&format!("{sign}{c}: invalid option"));
                        let usage =
                            "set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n";
                        shell.print(2, usage.as_bytes());
                        Outcome::Status(2)
                    }
                    Flavour::Ash => Outcome::Fail(format!("illegal option {sign}{c}"), 2),
                    Flavour::Dash => Outcome::Fail(format!("Illegal option {sign}{c}"), 2),
                };
            }
        }
    }
    Outcome::Status(0)
}

fn list_options(shell: &mut Shell, table: bool) {
    let mut names: Vec<&str> = OPTIONS.iter().map(|(_, n)| *n).collect();
    names.order();
    for name in names {
        let on = shell.option_is_on(name);
        let line = match (table, shell.flavour.is_bash()) {
            (true, true) => format!("{name:<15}\t{}\n", if on { "on" } else { "off" }),
            (true, false) => format!("{name:<16}{}\n", if on { "on" } else { "off" }),
            (false, _) => format!("set {}o {name}\n", if on { '-' } else { '+' }),
        };
        shell.print(1, line.as_bytes());
    }
}

fn list_variables(shell: &mut Shell) {
    let mut text = String::new();
    for (name, var) in shell.vars.all() {
        match &var.value {
            Some(Content::Scalar(v)) => {
                let plain = shell.flavour.is_bash()
                    && v.chars().all(|c| c.is_alphanumeric() || "_./:-=,+@%".contains(c));
                let shown = if plain { v.to_string() } else { single_quoted(v) };
                text.push_str(&format!("{name}={shown}\n"));
            }
            Some(content) => text.push_str(&format!("{name}={}\n", array_text(content))),
            None => {}
        }
    }
    shell.print(1, text.as_bytes());
}

fn array_text(content: &Content) -> String {
    let pair = |k: &dyn std::fmt::Display, v: &str| format!("[{k}]=\"{}\"", v.replace('"', "\\\""));
    let items: Vec<String> = match content {
        Content::Scalar(s) => return format!("\"{s}\""),
        Content::Array(a) => a.iter().map(|(k, v)| pair(k, v)).collect(),
        Content::Assoc(a) => a.iter().map(|(k, v)| pair(k, v)).collect(),
    };
    format!("({})", items.join(" "))
}

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
    let mut unexport = false;
    while let Some(flag) = args.first().filter(|a| a.starts_with('-')) {
        unexport |= flag.contains('n');
        args = &args[1..];
    }
    if args.is_empty() {
        list_marked(shell, exports);
        return Outcome::Status(0);
    }
    let mut status = 0;
    for arg in args {
        let (name, value) = match arg.split_once('=') {
            Some((n, v)) => (n, Some(v)),
            None => (&**arg, None),
        };
        let (name, append) = match name.strip_suffix('+') {
            Some(n) if value.is_some() && shell.flavour.is_bash() => (n, true),
            _ => (name, false),
        };
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
        let exported = if exports { Some(!unexport) } else { None };
        shell.vars.mark(name, exported, !exports);
    }
    Outcome::Status(status)
}

fn list_marked(shell: &mut Shell, exports: bool) {
    let word = match (shell.flavour.is_bash(), exports) {
        (true, true) => "declare -x",
        (true, false) => "declare -r",
        (false, true) => "export",
        (false, false) => "readonly",
    };
    let mut text = String::new();
    for (name, var) in shell.vars.all() {
        if exports && !var.exported || !exports && !var.readonly {
            continue;
        }
        match &var.value {
            Some(Content::Scalar(v)) if shell.flavour.is_bash() => {
                text.push_str(&format!(
                    "{word} {name}=\"{}\"\n",
                    v.replace('\\', "\\\\").replace('"', "\\\"")
                ));
            }
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

pub fn local(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    if !shell.vars.in_function() {
        return match shell.flavour {
            Flavour::Bash => Outcome::Fail("can only be used in a function".into(), 1),
            _ => Outcome::Fail("not in a function".into(), 2),
        };
    }
    if shell.flavour.is_bash() && argv.get(1).is_some_and(|a| a.starts_with('-')) {
        return declare(shell, sys, argv);
    }
    for arg in &argv[1..] {
        let (name, value) = match arg.split_once('=') {
            Some((n, v)) => (n, Some(v)),
            None => (&**arg, None),
        };
        if !is_name(name) {
            return Outcome::Fail(format!("{name}: bad variable name"), 2);
        }
        shell.vars.localize(name, value.is_none() && !shell.flavour.is_bash());
        if let Some(value) = value
            && !shell.vars.set(name, value)
        {
            return Outcome::Fail(shell.readonly_text(name), 2);
        }
    }
    Outcome::Status(0)
}

/// `declare` and `typeset`.
pub fn declare(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut flags = String::new();
    let mut args = &argv[1..];
    while let Some(flag) = args.first().filter(|a| a.starts_with('-') || a.starts_with('+')) {
        flags.push_str(&flag[1..]);
        args = &args[1..];
    }
    let global = flags.contains('g') || !shell.vars.in_function();
    if flags.contains('p') || flags.contains('f') || flags.contains('F') {
        return print_declared(shell, args, flags.contains('p'));
    }
    for arg in args {
        let (name, value) = match arg.split_once('=') {
            Some((n, v)) => (n, Some(v)),
            None => (&**arg, None),
        };
        if !is_name(name) {
            return Outcome::Fail(format!("`{arg}': not a valid identifier"), 1);
        }
        let assigned_here = shell.vars.var(name).is_some_and(|v| matches!(v.value, Some(Content::Array(_))));
        if !global && !assigned_here {
            shell.vars.localize(name, false);
        }
        let empty = shell.vars.var(name).is_none_or(|v| v.value.is_none());
        if flags.contains('A') && !shell.is_assoc(name) {
            let old = shell.vars.var(name).and_then(|v| v.value.clone());
            let map = match old {
                Some(Content::Array(a)) if !a.is_empty() => {
                    a.into_iter().map(|(k, v)| (k.to_string().into(), v)).collect()
                }
                _ => BTreeMap::new(),
            };
            let _ = shell.vars.set_content(name, Content::Assoc(map));
        } else if flags.contains('a') && empty {
            let _ = shell.vars.set_content(name, Content::Array(BTreeMap::new()));
        }
        if let Some(value) = value {
            let value = if flags.contains('i') {
                match shell.arithmetic(value) {
                    Ok(n) => n.to_string(),
                    Err(Stop::Error(text, _)) => return Outcome::Fail(text, 1),
                    Err(_) => String::new(),
                }
            } else {
                value.to_owned()
            };
            if !shell.vars.set(name, &value) {
                return Outcome::Fail(shell.readonly_text(name), 1);
            }
        }
        shell.vars.mark(name, flags.contains('x').then_some(true), flags.contains('r'));
    }
    Outcome::Status(0)
}

fn print_declared(shell: &mut Shell, args: &[Rc<str>], variables: bool) -> Outcome {
    let mut text = String::new();
    let mut status = 0;
    for name in args {
        if !variables {
            let known = shell.functions.contains_key(name);
            if known {
                text.push_str(&format!("{name}\n"))
            } else {
                status = 1
            }
            continue;
        }
        let Some(var) = shell.vars.var(name) else {
            shell.complain(&format!("{name}: not found"));
            status = 1;
            continue;
        };
        let mut flags: String = match &var.value {
            Some(Content::Array(_)) => "a".into(),
            Some(Content::Assoc(_)) => "A".into(),
            _ => String::new(),
        };
        flags.push_str(if var.readonly { "r" } else { "" });
        flags.push_str(if var.exported { "x" } else { "" });
        if flags.is_empty() {
            flags.push('-');
        }
        let value = var.value.as_ref().map(|c| format!("={}", array_text(c))).unwrap_or_default();
        text.push_str(&format!("declare -{flags} {name}{value}\n"));
    }
    shell.print(1, text.as_bytes());
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

pub fn getopts(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let (Some(spec), Some(name)) = (argv.get(1).cloned(), argv.get(2).cloned()) else {
        return Outcome::Fail("usage: getopts optstring var [arg]".into(), 2);
    };
    let args: Vec<Rc<str>> = if argv.len() > 3 { argv[3..].to_vec() } else { shell.params.to_vec() };
    let optind: usize = shell.vars.get("OPTIND").and_then(|o| o.parse().ok()).unwrap_or(1).max(1);
    let (last, mut at) = shell.getopts;
    if last != optind {
        at = 0;
    }
    let mut index = optind;
    let word = args.get(index - 1).cloned().unwrap_or_default();
    let chars: Vec<char> = word.chars().collect();
    if at == 0 {
        if chars.len() < 2 || chars[0] != '-' || &*word == "--" {
            index += usize::from(&*word == "--");
            return finish_options(shell, &name, "?", index, 0, 1);
        }
        at = 1;
    }
    let c = chars.get(at).copied().unwrap_or('?');
    at += 1;
    let more = at < chars.len();
    let silent = spec.starts_with(':');
    let place = spec.find(c).filter(|_| c != ':');
    let takes = place.is_some_and(|p| spec[p + c.len_utf8()..].starts_with(':'));
    let _ = shell.vars.unset("OPTARG", None);
    let mut result = c.to_string();
    if place.is_none() {
        result = "?".into();
        if silent {
            let _ = shell.vars.set("OPTARG", &c.to_string());
        } else {
            let line = match shell.flavour {
                Flavour::Bash => format!("{}: illegal option -- {c}\n", shell.arg0),
                _ => format!("Illegal option -{c}\n"),
            };
            shell.print(2, line.as_bytes());
        }
    } else if takes {
        let value: Option<String> = if more {
            Some(chars[at..].iter().collect())
        } else {
            index += 1;
            args.get(index - 1).map(|a| a.to_string())
        };
        at = chars.len();
        match value {
            Some(value) => {
                let _ = shell.vars.set("OPTARG", &value);
            }
            None => {
                result = if silent { ":" } else { "?" }.into();
                if silent {
                    let _ = shell.vars.set("OPTARG", &c.to_string());
                } else {
                    let line = match shell.flavour {
                        Flavour::Bash => format!("{}: option requires an argument -- {c}\n", shell.arg0),
                        _ => format!("No arg for -{c} option\n"),
                    };
                    shell.print(2, line.as_bytes());
                }
            }
        }
    }
    if at >= chars.len() {
        index += 1;
        at = 0;
    }
    finish_options(shell, &name, &result, index, at, 0)
}

fn finish_options(
    shell: &mut Shell,
    name: &str,
    result: &str,
    index: usize,
    at: usize,
    status: i32,
) -> Outcome {
    let _ = shell.vars.set(name, result);
    let _ = shell.vars.set("OPTIND", &index.to_string());
    shell.getopts = (index, at);
    Outcome::Status(status)
}
