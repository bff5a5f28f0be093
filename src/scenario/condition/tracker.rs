//! Following a run with a condition.
//!
//! A tracker looks at every instant at which something changed that its condition asks about, in order, with
//! the state just before and just after, and keeps for each part of the condition what history needs: since
//! when it has held, how often it became true. It is plain data, fed from the change log, the trace and the
//! terminals, and can be fed as the run goes on. When time has gone back it begins anew.

use super::atom::{self, State};
use super::{Atom, Condition, Node, Op, Test};
use crate::api::{Kind, Text};
use crate::cluster::Cluster;
use crate::collections::{BTreeMap, Order};
use crate::scenario::transcript::Chunk;
use crate::time::Time;
use crate::trace::{Cause, What};

/// How much of the terminals' output is looked through for a text, in bytes.
const OUTPUT_KEPT: usize = 256 << 10;

/// What is known of a run.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The cluster now; its change log and trace are its history.
    pub cluster: &'a Cluster,
    /// What the terminals have shown, in order of time.
    pub output: &'a [Chunk],
}

/// A part of a condition, and whether it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its text.
    pub text: String,
    /// Whether it holds now.
    pub met: bool,
}

/// A condition that is followed through a run.
#[derive(Clone, Debug)]
pub struct Tracker {
    condition: Condition,
    kinds: Vec<Kind>,
    /// Whether requests are counted.
    counts: bool,
    /// What happened before does not count.
    since: Time,
    run: Run,
}

/// How far a run has been followed.
#[derive(Clone, Debug, Default)]
struct Run {
    now: Time,
    begun: bool,
    memory: Vec<Memory>,
    state: State,
    /// The next change, trace entry and piece of output to look at.
    cursor: u64,
    trace: u32,
    pieces: usize,
    output: String,
    commands: String,
    /// By traffic: when it was started, and its next tick to look at.
    ticks: BTreeMap<Text, (Time, u64)>,
}

/// What is remembered of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Memory {
    /// When it was looked at first.
    start: Option<Time>,
    /// Its truth when it was last looked at.
    now: bool,
    /// Since when its child has held; for windows, when they opened.
    since: Option<Time>,
    /// How often its child became true.
    rises: i64,
    /// Its child's truth when that was last looked at.
    was: bool,
    /// Whether it is settled for good.
    latched: bool,
}

impl Tracker {
    /// Follows a condition; only what happens from `since` on counts.
    pub fn new(condition: Condition, since: Time) -> Tracker {
        let mut kinds: Vec<Kind> = Vec::new();
        for node in &condition.nodes {
            if let Node::Atom(Atom::Objects { of, test, .. }) = node {
                kinds.push(of.kind);
                match test {
                    Test::Event { .. } => kinds.push(Kind::EVENT),
                    _ if of.kind == Kind::SERVICE => kinds.push(Kind::ENDPOINT_SLICE),
                    _ => {}
                }
            }
            if let Node::Atom(Atom::Count { of, .. }) = node {
                kinds.push(of.kind);
            }
        }
        kinds.order();
        kinds.dedup();
        let run = Run::of(&condition);
        let counts = condition.nodes.iter().any(|n| matches!(n, Node::Atom(Atom::Traffic { .. })));
        Tracker { condition, kinds, counts, since, run }
    }

    /// The condition.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// Whether the condition asks what terminals have shown.
    pub fn reads_output(&self) -> bool {
        self.condition.nodes.iter().any(|n| matches!(n, Node::Atom(Atom::Output(..))))
    }

    /// Catches up with a run and tells whether the condition holds now.
    pub fn advance(&mut self, evidence: Evidence<'_>) -> bool {
        let now = evidence.cluster.now();
        if now < self.run.now {
            self.run = Run::of(&self.condition);
        }
        self.run.cursor = self.run.cursor.max(evidence.cluster.api.store.oldest());
        while let Some(at) = self.next_instant(evidence).filter(|at| *at <= now) {
            if at >= self.since {
                self.begin(evidence);
                self.look(at, evidence);
            }
            self.take(at, evidence);
            if at >= self.since {
                self.look(at, evidence);
            }
        }
        if now >= self.since {
            self.begin(evidence);
            self.look(now, evidence);
        }
        self.run.now = now;
        self.met()
    }

