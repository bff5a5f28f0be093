//! Starting containers: streams, process 1, and runc's words where it cannot be started.

use super::containers::command_of;
use super::latency::{Call, FIRST_INSTRUCTION};
use super::types::{ContainerId, ContainerState, RuntimeEvent, Timed};
use super::{Owner, Runtime, Streams};
use crate::api::Text;
use crate::collections::Order;
use crate::os::{Errno, Fd, Handle, Program, STDERR, STDIN, STDOUT, Spawn, Start, Step, Sys, Wait, World};
use crate::rng::Rng;
use crate::time::Time;

/// The exit code of a container that could not be started.
const START_ERROR: i32 = 128;

impl Runtime {
    /// Starts a container; its first instruction runs just after `at`, so that even a process that ends at
    /// once is seen running.
    ///
    /// `Err`: the text behind `Error: ` in the event (reason RunContainerError); the container is then
    /// Exited with code 128, `StartError`.
    pub fn start_container(
        &mut self,
        world: &mut World,
        now: Time,
        id: ContainerId,
    ) -> Timed<Result<(), Text>> {
        self.clock = now;
        world.advance_to(now);
        let Some(c) = self.containers.get(&id) else {
            return Timed { at: now, result: Err(Text::lit("container not found")) };
        };
        let (node, config, image, sandbox) = (c.node, c.config.clone(), c.image.clone(), c.status.sandbox);
        let mut rng = Rng::stream(self.settings.seed, &format!("start {}", c.status.hex));
        let at = self.load.call(now, node, self.settings.shared_machine, Call::StartContainer, &mut rng);
        if let Some(old) = self.containers.get(&id).filter(|c| c.status.state != ContainerState::Created) {
            let text = format!("container is in {:?} state", old.status.state);
            return Timed { at: now, result: Err(Text::from(text)) };
        }
        let argv = command_of(&image, &config);
        let powered = self.sandboxes.get(&sandbox).is_some_and(|s| !s.stopped);
        let result = if powered {
            self.launch(world, at, id, &argv)
        } else {
            Err(Text::lit("failed to create containerd task: sandbox is stopped"))
        };
        let Some(c) = self.containers.get_mut(&id) else { return Timed { at, result } };
        match &result {
            Ok(()) => {
                c.status.state = ContainerState::Running;
                c.status.started_at = Some(at);
            }
            Err(text) => {
                c.status.state = ContainerState::Exited;
                c.status.finished_at = Some(at);
                c.status.exit_code = START_ERROR;
                c.status.reason = "StartError";
                c.status.message = text.clone();
                self.events.push(RuntimeEvent::ContainerExited { node, container: id, at });
            }
        }
        Timed { at, result }
    }

    fn launch(&mut self, world: &mut World, at: Time, id: ContainerId, argv: &[Text]) -> Result<(), Text> {
        let Some(c) = self.containers.get(&id) else { return Err(Text::lit("container not found")) };
        let config = c.config.clone();
        let (fds, streams) = streams(world, config.stdin, config.tty, (80, 24));
        let start = Start {
            cell: c.cell,
            spawn: spawn(argv, &c.env, &c.cwd),
            fds: fds.clone(),
            cred: c.cred.clone(),
            at: at + FIRST_INSTRUCTION,
        };
        let started = match &c.misfit {
            Some(why) => Err(why.to_string()),
            None => start_or_fail(world, start),
        };
        close_all(world, &fds);
        match started {
            Ok(process) => {
                self.by_process.insert(process, Owner::Container(id));
                self.watch(world, streams, Owner::Container(id));
                if let Some(c) = self.containers.get_mut(&id) {
                    c.process = Some(process);
                    c.streams = streams;
                }
                Ok(())
            }
            Err(why) => {
                self.release(world, streams);
                Err(Text::from(format!(
                    "failed to create containerd task: failed to create shim task: OCI runtime create failed: \
                     runc create failed: unable to start container process: {why}: unknown"
                )))
            }
        }
    }

    /// Has changes at the outer ends of streams reported.
    pub(super) fn watch(&mut self, world: &mut World, streams: Streams, owner: Owner) {
        for handle in [streams.out, streams.err].into_iter().flatten() {
            self.by_handle.insert(handle, owner);
            world.watch(handle);
        }
    }

