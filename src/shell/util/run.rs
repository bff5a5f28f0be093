//! Applets as programs.

use super::ctx::{Ctx, Output, Style, drain};
use super::table::{Kind, Row, find};
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::os::program::{Errno, Fd, Open, Program, Spawn, Step, Sys, Wait};
use std::rc::Rc;

/// The most standard input that is collected, in bytes.
const MAX_INPUT: usize = 32 << 20;

/// An applet that runs.
#[derive(Clone, Debug)]
pub struct Applet {
    row: &'static Row,
    args: Vec<Text>,
    env: Rc<[(Text, Text)]>,
    style: Style,
    out: Output,
    state: State,
    stdin: Option<Rc<Vec<u8>>>,
    gathered: BTreeMap<Text, Rc<Vec<u8>>>,
}

#[derive(Clone, Debug)]
enum State {
    New,
    /// Standard input is being collected.
    Collect(Vec<u8>),
    /// A pipe among the files is being collected.
    Gather(Text, Fd, Vec<u8>),
    Running(Box<dyn Program>),
    Done(i32),
}

/// The applet of a kit (`busybox`, `coreutils` …); without a name the one that it is called by.
pub fn applet(kit: &str, name: &str, spawn: &Spawn) -> Option<Box<dyn Program>> {
    let busybox = kit == "busybox";
    let mut spawn = spawn.clone();
    let mut name: Text = name.into();
    if name.is_empty() {
        let called = spawn.argv.first().map_or("", |a| a.rsplit('/').next().unwrap_or(""));
        name = called.trim_start_matches('-').into();
        if &*name == "busybox" && spawn.argv.len() > 1 {
            spawn.argv.remove(0);
            name = spawn.argv[0].clone();
        }
    }
    if busybox && matches!(&*name, "sh" | "ash") {
        return crate::shell::program("ash", &spawn);
    }
    let style = if busybox { Style::Busybox } else { Style::Gnu };
    let row = find(&name).or_else(|| busybox.then(|| find("busybox")).flatten())?;
    let (args, env) = (spawn.argv, spawn.env.into());
    Some(Box::new(Applet {
        row,
        args,
        env,
        style,
        out: Vec::new(),
        state: State::New,
        stdin: None,
        gathered: BTreeMap::new(),
    }))
}

impl Applet {
    fn begin(&mut self, sys: &mut dyn Sys) {
        let mut ctx = Ctx::new(sys, self.args.clone(), self.style);
        ctx.env = self.env.clone();
        ctx.stdin.clone_from(&self.stdin);
        ctx.gathered = std::mem::take(&mut self.gathered);
        if let Some(status) = super::help::answer(&mut ctx) {
            self.out = ctx.out;
            self.state = State::Done(status);
            return;
        }
        let state = match self.row.kind {
            Kind::Plain(function) => State::Done(function(&mut ctx)),
            Kind::Stream(build) => match build(&mut ctx) {
                Ok(stream) => State::Running(Box::new(stream)),
                Err(status) => State::Done(status),
            },
            Kind::Machine(build) => match build(&mut ctx) {
                Ok(program) => State::Running(program),
                Err(status) => State::Done(status),
            },
        };
        let (wants_stdin, wants_file, out) = (ctx.wants_stdin, ctx.wants_file.take(), ctx.out);
        self.gathered = ctx.gathered;
        if wants_stdin {
            self.state = State::Collect(Vec::new());
            return;
        }
        if let Some(path) = wants_file
            && let Ok(fd) = sys.open(&path, Open::Read)
        {
            self.state = State::Gather(path, fd, Vec::new());
            return;
        }
        self.state = state;
        self.out = out;
    }
}

impl Program for Applet {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        loop {
            if let Some(step) = drain(&mut self.out, sys) {
                return step;
            }
            match &mut self.state {
                State::New => self.begin(sys),
                State::Collect(bytes) => match sys.read(0, 65_536) {
                    Ok(data) if !data.is_empty() && bytes.len() < MAX_INPUT => bytes.extend_from_slice(&data),
                    Err(Errno::EAGAIN) => return Wait::readable(0),
                    _ => {
                        self.stdin = Some(Rc::new(std::mem::take(bytes)));
                        self.begin(sys);
                    }
                },
                State::Gather(path, fd, bytes) => match sys.read(*fd, 65_536) {
                    Ok(data) if !data.is_empty() && bytes.len() < MAX_INPUT => bytes.extend_from_slice(&data),
                    Err(Errno::EAGAIN) => return Wait::readable(*fd),
                    _ => {
                        sys.close(*fd);
                        self.gathered.insert(path.clone(), Rc::new(std::mem::take(bytes)));
                        self.begin(sys);
                    }
                },
                State::Running(program) => return program.step(sys),
                State::Done(status) => return Step::Exit(*status & 0xff),
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
