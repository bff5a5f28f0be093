//! `date` and times of day.

use super::ctx::Ctx;
use super::opts;
use crate::time::{civil, parse_rfc3339};

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A wall time by a format of `strftime`, in UTC.
pub fn format(micros: i64, format: &str) -> String {
    let c = civil(micros);
    let (day, month) = (DAYS[usize::from(c.weekday) % 7], MONTHS[usize::from(c.month.max(1) - 1) % 12]);
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(ch) = chars.next() {
        if ch != '%' {
            out.push(ch);
            continue;
        }
        let unpadded = chars.peek() == Some(&'-');
        if unpadded {
            chars.next();
        }
        let mut digits = None;
        while let Some(d) = chars.peek().and_then(|c| c.to_digit(10)) {
            digits = Some(d as usize);
            chars.next();
        }
        let two = |n: i64| if unpadded { n.to_string() } else { format!("{n:02}") };
        let hour12 = if c.hour.is_multiple_of(12) { 12 } else { c.hour % 12 };
        let year_day = (micros.div_euclid(86_400_000_000)) - days_of_year(c.year);
        let nested = |f: &str| self::format(micros, f);
        out.push_str(&match chars.next() {
            Some('Y') => c.year.to_string(),
            Some('y') => two(c.year.rem_euclid(100)),
            Some('U') => two((year_day + 7 - i64::from(c.weekday)) / 7),
            Some('W') => two((year_day + 7 - i64::from((c.weekday + 6) % 7)) / 7),
            Some(w @ ('V' | 'G' | 'g')) => {
                let (year, week) = iso_week(micros);
                match w {
                    'V' => two(week),
                    'G' => year.to_string(),
                    _ => two(year.rem_euclid(100)),
                }
            }
            Some('C') => two(c.year / 100),
            Some('m') => two(c.month.into()),
            Some('d') => two(c.day.into()),
            Some('e') => format!("{:2}", c.day),
            Some('H') => two(c.hour.into()),
            Some('I') => two(hour12.into()),
            Some('k') => format!("{:2}", c.hour),
            Some('l') => format!("{hour12:2}"),
            Some('M') => two(c.minute.into()),
            Some('S') => two(c.second.into()),
            Some('N') => {
                let nanos = format!("{:09}", u64::from(c.micros) * 1_000);
                nanos[..digits.unwrap_or(9).clamp(1, 9)].to_owned()
            }
            Some('s') => micros.div_euclid(1_000_000).to_string(),
            Some('j') => format!("{:03}", year_day + 1),
            Some('a') => day[..3].into(),
            Some('A') => day.into(),
            Some('b' | 'h') => month[..3].into(),
            Some('B') => month.into(),
            Some('p') => if c.hour < 12 { "AM" } else { "PM" }.into(),
            Some('P') => if c.hour < 12 { "am" } else { "pm" }.into(),
            Some('u') => if c.weekday == 0 { 7 } else { c.weekday }.to_string(),
            Some('w') => c.weekday.to_string(),
            Some('Z') => "UTC".into(),
            Some('z') => "+0000".into(),
            Some(':') => {
                chars.next();
                "+00:00".into()
            }
            Some('F') => nested("%Y-%m-%d"),
            Some('T' | 'X') => nested("%H:%M:%S"),
            Some('R') => nested("%H:%M"),
            Some('D' | 'x') => nested("%m/%d/%y"),
            Some('r') => nested("%I:%M:%S %p"),
            Some('c') => nested("%a %b %e %H:%M:%S %Y"),
            Some('n') => "\n".into(),
            Some('t') => "\t".into(),
            Some('%') | None => "%".into(),
            Some(other) => format!("%{other}"),
        });
    }
    out
}

/// The year and week of ISO 8601: the week belongs to the year of its Thursday.
fn iso_week(micros: i64) -> (i64, i64) {
    const DAY: i64 = 86_400_000_000;
    let weekday = i64::from((civil(micros).weekday + 6) % 7);
    let thursday = micros + (3 - weekday) * DAY;
    let year = civil(thursday).year;
    (year, (thursday.div_euclid(DAY) - days_of_year(year)) / 7 + 1)
}

/// Days from 1970 to the first of January.
fn days_of_year(year: i64) -> i64 {
    parse_rfc3339(&format!("{year:04}-01-01T00:00:00Z")).unwrap_or(0).div_euclid(86_400_000_000)
}

