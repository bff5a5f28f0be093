//! Filters: utilities that read files or standard input piece by piece.

use super::ctx::{Ctx, Output, Style, drain};
use crate::api::Text;
use crate::os::program::{
    Disposition, Errno, Fd, FileType, Open, Pid, Program, Signal, Spawn, Step, Sys, Wait,
};
use std::fmt::Debug;
use std::rc::Rc;

/// The longest line that a filter keeps, in bytes.
pub const MAX_LINE: usize = 8 << 20;

/// Bytes of input that weigh as much as a step for most filters, which look at every one: about 100 MB/s.
pub const PACE: usize = 256;
/// Short lines weigh more.
const LINES: usize = 8;

/// How many lines end in a piece.
pub fn lines(data: &[u8]) -> usize {
    data.iter().filter(|b| **b == b'\n').count()
}

/// What a filter wants after a piece.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Go {
    /// More.
    On,
    /// The next file.
    NextFile,
    /// Nothing more: it ends with its status.
    Stop,
}

/// A command that a filter has to wait for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its text.
    pub command: String,
    /// Whether its output is caught.
    pub caught: bool,
}

/// A utility that reads pieces.
pub trait Filter: Debug {
    /// An input begins; `-` is standard input.
    fn open(&mut self, _name: &str, _ctx: &mut Ctx) {}
    /// A piece of the input.
    fn feed(&mut self, data: &[u8], ctx: &mut Ctx) -> Go;
    /// The input ends.
    fn close(&mut self, _ctx: &mut Ctx) -> Go {
        Go::On
    }
    /// All inputs are done; the exit status. `failed`: one could not be opened.
    fn end(&mut self, ctx: &mut Ctx, failed: bool) -> i32;
    /// A file that cannot be opened; says so.
    fn missing(&mut self, name: &str, error: Errno, ctx: &mut Ctx) {
        ctx.fail(&format!("{name}: {}", error.text()));
    }
    /// An operand that is no file (awk's `name=value`): true if it was taken.
    fn operand(&mut self, _name: &str, _ctx: &mut Ctx) -> bool {
        false
    }
    /// A command whose end has to be known before anything else can be done.
    fn ask(&mut self) -> Option<Ask> {
        None
    }
    /// How that command ended and, if it was to be caught, what it printed.
    fn answer(&mut self, _status: i32, _output: Vec<u8>, _ctx: &mut Ctx) {}
    /// The exit status, if it may have changed since the end.
    fn status(&self) -> Option<i32> {
        None
    }
    /// How many steps of a program a piece is worth, by what it costs to look at bytes and at lines.
    fn weight(&self, data: &[u8]) -> usize {
        data.len() / PACE + lines(data) / LINES
    }
    /// A copy.
    fn boxed(&self) -> Box<dyn Filter>;
}

impl Clone for Box<dyn Filter> {
    fn clone(&self) -> Self {
        self.boxed()
    }
}

/// The copy of a filter that can be cloned.
macro_rules! copies {
    () => {
        fn boxed(&self) -> Box<dyn Filter> {
            Box::new(self.clone())
        }
    };
}
pub(super) use copies;

/// A filter with its inputs.
#[derive(Clone, Debug)]
pub struct Stream {
    inputs: Vec<Text>,
    next: usize,
    current: Option<Fd>,
    filter: Box<dyn Filter>,
    out: Output,
    status: Option<i32>,
    failed: bool,
    prefix: String,
    style: Style,
    env: Rc<[(Text, Text)]>,
    child: Option<Child>,
}

/// A command that is run in between, and what it still gets to read.
#[derive(Clone, Debug)]
struct Child {
    pid: Pid,
    input: Option<(Fd, Vec<u8>)>,
    /// Whether the filter asked for it, and what it has printed if that is caught.
    asked: bool,
    output: Option<(Fd, Vec<u8>)>,
    status: i32,
}

impl Stream {
    /// Reads `inputs`, or standard input if there are none.
    pub fn new(ctx: &mut Ctx, filter: impl Filter + 'static, mut inputs: Vec<Text>) -> Stream {
        if inputs.is_empty() {
            inputs.push(Text::lit("-"));
        }
        Stream {
            inputs,
            next: 0,
            current: None,
            filter: Box::new(filter),
            out: std::mem::take(&mut ctx.out),
            status: None,
            failed: false,
            prefix: ctx.prefix.clone(),
            style: ctx.style,
            env: ctx.env.clone(),
            child: None,
        }
    }

