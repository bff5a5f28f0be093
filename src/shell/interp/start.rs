//! How a shell starts: its command line, its environment, its first input.

use super::simple::{FUNCTION_PREFIX, FUNCTION_SUFFIX};
use super::source::Origin;
use super::{Function, Options, Shell};
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::os::program::{Disposition, FileType, Open, Signal, Spawn, Sys};
use crate::rng::Rng;
use crate::shell::Flavour;
use crate::shell::ast::Cmd;
use crate::shell::parser::Parser;
use crate::shell::vars::Vars;
use std::rc::Rc;

/// What busybox's shell says when it starts at a terminal.
const ASH_BANNER: &str = "\n\nBusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) built-in shell (ash)\nEnter 'help' for a list of built-in commands.\n\n";

/// `PATH` where the environment has none.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A shell that has been started with this command line.
pub fn program(flavour: Flavour, spawn: &Spawn) -> Shell {
    let mut vars = Vars::default();
    for (name, value) in &spawn.env {
        if crate::shell::is_name(name) {
            let _ = vars.set(name, value);
            vars.mark(name, Some(true), false);
        }
    }
    let functions = if flavour.is_bash() { inherited_functions(&spawn.env) } else { Rc::default() };
    let args: Vec<Rc<str>> = spawn.argv.iter().map(|a| Rc::from(&**a)).collect();
    let zero = args.first().cloned().unwrap_or_else(|| "sh".into());
    Shell {
        flavour,
        vars,
        arg0: zero.clone(),
        zero,
        sourced: Vec::new(),
        params: args.get(1..).unwrap_or(&[]).into(),
        opts: Options::default(),
        globs: Default::default(),
        nocasematch: false,
        disabled: Default::default(),
        late: Vec::new(),
        current: None,
        debugged: false,
        return_level: 0,
        level: 0,
        nested: 0,
        now: crate::time::Time::ZERO,
        seconds: (crate::time::Time::ZERO, 0),
        own_fds: Default::default(),
        proc_fds: Vec::new(),
        expand_aliases: false,
        stack: Vec::new(),
        status: 0,
        line: 0,
        builtin: None,
        subs: Vec::new(),
        sub_cursor: 0,
        sub_status: None,
        main_pid: 0,
        parent_pid: 0,
        uid: 0,
        last_background: None,
        rng: Rng::stream(0, "shell"),
        calls: Vec::new(),
        functions,
        aliases: Rc::default(),
        history: Rc::default(),
        frames: Vec::new(),
        unwinding: None,
        exit_code: None,
        jobs: Default::default(),
        traps: Default::default(),
        pending_signals: Vec::new(),
        interrupted: false,
        fds: spawn.fds.iter().map(|(fd, _)| *fd).collect(),
        out: Vec::new(),
        getopts: (0, 0),
        umask: 0o022,
        dispositions: spawn.ignored.iter().map(|s| (*s, Disposition::Ignore)).collect(),
        subshell: false,
        login: false,
        started_up: false,
        pipe_status: Vec::new(),
    }
}

/// The functions that another bash has exported.
fn inherited_functions(env: &[(Text, Text)]) -> Rc<BTreeMap<Rc<str>, Function>> {
    let mut functions = BTreeMap::new();
    for (name, body) in env {
        let name = name.strip_prefix(FUNCTION_PREFIX).and_then(|n| n.strip_suffix(FUNCTION_SUFFIX));
        let Some(name) = name.filter(|n| crate::shell::is_name(n)) else { continue };
        let mut parser = Parser::new(Flavour::Bash, 1);
        parser.feed(&format!("{name} {body}"));
        if let Ok(Some(node)) = parser.next_command()
            && let Cmd::Function { name, body } = &*node
        {
            let function = Function { body: body.clone(), source: "environment".into(), exported: true };
            functions.insert(name.clone(), function);
        }
    }
    Rc::new(functions)
}

impl Shell {
    /// The first step: reads the command line; in a child only sets dispositions.
    pub(super) fn start_up(&mut self, sys: &mut dyn Sys) {
        for (signal, how) in self.dispositions.clone() {
            sys.set_disposition(signal, how);
        }
        self.dispositions.retain(|(_, how)| *how == Disposition::Ignore);
        self.uid = sys.uid();
        self.rng = Rng::stream(sys.rng().next_u64(), "shell");
        if self.subshell {
            return;
        }
        self.main_pid = sys.pid();
        self.parent_pid = sys.ppid();
        self.seconds = (sys.now(), 0);
        self.first_variables(sys);
        let login = self.zero.starts_with('-');
        self.login = login;
        let args: Vec<Rc<str>> = self.params.to_vec();
        if let Err(text) = self.command_line(sys, &args) {
            let shown = format!("{}: {text}\n", self.arg0);
            self.print(2, shown.as_bytes());
            self.exit_code = Some(2);
            self.frames.clear();
            return;
        }
        if self.opts.interactive {
            sys.set_disposition(Signal::Int, Disposition::Catch);
            sys.set_disposition(Signal::Term, Disposition::Ignore);
            self.read_profiles(sys, login);
        }
    }

