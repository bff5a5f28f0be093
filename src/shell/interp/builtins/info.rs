//! Builtins that tell about the shell: `type`, `alias`, `umask`, `ulimit`, `times`, `history`, `help`.

use super::Outcome;
use crate::collections::Order;
use crate::os::program::Sys;
use crate::shell::Flavour;
use crate::shell::interp::Shell;
use crate::shell::parser::is_reserved;
use crate::shell::print;
use crate::shell::text::single_quoted;
use std::rc::Rc;

/// Builtins without an effect here (`hash`), and those that set up keys and completion, which the
/// terminal has anyway (`bind`, `complete`).
pub fn quiet(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    if &*argv[0] == "hash" && argv.len() == 1 && shell.flavour.is_bash() {
        shell.print(1, b"hash: hash table empty\n");
    }
    Outcome::Status(0)
}

/// `hash`: names are looked up, nothing is remembered.
pub fn hash(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    if argv.len() == 1 {
        return quiet(shell, sys, argv);
    }
    let mut status = 0;
    for name in argv[1..].iter().filter(|a| !a.starts_with('-')) {
        if super::find(name, shell.flavour).is_none() && shell.find_program(sys, name).is_err() {
            shell.complain(&format!("{name}: not found"));
            status = 1;
        }
    }
    Outcome::Status(status)
}

pub fn type_(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut words = &argv[1..];
    let short = words.first().is_some_and(|w| &**w == "-t") && shell.flavour.is_bash();
    let path_only = words.first().is_some_and(|w| matches!(&**w, "-p" | "-P")) && shell.flavour.is_bash();
    let all = words.first().is_some_and(|w| &**w == "-a") && shell.flavour.is_bash();
    if short || path_only || all {
        words = &words[1..];
    }
    if all {
        let outcome = describe(shell, sys, words, false);
        for word in words {
            let first = shell.find_program(sys, word).ok().filter(|_| shell.builtin_named(word).is_none());
            for path in shell.all_programs(sys, word).into_iter().filter(|p| Some(p) != first.as_ref()) {
                shell.print(1, format!("{word} is {path}\n").as_bytes());
            }
        }
        return outcome;
    }
    if !short && !path_only {
        return describe(shell, sys, words, false);
    }
    let mut status = 0;
    for word in words {
        let line = if path_only {
            shell.find_program(sys, word).ok()
        } else {
            kind(shell, sys, word).map(|(k, _)| k.to_owned())
        };
        match line {
            Some(line) => shell.print(1, format!("{line}\n").as_bytes()),
            None => status = 1,
        }
    }
    Outcome::Status(status)
}

/// What a name means: the kind, and an alias's text or a program's path.
fn kind(shell: &Shell, sys: &dyn Sys, word: &str) -> Option<(&'static str, String)> {
    if let Some(text) = shell.aliases.get(word) {
        return Some(("alias", text.clone()));
    }
    if is_reserved(word, shell.flavour) {
        return Some(("keyword", String::new()));
    }
    if shell.functions.contains_key(word) {
        return Some(("function", String::new()));
    }
    if shell.builtin_named(word).is_some() {
        return Some(("builtin", String::new()));
    }
    shell.find_program(sys, word).ok().map(|path| ("file", path))
}

/// `type` and `command -v` (brief), `command -V`.
pub fn describe(shell: &mut Shell, sys: &mut dyn Sys, words: &[Rc<str>], brief: bool) -> Outcome {
    let mut status = 0;
    for word in words {
        let found = kind(shell, sys, word);
        let line = match (&found, brief) {
            (Some(("alias", text)), true) => format!("alias {word}={}", single_quoted(text)),
            (Some(("file", path)), true) => path.clone(),
            (Some(_), true) => word.to_string(),
            (Some(("alias", text)), false) if shell.flavour.is_bash() => {
                format!("{word} is aliased to `{text}'")
            }
            (Some(("alias", text)), false) => format!("{word} is an alias for {text}"),
            (Some(("keyword", _)), false) => format!("{word} is a shell keyword"),
            (Some(("function", _)), false) if shell.flavour.is_bash() => format!("{word} is a function"),
            (Some(("function", _)), false) => format!("{word} is a shell function"),
            (Some(("builtin", _)), false) => {
                let special = super::find(word, shell.flavour).is_some_and(|b| b.special);
                match shell.flavour {
                    Flavour::Bash => format!("{word} is a shell builtin"),
                    _ if special && &**word != "local" => format!("{word} is a special shell builtin"),
                    _ => format!("{word} is a shell builtin"),
                }
            }
            (Some((_, path)), false) => format!("{word} is {path}"),
            (None, _) => {
                status = if shell.flavour.is_bash() { 1 } else { 127 };
                if !brief {
                    if shell.flavour.is_bash() {
                        shell.complain(&format!("{word}: not found"));
                    } else {
                        shell.print(1, format!("{word}: not found\n").as_bytes());
                    }
                }
                continue;
            }
        };
        shell.print(1, format!("{line}\n").as_bytes());
        if let (Some(("function", _)), false, true) = (&found, brief, shell.flavour.is_bash())
            && let Some(function) = shell.functions.get(&**word)
        {
            let text = print::function(word, &function.body);
            shell.print(1, text.as_bytes());
        }
    }
    Outcome::Status(status)
}

