//! The system calls: [`Sys`] for the process that is being run.

use super::procfs::ProcView;
use super::resolver::Files;
use super::wake::ProcId;
use super::world::{Cell, World};
use super::{
    Answer, Disposition, Edit, Ended, Errno, Fd, FdMap, MountInfo, Open, Pid, ProcInfo, Program, Resolved,
    Signal, Spawn, Stat, Sys, Sysr,
};
use crate::api::Text;
use crate::api::request::Client;
use crate::fs::{Cap, Content, Place, VNode, Vfs};
use crate::rng::Rng;
use crate::time::{Span, Time};

/// The first descriptor that is given out (lower ones are the program's to choose).
const FIRST_FD: Fd = 10;

/// Most descriptors of a process (`ulimit -n`).
const MAX_FDS: usize = 1024;

/// Most bytes that `read_file` gives; bigger files are read piece by piece.
const WHOLE_FILE: u64 = 32 << 20;

/// Bytes that count as one step when they are read or written: with [`super::FUEL`] and the time for which a
/// process is put off about 3 GB/s, what one core copies.
const MOVED_A_STEP: usize = 8 << 10;

/// What starting a child weighs: half a millisecond, as on a real machine.
const STEPS_A_CHILD: u32 = 200;

/// The world as the running process reaches it.
pub(super) struct Kernel<'a> {
    pub world: &'a mut World,
    pub id: ProcId,
    pub client: &'a mut dyn Client,
}

impl Kernel<'_> {
    pub(super) fn proc(&self) -> &super::process::Process {
        self.world.st.procs.get(self.id).expect("the running process is in the table")
    }

    pub(super) fn proc_mut(&mut self) -> &mut super::process::Process {
        self.world.st.procs.get_mut(self.id).expect("the running process is in the table")
    }

    pub(super) fn cell(&self) -> Option<&Cell> {
        self.world.st.cells.get(self.proc().cell.0)
    }

    fn file(&self, fd: Fd) -> Sysr<u32> {
        self.proc().fds.iter().find(|(n, _)| *n == fd).map(|(_, f)| *f).ok_or(Errno::EBADF)
    }

    /// Gives a file a descriptor of its own.
    fn install(&mut self, file: u32) -> Sysr<Fd> {
        let fds = &self.proc().fds;
        if fds.len() >= MAX_FDS || self.proc().program_gone() {
            self.world.file_close(file);
            return Err(Errno::EMFILE);
        }
        let fd = (FIRST_FD..).find(|n| fds.iter().all(|(fd, _)| fd != n)).unwrap_or(FIRST_FD);
        self.proc_mut().fds.push((fd, file));
        Ok(fd)
    }

    fn change<T>(&mut self, f: impl FnOnce(&mut Vfs<'_>) -> Sysr<T>) -> Sysr<T> {
        self.world.with_vfs(self.id, f)
    }

    /// Charges the running process for bytes that went through the kernel.
    fn moved(&mut self, bytes: usize) {
        let p = self.proc_mut();
        p.moved += bytes;
        p.steps = p.steps.saturating_add(u32::try_from(p.moved / MOVED_A_STEP).unwrap_or(u32::MAX));
        p.moved %= MOVED_A_STEP;
    }

    fn tty(&self) -> Option<&super::tty::Tty> {
        self.world.st.ttys.get(self.proc().tty?)
    }

    /// A whole small text file of the process's machine, e.g. `/etc/hosts`.
    fn text_file(&self, path: &str) -> String {
        self.read_file(path).map_or(String::new(), |b| String::from_utf8_lossy(&b).into_owned())
    }

    fn hears_names(&self) -> bool {
        self.cell().is_none_or(|c| self.world.hears_names(c.net))
    }
}

