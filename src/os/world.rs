//! All machines of the cluster: what the callers outside (runtime, cluster, sessions) see and do.
//!
//! A [`Cell`] is a place that processes run in: a container, a node, the workstation. It has mounts, a
//! process namespace, a network namespace and limits. Callers outside hold [`Handle`]s, open ends of pipes,
//! terminals and connections, and learn by [`World::take_ready`] and [`World::take_exits`] what has changed.

use super::files::Open;
use super::memory::{MemorySample, SAMPLES};
use super::net::{Conn, Listener, Net, NetId, NetNs};
use super::pipe::Pipe;
use super::process::{PidNs, Process};
use super::table::Table;
use super::tty::Tty;
use super::wake::ProcId;
use super::{Ended, Errno, Fd, Pid, Program, Signal, Spawn, Sysr};
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::fs::{Cred, Forest, Ino, MountTable, TreeId};
use crate::history::History;
use crate::time::{Epoch, Span, Time};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// An open file, pipe end, terminal side or connection, held by a caller outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub(super) u32);

/// A place that processes run in; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId(pub u32);

/// A machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineId(pub u32);

/// A process as callers outside name it; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub(super) ProcId);

/// Makes the running form of a program by its name in the file tree (`busybox`, `nginx` …); `None` if there
/// is no such program. A plain function, so that the world stays data.
pub type Programs = fn(&str, &Spawn) -> Option<Box<dyn Program>>;

/// A machine's figures.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its name, e.g. `worker01`.
    pub name: Text,
    /// Its address.
    pub ip: Text,
    /// Processors.
    pub cpus: u32,
    /// Memory in bytes.
    pub memory: u64,
    /// Disk in bytes.
    pub disk: u64,
    /// The cell of the machine itself.
    pub cell: CellId,
    /// Whether it is powered on.
    pub powered: bool,
    pub(super) used: u64,
    pub(super) sysctls: super::sysctl::Changed,
}

impl Machine {
    /// A machine that is powered on.
    pub fn new(name: &str, ip: &str, cpus: u32, memory: u64, disk: u64) -> Machine {
        let (name, ip) = (Text::from(name), Text::from(ip));
        let sysctls = super::sysctl::Changed::default();
        Machine { name, ip, cpus, memory, disk, cell: CellId(0), powered: true, used: 0, sysctls }
    }
}

/// A place that processes run in.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The machine that it is on.
    pub machine: MachineId,
    /// Its mounts.
    pub mounts: MountTable,
    /// Its host name.
    pub hostname: Text,
    /// Memory limit in bytes.
    pub memory_limit: Option<u64>,
    /// Processor limit in millicores.
    pub cpu_limit: Option<u64>,
    /// Processor request in millicores (its weight when the machine is short).
    pub cpu_request: u64,
    /// Decides who goes first when the machine runs out of memory.
    pub oom_score_adj: i32,
    /// Processes killed for want of memory.
    pub oom_kills: u32,
    /// How much memory was in use when the last process was killed for it, in bytes.
    pub oom_memory: u64,
    /// Whether programs in it reach the API server (the workstation).
    pub api: bool,
    /// Whether a superuser in it may do what one of the machine may (a machine, a privileged container).
    pub privileged: bool,
    /// Which user of the machine its superuser is, if it has a user namespace of its own; else 0.
    pub first_user: u32,
    /// The names of its random streams.
    pub owner: Text,
    pub(super) pids: u32,
    pub(super) net: NetId,
    pub(super) memory: u64,
    pub(super) cpu_wanted: u64,
    pub(super) cpu_mark: Time,
    pub(super) cpu_used: Span,
    pub(super) cpu_throttled: Span,
    /// How long anything in it wanted a processor, and how long less than that was given.
    pub(super) cpu_busy: Span,
    pub(super) cpu_squeezed: Span,
    /// The processor time that a process got so far which wanted one all the time.
    pub(super) cpu_share: Span,
}

/// What a new cell is to be.
#[derive(Clone, Debug)]
pub struct NewCell {
    /// The machine that it is on.
    pub machine: MachineId,
    /// Its mounts.
    pub mounts: MountTable,
    /// Its host name.
    pub hostname: Text,
    /// Whose network it uses.
    pub net: NetId,
    /// Whose processes it shares; `None`: a namespace of its own.
    pub share_pids: Option<CellId>,
    /// The names of its random streams.
    pub owner: Text,
}

