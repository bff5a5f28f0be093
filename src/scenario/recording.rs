//! Recordings of a real cluster, replayed: the judge of what is true (native only).
//!
//! A recording is a terminal session with the pod timeline and events that were seen meanwhile. Replaying
//! runs its steps at their instants in virtual time and writes down the same object. A step with `until` is
//! polled; what follows keeps its real distance from the end of that step.

use crate::api::{Kind, Object, Text, Value, json};
use crate::cluster::{Cluster, JobId};
use crate::collections::Order;
use crate::scenario::format::ClusterSpec;
use crate::time::{Span, Time};
use crate::{list, map};
use regex_lite::Regex;

/// How long a poll with `until` waits between two tries.
const POLL: Span = Span::millis(500);
/// A step that has not ended by then is cut off; the recorder did likewise.
const STEP_LIMIT: Span = Span::secs(900);
/// From the end of the last step to the recorder's removing of what is left.
const CLEAN_UP: Span = Span::millis(60);
/// How long the cluster is watched after the last step's end.
const TAIL: Span = Span::millis(500);

/// The recordings were made on one cluster, one after another: what all nodes had pulled of public images, and
/// since when.
const PULLED: &[(&str, &[&str])] = &[
    (
        "2026-11-23T08:12:00Z",
        &[
            "busybox:1.28",
            "busybox:latest",
            "registry.k8s.io/busybox:1.27.2",
            "bash:5",
            "nginx:1.29",
            "nginx:1.16.1",
            "registry.k8s.io/nginx:test-cmd",
            "registry.k8s.io/pause:2.0",
            "registry.k8s.io/pause:3.6",
        ],
    ),
    (
        "2026-11-23T08:21:00Z",
        &["registry.k8s.io/nginx:1.7.9", "registry.k8s.io/pause:3.8", "registry.k8s.io/pause:3.9"],
    ),
    ("2026-11-23T08:26:00Z", &["registry.k8s.io/pause:3.10.1"]),
];

/// Replays a recording and returns the same object as it went here.
///
/// # Errors
/// Says what is wrong with the file.
pub fn replay(text: &str) -> Result<Value, String> {
    let recording = json::parse(text).map_err(|e| format!("not JSON: {e}"))?;
    if recording["steps"].as_list().is_none() {
        return Err("not a recording: it has no steps".into());
    }
    let mut replay = Replay::new(&recording)?;
    replay.run();
    Ok(replay.result())
}

/// Replays a recording and returns the cluster as it is then.
///
/// # Errors
/// Says what is wrong with the file.
pub fn cluster_after(text: &str) -> Result<Cluster, String> {
    let recording = json::parse(text).map_err(|e| format!("not JSON: {e}"))?;
    if recording["steps"].as_list().is_none() {
        return Err("not a recording: it has no steps".into());
    }
    let mut replay = Replay::new(&recording)?;
    replay.run();
    Ok(replay.cluster)
}

/// The cluster that the recordings were made on.
pub fn cluster_of(recording: &Value) -> ClusterSpec {
    let mut spec = ClusterSpec::default();
    if let Some(start) = recording["started"].as_str() {
        spec.start = start.to_string();
    }
    spec.registry.preset = "lab".into();
    spec.settings.dns = false;
    spec.settings.shared_machine = true;
    spec.settings.cgroup_version = 1;
    let pulled: Vec<&&str> =
        PULLED.iter().filter(|(since, _)| spec.start.as_str() >= *since).flat_map(|(_, i)| *i).collect();
    if !pulled.is_empty() {
        let usual = crate::images::preloaded(crate::images::Preset::Lab);
        for node in &mut spec.nodes {
            let own = usual.iter().chain(pulled.iter().copied());
            node.images = Some(own.map(|i| (*i).to_string()).collect());
        }
    }
    let namespace = recording["namespace"].str();
    if !namespace.is_empty() && namespace != "default" {
        spec.namespaces.push(namespace.to_string());
        spec.namespace = namespace.to_string();
    }
    spec
}

struct Replay<'a> {
    recording: &'a Value,
    cluster: Cluster,
    dir: String,
    /// How much later than recorded the steps run here, in microseconds (may be negative).
    shift: i64,
    background: Vec<Background>,
    done: Vec<Value>,
}

struct Background {
    step: usize,
    job: JobId,
    stop: Time,
}

impl<'a> Replay<'a> {
    fn new(recording: &'a Value) -> Result<Self, String> {
        let mut cluster = Cluster::new(&cluster_of(recording)).map_err(|e| e.0)?;
        let dir = format!("/root/{}", recording["scenario"].str());
        cluster.make_dir(&dir);
        let done = recording["steps"].items().to_vec();
        Ok(Replay { recording, cluster, dir, shift: 0, background: Vec::new(), done })
    }

