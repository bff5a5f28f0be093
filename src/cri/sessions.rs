//! Exec, attach, and what sessions have in common.

use super::start::{close_all, spawn, start_or_fail, streams};
use super::types::{ContainerId, ContainerState, ExecConfig, RuntimeEvent, SessionEnd, SessionId};
use super::{Due, Kind, Owner, Runtime, Session, Streams};
use crate::api::Text;
use crate::os::{Handle, Start, World};
use crate::rng::Rng;
use crate::time::Time;

/// How much output of a session is kept until somebody takes it.
const SESSION_BYTES: usize = 256 << 10;

/// How much is read at a time.
const CHUNK: usize = 64 << 10;

impl Runtime {
    /// Runs a command in a running container.
    ///
    /// # Errors
    /// The text from `failed to exec in container: ` on, as containerd words it.
    pub fn exec(
        &mut self,
        world: &mut World,
        now: Time,
        id: ContainerId,
        config: ExecConfig,
    ) -> Result<SessionId, Text> {
        self.clock = now;
        world.advance_to(now);
        let c = self.containers.get(&id).filter(|c| c.status.state == ContainerState::Running);
        let Some(c) = c else {
            return Err(Text::lit("failed to exec in container: container is not in running state"));
        };
        let mut env = c.env.to_vec();
        if config.tty {
            env.retain(|(n, _)| *n != "TERM");
            env.push((Text::lit("TERM"), Text::lit("xterm")));
        }
        let (cell, node, cwd, cred, hex) =
            (c.cell, c.node, c.cwd.clone(), c.cred.clone(), c.status.hex.clone());
        let session = SessionId(self.number());
        let (fds, streams) = streams(world, config.stdin, config.tty, config.size);
        let start = Start { cell, spawn: spawn(&config.argv, &env, &cwd), fds: fds.clone(), cred, at: now };
        let started = start_or_fail(world, start);
        close_all(world, &fds);
        let process = match started {
            Ok(process) => process,
            Err(why) => {
                self.release(world, streams);
                let exec = Rng::stream(self.settings.seed, &format!("exec {hex} {}", session.0)).hex(64);
                return Err(Text::from(format!(
                    "failed to exec in container: failed to start exec \"{exec}\": OCI runtime exec failed: \
                     exec failed: unable to start container process: {why}: unknown"
                )));
            }
        };
        let kind = Kind::Exec { process: Some(process), tty: config.tty, discard: config.timeout.is_some() };
        self.by_process.insert(process, Owner::Session(session));
        self.open(world, session, Session::new(node, Some(id), kind, streams));
        if let Some(timeout) = config.timeout {
            self.set_due(now + timeout, Due::TimeOut(session));
        }
        Ok(session)
    }

    /// Attaches to a running container's first process: output from now on, input if `stdin`.
    /// `None` if it does not run.
    pub fn attach(
        &mut self,
        world: &mut World,
        now: Time,
        id: ContainerId,
        stdin: bool,
    ) -> Option<SessionId> {
        self.clock = now;
        world.advance_to(now);
        let session = SessionId(self.number());
        let c = self.containers.get_mut(&id).filter(|c| c.status.state == ContainerState::Running)?;
        c.attached.push(session);
        let kind = Kind::Attach { stdin: stdin && c.config.stdin, tty: c.config.tty };
        let node = c.node;
        self.open(world, session, Session::new(node, Some(id), kind, Streams::default()));
        Some(session)
    }

    pub(super) fn open(&mut self, world: &mut World, id: SessionId, session: Session) {
        let streams = session.streams;
        self.sessions.insert(id, session);
        self.watch(world, streams, Owner::Session(id));
    }

    /// Where a session's input goes.
    fn input(&self, session: SessionId) -> Option<Handle> {
        let s = self.sessions.get(&session)?;
        match s.kind {
            Kind::Attach { stdin: true, .. } => self.containers.get(&s.container?)?.streams.input,
            Kind::Exec { .. } => s.streams.input,
            _ => None,
        }
    }

    /// Feeds standard input. Returns how many bytes were taken: a pipe holds 64 KiB.
    pub fn write_stdin(&mut self, world: &mut World, session: SessionId, bytes: &[u8]) -> usize {
        if self.sessions.get(&session).is_some_and(|s| matches!(s.kind, Kind::Forward(_))) {
            return self.forward_input(world, session, bytes);
        }
        let Some(handle) = self.input(session) else { return bytes.len() };
        match world.write(handle, bytes) {
            Ok(n) => n,
            Err(crate::os::Errno::EAGAIN) => 0,
            Err(_) => bytes.len(),
        }
    }

