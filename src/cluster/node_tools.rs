//! What administrators ask a node: `crictl`, `journalctl -u kubelet`, `systemctl status`.
//!
//! Left out: `crictl`'s commands that change something beyond `stop`, `rm` and `rmi`; logs of the kubelet
//! other than the events that it sends (it logs those at `-v=3`); units other than kubelet and containerd.

use super::Cluster;
use crate::api::{Kind, Text, Value};
use crate::collections::Order;
use crate::cri::{ContainerState, ContainerStatus, NodeId, SandboxRow};
use crate::map;
use crate::os::{Answer, Question};
use crate::time::{Span, Time, civil, parse_rfc3339};

/// How long the units had been running when the scenario began (the recorded cluster: 43 minutes).
const UP_BEFORE: Span = Span::secs(43 * 60);
/// How many digits of an id are shown.
const SHORT_ID: usize = 13;

/// A node that is asked.
struct Asked<'a> {
    cluster: &'a Cluster,
    /// The node's number.
    index: usize,
    node: NodeId,
    name: Text,
}

impl Cluster {
    /// Answers a program on a machine.
    pub(super) fn answer(&mut self, question: &Question) -> Answer {
        let name = self.world.machine(question.machine).name.clone();
        let words: Vec<&str> = question.words.iter().map(Text::as_str).collect();
        let Some((index, node)) = self.node_index.get(&name).copied().zip(self.runtime.node(&name)) else {
            return failed(1, format!("{}: not simulated: {name} is no node\n", words[0]));
        };
        if let ["crictl", verb @ ("stop" | "rm" | "rmi"), ids @ ..] = words.as_slice() {
            return self.crictl_change(node, verb, ids);
        }
        let asked = Asked { cluster: self, index, node, name };
        match words.as_slice() {
            ["crictl", rest @ ..] => asked.crictl(rest),
            ["journalctl", rest @ ..] => asked.journal(rest),
            ["systemctl", rest @ ..] => asked.systemctl(rest),
            _ => failed(1, format!("not simulated: {}\n", words.join(" "))),
        }
    }

    fn crictl_change(&mut self, node: NodeId, verb: &str, ids: &[&str]) -> Answer {
        let mut answer = Answer::default();
        for id in ids.iter().filter(|i| !i.starts_with('-')) {
            if verb == "rmi" {
                let names: Vec<Text> = self.runtime.images(node).into_iter().flat_map(|(n, _)| n).collect();
                match names.iter().find(|n| n.as_str() == *id || n.ends_with(&format!("/{id}"))) {
                    Some(full) => {
                        self.runtime.remove_image(node, full);
                        answer.out.push_str(&format!("Deleted: {full}\n"));
                    }
                    None => answer = failed(1, format!("FATA[0000] no such image {id} present\n")),
                }
                continue;
            }
            let list = self.runtime.list_containers(node);
            match list.iter().find(|c| c.hex.starts_with(*id)) {
                Some(c) if verb == "stop" => {
                    self.runtime.stop_container(&mut self.world, self.now, c.id, Span::ZERO);
                    answer.out.push_str(&format!("{id}\n"));
                }
                Some(c) if c.state == ContainerState::Running => {
                    answer.code = 1;
                    answer
                        .err
                        .push_str(&format!("ERRO[0000] container {id:?} is running, please stop it first\n"));
                }
                Some(c) => {
                    self.runtime.remove_container(&mut self.world, c.id);
                    answer.out.push_str(&format!("{id}\n"));
                }
                None => answer = no_container(id),
            }
        }
        answer
    }
}

fn failed(code: i32, err: String) -> Answer {
    Answer { code, err, out: String::new() }
}

fn printed(out: String) -> Answer {
    Answer { out, ..Answer::default() }
}

fn no_container(id: &str) -> Answer {
    failed(
        1,
        format!(
            "E getting status of the container {id:?}: rpc error: code = NotFound desc = an error occurred when \
             try to find container {id:?}: not found\n"
        )
        .replacen("E ", "FATA[0000] ", 1),
    )
}

