//! `ls`, `stat`.

use super::ctx::Ctx;
use super::{date, mode, opts};
use crate::api::Text;
use crate::collections::Order;
use crate::os::program::{FileType, MountInfo, Stat};

/// How deep `-R` follows directories.
const MAX_DEPTH: u32 = 64;

struct Entry {
    name: String,
    path: String,
    stat: Stat,
}

/// `ls`.
pub fn ls(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(
        ctx,
        "1AaCxdLHRFplinshrSXvctugkQw:TN all=a almost-all=A human-readable=h directory=d recursive=R color=v time-style=v full-time=l",
    ) {
        Ok(o) => o,
        Err(status) => return status,
    };
    let mut status = 0;
    let paths = if o.rest.is_empty() { vec![Text::lit(".")] } else { o.rest.clone() };
    let (mut files, mut dirs) = (Vec::new(), Vec::new());
    for path in &paths {
        let follow = !o.has('l') || o.has('L') || path.ends_with('/');
        let stat = if follow {
            ctx.sys.stat(path).or_else(|e| if ctx.busybox() { Err(e) } else { ctx.sys.lstat(path) })
        } else {
            ctx.sys.lstat(path)
        };
        match stat {
            Ok(stat) => {
                let entry = Entry { name: path.to_string(), path: path.to_string(), stat };
                if entry.stat.kind == FileType::Dir && !o.has('d') {
                    dirs.push(entry)
                } else {
                    files.push(entry)
                }
            }
            Err(error) => {
                let text = if ctx.busybox() {
                    format!("{path}: {}", error.text())
                } else {
                    format!("cannot access '{path}': {}", error.text())
                };
                ctx.fail(&text);
                status = if ctx.busybox() { 1 } else { 2 };
            }
        }
    }
    let shown_files = !files.is_empty();
    sort(&mut files, &o);
    list(ctx, &o, &files);
    sort(&mut dirs, &o);
    let titles = paths.len() > 1 || o.has('R');
    for (i, dir) in dirs.iter().enumerate() {
        if titles {
            let gap = if i > 0 || shown_files { "\n" } else { "" };
            ctx.print(format!("{gap}{}:\n", dir.path));
        }
        status |= directory(ctx, &o, &dir.path, 0);
    }
    status
}

fn directory(ctx: &mut Ctx, o: &opts::Opts, path: &str, depth: u32) -> i32 {
    let names = match ctx.sys.read_dir(path) {
        Ok(names) => names,
        Err(error) => {
            let text = if ctx.busybox() {
                format!("can't open '{path}': {}", error.text())
            } else {
                format!("cannot open directory '{path}': {}", error.text())
            };
            ctx.fail(&text);
            return 1;
        }
    };
    let mut all: Vec<String> = if o.has('a') { vec![".".into(), "..".into()] } else { Vec::new() };
    all.extend(
        names.iter().filter(|n| !n.starts_with('.') || o.has('a') || o.has('A')).map(|n| n.to_string()),
    );
    let mut entries: Vec<Entry> = Vec::new();
    for name in all {
        let full = format!("{}/{name}", path.trim_end_matches('/'));
        let followed = if o.has('L') { ctx.sys.stat(&full) } else { ctx.sys.lstat(&full) };
        if let Ok(stat) = followed {
            entries.push(Entry { name, path: full, stat });
        }
    }
    sort(&mut entries, o);
    if o.has('l') || o.has('s') {
        let mounts = ctx.sys.mounts();
        let cwd = ctx.sys.cwd();
        let in_memory = |e: &&Entry| e.stat.kind == FileType::Dir && in_memory(&mounts, &cwd, &e.path);
        let blocks: u64 = entries.iter().filter(|e| !in_memory(e)).map(|e| blocks(&e.stat)).sum();
        ctx.print(format!("total {blocks}\n"));
    }
    list(ctx, o, &entries);
    let mut status = 0;
    if o.has('R') && depth < MAX_DEPTH {
        for entry in
            entries.iter().filter(|e| e.stat.kind == FileType::Dir && e.name != "." && e.name != "..")
        {
            ctx.print(format!("\n{}:\n", entry.path));
            status |= directory(ctx, o, &entry.path, depth + 1);
        }
    }
    status
}

/// Whether a path is on a file system without a disk, whose directories take no blocks.
fn in_memory(mounts: &[MountInfo], cwd: &str, path: &str) -> bool {
    let full = format!("{}/", crate::os::program::logical(cwd, path));
    let holds = |m: &&MountInfo| full.starts_with(&format!("{}/", m.path.trim_end_matches('/')));
    let mount = mounts.iter().filter(holds).max_by_key(|m| m.path.len());
    mount.is_some_and(|m| matches!(m.fs_type.as_str(), "tmpfs" | "proc" | "sysfs"))
}

/// Kilobytes that a file takes on the disk.
fn blocks(stat: &Stat) -> u64 {
    match stat.kind {
        FileType::File => stat.size.div_ceil(4_096) * 4,
        FileType::Dir => 4,
        _ => 0,
    }
}

