//! What the page sees: plain serialisable values, and the pure functions that fill them.
//!
//! Every function here reads an [`ApiServer`](crate::apiserver::ApiServer) and gives a value; none keeps
//! anything. Tables come from kubectl's own columns, so that a table and the terminal never disagree.
//! Histories (lanes, flow, why) are read from the change log and the trace, so after a rewind they show
//! exactly what a fresh run would have shown. Instants are microseconds since the scenario's start, as
//! `f64` because that is what JavaScript counts in; they are whole numbers below 2^53.

mod ask;
mod compare;
mod complete;
mod events;
mod flow;
mod goals;
mod health;
mod inside;
mod json;
mod lanes;
mod lesson;
mod lint;
mod map;
mod scheduling;
mod services;
mod table;
mod versions;
mod why;

pub use ask::{Piece, Shown, check, complete, files, output, query, read_file};
pub use compare::{Compared, compare, compared, vary};
pub use events::{EventLine, Events, events};
pub use flow::{Flow, Step, flow};
pub use goals::{Pointed, goals};
pub use health::{Health, health};
pub use inside::{FileLine, Place, ProcessLine, place, processes};
pub use lanes::{Lane, Lanes, Segment, Tick, lanes};
pub use lesson::{ShownMarks, lesson, marks, trial};
pub use lint::{Finding, lint};
pub use map::{Cells, Map, NodeCard, PodTile, map};
pub use scheduling::{Decided, NodeVerdict, Scheduling, scheduling};
pub use services::{Endpoint, EndpointSpan, PodRequests, Requests, ServiceCard, Services, services};
pub use table::{KindCount, Row, Table, Wanted, kinds, table};
pub use versions::{Version, version, versions, written};
pub use why::{Answered, Told, Why, told, why};

use crate::api::object::Key;
use crate::api::{Kind, Object};
use crate::apiserver::{ApiServer, Change};
use crate::cluster::Cluster;
use crate::kubectl::print::pod;
use serde::Serialize;

/// How far back in the change log and the trace the views look.
const HISTORY: u64 = 100_000;

/// Counts for headers, conditions ("run until") and the decision whether anything needs drawing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Pods.
    pub pods: usize,
    /// Pods whose containers are all ready, or that have ended well.
    pub ready: usize,
    /// Restarts of all containers.
    pub restarts: i64,
    /// Warnings, each counted as often as it has come.
    pub warnings: i64,
    /// A number that changes with every write to a pod.
    pub changes: f64,
    /// Nodes.
    pub nodes: usize,
}

/// A view by name as JSON, of an object or a kind where it needs one; `null` where there is none. Views with
/// sentences take a language behind a dot: `why.zh`.
pub fn show(cluster: &Cluster, name: &str, argument: &str) -> String {
    let api = &cluster.api;
    let (name, language) = name.split_once('.').unwrap_or((name, "en"));
    match name {
        "table" => {
            Wanted::read(argument).map_or_else(|| String::from("null"), |w| json::text(&table(api, &w)))
        }
        "kinds" => json::text(&kinds(api)),
        "coverage" => crate::api::json::print(&crate::kubectl::coverage::value()),
        "events" => json::text(&events(api)),
        "lanes" => json::text(&lanes(cluster, argument.strip_prefix("pods/"))),
        "map" => json::text(&map(api, argument)),
        "flow" => json::text(&flow(api, argument, language)),
        "why" => json::text(&why(cluster, argument, language)),
        "services" => json::text(&services(cluster)),
        "scheduling" => json::text(&scheduling(cluster, argument)),
        "health" => json::text(&health(api)),
        "versions" => json::text(&versions(api, argument)),
        "version" => json::text(&version(api, argument)),
        "written" => json::text(&written(api, argument)),
        "processes" => json::text(&processes(cluster, argument)),
        "place" => json::text(&place(cluster, argument)),
        "files" => json::text(&files(cluster)),
        _ => String::from("null"),
    }
}

/// The findings of [`lint`] as JSON.
pub fn lint_json(cluster: &Cluster, text: &str) -> String {
    json::text(&lint(cluster, text))
}

/// Counts what there is.
pub fn totals(api: &ApiServer) -> Totals {
    let mut t = Totals { nodes: api.list(Kind::NODE, None).count(), ..Totals::default() };
    for pod in api.list(Kind::POD, None) {
        let (ready, restarts) = health::plainly_ready(pod).map_or_else(
            || {
                let line = pod::line(pod);
                let ready = (line.total > 0 && line.ready == line.total) || line.status == "Completed";
                (ready, line.restarts)
            },
            |restarts| (true, restarts),
        );
        t.pods += 1;
        t.restarts += restarts;
        t.ready += usize::from(ready);
        t.changes = t.changes.max(pod.resource_version() as f64);
    }
    let warnings = api.list(Kind::EVENT, None).filter(|e| e["type"].str() == "Warning");
    t.warnings = warnings.map(|e| e["count"].int_or(1)).sum();
    t.changes += t.pods as f64 / 1e6;
    t
}

/// The key of a path such as `pods/default/web` or `nodes/worker01`.
pub fn key_of(path: &str) -> Option<Key> {
    let mut parts = path.splitn(3, '/');
    let kind = Kind::of_plural(parts.next()?, None)?;
    let first = parts.next()?;
    Some(match parts.next() {
        Some(name) => Key::new(kind, first, name),
        None => Key::new(kind, "", first),
    })
}

/// The `resourceVersion` of the object of a path; 0 if there is none.
pub fn version_of(api: &ApiServer, path: &str) -> u64 {
    key_of(path).and_then(|k| api.store.get(&k)).map_or(0, Object::resource_version)
}

/// The changes that the views look at, oldest first.
fn changes(api: &ApiServer) -> impl DoubleEndedIterator<Item = &Change> {
    let end = api.store.cursor();
    let start = api.store.oldest().max(end.saturating_sub(HISTORY));
    (start..end).filter_map(|c| api.store.change(c))
}

/// `pods/default/web` of an object.
fn path_of(object: &Object) -> String {
    object.key().path()
}
