//! `/proc` and `/sys`, generated when they are read.
//!
//! What people and scripts look at is there: processes with their arguments, environment, state and open
//! files, memory and processors, mounts, the limits of the control group. Other files are absent.

use super::process::{Life, Process, comm};
use super::wake::ProcId;
use super::world::{Cell, CellId, State};
use super::{Disposition, Errno, Sysr, sysctl};
use crate::api::Text;
use crate::collections::Order;
use crate::fs::{VNode, Virtual, VirtualKind};
use std::fmt::Write;

/// Files of `/proc` besides processes and kernel parameters; the flag says whether they can be opened for writing.
const PROC: &[(&str, bool)] = &[
    ("cmdline", false),
    ("cpuinfo", false),
    ("filesystems", false),
    ("loadavg", false),
    ("meminfo", false),
    ("net/dev", false),
    ("stat", false),
    ("uptime", false),
    ("version", false),
];

/// Files of a process's directory.
const PROCESS: &[&str] = &[
    "cgroup",
    "cmdline",
    "comm",
    "environ",
    "gid_map",
    "limits",
    "mounts",
    "oom_score_adj",
    "stat",
    "statm",
    "status",
    "uid_map",
];

/// Files of `/sys` under cgroup v2.
const SYS_V2: &[&str] = &[
    "fs/cgroup/cgroup.procs",
    "fs/cgroup/cpu.max",
    "fs/cgroup/cpu.stat",
    "fs/cgroup/cpu.weight",
    "fs/cgroup/memory.current",
    "fs/cgroup/memory.events",
    "fs/cgroup/memory.max",
    "fs/cgroup/memory.stat",
    "fs/cgroup/memory.swap.max",
    "fs/cgroup/pids.current",
    "fs/cgroup/pids.max",
    "class/net/eth0/address",
    "class/net/eth0/mtu",
];

/// Files of `/sys` under cgroup v1.
const SYS_V1: &[&str] = &[
    "fs/cgroup/cpu/cpu.cfs_period_us",
    "fs/cgroup/cpu/cpu.cfs_quota_us",
    "fs/cgroup/cpu/cpu.shares",
    "fs/cgroup/cpuacct/cpuacct.usage",
    "fs/cgroup/memory/memory.limit_in_bytes",
    "fs/cgroup/memory/memory.usage_in_bytes",
    "fs/cgroup/pids/pids.current",
    "class/net/eth0/address",
    "class/net/eth0/mtu",
];

/// The kernel's word for no limit at all under cgroup v1.
const V1_UNLIMITED: u64 = 9_223_372_036_854_771_712;

/// The generated file systems as a process (or a cell, when a program is looked up) sees them.
pub(super) struct ProcView<'a> {
    pub st: &'a State,
    pub cell: CellId,
    pub me: Option<ProcId>,
}

impl Virtual for ProcView<'_> {
    fn node(&self, kind: VirtualKind, path: &str) -> Option<VNode> {
        match kind {
            VirtualKind::Proc => self.proc_node(path),
            VirtualKind::Sys => dir_or_file(self.sys_files().iter().map(|f| (*f, false)), path),
        }
    }
}

/// A directory or file among a list of paths.
fn dir_or_file<'a>(files: impl Iterator<Item = (&'a str, bool)>, path: &str) -> Option<VNode> {
    let mut names: Vec<Text> = Vec::new();
    for (file, writable) in files {
        if file == path {
            return Some(VNode::File(writable));
        }
        let rest = if path.is_empty() {
            Some(file)
        } else {
            file.strip_prefix(path).and_then(|r| r.strip_prefix('/'))
        };
        if let Some(name) = rest.and_then(|r| r.split('/').next()) {
            names.push(Text::from(name));
        }
    }
    names.order();
    names.dedup();
    (!names.is_empty()).then_some(VNode::Dir(names))
}

