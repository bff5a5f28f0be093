//! Replacing what matches, for `sed` and for awk's `sub` and `gsub`.

use crate::shell::util::regex::{Match, Regex};

/// The text of a replacement for one match.
fn replacement(with: &str, chars: &[char], found: &Match, cases: bool, out: &mut String) {
    // `\U` and `\L` count up to `\E`, `\u` and `\l` for the next character.
    let (mut run, mut once): (Option<char>, Option<char>) = (None, None);
    let put = |out: &mut String, text: &str, run: Option<char>, once: &mut Option<char>| {
        for c in text.chars() {
            match once.take().or(run) {
                Some('U' | 'u') => out.extend(c.to_uppercase()),
                Some(_) => out.extend(c.to_lowercase()),
                None => out.push(c),
            }
        }
    };
    let group = |n: usize| {
        found
            .groups
            .get(n)
            .copied()
            .flatten()
            .map(|(a, b)| chars[a..b].iter().collect::<String>())
            .unwrap_or_default()
    };
    let mut it = with.chars();
    while let Some(c) = it.next() {
        match c {
            '&' => put(out, &group(0), run, &mut once),
            '\\' => match it.next() {
                Some(d) if d.is_ascii_digit() => put(out, &group(d as usize - '0' as usize), run, &mut once),
                Some('n') => put(out, "\n", run, &mut once),
                Some('t') => put(out, "\t", run, &mut once),
                Some(mark @ ('U' | 'L')) if cases => run = Some(mark),
                Some(mark @ ('u' | 'l')) if cases => once = Some(mark),
                Some('E') if cases => run = None,
                Some(other) => put(out, &other.to_string(), run, &mut once),
                None => {}
            },
            c => put(out, &c.to_string(), run, &mut once),
        }
    }
}

/// Replaces matches; `None` if there are none. `cases`: whether `\U` and the like are known, as to GNU's sed.
pub fn substitute(
    regex: &Regex,
    text: &str,
    with: &str,
    global: bool,
    nth: usize,
    cases: bool,
) -> Option<(String, usize)> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let (mut at, mut count, mut done) = (0, 0, 0);
    while let Some(found) = regex.find(&chars, at) {
        let (a, b) = found.whole();
        out.extend(&chars[at..a]);
        count += 1;
        if count >= nth && (global || done == 0) {
            replacement(with, &chars, &found, cases, &mut out);
            done += 1;
        } else {
            out.extend(&chars[a..b]);
        }
        at = b;
        if a == b {
            out.extend(chars.get(b));
            at = b + 1;
        }
        if at > chars.len() || done > 0 && !global {
            break;
        }
    }
    out.extend(chars.get(at..).unwrap_or(&[]));
    (done > 0).then_some((out, done))
}
