//! The contract between programs and the simulated operating system.

use crate::api::Text;
use crate::api::request::Client;
use crate::rng::Rng;
use crate::time::{Span, Time};
use std::fmt::Debug;

pub use crate::fs::{Cap, Errno, FileType, MountInfo, Stat, Sysr, logical};

/// A process number as seen inside its pid namespace (the first process of a container is 1).
pub type Pid = u32;
/// A file descriptor.
pub type Fd = u32;

/// Standard input.
pub const STDIN: Fd = 0;
/// Standard output.
pub const STDOUT: Fd = 1;
/// Standard error.
pub const STDERR: Fd = 2;

/// A program that is running: plain, cloneable data with a step function.
pub trait Program: Debug {
    /// Runs until it must wait, has used up its slice, or ends. Called again when what it waited for has
    /// come (or a signal has arrived), so every step first looks whether it can go on.
    fn step(&mut self, sys: &mut dyn Sys) -> Step;

    /// A copy of the running program (checkpoints, `fork`).
    fn boxed_clone(&self) -> Box<dyn Program>;
}

impl Clone for Box<dyn Program> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}

/// What a step came to.
#[derive(Clone, Debug)]
pub enum Step {
    /// The slice is used up; there is more to do at once. (After [`FUEL`] of these in one instant the
    /// process is put off by a few milliseconds, so that a busy loop cannot stop the clock.)
    Yield,
    /// Wait for something.
    Wait(Wait),
    /// End with an exit code (0–255).
    Exit(i32),
    /// Become another program (`exec`).
    Become(Box<dyn Program>),
}

/// How many steps a process may take within one instant of virtual time.
pub const FUEL: u32 = 2_000;

/// What a process waits for; it is woken by whichever comes first, and by any caught signal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wait {
    /// An instant.
    pub until: Option<Time>,
    /// Descriptors to become readable (data, end of file, a connection to accept, an error).
    pub readable: Vec<Fd>,
    /// Descriptors to become writable.
    pub writable: Vec<Fd>,
    /// A child to end.
    pub child: bool,
    /// Something to happen at the API server: a watch event or the end of a stream.
    pub api: bool,
}

impl Wait {
    /// Until an instant.
    pub fn until(t: Time) -> Step {
        Step::Wait(Wait { until: Some(t), ..Wait::default() })
    }

    /// For data on a descriptor.
    pub fn readable(fd: Fd) -> Step {
        Step::Wait(Wait { readable: vec![fd], ..Wait::default() })
    }

    /// For room on a descriptor.
    pub fn writable(fd: Fd) -> Step {
        Step::Wait(Wait { writable: vec![fd], ..Wait::default() })
    }

    /// For a child to end.
    pub fn child() -> Step {
        Step::Wait(Wait { child: true, ..Wait::default() })
    }

    /// For ever (until a signal).
    pub fn forever() -> Step {
        Step::Wait(Wait::default())
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with a code.
    Code(i32),
    /// By a signal.
    Signal(Signal),
}

impl Ended {
    /// The code that a shell shows in `$?`: 128 + n for signals.
    pub fn code(self) -> i32 {
        match self {
            Ended::Code(c) => c,
            Ended::Signal(s) => 128 + s.number(),
        }
    }
}

/// Signals by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Signal {
    Hup,
    Int,
    Quit,
    Abrt,
    Kill,
    Usr1,
    Segv,
    Usr2,
    Pipe,
    Alrm,
    Term,
    Chld,
    Cont,
    Stop,
    Tstp,
    Winch,
}

