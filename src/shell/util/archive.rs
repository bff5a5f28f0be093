//! `tar`, `gzip`, `gunzip`, `zcat`: archives in the ustar format, and gzip files whose blocks are stored.
//!
//! Left out: compression itself (a `.gz` is as long as its content and a little), other compressors, archives
//! of devices, and reading compressed data that comes from elsewhere (none can).

use super::ctx::Ctx;
use super::files::{self, join};
use super::{ls, mode, opts};
use crate::api::Text;
use crate::os::program::{FileType, Stat};

/// The unit of an archive, in bytes.
const BLOCK: usize = 512;
/// What an archive is filled up to, in bytes (GNU's blocking factor 20).
const RECORD: usize = 20 * BLOCK;
/// How deep directories are followed.
const MAX_DEPTH: u32 = 64;
/// The most that a stored block holds, in bytes (RFC 1951).
const STORED: usize = 65_535;

fn crc32(data: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

fn deflated(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let mut chunks = data.chunks(STORED).peekable();
    if chunks.peek().is_none() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(chunk) = chunks.next() {
        let n = chunk.len() as u16;
        out.push(u8::from(chunks.peek().is_none()));
        out.extend(n.to_le_bytes());
        out.extend((!n).to_le_bytes());
        out.extend_from_slice(chunk);
    }
    out.extend(crc32(data).to_le_bytes());
    out.extend((data.len() as u32).to_le_bytes());
    out
}

/// `None` if it is not such a file.
fn inflated(data: &[u8]) -> Option<Vec<u8>> {
    let mut at = data.strip_prefix(&[0x1f, 0x8b, 8, 0]).map(|_| 10)?;
    let mut out = Vec::new();
    loop {
        let head = data.get(at..at + 5)?;
        if head[0] > 1 {
            return None;
        }
        let n = usize::from(u16::from_le_bytes([head[1], head[2]]));
        out.extend_from_slice(data.get(at + 5..at + 5 + n)?);
        at += 5 + n;
        if head[0] == 1 {
            return Some(out);
        }
    }
}

/// `gzip`, `gunzip`, `zcat`.
pub fn gzip(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "cdfkvtqnN123456789 stdout=c decompress=d keep=k force=f verbose=v") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let name = ctx.prefix.trim_end_matches(": ").to_owned();
    let unpack = o.has('d') || name != "gzip";
    let shows = o.has('c') || name == "zcat";
    if o.rest.is_empty() || &*o.rest[0] == "-" {
        let Some(input) = ctx.input() else { return 0 };
        let done = if unpack { inflated(&input) } else { Some(deflated(&input)) };
        return match done {
            Some(bytes) => {
                ctx.print(bytes);
                0
            }
            None => no_gzip(ctx, "stdin"),
        };
    }
    let mut status = 0;
    for path in &o.rest {
        status |= gzip_file(ctx, path, unpack, shows, o.has('k'), o.has('f'));
    }
    status
}

fn no_gzip(ctx: &mut Ctx, what: &str) -> i32 {
    let text = if ctx.busybox() { "invalid magic".to_owned() } else { format!("{what}: not in gzip format") };
    if !ctx.busybox() {
        ctx.err("\n");
    }
    ctx.fail(&text);
    1
}

fn gzip_file(ctx: &mut Ctx, path: &str, unpack: bool, shows: bool, keep: bool, force: bool) -> i32 {
    let data = match ctx.read_file(path) {
        Ok(data) => data,
        Err(error) if ctx.busybox() && unpack && shows => {
            ctx.fail(&format!("can't open '{path}': {}", error.text()));
            return 1;
        }
        Err(error) => {
            let tail = if !ctx.busybox() && unpack && !path.ends_with(".gz") { ".gz" } else { "" };
            if !ctx.busybox() {
                // The other names are scripts around it.
                ctx.prefix = "gzip: ".into();
            }
            ctx.fail(&format!("{path}{tail}: {}", error.text()));
            return 1;
        }
    };
    let to = match (unpack, path.strip_suffix(".gz")) {
        (true, Some(base)) => base.to_owned(),
        (true, None) if !shows => {
            let text = if ctx.busybox() { "unknown suffix - ignored" } else { "unknown suffix -- ignored" };
            ctx.fail(&format!("{path}: {text}"));
            return if ctx.busybox() { 1 } else { 2 };
        }
        _ => format!("{path}.gz"),
    };
    let done = if unpack { inflated(&data) } else { Some(deflated(&data)) };
    let Some(bytes) = done else { return no_gzip(ctx, path) };
    if shows {
        ctx.print(bytes);
        return 0;
    }
    if ctx.sys.stat(&to).is_ok() && !force {
        if ctx.busybox() {
            ctx.fail(&format!("can't open '{to}': File exists"));
            return 1;
        }
        ctx.fail(&format!("{to} already exists;\tnot overwritten"));
        return 2;
    }
    if let Err(error) = ctx.sys.write_file(&to, &bytes, false) {
        ctx.fail(&format!("{to}: {}", error.text()));
        return 1;
    }
    if !keep {
        let _ = ctx.sys.unlink(path);
    }
    0
}

