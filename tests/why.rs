//! Every event and every status change of all recordings, replayed, has a chain of causes that ends in a
//! command, a manifest, a rule, a fault or the beginning of the scenario, in sentences without gaps.

use podlab::api::Kind;
use podlab::api::request::WatchKind;
use podlab::cluster::Cluster;
use podlab::kubectl::print::pod;
use podlab::scenario::recording;
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
