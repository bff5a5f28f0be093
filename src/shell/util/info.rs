//! Utilities that tell about the system and its processes, and small ones about names and numbers.

use super::ctx::Ctx;
use super::ls::{human, name_of};
use super::{files, opts};
use crate::api::Text;
use crate::collections::Order;
use crate::os::program::{Errno, FileType, ProcInfo, Signal};

fn args(ctx: &Ctx) -> Vec<Text> {
    ctx.args[1.min(ctx.args.len())..].to_vec()
}

fn called(ctx: &Ctx) -> String {
    files::base(ctx.args.first().map_or("", |a| a)).to_owned()
}

/// `printenv`.
pub fn printenv(ctx: &mut Ctx) -> i32 {
    let names = args(ctx);
    if names.is_empty() {
        let text: String = ctx.env.iter().map(|(n, v)| format!("{n}={v}\n")).collect();
        ctx.print(text);
        return 0;
    }
    let mut status = 0;
    for name in names {
        match ctx.env(&name) {
            Some(value) => ctx.print(format!("{value}\n")),
            None => status = 1,
        }
    }
    status
}

/// `hostname`.
pub fn hostname(ctx: &mut Ctx) -> i32 {
    let text = match args(ctx).first().map(|a| a.to_string()).as_deref() {
        Some("-i" | "-I") => {
            let tail = if ctx.busybox() || ctx.args[1] == *"-i" { "" } else { " " };
            format!("{}{tail}", ctx.sys.ip())
        }
        Some("-s") => ctx.sys.hostname().split('.').next().unwrap_or("").to_owned(),
        Some("-d") => full_name(ctx).split_once('.').map_or(String::new(), |(_, domain)| domain.to_owned()),
        Some("-f") => full_name(ctx),
        None => ctx.sys.hostname().to_string(),
        Some(_) => return ctx.not_simulated("setting the host name"),
    };
    ctx.print(text + "\n");
    0
}

/// The first name of this host's line in `/etc/hosts`, which is the one with the domain; or just its name.
fn full_name(ctx: &Ctx) -> String {
    let own = ctx.sys.hostname();
    let hosts = ctx.sys.read_file("/etc/hosts").unwrap_or_default();
    let hosts = String::from_utf8_lossy(&hosts);
    let mut lines = hosts.lines().map(|l| l.split('#').next().unwrap_or("").split_whitespace().skip(1));
    let found = lines.find_map(|mut names| {
        let first = names.next()?;
        (*own == *first || names.any(|n| *own == *n)).then(|| first.to_owned())
    });
    found.unwrap_or_else(|| own.to_string())
}

/// `uname`.
pub fn uname(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "amnrspvio all=a") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let kernel = |path: &str| {
        ctx.sys.read_file(path).map(|b| String::from_utf8_lossy(&b).trim().to_owned()).unwrap_or_default()
    };
    let parts = [
        ('s', "Linux".to_owned()),
        ('n', ctx.sys.hostname().to_string()),
        ('r', kernel("/proc/sys/kernel/osrelease")),
        ('v', "#1 SMP PREEMPT_DYNAMIC".to_owned()),
        ('m', "x86_64".to_owned()),
        ('o', "GNU/Linux".to_owned()),
    ];
    let arch = called(ctx) == "arch";
    let none = !"amnrvpio".chars().any(|c| o.has(c));
    let shown: Vec<&str> = parts
        .iter()
        .filter(|(c, _)| o.has(*c) || o.has('a') || none && *c == if arch { 'm' } else { 's' })
        .map(|(_, t)| t.as_str())
        .collect();
    ctx.print(shown.join(" ") + "\n");
    0
}