/// What an archive holds at one place.
struct Member {
    name: String,
    kind: u8,
    mode: u32,
    owner: (u32, u32),
    mtime: i64,
    target: String,
    data: Vec<u8>,
}

fn header(m: &Member) -> Vec<u8> {
    let mut h = vec![0_u8; BLOCK];
    let mut put = |at: usize, text: &str, room: usize| {
        let bytes = &text.as_bytes()[..text.len().min(room)];
        h[at..at + bytes.len()].copy_from_slice(bytes);
    };
    put(0, &m.name, 100);
    put(100, &format!("{:07o}", m.mode), 8);
    put(108, &format!("{:07o}", m.owner.0), 8);
    put(116, &format!("{:07o}", m.owner.1), 8);
    put(124, &format!("{:011o}", m.data.len()), 12);
    put(136, &format!("{:011o}", m.mtime.max(0)), 12);
    put(148, "        ", 8);
    put(156, &char::from(m.kind).to_string(), 1);
    put(157, &m.target, 100);
    put(257, "ustar  ", 8);
    let sum: u32 = h.iter().map(|b| u32::from(*b)).sum();
    let text = format!("{sum:06o}\0 ");
    h[148..156].copy_from_slice(text.as_bytes());
    h
}

fn members(archive: &[u8]) -> Option<Vec<Member>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(h) = archive.get(at..at + BLOCK).filter(|h| h[0] != 0) {
        if !h[257..].starts_with(b"ustar") {
            return None;
        }
        let text = |from: usize, room: usize| {
            let field = &h[from..from + room];
            let n = field.iter().position(|b| *b == 0).unwrap_or(room);
            String::from_utf8_lossy(&field[..n]).trim().to_owned()
        };
        let number = |from: usize, room: usize| u64::from_str_radix(&text(from, room), 8).unwrap_or(0);
        let size = usize::try_from(number(124, 12)).ok()?;
        let data = archive.get(at + BLOCK..(at + BLOCK).checked_add(size)?)?.to_vec();
        out.push(Member {
            name: text(0, 100),
            kind: h[156],
            mode: number(100, 8) as u32,
            owner: (number(108, 8) as u32, number(116, 8) as u32),
            mtime: number(136, 12) as i64,
            target: text(157, 100),
            data,
        });
        at += BLOCK + size.div_ceil(BLOCK) * BLOCK;
    }
    (at > 0 || archive.iter().all(|b| *b == 0)).then_some(out)
}

/// What `tar` was asked.
struct Job {
    dir: String,
    verbose: bool,
    strip: usize,
    to_stdout: bool,
}