impl Sys for Kernel<'_> {
    fn now(&self) -> Time {
        self.world.st.now
    }

    fn wall_micros(&self) -> i64 {
        self.world.wall()
    }

    fn rng(&mut self) -> &mut Rng {
        &mut self.proc_mut().rng
    }

    fn read(&mut self, fd: Fd, max: usize) -> Sysr<Vec<u8>> {
        let file = self.file(fd)?;
        let bytes = self.world.file_read(file, max, Some(self.id))?;
        self.moved(bytes.len());
        Ok(bytes)
    }

    fn write(&mut self, fd: Fd, bytes: &[u8]) -> Sysr<usize> {
        let file = self.file(fd)?;
        let n = self.world.file_write(file, bytes, Some(self.id))?;
        self.moved(n);
        Ok(n)
    }

    fn open(&mut self, path: &str, how: Open) -> Sysr<Fd> {
        let found = self.world.see(self.id, |v| v.find(path, true))?;
        let writes = how != Open::Read;
        let place = match found.place {
            Some(place) if !writes => {
                if matches!(place, Place::Inode { .. }) && !self.access(path, 4) {
                    return Err(Errno::EACCES);
                }
                place
            }
            Some(place @ Place::Virtual { .. }) => place,
            None if !writes => return Err(Errno::ENOENT),
            _ => {
                let (tree, ino) = self.change(|v| v.make_file(path))?;
                Place::Inode { mount: 0, tree, ino }
            }
        };
        let file = self.open_place(&place, how)?;
        self.install(file)
    }

    fn close(&mut self, fd: Fd) {
        let fds = &mut self.proc_mut().fds;
        if let Some(at) = fds.iter().position(|(n, _)| *n == fd) {
            let (_, file) = fds.remove(at);
            self.world.file_close(file);
        }
    }

    fn dup_to(&mut self, fd: Fd, to: Fd) -> Sysr<()> {
        let file = self.file(fd)?;
        if fd == to {
            return Ok(());
        }
        self.world.st.share(file);
        self.close(to);
        self.proc_mut().fds.push((to, file));
        Ok(())
    }

    fn dup(&mut self, fd: Fd) -> Sysr<Fd> {
        let file = self.file(fd)?;
        self.world.st.share(file);
        self.install(file)
    }

    fn pipe(&mut self) -> Sysr<(Fd, Fd)> {
        let (r, w) = self.world.st.add_pipe();
        Ok((self.install(r)?, self.install(w)?))
    }

    fn is_tty(&self, fd: Fd) -> bool {
        self.file(fd).is_ok_and(|f| self.world.st.tty_of(f).is_some())
    }

    fn tty_size(&self) -> (u32, u32) {
        self.tty().map_or((80, 24), |t| t.size)
    }

    fn tty_mode(&mut self, echo: bool, lines: bool) {
        if let Some(tty) = self.proc().tty.and_then(|t| self.world.st.ttys.get_mut(t)) {
            tty.echo = echo;
            tty.lines = lines;
        }
    }

    fn pid(&self) -> Pid {
        self.proc().pid
    }

    fn ppid(&self) -> Pid {
        let p = self.proc();
        p.parent.map_or(0, |q| self.world.st.pid_in(p.pids, q))
    }

    fn uid(&self) -> u32 {
        self.proc().cred.uid
    }

    fn gid(&self) -> u32 {
        self.proc().cred.gid
    }

    fn set_user(&mut self, uid: u32, gid: u32) -> Sysr<()> {
        let old = self.proc().cred.clone();
        if !old.can(Cap::SETGID) || !old.can(Cap::SETUID) {
            return Err(Errno::EPERM);
        }
        let new = crate::fs::Cred { uid, gid, groups: Vec::new(), ..(*old).clone() };
        self.proc_mut().cred = std::rc::Rc::new(new);
        Ok(())
    }

    fn groups(&self) -> Vec<u32> {
        self.proc().cred.groups.clone()
    }

    fn can(&self, cap: Cap) -> bool {
        self.proc().cred.can(cap)
    }

    fn set_umask(&mut self, mask: u32) {
        std::rc::Rc::make_mut(&mut self.proc_mut().cred).umask = mask;
    }

    fn umask(&self) -> u32 {
        self.proc().cred.umask
    }

    fn user(&self) -> Text {
        let uid = self.uid();
        let passwd = self.text_file("/etc/passwd");
        let mut rows = passwd.lines().map(|l| l.split(':').collect::<Vec<_>>());
        let row = rows.find(|r| r.get(2).and_then(|n| n.parse().ok()) == Some(uid));
        row.and_then(|r| r.first().map(|n| Text::from(*n))).unwrap_or_else(|| Text::from(uid.to_string()))
    }

    fn spawn(&mut self, spawn: Spawn) -> Sysr<Pid> {
        self.weigh(STEPS_A_CHILD);
        self.world.spawn_child(self.id, spawn)
    }

    fn load(&mut self, spawn: Spawn) -> Sysr<Box<dyn Program>> {
        let (cell, cred) = (self.proc().cell, self.proc().cred.clone());
        let loaded = self.world.load_for(cell, &cred, &spawn)?;
        self.proc_mut().loaded = Some((loaded.argv.into(), spawn.env.into()));
        Ok(loaded.program)
    }

    fn fork(&mut self, program: Box<dyn Program>, fds: FdMap) -> Sysr<Pid> {
        self.weigh(STEPS_A_CHILD);
        self.world.fork_child(self.id, program, &fds)
    }

    fn reap(&mut self, pid: Option<Pid>) -> Sysr<Option<(Pid, Ended)>> {
        self.world.reap_child(self.id, pid)
    }

    fn kill(&mut self, pid: i64, signal: Option<Signal>) -> Sysr<()> {
        self.world.kill_from(self.id, pid, signal)
    }

    fn set_disposition(&mut self, signal: Signal, disposition: Disposition) {
        let p = self.proc_mut();
        p.dispositions.retain(|(s, _)| *s != signal);
        if disposition != Disposition::Default {
            p.dispositions.push((signal, disposition));
        }
    }

    fn take_signal(&mut self) -> Option<Signal> {
        let p = self.proc_mut();
        if p.pending.is_empty() {
            return None;
        }
        let (signal, sender) = p.pending.remove(0);
        p.sender = sender;
        Some(signal)
    }

    fn signal_sender(&self) -> Option<Pid> {
        self.proc().sender
    }

    fn set_foreground(&mut self, pid: Option<Pid>) {
        let p = self.proc();
        let leader = match pid {
            None => Some(p.group),
            Some(pid) => self.world.st.find_pid(p.pids, pid),
        };
        let tty = p.tty;
        let (Some(leader), Some(tty)) = (leader, tty) else { return };
        let group = self.world.st.procs.get(leader).map_or(leader, |l| l.group);
        if let Some(tty) = self.world.st.ttys.get_mut(tty) {
            tty.foreground = group;
        }
    }

    fn processes(&self) -> Vec<ProcInfo> {
        let pids = self.proc().pids;
        let visible = self.world.st.visible(pids);
        visible.into_iter().filter_map(|(pid, id)| self.world.st.info(pids, pid, id)).collect()
    }

    fn cpu_times(&self) -> (Span, Span) {
        self.world.st.cpu_times(self.id)
    }

    fn set_title(&mut self, title: &str) {
        self.proc_mut().title = Some(Text::from(title));
    }

    fn cwd(&self) -> Text {
        self.proc().cwd.clone()
    }

    fn chdir(&mut self, path: &str) -> Sysr<()> {
        let found = self.world.see(self.id, |v| {
            let found = v.find(path, true)?;
            let stat = v.stat_place(found.place.as_ref().ok_or(Errno::ENOENT)?)?;
            if stat.kind != crate::fs::FileType::Dir {
                return Err(Errno::ENOTDIR);
            }
            Ok(found.path)
        })?;
        if !self.access(path, 1) {
            return Err(Errno::EACCES);
        }
        self.proc_mut().cwd = Text::from(found);
        Ok(())
    }

    fn hostname(&self) -> Text {
        self.cell().map_or(Text::default(), |c| c.hostname.clone())
    }

    fn set_memory(&mut self, bytes: u64) {
        self.world.set_memory(self.id, bytes);
    }

    fn set_cpu(&mut self, millicores: u64) {
        self.world.st.set_cpu(self.id, millicores);
    }

    fn stat(&self, path: &str) -> Sysr<Stat> {
        self.world.see(self.id, |v| v.stat(path, true))
    }

    fn lstat(&self, path: &str) -> Sysr<Stat> {
        self.world.see(self.id, |v| v.stat(path, false))
    }

    fn read_dir(&self, path: &str) -> Sysr<Vec<Text>> {
        self.world.see(self.id, |v| v.read_dir(path))
    }

    fn read_file(&self, path: &str) -> Sysr<Vec<u8>> {
        self.world.see(self.id, |v| {
            let place = v.place(path, true)?;
            match &place {
                Place::Virtual { kind, path, node, .. } => match node {
                    VNode::Dir(_) => Err(Errno::EISDIR),
                    VNode::File(_) => {
                        let cell = self.proc().cell;
                        ProcView { st: &self.world.st, cell, me: Some(self.id) }.content(*kind, path)
                    }
                    _ => Err(Errno::EINVAL),
                },
                Place::Inode { .. } => {
                    let inode = v.inode(&place)?;
                    if !v.cred.may(inode, 4) {
                        return Err(Errno::EACCES);
                    }
                    match &inode.content {
                        Content::File(data) if data.len() <= WHOLE_FILE => {
                            Ok(data.read(0, data.len() as usize))
                        }
                        Content::File(_) => Err(Errno::EFBIG),
                        Content::Program(_, size) => {
                            Ok(super::files::program_bytes((*size).min(WHOLE_FILE)).read(0, *size as usize))
                        }
                        Content::Dir(_) => Err(Errno::EISDIR),
                        Content::Device(crate::fs::Device::Null) => Ok(Vec::new()),
                        _ => Err(Errno::EINVAL),
                    }
                }
            }
        })
    }

    fn write_file(&mut self, path: &str, bytes: &[u8], append: bool) -> Sysr<()> {
        let fd = self.open(path, if append { Open::Append } else { Open::Write })?;
        let written = self.write(fd, bytes);
        self.close(fd);
        written.map(|_| ())
    }

    fn mkdir(&mut self, path: &str, mode: u32) -> Sysr<()> {
        self.change(|v| v.mkdir(path, mode))
    }

    fn rmdir(&mut self, path: &str) -> Sysr<()> {
        self.change(|v| v.rmdir(path))
    }

    fn unlink(&mut self, path: &str) -> Sysr<()> {
        self.change(|v| v.unlink(path))
    }

    fn rename(&mut self, from: &str, to: &str) -> Sysr<()> {
        self.change(|v| v.rename(from, to))
    }

    fn symlink(&mut self, target: &str, path: &str) -> Sysr<()> {
        self.change(|v| v.symlink(target, path))
    }

    fn link(&mut self, from: &str, to: &str) -> Sysr<()> {
        self.change(|v| v.link(from, to))
    }

    fn mkfifo(&mut self, path: &str) -> Sysr<()> {
        self.change(|v| v.mkfifo(path))
    }

    fn chmod(&mut self, path: &str, mode: u32) -> Sysr<()> {
        self.change(|v| v.chmod(path, mode))
    }

    fn chown(&mut self, path: &str, uid: Option<u32>, gid: Option<u32>) -> Sysr<()> {
        self.change(|v| v.chown(path, uid, gid))
    }

    fn touch(&mut self, path: &str, mtime_micros: Option<i64>) -> Sysr<()> {
        self.change(|v| {
            let mtime = mtime_micros.unwrap_or(v.now);
            v.touch(path, mtime)
        })
    }

    fn truncate(&mut self, path: &str, size: u64) -> Sysr<()> {
        self.change(|v| v.truncate(path, size))
    }

    fn mounts(&self) -> Vec<MountInfo> {
        let Some(cell) = self.cell() else { return Vec::new() };
        let listed = self.world.see(self.id, |v| {
            let info = |m: &crate::fs::Mount| MountInfo {
                source: m.device.clone(),
                path: if m.path.is_empty() { Text::lit("/") } else { m.path.clone() },
                fs_type: m.fs_type.clone(),
                read_only: m.read_only,
                size: m.size,
                used: v.used(&m.source),
            };
            Ok(cell.mounts.0.iter().map(info).collect())
        });
        listed.unwrap_or_default()
    }

    fn access(&self, path: &str, bits: u32) -> bool {
        self.world.see(self.id, |v| Ok(v.access(path, bits))).unwrap_or(false)
    }

    fn connect(&mut self, ip: &str, port: u16) -> Sysr<Fd> {
        let net = self.cell().map(|c| c.net).ok_or(Errno::EINVAL)?;
        let file = self.world.connect(net, ip, port)?;
        self.install(file)
    }

    fn listen(&mut self, port: u16) -> Sysr<Fd> {
        let cell = self.cell().ok_or(Errno::EINVAL)?;
        let net = cell.net;
        if port < self.world.st.first_free_port(cell) && !self.can(Cap::NET_BIND_SERVICE) {
            return Err(Errno::EACCES);
        }
        let file = self.world.listen(net, port)?;
        self.install(file)
    }

    fn accept(&mut self, listener: Fd) -> Sysr<(Fd, Text)> {
        let file = self.file(listener)?;
        let (conn, peer) = self.world.accept(file)?;
        Ok((self.install(conn)?, peer))
    }

    fn weigh(&mut self, steps: u32) {
        if let Some(p) = self.world.st.procs.get_mut(self.id) {
            p.steps = p.steps.saturating_add(steps);
        }
    }

    fn resolve(&mut self, name: &str) -> Resolved {
        let files = Files { hosts: self.text_file("/etc/hosts"), conf: self.text_file("/etc/resolv.conf") };
        self.world.net.dns.resolve(&files, name, self.hears_names(), self.now())
    }

    fn names_of(&mut self, ip: &str) -> Vec<Text> {
        if self.hears_names() { self.world.net.dns.names_of(ip) } else { Vec::new() }
    }

    fn ip(&self) -> Text {
        self.cell().map_or(Text::default(), |c| self.world.ip_of(c.net))
    }

    fn client(&mut self) -> Option<&mut dyn Client> {
        if self.cell().is_some_and(|c| c.api) { Some(self.client) } else { None }
    }

    fn request_service(&mut self, request: &str) {
        if let Some(machine) = self.cell().map(|c| c.machine) {
            self.world.st.service_requests.push((machine, Text::from(request)));
        }
    }

    fn ask(&mut self, words: &[Text]) -> Option<Answer> {
        self.put_question(words)
    }

    fn edit(&mut self, path: &str) -> Edit {
        self.open_editor(path)
    }

    fn remote(&mut self, host: &str, argv: Vec<Text>, fds: FdMap) -> Sysr<Pid> {
        self.log_in(host, argv, fds)
    }
}