/// `id`, `whoami`, `groups`, `logname`.
pub fn id(ctx: &mut Ctx) -> i32 {
    let name = called(ctx);
    let o = match opts::parse(ctx, "ugnGr user=u group=g name=n groups=G") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let (mut uid, mut gid) = (ctx.sys.uid(), ctx.sys.gid());
    if let Some(who) = o.rest.first().filter(|_| name == "id") {
        let passwd = ctx.sys.read_file("/etc/passwd").unwrap_or_default();
        let passwd = String::from_utf8_lossy(&passwd).into_owned();
        let row: Option<Vec<&str>> =
            passwd.lines().map(|l| l.split(':').collect()).find(|r: &Vec<&str>| r[0] == &**who);
        let Some(row) = row else {
            let text = if ctx.busybox() {
                format!("unknown user {who}")
            } else {
                format!("‘{who}’: no such user")
            };
            ctx.fail(&text);
            return 1;
        };
        let number = |i: usize| row.get(i).and_then(|n| n.parse().ok()).unwrap_or(0);
        (uid, gid) = (number(2), number(3));
    }
    let (user, group) = (name_of(ctx, "/etc/passwd", uid), name_of(ctx, "/etc/group", gid));
    let text = match name.as_str() {
        "whoami" if user.parse::<u32>().is_ok() && ctx.busybox() => {
            ctx.fail(&format!("unknown uid {uid}"));
            return 1;
        }
        "whoami" => user,
        "groups" => group,
        "logname" => {
            ctx.fail("getlogin: No such device or address");
            return 1;
        }
        _ if o.has('u') => {
            if o.has('n') {
                user
            } else {
                uid.to_string()
            }
        }
        _ if o.has('g') || o.has('G') => {
            if o.has('n') {
                group
            } else {
                gid.to_string()
            }
        }
        _ => {
            let tagged = |n: u32, name: &str| {
                if name.parse::<u32>().is_ok() { n.to_string() } else { format!("{n}({name})") }
            };
            let g = tagged(gid, &group);
            format!("uid={} gid={g} groups={g}", tagged(uid, &user))
        }
    };
    ctx.print(text + "\n");
    0
}

/// `pwd`.
pub fn pwd(ctx: &mut Ctx) -> i32 {
    let line = format!("{}\n", ctx.sys.cwd());
    ctx.print(line);
    0
}

/// `tty`.
pub fn tty(ctx: &mut Ctx) -> i32 {
    let is = ctx.sys.is_tty(0);
    ctx.print(if is { "/dev/pts/0\n" } else { "not a tty\n" });
    i32::from(!is)
}

/// How many processors there are.
pub fn processors(ctx: &Ctx) -> usize {
    let text = ctx
        .sys
        .read_file("/proc/cpuinfo")
        .map(|b| String::from_utf8_lossy(&b).into_owned())
        .unwrap_or_default();
    text.lines().filter(|l| l.starts_with("processor")).count().max(1)
}

/// `nproc`.
pub fn nproc(ctx: &mut Ctx) -> i32 {
    let n = processors(ctx);
    ctx.print(format!("{n}\n"));
    0
}

/// `clear`, `reset`.
pub fn clear(ctx: &mut Ctx) -> i32 {
    ctx.print("\x1b[H\x1b[J");
    0
}

/// `basename`, `dirname`.
pub fn basename(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "as: multiple=a suffix=s") {
        Ok(o) => o,
        Err(status) => return status,
    };
    if o.rest.is_empty() {
        return files::missing_operand(ctx, "basename", "missing operand");
    }
    let many = o.has('a') || o.has('s');
    let suffix = o.get('s').or(o.rest.get(1).filter(|_| !many)).cloned().unwrap_or_default();
    let count = if many { o.rest.len() } else { 1 };
    for path in &o.rest[..count] {
        let name = files::base(path);
        let short = name.strip_suffix(&*suffix).filter(|s| !s.is_empty()).unwrap_or(name);
        ctx.print(format!("{short}\n"));
    }
    0
}

pub fn dirname(ctx: &mut Ctx) -> i32 {
    if ctx.args.len() < 2 {
        return files::missing_operand(ctx, "dirname", "missing operand");
    }
    for path in args(ctx) {
        let trimmed = path.trim_end_matches('/');
        let dir = match trimmed.rfind('/') {
            Some(n) => trimmed[..n].trim_end_matches('/'),
            None if trimmed.is_empty() && path.starts_with('/') => "",
            None => ".",
        };
        let dir = if dir.is_empty() { "/" } else { dir }.to_owned();
        ctx.print(dir + "\n");
    }
    0
}