    fn first_variables(&mut self, sys: &mut dyn Sys) {
        let cwd = sys.cwd();
        let _ = self.vars.set("PWD", &cwd);
        if self.flavour.is_bash() {
            self.vars.mark("PWD", Some(true), false);
            let level = self.vars.get("SHLVL").and_then(|l| l.parse::<i64>().ok()).unwrap_or(0) + 1;
            let _ = self.vars.set("SHLVL", &level.to_string());
            self.vars.mark("SHLVL", Some(true), false);
            let host = sys.hostname();
            let own = [
                ("HOSTNAME", &*host),
                ("HOSTTYPE", "x86_64"),
                ("MACHTYPE", "x86_64-pc-linux-gnu"),
                ("OPTIND", "1"),
                ("OSTYPE", "linux-gnu"),
            ];
            for (name, value) in own {
                if self.vars.get(name).is_none() {
                    let _ = self.vars.set(name, value);
                }
            }
        } else {
            if self.flavour == Flavour::Ash {
                self.vars.mark("PWD", Some(true), false);
                let level = self.vars.get("SHLVL").and_then(|l| l.parse::<i64>().ok()).unwrap_or(0) + 1;
                let _ = self.vars.set("SHLVL", &level.to_string());
                self.vars.mark("SHLVL", Some(true), false);
            }
            let _ = self.vars.set("OPTIND", "1");
        }
        let _ = self.vars.set("IFS", " \t\n");
        self.vars.mark("IFS", Some(false), false);
        if self.vars.get("PATH").is_none() {
            let _ = self.vars.set("PATH", DEFAULT_PATH);
        }
    }

    fn command_line(&mut self, sys: &mut dyn Sys, args: &[Rc<str>]) -> Result<(), String> {
        let (mut command, mut stdin, mut interactive) = (false, false, false);
        let mut i = 0;
        while let Some(arg) = args.get(i) {
            let plus = arg.starts_with('+');
            if &**arg == "--" || &**arg == "-" {
                i += 1;
                break;
            }
            if !plus && !arg.starts_with('-') {
                break;
            }
            i += 1;
            self.login |= &**arg == "--login";
            if matches!(&**arg, "--login" | "--norc" | "--noprofile" | "--posix" | "--noediting") {
                continue;
            }
            for c in arg[1..].chars() {
                match c {
                    'c' => command = true,
                    's' => stdin = true,
                    'i' => interactive = true,
                    'l' => self.login = true,
                    'o' => {
                        let name = args.get(i).cloned().unwrap_or_default();
                        i += 1;
                        if !self.set_option_named(&name, !plus) {
                            return Err(format!("illegal option -o {name}"));
                        }
                    }
                    c if self.set_option(c, !plus) => {}
                    c if self.flavour.is_bash() => return Err(format!("-{c}: invalid option")),
                    c if self.flavour == Flavour::Ash => return Err(format!("illegal option -{c}")),
                    c => return Err(format!("0: Illegal option -{c}")),
                }
            }
        }
        let rest = &args[i.min(args.len())..];
        if command {
            let Some(text) = rest.first() else {
                return Err(match self.flavour {
                    Flavour::Bash => "-c: option requires an argument".into(),
                    Flavour::Ash => "-c requires an argument".into(),
                    Flavour::Dash => "0: -c requires an argument".into(),
                });
            };
            self.opts.command_string = true;
            if let Some(zero) = rest.get(1) {
                self.zero = zero.clone();
                self.arg0 = zero.clone();
            }
            self.params = rest.get(2..).unwrap_or(&[]).into();
            self.push_text(text.to_string(), Origin::Main);
            return Ok(());
        }
        match rest.first().filter(|_| !stdin) {
            Some(path) => self.script(sys, path, &rest[1..]),
            None => {
                self.params = rest.into();
                self.opts.from_stdin = true;
                self.opts.interactive = interactive || sys.is_tty(0) && sys.is_tty(2);
                self.push_input(0);
                Ok(())
            }
        }
    }

