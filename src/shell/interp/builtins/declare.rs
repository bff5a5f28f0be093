//! `declare`, `typeset` and `local`: attributes of variables, and the words that make them again.

use super::Outcome;
use crate::collections::BTreeMap;
use crate::os::program::Sys;
use crate::shell::Flavour;
use crate::shell::expand::Stop;
use crate::shell::interp::Shell;
use crate::shell::is_name;
use crate::shell::print;
use crate::shell::text::double_quoted;
use crate::shell::vars::{Content, Letters, Var, listed};
use std::rc::Rc;

/// The name of `name=value`, whether the value is appended (`name+=value`, where the shell knows that), the value.
pub(super) fn parts(arg: &str, appends: bool) -> (&str, bool, Option<&str>) {
    let Some((name, value)) = arg.split_once('=') else { return (arg, false, None) };
    match name.strip_suffix('+').filter(|_| appends) {
        Some(name) => (name, true, Some(value)),
        None => (name, false, Some(value)),
    }
}

/// `local`.
pub fn local(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    if !shell.vars.in_function() {
        return match shell.flavour {
            Flavour::Bash => Outcome::Fail("can only be used in a function".into(), 1),
            _ => Outcome::Fail("not in a function".into(), 2),
        };
    }
    if shell.flavour.is_bash() {
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
        shell.vars.localize(name, value.is_none());
        if let Some(value) = value
            && !shell.vars.set(name, value)
        {
            return Outcome::Fail(shell.readonly_text(name), 2);
        }
    }
    Outcome::Status(0)
}

/// The letters with `-`, those with `+`, and what is behind them.
fn flags(argv: &[Rc<str>]) -> (String, String, &[Rc<str>]) {
    let (mut on, mut off) = (String::new(), String::new());
    let mut args = &argv[1..];
    while let Some(flag) = args.first().filter(|a| a.len() > 1 && a.starts_with(['-', '+'])) {
        args = &args[1..];
        match flag.strip_prefix('-') {
            Some("-") => break,
            Some(letters) => on.push_str(letters),
            None => off.push_str(&flag[1..]),
        }
    }
    (on, off, args)
}

/// `declare` and `typeset`, and bash's `local`.
pub fn declare(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let (on, off, args) = flags(argv);
    if let Some(bad) = on.chars().chain(off.chars()).find(|c| !"aAfFgilnprtuxI".contains(*c)) {
        let text = format!(
            "-{bad}: invalid option\n{0}: usage: {0} [-aAfFgiIlnrtux] [name[=value] ...] or {0} -p [-aAfFilnrtux] [name ...]",
            argv[0]
        );
        return Outcome::Fail(text, 2);
    }
    if on.contains(['f', 'F']) {
        return functions(shell, args, on.contains('F'));
    }
    let late = std::mem::take(&mut shell.late);
    if on.contains('p') || args.is_empty() {
        return print_declared(shell, args, &on);
    }
    let local = shell.vars.in_function() && !on.contains('g');
    let mut status = 0;
    for arg in args {
        let (name, append, value) = parts(arg, true);
        let name = name.split_once('[').map_or(name, |(n, _)| n);
        if !is_name(name) {
            shell.complain(&format!("`{arg}': not a valid identifier"));
            status = 1;
            continue;
        }
        if local {
            shell.vars.localize(name, false);
        }
        if let Err(text) = set_attributes(shell, name, &on, &off) {
            return Outcome::Fail(text, 1);
        }
        let array = late.iter().find(|a| &**a.name() == name).cloned();
        let done = match (array, value) {
            (Some(array), _) => shell.assign(&array),
            (None, Some(value)) => match assign_text(shell, name, value, append) {
                Ok(done) => done,
                Err(fail) => return fail,
            },
            (None, None) => true,
        };
        if !done {
            shell.complain(&shell.readonly_text(name));
            status = 1;
            continue;
        }
        if on.contains('n') {
            shell.vars.declare(name, |a| a.reference = true);
        }
        let exported = if on.contains('x') { Some(true) } else { off.contains('x').then_some(false) };
        shell.vars.mark(name, exported, on.contains('r') || &*argv[0] == "readonly");
    }
    Outcome::Status(status)
}

fn set_attributes(shell: &mut Shell, name: &str, on: &str, off: &str) -> Result<(), String> {
    if off.contains('n') {
        shell.vars.declare(name, |a| a.reference = false);
    }
    let letters = match (on.contains('l'), on.contains('u')) {
        (true, false) => Some(Letters::Small),
        (false, true) => Some(Letters::Capital),
        _ => None,
    };
    shell.vars.declare(name, |a| {
        a.integer = (a.integer || on.contains('i')) && !off.contains('i');
        a.letters = letters.or(a.letters).filter(|_| !off.contains(['l', 'u']));
    });
    let old = shell.vars.var(name).and_then(|v| v.value.clone());
    let made = match (on.contains('A'), on.contains('a'), old) {
        (true, _, Some(Content::Array(a))) if !a.is_empty() => {
            return Err(format!("{name}: cannot convert indexed to associative array"));
        }
        (_, true, Some(Content::Assoc(_))) => {
            return Err(format!("{name}: cannot convert associative to indexed array"));
        }
        (true, _, Some(Content::Assoc(_))) | (_, true, Some(Content::Array(_))) => return Ok(()),
        (true, ..) => Content::Assoc(BTreeMap::new()),
        (_, true, Some(Content::Scalar(s))) => Content::Array(BTreeMap::from([(0, s)])),
        (_, true, None) => Content::Array(BTreeMap::new()),
        _ => return Ok(()),
    };
    if shell.vars.set_content(name, made) { Ok(()) } else { Err(shell.readonly_text(name)) }
}

