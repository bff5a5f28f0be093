//! Utilities that make and remove files and change what is said of them.

use super::ctx::Ctx;
use super::{mode, opts};
use crate::api::Text;
use crate::os::program::{Errno, FileType, Stat};

/// How deep directories are followed.
pub(super) const MAX_DEPTH: u32 = 64;

/// The error of an operation on a path, in busybox's or GNU's words.
pub(super) fn cannot(ctx: &mut Ctx, busybox: &str, gnu: &str, path: &str, error: Errno) -> i32 {
    let text = if ctx.busybox() {
        format!("{busybox} '{path}': {}", error.text())
    } else {
        format!("{gnu} '{path}': {}", error.text())
    };
    ctx.fail(&text);
    1
}

pub fn join(dir: &str, name: &str) -> String {
    format!("{}/{name}", dir.trim_end_matches('/'))
}

/// The last part of a path.
pub fn base(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/" } else { trimmed.rsplit('/').next().unwrap_or(trimmed) }
}

pub fn missing_operand(ctx: &mut Ctx, name: &str, text: &str) -> i32 {
    if ctx.busybox() {
        super::usage::print(ctx, name);
    } else {
        ctx.fail(text);
        ctx.err(&format!("Try '{name} --help' for more information.\n"));
    }
    1
}

/// `touch`.
pub fn touch(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "acmhd:t:r: no-create=c date=d reference=r") {
        Ok(o) => o,
        Err(status) => return status,
    };
    if o.rest.is_empty() {
        return missing_operand(ctx, "touch", "missing file operand");
    }
    let mut when = None;
    if let Some(text) = o.get('d') {
        when = super::date::parse(text, ctx.sys.wall_micros());
    }
    if let Some(path) = o.get('r') {
        when = ctx.sys.stat(path).ok().map(|s| s.mtime_micros);
    }
    let mut status = 0;
    for path in &o.rest {
        if o.has('c') && ctx.sys.stat(path).is_err() {
            continue;
        }
        if let Err(error) = ctx.sys.touch(path, when) {
            let text = if ctx.busybox() {
                format!("{path}: {}", error.text())
            } else {
                format!("cannot touch '{path}': {}", error.text())
            };
            ctx.fail(&text);
            status = 1;
        }
    }
    status
}

/// Makes the directories on the way to a path, and with `itself` the path too.
pub fn make_parents(ctx: &mut Ctx, path: &str, itself: bool) -> Result<(), Errno> {
    let parts: Vec<&str> = path.split('/').collect();
    let count = if itself { parts.len() } else { parts.len() - 1 };
    for n in 1..=count {
        let at = parts[..n].join("/");
        if parts[n - 1].is_empty() || ctx.sys.stat(&at).is_ok_and(|s| s.kind == FileType::Dir) {
            continue;
        }
        ctx.sys.mkdir(&at, 0o777)?;
    }
    Ok(())
}

/// All bytes of the named files, or of standard input where none or `-` is named. `Err`: the status after an
/// error that was told, or 0 while standard input is still being collected.
pub fn inputs(ctx: &mut Ctx, names: &[Text]) -> Result<Vec<(Text, Vec<u8>)>, i32> {
    let stdin = [Text::lit("-")];
    let mut out = Vec::new();
    for name in if names.is_empty() { &stdin } else { names } {
        let bytes = if &**name == "-" {
            ctx.input().ok_or(0)?.to_vec()
        } else {
            match ctx.read_file(name) {
                Ok(bytes) => bytes,
                Err(error) => {
                    ctx.fail(&format!("{name}: {}", error.text()));
                    return Err(1);
                }
            }
        };
        out.push((name.clone(), bytes));
    }
    Ok(out)
}

