//! Reading and printing JSON.
//!
//! The reader accepts what Go's `encoding/json` accepts and words its complaints as Go does, because kubectl
//! shows them. The printers give the bytes of Go's `json.Marshal` (with its HTML escapes: `<` is `\u003c`)
//! and of `kubectl get -o json`. Nesting is limited by [`MAX_DEPTH`], so that no text can exhaust the stack.

use crate::api::value::Map;
use crate::api::{Text, Value, schema};
use std::fmt;
use std::rc::Rc;

/// How deep lists and maps may nest. Go's own limit is 10,000; ours fits the smaller stack of a browser.
pub const MAX_DEPTH: usize = 300;

/// Why a text is not JSON, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// e.g. `invalid character 'x' looking for beginning of value`.
    pub message: String,
    /// How many bytes had been read when the error was found.
    pub offset: usize,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Reads a text that consists of one JSON value.
///
/// # Errors
/// In the words of Go's `json.Unmarshal`.
pub fn parse(text: &str) -> Result<Value, Error> {
    let (value, rest) = parse_first(text)?;
    let mut reader = Reader { text, bytes: text.as_bytes(), at: rest, depth: 0 };
    reader.skip_space();
    match reader.bytes.get(reader.at) {
        None => Ok(value),
        Some(_) => Err(reader.unexpected("after top-level value")),
    }
}

/// Reads the first JSON value of a text and tells how many bytes it took.
///
/// # Errors
/// In the words of Go's `json.Decoder`.
pub fn parse_first(text: &str) -> Result<(Value, usize), Error> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, depth: 0 };
    reader.skip_space();
    let value = reader.value()?;
    Ok((value, reader.at))
}

/// Prints without any space, as Go's `json.Marshal` does.
pub fn print(value: &Value) -> String {
    let mut out = String::new();
    Printer { out: &mut out, indent: None }.value(value, 0);
    out
}

/// Prints with four spaces of indentation and no line end, as `kubectl get -o json` does.
pub fn print_indented(value: &Value) -> String {
    print_with_indent(value, "    ")
}

/// Prints with the given indentation and no line end, as Go's `json.MarshalIndent` does.
pub fn print_with_indent(value: &Value, indent: &str) -> String {
    let mut out = String::new();
    Printer { out: &mut out, indent: Some(indent) }.value(value, 0);
    out
}

/// Prints a string in quotes, as Go's `json.Marshal` does.
pub fn quote(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    push_quoted(&mut out, s);
    out
}

/// A number as Go's `encoding/json` prints a `float64`.
pub fn print_float(f: f64) -> String {
    let size = f.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{f:e}");
        if size >= 1e21 { text.replacen('e', "e+", 1) } else { text }
    } else if f == 0.0 && f.is_sign_negative() {
        String::from("-0")
    } else {
        format!("{f}")
    }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn error(&self, message: String) -> Error {
        Error { message, offset: (self.at + 1).min(self.bytes.len()) }
    }

    /// The complaint about the byte at the current position, or about the end of the text.
    fn unexpected(&self, context: &str) -> Error {
        match self.bytes.get(self.at) {
            None => self.error(String::from("unexpected end of JSON input")),
            Some(&b) => self.error(format!("invalid character {} {context}", quote_char(b))),
        }
    }

    fn value(&mut self) -> Result<Value, Error> {
        match self.bytes.get(self.at) {
            Some(b'{') => self.nested(Reader::object),
            Some(b'[') => self.nested(Reader::array),
            Some(b'"') => self.string().map(Value::Str),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Error>) -> Result<Value, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(String::from("exceeded max depth")));
        }
        self.depth += 1;
        self.at += 1;
        self.skip_space();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Value, Error> {
        let mut entries = vec![];
        if self.bytes.get(self.at) == Some(&b'}') {
            self.at += 1;
            return Ok(Value::map());
        }
        loop {
            if self.bytes.get(self.at) != Some(&b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.skip_space();
            if self.bytes.get(self.at) != Some(&b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            self.skip_space();
            entries.push((schema::key(&key), self.value()?));
            self.skip_space();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Map(Rc::new(Map::from_entries(entries))));
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
            self.skip_space();
        }
    }

    fn array(&mut self) -> Result<Value, Error> {
        let mut items = vec![];
        if self.bytes.get(self.at) == Some(&b']') {
            self.at += 1;
            return Ok(Value::list());
        }
        loop {
            items.push(self.value()?);
            self.skip_space();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::from(items));
                }
                _ => return Err(self.unexpected("after array element")),
            }
            self.skip_space();
        }
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, Error> {
        for expected in word.bytes() {
            if self.bytes.get(self.at) != Some(&expected) {
                return Err(
                    self.unexpected(&format!("in literal {word} (expecting '{}')", char::from(expected)))
                );
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self, context: &str) -> Result<(), Error> {
        if !self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            return Err(self.unexpected(context));
        }
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        let mut whole = true;
        if self.bytes.get(self.at) == Some(&b'.') {
            whole = false;
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = &self.text[start..self.at];
        if whole && let Ok(n) = text.parse() {
            return Ok(Value::Int(n));
        }
        match text.parse::<f64>() {
            Ok(f) if f.is_finite() => Ok(Value::Float(f)),
            _ => {
                Err(self.error(format!("json: cannot unmarshal number {text} into Go value of type float64")))
            }
        }
    }

    fn string(&mut self) -> Result<Text, Error> {
        self.at += 1;
        let mut out = String::new();
        let mut from = self.at;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    out.push_str(&self.text[from..self.at]);
                    self.at += 1;
                    return Ok(Text::from(out));
                }
                Some(b'\\') => {
                    out.push_str(&self.text[from..self.at]);
                    self.at += 1;
                    out.push(self.escape()?);
                    from = self.at;
                }
                Some(b) if *b >= b' ' => self.at += 1,
                _ => return Err(self.unexpected("in string literal")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let c = match self.bytes.get(self.at) {
            Some(b'u') => {
                self.at += 1;
                return self.unicode_escape();
            }
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(*c),
            _ => return Err(self.unexpected("in string escape code")),
        };
        self.at += 1;
        Ok(c)
    }

    /// The character of `\uXXXX`, with its second half where it is a surrogate; a lone half becomes U+FFFD.
    fn unicode_escape(&mut self) -> Result<char, Error> {
        let first = self.hex()?;
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let here = self.at;
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            self.at = here;
        }
        Ok(char::from_u32(first).unwrap_or('\u{fffd}'))
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.bytes.get(self.at).and_then(|b| char::from(*b).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected("in \\u hexadecimal character escape"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}

/// A byte as Go's JSON scanner quotes it.
fn quote_char(b: u8) -> String {
    match b {
        b'\'' => String::from("'\\''"),
        b'"' => String::from("'\"'"),
        b'\n' => String::from("'\\n'"),
        b'\r' => String::from("'\\r'"),
        b'\t' => String::from("'\\t'"),
        b'\\' => String::from("'\\\\'"),
        0..=0x1f | 0x7f => format!("'\\x{b:02x}'"),
        0x80..=0xa0 | 0xad => format!("'\\u{b:04x}'"),
        _ => format!("'{}'", char::from(b)),
    }
}

struct Printer<'a> {
    out: &'a mut String,
    indent: Option<&'a str>,
}

impl Printer<'_> {
    fn value(&mut self, value: &Value, level: usize) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            Value::Int(n) => self.out.push_str(&n.to_string()),
            Value::Float(f) => self.out.push_str(&print_float(*f)),
            Value::Str(s) => push_quoted(self.out, s),
            Value::List(l) if l.is_empty() => self.out.push_str("[]"),
            Value::Map(m) if m.is_empty() => self.out.push_str("{}"),
            Value::List(l) => {
                self.out.push('[');
                for (i, item) in l.iter().enumerate() {
                    self.separator(i, level + 1);
                    self.value(item, level + 1);
                }
                self.new_line(level);
                self.out.push(']');
            }
            Value::Map(m) => {
                self.out.push('{');
                for (i, (key, item)) in m.iter().enumerate() {
                    self.separator(i, level + 1);
                    push_quoted(self.out, key);
                    self.out.push_str(if self.indent.is_some() { ": " } else { ":" });
                    self.value(item, level + 1);
                }
                self.new_line(level);
                self.out.push('}');
            }
        }
    }

    fn separator(&mut self, i: usize, level: usize) {
        if i > 0 {
            self.out.push(',');
        }
        self.new_line(level);
    }

    fn new_line(&mut self, level: usize) {
        if let Some(indent) = self.indent {
            self.out.push('\n');
            for _ in 0..level {
                self.out.push_str(indent);
            }
        }
    }
}

