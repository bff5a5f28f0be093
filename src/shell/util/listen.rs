//! `nc -l`: waits for a connection and passes on what comes from it and what it is given.
//!
//! A connection cannot be closed by halves here. When standard input is at its end, the connection is kept until
//! the other side has said something or some time is over, and then closed.

use super::ctx::{Ctx, Output, Style, drain};
use super::opts::Opts;
use super::time::spawn_words;
use crate::api::Text;
use crate::os::program::{Errno, Fd, Pid, Program, Spawn, Step, Sys, Wait};
use crate::time::{Span, Time};

/// How long a silent peer is waited for once there is nothing more to send.
const LINGER: Span = Span::millis(200);

#[derive(Clone, Debug)]
struct Listen {
    listener: Fd,
    /// Whether it goes on after a connection (`-k`, `-lk`).
    again: bool,
    verbose: bool,
    /// The program of `-e`.
    command: Option<Spawn>,
    port: u16,
    state: State,
    /// What waits to be sent, and whether standard input is at its end.
    unsent: Vec<u8>,
    ended: bool,
    out: Output,
    until: Option<Time>,
}

#[derive(Clone, Debug)]
enum State {
    Waiting,
    Talking { fd: Fd, heard: bool, until: Option<Time> },
    Running(Pid),
}

/// `nc -l -p PORT`, also `nc -l PORT`.
pub fn listen(ctx: &mut Ctx, o: &Opts) -> Result<Box<dyn Program>, i32> {
    let port = o.get('p').or(o.rest.last()).and_then(|p| p.parse::<u16>().ok());
    let Some(port) = port else {
        super::usage::print(ctx, "nc");
        return Err(1);
    };
    let listener = match ctx.sys.listen(port) {
        Ok(fd) => fd,
        Err(error) => {
            let text = if ctx.style == Style::Busybox {
                format!("bind: {}", error.text())
            } else {
                error.text().to_owned()
            };
            ctx.fail(&text);
            return Err(1);
        }
    };
    let words: Vec<Text> = match o.get('e') {
        Some(program) => std::iter::once(program.clone()).chain(o.rest.iter().cloned()).collect(),
        None => Vec::new(),
    };
    let command = (!words.is_empty()).then(|| spawn_words(ctx, &words));
    if o.has('v') {
        ctx.err(&format!("listening on [::]:{port} ...\n"));
    }
    Ok(Box::new(Listen {
        listener,
        again: o.has('k'),
        verbose: o.has('v'),
        command,
        port,
        state: State::Waiting,
        unsent: Vec::new(),
        ended: false,
        out: std::mem::take(&mut ctx.out),
        until: super::net::limit(o.get('w')).map(|s| ctx.sys.now() + s),
    }))
}

impl Listen {
    fn accept(&mut self, sys: &mut dyn Sys) -> Option<Step> {
        if self.until.is_some_and(|t| sys.now() >= t) {
            return Some(Step::Exit(1));
        }
        let (fd, peer) = match sys.accept(self.listener) {
            Ok(found) => found,
            Err(Errno::EAGAIN) => {
                let wait = Wait { readable: vec![self.listener], until: self.until, ..Wait::default() };
                return Some(Step::Wait(wait));
            }
            Err(_) => return Some(Step::Exit(1)),
        };
        if self.verbose {
            let line = format!("connect to [::]:{} from {peer}\n", self.port);
            self.out.push((2, line.into_bytes()));
        }
        self.state = match &self.command {
            None => State::Talking { fd, heard: false, until: None },
            Some(spawn) => {
                let mut spawn = spawn.clone();
                spawn.fds = vec![(0, fd), (1, fd), (2, 2)];
                let started = sys.spawn(spawn);
                sys.close(fd);
                match started {
                    Ok(pid) => State::Running(pid),
                    Err(_) => return Some(Step::Exit(1)),
                }
            }
        };
        None
    }

    /// Passes on what there is; a step if it has to wait.
    fn talk(&mut self, sys: &mut dyn Sys, fd: Fd, heard: bool, until: Option<Time>) -> Option<Step> {
        if !self.ended && self.unsent.is_empty() {
            match sys.read(0, 65_536) {
                Ok(data) if data.is_empty() => self.ended = true,
                Ok(data) => self.unsent = data,
                Err(Errno::EAGAIN) => {}
                Err(_) => self.ended = true,
            }
        }
        let mut blocked = false;
        if !self.unsent.is_empty() {
            match sys.write(fd, &self.unsent) {
                Ok(n) => drop(self.unsent.drain(..n.min(self.unsent.len()))),
                Err(Errno::EAGAIN) => blocked = true,
                Err(_) => return self.finish(sys, fd),
            }
        }
        let said_all = self.ended && self.unsent.is_empty();
        let until = until.or(said_all.then(|| sys.now() + LINGER));
        match sys.read(fd, 65_536) {
            Ok(data) if data.is_empty() => return self.finish(sys, fd),
            Ok(data) => {
                self.out.push((1, data));
                self.state = State::Talking { fd, heard: true, until };
                return None;
            }
            Err(Errno::EAGAIN) => {}
            Err(_) => return self.finish(sys, fd),
        }
        if said_all && (heard || until.is_some_and(|t| sys.now() >= t)) {
            return self.finish(sys, fd);
        }
        self.state = State::Talking { fd, heard, until };
        if !blocked && !self.unsent.is_empty() {
            return None;
        }
        let readable = if self.ended || !self.unsent.is_empty() { vec![fd] } else { vec![fd, 0] };
        let writable = if blocked { vec![fd] } else { Vec::new() };
        Some(Step::Wait(Wait { readable, writable, until, ..Wait::default() }))
    }

    fn finish(&mut self, sys: &mut dyn Sys, fd: Fd) -> Option<Step> {
        sys.close(fd);
        self.state = State::Waiting;
        self.done(sys)
    }

    fn done(&mut self, sys: &mut dyn Sys) -> Option<Step> {
        if self.again {
            return None;
        }
        sys.close(self.listener);
        let _ = drain(&mut self.out, sys);
        Some(Step::Exit(0))
    }
}

impl Program for Listen {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if let Some(step) = drain(&mut self.out, sys) {
            return step;
        }
        let step = match self.state {
            State::Waiting => self.accept(sys),
            State::Talking { fd, heard, until } => self.talk(sys, fd, heard, until),
            State::Running(pid) => match sys.reap(Some(pid)) {
                Ok(None) => Some(Wait::child()),
                _ => {
                    self.state = State::Waiting;
                    self.done(sys)
                }
            },
        };
        step.unwrap_or(Step::Yield)
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
