//! The virtual clock: instants are whole microseconds since the start of the scenario.
//!
//! Nothing in the core reads the host's clock. Wall-clock texts (`creationTimestamp`, log stamps)
//! come from adding an instant to the scenario's start ([`Epoch`]).

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// An instant in virtual time, in microseconds since the start of the scenario.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub u64);

/// A span of virtual time, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub u64);

impl Time {
    /// The start of the scenario.
    pub const ZERO: Time = Time(0);
    /// Later than every instant that can be reached.
    pub const NEVER: Time = Time(u64::MAX);

    /// Seconds since the start, with fractions.
    pub fn secs(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The span from `earlier` to here; zero if `earlier` is later.
    pub fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of whole microseconds.
    pub const fn micros(n: u64) -> Span {
        Span(n)
    }

    /// A span of whole milliseconds.
    pub const fn millis(n: u64) -> Span {
        Span(n.saturating_mul(1_000))
    }

    /// A span of whole seconds.
    pub const fn secs(n: u64) -> Span {
        Span(n.saturating_mul(1_000_000))
    }

    /// A span of seconds with fractions; negative and non-finite values give zero.
    pub fn secs_f64(s: f64) -> Span {
        if s.is_finite() && s > 0.0 { Span((s * 1e6).round() as u64) } else { Span::ZERO }
    }

    /// This span in seconds, with fractions.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// This span in whole seconds, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000
    }

    /// This span times a factor (used for jitter).
    pub fn mul_f64(self, factor: f64) -> Span {
        Span::secs_f64(self.as_secs_f64() * factor)
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, s: Span) -> Time {
        Time(self.0.saturating_add(s.0))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, s: Span) {
        *self = *self + s;
    }
}

impl Sub<Span> for Time {
    type Output = Time;
    fn sub(self, s: Span) -> Time {
        Time(self.0.saturating_sub(s.0))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, s: Span) -> Span {
        Span(self.0.saturating_add(s.0))
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, s: Span) -> Span {
        Span(self.0.saturating_sub(s.0))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}s", self.secs())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}s", self.as_secs_f64())
    }
}

/// The wall time at which the scenario starts, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Epoch(pub i64);

/// A calendar date and time of day in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Civil {
    /// Year, e.g. 2026.
    pub year: i64,
    /// Month, 1–12.
    pub month: u8,
    /// Day of the month, 1–31.
    pub day: u8,
    /// Hour, 0–23.
    pub hour: u8,
    /// Minute, 0–59.
    pub minute: u8,
    /// Second, 0–59.
    pub second: u8,
    /// Microsecond, 0–999,999.
    pub micros: u32,
    /// Day of the week, 0 = Sunday.
    pub weekday: u8,
}

impl Epoch {
    /// Microseconds since 1970 at `t`.
    pub fn unix_micros(self, t: Time) -> i64 {
        self.0.saturating_add(i64::try_from(t.0).unwrap_or(i64::MAX))
    }

    /// The instant of a wall time; instants before the scenario's start become the start.
    pub fn time_of(self, unix_micros: i64) -> Time {
        Time(u64::try_from(unix_micros.saturating_sub(self.0)).unwrap_or(0))
    }

    /// `metav1.Time` as the API writes it: `2026-11-23T07:50:40Z` (whole seconds, rounded down).
    pub fn rfc3339(self, t: Time) -> String {
        let mut text = stamp(civil(self.unix_micros(t)));
        text.push('Z');
        text
    }

    /// `metav1.MicroTime` as the API writes it: `2026-11-23T07:50:40.123456Z`.
    pub fn rfc3339_micro(self, t: Time) -> String {
        let c = civil(self.unix_micros(t));
        let mut text = stamp(c);
        text.push('.');
        digits(&mut text, i64::from(c.micros), 6);
        text.push('Z');
        text
    }
}

/// A calendar date and time of day to the second: `2026-11-23T07:50:40`. Every write of the cluster is stamped, so
/// this goes without the general formatter.
fn stamp(c: Civil) -> String {
    let mut text = String::with_capacity(27);
    digits(&mut text, c.year, 4);
    let parts = [('-', c.month), ('-', c.day), ('T', c.hour), (':', c.minute), (':', c.second)];
    for (before, number) in parts {
        text.push(before);
        digits(&mut text, i64::from(number), 2);
    }
    text
}

