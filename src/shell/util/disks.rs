//! File systems and what lies on them: `mount`, `df`, `du`.

use super::ctx::Ctx;
use super::ls::human;
use super::opts;
use super::paths::resolved;
use crate::api::Text;
use crate::os::program::{Cap, FileType};

/// `mount`.
pub fn mount(ctx: &mut Ctx) -> i32 {
    if ctx.args.len() > 1 {
        if ctx.sys.can(Cap::SYS_ADMIN) {
            return ctx.not_simulated("mounting");
        }
        if ctx.busybox() {
            ctx.fail("permission denied (are you root?)");
            return 1;
        }
        let place = ctx.args.last().cloned().unwrap_or_default();
        ctx.fail(&format!("{place}: permission denied."));
        ctx.err("       dmesg(1) may have more information after failed mount system call.\n");
        return 32;
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

/// `umount`.
pub fn umount(ctx: &mut Ctx) -> i32 {
    let paths: Vec<Text> = ctx.args[1..].iter().filter(|a| !a.starts_with('-')).cloned().collect();
    let Some(path) = paths.first() else {
        return super::files::missing_operand(ctx, "umount", "bad usage");
    };
    let why = match ctx.sys.stat(path) {
        Err(error) => error.text(),
        Ok(_) if ctx.sys.can(Cap::SYS_ADMIN) => return ctx.not_simulated("unmounting"),
        Ok(_) => "Operation not permitted",
    };
    let text = match (ctx.busybox(), why) {
        (true, why) => format!("can't unmount {path}: {why}"),
        (false, "Operation not permitted") => format!("{path}: must be superuser to unmount."),
        (false, _) => format!("{path}: no mount point specified."),
    };
    ctx.fail(&text);
    if ctx.busybox() { 1 } else { 32 }
}

/// `mountpoint`.
pub fn mountpoint(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "qdxn quiet=q") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let Some(path) = o.rest.first().cloned() else {
        return super::files::missing_operand(ctx, "mountpoint", "bad usage");
    };
    if let Err(error) = ctx.sys.stat(&path) {
        if !o.has('q') {
            ctx.fail(&format!("{path}: {}", error.text()));
        }
        return 1;
    }
    let full = resolved(ctx, &path).unwrap_or_default();
    let is = ctx.sys.mounts().iter().any(|m| full == *m.path);
    if !o.has('q') {
        ctx.print(format!("{path} is {}a mountpoint\n", if is { "" } else { "not " }));
    }
    match (is, ctx.busybox()) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 32,
    }
}

/// `df`.
pub fn df(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "hkmPTaiB:t:x human-readable=h print-type=T") {
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
    let types = o.has('T');
    if types {
        text = if ctx.busybox() {
            title.replace("Filesystem           ", "Filesystem           Type       ")
        } else {
            title.replace("Filesystem     ", "Filesystem     Type ")
        };
    }
    for m in shown {
        let free = m.size.saturating_sub(m.used);
        let n = |b: u64| if o.has('h') { human(b) } else { (b / 1_024).to_string() };
        let percent = (m.used * 100).checked_div(m.size).unwrap_or(0);
        let source = match (types, ctx.busybox()) {
            (false, _) => m.source.to_string(),
            (true, true) => format!("{:<20} {:<10}", m.source, m.fs_type),
            (true, false) => format!("{:<14} {:<4}", m.source, m.fs_type),
        };
        text.push_str(&if ctx.busybox() {
            format!(
                "{:<20} {:>9} {:>9} {:>9} {percent:>3}% {}\n",
                source,
                n(m.size),
                n(m.used),
                n(free),
                m.path
            )
        } else {
            format!(
                "{:<14} {:>5} {:>5} {:>5} {percent:>3}% {}\n",
                source,
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
    let o = match opts::parse(
        ctx,
        if ctx.busybox() {
            "shkamcd:x"
        } else {
            "shkamcd:xbA summarize=s human-readable=h max-depth=d apparent-size=A all=a total=c bytes=b one-file-system=x"
        },
    ) {
        Ok(o) => o,
        Err(status) => return status,
    };
    let paths = if o.rest.is_empty() { vec![Text::lit(".")] } else { o.rest.clone() };
    let (mut status, mut total) = (0, 0);
    for path in paths {
        if let Err(error) = ctx.sys.lstat(&path) {
            let text = if ctx.busybox() {
                format!("{path}: {}", error.text())
            } else {
                format!("cannot access '{path}': {}", error.text())
            };
            ctx.fail(&text);
            status = 1;
            continue;
        }
        let depth = if o.has('s') { 0 } else { o.get('d').and_then(|d| d.parse().ok()).unwrap_or(64) };
        total += usage(ctx, &o, &path, 0, depth);
    }
    if o.has('c') {
        shown(ctx, &o, total, "total");
    }
    status
}

fn shown(ctx: &mut Ctx, o: &opts::Opts, bytes: u64, path: &str) {
    let size = if o.has('h') && ctx.busybox() && bytes > 0 {
        tenths(bytes)
    } else if o.has('h') {
        human(bytes)
    } else if o.has('b') {
        bytes.to_string()
    } else if o.has('m') {
        bytes.div_ceil(1 << 20).to_string()
    } else {
        bytes.div_ceil(1_024).to_string()
    };
    ctx.print(format!("{size}\t{path}\n"));
}

/// A number of bytes as busybox's `du -h` shows it: always with a tenth.
fn tenths(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut units = "KMGTP".chars();
    let mut unit = ' ';
    while value >= 1_024.0 {
        value /= 1_024.0;
        unit = units.next().unwrap_or('P');
    }
    format!("{value:.1}{unit}")
}

fn usage(ctx: &mut Ctx, o: &opts::Opts, path: &str, depth: u32, show: u32) -> u64 {
    let Ok(stat) = ctx.sys.lstat(path) else { return 0 };
    // In bytes: what is in a file, or what it takes on the disk.
    let apparent = o.has('A') || o.has('b');
    let mut total = match (stat.kind, apparent) {
        (FileType::File, true) => stat.size,
        (FileType::File, false) => stat.size.div_ceil(4_096) * 4_096,
        (FileType::Dir, _) => 4_096,
        (_, true) => stat.size,
        _ => 0,
    };
    if stat.kind == FileType::Dir && depth < 64 {
        for name in ctx.sys.read_dir(path).unwrap_or_default() {
            total += usage(ctx, o, &format!("{}/{name}", path.trim_end_matches('/')), depth + 1, show);
        }
    }
    if depth == 0 || depth <= show && (stat.kind == FileType::Dir || o.has('a')) {
        shown(ctx, o, total, path);
    }
    total
}
