//! Builtins that move control: `exit`, `return`, `break`, `eval`, `exec`, `.`, `command`.

use super::{Outcome, number};
use crate::os::program::{Errno, Sys};
use crate::shell::interp::frame::Kind;
use crate::shell::interp::source::Origin;
use crate::shell::interp::{Shell, Unwind};
use std::rc::Rc;

pub fn colon(_: &mut Shell, _: &mut dyn Sys, _: &[Rc<str>]) -> Outcome {
    Outcome::Status(0)
}

pub fn exit(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let code = match argv.get(1) {
        Some(text) => match number(shell, text) {
            Ok(n) => n as i32,
            Err(Outcome::Fail(text, status)) if shell.flavour.is_bash() => {
                shell.complain(&text);
                status
            }
            Err(fail) => return fail,
        },
        None => shell.status,
    };
    if shell.flavour.is_bash() && argv.len() > 2 {
        return Outcome::Fail("too many arguments".into(), 1);
    }
    if shell.opts.interactive && !shell.subshell && shell.flavour.is_bash() {
        shell.print(2, b"exit\n");
    }
    shell.status = code & 0xff;
    Outcome::Unwind(Unwind::Exit(code & 0xff))
}

/// bash's `logout`, which only a login shell knows.
pub fn logout(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    if shell.login { exit(shell, sys, argv) } else { Outcome::Fail("not login shell: use `exit'".into(), 1) }
}

pub fn return_(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let inside = shell.frames.iter().any(|f| match &f.kind {
        Kind::Call { .. } => true,
        Kind::Source(s) => s.is_sourced(),
        _ => false,
    });
    if !inside && shell.flavour.is_bash() {
        return Outcome::Fail("can only `return' from a function or sourced script".into(), 2);
    }
    if let Some(text) = argv.get(1) {
        match number(shell, text) {
            Ok(n) => shell.status = (n & 0xff) as i32,
            Err(fail) => return fail,
        }
    }
    Outcome::Unwind(if inside { Unwind::Return } else { Unwind::Exit(shell.status) })
}

pub fn break_(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let count = match argv.get(1) {
        Some(text) => match number(shell, text) {
            Ok(n) if n > 0 => n,
            Ok(_) if shell.flavour.is_bash() => {
                return Outcome::Fail(format!("{text}: loop count out of range"), 1);
            }
            Ok(_) => return Outcome::Fail(format!("Illegal number: {text}"), 2),
            Err(fail) => return fail,
        },
        None => 1,
    };
    let mut loops = 0;
    for frame in shell.frames.iter().rev() {
        match frame.kind {
            Kind::For { .. } | Kind::While { .. } => loops += 1,
            Kind::Call { .. } => break,
            _ => {}
        }
    }
    if loops == 0 {
        if shell.flavour.is_bash() && !shell.subshell {
            let text = "only meaningful in a `for', `while', or `until' loop";
            return Outcome::Fail(text.into(), 0);
        }
        return Outcome::Status(0);
    }
    shell.status = 0;
    let count = count.min(loops) as u32;
    Outcome::Unwind(if &*argv[0] == "break" { Unwind::Break(count) } else { Unwind::Continue(count) })
}

pub fn eval(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let text = argv[1..].join(" ");
    if text.trim().is_empty() {
        return Outcome::Status(0);
    }
    shell.push_text(text, Origin::Eval);
    // The text's own commands set the status.
    let frame = shell.frames.pop().map(|f| f.kind);
    frame.map_or(Outcome::Status(0), Outcome::Frame)
}

pub fn source(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let Some(path) = argv.get(1) else {
        return match shell.flavour {
            crate::shell::Flavour::Bash => Outcome::Fail(
                format!("filename argument required\n{0}: usage: {0} filename [arguments]", argv[0]),
                2,
            ),
            _ => Outcome::Status(2),
        };
    };
    match shell.source_file(sys, path, &argv[2..]) {
        Ok(()) => {
            shell.status = 0;
            let frame = shell.frames.pop().map(|f| f.kind);
            frame.map_or(Outcome::Status(0), Outcome::Frame)
        }
        Err(text) => {
            if shell.flavour.is_bash() {
                shell.builtin = None;
            }
            Outcome::Fail(text, 1)
        }
    }
}

pub fn exec(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut words = &argv[1..];
    if words.first().is_some_and(|w| &**w == "--") {
        words = &words[1..];
    }
    if shell.flavour.is_bash() && words.first().is_some_and(|w| &**w == "-a") && words.len() > 2 {
        words = &words[2..];
    }
    if words.is_empty() {
        return Outcome::Status(0);
    }
    match shell.load_program(sys, words) {
        Ok(program) => Outcome::Become(program),
        Err(error) => {
            let missing = matches!(error, Errno::ENOENT | Errno::ENOTDIR);
            let what = match error {
                Errno::ENOENT if shell.flavour.is_bash() && words[0].contains('/') => error.text(),
                Errno::ENOENT | Errno::ENOTDIR => "not found",
                Errno::EISDIR if !shell.flavour.is_bash() => Errno::EACCES.text(),
                other => other.text(),
            };
            let text = format!("{}: {what}", words[0]);
            shell.complain(&text);
            let code = if missing { 127 } else { 126 };
            if shell.opts.interactive {
                return Outcome::Status(code);
            }
            Outcome::Unwind(Unwind::Exit(code))
        }
    }
}

pub fn command(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut words = &argv[1..];
    let mut mode = ' ';
    while let Some(flag) = words.first().filter(|w| w.starts_with('-') && w.len() > 1) {
        let flag = flag.clone();
        words = &words[1..];
        match &*flag {
            "--" => break,
            "-p" => {}
            "-v" => mode = 'v',
            "-V" => mode = 'V',
            _ => return Outcome::Fail(format!("illegal option {flag}"), 2),
        }
    }
    if mode == ' ' {
        return Outcome::Command(words.to_vec(), false);
    }
    let count = if shell.flavour.is_bash() { words.len() } else { words.len().min(1) };
    super::info::describe(shell, sys, &words[..count], mode == 'v')
}

pub fn builtin(_: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    Outcome::Command(argv[1..].to_vec(), true)
}
