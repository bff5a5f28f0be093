//! On whose behalf files are reached and calls are made: user, groups, and what a superuser may do.
//!
//! Capabilities are those of the bounding set: a superuser has all of them in effect, everybody else none
//! (containers get neither inheritable nor ambient ones).

use super::{Content, Inode};

/// On whose behalf files are reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Cred {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Further groups.
    pub groups: Vec<u32>,
    /// The bits that new files do not get.
    pub umask: u32,
    /// What it may do as a superuser.
    pub caps: Caps,
    /// Whether programs cannot give it more rights (`no_new_privs`).
    pub no_new_privs: bool,
    /// Whether its system calls are filtered (seccomp).
    pub filtered: bool,
}

/// The superuser, with the mask that every system starts its processes with.
impl Default for Cred {
    fn default() -> Cred {
        Cred {
            uid: 0,
            gid: 0,
            groups: Vec::new(),
            umask: 0o022,
            caps: Caps::ALL,
            no_new_privs: false,
            filtered: false,
        }
    }
}

impl Cred {
    /// The superuser.
    pub fn root() -> Cred {
        Cred::default()
    }

    /// The capabilities in effect.
    pub fn effective(&self) -> Caps {
        if self.uid == 0 { self.caps } else { Caps::NONE }
    }

    /// Whether it has a capability in effect.
    pub fn can(&self, cap: Cap) -> bool {
        self.effective().has(cap)
    }

    /// Whether this user may do that with an inode: bits 4 read, 2 write, 1 execute or search.
    pub fn may(&self, inode: &Inode, bits: u16) -> bool {
        if self.can(Cap::DAC_OVERRIDE) {
            let runs = matches!(inode.content, Content::Dir(_)) || inode.mode & 0o111 != 0;
            return bits & 1 == 0 || runs;
        }
        let shift = if self.uid == inode.uid {
            6
        } else if self.gid == inode.gid || self.groups.contains(&inode.gid) {
            3
        } else {
            0
        };
        (inode.mode >> shift) & bits == bits
    }
}

/// A capability by its number in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap(u8);

impl Cap {
    /// Give files away.
    pub const CHOWN: Cap = Cap(0);
    /// Reach files whatever their permissions.
    pub const DAC_OVERRIDE: Cap = Cap(1);
    /// Change the permissions of others' files.
    pub const FOWNER: Cap = Cap(3);
    /// Signal others' processes.
    pub const KILL: Cap = Cap(5);
    /// Become another group.
    pub const SETGID: Cap = Cap(6);
    /// Become another user.
    pub const SETUID: Cap = Cap(7);
    /// Bind ports below 1024.
    pub const NET_BIND_SERVICE: Cap = Cap(10);
    /// Change the network's settings.
    pub const NET_ADMIN: Cap = Cap(12);
    /// Raw sockets.
    pub const NET_RAW: Cap = Cap(13);
    /// Mount, set the host name, and much else.
    pub const SYS_ADMIN: Cap = Cap(21);
    /// Set the clock.
    pub const SYS_TIME: Cap = Cap(25);

    /// The capability that a name of capabilities(7) without its `CAP_` stands for.
    pub fn named(name: &str) -> Option<Cap> {
        NAMES.iter().position(|n| *n == name).map(|at| Cap(at as u8))
    }
}

/// The names of all capabilities in the kernel's order.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// A set of capabilities, as the bits that `/proc/PID/status` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps(pub u64);

impl Caps {
    /// Nothing.
    pub const NONE: Caps = Caps(0);
    /// Everything that the kernel knows.
    pub const ALL: Caps = Caps((1 << NAMES.len()) - 1);

    /// Whether one is in it.
    pub fn has(self, cap: Cap) -> bool {
        self.0 & (1 << cap.0) != 0
    }

    /// With one more.
    #[must_use]
    pub fn with(self, cap: Cap) -> Caps {
        Caps(self.0 | 1 << cap.0)
    }

    /// Without one.
    #[must_use]
    pub fn without(self, cap: Cap) -> Caps {
        Caps(self.0 & !(1 << cap.0))
    }
}
