//! How much of a recording of a real cluster a replay reproduces.
//!
//! Three figures: **steps**, the commands whose exit code and output equal the real ones after masking what
//! no two runs share (ids, addresses, times, ages, random suffixes, chosen nodes); **changes**, the changes
//! of pods' status in the same order, each within 2 s or 20 % of the real instant; **events**, those with the
//! same type, reason, message and sender, repeated as often. Tables of pods may show a state that the other
//! run showed within the same 2 s or 20 %; steps that differed between two recordings of the real cluster
//! (`unstable`) do not count.

use fancy_regex::Regex;
use podlab::api::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What cannot be equal in two honest runs, and what stands for it.
const MASKS: &[(&str, &str)] = &[
    (r"\b(containerd|docker)://[0-9a-f]{64}\b", "${1}://<id>"),
    (r"(?:\b[\w.-]+(?:/[\w.-]+)+@)?\bsha256:[0-9a-f]{64}\b", "<image-id>"),
    (r"\b[0-9a-f]{64}\b", "<id>"),
    (r"(?:-[bcdf-hj-np-tv-z2-9]{5})?\.[0-9a-f]{16}\b", ".<evt>"),
    (r"^([EIW])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ ", "${1}<klog> "),
    (r"\b(?!1#1:)\d+#\d+: (?:\*\d+ )?", "<pid>: "),
    (r#"("count": )\d+"#, "${1}<n>"),
    (r"(in directory ')[^']+", "${1}<dir>"),
    (r"(start worker process )\d+", "${1}<pid>"),
    (r"^ *(?!1 )\d+(?= +(?:root|nginx) )", "<pid>"),
    (r"(?<=[ :])(\d+):3[012]\d{3}/(TCP|UDP)", "${1}:<nodeport>/${2}"),
    (r"/tmp/kubectl-edit-\d+\.yaml", "/tmp/kubectl-edit-<n>.yaml"),
    (r"\.\.\d{4}(?:_\d\d){5}\.\d+", "..<time>"),
    (r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2} \d\d:\d\d\b", "<date>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uid>"),
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
    (r"\b\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "<time>"),
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "<time>"),
    (r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}", "<time>"),
    (r#"(resourceVersion"?:? ?)"?\d+"?"#, "${1}<rv>"),
    (r"\b10\.224\.\d+\.\d+\b", "<pod-ip>"),
    (r"\b10\.(9[6-9]|10\d|11[01])\.\d+\.\d+\b", "<svc-ip>"),
    (r"\b192\.168\.10\.\d+\b", "<node-ip>"),
    (r"\bworker0[123]\b", "<node>"),
    (r"\bkube-api-access-[a-z0-9]{5}\b", "kube-api-access-<sfx>"),
    (r"\b([a-z0-9][a-z0-9-]*?)-[bcdf-hj-np-tv-z0-9]{7,10}-[bcdf-hj-np-tv-z2-9]{5}\b", "${1}-<hash>-<sfx>"),
    (r"(pod-template-hash[=:] ?)[a-z0-9]+", "${1}<hash>"),
    (r#"\b([a-z][a-z0-9-]*)-[bcdf-hj-np-tv-z2-9]{5}(?=[\s/"'():,}_]|\.?$)"#, "${1}-<sfx>"),
    (r#"(\bcpu"?[:=] *"?)(\d+)m\b"#, "${1}${2} millicpu"),
    (r"\b(\d+)m( +\(\d+%\))", "${1} millicpu${2}"),
    (r"\b\d+(\.\d+)?(ms|us|µs)\b", "<age>"),
    (r"\(\d+[dhms][0-9dhms]* ago\)", "(<age> ago)"),
    (r"(?<![\w.=-])(?<!op=Exists for )(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)(?![\w-])", "<age>"),
    (r"(?<![\w.-])(\d+d)(\d+h)?(?![\w-])", "<age>"),
    (r"(?<![\w.-])(\d+h)(\d+m)?(?![\w-])", "<age>"),
    (r"(?<![\w.-])\d+m(?=\s|$|\))", "<age>"),
    (r"\(x\d+ over <age>\)", "(x<n> over <age>)"),
    (r"\(lasts (?:<age>|<invalid>)\)", "(lasts <age>)"),
];

/// A status change may be this early or late, in seconds, or [`SHARE`] of the time since the pod's creation.
const SLACK: f64 = 2.0;
const SHARE: f64 = 0.2;

/// (reproduced, recorded).
pub type Share = (usize, usize);

/// The three figures of a recording.
#[derive(Debug, PartialEq, Eq, Clone, Copy, Default)]
pub struct Score {
    pub steps: Share,
    pub changes: Share,
    pub events: Share,
}

/// The states of a pod: when, and `READY STATUS RESTARTS`.
type Line = Vec<(f64, String)>;

/// The masks, ready for use.
pub struct Scorer {
    masks: Vec<(Regex, &'static str)>,
    padding: Regex,
    row: Regex,
    stream: Regex,
    ties: Regex,
    ordered: Regex,
    pods: Regex,
}

fn regex(pattern: &str) -> Regex {
    Regex::new(&format!("(?m){pattern}")).expect("a pattern")
}

fn number(v: &Value) -> f64 {
    podlab::api::json::print(v).parse().unwrap_or(0.0)
}

impl Scorer {
    pub fn new() -> Scorer {
        Scorer {
            masks: MASKS.iter().map(|(pattern, with)| (regex(pattern), *with)).collect(),
            padding: regex(r"(?<=\S)[ \t]{2,}"),
            row: regex(r"^(?:pod/)?([a-z0-9][a-z0-9.<>-]*)  (\d+/\d+  \S+  \d+)(?: \(<age> ago\))?  <age>"),
            stream: regex(r" -w\b|--watch"),
            ties: regex(
                r"\b(events?|describe|componentstatuses|get (all|rs|pods?|jobs|endpointslices))\b|-- env\b",
            ),
            ordered: regex(r"-o json|-o yaml|-- env\b|componentstatuses"),
            pods: regex(r"kubectl get (pods?|po|all|jobs,pods)\b"),
        }
    }

    /// Masks what differs between two honest runs, and folds the padding that masked widths move.
    fn mask(&self, text: &str) -> String {
        let mut text = text.replace("\r\n", "\n").replace("^@", "").replace('\0', "");
        for (pattern, with) in &self.masks {
            text = pattern.replace_all(&text, *with).into_owned();
        }
        let folded = |line: &str| self.padding.replace_all(line.trim_end(), "  ").into_owned();
        text.trim_matches('\n').split('\n').map(folded).collect::<Vec<_>>().join("\n")
    }

    fn timeline(&self, recording: &Value) -> Vec<(String, Line)> {
        let changes = |p: &Value| -> Line {
            p["changes"].items().iter().map(|c| (number(&c[0]), c[1].str().to_string())).collect()
        };
        let pods = recording["timeline"].items().iter();
        pods.map(|p| (self.mask(p["pod"].str()), changes(p))).filter(|(_, line)| !line.is_empty()).collect()
    }

    /// Compares a replay with its recording; what differs is written to `differences`.
    pub fn score(&self, real: &Value, ours: &Value, differences: &mut String) -> Score {
        let timelines = (self.timeline(real), self.timeline(ours));
        let mut steps = (0, 0);
        for (a, b) in real["steps"].items().iter().zip(ours["steps"].items()).filter(|(a, _)| counts(a)) {
            steps.1 += 1;
            if self.same(a, b, &timelines) {
                steps.0 += 1;
                continue;
            }
            let shown =
                |s: &Value| format!("{}{}", self.mask(s["stdout"].str()), self.mask(s["stderr"].str()));
            let (t, cmd) = (number(&a["t"]), a["cmd"].str());
            let _ = writeln!(differences, "### {t} {cmd}\n--- real\n{}\n--- ours\n{}", shown(a), shown(b));
        }
        Score { steps, changes: changes(&timelines.0, &timelines.1), events: self.events(real, ours) }
    }

    fn same(
        &self,
        real: &Value,
        ours: &Value,
        timelines: &(Vec<(String, Line)>, Vec<(String, Line)>),
    ) -> bool {
        let cmd = real["cmd"].str();
        let seen = |s: &Value| {
            let mut all = vec![self.mask(s["stdout"].str())];
            if !real["background"].is_true() {
                all.push(self.mask(s["stderr"].str()));
                all.push(podlab::api::json::print(&s["rc"]));
            }
            all
        };
        let is = |pattern: &Regex| pattern.is_match(cmd).unwrap_or(false);
        let (want, have) = (seen(real), seen(ours));
        if want == have || is(&self.stream) && folded(&want) == folded(&have) {
            return true;
        }
        if is(&self.ties) && reordered(&want, &have, is(&self.ordered)) {
            return true;
        }
        if cmd.contains("rollout status") && without_waiting(&want) == without_waiting(&have) {
            return true;
        }
        if !is(&self.pods) || want.len() != 3 || want[1..] != have[1..] {
            return false;
        }
        let dur = if real["dur"].is_some() { number(&real["dur"]) } else { 0.0 };
        self.snapshot(&want[0], &have[0], timelines, number(&real["t"]) + dur / 2.0)
    }

    /// Whether both tables hold, for every pod, a state that the other run showed at about that time.
    fn snapshot(
        &self,
        want: &str,
        have: &str,
        timelines: &(Vec<(String, Line)>, Vec<(String, Line)>),
        t: f64,
    ) -> bool {
        let read = |text: &str| {
            let (mut rows, mut rest) = (Vec::new(), Vec::new());
            for line in text.split('\n') {
                match self.row.captures(line).ok().flatten() {
                    Some(c) => rows.push((c[1].to_string(), c[2].replace("  ", " "))),
                    None if line.is_empty() || line.starts_with("NAME  READY") => {}
                    None => rest.push(line.to_string()),
                }
            }
            (rows, rest)
        };
        let ((rows, rest), (our_rows, our_rest)) = (read(want), read(have));
        if rest != our_rest || rows.is_empty() && our_rows.is_empty() {
            return false;
        }
        let (real, ours) = (possible(&timelines.0, t), possible(&timelines.1, t));
        let shown = |rows: &[(String, String)], by: &BTreeMap<String, BTreeSet<String>>| {
            rows.iter().all(|(pod, word)| by.get(pod).is_some_and(|words| words.contains(word)))
        };
        let count = |rows: &[(String, String)], pod: &str| rows.iter().filter(|(p, _)| p == pod).count();
        let absent = |pod: &str| [&real, &ours].iter().any(|m| m.get(pod).is_some_and(|w| w.contains("")));
        shown(&rows, &ours)
            && shown(&our_rows, &real)
            && rows
                .iter()
                .chain(&our_rows)
                .all(|(pod, _)| count(&rows, pod) == count(&our_rows, pod) || absent(pod))
    }

    fn events(&self, real: &Value, ours: &Value) -> Share {
        let key = |e: &Value| -> Vec<String> {
            let masked = ["pod", "container", "message"].map(|f| self.mask(e[f].str()));
            masked.into_iter().chain(["type", "reason", "from"].map(|f| e[f].str().to_string())).collect()
        };
        let times = |e: &Value| e["at"].items().last().map_or(0.0, |at| number(&at[1]));
        let mut counts: BTreeMap<Vec<String>, Vec<f64>> = BTreeMap::new();
        for e in ours["events"].items() {
            counts.entry(key(e)).or_default().push(times(e));
        }
        let mut matched = 0;
        for e in real["events"].items() {
            let (n, list) = (times(e), counts.entry(key(e)).or_default());
            if let Some(i) = list.iter().position(|m| (m - n).abs() <= f64::max(1.0, SHARE * n)) {
                list.remove(i);
                matched += 1;
            }
        }
        (matched, real["events"].items().len())
    }
}

fn counts(step: &Value) -> bool {
    let flags = ["timed_out", "until_timed_out", "unstable", "unscored"];
    step["cmd"].is_some() && flags.iter().all(|f| !step[*f].is_true())
}

/// A watched stream: the lines of each object in their order, repeats folded; objects in any order.
fn folded(texts: &[String]) -> Vec<BTreeMap<String, Vec<String>>> {
    let fold = |text: &String| {
        let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in text.split('\n') {
            let seen = lines.entry(line.split("  ").next().unwrap_or("").to_string()).or_default();
            if seen.last().is_none_or(|l| l != line) {
                seen.push(line.to_string());
            }
        }
        lines
    };
    texts.iter().map(fold).collect()
}

/// Whether the texts have the same lines, and none has moved far (ties may be listed in another order).
fn reordered(want: &[String], have: &[String], anywhere: bool) -> bool {
    let lines = |text: &String| text.split('\n').map(str::to_string).collect::<Vec<_>>();
    let sorted = |text: &String| {
        let mut all = lines(text);
        all.sort();
        all
    };
    if want.len() != have.len() || !want.iter().zip(have).all(|(a, b)| sorted(a) == sorted(b)) {
        return false;
    }
    let near = |a: &String, b: &String| {
        let (a, b) = (lines(a), lines(b));
        let distance = |i: usize, line: &String| {
            b.iter().enumerate().filter(|(_, o)| *o == line).map(|(j, _)| i.abs_diff(j)).min().unwrap_or(0)
        };
        let far = a.iter().enumerate().map(|(i, line)| distance(i, line)).max().unwrap_or(0);
        far <= usize::max(4, a.len() / 3)
    };
    anywhere || want.iter().zip(have).all(|(a, b)| near(a, b))
}

fn without_waiting(texts: &[String]) -> Vec<Vec<&str>> {
    texts
        .iter()
        .map(|t| t.split('\n').filter(|l| !l.starts_with("Waiting for deployment")).collect())
        .collect()
}

/// What `get pods` may print for each pod at `t`, give or take the slack; an empty word is an absent row.
fn possible(timeline: &[(String, Line)], t: f64) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (pod, line) in timeline {
        let slack = f64::max(SLACK, SHARE * (t - line[0].0));
        let words = all.entry(pod.clone()).or_default();
        if line[0].0 > t - slack {
            words.insert(String::new());
        }
        for (i, (from, word)) in line.iter().enumerate() {
            let to = line.get(i + 1).map_or(f64::INFINITY, |next| next.0);
            if *from <= t + slack && to >= t - slack {
                words.insert(if word == "deleted" { String::new() } else { word.clone() });
            }
        }
    }
    all
}

/// Status changes that happen in the same order at about the same time; pods that share a masked name are
/// paired so that most changes match.
fn changes(real: &[(String, Line)], ours: &[(String, Line)]) -> Share {
    let mut names: Vec<&String> = real.iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    let mut matched = 0;
    for name in names {
        let of = |all: &'_ [(String, Line)]| -> Vec<Line> {
            all.iter().filter(|(n, _)| n == name).map(|(_, line)| line.clone()).collect()
        };
        let (mine, theirs) = (of(real), of(ours));
        let mut pairs = Vec::new();
        for (i, a) in mine.iter().enumerate() {
            for (j, b) in theirs.iter().enumerate() {
                pairs.push((hits(a, b), (a[0].0 - b[0].0).abs(), i, j));
            }
        }
        pairs.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)).then(a.3.cmp(&b.3)));
        let (mut left, mut right) = (BTreeSet::new(), BTreeSet::new());
        for (n, _, i, j) in pairs {
            if !left.contains(&i) && !right.contains(&j) {
                left.insert(i);
                right.insert(j);
                matched += n;
            }
        }
    }
    (matched, real.iter().map(|(_, line)| line.len()).sum())
}