    fn script(&mut self, sys: &mut dyn Sys, path: &Rc<str>, params: &[Rc<str>]) -> Result<(), String> {
        let found = match sys.stat(path) {
            Ok(stat) if stat.kind == FileType::Dir && self.flavour.is_bash() => {
                self.exit_code = Some(126);
                let shown = format!("{0}: {path}: Is a directory\n", self.arg0);
                self.print(2, shown.as_bytes());
                return Ok(());
            }
            Err(_) if !path.contains('/') => {
                self.find_program(sys, path).unwrap_or_else(|_| path.to_string())
            }
            _ => path.to_string(),
        };
        match sys.read_file(&found) {
            Ok(bytes) => {
                self.params = params.into();
                self.zero = path.clone();
                self.arg0 = path.clone();
                self.push_text(String::from_utf8_lossy(&bytes).into_owned(), Origin::Main);
            }
            Err(error) => {
                let shown = match self.flavour {
                    Flavour::Ash => format!("{}: can't open '{path}': {}\n", self.arg0, error.text()),
                    Flavour::Dash => format!("{}: 0: cannot open {path}: No such file\n", self.arg0),
                    Flavour::Bash => format!("{}: {path}: {}\n", self.arg0, error.text()),
                };
                self.print(2, shown.as_bytes());
                self.exit_code = Some(if self.flavour.is_bash() { 127 } else { 2 });
            }
        }
        Ok(())
    }

    fn read_profiles(&mut self, sys: &mut dyn Sys, login: bool) {
        if self.flavour == Flavour::Ash && sys.is_tty(0) {
            self.print(1, ASH_BANNER.as_bytes());
        }
        let base: Rc<str> = self.zero.trim_start_matches('-').rsplit('/').next().unwrap_or("sh").into();
        self.arg0 = if login { format!("-{base}").into() } else { base };
        let home = self.vars.get("HOME").unwrap_or("/").to_owned();
        let mut files: Vec<String> = Vec::new();
        if login {
            files.push("/etc/profile".into());
            files.push(format!("{home}/.profile"));
        }
        if self.flavour.is_bash() {
            files.push(format!("{home}/.bashrc"));
        } else if let Some(env) = self.vars.get("ENV") {
            files.push(env.to_owned());
        }
        for path in files.into_iter().rev() {
            if let Ok(bytes) = sys.read_file(&path) {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.push_text(text, Origin::Sourced { params: None, arg0: None });
            }
        }
    }

    /// Opens a file of commands for `.`.
    pub(super) fn source_file(
        &mut self,
        sys: &mut dyn Sys,
        path: &str,
        args: &[Rc<str>],
    ) -> Result<(), String> {
        let found = if path.contains('/') {
            path.to_owned()
        } else {
            match self.find_readable(sys, path) {
                Some(found) => found,
                None => path.to_owned(),
            }
        };
        if self.flavour == Flavour::Ash && found == path && !path.contains('/') && sys.stat(path).is_err() {
            return Err(format!("{path}: not found"));
        }
        let bytes = match sys.stat(&found) {
            Ok(s) if s.kind == FileType::Dir => Err(crate::os::program::Errno::EISDIR),
            _ => sys.open(&found, Open::Read).and_then(|fd| {
                sys.close(fd);
                sys.read_file(&found)
            }),
        };
        match bytes {
            Ok(bytes) => {
                let params = (!args.is_empty()).then(|| std::mem::replace(&mut self.params, args.into()));
                let arg0 = self.flavour.is_bash().then(|| std::mem::replace(&mut self.arg0, path.into()));
                if self.flavour == Flavour::Ash {
                    self.sourced.push(path.into());
                }
                let origin = Origin::Sourced { params, arg0 };
                self.push_text(String::from_utf8_lossy(&bytes).into_owned(), origin);
                Ok(())
            }
            Err(error) => Err(match self.flavour {
                Flavour::Ash => format!("can't open '{path}': {}", error.text()),
                Flavour::Dash => format!("cannot open {path}: No such file"),
                Flavour::Bash => format!("{path}: {}", error.text()),
            }),
        }
    }

    fn find_readable(&self, sys: &dyn Sys, name: &str) -> Option<String> {
        let path = self.vars.get("PATH").unwrap_or("");
        let dirs = path.split(':').map(|d| format!("{d}/{name}"));
        dirs.chain(std::iter::once(name.to_owned()))
            .find(|p| sys.stat(p).is_ok_and(|s| s.kind == FileType::File))
    }

    /// `exec NAME …`.
    pub(super) fn load_program(
        &mut self,
        sys: &mut dyn Sys,
        words: &[Rc<str>],
    ) -> Result<Box<dyn crate::os::program::Program>, crate::os::program::Errno> {
        let path = self.find_program(sys, &words[0])?;
        let spawn = self.spawn_of(sys, &path, words);
        match sys.load(spawn.clone()) {
            Err(crate::os::program::Errno::ENOEXEC) => sys.load(self.as_script(&path, spawn)),
            other => other,
        }
    }

    /// The text of an argument.
    pub(super) fn text(arg: &Rc<str>) -> Text {
        Text::Shared(arg.clone())
    }
}
