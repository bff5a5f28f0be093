//! Files and process groups of a cell for callers outside, who act as root.

use super::procfs::ProcView;
use super::wake::ProcId;
use super::world::{CellId, ProcessId, World};
use super::{Errno, ProcInfo, Signal, Sysr};
use crate::fs::{Content, Cred, Vfs, View};

/// The path at which root stands.
const ROOT_DIR: &str = "/";

impl World {
    fn as_root<T>(&mut self, cell: CellId, f: impl FnOnce(&mut Vfs<'_>) -> Sysr<T>) -> Sysr<T> {
        let now = self.wall();
        let mounts = self.st.cells.get(cell.0).ok_or(Errno::EINVAL)?.mounts.clone();
        let virt = ProcView { st: &self.st, cell, me: None };
        let cred = Cred::root();
        f(&mut Vfs {
            forest: &mut self.forest,
            mounts: &mounts,
            virt: &virt,
            cred: &cred,
            cwd: ROOT_DIR,
            now,
        })
    }

    /// A cell's files as root sees them.
    ///
    /// # Errors
    /// `EINVAL` if there is no such cell, and what `f` answers.
    pub fn view<T>(&self, cell: CellId, f: impl FnOnce(&View<'_>) -> Sysr<T>) -> Sysr<T> {
        let now = self.wall();
        let mounts = &self.st.cells.get(cell.0).ok_or(Errno::EINVAL)?.mounts;
        let virt = ProcView { st: &self.st, cell, me: None };
        let cred = Cred::root();
        f(&View { forest: &self.forest, mounts, virt: &virt, cred: &cred, cwd: ROOT_DIR, now })
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// As `open` and `read` have them.
    pub fn read_file(&self, cell: CellId, path: &str) -> Sysr<Vec<u8>> {
        self.view(cell, |v| {
            let place = v.place(path, true)?;
            match &v.inode(&place)?.content {
                Content::File(data) => Ok(data.read(0, crate::fs::FILE_BYTES)),
                Content::Dir(_) => Err(Errno::EISDIR),
                _ => Err(Errno::EINVAL),
            }
        })
    }

    /// Writes a whole file, making it if absent.
    ///
    /// # Errors
    /// As `open` and `write` have them.
    pub fn write_file(&mut self, cell: CellId, path: &str, bytes: &[u8]) -> Sysr<()> {
        self.as_root(cell, |v| {
            let (tree, ino) = v.make_file(path)?;
            crate::fs::truncate(v.forest, tree, ino, 0, v.now)?;
            crate::fs::write_at(v.forest, tree, ino, None, bytes, v.now).map(|_| ())
        })
    }

    /// Removes a file.
    ///
    /// # Errors
    /// As `unlink` has them.
    pub fn remove_file(&mut self, cell: CellId, path: &str) -> Sysr<()> {
        self.as_root(cell, |v| v.unlink(path))
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// As `mkdir` has them.
    pub fn make_dir(&mut self, cell: CellId, path: &str) -> Sysr<()> {
        self.as_root(cell, |v| v.mkdir(path, 0o755))
    }

    /// Signals the whole process group of a process (Ctrl-C where there is no terminal).
    pub fn signal_group(&mut self, process: ProcessId, signal: Signal) {
        let group: Option<ProcId> = self.st.procs.get(process.0).map(|p| p.group);
        if let Some(group) = group {
            self.deliver_group(group, signal);
        }
    }

    /// The processes of a cell, with the numbers that they have in it.
    pub fn processes_in(&self, cell: CellId) -> Vec<ProcInfo> {
        let Some(pids) = self.st.cells.get(cell.0).map(|c| c.pids) else { return Vec::new() };
        let inside = self.st.in_cell(cell);
        let visible = self.st.visible(pids).into_iter().filter(|(_, id)| inside.contains(id));
        visible.filter_map(|(pid, id)| self.st.info(pids, pid, id)).collect()
    }
}