/// `mkdir`.
pub fn mkdir(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "pm:v parents=p mode=m verbose=v") {
        Ok(o) => o,
        Err(status) => return status,
    };
    if o.rest.is_empty() {
        return missing_operand(ctx, "mkdir", "missing operand");
    }
    let bits = o.get('m').and_then(|m| mode::parse(m, 0o777, true, 0)).unwrap_or(0o777);
    let mut status = 0;
    for path in &o.rest {
        let result = if o.has('p') { make_parents(ctx, path, true) } else { ctx.sys.mkdir(path, bits) };
        match result {
            Ok(()) => {
                if o.has('m') {
                    let _ = ctx.sys.chmod(path, bits);
                }
                if o.has('v') && !ctx.busybox() {
                    ctx.print(format!("mkdir: created directory '{path}'\n"));
                }
            }
            Err(error) => {
                status = cannot(ctx, "can't create directory", "cannot create directory", path, error);
                if !ctx.busybox() && ctx.utf8() {
                    // GNU quotes this one in its own way.
                    if let Some((_, bytes)) = ctx.out.last_mut() {
                        let text = String::from_utf8_lossy(bytes)
                            .replace(&format!("'{path}'"), &format!("‘{path}’"));
                        *bytes = text.into_bytes();
                    }
                }
            }
        }
    }
    status
}

/// A path, and with `all` the directories on the way to it, from the inside out.
fn with_parents(path: &str, all: bool) -> Vec<&str> {
    let mut out = vec![path];
    let mut rest = path.trim_matches('/');
    while let Some((dir, _)) = rest.rsplit_once('/').filter(|_| all) {
        out.push(dir);
        rest = dir;
    }
    out
}

/// `rmdir`.
pub fn rmdir(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "pv ignore-fail-on-non-empty=i parents=p") {
        Ok(o) => o,
        Err(status) => return status,
    };
    if o.rest.is_empty() {
        return missing_operand(ctx, "rmdir", "missing operand");
    }
    let mut status = 0;
    for path in o.rest.iter().flat_map(|p| with_parents(p, o.has('p'))) {
        if o.has('v') && !ctx.busybox() {
            ctx.print(format!("rmdir: removing directory, '{path}'\n"));
        }
        if let Err(error) = ctx.sys.rmdir(path) {
            if error == Errno::ENOTEMPTY && o.has('i') {
                continue;
            }
            let text = if ctx.busybox() {
                format!("'{path}': {}", error.text())
            } else {
                format!("failed to remove '{path}': {}", error.text())
            };
            ctx.fail(&text);
            status = 1;
        }
    }
    status
}

/// `rm`.
pub fn rm(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "rRfiv recursive=r force=f verbose=v") {
        Ok(o) => o,
        Err(status) => return status,
    };
    if o.rest.is_empty() {
        return if o.has('f') { 0 } else { missing_operand(ctx, "rm", "missing operand") };
    }
    let recursive = o.has('r') || o.has('R');
    let mut status = 0;
    for path in &o.rest {
        match ctx.sys.lstat(path) {
            Err(Errno::ENOENT | Errno::ENOTDIR) if o.has('f') => {}
            Err(error) => status = cannot(ctx, "can't remove", "cannot remove", path, error),
            Ok(stat) if stat.kind == FileType::Dir && !recursive => {
                let text = if ctx.busybox() {
                    format!("'{path}' is a directory")
                } else {
                    format!("cannot remove '{path}': Is a directory")
                };
                ctx.fail(&text);
                status = 1;
            }
            Ok(_) if matches!(base(path), "." | "..") => {
                let text = if ctx.busybox() {
                    "can't remove '.' or '..'".to_owned()
                } else {
                    format!("refusing to remove '.' or '..' directory: skipping '{path}'")
                };
                ctx.fail(&text);
                status = 1;
            }
            Ok(_) if &**path == "/" && !ctx.busybox() => {
                ctx.fail("it is dangerous to operate recursively on '/'");
                ctx.fail("use --no-preserve-root to override this failsafe");
                status = 1;
            }
            Ok(_) => status |= remove(ctx, path, 0, o.has('v') && !ctx.busybox()),
        }
    }
    status
}

