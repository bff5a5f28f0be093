//! Processes: `ps`, `kill`, and those that go by name.

use super::ctx::Ctx;
use super::files;
use super::info::{args, called};
use super::ls::name_of;
use crate::collections::Order;
use crate::os::program::{ProcInfo, Signal};

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
    const KNOWN: [&str; 14] = [
        "user", "group", "comm", "args", "pid", "ppid", "pgid", "nice", "rgroup", "ruser", "tty", "vsz",
        "sid", "stat",
    ];
    if let Some(bad) = columns.iter().find(|c| {
        let name = c.split('=').next().unwrap_or("");
        !KNOWN.contains(&name) && !matches!(name, "rss" | "time" | "etime")
    }) && ctx.busybox()
    {
        let known = KNOWN.join(",");
        ctx.fail(&format!("bad -o argument '{bad}', supported arguments: {known},rss"));
        return 1;
    }
    let gnu = !ctx.busybox();
    let width = |c: &str| match c {
        "pid" | "ppid" if gnu => 7,
        "pid" | "ppid" => 5,
        "user" => 8,
        "stat" => 4,
        "rss" | "vsz" => 4,
        _ => 0,
    };
    let title = |c: &str| {
        if gnu && c == "cmd" {
            "CMD".to_owned()
        } else if gnu && matches!(c, "pid" | "ppid") {
            format!("{:>7}", c.to_uppercase())
        } else if matches!(c, "comm" | "args" | "cmd" | "command") {
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
                "pid" if gnu => format!("{:7}", p.pid),
                "ppid" if gnu => format!("{:7}", p.ppid),
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