impl Signal {
    /// All of them with number and name.
    pub const ALL: &'static [(Signal, i32, &'static str)] = &[
        (Signal::Hup, 1, "HUP"),
        (Signal::Int, 2, "INT"),
        (Signal::Quit, 3, "QUIT"),
        (Signal::Abrt, 6, "ABRT"),
        (Signal::Kill, 9, "KILL"),
        (Signal::Usr1, 10, "USR1"),
        (Signal::Segv, 11, "SEGV"),
        (Signal::Usr2, 12, "USR2"),
        (Signal::Pipe, 13, "PIPE"),
        (Signal::Alrm, 14, "ALRM"),
        (Signal::Term, 15, "TERM"),
        (Signal::Chld, 17, "CHLD"),
        (Signal::Cont, 18, "CONT"),
        (Signal::Stop, 19, "STOP"),
        (Signal::Tstp, 20, "TSTP"),
        (Signal::Winch, 28, "WINCH"),
    ];

    /// Its number on Linux.
    pub fn number(self) -> i32 {
        Signal::ALL.iter().find(|(s, ..)| *s == self).map_or(0, |(_, n, _)| *n)
    }

    /// From `15`, `TERM` or `SIGTERM` (any case).
    pub fn parse(text: &str) -> Option<Signal> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        Signal::ALL.iter().find(|(_, n, s)| *s == name || n.to_string() == name).map(|(s, ..)| *s)
    }
}

/// What a process does with a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The default action; for process 1 of a pid namespace the default of every signal sent from inside
    /// the namespace, and of TERM, INT and the like from outside, is to ignore it.
    Default,
    /// Ignored.
    Ignore,
    /// Caught: the process is woken and finds it with [`Sys::take_signal`].
    Catch,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// For reading.
    Read,
    /// For writing from the beginning; made or emptied.
    Write,
    /// For writing at the end; made if absent.
    Append,
    /// For reading and writing; made if absent, not emptied.
    ReadWrite,
}

/// Where a new process's descriptors come from: (descriptor in the child, descriptor in the parent).
pub type FdMap = Vec<(Fd, Fd)>;

/// A program to be started from a file.
#[derive(Clone, Debug)]
pub struct Spawn {
    /// The file: a path with a slash, or a name to be looked up in `PATH` of `env`.
    pub file: Text,
    /// The arguments, with the program's name first.
    pub argv: Vec<Text>,
    /// The environment, in order.
    pub env: Vec<(Text, Text)>,
    /// The working directory.
    pub cwd: Text,
    /// The descriptors that it gets; all others are closed.
    pub fds: FdMap,
    /// Signals that the child ignores from the beginning.
    pub ignored: Vec<Signal>,
    /// Whether it becomes the leader of a new foreground/background job (its own process group).
    pub new_group: bool,
}

/// A row of the process table.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcInfo {
    /// Its number.
    pub pid: Pid,
    /// Its parent's number.
    pub ppid: Pid,
    /// User id.
    pub uid: u32,
    /// `argv` joined as `ps` shows it (programs may rename themselves: `nginx: worker process`).
    pub command: Text,
    /// `R`, `S`, `Z`, `T`.
    pub state: char,
    /// Resident memory in bytes.
    pub memory: u64,
    /// When it started.
    pub started: Time,
    /// Processor time used.
    pub cpu: Span,
}

/// Whom a name stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolved {
    /// Addresses.
    Addresses(Vec<Text>),
    /// The name server says that there is no such name.
    NoSuchName,
    /// No name server answered; resolvers give up at this instant.
    Unanswered(Time),
}

/// Everything that a program can reach: the system calls. Paths may be relative to the working directory.
#[allow(missing_docs)]
pub trait Sys {
    // Time and chance.
    fn now(&self) -> Time;
    /// Microseconds since 1970.
    fn wall_micros(&self) -> i64;
    fn rng(&mut self) -> &mut Rng;

