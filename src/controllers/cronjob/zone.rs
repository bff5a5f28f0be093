//! Time zones of schedules: the common ones, by the rules that are in force today (IANA time zone database).

use crate::time::civil;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// When clocks are an hour ahead.
#[derive(Clone, Copy, PartialEq)]
enum Summer {
    Never,
    /// Last Sunday of March to last Sunday of October, at 01:00 UTC.
    Europe,
    /// Second Sunday of March to first Sunday of November, at 02:00 by the clock.
    America,
    /// First Sunday of October to first Sunday of April, at 02:00 standard time.
    Australia,
}

/// Zones with one offset: minutes east of UTC, summer time, names.
const ZONES: &[(i64, Summer, &str)] = &[
    (0, Summer::Never, "UTC Etc/UTC Etc/GMT GMT Africa/Abidjan Africa/Accra Africa/Dakar Atlantic/Reykjavik"),
    (0, Summer::Europe, "Europe/London Europe/Dublin Europe/Lisbon Atlantic/Canary WET"),
    (60, Summer::Never, "Africa/Lagos Africa/Algiers Africa/Tunis"),
    (
        60,
        Summer::Europe,
        "CET Europe/Amsterdam Europe/Belgrade Europe/Berlin Europe/Brussels Europe/Budapest Europe/Copenhagen \
         Europe/Luxembourg Europe/Madrid Europe/Oslo Europe/Paris Europe/Prague Europe/Rome Europe/Stockholm \
         Europe/Vienna Europe/Warsaw Europe/Zagreb Europe/Zurich",
    ),
    (120, Summer::Never, "Africa/Johannesburg Africa/Maputo Africa/Tripoli Europe/Kaliningrad"),
    (
        120,
        Summer::Europe,
        "EET Europe/Athens Europe/Bucharest Europe/Helsinki Europe/Kiev Europe/Kyiv Europe/Riga Europe/Sofia \
         Europe/Tallinn Europe/Vilnius",
    ),
    (
        180,
        Summer::Never,
        "Europe/Moscow Europe/Istanbul Europe/Minsk Asia/Riyadh Asia/Baghdad Africa/Nairobi",
    ),
    (210, Summer::Never, "Asia/Tehran"),
    (240, Summer::Never, "Asia/Dubai Asia/Baku Asia/Tbilisi Asia/Yerevan"),
    (300, Summer::Never, "Asia/Karachi Asia/Tashkent Asia/Yekaterinburg Asia/Almaty"),
    (330, Summer::Never, "Asia/Kolkata Asia/Calcutta Asia/Colombo"),
    (345, Summer::Never, "Asia/Kathmandu"),
    (360, Summer::Never, "Asia/Dhaka"),
    (420, Summer::Never, "Asia/Bangkok Asia/Jakarta Asia/Ho_Chi_Minh Asia/Saigon Asia/Novosibirsk"),
    (
        480,
        Summer::Never,
        "Asia/Shanghai Asia/Chongqing PRC Asia/Hong_Kong Asia/Macau Asia/Taipei Asia/Singapore Asia/Manila \
         Asia/Kuala_Lumpur Australia/Perth",
    ),
    (540, Summer::Never, "Asia/Tokyo Asia/Seoul"),
    (600, Summer::Never, "Australia/Brisbane"),
    (600, Summer::Australia, "Australia/Sydney Australia/Melbourne Australia/Hobart Australia/Canberra"),
    (-180, Summer::Never, "America/Sao_Paulo America/Argentina/Buenos_Aires America/Buenos_Aires"),
    (-240, Summer::America, "America/Halifax"),
    (-300, Summer::Never, "America/Bogota America/Lima EST"),
    (-300, Summer::America, "America/New_York America/Toronto America/Detroit US/Eastern EST5EDT"),
    (-360, Summer::Never, "America/Mexico_City America/Costa_Rica"),
    (-360, Summer::America, "America/Chicago America/Winnipeg US/Central CST6CDT"),
    (-420, Summer::Never, "America/Phoenix MST"),
    (-420, Summer::America, "America/Denver America/Edmonton US/Mountain MST7MDT"),
    (-480, Summer::America, "America/Los_Angeles America/Vancouver US/Pacific PST8PDT"),
    (-540, Summer::America, "America/Anchorage"),
    (-600, Summer::Never, "Pacific/Honolulu HST"),
];

