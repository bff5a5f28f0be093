//! Processes: their making, their ends, their families.

use super::files::Target;
use super::wake::ProcId;
use super::world::{Cell, CellId, Exit, MachineId, Start, State, World};
use super::{Disposition, Ended, Errno, Fd, FdMap, Pid, ProcInfo, Program, Signal, Spawn, Sysr, Wait};
use crate::api::Text;
use crate::fs::Cred;
use crate::rng::Rng;
use crate::time::{Span, Time};
use std::rc::Rc;

/// Most processes in one namespace before `fork` fails (containerd's default is the node's pid limit).
const MAX_PROCESSES: usize = 2000;

/// Memory charged to a process that declares nothing (what a busybox applet has beyond shared pages).
const DEFAULT_MEMORY: u64 = 200 << 10;

/// The memory under which even the first process of a container cannot be set up by runc.
pub const MIN_MEMORY: u64 = 1 << 20;

/// Numbers that the threads of `runc init` use up in the namespace: the second process of a container is
/// mostly number 7 (recordings 05, 06, 07).
const RUNC_THREADS: Pid = 5;

/// A namespace of process numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct PidNs {
    pub next: Pid,
    pub members: Vec<(Pid, ProcId)>,
    pub cells: u32,
    /// The machine whose own namespace it is: it sees all processes of the machine.
    pub host: Option<MachineId>,
}

impl PidNs {
    pub fn find(&self, pid: Pid) -> Option<ProcId> {
        self.members.iter().find(|(p, _)| *p == pid).map(|(_, id)| *id)
    }
}

/// What a process is doing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Life {
    /// Runs, or is about to.
    Ready,
    /// Waits; the number tells this wait's timer from those of earlier ones.
    Waiting(Box<Wait>),
    /// Has ended and was not reaped yet.
    Zombie(Ended),
}

/// A process.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub cell: CellId,
    pub pids: u32,
    pub pid: Pid,
    pub parent: Option<ProcId>,
    pub children: Vec<ProcId>,
    pub group: ProcId,
    pub cred: Rc<Cred>,
    pub cwd: Text,
    pub argv: Rc<[Text]>,
    pub env: Rc<[(Text, Text)]>,
    pub title: Option<Text>,
    pub fds: Vec<(Fd, u32)>,
    pub tty: Option<u32>,
    pub program: Option<Box<dyn Program>>,
    pub life: Life,
    pub stopped: bool,
    pub queued: bool,
    pub wait_number: u32,
    /// Caught signals to be taken, with their senders.
    pub pending: Vec<(Signal, Option<Pid>)>,
    /// Who sent the signal that was taken last.
    pub sender: Option<Pid>,
    pub dispositions: Vec<(Signal, Disposition)>,
    pub steps: u32,
    pub steps_at: Time,
    /// Bytes read and written that do not make up a whole step yet.
    pub moved: usize,
    /// How often it was put off for having used up its fuel, less what it has rested since.
    pub put_off: u32,
    /// Since when it waits of its own accord.
    pub rests_from: Option<Time>,
    pub memory: u64,
    pub cpu: u64,
    /// The cell's `cpu_share` when `cpu` was last set.
    pub cpu_mark: Span,
    pub cpu_used: Span,
    /// What its children used that it has waited for, and theirs.
    pub children_cpu: Span,
    pub started: Time,
    pub rng: Rng,
    /// Started from outside: its exit is reported, nobody in the world reaps it.
    pub reported: bool,
    /// What a `load` prepared for the next `Step::Become`.
    pub loaded: Option<(Rc<[Text]>, Rc<[(Text, Text)]>)>,
}

impl Process {
    /// Whether it has ended (perhaps in the middle of its own step).
    pub fn program_gone(&self) -> bool {
        matches!(self.life, Life::Zombie(_))
    }
}

