//! The interpreter: a machine with an explicit stack of frames.
//!
//! A frame is a command that is under way: a loop at its third word, a pipeline whose processes are waited
//! for, redirections to be taken back. Because the stack is data, a shell can stop anywhere (a full pipe, a
//! child that runs, a signal), be copied for a subshell and be kept in a checkpoint. One turn of
//! [`Shell::advance`] runs the topmost frame a little; output is written between turns.

mod builtins;
mod control;
mod coproc;
mod debug;
mod dial;
mod frame;
mod jobs;
mod messages;
mod prompt;
mod redirect;
mod select;
mod signals;
mod simple;
mod source;
mod start;
mod testexpr;

use super::Flavour;
use super::ast::Node;
use super::expand::{Assigned, glob::Globs};
use super::pattern::Pattern;
use super::vars::Vars;
use crate::collections::{BTreeMap, BTreeSet};
use crate::os::program::{Disposition, Errno, Fd, Pid, Program, Signal, Step, Sys, Wait};
use crate::rng::Rng;
use crate::time::Time;
use frame::{Frame, Kind};
use jobs::Jobs;
use std::rc::Rc;

pub use start::program;

/// The names of all builtins.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    builtins::TABLE.iter().map(|b| b.name)
}

/// How many turns a shell takes before it lets others run.
const TURNS: u32 = 400;
/// What that many turns weigh: with the fuel of a process some five million turns a second, a million rounds of
/// an empty loop.
const WEIGHT: u32 = 32;
/// How deep functions, sourced files and `eval` may nest.
const MAX_FRAMES: usize = 6_000;
/// The most that may wait to be written before the shell turns to writing, in bytes.
const MAX_PENDING_OUTPUT: usize = 16 << 20;

/// The options of `set`.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Options {
    pub allexport: bool,
    pub errexit: bool,
    pub noglob: bool,
    pub noexec: bool,
    pub nounset: bool,
    pub verbose: bool,
    pub xtrace: bool,
    pub noclobber: bool,
    pub pipefail: bool,
    pub monitor: bool,
    /// `-E`: functions and subshells inherit the ERR trap.
    pub errtrace: bool,
    /// `-T`: the same of DEBUG and RETURN.
    pub functrace: bool,
    pub interactive: bool,
    pub from_stdin: bool,
    pub command_string: bool,
}

/// Where control goes instead of to the next command.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Unwind {
    Break(u32),
    Continue(u32),
    Return,
    /// Out of everything.
    Exit(i32),
    /// Back to the prompt, or to the next line of a script (bash).
    Abort,
}

/// What a turn came to.
enum Flow {
    Next,
    Wait(Wait),
    Become(Box<dyn Program>),
    Exit(i32),
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// What it runs.
    pub body: Node,
    /// The file that it was defined in, as bash names it in errors.
    pub source: Rc<str>,
    /// Whether other bashes get it.
    pub exported: bool,
}

/// A function that is running.
#[derive(Clone, Debug)]
pub struct Calling {
    pub name: Rc<str>,
    /// Where it was defined.
    pub source: Rc<str>,
    /// The line of the call.
    pub line: u32,
}

/// A running shell.
#[derive(Clone, Debug)]
pub struct Shell {
    pub(super) flavour: Flavour,
    pub(super) vars: Vars,
    pub(super) params: Rc<[Rc<str>]>,
    pub(super) zero: Rc<str>,
    /// The name in messages.
    arg0: Rc<str>,
    /// The files that are being read by `.`, which busybox names in messages.
    sourced: Vec<Rc<str>>,
    pub(super) opts: Options,
    pub(super) globs: Globs,
    /// Bash's `nocasematch`: `case` and `[[` do not tell capital letters from small ones.
    nocasematch: bool,
    /// Builtins that `enable -n` has switched off.
    disabled: BTreeSet<Rc<str>>,
    /// The arrays of the `declare` that is about to run.
    late: Vec<Assigned>,
    /// The command that `BASH_COMMAND` shows.
    current: Option<Node>,
    /// Whether the DEBUG trap of the next command has run.
    debugged: bool,
    /// How many functions were running when the RETURN trap was set.
    return_level: usize,
    /// How many subshells this one is inside of.
    pub(super) level: u32,
    /// How many of them are substitutions, which `set -x` shows.
    nested: u32,
    /// The instant of the step under way.
    pub(super) now: Time,
    /// Since when `SECONDS` counts, and from what number.
    pub(super) seconds: (Time, i64),
    /// Descriptors that children do not get: those of coprocesses.
    own_fds: BTreeSet<Fd>,
    /// Descriptors of process substitutions, to be closed after the command.
    proc_fds: Vec<Fd>,
    /// Bash's `expand_aliases`: in scripts, too.
    expand_aliases: bool,
    /// The directories below the working one on bash's stack.
    stack: Vec<Rc<str>>,
    pub(super) status: i32,
    pub(super) line: u32,
    /// The builtin that is running, for messages.
    builtin: Option<Rc<str>>,
    /// Outputs of substitutions that the expansion under way has asked for.
    pub(super) subs: Vec<Rc<str>>,
    pub(super) sub_cursor: usize,
    sub_status: Option<i32>,
    pub(super) main_pid: Pid,
    pub(super) parent_pid: Pid,
    pub(super) uid: u32,
    pub(super) last_background: Option<Pid>,
    pub(super) rng: Rng,
    pub(super) calls: Vec<Calling>,
    functions: Rc<BTreeMap<Rc<str>, Function>>,
    aliases: Rc<BTreeMap<String, String>>,
    history: Rc<Vec<Rc<str>>>,
    frames: Vec<Frame>,
    unwinding: Option<Unwind>,
    exit_code: Option<i32>,
    jobs: Jobs,
    traps: BTreeMap<signals::Trap, Rc<str>>,
    pending_signals: Vec<Signal>,
    interrupted: bool,
    fds: BTreeSet<Fd>,
    out: Vec<(Fd, Vec<u8>)>,
    getopts: (usize, usize),
    umask: u32,
    /// Dispositions to be set on the first step (children).
    dispositions: Vec<(Signal, Disposition)>,
    subshell: bool,
    /// Whether it was started as a login shell.
    login: bool,
    started_up: bool,
    pub(super) pipe_status: Vec<i32>,
}

