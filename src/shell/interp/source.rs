//! Where commands come from: `-c` texts, scripts, standard input, the terminal, `eval`, `.` and traps.

use super::frame::{Frame, Kind};
use super::{Flow, Shell, Unwind};
use crate::os::program::{Errno, Fd, Sys, Wait};
use crate::shell::Flavour;
use crate::shell::parser::Parser;
use crate::shell::syntax::SyntaxError;
use std::rc::Rc;

/// The longest text that a shell keeps unparsed, in bytes.
const MAX_SOURCE: usize = 4 << 20;

/// What kind of text it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// The shell's own script, `-c` text or standard input.
    Main,
    /// `eval`.
    Eval,
    /// `.`, with the parameters to be given back.
    Sourced { params: Option<Rc<[Rc<str>]>>, arg0: Option<Rc<str>> },
    /// A trap.
    Trap,
    /// A trap whose lines count from where it was sprung.
    TrapHere,
}

/// A text being run.
#[derive(Clone, Debug)]
pub struct Source {
    parser: Parser,
    origin: Origin,
    /// The descriptor that it is read from, until it ends.
    fd: Option<Fd>,
    /// Bytes that were read and do not yet make a line.
    partial: Vec<u8>,
    prompted: bool,
}

impl Source {
    pub fn is_main(&self) -> bool {
        self.origin == Origin::Main
    }

    pub fn is_sourced(&self) -> bool {
        matches!(self.origin, Origin::Sourced { .. })
    }

    /// Whether it is a text inside another: `eval` or a trap.
    pub fn is_nested(&self) -> bool {
        matches!(self.origin, Origin::Eval | Origin::Trap | Origin::TrapHere)
    }

    /// Ctrl-C: what was typed so far does not count.
    pub fn forget_line(&mut self) {
        self.parser.clear();
        self.partial.clear();
        self.prompted = false;
    }
}

impl Shell {
    /// Runs a text before whatever is on the stack.
    pub(super) fn push_text(&mut self, text: String, origin: Origin) {
        let line = match origin {
            Origin::Eval | Origin::TrapHere if self.flavour == Flavour::Bash => self.line.max(1),
            _ => 1,
        };
        let mut parser = Parser::new(self.flavour, line);
        parser.feed(&text);
        let source = Source { parser, origin, fd: None, partial: Vec::new(), prompted: false };
        self.frames.push(Frame::plain(Kind::Source(source)));
    }

    /// Runs what is read from a descriptor.
    pub(super) fn push_input(&mut self, fd: Fd) {
        let parser = Parser::new(self.flavour, 1);
        let source =
            Source { parser, origin: Origin::Main, fd: Some(fd), partial: Vec::new(), prompted: false };
        self.frames.push(Frame::plain(Kind::Source(source)));
    }

    pub(super) fn leave_source(&mut self, source: Source) {
        if let Origin::Sourced { params, arg0 } = source.origin {
            self.sourced.pop();
            if let Some(params) = params {
                self.params = params;
            }
            if let Some(arg0) = arg0 {
                self.arg0 = arg0;
            }
        }
    }

