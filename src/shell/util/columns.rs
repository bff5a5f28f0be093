//! Small utilities over lines: `paste`, `fold`, `expand`, `comm`, `shuf`, `split`, `strings`, `dos2unix`,
//! `factor`, `cal`, `usleep`, `link`, `unlink`.

use super::ctx::Ctx;
use super::{files, opts};
use crate::api::Text;
use crate::collections::Order;
use crate::time::civil;

fn lines_of(ctx: &mut Ctx, path: &Text) -> Result<Vec<String>, i32> {
    let all = files::inputs(ctx, std::slice::from_ref(path))?;
    let text: String = all.iter().map(|(_, b)| String::from_utf8_lossy(b)).collect();
    Ok(text.lines().map(str::to_owned).collect())
}

/// Runs a part that ends early with a status.
fn run(work: impl FnOnce() -> Result<i32, i32>) -> i32 {
    work().unwrap_or_else(|status| status)
}

/// `paste`.
pub fn paste(ctx: &mut Ctx) -> i32 {
    run(|| {
        let o = opts::parse(ctx, "sd: serial=s delimiters=d")?;
        let seps: Vec<char> =
            o.get('d').map_or("\t", |d| d).replace("\\n", "\n").replace("\\t", "\t").chars().collect();
        let sep = |i: usize| seps.get(i % seps.len().max(1)).map_or(String::new(), |c| c.to_string());
        let mut columns: Vec<Vec<String>> = Vec::new();
        let stdins = o.rest.iter().filter(|p| &***p == "-").count();
        for path in &o.rest {
            if &**path != "-" {
                columns.push(lines_of(ctx, path)?);
                continue;
            }
            // Several dashes take their lines in turn.
            let turn = columns.len();
            let first = o.rest.iter().position(|p| &**p == "-").unwrap_or(0);
            let all = lines_of(ctx, path)?;
            columns.push(all.into_iter().skip(turn - first).step_by(stdins).collect());
        }
        if o.rest.is_empty() {
            columns.push(lines_of(ctx, &Text::lit("-"))?);
        }
        let joined = |cells: &[String]| {
            let mut line = String::new();
            for (i, cell) in cells.iter().enumerate() {
                line.push_str(cell);
                if i + 1 < cells.len() {
                    line.push_str(&sep(i));
                }
            }
            line + "\n"
        };
        if o.has('s') {
            for column in &columns {
                ctx.print(joined(column));
            }
            return Ok(0);
        }
        for row in 0..columns.iter().map(Vec::len).max().unwrap_or(0) {
            if ctx.busybox() {
                // A column at its end adds nothing, not even what would stand behind it.
                let mut line = String::new();
                for (i, cell) in columns.iter().enumerate().filter_map(|(i, c)| Some((i, c.get(row)?))) {
                    line.push_str(cell);
                    line.push_str(&if i + 1 < columns.len() { sep(i) } else { "\n".to_owned() });
                }
                ctx.print(line);
                continue;
            }
            let cells: Vec<String> =
                columns.iter().map(|c| c.get(row).cloned().unwrap_or_default()).collect();
            ctx.print(joined(&cells));
        }
        Ok(0)
    })
}

/// `fold`.
pub fn fold(ctx: &mut Ctx) -> i32 {
    run(|| {
        let o = opts::parse(ctx, "bsw: width=w spaces=s bytes=b")?;
        let width = o.get('w').and_then(|w| w.parse().ok()).unwrap_or(80_usize).max(1);
        for (_, bytes) in files::inputs(ctx, &o.rest)? {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            for line in text.split_inclusive('\n') {
                let mut rest: Vec<char> = line.trim_end_matches('\n').chars().collect();
                while rest.len() > width {
                    let space = rest[..width].iter().rposition(|c| *c == ' ').filter(|_| o.has('s'));
                    let n = space.map_or(width, |n| n + 1);
                    let head: String = rest.drain(..n).collect();
                    ctx.print(head + "\n");
                }
                let tail: String = rest.into_iter().collect();
                ctx.print(tail + if line.ends_with('\n') { "\n" } else { "" });
            }
        }
        Ok(0)
    })
}