/// Writes a string in quotes behind what is there.
pub fn push_quoted(out: &mut String, s: &str) {
    out.push('"');
    // Most strings are plain; the two separators of lines that are not begin with 0xe2.
    if s.bytes().all(|b| (b' '..0xe2).contains(&b) && !matches!(b, b'"' | b'\\' | b'<' | b'>' | b'&')) {
        out.push_str(s);
        out.push('"');
        return;
    }
    let mut from = 0;
    for (i, c) in s.char_indices() {
        let escaped = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => "",
            _ => continue,
        };
        out.push_str(&s[from..i]);
        out.push_str(escaped);
        if escaped.is_empty() {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
        from = i + c.len_utf8();
    }
    out.push_str(&s[from..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_those_of_go() {
        for (text, message) in [
            ("", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            ("not json", "invalid character 'o' in literal null (expecting 'u')"),
            ("{x", "invalid character 'x' looking for beginning of object key string"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair"),
            ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
            ("[1 2]", "invalid character '2' after array element"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("1.x", "invalid character 'x' after decimal point in numeric literal"),
            ("\"\\q\"", "invalid character 'q' in string escape code"),
            ("\"\\u12g4\"", "invalid character 'g' in \\u hexadecimal character escape"),
            ("\"a\nb\"", "invalid character '\\n' in string literal"),
            ("'a'", "invalid character '\\'' looking for beginning of value"),
        ] {
            assert_eq!(parse(text).map_err(|e| e.message), Err(String::from(message)), "{text}");
        }
        assert_eq!(parse(&"[".repeat(100_000)).map_err(|e| e.message), Err("exceeded max depth".into()));
    }

    #[test]
    fn printing_gives_the_bytes_of_go() {
        let text =
            r#"{"b":[1,-2.50,1e21,0.0000001,true,null],"a":"x\u003cy\n\ud83d\ude00\ud800","c":{},"d":[]}"#;
        let value = parse(text).expect("valid");
        assert_eq!(
            print(&value),
            "{\"a\":\"x\\u003cy\\n😀\u{fffd}\",\"b\":[1,-2.5,1e+21,1e-7,true,null],\"c\":{},\"d\":[]}"
        );
        let value = crate::map! { "a" => crate::list![1], "b" => Value::map() };
        assert_eq!(print_indented(&value), "{\n    \"a\": [\n        1\n    ],\n    \"b\": {}\n}");
    }

    #[test]
    fn the_last_of_duplicate_keys_counts() {
        assert_eq!(print(&parse(r#"{"b":1,"a":1,"b":2,"a":3,"b":4}"#).expect("valid")), r#"{"a":3,"b":4}"#);
    }
}
