//! Why things happen: the bounded trace of causes.
//!
//! Whatever the core does because of something (a command, a write seen by watch, a timer, a process
//! that ended, an injected fault) is an entry that names its parent. "Why?" follows the parents to the
//! command, manifest, rule or fault that began it. The trace keeps the newest [`LIMIT`] entries.
//! Beside the causes it keeps the results of probes and the requests to Services that failed, which are too many
//! to be causes of their own.

use crate::api::Text;
use crate::history::History;
use crate::time::Time;

/// How many entries are kept.
pub const LIMIT: usize = 400_000;

/// How many results of probes are kept.
pub const PROBES: usize = 20_000;

/// How many requests that failed are kept.
pub const REQUESTS: usize = 20_000;

/// The number of a trace entry; 0 is the beginning of the scenario.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Cause(pub u32);

impl Cause {
    /// The scenario itself.
    pub const START: Cause = Cause(0);
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// What brought it about.
    pub parent: Cause,
    /// Who did it: a component's name, e.g. `kubelet worker01`, `default-scheduler`, `kubectl`.
    pub actor: Text,
    /// What was done.
    pub what: What,
}

/// The kinds of things that happen.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The scenario began.
    Start,
    /// A person ran a command line.
    Command {
        /// The line as typed.
        line: Text,
    },
    /// A manifest was sent by a command.
    Manifest {
        /// The file, by its absolute path.
        path: Text,
        /// The line at which the object's document begins, counted from 1.
        line: u32,
    },
    /// An object was written to the API server.
    Write {
        /// `create`, `update`, `patch`, `delete` or a subresource's name.
        verb: &'static str,
        /// `pods/default/web`.
        object: Text,
        /// The store revision that the write made.
        revision: u64,
    },
    /// A rule of Kubernetes came to act: a timer, threshold or decision.
    Rule {
        /// A stable name of the rule, e.g. `probe.failure-threshold`; explanations are keyed by it.
        rule: &'static str,
        /// The object concerned, `pods/default/web` (with `/container` behind it where one is meant).
        object: Text,
        /// Values for the explanation, e.g. `limit` → `200Mi`.
        values: Vec<(&'static str, Text)>,
    },
    /// A fault was injected.
    Fault {
        /// What was broken or mended, as a command would say it.
        text: Text,
    },
}

/// The result of one probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Probed {
    /// When.
    pub at: Time,
    /// `pods/default/web/container`.
    pub container: Text,
    /// `Liveness`, `Readiness` or `Startup`.
    pub probe: &'static str,
    /// Whether it succeeded.
    pub ok: bool,
}

/// A request to a Service that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Requested {
    /// When that was known.
    pub at: Time,
    /// `services/default/web`.
    pub service: Text,
    /// The pod that it was sent to, `pods/default/web`; empty if there was none.
    pub pod: Text,
    /// `refused`, `timeout`, …
    pub outcome: &'static str,
    /// The entry that tells why.
    pub cause: Cause,
}

/// The trace.
#[derive(Clone, Debug)]
pub struct Trace {
    entries: History<Entry>,
    probes: History<Probed>,
    requests: History<Requested>,
}

impl Trace {
    /// A trace that holds the scenario's start.
    pub fn new() -> Self {
        let start =
            Entry { at: Time::ZERO, parent: Cause::START, actor: Text::from("scenario"), what: What::Start };
        let mut entries = History::new(LIMIT);
        entries.push(start);
        Trace { entries, probes: History::new(PROBES), requests: History::new(REQUESTS) }
    }

    /// Adds an entry and returns its number.
    pub fn add(&mut self, entry: Entry) -> Cause {
        Cause(self.entries.push(entry) as u32)
    }

    /// Keeps the result of a probe.
    pub fn probed(&mut self, probed: Probed) {
        self.probes.push(probed);
    }

    /// The results of probes that are kept, oldest first.
    pub fn probes(&self) -> impl Iterator<Item = &Probed> {
        self.probes.iter()
    }

    /// Keeps a request that failed.
    pub fn requested(&mut self, requested: Requested) {
        self.requests.push(requested);
    }

    /// The requests that failed and are kept, oldest first.
    pub fn requests(&self) -> &History<Requested> {
        &self.requests
    }

    /// The entry of a cause, unless it has been dropped.
    pub fn get(&self, cause: Cause) -> Option<&Entry> {
        self.entries.get(u64::from(cause.0))
    }

    /// The number that the next entry will have.
    pub fn next(&self) -> Cause {
        Cause(self.entries.end() as u32)
    }

    /// The chain from `cause` to its beginning, newest first.
    pub fn chain(&self, cause: Cause) -> impl Iterator<Item = (Cause, &Entry)> {
        let mut next = Some(cause);
        std::iter::from_fn(move || {
            let c = next?;
            let e = self.get(c)?;
            next = if c == Cause::START { None } else { Some(e.parent) };
            Some((c, e))
        })
    }
}

impl Default for Trace {
    fn default() -> Self {
        Trace::new()
    }
}