/// A path with all links resolved.
fn resolved(ctx: &Ctx, path: &str) -> Result<String, Errno> {
    let start = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", ctx.sys.cwd()) };
    let mut todo: Vec<String> = start.split('/').rev().map(str::to_owned).collect();
    let mut out = String::new();
    let mut links = 0;
    while let Some(part) = todo.pop() {
        match part.as_str() {
            "" | "." => continue,
            ".." => {
                out.truncate(out.rfind('/').unwrap_or(0));
                continue;
            }
            _ => {}
        }
        let next = format!("{out}/{part}");
        match ctx.sys.lstat(&next) {
            Ok(s) if s.kind == FileType::Symlink => {
                links += 1;
                if links > 40 {
                    return Err(Errno::ELOOP);
                }
                let target = s.target.unwrap_or_default();
                if target.starts_with('/') {
                    out.clear();
                }
                todo.extend(target.split('/').rev().map(str::to_owned));
            }
            Ok(_) => out = next,
            // The last part may be absent.
            Err(_) if todo.iter().all(|t| t.is_empty()) => out = next,
            Err(error) => return Err(error),
        }
    }
    Ok(if out.is_empty() { "/".into() } else { out })
}

/// `readlink`, `realpath`.
pub fn readlink(ctx: &mut Ctx) -> i32 {
    let real = called(ctx) == "realpath";
    let o = match opts::parse(ctx, "fnemqsv canonicalize=f") {
        Ok(o) => o,
        Err(status) => return status,
    };
    if o.rest.is_empty() {
        return files::missing_operand(ctx, &called(ctx), "missing operand");
    }
    let mut status = 0;
    for path in &o.rest {
        let text = if real || o.has('f') || o.has('e') || o.has('m') {
            resolved(ctx, path)
        } else {
            ctx.sys.lstat(path).and_then(|s| s.target.map(|t| t.to_string()).ok_or(Errno::EINVAL))
        };
        match text {
            Ok(text) if ctx.busybox() && real && ctx.sys.stat(&text).is_err() => {
                status = 1;
                ctx.fail(&format!("{path}: No such file or directory"));
            }
            Ok(text) => ctx.print(text + if o.has('n') { "" } else { "\n" }),
            Err(error) => {
                status = 1;
                if real {
                    ctx.fail(&format!("{path}: {}", error.text()));
                }
            }
        }
    }
    status
}

/// `which`.
pub fn which(ctx: &mut Ctx) -> i32 {
    let path = ctx.env("PATH").unwrap_or_default();
    let all = args(ctx).iter().any(|a| *a == "-a");
    let names: Vec<Text> = args(ctx).into_iter().filter(|a| *a != "-a").collect();
    if names.is_empty() {
        if ctx.busybox() {
            super::usage::print(ctx, "which");
        }
        return 1;
    }
    let mut status = 0;
    for name in names {
        let runs =
            |p: &String| ctx.sys.stat(p).is_ok_and(|s| s.kind == FileType::File) && ctx.sys.access(p, 1);
        let places: Vec<String> = match name.contains('/') {
            true => vec![name.to_string()],
            false => path.split(':').map(|d| format!("{d}/{name}")).collect(),
        };
        let found: Vec<String> = places.into_iter().filter(runs).take(if all { 99 } else { 1 }).collect();
        status |= i32::from(found.is_empty());
        found.iter().for_each(|p| ctx.print(format!("{p}\n")));
    }
    status
}

/// How many lines `seq` and `yes` print at most.
const MAX_LINES: u64 = 2_000_000;

