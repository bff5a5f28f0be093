//! The player: a scenario that is being run, with its log of inputs and checkpoints to go back to.
//!
//! Whatever is done from outside goes through [`Player::apply`], is written into the log with its instant
//! and so belongs to the scenario. Going back is *nearest checkpoint + replay of the log*; because the core
//! is deterministic, what one sees there equals a fresh run up to that instant.

use super::condition::{Condition, ConditionError, Evidence, Tracker};
use super::format::{FormatError, Input, LogEntry, Scenario};
use super::transcript::{Chunk, Output, Shown, Transcripts};
use crate::api::json;
use crate::cluster::Cluster;
use crate::collections::Order;
use crate::time::{Span, Time};

/// How many checkpoints are kept; when there are more, every second one is dropped and they are made half as often.
const CHECKPOINTS: usize = 96;
/// The least distance between two checkpoints, in steps.
const CHECKPOINT_EVERY: u64 = 128;
/// A checkpoint of so many objects costs about what one step more does.
const OBJECTS_A_STEP: usize = 16;
/// How many inputs a log may hold.
pub const LOG_LIMIT: usize = 20_000;
/// How long one input may be, in bytes.
pub const INPUT_LIMIT: usize = 1 << 20;
/// How long a command of a scenario's setup may take.
const SETUP_LIMIT: Span = Span::secs(120);
/// The latest instant that can be reached.
const HORIZON: Time = Time(super::format::REACH);

/// A scenario that is being run.
#[derive(Clone, Debug)]
pub struct Player {
    scenario: Scenario,
    log: Vec<LogEntry>,
    next: usize,
    cluster: Cluster,
    /// In order of time.
    checkpoints: Vec<Checkpoint>,
    /// How many instants of the run something happened at so far: the measure of the work that it took.
    steps: u64,
    /// The distance between two checkpoints, in steps.
    spacing: u64,
    terminals: Transcripts,
    furthest: Time,
    goal: Option<Tracker>,
    /// How often the log has changed.
    edits: usize,
}

#[derive(Clone, Debug)]
struct Checkpoint {
    at: Time,
    next: usize,
    steps: u64,
    shown: Shown,
    cluster: Cluster,
}

