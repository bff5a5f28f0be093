//! What runs on the workstation for somebody outside: command lines with captured output, and terminals.

use super::Cluster;
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::fs::Cred;
use crate::os::{CellId, EditRequest, Errno, Fd, Handle, ProcessId, Signal, Spawn, Start};
use crate::time::Time;
use crate::trace::{Cause, What};

/// How much output of a job is kept for its reader; what comes after is dropped.
const OUTPUT_LIMIT: usize = 8 << 20;
/// How much is read from a handle at once.
const READ_SIZE: usize = 64 << 10;
/// Columns and rows of a terminal until its page says otherwise.
const TERMINAL_SIZE: (u32, u32) = (80, 24);

/// A command line that runs on the workstation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId(u32);

/// What a job writes to.
#[derive(Clone, Copy, PartialEq)]
enum Streams {
    /// A pipe for output, another for standard error.
    Apart,
    /// One pipe for both.
    Together,
    Terminal,
}

/// All jobs and terminals.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    next: u32,
    all: BTreeMap<JobId, Job>,
    terminals: BTreeMap<u32, JobId>,
    edits: BTreeMap<u32, EditRequest>,
}

#[derive(Clone, Debug)]
struct Job {
    process: Option<ProcessId>,
    /// Where keys go: the master of a terminal.
    input: Option<Handle>,
    /// Where output comes from, with whether it is standard error.
    output: Vec<(Handle, bool)>,
    out: Vec<u8>,
    err: Vec<u8>,
    status: Option<i32>,
    /// Keys that the terminal has not taken yet.
    pending: Vec<u8>,
}

impl Cluster {
    /// The machine that people work on: the first node.
    fn workstation(&self) -> CellId {
        self.world.machine(crate::os::MachineId(0)).cell
    }

    /// Runs a command line by `bash -c` on the workstation, in a directory, with its output captured
    /// or on a terminal.
    pub fn start_job(&mut self, line: &str, dir: &str, tty: bool) -> JobId {
        self.begin(line, dir, if tty { Streams::Terminal } else { Streams::Apart })
    }

    /// The same, with standard error going where the output goes.
    pub fn start_merged_job(&mut self, line: &str, dir: &str) -> JobId {
        self.begin(line, dir, Streams::Together)
    }

    fn begin(&mut self, line: &str, dir: &str, streams: Streams) -> JobId {
        self.typed(line);
        let argv = vec![Text::lit("bash"), Text::lit("-c"), Text::from(line)];
        let id = self.launch(argv, dir, streams);
        self.settle();
        id
    }

    /// Makes a command line the cause of what programs do from now on.
    fn typed(&mut self, line: &str) {
        self.api.enter(self.now, Cause::START, Text::lit("user"));
        self.command = self.api.note(What::Command { line: Text::from(line.trim_end()) });
    }

    fn launch(&mut self, argv: Vec<Text>, dir: &str, streams: Streams) -> JobId {
        let mut job = Job {
            process: None,
            input: None,
            output: Vec::new(),
            out: Vec::new(),
            err: Vec::new(),
            status: None,
            pending: Vec::new(),
        };
        let mut fds: Vec<(Fd, Handle)> = Vec::new();
        let mut ours = Vec::new();
        if streams == Streams::Terminal {
            let (master, slave) = self.world.terminal(TERMINAL_SIZE);
            job.input = Some(master);
            job.output.push((master, false));
            fds.extend([(0, slave), (1, slave), (2, slave)]);
            ours.push(slave);
        } else {
            let null = self.world.null();
            fds.push((0, null));
            ours.push(null);
            for fd in [1, 2] {
                if let (2, Streams::Together, Some(&write)) = (fd, streams, ours.last()) {
                    fds.push((fd, write));
                    continue;
                }
                let (read, write) = self.world.pipe();
                job.output.push((read, fd == 2));
                fds.push((fd, write));
                ours.push(write);
            }
        }
        let spawn = Spawn {
            file: argv[0].clone(),
            argv,
            env: environment(dir),
            cwd: Text::from(dir),
            fds: Vec::new(),
            ignored: Vec::new(),
            new_group: true,
        };
        let start = Start { cell: self.workstation(), spawn, fds, cred: Cred::default(), at: self.now };
        match self.world.start(start) {
            Ok(process) => job.process = Some(process),
            Err(errno) => {
                job.err.extend_from_slice(format!("bash: {}\n", errno.text()).as_bytes());
                job.status = Some(126);
            }
        }
        for handle in ours {
            self.world.close(handle);
        }
        self.jobs.next += 1;
        let id = JobId(self.jobs.next);
        self.jobs.all.insert(id, job);
        id
    }

    /// The exit code of a job, once it has ended and all its output is in.
    pub fn job_status(&self, id: JobId) -> Option<i32> {
        self.jobs.all.get(&id)?.status
    }