/// A process to be started from outside.
#[derive(Clone, Debug)]
pub struct Start {
    /// Where.
    pub cell: CellId,
    /// What; its `fds` are filled from those below.
    pub spawn: Spawn,
    /// Its descriptors; the handles stay the caller's.
    pub fds: Vec<(Fd, Handle)>,
    /// Its user.
    pub cred: Cred,
    /// When its first instruction runs (now, if earlier).
    pub at: Time,
}

/// A process started from outside has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exit {
    /// Which.
    pub process: ProcessId,
    /// When.
    pub at: Time,
    /// How.
    pub ended: Ended,
}

/// A question of a program to the keeper of the machines.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Who asks.
    pub process: ProcessId,
    /// On which machine.
    pub machine: MachineId,
    /// The program's command line.
    pub words: Vec<Text>,
}

/// Somebody asks the person at the terminal to edit a file.
#[derive(Clone, Debug, PartialEq)]
pub struct EditRequest {
    /// Who asks.
    pub process: ProcessId,
    /// The file's absolute path.
    pub path: Text,
    /// Its content.
    pub text: Vec<u8>,
}

/// Settings of a world.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The scenario's seed.
    pub seed: u64,
    /// The wall time at the start.
    pub epoch: Epoch,
    /// Whether nodes run cgroup v1: an OOM kill then takes one process instead of the whole container.
    pub cgroup_v1: bool,
    /// `uname -r`.
    pub kernel: Text,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            seed: 0,
            epoch: Epoch(1_795_420_800_000_000),
            cgroup_v1: false,
            kernel: Text::lit("6.18.44-fc-v669"),
        }
    }
}

/// What wakes the world by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// A process's wait (with the number of the wait) is over.
    Wake(ProcId, u32),
    /// Something arrives on a connection.
    Arrive(u32),
}

/// All machines of the cluster.
#[derive(Clone, Debug)]
pub struct World {
    /// All file trees.
    pub forest: Forest,
    /// Names and services; kept up to date by the cluster.
    pub net: Net,
    pub(super) st: State,
}

/// What the generated file systems are made from: everything but the file trees.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub settings: Settings,
    pub programs: Programs,
    pub now: Time,
    pub machines: Vec<Machine>,
    pub cells: Table<Cell>,
    pub procs: Table<Process>,
    pub pids: Table<PidNs>,
    pub files: Table<Open>,
    pub pipes: Table<Pipe>,
    pub ttys: Table<Tty>,
    pub fifos: BTreeMap<(TreeId, Ino), u32>,
    pub namespaces: Table<NetNs>,
    pub by_ip: BTreeMap<Text, NetId>,
    pub listeners: Table<Listener>,
    pub conns: Table<Conn>,
    pub queue: VecDeque<ProcId>,
    pub running: Option<ProcId>,
    pub timers: BinaryHeap<Reverse<(Time, u64, Timer)>>,
    pub timer_count: u64,
    pub api_waiters: Vec<ProcId>,
    pub exits: Vec<Exit>,
    pub ready: Vec<Handle>,
    pub edits: BTreeMap<ProcId, super::Edit>,
    pub edit_requests: Vec<EditRequest>,
    pub service_requests: Vec<(MachineId, Text)>,
    pub calls: Vec<super::Call>,
    pub questions: Vec<Question>,
    /// By process: a question that is open, or its answer.
    pub answers: BTreeMap<ProcId, Option<super::Answer>>,
    pub memory: History<MemorySample>,
    /// Files in memory (tmpfs): the cell that is charged for a tree, and how much.
    pub tmpfs: BTreeMap<TreeId, (CellId, u64)>,
}