    /// Only writes what was printed, and ends.
    pub fn done(ctx: &mut Ctx, filter: impl Filter + 'static, status: i32) -> Stream {
        let mut stream = Stream::new(ctx, filter, Vec::new());
        stream.status = Some(status);
        stream
    }

    /// Writes what was printed and runs the commands in between; a step if that has to wait.
    fn write_out(&mut self, sys: &mut dyn Sys) -> Option<Step> {
        loop {
            if let Some(child) = &mut self.child {
                if let Some(step) = child.step(sys) {
                    return Some(step);
                }
                if let Some(child) = self.child.take().filter(|c| c.asked) {
                    let output = child.output.map(|(_, bytes)| bytes).unwrap_or_default();
                    self.with(sys, |f, ctx| f.answer(child.status, output, ctx));
                    let changed = self.filter.status();
                    self.status = self.status.map(|s| changed.unwrap_or(s));
                }
            }
            if let Some(step) = drain(&mut self.out, sys) {
                return Some(step);
            }
            let (command, ask) = if self.out.is_empty() {
                match self.filter.ask() {
                    Some(ask) => (ask.command.clone().into_bytes(), Some(ask)),
                    None => return None,
                }
            } else {
                (self.out.remove(0).1, None)
            };
            match Child::start(sys, &command, &self.env, ask.as_ref()) {
                Ok(child) => self.child = Some(child),
                Err(error) => {
                    let text = format!("{}cannot run a command: {}\n", self.prefix, error.text());
                    self.out.insert(0, (2, text.into_bytes()));
                    if ask.is_some() {
                        self.with(sys, |f, ctx| f.answer(127, Vec::new(), ctx));
                    }
                }
            }
        }
    }

    fn with<T>(&mut self, sys: &mut dyn Sys, work: impl FnOnce(&mut dyn Filter, &mut Ctx) -> T) -> T {
        let mut ctx = Ctx::new(sys, Vec::new(), self.style);
        ctx.prefix.clone_from(&self.prefix);
        ctx.out = std::mem::take(&mut self.out);
        let result = work(&mut *self.filter, &mut ctx);
        self.out = ctx.out;
        result
    }

    fn open_next(&mut self, sys: &mut dyn Sys) {
        let Some(name) = self.inputs.get(self.next).cloned() else {
            let failed = self.failed;
            self.status = Some(self.with(sys, |f, ctx| f.end(ctx, failed)));
            return;
        };
        self.next += 1;
        if self.with(sys, |f, ctx| f.operand(&name, ctx)) {
            return;
        }
        let opened = if &*name == "-" {
            Ok(0)
        } else {
            match sys.stat(&name) {
                Ok(stat) if stat.kind == FileType::Dir => Err(Errno::EISDIR),
                _ => sys.open(&name, Open::Read),
            }
        };
        match opened {
            Ok(fd) => {
                self.current = Some(fd);
                self.with(sys, |f, ctx| f.open(&name, ctx));
            }
            Err(error) => {
                self.failed = true;
                self.with(sys, |f, ctx| f.missing(&name, error, ctx));
            }
        }
    }

    fn go(&mut self, sys: &mut dyn Sys, go: Go) {
        match go {
            Go::On => {}
            Go::NextFile => self.close_current(sys),
            Go::Stop => {
                self.close_current(sys);
                let failed = self.failed;
                self.status = Some(self.with(sys, |f, ctx| f.end(ctx, failed)));
            }
        }
    }

    fn close_current(&mut self, sys: &mut dyn Sys) {
        if let Some(fd) = self.current.take()
            && fd != 0
        {
            sys.close(fd);
        }
    }
}

