//! Open files: what descriptors and handles stand for.

use super::net::NetId;
use super::pipe::{PIPE_BYTES, Pipe, take};
use super::tty::{OUTPUT_BYTES, Tty};
use super::wake::{ProcId, Waiters};
use super::world::{Handle, State, World};
use super::{Errno, Signal, Sysr};
use crate::api::Text;
use crate::fs::{Content, Device, FileData, Ino, TreeId};

/// Most bytes that one read gives.
pub(super) const READ_BYTES: usize = 1 << 20;

/// Random bytes whose making counts as one step.
const RANDOM_A_STEP: usize = 256;

/// What an open file leads to.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A regular file: tree, inode, whether writes go to its end.
    File { tree: TreeId, ino: Ino, append: bool, read: bool, write: bool },
    /// A generated file's content as it was when it was opened.
    Generated(FileData),
    /// A generated file that cannot be written although it opened.
    Unwritable,
    /// A kernel parameter that is written, as seen from a network.
    Parameter(NetId, Text),
    /// A device.
    Device(Device),
    /// The end of a pipe that is read.
    PipeRead(u32),
    /// The end of a pipe that is written.
    PipeWrite(u32),
    /// A FIFO opened for both.
    PipeBoth(u32),
    /// The processes' side of a terminal.
    Tty(u32),
    /// The person's side of a terminal.
    Master(u32),
    /// A listening socket.
    Listener(u32),
    /// A side (0: who dialled, 1: who accepted) of a connection.
    Conn(u32, u8),
}

/// An open file, shared by descriptors.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub refs: u32,
    pub offset: u64,
    pub target: Target,
}

impl State {
    /// Adds an open file with one reference, and counts it where it leads.
    pub fn add_file(&mut self, target: Target) -> u32 {
        match target {
            Target::PipeRead(p) => self.with_pipe(p, |p| p.readers += 1),
            Target::PipeWrite(p) => self.with_pipe(p, |p| {
                p.writers += 1;
                p.written = true;
            }),
            Target::PipeBoth(p) => self.with_pipe(p, |p| {
                p.readers += 1;
                p.writers += 1;
                p.written = true;
            }),
            Target::Tty(t) => self.with_tty(t, |t| t.slaves += 1),
            Target::Master(t) => self.with_tty(t, |t| t.masters += 1),
            _ => {}
        }
        self.files.add(Open { refs: 1, offset: 0, target })
    }

    fn with_pipe(&mut self, id: u32, change: impl FnOnce(&mut Pipe)) {
        if let Some(p) = self.pipes.get_mut(id) {
            change(p);
        }
    }

    fn with_tty(&mut self, id: u32, change: impl FnOnce(&mut Tty)) {
        if let Some(t) = self.ttys.get_mut(id) {
            change(t);
        }
    }

    /// Counts one more reference.
    pub fn share(&mut self, file: u32) {
        if let Some(f) = self.files.get_mut(file) {
            f.refs += 1;
        }
    }

    pub fn add_pipe(&mut self) -> (u32, u32) {
        let pipe = self.pipes.add(Pipe::default());
        (self.add_file(Target::PipeRead(pipe)), self.add_file(Target::PipeWrite(pipe)))
    }

    pub fn add_tty(&mut self, size: (u32, u32)) -> (u32, u32) {
        let used: Vec<u32> = self.ttys.iter().map(|(_, t)| t.number).collect();
        let number = (0..).find(|n| !used.contains(n)).unwrap_or(0);
        let tty = self.ttys.add(Tty::new(size, number));
        (self.add_file(Target::Master(tty)), self.add_file(Target::Tty(tty)))
    }

    /// Those who wait for what an open file leads to.
    pub fn waiters_of(&mut self, file: u32) -> Option<&mut Waiters> {
        match self.files.get(file)?.target {
            Target::PipeRead(p) | Target::PipeWrite(p) | Target::PipeBoth(p) => {
                self.pipes.get_mut(p).map(|p| &mut p.waiters)
            }
            Target::Tty(t) | Target::Master(t) => self.ttys.get_mut(t).map(|t| &mut t.waiters),
            Target::Listener(l) => self.net_listener(l).map(|l| &mut l.waiters),
            Target::Conn(c, side) => self.net_conn(c).map(|c| &mut c.waiters[usize::from(side)]),
            _ => None,
        }
    }

    /// Whether a read would not have to wait.
    pub fn readable(&self, file: u32) -> bool {
        let Some(f) = self.files.get(file) else { return true };
        match f.target {
            Target::PipeRead(p) | Target::PipeBoth(p) => self.pipes.get(p).is_none_or(Pipe::readable),
            Target::Tty(t) => self.ttys.get(t).is_none_or(Tty::readable),
            Target::Master(t) => self.ttys.get(t).is_none_or(|t| !t.output.is_empty() || t.slaves == 0),
            Target::Listener(l) => self.listener_readable(l),
            Target::Conn(c, side) => self.conn_readable(c, side),
            _ => true,
        }
    }

