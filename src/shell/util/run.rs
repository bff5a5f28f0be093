//! Applets as programs.

use super::ctx::{Ctx, Output, Style, drain};
use super::table::{Kind, Row, find};
use crate::api::Text;
use crate::os::program::{Errno, Program, Spawn, Step, Sys, Wait};
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
}

#[derive(Clone, Debug)]
enum State {
    New,
    /// Standard input is being collected.
    Collect(Vec<u8>),
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
    Some(Box::new(Applet { row, args, env, style, out: Vec::new(), state: State::New }))
}

impl Applet {
    fn begin(&mut self, sys: &mut dyn Sys, stdin: Option<Rc<Vec<u8>>>) {
        let mut ctx = Ctx::new(sys, self.args.clone(), self.style);
        ctx.env = self.env.clone();
        ctx.stdin = stdin;
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
        if ctx.wants_stdin {
            self.state = State::Collect(Vec::new());
            return;
        }
        self.state = state;
        self.out = ctx.out;
    }
}

impl Program for Applet {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        loop {
            if let Some(step) = drain(&mut self.out, sys) {
                return step;
            }
            match &mut self.state {
                State::New => self.begin(sys, None),
                State::Collect(bytes) => match sys.read(0, 65_536) {
                    Ok(data) if !data.is_empty() && bytes.len() < MAX_INPUT => bytes.extend_from_slice(&data),
                    Err(Errno::EAGAIN) => return Wait::readable(0),
                    _ => {
                        let all = Rc::new(std::mem::take(bytes));
                        self.begin(sys, Some(all));
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
