//! Processes: pipelines, background jobs, subshells, substitutions, and waiting for them.

use super::frame::{Frame, Kind, for_child};
use super::messages::signal_text;
use super::{Flow, Shell};
use crate::collections::BTreeMap;
use crate::os::program::{Disposition, Ended, Errno, Fd, Open, Pid, Signal, Sys, Wait};
use crate::shell::ast::{Cmd, Node, RedirOp};
use crate::shell::vars::MAX_VALUE;
use std::rc::Rc;

/// Background jobs and children that have ended.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    /// Jobs by number.
    pub list: BTreeMap<u32, Job>,
    /// How children ended that nobody has asked for yet.
    pub ended: BTreeMap<Pid, Ended>,
    /// Whether the list is only a subshell's view of its parent's jobs.
    pub inherited: bool,
    /// How jobs ended that were waited for: bash answers again.
    pub told: BTreeMap<Pid, i32>,
}

impl Jobs {
    fn remember(&mut self, pid: Pid, ended: Ended) {
        if self.told.len() < MAX_ENDED {
            self.told.insert(pid, ended.code());
        }
    }
}

/// A background job.
#[derive(Clone, Debug)]
pub struct Job {
    pub pid: Pid,
    pub text: Rc<str>,
}

/// How many ended children are remembered.
const MAX_ENDED: usize = 1_024;

impl Shell {
    /// Takes all children that have ended.
    pub(super) fn reap(&mut self, sys: &mut dyn Sys) {
        while let Ok(Some((pid, ended))) = sys.reap(None) {
            if self.jobs.ended.len() < MAX_ENDED {
                self.jobs.ended.insert(pid, ended);
            }
        }
    }

    /// Runs a node in a child with these descriptors.
    pub(super) fn fork(
        &mut self,
        sys: &mut dyn Sys,
        node: &Node,
        fds: Vec<(Fd, Fd)>,
        background: bool,
    ) -> Option<Pid> {
        let tail = Frame {
            kind: Kind::Run(node.clone()),
            tested: false,
            tail: self.flavour != super::Flavour::Dash || simple(node),
        };
        let mut child = self.child(vec![tail]);
        child.fds = fds.iter().map(|(fd, _)| *fd).collect();
        if background {
            for signal in [Signal::Int, Signal::Quit] {
                child.dispositions.retain(|(s, _)| *s != signal);
                child.dispositions.push((signal, Disposition::Ignore));
            }
        }
        match sys.fork(Box::new(child), fds) {
            Ok(pid) => Some(pid),
            Err(error) => {
                let text = if self.flavour.is_bash() {
                    format!("fork: {}", error.text())
                } else {
                    "can't fork: ".to_owned() + error.text()
                };
                self.complain(&text);
                self.status = 2;
                None
            }
        }
    }

    /// The descriptors of a child, some of them replaced.
    pub(super) fn mapped(&self, replaced: &[(Fd, Fd)]) -> Vec<(Fd, Fd)> {
        let mut fds = self.fd_map();
        fds.retain(|(fd, _)| !replaced.iter().any(|(r, _)| r == fd));
        fds.extend_from_slice(replaced);
        fds
    }

    pub(super) fn pipeline(&mut self, sys: &mut dyn Sys, frame: &Frame, node: &Node) {
        let Cmd::Pipeline { cmds, negate, timed } = &**node else { return };
        if *timed {
            self.frames.push(Frame::plain(Kind::Timed(sys.now(), super::frame::used(sys))));
        }
        if *negate {
            self.frames.push(Frame::plain(Kind::Not));
        }
        let tested = frame.tested || *negate;
        if let [only] = cmds.as_slice() {
            self.frames.push(Frame { kind: Kind::Run(only.clone()), tested, tail: false });
            return;
        }
        let mut pids = Vec::new();
        let mut input: Option<Fd> = None;
        for (i, cmd) in cmds.iter().enumerate() {
            let last = i + 1 == cmds.len();
            let pipe = if last { None } else { sys.pipe().ok() };
            let mut replaced: Vec<(Fd, Fd)> = input.map(|fd| (0, fd)).into_iter().collect();
            replaced.extend(pipe.map(|(_, write)| (1, write)));
            let fds = self.mapped(&replaced);
            pids.extend(self.fork(sys, cmd, fds, false).map(|pid| (pid, None)));
            if let Some(fd) = input.take() {
                sys.close(fd);
            }
            if let Some((read, write)) = pipe {
                sys.close(write);
                input = Some(read);
            }
        }
        self.frames.push(Frame { kind: Kind::Wait { pids, text: "".into() }, tested, tail: false });
    }