impl ProcView<'_> {
    fn cell(&self) -> Option<&Cell> {
        self.st.cells.get(self.cell.0)
    }

    fn pids(&self) -> u32 {
        self.cell().map_or(u32::MAX, |c| c.pids)
    }

    fn sys_files(&self) -> &'static [&'static str] {
        if self.st.settings.cgroup_v1 { SYS_V1 } else { SYS_V2 }
    }

    fn proc_node(&self, path: &str) -> Option<VNode> {
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        match first {
            "" => {
                let Some(VNode::Dir(mut names)) = dir_or_file(PROC.iter().copied(), "") else { return None };
                names.push(Text::lit("sys"));
                names.extend(self.st.visible(self.pids()).iter().map(|(pid, _)| Text::from(pid.to_string())));
                names.extend([Text::lit("self"), Text::lit("mounts")]);
                Some(VNode::Dir(names))
            }
            "self" | "thread-self" => {
                let pid = self.st.pid_in(self.pids(), self.me?);
                let node = VNode::Link(Text::from(pid.to_string()));
                rest.is_empty().then_some(node)
            }
            "mounts" => Some(VNode::Link(Text::lit("self/mounts"))),
            "sys" => dir_or_file(sysctl::paths(), rest),
            _ => match first.parse() {
                Ok(pid) => self.process_node(self.st.find_pid(self.pids(), pid)?, rest),
                Err(_) => dir_or_file(PROC.iter().copied(), path),
            },
        }
    }

    fn process_node(&self, id: ProcId, rest: &str) -> Option<VNode> {
        let p = self.st.procs.get(id)?;
        match rest {
            "" => {
                let links = ["cwd", "exe", "fd", "root"].into_iter();
                Some(VNode::Dir(PROCESS.iter().copied().chain(links).map(Text::lit).collect()))
            }
            "cwd" => Some(VNode::Link(p.cwd.clone())),
            "root" => Some(VNode::Link(Text::lit("/"))),
            "exe" => Some(VNode::Link(p.argv.first().cloned().unwrap_or_default())),
            "fd" => Some(VNode::Dir(p.fds.iter().map(|(fd, _)| Text::from(fd.to_string())).collect())),
            _ => match rest.strip_prefix("fd/") {
                Some(fd) => {
                    let fd = fd.parse().ok()?;
                    p.fds.iter().find(|(n, _)| *n == fd).map(|_| VNode::Descriptor(id, fd))
                }
                None => PROCESS.contains(&rest).then_some(VNode::File(rest == "oom_score_adj")),
            },
        }
    }

    /// The content of a generated file.
    pub fn content(&self, kind: VirtualKind, path: &str) -> Sysr<Vec<u8>> {
        let text = match kind {
            VirtualKind::Sys => self.sys_text(path),
            VirtualKind::Proc => match path.split_once('/') {
                Some((pid, file)) if pid.bytes().all(|b| b.is_ascii_digit()) => {
                    let pid = pid.parse().map_err(|_| Errno::ENOENT)?;
                    let id = self.st.find_pid(self.pids(), pid).ok_or(Errno::ENOENT)?;
                    self.st.procs.get(id).and_then(|p| self.process_text(id, p, file))
                }
                _ => self.proc_text(path),
            },
        };
        text.map(String::into_bytes).ok_or(Errno::ENOENT)
    }

    fn proc_text(&self, path: &str) -> Option<String> {
        let cell = self.cell()?;
        let machine = &self.st.machines[cell.machine.0 as usize];
        let kernel = &self.st.settings.kernel;
        let up = self.st.now.secs() + BOOTED_SECONDS;
        Some(match path {
            "cmdline" => "console=ttyS0 root=/dev/vda rw\n".to_owned(),
            "cpuinfo" => (0..machine.cpus).fold(String::new(), |s, n| s + &cpu_info(n, machine.cpus)),
            "filesystems" => {
                "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup2\nnodev\toverlay\n\text4\n".to_owned()
            }
            "loadavg" => {
                let load = self.load(cell);
                let last = self.st.pids.get(cell.pids).map_or(0, |ns| ns.next);
                let total = self.st.visible(cell.pids).len();
                format!("{load:.2} {load:.2} {load:.2} 1/{total} {last}\n")
            }
            "meminfo" => mem_info(machine.memory, machine.used),
            "net/dev" => NET_DEV.to_owned(),
            "stat" => format!(
                "cpu  0 0 0 0 0 0 0 0 0 0\nbtime {}\n",
                self.st.settings.epoch.0 / 1_000_000 - BOOTED_SECONDS as i64
            ),
            "uptime" => format!("{up:.2} {:.2}\n", up * f64::from(machine.cpus)),
            "version" => format!("Linux version {kernel} (root@builder) #1 SMP PREEMPT_DYNAMIC\n"),
            _ => return self.st.parameter(cell, path.strip_prefix(sysctl::DIR)?).map(|v| format!("{v}\n")),
        })
    }

    /// Processes that want to run now, as the load average tells them.
    fn load(&self, cell: &Cell) -> f64 {
        let on_machine = self.st.cells.iter().filter(|(_, c)| c.machine == cell.machine);
        on_machine.map(|(_, c)| self.st.cpu_rate(c) as f64 / 1000.0).sum()
    }

    fn process_text(&self, id: ProcId, p: &Process, file: &str) -> Option<String> {
        let pids = self.pids();
        let pid = self.st.pid_in(pids, id);
        Some(match file {
            "cgroup" => "0::/\n".to_owned(),
            "cmdline" => match &p.title {
                Some(title) => format!("{title}\0"),
                None => p.argv.iter().fold(String::new(), |s, a| s + a + "\0"),
            },
            "comm" => format!("{}\n", comm(&p.argv)),
            "environ" => p.env.iter().fold(String::new(), |s, (k, v)| s + k + "=" + v + "\0"),
            "limits" => LIMITS.to_owned(),
            "mounts" => self.mounts(self.st.cells.get(p.cell.0)?),
            "oom_score_adj" => format!("{}\n", self.st.cells.get(p.cell.0)?.oom_score_adj),
            "stat" => {
                let info = self.st.info(pids, pid, id)?;
                let ticks = info.cpu.0 / 10_000;
                let started = (info.started.0 / 10_000) + (BOOTED_SECONDS as u64) * 100;
                format!(
                    "{pid} ({}) {} {} {pid} {pid} 0 -1 4194560 0 0 0 0 {ticks} 0 0 0 20 0 1 0 {started} {} {}\n",
                    comm(&p.argv),
                    info.state,
                    info.ppid,
                    info.memory * 2,
                    info.memory / 4096
                )
            }
            "statm" => format!("{} {} 0 0 0 0 0\n", p.memory * 2 / 4096, p.memory / 4096),
            "status" => self.status(id, p)?,
            "uid_map" | "gid_map" => {
                let (outside, many) = match self.st.cells.get(p.cell.0)?.first_user {
                    0 => (0, u32::MAX),
                    first => (first, USERS),
                };
                format!("{:>10} {outside:>10} {many:>10}\n", 0)
            }
            _ => return None,
        })
    }

    fn status(&self, id: ProcId, p: &Process) -> Option<String> {
        let pids = self.pids();
        let pid = self.st.pid_in(pids, id);
        let info = self.st.info(pids, pid, id)?;
        let state = match (&p.life, info.state) {
            (Life::Zombie(_), _) => "Z (zombie)",
            (_, 'T') => "T (stopped)",
            (_, 'R') => "R (running)",
            _ => "S (sleeping)",
        };
        let mask = |wanted: Disposition| -> u64 {
            let matching = p.dispositions.iter().filter(|(_, d)| *d == wanted);
            matching.fold(0, |m, (s, _)| m | 1 << (s.number() - 1))
        };
        let (u, g, caps) = (p.cred.uid, p.cred.gid, p.cred.effective().0);
        let groups = p.cred.groups.iter().fold(String::new(), |s, g| s + &g.to_string() + " ");
        let mut out = String::new();
        let _ = write!(
            out,
            "Name:\t{}\nUmask:\t{:04o}\nState:\t{state}\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\nPPid:\t{}\n\
             TracerPid:\t0\nUid:\t{u}\t{u}\t{u}\t{u}\nGid:\t{g}\t{g}\t{g}\t{g}\nFDSize:\t64\nGroups:\t{groups}\n\
             NSpid:\t{pid}\nVmSize:\t{:>8} kB\nVmRSS:\t{:>8} kB\nThreads:\t1\nSigQ:\t0/96310\n\
             SigIgn:\t{:016x}\nSigCgt:\t{:016x}\nCapInh:\t0000000000000000\nCapPrm:\t{caps:016x}\nCapEff:\t{caps:016x}\n\
             CapBnd:\t{:016x}\nCapAmb:\t0000000000000000\nNoNewPrivs:\t{}\nSeccomp:\t{}\nSeccomp_filters:\t{}\n",
            comm(&p.argv),
            p.cred.umask,
            info.ppid,
            p.memory * 2 / 1024,
            p.memory / 1024,
            mask(Disposition::Ignore),
            mask(Disposition::Catch),
            p.cred.caps.0,
            u8::from(p.cred.no_new_privs),
            // 2: filtered by a program.
            2 * u8::from(p.cred.filtered),
            u8::from(p.cred.filtered),
        );
        Some(out)
    }

    fn mounts(&self, cell: &Cell) -> String {
        cell.mounts.0.iter().fold(String::new(), |mut out, m| {
            let path = if m.path.is_empty() { "/" } else { m.path.as_str() };
            let rw = if m.read_only { "ro" } else { "rw" };
            let comma = if m.options.is_empty() { "" } else { "," };
            let _ = writeln!(out, "{} {path} {} {rw}{comma}{} 0 0", m.device, m.fs_type, m.options);
            out
        })
    }

    fn sys_text(&self, path: &str) -> Option<String> {
        let cell = self.cell()?;
        let procs = self.st.in_cell(self.cell);
        let micros = |s: crate::time::Span| s.0;
        let or_max = |n: Option<u64>| n.map_or("max".to_owned(), |n| n.to_string());
        let file = path.rsplit('/').next()?;
        let text = match file {
            "cgroup.procs" => {
                let numbers = procs.iter().map(|id| self.st.pid_in(cell.pids, *id).to_string());
                numbers.collect::<Vec<_>>().join("\n")
            }
            "cpu.max" => format!("{} 100000", or_max(cell.cpu_limit.map(|m| m * 100))),
            "cpu.cfs_quota_us" => cell.cpu_limit.map_or("-1".to_owned(), |m| (m * 100).to_string()),
            "cpu.cfs_period_us" => "100000".to_owned(),
            "cpu.shares" => (cell.cpu_request * 1024 / 1000).max(2).to_string(),
            // Kubernetes' conversion from shares (2–262144) to weight (1–10000).
            "cpu.weight" => {
                let shares = (cell.cpu_request * 1024 / 1000).max(2);
                (1 + (shares - 2) * 9999 / 262_142).to_string()
            }
            "cpuacct.usage" => (micros(cell.cpu_used) * 1000).to_string(),
            "cpu.stat" => {
                // The quota is counted in periods of 0.1 s.
                let periods = |s| if cell.cpu_limit.is_some() { micros(s) / 100_000 } else { 0 };
                let throttled = micros(cell.cpu_throttled);
                format!(
                    "usage_usec {0}\nuser_usec {0}\nsystem_usec 0\nnr_periods {1}\nnr_throttled {2}\nthrottled_usec {throttled}",
                    micros(cell.cpu_used),
                    periods(cell.cpu_busy),
                    periods(cell.cpu_squeezed)
                )
            }
            "memory.current" | "memory.usage_in_bytes" => cell.memory.to_string(),
            "memory.max" => or_max(cell.memory_limit),
            "memory.limit_in_bytes" => cell.memory_limit.unwrap_or(V1_UNLIMITED).to_string(),
            "memory.events" => {
                let n = cell.oom_kills;
                let all = u32::from(n > 0);
                format!("low 0\nhigh 0\nmax {all}\noom {all}\noom_kill {n}\noom_group_kill {all}")
            }
            "memory.stat" => format!("anon {}\nfile 0\nkernel 0", cell.memory),
            "memory.swap.max" => "0".to_owned(),
            "pids.current" => procs.len().to_string(),
            "pids.max" => "max".to_owned(),
            "address" => "0a:58:0a:e0:01:02".to_owned(),
            "mtu" => "1450".to_owned(),
            _ => return None,
        };
        Some(text + "\n")
    }
}

