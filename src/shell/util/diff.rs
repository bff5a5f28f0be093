//! `diff` (normal and unified, also of directories) and `cmp`.

use super::ctx::Ctx;
use super::{date, opts};
use crate::api::Text;
use crate::collections::Order;
use crate::os::program::{FileType, Stat, Sysr};
use std::cell::Cell;

/// The largest table of common lines; larger files count as wholly different.
const MAX_CELLS: usize = 16_000_000;

/// The most pairs of files that directories are compared by: links may lead round in a circle.
const MAX_PAIRS: u32 = 10_000;

/// A piece of an edit: lines `a` of the old become lines `b` of the new.
#[derive(Debug)]
struct Change {
    a: (usize, usize),
    b: (usize, usize),
}

/// The changes between two lists of lines, by a longest common subsequence.
fn changes(a: &[&str], b: &[&str]) -> Vec<Change> {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (n, m) = (a.len() - head - tail, b.len() - head - tail);
    if n == 0 && m == 0 {
        return Vec::new();
    }
    if n.saturating_mul(m) > MAX_CELLS {
        return vec![Change { a: (head, head + n), b: (head, head + m) }];
    }
    let width = m + 1;
    let mut table = vec![0_u32; (n + 1) * width];
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            table[i * width + j] = if a[head + i] == b[head + j] {
                table[(i + 1) * width + j + 1] + 1
            } else {
                table[(i + 1) * width + j].max(table[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out: Vec<Change> = Vec::new();
    while i < n || j < m {
        if i < n && j < m && a[head + i] == b[head + j] {
            i += 1;
            j += 1;
            continue;
        }
        let start = (i, j);
        while i < n || j < m {
            if i < n && j < m && a[head + i] == b[head + j] {
                break;
            }
            if i < n && (j == m || table[(i + 1) * width + j] >= table[i * width + j + 1]) {
                i += 1
            } else {
                j += 1
            }
        }
        out.push(Change { a: (head + start.0, head + i), b: (head + start.1, head + j) });
    }
    out
}

fn range(from: usize, to: usize) -> String {
    match to - from {
        1 => (from + 1).to_string(),
        0 => format!("{from},0"),
        n => format!("{},{n}", from + 1),
    }
}

fn line(mark: char, text: &str) -> String {
    match text.strip_suffix('\n') {
        Some(t) => format!("{mark}{t}\n"),
        None => format!("{mark}{text}\n\\ No newline at end of file\n"),
    }
}

/// The hunks of a unified difference.
pub fn unified(old: &str, new: &str, context: usize) -> String {
    let a: Vec<&str> = old.split_inclusive('\n').collect();
    let b: Vec<&str> = new.split_inclusive('\n').collect();
    let all = changes(&a, &b);
    let mut out = String::new();
    let mut i = 0;
    while i < all.len() {
        let mut last = i;
        while last + 1 < all.len() && all[last + 1].a.0 - all[last].a.1 <= 2 * context {
            last += 1;
        }
        let before = context.min(all[i].a.0);
        let after = context.min(a.len() - all[last].a.1);
        let (a0, a1) = (all[i].a.0 - before, all[last].a.1 + after);
        let (b0, b1) = (all[i].b.0 - before, all[last].b.1 + after);
        out.push_str(&format!("@@ -{} +{} @@\n", range(a0, a1), range(b0, b1)));
        let mut at = a0;
        for change in &all[i..=last] {
            a[at..change.a.0].iter().for_each(|t| out.push_str(&line(' ', t)));
            a[change.a.0..change.a.1].iter().for_each(|t| out.push_str(&line('-', t)));
            b[change.b.0..change.b.1].iter().for_each(|t| out.push_str(&line('+', t)));
            at = change.a.1;
        }
        a[at..a1].iter().for_each(|t| out.push_str(&line(' ', t)));
        i = last + 1;
    }
    out
}

fn normal(old: &str, new: &str) -> String {
    let a: Vec<&str> = old.split_inclusive('\n').collect();
    let b: Vec<&str> = new.split_inclusive('\n').collect();
    let span = |from: usize, to: usize| match to - from {
        0 => from.to_string(),
        1 => (from + 1).to_string(),
        _ => format!("{},{to}", from + 1),
    };
    let mut out = String::new();
    for c in changes(&a, &b) {
        let verb = match (c.a.0 == c.a.1, c.b.0 == c.b.1) {
            (true, _) => 'a',
            (_, true) => 'd',
            _ => 'c',
        };
        out.push_str(&format!("{}{verb}{}\n", span(c.a.0, c.a.1), span(c.b.0, c.b.1)));
        a[c.a.0..c.a.1].iter().for_each(|t| out.push_str(&line('<', &format!(" {t}"))));
        if verb == 'c' {
            out.push_str("---\n");
        }
        b[c.b.0..c.b.1].iter().for_each(|t| out.push_str(&line('>', &format!(" {t}"))));
    }
    out
}

struct Diff {
    context: Option<usize>,
    absent_empty: bool,
    brief: bool,
    recursive: bool,
    pairs: Cell<u32>,
    command: String,
}

/// `diff`.
pub fn diff(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "uU:Nrqabiwt unified=u new-file=N recursive=r brief=q color=a") {
        Ok(o) => o,
        Err(_) => return 2,
    };
    let [a, b] = o.rest.as_slice() else {
        let after = ctx.args.last().filter(|_| !ctx.busybox()).map(|a| format!(" after '{a}'"));
        ctx.fail(&format!("missing operand{}", after.unwrap_or_default()));
        if !ctx.busybox() {
            ctx.fail("Try 'diff --help' for more information.");
        }
        return 2;
    };
    let context = match o.get('U') {
        Some(n) => n.parse().ok(),
        None => (o.has('u') || ctx.busybox()).then_some(3),
    };
    let words: Vec<&str> =
        ctx.args.iter().filter(|w| w.starts_with('-') || **w == *"diff").map(|w| &**w).collect();
    let command = words.join(" ");
    let d = Diff {
        context,
        absent_empty: o.has('N'),
        brief: o.has('q'),
        recursive: o.has('r'),
        command,
        pairs: Cell::new(0),
    };
    compare(ctx, &d, a, b, 0, false)
}

fn compare(ctx: &mut Ctx, d: &Diff, a: &str, b: &str, depth: u32, inside: bool) -> i32 {
    let (left, right) = (ctx.sys.stat(a), ctx.sys.stat(b));
    if a == b && left.is_ok() {
        return 0;
    }
    d.pairs.set(d.pairs.get() + 1);
    if d.pairs.get() > MAX_PAIRS {
        return if d.pairs.get() == MAX_PAIRS + 1 { ctx.not_simulated("so many files") } else { 2 };
    }
    let is_dir = |s: &Sysr<Stat>| s.as_ref().is_ok_and(|s| s.kind == FileType::Dir);
    let (a_dir, b_dir) = (is_dir(&left), is_dir(&right));
    if a_dir && b_dir {
        return directories(ctx, d, a, b, depth);
    }
    if a_dir || b_dir {
        let (dir, file) = if a_dir { (a, b) } else { (b, a) };
        let full = format!("{}/{}", dir.trim_end_matches('/'), super::files::base(file));
        return if a_dir {
            compare(ctx, d, &full, b, depth + 1, inside)
        } else {
            compare(ctx, d, a, &full, depth + 1, inside)
        };
    }
    let mut texts = Vec::new();
    for path in [a, b] {
        let data = if path == "-" {
            match ctx.input() {
                Some(data) => Ok(data.to_vec()),
                None => return 0,
            }
        } else {
            ctx.read_file(path)
        };
        match data {
            Ok(data) => texts.push(String::from_utf8_lossy(&data).into_owned()),
            Err(_) if d.absent_empty => texts.push(String::new()),
            Err(error) => {
                let text = if ctx.busybox() { format!("can't stat '{path}'") } else { path.to_string() };
                ctx.fail(&format!("{text}: {}", error.text()));
                return 2;
            }
        }
    }
    if texts[0] == texts[1] {
        return 0;
    }
    if d.brief {
        ctx.print(format!("Files {a} and {b} differ\n"));
        return 1;
    }
    if inside && !ctx.busybox() {
        ctx.print(format!("{} {a} {b}\n", d.command));
    }
    match d.context {
        Some(n) => {
            let label = |path: &str| {
                if ctx.busybox() {
                    return path.to_owned();
                }
                let micros = ctx.sys.stat(path).map_or(0, |s| s.mtime_micros);
                format!("{path}\t{}", date::format(micros, "%Y-%m-%d %H:%M:%S.%N %z"))
            };
            let head = format!("--- {}\n+++ {}\n", label(a), label(b));
            ctx.print(head + &unified(&texts[0], &texts[1], n));
        }
        None => ctx.print(normal(&texts[0], &texts[1])),
    }
    1
}

fn directories(ctx: &mut Ctx, d: &Diff, a: &str, b: &str, depth: u32) -> i32 {
    /// How deep directories are followed.
    const MAX_DEPTH: u32 = 64;
    let mut names: Vec<Text> = ctx.sys.read_dir(a).unwrap_or_default();
    names.extend(ctx.sys.read_dir(b).unwrap_or_default());
    names.order();
    names.dedup();
    let mut status = 0;
    for name in names {
        let x = format!("{}/{name}", a.trim_end_matches('/'));
        let y = format!("{}/{name}", b.trim_end_matches('/'));
        let (left, right) = (ctx.sys.stat(&x).is_ok(), ctx.sys.stat(&y).is_ok());
        if left && right {
            let both_dirs = ctx.sys.stat(&x).is_ok_and(|s| s.kind == FileType::Dir);
            if both_dirs && !d.recursive {
                ctx.print(format!("Common subdirectories: {x} and {y}\n"));
            } else if depth < MAX_DEPTH {
                status |= compare(ctx, d, &x, &y, depth + 1, true);
            }
        } else if d.absent_empty {
            status |= compare(ctx, d, &x, &y, depth + 1, true);
        } else {
            ctx.print(format!("Only in {}: {name}\n", if left { a } else { b }));
            status = 1;
        }
    }
    status
}

/// `cmp`.
pub fn cmp(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "sl") {
        Ok(o) => o,
        Err(_) => return 2,
    };
    let [a, b] = o.rest.as_slice() else {
        ctx.fail("missing operand");
        return 2;
    };
    let mut all = Vec::new();
    for path in [a, b] {
        match ctx.read_file(path) {
            Ok(data) => all.push(data),
            Err(error) => {
                ctx.fail(&format!("{path}: {}", error.text()));
                return 2;
            }
        }
    }
    if all[0] == all[1] {
        return 0;
    }
    if !o.has('s') {
        match all[0].iter().zip(&all[1]).position(|(x, y)| x != y) {
            Some(n) => {
                let line = all[0][..n].iter().filter(|c| **c == b'\n').count() + 1;
                // GNU says "byte" only in locales whose characters may have more of them.
                let unit = if !ctx.busybox() && ctx.utf8() { "byte" } else { "char" };
                ctx.print(format!("{a} {b} differ: {unit} {}, line {line}\n", n + 1));
            }
            None => {
                let short = if all[0].len() < all[1].len() { a } else { b };
                ctx.fail(&format!("EOF on {short}"));
            }
        }
    }
    1
}
