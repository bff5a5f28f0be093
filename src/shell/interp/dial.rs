//! bash's `/dev/tcp/HOST/PORT`: a connection in the place of a file.
//!
//! A connection takes time, so an expansion that needs one stops, as it does for a substitution; the number of
//! its descriptor, or why there is none, waits for it among the outputs of substitutions.

use super::frame::{Frame, Kind};
use super::{Flow, Shell};
use crate::os::program::{Errno, Fd, Resolved, Sys, Wait};
use crate::shell::ast::RedirOp;
use crate::shell::expand::{Expanded, Stop};
use crate::time::{Span, Time};
use std::rc::Rc;

/// How long a connection is tried before the kernel gives up.
const PATIENCE: Span = Span::secs(130);

impl Shell {
    /// The address that a path stands for, which only bash knows.
    pub(super) fn address(&self, op: &RedirOp, path: &str) -> Option<(Rc<str>, u16)> {
        let opens = matches!(op, RedirOp::Read | RedirOp::Write | RedirOp::ReadWrite | RedirOp::Append);
        let rest = path.strip_prefix("/dev/tcp/").filter(|_| opens && self.flavour.is_bash())?;
        let (host, port) = rest.split_once('/')?;
        Some((host.into(), port.parse().ok()?))
    }

    /// The descriptor of a connection, once it is known.
    pub(super) fn dialled(&mut self, host: Rc<str>, port: u16) -> Expanded<Result<Fd, Rc<str>>> {
        let Some(answer) = self.subs.get(self.sub_cursor).cloned() else {
            return Err(Stop::Dial(host, port));
        };
        self.sub_cursor += 1;
        Ok(answer.parse().map_err(|_| answer))
    }

    /// Begins a connection.
    pub(super) fn dial(&mut self, sys: &mut dyn Sys, host: &str, port: u16) {
        let ip = if host.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            Some(host.to_owned())
        } else {
            match sys.resolve(host) {
                Resolved::Addresses(list) => list.first().map(|ip| ip.to_string()),
                _ => None,
            }
        };
        let Some(ip) = ip else {
            let text = format!("{}: {host}: Name or service not known\n", self.arg0);
            self.print(2, text.as_bytes());
            return self.subs.push(Errno::EINVAL.text().into());
        };
        match sys.connect(&ip, port) {
            Ok(fd) => self.frames.push(Frame::plain(Kind::Dial { fd, until: sys.now() + PATIENCE })),
            Err(error) => self.refused(error),
        }
    }

    fn refused(&mut self, error: Errno) {
        let text = format!("{}: connect: {}\n", self.arg0, error.text());
        self.print(2, text.as_bytes());
        self.subs.push(error.text().into());
    }

    /// Waits for a connection to stand or to fail.
    pub(super) fn dial_turn(&mut self, sys: &mut dyn Sys, fd: Fd, until: Time) -> Flow {
        match sys.write(fd, b"") {
            Ok(_) => self.subs.push(fd.to_string().into()),
            Err(Errno::EAGAIN) if sys.now() < until => {
                self.frames.push(Frame::plain(Kind::Dial { fd, until }));
                return Flow::Wait(Wait { writable: vec![fd], until: Some(until), ..Wait::default() });
            }
            Err(error) => {
                sys.close(fd);
                self.refused(if error == Errno::EAGAIN { Errno::ETIMEDOUT } else { error });
            }
        }
        Flow::Next
    }
}
