//! What a plain YAML scalar means: YAML 1.1 as go-yaml v2 resolves it, which is what kubectl reads and what
//! decides whether a printed string needs quotes.

use crate::api::Value;

/// What a plain scalar turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Resolved {
    /// `null`, a boolean, a number.
    Value(Value),
    /// A whole number beyond `i64`.
    Big(u64),
    /// A date or time: read as a string, but quoted when printed.
    Timestamp,
    /// `<<`.
    Merge,
    /// A string.
    Str,
}

/// Resolves a plain scalar without a tag.
pub(super) fn resolve(s: &str) -> Resolved {
    match s {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Value(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Resolved::Value(Value::Bool(true));
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Resolved::Value(Value::Bool(false));
        }
        ".nan" | ".NaN" | ".NAN" => return float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return float(f64::NEG_INFINITY),
        "<<" => return Resolved::Merge,
        _ => {}
    }
    match s.as_bytes()[0] {
        b'.' => go_float(s).map_or(Resolved::Str, float),
        b'+' | b'-' | b'0'..=b'9' => number(s),
        _ => Resolved::Str,
    }
}

fn float(f: f64) -> Resolved {
    Resolved::Value(Value::Float(f))
}

fn number(s: &str) -> Resolved {
    if is_timestamp(s) {
        return Resolved::Timestamp;
    }
    let plain: String = s.chars().filter(|c| *c != '_').collect();
    if let Some(n) = go_int(&plain) {
        return match (i64::try_from(n), u64::try_from(n)) {
            (Ok(n), _) => Resolved::Value(Value::Int(n)),
            (_, Ok(n)) => Resolved::Big(n),
            _ => go_float(&plain).map_or(Resolved::Str, float),
        };
    }
    if is_float(&plain) { go_float(&plain).map_or(Resolved::Str, float) } else { Resolved::Str }
}