    pub(super) fn background(&mut self, sys: &mut dyn Sys, node: &Node, text: &Rc<str>) {
        let null = if self.opts.interactive { None } else { sys.open("/dev/null", Open::Read).ok() };
        let fds = self.mapped(&null.map(|fd| (0, fd)).into_iter().collect::<Vec<_>>());
        self.background_with(sys, node, text, fds);
        if let Some(fd) = null {
            sys.close(fd);
        }
    }

    /// Starts a job with these descriptors.
    pub(super) fn background_with(
        &mut self,
        sys: &mut dyn Sys,
        node: &Node,
        text: &Rc<str>,
        fds: Vec<(Fd, Fd)>,
    ) {
        let Some(pid) = self.fork(sys, node, fds, true) else { return };
        if std::mem::take(&mut self.jobs.inherited) {
            self.jobs.list.clear();
        }
        let number = self.jobs.list.keys().next_back().map_or(1, |n| n + 1);
        self.jobs.list.insert(number, Job { pid, text: text.clone() });
        self.last_background = Some(pid);
        self.status = 0;
        if self.opts.interactive {
            let note = format!("[{number}] {pid}\n");
            if self.flavour.is_bash() {
                self.print(2, note.as_bytes());
            }
        }
    }

    pub(super) fn subshell(&mut self, sys: &mut dyn Sys, frame: &Frame, body: &Node) {
        if frame.tail && self.subshell && self.traps.is_empty() {
            self.frames.push(frame.last(body));
            return;
        }
        let fds = self.fd_map();
        let Some(pid) = self.fork(sys, body, fds, false) else { return };
        self.frames.push(frame.with(Kind::Wait { pids: vec![(pid, None)], text: "".into() }));
    }

    /// Runs a command and reads what it prints.
    pub(super) fn substitute(&mut self, sys: &mut dyn Sys, node: &Node) {
        if let Some(text) = self.file_substitution(sys, node) {
            self.subs.push(text);
            return;
        }
        let Ok((read, write)) = sys.pipe() else {
            self.subs.push("".into());
            return;
        };
        let fds = self.mapped(&[(1, write)]);
        // Only dash lets `set -e` reach into substitutions.
        let errexit = self.opts.errexit;
        self.opts.errexit &= self.flavour == super::Flavour::Dash;
        self.nested += 1;
        let pid = self.fork(sys, node, fds, false);
        self.nested -= 1;
        self.opts.errexit = errexit;
        sys.close(write);
        match pid {
            Some(pid) => self.frames.push(Frame::plain(Kind::Collect { fd: read, pid, bytes: Vec::new() })),
            None => {
                sys.close(read);
                self.subs.push("".into());
            }
        }
    }

    /// `$(<file)` needs no process.
    fn file_substitution(&mut self, sys: &mut dyn Sys, node: &Node) -> Option<Rc<str>> {
        let Cmd::Simple(simple) = &**node else { return None };
        let [redir] = simple.redirs.as_slice() else { return None };
        if !simple.words.is_empty() || !simple.assigns.is_empty() || !matches!(redir.op, RedirOp::Read) {
            return None;
        }
        let path = redir
            .target
            .plain()
            .or_else(|| self.expand_text(sys, &redir.target).ok().map(|t| t.to_string()))?;
        match sys.read_file(&path) {
            Ok(bytes) => {
                self.sub_status = Some(0);
                Some(collected(&bytes))
            }
            Err(_) => None,
        }
    }

