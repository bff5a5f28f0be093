//! Redirections: from their words to open descriptors and back.

use super::Shell;
use crate::os::program::{Errno, Fd, FileType, Open, Program, Step, Sys, Wait};
use crate::shell::Flavour;
use crate::shell::ast::{Redir, RedirOp};
use crate::shell::expand::Expanded;
use std::rc::Rc;

/// A descriptor that was replaced, and the copy of what it had been (`None`: it was closed).
#[derive(Clone, Copy, Debug)]
pub struct Saved {
    fd: Fd,
    copy: Option<Fd>,
}

/// A redirection whose words are expanded.
#[derive(Clone, Debug)]
pub enum Target {
    Open { fd: Fd, path: Rc<str>, how: Open, clobber: bool },
    Dup { fd: Fd, from: Fd },
    Close { fd: Fd },
    Text { fd: Fd, text: Rc<str> },
    Bad(String),
}

/// How much a pipe holds; longer here-documents are fed by a process of their own.
const PIPE_SIZE: usize = 65_536;

impl Shell {
    /// Expands the words of redirections.
    pub(super) fn expand_redirs(&mut self, sys: &dyn Sys, redirs: &[Redir]) -> Expanded<Vec<Target>> {
        let mut out = Vec::new();
        for redir in redirs {
            let fd = redir.fd;
            if let RedirOp::Here(cell) = &redir.op {
                let text = match cell.get() {
                    Some(word) => self.expand_text(sys, word)?,
                    None => "".into(),
                };
                out.push(Target::Text { fd, text });
                continue;
            }
            let text = self.expand_text(sys, &redir.target)?;
            let open = |how, clobber| Target::Open { fd, path: text.clone(), how, clobber };
            match &redir.op {
                RedirOp::Read => out.push(open(Open::Read, true)),
                RedirOp::Write => out.push(open(Open::Write, !self.opts.noclobber)),
                RedirOp::Clobber => out.push(open(Open::Write, true)),
                RedirOp::Append => out.push(open(Open::Append, true)),
                RedirOp::ReadWrite => out.push(open(Open::ReadWrite, true)),
                RedirOp::HereString => out.push(Target::Text { fd, text: format!("{text}\n").into() }),
                RedirOp::Both { append } => self.both(&text, *append, &mut out),
                RedirOp::Dup if &*text == "-" => out.push(Target::Close { fd }),
                RedirOp::Dup => match text.parse() {
                    Ok(from) => out.push(Target::Dup { fd, from }),
                    Err(_) if self.flavour.extended() && fd == 1 => self.both(&text, false, &mut out),
                    Err(_) => out.push(Target::Bad(match self.flavour {
                        Flavour::Bash => format!("{text}: ambiguous redirect"),
                        Flavour::Ash => "syntax error: bad fd number".into(),
                        Flavour::Dash => "Syntax error: Bad fd number".into(),
                    })),
                },
                RedirOp::Here(_) => {}
            }
        }
        Ok(out)
    }

    /// Standard output and standard error into one file.
    fn both(&self, path: &Rc<str>, append: bool, out: &mut Vec<Target>) {
        let how = if append { Open::Append } else { Open::Write };
        out.push(Target::Open { fd: 1, path: path.clone(), how, clobber: true });
        out.push(Target::Dup { fd: 2, from: 1 });
    }

    /// Carries redirections out. On an error those already done are taken back and its text is returned.
    pub(super) fn apply_redirs(
        &mut self,
        sys: &mut dyn Sys,
        targets: &[Target],
    ) -> Result<Vec<Saved>, String> {
        let mut saved: Vec<Saved> = Vec::new();
        for target in targets {
            if let Err(text) = self.apply_one(sys, target, &mut saved) {
                self.restore_fds(sys, saved);
                return Err(text);
            }
        }
        Ok(saved)
    }