/// `seq`.
pub fn seq(ctx: &mut Ctx) -> i32 {
    // Negative numbers are no options.
    let negative = |w: &Text| {
        w.strip_prefix('-').is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
    };
    let all = args(ctx);
    let n = all.iter().position(negative).unwrap_or(all.len());
    let mut o = match opts::parse_args(ctx, "+ws:f: equal-width=w separator=s format=f", &all[..n]) {
        Ok(o) => o,
        Err(status) => return status,
    };
    o.rest.extend_from_slice(&all[n..]);
    let words = o.rest.clone();
    let separator = o.get('s').map_or("\n", |s| s).to_owned();
    let (equal, template) = (o.has('w'), o.get('f').cloned());
    if words.is_empty() || words.len() > 3 {
        return files::missing_operand(ctx, "seq", "missing operand");
    }
    let mut numbers = Vec::new();
    for word in &words {
        match word.parse::<f64>() {
            Ok(n) if n.is_finite() => numbers.push(n),
            _ if ctx.busybox() => {
                super::usage::print(ctx, "seq");
                return 1;
            }
            _ => {
                ctx.fail(&format!("invalid floating point argument: '{word}'"));
                ctx.err("Try 'seq --help' for more information.\n");
                return 1;
            }
        }
    }
    let (from, step, to) = match numbers.as_slice() {
        [to] => (1.0, 1.0, *to),
        [from, to] => (*from, 1.0, *to),
        [from, step, to] => (*from, *step, *to),
        _ => {
            ctx.fail("missing operand");
            return 1;
        }
    };
    if step == 0.0 {
        ctx.fail("zero increment");
        return 1;
    }
    let digits = words.iter().map(|w| w.split_once('.').map_or(0, |(_, d)| d.len())).max().unwrap_or(0);
    let width = if equal { words.iter().map(|w| w.len()).max().unwrap_or(0) } else { 0 };
    let mut lines = Vec::new();
    for i in 0..MAX_LINES {
        let value = from + step * i as f64;
        if step > 0.0 && value > to + 1e-9 || step < 0.0 && value < to - 1e-9 {
            break;
        }
        let text = format!("{value:0width$.digits$}");
        lines.push(match &template {
            Some(t) => t
                .replace("%g", &text)
                .replace("%02g", &format!("{value:02}"))
                .replace("%03g", &format!("{value:03}")),
            None => text,
        });
    }
    if !lines.is_empty() {
        ctx.print(lines.join(&separator) + "\n");
    }
    0
}

/// Processes as `ps`, `pgrep` and others see them, by number.
fn processes(ctx: &Ctx) -> Vec<ProcInfo> {
    let mut list = ctx.sys.processes();
    list.order_by_key(|p| p.pid);
    list
}

/// The name of a process's program: what `pidof` and `-o comm` know it by.
pub fn comm(p: &ProcInfo) -> String {
    let first = p.command.split([' ', ':']).next().unwrap_or("");
    files::base(first).chars().take(15).collect()
}

