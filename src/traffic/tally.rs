//! What became of requests: counts by outcome and pod, over time, and how long they took.

use super::request::Done;
use crate::api::Text;
use crate::collections::BTreeMap;
use crate::history::History;
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// How many bins the counts of a pod have over time; when there are more, bins become twice as wide.
const BINS: usize = 600;
/// How wide bins are at first.
const BIN: Span = Span::secs(1);
/// How many pods are counted for themselves; those that come later share a row.
const PODS: usize = 200;
/// How many instants at which counts changed are kept, for conditions on history.
const TICKS: usize = 20_000;
/// Successes within this long become one such instant.
const TICK: Span = Span::secs(1);
/// The interval that "lately" means.
const LATELY: Span = Span::secs(10);

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered with a status below 400.
    Served,
    /// It was answered with 4xx.
    ClientError,
    /// It was answered with 5xx.
    ServerError,
    /// Nobody listened, or there was no endpoint.
    Refused,
    /// The connection ended before the answer did.
    Reset,
    /// There was no answer in time.
    Timeout,
    /// There was no way to the address.
    Unreachable,
    /// The Service's name has no address.
    NoName,
}

/// The outcomes with their names, in the order in which they are counted.
pub const OUTCOMES: [(Outcome, &str); 8] = [
    (Outcome::Served, "served"),
    (Outcome::ClientError, "4xx"),
    (Outcome::ServerError, "5xx"),
    (Outcome::Refused, "refused"),
    (Outcome::Reset, "reset"),
    (Outcome::Timeout, "timeout"),
    (Outcome::Unreachable, "unreachable"),
    (Outcome::NoName, "no-name"),
];

impl Outcome {
    /// Its name.
    pub fn name(self) -> &'static str {
        OUTCOMES[self as usize].1
    }
}

/// Counts by outcome, in the order of [`OUTCOMES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts(pub [u64; OUTCOMES.len()]);

impl Counts {
    fn add(&mut self, outcome: Outcome) {
        self.0[outcome as usize] += 1;
    }

    /// Those that were served.
    pub fn served(&self) -> u64 {
        self.0[0]
    }

    /// All others.
    pub fn failed(&self) -> u64 {
        self.0[1..].iter().sum()
    }

    /// The failures, as `3 refused, 1 timeout`.
    pub fn failures(&self) -> String {
        let told = OUTCOMES.iter().zip(self.0).skip(1).filter(|(_, n)| *n > 0);
        let told: Vec<String> = told.map(|((_, name), n)| format!("{n} {name}")).collect();
        told.join(", ")
    }
}

/// The requests of a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    /// Its number, counted from the generator's start.
    pub number: u64,
    /// Requests that were served.
    pub served: u32,
    /// Those that were not.
    pub failed: u32,
}

/// The requests that were sent to a pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodTally {
    /// By outcome.
    pub counts: Counts,
    /// Over time; spans without requests are left out.
    pub bins: Vec<Bin>,
}

/// How long answers took: how often each span came, rounded to three figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread(BTreeMap<u64, u64>);

impl Spread {
    fn add(&mut self, span: Span) {
        *self.0.entry(rounded(span.0)).or_default() += 1;
    }

    /// The span that this part (of 1) of the answers stayed within; `None` without answers.
    pub fn quantile(&self, part: f64) -> Option<Span> {
        let all: u64 = self.0.values().sum();
        let wanted = ((all as f64 * part).ceil() as u64).max(1);
        let mut sum = 0;
        let passed = self.0.iter().find(|(_, n)| {
            sum += **n;
            sum >= wanted
        });
        passed.map(|(micros, _)| Span(*micros))
    }
}

fn rounded(micros: u64) -> u64 {
    let mut unit = 1;
    while micros / unit >= 1_000 {
        unit *= 10;
    }
    (micros + unit / 2) / unit * unit
}

/// The counts as they were from an instant on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tick {
    /// From when.
    pub at: Time,
    /// By outcome.
    pub counts: Counts,
}

