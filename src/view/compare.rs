//! Runs side by side, for the page: outcomes, what each pod did in each run, and where the first two part.

use super::json;
use super::why::{Told, told};
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::scenario::compare::{self, Moment, Run};
use crate::scenario::format::{FormatError, Scenario};
use crate::time::{Span, Time};
use crate::why::{Language, chain};
use serde::Serialize;

/// How many pods are listed.
const OBJECTS: usize = 200;
/// How many changes of a pod in one run are listed.
const CHANGES: usize = 60;
/// The characters of generated names.
const RANDOM: &str = "bcdfghjklmnpqrstvwxz2456789";

/// Runs side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// What came of each.
    pub runs: Vec<Outcome>,
    /// What each pod did.
    pub objects: Vec<Row>,
    /// Where the first two part.
    pub parting: Option<Parting>,
    /// How far they were run.
    pub horizon: f64,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// What it is called.
    pub label: String,
    /// When all pods were ready for the first time.
    pub ready_at: Option<f64>,
    /// For how long, from then on, some pod was not.
    pub not_ready: f64,
    /// Pods at the end.
    pub pods: usize,
    /// Those that are ready or have completed.
    pub alive: usize,
    /// Restarts.
    pub restarts: i64,
    /// Containers killed for their memory.
    pub oom_kills: usize,
    /// Warnings.
    pub warnings: i64,
    /// Connections to Services, and requests of traffic.
    pub calls: f64,
    /// Those that failed.
    pub failed: f64,
    /// The event-log hash.
    pub hash: String,
}

/// What a pod did in each run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its name; generated parts are replaced by its place among its like.
    pub object: String,
    /// For each run its changes: when, and the words.
    pub runs: Vec<Vec<(f64, String)>>,
}

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parting {
    /// When.
    pub at: f64,
    /// What each does next.
    pub sides: Vec<Option<Side>>,
}

/// What a run does at a parting, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    /// When.
    pub at: f64,
    /// What about.
    pub object: String,
    /// What.
    pub what: String,
    /// Why, newest first.
    pub chain: Vec<Told>,
}

/// Runs one scenario with several values of one thing.
///
/// # Errors
/// Says what is wrong with the path or a value.
pub fn vary(
    scenario: &Scenario,
    path: &str,
    values: &[String],
    span: f64,
    language: &str,
) -> Result<String, FormatError> {
    let horizon = horizon(scenario, span);
    let runs = compare::vary(scenario, path, values, horizon)?;
    Ok(json::text(&compared(&runs, horizon, Language::of(language))))
}

/// Runs several scenarios.
///
/// # Errors
/// Says which is wrong.
pub fn compare(scenarios: Vec<(String, Scenario)>, span: f64, language: &str) -> Result<String, FormatError> {
    let horizon = scenarios.iter().map(|(_, s)| horizon(s, span)).max().unwrap_or_default();
    let runs = compare::run(scenarios, horizon)?;
    Ok(json::text(&compared(&runs, horizon, Language::of(language))))
}

/// The instant to which runs go: this far from the beginning, or the usual one if the span is 0.
fn horizon(scenario: &Scenario, span: f64) -> Time {
    if span > 0.0 { Time::ZERO + Span(span as u64) } else { compare::usual_horizon(scenario) }
}

/// Runs as the page sees them.
pub fn compared(runs: &[Run], horizon: Time, language: Language) -> Compared {
    let parting = match runs {
        [a, b, ..] => compare::parting(a, b).map(|p| Parting {
            at: p.at.0 as f64,
            sides: vec![side(a, p.left, language), side(b, p.right, language)],
        }),
        _ => None,
    };
    Compared {
        runs: runs.iter().map(outcome).collect(),
        objects: rows(runs),
        parting,
        horizon: horizon.0 as f64,
    }
}

fn side(run: &Run, moment: Option<usize>, language: Language) -> Option<Side> {
    let moment = run.moments.get(moment?)?;
    let cluster = run.player.cluster();
    let links = chain::chain(&cluster.api, moment.cause);
    Some(Side {
        at: moment.at.0 as f64,
        object: moment.object.to_string(),
        what: moment.what.clone(),
        chain: links.iter().map(|l| told(cluster, l, language)).collect(),
    })
}

fn outcome(run: &Run) -> Outcome {
    let o = &run.outcome;
    Outcome {
        label: run.label.clone(),
        ready_at: o.ready_at.map(|t| t.0 as f64),
        not_ready: o.not_ready.0 as f64,
        pods: o.pods,
        alive: o.alive,
        restarts: o.restarts,
        oom_kills: o.oom_kills,
        warnings: o.warnings,
        calls: o.asked() as f64,
        failed: o.failed() as f64,
        hash: o.hash.clone(),
    }
}

fn rows(runs: &[Run]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (n, run) in runs.iter().enumerate() {
        let mut names: BTreeMap<Text, String> = BTreeMap::new();
        let mut like: BTreeMap<String, usize> = BTreeMap::new();
        for moment in run.moments.iter().filter(|m| !m.event) {
            let name = names
                .entry(moment.object.clone())
                .or_insert_with(|| known_as(&moment.object, &mut like))
                .clone();
            let at = match rows.iter().position(|r| r.object == name) {
                Some(at) => at,
                None if rows.len() >= OBJECTS => continue,
                None => {
                    rows.push(Row { object: name, runs: vec![Vec::new(); runs.len()] });
                    rows.len() - 1
                }
            };
            let changes = &mut rows[at].runs[n];
            if changes.len() < CHANGES {
                changes.push(words(moment));
            }
        }
    }
    rows
}

fn words(moment: &Moment) -> (f64, String) {
    (moment.at.0 as f64, moment.what.clone())
}

/// `pods/default/web-5f94d5b9f-zjbjc` as `default/web #1`: what stays the same between runs.
fn known_as(object: &str, like: &mut BTreeMap<String, usize>) -> String {
    let path = object.strip_prefix("pods/").unwrap_or(object);
    let random = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.chars().all(|c| RANDOM.contains(c))
    };
    let Some((base, _)) = path.rsplit_once('-').filter(|(_, last)| random(last, 5..=5)) else {
        return path.to_string();
    };
    let base = base.rsplit_once('-').filter(|(_, hash)| random(hash, 6..=10)).map_or(base, |(base, _)| base);
    let n = like.entry(base.to_string()).or_insert(0);
    *n += 1;
    format!("{base} #{n}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_become_ordinals() {
        let mut like = BTreeMap::new();
        let names = [
            "pods/default/web-5f94d5b9f-zjbjc",
            "pods/default/web-5f94d5b9f-8rm25",
            "pods/default/web",
            "pods/shop/job-zjbjc",
        ];
        let known: Vec<String> = names.iter().map(|n| known_as(n, &mut like)).collect();
        assert_eq!(known, ["default/web #1", "default/web #2", "default/web", "shop/job #1"]);
    }
}
