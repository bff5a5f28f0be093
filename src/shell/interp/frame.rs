//! Frames: commands under way.

use super::redirect::Saved;
use super::source::Source;
use super::{Flow, Shell};
use crate::os::program::{Ended, Fd, Pid, Sys, Wait};
use crate::shell::ast::{Cmd, Node};
use crate::shell::vars::Var;
use crate::time::{Span, Time};
use std::rc::Rc;

/// A command under way.
#[derive(Clone, Debug)]
pub struct Frame {
    pub kind: Kind,
    /// Whether its status is tested, which keeps `set -e` quiet.
    pub tested: bool,
    /// Whether nothing comes after it in this process, so that a program may take its place.
    pub tail: bool,
}

/// What is under way.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A text whose commands are read and run one by one.
    Source(Source),
    /// A command to be begun.
    Run(Node),
    /// A list, at its n-th command.
    Seq(Node, usize),
    /// `&&` or `||` whose left side is running.
    AndOr(Node),
    /// `!` before a pipeline.
    Not,
    /// A simple command whose words are being expanded.
    Simple(Node),
    /// `if`, at its n-th test.
    If(Node, usize),
    /// `for` over words: those left.
    For { node: Node, items: Option<Rc<[Rc<str>]>>, next: usize },
    /// `while`, `until` and `for ((…))`; what runs at the moment.
    While { node: Node, phase: u8, last: i32 },
    /// `case`, with its expanded word, the arm that is looked at, whether it is taken without a look at its
    /// patterns, and whether one was taken before.
    Case { node: Node, word: Option<Rc<str>>, arm: usize, matched: bool, ran: bool },
    /// `[[ … ]]`, `(( … ))`.
    Test(Node),
    /// A compound command whose redirections are being expanded.
    Redirected(Node),
    /// Redirections to be taken back.
    Redirects(Vec<Saved>),
    /// Variables to be given back their values.
    TempVars(Vec<(Rc<str>, Option<Var>)>),
    /// A function's body is running; the parameters of its caller.
    Call { params: Rc<[Rc<str>]> },
    /// The output of a substitution is being read.
    Collect { fd: Fd, pid: Pid, bytes: Vec<u8> },
    /// Processes in the foreground.
    Wait { pids: Vec<(Pid, Option<Ended>)>, text: Rc<str> },
    /// The `wait` builtin: for these, or for all.
    WaitJobs { pids: Option<Vec<Pid>>, any: bool },
    /// The `read` builtin.
    Read(super::builtins::read::Reading),
    /// `time`: what ran began then, when so much processor time was used.
    Timed(Time, Span),
    /// The status from before a trap.
    AfterTrap(i32),
    /// The end of the shell, once the EXIT trap is done.
    ExitWith(i32),
    /// The descriptors of process substitutions are to be closed.
    CloseFds,
    /// The shell is to be left, once the ERR trap is done.
    Leave(i32),
    /// A connection is under way, for so long.
    Dial { fd: Fd, until: Time },
}

impl Frame {
    /// A frame without flags.
    pub fn plain(kind: Kind) -> Frame {
        Frame { kind, tested: false, tail: false }
    }

    /// The same frame with another kind.
    pub fn with(&self, kind: Kind) -> Frame {
        Frame { kind, tested: self.tested, tail: self.tail }
    }

    /// A command inside this one.
    pub fn inner(&self, node: &Node) -> Frame {
        Frame { kind: Kind::Run(node.clone()), tested: self.tested, tail: false }
    }

    /// A command at the end of this one.
    pub fn last(&self, node: &Node) -> Frame {
        Frame { kind: Kind::Run(node.clone()), tested: self.tested, tail: self.tail }
    }

    /// A command whose status is tested.
    pub fn test(node: &Node) -> Frame {
        Frame { kind: Kind::Run(node.clone()), tested: true, tail: false }
    }
}