/// What a new process takes from where.
struct Birth {
    cell: CellId,
    parent: Option<ProcId>,
    group: Option<ProcId>,
    cred: Rc<Cred>,
    cwd: Text,
    argv: Rc<[Text]>,
    env: Rc<[(Text, Text)]>,
    fds: Vec<(Fd, u32)>,
    tty: Option<u32>,
    ignored: Vec<Signal>,
    at: Time,
    reported: bool,
}

impl State {
    /// The living and dead processes of a cell.
    pub fn in_cell(&self, cell: CellId) -> Vec<ProcId> {
        let Some(ns) = self.cells.get(cell.0).and_then(|c| self.pids.get(c.pids)) else { return Vec::new() };
        let members = ns.members.iter().map(|(_, id)| *id);
        members.filter(|id| self.procs.get(*id).is_some_and(|p| p.cell == cell)).collect()
    }

    /// The processes that a namespace shows, with their numbers in it.
    pub fn visible(&self, pids: u32) -> Vec<(Pid, ProcId)> {
        let Some(ns) = self.pids.get(pids) else { return Vec::new() };
        let Some(machine) = ns.host else { return ns.members.clone() };
        let on_it = |p: &Process| self.cells.get(p.cell.0).is_some_and(|c| c.machine == machine);
        self.procs.iter().filter(|(_, p)| on_it(p)).map(|(id, _)| (id, id)).collect()
    }

    /// The process that a number means in a namespace.
    pub fn find_pid(&self, pids: u32, pid: Pid) -> Option<ProcId> {
        let ns = self.pids.get(pids)?;
        match ns.host {
            None => ns.find(pid),
            Some(machine) => {
                let p = self.procs.get(pid)?;
                (self.cells.get(p.cell.0)?.machine == machine).then_some(pid)
            }
        }
    }

    /// The number of a process as a namespace shows it; 0 if it is outside.
    pub fn pid_in(&self, pids: u32, id: ProcId) -> Pid {
        match self.pids.get(pids) {
            Some(ns) if ns.host.is_some() => id,
            _ => self.procs.get(id).filter(|p| p.pids == pids).map_or(0, |p| p.pid),
        }
    }

    /// A row of the process table.
    pub fn info(&self, pids: u32, pid: Pid, id: ProcId) -> Option<ProcInfo> {
        let p = self.procs.get(id)?;
        let zombie = matches!(p.life, Life::Zombie(_));
        let state = match &p.life {
            Life::Zombie(_) => 'Z',
            _ if p.stopped => 'T',
            Life::Ready => 'R',
            Life::Waiting(_) if p.put_off > 0 && p.rests_from.is_none() => 'R',
            Life::Waiting(_) => 'S',
        };
        let command = match &p.title {
            _ if zombie => Text::from(format!("[{}]", comm(&p.argv))),
            Some(title) => title.clone(),
            None => Text::from(p.argv.join(" ")),
        };
        let ppid = p.parent.map_or(0, |q| self.pid_in(pids, q));
        let (memory, started) = (p.memory, p.started);
        let (cpu, _) = self.cpu_times(id);
        Some(ProcInfo { pid, ppid, uid: p.cred.uid, command, state, memory, started, cpu })
    }

    /// The processor time of a process, and of the children that it has waited for.
    pub fn cpu_times(&self, id: ProcId) -> (Span, Span) {
        let Some(p) = self.procs.get(id) else { return (Span::ZERO, Span::ZERO) };
        let share = self.cells.get(p.cell.0).map_or(Span::ZERO, |c| self.cpu_share(c));
        (p.cpu_used + cpu_since(p, share), p.children_cpu)
    }

    /// Processor time that a cell has used.
    pub fn cpu_time(&self, cell: &Cell) -> Span {
        cell.cpu_used + self.now.since(cell.cpu_mark).mul_f64(self.cpu_rate(cell) as f64 / 1000.0)
    }

