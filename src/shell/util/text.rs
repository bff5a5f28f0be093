//! Filters that pass text on or count it: `cat`, `head`, `wc`, `tee`.

use super::ctx::Ctx;
use super::opts;
use super::stream::{Filter, Go, PACE, Stream, copies};
use crate::api::Text;
use crate::os::program::{Errno, Fd, FileType, Open};

/// A size with a suffix (`k`, `M`, `G`, `b`).
pub fn size(text: &str) -> Option<u64> {
    let n = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..n].parse().ok()?;
    let factor = match &text[n..] {
        "" | "c" => 1,
        "b" => 512,
        "k" | "K" | "KiB" => 1 << 10,
        "M" | "m" | "MiB" => 1 << 20,
        "G" | "g" | "GiB" => 1 << 30,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// Bytes that weigh as much as a step for filters that only copy them.
const COPIED: usize = 4 << 10;

/// `cat`.
#[derive(Clone, Debug, Default)]
struct Cat {
    number: bool,
    nonblank: bool,
    ends: bool,
    /// Whether other control characters, and tabs, are shown by name.
    controls: bool,
    tabs: bool,
    squeeze: bool,
    blank: bool,
    line: u64,
    mid: bool,
}

pub fn cat(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(
        ctx,
        if ctx.busybox() { "nbvteAuE" } else { "nbvteAusET number=n show-ends=E show-all=A squeeze-blank=s" },
    )?;
    let nonblank = o.has('b');
    let has = |letters: &str| letters.chars().any(|c| o.has(c));
    let filter = Cat {
        number: o.has('n') || nonblank,
        nonblank,
        ends: has("eAE"),
        controls: has("vetA"),
        tabs: has("tAT"),
        squeeze: o.has('s'),
        ..Cat::default()
    };
    Ok(Stream::new(ctx, filter, o.rest))
}

impl Filter for Cat {
    fn weight(&self, data: &[u8]) -> usize {
        // What is not numbered or marked is only copied.
        data.len() / if self.number || self.ends || self.controls || self.tabs { PACE } else { COPIED }
    }
    fn feed(&mut self, data: &[u8], ctx: &mut Ctx) -> Go {
        if !self.number && !self.ends && !self.controls && !self.tabs && !self.squeeze {
            ctx.print(data);
            return Go::On;
        }
        let mut out = Vec::new();
        for byte in data {
            let blank = *byte == b'\n' && !self.mid;
            if self.squeeze && blank && std::mem::replace(&mut self.blank, true) {
                continue;
            }
            self.blank &= blank;
            if !self.mid && self.number && !(self.nonblank && *byte == b'\n') {
                self.line += 1;
                out.extend_from_slice(format!("{:6}\t", self.line).as_bytes());
            }
            if *byte == b'\n' && self.ends {
                out.push(b'$');
            }
            match *byte {
                b'\t' if self.tabs => out.extend(b"^I"),
                b'\n' | b'\t' => out.push(*byte),
                b if self.controls => {
                    if b >= 128 {
                        out.extend(b"M-");
                    }
                    match b & 127 {
                        c @ 0..32 => out.extend([b'^', c + 64]),
                        127 => out.extend(b"^?"),
                        c => out.push(c),
                    }
                }
                b => out.push(b),
            }
            self.mid = *byte != b'\n';
        }
        ctx.print(out);
        Go::On
    }
    fn missing(&mut self, name: &str, error: Errno, ctx: &mut Ctx) {
        let text = match (ctx.busybox(), error) {
            (true, Errno::EISDIR) => "read error: Is a directory".to_owned(),
            (true, _) => format!("can't open '{name}': {}", error.text()),
            (false, _) => format!("{name}: {}", error.text()),
        };
        ctx.fail(&text);
    }
    fn end(&mut self, _: &mut Ctx, failed: bool) -> i32 {
        i32::from(failed)
    }
    copies!();
}

/// `head` and, for a beginning, `tail -n +N`.
#[derive(Clone, Debug)]
struct Head {
    bytes: bool,
    count: i64,
    left: i64,
    headers: bool,
    shown: u32,
    held: Vec<u8>,
}

/// Rewrites `-5` as `-n 5`.
fn old_count(ctx: &mut Ctx) {
    if let Some(arg) =
        ctx.args.get(1).filter(|a| a.len() > 1 && a.bytes().skip(1).all(|b| b.is_ascii_digit())).cloned()
        && matches!(arg.as_bytes()[0], b'-' | b'+')
    {
        let value = arg.strip_prefix('-').unwrap_or(&arg).to_owned();
        ctx.args[1] = "-n".into();
        ctx.args.insert(2, value.into());
    }
}

fn count(ctx: &mut Ctx, text: &str) -> Result<i64, i32> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(d) => (-1, d),
        None => (1, text.trim_start_matches('+')),
    };
    match size(digits) {
        Some(n) => Ok(sign * n.min(1 << 60) as i64),
        None => {
            let line = if ctx.busybox() {
                format!("invalid number '{text}'")
            } else {
                format!("invalid number of lines: ‘{text}’")
            };
            ctx.fail(&line);
            Err(1)
        }
    }
}

