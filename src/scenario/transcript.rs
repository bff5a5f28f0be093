//! What the terminals of a run have shown.
//!
//! A transcript keeps what was shown up to the furthest instant that was reached; how much of it is shown at the
//! present one moves as time goes back and forth. What comes again when time passes again is what was there
//! before; where it is not, the run has taken another turn, and the rest is forgotten. Most instants have seen
//! what the one before had, or more: who takes the output gets only what is new to him, and is told when what he
//! has is void.

use crate::collections::{BTreeMap, Order};
use crate::time::Time;

/// How much of a terminal's output is kept, in bytes.
const LIMIT: usize = 2 << 20;

/// How many chunks each terminal had shown at an instant.
pub(super) type Shown = BTreeMap<u32, usize>;

/// A piece of a terminal's output.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// When it came.
    pub at: Time,
    /// The text; control sequences are left in it for the page to interpret or drop.
    pub text: String,
}

/// Terminal output since it was last taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// Whether what was taken before is void (it was not shown yet, or not so): the chunks begin anew.
    pub reset: bool,
    /// The chunks.
    pub chunks: Vec<Chunk>,
}

/// The terminals of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Transcripts {
    terminals: BTreeMap<u32, Transcript>,
}

/// What a terminal has shown.
#[derive(Clone, Debug, Default)]
struct Transcript {
    /// Whether the terminal is there at the present instant.
    open: bool,
    /// How many chunks were dropped from the front.
    dropped: usize,
    chunks: Vec<Chunk>,
    /// How many of the chunks are shown at the present instant.
    shown: usize,
    /// How many were taken, the dropped ones not counted; `None` if what was taken is not among them.
    taken: Option<usize>,
    bytes: usize,
}

impl Transcripts {
    /// A terminal is opened.
    pub fn open(&mut self, id: u32) {
        self.terminals.entry(id).or_default().open = true;
    }

    /// The terminals that are open.
    pub fn ids(&self) -> Vec<u32> {
        self.open_ones().map(|(id, _)| id).collect()
    }

    /// A terminal shows something.
    pub fn show(&mut self, id: u32, at: Time, text: String) {
        if let Some(terminal) = self.terminals.get_mut(&id) {
            terminal.push(Chunk { at, text });
        }
    }

    /// How much is shown at the present instant.
    pub fn shown(&self) -> Shown {
        self.open_ones().map(|(id, t)| (id, t.dropped + t.shown)).collect()
    }

    /// Time goes to an instant at which so much was shown.
    pub fn go_to(&mut self, shown: &Shown) {
        for (id, terminal) in self.terminals.iter_mut() {
            terminal.go_to(shown.get(id).copied());
        }
    }

    /// Forgets what is not shown at the present instant.
    pub fn forget_rest(&mut self) {
        self.terminals.retain(|_, t| t.open);
        self.terminals.values_mut().for_each(Transcript::forget_rest);
    }

    /// Takes what a terminal has shown since the last call.
    pub fn take(&mut self, id: u32) -> Output {
        self.terminals.get_mut(&id).filter(|t| t.open).map(Transcript::take).unwrap_or_default()
    }

    /// What a terminal has shown and still keeps.
    pub fn chunks(&self, id: u32) -> &[Chunk] {
        self.terminals.get(&id).map_or(&[], Transcript::shown_chunks)
    }

    /// What all terminals have shown and still keep, in order of time.
    pub fn all(&self) -> Vec<Chunk> {
        let mut all: Vec<Chunk> = self.open_ones().flat_map(|(_, t)| t.shown_chunks().to_vec()).collect();
        all.order_by_key(|c| c.at);
        all
    }

    fn open_ones(&self) -> impl Iterator<Item = (u32, &Transcript)> {
        self.terminals.iter().filter(|(_, t)| t.open).map(|(id, t)| (*id, t))
    }
}

impl Transcript {
    fn push(&mut self, chunk: Chunk) {
        if self.chunks.get(self.shown) == Some(&chunk) {
            self.shown += 1;
            return;
        }
        if self.shown < self.chunks.len() {
            self.forget_rest();
        }
        self.bytes += chunk.text.len();
        self.chunks.push(chunk);
        while self.bytes > LIMIT && self.chunks.len() > 1 {
            self.bytes -= self.chunks.remove(0).text.len();
            self.dropped += 1;
            self.taken = self.taken.map(|n| n.saturating_sub(1));
        }
        self.shown = self.chunks.len();
    }

    fn go_to(&mut self, shown: Option<usize>) {
        self.open = shown.is_some();
        self.shown = shown.unwrap_or(0).saturating_sub(self.dropped).min(self.chunks.len());
        // Who comes to a terminal that is opened again has seen nothing of it.
        self.taken = self.taken.filter(|_| self.open);
    }

    fn forget_rest(&mut self) {
        self.chunks.truncate(self.shown);
        self.taken = self.taken.filter(|n| *n <= self.shown);
        self.bytes = self.chunks.iter().map(|c| c.text.len()).sum();
    }

    fn shown_chunks(&self) -> &[Chunk] {
        &self.chunks[..self.shown]
    }

    fn take(&mut self) -> Output {
        let seen = self.taken.filter(|n| *n <= self.shown);
        let chunks = self.chunks[seen.unwrap_or(0)..self.shown].to_vec();
        self.taken = Some(self.shown);
        Output { reset: seen.is_none(), chunks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(output: &Output) -> (bool, Vec<&str>) {
        (output.reset, output.chunks.iter().map(|c| c.text.as_str()).collect())
    }

    #[test]
    fn only_what_is_new_is_given_unless_what_was_taken_is_void() {
        let mut all = Transcripts::default();
        let show = |all: &mut Transcripts, at, text: &str| all.show(1, Time(at), text.to_owned());
        all.open(1);
        show(&mut all, 1, "a");
        assert_eq!(texts(&all.take(1)), (true, vec!["a"]));
        let early = all.shown();
        show(&mut all, 2, "b");
        assert_eq!(texts(&all.take(1)), (false, vec!["b"]));
        // Back, and as far as before: what comes again has been seen.
        all.go_to(&early);
        show(&mut all, 2, "b");
        show(&mut all, 3, "c");
        assert_eq!(texts(&all.take(1)), (false, vec!["c"]));
        all.go_to(&early);
        assert_eq!(texts(&all.take(1)), (true, vec!["a"]));
        show(&mut all, 2, "b");
        assert_eq!(texts(&all.take(1)), (false, vec!["b"]));
        // Another turn.
        all.go_to(&early);
        show(&mut all, 2, "x");
        show(&mut all, 3, "y");
        assert_eq!(texts(&all.take(1)), (true, vec!["a", "x", "y"]));
        // Before it was opened, and opened again.
        all.go_to(&Shown::new());
        assert_eq!((all.ids(), texts(&all.take(1))), (vec![], (false, vec![])));
        all.open(1);
        assert_eq!(texts(&all.take(1)), (true, vec![]));
    }
}
