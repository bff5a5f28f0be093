//! Utilities that copy, move and link files: `cp`, `mv`, `install`, `ln`.

use super::ctx::Ctx;
use super::files::{self, MAX_DEPTH, base, cannot, id_named, make_parents, missing_operand, remove};
use super::{mode, opts};
use crate::api::Text;
use crate::os::program::{Errno, FileType};

/// Where the sources go: (source, destination) pairs.
fn targets(ctx: &mut Ctx, o: &opts::Opts, name: &str) -> Result<Vec<(Text, String)>, i32> {
    let mut words = o.rest.clone();
    let into = match o.get('t') {
        Some(dir) => dir.clone(),
        None if words.len() < 2 => {
            let text = match words.first() {
                Some(w) => format!("missing destination file operand after '{w}'"),
                None => "missing file operand".into(),
            };
            return Err(missing_operand(ctx, name, &text));
        }
        None => words.pop().unwrap_or_default(),
    };
    let is_dir = ctx.sys.stat(&into).is_ok_and(|s| s.kind == FileType::Dir) && !o.has('T');
    if words.len() > 1 && !is_dir && !ctx.busybox() {
        let error = if ctx.sys.stat(&into).is_ok() { Errno::ENOTDIR } else { Errno::ENOENT };
        ctx.fail(&format!("target '{into}': {}", error.text()));
        return Err(1);
    }
    let is_dir = is_dir || words.len() > 1;
    let to = |w: &Text| if is_dir { files::join(&into, base(w)) } else { into.to_string() };
    Ok(words.iter().map(|w| (w.clone(), to(w))).collect())
}

/// `cp`.
pub fn cp(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(
        ctx,
        "arRpdfivnuLPHlst:T recursive=r archive=a force=f verbose=v no-clobber=n update=u target-directory=t parents=P",
    ) {
        Ok(o) => o,
        Err(status) => return status,
    };
    let pairs = match targets(ctx, &o, "cp") {
        Ok(pairs) => pairs,
        Err(status) => return status,
    };
    let recursive = o.has('r') || o.has('R') || o.has('a');
    let mut status = 0;
    for (from, to) in pairs {
        if o.has('n') && ctx.sys.stat(&to).is_ok() {
            continue;
        }
        if same_file(ctx, &from, &to) {
            ctx.fail(&format!("'{from}' and '{to}' are the same file"));
            status = 1;
            continue;
        }
        if o.has('u') && !newer(ctx, &from, &to) {
            continue;
        }
        let failed = copy(ctx, &from, &to, recursive, o.has('a') || o.has('p'), 0);
        status |= failed;
        if failed == 0 && o.has('v') && !ctx.busybox() {
            ctx.print(format!("'{from}' -> '{to}'\n"));
        }
    }
    status
}

/// Whether two paths are one file.
fn same_file(ctx: &Ctx, a: &str, b: &str) -> bool {
    match (ctx.sys.stat(a), ctx.sys.stat(b)) {
        (Ok(x), Ok(y)) => {
            x.inode == y.inode && super::paths::resolved(ctx, a) == super::paths::resolved(ctx, b)
        }
        _ => false,
    }
}

/// Whether a file is newer than what it would replace.
fn newer(ctx: &Ctx, from: &str, to: &str) -> bool {
    match (ctx.sys.stat(from), ctx.sys.stat(to)) {
        // busybox looks at whole seconds.
        (Ok(a), Ok(b)) if ctx.busybox() => a.mtime_micros / 1_000_000 > b.mtime_micros / 1_000_000,
        (Ok(a), Ok(b)) => a.mtime_micros > b.mtime_micros,
        _ => true,
    }
}

fn copy(ctx: &mut Ctx, from: &str, to: &str, recursive: bool, keep: bool, depth: u32) -> i32 {
    let stat = if recursive { ctx.sys.lstat(from) } else { ctx.sys.stat(from) };
    let stat = match stat {
        Ok(stat) => stat,
        Err(error) => return cannot(ctx, "can't stat", "cannot stat", from, error),
    };
    let result = match stat.kind {
        FileType::Dir if !recursive => {
            let text = if ctx.busybox() {
                format!("omitting directory '{from}'")
            } else {
                format!("-r not specified; omitting directory '{from}'")
            };
            ctx.fail(&text);
            return 1;
        }
        FileType::Dir => {
            if depth > MAX_DEPTH {
                return 1;
            }
            let names = ctx.sys.read_dir(from).unwrap_or_default();
            if ctx.sys.stat(to).is_err()
                && let Err(error) = ctx.sys.mkdir(to, stat.mode)
            {
                return cannot(ctx, "can't create directory", "cannot create directory", to, error);
            }
            let mut status = 0;
            for name in names {
                status |=
                    copy(ctx, &files::join(from, &name), &files::join(to, &name), true, keep, depth + 1);
            }
            return status;
        }
        FileType::Symlink => {
            let target = stat.target.clone().unwrap_or_default();
            let _ = ctx.sys.unlink(to);
            ctx.sys.symlink(&target, to)
        }
        _ => match ctx.read_file(from) {
            Ok(bytes) => {
                let fresh = ctx.sys.stat(to).is_err();
                let done = ctx.sys.write_file(to, &bytes, false);
                if done.is_ok() && (fresh || keep) {
                    let _ = ctx.sys.chmod(to, stat.mode);
                }
                done
            }
            Err(error) => return cannot(ctx, "can't open", "cannot open", from, error),
        },
    };
    if keep {
        let _ = ctx.sys.touch(to, Some(stat.mtime_micros));
    }
    match result {
        Ok(()) => 0,
        Err(error) => cannot(ctx, "can't create", "cannot create regular file", to, error),
    }
}

