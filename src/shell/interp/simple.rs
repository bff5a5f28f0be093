//! Simple commands: expansion, assignments, redirections, then a function, a builtin or a program.

use super::builtins::{self, Outcome};
use super::frame::{Frame, Kind};
use super::redirect::Target;
use super::{Calling, Flow, Function, Shell, Unwind};
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::os::program::{Errno, FileType, Spawn, Sys};
use crate::shell::Flavour;
use crate::shell::ast::{Cmd, Node, Part, Redir, Simple, Word};
use crate::shell::expand::{Assigned, Expanded, Stop};
use crate::shell::print;
use crate::shell::text::{traced, traced_ash};
use crate::shell::vars::{Content, Var};
use std::rc::Rc;

/// A command whose words are expanded.
struct Ready {
    argv: Vec<Rc<str>>,
    redirs: Vec<Target>,
    assigns: Vec<Assigned>,
    /// How many changes of variables the expansion itself made (`${x:=y}`), which stay.
    kept: usize,
}

/// What surrounds the names of functions in the environment.
pub(super) const FUNCTION_PREFIX: &str = "BASH_FUNC_";
pub(super) const FUNCTION_SUFFIX: &str = "%%";

/// How deep functions may call one another.
const MAX_CALLS: usize = 1_000;

/// The steps that a search of all directories of `PATH` weighs: a loop of commands that are not there would
/// else take longer than any other.
const SEARCH: u32 = 100;

/// The function that bash calls for a command that is nowhere in `PATH` (bash's manual, "Command Execution").
const HANDLER: &str = "command_not_found_handle";

impl Shell {
    /// Expands a simple command and runs it.
    pub(super) fn simple(&mut self, sys: &mut dyn Sys, frame: &Frame, node: &Node) -> Flow {
        let Cmd::Simple(simple) = &**node else { return Flow::Next };
        self.line = simple.line;
        if self.subs.is_empty() {
            self.sub_status = None;
        }
        self.sub_cursor = 0;
        self.vars.begin();
        let ready = match self.expand_simple(sys, simple) {
            Ok(ready) => ready,
            Err(stop) => {
                // A substitution sees the assignments before it; then they are made anew.
                self.stopped(sys, stop, frame.with(Kind::Simple(node.clone())));
                self.vars.end(false);
                return Flow::Next;
            }
        };
        self.subs.clear();
        self.trace_simple(&ready);
        if self.opts.xtrace {
            // The trace goes where standard error leads before the command's own redirections.
            let _ = self.flush(sys);
        }
        let mut changed = self.vars.take_log();
        changed.drain(..ready.kept.min(changed.len()));
        if ready.argv.is_empty() {
            self.only_assignments(sys, frame, &ready);
            return Flow::Next;
        }
        self.command(sys, frame, ready, changed)
    }

    fn expand_simple(&mut self, sys: &dyn Sys, simple: &Simple) -> Expanded<Ready> {
        let argv = self.expand_words(sys, &simple.words)?;
        let redirs = self.expand_redirs(sys, &simple.redirs)?;
        let mut assigns = Vec::new();
        let kept = self.vars.noted();
        let assoc = argv.iter().skip(1).take_while(|a| a.starts_with('-')).any(|a| a.contains('A'));
        self.late.clear();
        for assign in &simple.late {
            let late = self.expand_late(sys, assign, assoc)?;
            self.late.push(late);
        }
        for assign in &simple.assigns {
            let assigned = self.expand_assignment(sys, assign)?;
            if !self.assign(&assigned) {
                let text = self.readonly_text(assigned.name());
                return Err(Stop::Error(text, if self.flavour.is_bash() { 1 } else { 2 }));
            }
            assigns.push(assigned);
        }
        Ok(Ready { argv, redirs, assigns, kept })
    }