/// Gives a declared variable a text; false if it is read-only.
fn assign_text(shell: &mut Shell, name: &str, value: &str, append: bool) -> Result<bool, Outcome> {
    let old = if append { shell.vars.get(name).unwrap_or("").to_owned() } else { String::new() };
    match shell.converted(name, &old, value) {
        Ok(value) => Ok(shell.vars.set(name, &value)),
        Err(Stop::Error(text, _)) => Err(Outcome::Fail(text, 1)),
        Err(_) => Err(Outcome::Status(1)),
    }
}

fn functions(shell: &mut Shell, names: &[Rc<str>], brief: bool) -> Outcome {
    let known = shell.functions.clone();
    let mut status = 0;
    let all: Vec<Rc<str>> = if names.is_empty() { known.keys().cloned().collect() } else { names.to_vec() };
    let mut text = String::new();
    for name in all {
        match known.get(&name) {
            None => status = 1,
            Some(_) if brief && names.is_empty() => text.push_str(&format!("declare -f {name}\n")),
            Some(_) if brief => text.push_str(&format!("{name}\n")),
            Some(function) => text.push_str(&print::function(&name, &function.body)),
        }
    }
    shell.print(1, text.as_bytes());
    Outcome::Status(status)
}

/// The words that declare a variable again.
pub fn declared_text(name: &str, var: &Var) -> String {
    let mut flags = String::new();
    let is = |on: bool, flag: char| on.then_some(flag);
    let letters = match var.attrs.letters {
        Some(Letters::Small) => Some('l'),
        Some(Letters::Capital) => Some('u'),
        None => None,
    };
    flags.extend(is(matches!(var.value, Some(Content::Array(_))), 'a'));
    flags.extend(is(matches!(var.value, Some(Content::Assoc(_))), 'A'));
    flags.extend(is(var.attrs.integer, 'i'));
    flags.extend(is(var.attrs.reference, 'n'));
    flags.extend(is(var.readonly, 'r'));
    flags.extend(is(var.exported, 'x'));
    flags.extend(letters);
    let flags = if flags.is_empty() { "-" } else { &flags };
    let value = var.value.as_ref().map(|c| format!("={}", array_text(c))).unwrap_or_default();
    format!("declare -{flags} {name}{value}\n")
}

fn print_declared(shell: &mut Shell, names: &[Rc<str>], on: &str) -> Outcome {
    let mut text = String::new();
    let mut status = 0;
    let wanted = |v: &Var| {
        on.chars().all(|c| match c {
            'a' => matches!(v.value, Some(Content::Array(_))),
            'A' => matches!(v.value, Some(Content::Assoc(_))),
            'i' => v.attrs.integer,
            'n' => v.attrs.reference,
            'r' => v.readonly,
            'x' => v.exported,
            _ => true,
        })
    };
    if names.is_empty() {
        for (name, var) in shell.vars.all().filter(|(_, v)| wanted(v)) {
            text.push_str(&declared_text(name, var));
        }
    }
    for name in names {
        match shell.vars.var(name) {
            Some(var) => text.push_str(&declared_text(name, var)),
            None => {
                shell.complain(&format!("{name}: not found"));
                status = 1;
            }
        }
    }
    shell.print(1, text.as_bytes());
    Outcome::Status(status)
}

/// A value in the form in which it can be assigned.
pub fn array_text(content: &Content) -> String {
    let pair = |k: &dyn std::fmt::Display, v: &str| format!("[{k}]={}", double_quoted(v));
    match content {
        Content::Scalar(s) => double_quoted(s),
        Content::Array(a) => {
            let items: Vec<String> = a.iter().map(|(k, v)| pair(k, v)).collect();
            format!("({})", items.join(" "))
        }
        Content::Assoc(a) => {
            let items = listed(a).into_iter().map(|(k, v)| pair(&key(k), v) + " ");
            format!("({})", items.collect::<String>())
        }
    }
}

/// A key as it stands between brackets.
fn key(text: &str) -> String {
    let plain =
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_./:-+%@".contains(&b));
    if plain { text.to_owned() } else { double_quoted(text) }
}

impl Shell {
    /// `${x@A}` (whole) and `${x@a}`.
    pub(in crate::shell) fn attributes(&self, name: &str, var: &Var, whole: bool) -> String {
        let text = declared_text(name, var);
        let flags = text.split(' ').nth(1).unwrap_or("-").trim_start_matches('-').to_owned();
        match (&var.value, whole) {
            (_, false) => flags,
            (Some(Content::Scalar(value)), true) if flags.is_empty() => {
                format!("{name}={}", crate::shell::text::single_quoted(value))
            }
            _ => text.trim_end().to_owned(),
        }
    }
}