/// `ps`.
pub fn ps(ctx: &mut Ctx) -> i32 {
    let words = args(ctx);
    let list = processes(ctx);
    let joined: String = words.iter().map(|w| w.to_string()).collect::<Vec<_>>().join(" ");
    if let Some(at) = joined.find("-o").filter(|at| *at == 0 || joined.as_bytes()[at - 1] == b' ') {
        let columns: Vec<String> = joined[at + 2..].trim().split([',', ' ']).map(str::to_owned).collect();
        return ps_columns(ctx, &list, &columns);
    }
    if ctx.busybox() {
        let mut text = String::from("PID   USER     COMMAND\n");
        for p in &list {
            let user = name_of(ctx, "/etc/passwd", p.uid);
            text.push_str(&format!("{:5} {user:<8} {}\n", p.pid, shown(ctx, &list, p)));
        }
        ctx.print(text);
        return 0;
    }
    let full = joined.contains('f') && !joined.contains("aux");
    let all = joined.contains(['e', 'a', 'x', 'A']);
    let mut text = String::from(if joined.contains('u') && joined.contains('a') {
        "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
    } else if full {
        "UID          PID    PPID  C STIME TTY          TIME CMD\n"
    } else {
        "    PID TTY          TIME CMD\n"
    });
    let own_tty = ctx.sys.is_tty(0);
    let total = super::memory(ctx).0.max(1);
    let wall = ctx.sys.wall_micros() - i64::try_from(ctx.sys.now().0).unwrap_or(0);
    for p in &list {
        let tty = if own_tty && p.pid != 1 { "pts/0" } else { "?" };
        if !all && tty == "?" && own_tty {
            continue;
        }
        let user = name_of(ctx, "/etc/passwd", p.uid);
        let start = super::date::format(wall + p.started.0 as i64, "%H:%M");
        let cpu = p.cpu.as_secs();
        let time = format!("{:02}:{:02}:{:02}", cpu / 3_600, cpu / 60 % 60, cpu % 60);
        text.push_str(&if text.starts_with("USER") {
            format!(
                "{user:<8} {:>7}  0.0  {:.1} {:>6} {:>5} {tty:<8} {:<4} {start}  {:>2}:{:02} {}\n",
                p.pid,
                p.memory as f64 * 100.0 / total as f64,
                p.memory / 512,
                p.memory / 1_024,
                p.state,
                cpu / 60,
                cpu % 60,
                p.command
            )
        } else if full {
            format!("{user:<8} {:>7} {:>7}  0 {start} {tty:<8} {time} {}\n", p.pid, p.ppid, p.command)
        } else {
            format!("{:>7} {tty:<8} {time} {}\n", p.pid, comm(p))
        });
    }
    ctx.print(text);
    0
}

/// The command of a row of busybox's `ps`. Its own shell runs `ps` without loading a file, so that this process
/// still has the command line of the shell, and only the short name is its own.
fn shown(ctx: &Ctx, list: &[ProcInfo], p: &ProcInfo) -> String {
    let shell = list.iter().find(|q| p.pid == ctx.sys.pid() && q.pid == p.ppid).filter(|q| {
        let program = q.command.split(' ').next().unwrap_or("");
        matches!(program.rsplit('/').next().unwrap_or("").trim_start_matches('-'), "sh" | "ash")
    });
    match shell {
        Some(shell) => format!("{{ps}} {}", shell.command),
        None => p.command.to_string(),
    }
}

fn ps_columns(ctx: &mut Ctx, list: &[ProcInfo], columns: &[String]) -> i32 {
    let width = |c: &str| match c {
        "pid" | "ppid" => 5,
        "user" => 8,
        "stat" => 4,
        "rss" | "vsz" => 4,
        _ => 0,
    };
    let title = |c: &str| {
        if matches!(c, "comm" | "args" | "cmd") {
            "COMMAND".to_owned()
        } else {
            c.trim_end_matches('=').to_uppercase()
        }
    };
    let mut text = String::new();
    if !columns.iter().all(|c| c.ends_with('=')) {
        let cells: Vec<String> = columns.iter().map(|c| format!("{:<w$}", title(c), w = width(c))).collect();
        text = cells.join(" ").trim_end().to_owned() + "\n";
    }
    for p in list {
        let cells: Vec<String> = columns
            .iter()
            .map(|c| match c.trim_end_matches('=') {
                "pid" => format!("{:5}", p.pid),
                "ppid" => format!("{:5}", p.ppid),
                "user" => format!("{:<8}", name_of(ctx, "/etc/passwd", p.uid)),
                "comm" => comm(p),
                "args" | "cmd" | "command" => p.command.to_string(),
                "stat" | "s" => format!("{:<4}", p.state),
                "rss" => format!("{}", p.memory / 1_024),
                _ => "-".into(),
            })
            .collect();
        text.push_str(&(cells.join(" ") + "\n"));
    }
    ctx.print(text);
    0
}

