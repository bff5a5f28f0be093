//! Floating-point numbers as C prints them.

/// Most digits behind the point.
const MAX_DIGITS: usize = 300;

/// `value` by a conversion of `printf`: `f`, `e` or `g` (upper case as well).
pub fn format_float(value: f64, kind: char, precision: usize, keep_zeros: bool) -> String {
    let precision = precision.min(MAX_DIGITS);
    if !value.is_finite() {
        let text = if value.is_nan() {
            "nan"
        } else if value < 0.0 {
            "-inf"
        } else {
            "inf"
        };
        return if kind.is_ascii_uppercase() { text.to_uppercase() } else { text.to_owned() };
    }
    match kind.to_ascii_lowercase() {
        'e' => exponent(value, precision, kind),
        'g' => general(value, precision, kind, keep_zeros),
        _ => format!("{value:.precision$}"),
    }
}

fn exponent(value: f64, precision: usize, kind: char) -> String {
    let text = format!("{value:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let e = if kind.is_ascii_uppercase() { 'E' } else { 'e' };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}{e}{sign}{:02}", exponent.abs())
}

fn general(value: f64, precision: usize, kind: char, keep_zeros: bool) -> String {
    let precision = precision.max(1);
    let text = format!("{value:.*e}", precision - 1);
    let power: i32 = text.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let e = if kind.is_ascii_uppercase() { 'E' } else { 'e' };
    if power < -4 || power >= precision as i32 {
        let text = exponent(value, precision - 1, e);
        if keep_zeros {
            return text;
        }
        let (mantissa, tail) = text.split_once(e).unwrap_or((&text, ""));
        return format!("{}{e}{tail}", trimmed(mantissa));
    }
    let digits = usize::try_from(precision as i32 - 1 - power).unwrap_or(0);
    let text = format!("{value:.digits$}");
    if keep_zeros { text } else { trimmed(&text).to_owned() }
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}
