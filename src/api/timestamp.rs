//! Time stamps as Go's `time.Parse` reads them, with its complaints. It is more lenient than RFC 3339: an hour
//! may have one digit, a fraction may follow a comma.

use crate::api::duration::quote;
use crate::time::parse_rfc3339;

/// The layout of `metav1.Time`.
const SECONDS: &str = "2006-01-02T15:04:05Z07:00";
/// The layout of `metav1.MicroTime`, which insists on six digits.
const MICROS: &str = "2006-01-02T15:04:05.000000Z07:00";

/// Reads a time stamp in microseconds since 1970.
///
/// # Errors
/// In the words of Go's `time.Parse`.
pub fn parse(text: &str, micro: bool) -> Result<i64, String> {
    let layout = if micro { MICROS } else { SECONDS };
    let mut reader = Reader { rest: text };
    let stamp = reader.stamp(micro).map_err(|wrong| {
        let about = format!("parsing time {}", quote(text));
        match wrong {
            Wrong::Element(rest, element) => {
                format!("{about} as {}: cannot parse {} as {}", quote(layout), quote(rest), quote(element))
            }
            Wrong::Range(what) => format!("{about}: {what} out of range"),
            Wrong::Extra(rest) => format!("{about}: extra text: {}", quote(rest)),
        }
    })?;
    parse_rfc3339(&stamp).ok_or_else(|| format!("parsing time {}: day out of range", quote(text)))
}

enum Wrong<'a> {
    /// What is left does not begin with this element of the layout.
    Element(&'a str, &'static str),
    Range(&'static str),
    Extra(&'a str),
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// The time stamp in strict form.
    fn stamp(&mut self, micro: bool) -> Result<String, Wrong<'a>> {
        let year = self.number(4, 4, "2006")?;
        self.literal("-")?;
        let month = self.number(2, 2, "01")?;
        if !(1..=12).contains(&month) {
            return Err(Wrong::Range("month"));
        }
        self.literal("-")?;
        let day = self.number(2, 2, "02")?;
        self.literal("T")?;
        let hour = self.number(1, 2, "15")?;
        if hour > 23 {
            return Err(Wrong::Range("hour"));
        }
        self.literal(":")?;
        let minute = self.number(2, 2, "04")?;
        if minute > 59 {
            return Err(Wrong::Range("minute"));
        }
        self.literal(":")?;
        let second = self.number(2, 2, "05")?;
        if second > 59 {
            return Err(Wrong::Range("second"));
        }
        let fraction = if micro { self.six_digits()? } else { self.fraction() };
        let zone = self.zone()?;
        if !self.rest.is_empty() {
            return Err(Wrong::Extra(self.rest));
        }
        if day < 1 || day > days_in(month, year) {
            return Err(Wrong::Range("day"));
        }
        Ok(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction}{zone}"))
    }

    fn take(&mut self, n: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(n);
        self.rest = rest;
        taken
    }

    fn digits(&self, from: usize) -> usize {
        self.rest.bytes().skip(from).take_while(u8::is_ascii_digit).count()
    }

    fn literal(&mut self, text: &'static str) -> Result<(), Wrong<'a>> {
        self.rest = self.rest.strip_prefix(text).ok_or(Wrong::Element(self.rest, text))?;
        Ok(())
    }

    fn number(&mut self, least: usize, most: usize, element: &'static str) -> Result<u32, Wrong<'a>> {
        let digits = self.digits(0).min(most);
        if digits < least {
            return Err(Wrong::Element(self.rest, element));
        }
        Ok(self.take(digits).parse().unwrap_or(0))
    }

    /// A fraction that is not in the layout; `0` where there is none.
    fn fraction(&mut self) -> &'a str {
        match self.digits(1) {
            n @ 1.. if self.rest.starts_with(['.', ',']) => &self.take(n + 1)[1..],
            _ => "0",
        }
    }

    fn six_digits(&mut self) -> Result<&'a str, Wrong<'a>> {
        if self.rest.starts_with(['.', ',']) && self.digits(1) >= 6 {
            return Ok(&self.take(7)[1..]);
        }
        Err(Wrong::Element(self.rest, ".000000"))
    }

    fn zone(&mut self) -> Result<&'a str, Wrong<'a>> {
        if self.rest.starts_with('Z') {
            return Ok(self.take(1));
        }
        let pair = |at: usize| self.rest.get(at..at + 2).and_then(|d| d.parse::<u32>().ok());
        let signed = self.rest.starts_with(['+', '-']) && self.rest.get(3..4) == Some(":");
        match (pair(1), pair(4)) {
            (Some(hour), Some(minute)) if signed && self.digits(1) == 2 && self.digits(4) >= 2 => {
                if hour > 24 {
                    return Err(Wrong::Range("time zone offset hour"));
                }
                if minute > 60 {
                    return Err(Wrong::Range("time zone offset minute"));
                }
                Ok(self.take(6))
            }
            _ => Err(Wrong::Element(self.rest, "Z07:00")),
        }
    }
}

fn days_in(month: u32, year: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