fn hits(real: &Line, ours: &Line) -> usize {
    let mut n = 0;
    for (a, b, len) in blocks(real, ours, (0, real.len()), (0, ours.len())) {
        for i in 0..len {
            let (from_start, at) = (real[a + i].0 - real[0].0, real[a + i].0);
            let late = (from_start - (ours[b + i].0 - ours[0].0)).abs().min((at - ours[b + i].0).abs());
            n += usize::from(late <= f64::max(SLACK, SHARE * from_start));
        }
    }
    n
}

/// Runs of equal states: the longest one, then what lies before and behind it (Ratcliff and Obershelp).
fn blocks(a: &Line, b: &Line, x: (usize, usize), y: (usize, usize)) -> Vec<(usize, usize, usize)> {
    let mut best = (x.0, y.0, 0);
    for i in x.0..x.1 {
        for j in y.0..y.1 {
            let run = (0..).take_while(|k| i + k < x.1 && j + k < y.1 && a[i + k].1 == b[j + k].1).count();
            if run > best.2 {
                best = (i, j, run);
            }
        }
    }
    if best.2 == 0 {
        return Vec::new();
    }
    let mut all = blocks(a, b, (x.0, best.0), (y.0, best.1));
    all.push(best);
    all.extend(blocks(a, b, (best.0 + best.2, x.1), (best.1 + best.2, y.1)));
    all
}
