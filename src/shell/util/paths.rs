//! Names of files: `basename`, `dirname`, `readlink`, `realpath`, `which`.

use super::ctx::Ctx;
use super::info::{args, called};
use super::{files, opts};
use crate::api::Text;
use crate::os::program::{Errno, FileType};

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
pub(super) fn resolved(ctx: &Ctx, path: &str) -> Result<String, Errno> {
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

/// A path of which nothing need be there.
fn missing(ctx: &Ctx, path: &str) -> String {
    let joined = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", ctx.sys.cwd()) };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// `readlink`, `realpath`.
pub fn readlink(ctx: &mut Ctx) -> i32 {
    let real = called(ctx) == "realpath";
    let o = match opts::parse(
        ctx,
        "fnemqszv canonicalize=f canonicalize-existing=e canonicalize-missing=m no-newline=n quiet=q",
    ) {
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
        // `-e` wants all of it to be there, `-m` nothing.
        let wanted = o.has('e');
        let text = match text {
            Ok(text) if wanted && ctx.sys.stat(&text).is_err() => Err(Errno::ENOENT),
            Err(_) if o.has('m') => Ok(missing(ctx, path)),
            text => text,
        };
        match text {
            Ok(text) if ctx.busybox() && o.has('f') && !real && ctx.sys.stat(&text).is_err() => status = 1,
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
