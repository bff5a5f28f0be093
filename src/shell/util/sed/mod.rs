//! `sed`: addresses, ranges, all commands but `e`, `F`, `R`, `v`, `W` and `z`; `-n`, `-i`, `-E`, `-f`.
//!
//! A cycle is a machine: `n` and `N` stop it until the next line has come.

mod parse;
mod subst;

use super::ctx::Ctx;
use super::opts;
use super::regex::Regex;
use super::stream::{Filter, Go, Lines, PACE, Stream, lines};
use crate::api::Text;
use crate::os::program::Errno;
use parse::Parser;

pub use subst::substitute;

#[derive(Clone, Debug)]
enum Addr {
    Line(u64),
    /// `first~step`.
    Step(u64, u64),
    /// `+N` lines further, as the end of a range.
    More(u64),
    Last,
    Match(Regex),
}

#[derive(Clone, Debug)]
struct Command {
    from: Option<Addr>,
    to: Option<Addr>,
    negated: bool,
    verb: Verb,
    inside: bool,
    until: u64,
}

#[derive(Clone, Debug)]
enum Verb {
    Subst {
        regex: Regex,
        with: String,
        global: bool,
        print: bool,
        nth: usize,
        file: Option<Text>,
    },
    Translate(Vec<char>, Vec<char>),
    Text(char, String),
    Simple(char),
    /// `b`, `t`, `T` to a label.
    Jump(char, String),
    /// `:label`.
    Label(String),
    /// `r` and `w` with their file.
    File(char, Text),
    /// `q` and `Q` with their exit code.
    Quit(char, i32),
    /// A block, up to the command of that number.
    Block(usize),
}

#[derive(Clone, Debug)]
struct Sed {
    commands: Vec<Command>,
    quiet: bool,
    in_place: Option<String>,
    name: String,
    edited: Vec<u8>,
    lines: Lines,
    held: Option<Vec<u8>>,
    number: u64,
    hold: String,
    pattern: String,
    /// Where the cycle stands: a command, or none between cycles.
    at: Option<usize>,
    /// What is printed after the cycle.
    after: Vec<String>,
    /// Whether a substitution was made since the last line or `t`.
    substituted: bool,
    quit: Option<i32>,
    steps: u64,
}

/// How many commands may run on one line before a loop of labels is called endless.
const MAX_STEPS: u64 = 1_000_000;

