//! `sort` and `tac`, which read everything first.

use super::ctx::Ctx;
use super::opts;
use super::stream::{Filter, Go, Lines, Stream, copies};
use crate::api::Text;
use crate::collections::Order;
use crate::os::program::Errno;
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
            "nrughMVbcCdfizsmk:t:o:y:S:T: numeric-sort=n reverse=r unique=u human-numeric-sort=h key=k field-separator=t output=o version-sort=V check=c stable=s"
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
