//! `echo` and `printf`.

use super::ctx::{Ctx, Style};
use crate::shell::text::{Escapes, unescape};

/// `echo`: dash reads escapes always, the others only with `-e`.
pub fn echo(ctx: &mut Ctx) -> i32 {
    let (mut newline, mut escapes) = (true, ctx.style == Style::Dash);
    let mut i = 1;
    while let Some(arg) = ctx.args.get(i) {
        let letters = match arg.strip_prefix('-') {
            Some(l) if !l.is_empty() => l,
            _ => break,
        };
        let known = if ctx.style == Style::Dash { "n" } else { "neE" };
        if !letters.chars().all(|c| known.contains(c)) {
            break;
        }
        for c in letters.chars() {
            match c {
                'n' => newline = false,
                'e' => escapes = true,
                _ => escapes = false,
            }
        }
        i += 1;
    }
    let words: Vec<&str> = ctx.args[i.min(ctx.args.len())..].iter().map(|a| &**a).collect();
    let text = words.join(" ");
    let mut out = Vec::new();
    if escapes {
        newline &= unescape(&text, Escapes::Echo, &mut out);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    if newline {
        out.push(b'\n');
    }
    ctx.print(out);
    0
}

/// A conversion of a format.
struct Spec {
    flags: String,
    width: Option<usize>,
    precision: Option<usize>,
    kind: char,
    /// The length before the conversion, which says nothing here.
    length: Option<char>,
    /// The conversion and the rest of the format, for messages.
    text: String,
}

/// How wide a field may be.
const MAX_WIDTH: usize = 10_000;

/// `printf`.
pub fn printf(ctx: &mut Ctx) -> i32 {
    let mut args = ctx.args[1.min(ctx.args.len())..].to_vec();
    if args.first().is_some_and(|a| &**a == "--") {
        args.remove(0);
    }
    if args.is_empty() {
        return match ctx.style {
            Style::Bash => {
                ctx.err("printf: usage: printf [-v var] format [arguments]\n");
                2
            }
            Style::Dash => {
                ctx.fail("usage: printf format [arg ...]");
                2
            }
            Style::Gnu => {
                ctx.fail("missing operand");
                ctx.err("Try 'printf --help' for more information.\n");
                1
            }
            // As a builtin it is called after the shell.
            Style::Busybox if &*ctx.prefix != "printf: " => {
                ctx.fail("usage: printf FORMAT [ARGUMENT...]");
                2
            }
            Style::Busybox => {
                super::usage::print(ctx, "printf");
                1
            }
        };
    }
    let format = args.remove(0);
    let chars: Vec<char> = format.chars().collect();
    let mut state = Printf { args, next: 0, status: 0, stop: false };
    loop {
        let before = state.next;
        let mut out = Vec::new();
        state.once(ctx, &chars, &mut out);
        ctx.print(out);
        if state.stop || state.next >= state.args.len() || state.next == before {
            return state.status;
        }
    }
}

struct Printf {
    args: Vec<crate::api::Text>,
    next: usize,
    status: i32,
    stop: bool,
}

impl Printf {
    fn argument(&mut self) -> Option<crate::api::Text> {
        self.next += 1;
        self.args.get(self.next - 1).cloned()
    }

    /// Goes through the format once.
    fn once(&mut self, ctx: &mut Ctx, chars: &[char], out: &mut Vec<u8>) {
        let mut i = 0;
        let mut literal = String::new();
        while i < chars.len() && !self.stop {
            if chars[i] != '%' {
                literal.push(chars[i]);
                if chars[i] == '\\' && i + 1 < chars.len() {
                    literal.push(chars[i + 1]);
                    i += 1;
                }
                i += 1;
                continue;
            }
            self.literal(&mut literal, out);
            i += 1;
            if chars.get(i) == Some(&'%') {
                out.push(b'%');
                i += 1;
                continue;
            }
            let (spec, next) = self.spec(chars, i);
            i = next;
            self.convert(ctx, &spec, out);
        }
        self.literal(&mut literal, out);
    }

    fn literal(&mut self, literal: &mut String, out: &mut Vec<u8>) {
        if literal.ends_with("\\c") || literal.contains("\\c") {
            let n = literal.find("\\c").unwrap_or(0);
            literal.truncate(n);
            self.stop = true;
        }
        unescape(literal, Escapes::Printf, out);
        literal.clear();
    }

    fn spec(&mut self, chars: &[char], mut i: usize) -> (Spec, usize) {
        let mut spec = Spec {
            flags: String::new(),
            width: None,
            precision: None,
            kind: ' ',
            length: None,
            text: String::new(),
        };
        while let Some(c) = chars.get(i).filter(|c| "-+ #0'".contains(**c)) {
            spec.flags.push(*c);
            i += 1;
        }
        let number = |this: &mut Self, i: &mut usize| -> Option<i64> {
            if chars.get(*i) == Some(&'*') {
                *i += 1;
                return Some(this.argument().and_then(|a| a.parse().ok()).unwrap_or(0));
            }
            let begin = *i;
            while chars.get(*i).is_some_and(char::is_ascii_digit) {
                *i += 1;
            }
            chars[begin..*i].iter().collect::<String>().parse().ok()
        };
        if let Some(width) = number(self, &mut i) {
            if width < 0 {
                spec.flags.push('-');
            }
            spec.width = Some((width.unsigned_abs() as usize).min(MAX_WIDTH));
        }
        if chars.get(i) == Some(&'.') {
            i += 1;
            let precision = number(self, &mut i).unwrap_or(0);
            spec.precision = usize::try_from(precision).ok().map(|p| p.min(MAX_WIDTH));
        }
        while let Some(length @ ('l' | 'h' | 'j' | 'z' | 'L')) = chars.get(i).copied() {
            spec.length = Some(length);
            i += 1;
        }
        if let Some(c) = chars.get(i) {
            spec.kind = *c;
            spec.text = chars[i..].iter().collect();
            i += 1;
        }
        (spec, i)
    }

    fn convert(&mut self, ctx: &mut Ctx, spec: &Spec, out: &mut Vec<u8>) {
        match spec.kind {
            's' => {
                let text = self.argument().unwrap_or_default();
                self.pad_text(spec, text.as_bytes(), out);
            }
            'b' => {
                let text = self.argument().unwrap_or_default();
                let mut bytes = Vec::new();
                self.stop |= !unescape(&text, Escapes::Echo, &mut bytes);
                self.pad_text(spec, &bytes, out);
            }
            'q' if ctx.style == Style::Bash => {
                let text = self.argument().unwrap_or_default();
                let safe = !text.is_empty()
                    && text.chars().all(|c| c.is_alphanumeric() || "_-+=./:,@%^".contains(c));
                let quoted: String = if safe {
                    text.to_string()
                } else if text.is_empty() {
                    "''".into()
                } else {
                    text.chars()
                        .flat_map(|c| {
                            if c.is_alphanumeric() || "_-+=./:,@%^".contains(c) {
                                vec![c]
                            } else {
                                vec!['\\', c]
                            }
                        })
                        .collect()
                };
                self.pad_text(spec, quoted.as_bytes(), out);
            }
            'c' => {
                let text = self.argument().unwrap_or_default();
                let first: String = text.chars().take(1).collect();
                self.pad_text(spec, first.as_bytes(), out);
            }
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
                let value = self.integer(ctx);
                self.pad_number(spec, value, out);
            }
            'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
                let text = self.argument().unwrap_or_default();
                let value = match text.trim().parse::<f64>() {
                    Ok(v) => v,
                    Err(_) if text.is_empty() => 0.0,
                    Err(_) => {
                        self.invalid(ctx, &text);
                        0.0
                    }
                };
                let body = super::format_float(
                    value,
                    spec.kind,
                    spec.precision.unwrap_or(6),
                    spec.flags.contains('#'),
                );
                self.pad_signed(
                    spec,
                    value < 0.0,
                    body.trim_start_matches('-'),
                    spec.flags.contains('0'),
                    out,
                );
            }
            kind => {
                self.stop = true;
                self.status = if ctx.style == Style::Dash { 2 } else { 1 };
                let text = match ctx.style {
                    Style::Bash => format!("`{kind}': invalid format character"),
                    Style::Busybox => format!("%{}: invalid format", spec.text),
                    Style::Dash => format!("%{}: invalid directive", spec.length.unwrap_or(kind)),
                    _ => format!("%{kind}: invalid directive"),
                };
                ctx.fail(&text);
            }
        }
    }

    fn integer(&mut self, ctx: &mut Ctx) -> i64 {
        let text = match self.argument() {
            Some(text) => text,
            None if ctx.style == Style::Busybox => Default::default(),
            None => return 0,
        };
        if text.is_empty() && ctx.style == Style::Busybox {
            self.invalid(ctx, "");
            return 0;
        }
        if let Some(c) = text.strip_prefix(['\'', '"']) {
            return c.chars().next().map_or(0, |c| c as i64);
        }
        let body = text.trim_start();
        let (negative, digits) = match body.strip_prefix('-') {
            Some(d) => (true, d),
            None => (false, body.strip_prefix('+').unwrap_or(body)),
        };
        let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            Some(hex) => (16, hex),
            None if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
            None => (10, digits),
        };
        let valid = digits.chars().take_while(|c| c.is_digit(radix)).count();
        let value = i128::from_str_radix(&digits[..valid], radix).unwrap_or(0);
        if valid < digits.len()
            || text.is_empty() && ctx.style != Style::Busybox
            || digits.is_empty() && !body.is_empty()
        {
            if !text.is_empty() {
                self.invalid(ctx, &text);
            }
            if ctx.style == Style::Busybox && valid < digits.len() {
                return 0;
            }
        }
        let value = if negative { -value } else { value };
        i64::try_from(value).unwrap_or(if value < 0 {
            i64::MIN
        } else if value <= i128::from(u64::MAX) {
            value as u64 as i64
        } else {
            i64::MAX
        })
    }

    fn invalid(&mut self, ctx: &mut Ctx, text: &str) {
        self.status = 1;
        let partial = text.starts_with(|c: char| c.is_ascii_digit());
        let message = match (ctx.style, partial) {
            (Style::Busybox, _) => format!("invalid number '{text}'"),
            (Style::Bash, _) => format!("{text}: invalid number"),
            (Style::Dash, false) => format!("{text}: expected numeric value"),
            (Style::Dash, true) => format!("{text}: not completely converted"),
            (Style::Gnu, false) => format!("‘{text}’: expected a numeric value"),
            (Style::Gnu, true) => format!("‘{text}’: value not completely converted"),
        };
        ctx.fail(&message);
    }

    fn pad_text(&self, spec: &Spec, bytes: &[u8], out: &mut Vec<u8>) {
        let bytes = &bytes[..spec.precision.unwrap_or(bytes.len()).min(bytes.len())];
        let gap = spec.width.unwrap_or(0).saturating_sub(bytes.len());
        if spec.flags.contains('-') {
            out.extend_from_slice(bytes);
            out.resize(out.len() + gap, b' ');
        } else {
            out.resize(out.len() + gap, b' ');
            out.extend_from_slice(bytes);
        }
    }

    fn pad_number(&self, spec: &Spec, value: i64, out: &mut Vec<u8>) {
        let alternate = spec.flags.contains('#');
        let mut body = match spec.kind {
            'x' => format!("{}{value:x}", if alternate { "0x" } else { "" }),
            'X' => format!("{}{value:X}", if alternate { "0X" } else { "" }),
            'o' => format!("{}{value:o}", if alternate { "0" } else { "" }),
            'u' => (value as u64).to_string(),
            _ => value.unsigned_abs().to_string(),
        };
        if let Some(p) = spec.precision {
            body = format!("{body:0>p$}");
        }
        let signed = matches!(spec.kind, 'd' | 'i');
        let zero = spec.flags.contains('0') && spec.precision.is_none();
        let flags = if signed { spec.flags.clone() } else { spec.flags.replace(['+', ' '], "") };
        let spec = Spec {
            flags,
            width: spec.width,
            precision: None,
            kind: spec.kind,
            length: None,
            text: String::new(),
        };
        self.pad_signed(&spec, signed && value < 0, &body, zero, out);
    }

    fn pad_signed(&self, spec: &Spec, negative: bool, body: &str, zero: bool, out: &mut Vec<u8>) {
        let sign = if negative {
            "-"
        } else if spec.flags.contains('+') {
            "+"
        } else if spec.flags.contains(' ') {
            " "
        } else {
            ""
        };
        let gap = spec.width.unwrap_or(0).saturating_sub(sign.len() + body.chars().count());
        let left = spec.flags.contains('-');
        if !left && !zero {
            out.resize(out.len() + gap, b' ');
        }
        out.extend_from_slice(sign.as_bytes());
        if !left && zero {
            out.resize(out.len() + gap, b'0');
        }
        out.extend_from_slice(body.as_bytes());
        if left {
            out.resize(out.len() + gap, b' ');
        }
    }
}
