//! Writing YAML as sigs.k8s.io/yaml does: go-yaml v2's choices of style, its order of keys, its folding.
//!
//! A rendering of libyaml's emitter reduced to what JSON values need: block maps and lists, plain, quoted and
//! literal scalars. Lists stand at the indentation of their key; strings that would be read as something else
//! get double quotes, strings that merely look like syntax get single ones; lines are folded at spaces after
//! column 80.

use super::resolve::{Resolved, is_base60, resolve};
use crate::api::{Text, Value};
use std::cmp::Ordering;

/// libyaml's default width: the first space after this column becomes a line break.
const WIDTH: usize = 80;
/// Longer keys are written with `?`.
const LONGEST_SIMPLE_KEY: usize = 128;

/// Prints a value, with a line end.
pub fn print(value: &Value) -> String {
    let mut emitter =
        Emitter { out: String::new(), column: 0, indent: -1, whitespace: true, indention: true };
    emitter.node(value, false);
    emitter.line_break();
    emitter.out
}

/// How a scalar may be written.
struct Analysis {
    multiline: bool,
    plain: bool,
    single_quoted: bool,
    block: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

struct Emitter {
    out: String,
    column: usize,
    indent: isize,
    /// Whether the last character was a space (or a line's beginning).
    whitespace: bool,
    /// Whether only indentation and indicators stand on the line so far.
    indention: bool,
}

impl Emitter {
    /// `in_map` tells that the node is a map's value, whose list is not indented.
    fn node(&mut self, value: &Value, in_map: bool) {
        match value {
            Value::List(l) if l.is_empty() => self.flow("[]"),
            Value::Map(m) if m.is_empty() => self.flow("{}"),
            Value::List(l) => {
                let outer = self.indent;
                self.indent = match self.indent {
                    ..0 => 0,
                    n if in_map && !self.indention => n,
                    n => n + 2,
                };
                for item in l.iter() {
                    self.write_indent();
                    self.indicator("-", true, false, true);
                    self.node(item, false);
                }
                self.indent = outer;
            }
            Value::Map(m) => {
                let outer = self.indent;
                self.indent = (self.indent + 2).max(0) & !1;
                for (key, item) in sorted(m.iter().collect()) {
                    self.entry(key, item);
                }
                self.indent = outer;
            }
            Value::Str(s) => self.scalar(s, string_style(s), false),
            Value::Null => self.scalar("null", Style::Plain, false),
            Value::Bool(b) => self.scalar(if *b { "true" } else { "false" }, Style::Plain, false),
            Value::Int(n) => self.scalar(&n.to_string(), Style::Plain, false),
            Value::Float(f) => self.scalar(&go_float(*f), Style::Plain, false),
        }
    }

    fn entry(&mut self, key: &Text, item: &Value) {
        self.write_indent();
        if key.len() <= LONGEST_SIMPLE_KEY && !analyze(key).multiline {
            self.scalar(key, string_style(key), true);
            self.indicator(":", false, false, false);
        } else {
            self.indicator("?", true, false, true);
            self.scalar(key, string_style(key), false);
            self.write_indent();
            self.indicator(":", true, false, true);
        }
        self.node(item, true);
    }

    fn flow(&mut self, brackets: &str) {
        self.indicator(brackets, true, false, false);
    }

    fn scalar(&mut self, s: &str, wanted: Style, is_key: bool) {
        let analysis = analyze(s);
        let mut style = wanted;
        if is_key && analysis.multiline {
            style = Style::DoubleQuoted;
        }
        if style == Style::Plain && (!analysis.plain || s.is_empty() && is_key) {
            style = Style::SingleQuoted;
        }
        if style == Style::SingleQuoted && !analysis.single_quoted {
            style = Style::DoubleQuoted;
        }
        if style == Style::Literal && (!analysis.block || is_key) {
            style = Style::DoubleQuoted;
        }
        let outer = self.indent;
        self.indent = if self.indent < 0 { 2 } else { self.indent + 2 };
        match style {
            Style::Plain => self.plain(s, !is_key),
            Style::SingleQuoted => self.single_quoted(s, !is_key),
            Style::DoubleQuoted => self.double_quoted(s, !is_key),
            Style::Literal => self.literal(s),
        }
        self.indent = outer;
    }

    fn plain(&mut self, s: &str, may_fold: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        self.fold(s, may_fold, false);
    }

