//! Builtins that are utilities as well: `echo`, `printf`, `test`, `true`, `false`.

use super::Outcome;
use crate::api::Text;
use crate::os::program::Sys;
use crate::shell::expand::Assigned;
use crate::shell::interp::Shell;
use crate::shell::util::{Ctx, Style, date_format, plain_named};
use crate::shell::{Flavour, is_name};
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

/// `printf`, with bash's `-v NAME` and `%(FORMAT)T`.
pub fn printf(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    if !shell.flavour.is_bash() {
        return run(shell, sys, argv);
    }
    let into = argv.get(1).is_some_and(|a| &**a == "-v") && argv.len() > 3;
    let mut words = vec![argv[0].clone()];
    words.extend_from_slice(&argv[if into { 3 } else { 1 }..]);
    if words.get(1).is_some_and(|format| format.contains(")T")) {
        words = timed(shell, sys, &words);
    }
    if !into {
        return run(shell, sys, &words);
    }
    let (status, out) = call(shell, sys, &words);
    let mut text = Vec::new();
    for (fd, bytes) in out {
        if fd == 1 { text.extend(bytes) } else { shell.print(fd, &bytes) }
    }
    let value: Rc<str> = String::from_utf8_lossy(&text).into();
    let (name, key) = match argv[2].strip_suffix(']').and_then(|n| n.split_once('[')) {
        Some((name, key)) => (name, Some(key)),
        None => (&*argv[2], None),
    };
    if !is_name(name) {
        return Outcome::Fail(format!("`{}': not a valid identifier", argv[2]), 2);
    }
    let index = match key {
        Some(key) if shell.is_assoc(name) => Some(key.into()),
        Some(key) => Some(shell.arithmetic(key).map_or_else(|_| "0".into(), |n| n.to_string().into())),
        None => None,
    };
    if !shell.assign(&Assigned::Scalar { name: name.into(), index, value }) {
        return Outcome::Fail(shell.readonly_text(name), 1);
    }
    Outcome::Status(status)
}

/// `%(FORMAT)T` becomes `%s` and its argument the time in that form; -1 and nothing stand for now.
fn timed(shell: &Shell, sys: &dyn Sys, words: &[Rc<str>]) -> Vec<Rc<str>> {
    let mut format = String::new();
    let mut args: Vec<Rc<str>> = words.get(2..).unwrap_or(&[]).to_vec();
    let mut rest = &*words[1];
    let mut place = 0;
    while let Some(at) = rest.find('%') {
        format.push_str(&rest[..at]);
        let tail = &rest[at..];
        let flags = 1 + tail[1..].bytes().take_while(|b| b"-0123456789 .".contains(b)).count();
        match tail[flags..].strip_prefix('(').and_then(|t| t.split_once(")T")) {
            Some((inner, after)) => {
                let now = sys.wall_micros();
                let micros = match args.get(place).and_then(|a| a.parse::<i64>().ok()) {
                    Some(-1) | None => now,
                    Some(-2) => now - (shell.now.since(shell.seconds.0).0 as i64),
                    Some(seconds) => seconds.saturating_mul(1_000_000),
                };
                let text = date_format(micros, if inner.is_empty() { "%H:%M:%S" } else { inner });
                if place < args.len() {
                    args[place] = text.into()
                } else {
                    args.push(text.into())
                }
                format.push_str(&tail[..flags]);
                format.push('s');
                rest = after;
                place += 1;
            }
            None => {
                let n = 1 + tail[1..].chars().next().map_or(0, char::len_utf8);
                place += usize::from(!tail.starts_with("%%"));
                format.push_str(&tail[..n]);
                rest = &tail[n..];
            }
        }
    }
    format.push_str(rest);
    let mut out = vec![words[0].clone(), format.into()];
    out.extend(args);
    out
}

/// `test` and `[`, with bash's `-v NAME` and `-o OPTION`, which ask the shell itself.
pub fn test(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    if !shell.flavour.is_bash() || !argv.iter().any(|a| matches!(&**a, "-v" | "-o" | "-R")) {
        return run(shell, sys, argv);
    }
    let mut words = argv.to_vec();
    for i in 1..words.len().saturating_sub(1) {
        // Between two others `-o` means "or".
        let alone = i == 1 || matches!(&*words[i - 1], "!" | "(" | "-a" | "-o");
        let truth = match &*words[i] {
            "-v" if alone => shell.is_set(&words[i + 1].clone()),
            "-o" if alone => shell.option_is_on(&words[i + 1].clone()),
            "-R" if alone => shell.vars.var(&words[i + 1]).is_some_and(|v| v.attrs.reference),
            _ => continue,
        };
        words[i] = "-n".into();
        words[i + 1] = if truth { "x" } else { "" }.into();
    }
    run(shell, sys, &words)
}
