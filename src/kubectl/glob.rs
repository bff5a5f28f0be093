//! File patterns in `-f`: Go's `filepath.Glob`, for patterns that the shell did not expand.

use crate::collections::Order as _;
use crate::os::{FileType, Sys};

/// The most paths that one pattern gives.
const MATCH_LIMIT: usize = 10_000;

/// The paths that a pattern stands for, sorted; the error says that the pattern is none.
pub fn expand(sys: &mut dyn Sys, pattern: &str) -> Result<Vec<String>, &'static str> {
    matches(pattern, "").ok_or("syntax error in pattern")?;
    let (root, rest) = match pattern.strip_prefix('/') {
        Some(rest) => ("/", rest),
        None => ("", pattern),
    };
    let mut found = vec![root.to_string()];
    for part in rest.split('/').filter(|p| !p.is_empty()) {
        let mut next = Vec::new();
        for dir in &found {
            let join = |name: &str| match dir.as_str() {
                "" => name.to_string(),
                "/" => format!("/{name}"),
                dir => format!("{dir}/{name}"),
            };
            if !part.contains(['*', '?', '[', '\\']) {
                next.push(join(part));
                continue;
            }
            let place = if dir.is_empty() { "." } else { dir };
            if !sys.stat(place).is_ok_and(|s| s.kind == FileType::Dir) {
                continue;
            }
            let mut names = sys.read_dir(place).unwrap_or_default();
            names.order();
            next.extend(names.iter().filter(|n| matches(part, n) == Some(true)).map(|n| join(n)));
        }
        next.truncate(MATCH_LIMIT);
        found = next;
    }
    found.retain(|p| sys.stat(p).is_ok());
    Ok(found)
}

/// Go's `filepath.Match` within one name; nothing if the pattern is malformed.
fn matches(pattern: &str, name: &str) -> Option<bool> {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // Where the last star stands in both, to fall back to.
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    let mut good = true;
    check(&pattern)?;
    while n < name.len() || p < pattern.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(_) if n >= name.len() => None,
            Some('?') => Some(p + 1),
            Some('[') => class(&pattern, p, name[n]),
            Some('\\') => (pattern.get(p + 1) == Some(&name[n])).then_some(p + 2),
            Some(c) => (*c == name[n]).then_some(p + 1),
            None => None,
        };
        match (step, star) {
            (Some(next), _) => (p, n) = (next, n + 1),
            (None, Some((at, from))) if from < name.len() => {
                star = Some((at, from + 1));
                (p, n) = (at + 1, from + 1);
            }
            _ => {
                good = false;
                break;
            }
        }
    }
    Some(good)
}

/// Whether brackets and backslashes are complete.
fn check(pattern: &[char]) -> Option<()> {
    let mut at = 0;
    while at < pattern.len() {
        match pattern[at] {
            '\\' if at + 1 >= pattern.len() => return None,
            '\\' => at += 1,
            '[' => at += pattern[at..].iter().skip(1).position(|c| *c == ']').filter(|n| *n > 0)? + 1,
            _ => {}
        }
        at += 1;
    }
    Some(())
}

/// The place behind a class at `at` if it holds `c`.
fn class(pattern: &[char], at: usize, c: char) -> Option<usize> {
    let end = at + pattern[at..].iter().position(|c| *c == ']')?;
    let (negated, from) = if pattern[at + 1] == '^' { (true, at + 2) } else { (false, at + 1) };
    let inner = pattern.get(from..end)?;
    let mut held = false;
    let mut i = 0;
    while i < inner.len() {
        if inner.get(i + 1) == Some(&'-') && i + 2 < inner.len() {
            held |= (inner[i]..=inner[i + 2]).contains(&c);
            i += 3;
        } else {
            held |= inner[i] == c;
            i += 1;
        }
    }
    (held != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_go_matches_them() {
        for (pattern, name, wanted) in [
            ("*.yaml", "a.yaml", Some(true)),
            ("*.yaml", "a.yml", Some(false)),
            ("a*b*c", "axxbyyc", Some(true)),
            ("a*b*c", "axxbyy", Some(false)),
            ("?.json", "x.json", Some(true)),
            ("[a-c]1", "b1", Some(true)),
            ("[^a-c]1", "b1", Some(false)),
            ("[", "x", None),
            ("[]", "x", None),
            ("a\\*", "a*", Some(true)),
            ("a\\", "a", None),
            ("", "", Some(true)),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