/// `tar`.
pub fn tar(ctx: &mut Ctx) -> i32 {
    let mut args = ctx.args[1.min(ctx.args.len())..].to_vec();
    // The first word may lack its dash.
    if let Some(first) = args.first_mut().filter(|a| !a.starts_with('-')) {
        *first = format!("-{first}").into();
    }
    const SPEC: &str = "cxtvzf:C:OpmojJhkP create=c extract=x get=x list=t verbose=v gzip=z file=f directory=C \
                        to-stdout=O no-same-owner=o strip-components=S S:";
    let o = match opts::parse_args(ctx, SPEC, &args) {
        Ok(o) => o,
        Err(status) => return if ctx.busybox() { status } else { 64 },
    };
    if o.has('j') || o.has('J') {
        return ctx.not_simulated("compression other than gzip");
    }
    let Some(mode) = o.last_of("cxt") else {
        if ctx.busybox() {
            super::usage::print(ctx, "tar");
            return 1;
        }
        ctx.fail("You must specify one of the '-Acdtrux', '--delete' or '--test-label' options");
        ctx.err("Try 'tar --help' or 'tar --usage' for more information.\n");
        return 2;
    };
    let job = Job {
        dir: o.get('C').map_or_else(String::new, |d| d.to_string()),
        verbose: o.has('v'),
        strip: o.get('S').and_then(|n| n.parse().ok()).unwrap_or(0),
        to_stdout: o.has('O'),
    };
    let archive = o.get('f').cloned().filter(|f| &**f != "-");
    if !job.dir.is_empty() && !ctx.sys.stat(&job.dir).is_ok_and(|s| s.kind == FileType::Dir) {
        let text = if ctx.busybox() {
            "can't change directory to"
        } else {
            "Cannot open: No such file or directory"
        };
        let dir = &job.dir;
        ctx.fail(&if ctx.busybox() {
            format!("{text} '{dir}': No such file or directory")
        } else {
            format!("{dir}: {text}")
        });
        return if ctx.busybox() { 1 } else { 2 };
    }
    if mode == 'c' {
        return create(ctx, &job, archive, &o.rest, o.has('z'));
    }
    let bytes = match &archive {
        None => match ctx.input() {
            Some(input) => input.to_vec(),
            None => return 0,
        },
        Some(path) => match ctx.read_file(path) {
            Ok(bytes) => bytes,
            Err(error) if ctx.busybox() => {
                ctx.fail(&format!("can't open '{path}': {}", error.text()));
                return 1;
            }
            Err(error) => {
                ctx.fail(&format!("{path}: Cannot open: {}", error.text()));
                ctx.fail("Error is not recoverable: exiting now");
                return 2;
            }
        },
    };
    let bytes = inflated(&bytes).unwrap_or(bytes);
    let Some(list) = members(&bytes) else {
        if ctx.busybox() {
            ctx.fail(if bytes.len() < BLOCK { "short read" } else { "invalid tar magic" });
            return 1;
        }
        ctx.fail("This does not look like a tar archive");
        ctx.fail("Exiting with failure status due to previous errors");
        return 2;
    };
    unpack(ctx, &job, &list, &o.rest, mode == 't')
}

fn create(ctx: &mut Ctx, job: &Job, archive: Option<Text>, names: &[Text], zip: bool) -> i32 {
    if names.is_empty() {
        if ctx.busybox() {
            ctx.fail("empty archive");
            return 1;
        }
        ctx.fail("Cowardly refusing to create an empty archive");
        ctx.err("Try 'tar --help' or 'tar --usage' for more information.\n");
        return 2;
    }
    let mut list = Vec::new();
    let mut failed = false;
    for name in names {
        failed |= !collect(ctx, job, name.trim_end_matches('/'), &mut list, 0);
    }
    let mut bytes = Vec::new();
    let mut told = false;
    for m in &mut list {
        if m.name.starts_with('/') {
            m.name = m.name.trim_start_matches('/').to_owned();
            if !std::mem::replace(&mut told, true) {
                ctx.fail(if ctx.busybox() {
                    "removing leading '/' from member names"
                } else {
                    "Removing leading `/' from member names"
                });
            }
        }
        if job.verbose {
            let line = format!("{}\n", m.name);
            ctx.write(if archive.is_some() { 1 } else { 2 }, line.as_bytes());
        }
        bytes.extend(header(m));
        bytes.extend_from_slice(&m.data);
        bytes.resize(bytes.len().div_ceil(BLOCK) * BLOCK, 0);
    }
    bytes.resize((bytes.len() + 2 * BLOCK).div_ceil(RECORD) * RECORD, 0);
    if zip {
        bytes = deflated(&bytes);
    }
    match archive {
        None => ctx.print(bytes),
        Some(path) => {
            if let Err(error) = ctx.sys.write_file(&path, &bytes, false) {
                ctx.fail(&format!("can't open '{path}': {}", error.text()));
                return 1;
            }
        }
    }
    if failed {
        ctx.fail(if ctx.busybox() {
            "error exit delayed from previous errors"
        } else {
            "Exiting with failure status due to previous errors"
        });
        return if ctx.busybox() { 1 } else { 2 };
    }
    0
}

