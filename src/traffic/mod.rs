//! Traffic: clients that ask a Service for a page at a steady rate, and what became of their requests.
//!
//! A request is an HTTP GET on a connection of its own through the simulated network: by the rules of the node
//! that the client is on, to a process that listens, or does not. Requests are spread evenly over time with a
//! jitter of their own stream. What is kept is counted (by outcome, by pod, over time), so that an hour of
//! traffic costs no more memory than a minute. Connections that are kept alive are left out.
//!
//! Nothing here knows the API server: the cluster says where a request goes ([`Traffic::due`],
//! [`Traffic::send`]) and takes those that are over ([`Traffic::take_done`]).

mod options;
mod request;
mod tally;
#[cfg(test)]
mod tests;

pub use options::{From, MAX_GENERATORS, Options, USAGE, seconds};
pub use request::{Done, Way};
pub use tally::{Bin, Counts, OUTCOMES, Outcome, PodTally, Spread, Tally, Tick};

use crate::api::Text;
use crate::collections::BTreeMap;
use crate::os::{Handle, World};
use crate::rng::Rng;
use crate::time::{Span, Time};
use crate::trace::Cause;
use request::Flying;

/// How many requests of all generators may be under way; a timeout of [`options`]' longest and the highest rate
/// stay below it.
const UNDER_WAY: usize = 4_096;

/// A client that sends requests.
#[derive(Clone, Debug)]
pub struct Generator {
    /// What it does.
    pub options: Options,
    /// Since when.
    pub started: Time,
    /// When it was stopped.
    pub stopped: Option<Time>,
    /// What became of its requests.
    pub tally: Tally,
    /// What started it.
    pub cause: Cause,
    /// How many requests it has come to.
    number: u64,
    next: Time,
    rng: Rng,
}

impl Generator {
    fn new(options: Options, seed: u64, now: Time, cause: Cause) -> Generator {
        let rng = Rng::stream(seed, &format!("traffic {} {}", options.key(), now.0));
        let tally = Tally::new(now);
        let mut generator =
            Generator { options, started: now, stopped: None, tally, cause, number: 0, next: now, rng };
        generator.plan();
        generator
    }

    /// Plans the next request: somewhere in its slot.
    fn plan(&mut self) {
        let slot = Span::secs(1).mul_f64((self.number as f64 + self.rng.unit()) / self.options.rate);
        self.next = self.started + slot;
        self.number += 1;
    }
}

/// All generators, by `namespace/service`, and the requests under way.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    generators: BTreeMap<Text, Generator>,
    flying: Vec<Flying>,
    /// The earliest instant at which one of those is given up; later ones are looked at then.
    give_up: Option<Time>,
    done: Vec<Done>,
}

impl Traffic {
    /// The generators, by `namespace/service`.
    pub fn generators(&self) -> impl Iterator<Item = (&Text, &Generator)> {
        self.generators.iter()
    }

    /// The generator of a service.
    pub fn generator(&self, key: &str) -> Option<&Generator> {
        self.generators.get(key)
    }

    /// Starts to send. One that was stopped begins anew.
    ///
    /// # Errors
    /// Says that there is one already, or that there are too many.
    pub fn start(&mut self, options: Options, seed: u64, now: Time, cause: Cause) -> Result<(), String> {
        let key = options.key();
        match self.generators.get(&key) {
            Some(g) if g.stopped.is_none() => {
                return Err(format!(
                    "traffic: there is traffic to service {} already; \"traffic stop {}\" ends it",
                    options.shown(),
                    options.named()
                ));
            }
            None if self.generators.len() >= MAX_GENERATORS => {
                return Err(format!("traffic: at most {MAX_GENERATORS} Services can have traffic"));
            }
            _ => {}
        }
        self.generators.insert(key, Generator::new(options, seed, now, cause));
        Ok(())
    }

    /// Stops to send; requests under way are still counted. Tells whether there was something to stop.
    pub fn stop(&mut self, key: &str, now: Time) -> bool {
        let running = self.generators.get_mut(key).filter(|g| g.stopped.is_none());
        let Some(generator) = running else { return false };
        generator.stopped = Some(now);
        generator.tally.settle(now);
        true
    }

    /// When there is something to do.
    pub fn next_due(&self) -> Option<Time> {
        let sending = self.generators.values().filter(|g| g.stopped.is_none()).map(|g| g.next);
        sending.chain(self.give_up).min()
    }

    /// The options of the generators that have a request to send now, each as often as it has, and the number
    /// of the request.
    pub fn due(&mut self, now: Time) -> Vec<(Options, u64)> {
        let mut due = Vec::new();
        for generator in self.generators.values_mut().filter(|g| g.stopped.is_none()) {
            while generator.next <= now && due.len() < UNDER_WAY {
                due.push((generator.options.clone(), generator.number));
                generator.plan();
            }
        }
        due
    }

    /// Sends a request.
    pub fn send(&mut self, world: &mut World, now: Time, options: &Options, way: Way) {
        let nowhere = way == Way::NoName;
        let flying = Flying::new(world, now, options, way);
        if nowhere {
            self.done.push(flying.end(world, now, Outcome::NoName));
            return;
        }
        if self.flying.len() >= UNDER_WAY {
            self.done.push(flying.end(world, now, Outcome::Timeout));
            return;
        }
        self.give_up = Some(self.give_up.map_or(flying.deadline, |at| at.min(flying.deadline)));
        self.flying.push(flying);
    }

    /// Moves requests on at whose handles something has changed, and gives up those whose time is over.
    pub fn drive(&mut self, world: &mut World, now: Time, ready: &[Handle]) {
        for handle in ready {
            let Some(i) = self.flying.iter().position(|f| f.handle == Some(*handle)) else { continue };
            if let Some(outcome) = self.flying[i].pump(world) {
                let over = self.flying.remove(i);
                self.done.push(over.end(world, now, outcome));
            }
        }
        if self.give_up.is_none_or(|at| at > now) {
            return;
        }
        while let Some(i) = self.flying.iter().position(|f| f.deadline <= now) {
            let over = self.flying.remove(i);
            self.done.push(over.end(world, now, Outcome::Timeout));
        }
        self.give_up = self.flying.iter().map(|f| f.deadline).min();
    }

    /// Takes the requests that are over and counts them; `pods` knows who has an address.
    pub fn take_done(&mut self, pods: &BTreeMap<Text, Text>) -> Vec<Done> {
        let mut done = std::mem::take(&mut self.done);
        for one in &mut done {
            let ip = one.endpoint.as_ref().map(|(ip, _)| ip);
            one.pod = ip.and_then(|ip| pods.get(ip)).cloned().unwrap_or_default();
            if let Some(generator) = self.generators.get_mut(&one.key) {
                generator.tally.count(one);
            }
        }
        done
    }
}
