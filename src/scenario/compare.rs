//! Running scenarios side by side: what came of each, and where two of them part.
//!
//! Each is run from its beginning to the same horizon. Outcomes are read from the change log. Two runs part at
//! the first status word of a pod, or the first event, that one has and the other has not at that instant.

use super::format::{FormatError, Scenario};
use super::player::Player;
use crate::api::request::WatchKind;
use crate::api::{Kind, Object, Text};
use crate::cluster::Cluster;
use crate::collections::BTreeMap;
use crate::kubectl::print::pod;
use crate::time::{Span, Time};
use crate::trace::Cause;

/// How many scenarios are run in one go.
pub const RUNS: usize = 12;
/// How far a run goes at most.
pub const HORIZON: Span = Span::secs(24 * 3_600);
/// How many status changes and events of a run are compared.
const MOMENTS: usize = 5_000;

/// A run and what came of it.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it is called.
    pub label: String,
    /// The player at the horizon.
    pub player: Player,
    /// What came of it.
    pub outcome: Outcome,
    /// Status changes of pods and events, in order of time.
    pub moments: Vec<Moment>,
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// When all pods were ready (or completed) for the first time.
    pub ready_at: Option<Time>,
    /// For how long, from then on, some pod was not.
    pub not_ready: Span,
    /// Pods at the end.
    pub pods: usize,
    /// Pods at the end that are ready or have completed.
    pub alive: usize,
    /// Restarts of all containers, those of pods that are gone included.
    pub restarts: i64,
    /// Containers killed for their memory.
    pub oom_kills: usize,
    /// Warning events, each counted as often as it came.
    pub warnings: i64,
    /// Connections to Services that were made, and that failed.
    pub calls: (u64, u64),
    /// Requests of traffic that were served, and that failed.
    pub requests: (u64, u64),
    /// The event-log hash.
    pub hash: String,
}

impl Outcome {
    /// Connections to Services and requests of traffic.
    pub fn asked(&self) -> u64 {
        self.calls.0 + self.calls.1 + self.requests.0 + self.requests.1
    }

    /// Those that failed.
    pub fn failed(&self) -> u64 {
        self.calls.1 + self.requests.1
    }
}

/// A status change of a pod, or an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// When.
    pub at: Time,
    /// `pods/default/web`.
    pub object: Text,
    /// `0/1 CrashLoopBackOff 3`, or `BackOff: …`.
    pub what: String,
    /// The write: where its explanation begins.
    pub cause: Cause,
    /// Whether it is an event.
    pub event: bool,
}

/// Where two runs part: what each does next.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    /// When.
    pub at: Time,
    /// What the first run does there, and its place among the run's moments.
    pub left: Option<usize>,
    /// What the second does.
    pub right: Option<usize>,
}

/// Runs scenarios to the same horizon.
///
/// # Errors
/// Says which scenario is wrong, or that there are too many.
pub fn run(scenarios: Vec<(String, Scenario)>, horizon: Time) -> Result<Vec<Run>, FormatError> {
    if scenarios.len() > RUNS {
        return Err(FormatError(format!("at most {RUNS} runs side by side")));
    }
    let horizon = horizon.min(Time::ZERO + HORIZON);
    scenarios.into_iter().map(|(label, scenario)| one(label, scenario, horizon)).collect()
}

/// Runs a scenario once for each value of the thing that a path names.
///
/// # Errors
/// Those of [`Scenario::with`] and [`run`].
pub fn vary(
    scenario: &Scenario,
    path: &str,
    values: &[String],
    horizon: Time,
) -> Result<Vec<Run>, FormatError> {
    let all: Result<Vec<_>, _> = values.iter().map(|v| Ok((v.clone(), scenario.with(path, v)?))).collect();
    run(all?, horizon)
}

/// How far runs of a scenario go where nobody says: two minutes past the last thing that is done.
pub fn usual_horizon(scenario: &Scenario) -> Time {
    let last = scenario.log.last().map_or(0, |e| e.at).max(scenario.position);
    Time(last) + Span::secs(120)
}

fn one(label: String, scenario: Scenario, horizon: Time) -> Result<Run, FormatError> {
    let mut player = Player::new(scenario).map_err(|e| FormatError(format!("{label}: {}", e.0)))?;
    player.seek(horizon);
    let moments = moments(player.cluster());
    let outcome = Outcome { hash: player.hash(), ..outcome(player.cluster()) };
    Ok(Run { label, player, outcome, moments })
}

fn fine(pod: &Object) -> bool {
    pod.condition_true("Ready") || pod.at("status.phase").str() == "Succeeded"
}