/// `kill` as a program.
pub fn kill(ctx: &mut Ctx) -> i32 {
    let mut words = args(ctx);
    let mut signal = Some(Signal::Term);
    if let Some(flag) = words.first().cloned().filter(|w| w.starts_with('-') && w.len() > 1) {
        words.remove(0);
        let name = if &*flag == "-s" && !words.is_empty() {
            words.remove(0).to_string()
        } else {
            flag[1..].to_owned()
        };
        if name == "l" {
            let text: String = Signal::ALL.iter().map(|(_, n, s)| format!("{n:>2}) {s}\n")).collect();
            ctx.print(text);
            return 0;
        }
        signal = match Signal::parse(&name) {
            Some(signal) => Some(signal),
            None if name == "0" => None,
            None => {
                ctx.fail(&format!("bad signal name '{name}'"));
                return 1;
            }
        };
    }
    if words.is_empty() {
        ctx.fail("you need to specify whom to kill");
        return 1;
    }
    let mut status = 0;
    for word in words {
        match word.parse::<i64>() {
            Ok(pid) => {
                if let Err(error) = ctx.sys.kill(pid, signal) {
                    ctx.fail(&if ctx.busybox() {
                        format!("can't kill pid {pid}: {}", error.text())
                    } else {
                        format!("({pid}): {}", error.text())
                    });
                    status = 1;
                }
            }
            Err(_) => {
                ctx.fail(&format!("invalid number '{word}'"));
                status = 1;
            }
        }
    }
    status
}

/// `killall`, `pkill`, `pgrep`, `pidof`: processes by name.
pub fn by_name(ctx: &mut Ctx) -> i32 {
    let name = called(ctx);
    let mut words = args(ctx);
    let (mut signal, mut full, mut list, mut exact, mut quiet) =
        (Some(Signal::Term), false, false, false, false);
    words.retain(|w| {
        let Some(flag) = w.strip_prefix('-').filter(|f| !f.is_empty()) else { return true };
        match flag {
            "f" => full = true,
            "l" | "a" => list = true,
            "x" => exact = true,
            "q" => quiet = true,
            "0" => signal = None,
            other => signal = Signal::parse(other).or(signal),
        }
        false
    });
    let me = ctx.sys.pid();
    let mut status = if words.is_empty() { 2 } else { 1 };
    let mut found = Vec::new();
    for word in &words {
        let regex = super::regex::Regex::new(word, true, false).ok();
        let before = found.len();
        for p in processes(ctx).into_iter().filter(|p| p.pid != me && p.state != 'Z') {
            let hit = if matches!(name.as_str(), "killall" | "pidof") || exact {
                comm(&p) == files::base(word)
            } else {
                regex
                    .as_ref()
                    .is_some_and(|r| r.matches(if full { &p.command } else { "" }) || r.matches(&comm(&p)))
            };
            if hit {
                found.push(p);
            }
        }
        if found.len() > before {
            status = 0;
        } else if name == "killall" && !quiet {
            ctx.fail(&format!("{word}: no process {}", if ctx.busybox() { "killed" } else { "found" }));
        }
    }
    match name.as_str() {
        "pidof" => {
            let pids: Vec<String> = found.iter().rev().map(|p| p.pid.to_string()).collect();
            if !pids.is_empty() {
                ctx.print(pids.join(" ") + "\n");
            }
        }
        "pgrep" => {
            for p in &found {
                let line = if list {
                    format!("{} {}\n", p.pid, if full { p.command.to_string() } else { comm(p) })
                } else {
                    format!("{}\n", p.pid)
                };
                ctx.print(line);
            }
        }
        _ => {
            for p in &found {
                let _ = ctx.sys.kill(i64::from(p.pid), signal);
            }
        }
    }
    status
}

/// `mount`.
pub fn mount(ctx: &mut Ctx) -> i32 {
    if ctx.args.len() > 1 {
        return ctx.not_simulated("mounting");
    }
    let text: String = ctx
        .sys
        .mounts()
        .iter()
        .map(|m| {
            format!(
                "{} on {} type {} ({},relatime)\n",
                m.source,
                m.path,
                m.fs_type,
                if m.read_only { "ro" } else { "rw" }
            )
        })
        .collect();
    ctx.print(text);
    0
}