impl Player {
    /// Opens a scenario at its beginning. Its log is not run yet; [`Player::seek`] does that.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn new(scenario: Scenario) -> Result<Player, FormatError> {
        let mut scenario = scenario.checked()?;
        let mut log = std::mem::take(&mut scenario.log);
        if log.len() > LOG_LIMIT {
            return Err(FormatError(format!("log: more than {LOG_LIMIT} entries")));
        }
        log.order_by_key(|e| e.at);
        let mut cluster = Cluster::new(&scenario.cluster)?;
        for (path, text) in &scenario.files {
            cluster.write_file(&home_path(path), text.as_bytes());
        }
        cluster.settle();
        for line in &scenario.setup {
            set_up(&mut cluster, line)?;
        }
        for spec in &scenario.traffic {
            cluster.begin_traffic(spec).map_err(|why| FormatError(format!("traffic: {why}")))?;
        }
        if !scenario.setup.is_empty() {
            // What the visitor does must not fall into the same instant as the setup's last command.
            let begin = cluster.now() + Span::millis(1);
            cluster.run_until(begin);
        }
        let at = cluster.now();
        let first = Checkpoint { at, next: 0, steps: 0, shown: Shown::new(), cluster: cluster.clone() };
        let furthest =
            log.last().map_or(Time::ZERO, |e| Time(e.at)).max(Time(scenario.position)).min(HORIZON);
        Ok(Player {
            scenario,
            log,
            next: 0,
            cluster,
            checkpoints: vec![first],
            steps: 0,
            spacing: CHECKPOINT_EVERY,
            terminals: Transcripts::default(),
            furthest,
            goal: None,
            edits: 0,
        })
    }

    /// The cluster as it is now.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The present instant.
    pub fn now(&self) -> Time {
        self.cluster.now()
    }

    /// The instant at which the visitor comes: after the setup.
    pub fn begin(&self) -> Time {
        self.checkpoints.first().map_or(Time::ZERO, |c| c.at)
    }

    /// The latest instant that was reached or that the log names.
    pub fn end(&self) -> Time {
        self.furthest.max(self.now())
    }

    /// When something is due next: in the cluster or in the log.
    pub fn next_due(&self) -> Option<Time> {
        let logged = self.log.get(self.next).map(|e| Time(e.at));
        [self.cluster.next_due(), logged].into_iter().flatten().min()
    }

    /// Lets time pass until `goal`, in at most `budget` steps, so that a page can show progress.
    /// Returns whether `goal` was reached.
    pub fn run_until(&mut self, goal: Time, budget: u32) -> bool {
        let goal = goal.min(HORIZON);
        for _ in 0..budget {
            if self.now() >= goal && self.log.get(self.next).is_none_or(|e| Time(e.at) > goal) {
                self.collect();
                return true;
            }
            let logged = self.log.get(self.next).map(|e| Time(e.at)).filter(|at| *at <= goal);
            let limit = logged.unwrap_or(goal);
            if self.cluster.step(limit) {
                self.steps += 1;
            } else if logged.is_some() {
                let input = self.log[self.next].input.clone();
                self.next += 1;
                // What was refused when it was logged is refused again.
                let _ = self.perform(&input);
            }
            self.collect();
            self.checkpoint();
        }
        false
    }

    /// Sets the condition that [`Player::goal_met`] follows; what happened before now counts, too.
    ///
    /// # Errors
    /// Says where the text is no condition.
    pub fn set_goal(&mut self, text: &str) -> Result<(), ConditionError> {
        self.goal = Some(Tracker::new(Condition::parse(text)?, Time::ZERO));
        Ok(())
    }

    /// Whether the condition that was set holds now.
    pub fn goal_met(&mut self) -> bool {
        let Some(mut goal) = self.goal.take() else { return false };
        let output = if goal.reads_output() { self.output() } else { Vec::new() };
        let met = goal.advance(Evidence { cluster: &self.cluster, output: &output });
        self.goal = Some(goal);
        met
    }

    /// Goes to an instant, back or forth, and runs the log up to there.
    pub fn seek(&mut self, t: Time) {
        if let Some(i) = self.nearest(t) {
            self.go_to(i);
        }
        while !self.run_until(t, u32::MAX) {}
    }

    /// The checkpoint from which an instant is reached soonest; `None` if that is from here.
    fn nearest(&self, t: Time) -> Option<usize> {
        let i = self.checkpoints.partition_point(|c| c.at <= t).saturating_sub(1);
        let sooner = |c: &Checkpoint| t < self.now() || c.at > self.now();
        self.checkpoints.get(i).is_some_and(sooner).then_some(i)
    }

    fn go_to(&mut self, checkpoint: usize) {
        self.furthest = self.end();
        let c = &self.checkpoints[checkpoint];
        self.cluster = c.cluster.clone();
        self.next = c.next;
        self.steps = c.steps;
        self.terminals.go_to(&c.shown);
    }

    /// Whether the log holds inputs that come later than now.
    pub fn in_past(&self) -> bool {
        self.next < self.log.len()
    }

    /// Forgets the inputs that come later than now; the run goes on from here.
    pub fn overwrite(&mut self) {
        self.log.truncate(self.next);
        self.edits += 1;
        self.furthest = self.now();
        self.forget_rest();
    }

    /// Forgets how the run went on from now.
    fn forget_rest(&mut self) {
        let now = self.now();
        self.checkpoints.retain(|c| c.at <= now);
        self.terminals.forget_rest();
    }

    /// Does something to the cluster now and writes it into the log. What came later is forgotten.
    ///
    /// # Errors
    /// Says why it was not done: the log is full, the input too long, or a fault's command wrong.
    pub fn apply(&mut self, input: Input) -> Result<(), String> {
        if self.log.len() >= LOG_LIMIT {
            return Err(format!("the scenario is full: it holds {LOG_LIMIT} inputs"));
        }
        if input.len() > INPUT_LIMIT {
            return Err(format!("the input is too long: more than {INPUT_LIMIT} bytes"));
        }
        if self.in_past() {
            self.overwrite();
        } else {
            self.forget_rest();
        }
        let result = self.perform(&input);
        if result.is_ok() {
            self.log.push(LogEntry { at: self.now().0, input });
            self.next = self.log.len();
            self.edits += 1;
        }
        self.collect();
        result
    }

    fn perform(&mut self, input: &Input) -> Result<(), String> {
        let c = &mut self.cluster;
        match input {
            Input::Open(id) => {
                c.open_terminal(*id);
                self.terminals.open(*id);
            }
            Input::Line(id, line) => c.type_terminal(*id, &format!("{line}\n")),
            Input::Keys(id, keys) => c.type_terminal(*id, keys),
            Input::Interrupt(id) => c.type_terminal(*id, "\u{3}"),
            Input::Eof(id) => c.type_terminal(*id, "\u{4}"),
            Input::File(path, text) => c.write_file(&home_path(path), text.as_bytes()),
            Input::Remove(path) => c.remove_file(&home_path(path)),
            Input::Edited(id, text) => c.answer_edit(*id, text.as_deref()),
            Input::Fault(text) => return c.fault(text),
            Input::Traffic(text) => return c.direct_traffic(text).map(drop),
        }
        self.cluster.settle();
        Ok(())
    }

    /// The terminals that are open.
    pub fn terminals(&self) -> Vec<u32> {
        self.terminals.ids()
    }

    /// Takes what a terminal has shown since the last call.
    pub fn take_output(&mut self, terminal: u32) -> Output {
        self.terminals.take(terminal)
    }

    /// What all terminals have shown and still keep, in order of time.
    pub fn output(&self) -> Vec<Chunk> {
        self.terminals.all()
    }

    fn collect(&mut self) {
        let now = self.now();
        for id in self.terminals.ids() {
            let bytes = self.cluster.take_terminal(id);
            if !bytes.is_empty() {
                self.terminals.show(id, now, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }

    /// Keeps the present state if much has happened since the last one was kept. What counts is work, not time: so
    /// any instant is near to a checkpoint, in a busy minute as in an idle hour.
    fn checkpoint(&mut self) {
        let now = self.now();
        let objects = self.cluster.api.store.len() / OBJECTS_A_STEP;
        let spacing = self.spacing.max(objects as u64);
        if self.checkpoints.last().is_some_and(|c| now <= c.at || self.steps < c.steps + spacing) {
            return;
        }
        let (shown, cluster) = (self.terminals.shown(), self.cluster.clone());
        self.checkpoints.push(Checkpoint { at: now, next: self.next, steps: self.steps, shown, cluster });
        if self.checkpoints.len() > CHECKPOINTS {
            let mut i = 0;
            self.checkpoints.retain(|_| {
                i += 1;
                i % 2 == 1
            });
            self.spacing = spacing * 2;
        }
    }

    /// The scenario with everything that was done so far, standing at the present instant.
    pub fn scenario(&self) -> Scenario {
        Scenario { log: self.log.clone(), position: self.now().0, ..self.scenario.clone() }
    }

    /// The scenario up to the present instant: what a fork begins with.
    pub fn fork(&self) -> Scenario {
        Scenario { log: self.log[..self.next].to_vec(), position: self.now().0, ..self.scenario.clone() }
    }

    /// The event-log hash: every change that the store's log holds, with its instant, author and content, and
    /// what the terminals have shown. Equal hashes mean equal runs, natively and in every browser.
    pub fn hash(&self) -> String {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        for change in self.cluster.changes() {
            hash.add(&change.revision.to_le_bytes());
            hash.add(&change.at.0.to_le_bytes());
            hash.add(change.actor.as_bytes());
            hash.add(json::print(&change.new).as_bytes());
        }
        for id in self.terminals.ids() {
            hash.add(&id.to_le_bytes());
            self.terminals.chunks(id).iter().for_each(|c| hash.add(c.text.as_bytes()));
        }
        format!("{:016x}", hash.0)
    }

    /// The last bytes that a terminal has shown, at most `length` of them.
    pub fn tail(&self, terminal: u32, length: usize) -> String {
        let mut tail = String::new();
        for chunk in self.terminals.chunks(terminal).iter().rev() {
            tail.insert_str(0, &chunk.text);
            if tail.len() >= length {
                break;
            }
        }
        let start = (tail.len().saturating_sub(length)..tail.len()).find(|i| tail.is_char_boundary(*i));
        tail.split_off(start.unwrap_or(0))
    }

    /// A number that changes with the log.
    pub fn log_version(&self) -> usize {
        self.edits
    }

    /// The title for people.
    pub fn set_title(&mut self, title: &str) {
        self.scenario.title = title.to_string();
    }

    /// A cluster to be asked things without consequences.
    pub fn scratch(&self) -> Cluster {
        self.cluster.clone()
    }
}

/// The checksum of a text.
pub fn checksum(bytes: &[u8]) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    hash.add(bytes);
    hash.0
}

/// FNV-1a, 64 bits: a checksum, not a seal.
struct Fnv(u64);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0 ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// Does a line of a scenario's setup: a command, `wait SPAN` or `fault …`.
fn set_up(cluster: &mut Cluster, line: &str) -> Result<(), FormatError> {
    let wrong = |why: String| FormatError(format!("setup: {line}: {why}"));
    if let Some(span) = line.strip_prefix("wait ") {
        let nanos = crate::api::duration::parse(span.trim()).map_err(wrong)?;
        let end = cluster.now() + Span::micros(nanos.unsigned_abs() / 1_000);
        cluster.run_until(end.min(HORIZON));
        return Ok(());
    }
    if let Some(fault) = line.strip_prefix("fault ") {
        cluster.fault(fault).map_err(wrong)?;
        cluster.settle();
        return Ok(());
    }
    let limit = cluster.now() + SETUP_LIMIT;
    let job = cluster.start_job(line, "/root", false);
    cluster.run_until_job(job, limit);
    cluster.forget_job(job);
    Ok(())
}

/// Files are named relative to the workstation's home.
fn home_path(path: &str) -> String {
    if path.starts_with('/') { path.to_string() } else { format!("/root/{path}") }
}

impl Input {
    /// Its length in bytes.
    fn len(&self) -> usize {
        match self {
            Input::Line(_, s)
            | Input::Keys(_, s)
            | Input::Remove(s)
            | Input::Fault(s)
            | Input::Traffic(s) => s.len(),
            Input::File(path, text) => path.len() + text.len(),
            Input::Edited(_, text) => text.as_ref().map_or(0, String::len),
            Input::Open(_) | Input::Interrupt(_) | Input::Eof(_) => 0,
        }
    }
}