    /// Carries an assignment out; false if the variable is read-only.
    pub(in crate::shell) fn assign(&mut self, assigned: &Assigned) -> bool {
        if let Assigned::Scalar { name, index: None, value } = assigned {
            self.reset_counter(name, value);
        }
        let (name, done) = match assigned {
            Assigned::Scalar { name, index: None, value } => (name, self.vars.set(name, value)),
            Assigned::Scalar { name, index: Some(key), value } => {
                if self.is_assoc(name) {
                    return self.assign_items(name, true, &[(Some(key.clone()), value.clone())]);
                }
                (name, self.vars.set_element(name, key.parse().unwrap_or(0), value))
            }
            Assigned::Array { name, append, items } => (name, self.assign_items(name, *append, items)),
        };
        if done && self.opts.allexport {
            self.vars.mark(name, Some(true), false);
        }
        done
    }

    fn assign_items(&mut self, name: &str, append: bool, items: &[(Option<Rc<str>>, Rc<str>)]) -> bool {
        let old = self.vars.var(name).and_then(|v| v.value.clone());
        if let Some(Content::Assoc(old)) = old {
            let mut map = if append { old } else { BTreeMap::new() };
            let mut rest = items.iter();
            while let Some((key, value)) = rest.next() {
                // Without subscripts keys and values take turns.
                let (key, value) = match key {
                    Some(key) => (key.clone(), value.clone()),
                    None => (value.clone(), rest.next().map_or_else(|| "".into(), |(_, v)| v.clone())),
                };
                map.insert(key, value);
            }
            return self.vars.set_content(name, Content::Assoc(map));
        }
        let mut map: BTreeMap<i64, Rc<str>> = match old {
            Some(Content::Array(a)) if append => a,
            Some(Content::Scalar(s)) if append => BTreeMap::from([(0, s)]),
            _ => BTreeMap::new(),
        };
        let mut next = map.keys().next_back().map_or(0, |k| k + 1);
        for (key, value) in items {
            let index = key.as_ref().map_or(next, |k| k.parse().unwrap_or(0));
            map.insert(index, value.clone());
            next = index.saturating_add(1);
        }
        self.vars.set_content(name, Content::Array(map))
    }

    fn trace_simple(&mut self, ready: &Ready) {
        if !self.opts.xtrace {
            return;
        }
        let mut words: Vec<String> = Vec::new();
        let quote = |text: &str, flavour: Flavour| match flavour {
            Flavour::Dash if !text.is_empty() => text.to_owned(),
            Flavour::Ash => traced_ash(text),
            _ => traced(text),
        };
        for assign in &ready.assigns {
            let text = match assign {
                Assigned::Scalar { name, index, value } => {
                    let index = index.as_ref().map(|i| format!("[{i}]")).unwrap_or_default();
                    let value = if value.is_empty() { String::new() } else { quote(value, self.flavour) };
                    format!("{name}{index}={value}")
                }
                Assigned::Array { name, items, .. } => {
                    let list: Vec<String> = items.iter().map(|(_, v)| traced(v)).collect();
                    format!("{name}=({})", list.join(" "))
                }
            };
            if self.flavour.is_bash() { self.trace(&text) } else { words.push(text) }
        }
        words.extend(ready.argv.iter().map(|w| quote(w, self.flavour)));
        if !words.is_empty() {
            self.trace(&words.join(" "));
        }
    }

    fn only_assignments(&mut self, sys: &mut dyn Sys, frame: &Frame, ready: &Ready) {
        let mut status = self.sub_status.unwrap_or(0);
        match self.apply_redirs(sys, &ready.redirs) {
            Ok(saved) => self.restore_fds(sys, saved),
            Err(text) => {
                self.complain(&text);
                status = self.redirect_status();
            }
        }
        self.done(status, frame.tested);
    }

    fn redirect_status(&self) -> i32 {
        if self.flavour == Flavour::Dash { 2 } else { 1 }
    }

