//! What the scheduler decided: the last decision about each pod, with what every plugin said of every node.

use crate::api::object::Key;
use crate::cluster::Cluster;
use crate::collections::Order;
use crate::scheduler::decision::{Decision, Verdict};
use crate::scheduler::framework::SCORERS;
use serde::Serialize;

/// How many decisions are listed: the newest.
const LISTED: usize = 200;

/// Decisions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scheduling {
    /// The plugins that score, with their weights.
    pub plugins: Vec<(&'static str, i64)>,
    /// Newest first.
    pub decisions: Vec<Decided>,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decided {
    /// `pods/default/web`.
    pub key: String,
    /// When.
    pub at: f64,
    /// The node picked; empty if none would do.
    pub node: String,
    /// The message of `FailedScheduling`.
    pub message: String,
    /// What was found about each node; only for a single pod.
    pub nodes: Vec<NodeVerdict>,
}

/// What was found about a node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeVerdict {
    /// The node.
    pub node: String,
    /// The filter that turned it down; empty if it passed.
    pub plugin: &'static str,
    /// Why.
    pub reasons: Vec<String>,
    /// Its scores, normalised, before weighting; empty if there was no choice.
    pub scores: Vec<i64>,
    /// Their weighted sum.
    pub total: Option<i64>,
}

/// The newest decisions, or (with verdicts) that about the pod of a path.
pub fn scheduling(cluster: &Cluster, path: &str) -> Scheduling {
    let plugins = SCORERS.iter().map(|(plugin, weight)| (plugin.name(), *weight)).collect();
    let decisions = if path.is_empty() {
        let mut all: Vec<Decided> = cluster.scheduler.decisions().map(|(k, d)| decided(k, d)).collect();
        all.order_by(|a, b| b.at.total_cmp(&a.at));
        all.truncate(LISTED);
        all
    } else {
        let key = super::key_of(path);
        let found = key.and_then(|k| cluster.scheduler.last_decision(&k).map(|d| (k, d)));
        let whole = |(key, d): (Key, &Decision)| Decided {
            nodes: d.verdicts.iter().map(verdict).collect(),
            ..decided(&key, d)
        };
        found.map(whole).into_iter().collect()
    };
    Scheduling { plugins, decisions }
}

fn decided(key: &Key, decision: &Decision) -> Decided {
    Decided {
        key: key.path(),
        at: decision.at.0 as f64,
        node: decision.node.as_ref().map(ToString::to_string).unwrap_or_default(),
        message: decision.message.to_string(),
        nodes: Vec::new(),
    }
}

fn verdict(verdict: &Verdict) -> NodeVerdict {
    let rejection = verdict.rejection.as_ref();
    NodeVerdict {
        node: verdict.node.to_string(),
        plugin: rejection.map_or("", |r| r.plugin.name()),
        reasons: rejection.map(|r| r.reasons.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        scores: verdict.scores.map(|s| s.to_vec()).unwrap_or_default(),
        total: verdict.total(),
    }
}
