//! What moves the runtime on: output, exits, time-outs.

use super::types::{ContainerId, ContainerState, LogStream, RuntimeEvent, SessionEnd, SessionId};
use super::{Due, Kind, Owner, Runtime, Streams};
use crate::os::{Ended, Exit, Handle, Signal, World};
use crate::time::Time;
use std::cmp::Reverse;

/// How much of a container's output is read at a time.
const CHUNK: usize = 64 << 10;

impl Runtime {
    /// Collects output and exits of processes, fires kill timers and time-outs. The façade calls it after
    /// each `World::run`, and again at `next_due`. Returns whether anything was done.
    pub fn settle(&mut self, world: &mut World, now: Time) -> bool {
        self.clock = now;
        let mut busy = false;
        while self.due.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            let Some(Reverse((_, _, due))) = self.due.pop() else { break };
            busy = true;
            match due {
                Due::Kill(id) => {
                    if let Some(process) = self.containers.get(&id).and_then(|c| c.process) {
                        world.signal(process, Signal::Kill);
                    }
                }
                Due::TimeOut(id) => self.time_out(world, now, id),
            }
        }
        self.collect(world, now) || busy
    }

    /// Takes what the world reports.
    pub(super) fn collect(&mut self, world: &mut World, now: Time) -> bool {
        let ready = world.take_ready();
        let exits = world.take_exits();
        let busy = !ready.is_empty() || !exits.is_empty();
        for handle in ready {
            match self.by_handle.get(&handle).copied() {
                Some(Owner::Container(id)) => self.read_container(world, now, id, handle),
                Some(Owner::Session(id)) => self.pump(world, now, id),
                None => self.other_ready.push(handle),
            }
        }
        for exit in exits {
            match self.by_process.remove(&exit.process) {
                Some(Owner::Container(id)) => self.container_ended(world, id, exit),
                Some(Owner::Session(id)) => {
                    if let Some(s) = self.sessions.get_mut(&id) {
                        s.code = Some(exit.ended.code());
                        if let Kind::Exec { process, .. } = &mut s.kind {
                            *process = None;
                        }
                        self.pump(world, now, id);
                    }
                }
                None => self.other_exits.push(exit),
            }
        }
        busy
    }

    fn read_container(&mut self, world: &mut World, now: Time, id: ContainerId, handle: Handle) {
        let Some(c) = self.containers.get_mut(&id) else { return };
        let stderr = c.streams.err == Some(handle);
        let stream = if stderr { LogStream::Stderr } else { LogStream::Stdout };
        let was_long = c.log.is_long();
        while let Ok(bytes) = world.read(handle, CHUNK) {
            if bytes.is_empty() {
                break;
            }
            c.log.write(now, stream, &bytes);
            for session in &c.attached {
                if let Some(s) = self.sessions.get_mut(session) {
                    s.give(stderr, &bytes);
                }
            }
        }
        if c.log.is_long() && !was_long {
            self.events.push(RuntimeEvent::LogGrown { node: c.node, at: now });
        }
    }

    fn container_ended(&mut self, world: &mut World, id: ContainerId, exit: Exit) {
        let Some(c) = self.containers.get(&id) else { return };
        let (streams, cell_id, node) = (c.streams, c.cell, c.node);
        // In a shared process namespace the others of the container end with its first process, too.
        world.kill_cell(cell_id);
        world.forget_files(cell_id);
        for handle in [streams.out, streams.err].into_iter().flatten() {
            self.read_container(world, exit.at, id, handle);
        }
        self.release(world, streams);
        let oom = world.cell(cell_id).is_some_and(|c| c.oom_kills > 0);
        let Some(c) = self.containers.get_mut(&id) else { return };
        c.process = None;
        c.streams = Streams::default();
        c.log.end(exit.at);
        let status = &mut c.status;
        status.state = ContainerState::Exited;
        status.finished_at = Some(exit.at);
        status.exit_code = exit.ended.code();
        // containerd reports the number of a signal only as part of the exit code.
        status.signal = if let Ended::Signal(s) = exit.ended { s.number() } else { 0 };
        status.reason = match status.exit_code {
            _ if oom => "OOMKilled",
            0 => "Completed",
            _ => "Error",
        };
        let attached = std::mem::take(&mut c.attached);
        self.events.push(RuntimeEvent::ContainerExited { node, container: id, at: exit.at });
        for session in attached {
            self.finish(world, exit.at, session, SessionEnd::Exit(0));
        }
    }

    fn time_out(&mut self, world: &mut World, now: Time, id: SessionId) {
        let Some(s) = self.sessions.get_mut(&id).filter(|s| s.end.is_none()) else { return };
        if let Kind::Exec { process, .. } = &mut s.kind {
            if let Some(process) = process.take() {
                self.by_process.remove(&process);
                world.signal(process, Signal::Kill);
            }
            self.finish(world, now, id, SessionEnd::TimedOut);
        } else {
            let end = self.probe_timed_out(id);
            self.finish(world, now, id, end);
        }
    }
}