fn outcome(cluster: &Cluster) -> Outcome {
    let mut out = Outcome::default();
    let mut pods: BTreeMap<Text, (bool, i64)> = BTreeMap::new();
    let (mut gone_restarts, mut since): (i64, Option<Time>) = (0, None);
    let mut events: BTreeMap<Text, i64> = BTreeMap::new();
    for change in cluster.changes() {
        let uid = change.new.at("metadata.uid").text();
        if change.new.kind == Kind::EVENT {
            if change.new["type"].str() == "Warning" {
                events.insert(uid, change.new["count"].int_or(1));
            }
            continue;
        }
        if change.new.kind != Kind::POD {
            continue;
        }
        if let Some(old) = &change.old {
            out.oom_kills += kills(&change.new).saturating_sub(kills(old));
        }
        let restarts = pod::line(&change.new).restarts;
        if change.kind == WatchKind::Deleted {
            pods.remove(&uid);
            gone_restarts += restarts;
        } else {
            pods.insert(uid, (fine(&change.new), restarts));
        }
        let all = !pods.is_empty() && pods.values().all(|(fine, _)| *fine);
        match (all, since) {
            (true, None) if out.ready_at.is_none() => out.ready_at = Some(change.at),
            (true, Some(from)) => {
                out.not_ready = Span(out.not_ready.0 + change.at.since(from).0);
                since = None;
            }
            (false, None) if out.ready_at.is_some() && !pods.is_empty() => since = Some(change.at),
            _ => {}
        }
    }
    if let Some(from) = since {
        out.not_ready = Span(out.not_ready.0 + cluster.now().since(from).0);
    }
    out.restarts = gone_restarts + pods.values().map(|(_, n)| n).sum::<i64>();
    out.pods = pods.len();
    out.alive = pods.values().filter(|(fine, _)| *fine).count();
    out.warnings = events.values().sum();
    out.calls = cluster.calls();
    for (_, generator) in cluster.traffic().generators() {
        let counts = &generator.tally.counts;
        out.requests = (out.requests.0 + counts.served(), out.requests.1 + counts.failed());
    }
    out
}

/// How many instances of a pod's containers are known to have been killed for their memory.
fn kills(pod: &Object) -> usize {
    let statuses = pod.at("status.containerStatuses").items();
    statuses.iter().filter(|s| s.at("state.terminated.reason").str() == "OOMKilled").count()
}

fn moments(cluster: &Cluster) -> Vec<Moment> {
    let mut found = Vec::new();
    for change in cluster.changes().filter(|c| matches!(c.new.kind, Kind::POD | Kind::EVENT)) {
        if found.len() >= MOMENTS {
            break;
        }
        let o = &change.new;
        let (object, what, event) = match (o.kind, change.kind) {
            (Kind::EVENT, WatchKind::Deleted) => continue,
            (Kind::EVENT, _) => {
                let about = &o["involvedObject"];
                let object = format!("{}/{}", about["kind"].str().to_lowercase(), about["name"].str());
                (Text::from(object), format!("{}: {}", o["reason"].str(), o["message"].str()), true)
            }
            (_, WatchKind::Deleted) => (Text::from(o.key().path()), "deleted".to_string(), false),
            _ => (Text::from(o.key().path()), word(o), false),
        };
        if !event && change.old.as_ref().is_some_and(|old| word(old) == what) {
            continue;
        }
        found.push(Moment { at: change.at, object, what, cause: change.cause, event });
    }
    found
}

fn word(pod: &Object) -> String {
    let line = pod::line(pod);
    format!("{}/{} {} {}", line.ready, line.total, line.status, line.restarts)
}

