//! Who is to be told when something changes.

use super::world::Handle;

/// A process's number in the world.
pub(super) type ProcId = u32;

/// Those who wait for a pipe, terminal, listener or connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiters {
    /// Processes; woken once (they look again and come back if they must).
    pub processes: Vec<ProcId>,
    /// Handles of callers outside; told at every change.
    pub watchers: Vec<Handle>,
}

impl Waiters {
    /// Adds a process that waits.
    pub fn wait(&mut self, process: ProcId) {
        if !self.processes.contains(&process) {
            self.processes.push(process);
        }
    }
}
