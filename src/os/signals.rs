//! Signals: who gets them, and what they do.

use super::process::Life;
use super::wake::ProcId;
use super::world::World;
use super::{Disposition, Ended, Errno, Signal, Sysr};

/// Most signals that wait for one process.
const MAX_PENDING: usize = 32;

impl World {
    /// Delivers a signal. `outside`: it comes from outside the process's namespace (or from the kernel),
    /// so that KILL and STOP reach process 1, too.
    pub(super) fn deliver(&mut self, id: ProcId, signal: Signal, outside: bool) {
        let Some(p) = self.st.procs.get(id) else { return };
        if matches!(p.life, Life::Zombie(_)) {
            return;
        }
        let pids = p.pids;
        let init = p.pid == 1 && self.st.pids.get(p.pids).is_some_and(|ns| ns.host.is_none());
        let fixed = matches!(signal, Signal::Kill | Signal::Stop);
        let set = p.dispositions.iter().find(|(s, _)| *s == signal).map(|(_, d)| *d);
        let disposition = if fixed { Disposition::Default } else { set.unwrap_or(Disposition::Default) };
        if signal == Signal::Cont {
            self.resume(id);
        }
        match disposition {
            Disposition::Ignore => {}
            Disposition::Catch => {
                let sender = self.st.running.map(|from| self.st.pid_in(pids, from)).filter(|pid| *pid != 0);
                if let Some(p) = self.st.procs.get_mut(id).filter(|p| p.pending.len() < MAX_PENDING) {
                    p.pending.push((signal, sender));
                }
                self.st.wake(id);
            }
            // Process 1 has no default actions, save for KILL and STOP from outside its namespace.
            Disposition::Default if init && !(fixed && outside) => {}
            Disposition::Default => match signal {
                Signal::Chld | Signal::Cont | Signal::Winch | Signal::Tstp => {}
                Signal::Stop => {
                    if let Some(p) = self.st.procs.get_mut(id) {
                        p.stopped = true;
                    }
                }
                _ => self.end(id, Ended::Signal(signal)),
            },
        }
    }

    fn resume(&mut self, id: ProcId) {
        if let Some(p) = self.st.procs.get_mut(id).filter(|p| p.stopped) {
            p.stopped = false;
            self.st.wake(id);
        }
    }

    /// Delivers a signal to every process of a group.
    pub(super) fn deliver_group(&mut self, group: ProcId, signal: Signal) {
        let members: Vec<ProcId> =
            self.st.procs.iter().filter(|(_, p)| p.group == group).map(|(id, _)| id).collect();
        for id in members {
            self.deliver(id, signal, true);
        }
    }

    /// `kill` from inside: a process number, 0 for the caller's own group, or a negative group number.
    pub(super) fn kill_from(&mut self, from: ProcId, pid: i64, signal: Option<Signal>) -> Sysr<()> {
        let p = self.st.procs.get(from).ok_or(Errno::ESRCH)?;
        let (pids, group, cred) = (p.pids, p.group, p.cred.clone());
        let number = u32::try_from(pid.unsigned_abs()).map_err(|_| Errno::ESRCH)?;
        let targets: Vec<ProcId> = match pid {
            -1 => {
                let all = self.st.visible(pids).into_iter().map(|(_, id)| id);
                all.filter(|id| *id != from && self.st.procs.get(*id).is_some_and(|p| p.pid != 1)).collect()
            }
            1.. => {
                let found = self.st.find_pid(pids, number);
                // A child on another machine is known by its number in the world.
                let remote = || self.st.procs.get(number).filter(|c| c.parent == Some(from)).map(|_| number);
                found.or_else(remote).into_iter().collect()
            }
            _ => {
                let leader = if pid == 0 { Some(group) } else { self.st.find_pid(pids, number) };
                let leader = leader.unwrap_or(0);
                let member = |p: &super::process::Process| p.group == leader;
                self.st.procs.iter().filter(|(_, p)| member(p)).map(|(id, _)| id).collect()
            }
        };
        if targets.is_empty() {
            return Err(Errno::ESRCH);
        }
        let anybody = cred.can(crate::fs::Cap::KILL);
        let may = |id: &ProcId| anybody || self.st.procs.get(*id).is_some_and(|p| p.cred.uid == cred.uid);
        if !targets.iter().any(may) {
            return Err(Errno::EPERM);
        }
        let Some(signal) = signal else { return Ok(()) };
        for id in targets {
            let outside = self.st.procs.get(id).is_some_and(|p| p.pids != pids);
            self.deliver(id, signal, outside);
        }
        Ok(())
    }
}