impl Shell {
    /// Runs a frame that was taken off the stack.
    pub(super) fn turn(&mut self, sys: &mut dyn Sys, frame: Frame) -> Flow {
        match &frame.kind {
            Kind::Run(node) => {
                let node = node.clone();
                return self.begin(sys, &frame, &node);
            }
            Kind::Simple(node) => {
                let node = node.clone();
                return self.simple(sys, &frame, &node);
            }
            Kind::Source(_) => return self.source_turn(sys, frame),
            Kind::Seq(node, next) => {
                let (node, next) = (node.clone(), *next);
                self.seq(&frame, &node, next);
            }
            Kind::AndOr(node) => {
                let node = node.clone();
                self.and_or(&frame, &node);
            }
            Kind::Not => self.status = i32::from(self.status == 0),
            Kind::If(..) | Kind::For { .. } | Kind::While { .. } | Kind::Case { .. } => {
                self.control(sys, frame)
            }
            Kind::Test(node) => {
                let node = node.clone();
                self.test_command(sys, &frame, &node);
            }
            Kind::Redirected(node) => {
                let node = node.clone();
                self.redirected(sys, &frame, &node);
            }
            Kind::Collect { .. } | Kind::Wait { .. } | Kind::WaitJobs { .. } => {
                return self.wait_turn(sys, frame);
            }
            Kind::Read(_) => return self.read_turn(sys, frame),
            Kind::Timed(began, before) => {
                let used = Span(used(sys).0.saturating_sub(before.0));
                self.report_time(sys.now().since(*began), used);
            }
            Kind::AfterTrap(status) => self.status = *status,
            Kind::ExitWith(code) => {
                self.exit_code = Some(*code);
            }
            Kind::Call { .. } => {
                let tested = frame.tested;
                self.leave(sys, frame);
                // What failed inside has been told to `set -e`, but not to the caller's ERR trap.
                if self.traps.contains_key(&super::signals::Trap::Err) {
                    self.done(self.status, tested);
                }
                self.return_trap(self.calls.len() + 1);
            }
            Kind::Leave(status) => self.unwinding = Some(super::Unwind::Exit(*status)),
            Kind::Dial { fd, until } => return self.dial_turn(sys, *fd, *until),
            Kind::CloseFds => self.close_proc_fds(sys),
            Kind::Redirects(_) | Kind::TempVars(_) => self.leave(sys, frame),
        }
        Flow::Next
    }

    /// Begins a command.
    fn begin(&mut self, sys: &mut dyn Sys, frame: &Frame, node: &Node) -> Flow {
        if self.opts.noexec && !self.opts.interactive {
            return Flow::Next;
        }
        if self.debug_trap(frame, node) {
            return Flow::Next;
        }
        match &**node {
            Cmd::Simple(_) => {
                self.subs.clear();
                return self.simple(sys, frame, node);
            }
            Cmd::Pipeline { .. } => self.pipeline(sys, frame, node),
            Cmd::And(left, _) | Cmd::Or(left, _) => {
                self.frames.push(frame.with(Kind::AndOr(node.clone())));
                self.frames.push(Frame::test(left));
            }
            Cmd::Seq(items) => {
                if items.is_empty() {
                    self.status = 0;
                }
                self.seq(frame, node, 0);
            }
            Cmd::Background(inner, text) => self.background(sys, inner, text),
            Cmd::Subshell(body) => self.subshell(sys, frame, body),
            Cmd::Redirected(body, redirs) if redirs.is_empty() => self.frames.push(frame.last(body)),
            Cmd::Redirected(..) => {
                self.subs.clear();
                self.redirected(sys, frame, node);
            }
            Cmd::If { .. } => {
                self.frames.push(frame.with(Kind::If(node.clone(), 0)));
                self.first_test(node);
            }
            Cmd::For { .. } => {
                self.subs.clear();
                self.frames.push(frame.with(Kind::For { node: node.clone(), items: None, next: 0 }));
            }
            Cmd::ArithFor { .. } | Cmd::While { .. } => {
                self.subs.clear();
                self.frames.push(frame.with(Kind::While { node: node.clone(), phase: 0, last: 0 }));
            }
            Cmd::Case { .. } => {
                self.subs.clear();
                let kind = Kind::Case { node: node.clone(), word: None, arm: 0, matched: false, ran: false };
                self.frames.push(frame.with(kind));
            }
            Cmd::Function { name, body } => {
                let function =
                    super::Function { body: body.clone(), source: self.source_name(), exported: false };
                Rc::make_mut(&mut self.functions).insert(name.clone(), function);
                self.status = 0;
            }
            Cmd::Coproc { name, body } => self.coproc(sys, name, body),
            Cmd::Test(_) | Cmd::Arith(_) => {
                self.subs.clear();
                self.frames.push(frame.with(Kind::Test(node.clone())));
            }
        }
        Flow::Next
    }

    fn seq(&mut self, frame: &Frame, node: &Node, next: usize) {
        let Cmd::Seq(items) = &**node else { return };
        let Some(item) = items.get(next) else { return };
        if next + 1 == items.len() {
            self.frames.push(frame.last(item));
        } else {
            self.frames.push(frame.with(Kind::Seq(node.clone(), next + 1)));
            self.frames.push(frame.inner(item));
        }
    }

    fn and_or(&mut self, frame: &Frame, node: &Node) {
        match &**node {
            Cmd::And(_, right) if self.status == 0 => self.frames.push(frame.last(right)),
            Cmd::Or(_, right) if self.status != 0 => self.frames.push(frame.last(right)),
            _ => {}
        }
    }
}

/// The wait for any child to end.
pub fn for_child() -> Flow {
    Flow::Wait(Wait { child: true, ..Wait::default() })
}

/// The processor time of the shell and of the children that it has waited for.
pub(super) fn used(sys: &dyn Sys) -> Span {
    let (own, children) = sys.cpu_times();
    own + children
}
