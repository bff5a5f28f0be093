//! Builtins about processes: `wait`, `jobs`, `fg`, `bg`, `kill`, `trap`.

use super::Outcome;
use crate::os::program::{Errno, Pid, Signal, Sys};
use crate::shell::Flavour;
use crate::shell::interp::Shell;
use crate::shell::interp::frame::Kind;
use crate::shell::interp::signals::Trap;
use crate::shell::text::single_quoted;
use std::rc::Rc;

impl Shell {
    /// The process of a job as it is named: `%1`, `%%`, `%+`, `%-` or a number.
    fn job_pid(&self, name: &str) -> Option<Pid> {
        match name.strip_prefix('%') {
            Some("" | "%" | "+") => self.jobs.list.values().next_back().map(|j| j.pid),
            Some("-") => self.jobs.list.values().rev().nth(1).map(|j| j.pid),
            Some(n) => match n.parse::<u32>() {
                Ok(n) => self.jobs.list.get(&n).map(|j| j.pid),
                Err(_) => self.jobs.list.values().find(|j| j.text.starts_with(n)).map(|j| j.pid),
            },
            None => name.parse().ok(),
        }
    }
}

pub fn wait(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let any = shell.flavour.extended() && argv[1..].iter().any(|a| &**a == "-n");
    let args: Vec<&Rc<str>> = argv[1..].iter().filter(|a| !any || &***a != "-n").collect();
    if args.is_empty() {
        return Outcome::Frame(Kind::WaitJobs { pids: None, any });
    }
    let mut pids = Vec::new();
    let mut status = 0;
    for name in args {
        let pid = shell.job_pid(name);
        if !shell.flavour.is_bash() && pid.is_none() {
            return match (shell.flavour, name.starts_with('%')) {
                (Flavour::Ash, true) => Outcome::Fail(format!("{name}: no such job"), 2),
                (_, true) => Outcome::Fail(format!("No such job: {name}"), 2),
                _ => Outcome::Fail(format!("Illegal number: {name}"), 2),
            };
        }
        let ours = !shell.jobs.inherited
            && pid.is_some_and(|p| {
                shell.jobs.list.values().any(|j| j.pid == p) || shell.jobs.ended.contains_key(&p)
            });
        match pid.filter(|_| ours) {
            Some(pid) => pids.push(pid),
            None if shell.flavour.is_bash() && pid.is_some_and(|p| shell.jobs.told.contains_key(&p)) => {
                status = pid.and_then(|p| shell.jobs.told.get(&p).copied()).unwrap_or(0);
            }
            None => {
                status = 127;
                if shell.flavour.is_bash() {
                    shell.complain(&format!("pid {name} is not a child of this shell"));
                }
            }
        }
    }
    if pids.is_empty() {
        Outcome::Status(status)
    } else {
        Outcome::Frame(Kind::WaitJobs { pids: Some(pids), any })
    }
}

