//! Quantities: `500m`, `1Gi`, `1e3`.
//!
//! A quantity is a whole number of nano-units with a family of suffixes. Reading accepts what
//! apimachinery's `resource.ParseQuantity` accepts; writing gives its canonical form (the largest suffix
//! that leaves a whole number). Amounts beyond ±2^63 of a unit are capped, as they are there.

use crate::api::Value;
use std::cmp::Ordering;
use std::fmt;

const NANO: i128 = 1_000_000_000;
/// Largest amount that is kept: 2^63 − 1 units.
const MAX: i128 = i64::MAX as i128 * NANO;
/// Longest text that is read as a quantity; longer ones are errors.
const MAX_LENGTH: usize = 64;

/// The families of suffixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// `n u m k M G T P E`
    #[default]
    DecimalSi,
    /// `Ki Mi Gi Ti Pi Ei`
    BinarySi,
    /// `e3`, `E6`
    DecimalExponent,
}

/// An amount of a resource.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity {
    /// Billionths of a unit.
    pub nano: i128,
    /// How it is written.
    pub format: Format,
}

const DECIMAL: &[(&str, i128)] = &[
    ("E", 1_000_000_000_000_000_000 * NANO),
    ("P", 1_000_000_000_000_000 * NANO),
    ("T", 1_000_000_000_000 * NANO),
    ("G", 1_000_000_000 * NANO),
    ("M", 1_000_000 * NANO),
    ("k", 1_000 * NANO),
    ("", NANO),
    ("m", 1_000_000),
    ("u", 1_000),
    ("n", 1),
];
const BINARY: &[(&str, i128)] = &[
    ("Ei", (1 << 60) * NANO),
    ("Pi", (1 << 50) * NANO),
    ("Ti", (1 << 40) * NANO),
    ("Gi", (1 << 30) * NANO),
    ("Mi", (1 << 20) * NANO),
    ("Ki", (1 << 10) * NANO),
    ("", NANO),
];

impl Quantity {
    /// A whole number of units.
    pub fn units(n: i64) -> Quantity {
        Quantity { nano: i128::from(n) * NANO, format: Format::DecimalSi }
    }

    /// A whole number of thousandths.
    pub fn millis(n: i64) -> Quantity {
        Quantity { nano: i128::from(n) * 1_000_000, format: Format::DecimalSi }
    }

    /// Reads a quantity; `None` if the text is none.
    pub fn parse(text: &str) -> Option<Quantity> {
        if text.len() > MAX_LENGTH || !text.is_ascii() {
            return None;
        }
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let (scale, format) = scale(suffix)?;
        let mut nano = 0_i128;
        for d in whole.bytes() {
            nano = nano.saturating_mul(10).saturating_add(i128::from(d - b'0'));
        }
        nano = nano.saturating_mul(scale);
        let mut unit = scale;
        let mut lost = false;
        let mut parts = 0_i128;
        for d in fraction.bytes() {
            let d = i128::from(d - b'0');
            // Digits below a billionth round the amount up, away from zero.
            lost |= (unit % 10) * d % 10 != 0 || (unit < 10 && d > 0);
            parts = parts.saturating_add(unit * d / 10);
            unit /= 10;
        }
        nano = nano.saturating_add(parts + i128::from(lost)).min(MAX);
        Some(Quantity { nano: if negative { -nano } else { nano }, format })
    }

    /// Reads a quantity.
    ///
    /// # Errors
    /// In apimachinery's words: the text has not the form of a quantity, or its suffix is unknown.
    pub fn read(text: &str) -> Result<Quantity, &'static str> {
        Quantity::parse(text).ok_or_else(|| complaint(text))
    }

    /// The text that the API server gives back for `text`: the same one if it is canonical enough for
    /// upstream's fast path (`1.500`, `01`), else the canonical form. `None` if the text is no quantity.
    pub fn given_back(text: &str) -> Option<String> {
        let quantity = Quantity::parse(text)?;
        let unsigned = text.trim_start_matches(['+', '-']).trim_start_matches('0');
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (whole, fraction) = unsigned[..end].split_once('.').unwrap_or((&unsigned[..end], ""));
        let digits = whole.len().max(1) + fraction.len();
        let kept = if quantity.nano == 0 {
            text == "0"
        } else if quantity.format == Format::BinarySi {
            let number = whole.parse::<u64>().unwrap_or(0);
            fraction.is_empty() && digits < 10 && number & 7 != 0
        } else {
            let scaled = digits <= 18 && fraction.len().is_multiple_of(3) && !whole.is_empty();
            let exponent = unsigned[end..].trim_start_matches(['e', 'E']).parse::<i32>().unwrap_or(0);
            scaled
                && exponent % 3 == 0
                && fraction.len() <= 9
                && !format!("{whole}{fraction}").ends_with("000")
        };
        Some(if kept { String::from(text) } else { quantity.to_string() })
    }

    /// Reads a quantity from a manifest's string or number; zero for anything else.
    pub fn of(value: &Value) -> Quantity {
        match value {
            Value::Int(n) => Quantity::units(*n),
            Value::Float(f) => Quantity::parse(&format!("{f}")).unwrap_or_default(),
            v => Quantity::parse(v.str()).unwrap_or_default(),
        }
    }

    /// The amount in whole units, rounded up.
    pub fn value(self) -> i64 {
        round_up(self.nano, NANO)
    }

    /// The amount in thousandths, rounded up.
    pub fn milli_value(self) -> i64 {
        round_up(self.nano, 1_000_000)
    }

    /// Whether the amount is zero.
    pub fn is_zero(self) -> bool {
        self.nano == 0
    }

    /// The sum, written like `self` unless that is zero.
    pub fn plus(self, other: Quantity) -> Quantity {
        let format = if self.nano == 0 { other.format } else { self.format };
        Quantity { nano: (self.nano + other.nano).clamp(-MAX, MAX), format }
    }

    /// The difference, written like `self` unless that is zero.
    pub fn minus(self, other: Quantity) -> Quantity {
        self.plus(Quantity { nano: -other.nano, format: other.format })
    }
}

