//! Filters over text: `cat`, `head`, `tail`, `wc`, `tee`, `cut`, `tr`, `sort`, `uniq`, `tac`, `rev`, `nl`, `base64`.

use super::ctx::Ctx;
use super::opts;
use super::stream::{Filter, Go, Lines, PACE, Stream};
use crate::api::Text;
use crate::collections::Order;
use crate::os::program::{Errno, Fd, Open};

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

macro_rules! copies {
    () => {
        fn boxed(&self) -> Box<dyn Filter> {
            Box::new(self.clone())
        }
    };
}

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
        let stdin = self.rows.iter().any(|(_, n)| *n == "-");
        let width = if busybox {
            if self.columns.len() == 1 && self.rows.len() == 1 { 0 } else { 9 }
        } else if self.columns.len() == 1 && self.rows.len() == 1 {
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

/// What is done with each line: `cut`, `rev`, `nl`, `uniq`.
#[derive(Clone, Debug)]
enum Job {
    Cut {
        kind: char,
        ranges: Vec<(usize, usize)>,
        sep: String,
        out: String,
        only: bool,
    },
    Rev,
    /// The number so far, whether blank lines count, the width and what follows.
    Nl {
        n: u64,
        all: bool,
        width: usize,
        gap: String,
    },
    Uniq {
        flags: String,
        skip: [usize; 3],
        last: Option<String>,
        count: u64,
    },
}

/// A filter that works line by line.
#[derive(Clone, Debug)]
struct ByLine {
    job: Job,
    lines: Lines,
}

pub fn cut(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(
        ctx,
        "b:c:f:d:sn fields=f delimiter=d characters=c bytes=b only-delimited=s output-delimiter=O O:",
    )?;
    let Some(kind) = o.last_of("bcf") else {
        ctx.fail(if ctx.busybox() {
            "expected a list of bytes, characters, or fields"
        } else {
            "you must specify a list of bytes, characters, or fields"
        });
        return Err(1);
    };
    let list = o.get(kind).cloned().unwrap_or_default();
    let mut ranges = Vec::new();
    for item in list.split([',', ' ']) {
        let (a, b) = item.split_once('-').unwrap_or((item, item));
        let from = if a.is_empty() { Some(1) } else { a.parse().ok() };
        let to = if b.is_empty() { Some(usize::MAX) } else { b.parse().ok() };
        match (from, to) {
            (Some(from), Some(to)) if from > 0 && from <= to => ranges.push((from, to)),
            _ => {
                ctx.fail(&format!("invalid field value ‘{item}’"));
                return Err(1);
            }
        }
    }
    let sep = o.get('d').map_or("\t", |d| d).to_owned();
    let job = Job::Cut { kind, ranges, out: sep.clone(), sep, only: o.has('s') };
    Ok(Stream::new(ctx, ByLine { job, lines: Lines::default() }, o.rest))
}

pub fn rev(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(ctx, "")?;
    Ok(Stream::new(ctx, ByLine { job: Job::Rev, lines: Lines::default() }, o.rest))
}

pub fn nl(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(ctx, "b:w:s:n:v: body-numbering=b number-width=w number-separator=s")?;
    let job = Job::Nl {
        n: o.get('v').and_then(|v| v.parse().ok()).unwrap_or(1_u64).saturating_sub(1),
        all: o.get('b').is_some_and(|b| &**b == "a"),
        width: o.get('w').and_then(|w| w.parse().ok()).unwrap_or(6_usize).min(100),
        gap: o.get('s').map_or("\t", |s| s).to_owned(),
    };
    Ok(Stream::new(ctx, ByLine { job, lines: Lines::default() }, o.rest))
}

pub fn uniq(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o =
        opts::parse(ctx, "cduif:s:w: count=c repeated=d unique=u ignore-case=i skip-fields=f skip-chars=s")?;
    let flags = "cdui".chars().filter(|c| o.has(*c)).collect();
    let number = |c, default| o.get(c).and_then(|n| n.parse().ok()).unwrap_or(default);
    let skip = [number('f', 0), number('s', 0), number('w', usize::MAX)];
    let job = Job::Uniq { flags, skip, last: None, count: 0 };
    let input = o.rest.first().cloned().into_iter().collect();
    Ok(Stream::new(ctx, ByLine { job, lines: Lines::default() }, input))
}

/// What `uniq` compares of a line: behind so many fields and characters, at most so many.
fn compared(line: &str, [fields, chars, width]: &[usize; 3]) -> String {
    let mut rest = line;
    for _ in 0..*fields {
        rest = rest.trim_start();
        rest = &rest[rest.find(char::is_whitespace).unwrap_or(rest.len())..];
    }
    rest.chars().skip(*chars).take(*width).collect()
}

fn show_group(flags: &str, line: &str, count: u64, ctx: &mut Ctx) {
    if flags.contains('d') && count < 2 || flags.contains('u') && count > 1 {
        return;
    }
    let count = if flags.contains('c') { format!("{count:7} ") } else { String::new() };
    ctx.print(format!("{count}{line}\n"));
}

impl Job {
    fn line(&mut self, bytes: &[u8], ctx: &mut Ctx) {
        let line = String::from_utf8_lossy(bytes).into_owned();
        match self {
            Job::Rev => ctx.print(line.chars().rev().chain(['\n']).collect::<String>()),
            Job::Nl { all: false, width, gap, .. } if line.is_empty() => {
                ctx.print(" ".repeat(*width + gap.len()) + "\n");
            }
            Job::Nl { n, width, gap, .. } => {
                *n += 1;
                ctx.print(format!("{n:w$}{gap}{line}\n", w = *width));
            }
            Job::Uniq { flags, skip, last, count } => {
                let same = last.as_ref().is_some_and(|l| {
                    let (a, b) = (compared(l, skip), compared(&line, skip));
                    if flags.contains('i') { a.eq_ignore_ascii_case(&b) } else { a == b }
                });
                if same {
                    *count += 1;
                    return;
                }
                if let Some(old) = last.replace(line) {
                    show_group(flags, &old, *count, ctx);
                }
                *count = 1;
            }
            Job::Cut { kind, ranges, sep, out, only } => {
                let within = |n: usize| ranges.iter().any(|(a, b)| *a <= n && n <= *b);
                if *kind == 'f' {
                    if !line.contains(&**sep) {
                        if !*only {
                            ctx.print(line + "\n");
                        }
                        return;
                    }
                    let fields: Vec<&str> = line
                        .split(&**sep)
                        .enumerate()
                        .filter(|(i, _)| within(i + 1))
                        .map(|(_, f)| f)
                        .collect();
                    ctx.print(fields.join(out) + "\n");
                } else {
                    let mut kept: Vec<u8> =
                        bytes.iter().enumerate().filter(|(i, _)| within(i + 1)).map(|(_, b)| *b).collect();
                    kept.push(b'\n');
                    ctx.print(kept);
                }
            }
        }
    }
}

impl Filter for ByLine {
    fn feed(&mut self, data: &[u8], ctx: &mut Ctx) -> Go {
        for line in self.lines.push(data) {
            self.job.line(&line, ctx);
        }
        Go::On
    }
    fn close(&mut self, ctx: &mut Ctx) -> Go {
        if let Some(line) = self.lines.finish() {
            self.job.line(&line, ctx);
        }
        Go::On
    }
    fn end(&mut self, ctx: &mut Ctx, failed: bool) -> i32 {
        if let Job::Uniq { flags, last: Some(last), count, .. } = &self.job {
            show_group(flags, last, *count, ctx);
        }
        i32::from(failed)
    }
    copies!();
}

/// `tr`.
#[derive(Clone, Debug)]
struct Tr {
    from: Vec<u8>,
    to: Vec<u8>,
    delete: bool,
    squeeze: bool,
    complement: bool,
    last: Option<u8>,
}

fn tr_set(text: &str) -> Vec<u8> {
    let mut raw = Vec::new();
    crate::shell::text::unescape(text, crate::shell::text::Escapes::Printf, &mut raw);
    let text = String::from_utf8_lossy(&raw).into_owned();
    let mut out = Vec::new();
    let mut i = 0;
    while i < raw.len() {
        if let Some((name, end)) = text
            .get(i..)
            .and_then(|t| t.strip_prefix("[:"))
            .and_then(|t| Some((&t[..t.find(":]")?], t.find(":]")?)))
            && let Some(class) = crate::shell::pattern::class_named(name)
        {
            out.extend((0..=127_u8).filter(|b| crate::shell::pattern::in_class(char::from(*b), class)));
            i += end + 4;
            continue;
        }
        if raw.get(i + 1) == Some(&b'-') && raw.get(i + 2).is_some_and(|b| *b >= raw[i]) {
            out.extend(raw[i]..=raw[i + 2]);
            i += 3;
        } else {
            out.push(raw[i]);
            i += 1;
        }
    }
    out
}

pub fn tr(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(ctx, "+cCdst delete=d squeeze-repeats=s complement=c")?;
    if o.rest.is_empty() || o.rest.len() < 2 && !o.has('d') && !o.has('s') {
        if ctx.busybox() {
            super::usage::print(ctx, "tr");
        } else {
            ctx.fail("missing operand");
            ctx.err("Try 'tr --help' for more information.\n");
        }
        return Err(1);
    }
    let filter = Tr {
        from: tr_set(&o.rest[0]),
        to: o.rest.get(1).map(|t| tr_set(t)).unwrap_or_default(),
        delete: o.has('d'),
        squeeze: o.has('s'),
        complement: o.has('c') || o.has('C'),
        last: None,
    };
    Ok(Stream::new(ctx, filter, Vec::new()))
}

impl Filter for Tr {
    fn feed(&mut self, data: &[u8], ctx: &mut Ctx) -> Go {
        let mut out = Vec::with_capacity(data.len());
        for byte in data {
            let place = if self.complement {
                (!self.from.contains(byte)).then_some(usize::MAX)
            } else {
                self.from.iter().rposition(|b| b == byte)
            };
            let mut b = *byte;
            if let Some(i) = place {
                if self.delete {
                    continue;
                }
                if let Some(last) = self.to.last() {
                    b = self.to.get(i).copied().unwrap_or(*last);
                }
            }
            let squeezed = if self.to.is_empty() { place.is_some() } else { self.to.contains(&b) };
            if self.squeeze && squeezed && self.last == Some(b) {
                continue;
            }
            self.last = Some(b);
            out.push(b);
        }
        ctx.print(out);
        Go::On
    }
    fn end(&mut self, _: &mut Ctx, _: bool) -> i32 {
        0
    }
    copies!();
}

/// `sort` and `tac`: everything is read first.
#[derive(Clone, Debug, Default)]
struct Sort {
    flags: String,
    keys: Vec<(usize, usize, String)>,
    separator: Option<char>,
    output: Option<Text>,
    lines: Lines,
    all: Vec<String>,
    backwards: bool,
}

pub fn sort(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(
        ctx,
        if ctx.busybox() {
            "nrugMVbcdfizsk:t:o:"
        } else {
            "nrughMVbcdfizsk:t:o: numeric-sort=n reverse=r unique=u human-numeric-sort=h key=k field-separator=t output=o version-sort=V check=c stable=s"
        },
    )?;
    let flags: String = "nrughVfbcs".chars().filter(|c| o.has(*c)).collect();
    let mut keys = Vec::new();
    for key in o.all('k') {
        let (a, b) = key.split_once(',').unwrap_or((key, ""));
        let number = |t: &str| t.bytes().take_while(u8::is_ascii_digit).count();
        let from = a[..number(a)].parse().unwrap_or(1);
        let to = b[..number(b)].parse().unwrap_or(usize::MAX);
        let letters: String = a.chars().chain(b.chars()).filter(|c| c.is_alphabetic()).collect();
        keys.push((from, to, letters));
    }
    let filter = Sort {
        flags,
        keys,
        separator: o.get('t').and_then(|t| t.chars().next()),
        output: o.get('o').cloned(),
        ..Sort::default()
    };
    Ok(Stream::new(ctx, filter, o.rest))
}

pub fn tac(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(ctx, "")?;
    Ok(Stream::new(ctx, Sort { backwards: true, ..Sort::default() }, o.rest))
}

/// The number that a text begins with.
pub fn leading_number(text: &str) -> f64 {
    let t = text.trim_start();
    let mut end = 0;
    let mut dot = false;
    for (i, b) in t.bytes().enumerate() {
        match b {
            b'-' | b'+' if i == 0 => {}
            b'.' if !dot => dot = true,
            b'0'..=b'9' => {}
            _ => break,
        }
        end = i + 1;
    }
    t[..end].parse().unwrap_or(0.0)
}

fn human(text: &str) -> f64 {
    let t = text.trim();
    let unit = t
        .chars()
        .find(|c| c.is_alphabetic())
        .map_or(0, |c| " KMGTPE".find(c.to_ascii_uppercase()).unwrap_or(0));
    leading_number(t) * 1024_f64.powi(unit as i32)
}

impl Sort {
    fn key<'a>(&self, line: &'a str, from: usize, to: usize) -> &'a str {
        let mut starts = Vec::new();
        match self.separator {
            Some(sep) => {
                let mut at = 0;
                for field in line.split(sep) {
                    starts.push((at, at + field.len()));
                    at += field.len() + sep.len_utf8();
                }
            }
            None => {
                let mut at = 0;
                while at < line.len() {
                    let blank = line[at..].len() - line[at..].trim_start_matches([' ', '\t']).len();
                    let word = line[at + blank..].find([' ', '\t']).unwrap_or(line.len() - at - blank);
                    starts.push((at, at + blank + word));
                    at += blank + word;
                    if word == 0 {
                        break;
                    }
                }
            }
        }
        let Some((a, _)) = starts.get(from.saturating_sub(1)) else { return "" };
        let end = starts.get(to.saturating_sub(1)).map_or(line.len(), |(_, e)| *e);
        line.get(*a..end.max(*a)).unwrap_or("")
    }

    fn compare(&self, a: &str, b: &str) -> std::cmp::Ordering {
        use std::cmp::Ordering::Equal;
        let by = |a: &str, b: &str, flags: &str| {
            let order = if flags.contains('h') {
                human(a).total_cmp(&human(b))
            } else if flags.contains(['n', 'g']) {
                leading_number(a).total_cmp(&leading_number(b))
            } else if flags.contains('V') {
                version(a).cmp(&version(b))
            } else if flags.contains('f') {
                a.to_uppercase().cmp(&b.to_uppercase())
            } else {
                a.cmp(b)
            };
            if flags.contains('r') { order.reverse() } else { order }
        };
        for (from, to, letters) in &self.keys {
            let flags = if letters.is_empty() { &self.flags } else { letters };
            let (mut x, mut y) = (self.key(a, *from, *to), self.key(b, *from, *to));
            if flags.contains('b') {
                (x, y) = (x.trim_start(), y.trim_start());
            }
            let order = by(x, y, flags);
            if order != Equal {
                return order;
            }
        }
        let order = if self.keys.is_empty() { by(a, b, &self.flags) } else { Equal };
        if order != Equal || self.flags.contains(['u', 's']) {
            return order;
        }
        if self.flags.contains('r') { b.cmp(a) } else { a.cmp(b) }
    }
}

