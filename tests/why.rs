//! Every event and every status change of all recordings, replayed, has a chain of causes that ends in a
//! command, a manifest, a rule, a fault or the beginning of the scenario, in sentences without gaps.

use podlab::api::Kind;
use podlab::api::request::WatchKind;
use podlab::cluster::Cluster;
use podlab::kubectl::print::pod;
use podlab::scenario::{Player, lesson, recording};
use podlab::time::Time;
use podlab::why::{Language, Link, chain, words};
use std::fs;
use std::path::{Path, PathBuf};

fn recordings() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let all = fs::read_dir(dir).expect("the recordings").map(|e| e.expect("an entry").path());
    let mut all: Vec<PathBuf> = all.filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
    all.sort();
    all
}

/// What is wrong with a chain, if anything is.
fn complaint(links: &[Link]) -> Option<String> {
    let Some(last) = links.last() else { return Some("it is empty".into()) };
    if !last.is_root() {
        return Some(format!("it ends in {}", last.key));
    }
    for link in links {
        if !words::has(&link.key) && !link.key.starts_with("write.") {
            return Some(format!("{} has no sentence", link.key));
        }
        for language in [Language::English, Language::Chinese] {
            let said = link.sentence(language);
            let gaps = ["unknown", "{", "()", "（）", " , ", "  ", ": :"];
            // A message of a probe or image may hold anything.
            let own = link.values.iter().any(|(_, v)| gaps.iter().any(|g| v.contains(g)));
            if !own && (said.is_empty() || gaps.iter().any(|g| said.contains(g))) {
                return Some(format!("\"{said}\" has a gap"));
            }
        }
    }
    None
}

fn check(name: &str, cluster: &Cluster, wrong: &mut Vec<String>) -> usize {
    let mut looked = 0;
    for change in cluster.changes().filter(|c| c.at > Time::ZERO) {
        let told = match change.new.kind {
            Kind::EVENT => true,
            Kind::POD => {
                let new = pod::line(&change.new);
                change.kind == WatchKind::Deleted
                    || change.old.as_ref().is_none_or(|o| {
                        let old = pod::line(o);
                        (old.status, old.ready, old.restarts) != (new.status, new.ready, new.restarts)
                    })
            }
            _ => true,
        };
        if !told {
            continue;
        }
        looked += 1;
        let links = chain::chain(&cluster.api, change.cause);
        let begun = links.last().is_some_and(|l| matches!(l.key.as_str(), "command" | "fault"));
        let person = matches!(change.new.kind, Kind::EVENT | Kind::POD) && !begun;
        if let Some(why) = complaint(&links).or_else(|| person.then(|| "nobody began it".into())) {
            let keys: Vec<&str> = links.iter().map(|l| l.key.as_str()).collect();
            let about = match change.new.kind {
                Kind::EVENT => {
                    format!("{} {}", change.new["reason"].str(), change.new.at("involvedObject.name").str())
                }
                _ => format!("{} by {}", change.new.key().path(), change.actor),
            };
            wrong.push(format!("{name} {:?} {about}: {why}: {keys:?}", change.at));
        }
    }
    looked
}

#[test]
fn every_change_of_all_recordings_is_explained() {
    let (mut wrong, mut looked) = (Vec::new(), 0);
    for path in recordings() {
        let text = fs::read_to_string(&path).expect("a recording");
        let cluster = recording::cluster_after(&text).expect("a recording");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        looked += check(&name, &cluster, &mut wrong);
    }
    assert!(looked > 3_000, "only {looked} changes looked at");
    wrong.truncate(60);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_change_of_all_lessons_is_explained() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/lessons");
    let (mut wrong, mut looked) = (Vec::new(), 0);
    for entry in fs::read_dir(dir).expect("the lessons") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a lesson");
        let lesson = lesson::read(&text).expect("valid");
        let mut player = Player::new(lesson.scenario_for("")).expect("valid");
        for act in lesson.steps.iter().flat_map(|s| &s.solution) {
            act.perform(&mut player).expect("the solution can be played");
        }
        looked += check(&lesson.id, player.cluster(), &mut wrong);
    }
    assert!(looked > 1_000, "only {looked} changes looked at");
    wrong.truncate(60);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_its_sentence() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut looked = 0;
    for module in ["kubelet", "controllers", "scheduler"] {
        let text = fs::read_to_string(src.join(module).join("rules.rs")).expect("the rules");
        for line in text.lines().filter(|l| l.starts_with("pub const ")) {
            let name = line.split('"').nth(1).expect("a name in quotes");
            assert!(words::has(name), "{module}: {name} has no sentence");
            assert!(words::doc(name).is_some(), "{module}: {name} names no page of the documentation");
            looked += 1;
        }
    }
    assert!(looked > 40, "{looked} rules");
}