/// `mv`.
pub fn mv(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "finvTt:u force=f verbose=v no-clobber=n target-directory=t") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let pairs = match targets(ctx, &o, "mv") {
        Ok(pairs) => pairs,
        Err(status) => return status,
    };
    let mut status = 0;
    for (from, to) in pairs {
        if o.has('n') && ctx.sys.stat(&to).is_ok() {
            continue;
        }
        if same_file(ctx, &from, &to) && ctx.sys.lstat(&from).is_ok_and(|s| s.kind != FileType::Symlink) {
            ctx.fail(&format!("'{from}' and '{to}' are the same file"));
            status = 1;
            continue;
        }
        match ctx.sys.rename(&from, &to) {
            Ok(()) if o.has('v') && !ctx.busybox() => ctx.print(format!("renamed '{from}' -> '{to}'\n")),
            Ok(()) => {}
            Err(Errno::EXDEV) => {
                let failed = copy(ctx, &from, &to, true, true, 0);
                status |= if failed == 0 { remove(ctx, &from, 0, false) } else { failed };
            }
            Err(Errno::ENOENT) if ctx.sys.lstat(&from).is_err() => {
                status = cannot(ctx, "can't rename", "cannot stat", &from, Errno::ENOENT);
            }
            Err(error) if ctx.busybox() => status = cannot(ctx, "can't rename", "", &from, error),
            Err(error) => {
                ctx.fail(&format!("cannot move '{from}' to '{to}': {}", error.text()));
                status = 1;
            }
        }
    }
    status
}

/// `install`: copies with a mode, or makes directories.
pub fn install(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "dDcvpm:o:g:t: directory=d mode=m owner=o group=g") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let bits = o.get('m').and_then(|m| mode::parse(m, 0, false, 0)).unwrap_or(0o755);
    let mut status = 0;
    let mut made: Vec<String> = Vec::new();
    if o.has('d') {
        for path in &o.rest {
            match make_parents(ctx, path, true) {
                Ok(()) => made.push(path.to_string()),
                Err(error) => {
                    status = cannot(ctx, "can't create directory", "cannot create directory", path, error)
                }
            }
        }
    } else {
        let pairs = match targets(ctx, &o, "install") {
            Ok(pairs) => pairs,
            Err(status) => return status,
        };
        for (from, to) in pairs {
            if o.has('D') {
                let _ = make_parents(ctx, &to, false);
            }
            let _ = ctx.sys.unlink(&to);
            let failed = copy(ctx, &from, &to, false, false, 0);
            status |= failed;
            if failed == 0 {
                made.push(to);
            }
        }
    }
    let uid = o.get('o').and_then(|u| id_named(ctx, "/etc/passwd", u));
    let gid = o.get('g').and_then(|g| id_named(ctx, "/etc/group", g));
    for path in made {
        let _ = ctx.sys.chmod(&path, bits);
        if uid.or(gid).is_some() {
            let _ = ctx.sys.chown(&path, uid, gid);
        }
    }
    status
}

/// `ln`.
pub fn ln(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "sfnvTrt: symbolic=s force=f no-dereference=n") {
        Ok(o) => o,
        Err(status) => return status,
    };
    if o.rest.is_empty() {
        return missing_operand(ctx, "ln", "missing file operand");
    }
    let pairs = if o.rest.len() == 1 {
        vec![(o.rest[0].clone(), base(&o.rest[0]).to_owned())]
    } else {
        match targets(ctx, &o, "ln") {
            Ok(pairs) => pairs,
            Err(status) => return status,
        }
    };
    let mut status = 0;
    for (from, mut to) in pairs {
        if o.has('n')
            && let Some(last) =
                o.rest.last().filter(|l| ctx.sys.lstat(l).is_ok_and(|s| s.kind == FileType::Symlink))
        {
            to = last.to_string();
        }
        if o.has('f') {
            let _ = ctx.sys.unlink(&to);
        }
        let arrow = if o.has('s') { "->" } else { "=>" };
        let shown = format!("'{to}' {arrow} '{from}'\n");
        let result = if o.has('s') { ctx.sys.symlink(&from, &to) } else { ctx.sys.link(&from, &to) };
        if let Err(error) = result {
            let text = match (ctx.busybox(), o.has('s')) {
                (true, _) if error == Errno::ENOENT => format!("{from}: {}", error.text()),
                (true, _) => format!("{to}: {}", error.text()),
                (false, true) => format!("failed to create symbolic link '{to}': {}", error.text()),
                (false, false) if error == Errno::ENOENT => {
                    format!("failed to access '{from}': {}", error.text())
                }
                (false, false) => format!("failed to create hard link '{to}': {}", error.text()),
            };
            ctx.fail(&text);
            status = 1;
        } else if o.has('v') {
            ctx.print(shown);
        }
    }
    status
}
