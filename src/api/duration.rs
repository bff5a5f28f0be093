//! Durations: Go's texts (`1h2m3.5s`) and the short ages of kubectl's tables (`5m12s`, `3d4h`).

/// The size of the smallest duration, and so the largest number on the way to one.
const LIMIT: u64 = 1 << 63;

/// Reads a Go duration in nanoseconds.
///
/// # Errors
/// In the words of Go's `time.ParseDuration`.
pub fn parse(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quote(text));
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (whole, after) = rest.split_at(digits(rest));
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => after.split_at(digits(after)),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let whole = if whole.is_empty() { Some(0) } else { whole.parse::<u64>().ok() };
        let whole = whole.filter(|n| *n <= LIMIT).ok_or_else(invalid)?;
        let scale: u64 = match unit {
            "" => return Err(format!("time: missing unit in duration {}", quote(text))),
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return Err(format!("time: unknown unit {} in duration {}", quote(unit), quote(text))),
        };
        let amount = whole.checked_mul(scale).and_then(|n| n.checked_add(parts(fraction, scale)));
        let sum = amount.and_then(|n| total.checked_add(n));
        total = sum.filter(|n| *n <= LIMIT).ok_or_else(invalid)?;
        rest = after;
    }
    match i64::try_from(total) {
        Ok(total) if negative => Ok(-total),
        Ok(total) => Ok(total),
        Err(_) if negative => Ok(i64::MIN),
        Err(_) => Err(invalid()),
    }
}

/// A fraction of a unit, in floating point as Go has it; digits that do not fit a number are left out.
fn parts(fraction: &str, unit: u64) -> u64 {
    let (mut number, mut scale) = (0_u64, 1.0);
    for d in fraction.bytes() {
        match number.checked_mul(10).and_then(|n| n.checked_add(u64::from(d - b'0'))) {
            Some(n) if n <= LIMIT => (number, scale) = (n, scale * 10.0),
            _ => break,
        }
    }
    (number as f64 * (unit as f64 / scale)) as u64
}

/// A text in quotes as Go's `time` puts it into its complaints: everything but plain ASCII in hexadecimal.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for b in text.bytes() {
        match b {
            b'"' | b'\\' => out.extend(['\\', char::from(b)]),
            b' '..=b'\x7f' => out.push(char::from(b)),
            _ => out.push_str(&format!("\\x{b:02x}")),
        }
    }
    out + "\""
}

/// Prints nanoseconds as Go's `Duration.String` does: `1h0m0s`, `1.5s`, `100ms`.
pub fn print(nanos: i64) -> String {
    let size = nanos.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    let decimal = |unit: u64| {
        let fraction = format!("{:0width$}", size % unit, width = unit.ilog10() as usize);
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() { format!("{}", size / unit) } else { format!("{}.{fraction}", size / unit) }
    };
    let text = match size {
        0 => return String::from("0s"),
        1..1_000 => format!("{size}ns"),
        1_000..1_000_000 => decimal(1_000) + "µs",
        1_000_000..1_000_000_000 => decimal(1_000_000) + "ms",
        _ => {
            const SECOND: u64 = 1_000_000_000;
            let (minutes, rest) = (size / (60 * SECOND), size % (60 * SECOND));
            let seconds = {
                let fraction = format!("{:09}", rest % SECOND);
                let fraction = fraction.trim_end_matches('0');
                let dot = if fraction.is_empty() { "" } else { "." };
                format!("{}{dot}{fraction}s", rest / SECOND)
            };
            match (minutes / 60, minutes % 60) {
                (0, 0) => seconds,
                (0, m) => format!("{m}m{seconds}"),
                (h, m) => format!("{h}h{m}m{seconds}"),
            }
        }
    };
    format!("{sign}{text}")
}

/// An age in seconds with two or three significant figures, as `kubectl get` prints it
/// (`duration.HumanDuration`).
pub fn human(seconds: i64) -> String {
    let pair = |big: i64, unit: char, small: i64, sub: char| {
        if small == 0 { format!("{big}{unit}") } else { format!("{big}{unit}{small}{sub}") }
    };
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match seconds {
        ..-1 => String::from("<invalid>"),
        -1 => String::from("0s"),
        0..120 => format!("{seconds}s"),
        _ if minutes < 10 => pair(minutes, 'm', seconds % 60, 's'),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => pair(hours, 'h', minutes % 60, 'm'),
        _ if hours < 48 => format!("{hours}h"),
        _ if hours < 24 * 8 => pair(hours / 24, 'd', hours % 24, 'h'),
        _ if hours < 24 * 365 * 2 => format!("{}d", hours / 24),
        _ if hours < 24 * 365 * 8 => pair(hours / 24 / 365, 'y', hours / 24 % 365, 'd'),
        _ => format!("{}y", hours / 24 / 365),
    }
}

/// An age in seconds in its largest unit (`duration.ShortHumanDuration`).
pub fn short_human(seconds: i64) -> String {
    match seconds {
        ..-1 => String::from("<invalid>"),
        -1 => String::from("0s"),
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        86_400..31_536_000 => format!("{}d", seconds / 86_400),
        _ => format!("{}y", seconds / 31_536_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_read_and_printed() {
        for (text, nanos, printed) in [
            ("0", 0, "0s"),
            ("5s", 5_000_000_000, "5s"),
            ("-1.5h", -5_400_000_000_000, "-1h30m0s"),
            ("1h2m3.5s", 3_723_500_000_000, "1h2m3.5s"),
            ("100ms", 100_000_000, "100ms"),
            ("1.5us", 1_500, "1.5µs"),
            (".5s", 500_000_000, "500ms"),
        ] {
            assert_eq!((parse(text), print(nanos).as_str()), (Ok(nanos), printed), "{text}");
        }
        for (text, error) in [
            ("", "time: invalid duration \"\""),
            ("10", "time: missing unit in duration \"10\""),
            ("3x", "time: unknown unit \"x\" in duration \"3x\""),
            ("abc", "time: invalid duration \"abc\""),
            ("99999999999h", "time: invalid duration \"99999999999h\""),
        ] {
            assert_eq!(parse(text), Err(String::from(error)));
        }
    }

    #[test]
    fn ages_read_as_in_kubectls_tables() {
        for (seconds, age, short) in [
            (-5, "<invalid>", "<invalid>"),
            (0, "0s", "0s"),
            (119, "119s", "1m"),
            (120, "2m", "2m"),
            (312, "5m12s", "5m"),
            (600, "10m", "10m"),
            (10_800, "3h", "3h"),
            (12_000, "3h20m", "3h"),
            (28_800, "8h", "8h"),
            (172_800, "2d", "2d"),
            (270_000, "3d3h", "3d"),
            (777_600, "9d", "9d"),
            (94_608_000, "3y", "3y"),
        ] {
            assert_eq!((human(seconds).as_str(), short_human(seconds).as_str()), (age, short), "{seconds}");
        }
    }
}
