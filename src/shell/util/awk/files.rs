//! Files and commands that a program writes to or reads from.

use super::tree::{Expr, Redirect};
use super::value::Val;
use super::{Awk, Ctx};
use crate::collections::BTreeMap;
use crate::os::program::Errno;
use std::rc::Rc;

/// Most bytes that wait for a command.
const MAX_WAITING: usize = 8 << 20;

/// A file that is read line by line.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    lines: Rc<Vec<String>>,
    at: usize,
}

/// What is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    written: BTreeMap<String, ()>,
    read: BTreeMap<String, Reader>,
    /// What waits for commands, in the order in which they were first written to.
    commands: Vec<(String, Vec<u8>)>,
}

impl Awk {
    /// Prints a text to where it is to go; whether that worked.
    pub(super) fn emit(&mut self, ctx: &mut Ctx, text: &[u8], to: Option<(Redirect, &str)>) -> bool {
        let Some((kind, name)) = to else {
            if !self.replaying() {
                ctx.print(text);
            }
            return true;
        };
        match (kind, name) {
            (Redirect::Pipe, command) => {
                let at = self.files.commands.iter().position(|(c, _)| c == command).unwrap_or_else(|| {
                    self.files.commands.push((command.to_owned(), Vec::new()));
                    self.files.commands.len() - 1
                });
                let waiting = &mut self.files.commands[at].1;
                let room = MAX_WAITING.saturating_sub(waiting.len());
                waiting.extend_from_slice(&text[..text.len().min(room)]);
                true
            }
            (_, "/dev/stdout" | "-" | "/dev/stderr") => {
                if !self.replaying() {
                    ctx.write(if name == "/dev/stderr" { 2 } else { 1 }, text);
                }
                true
            }
            (kind, path) => {
                let first = self.files.written.insert(path.to_owned(), ()).is_none();
                let append = kind == Redirect::Append || !first;
                if self.replaying() {
                    return true;
                }
                match ctx.sys.write_file(path, text, append) {
                    Ok(()) => true,
                    Err(error) => {
                        self.refuse(ctx, path, error);
                        false
                    }
                }
            }
        }
    }

    fn refuse(&mut self, ctx: &mut Ctx, path: &str, error: Errno) {
        let text = if ctx.busybox() {
            format!("can't open '{path}': {}", error.text())
        } else {
            format!("cmd. line:1: fatal: cannot redirect to `{path}': {}", error.text())
        };
        ctx.fail(&text);
        self.exited = Some(if ctx.busybox() { 1 } else { 2 });
    }

    /// Runs the commands that wait for their input.
    pub(super) fn flush(&mut self, ctx: &mut Ctx) {
        for (command, input) in std::mem::take(&mut self.files.commands) {
            if !self.replaying() {
                ctx.child(&command, Some(&input));
            }
        }
    }

    /// `close`: 0 if there was something to be closed, else -1.
    pub(super) fn close_file(&mut self, ctx: &mut Ctx, name: &str) -> f64 {
        if let Some(at) = self.files.commands.iter().position(|(c, _)| c == name) {
            let (command, input) = self.files.commands.remove(at);
            if !self.replaying() {
                ctx.child(&command, Some(&input));
            }
            return 0.0;
        }
        let written = self.files.written.remove(name).is_some();
        let read = self.files.read.remove(name).is_some();
        if written || read { 0.0 } else { -1.0 }
    }

    /// `getline`: 1 if there was a line, 0 at the end, -1 if the file cannot be read.
    pub(super) fn get_line(&mut self, ctx: &mut Ctx, place: Option<&Expr>, file: Option<&str>) -> f64 {
        let line = match file {
            None => match self.queue.pop_front() {
                Some(line) => {
                    self.count();
                    line
                }
                None => return 0.0,
            },
            Some(path) => match self.read_on(ctx, path) {
                Some(Some(line)) => line,
                Some(None) => return 0.0,
                None => return -1.0,
            },
        };
        self.give(ctx, place, &line);
        1.0
    }

    fn give(&mut self, ctx: &mut Ctx, place: Option<&Expr>, line: &str) {
        match place {
            Some(place) => self.store(ctx, place, Val::Input(line.into())),
            None => self.set_record(line),
        }
    }

    /// `command | getline`: the command is run when it is first read from.
    pub(super) fn get_from(&mut self, ctx: &mut Ctx, place: Option<&Expr>, command: &str) -> f64 {
        if self.files.read.get(command).is_none() {
            let Some((_, output)) = self.asked(command, true) else { return 0.0 };
            let lines = String::from_utf8_lossy(&output).lines().map(str::to_owned).collect();
            self.files.read.insert(command.to_owned(), Reader { lines: Rc::new(lines), at: 0 });
        }
        let Some(reader) = self.files.read.get_mut(command) else { return 0.0 };
        reader.at += 1;
        let Some(line) = reader.lines.get(reader.at - 1).cloned() else { return 0.0 };
        if place.is_none() {
            let n = self.var("NR").num() + 1.0;
            self.vars.insert("NR".into(), Val::Num(n));
        }
        self.give(ctx, place, &line);
        1.0
    }

    /// The next line of a file; `None` if it cannot be read.
    fn read_on(&mut self, ctx: &mut Ctx, path: &str) -> Option<Option<String>> {
        if self.files.read.get(path).is_none() {
            let bytes = ctx.read_file(path).ok()?;
            let lines = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
            self.files.read.insert(path.to_owned(), Reader { lines: Rc::new(lines), at: 0 });
        }
        let reader = self.files.read.get_mut(path)?;
        reader.at += 1;
        Some(reader.lines.get(reader.at - 1).cloned())
    }
}
