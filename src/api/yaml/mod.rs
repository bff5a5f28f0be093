//! Reading and writing YAML exactly as kubectl does.
//!
//! Reading follows kubectl's layers: a file is split at `---` lines (or read as JSON if it starts with `{`),
//! each document goes through libyaml and the YAML 1.1 rules of go-yaml v2 (`yes` is `true`, `0777` is 511,
//! of duplicate keys the last one counts, `<<` merges, anchors expand) and becomes what its JSON would be.
//! Errors carry kubectl's text and, besides, the true place and a remedy for the editor. Writing gives the
//! bytes of `kubectl get -o yaml`, with its folding at 80 columns.
//!
//! Left out: `!!binary` and other tags beyond the core ones keep their text. Limits on size, depth and alias
//! expansion are named constants; no text panics or hangs.

mod compose;
mod emit;
mod events;
mod read;
mod resolve;

pub use compose::Place;
pub use emit::print;
pub use read::{read_documents, read_value};

use crate::api::{Value, json};
use std::fmt;

/// How much a reader accepts.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the whole text. The API server takes requests of 3 MiB at most, files may hold several objects.
    pub bytes: usize,
    /// Depth of nesting.
    pub depth: usize,
    /// Values after the expansion of aliases. go-yaml expands to some 400,000.
    pub nodes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bytes: 16 << 20, depth: json::MAX_DEPTH, nodes: 1_000_000 }
    }
}

/// A document and where its parts stand.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it says.
    pub value: Value,
    /// Where the parts stand, relative to the document.
    pub place: Place,
    /// The line of the file, counted from zero, at which the document's own text begins.
    pub first_line: u32,
}

impl Document {
    /// The line and column in the file, counted from zero, of the value at a field path such as
    /// `spec.containers[0].image`; of its nearest ancestor if there is no such value.
    pub fn find(&self, path: &str) -> (u32, u32) {
        let (line, column) = self.place.find(path);
        (line + self.first_line, column)
    }
}

/// Why a document could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What went wrong, e.g. `yaml: line 10: could not find expected ':'`.
    pub message: String,
    /// What kubectl puts before it when it reads files, e.g. `error converting YAML to JSON: `.
    pub prefix: &'static str,
    /// The true line in the file, counted from zero.
    pub line: u32,
    /// The column, counted from zero.
    pub column: u32,
    /// What to do about it, in plain words, where that is obvious.
    pub hint: Option<&'static str>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, self.message)
    }
}