pub(super) fn remove(ctx: &mut Ctx, path: &str, depth: u32, shows: bool) -> i32 {
    let mut status = 0;
    let is_dir = ctx.sys.lstat(path).is_ok_and(|s| s.kind == FileType::Dir);
    if is_dir && depth < MAX_DEPTH {
        for name in ctx.sys.read_dir(path).unwrap_or_default() {
            status |= remove(ctx, &join(path, &name), depth + 1, shows);
        }
    }
    let result = if is_dir { ctx.sys.rmdir(path) } else { ctx.sys.unlink(path) };
    match result {
        Err(_) if status != 0 => 1,
        Err(error) => cannot(ctx, "can't remove", "cannot remove", path, error),
        Ok(()) => {
            if shows {
                ctx.print(format!("removed {}'{path}'\n", if is_dir { "directory " } else { "" }));
            }
            status
        }
    }
}

/// `chmod`.
pub fn chmod(ctx: &mut Ctx) -> i32 {
    // A mode such as `-x` is no option.
    let mut args = ctx.args.clone();
    let symbolic = args
        .iter()
        .position(|a| a.starts_with('-') && a.len() > 1 && a[1..].chars().all(|c| "rwxst".contains(c)));
    let early = symbolic.map(|i| args.remove(i));
    let mut o = match opts::parse_args(ctx, "Rvcf recursive=R", &args[1..]) {
        Ok(o) => o,
        Err(status) => return status,
    };
    if let Some(mode) = early {
        o.rest.insert(0, mode);
    }
    if o.rest.len() < 2 {
        return missing_operand(ctx, "chmod", "missing operand");
    }
    let text = o.rest.remove(0);
    if mode::parse(&text, 0, false, 0o022).is_none() {
        let line = if ctx.busybox() {
            format!("invalid mode '{text}'")
        } else {
            format!("invalid mode: ‘{text}’\nTry 'chmod --help' for more information.")
        };
        ctx.fail(&line);
        return 1;
    }
    let mut status = 0;
    for path in &o.rest {
        status |= change(ctx, path, o.has('R'), 0, &mut |ctx, path| {
            let stat = ctx.sys.stat(path)?;
            let bits = mode::parse(&text, stat.mode, stat.kind == FileType::Dir, 0o022).unwrap_or(stat.mode);
            let same = bits == stat.mode & 0o7777;
            if !ctx.busybox() && (o.has('v') || o.has('c') && !same) {
                let shown = |bits: u32| {
                    let text = mode::text(&Stat { mode: bits, ..stat.clone() });
                    format!("{bits:04o} ({})", &text[1..])
                };
                let line = if same {
                    format!("mode of '{path}' retained as {}\n", shown(bits))
                } else {
                    format!(
                        "mode of '{path}' changed from {} to {}\n",
                        shown(stat.mode & 0o7777),
                        shown(bits)
                    )
                };
                ctx.print(line);
            }
            ctx.sys.chmod(path, bits)
        });
    }
    status
}

/// Does something to a path and, perhaps, to everything below it.
fn change(
    ctx: &mut Ctx,
    path: &str,
    recursive: bool,
    depth: u32,
    work: &mut dyn FnMut(&mut Ctx, &str) -> Result<(), Errno>,
) -> i32 {
    let mut status = 0;
    if let Err(error) = work(ctx, path) {
        let text = if ctx.busybox() {
            format!("{path}: {}", error.text())
        } else {
            format!("cannot access '{path}': {}", error.text())
        };
        ctx.fail(&text);
        status = 1;
    }
    let is_dir = ctx.sys.lstat(path).is_ok_and(|s| s.kind == FileType::Dir);
    if recursive && is_dir && depth < MAX_DEPTH {
        for name in ctx.sys.read_dir(path).unwrap_or_default() {
            status |= change(ctx, &join(path, &name), true, depth + 1, work);
        }
    }
    status
}

/// A line of `/etc/passwd` or `/etc/group` by name: its number.
pub(super) fn id_named(ctx: &Ctx, file: &str, name: &str) -> Option<u32> {
    if let Ok(n) = name.parse() {
        return Some(n);
    }
    let bytes = ctx.sys.read_file(file).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.lines().find_map(|l| {
        let mut fields = l.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    })
}

