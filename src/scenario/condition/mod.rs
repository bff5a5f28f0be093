//! Conditions: what "run until", goals of lessons and comparisons ask of a run.
//!
//! A condition is one line of text about the state, what terminals have shown, files, and history:
//!
//! ```text
//! pod/web ready and pod/web .spec.nodeName = worker01
//! pod/web-* is CrashLoopBackOff or pod/web restarts >= 2
//! never (service/web endpoints = 0) after 10s
//! pod/web gone within 30s of pod/web deleting
//! (pod/web ready) for 1m and (pod/web ready) exactly 2 times
//! always traffic/web failed = 0
//! output ~ "pod/web created" and command ~ "kubectl explain" and file notes.txt ~ nginx
//! ```
//!
//! * Objects: `KIND/NAME`, where the name may be a pattern with `*`, `@NAMESPACE` (or `@*`) may follow, and
//!   `[SELECTOR]` narrows by labels. At least one object must match and every one pass; `any` before it asks
//!   for one only. `count OBJECTS [ready|deleting] OP N` counts.
//! * Tests: `exists`, `absent`, `gone` (was there once), `deleting`, `ready`, `is WORD` (the STATUS column),
//!   `status|phase|node|image|restarts|last|endpoints OP VALUE`, `condition TYPE [OP VALUE]`, `event REASON [~ TEXT]
//!   [OP N]`, and `.a.path OP VALUE` or `{.a.jsonpath}`. A path without operator asks for a value that is set.
//! * Traffic: `traffic/SERVICE READING OP VALUE`, where a reading is `served`, `failed`, `requests`, `success` (in
//!   percent), or the name of a failure: `refused`, `timeout`, `reset`, `unreachable`, `4xx`, `5xx`, `no-name`.
//! * Operators: `=` `!=` `<` `<=` `>` `>=`, by amount where both sides are quantities, and `~` (contains).
//! * History: `ever`, `never`, `always`, `… for SPAN`, `… within SPAN [of CONDITION]`, `… exactly|at least|
//!   at most N times` (how often it became true), `… after SPAN|CONDITION` (only what comes later counts).
//! * `not`, `and`, `or` and parentheses; `after` binds weakest, then `or`, `and`, the prefixes, the suffixes.
//!
//! A [`Condition`] is the text, read once; a [`Tracker`] follows a run with it. Files are judged as they are
//! when the tracker is asked, since their history is not kept.

mod atom;
mod parse;
mod tracker;

pub use tracker::{Evidence, Part, Tracker};

use crate::api::Kind;
use crate::api::jsonpath::JsonPath;
use crate::api::labels::Selector;
use crate::time::Span;
use crate::traffic::Outcome;

/// How long the text of a condition may be, in bytes.
pub const TEXT_LIMIT: usize = 4_096;
/// How deep conditions may nest.
const DEPTH_LIMIT: usize = 40;
/// How many parts a condition may have.
const NODE_LIMIT: usize = 200;

/// A condition that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Children before their parents; the last is the whole.
    nodes: Vec<Node>,
    /// Where in the text each node was read from.
    places: Vec<(usize, usize)>,
    text: String,
}

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionError {
    /// Where, in bytes from the beginning.
    pub at: usize,
    /// What is wrong there.
    pub message: String,
}

impl std::fmt::Display for ConditionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "column {}: {}", self.at + 1, self.message)
    }
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// Says where the text stops making sense and what may stand there.
    pub fn parse(text: &str) -> Result<Condition, ConditionError> {
        parse::condition(text)
    }

    /// The text that it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Atom(Atom),
    Not(usize),
    And(usize, usize),
    Or(usize, usize),
    Ever(usize),
    Always(usize),
    For(usize, Span),
    Within(usize, Span, Option<usize>),
    Times(usize, Op, i64),
    AfterSpan(usize, Span),
    After(usize, usize),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Op {
    Is,
    IsNot,
    Less,
    AtMost,
    More,
    AtLeast,
    Contains,
}

/// What is asked of the present.
#[derive(Clone, Debug, PartialEq)]
enum Atom {
    Objects { of: Objects, any: bool, test: Test },
    Count { of: Objects, test: Option<Test>, op: Op, value: String },
    Output(Op, String),
    Command(Op, String),
    File { path: String, wanted: Option<(Op, String)> },
    Traffic { of: Requests, reading: Count, op: Op, value: String },
}

/// Which objects are meant.
#[derive(Clone, Debug, PartialEq)]
struct Objects {
    kind: Kind,
    name: String,
    /// `None`: the context's own; `*`: all.
    namespace: Option<String>,
    selector: Option<Selector>,
}

/// Requests to which Services are meant.
#[derive(Clone, Debug, PartialEq)]
struct Requests {
    /// The Service; may be a pattern.
    name: String,
    /// `None`: the context's own; `*`: all.
    namespace: Option<String>,
}

/// Which requests are counted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Count {
    All,
    Failed,
    /// Served ones, in percent of all.
    Success,
    Outcome(Outcome),
}

/// What is asked of each object.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    Exists,
    Absent,
    Gone,
    Deleting,
    Ready,
    Value { of: Reading, op: Op, value: String },
    Event { reason: String, text: Option<String>, op: Op, value: String },
}

/// A value that is read from an object.
#[derive(Clone, Debug, PartialEq)]
enum Reading {
    Status,
    Restarts,
    Last,
    Image,
    Endpoints,
    Condition(String),
    /// A path, and whether only its being set is asked for.
    Path(JsonPath, bool),
}