pub fn alias(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut status = 0;
    let prefix = if shell.flavour.is_bash() { "alias " } else { "" };
    if argv.len() == 1 {
        let mut all: Vec<_> = shell.aliases.iter().collect();
        if !shell.flavour.is_bash() {
            all.order_by_key(|(name, _)| chain(name));
        }
        let text: String =
            all.into_iter().map(|(k, v)| format!("{prefix}{k}={}\n", single_quoted(v))).collect();
        shell.print(1, text.as_bytes());
    }
    for arg in &argv[1..] {
        match arg.split_once('=') {
            Some((name, text)) => {
                Rc::make_mut(&mut shell.aliases).insert(name.into(), text.into());
            }
            None => match shell.aliases.get(&**arg) {
                Some(text) => {
                    let line = format!("{prefix}{arg}={}\n", single_quoted(text));
                    shell.print(1, line.as_bytes());
                }
                None => {
                    status = 1;
                    if shell.flavour.is_bash() {
                        shell.complain(&format!("{arg}: not found"));
                    } else {
                        shell.print(2, format!("alias: {arg} not found\n").as_bytes());
                    }
                }
            },
        }
    }
    Outcome::Status(status)
}

/// The chain of the table in which busybox and dash keep an alias, and in whose order they list them.
fn chain(name: &str) -> u32 {
    let first = u32::from(name.bytes().next().unwrap_or(0)) << 4;
    name.bytes().map(u32::from).fold(first, u32::wrapping_add) % 39
}

pub fn unalias(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut status = 0;
    for arg in &argv[1..] {
        if &**arg == "-a" {
            shell.aliases = Rc::default();
        } else if Rc::make_mut(&mut shell.aliases).remove(&**arg).is_none() {
            status = 1;
            if shell.flavour.is_bash() {
                shell.complain(&format!("{arg}: not found"));
            } else {
                shell.print(2, format!("unalias: {arg} not found\n").as_bytes());
            }
        }
    }
    Outcome::Status(status)
}

pub fn umask(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let Some(text) = argv.get(1) else {
        let line = format!("{:04o}\n", shell.umask);
        shell.print(1, line.as_bytes());
        return Outcome::Status(0);
    };
    if &**text == "-S" {
        let part = |shift: u32| -> String {
            let bits = !(shell.umask >> shift) & 7;
            [(4, 'r'), (2, 'w'), (1, 'x')].iter().filter(|(b, _)| bits & b != 0).map(|(_, c)| *c).collect()
        };
        let line = format!("u={},g={},o={}\n", part(6), part(3), part(0));
        shell.print(1, line.as_bytes());
        return Outcome::Status(0);
    }
    let numeric = text.starts_with(|c: char| c.is_ascii_digit());
    let parsed = if numeric {
        u32::from_str_radix(text, 8).ok().filter(|m| *m <= 0o777)
    } else {
        crate::shell::util::mode::parse(text, !shell.umask & 0o777, false, 0).map(|m| !m & 0o777)
    };
    match parsed {
        Some(mask) => {
            shell.umask = mask;
            sys.set_umask(mask);
            Outcome::Status(0)
        }
        None => match shell.flavour {
            Flavour::Ash => Outcome::Fail(format!("illegal mode: {text}"), 2),
            Flavour::Dash if numeric => Outcome::Fail(format!("Illegal number: {text}"), 2),
            Flavour::Dash => Outcome::Fail(format!("Illegal mode: {text}"), 2),
            Flavour::Bash if numeric => Outcome::Fail(format!("{text}: octal number out of range"), 1),
            Flavour::Bash => {
                let first = text.chars().next().unwrap_or(' ');
                Outcome::Fail(format!("`{first}': invalid symbolic mode operator"), 1)
            }
        },
    }
}

