//! Replays the recordings of a real cluster and compares, so that what was true once stays true.
//!
//! `tests/golden/floors.txt` says for each recording how many of its steps, status changes and events must be
//! reproduced (see `score`). `PODLAB_SHOW=NAME cargo test golden` prints the differences of a recording;
//! `PODLAB_BLESS=1` writes the figures of now into the file, to be read in the diff.

use crate::score::{Score, Scorer, Share};
use podlab::api::json;
use podlab::scenario::recording;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

fn dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
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

fn row(name: &str, s: &Score) -> String {
    let share = |(a, b): Share| format!("{a}/{b}");
    format!("{name} {} {} {}", share(s.steps), share(s.changes), share(s.events))
}

#[test]
fn recordings_of_the_real_cluster_replay_as_they_went() {
    let floors = floors();
    assert!(!floors.is_empty(), "floors.txt names no recording");
    let (show, scorer) = (std::env::var("PODLAB_SHOW").unwrap_or_default(), Scorer::new());
    let (mut wrong, mut table) = (Vec::new(), String::new());
    for (name, floor) in &floors {
        let text = fs::read_to_string(dir().join(format!("{name}.json"))).expect("a recording");
        let real = json::parse(&text).expect("JSON");
        let ours = recording::replay(&text).expect("a recording");
        let mut differences = String::new();
        let got = scorer.score(&real, &ours, &mut differences);
        let _ = writeln!(table, "{}", row(name, &got));
        if show == *name {
            println!("{differences}");
        }
        if got.steps.0 < floor.steps.0 || got.changes.0 < floor.changes.0 || got.events.0 < floor.events.0 {
            wrong.push(format!("{} is less than the floor {}", row(name, &got), row("", floor)));
        }
    }
    println!("{table}");
    if std::env::var("PODLAB_BLESS").is_ok() {
        let head = "# recording, and what is reproduced of the real cluster: steps, status changes, events\n";
        fs::write(dir().join("floors.txt"), head.to_string() + &table).expect("floors.txt");
        return;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
