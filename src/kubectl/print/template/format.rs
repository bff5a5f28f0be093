//! Go's `fmt` on values, and the escaping functions of templates.

use super::function::go_type;
use crate::api::Value;
use crate::kubectl::print::expression::go_value;

/// The widest that a field is made.
const WIDTH_LIMIT: usize = 1_000;

/// `fmt.Sprint`: a space between two values of which neither is text.
pub fn joined(args: &[Value]) -> String {
    let mut out = String::new();
    for (i, value) in args.iter().enumerate() {
        let text = |v: &Value| v.as_str().is_some();
        if i > 0 && !text(value) && !text(&args[i - 1]) {
            out.push(' ');
        }
        out.push_str(&go_value(value));
    }
    out
}

/// What stands between `%` and the verb.
#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
}

/// `fmt.Sprintf`.
pub fn printf(pattern: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut rest = args.iter();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|c| "-+ 0#".contains(*c)) {
            match flag {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '0' => spec.zero = true,
                _ => spec.sharp = true,
            }
        }
        let mut number = |chars: &mut std::iter::Peekable<std::str::Chars>| {
            if chars.next_if_eq(&'*').is_some() {
                return rest.next().map_or(0, |v| v.int_or(0).unsigned_abs() as usize);
            }
            let mut n = 0usize;
            while let Some(d) = chars.next_if(char::is_ascii_digit) {
                n = (n * 10 + d as usize - '0' as usize).min(WIDTH_LIMIT);
            }
            n
        };
        spec.width = number(&mut chars).min(WIDTH_LIMIT);
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(number(&mut chars));
        }
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match rest.next() {
                None => out.push_str(&format!("%!{verb}(MISSING)")),
                Some(value) => out.push_str(&padded(&spec, one(&spec, verb, value), value)),
            },
        }
    }
    let extra: Vec<String> = rest.map(|v| format!("{}={}", short_type(v), go_value(v))).collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

fn short_type(value: &Value) -> &'static str {
    if value.as_int().is_some() { "int" } else { go_type(value) }
}

fn padded(spec: &Spec, text: String, value: &Value) -> String {
    let missing = spec.width.saturating_sub(text.chars().count());
    let number = matches!(value, Value::Int(_) | Value::Float(_));
    if missing == 0 {
        text
    } else if spec.left {
        text + &" ".repeat(missing)
    } else if spec.zero && number {
        let sign = text.starts_with(['-', '+']).into();
        format!("{}{}{}", &text[..sign], "0".repeat(missing), &text[sign..])
    } else {
        " ".repeat(missing) + &text
    }
}

/// A value by a verb; in Go's words if the verb does not fit it.
fn one(spec: &Spec, verb: char, value: &Value) -> String {
    let sign = |negative: bool| match (negative, spec.plus, spec.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    match (verb, value) {
        ('v', _) => go_value(value),
        ('T', _) => short_type(value).into(),
        ('t', Value::Bool(b)) => b.to_string(),
        ('s' | 'd' | 'q' | 'x' | 'X' | 't' | 'f' | 'g' | 'e', Value::List(items)) => {
            let inner: Vec<String> = items.iter().map(|v| nested(spec, verb, v)).collect();
            format!("[{}]", inner.join(" "))
        }
        ('s' | 'd' | 'q' | 'x' | 'X' | 't' | 'f' | 'g' | 'e', Value::Map(_)) => {
            let key = |k: &str| one(spec, verb, &Value::from(k));
            let inner: Vec<String> =
                value.entries().map(|(k, v)| format!("{}:{}", key(k), nested(spec, verb, v))).collect();
            format!("map[{}]", inner.join(" "))
        }
        ('s', Value::Str(s)) => match spec.precision {
            Some(n) => s.chars().take(n).collect(),
            None => s.to_string(),
        },
        ('q', Value::Str(s)) => format!("{:?}", s.as_str()),
        ('x', Value::Str(s)) => s.bytes().map(|b| format!("{b:02x}")).collect(),
        ('X', Value::Str(s)) => s.bytes().map(|b| format!("{b:02X}")).collect(),
        ('d' | 'b' | 'o' | 'x' | 'X', Value::Int(n)) => {
            let size = n.unsigned_abs();
            let prefix =
                if spec.sharp && matches!(verb, 'x' | 'X') { format!("0{verb}") } else { String::new() };
            let digits = match verb {
                'b' => format!("{size:b}"),
                'o' => format!("{size:o}"),
                'x' => format!("{size:x}"),
                'X' => format!("{size:X}"),
                _ => size.to_string(),
            };
            format!("{}{prefix}{digits}", sign(*n < 0))
        }
        ('c' | 'q', Value::Int(n)) => {
            let c = u32::try_from(*n).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
            match verb {
                'c' => c.to_string(),
                _ if c.is_control() => format!("'\\x{n:02x}'"),
                _ => format!("'{c}'"),
            }
        }
        ('U', Value::Int(n)) => format!("U+{n:04X}"),
        ('f' | 'F', Value::Float(f)) => {
            format!("{}{:.*}", sign(*f < 0.0), spec.precision.unwrap_or(6), f.abs())
        }
        ('e', Value::Float(f)) => exponent(*f, spec.precision.unwrap_or(6)),
        ('g', Value::Float(_)) => go_value(value),
        _ => format!(
            "%!{verb}({})",
            match value {
                Value::Null => "<nil>".into(),
                other => format!("{}={}", short_type(other), go_value(other)),
            }
        ),
    }
}

/// A value in a list: there is no word for one that is missing.
fn nested(spec: &Spec, verb: char, value: &Value) -> String {
    if value.is_null() { "<nil>".into() } else { one(spec, verb, value) }
}

fn exponent(f: f64, precision: usize) -> String {
    let text = format!("{f:.precision$e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, power) = match power.strip_prefix('-') {
        Some(p) => ('-', p),
        None => ('+', power),
    };
    format!("{digits}e{sign}{power:0>2}")
}

/// `html`.
pub fn html(text: &str) -> String {
    escaped(text, |c| {
        Some(match c {
            '<' => "&lt;",
            '>' => "&gt;",
            '&' => "&amp;",
            '"' => "&#34;",
            '\'' => "&#39;",
            _ => return None,
        })
    })
}

/// `js`.
pub fn js(text: &str) -> String {
    escaped(text, |c| {
        Some(match c {
            '\\' => "\\\\",
            '\'' => "\\'",
            '"' => "\\\"",
            '<' => "\\u003C",
            '>' => "\\u003E",
            '&' => "\\u0026",
            '=' => "\\u003D",
            '\n' => "\\u000A",
            '\t' => "\\u0009",
            _ => return None,
        })
    })
}

fn escaped(text: &str, of: impl Fn(char) -> Option<&'static str>) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match of(c) {
            Some(written) => out.push_str(written),
            None => out.push(c),
        }
    }
    out
}

/// `urlquery`.
pub fn query(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    let one = |b: u8| match b {
        b' ' => "+".into(),
        b if plain(b) => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    text.bytes().map(one).collect()
}