/// `expand`: tabs become spaces.
pub fn expand(ctx: &mut Ctx) -> i32 {
    run(|| {
        let o = opts::parse(ctx, "it: tabs=t initial=i")?;
        let stop = o.get('t').and_then(|t| t.parse().ok()).unwrap_or(8_usize).max(1);
        for (_, bytes) in files::inputs(ctx, &o.rest)? {
            let mut at = 0;
            let mut out = String::new();
            for c in String::from_utf8_lossy(&bytes).chars() {
                match c {
                    '\t' => {
                        let n = stop - at % stop;
                        out.extend(std::iter::repeat_n(' ', n));
                        at += n;
                    }
                    '\n' => {
                        out.push(c);
                        at = 0;
                    }
                    c => {
                        out.push(c);
                        at += 1;
                    }
                }
            }
            ctx.print(out);
        }
        Ok(0)
    })
}

/// `comm`.
pub fn comm(ctx: &mut Ctx) -> i32 {
    run(|| {
        let o = opts::parse(ctx, "123")?;
        let [a, b] = o.rest.as_slice() else {
            return Err(files::missing_operand(ctx, "comm", "missing operand"));
        };
        let (a, b) = (lines_of(ctx, a)?, lines_of(ctx, b)?);
        let (mut i, mut j) = (0, 0);
        while i < a.len() || j < b.len() {
            let order = match (a.get(i), b.get(j)) {
                (Some(x), Some(y)) => x.cmp(y),
                (Some(_), None) => std::cmp::Ordering::Less,
                _ => std::cmp::Ordering::Greater,
            };
            let (column, line) = match order {
                std::cmp::Ordering::Less => ('1', &a[i]),
                std::cmp::Ordering::Greater => ('2', &b[j]),
                std::cmp::Ordering::Equal => ('3', &a[i]),
            };
            i += usize::from(order.is_le());
            j += usize::from(order.is_ge());
            if !o.has(column) {
                let before = ('1'..column).filter(|c| !o.has(*c)).count();
                ctx.print(format!("{}{line}\n", "\t".repeat(before)));
            }
        }
        Ok(0)
    })
}

/// `shuf`.
pub fn shuf(ctx: &mut Ctx) -> i32 {
    run(|| {
        let o = opts::parse(ctx, "ei:n:r echo=e input-range=i head-count=n")?;
        let mut list: Vec<String> = match o.get('i').and_then(|r| r.split_once('-')) {
            Some((from, to)) => {
                let (from, to): (u64, u64) = (from.parse().unwrap_or(0), to.parse().unwrap_or(0));
                (from..=to.min(from.saturating_add(MAX_RANGE))).map(|n| n.to_string()).collect()
            }
            None if o.has('e') => o.rest.iter().map(|w| w.to_string()).collect(),
            None => lines_of(ctx, o.rest.first().unwrap_or(&Text::lit("-")))?,
        };
        for i in (1..list.len()).rev() {
            list.swap(i, ctx.sys.rng().below(i as u64 + 1) as usize);
        }
        if let Some(n) = o.get('n').and_then(|n| n.parse().ok()) {
            list.truncate(n);
        }
        list.iter().for_each(|l| ctx.print(format!("{l}\n")));
        Ok(0)
    })
}

/// The longest range that `shuf -i` takes.
const MAX_RANGE: u64 = 1_000_000;

