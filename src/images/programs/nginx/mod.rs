//! nginx: its command line, its master and worker processes, its logs, its configuration.
//!
//! Models what can be seen from outside: the lines on standard output and error, processes and their
//! titles, signals, the pid file, static files with indexes, redirects, error pages, access and error logs.
//! Left out: TLS, proxying, rewriting, regular expressions beyond prefixes and extensions; such directives
//! are reported at the start and their locations answer 501 `not simulated`.
//!
//! Invariant: the master never serves, workers never read the configuration.

mod cli;
mod config;
mod master;
mod serve;
mod syntax;
mod variables;
mod worker;

pub use cli::nginx;

use crate::os::{Errno, Fd, Open, STDERR, Sys};
use crate::time::civil;

/// Which build of nginx runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Distribution {
    /// The recorded laboratory's: Debian's package in the official layout.
    Lab,
    /// nginx.org's packages on Debian.
    Debian,
    /// nginx.org's packages on Alpine.
    Alpine,
}

/// A build's identity.
#[derive(Clone, Debug)]
struct Build {
    version: String,
    distribution: Distribution,
}

impl Build {
    /// From the part of a program's id behind `nginx/`.
    fn parse(id: &str) -> Build {
        let (version, distribution) = match (id, id.strip_suffix("-alpine")) {
            ("lab", _) => ("1.22.1", Distribution::Lab),
            (_, Some(version)) => (version, Distribution::Alpine),
            _ => (id, Distribution::Debian),
        };
        Build { version: version.to_owned(), distribution }
    }

    /// e.g. `nginx/1.22.1`.
    fn name(&self) -> String {
        format!("nginx/{}", self.version)
    }

    /// The compiler as the log and `-V` name it; Debian's package does not tell.
    fn compiler(&self) -> Option<&'static str> {
        match self.distribution {
            Distribution::Lab => None,
            Distribution::Debian => Some("gcc 14.2.0 (Debian 14.2.0-19) "),
            Distribution::Alpine => Some("gcc 14.2.0 (Alpine 14.2.0) "),
        }
    }
}

/// The open logs of a process and who writes.
#[derive(Clone, Debug, Default)]
struct Logs {
    /// The error log.
    error: Option<Fd>,
    /// The least grave level that is written, as a number of [`LEVELS`].
    level: usize,
    /// Access logs by their paths.
    access: Vec<(String, Fd)>,
}

/// From the gravest to the least.
const LEVELS: &[&str] = &["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];

impl Logs {
    /// Standard error at the level of messages before a configuration is read.
    fn early() -> Logs {
        Logs { error: Some(STDERR), level: level("notice"), access: Vec::new() }
    }

    /// `2026/11/23 08:04:52 [notice] 1#1: TEXT` into the error log.
    fn line(&self, sys: &mut dyn Sys, at: &str, text: &str) {
        let Some(fd) = self.error.filter(|_| level(at) <= self.level) else { return };
        let c = civil(sys.wall_micros());
        let pid = sys.pid();
        let day = format!("{}/{:02}/{:02}", c.year, c.month, c.day);
        let time = format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second);
        print(sys, fd, &format!("{day} {time} [{at}] {pid}#{pid}: {text}\n"));
    }

    /// A line into an access log.
    fn access(&self, sys: &mut dyn Sys, path: &str, line: &str) {
        if let Some((_, fd)) = self.access.iter().find(|(p, _)| p == path) {
            print(sys, *fd, line);
        }
    }

    /// All its descriptors.
    fn descriptors(&self) -> impl Iterator<Item = Fd> {
        self.error.into_iter().chain(self.access.iter().map(|(_, fd)| *fd))
    }
}

fn level(name: &str) -> usize {
    LEVELS.iter().position(|l| *l == name).unwrap_or(3)
}

/// Writes a text; what a full pipe does not take is lost, as logs must not stop a server.
fn print(sys: &mut dyn Sys, fd: Fd, text: &str) {
    let _ = sys.write(fd, text.as_bytes());
}

/// The number of an error on Linux, as nginx's messages show it.
fn number(e: Errno) -> i32 {
    match e {
        Errno::EPERM => 1,
        Errno::ENOENT => 2,
        Errno::ESRCH => 3,
        Errno::EBADF => 9,
        Errno::ENOMEM => 12,
        Errno::EACCES => 13,
        Errno::EBUSY => 16,
        Errno::EEXIST => 17,
        Errno::ENOTDIR => 20,
        Errno::EISDIR => 21,
        Errno::EINVAL => 22,
        Errno::EMFILE => 24,
        Errno::EFBIG => 27,
        Errno::ENOSPC => 28,
        Errno::EROFS => 30,
        Errno::ENAMETOOLONG => 36,
        Errno::ELOOP => 40,
        Errno::EADDRINUSE => 98,
        _ => 5,
    }
}

/// Opens the logs that a configuration names.
fn open_logs(sys: &mut dyn Sys, config: &config::Config) -> Result<Logs, String> {
    let mut logs = Logs { error: None, level: level("error"), access: Vec::new() };
    let named = config.top("error_log");
    let path = named.map_or("/var/log/nginx/error.log", |d| d.arg(0));
    if let Some(name) = named.and_then(|d| d.args.get(1)) {
        logs.level = level(name);
    }
    let open = |sys: &mut dyn Sys, path: &str| {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/etc/nginx/{path}") };
        sys.open(&path, Open::Append)
            .map_err(|e| format!("open() \"{path}\" failed ({}: {})", number(e), e.text()))
    };
    logs.error = Some(if path == "stderr" { STDERR } else { open(sys, path)? });
    let mut paths = Vec::new();
    access_logs(&config.all, &mut paths);
    for path in paths {
        let fd = open(sys, &path)?;
        logs.access.push((path, fd));
    }
    Ok(logs)
}

/// The paths of all access logs.
fn access_logs(block: &[syntax::Directive], out: &mut Vec<String>) {
    for d in block {
        if d.name == "access_log" && d.arg(0) != "off" && !out.iter().any(|p| p == d.arg(0)) {
            out.push(d.arg(0).to_owned());
        }
        access_logs(d.block.as_deref().unwrap_or_default(), out);
    }
}