/// The limits that `ulimit` shows: letter, busybox's words, value.
const LIMITS: [(char, &str, &str); 9] = [
    ('c', "core file size (blocks)         ", "0"),
    ('d', "data seg size (kb)              ", "unlimited"),
    ('f', "file size (blocks)              ", "unlimited"),
    ('l', "locked memory (kb)              ", "64"),
    ('n', "file descriptors                ", "1048576"),
    ('s', "stack size (kb)                 ", "8192"),
    ('t', "cpu time (seconds)              ", "unlimited"),
    ('u', "processes                       ", "unlimited"),
    ('v', "address space (kb)              ", "unlimited"),
];

pub fn ulimit(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut letters = String::new();
    for arg in &argv[1..] {
        match arg.strip_prefix('-') {
            Some(flags) => letters.push_str(flags),
            None => return Outcome::Status(0),
        }
    }
    let letters = letters.replace(['H', 'S'], "");
    let mut text = String::new();
    if letters.contains('a') {
        for (letter, name, value) in LIMITS {
            text.push_str(&format!("-{letter}: {name} {value}\n"));
        }
    } else {
        let letters = if letters.is_empty() { "f" } else { &letters };
        for letter in letters.chars() {
            match LIMITS.iter().find(|(l, ..)| *l == letter) {
                Some((_, _, value)) => text.push_str(&format!("{value}\n")),
                None if shell.flavour.is_bash() => {
                    let usage = "ulimit: usage: ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]\n";
                    shell.complain(&format!("-{letter}: invalid option"));
                    shell.print(2, usage.as_bytes());
                    return Outcome::Status(2);
                }
                None if shell.flavour == Flavour::Ash => {
                    let line = format!("ulimit: invalid option -- '{letter}'\n");
                    shell.print(2, line.as_bytes());
                    return Outcome::Status(1);
                }
                None => return Outcome::Fail(format!("Illegal option -{letter}"), 2),
            }
        }
    }
    shell.print(1, text.as_bytes());
    Outcome::Status(0)
}

pub fn times(shell: &mut Shell, sys: &mut dyn Sys, _: &[Rc<str>]) -> Outcome {
    let digits = if shell.flavour == Flavour::Dash { 6 } else { 3 };
    let time = |s: f64| format!("{}m{:.digits$}s", (s / 60.0) as u64, s % 60.0);
    let (own, children) = sys.cpu_times();
    let zero = time(0.0);
    let text = format!("{} {zero}\n{} {zero}\n", time(own.as_secs_f64()), time(children.as_secs_f64()));
    shell.print(1, text.as_bytes());
    Outcome::Status(0)
}

pub fn history(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let history = shell.history.clone();
    if argv.get(1).is_some_and(|a| &**a == "-c") {
        shell.history = Rc::default();
        return Outcome::Status(0);
    }
    let last = argv.get(1).and_then(|a| a.parse::<usize>().ok()).unwrap_or(history.len());
    let width = if shell.flavour.is_bash() { 5 } else { 4 };
    let first = history.len().saturating_sub(last);
    for (i, line) in history.iter().enumerate().skip(first) {
        let number = if shell.flavour.is_bash() { i + 1 } else { i };
        let gap = if shell.flavour.is_bash() { "  " } else { " " };
        shell.print(1, format!("{number:>width$}{gap}{line}\n").as_bytes());
    }
    Outcome::Status(0)
}

pub fn help(shell: &mut Shell, _: &mut dyn Sys, _: &[Rc<str>]) -> Outcome {
    let mut text = if shell.flavour.is_bash() {
        "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n".to_owned()
    } else {
        "Built-in commands:\n------------------\n".to_owned()
    };
    let mut line = String::from("\t");
    for builtin in super::TABLE.iter().filter(|b| super::find(b.name, shell.flavour).is_some()) {
        if line.len() + builtin.name.len() > 70 {
            text.push_str(line.trim_end_matches(' '));
            text.push('\n');
            line = String::from("\t");
        }
        line.push_str(builtin.name);
        line.push(' ');
    }
    text.push_str(line.trim_end_matches(' '));
    text.push('\n');
    shell.print(1, text.as_bytes());
    Outcome::Status(0)
}
