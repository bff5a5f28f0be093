//! Small utilities: who and where one is, sequences, base64, and those that are known but not modelled.

use super::ctx::Ctx;
use super::ls::name_of;
use super::{files, opts};
use crate::api::Text;
use crate::collections::Order;

pub(super) fn args(ctx: &Ctx) -> Vec<Text> {
    ctx.args[1.min(ctx.args.len())..].to_vec()
}

pub(super) fn called(ctx: &Ctx) -> String {
    files::base(ctx.args.first().map_or("", |a| a)).to_owned()
}

/// `printenv`.
pub fn printenv(ctx: &mut Ctx) -> i32 {
    let names = args(ctx);
    if names.is_empty() {
        let text: String = ctx.env.iter().map(|(n, v)| format!("{n}={v}\n")).collect();
        ctx.print(text);
        return 0;
    }
    let mut status = 0;
    for name in names {
        match ctx.env(&name) {
            Some(value) => ctx.print(format!("{value}\n")),
            None => status = 1,
        }
    }
    status
}

/// `id`, `whoami`, `groups`, `logname`.
pub fn id(ctx: &mut Ctx) -> i32 {
    let name = called(ctx);
    let o = match opts::parse(ctx, "ugnGr user=u group=g name=n groups=G") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let (mut uid, mut gid, mut groups) = (ctx.sys.uid(), ctx.sys.gid(), ctx.sys.groups());
    if let Some(who) = o.rest.first().filter(|_| name == "id") {
        let passwd = ctx.sys.read_file("/etc/passwd").unwrap_or_default();
        let passwd = String::from_utf8_lossy(&passwd).into_owned();
        let row: Option<Vec<&str>> =
            passwd.lines().map(|l| l.split(':').collect()).find(|r: &Vec<&str>| r[0] == &**who);
        let Some(row) = row else {
            let text = if ctx.busybox() {
                format!("unknown user {who}")
            } else {
                format!("‘{who}’: no such user")
            };
            ctx.fail(&text);
            return 1;
        };
        let number = |i: usize| row.get(i).and_then(|n| n.parse().ok()).unwrap_or(0);
        (uid, gid, groups) = (number(2), number(3), Vec::new());
    }
    let (user, group) = (name_of(ctx, "/etc/passwd", uid), name_of(ctx, "/etc/group", gid));
    // The kernel keeps the groups in order; GNU names the primary one first.
    groups.retain(|g| *g != gid);
    groups.push(gid);
    groups.order();
    groups.dedup();
    if !ctx.busybox() {
        groups.retain(|g| *g != gid);
        groups.insert(0, gid);
    }
    let named = |g: &u32| (*g, name_of(ctx, "/etc/group", *g));
    let groups: Vec<(u32, String)> = groups.iter().map(named).collect();
    let joined = |f: &dyn Fn(&(u32, String)) -> String, with: &str| -> String {
        groups.iter().map(f).collect::<Vec<_>>().join(with)
    };
    let text = match name.as_str() {
        "whoami" if user.parse::<u32>().is_ok() && ctx.busybox() => {
            ctx.fail(&format!("unknown uid {uid}"));
            return 1;
        }
        "whoami" => user,
        "groups" => joined(&|g| g.1.clone(), " "),
        "logname" => {
            ctx.fail("getlogin: No such device or address");
            return 1;
        }
        _ if o.has('u') => {
            if o.has('n') {
                user
            } else {
                uid.to_string()
            }
        }
        _ if o.has('G') && o.has('n') => joined(&|g| g.1.clone(), " "),
        _ if o.has('G') => joined(&|g| g.0.to_string(), " "),
        _ if o.has('g') && o.has('n') => group,
        _ if o.has('g') => gid.to_string(),
        _ => {
            let tagged = |n: u32, name: &str| {
                if name.parse::<u32>().is_ok() { n.to_string() } else { format!("{n}({name})") }
            };
            let all = joined(&|g| tagged(g.0, &g.1), ",");
            format!("uid={} gid={} groups={all}", tagged(uid, &user), tagged(gid, &group))
        }
    };
    ctx.print(text + "\n");
    0
}

/// `pwd`.
pub fn pwd(ctx: &mut Ctx) -> i32 {
    let line = format!("{}\n", ctx.sys.cwd());
    ctx.print(line);
    0
}

/// `tty`.
pub fn tty(ctx: &mut Ctx) -> i32 {
    let is = ctx.sys.is_tty(0);
    ctx.print(if is { "/dev/pts/0\n" } else { "not a tty\n" });
    i32::from(!is)
}

/// `clear`, `reset`.
pub fn clear(ctx: &mut Ctx) -> i32 {
    ctx.print("\x1b[H\x1b[J");
    0
}

/// How many lines `seq` and `yes` print at most.
const MAX_LINES: u64 = 2_000_000;

