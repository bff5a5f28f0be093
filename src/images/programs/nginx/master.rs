//! The master process: binds, starts workers, obeys signals.

use super::cli::{Options, fatal, pid_path};
use super::config::Config;
use super::serve::Site;
use super::worker::Worker;
use super::{Build, Logs, number, open_logs, print};
use crate::collections::Order;
use crate::os::{Disposition, Ended, Errno, Fd, FdMap, Pid, Program, STDERR, Signal, Step, Sys, Wait};
use crate::time::{Span, Time};
use std::rc::Rc;

/// How often and how far apart a taken port is tried (nginx: `ngx_open_listening_sockets`).
const BIND_TRIES: u32 = 5;
const BIND_PAUSE: Span = Span::millis(500);

/// The open-file limit of the recorded cluster's containers.
const FILE_LIMIT: u32 = 20_000;

/// Resident memory of the master, in bytes (ps on the recorded cluster's size class of image).
const MEMORY: u64 = 1_400 << 10;

/// The user and group of `user nginx` in official images.
const NGINX_UID: u32 = 101;

/// The exit code of a worker that would fail again.
pub(super) const FATAL: i32 = 2;

/// Where temporary files go.
const TEMP_DIRS: &[&str] = &["client_temp", "proxy_temp", "fastcgi_temp", "uwsgi_temp", "scgi_temp"];

/// What the master is at.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    /// Reading the configuration.
    Start,
    /// Trying to bind.
    Bind { tried: u32, again: Time },
    /// Supervising workers.
    Run,
}

/// What the workers were told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    No,
    Fast,
    Graceful,
}

/// A worker as the master knows it.
#[derive(Clone, Copy, Debug)]
struct Child {
    pid: Pid,
    /// Belongs to an earlier configuration and is on its way out.
    old: bool,
}

/// The master.
#[derive(Clone, Debug)]
pub(super) struct Master {
    build: Build,
    options: Options,
    title: String,
    stage: Stage,
    config: Option<Rc<Config>>,
    logs: Logs,
    listeners: Vec<(Fd, u16)>,
    children: Vec<Child>,
    ending: Ending,
    background: bool,
}

impl Program for Master {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        loop {
            match self.stage.clone() {
                Stage::Start => {
                    if let Err(text) = self.start(sys) {
                        return fatal(sys, &Logs::early(), &text);
                    }
                }
                Stage::Bind { again, .. } if sys.now() < again => return Wait::until(again),
                Stage::Bind { tried, .. } => {
                    if let Some(step) = self.bind(sys, tried) {
                        return step;
                    }
                }
                Stage::Run => return self.supervise(sys),
            }
        }
    }
}

impl Master {
    pub(super) fn new(build: Build, options: Options, argv: &[String]) -> Master {
        Master {
            build,
            options,
            title: format!("nginx: master process {}", argv.join(" ")),
            stage: Stage::Start,
            config: None,
            logs: Logs::early(),
            listeners: Vec::new(),
            children: Vec::new(),
            ending: Ending::No,
            background: false,
        }
    }

    fn start(&mut self, sys: &mut dyn Sys) -> Result<(), String> {
        let config = Rc::new(Config::load(sys, &self.options.file, &self.options.directives)?);
        for text in config.unsimulated() {
            Logs::early().line(sys, "warn", &text);
        }
        if sys.uid() != 0
            && let Some(d) = config.top("user")
        {
            let text = d.complain(
                "the \"user\" directive makes sense only if the master process runs with super-user \
                     privileges, ignored",
            );
            Logs::early().line(sys, "warn", &text);
            print(sys, STDERR, &format!("nginx: [warn] {text}\n"));
        }
        for dir in TEMP_DIRS {
            let path = format!("/var/cache/nginx/{dir}");
            match sys.mkdir(&path, 0o700) {
                Ok(()) if sys.uid() == 0 => sys.chown(&path, Some(NGINX_UID), None).map_err(|e| {
                    format!("chown(\"{path}\", {NGINX_UID}) failed ({}: {})", number(e), e.text())
                })?,
                Ok(()) => {}
                Err(Errno::EEXIST | Errno::ENOENT) => {}
                Err(e) => return Err(format!("mkdir() \"{path}\" failed ({}: {})", number(e), e.text())),
            }
        }
        self.logs = open_logs(sys, &config)?;
        self.config = Some(config);
        self.stage = Stage::Bind { tried: 0, again: Time::ZERO };
        Ok(())
    }