impl Child {
    fn start(
        sys: &mut dyn Sys,
        command: &[u8],
        env: &[(Text, Text)],
        ask: Option<&Ask>,
    ) -> Result<Child, Errno> {
        let (command, input) = match command.iter().position(|b| *b == 0) {
            Some(at) => (&command[..at], Some(command[at + 1..].to_vec())),
            None => (command, None),
        };
        let (inner, outer) = match input {
            Some(_) => {
                let (read, write) = sys.pipe()?;
                (read, Some(write))
            }
            None => (0, None),
        };
        let caught = match ask {
            Some(Ask { caught: true, .. }) => Some(sys.pipe()?),
            _ => None,
        };
        let words = ["sh".to_owned(), "-c".to_owned(), String::from_utf8_lossy(command).into_owned()];
        let started = sys.spawn(Spawn {
            file: Text::lit("/bin/sh"),
            argv: words.into_iter().map(Text::from).collect(),
            env: env.to_vec(),
            cwd: sys.cwd(),
            fds: vec![(0, inner), (1, caught.map_or(1, |(_, write)| write)), (2, 2)],
            ignored: Vec::new(),
            new_group: false,
        });
        if outer.is_some() {
            sys.close(inner);
        }
        let output = caught.map(|(read, write)| {
            sys.close(write);
            (read, Vec::new())
        });
        match started {
            Ok(pid) => Ok(Child { pid, input: outer.zip(input), asked: ask.is_some(), output, status: 0 }),
            Err(error) => {
                output.into_iter().for_each(|(fd, _)| sys.close(fd));
                outer.into_iter().for_each(|fd| sys.close(fd));
                Err(error)
            }
        }
    }

    /// Hands its input on and waits for its end; `None` when it has ended.
    fn step(&mut self, sys: &mut dyn Sys) -> Option<Step> {
        while let Some((fd, bytes)) = &mut self.input {
            sys.set_disposition(Signal::Pipe, Disposition::Ignore);
            let written = if bytes.is_empty() { Err(Errno::EPIPE) } else { sys.write(*fd, bytes) };
            sys.set_disposition(Signal::Pipe, Disposition::Default);
            match written {
                Ok(n) => drop(bytes.drain(..n.min(bytes.len()))),
                Err(Errno::EAGAIN) => return Some(Wait::writable(*fd)),
                Err(_) => {
                    sys.close(*fd);
                    self.input = None;
                }
            }
        }
        if let Some((fd, bytes)) = &mut self.output
            && *fd != CAUGHT
        {
            loop {
                match sys.read(*fd, 65_536) {
                    Ok(data) if !data.is_empty() && bytes.len() < MAX_LINE => bytes.extend_from_slice(&data),
                    Err(Errno::EAGAIN) => return Some(Wait::readable(*fd)),
                    _ => break,
                }
            }
            sys.close(*fd);
            *fd = CAUGHT;
        }
        match sys.reap(Some(self.pid)) {
            Ok(None) => Some(Wait::child()),
            Ok(Some((_, ended))) => {
                self.status = ended.code();
                None
            }
            Err(_) => None,
        }
    }
}

/// Stands for a pipe that has been read to its end.
const CAUGHT: Fd = Fd::MAX;

/// How many pieces are read before others are let run.
const PIECES: u32 = 16;

impl Program for Stream {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        for _ in 0..PIECES {
            if let Some(step) = self.write_out(sys) {
                return step;
            }
            if let Some(status) = self.status {
                return Step::Exit(status & 0xff);
            }
            let Some(fd) = self.current else {
                self.open_next(sys);
                continue;
            };
            match sys.read(fd, 65_536) {
                Ok(data) if data.is_empty() => {
                    self.close_current(sys);
                    let go = self.with(sys, |f, ctx| f.close(ctx));
                    self.go(sys, go);
                }
                Ok(data) => {
                    sys.weigh(u32::try_from(self.filter.weight(&data)).unwrap_or(u32::MAX));
                    let go = self.with(sys, |f, ctx| f.feed(&data, ctx));
                    self.go(sys, go);
                }
                Err(Errno::EAGAIN) => return Wait::readable(fd),
                Err(error) => {
                    self.failed = true;
                    self.close_current(sys);
                    let name = self.inputs[self.next - 1].clone();
                    self.with(sys, |f, ctx| f.missing(&name, error, ctx));
                }
            }
        }
        Step::Yield
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// Pieces put together to lines.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    /// Adds a piece and hands out the lines that are whole, without their ends.
    pub fn push(&mut self, data: &[u8]) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let mut rest = data;
        while let Some(n) = rest.iter().position(|b| *b == b'\n') {
            let mut line = std::mem::take(&mut self.partial);
            line.extend_from_slice(&rest[..n]);
            out.push(line);
            rest = &rest[n + 1..];
        }
        if self.partial.len() < MAX_LINE {
            self.partial.extend_from_slice(rest);
        }
        out
    }

    /// What is left without a line end.
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        let rest = std::mem::take(&mut self.partial);
        (!rest.is_empty()).then_some(rest)
    }
}