    /// What a cell gets of the processors, in millicores.
    pub fn cpu_rate(&self, cell: &Cell) -> u64 {
        let all = u64::from(self.machines[cell.machine.0 as usize].cpus) * 1000;
        cell.cpu_wanted.min(cell.cpu_limit.unwrap_or(all)).min(all)
    }

    /// Brings the processor figures of a process and its cell up to now, then sets what it wants.
    pub fn set_cpu(&mut self, id: ProcId, wanted: u64) {
        let Some(cell) = self.procs.get(id).map(|p| p.cell) else { return };
        self.settle_cpu(cell);
        let Some(share) = self.cells.get(cell.0).map(|c| c.cpu_share) else { return };
        let Some(p) = self.procs.get_mut(id) else { return };
        p.cpu_used = p.cpu_used + cpu_since(p, share);
        p.cpu_mark = share;
        let before = std::mem::replace(&mut p.cpu, wanted);
        if let Some(cell) = self.cells.get_mut(cell.0) {
            cell.cpu_wanted = (cell.cpu_wanted + wanted).saturating_sub(before);
        }
    }

    /// Brings the processor figures of a cell up to now.
    pub fn settle_cpu(&mut self, id: super::CellId) {
        let Some(cell) = self.cells.get(id.0) else { return };
        let (rate, share, now) = (self.cpu_rate(cell), self.cpu_share(cell), self.now);
        let Some(cell) = self.cells.get_mut(id.0) else { return };
        let past = now.since(cell.cpu_mark);
        let missing = cell.cpu_wanted.saturating_sub(rate);
        cell.cpu_share = share;
        cell.cpu_mark = now;
        cell.cpu_used = cell.cpu_used + past.mul_f64(rate as f64 / 1000.0);
        cell.cpu_throttled = cell.cpu_throttled + past.mul_f64(missing as f64 / 1000.0);
        if cell.cpu_wanted > 0 {
            cell.cpu_busy = cell.cpu_busy + past;
        }
        if missing > 0 {
            cell.cpu_squeezed = cell.cpu_squeezed + past;
        }
    }

    /// The processor time up to now of a process in a cell that wanted one all the time: what is given is
    /// shared by what is wanted.
    fn cpu_share(&self, cell: &Cell) -> Span {
        let past = self.now.since(cell.cpu_mark);
        let granted = self.cpu_rate(cell) as f64 / cell.cpu_wanted.max(1) as f64;
        cell.cpu_share + if cell.cpu_wanted == 0 { Span::ZERO } else { past.mul_f64(granted) }
    }
}

/// The short name that the kernel keeps of a command.
pub(super) fn comm(argv: &[Text]) -> &str {
    let name = argv.first().map_or("", |a| a.as_str());
    let base = name.rsplit('/').next().unwrap_or(name);
    base.char_indices().nth(15).map_or(base, |(at, _)| &base[..at])
}

/// What a process has used since its mark, when the share of its cell has come to `share`.
fn cpu_since(p: &Process, share: Span) -> Span {
    if p.cpu == 0 {
        Span::ZERO
    } else {
        Span(share.0.saturating_sub(p.cpu_mark.0)).mul_f64(p.cpu as f64 / 1000.0)
    }
}

impl World {
    pub(super) fn start_process(&mut self, mut start: Start) -> Sysr<ProcId> {
        // A program learns from its `Spawn` which descriptors are open; a shell hands on only those.
        start.spawn.fds = start.fds.iter().map(|(fd, _)| (*fd, *fd)).collect();
        let loaded = self.load_for(start.cell, &start.cred, &start.spawn)?;
        self.launch(start, loaded.program, Some(loaded.argv))
    }

