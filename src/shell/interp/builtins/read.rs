//! `read` and `mapfile`: reading lines from a descriptor, which may have to wait.

use super::Outcome;
use crate::collections::BTreeMap;
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

/// What `mapfile` does with the lines.
#[derive(Clone, Copy, Debug)]
struct Lines {
    /// Whether their ends are cut off.
    trims: bool,
    end: char,
    /// How many are left out at the beginning, and the most that are taken.
    skip: usize,
    count: usize,
    /// The subscript of the first one; `None` empties the array before.
    origin: Option<i64>,
}

/// A `read` under way.
#[derive(Clone, Debug)]
pub struct Reading {
    names: Vec<Rc<str>>,
    fd: Fd,
    raw: bool,
    /// `-N`: exactly so many characters, whatever they are.
    exact: bool,
    array: bool,
    /// `mapfile`: what is done with all lines.
    lines: Option<Lines>,
    delimiter: u8,
    limit: Option<usize>,
    until: Option<Time>,
    /// What was read; the flag says whether the character was escaped.
    chars: Vec<(u8, bool)>,
    escaped: bool,
    pub raw_mode: bool,
}

impl Reading {
    /// A line for `REPLY`, as `read` without names takes it.
    pub fn reply() -> Reading {
        Reading {
            names: vec!["REPLY".into()],
            fd: 0,
            raw: false,
            exact: false,
            array: false,
            lines: None,
            delimiter: b'\n',
            limit: None,
            until: None,
            chars: Vec::new(),
            escaped: false,
            raw_mode: false,
        }
    }
}

pub fn read(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut reading = Reading { names: Vec::new(), ..Reading::reply() };
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
                'n' | 'N' => {
                    reading.limit = value.parse().ok();
                    reading.exact = c == 'N';
                }
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
    let mut lines = Lines { trims: false, end: '\n', skip: 0, count: usize::MAX, origin: None };
    let mut reading = Reading { names: Vec::new(), raw: true, ..Reading::reply() };
    let mut args = argv[1..].iter();
    while let Some(arg) = args.next() {
        let Some(flag) = arg.strip_prefix('-').filter(|f| !f.is_empty()) else {
            reading.names.push(arg.clone());
            continue;
        };
        if flag == "t" {
            lines.trims = true;
            continue;
        }
        let (letter, rest) = flag.split_at(flag.chars().next().map_or(0, char::len_utf8));
        let value = if rest.is_empty() { args.next().map_or("", |a| a) } else { rest };
        let number = value.parse::<usize>().ok();
        match (letter, number) {
            ("d", _) => lines.end = value.chars().next().unwrap_or('\0'),
            ("n", Some(n)) => lines.count = if n == 0 { usize::MAX } else { n },
            ("s", Some(n)) => lines.skip = n,
            ("O", Some(n)) => lines.origin = i64::try_from(n).ok(),
            ("u", Some(n)) => reading.fd = Fd::try_from(n).unwrap_or(Fd::MAX),
            ("n" | "s" | "O" | "u", None) => {
                let what = match letter {
                    "n" | "s" => "line count",
                    "O" => "array origin",
                    _ => "file descriptor specification",
                };
                return Outcome::Fail(format!("{value}: invalid {what}"), 1);
            }
            ("C" | "c", _) => return Outcome::Fail("not simulated: calling back".into(), 1),
            _ => {
                let usage = format!(
                    "-{letter}: invalid option\n{0}: usage: {0} [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]",
                    argv[0]
                );
                return Outcome::Fail(usage, 2);
            }
        }
    }
    if reading.names.is_empty() {
        reading.names.push("MAPFILE".into());
    }
    reading.lines = Some(lines);
    Outcome::Frame(Kind::Read(reading))
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
            } else if byte == reading.delimiter && !reading.exact {
                return self.finish_read(sys, frame, 0);
            } else {
                reading.chars.push((byte, false));
            }
        }
    }

    fn take_lines(&mut self, name: &str, text: &str, how: Lines) {
        let old = self.vars.var(name).and_then(|v| v.value.clone());
        let mut map = match (old, how.origin) {
            (Some(Content::Array(a)), Some(_)) => a,
            _ => BTreeMap::new(),
        };
        let lines = text.split_inclusive(how.end).skip(how.skip).take(how.count);
        for (i, line) in lines.enumerate() {
            let line = if how.trims { line.strip_suffix(how.end).unwrap_or(line) } else { line };
            map.insert(how.origin.unwrap_or(0).saturating_add(i as i64), line.into());
        }
        let _ = self.vars.set_content(name, Content::Array(map));
    }

    fn finish_read(&mut self, sys: &mut dyn Sys, frame: Frame, status: i32) -> Flow {
        let tested = frame.tested;
        let Kind::Read(reading) = frame.kind else { return Flow::Next };
        if reading.raw_mode {
            sys.tty_mode(true, true);
        }
        if let Some(how) = reading.lines {
            let bytes: Vec<u8> = reading.chars.iter().map(|(b, _)| *b).collect();
            self.take_lines(&reading.names[0], &String::from_utf8_lossy(&bytes), how);
            self.done(0, tested);
            return Flow::Next;
        }
        let ifs = self.vars.get("IFS").unwrap_or(" \t\n").as_bytes().to_vec();
        let ifs = if reading.exact { Vec::new() } else { ifs };
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
