//! Signals and traps.

use super::frame::{Frame, Kind};
use super::source::Origin;
use super::{Shell, Unwind};
use crate::os::program::{Disposition, Signal, Sys};
use std::rc::Rc;

/// What a trap is set on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trap {
    Exit,
    Signal(Signal),
    Debug,
    Err,
    Return,
}

impl Trap {
    /// From a name or number as `trap` takes it.
    pub fn parse(text: &str) -> Option<Trap> {
        match text {
            "0" | "EXIT" | "exit" => Some(Trap::Exit),
            "ERR" => Some(Trap::Err),
            "DEBUG" => Some(Trap::Debug),
            "RETURN" => Some(Trap::Return),
            _ => Signal::parse(text).map(Trap::Signal),
        }
    }

    /// Its name.
    pub fn name(self) -> String {
        match self {
            Trap::Exit => "EXIT".into(),
            Trap::Err => "ERR".into(),
            Trap::Debug => "DEBUG".into(),
            Trap::Return => "RETURN".into(),
            Trap::Signal(s) => {
                Signal::ALL.iter().find(|(x, ..)| *x == s).map_or_else(String::new, |t| t.2.into())
            }
        }
    }
}

/// How many signals may wait for their traps.
const MAX_PENDING: usize = 64;

impl Shell {
    /// Takes signals that have arrived.
    pub(super) fn notice_signals(&mut self, sys: &mut dyn Sys) {
        while let Some(signal) = sys.take_signal() {
            if self.traps.get(&Trap::Signal(signal)).is_some_and(|t| !t.is_empty()) {
                if self.pending_signals.len() < MAX_PENDING {
                    self.pending_signals.push(signal);
                }
            } else if signal == Signal::Int && self.opts.interactive {
                self.interrupt(sys);
            }
        }
    }

    /// Ctrl-C at an interactive shell: gives up the line, unless a child is there to be interrupted.
    fn interrupt(&mut self, _sys: &mut dyn Sys) {
        if self.frames.iter().any(|f| matches!(f.kind, Kind::Wait { .. } | Kind::Collect { .. })) {
            return;
        }
        self.status = 130;
        self.print(2, b"\n");
        for frame in self.frames.iter_mut().rev() {
            if let Kind::Source(source) = &mut frame.kind
                && source.is_main()
            {
                source.forget_line();
            }
        }
        self.unwinding = Some(Unwind::Abort);
    }

    /// Begins the trap of a signal that has arrived; not while a child runs in the foreground.
    pub(super) fn run_pending_traps(&mut self, _sys: &mut dyn Sys) -> bool {
        let busy = matches!(
            self.frames.last().map(|f| &f.kind),
            Some(Kind::Wait { .. } | Kind::Collect { .. } | Kind::WaitJobs { .. })
        );
        if busy || self.pending_signals.is_empty() {
            return false;
        }
        let signal = self.pending_signals.remove(0);
        let Some(text) = self.traps.get(&Trap::Signal(signal)).cloned() else { return false };
        self.frames.push(Frame::plain(Kind::AfterTrap(self.status)));
        self.push_text(text.to_string(), Origin::Trap);
        true
    }

    /// Sets or removes a trap.
    pub(super) fn set_trap(&mut self, sys: &mut dyn Sys, trap: Trap, action: Option<&str>) {
        if trap == Trap::Return {
            self.return_level = self.calls.len();
        }
        match action {
            Some(text) => self.traps.insert(trap, Rc::from(text)),
            None => self.traps.remove(&trap),
        };
        if let Trap::Signal(signal) = trap {
            let how = match action {
                Some("") => Disposition::Ignore,
                Some(_) => Disposition::Catch,
                None if signal == Signal::Int && self.opts.interactive => Disposition::Catch,
                None => Disposition::Default,
            };
            sys.set_disposition(signal, how);
        }
    }

    /// Signals that children must ignore.
    pub(super) fn ignored_signals(&self) -> Vec<Signal> {
        let ignored = |(trap, text): (&Trap, &Rc<str>)| match trap {
            Trap::Signal(signal) if text.is_empty() => Some(*signal),
            _ => None,
        };
        let mut list: Vec<Signal> = self.traps.iter().filter_map(ignored).collect();
        for (signal, how) in &self.dispositions {
            if *how == Disposition::Ignore && !list.contains(signal) {
                list.push(*signal);
            }
        }
        list
    }
}