    fn at(&self, seconds: &Value) -> Time {
        let micros = (number(seconds) * 1e6) as i64 + self.shift;
        Time(u64::try_from(micros).unwrap_or(0))
    }

    fn run(&mut self) {
        let steps = self.recording["steps"].items();
        let mut starts: Vec<usize> = (0..steps.len()).filter(|i| steps[*i]["background"].is_true()).collect();
        starts.order_by(|a, b| number(&steps[*a]["t"]).total_cmp(&number(&steps[*b]["t"])));
        let mut starts = starts.into_iter().peekable();
        for (i, step) in steps.iter().enumerate() {
            let t = if step["background"].is_true() { &step["stopped_at"] } else { &step["t"] };
            while let Some(b) = starts.next_if(|b| number(&steps[*b]["t"]) <= number(t)) {
                self.start_background(b);
            }
            let began = if step["until"].is_some() { Value::Float(self.ended(i)) } else { t.clone() };
            self.run_to(self.at(&began));
            if step["background"].is_true() {
                self.stop_background(i);
            } else if step["file"].is_some() {
                let path = format!("{}/{}", self.dir, step["file"].str());
                self.cluster.write_file(&path, step["text"].str().as_bytes());
            } else if step["until"].is_some() {
                self.poll(i);
            } else {
                let result = self.foreground(step);
                self.finish(i, result);
            }
        }
        self.clean_up();
        let end = self.cluster.now().max(self.at(&self.recording["duration"])) + TAIL;
        self.run_to(end);
        for b in std::mem::take(&mut self.background) {
            self.finish_background(&b);
        }
    }

    /// Where a recording has a namespace of its own name the recorder removed what pods were left in it before
    /// it stopped watching.
    fn clean_up(&mut self) {
        let namespace = self.recording["namespace"].str();
        if !namespace.starts_with(self.recording["scenario"].str()) {
            return;
        }
        self.run_to(self.cluster.now() + CLEAN_UP);
        let command =
            format!("kubectl delete pods --all --force --grace-period=0 --wait=false -n {namespace}");
        self.foreground(&map! { "cmd" => command });
    }

    /// Lets time pass, stopping background commands at their instants.
    fn run_to(&mut self, t: Time) {
        while let Some(i) = (0..self.background.len())
            .filter(|i| self.background[*i].stop <= t)
            .min_by_key(|i| self.background[*i].stop)
        {
            let b = self.background.remove(i);
            self.cluster.run_until(b.stop);
            self.finish_background(&b);
        }
        self.cluster.run_until(t);
    }

    fn start_background(&mut self, i: usize) {
        let step = &self.recording["steps"][i];
        self.run_to(self.at(&step["t"]));
        let stop = self.at(&step["stopped_at"]);
        // The recorder wrote down both streams of a background command as one.
        let command = step["cmd"].str();
        let job = match step["tty"].is_true() {
            true => self.cluster.start_job(command, &self.dir, true),
            false => self.cluster.start_merged_job(command, &self.dir),
        };
        self.background.push(Background { step: i, job, stop });
    }

    fn stop_background(&mut self, i: usize) {
        if let Some(at) = self.background.iter().position(|b| b.step == i) {
            let b = self.background.remove(at);
            self.finish_background(&b);
        }
    }

    fn finish_background(&mut self, b: &Background) {
        if self.cluster.job_status(b.job).is_none() {
            self.cluster.interrupt_job(b.job);
            let soon = self.cluster.now() + Span::millis(5);
            self.cluster.run_until(soon);
        }
        let (out, err) = self.cluster.job_output(b.job);
        let rc = self.cluster.job_status(b.job).unwrap_or(130);
        self.finish(b.step, (out, err, rc));
    }

    fn foreground(&mut self, step: &Value) -> (String, String, i32) {
        let start = self.cluster.now();
        let job = self.cluster.start_job(step["cmd"].str(), &self.dir, step["tty"].is_true());
        for typed in step["typed"].items() {
            self.run_to(start + Span::secs_f64(number(&typed[0])));
            if self.cluster.job_status(job).is_some() {
                break;
            }
            self.cluster.type_job(job, typed[1].str());
        }
        let limit = start + STEP_LIMIT;
        while self.cluster.job_status(job).is_none() {
            let stop = self.background.iter().map(|b| b.stop).min().unwrap_or(Time::NEVER);
            self.cluster.run_until_job(job, limit.min(stop));
            let now = self.cluster.now();
            self.run_to(now);
            if now >= limit {
                self.cluster.interrupt_job(job);
                self.cluster.run_until(limit + Span::secs(1));
                break;
            }
        }
        let (out, err) = self.cluster.job_output(job);
        let rc = self.cluster.job_status(job).unwrap_or(124);
        self.cluster.forget_job(job);
        (out, err, rc)
    }

