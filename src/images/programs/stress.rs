//! `stress`: workers that load processor and memory.
//!
//! Models the messages of stress 1.0.4 (with the numbers of its source lines, as recorded), its workers as
//! processes of their own, memory that grows within a fraction of a second, `--timeout`, and what happens
//! when a worker is killed. Left out: that memory is given back and taken again after each `--vm-hang`
//! (it is held), the disk space of `--hdd`.

use crate::os::{Ended, Fd, Pid, Program, STDERR, STDOUT, Signal, Spawn, Step, Sys, Wait};
use crate::time::{Span, Time};

/// Most workers of one run.
const MAX_WORKERS: u64 = 512;

/// Resident memory of a worker before it takes more, in bytes.
const BASE: u64 = 400 << 10;

/// How fast a worker touches fresh memory, in bytes per step of [`PACE`] (about 2 GB/s).
const STRIDE: u64 = 40 << 20;

/// The time between two steps of growth.
const PACE: Span = Span::millis(20);

/// Most steps until all memory is touched.
const MAX_STEPS: u64 = 64;

const USAGE: &str = "`stress' imposes certain types of compute stress on your system

Usage: stress [OPTION [ARG]] ...
 -?, --help         show this help statement
     --version      show version statement
 -v, --verbose      be verbose
 -q, --quiet        be quiet
 -n, --dry-run      show what would have been done
 -t, --timeout N    timeout after N seconds
     --backoff N    wait factor of N microseconds before work starts
 -c, --cpu N        spawn N workers spinning on sqrt()
 -i, --io N         spawn N workers spinning on sync()
 -m, --vm N         spawn N workers spinning on malloc()/free()
     --vm-bytes B   malloc B bytes per vm worker (default is 256MB)
     --vm-stride B  touch a byte every B bytes (default is 4096)
     --vm-hang N    sleep N secs before free (default none, 0 is inf)
     --vm-keep      redirty memory instead of freeing and reallocating
 -d, --hdd N        spawn N workers spinning on write()/unlink()
     --hdd-bytes B  write B bytes per hdd worker (default is 1GB)

Example: stress --cpu 8 --io 4 --vm 2 --vm-bytes 128M --timeout 10s

Note: Numbers may be suffixed with s,m,h,d,y (time) or B,K,M,G (size).
";

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq)]
struct Options {
    cpu: u64,
    io: u64,
    vm: u64,
    hdd: u64,
    bytes: u64,
    hang: Option<u64>,
    timeout: u64,
    verbose: bool,
    quiet: bool,
    dry: bool,
}

/// What to do instead of a run.
#[derive(Debug, PartialEq)]
enum Other {
    Help,
    Version,
    Wrong(String),
}

/// The parent.
#[derive(Clone, Debug)]
struct Stress {
    argv: Vec<String>,
    run: Option<Run>,
}

#[derive(Clone, Debug)]
struct Run {
    started: Time,
    workers: Vec<Pid>,
    errors: u32,
    reaping: bool,
    options: Options,
}

/// Starts the program.
pub fn stress(spawn: &Spawn) -> Box<dyn Program> {
    Box::new(Stress { argv: spawn.argv.iter().map(ToString::to_string).collect(), run: None })
}

impl Program for Stress {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if self.run.is_none() {
            match self.start(sys) {
                Ok(run) => self.run = Some(run),
                Err(code) => return Step::Exit(code),
            }
        }
        let Some(run) = &mut self.run else { return Step::Exit(1) };
        while let Ok(Some((pid, ended))) = sys.reap(None) {
            run.workers.retain(|w| *w != pid);
            run.account(sys, pid, ended);
        }
        if !run.workers.is_empty() {
            return Wait::child();
        }
        let took = sys.now().since(run.started).as_secs();
        if run.errors > 0 {
            say(sys, STDERR, "FAIL", 461, &format!("failed run completed in {took}s"));
            return Step::Exit(1);
        }
        if !run.options.quiet {
            say(sys, STDOUT, "info", 0, &format!("successful run completed in {took}s"));
        }
        Step::Exit(0)
    }
}