/// `split`.
pub fn split(ctx: &mut Ctx) -> i32 {
    run(|| {
        let spec = if ctx.busybox() {
            "l:b:a:"
        } else {
            "l:b:a:dn: lines=l bytes=b suffix-length=a numeric-suffixes=d number=n"
        };
        let o = opts::parse(ctx, spec)?;
        let bytes: Vec<u8> =
            files::inputs(ctx, o.rest.get(..1).unwrap_or(&[]))?.into_iter().flat_map(|(_, b)| b).collect();
        let prefix = o.rest.get(1).map_or("x", |p| p).to_owned();
        let chunks = o.get('n').and_then(|n| n.parse::<usize>().ok()).filter(|n| *n > 0);
        let each = chunks.map(|n| (bytes.len() / n).max(1) as u64);
        let mut pieces: Vec<Vec<u8>> = match each.or(o.get('b').and_then(|b| super::text::size(b))) {
            Some(n) => bytes.chunks((n as usize).max(1)).map(<[u8]>::to_vec).collect(),
            None => {
                let n = o.get('l').and_then(|n| n.parse().ok()).unwrap_or(1_000_usize).max(1);
                let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
                lines.chunks(n).map(<[&[u8]]>::concat).collect()
            }
        };
        if let Some(n) = chunks {
            // The last one takes what is left over.
            let rest: Vec<u8> = pieces.drain(n.min(pieces.len())..).flatten().collect();
            if let Some(last) = pieces.last_mut() {
                last.extend(rest);
            }
        }
        let (base, first) = if o.has('d') { (10_usize, b'0') } else { (26, b'a') };
        let width = o.get('a').and_then(|a| a.parse().ok()).unwrap_or(2_u32).clamp(1, 8);
        for (i, piece) in pieces.iter().take(base.pow(width).min(MAX_PIECES)).enumerate() {
            let letter = |k: u32| char::from(first + (i / base.pow(k) % base) as u8);
            let suffix: String = (0..width).rev().map(letter).collect();
            let name = format!("{prefix}{suffix}");
            if let Err(error) = ctx.sys.write_file(&name, piece, false) {
                ctx.fail(&format!("{name}: {}", error.text()));
                return Err(1);
            }
        }
        Ok(0)
    })
}

/// The most files that `split` makes.
const MAX_PIECES: usize = 10_000;

/// `join`: lines of two sorted files that have a field in common.
pub fn join(ctx: &mut Ctx) -> i32 {
    run(|| {
        let o = opts::parse(ctx, "1:2:j:t:a:v:i")?;
        let [x, y] = o.rest.as_slice() else {
            return Err(files::missing_operand(ctx, "join", "missing operand"));
        };
        let number =
            |c: char| o.get(c).or(o.get('j')).and_then(|n| n.parse::<usize>().ok()).unwrap_or(1).max(1) - 1;
        let keys = [number('1'), number('2')];
        let separator = o.get('t').cloned();
        let fields = |line: &str| -> Vec<String> {
            match &separator {
                Some(t) => line.split(&**t).map(str::to_owned).collect(),
                None => line.split_whitespace().map(str::to_owned).collect(),
            }
        };
        let mut sides = Vec::new();
        for path in [x, y] {
            sides.push(lines_of(ctx, path)?.iter().map(|l| fields(l)).collect::<Vec<_>>());
        }
        let glue = separator.as_deref().unwrap_or(" ").to_owned();
        let key = |side: usize, row: &[String]| row.get(keys[side]).cloned().unwrap_or_default();
        let rest = |side: usize, row: &[String]| -> Vec<String> {
            row.iter().enumerate().filter(|(i, _)| *i != keys[side]).map(|(_, f)| f.clone()).collect()
        };
        let alone = |side: usize, row: &[String]| {
            let mut cells = vec![key(side, row)];
            cells.extend(rest(side, row));
            cells.join(&glue) + "\n"
        };
        let wanted = |side: &str| o.all('a').chain(o.all('v')).any(|s| &**s == side);
        let mut shown = Vec::new();
        let mut used = vec![false; sides[1].len()];
        for row in &sides[0] {
            let mut hit = false;
            for (i, other) in sides[1].iter().enumerate().filter(|(_, r)| key(0, row) == key(1, r)) {
                (hit, used[i]) = (true, true);
                let mut cells = vec![key(0, row)];
                cells.extend(rest(0, row));
                cells.extend(rest(1, other));
                if !o.has('v') {
                    shown.push((key(0, row), cells.join(&glue) + "\n"));
                }
            }
            if !hit && wanted("1") {
                shown.push((key(0, row), alone(0, row)));
            }
        }
        let unpaired = sides[1].iter().zip(&used).filter(|(_, used)| !**used && wanted("2"));
        shown.extend(unpaired.map(|(row, _)| (key(1, row), alone(1, row))));
        shown.order_by_key(|(key, _)| key.clone());
        shown.iter().for_each(|(_, line)| ctx.print(line));
        Ok(0)
    })
}

/// `strings`.
pub fn strings(ctx: &mut Ctx) -> i32 {
    run(|| {
        let o = opts::parse(ctx, "afon:t:")?;
        let least = o.get('n').and_then(|n| n.parse().ok()).unwrap_or(4_usize);
        for (_, bytes) in files::inputs(ctx, &o.rest)? {
            for run in bytes.split(|b| !(32..127).contains(b) && *b != b'\t').filter(|r| r.len() >= least) {
                ctx.print(run);
                ctx.print("\n");
            }
        }
        Ok(0)
    })
}

