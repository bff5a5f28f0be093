//! Small helpers on text that the language and the utilities share: escapes and quoting.

/// Which escape sequences are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// `$'…'`.
    Ansi,
    /// `echo -e`: octal as `\0nnn`, `\c` ends all output.
    Echo,
    /// The format of `printf`: octal as `\nnn`.
    Printf,
}

/// Appends `raw` with its escape sequences replaced; false if `\c` ended the output.
pub fn unescape(raw: &str, mode: Escapes, out: &mut Vec<u8>) -> bool {
    let b = raw.as_bytes();
    let mut i = 0;
    while i < b.len() {
        if b[i] != b'\\' || i + 1 >= b.len() {
            out.push(b[i]);
            i += 1;
            continue;
        }
        i += 2;
        match b[i - 1] {
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'e' | b'E' if mode != Escapes::Printf || b[i - 1] == b'e' => out.push(27),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'\\' => out.push(b'\\'),
            b'c' if mode == Escapes::Echo => return false,
            b'\'' | b'"' | b'?' if mode != Escapes::Echo => out.push(b[i - 1]),
            b'x' => i = number(b, i, 16, 2, out).unwrap_or_else(|| literal(out, b"\\x", i)),
            b'0' if mode == Escapes::Echo => {
                i = number(b, i, 8, 3, out).unwrap_or_else(|| literal(out, &[0], i));
            }
            b'0'..=b'7' if mode != Escapes::Echo => {
                i = number(b, i - 1, 8, 3, out).unwrap_or(i);
            }
            b'u' | b'U' => i = unicode(b, i, if b[i - 1] == b'u' { 4 } else { 8 }, out),
            other => {
                out.push(b'\\');
                out.push(other);
            }
        }
    }
    true
}

fn literal(out: &mut Vec<u8>, bytes: &[u8], i: usize) -> usize {
    out.extend_from_slice(bytes);
    i
}

fn digits(b: &[u8], from: usize, radix: u32, max: usize) -> Option<(u32, usize)> {
    let mut value = 0_u32;
    let mut i = from;
    while i < b.len() && i - from < max {
        let Some(d) = char::from(b[i]).to_digit(radix) else { break };
        value = value.wrapping_mul(radix).wrapping_add(d);
        i += 1;
    }
    (i > from).then_some((value, i))
}

fn number(b: &[u8], from: usize, radix: u32, max: usize, out: &mut Vec<u8>) -> Option<usize> {
    let (value, i) = digits(b, from, radix, max)?;
    out.push((value & 0xff) as u8);
    Some(i)
}

fn unicode(b: &[u8], from: usize, max: usize, out: &mut Vec<u8>) -> usize {
    match digits(b, from, 16, max) {
        Some((value, i)) => {
            let c = char::from_u32(value).unwrap_or('\u{fffd}');
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            i
        }
        None => literal(out, &[b'\\', b[from - 1]], from),
    }
}

/// `text` in single quotes, as `trap`, `export` and `set` print values.
pub fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// `text` as `set -x` shows a word: quoted only where it must be.
pub fn traced(text: &str) -> String {
    let safe = |c: char| c.is_alphanumeric() || "_-+=./:,@%^".contains(c);
    if !text.is_empty() && text.chars().all(safe) { text.to_owned() } else { single_quoted(text) }
}

/// The same as busybox's shell shows it, which goes by ranges of ASCII.
pub fn traced_ash(text: &str) -> String {
    let safe = |b: u8| matches!(b, b'+'..=b':' | b'@'..=b'z') && !matches!(b, b'[' | b'\\' | b'`');
    if !text.is_empty() && text.bytes().all(safe) { text.to_owned() } else { single_quoted(text) }
}

/// `text` in double quotes, as bash's `declare -p` prints values; in `$'…'` if it has control characters.
pub fn double_quoted(text: &str) -> String {
    if text.chars().any(char::is_control) {
        return ansi_quoted(text);
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '$' | '`' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out + "\""
}

/// `text` in `$'…'`.
pub fn ansi_quoted(text: &str) -> String {
    let mut out = String::from("$'");
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\u{1b}' => out.push_str("\\E"),
            '\\' | '\'' => out.extend(['\\', c]),
            c if c.is_ascii_control() => out.push_str(&format!("\\{:03o}", c as u32)),
            c => out.push(c),
        }
    }
    out + "'"
}