    /// Whether the condition held when the tracker was last advanced.
    pub fn met(&self) -> bool {
        self.run.memory.last().is_some_and(|m| m.now)
    }

    /// The parts that ask about an instant or about history, with their truth: what a person sees of a goal.
    pub fn parts(&self) -> Vec<Part> {
        let nodes = self.condition.nodes.iter().zip(&self.condition.places).zip(&self.run.memory);
        let told = nodes.filter(|((n, _), _)| matches!(n, Node::Atom(_)));
        told.map(|((_, (from, to)), m)| Part { text: self.condition.text[*from..*to].into(), met: m.now })
            .collect()
    }

    /// The next instant at which something happened that matters.
    fn next_instant(&mut self, evidence: Evidence<'_>) -> Option<Time> {
        let Evidence { cluster, output } = evidence;
        let store = &cluster.api.store;
        let change = loop {
            match store.change(self.run.cursor) {
                Some(c) if !self.kinds.contains(&c.new.kind) => self.run.cursor += 1,
                other => break other.map(|c| c.at),
            }
        };
        let trace = &cluster.api.trace;
        let command = loop {
            match trace.get(Cause(self.run.trace)) {
                Some(e) if !matches!(e.what, What::Command { .. }) => self.run.trace += 1,
                None if self.run.trace < trace.next().0 => self.run.trace += 1,
                other => break other.map(|e| e.at),
            }
        };
        let piece = output.get(self.run.pieces).map(|c| c.at);
        let ticks = if self.counts { self.run.next_tick(cluster) } else { None };
        [change, command, piece, ticks].into_iter().flatten().min()
    }

    /// Takes in what happened at an instant.
    fn take(&mut self, at: Time, evidence: Evidence<'_>) {
        let Evidence { cluster, output } = evidence;
        let run = &mut self.run;
        run.take_ticks(at, cluster);
        while let Some(c) = cluster.api.store.change(run.cursor).filter(|c| c.at <= at) {
            run.cursor += 1;
            if !self.kinds.contains(&c.new.kind) {
                continue;
            }
            let key = c.new.key();
            if c.kind == crate::api::request::WatchKind::Deleted {
                run.state.objects.remove(&key);
            } else {
                run.state.seen.insert(key.clone());
                run.state.objects.insert(key, c.new.clone());
            }
        }
        while let Some(e) = cluster.api.trace.get(Cause(run.trace)).filter(|e| e.at <= at) {
            run.trace += 1;
            if let What::Command { line } = &e.what
                && e.at >= self.since
            {
                keep(&mut run.commands, line);
                run.commands.push('\n');
            }
        }
        while let Some(piece) = output.get(run.pieces).filter(|c| c.at <= at) {
            run.pieces += 1;
            if piece.at >= self.since {
                keep(&mut run.output, &piece.text.replace('\r', ""));
            }
        }
    }

    /// Looks at the state with which the counted history begins.
    fn begin(&mut self, evidence: Evidence<'_>) {
        if !self.run.begun {
            self.run.begun = true;
            self.look(self.since, evidence);
        }
    }

    fn look(&mut self, at: Time, evidence: Evidence<'_>) {
        if let Some(last) = self.condition.nodes.len().checked_sub(1) {
            self.truth(last, at, evidence.cluster);
        }
    }