/// Numbers and other text of a version, alternating.
fn version(text: &str) -> Vec<(String, u64)> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let n = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(n);
        let m = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        out.push((word.to_owned(), tail[..m].parse().unwrap_or(0)));
        rest = &tail[m..];
    }
    out
}

impl Filter for Sort {
    fn feed(&mut self, data: &[u8], _: &mut Ctx) -> Go {
        for line in self.lines.push(data) {
            self.all.push(String::from_utf8_lossy(&line).into_owned());
        }
        Go::On
    }
    fn close(&mut self, _: &mut Ctx) -> Go {
        if let Some(line) = self.lines.finish() {
            self.all.push(String::from_utf8_lossy(&line).into_owned());
        }
        Go::On
    }
    fn missing(&mut self, name: &str, error: Errno, ctx: &mut Ctx) {
        let text = if ctx.busybox() {
            format!("{name}: {}", error.text())
        } else {
            format!("cannot read: {name}: {}", error.text())
        };
        ctx.fail(&text);
    }
    fn end(&mut self, ctx: &mut Ctx, failed: bool) -> i32 {
        let mut all = std::mem::take(&mut self.all);
        if self.flags.contains('c') {
            let wrong = all.windows(2).position(|p| self.compare(&p[0], &p[1]).is_gt());
            if let Some(n) = wrong {
                let text = format!("-:{}: disorder: {}", n + 2, all[n + 1]);
                if ctx.busybox() { ctx.err(&format!("Check line {}\n", n + 1)) } else { ctx.fail(&text) }
            }
            return i32::from(wrong.is_some());
        }
        if self.backwards {
            all.reverse();
        } else {
            all.order_by(|a, b| self.compare(a, b));
            if self.flags.contains('u') {
                all.dedup_by(|a, b| self.compare(a, b).is_eq());
            }
        }
        let mut text = all.join("\n");
        if !all.is_empty() {
            text.push('\n');
        }
        match &self.output {
            Some(path) => drop(ctx.sys.write_file(path, text.as_bytes(), false)),
            None => ctx.print(text),
        }
        if failed { 2 } else { 0 }
    }
    copies!();
}
