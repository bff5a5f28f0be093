//! Kernel parameters, the files below `/proc/sys`.
//!
//! Those of a network or IPC namespace belong to the pod (or the machine, for who uses its network), the
//! others to the machine. A superuser may change them on a machine and in a privileged container; in other
//! containers `/proc/sys` is mounted read-only. Parameters are kept and shown; only
//! `ip_unprivileged_port_start` has an effect.

use super::net::NetId;
use super::world::{Cell, State};
use crate::api::Text;
use crate::collections::BTreeMap;

/// The directory in `/proc` that holds them.
pub(super) const DIR: &str = "sys/";

/// The first port that everybody may bind.
const PORT_START: &str = "net/ipv4/ip_unprivileged_port_start";

/// Longest value that is kept, in bytes (a page, as in the kernel).
const VALUE_BYTES: usize = 4096;

/// Whose a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// The machine's.
    Machine,
    /// The pod's.
    Pod,
    /// Generated; cannot be changed here.
    Fixed,
}

use Scope::{Fixed, Machine, Pod};

/// Path, whose it is, and Linux's value at the start.
const TABLE: &[(&str, Scope, &str)] = &[
    ("fs/file-max", Machine, "9223372036854775807"),
    ("fs/inotify/max_user_instances", Machine, "128"),
    ("fs/inotify/max_user_watches", Machine, "190000"),
    ("fs/nr_open", Machine, "1048576"),
    ("kernel/hostname", Fixed, ""),
    ("kernel/msgmax", Pod, "8192"),
    ("kernel/msgmnb", Pod, "16384"),
    ("kernel/osrelease", Fixed, ""),
    ("kernel/ostype", Fixed, "Linux"),
    ("kernel/pid_max", Machine, "4194304"),
    ("kernel/sem", Pod, "32000\t1024000000\t500\t32000"),
    ("kernel/shm_rmid_forced", Pod, "0"),
    ("kernel/shmall", Pod, "18446744073692774399"),
    ("kernel/shmmax", Pod, "18446744073692774399"),
    ("kernel/shmmni", Pod, "4096"),
    ("kernel/threads-max", Machine, "192620"),
    ("net/core/rmem_max", Machine, "212992"),
    ("net/core/somaxconn", Pod, "4096"),
    ("net/core/wmem_max", Machine, "212992"),
    ("net/ipv4/ip_forward", Pod, "1"),
    ("net/ipv4/ip_local_port_range", Pod, "32768\t60999"),
    ("net/ipv4/ip_local_reserved_ports", Pod, ""),
    (PORT_START, Pod, "1024"),
    ("net/ipv4/ping_group_range", Pod, "1\t0"),
    ("net/ipv4/tcp_fin_timeout", Pod, "60"),
    ("net/ipv4/tcp_keepalive_intvl", Pod, "75"),
    ("net/ipv4/tcp_keepalive_probes", Pod, "9"),
    ("net/ipv4/tcp_keepalive_time", Pod, "7200"),
    ("net/ipv4/tcp_rmem", Pod, "4096\t131072\t6291456"),
    ("net/ipv4/tcp_syncookies", Pod, "1"),
    ("net/ipv4/tcp_tw_reuse", Pod, "2"),
    ("net/ipv4/tcp_wmem", Pod, "4096\t16384\t4194304"),
    ("vm/max_map_count", Machine, "65530"),
    ("vm/overcommit_memory", Machine, "1"),
    ("vm/panic_on_oom", Machine, "0"),
    ("vm/swappiness", Machine, "60"),
];

/// Parameters that were changed, by path.
pub(super) type Changed = BTreeMap<&'static str, Text>;

/// All paths below `/proc`, each with whether it can be written at all.
pub(super) fn paths() -> impl Iterator<Item = (&'static str, bool)> {
    TABLE.iter().map(|(path, scope, _)| (*path, *scope != Fixed))
}

fn find(path: &str) -> Option<(&'static str, Scope, &'static str)> {
    TABLE.iter().find(|(p, ..)| *p == path).copied()
}

impl State {
    /// The value of the parameter at a path below `/proc/sys`, as a process of the cell reads it.
    pub fn parameter(&self, cell: &Cell, path: &str) -> Option<Text> {
        let (path, scope, initial) = find(path)?;
        Some(match (path, scope) {
            ("kernel/hostname", _) => cell.hostname.clone(),
            ("kernel/osrelease", _) => self.settings.kernel.clone(),
            _ => self.changed(cell, scope).and_then(|c| c.get(path).cloned()).unwrap_or(Text::lit(initial)),
        })
    }

    fn changed(&self, cell: &Cell, scope: Scope) -> Option<&Changed> {
        match scope {
            Machine => Some(&self.machines[cell.machine.0 as usize].sysctls),
            Pod => self.namespaces.get(cell.net).map(|n| &n.sysctls),
            Fixed => None,
        }
    }

    /// Sets a parameter as it is seen from a network; whether there is such a one.
    pub fn set_parameter(&mut self, net: NetId, path: &str, value: &str) -> bool {
        let Some((path, scope, _)) = find(path) else { return false };
        let Some(machine) = self.namespaces.get(net).map(|n| n.machine) else { return false };
        let words: Vec<&str> = value.split_whitespace().collect();
        let value = words.join("\t");
        if value.len() > VALUE_BYTES {
            return false;
        }
        let changed = match scope {
            Machine => self.machines.get_mut(machine.0 as usize).map(|m| &mut m.sysctls),
            Pod => self.namespaces.get_mut(net).map(|n| &mut n.sysctls),
            Fixed => None,
        };
        changed.map(|c| c.insert(path, Text::from(value))).is_some()
    }

    /// The first port that everybody in a cell may bind.
    pub fn first_free_port(&self, cell: &Cell) -> u16 {
        self.parameter(cell, PORT_START).and_then(|v| v.parse().ok()).unwrap_or(1024)
    }
}