    /// One round of binding; `None` to go on at once.
    fn bind(&mut self, sys: &mut dyn Sys, tried: u32) -> Option<Step> {
        let config = self.config.clone()?;
        let mut failed = false;
        for (port, texts) in config.listens() {
            if self.listeners.iter().any(|(_, p)| *p == port) {
                continue;
            }
            match sys.listen(port) {
                Ok(fd) => self.listeners.push((fd, port)),
                Err(e) => {
                    for text in texts {
                        let text = format!("bind() to {text} failed ({}: {})", number(e), e.text());
                        let end = fatal(sys, &self.logs, &text);
                        if e != Errno::EADDRINUSE {
                            return Some(end);
                        }
                    }
                    failed = true;
                }
            }
        }
        if failed && tried + 1 >= BIND_TRIES {
            self.logs.line(sys, "notice", "try again to bind() after 500ms");
            return Some(fatal(sys, &self.logs, "still could not bind()"));
        }
        if failed {
            self.logs.line(sys, "notice", "try again to bind() after 500ms");
            self.stage = Stage::Bind { tried: tried + 1, again: sys.now() + BIND_PAUSE };
            return None;
        }
        self.run(sys, &config)
    }

    /// Everything is bound: goes into the background unless told otherwise, and starts to work.
    fn run(&mut self, sys: &mut dyn Sys, config: &Rc<Config>) -> Option<Step> {
        let foreground = config.top("daemon").is_some_and(|d| d.arg(0) == "off");
        if !self.background {
            self.log_build(sys);
        }
        if !foreground && !self.background {
            self.background = true;
            let fork = sys.fork(self.boxed_clone(), self.descriptors());
            return Some(Step::Exit(i32::from(fork.is_err())));
        }
        let path = pid_path(config);
        let pid = sys.pid();
        if let Err(e) = sys.write_file(&path, format!("{pid}\n").as_bytes(), false) {
            let text = format!("open() \"{path}\" failed ({}: {})", number(e), e.text());
            return Some(fatal(sys, &self.logs, &text));
        }
        sys.set_memory(MEMORY);
        let title = self.title.clone();
        sys.set_title(&title);
        for signal in [Signal::Hup, Signal::Int, Signal::Quit, Signal::Term, Signal::Usr1, Signal::Winch] {
            sys.set_disposition(signal, Disposition::Catch);
        }
        self.logs.line(sys, "notice", "start worker processes");
        self.start_workers(sys);
        self.stage = Stage::Run;
        None
    }

    fn log_build(&self, sys: &mut dyn Sys) {
        let kernel = sys.read_file("/proc/sys/kernel/osrelease").unwrap_or_default();
        let kernel = String::from_utf8_lossy(&kernel).trim().to_owned();
        let kernel = if kernel.is_empty() { "6.18.44-fc-v669".to_owned() } else { kernel };
        self.logs.line(sys, "notice", "using the \"epoll\" event method");
        self.logs.line(sys, "notice", &self.build.name());
        if let Some(compiler) = self.build.compiler() {
            self.logs.line(sys, "notice", &format!("built by {compiler}"));
        }
        self.logs.line(sys, "notice", &format!("OS: Linux {kernel}"));
        self.logs.line(sys, "notice", &format!("getrlimit(RLIMIT_NOFILE): {FILE_LIMIT}:{FILE_LIMIT}"));
    }

    /// Every descriptor that a child keeps.
    fn descriptors(&self) -> FdMap {
        let mut fds: Vec<Fd> = vec![0, 1, 2];
        fds.extend(self.logs.descriptors());
        fds.extend(self.listeners.iter().map(|(fd, _)| *fd));
        fds.order();
        fds.dedup();
        fds.into_iter().map(|fd| (fd, fd)).collect()
    }

    /// How many workers the configuration wants; the recorded cluster's `auto` came to 1.
    fn wanted(&self) -> usize {
        let d = self.config.as_ref().and_then(|c| c.top("worker_processes").map(|d| d.arg(0).to_owned()));
        d.and_then(|n| n.parse::<usize>().ok()).unwrap_or(1).clamp(1, 16)
    }

    fn start_workers(&mut self, sys: &mut dyn Sys) {
        let have = self.children.iter().filter(|c| !c.old).count();
        for _ in have..self.wanted() {
            let Some(config) = self.config.clone() else { return };
            let site = Site { config, server: self.build.name(), logs: self.logs.clone() };
            let worker = Worker::new(site, self.listeners.clone());
            match sys.fork(Box::new(worker), self.descriptors()) {
                Ok(pid) => {
                    self.children.push(Child { pid, old: false });
                    self.logs.line(sys, "notice", &format!("start worker process {pid}"));
                }
                Err(e) => {
                    let text = format!(
                        "fork() failed while spawning \"worker process\" ({}: {})",
                        number(e),
                        e.text()
                    );
                    self.logs.line(sys, "alert", &text);
                    return;
                }
            }
        }
    }