pub fn head(ctx: &mut Ctx) -> Result<Stream, i32> {
    old_count(ctx);
    let o = opts::parse(ctx, "n:c:qv lines=n bytes=c quiet=q")?;
    let text = o.get('c').or(o.get('n')).cloned().unwrap_or(Text::lit("10"));
    let count = count(ctx, &text)?;
    let headers = (o.rest.len() > 1 || o.has('v')) && !o.has('q');
    Ok(Stream::new(
        ctx,
        Head { bytes: o.has('c'), count, left: count, headers, shown: 0, held: Vec::new() },
        o.rest,
    ))
}

fn header(ctx: &mut Ctx, name: &str, shown: &mut u32) {
    let gap = if *shown > 0 { "\n" } else { "" };
    let name = if name == "-" { "standard input" } else { name };
    *shown += 1;
    ctx.print(format!("{gap}==> {name} <==\n"));
}

impl Filter for Head {
    fn open(&mut self, name: &str, ctx: &mut Ctx) {
        self.left = self.count;
        if self.headers {
            header(ctx, name, &mut self.shown);
        }
    }
    fn feed(&mut self, data: &[u8], ctx: &mut Ctx) -> Go {
        if self.count < 0 {
            self.held.extend_from_slice(data);
            return Go::On;
        }
        let mut end = 0;
        while end < data.len() && self.left > 0 {
            if self.bytes || data[end] == b'\n' {
                self.left -= 1;
            }
            end += 1;
        }
        ctx.print(&data[..end]);
        if self.left > 0 { Go::On } else { Go::NextFile }
    }
    fn close(&mut self, ctx: &mut Ctx) -> Go {
        if self.count < 0 {
            let held = std::mem::take(&mut self.held);
            let keep = self.count.unsigned_abs() as usize;
            let end = if self.bytes {
                held.len().saturating_sub(keep)
            } else {
                let starts: Vec<usize> = line_starts(&held);
                starts.len().checked_sub(keep).map_or(0, |n| starts.get(n).copied().unwrap_or(held.len()))
            };
            ctx.print(&held[..end]);
        }
        Go::On
    }
    fn missing(&mut self, name: &str, error: Errno, ctx: &mut Ctx) {
        open_failed(ctx, name, error, " for reading");
    }
    fn end(&mut self, _: &mut Ctx, failed: bool) -> i32 {
        i32::from(failed)
    }
    copies!();
}

fn open_failed(ctx: &mut Ctx, name: &str, error: Errno, how: &str) {
    let text = if ctx.busybox() {
        format!("{name}: {}", error.text())
    } else {
        format!("cannot open '{name}'{how}: {}", error.text())
    };
    ctx.fail(&text);
}

fn line_starts(data: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in data.split_inclusive(|b| *b == b'\n') {
        starts.push(at);
        at += line.len();
    }
    starts
}