impl Stress {
    fn start(&self, sys: &mut dyn Sys) -> Result<Run, i32> {
        let options = match parse(&self.argv[1.min(self.argv.len())..]) {
            Ok(options) => options,
            Err(Other::Help) => {
                let _ = sys.write(STDOUT, USAGE.as_bytes());
                return Err(0);
            }
            Err(Other::Version) => {
                let _ = sys.write(STDOUT, b"stress 1.0.4\n");
                return Err(0);
            }
            Err(Other::Wrong(text)) => {
                say(sys, STDERR, "FAIL", 244, &text);
                return Err(1);
            }
        };
        let Options { cpu, io, vm, hdd, .. } = options;
        if !options.quiet {
            let text = format!("dispatching hogs: {cpu} cpu, {io} io, {vm} vm, {hdd} hdd");
            say(sys, STDOUT, "info", 0, &text);
        }
        let mut run = Run { started: sys.now(), workers: Vec::new(), errors: 0, reaping: false, options };
        let kinds = [(cpu, Hog::Cpu), (io, Hog::Io), (vm, Hog::Vm), (hdd, Hog::Hdd)];
        for (_, kind) in kinds.iter().flat_map(|(n, kind)| (0..*n).map(move |i| (i, *kind))) {
            if run.options.dry {
                continue;
            }
            let worker = Worker::new(kind, &run.options, sys.now());
            let fds = [0, 1, 2].map(|fd| (fd, fd)).to_vec();
            match sys.fork(Box::new(worker), fds) {
                Ok(pid) => run.workers.push(pid),
                Err(e) => {
                    say(sys, STDERR, "FAIL", 398, &format!("fork failed: {}", e.text()));
                    run.errors += 1;
                    break;
                }
            }
        }
        Ok(run)
    }
}

impl Run {
    /// A worker has ended.
    fn account(&mut self, sys: &mut dyn Sys, pid: Pid, ended: Ended) {
        match ended {
            Ended::Code(0) if self.options.verbose => {
                say(sys, STDOUT, "dbug", 415, &format!("<-- worker {pid} returned normally"));
            }
            Ended::Code(0) | Ended::Signal(Signal::Usr1) => {}
            Ended::Code(code) => self.fail(sys, 411, &format!("<-- worker {pid} returned error {code}")),
            Ended::Signal(signal) => {
                self.fail(sys, 425, &format!("<-- worker {pid} got signal {}", signal.number()));
            }
        }
    }

    /// One worker has failed: the others are ended, too. As process 1 its group number −1 means everybody.
    fn fail(&mut self, sys: &mut dyn Sys, line: u32, text: &str) {
        say(sys, STDERR, "FAIL", line, text);
        self.errors += 1;
        if self.reaping {
            return;
        }
        self.reaping = true;
        say(sys, STDERR, "WARN", line + 2, "now reaping child worker processes");
        if let Err(e) = sys.kill(-i64::from(sys.pid()), Some(Signal::Usr1)) {
            say(sys, STDERR, "FAIL", line + 6, &format!("kill error: {}", e.text()));
        }
        for worker in &self.workers {
            let _ = sys.kill(i64::from(*worker), Some(Signal::Usr1));
        }
    }
}

/// `stress: FAIL: [1] (425) TEXT`; messages of kind `info` have no line number.
fn say(sys: &mut dyn Sys, fd: Fd, kind: &str, line: u32, text: &str) {
    let pid = sys.pid();
    let place = if line == 0 { String::new() } else { format!(" ({line})") };
    let _ = sys.write(fd, format!("stress: {kind}: [{pid}]{place} {text}\n").as_bytes());
}

