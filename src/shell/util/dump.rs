//! `od`, `hexdump`, `xxd`: bytes as numbers and characters.
//!
//! Left out: formats other than `od -c`, `-x`, `-b`, `-d`, `-t x1 o1 u1 c`, `hexdump` with and without `-C`.

use super::ctx::Ctx;
use super::{files, opts};

/// How many bytes a line shows.
const LINE: usize = 16;

/// How `od` shows bytes.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Chars,
    Bytes(u32),
    Words(u32),
}

fn escaped(byte: u8) -> String {
    match byte {
        0 => "\\0".into(),
        7 => "\\a".into(),
        8 => "\\b".into(),
        b'\t' => "\\t".into(),
        b'\n' => "\\n".into(),
        11 => "\\v".into(),
        12 => "\\f".into(),
        b'\r' => "\\r".into(),
        32..127 => char::from(byte).to_string(),
        other => format!("{other:03o}"),
    }
}

fn number(n: u32, radix: u32, bytes: usize) -> String {
    match (radix, bytes) {
        (16, 1) => format!("{n:02x}"),
        (16, _) => format!("{n:04x}"),
        (8, 1) => format!("{n:03o}"),
        (8, _) => format!("{n:06o}"),
        (_, 1) => format!("{n:3}"),
        _ => format!("{n:5}"),
    }
}

fn cells(line: &[u8], shape: Shape) -> String {
    match shape {
        Shape::Chars => line.iter().map(|b| format!("{:>4}", escaped(*b))).collect(),
        Shape::Bytes(radix) => line.iter().map(|b| format!(" {}", number(u32::from(*b), radix, 1))).collect(),
        Shape::Words(radix) => line
            .chunks(2)
            .map(|c| {
                let n = u32::from(c[0]) | u32::from(c.get(1).copied().unwrap_or(0)) << 8;
                format!(" {}", number(n, radix, 2))
            })
            .collect(),
    }
}

fn whole_input(ctx: &mut Ctx, rest: &[crate::api::Text]) -> Result<Vec<u8>, i32> {
    let mut data = Vec::new();
    for (_, bytes) in files::inputs(ctx, rest)? {
        data.extend(bytes);
    }
    Ok(data)
}

/// `od`.
pub fn od(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "cbxdoA:t:N:j:vw:") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let data = match whole_input(ctx, &o.rest) {
        Ok(data) => data,
        Err(status) => return status,
    };
    let number = |letter| o.get(letter).and_then(|n| super::text::size(n)).map(|n| n as usize);
    let from = number('j').unwrap_or(0).min(data.len());
    let to = number('N').map_or(data.len(), |n| from.saturating_add(n)).min(data.len());
    let shape = match (o.last_of("cbxdot"), o.get('t').map(|t| t.as_str())) {
        (Some('c'), _) | (Some('t'), Some("c")) => Shape::Chars,
        (Some('b'), _) | (Some('t'), Some("o1")) => Shape::Bytes(8),
        (Some('t'), Some("x1")) => Shape::Bytes(16),
        (Some('t'), Some("u1" | "d1")) => Shape::Bytes(10),
        (Some('x'), _) | (Some('t'), Some("x2")) => Shape::Words(16),
        (Some('d'), _) | (Some('t'), Some("u2")) => Shape::Words(10),
        (Some('t'), Some(other)) => return ctx.not_simulated(&format!("-t {other}")),
        _ => Shape::Words(8),
    };
    let bare = o.get('A').is_some_and(|a| &**a == "n");
    let mut out = String::new();
    let (mut last, mut starred): (&[u8], bool) = (&[], false);
    for (i, line) in data[from..to].chunks(LINE).enumerate() {
        if !o.has('v') && line == last && line.len() == LINE {
            if !std::mem::replace(&mut starred, true) {
                out.push_str("*\n");
            }
            continue;
        }
        (last, starred) = (line, false);
        if !bare {
            out.push_str(&format!("{:07o}", from + i * LINE));
        }
        out.push_str(&cells(line, shape));
        out.push('\n');
    }
    if !bare {
        out.push_str(&format!("{to:07o}\n"));
    }
    ctx.print(out);
    0
}

fn readable(line: &[u8]) -> String {
    line.iter().map(|b| if (32..127).contains(b) { char::from(*b) } else { '.' }).collect()
}

/// `hexdump` and `hd`.
pub fn hexdump(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "Cvn:s:") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let mut data = match whole_input(ctx, &o.rest) {
        Ok(data) => data,
        Err(status) => return status,
    };
    if let Some(n) = o.get('n').and_then(|n| super::text::size(n)) {
        data.truncate(n as usize);
    }
    let canonical = o.has('C') || ctx.prefix == "hd: ";
    let mut out = String::new();
    let (mut last, mut starred): (&[u8], bool) = (&[], false);
    for (i, line) in data.chunks(LINE).enumerate() {
        if !o.has('v') && line == last && line.len() == LINE {
            if !std::mem::replace(&mut starred, true) {
                out.push_str("*\n");
            }
            continue;
        }
        (last, starred) = (line, false);
        if canonical {
            let (a, b) = line.split_at(line.len().min(8));
            let cells = format!("{} {}", cells(a, Shape::Bytes(16)), cells(b, Shape::Bytes(16)));
            out.push_str(&format!("{:08x} {cells:<50} |{}|\n", i * LINE, readable(line)));
        } else {
            out.push_str(&format!("{:07x}{:<40}\n", i * LINE, cells(line, Shape::Words(16))));
        }
    }
    if !data.is_empty() {
        let n = data.len();
        out.push_str(&if canonical { format!("{n:08x}\n") } else { format!("{n:07x}\n") });
    }
    ctx.print(out);
    0
}

/// `xxd`, also `-r -p`.
pub fn xxd(ctx: &mut Ctx) -> i32 {
    let o = match opts::parse(ctx, "prl:s:c:g:u") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let mut data = match whole_input(ctx, &o.rest) {
        Ok(data) => data,
        Err(status) => return status,
    };
    if o.has('r') && !o.has('p') {
        return ctx.not_simulated("-r without -p");
    }
    if o.has('r') {
        let digits: Vec<u8> =
            data.iter().filter_map(|b| char::from(*b).to_digit(16)).map(|d| d as u8).collect();
        let bytes: Vec<u8> = digits.chunks_exact(2).map(|p| p[0] << 4 | p[1]).collect();
        ctx.print(bytes);
        return 0;
    }
    if let Some(n) = o.get('l').and_then(|n| super::text::size(n)) {
        data.truncate(n as usize);
    }
    let mut out = String::new();
    if o.has('p') {
        for line in data.chunks(30) {
            line.iter().for_each(|b| out.push_str(&format!("{b:02x}")));
            out.push('\n');
        }
    } else {
        for (i, line) in data.chunks(LINE).enumerate() {
            let pairs: Vec<String> =
                line.chunks(2).map(|c| c.iter().map(|b| format!("{b:02x}")).collect()).collect();
            out.push_str(&format!("{:08x}: {:<39}  {}\n", i * LINE, pairs.join(" "), readable(line)));
        }
    }
    ctx.print(out);
    0
}
