//! Programs that say something, wait, and end: a list of acts.

use super::calls::Calls;
use crate::images::grpc::Health;
use crate::os::{Disposition, Errno, Fd, Program, STDERR, STDOUT, Signal, Step, Sys, Wait};
use crate::time::{Span, Time};

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Act {
    /// Writes a text; `{now}` stands for `2026/11/23 08:04:52`, `{iso}` for `2026-11-23 08:04:52`,
    /// `{utc}` for `2026-11-23T08:04:52.123`.
    Say(Fd, String),
    /// Waits.
    Pause(Span),
    /// Opens a port for nobody to be answered on; what connects is told this text and closed.
    Listen(u16, &'static [u8]),
    /// Opens a port on which gRPC's health checks are answered; requests of HTTP/1 are by this function.
    Serve(u16, fn(&str) -> Option<String>),
    /// Waits until TERM or INT comes; what stands behind is done then.
    Stay,
    /// Ends.
    Exit(i32),
}

/// A list of acts under way.
#[derive(Clone, Debug)]
pub struct Script {
    acts: Vec<Act>,
    at: usize,
    until: Option<Time>,
    listener: Option<(Fd, &'static [u8])>,
    calls: Option<(Calls, fn(&str) -> Option<String>)>,
    stopping: bool,
}

/// Runs acts one by one; past the last one it ends with 0.
pub fn script(acts: Vec<Act>) -> Box<dyn Program> {
    Box::new(Script { acts, at: 0, until: None, listener: None, calls: None, stopping: false })
}

/// A program that is not simulated: says so and ends with 1.
pub fn not_simulated(what: &str) -> Box<dyn Program> {
    script(vec![Act::Say(STDERR, format!("not simulated: {what}\n")), Act::Exit(1)])
}

/// Says a text on standard output and ends with 0.
pub fn said(text: &str) -> Box<dyn Program> {
    script(vec![Act::Say(STDOUT, text.to_owned())])
}

impl Program for Script {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        while let Some(act) = self.acts.get(self.at).cloned() {
            match act {
                Act::Say(fd, text) => {
                    let text = super::stamped(&text, sys.wall_micros());
                    let _ = sys.write(fd, text.as_bytes());
                }
                Act::Pause(span) => {
                    let until = *self.until.get_or_insert(sys.now() + span);
                    if sys.now() < until {
                        return Wait::until(until);
                    }
                    self.until = None;
                }
                Act::Listen(port, text) => match sys.listen(port) {
                    Ok(fd) => self.listener = Some((fd, text)),
                    Err(e) => return refused(sys, port, e),
                },
                Act::Serve(port, plain) => match Calls::listen(sys, port) {
                    Ok(calls) => self.calls = Some((calls, plain)),
                    Err(e) => return refused(sys, port, e),
                },
                Act::Stay => {
                    sys.set_disposition(Signal::Term, Disposition::Catch);
                    sys.set_disposition(Signal::Int, Disposition::Catch);
                    self.stopping |= sys.take_signal().is_some();
                    if !self.stopping {
                        return self.idle(sys);
                    }
                }
                Act::Exit(code) => return Step::Exit(code),
            }
            self.at += 1;
        }
        Step::Exit(0)
    }
}

impl Script {
    /// Turns callers away and waits.
    fn idle(&mut self, sys: &mut dyn Sys) -> Step {
        if let Some((calls, plain)) = &mut self.calls {
            let mut health = |_: &mut dyn Sys, service: &str| match service {
                "" => Health::Serving,
                _ => Health::UnknownService,
            };
            calls.poll(sys, &mut health, *plain);
            let mut wait = Wait::default();
            calls.wait(&mut wait);
            return Step::Wait(wait);
        }
        let Some((listener, text)) = self.listener else { return Wait::forever() };
        while let Ok((fd, _)) = sys.accept(listener) {
            let _ = sys.write(fd, text);
            sys.close(fd);
        }
        Wait::readable(listener)
    }
}

fn refused(sys: &mut dyn Sys, port: u16, why: Errno) -> Step {
    let text = format!("cannot listen on port {port}: {}\n", why.text());
    let _ = sys.write(STDERR, text.as_bytes());
    Step::Exit(1)
}