/// A time as `-d` takes it: `@SECONDS`, a date, a date with a time of day; microseconds since 1970.
pub fn parse(text: &str, now: i64) -> Option<i64> {
    let text = text.trim();
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds.parse::<f64>().ok().map(|s| (s * 1e6) as i64);
    }
    if text.is_empty() || text == "now" {
        return Some(now);
    }
    if let Some(micros) = parse_rfc3339(text) {
        return Some(micros);
    }
    let iso = text.replacen(' ', "T", 1).replace(" UTC", "Z");
    let iso = iso.trim_end_matches('Z');
    for candidate in [format!("{iso}Z"), format!("{iso}:00Z"), format!("{iso}T00:00:00Z")] {
        if let Some(micros) = parse_rfc3339(&candidate) {
            return Some(micros);
        }
    }
    // A date and, behind it, so much later or earlier.
    let words: Vec<&str> = text.split_whitespace().collect();
    for cut in 1..words.len() {
        let (date, rest) = words.split_at(cut);
        let signed = rest.first().is_some_and(|w| w.starts_with(['+', '-']) || w.parse::<i64>().is_ok());
        if signed
            && let Some(at) = parse(&date.join(" "), now)
            && let Some(moved) = relative(&rest.join(" "), at)
        {
            return Some(moved);
        }
    }
    relative(text, now)
}

fn relative(text: &str, now: i64) -> Option<i64> {
    const DAY: i64 = 86_400;
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["yesterday"] => return Some(now - DAY * 1_000_000),
        ["tomorrow"] => return Some(now + DAY * 1_000_000),
        ["today"] => return Some(now),
        _ => {}
    }
    let (count, rest) = words.split_first()?;
    // `+1day` and `next day` as well.
    let glued = count.find(|c: char| c.is_alphabetic()).filter(|n| *n > 0);
    let (count, rest) = match (glued, *count) {
        (Some(n), _) => (&count[..n], std::iter::once(&count[n..]).chain(rest.iter().copied()).collect()),
        (None, "next") => ("1", rest.to_vec()),
        (None, "last") => ("-1", rest.to_vec()),
        (None, count) => (count, rest.to_vec()),
    };
    let rest: Vec<&str> = rest;
    let count: i64 = count.parse().ok()?;
    let unit = match rest.first()?.trim_end_matches('s') {
        "sec" | "second" => 1,
        "min" | "minute" => 60,
        "hour" => 3_600,
        "day" => DAY,
        "week" => DAY * 7,
        _ => return None,
    };
    let sign = if rest.get(1) == Some(&"ago") { -1 } else { 1 };
    Some(now + sign * count.checked_mul(unit)?.checked_mul(1_000_000)?)
}

/// `date`.
pub fn date(ctx: &mut Ctx) -> i32 {
    let digits = |f: &str| f.len() >= 8 && f.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let o = match opts::parse(
        ctx,
        "uRd:s:r:I::D: utc=u date=d rfc-email=R iso-8601=I set=s reference=r universal=u",
    ) {
        Ok(o) => o,
        Err(status) => return status,
    };
    let now = ctx.sys.wall_micros();
    let mut at = now;
    if let Some(text) = o.get('d') {
        match parse(text, now) {
            Some(micros) => at = micros,
            None => {
                let (open, close) = if ctx.busybox() { ('\'', '\'') } else { ('‘', '’') };
                ctx.fail(&format!("invalid date {open}{text}{close}"));
                return 1;
            }
        }
    }
    if let Some(path) = o.get('r') {
        match ctx.sys.stat(path) {
            Ok(stat) => at = stat.mtime_micros,
            Err(error) => {
                ctx.fail(&format!("{path}: {}", error.text()));
                return 1;
            }
        }
    }
    let set = o.has('s') || o.rest.first().is_some_and(|f| !f.starts_with('+') && digits(f));
    if set && ctx.sys.can(crate::os::program::Cap::SYS_TIME) {
        return ctx.not_simulated("setting the clock");
    }
    if set {
        let verb = if ctx.busybox() { "can't" } else { "cannot" };
        ctx.fail(&format!("{verb} set date: Operation not permitted"));
        return 1;
    }
    let template = match (o.rest.first(), o.get('I')) {
        (Some(f), _) if f.starts_with('+') => f[1..].to_owned(),
        (Some(f), _) => {
            ctx.fail(&format!("invalid date '{f}'"));
            return 1;
        }
        (None, Some(spec)) => match &**spec {
            "" | "date" => "%Y-%m-%d",
            "s" | "seconds" => "%Y-%m-%dT%H:%M:%S+00:00",
            "ns" => "%Y-%m-%dT%H:%M:%S,%N+00:00",
            "m" | "minutes" => "%Y-%m-%dT%H:%M+00:00",
            _ => "%Y-%m-%dT%H+00:00",
        }
        .to_owned(),
        _ if o.has('R') => "%a, %d %b %Y %H:%M:%S %z".to_owned(),
        _ => "%a %b %e %H:%M:%S UTC %Y".to_owned(),
    };
    let line = format(at, &template) + "\n";
    ctx.print(line);
    0
}