    pub(super) fn wait_turn(&mut self, sys: &mut dyn Sys, frame: Frame) -> Flow {
        match frame.kind {
            Kind::Collect { fd, pid, bytes } => self.collect(sys, fd, pid, bytes),
            Kind::Wait { pids, text } => self.wait_foreground(sys, pids, &text, frame.tested),
            Kind::WaitJobs { pids, any } => self.wait_jobs(sys, pids, any),
            _ => Flow::Next,
        }
    }

    fn collect(&mut self, sys: &mut dyn Sys, fd: Fd, pid: Pid, mut bytes: Vec<u8>) -> Flow {
        let again = |bytes| Frame::plain(Kind::Collect { fd, pid, bytes });
        // A descriptor of its own number space: `Fd::MAX` says that the pipe is at its end.
        if fd != Fd::MAX {
            match sys.read(fd, 65_536) {
                Ok(data) if data.is_empty() => {}
                Ok(data) if bytes.len() + data.len() <= MAX_VALUE => {
                    bytes.extend_from_slice(&data);
                    self.frames.push(again(bytes));
                    return Flow::Next;
                }
                Ok(_) => self.complain("not simulated: a substitution of more than 4 MiB"),
                Err(Errno::EAGAIN) => {
                    self.frames.push(again(bytes));
                    return Flow::Wait(Wait { readable: vec![fd], ..Wait::default() });
                }
                Err(_) => {}
            }
            sys.close(fd);
        }
        self.reap(sys);
        match self.jobs.ended.remove(&pid) {
            Some(ended) => {
                self.sub_status = Some(ended.code());
                self.status = ended.code();
                self.subs.push(collected(&bytes));
                Flow::Next
            }
            None => {
                self.frames.push(Frame::plain(Kind::Collect { fd: Fd::MAX, pid, bytes }));
                for_child()
            }
        }
    }

    fn wait_foreground(
        &mut self,
        sys: &mut dyn Sys,
        mut pids: Vec<(Pid, Option<Ended>)>,
        text: &Rc<str>,
        tested: bool,
    ) -> Flow {
        self.reap(sys);
        for (pid, ended) in &mut pids {
            if ended.is_none() {
                *ended = self.jobs.ended.remove(pid);
            }
        }
        if pids.iter().any(|(_, ended)| ended.is_none()) {
            self.frames.push(Frame { kind: Kind::Wait { pids, text: text.clone() }, tested, tail: false });
            return for_child();
        }
        let codes: Vec<i32> = pids.iter().filter_map(|(_, e)| e.map(Ended::code)).collect();
        let mut status = codes.last().copied().unwrap_or(self.status);
        if self.opts.pipefail {
            status = codes.iter().rev().copied().find(|c| *c != 0).unwrap_or(0);
        }
        self.pipe_status = codes;
        if let Some((pid, Some(Ended::Signal(signal)))) = pids.last() {
            self.report_signal(*pid, *signal, text, true);
        }
        self.done(status, tested);
        Flow::Next
    }

    /// Says that a process that was waited for was ended by a signal.
    fn report_signal(&mut self, pid: Pid, signal: Signal, text: &str, foreground: bool) {
        if signal == Signal::Int {
            self.interrupted = true;
            if self.opts.interactive {
                self.print(2, b"\n");
                self.unwinding = Some(super::Unwind::Abort);
            }
            return;
        }
        if signal == Signal::Pipe || self.subshell {
            return;
        }
        let what = signal_text(signal);
        let line = match (self.flavour.is_bash(), self.opts.interactive) {
            // Debian's bash says little of the usual end.
            (true, false) if signal == Signal::Term && !foreground => return,
            (true, false) if signal == Signal::Term => format!("{what}\n"),
            (true, false) => format!("{}{pid:>5} {what:<23} {text}\n", self.error_prefix()),
            _ => format!("{what}\n"),
        };
        self.print(2, line.as_bytes());
    }