    fn command(
        &mut self,
        sys: &mut dyn Sys,
        frame: &Frame,
        ready: Ready,
        changed: Vec<(Rc<str>, Option<Var>)>,
    ) -> Flow {
        let name = ready.argv[0].clone();
        let function = self.functions.get(&name).cloned();
        let builtin = if function.is_some() { None } else { self.builtin_named(&name) };
        let special = builtin.is_some_and(|b| b.special);
        if special && !self.flavour.is_bash() {
            // Assignments before a special builtin stay.
        } else if !changed.is_empty() {
            for (name, _) in &changed {
                self.vars.mark(name, Some(true), false);
            }
            self.frames.push(Frame::plain(Kind::TempVars(changed)));
        }
        let saved = match self.apply_redirs(sys, &ready.redirs) {
            Ok(saved) => saved,
            Err(text) => {
                self.complain(&text);
                let status = self.redirect_status();
                if special && !self.flavour.is_bash() && !self.opts.interactive {
                    self.unwinding = Some(Unwind::Exit(status));
                }
                self.done(status, frame.tested);
                return Flow::Next;
            }
        };
        let keeps = &*name == "exec" && function.is_none();
        if keeps {
            self.keep_fds(sys, saved);
        } else if !saved.is_empty() {
            self.frames.push(Frame::plain(Kind::Redirects(saved)));
        }
        if let Some(function) = function {
            self.call(frame, &name, function, &ready.argv[1..]);
            return Flow::Next;
        }
        if let Some(builtin) = builtin {
            return self.run_builtin(sys, frame, builtin, ready.argv);
        }
        let tail = frame.tail && self.may_exec();
        self.run_program(sys, frame, &ready.argv, tail)
    }

