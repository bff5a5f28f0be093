//! Memory of processes, cells and machines, and what happens when it runs out.

use super::process::Life;
use super::wake::ProcId;
use super::world::{CellId, World};
use super::{Ended, Signal};
use crate::api::Text;
use crate::fs::{FsKind, TreeId};
use crate::time::Time;

/// How many samples of memory are kept, of all cells together.
pub(super) const SAMPLES: usize = 20_000;

/// The memory of a cell from an instant on.
#[derive(Clone, Debug, PartialEq)]
pub struct MemorySample {
    /// When.
    pub at: Time,
    /// The cell's owner; for containers `UID/NAME/ATTEMPT`.
    pub owner: Text,
    /// Resident memory of its processes and files in memory, in bytes.
    pub bytes: u64,
}

impl World {
    /// Declares a process's resident memory; above the limit the OOM killer comes.
    pub(super) fn set_memory(&mut self, id: ProcId, bytes: u64) {
        self.account(id, bytes);
        let Some(cell_id) = self.st.procs.get(id).map(|p| p.cell) else { return };
        let Some(cell) = self.st.cells.get(cell_id.0) else { return };
        let machine = &self.st.machines[cell.machine.0 as usize];
        if cell.memory_limit.is_some_and(|limit| cell.memory > limit) {
            self.out_of_memory(cell_id);
        } else if machine.memory > 0 && machine.used > machine.memory {
            let machine = cell.machine;
            self.machine_out_of_memory(machine);
        }
    }

    /// Gives a process's memory back.
    pub(super) fn release_memory(&mut self, id: ProcId) {
        self.account(id, 0);
    }

    fn account(&mut self, id: ProcId, bytes: u64) {
        let Some(p) = self.st.procs.get_mut(id).filter(|p| !matches!(p.life, Life::Zombie(_))) else {
            return;
        };
        let before = std::mem::replace(&mut p.memory, bytes);
        let cell = p.cell;
        self.charge(cell, before, bytes);
    }

    /// A process has written to a file: in memory, the bytes count as its cell's.
    pub(super) fn charge_file(&mut self, writer: ProcId, tree: TreeId) {
        let in_memory = self.forest.get(tree).is_some_and(|t| t.kind == FsKind::Tmpfs);
        let Some(cell) = self.st.procs.get(writer).map(|p| p.cell).filter(|_| in_memory) else { return };
        self.st.tmpfs.entry(tree).or_insert((cell, 0));
        self.settle_files();
        let Some(c) = self.st.cells.get(cell.0) else { return };
        if c.memory_limit.is_some_and(|limit| c.memory > limit) {
            self.out_of_memory(cell);
        }
    }

    /// Brings what cells are charged for files in memory up to what these hold.
    pub(super) fn settle_files(&mut self) {
        if self.st.tmpfs.is_empty() {
            return;
        }
        let trees: Vec<TreeId> = self.st.tmpfs.keys().copied().collect();
        for tree in trees {
            let used = self.forest.get(tree).map_or(0, |t| t.used);
            let Some((cell, charged)) = self.st.tmpfs.get(&tree).copied() else { continue };
            if used != charged {
                self.st.tmpfs.insert(tree, (cell, used));
                self.charge(cell, charged, used);
            }
            if used == 0 {
                self.st.tmpfs.remove(&tree);
            }
        }
    }

    /// A cell's files in memory outlive it, and are nobody's then.
    pub fn forget_files(&mut self, cell: CellId) {
        let trees = self.st.tmpfs.iter().filter(|(_, (owner, _))| *owner == cell);
        let trees: Vec<TreeId> = trees.map(|(tree, _)| *tree).collect();
        for tree in trees {
            if let Some((_, charged)) = self.st.tmpfs.remove(&tree) {
                self.charge(cell, charged, 0);
            }
        }
    }

    /// Replaces a part of what a cell uses by another.
    fn charge(&mut self, cell: CellId, before: u64, bytes: u64) {
        let now = self.st.now;
        let Some(cell) = self.st.cells.get_mut(cell.0) else { return };
        cell.memory = (cell.memory + bytes).saturating_sub(before);
        let sample = MemorySample { at: now, owner: cell.owner.clone(), bytes: cell.memory };
        let machine = &mut self.st.machines[cell.machine.0 as usize];
        machine.used = (machine.used + bytes).saturating_sub(before);
        if bytes != before {
            self.st.memory.push(sample);
        }
    }

    /// How much memory cells used when, oldest first: a sample for each change.
    pub fn memory_samples(&self) -> impl Iterator<Item = &MemorySample> {
        self.st.memory.iter()
    }

    /// A cell is above its limit: kills everything in it, or only the biggest process (cgroup v1).
    pub fn out_of_memory(&mut self, cell: CellId) {
        let procs = self.st.in_cell(cell);
        let alive = |id: &ProcId| self.st.procs.get(*id).is_some_and(|p| !matches!(p.life, Life::Zombie(_)));
        let mut victims: Vec<ProcId> = procs.into_iter().filter(alive).collect();
        if self.st.settings.cgroup_v1 {
            let size = |id: &ProcId| self.st.procs.get(*id).map_or(0, |p| p.memory);
            victims = victims.into_iter().max_by_key(size).into_iter().collect();
        }
        if let Some(c) = self.st.cells.get_mut(cell.0) {
            c.oom_kills += victims.len() as u32;
            c.oom_memory = c.memory;
        }
        for id in victims {
            self.end(id, Ended::Signal(Signal::Kill));
        }
    }

    /// A machine is full: the cell with the highest score goes (Linux: memory share in thousandths plus
    /// `oom_score_adj`).
    fn machine_out_of_memory(&mut self, machine: super::world::MachineId) {
        let total = self.st.machines[machine.0 as usize].memory.max(1);
        let own = self.st.machines[machine.0 as usize].cell;
        let cells = self.st.cells.iter().filter(|(id, c)| c.machine == machine && CellId(*id) != own);
        let score = |c: &super::world::Cell| (c.memory * 1000 / total) as i64 + i64::from(c.oom_score_adj);
        let worst = cells.filter(|(_, c)| c.memory > 0).max_by_key(|(id, c)| (score(c), *id));
        if let Some((id, _)) = worst {
            self.out_of_memory(CellId(id));
        }
    }
}
