//! Events expire an hour after they were written last.
//!
//! In a real cluster etcd does it: the API server puts a lease of that length on each Event that it writes
//! (`kube-apiserver --event-ttl`). The store here has no clock of its own, so a work queue stands for the leases.

use super::work::Cx;
use super::{Which, pods, rules};
use crate::api::request::WatchKind;
use crate::api::{Kind, Object};
use crate::apiserver::{Change, DeleteOptions};
use crate::time::{Span, Time};

const WHICH: Which = Which::Expiry;
/// The default of `--event-ttl`.
const TTL: Span = Span::secs(3_600);

/// An Event was written: it has an hour.
pub fn changed(change: &Change, cx: &mut Cx<'_>) {
    if change.new.kind == Kind::EVENT && change.kind != WatchKind::Deleted {
        cx.enqueue_after(WHICH, &change.new.key(), TTL);
    }
}

/// Deletes an Event whose time is over; one that was counted up meanwhile has a new hour.
pub fn sync(event: &Object, cx: &mut Cx<'_>) {
    let due = written(event, cx) + TTL;
    if due > cx.api.now {
        let left = due.since(cx.api.now);
        return cx.enqueue_after(WHICH, &event.key(), left);
    }
    cx.api.rule(rules::EVENT_TTL, &event.key().path(), Vec::new());
    // It may have been deleted with its namespace.
    let _ = cx.api.delete(&event.key(), &DeleteOptions::default());
}

/// When an Event was written last, as it says itself.
fn written(event: &Object, cx: &Cx<'_>) -> Time {
    let stamps = ["lastTimestamp", "eventTime", "series.lastObservedTime", "metadata.creationTimestamp"];
    let told = stamps.iter().map(|path| event.at(path)).filter(|stamp| !stamp.is_empty());
    told.map(|stamp| pods::time(stamp, cx.api)).max().unwrap_or(Time::ZERO)
}