    fn wait_jobs(&mut self, sys: &mut dyn Sys, pids: Option<Vec<Pid>>, any: bool) -> Flow {
        self.reap(sys);
        if let Some(signal) = self.pending_signals.first() {
            self.status = 128 + signal.number();
            return Flow::Next;
        }
        let mut waiting: Vec<Pid> = match &pids {
            Some(list) => list.clone(),
            None if self.jobs.inherited => Vec::new(),
            None => self.jobs.list.values().map(|j| j.pid).collect(),
        };
        if any {
            if waiting.is_empty() {
                self.status = 127;
                return Flow::Next;
            }
            // The first one that has ended will do.
            if let Some(first) = waiting.iter().copied().find(|pid| self.jobs.ended.contains_key(pid)) {
                waiting = vec![first];
            }
        }
        if waiting.iter().any(|pid| !self.jobs.ended.contains_key(pid)) {
            self.frames.push(Frame::plain(Kind::WaitJobs { pids, any }));
            return for_child();
        }
        self.status = 0;
        for pid in waiting {
            let Some(ended) = self.jobs.ended.remove(&pid) else { continue };
            if pids.is_some() || any {
                self.status = ended.code();
            }
            self.jobs.remember(pid, ended);
            let text =
                self.jobs.list.values().find(|j| j.pid == pid).map_or_else(|| "".into(), |j| j.text.clone());
            self.jobs.list.retain(|_, j| j.pid != pid);
            if let Ended::Signal(signal) = ended
                && signal != Signal::Int
            {
                self.report_signal(pid, signal, &text, false);
            }
        }
        Flow::Next
    }

    /// Waits for one child in the foreground.
    pub(super) fn wait_for(&mut self, frame: &Frame, pid: Pid, text: &[Rc<str>]) {
        // bash shows a command as it was written.
        let text = if self.flavour.is_bash() { self.command_text() } else { text.join(" ").into() };
        let kind = Kind::Wait { pids: vec![(pid, None)], text };
        self.frames.push(frame.with(kind));
    }

    /// How a job has ended, in a word.
    pub(super) fn ended_word(&self, end: Ended) -> String {
        match end {
            Ended::Code(0) => "Done".to_owned(),
            Ended::Code(c) if self.flavour.is_bash() => format!("Exit {c}"),
            Ended::Code(c) => format!("Done({c})"),
            Ended::Signal(s) => signal_text(s).to_owned(),
        }
    }

    /// Says before a prompt which jobs have ended.
    pub(super) fn notify_jobs(&mut self, sys: &mut dyn Sys) {
        self.reap(sys);
        let ended: Vec<(u32, Job)> = self
            .jobs
            .list
            .iter()
            .filter(|(_, j)| self.jobs.ended.contains_key(&j.pid))
            .map(|(n, j)| (*n, j.clone()))
            .collect();
        for (number, job) in ended {
            let end = self.jobs.ended.remove(&job.pid).unwrap_or(Ended::Code(0));
            let what = self.ended_word(end);
            let mark = if self.jobs.list.keys().next_back() == Some(&number) { '+' } else { ' ' };
            let line = format!("[{number}]{mark}  {what:<23} {}\n", job.text);
            self.jobs.list.remove(&number);
            self.print(2, line.as_bytes());
        }
    }
}

fn simple(node: &Node) -> bool {
    matches!(&**node, Cmd::Simple(_))
}

/// The text of a substitution: without the line ends behind it.
fn collected(bytes: &[u8]) -> Rc<str> {
    let text: String = String::from_utf8_lossy(bytes).chars().filter(|c| *c != '\0').collect();
    text.trim_end_matches('\n').into()
}