    fn single_quoted(&mut self, s: &str, may_fold: bool) {
        self.indicator("'", true, false, false);
        self.fold(s, may_fold, true);
        self.indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    /// The text of plain and single-quoted scalars.
    fn fold(&mut self, s: &str, may_fold: bool, quoted: bool) {
        let (mut spaces, mut breaks) = (false, false);
        let mut chars = s.char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            if c == ' ' {
                let inner = !quoted || (i > 0 && next.is_some());
                if may_fold && !spaces && self.column > WIDTH && inner && next != Some(' ') {
                    self.write_indent();
                } else {
                    self.put(c);
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    self.line_break();
                }
                self.put_break(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                if quoted && c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn double_quoted(&mut self, s: &str, may_fold: bool) {
        self.indicator("\"", true, false, false);
        let mut spaces = false;
        let mut chars = s.char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            if !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                self.escape(c);
                spaces = false;
            } else if c == ' ' {
                if may_fold && !spaces && self.column > WIDTH && i > 0 && next.is_some() {
                    self.write_indent();
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
        }
        self.indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn escape(&mut self, c: char) {
        self.put('\\');
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let text = match code {
                    0..=0xff => format!("x{code:02X}"),
                    0x100..=0xffff => format!("u{code:04X}"),
                    _ => format!("U{code:08X}"),
                };
                text.chars().for_each(|c| self.put(c));
                return;
            }
        };
        self.put(short);
    }

    fn literal(&mut self, s: &str) {
        self.indicator("|", true, false, false);
        if s.starts_with(|c| c == ' ' || is_break(c)) {
            self.indicator("2", false, false, false);
        }
        let mut from_end = s.chars().rev();
        match (from_end.next().is_some_and(is_break), from_end.next().map(is_break)) {
            (false, _) => self.indicator("-", false, false, false),
            (true, None | Some(true)) => self.indicator("+", false, false, false),
            (true, Some(false)) => {}
        }
        self.line_break();
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for c in s.chars() {
            if is_break(c) {
                self.put_break(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                self.put(c);
                self.indention = false;
                breaks = false;
            }
        }
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn put_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }

    fn line_break(&mut self) {
        if self.column > 0 || !self.out.ends_with('\n') {
            self.put_break('\n');
        }
    }

    fn write_indent(&mut self) {
        let indent = self.indent.max(0) as usize;
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &str, needs_space: bool, is_space: bool, is_indention: bool) {
        if needs_space && !self.whitespace {
            self.put(' ');
        }
        self.out.push_str(text);
        self.column += text.len();
        self.whitespace = is_space;
        self.indention = self.indention && is_indention;
    }
}

fn string_style(s: &str) -> Style {
    if s.contains('\n') {
        Style::Literal
    } else if resolve(s) == Resolved::Str && !is_base60(s) {
        Style::Plain
    } else {
        Style::DoubleQuoted
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What go-yaml prints as it is: neither tabs nor characters beyond the basic plane.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn analyze(s: &str) -> Analysis {
    if s.is_empty() {
        return Analysis { multiline: false, plain: true, single_quoted: true, block: false };
    }
    let mut indicators = s.starts_with("---") || s.starts_with("...");
    let (mut multiline, mut special) = (false, false);
    let (mut space_break, mut break_space) = (false, false);
    let (mut previous_space, mut previous_break, mut after_blank) = (false, false, true);
    let mut chars = s.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        let before_blank = chars.peek().is_none_or(|(_, next)| matches!(next, ' ' | '\t') || is_break(*next));
        indicators |= match c {
            '#' => after_blank,
            ':' => before_blank,
            '?' | '-' if i == 0 => before_blank,
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
                i == 0
            }
            _ => false,
        };
        special |= !is_printable(c);
        if c == ' ' {
            break_space |= previous_break;
        } else if is_break(c) {
            multiline = true;
            space_break |= previous_space;
        }
        (previous_space, previous_break) = (c == ' ', is_break(c));
        after_blank = matches!(c, ' ' | '\t' | '\0') || is_break(c);
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
    let edges = edge(s.chars().next()) || edge(s.chars().next_back());
    let broken = space_break || special;
    Analysis {
        multiline,
        plain: !(edges || break_space || broken || multiline || indicators),
        single_quoted: !(break_space || broken),
        block: !(s.ends_with(' ') || broken),
    }
}

/// Go's `strconv.FormatFloat(f, 'g', -1, 64)`.
fn go_float(f: f64) -> String {
    let text = format!("{f:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    match exponent.parse::<i32>() {
        Ok(e) if !(-4..21).contains(&e) => {
            let sign = if e < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", e.abs())
        }
        _ => format!("{f}"),
    }
}

/// Sorts entries by [`key_order`]. A merge sort of its own, because that order is not transitive for odd keys
/// and the standard library's sort may refuse such an order.
fn sorted<'a>(mut left: Vec<(&'a Text, &'a Value)>) -> Vec<(&'a Text, &'a Value)> {
    if left.len() < 2 {
        return left;
    }
    let right = sorted(left.split_off(left.len() / 2));
    let left = sorted(left);
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from = if key_order(a.0, b.0) == Ordering::Greater { &mut right } else { &mut left };
        out.extend(from.next());
    }
    out.extend(left);
    out.extend(right);
    out
}

/// go-yaml's order of keys: letters after everything else, runs of digits by their number.
fn key_order(a: &str, b: &str) -> Ordering {
    let (ar, br): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(i) = ar.iter().zip(&br).position(|(x, y)| x != y) else { return ar.len().cmp(&br.len()) };
    let (x, y) = (ar[i], br[i]);
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        _ => {}
    }
    // A difference behind a longer run of digits compares the rest of the runs, not their leading zeros.
    let in_number =
        (x == '0' || y == '0') && ar[..i].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
    let run = |r: &[char]| {
        let digits = r[i..].iter().take_while(|c| c.is_ascii_digit());
        digits.fold((u64::from(in_number), 0usize), |(n, length), c| {
            (n.saturating_mul(10).saturating_add(u64::from(c.to_digit(10).unwrap_or(0))), length + 1)
        })
    };
    run(&ar).cmp(&run(&br)).then(x.cmp(&y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::json;

    #[test]
    fn strings_are_quoted_as_kubectl_quotes_them() {
        for (string, yaml) in [
            ("plain words", "plain words"),
            ("", "\"\""),
            ("yes", "\"yes\""),
            ("1", "\"1\""),
            ("1e3", "\"1e3\""),
            ("0x1f", "\"0x1f\""),
            ("2024-01-02T03:04:05Z", "\"2024-01-02T03:04:05Z\""),
            ("1:30", "\"1:30\""),
            ("null", "\"null\""),
            ("100m", "100m"),
            ("10.1.2.3", "10.1.2.3"),
            ("a: b", "'a: b'"),
            ("a:b", "a:b"),
            ("it's", "it's"),
            ("'x'", "'''x'''"),
            ("- x", "'- x'"),
            ("-x", "-x"),
            ("*", "'*'"),
            ("a #b", "'a #b'"),
            ("[x]", "'[x]'"),
            (" x", "' x'"),
            ("a\tb", "\"a\\tb\""),
            ("a\nb", "|-\n  a\n  b"),
            ("a\nb\n", "|\n  a\n  b"),
            ("a\n\n", "|+\n  a\n"),
            (" a\nb\n", "|2\n   a\n  b"),
            ("a \nb", "\"a \\nb\""),
            ("a\nb ", "\"a\\nb \""),
            ("ä😀", "\"ä\\U0001F600\""),
        ] {
            assert_eq!(print(&crate::map! { "k" => string }), format!("k: {yaml}\n"), "{string:?}");
        }
    }

    #[test]
    fn lines_fold_at_the_first_space_after_column_80() {
        let value = crate::map! { "message" => "0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient cpu. no new claims" };
        assert_eq!(
            print(&value),
            "message: '0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient\n  cpu. no new claims'\n"
        );
    }

    #[test]
    fn lists_stand_under_their_key() {
        let value = json::parse(
            r#"{"a":[{"x":1,"z":[[1,2],[]]},"s"],"b":{},"a10":1,"a2":1.5,"c":[{"k":{"z":null}}]}"#,
        );
        assert_eq!(
            print(&value.expect("valid")),
            "a:\n- x: 1\n  z:\n  - - 1\n    - 2\n  - []\n- s\na2: 1.5\na10: 1\nb: {}\nc:\n- k:\n    z: null\n"
        );
    }
}