/// A zone that is simulated.
#[derive(Clone, Copy)]
pub struct Zone {
    standard: i64,
    summer: Summer,
}

impl Zone {
    /// The zone of a name; `None` for those that are not simulated. No name is UTC, as on the control plane here.
    pub fn named(name: &str) -> Option<Zone> {
        let name = if name.is_empty() { "UTC" } else { name };
        let found = ZONES.iter().find(|(_, _, names)| names.split_whitespace().any(|n| n == name))?;
        Some(Zone { standard: found.0 * 60, summer: found.1 })
    }

    /// Coordinated universal time.
    pub fn utc() -> Zone {
        Zone { standard: 0, summer: Summer::Never }
    }

    /// How far clocks are ahead of UTC at an instant (seconds since 1970), in seconds.
    pub fn offset(self, at: i64) -> i64 {
        self.standard + if self.is_summer(at) { HOUR } else { 0 }
    }

    fn is_summer(self, at: i64) -> bool {
        let year = civil(at * 1_000_000).year;
        let two = 2 * HOUR - self.standard;
        match self.summer {
            Summer::Never => false,
            Summer::Europe => (sunday(year, 3, -1) + HOUR..sunday(year, 10, -1) + HOUR).contains(&at),
            Summer::America => (sunday(year, 3, 2) + two..sunday(year, 11, 1) + two - HOUR).contains(&at),
            Summer::Australia => !(sunday(year, 4, 1) + two..sunday(year, 10, 1) + two).contains(&at),
        }
    }
}

/// Midnight UTC of a month's n-th Sunday, or with -1 of its last.
fn sunday(year: i64, month: u8, n: i64) -> i64 {
    let first = first_of(year, month);
    let ahead = (7 - i64::from(civil(first * 1_000_000).weekday)) % 7;
    if n > 0 {
        return first + (ahead + 7 * (n - 1)) * DAY;
    }
    // March and October, the months that are asked for, have 31 days.
    first + (ahead + 7 * ((30 - ahead) / 7)) * DAY
}

/// Midnight UTC of a month's first day.
fn first_of(year: i64, month: u8) -> i64 {
    let years = year - 1970;
    let leaps = (year - 1).div_euclid(4) - (year - 1).div_euclid(100) + (year - 1).div_euclid(400) - 477;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][usize::from(month.clamp(1, 12)) - 1];
    (years * 365 + leaps + before + i64::from(leap && month > 2)) * DAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_rfc3339;

    #[test]
    fn clocks_are_ahead_as_the_zones_say() {
        for (zone, at, hours) in [
            ("", "2026-11-23T08:00:00Z", 0.0),
            ("Asia/Shanghai", "2026-11-23T08:00:00Z", 8.0),
            ("Asia/Kolkata", "2026-07-01T00:00:00Z", 5.5),
            ("Europe/Berlin", "2026-11-23T08:00:00Z", 1.0),
            ("Europe/Berlin", "2026-03-29T00:59:59Z", 1.0),
            ("Europe/Berlin", "2026-03-29T01:00:00Z", 2.0),
            ("Europe/Berlin", "2026-10-25T00:59:59Z", 2.0),
            ("Europe/Berlin", "2026-10-25T01:00:00Z", 1.0),
            ("America/New_York", "2026-03-08T06:59:59Z", -5.0),
            ("America/New_York", "2026-03-08T07:00:00Z", -4.0),
            ("America/New_York", "2026-11-01T05:59:59Z", -4.0),
            ("America/New_York", "2026-11-01T06:00:00Z", -5.0),
            ("Australia/Sydney", "2028-04-01T15:59:59Z", 11.0),
            ("Australia/Sydney", "2028-04-01T16:00:00Z", 10.0),
            ("Australia/Sydney", "2028-09-30T16:00:00Z", 11.0),
        ] {
            let at = parse_rfc3339(at).expect("an instant") / 1_000_000;
            let offset = Zone::named(zone).expect("a zone").offset(at) as f64 / HOUR as f64;
            assert!((offset - hours).abs() < 1e-9, "{zone} {at}: {offset}");
        }
        assert!(Zone::named("Antarctica/Troll").is_none());
    }
}