impl World {
    /// A world without machines.
    pub fn new(settings: Settings, programs: Programs) -> World {
        let st = State {
            settings,
            programs,
            now: Time::ZERO,
            machines: Vec::new(),
            cells: Table::starting_at(0),
            procs: Table::starting_at(FIRST_HOST_PID),
            pids: Table::starting_at(0),
            files: Table::starting_at(0),
            pipes: Table::starting_at(0),
            ttys: Table::starting_at(0),
            fifos: BTreeMap::new(),
            namespaces: Table::starting_at(0),
            by_ip: BTreeMap::new(),
            listeners: Table::starting_at(0),
            conns: Table::starting_at(0),
            queue: VecDeque::new(),
            running: None,
            timers: BinaryHeap::new(),
            timer_count: 0,
            api_waiters: Vec::new(),
            exits: Vec::new(),
            ready: Vec::new(),
            edits: BTreeMap::new(),
            edit_requests: Vec::new(),
            service_requests: Vec::new(),
            calls: Vec::new(),
            questions: Vec::new(),
            answers: BTreeMap::new(),
            tmpfs: BTreeMap::new(),
            memory: History::new(SAMPLES),
        };
        World { forest: Forest::default(), net: Net::default(), st }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.st.settings
    }

    /// Adds a machine with its own cell, network namespace and processes.
    pub fn add_machine(&mut self, machine: Machine, mounts: MountTable) -> MachineId {
        let id = MachineId(self.st.machines.len() as u32);
        let net = self.add_netns(id, &machine.ip);
        let hostname = machine.name.clone();
        let owner = machine.name.clone();
        self.st.machines.push(machine);
        let cell = self.add_cell(NewCell { machine: id, mounts, hostname, net, share_pids: None, owner });
        self.st.machines[id.0 as usize].cell = cell;
        if let Some(cell) = self.st.cells.get_mut(cell.0) {
            cell.privileged = true;
        }
        if let Some(ns) = self.st.cells.get(cell.0).map(|c| c.pids).and_then(|p| self.st.pids.get_mut(p)) {
            ns.host = Some(id);
        }
        id
    }

    /// A machine.
    pub fn machine(&self, id: MachineId) -> &Machine {
        &self.st.machines[id.0 as usize]
    }

    /// The machine of that name or address.
    pub fn find_machine(&self, name: &str) -> Option<MachineId> {
        let at = self.st.machines.iter().position(|m| m.name == name || m.ip == name)?;
        Some(MachineId(at as u32))
    }

    /// Adds a place for processes.
    pub fn add_cell(&mut self, new: NewCell) -> CellId {
        let pids = match new.share_pids.and_then(|c| self.st.cells.get(c.0)).map(|c| c.pids) {
            Some(pids) => pids,
            None => self.st.pids.add(PidNs::default()),
        };
        if let Some(ns) = self.st.pids.get_mut(pids) {
            ns.cells += 1;
        }
        let now = self.st.now;
        CellId(self.st.cells.add(Cell {
            machine: new.machine,
            mounts: new.mounts,
            hostname: new.hostname,
            memory_limit: None,
            cpu_limit: None,
            cpu_request: 0,
            oom_score_adj: 0,
            oom_kills: 0,
            oom_memory: 0,
            api: false,
            privileged: false,
            first_user: 0,
            owner: new.owner,
            pids,
            net: new.net,
            memory: 0,
            cpu_wanted: 0,
            cpu_mark: now,
            cpu_used: Span::ZERO,
            cpu_throttled: Span::ZERO,
            cpu_busy: Span::ZERO,
            cpu_squeezed: Span::ZERO,
            cpu_share: Span::ZERO,
        }))
    }

    /// A cell.
    pub fn cell(&self, id: CellId) -> Option<&Cell> {
        self.st.cells.get(id.0)
    }

    /// Gives a cell another processor limit.
    pub fn set_cpu_limit(&mut self, id: CellId, limit: Option<u64>) {
        self.st.settle_cpu(id);
        if let Some(cell) = self.st.cells.get_mut(id.0) {
            cell.cpu_limit = limit;
        }
    }

    /// Sets a kernel parameter, by its name with dots, as it is seen from a network; whether there is such
    /// a one.
    pub fn set_parameter(&mut self, net: NetId, name: &str, value: &str) -> bool {
        self.st.set_parameter(net, &name.replace('.', "/"), value)
    }

    /// A cell to be changed (limits, mounts).
    pub fn cell_mut(&mut self, id: CellId) -> Option<&mut Cell> {
        self.st.cells.get_mut(id.0)
    }

    /// Removes a cell; what still runs in it is killed.
    pub fn remove_cell(&mut self, id: CellId) {
        self.kill_cell(id);
        self.forget_files(id);
        let Some(cell) = self.st.cells.remove(id.0) else { return };
        if let Some(ns) = self.st.pids.get_mut(cell.pids) {
            ns.cells -= 1;
            if ns.cells == 0 {
                self.st.pids.remove(cell.pids);
            }
        }
    }