/// Collects a file and what is below it; false if something was missing.
fn collect(ctx: &mut Ctx, job: &Job, name: &str, out: &mut Vec<Member>, depth: u32) -> bool {
    let name = if name.is_empty() { "/" } else { name };
    let path =
        if job.dir.is_empty() || name.starts_with('/') { name.to_owned() } else { join(&job.dir, name) };
    let stat: Stat = match ctx.sys.lstat(&path) {
        Ok(stat) => stat,
        Err(error) => {
            let how = if ctx.busybox() { "" } else { "Cannot stat: " };
            ctx.fail(&format!("{name}: {how}{}", error.text()));
            return false;
        }
    };
    let member = |name: String, kind: u8, target: String, data: Vec<u8>| Member {
        name,
        kind,
        mode: stat.mode & 0o7777,
        owner: (stat.uid, stat.gid),
        mtime: stat.mtime_micros / 1_000_000,
        target,
        data,
    };
    match stat.kind {
        FileType::Dir => {
            out.push(member(format!("{}/", name.trim_end_matches('/')), b'5', String::new(), Vec::new()));
            let mut all = true;
            if depth < MAX_DEPTH {
                for child in ctx.sys.read_dir(&path).unwrap_or_default() {
                    all &= collect(ctx, job, &join(name, &child), out, depth + 1);
                }
            }
            all
        }
        FileType::Symlink => {
            let target = stat.target.clone().unwrap_or_default().to_string();
            out.push(member(name.to_owned(), b'2', target, Vec::new()));
            true
        }
        _ => {
            let data = ctx.read_file(&path).unwrap_or_default();
            out.push(member(name.to_owned(), b'0', String::new(), data));
            true
        }
    }
}

fn unpack(ctx: &mut Ctx, job: &Job, list: &[Member], wanted: &[Text], only_list: bool) -> i32 {
    let mut status = 0;
    for m in list {
        let plain = m.name.trim_end_matches('/');
        let asked = wanted.iter().any(|w| {
            let w = w.trim_end_matches('/');
            w == plain || plain.strip_prefix(w).is_some_and(|r| r.starts_with('/'))
        });
        if !wanted.is_empty() && !asked {
            continue;
        }
        if only_list || job.verbose {
            let line = if only_list && job.verbose { long_line(ctx, m) } else { format!("{}\n", m.name) };
            ctx.print(line);
        }
        if only_list {
            continue;
        }
        if job.to_stdout {
            ctx.print(&m.data);
            continue;
        }
        let parts: Vec<&str> = m.name.split('/').filter(|p| !matches!(*p, "" | "." | "..")).collect();
        let Some(rest) = parts.get(job.strip..).filter(|r| !r.is_empty()) else { continue };
        let path = rest.join("/");
        let path = if job.dir.is_empty() { path } else { join(&job.dir, &path) };
        let made = match m.kind {
            b'5' => files::make_parents(ctx, &path, true),
            _ => files::make_parents(ctx, &path, false).and_then(|()| match m.kind {
                b'2' => {
                    let _ = ctx.sys.unlink(&path);
                    ctx.sys.symlink(&m.target, &path)
                }
                _ => ctx.sys.write_file(&path, &m.data, false),
            }),
        };
        if let Err(error) = made {
            ctx.fail(&format!("can't open '{path}': {}", error.text()));
            status = 1;
            continue;
        }
        if m.kind != b'2' {
            let _ = ctx.sys.chmod(&path, m.mode);
            let _ = ctx.sys.touch(&path, Some(m.mtime * 1_000_000));
        }
    }
    status
}

fn long_line(ctx: &Ctx, m: &Member) -> String {
    let kind = match m.kind {
        b'5' => 'd',
        b'2' => 'l',
        _ => '-',
    };
    let date = super::date::format(m.mtime * 1_000_000, "%Y-%m-%d %H:%M");
    let owner = format!(
        "{}/{}",
        ls::name_of(ctx, "/etc/passwd", m.owner.0),
        ls::name_of(ctx, "/etc/group", m.owner.1)
    );
    let size = m.data.len();
    let middle = if ctx.busybox() {
        format!("{owner} {size:>9} {}", super::date::format(m.mtime * 1_000_000, "%Y-%m-%d %H:%M:%S"))
    } else {
        format!("{owner} {size:>w$} {date}", w = 18_usize.saturating_sub(owner.len()))
    };
    let target = if m.kind == b'2' { format!(" -> {}", m.target) } else { String::new() };
    format!("{kind}{} {middle} {}{target}\n", mode::bits(m.mode), m.name)
}
