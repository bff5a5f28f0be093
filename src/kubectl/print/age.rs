//! Ages and times as kubectl words them.

use crate::api::{Value, duration};
use crate::time::{Span, civil, parse_rfc3339};

/// `5s`, `2m13s`, `5h`, `3d4h`: `duration.HumanDuration` of microseconds.
pub fn human(micros: i64) -> String {
    duration::human(micros / 1_000_000)
}

/// The age of a time stamp, `<unknown>` where there is none.
pub fn since(stamp: &Value, now: i64) -> String {
    match parse_rfc3339(stamp.str()) {
        Some(t) => human(now - t),
        None => "<unknown>".into(),
    }
}

/// `Mon, 23 Nov 2026 08:22:07 +0000`.
pub fn rfc1123(stamp: &str) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Some(t) = parse_rfc3339(stamp) else { return "<unset>".into() };
    let c = civil(t);
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
        DAYS[usize::from(c.weekday) % 7],
        c.day,
        MONTHS[usize::from(c.month.max(1) - 1) % 12],
        c.year,
        c.hour,
        c.minute,
        c.second
    )
}

/// A span as Go's `time.Duration` prints it: `1m30s`, `5s`, `1h0m0s`.
pub fn go_span(span: Span) -> String {
    let s = span.as_secs();
    let frac = span.0 % 1_000_000;
    let tail = if frac == 0 {
        format!("{}s", s % 60)
    } else {
        format!("{}s", format!("{}.{frac:06}", s % 60).trim_end_matches('0'))
    };
    match (s / 3_600, s / 60 % 60) {
        (0, 0) if s == 0 && frac > 0 => format!("{}ms", frac as f64 / 1_000.0),
        (0, 0) => tail,
        (0, m) => format!("{m}m{tail}"),
        (h, m) => format!("{h}h{m}m{tail}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_rounded_as_kubectl_rounds_them() {
        for (secs, want) in [
            (-5, "<invalid>"),
            (-1, "0s"),
            (119, "119s"),
            (120, "2m"),
            (133, "2m13s"),
            (600, "10m"),
            (3 * 3_600 - 1, "179m"),
            (3 * 3_600, "3h"),
            (3 * 3_600 + 61, "3h1m"),
            (47 * 3_600, "47h"),
            (49 * 3_600, "2d1h"),
            (10 * 86_400, "10d"),
            (800 * 86_400, "2y70d"),
        ] {
            assert_eq!(human(secs * 1_000_000), want);
        }
        assert_eq!(rfc1123("2026-11-23T08:22:07Z"), "Mon, 23 Nov 2026 08:22:07 +0000");
        assert_eq!(go_span(Span::secs(90)), "1m30s");
    }
}
