//! Filters that work line by line or byte by byte: `cut`, `rev`, `nl`, `uniq`, `tr`.

use super::ctx::Ctx;
use super::stream::{Filter, Go, Lines, Stream, copies};
use super::{files, opts};
/// What is done with each line: `cut`, `rev`, `nl`, `uniq`.
#[derive(Clone, Debug)]
enum Job {
    Cut {
        kind: char,
        ranges: Vec<(usize, usize)>,
        sep: String,
        out: String,
        only: bool,
        complement: bool,
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
        "b:c:f:d:snO:v fields=f delimiter=d characters=c bytes=b only-delimited=s output-delimiter=O complement=v",
    )?;
    let Some(kind) = o.last_of("bcf") else {
        ctx.fail(if ctx.busybox() {
            "expected a list of bytes, characters, or fields"
        } else {
            "you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information."
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
    if sep.chars().count() != 1 {
        let quote = if ctx.busybox() {
            "the delimiter must be a single character"
        } else {
            "the delimiter must be a single character\nTry 'cut --help' for more information."
        };
        ctx.fail(quote);
        return Err(1);
    }
    let out = o.get('O').map_or_else(|| sep.clone(), |s| s.to_string());
    let (only, complement) = (o.has('s'), o.has('v') && !ctx.busybox());
    let job = Job::Cut { kind, ranges, out, sep, only, complement };
    Ok(Stream::new(ctx, ByLine { job, lines: Lines::default() }, o.rest))
}

pub fn rev(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(ctx, "")?;
    Ok(Stream::new(ctx, ByLine { job: Job::Rev, lines: Lines::default() }, o.rest))
}

pub fn nl(ctx: &mut Ctx) -> Result<Stream, i32> {
    let o = opts::parse(ctx, "b:w:s:n:v:i: body-numbering=b number-width=w number-separator=s")?;
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
            Job::Cut { kind, ranges, sep, out, only, complement } => {
                let within = |n: usize| ranges.iter().any(|(a, b)| *a <= n && n <= *b) != *complement;
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
    let lacking = o.rest.len() < 2 && !o.has('d') && !o.has('s');
    match (ctx.busybox(), o.rest.first()) {
        (true, None) => {
            super::usage::print(ctx, "tr");
            return Err(1);
        }
        (false, None) => return Err(files::missing_operand(ctx, "tr", "missing operand")),
        (false, Some(first)) if lacking => {
            let text =
                format!("missing operand after ‘{first}’\nTwo strings must be given when translating.");
            return Err(files::missing_operand(ctx, "tr", &text));
        }
        _ => {}
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