fn parse(args: &[String]) -> Result<Options, Other> {
    let mut o = Options {
        cpu: 0,
        io: 0,
        vm: 0,
        hdd: 0,
        bytes: 256 << 20,
        hang: None,
        timeout: 0,
        verbose: false,
        quiet: false,
        dry: false,
    };
    if args.is_empty() {
        return Err(Other::Help);
    }
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || {
            let text =
                args.next().ok_or_else(|| Other::Wrong(format!("missing argument to option '{arg}'")))?;
            number(text)
        };
        match arg.as_str() {
            "-?" | "--help" => return Err(Other::Help),
            "--version" => return Err(Other::Version),
            "-v" | "--verbose" => o.verbose = true,
            "-q" | "--quiet" => o.quiet = true,
            "-n" | "--dry-run" => o.dry = true,
            "-t" | "--timeout" => o.timeout = value()?,
            "--backoff" | "--vm-stride" | "--hdd-bytes" => drop(value()?),
            "-c" | "--cpu" => o.cpu = workers(value()?)?,
            "-i" | "--io" => o.io = workers(value()?)?,
            "-m" | "--vm" => o.vm = workers(value()?)?,
            "-d" | "--hdd" => o.hdd = workers(value()?)?,
            "--vm-bytes" => o.bytes = value()?,
            "--vm-hang" => o.hang = Some(value()?),
            "--vm-keep" => {}
            _ => return Err(Other::Wrong(format!("unrecognized option: {arg}"))),
        }
    }
    if o.cpu + o.io + o.vm + o.hdd == 0 {
        return Err(Other::Help);
    }
    Ok(o)
}

fn workers(n: u64) -> Result<u64, Other> {
    if n > 0 && n <= MAX_WORKERS {
        Ok(n)
    } else {
        Err(Other::Wrong(format!("invalid number of workers: {n}")))
    }
}

/// A number with a suffix of size or time.
fn number(text: &str) -> Result<u64, Other> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, suffix) = text.split_at(digits);
    let wrong = |what: &str| Err(Other::Wrong(format!("{what}: {text}")));
    let factor = match suffix {
        "" | "b" | "B" | "s" | "S" => 1,
        "k" | "K" => 1 << 10,
        "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        "m" => 60,
        "h" | "H" => 3_600,
        "d" | "D" => 86_400,
        "y" | "Y" => 31_536_000,
        _ => return wrong("unrecognized suffix"),
    };
    match number.parse::<u64>() {
        Ok(n) => Ok(n.saturating_mul(factor)),
        Err(_) => wrong("missing digits in number"),
    }
}

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Hog {
    Cpu,
    Io,
    Vm,
    Hdd,
}

/// A worker.
#[derive(Clone, Debug)]
struct Worker {
    hog: Hog,
    bytes: u64,
    taken: u64,
    /// Sleeps between rounds instead of spinning.
    idle: bool,
    end: Option<Time>,
    next: Time,
}

impl Worker {
    fn new(hog: Hog, o: &Options, now: Time) -> Worker {
        let end = (o.timeout > 0).then(|| now + Span::secs(o.timeout));
        Worker { hog, bytes: o.bytes, taken: 0, idle: o.hang.is_some(), end, next: now }
    }
}

impl Program for Worker {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        let now = sys.now();
        if self.end.is_some_and(|end| now >= end) {
            return Step::Exit(0);
        }
        if self.hog != Hog::Vm {
            sys.set_cpu(match self.hog {
                Hog::Cpu => 1_000,
                _ => 200,
            });
            return Step::Wait(Wait { until: self.end, ..Wait::default() });
        }
        if self.taken < self.bytes {
            if now >= self.next {
                sys.set_cpu(1_000);
                self.taken = self.bytes.min(self.taken + STRIDE.max(self.bytes / MAX_STEPS));
                self.next = now + PACE;
                sys.set_memory(BASE.saturating_add(self.taken));
            }
            let next = self.end.map_or(self.next, |end| end.min(self.next));
            return Wait::until(next);
        }
        sys.set_cpu(if self.idle { 50 } else { 1_000 });
        Step::Wait(Wait { until: self.end, ..Wait::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_read() {
        let args = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let o = parse(&args("--vm 1 --vm-bytes 150M --vm-hang 1 --timeout 2m")).expect("right");
        assert_eq!((o.vm, o.bytes, o.hang, o.timeout), (1, 150 << 20, Some(1), 120));
        for wrong in ["--vm", "--vm x", "--nope", "--vm-bytes 1Q", "--cpu 9999999", "--cpu -1"] {
            assert!(matches!(parse(&args(wrong)), Err(Other::Wrong(_))), "{wrong}");
        }
        assert_eq!(parse(&[]), Err(Other::Help));
    }
}