    /// Parses the next command and begins it.
    pub(super) fn source_turn(&mut self, sys: &mut dyn Sys, mut frame: Frame) -> Flow {
        let tested = frame.tested;
        let Kind::Source(source) = &mut frame.kind else { return Flow::Next };
        if source.is_main() && self.opts.interactive && !source.prompted {
            self.notify_jobs(sys);
        }
        if self.opts.interactive
            || self.opts.from_stdin
            || !self.aliases.is_empty() && (self.expand_aliases || !self.flavour.is_bash())
        {
            source.parser.aliases = self.aliases.clone();
        }
        source.parser.groups = self.globs.groups;
        match source.parser.next_command() {
            Ok(Some(node)) => {
                source.prompted = false;
                let last = source.fd.is_none() && source.parser.at_end();
                let tail =
                    last && source.is_main() && self.opts.command_string && self.flavour != Flavour::Dash;
                if self.opts.verbose {
                    let text = source.parser.source().lines().next().unwrap_or("").to_owned() + "\n";
                    self.print(2, text.as_bytes());
                }
                self.frames.push(frame);
                self.frames.push(Frame { kind: Kind::Run(node), tested, tail });
                Flow::Next
            }
            Ok(None) if source.fd.is_some() => self.more_input(sys, frame),
            Ok(None) => {
                if self.opts.interactive && source.is_main() {
                    self.end_of_input();
                }
                let sourced = source.is_sourced();
                self.leave(sys, frame);
                if sourced {
                    self.return_trap(self.calls.len());
                }
                Flow::Next
            }
            Err(error) if error.incomplete && source.fd.is_some() => self.more_input(sys, frame),
            Err(error) => self.syntax_error(sys, frame, &error),
        }
    }

    fn end_of_input(&mut self) {
        let text: &[u8] = if self.flavour.is_bash() { b"exit\n" } else { b"\n" };
        self.print(2, text);
    }

    /// Reads another line.
    fn more_input(&mut self, sys: &mut dyn Sys, mut frame: Frame) -> Flow {
        let Kind::Source(source) = &mut frame.kind else { return Flow::Next };
        let Some(fd) = source.fd else { return Flow::Next };
        if self.opts.interactive && !source.prompted && source.partial.is_empty() {
            source.prompted = true;
            let continued = !source.parser.at_end();
            let prompt = self.prompt(sys, continued);
            self.print(2, prompt.as_bytes());
        }
        if let Some(line) = take_line(&mut source.partial) {
            self.feed(source, &line);
            self.frames.push(frame);
            return Flow::Next;
        }
        // bash reads no further than the line, so that commands find the rest of standard input.
        let size = if self.flavour.is_bash() && !sys.is_tty(fd) { 1 } else { 4_096 };
        match sys.read(fd, size) {
            Ok(bytes) if bytes.is_empty() => {
                source.fd = None;
                let rest = std::mem::take(&mut source.partial);
                if !rest.is_empty() {
                    source.parser.feed(&String::from_utf8_lossy(&rest));
                }
                self.frames.push(frame);
                Flow::Next
            }
            Ok(bytes) => {
                source.partial.extend_from_slice(&bytes);
                self.frames.push(frame);
                Flow::Next
            }
            Err(Errno::EAGAIN) => {
                self.frames.push(frame);
                Flow::Wait(Wait { readable: vec![fd], ..Wait::default() })
            }
            Err(_) => {
                source.fd = None;
                self.frames.push(frame);
                Flow::Next
            }
        }
    }

    fn feed(&mut self, source: &mut Source, line: &[u8]) {
        source.prompted = false;
        if source.parser.source().len() + line.len() > MAX_SOURCE {
            source.parser.clear();
            return;
        }
        let text = String::from_utf8_lossy(line).replace("\r\n", "\n");
        let text = match self.recalled(&text) {
            Ok(text) => text,
            Err(event) => {
                self.complain(&format!("{event}: event not found"));
                return source.parser.clear();
            }
        };
        if self.opts.interactive && !text.trim().is_empty() {
            self.remember(text.trim_end());
        }
        source.parser.feed(&text);
    }

