//! A worker process: serves what its master listens on.

use super::master::FATAL;
use super::serve::Site;
use crate::images::programs::http::Server;
use crate::os::{Disposition, Fd, Program, Signal, Step, Sys};

/// Resident memory of a worker, in bytes.
const MEMORY: u64 = 2_100 << 10;

/// The user and group of `user nginx` in official images.
const NGINX: u32 = 101;

/// A worker.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    site: Site,
    server: Server,
    started: bool,
    quitting: bool,
}

impl Worker {
    pub(super) fn new(site: Site, listeners: Vec<(Fd, u16)>) -> Worker {
        Worker { site, server: Server::new(listeners), started: false, quitting: false }
    }

    fn end(&self, sys: &mut dyn Sys) -> Step {
        self.site.logs.line(sys, "notice", "exiting");
        self.site.logs.line(sys, "notice", "exit");
        Step::Exit(0)
    }
}

impl Program for Worker {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if !self.started {
            self.started = true;
            sys.set_title("nginx: worker process");
            sys.set_memory(MEMORY);
            for signal in [Signal::Quit, Signal::Term, Signal::Int, Signal::Usr1] {
                sys.set_disposition(signal, Disposition::Catch);
            }
            sys.set_disposition(Signal::Hup, Disposition::Ignore);
            let lowers = sys.uid() == 0 && self.site.config.top("user").is_some_and(|d| d.arg(0) != "root");
            if lowers && let Err(e) = sys.set_user(NGINX, NGINX) {
                let text = format!("setgid({NGINX}) failed ({}: {})", super::number(e), e.text());
                self.site.logs.line(sys, "emerg", &text);
                return Step::Exit(FATAL);
            }
        }
        while let Some(signal) = sys.take_signal() {
            match signal {
                Signal::Term | Signal::Int => return self.end(sys),
                Signal::Quit if !self.quitting => {
                    self.quitting = true;
                    self.site.logs.line(sys, "notice", "gracefully shutting down");
                    for (fd, _) in self.server.listeners.drain(..) {
                        sys.close(fd);
                    }
                }
                Signal::Usr1 => self.site.logs.line(sys, "notice", "reopening logs"),
                _ => {}
            }
        }
        let busy = self.server.poll(sys, &mut self.site);
        if self.quitting && !busy {
            return self.end(sys);
        }
        Step::Wait(self.server.wait())
    }
}