    fn apply_one(
        &mut self,
        sys: &mut dyn Sys,
        target: &Target,
        saved: &mut Vec<Saved>,
    ) -> Result<(), String> {
        match target {
            Target::Bad(text) => Err(text.clone()),
            Target::Close { fd } => {
                self.save(sys, *fd, saved);
                sys.close(*fd);
                self.fds.remove(fd);
                Ok(())
            }
            Target::Dup { fd, from } => {
                let bad = || format!("{from}: {}", Errno::EBADF.text());
                if !self.fds.contains(from) {
                    return Err(bad());
                }
                if from != fd {
                    self.save(sys, *fd, saved);
                    sys.dup_to(*from, *fd).map_err(|_| bad())?;
                    self.fds.insert(*fd);
                }
                Ok(())
            }
            Target::Open { fd, path, how, clobber } => {
                if !clobber && sys.stat(path).is_ok_and(|s| s.kind == FileType::File) {
                    return Err(if self.flavour.is_bash() {
                        format!("{path}: cannot overwrite existing file")
                    } else {
                        self.open_error(path, *how, Errno::EEXIST)
                    });
                }
                let new = match sys.open(path, *how) {
                    Ok(new) => new,
                    Err(error) => return Err(self.open_error(path, *how, error)),
                };
                self.put(sys, new, *fd, saved);
                Ok(())
            }
            Target::Text { fd, text } => {
                let (read, write) = sys.pipe().map_err(|e| e.text().to_owned())?;
                if text.len() <= PIPE_SIZE {
                    let _ = sys.write(write, text.as_bytes());
                } else {
                    let feeder = Feeder { text: text.clone(), done: 0 };
                    let _ = sys.fork(Box::new(feeder), vec![(1, write)]);
                }
                sys.close(write);
                self.put(sys, read, *fd, saved);
                Ok(())
            }
        }
    }

    /// Moves a new descriptor to the number where it belongs.
    fn put(&mut self, sys: &mut dyn Sys, new: Fd, fd: Fd, saved: &mut Vec<Saved>) {
        if new == fd {
            saved.push(Saved { fd, copy: None });
        } else {
            self.save(sys, fd, saved);
            let _ = sys.dup_to(new, fd);
            sys.close(new);
        }
        self.fds.insert(fd);
    }

    fn save(&mut self, sys: &mut dyn Sys, fd: Fd, saved: &mut Vec<Saved>) {
        let copy = if self.fds.contains(&fd) { sys.dup(fd).ok() } else { None };
        saved.push(Saved { fd, copy });
    }

    /// Takes redirections back.
    pub(super) fn restore_fds(&mut self, sys: &mut dyn Sys, saved: Vec<Saved>) {
        for Saved { fd, copy } in saved.into_iter().rev() {
            match copy {
                Some(copy) => {
                    let _ = sys.dup_to(copy, fd);
                    sys.close(copy);
                    self.fds.insert(fd);
                }
                None => {
                    sys.close(fd);
                    self.fds.remove(&fd);
                }
            }
        }
    }

    /// Keeps redirections for good (`exec`).
    pub(super) fn keep_fds(&mut self, sys: &mut dyn Sys, saved: Vec<Saved>) {
        for copy in saved.into_iter().filter_map(|s| s.copy) {
            sys.close(copy);
        }
    }

    fn open_error(&self, path: &str, how: Open, error: Errno) -> String {
        if self.flavour.is_bash() {
            return format!("{path}: {}", error.text());
        }
        let dash = self.flavour == Flavour::Dash;
        let reading = how == Open::Read;
        let verb = match (dash, reading) {
            (true, true) => "cannot open",
            (true, false) => "cannot create",
            (false, true) => "can't open",
            (false, false) => "can't create",
        };
        let why = match (error, dash, reading) {
            (Errno::ENOENT, true, true) => "No such file",
            (Errno::ENOENT, true, false) => "Directory nonexistent",
            (Errno::ENOENT, false, true) => "no such file",
            (Errno::ENOENT, false, false) => "nonexistent directory",
            _ => error.text(),
        };
        format!("{verb} {path}: {why}")
    }
}

/// Writes a long here-document into its pipe.
#[derive(Clone, Debug)]
struct Feeder {
    text: Rc<str>,
    done: usize,
}

impl Program for Feeder {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        match sys.write(1, &self.text.as_bytes()[self.done..]) {
            Ok(n) => {
                self.done += n;
                if self.done >= self.text.len() { Step::Exit(0) } else { Step::Yield }
            }
            Err(Errno::EAGAIN) => Wait::writable(1),
            Err(_) => Step::Exit(1),
        }
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
