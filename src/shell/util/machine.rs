//! The machine: its name, kernel, processors, memory, kernel parameters.

use super::ctx::Ctx;
use super::info::{args, called};
use super::ls::human;
use super::opts;
use crate::collections::Order;
use crate::os::program::{Cap, Errno, FileType};

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
        Some(_) if ctx.sys.can(Cap::SYS_ADMIN) => return ctx.not_simulated("setting the host name"),
        Some(_) => {
            let busybox = ctx.busybox();
            ctx.fail(if busybox {
                "sethostname: Operation not permitted"
            } else {
                "you must be root to change the host name"
            });
            return 1;
        }
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
        "{}              total        used        free      shared  buff/cache   available\nMem:    {:>11} {:>11} {:>11} {:>11} {:>11} {:>11}\nSwap:   {:>11} {:>11} {:>11}\n",
        // procps has widened its first column.
        if ctx.busybox() { "" } else { " " },
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
    let minutes = (super::sort::leading_number(&text) / 60.0) as u64;
    let up = match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, m) => format!("{m} min"),
        (0, h, m) => format!("{h}:{m:02}"),
        (d, h, m) => format!("{d} day{}, {h:2}:{m:02}", if d == 1 { "" } else { "s" }),
    };
    format!(" {clock} up {up},  0 users,  load average: 0.00, 0.00, 0.00\n")
}

/// The most kernel parameters that `sysctl -a` looks for, and how deep.
const MAX_PARAMETERS: usize = 4_096;
const MAX_DEPTH: usize = 8;

/// Where kernel parameters are files.
const PARAMETERS: &str = "/proc/sys";

/// `sysctl`.
pub fn sysctl(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "neqwaNApf:: all=a values=n write=w names=N ignore=e quiet=q load=p") {
        Ok(o) => o,
        Err(status) => return status,
    };
    if o.has('p') || o.has('f') {
        return ctx.not_simulated("reading a file of parameters");
    }
    let mut keys: Vec<String> = o.rest.iter().map(|k| k.to_string()).collect();
    if o.has('a') || o.has('A') {
        parameters(ctx, PARAMETERS, 0, &mut keys);
        keys.order();
    }
    let mut status = 0;
    for key in keys {
        let (name, value) = match key.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (key.as_str(), None),
        };
        let name = name.trim().replace('/', ".");
        let path = format!("{PARAMETERS}/{}", name.replace('.', "/"));
        let done = match value {
            Some(value) => {
                let text = format!("{}\n", value.trim());
                let present = ctx.sys.stat(&path).map(|_| ());
                present.and_then(|()| ctx.sys.write_file(&path, text.as_bytes(), false)).map(|()| text)
            }
            None => ctx.sys.read_file(&path).map(|b| String::from_utf8_lossy(&b).into_owned()),
        };
        match done {
            Ok(_) if o.has('q') && value.is_some() => {}
            Ok(_) if o.has('N') => ctx.print(format!("{name}\n")),
            Ok(text) if o.has('n') => ctx.print(text),
            Ok(text) => ctx.print(format!("{name} = {text}")),
            Err(Errno::ENOENT) if o.has('e') => {}
            Err(error) => {
                status = if ctx.busybox() { 1 } else { 255 };
                complain(ctx, &name, &path, value.is_some(), error);
            }
        }
    }
    status
}

/// All parameters below a directory, by name.
fn parameters(ctx: &Ctx, dir: &str, depth: usize, out: &mut Vec<String>) {
    for name in ctx.sys.read_dir(dir).unwrap_or_default() {
        let path = format!("{dir}/{name}");
        let is_dir = ctx.sys.stat(&path).is_ok_and(|s| s.kind == FileType::Dir);
        if is_dir && depth < MAX_DEPTH {
            parameters(ctx, &path, depth + 1, out);
        } else if out.len() < MAX_PARAMETERS {
            out.push(path[PARAMETERS.len() + 1..].replace('/', "."));
        }
    }
}

fn complain(ctx: &mut Ctx, name: &str, path: &str, writes: bool, error: Errno) {
    let text = match (ctx.busybox(), error) {
        (true, Errno::ENOENT) => format!("error: '{name}' is an unknown key"),
        (true, _) => {
            format!("error {} key '{name}': {}", if writes { "setting" } else { "reading" }, error.text())
        }
        (false, Errno::ENOENT) => format!("cannot stat {path}: {}", error.text()),
        (false, Errno::EACCES) => format!("permission denied on key \"{name}\""),
        (false, _) => {
            format!("{} key \"{name}\": {}", if writes { "setting" } else { "reading" }, error.text())
        }
    };
    ctx.fail(&text);
}
