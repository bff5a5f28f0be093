//! The interpreter: a machine with an explicit stack of frames.
//!
//! A frame is a command that is under way: a loop at its third word, a pipeline whose processes are waited
//! for, redirections to be taken back. Because the stack is data, a shell can stop anywhere (a full pipe, a
//! child that runs, a signal), be copied for a subshell and be kept in a checkpoint. One turn of
//! [`Shell::advance`] runs the topmost frame a little; output is written between turns.

mod builtins;
mod control;
mod frame;
mod jobs;
mod messages;
mod prompt;
mod redirect;
mod signals;
mod simple;
mod source;
mod start;
mod testexpr;

use super::Flavour;
use super::ast::Node;
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

/// A running shell.
#[derive(Clone, Debug)]
pub struct Shell {
    pub(super) flavour: Flavour,
    pub(super) vars: Vars,
    pub(super) params: Rc<[Rc<str>]>,
    pub(super) zero: Rc<str>,
    /// The name in messages.
    arg0: Rc<str>,
    pub(super) opts: Options,
    pub(super) nullglob: bool,
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
    pub(super) started: Time,
    pub(super) rng: Rng,
    pub(super) calls: Vec<Rc<str>>,
    functions: Rc<BTreeMap<Rc<str>, Node>>,
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
    started_up: bool,
    /// Files that stand for the output of processes, to be removed after the command.
    scratch: Vec<Rc<str>>,
    pub(super) pipe_status: Vec<i32>,
}

impl Program for Shell {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
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
            None => self.finished(sys),
        }
    }

    /// All frames are done: runs the EXIT trap, then ends.
    fn finished(&mut self, sys: &mut dyn Sys) -> Flow {
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
        self.remove_scratch(sys);
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
                    return;
                }
                (Unwind::Return, Kind::Source(s)) if s.is_sourced() => {
                    self.leave(sys, frame);
                    return;
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
                self.calls.pop();
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
            && !self.frames.iter().any(|f| matches!(f.kind, Kind::AfterTrap(_)))
        {
            if self.opts.errexit {
                self.unwinding = Some(Unwind::Exit(status));
            }
            self.frames.push(Frame::plain(Kind::AfterTrap(status)));
            self.push_text(text.to_string(), source::Origin::Trap);
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
        child.scratch.clear();
        child.pending_signals.clear();
        child.dispositions = vec![(Signal::Int, Disposition::Default)];
        child.traps.retain(|trap, text| {
            if let signals::Trap::Signal(signal) = trap {
                let how = if text.is_empty() { Disposition::Ignore } else { Disposition::Default };
                child.dispositions.push((*signal, how));
            }
            text.is_empty()
        });
        child
    }

    /// Descriptors as a child gets them.
    fn fd_map(&self) -> Vec<(Fd, Fd)> {
        self.fds.iter().map(|fd| (*fd, *fd)).collect()
    }
}