    /// Ends standard input (on a terminal: Ctrl-D has to be typed).
    pub fn close_stdin(&mut self, world: &mut World, session: SessionId) {
        let Some(s) = self.sessions.get_mut(&session) else { return };
        if matches!(s.kind, Kind::Forward(_)) {
            return self.forward_ended(world, session);
        }
        let handle = match s.kind {
            Kind::Exec { tty: false, .. } => s.streams.input.take(),
            Kind::Attach { stdin: true, tty: false } => {
                let c = s.container.and_then(|c| self.containers.get_mut(&c));
                c.filter(|c| c.config.stdin_once).and_then(|c| c.streams.input.take())
            }
            _ => None,
        };
        if let Some(handle) = handle {
            world.close(handle);
        }
    }

    /// Tells the size of the client's terminal.
    pub fn resize(&mut self, world: &mut World, session: SessionId, size: (u32, u32)) {
        if let Some(handle) = self.input(session) {
            world.resize(handle, size);
        }
    }

    /// Takes what has come out: (standard output, standard error).
    pub fn take_output(&mut self, world: &mut World, session: SessionId) -> (Vec<u8>, Vec<u8>) {
        let Some(s) = self.sessions.get_mut(&session) else { return Default::default() };
        let out = (std::mem::take(&mut s.out), std::mem::take(&mut s.err));
        self.pump(world, self.clock, session);
        out
    }

    /// How a session has ended, once it has and all its output was taken.
    pub fn session_end(&self, session: SessionId) -> Option<SessionEnd> {
        let s = self.sessions.get(&session)?;
        s.end.clone().filter(|_| s.out.is_empty() && s.err.is_empty())
    }

    /// Forgets a session; what it runs goes on without its streams (a terminal hangs up).
    pub fn close_session(&mut self, world: &mut World, session: SessionId) {
        let Some(s) = self.sessions.remove(&session) else { return };
        self.release(world, s.streams);
        if let Kind::Exec { process: Some(process), .. } = s.kind {
            self.by_process.remove(&process);
        }
        if let Some(c) = s.container.and_then(|c| self.containers.get_mut(&c)) {
            c.attached.retain(|x| *x != session);
        }
    }

    /// Moves a session's output and looks whether it has ended: its process is gone and nobody holds its
    /// streams any more.
    pub(super) fn pump(&mut self, world: &mut World, now: Time, id: SessionId) {
        let Some(s) = self.sessions.get_mut(&id) else { return };
        if s.end.is_some() {
            return;
        }
        let Kind::Exec { tty, discard, .. } = s.kind else {
            if matches!(s.kind, Kind::Forward(_)) {
                self.pump_forward(world, now, id);
            } else if matches!(s.kind, Kind::Http(_) | Kind::Tcp { .. } | Kind::Grpc { .. }) {
                self.pump_probe(world, now, id);
            }
            return;
        };
        let out = drain(world, s.streams.out, &mut s.out, discard);
        let err = drain(world, s.streams.err, &mut s.err, discard);
        // A terminal's output has ended with its process.
        let ended = out && err || tty && s.code.is_some();
        if let (Some(code), true) = (s.code, ended) {
            self.finish(world, now, id, SessionEnd::Exit(code));
        }
    }

    /// Ends a session.
    pub(super) fn finish(&mut self, world: &mut World, at: Time, id: SessionId, end: SessionEnd) {
        let Some(s) = self.sessions.get_mut(&id).filter(|s| s.end.is_none()) else { return };
        s.end = Some(end);
        let (node, streams) = (s.node, std::mem::take(&mut s.streams));
        self.release(world, streams);
        self.events.push(RuntimeEvent::SessionEnded { node, session: id, at });
    }
}

impl Session {
    pub(super) fn new(
        node: super::types::NodeId,
        container: Option<ContainerId>,
        kind: Kind,
        streams: Streams,
    ) -> Session {
        Session { node, container, kind, streams, out: Vec::new(), err: Vec::new(), code: None, end: None }
    }

    /// Keeps output for an attached client, as far as there is room.
    pub(super) fn give(&mut self, stderr: bool, bytes: &[u8]) {
        let sink = if stderr { &mut self.err } else { &mut self.out };
        let room = SESSION_BYTES.saturating_sub(sink.len()).min(bytes.len());
        sink.extend_from_slice(&bytes[..room]);
    }
}

/// Reads a stream into a buffer as long as there is room; what does not fit stays in the pipe (or is thrown
/// away). Returns whether the stream has ended.
pub(super) fn drain(world: &mut World, handle: Option<Handle>, sink: &mut Vec<u8>, discard: bool) -> bool {
    let Some(handle) = handle else { return true };
    while sink.len() < SESSION_BYTES || discard {
        match world.read(handle, CHUNK) {
            Ok(bytes) if bytes.is_empty() => return true,
            Ok(bytes) if sink.len() < SESSION_BYTES => sink.extend(bytes),
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}
