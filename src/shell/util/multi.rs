//! `busybox` itself, which runs its applets by name, and its `time`.

use super::ctx::Ctx;
use super::info::called;
use super::time::{cannot_run, spawn_words};
use crate::os::program::{Ended, Errno, Pid, Program, Signal, Step, Sys, Wait};
use crate::time::{Span, Time};

/// Where applets are.
const PLACES: [&str; 4] = ["/bin", "/sbin", "/usr/bin", "/usr/sbin"];

/// `busybox [NAME ARGUMENT …]`; also what runs under the name of an applet that is not modelled.
pub fn busybox(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let name = called(ctx);
    if name != "busybox" {
        // Real applets are there as files; of these it is only the model that is missing.
        let real = PLACES.iter().any(|dir| ctx.sys.lstat(&format!("{dir}/{name}")).is_ok());
        ctx.err(&format!("{name}: {}\n", if real { "not simulated" } else { "applet not found" }));
        return Err(127);
    }
    let words = ctx.args[1..].to_vec();
    let Some(applet) = words.first().filter(|w| !w.starts_with("--")) else {
        ctx.print(format!("{}\n", super::usage::BANNER));
        let names: Vec<&str> = super::table::names().collect();
        ctx.print(format!("\nCurrently defined functions:\n\t{}\n", names.join(", ")));
        return Err(0);
    };
    let spawn = spawn_words(ctx, &words);
    match ctx.sys.load(spawn) {
        Ok(program) => Ok(super::time::becoming(program)),
        Err(Errno::ENOENT) => {
            ctx.err(&format!("{applet}: applet not found\n"));
            Err(127)
        }
        Err(error) => {
            let applet = applet.clone();
            Err(cannot_run(ctx, &applet, error))
        }
    }
}

/// `time`, running.
#[derive(Clone, Debug)]
struct Timing {
    pid: Pid,
    began: Time,
}

/// busybox's `time`.
pub fn time(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let words = ctx.args[1..].to_vec();
    let Some(first) = words.first().cloned() else {
        super::usage::print(ctx, "time");
        return Err(1);
    };
    let spawn = spawn_words(ctx, &words);
    match ctx.sys.spawn(spawn) {
        Ok(pid) => Ok(Box::new(Timing { pid, began: ctx.sys.now() })),
        Err(error) => Err(cannot_run(ctx, &first, error)),
    }
}

impl Program for Timing {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        let Ok(Some((_, ended))) = sys.reap(Some(self.pid)) else { return Wait::child() };
        let line = |name: &str, span: Span| {
            let seconds = span.as_secs_f64();
            format!("{name}\t{}m {:.2}s\n", (seconds / 60.0) as u64, seconds % 60.0)
        };
        let (_, used) = sys.cpu_times();
        let real = sys.now().since(self.began);
        let text = line("real", real) + &line("user", used) + &line("sys", Span::ZERO);
        let _ = sys.write(2, text.as_bytes());
        Step::Exit(match ended {
            Ended::Code(code) => code,
            Ended::Signal(signal) => 128 + Signal::number(signal),
        })
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