/// Go's `strconv.ParseInt(s, 0, 64)`: prefixes `0x`, `0b`, `0o` and the old `0` for octal.
fn go_int(s: &str) -> Option<i128> {
    let (negative, digits) = match s.as_bytes().first()? {
        b'-' => (true, &s[1..]),
        b'+' => (false, &s[1..]),
        _ => (false, s),
    };
    let lower = digits.get(..2).map(str::to_ascii_lowercase);
    let (digits, radix) = match lower.as_deref() {
        Some("0x") => (&digits[2..], 16),
        Some("0b") => (&digits[2..], 2),
        Some("0o") => (&digits[2..], 8),
        Some(_) if digits.starts_with('0') => (&digits[1..], 8),
        _ => (digits, 10),
    };
    if !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let n = i128::from(u64::from_str_radix(digits, radix).ok()?);
    if negative && n > i128::from(i64::MAX) + 1 { None } else { Some(if negative { -n } else { n }) }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(s: &str) -> bool {
    let s = s.strip_prefix(['-', '+']).unwrap_or(s);
    let (mantissa, exponent) = match s.find(['e', 'E']) {
        Some(i) => (&s[..i], Some(&s[i + 1..])),
        None => (s, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_ok = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    mantissa_ok && exponent.is_none_or(|e| digits(e.strip_prefix(['-', '+']).unwrap_or(e)))
}

/// Go's `strconv.ParseFloat` for decimal numbers; too large is an error there.
fn go_float(s: &str) -> Option<f64> {
    if !s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    s.parse::<f64>().ok().filter(|f| f.is_finite())
}

/// Whether go-yaml takes the text for a date (`2006-1-2`) or a time (`2006-1-2T15:4:5Z`, `2006-1-2 15:4:5`).
pub(super) fn is_timestamp(s: &str) -> bool {
    let b = s.as_bytes();
    if b.len() < 8 || !b[..4].iter().all(u8::is_ascii_digit) || b[4] != b'-' {
        return false;
    }
    let mut at = 5;
    let Some(month) = one_or_two(b, &mut at).filter(|m| (1..=12).contains(m)) else { return false };
    if !take(b, &mut at, b"-") {
        return false;
    }
    let Some(day) = one_or_two(b, &mut at) else { return false };
    let year = s[..4].parse::<u32>().unwrap_or(0);
    if day == 0 || day > days_in(year, month) {
        return false;
    }
    if at == b.len() {
        return true;
    }
    let zoned = b[at] != b' ';
    take(b, &mut at, b"Tt ") && is_time(b, &mut at) && if zoned { is_zone(&b[at..]) } else { at == b.len() }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

fn is_time(b: &[u8], at: &mut usize) -> bool {
    // Go's layout digits: hours have two digits at most, minutes and seconds one or two.
    if one_or_two(b, at).is_none_or(|h| h > 23) || !take(b, at, b":") {
        return false;
    }
    if one_or_two(b, at).is_none_or(|m| m > 59) || !take(b, at, b":") {
        return false;
    }
    if one_or_two(b, at).is_none_or(|s| s > 59) {
        return false;
    }
    if take(b, at, b".,") {
        let start = *at;
        while b.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        return *at > start;
    }
    true
}

fn is_zone(b: &[u8]) -> bool {
    match b {
        b"Z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|d| d.is_ascii_digit()),
        _ => false,
    }
}

fn one_or_two(b: &[u8], at: &mut usize) -> Option<u32> {
    let start = *at;
    let mut n = 0;
    while *at < start + 2
        && let Some(d) = b.get(*at).filter(|d| d.is_ascii_digit())
    {
        n = n * 10 + u32::from(d - b'0');
        *at += 1;
    }
    (*at > start).then_some(n)
}

fn take(b: &[u8], at: &mut usize, any: &[u8]) -> bool {
    let found = b.get(*at).is_some_and(|c| any.contains(c));
    *at += usize::from(found);
    found
}

/// Whether YAML 1.1 has the text for a number of base 60: `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`.
pub(super) fn is_base60(s: &str) -> bool {
    let s = s.strip_prefix(['-', '+']).unwrap_or(s);
    let whole = match s.split_once('.') {
        Some((whole, fraction)) => {
            if !fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
                return false;
            }
            whole
        }
        None => s,
    };
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or("");
    let first_ok = first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let mut count = 0;
    let rest_ok = parts.all(|p| {
        count += 1;
        match p.as_bytes() {
            [d] => d.is_ascii_digit(),
            [a, d] => (b'0'..=b'5').contains(a) && d.is_ascii_digit(),
            _ => false,
        }
    });
    first_ok && rest_ok && count > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_mean_what_go_yaml_says() {
        let int = |n| Resolved::Value(Value::Int(n));
        for (text, meaning) in [
            ("yes", Resolved::Value(Value::Bool(true))),
            ("Off", Resolved::Value(Value::Bool(false))),
            ("~", Resolved::Value(Value::Null)),
            ("0777", int(511)),
            ("0o17", int(15)),
            ("0x1F", int(31)),
            ("-0b101", int(-5)),
            ("1_000", int(1000)),
            ("+12", int(12)),
            ("08", float(8.0)),
            ("1.5e3", float(1500.0)),
            ("685.230_15e+03", float(685_230.15)),
            ("0.1.2", Resolved::Str),
            ("1e", Resolved::Str),
            ("100m", Resolved::Str),
            ("9223372036854775808", Resolved::Big(9_223_372_036_854_775_808)),
            ("2024-02-30", Resolved::Str),
            ("2024-02-29", Resolved::Timestamp),
            ("2015-02-24T18:19:39.12Z", Resolved::Timestamp),
            ("2015-02-24 18:19:39", Resolved::Timestamp),
            ("12:30", Resolved::Str),
            ("-", Resolved::Str),
        ] {
            assert_eq!(resolve(text), meaning, "{text}");
        }
        assert!(is_base60("190:20:30.15") && is_base60("1:30") && !is_base60("1:60") && !is_base60("80"));
    }
}
