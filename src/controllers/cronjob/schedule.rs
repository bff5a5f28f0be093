//! Cron schedules: five fields, `@daily` and its like, `@every`.

use crate::api::duration;
use crate::time::civil;

/// How far ahead a time is looked for: five years, as robfig/cron does.
const HORIZON_DAYS: i64 = 5 * 366;
const DAY: i64 = 86_400;
/// Longest text that is read as a schedule.
const MAX_LENGTH: usize = 200;

/// A schedule: bit sets of the values that each field allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// Fields of the calendar.
    Calendar {
        /// Minutes 0–59.
        minutes: u64,
        /// Hours 0–23.
        hours: u64,
        /// Days 1–31.
        days: u64,
        /// Months 1–12.
        months: u64,
        /// Weekdays 0–6, from Sunday.
        weekdays: u64,
        /// Whether days and weekdays both restrict, in which case either may match.
        either: bool,
    },
    /// Every so many seconds.
    Every(i64),
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Schedule {
    /// Reads a schedule; `None` if it is none.
    pub fn parse(text: &str) -> Option<Schedule> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        if let Some(every) = text.strip_prefix("@every ") {
            let seconds = duration::parse(every.trim()).ok()? / 1_000_000_000;
            return (seconds > 0).then_some(Schedule::Every(seconds));
        }
        let text = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else { return None };
        let restricts = |f: &str| !f.starts_with(['*', '?']);
        let mut week = field(weekdays, 0, 7, &WEEKDAYS, 0)?;
        if week & (1 << 7) != 0 {
            week |= 1;
        }
        Some(Schedule::Calendar {
            minutes: field(minutes, 0, 59, &[], 0)?,
            hours: field(hours, 0, 23, &[], 0)?,
            days: field(days, 1, 31, &[], 0)?,
            months: field(months, 1, 12, &MONTHS, 1)?,
            weekdays: week,
            either: restricts(days) && restricts(weekdays),
        })
    }

    /// The first time after `after` (seconds since 1970, shifted to the schedule's time zone).
    pub fn next(&self, after: i64) -> Option<i64> {
        let Schedule::Calendar { minutes, hours, days, months, weekdays, either } = *self else {
            let Schedule::Every(seconds) = *self else { return None };
            return Some(after + seconds);
        };
        let first = after.div_euclid(60) * 60 + 60;
        let start = first.div_euclid(DAY);
        for day in start..start + HORIZON_DAYS {
            let date = civil(day * DAY * 1_000_000);
            let has = |set: u64, n: u8| set & (1 << n) != 0;
            let (by_day, by_week) = (has(days, date.day), has(weekdays, date.weekday));
            let fits = if either { by_day || by_week } else { by_day && by_week };
            if !has(months, date.month) || !fits {
                continue;
            }
            let from = if day == start { first - start * DAY } else { 0 };
            for minute in from.div_euclid(60)..1440 {
                if has(hours, (minute / 60) as u8) && has(minutes, (minute % 60) as u8) {
                    return Some(day * DAY + minute * 60);
                }
            }
        }
        None
    }
}

/// One field: `*`, numbers, names, ranges, steps and lists of these, as a set of bits.
fn field(text: &str, min: u32, max: u32, names: &[&str], base: u32) -> Option<u64> {
    let number = |s: &str| -> Option<u32> {
        let lower = s.to_ascii_lowercase();
        match names.iter().position(|n| *n == lower) {
            Some(i) => Some(i as u32 + base),
            None => s.parse().ok(),
        }
    };
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<u32>().ok().filter(|s| *s > 0)?),
            None => (part, 1),
        };
        let (first, last) = if range == "*" || range == "?" {
            (min, max)
        } else if let Some((a, b)) = range.split_once('-') {
            (number(a)?, number(b)?)
        } else {
            let n = number(range)?;
            (n, if part.contains('/') { max } else { n })
        };
        if first < min || last > max || first > last {
            return None;
        }
        let mut n = first;
        while n <= last {
            set |= 1_u64 << n;
            n = n.saturating_add(step);
        }
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Epoch, Time, parse_rfc3339};

    #[test]
    fn schedules_name_their_next_time() {
        for (schedule, after, next) in [
            ("*/1 * * * *", "2026-11-23T07:50:40Z", "2026-11-23T07:51:00Z"),
            ("*/15 * * * *", "2026-11-23T07:50:40Z", "2026-11-23T08:00:00Z"),
            ("0 0 13 * 5", "2026-11-23T07:50:40Z", "2026-11-27T00:00:00Z"),
            ("@daily", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"),
            ("30 6 1 jan,feb mon-fri", "2026-11-23T07:50:40Z", "2027-01-01T06:30:00Z"),
            ("0 12 29 2 *", "2026-11-23T07:50:40Z", "2028-02-29T12:00:00Z"),
        ] {
            let at = parse_rfc3339(after).expect(after) / 1_000_000;
            let found = Schedule::parse(schedule).expect(schedule).next(at).expect("within five years");
            assert_eq!(Epoch(found * 1_000_000).rfc3339(Time::ZERO), next, "{schedule}");
        }
        for bad in ["", "* * * *", "60 * * * *", "a * * * *", "*/0 * * * *", "@never"] {
            assert_eq!(Schedule::parse(bad), None, "{bad}");
        }
    }
}
