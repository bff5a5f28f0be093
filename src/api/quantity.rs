//! Quantities: `500m`, `1Gi`, `1e3`.
//!
//! A quantity is a whole number of nano-units with a family of suffixes. Reading accepts what apimachinery's
//! `resource.ParseQuantity` accepts, amounts below a billionth are rounded up, and binary ones are capped at
//! 2^63 - 1; writing gives the canonical form (the largest suffix that leaves a whole number). Amounts beyond
//! [`MAX`], which upstream keeps in numbers of any length, are capped there.

use crate::api::Value;
use std::cmp::Ordering;
use std::fmt;

const NANO: i128 = 1_000_000_000;
/// Largest amount that is kept: some 10^28 units.
const MAX: i128 = i128::MAX >> 4;
/// Largest amount with a binary suffix: 2^63 - 1 units.
const MAX_BINARY: i128 = i64::MAX as i128 * NANO;
/// Longest text that is read as a quantity; longer ones are errors.
const MAX_LENGTH: usize = 64;

/// The text has not the form of a quantity.
const MALFORMED: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
/// The suffix is unknown.
const BAD_SUFFIX: &str = "unable to parse quantity's suffix";

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

/// Suffixes and the powers of ten that they stand for.
const DECIMAL: &[(&str, i32)] = &[
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
/// Suffixes and the powers of two that they stand for.
const BINARY: &[(&str, u32)] = &[("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

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
        Quantity::read(text).ok()
    }

    /// Reads a quantity.
    ///
    /// # Errors
    /// In apimachinery's words: the text has not the form of a quantity, or its suffix is unknown.
    pub fn read(text: &str) -> Result<Quantity, &'static str> {
        Parts::of(text).map(|parts| parts.quantity())
    }

    /// The text that the API server gives back for `text`: the same one if it is canonical enough for
    /// upstream's fast path (`1.500`), else the canonical form. `None` if the text is no quantity.
    pub fn given_back(text: &str) -> Option<String> {
        let parts = Parts::of(text).ok()?;
        let kept = text == "0" || parts.is_kept();
        Some(if kept { String::from(text) } else { parts.quantity().to_string() })
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
        Quantity { nano: self.nano.saturating_add(other.nano).clamp(-MAX, MAX), format }
    }

    /// The difference, written like `self` unless that is zero.
    pub fn minus(self, other: Quantity) -> Quantity {
        self.plus(Quantity { nano: -other.nano, format: other.format })
    }
}

/// Rounds away from zero.
fn round_up(nano: i128, unit: i128) -> i64 {
    let n = nano / unit + (nano % unit).signum();
    i64::try_from(n).unwrap_or(if n < 0 { i64::MIN } else { i64::MAX })
}

/// What a suffix stands for.
#[derive(Clone, Copy)]
enum Scale {
    Ten(i32, Format),
    Two(u32),
}