    /// Closes the outer ends of streams.
    pub(super) fn release(&mut self, world: &mut World, streams: Streams) {
        let Streams { out, err, input } = streams;
        let mut all: Vec<Handle> = [out, err, input].into_iter().flatten().collect();
        all.dedup();
        all.order();
        all.dedup();
        for handle in all {
            self.by_handle.remove(&handle);
            world.close(handle);
        }
    }
}

/// Opens the streams of a process: (its descriptors, the outer ends). On a terminal both outer ends are
/// its master.
pub(super) fn streams(
    world: &mut World,
    stdin: bool,
    tty: bool,
    size: (u32, u32),
) -> (Vec<(Fd, Handle)>, Streams) {
    if tty {
        let (master, slave) = world.terminal(size);
        let fds = vec![(STDIN, slave), (STDOUT, slave), (STDERR, slave)];
        return (fds, Streams { out: Some(master), err: None, input: Some(master) });
    }
    let (out, out_inner) = world.pipe();
    let (err, err_inner) = world.pipe();
    let (input, in_inner) = if stdin {
        let (inner, outer) = world.pipe();
        (Some(outer), inner)
    } else {
        (None, world.null())
    };
    let fds = vec![(STDIN, in_inner), (STDOUT, out_inner), (STDERR, err_inner)];
    (fds, Streams { out: Some(out), err: Some(err), input })
}

/// Closes the caller's copies of what a process was given.
pub(super) fn close_all(world: &mut World, fds: &[(Fd, Handle)]) {
    let mut handles: Vec<Handle> = fds.iter().map(|(_, h)| *h).collect();
    handles.order();
    handles.dedup();
    for handle in handles {
        world.close(handle);
    }
}

/// A process to be started with an environment in a directory.
pub(super) fn spawn(argv: &[Text], env: &[(Text, Text)], cwd: &Text) -> Spawn {
    Spawn {
        file: argv.first().cloned().unwrap_or_default(),
        argv: argv.to_vec(),
        env: env.to_vec(),
        cwd: cwd.clone(),
        fds: Vec::new(),
        ignored: Vec::new(),
        new_group: true,
    }
}

/// Starts a process as runc does. `Err`: runc's words. What only the kernel finds out when the process is
/// already there (no interpreter, not an executable format) makes a process that says so and ends.
pub(super) fn start_or_fail(world: &mut World, start: Start) -> Result<crate::os::ProcessId, String> {
    let file = start.spawn.file.clone();
    match world.start(start.clone()) {
        Ok(process) => Ok(process),
        Err(errno) => {
            let exists = file.contains('/')
                && world.view(start.cell, |v| v.stat(&file, true)).is_ok_and(|s| s.mode & 0o111 != 0);
            let late = errno == Errno::ENOEXEC || errno == Errno::ENOENT && exists;
            if late {
                let why =
                    if errno == Errno::ENOEXEC { "exec format error" } else { "no such file or directory" };
                let text = Text::from(format!("exec {file}: {why}\n"));
                return world.start_program(start, Box::new(Failing { text })).map_err(|e| words(&file, e));
            }
            Err(words(&file, errno))
        }
    }
}

fn words(file: &str, errno: Errno) -> String {
    let why = match errno {
        Errno::ENOENT if !file.contains('/') => "executable file not found in $PATH",
        Errno::ENOENT | Errno::ENOTDIR => {
            let what = if errno == Errno::ENOENT { "no such file or directory" } else { "not a directory" };
            return format!("exec: \"{file}\": stat {file}: {what}");
        }
        Errno::EACCES => "permission denied",
        Errno::EAGAIN => "resource temporarily unavailable",
        other => return format!("exec: \"{file}\": {}", other.text().to_lowercase()),
    };
    format!("exec: \"{file}\": {why}")
}

/// A process that could not become its program: says why and ends with 255.
#[derive(Clone, Debug)]
struct Failing {
    text: Text,
}

impl Program for Failing {
    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        match sys.write(STDERR, self.text.as_bytes()) {
            Err(Errno::EAGAIN) => Wait::writable(STDERR),
            _ => Step::Exit(255),
        }
    }

    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
