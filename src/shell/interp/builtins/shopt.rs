//! What bash says of itself and how it is told otherwise: `shopt`, `enable`, `caller`, `compgen`.

use super::Outcome;
use crate::collections::Order;
use crate::os::program::Sys;
use crate::shell::interp::Shell;
use crate::shell::parser::is_reserved;
use crate::shell::syntax::RESERVED;
use std::rc::Rc;

/// The options that have an effect here.
const KNOWN: [&str; 7] =
    ["dotglob", "expand_aliases", "extglob", "failglob", "globstar", "nocasematch", "nullglob"];

/// Options of completion, history and checks, of which nothing would be seen here; and whether they are on.
const OTHERS: [(&str, bool); 14] = [
    ("autocd", false),
    ("cdspell", false),
    ("checkhash", false),
    ("checkjobs", false),
    ("checkwinsize", true),
    ("cmdhist", true),
    ("complete_fullquote", true),
    ("execfail", false),
    ("extquote", true),
    ("globasciiranges", true),
    ("histappend", false),
    ("inherit_errexit", false),
    ("progcomp", true),
    ("sourcepath", true),
];

impl Shell {
    fn shell_option(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "dotglob" => &mut self.globs.dot,
            "expand_aliases" => &mut self.expand_aliases,
            "extglob" => &mut self.globs.groups,
            "failglob" => &mut self.globs.fail,
            "globstar" => &mut self.globs.star,
            "nocasematch" => &mut self.nocasematch,
            "nullglob" => &mut self.globs.null,
            _ => return None,
        })
    }
}

/// `shopt`.
pub fn shopt(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let flags: String = argv[1..].iter().take_while(|a| a.starts_with('-')).map(|a| &a[1..]).collect();
    let names: Vec<&Rc<str>> = argv[1..].iter().skip_while(|a| a.starts_with('-')).collect();
    let (on, quiet) = (flags.contains('s'), flags.contains('q'));
    let sets = on || flags.contains('u');
    let mut status = 0;
    if names.is_empty() {
        let mut all: Vec<&str> = KNOWN.into_iter().chain(OTHERS.map(|(n, _)| n)).collect();
        all.order();
        for name in all {
            let value = shell.shell_option(name).map_or(OTHERS.contains(&(name, true)), |o| *o);
            if !sets || value == on {
                shell.print(1, shown(name, value, flags.contains('p')).as_bytes());
            }
        }
        return Outcome::Status(0);
    }
    for name in names {
        let other = OTHERS.iter().find(|(n, _)| *n == &**name).map(|(_, on)| *on);
        match (shell.shell_option(name), other) {
            (Some(option), _) if sets => *option = on,
            (None, Some(_)) if sets => {}
            (None, None) if &**name == "lastpipe" => {
                shell.complain("not simulated: lastpipe");
                status = 1;
            }
            (None, None) => {
                shell.complain(&format!("{name}: invalid shell option name"));
                status = 1;
            }
            (option, other) => {
                let value = option.map_or(other.unwrap_or(false), |o| *o);
                status |= i32::from(!value);
                if !quiet {
                    shell.print(1, shown(name, value, flags.contains('p')).as_bytes());
                }
            }
        }
    }
    Outcome::Status(status)
}

fn shown(name: &str, on: bool, reusable: bool) -> String {
    match (reusable, on) {
        (true, true) => format!("shopt -s {name}\n"),
        (true, false) => format!("shopt -u {name}\n"),
        (false, _) => format!("{name:<15}\t{}\n", if on { "on" } else { "off" }),
    }
}

/// `enable` and `enable -n`.
pub fn enable(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let off = argv.get(1).is_some_and(|a| &**a == "-n");
    let names = &argv[1 + usize::from(off)..];
    if names.is_empty() {
        let flavour = shell.flavour;
        for builtin in super::TABLE.iter().filter(|b| super::find(b.name, flavour).is_some()) {
            if shell.disabled.contains(builtin.name) == off {
                let line = format!("enable {}{}\n", if off { "-n " } else { "" }, builtin.name);
                shell.print(1, line.as_bytes());
            }
        }
    }
    let mut status = 0;
    for name in names {
        if super::find(name, shell.flavour).is_none() {
            shell.complain(&format!("{name}: not a shell builtin"));
            status = 1;
        } else if off {
            shell.disabled.insert(name.clone());
        } else {
            shell.disabled.remove(&**name);
        }
    }
    Outcome::Status(status)
}

/// `caller`: line, function and file of a call; without a number no function.
pub fn caller(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let frame = argv.get(1).and_then(|a| a.parse::<usize>().ok());
    let calls = &shell.calls;
    let Some(at) = calls.len().checked_sub(1 + frame.unwrap_or(0)) else { return Outcome::Status(1) };
    let line = calls[at].line;
    let text = match (frame, at.checked_sub(1).map(|i| &calls[i])) {
        (Some(_), Some(call)) => format!("{line} {} {}\n", call.name, call.source),
        (Some(_), None) if shell.opts.command_string => return Outcome::Status(1),
        (Some(_), None) => format!("{line} main {}\n", shell.arg0),
        (None, Some(call)) => format!("{line} {}\n", call.source),
        (None, None) if shell.opts.command_string => format!("{line} NULL\n"),
        (None, None) => format!("{line} {}\n", shell.arg0),
    };
    shell.print(1, text.as_bytes());
    Outcome::Status(0)
}

/// `compgen -A KIND`, `-b`, `-k`, `-v`, `-W WORDS`: names that begin with a text.
pub fn compgen(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut args = argv[1..].iter();
    let (mut kind, mut words, mut prefix) = (String::new(), None, "");
    while let Some(arg) = args.next() {
        match &**arg {
            "-A" => kind = args.next().map_or_else(String::new, |k| k.to_string()),
            "-W" => words = args.next().cloned(),
            "-b" => kind = "builtin".into(),
            "-k" => kind = "keyword".into(),
            "-v" => kind = "variable".into(),
            "-a" => kind = "alias".into(),
            "--" => {}
            flag if flag.starts_with('-') => {
                return Outcome::Fail(format!("not simulated: {flag}"), 2);
            }
            text => prefix = text,
        }
    }
    let all: Vec<String> = match (&words, kind.as_str()) {
        (Some(words), _) => words.split_whitespace().map(str::to_owned).collect(),
        (None, "function") => shell.functions.keys().map(|n| n.to_string()).collect(),
        (None, "variable") => shell.vars.all().map(|(n, _)| n.to_string()).collect(),
        (None, "alias") => shell.aliases.keys().cloned().collect(),
        (None, "keyword") => {
            RESERVED.iter().filter(|w| is_reserved(w, shell.flavour)).map(|w| (*w).to_owned()).collect()
        }
        (None, "builtin") => super::TABLE
            .iter()
            .filter(|b| super::find(b.name, shell.flavour).is_some())
            .map(|b| b.name.to_owned())
            .collect(),
        (None, kind) => return Outcome::Fail(format!("not simulated: compgen -A {kind}"), 2),
    };
    let found: Vec<String> = all.into_iter().filter(|n| n.starts_with(prefix)).collect();
    for name in &found {
        shell.print(1, format!("{name}\n").as_bytes());
    }
    Outcome::Status(i32::from(found.is_empty()))
}

/// `suspend`: there is no job control by which a shell could be stopped.
pub fn suspend(_: &mut Shell, _: &mut dyn Sys, _: &[Rc<str>]) -> Outcome {
    Outcome::Fail("cannot suspend: no job control".into(), 1)
}