    fn syntax_error(&mut self, sys: &mut dyn Sys, mut frame: Frame, error: &SyntaxError) -> Flow {
        let Kind::Source(source) = &mut frame.kind else { return Flow::Next };
        let text = error.render(self.flavour, source.parser.source(), source.parser.first_line());
        let eval = source.origin == Origin::Eval;
        let line = self.line;
        let prefix = match self.flavour {
            Flavour::Bash if eval => "bash: eval: ".to_owned(),
            Flavour::Bash if self.opts.interactive => {
                let text =
                    text.split('\u{0}').map(|l| l.split_once(": ").map_or(l, |(_, t)| t)).collect::<Vec<_>>();
                let shown: String = text.iter().take(1).map(|t| format!("{}: {t}\n", self.arg0)).collect();
                self.print(2, shown.as_bytes());
                String::new()
            }
            Flavour::Bash if self.opts.command_string && source.is_main() => format!("{}: -c: ", self.arg0),
            Flavour::Bash => format!("{}: ", self.arg0),
            _ => {
                self.line = error.line;
                if eval {
                    self.builtin = Some("eval".into());
                }
                let prefix = self.error_prefix();
                self.builtin = None;
                prefix
            }
        };
        self.line = line;
        if !prefix.is_empty() {
            for part in text.split('\u{0}') {
                let shown = format!("{prefix}{part}\n");
                self.print(2, shown.as_bytes());
            }
        }
        source.parser.clear();
        source.prompted = false;
        let interactive = self.opts.interactive;
        let main = source.is_main();
        self.status = 2;
        if interactive && main {
            self.frames.push(frame);
        } else if interactive {
            self.leave(sys, frame);
            self.unwinding = Some(Unwind::Abort);
        } else {
            self.leave(sys, frame);
            if main || !self.flavour.is_bash() {
                self.unwinding = Some(Unwind::Exit(2));
            }
        }
        Flow::Next
    }

    /// Puts earlier lines in the places of `!!`, `!$`, `!n`, `!-n` and `!text`, as bash does for a person, and
    /// shows the line that came out.
    ///
    /// `Err`: the event that is not there.
    fn recalled(&mut self, line: &str) -> Result<String, String> {
        if !self.opts.interactive || !self.flavour.is_bash() || !line.contains('!') {
            return Ok(line.to_owned());
        }
        let history = self.history.clone();
        let (mut out, mut rest, mut quoted, mut changed) = (String::new(), line, false, false);
        while let Some(c) = rest.chars().next() {
            let tail = &rest[c.len_utf8()..];
            if c == '\\' && !quoted {
                let n = 1 + tail.chars().next().map_or(0, char::len_utf8);
                out.push_str(&rest[..n]);
                rest = &rest[n..];
                continue;
            }
            quoted ^= c == '\'';
            let plain = tail.is_empty() || tail.starts_with([' ', '\t', '\n', '=', '(', '"']);
            if c != '!' || quoted || plain || out.ends_with(['[', '$', '{']) {
                out.push(c);
                rest = tail;
                continue;
            }
            let n = match tail.as_bytes()[0] {
                b'!' | b'$' => 1,
                _ => tail.find([' ', '\t', '\n', ';', '|', '&', '"']).unwrap_or(tail.len()),
            };
            let event = &tail[..n];
            let found = match (event, event.parse::<i64>()) {
                ("!" | "$", _) => history.last(),
                (_, Ok(n)) if n < 0 => history.iter().rev().nth(n.unsigned_abs() as usize - 1),
                (_, Ok(n)) => n.checked_sub(1).and_then(|n| history.get(usize::try_from(n).ok()?)),
                _ => history.iter().rev().find(|h| h.starts_with(event)),
            };
            let Some(found) = found else { return Err(format!("!{event}")) };
            out.push_str(if event == "$" { found.rsplit(' ').next().unwrap_or("") } else { found });
            changed = true;
            rest = &tail[n..];
        }
        if changed {
            self.print(2, out.as_bytes());
        }
        Ok(out)
    }

    /// Keeps a line for `history`.
    fn remember(&mut self, line: &str) {
        /// How many lines are kept, as bash's `HISTSIZE`.
        const MAX_HISTORY: usize = 500;
        let history = Rc::make_mut(&mut self.history);
        if history.len() >= MAX_HISTORY {
            history.remove(0);
        }
        history.push(line.into());
    }
}

/// The first whole line of what was read.
fn take_line(partial: &mut Vec<u8>) -> Option<Vec<u8>> {
    let n = partial.iter().position(|b| *b == b'\n')?;
    Some(partial.drain(..=n).collect())
}
