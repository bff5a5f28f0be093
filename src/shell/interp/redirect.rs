//! Redirections: from their words to open descriptors and back.

use super::Shell;
use crate::os::program::{Errno, Fd, FileType, Open, Program, Step, Sys, Wait};
use crate::shell::Flavour;
use crate::shell::ast::{Redir, RedirOp};
use crate::shell::expand::{Assigned, Expanded};
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
    Open {
        fd: Fd,
        path: Rc<str>,
        how: Open,
        clobber: bool,
    },
    Dup {
        fd: Fd,
        from: Fd,
    },
    Close {
        fd: Fd,
    },
    /// `{variable}>`: the variable gets the number of a new descriptor.
    Named {
        var: Rc<str>,
        index: Option<Rc<str>>,
        target: Box<Target>,
    },
    /// A connection that stands: bash's `/dev/tcp/HOST/PORT`.
    Connected {
        fd: Fd,
        new: Fd,
    },
    Text {
        fd: Fd,
        text: Rc<str>,
    },
    Bad(String),
}

/// The first descriptor of `{variable}>`.
const FIRST_NAMED: Fd = 10;
/// How much a pipe holds; longer here-documents are fed by a process of their own.
const PIPE_SIZE: usize = 65_536;

impl Shell {
    /// Expands the words of redirections.
    pub(super) fn expand_redirs(&mut self, sys: &dyn Sys, redirs: &[Redir]) -> Expanded<Vec<Target>> {
        let mut out = Vec::new();
        for redir in redirs {
            let fd = redir.fd;
            if let Some(name) = &redir.var {
                let target = self.expand_named(sys, redir, name, &out)?;
                out.push(target);
                continue;
            }
            if let RedirOp::Here(cell) = &redir.op {
                let text = match cell.get() {
                    Some(word) => self.expand_text(sys, word)?,
                    None => "".into(),
                };
                out.push(Target::Text { fd, text });
                continue;
            }
            let text = self.expand_text(sys, &redir.target)?;
            if let Some((host, port)) = self.address(&redir.op, &text) {
                out.push(match self.dialled(host, port)? {
                    Ok(new) => Target::Connected { fd, new },
                    Err(why) => Target::Bad(format!("{text}: {why}")),
                });
                continue;
            }
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

    /// `{variable}>file` and `{variable}>&-`.
    fn expand_named(
        &mut self,
        sys: &dyn Sys,
        redir: &Redir,
        name: &Rc<str>,
        before: &[Target],
    ) -> Expanded<Target> {
        let (var, key) = match name.strip_suffix(']').and_then(|n| n.split_once('[')) {
            Some((var, key)) => (var, Some(key)),
            None => (&**name, None),
        };
        let index: Option<Rc<str>> = match key {
            Some(key) if self.is_assoc(var) => Some(key.into()),
            Some(key) => Some(self.arithmetic(key)?.to_string().into()),
            None => None,
        };
        let closes = matches!(redir.op, RedirOp::Dup) && redir.target.literal() == Some("-");
        if closes {
            let number = match &index {
                Some(key) => self.element(var, key),
                None => self.vars.get(var).map(Rc::from),
            };
            let fd = number.and_then(|n| n.parse().ok());
            return Ok(fd.map_or_else(
                || Target::Bad(format!("{name}: Bad file descriptor")),
                |fd| Target::Close { fd },
            ));
        }
        let taken = before.iter().filter(|t| matches!(t, Target::Named { .. })).count();
        let Some(fd) = (FIRST_NAMED..).filter(|fd| !self.fds.contains(fd)).nth(taken) else {
            return Ok(Target::Bad(format!("{name}: cannot assign fd to variable")));
        };
        let plain = Redir { fd, var: None, op: redir.op.clone(), target: redir.target.clone() };
        let mut targets = self.expand_redirs(sys, &[plain])?;
        match targets.pop() {
            Some(target) => Ok(Target::Named { var: var.into(), index, target: Box::new(target) }),
            None => Ok(Target::Bad(format!("{name}: cannot assign fd to variable"))),
        }
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
            Target::Named { var, index, target } => {
                // The descriptor outlives the command.
                let mut none = Vec::new();
                self.apply_one(sys, target, &mut none)?;
                let (Target::Open { fd, .. }
                | Target::Dup { fd, .. }
                | Target::Text { fd, .. }
                | Target::Connected { fd, .. }) = &**target
                else {
                    return Ok(());
                };
                let value = fd.to_string().into();
                self.assign(&Assigned::Scalar { name: var.clone(), index: index.clone(), value });
                Ok(())
            }
            Target::Connected { fd, new } => {
                self.put(sys, *new, *fd, saved);
                Ok(())
            }
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