fn sort(entries: &mut [Entry], o: &opts::Opts) {
    entries.order_by(|a, b| a.name.cmp(&b.name));
    if o.has('t') {
        entries.order_by_key(|e| std::cmp::Reverse(e.stat.mtime_micros));
    } else if o.has('S') {
        entries.order_by_key(|e| std::cmp::Reverse(e.stat.size));
    }
    if o.has('r') {
        entries.reverse();
    }
}

fn label(entry: &Entry, o: &opts::Opts) -> String {
    let mark = match entry.stat.kind {
        FileType::Dir if o.has('F') || o.has('p') => "/",
        FileType::Symlink if o.has('F') => "@",
        FileType::File if o.has('F') && entry.stat.mode & 0o111 != 0 => "*",
        FileType::Fifo if o.has('F') => "|",
        _ => "",
    };
    if o.has('Q') { format!("\"{}\"{mark}", entry.name) } else { format!("{}{mark}", entry.name) }
}

fn list(ctx: &mut Ctx, o: &opts::Opts, entries: &[Entry]) {
    if entries.is_empty() {
        return;
    }
    if o.has('l') || o.has('n') || o.has('g') {
        long(ctx, o, entries);
        return;
    }
    let names: Vec<String> = entries
        .iter()
        .map(|e| {
            let wide = if ctx.busybox() { 7 } else { 0 };
            let inode = if o.has('i') { format!("{:>wide$} ", e.stat.inode) } else { String::new() };
            let wide = if ctx.busybox() { 6 } else { 0 };
            let size = if o.has('s') { format!("{:>wide$} ", blocks(&e.stat)) } else { String::new() };
            inode + &size + &label(e, o)
        })
        .collect();
    if !ctx.sys.is_tty(1) && !o.has('C') || o.has('1') {
        ctx.print(names.join("\n") + "\n");
        return;
    }
    let width = o.get('w').and_then(|w| w.parse().ok()).unwrap_or(ctx.sys.tty_size().0 as usize).max(20);
    let text = if ctx.busybox() { fixed_columns(&names, width) } else { fitted_columns(&names, width) };
    ctx.print(text);
}

/// busybox: all columns as wide as the longest name.
fn fixed_columns(names: &[String], width: usize) -> String {
    let longest = names.iter().map(|n| n.chars().count()).max().unwrap_or(0) + 2;
    let columns = (width / longest).max(1);
    let rows = names.len().div_ceil(columns);
    columns_text(names, rows, &vec![longest; columns])
}

/// GNU: as many columns as fit, each as wide as its own longest name.
fn fitted_columns(names: &[String], width: usize) -> String {
    for columns in (1..=names.len().min(width / 3).max(1)).rev() {
        let rows = names.len().div_ceil(columns);
        let widths: Vec<usize> =
            names.chunks(rows).map(|c| c.iter().map(|n| n.chars().count()).max().unwrap_or(0) + 2).collect();
        if widths.len() == columns && widths.iter().sum::<usize>().saturating_sub(2) <= width || columns == 1
        {
            return columns_text(names, rows, &widths);
        }
    }
    String::new()
}

fn columns_text(names: &[String], rows: usize, widths: &[usize]) -> String {
    let mut out = String::new();
    for row in 0..rows {
        let mut at = row;
        let mut column = 0;
        while let Some(name) = names.get(at) {
            at += rows;
            if at < names.len() {
                let width = widths.get(column).copied().unwrap_or(0);
                out.push_str(&format!("{name:<width$}"));
            } else {
                out.push_str(name);
            }
            column += 1;
        }
        out.push('\n');
    }
    out
}

/// A number of bytes as `-h` shows it.
pub fn human(bytes: u64) -> String {
    if bytes < 1_024 {
        return bytes.to_string();
    }
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1_024.0 && unit < 5 {
        value /= 1_024.0;
        unit += 1;
    }
    let letter = ["", "K", "M", "G", "T", "P"][unit];
    if value < 10.0 { format!("{value:.1}{letter}") } else { format!("{value:.0}{letter}") }
}

/// The name of a user or group by its number.
pub fn name_of(ctx: &Ctx, file: &str, id: u32) -> String {
    let text = ctx.sys.read_file(file).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
    let wanted = id.to_string();
    let found = text.lines().find(|l| l.split(':').nth(2) == Some(&wanted)).and_then(|l| l.split(':').next());
    match found {
        Some(name) => name.to_owned(),
        None if id == 0 => "root".into(),
        None => wanted,
    }
}