    fn truth(&mut self, i: usize, at: Time, cluster: &Cluster) -> bool {
        let mut m = self.run.memory[i];
        let start = *m.start.get_or_insert(at);
        let node = self.condition.nodes[i].clone();
        let now = match node {
            Node::Atom(atom) => self.atom(&atom, cluster),
            Node::Not(of) => !self.truth(of, at, cluster),
            Node::And(a, b) => self.truth(a, at, cluster) & self.truth(b, at, cluster),
            Node::Or(a, b) => self.truth(a, at, cluster) | self.truth(b, at, cluster),
            Node::Ever(of) => {
                m.latched |= self.truth(of, at, cluster);
                m.latched
            }
            Node::Always(of) => {
                m.latched |= !self.truth(of, at, cluster);
                !m.latched
            }
            Node::For(of, span) => {
                m.since = if self.truth(of, at, cluster) { m.since.or(Some(at)) } else { None };
                m.since.is_some_and(|s| at.since(s) >= span)
            }
            Node::Times(of, op, n) => {
                let is = self.truth(of, at, cluster);
                m.rises += i64::from(is && !m.was);
                m.was = is;
                atom::compare(&m.rises.to_string(), op, &n.to_string())
            }
            Node::Within(of, span, anchor) => {
                let is = self.truth(of, at, cluster);
                match anchor {
                    None => m.since = Some(start),
                    Some(anchor) => {
                        let begun = self.truth(anchor, at, cluster);
                        m.since = m.since.or(begun.then_some(at));
                    }
                }
                m.latched |= is && m.since.is_some_and(|s| at.since(s) <= span);
                m.latched
            }
            Node::AfterSpan(of, span) => {
                self.window(of, at, (at >= start + span).then_some(start + span), &mut m, cluster)
            }
            Node::After(of, when) => {
                let begun = self.truth(when, at, cluster);
                self.window(of, at, begun.then_some(at), &mut m, cluster)
            }
        };
        m.now = now;
        self.run.memory[i] = m;
        now
    }

    /// A window of history that opens once: its content is not looked at before.
    fn window(
        &mut self,
        of: usize,
        at: Time,
        opens: Option<Time>,
        m: &mut Memory,
        cluster: &Cluster,
    ) -> bool {
        if m.since.is_none()
            && let Some(opened) = opens
        {
            m.since = Some(opened);
            if opened < at {
                self.truth(of, opened, cluster);
            }
        }
        m.since.is_some() && self.truth(of, at, cluster)
    }

    fn atom(&self, atom: &Atom, cluster: &Cluster) -> bool {
        let state = &self.run.state;
        let own = &cluster.spec().namespace;
        let home = if own.is_empty() { "default" } else { own };
        match atom {
            Atom::Objects { of, any, test } => atom::holds(of, *any, test, state, home),
            Atom::Count { of, test, op, value } => {
                let found = of.find(state, home);
                let passing =
                    found.iter().filter(|o| test.as_ref().is_none_or(|t| atom::passes(o, t, state)));
                atom::compare(&passing.count().to_string(), *op, value)
            }
            Atom::Traffic { of, reading, op, value } => {
                atom::compare(&of.read(*reading, state, home), *op, value)
            }
            Atom::Output(op, text) => texts(&self.run.output, *op, text),
            Atom::Command(op, text) => texts(&self.run.commands, *op, text),
            Atom::File { path, wanted } => {
                let path = if path.starts_with('/') { path.clone() } else { format!("/root/{path}") };
                let bytes = cluster.read_file(&path);
                match (bytes, wanted) {
                    (Err(_), _) => false,
                    (Ok(_), None) => true,
                    (Ok(bytes), Some((op, text))) => {
                        atom::compare(String::from_utf8_lossy(&bytes).trim_end(), *op, text)
                    }
                }
            }
        }
    }
}

/// Whether some line of the text is the wanted one, or the text contains it.
fn texts(have: &str, op: Op, want: &str) -> bool {
    match op {
        Op::Contains => have.contains(want),
        Op::IsNot => !have.lines().any(|l| l.trim() == want),
        _ => have.lines().any(|l| atom::compare(l.trim(), op, want)),
    }
}

fn keep(text: &mut String, more: &str) {
    text.push_str(more);
    if text.len() > 2 * OUTPUT_KEPT {
        let cut = (text.len() - OUTPUT_KEPT..text.len()).find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text.drain(..cut);
    }
}

