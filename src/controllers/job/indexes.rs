//! Sets of completion indexes, written as `0,2-4` in status fields and success policies.

use crate::collections::BTreeSet;

/// Largest number of completions of an Indexed Job that is worked on (upstream validation: 100,000).
const LIMIT: i64 = 100_000;

/// Reads `0,2-4`; what is no number is left out.
pub fn parse(text: &str) -> BTreeSet<i64> {
    let mut set = BTreeSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.trim().parse::<i64>(), last.trim().parse::<i64>()) {
            set.extend(first.max(0)..=last.min(LIMIT));
        }
    }
    set
}

/// Writes a set with runs of three or more (as upstream, two neighbours are written apart) as ranges.
pub fn write(set: &BTreeSet<i64>) -> String {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for n in set {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *n => *last = *n,
            _ => runs.push((*n, *n)),
        }
    }
    let text = |(first, last): &(i64, i64)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    };
    runs.iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_sets_are_written_as_upstream_does() {
        for text in ["", "0", "0,1", "0-2", "1,3,5,7,9", "0,2-4,9"] {
            assert_eq!(write(&parse(text)), text);
        }
    }
}