    /// Whether a write would not have to wait.
    pub fn writable(&self, file: u32) -> bool {
        let Some(f) = self.files.get(file) else { return true };
        match f.target {
            Target::PipeWrite(p) | Target::PipeBoth(p) => self.pipes.get(p).is_none_or(Pipe::writable),
            Target::Tty(t) => self.ttys.get(t).is_none_or(|t| t.output.len() < OUTPUT_BYTES),
            Target::Conn(c, side) => self.conn_writable(c, side),
            _ => true,
        }
    }

    /// Tells everybody who waits for what this open file leads to.
    pub fn notify(&mut self, file: u32) {
        let Some(waiters) = self.waiters_of(file) else { return };
        let processes = std::mem::take(&mut waiters.processes);
        let watchers = waiters.watchers.clone();
        self.tell(processes, &watchers);
    }

    pub fn tell(&mut self, processes: Vec<ProcId>, watchers: &[Handle]) {
        for p in processes {
            self.wake(p);
        }
        for h in watchers {
            if self.ready.last() != Some(h) && !self.ready.contains(h) {
                self.ready.push(*h);
            }
        }
    }
}

impl World {
    /// Reads from an open file; `asker` is the process that reads, if any.
    pub(super) fn file_read(&mut self, file: u32, max: usize, asker: Option<ProcId>) -> Sysr<Vec<u8>> {
        let max = max.min(READ_BYTES);
        let open = self.st.files.get(file).ok_or(Errno::EBADF)?;
        let offset = open.offset;
        match open.target.clone() {
            Target::File { tree, ino, read, .. } => {
                if !read {
                    return Err(Errno::EBADF);
                }
                let content = self.forest.get(tree).and_then(|t| t.inode(ino)).map(|i| &i.content);
                let bytes = match content {
                    Some(Content::File(data)) => data.read(offset, max),
                    Some(Content::Program(_, size)) => program_bytes(*size).read(offset, max),
                    Some(Content::Dir(_)) => return Err(Errno::EISDIR),
                    _ => Vec::new(),
                };
                self.advance(file, bytes.len());
                Ok(bytes)
            }
            Target::Generated(data) => {
                let bytes = data.read(offset, max);
                self.advance(file, bytes.len());
                Ok(bytes)
            }
            Target::Unwritable | Target::Parameter(..) | Target::PipeWrite(_) => Err(Errno::EBADF),
            Target::Device(device) => Ok(self.device_read(device, max, asker)),
            Target::PipeRead(p) | Target::PipeBoth(p) => {
                let pipe = self.st.pipes.get_mut(p).ok_or(Errno::EBADF)?;
                if pipe.buffer.is_empty() {
                    return if pipe.readable() { Ok(Vec::new()) } else { Err(Errno::EAGAIN) };
                }
                let full = !pipe.writable();
                let bytes = take(&mut pipe.buffer, max);
                if full && pipe.writable() {
                    self.st.notify(file);
                }
                Ok(bytes)
            }
            Target::Tty(t) => self.st.ttys.get_mut(t).ok_or(Errno::EBADF)?.read(max).ok_or(Errno::EAGAIN),
            Target::Master(t) => {
                let tty = self.st.ttys.get_mut(t).ok_or(Errno::EBADF)?;
                if tty.output.is_empty() {
                    return if tty.slaves == 0 { Ok(Vec::new()) } else { Err(Errno::EAGAIN) };
                }
                let bytes = take(&mut tty.output, max);
                self.st.notify(file);
                Ok(bytes)
            }
            Target::Listener(_) => Err(Errno::ENOTCONN),
            Target::Conn(c, side) => self.conn_read(c, side, max),
        }
    }

    fn advance(&mut self, file: u32, n: usize) {
        if let Some(open) = self.st.files.get_mut(file) {
            open.offset += n as u64;
        }
    }

    fn device_read(&mut self, device: Device, max: usize, asker: Option<ProcId>) -> Vec<u8> {
        match device {
            Device::Null | Device::Tty => Vec::new(),
            Device::Zero | Device::Full => vec![0; max],
            Device::Random => {
                let Some(p) = asker.and_then(|p| self.st.procs.get_mut(p)) else { return Vec::new() };
                let words = max.div_ceil(8);
                let mut bytes: Vec<u8> = (0..words).flat_map(|_| p.rng.next_u64().to_le_bytes()).collect();
                bytes.truncate(max);
                p.steps = p.steps.saturating_add(u32::try_from(max / RANDOM_A_STEP).unwrap_or(u32::MAX));
                bytes
            }
        }
    }