pub fn jobs(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut mode = ' ';
    let mut only = Vec::new();
    for arg in &argv[1..] {
        match &**arg {
            "-p" => mode = 'p',
            "-l" => mode = 'l',
            "-r" | "-s" | "-n" => {}
            name if !name.starts_with('-') => match shell.job_pid(name) {
                Some(pid) => only.push(pid),
                None => {
                    return match shell.flavour {
                        Flavour::Dash => Outcome::Fail(format!("No such job: {name}"), 2),
                        Flavour::Ash => Outcome::Fail(format!("{name}: no such job"), 2),
                        Flavour::Bash => Outcome::Fail(format!("{name}: no such job"), 1),
                    };
                }
            },
            other => {
                let text = match shell.flavour {
                    Flavour::Ash => format!("illegal option {other}"),
                    Flavour::Dash => format!("Illegal option {other}"),
                    Flavour::Bash => format!("{other}: invalid option"),
                };
                return Outcome::Fail(text, 2);
            }
        }
    }
    shell.reap(sys);
    let current = shell.jobs.list.keys().next_back().copied();
    let previous = shell.jobs.list.keys().nth_back(1).copied();
    let width = if shell.flavour.is_bash() { 23 } else { 26 };
    let mut text = String::new();
    // dash's subshells know nothing of their parent's jobs.
    let unknown = shell.flavour == Flavour::Dash && shell.jobs.inherited;
    for (number, job) in
        shell.jobs.list.iter().filter(|(_, j)| !unknown && (only.is_empty() || only.contains(&j.pid)))
    {
        if mode == 'p' {
            text.push_str(&format!("{}\n", job.pid));
            continue;
        }
        let end = shell.jobs.ended.get(&job.pid).copied();
        let state = end.map_or_else(|| "Running".to_owned(), |end| shell.ended_word(end));
        let bash = shell.flavour.is_bash();
        let mark = match *number {
            n if Some(n) == current => '+',
            n if Some(n) == previous || !bash => '-',
            _ => ' ',
        };
        let pid = if mode == 'l' { format!("{} ", job.pid) } else { String::new() };
        // Without job control busybox and dash do not keep the command's text.
        let shown = match (shell.flavour.is_bash(), shell.opts.interactive) {
            (true, _) if end.is_none() => format!("{} &", job.text),
            (true, _) => job.text.to_string(),
            (false, true) => job.text.to_string(),
            (false, false) => String::new(),
        };
        text.push_str(&format!("[{number}]{mark}  {pid}{state:<width$} {shown}\n"));
    }
    shell.print(1, text.as_bytes());
    if mode != 'p' {
        // A job whose end was told is forgotten.
        let jobs = &mut shell.jobs;
        jobs.list.retain(|_, j| !jobs.ended.contains_key(&j.pid));
    }
    Outcome::Status(0)
}

pub fn fg(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let name = argv.get(1).map_or("%+", |a| a);
    if shell.flavour.is_bash() && !shell.opts.interactive {
        return Outcome::Fail("no job control".into(), 1);
    }
    let found = shell.job_pid(name);
    let job = shell.jobs.list.iter().find(|(_, j)| Some(j.pid) == found).map(|(n, j)| (*n, j.clone()));
    match job {
        None if argv.len() > 1 => Outcome::Fail(
            if shell.flavour == Flavour::Dash {
                format!("No such job: {name}")
            } else {
                format!("{name}: no such job")
            },
            if shell.flavour.is_bash() { 1 } else { 2 },
        ),
        None => Outcome::Fail(
            if shell.flavour.is_bash() { "current: no such job" } else { "No current job" }.into(),
            2,
        ),
        Some(_) if !shell.opts.interactive => {
            Outcome::Fail("job (null) not created under job control".into(), 2)
        }
        Some((number, job)) => {
            shell.print(1, format!("{}\n", job.text).as_bytes());
            shell.jobs.list.remove(&number);
            Outcome::Frame(Kind::Wait { pids: vec![(job.pid, None)], text: job.text })
        }
    }
}

pub fn bg(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    if let Some(name) = argv.get(1).filter(|n| !shell.flavour.is_bash() && shell.job_pid(n).is_none()) {
        let dash = shell.flavour == Flavour::Dash;
        return Outcome::Fail(
            if dash { format!("No such job: {name}") } else { format!("{name}: no such job") },
            2,
        );
    }
    if shell.flavour.is_bash() && !shell.opts.interactive {
        return Outcome::Fail("no job control".into(), 1);
    }
    match shell.jobs.list.keys().next_back() {
        None => Outcome::Fail(
            if shell.flavour.is_bash() { "current: no such job" } else { "No current job" }.into(),
            2,
        ),
        Some(number) => {
            let text = format!("job {number} already in background");
            Outcome::Fail(text, if shell.flavour.is_bash() { 0 } else { 1 })
        }
    }
}