fn round_up(nano: i128, unit: i128) -> i64 {
    let n = nano.div_euclid(unit) + i128::from(nano.rem_euclid(unit) != 0);
    i64::try_from(n).unwrap_or(if n < 0 { i64::MIN } else { i64::MAX })
}

/// Why a text is no quantity (apimachinery, pkg/api/resource `parseQuantityString`).
fn complaint(text: &str) -> &'static str {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let rest = rest.trim_start_matches(|c: char| "eEinumkKMGTP".contains(c));
    let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest).trim_start_matches(|c: char| c.is_ascii_digit());
    if text.is_empty() || !rest.is_empty() {
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    } else {
        "unable to parse quantity's suffix"
    }
}

/// The nano-units of a suffix and its family.
fn scale(suffix: &str) -> Option<(i128, Format)> {
    if let Some((_, scale)) = DECIMAL.iter().find(|(s, _)| *s == suffix) {
        return Some((*scale, Format::DecimalSi));
    }
    if let Some((_, scale)) = BINARY.iter().find(|(s, _)| *s == suffix) {
        return Some((*scale, Format::BinarySi));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    if !(-9..=18).contains(&exponent) {
        return None;
    }
    Some((10_i128.pow((exponent + 9) as u32), Format::DecimalExponent))
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

impl fmt::Display for Quantity {
    /// The canonical form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nano == 0 {
            return f.pad("0");
        }
        // Binary suffixes cannot express fractions or amounts below 1Ki; apimachinery then writes decimally.
        let binary =
            self.format == Format::BinarySi && self.nano % NANO == 0 && self.nano.abs() >= 1024 * NANO;
        let table = if binary { BINARY } else { DECIMAL };
        let (suffix, scale) =
            table.iter().find(|(_, scale)| self.nano % scale == 0).expect("one nano-unit divides everything");
        let number = self.nano / scale;
        if self.format == Format::DecimalExponent {
            let exponent = scale.ilog10() as i32 - 9;
            let text = if exponent == 0 { number.to_string() } else { format!("{number}e{exponent}") };
            return f.pad(&text);
        }
        f.pad(&format!("{number}{suffix}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_canonically() {
        for (text, canonical, milli) in [
            ("500m", "500m", 500),
            ("0.5", "500m", 500),
            ("1", "1", 1000),
            ("1000m", "1", 1000),
            ("1024Mi", "1Gi", 1 << 30),
            ("1500Mi", "1500Mi", 1500 << 20),
            ("0.5Gi", "512Mi", 512 << 20),
            ("100k", "100k", 100_000_000),
            ("1e3", "1e3", 1_000_000),
            ("24684084Ki", "24684084Ki", 24_684_084 << 10),
            ("-2", "-2", -2000),
            ("0.0001", "100u", 1),
            ("0", "0", 0),
        ] {
            let q = Quantity::parse(text).expect(text);
            assert_eq!(q.to_string(), canonical);
            if !canonical.ends_with('i') {
                assert_eq!(q.milli_value(), milli, "{text}");
            } else {
                assert_eq!(q.value(), milli, "{text}");
            }
        }
        for (text, back) in [
            ("1.500", "1.500"),
            ("1.5", "1500m"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1024Mi", "1Gi"),
            ("100Mi", "100Mi"),
            ("64Mi", "64Mi"),
            ("1e3", "1e3"),
            ("0", "0"),
            ("0Mi", "0"),
        ] {
            assert_eq!(Quantity::given_back(text).as_deref(), Some(back), "{text}");
        }
        assert_eq!(Quantity::read("64mi"), Err("unable to parse quantity's suffix"));
        assert!(Quantity::read("64MB").is_err_and(|e| e.starts_with("quantities must match")));
        for bad in ["", "x", "1.2.3", "1Mb", "--1", "1 Gi", "1e99", "."] {
            assert!(Quantity::parse(bad).is_none(), "{bad}");
        }
    }
}