/// `seq`.
pub fn seq(ctx: &mut Ctx) -> i32 {
    // Negative numbers are no options.
    let negative = |w: &Text| {
        w.strip_prefix('-').is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
    };
    let all = args(ctx);
    let n = all.iter().position(negative).unwrap_or(all.len());
    let mut o = match opts::parse_args(ctx, "+ws:f: equal-width=w separator=s format=f", &all[..n]) {
        Ok(o) => o,
        Err(status) => return status,
    };
    o.rest.extend_from_slice(&all[n..]);
    let words = o.rest.clone();
    let separator = o.get('s').map_or("\n", |s| s).to_owned();
    let (equal, template) = (o.has('w'), o.get('f').cloned());
    if words.is_empty() || words.len() > 3 {
        return files::missing_operand(ctx, "seq", "missing operand");
    }
    let mut numbers = Vec::new();
    for word in &words {
        match word.parse::<f64>() {
            Ok(n) if n.is_finite() => numbers.push(n),
            _ if ctx.busybox() => {
                super::usage::print(ctx, "seq");
                return 1;
            }
            _ => {
                ctx.fail(&format!("invalid floating point argument: '{word}'"));
                ctx.err("Try 'seq --help' for more information.\n");
                return 1;
            }
        }
    }
    let (from, step, to) = match numbers.as_slice() {
        [to] => (1.0, 1.0, *to),
        [from, to] => (*from, 1.0, *to),
        [from, step, to] => (*from, *step, *to),
        _ => {
            ctx.fail("missing operand");
            return 1;
        }
    };
    if step == 0.0 {
        ctx.fail("zero increment");
        return 1;
    }
    let digits = words.iter().map(|w| w.split_once('.').map_or(0, |(_, d)| d.len())).max().unwrap_or(0);
    let width = if equal { words.iter().map(|w| w.len()).max().unwrap_or(0) } else { 0 };
    let mut lines = Vec::new();
    for i in 0..MAX_LINES {
        let value = from + step * i as f64;
        if step > 0.0 && value > to + 1e-9 || step < 0.0 && value < to - 1e-9 {
            break;
        }
        let text = format!("{value:0width$.digits$}");
        lines.push(match &template {
            Some(t) => t
                .replace("%g", &text)
                .replace("%02g", &format!("{value:02}"))
                .replace("%03g", &format!("{value:03}")),
            None => text,
        });
    }
    if !lines.is_empty() {
        ctx.print(lines.join(&separator) + "\n");
    }
    0
}

/// `base64`.
pub fn base64(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "diw: decode=d wrap=w ignore-garbage=i") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let data = match o.rest.first().filter(|p| &***p != "-") {
        Some(path) => match ctx.read_file(path) {
            Ok(data) => data,
            Err(error) => {
                ctx.fail(&format!("{path}: {}", error.text()));
                return 1;
            }
        },
        None => match ctx.input() {
            Some(data) => data.to_vec(),
            None => return 0,
        },
    };
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if o.has('d') {
        let (mut out, mut bits, mut count) = (Vec::new(), 0_u32, 0);
        let mut valid = true;
        for b in data.iter().filter(|b| !b.is_ascii_whitespace() && **b != b'=') {
            let Some(v) = LETTERS.iter().position(|l| l == b) else {
                valid = o.has('i');
                if valid || ctx.style == super::Style::Busybox { continue } else { break }
            };
            bits = bits << 6 | v as u32;
            count += 6;
            if count >= 8 {
                count -= 8;
                out.push((bits >> count & 0xff) as u8);
            }
        }
        ctx.print(out);
        // busybox skips what is not of the alphabet.
        if !valid && !ctx.busybox() {
            ctx.fail("invalid input");
            return 1;
        }
        return 0;
    }
    let mut text = String::new();
    for chunk in data.chunks(3) {
        let n = chunk.iter().fold(0_u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let letter = LETTERS[(n >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    let wrap = o.get('w').and_then(|w| w.parse::<usize>().ok()).unwrap_or(76);
    if wrap == 0 {
        ctx.print(text);
        return 0;
    }
    let lines: Vec<String> =
        text.as_bytes().chunks(wrap).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
    if !lines.is_empty() {
        ctx.print(lines.join("\n") + "\n");
    }
    0
}

/// `logger`: nothing listens on `/dev/log`, so that the message is lost, with `-s` after it was shown.
pub fn logger(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "st:p: stderr=s tag=t priority=p") {
        Ok(o) => o,
        Err(status) => return status,
    };
    if o.has('s') {
        let tag = o.get('t').map_or("root", |t| t).to_owned();
        let words: Vec<&str> = o.rest.iter().map(|w| &**w).collect();
        ctx.err(&format!("{tag}: {}\n", words.join(" ")));
    }
    0
}

/// `stty`: the size, and whether what is typed is shown.
pub fn stty(ctx: &mut Ctx) -> i32 {
    if !ctx.sys.is_tty(0) {
        let what = if ctx.busybox() { "standard input" } else { "'standard input'" };
        ctx.fail(&format!("{what}: Inappropriate ioctl for device"));
        return 1;
    }
    let (columns, rows) = ctx.sys.tty_size();
    for word in args(ctx) {
        match &*word {
            "size" => ctx.print(format!("{rows} {columns}\n")),
            "-echo" => ctx.sys.tty_mode(false, true),
            "echo" | "sane" | "cooked" | "-raw" => ctx.sys.tty_mode(true, true),
            "raw" | "cbreak" | "-icanon" => ctx.sys.tty_mode(true, false),
            other => return ctx.not_simulated(other),
        }
    }
    if ctx.args.len() < 2 {
        ctx.print("speed 38400 baud; line = 0;\n-brkint -imaxbel\n");
    }
    0
}

/// `nologin`.
pub fn nologin(ctx: &mut Ctx) -> i32 {
    ctx.print(if ctx.busybox() {
        "This account is not available\n"
    } else {
        "This account is currently not available.\n"
    });
    1
}

/// Utilities that are known but not modelled.
pub fn absent(ctx: &mut Ctx) -> i32 {
    let name = called(ctx);
    ctx.err(&format!("{name}: not simulated\n"));
    1
}