/// `wc`.
#[derive(Clone, Debug, Default)]
struct Wc {
    columns: String,
    name: Text,
    counts: [u64; 4],
    total: [u64; 4],
    longest_now: u64,
    in_word: bool,
    rows: Vec<([u64; 4], Text)>,
}

pub fn wc(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(ctx, "lwcmL lines=l words=w bytes=c chars=m max-line-length=L")?;
    let columns: String = "lwcL".chars().filter(|c| o.has(*c) || *c == 'c' && o.has('m')).collect();
    let columns = if columns.is_empty() { "lwc".to_owned() } else { columns };
    Ok(Stream::new(ctx, Wc { columns, ..Wc::default() }, o.rest))
}

impl Filter for Wc {
    fn open(&mut self, name: &str, _: &mut Ctx) {
        self.name = name.into();
        self.counts = [0; 4];
        self.in_word = false;
        self.longest_now = 0;
    }
    fn feed(&mut self, data: &[u8], _: &mut Ctx) -> Go {
        for byte in data {
            self.counts[2] += 1;
            self.counts[0] += u64::from(*byte == b'\n');
            let space = byte.is_ascii_whitespace();
            self.counts[1] += u64::from(!space && !self.in_word);
            self.in_word = !space;
            self.longest_now = if *byte == b'\n' { 0 } else { self.longest_now + 1 };
            self.counts[3] = self.counts[3].max(self.longest_now);
        }
        Go::On
    }
    fn close(&mut self, _: &mut Ctx) -> Go {
        for i in 0..4 {
            self.total[i] += self.counts[i];
        }
        self.rows.push((self.counts, self.name.clone()));
        Go::On
    }
    fn end(&mut self, ctx: &mut Ctx, failed: bool) -> i32 {
        if self.rows.len() + usize::from(failed) > 1 {
            self.rows.push((self.total, Text::lit("total")));
        }
        let busybox = ctx.busybox();
        // Sizes of what is no regular file are not known beforehand.
        let odd = |n: &Text| ctx.sys.stat(n).is_ok_and(|s| s.kind != FileType::File);
        let odd = !busybox && self.rows.iter().any(|(_, n)| !matches!(&**n, "-" | "total") && odd(n));
        let stdin = odd || self.rows.iter().any(|(_, n)| *n == "-");
        let width = if busybox {
            if self.columns.len() == 1 && self.rows.len() == 1 { 0 } else { 9 }
        } else if self.columns.len() == 1 && self.rows.len() == 1 && !failed {
            0
        } else if stdin {
            7
        } else {
            self.total[2].to_string().len()
        };
        for (counts, name) in std::mem::take(&mut self.rows) {
            let columns: Vec<String> = self
                .columns
                .chars()
                .map(|c| format!("{:width$}", counts["lwcL".find(c).unwrap_or(0)]))
                .collect();
            let name = if *name == *"-" { String::new() } else { format!(" {name}") };
            ctx.print(format!("{}{name}\n", columns.join(" ")));
        }
        i32::from(failed)
    }
    copies!();
}

/// `tee`.
#[derive(Clone, Debug)]
struct Tee(Vec<Fd>, i32);

pub fn tee(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(ctx, "ai append=a")?;
    let how = if o.has('a') { Open::Append } else { Open::Write };
    let (mut fds, mut status) = (Vec::new(), 0);
    for path in &o.rest {
        match ctx.sys.open(path, how) {
            Ok(fd) => fds.push(fd),
            Err(error) => {
                ctx.fail(&format!("{path}: {}", error.text()));
                status = 1;
            }
        }
    }
    Ok(Stream::new(ctx, Tee(fds, status), Vec::new()))
}

impl Filter for Tee {
    fn weight(&self, data: &[u8]) -> usize {
        data.len() / COPIED
    }
    fn feed(&mut self, data: &[u8], ctx: &mut Ctx) -> Go {
        ctx.print(data);
        for fd in &self.0 {
            let _ = ctx.sys.write(*fd, data);
        }
        Go::On
    }
    fn end(&mut self, _: &mut Ctx, _: bool) -> i32 {
        self.1
    }
    copies!();
}