    /// What a job has written so far: (standard output, standard error).
    pub fn job_output(&self, id: JobId) -> (String, String) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.jobs.all.get(&id).map(|j| (text(&j.out), text(&j.err))).unwrap_or_default()
    }

    /// Types keys into a job's terminal.
    pub fn type_job(&mut self, id: JobId, keys: &str) {
        if let Some(job) = self.jobs.all.get_mut(&id) {
            job.pending.extend_from_slice(keys.as_bytes());
        }
        self.pump_jobs();
        self.settle();
    }

    /// Ctrl-C.
    pub fn interrupt_job(&mut self, id: JobId) {
        let Some(job) = self.jobs.all.get(&id) else { return };
        match (job.input, job.process) {
            (Some(_), _) => return self.type_job(id, "\u{3}"),
            (None, Some(process)) => self.world.signal_group(process, Signal::Int),
            _ => {}
        }
        self.settle();
    }

    /// Lets time pass until a job has ended, or until `limit`.
    pub fn run_until_job(&mut self, id: JobId, limit: Time) {
        while self.job_status(id).is_none() && self.step(limit) {}
    }

    /// Forgets a job that has ended.
    pub fn forget_job(&mut self, id: JobId) {
        self.jobs.all.remove(&id);
    }

    /// Shows a line in the newest terminal, as the console of a machine would.
    pub(super) fn tell(&mut self, text: &str) {
        let job = self.jobs.terminals.values().next_back().and_then(|j| self.jobs.all.get_mut(j));
        if let Some(job) = job {
            job.out.extend_from_slice(text.trim_end().replace('\n', "\r\n").as_bytes());
            job.out.extend_from_slice(b"\r\n");
        }
    }

    /// Moves output, input, exits and edit requests between the world and the jobs.
    pub(super) fn pump_jobs(&mut self) -> bool {
        let mut busy = self.serve_machines();
        for request in self.world.take_edit_requests() {
            busy = true;
            match self.jobs.terminals.keys().next_back().copied() {
                Some(terminal) => drop(self.jobs.edits.insert(terminal, request)),
                None => self.world.finish_edit(&request, None),
            }
        }
        for exit in self.runtime.take_other_exits() {
            busy = true;
            if let Some(job) = self.jobs.all.values_mut().find(|j| j.process == Some(exit.process)) {
                job.process = None;
                job.status = Some(exit.ended.code());
            }
        }
        for job in self.jobs.all.values_mut() {
            if let (Some(input), false) = (job.input, job.pending.is_empty())
                && let Ok(n) = self.world.write(input, &job.pending)
            {
                job.pending.drain(..n);
                busy |= n > 0;
            }
            for (handle, is_err) in &job.output {
                while let Ok(bytes) = self.world.read(*handle, READ_SIZE) {
                    if bytes.is_empty() {
                        break;
                    }
                    busy = true;
                    let sink = if *is_err { &mut job.err } else { &mut job.out };
                    let room = OUTPUT_LIMIT.saturating_sub(sink.len()).min(bytes.len());
                    sink.extend_from_slice(&bytes[..room]);
                }
            }
        }
        busy
    }

    // Terminals.

    /// Opens an interactive login shell on the workstation as terminal `id`.
    pub fn open_terminal(&mut self, id: u32) {
        if self.jobs.terminals.contains_key(&id) {
            return;
        }
        let job = self.launch(vec![Text::lit("bash"), Text::lit("--login")], "/root", Streams::Terminal);
        self.jobs.terminals.insert(id, job);
        self.settle();
    }

    /// Types keys into a terminal.
    pub fn type_terminal(&mut self, id: u32, keys: &str) {
        if let Some(job) = self.jobs.terminals.get(&id).copied() {
            if keys.ends_with('\n') && !keys.trim().is_empty() {
                self.typed(keys);
            }
            self.type_job(job, keys);
        }
    }

    /// Takes what a terminal has shown since the last call.
    pub fn take_terminal(&mut self, id: u32) -> Vec<u8> {
        let job = self.jobs.terminals.get(&id).and_then(|j| self.jobs.all.get_mut(j));
        job.map(|j| std::mem::take(&mut j.out)).unwrap_or_default()
    }

    /// Whether a terminal's shell has ended (`exit`).
    pub fn terminal_ended(&self, id: u32) -> bool {
        self.jobs.terminals.get(&id).is_some_and(|j| self.job_status(*j).is_some())
    }

    /// The file that a program in a terminal asks the person to edit: (path, text).
    pub fn edit_request(&self, id: u32) -> Option<(Text, String)> {
        self.jobs.edits.get(&id).map(|r| (r.path.clone(), String::from_utf8_lossy(&r.text).into_owned()))
    }

    /// Answers a program that asked for an edit: saved with this text, or closed without saving.
    pub fn answer_edit(&mut self, id: u32, text: Option<&str>) {
        if let Some(request) = self.jobs.edits.remove(&id) {
            self.world.finish_edit(&request, text.map(str::as_bytes));
            self.settle();
        }
    }

    // Files of the workstation.

    /// Writes a file, making its directories.
    pub fn write_file(&mut self, path: &str, bytes: &[u8]) {
        let cell = self.workstation();
        if let Some((dir, _)) = path.rsplit_once('/') {
            self.make_dir(dir);
        }
        let _ = self.world.write_file(cell, path, bytes);
    }

    /// Reads a file.
    ///
    /// # Errors
    /// As `open` and `read` do.
    pub fn read_file(&self, path: &str) -> Result<Vec<u8>, Errno> {
        self.world.read_file(self.workstation(), path)
    }

    /// Removes a file, if it is there.
    pub fn remove_file(&mut self, path: &str) {
        let cell = self.workstation();
        let _ = self.world.remove_file(cell, path);
    }

    /// Makes a directory and those above it.
    pub fn make_dir(&mut self, path: &str) {
        let cell = self.workstation();
        let mut done = String::new();
        for part in path.split('/').filter(|p| !p.is_empty()) {
            done = format!("{done}/{part}");
            let _ = self.world.make_dir(cell, &done);
        }
    }
}

fn environment(dir: &str) -> Vec<(Text, Text)> {
    [
        ("HOME", "/root"),
        ("USER", "root"),
        ("LOGNAME", "root"),
        ("SHELL", "/bin/bash"),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("LANG", "C.UTF-8"),
        ("TERM", "xterm-256color"),
        ("PS1", "[\\u@\\h \\W]# "),
        ("EDITOR", "vim"),
        ("KUBECONFIG", "/root/.kube/config"),
        ("PWD", dir),
    ]
    .into_iter()
    .map(|(k, v)| (Text::lit(k), Text::from(v)))
    .collect()
}