    /// Starts a program from outside; `argv` replaces that of `start` (scripts get their interpreter's).
    pub(super) fn launch(
        &mut self,
        start: Start,
        program: Box<dyn Program>,
        argv: Option<Vec<Text>>,
    ) -> Sysr<ProcId> {
        let tty = start.fds.iter().find_map(|(_, h)| self.st.tty_of(h.0));
        for (_, handle) in &start.fds {
            self.st.share(handle.0);
        }
        let birth = Birth {
            cell: start.cell,
            parent: None,
            group: None,
            cred: Rc::new(start.cred),
            cwd: start.spawn.cwd,
            argv: argv.unwrap_or(start.spawn.argv).into(),
            env: start.spawn.env.into(),
            fds: start.fds.iter().map(|(fd, h)| (*fd, h.0)).collect(),
            tty,
            ignored: start.spawn.ignored,
            at: start.at,
            reported: true,
        };
        let id = self.born(birth, program)?;
        if let Some(tty) = tty.and_then(|t| self.st.ttys.get_mut(t)) {
            tty.foreground = id;
        }
        if let Some(ns) = self.st.procs.get(id).map(|p| p.pids).and_then(|p| self.st.pids.get_mut(p)) {
            ns.next += RUNC_THREADS;
        }
        Ok(id)
    }

    pub(super) fn spawn_child(&mut self, parent: ProcId, spawn: Spawn) -> Sysr<Pid> {
        let p = self.st.procs.get(parent).ok_or(Errno::ESRCH)?;
        let (cell, cred, tty, group) = (p.cell, p.cred.clone(), p.tty, p.group);
        let loaded = self.load_for(cell, &cred, &spawn)?;
        let fds = self.st.inherit(parent, &spawn.fds)?;
        let birth = Birth {
            cell,
            parent: Some(parent),
            group: (!spawn.new_group).then_some(group),
            cred,
            cwd: spawn.cwd.clone(),
            argv: loaded.argv.into(),
            env: spawn.env.into(),
            fds,
            tty,
            ignored: spawn.ignored,
            at: self.st.now,
            reported: false,
        };
        let id = self.born(birth, loaded.program)?;
        Ok(self.pid_for(parent, id))
    }

    pub(super) fn fork_child(&mut self, parent: ProcId, program: Box<dyn Program>, fds: &FdMap) -> Sysr<Pid> {
        let fds = self.st.inherit(parent, fds)?;
        let p = self.st.procs.get(parent).ok_or(Errno::ESRCH)?;
        let ignored = p.dispositions.iter().filter(|(_, d)| *d == Disposition::Ignore);
        let birth = Birth {
            cell: p.cell,
            parent: Some(parent),
            group: Some(p.group),
            cred: p.cred.clone(),
            cwd: p.cwd.clone(),
            argv: p.argv.clone(),
            env: p.env.clone(),
            ignored: ignored.map(|(s, _)| *s).collect(),
            fds,
            tty: p.tty,
            at: self.st.now,
            reported: false,
        };
        let title = p.title.clone();
        let id = self.born(birth, program)?;
        if let Some(p) = self.st.procs.get_mut(id) {
            p.title = title;
        }
        Ok(self.pid_for(parent, id))
    }

    /// Starts a process in another machine's cell on behalf of a local one (`ssh`).
    pub(super) fn remote_child(&mut self, parent: ProcId, host: &str, spawn: Spawn) -> Sysr<Pid> {
        let machine = self.find_machine(host).ok_or(Errno::ENOENT)?;
        let machine = self.machine(machine);
        if !machine.powered {
            return Err(Errno::EHOSTUNREACH);
        }
        let cell = machine.cell;
        let loaded = self.load_for(cell, &Cred::default(), &spawn)?;
        let fds = self.st.inherit(parent, &spawn.fds)?;
        let (tty, group) = self.st.procs.get(parent).map(|p| (p.tty, p.group)).ok_or(Errno::ESRCH)?;
        let birth = Birth {
            cell,
            parent: Some(parent),
            group: (!spawn.new_group).then_some(group),
            cred: Rc::default(),
            cwd: spawn.cwd.clone(),
            argv: loaded.argv.into(),
            env: spawn.env.into(),
            fds,
            tty,
            ignored: spawn.ignored,
            at: self.st.now,
            reported: false,
        };
        let id = self.born(birth, loaded.program)?;
        Ok(self.pid_for(parent, id))
    }

