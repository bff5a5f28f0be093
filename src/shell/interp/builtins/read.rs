//! `read` and `mapfile`: reading lines from a descriptor, which may have to wait.

use super::Outcome;
use crate::os::program::{Errno, Fd, Sys, Wait};
use crate::shell::Flavour;
use crate::shell::interp::frame::{Frame, Kind};
use crate::shell::interp::{Flow, Shell};
use crate::shell::is_name;
use crate::shell::vars::Content;
use crate::time::{Span, Time};
use std::rc::Rc;

/// The longest line that is read, in bytes.
const MAX_LINE: usize = 1 << 20;

/// A `read` under way.
#[derive(Clone, Debug)]
pub struct Reading {
    names: Vec<Rc<str>>,
    fd: Fd,
    raw: bool,
    array: bool,
    /// `mapfile`: all lines; true if their ends are cut off.
    lines: Option<bool>,
    delimiter: u8,
    limit: Option<usize>,
    until: Option<Time>,
    /// What was read; the flag says whether the character was escaped.
    chars: Vec<(u8, bool)>,
    escaped: bool,
    pub raw_mode: bool,
}

pub fn read(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut reading = Reading {
        names: Vec::new(),
        fd: 0,
        raw: false,
        array: false,
        lines: None,
        delimiter: b'\n',
        limit: None,
        until: None,
        chars: Vec::new(),
        escaped: false,
        raw_mode: false,
    };
    let mut prompt: Option<Rc<str>> = None;
    let mut i = 1;
    while let Some(arg) = argv.get(i).filter(|a| a.starts_with('-') && a.len() > 1) {
        i += 1;
        if &**arg == "--" {
            break;
        }
        let letters = arg[1..].char_indices();
        for (at, c) in letters {
            if matches!(c, 'r' | 's' | 'e') {
                reading.raw |= c == 'r';
                reading.raw_mode |= c == 's' && sys.is_tty(0);
                continue;
            }
            let rest = &arg[1 + at + c.len_utf8()..];
            let value: Rc<str> = if rest.is_empty() {
                i += 1;
                argv.get(i - 1).cloned().unwrap_or_default()
            } else {
                rest.into()
            };
            let seconds = value.parse::<f64>().ok().filter(|s| *s >= 0.0);
            match c {
                'p' => prompt = Some(value),
                't' => reading.until = seconds.map(|s| sys.now() + Span::secs_f64(s)),
                'n' | 'N' => reading.limit = value.parse().ok(),
                'd' => reading.delimiter = value.bytes().next().unwrap_or(0),
                'u' => reading.fd = value.parse().unwrap_or(0),
                'a' => {
                    reading.array = true;
                    reading.names.push(value);
                }
                c => {
                    return Outcome::Fail(
                        match shell.flavour {
                            Flavour::Bash => format!("-{c}: invalid option"),
                            Flavour::Ash => format!("illegal option -{c}"),
                            Flavour::Dash => format!("Illegal option -{c}"),
                        },
                        2,
                    );
                }
            }
            break;
        }
    }
    reading.names.extend(argv[i.min(argv.len())..].iter().cloned());
    if reading.names.is_empty() {
        if shell.flavour == Flavour::Dash {
            return Outcome::Fail("arg count".into(), 2);
        }
        reading.names.push("REPLY".into());
        reading.raw |= false;
    }
    if let Some(bad) = reading.names.iter().find(|n| !is_name(n)) {
        return Outcome::Fail(
            if shell.flavour.is_bash() {
                format!("`{bad}': not a valid identifier")
            } else {
                format!("{bad}: bad variable name")
            },
            if shell.flavour.is_bash() { 1 } else { 2 },
        );
    }
    if let Some(prompt) = prompt.filter(|_| sys.is_tty(reading.fd)) {
        shell.print(2, prompt.as_bytes());
    }
    if reading.raw_mode {
        sys.tty_mode(false, true);
    }
    Outcome::Frame(Kind::Read(reading))
}

pub fn mapfile(_: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let trims = argv.iter().any(|a| &**a == "-t");
    let name = argv[1..].iter().find(|a| !a.starts_with('-')).cloned();
    Outcome::Frame(Kind::Read(Reading {
        names: vec![name.unwrap_or_else(|| "MAPFILE".into())],
        fd: 0,
        raw: true,
        array: false,
        lines: Some(trims),
        delimiter: 0,
        limit: None,
        until: None,
        chars: Vec::new(),
        escaped: false,
        raw_mode: false,
    }))
}