/// `sed`.
pub fn sed(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o =
        opts::parse(ctx, "nrEi::e:f:szu quiet=n silent=n regexp-extended=E expression=e in-place=i file=f")?;
    let mut rest = o.rest.clone();
    let mut script: Vec<String> = o.all('e').map(|e| e.to_string()).collect();
    for path in o.all('f') {
        match ctx.read_file(path) {
            Ok(bytes) => script.push(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => {
                ctx.fail(&format!("couldn't open file {path}: {}", error.text()));
                return Err(1);
            }
        }
    }
    if script.is_empty() {
        if rest.is_empty() {
            if ctx.busybox() {
                super::usage::print(ctx, "sed")
            } else {
                super::help::hint(ctx, "sed")
            }
            return Err(1);
        }
        script.push(rest.remove(0).to_string());
    }
    let text = script.join("\n");
    let mut parser = Parser {
        chars: text.chars().collect(),
        pos: 0,
        extended: o.has('r') || o.has('E'),
        busybox: ctx.busybox(),
    };
    let commands = match parser.commands() {
        Ok(commands) => commands,
        Err(error) => {
            let place =
                if ctx.busybox() { error } else { format!("-e expression #1, char {}: {error}", parser.pos) };
            ctx.fail(&place);
            return Err(1);
        }
    };
    let filter = Sed {
        commands,
        quiet: o.has('n'),
        in_place: o.get('i').map(|s| s.to_string()),
        name: String::new(),
        edited: Vec::new(),
        lines: Lines::default(),
        held: None,
        number: 0,
        hold: String::new(),
        pattern: String::new(),
        at: None,
        after: Vec::new(),
        substituted: false,
        quit: None,
        steps: 0,
    };
    let mut labels = filter.commands.iter().filter_map(|c| match &c.verb {
        Verb::Jump(_, label) if !label.is_empty() && filter.label(label).is_none() => Some(label.clone()),
        _ => None,
    });
    if let Some(label) = labels.next() {
        ctx.fail(&format!("can't find label for jump to `{label}'"));
        return Err(if ctx.busybox() { 1 } else { 4 });
    }
    drop(labels);
    for command in &filter.commands {
        if let Verb::File('w', path) | Verb::Subst { file: Some(path), .. } = &command.verb {
            let _ = ctx.sys.write_file(path, b"", false);
        }
    }
    Ok(Stream::new(ctx, filter, rest))
}

impl Sed {
    fn emit(&mut self, ctx: &mut Ctx, text: &str) {
        if self.in_place.is_some() {
            self.edited.extend_from_slice(text.as_bytes());
            self.edited.push(b'\n');
        } else {
            ctx.print(format!("{text}\n"));
        }
    }

    fn selected(&mut self, i: usize, last: bool) -> bool {
        let number = self.number;
        let pattern = &self.pattern;
        let hit = |a: &Addr| match a {
            Addr::Line(n) => *n == number,
            Addr::Step(first, 0) => *first == number,
            Addr::Step(first, step) => number >= *first && (number - first).is_multiple_of(*step),
            Addr::More(_) => false,
            Addr::Last => last,
            Addr::Match(r) => r.matches(pattern),
        };
        let c = &mut self.commands[i];
        let inside = match (&c.from, &c.to) {
            (None, _) => true,
            (Some(from), None) => hit(from),
            (Some(_), Some(to)) if c.inside => {
                c.inside = match to {
                    Addr::Line(n) => number < *n,
                    Addr::More(_) => number < c.until,
                    other => !hit(other),
                };
                true
            }
            (Some(from), Some(to)) => {
                // `0,/x/` may end on the first line.
                let from_start = matches!(from, Addr::Line(0)) && number == 1;
                let begins = hit(from) || from_start;
                if let Addr::More(n) = to {
                    c.until = number.saturating_add(*n);
                }
                let ends = match to {
                    Addr::More(n) => *n == 0,
                    Addr::Line(n) => *n <= number,
                    Addr::Last => last,
                    other => from_start && hit(other),
                };
                c.inside = begins && !ends;
                begins
            }
        };
        inside != c.negated
    }

    fn label(&self, name: &str) -> Option<usize> {
        self.commands.iter().position(|c| matches!(&c.verb, Verb::Label(l) if l == name))
    }

    /// Takes a line: begins a cycle with it, or goes on with the one that waits for it.
    fn cycle(&mut self, ctx: &mut Ctx, line: &[u8], last: bool) -> Go {
        self.number += 1;
        let text = String::from_utf8_lossy(line).into_owned();
        let mut at = match self.at.take() {
            None => {
                self.pattern = text;
                self.substituted = false;
                0
            }
            Some(at) if matches!(self.commands[at].verb, Verb::Simple('N')) => {
                self.flush_after(ctx);
                self.pattern = format!("{}\n{text}", self.pattern);
                at + 1
            }
            Some(at) => {
                self.flush_after(ctx);
                self.pattern = text;
                at + 1
            }
        };
        self.steps = 0;
        // `D` begins again with what is left, without a new line.
        while let Some(next) = self.run(ctx, at, last) {
            at = next;
        }
        if self.quit.is_some() { Go::Stop } else { Go::On }
    }

    /// Runs the commands from `i` on; where to begin again, if the pattern is not used up.
    fn run(&mut self, ctx: &mut Ctx, mut i: usize, last: bool) -> Option<usize> {
        while i < self.commands.len() {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                ctx.fail("not simulated: an endless loop");
                self.quit = Some(1);
                return None;
            }
            if !self.selected(i, last) {
                i = match self.commands[i].verb {
                    Verb::Block(end) => end,
                    _ => i + 1,
                };
                continue;
            }
            match self.commands[i].verb.clone() {
                Verb::Block(_) | Verb::Label(_) => {}
                Verb::Subst { regex, with, global, print, nth, file } => {
                    if let Some((text, _)) =
                        substitute(&regex, &self.pattern, &with, global, nth, !ctx.busybox())
                    {
                        self.pattern = text;
                        self.substituted = true;
                        let text = self.pattern.clone();
                        if print {
                            self.emit(ctx, &text);
                        }
                        if let Some(path) = file {
                            let _ = ctx.sys.write_file(&path, format!("{text}\n").as_bytes(), true);
                        }
                    }
                }
                Verb::Translate(from, to) => {
                    let swap = |c: char| {
                        from.iter().position(|f| *f == c).and_then(|i| to.get(i).copied()).unwrap_or(c)
                    };
                    self.pattern = self.pattern.chars().map(swap).collect();
                }
                Verb::Text('a', text) => self.after.push(text + "\n"),
                Verb::Text('i', text) => self.emit(ctx, &text),
                Verb::Text(_, text) => {
                    let range = self.commands[i].to.is_some() && self.commands[i].inside;
                    if !range {
                        self.emit(ctx, &text);
                    }
                    return self.end_cycle(ctx, false);
                }
                Verb::Jump(kind, label) => {
                    let goes = match kind {
                        'b' => true,
                        't' => std::mem::take(&mut self.substituted),
                        _ => !std::mem::take(&mut self.substituted),
                    };
                    if goes {
                        match self.label(&label) {
                            Some(at) => i = at,
                            None => return self.end_cycle(ctx, true),
                        }
                    }
                }
                Verb::File('r', path) => {
                    let bytes = ctx.read_file(&path).unwrap_or_default();
                    self.after.push(String::from_utf8_lossy(&bytes).into_owned());
                }
                Verb::File(_, path) => {
                    let line = format!("{}\n", self.pattern);
                    let _ = ctx.sys.write_file(&path, line.as_bytes(), true);
                }
                Verb::Quit(kind, code) => {
                    self.quit = Some(code);
                    return self.end_cycle(ctx, kind == 'q');
                }
                Verb::Simple(c) => {
                    if let Some(end) = self.simple(ctx, c, i, last) {
                        return end;
                    }
                }
            }
            i += 1;
        }
        self.end_cycle(ctx, true)
    }

    /// A command of one letter; `Some` if the commands after it do not run now.
    fn simple(&mut self, ctx: &mut Ctx, c: char, i: usize, last: bool) -> Option<Option<usize>> {
        let text = self.pattern.clone();
        match c {
            'd' => return Some(self.end_cycle(ctx, false)),
            'D' => match text.split_once('\n') {
                Some((_, rest)) => {
                    self.pattern = rest.to_owned();
                    self.flush_after(ctx);
                    return Some(Some(0));
                }
                None => return Some(self.end_cycle(ctx, false)),
            },
            'n' | 'N' if last => {
                // GNU prints what it has when there is no next line; POSIX would not.
                self.quit = Some(0);
                return Some(self.end_cycle(ctx, true));
            }
            'n' | 'N' => {
                if c == 'n' && !self.quiet {
                    self.emit(ctx, &text);
                }
                self.at = Some(i);
                return Some(None);
            }
            'p' => self.emit(ctx, &text),
            'P' => self.emit(ctx, text.split('\n').next().unwrap_or("")),
            // busybox knows the command and prints nothing.
            'l' if ctx.busybox() => {}
            'l' => {
                let shown = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
                self.emit(ctx, &(shown + "$"));
            }
            '=' => {
                let number = self.number.to_string();
                self.emit(ctx, &number);
            }
            'h' => self.hold = text,
            'H' => self.hold = format!("{}\n{text}", self.hold),
            'g' => self.pattern.clone_from(&self.hold),
            'G' => self.pattern = format!("{text}\n{}", self.hold),
            _ => std::mem::swap(&mut self.hold, &mut self.pattern),
        }
        None
    }

    fn end_cycle(&mut self, ctx: &mut Ctx, print: bool) -> Option<usize> {
        if print && !self.quiet {
            let text = self.pattern.clone();
            self.emit(ctx, &text);
        }
        self.flush_after(ctx);
        None
    }

    fn flush_after(&mut self, ctx: &mut Ctx) {
        for text in std::mem::take(&mut self.after) {
            if self.in_place.is_some() {
                self.edited.extend_from_slice(text.as_bytes());
            } else {
                ctx.print(text);
            }
        }
    }

    fn finish_file(&mut self, ctx: &mut Ctx) {
        if let Some(suffix) = self.in_place.clone() {
            let edited = std::mem::take(&mut self.edited);
            if !suffix.is_empty() {
                let _ = ctx.sys.rename(&self.name, &format!("{}{suffix}", self.name));
            }
            let _ = ctx.sys.write_file(&self.name, &edited, false);
        }
    }
}