/// Columns as Go's `tabwriter` sets them: at least 20 wide, three spaces between.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |i: usize| rows.iter().map(|r| r[i].chars().count() + 3).max().unwrap_or(0).max(20);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        for (i, cell) in row.iter().enumerate() {
            if i + 1 == columns {
                out.push_str(cell);
            } else {
                out.push_str(&format!("{cell:<w$}", w = widths[i]));
            }
        }
        out.push('\n');
    }
    out
}

fn heading(names: &str) -> Vec<String> {
    names.split('|').map(str::to_owned).collect()
}

fn short(hex: &str) -> String {
    let hex = hex.rsplit_once("sha256:").map_or(hex, |(_, h)| h);
    hex.chars().take(SHORT_ID).collect()
}

/// `2 minutes`, `About an hour` …
fn humanly(span: Span) -> String {
    let s = span.as_secs();
    match (s, s / 60, s / 3_600) {
        (0, ..) => "Less than a second".into(),
        (1, ..) => "1 second".into(),
        (2..60, ..) => format!("{s} seconds"),
        (_, 1, _) => "About a minute".into(),
        (_, m @ 2..60, _) => format!("{m} minutes"),
        (.., 1) => "About an hour".into(),
        (.., h @ 2..48) => format!("{h} hours"),
        (.., h) => format!("{} days", h / 24),
    }
}

/// `72.3MB`: three digits, as Docker's units have them.
fn size(bytes: u64) -> String {
    let mut n = bytes as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB"] {
        if n < 1_000.0 {
            break;
        }
        n /= 1_000.0;
        unit = next;
    }
    let places = if n >= 100.0 || unit == "B" {
        0
    } else if n >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{n:.places$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

fn state(s: ContainerState) -> &'static str {
    match s {
        ContainerState::Created => "Created",
        ContainerState::Running => "Running",
        ContainerState::Exited => "Exited",
    }
}