    /// The builtin of a name, unless it is switched off.
    pub(super) fn builtin_named(&self, name: &str) -> Option<&'static builtins::Builtin> {
        builtins::find(name, self.flavour).filter(|b| !self.disabled.contains(b.name))
    }

    /// Whether a program may take this shell's place: nothing is left to do, not even a trap.
    fn may_exec(&self) -> bool {
        let idle = self.frames.iter().all(|f| match &f.kind {
            Kind::Source(s) => s.is_main(),
            Kind::TempVars(_) | Kind::Redirects(_) => true,
            _ => false,
        });
        idle && self.traps.values().all(|t| t.is_empty())
            && !self.opts.interactive
            && self.proc_fds.is_empty()
    }

    fn call(&mut self, frame: &Frame, name: &Rc<str>, function: Function, args: &[Rc<str>]) {
        if self.calls.len() >= MAX_CALLS {
            let text = if self.flavour.is_bash() {
                format!("{name}: maximum function nesting level exceeded ({MAX_CALLS})")
            } else {
                "maximum function recursion depth (1000) reached".to_owned()
            };
            self.complain(&text);
            self.unwinding = Some(Unwind::Exit(2));
            return;
        }
        let params = std::mem::replace(&mut self.params, args.into());
        self.vars.push_scope();
        self.calls.push(Calling { name: name.clone(), source: function.source, line: self.line });
        self.frames.push(frame.with(Kind::Call { params }));
        self.frames.push(frame.inner(&function.body));
    }

    pub(super) fn run_builtin(
        &mut self,
        sys: &mut dyn Sys,
        frame: &Frame,
        builtin: &'static builtins::Builtin,
        argv: Vec<Rc<str>>,
    ) -> Flow {
        self.builtin = Some(argv[0].clone());
        let outcome = (builtin.run)(self, sys, &argv);
        let flow = self.outcome(sys, frame, builtin, outcome, &argv);
        self.builtin = None;
        flow
    }

    fn outcome(
        &mut self,
        sys: &mut dyn Sys,
        frame: &Frame,
        builtin: &'static builtins::Builtin,
        outcome: Outcome,
        _argv: &[Rc<str>],
    ) -> Flow {
        match outcome {
            Outcome::Status(status) => self.done(status, frame.tested),
            Outcome::Fail(text, status) => {
                self.complain(&text);
                if builtin.special && !self.flavour.is_bash() && !self.opts.interactive {
                    self.status = 2;
                    self.unwinding = Some(Unwind::Exit(2));
                } else {
                    self.done(status, frame.tested);
                }
            }
            Outcome::Frame(kind) => self.frames.push(frame.with(kind)),
            Outcome::Unwind(unwind) => self.unwinding = Some(unwind),
            Outcome::Become(program) => return Flow::Become(program),
            Outcome::Command(words, functions) => {
                self.builtin = None;
                return self.plain_command(sys, frame, words, functions);
            }
        }
        Flow::Next
    }

    /// `command NAME …` and `builtin NAME …`: without functions.
    fn plain_command(
        &mut self,
        sys: &mut dyn Sys,
        frame: &Frame,
        words: Vec<Rc<str>>,
        builtin_only: bool,
    ) -> Flow {
        let Some(name) = words.first() else {
            self.done(0, frame.tested);
            return Flow::Next;
        };
        if let Some(builtin) = self.builtin_named(name) {
            return self.run_builtin(sys, frame, builtin, words);
        }
        if builtin_only {
            self.complain(&format!("builtin: {name}: not a shell builtin"));
            self.done(1, frame.tested);
            return Flow::Next;
        }
        self.run_program(sys, frame, &words, frame.tail && self.may_exec())
    }

    fn run_program(&mut self, sys: &mut dyn Sys, frame: &Frame, argv: &[Rc<str>], exec: bool) -> Flow {
        let path = match self.find_program(sys, &argv[0]) {
            Ok(path) => path,
            Err(Errno::ENOENT) if self.has_handler(&argv[0]) => {
                sys.weigh(SEARCH);
                self.subshell(sys, &Frame { tail: false, ..frame.clone() }, &handler_call(argv));
                return Flow::Next;
            }
            Err(error) => {
                self.not_found(sys, frame, &argv[0], error);
                return Flow::Next;
            }
        };
        let spawn = self.spawn_of(sys, &path, argv);
        // What could not be written yet would be lost with this shell.
        if exec
            && self.out.is_empty()
            && let Ok(program) = sys.load(spawn.clone())
        {
            return Flow::Become(program);
        }
        let mut result = sys.spawn(spawn.clone());
        if matches!(result, Err(Errno::ENOEXEC)) {
            result = sys.spawn(self.as_script(&path, spawn));
        }
        match result {
            Ok(pid) => self.wait_for(frame, pid, argv),
            Err(error) => self.not_found(sys, frame, &argv[0], error),
        }
        Flow::Next
    }

    /// A file without a known format is a script of the same shell.
    pub(super) fn as_script(&self, path: &str, mut spawn: Spawn) -> Spawn {
        let shell = if self.flavour.is_bash() { "/bin/bash" } else { "/bin/sh" };
        spawn.file = shell.into();
        spawn.argv[0] = Text::from(path);
        spawn.argv.insert(0, shell.into());
        spawn
    }

    /// What is started for a command.
    pub(super) fn spawn_of(&self, sys: &dyn Sys, path: &str, argv: &[Rc<str>]) -> Spawn {
        let mut env = self.vars.environment();
        for (name, function) in self.functions.iter().filter(|(_, f)| f.exported) {
            let text = print::function(name, &function.body);
            let body = text.trim_start_matches(&**name).trim();
            env.push((format!("{FUNCTION_PREFIX}{name}{FUNCTION_SUFFIX}").into(), body.into()));
        }
        Spawn {
            file: path.into(),
            argv: argv.iter().map(|a| Text::Shared(a.clone())).collect(),
            env: env.into_iter().map(|(k, v)| (Text::Shared(k), Text::Shared(v))).collect(),
            cwd: sys.cwd(),
            fds: self.fd_map(),
            ignored: self.ignored_signals(),
            new_group: false,
        }
    }

    /// Looks a command up in `PATH`.
    pub(super) fn find_program(&self, sys: &dyn Sys, name: &str) -> Result<String, Errno> {
        let candidate = |path: &str| -> Result<String, Errno> {
            let stat = sys.stat(path)?;
            if stat.kind == FileType::Dir {
                return Err(Errno::EISDIR);
            }
            if sys.access(path, 1) { Ok(path.to_owned()) } else { Err(Errno::EACCES) }
        };
        if name.contains('/') {
            return candidate(name);
        }
        let path = self.vars.get("PATH").unwrap_or("");
        let mut error = Errno::ENOENT;
        for dir in path.split(':') {
            let full = if dir.is_empty() { format!("./{name}") } else { format!("{dir}/{name}") };
            match candidate(&full) {
                Ok(path) => return Ok(path),
                Err(Errno::EACCES) => error = Errno::EACCES,
                Err(_) => {}
            }
        }
        Err(error)
    }

    /// All programs of a name in `PATH`.
    pub(super) fn all_programs(&self, sys: &dyn Sys, name: &str) -> Vec<String> {
        let path = self.vars.get("PATH").unwrap_or("");
        let all = path.split(':').map(|dir| format!("{dir}/{name}"));
        all.filter(|p| sys.stat(p).is_ok_and(|s| s.kind != FileType::Dir) && sys.access(p, 1)).collect()
    }

    /// Whether bash leaves a command that is nowhere in `PATH` to the function that is meant for it: not within
    /// that function, where it would never end.
    fn has_handler(&self, name: &str) -> bool {
        let within = self.calls.iter().any(|c| &*c.name == HANDLER);
        self.flavour.is_bash() && !name.contains('/') && self.functions.contains_key(HANDLER) && !within
    }

    fn not_found(&mut self, sys: &mut dyn Sys, frame: &Frame, name: &str, error: Errno) {
        sys.weigh(SEARCH);
        let missing = matches!(error, Errno::ENOENT | Errno::ENOTDIR);
        let text = match (self.flavour, error) {
            (Flavour::Bash, Errno::ENOENT) if !name.contains('/') => format!("{name}: command not found"),
            (Flavour::Bash, error) => format!("{name}: {}", error.text()),
            (_, _) if missing => format!("{name}: not found"),
            (_, Errno::EISDIR) => format!("{name}: {}", Errno::EACCES.text()),
            (_, error) => format!("{name}: {}", error.text()),
        };
        self.complain(&text);
        self.done(if missing { 127 } else { 126 }, frame.tested);
    }

    /// A compound command with redirections.
    pub(super) fn redirected(&mut self, sys: &mut dyn Sys, frame: &Frame, node: &Node) {
        let Cmd::Redirected(body, redirs) = &**node else { return };
        let redirs: &[Redir] = redirs;
        let again = frame.with(Kind::Redirected(node.clone()));
        let Some(targets) = self.expanding(sys, &again, |shell, sys| shell.expand_redirs(sys, redirs)) else {
            return;
        };
        self.subs.clear();
        match self.apply_redirs(sys, &targets) {
            Ok(saved) => {
                self.frames.push(Frame::plain(Kind::Redirects(saved)));
                self.frames.push(frame.inner(body));
            }
            Err(text) => {
                self.complain(&text);
                let status = self.redirect_status();
                self.done(status, frame.tested);
            }
        }
    }
}

/// The call of the function for commands that are not found: it gets all of the command's words, in a subshell.
fn handler_call(argv: &[Rc<str>]) -> Node {
    let quoted = |word: &Rc<str>| Word(vec![Part::Quoted(word.clone())]);
    let words = std::iter::once(HANDLER.into()).chain(argv.iter().cloned());
    Rc::new(Cmd::Simple(Simple { words: words.map(|w| quoted(&w)).collect(), ..Simple::default() }))
}