    /// The number by which a process knows another: its own namespace's, or the world's across machines.
    fn pid_for(&self, who: ProcId, id: ProcId) -> Pid {
        let pids = self.st.procs.get(who).map_or(0, |p| p.pids);
        match self.st.pid_in(pids, id) {
            0 => id,
            pid => pid,
        }
    }

    fn born(&mut self, birth: Birth, program: Box<dyn Program>) -> Sysr<ProcId> {
        let cell = self.st.cells.get(birth.cell.0).ok_or(Errno::EINVAL)?;
        let (pids, owner) = (cell.pids, cell.owner.clone());
        let ns = self.st.pids.get_mut(pids).ok_or(Errno::EINVAL)?;
        if ns.members.len() >= MAX_PROCESSES {
            for (_, file) in birth.fds {
                self.file_close(file);
            }
            return Err(Errno::EAGAIN);
        }
        ns.next += 1;
        let pid = ns.next;
        let now = self.st.now;
        let seed = self.st.settings.seed;
        let dispositions = birth.ignored.into_iter().map(|s| (s, Disposition::Ignore)).collect();
        let id = self.st.procs.add(Process {
            cell: birth.cell,
            pids,
            pid,
            parent: birth.parent,
            children: Vec::new(),
            group: 0,
            cred: birth.cred,
            cwd: birth.cwd,
            argv: birth.argv,
            env: birth.env,
            title: None,
            fds: birth.fds,
            tty: birth.tty,
            program: Some(program),
            life: Life::Ready,
            stopped: false,
            queued: false,
            wait_number: 0,
            pending: Vec::new(),
            sender: None,
            dispositions,
            steps: 0,
            steps_at: now,
            moved: 0,
            put_off: 0,
            rests_from: None,
            memory: 0,
            cpu: 0,
            cpu_mark: Span::ZERO,
            cpu_used: Span::ZERO,
            children_cpu: Span::ZERO,
            started: birth.at.max(now),
            rng: Rng::stream(seed, &format!("{owner}/{pid}")),
            reported: birth.reported,
            loaded: None,
        });
        if let Some(ns) = self.st.pids.get_mut(pids) {
            ns.members.push((if ns.host.is_some() { id } else { pid }, id));
        }
        if let Some(p) = self.st.procs.get_mut(id) {
            p.group = birth.group.unwrap_or(id);
            if self.st.pids.get(pids).is_some_and(|ns| ns.host.is_some()) {
                p.pid = id;
            }
        }
        if let Some(parent) = birth.parent.and_then(|p| self.st.procs.get_mut(p)) {
            parent.children.push(id);
        }
        if birth.at > now {
            self.st.wait(id, Wait { until: Some(birth.at), ..Wait::default() });
        } else {
            self.st.wake(id);
        }
        self.set_memory(id, DEFAULT_MEMORY);
        Ok(id)
    }

    /// Ends a process: closes its files, hands its children on, tells its parent or the caller outside.
    pub(super) fn end(&mut self, id: ProcId, ended: Ended) {
        let Some(p) = self.st.procs.get(id) else { return };
        if matches!(p.life, Life::Zombie(_)) {
            return;
        }
        self.st.set_cpu(id, 0);
        self.release_memory(id);
        let now = self.st.now;
        let Some(p) = self.st.procs.get_mut(id) else { return };
        p.life = Life::Zombie(ended);
        p.program = None;
        let fds = std::mem::take(&mut p.fds);
        let children = std::mem::take(&mut p.children);
        let (parent, pids, pid, reported) = (p.parent, p.pids, p.pid, p.reported);
        for (_, file) in fds {
            self.file_close(file);
        }
        self.st.edits.remove(&id);
        self.st.answers.remove(&id);
        if reported {
            self.st.exits.push(Exit { process: super::world::ProcessId(id), at: now, ended });
        }
        let is_init = pid == 1 && self.st.pids.get(pids).is_some_and(|ns| ns.host.is_none());
        let heir = if is_init { None } else { self.st.pids.get(pids).and_then(|ns| ns.find(1)) };
        for child in children {
            self.adopt(child, heir);
        }
        if is_init {
            let rest: Vec<ProcId> =
                self.st.pids.get(pids).map_or(Vec::new(), |ns| ns.members.iter().map(|(_, q)| *q).collect());
            for q in rest.into_iter().filter(|q| *q != id) {
                self.end(q, Ended::Signal(Signal::Kill));
            }
        }
        match parent.filter(|q| self.st.procs.get(*q).is_some()) {
            Some(parent) => self.child_ended(parent),
            None => self.st.forget(id),
        }
    }