    /// Kills every process of a cell.
    pub fn kill_cell(&mut self, id: CellId) {
        let procs: Vec<ProcId> = self.st.in_cell(id);
        for p in procs {
            self.end(p, Ended::Signal(Signal::Kill));
        }
    }

    /// Starts a process from outside; its end is reported by [`World::take_exits`].
    ///
    /// # Errors
    /// Those of `exec`: `ENOENT`, `EACCES`, `ENOEXEC`, `ENOTDIR` for a missing working directory …
    pub fn start(&mut self, start: Start) -> Sysr<ProcessId> {
        self.start_process(start).map(ProcessId)
    }

    /// Starts a given program as a process from outside; the file of `start` is only its name.
    ///
    /// # Errors
    /// `EAGAIN` if there are too many processes.
    pub fn start_program(&mut self, start: Start, program: Box<dyn Program>) -> Sysr<ProcessId> {
        self.launch(start, program, None).map(ProcessId)
    }

    /// The number of a process in its own namespace; `None` if it is gone.
    pub fn pid_of(&self, process: ProcessId) -> Option<Pid> {
        self.st.procs.get(process.0).map(|p| p.pid)
    }

    /// Sends a signal from outside (KILL always works; others reach process 1 only if it handles them).
    pub fn signal(&mut self, process: ProcessId, signal: Signal) {
        self.deliver(process.0, signal, true);
    }

    /// Takes the exits of processes that were started from outside.
    pub fn take_exits(&mut self) -> Vec<Exit> {
        std::mem::take(&mut self.st.exits)
    }

    /// Takes the handles at which something has changed: data, room, the end, a connection's fate.
    pub fn take_ready(&mut self) -> Vec<Handle> {
        std::mem::take(&mut self.st.ready)
    }

    /// Wakes the processes that wait for the API server.
    pub fn wake_api_waiters(&mut self) {
        for p in std::mem::take(&mut self.st.api_waiters) {
            self.st.wake(p);
        }
    }

    /// Takes what programs asked of the keeper of the machines, and on which machine they did.
    pub fn take_service_requests(&mut self) -> Vec<(MachineId, Text)> {
        std::mem::take(&mut self.st.service_requests)
    }

    /// Takes the calls of services whose fate has become known.
    pub fn take_calls(&mut self) -> Vec<super::Call> {
        std::mem::take(&mut self.st.calls)
    }

    /// Takes the questions of programs to the keeper of the machines.
    pub fn take_questions(&mut self) -> Vec<Question> {
        std::mem::take(&mut self.st.questions)
    }

    /// Answers a question.
    pub fn answer(&mut self, question: &Question, answer: super::Answer) {
        let id = question.process.0;
        if self.st.procs.get(id).is_some() {
            self.st.answers.insert(id, Some(answer));
            self.st.wake(id);
        }
    }

    /// Takes the requests to edit files.
    pub fn take_edit_requests(&mut self) -> Vec<EditRequest> {
        std::mem::take(&mut self.st.edit_requests)
    }

    /// Answers a request to edit: the file was saved with this text, or abandoned.
    pub fn finish_edit(&mut self, request: &EditRequest, saved: Option<&[u8]>) {
        let id = request.process.0;
        if let Some(text) = saved {
            let _ = self.with_vfs(id, |vfs| {
                let (tree, ino) = vfs.make_file(&request.path)?;
                crate::fs::truncate(vfs.forest, tree, ino, 0, vfs.now)?;
                crate::fs::write_at(vfs.forest, tree, ino, None, text, vfs.now).map(|_| ())
            });
        }
        let answer = if saved.is_some() { super::Edit::Saved } else { super::Edit::Abandoned };
        if self.st.procs.get(id).is_some() {
            self.st.edits.insert(id, answer);
            self.st.wake(id);
        }
    }

    /// Memory of a cell in bytes.
    pub fn memory_of(&self, cell: CellId) -> u64 {
        self.st.cells.get(cell.0).map_or(0, |c| c.memory)
    }