impl Program for Shell {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        self.now = sys.now();
        if !self.started_up {
            self.started_up = true;
            self.start_up(sys);
        }
        self.notice_signals(sys);
        for _ in 0..TURNS {
            if let Some(step) = self.flush(sys) {
                return step;
            }
            match self.advance(sys) {
                Flow::Next => {}
                Flow::Wait(wait) => match self.flush(sys) {
                    Some(step) => return step,
                    None => return Step::Wait(wait),
                },
                Flow::Become(program) => return Step::Become(program),
                Flow::Exit(code) => {
                    self.exit_code = Some(code);
                    if let Some(step) = self.flush(sys) {
                        return step;
                    }
                    return Step::Exit(code & 0xff);
                }
            }
        }
        sys.weigh(WEIGHT);
        Step::Yield
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl Shell {
    /// Writes what is to be written; a step if that has to wait or ends the shell.
    fn flush(&mut self, sys: &mut dyn Sys) -> Option<Step> {
        while let Some((fd, bytes)) = self.out.first_mut() {
            let fd = *fd;
            match sys.write(fd, bytes) {
                Ok(n) if n >= bytes.len() => {
                    self.out.remove(0);
                }
                Ok(n) => {
                    bytes.drain(..n);
                    if n == 0 {
                        return Some(Wait::writable(fd));
                    }
                }
                Err(Errno::EAGAIN) => return Some(Wait::writable(fd)),
                Err(Errno::EPIPE) => {
                    self.out.clear();
                    let _ = sys.kill(i64::from(sys.pid()), Some(Signal::Pipe));
                    return Some(Step::Exit(128 + Signal::Pipe.number()));
                }
                Err(error) => {
                    self.out.remove(0);
                    self.status = 1;
                    if fd != 2 {
                        let text = format!("write error: {}", error.text());
                        self.complain(&text);
                    }
                }
            }
        }
        None
    }

    /// Queues output.
    fn print(&mut self, fd: Fd, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let pending: usize = self.out.iter().map(|(_, b)| b.len()).sum();
        if pending > MAX_PENDING_OUTPUT {
            return;
        }
        match self.out.last_mut() {
            Some((last, buffer)) if *last == fd => buffer.extend_from_slice(bytes),
            _ => self.out.push((fd, bytes.to_vec())),
        }
    }

    /// One turn of the machine.
    fn advance(&mut self, sys: &mut dyn Sys) -> Flow {
        if let Some(unwind) = self.unwinding.take() {
            self.unwind(sys, unwind);
            return Flow::Next;
        }
        if self.run_pending_traps(sys) {
            return Flow::Next;
        }
        if self.frames.len() > MAX_FRAMES {
            self.complain("maximum function nesting level exceeded");
            self.unwinding = Some(Unwind::Exit(2));
            return Flow::Next;
        }
        match self.frames.pop() {
            Some(frame) => self.turn(sys, frame),
            None => self.finished(),
        }
    }

    /// All frames are done: runs the EXIT trap, then ends.
    fn finished(&mut self) -> Flow {
        let code = *self.exit_code.get_or_insert(self.status);
        if let Some(text) = self.traps.remove(&signals::Trap::Exit)
            && !text.is_empty()
        {
            self.status = code;
            self.exit_code = None;
            self.frames.push(Frame::plain(Kind::ExitWith(code)));
            self.push_text(text.to_string(), source::Origin::Trap);
            return Flow::Next;
        }
        Flow::Exit(code)
    }

    /// Takes frames away until control has arrived where it goes.
    fn unwind(&mut self, sys: &mut dyn Sys, unwind: Unwind) {
        let mut unwind = unwind;
        while let Some(frame) = self.frames.pop() {
            match (&mut unwind, &frame.kind) {
                (Unwind::Break(n) | Unwind::Continue(n), Kind::For { .. } | Kind::While { .. }) => {
                    if *n > 1 {
                        *n -= 1;
                        continue;
                    }
                    if matches!(unwind, Unwind::Continue(_)) {
                        self.frames.push(frame);
                    }
                    return;
                }
                (Unwind::Break(_) | Unwind::Continue(_), Kind::Call { .. }) => {
                    self.frames.push(frame);
                    return;
                }
                (Unwind::Return, Kind::Call { .. }) => {
                    let tested = frame.tested;
                    self.leave(sys, frame);
                    self.done(self.status, tested);
                    return self.return_trap(self.calls.len() + 1);
                }
                (Unwind::Return, Kind::Source(s)) if s.is_sourced() => {
                    self.leave(sys, frame);
                    return self.return_trap(self.calls.len());
                }
                (Unwind::Abort, Kind::Source(s)) if s.is_main() => {
                    let interactive = self.opts.interactive;
                    self.frames.push(frame);
                    if interactive || self.flavour.is_bash() && !self.opts.command_string {
                        return;
                    }
                    let status = self.status;
                    unwind = Unwind::Exit(status);
                }
                (Unwind::Exit(code), Kind::ExitWith(_)) => {
                    self.exit_code = Some(*code);
                    return;
                }
                _ => self.leave(sys, frame),
            }
        }
        match unwind {
            Unwind::Exit(code) => self.exit_code = Some(code & 0xff),
            // Outside of loops and functions there is nothing to leave, except a subshell's own text.
            _ => self.exit_code = Some(self.status),
        }
    }

    /// Undoes what a frame had set up.
    fn leave(&mut self, sys: &mut dyn Sys, frame: Frame) {
        match frame.kind {
            Kind::Redirects(saved) => self.restore_fds(sys, saved),
            Kind::TempVars(old) => old.into_iter().rev().for_each(|(name, var)| self.vars.restore(name, var)),
            Kind::Call { params, .. } => {
                self.vars.pop_scope();
                if let Some(call) = self.calls.pop() {
                    self.line = call.line;
                }
                self.params = params;
            }
            Kind::Collect { fd, .. } => sys.close(fd),
            Kind::Source(source) => self.leave_source(source),
            Kind::Read(read) if read.raw_mode => sys.tty_mode(true, true),
            _ => {}
        }
    }

    /// Sets the status of a command that is done, and obeys `set -e`.
    fn done(&mut self, status: i32, tested: bool) {
        self.status = status;
        if status == 0 || tested {
            return;
        }
        if let Some(text) = self.traps.get(&signals::Trap::Err).cloned()
            && (self.calls.is_empty() || self.opts.errtrace)
            && !self.frames.iter().any(|f| matches!(f.kind, Kind::AfterTrap(_)))
        {
            if self.opts.errexit {
                self.frames.push(Frame::plain(Kind::Leave(status)));
            }
            self.frames.push(Frame::plain(Kind::AfterTrap(status)));
            self.push_text(text.to_string(), source::Origin::TrapHere);
            return;
        }
        if self.opts.errexit {
            self.unwinding = Some(Unwind::Exit(status));
        }
    }

    /// A copy that runs `frames` as a subshell.
    fn child(&self, frames: Vec<Frame>) -> Shell {
        let mut child = self.clone();
        child.frames = frames;
        child.subshell = true;
        child.out.clear();
        child.subs.clear();
        child.jobs.ended.clear();
        child.jobs.inherited = true;
        child.unwinding = None;
        child.opts.interactive = false;
        child.vars.end(true);
        child.level += 1;
        child.proc_fds.clear();
        child.own_fds.clear();
        child.pending_signals.clear();
        child.dispositions = vec![(Signal::Int, Disposition::Default)];
        child.traps.retain(|trap, text| {
            if let signals::Trap::Signal(signal) = trap {
                let how = if text.is_empty() { Disposition::Ignore } else { Disposition::Default };
                child.dispositions.push((*signal, how));
            }
            let inherited = match trap {
                signals::Trap::Err => self.opts.errtrace,
                signals::Trap::Debug | signals::Trap::Return => self.opts.functrace,
                _ => false,
            };
            text.is_empty() || inherited
        });
        child
    }

    /// Descriptors as a child gets them.
    fn fd_map(&self) -> Vec<(Fd, Fd)> {
        self.fds.iter().filter(|fd| !self.own_fds.contains(fd)).map(|fd| (*fd, *fd)).collect()
    }

    /// A pattern of `${x#…}` and the like.
    pub(super) fn pattern(&self, text: &str) -> Pattern {
        Pattern::extended(text, self.globs.groups, false)
    }

    /// A pattern of `case` and `[[`; only the latter always has groups.
    fn case_pattern(&self, text: &str, groups: bool) -> Pattern {
        Pattern::extended(text, self.flavour.is_bash() && (groups || self.globs.groups), self.nocasematch)
    }

    /// The line as `LINENO` and messages have it: busybox counts the lines of `-c` from 0.
    pub(super) fn shown_line(&self) -> u32 {
        let counted_from_0 = self.flavour == Flavour::Ash && self.opts.command_string;
        self.line.saturating_sub(u32::from(counted_from_0))
    }
}
