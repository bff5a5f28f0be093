//! bash's coprocesses and process substitutions: children whose pipes this shell keeps.

use super::Shell;
use super::frame::{Frame, Kind};
use crate::collections::BTreeMap;
use crate::os::program::{Fd, Sys};
use crate::shell::ast::Node;
use crate::shell::vars::Content;
use std::rc::Rc;

/// The highest descriptor that is given to a pipe of the shell's own.
const HIGHEST: Fd = 63;

impl Shell {
    /// A high descriptor that is free, as bash takes them from above.
    fn high_fd(&self) -> Option<Fd> {
        (10..=HIGHEST).rev().find(|fd| !self.fds.contains(fd))
    }

    /// Gives a descriptor a high number.
    fn raise(&mut self, sys: &mut dyn Sys, fd: Fd) -> Option<Fd> {
        let high = self.high_fd()?;
        sys.dup_to(fd, high).ok()?;
        sys.close(fd);
        self.fds.insert(high);
        Some(high)
    }

    /// `coproc`: a job in the background whose output and input are in an array.
    pub(super) fn coproc(&mut self, sys: &mut dyn Sys, name: &Rc<str>, body: &Node) {
        let (Ok((from, child_out)), Ok((child_in, to))) = (sys.pipe(), sys.pipe()) else {
            self.complain("coproc: pipe error");
            self.status = 1;
            return;
        };
        let fds = self.mapped(&[(0, child_in), (1, child_out)]);
        let text: Rc<str> = format!("coproc {name}").into();
        self.background_with(sys, body, &text, fds);
        sys.close(child_in);
        sys.close(child_out);
        let (Some(from), Some(to)) = (self.raise(sys, from), self.raise(sys, to)) else { return };
        self.own_fds.insert(from);
        self.own_fds.insert(to);
        let numbers = [(0, from), (1, to)].map(|(i, fd)| (i, Rc::from(fd.to_string())));
        let _ = self.vars.set_content(name, Content::Array(BTreeMap::from(numbers)));
        let pid = self.last_background.unwrap_or(0).to_string();
        let _ = self.vars.set(&format!("{name}_PID"), &pid);
    }

    /// `<(…)` and `>(…)`: a child on a pipe whose end the command finds under `/dev/fd`.
    pub(super) fn process_file(&mut self, sys: &mut dyn Sys, node: &Node, input: bool) {
        let Ok((read, write)) = sys.pipe() else {
            self.subs.push("/dev/null".into());
            return;
        };
        let (ours, theirs, place) = if input { (read, write, 1) } else { (write, read, 0) };
        let mut fds = self.mapped(&[(place, theirs)]);
        fds.retain(|(fd, _)| !self.proc_fds.contains(fd));
        let status = self.status;
        self.last_background = self.fork(sys, node, fds, false).or(self.last_background);
        self.status = status;
        sys.close(theirs);
        let path = match self.raise(sys, ours) {
            Some(high) => {
                if self.proc_fds.is_empty() {
                    let again = self.frames.pop();
                    self.frames.push(Frame::plain(Kind::CloseFds));
                    self.frames.extend(again);
                }
                self.proc_fds.push(high);
                format!("/dev/fd/{high}")
            }
            None => "/dev/null".to_owned(),
        };
        self.subs.push(path.into());
    }

    /// Closes the pipes of process substitutions once their command is done.
    pub(super) fn close_proc_fds(&mut self, sys: &mut dyn Sys) {
        for fd in std::mem::take(&mut self.proc_fds) {
            sys.close(fd);
            self.fds.remove(&fd);
        }
    }
}