impl Asked<'_> {
    fn ago(&self, at: Time) -> String {
        format!("{} ago", humanly(self.cluster.now.since(at)))
    }

    fn crictl(&self, words: &[&str]) -> Answer {
        let (up, _) = self.cluster.kubelets[self.index].unit(true);
        if !up {
            let text = "FATA[0000] validate service connection: validate CRI v1 runtime API for endpoint \
                        \"unix:///run/containerd/containerd.sock\": rpc error: code = Unavailable desc = connection \
                        error: desc = \"transport: Error while dialing: dial unix /run/containerd/containerd.sock: \
                        connect: connection refused\"\n";
            return failed(1, text.into());
        }
        let operands: Vec<&str> = words.iter().skip(1).filter(|w| !w.starts_with('-')).copied().collect();
        let flag = |names: &[&str]| words.iter().any(|w| names.contains(w));
        match words.first().copied().unwrap_or("") {
            "ps" => self.ps(flag(&["-a", "--all"]), flag(&["-q", "--quiet"]), &value(words, "--name", "-N")),
            "pods" | "sandboxes" => self.pods(flag(&["-q", "--quiet"]), &value(words, "--name", "-N")),
            "images" | "image" | "img" => self.images(flag(&["-q", "--quiet"])),
            "logs" => match words.last().filter(|_| words.len() > 1) {
                Some(id) => self.logs(id, value(words, "--tail", "-n").parse().ok()),
                None => failed(1, "FATA[0000] ID cannot be empty\n".into()),
            },
            "inspect" => match operands.first() {
                Some(id) => self.inspect(id),
                None => failed(1, "FATA[0000] ID cannot be empty\n".into()),
            },
            "inspectp" => match operands.first() {
                Some(id) => self.inspect_pod(id),
                None => failed(1, "FATA[0000] ID cannot be empty\n".into()),
            },
            "version" | "--version" => printed(
                "Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  1.6.20\nRuntimeApiVersion:  v1\n".into(),
            ),
            "" | "help" | "--help" | "-h" => printed(
                "crictl - client for CRI\n\nSimulated here: ps, pods, images, logs, inspect, inspectp, stop, rm, rmi, version\n"
                    .into(),
            ),
            verb => failed(1, format!("crictl: not simulated: {verb}\n")),
        }
    }

    fn sandbox(&self, c: &ContainerStatus) -> Option<SandboxRow> {
        self.cluster.runtime.list_sandboxes(self.node).into_iter().find(|s| s.id == c.sandbox)
    }

    fn ps(&self, all: bool, quiet: bool, name: &str) -> Answer {
        let mut rows = vec![heading("CONTAINER|IMAGE|CREATED|STATE|NAME|ATTEMPT|POD ID|POD|NAMESPACE")];
        let mut ids = String::new();
        for c in self.cluster.runtime.list_containers(self.node) {
            if !all && c.state != ContainerState::Running || !c.name.contains(name) {
                continue;
            }
            let Some(pod) = self.sandbox(&c) else { continue };
            ids.push_str(&format!("{}\n", c.hex));
            rows.push(vec![
                short(&c.hex),
                short(&c.image_id),
                self.ago(c.created_at),
                state(c.state).into(),
                c.name.to_string(),
                c.attempt.to_string(),
                short(&pod.hex),
                pod.config.name.to_string(),
                pod.config.namespace.to_string(),
            ]);
        }
        printed(if quiet { ids } else { table(&rows) })
    }

    fn pods(&self, quiet: bool, name: &str) -> Answer {
        let mut rows = vec![heading("POD ID|CREATED|STATE|NAME|NAMESPACE|ATTEMPT|RUNTIME")];
        let mut ids = String::new();
        for s in self.cluster.runtime.list_sandboxes(self.node) {
            if !s.config.name.contains(name) {
                continue;
            }
            ids.push_str(&format!("{}\n", s.hex));
            rows.push(vec![
                short(&s.hex),
                self.ago(s.created),
                if s.ready { "Ready" } else { "NotReady" }.into(),
                s.config.name.to_string(),
                s.config.namespace.to_string(),
                s.config.attempt.to_string(),
                "(default)".into(),
            ]);
        }
        printed(if quiet { ids } else { table(&rows) })
    }

    fn images(&self, quiet: bool) -> Answer {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for (names, bytes) in self.cluster.runtime.images(self.node) {
            for name in names {
                let (image, tag) = name.rsplit_once(':').unwrap_or((&name, "<none>"));
                let id = self.cluster.runtime.image_status(self.node, &name).map(|(id, _)| id);
                let id = short(&id.unwrap_or_default());
                rows.push(vec![image.into(), tag.into(), id, size(bytes)]);
            }
        }
        rows.order();
        if quiet {
            return printed(rows.iter().map(|r| format!("{}\n", r[2])).collect());
        }
        rows.insert(0, heading("IMAGE|TAG|IMAGE ID|SIZE"));
        printed(table(&rows))
    }

    fn find(&self, id: &str) -> Option<ContainerStatus> {
        self.cluster.runtime.list_containers(self.node).into_iter().find(|c| c.hex.starts_with(id))
    }

    fn logs(&self, id: &str, tail: Option<usize>) -> Answer {
        let Some(c) = self.find(id) else { return no_container(id) };
        let (entries, _) = self.cluster.runtime.log(c.id, 0);
        let skip = tail.map_or(0, |n| entries.len().saturating_sub(n));
        let mut answer = Answer::default();
        for entry in entries.iter().skip(skip) {
            let to = match entry.stream {
                crate::cri::LogStream::Stdout => &mut answer.out,
                crate::cri::LogStream::Stderr => &mut answer.err,
            };
            to.push_str(&entry.bytes);
            if !entry.partial {
                to.push('\n');
            }
        }
        answer
    }

    fn stamp(&self, at: Time) -> String {
        self.cluster.api.epoch.rfc3339(at)
    }

    fn inspect(&self, id: &str) -> Answer {
        let Some(c) = self.find(id) else { return no_container(id) };
        let pod = self.sandbox(&c);
        let mut status = map! {
            "id" => &c.hex,
            "metadata" => map! { "attempt" => u64::from(c.attempt), "name" => &c.name },
            "state" => format!("CONTAINER_{}", state(c.state).to_uppercase()),
            "createdAt" => self.stamp(c.created_at),
            "startedAt" => c.started_at.map_or("0001-01-01T00:00:00Z".to_owned(), |t| self.stamp(t)),
            "finishedAt" => c.finished_at.map_or("0001-01-01T00:00:00Z".to_owned(), |t| self.stamp(t)),
            "exitCode" => i64::from(c.exit_code),
            "image" => map! { "image" => &c.image },
            "imageRef" => &c.image_id,
            "reason" => c.reason,
            "message" => &c.message,
        };
        if let Some(pod) = pod {
            status.set(
                "labels",
                map! {
                    "io.kubernetes.container.name" => &c.name,
                    "io.kubernetes.pod.name" => &pod.config.name,
                    "io.kubernetes.pod.namespace" => &pod.config.namespace,
                    "io.kubernetes.pod.uid" => &pod.config.uid,
                },
            );
        }
        json(&map! { "status" => status })
    }

    fn inspect_pod(&self, id: &str) -> Answer {
        let rows = self.cluster.runtime.list_sandboxes(self.node);
        let Some(s) = rows.into_iter().find(|s| s.hex.starts_with(id)) else {
            return failed(1, format!("FATA[0000] getting the pod sandbox status for {id:?}: not found\n"));
        };
        let status = map! {
            "id" => &s.hex,
            "metadata" => map! {
                "attempt" => u64::from(s.config.attempt), "name" => &s.config.name,
                "namespace" => &s.config.namespace, "uid" => &s.config.uid,
            },
            "state" => if s.ready { "SANDBOX_READY" } else { "SANDBOX_NOTREADY" },
            "createdAt" => self.stamp(s.created),
            "network" => map! { "ip" => &s.ip },
        };
        json(&map! { "status" => status })
    }

    /// The events that the node's kubelet sent, as it logs them.
    fn journal(&self, words: &[&str]) -> Answer {
        let unit = value(words, "--unit", "-u");
        let unit = unit.trim_end_matches(".service");
        if unit != "kubelet" {
            let what = if unit.is_empty() { "a journal of all units" } else { unit };
            return failed(1, format!("journalctl: not simulated: {what} (only -u kubelet)\n"));
        }
        if words.iter().any(|w| matches!(*w, "-f" | "--follow")) {
            return failed(1, "journalctl: not simulated: -f\n".into());
        }
        let mut lines: Vec<(i64, String)> = Vec::new();
        for event in self.cluster.api.list(Kind::EVENT, None) {
            let source = event.at("source");
            if source["component"].str() != "kubelet" || source["host"].str() != self.name.as_str() {
                continue;
            }
            let about = event.at("involvedObject");
            let object = match about["namespace"].str() {
                "" => about["name"].str().to_owned(),
                namespace => format!("{namespace}/{}", about["name"].str()),
            };
            let at = parse_rfc3339(event.at("lastTimestamp").str()).unwrap_or(0);
            let text = format!(
                "event.go:389] \"Event occurred\" object={object:?} fieldPath={:?} kind={:?} apiVersion=\"v1\" \
                 type={:?} reason={:?} message={:?}",
                about["fieldPath"].str(),
                about["kind"].str(),
                event.at("type").str(),
                event.at("reason").str(),
                event.at("message").str()
            );
            lines.push((at, text));
        }
        lines.order();
        let tail = value(words, "--lines", "-n").parse::<usize>().unwrap_or(lines.len());
        let mut out = String::new();
        for (at, text) in lines.iter().skip(lines.len().saturating_sub(tail)) {
            let c = civil(*at);
            let clock = format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second);
            let day = month_day(*at);
            out.push_str(&format!(
                "{day} {clock} {} kubelet[812]: I{:02}{:02} {clock}.{:06}     812 {text}\n",
                self.name,
                c.month,
                c.day,
                at.rem_euclid(1_000_000)
            ));
        }
        if lines.is_empty() {
            out.push_str("-- No entries --\n");
        }
        printed(out)
    }

    fn systemctl(&self, words: &[&str]) -> Answer {
        let plain: Vec<&str> = words.iter().filter(|w| !w.starts_with('-')).copied().collect();
        let (verb, unit) = match plain.as_slice() {
            [verb, unit] => (*verb, unit.trim_end_matches(".service")),
            ["list-units"] => {
                return failed(
                    1,
                    "systemctl: not simulated: list-units; there are kubelet and containerd\n".into(),
                );
            }
            [] => return failed(1, "systemctl: not simulated: a list of all units\n".into()),
            [verb, ..] => return failed(1, format!("systemctl: not simulated: {verb} of all units\n")),
        };
        let about = match unit {
            "kubelet" => "kubelet: The Kubernetes Node Agent",
            "containerd" => "containerd container runtime",
            _ => {
                return match verb {
                    "is-active" => Answer { code: 4, out: "inactive\n".into(), err: String::new() },
                    "is-enabled" => failed(
                        1,
                        format!(
                            "Failed to get unit file state for {unit}.service: No such file or directory\n"
                        ),
                    ),
                    _ => failed(4, format!("Unit {unit}.service could not be found.\n")),
                };
            }
        };
        let (up, changed) = self.cluster.kubelets[self.index].unit(unit == "containerd");
        match verb {
            "is-active" if up => printed("active\n".into()),
            "is-active" => Answer { code: 3, out: "inactive\n".into(), err: String::new() },
            "is-enabled" => printed("enabled\n".into()),
            "status" => self.status(unit, about, up, changed),
            "cat" | "show" | "edit" | "mask" | "unmask" | "reload" | "kill" | "list-dependencies" => {
                failed(1, format!("systemctl: not simulated: {verb}\n"))
            }
            _ => failed(1, format!("Unknown command verb '{verb}'.\n")),
        }
    }

    fn status(&self, unit: &str, about: &str, up: bool, changed: Time) -> Answer {
        let now = self.cluster.now;
        let before = if changed == Time::ZERO { UP_BEFORE } else { Span::ZERO };
        let ago = Span(now.since(changed).0 + before.0);
        let at = self.cluster.api.epoch.unix_micros(now) - ago.0 as i64;
        let c = civil(at);
        const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        let since = format!(
            "{} {}-{:02}-{:02} {:02}:{:02}:{:02} UTC; {} ago",
            DAYS[usize::from(c.weekday) % 7],
            c.year,
            c.month,
            c.day,
            c.hour,
            c.minute,
            c.second,
            brief(ago)
        );
        let (mark, active, code) =
            if up { ("●", "active (running)", 0) } else { ("○", "inactive (dead)", 3) };
        let mut out = format!(
            "{mark} {unit}.service - {about}\n     Loaded: loaded (/lib/systemd/system/{unit}.service; enabled; preset: \
             enabled)\n     Active: {active} since {since}\n"
        );
        if up {
            let (pid, path) =
                if unit == "kubelet" { (812, "/usr/bin/kubelet") } else { (655, "/usr/bin/containerd") };
            out.push_str(&format!(
                "   Main PID: {pid} ({unit})\n     CGroup: /system.slice/{unit}.service\n             └─{pid} {path}\n"
            ));
        }
        Answer { code, out, err: String::new() }
    }
}

