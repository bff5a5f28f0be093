//! Cron schedules, as github.com/robfig/cron/v3 reads standard ones.

/// Checks a schedule.
///
/// # Errors
/// In the words of robfig/cron.
pub(super) fn check(schedule: &str) -> Result<(), String> {
    if schedule.contains("TZ") {
        return Err(String::from("cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
    }
    if schedule.starts_with('@') {
        return match schedule {
            "@yearly" | "@annually" | "@monthly" | "@weekly" | "@daily" | "@midnight" | "@hourly" => Ok(()),
            _ => match schedule.strip_prefix("@every ") {
                Some(d) => crate::api::duration::parse(d)
                    .map(drop)
                    .map_err(|e| format!("failed to parse duration {schedule}: {e}")),
                None => Err(format!("unrecognized descriptor: {schedule}")),
            },
        };
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != 5 {
        return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
    }
    const MONTHS: &[&str] =
        &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let bounds = [(0, 59, NONE, 0), (0, 23, NONE, 0), (1, 31, NONE, 0), (1, 12, MONTHS, 1), (0, 6, DAYS, 0)];
    for (field, (min, max, names, first)) in fields.iter().zip(bounds) {
        for range in field.split(',').filter(|r| !r.is_empty()) {
            check_range(range, min, max, &|word| number(word, names, first))?;
        }
    }
    Ok(())
}

const NONE: &[&str] = &[];

/// `*`, `N`, `N-M`, each with an optional `/STEP`.
fn check_range(
    expr: &str,
    min: u32,
    max: u32,
    number: &dyn Fn(&str) -> Result<u32, String>,
) -> Result<(), String> {
    let range_and_step: Vec<&str> = expr.split('/').collect();
    let ends: Vec<&str> = range_and_step[0].split('-').collect();
    let (start, mut end) = if matches!(ends[0], "*" | "?") {
        (min, max)
    } else {
        let start = number(ends[0])?;
        match ends.as_slice() {
            [_] => (start, start),
            [_, end] => (start, number(end)?),
            _ => return Err(format!("too many hyphens: {expr}")),
        }
    };
    match range_and_step.as_slice() {
        [_] => {}
        [_, step] => {
            if number(step)? == 0 {
                return Err(format!("step of range should be a positive number: {expr}"));
            }
            if ends.len() == 1 {
                end = max;
            }
        }
        _ => return Err(format!("too many slashes: {expr}")),
    }
    if start < min {
        return Err(format!("beginning of range ({start}) below minimum ({min}): {expr}"));
    }
    if end > max {
        return Err(format!("end of range ({end}) above maximum ({max}): {expr}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {expr}"));
    }
    Ok(())
}

fn number(word: &str, names: &[&str], first: u32) -> Result<u32, String> {
    if let Some(i) = names.iter().position(|n| *n == word.to_lowercase()) {
        return Ok(first + i as u32);
    }
    match word.parse::<i64>() {
        Ok(n) if n < 0 => Err(format!("negative number ({n}) not allowed: {word}")),
        Ok(n) => Ok(u32::try_from(n).unwrap_or(u32::MAX)),
        Err(_) => {
            let quoted = crate::api::text::go_quote(word);
            Err(format!("failed to parse int from {word}: strconv.Atoi: parsing {quoted}: invalid syntax"))
        }
    }
}

/// Whether a name has the form of one in the time zone database: a known area and a place.
pub(super) fn is_time_zone(zone: &str) -> bool {
    const AREAS: &[&str] = &[
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
        "Etc",
    ];
    match zone.split_once('/') {
        Some((area, place)) => AREAS.contains(&area) && place.starts_with(|c: char| c.is_ascii_uppercase()),
        None => matches!(
            zone,
            "UTC"
                | "GMT"
                | "CET"
                | "EET"
                | "WET"
                | "MET"
                | "EST"
                | "MST"
                | "HST"
                | "Japan"
                | "Singapore"
                | "PRC"
                | "ROK"
                | "Israel"
                | "Turkey"
                | "Egypt"
                | "Iran"
                | "Hongkong"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_judged_in_robfigs_words() {
        for (schedule, error) in [
            ("*/5 * * * *", ""),
            ("0 22 * * 1-5", ""),
            ("0 0 1 JAN sun", ""),
            ("@hourly", ""),
            ("bad", "expected exactly 5 fields, found 1: [bad]"),
            ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("61 * * * *", "end of range (61) above maximum (59): 61"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"),
            ("@often", "unrecognized descriptor: @often"),
        ] {
            assert_eq!(check(schedule).err().unwrap_or_default(), error, "{schedule}");
        }
        assert!(is_time_zone("Europe/Berlin") && !is_time_zone("Mars/Base"));
    }
}
