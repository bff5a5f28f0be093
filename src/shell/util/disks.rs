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