/// `df`.
pub fn df(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "hkmPTai human-readable=h") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let mounts = ctx.sys.mounts();
    let mut status = 0;
    let mut shown = Vec::new();
    for path in &o.rest {
        if let Err(error) = ctx.sys.stat(path) {
            let text = if ctx.busybox() { "can't find mount point" } else { error.text() };
            ctx.fail(&format!("{path}: {text}"));
            status = 1;
            continue;
        }
        let full = resolved(ctx, path).unwrap_or_default();
        let best = mounts
            .iter()
            .filter(|m| full == *m.path || *m.path == *"/" || full.starts_with(&format!("{}/", m.path)))
            .max_by_key(|m| m.path.len());
        shown.extend(best.cloned());
    }
    if o.rest.is_empty() {
        shown = mounts.into_iter().filter(|m| m.size > 0).collect();
    }
    let title = match (o.has('h'), ctx.busybox()) {
        (true, true) => "Filesystem                Size      Used Available Use% Mounted on\n",
        (false, true) => "Filesystem           1K-blocks      Used Available Use% Mounted on\n",
        (true, false) => "Filesystem      Size  Used Avail Use% Mounted on\n",
        (false, false) => "Filesystem     1K-blocks     Used Available Use% Mounted on\n",
    };
    let mut text = title.to_owned();
    for m in shown {
        let free = m.size.saturating_sub(m.used);
        let n = |b: u64| if o.has('h') { human(b) } else { (b / 1_024).to_string() };
        let percent = (m.used * 100).checked_div(m.size).unwrap_or(0);
        text.push_str(&if ctx.busybox() {
            format!(
                "{:<20} {:>9} {:>9} {:>9} {percent:>3}% {}\n",
                m.source,
                n(m.size),
                n(m.used),
                n(free),
                m.path
            )
        } else {
            format!(
                "{:<14} {:>5} {:>5} {:>5} {percent:>3}% {}\n",
                m.source,
                n(m.size),
                n(m.used),
                n(free),
                m.path
            )
        });
    }
    if status == 0 || ctx.busybox() {
        ctx.print(text);
    }
    status
}

/// `du`.
pub fn du(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "shkamcd:x summarize=s human-readable=h max-depth=d") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let paths = if o.rest.is_empty() { vec![Text::lit(".")] } else { o.rest.clone() };
    let mut status = 0;
    for path in paths {
        if let Err(error) = ctx.sys.lstat(&path) {
            ctx.fail(&format!("{path}: {}", error.text()));
            status = 1;
            continue;
        }
        let depth = if o.has('s') { 0 } else { o.get('d').and_then(|d| d.parse().ok()).unwrap_or(64) };
        usage(ctx, &o, &path, 0, depth);
    }
    status
}

fn usage(ctx: &mut Ctx, o: &opts::Opts, path: &str, depth: u32, show: u32) -> u64 {
    let Ok(stat) = ctx.sys.lstat(path) else { return 0 };
    let mut total = if stat.kind == FileType::File { stat.size.div_ceil(4_096) * 4 } else { 4 };
    if stat.kind == FileType::Dir && depth < 64 {
        for name in ctx.sys.read_dir(path).unwrap_or_default() {
            total += usage(ctx, o, &format!("{}/{name}", path.trim_end_matches('/')), depth + 1, show);
        }
    }
    if depth == 0 || depth <= show && (stat.kind == FileType::Dir || o.has('a')) {
        let size = if o.has('h') { human(total * 1_024) } else { total.to_string() };
        ctx.print(format!("{size}\t{path}\n"));
    }
    total
}