fn long(ctx: &mut Ctx, o: &opts::Opts, entries: &[Entry]) {
    let now = ctx.sys.wall_micros();
    let busybox = ctx.busybox();
    let rows: Vec<[String; 7]> = entries
        .iter()
        .map(|e| {
            let s = &e.stat;
            let owner = if o.has('n') { s.uid.to_string() } else { name_of(ctx, "/etc/passwd", s.uid) };
            let group = if o.has('n') { s.gid.to_string() } else { name_of(ctx, "/etc/group", s.gid) };
            let size = match s.kind {
                FileType::CharDevice => "1,   3".into(),
                _ if o.has('h') => human(s.size),
                _ => s.size.to_string(),
            };
            let age = now - s.mtime_micros;
            let recent = (-60_000_000..15_724_800_000_000).contains(&age);
            let when = date::format(s.mtime_micros, if recent { "%b %e %H:%M" } else { "%b %e  %Y" });
            let target = s.target.as_ref().map(|t| format!(" -> {t}")).unwrap_or_default();
            [mode::text(s), s.links.to_string(), owner, group, size, when, label(e, o) + &target]
        })
        .collect();
    let width = |i: usize| rows.iter().map(|r| r[i].chars().count()).max().unwrap_or(0);
    let w: Vec<usize> = if busybox { vec![0, 4, 8, 8, 9] } else { (0..5).map(width).collect() };
    let mut text = String::new();
    for r in &rows {
        let [bits, links, owner, group, size, when, name] = r;
        if busybox {
            text.push_str(&format!("{bits} {links:>4} {owner:<8} {group:<8} {size:>9} {when} {name}\n"));
        } else {
            text.push_str(&format!(
                "{bits} {links:>a$} {owner:<b$} {group:<c$} {size:>d$} {when} {name}\n",
                a = w[1],
                b = w[2],
                c = w[3],
                d = w[4]
            ));
        }
    }
    ctx.print(text);
}

/// `stat`.
pub fn stat(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "Lfc:tP: format=c printf=P") {
        Ok(o) => o,
        Err(status) => return status,
    };
    if o.rest.is_empty() {
        return super::files::missing_operand(ctx, "stat", "missing operand");
    }
    let mut status = 0;
    for path in &o.rest {
        let stat = if o.has('L') { ctx.sys.stat(path) } else { ctx.sys.lstat(path) };
        let stat = match stat {
            Ok(stat) => stat,
            Err(error) => {
                let text = if ctx.busybox() {
                    format!("can't stat '{path}': {}", error.text())
                } else {
                    format!("cannot statx '{path}': {}", error.text())
                };
                ctx.fail(&text);
                status = 1;
                continue;
            }
        };
        let text = match o.get('c') {
            Some(format) => formatted(ctx, format, path, &stat) + "\n",
            None if o.has('P') => {
                let mut bytes = Vec::new();
                let format = o.get('P').map_or("", |f| f);
                crate::shell::text::unescape(format, crate::shell::text::Escapes::Printf, &mut bytes);
                formatted(ctx, &String::from_utf8_lossy(&bytes), path, &stat)
            }
            None => {
                let format = "  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: 4096   %F\nDevice: 50h/80d\tInode: %i           Links: %h\nAccess: (%04a/%A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: -\n";
                let format = if ctx.busybox() {
                    format.replace("%N", "%n").replace(" Birth: -\n", "")
                } else {
                    format.replace("%N", "%n")
                };
                formatted(ctx, &format, path, &stat)
            }
        };
        ctx.print(text);
    }
    status
}

fn formatted(ctx: &Ctx, format: &str, path: &str, s: &Stat) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut pad = String::new();
        let left = chars.next_if_eq(&'-').is_some();
        while let Some(d) = chars.peek().copied().filter(char::is_ascii_digit) {
            pad.push(d);
            chars.next();
        }
        let time = || date::format(s.mtime_micros, "%Y-%m-%d %H:%M:%S.%N %z");
        let text = match chars.next() {
            Some('n') => path.to_owned(),
            Some('N') => match &s.target {
                Some(target) => format!("'{path}' -> '{target}'"),
                None if ctx.busybox() => path.to_owned(),
                None => format!("'{path}'"),
            },
            Some('a') => format!("{:o}", s.mode),
            Some('A') => mode::text(s),
            Some('s') => s.size.to_string(),
            Some('b') => (blocks(s) * 2).to_string(),
            Some('h') => s.links.to_string(),
            Some('i') => s.inode.to_string(),
            Some('u') => s.uid.to_string(),
            Some('g') => s.gid.to_string(),
            Some('U') => name_of(ctx, "/etc/passwd", s.uid),
            Some('G') => name_of(ctx, "/etc/group", s.gid),
            Some('F') => match s.kind {
                FileType::File if s.size == 0 => "regular empty file",
                FileType::File => "regular file",
                FileType::Dir => "directory",
                FileType::Symlink => "symbolic link",
                FileType::CharDevice => "character special file",
                FileType::Fifo => "fifo",
                FileType::Socket => "socket",
            }
            .to_owned(),
            Some('x' | 'y' | 'z') => time(),
            Some('X' | 'Y' | 'Z') => (s.mtime_micros / 1_000_000).to_string(),
            Some('%') | None => "%".into(),
            Some(other) => format!("%{other}"),
        };
        let width: usize = pad.trim_start_matches('0').parse().unwrap_or(0);
        let width = width.min(100);
        out.push_str(&if pad.starts_with('0') {
            format!("{text:0>width$}")
        } else if left {
            format!("{text:<width$}")
        } else {
            format!("{text:>width$}")
        });
    }
    out
}