/// bash's `disown`: jobs that are no longer listed and not waited for.
pub fn disown(shell: &mut Shell, _: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut status = 0;
    let names: Vec<&Rc<str>> = argv[1..].iter().filter(|a| !a.starts_with('-')).collect();
    if argv.iter().any(|a| &**a == "-h") {
        return Outcome::Status(0);
    }
    if argv.iter().any(|a| &**a == "-a") {
        shell.jobs.list.clear();
    } else if names.is_empty() {
        let last = shell.jobs.list.keys().next_back().copied();
        match last {
            Some(last) => drop(shell.jobs.list.remove(&last)),
            None => return Outcome::Fail("current: no such job".into(), 1),
        }
    }
    for name in names {
        match shell.job_pid(name).filter(|pid| shell.jobs.list.values().any(|j| j.pid == *pid)) {
            Some(pid) => shell.jobs.list.retain(|_, j| j.pid != pid),
            None => {
                shell.complain(&format!("{name}: no such job"));
                status = 1;
            }
        }
    }
    Outcome::Status(status)
}

pub fn kill(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let ash = shell.flavour == Flavour::Ash;
    if ash {
        // busybox's errors do not name the builtin.
        shell.builtin = None;
    }
    let mut signal = Some(Signal::Term);
    let mut args = &argv[1..];
    if let Some(flag) = args.first().and_then(|a| a.strip_prefix('-')).filter(|f| !f.is_empty()) {
        let flag = flag.to_owned();
        args = &args[1..];
        if flag == "l" || flag == "L" {
            return list_signals(shell, args);
        }
        let mut name = flag.clone();
        if flag == "s" || flag == "n" {
            name = args.first().map(|a| a.to_string()).unwrap_or_default();
            args = args.get(1..).unwrap_or(&[]);
        }
        if name != "-" {
            signal = match (name.as_str(), Signal::parse(&name)) {
                ("0", _) => None,
                (_, Some(signal)) => Some(signal),
                _ => {
                    let text = match shell.flavour {
                        Flavour::Ash => format!("bad signal name '{name}'"),
                        Flavour::Dash => {
                            format!("Illegal option -{}", name.chars().next().unwrap_or_default())
                        }
                        Flavour::Bash => format!("{name}: invalid signal specification"),
                    };
                    return Outcome::Fail(text, if shell.flavour == Flavour::Dash { 2 } else { 1 });
                }
            };
        }
    }
    if args.is_empty() {
        return match shell.flavour {
            Flavour::Ash => Outcome::Fail("you need to specify whom to kill".into(), 1),
            Flavour::Dash => Outcome::Fail(
                "Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]"
                    .into(),
                2,
            ),
            Flavour::Bash => {
                let usage = "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n";
                shell.print(2, usage.as_bytes());
                Outcome::Status(2)
            }
        };
    }
    let mut status = 0;
    let failed = if shell.flavour == Flavour::Dash { 2 } else { 1 };
    for arg in args {
        let pid = if arg.starts_with('%') { shell.job_pid(arg).map(i64::from) } else { arg.parse().ok() };
        let Some(pid) = pid else {
            let text = match (shell.flavour, arg.starts_with('%')) {
                (Flavour::Bash, true) => format!("{arg}: no such job"),
                (Flavour::Bash, false) => format!("{arg}: arguments must be process or job IDs"),
                (Flavour::Ash, true) => {
                    shell.builtin = Some("kill".into());
                    return Outcome::Fail(format!("{arg}: no such job"), 2);
                }
                (Flavour::Ash, false) => format!("invalid number '{arg}'"),
                (Flavour::Dash, true) => format!("No such job: {arg}"),
                (Flavour::Dash, false) => format!("Illegal number: {arg}"),
            };
            shell.complain(&text);
            status = failed;
            if shell.flavour == Flavour::Dash {
                return Outcome::Status(2);
            }
            continue;
        };
        if let Err(error) = sys.kill(pid, signal) {
            status = 1;
            let text = match shell.flavour {
                Flavour::Ash => format!("can't kill pid {pid}: {}", error.text()),
                Flavour::Dash if error == Errno::ESRCH => "No such process\n".into(),
                Flavour::Dash => error.text().to_owned(),
                Flavour::Bash => format!("({pid}) - {}", error.text()),
            };
            shell.complain(&text);
        }
    }
    shell.notice_signals(sys);
    Outcome::Status(status)
}