/// The value of an option that stands as the next word or behind `=`.
fn value(words: &[&str], long: &str, brief: &str) -> String {
    for (i, word) in words.iter().enumerate() {
        if *word == long || *word == brief {
            return words.get(i + 1).unwrap_or(&"").to_string();
        }
        let attached = word.strip_prefix(long).and_then(|w| w.strip_prefix('='));
        let glued = word.strip_prefix(brief).filter(|w| !w.is_empty() && !word.starts_with("--"));
        if let Some(v) = attached.or(glued) {
            return v.trim_start_matches('=').to_owned();
        }
    }
    String::new()
}

/// `2min 5s`, as systemd tells spans.
fn brief(span: Span) -> String {
    let s = span.as_secs();
    match (s / 86_400, s / 3_600 % 24, s / 60 % 60) {
        (0, 0, 0) => format!("{s}s"),
        (0, 0, m) if m < 10 => format!("{m}min {}s", s % 60),
        (0, 0, m) => format!("{m}min"),
        (0, h, m) => format!("{h}h {m}min"),
        (d, ..) => format!("{d} days"),
    }
}

fn month_day(at: i64) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let c = civil(at);
    format!("{} {:02}", MONTHS[usize::from(c.month.max(1) - 1) % 12], c.day)
}

fn json(value: &Value) -> Answer {
    printed(crate::api::json::print_indented(value) + "\n")
}
