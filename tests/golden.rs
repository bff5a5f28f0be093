//! Replays the recordings of a real cluster and compares, so that what was true once stays true.
//!
//! `tests/golden/floors.txt` says for each recording how many of its steps, status changes and events must
//! equal the real ones after masking what no two runs share (ids, addresses, times, random suffixes).
//! `PODLAB_SHOW=NAME cargo test golden` prints the differences of a recording.

use podlab::api::{Value, json};
use podlab::scenario::recording;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

fn dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Folds numbers, ids, random suffixes and padding.
fn mask(text: &str) -> String {
    let mut out = String::new();
    for line in text.replace('\r', "").lines() {
        let words: Vec<String> = line.split_whitespace().map(mask_word).collect();
        out += &words.join(" ");
        out.push('\n');
    }
    out.trim().to_string()
}

fn mask_word(word: &str) -> String {
    let word =
        ["worker01", "worker02", "worker03"].iter().fold(word.to_string(), |w, n| w.replace(n, "NODE"));
    let mut parts = Vec::new();
    for (i, part) in word.split('-').enumerate() {
        let core = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let random = i > 0
            && (core.len() == 5 || (7..=10).contains(&core.len()))
            && core.bytes().all(|b| b"bcdfghjklmnpqrstvwxz0123456789".contains(&b));
        parts.push(if random { format!("RANDOM{}", &part[core.len()..]) } else { part.to_string() });
    }
    let word = parts.join("-");
    let mut out = String::new();
    let mut rest = word.as_str();
    while let Some(c) = rest.chars().next() {
        let hex = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if hex >= 8 {
            out.push('#');
            rest = &rest[hex..];
        } else if c.is_ascii_digit() {
            let n = rest.bytes().take_while(u8::is_ascii_digit).count();
            if !out.ends_with('#') {
                out.push('#');
            }
            rest = &rest[n..];
        } else {
            let after_number = out.ends_with('#') && matches!(c, 'd' | 'h' | 'm' | 's' | '.' | ':');
            if !after_number {
                out.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

#[derive(Debug, PartialEq, Clone, Copy)]
struct Score {
    steps: (usize, usize),
    changes: (usize, usize),
    events: (usize, usize),
}

fn scored(step: &Value) -> bool {
    let flags = ["timed_out", "until_timed_out", "unstable", "unscored"];
    step["cmd"].is_some() && flags.iter().all(|f| !step[*f].is_true())
}

fn score(real: &Value, ours: &Value, differences: &mut String) -> Score {
    let mut steps = (0, 0);
    for (a, b) in real["steps"].items().iter().zip(ours["steps"].items()).filter(|(a, _)| scored(a)) {
        steps.1 += 1;
        let seen = |s: &Value| (mask(s["stdout"].str()), mask(s["stderr"].str()), s["rc"].clone());
        let (want, have) = (seen(a), seen(b));
        let same = if a["background"].is_true() { want.0 == have.0 } else { want == have };
        if same {
            steps.0 += 1;
        } else {
            let _ = writeln!(
                differences,
                "### {} {}\n--- real\n{}{}\n--- ours\n{}{}",
                a["t"].int_or(0),
                a["cmd"].str(),
                a["stdout"].str(),
                a["stderr"].str(),
                b["stdout"].str(),
                b["stderr"].str()
            );
        }
    }
    let words = |r: &Value| -> Vec<String> {
        let line = |p: &Value| {
            let name = mask(p["pod"].str());
            p["changes"].items().iter().map(|c| format!("{name}: {}", c[1].str())).collect::<Vec<_>>()
        };
        r["timeline"].items().iter().flat_map(line).collect()
    };
    let events = |r: &Value| -> Vec<String> {
        let row = |e: &Value| {
            format!(
                "{} {} {} {}",
                mask(e["pod"].str()),
                e["type"].str(),
                e["reason"].str(),
                mask(e["message"].str())
            )
        };
        r["events"].items().iter().map(row).collect()
    };
    Score { steps, changes: common(words(real), words(ours)), events: common(events(real), events(ours)) }
}

/// How many of `want` occur in `have`.
fn common(want: Vec<String>, mut have: Vec<String>) -> (usize, usize) {
    let total = want.len();
    let hits =
        want.into_iter().filter(|w| have.iter().position(|h| h == w).map(|i| have.swap_remove(i)).is_some());
    (hits.count(), total)
}

fn floors() -> Vec<(String, Score)> {
    let text = fs::read_to_string(dir().join("floors.txt")).expect("floors.txt");
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        let name = words.next()?.to_string();
        let mut pair = || {
            let (a, b) = words.next()?.split_once('/')?;
            Some((a.parse().ok()?, b.parse().ok()?))
        };
        Some((name, Score { steps: pair()?, changes: pair()?, events: pair()? }))
    };
    text.lines().filter(|l| !l.starts_with('#')).filter_map(row).collect()
}

/// Runs on a thread with a stack of its own; each recording is independent.
#[test]
fn recordings_of_the_real_cluster_replay_as_they_went() {
    let floors = floors();
    assert!(!floors.is_empty(), "floors.txt names no recording");
    let show = std::env::var("PODLAB_SHOW").unwrap_or_default();
    let mut wrong = Vec::new();
    let mut table = String::new();
    for (name, floor) in &floors {
        let text = fs::read_to_string(dir().join(format!("{name}.json"))).expect("a recording");
        let real = json::parse(&text).expect("JSON");
        let ours = recording::replay(&text).expect("a recording");
        let mut differences = String::new();
        let got = score(&real, &ours, &mut differences);
        let row = |s: &Score| {
            format!(
                "{}/{} {}/{} {}/{}",
                s.steps.0, s.steps.1, s.changes.0, s.changes.1, s.events.0, s.events.1
            )
        };
        let _ = writeln!(table, "{name} {}", row(&got));
        if show == *name {
            println!("{differences}");
        }
        if got.steps.0 < floor.steps.0 || got.changes.0 < floor.changes.0 || got.events.0 < floor.events.0 {
            wrong.push(format!("{name}: {} is less than the floor {}", row(&got), row(floor)));
        }
    }
    println!("{table}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