/// The parts of a quantity's text.
struct Parts<'a> {
    negative: bool,
    /// The digits before the point without leading zeros; "0" if there are none.
    whole: &'a str,
    fraction: &'a str,
    scale: Scale,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Result<Parts<'a>, &'static str> {
        if text.is_empty() || text.len() > MAX_LENGTH {
            return Err(MALFORMED);
        }
        let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let rest = unsigned.trim_start_matches('0');
        let (whole, rest) = rest.split_at(digits(rest));
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(digits(rest)),
            None => ("", rest),
        };
        let exponent = suffix.trim_start_matches(|c: char| "eEinumkKMGTP".contains(c));
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits(exponent) < exponent.len() {
            return Err(MALFORMED);
        }
        let whole = if whole.is_empty() { "0" } else { whole };
        let scale = scale(suffix).ok_or(BAD_SUFFIX)?;
        Ok(Parts { negative: text.starts_with('-'), whole, fraction, scale })
    }

    fn quantity(&self) -> Quantity {
        let (nano, format) = match self.scale {
            Scale::Ten(power, format) => (self.decimal(power), format),
            Scale::Two(power) => {
                let nano = self.binary(power).min(MAX_BINARY);
                // Less than one is written decimally.
                (nano, if nano > 0 && nano < NANO { Format::DecimalSi } else { Format::BinarySi })
            }
        };
        Quantity { nano: if self.negative { -nano } else { nano }, format }
    }

    /// All digits times a power of ten, in nano-units, rounded up.
    fn decimal(&self, power: i32) -> i128 {
        let number = append(append(0, self.whole), self.fraction);
        let power = power + 9 - self.fraction.len() as i32;
        let unit = 10_i128.checked_pow(power.unsigned_abs());
        let nano = match unit {
            _ if number == 0 => 0,
            Some(unit) if power >= 0 => number.saturating_mul(unit),
            Some(unit) => number / unit + i128::from(number % unit != 0),
            None if power >= 0 => MAX,
            None => 1,
        };
        nano.min(MAX)
    }

    /// The digits times a power of two, in nano-units, rounded up. A fraction is brought to its lowest terms
    /// first, so that what fits the result does not overflow on the way.
    fn binary(&self, power: u32) -> i128 {
        let whole = append(0, self.whole).saturating_mul(NANO << power);
        // Digits of a fraction that are looked at: with more the product would not fit 128 bits.
        const FRACTION: usize = 24;
        let (fraction, rest) = self.fraction.split_at(self.fraction.len().min(FRACTION));
        let length = fraction.len() as u32;
        let (twos, fives) = (length.min(power + 9), length.min(9));
        let by = (1_i128 << (power + 9 - twos)) * 5_i128.pow(9 - fives);
        let of = (1_i128 << (length - twos)) * 5_i128.pow(length - fives);
        let parts = append(0, fraction).saturating_mul(by);
        let up = parts % of != 0 || rest.bytes().any(|b| b != b'0');
        whole.saturating_add(parts / of + i128::from(up))
    }

    /// Whether upstream's fast path keeps the text as it is.
    fn is_kept(&self) -> bool {
        let digits = self.whole.len() + self.fraction.len();
        match self.scale {
            Scale::Ten(power, _) => {
                let power = power - self.fraction.len() as i32;
                let trailing = if self.fraction.len() >= 3 {
                    self.fraction.ends_with("000")
                } else {
                    format!("{}{}", self.whole, self.fraction).ends_with("000")
                };
                digits <= 18 && power >= -9 && power % 3 == 0 && !trailing && !self.whole.starts_with('0')
            }
            Scale::Two(power) => {
                let number = append(0, self.whole);
                let room = 15 - digits as i32 - power as i32 * 3 / 10 - 1;
                self.fraction.is_empty() && room >= 0 && number & 7 != 0
            }
        }
    }
}

/// A number with more digits after it.
fn append(number: i128, digits: &str) -> i128 {
    digits.bytes().fold(number, |n, d| n.saturating_mul(10).saturating_add(i128::from(d - b'0')))
}

/// What a suffix stands for, if it is known.
fn scale(suffix: &str) -> Option<Scale> {
    if let Some((_, power)) = DECIMAL.iter().find(|(s, _)| *s == suffix) {
        return Some(Scale::Ten(*power, Format::DecimalSi));
    }
    if let Some((_, power)) = BINARY.iter().find(|(s, _)| *s == suffix) {
        return Some(Scale::Two(*power));
    }
    let power: i64 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    // Beyond a hundred digits everything is nothing or the maximum.
    Some(Scale::Ten(power.clamp(-100, 100) as i32, Format::DecimalExponent))
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
        if self.format == Format::BinarySi && self.nano % NANO == 0 && self.nano.abs() >= 1024 * NANO {
            let (mut number, mut times) = (self.nano / NANO, 0);
            while number % 1024 == 0 {
                (number, times) = (number / 1024, times + 10);
            }
            let suffix = BINARY.iter().find(|(_, power)| *power == times).map_or("", |(suffix, _)| suffix);
            return f.pad(&format!("{number}{suffix}"));
        }
        let (mut number, mut power) = (self.nano, -9);
        while number % 1000 == 0 {
            (number, power) = (number / 1000, power + 3);
        }
        let suffix = match self.format {
            Format::DecimalExponent if power != 0 => format!("e{power}"),
            // Beyond `E` upstream finds no suffix and writes none.
            _ => DECIMAL.iter().find(|(_, p)| *p == power).map_or("", |(suffix, _)| suffix).to_string(),
        };
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
        for bad in ["", "x", "1.2.3", "1Mb", "--1", "1 Gi", "1e"] {
            assert!(Quantity::parse(bad).is_none(), "{bad}");
        }
    }
}
