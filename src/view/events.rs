//! The event log: every Event object once, at the instant of its last occurrence.

use super::{changes, path_of};
use crate::api::request::WatchKind;
use crate::api::{Kind, Object};
use crate::apiserver::ApiServer;
use crate::collections::{BTreeSet, Order};
use crate::kubectl::print::columns;
use crate::time::Time;
use serde::Serialize;

/// How many events are shown: the newest.
const SHOWN: usize = 1_000;

/// An event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventLine {
    /// Its own key.
    pub key: String,
    /// When it came last.
    pub at: f64,
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `Started`.
    pub reason: String,
    /// `pod/web`.
    pub object: String,
    /// `pods/default/web`, if that kind is known.
    pub target: String,
    /// The sentence.
    pub message: String,
    /// How often it has come.
    pub count: i64,
    /// `kubelet, worker01`.
    pub from: String,
}

/// The event log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Events {
    /// Oldest first.
    pub events: Vec<EventLine>,
}

/// The newest events, oldest first.
pub fn events(api: &ApiServer) -> Events {
    let mut list = newest(api);
    list.order_by(|(at, a), (bt, b)| (at, a.uid()).cmp(&(bt, b.uid())));
    list.drain(..list.len().saturating_sub(SHOWN));
    Events { events: list.into_iter().map(|(at, o)| line(at, o)).collect() }
}

/// The last states of the events that came last and still exist: as many as are shown, and those of the same
/// instant. The log is read from its end, so that this costs what is shown.
fn newest(api: &ApiServer) -> Vec<(Time, &Object)> {
    let mut seen = BTreeSet::new();
    let mut list: Vec<(Time, &Object)> = Vec::new();
    for change in changes(api).rev().filter(|c| c.new.kind == Kind::EVENT) {
        if list.len() >= SHOWN && list.last().is_some_and(|(at, _)| *at > change.at) {
            break;
        }
        let new = seen.insert(change.new.at("metadata.uid").text());
        if new && change.kind != WatchKind::Deleted {
            list.push((change.at, &change.new));
        }
    }
    list
}

fn line(at: Time, o: &Object) -> EventLine {
    let about = &o["involvedObject"];
    let target = Kind::of(about["apiVersion"].str(), about["kind"].str()).map(|kind| {
        let (namespace, name) = (about["namespace"].str(), about["name"].str());
        if kind.info().namespaced && !namespace.is_empty() {
            format!("{}/{namespace}/{name}", kind.info().plural)
        } else {
            format!("{}/{name}", kind.info().plural)
        }
    });
    EventLine {
        key: path_of(o),
        at: at.0 as f64,
        kind: o["type"].str().to_string(),
        reason: o["reason"].str().to_string(),
        object: columns::event_object(o),
        target: target.unwrap_or_default(),
        message: o["message"].str().to_string(),
        count: columns::event_count(o),
        from: columns::event_source(o),
    }
}