/// How many users a namespace of its own maps (the kubelet's `idsPerPod`).
const USERS: u32 = 65_536;

/// How long machines have been up when the scenario starts.
const BOOTED_SECONDS: f64 = 3600.0;

const NET_DEV: &str = "Inter-|   Receive                                                |  Transmit\n \
face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    \
lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n  \
eth0:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n";

const LIMITS: &str = "Limit                     Soft Limit           Hard Limit           Units     \n\
Max cpu time              unlimited            unlimited            seconds   \n\
Max processes             unlimited            unlimited            processes \n\
Max open files            1048576              1048576              files     \n";

fn cpu_info(n: u32, cpus: u32) -> String {
    format!(
        "processor\t: {n}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel name\t: Virtual CPU\n\
         cpu MHz\t\t: 2600.000\ncpu cores\t: {cpus}\n\n"
    )
}

fn mem_info(total: u64, used: u64) -> String {
    let total = total / 1024;
    let free = total.saturating_sub(used / 1024);
    let mut out = String::new();
    for (name, kb) in [
        ("MemTotal", total),
        ("MemFree", free),
        ("MemAvailable", free),
        ("Buffers", 0),
        ("Cached", 0),
        ("SwapTotal", 0),
        ("SwapFree", 0),
    ] {
        let _ = writeln!(out, "{:<16}{kb:>8} kB", format!("{name}:"));
    }
    out
}