    fn adopt(&mut self, child: ProcId, heir: Option<ProcId>) {
        let Some(c) = self.st.procs.get_mut(child) else { return };
        c.parent = heir;
        let dead = matches!(c.life, Life::Zombie(_));
        match heir {
            None if dead => self.st.forget(child),
            None => {}
            Some(heir) => {
                if let Some(h) = self.st.procs.get_mut(heir) {
                    h.children.push(child);
                }
                if dead {
                    self.child_ended(heir);
                }
            }
        }
    }

    fn child_ended(&mut self, parent: ProcId) {
        self.deliver(parent, Signal::Chld, true);
        let waits = |p: &Process| matches!(&p.life, Life::Waiting(w) if w.child);
        if self.st.procs.get(parent).is_some_and(waits) {
            self.st.wake(parent);
        }
    }

    /// Takes an ended child.
    pub(super) fn reap_child(&mut self, parent: ProcId, pid: Option<Pid>) -> Sysr<Option<(Pid, Ended)>> {
        let children = self.st.procs.get(parent).map(|p| p.children.clone()).unwrap_or_default();
        let mut any = false;
        for child in children {
            let number = self.pid_for(parent, child);
            if pid.is_some_and(|wanted| wanted != number) {
                continue;
            }
            any = true;
            if let Some(Life::Zombie(ended)) = self.st.procs.get(child).map(|c| c.life.clone()) {
                let used = self.st.cpu_times(child);
                if let Some(p) = self.st.procs.get_mut(parent) {
                    p.children.retain(|c| *c != child);
                    p.children_cpu = p.children_cpu + used.0 + used.1;
                }
                self.st.forget(child);
                return Ok(Some((number, ended)));
            }
        }
        if any { Ok(None) } else { Err(Errno::ECHILD) }
    }
}

impl State {
    /// Removes an ended process from the tables; the one that is being run goes after its step.
    pub fn forget(&mut self, id: ProcId) {
        if self.running == Some(id) {
            return;
        }
        let Some(p) = self.procs.remove(id) else { return };
        if let Some(ns) = self.pids.get_mut(p.pids) {
            ns.members.retain(|(_, q)| *q != id);
        }
    }

    /// The open files that a child gets by a map from its parent's descriptors.
    fn inherit(&mut self, parent: ProcId, map: &FdMap) -> Sysr<Vec<(Fd, u32)>> {
        let p = self.procs.get(parent).filter(|p| !p.program_gone()).ok_or(Errno::ESRCH)?;
        let mut fds: Vec<(Fd, u32)> = Vec::with_capacity(map.len());
        for (to, from) in map {
            if let Some((_, file)) = p.fds.iter().find(|(fd, _)| fd == from) {
                fds.push((*to, *file));
            }
        }
        for (_, file) in &fds {
            self.share(*file);
        }
        Ok(fds)
    }

    /// The terminal behind an open file.
    pub fn tty_of(&self, file: u32) -> Option<u32> {
        match self.files.get(file)?.target {
            Target::Tty(tty) => Some(tty),
            _ => None,
        }
    }
}