/// `chown` and `chgrp`.
pub fn chown(ctx: &mut Ctx) -> i32 {
    let mut o = match opts::parse(ctx, "Rhvcf recursive=R") {
        Ok(o) => o,
        Err(status) => return status,
    };
    if o.rest.len() < 2 {
        return missing_operand(ctx, "chown", "missing operand");
    }
    let who = o.rest.remove(0);
    let group_only = base(&ctx.args[0]) == "chgrp";
    let (user, group) = match who.split_once([':', '.']) {
        Some((u, g)) => (u, g),
        None if group_only => ("", &*who),
        None => (&*who, ""),
    };
    let uid = id_named(ctx, "/etc/passwd", user);
    let gid = id_named(ctx, "/etc/group", group);
    if !user.is_empty() && uid.is_none() || !group.is_empty() && gid.is_none() {
        let text = match (ctx.busybox(), user.is_empty() || uid.is_some()) {
            (true, true) => format!("unknown group {group}"),
            (true, false) => format!("unknown user {user}"),
            (false, true) => format!("invalid group: ‘{who}’"),
            (false, false) => format!("invalid user: ‘{who}’"),
        };
        ctx.fail(&text);
        return 1;
    }
    let mut status = 0;
    for path in &o.rest {
        status |= change(ctx, path, o.has('R'), 0, &mut |ctx, path| ctx.sys.chown(path, uid, gid));
    }
    status
}

/// `truncate`.
pub fn truncate(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "cs: size=s") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let Some(size) = o.get('s').and_then(|s| super::text::size(s)) else {
        return missing_operand(ctx, "truncate", "you must specify either ‘--size’ or ‘--reference’");
    };
    let mut status = 0;
    for path in &o.rest {
        if ctx.sys.stat(path).is_err() && !o.has('c') {
            let _ = ctx.sys.touch(path, None);
        }
        if let Err(error) = ctx.sys.truncate(path, size) {
            status = cannot(ctx, "can't open", "cannot open", path, error);
        }
    }
    status
}

/// `mktemp`.
pub fn mktemp(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "dqtup: directory=d tmpdir=p") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let default = if ctx.busybox() { "tmp.XXXXXX" } else { "tmp.XXXXXXXXXX" };
    let template = o.rest.first().map_or(default, |t| t).to_owned();
    let count = template.chars().rev().take_while(|c| *c == 'X').count();
    if count < 3 {
        let text = if ctx.busybox() {
            "(null): Invalid argument".into()
        } else {
            format!("too few X's in template ‘{template}’")
        };
        ctx.fail(&text);
        return 1;
    }
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut name = template[..template.len() - count].to_owned();
    for _ in 0..count {
        name.push(char::from(LETTERS[ctx.sys.rng().below(LETTERS.len() as u64) as usize]));
    }
    let in_tmp = o.rest.is_empty() || o.has('t') || o.has('p');
    if in_tmp && !name.contains('/') {
        let dir = o.get('p').cloned().or_else(|| ctx.env("TMPDIR")).unwrap_or(Text::lit("/tmp"));
        name = join(&dir, &name);
    }
    if o.has('u') {
        ctx.print(format!("{name}\n"));
        return 0;
    }
    let made = if o.has('d') { ctx.sys.mkdir(&name, 0o700) } else { ctx.sys.write_file(&name, b"", false) };
    match made {
        Ok(()) => {
            let _ = ctx.sys.chmod(&name, if o.has('d') { 0o700 } else { 0o600 });
            ctx.print(format!("{name}\n"));
            0
        }
        Err(error) => {
            ctx.fail(&format!("failed to create file via template ‘{template}’: {}", error.text()));
            1
        }
    }
}

/// `mkfifo`.
pub fn mkfifo(ctx: &mut Ctx) -> i32 {
    let mut status = 0;
    for path in ctx.args.split_off(1) {
        if let Err(error) = ctx.sys.mkfifo(&path) {
            let text = if ctx.busybox() { "" } else { "cannot create fifo " };
            let path = if ctx.busybox() { path.to_string() } else { format!("'{path}'") };
            ctx.fail(&format!("{text}{path}: {}", error.text()));
            status = 1;
        }
    }
    status
}
