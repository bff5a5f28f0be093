//! Utilities that wait: `sleep`, `timeout`, `watch`, and those that become other programs: `env`, `nohup`,
//! `setsid`, `nice`, `ssh`.

use super::ctx::{Ctx, Output, drain};
use super::opts;
use crate::api::Text;
use crate::os::program::{Disposition, Ended, Errno, Pid, Program, Signal, Spawn, Step, Sys, Wait};
use crate::time::{Span, Time};
use std::rc::Rc;

/// Waits until an instant.
#[derive(Clone, Debug)]
struct Sleep(Option<Time>);

impl Program for Sleep {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        match self.0 {
            None => Wait::forever(),
            Some(t) if sys.now() >= t => Step::Exit(0),
            Some(t) => Wait::until(t),
        }
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// Seconds with a suffix `s`, `m`, `h` or `d`.
fn seconds(text: &str) -> Option<f64> {
    if matches!(text, "inf" | "infinity" | "INF" | "Infinity") {
        return Some(f64::INFINITY);
    }
    let (number, unit) = match text.chars().last()? {
        's' => (&text[..text.len() - 1], 1.0),
        'm' => (&text[..text.len() - 1], 60.0),
        'h' => (&text[..text.len() - 1], 3_600.0),
        'd' => (&text[..text.len() - 1], 86_400.0),
        _ => (text, 1.0),
    };
    if !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    number.parse::<f64>().ok().map(|n| n * unit)
}

/// `sleep`.
pub fn sleep(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    if ctx.args.len() < 2 {
        if ctx.busybox() {
            super::usage::print(ctx, "sleep");
        } else {
            ctx.fail("missing operand");
            ctx.err("Try 'sleep --help' for more information.\n");
        }
        return Err(1);
    }
    if !ctx.busybox() {
        // Only GNU's looks at options.
        opts::parse(ctx, "")?;
    }
    let mut total = 0.0;
    let unit = if ctx.prefix == "usleep: " { 1e-6 } else { 1.0 };
    for arg in ctx.args.split_off(1) {
        match seconds(&arg) {
            Some(s) => total += s * unit,
            None => {
                if ctx.busybox() {
                    ctx.fail(&format!("invalid number '{arg}'"));
                } else {
                    ctx.fail(&format!("invalid time interval ‘{arg}’"));
                    ctx.err("Try 'sleep --help' for more information.\n");
                }
                return Err(1);
            }
        }
    }
    let until = total.is_finite().then(|| ctx.sys.now() + Span::secs_f64(total));
    Ok(Box::new(Sleep(until)))
}

/// What is started for the words of a command.
pub fn spawn_words(ctx: &Ctx, words: &[Text]) -> Spawn {
    Spawn {
        file: words[0].clone(),
        argv: words.to_vec(),
        env: ctx.env.to_vec(),
        cwd: ctx.sys.cwd(),
        fds: vec![(0, 0), (1, 1), (2, 2)],
        ignored: Vec::new(),
        new_group: false,
    }
}

/// Says that a program could not be started; the status.
pub fn cannot_run(ctx: &mut Ctx, name: &str, error: Errno) -> i32 {
    if ctx.busybox() {
        ctx.fail(&format!("can't execute '{name}': {}", error.text()));
    } else {
        ctx.fail(&format!("‘{name}’: {}", error.text()).replace("‘failed", "failed"));
    }
    if error == Errno::ENOENT { 127 } else { 126 }
}

pub fn become_program(ctx: &mut Ctx, spawn: Spawn) -> Result<Box<dyn Program>, i32> {
    let name = spawn.file.clone();
    match ctx.sys.load(spawn) {
        Ok(program) => Ok(Box::new(Become(Some(program)))),
        Err(error) => Err(cannot_run(ctx, &name, error)),
    }
}

/// A program that becomes another one.
pub fn becoming(program: Box<dyn Program>) -> Box<dyn Program> {
    Box::new(Become(Some(program)))
}

/// Becomes another program on its first step.
#[derive(Clone, Debug)]
struct Become(Option<Box<dyn Program>>);

impl Program for Become {
    fn step(&mut self, _: &mut dyn Sys) -> Step {
        match self.0.take() {
            Some(program) => Step::Become(program),
            None => Step::Exit(126),
        }
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// `env`.
pub fn env(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let o = opts::parse(ctx, "+iu:0 ignore-environment=i unset=u null=0")?;
    let mut env: Vec<(Text, Text)> = if o.has('i') { Vec::new() } else { ctx.env.to_vec() };
    env.retain(|(name, _)| !o.all('u').any(|u| u == name));
    let mut words = o.rest.as_slice();
    while let Some((name, value)) = words.first().and_then(|w| w.split_once('=')) {
        env.retain(|(n, _)| *n != *name);
        env.push((name.into(), value.into()));
        words = &words[1..];
    }
    if words.is_empty() {
        let end = if o.has('0') { '\0' } else { '\n' };
        let text: String = env.iter().map(|(n, v)| format!("{n}={v}{end}")).collect();
        ctx.print(text);
        return Err(0);
    }
    let mut spawn = spawn_words(ctx, words);
    spawn.env = env;
    become_program(ctx, spawn)
}

/// `nohup`, `setsid`, `nice`, `ionice`, `stdbuf`: run the rest of the words.
pub fn prefix(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let name = ctx.args[0].rsplit('/').next().unwrap_or("").to_owned();
    let o = opts::parse(ctx, "+n:c:o:e:i:fw")?;
    if o.rest.is_empty() {
        return Err(if name == "nice" {
            ctx.print("0\n");
            0
        } else {
            ctx.fail("missing operand");
            125
        });
    }
    let mut spawn = spawn_words(ctx, &o.rest);
    if name == "nohup" {
        ctx.sys.set_disposition(Signal::Hup, Disposition::Ignore);
        spawn.ignored.push(Signal::Hup);
    }
    become_program(ctx, spawn)
}

/// `sudo`: runs the rest of the words, as everybody here is root already; `-i` and `-s` alone start a shell.
pub fn sudo(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let o = opts::parse(ctx, "+EHnSisku:g: user=u login=i shell=s preserve-env=E non-interactive=n")?;
    if o.get('u').is_some_and(|user| &**user != "root") {
        return Err(ctx.not_simulated("other users than root"));
    }
    let assignments = o.rest.iter().take_while(|w| w.contains('=')).count();
    let mut words = o.rest[assignments..].to_vec();
    if words.is_empty() && (o.has('i') || o.has('s')) {
        words = vec!["bash".into()];
    }
    if words.is_empty() {
        ctx.err("usage: sudo -h | -K | -k | -V\nusage: sudo [-EHknS] [-u user] [VAR=value] [-i | -s] [command [arg ...]]\n");
        return Err(1);
    }
    let mut spawn = spawn_words(ctx, &words);
    for (name, value) in o.rest[..assignments].iter().filter_map(|w| w.split_once('=')) {
        spawn.env.retain(|(n, _)| *n != *name);
        spawn.env.push((name.into(), value.into()));
    }
    let name = spawn.file.clone();
    match ctx.sys.load(spawn) {
        Ok(program) => Ok(Box::new(Become(Some(program)))),
        Err(Errno::ENOENT) => {
            ctx.err(&format!("sudo: {name}: command not found\n"));
            Err(1)
        }
        Err(error) => Err(cannot_run(ctx, &name, error)),
    }
}

/// `ssh HOST [COMMAND]`.
pub fn ssh(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let o = opts::parse(ctx, "+tTqnNfvAXo:i:p:l:F:")?;
    let Some(host) = o.rest.first() else {
        ctx.err("usage: ssh [-AfnNqTtvX] [-F configfile] [-i identity_file] [-l login_name] [-o option] [-p port] destination [command [argument ...]]\n");
        return Err(255);
    };
    let name = host.rsplit('@').next().unwrap_or("").to_owned();
    let words = &o.rest[1..];
    let argv: Vec<Text> = if words.is_empty() {
        Vec::new()
    } else {
        let line: Vec<&str> = words.iter().map(|w| &**w).collect();
        vec!["bash".into(), "-c".into(), line.join(" ").into()]
    };
    match ctx.sys.remote(&name, argv, vec![(0, 0), (1, 1), (2, 2)]) {
        Ok(pid) => Ok(Box::new(Follow { pid, failure: 255 })),
        Err(Errno::ENOENT) => {
            ctx.err(&format!("ssh: Could not resolve hostname {name}: Name or service not known\n"));
            Err(255)
        }
        Err(error) => {
            ctx.err(&format!("ssh: connect to host {name} port 22: {}\n", error.text()));
            Err(255)
        }
    }
}

/// Ends as a child ends.
#[derive(Clone, Debug)]
struct Follow {
    pid: Pid,
    failure: i32,
}

impl Program for Follow {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        match sys.reap(Some(self.pid)) {
            Ok(Some((_, ended))) => Step::Exit(ended.code()),
            Ok(None) => Wait::child(),
            Err(_) => Step::Exit(self.failure),
        }
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// `timeout`.
#[derive(Clone, Debug)]
struct Timeout {
    pid: Pid,
    until: Time,
    signal: Signal,
    kill_after: Option<Span>,
    fired: bool,
    busybox: bool,
}

pub fn timeout(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let o = opts::parse(ctx, "+s:k:t:fv signal=s kill-after=k foreground=f preserve-status=p")?;
    let usage = |ctx: &mut Ctx| {
        if ctx.busybox() {
            super::usage::print(ctx, "timeout");
            1
        } else {
            ctx.err("Try 'timeout --help' for more information.\n");
            125
        }
    };
    if o.rest.len() < 2 {
        return Err(usage(ctx));
    }
    let Some(limit) = seconds(&o.rest[0]) else {
        let text = if ctx.busybox() {
            format!("invalid number '{}'", o.rest[0])
        } else {
            format!("invalid time interval ‘{}’\nTry 'timeout --help' for more information.", o.rest[0])
        };
        ctx.fail(&text);
        return Err(if ctx.busybox() { 1 } else { 125 });
    };
    let signal = o.get('s').map_or(Some(Signal::Term), |s| Signal::parse(s));
    let Some(signal) = signal else { return Err(usage(ctx)) };
    let spawn = spawn_words(ctx, &o.rest[1..]);
    let pid = match ctx.sys.spawn(spawn) {
        Ok(pid) => pid,
        Err(error) => {
            let name = o.rest[1].clone();
            if ctx.busybox() {
                return Err(cannot_run(ctx, &name, error));
            }
            ctx.fail(&format!("failed to run command ‘{name}’: {}", error.text()));
            return Err(if error == Errno::ENOENT { 127 } else { 126 });
        }
    };
    let until =
        if limit > 0.0 && limit.is_finite() { ctx.sys.now() + Span::secs_f64(limit) } else { Time::NEVER };
    let kill_after = o.get('k').and_then(|k| seconds(k)).map(Span::secs_f64);
    let busybox = ctx.busybox();
    Ok(Box::new(Timeout { pid, until, signal, kill_after, fired: false, busybox }))
}

impl Program for Timeout {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if let Ok(Some((_, ended))) = sys.reap(Some(self.pid)) {
            let code = match (self.fired, self.busybox) {
                // busybox's child takes the place of the parent, so the signal shows; GNU says 124.
                (true, false) if self.signal != Signal::Kill => 124,
                _ => ended.code(),
            };
            if self.fired && self.busybox {
                if let Ended::Signal(s) = ended {
                    let _ = sys.kill(i64::from(sys.pid()), Some(s));
                }
                return Step::Exit(code);
            }
            if self.fired && self.signal == Signal::Kill {
                // GNU's goes the way of its child.
                let _ = sys.kill(i64::from(sys.pid()), Some(Signal::Kill));
            }
            return Step::Exit(code);
        }
        if sys.now() >= self.until {
            let signal = if self.fired { Signal::Kill } else { self.signal };
            let _ = sys.kill(i64::from(self.pid), Some(signal));
            self.until = match self.kill_after.filter(|_| !self.fired) {
                Some(more) => sys.now() + more,
                None => Time::NEVER,
            };
            self.fired = true;
        }
        let until = (self.until != Time::NEVER).then_some(self.until);
        Step::Wait(Wait { until, child: true, ..Wait::default() })
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// Runs commands one after the other (`xargs`, `find -exec`, `watch`).
#[derive(Clone, Debug)]
pub struct Runner {
    commands: Vec<Vec<Text>>,
    next: usize,
    running: Option<Pid>,
    env: Rc<[(Text, Text)]>,
    out: Output,
    status: i32,
    prefix: String,
    /// Whether a failing command counts as `xargs` counts it.
    xargs: bool,
    /// `watch`: the pause and the title.
    repeat: Option<(Span, String, Option<Time>)>,
}

impl Runner {
    /// Runs these commands after `out` is written.
    pub fn new(ctx: &mut Ctx, commands: Vec<Vec<Text>>, status: i32, xargs: bool) -> Runner {
        Runner {
            commands,
            next: 0,
            running: None,
            env: ctx.env.clone(),
            out: std::mem::take(&mut ctx.out),
            status,
            prefix: ctx.prefix.clone(),
            xargs,
            repeat: None,
        }
    }

    fn start(&mut self, sys: &mut dyn Sys, words: &[Text]) {
        let spawn = Spawn {
            file: words[0].clone(),
            argv: words.to_vec(),
            env: self.env.to_vec(),
            cwd: sys.cwd(),
            fds: vec![(0, 0), (1, 1), (2, 2)],
            ignored: Vec::new(),
            new_group: false,
        };
        match sys.spawn(spawn) {
            Ok(pid) => self.running = Some(pid),
            Err(error) => {
                let text = format!("{}{}: {}\n", self.prefix, words[0], error.text());
                self.out.push((2, text.into_bytes()));
                self.status = 127;
                if self.xargs {
                    self.next = self.commands.len();
                }
            }
        }
    }

    fn repaint(&mut self, sys: &mut dyn Sys) -> Option<Step> {
        let (pause, title, due) = self.repeat.clone()?;
        match due {
            Some(t) if sys.now() < t => Some(Wait::until(t)),
            Some(_) => {
                self.next = 0;
                self.repeat = Some((pause, title, None));
                None
            }
            None => {
                let t = sys.now() + pause;
                self.repeat = Some((pause, title, Some(t)));
                Some(Wait::until(t))
            }
        }
    }
}

impl Program for Runner {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if let Some(step) = drain(&mut self.out, sys) {
            return step;
        }
        if let Some(pid) = self.running {
            match sys.reap(Some(pid)) {
                Ok(Some((_, ended))) => {
                    self.running = None;
                    if self.xargs && ended.code() != 0 {
                        self.status = 123;
                    }
                }
                Ok(None) => return Wait::child(),
                Err(_) => self.running = None,
            }
        }
        if self.next >= self.commands.len() {
            if self.repeat.is_some() {
                return self.repaint(sys).unwrap_or(Step::Yield);
            }
            return Step::Exit(self.status);
        }
        if self.next == 0
            && let Some((_, title, _)) = &self.repeat
        {
            let now = super::date::format(sys.wall_micros(), "%a %b %e %H:%M:%S %Y");
            let width = sys.tty_size().0 as usize;
            let head = format!("\x1b[H\x1b[J{title}{now:>w$}\n\n", w = width.saturating_sub(title.len()));
            let _ = sys.write(1, head.as_bytes());
        }
        let words = self.commands[self.next].clone();
        self.next += 1;
        self.start(sys, &words);
        Step::Yield
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// `watch`.
pub fn watch(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let o = opts::parse(ctx, "+n:tdebx interval=n no-title=t differences=d")?;
    if o.rest.is_empty() {
        super::usage::print(ctx, "watch");
        return Err(1);
    }
    let pause = o.get('n').and_then(|n| n.parse::<f64>().ok()).unwrap_or(2.0).max(0.1);
    let line = o.rest.iter().map(|w| w.to_string()).collect::<Vec<_>>().join(" ");
    let title = if o.has('t') { String::new() } else { format!("Every {pause:.1}s: {line}") };
    let command = vec!["sh".into(), "-c".into(), line.into()];
    let mut runner = Runner::new(ctx, vec![command], 0, false);
    runner.repeat = Some((Span::secs_f64(pause), title, None));
    Ok(Box::new(runner))
}

/// The most words that one command of `xargs` gets.
const MAX_WORDS: usize = 5_000;

/// `xargs`: a plain part that reads its words, then a [`Runner`].
pub fn xargs(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let o = opts::parse(ctx, "+0rtpn:I:i::L:P:d:s: null=0 no-run-if-empty=r max-args=n")?;
    let Some(input) = ctx.input() else { return Err(0) };
    let text = String::from_utf8_lossy(&input).into_owned();
    let command: Vec<Text> = if o.rest.is_empty() { vec!["echo".into()] } else { o.rest.clone() };
    let replace = o.get('I').cloned().or_else(|| o.has('i').then(|| "{}".into()));
    let words: Vec<String> = if o.has('0') {
        text.split('\0').filter(|w| !w.is_empty()).map(str::to_owned).collect()
    } else if let Some(d) = o.get('d') {
        let d = if &**d == "\\n" { "\n" } else { d };
        text.trim_end_matches('\n').split(d).map(str::to_owned).collect()
    } else if replace.is_some() || o.has('L') {
        text.lines().map(|l| l.trim_start().to_owned()).filter(|l| !l.is_empty()).collect()
    } else {
        quoted_words(&text)
    };
    let mut commands: Vec<Vec<Text>> = Vec::new();
    if let Some(mark) = replace {
        for word in &words {
            commands.push(command.iter().map(|c| c.replace(&*mark, word).into()).collect());
        }
    } else {
        let size = o.get('n').or(o.get('L')).and_then(|n| n.parse().ok()).unwrap_or(MAX_WORDS).max(1);
        for chunk in words.chunks(size) {
            let mut all = command.clone();
            for word in chunk {
                if o.has('L') {
                    all.extend(word.split_whitespace().map(Text::from));
                } else {
                    all.push(word.as_str().into());
                }
            }
            commands.push(all);
        }
        if commands.is_empty() && !o.has('r') {
            commands.push(command);
        }
    }
    if o.has('t') {
        for words in &commands {
            let line = words.iter().map(|w| w.to_string()).collect::<Vec<_>>().join(" ") + "\n";
            ctx.err(&line);
        }
    }
    Ok(Box::new(Runner::new(ctx, commands, 0, true)))
}

/// Words parted by white space, with quotes and backslashes.
fn quoted_words(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut current: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let word = current.get_or_insert_default();
                for d in chars.by_ref() {
                    if d == c {
                        break;
                    }
                    word.push(d);
                }
            }
            '\\' => current.get_or_insert_default().extend(chars.next()),
            c if c.is_whitespace() => out.extend(current.take()),
            c => current.get_or_insert_default().push(c),
        }
    }
    out.extend(current);
    out
}