    // Descriptors. Blocking is up to the caller: `EAGAIN` → `Step::Wait`.
    /// Up to `max` bytes; an empty result is the end of the file.
    fn read(&mut self, fd: Fd, max: usize) -> Sysr<Vec<u8>>;
    /// Returns how many bytes were taken (files take all; pipes hold 64 KiB).
    fn write(&mut self, fd: Fd, bytes: &[u8]) -> Sysr<usize>;
    fn open(&mut self, path: &str, how: Open) -> Sysr<Fd>;
    fn close(&mut self, fd: Fd);
    /// Makes `to` another name of `fd`.
    fn dup_to(&mut self, fd: Fd, to: Fd) -> Sysr<()>;
    /// A new descriptor (10 or above) for what `fd` stands for.
    fn dup(&mut self, fd: Fd) -> Sysr<Fd>;
    /// (read end, write end)
    fn pipe(&mut self) -> Sysr<(Fd, Fd)>;
    fn is_tty(&self, fd: Fd) -> bool;
    /// Columns and rows of the terminal.
    fn tty_size(&self) -> (u32, u32);
    /// Terminal modes: (echo typed characters, deliver whole lines).
    fn tty_mode(&mut self, echo: bool, lines: bool);

    // Processes.
    fn pid(&self) -> Pid;
    fn ppid(&self) -> Pid;
    fn uid(&self) -> u32;
    fn gid(&self) -> u32;
    /// Groups beside its own.
    fn groups(&self) -> Vec<u32> {
        Vec::new()
    }
    /// Becomes another user (`setuid`), as servers do for their workers.
    fn set_user(&mut self, _uid: u32, _gid: u32) -> Sysr<()> {
        Err(Errno::EPERM)
    }
    /// Whether it may do what a capability stands for.
    fn can(&self, _cap: Cap) -> bool {
        true
    }
    /// The user's name by `/etc/passwd`, or the number.
    fn user(&self) -> Text;
    fn spawn(&mut self, spawn: Spawn) -> Sysr<Pid>;
    /// Loads a file as a program that this process can become (`exec`); does not change the process yet.
    fn load(&mut self, spawn: Spawn) -> Sysr<Box<dyn Program>>;
    /// A child that runs `program` with this process's environment and working directory (a subshell).
    fn fork(&mut self, program: Box<dyn Program>, fds: FdMap) -> Sysr<Pid>;
    /// Takes a child that has ended: a certain one, or any.
    fn reap(&mut self, pid: Option<Pid>) -> Sysr<Option<(Pid, Ended)>>;
    /// Sends a signal (`None` only asks whether it could); a negative number means a process group.
    fn kill(&mut self, pid: i64, signal: Option<Signal>) -> Sysr<()>;
    fn set_disposition(&mut self, signal: Signal, disposition: Disposition);
    fn take_signal(&mut self) -> Option<Signal>;
    /// Who sent the signal that was taken last: a process of the same namespace; `None` if it came from
    /// outside (as from the kubelet).
    fn signal_sender(&self) -> Option<Pid> {
        None
    }
    /// Puts a process group into the foreground of the terminal (`None`: this process's own).
    fn set_foreground(&mut self, pid: Option<Pid>);
    fn processes(&self) -> Vec<ProcInfo>;
    /// Its own processor time, and that of the children that it has waited for.
    fn cpu_times(&self) -> (Span, Span) {
        (Span::ZERO, Span::ZERO)
    }
    /// What `ps` shows for this process from now on.
    fn set_title(&mut self, title: &str);
    fn cwd(&self) -> Text;
    /// Sets the bits that new files of this process and its children do not get.
    fn set_umask(&mut self, _mask: u32) {}
    fn umask(&self) -> u32 {
        0o022
    }
    fn chdir(&mut self, path: &str) -> Sysr<()>;
    fn hostname(&self) -> Text;

    // Resources.
    /// Declares the resident memory of this process; above the container's limit the OOM killer comes.
    fn set_memory(&mut self, bytes: u64);
    /// Declares how much of a processor it wants from now on, in millicores.
    fn set_cpu(&mut self, millicores: u64);