/// Where two runs part; nothing if they never do.
pub fn parting(a: &Run, b: &Run) -> Option<Parting> {
    let same = |x: &Moment, y: &Moment| (x.at, &x.object, &x.what) == (y.at, &y.object, &y.what);
    let common = a.moments.iter().zip(&b.moments).take_while(|(x, y)| same(x, y)).count();
    let next = |r: &Run| (common < r.moments.len()).then_some(common);
    let (left, right) = (next(a), next(b));
    let at = [left.map(|i| a.moments[i].at), right.map(|i| b.moments[i].at)].into_iter().flatten().min()?;
    Some(Parting { at, left, right })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::format::TrafficSpec;
    use crate::scenario::{Input, LogEntry};

    fn probed() -> Scenario {
        let mut s = Scenario::default();
        let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: c\n    image: busybox:1.28\n    command: [sh, -c, 'touch /tmp/ok; sleep 20; rm /tmp/ok; sleep 600']\n    livenessProbe:\n      exec: {command: [cat, /tmp/ok]}\n      periodSeconds: 5\n      failureThreshold: 3\n";
        s.files.insert("web.yaml".into(), text.into());
        s.log.push(LogEntry { at: 0, input: Input::Open(0) });
        s.log.push(LogEntry { at: 1_000_000, input: Input::Line(0, "kubectl apply -f web.yaml".into()) });
        s
    }

    #[test]
    fn a_field_is_varied_and_the_outcomes_differ_as_they_should() {
        let values: Vec<String> = ["1", "3", "30"].map(String::from).to_vec();
        let path = "web.yaml:spec.containers[0].livenessProbe.failureThreshold";
        let runs = vary(&probed(), path, &values, Time::ZERO + Span::secs(130)).expect("valid");
        let restarts: Vec<i64> = runs.iter().map(|r| r.outcome.restarts).collect();
        assert!(restarts[0] > restarts[1] && restarts[1] > 0 && restarts[2] == 0, "{restarts:?}");
        assert!(runs.iter().all(|r| r.outcome.ready_at == runs[0].outcome.ready_at), "the start is the same");
        let parting = parting(&runs[0], &runs[1]).expect("they part");
        let (left, right) = (
            &runs[0].moments[parting.left.expect("goes on")],
            &runs[1].moments[parting.right.expect("goes on")],
        );
        assert!(left.what.starts_with("Killing: "), "{left:?}");
        assert!(right.what.starts_with("Unhealthy: ") && right.at > left.at, "{right:?}");
    }

    #[test]
    fn a_scenario_does_not_part_from_itself() {
        let runs = run(vec![("a".into(), probed()), ("b".into(), probed())], Time::ZERO + Span::secs(60))
            .expect("valid");
        assert_eq!(parting(&runs[0], &runs[1]), None);
        assert_eq!(runs[0].outcome, runs[1].outcome);
    }

    #[test]
    fn a_pre_stop_hook_that_waits_spares_requests() {
        let mut s = Scenario::default();
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - name: c\n        image: nginx:1.14.2\n        lifecycle: {preStop: {exec: {command: [sh, -c, sleep 0]}}}\n";
        s.files.insert("web.yaml".into(), text.into());
        let lines = [
            "kubectl apply -f web.yaml",
            "kubectl expose deployment web --port=80",
            "kubectl rollout restart deployment web",
        ];
        s.log.push(LogEntry { at: 0, input: Input::Open(0) });
        let typed = lines.iter().zip([1, 6, 20]);
        s.log
            .extend(typed.map(|(l, at)| LogEntry { at: at * 1_000_000, input: Input::Line(0, (*l).into()) }));
        s.log.insert(3, LogEntry { at: 10_000_000, input: Input::Traffic("start web --rate 20".into()) });
        let path = "web.yaml:spec.template.spec.containers[0].lifecycle.preStop.exec.command[2]";
        let values = ["sleep 0", "sleep 3"].map(String::from).to_vec();
        let runs = vary(&s, path, &values, Time::ZERO + Span::secs(60)).expect("valid");
        let failed: Vec<u64> = runs.iter().map(|r| r.outcome.failed()).collect();
        assert!(failed[0] > 3 && failed[1] == 0, "{failed:?}");
        assert!(runs.iter().all(|r| r.outcome.asked() > 990), "the Service was asked all the time");
    }

    #[test]
    fn requests_are_counted_the_same_after_going_back() {
        let mut s = Scenario::default();
        s.setup = vec![
            "kubectl create deployment web --image=nginx:1.14.2 --replicas=2".into(),
            "kubectl expose deployment web --port=80".into(),
            "wait 5s".into(),
        ];
        s.traffic.push(TrafficSpec { service: "web".into(), ..TrafficSpec::default() });
        s.log.push(LogEntry { at: 20_000_000, input: Input::Fault("node worker02 down".into()) });
        let tally = |p: &Player| {
            let g = p.cluster().traffic().generator("default/web").expect("running");
            (g.tally.counts, g.tally.pods.clone())
        };
        let mut player = Player::new(s.clone()).expect("valid");
        player.seek(Time(60_000_000));
        let at_end = tally(&player);
        player.seek(Time(19_500_000));
        let mut fresh = Player::new(s).expect("valid");
        fresh.seek(Time(19_500_000));
        assert_eq!(tally(&player), tally(&fresh));
        assert!(at_end.0.failed() > 5, "{at_end:?}");
        player.seek(Time(60_000_000));
        assert_eq!(tally(&player), at_end);
    }
}