/// Writes a number with so many digits.
fn digits(text: &mut String, number: i64, count: u32) {
    for place in (0..count).rev() {
        let digit = number / 10_i64.pow(place) % 10;
        text.push(char::from(b'0' + digit.unsigned_abs() as u8));
    }
}

/// Microseconds since 1970 as a calendar date (proleptic Gregorian, UTC).
pub fn civil(unix_micros: i64) -> Civil {
    let secs = unix_micros.div_euclid(1_000_000);
    let days = secs.div_euclid(86_400);
    let rem = secs.rem_euclid(86_400);
    // Days-to-civil by eras of 400 years, counted from 0000-03-01.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    Civil {
        year: yoe + era * 400 + i64::from(month <= 2),
        month: month as u8,
        day: (doy - (153 * mp + 2) / 5 + 1) as u8,
        hour: (rem / 3_600) as u8,
        minute: (rem / 60 % 60) as u8,
        second: (rem % 60) as u8,
        micros: unix_micros.rem_euclid(1_000_000) as u32,
        weekday: (days + 4).rem_euclid(7) as u8,
    }
}

/// Reads `YYYY-MM-DDTHH:MM:SS[.ffffff](Z|±HH:MM)` as microseconds since 1970; `None` for any other text.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let b = text.as_bytes();
    let num = |r: std::ops::Range<usize>| -> Option<i64> {
        let s = text.get(r)?;
        if s.bytes().all(|c| c.is_ascii_digit()) { s.parse().ok() } else { None }
    };
    if b.len() < 20
        || b[4] != b'-'
        || b[7] != b'-'
        || !matches!(b[10], b'T' | b't')
        || b[13] != b':'
        || b[16] != b':'
    {
        return None;
    }
    let (y, m, d) = (num(0..4)?, num(5..7)?, num(8..10)?);
    let (hh, mm, ss) = (num(11..13)?, num(14..16)?, num(17..19)?);
    if !(1..=12).contains(&m) || !(1..=31).contains(&d) || hh > 23 || mm > 59 || ss > 60 {
        return None;
    }
    let mut at = 19;
    let mut micros = 0;
    if b.get(at) == Some(&b'.') {
        let digits: &str = &text[at + 1..];
        let n = digits.bytes().take_while(u8::is_ascii_digit).count();
        if n == 0 {
            return None;
        }
        micros = format!("{:0<6}", &digits[..n.min(6)]).parse().ok()?;
        at += 1 + n;
    }
    let offset = match *b.get(at)? {
        b'Z' | b'z' if at + 1 == b.len() => 0,
        sign @ (b'+' | b'-') if at + 6 == b.len() && b[at + 3] == b':' => {
            let o = num(at + 1..at + 3)? * 60 + num(at + 4..at + 6)?;
            if sign == b'+' { o } else { -o }
        }
        _ => return None,
    };
    let (yy, mp) = if m > 2 { (y, m - 3) } else { (y - 1, m + 9) };
    let era = yy.div_euclid(400);
    let yoe = yy.rem_euclid(400);
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + (153 * mp + 2) / 5 + d - 1;
    let days = era * 146_097 + doe - 719_468;
    Some((days * 86_400 + hh * 3_600 + mm * 60 + ss - offset * 60) * 1_000_000 + micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_times_round_trip() {
        for text in
            ["2026-11-23T07:50:40Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2000-03-01T00:00:00Z"]
        {
            let micros = parse_rfc3339(text).expect(text);
            assert_eq!(Epoch(micros).rfc3339(Time::ZERO), text);
        }
        assert_eq!(parse_rfc3339("2026-11-23T08:50:40+01:00"), parse_rfc3339("2026-11-23T07:50:40Z"));
        assert_eq!(parse_rfc3339("2026-11-23T07:50:40.5Z").map(|m| m % 1_000_000), Some(500_000));
        for bad in ["", "2026-11-23", "2026-13-23T07:50:40Z", "2026-11-23T07:50:40", "2026-11-23T07:50:40.Z"]
        {
            assert_eq!(parse_rfc3339(bad), None, "{bad}");
        }
        assert_eq!(civil(parse_rfc3339("2026-11-23T00:00:00Z").expect("valid")).weekday, 1);
    }
}
