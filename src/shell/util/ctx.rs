//! What an applet works with: its arguments, the system, its words for errors.

use crate::api::Text;
use crate::collections::BTreeMap;
use crate::os::program::{Errno, Fd, FileType, Signal, Step, Sys, Sysr, Wait};
use std::rc::Rc;

/// Whose words are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// busybox.
    Busybox,
    /// GNU coreutils, procps, grep, sed …
    Gnu,
    /// The builtins of dash.
    Dash,
    /// The builtins of bash.
    Bash,
}

/// Output that is to be written, in order.
pub type Output = Vec<(Fd, Vec<u8>)>;

/// Stands for a descriptor in output: what is behind it is a command to be run there, and its input.
pub const CHILD: Fd = Fd::MAX;

/// The most that an applet may hold before it is written, in bytes.
pub const MAX_OUTPUT: usize = 32 << 20;

/// An applet at work.
pub struct Ctx<'a> {
    /// The system.
    pub sys: &'a mut dyn Sys,
    /// The arguments, with the applet's name first.
    pub args: Vec<Text>,
    /// The environment.
    pub env: Rc<[(Text, Text)]>,
    /// What stands before error texts.
    pub prefix: String,
    /// Whose words are used.
    pub style: Style,
    /// What was printed.
    pub out: Output,
    /// All of standard input, if it was collected.
    pub stdin: Option<Rc<Vec<u8>>>,
    /// Whether standard input is wanted.
    pub wants_stdin: bool,
    /// What was collected from pipes and devices that stand among the files, by their names.
    pub gathered: BTreeMap<Text, Rc<Vec<u8>>>,
    /// One more of them that is wanted.
    pub wants_file: Option<Text>,
}

impl<'a> Ctx<'a> {
    /// A context without environment and input.
    pub fn new(sys: &'a mut dyn Sys, args: Vec<Text>, style: Style) -> Ctx<'a> {
        let prefix = match args.first() {
            Some(name) => format!("{}: ", name.rsplit('/').next().unwrap_or("")),
            None => String::new(),
        };
        let env = Rc::from([]);
        Ctx {
            sys,
            args,
            env,
            prefix,
            style,
            out: Vec::new(),
            stdin: None,
            wants_stdin: false,
            gathered: BTreeMap::new(),
            wants_file: None,
        }
    }

    /// Whether busybox's words are used.
    pub fn busybox(&self) -> bool {
        self.style == Style::Busybox
    }

    /// Prints to standard output.
    pub fn print(&mut self, text: impl AsRef<[u8]>) {
        self.write(1, text.as_ref());
    }

    /// Prints to standard error as it is.
    pub fn err(&mut self, text: &str) {
        // GNU's quotation marks follow the locale.
        if self.style == Style::Gnu && text.contains('‘') && !self.utf8() {
            return self.write(2, text.replace(['‘', '’'], "'").as_bytes());
        }
        self.write(2, text.as_bytes());
    }

    /// Whether the locale's characters are UTF-8.
    pub fn utf8(&self) -> bool {
        let set = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|n| self.env(n).filter(|v| !v.is_empty()));
        set.is_some_and(|v| v.ends_with("UTF-8") || v.ends_with("utf8"))
    }

    /// Prints an error with the name before it.
    pub fn fail(&mut self, text: &str) {
        let line = format!("{}{text}\n", self.prefix);
        self.err(&line);
    }

    /// Says that something is not simulated; the status to return.
    pub fn not_simulated(&mut self, what: &str) -> i32 {
        self.fail(&format!("not simulated: {what}"));
        1
    }

    /// Queues output.
    pub fn write(&mut self, fd: Fd, bytes: &[u8]) {
        if bytes.is_empty() || self.pending() > MAX_OUTPUT {
            return;
        }
        match self.out.last_mut() {
            Some((last, buffer)) if *last == fd && fd != CHILD => buffer.extend_from_slice(bytes),
            _ => self.out.push((fd, bytes.to_vec())),
        }
    }

    /// Has a command of the shell run when what was printed before is written; without input it shares ours.
    pub fn child(&mut self, command: &str, input: Option<&[u8]>) {
        let mut bytes = command.replace('\0', "").into_bytes();
        if let Some(input) = input {
            bytes.push(0);
            bytes.extend_from_slice(input);
        }
        self.out.push((CHILD, bytes));
    }

    fn pending(&self) -> usize {
        self.out.iter().map(|(_, b)| b.len()).sum()
    }

    /// All of standard input; `None` until it has been collected (the function is then run again).
    pub fn input(&mut self) -> Option<Rc<Vec<u8>>> {
        self.wants_stdin = self.stdin.is_none();
        self.stdin.clone()
    }

    /// All of a file. A pipe (`<(…)`) has to be collected first; the function is then run again.
    pub fn read_file(&mut self, path: &str) -> Sysr<Vec<u8>> {
        if let Some(bytes) = self.gathered.get(path) {
            return Ok(bytes.to_vec());
        }
        match self.sys.read_file(path) {
            Err(Errno::EINVAL) if self.sys.stat(path).is_ok_and(|s| s.kind != FileType::File) => {
                self.wants_file = Some(path.into());
                Err(Errno::EAGAIN)
            }
            read => read,
        }
    }

    /// A variable of the environment.
    pub fn env(&self, name: &str) -> Option<Text> {
        self.env.iter().rev().find(|(n, _)| *n == name).map(|(_, v)| v.clone())
    }
}

/// Writes what can be written: a step if that has to wait or the reader is gone.
pub fn drain(out: &mut Output, sys: &mut dyn Sys) -> Option<Step> {
    while let Some((fd, bytes)) = out.first_mut().filter(|(fd, _)| *fd != CHILD) {
        match sys.write(*fd, bytes) {
            Ok(n) if n >= bytes.len() => {
                out.remove(0);
            }
            Ok(0) | Err(Errno::EAGAIN) => return Some(Wait::writable(*fd)),
            Ok(n) => {
                bytes.drain(..n);
            }
            Err(Errno::EPIPE) => {
                let _ = sys.kill(i64::from(sys.pid()), Some(Signal::Pipe));
                return Some(Step::Exit(128 + Signal::Pipe.number()));
            }
            Err(error) => {
                let failed = out.remove(0);
                if failed.0 == 1 {
                    let text = format!("write error: {}\n", error.text());
                    out.retain(|(fd, _)| *fd != 1);
                    out.push((2, text.into_bytes()));
                }
            }
        }
    }
    None
}