    fn poll(&mut self, i: usize) {
        let step = &self.recording["steps"][i];
        let pattern = Regex::new(&format!("(?m){}", step["until"].str()));
        let patience = Span::secs_f64(30.0 + 2.0 * (number(&step["t"]) - self.ended(i)).max(0.0));
        let limit = self.cluster.now() + patience;
        loop {
            let began = self.cluster.now();
            let result = self.foreground(step);
            let met = pattern.as_ref().is_ok_and(|p| p.is_match(&format!("{}{}", result.0, result.1)));
            if met || began >= limit {
                self.shift += began.0 as i64 - self.at(&step["t"]).0 as i64;
                self.finish(i, result);
                return;
            }
            let next = self.cluster.now() + POLL;
            self.run_to(next);
        }
    }

    /// When the foreground command before step `i` ended in the recording, in seconds: polling began there,
    /// as the recorded instant of a polled step is that of its last try.
    fn ended(&self, i: usize) -> f64 {
        let steps = &self.recording["steps"].items()[..i];
        let before = steps.iter().rev().find(|s| s["cmd"].is_some() && !s["background"].is_true());
        before.map_or(0.0, |s| number(&s["t"]) + number(&s["dur"]))
    }

    fn finish(&mut self, i: usize, (out, err, rc): (String, String, i32)) {
        let step = &mut self.done[i];
        step.set("stdout", out);
        step.set("stderr", err);
        step.set("rc", rc);
    }

    fn result(self) -> Value {
        let mut result = self.recording.clone();
        result.set("steps", Value::from(self.done));
        result.set("timeline", timeline(&self.cluster));
        result.set("events", events(&self.cluster));
        result
    }
}

fn number(v: &Value) -> f64 {
    match v {
        Value::Int(n) => *n as f64,
        Value::Float(f) => *f,
        _ => 0.0,
    }
}

fn seconds(t: Time) -> Value {
    Value::Float((t.secs() * 100.0).round() / 100.0)
}

/// The pod status changes, as `kubectl get pods` words them.
pub fn timeline(cluster: &Cluster) -> Value {
    let mut lines: Vec<(Text, Vec<Value>, Text)> = Vec::new();
    for change in cluster.changes().filter(|c| c.new.kind == Kind::POD) {
        let uid = change.new.at("metadata.uid").text();
        let gone = change.kind == crate::api::request::WatchKind::Deleted;
        let word = if gone { Text::lit("deleted") } else { Text::from(status_words(&change.new)) };
        let line = match lines.iter_mut().find(|l| l.2 == uid) {
            Some(line) => line,
            None => {
                lines.push((Text::from(change.new.name()), Vec::new(), uid));
                lines.last_mut().expect("pushed above")
            }
        };
        if line.1.last().is_none_or(|last| last[1] != Value::Str(word.clone())) {
            line.1.push(list![seconds(change.at), word]);
        }
    }
    lines
        .into_iter()
        .map(|(pod, changes, _)| map! { "pod" => pod, "changes" => Value::from(changes) })
        .collect()
}

/// `READY STATUS RESTARTS` of a pod.
fn status_words(pod: &Object) -> String {
    let cells = crate::kubectl::old_pod_summary(pod);
    format!("{} {} {}", cells.ready, cells.status, cells.restarts)
}

/// The events about pods with the instants of their counts.
pub fn events(cluster: &Cluster) -> Value {
    let mut rows: Vec<(Text, Value)> = Vec::new();
    for change in cluster.changes().filter(|c| c.new.kind == Kind::EVENT) {
        let e = &change.new;
        if e.at("involvedObject.kind").str() != "Pod"
            || change.kind == crate::api::request::WatchKind::Deleted
        {
            continue;
        }
        let at = list![seconds(change.at), e["count"].int_or(1)];
        match rows.iter_mut().find(|r| r.0 == e.name()) {
            Some((_, row)) => row.slot("at").list_mut().push(at),
            None => {
                let from = [e.at("source.component").str(), e["reportingComponent"].str()];
                let from = from.into_iter().find(|f| !f.is_empty()).unwrap_or("");
                let row = map! {
                    "pod" => e.at("involvedObject.name"), "container" => e.at("involvedObject.fieldPath").text(),
                    "type" => &e["type"], "reason" => &e["reason"], "message" => &e["message"], "from" => from,
                    "at" => list![at],
                };
                rows.push((Text::from(e.name()), row));
            }
        }
    }
    rows.into_iter().map(|(_, row)| row).collect()
}
