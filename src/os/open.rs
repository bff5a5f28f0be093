//! Opening: what a place in the files of a process becomes behind a descriptor.

use super::files::Target;
use super::kernel::Kernel;
use super::procfs::ProcView;
use super::wake::ProcId;
use super::world::World;
use super::{Errno, Open, Sys, Sysr};
use crate::api::Text;
use crate::fs::{Content, FileData, Place, VNode, Vfs, View};

impl World {
    /// Lets `f` use files as a process sees them.
    pub(super) fn with_vfs<T>(&mut self, id: ProcId, f: impl FnOnce(&mut Vfs<'_>) -> Sysr<T>) -> Sysr<T> {
        let now = self.wall();
        let p = self.st.procs.get(id).ok_or(Errno::ESRCH)?;
        let (cell, cred, cwd) = (p.cell, p.cred.clone(), p.cwd.clone());
        let mounts = self.st.cells.get(cell.0).ok_or(Errno::ESRCH)?.mounts.clone();
        let virt = ProcView { st: &self.st, cell, me: Some(id) };
        let forest = &mut self.forest;
        let done = f(&mut Vfs { forest, mounts: &mounts, virt: &virt, cred: &cred, cwd: &cwd, now });
        self.settle_files();
        done
    }

    /// Lets `f` read files as a process sees them.
    pub(super) fn see<T>(&self, id: ProcId, f: impl FnOnce(&View<'_>) -> Sysr<T>) -> Sysr<T> {
        let now = self.wall();
        let p = self.st.procs.get(id).ok_or(Errno::ESRCH)?;
        let mounts = &self.st.cells.get(p.cell.0).ok_or(Errno::ESRCH)?.mounts;
        let virt = ProcView { st: &self.st, cell: p.cell, me: Some(id) };
        f(&View { forest: &self.forest, mounts, virt: &virt, cred: &p.cred, cwd: &p.cwd, now })
    }
}

impl Kernel<'_> {
    /// Opens what a place holds.
    pub(super) fn open_place(&mut self, place: &Place, how: Open) -> Sysr<u32> {
        let writes = how != Open::Read;
        match place {
            Place::Virtual { kind, path, node, .. } => {
                let target = match node {
                    VNode::Descriptor(process, fd) => {
                        let p = self.world.st.procs.get(*process).ok_or(Errno::ENOENT)?;
                        let file =
                            p.fds.iter().find(|(n, _)| n == fd).map(|(_, f)| *f).ok_or(Errno::ENOENT)?;
                        self.world.st.share(file);
                        return Ok(file);
                    }
                    VNode::Dir(_) => return Err(Errno::EISDIR),
                    VNode::Link(_) => return Err(Errno::ELOOP),
                    VNode::File(_) if writes => return self.open_generated(path, how),
                    VNode::File(_) => {
                        let cell = self.proc().cell;
                        let view = ProcView { st: &self.world.st, cell, me: Some(self.id) };
                        Target::Generated(FileData::new(view.content(*kind, path)?))
                    }
                };
                Ok(self.world.st.add_file(target))
            }
            Place::Inode { tree, ino, .. } => {
                let (tree, ino) = (*tree, *ino);
                let content =
                    self.world.forest.get(tree).and_then(|t| t.inode(ino)).map(|i| i.content.clone());
                let target = match content.ok_or(Errno::ENOENT)? {
                    Content::Device(crate::fs::Device::Tty) => match self.proc().tty {
                        Some(tty) => Target::Tty(tty),
                        None => return Err(Errno::ENOENT),
                    },
                    Content::Device(device) => Target::Device(device),
                    Content::Fifo => self.open_fifo(tree, ino, how),
                    Content::Dir(_) if writes => return Err(Errno::EISDIR),
                    _ => {
                        if how == Open::Write {
                            let now = self.world.wall();
                            crate::fs::truncate(&mut self.world.forest, tree, ino, 0, now)?;
                        }
                        if let Some(t) = self.world.forest.get_mut(tree).filter(|_| writes) {
                            t.opened(ino);
                        }
                        let read = !matches!(how, Open::Write | Open::Append);
                        Target::File { tree, ino, append: how == Open::Append, read, write: writes }
                    }
                };
                Ok(self.world.st.add_file(target))
            }
        }
    }

    /// Opens a generated file for writing: those of `/proc/sys` take a value, the others none.
    fn open_generated(&mut self, path: &str, how: Open) -> Sysr<u32> {
        let target = match path.strip_prefix(super::sysctl::DIR) {
            None => Target::Unwritable,
            Some(_) if self.uid() != 0 => return Err(Errno::EACCES),
            Some(_) if how == Open::ReadWrite => return Err(Errno::EINVAL),
            Some(path) => match self.cell() {
                Some(cell) if cell.privileged => Target::Parameter(cell.net, Text::from(path)),
                _ => return Err(Errno::EROFS),
            },
        };
        Ok(self.world.st.add_file(target))
    }

    fn open_fifo(&mut self, tree: crate::fs::TreeId, ino: crate::fs::Ino, how: Open) -> Target {
        let st = &mut self.world.st;
        let pipe = *st
            .fifos
            .entry((tree, ino))
            .or_insert_with(|| st.pipes.add(super::pipe::Pipe { named: true, ..Default::default() }));
        match how {
            Open::Read => Target::PipeRead(pipe),
            Open::Write | Open::Append => Target::PipeWrite(pipe),
            Open::ReadWrite => Target::PipeBoth(pipe),
        }
    }
}