    /// Processor use of a cell in millicores: what it wants, within its limit and its machine's size.
    pub fn cpu_of(&self, cell: CellId) -> u64 {
        self.st.cells.get(cell.0).map_or(0, |c| self.st.cpu_rate(c))
    }

    /// Processor time that a cell has used.
    pub fn cpu_time_of(&self, cell: CellId) -> Span {
        self.st.cells.get(cell.0).map_or(Span::ZERO, |c| self.st.cpu_time(c))
    }

    /// Memory used on a machine by all its cells, in bytes.
    pub fn memory_used(&self, machine: MachineId) -> u64 {
        self.st.machines[machine.0 as usize].used
    }

    /// Gives a machine other processors and memory.
    pub fn equip(&mut self, machine: MachineId, cpus: u32, memory: u64) {
        let machine = &mut self.st.machines[machine.0 as usize];
        (machine.cpus, machine.memory) = (cpus, memory);
    }

    /// A machine that has no power will not come back: nobody finds it any more.
    pub fn scrap(&mut self, machine: MachineId) {
        let machine = &mut self.st.machines[machine.0 as usize];
        (machine.name, machine.ip) = (Text::default(), Text::default());
    }

    /// Cuts a machine's power or gives it back: everything on it dies without a word.
    pub fn power(&mut self, machine: MachineId, on: bool) {
        self.st.machines[machine.0 as usize].powered = on;
        if on {
            return;
        }
        let cells: Vec<u32> =
            self.st.cells.iter().filter(|(_, c)| c.machine == machine).map(|(id, _)| id).collect();
        for cell in cells {
            self.kill_cell(CellId(cell));
        }
    }

    /// A new pipe: (end to read, end to write), both the caller's.
    pub fn pipe(&mut self) -> (Handle, Handle) {
        let (r, w) = self.st.add_pipe();
        (Handle(r), Handle(w))
    }

    /// A new terminal of some columns and rows: (master, slave), both the caller's.
    pub fn terminal(&mut self, size: (u32, u32)) -> (Handle, Handle) {
        let (m, s) = self.st.add_tty(size);
        (Handle(m), Handle(s))
    }

    /// An open `/dev/null`.
    pub fn null(&mut self) -> Handle {
        Handle(self.st.add_file(super::files::Target::Device(crate::fs::Device::Null)))
    }

    /// Changes the size of a terminal (processes get WINCH).
    pub fn resize(&mut self, master: Handle, size: (u32, u32)) {
        self.resize_tty(master.0, size);
    }

    /// Has changes at a handle reported by [`World::take_ready`].
    pub fn watch(&mut self, handle: Handle) {
        if let Some(waiters) = self.st.waiters_of(handle.0) {
            waiters.watchers.push(handle);
        }
        if self.st.readable(handle.0) {
            self.st.ready.push(handle);
        }
    }

    /// Reads at most `max` bytes; empty: the end. `EAGAIN`: nothing yet.
    pub fn read(&mut self, handle: Handle, max: usize) -> Sysr<Vec<u8>> {
        self.file_read(handle.0, max, None)
    }

    /// Writes; returns how many bytes were taken. `EAGAIN`: no room; `EPIPE`: nobody reads.
    pub fn write(&mut self, handle: Handle, bytes: &[u8]) -> Sysr<usize> {
        self.file_write(handle.0, bytes, None)
    }

    /// Closes a handle.
    pub fn close(&mut self, handle: Handle) {
        if let Some(waiters) = self.st.waiters_of(handle.0) {
            waiters.watchers.retain(|h| *h != handle);
        }
        self.file_close(handle.0);
    }

    /// Dials TCP from a cell's network. The connection stands when writing no longer says `EAGAIN`.
    ///
    /// # Errors
    /// Only those that are known at once; others come when the handle is read or written.
    pub fn dial(&mut self, cell: CellId, ip: &str, port: u16) -> Sysr<Handle> {
        let net = self.st.cells.get(cell.0).map(|c| c.net).ok_or(Errno::EINVAL)?;
        self.dial_in(net, ip, port)
    }

    /// Dials from a network namespace.
    pub fn dial_in(&mut self, net: NetId, ip: &str, port: u16) -> Sysr<Handle> {
        self.connect(net, ip, port).map(Handle)
    }
}

/// Process numbers of machines start here: a freshly booted node has that many behind it.
const FIRST_HOST_PID: ProcId = 1000;