/// What became of the requests of a generator.
#[derive(Clone, Debug)]
pub struct Tally {
    /// By outcome.
    pub counts: Counts,
    /// By pod; the row without a name counts those that reached none.
    pub pods: BTreeMap<Text, PodTally>,
    /// How long answers took.
    pub spread: Spread,
    /// How wide bins are.
    pub width: Span,
    start: Time,
    lately: VecDeque<(Time, Span, Outcome)>,
    ticks: History<Tick>,
    /// A tick that is not told yet, as only successes came since the last one.
    open: Option<Tick>,
}

impl Tally {
    /// Nothing counted, from an instant on.
    pub fn new(start: Time) -> Tally {
        Tally {
            counts: Counts::default(),
            pods: BTreeMap::new(),
            spread: Spread::default(),
            width: BIN,
            start,
            lately: VecDeque::new(),
            ticks: History::new(TICKS),
            open: None,
        }
    }

    /// Whether anything was counted yet.
    pub fn begun(&self) -> bool {
        self.counts != Counts::default()
    }

    /// Counts a request that is over.
    pub fn count(&mut self, done: &Done) {
        let at = done.sent + done.took;
        let served = done.outcome == Outcome::Served;
        self.counts.add(done.outcome);
        if done.status > 0 {
            self.spread.add(done.took);
        }
        self.lately.push_back((at, done.took, done.outcome));
        while self.lately.front().is_some_and(|(t, ..)| at.since(*t) > LATELY) {
            self.lately.pop_front();
        }
        let tick = Tick { at, counts: self.counts };
        let due = self.open.is_none_or(|t| at.since(t.at) >= TICK);
        if !served || due {
            self.ticks.push(tick);
            self.open = Some(tick);
        }
        self.bin(done, at, served);
    }

    fn bin(&mut self, done: &Done, at: Time, served: bool) {
        let known = self.pods.contains_key(&done.pod) || self.pods.len() < PODS;
        let name = if known { done.pod.clone() } else { Text::lit("others") };
        let number = at.since(self.start).0 / self.width.0;
        let pod = self.pods.entry(name).or_default();
        pod.counts.add(done.outcome);
        if pod.bins.last().is_none_or(|b| b.number < number) {
            pod.bins.push(Bin { number, ..Bin::default() });
        }
        // Answers come in order of time, so the last bin is the one.
        if let Some(bin) = pod.bins.last_mut() {
            *(if served { &mut bin.served } else { &mut bin.failed }) += 1;
        }
        if pod.bins.len() > BINS {
            self.widen();
        }
    }

    fn widen(&mut self) {
        self.width = Span(self.width.0 * 2);
        for pod in self.pods.values_mut() {
            let mut wide: Vec<Bin> = Vec::new();
            for bin in &pod.bins {
                let number = bin.number / 2;
                match wide.last_mut().filter(|b| b.number == number) {
                    Some(last) => {
                        last.served += bin.served;
                        last.failed += bin.failed;
                    }
                    None => wide.push(Bin { number, ..*bin }),
                }
            }
            pod.bins = wide;
        }
    }

    /// Tells of successes that no tick has told yet.
    pub(super) fn settle(&mut self, now: Time) {
        if self.ticks.iter().last().is_some_and(|t| t.counts != self.counts) {
            self.ticks.push(Tick { at: now, counts: self.counts });
        }
    }

    /// The counts of the last ten seconds, and how long answers took in them.
    pub fn lately(&self, now: Time) -> (Counts, Spread) {
        let (mut counts, mut spread) = (Counts::default(), Spread::default());
        for (_, took, outcome) in self.lately.iter().filter(|(at, ..)| now.since(*at) <= LATELY) {
            counts.add(*outcome);
            if matches!(outcome, Outcome::Served | Outcome::ClientError | Outcome::ServerError) {
                spread.add(*took);
            }
        }
        (counts, spread)
    }

    /// The instants at which counts changed: each failure, and successes once in a second.
    pub fn ticks(&self) -> &History<Tick> {
        &self.ticks
    }
}