impl Filter for Sed {
    fn weight(&self, data: &[u8]) -> usize {
        data.len() / PACE + lines(data)
    }
    fn open(&mut self, name: &str, _: &mut Ctx) {
        self.name = name.into();
        if self.in_place.is_some() {
            self.number = 0;
        }
    }
    fn feed(&mut self, data: &[u8], ctx: &mut Ctx) -> Go {
        // The last line is known only at the end, so one line is always held back.
        for line in self.lines.push(data) {
            if let Some(before) = self.held.replace(line)
                && self.cycle(ctx, &before, false) == Go::Stop
            {
                self.held = None;
                self.finish_file(ctx);
                return Go::Stop;
            }
        }
        let needs_last = self.commands.iter().any(|c| {
            matches!(c.from, Some(Addr::Last))
                || matches!(c.to, Some(Addr::Last))
                || matches!(c.verb, Verb::Simple('n' | 'N'))
        });
        if !needs_last
            && let Some(line) = self.held.take()
            && self.cycle(ctx, &line, false) == Go::Stop
        {
            self.finish_file(ctx);
            return Go::Stop;
        }
        Go::On
    }
    fn close(&mut self, ctx: &mut Ctx) -> Go {
        let rest = self.lines.finish();
        let mut go = Go::On;
        if let Some(line) = self.held.take() {
            go = self.cycle(ctx, &line, rest.is_none());
        }
        if let Some(line) = rest
            && go == Go::On
        {
            go = self.cycle(ctx, &line, true);
        }
        self.finish_file(ctx);
        go
    }
    fn missing(&mut self, name: &str, error: Errno, ctx: &mut Ctx) {
        let text = match (ctx.busybox(), error) {
            (false, Errno::EISDIR) => format!("couldn't edit {name}: not a regular file"),
            (false, _) => format!("can't read {name}: {}", error.text()),
            (true, _) => format!("{name}: {}", error.text()),
        };
        ctx.fail(&text);
    }
    fn end(&mut self, ctx: &mut Ctx, failed: bool) -> i32 {
        match self.quit {
            Some(code) => code,
            None if failed && ctx.busybox() => 1,
            None if failed => 2,
            None => 0,
        }
    }
    fn boxed(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}