    fn supervise(&mut self, sys: &mut dyn Sys) -> Step {
        while let Some(signal) = sys.take_signal() {
            let from = sys.signal_sender().map_or(String::new(), |pid| format!(" from {pid}"));
            self.obey(sys, signal, &from);
        }
        while let Ok(Some((pid, ended))) = sys.reap(None) {
            self.bury(sys, pid, ended);
        }
        if self.ending != Ending::No && self.children.is_empty() {
            self.logs.line(sys, "notice", "exit");
            if let Some(config) = &self.config {
                let _ = sys.unlink(&pid_path(config));
            }
            return Step::Exit(0);
        }
        Wait::child()
    }

    fn obey(&mut self, sys: &mut dyn Sys, signal: Signal, from: &str) {
        let (name, what) = match signal {
            Signal::Hup => ("SIGHUP", ", reconfiguring"),
            Signal::Int => ("SIGINT", ", exiting"),
            Signal::Quit => ("SIGQUIT", ", shutting down"),
            Signal::Term => ("SIGTERM", ", exiting"),
            Signal::Usr1 => ("SIGUSR1", ", reopening logs"),
            _ => ("SIGWINCH", ""),
        };
        let text = format!("signal {} ({name}) received{from}{what}", signal.number());
        self.logs.line(sys, "notice", &text);
        match signal {
            Signal::Hup => self.reload(sys),
            Signal::Int | Signal::Term => {
                self.ending = Ending::Fast;
                self.tell_all(sys, Signal::Term);
            }
            Signal::Quit if self.ending == Ending::No => {
                self.ending = Ending::Graceful;
                self.tell_all(sys, Signal::Quit);
            }
            Signal::Usr1 => {
                self.logs.line(sys, "notice", "reopening logs");
                self.tell_all(sys, Signal::Usr1);
            }
            _ => {}
        }
    }

    fn tell_all(&self, sys: &mut dyn Sys, signal: Signal) {
        for child in &self.children {
            let _ = sys.kill(i64::from(child.pid), Some(signal));
        }
    }

    /// Reads the configuration again; a wrong one leaves everything as it is.
    fn reload(&mut self, sys: &mut dyn Sys) {
        self.logs.line(sys, "notice", "reconfiguring");
        let config = match Config::load(sys, &self.options.file, &self.options.directives) {
            Ok(config) => Rc::new(config),
            Err(text) => return self.logs.line(sys, "emerg", &text),
        };
        let wanted = config.listens();
        for (port, texts) in &wanted {
            if !self.listeners.iter().any(|(_, p)| p == port) {
                match sys.listen(*port) {
                    Ok(fd) => self.listeners.push((fd, *port)),
                    Err(e) => {
                        let text =
                            format!("bind() to {} failed ({}: {})", texts.join(" "), number(e), e.text());
                        return self.logs.line(sys, "emerg", &text);
                    }
                }
            }
        }
        let (keep, gone) = self.listeners.iter().partition(|(_, p)| wanted.iter().any(|(w, _)| w == p));
        self.listeners = keep;
        let gone: Vec<(Fd, u16)> = gone;
        gone.iter().for_each(|(fd, _)| sys.close(*fd));
        self.config = Some(config);
        self.logs.line(sys, "notice", "using the \"epoll\" event method");
        self.logs.line(sys, "notice", "start worker processes");
        self.children.iter_mut().for_each(|c| c.old = true);
        let old = self.children.len();
        self.start_workers(sys);
        for child in &self.children[..old] {
            let _ = sys.kill(i64::from(child.pid), Some(Signal::Quit));
        }
    }

    /// A child has ended.
    fn bury(&mut self, sys: &mut dyn Sys, pid: Pid, ended: Ended) {
        let Some(at) = self.children.iter().position(|c| c.pid == pid) else { return };
        let child = self.children.remove(at);
        self.logs.line(sys, "notice", &format!("signal 17 (SIGCHLD) received from {pid}"));
        match ended {
            Ended::Code(FATAL) => {
                let text =
                    format!("worker process {pid} exited with fatal code {FATAL} and cannot be respawned");
                self.logs.line(sys, "alert", &text);
                return;
            }
            Ended::Code(code) => {
                self.logs.line(sys, "notice", &format!("worker process {pid} exited with code {code}"));
            }
            Ended::Signal(signal) => {
                let text = format!("worker process {pid} exited on signal {}", signal.number());
                self.logs.line(sys, "alert", &text);
            }
        }
        if !child.old && self.ending == Ending::No {
            self.start_workers(sys);
        }
        if child.old && self.ending == Ending::No {
            self.logs.line(sys, "notice", "signal 29 (SIGIO) received");
        }
    }
}