fn list_signals(shell: &mut Shell, args: &[Rc<str>]) -> Outcome {
    let mut text = String::new();
    for arg in args {
        let number = arg.parse::<i32>().ok().map(|n| if n > 128 { n - 128 } else { n });
        let by_name = if shell.flavour == Flavour::Dash { None } else { Signal::parse(arg) };
        let found = Signal::ALL.iter().find(|(s, n, _)| Some(*n) == number || by_name == Some(*s));
        match found {
            Some((_, n, name)) if number.is_some() => {
                let _ = n;
                text.push_str(&format!("{name}\n"));
            }
            Some((_, n, _)) => text.push_str(&format!("{n}\n")),
            None if shell.flavour == Flavour::Ash && number.is_some() => text.push_str(&format!("{arg}\n")),
            None if shell.flavour == Flavour::Bash => {
                return Outcome::Fail(format!("{arg}: invalid signal specification"), 1);
            }
            None if shell.flavour == Flavour::Dash => {
                return Outcome::Fail(format!("Illegal number: {arg}"), 2);
            }
            None => return Outcome::Fail(format!("unknown signal '{arg}'"), 1),
        }
    }
    if args.is_empty() {
        for (_, n, name) in Signal::ALL {
            text.push_str(&match shell.flavour {
                Flavour::Bash => format!("{n:>2}) SIG{name}\n"),
                Flavour::Ash => format!("{n:>2}) {name}\n"),
                Flavour::Dash => format!("{name}\n"),
            });
        }
    }
    shell.print(1, text.as_bytes());
    Outcome::Status(0)
}

pub fn trap(shell: &mut Shell, sys: &mut dyn Sys, argv: &[Rc<str>]) -> Outcome {
    let mut args = &argv[1..];
    if args.first().is_some_and(|a| &**a == "--") {
        args = &args[1..];
    }
    if args.is_empty() || &*args[0] == "-p" {
        let sig = |t: Trap| match t {
            Trap::Signal(_) if shell.flavour.is_bash() => format!("SIG{}", t.name()),
            _ => t.name(),
        };
        let only: Vec<Trap> = args.iter().skip(1).filter_map(|a| Trap::parse(a)).collect();
        let text: String = shell
            .traps
            .iter()
            .filter(|(t, _)| args.len() < 2 || only.contains(t))
            .map(|(t, text)| format!("trap -- {} {}\n", single_quoted(text), sig(*t)))
            .collect();
        shell.print(1, text.as_bytes());
        return Outcome::Status(0);
    }
    if &*args[0] == "-l" {
        return list_signals(shell, &[]);
    }
    let resets = args.len() == 1 || args[0].bytes().all(|b| b.is_ascii_digit()) && !args[0].is_empty();
    let (action, names) = if resets { (None, args) } else { (Some(args[0].clone()), &args[1..]) };
    let action = action.filter(|a| &**a != "-");
    let mut status = 0;
    for name in names {
        match Trap::parse(name) {
            Some(trap) => shell.set_trap(sys, trap, action.as_deref()),
            None => {
                status = 1;
                match shell.flavour {
                    Flavour::Dash => shell.print(2, format!("trap: {name}: bad trap\n").as_bytes()),
                    _ => shell.complain(&format!("{name}: invalid signal specification")),
                }
            }
        }
    }
    Outcome::Status(status)
}