    // Files.
    fn stat(&self, path: &str) -> Sysr<Stat>;
    /// Like `stat`, but of a symbolic link itself.
    fn lstat(&self, path: &str) -> Sysr<Stat>;
    /// Names in order, without `.` and `..`.
    fn read_dir(&self, path: &str) -> Sysr<Vec<Text>>;
    fn read_file(&self, path: &str) -> Sysr<Vec<u8>>;
    fn write_file(&mut self, path: &str, bytes: &[u8], append: bool) -> Sysr<()>;
    fn mkdir(&mut self, path: &str, mode: u32) -> Sysr<()>;
    fn rmdir(&mut self, path: &str) -> Sysr<()>;
    fn unlink(&mut self, path: &str) -> Sysr<()>;
    fn rename(&mut self, from: &str, to: &str) -> Sysr<()>;
    fn symlink(&mut self, target: &str, path: &str) -> Sysr<()>;
    fn link(&mut self, from: &str, to: &str) -> Sysr<()>;
    fn mkfifo(&mut self, path: &str) -> Sysr<()>;
    fn chmod(&mut self, path: &str, mode: u32) -> Sysr<()>;
    fn chown(&mut self, path: &str, uid: Option<u32>, gid: Option<u32>) -> Sysr<()>;
    /// Sets the time of change (`None`: now), making the file if absent.
    fn touch(&mut self, path: &str, mtime_micros: Option<i64>) -> Sysr<()>;
    fn truncate(&mut self, path: &str, size: u64) -> Sysr<()>;
    fn mounts(&self) -> Vec<MountInfo>;
    /// Whether this process may do that with a file: bits 4 read, 2 write, 1 execute.
    fn access(&self, path: &str, bits: u32) -> bool;

    // Network. Sockets are descriptors; connecting is not blocking: reads and writes say `EAGAIN` until the
    // connection stands, and `ECONNREFUSED`, `ETIMEDOUT` … if it never does.
    fn connect(&mut self, ip: &str, port: u16) -> Sysr<Fd>;
    /// Listens on a port of all addresses.
    fn listen(&mut self, port: u16) -> Sysr<Fd>;
    /// Takes a connection: (its descriptor, the peer's address).
    fn accept(&mut self, listener: Fd) -> Sysr<(Fd, Text)>;
    /// Says that this step did the work of so many more, which counts against the process's fuel.
    fn weigh(&mut self, steps: u32);
    fn resolve(&mut self, name: &str) -> Resolved;
    /// The names that the name server knows for an address.
    fn names_of(&mut self, ip: &str) -> Vec<Text>;
    /// This machine's or pod's own address.
    fn ip(&self) -> Text;

    // What only the workstation has.
    /// The API server, for programs that speak to it (kubectl).
    fn client(&mut self) -> Option<&mut dyn Client>;
    /// Asks the person at the terminal to edit a file (`vim`, `kubectl edit`); ask again until it is answered.
    fn edit(&mut self, path: &str) -> Edit;
    /// Asks whoever keeps the machines for something: `kubelet stop` (systemctl), a fault's command line.
    fn request_service(&mut self, _request: &str) {}
    /// Asks whoever keeps the machines a question (`crictl`, `journalctl`): its words, and the answer as exit
    /// code, output and errors; ask again until it is there.
    fn ask(&mut self, _words: &[Text]) -> Option<Answer> {
        Some(Answer { code: 1, out: String::new(), err: "not simulated: no machine to ask\n".to_owned() })
    }
    /// A shell on another machine of the cluster (`ssh`): starts `argv` there (a login shell if empty).
    fn remote(&mut self, host: &str, argv: Vec<Text>, fds: FdMap) -> Sysr<Pid>;
}

/// What the keeper of the machines says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The exit code for the program that asked.
    pub code: i32,
    /// What it prints.
    pub out: String,
    /// What it prints as errors.
    pub err: String,
}

/// Where an edit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The editor is open.
    Open,
    /// The person saved and closed it.
    Saved,
    /// The person closed it without saving.
    Abandoned,
    /// There is nobody to edit (no terminal).
    Nobody,
}