    /// Writes to an open file; a broken pipe also signals the process that writes.
    pub(super) fn file_write(&mut self, file: u32, bytes: &[u8], asker: Option<ProcId>) -> Sysr<usize> {
        let open = self.st.files.get(file).ok_or(Errno::EBADF)?;
        let offset = open.offset;
        match open.target.clone() {
            Target::File { tree, ino, append, write, .. } => {
                if !write {
                    return Err(Errno::EBADF);
                }
                let now = self.wall();
                let at = (!append).then_some(offset);
                let end = crate::fs::write_at(&mut self.forest, tree, ino, at, bytes, now)?;
                if let Some(open) = self.st.files.get_mut(file) {
                    open.offset = end;
                }
                if let Some(writer) = asker {
                    self.charge_file(writer, tree);
                }
                Ok(bytes.len())
            }
            Target::Unwritable => Err(Errno::EIO),
            Target::Parameter(net, path) => {
                let value = String::from_utf8_lossy(bytes);
                if self.st.set_parameter(net, &path, &value) { Ok(bytes.len()) } else { Err(Errno::EINVAL) }
            }
            Target::Generated(_) | Target::PipeRead(_) | Target::Listener(_) => Err(Errno::EBADF),
            Target::Device(Device::Full) => Err(Errno::ENOSPC),
            Target::Device(_) => Ok(bytes.len()),
            Target::PipeWrite(p) | Target::PipeBoth(p) => {
                let pipe = self.st.pipes.get_mut(p).ok_or(Errno::EBADF)?;
                if pipe.readers == 0 && !pipe.named {
                    if let Some(p) = asker {
                        self.deliver(p, Signal::Pipe, true);
                    }
                    return Err(Errno::EPIPE);
                }
                let n = bytes.len().min(PIPE_BYTES.saturating_sub(pipe.buffer.len()));
                if n == 0 && !bytes.is_empty() {
                    return Err(Errno::EAGAIN);
                }
                pipe.buffer.extend(&bytes[..n]);
                self.st.notify(file);
                Ok(n)
            }
            Target::Tty(t) => {
                let tty = self.st.ttys.get_mut(t).ok_or(Errno::EBADF)?;
                if tty.masters == 0 {
                    return Err(Errno::EIO);
                }
                if tty.output.len() >= OUTPUT_BYTES {
                    return Err(Errno::EAGAIN);
                }
                tty.write(bytes);
                self.st.notify(file);
                Ok(bytes.len())
            }
            Target::Master(t) => {
                let tty = self.st.ttys.get_mut(t).ok_or(Errno::EBADF)?;
                let signals = tty.typed(bytes);
                let group = tty.foreground;
                for signal in signals {
                    self.deliver_group(group, signal);
                }
                self.st.notify(file);
                Ok(bytes.len())
            }
            Target::Conn(c, side) => self.conn_write(c, side, bytes, asker),
        }
    }

    /// Drops one reference to an open file.
    pub(super) fn file_close(&mut self, file: u32) {
        let Some(open) = self.st.files.get_mut(file) else { return };
        open.refs -= 1;
        if open.refs > 0 {
            return;
        }
        let target = open.target.clone();
        match target {
            Target::File { tree, ino, .. } => {
                let freed = self.forest.get_mut(tree).map_or(0, |t| t.closed(ino));
                self.forest.freed(freed);
            }
            Target::PipeRead(p) | Target::PipeWrite(p) | Target::PipeBoth(p) => {
                let reads = !matches!(target, Target::PipeWrite(_));
                let writes = !matches!(target, Target::PipeRead(_));
                if let Some(pipe) = self.st.pipes.get_mut(p) {
                    pipe.readers -= u32::from(reads);
                    pipe.writers -= u32::from(writes);
                    let gone = pipe.readers == 0 && pipe.writers == 0 && !pipe.named;
                    self.st.notify(file);
                    if gone {
                        self.st.pipes.remove(p);
                    }
                }
            }
            Target::Tty(t) | Target::Master(t) => {
                self.close_tty(file, t, matches!(target, Target::Master(_)))
            }
            Target::Listener(l) => self.close_listener(l),
            Target::Conn(c, side) => self.close_conn(c, side),
            Target::Generated(_) | Target::Unwritable | Target::Parameter(..) | Target::Device(_) => {}
        }
        self.st.files.remove(file);
    }

    fn close_tty(&mut self, file: u32, tty: u32, master: bool) {
        let Some(t) = self.st.ttys.get_mut(tty) else { return };
        if master {
            t.masters -= 1;
        } else {
            t.slaves -= 1;
        }
        let (masters, slaves, group) = (t.masters, t.slaves, t.foreground);
        self.st.notify(file);
        if master && masters == 0 {
            // The line hangs up.
            self.deliver_group(group, Signal::Hup);
        }
        if masters == 0 && slaves == 0 {
            self.st.ttys.remove(tty);
        }
    }

    pub(super) fn resize_tty(&mut self, file: u32, size: (u32, u32)) {
        let Some(Target::Master(t)) = self.st.files.get(file).map(|f| f.target.clone()) else { return };
        let Some(tty) = self.st.ttys.get_mut(t) else { return };
        tty.size = size;
        let group = tty.foreground;
        self.deliver_group(group, Signal::Winch);
    }
}

/// The bytes of an executable: its magic number, then zeros.
pub(super) fn program_bytes(size: u64) -> FileData {
    let mut data = FileData::lit("\x7fELF\x02\x01\x01");
    data.truncate(size);
    data
}