impl Run {
    fn of(condition: &Condition) -> Run {
        Run { memory: vec![Memory::default(); condition.nodes.len()], ..Run::default() }
    }

    /// The next instant at which counts of requests changed.
    fn next_tick(&mut self, cluster: &Cluster) -> Option<Time> {
        let mut next: Option<Time> = None;
        for (key, generator) in cluster.traffic().generators() {
            let ticks = generator.tally.ticks();
            let known = self.ticks.get(key).filter(|(started, _)| *started == generator.started);
            let cursor = known.map_or(0, |(_, cursor)| *cursor).max(ticks.first());
            if known.is_none() {
                self.state.traffic.remove(key);
            }
            self.ticks.insert(key.clone(), (generator.started, cursor));
            let at = ticks.get(cursor).map(|t| t.at);
            next = [next, at].into_iter().flatten().min();
        }
        next
    }

    /// Takes in the counts of requests up to an instant.
    fn take_ticks(&mut self, at: Time, cluster: &Cluster) {
        for (key, (_, cursor)) in self.ticks.iter_mut() {
            let Some(generator) = cluster.traffic().generator(key) else { continue };
            while let Some(tick) = generator.tally.ticks().get(*cursor).filter(|t| t.at <= at) {
                *cursor += 1;
                self.state.traffic.insert(key.clone(), tick.counts);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::format::ClusterSpec;
    use crate::scenario::{Input, Player, Scenario};
    use crate::time::Span;

    fn played() -> Player {
        let mut player = Player::new(Scenario { cluster: ClusterSpec::default(), ..Scenario::default() })
            .expect("the default");
        player.apply(Input::Open(0)).expect("a terminal");
        let crash = "kubectl run crash --image=busybox:1.28 --restart=Always -- sh -c 'sleep 3; exit 1'";
        for line in ["kubectl run web --image=nginx:1.14.2", crash, "echo hello > notes.txt"] {
            player.apply(Input::Line(0, line.into())).expect("typed");
            let next = player.now() + Span::secs(5);
            player.seek(next);
        }
        player.seek(Time::ZERO + Span::secs(60));
        player.apply(Input::Line(0, "kubectl delete pod web".into())).expect("typed");
        player.seek(Time::ZERO + Span::secs(120));
        player
    }

    fn check(player: &Player, text: &str, want: bool) {
        let condition = Condition::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let mut tracker = Tracker::new(condition, Time::ZERO);
        assert_eq!(
            tracker.advance(Evidence { cluster: player.cluster(), output: &player.output() }),
            want,
            "{text}"
        );
    }

    #[test]
    fn conditions_judge_state_output_files_and_history() {
        let player = played();
        for (text, want) in [
            ("pod/web gone", true),
            ("pod/nothing gone", false),
            ("pod/nothing absent", true),
            ("ever pod/web ready", true),
            ("pod/crash restarts >= 2", true),
            ("pod/crash last = Error", true),
            ("ever pod/crash is CrashLoopBackOff", true),
            ("never pod/web is CrashLoopBackOff", true),
            ("(pod/crash ready) at least 3 times", true),
            ("(pod/web ready) exactly 1 times", true),
            ("ever (pod/web ready for 40s)", true),
            ("ever (pod/web ready for 59s)", false),
            ("pod/web gone within 31s of pod/web deleting", true),
            ("pod/web ready within 10s", true),
            ("pod/web ready within 100ms", false),
            ("never (pod/web ready) after 70s", true),
            ("never (pod/web ready) after 40s", false),
            ("(never pod/web ready) after pod/web gone", true),
            ("count pod = 1 and count pods@* >= 1", true),
            ("any node ready and node/worker0* ready", true),
            ("output ~ 'pod/web created' and command ~ \"kubectl run web\"", true),
            ("output ~ no-such-text", false),
            ("file notes.txt ~ hello and file notes.txt = hello and not file other exists", true),
            ("pod/crash event BackOff and pod/crash event Started >= 2", true),
            ("pod/crash .spec.nodeName and pod/crash .spec.restartPolicy = Always", true),
            ("pod/crash {.spec.containers[0].image} ~ busybox", true),
            ("pod/crash condition PodScheduled", true),
            ("pod[run=crash] exists and not pod[run=other] exists", true),
        ] {
            check(&player, text, want);
        }
    }

    #[test]
    fn following_step_by_step_equals_looking_back() {
        let player = played();
        let mut again = Player::new(player.scenario()).expect("valid");
        for text in [
            "(pod/crash ready) at least 3 times",
            "ever (pod/web ready for 40s)",
            "pod/web gone within 31s of pod/web deleting",
        ] {
            again.seek(Time::ZERO);
            let mut tracker = Tracker::new(Condition::parse(text).expect("valid"), Time::ZERO);
            let mut met = false;
            while again.now() < player.now() {
                let next = again.now() + Span::secs(1);
                again.seek(next);
                met = tracker.advance(Evidence { cluster: again.cluster(), output: &again.output() });
            }
            assert!(met, "{text}");
            check(&again, text, met);
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, want) in [
            ("pod/web redy", "column 9: \"redy\" is not a test of objects"),
            (
                "pog/web ready",
                "column 1: \"pog/web\" is neither a kind like pod/web nor a word of conditions",
            ),
            ("pod/web ready and", "column 18: an object like pod/web is missing"),
            ("(pod/web ready", "column 15: \")\" is missing"),
            ("pod/web ready for ever", "column 19: a span like 10s, 1m30s or 2h is missing"),
            ("output 'x'", "column 8: an operator (= != < <= > >= ~) is missing"),
            ("output ~ 'x", "column 10: this quote is not closed"),
            ("pod/web ready exactly two times", "column 23: \"two\" is not a number"),
        ] {
            assert_eq!(Condition::parse(text).expect_err(text).to_string(), want);
        }
        assert!(Condition::parse(&"(".repeat(3_000)).is_err());
        assert!(Condition::parse(&"not ".repeat(1_000)).is_err());
    }

    #[test]
    fn conditions_count_requests_at_the_instants_at_which_they_failed() {
        let mut player = Player::new(Scenario::default()).expect("the default");
        player.apply(Input::Open(0)).expect("a terminal");
        let type_and_wait = |player: &mut Player, line: &str, seconds: u64| {
            player.apply(Input::Line(0, line.into())).expect("typed");
            let next = player.now() + Span::secs(seconds);
            player.seek(next);
        };
        type_and_wait(&mut player, "kubectl create deployment web --image=nginx:1.14.2 --replicas=2", 5);
        type_and_wait(&mut player, "kubectl expose deployment web --port=80", 5);
        player.apply(Input::Traffic("start web --rate 10".into())).expect("started");
        type_and_wait(&mut player, "", 30);
        type_and_wait(&mut player, "kubectl scale deployment web --replicas=0", 10);
        type_and_wait(&mut player, "kubectl scale deployment web --replicas=2", 30);
        for (text, want) in [
            ("traffic/web failed > 50", true),
            ("always traffic/web failed = 0", false),
            ("(traffic/web failed = 0) for 35s", false),
            ("ever ((traffic/web failed = 0) for 35s)", true),
            ("ever (traffic/web failed > 0) within 39s", false),
            ("ever (traffic/web failed > 0) within 43s", true),
            ("traffic/web refused > 40 and traffic/web 5xx = 0 and traffic/web no-name = 0", true),
            ("traffic/web requests >= 600 and traffic/web served < 700", true),
            ("traffic/w*@* success > 80 and traffic/web success < 100", true),
            ("traffic/other failed = 0 and not traffic/other success > 0", true),
        ] {
            check(&player, text, want);
        }
        let error = Condition::parse("traffic/web lost = 0").expect_err("no such count");
        assert_eq!(error.to_string(), "column 13: \"lost\" is not a count of requests");
    }
}