impl Shell {
    /// Reads a byte at a time, so that what follows the line is left to others.
    pub(in crate::shell::interp) fn read_turn(&mut self, sys: &mut dyn Sys, mut frame: Frame) -> Flow {
        let Kind::Read(reading) = &mut frame.kind else { return Flow::Next };
        loop {
            if reading.limit.is_some_and(|n| reading.chars.len() >= n) || reading.chars.len() > MAX_LINE {
                return self.finish_read(sys, frame, 0);
            }
            let byte = match sys.read(reading.fd, if reading.lines.is_some() { 4_096 } else { 1 }) {
                Ok(bytes) if bytes.is_empty() => return self.finish_read(sys, frame, 1),
                Ok(bytes) if reading.lines.is_some() => {
                    reading.chars.extend(bytes.into_iter().map(|b| (b, false)));
                    continue;
                }
                Ok(bytes) => bytes[0],
                Err(Errno::EAGAIN) => {
                    let until = reading.until;
                    if until.is_some_and(|t| t <= sys.now()) {
                        let status = if self.flavour.is_bash() { 142 } else { 1 };
                        return self.finish_read(sys, frame, status);
                    }
                    let fd = reading.fd;
                    self.frames.push(frame);
                    return Flow::Wait(Wait { readable: vec![fd], until, ..Wait::default() });
                }
                Err(_) => return self.finish_read(sys, frame, 1),
            };
            if reading.escaped {
                reading.escaped = false;
                if byte != b'\n' {
                    reading.chars.push((byte, true));
                }
            } else if byte == b'\\' && !reading.raw {
                reading.escaped = true;
            } else if byte == reading.delimiter {
                return self.finish_read(sys, frame, 0);
            } else {
                reading.chars.push((byte, false));
            }
        }
    }

    fn finish_read(&mut self, sys: &mut dyn Sys, frame: Frame, status: i32) -> Flow {
        let tested = frame.tested;
        let Kind::Read(reading) = frame.kind else { return Flow::Next };
        if reading.raw_mode {
            sys.tty_mode(true, true);
        }
        if let Some(trims) = reading.lines {
            let bytes: Vec<u8> = reading.chars.iter().map(|(b, _)| *b).collect();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let lines = text.split_inclusive('\n').map(|l| if trims { l.trim_end_matches('\n') } else { l });
            let map = lines.enumerate().map(|(i, l)| (i as i64, Rc::from(l))).collect();
            let _ = self.vars.set_content(&reading.names[0], Content::Array(map));
            self.done(0, tested);
            return Flow::Next;
        }
        let ifs = self.vars.get("IFS").unwrap_or(" \t\n").as_bytes().to_vec();
        let ifs = if &*reading.names[0] == "REPLY" && reading.names.len() == 1 { Vec::new() } else { ifs };
        let values =
            split(&reading.chars, &ifs, if reading.array { usize::MAX } else { reading.names.len() });
        let mut status = status;
        if reading.array {
            let map = values.into_iter().enumerate().map(|(i, v)| (i as i64, Rc::from(v))).collect();
            let _ = self.vars.set_content(&reading.names[0], Content::Array(map));
        } else {
            for (i, name) in reading.names.iter().enumerate() {
                let value = values.get(i).map_or("", |v| v);
                if !self.vars.set(name, value) {
                    let text = self.readonly_text(name);
                    self.complain(&text);
                    status = 1;
                }
            }
        }
        self.done(status, tested);
        Flow::Next
    }
}

/// Splits a line into at most `count` values; the last takes the rest.
fn split(chars: &[(u8, bool)], ifs: &[u8], count: usize) -> Vec<String> {
    let space = |(b, escaped): &(u8, bool)| !escaped && ifs.contains(b) && matches!(b, b' ' | b'\t' | b'\n');
    let separator = |(b, escaped): &(u8, bool)| !escaped && ifs.contains(b);
    let text = |part: &[(u8, bool)]| -> String {
        let bytes: Vec<u8> = part.iter().map(|(b, _)| *b).filter(|b| *b != 0).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let mut out = Vec::new();
    let mut i = chars.iter().take_while(|c| space(c)).count();
    while i < chars.len() {
        let rest = &chars[i..];
        if out.len() + 1 == count {
            let mut end = rest.len();
            while end > 0 && space(&rest[end - 1]) {
                end -= 1;
            }
            // One separator behind the last value goes as well if there is no other in it.
            if end > 0 && separator(&rest[end - 1]) && !rest[..end - 1].iter().any(separator) {
                end -= 1;
            }
            out.push(text(&rest[..end]));
            break;
        }
        let n = rest.iter().position(separator).unwrap_or(rest.len());
        out.push(text(&rest[..n]));
        i += n;
        i += chars[i.min(chars.len())..].iter().take_while(|c| space(c)).count();
        if chars.get(i).is_some_and(|c| separator(c) && !space(c))
            && rest.get(n).is_some_and(|c| space(c) || separator(c))
        {
            i += 1;
            i += chars[i..].iter().take_while(|c| space(c)).count();
        }
    }
    out
}