/// `dos2unix` and `unix2dos`.
pub fn dos2unix(ctx: &mut Ctx) -> i32 {
    run(|| {
        let to_dos = ctx.prefix == "unix2dos: ";
        let o = opts::parse(ctx, "ud")?;
        let change = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
            if to_dos || o.has('d') { text.replace('\n', "\r\n") } else { text }
        };
        if o.rest.is_empty() {
            let all = files::inputs(ctx, &[])?;
            all.iter().for_each(|(_, b)| ctx.print(change(b)));
        }
        for path in &o.rest {
            let (_, bytes) = files::inputs(ctx, std::slice::from_ref(path))?.remove(0);
            let _ = ctx.sys.write_file(path, change(&bytes).as_bytes(), false);
        }
        Ok(0)
    })
}

/// `factor`.
pub fn factor(ctx: &mut Ctx) -> i32 {
    for word in ctx.args.split_off(1) {
        let Ok(mut n) = word.parse::<u64>().map(|n| n.min(MAX_FACTORED)) else {
            ctx.fail(&format!("invalid number '{word}'"));
            return 1;
        };
        let mut line = format!("{n}:");
        let mut d = 2;
        while d * d <= n {
            while n % d == 0 {
                line.push_str(&format!(" {d}"));
                n /= d;
            }
            d += 1;
        }
        if n > 1 {
            line.push_str(&format!(" {n}"));
        }
        ctx.print(line + "\n");
    }
    0
}

/// The largest number that `factor` takes apart: trial division must not hang.
const MAX_FACTORED: u64 = 1 << 40;

/// `cal`: one month.
pub fn cal(ctx: &mut Ctx) -> i32 {
    let now = civil(ctx.sys.wall_micros());
    let numbers: Vec<i64> = ctx.args[1..].iter().filter_map(|a| a.parse().ok()).collect();
    let (month, year) = match numbers.as_slice() {
        [] => (i64::from(now.month), now.year),
        [month @ 1..=12, year @ 1970..=9999] => (*month, *year),
        _ => return ctx.not_simulated("other than one month since 1970"),
    };
    let first = |year: i64, month: i64| {
        crate::time::parse_rfc3339(&format!("{year:04}-{month:02}-01T00:00:00Z")).unwrap_or(0)
    };
    let begin = first(year, month);
    let end = if month == 12 { first(year + 1, 1) } else { first(year, month + 1) };
    let days = (end - begin) / 86_400_000_000;
    let name = super::date::format(begin, "%B %Y");
    let mut text =
        format!("{}{name}\nSu Mo Tu We Th Fr Sa\n", " ".repeat(20_usize.saturating_sub(name.len()) / 2));
    let lead = usize::from(civil(begin).weekday % 7);
    let mut cells = vec!["  ".to_owned(); lead];
    cells.extend((1..=days).map(|d| format!("{d:2}")));
    cells.resize(42, "  ".to_owned());
    for week in cells.chunks(7) {
        let line = week.join(" ");
        // A week without a day is blanks up to its edge.
        let line = if line.trim().is_empty() { " ".repeat(21) } else { line.trim_end().to_owned() };
        text.push_str(&(line + "\n"));
    }
    ctx.print(text);
    0
}

/// `link` and `unlink`.
pub fn link(ctx: &mut Ctx) -> i32 {
    let words = ctx.args[1..].to_vec();
    let done = match (ctx.prefix.as_str(), words.as_slice()) {
        ("unlink: ", [path]) => ctx.sys.unlink(path).map_err(|e| {
            if ctx.busybox() {
                format!("can't remove file '{path}': {}", e.text())
            } else {
                format!("cannot unlink '{path}': {}", e.text())
            }
        }),
        ("link: ", [from, to]) => {
            ctx.sys.link(from, to).map_err(|e| format!("can't create link '{to}' to '{from}': {}", e.text()))
        }
        (name, _) => {
            let name = name.trim_end_matches(": ").to_owned();
            return files::missing_operand(ctx, &name, "missing operand");
        }
    };
    match done {
        Ok(()) => 0,
        Err(text) => {
            ctx.fail(&text);
            1
        }
    }
}