/// `free`.
pub fn free(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "bkmgh") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let (total, free, available) = super::memory(ctx);
    let n = |b: u64| {
        if o.has('h') {
            human(b)
        } else {
            (b >> if o.has('b') {
                0
            } else if o.has('m') {
                20
            } else if o.has('g') {
                30
            } else {
                10
            })
            .to_string()
        }
    };
    let used = total.saturating_sub(available);
    let cached = available.saturating_sub(free);
    let text = format!(
        "              total        used        free      shared  buff/cache   available\nMem:    {:>11} {:>11} {:>11} {:>11} {:>11} {:>11}\nSwap:   {:>11} {:>11} {:>11}\n",
        n(total),
        n(used),
        n(free),
        n(0),
        n(cached),
        n(available),
        n(0),
        n(0),
        n(0)
    );
    ctx.print(text);
    0
}

/// `uptime`.
pub fn uptime(ctx: &mut Ctx) -> i32 {
    let text = uptime_text(ctx);
    ctx.print(text);
    0
}

/// The line of `uptime`.
pub fn uptime_text(ctx: &Ctx) -> String {
    let clock = super::date::format(ctx.sys.wall_micros(), "%H:%M:%S");
    let text = ctx
        .sys
        .read_file("/proc/uptime")
        .map(|b| String::from_utf8_lossy(&b).into_owned())
        .unwrap_or_default();
    let minutes = (super::text::leading_number(&text) / 60.0) as u64;
    let up = match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, m) => format!("{m} min"),
        (0, h, m) => format!("{h}:{m:02}"),
        (d, h, m) => format!("{d} day{}, {h:2}:{m:02}", if d == 1 { "" } else { "s" }),
    };
    format!(" {clock} up {up},  0 users,  load average: 0.00, 0.00, 0.00\n")
}

/// `base64`.
pub fn base64(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "diw: decode=d wrap=w ignore-garbage=i") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let data = match o.rest.first().filter(|p| &***p != "-") {
        Some(path) => match ctx.sys.read_file(path) {
            Ok(data) => data,
            Err(error) => {
                ctx.fail(&format!("{path}: {}", error.text()));
                return 1;
            }
        },
        None => match ctx.input() {
            Some(data) => data.to_vec(),
            None => return 0,
        },
    };
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if o.has('d') {
        let (mut out, mut bits, mut count) = (Vec::new(), 0_u32, 0);
        let mut valid = true;
        for b in data.iter().filter(|b| !b.is_ascii_whitespace() && **b != b'=') {
            let Some(v) = LETTERS.iter().position(|l| l == b) else {
                valid = o.has('i');
                if valid || ctx.style == super::Style::Busybox { continue } else { break }
            };
            bits = bits << 6 | v as u32;
            count += 6;
            if count >= 8 {
                count -= 8;
                out.push((bits >> count & 0xff) as u8);
            }
        }
        ctx.print(out);
        // busybox skips what is not of the alphabet.
        if !valid && !ctx.busybox() {
            ctx.fail("invalid input");
            return 1;
        }
        return 0;
    }
    let mut text = String::new();
    for chunk in data.chunks(3) {
        let n = chunk.iter().fold(0_u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let letter = LETTERS[(n >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    let wrap = o.get('w').and_then(|w| w.parse::<usize>().ok()).unwrap_or(76);
    if wrap == 0 {
        ctx.print(text);
        return 0;
    }
    let lines: Vec<String> =
        text.as_bytes().chunks(wrap).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
    if !lines.is_empty() {
        ctx.print(lines.join("\n") + "\n");
    }
    0
}

/// Utilities that are known but not modelled.
pub fn absent(ctx: &mut Ctx) -> i32 {
    let name = called(ctx);
    ctx.err(&format!("{name}: not simulated\n"));
    1
}

/// `busybox` itself.
pub fn busybox(ctx: &mut Ctx) -> i32 {
    if ctx.args.first().is_some_and(|a| files::base(a) == "busybox") {
        ctx.print(format!("{}\n", super::usage::BANNER));
        let names: Vec<&str> = super::table::names().collect();
        ctx.print(format!("\nCurrently defined functions:\n\t{}\n", names.join(", ")));
        return 0;
    }
    let name = called(ctx);
    ctx.err(&format!("{name}: applet not found\n"));
    127
}
